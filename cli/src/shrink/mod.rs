//! Shrinks a failing case while it fails, by trying smaller and smaller edits until none helps (after Zeller and
//! Hildebrandt, *Simplifying and isolating failure-inducing input*, 2002, for lists of things to remove).
//!
//! It knows nothing of how a case fails: a predicate says whether a candidate still does.

mod edits;
mod text;

use std::time::Instant;

use driver::Value;
use ir::{Inst, InstData, MemFacts, Type};

use crate::case::{Call, Case};

pub(super) use text::renumbered;

/// What a reduction did.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Counts {
    /// Candidates that were tried.
    pub(super) tried: usize,
    /// Candidates that still failed.
    pub(super) kept: usize,
    /// `true` if time ran out before nothing helped any more.
    pub(super) unfinished: bool,
}

/// An instruction of a function of the module, by its number there.
type Place = (usize, Inst);

/// The case so far.
struct Shrinker<'a> {
    best: Case,
    fails: &'a mut dyn FnMut(&Case) -> bool,
    progress: &'a mut dyn FnMut(&Case),
    until: Instant,
    counts: Counts,
}

/// Shrinks a case for which `fails` holds as long as it does and there is time. `progress` is shown each step.
pub(super) fn shrink(
    case: Case,
    until: Instant,
    fails: &mut dyn FnMut(&Case) -> bool,
    progress: &mut dyn FnMut(&Case),
) -> (Case, Counts) {
    let mut shrinker = Shrinker { best: case, fails, progress, until, counts: Counts::default() };
    shrinker.calls();
    shrinker.attempt(edits::construct_ssa);
    shrinker.attempt(edits::forget_places);
    loop {
        let before = shrinker.counts.kept;
        shrinker.items();
        shrinker.flow();
        shrinker.instructions();
        shrinker.values();
        shrinker.signatures();
        shrinker.small();
        shrinker.calls();
        if shrinker.counts.kept == before || shrinker.is_late() {
            break;
        }
    }
    shrinker.counts.unfinished = shrinker.is_late();
    (shrinker.best, shrinker.counts)
}

