//! The slow and obvious interpreter that the fast one is compared with: walks the IR, one instruction after the other.

use std::collections::HashMap;

use ir::eval::{self, wide};
use ir::{
    Block, BlockCall, Entity, Function, Inst, InstData, Module, StackSlot, TernaryOp, TrapKind,
    Type, Value, Var,
};

/// Where its stack slots are, and its functions.
const STACK: u64 = 1 << 20;
const FUNCTIONS: u64 = 1 << 50;

/// A run of functions of a module.
pub(crate) struct Slow<'m> {
    module: &'m Module,
    memory: Vec<u8>,
    /// Instructions run, terminators included, a block at a time.
    pub(crate) instructions: u64,
    /// How often each block of each function was entered.
    pub(crate) blocks: HashMap<(String, Block), u64>,
}

struct Frame {
    values: HashMap<Value, u128>,
    vars: HashMap<Var, u128>,
    slots: HashMap<StackSlot, u64>,
}

/// How a block ends.
enum End {
    Jump(Block),
    Return(Vec<u128>),
    TailCall(String, Vec<u128>),
}

impl<'m> Slow<'m> {
    pub(crate) fn new(module: &'m Module) -> Self {
        Self { module, memory: Vec::new(), instructions: 0, blocks: HashMap::new() }
    }

    /// Calls a function with words as arguments and gives words.
    pub(crate) fn call(&mut self, name: &str, args: &[u64]) -> Result<Vec<u64>, TrapKind> {
        let signature = &self.module.functions[name].signature;
        let mut words = args.iter().copied();
        let mut word = || words.next().unwrap();
        let args = signature.param_types().map(|ty| match ty {
            Type::I128 => {
                let low = word();
                wide::concat(low, word())
            }
            _ => u128::from(word() & ty.mask()),
        });
        let args = args.collect();
        let types: Vec<Type> = signature.result_types().collect();
        let mut results = Vec::new();
        for (value, ty) in self.function(name.to_owned(), args)?.into_iter().zip(types) {
            let (low, high) = wide::split(value);
            results.push(low);
            results.extend((ty == Type::I128).then_some(high));
        }
        Ok(results)
    }

    fn function(&mut self, mut name: String, mut args: Vec<u128>) -> Result<Vec<u128>, TrapKind> {
        let start = self.memory.len();
        loop {
            let func = &self.module.functions[&name];
            let mut frame =
                Frame { values: HashMap::new(), vars: HashMap::new(), slots: HashMap::new() };
            for (slot, data) in func.slots.iter() {
                let place = self.memory.len().next_multiple_of(data.align as usize);
                frame.slots.insert(slot, STACK + place as u64);
                self.memory.resize(place + data.size as usize, 0);
            }
            let mut block = func.entry().unwrap();
            for (&param, arg) in func.block_params(block).iter().zip(args) {
                frame.values.insert(param, arg);
            }
            let end = loop {
                match self.block(func, block, &mut frame)? {
                    End::Jump(next) => block = next,
                    end => break end,
                }
            };
            self.memory.truncate(start);
            match end {
                End::TailCall(callee, callee_args) => (name, args) = (callee, callee_args),
                End::Return(results) => return Ok(results),
                End::Jump(_) => unreachable!(),
            }
        }
    }

    fn block(&mut self, func: &Function, block: Block, frame: &mut Frame) -> Result<End, TrapKind> {
        self.instructions += func.block_insts(block).len() as u64;
        *self.blocks.entry((func.name.clone(), block)).or_default() += 1;
        for &inst in func.block_insts(block) {
            if let Some(end) = self.terminator(func, inst, frame)? {
                return Ok(end);
            }
            let results = self.inst(func, inst, frame)?;
            assert_eq!(results.len(), func.results(inst).len());
            frame.values.extend(func.results(inst).iter().copied().zip(results));
        }
        unreachable!("{block} has no terminator")
    }

