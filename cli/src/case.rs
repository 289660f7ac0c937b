//! A failing case for `jitsu reduce` and `jitsu bisect`: a module, calls of it, and the way in which it fails.
//!
//! The interpreter on the IR as it is written is what every other configuration is compared with. A case whose answer
//! depends on what nobody promises (where things lie, what fresh memory holds, whether a load that nobody needs traps) is
//! no case.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use driver::{Caller, Configuration, Engine, EngineKind, Error, Hosts, Output, Printed, Value};
use ir::{DataObject, InstData, MemFacts, Module, SlotData, StoreKind, TrapKind, Type};

use crate::Failure;
use crate::filetest;
use crate::input::{self, Program};
use crate::source::Language;

/// Instructions that the interpreter may take for a call of a case; a case that takes more is not tried.
const MOST_FUEL: u64 = 100_000_000;
/// How many times as many instructions other configurations may take, as the first one did, and a few.
const SLOWER: u64 = 64;
/// Calls that are made of a function of which no call is known.
const GUESSED: usize = 24;

/// A call with its arguments.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Call {
    pub(crate) function: String,
    pub(crate) args: Vec<Value>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}({})", self.function, filetest::separated(&self.args))
    }
}

/// What may fail.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) module: Module,
    pub(crate) calls: Vec<Call>,
}

/// In which way a configuration fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Another answer than the IR as it is written gives.
    Differs,
    /// An engine or a verifier says that Jitsu is to blame; the first words of what it says.
    Defect(String),
    /// Jitsu panics.
    Panics,
}

/// Every configuration that fails, and how.
pub(crate) type Failing = Vec<(Configuration, Kind)>;

/// What a call gave.
#[derive(PartialEq)]
pub(crate) enum Answer {
    Results(Vec<Value>),
    Trap(TrapKind),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Results(values) => write!(f, "({})", filetest::separated(values)),
            Answer::Trap(kind) => write!(f, "trap {kind}"),
        }
    }
}

/// The answers of all calls and what was printed.
struct Answers {
    calls: Vec<Answer>,
    printed: Printed,
    /// What the functions of the host that the test has were passed.
    passed: Vec<u64>,
}

impl Answers {
    fn same(&self, other: &Self) -> bool {
        // By bits: no NaN is equal to itself.
        let same = |(a, b): (&Answer, &Answer)| match (a, b) {
            (Answer::Results(a), Answer::Results(b)) => {
                a.iter().map(|v| v.bits()).eq(b.iter().map(|v| v.bits()))
            }
            (Answer::Trap(a), Answer::Trap(b)) => a == b,
            _ => false,
        };
        self.calls.iter().zip(&other.calls).all(same)
            && self.printed == other.printed
            && self.passed == other.passed
    }
}

/// What the engines make of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It breaks a rule of the IR, or none of its answers is certain.
    NoCase,
    /// All give the answers of the IR as it is written.
    Right,
    /// Some do not, or fail: which, and how.
    Wrong(String),
}

/// Calls the functions of a module with values from the corners of the types in every configuration that this machine has.
/// A call for which the interpreter needs more than `most_fuel` instructions does not count, nor does one whose answer
/// depends on what nobody promises.
#[must_use]
pub fn judge(module: Module, most_fuel: u64) -> Verdict {
    if verified(&module).is_err() {
        return Verdict::NoCase;
    }
    let judge = Judge { most_fuel, ..Judge::new(Language::Ir) };
    let mut case = Case { calls: guessed(&module), module };
    let written = Configuration::all()[0];
    match judge.run(&case.module, &case.calls, written, most_fuel) {
        Some(Ok(_)) => {}
        Some(Err(error)) if !error.is_defect() => return Verdict::NoCase,
        Some(Err(error)) => return Verdict::Wrong(format!("{written}: {error}")),
        None => return Verdict::Wrong(format!("{written}: Jitsu panics")),
    }
    let failing = judge.failing(&case).or_else(|| {
        let calls = std::mem::take(&mut case.calls);
        for call in calls {
            let alone = Case { module: case.module.clone(), calls: vec![call] };
            if judge.reference(&alone).is_some() {
                case.calls.extend(alone.calls);
            }
        }
        judge.failing(&case).filter(|_| !case.calls.is_empty())
    });
    match failing {
        None => Verdict::NoCase,
        Some(failing) if failing.is_empty() => Verdict::Right,
        Some(failing) => Verdict::Wrong(describe(&failing)),
    }
}

