//! Functions: the owner of values, blocks and instructions, and the only way to read and change them.
//!
//! Invariants: ids are never reused; a value whose definition was removed is [`ValueDef::Detached`]; the order of blocks
//! is [`Function::layout`], whose first block is the entry and has the function's parameters as its own.

use smallvec::SmallVec;

use crate::entity::{
    Block, DataRef, Entity, FuncRef, Inst, PrimaryMap, StackSlot, SwitchRef, Value, Var,
};
use crate::inst::{BlockCall, InstData, SwitchTable, ValueList};
use crate::types::{AbiParam, Signature, Span, Type};

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueDef {
    /// It is the numbered result of an instruction.
    Result(Inst, u32),
    /// It is the numbered parameter of a block.
    Param(Block, u32),
    /// Its definition was removed; nothing may use it.
    Detached,
}

#[derive(Clone, Debug)]
struct ValueData {
    ty: Type,
    def: ValueDef,
    name: Option<Box<str>>,
}

#[derive(Clone, Debug)]
struct InstNode {
    data: InstData,
    results: ValueList,
    span: Option<Span>,
}

#[derive(Clone, Debug, Default)]
struct BlockNode {
    params: Vec<Value>,
    insts: Vec<Inst>,
    name: Option<Box<str>>,
    cold: bool,
}

/// A piece of the stack frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotData {
    /// Size in bytes, at least 1.
    pub size: u64,
    /// Alignment in bytes, a power of two.
    pub align: u32,
}

/// A mutable variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VarData {
    /// Its name in the source.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A function that is called, by name; the module or the host has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callee {
    /// Its name, without the `@` of the text form.
    pub name: String,
    /// What it takes and returns.
    pub signature: Signature,
}

/// A function of the IR.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, without the `@` of the text form.
    pub name: String,
    /// What it takes and returns.
    pub signature: Signature,
    /// The pieces of its stack frame.
    pub slots: PrimaryMap<StackSlot, SlotData>,
    /// Its mutable variables; no instruction names them after SSA construction.
    pub vars: PrimaryMap<Var, VarData>,
    /// The functions that it calls.
    pub callees: PrimaryMap<FuncRef, Callee>,
    /// The data objects that it takes the address of, by name.
    pub data: PrimaryMap<DataRef, String>,
    /// The tables of its `switch` instructions.
    pub switches: PrimaryMap<SwitchRef, SwitchTable>,
    values: PrimaryMap<Value, ValueData>,
    insts: PrimaryMap<Inst, InstNode>,
    blocks: PrimaryMap<Block, BlockNode>,
    layout: Vec<Block>,
    pool: Vec<Value>,
}

impl Function {
    /// A function without blocks.
    #[must_use]
    pub fn new(name: &str, signature: Signature) -> Self {
        Self {
            name: name.to_owned(),
            signature,
            slots: PrimaryMap::new(),
            vars: PrimaryMap::new(),
            callees: PrimaryMap::new(),
            data: PrimaryMap::new(),
            switches: PrimaryMap::new(),
            values: PrimaryMap::new(),
            insts: PrimaryMap::new(),
            blocks: PrimaryMap::new(),
            layout: Vec::new(),
            pool: Vec::new(),
        }
    }

    // ---- Blocks ----

    /// The blocks in order; the first is the entry.
    #[must_use]
    pub fn layout(&self) -> &[Block] {
        &self.layout
    }

    /// The entry block, unless there are no blocks.
    #[must_use]
    pub fn entry(&self) -> Option<Block> {
        self.layout.first().copied()
    }

    /// One more than the highest block index ever used: the size for a table over blocks.
    #[must_use]
    pub fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Creates a block that is not in the layout yet.
    pub fn create_block(&mut self) -> Block {
        self.blocks.push(BlockNode::default())
    }

    /// Creates a block at the end of the layout.
    pub fn append_block(&mut self) -> Block {
        let block = self.create_block();
        self.layout.push(block);
        block
    }

    /// Replaces the order of blocks. Blocks that are left out are no longer part of the function.
    pub fn set_layout(&mut self, layout: Vec<Block>) {
        self.layout = layout;
    }

    /// The parameters of a block.
    #[must_use]
    pub fn block_params(&self, block: Block) -> &[Value] {
        &self.blocks[block].params
    }

    /// The instructions of a block, in order.
    #[must_use]
    pub fn block_insts(&self, block: Block) -> &[Inst] {
        &self.blocks[block].insts
    }

    /// Replaces the instructions of a block. Instructions that are left out are no longer part of the function; their
    /// results stay as they are until [`detach`](Function::detach).
    pub fn set_block_insts(&mut self, block: Block, insts: Vec<Inst>) {
        self.blocks[block].insts = insts;
    }

