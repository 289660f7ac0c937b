//! `jitsu reduce`: a failing program made as small as it can be while it fails in the same way, as a text test.

use std::fs;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::args::{Args, Choice, OUTPUT};
use crate::case::{self, Case, Failing, Judge};
use crate::shrink::{self, Counts};
use crate::source::Language;

/// Seconds after which the smallest case so far is what comes out.
const SECONDS: u64 = 120;

/// `--call`, which `jitsu bisect` has too.
pub(crate) const CALL: Choice = Choice {
    name: "call",
    value: Some("NAME(ARGUMENTS)"),
    doc: "The call that fails (default: those of the run lines, else many of every function).",
};

pub(crate) const OPTIONS: &[Choice] = &[
    CALL,
    OUTPUT,
    Choice {
        name: "seconds",
        value: Some("N"),
        doc: "When to stop, if it still gets smaller (default: 120).",
    },
];

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let path = args.file("reduce")?;
    let seconds = match args.value("seconds") {
        None => SECONDS,
        Some(text) => text.parse().map_err(|_| {
            Failure::Usage(format!("error: `--seconds {text}`: it is a number of seconds"))
        })?,
    };
    let until = Instant::now() + Duration::from_secs(seconds);
    let (program, case) = case::load(&path, args.value("call"))?;
    // What panics is told as such, once.
    std::panic::set_hook(Box::new(|_| {}));
    let (mut judge, case, failing) = failing(program.language, case)?;
    judge.limit_fuel(&case);
    say(&format!("{}: {}", program.name, size(&case)));
    say(&case::describe(&failing));

    let mut shown = Instant::now();
    let mut progress = |case: &Case| {
        if shown.elapsed() >= Duration::from_secs(1) {
            shown = Instant::now();
            say(&size(case));
        }
    };
    let (small, counts) = reduce(&judge, &failing, case, until, &mut progress);
    let late = if counts.unfinished { "; time ran out, so it may get smaller still" } else { "" };
    say(&format!(
        "{} candidates, {} of them failed; {}{late}",
        counts.tried,
        counts.kept,
        size(&small)
    ));

    let comment = format!("{}\n{}", program.name, case::describe(&failing));
    let answers = judge.answers(&small).unwrap_or_default();
    let text = case::as_test(&small, &answers, &comment);
    match args.value(OUTPUT.name) {
        None => io::stdout().write_all(text.as_bytes())?,
        Some(file) => {
            fs::write(file, text).map_err(|error| {
                Failure::Wrong(format!("error: cannot write `{file}`: {error}"))
            })?;
            say(&format!("written to {file}; `jitsu bisect {file}` says where it goes wrong"));
        }
    }
    Ok(())
}

/// How a program fails, and the calls of it that count; an error if it does not fail.
pub(crate) fn failing(language: Language, case: Case) -> Result<(Judge, Case, Failing), Failure> {
    // What needs nothing of the host's is a better test.
    let languages = [Language::Ir, language];
    let mut count = 0;
    for language in languages.into_iter().take(if language == Language::Ir { 1 } else { 2 }) {
        let judge = Judge::new(language);
        let mut certain = Case { module: case.module.clone(), calls: Vec::new() };
        for call in &case.calls {
            certain.calls.push(call.clone());
            if judge.answers(&certain).is_none() {
                certain.calls.pop();
            }
        }
        count = certain.calls.len();
        if let Some(failing) = judge.failing(&certain).filter(|failing| !failing.is_empty()) {
            return Ok((judge, certain, failing));
        }
    }
    Err(Failure::Wrong(format!(
        "error: nothing fails: {count} of {} calls have a certain answer, and every configuration gives it",
        case.calls.len()
    )))
}

/// Shrinks a case that fails in these ways.
fn reduce(
    judge: &Judge,
    failing: &Failing,
    case: Case,
    until: Instant,
    progress: &mut dyn FnMut(&Case),
) -> (Case, Counts) {
    let mut fails = |case: &Case| judge.fails_as(case, failing);
    let (mut small, counts) = shrink::shrink(case, until, &mut fails, progress);
    // Numbers from 0 on are easier to read; that they change nothing is asked, not believed.
    if let Ok(module) = ir::parse::module(&shrink::renumbered(&small.module.to_string())) {
        let calls = small.calls.clone();
        let numbered = Case { module, calls };
        if fails(&numbered) {
            small = numbered;
        }
    }
    (small, counts)
}

fn size(case: &Case) -> String {
    let functions = case.module.functions.values();
    let blocks = functions.clone().map(|func| func.layout().len()).sum::<usize>();
    let count = |number: usize, what: &str| {
        format!("{number} {what}{}", if number == 1 { "" } else { "s" })
    };
    format!(
        "{}, {}, {}, {}",
        count(functions.len(), "function"),
        count(blocks, "block"),
        count(instructions(case), "instruction"),
        count(case.calls.len(), "call")
    )
}

fn instructions(case: &Case) -> usize {
    let functions = case.module.functions.values();
    functions.flat_map(|func| func.layout().iter().map(|&b| func.block_insts(b).len())).sum()
}