/// How cases are tried.
#[derive(Clone)]
pub(crate) struct Judge {
    pub(crate) language: Language,
    /// How many executions of passes take place.
    pub(crate) limit: opt::Limit,
    /// Instructions that the interpreter may take for a call.
    pub(crate) most_fuel: u64,
    #[cfg(test)]
    pub(crate) planted: Option<Planted>,
}

/// A fault for tests: a change of every function, as a stage that is wrong makes one.
#[cfg(test)]
#[derive(Clone, Copy)]
pub(crate) struct Planted {
    pub(crate) change: fn(&mut ir::Function),
    /// In these configurations only.
    pub(crate) of: fn(Configuration) -> bool,
    /// From this execution of a pass on, or this rewriting in it.
    pub(crate) from: opt::Limit,
}

impl Judge {
    pub(crate) fn new(language: Language) -> Self {
        Self {
            language,
            limit: opt::Limit::NONE,
            most_fuel: MOST_FUEL,
            #[cfg(test)]
            planted: None,
        }
    }

    /// How a case fails, in all configurations; empty if it does not. `None` if it is no case at all.
    pub(crate) fn failing(&self, case: &Case) -> Option<Failing> {
        let reference = self.reference(case)?;
        let failing = self.others(case).filter_map(|configuration| {
            Some((configuration, self.kind(case, configuration, &reference)?))
        });
        Some(failing.collect())
    }

    /// Does not try cases any more that take far longer than this one: they may never end.
    pub(crate) fn limit_fuel(&mut self, case: &Case) {
        if let Some((_, fuel)) = self.reference(case) {
            self.most_fuel = fuel * 10;
        }
    }

    /// Returns `true` if a case fails in these ways and no other.
    pub(crate) fn fails_as(&self, case: &Case, wanted: &Failing) -> bool {
        let Some(reference) = self.reference(case) else { return false };
        let kind = |configuration| self.kind(case, configuration, &reference);
        // What must fail is asked first: most candidates end here.
        wanted.iter().all(|(configuration, as_then)| kind(*configuration).as_ref() == Some(as_then))
            && self.others(case).all(|configuration| {
                wanted.iter().any(|(failing, _)| *failing == configuration)
                    || kind(configuration).is_none()
            })
    }

    /// The configurations that are compared with the IR as it is written.
    fn others(&self, case: &Case) -> impl Iterator<Item = Configuration> + use<> {
        // What stands for a function of the host has no native code.
        let no_native = self.language == Language::Ir && !case.module.externs.is_empty();
        Configuration::all()
            .into_iter()
            .skip(1)
            .filter(move |other| !(no_native && other.engine == EngineKind::Native))
    }

    /// How one configuration fails.
    pub(crate) fn fails_in(&self, case: &Case, configuration: Configuration) -> Option<Kind> {
        self.kind(case, configuration, &self.reference(case)?)
    }

    /// What each call gives in the IR as it is written.
    pub(crate) fn answers(&self, case: &Case) -> Option<Vec<Answer>> {
        Some(self.reference(case)?.0.calls)
    }

