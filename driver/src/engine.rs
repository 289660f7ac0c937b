//! [`Engine`]: functions that run natively, in the simulator or in the interpreter, and come and go while they do.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use ir::{Module, Signature, TrapKind, Type};
use jitmem::{DataMemory, epoch};

use crate::abi;
use crate::closure::HostClosure;
use crate::error::{Error, READING, Trap};
use crate::host::{Bound, HostFunction, Hosts};
#[cfg(feature = "interpreter")]
use crate::interpreter::Interpreters;
use crate::link::{self, Destination};
use crate::machine::{Machine, Native};
use crate::native;
use crate::options::{EngineKind, Options};
use crate::pending::{self, Pending};
use crate::pipeline::{self, Settings};
#[cfg(feature = "simulator")]
use crate::simulator::{SimLimits, Simulators};
use crate::space::{Code, Space};
use crate::statistics::Statistics;
use crate::stub::{CompileCall, Stubs};
use crate::table::{Body, FuncId, Import, Slot, SlotNumber, Table, Target};
use crate::unit::Unit;
use crate::value::{Args, Results, Value};
use crate::veneer;

/// A set of functions that call each other, ready to run. Functions are added, replaced and removed while others run.
/// Clones share it; it may be used by several threads, and host functions may use it again while it calls them.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    settings: Settings,
    backend: Backend,
    /// Taken by what changes the functions, never by a call.
    state: Mutex<State>,
}

struct State {
    table: Table,
    compiler: codegen::Compiler,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.fmt(f)
    }
}

#[derive(Debug)]
enum Backend {
    #[cfg(feature = "interpreter")]
    Interpreter(OnceLock<Box<Interpreters>>),
    Machine {
        space: Arc<Space>,
        machine: Box<dyn Machine>,
        /// Code holds its address.
        _context: Arc<Context>,
    },
}

/// How machine code finds its engine, to have a function compiled.
#[derive(Debug, Default)]
pub(crate) struct Context {
    engine: OnceLock<WeakEngine>,
}

/// An engine that does not live because of this.
#[derive(Clone, Debug, Default)]
pub(crate) struct WeakEngine(Weak<Inner>);

impl WeakEngine {
    /// The engine, whose code runs.
    pub(crate) fn upgrade(&self) -> Engine {
        match self.0.upgrade() {
            Some(inner) => Engine { inner },
            None => unreachable!("an engine lives while its code runs"),
        }
    }
}

impl Context {
    /// Where the function of the stub at this address is to be entered. If it cannot be compiled, the address is one that
    /// traps, with the error.
    pub(crate) fn compile(&self, stub: u64) -> u64 {
        let Some(engine) = self.engine.get() else {
            unreachable!("an engine knows itself before it has code")
        };
        let inner = engine.upgrade().inner;
        let caught = catch_unwind(AssertUnwindSafe(|| inner.entry_of_stub(stub)));
        let entry = caught.unwrap_or_else(|panic| Err(Error::panicked(&*panic)));
        entry.unwrap_or_else(|error| {
            pending::set(Pending::Error(match error {
                // The caller is code, for which that is a trap.
                Error::NoBody { ref name } | Error::Removed { ref name } => {
                    let (function, detail) = (name.clone(), Some(error.to_string()));
                    let kind = TrapKind::BadCall;
                    Trap { kind, function, file: None, span: None, detail }.into()
                }
                error => error,
            }));
            inner.lock().table.removed_address()
        })
    }
}

/// How deeply host functions may call engines that call host functions, on one thread.
const MAX_NESTING: usize = 64;

thread_local! {
    static NESTING: Cell<usize> = const { Cell::new(0) };
}

struct Nested;

impl Nested {
    fn enter() -> Option<Self> {
        let depth = NESTING.get();
        (depth < MAX_NESTING).then(|| {
            NESTING.set(depth + 1);
            Nested
        })
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        NESTING.set(NESTING.get() - 1);
    }
}

