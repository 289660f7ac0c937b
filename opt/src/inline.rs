//! Inlining: the body of a small function in place of a call of it.
//!
//! Requires: SSA form in every function of the module.
//! Preserves: SSA form; every function stays in the module.
//! Breaks: loops, orders, everything that was known about the caller's flow graph.
//!
//! Functions are visited callees first, in an order of depth-first search over the call graph, and optimised as they are
//! visited, so that what is judged and copied is small already. Only a callee that was visited before is inlined, which
//! ends at recursion. A trap in an inlined body keeps its source place, but happens in the caller.

use ir::{
    Block, BlockCall, Callee, DataRef, Entity, FuncRef, Function, Inst, InstData, MAX_FRAME,
    Module, Role, SecondaryMap, SigRef, StackSlot, TrapKind, Value, ValueList,
};

use smallvec::SmallVec;

use crate::Context;
use crate::edit::Aliases;

/// A body of at most so many instructions, constants not counted, is inlined wherever it is called: about what passing
/// arguments, saving registers and returning cost.
const SMALL: usize = 40;

/// A body that is called from one place only may be so large.
const ONCE: usize = 200;

/// A caller is not made larger than this by inlining.
const MAX_CALLER: usize = 4000;

/// A module may grow by so many instructions, and once by its own size: each function of a long chain of calls holds a
/// part of the chain otherwise, as every function stays in the module.
const GROWTH: usize = 10_000;

/// The place of a function in the module, or of a host function behind those. It is looked up once: then names are not
/// asked any more.
type Place = u32;

/// The places of the callees of a function, by [`FuncRef`]; `None` for what the module has not.
type Callees = Vec<Option<Place>>;

fn callees_of(func: &Function, module: &Module) -> Callees {
    let place = |name: &str| {
        let function = module.functions.get_index_of(name);
        let place = function
            .or_else(|| Some(module.functions.len() + module.externs.get_index_of(name)?))?;
        u32::try_from(place).ok()
    };
    func.callees.values().map(|callee| place(&callee.name)).collect()
}

/// The functions of a module that were visited, and which of them may be inlined.
#[derive(Debug, Default)]
pub(crate) struct Bodies {
    /// By place: whom each function calls.
    callees: Vec<Callees>,
    /// The place of the function at hand.
    at: usize,
    /// By place: those that were visited.
    visited: Vec<Option<Function>>,
    /// By place: the size of those that are small enough to be inlined somewhere.
    sizes: Vec<Option<usize>>,
    /// `true` if there is one.
    any: bool,
    /// By place: how many calls and other uses in the module name the function.
    calls: Vec<usize>,
    /// Instructions that may still be copied.
    budget: usize,
}

impl Bodies {
    pub(crate) fn new(module: &Module) -> Self {
        let count = module.functions.len();
        let mut bodies = Self {
            callees: module.functions.values().map(|func| callees_of(func, module)).collect(),
            at: 0,
            visited: vec![None; count],
            sizes: vec![None; count],
            any: false,
            calls: vec![0; count],
            budget: module.functions.values().map(size).fold(GROWTH, usize::saturating_add),
        };
        for (func, callees) in module.functions.values().zip(&bodies.callees) {
            for &block in func.layout() {
                for &inst in func.block_insts(block) {
                    let named = func.inst(inst).names_function();
                    if let Some(place) = named.and_then(|callee| callees[callee.index()])
                        && let Some(count) = bodies.calls.get_mut(place as usize)
                    {
                        *count += 1;
                    }
                }
            }
        }
        bodies
    }

    /// The order in which to visit functions, by place, each after those that it calls, unless they call each other.
    pub(crate) fn callees_first(&self) -> Vec<usize> {
        let mut seen = vec![false; self.callees.len()];
        let mut order = Vec::with_capacity(self.callees.len());
        for root in 0..self.callees.len() {
            if std::mem::replace(&mut seen[root], true) {
                continue;
            }
            let mut stack = vec![(root, 0)];
            while let Some((function, next)) = stack.last_mut() {
                match self.callees[*function].get(*next) {
                    Some(callee) => {
                        *next += 1;
                        let Some(callee) = self.function(*callee) else { continue };
                        if !std::mem::replace(&mut seen[callee], true) {
                            stack.push((callee, 0));
                        }
                    }
                    None => {
                        order.push(*function);
                        stack.pop();
                    }
                }
            }
        }
        order
    }