    /// The right answers and the fuel that was enough for them; `None` if the module is not valid or its answer not
    /// certain.
    fn reference(&self, case: &Case) -> Option<(Answers, u64)> {
        verified(&case.module).ok()?;
        let written = Configuration::all().into_iter().next()?;
        let mut fuel = 10_000;
        loop {
            match self.run(&case.module, &case.calls, written, fuel) {
                Some(Ok(answers)) => {
                    let calls = || answers.calls.iter();
                    let traps = |kind| calls().any(|answer| *answer == Answer::Trap(kind));
                    if traps(TrapKind::StackOverflow)
                        || (traps(TrapKind::MemoryFault) && has_plain_load(&case.module))
                    {
                        return None;
                    }
                    if !traps(TrapKind::OutOfFuel) {
                        let moved = perturbed(&case.module);
                        let again = self.run(&moved, &case.calls, written, fuel * 8)?.ok()?;
                        return answers.same(&again).then_some((answers, fuel));
                    }
                }
                _ => return None,
            }
            fuel *= 10;
            if fuel > self.most_fuel {
                return None;
            }
        }
    }

    fn kind(
        &self,
        case: &Case,
        configuration: Configuration,
        (right, fuel): &(Answers, u64),
    ) -> Option<Kind> {
        match self.run(&case.module, &case.calls, configuration, fuel * SLOWER) {
            None => Some(Kind::Panics),
            Some(Ok(answers)) => (!right.same(&answers)).then_some(Kind::Differs),
            Some(Err(error)) => {
                let text = error.to_string();
                // The rest names values and blocks, which a reduction changes.
                let kind: Vec<&str> = text
                    .split(|c: char| c.is_whitespace() || c == '`')
                    .filter(|word| !word.contains(|c: char| c.is_ascii_digit() || c == '@'))
                    .take(3)
                    .collect();
                error.is_defect().then(|| Kind::Defect(kind.join(" ")))
            }
        }
    }

    /// Makes an engine and all calls; `None` if something panics.
    fn run(
        &self,
        module: &Module,
        calls: &[Call],
        configuration: Configuration,
        fuel: u64,
    ) -> Option<Result<Answers, Error>> {
        let options = filetest::options(&configuration, self.language)
            .fuel(configuration.engine.keeps_limits().then_some(fuel));
        let work = || -> Result<Answers, Error> {
            let passed = Arc::new(Mutex::new(Vec::new()));
            let hosts = match self.language {
                Language::Ir => stubs(module, &passed),
                Language::Rust => Hosts::for_lang(),
            };
            let module = self.with_planted(module, configuration);
            let engine = Engine::new(module, &hosts, &options.limit(self.limit))?;
            let (answers, printed) = Output::collect(|| {
                calls.iter().map(|call| answer(&engine, call)).collect::<Result<_, Error>>()
            });
            let passed =
                std::mem::take(&mut *passed.lock().unwrap_or_else(PoisonError::into_inner));
            Ok(Answers { calls: answers?, printed, passed })
        };
        catch_unwind(AssertUnwindSafe(work)).ok()
    }

    #[cfg(not(test))]
    fn with_planted(&self, module: &Module, _: Configuration) -> Module {
        module.clone()
    }

    #[cfg(test)]
    fn with_planted(&self, module: &Module, configuration: Configuration) -> Module {
        let mut module = module.clone();
        let Some(Planted { change, of, from }) = self.planted else { return module };
        let (now, from) =
            [self.limit, from].map(|limit| (limit.executions, limit.rewritings)).into();
        if of(configuration) && now >= from {
            module.functions.values_mut().for_each(change);
        }
        module
    }
}

/// What stands for the functions that the host has to give: each notes what it is passed and returns the sum of it.
fn stubs(module: &Module, passed: &Arc<Mutex<Vec<u64>>>) -> Hosts {
    let mut hosts = Hosts::new();
    for (index, (name, signature)) in module.externs.iter().enumerate() {
        let passed = Arc::clone(passed);
        let masks: Vec<u64> = signature.param_types().map(Type::mask).collect();
        let result = signature.result_types().next().map_or(0, Type::mask);
        let thunk = move |_: &mut Caller<'_>, args: &[u64], results: &mut [u64]| {
            let mut passed = passed.lock().unwrap_or_else(PoisonError::into_inner);
            passed.push(index as u64);
            passed.extend(args.iter().zip(&masks).map(|(arg, mask)| arg & mask));
            let cut = args.iter().zip(&masks).map(|(arg, mask)| arg & mask);
            results.fill(cut.fold(0u64, u64::wrapping_add) & result);
            Ok(())
        };
        hosts.add_dynamic(name, signature, Arc::new(thunk));
    }
    hosts
}

