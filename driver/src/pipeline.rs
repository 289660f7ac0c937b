//! The whole compiler, top to bottom: [`compile_function`] lists every stage.
//!
//! To follow one function on its way, read on from here into the crate of the stage; `jitsu stages FILE` shows what
//! each stage makes of a program.

use std::fmt::Display;

use codegen::{Allocated, CompiledCode, Lowered};
use ir::{Function, Module};
use opt::Level;

use crate::error::Error;

/// How to compile.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) level: Level,
    /// Verify the IR after every stage, and prove every register allocation.
    pub(crate) verify: bool,
    pub(crate) codegen: codegen::Options,
}

/// Is shown what each stage makes of a function.
pub(crate) trait Observer {
    /// The IR after a stage or pass, and whether it changed anything.
    fn ir(&mut self, stage: &str, func: &Function, changed: bool) {
        let _ = (stage, func, changed);
    }

    /// Machine IR after a stage.
    fn machine(&mut self, stage: &str, text: &dyn Display) {
        let _ = (stage, text);
    }
}

/// Looks at nothing.
pub(crate) struct Unobserved;

impl Observer for Unobserved {}

/// Checks a module before anything else looks at it.
pub(crate) fn verify_module(module: &Module) -> Result<(), Error> {
    ir::verify_module(module).map_err(|error| Error::Verify { stage: "reading", error })
}

/// From IR, with variables or without, to machine code.
pub(crate) fn compile_function(
    func: &Function,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<CompiledCode, Error> {
    let ssa = optimized(func, settings, observer)?;

    let machine = codegen::lower(&ssa, &settings.codegen)?;
    observer.machine("lower", &Lowered { func: &ssa, machine: &machine });

    let allocation = codegen::allocate(&machine, &settings.codegen)?;
    observer
        .machine("allocate", &Allocated { func: &ssa, machine: &machine, allocation: &allocation });

    Ok(codegen::emit(&ssa, &machine, &allocation)?)
}

/// The first half of [`compile_function`], for the interpreter and for tests of passes.
pub(crate) fn optimized(
    func: &Function,
    settings: &Settings,
    observer: &mut dyn Observer,
) -> Result<Function, Error> {
    let mut func = func.clone();
    observer.ir("ir", &func, true);

    ssa::construct(&mut func);
    verify(&func, "ssa", settings)?;
    observer.ir("ssa", &func, true);

    let mut failed = None;
    opt::optimize_with(&mut func, settings.level, |report, func| {
        observer.ir(report.pass, func, report.changes > 0);
        if failed.is_none() {
            failed = verify(func, report.pass, settings).err();
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }

    let edges = cfg::split_critical_edges(&mut func);
    verify(&func, "split", settings)?;
    observer.ir("split", &func, edges > 0);
    Ok(func)
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
