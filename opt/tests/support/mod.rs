//! What the tests share: random functions, and running them.
#![allow(dead_code)] // each test file uses a part

pub(crate) mod generate;

use interp::{Interpreter, Limits, LoadOptions, NoHost, Program};
use ir::{Function, Module, TrapKind, Type};

/// Results as raw bits, or the kind of trap.
pub(crate) type Outcome = Result<Vec<u64>, TrapKind>;

/// Runs a function with each list of arguments.
pub(crate) fn outcomes(func: &Function, inputs: &[Vec<u64>]) -> Vec<Outcome> {
    let mut module = Module::new();
    module.add_function(func.clone()).expect("one function");
    module_outcomes(&module, &func.name, inputs)
}

/// Runs a function of a module with each list of arguments.
pub(crate) fn module_outcomes(module: &Module, name: &str, inputs: &[Vec<u64>]) -> Vec<Outcome> {
    let options = LoadOptions { counted: true, ..LoadOptions::default() };
    let program = Program::load(module, &options).unwrap_or_else(|e| panic!("{e}\n{module}"));
    let id = program.function(name).expect("it was added");
    let mut interpreter = Interpreter::new(Limits { fuel: Some(1_000_000), ..Limits::default() });
    let mut run = |args: &Vec<u64>| {
        let outcome = interpreter.call(&program, id, args, &mut NoHost);
        outcome.map_err(|trap| trap.kind)
    };
    inputs.iter().map(&mut run).collect()
}

/// Arguments for [`generate::PARAMS`] that reach corners.
pub(crate) fn inputs() -> Vec<Vec<u64>> {
    let ints = [0, 1, -1, 5, 7, 1 << 40, i64::MIN, i64::MAX];
    let floats = [0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, -3.0e9, 1e-310, 255.0];
    (0..8)
        .map(|n| {
            let arg = |(index, &ty): (usize, &Type)| match ty {
                Type::F32 => (floats[(n + index) % 8] as f32).to_bits().into(),
                Type::F64 => floats[(n * 3 + index) % 8].to_bits(),
                int => ints[(n + index * 5) % 8] as u64 & int.mask(),
            };
            generate::PARAMS.iter().enumerate().map(arg).collect()
        })
        .collect()
}