    /// Takes the instructions out of a block, to edit and [`set_block_insts`](Function::set_block_insts) them.
    pub fn take_block_insts(&mut self, block: Block) -> Vec<Inst> {
        std::mem::take(&mut self.blocks[block].insts)
    }

    /// The last instruction of a block, if it is a terminator.
    #[must_use]
    pub fn terminator(&self, block: Block) -> Option<Inst> {
        let last = *self.blocks[block].insts.last()?;
        self.insts[last].data.is_terminator().then_some(last)
    }

    /// Adds a parameter at the end of a block's.
    pub fn append_block_param(&mut self, block: Block, ty: Type) -> Value {
        let index = self.blocks[block].params.len() as u32;
        let value =
            self.values.push(ValueData { ty, def: ValueDef::Param(block, index), name: None });
        self.blocks[block].params.push(value);
        value
    }

    /// Keeps the parameters of a block for which `keep` holds; the others become detached. The arguments of
    /// branches to the block are the caller's to change.
    pub fn retain_block_params(
        &mut self,
        block: Block,
        mut keep: impl FnMut(usize, Value) -> bool,
    ) {
        let params = std::mem::take(&mut self.blocks[block].params);
        let mut kept = Vec::with_capacity(params.len());
        for (index, value) in params.into_iter().enumerate() {
            if keep(index, value) {
                self.values[value].def = ValueDef::Param(block, kept.len() as u32);
                kept.push(value);
            } else {
                self.values[value].def = ValueDef::Detached;
            }
        }
        self.blocks[block].params = kept;
    }

    /// A block's name in the source, if it has one.
    #[must_use]
    pub fn block_name(&self, block: Block) -> Option<&str> {
        self.blocks[block].name.as_deref()
    }

    /// Names a block.
    pub fn set_block_name(&mut self, block: Block, name: &str) {
        self.blocks[block].name = Some(name.into());
    }

    /// Whether a block is rarely reached, so that its code may be placed away.
    #[must_use]
    pub fn is_cold(&self, block: Block) -> bool {
        self.blocks[block].cold
    }

    /// Says that a block is rarely reached.
    pub fn set_cold(&mut self, block: Block, cold: bool) {
        self.blocks[block].cold = cold;
    }

    // ---- Values ----

    /// One more than the highest value index ever used: the size for a table over values.
    #[must_use]
    pub fn num_values(&self) -> usize {
        self.values.len()
    }

    /// Whether this function has a value of this index, attached or not.
    #[must_use]
    pub fn has_value(&self, value: Value) -> bool {
        value.index() < self.values.len()
    }

    /// The type of a value.
    #[must_use]
    pub fn value_type(&self, value: Value) -> Type {
        self.values[value].ty
    }

    /// Where a value comes from.
    #[must_use]
    pub fn value_def(&self, value: Value) -> ValueDef {
        self.values[value].def
    }

    /// The instruction that a value is a result of, with its payload.
    #[must_use]
    pub fn def_inst(&self, value: Value) -> Option<(Inst, &InstData)> {
        match self.values[value].def {
            ValueDef::Result(inst, _) => Some((inst, &self.insts[inst].data)),
            ValueDef::Param(..) | ValueDef::Detached => None,
        }
    }

    /// A value's name in the source, if it has one.
    #[must_use]
    pub fn value_name(&self, value: Value) -> Option<&str> {
        self.values[value].name.as_deref()
    }

    /// Names a value.
    pub fn set_value_name(&mut self, value: Value, name: &str) {
        self.values[value].name = Some(name.into());
    }

    /// Creates a value that nothing defines: a place holder for an id, so that later ids follow it.
    pub fn detached_value(&mut self, ty: Type) -> Value {
        self.values.push(ValueData { ty, def: ValueDef::Detached, name: None })
    }

    // ---- Instructions ----

    /// One more than the highest instruction index ever used: the size for a table over instructions.
    #[must_use]
    pub fn num_insts(&self) -> usize {
        self.insts.len()
    }

    /// The payload of an instruction.
    #[must_use]
    pub fn inst(&self, inst: Inst) -> &InstData {
        &self.insts[inst].data
    }

    /// Replaces the payload of an instruction; its results and their types stay.
    pub fn replace(&mut self, inst: Inst, data: InstData) {
        self.insts[inst].data = data;
    }

    /// The results of an instruction.
    #[must_use]
    pub fn results(&self, inst: Inst) -> &[Value] {
        self.list(self.insts[inst].results)
    }

    /// The first result of an instruction, if it has one.
    #[must_use]
    pub fn result(&self, inst: Inst) -> Option<Value> {
        self.results(inst).first().copied()
    }

    /// Where in the source an instruction comes from.
    #[must_use]
    pub fn span(&self, inst: Inst) -> Option<Span> {
        self.insts[inst].span
    }

