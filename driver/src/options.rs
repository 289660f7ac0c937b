//! What an engine is to be: [`EngineKind`], [`Options`].

use std::fmt;

use codegen::{CallConv, Protection};
use jitmem::{CodeMemory, Strategy};
use opt::Level;

use crate::native;
use crate::observe::Observed;
use crate::pipeline::{self, Settings};
use crate::space::SPACE_BYTES;

/// The kind of engine that runs the program.
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

    /// Returns `true` if it keeps [`Options::fuel`] and [`Options::restricted`]; native code does not.
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

/// The fate of a panic in a host function that is a closure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum HostPanic {
    /// It goes on through the compiled code to whoever called the engine.
    #[default]
    Unwind,
    /// The call of the engine ends with [`Error::Host`](crate::Error::Host).
    Trap,
}

/// The options of an [`Engine`](crate::Engine). `Options::default()` is what most programs want.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) level: Level,
    pub(crate) engine: EngineKind,
    pub(crate) verify: bool,
    pub(crate) fuel: Option<u64>,
    pub(crate) restricted: bool,
    pub(crate) trusted: bool,
    pub(crate) code_space_bytes: usize,
    pub(crate) code_memory: CodeMemory,
    pub(crate) sign_returns: bool,
    pub(crate) lse: Option<bool>,
    pub(crate) optimize_for_interpreter: bool,
    pub(crate) limit: opt::Limit,
    pub(crate) host_panic: HostPanic,
    pub(crate) observed: Observed,
    pub(crate) interruptible: bool,
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
            trusted: false,
            code_space_bytes: SPACE_BYTES,
            code_memory: CodeMemory::default(),
            sign_returns: false,
            lse: None,
            optimize_for_interpreter: true,
            limit: opt::Limit::NONE,
            host_panic: HostPanic::default(),
            observed: Observed::default(),
            interruptible: false,
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

    /// The kind of engine that runs the program.
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
    /// the machine in the simulator. Native code cannot keep one and is [refused](crate::Error::NotKept) with it.
    #[must_use]
    pub fn fuel(mut self, fuel: Option<u64>) -> Self {
        self.fuel = fuel;
        self
    }

    /// Whether the interpreter and the simulator trap when the program touches memory that is not its own. Native code
    /// cannot be held so and is [refused](crate::Error::NotKept).
    #[must_use]
    pub fn restricted(mut self, restricted: bool) -> Self {
        self.restricted = restricted;
        self
    }

    /// Takes modules with raw addresses too: those that are not [confined](ir::verify_confined). Without it they are
    /// [refused](crate::Error::NotConfined), but by engines that are [`restricted`](Options::restricted), which check each access.
    ///
    /// # Safety
    /// For every module that is added to the engine: whenever one of its functions is called, by whomever and with whatever
    /// arguments, each address that it reads, writes or calls is one that this program lets it read, write or call so. Whoever
    /// lets others call such a function, or [writes](crate::Engine::write_data) its data, answers for the addresses among them; host functions that take addresses
    /// belong in the same promise.
    ///
    /// ```
    /// use driver::{Engine, Func, Hosts, Options, ir};
    ///
    /// let text = "fn @get(i64) -> i64 {\nblock0(v0: i64):\n  v1: i64 = load v0\n  ret v1\n}";
    /// let module = ir::parse::module(text).map_err(|errors| errors[0].clone())?;
    /// assert!(Engine::new(module.clone(), &Hosts::new(), &Options::default()).is_err());
    ///
    /// // SAFETY: `get` reads eight bytes where its argument points; it is called below only, with the address of a number.
    /// let options = unsafe { Options::default().trusted() };
    /// let engine = Engine::new(module, &Hosts::new(), &options)?;
    /// let get: Func<usize, i64> = engine.func("get")?;
    /// let number = Box::new(42_i64);
    /// assert_eq!(get.call(std::ptr::from_ref(&*number).expose_provenance())?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    #[allow(unsafe_code)] // the contract of raw addresses has to stand somewhere
    pub unsafe fn trusted(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Bytes of addresses that are reserved for code at a time: 128 MiB by default, which is as far as a direct call reaches and the
    /// most that is taken. Memory is used as there is code, and more addresses are reserved when they are full. Less is for
    /// processes that have few addresses, by `ulimit -v` say; calls between such pieces take three instructions more. A
    /// [restricted](Options::restricted) simulator has one of 128 MiB, as it has to know beforehand what code may be read.
    #[must_use]
    pub fn code_space_bytes(mut self, bytes: usize) -> Self {
        /// A function of average size needs as much with what is around it.
        const LEAST: usize = 16 << 10;
        self.code_space_bytes = bytes.clamp(LEAST, SPACE_BYTES).next_multiple_of(4096);
        self
    }

    /// How code gets into memory that is executable and not writable. By default the first way of this system that works.
    #[must_use]
    pub fn code_strategy(mut self, strategy: Strategy) -> Self {
        self.code_memory.strategy = Some(strategy);
        self
    }

    /// Whether indirect calls and jumps may enter machine code at landing pads (`bti`) only. The CPU enforces it where it can
    /// (BTI, Armv8.5) and the system lets it; elsewhere the pads do nothing. A call of another address in code then ends the process by
    /// SIGILL.
    #[must_use]
    pub fn landing_pads(mut self, landing_pads: bool) -> Self {
        self.code_memory.landing_pads = landing_pads;
        self
    }

    /// Whether return addresses are signed where they are saved (PAuth, Armv8.3); older CPUs skip the instructions. A return by
    /// an address that was changed ends the process. Functions with tail calls that pass more on the stack than they were
    /// passed do not sign. Descriptions of frames say what is signed; a backtrace by the unwinder that Rust links into programs
    /// for musl ends at such a frame all the same.
    #[must_use]
    pub fn sign_returns(mut self, sign_returns: bool) -> Self {
        self.sign_returns = sign_returns;
        self
    }

    /// The hardening of the code.
    pub(crate) fn protection(&self) -> Protection {
        Protection::new(self.code_memory.landing_pads, self.sign_returns)
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

    /// Which of the executions of passes take place: to find the one that makes a program wrong.
    #[must_use]
    pub fn limit(mut self, limit: opt::Limit) -> Self {
        self.limit = limit;
        self
    }

    /// The fate of a panic in a host function.
    #[must_use]
    pub fn host_panic(mut self, host_panic: HostPanic) -> Self {
        self.host_panic = host_panic;
        self
    }

    /// The first option that the engine cannot keep, of those about machine code.
    pub(crate) fn not_kept(&self) -> Option<&'static str> {
        let strategy = self.code_memory.strategy.is_some();
        let Protection { landing_pads, sign_returns, .. } = self.protection();
        let about_code = [
            ("code_strategy", strategy),
            ("landing_pads", landing_pads),
            ("sign_returns", sign_returns),
        ];
        let about_code = about_code.into_iter().filter(|_| self.engine == EngineKind::Interpreter);
        let mut refused = about_code.filter(|&(_, is_set)| is_set).map(|(option, _)| option);
        refused.next().or_else(|| self.observed.not_kept_by(self.engine))
    }

    /// Whether calls can be ended by [`Engine::interrupt`](crate::Engine::interrupt). Functions then look at a flag when they are entered and
    /// wherever a loop begins again, which costs two or three instructions each time. Executed in the simulator by the examples:
    /// `mandelbrot` 2,719,252 instructions instead of 2,215,843 (23% more), `sieve`, whose loops are of a few instructions,
    /// 5,249,929 instead of 3,297,646 (59% more).
    #[must_use]
    pub fn interruptible(mut self, interruptible: bool) -> Self {
        self.interruptible = interruptible;
        self
    }

    /// How to compile for it.
    pub(crate) fn settings(&self) -> Settings {
        let conv = match self.engine {
            EngineKind::Native => pipeline::native_call_conv(),
            _ => CallConv::Aapcs64,
        };
        let lse = self.lse.unwrap_or(self.engine == EngineKind::Native && native::has_lse());
        let codegen = codegen::Options::default().with_call_conv(conv).with_lse(lse);
        let codegen = codegen.with_frame_descriptions(self.observed.needs_frames());
        let codegen = codegen.with_protection(self.protection());
        let codegen = if self.verify { codegen.checked() } else { codegen };
        Settings { level: self.level, limit: self.limit, verify: self.verify, codegen }
    }
}
