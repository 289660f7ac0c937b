//! Predecoding: one function of the IR into [`FuncCode`].
//!
//! What makes it quick to run: constants that fit become immediates, the others are put into registers once a call if
//! the function has a loop; a comparison whose only reader is the branch of its block becomes part of it; block
//! arguments become a few copies.

use ir::{
    Block, BlockCall, Entity, Extend, FuncRef, Function, Inst, InstData, LoadKind, Module,
    NarrowWidth, StoreKind, TernaryOp, Type, UnaryOp, Value,
};

use crate::data::DataMemory;
use crate::moves;
use crate::op::{Op, Reg};
use crate::program::{CallSite, FuncCode, FuncId, LoadError, MemoryAccess, Program, SwitchTargets};
use crate::registers::Registers;

/// Registers below are in the window; the others are reached by `WideGet` and `WideSet`.
pub(crate) const WINDOW_REGISTERS: u32 = 65_000;
/// Above the frame's registers in every window: free for use inside one instruction of the IR.
const SCRATCH: Reg = 65_500;
/// The copies of a branch break their cycles with this one.
const MOVE_SCRATCH: Reg = 65_499;
/// A function with more operations than this gets no branches with 16-bit offsets.
const NEAR_OPS: usize = 30_000;

/// Predecodes `func`.
pub(crate) fn function(
    module: &Module,
    func: &Function,
    id: FuncId,
    data: &DataMemory,
    program: &mut Program,
) -> Result<FuncCode, LoadError> {
    let too_large = || LoadError::TooLarge { function: func.name.clone() };
    let registers = Registers::assign(func).ok_or_else(too_large)?;
    let mut frame_size = 0u64;
    let mut frame_align = 1u64;
    let mut slots = Vec::with_capacity(func.slots.len());
    for slot in func.slots.values() {
        let align = u64::from(slot.align.max(1));
        frame_align = frame_align.max(align);
        let offset = frame_size.checked_next_multiple_of(align).ok_or_else(too_large)?;
        slots.push(offset);
        frame_size = offset.checked_add(slot.size).ok_or_else(too_large)?;
    }
    let count = registers.count();
    let code = FuncCode {
        name: func.name.clone(),
        signature: func.signature.clone(),
        ops: Vec::new(),
        spans: Vec::new(),
        pool: Vec::new(),
        sites: Vec::new(),
        returns: Vec::new(),
        tables: Vec::new(),
        preset: Vec::new(),
        registers: count.min(WINDOW_REGISTERS),
        wide: count.saturating_sub(WINDOW_REGISTERS),
        zeroed: registers.vars(),
        frame_size,
        frame_align,
    };
    let mut loader = Loader {
        module,
        func,
        id,
        data,
        program,
        code,
        registers,
        slots,
        constants: vec![None; func.num_values()],
        constant_ready: vec![false; func.num_values()],
        ready_here: Vec::new(),
        fused: vec![false; func.num_insts()],
        starts: vec![0; func.num_blocks()],
        fixups: Vec::new(),
        looping: has_loop(func),
        near: estimate(func) <= NEAR_OPS,
        scratches: 0,
        span: None,
    };
    loader.prepare();
    loader.blocks()?;
    loader.patch()?;
    Ok(loader.code)
}

/// Whether a branch goes to its own or an earlier block of the layout.
fn has_loop(func: &Function) -> bool {
    let mut place = vec![0usize; func.num_blocks()];
    for (index, &block) in func.layout().iter().enumerate() {
        place[block.index()] = index;
    }
    let mut found = false;
    for (index, &block) in func.layout().iter().enumerate() {
        if let Some(terminator) = func.terminator(block) {
            func.for_each_successor(terminator, |call| found |= place[call.block.index()] <= index);
        }
    }
    found
}

/// An upper bound for the number of operations.
fn estimate(func: &Function) -> usize {
    let mut total = 0;
    for &block in func.layout() {
        total += 4 + 4 * func.block_insts(block).len();
        if let Some(terminator) = func.terminator(block) {
            total += 2 * func.operands(terminator).len();
        }
    }
    total
}

