//! Predecoding of what is not on one word with one result: `i128`, overflow and carry, and atomic accesses.

use ir::{Inst, InstData, LoadKind, StoreKind, TernaryOp, Type, Value};

use crate::exec;
use crate::load::{Loader, known};
use crate::op::{Handler, Op};
use crate::program::MemoryAccess;

impl Loader<'_> {
    /// Predecodes such an instruction; false if it is another one.
    pub(crate) fn extended(&mut self, inst: Inst) -> bool {
        let func = self.func;
        let is_wide = |value: Value| func.value_type(value) == Type::I128;
        match (*func.inst(inst), func.results(inst)) {
            (InstData::IntConst { imm }, &[value]) if is_wide(value) => {
                let (low, high) = ir::eval::wide::split(ir::eval::wide::constant(imm));
                self.define(value, |loader, d| {
                    loader.constant(d, low);
                    loader.constant(d + 1, high);
                });
            }
            (InstData::Unary { op, arg }, &[value]) if is_wide(value) || is_wide(arg) => {
                let handler = exec::wide_unary(op, func.value_type(arg), func.value_type(value));
                self.simple(handler, value, [arg]);
            }
            (InstData::Binary { op, args }, &[value]) if is_wide(value) => {
                self.simple(exec::wide_binary(op), value, args);
            }
            (InstData::Ternary { op: TernaryOp::Select, args }, &[value]) if is_wide(value) => {
                self.simple(Some(exec::wide_select()), value, args);
            }
            (InstData::IntCompare { cc, args }, &[value]) if is_wide(args[0]) => {
                self.simple(Some(exec::wide_compare(cc)), value, args);
            }
            (InstData::Wide { op, args }, &[value]) => {
                self.simple(Some(exec::double(op)), value, args);
            }
            (InstData::Split { arg }, &[low, high]) => {
                let a = self.reg(arg);
                self.define_all([low, high], |loader, [d, c]| {
                    loader.push(Op::new(exec::split(), d, a, 0, c));
                });
            }
            (InstData::SliceAddr { slice, index, size }, &[value]) => {
                let (a, b, c) = (self.reg(slice), self.reg(index), self.scratch(1));
                self.constant(c, size.get().into());
                self.define(value, |loader, d| {
                    loader.push(Op::new(exec::slice_addr(), d, a, b, c));
                });
            }
            (InstData::Overflow { op, args: [x, y] }, &[result, over]) => {
                let (a, b) = (self.reg(x), self.reg(y));
                let handler = known(exec::overflow(op, func.value_type(result)));
                self.define_all([result, over], |loader, [d, c]| {
                    loader.push(Op::new(handler, d, a, b, c));
                });
            }
            (InstData::Carry { op, args }, &[result, out]) => {
                let [a, b, c] = args.map(|arg| self.reg(arg));
                let handler = known(exec::carry(op, func.value_type(result)));
                self.define_all([result, out], |loader, [d, second]| {
                    loader.push(Op::new(handler, d, a, b, c));
                    // Not an operation of its own: nothing may come between.
                    loader.append(Op::new(exec::end(), second, 0, 0, 0));
                });
            }
            (InstData::Load { kind: LoadKind::Full, addr, offset, .. }, &[value])
                if is_wide(value) =>
            {
                let op = self.checked(exec::wide_load(), addr, offset, Type::I128, false);
                self.define(value, |loader, d| loader.push(Op { d, ..op }));
            }
            (InstData::Store { kind: StoreKind::Full, value, addr, offset, .. }, _)
                if is_wide(value) =>
            {
                let d = self.reg(value);
                let op = self.checked(exec::wide_store(), addr, offset, Type::I128, true);
                self.push(Op { d, ..op });
            }
            (InstData::AtomicLoad { addr, .. }, &[value]) => {
                let ty = func.value_type(value);
                let op = self.checked(known(exec::atomic_load(ty)), addr, 0, ty, false);
                self.define(value, |loader, d| loader.push(Op { d, ..op }));
            }
            (InstData::AtomicStore { value, addr, .. }, _) => {
                let ty = func.value_type(value);
                let d = self.reg(value);
                let op = self.checked(known(exec::atomic_store(ty)), addr, 0, ty, true);
                self.push(Op { d, ..op });
            }
            (InstData::AtomicRmw { op, value, addr, .. }, &[found]) => {
                let ty = func.value_type(found);
                let b = self.reg(value);
                let op = self.checked(known(exec::atomic_rmw(op, ty)), addr, 0, ty, true);
                self.define(found, |loader, d| loader.push(Op { d, b, ..op }));
            }
            (InstData::AtomicCas { expected, new, addr, .. }, &[found]) => {
                let ty = func.value_type(found);
                let (b, c) = (self.reg(expected), self.reg(new));
                let op = self.checked(known(exec::atomic_cas(ty)), addr, 0, ty, true);
                self.define(found, |loader, d| loader.push(Op { d, b, c, ..op }));
            }
            (InstData::Fence {}, _) => self.push(Op::new(exec::fence(), 0, 0, 0, 0)),
            _ => return false,
        }
        true
    }

    /// An operation on up to three values with one result.
    fn simple<const N: usize>(&mut self, handler: Option<Handler>, value: Value, args: [Value; N]) {
        let handler = known(handler);
        let mut registers = [0; 3];
        for (register, arg) in registers.iter_mut().zip(args) {
            *register = self.reg(arg);
        }
        let [a, b, c] = registers;
        self.define(value, |loader, d| loader.push(Op::new(handler, d, a, b, c)));
    }

    /// An access to as many bytes as `memory` has at `addr` plus `offset`; in restricted mode it is checked before.
    pub(crate) fn checked(
        &mut self,
        handler: Handler,
        addr: Value,
        offset: i32,
        memory: Type,
        writes: bool,
    ) -> Op {
        let a = self.reg(addr);
        let op = Op::with_wide(handler, memory.bytes() as u16, a, offset as u32);
        if self.program.options.memory == MemoryAccess::Restricted {
            self.push(Op { run: exec::check(writes), ..op });
        }
        op
    }
}
