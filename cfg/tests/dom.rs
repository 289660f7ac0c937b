//! Dominators against their definition, and their speed on deep graphs.

mod support;

use std::time::{Duration, Instant};

use cfg::{DomTree, FlowGraph};
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use support::{block, function, graphs, reachable};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_dominates_b_if_b_cannot_be_reached_without_a(succs in graphs(14)) {
        let graph = FlowGraph::new(&function(&succs));
        let dom = DomTree::new(&graph);
        let all = reachable(&succs, None);
        for a in 0..succs.len() {
            let without = reachable(&succs, Some(a));
            for b in 0..succs.len() {
                let expected = a == b || (all[a] && all[b] && !without[b]);
                prop_assert_eq!(dom.dominates(block(a), block(b)), expected, "{} {}", a, b);
                let below = dom.subtree(block(a)).contains(&block(b));
                prop_assert_eq!(below, expected && all[a], "{} {}", a, b);
            }
        }
    }

    #[test]
    fn the_immediate_dominator_is_dominated_by_all_other_dominators(succs in graphs(14)) {
        let graph = FlowGraph::new(&function(&succs));
        let dom = DomTree::new(&graph);
        for b in (0..succs.len()).map(block) {
            let strict = |a| dom.strictly_dominates(a, b) && graph.is_reachable(b);
            let above: Vec<_> = (0..succs.len()).map(block).filter(|&a| strict(a)).collect();
            let nearest = above.iter().copied().find(|&a| above.iter().all(|&o| dom.dominates(o, a)));
            prop_assert_eq!(dom.idom(b), nearest);
            let level = graph.is_reachable(b).then_some(above.len() as u32);
            prop_assert_eq!(dom.level(b), level);
            prop_assert_eq!(dom.idom(b).is_none_or(|a| dom.children(a).contains(&b)), true);
        }
        prop_assert_eq!(dom.preorder().len(), graph.postorder().len());
        for (index, &b) in dom.preorder().iter().enumerate() {
            prop_assert_eq!(dom.preorder_index(b), Some(index as u32));
            let above = dom.idom(b).map(|a| dom.preorder_index(a) < Some(index as u32));
            prop_assert_eq!(above, dom.idom(b).map(|_| true));
        }
    }

    #[test]
    fn the_common_dominator_is_the_nearest(succs in graphs(10)) {
        let graph = FlowGraph::new(&function(&succs));
        let dom = DomTree::new(&graph);
        for &a in graph.postorder() {
            for &b in graph.postorder() {
                let both = |c: &ir::Block| dom.dominates(*c, a) && dom.dominates(*c, b);
                let common: Vec<_> = graph.rpo().filter(both).collect();
                let nearest = common.iter().copied().find(|&c| common.iter().all(|&o| dom.dominates(o, c)));
                prop_assert_eq!(dom.common_dominator(a, b), nearest);
            }
        }
    }
}

/// Graphs on which slow algorithms show: each row is a name and the successors of block n of `count`.
type Family = (&'static str, fn(usize, usize) -> Vec<usize>);
const FAMILIES: &[Family] = &[
    ("chain", |n, count| if n + 1 < count { vec![n + 1] } else { vec![] }),
    ("ladder", |n, count| (n + 1..=n + 2).filter(|&s| s < count).collect()),
    ("nested loops", |n, count| match n + 1 {
        next if next == count => vec![],
        next if next <= count / 2 => vec![next],
        next => vec![next, count - next],
    }),
    ("backward ladder", |n, count| match n + 1 {
        next if next == count => vec![],
        next => vec![next, next.saturating_sub(2).max(1)],
    }),
    ("fan", |n, count| if n == 0 { (1..count).collect() } else { vec![] }),
];

/// The least time for a size and for ten times that, measured until the large one is in line with the small one, or too
/// often. Other programs can only lengthen a time, so this fails for an algorithm, not for a busy machine.
fn least_times(bound: u32, size: usize, time: impl Fn(usize) -> Duration) -> (Duration, Duration) {
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    for _ in 0..20 {
        (small, large) = (small.min(time(size)), large.min(time(10 * size)));
        if large < small * bound {
            break;
        }
    }
    (small, large)
}

#[test]
fn time_grows_in_line_with_size() {
    // Quadratic work takes a hundred times as long for ten times the size.
    const BOUND: u32 = 40;
    for (name, succs) in FAMILIES {
        let time = |count: usize| {
            let func = function(&(0..count).map(|n| succs(n, count)).collect::<Vec<_>>());
            let start = Instant::now();
            let graph = FlowGraph::new(&func);
            let dom = DomTree::new(&graph);
            assert_eq!(dom.preorder().len(), count, "{name}");
            start.elapsed()
        };
        let (small, large) = least_times(BOUND, 10_000, time);
        assert!(large < small * BOUND, "{name}: {small:?} for 10^4 blocks, {large:?} for 10^5");
    }
}
