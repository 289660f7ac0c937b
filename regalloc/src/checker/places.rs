//! Places as variables: registers and slots in static single assignment form, so that what a place holds is said once
//! for each time it is written, and not for each block.
//!
//! Sources: Cytron, Ferrante, Rosen, Wegman, Zadeck, "Efficiently Computing Static Single Assignment Form and the
//! Control Dependence Graph" (TOPLAS 1991); where versions meet: Sreedhar, Gao, "A Linear Time Algorithm for Placing
//! φ-Nodes" (POPL 1995).

use std::collections::BinaryHeap;

use super::graph::Graph;
use crate::env::Loc;
use crate::function::Function;
use crate::operand::{Block, Inst, PReg, VReg};

/// What a place holds from one write to the next: an index into [`Places::versions`].
pub(super) type Version = u32;

/// The version of a place that holds nothing known.
pub(super) const NOTHING: Version = 0;

/// Where a version comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Origin {
    Nothing,
    /// The definition of a value, in this block.
    Def {
        vreg: VReg,
        block: u32,
    },
    /// Running this instruction again gives the same anywhere.
    Rerun(Inst),
    /// What comes into this block: number `nth` of the places in which versions meet there.
    Meet {
        block: u32,
        nth: u32,
    },
}

const NUM_REGS: usize = 2 * PReg::PER_CLASS as usize;

/// The number of a place: registers first, then slots.
pub(super) fn number(loc: Loc) -> usize {
    match loc {
        Loc::Reg(reg) => reg.class().index() * PReg::PER_CLASS as usize + usize::from(reg.index()),
        Loc::Stack(slot) => NUM_REGS + slot.index(),
    }
}

/// The number of numbers.
pub(super) fn count(slots: u32) -> usize {
    NUM_REGS + slots as usize
}

/// Which places are written in which blocks, and which are read in a block before they are written there.
pub(super) struct Touched {
    /// Pairs of place and block.
    written: Vec<(u32, u32)>,
    /// For each place the last block that writes it, plus 1.
    last: Vec<u32>,
    exposed: Vec<bool>,
}

impl Touched {
    pub(super) fn new(places: usize) -> Touched {
        Touched { written: Vec::new(), last: vec![0; places], exposed: vec![false; places] }
    }

    /// States that `block` reads a place; its events come in order.
    pub(super) fn read(&mut self, place: usize, block: usize) {
        if let Some(&last) = self.last.get(place) {
            self.exposed[place] |= last != block as u32 + 1;
        }
    }

    /// States that `block` writes a place.
    pub(super) fn write(&mut self, place: usize, block: usize) {
        if let Some(last) = self.last.get_mut(place)
            && *last != block as u32 + 1
        {
            *last = block as u32 + 1;
            self.written.push((place as u32, block as u32));
        }
    }
}

/// All versions, where they meet, and during the walk over the dominator tree the version that each place has.
pub(super) struct Places {
    pub(super) versions: Vec<Origin>,
    /// The version of each place at the current point.
    now: Vec<Version>,
    /// What `now` was before, newest last.
    log: Vec<(u32, Version)>,
    /// `meets[first_meet[b]..first_meet[b + 1]]` are the places in which versions meet at the start of block `b`.
    meets: Vec<u32>,
    first_meet: Vec<u32>,
    /// For each edge into a block with meets, in order of the edges, a version for each of them.
    incoming: Vec<Version>,
    first_incoming: Vec<u32>,
    /// How many steps it took to find the meets.
    pub(super) steps: usize,
}

impl Places {
    pub(super) fn new<F: Function + ?Sized>(
        function: &F,
        graph: &Graph,
        touched: Touched,
    ) -> Places {
        let blocks = function.num_blocks();
        let places = touched.last.len();
        let mut search = Search {
            function,
            graph,
            visited: vec![0; blocks],
            met: vec![0; blocks],
            heap: BinaryHeap::new(),
            steps: 0,
        };
        let mut found: Vec<(u32, u32)> = Vec::new();
        let Touched { mut written, exposed, .. } = touched;
        written.sort_unstable();
        for group in written.chunk_by(|a, b| a.0 == b.0) {
            let place = group[0].0;
            // What only one block writes holds nothing elsewhere but below that, where it needs no meet.
            if exposed[place as usize] && group.len() > 1 {
                search.meets(place, group, &mut found);
            }
        }
        found.sort_unstable();
        let mut all = Places {
            versions: vec![Origin::Nothing],
            now: vec![NOTHING; places],
            log: Vec::new(),
            meets: found.iter().map(|&(_, place)| place).collect(),
            first_meet: vec![0; blocks + 1],
            incoming: Vec::new(),
            first_incoming: vec![0; blocks + 1],
            steps: search.steps,
        };
        found.iter().for_each(|&(block, _)| all.first_meet[block as usize + 1] += 1);
        let mut total = 0;
        for block in 0..blocks {
            all.first_meet[block + 1] += all.first_meet[block];
            all.first_incoming[block] = total;
            let meets = all.first_meet[block + 1] - all.first_meet[block];
            if meets > 0 {
                total += meets * graph.edges_to(block).len() as u32;
            }
        }
        all.first_incoming[blocks] = total;
        all.incoming = vec![NOTHING; total as usize];
        all
    }

