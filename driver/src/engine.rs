//! [`Engine`]: a module made ready to run, natively, in the simulator or in the interpreter.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use interp::{Interpreter, Limits, LoadOptions, MemoryAccess, Program};
use ir::{Module, Signature, TrapKind, Type};
use jitmem::DataMemory;
use opt::Level;

use crate::abi;
use crate::error::{Error, READING, Trap};
use crate::host::{HostFunction, Hosts};
use crate::link::{self, Linked};
use crate::native;
use crate::pipeline::{self, Settings};
use crate::simulator::{SimLimits, Simulators};
use crate::statistics::Statistics;
use crate::value::{Args, Results, Value};

/// What runs the program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum EngineKind {
    /// Machine code on this machine's CPU, which must be ARM64.
    Native,
    /// Machine code in the simulator: on any host, every instruction counted.
    Simulator,
    /// The IR itself.
    Interpreter,
}

impl EngineKind {
    /// Native on an ARM64 host, else the simulator.
    #[must_use]
    pub fn machine_code() -> Self {
        if native::AVAILABLE { EngineKind::Native } else { EngineKind::Simulator }
    }

    /// Those that run here: the interpreter, the simulator, and on an ARM64 host native code.
    pub fn available() -> impl Iterator<Item = Self> {
        let native = native::AVAILABLE.then_some(EngineKind::Native);
        [EngineKind::Interpreter, EngineKind::Simulator].into_iter().chain(native)
    }

    /// As the command line writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Native => "native",
            EngineKind::Simulator => "sim",
            EngineKind::Interpreter => "interp",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How to make an [`Engine`]. `Options::default()` is what most programs want.
#[derive(Clone, Debug)]
pub struct Options {
    level: Level,
    engine: EngineKind,
    verify: bool,
    fuel: Option<u64>,
    restricted: bool,
    lse: Option<bool>,
    optimize_for_interpreter: bool,
    limit: opt::Limit,
}

impl Default for Options {
    /// Optimised machine code: native on an ARM64 host, else simulated.
    fn default() -> Self {
        Self {
            level: Level::Speed,
            engine: EngineKind::machine_code(),
            verify: cfg!(debug_assertions),
            fuel: None,
            restricted: false,
            lse: None,
            optimize_for_interpreter: true,
            limit: opt::Limit::NONE,
        }
    }
}

impl Options {
    /// How much to optimise.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// What runs the program.
    #[must_use]
    pub fn engine(mut self, engine: EngineKind) -> Self {
        self.engine = engine;
        self
    }

    /// Whether every stage's result is verified and every register allocation proven. On in builds with debug
    /// assertions.
    #[must_use]
    pub fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// A budget of instructions for each call, after which it traps with `out_of_fuel`: of the IR in the interpreter, of
    /// the machine in the simulator. Native code has no such budget.
    #[must_use]
    pub fn fuel(mut self, fuel: Option<u64>) -> Self {
        self.fuel = fuel;
        self
    }

    /// Whether the interpreter and the simulator trap when the program touches memory that is not its own. Native code
    /// cannot be held so.
    #[must_use]
    pub fn restricted(mut self, restricted: bool) -> Self {
        self.restricted = restricted;
        self
    }

    /// Whether machine code has the atomic instructions of Armv8.1 (LSE), or loops in their place. By default native code
    /// has them if the CPU does, simulated code does not.
    #[must_use]
    pub fn lse(mut self, lse: bool) -> Self {
        self.lse = Some(lse);
        self
    }

    /// Whether the interpreter runs optimised IR (the default) or the IR as it was given.
    #[must_use]
    pub fn optimize_for_interpreter(mut self, optimize: bool) -> Self {
        self.optimize_for_interpreter = optimize;
        self
    }

