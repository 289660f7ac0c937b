//! Machine code in the simulator: a pool of simulated processors over one piece of code.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arm64_sim::{CallArgs, CodeKind, Config, Fault, HostCall, Simulator};
use codegen::ArgPlace;
use ir::{Span, TrapKind};
use jitmem::DataMemory;
use regalloc::RegClass;

use crate::abi::{self, Places};
use crate::error::{Error, Trap};
use crate::host::HostFunction;
use crate::link::Linked;
use crate::native;
use crate::statistics::Statistics;

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

    /// What all calls that have ended executed.
    pub(crate) fn statistics(&self, code: &Linked) -> Statistics {
        Statistics::of(&mut self.idle.lock().unwrap_or_else(PoisonError::into_inner), code)
    }

    /// Instructions that all calls that have ended executed.
    pub(crate) fn instructions(&self) -> u64 {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.iter_mut().map(|simulator| simulator.stats().instructions).sum()
    }

    /// Calls the function at `entry`; the registers that return are left in `places`.
    pub(crate) fn call(
        &self,
        entry: u64,
        places: &mut Places,
        code: &Linked,
    ) -> Result<(), SimError> {
        let taken = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut simulator = match taken {
            Some(simulator) => simulator,
            None => self.make(code)?,
        };
        simulator.set_fuel(self.limits.fuel);
        let args = CallArgs { ints: &places.ints, floats: &places.floats, stack: &places.stack };
        let outcome = simulator.call(entry, &args);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(simulator);
        let results = outcome.map_err(SimError::Fault)?;
        places.ints = results.ints;
        places.floats = results.floats;
        Ok(())
    }

    fn make(&self, code: &Linked) -> Result<Box<Simulator>, SimError> {
        let mut config =
            if self.limits.restricted { Config::restricted() } else { native::open_simulator() };
        config.stack_size = STACK_BYTES;
        config.host_stack = true;
        let mut simulator = Box::new(Simulator::new(config));
        let published =
            simulator.publish(code.code().address(), &code.code().words(), CodeKind::Plain);
        published.map_err(|_| SimError::Defect("code cannot be published to the simulator"))?;
        if self.limits.restricted && !native::share_data(&mut simulator, &self.data) {
            return Err(SimError::Defect("data lie where something else is mapped"));
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

/// Why a simulated call ended.
pub(crate) enum SimError {
    Fault(Fault),
    Defect(&'static str),
}

impl SimError {
    /// As the caller of an engine sees it: `trap` makes a trap of a kind, a function and a place.
    pub(crate) fn into_error(
        self,
        code: &Linked,
        trap: impl Fn(TrapKind, &str, Option<Span>) -> Trap,
    ) -> Error {
        let fault = match self {
            SimError::Fault(fault) => fault,
            SimError::Defect(what) => return Error::Internal(what),
        };
        let pc = fault.pc();
        let placed = code.function_at(pc);
        let name = placed.map_or("a veneer", |placed| placed.name.as_str());
        let span = placed.and_then(|placed| placed.span_at(pc));
        match fault {
            Fault::Breakpoint { .. } => match placed.and_then(|placed| placed.trap_at(pc)) {
                Some((kind, span)) => trap(kind, name, span).into(),
                None => Error::Internal("a `brk` that is no trap site was reached"),
            },
            Fault::StackOverflow { .. } => trap(TrapKind::StackOverflow, name, span).into(),
            Fault::OutOfMemory { bytes, .. } => {
                let mut trap = trap(TrapKind::StackOverflow, name, span);
                trap.detail = Some(format!("no memory for {bytes} bytes of stack"));
                trap.into()
            }
            Fault::OutOfFuel { .. } => trap(TrapKind::OutOfFuel, name, span).into(),
            // An address of a call that is no function's.
            Fault::OutsideCode { target, .. } | Fault::MisalignedTarget { target, .. } => {
                let mut trap = trap(TrapKind::BadCall, name, span);
                trap.detail = Some(format!("address {target:#x}"));
                trap.into()
            }
            Fault::Memory { address, .. } | Fault::Unaligned { address, .. } => {
                let mut trap = trap(TrapKind::MemoryFault, name, span);
                trap.detail = Some(format!("address {address:#x}"));
                trap.into()
            }
            other => Error::Machine(format!("in `{name}`: {other}")),
        }
    }
}
