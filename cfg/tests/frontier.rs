//! Dominance frontiers against their definition.

mod support;

use cfg::{DomTree, DominanceFrontiers, FlowGraph};
use ir::Block;
use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};
use support::{block, function, graphs};

/// The frontier of a block by its definition, in order.
fn slow_frontier(graph: &FlowGraph, dom: &DomTree, a: Block) -> Vec<Block> {
    let ends_at = |&b: &Block| {
        let dominates_a_pred = graph.preds(b).any(|p| dom.dominates(a, p) && graph.is_reachable(p));
        dominates_a_pred && !dom.strictly_dominates(a, b)
    };
    let mut found: Vec<Block> = graph.rpo().filter(ends_at).collect();
    found.sort_unstable();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_frontier_is_where_dominance_ends(succs in graphs(14)) {
        let graph = FlowGraph::new(&function(&succs));
        let dom = DomTree::new(&graph);
        let mut frontiers = DominanceFrontiers::new(&graph, &dom);
        for &a in graph.postorder() {
            let mut found = Vec::new();
            frontiers.of(a, &mut found);
            found.sort_unstable();
            prop_assert_eq!(found, slow_frontier(&graph, &dom, a), "{}", a);
        }
    }

    #[test]
    fn an_iterated_frontier_is_a_fixed_point(
        succs in graphs(14),
        questions in proptest::collection::vec((any::<u16>(), 0..28usize), 1..6),
    ) {
        let graph = FlowGraph::new(&function(&succs));
        let dom = DomTree::new(&graph);
        let mut frontiers = DominanceFrontiers::new(&graph, &dom);
        for (set, scope) in questions {
            let scope = Some(block(scope)).filter(|_| scope < succs.len());
            let counts = |b: Block| scope.is_none_or(|scope| dom.strictly_dominates(scope, b));
            let from: Vec<Block> =
                (0..succs.len()).filter(|n| set >> n & 1 == 1).map(block).collect();
            let mut expected: Vec<Block> = Vec::new();
            let mut work = from.clone();
            while let Some(a) = work.pop() {
                if !counts(a) || !graph.is_reachable(a) {
                    continue;
                }
                for b in slow_frontier(&graph, &dom, a) {
                    if counts(b) && !expected.contains(&b) {
                        expected.push(b);
                        work.push(b);
                    }
                }
            }
            expected.sort_unstable();
            let mut found = Vec::new();
            frontiers.iterated(from, scope, &mut found);
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
