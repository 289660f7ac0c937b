//! [`Program`]: functions that call each other, and come and go while they run.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

use ir::{Function, Signature, Type};
use jitmem::epoch::{self, Inside};
use jitmem::{DataMemory, Shared};

use crate::error::LoadError;
use crate::load;
use crate::table::{HostSlot, Slot, Table};

/// The memory that a program may touch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MemoryAccess {
    /// Own stack slots, data objects that were [allowed](Program::allow_data), and the ranges given to
    /// [`Interpreter::allow`](crate::Interpreter::allow): anything else is a `memory_fault` trap. For IR that is not
    /// trusted.
    #[default]
    Restricted,
    /// Every address of the process, as the machine code of the same program would: whoever gives the IR vouches for its
    /// addresses. Only the first page and what is above user space trap.
    Host,
}

/// The options of loading functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// The memory that the program may touch.
    pub memory: MemoryAccess,
    /// `true` if blocks and edges are counted and the budget of instructions applies. Costs time.
    pub counted: bool,
}

/// A function of a [`Program`]. Its number is another's after it was removed, in a later generation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FuncId {
    pub(crate) index: u32,
    generation: u32,
}

/// A host function of a [`Program`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HostId(u32);

impl HostId {
    /// Its place in the order of declarations, which [`Host::call`](crate::Host::call) is told.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The target of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Target {
    /// A function of the program.
    Function(FuncId),
    /// A function of the host.
    Host(HostId),
}

/// The meaning of the names in a function.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bindings<'a> {
    /// The targets of calls, by the index of the `FuncRef`.
    pub callees: &'a [Target],
    /// The address of each data object, by the index of the `DataRef`.
    pub data: &'a [u64],
}

/// Functions that call each other. All of it may be used by several threads at once: functions are declared, defined,
/// replaced and removed while others run. A function that was called runs to its end as it began; each call after that
/// finds what is there then.
///
/// ```
/// use interp::{Bindings, Interpreter, LoadOptions, NoHost, Program, Target};
/// use ir::{FunctionBuilder, Signature, TrapKind, Type};
///
/// let program = Program::new(&LoadOptions::default());
/// let unary = Signature::new(&[Type::I64], &[Type::I64]);
/// let (double, quadruple) = (program.declare(&unary), program.declare(&unary));
///
/// let b = FunctionBuilder::new("quadruple");
/// let x = b.param(Type::I64);
/// let callee = b.import("double", unary.clone());
/// b.ret(b.call1(callee, b.call1(callee, x)));
/// let bindings = Bindings { callees: &[Target::Function(double)], data: &[] };
/// program.define(quadruple, &b.finish().unwrap(), &bindings).unwrap();
///
/// let mut interpreter = Interpreter::default();
/// let trap = interpreter.call(&program, quadruple, &[3], &mut NoHost).unwrap_err();
/// assert_eq!((trap.kind, trap.missing), (TrapKind::BadCall, Some(double)));
///
/// let b = FunctionBuilder::new("double");
/// let x = b.param(Type::I64);
/// b.ret(b.add(x, x));
/// program.define(double, &b.finish().unwrap(), &Bindings::default()).unwrap();
/// assert_eq!(interpreter.call(&program, quadruple, &[3], &mut NoHost), Ok(vec![12]));
/// ```
#[derive(Debug)]
pub struct Program {
    pub(crate) options: LoadOptions,
    functions: Table<Shared<Slot>>,
    hosts: Table<OnceLock<HostSlot>>,
    /// The data objects, by their first address.
    data: RwLock<BTreeMap<u64, Arc<DataMemory>>>,
    /// Taken by what changes functions, never by a call.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Numbers of signatures, so that an indirect call compares two numbers.
    shapes: HashMap<Arc<Signature>, u32>,
    /// How many slots there have been, of functions and of the host.
    functions: u32,
    hosts: u32,
    /// Slots without a function, with their next generation.
    free: Vec<FuncId>,
}

impl State {
    /// The signature and its number, a new one if it is new.
    fn shape(&mut self, signature: &Signature) -> (Arc<Signature>, u32) {
        if let Some((signature, &number)) = self.shapes.get_key_value(signature) {
            return (Arc::clone(signature), number);
        }
        let (signature, number) = (Arc::new(signature.clone()), self.shapes.len() as u32);
        self.shapes.insert(Arc::clone(&signature), number);
        (signature, number)
    }
}