pub(crate) fn say(text: &str) {
    for line in text.lines() {
        // If nobody listens, there is nobody to tell.
        let _ = writeln!(io::stderr(), "jitsu: {line}");
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use driver::{Configuration, Value};
    use ir::{BinaryOp, Function, InstData, IntCC, Module, Signature, Type};
    use testkit::{Families, Random, Shape};

    use crate::case::{Call, Kind, Planted};
    use crate::filetest;

    /// Instructions that are left at most, of hundreds.
    const MOST: usize = 12;

    /// Changes the payload of every instruction.
    fn edit(func: &mut Function, change: impl Fn(&Function, InstData) -> InstData) {
        for block in func.layout().to_vec() {
            for inst in func.block_insts(block).to_vec() {
                let data = change(func, *func.inst(inst));
                func.replace(inst, data);
            }
        }
    }

    pub(crate) fn swaps_sub(func: &mut Function) {
        edit(func, |_, data| match data {
            InstData::Binary { op: BinaryOp::Sub, args: [a, b] } => {
                InstData::Binary { op: BinaryOp::Sub, args: [b, a] }
            }
            other => other,
        });
    }

    fn compares_the_other_way(func: &mut Function) {
        edit(func, |_, data| match data {
            InstData::IntCompare { cc: IntCC::Slt, args } => {
                InstData::IntCompare { cc: IntCC::Sge, args }
            }
            other => other,
        });
    }

    fn exchanges_ways(func: &mut Function) {
        edit(func, |_, data| match data {
            InstData::Branch { cond, then_to, else_to } => {
                InstData::Branch { cond, then_to: else_to, else_to: then_to }
            }
            other => other,
        });
    }

    fn panics_at_rotr(func: &mut Function) {
        edit(func, |_, data| match data {
            InstData::Binary { op: BinaryOp::Rotr, .. } => panic!("a planted panic"),
            other => other,
        });
    }

    /// Functions that call each other, and calls of them.
    pub(crate) fn random_case(seed: u64) -> Case {
        let mut random = Random::new(seed);
        let mut module = Module::new();
        let mut callees: Vec<(String, Signature)> = Vec::new();
        for index in 0..2 {
            let shape = Shape {
                name: format!("f{index}"),
                params: vec![Type::I16, Type::I64, Type::I32],
                results: vec![Type::I64, Type::I16],
                blocks: 3,
                insts: 12,
                vars: 3,
                slots: 2,
                turns: 6,
                callees: callees.clone(),
                names: false,
                families: Families::ALL,
            };
            let func = testkit::function(random.bits(), &shape);
            callees.push((shape.name.clone(), func.signature.clone()));
            module.add_function(func).unwrap();
        }
        let mut calls = Vec::new();
        for name in module.functions.keys() {
            for _ in 0..3 {
                let mut words = std::iter::from_fn(|| Some(random.word(Type::I64)));
                let args = [Type::I16, Type::I64, Type::I32]
                    .map(|ty| Value::from_bits(ty, &mut words).unwrap());
                calls.push(Call { function: name.clone(), args: args.to_vec() });
            }
        }
        Case { module, calls }
    }

    /// What the first random case becomes that fails when this fault is planted.
    fn check(change: fn(&mut Function), kind: &Kind, has: &str) {
        let mut judge = Judge::new(Language::Ir);
        let of = |configuration: Configuration| configuration.level == Some(opt::Level::Speed);
        let from = opt::Limit { executions: 0, rewritings: 0, ..opt::Limit::NONE };
        judge.planted = Some(Planted { change, of, from });
        let right = Judge::new(Language::Ir);
        let found = (0..200).find_map(|seed| {
            let case = random_case(seed);
            let failing = judge.failing(&case)?;
            let all = !failing.is_empty() && failing.iter().all(|(_, found)| found == kind);
            all.then_some((case, failing))
        });
        let (case, failing) = found.expect("no random case shows the fault");
        judge.limit_fuel(&case);
        let before = instructions(&case);
        let until = Instant::now() + Duration::from_secs(60);
        let (small, counts) = reduce(&judge, &failing, case, until, &mut |_| {});
        let text = small.module.to_string();
        assert!(instructions(&small) <= MOST, "{before} became {counts:?}\n{text}");
        assert!(text.contains(has), "{has} is not in\n{text}");
        assert_eq!(small.calls.len(), 1);
        assert_eq!(judge.failing(&small), Some(failing));
        assert_eq!(right.failing(&small), Some(Vec::new()), "without the fault:\n{text}");
        // What is written is a test that passes without the fault.
        let test = case::as_test(&small, &right.answers(&small).unwrap(), "reduced");
        let all = Configuration::all();
        let report = filetest::run(&test, "reduced.ir", &all);
        assert_eq!(report.failures, [], "{test}");
        assert_eq!(report.passed, vec![1; all.len()]);
    }

    #[test]
    fn planted_operation_is_all_that_is_left() {
        check(swaps_sub, &Kind::Differs, "sub");
    }

    #[test]
    fn planted_comparison_is_all_that_is_left() {
        check(compares_the_other_way, &Kind::Differs, "icmp slt");
    }

    #[test]
    fn planted_branch_is_all_that_is_left() {
        check(exchanges_ways, &Kind::Differs, "branch");
    }

    #[test]
    fn planted_panic_is_kept() {
        check(panics_at_rotr, &Kind::Panics, "rotr");
    }
}