    /// The place of a callee that is a function of the module.
    fn function(&self, callee: Option<Place>) -> Option<usize> {
        callee.map(|place| place as usize).filter(|&place| place < self.callees.len())
    }

    /// The function of this place is the next one that [`run`] is given.
    pub(crate) fn visit(&mut self, place: usize) {
        self.at = place;
    }

    /// Takes the function that was visited, until [`give_back`](Self::give_back).
    pub(crate) fn add(&mut self, func: Function) {
        let place = self.at;
        let (size, calls) = (size(&func), self.calls[place]);
        let limit = if calls == 1 { ONCE } else { SMALL };
        let mut insts = func.layout().iter().flat_map(|&block| func.block_insts(block));
        // A tail call would have to become a call that returns to the middle of the caller.
        let keeps_frame = |inst: Inst| match *func.inst(inst) {
            InstData::Call { callee, .. } => {
                self.function(self.callees[place][callee.index()]) != Some(place)
            }
            InstData::TailCall { .. } | InstData::TailCallIndirect { .. } => false,
            _ => true,
        };
        if calls > 0 && size <= limit && insts.all(|&inst| keeps_frame(inst)) {
            self.sizes[place] = Some(size);
            self.any = true;
        }
        self.visited[place] = Some(func);
    }

    /// Puts the functions back where they were.
    pub(crate) fn give_back(self, module: &mut Module) {
        for (func, visited) in module.functions.values_mut().zip(self.visited) {
            if let Some(visited) = visited {
                *func = visited;
            }
        }
    }

    /// The body of a callee of `func` that may be inlined.
    fn of(&self, func: &Function, callees: &Callees, callee: FuncRef) -> Option<Body<'_>> {
        let place = self.function(callees[callee.index()])?;
        let size = self.sizes[place]?;
        let body = self.visited[place].as_ref()?;
        let fits = body.signature == func.callees[callee].signature;
        fits.then_some(Body { func: body, callees: &self.callees[place], size })
    }
}

/// A body that may be inlined.
struct Body<'a> {
    func: &'a Function,
    callees: &'a Callees,
    size: usize,
}

fn size(func: &Function) -> usize {
    let is_const = |inst: &Inst| {
        matches!(func.inst(*inst), InstData::IntConst { .. } | InstData::FloatConst { .. })
    };
    let count =
        |&block: &Block| func.block_insts(block).iter().filter(|&inst| !is_const(inst)).count();
    func.layout().iter().map(count).sum()
}

/// Bytes of the stack slots of a function, at most.
fn frame(func: &Function) -> u64 {
    let bytes = func.slots.values().map(|slot| slot.size.saturating_add(slot.align.into()));
    bytes.fold(0, u64::saturating_add)
}

/// How many calls of a function give their callee by its address.
pub(crate) fn calls_by_address(func: &Function) -> usize {
    let is_one = |inst: &&Inst| matches!(func.inst(**inst), InstData::CallIndirect { .. });
    func.layout().iter().map(|&block| func.block_insts(block).iter().filter(is_one).count()).sum()
}

/// Replaces calls in a function by bodies; returns how many.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let bodies = &mut context.bodies;
    if !bodies.any {
        context.by_address = calls_by_address(func);
        return 0;
    }
    let (mut budget, mut callees) = (bodies.budget, std::mem::take(&mut bodies.callees[bodies.at]));
    let inlined = calls_in(func, bodies, &mut callees, &mut budget);
    (bodies.budget, bodies.callees[bodies.at]) = (budget, callees);
    if inlined > 0 {
        context.analyses.forget();
    }
    context.by_address = calls_by_address(func);
    inlined
}

