//! [`Engine`]: functions that run natively, in the simulator or in the interpreter, and come and go while they do. What
//! changes them is in `inner`.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ir::{AbiParam, Module, Signature};

use jitmem::DataMemory;

use crate::closure::HostClosure;
use crate::error::Error;
use crate::host::{Bound, HostFunction, Hosts};
use crate::inner::{Backend, Context, Inner, State, WeakEngine, machine_of};
#[cfg(feature = "interpreter")]
use crate::interpreter::Interpreters;
use crate::native;
use crate::options::{EngineKind, Options};
use crate::owned::{EndedList, Life, Owned};
#[cfg(feature = "simulator")]
use crate::simulator::Simulators;
use crate::space::Space;
use crate::statistics::Statistics;
use crate::table::{FuncId, Import, Slot, Table};
use crate::value::{Args, Results, Value, Words};

/// A set of functions that call each other, ready to run. Functions are added, replaced and removed while others run.
/// Clones share it; it may be used by several threads, and host functions may use it again while it calls them.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

impl Engine {
    /// An engine with the functions of a module, all of them compiled.
    ///
    /// # Errors
    /// The first thing that is wrong with the module, or missing.
    pub fn new(module: Module, hosts: &Hosts, options: &Options) -> Result<Self, Error> {
        let engine = Self::empty(hosts, options)?;
        engine.guarded(|inner| {
            let (functions, _) = inner.add(module, None)?;
            functions.into_iter().try_for_each(|function| inner.prepare(function))
        })?;
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
        if let Some(option) = options.not_kept() {
            return Err(Error::NotKept { kind: options.engine, option });
        }
        let context = Arc::new(Context::default());
        let (backend, stubs) = match options.engine {
            #[cfg(feature = "interpreter")]
            EngineKind::Interpreter => {
                (Backend::Interpreter(Box::new(Interpreters::new(options))), None)
            }
            kind => {
                let space_bytes = (!options.restricted).then_some(options.code_space_bytes);
                let space =
                    Arc::new(Space::new(space_bytes, options.code_memory, &options.observed)?);
                machine_of(kind, options, space, &context)?
            }
        };
        let number = ENGINES.fetch_add(1, Ordering::Relaxed);
        let settings = options.settings();
        let native = options.engine == EngineKind::Native;
        let table = Table::new(
            number,
            stubs,
            native.then_some((settings.codegen.call_conv, settings.codegen.protection)),
        );
        let compiler = codegen::Compiler::new(settings.codegen.clone())?;
        let state = Mutex::new(State { table, compiler });
        let flag = match options.interruptible {
            true => Some(Arc::new(DataMemory::new([(&[0; 8][..], 8)])?)),
            false => None,
        };
        match (&backend, &flag) {
            (_, None) => {}
            #[cfg(feature = "interpreter")]
            (Backend::Interpreter(interpreters), Some(flag)) => {
                interpreters.program().allow_data(Arc::clone(flag));
            }
            #[cfg(feature = "simulator")]
            (Backend::Machine { simulators: Some(simulators), .. }, Some(flag)) => {
                simulators.add_data(flag);
            }
            (Backend::Machine { .. }, Some(_)) => {}
        }
        let inner = Arc::new(Inner {
            options: options.clone(),
            settings,
            backend,
            state,
            ended: EndedList::default(),
            flag,
        });
        context.engine.get_or_init(|| WeakEngine(Arc::downgrade(&inner)));
        let engine = Self { inner };
        for (name, function) in hosts.functions() {
            engine.import_function(name, function.clone());
        }
        Ok(engine)
    }

    /// Adds the functions of a module. They may call each other, functions that were added or declared before, and the
    /// host. Each is compiled when it is first called, or by [`prepare`](Engine::prepare). Data objects are the module's own. Functions of
    /// the module are inlined into each other; those of other modules are called, as they may be replaced.
    ///
    /// # Errors
    /// The first thing that is wrong with the module, missing, or there already; the engine is then as before.
    pub fn add(&self, module: Module) -> Result<Vec<FuncId>, Error> {
        self.guarded(|inner| Ok(inner.add(module, None)?.0))
    }

