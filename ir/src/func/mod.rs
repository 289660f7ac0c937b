//! Functions: the owner of values, blocks and instructions, and the only way to read and change them.
//!
//! Invariants: ids are never reused; a value whose definition was removed is [`ValueDef::Detached`]; the order of blocks
//! is [`Function::layout`], whose first block is the entry and has the function's parameters as its own.

mod operands;

use crate::entity::{
    Block, DataRef, Entity, FuncRef, Inst, PrimaryMap, SigRef, StackSlot, SwitchRef, Value, Var,
};
use crate::inst::{BlockCall, InstData, SwitchTable, ValueList};
use crate::types::{AbiParam, Signature, Span, Type};

/// The definition of a value.
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

/// A function that is called or whose address is taken, by name; the module or the host has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Callee {
    /// Its name, without the `@` of the text form.
    pub name: String,
    /// Its parameters and results.
    pub signature: Signature,
}

/// A function of the IR.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, without the `@` of the text form.
    pub name: String,
    /// Its parameters and results.
    pub signature: Signature,
    /// The pieces of its stack frame.
    pub slots: PrimaryMap<StackSlot, SlotData>,
    /// Its mutable variables; no instruction names them after SSA construction.
    pub vars: PrimaryMap<Var, VarData>,
    /// The functions that it calls or takes the address of.
    pub callees: PrimaryMap<FuncRef, Callee>,
    /// The signatures of its indirect calls.
    pub signatures: PrimaryMap<SigRef, Signature>,
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
            signatures: PrimaryMap::new(),
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
    #[inline]
    pub fn layout(&self) -> &[Block] {
        &self.layout
    }

    /// The entry block, unless there are no blocks.
    #[must_use]
    #[inline]
    pub fn entry(&self) -> Option<Block> {
        self.layout.first().copied()
    }

    /// One more than the highest block index ever used: the size for a table over blocks.
    #[must_use]
    #[inline]
    pub fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Creates a block that is not in the layout yet.
    #[inline]
    pub fn create_block(&mut self) -> Block {
        self.blocks.push(BlockNode::default())
    }

    /// Creates a block at the end of the layout.
    #[inline]
    pub fn append_block(&mut self) -> Block {
        let block = self.create_block();
        self.layout.push(block);
        block
    }

    /// Replaces the order of blocks. Blocks that are left out are no longer part of the function.
    #[inline]
    pub fn set_layout(&mut self, layout: Vec<Block>) {
        self.layout = layout;
    }

    /// The parameters of a block.
    #[must_use]
    #[inline]
    pub fn block_params(&self, block: Block) -> &[Value] {
        &self.blocks[block].params
    }

    /// The instructions of a block, in order.
    #[must_use]
    #[inline]
    pub fn block_insts(&self, block: Block) -> &[Inst] {
        &self.blocks[block].insts
    }

    /// Replaces the instructions of a block. Instructions that are left out are no longer part of the function; their
    /// results stay as they are until [`detach`](Function::detach).
    #[inline]
    pub fn set_block_insts(&mut self, block: Block, insts: Vec<Inst>) {
        self.blocks[block].insts = insts;
    }

    /// Takes the instructions out of a block, to edit and [`set_block_insts`](Function::set_block_insts) them.
    #[inline]
    pub fn take_block_insts(&mut self, block: Block) -> Vec<Inst> {
        std::mem::take(&mut self.blocks[block].insts)
    }

    /// The last instruction of a block, if it is a terminator.
    #[must_use]
    #[inline]
    pub fn terminator(&self, block: Block) -> Option<Inst> {
        let last = *self.blocks[block].insts.last()?;
        self.insts[last].data.is_terminator().then_some(last)
    }

    /// Adds a parameter at the end of a block's.
    #[inline]
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
    #[inline]
    pub fn block_name(&self, block: Block) -> Option<&str> {
        self.blocks[block].name.as_deref()
    }

    /// Names a block.
    #[inline]
    pub fn set_block_name(&mut self, block: Block, name: &str) {
        self.blocks[block].name = Some(name.into());
    }

    /// Returns `true` if a block is rarely reached, so that its code may be placed away.
    #[must_use]
    #[inline]
    pub fn is_cold(&self, block: Block) -> bool {
        self.blocks[block].cold
    }

    /// Says that a block is rarely reached.
    #[inline]
    pub fn set_cold(&mut self, block: Block, cold: bool) {
        self.blocks[block].cold = cold;
    }

    // ---- Values ----

    /// One more than the highest value index ever used: the size for a table over values.
    #[must_use]
    #[inline]
    pub fn num_values(&self) -> usize {
        self.values.len()
    }

    /// Returns `true` if this function has a value of this index, attached or not.
    #[must_use]
    #[inline]
    pub fn has_value(&self, value: Value) -> bool {
        value.index() < self.values.len()
    }

    /// The type of a value.
    #[must_use]
    #[inline]
    pub fn value_type(&self, value: Value) -> Type {
        self.values[value].ty
    }

    /// The definition of a value.
    #[must_use]
    #[inline]
    pub fn value_def(&self, value: Value) -> ValueDef {
        self.values[value].def
    }

    /// The instruction that a value is a result of, with its payload.
    #[must_use]
    #[inline]
    pub fn def_inst(&self, value: Value) -> Option<(Inst, &InstData)> {
        match self.values[value].def {
            ValueDef::Result(inst, _) => Some((inst, &self.insts[inst].data)),
            ValueDef::Param(..) | ValueDef::Detached => None,
        }
    }

    /// A value's name in the source, if it has one.
    #[must_use]
    #[inline]
    pub fn value_name(&self, value: Value) -> Option<&str> {
        self.values[value].name.as_deref()
    }

    /// Names a value.
    #[inline]
    pub fn set_value_name(&mut self, value: Value, name: &str) {
        self.values[value].name = Some(name.into());
    }

    /// Creates a value that nothing defines: a place holder for an id, so that later ids follow it.
    #[inline]
    pub fn detached_value(&mut self, ty: Type) -> Value {
        self.values.push(ValueData { ty, def: ValueDef::Detached, name: None })
    }

    // ---- Instructions ----

    /// One more than the highest instruction index ever used: the size for a table over instructions.
    #[must_use]
    #[inline]
    pub fn num_insts(&self) -> usize {
        self.insts.len()
    }

    /// The payload of an instruction.
    #[must_use]
    #[inline]
    pub fn inst(&self, inst: Inst) -> &InstData {
        &self.insts[inst].data
    }

    /// Replaces the payload of an instruction; its results and their types stay.
    #[inline]
    pub fn replace(&mut self, inst: Inst, data: InstData) {
        self.insts[inst].data = data;
    }

    /// The results of an instruction.
    #[must_use]
    #[inline]
    pub fn results(&self, inst: Inst) -> &[Value] {
        self.list(self.insts[inst].results)
    }

    /// The first result of an instruction, if it has one.
    #[must_use]
    #[inline]
    pub fn result(&self, inst: Inst) -> Option<Value> {
        self.results(inst).first().copied()
    }

    /// The place in the source that an instruction comes from.
    #[must_use]
    #[inline]
    pub fn span(&self, inst: Inst) -> Option<Span> {
        self.insts[inst].span
    }

    /// Says where in the source an instruction comes from.
    #[inline]
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
    #[inline]
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
    #[inline]
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

    /// The signature of an indirect call; equal ones share a key.
    #[inline]
    pub fn import_signature(&mut self, signature: &Signature) -> SigRef {
        let found = self.signatures.iter().find(|(_, known)| *known == signature);
        match found.map(|(key, _)| key) {
            Some(key) => key,
            None => self.signatures.push(signature.clone()),
        }
    }

    // ---- Lists ----

    /// Puts values into the pool.
    #[inline]
    pub fn make_list(&mut self, values: &[Value]) -> ValueList {
        let start = self.pool.len() as u32;
        self.pool.extend_from_slice(values);
        ValueList { start, len: values.len() as u32 }
    }

    /// The values of a list.
    #[must_use]
    #[inline]
    pub fn list(&self, list: ValueList) -> &[Value] {
        &self.pool[list.range()]
    }

    /// The values of a list, or `None` if it is a list of another function.
    #[must_use]
    pub(crate) fn checked_list(&self, list: ValueList) -> Option<&[Value]> {
        let start = list.start as usize;
        self.pool.get(start..start.checked_add(list.len())?)
    }

    /// A block with arguments.
    #[inline]
    pub fn block_call(&mut self, block: Block, args: &[Value]) -> BlockCall {
        BlockCall { block, args: self.make_list(args) }
    }

    /// The signature with these parameters, for a caller: a convenience over the public field.
    #[must_use]
    #[inline]
    pub fn params(&self) -> &[AbiParam] {
        &self.signature.params
    }
}
