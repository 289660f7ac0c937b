//! Predecoding: one function of the IR into [`FuncCode`].
//!
//! What makes it quick to run: constants that fit become immediates, the others are put into registers once a call if
//! the function has a loop; comparisons, addresses and float operations become part of what reads them (see
//! [`crate::plan`]); block arguments share the register of their parameter where they can (see [`crate::coalesce`]).

use std::sync::Arc;

use ir::{
    BinaryOp, Block, Entity, Function, Inst, InstData, LoadKind, StoreKind, TernaryOp, Type,
    UnaryOp, Value,
};

use crate::coalesce::coalesce;
use crate::code::{Bound, Counters, FuncCode};
use crate::emit::Home;
use crate::error::LoadError;
use crate::exec::{self, Mode};
use crate::flow::{self, Called};
use crate::op::{Cell, Handler, Op, Reg};
use crate::plan::{self, Plan};
use crate::program::{Bindings, FuncId, Program};
use crate::registers::Registers;
use crate::run::STACK_ALIGN;

/// Predecodes `func` as the body of `id`.
pub(crate) fn function(
    func: &Function,
    id: FuncId,
    bindings: &Bindings<'_>,
    program: &Program,
) -> Result<FuncCode, LoadError> {
    let too_large = || LoadError::TooLarge { function: func.name.clone() };
    let mut frame_size = 0u64;
    let mut frame_align = STACK_ALIGN;
    let mut slots = Vec::with_capacity(func.slots.len());
    for slot in func.slots.values() {
        let align = u64::from(slot.align.max(1));
        frame_align = frame_align.max(align);
        let offset = frame_size.checked_next_multiple_of(align).ok_or_else(too_large)?;
        slots.push(offset);
        frame_size = offset.checked_add(slot.size).ok_or_else(too_large)?;
    }
    let bound = flow::bind(func, bindings, program)?;
    let constants = constants(func, bindings, program);
    let plan = plan::plan(func, program.options.memory);
    let classes = coalesce(func, &plan, |value| constants[value.index()].is_some());
    let registers = Registers::assign(func, classes).ok_or_else(too_large)?;
    let code = FuncCode {
        id,
        name: func.name.clone(),
        params: func.signature.halved().param_types().map(Type::mask).collect(),
        cells: vec![Cell { next: exec::end(), d: 0, a: 0, b: 0, c: 0 }],
        spans: vec![None],
        pool: Vec::new(),
        sites: Vec::new(),
        returns: Vec::new(),
        tables: Vec::new(),
        preset: Vec::new(),
        registers: 0,
        wide: 0,
        zeroed: registers.vars(),
        frame_size,
        frame_align,
        counters: Arc::default(),
        plain: false,
    };
    let mut loader = Loader {
        func,
        program,
        bound,
        code,
        counters: Counters::default(),
        registers,
        slots,
        constants,
        constant_ready: vec![false; func.num_values()],
        ready_here: Vec::new(),
        plan,
        starts: vec![None; func.num_blocks()],
        fixups: Vec::new(),
        looping: has_loop(func),
        scratches: 0,
        since_yield: 0,
        span: None,
    };
    loader.blocks()?;
    loader.patch()?;
    let count = loader.registers.count();
    loader.code.registers = count.min(crate::emit::WINDOW_REGISTERS);
    loader.code.wide = count.saturating_sub(crate::emit::WINDOW_REGISTERS);
    let code = &mut loader.code;
    let only_window = code.wide == 0 && code.frame_size == 0;
    code.plain =
        only_window && code.zeroed.is_empty() && code.preset.is_empty() && !program.options.counted;
    code.counters = Arc::new(loader.counters);
    Ok(loader.code)
}

/// Returns `true` if a branch goes to its own or an earlier block of the layout.
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

/// The bits of the values that are constants of one word. The bindings are complete.
fn constants(func: &Function, bindings: &Bindings<'_>, program: &Program) -> Vec<Option<u64>> {
    let mut constants = vec![None; func.num_values()];
    for &block in func.layout() {
        for &inst in func.block_insts(block) {
            let Some(value) = func.result(inst) else { continue };
            let ty = func.value_type(value);
            constants[value.index()] = match *func.inst(inst) {
                InstData::IntConst { imm } if ty != Type::I128 => Some(imm as u64 & ty.mask()),
                InstData::FloatConst { bits } => Some(bits),
                InstData::DataAddr { data, offset } => {
                    Some(bindings.data[data.index()].wrapping_add_signed(offset.into()))
                }
                InstData::FuncAddr { callee } => {
                    Some(program.address_of(bindings.callees[callee.index()]))
                }
                // Every other value is computed.
                _ => continue,
            };
        }
    }
    constants
}