impl Engine {
    /// An engine with the functions of a module, all of them compiled.
    ///
    /// # Errors
    /// The first thing that is wrong with the module, or missing.
    pub fn new(module: Module, hosts: &Hosts, options: &Options) -> Result<Self, Error> {
        let engine = Self::empty(hosts, options)?;
        for function in engine.add(module)? {
            engine.prepare(function)?;
        }
        Ok(engine)
    }

    /// An engine without functions.
    ///
    /// # Errors
    /// [`Error::NotKept`], [`Error::NoEngine`]; [`Error::Memory`] if there is no memory for code.
    pub fn empty(hosts: &Hosts, options: &Options) -> Result<Self, Error> {
        /// Engines are told apart by their numbers.
        static ENGINES: AtomicU32 = AtomicU32::new(0);
        let limits = [("fuel", options.fuel.is_some()), ("restricted", options.restricted)];
        if let Some((option, _)) = limits.into_iter().find(|&(_, is_set)| is_set)
            && !options.engine.keeps_limits()
        {
            return Err(Error::NotKept { kind: options.engine, option });
        }
        let context = Arc::new(Context::default());
        let (backend, stubs) = match options.engine {
            #[cfg(feature = "interpreter")]
            EngineKind::Interpreter => (Backend::Interpreter(OnceLock::new()), None),
            kind => {
                let space = Arc::new(Space::new()?);
                let (machine, stubs) = machine_of(kind, options, &space, &context)?;
                (Backend::Machine { space, machine, _context: Arc::clone(&context) }, Some(stubs))
            }
        };
        let number = ENGINES.fetch_add(1, Ordering::Relaxed);
        let table = Table::new(number, stubs);
        let settings = options.settings();
        let compiler = codegen::Compiler::new(settings.codegen.clone())?;
        let state = Mutex::new(State { table, compiler });
        let inner = Arc::new(Inner { options: options.clone(), settings, backend, state });
        context.engine.get_or_init(|| WeakEngine(Arc::downgrade(&inner)));
        let engine = Self { inner };
        for (name, function) in hosts.functions() {
            engine.import_function(name, function.clone());
        }
        Ok(engine)
    }

    /// Adds the functions of a module. They may call each other, functions that were added or declared before, and the
    /// host. Each is compiled when it is first called, or by [`prepare`](Engine::prepare). Data objects are the module's own.
    ///
    /// # Errors
    /// The first thing that is wrong with the module, missing, or there already; the engine is then as before.
    pub fn add(&self, module: Module) -> Result<Vec<FuncId>, Error> {
        self.guarded(|inner| inner.add(module))
    }

    /// Makes a name known, so that functions which are added now may call one that is added later. A call before that is a
    /// `bad_call` trap.
    ///
    /// # Errors
    /// [`Error::NameTaken`].
    pub fn declare(&self, name: &str, signature: &Signature) -> Result<FuncId, Error> {
        self.guarded(|inner| {
            let mut state = inner.lock();
            if state.table.function(name).is_some() {
                return Err(Error::NameTaken { name: name.to_owned() });
            }
            let slot = inner.declare(&mut state.table, name, signature)?;
            Ok(state.table.slot(slot).id)
        })
    }

    /// Puts the one function of `module` in the place of `function`, while threads run and call it: activations that have
    /// begun end as they began, every call after this one runs the new function. Its name does not matter; by that name it
    /// calls itself.
    ///
    /// # Errors
    /// As [`add`](Engine::add), and [`Error::NotOneFunction`], [`Error::WrongSignature`], [`Error::UnknownId`], and what keeps the new function
    /// from being compiled; the old one then stays.
    pub fn replace(&self, function: FuncId, module: Module) -> Result<(), Error> {
        self.guarded(|inner| inner.replace(function, module))
    }

    /// Takes a function away; its name is free. What still calls it traps with `bad_call`. Its code is freed when no thread
    /// is in it.
    ///
    /// # Errors
    /// [`Error::UnknownId`].
    pub fn remove(&self, function: FuncId) -> Result<(), Error> {
        self.guarded(|inner| inner.remove(function))
    }