    /// The same, and the functions go when nobody can reach them: not by their names, which are there as long as what this
    /// returns, not by a [`Func`], nor by calls of modules that are there.
    ///
    /// # Errors
    /// As [`add`](Engine::add).
    pub fn add_owned(&self, module: Module) -> Result<Owned, Error> {
        let owner = WeakEngine(Arc::downgrade(&self.inner));
        let (_, life) = self.guarded(|inner| inner.add(module, Some(&owner)))?;
        life.map(Owned::new).ok_or(Error::Internal("an owned module has no life"))
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
        self.guarded(|inner| inner.prepare(function))
    }

    /// Compiles these functions now, on at most so many threads. A module is optimised by one thread, and its functions
    /// are then compiled by all of them. Code may run and call meanwhile.
    ///
    /// ```
    /// # use driver::{Engine, Hosts, Options, ir};
    /// # let text = "fn @f() {\nblock0:\n  ret\n}\nfn @g() {\nblock0:\n  ret\n}";
    /// # let module = ir::parse::module(text).map_err(|errors| errors[0].clone())?;
    /// let engine = Engine::empty(&Hosts::new(), &Options::default())?;
    /// let functions = engine.add(module)?;
    /// engine.prepare_all(&functions, std::thread::available_parallelism()?)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::UnknownId`] and [`Error::NoBody`], before anything is done; else the first function in the list that cannot be
    /// compiled, by its name. The others are compiled all the same.
    pub fn prepare_all(&self, functions: &[FuncId], threads: NonZero<usize>) -> Result<(), Error> {
        self.guarded(|inner| inner.prepare_all(functions, threads))
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
        match &inner.backend {
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(interpreters) => interpreters.add_host(&host),
            #[cfg(feature = "simulator")]
            Backend::Machine { simulators: Some(simulators), .. } => simulators.add_host(&host),
            Backend::Machine { .. } => {}
        }
        state.table.import(name, Import { host, veneer: None });
    }

    /// Ends the calls that are under way, whatever thread they are on, with a trap `interrupted`, and those that begin until
    /// [`clear_interrupt`](Engine::clear_interrupt). May be called by any thread, also from a host function. Each call ends at its next
    /// check: see [`Options::interruptible`]. What a host function does is not interrupted.
    ///
    /// A deadline is a thread that waits:
    ///
    /// ```
    /// # use driver::{Engine, Error, Func, Hosts, Options, ir};
    /// use std::{sync::mpsc, thread, time::Duration};
    ///
    /// # let module = ir::parse::module("fn @spin() {\nblock0:\n  jump block1\nblock1:\n  jump block1\n}").unwrap();
    /// let engine = Engine::new(module, &Hosts::new(), &Options::default().interruptible(true))?;
    /// let spin: Func<(), ()> = engine.func("spin")?;
    /// let watched = engine.clone();
    /// let (done, is_done) = mpsc::channel::<()>();
    /// let watcher = thread::spawn(move || {
    ///     if is_done.recv_timeout(Duration::from_millis(20)).is_err() {
    ///         watched.interrupt().unwrap();
    ///     }
    /// });
    /// let outcome = spin.call(());
    /// let _ = done.send(());
    /// watcher.join().unwrap();
    /// engine.clear_interrupt()?; // for the calls to come
    /// assert!(matches!(outcome, Err(Error::Trap(trap)) if trap.kind == ir::TrapKind::Interrupted));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotKept`] if the engine is not interruptible.
    pub fn interrupt(&self) -> Result<(), Error> {
        self.set_flag(1)
    }

    /// Lets calls run again.
    ///
    /// # Errors
    /// As [`interrupt`](Engine::interrupt).
    pub fn clear_interrupt(&self) -> Result<(), Error> {
        self.set_flag(0)
    }

    fn set_flag(&self, value: u64) -> Result<(), Error> {
        let not_kept = Error::NotKept { kind: self.kind(), option: "interruptible" };
        native::set_flag(self.inner.flag.as_ref().ok_or(not_kept)?, value);
        Ok(())
    }