/// The handler of an instruction that was verified.
#[track_caller]
pub(crate) fn known(handler: Option<Handler>) -> Handler {
    match handler {
        Some(handler) => handler,
        None => unreachable!("there is a handler for all that the verifier lets through"),
    }
}

pub(crate) struct Loader<'a> {
    pub(crate) func: &'a Function,
    pub(crate) program: &'a Program,
    /// What each `FuncRef` stands for.
    pub(crate) bound: Vec<Bound>,
    pub(crate) code: FuncCode,
    pub(crate) counters: Counters,
    pub(crate) registers: Registers,
    /// Offsets of the stack slots in the frame.
    slots: Vec<u64>,
    /// The bits of the values that are constants of one word.
    pub(crate) constants: Vec<Option<u64>>,
    /// Whether a constant is in its register: everywhere in a function with loops, else in the current block.
    pub(crate) constant_ready: Vec<bool>,
    pub(crate) ready_here: Vec<Value>,
    pub(crate) plan: Plan,
    /// Where the operations of each block start, once they are there.
    pub(crate) starts: Vec<Option<u32>>,
    /// Operations whose target is the start of a block.
    pub(crate) fixups: Vec<(usize, Block)>,
    pub(crate) looping: bool,
    pub(crate) scratches: u16,
    pub(crate) since_yield: usize,
    pub(crate) span: Option<ir::Span>,
}

