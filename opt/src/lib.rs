//! Optimisation passes over SSA, as a table.
//!
//! [`PASSES`] lists every pass in the order in which [`optimize`] runs them; [`ORDER`] says which orders matter and why.
//! Every pass takes verified SSA and leaves verified SSA, and a program gives the same results and the same traps before
//! and after.
//!
//! ```
//! use ir::{FunctionBuilder, Type};
//! use opt::Level;
//!
//! let b = FunctionBuilder::new("twelve_times");
//! let x = b.param(Type::I64);
//! b.ret(b.mul(b.mul(x, 3), 4));
//! let mut func = b.finish().unwrap();
//!
//! let stats = opt::optimize(&mut func, Level::Speed);
//! assert!(stats.changes() > 0);
//! assert_eq!(func.block_insts(func.layout()[0]).len(), 3); // iconst, mul, ret
//! ```
#![forbid(unsafe_code)]

mod edit;
mod hash;
mod inline;
mod region;

pub mod copy_prop;
pub mod dce;
pub mod facts;
pub mod fold;
pub mod gvn;
pub mod if_convert;
pub mod legalize;
pub mod licm;
pub mod promote;
pub mod rotate;
pub mod simplify_cfg;

use ir::{Function, Module};

/// How much to optimise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Level {
    /// Not at all: the code comes soonest.
    None,
    /// For the speed of the code.
    #[default]
    Speed,
}

/// A pass: a row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// Its name, unique in the table: a pass that runs twice has two rows.
    pub name: &'static str,
    /// What it does, in a line.
    pub doc: &'static str,
    /// Runs it and returns how many changes it made; 0 means that the function is as it was.
    pub run: fn(&mut Function) -> usize,
    /// The levels at which it runs.
    pub levels: &'static [Level],
}

const SPEED: &[Level] = &[Level::Speed];
const ALL: &[Level] = &[Level::None, Level::Speed];

macro_rules! passes {
    ($($name:literal $module:ident $levels:ident $doc:literal;)*) => {
        &[$( Pass { name: $name, doc: $doc, run: $module::run, levels: $levels }, )*]
    };
}

/// Every pass, in the order in which they run.
pub const PASSES: &[Pass] = passes! {
    "legalize" legalize ALL "Split every i128 into two i64.";
    "simplify_cfg" simplify_cfg SPEED "Fold branches, thread jumps, merge blocks, drop unreachable ones.";
    "copy_prop" copy_prop SPEED "Replace block parameters that always get one value.";
    "fold" fold SPEED "Fold constants, simplify algebra, divide by constants without dividing.";
    "promote" promote SPEED "Turn stack slots whose address goes nowhere into values.";
    "gvn" gvn SPEED "Merge instructions with dominating equal ones.";
    "facts" facts SPEED "Remove checks and decide branches that earlier ones imply.";
    "rotate" rotate SPEED "Test at the end of loops instead of at the start.";
    "simplify_cfg_rotated" simplify_cfg SPEED "Merge the tests of rotated loops into their bodies.";
    "copy_prop_rotated" copy_prop SPEED "Replace the parameters of rotated loops that always get one value.";
    "fold_rotated" fold SPEED "Fold what value numbering brought together, and tests before loops that start with constants.";
    "licm" licm SPEED "Move what does not change out of loops.";
    "gvn_late" gvn SPEED "Merge what loops' copies and preheaders compute twice.";
    "if_convert" if_convert SPEED "Select between values instead of branching around a few instructions.";
    "simplify_cfg_late" simplify_cfg SPEED "Clean up the flow graph for code generation.";
    "dce" dce SPEED "Remove what nothing needs.";
};

/// Two rows of [`PASSES`] whose order matters.
#[derive(Clone, Copy, Debug)]
pub struct Constraint {
    /// The pass that must come first.
    pub before: &'static str,
    /// The pass that must come later.
    pub after: &'static str,
    /// Why.
    pub reason: &'static str,
}