    /// The function of a name.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<FuncId> {
        let state = self.inner.lock();
        let slot = state.table.function(name)?;
        Some(state.table.slot(slot).id)
    }

    /// The parameters and results of a function.
    #[must_use]
    pub fn signature(&self, name: &str) -> Option<Signature> {
        self.slot(name).ok().map(|(slot, _)| Signature::clone(&slot.signature))
    }

    /// The kind of engine that runs the program.
    #[must_use]
    pub fn kind(&self) -> EngineKind {
        self.inner.options.engine
    }

    /// A handle to a function, to be called with Rust values.
    ///
    /// # Errors
    /// [`Error::NoFunction`], [`Error::WrongSignature`].
    pub fn func<A: Args, R: Results>(&self, name: &str) -> Result<Func<A, R>, Error> {
        let (slot, life) = self.slot(name)?;
        let actual = &slot.signature;
        let used_as = Signature { params: A::params(), ..Signature::new(&[], &R::types()) };
        if !same_uses(&actual.params, &used_as.params)
            || !same_uses(&actual.results, &used_as.results)
        {
            return Err(Error::WrongSignature {
                name: name.to_owned(),
                actual: Box::new(Signature::clone(actual)),
                used_as: Box::new(used_as),
            });
        }
        Ok(Func { engine: self.clone(), slot, life, types: PhantomData })
    }

    /// Calls a function with values whose types are only known now. Slices can only be lent by [`func`](Engine::func).
    ///
    /// # Errors
    /// [`Error::NoFunction`], [`Error::ArgumentCount`], [`Error::WrongSignature`], or the trap that ended the call.
    pub fn call_values(&self, name: &str, args: &[Value]) -> Result<Vec<Value>, Error> {
        // It stays for the call.
        let (slot, _life) = self.slot(name)?;
        let signature = &slot.signature;
        if signature.params.len() != args.len() {
            return Err(Error::ArgumentCount {
                name: name.to_owned(),
                expected: signature.params.len(),
                given: args.len(),
            });
        }
        let params: Vec<AbiParam> = args.iter().map(|value| value.ty().into()).collect();
        if !same_uses(&signature.params, &params) {
            return Err(Error::WrongSignature {
                name: name.to_owned(),
                actual: Box::new(Signature::clone(signature)),
                used_as: Box::new(Signature { params, results: signature.results.clone() }),
            });
        }
        let args: Vec<Words> = args.iter().map(|value| value.to_words()).collect();
        let mut results = vec![[0; 2]; signature.results.len()];
        self.call_words(&slot, &args, &mut results)?;
        let typed = signature.result_types().zip(results);
        Ok(typed.map(|(ty, words)| Value::from_words(ty, words)).collect())
    }

    /// Copies bytes of a data object: of the last module that was added with one of this name. Programs may write them at the same
    /// time; each byte is then an old or a new one.
    ///
    /// ```
    /// # use driver::{Engine, Func, Hosts, Options, ir};
    /// let text = "
    /// data mut @limits align 8 = i64 10, 20
    /// fn @limit() -> i64 {
    /// block0:
    ///   v0: i64 = data_addr @limits + 8
    ///   v1: i64 = load v0
    ///   ret v1
    /// }";
    /// let module = ir::parse::module(text).map_err(|errors| errors[0].clone())?;
    /// let engine = Engine::new(module, &Hosts::new(), &Options::default())?;
    /// let mut bytes = [0; 8];
    /// engine.read_data("limits", 8, &mut bytes)?;
    /// assert_eq!(i64::from_le_bytes(bytes), 20);
    /// engine.write_data("limits", 8, &30_i64.to_le_bytes())?;
    /// let limit: Func<(), i64> = engine.func("limit")?;
    /// assert_eq!(limit.call(())?, 30);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoData`], [`Error::DataRange`].
    pub fn read_data(&self, name: &str, offset: usize, bytes: &mut [u8]) -> Result<(), Error> {
        let state = self.inner.lock();
        let (memory, data) = state.table.data(name)?;
        let is_read = memory.read(data.index, offset, bytes);
        data.in_range(name, &memory, is_read, offset, bytes.len())
    }

    /// Writes bytes of a data object that is mutable, as [`read_data`](Engine::read_data) reads them.
    ///
    /// # Errors
    /// [`Error::NoData`], [`Error::DataRange`], [`Error::DataReadOnly`].
    pub fn write_data(&self, name: &str, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let state = self.inner.lock();
        let (memory, data) = state.table.data(name)?;
        if !data.mutable {
            return Err(Error::DataReadOnly { name: name.to_owned() });
        }
        let is_written = memory.write(data.index, offset, bytes);
        data.in_range(name, &memory, is_written, offset, bytes.len())
    }

    /// The number of instructions that the simulator has run for this engine: exact.
    #[must_use]
    pub fn instructions(&self) -> Option<u64> {
        #[cfg(feature = "simulator")]
        return Some(self.simulators()?.1.instructions());
        #[cfg(not(feature = "simulator"))]
        None
    }

    /// The counts of the simulator for this engine, by class, function and place in the source: exact. Functions that were
    /// replaced or removed are in the totals only.
    #[must_use]
    pub fn statistics(&self) -> Option<Statistics> {
        #[cfg(feature = "simulator")]
        return self.simulators().map(|(space, simulators)| simulators.statistics(space));
        #[cfg(not(feature = "simulator"))]
        None
    }

    /// The bytes of machine code, without constants, of all functions that have some.
    #[must_use]
    pub fn code_bytes(&self) -> Option<usize> {
        let space = self.inner.space()?;
        Some(space.functions().iter().map(|code| code.code_bytes as usize).sum())
    }

    #[cfg(feature = "simulator")]
    fn simulators(&self) -> Option<(&Space, &Simulators)> {
        match &self.inner.backend {
            Backend::Machine { space, simulators, .. } => Some((space, simulators.as_deref()?)),
            #[cfg(feature = "interpreter")]
            Backend::Interpreter(_) => None,
        }
    }

    /// The function of a name, and what keeps it there.
    fn slot(&self, name: &str) -> Result<(Arc<Slot>, Option<Arc<Life>>), Error> {
        let state = self.inner.lock();
        let found = state.table.function(name);
        match found.and_then(|slot| Some((slot, state.table.life(slot)?))) {
            Some((slot, life)) => Ok((Arc::clone(state.table.slot(slot)), life)),
            None => Err(Error::NoFunction {
                name: name.to_owned(),
                similar: ir::nearest(name, state.table.names()).map(str::to_owned),
            }),
        }
    }

    /// Calls the function. There are as many words as parameters and results (that is so wherever a slot comes from); those of the
    /// results are zero.
    #[inline]
    fn call_words(&self, slot: &Slot, args: &[Words], results: &mut [Words]) -> Result<(), Error> {
        match &slot.native {
            Some(entry) => {
                let outcome = entry.call(&slot.entry, args, results);
                outcome.map_err(|left| self.inner.native_error(left, slot))
            }
            None => self.inner.call(slot, args, results),
        }
    }

    /// What a stage takes for impossible ends it at once, and is told here as the defect that it is.
    pub(crate) fn guarded<T>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let done = catch_unwind(AssertUnwindSafe(|| work(&self.inner)));
        self.inner.flush_observers();
        done.unwrap_or_else(|panic| Err(Error::panicked(&*panic)))
    }
}