impl Loader<'_> {
    pub(crate) fn too_large(&self) -> LoadError {
        LoadError::TooLarge { function: self.func.name.clone() }
    }

    fn blocks(&mut self) -> Result<(), LoadError> {
        let layout = self.func.layout();
        for (index, &block) in layout.iter().enumerate() {
            let start = self.here()?;
            self.starts[block.index()] = Some(start);
            for value in self.ready_here.drain(..) {
                self.constant_ready[value.index()] = false;
            }
            self.span = None;
            if self.program.options.counted {
                let counter = self.counters.blocks.len() as u32;
                let weight = self.func.block_insts(block).len() as u64;
                self.counters.blocks.push((block, weight));
                self.push_wide(exec::count_block(), 0, 0, counter);
            }
            let next = layout.get(index + 1).copied();
            for &inst in self.func.block_insts(block) {
                self.scratches = 0;
                self.span = self.func.span(inst);
                if !self.plan.is_fused(inst) && !self.plan.is_step(inst) {
                    self.inst(block, inst, next)?;
                }
            }
        }
        Ok(())
    }

    fn inst(&mut self, block: Block, inst: Inst, next: Option<Block>) -> Result<(), LoadError> {
        let func = self.func;
        let result = func.result(inst);
        if self.extended(inst) {
            return Ok(());
        }
        match (*func.inst(inst), result) {
            // Constants, which are ready where they are read.
            (
                InstData::IntConst { .. }
                | InstData::FloatConst { .. }
                | InstData::DataAddr { .. }
                | InstData::FuncAddr { .. },
                _,
            ) => {}
            (InstData::Unary { op, arg }, Some(value)) => self.unary(op, value, arg),
            (InstData::Binary { op, args }, Some(value)) => self.binary(op, value, args),
            (InstData::Ternary { op, args }, Some(value)) => self.ternary(op, value, args),
            (InstData::IntCompare { .. } | InstData::FloatCompare { .. }, Some(value)) => {
                self.compare(inst, value);
            }
            (InstData::Load { kind, addr, offset, .. }, Some(value)) => {
                self.load(kind, value, addr, offset);
            }
            (InstData::Store { kind, value, addr, offset, .. }, _) => {
                self.store(kind, value, addr, offset);
            }
            (InstData::StackAddr { slot, offset }, Some(value)) => {
                let place = self.slots[slot.index()].wrapping_add_signed(offset.into());
                match u32::try_from(place) {
                    Ok(place) => self.define(value, |loader, d| {
                        loader.push_wide(exec::stack_addr(), d, 0, place);
                    }),
                    Err(_) => {
                        let base = self.scratch(2);
                        self.push_wide(exec::stack_addr(), base, 0, 0);
                        self.constant(base + 1, place);
                        let add = known(exec::binary(BinaryOp::Add, Type::I64));
                        self.define(value, |loader, d| {
                            loader.push(Op::new(add, d, base, base + 1, 0));
                        });
                    }
                }
            }
            (InstData::VarGet { var }, Some(value)) => {
                let from = self.registers.var(var);
                for (to, from) in self.places_of(value).zip(from..) {
                    self.copy(Home::of(to), Home::of(from));
                }
            }
            (InstData::VarSet { var, value }, _) => {
                let to = self.registers.var(var);
                match self.constants[value.index()] {
                    Some(bits) => self.constant_to(to, bits),
                    None => {
                        for (to, from) in (to..).zip(self.places_of(value)) {
                            self.copy(Home::of(to), Home::of(from));
                        }
                    }
                }
            }
            (InstData::Call { callee, args }, _) => {
                let target = Called::Named(self.bound[callee.index()].clone());
                self.call(target, func.list(args), Some(func.results(inst)));
            }
            (InstData::CallIndirect { callee, signature, args }, _) => {
                let target = Called::At(callee, signature);
                self.call(target, func.list(args), Some(func.results(inst)));
            }
            (InstData::TailCall { callee, args }, _) => {
                let target = Called::Named(self.bound[callee.index()].clone());
                self.call(target, func.list(args), None);
            }
            (InstData::TailCallIndirect { callee, signature, args }, _) => {
                self.call(Called::At(callee, signature), func.list(args), None);
            }
            (InstData::TrapIf { cond, kind }, _) => self.trap_if(cond, kind.code()),
            (InstData::Jump { target }, _) => self.goto(block, target, next),
            (
                InstData::Branch { cond, then_to, else_to }
                | InstData::Guard { cond, then_to, resume: else_to },
                _,
            ) => {
                self.branch(block, cond, then_to, else_to, next)?;
            }
            (InstData::Switch { index, table }, _) => self.switch(block, index, table)?,
            (InstData::Return { args }, _) => {
                let places = self.all_places(func.list(args));
                self.return_places(places);
            }
            (InstData::Trap { kind }, _) => {
                self.push(Op::new(exec::trap_always(), 0, 0, 0, kind.code()));
            }
            (data, _) => unreachable!("the verifier lets nothing through like {data:?}"),
        }
        Ok(())
    }

    fn unary(&mut self, op: UnaryOp, value: Value, arg: Value) {
        let (from, to) = (self.func.value_type(arg), self.func.value_type(value));
        let a = self.reg(arg);
        let handler = match op {
            // The bits above the type are zero already.
            UnaryOp::Zext | UnaryOp::Bitcast => exec::move_register(),
            _ => known(exec::unary(op, from, to)),
        };
        self.define(value, |loader, d| loader.push(Op::new(handler, d, a, 0, 0)));
    }

    fn ternary(&mut self, op: TernaryOp, value: Value, args: [Value; 3]) {
        let [a, b, c] = args.map(|arg| self.reg(arg));
        let handler = known(exec::ternary(op, self.func.value_type(value)));
        self.define(value, |loader, d| loader.push(Op::new(handler, d, a, b, c)));
    }

    // ---- Memory ----

    fn load(&mut self, kind: LoadKind, value: Value, addr: Value, offset: i32) {
        let ty = self.func.value_type(value);
        let access = self.address(addr, offset, kind.memory_type(ty), false);
        let handler = known(exec::load(kind, ty, access.mode));
        self.define(value, |loader, d| loader.push(access.op(handler, d)));
    }

    fn store(&mut self, kind: StoreKind, value: Value, addr: Value, offset: i32) {
        let memory = kind.memory_type(self.func.value_type(value));
        let v = self.reg(value);
        let access = self.address(addr, offset, memory, true);
        let handler = known(exec::store(memory, access.mode));
        self.push(access.op(handler, v));
    }

    /// How an access gets its address; in restricted mode it is checked.
    fn address(&mut self, addr: Value, offset: i32, memory: Type, writes: bool) -> Access {
        if let Some(indexed) = self.plan.indexed(self.func, addr) {
            let (a, b) = (self.reg(indexed.base), self.reg(indexed.index));
            // The plan has seen to it that the offset fits.
            return Access { mode: Mode::Indexed(indexed.shift), a, b, c: offset as u16 };
        }
        let Op { a, b, c, .. } = self.checked(exec::check(writes), addr, offset, memory, writes);
        Access { mode: Mode::Offset, a, b, c }
    }
}

/// The address of an access.
#[derive(Clone, Copy)]
struct Access {
    mode: Mode,
    a: Reg,
    b: u16,
    c: u16,
}

impl Access {
    fn op(self, handler: Handler, d: Reg) -> Op {
        Op::new(handler, d, self.a, self.b, self.c)
    }
}
