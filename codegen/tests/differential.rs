//! The most important test: random programs give the same results and traps in the interpreter and as machine code in
//! the simulator, which also checks callee-saved registers, the stack, and reads of registers that nothing has written.

#[allow(dead_code)] // each test uses its part
mod common;

use arm64_sim::{CallArgs, Config, Fault, Simulator, Stop};
use codegen::{Compiler, Options};
use common::link;
use common::random_module;
use interp::{Interpreter, LoadOptions, LoadedModule, NoHost, Program};
use ir::{Module, Signature, TrapKind, Type};
use testkit::Random;

/// Instructions that one call may take: far more than any random program does.
const BUDGET: u64 = 10_000_000;

/// What a call comes to: the bits of its results, or why it trapped.
type Outcome = Result<Vec<u64>, TrapKind>;

/// Calls machine code.
fn simulate(
    sim: &mut Simulator,
    entry: u64,
    signature: &Signature,
    args: &[u64],
    noise: u64,
) -> Outcome {
    let (mut ints, mut floats, mut stack) = (Vec::new(), Vec::new(), Vec::new());
    for (ty, &arg) in signature.param_types().zip(args) {
        // Bits above the type are undefined: anything may be there.
        let word = arg | noise & !ty.mask();
        let regs = if ty.is_float() { &mut floats } else { &mut ints };
        if regs.len() < 8 { regs.push(word) } else { stack.push(word) }
    }
    let result_words = signature.results.len();
    match sim.call(entry, &CallArgs { ints: &ints, floats: &floats, stack: &stack, result_words }) {
        Ok(results) => {
            let (mut ints, mut floats) = (results.ints.iter(), results.floats.iter());
            let mut memory = results.memory.iter();
            let mut word = |ty: Type| {
                let next = if ty.is_float() { floats.next() } else { ints.next() };
                next.or_else(|| memory.next()).expect("there is room for all") & ty.mask()
            };
            Ok(signature.result_types().map(&mut word).collect())
        }
        Err(Fault { stop: Stop::Breakpoint { imm, .. }, .. }) => {
            Err(TrapKind::from_code(imm).expect("only traps are breakpoints"))
        }
        Err(fault) => panic!("{fault}"),
    }
}

/// Compiles and runs a module on both engines with some arguments: as it is, and optimised.
fn compare(seed: u64, module: &mut Module, compiler: &mut Compiler) {
    let program = Program::load(module, &LoadOptions::default()).expect("it loads");
    for func in module.functions.values_mut() {
        ssa::construct(func);
        opt::optimize(func, opt::Level::None);
    }
    expect_same(seed, module, &program, compiler);
    for func in module.functions.values_mut() {
        opt::optimize(func, opt::Level::Speed);
    }
    expect_same(seed, module, &program, compiler);
}

fn expect_same(seed: u64, module: &Module, program: &LoadedModule, compiler: &mut Compiler) {
    let linked = link::link(module.functions.values(), compiler)
        .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", keep(seed, module)));
    let mut config = Config::restricted();
    config.budget = Some(BUDGET);
    let mut sim = linked.simulator(config);
    let mut interpreter = Interpreter::default();
    let mut random = Random::new(seed);
    for (name, entry) in linked.places {
        let func = &module.functions[&name];
        for round in 0..3 {
            let args: Vec<u64> = func.signature.param_types().map(|ty| random.word(ty)).collect();
            let id = program.function(&name).expect("it is loaded");
            let expected =
                interpreter.call(program, id, &args, &mut NoHost).map_err(|trap| trap.kind);
            let noise = random.bits();
            let found = simulate(&mut sim, entry, &func.signature, &args, noise);
            if expected != found {
                let machine = codegen::lower(func, &Options::default()).expect("it lowers");
                let dump = codegen::Lowered { func, machine: &machine };
                panic!(
                    "seed {seed}, @{name}({args:x?}), round {round}: \
                     interpreter {expected:x?}, code {found:x?}\n{dump}\n{}",
                    keep(seed, module)
                );
            }
        }
    }
}

/// How to look into a failure.
fn keep(seed: u64, module: &Module) -> String {
    testkit::keep("codegen", seed, &module.to_string(), &[])
}

#[test]
fn random_programs_agree_with_the_interpreter() {
    let options = Options::default().checked();
    let mut compilers =
        [false, true].map(|lse| Compiler::new(options.clone().with_lse(lse)).expect("registers"));
    for seed in testkit::seeds(120) {
        compare(seed, &mut random_module(seed), &mut compilers[seed as usize / 2 % 2]);
    }
}

#[test]
fn expression_trees_agree_with_the_interpreter() {
    let mut compiler = Compiler::new(Options::default().checked()).expect("registers");
    for seed in testkit::seeds(600) {
        let mut module = Module::new();
        module.add_function(common::trees::function(seed)).expect("it is alone");
        compare(seed, &mut module, &mut compiler);
    }
}
