//! The whole compiler, top to bottom: [`compile`] lists every stage.
//!
//! To follow one function on its way, read on from here into the crate of the stage; `jitsu stages FILE` shows what
//! each stage makes of a program.

use cfg::Analyses;
use codegen::{Allocated, CompiledCode, Lowered};
use ir::{Function, Module, VerifyError};
use opt::Level;

use crate::error::Error;

/// The settings of a compilation.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How much to optimise.
    pub level: Level,
    /// Executions of passes that take place.
    pub limit: opt::Limit,
    /// Verify the IR after every stage, prove every register allocation, and lint the machine code.
    pub verify: bool,
    /// The options of code generation.
    pub codegen: codegen::Options,
}

/// The outcome of a stage for a function. Its [`name`](Self::name) is what `jitsu stages --pass` takes.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// The IR as it came in.
    Input,
    /// SSA.
    Ssa,
    /// SSA after a pass.
    Pass(opt::PassReport),
    /// Machine IR over virtual registers.
    Lower(Lowered<'a>),
    /// Machine IR with registers.
    Allocate(Allocated<'a>),
    /// Machine code.
    Emit(&'a CompiledCode),
}

impl Stage<'_> {
    /// The name of the stage or pass.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Stage::Input => "ir",
            Stage::Ssa => "ssa",
            Stage::Pass(report) => report.pass,
            Stage::Lower(_) => "lower",
            Stage::Allocate(_) => "allocate",
            Stage::Emit(_) => "asm",
        }
    }
}

/// Is shown what each stage makes of each function.
pub trait Observer {
    /// What a stage made of `func`, which is the IR as it is then.
    fn stage(&mut self, stage: Stage<'_>, func: &Function);
}

/// Looks at nothing.
impl Observer for () {
    fn stage(&mut self, _: Stage<'_>, _: &Function) {}
}

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

/// From verified IR, with variables or without, to machine code: the optimised module, whose tables the code refers to, and
/// the functions in its order.
///
/// # Errors
/// The first function that cannot be compiled, or what a stage made of it that breaks a rule.
pub fn compile(
    module: Module,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<(Module, Vec<CompiledCode>), Error> {
    let module = optimized(module, settings, observer)?;

    let mut compiler = codegen::Compiler::new(settings.codegen.clone())?;
    let functions = module.functions.values();
    let code = functions.map(|func| generate(func, &mut compiler, settings, observer));
    let code = code.collect::<Result<_, _>>()?;
    Ok((module, code))
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
    observer.stage(Stage::Lower(Lowered { func, machine: &machine }), func);

    let allocation = compiler.allocate(&machine)?;
    observer.stage(Stage::Allocate(Allocated { func, machine: &machine, allocation }), func);

    let code = codegen::emit(func, &machine, allocation)?;
    if settings.verify {
        codegen::lint(&code)?;
    }
    observer.stage(Stage::Emit(&code), func);
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
        observer.stage(Stage::Input, func);

        analyses.forget();
        ssa::construct_with(func, &mut analyses);
        verify(func, "ssa", settings)?;
        observer.stage(Stage::Ssa, func);
    }

    let mut failed = None;
    opt::optimize_module_limited(&mut module, settings.level, settings.limit, |report, func| {
        observer.stage(Stage::Pass(report), func);
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