/// The next of a row of numbers.
fn next(count: &mut u32) -> u32 {
    let number = *count;
    match number.checked_add(1) {
        Some(more) => *count = more,
        None => unreachable!("memory ends before four billion slots"),
    }
    number
}

/// The addresses of functions, and those of the host's. No data is there, and no access reaches there in any program.
const FUNCTION_ADDRESSES: u64 = 1 << 60;
const HOST_ADDRESSES: u64 = 1 << 61;
/// They are so far apart, so that a number next to one is none.
const DISTANCE_BITS: u32 = 4;
const GENERATION_SHIFT: u32 = DISTANCE_BITS + u32::BITS;
/// A slot is used so often: generations are part of the address.
const GENERATIONS: u32 = 1 << (60 - GENERATION_SHIFT);

/// What is called, where a call finds it.
pub(crate) enum Callee<'c> {
    Function(&'c Slot),
    Host(HostId),
}

/// Returns `true` if calls as one of these may go to the other.
pub(crate) fn same_types(one: &Signature, other: &Signature) -> bool {
    one.param_types().eq(other.param_types()) && one.result_types().eq(other.result_types())
}

impl Program {
    /// A program without functions.
    #[must_use]
    pub fn new(options: &LoadOptions) -> Self {
        Self {
            options: *options,
            functions: Table::new(),
            hosts: Table::new(),
            data: RwLock::default(),
            state: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new function, without a body: to call it is a `bad_call` trap.
    pub fn declare(&self, signature: &Signature) -> FuncId {
        let mut state = self.lock();
        let (signature, shape) = state.shape(signature);
        let id = match state.free.pop() {
            Some(id) => id,
            None => FuncId { index: next(&mut state.functions), generation: 0 },
        };
        let slot = Slot { id, signature, shape, body: Shared::default() };
        self.functions.make(id.index).put(Some(Arc::new(slot)));
        id
    }

    /// A new function of the host.
    pub fn declare_host(&self, signature: &Signature) -> HostId {
        let mut state = self.lock();
        let (signature, shape) = state.shape(signature);
        let id = HostId(next(&mut state.hosts));
        let results = signature.result_types().map(Type::mask).collect();
        self.hosts.make(id.0).get_or_init(|| HostSlot { signature, shape, results });
        id
    }

    /// Gives a function its body, or another one. Threads that are in the old one end as they began; calls after this one
    /// run the new one.
    ///
    /// # Errors
    /// What is wrong with the function or with what it is bound to; the slot is then as it was.
    pub fn define(
        &self,
        id: FuncId,
        func: &Function,
        bindings: &Bindings<'_>,
    ) -> Result<(), LoadError> {
        ir::verify_function(func).map_err(LoadError::Invalid)?;
        let unknown = || LoadError::UnknownFunction { function: func.name.clone() };
        let inside = epoch::enter();
        let slot = self.slot(id, &inside).ok_or_else(unknown)?;
        if !same_types(&slot.signature, &func.signature) {
            return Err(LoadError::Signature {
                function: func.name.clone(),
                given: func.signature.to_string(),
                declared: slot.signature.to_string(),
            });
        }
        let code = Arc::new(load::function(func, id, bindings, self)?);
        let state = self.lock();
        // It may have been removed meanwhile.
        let slot = self.slot(id, &inside).ok_or_else(unknown)?;
        let old = slot.body.put(Some(code));
        drop(state);
        drop(old);
        Ok(())
    }

    /// Takes a function away: what still calls it, by name or by address, traps with `bad_call`. Threads that are in it
    /// end as they began. Whether it was there.
    pub fn remove(&self, id: FuncId) -> bool {
        let inside = epoch::enter();
        let mut state = self.lock();
        let Some(slot) = self.slot(id, &inside) else { return false };
        // Also those that call it hold the slot.
        let body = slot.body.put(None);
        let slot = self.functions.make(id.index).put(None);
        let generation = id.generation + 1;
        if generation < GENERATIONS {
            state.free.push(FuncId { generation, ..id });
        }
        drop(state);
        drop((body, slot));
        true
    }

    /// The slot of a function that was not removed.
    #[inline(always)]
    pub(crate) fn slot<'c>(&'c self, id: FuncId, inside: &'c Inside) -> Option<&'c Slot> {
        self.functions.get(id.index)?.get(inside).filter(|slot| slot.id == id)
    }

    /// The same, to be kept.
    pub(crate) fn share(&self, id: FuncId) -> Option<Arc<Slot>> {
        let entry = self.functions.get(id.index)?;
        entry.share(&epoch::enter()).filter(|slot| slot.id == id)
    }

    /// All functions, in the order of their numbers.
    pub(crate) fn slots<'c>(&'c self, inside: &'c Inside) -> impl Iterator<Item = &'c Slot> {
        self.functions.entries().filter_map(|entry| entry.get(inside))
    }

    pub(crate) fn host(&self, id: HostId) -> Option<&HostSlot> {
        self.hosts.get(id.0)?.get()
    }

    /// The number of a signature.
    pub(crate) fn shape(&self, signature: &Signature) -> u32 {
        self.lock().shape(signature).1
    }

    /// The address that stands for a function. It stays, and is no other's when the function is removed.
    #[must_use]
    pub fn address_of(&self, target: Target) -> u64 {
        match target {
            Target::Function(FuncId { index, generation }) => {
                FUNCTION_ADDRESSES
                    + (u64::from(generation) << GENERATION_SHIFT)
                    + (u64::from(index) << DISTANCE_BITS)
            }
            Target::Host(HostId(index)) => HOST_ADDRESSES + (u64::from(index) << DISTANCE_BITS),
        }
    }

    /// The function that an address stands for, unless it was removed.
    #[must_use]
    pub fn target_at(&self, address: u64) -> Option<Target> {
        match self.callee_at(address, &epoch::enter())?.0 {
            Callee::Function(slot) => Some(Target::Function(slot.id)),
            Callee::Host(id) => Some(Target::Host(id)),
        }
    }

    /// The same, with the number of its signature.
    pub(crate) fn callee_at<'c>(
        &'c self,
        address: u64,
        inside: &'c Inside,
    ) -> Option<(Callee<'c>, u32)> {
        if address & ((1 << DISTANCE_BITS) - 1) != 0 {
            return None;
        }
        if let Some(distance) = address.checked_sub(HOST_ADDRESSES) {
            let id = HostId(u32::try_from(distance >> DISTANCE_BITS).ok()?);
            return Some((Callee::Host(id), self.host(id)?.shape));
        }
        let distance = address.checked_sub(FUNCTION_ADDRESSES)?;
        let index = (distance >> DISTANCE_BITS) as u32;
        let id = FuncId { index, generation: (distance >> GENERATION_SHIFT) as u32 };
        let slot = self.slot(id, inside)?;
        Some((Callee::Function(slot), slot.shape))
    }

    /// The parameters and results of a function, unless it was removed.
    #[must_use]
    pub fn signature(&self, id: FuncId) -> Option<Arc<Signature>> {
        Some(Arc::clone(&self.slot(id, &epoch::enter())?.signature))
    }

    fn data(&self) -> RwLockReadGuard<'_, BTreeMap<u64, Arc<DataMemory>>> {
        self.data.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn data_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<u64, Arc<DataMemory>>> {
        self.data.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets restricted functions touch these data objects, until [`forget_data`](Self::forget_data).
    pub fn allow_data(&self, data: Arc<DataMemory>) {
        self.data_mut().insert(data.range().start, data);
    }

    /// Takes back [`allow_data`](Self::allow_data). Calls that have begun may still touch them, so they live as long.
    pub fn forget_data(&self, data: &DataMemory) {
        let forgotten = self.data_mut().remove(&data.range().start);
        if let Some(data) = forgotten {
            epoch::retire(data);
        }
    }

    /// The addresses of the data objects that these lie in.
    pub(crate) fn data_around(&self, addresses: Range<u64>) -> Option<Range<u64>> {
        let data = self.data();
        let range = data.range(..=addresses.start).next_back()?.1.range();
        (addresses.end <= range.end).then_some(range)
    }
}

impl Drop for Program {
    /// Bodies hold the slots that they call, which hold bodies.
    fn drop(&mut self) {
        for slot in self.slots(&epoch::enter()) {
            slot.body.put(None);
        }
        epoch::collect();
    }
}
