//! The operations of random functions that a [`Shape`](super::Shape) must ask for, because not every engine that is
//! compared has them.

use std::num::NonZeroU8;

use std::num::NonZeroU32;

use ir::{
    Align, BinaryOp, CarryOp, IntCC, LoadKind, MemFacts, OverflowOp, RmwOp, Signature, StackSlot,
    Type, TypeRule, UnaryOp, Value, WideOp,
};

use super::{Maker, Slot};

/// Which families of operations a random function may have beside the usual ones. Switch on what the engines under
/// test do: `Families { overflow: true, ..Families::NONE }`, or [`Families::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Families {
    /// Values of `i128`: constants, arithmetic, comparisons, conversions, halves, whole products; in memory, variables
    /// and block parameters.
    pub wide: bool,
    /// Arithmetic that says whether its result fits, and with a carry in and out.
    pub overflow: bool,
    /// Atomic accesses to stack slots and fences. A few of the addresses are misaligned, which traps.
    pub atomics: bool,
    /// Facts of loads and stores. They hold.
    pub facts: bool,
    /// Calls of the callees by their address.
    pub indirect: bool,
    /// Tail calls of those callees that have the results of the function; by address too if `indirect` is on.
    pub tail_calls: bool,
}

impl Families {
    /// None of them.
    pub const NONE: Self = Self {
        wide: false,
        overflow: false,
        atomics: false,
        facts: false,
        indirect: false,
        tail_calls: false,
    };

    /// All of them.
    pub const ALL: Self = Self {
        wide: true,
        overflow: true,
        atomics: true,
        facts: true,
        indirect: true,
        tail_calls: true,
    };
}

