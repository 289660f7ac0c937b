//! Constants: scalars as instructions, arrays as read-only data.

use ir::{DataObject, Type, Value};

use super::{Addr, Lower};
use crate::tree::{Expr, ExprKind};
use crate::ty::{Ty, TyKind};
use crate::value::{ConstValue, layout};

impl<'m, 'p> Lower<'m, 'p> {
    /// The address of read-only bytes; equal ones are shared.
    pub(super) fn data(&mut self, bytes: Vec<u8>, align: u32) -> Value {
        let next = self.shared.data.len();
        let key = (bytes, align);
        let name = match self.shared.data.get(&key) {
            Some(name) => name.clone(),
            None => {
                let name = format!("data.{next}");
                let object = DataObject { bytes: key.0.clone(), align, mutable: false };
                self.shared.module.data.insert(name.clone(), object);
                self.shared.data.insert(key, name.clone());
                name
            }
        };
        self.b.data_addr(&name, 0)
    }

    /// Whether a type holds addresses, which data cannot.
    pub(super) fn has_pointers(&self, ty: Ty) -> bool {
        match self.types.kind(ty) {
            TyKind::Ref { .. } | TyKind::Fn(..) => true,
            TyKind::Array(item, _) => self.has_pointers(*item),
            TyKind::Tuple(_) | TyKind::Struct(_) => {
                self.parts(ty).into_iter().any(|item| self.has_pointers(item))
            }
            _ => false,
        }
    }

    /// A constant as the bytes that it has in memory.
    pub(super) fn const_bytes(&self, value: &ConstValue, ty: Ty, out: &mut Vec<u8>) {
        let (size, _) = layout(self.types, ty);
        let start = out.len();
        match (value, self.types.kind(ty)) {
            (ConstValue::Int(value), _) => {
                out.extend(&value.to_le_bytes()[..size.min(16) as usize])
            }
            (ConstValue::F32(value), _) => out.extend(value.to_bits().to_le_bytes()),
            (ConstValue::F64(value), _) => out.extend(value.to_bits().to_le_bytes()),
            (ConstValue::Bool(value), _) => out.push((*value).into()),
            (ConstValue::Char(value), _) => out.extend(u32::from(*value).to_le_bytes()),
            (ConstValue::Aggregate(items), TyKind::Array(item, _)) => {
                items.iter().for_each(|value| self.const_bytes(value, *item, out));
            }
            (ConstValue::Aggregate(items), _) => {
                let parts = self.parts(ty);
                let (offsets, _, _) = crate::value::fields(self.types, &parts);
                for ((value, part), offset) in items.iter().zip(parts).zip(offsets) {
                    out.resize(start + offset as usize, 0);
                    self.const_bytes(value, part, out);
                }
            }
            (ConstValue::Str(_) | ConstValue::Fn(_) | ConstValue::Ref(_), _) => {
                unreachable!("data holds no addresses")
            }
        }
        out.resize(start + size as usize, 0);
    }

    /// The value of a constant of the program.
    pub(super) fn constant(
        &mut self,
        value: &ConstValue,
        ty: Ty,
        dest: Option<Addr>,
    ) -> Vec<Value> {
        let mut leaves = Vec::new();
        match dest {
            Some(to) => self.const_store(value, ty, to),
            None => self.const_leaves(value, ty, &mut leaves),
        }
        leaves
    }

    /// A constant made of scalars.
    pub(super) fn const_leaves(&mut self, value: &ConstValue, ty: Ty, out: &mut Vec<Value>) {
        match (value, self.types.kind(ty)) {
            (ConstValue::Int(value), _) => {
                out.push(self.int_const(self.int_of(ty).to_ir(), *value));
            }
            (ConstValue::F32(value), _) => out.push(self.b.f32const(*value)),
            (ConstValue::F64(value), _) => out.push(self.b.f64const(*value)),
            (ConstValue::Bool(value), _) => out.push(self.b.iconst(Type::I8, (*value).into())),
            (ConstValue::Char(value), _) => {
                out.push(self.b.iconst(Type::I32, u32::from(*value).into()))
            }
            (ConstValue::Fn(id), _) => {
                let callee = self.import(*id);
                out.push(self.b.func_addr(callee));
            }
            (ConstValue::Str(text), _) => {
                out.push(self.data(text.as_bytes().to_vec(), 1));
                out.push(self.b.iconst(Type::I64, text.len() as i64));
            }
            (ConstValue::Ref(inner), TyKind::Ref { to, .. }) => self.const_ref(inner, *to, out),
            (ConstValue::Aggregate(items), _) => {
                let parts = self.parts(ty);
                for (item, part) in items.iter().zip(parts) {
                    self.const_leaves(item, part, out);
                }
            }
            (ConstValue::Ref(_), kind) => unreachable!("a reference is no {kind:?}"),
        }
    }