    /// How many of the executions of passes take place: to find the one that makes a program wrong.
    #[must_use]
    pub fn limit(mut self, limit: opt::Limit) -> Self {
        self.limit = limit;
        self
    }
}

/// A module made ready to run. Clones share it; it may be used by several threads, and host functions may use it again
/// while it calls them.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    module: Module,
    options: Options,
    /// The host functions, in the order of the module's `externs`.
    hosts: Vec<HostFunction>,
    /// Machine code holds the addresses of the data objects.
    _data: Arc<DataMemory>,
    backend: Backend,
}

#[derive(Debug)]
enum Backend {
    Interpreter { program: Program, idle: Mutex<Vec<Interpreter>> },
    Simulator { code: Linked, simulators: Simulators },
    Native { code: Linked },
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
    /// Compiles a module.
    ///
    /// # Errors
    /// The first thing that is wrong with the module, or missing.
    pub fn new(module: Module, hosts: &Hosts, options: &Options) -> Result<Self, Error> {
        // What a stage takes for impossible ends it at once, and is told here as the defect that it is.
        let made = catch_unwind(AssertUnwindSafe(|| Self::make(module, hosts, options)));
        made.unwrap_or_else(|panic| Err(Error::panicked(&*panic)))
    }

    fn make(module: Module, hosts: &Hosts, options: &Options) -> Result<Self, Error> {
        if let Some(error) = pipeline::input_errors(&module).into_iter().next() {
            return Err(Error::Verify { stage: READING, error });
        }
        let hosts = bind_hosts(&module, hosts, options.engine)?;
        let objects = module.data.values().map(|object| (&*object.bytes, object.align.into()));
        let data = Arc::new(DataMemory::new(objects)?);
        let backend = match options.engine {
            EngineKind::Interpreter => interpreter(&module, options, &data)?,
            EngineKind::Simulator => {
                let code = compile(&module, &hosts, &data, options)?;
                let limits = SimLimits { fuel: options.fuel, restricted: options.restricted };
                let simulators = Simulators::new(&hosts, limits, &data);
                Backend::Simulator { code, simulators }
            }
            EngineKind::Native if native::AVAILABLE => {
                Backend::Native { code: compile(&module, &hosts, &data, options)? }
            }
            EngineKind::Native => return Err(Error::NoNative),
        };
        let options = options.clone();
        Ok(Self { inner: Arc::new(Inner { module, options, hosts, _data: data, backend }) })
    }

