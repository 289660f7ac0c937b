//! Expressions.

use ir::{TrapKind, Type, Value};

use super::ops::Right;
use super::place::PlaceValue;
use super::{Addr, Flow, Lower, Unreachable, one};
use crate::tree::{BinOp, Expr, ExprKind, Stmt};

impl<'m, 'p> Lower<'m, 'p> {
    /// Generates an expression. A type that stays in memory is written to `dest`; the scalars of another are returned.
    pub(super) fn generate(&mut self, expr: &'p Expr, dest: Option<Addr>) -> Flow<Vec<Value>> {
        let dest = match dest {
            None if self.leaves(expr.ty).is_none() => Some(self.temp(expr.ty)),
            dest => dest,
        };
        let values = self.generate_kind(expr, dest)?;
        if self.types.is_never(expr.ty) {
            // A function that does not return.
            return self.trap(TrapKind::Unreachable);
        }
        Ok(values)
    }

    /// An expression that is one scalar.
    pub(super) fn scalar(&mut self, expr: &'p Expr) -> Flow<Value> {
        Ok(one(&self.generate(expr, None)?))
    }

    /// Writes the value of an expression of any type to memory.
    pub(super) fn into(&mut self, expr: &'p Expr, to: Addr) -> Flow<()> {
        if self.leaves(expr.ty).is_some() {
            let values = self.generate(expr, None)?;
            self.at(expr.place);
            self.store_leaves(expr.ty, &values, to);
        } else {
            self.generate(expr, Some(to))?;
        }
        Ok(())
    }

    /// Evaluates an expression whose value is not used.
    pub(super) fn effect(&mut self, expr: &'p Expr) -> Flow<()> {
        if expr.is_place() {
            self.place(expr)?;
        } else {
            self.generate(expr, None)?;
        }
        Ok(())
    }

    fn generate_kind(&mut self, expr: &'p Expr, dest: Option<Addr>) -> Flow<Vec<Value>> {
        self.at(expr.place);
        let scalar = |value| Ok(vec![value]);
        let nothing = |()| Vec::new();
        match &expr.kind {
            ExprKind::Int(value) => {
                scalar(self.int_const(self.int_of(expr.ty).to_ir(), *value as i128))
            }
            ExprKind::Float(digits) => {
                let value = crate::value::float_value(digits, self.float_of(expr.ty));
                Ok(self.constant(&value, expr.ty, None))
            }
            ExprKind::Value(value) => Ok(self.constant(value, expr.ty, dest)),
            ExprKind::Const(id) => Ok(self.constant(self.shared.program.value(*id), expr.ty, dest)),
            ExprKind::Local(_) | ExprKind::Static(_) | ExprKind::Deref(_) | ExprKind::Index(..) => {
                self.read_place(expr, dest)
            }
            ExprKind::Field(base, _) if base.is_place() || self.leaves(base.ty).is_none() => {
                self.read_place(expr, dest)
            }
            ExprKind::Field(base, index) => {
                let part = self.leaf_range(&self.parts(base.ty), *index);
                Ok(self.generate(base, None)?[part].to_vec())
            }
            ExprKind::Ref { place, .. } => self.reference(expr, place),
            ExprKind::Unsize(inner) => self.unsize(inner),
            ExprKind::Unary(op, inner) => scalar(self.unary(expr, *op, inner)?),
            ExprKind::Binary(op, a, b) => self.binary(expr, *op, a, b),
            ExprKind::And(..) | ExprKind::Or(..) => self.short_circuit(expr),
            ExprKind::Cast(inner) | ExprKind::Convert(inner) => {
                let value = self.scalar(inner)?;
                self.at(expr.place);
                let value = self.cast(value, inner.ty, expr.ty);
                scalar(value)
            }
            ExprKind::Assign(target, value) => self.assign(expr, target, value).map(nothing),
            ExprKind::Discard(value) => self.effect(value).map(nothing),
            ExprKind::AssignOp { op, place, value, value_first } => {
                self.assign_op(expr, *op, place, value, *value_first).map(nothing)
            }
            ExprKind::If { cond, then, otherwise } => {
                self.if_expr(expr, cond, then, otherwise.as_deref(), dest)
            }
            ExprKind::Match { value, arms } => self.match_expr(expr, value, arms, dest),
            ExprKind::Loop { id, body, repeats } => self.loop_expr(expr, *id, body, *repeats, dest),
            ExprKind::While { id, cond, body } => self.while_expr(*id, cond, body),
            ExprKind::For { id, iter, pat, body } => self.for_expr(expr, *id, iter, pat, body),
            ExprKind::Break(id, value) => self.break_expr(*id, value.as_deref()),
            ExprKind::Continue(id) => self.continue_expr(*id),
            ExprKind::Return(value) => {
                self.return_value(value.as_deref())?;
                Err(Unreachable)
            }
            ExprKind::Block(stmts, tail) => self.block(stmts, tail.as_deref(), dest),
            ExprKind::Call(id, _, args) => self.call(expr, *id, args, dest),
            ExprKind::CallValue(callee, args) => self.call_value(expr, callee, args, dest),
            ExprKind::Reify(inner) => self.reify(inner),
            ExprKind::FnItem => Ok(Vec::new()),
            ExprKind::Method(op, args) => self.method(expr, *op, args),
            ExprKind::Tuple(items) => {
                self.aggregate(expr, items.iter().enumerate().collect(), None, dest)
            }
            ExprKind::Struct { fields, base } => {
                let fields = fields.iter().map(|(index, value)| (*index, value)).collect();
                self.aggregate(expr, fields, base.as_deref(), dest)
            }
            ExprKind::Array(items) => {
                let size = self.size(self.item_of(expr.ty));
                let mut places = (0..).map(|index| memory(dest).plus(index * size));
                let mut items = items.iter().zip(&mut places);
                items.try_for_each(|(item, to)| self.into(item, to)).map(nothing)
            }
            ExprKind::Repeat(item) => {
                self.repeat(item, self.len_of(expr.ty), memory(dest)).map(nothing)
            }
            ExprKind::Print(format) => self.print(format).map(nothing),
            ExprKind::Panic(kind, format) => {
                format.iter().try_for_each(|format| self.print(format))?;
                self.at(expr.place);
                self.trap(kind.trap())
            }
            ExprKind::NeverTo(inner) => {
                self.generate(inner, None)?;
                self.trap(TrapKind::Unreachable)
            }
            ExprKind::Zero => self.zeroed(expr.ty, dest),
            ExprKind::SliceRange { .. } | ExprKind::ConstParam(_) | ExprKind::Error => {
                unreachable!("values have a size, instances no parameters, and errors are told")
            }
        }
    }

