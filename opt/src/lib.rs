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

mod copy_prop;
mod dce;
mod edit;
mod facts;
mod fold;
mod gvn;
mod hash;
mod if_convert;
mod inline;
mod interrupt;
mod legalize;
mod licm;
mod promote;
mod region;
mod rotate;
mod simplify_cfg;

pub use interrupt::{FLAG_BYTES, add_interrupt_checks};

use cfg::Analyses;
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
    /// A line that says what it does.
    pub doc: &'static str,
    /// Does it, and returns how many changes it made: [`Context::run`].
    run: fn(&mut Function, &mut Context) -> usize,
    /// The levels at which it runs.
    pub levels: &'static [Level],
    /// The facts that it leaves as they were.
    pub preserves: Preserves,
}

impl Pass {
    /// Returns `true` if it runs at every level: no code can be generated without it.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.levels.contains(&Level::None)
    }

    /// The row of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Pass> {
        PASSES.iter().find(|pass| pass.name == name)
    }
}

/// The facts that a pass leaves as they were.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Preserves {
    /// Nothing for certain. If blocks or edges change, the pass says so to the [`Analyses`].
    Nothing,
    /// The flow graph: blocks, edges and their order.
    Graph,
}

/// The state that passes work with, kept from function to function: its memory is used again.
#[derive(Default)]
pub struct Context {
    /// The known facts about the flow graph of the function at hand.
    pub analyses: Analyses,
    /// A body that may be inlined.
    bodies: inline::Bodies,
    /// How many calls give their callee by its address, when inlining was over.
    by_address: usize,
    /// How many more rewritings `fold` may make.
    rewritings: Option<usize>,
}

impl Context {
    /// Runs a pass on a function in SSA form and returns how many changes it made; 0 means that the function is as it was.
    /// Before another function than the last one, or if it was changed since, its [`analyses`](Self::analyses) have to be
    /// [forgotten](Analyses::forget).
    pub fn run(&mut self, pass: &Pass, func: &mut Function) -> usize {
        (pass.run)(func, self)
    }
}

const SPEED: &[Level] = &[Level::Speed];
const ALL: &[Level] = &[Level::None, Level::Speed];

macro_rules! passes {
    ($($name:literal $module:ident $levels:ident $preserves:ident $doc:literal;)*) => {
        &[$( Pass {
            name: $name,
            doc: $doc,
            run: $module::run,
            levels: $levels,
            preserves: Preserves::$preserves,
        }, )*]
    };
}

/// Every pass, in the order in which they run.
pub const PASSES: &[Pass] = passes! {
    "legalize" legalize ALL Graph "Split every i128 into two i64; make a branch of every guard.";
    "inline" inline SPEED Nothing "Put the bodies of small functions in place of calls.";
    "simplify_cfg" simplify_cfg SPEED Nothing "Fold branches, thread jumps, merge blocks, drop unreachable ones.";
    "copy_prop" copy_prop SPEED Graph "Replace block parameters that always get one value.";
    "fold" fold SPEED Nothing "Fold constants, simplify algebra, divide by constants without dividing.";
    "promote" promote SPEED Graph "Turn stack slots whose address goes nowhere into values.";
    "gvn" gvn SPEED Graph "Merge instructions with dominating equal ones.";
    "facts" facts SPEED Graph "Remove checks and decide branches that earlier ones imply.";
    "rotate" rotate SPEED Nothing "Test at the end of loops instead of at the start.";
    "simplify_cfg_rotated" simplify_cfg SPEED Nothing "Merge the tests of rotated loops into their bodies.";
    "copy_prop_rotated" copy_prop SPEED Graph "Replace the parameters of rotated loops that always get one value.";
    "fold_rotated" fold SPEED Nothing "Fold what value numbering brought together, and tests before loops that start with constants.";
    "licm" licm SPEED Nothing "Move what does not change out of loops.";
    "gvn_late" gvn SPEED Graph "Merge what loops' copies and preheaders compute twice.";
    "if_convert" if_convert SPEED Nothing "Select between values instead of branching around a few instructions.";
    "simplify_cfg_late" simplify_cfg SPEED Nothing "Clean up the flow graph for code generation.";
    "dce" dce SPEED Graph "Remove what nothing needs.";
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
    Constraint {
        before: "legalize",
        after: "inline",
        reason: "no other pass knows i128 and guards",
    },
    Constraint {
        before: "inline",
        after: "simplify_cfg",
        reason: "an inlined body is blocks and parameters that merge with those around the call",
    },
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

/// The work of a pass, for an observer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PassReport {
    /// The name of the pass.
    pub pass: &'static str,
    /// The number of changes that it made.
    pub changes: usize,
}

/// The work of [`optimize`]: one report for each pass that ran, in order.
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

/// Some rows of [`PASSES`], of those that are not [needed](Pass::is_needed).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct PassSet(u64);

impl PassSet {
    /// No pass.
    pub const EMPTY: Self = Self(0);

    /// Adds the pass of this name. `false` if there is none, or if no code can be generated without it.
    #[must_use]
    pub fn insert(&mut self, name: &str) -> bool {
        let row = PASSES.iter().position(|pass| pass.name == name && !pass.is_needed());
        self.0 |= row.map_or(0, |row| 1 << row);
        row.is_some()
    }

