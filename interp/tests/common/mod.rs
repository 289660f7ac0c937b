//! What the tests share: programs from their text, run in every way that the interpreter has.

use interp::{Host, Interpreter, LoadOptions, LoadedModule, MemoryAccess, NoHost, Program, Trap};
use ir::{Module, TrapKind};

/// A module from its text, loaded in every way.
pub(crate) struct Loaded {
    /// The module.
    pub(crate) module: Module,
    programs: Vec<(LoadOptions, LoadedModule)>,
}

/// Loads a module from its text.
pub(crate) fn module(text: &str) -> Loaded {
    let module = ir::parse::module(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    ir::verify_module(&module).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let mut programs = Vec::new();
    for memory in [MemoryAccess::Restricted, MemoryAccess::Host] {
        for counted in [false, true] {
            let options = LoadOptions { memory, counted };
            programs.push((options, Program::load(&module, &options).unwrap()));
        }
    }
    Loaded { module, programs }
}

/// Calls a function in every way; all must agree.
pub(crate) fn call_with(
    loaded: &Loaded,
    name: &str,
    args: &[u64],
    host: &mut dyn Host,
) -> Result<Vec<u64>, Trap> {
    let mut first = None;
    let mut interpreter = Interpreter::default();
    for (options, program) in &loaded.programs {
        let function = program.function(name).unwrap();
        interpreter.reset_profile();
        let outcome = interpreter.call(program, function, args, host);
        assert_eq!(&outcome, first.get_or_insert_with(|| outcome.clone()), "{options:?}");
    }
    first.unwrap()
}

/// The same for a function that needs no host, with the kind of trap alone.
pub(crate) fn call(loaded: &Loaded, name: &str, args: &[u64]) -> Result<Vec<u64>, TrapKind> {
    call_with(loaded, name, args, &mut NoHost).map_err(|trap| trap.kind)
}
