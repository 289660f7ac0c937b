//! Memory: loads, stores, atomic accesses, and the addresses of what a function and its module have.

use std::num::NonZeroU32;

use super::{FunctionBuilder, Operand};
use crate::entity::{StackSlot, Value};
use crate::inst::InstData;
use crate::memory::{LoadKind, MemFacts, NarrowWidth, StoreKind};
use crate::opcode::Opcode;
use crate::types::{Extend, SliceParam, Type};
use crate::words::RmwOp;

impl FunctionBuilder {
    /// Reads `ty` at `addr + offset`.
    pub fn load(&self, ty: Type, addr: impl Into<Operand>, offset: i32) -> Value {
        self.load_with(ty, LoadKind::Full, MemFacts::NONE, addr, offset)
    }

    /// Reads 1, 2 or 4 bytes at `addr + offset` and extends them to `ty`.
    pub fn load_narrow(
        &self,
        ty: Type,
        width: NarrowWidth,
        extend: Extend,
        addr: impl Into<Operand>,
        offset: i32,
    ) -> Value {
        self.load_with(ty, LoadKind::Narrow(width, extend), MemFacts::NONE, addr, offset)
    }

    /// Reads with everything that a load may say.
    pub fn load_with(
        &self,
        ty: Type,
        kind: LoadKind,
        facts: MemFacts,
        addr: impl Into<Operand>,
        offset: i32,
    ) -> Value {
        let addr = self.operand(addr.into(), Type::I64);
        self.one(InstData::Load { kind, facts, addr, offset }, ty)
    }

    /// Writes a value at `addr + offset`.
    pub fn store(&self, value: impl Into<Operand>, addr: impl Into<Operand>, offset: i32) {
        self.store_with(StoreKind::Full, MemFacts::NONE, value, addr, offset);
    }

    /// Writes the low 1, 2 or 4 bytes of a wider integer at `addr + offset`.
    pub fn store_narrow(
        &self,
        width: NarrowWidth,
        value: impl Into<Operand>,
        addr: impl Into<Operand>,
        offset: i32,
    ) {
        self.store_with(StoreKind::Narrow(width), MemFacts::NONE, value, addr, offset);
    }

    /// Writes with everything that a store may say.
    pub fn store_with(
        &self,
        kind: StoreKind,
        facts: MemFacts,
        value: impl Into<Operand>,
        addr: impl Into<Operand>,
        offset: i32,
    ) {
        let value = self.typed(Opcode::Store, value.into(), None);
        let addr = self.operand(addr.into(), Type::I64);
        self.none(InstData::Store { kind, facts, value, addr, offset });
    }

    /// The address of a stack slot plus an offset.
    pub fn stack_addr(&self, slot: StackSlot, offset: i32) -> Value {
        if self.func.borrow().slots.get(slot).is_none() {
            self.unknown(slot);
        }
        self.one(InstData::StackAddr { slot, offset }, Type::I64)
    }

    /// The address of a data object of the module plus an offset.
    pub fn data_addr(&self, name: &str, offset: i32) -> Value {
        let data = {
            let mut func = self.func.borrow_mut();
            let found = func.data.iter().find(|(_, other)| *other == name).map(|(key, _)| key);
            found.unwrap_or_else(|| func.data.push(name.to_owned()))
        };
        self.one(InstData::DataAddr { data, offset }, Type::I64)
    }

    /// Adds a parameter that is a slice of values of type `ty`, which the caller lends for reading.
    pub fn slice_param(&self, ty: Type) -> Value {
        self.abi_param(SliceParam { size: ty.size(), mutable: false }.into())
    }

    /// The same for reading and writing.
    pub fn slice_mut_param(&self, ty: Type) -> Value {
        self.abi_param(SliceParam { size: ty.size(), mutable: true }.into())
    }

    /// The address of the element of this index in a slice whose elements have `size` bytes. Traps if there is none.
    pub fn slice_addr(
        &self,
        slice: impl Into<Operand>,
        index: impl Into<Operand>,
        size: NonZeroU32,
    ) -> Value {
        let slice = self.operand(slice.into(), Type::I128);
        let index = self.operand(index.into(), Type::I64);
        self.one(InstData::SliceAddr { slice, index, size }, Type::I64)
    }

    /// The element of this index in a slice of values of type `ty`.
    pub fn element(&self, ty: Type, slice: impl Into<Operand>, index: impl Into<Operand>) -> Value {
        self.load(ty, self.slice_addr(slice, index, ty.size()), 0)
    }

    /// Atomically reads an integer of type `ty` at `addr`. This and the other atomic accesses trap unless `addr` is a
    /// multiple of the width, and all of them come in one order that every thread sees.
    pub fn atomic_load(&self, ty: Type, addr: impl Into<Operand>) -> Value {
        let addr = self.operand(addr.into(), Type::I64);
        self.one(InstData::AtomicLoad { facts: MemFacts::NONE, addr }, ty)
    }

    /// Atomically writes an integer at `addr`.
    pub fn atomic_store(&self, value: impl Into<Operand>, addr: impl Into<Operand>) {
        let value = self.typed(Opcode::AtomicStore, value.into(), None);
        let addr = self.operand(addr.into(), Type::I64);
        self.none(InstData::AtomicStore { facts: MemFacts::NONE, value, addr });
    }

    /// Atomically replaces an integer at `addr` by the operation on it and `value`; gives the old one.
    pub fn atomic_rmw(
        &self,
        op: RmwOp,
        value: impl Into<Operand>,
        addr: impl Into<Operand>,
    ) -> Value {
        let value = self.typed(Opcode::AtomicRmw, value.into(), None);
        let addr = self.operand(addr.into(), Type::I64);
        let ty = self.func.borrow().value_type(value);
        self.one(InstData::AtomicRmw { op, facts: MemFacts::NONE, value, addr }, ty)
    }

    /// Atomically replaces an integer at `addr` by `new` if it is `expected`; gives the old one.
    pub fn atomic_cas(
        &self,
        expected: impl Into<Operand>,
        new: impl Into<Operand>,
        addr: impl Into<Operand>,
    ) -> Value {
        let ([expected, new], ty) = self.pair(Opcode::AtomicCas, expected.into(), new.into());
        let addr = self.operand(addr.into(), Type::I64);
        self.one(InstData::AtomicCas { facts: MemFacts::NONE, expected, new, addr }, ty)
    }

    /// Orders all accesses before it before all after it.
    pub fn fence(&self) {
        self.none(InstData::Fence {});
    }
}