    /// Says where in the source an instruction comes from.
    pub fn set_span(&mut self, inst: Inst, span: Option<Span>) {
        self.insts[inst].span = span;
    }

    /// Creates an instruction that is in no block yet, with new results of these types.
    pub fn create_inst(&mut self, data: InstData, results: &[Type], span: Option<Span>) -> Inst {
        let inst = self.insts.next_key();
        let start = self.pool.len() as u32;
        for (index, &ty) in results.iter().enumerate() {
            let def = ValueDef::Result(inst, index as u32);
            let value = self.values.push(ValueData { ty, def, name: None });
            self.pool.push(value);
        }
        let results = ValueList { start, len: results.len() as u32 };
        self.insts.push(InstNode { data, results, span })
    }

    /// Creates an instruction whose results are existing detached values: for readers of the text form.
    pub fn create_inst_with(
        &mut self,
        data: InstData,
        results: &[Value],
        span: Option<Span>,
    ) -> Inst {
        let inst = self.insts.next_key();
        for (index, &value) in results.iter().enumerate() {
            self.values[value].def = ValueDef::Result(inst, index as u32);
        }
        let results = self.make_list(results);
        self.insts.push(InstNode { data, results, span })
    }

    /// Makes an existing detached value the next parameter of a block: for readers of the text form.
    pub fn attach_block_param(&mut self, block: Block, value: Value) {
        let index = self.blocks[block].params.len() as u32;
        self.values[value].def = ValueDef::Param(block, index);
        self.blocks[block].params.push(value);
    }

    /// Creates an instruction at the end of a block.
    pub fn append_inst(
        &mut self,
        block: Block,
        data: InstData,
        results: &[Type],
        span: Option<Span>,
    ) -> Inst {
        let inst = self.create_inst(data, results, span);
        self.blocks[block].insts.push(inst);
        inst
    }

    /// Marks the results of an instruction, which is in no block any more, as detached.
    pub fn detach(&mut self, inst: Inst) {
        let ValueList { start, len } = self.insts[inst].results;
        for i in start..start + len {
            let value = self.pool[i as usize];
            self.values[value].def = ValueDef::Detached;
        }
    }

    // ---- For the reader of the text form ----

    /// Creates detached values until there are `count`.
    pub(crate) fn reserve_values(&mut self, count: usize) {
        while self.values.len() < count {
            self.detached_value(Type::I64);
        }
    }

    /// Says what type a value has, which nothing may use yet.
    pub(crate) fn set_value_type(&mut self, value: Value, ty: Type) {
        self.values[value].ty = ty;
    }

    /// Creates blocks that are not in the layout until there are `count`.
    pub(crate) fn reserve_blocks(&mut self, count: usize) {
        while self.blocks.len() < count {
            self.create_block();
        }
    }

    /// Adds an instruction that is in no block yet at the end of one.
    pub(crate) fn push_inst(&mut self, block: Block, inst: Inst) {
        self.blocks[block].insts.push(inst);
    }

    // ---- Lists, operands, successors ----

    /// Puts values into the pool.
    pub fn make_list(&mut self, values: &[Value]) -> ValueList {
        let start = self.pool.len() as u32;
        self.pool.extend_from_slice(values);
        ValueList { start, len: values.len() as u32 }
    }

    /// The values of a list.
    #[must_use]
    pub fn list(&self, list: ValueList) -> &[Value] {
        &self.pool[list.start as usize..(list.start + list.len) as usize]
    }

    /// The values of a list, or `None` if it is a list of another function.
    #[must_use]
    pub(crate) fn checked_list(&self, list: ValueList) -> Option<&[Value]> {
        let start = list.start as usize;
        self.pool.get(start..start.checked_add(list.len())?)
    }

    /// A block with arguments.
    pub fn block_call(&mut self, block: Block, args: &[Value]) -> BlockCall {
        BlockCall { block, args: self.make_list(args) }
    }

    /// Calls `visit` with each operand of an instruction, in order, block arguments included.
    pub fn for_each_operand(&self, inst: Inst, mut visit: impl FnMut(Value)) {
        let mut list = |values: ValueList| self.list(values).iter().copied().for_each(&mut visit);
        match self.insts[inst].data {
            InstData::IntConst { .. }
            | InstData::FloatConst { .. }
            | InstData::StackAddr { .. }
            | InstData::DataAddr { .. }
            | InstData::VarGet { .. }
            | InstData::Trap { .. } => {}
            InstData::Unary { arg, .. } => visit(arg),
            InstData::Binary { args, .. }
            | InstData::IntCompare { args, .. }
            | InstData::FloatCompare { args, .. } => args.into_iter().for_each(visit),
            InstData::Ternary { args, .. } => args.into_iter().for_each(visit),
            InstData::Load { addr, .. } => visit(addr),
            InstData::Store { value, addr, .. } => [value, addr].into_iter().for_each(visit),
            InstData::VarSet { value, .. } => visit(value),
            InstData::TrapIf { cond, .. } => visit(cond),
            InstData::Call { args, .. } | InstData::Return { args } => list(args),
            InstData::Jump { target } => list(target.args),
            InstData::Branch { cond, then_to, else_to } => {
                visit(cond);
                self.list(then_to.args).iter().copied().for_each(&mut visit);
                self.list(else_to.args).iter().copied().for_each(&mut visit);
            }
            InstData::Switch { index, table } => {
                visit(index);
                let table = &self.switches[table];
                self.list(table.default.args).iter().copied().for_each(&mut visit);
                for (_, call) in &table.cases {
                    self.list(call.args).iter().copied().for_each(&mut visit);
                }
            }
        }
    }

