//! Machine code in the simulator: a pool of simulated processors over the code of an engine.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use arm64_sim::{CallArgs, Class, Config, HostCall, Simulator, Stats};
use codegen::{ArgAssigner, ArgPlace, CallConv, RESULTS_ADDRESS};
use ir::{Span, TrapKind};
use jitmem::DataMemory;
use jitmem::trap::Calls;
use regalloc::RegClass;

use crate::abi;
use crate::error::Error;
use crate::host::Bound;
use crate::inner::Context;
use crate::machine::{Fault, Place};
use crate::native;
use crate::space::{Follow, Space};
use crate::statistics::{FunctionStatistics, Statistics};
use crate::table::Slot;
use crate::value::{self, Words};

/// Bytes of stack of a simulated processor.
const STACK_BYTES: u64 = 8 << 20;

/// What a call may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimLimits {
    /// Instructions of the machine.
    pub(crate) fuel: Option<u64>,
    /// `true` if only its stack and the data objects may be touched.
    pub(crate) restricted: bool,
}

/// Simulated processors. A call takes an idle one, so that calls may nest and threads do not wait for each other.
pub(crate) struct Simulators {
    idle: Mutex<Vec<Processor>>,
    known: RwLock<Known>,
    limits: SimLimits,
    space: Arc<Space>,
    context: Arc<Context>,
    free_room: u64,
}

/// What every processor has to know.
#[derive(Default)]
struct Known {
    hosts: Vec<Arc<Bound>>,
    /// What restricted processors work on: one for all, as in native code. They are kept as long as the processors.
    data: Vec<Arc<DataMemory>>,
}

/// A processor, and how much it knows.
struct Processor {
    /// In a box, because it is 8 KB, which a call would move four times.
    simulator: Box<Simulator>,
    hosts: usize,
    data: usize,
}

impl fmt::Debug for Simulators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulators").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Simulators {
    /// Processors for the code of `space`, which has functions compiled by `context`, and `free_room` in it.
    pub(crate) fn new(
        limits: SimLimits,
        space: &Arc<Space>,
        context: &Arc<Context>,
        free_room: u64,
    ) -> Self {
        let (space, context) = (Arc::clone(space), Arc::clone(context));
        let (idle, known) = (Mutex::default(), RwLock::default());
        Self { idle, known, limits, space, context, free_room }
    }

    fn make(&self) -> Result<Processor, Error> {
        let mut config =
            if self.limits.restricted { Config::restricted() } else { native::open_simulator() };
        config.stack_size = STACK_BYTES;
        config.host_stack = true;
        let mut simulator = Box::new(Simulator::new(config));
        for range in self.space.ranges().iter() {
            if self.limits.restricted && !native::share_code(&mut simulator, range.clone()) {
                return Err(Error::Internal("code lies where something else is mapped"));
            }
        }
        simulator.set_returns_for_others(self.free_room);
        simulator.follow(Box::new(Follow(Arc::clone(&self.space))));
        let context = Arc::clone(&self.context);
        simulator.register_host(native::compile_entry(), move |call: &mut HostCall<'_>| {
            let entry = context.compile(call.x(16));
            call.go_on_at(entry);
            Ok(())
        });
        Ok(Processor { simulator, hosts: 0, data: 0 })
    }

    /// Tells a processor what is new.
    fn teach(&self, processor: &mut Processor) -> Result<(), Error> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        for host in &known.hosts[processor.hosts..] {
            add_host(&mut processor.simulator, host);
        }
        processor.hosts = known.hosts.len();
        if self.limits.restricted {
            for data in &known.data[processor.data..] {
                if !native::share_data(&mut processor.simulator, data) {
                    return Err(Error::Internal("data lie where something else is mapped"));
                }
            }
            processor.data = known.data.len();
        }
        Ok(())
    }
}

/// Lets simulated code call a function of the host.
fn add_host(simulator: &mut Simulator, host: &Arc<Bound>) {
    let host = Arc::clone(host);
    simulator.register_host(host.address(), move |call: &mut HostCall<'_>| {
        let signature = &host.function.signature;
        let args = abi::gather(signature, |place| match place {
            ArgPlace::Reg(reg) if reg.class() == RegClass::Int => Ok(call.x(reg.index().into())),
            ArgPlace::Reg(reg) => Ok(call.d(reg.index().into())),
            ArgPlace::Stack(offset) => call.stack(offset as usize / abi::WORD),
        })?;
        let memory = call.x(RESULTS_ADDRESS.index().into());
        let mut results = vec![0; signature.results.len()];
        if !host.call(&args, &mut results) {
            return Err(call.fault(0, "left"));
        }
        let mut places = ArgAssigner::new(CallConv::Aapcs64);
        for (param, bits) in signature.results.iter().zip(results) {
            match places.next(param.ty) {
                ArgPlace::Reg(reg) if reg.class() == RegClass::Float => {
                    call.set_d(reg.index().into(), bits);
                }
                ArgPlace::Reg(reg) => call.set_x(reg.index().into(), abi::extended(*param, bits)),
                ArgPlace::Stack(offset) => call.write(memory + u64::from(offset), bits)?,
            }
        }
        Ok(())
    });
}