fn calls_in(
    func: &mut Function,
    bodies: &Bodies,
    callees: &mut Callees,
    budget: &mut usize,
) -> usize {
    let mut aliases = Aliases::new();
    let mut layout = Vec::with_capacity(func.layout().len());
    let mut inlined = 0;
    let (mut own_size, mut own_frame) = (size(func), frame(func));
    for block in func.layout().to_vec() {
        layout.push(block);
        let insts = func.take_block_insts(block);
        let mut at = block;
        let mut kept = Vec::with_capacity(insts.len());
        for inst in insts {
            let body = match *func.inst(inst) {
                InstData::Call { callee, args } => {
                    let body = bodies.of(func, callees, callee);
                    let fits = |body: &Body<'_>| {
                        own_size + body.size <= MAX_CALLER
                            && body.size <= *budget
                            && own_frame.saturating_add(frame(body.func)) <= MAX_FRAME
                    };
                    body.filter(fits).map(|body| (body, args))
                }
                _ => None,
            };
            let Some((body, args)) = body else {
                kept.push(inst);
                continue;
            };
            own_size += body.size;
            *budget -= body.size;
            own_frame = own_frame.saturating_add(frame(body.func));
            inlined += 1;
            // The call ends its block; what follows goes on in a new one, which gets the results.
            let after = func.create_block();
            func.set_cold(after, func.is_cold(block));
            let args: Vec<Value> =
                func.list(args).iter().map(|&arg| aliases.resolve(arg)).collect();
            for result in func.results(inst).to_vec() {
                let param = func.append_block_param(after, func.value_type(result));
                if let Some(name) = func.value_name(result).map(str::to_owned) {
                    func.set_value_name(param, &name);
                }
                aliases.replace(result, param);
            }
            func.detach(inst);
            let cold = func.is_cold(block);
            let entry = Copy::new(func, callees, &body).run(after, cold, &mut layout);
            let span = func.span(inst);
            let target = func.block_call(entry, &args);
            kept.push(func.create_inst(InstData::Jump { target }, &[], span));
            func.set_block_insts(at, std::mem::take(&mut kept));
            layout.push(after);
            at = after;
        }
        func.set_block_insts(at, kept);
    }
    if inlined > 0 {
        func.set_layout(layout);
        aliases.apply(func);
    }
    inlined
}

/// One copy of a body into a caller.
struct Copy<'a> {
    to: &'a mut Function,
    from: &'a Function,
    /// The places of the callees of both.
    callees_of_to: &'a mut Callees,
    callees_of_from: &'a Callees,
    values: SecondaryMap<Value, Option<Value>>,
    blocks: SecondaryMap<Block, Option<Block>>,
    slots: Vec<StackSlot>,
    callees: SecondaryMap<FuncRef, Option<FuncRef>>,
    data: SecondaryMap<DataRef, Option<DataRef>>,
}

impl<'a> Copy<'a> {
    fn new(to: &'a mut Function, callees: &'a mut Callees, body: &Body<'a>) -> Self {
        let from = body.func;
        let slots = from.slots.values().map(|&slot| to.slots.push(slot)).collect();
        Self {
            to,
            from,
            callees_of_to: callees,
            callees_of_from: body.callees,
            values: SecondaryMap::with_default(None),
            blocks: SecondaryMap::with_default(None),
            slots,
            callees: SecondaryMap::with_default(None),
            data: SecondaryMap::with_default(None),
        }
    }

