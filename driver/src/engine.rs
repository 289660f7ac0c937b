//! [`Engine`]: a module made ready to run, natively, in the simulator or in the interpreter.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ir::{Module, Signature, TrapKind, Type};
use jitmem::DataMemory;
use opt::Level;

use crate::abi;
use crate::error::{Error, READING, Trap};
use crate::host::{HostFunction, Hosts};
#[cfg(feature = "interpreter")]
use crate::interpreter::Interpreters;
use crate::link::{self, Linked};
use crate::machine::{Machine, Native};
use crate::native;
use crate::pipeline::{self, Settings};
#[cfg(feature = "simulator")]
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

    /// Those that run here: the interpreter and the simulator, where the features of these names are on, and native code
    /// on an ARM64 host.
    pub fn available() -> impl Iterator<Item = Self> {
        let all = [EngineKind::Interpreter, EngineKind::Simulator, EngineKind::Native];
        all.into_iter().filter(|kind| match kind {
            EngineKind::Interpreter => cfg!(feature = "interpreter"),
            EngineKind::Simulator => cfg!(feature = "simulator"),
            EngineKind::Native => native::AVAILABLE,
        })
    }

    /// Whether it keeps [`Options::fuel`] and [`Options::restricted`]; native code does not.
    #[must_use]
    pub fn keeps_limits(self) -> bool {
        self != EngineKind::Native
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
    /// the machine in the simulator. Native code cannot keep one and is [refused](Error::NotKept) with it.
    #[must_use]
    pub fn fuel(mut self, fuel: Option<u64>) -> Self {
        self.fuel = fuel;
        self
    }

    /// Whether the interpreter and the simulator trap when the program touches memory that is not its own. Native code
    /// cannot be held so and is [refused](Error::NotKept).
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
    /// Machine code holds the addresses of the data objects.
    _data: Arc<DataMemory>,
    backend: Backend,
}

#[derive(Debug)]
enum Backend {
    #[cfg(feature = "interpreter")]
    Interpreter(Interpreters),
    Machine {
        code: Linked,
        machine: Box<dyn Machine>,
    },
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
        let limits = [("fuel", options.fuel.is_some()), ("restricted", options.restricted)];
        if let Some((option, _)) = limits.into_iter().find(|&(_, is_set)| is_set)
            && !options.engine.keeps_limits()
        {
            return Err(Error::NotKept { kind: options.engine, option });
        }
        if let Some(error) = pipeline::input_errors(&module).into_iter().next() {
            return Err(Error::Verify { stage: READING, error });
        }
        let hosts = bind_hosts(&module, hosts, options.engine)?;
        let objects = module.data.values().map(|object| (&*object.bytes, object.align.into()));
        let data = Arc::new(DataMemory::new(objects)?);
        let backend = match options.engine {
            #[cfg(feature = "interpreter")]
            EngineKind::Interpreter => {
                Backend::Interpreter(interpreters(&module, &hosts, &data, options)?)
            }
            kind => {
                let machine: Box<dyn Machine> = match kind {
                    #[cfg(feature = "simulator")]
                    EngineKind::Simulator => {
                        let limits =
                            SimLimits { fuel: options.fuel, restricted: options.restricted };
                        Box::new(Simulators::new(&hosts, limits, &data))
                    }
                    EngineKind::Native if native::AVAILABLE => Box::new(Native),
                    _ => return Err(Error::NoEngine { kind }),
                };
                Backend::Machine { code: compile(&module, &hosts, &data, options)?, machine }
            }
        };
        let options = options.clone();
        Ok(Self { inner: Arc::new(Inner { module, options, _data: data, backend }) })
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
        self.machine()?.1.instructions()
    }

    /// What the simulator counted for this engine, by class, function and place in the source: exact.
    #[must_use]
    pub fn statistics(&self) -> Option<Statistics> {
        let (code, machine) = self.machine()?;
        machine.statistics(code)
    }

    /// The bytes of machine code, without constants, of all functions.
    #[must_use]
    pub fn code_bytes(&self) -> Option<usize> {
        let (code, _) = self.machine()?;
        Some(code.functions().iter().map(|placed| placed.code_bytes as usize).sum())
    }

    fn machine(&self) -> Option<(&Linked, &dyn Machine)> {
        match &self.inner.backend {
            Backend::Machine { code, machine } => Some((code, &**machine)),
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(_) => None,
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
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(interpreters) => interpreters
                .call(&function.name, bits)?
                .map_err(|trap| self.trap(trap.kind, &trap.place.function, trap.place.span))?,
            Backend::Machine { code, machine } => {
                let signature = function.signature.halved();
                let mut places = abi::place(&signature, bits, code.conv());
                machine.call(code.functions()[index].range.start, &mut places, code)?;
                bits.clear();
                abi::results(signature.result_types(), &mut places, bits)?;
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

#[cfg(feature = "interpreter")]
fn interpreters(
    module: &Module,
    hosts: &[HostFunction],
    data: &Arc<DataMemory>,
    options: &Options,
) -> Result<Interpreters, Error> {
    use interp::{LoadOptions, MemoryAccess};
    let access = if options.restricted { MemoryAccess::Restricted } else { MemoryAccess::Host };
    let load = LoadOptions { memory: access, counted: options.fuel.is_some() };
    let data = Arc::clone(data);
    if options.optimize_for_interpreter {
        let optimized = pipeline::optimized(module.clone(), &settings(options), &mut ())?;
        Interpreters::new(&optimized, &load, data, hosts, options.fuel)
    } else {
        Interpreters::new(module, &load, data, hosts, options.fuel)
    }
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
    let source = module.source_name.clone();
    link::link(functions, &object, &host, settings.codegen.call_conv, source)
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