    /// The operands of an instruction, in order, block arguments included.
    #[must_use]
    pub fn operands(&self, inst: Inst) -> SmallVec<[Value; 8]> {
        let mut operands = SmallVec::new();
        self.for_each_operand(inst, |value| operands.push(value));
        operands
    }

    /// Replaces each operand of an instruction by what `map` makes of it, block arguments included.
    pub fn map_operands(&mut self, inst: Inst, mut map: impl FnMut(Value) -> Value) {
        let mut data = self.insts[inst].data;
        let pool = &mut self.pool;
        let mut list = |values: ValueList, map: &mut dyn FnMut(Value) -> Value| {
            for value in &mut pool[values.start as usize..(values.start + values.len) as usize] {
                *value = map(*value);
            }
        };
        match &mut data {
            InstData::IntConst { .. }
            | InstData::FloatConst { .. }
            | InstData::StackAddr { .. }
            | InstData::DataAddr { .. }
            | InstData::VarGet { .. }
            | InstData::Trap { .. } => {}
            InstData::Unary { arg, .. } => *arg = map(*arg),
            InstData::Binary { args, .. }
            | InstData::IntCompare { args, .. }
            | InstData::FloatCompare { args, .. } => *args = args.map(map),
            InstData::Ternary { args, .. } => *args = args.map(map),
            InstData::Load { addr, .. } => *addr = map(*addr),
            InstData::Store { value, addr, .. } => {
                *value = map(*value);
                *addr = map(*addr);
            }
            InstData::VarSet { value, .. } => *value = map(*value),
            InstData::TrapIf { cond, .. } => *cond = map(*cond),
            InstData::Call { args, .. } | InstData::Return { args } => list(*args, &mut map),
            InstData::Jump { target } => list(target.args, &mut map),
            InstData::Branch { cond, then_to, else_to } => {
                *cond = map(*cond);
                list(then_to.args, &mut map);
                list(else_to.args, &mut map);
            }
            InstData::Switch { index, table } => {
                *index = map(*index);
                let table = &self.switches[*table];
                list(table.default.args, &mut map);
                for (_, call) in &table.cases {
                    list(call.args, &mut map);
                }
            }
        }
        self.insts[inst].data = data;
    }

    /// Calls `visit` with each successor of a terminator, in order; a block may come more than once. Other instructions
    /// have none.
    pub fn for_each_successor(&self, inst: Inst, mut visit: impl FnMut(BlockCall)) {
        match self.insts[inst].data {
            InstData::Jump { target } => visit(target),
            InstData::Branch { then_to, else_to, .. } => {
                visit(then_to);
                visit(else_to);
            }
            InstData::Switch { table, .. } => {
                let table = &self.switches[table];
                visit(table.default);
                table.cases.iter().for_each(|&(_, call)| visit(call));
            }
            _ => {}
        }
    }

    /// Replaces each successor of a terminator, in the order of
    /// [`for_each_successor`](Function::for_each_successor), by what `map` makes of it; `map` may make lists.
    pub fn map_successors(
        &mut self,
        inst: Inst,
        mut map: impl FnMut(&mut Function, BlockCall) -> BlockCall,
    ) {
        match self.insts[inst].data {
            InstData::Jump { target } => {
                let target = map(self, target);
                self.insts[inst].data = InstData::Jump { target };
            }
            InstData::Branch { cond, then_to, else_to } => {
                let then_to = map(self, then_to);
                let else_to = map(self, else_to);
                self.insts[inst].data = InstData::Branch { cond, then_to, else_to };
            }
            InstData::Switch { table, .. } => {
                let mut edited = self.switches[table].clone();
                edited.default = map(self, edited.default);
                for (_, call) in &mut edited.cases {
                    *call = map(self, *call);
                }
                self.switches[table] = edited;
            }
            _ => {}
        }
    }

    /// The signature with these parameters, for a caller: a convenience over the public field.
    #[must_use]
    pub fn params(&self) -> &[AbiParam] {
        &self.signature.params
    }
}