    fn terminator(
        &mut self,
        func: &Function,
        inst: Inst,
        frame: &mut Frame,
    ) -> Result<Option<End>, TrapKind> {
        let get = |value: Value| frame.values[&value];
        let list = |values| func.list(values).iter().map(|&value| get(value)).collect::<Vec<_>>();
        let target = match *func.inst(inst) {
            InstData::Jump { target } => target,
            InstData::Branch { cond, then_to, else_to }
            | InstData::Guard { cond, then_to, resume: else_to } => {
                if get(cond) != 0 {
                    then_to
                } else {
                    else_to
                }
            }
            InstData::Switch { index, table } => {
                let wanted = eval::sign_extend(get(index) as u64, func.value_type(index));
                let table = &func.switches[table];
                let case = table.cases.iter().find(|&&(value, _)| value == wanted);
                case.map_or(table.default, |&(_, call)| call)
            }
            InstData::Return { args } => return Ok(Some(End::Return(list(args)))),
            InstData::Trap { kind } => return Err(kind),
            InstData::TailCall { callee, args } => {
                return Ok(Some(End::TailCall(func.callees[callee].name.clone(), list(args))));
            }
            InstData::TailCallIndirect { callee, args, .. } => {
                return Ok(Some(End::TailCall(self.named(get(callee)), list(args))));
            }
            _ => return Ok(None),
        };
        let BlockCall { block, args } = target;
        let args = list(args);
        frame.values.extend(func.block_params(block).iter().copied().zip(args));
        Ok(Some(End::Jump(block)))
    }

    fn named(&self, address: u128) -> String {
        self.module.functions.get_index((address as u64 - FUNCTIONS) as usize).unwrap().0.clone()
    }

    fn bytes(&mut self, address: u64, bytes: u32) -> &mut [u8] {
        let place = (address - STACK) as usize;
        &mut self.memory[place..place + bytes as usize]
    }

    fn read(&mut self, address: u64, ty: Type) -> u128 {
        let bytes = self.bytes(address, ty.bytes());
        bytes.iter().rev().fold(0, |value, &byte| value << 8 | u128::from(byte))
    }

    fn write(&mut self, address: u64, ty: Type, value: u128) {
        let bytes = self.bytes(address, ty.bytes());
        bytes.copy_from_slice(&value.to_le_bytes()[..bytes.len()]);
    }