fn answer(engine: &Engine, call: &Call) -> Result<Answer, Error> {
    match engine.call_values(&call.function, &call.args) {
        Ok(values) => Ok(Answer::Results(values)),
        Err(Error::Trap(trap)) => Ok(Answer::Trap(trap.kind)),
        Err(error) => Err(error),
    }
}

/// Whether the module keeps the rules that hold before any stage.
fn verified(module: &Module) -> Result<(), ir::VerifyError> {
    ir::verify_module(module)?;
    for func in module.functions.values() {
        let mut func = func.clone();
        ssa::construct(&mut func);
        ssa::verify(&func)?;
    }
    Ok(())
}

/// Returns `true` if there is a load that may be left out if nothing needs its result, and then does not trap.
fn has_plain_load(module: &Module) -> bool {
    module.functions.values().any(|func| {
        let insts = func.layout().iter().flat_map(|&block| func.block_insts(block));
        insts.into_iter().any(|&inst| matches!(func.inst(inst), InstData::Load { .. }))
    })
}

/// The same program with everything at other addresses, and slots that start with other bytes.
fn perturbed(module: &Module) -> Module {
    const PATTERN: i64 = 0x5aa5_a55a_3cc3_c33c;
    const MOST_BYTES: u64 = 1 << 14;
    let mut moved = module.clone();
    moved.data.shift_insert(
        0,
        unused_name(module, "moved"),
        DataObject { bytes: vec![0x5a; 80], align: 16, mutable: true, ..DataObject::default() },
    );
    for func in moved.functions.values_mut() {
        if func.slots.is_empty() {
            continue;
        }
        let mut slots = ir::PrimaryMap::new();
        slots.push(SlotData { size: 80, align: 16 });
        func.slots.values().for_each(|slot| {
            slots.push(*slot);
        });
        let keys: Vec<_> = slots.keys().collect();
        for block in func.layout().to_vec() {
            for inst in func.block_insts(block).to_vec() {
                if let InstData::StackAddr { slot, offset } = *func.inst(inst) {
                    let slot = keys[ir::Entity::index(slot) + 1];
                    func.replace(inst, InstData::StackAddr { slot, offset });
                }
            }
        }
        func.slots = slots;
        let Some(entry) = func.entry() else { continue };
        let mut start = Vec::new();
        let pattern = func.create_inst(InstData::IntConst { imm: PATTERN }, &[Type::I64], None);
        let byte = func.create_inst(InstData::IntConst { imm: 0x5a }, &[Type::I8], None);
        start.extend([pattern, byte]);
        let sizes: Vec<u64> = func.slots.values().map(|slot| slot.size).collect();
        for (&slot, size) in keys.iter().zip(sizes).skip(1) {
            let addr =
                func.create_inst(InstData::StackAddr { slot, offset: 0 }, &[Type::I64], None);
            start.push(addr);
            let mut offset = 0;
            while offset < size.min(MOST_BYTES) {
                let (value, step) = if size - offset >= 8 { (pattern, 8) } else { (byte, 1) };
                let store = InstData::Store {
                    kind: StoreKind::Full,
                    facts: MemFacts::NONE,
                    value: func.results(value)[0],
                    addr: func.results(addr)[0],
                    offset: offset as i32,
                };
                start.push(func.create_inst(store, &[], None));
                offset += step;
            }
        }
        start.extend(func.take_block_insts(entry));
        func.set_block_insts(entry, start);
    }
    moved
}

fn unused_name(module: &Module, name: &str) -> String {
    let mut name = name.to_owned();
    let taken = |name: &str| module.signature(name).is_some() || module.data.contains_key(name);
    while taken(&name) {
        name.push('_');
    }
    name
}

