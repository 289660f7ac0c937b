//! The flow graph as a picture: text for Graphviz `dot`.

use std::fmt::Write;

use ir::Function;

use crate::dom::DomTree;
use crate::flow::FlowGraph;
use crate::loops::LoopForest;

/// The flow graph in the DOT language. Blocks show their name, how many instructions they have, and how deep in loops
/// they are; headers of loops have a double border, blocks that cannot be reached are dashed.
#[must_use]
pub fn dot(func: &Function) -> String {
    let graph = FlowGraph::new(func);
    let forest = LoopForest::new(&graph, &DomTree::new(&graph));
    let mut out = format!("digraph \"{}\" {{\n  node [shape=box]\n", escape(&func.name));
    // Writing to a string cannot fail.
    for &block in func.layout() {
        let name = func.block_name(block).map(|name| format!(".{name}")).unwrap_or_default();
        let count = func.block_insts(block).len();
        let _ = write!(out, "  {block} [label=\"{block}{}\\n{count} instructions", escape(&name));
        if forest.depth(block) > 0 {
            let _ = write!(out, "\\nloop depth {}", forest.depth(block));
        }
        out.push('"');
        if forest.loop_of(block).is_some_and(|l| forest.header(l) == block) {
            out.push_str(", peripheries=2");
        }
        if !graph.is_reachable(block) {
            out.push_str(", style=dashed");
        }
        out.push_str("]\n");
        for succ in graph.succs(block) {
            let _ = writeln!(out, "  {block} -> {succ}");
        }
    }
    out.push_str("}\n");
    out
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ir::{FunctionBuilder, Type};

    #[test]
    fn a_loop_and_a_dead_block() {
        let b = FunctionBuilder::new("f");
        let c = b.param(Type::I8);
        let (head, done, dead) = (b.block("head"), b.block("done"), b.block(""));
        b.jump(head);
        b.switch_to(head);
        b.branch(c, head, done);
        b.switch_to(done);
        b.ret(());
        b.switch_to(dead);
        b.jump(done);
        insta::assert_snapshot!(dot(&b.finish().unwrap()), @r#"
        digraph "f" {
          node [shape=box]
          block0 [label="block0\n1 instructions"]
          block0 -> block1
          block1 [label="block1.head\n1 instructions\nloop depth 1", peripheries=2]
          block1 -> block1
          block1 -> block2
          block2 [label="block2.done\n1 instructions"]
          block3 [label="block3\n1 instructions", style=dashed]
          block3 -> block2
        }
        "#);
    }
}
