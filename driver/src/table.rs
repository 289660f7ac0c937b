//! The function table: a slot for each function of an engine, what is in it, and who calls it.
//!
//! A slot keeps its number, and its stub the address, for as long as anything can refer to the function. What is in it
//! changes: declared, waiting to be compiled, compiled, removed. Callers in machine code go to the function itself while
//! there is code for it that was never replaced, else through its stub; each such call is a *site*, which is redirected.
//! Everything here is behind one lock that calls never take: they read [`Slot::entry`].

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use codegen::{CallConv, Protection, Runtime};
use ir::{Module, Signature};
use jitmem::DataMemory;

use crate::entry;
use crate::error::Error;
use crate::host::Bound;
#[cfg(feature = "interpreter")]
use crate::interpreter::Loaded;
use crate::native::NativeEntry;
use crate::owned::Life;
use crate::space::{Code, Space};
use crate::stub::{Stub, Stubs};
use crate::unit::Unit;

/// The number of a slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct SlotNumber(u32);

impl SlotNumber {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The number so many slots on.
    pub(crate) fn plus(self, count: u32) -> Option<Self> {
        self.0.checked_add(count).map(Self)
    }
}

/// A function of an [`Engine`](crate::Engine). It stays the same when the function is replaced, and is never that of another one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FuncId {
    engine: u32,
    slot: SlotNumber,
    generation: u32,
}

impl fmt::Display for FuncId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "function {} of engine {}", self.slot.0, self.engine)?;
        if self.generation > 0 { write!(f, " (generation {})", self.generation) } else { Ok(()) }
    }
}

/// What callers of a function know of it without the lock.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: Arc<str>,
    pub(crate) signature: Arc<Signature>,
    pub(crate) id: FuncId,
    /// Where a call from Rust goes: the function's code, or its stub.
    pub(crate) entry: AtomicU64,
    /// How Rust calls it, if that is by native code.
    pub(crate) native: Option<NativeEntry>,
    /// What the interpreter knows it by, if that runs it.
    #[cfg(feature = "interpreter")]
    pub(crate) interpreted: Option<interp::FuncId>,
}

/// What is in a slot.
#[derive(Debug)]
pub(crate) enum Body {
    /// It has a signature.
    Declared,
    /// It is compiled when it is first called: the function of this index in the unit.
    Waiting(Arc<Mutex<Unit>>, u32),
    /// It has code.
    Compiled(Arc<Code>),
    /// The interpreter has it.
    #[cfg(feature = "interpreter")]
    Interpreted(Arc<Loaded>),
    /// It was taken away, and something still refers to it.
    Removed,
}

/// A data object that has a name.
#[derive(Debug)]
pub(crate) struct NamedData {
    /// The objects of its module; gone when the functions are.
    memory: Weak<DataMemory>,
    pub(crate) index: usize,
    pub(crate) mutable: bool,
}

impl NamedData {
    /// The error if there are not that many bytes from `offset` on.
    pub(crate) fn in_range(
        &self,
        name: &str,
        memory: &DataMemory,
        is_there: bool,
        offset: usize,
        count: usize,
    ) -> Result<(), Error> {
        if is_there {
            return Ok(());
        }
        let size = memory.size(self.index).ok_or(Error::Internal("data have lost an object"))?;
        Err(Error::DataRange { name: name.to_owned(), size, offset, count })
    }
}

/// A call of a function in the code of another.
#[derive(Debug)]
struct Site {
    caller: Weak<Code>,
    address: u64,
}

#[derive(Debug)]
struct Entry {
    slot: Arc<Slot>,
    body: Body,
    /// None is there unless it is called before it is replaced.
    sites: Option<Box<Sites>>,
    /// `true` if it was replaced. Callers then go through its stub for good, so that all of them change over at once.
    is_replaced: bool,
    /// Pieces of code that refer to it.
    references: u32,
    /// Ends when nobody can reach it, if it goes then; of no module if it stays until it is removed.
    life: Option<Weak<Life>>,
}

/// The direct calls of a function.
#[derive(Debug, Default)]
struct Sites {
    all: Vec<Site>,
    /// Sites that were there when those whose caller is gone were last taken out.
    pruned: usize,
}

impl Sites {
    /// Forgets the sites whose code is gone.
    fn prune(&mut self) {
        self.all.retain(|site| site.caller.strong_count() > 0);
        self.pruned = self.all.len();
    }

    fn add(&mut self, site: Site) {
        if self.all.len() > 2 * self.pruned + 8 {
            self.prune();
        }
        self.all.push(site);
    }
}