impl Maker<'_> {
    /// Once in a while, adds an instruction of a family that is switched on.
    pub(super) fn special(&mut self) -> bool {
        type Make<'a> = fn(&mut Maker<'a>);
        let families = self.shape.families;
        let kinds: [(bool, Make<'_>); 5] = [
            (families.wide, Self::wide),
            (families.overflow, Self::overflow),
            (families.atomics, Self::atomic),
            (families.facts, Self::constant_memory),
            (families.indirect, Self::call_indirect),
        ];
        let makes: Vec<Make<'_>> =
            kinds.into_iter().filter(|(on, _)| *on).map(|(_, make)| make).collect();
        // Without families no random number is used, so that the functions stay what they were.
        if makes.is_empty() || !self.random.once_in(3) {
            return false;
        }
        if let Some(make) = self.random.pick(&makes) {
            make(self);
        }
        true
    }

    fn int(&mut self) -> Type {
        self.random.pick(&[Type::I8, Type::I16, Type::I32, Type::I64]).unwrap_or(Type::I64)
    }

    /// A constant as one instruction if its sign may fill the high half, else of two halves.
    pub(super) fn wide_constant(&mut self) -> Value {
        let low = self.random.word(Type::I64) as i64;
        if self.random.once_in(2) {
            return self.builder.iconst(Type::I128, low);
        }
        let high = self.random.word(Type::I64) as i64;
        self.builder.wide(WideOp::Iconcat, low, high)
    }

    fn wide(&mut self) {
        let ty = Type::I128;
        let value = match self.random.below(9) {
            8 => self.slice_addr(),
            0..3 => {
                let fits = |op: &BinaryOp| op.info().rule == TypeRule::AnyInt;
                let ops: Vec<BinaryOp> = BinaryOp::ALL.iter().copied().filter(fits).collect();
                let op = self.random.pick(&ops).unwrap_or(BinaryOp::Add);
                let (a, b) = (self.value(ty), self.value(ty));
                self.builder.binary(op, a, b)
            }
            3 => {
                let op = if self.random.once_in(2) { UnaryOp::Neg } else { UnaryOp::Not };
                let arg = self.value(ty);
                self.builder.unary(op, ty, arg)
            }
            4 => {
                let cc = self.random.pick(IntCC::ALL).unwrap_or(IntCC::Eq);
                let (a, b) = (self.value(ty), self.value(ty));
                self.builder.icmp(cc, a, b)
            }
            5 => {
                let op = self.random.pick(WideOp::ALL).unwrap_or(WideOp::Iconcat);
                let (a, b) = (self.value(Type::I64), self.value(Type::I64));
                self.builder.wide(op, a, b)
            }
            6 => {
                let int = self.int();
                let op = self.random.pick(&[UnaryOp::Sext, UnaryOp::Zext, UnaryOp::Trunc]);
                let op = op.unwrap_or(UnaryOp::Sext);
                let (from, to) = if op == UnaryOp::Trunc { (ty, int) } else { (int, ty) };
                let arg = self.value(from);
                self.builder.unary(op, to, arg)
            }
            _ => {
                let arg = self.value(ty);
                let (low, high) = self.builder.isplit(arg);
                self.keep(low);
                high
            }
        };
        self.keep(value);
    }

    /// The address of an element that is there more often than not. It serves as a number.
    fn slice_addr(&mut self) -> Value {
        let slice = if self.random.once_in(4) {
            self.value(Type::I128)
        } else {
            let start = self.value(Type::I64);
            let count = self.random.pick(&[-1_i64, 1, 2, 3, 1 << 32, 0]).unwrap_or(1);
            self.builder.wide(WideOp::Iconcat, start, count)
        };
        let index = self.value(Type::I64);
        let index = match self.random.below(4) {
            0 => index,
            1 => self.builder.and(index, 1),
            _ => self.builder.iconst(Type::I64, self.random.below(2) as i64),
        };
        let size = self.random.pick(&[1, 2, 8, 3, 24, u32::MAX]).unwrap_or(1);
        self.builder.slice_addr(slice, index, NonZeroU32::new(size).unwrap_or(NonZeroU32::MIN))
    }

    fn overflow(&mut self) {
        let int = self.int();
        let (a, b) = (self.value(int), self.value(int));
        let (result, flag) = if self.random.once_in(3) {
            let op = self.random.pick(CarryOp::ALL).unwrap_or(CarryOp::UaddCarry);
            let carry_type = self.int();
            let carry = self.value(carry_type);
            self.builder.carry(op, a, b, carry)
        } else {
            let op = self.random.pick(OverflowOp::ALL).unwrap_or(OverflowOp::SaddOverflow);
            self.builder.overflow(op, a, b)
        };
        self.keep(result);
        self.keep(flag);
    }

    fn atomic(&mut self) {
        if self.random.once_in(8) {
            return self.builder.fence();
        }
        let Some(Slot { slot, size, align }) = self.random.pick(&self.slots) else { return };
        let fitting: Vec<Type> = [Type::I8, Type::I16, Type::I32, Type::I64]
            .into_iter()
            .filter(|ty| ty.bytes() <= align && u64::from(ty.bytes()) <= size)
            .collect();
        let Some(ty) = self.random.pick(&fitting) else { return };
        let bytes = ty.bytes() as usize;
        let mut offset = self.random.below(size as usize / bytes) * bytes;
        // Every such address is misaligned, because the slot itself is aligned.
        if bytes > 1 && offset + bytes < size as usize && self.random.once_in(16) {
            offset += 1;
        }
        let address = self.builder.stack_addr(slot, offset as i32);
        match self.random.below(4) {
            0 => {
                let value = self.builder.atomic_load(ty, address);
                self.keep(value);
            }
            1 => {
                let value = self.value(ty);
                self.builder.atomic_store(value, address);
            }
            2 => {
                let op = self.random.pick(RmwOp::ALL).unwrap_or(RmwOp::Add);
                let value = self.value(ty);
                let old = self.builder.atomic_rmw(op, value, address);
                self.keep(old);
            }
            _ => {
                let (expected, new) = (self.value(ty), self.value(ty));
                let old = self.builder.atomic_cas(expected, new, address);
                self.keep(old);
            }
        }
    }

    /// What holds for an access to a slot at an offset: each slot is a region of its own.
    pub(super) fn facts(&mut self, slot: StackSlot, align: u32, at: i32) -> MemFacts {
        if !self.shape.families.facts {
            return MemFacts::NONE;
        }
        let holds = 1 << at.trailing_zeros().min(align.trailing_zeros());
        let promised = holds >> self.random.below(5);
        let region = self.slots.iter().position(|other| other.slot == slot);
        let region = region.and_then(|index| NonZeroU8::new((index + 1).min(255) as u8));
        MemFacts {
            readonly: false,
            align: Align::new(promised).filter(|_| self.random.once_in(2)),
            region: region.filter(|_| self.random.once_in(2)),
        }
    }

    /// A load of memory that nothing writes: a slot of its own, whose content is not used, because it is anything.
    fn constant_memory(&mut self) {
        let ty = self.ty();
        let slot = self.builder.slot(16, 16);
        let address = self.builder.stack_addr(slot, 0);
        let facts = MemFacts { readonly: true, ..self.facts(slot, 16, 0) };
        self.builder.load_with(ty, LoadKind::Full, facts, address, 0);
    }

    fn call_indirect(&mut self) {
        let index = self.random.below(self.callees.len());
        let Some((_, signature)) = self.callees.get(index).cloned() else { return };
        let address = self.address_of(&signature);
        let types: Vec<Type> = signature.param_types().collect();
        let args = self.list(&types);
        for result in self.builder.call_indirect(address, &signature, args.as_slice()) {
            self.keep(result);
        }
    }

    /// The address of a callee with this signature, known or chosen when the function runs.
    fn address_of(&mut self, signature: &Signature) -> Value {
        let fits = |(_, other): &&(_, Signature)| other == signature;
        let fitting: Vec<_> = self.callees.iter().filter(fits).map(|(callee, _)| *callee).collect();
        let pick = |maker: &mut Self| match maker.random.pick(&fitting) {
            Some(callee) => maker.builder.func_addr(callee),
            None => maker.builder.iconst(Type::I64, 0),
        };
        let address = pick(self);
        if fitting.len() < 2 {
            return address;
        }
        let other = pick(self);
        let cond = self.value(Type::I8);
        self.builder.select(cond, address, other)
    }

    /// Once in a while, ends the block with a tail call, if there is a callee with the right results.
    pub(super) fn tail_call(&mut self) -> bool {
        let families = self.shape.families;
        if !families.tail_calls || self.random.once_in(2) {
            return false;
        }
        let results = &self.shape.results;
        let fits = |(_, signature): &&(_, Signature)| {
            signature.results.iter().all(|result| result.extend.is_none())
                && signature.result_types().eq(results.iter().copied())
        };
        let fitting: Vec<_> = self.callees.iter().filter(fits).cloned().collect();
        let index = self.random.below(fitting.len());
        let Some((callee, signature)) = fitting.get(index) else { return false };
        let types: Vec<Type> = signature.param_types().collect();
        if families.indirect && self.random.once_in(2) {
            let address = self.address_of(signature);
            let args = self.list(&types);
            self.builder.tail_call_indirect(address, signature, args.as_slice());
        } else {
            let args = self.list(&types);
            self.builder.tail_call(*callee, args.as_slice());
        }
        true
    }
}