    /// The module.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.inner.module
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
        let index = self.index(name)?;
        let actual = self.signature(index);
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
        Ok(Func { engine: self.clone(), index, types: PhantomData })
    }

    /// Calls a function with values whose types are only known now.
    ///
    /// # Errors
    /// [`Error::NoFunction`], [`Error::ArgumentCount`], [`Error::WrongSignature`], or the trap that ended the call.
    pub fn call_values(&self, name: &str, args: &[Value]) -> Result<Vec<Value>, Error> {
        let index = self.index(name)?;
        let signature = self.signature(index);
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
        self.call_bits(index, &mut bits)?;
        let mut bits = bits.into_iter();
        let results = signature.result_types().map(|ty| Value::from_bits(ty, &mut bits));
        results.collect::<Option<_>>().ok_or(Error::Internal("a call gave too few results"))
    }

    /// How many instructions the simulator has run for this engine: exact.
    #[must_use]
    pub fn instructions(&self) -> Option<u64> {
        match &self.inner.backend {
            Backend::Simulator { simulators, .. } => Some(simulators.instructions()),
            _ => None,
        }
    }

    /// What the simulator counted for this engine, by class, function and place in the source: exact.
    #[must_use]
    pub fn statistics(&self) -> Option<Statistics> {
        match &self.inner.backend {
            Backend::Simulator { simulators, code, .. } => Some(simulators.statistics(code)),
            _ => None,
        }
    }

    /// The bytes of machine code, without constants, of all functions.
    #[must_use]
    pub fn code_bytes(&self) -> Option<usize> {
        let code = self.code()?;
        Some(code.functions().iter().map(|placed| placed.code_bytes as usize).sum())
    }

    pub(crate) fn code(&self) -> Option<&Linked> {
        match &self.inner.backend {
            Backend::Simulator { code, .. } | Backend::Native { code } => Some(code),
            Backend::Interpreter { .. } => None,
        }
    }

    fn index(&self, name: &str) -> Result<usize, Error> {
        let functions = &self.inner.module.functions;
        functions.get_index_of(name).ok_or_else(|| Error::NoFunction {
            name: name.to_owned(),
            similar: ir::nearest(name, functions.keys().map(String::as_str)).map(str::to_owned),
        })
    }

    fn signature(&self, index: usize) -> &Signature {
        // Indices come from `index` only.
        &self.inner.module.functions[index].signature
    }

    /// Calls the function with the bits of the arguments, which become those of the results. An `i128` has two words.
    fn call_bits(&self, index: usize, bits: &mut Vec<u64>) -> Result<(), Error> {
        let inner = &*self.inner;
        let function = &inner.module.functions[index];
        let Some(_nested) = Nested::enter() else {
            return Err(self.trap(TrapKind::StackOverflow, &function.name, None).into());
        };
        match &inner.backend {
            Backend::Interpreter { program, idle } => {
                let id = program.function(&function.name);
                let id = id.ok_or(Error::Internal("a function was not loaded"))?;
                let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let mut interpreter = taken.unwrap_or_else(|| {
                    Interpreter::new(Limits { fuel: inner.options.fuel, ..Limits::default() })
                });
                let mut host = |index: usize, args: &[u64], results: &mut [u64]| {
                    let function = inner.hosts.get(index).ok_or(TrapKind::Unreachable)?;
                    let result = (function.thunk)(args);
                    results.iter_mut().for_each(|slot| *slot = result);
                    Ok(())
                };
                let outcome = interpreter.call(program, id, bits, &mut host);
                idle.lock().unwrap_or_else(PoisonError::into_inner).push(interpreter);
                *bits = outcome
                    .map_err(|trap| self.trap(trap.kind, &trap.place.function, trap.place.span))?;
            }
            Backend::Native { code } => {
                let conv = pipeline::native_call_conv();
                let signature = function.signature.halved();
                let mut places = abi::place(&signature, bits, conv);
                let entry = code.functions()[index].range.start;
                code.native().call(entry, &mut places).map_err(|fault| {
                    use jitmem::trap::FaultKind;
                    let placed = code.function_at(fault.pc);
                    let name = placed.map_or("a veneer", |placed| placed.name.as_str());
                    let span = placed.and_then(|placed| placed.span_at(fault.pc));
                    match fault.kind {
                        FaultKind::StackOverflow => {
                            Error::from(self.trap(TrapKind::StackOverflow, name, span))
                        }
                        FaultKind::Memory { address } => {
                            let mut trap = self.trap(TrapKind::MemoryFault, name, span);
                            trap.detail = Some(format!("address {address:#x}"));
                            trap.into()
                        }
                        FaultKind::Call { address } => {
                            let mut trap = self.trap(TrapKind::BadCall, name, span);
                            trap.detail = Some(format!("address {address:#x}"));
                            trap.into()
                        }
                        FaultKind::Breakpoint => {
                            match placed.and_then(|placed| placed.trap_at(fault.pc)) {
                                Some((kind, span)) => self.trap(kind, name, span).into(),
                                None => Error::Internal("a `brk` that is no trap site was reached"),
                            }
                        }
                    }
                })?;
                bits.clear();
                let types = signature.result_types();
                abi::results(types, &mut places, bits)?;
            }
            Backend::Simulator { code, simulators } => {
                let signature = function.signature.halved();
                let mut places = abi::place(&signature, bits, codegen::CallConv::Aapcs64);
                let entry = code.functions()[index].range.start;
                simulators.call(entry, &mut places, code).map_err(|fault| {
                    fault.into_error(code, |kind, name, span| self.trap(kind, name, span))
                })?;
                bits.clear();
                let types = signature.result_types();
                abi::results(types, &mut places, bits)?;
            }
        }
        Ok(())
    }

    fn trap(&self, kind: TrapKind, function: &str, span: Option<ir::Span>) -> Trap {
        Trap {
            kind,
            function: function.to_owned(),
            file: self.inner.module.source_name.clone(),
            span,
            detail: None,
        }
    }
}

