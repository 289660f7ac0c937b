//! Depth-first orders of a graph, without recursion.

/// The nodes reachable from `root`, each after all nodes that were first reached through it. Nodes are `0..count`;
/// successors are followed in the order in which `successor(node, n)` gives them for n = 0, 1, … until `None`.
///
/// Reversed, it is a topological order of the graph without its back edges.
#[must_use]
pub fn postorder(
    count: usize,
    root: usize,
    successor: impl Fn(usize, usize) -> Option<usize>,
) -> Vec<usize> {
    let mut order = Vec::with_capacity(count);
    let mut seen = vec![false; count];
    let mut stack = vec![(root, 0)];
    seen[root] = true;
    while let Some((node, next)) = stack.last_mut() {
        match successor(*node, *next) {
            Some(child) => {
                *next += 1;
                if !seen[child] {
                    seen[child] = true;
                    stack.push((child, 0));
                }
            }
            None => {
                order.push(*node);
                stack.pop();
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_come_before_their_parent_and_unreachable_nodes_not_at_all() {
        let graph: [&[usize]; 5] = [&[1, 2], &[3], &[3, 0], &[], &[0]];
        assert_eq!(postorder(5, 0, |n, i| graph[n].get(i).copied()), [3, 1, 2, 0]);
    }

    #[test]
    fn a_deep_chain_needs_no_deep_stack() {
        let order = postorder(1_000_000, 0, |n, i| (i == 0 && n + 1 < 1_000_000).then_some(n + 1));
        assert_eq!(order.len(), 1_000_000);
        assert_eq!(order[0], 999_999);
    }
}