    /// Copies all blocks; returns become jumps to `after`. Returns the copy of the entry.
    fn run(mut self, after: Block, cold: bool, layout: &mut Vec<Block>) -> Block {
        let mut insts: Vec<(Inst, Inst)> = Vec::new();
        // First everything that values and blocks become, then what uses them.
        for &block in self.from.layout() {
            let new = self.to.create_block();
            layout.push(new);
            self.blocks[block] = Some(new);
            self.to.set_cold(new, cold || self.from.is_cold(block));
            if let Some(name) = self.from.block_name(block) {
                self.to.set_block_name(new, name);
            }
            for &param in self.from.block_params(block) {
                let own = self.to.append_block_param(new, self.from.value_type(param));
                self.map_value(param, own);
            }
            let mut list = Vec::with_capacity(self.from.block_insts(block).len());
            for &inst in self.from.block_insts(block) {
                let results = self.from.results(inst);
                let types: SmallVec<[_; 2]> =
                    results.iter().map(|&v| self.from.value_type(v)).collect();
                // Stands in until its operands are known.
                let data = InstData::Trap { kind: TrapKind::Unreachable };
                let own = self.to.create_inst(data, &types, self.from.span(inst));
                for (index, &result) in results.iter().enumerate() {
                    let twin = self.to.results(own)[index];
                    self.map_value(result, twin);
                }
                insts.push((inst, own));
                list.push(own);
            }
            self.to.set_block_insts(new, list);
        }
        for (inst, own) in insts {
            let data = self.data(*self.from.inst(inst), after);
            self.to.replace(own, data);
            self.to.map_operands(own, |value| match self.values[value] {
                Some(own) => own,
                None => unreachable!("a verified body defines {value}, which it uses"),
            });
        }
        match self.from.entry() {
            Some(entry) => self.block(entry),
            None => unreachable!("a verified body has an entry"),
        }
    }

    /// The copy of a block.
    fn block(&self, block: Block) -> Block {
        match self.blocks[block] {
            Some(own) => own,
            None => unreachable!("a verified body has {block}, where it goes"),
        }
    }

    fn map_value(&mut self, value: Value, own: Value) {
        self.values[value] = Some(own);
        if let Some(name) = self.from.value_name(value) {
            self.to.set_value_name(own, name);
        }
    }

    /// A list of the same values, which are still those of the body.
    fn list(&mut self, list: ValueList) -> ValueList {
        self.to.make_list(self.from.list(list))
    }

    fn call(&mut self, call: BlockCall) -> BlockCall {
        BlockCall { block: self.block(call.block), args: self.list(call.args) }
    }

    fn signature(&mut self, signature: SigRef) -> SigRef {
        self.to.import_signature(&self.from.signatures[signature])
    }

    fn callee(&mut self, callee: FuncRef) -> FuncRef {
        if let Some(own) = self.callees[callee] {
            return own;
        }
        let (wanted, place) = (&self.from.callees[callee], self.callees_of_from[callee.index()]);
        let is_same = |(key, known): &(FuncRef, &Callee)| {
            self.callees_of_to[key.index()] == place && known.signature == wanted.signature
        };
        let known = place.and_then(|_| self.to.callees.iter().find(is_same)).map(|(key, _)| key);
        let own = known.unwrap_or_else(|| {
            self.callees_of_to.push(place);
            self.to.callees.push(wanted.clone())
        });
        self.callees[callee] = Some(own);
        own
    }

    fn data_ref(&mut self, data: DataRef) -> DataRef {
        if let Some(own) = self.data[data] {
            return own;
        }
        let wanted = &self.from.data[data];
        let known = self.to.data.iter().find(|(_, other)| *other == wanted).map(|(key, _)| key);
        let own = known.unwrap_or_else(|| self.to.data.push(wanted.clone()));
        self.data[data] = Some(own);
        own
    }

    /// The payload with blocks, lists and everything else that has a number of its own in the caller, but for values.
    fn data(&mut self, mut data: InstData, after: Block) -> InstData {
        if let InstData::Return { args } = data {
            return InstData::Jump { target: BlockCall { block: after, args: self.list(args) } };
        }
        data.fields(|role| match role {
            Role::List(list) => *list = self.list(*list),
            Role::Target(call) => *call = self.call(*call),
            Role::Table(table) => {
                let mut own = self.from.switches[*table].clone();
                own.map_targets(|call| self.call(call));
                *table = self.to.switches.push(own);
            }
            Role::Slot(slot) => *slot = self.slots[slot.index()],
            Role::Data(data) => *data = self.data_ref(*data),
            Role::Function(callee) => *callee = self.callee(*callee),
            Role::Signature(signature) => *signature = self.signature(*signature),
            Role::Var(var) => unreachable!("{var} in SSA form"),
            Role::Values(_) | Role::Plain => {}
        });
        data
    }
}