    /// Compiles a function now rather than when it is first called.
    ///
    /// # Errors
    /// [`Error::UnknownId`], [`Error::NoBody`], what keeps it from being compiled.
    pub fn prepare(&self, function: FuncId) -> Result<(), Error> {
        self.guarded(|inner| {
            let mut state = inner.lock();
            let slot = state.table.find(function).ok_or(Error::UnknownId { id: function })?;
            inner.compile(&mut state, slot).map(|_| ())
        })
    }

    /// Gives modules that are added after this one more function of the host, or another one of that name: see
    /// [`Hosts::add_closure`].
    ///
    /// ```
    /// # use driver::{Caller, Engine, Error, Func, Hosts, Options, ir};
    /// use std::sync::atomic::{AtomicI64, Ordering};
    ///
    /// let engine = Engine::empty(&Hosts::new(), &Options::default())?;
    /// let total = AtomicI64::new(40);
    /// engine.import("add", move |_: &mut Caller<'_>, x: i64| -> Result<i64, String> {
    ///     if x < 0 { Err(format!("{x} is negative")) } else { Ok(total.fetch_add(x, Ordering::Relaxed) + x) }
    /// });
    /// let module = "extern @add(i64) -> i64\nfn @f(i64) -> i64 {\nblock0(v0: i64):\n  v1: i64 = call @add(v0)\n  ret v1\n}";
    /// engine.add(ir::parse::module(module).map_err(|errors| errors[0].clone())?)?;
    /// let f: Func<i64, i64> = engine.func("f")?;
    /// assert_eq!(f.call(2)?, 42);
    /// assert_eq!(f.call(-1).unwrap_err().to_string(), "`add`, called in `f`: -1 is negative");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn import<M, F: HostClosure<M>>(&self, name: &str, closure: F) {
        self.import_function(name, HostFunction::of_closure(closure));
    }

    fn import_function(&self, name: &str, function: HostFunction) {
        let inner = &*self.inner;
        let host = Arc::new(Bound {
            name: name.to_owned(),
            function,
            engine: WeakEngine(Arc::downgrade(&self.inner)),
            on_panic: inner.options.host_panic,
        });
        let mut state = inner.lock();
        if let Backend::Machine { machine, .. } = &inner.backend {
            machine.add_host(&host);
        }
        state.table.import(name, Import { host, veneer: None });
    }

    /// The function of a name.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<FuncId> {
        let state = self.inner.lock();
        let slot = state.table.function(name)?;
        Some(state.table.slot(slot).id)
    }

    /// What a function takes and returns.
    #[must_use]
    pub fn signature(&self, name: &str) -> Option<Signature> {
        self.slot(name).ok().map(|slot| slot.signature.clone())
    }

    /// What runs the program.
    #[must_use]
    pub fn kind(&self) -> EngineKind {
        self.inner.options.engine
    }

    /// A handle to a function, to be called with Rust values.
    ///
    /// # Errors
    /// [`Error::NoFunction`], [`Error::WrongSignature`].
    pub fn func<A: Args, R: Results>(&self, name: &str) -> Result<Func<A, R>, Error> {
        let slot = self.slot(name)?;
        let actual = &slot.signature;
        let (params, results) = (A::types(), R::types());
        if !actual.param_types().eq(params.iter().copied())
            || !actual.result_types().eq(results.iter().copied())
        {
            return Err(Error::WrongSignature {
                name: name.to_owned(),
                actual: Box::new(actual.clone()),
                used_as: Box::new(Signature::new(&params, &results)),
            });
        }
        Ok(Func { engine: self.clone(), slot, types: PhantomData })
    }

    /// Calls a function with values whose types are only known now.
    ///
    /// # Errors
    /// [`Error::NoFunction`], [`Error::ArgumentCount`], [`Error::WrongSignature`], or the trap that ended the call.
    pub fn call_values(&self, name: &str, args: &[Value]) -> Result<Vec<Value>, Error> {
        let slot = self.slot(name)?;
        let signature = &slot.signature;
        if signature.params.len() != args.len() {
            return Err(Error::ArgumentCount {
                name: name.to_owned(),
                expected: signature.params.len(),
                given: args.len(),
            });
        }
        if !signature.param_types().eq(args.iter().map(|value| value.ty())) {
            let types: Vec<Type> = args.iter().map(|value| value.ty()).collect();
            let results: Vec<Type> = signature.result_types().collect();
            return Err(Error::WrongSignature {
                name: name.to_owned(),
                actual: Box::new(signature.clone()),
                used_as: Box::new(Signature::new(&types, &results)),
            });
        }
        let mut bits = Vec::with_capacity(args.len());
        args.iter().for_each(|value| value.push_bits(&mut bits));
        self.call_bits(&slot, &mut bits)?;
        let mut bits = bits.into_iter();
        let results = signature.result_types().map(|ty| Value::from_bits(ty, &mut bits));
        results.collect::<Option<_>>().ok_or(Error::Internal("a call gave too few results"))
    }

    /// How many instructions the simulator has run for this engine: exact.
    #[must_use]
    pub fn instructions(&self) -> Option<u64> {
        self.machine()?.1.instructions()
    }

    /// What the simulator counted for this engine, by class, function and place in the source: exact. Functions that were
    /// replaced or removed are in the totals only.
    #[must_use]
    pub fn statistics(&self) -> Option<Statistics> {
        let (space, machine) = self.machine()?;
        machine.statistics(space)
    }

    /// The bytes of machine code, without constants, of all functions that have some.
    #[must_use]
    pub fn code_bytes(&self) -> Option<usize> {
        let (space, _) = self.machine()?;
        Some(space.functions().iter().map(|code| code.code_bytes as usize).sum())
    }

    fn machine(&self) -> Option<(&Arc<Space>, &dyn Machine)> {
        match &self.inner.backend {
            Backend::Machine { space, machine, .. } => Some((space, &**machine)),
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(_) => None,
        }
    }

    fn slot(&self, name: &str) -> Result<Arc<Slot>, Error> {
        let state = self.inner.lock();
        match state.table.function(name) {
            Some(slot) => Ok(Arc::clone(state.table.slot(slot))),
            None => Err(Error::NoFunction {
                name: name.to_owned(),
                similar: ir::nearest(name, state.table.names()).map(str::to_owned),
            }),
        }
    }

    /// Calls the function with the bits of the arguments, which become those of the results. An `i128` has two words.
    fn call_bits(&self, slot: &Slot, bits: &mut Vec<u64>) -> Result<(), Error> {
        let trap = |kind, function: &str, span, file| Trap {
            kind,
            function: function.to_owned(),
            file,
            span,
            detail: None,
        };
        let Some(_nested) = Nested::enter() else {
            return Err(trap(TrapKind::StackOverflow, &slot.name, None, None).into());
        };
        match &self.inner.backend {
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(interpreters) => {
                let interpreters =
                    interpreters.get().ok_or(Error::NoBody { name: slot.name.clone() })?;
                interpreters.call(&slot.name, bits)?.map_err(|stop| {
                    let file = interpreters.source();
                    let function = stop.place.name.unwrap_or_else(|| slot.name.clone());
                    let place = (function.clone(), file.clone(), stop.place.span);
                    pending::take(|_| place)
                        .unwrap_or_else(|| trap(stop.kind, &function, stop.place.span, file).into())
                })?;
            }
            Backend::Machine { space, machine, .. } => {
                let signature = slot.signature.halved();
                let conv = self.inner.settings.codegen.call_conv;
                let mut places = abi::place(&signature, bits, conv);
                // From here on what the entry leads to stays.
                let _inside = epoch::enter();
                machine.call(slot.entry.load(Ordering::Acquire), &mut places, space).map_err(
                    |error| match error {
                        Error::Removed { .. } => Error::Removed { name: slot.name.clone() },
                        error => error,
                    },
                )?;
                bits.clear();
                abi::results(signature.result_types(), &mut places, bits)?;
            }
        }
        Ok(())
    }

    /// What a stage takes for impossible ends it at once, and is told here as the defect that it is.
    fn guarded<T>(&self, work: impl FnOnce(&Inner) -> Result<T, Error>) -> Result<T, Error> {
        let done = catch_unwind(AssertUnwindSafe(|| work(&self.inner)));
        done.unwrap_or_else(|panic| Err(Error::panicked(&*panic)))
    }
}