/// Returns `true` if Rust may use one for the other: how they are extended does not matter.
fn same_uses(a: &[AbiParam], b: &[AbiParam]) -> bool {
    a.iter().map(|param| (param.ty, param.slice)).eq(b.iter().map(|param| (param.ty, param.slice)))
}

/// A function of an engine with its Rust types. Keeps the engine alive, and the function too if that belongs to an [`Owned`] module;
/// may be called by several threads.
pub struct Func<A, R> {
    pub(crate) engine: Engine,
    pub(crate) slot: Arc<Slot>,
    life: Option<Arc<Life>>,
    types: PhantomData<fn(A) -> R>,
}

impl<A: Args, R: Results> Func<A, R> {
    /// Calls it, as it is now: a function that was replaced is the new one.
    ///
    /// # Errors
    /// The trap that ended the call; [`Error::Removed`]; what keeps it from being compiled.
    #[inline]
    pub fn call(&self, args: A::Lent<'_>) -> Result<R, Error> {
        A::with_words(args, |args| {
            R::of_call(|results| self.engine.call_words(&self.slot, args, results))
        })
    }

    /// The function.
    #[must_use]
    pub fn id(&self) -> FuncId {
        self.slot.id
    }
}

impl<A, R> Clone for Func<A, R> {
    fn clone(&self) -> Self {
        let (slot, life) = (Arc::clone(&self.slot), self.life.clone());
        Self { engine: self.engine.clone(), slot, life, types: PhantomData }
    }
}

impl<A, R> fmt::Debug for Func<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Func `{}` {}", self.slot.name, self.slot.signature)
    }
}