/// Reads the case of a file: its calls are those of `--call`, else of its run lines, else guessed.
pub(crate) fn load(path: &Path, call: Option<&str>) -> Result<(Program, Case), Failure> {
    let program = input::load(path)?;
    let module = program.module.clone();
    let texts: Vec<String> = match call {
        Some(call) => vec![call.to_owned()],
        None => program.text.lines().filter_map(|line| run_line(line, program.language)).collect(),
    };
    let mut calls = Vec::new();
    for text in &texts {
        calls.push(read_call(text, &module).map_err(Failure::Usage)?);
    }
    if calls.is_empty() {
        calls = guessed(&module);
    }
    Ok((program, Case { module, calls }))
}

/// The call of a `run` line.
fn run_line(line: &str, language: Language) -> Option<String> {
    let text = filetest::comment(line, language)?.strip_prefix("run:")?;
    Some(text.split("==").next().unwrap_or(text).trim().to_owned())
}

/// Reads `f(1, 2)`, with an `@` in front or not.
fn read_call(text: &str, module: &Module) -> Result<Call, String> {
    let marked = format!("@{}", text.trim().trim_start_matches('@'));
    let (function, args) = filetest::call(&marked)
        .ok_or_else(|| format!("error: `{text}` is no call; write `name(arguments)`"))?;
    let Some(found) = module.functions.get(&function) else {
        return Err(format!("error: there is no function `{function}`"));
    };
    let args = filetest::values(args, found.signature.param_types())
        .map_err(|error| format!("error: `{text}`: {error}"))?;
    Ok(Call { function, args })
}

/// Calls of every function with values from the corners of the types.
fn guessed(module: &Module) -> Vec<Call> {
    const CORNERS: [u64; 12] = [
        0,
        1,
        u64::MAX,
        2,
        7,
        i64::MAX as u64,
        1 << 63,
        0x8000_0000_8000_8080,
        0x7fff_ffff_7fff_7f7f,
        0x3ff8_0000_3fc0_0000,
        0x0123_4567_89ab_cdef,
        0xffff_ffff_0000_0000,
    ];
    let mut calls = Vec::new();
    for func in module.functions.values() {
        let count = if func.signature.params.is_empty() { 1 } else { GUESSED };
        for turn in 0..count {
            let mut at = turn;
            let mut next = || {
                // All alike at first, then each another one.
                at += turn / CORNERS.len() * 5;
                Some(CORNERS[at % CORNERS.len()])
            };
            let mut words = std::iter::from_fn(&mut next);
            let args =
                func.signature.param_types().filter_map(|ty| Value::from_bits(ty, &mut words));
            calls.push(Call { function: func.name.clone(), args: args.collect() });
        }
    }
    calls
}

/// The case as a text test: run lines with the right answers, and the module.
pub(crate) fn as_test(case: &Case, answers: &[Answer], comment: &str) -> String {
    let mut text: String = comment.lines().map(|line| format!("; {line}\n")).collect();
    for (call, answer) in case.calls.iter().zip(answers) {
        match answer {
            Answer::Trap(kind) => text.push_str(&format!("; run: {call}\n; trap: {kind}\n")),
            Answer::Results(values) => {
                text.push_str(&format!("; run: {call} == {}\n", filetest::list(values)));
            }
        }
    }
    text.push_str(&case.module.to_string());
    text
}

/// One line for each configuration that fails.
pub(crate) fn describe(failing: &Failing) -> String {
    let line = |(configuration, kind): &(Configuration, Kind)| match kind {
        Kind::Differs => format!("{configuration}: another answer than the IR as it is written"),
        Kind::Defect(text) => format!("{configuration}: a defect: {text} …"),
        Kind::Panics => format!("{configuration}: Jitsu panics"),
    };
    failing.iter().map(line).collect::<Vec<String>>().join("\n")
}
