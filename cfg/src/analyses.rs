//! What is known of a function's flow graph, kept until the graph changes.

use ir::Function;

use crate::dom::DomTree;
use crate::flow::FlowGraph;
use crate::loops::LoopForest;

/// The flow graph, the dominator tree and the loops of one function at a time, each made when it is first asked for.
///
/// Whoever changes blocks or edges of the function calls [`forget`](Self::forget), and so does whoever goes on to another
/// function. The memory is kept.
#[derive(Default)]
pub struct Analyses {
    graph: FlowGraph,
    dom: DomTree,
    loops: LoopForest,
    known: Known,
}

/// What holds for the function as it is, each with all those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Known {
    #[default]
    Nothing,
    Graph,
    Dominators,
    Loops,
}

impl Analyses {
    /// Nothing is known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Blocks or edges changed, or the function is another one.
    #[inline]
    pub fn forget(&mut self) {
        self.known = Known::Nothing;
    }

    /// The flow graph.
    #[inline]
    pub fn graph(&mut self, func: &Function) -> &FlowGraph {
        self.know(func, Known::Graph);
        &self.graph
    }

    /// The flow graph and its dominator tree.
    #[inline]
    pub fn dominators(&mut self, func: &Function) -> (&FlowGraph, &DomTree) {
        self.know(func, Known::Dominators);
        (&self.graph, &self.dom)
    }

    /// The flow graph, its dominator tree and its loops.
    #[inline]
    pub fn loops(&mut self, func: &Function) -> (&FlowGraph, &DomTree, &LoopForest) {
        self.know(func, Known::Loops);
        (&self.graph, &self.dom, &self.loops)
    }

    /// Returns `true` if what is known holds for a function as it is now: for tests of those who should have called
    /// [`forget`](Self::forget).
    #[must_use]
    #[inline]
    pub fn holds_for(&self, func: &Function) -> bool {
        self.known == Known::Nothing || self.graph == FlowGraph::new(func)
    }

    fn know(&mut self, func: &Function, wanted: Known) {
        if self.known < Known::Graph {
            self.graph.rebuild(func);
            self.known = Known::Graph;
        }
        if self.known < Known::Dominators && wanted >= Known::Dominators {
            self.dom = DomTree::new(&self.graph);
            self.known = Known::Dominators;
        }
        if self.known < Known::Loops && wanted >= Known::Loops {
            self.loops = LoopForest::new(&self.graph, &self.dom);
            self.known = Known::Loops;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::{FunctionBuilder, InstData, Type};

    #[test]
    fn what_changed_is_noticed_and_made_anew() {
        let b = FunctionBuilder::new("f");
        let c = b.param(Type::I8);
        let (head, end) = (b.block("head"), b.block("end"));
        let entry = b.current_block();
        b.jump(head);
        b.switch_to(head);
        b.branch(c, head, end);
        b.switch_to(end);
        b.ret(());
        let mut func = b.finish().unwrap();

        let mut analyses = Analyses::new();
        assert!(analyses.holds_for(&func));
        let (_, dom, loops) = analyses.loops(&func);
        assert_eq!((dom.idom(end), loops.depth(head)), (Some(head), 1));
        assert!(analyses.holds_for(&func));

        let terminator = func.terminator(head).unwrap();
        let InstData::Branch { else_to, .. } = *func.inst(terminator) else { unreachable!() };
        func.replace(terminator, InstData::Jump { target: else_to });
        assert!(!analyses.holds_for(&func));
        analyses.forget();
        let (graph, dom, loops) = analyses.loops(&func);
        assert_eq!((graph.succs(head), dom.idom(head)), (&[end][..], Some(entry)));
        assert_eq!(loops.loops().len(), 0);
        assert!(analyses.holds_for(&func));
    }
}