impl Entry {
    /// Sends the direct calls to `target`.
    fn send_callers(&mut self, target: u64, space: &Space) -> Result<(), Error> {
        let Some(sites) = &mut self.sites else { return Ok(()) };
        sites.prune();
        for site in &sites.all {
            if let Some(caller) = site.caller.upgrade() {
                crate::link::redirect(&caller.code, site.address, target, space)?;
            }
        }
        Ok(())
    }
}

/// What a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A function of the engine.
    Function(FuncId),
    /// A function of the host, by its place.
    Host(usize),
}

/// A function of the host, and the code that calls it.
#[derive(Debug)]
pub(crate) struct Import {
    pub(crate) host: Arc<Bound>,
    /// The address that machine code calls, once it does.
    pub(crate) veneer: Option<u64>,
}

/// The functions of an engine.
#[derive(Debug)]
pub(crate) struct Table {
    engine: u32,
    entries: Vec<Entry>,
    free: Vec<SlotNumber>,
    names: HashMap<Arc<str>, SlotNumber>,
    /// Those of the functions, each once, and how many there were when those that nobody has were last taken out.
    signatures: (HashSet<Arc<Signature>>, usize),
    /// All that were ever imported: code may call each.
    pub(crate) imports: Vec<Import>,
    data: HashMap<String, NamedData>,
    /// Data objects that were there when those that are gone were last taken out.
    pruned_data: usize,
    imported: HashMap<String, usize>,
    stubs: Option<Stubs>,
    /// How native code is entered, by signature, if it is.
    natives: Option<(CallConv, Protection, HashMap<Signature, NativeEntry>)>,
}

impl Table {
    /// An empty table for the engine of this number, with stubs if it has machine code, and entries if that is native and
    /// follows a convention.
    pub(crate) fn new(
        engine: u32,
        stubs: Option<Stubs>,
        native: Option<(CallConv, Protection)>,
    ) -> Self {
        Self {
            natives: native.map(|(conv, protection)| (conv, protection, HashMap::new())),
            engine,
            entries: Vec::new(),
            free: Vec::new(),
            names: HashMap::new(),
            signatures: (HashSet::new(), 0),
            imports: Vec::new(),
            data: HashMap::new(),
            pruned_data: 0,
            imported: HashMap::new(),
            stubs,
        }
    }

    /// A new function without a body. The name must be free.
    pub(crate) fn declare(
        &mut self,
        name: &str,
        signature: &Signature,
        space: Option<&Space>,
    ) -> Result<SlotNumber, Error> {
        // First, so that no stub is taken without its slot if there is no memory.
        let native = match space {
            Some(space) => self.native_entry(signature, space)?,
            None => None,
        };
        let (number, generation) = match self.free.pop() {
            Some(number) => {
                let entry = &self.entries[number.index()];
                (number, entry.slot.id.generation.wrapping_add(1))
            }
            None => {
                let number = SlotNumber(
                    u32::try_from(self.entries.len())
                        .map_err(|_| Error::Internal("more functions than numbers"))?,
                );
                if let (Some(stubs), Some(space)) = (&mut self.stubs, space) {
                    stubs.make(number, space)?;
                }
                (number, 0)
            }
        };
        let id = FuncId { engine: self.engine, slot: number, generation };
        let (name, signature) = (Arc::<str>::from(name), self.shared(signature));
        let entry = AtomicU64::new(self.stub(number).address());
        let slot = Arc::new(Slot {
            name: Arc::clone(&name),
            signature,
            id,
            entry,
            native,
            #[cfg(feature = "interpreter")]
            interpreted: None,
        });
        let entry = Entry {
            slot,
            body: Body::Declared,
            sites: None,
            is_replaced: false,
            references: 0,
            life: None,
        };
        match self.entries.get_mut(number.index()) {
            Some(old) => *old = entry,
            None => self.entries.push(entry),
        }
        self.names.insert(name, number);
        Ok(number)
    }

    /// The signature as the functions share it.
    fn shared(&mut self, signature: &Signature) -> Arc<Signature> {
        let (all, pruned) = &mut self.signatures;
        if let Some(shared) = all.get(signature) {
            return Arc::clone(shared);
        }
        if all.len() > 2 * *pruned + 64 {
            all.retain(|signature| Arc::strong_count(signature) > 1);
            *pruned = all.len();
        }
        let shared = Arc::new(signature.clone());
        all.insert(Arc::clone(&shared));
        shared
    }

    /// The entry of native functions of this signature.
    fn native_entry(
        &mut self,
        signature: &Signature,
        space: &Space,
    ) -> Result<Option<NativeEntry>, Error> {
        let Some((conv, protection, known)) = &mut self.natives else { return Ok(None) };
        if let Some(entry) = known.get(signature) {
            return Ok(Some(entry.clone()));
        }
        let assembled = entry::assemble(signature, *conv, *protection);
        let Some(assembled) = assembled else { return Ok(None) };
        let code = space.add_helper("jitsu: entry", &assembled.code)?;
        let entry =
            NativeEntry::new(&code, assembled.recovery, signature, Arc::clone(space.ranges()));
        known.insert(signature.clone(), entry.clone());
        Ok(Some(entry))
    }