/// The orders that matter. A test checks them against [`PASSES`].
pub const ORDER: &[Constraint] = &[
    Constraint { before: "legalize", after: "simplify_cfg", reason: "no other pass knows i128" },
    Constraint {
        before: "simplify_cfg",
        after: "copy_prop",
        reason: "parameters of joins that merged blocks leave with one way in are trivial",
    },
    Constraint {
        before: "copy_prop",
        after: "fold",
        reason: "folding sees constants only where they are operands, not behind parameters",
    },
    Constraint {
        before: "fold",
        after: "gvn",
        reason: "equal computations are found only in one canonical form",
    },
    Constraint {
        before: "fold",
        after: "promote",
        reason: "constant offsets of slots stand in the loads and stores only after folding",
    },
    Constraint {
        before: "promote",
        after: "gvn",
        reason: "values that were in memory are numbered only once they are values",
    },
    Constraint {
        before: "rotate",
        after: "if_convert",
        reason: "a loop is rotated by the branch in its header, which a select would swallow",
    },
    Constraint {
        before: "if_convert",
        after: "simplify_cfg_late",
        reason: "arms that were emptied are only jumps, and joins can be merged",
    },
    Constraint {
        before: "gvn",
        after: "facts",
        reason: "what is known of a value is looked up by its number, so equal values must be one",
    },
    Constraint {
        before: "facts",
        after: "rotate",
        reason: "the range of a counter is read off a test at the start of its loop",
    },
    Constraint {
        before: "facts",
        after: "simplify_cfg_rotated",
        reason: "branches that are decided are folded there",
    },
    Constraint {
        before: "gvn",
        after: "rotate",
        reason: "what value numbering removes from a header need not be copied",
    },
    Constraint {
        before: "rotate",
        after: "simplify_cfg_rotated",
        reason: "the test saves a branch only when it is one block with the end of the body",
    },
    Constraint {
        before: "simplify_cfg_rotated",
        after: "licm",
        reason: "what may trap moves only out of the header, which after rotation is the body",
    },
    Constraint {
        before: "copy_prop_rotated",
        after: "licm",
        reason: "a value that a loop only passes around is invariant, but does not look so",
    },
    Constraint {
        before: "licm",
        after: "gvn_late",
        reason: "the same invariant may have been moved from two places",
    },
    Constraint {
        before: "licm",
        after: "simplify_cfg_late",
        reason: "preheaders that nothing moved to are only a jump",
    },
    Constraint {
        before: "gvn",
        after: "fold_rotated",
        reason: "operands that became the same value make more algebra apply",
    },
    Constraint {
        before: "simplify_cfg_late",
        after: "dce",
        reason: "folded branches leave conditions that nothing uses",
    },
];

/// What a pass did, for whoever watches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PassReport {
    /// The name of the pass.
    pub pass: &'static str,
    /// How many changes it made.
    pub changes: usize,
}

/// What [`optimize`] did: one report for each pass that ran, in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stats {
    /// One report for each pass that ran, in order.
    pub passes: Vec<PassReport>,
}

impl Stats {
    /// Adds to the report of the same pass, or as a new one.
    fn add(&mut self, report: PassReport) {
        match self.passes.iter_mut().find(|other| other.pass == report.pass) {
            Some(other) => other.changes += report.changes,
            None => self.passes.push(report),
        }
    }

    /// The changes of all passes.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.passes.iter().map(|report| report.changes).sum()
    }
}

/// How many of the executions of passes take place: for whoever looks for the first one that makes a program wrong. The
/// passes of [`Level::None`], without which no code can be generated, always run and do not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// Executions of a pass, or of inlining, on a function; those after them are left out.
    pub executions: usize,
    /// If the last of these is `fold` (in any row), how many rewritings it makes.
    pub rewritings: usize,
}

impl Limit {
    /// Every pass runs to its end.
    pub const NONE: Self = Self { executions: usize::MAX, rewritings: usize::MAX };

    /// Counts one execution, which takes place if there is an answer: how many rewritings it may make.
    fn next(&mut self) -> Option<usize> {
        self.executions = self.executions.checked_sub(1)?;
        Some(if self.executions == 0 { self.rewritings } else { usize::MAX })
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self::NONE
    }
}

/// Optimises a function in SSA form (see [`ssa::verify()`]).
pub fn optimize(func: &mut Function, level: Level) -> Stats {
    optimize_with(func, level, |_, _| {})
}

/// Optimises a function in SSA form and calls `observer` after each pass, with what the pass did and the function as it
/// is then: for dumps and for verification between passes.
pub fn optimize_with(
    func: &mut Function,
    level: Level,
    observer: impl FnMut(PassReport, &Function),
) -> Stats {
    let mut limit = Limit::NONE;
    optimize_limited(func, level, &mut limit, observer)
}