pub(crate) struct Loader<'a> {
    pub(crate) module: &'a Module,
    pub(crate) func: &'a Function,
    pub(crate) id: FuncId,
    data: &'a DataMemory,
    pub(crate) program: &'a mut Program,
    pub(crate) code: FuncCode,
    registers: Registers,
    /// Offsets of the stack slots in the frame.
    slots: Vec<u64>,
    /// The bits of the values that are constants.
    constants: Vec<Option<u64>>,
    /// Whether a constant is in its register: everywhere in a function with loops, else in the current block.
    constant_ready: Vec<bool>,
    ready_here: Vec<Value>,
    /// Comparisons that their branch contains.
    pub(crate) fused: Vec<bool>,
    starts: Vec<u32>,
    /// Operations whose target is the start of a block.
    fixups: Vec<(usize, Block)>,
    looping: bool,
    pub(crate) near: bool,
    scratches: u16,
    span: Option<ir::Span>,
}

impl Loader<'_> {
    /// Finds the constants, and the comparisons that become part of a branch.
    fn prepare(&mut self) {
        let func = self.func;
        let mut uses = vec![0u32; func.num_values()];
        for &block in func.layout() {
            for &inst in func.block_insts(block) {
                func.for_each_operand(inst, |value| uses[value.index()] += 1);
                if let (Some(bits), Some(value)) = (self.constant_bits(inst), func.result(inst)) {
                    self.constants[value.index()] = Some(bits);
                }
            }
        }
        for &block in func.layout() {
            let Some(terminator) = func.terminator(block) else { continue };
            let InstData::Branch { cond, .. } = *func.inst(terminator) else { continue };
            let Some((inst, _)) = func.def_inst(cond) else { continue };
            let here = func.block_insts(block).contains(&inst);
            self.fused[inst.index()] =
                self.near && here && uses[cond.index()] == 1 && self.fusable(inst);
        }
    }

    fn constant_bits(&self, inst: Inst) -> Option<u64> {
        match *self.func.inst(inst) {
            InstData::IntConst { imm } => {
                let ty = self.func.value_type(self.func.result(inst)?);
                Some(imm as u64 & ty.mask())
            }
            InstData::FloatConst { bits } => Some(bits),
            InstData::DataAddr { data, offset } => {
                let address = self.data.address(&self.func.data[data])?;
                Some(address.wrapping_add_signed(offset.into()))
            }
            _ => None,
        }
    }

    fn blocks(&mut self) -> Result<(), LoadError> {
        let layout = self.func.layout();
        for (index, &block) in layout.iter().enumerate() {
            self.starts[block.index()] = self.code.ops.len() as u32;
            for value in self.ready_here.drain(..) {
                self.constant_ready[value.index()] = false;
            }
            self.span = None;
            if self.program.options.counted {
                let counter = self.program.counters.blocks.len() as u32;
                let weight = self.func.block_insts(block).len() as u64;
                self.program.counters.blocks.push((self.id, block, weight));
                self.push(Op::Enter { counter });
            }
            let next = layout.get(index + 1).copied();
            for &inst in self.func.block_insts(block) {
                self.scratches = 0;
                self.span = self.func.span(inst);
                self.inst(block, inst, next)?;
            }
        }
        Ok(())
    }

    fn inst(&mut self, block: Block, inst: Inst, next: Option<Block>) -> Result<(), LoadError> {
        let func = self.func;
        let result = func.result(inst);
        match (*func.inst(inst), result) {
            (InstData::IntConst { .. } | InstData::FloatConst { .. }, _) => {}
            (InstData::DataAddr { data, .. }, _) => {
                if self.data.address(&func.data[data]).is_none() {
                    return Err(LoadError::UnknownData {
                        function: func.name.clone(),
                        data: func.data[data].clone(),
                    });
                }
            }
            (InstData::Unary { op, arg }, Some(value)) => self.unary(op, value, arg),
            (InstData::Binary { op, args }, Some(value)) => self.binary(op, value, args),
            (InstData::Ternary { op, args }, Some(value)) => {
                let [x, y, z] = args.map(|arg| self.reg(arg));
                let ty = func.value_type(value);
                let d = self.def(value);
                match op {
                    TernaryOp::Select => {
                        self.push(Op::Select { d, c: x, a: y });
                        self.push(Op::Operand { a: z });
                    }
                    TernaryOp::Fma => {
                        self.push(Op::Fma { double: ty == Type::F64, d, a: x, b: y });
                        self.push(Op::Operand { a: z });
                    }
                }
                self.defined(value);
            }
            (InstData::IntCompare { cc, args }, Some(value)) => {
                if !self.fused[inst.index()] {
                    self.int_compare(cc, value, args);
                }
            }
            (InstData::FloatCompare { cc, args }, Some(value)) => {
                if !self.fused[inst.index()] {
                    let [a, b] = args.map(|arg| self.reg(arg));
                    let ty = func.value_type(args[0]);
                    let d = self.def(value);
                    if let Some(kind) = self.program.kinds.float_compare_kind(cc, ty) {
                        self.push(Op::FloatCompare { kind, d, a, b });
                    }
                    self.defined(value);
                }
            }
            (InstData::Load { kind, addr, offset, .. }, Some(value)) => {
                self.load(kind, value, addr, offset);
            }
            (InstData::Store { kind, value, addr, offset, .. }, _) => {
                self.store(kind, value, addr, offset);
            }
            (InstData::StackAddr { slot, offset }, Some(value)) => {
                let place = self.slots[slot.index()].wrapping_add_signed(offset.into());
                let d = self.def(value);
                if let Ok(offset) = u32::try_from(place) {
                    self.push(Op::StackAddr { d, offset });
                } else {
                    let (base, far) = (self.scratch(), self.scratch());
                    self.push(Op::StackAddr { d: base, offset: 0 });
                    self.constant(far, place);
                    self.push(Op::Add64 { d, a: base, b: far });
                }
                self.defined(value);
            }
            (InstData::VarGet { var }, Some(value)) => {
                self.copy(self.registers.value(value), self.registers.var(var));
            }
            (InstData::VarSet { var, value }, _) => {
                let to = self.registers.var(var);
                match self.constants[value.index()] {
                    Some(bits) => self.constant_to(to, bits),
                    None => self.copy(to, self.registers.value(value)),
                }
            }
            (InstData::Call { callee, args }, _) => {
                self.call(callee, func.list(args), func.results(inst))?;
            }
            (InstData::TrapIf { cond, kind }, _) => {
                let a = self.reg(cond);
                self.push(Op::TrapIf { a, kind });
            }
            (InstData::Jump { target }, _) => self.goto(block, target, next),
            (InstData::Branch { cond, then_to, else_to }, _) => {
                self.branch(block, cond, then_to, else_to, next);
            }
            (InstData::Switch { index, table }, _) => self.switch(block, index, table),
            (InstData::Return { args }, _) => {
                let args = func.list(args);
                match *args {
                    [] => self.push(Op::Return0),
                    [one] => {
                        let a = self.reg(one);
                        self.push(Op::Return1 { a });
                    }
                    _ => {
                        let list = self.full_registers(args);
                        let index = self.code.returns.len() as u32;
                        self.code.returns.push(list);
                        self.push(Op::Return { list: index });
                    }
                }
            }
            (InstData::Trap { kind }, _) => self.push(Op::Trap { kind }),
            (
                InstData::Overflow { .. }
                | InstData::Carry { .. }
                | InstData::Wide { .. }
                | InstData::Split { .. }
                | InstData::AtomicLoad { .. }
                | InstData::AtomicStore { .. }
                | InstData::AtomicRmw { .. }
                | InstData::AtomicCas { .. }
                | InstData::Fence
                | InstData::FuncAddr { .. }
                | InstData::CallIndirect { .. }
                | InstData::TailCall { .. }
                | InstData::TailCallIndirect { .. },
                _,
            ) => {
                let (function, op) = (func.name.clone(), func.inst(inst).opcode());
                return Err(LoadError::Unsupported { function, op });
            }
            // A value without a place to go: the verifier refuses such a function.
            (_, None) => {}
        }
        Ok(())
    }

    fn unary(&mut self, op: UnaryOp, value: Value, arg: Value) {
        let (from, to) = (self.func.value_type(arg), self.func.value_type(value));
        let a = self.reg(arg);
        let d = self.def(value);
        let op = match (op, from, to) {
            // The bits above the type are zero already.
            (UnaryOp::Zext | UnaryOp::Bitcast, _, _) => Op::Move { d, a },
            (UnaryOp::Trunc, _, Type::I8) => Op::Trunc8 { d, a },
            (UnaryOp::Trunc, _, Type::I16) => Op::Trunc16 { d, a },
            (UnaryOp::Trunc, _, Type::I32) => Op::Trunc32 { d, a },
            (UnaryOp::Sext, Type::I32, _) => Op::Sext32 { d, a },
            _ => Op::Unary { d, a, kind: self.program.kinds.unary_kind(op, from, to) },
        };
        self.push(op);
        self.defined(value);
    }

    fn load(&mut self, kind: LoadKind, value: Value, addr: Value, offset: i32) {
        let ty = self.func.value_type(value);
        let memory = kind.memory_type(ty);
        let (a, offset) = self.address(addr, offset, memory);
        let d = self.def(value);
        let signed = matches!(kind, LoadKind::Narrow(_, Extend::Sign));
        self.push(match (memory.bytes(), signed) {
            (1, false) => Op::LoadU8 { d, a, offset },
            (1, true) => Op::LoadS8 { d, a, offset },
            (2, false) => Op::LoadU16 { d, a, offset },
            (2, true) => Op::LoadS16 { d, a, offset },
            (4, false) => Op::LoadU32 { d, a, offset },
            (4, true) => Op::LoadS32 { d, a, offset },
            _ => Op::Load64 { d, a, offset },
        });
        if signed {
            match ty {
                Type::I8 => self.push(Op::Trunc8 { d, a: d }),
                Type::I16 => self.push(Op::Trunc16 { d, a: d }),
                Type::I32 => self.push(Op::Trunc32 { d, a: d }),
                _ => {}
            }
        }
        self.defined(value);
    }

    fn store(&mut self, kind: StoreKind, value: Value, addr: Value, offset: i32) {
        let v = self.reg(value);
        let width = match kind {
            StoreKind::Full => self.func.value_type(value),
            StoreKind::Narrow(NarrowWidth::W8) => Type::I8,
            StoreKind::Narrow(NarrowWidth::W16) => Type::I16,
            StoreKind::Narrow(NarrowWidth::W32) => Type::I32,
        };
        let (a, offset) = self.address(addr, offset, width);
        self.push(match width.bytes() {
            1 => Op::Store8 { v, a, offset },
            2 => Op::Store16 { v, a, offset },
            4 => Op::Store32 { v, a, offset },
            _ => Op::Store64 { v, a, offset },
        });
    }

    /// The address in a register and an offset that fits; in restricted mode checked.
    fn address(&mut self, addr: Value, offset: i32, memory: Type) -> (Reg, i16) {
        let base = self.reg(addr);
        let (a, offset) = match i16::try_from(offset) {
            Ok(offset) => (base, offset),
            Err(_) => {
                let (sum, far) = (self.scratch(), self.scratch());
                self.constant(far, i64::from(offset) as u64);
                self.push(Op::Add64 { d: sum, a: base, b: far });
                (sum, 0)
            }
        };
        if self.program.options.memory == MemoryAccess::Restricted {
            self.push(Op::Check { width: memory.bytes() as u8, a, offset });
        }
        (a, offset)
    }

    fn call(
        &mut self,
        callee: FuncRef,
        args: &[Value],
        results: &[Value],
    ) -> Result<(), LoadError> {
        let callee = &self.func.callees[callee];
        let name = callee.name.as_str();
        let Some(has) = self.module.signature(name) else {
            return Err(LoadError::UnknownCallee {
                function: self.func.name.clone(),
                callee: name.to_owned(),
            });
        };
        if has.param_types().ne(callee.signature.param_types())
            || has.result_types().ne(callee.signature.result_types())
        {
            return Err(LoadError::CalleeSignature {
                function: self.func.name.clone(),
                callee: name.to_owned(),
                called_as: callee.signature.to_string(),
                has: has.to_string(),
            });
        }
        let args = self.full_registers(args);
        let results = results.iter().map(|&value| self.registers.value(value)).collect();
        let site = self.code.sites.len() as u32;
        let index = self.module.functions.get_index_of(name);
        let host = self.module.externs.get_index_of(name);
        let callee = index.or(host).unwrap_or_default() as u32;
        self.code.sites.push(CallSite { callee, args, results });
        self.push(if index.is_some() { Op::Call { site } } else { Op::CallHost { site } });
        Ok(())
    }

    fn switch(&mut self, block: Block, index: Value, table: ir::SwitchRef) {
        let ty = self.func.value_type(index);
        let a = self.reg(index);
        let switch = &self.func.switches[table];
        let number = self.code.tables.len() as u32;
        self.push(Op::Switch { a, table: number });
        // Each edge gets its copies and a jump, or is the target itself if it has none.
        let mut edges: Vec<(i64, u32)> = Vec::with_capacity(switch.cases.len());
        let default = self.edge_start(block, switch.default);
        for &(value, call) in &switch.cases {
            edges.push((value, self.edge_start(block, call)));
        }
        edges.sort_by_key(|&(value, _)| value);
        let span = match (edges.first(), edges.last()) {
            (Some(&(low, _)), Some(&(high, _))) => {
                usize::try_from(high.wrapping_sub(low) as u64).unwrap_or(usize::MAX)
            }
            _ => 0,
        };
        let targets = if span / 4 <= edges.len() + 4 {
            let first = edges.first().map_or(0, |&(value, _)| value);
            let mut targets = vec![default; if edges.is_empty() { 0 } else { span + 1 }];
            for &(value, target) in &edges {
                targets[value.wrapping_sub(first) as usize] = target;
            }
            SwitchTargets::Dense { first: first as u64, mask: ty.mask(), targets, default }
        } else {
            let mask = ty.mask();
            let mut sparse: Vec<(u64, u32)> =
                edges.iter().map(|&(value, target)| (value as u64 & mask, target)).collect();
            sparse.sort_unstable();
            let (values, targets) = sparse.into_iter().unzip();
            SwitchTargets::Sparse { values, targets, default }
        };
        self.code.tables.push(targets);
    }

    /// Code for an edge of a `switch`; its place.
    fn edge_start(&mut self, from: Block, call: BlockCall) -> u32 {
        let start = self.code.ops.len() as u32;
        self.goto(from, call, None);
        start
    }

    /// The copies of an edge and a jump to its target, unless that is `next`.
    pub(crate) fn goto(&mut self, from: Block, call: BlockCall, next: Option<Block>) {
        self.edge_work(from, call);
        if next != Some(call.block) {
            self.jump_op(Op::Jump { target: 0 }, call.block);
        }
    }

    /// What an edge does on the way: it is counted, and its arguments are copied.
    pub(crate) fn edge_work(&mut self, from: Block, call: BlockCall) {
        if self.program.options.counted {
            let counter = self.program.counters.edges.len() as u32;
            self.program.counters.edges.push((self.id, from, call.block));
            self.push(Op::Edge { counter });
        }
        let params = self.func.block_params(call.block);
        let args = self.func.list(call.args);
        let mut copies = Vec::with_capacity(params.len());
        let mut constants = Vec::new();
        for (&param, &arg) in params.iter().zip(args) {
            let to = self.registers.value(param);
            match self.constants[arg.index()] {
                Some(bits) => constants.push((to, bits)),
                None => copies.push((to, self.registers.value(arg))),
            }
        }
        let mut sequence = Vec::with_capacity(copies.len());
        // The scratch register's number is not one of the frame's, wide registers included.
        moves::sequentialize(&copies, u32::MAX, &mut sequence);
        for (to, from) in sequence {
            self.copy(to, from);
        }
        for (to, bits) in constants {
            self.constant_to(to, bits);
        }
    }

    /// Whether an edge does anything on the way.
    pub(crate) fn has_edge_work(&self, call: BlockCall) -> bool {
        self.program.options.counted
            || self.func.block_params(call.block).iter().zip(self.func.list(call.args)).any(
                |(&param, &arg)| {
                    self.constants[arg.index()].is_some()
                        || self.registers.value(param) != self.registers.value(arg)
                },
            )
    }

    // ---- Registers ----

    /// The bits of a value that is a constant.
    pub(crate) fn constant_of(&self, value: Value) -> Option<u64> {
        self.constants[value.index()]
    }

    /// The register to read a value from.
    pub(crate) fn reg(&mut self, value: Value) -> Reg {
        self.make_ready(value);
        let register = self.registers.value(value);
        if register < WINDOW_REGISTERS {
            register as Reg
        } else {
            let d = self.scratch();
            self.push(Op::WideGet { d, index: register - WINDOW_REGISTERS });
            d
        }
    }

    /// Puts a constant into its register unless it is there.
    fn make_ready(&mut self, value: Value) {
        let Some(bits) = self.constants[value.index()] else { return };
        if std::mem::replace(&mut self.constant_ready[value.index()], true) {
            return;
        }
        let register = self.registers.value(value);
        if self.looping {
            self.code.preset.push((register, bits));
        } else {
            self.ready_here.push(value);
            self.constant_to(register, bits);
        }
    }

    fn full_registers(&mut self, values: &[Value]) -> Box<[u32]> {
        values
            .iter()
            .map(|&value| {
                self.make_ready(value);
                self.registers.value(value)
            })
            .collect()
    }

    /// The register to write a value to; [`defined`](Self::defined) must follow.
    pub(crate) fn def(&mut self, value: Value) -> Reg {
        let register = self.registers.value(value);
        if register < WINDOW_REGISTERS { register as Reg } else { SCRATCH }
    }

    /// Moves a value that was written to where it belongs.
    pub(crate) fn defined(&mut self, value: Value) {
        let register = self.registers.value(value);
        if register >= WINDOW_REGISTERS {
            self.push(Op::WideSet { a: SCRATCH, index: register - WINDOW_REGISTERS });
        }
    }

    /// A register that is free until the next instruction of the IR.
    pub(crate) fn scratch(&mut self) -> Reg {
        self.scratches += 1;
        SCRATCH + self.scratches
    }

    fn copy(&mut self, to: u32, from: u32) {
        let narrow = |register: u32| match register {
            u32::MAX => Some(MOVE_SCRATCH),
            register if register < WINDOW_REGISTERS => Some(register as Reg),
            _ => None,
        };
        let a = narrow(from).unwrap_or_else(|| {
            self.push(Op::WideGet { d: SCRATCH, index: from - WINDOW_REGISTERS });
            SCRATCH
        });
        match narrow(to) {
            Some(d) if d == a => {}
            Some(d) => self.push(Op::Move { d, a }),
            None => self.push(Op::WideSet { a, index: to - WINDOW_REGISTERS }),
        }
    }

    fn constant_to(&mut self, register: u32, bits: u64) {
        if register < WINDOW_REGISTERS {
            self.constant(register as Reg, bits);
        } else {
            self.constant(SCRATCH, bits);
            self.push(Op::WideSet { a: SCRATCH, index: register - WINDOW_REGISTERS });
        }
    }

    pub(crate) fn constant(&mut self, d: Reg, bits: u64) {
        match i32::try_from(bits as i64) {
            Ok(imm) => self.push(Op::Const { d, imm }),
            Err(_) => {
                let index = self.code.pool.len() as u32;
                self.code.pool.push(bits);
                self.push(Op::Pool { d, index });
            }
        }
    }

    // ---- Operations and targets ----

    pub(crate) fn push(&mut self, op: Op) {
        self.code.ops.push(op);
        self.code.spans.push(self.span);
    }

    pub(crate) fn jump_op(&mut self, op: Op, target: Block) {
        self.fixups.push((self.code.ops.len(), target));
        self.push(op);
    }

    fn patch(&mut self) -> Result<(), LoadError> {
        for (index, block) in std::mem::take(&mut self.fixups) {
            let target = self.starts[block.index()];
            self.set_target(index, target)?;
        }
        Ok(())
    }

    /// Directs the jump at `index` to `target`.
    pub(crate) fn set_target(&mut self, index: usize, target: u32) -> Result<(), LoadError> {
        if self.code.ops[index].set_target(index, target) {
            Ok(())
        } else {
            Err(LoadError::TooLarge { function: self.func.name.clone() })
        }
    }
}
