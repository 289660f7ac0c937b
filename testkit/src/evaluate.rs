//! Runs small functions by `ir::eval` alone, one instruction after another: an evaluator that shares nothing with the
//! interpreter, for what has no calls and touches memory in its own stack slots only.

use ir::{Block, BlockCall, Entity, Function, InstData, TrapKind, Type, Value, eval};

/// Where the first stack slot of a function lies.
const FRAME: u64 = 1 << 16;

/// An evaluator and its memory, to be used for one function after another.
#[derive(Debug, Default)]
pub struct Evaluator {
    values: Vec<u64>,
    slots: Vec<u64>,
    frame: Vec<u8>,
    args: Vec<u64>,
}

impl Evaluator {
    /// The results of `func` for these arguments, or how it traps. A function that does not end after `fuel` blocks gives
    /// [`TrapKind::OutOfFuel`].
    ///
    /// # Panics
    /// On operations that are not for it: calls, variables, `i128`, atomics, addresses outside of the slots.
    pub fn run(
        &mut self,
        func: &Function,
        args: &[u64],
        fuel: usize,
    ) -> Result<Vec<u64>, TrapKind> {
        self.values.clear();
        self.values.resize(func.num_values(), 0);
        self.place_slots(func);
        let mut block = func.entry().expect("a function has an entry");
        for (&param, &arg) in func.block_params(block).iter().zip(args) {
            self.values[param.index()] = arg & func.value_type(param).mask();
        }
        for _ in 0..fuel {
            match self.block(func, block)? {
                Next::Block(next) => block = next,
                Next::Return(results) => return Ok(results),
            }
        }
        Err(TrapKind::OutOfFuel)
    }

    fn place_slots(&mut self, func: &Function) {
        let mut end = 0_u64;
        self.slots.clear();
        for slot in func.slots.values() {
            let start = end.next_multiple_of(u64::from(slot.align));
            self.slots.push(FRAME + start);
            end = start + slot.size;
        }
        self.frame.clear();
        self.frame.resize(end as usize, 0);
    }

    fn block(&mut self, func: &Function, block: Block) -> Result<Next, TrapKind> {
        for &inst in func.block_insts(block) {
            let data = func.inst(inst);
            let get = |value: Value| self.values[value.index()];
            match *data {
                InstData::Jump { target } => return Ok(self.go(func, target)),
                InstData::Branch { cond, then_to, else_to }
                | InstData::Guard { cond, then_to, resume: else_to } => {
                    return Ok(self.go(func, if get(cond) != 0 { then_to } else { else_to }));
                }
                InstData::Switch { index, table } => {
                    let table = &func.switches[table];
                    let wanted = eval::sign_extend(get(index), func.value_type(index));
                    let case = table.cases.iter().find(|(value, _)| *value == wanted);
                    return Ok(self.go(func, case.map_or(table.default, |&(_, target)| target)));
                }
                InstData::Return { args } => {
                    return Ok(Next::Return(func.list(args).iter().map(|&v| get(v)).collect()));
                }
                InstData::Trap { kind } => return Err(kind),
                InstData::TrapIf { cond, kind } => {
                    if get(cond) != 0 {
                        return Err(kind);
                    }
                }
                InstData::Overflow { op, args: [a, b] } => {
                    let (value, flag) = eval::overflow(op, func.value_type(a), get(a), get(b));
                    self.define(func, inst, &[value, flag.into()]);
                }
                InstData::Carry { op, args: [a, b, carry] } => {
                    let ty = func.value_type(a);
                    let (value, flag) = eval::carry(op, ty, get(a), get(b), get(carry) != 0);
                    self.define(func, inst, &[value, flag.into()]);
                }
                InstData::StackAddr { slot, offset } => {
                    let address = self.slots[slot.index()].wrapping_add_signed(offset.into());
                    self.define(func, inst, &[address]);
                }
                InstData::Load { kind, addr, offset, .. } => {
                    let result = func.value_type(func.results(inst)[0]);
                    let at = self.place(get(addr), offset);
                    let mut bytes = [0; 8];
                    let width = kind.memory_type(result).bytes() as usize;
                    bytes[..width].copy_from_slice(&self.frame[at..at + width]);
                    let word = eval::loaded(kind, result, u64::from_le_bytes(bytes));
                    self.define(func, inst, &[word]);
                }
                InstData::Store { kind, value, addr, offset, .. } => {
                    let ty = func.value_type(value);
                    let at = self.place(get(addr), offset);
                    let width = kind.memory_type(ty).bytes() as usize;
                    let bytes = eval::stored(kind, ty, get(value)).to_le_bytes();
                    self.frame[at..at + width].copy_from_slice(&bytes[..width]);
                }
                _ => {
                    self.args.clear();
                    let mut operand = Type::I64;
                    let (args, values) = (&mut self.args, &self.values);
                    func.for_each_operand(inst, |value| {
                        args.push(values[value.index()]);
                        operand = func.value_type(value);
                    });
                    let result = func.value_type(func.results(inst)[0]);
                    let word = eval::inst(data, operand, result, &self.args);
                    let word =
                        word.unwrap_or_else(|| panic!("{} is not evaluated here", data.opcode()))?;
                    self.define(func, inst, &[word]);
                }
            }
        }
        panic!("{block} has no terminator")
    }

    fn define(&mut self, func: &Function, inst: ir::Inst, words: &[u64]) {
        for (&result, &word) in func.results(inst).iter().zip(words) {
            self.values[result.index()] = word;
        }
    }

    fn place(&self, addr: u64, offset: i32) -> usize {
        addr.wrapping_add_signed(offset.into()).wrapping_sub(FRAME) as usize
    }

    /// All arguments are read before a parameter is written: a loop may pass its own parameters round.
    fn go(&mut self, func: &Function, target: BlockCall) -> Next {
        self.args.clear();
        self.args.extend(func.list(target.args).iter().map(|value| self.values[value.index()]));
        for (&param, &word) in func.block_params(target.block).iter().zip(&self.args) {
            self.values[param.index()] = word;
        }
        Next::Block(target.block)
    }
}

enum Next {
    Block(Block),
    Return(Vec<u64>),
}
