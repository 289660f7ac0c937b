//! `jitsu bisect`: the first execution of a pass, and of `fold` the first rewriting, without which the answer is right.
//!
//! Passes are left out from the end on; the search halves their number (as LLVM's `-opt-bisect-limit` does by hand).

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use driver::pipeline::{self, Observer, Settings, Stage};
use driver::{Configuration, EngineKind};
use indexmap::IndexMap;
use ir::{Function, Module};
use opt::{Level, Limit};

use crate::args::{Args, Choice};
use crate::case::{self, Case, Failing, Judge};
use crate::reduce::{CALL, failing, say};
use crate::{Failure, diff};

pub(crate) const OPTIONS: &[Choice] = &[CALL];

/// Lines of a change that are shown.
const MOST_LINES: usize = 40;

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let path = args.file("bisect")?;
    let (program, case) = case::load(&path, args.value("call"))?;
    std::panic::set_hook(Box::new(|_| {}));
    let (judge, case, failing) = failing(program.language, case)?;
    say(&case::describe(&failing));
    let found = bisect(&judge, &case, &failing, &mut say);
    io::stdout().write_all(found.to_string().as_bytes())?;
    Ok(())
}

/// Where a program goes wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Found {
    /// Also without any pass; the text says which stage it is then.
    NoPass(Configuration, &'static str),
    /// With an execution of a pass.
    Pass {
        configuration: Configuration,
        /// Which execution it is, of how many.
        number: usize,
        total: usize,
        step: Step,
        /// Which rewriting of the pass it is, of how many.
        rewriting: Option<(usize, usize)>,
        /// The function before and behind.
        change: String,
        /// `true` if the interpreter gives the right answer after the same passes.
        interpreter_is_right: bool,
    },
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Found::NoPass(configuration, stage) => {
                writeln!(f, "{configuration}: wrong also without any pass: {stage}")
            }
            Found::Pass {
                configuration,
                number,
                total,
                step,
                rewriting,
                change,
                interpreter_is_right,
            } => {
                writeln!(
                    f,
                    "{configuration}: right after {} of {total} executions of passes, wrong after the next: `{}` on `@{}`",
                    number - 1,
                    step.pass,
                    step.function
                )?;
                if let Some((one, all)) = rewriting {
                    writeln!(f, "its rewriting {one} of {all}:")?;
                }
                for line in change.lines().take(MOST_LINES) {
                    writeln!(f, "{line}")?;
                }
                if let more @ 1.. = change.lines().count().saturating_sub(MOST_LINES) {
                    writeln!(
                        f,
                        "and {more} more lines; of a smaller program (`jitsu reduce`) there are fewer"
                    )?;
                }
                if *interpreter_is_right {
                    writeln!(
                        f,
                        "the interpreter is right after the same passes: code generation does not do what this IR says"
                    )?;
                }
                Ok(())
            }
        }
    }
}

/// An execution of a pass.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Step {
    pass: String,
    function: String,
}

/// Follows the passes: what each execution was, and the text of each function.
#[derive(Default)]
struct Follower {
    steps: Vec<Step>,
    texts: IndexMap<String, String>,
}

impl Observer for Follower {
    fn stage(&mut self, stage: Stage<'_>, func: &Function) {
        self.texts.insert(func.name.clone(), func.to_string());
        if opt::Pass::named(stage.name()).is_some_and(|pass| !pass.is_needed()) {
            self.steps.push(Step { pass: stage.name().to_owned(), function: func.name.clone() });
        }
    }
}

/// The executions that a limit leaves, and what the functions are then. A pass that panics is not among them.
fn follow(module: &Module, limit: Limit) -> Follower {
    let mut follower = Follower::default();
    let settings = Settings { level: Level::Speed, limit, ..Settings::default() };
    let work = AssertUnwindSafe(|| {
        // Whether it is valid has been asked, or is what is looked for.
        let _ = pipeline::optimized(module.clone(), &settings, &mut follower);
    });
    if catch_unwind(work).is_err() {
        follower.steps.push(Step { pass: "a pass that panics".into(), function: "?".into() });
    }
    follower
}

/// The least number for which `wrong` holds, which does not hold for 0 and does for `total`.
fn first_wrong(total: usize, mut wrong: impl FnMut(usize) -> bool) -> usize {
    let (mut right, mut bad) = (0, total);
    while bad - right > 1 {
        let middle = right + (bad - right) / 2;
        if wrong(middle) { bad = middle } else { right = middle }
    }
    bad
}