    pub(super) fn size(&self) -> usize {
        self.versions.len() + self.incoming.len()
    }

    fn meets_at(&self, block: usize) -> std::ops::Range<usize> {
        self.first_meet[block] as usize..self.first_meet[block + 1] as usize
    }

    pub(super) fn get(&self, place: usize) -> Version {
        self.now.get(place).copied().unwrap_or(NOTHING)
    }

    pub(super) fn set(&mut self, place: usize, version: Version) {
        if let Some(now) = self.now.get_mut(place)
            && *now != version
        {
            self.log.push((place as u32, *now));
            *now = version;
        }
    }

    pub(super) fn add(&mut self, origin: Origin) -> Version {
        self.versions.push(origin);
        self.versions.len() as u32 - 1
    }

    /// A point to come back to.
    pub(super) fn mark(&self) -> usize {
        self.log.len()
    }

    /// Makes everything as it was at the mark.
    pub(super) fn undo(&mut self, mark: usize) {
        for (place, version) in self.log.drain(mark..).rev() {
            self.now[place as usize] = version;
        }
    }

    pub(super) fn enter(&mut self, block: usize) {
        for (nth, at) in self.meets_at(block).enumerate() {
            let version = self.add(Origin::Meet { block: block as u32, nth: nth as u32 });
            self.set(self.meets[at] as usize, version);
        }
    }

    /// The current versions go along edge number `rank` into `block`.
    pub(super) fn pass(&mut self, block: usize, rank: usize) {
        let meets = self.meets_at(block);
        let first = self.first_incoming[block] as usize + rank * meets.len();
        for (nth, at) in meets.enumerate() {
            self.incoming[first + nth] = self.now[self.meets[at] as usize];
        }
    }

    /// What comes along edge number `rank` into meet `nth` of `block`.
    pub(super) fn incoming(&self, block: usize, nth: usize, rank: usize) -> Version {
        let meets = self.meets_at(block).len();
        self.incoming[self.first_incoming[block] as usize + rank * meets + nth]
    }
}

/// Finds the blocks where different versions of one place can meet.
struct Search<'a, F: ?Sized> {
    function: &'a F,
    graph: &'a Graph,
    /// The last place for which the block was visited, or is a meet, plus 1.
    visited: Vec<u32>,
    met: Vec<u32>,
    /// Blocks whose dominance frontiers are still to be found, the deepest first.
    heap: BinaryHeap<(usize, usize)>,
    steps: usize,
}

impl<F: Function + ?Sized> Search<'_, F> {
    fn meets(&mut self, place: u32, written: &[(u32, u32)], found: &mut Vec<(u32, u32)>) {
        let stamp = place + 1;
        let level = &self.graph.level;
        self.heap.extend(written.iter().map(|&(_, block)| (level[block as usize], block as usize)));
        let mut open = Vec::new();
        while let Some((depth, root)) = self.heap.pop() {
            if self.visited[root] != stamp {
                self.visited[root] = stamp;
                open.push(root);
            }
            while let Some(block) = open.pop() {
                self.steps += 1;
                for succ in self.function.block_succs(Block::new(block as u32)) {
                    let succ = succ.index();
                    if level[succ] <= depth && self.met[succ] != stamp {
                        self.met[succ] = stamp;
                        found.push((succ as u32, place));
                        self.heap.push((level[succ], succ));
                    }
                }
                for &child in self.graph.children(block) {
                    if self.visited[child] != stamp {
                        self.visited[child] = stamp;
                        open.push(child);
                    }
                }
            }
        }
    }
}