    /// A reference to a constant.
    fn const_ref(&mut self, inner: &ConstValue, to: Ty, out: &mut Vec<Value>) {
        match (inner, self.types.kind(to)) {
            (ConstValue::Str(_), TyKind::Str) => self.const_leaves(inner, to, out),
            (ConstValue::Aggregate(items), TyKind::Slice(item)) if self.has_pointers(*item) => {
                let item = *item;
                let (size, align) = layout(self.types, item);
                let len = items.len() as u64;
                let table = self.pointer_data(inner, to, size * len, align);
                for (index, value) in items.iter().enumerate() {
                    self.const_store(value, item, table.plus(index as u64 * size));
                }
                out.push(self.offset(table));
                out.push(self.b.iconst(Type::I64, len as i64));
            }
            (ConstValue::Aggregate(items), TyKind::Slice(item)) => {
                let item = *item;
                let mut bytes = Vec::new();
                items.iter().for_each(|value| self.const_bytes(value, item, &mut bytes));
                out.push(self.data(bytes, layout(self.types, item).1));
                out.push(self.b.iconst(Type::I64, items.len() as i64));
            }
            _ => {
                let addr = self.const_addr(inner, to);
                out.push(self.offset(addr));
            }
        }
    }

    /// A constant in memory, where it stays as long as the program: read-only data. Data cannot hold addresses, so a
    /// constant with some is written each time that it is used, always the same values to the same place.
    pub(super) fn const_addr(&mut self, value: &ConstValue, ty: Ty) -> Addr {
        if self.has_pointers(ty) {
            let (size, align) = layout(self.types, ty);
            let to = self.pointer_data(value, ty, size, align);
            let key = (std::ptr::from_ref(value) as usize, ty);
            if !self.written.contains(&key) {
                self.const_store(value, ty, to);
            }
            return to;
        }
        let mut bytes = Vec::new();
        self.const_bytes(value, ty, &mut bytes);
        Addr { base: self.data(bytes, layout(self.types, ty).1), offset: 0 }
    }

    /// Writes the tables with addresses that loops use, so that the loops need not.
    pub(super) fn write_tables(&mut self, expr: &'p Expr, looping: bool) {
        let program = self.shared.program;
        if let ExprKind::Static(id) | ExprKind::Const(id) = &expr.kind
            && looping
            && self.leaves(expr.ty).is_none()
            && self.has_pointers(expr.ty)
        {
            let value = program.value(*id);
            self.const_addr(value, expr.ty);
            self.written.insert((std::ptr::from_ref(value) as usize, expr.ty));
        }
        let looping = looping
            || matches!(
                expr.kind,
                ExprKind::Loop { repeats: true, .. }
                    | ExprKind::While { .. }
                    | ExprKind::For { .. }
            );
        let mut children = Vec::new();
        expr.children(&mut |child| children.push(child));
        children.into_iter().for_each(|child| self.write_tables(child, looping));
    }

    /// The data object of `size` bytes that a constant with addresses is written to.
    fn pointer_data(&mut self, value: &ConstValue, ty: Ty, size: u64, align: u32) -> Addr {
        let key = (std::ptr::from_ref(value) as usize, ty);
        if let Some(name) = self.shared.pointer_data.get(&key) {
            return Addr { base: self.b.data_addr(name, 0), offset: 0 };
        }
        let name = format!("table.{}", self.shared.tables);
        self.shared.tables += 1;
        let bytes = vec![0; size as usize];
        let object = DataObject { bytes, align: align.max(8), mutable: true };
        self.shared.module.data.insert(name.clone(), object);
        self.shared.pointer_data.insert(key, name.clone());
        Addr { base: self.b.data_addr(&name, 0), offset: 0 }
    }

    pub(super) fn const_store(&mut self, value: &ConstValue, ty: Ty, to: Addr) {
        if self.leaves(ty).is_some() {
            let mut leaves = Vec::new();
            self.const_leaves(value, ty, &mut leaves);
            return self.store_leaves(ty, &leaves, to);
        }
        if !self.has_pointers(ty) {
            let from = self.const_addr(value, ty);
            return self.copy(to, from, self.size(ty));
        }
        let ConstValue::Aggregate(items) = value else {
            unreachable!("{value:?} is a scalar, and has been stored")
        };
        match self.types.kind(ty) {
            TyKind::Array(item, _) => {
                let (item, size) = (*item, self.size(*item));
                for (index, value) in items.iter().enumerate() {
                    self.const_store(value, item, to.plus(index as u64 * size));
                }
            }
            _ => {
                let parts = self.parts(ty);
                let (offsets, _, _) = crate::value::fields(self.types, &parts);
                for ((value, part), offset) in items.iter().zip(parts).zip(offsets) {
                    self.const_store(value, part, to.plus(offset));
                }
            }
        }
    }
}
