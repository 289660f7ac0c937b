//! The whole compiler, top to bottom: [`compile`] lists every stage.
//!
//! To follow one function on its way, read on from here into the crate of the stage; `jitsu stages FILE` shows what
//! each stage makes of a program.

use std::fmt::Display;

use cfg::Analyses;
use codegen::{Allocated, CompiledCode, Lowered};
use ir::{Function, Module, VerifyError};
use opt::Level;

use crate::error::Error;

/// How to compile.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How much to optimise.
    pub level: Level,
    /// Executions of passes that take place.
    pub limit: opt::Limit,
    /// Verify the IR after every stage, prove every register allocation, and lint the machine code.
    pub verify: bool,
    /// How to generate code.
    pub codegen: codegen::Options,
}

/// Is shown what each stage makes of each function.
pub trait Observer {
    /// The IR after a stage or pass, and whether it changed anything.
    fn ir(&mut self, stage: &str, func: &Function, changed: bool) {
        let _ = (stage, func, changed);
    }

    /// The machine IR of `func` after a stage.
    fn machine(&mut self, stage: &str, func: &Function, text: &dyn Display) {
        let _ = (stage, func, text);
    }
}

/// Looks at nothing.
impl Observer for () {}

/// Every rule of the IR, dominance included, for a module that nothing has looked at yet: the first error of each of its
/// parts. What follows relies on there being none.
#[must_use]
pub fn input_errors(module: &Module) -> Vec<VerifyError> {
    let errors: Vec<VerifyError> = ir::verify::module_errors(module).collect();
    if !errors.is_empty() {
        return errors;
    }
    module.functions.values().filter_map(|func| ssa::verify_dominance(func).err()).collect()
}

/// From verified IR, with variables or without, to machine code: the functions in the order of the module.
///
/// # Errors
/// The first function that cannot be compiled, or what a stage made of it that breaks a rule.
pub fn compile(
    module: Module,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Vec<CompiledCode>, Error> {
    let module = optimized(module, settings, observer)?;

    let mut compiler = codegen::Compiler::new(settings.codegen.clone())?;
    let functions = module.functions.values();
    functions.map(|func| generate(func, &mut compiler, settings, observer)).collect()
}

/// The second half of [`compile`], for one function.
///
/// # Errors
/// What keeps it from being compiled.
pub fn generate(
    func: &Function,
    compiler: &mut codegen::Compiler,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<CompiledCode, Error> {
    let machine = compiler.lower(func)?;
    observer.machine("lower", func, &Lowered { func, machine: &machine });

    let allocation = compiler.allocate(&machine)?;
    observer.machine("allocate", func, &Allocated { func, machine: &machine, allocation });

    let code = codegen::emit(func, &machine, allocation)?;
    if settings.verify {
        codegen::lint(&code)?;
    }
    Ok(code)
}

/// The first half of [`compile`], which is all that the interpreter needs.
///
/// # Errors
/// What a stage made that breaks a rule.
pub fn optimized(
    mut module: Module,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Module, Error> {
    let mut analyses = Analyses::new();
    for func in module.functions.values_mut() {
        observer.ir("ir", func, true);

        analyses.forget();
        ssa::construct_with(func, &mut analyses);
        verify(func, "ssa", settings)?;
        observer.ir("ssa", func, true);
    }

    let mut failed = None;
    opt::optimize_module_limited(&mut module, settings.level, settings.limit, |report, func| {
        observer.ir(report.pass, func, report.changes > 0);
        if failed.is_none() {
            failed = verify(func, report.pass, settings).err();
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(module),
    }
}

fn verify(func: &Function, stage: &'static str, settings: &Settings) -> Result<(), Error> {
    if !settings.verify {
        return Ok(());
    }
    ir::verify_function(func)
        .and_then(|()| ssa::verify(func))
        .map_err(|error| Error::Verify { stage, error })
}

/// Where this host's C functions look for stack arguments.
pub(crate) fn native_call_conv() -> codegen::CallConv {
    if cfg!(target_vendor = "apple") {
        codegen::CallConv::Apple
    } else {
        codegen::CallConv::Aapcs64
    }
}
