//! Shows which versions of places hold which values.

use std::collections::HashSet;

use super::graph::Graph;
use super::places::{Origin, Places, Version};
use crate::function::Function;
use crate::operand::{Block, VReg};

/// No block.
const NONE: u32 = u32::MAX;

/// Claims that are shown, or being shown.
pub(super) struct Proof<'a, F: ?Sized> {
    function: &'a F,
    graph: &'a Graph,
    places: &'a Places,
    /// For each value that is a parameter, its block and its number there.
    params: Vec<(u32, u32)>,
    claims: HashSet<(Version, VReg)>,
    open: Vec<(Version, VReg)>,
}

impl<'a, F: Function + ?Sized> Proof<'a, F> {
    pub(super) fn new(function: &'a F, graph: &'a Graph, places: &'a Places) -> Proof<'a, F> {
        let mut params = vec![(NONE, 0); function.num_vregs()];
        for &block in &graph.preorder {
            for (nth, param) in function.block_params(Block::new(block as u32)).iter().enumerate() {
                if let Some(entry) = params.get_mut(param.index()) {
                    *entry = (block as u32, nth as u32);
                }
            }
        }
        let (claims, open) = (HashSet::new(), Vec::new());
        Proof { function, graph, places, params, claims, open }
    }

    pub(super) fn size(&self) -> usize {
        self.claims.len()
    }

    /// Returns `true` if the version holds the value, wherever both are known. After a `false` nothing more can be
    /// asked.
    pub(super) fn holds(&mut self, version: Version, vreg: VReg) -> bool {
        self.claim(version, vreg);
        while let Some((version, vreg)) = self.open.pop() {
            if !self.follows(version, vreg) {
                return false;
            }
        }
        true
    }

    fn claim(&mut self, version: Version, vreg: VReg) {
        if self.claims.insert((version, vreg)) {
            self.open.push((version, vreg));
        }
    }

    /// Returns `true` if the claim holds if those that this adds do.
    fn follows(&mut self, version: Version, vreg: VReg) -> bool {
        let origin = self.places.versions[version as usize];
        let (block, param) = self.params.get(vreg.index()).copied().unwrap_or((NONE, 0));
        if block != NONE {
            match origin {
                Origin::Meet { block: meet, nth } if meet == block => {
                    return self.on_all_edges(block, Held::Meet(nth), Wanted::Arg(param));
                }
                // The version is older than the parameter, and the same on all ways in. What can be made again at any
                // place is as old as can be.
                Origin::Rerun(_) => {
                    return self.on_all_edges(block, Held::Same(version), Wanted::Arg(param));
                }
                Origin::Def { block: at, .. } | Origin::Meet { block: at, .. }
                    if at != block && self.graph.dominates(at as usize, block as usize) =>
                {
                    return self.on_all_edges(block, Held::Same(version), Wanted::Arg(param));
                }
                _ => {}
            }
        }
        match origin {
            Origin::Nothing => false,
            Origin::Def { vreg: defined, .. } => defined == vreg,
            Origin::Rerun(inst) => {
                self.function.inst_operands(inst).iter().any(|op| op.is_def() && op.vreg() == vreg)
            }
            Origin::Meet { block, nth } => {
                self.on_all_edges(block, Held::Meet(nth), Wanted::Same(vreg))
            }
        }
    }

    /// Claims for every edge into the block that what is held there is what is wanted.
    fn on_all_edges(&mut self, block: u32, held: Held, wanted: Wanted) -> bool {
        let (graph, block) = (self.graph, block as usize);
        for (rank, edge) in graph.edges_to(block).iter().enumerate() {
            let version = match held {
                Held::Same(version) => version,
                Held::Meet(nth) => self.places.incoming(block, nth as usize, rank),
            };
            let vreg = match wanted {
                Wanted::Same(vreg) => Some(vreg),
                Wanted::Arg(param) => {
                    let args = self.function.branch_args(Block::new(edge.from as u32), edge.nth);
                    args.get(param as usize).copied()
                }
            };
            let Some(vreg) = vreg else { return false };
            self.claim(version, vreg);
        }
        true
    }

    /// What was written last where this version is, on one path or another: for people to read.
    pub(super) fn written(&self, version: Version) -> Vec<VReg> {
        let (mut seen, mut open, mut found) = (HashSet::from([version]), vec![version], vec![]);
        while let Some(version) = open.pop() {
            match self.places.versions[version as usize] {
                Origin::Nothing => {}
                Origin::Def { vreg, .. } => found.push(vreg),
                Origin::Rerun(inst) => {
                    found.extend(self.function.inst_operands(inst).iter().map(|op| op.vreg()));
                }
                Origin::Meet { block, nth } => {
                    for rank in 0..self.graph.edges_to(block as usize).len() {
                        let version = self.places.incoming(block as usize, nth as usize, rank);
                        if seen.insert(version) {
                            open.push(version);
                        }
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The version at the end of an edge.
#[derive(Clone, Copy)]
enum Held {
    Same(Version),
    /// What comes into this meet of the block.
    Meet(u32),
}

/// The value at the end of an edge.
#[derive(Clone, Copy)]
enum Wanted {
    Same(VReg),
    /// What is passed to this parameter of the block.
    Arg(u32),
}