impl Simulators {
    /// Calls the function of a slot; the words of the results are zero.
    pub(crate) fn call(
        &self,
        slot: &Slot,
        words: &[Words],
        results: &mut [Words],
        space: &Space,
    ) -> Result<(), Error> {
        let signature = slot.signature.halved();
        let places = abi::place(&signature, &abi::flat(&slot.signature, words));
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut processor = match taken {
            Some(processor) => processor,
            None => self.make()?,
        };
        self.teach(&mut processor)?;
        processor.simulator.set_fuel(self.limits.fuel);
        let args = CallArgs {
            ints: &places.ints,
            floats: &places.floats,
            stack: &places.stack,
            result_words: abi::result_words(&signature),
        };
        let simulator = &mut processor.simulator;
        if self.limits.restricted {
            value::lent(&slot.signature, words).for_each(|lent| native::lend(simulator, &lent));
        }
        let outcome = simulator.call(slot.entry.load(Ordering::Acquire), &args);
        let outcome = outcome.map_err(|fault| error(&fault, simulator.calls(), space));
        simulator.take_back();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(processor);
        let left = outcome?;
        abi::results(&slot.signature, &left.ints, &left.floats, &left.memory, results);
        Ok(())
    }

    /// Takes notice of a function of the host before code calls it.
    pub(crate) fn add_host(&self, host: &Arc<Bound>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.hosts.push(Arc::clone(host));
    }

    /// Takes notice of data objects before code touches them.
    pub(crate) fn add_data(&self, data: &Arc<DataMemory>) {
        if self.limits.restricted {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.data.push(Arc::clone(data));
        }
    }

    /// Instructions that all calls that have ended executed.
    pub(crate) fn instructions(&self) -> u64 {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.iter_mut().map(|processor| processor.simulator.stats().instructions).sum()
    }

    /// What all calls that have ended executed.
    pub(crate) fn statistics(&self, space: &Space) -> Statistics {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        counts(&mut idle, space)
    }
}

/// As the caller of an engine sees a fault of the simulator.
fn error(fault: &arm64_sim::Fault, calls: &arm64_sim::Calls, space: &Space) -> Error {
    use arm64_sim::Stop;
    /// `blr` without its register.
    const BLR: u32 = 0xd63f_0000;
    let reason = match fault.stop {
        Stop::Breakpoint { .. } => Fault::Breakpoint,
        Stop::Host { .. } => Fault::Left,
        Stop::StackOverflow { .. } => Fault::Trap(TrapKind::StackOverflow, None),
        Stop::OutOfMemory { bytes, .. } => {
            let detail = format!("no memory for {bytes} bytes of stack");
            Fault::Trap(TrapKind::StackOverflow, Some(detail))
        }
        Stop::OutOfFuel => Fault::Trap(TrapKind::OutOfFuel, None),
        // An address of a call that is no function's.
        Stop::OutsideCode { target, .. } | Stop::MisalignedTarget { target, .. } => {
            Fault::at(TrapKind::BadCall, target)
        }
        Stop::Memory { address, .. } | Stop::Unaligned { address, .. } => {
            Fault::at(TrapKind::MemoryFault, address)
        }
        _ => Fault::Wrong(fault.to_string()),
    };
    let arm64_sim::Calls { link, returns, all } = calls;
    let calls = Calls { link: *link, returns: returns.clone(), all: *all };
    // What a branch without a link leads astray has taken its frame down before.
    let has_left = matches!(fault.stop, Stop::OutsideCode { .. } | Stop::MisalignedTarget { .. })
        && fault.at.word.is_none_or(|word| word & !0x3e0 != BLR);
    reason.into_error(Place { pc: fault.pc(), has_left, calls: &calls }, space)
}

/// The counts of these processors, which run the code of `space`.
fn counts(processors: &mut [Processor], space: &Space) -> Statistics {
    let mut total = Statistics::default();
    let classes: Vec<Stats> =
        processors.iter_mut().map(|processor| processor.simulator.stats()).collect();
    for class in Class::ALL {
        let count = classes.iter().map(|stats| stats.class(class)).sum();
        total.classes.push((class.name(), count));
    }
    total.instructions = classes.iter().map(|stats| stats.instructions).sum();
    total.taken_branches = classes.iter().map(|stats| stats.taken_branches).sum();
    for function in space.functions() {
        let (start, words) = (function.code.address(), function.code_bytes as usize / 4);
        let mut executed = vec![0; words];
        for processor in &mut *processors {
            let counts = processor.simulator.counts(start, words);
            executed.iter_mut().zip(counts).for_each(|(sum, (count, _))| *sum += count);
        }
        let mut places: BTreeMap<Option<Span>, u64> = BTreeMap::new();
        for (pc, &count) in (start..).step_by(4).zip(&executed) {
            if count > 0 {
                *places.entry(function.span_at(pc)).or_default() += count;
            }
        }
        total.functions.push(FunctionStatistics {
            name: function.name.to_string(),
            code_bytes: function.code_bytes,
            instructions: places.values().sum(),
            places: places.into_iter().collect(),
        });
    }
    total
}