fn bisect(judge: &Judge, case: &Case, failing: &Failing, say: &mut dyn FnMut(&str)) -> Found {
    let optimised = |(configuration, _): &&(Configuration, case::Kind)| {
        configuration.level == Some(Level::Speed)
    };
    // The interpreter comes first: it shows a wrong pass without code generation.
    let (configuration, _) = failing.iter().find(optimised).unwrap_or(&failing[0]);
    let configuration = *configuration;
    let wrong_in = |configuration: Configuration, limit: Limit| {
        let judge = Judge { limit, ..judge.clone() };
        judge.fails_in(case, configuration).is_some()
    };
    let mut wrong = |executions: usize, rewritings: usize| {
        let found = wrong_in(configuration, Limit { executions, rewritings, ..Limit::NONE });
        let word = if found { "wrong" } else { "right" };
        match rewritings {
            usize::MAX => say(&format!("{word} after {executions} executions of passes")),
            _ => say(&format!("{word} after {rewritings} rewritings of the last one")),
        }
        found
    };
    if configuration.level != Some(Level::Speed) || wrong(0, usize::MAX) {
        let stage = match configuration.engine {
            EngineKind::Interpreter => "SSA construction, `legalize`, or the interpreter itself",
            _ if failing.iter().any(|(c, _)| c.engine == EngineKind::Interpreter) => {
                "SSA construction or `legalize`"
            }
            _ => "code generation, or the machine",
        };
        return Found::NoPass(configuration, stage);
    }
    let steps = follow(&case.module, Limit::NONE).steps;
    let total = steps.len();
    let number = first_wrong(total, |executions| wrong(executions, usize::MAX));
    let step = steps[number - 1].clone();
    let at = |executions: usize, rewritings: usize| {
        follow(&case.module, Limit { executions, rewritings, ..Limit::NONE })
            .texts
            .swap_remove(&step.function)
            .unwrap_or_default()
    };
    let mut rewriting = None;
    let (mut before, mut behind) = (at(number - 1, usize::MAX), at(number, usize::MAX));
    if step.pass.starts_with("fold") {
        // More than it makes is all that it makes.
        let mut all = 1;
        while at(number, all) != behind && all < 1 << 20 {
            all *= 2;
        }
        let all = first_wrong(all, |count| at(number, count) == behind);
        let one = first_wrong(all, |count| wrong(number, count));
        (before, behind) = (at(number, one - 1), at(number, one));
        rewriting = Some((one, all));
    }
    let interpreter = Configuration { engine: EngineKind::Interpreter, ..configuration };
    let limit = Limit {
        executions: number,
        rewritings: rewriting.map_or(usize::MAX, |r| r.0),
        ..Limit::NONE
    };
    Found::Pass {
        configuration,
        number,
        total,
        step,
        rewriting,
        change: diff::show(&before, &behind),
        interpreter_is_right: interpreter != configuration && !wrong_in(interpreter, limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Planted;
    use crate::reduce::tests::{random_case, swaps_sub};
    use crate::source::Language;

    const SPEED: fn(Configuration) -> bool = |c| c.level == Some(Level::Speed);
    const SIMULATOR: fn(Configuration) -> bool = |c| c.engine == EngineKind::Simulator;
    const SIMULATOR_SPEED: fn(Configuration) -> bool = |c| SPEED(c) && SIMULATOR(c);

    /// What is found of a fault that is planted from this point on in these configurations, in the first random case
    /// that shows it; the case too.
    fn found(of: fn(Configuration) -> bool, from: impl Fn(&Case) -> Limit) -> (Case, Limit, Found) {
        let mut judge = Judge::new(Language::Ir);
        for seed in 0..100 {
            let case = random_case(seed);
            let from = from(&case);
            judge.planted = Some(Planted { change: swaps_sub, of, from });
            if let Some(failing) = judge.failing(&case).filter(|failing| !failing.is_empty()) {
                let found = bisect(&judge, &case, &failing, &mut |_| {});
                return (case, from, found);
            }
        }
        panic!("no random case shows the fault");
    }

    #[test]
    fn the_first_number_is_found() {
        for total in 1..40 {
            for first in 1..=total {
                let mut asked = 0;
                let found = first_wrong(total, |number| {
                    asked += 1;
                    number >= first
                });
                assert_eq!(found, first);
                assert!(asked <= 6, "{asked} for {total}");
            }
        }
    }

    #[test]
    fn planted_pass_is_found() {
        for wanted in [1, 11, 30] {
            let from = Limit { executions: wanted, rewritings: 0, ..Limit::NONE };
            let (case, _, found) = found(SPEED, |_| from);
            let steps = follow(&case.module, Limit::NONE).steps;
            let Found::Pass { number, total, step, interpreter_is_right, .. } = found else {
                panic!("{found:?}");
            };
            assert_eq!((number, total, &step), (wanted, steps.len(), &steps[wanted - 1]));
            assert!(!interpreter_is_right);
        }
    }

    #[test]
    fn planted_rewriting_is_found() {
        let fold = |case: &Case| {
            let steps = follow(&case.module, Limit::NONE).steps;
            let executions = 1 + steps.iter().position(|step| step.pass == "fold").unwrap();
            Limit { executions, rewritings: 3, ..Limit::NONE }
        };
        let (_, from, found) = found(SPEED, fold);
        let Found::Pass { number, step, rewriting, change, .. } = found else {
            panic!("{found:?}");
        };
        assert_eq!((number, step.pass.as_str()), (from.executions, "fold"));
        assert_eq!(rewriting.map(|(one, all)| (one, all >= 3)), Some((3, true)));
        let lines = change.lines().filter(|line| line.starts_with(['-', '+'])).count();
        assert!((1..8).contains(&lines), "{change}");
    }

    #[test]
    fn planted_machine_code_is_no_pass() {
        let always = |_: &Case| Limit { executions: 0, rewritings: 0, ..Limit::NONE };
        let (_, _, found) = found(SIMULATOR, always);
        assert!(
            matches!(found, Found::NoPass(c, stage) if SIMULATOR(c) && stage.contains("code")),
            "{found:?}"
        );
    }

    #[test]
    fn planted_machine_code_that_a_pass_brings_to_light_is_told() {
        let from = Limit { executions: 9, rewritings: 0, ..Limit::NONE };
        let (_, _, found) = found(SIMULATOR_SPEED, |_| from);
        assert!(
            matches!(found, Found::Pass { number: 9, interpreter_is_right: true, .. }),
            "{found:?}"
        );
    }
}
