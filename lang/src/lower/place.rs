//! Places: variables and memory that can be read, written and borrowed.

use ir::{IntCC, TrapKind, Type, Value, Var};

use super::{Addr, Flow, Lower, Storage};
use crate::tree::{Expr, ExprKind, LocalId};
use crate::ty::Ty;

/// A place, evaluated: its index expressions have been computed and checked.
#[derive(Clone, Debug)]
pub(super) enum PlaceValue {
    Vars(Vec<Var>),
    /// Memory; of a slice or `str` with its length.
    Memory(Addr, Option<Value>),
}

impl<'m, 'p> Lower<'m, 'p> {
    /// Evaluates a place. A value that is no place gets a temporary.
    pub(super) fn place(&mut self, expr: &'p Expr) -> Flow<PlaceValue> {
        match &expr.kind {
            ExprKind::Local(id) => Ok(self.local_place(*id)),
            ExprKind::Static(id) | ExprKind::Const(id) => {
                let value = self.shared.program.value(*id);
                Ok(PlaceValue::Memory(self.const_addr(value, expr.ty), None))
            }
            ExprKind::Deref(inner) => {
                let values = self.generate(inner, None)?;
                Ok(PlaceValue::Memory(Addr { base: values[0], offset: 0 }, values.get(1).copied()))
            }
            ExprKind::Field(base, index) => {
                let place = self.place(base)?;
                Ok(self.part(&place, base.ty, *index).0)
            }
            ExprKind::Index(base, index) => {
                let (addr, len) = self.sequence(base)?;
                let at = self.scalar(index)?;
                self.at(expr.place);
                let size = self.size(expr.ty);
                if let (ExprKind::Int(value), Some(len)) =
                    (&index.kind, self.types.array_len(base.ty))
                    && *value < u128::from(len)
                {
                    return Ok(PlaceValue::Memory(addr.plus(*value as u64 * size), None));
                }
                let outside = self.b.icmp(IntCC::Uge, at, len);
                self.b.trap_if(outside, TrapKind::IndexOutOfBounds);
                Ok(PlaceValue::Memory(self.element(addr, at, size), None))
            }
            ExprKind::SliceRange { base, lo, hi, inclusive } => {
                let (addr, len) = self.sequence(base)?;
                let lo = match lo {
                    Some(lo) => Some(self.scalar(lo)?),
                    None => None,
                };
                let hi = match hi {
                    Some(hi) => Some(self.scalar(hi)?),
                    None => None,
                };
                self.at(expr.place);
                let end = match hi {
                    Some(hi) if *inclusive => {
                        let too_large = self.b.icmp(IntCC::Eq, hi, -1);
                        self.b.trap_if(too_large, TrapKind::IndexOutOfBounds);
                        self.b.add(hi, 1)
                    }
                    Some(hi) => hi,
                    None => len,
                };
                if hi.is_some() {
                    let outside = self.b.icmp(IntCC::Ugt, end, len);
                    self.b.trap_if(outside, TrapKind::IndexOutOfBounds);
                }
                let Some(lo) = lo else { return Ok(PlaceValue::Memory(addr, Some(end))) };
                let reversed = self.b.icmp(IntCC::Ugt, lo, end);
                self.b.trap_if(reversed, TrapKind::IndexOutOfBounds);
                let count = self.b.sub(end, lo);
                let size = self.size(self.item_of(expr.ty));
                Ok(PlaceValue::Memory(self.element(addr, lo, size), Some(count)))
            }
            _ => {
                let temp = self.temp(expr.ty);
                self.into(expr, temp)?;
                Ok(PlaceValue::Memory(temp, None))
            }
        }
    }

    /// The place of a variable.
    pub(super) fn local_place(&mut self, id: LocalId) -> PlaceValue {
        self.declare(id);
        let in_memory = self.leaves(self.body.locals[id.0 as usize].ty).is_none();
        match self.storage[id.0 as usize].clone() {
            // A large parameter: the variable holds its address.
            Storage::Vars(vars) if in_memory => {
                PlaceValue::Memory(Addr { base: self.b.get(vars[0]), offset: 0 }, None)
            }
            Storage::Vars(vars) => PlaceValue::Vars(vars),
            Storage::Slot(slot) => {
                PlaceValue::Memory(Addr { base: self.b.stack_addr(slot, 0), offset: 0 }, None)
            }
            Storage::Nowhere => unreachable!("a declared variable lives somewhere"),
        }
    }

    /// The address of element `at`.
    pub(super) fn element(&mut self, addr: Addr, at: Value, size: u64) -> Addr {
        let scaled = match size {
            1 => at,
            size if size.is_power_of_two() => self.b.shl(at, i64::from(size.trailing_zeros())),
            size => self.b.mul(at, size as i64),
        };
        Addr { base: self.b.add(addr.base, scaled), offset: addr.offset }
    }

    /// An array or slice: its address and length.
    pub(super) fn sequence(&mut self, expr: &'p Expr) -> Flow<(Addr, Value)> {
        let place = self.place(expr)?;
        Ok(self.extent(&place, expr.ty))
    }

    /// The address and length of the place of an array or slice.
    pub(super) fn extent(&mut self, place: &PlaceValue, ty: Ty) -> (Addr, Value) {
        let PlaceValue::Memory(addr, len) = *place else {
            unreachable!("arrays and slices live in memory")
        };
        (addr, len.unwrap_or_else(|| self.b.iconst(Type::I64, self.len_of(ty) as i64)))
    }

    /// The address of a place in memory; a variable is copied to a temporary, which only constants need.
    pub(super) fn address(&mut self, expr: &'p Expr) -> Flow<Addr> {
        match self.place(expr)? {
            PlaceValue::Memory(addr, _) => Ok(addr),
            PlaceValue::Vars(vars) => {
                let values: Vec<Value> = vars.iter().map(|&var| self.b.get(var)).collect();
                let temp = self.temp(expr.ty);
                self.store_leaves(expr.ty, &values, temp);
                Ok(temp)
            }
        }
    }

    /// Reads a place of scalars.
    pub(super) fn read(&mut self, place: &PlaceValue, ty: Ty) -> Vec<Value> {
        match place {
            PlaceValue::Vars(vars) => vars.iter().map(|&var| self.b.get(var)).collect(),
            PlaceValue::Memory(addr, _) => self.load_leaves(ty, *addr),
        }
    }

    /// Writes a place of scalars.
    pub(super) fn write(&mut self, place: &PlaceValue, ty: Ty, values: &[Value]) {
        match place {
            PlaceValue::Vars(vars) => {
                vars.iter().zip(values).for_each(|(&var, &value)| self.b.set(var, value))
            }
            PlaceValue::Memory(addr, _) => self.store_leaves(ty, values, *addr),
        }
    }
}