    fn has(self, row: usize) -> bool {
        self.0 >> row & 1 != 0
    }
}

const _: () =
    assert!(PASSES.len() <= u64::BITS as usize, "a row of the table has a bit in `PassSet`");

/// Which of the executions of passes take place: for whoever looks for the one that makes a program wrong. The
/// passes of [`Level::None`], without which no code can be generated, always run and do not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// Executions of a pass on a function; those after them are left out.
    pub executions: usize,
    /// If the last of these is `fold` (in any row), how many rewritings it makes.
    pub rewritings: usize,
    /// Passes that never run and do not count.
    pub without: PassSet,
}

impl Limit {
    /// Every pass runs to its end.
    pub const NONE: Self =
        Self { executions: usize::MAX, rewritings: usize::MAX, without: PassSet::EMPTY };

    /// Counts one execution, which takes place if there is an answer: how many rewritings it may make, if not all.
    fn next(&mut self) -> Option<Option<usize>> {
        self.executions = self.executions.checked_sub(1)?;
        Some((self.executions == 0).then_some(self.rewritings))
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
    let mut run = Run::new(Limit::NONE, observer);
    run.passes(func, |pass| pass.levels.contains(&level));
    run.stats
}

/// Optimises every function of a module, callees before their callers, and inlines small callees. Every function must be
/// in SSA form.
pub fn optimize_module(module: &mut Module, level: Level) -> Stats {
    optimize_module_with(module, level, |_, _| {})
}

/// Optimises every function of a module, as [`optimize_module`] does, and calls `observer` after each pass on each
/// function.
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
    limit: Limit,
    observer: impl FnMut(PassReport, &Function),
) -> Stats {
    let mut run = Run::new(limit, observer);
    // Before any body is copied: caller and callee then agree on the signature.
    for func in module.functions.values_mut() {
        run.passes(func, Pass::is_needed);
    }
    if level == Level::None {
        return run.stats;
    }
    run.context.bodies = inline::Bodies::new(module);
    for index in run.context.bodies.callees_first() {
        let Some((_, place)) = module.functions.get_index_mut(index) else { continue };
        // The functions that were visited wait in `bodies` for those that call them.
        let mut func = std::mem::replace(place, Function::new("", ir::Signature::default()));
        run.context.bodies.visit(index);
        // Once more if callees became known that were given by address, as functions passed to an inlined one are.
        for _ in 0..2 {
            run.passes(&mut func, |pass| pass.levels.contains(&level) && !pass.is_needed());
            if inline::calls_by_address(&func) == run.context.by_address {
                break;
            }
        }
        run.context.bodies.add(func);
    }
    std::mem::take(&mut run.context.bodies).give_back(module);
    run.stats
}

/// Passes on their way through functions.
struct Run<F> {
    context: Context,
    limit: Limit,
    stats: Stats,
    observer: F,
}

impl<F: FnMut(PassReport, &Function)> Run<F> {
    fn new(limit: Limit, observer: F) -> Self {
        Self { context: Context::default(), limit, stats: Stats::default(), observer }
    }

    /// Runs the passes of the table that are wanted on a function.
    fn passes(&mut self, func: &mut Function, wanted: impl Fn(&Pass) -> bool) {
        self.context.analyses.forget();
        for (row, pass) in PASSES.iter().enumerate().filter(|(_, pass)| wanted(pass)) {
            if self.limit.without.has(row) {
                continue;
            }
            self.context.rewritings = match pass.is_needed() {
                true => None,
                false => match self.limit.next() {
                    Some(rewritings) => rewritings,
                    None => return,
                },
            };
            let changes = self.context.run(pass, func);
            let report = PassReport { pass: pass.name, changes };
            self.stats.add(report);
            (self.observer)(report, func);
        }
    }
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
            // The passes that are always needed do not count.
            let some = run(Limit { executions, ..Limit::NONE });
            let counted = some.iter().filter(|(name, _)| *name != "legalize").count();
            assert_eq!(counted, executions.min(all.len() - 1), "{executions}");
            assert_eq!(some, all[..some.len()], "{executions}");
        }
        let fold = all.iter().filter(|(name, _)| *name != "legalize").position(|p| p.0 == "fold");
        let executions = fold.unwrap() + 1;
        for rewritings in 0..4 {
            let some = run(Limit { executions, rewritings, ..Limit::NONE });
            assert_eq!(some.last(), Some(&("fold", rewritings.min(2))));
        }
    }

    #[test]
    fn a_set_has_the_passes_that_can_be_left_out() {
        let mut without = PassSet::EMPTY;
        for pass in PASSES {
            assert_eq!(without.insert(pass.name), !pass.is_needed(), "{}", pass.name);
        }
        assert!(!without.insert("no pass"));
        assert_eq!(without.0.count_ones() as usize, PASSES.len() - 1, "`legalize` is needed");
    }

    #[test]
    fn names_are_unique() {
        for (index, pass) in PASSES.iter().enumerate() {
            assert!(PASSES[..index].iter().all(|other| other.name != pass.name), "{}", pass.name);
        }
    }
}
