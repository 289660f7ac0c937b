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
                let object = DataObject { bytes: key.0.clone(), align, ..DataObject::default() };
                self.shared.module.data.insert(name.clone(), object);
                self.shared.data.insert(key, name.clone());
                name
            }
        };
        self.b.data_addr(&name, 0)
    }

    /// Returns `true` if a type holds addresses, which data cannot.
    pub(super) fn has_pointers(&self, ty: Ty) -> bool {
        match self.types.kind(ty) {
            TyKind::Ref { .. } | TyKind::Fn(..) => true,
            TyKind::Array(item, _) | TyKind::Slice(item) => self.has_pointers(*item),
            TyKind::Tuple(_) | TyKind::Struct(_) => {
                self.parts(ty).into_iter().any(|item| self.has_pointers(item))
            }
            _ => false,
        }
    }

    /// The parts of an array, slice, tuple or struct, with the type and the offset of each.
    fn const_parts<'v>(&self, items: &'v [ConstValue], ty: Ty) -> Vec<(&'v ConstValue, Ty, u64)> {
        if let TyKind::Array(item, _) | TyKind::Slice(item) = *self.types.kind(ty) {
            let size = self.size(item);
            return (0..).zip(items).map(|(index, value)| (value, item, index * size)).collect();
        }
        let parts = self.parts(ty);
        let (offsets, _, _) = crate::value::fields(self.types, &parts);
        let parts = parts.into_iter().zip(offsets);
        items.iter().zip(parts).map(|(value, (ty, at))| (value, ty, at)).collect()
    }

    /// The size and alignment of a constant, which may be what a slice refers to.
    fn const_layout(&self, value: &ConstValue, ty: Ty) -> (u64, u32) {
        match (value, self.types.kind(ty)) {
            (ConstValue::Aggregate(items), TyKind::Slice(item)) => {
                let (size, align) = layout(self.types, *item);
                (size * items.len() as u64, align)
            }
            _ => layout(self.types, ty),
        }
    }

    /// Writes a constant as the bytes that it has in memory.
    fn const_bytes(&self, value: &ConstValue, ty: Ty, out: &mut [u8]) {
        let mut put = |bytes: &[u8]| {
            let len = bytes.len().min(out.len());
            out[..len].copy_from_slice(&bytes[..len]);
        };
        match value {
            ConstValue::Int(value) => put(&value.to_le_bytes()),
            ConstValue::F32(value) => put(&value.to_bits().to_le_bytes()),
            ConstValue::F64(value) => put(&value.to_bits().to_le_bytes()),
            ConstValue::Bool(value) => put(&[(*value).into()]),
            ConstValue::Char(value) => put(&u32::from(*value).to_le_bytes()),
            ConstValue::Aggregate(items) => {
                for (value, part, at) in self.const_parts(items, ty) {
                    let end = at + self.size(part);
                    self.const_bytes(value, part, &mut out[at as usize..end as usize]);
                }
            }
            ConstValue::Str(_) | ConstValue::Fn(_) | ConstValue::Ref(_) => {
                unreachable!("data holds no addresses")
            }
        }
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
                for (item, part, _) in self.const_parts(items, ty) {
                    self.const_leaves(item, part, out);
                }
            }
            (ConstValue::Ref(_), kind) => unreachable!("a reference is no {kind:?}"),
        }
    }

    /// A reference to a constant.
    fn const_ref(&mut self, inner: &ConstValue, to: Ty, out: &mut Vec<Value>) {
        if let TyKind::Str = self.types.kind(to) {
            return self.const_leaves(inner, to, out);
        }
        let addr = self.const_addr(inner, to);
        out.push(self.offset(addr));
        if let (ConstValue::Aggregate(items), TyKind::Slice(_)) = (inner, self.types.kind(to)) {
            out.push(self.b.iconst(Type::I64, items.len() as i64));
        }
    }

    /// A constant in memory, where it stays as long as the program: read-only data. Data cannot hold addresses, so a
    /// constant with some is written each time that it is used, always the same values to the same place.
    pub(super) fn const_addr(&mut self, value: &ConstValue, ty: Ty) -> Addr {
        let (size, align) = self.const_layout(value, ty);
        if self.has_pointers(ty) {
            let to = self.pointer_data(value, ty, size, align);
            let key = (std::ptr::from_ref(value) as usize, ty);
            if !self.written.contains(&key) {
                self.const_store(value, ty, to);
            }
            return to;
        }
        let mut bytes = vec![0; size as usize];
        self.const_bytes(value, ty, &mut bytes);
        Addr { base: self.data(bytes, align), offset: 0 }
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
        let object =
            DataObject { bytes, align: align.max(8), mutable: true, ..DataObject::default() };
        self.shared.module.data.insert(name.clone(), object);
        self.shared.pointer_data.insert(key, name.clone());
        Addr { base: self.b.data_addr(&name, 0), offset: 0 }
    }

    pub(super) fn const_store(&mut self, value: &ConstValue, ty: Ty, to: Addr) {
        match value {
            ConstValue::Aggregate(items) if self.has_pointers(ty) => {
                for (value, part, at) in self.const_parts(items, ty) {
                    self.const_store(value, part, to.plus(at));
                }
            }
            _ if self.leaves(ty).is_some() => {
                let mut leaves = Vec::new();
                self.const_leaves(value, ty, &mut leaves);
                self.store_leaves(ty, &leaves, to);
            }
            _ => {
                let from = self.const_addr(value, ty);
                self.copy(to, from, self.size(ty));
            }
        }
    }
}