    fn read_place(&mut self, expr: &'p Expr, dest: Option<Addr>) -> Flow<Vec<Value>> {
        let place = self.place(expr)?;
        self.at(expr.place);
        match (dest, place) {
            (Some(to), PlaceValue::Memory(from, _)) => {
                self.copy(to, from, self.size(expr.ty));
                Ok(Vec::new())
            }
            (_, place) => Ok(self.read(&place, expr.ty)),
        }
    }

    /// `&place`.
    fn reference(&mut self, expr: &'p Expr, place: &'p Expr) -> Flow<Vec<Value>> {
        // A constant lives as long as the program, but for one that may be written, which is a copy.
        if let (ExprKind::Value(value), ExprKind::Ref { mutable: false, .. }) =
            (&place.kind, &expr.kind)
        {
            return Ok(vec![self.const_addr(value, place.ty).base]);
        }
        // `&*r` is `r`.
        if let ExprKind::Deref(inner) = &place.kind {
            return self.generate(inner, None);
        }
        match self.place(place)? {
            PlaceValue::Memory(addr, len) => {
                let mut values = vec![self.offset(addr)];
                values.extend(len);
                Ok(values)
            }
            PlaceValue::Vars(_) => unreachable!("what is borrowed lives in memory"),
        }
    }

    /// A reference to an array as one to a slice.
    fn unsize(&mut self, reference: &'p Expr) -> Flow<Vec<Value>> {
        let mut values = self.generate(reference, None)?;
        let len = self.len_of(self.pointee_of(reference.ty));
        values.push(self.b.iconst(Type::I64, len as i64));
        Ok(values)
    }