impl Shrinker<'_> {
    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Keeps what the edit makes of the case if it still fails. An edit that does not apply says so.
    fn attempt(&mut self, edit: impl FnOnce(&mut Case) -> bool) -> bool {
        if self.is_late() {
            return false;
        }
        let mut candidate = self.best.clone();
        if !edit(&mut candidate) || ir::verify_module(&candidate.module).is_err() {
            return false;
        }
        self.counts.tried += 1;
        let kept = (self.fails)(&candidate);
        if kept {
            self.best = candidate;
            self.counts.kept += 1;
            (self.progress)(&self.best);
        }
        kept
    }

    /// Removes as many of the items as possible, at first all of them at once, then smaller and smaller groups.
    fn remove<T: Copy>(&mut self, mut items: Vec<T>, edit: impl Fn(&mut Case, &[T]) -> bool) {
        let mut size = items.len();
        while size > 0 {
            let mut start = 0;
            while start < items.len() {
                let end = (start + size).min(items.len());
                let group = &items[start..end];
                if self.attempt(|case| edit(case, group)) {
                    items.drain(start..end);
                } else {
                    start = end;
                }
            }
            size /= 2;
        }
    }

    /// Fewer calls, with smaller arguments.
    fn calls(&mut self) {
        if self.best.calls.len() > 1 {
            for call in self.best.calls.clone() {
                if self.attempt(|case| {
                    case.calls = vec![call];
                    true
                }) {
                    break;
                }
            }
        }
        if self.best.calls.len() > 1 {
            for index in (0..self.best.calls.len()).rev() {
                self.attempt(|case| {
                    case.calls.remove(index);
                    true
                });
            }
        }
        for call in 0..self.best.calls.len() {
            for arg in 0..self.best.calls[call].args.len() {
                self.smaller(
                    |case| case.calls[call].args.get(arg).map(|value| (value.ty(), value.bits())),
                    |case, value| case.calls[call].args[arg] = value,
                );
            }
        }
    }

    /// A smaller value in a place.
    fn smaller(
        &mut self,
        read: impl Fn(&Case) -> Option<(Type, u128)>,
        write: impl Fn(&mut Case, Value),
    ) {
        // Each turn halves it at least, or it is the last.
        for _ in 0..2 * 128 {
            let Some((ty, bits)) = read(&self.best) else { return };
            let mut tries =
                [0, 1, edits::ones(ty), edits::half(ty, bits), bits & (bits.wrapping_sub(1))];
            tries.sort_by_key(|&bits| edits::size(ty, bits));
            let better = tries
                .into_iter()
                .filter(|&other| edits::size(ty, other) < edits::size(ty, bits))
                .any(|other| {
                    let mut words = [other as u64, (other >> 64) as u64].into_iter();
                    let Some(value) = Value::from_bits(ty, &mut words) else { return false };
                    self.attempt(|case| {
                        write(case, value);
                        true
                    })
                });
            if !better {
                return;
            }
        }
    }

    /// Fewer functions, host functions and data objects.
    fn items(&mut self) {
        let functions: Vec<String> = self.best.module.functions.keys().cloned().collect();
        // Callers are mostly behind what they call.
        for name in functions.iter().rev() {
            self.attempt(|case| {
                case.calls.iter().all(|call: &Call| call.function != *name)
                    && case.module.functions.shift_remove(name).is_some()
            });
        }
        for name in self.best.module.externs.keys().cloned().collect::<Vec<_>>() {
            self.attempt(|case| case.module.externs.shift_remove(&name).is_some());
        }
        for name in self.best.module.data.keys().cloned().collect::<Vec<_>>() {
            self.attempt(|case| case.module.data.shift_remove(&name).is_some());
        }
    }

    /// Fewer ways and blocks.
    fn flow(&mut self) {
        for func in 0..self.best.module.functions.len() {
            for block in self.best.module.functions[func].layout().to_vec() {
                if !self.best.module.functions[func].layout().contains(&block) {
                    continue;
                }
                let ways = edits::ways(&self.best.module.functions[func], block);
                self.attempt(|case| edits::end_here(&mut case.module.functions[func], block));
                if ways > 1 {
                    for way in 0..ways {
                        let one = |case: &mut Case| {
                            edits::go_one_way(&mut case.module.functions[func], block, way)
                        };
                        if self.attempt(one) {
                            break;
                        }
                    }
                }
                self.remove((1..ways).collect(), |case, cases| {
                    edits::drop_cases(&mut case.module.functions[func], block, cases)
                });
            }
            for block in self.best.module.functions[func].layout().to_vec() {
                self.attempt(|case| {
                    edits::merge_with_next(&mut case.module.functions[func], block)
                });
                self.attempt(|case| edits::pass_by(&mut case.module.functions[func], block));
            }
        }
    }

    /// The instructions that do not end a block and are no constants.
    fn places(&self) -> Vec<Place> {
        let mut places = Vec::new();
        for (index, func) in self.best.module.functions.values().enumerate() {
            for &block in func.layout() {
                let insts = func.block_insts(block).iter();
                places
                    .extend(insts.filter(|&&i| !func.inst(i).is_terminator()).map(|&i| (index, i)));
            }
        }
        places
    }

    /// Fewer instructions: a result that is needed becomes 0.
    fn instructions(&mut self) {
        let places = self.places();
        self.remove(places, edits::remove_insts);
    }

    /// An instruction's result, or a block's parameter, becomes another value.
    fn values(&mut self) {
        for (func, inst) in self.places().into_iter().rev() {
            let function = &self.best.module.functions[func];
            let Some(result) = function.result(inst) else { continue };
            for other in edits::others(function, result, Some(inst)) {
                let edit = |case: &mut Case| {
                    edits::replace_uses(&mut case.module.functions[func], result, other)
                        && edits::remove_insts(case, &[(func, inst)])
                };
                if self.attempt(edit) {
                    break;
                }
            }
        }
        for func in 0..self.best.module.functions.len() {
            let function = &self.best.module.functions[func];
            for block in function.layout().iter().skip(1).copied().collect::<Vec<_>>() {
                let function = &self.best.module.functions[func];
                for index in (0..function.block_params(block).len()).rev() {
                    self.attempt(|case| {
                        edits::remove_block_param(&mut case.module.functions[func], block, index)
                    });
                }
            }
        }
    }

    /// Fewer parameters and results of functions.
    fn signatures(&mut self) {
        for func in 0..self.best.module.functions.len() {
            for index in (0..self.best.module.functions[func].signature.params.len()).rev() {
                self.attempt(|case| edits::remove_param(case, func, index));
            }
            for index in (0..self.best.module.functions[func].signature.results.len()).rev() {
                self.attempt(|case| edits::remove_result(case, func, index));
            }
        }
    }

    /// Smaller constants, offsets and slots; no facts.
    fn small(&mut self) {
        for (func, inst) in self.places() {
            self.smaller(
                |case| {
                    let function = &case.module.functions[func];
                    let ty = function.value_type(function.result(inst)?);
                    let bits = match *function.inst(inst) {
                        InstData::IntConst { imm } => ir::eval::truncate(imm as u64, ty),
                        InstData::FloatConst { bits } => bits,
                        _ => return None,
                    };
                    Some((ty, bits.into()))
                },
                |case, value| {
                    let data = edits::constant(value.ty(), value.bits() as u64);
                    case.module.functions[func].replace(inst, data);
                },
            );
            self.attempt(|case| {
                let function = &mut case.module.functions[func];
                let mut data = *function.inst(inst);
                let Some(facts) = edits::facts(&mut data) else { return false };
                let changed = *facts != MemFacts::NONE;
                *facts = MemFacts::NONE;
                function.replace(inst, data);
                changed
            });
            self.attempt(|case| {
                let function = &mut case.module.functions[func];
                let mut data = *function.inst(inst);
                let Some(offset) = edits::offset(&mut data) else { return false };
                let changed = *offset != 0;
                *offset = 0;
                function.replace(inst, data);
                changed
            });
        }
        for func in 0..self.best.module.functions.len() {
            self.attempt(|case| edits::drop_slots(&mut case.module.functions[func]));
            for slot in self.best.module.functions[func].slots.keys() {
                self.attempt(|case| edits::fit_slot(&mut case.module.functions[func], slot));
            }
        }
    }
}