/// The machine of this kind, and the stubs that call back to it.
fn machine_of(
    kind: EngineKind,
    options: &Options,
    space: &Arc<Space>,
    context: &Arc<Context>,
) -> Result<(Box<dyn Machine>, Stubs), Error> {
    /// Stack that the compiler finds when code calls it.
    const COMPILER_STACK_PAGES: u16 = 128;
    let function = native::compile_entry();
    match kind {
        #[cfg(feature = "simulator")]
        EngineKind::Simulator => {
            let limits = SimLimits { fuel: options.fuel, restricted: options.restricted };
            let stubs = Stubs::new(CompileCall::Simulated { function }, space)?;
            Ok((Box::new(Simulators::new(limits, space, context)), stubs))
        }
        EngineKind::Native if native::AVAILABLE => {
            let (context, stack_pages) = (native::address_of(context), COMPILER_STACK_PAGES);
            let call = CompileCall::Native { function, context, stack_pages };
            Ok((Box::new(Native), Stubs::new(call, space)?))
        }
        _ => Err(Error::NoEngine { kind }),
    }
}

/// A module whose names have been looked up, and the slots of its functions that exist.
struct Resolved {
    functions: Vec<Option<SlotNumber>>,
    externs: Vec<Target>,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Backend::Machine { space, .. } = &self.backend {
            state.table.settle(space);
        }
        state
    }

    fn declare(
        &self,
        table: &mut Table,
        name: &str,
        signature: &Signature,
    ) -> Result<SlotNumber, Error> {
        let space = match &self.backend {
            Backend::Machine { space, .. } => Some(&**space),
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(_) => None,
        };
        table.declare(name, signature, space)
    }

    fn add(&self, module: Module) -> Result<Vec<FuncId>, Error> {
        verify(&module)?;
        let data = data_of(&module)?;
        let mut state = self.lock();
        let State { table, .. } = &mut *state;
        let mut resolved = self.resolve_externs(table, &module)?;
        for (name, func) in &module.functions {
            resolved.functions.push(match table.function(name) {
                None => None,
                Some(slot) if matches!(table.body(slot), Body::Declared) => {
                    same_signature(name, &table.slot(slot).signature, &func.signature)?;
                    Some(slot)
                }
                Some(_) => return Err(Error::NameTaken { name: name.clone() }),
            });
        }
        self.load(table, &module, &data)?;
        let mut functions = Vec::with_capacity(module.functions.len());
        for ((name, func), slot) in module.functions.iter().zip(resolved.functions) {
            functions.push(match slot {
                Some(slot) => slot,
                None => self.declare(table, name, &func.signature)?,
            });
        }
        let ids = functions.iter().map(|&slot| table.slot(slot).id).collect();
        let unit = Unit::new(module, functions.clone(), resolved.externs, data);
        let unit = Arc::new(Mutex::new(unit));
        for (index, slot) in functions.into_iter().enumerate() {
            self.fill(table, slot, Body::Waiting(Arc::clone(&unit), index))?;
        }
        Ok(ids)
    }

    /// Gives a module to the interpreter.
    fn load(&self, table: &Table, module: &Module, data: &Arc<DataMemory>) -> Result<(), Error> {
        match &self.backend {
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(interpreters) => {
                let externs = module.externs.keys();
                let hosts: Vec<Arc<Bound>> = externs
                    .filter_map(|name| match table.named(name)? {
                        Target::Host(index) => Some(Arc::clone(&table.imports[index].host)),
                        Target::Function(_) => None,
                    })
                    .collect();
                let made = Interpreters::of(module, &hosts, data, &self.options, &self.settings)?;
                interpreters.set(Box::new(made)).map_err(|_| Error::NotKept {
                    kind: EngineKind::Interpreter,
                    option: "more than one module",
                })
            }
            Backend::Machine { machine, .. } => {
                let _ = (table, module);
                machine.add_data(data);
                Ok(())
            }
        }
    }

    fn resolve_externs(&self, table: &Table, module: &Module) -> Result<Resolved, Error> {
        let mut externs = Vec::with_capacity(module.externs.len());
        for (name, declared) in &module.externs {
            let target = table.named(name).ok_or_else(|| Error::MissingHost {
                name: name.clone(),
                signature: declared.clone(),
            })?;
            let actual = table.signature(target);
            match target {
                Target::Function(_) => same_signature(name, actual, declared)?,
                Target::Host(_) => {
                    if !same_types(actual, declared) {
                        return Err(Error::HostSignature {
                            name: name.clone(),
                            declared: Box::new(declared.clone()),
                            actual: Box::new(actual.clone()),
                        });
                    }
                }
            }
            externs.push(target);
        }
        Ok(Resolved { functions: Vec::with_capacity(module.functions.len()), externs })
    }

    fn replace(&self, function: FuncId, module: Module) -> Result<(), Error> {
        if module.functions.len() != 1 {
            return Err(Error::NotOneFunction { count: module.functions.len() });
        }
        verify(&module)?;
        let data = data_of(&module)?;
        let mut state = self.lock();
        let slot = state.table.find(function).ok_or(Error::UnknownId { id: function })?;
        let resolved = self.resolve_externs(&state.table, &module)?;
        let name = &state.table.slot(slot).name;
        for func in module.functions.values() {
            same_signature(name, &state.table.slot(slot).signature, &func.signature)?;
        }
        self.load(&state.table, &module, &data)?;
        let unit = Unit::new(module, vec![slot], resolved.externs, data);
        let unit = Arc::new(Mutex::new(unit));
        // Who calls it all the time is not to wait for the compiler, nor to meet its errors.
        if matches!(state.table.body(slot), Body::Compiled(_)) {
            self.compile_unit(&mut state, slot, &unit, 0)?;
            return Ok(());
        }
        let waiting = Body::Waiting(unit, 0);
        let old = self.fill(&mut state.table, slot, waiting)?;
        drop(state);
        drop(old);
        Ok(())
    }

    fn remove(&self, function: FuncId) -> Result<(), Error> {
        let mut state = self.lock();
        let slot = state.table.find(function).ok_or(Error::UnknownId { id: function })?;
        match &self.backend {
            Backend::Machine { space, .. } => {
                let old = state.table.remove(slot, space)?;
                drop(state);
                if let Body::Compiled(code) = old {
                    space.retire(&code);
                }
                Ok(())
            }
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(_) => {
                Err(Error::NotKept { kind: EngineKind::Interpreter, option: "removing functions" })
            }
        }
    }

    fn fill(&self, table: &mut Table, slot: SlotNumber, body: Body) -> Result<Body, Error> {
        match &self.backend {
            Backend::Machine { space, .. } => table.fill(slot, body, space),
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(_) => Ok(table.set_body(slot, body)),
        }
    }

    fn entry_of_stub(&self, stub: u64) -> Result<u64, Error> {
        let mut state = self.lock();
        let slot = state.table.at_stub(stub);
        let slot = slot.ok_or(Error::Internal("a stub has no slot"))?;
        self.compile(&mut state, slot)?
            .map(|code| code.code.address())
            .ok_or(Error::Internal("the interpreter has no stubs"))
    }

    /// The code of a function, which is compiled if that has not been done; the interpreter has none.
    fn compile(&self, state: &mut State, slot: SlotNumber) -> Result<Option<Arc<Code>>, Error> {
        let callee = state.table.slot(slot);
        match state.table.body(slot) {
            Body::Compiled(code) => Ok(Some(Arc::clone(code))),
            Body::Declared => Err(Error::NoBody { name: callee.name.clone() }),
            Body::Removed => Err(Error::Removed { name: callee.name.clone() }),
            Body::Waiting(unit, index) => {
                let (unit, index) = (Arc::clone(unit), *index);
                self.compile_unit(state, slot, &unit, index)
            }
        }
    }

    /// The address that machine code calls for a function of the host.
    fn veneer_of(&self, import: &mut Import, space: &Space) -> Result<u64, Error> {
        if let Some(address) = import.veneer {
            return Ok(address);
        }
        let (kind, conv) = (self.options.engine, self.settings.codegen.call_conv);
        let words = veneer::assemble(&import.host, kind, conv)
            .ok_or(Error::Internal("a veneer does not assemble"))?;
        let address = space.add_helper(&words)?.address();
        import.veneer = Some(address);
        Ok(address)
    }

    /// Compiles a function of a unit and puts it into its slot.
    fn compile_unit(
        &self,
        state: &mut State,
        slot: SlotNumber,
        unit: &Mutex<Unit>,
        index: usize,
    ) -> Result<Option<Arc<Code>>, Error> {
        let space = match &self.backend {
            Backend::Machine { space, .. } => space,
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(_) => return Ok(None),
        };
        let settings = &self.settings;
        let mut unit = unit.lock().unwrap_or_else(PoisonError::into_inner);
        unit.optimize(settings)?;
        let State { table, compiler } = state;
        let func = unit.module.functions.get_index(index);
        let (_, func) = func.ok_or(Error::Internal("a unit has lost a function"))?;
        let compiled = pipeline::generate(func, compiler, settings, &mut ())?;
        let mut destination = |reloc: &codegen::Reloc| {
            if let Some(address) = unit.object(&reloc.symbol) {
                return Ok(Destination::Address(address));
            }
            match unit.target(&reloc.symbol) {
                Some(Target::Function(slot)) => Ok(Destination::Function {
                    slot,
                    call: table.call_address(slot),
                    address: table.stub_address(slot),
                }),
                Some(Target::Host(index)) => {
                    let import = &mut table.imports[index];
                    Ok(Destination::Address(self.veneer_of(import, space)?))
                }
                None => Err(Error::Internal("a relocation refers to nothing")),
            }
        };
        let (source, data) = (unit.source.clone(), Arc::clone(&unit.data));
        let placed = link::place(compiled, slot, source, data, &mut destination, space)?;
        table.note(&placed.code, &placed.calls);
        let old = table.fill(slot, Body::Compiled(Arc::clone(&placed.code)), space)?;
        if let Body::Compiled(old) = old {
            space.retire(&old);
        }
        Ok(Some(placed.code))
    }
}

