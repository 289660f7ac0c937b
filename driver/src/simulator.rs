//! Machine code in the simulator: a pool of simulated processors over one piece of code.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arm64_sim::{CallArgs, Class, CodeKind, Config, HostCall, Simulator, Stats};
use codegen::ArgPlace;
use ir::{Span, TrapKind};
use jitmem::DataMemory;
use regalloc::RegClass;

use crate::abi::{self, Places};
use crate::error::Error;
use crate::host::HostFunction;
use crate::link::Linked;
use crate::machine::{Fault, Machine};
use crate::native;
use crate::statistics::{FunctionStatistics, Statistics};

/// Bytes of stack of a simulated processor.
const STACK_BYTES: u64 = 8 << 20;

/// What a call may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SimLimits {
    /// Instructions of the machine.
    pub(crate) fuel: Option<u64>,
    /// Whether only its stack and the data objects may be touched.
    pub(crate) restricted: bool,
}

/// Simulated processors. A call takes an idle one, so that calls may nest and threads do not wait for each other.
pub(crate) struct Simulators {
    /// In boxes, because a processor is 8 KB, which a call would move four times.
    idle: Mutex<Vec<Box<Simulator>>>,
    hosts: Vec<HostFunction>,
    limits: SimLimits,
    /// What restricted simulators work on: one for all, as in native code.
    data: Arc<DataMemory>,
}

impl fmt::Debug for Simulators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulators").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Simulators {
    pub(crate) fn new(hosts: &[HostFunction], limits: SimLimits, data: &Arc<DataMemory>) -> Self {
        Self { idle: Mutex::default(), hosts: hosts.to_vec(), limits, data: Arc::clone(data) }
    }

    fn make(&self, code: &Linked) -> Result<Box<Simulator>, Error> {
        let mut config =
            if self.limits.restricted { Config::restricted() } else { native::open_simulator() };
        config.stack_size = STACK_BYTES;
        config.host_stack = true;
        let mut simulator = Box::new(Simulator::new(config));
        let published =
            simulator.publish(code.code().address(), &code.code().words(), CodeKind::Plain);
        published.map_err(|_| Error::Internal("code cannot be published to the simulator"))?;
        if self.limits.restricted && !native::share_data(&mut simulator, &self.data) {
            return Err(Error::Internal("data lie where something else is mapped"));
        }
        for function in &self.hosts {
            let HostFunction { signature, address, thunk, .. } = function.clone();
            simulator.register_host(address, move |call: &mut HostCall<'_>| {
                let args = abi::gather(&signature, |place| match place {
                    ArgPlace::Reg(reg) if reg.class() == RegClass::Int => {
                        Ok(call.x(reg.index().into()))
                    }
                    ArgPlace::Reg(reg) => Ok(call.d(reg.index().into())),
                    ArgPlace::Stack(offset) => call.stack(offset as usize / abi::WORD),
                })?;
                let result = thunk(&args);
                if let Some(param) = signature.results.first() {
                    if param.ty.is_float() {
                        call.set_d(0, result);
                    } else {
                        let extended = param
                            .extend
                            .map_or(result, |extend| ir::eval::extended(extend, param.ty, result));
                        call.set_x(0, extended);
                    }
                }
                Ok(())
            });
        }
        Ok(simulator)
    }
}

impl Machine for Simulators {
    fn call(&self, entry: u64, places: &mut Places, code: &Linked) -> Result<(), Error> {
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut simulator = match taken {
            Some(simulator) => simulator,
            None => self.make(code)?,
        };
        simulator.set_fuel(self.limits.fuel);
        let args = CallArgs { ints: &places.ints, floats: &places.floats, stack: &places.stack };
        let outcome = simulator.call(entry, &args);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(simulator);
        let results = outcome.map_err(|fault| error(&fault, code))?;
        places.ints = results.ints;
        places.floats = results.floats;
        Ok(())
    }

    fn instructions(&self) -> Option<u64> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        Some(idle.iter_mut().map(|simulator| simulator.stats().instructions).sum())
    }

    fn statistics(&self, code: &Linked) -> Option<Statistics> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        Some(counts(&mut idle, code))
    }
}

/// As the caller of an engine sees a fault of the simulator.
fn error(fault: &arm64_sim::Fault, code: &Linked) -> Error {
    use arm64_sim::Stop;
    let reason = match fault.stop {
        Stop::Breakpoint { .. } => Fault::Breakpoint,
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
    reason.into_error(fault.pc(), code)
}

/// The counts of these simulators, which run `code`.
fn counts(simulators: &mut [Box<Simulator>], code: &Linked) -> Statistics {
    let mut total = Statistics::default();
    let classes: Vec<Stats> = simulators.iter_mut().map(|simulator| simulator.stats()).collect();
    for class in Class::ALL {
        let count = classes.iter().map(|stats| stats.class(class)).sum();
        total.classes.push((class.name(), count));
    }
    total.instructions = classes.iter().map(|stats| stats.instructions).sum();
    total.taken_branches = classes.iter().map(|stats| stats.taken_branches).sum();
    // Asked once: each answer settles whole pages.
    let start = code.code().address();
    let mut executed = vec![0; code.code().words().len()];
    for simulator in simulators {
        let counts = simulator.counts(start, executed.len());
        executed.iter_mut().zip(counts).for_each(|(sum, (count, _))| *sum += count);
    }
    for placed in code.functions() {
        let first = (placed.range.start - start) as usize / 4;
        let mut places: BTreeMap<Option<Span>, u64> = BTreeMap::new();
        let counts = &executed[first..first + placed.code_bytes as usize / 4];
        for (pc, &count) in (placed.range.start..).step_by(4).zip(counts) {
            if count > 0 {
                *places.entry(placed.span_at(pc)).or_default() += count;
            }
        }
        total.functions.push(FunctionStatistics {
            name: placed.name.clone(),
            code_bytes: placed.code_bytes,
            instructions: places.values().sum(),
            places: places.into_iter().collect(),
        });
    }
    total
}