fn optimize_limited(
    func: &mut Function,
    level: Level,
    limit: &mut Limit,
    mut observer: impl FnMut(PassReport, &Function),
) -> Stats {
    let mut stats = Stats::default();
    for pass in PASSES.iter().filter(|pass| pass.levels.contains(&level)) {
        let needed = pass.levels.contains(&Level::None);
        let Some(rewritings) = (if needed { Some(usize::MAX) } else { limit.next() }) else {
            break;
        };
        let changes = match pass.name {
            "fold" | "fold_rotated" => fold::run_at_most(func, rewritings),
            _ => (pass.run)(func),
        };
        let report = PassReport { pass: pass.name, changes };
        stats.passes.push(report);
        observer(report, func);
    }
    stats
}

/// Optimises every function of a module, callees before their callers, and inlines small callees. Every function must be
/// in SSA form.
pub fn optimize_module(module: &mut Module, level: Level) -> Stats {
    optimize_module_with(module, level, |_, _| {})
}

/// Optimises every function of a module, as [`optimize_module`] does, and calls `observer` after each pass on each
/// function, inlining (`inline`) included.
pub fn optimize_module_with(
    module: &mut Module,
    level: Level,
    observer: impl FnMut(PassReport, &Function),
) -> Stats {
    optimize_module_limited(module, level, Limit::NONE, observer)
}

/// Does the first part of [`optimize_module_with`], as far as `limit` says.
pub fn optimize_module_limited(
    module: &mut Module,
    level: Level,
    mut limit: Limit,
    mut observer: impl FnMut(PassReport, &Function),
) -> Stats {
    let mut all = Stats::default();
    // Before any body is copied: caller and callee then agree on the signature.
    for func in module.functions.values_mut() {
        let stats = optimize_limited(func, Level::None, &mut limit, &mut observer);
        stats.passes.into_iter().for_each(|report| all.add(report));
    }
    if level == Level::None {
        return all;
    }
    let mut bodies = inline::Bodies::new(module);
    for index in inline::callees_first(module) {
        let Some((_, func)) = module.functions.get_index_mut(index) else { continue };
        // Once more if callees became known that were given by address, as functions passed to an inlined one are.
        for _ in 0..2 {
            if limit.next().is_none() {
                return all;
            }
            let report = PassReport { pass: "inline", changes: inline::calls_in(func, &bodies) };
            observer(report, func);
            all.add(report);
            let by_address = inline::calls_by_address(func);
            let stats = optimize_limited(func, level, &mut limit, &mut observer);
            stats.passes.into_iter().for_each(|report| all.add(report));
            if inline::calls_by_address(func) == by_address {
                break;
            }
        }
        bodies.add(func);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_keeps_the_order_that_matters() {
        let place = |name: &str| PASSES.iter().position(|pass| pass.name == name);
        for constraint in ORDER {
            let (before, after) = (place(constraint.before), place(constraint.after));
            assert!(before.is_some() && after.is_some(), "{constraint:?} names no pass");
            assert!(before < after, "{constraint:?}");
        }
    }

    #[test]
    fn a_limit_leaves_out_what_comes_after() {
        let b = ir::FunctionBuilder::new("f");
        let (x, y) = (b.param(ir::Type::I64), b.param(ir::Type::I64));
        b.ret(b.mul(b.add(x, 0), b.add(y, 0)));
        let mut module = Module::new();
        module.add_function(b.finish().unwrap()).unwrap();
        let run = |limit: Limit| {
            let (mut module, mut passes) = (module.clone(), Vec::new());
            optimize_module_limited(&mut module, Level::Speed, limit, |report, _| {
                passes.push((report.pass, report.changes));
            });
            passes
        };
        let always = run(Limit { executions: 0, ..Limit::NONE });
        assert!(!always.is_empty());
        let all = run(Limit::NONE);
        for executions in 0..all.len() {
            // The passes that are always needed run once more on each function, and do not count.
            let some = run(Limit { executions, ..Limit::NONE });
            let counted = some.iter().filter(|(name, _)| *name != "legalize").count();
            assert_eq!(counted, executions.min(all.len() - 2), "{executions}");
            assert_eq!(some, all[..some.len()], "{executions}");
        }
        let fold = all.iter().filter(|(name, _)| *name != "legalize").position(|p| p.0 == "fold");
        let executions = fold.unwrap() + 1;
        for rewritings in 0..4 {
            let some = run(Limit { executions, rewritings });
            assert_eq!(some.last(), Some(&("fold", rewritings.min(2))));
        }
    }

    #[test]
    fn names_are_unique() {
        for (index, pass) in PASSES.iter().enumerate() {
            assert!(PASSES[..index].iter().all(|other| other.name != pass.name), "{}", pass.name);
        }
    }
}