    fn entry(&self, slot: SlotNumber) -> &Entry {
        &self.entries[slot.index()]
    }

    fn entry_mut(&mut self, slot: SlotNumber) -> &mut Entry {
        &mut self.entries[slot.index()]
    }

    pub(crate) fn slot(&self, slot: SlotNumber) -> &Arc<Slot> {
        &self.entry(slot).slot
    }

    pub(crate) fn body(&self, slot: SlotNumber) -> &Body {
        &self.entry(slot).body
    }

    /// The slot of an id of this engine whose function has not been removed.
    pub(crate) fn find(&self, id: FuncId) -> Option<SlotNumber> {
        let entry = self.entries.get(id.slot.index())?;
        (entry.slot.id == id && !matches!(entry.body, Body::Removed)).then_some(id.slot)
    }

    /// The slot whose stub is at an address.
    pub(crate) fn at_stub(&self, address: u64) -> Option<SlotNumber> {
        self.stubs.as_ref()?.slot_at(address)
    }

    /// Where calls end of what is removed or cannot be compiled.
    pub(crate) fn removed_address(&self) -> u64 {
        self.stubs.as_ref().map_or(0, Stubs::removed)
    }

    /// The address of code that all functions share; the interpreter has none.
    pub(crate) fn runtime_address(&self, code: Runtime) -> Option<u64> {
        self.stubs.as_ref().map(|stubs| stubs.runtime(code))
    }

    /// What a name stands for: functions come before the host's.
    pub(crate) fn named(&self, name: &str) -> Option<Target> {
        let host = || self.imported.get(name).copied().map(Target::Host);
        self.function(name).map(|slot| Target::Function(self.slot(slot).id)).or_else(host)
    }

    /// Gives a name to a function of the host, from now on.
    pub(crate) fn import(&mut self, name: &str, import: Import) {
        self.imported.insert(name.to_owned(), self.imports.len());
        self.imports.push(import);
    }

    /// The function of this name.
    pub(crate) fn function(&self, name: &str) -> Option<SlotNumber> {
        self.names.get(name).copied()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(|name| &**name)
    }

