//! Critical edges: from a block with several successors to one with several predecessors. Code that belongs to such an
//! edge alone has no block to stand in until the edge is split.

use ir::{Block, Function, InstData};

use crate::analyses::Analyses;
use crate::flow::FlowGraph;

/// Puts an empty block on every critical edge, directly after the block that the edge leaves, and returns how many.
/// Edges are counted with multiplicity, so a branch that names one block twice has two critical edges.
pub fn split_critical_edges(func: &mut Function, analyses: &mut Analyses) -> usize {
    let graph = analyses.graph(func);
    let is_critical =
        |from: Block, to: Block| graph.succs(from).len() > 1 && graph.pred_edges(to).len() > 1;
    let mut layout = Vec::with_capacity(func.layout().len());
    for block in func.layout().to_vec() {
        layout.push(block);
        let Some(terminator) = func.terminator(block) else { continue };
        if !graph.succs(block).iter().any(|&to| is_critical(block, to)) {
            continue;
        }
        let span = func.span(terminator);
        func.map_successors(terminator, |func, call| {
            if !is_critical(block, call.block) {
                return call;
            }
            let middle = func.create_block();
            func.set_cold(middle, func.is_cold(call.block));
            func.append_inst(middle, InstData::Jump { target: call }, &[], span);
            layout.push(middle);
            func.block_call(middle, &[])
        });
    }
    let split = layout.len() - func.layout().len();
    if split > 0 {
        func.set_layout(layout);
        analyses.forget();
    }
    split
}

/// Whether a function has a critical edge.
#[must_use]
pub fn has_critical_edge(func: &Function) -> bool {
    let graph = FlowGraph::new(func);
    let several = |block: Block| graph.succs(block).len() > 1;
    func.layout().iter().any(|&from| {
        several(from) && graph.succs(from).iter().any(|&to| graph.pred_edges(to).len() > 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::{FunctionBuilder, Type};

    #[test]
    fn each_critical_edge_gets_a_block_that_carries_its_arguments() {
        let b = FunctionBuilder::new("f");
        let (c, x) = (b.param(Type::I8), b.param(Type::I64));
        let (other, join) = (b.block("other"), b.block("join"));
        let y = b.block_param(join, Type::I64);
        let entry = b.current_block();
        b.branch_with(c, other, (), join, x);
        b.switch_to(other);
        b.branch_with(c, join, x, join, x);
        b.switch_to(join);
        b.ret(y);
        let mut func = b.finish().unwrap();
        assert!(has_critical_edge(&func));
        assert_eq!(split_critical_edges(&mut func, &mut Analyses::new()), 3);
        assert!(!has_critical_edge(&func));
        assert_eq!(split_critical_edges(&mut func, &mut Analyses::new()), 0);
        ir::verify_function(&func).unwrap();

        let graph = FlowGraph::new(&func);
        assert_eq!(graph.succs(entry)[0], other);
        for middle in graph.preds(join) {
            assert_eq!(graph.succs(middle), [join]);
            let jump = func.terminator(middle).unwrap();
            assert_eq!(func.operands(jump)[..], [x]);
        }
        assert_eq!(func.layout()[1], graph.succs(entry)[1]);
    }
}
