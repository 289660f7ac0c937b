//! Dominance frontiers against their definition.

mod support;

use cfg::{DomTree, DominanceFrontiers, FlowGraph};
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use support::{function, graphs};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_frontier_is_where_dominance_ends(succs in graphs(14)) {
        let graph = FlowGraph::new(&function(&succs));
        let dom = DomTree::new(&graph);
        let frontiers = DominanceFrontiers::new(&graph, &dom);
        for &a in graph.postorder() {
            let ends_at = |&b: &ir::Block| {
                graph.preds(b).any(|p| dom.dominates(a, p)) && !dom.strictly_dominates(a, b)
            };
            let expected: Vec<_> = graph.rpo().filter(ends_at).collect();
            prop_assert_eq!(frontiers.of(a), expected, "{}", a);
        }
    }
}