    /// What a module may call, by name.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = &str> {
        self.names().chain(self.imported.keys().map(String::as_str))
    }

    /// The signature of what is called, unless that was removed.
    pub(crate) fn signature(&self, target: Target) -> Option<&Signature> {
        match target {
            Target::Function(id) => Some(&self.slot(self.find(id)?).signature),
            Target::Host(index) => Some(&self.imports[index].host.function.signature),
        }
    }

    /// Where a call in machine code goes.
    pub(crate) fn call_address(&self, slot: SlotNumber) -> u64 {
        let entry = self.entry(slot);
        match &entry.body {
            // Its callers are where its stub is.
            Body::Compiled(code) if !entry.is_replaced => code.entry_for_stub(),
            _ => self.stub_address(slot),
        }
    }

    /// The address of the function as a value: it stays.
    pub(crate) fn stub_address(&self, slot: SlotNumber) -> u64 {
        self.stub(slot).address()
    }

    fn stub(&self, slot: SlotNumber) -> Stub {
        self.stubs.as_ref().map_or(Stub::none(), |stubs| stubs.of(slot))
    }

    /// Puts something else into a slot, sends every caller there, and gives back what was in it.
    pub(crate) fn fill(
        &mut self,
        slot: SlotNumber,
        body: Body,
        space: &Space,
    ) -> Result<Body, Error> {
        let stub = self.stub(slot);
        let entry = self.entry_mut(slot);
        let had_code = matches!(entry.body, Body::Compiled(_));
        if had_code && !entry.is_replaced {
            // Else a thread could call the new function and after that, from another place, the old one.
            entry.is_replaced = true;
            entry.send_callers(stub.address(), space)?;
            space.synchronize();
            entry.sites = None;
        }
        let old = mem::replace(&mut entry.body, body);
        let code = match &entry.body {
            Body::Compiled(code) => Some((code.code.address(), code.entry_for_stub())),
            _ => None,
        };
        stub.go_to(code.map_or(stub.lazy(), |(_, near)| near), space)?;
        let entry_for_rust = code.map_or(stub.address(), |(address, _)| address);
        entry.slot.entry.store(entry_for_rust, Ordering::Release);
        if let Some((_, near)) = code
            && !entry.is_replaced
        {
            entry.send_callers(near, space)?;
        }
        Ok(old)
    }

    /// Puts something else into a slot that no machine code calls, and gives back what was in it.
    pub(crate) fn set_body(&mut self, slot: SlotNumber, body: Body) -> Body {
        mem::replace(&mut self.entry_mut(slot).body, body)
    }

    /// The interpreter knows a new function by this.
    #[cfg(feature = "interpreter")]
    pub(crate) fn interpret(&mut self, slot: SlotNumber, id: interp::FuncId) {
        match Arc::get_mut(&mut self.entry_mut(slot).slot) {
            Some(slot) => slot.interpreted = Some(id),
            None => unreachable!("nobody has a handle to a function that was just declared"),
        }
    }

    /// The function that the interpreter knows by `id`, and what is in its slot. Looks at all of them.
    #[cfg(feature = "interpreter")]
    pub(crate) fn interpreted(&self, id: interp::FuncId) -> Option<(&Slot, &Body)> {
        let mut entries = self.entries.iter();
        let entry = entries.find(|entry| {
            entry.slot.interpreted == Some(id) && !matches!(entry.body, Body::Removed)
        })?;
        Some((&entry.slot, &entry.body))
    }

    /// The function goes, with its name. Its slot can be another's once nothing refers to it.
    pub(crate) fn remove(
        &mut self,
        slot: SlotNumber,
        space: Option<&Arc<Space>>,
    ) -> Result<Body, Error> {
        let old = match space {
            Some(space) => self.fill(slot, Body::Removed, space)?,
            None => self.set_body(slot, Body::Removed),
        };
        let gone = self.removed_address();
        let entry = self.entry_mut(slot);
        // Handles outlive the slot.
        entry.slot.entry.store(gone, Ordering::Release);
        let is_free = entry.references == 0;
        self.withdraw(slot);
        match space {
            Some(space) if is_free => space.recycle(slot),
            Some(_) => {}
            None => self.free.push(slot),
        }
        Ok(old)
    }

    /// The function is no longer known by its name.
    pub(crate) fn withdraw(&mut self, slot: SlotNumber) {
        let name = &self.entries[slot.index()].slot.name;
        if self.names.get(&**name) == Some(&slot) {
            self.names.remove(&**name);
        }
    }

    /// The function goes when `life` ends.
    pub(crate) fn give_life(&mut self, slot: SlotNumber, life: &Arc<Life>) {
        self.entry_mut(slot).life = Some(Arc::downgrade(life));
    }

    /// What keeps the function there, if it needs that; `None` if it is about to go.
    pub(crate) fn life(&self, slot: SlotNumber) -> Option<Option<Arc<Life>>> {
        match &self.entry(slot).life {
            Some(life) => life.upgrade().map(Some),
            None => Some(None),
        }
    }

    /// Notes that data hold the address of a function.
    pub(crate) fn hold(&mut self, slot: SlotNumber) {
        self.entry_mut(slot).references += 1;
    }

    /// Makes the data objects of a module known by their names, in the place of others that have these names.
    pub(crate) fn name_data(&mut self, module: &Module, memory: &Arc<DataMemory>) {
        for (index, (name, object)) in module.data.iter().enumerate() {
            let memory = Arc::downgrade(memory);
            self.data.insert(name.clone(), NamedData { memory, index, mutable: object.mutable });
        }
        if self.data.len() > 2 * self.pruned_data + 8 {
            self.data.retain(|_, data| data.memory.strong_count() > 0);
            self.pruned_data = self.data.len();
        }
    }

    /// The data object of a name.
    pub(crate) fn data(&self, name: &str) -> Result<(Arc<DataMemory>, &NamedData), Error> {
        let found = self.data.get(name).and_then(|data| Some((data.memory.upgrade()?, data)));
        found.ok_or_else(|| Error::NoData {
            name: name.to_owned(),
            similar: ir::nearest(name, self.data.keys().map(String::as_str)).map(str::to_owned),
        })
    }

    /// Notes that `code` is there and what it refers to; `calls` are its direct calls: callee and address.
    pub(crate) fn note(&mut self, code: &Arc<Code>, calls: &[(SlotNumber, u64)]) {
        for &slot in &code.refers_to {
            self.entry_mut(slot).references += 1;
        }
        for &(callee, address) in calls {
            let entry = self.entry_mut(callee);
            if entry.is_replaced {
                continue;
            }
            let site = Site { caller: Arc::downgrade(code), address };
            entry.sites.get_or_insert_default().add(site);
        }
    }

    /// Takes notice of what has been freed meanwhile.
    pub(crate) fn settle(&mut self, space: &Arc<Space>) {
        for slot in space.take_released() {
            let entry = self.entry_mut(slot);
            entry.references -= 1;
            if entry.references == 0 && matches!(entry.body, Body::Removed) {
                space.recycle(slot);
            }
        }
        self.free.extend(space.take_recycled());
    }
}