fn settings(options: &Options) -> Settings {
    let conv = match options.engine {
        EngineKind::Native => pipeline::native_call_conv(),
        _ => codegen::CallConv::Aapcs64,
    };
    let lse = options.lse.unwrap_or(options.engine == EngineKind::Native && native::has_lse());
    let codegen = codegen::Options::default().with_call_conv(conv).with_lse(lse);
    let codegen = if options.verify { codegen.checked() } else { codegen };
    Settings { level: options.level, limit: options.limit, verify: options.verify, codegen }
}

fn interpreter(
    module: &Module,
    options: &Options,
    data: &Arc<DataMemory>,
) -> Result<Backend, Error> {
    let access = if options.restricted { MemoryAccess::Restricted } else { MemoryAccess::Host };
    let load = LoadOptions { memory: access, counted: options.fuel.is_some() };
    let data = Arc::clone(data);
    let program = if options.optimize_for_interpreter {
        let optimized = pipeline::optimized(module.clone(), &settings(options), &mut ())?;
        Program::load_with_data(&optimized, &load, data)?
    } else {
        Program::load_with_data(module, &load, data)?
    };
    Ok(Backend::Interpreter { program, idle: Mutex::default() })
}

fn compile(
    module: &Module,
    hosts: &[HostFunction],
    data: &DataMemory,
    options: &Options,
) -> Result<Linked, Error> {
    let settings = settings(options);
    let functions = pipeline::compile(module.clone(), &settings, &mut ())?;
    let host = |name: &str| hosts.get(module.externs.get_index_of(name)?);
    let object = |name: &str| data.address(module.data.get_index_of(name)?);
    link::link(functions, &object, &host, settings.codegen.call_conv)
}

/// The host functions in the order of the module's `externs`, checked against what it says they are.
fn bind_hosts(
    module: &Module,
    hosts: &Hosts,
    engine: EngineKind,
) -> Result<Vec<HostFunction>, Error> {
    let mut bound = Vec::with_capacity(module.externs.len());
    for (name, declared) in &module.externs {
        let function = hosts.get(name).ok_or_else(|| Error::MissingHost {
            name: name.clone(),
            signature: declared.clone(),
        })?;
        let actual = &function.signature;
        if !actual.param_types().eq(declared.param_types())
            || !actual.result_types().eq(declared.result_types())
        {
            return Err(Error::HostSignature {
                name: name.clone(),
                declared: Box::new(declared.clone()),
                actual: Box::new(actual.clone()),
            });
        }
        if engine == EngineKind::Native && !function.has_code {
            return Err(Error::NoHostCode { name: name.clone() });
        }
        bound.push(function.clone());
    }
    Ok(bound)
}

/// A function of an engine with its Rust types. Keeps the engine alive; may be called by several threads.
pub struct Func<A, R> {
    engine: Engine,
    index: usize,
    types: PhantomData<fn(A) -> R>,
}

impl<A: Args, R: Results> Func<A, R> {
    /// Calls it.
    ///
    /// # Errors
    /// The trap that ended the call.
    pub fn call(&self, args: A) -> Result<R, Error> {
        let mut bits = Vec::new();
        args.push_bits(&mut bits);
        self.engine.call_bits(self.index, &mut bits)?;
        R::next_from(&mut bits.into_iter()).ok_or(Error::Internal("a call gave too few results"))
    }
}

impl<A, R> Clone for Func<A, R> {
    fn clone(&self) -> Self {
        Self { engine: self.engine.clone(), index: self.index, types: PhantomData }
    }
}

impl<A, R> fmt::Debug for Func<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let function = &self.engine.module().functions[self.index];
        write!(f, "Func `{}` {}", function.name, function.signature)
    }
}