fn verify(module: &Module) -> Result<(), Error> {
    match pipeline::input_errors(module).into_iter().next() {
        Some(error) => Err(Error::Verify { stage: READING, error }),
        None => Ok(()),
    }
}

fn data_of(module: &Module) -> Result<Arc<DataMemory>, Error> {
    let objects = module.data.values().map(|object| (&*object.bytes, object.align.into()));
    Ok(Arc::new(DataMemory::new(objects)?))
}

fn same_types(a: &Signature, b: &Signature) -> bool {
    a.param_types().eq(b.param_types()) && a.result_types().eq(b.result_types())
}

fn same_signature(name: &str, actual: &Signature, used_as: &Signature) -> Result<(), Error> {
    if actual == used_as {
        return Ok(());
    }
    Err(Error::WrongSignature {
        name: name.to_owned(),
        actual: Box::new(actual.clone()),
        used_as: Box::new(used_as.clone()),
    })
}

/// A function of an engine with its Rust types. Keeps the engine alive; may be called by several threads.
pub struct Func<A, R> {
    engine: Engine,
    slot: Arc<Slot>,
    types: PhantomData<fn(A) -> R>,
}

impl<A: Args, R: Results> Func<A, R> {
    /// Calls it, as it is now: a function that was replaced is the new one.
    ///
    /// # Errors
    /// The trap that ended the call; [`Error::Removed`]; what keeps it from being compiled.
    pub fn call(&self, args: A) -> Result<R, Error> {
        let mut bits = Vec::new();
        args.push_bits(&mut bits);
        self.engine.call_bits(&self.slot, &mut bits)?;
        R::next_from(&mut bits.into_iter()).ok_or(Error::Internal("a call gave too few results"))
    }

    /// The function.
    #[must_use]
    pub fn id(&self) -> FuncId {
        self.slot.id
    }
}

impl<A, R> Clone for Func<A, R> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone(), slot: Arc::clone(&self.slot), types: PhantomData }
    }
}

impl<A, R> fmt::Debug for Func<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Func `{}` {}", self.slot.name, self.slot.signature)
    }
}
