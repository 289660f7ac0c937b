//! The loop forest against its definition: repeatedly, the strongly connected components without their headers.

mod support;

use std::collections::BTreeMap;

use cfg::{DomTree, FlowGraph, LoopForest};
use ir::Block;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use support::{block, function, graphs};

/// The order in which depth-first search meets the blocks.
fn first_visits(succs: &[Vec<usize>]) -> Vec<usize> {
    fn visit(succs: &[Vec<usize>], at: usize, order: &mut Vec<usize>) {
        if !order.contains(&at) {
            order.push(at);
            succs[at].iter().for_each(|&next| visit(succs, next, order));
        }
    }
    let mut order = Vec::new();
    visit(succs, 0, &mut order);
    order
}

fn reaches(succs: &[Vec<usize>], among: &[usize], from: usize, to: usize) -> bool {
    let mut seen = Vec::new();
    let mut work = vec![from];
    while let Some(at) = work.pop() {
        for &next in succs[at].iter().filter(|next| among.contains(next)) {
            if next == to {
                return true;
            }
            if !seen.contains(&next) {
                seen.push(next);
                work.push(next);
            }
        }
    }
    false
}

/// Header and sorted blocks of each loop among these blocks (in depth-first order), and of those inside.
fn slow_loops(succs: &[Vec<usize>], among: &[usize], found: &mut BTreeMap<usize, Vec<usize>>) {
    let mut done = Vec::new();
    for &head in among {
        if done.contains(&head) || !reaches(succs, among, head, head) {
            continue;
        }
        let component: Vec<usize> = among
            .iter()
            .copied()
            .filter(|&b| {
                b == head || reaches(succs, among, head, b) && reaches(succs, among, b, head)
            })
            .collect();
        done.extend(&component);
        let mut sorted = component.clone();
        sorted.sort_unstable();
        found.insert(head, sorted);
        slow_loops(succs, &component[1..], found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn loops_are_nested_components(succs in graphs(14)) {
        let graph = FlowGraph::new(&function(&succs));
        let dom = DomTree::new(&graph);
        let forest = LoopForest::new(&graph, &dom);
        let mut expected = BTreeMap::new();
        slow_loops(&succs, &first_visits(&succs), &mut expected);
        let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for l in forest.loops() {
            let header = (0..succs.len()).find(|&n| block(n) == forest.header(l)).unwrap();
            let mut blocks: Vec<usize> =
                (0..succs.len()).filter(|&n| forest.blocks(l).contains(&block(n))).collect();
            prop_assert_eq!(blocks.len(), forest.blocks(l).len());
            prop_assert_eq!(forest.blocks(l)[0], forest.header(l));
            blocks.sort_unstable();
            for n in 0..succs.len() {
                prop_assert_eq!(forest.contains(l, block(n)), blocks.contains(&n));
            }
            let all_below = blocks.iter().all(|&n| dom.dominates(block(header), block(n)));
            prop_assert_eq!(forest.is_irreducible(l), !all_below);
            found.insert(header, blocks);
        }
        prop_assert_eq!(&found, &expected);
        for n in 0..succs.len() {
            let around: Vec<&Vec<usize>> = expected.values().filter(|body| body.contains(&n)).collect();
            prop_assert_eq!(forest.depth(block(n)) as usize, around.len());
            let smallest = around.iter().map(|body| body.len()).min();
            let own = forest.loop_of(block(n)).map(|l| forest.blocks(l).len());
            prop_assert_eq!(own, smallest);
        }
        for l in forest.loops() {
            let parent_contains = forest.parent(l).is_none_or(|p| p < l && forest.contains(p, forest.header(l)));
            prop_assert_eq!(parent_contains, true);
            prop_assert_eq!(forest.loop_depth(l), 1 + forest.parent(l).map_or(0, |p| forest.loop_depth(p)));
        }
    }
}

#[test]
fn a_deep_nest_is_found_without_recursion() {
    let count = 100_000;
    let succs: Vec<Vec<usize>> = (0..count)
        .map(|n| match n + 1 {
            next if next == count => vec![],
            next if next <= count / 2 => vec![next],
            next => vec![next, count - next],
        })
        .collect();
    let graph = FlowGraph::new(&function(&succs));
    let forest = LoopForest::new(&graph, &DomTree::new(&graph));
    assert_eq!(forest.loops().len(), count / 2 - 1);
    let deepest: Block = block(count / 2);
    assert_eq!(forest.depth(deepest) as usize, count / 2 - 1);
}
