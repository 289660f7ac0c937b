//! Which values would like to share a register: the two sides of a move, a block parameter and its
//! arguments, a reused input and its definition. They are only followed where that costs nothing; nothing breaks if they are not.

use crate::operand::{Block, PReg, VReg};

/// How many related values are asked when one is allocated; a parameter can have very many arguments.
const MAX_ASKED: usize = 16;

/// The relation between values, and the registers that values have been or would like to be given.
#[derive(Default)]
pub(crate) struct Hints {
    pairs: Vec<(VReg, VReg, u32)>,
    first: Vec<u32>,
    related: Vec<(VReg, u32)>,
    /// Per value: the register it was given last.
    given: Vec<Option<PReg>>,
    /// Per value: a register that it or a relative has reason to prefer, and the weight of the reason.
    hinted: Vec<Option<(PReg, u32)>>,
    /// Per value: a block to which it is passed for a parameter whose register it cannot share.
    rival: Vec<Option<Block>>,
}

impl Hints {
    pub(crate) fn clear(&mut self) {
        self.pairs.clear();
    }

    /// Notes that `a` and `b` would like to share a register, and how often a move would be saved.
    pub(crate) fn relate(&mut self, a: VReg, b: VReg, weight: u32) {
        if a.class() == b.class() && a != b {
            self.pairs.push((a, b, weight));
        }
    }

    /// Forgets the pairs that cannot share a register. For an argument of a block, `rival` says which block.
    pub(crate) fn retain(
        &mut self,
        num_vregs: usize,
        mut interfere: impl FnMut(VReg, VReg) -> bool,
        rival: impl Fn(VReg) -> Option<Block>,
    ) {
        self.rival.clear();
        self.rival.resize(num_vregs, None);
        let rivals = &mut self.rival;
        self.pairs.retain(|&(a, b, _)| {
            let keep = !interfere(a, b);
            if !keep && let Some(block) = rival(a) {
                rivals[b.index()] = Some(block);
            }
            keep
        });
    }

    /// The block whose parameters should not have to move out of the way of `vreg`.
    pub(crate) fn rival(&self, vreg: VReg) -> Option<Block> {
        self.rival[vreg.index()]
    }

    /// The register that `vreg` was given last.
    pub(crate) fn given(&self, vreg: VReg) -> Option<PReg> {
        self.given[vreg.index()]
    }

    /// Makes the relation searchable. Pairs name only values below `num_vregs`.
    pub(crate) fn index(&mut self, num_vregs: usize) {
        self.given.clear();
        self.given.resize(num_vregs, None);
        self.hinted.clear();
        self.hinted.resize(num_vregs, None);
        self.first.clear();
        self.first.resize(num_vregs + 1, 0);
        for &(a, b, _) in &self.pairs {
            self.first[a.index()] += 1;
            self.first[b.index()] += 1;
        }
        let mut sum = 0;
        for first in &mut self.first {
            sum += *first;
            *first = sum;
        }
        self.related.clear();
        self.related.resize(sum as usize, (VReg::new(0, crate::RegClass::Int), 0));
        for &(a, b, weight) in self.pairs.iter().rev() {
            for (from, to) in [(a, b), (b, a)] {
                let slot = &mut self.first[from.index()];
                *slot -= 1;
                self.related[*slot as usize] = (to, weight);
            }
        }
    }

    /// The first relatives of `vreg`, with the weight of each relation.
    fn relatives(&self, vreg: VReg) -> &[(VReg, u32)] {
        let start = self.first[vreg.index()] as usize;
        let end = self.first[vreg.index() + 1] as usize;
        &self.related[start..end.min(start + MAX_ASKED)]
    }

    /// Calls `visit` with the first relatives of `vreg`.
    pub(crate) fn for_relatives(&self, vreg: VReg, mut visit: impl FnMut(VReg)) {
        self.relatives(vreg).iter().for_each(|&(other, _)| visit(other));
    }

    /// States that `vreg` has its own reason to be in `reg`, and how much it would save.
    pub(crate) fn add(&mut self, vreg: VReg, reg: PReg, weight: u32) {
        self.hinted[vreg.index()].get_or_insert((reg, weight));
    }

    /// Lets values without a hint take over the hint of a relative, later values first: what a block
    /// parameter wants, its arguments should know.
    pub(crate) fn spread(&mut self) {
        for &(a, b, weight) in self.pairs.iter().rev() {
            match (self.hinted[a.index()], self.hinted[b.index()]) {
                (Some((reg, strength)), None) => {
                    self.hinted[b.index()] = Some((reg, strength.min(weight)))
                }
                (None, Some((reg, strength))) => {
                    self.hinted[a.index()] = Some((reg, strength.min(weight)))
                }
                _ => {}
            }
        }
    }

    /// States that `vreg` is in `reg` now; relatives that are nowhere yet would like to join it.
    pub(crate) fn give(&mut self, vreg: VReg, reg: PReg) {
        self.given[vreg.index()] = Some(reg);
        let start = self.first[vreg.index()] as usize;
        let end = self.first[vreg.index() + 1] as usize;
        for &(other, weight) in &self.related[start..end.min(start + MAX_ASKED)] {
            if self.given[other.index()].is_none() {
                self.hinted[other.index()] = Some((reg, weight));
            }
        }
    }

    /// Calls `hint` with each register that `vreg` has reason to be in, and the weight of the reason.
    pub(crate) fn of(&self, vreg: VReg, mut hint: impl FnMut(PReg, u32)) {
        // Hints of several relatives are often one and the same, so they do not add up.
        let mut best: Option<(u32, PReg)> = None;
        for &(other, weight) in self.relatives(vreg) {
            if let Some(reg) = self.given[other.index()] {
                hint(reg, 4 * weight);
            } else if let Some((reg, strength)) = self.hinted[other.index()] {
                best = best.max(Some((2 * weight.min(strength), reg)));
            }
        }
        if let Some((weight, reg)) = best {
            hint(reg, weight);
        }
        if let Some((reg, _)) = self.hinted[vreg.index()] {
            hint(reg, 1);
        }
        if let Some(reg) = self.given[vreg.index()] {
            hint(reg, 1);
        }
    }
}