    /// A tuple or struct; `base` gives the fields that are not listed.
    fn aggregate(
        &mut self,
        expr: &'p Expr,
        fields: Vec<(usize, &'p Expr)>,
        base: Option<&'p Expr>,
        dest: Option<Addr>,
    ) -> Flow<Vec<Value>> {
        let parts = self.parts(expr.ty);
        let (offsets, size, _) = crate::value::fields(self.types, &parts);
        if let Some(to) = dest {
            // With a base, the listed values come first, then the base's fields fill the rest.
            let target = if base.is_some() { self.temp(expr.ty) } else { to };
            for &(index, value) in &fields {
                self.into(value, target.plus(offsets[index]))?;
            }
            if let Some(base) = base {
                let from = self.address(base)?;
                for (index, &part) in parts.iter().enumerate() {
                    if !fields.iter().any(|&(listed, _)| listed == index) {
                        self.copy(
                            target.plus(offsets[index]),
                            from.plus(offsets[index]),
                            self.size(part),
                        );
                    }
                }
                self.copy(to, target, size);
            }
            return Ok(Vec::new());
        }
        let mut values: Vec<Option<Vec<Value>>> = vec![None; parts.len()];
        for (index, value) in fields {
            values[index] = Some(self.generate(value, None)?);
        }
        if let Some(base) = base {
            let mut all = self.generate(base, None)?.into_iter();
            for (index, &part) in parts.iter().enumerate() {
                let count = self.leaf_offsets(part).len();
                let taken: Vec<Value> = all.by_ref().take(count).collect();
                values[index].get_or_insert(taken);
            }
        }
        Ok(values.into_iter().flatten().flatten().collect())
    }

    fn block(
        &mut self,
        stmts: &'p [Stmt],
        tail: Option<&'p Expr>,
        dest: Option<Addr>,
    ) -> Flow<Vec<Value>> {
        stmts.iter().try_for_each(|stmt| self.stmt(stmt))?;
        match tail {
            Some(tail) if self.types.is_unit(tail.ty) => self.effect(tail).map(|()| Vec::new()),
            Some(tail) => self.generate(tail, dest),
            None => Ok(Vec::new()),
        }
    }

    fn stmt(&mut self, stmt: &'p Stmt) -> Flow<()> {
        match stmt {
            Stmt::Expr(expr) => self.effect(expr),
            Stmt::Let { pat, init: Some(init), otherwise } => {
                self.let_stmt(pat, init, otherwise.as_ref())
            }
            Stmt::Let { pat, init: None, .. } => {
                pat.bindings().into_iter().for_each(|id| self.declare(id));
                Ok(())
            }
        }
    }

    fn assign(&mut self, expr: &'p Expr, target: &'p Expr, value: &'p Expr) -> Flow<()> {
        if self.leaves(target.ty).is_some() {
            let values = self.generate(value, None)?;
            let place = self.place(target)?;
            self.at(expr.place);
            self.write(&place, target.ty, &values);
            return Ok(());
        }
        let size = self.size(target.ty);
        // A place is the same as the target or apart from it. Anything else may read the target while it is made.
        let from = if value.is_place() && is_quiet(target) {
            self.address(value)?
        } else {
            let temp = self.temp(value.ty);
            self.generate(value, Some(temp))?;
            temp
        };
        let to = self.address(target)?;
        self.at(expr.place);
        self.copy(to, from, size);
        Ok(())
    }

    fn assign_op(
        &mut self,
        expr: &'p Expr,
        op: BinOp,
        target: &'p Expr,
        value: &'p Expr,
        value_first: bool,
    ) -> Flow<()> {
        let (place, operand) = if value_first {
            let operand = self.scalar(value)?;
            (self.place(target)?, operand)
        } else {
            let place = self.place(target)?;
            (place, self.scalar(value)?)
        };
        self.at(expr.place);
        let old = one(&self.read(&place, target.ty));
        let new = self.operate(op, old, Right::new(operand, value), target.ty);
        self.write(&place, target.ty, &[new]);
        Ok(())
    }
}

/// The destination of a value whose type stays in memory.
fn memory(dest: Option<Addr>) -> Addr {
    dest.unwrap_or_else(|| unreachable!("what stays in memory has a destination"))
}

/// Returns `true` if evaluating a place changes nothing, so that it may be done before or after something else.
fn is_quiet(place: &Expr) -> bool {
    match &place.kind {
        ExprKind::Local(_) | ExprKind::Static(_) => true,
        ExprKind::Field(base, _) | ExprKind::Deref(base) => is_quiet(base),
        ExprKind::Index(base, index) => {
            is_quiet(base)
                && matches!(index.kind, ExprKind::Local(_) | ExprKind::Int(_) | ExprKind::Const(_))
        }
        _ => false,
    }
}
