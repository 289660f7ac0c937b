//! Appending operations: registers and constants, copies, edges and jumps.

use ir::{Block, BlockCall, Entity, InstData, Value};

use crate::error::LoadError;
use crate::exec::{self, RUN};
use crate::load::Loader;
use crate::moves;
use crate::op::{Cell, Handler, Op, Reg};
use crate::registers::words;

/// Registers below are in the window; the others are reached by `wide_get` and `wide_set`.
pub(crate) const WINDOW_REGISTERS: u32 = 65_000;
/// Above the frame's registers in every window: what is on its way to registers above the window, an instruction's
/// first result and its second.
const RESULT: [Reg; 2] = [65_490, 65_492];
/// The copies of a branch break their cycles with this one.
const MOVE_SCRATCH: Reg = 65_494;
/// From here on: free for use inside one instruction of the IR.
const SCRATCH: Reg = 65_500;

/// Where a register is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Home {
    /// In the window.
    Near(Reg),
    /// Above the window, counted from there.
    Far(u32),
}

impl Home {
    pub(crate) fn of(register: u32) -> Self {
        match register.checked_sub(WINDOW_REGISTERS) {
            None => Home::Near(register as Reg),
            Some(index) => Home::Far(index),
        }
    }
}

impl Loader<'_> {
    /// The bits of a value that is a constant.
    pub(crate) fn constant_of(&self, value: Value) -> Option<u64> {
        self.constants[value.index()]
    }

    /// The first register of a value, wherever it is.
    pub(crate) fn place_of(&mut self, value: Value) -> u32 {
        self.registers.value(value, self.func.value_type(value))
    }

    /// All registers of a value, wherever they are.
    pub(crate) fn places_of(&mut self, value: Value) -> std::ops::Range<u32> {
        let first = self.place_of(value);
        first..first + words(self.func.value_type(value))
    }

    /// The register, or the first of two, to read a value from.
    pub(crate) fn reg(&mut self, value: Value) -> Reg {
        self.make_ready(value);
        let places = self.places_of(value);
        if places.end <= WINDOW_REGISTERS {
            return places.start as Reg;
        }
        let first = self.scratch(places.len());
        for (to, place) in (first..).zip(places) {
            self.copy(Home::Near(to), Home::of(place));
        }
        first
    }

    /// Puts a constant into its register unless it is there.
    fn make_ready(&mut self, value: Value) {
        let Some(bits) = self.constants[value.index()] else { return };
        if std::mem::replace(&mut self.constant_ready[value.index()], true) {
            return;
        }
        let register = self.place_of(value);
        if self.looping {
            self.code.preset.push((register, bits));
        } else {
            self.ready_here.push(value);
            self.constant_to(register, bits);
        }
    }

    /// The registers of all these values, wherever they are.
    pub(crate) fn all_places(&mut self, values: &[Value]) -> Box<[u32]> {
        let mut places = Vec::with_capacity(values.len());
        for &value in values {
            self.make_ready(value);
            places.extend(self.places_of(value));
        }
        places.into()
    }

    /// The registers of results, which will be written there.
    pub(crate) fn result_places(&mut self, results: &[Value]) -> Box<[u32]> {
        let mut places = Vec::with_capacity(results.len());
        for &value in results {
            places.extend(self.places_of(value));
        }
        places.into()
    }

    /// Appends the operations that `emit` makes for an instruction with the result `value`: it is told the register to
    /// write.
    pub(crate) fn define(&mut self, value: Value, emit: impl FnOnce(&mut Self, Reg)) {
        self.define_all([value], |loader, [register]| emit(loader, register));
    }

    /// The same for an instruction with as many results.
    pub(crate) fn define_all<const N: usize>(
        &mut self,
        values: [Value; N],
        emit: impl FnOnce(&mut Self, [Reg; N]),
    ) {
        let mut registers = [0; N];
        for ((register, &value), scratch) in registers.iter_mut().zip(&values).zip(RESULT) {
            let places = self.places_of(value);
            let near = places.end <= WINDOW_REGISTERS;
            *register = if near { places.start as Reg } else { scratch };
        }
        emit(self, registers);
        for (&value, register) in values.iter().zip(registers) {
            let places = self.places_of(value);
            if places.end > WINDOW_REGISTERS {
                for (place, from) in places.zip(register..) {
                    self.copy(Home::of(place), Home::Near(from));
                }
            }
        }
    }

    /// The first of `count` registers that are free until the next instruction of the IR.
    pub(crate) fn scratch(&mut self, count: usize) -> Reg {
        let first = SCRATCH + self.scratches;
        self.scratches += count as u16;
        first
    }

    pub(crate) fn copy(&mut self, to: Home, from: Home) {
        match (to, from) {
            (Home::Near(d), Home::Near(a)) if d == a => {}
            (Home::Near(d), Home::Near(a)) => {
                self.push(Op::new(exec::move_register(), d, a, 0, 0));
            }
            (Home::Near(d), Home::Far(index)) => self.push_wide(exec::wide_get(), d, 0, index),
            (Home::Far(index), Home::Near(d)) => self.push_wide(exec::wide_set(), d, 0, index),
            (Home::Far(to), Home::Far(from)) => {
                self.push_wide(exec::wide_get(), RESULT[0], 0, from);
                self.push_wide(exec::wide_set(), RESULT[0], 0, to);
            }
        }
    }

    pub(crate) fn constant_to(&mut self, register: u32, bits: u64) {
        match Home::of(register) {
            Home::Near(d) => self.constant(d, bits),
            far => {
                self.constant(RESULT[0], bits);
                self.copy(far, Home::Near(RESULT[0]));
            }
        }
    }

    pub(crate) fn constant(&mut self, d: Reg, bits: u64) {
        match i32::try_from(bits as i64) {
            Ok(imm) => self.push_wide(exec::constant(), d, 0, imm as u32),
            Err(_) => {
                let index = self.code.pool.len() as u32;
                self.code.pool.push(bits);
                self.push_wide(exec::long_constant(), d, 0, index);
            }
        }
    }

    // ---- Edges ----

    /// The copies of an edge and a jump to its target, unless that is `next`; or the return that the target is.
    pub(crate) fn goto(&mut self, from: Block, call: BlockCall, next: Option<Block>) {
        if let Some(values) = self.returned(call) {
            // Constants that get ready here are so on this edge alone.
            let ready_before = self.ready_here.len();
            let places = self.all_places(&values);
            self.return_places(places);
            for value in self.ready_here.drain(ready_before..) {
                self.constant_ready[value.index()] = false;
            }
            return;
        }
        self.edge_work(from, call);
        if next != Some(call.block) {
            self.jump_op(Op::with_wide(exec::jump(), 0, 0, 0), call.block);
        }
    }

    /// What the target of an edge returns, if it does nothing else and nobody counts.
    fn returned(&self, call: BlockCall) -> Option<Vec<Value>> {
        let &[inst] = self.func.block_insts(call.block) else { return None };
        let InstData::Return { args } = *self.func.inst(inst) else { return None };
        if self.program.options.counted {
            return None;
        }
        let (params, args_of_edge) =
            (self.func.block_params(call.block), self.func.list(call.args));
        let value = |&value: &Value| {
            let place = params.iter().position(|&param| param == value);
            place.and_then(|place| args_of_edge.get(place).copied()).unwrap_or(value)
        };
        Some(self.func.list(args).iter().map(value).collect())
    }

    /// What an edge does on the way: it is counted, and its arguments are copied.
    fn edge_work(&mut self, from: Block, call: BlockCall) {
        if self.program.options.counted {
            let counter = self.counters.edges.len() as u32;
            self.counters.edges.push((from, call.block));
            self.push_wide(exec::count_edge(), 0, 0, counter);
        }
        let (params, args) = (self.func.block_params(call.block), self.func.list(call.args));
        let mut copies = Vec::with_capacity(params.len());
        let mut constants = Vec::new();
        for (&param, &arg) in params.iter().zip(args) {
            let to = self.places_of(param);
            match self.constants[arg.index()] {
                Some(bits) => constants.push((to.start, bits)),
                None => copies.extend(to.zip(self.places_of(arg))),
            }
        }
        let mut sequence = Vec::with_capacity(copies.len());
        // The scratch register's number is not one of the frame's.
        moves::sequentialize(&copies, u32::MAX, &mut sequence);
        let home = |register| match register {
            u32::MAX => Home::Near(MOVE_SCRATCH),
            _ => Home::of(register),
        };
        for (to, from) in sequence {
            self.copy(home(to), home(from));
        }
        for (to, bits) in constants {
            self.constant_to(to, bits);
        }
    }

    /// Returns `true` if an edge does anything on the way.
    pub(crate) fn has_edge_work(&mut self, call: BlockCall) -> bool {
        let (params, args) = (self.func.block_params(call.block), self.func.list(call.args));
        self.program.options.counted
            || params.iter().zip(args).any(|(&param, &arg)| {
                self.constants[arg.index()].is_some() || self.place_of(param) != self.place_of(arg)
            })
    }

    // ---- Operations and targets ----

    pub(crate) fn push(&mut self, op: Op) {
        if self.since_yield == RUN {
            self.since_yield = 0;
            self.append(Op::new(exec::yield_point(), 0, 0, 0, 0));
        }
        self.since_yield += 1;
        self.append(op);
    }

    /// Appends an operation that the one before it reads.
    pub(crate) fn append(&mut self, op: Op) {
        let Op { run, d, a, b, c } = op;
        if let Some(before) = self.code.cells.last_mut() {
            before.next = run;
        }
        self.code.cells.push(Cell { next: exec::end(), d, a, b, c });
        self.code.spans.push(self.span);
    }

    pub(crate) fn push_wide(&mut self, run: Handler, d: Reg, a: Reg, wide: u32) {
        self.push(Op::with_wide(run, d, a, wide));
    }

    /// Appends a jump whose place for the target is `wide`.
    pub(crate) fn jump_op(&mut self, op: Op, target: Block) {
        self.push(op);
        self.fixups.push((self.code.cells.len() - 1, target));
    }

    /// Where the next operation will be, as jumps say it.
    pub(crate) fn here(&self) -> Result<u32, LoadError> {
        u32::try_from(self.code.cells.len() - 1).map_err(|_| self.too_large())
    }

    /// Directs the jumps to the starts of their blocks.
    pub(crate) fn patch(&mut self) -> Result<(), LoadError> {
        for &(index, block) in &self.fixups {
            let start = self.starts[block.index()].ok_or_else(|| self.too_large())?;
            self.code.cells[index].set_wide(start);
        }
        Ok(())
    }
}