    /// The results of an instruction that is no terminator.
    fn inst(
        &mut self,
        func: &Function,
        inst: Inst,
        frame: &mut Frame,
    ) -> Result<Vec<u128>, TrapKind> {
        let get = |value: Value| frame.values[&value];
        let word = |value: Value| frame.values[&value] as u64;
        let ty = |func: &Function, value: Value| func.value_type(value);
        let result = func.result(inst).map(|value| func.value_type(value));
        let data = *func.inst(inst);
        let at = |addr: Value, offset: i32| word(addr).wrapping_add_signed(offset.into());
        let atomic = |addr: Value, ty: Type| {
            let address = word(addr);
            let aligned = address.is_multiple_of(ty.bytes().into());
            if aligned { Ok(address) } else { Err(TrapKind::MemoryFault) }
        };
        Ok(match data {
            InstData::IntConst { imm } if result == Some(Type::I128) => vec![wide::constant(imm)],
            InstData::Unary { op, arg } if result == Some(Type::I128) => {
                let value = wide::unary(op, get(arg));
                let value = if ty(func, arg) == Type::I128 { value } else { None };
                vec![value.or_else(|| wide::widen(op, ty(func, arg), word(arg))).unwrap()]
            }
            InstData::Unary { arg, .. } if ty(func, arg) == Type::I128 => {
                vec![wide::narrow(result.unwrap(), get(arg)).into()]
            }
            InstData::Binary { op, args: [a, b] } if result == Some(Type::I128) => {
                vec![wide::binary(op, get(a), get(b)).unwrap()]
            }
            InstData::IntCompare { cc, args: [a, b] } if ty(func, a) == Type::I128 => {
                vec![wide::icmp(cc, get(a), get(b)).into()]
            }
            InstData::Ternary { op: TernaryOp::Select, args: [c, a, b] } => {
                vec![if get(c) != 0 { get(a) } else { get(b) }]
            }
            InstData::Overflow { op, args: [a, b] } => {
                let (value, over) = eval::overflow(op, result.unwrap(), word(a), word(b));
                vec![value.into(), over.into()]
            }
            InstData::Carry { op, args: [a, b, c] } => {
                let (value, out) = eval::carry(op, result.unwrap(), word(a), word(b), get(c) != 0);
                vec![value.into(), out.into()]
            }
            InstData::Wide { op, args: [a, b] } => vec![wide::double(op, word(a), word(b))],
            InstData::Split { arg } => {
                let (low, high) = wide::split(get(arg));
                vec![low.into(), high.into()]
            }
            InstData::SliceAddr { slice, index, size } => {
                let (start, count) = (get(slice) as u64, (get(slice) >> 64) as u64);
                if word(index) >= count {
                    return Err(TrapKind::IndexOutOfBounds);
                }
                let offset = word(index).wrapping_mul(size.get().into());
                vec![start.wrapping_add(offset).into()]
            }
            InstData::Load { kind, addr, offset, .. } => {
                let result = result.unwrap();
                let memory = self.read(at(addr, offset), kind.memory_type(result));
                match result {
                    Type::I128 => vec![memory],
                    _ => vec![eval::loaded(kind, result, memory as u64).into()],
                }
            }
            InstData::Store { kind, value, addr, offset, .. } => {
                self.write(at(addr, offset), kind.memory_type(ty(func, value)), get(value));
                vec![]
            }
            InstData::AtomicLoad { addr, .. } => {
                let ty = result.unwrap();
                vec![self.read(atomic(addr, ty)?, ty)]
            }
            InstData::AtomicStore { value, addr, .. } => {
                let ty = ty(func, value);
                self.write(atomic(addr, ty)?, ty, get(value));
                vec![]
            }
            InstData::AtomicRmw { op, value, addr, .. } => {
                let ty = ty(func, value);
                let address = atomic(addr, ty)?;
                let found = self.read(address, ty);
                self.write(address, ty, eval::rmw(op, ty, found as u64, word(value)).into());
                vec![found]
            }
            InstData::AtomicCas { expected, new, addr, .. } => {
                let ty = ty(func, new);
                let address = atomic(addr, ty)?;
                let found = self.read(address, ty);
                if found == get(expected) {
                    self.write(address, ty, get(new));
                }
                vec![found]
            }
            InstData::Fence {} => vec![],
            InstData::StackAddr { slot, offset } => {
                vec![frame.slots[&slot].wrapping_add_signed(offset.into()).into()]
            }
            InstData::FuncAddr { callee } => {
                let name = &func.callees[callee].name;
                let index = self.module.functions.get_index_of(name).unwrap();
                vec![(FUNCTIONS + index as u64).into()]
            }
            InstData::VarGet { var } => vec![frame.vars.get(&var).copied().unwrap_or(0)],
            InstData::VarSet { var, value } => {
                let value = get(value);
                frame.vars.insert(var, value);
                vec![]
            }
            InstData::Call { callee, args } => {
                let args = func.list(args).iter().map(|&value| get(value)).collect();
                self.function(func.callees[callee].name.clone(), args)?
            }
            InstData::CallIndirect { callee, args, .. } => {
                let args = func.list(args).iter().map(|&value| get(value)).collect();
                self.function(self.named(get(callee)), args)?
            }
            InstData::TrapIf { cond, kind } => {
                if get(cond) != 0 {
                    return Err(kind);
                }
                vec![]
            }
            _ => {
                let args: Vec<u64> = func.operands(inst).into_iter().map(word).collect();
                let operand = func.operands(inst).last().map(|&value| ty(func, value));
                let result = result.unwrap();
                vec![eval::inst(&data, operand.unwrap_or(result), result, &args).unwrap()?.into()]
            }
        })
    }
}

/// Blocks in order with how often each was entered, as the fast one counts them.
pub(crate) fn counts(slow: &Slow<'_>, func: &Function) -> Vec<(Block, u64)> {
    let count = |block: Block| slow.blocks.get(&(func.name.clone(), block)).copied().unwrap_or(0);
    let mut counts: Vec<_> = func.layout().iter().map(|&block| (block, count(block))).collect();
    counts.sort_by_key(|&(block, _)| block.index());
    counts
}
