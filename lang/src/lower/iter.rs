//! `for` loops. A plain range counts as a C loop would; every other iterator is *affine*: its item number k is
//! `first + k * stride`, and `rev`, `step_by`, `take` and `skip` only change the three numbers. The number of the last
//! item is kept, not the count, because `0..=u64::MAX` has one item more than a word can count.

use ir::{IntCC, TrapKind, Type, Value};

use super::place::PlaceValue;
use super::{Addr, Flow, Lower};
use crate::tree::{Adapter, Expr, Fold, Iter, IterBase, LoopId, Pat};
use crate::ty::{IntTy, Ty, TyKind};

/// Items `first + k * stride` for k from 0 to `last`; none at all unless `some`.
#[derive(Clone, Copy)]
struct Affine {
    some: Value,
    first: Value,
    stride: Value,
    last: Value,
}

/// What the items of an iterator are made of.
#[derive(Clone, Copy)]
enum Source {
    /// The numbers of a range, of this type.
    Range(IntTy),
    /// Elements of this type at this address, by reference or by value.
    Memory { base: Value, item: Ty, by_reference: bool },
}

impl<'m, 'p> Lower<'m, 'p> {
    pub(super) fn for_expr(
        &mut self,
        expr: &'p Expr,
        id: LoopId,
        iter: &'p Iter,
        pat: &'p Pat,
        body: &'p Expr,
    ) -> Flow<Vec<Value>> {
        self.enter_loop(id, self.types.unit, None);
        self.iterate(expr, iter, Some(id), &mut |lower, place| {
            lower.at(pat.place);
            lower.bind(pat, &place);
            lower.generate(body, None).map(drop)
        })?;
        Ok(Vec::new())
    }

    pub(super) fn fold(&mut self, expr: &'p Expr, iter: &'p Iter, fold: Fold) -> Flow<Vec<Value>> {
        let ty = expr.ty;
        let leaves = self.leaves(ty).unwrap_or_default();
        let Some(&leaf) = leaves.first() else { return Ok(Vec::new()) };
        let total = self.b.var("", leaf);
        let start = match (fold, leaf) {
            (Fold::Product, Type::F32) => self.b.f32const(1.0),
            (Fold::Product, Type::F64) => self.b.f64const(1.0),
            // Rust's sum of floats begins with -0.0, so that an empty sum of negative zeros keeps its sign.
            (_, Type::F32) => self.b.f32const(-0.0),
            (_, Type::F64) => self.b.f64const(-0.0),
            (Fold::Product, leaf) => self.b.iconst(leaf, 1),
            (_, leaf) => self.b.iconst(leaf, 0),
        };
        self.b.set(total, start);
        self.iterate(expr, iter, None, &mut |lower, place| {
            let old = lower.b.get(total);
            let new = if fold == Fold::Count {
                lower.b.add(old, 1)
            } else {
                let mut values = lower.read(&place, iter.item);
                if lower.types.as_ref(iter.item).is_some() {
                    let addr = Addr { base: values[0], offset: 0 };
                    values = lower.load_leaves(ty, addr);
                }
                let item = values[0];
                match (fold, lower.types.as_float(ty).is_some()) {
                    (Fold::Product, true) => lower.b.fmul(old, item),
                    (Fold::Product, false) => lower.b.mul(old, item),
                    (_, true) => lower.b.fadd(old, item),
                    (_, false) => lower.b.add(old, item),
                }
            };
            lower.b.set(total, new);
            Ok(())
        })?;
        Ok(vec![self.b.get(total)])
    }

    /// Runs `body` for each item. With a loop's id, `break` and `continue` work inside.
    fn iterate(
        &mut self,
        expr: &'p Expr,
        iter: &'p Iter,
        id: Option<LoopId>,
        body: &mut dyn FnMut(&mut Self, PlaceValue) -> Flow<()>,
    ) -> Flow<()> {
        if let IterBase::Range { start, end, inclusive } = &iter.base
            && !iter.enumerate
            && let Some(int) = self.types.as_int(start.ty)
        {
            match (iter.adapters.as_slice(), inclusive) {
                ([], false) => return self.count_up(expr, int, start, end, id, body),
                ([], true) => return self.count_up_to(expr, int, start, end, id, body),
                ([Adapter::Rev], false) => return self.count_down(expr, int, start, end, id, body),
                _ => {}
            }
        }
        if iter.adapters.is_empty() && !matches!(iter.base, IterBase::Range { .. }) {
            let (source, len) = self.memory_source(iter)?;
            return self.walk(expr, iter, source, len, id, body);
        }
        let (source, affine) = self.affine(iter)?;
        self.run_affine(expr, iter, source, affine, id, body)
    }

    /// `for i in a..b`.
    fn count_up(
        &mut self,
        expr: &'p Expr,
        int: IntTy,
        start: &'p Expr,
        end: &'p Expr,
        id: Option<LoopId>,
        body: &mut dyn FnMut(&mut Self, PlaceValue) -> Flow<()>,
    ) -> Flow<()> {
        let first = self.scalar(start)?;
        let end = self.scalar(end)?;
        self.at(expr.place);
        let less = if int.signed() { IntCC::Slt } else { IntCC::Ult };
        let counter = self.b.var("", int.to_ir());
        let (head, inside, exit) =
            (self.b.block("for"), self.b.block("body"), self.b.block("done"));
        self.b.set(counter, first);
        self.b.jump(head);
        self.b.switch_to(head);
        let at = self.b.get(counter);
        let more = self.b.icmp(less, at, end);
        self.b.branch(more, inside, exit);
        self.b.switch_to(inside);
        if self.item(id, exit, at, int, body) {
            self.at(expr.place);
            self.b.set(counter, self.b.add(at, 1));
            self.b.jump(head);
        }
        self.b.switch_to(exit);
        Ok(())
    }

    /// `for i in a..=b`: leaves at the last item, before the counter could overflow.
    fn count_up_to(
        &mut self,
        expr: &'p Expr,
        int: IntTy,
        start: &'p Expr,
        end: &'p Expr,
        id: Option<LoopId>,
        body: &mut dyn FnMut(&mut Self, PlaceValue) -> Flow<()>,
    ) -> Flow<()> {
        let first = self.scalar(start)?;
        let end = self.scalar(end)?;
        self.at(expr.place);
        let at_most = if int.signed() { IntCC::Sle } else { IntCC::Ule };
        let counter = self.b.var("", int.to_ir());
        let (inside, exit) = (self.b.block("for"), self.b.block("done"));
        self.b.set(counter, first);
        let some = self.b.icmp(at_most, first, end);
        self.b.branch(some, inside, exit);
        self.b.switch_to(inside);
        let at = self.b.get(counter);
        if self.item(id, exit, at, int, body) {
            self.at(expr.place);
            let next = self.b.block("step");
            let last = self.b.icmp(IntCC::Eq, at, end);
            self.b.branch(last, exit, next);
            self.b.switch_to(next);
            self.b.set(counter, self.b.add(at, 1));
            self.b.jump(inside);
        }
        self.b.switch_to(exit);
        Ok(())
    }

    /// `for i in (a..b).rev()`.
    fn count_down(
        &mut self,
        expr: &'p Expr,
        int: IntTy,
        start: &'p Expr,
        end: &'p Expr,
        id: Option<LoopId>,
        body: &mut dyn FnMut(&mut Self, PlaceValue) -> Flow<()>,
    ) -> Flow<()> {
        let first = self.scalar(start)?;
        let end = self.scalar(end)?;
        self.at(expr.place);
        let greater = if int.signed() { IntCC::Sgt } else { IntCC::Ugt };
        let counter = self.b.var("", int.to_ir());
        let (head, inside, exit) =
            (self.b.block("for"), self.b.block("body"), self.b.block("done"));
        self.b.set(counter, end);
        self.b.jump(head);
        self.b.switch_to(head);
        let above = self.b.get(counter);
        let more = self.b.icmp(greater, above, first);
        self.b.branch(more, inside, exit);
        self.b.switch_to(inside);
        let at = self.b.sub(above, 1);
        self.b.set(counter, at);
        if self.item(id, exit, at, int, body) {
            self.b.jump(head);
        }
        self.b.switch_to(exit);
        Ok(())
    }

    /// The body for a number of a range. Says whether the end of the body is reached, where the builder then stands.
    fn item(
        &mut self,
        id: Option<LoopId>,
        exit: ir::Block,
        at: Value,
        int: IntTy,
        body: &mut dyn FnMut(&mut Self, PlaceValue) -> Flow<()>,
    ) -> bool {
        let place = self.values_place(&[int.to_ir()], &[at]);
        self.run_body(id, exit, |lower| body(lower, place))
    }

    fn run_body(
        &mut self,
        id: Option<LoopId>,
        exit: ir::Block,
        body: impl FnOnce(&mut Self) -> Flow<()>,
    ) -> bool {
        if let Some(target) = id.and_then(|id| self.loops.get_mut(&id)) {
            target.exit = Some((exit, Vec::new()));
        }
        let mut reached = body(self).is_ok();
        let again = id.and_then(|id| self.leave_loop(id).1);
        if let Some(again) = again {
            if reached {
                self.b.jump(again);
            }
            self.b.switch_to(again);
            reached = true;
        }
        reached
    }

    // ---- Affine iterators ----

    fn affine(&mut self, iter: &'p Iter) -> Flow<(Source, Affine)> {
        let (source, mut affine) = match &iter.base {
            IterBase::Range { start, end, inclusive } => {
                let int = self.types.as_int(start.ty).unwrap_or(IntTy::I32);
                let first = self.scalar(start)?;
                let end = self.scalar(end)?;
                let (first, end) = (self.widen(first, int), self.widen(end, int));
                let compare = match (int.signed(), inclusive) {
                    (true, true) => IntCC::Sle,
                    (true, false) => IntCC::Slt,
                    (false, true) => IntCC::Ule,
                    (false, false) => IntCC::Ult,
                };
                let some = self.b.icmp(compare, first, end);
                let distance = self.b.sub(end, first);
                let last = if *inclusive { distance } else { self.b.sub(distance, 1) };
                let stride = self.b.iconst(Type::I64, 1);
                (Source::Range(int), Affine { some, first, stride, last })
            }
            IterBase::Slice(_) | IterBase::Array(_) => {
                let (source, len) = self.memory_source(iter)?;
                let zero = self.b.iconst(Type::I64, 0);
                let some = self.b.icmp(IntCC::Ne, len, zero);
                let last = self.b.sub(len, 1);
                let stride = self.b.iconst(Type::I64, 1);
                (source, Affine { some, first: zero, stride, last })
            }
        };
        for adapter in &iter.adapters {
            affine = match adapter {
                Adapter::Rev => {
                    let travelled = self.b.mul(affine.last, affine.stride);
                    let first = self.b.add(affine.first, travelled);
                    Affine { first, stride: self.b.neg(affine.stride), ..affine }
                }
                Adapter::StepBy(step) => {
                    let step = self.scalar(step)?;
                    let zero = self.b.icmp(IntCC::Eq, step, 0);
                    self.b.trap_if(zero, TrapKind::Assertion);
                    let last = self.b.udiv(affine.last, step);
                    Affine { stride: self.b.mul(affine.stride, step), last, ..affine }
                }
                Adapter::Take(count) => {
                    let count = self.scalar(count)?;
                    let some = self.b.icmp(IntCC::Ne, count, 0);
                    let limit = self.b.sub(count, 1);
                    let last = self.b.umin(affine.last, limit);
                    Affine { some: self.b.and(affine.some, some), last, ..affine }
                }
                Adapter::Skip(count) => {
                    let count = self.scalar(count)?;
                    let some = self.b.icmp(IntCC::Ule, count, affine.last);
                    let skipped = self.b.mul(affine.stride, count);
                    let first = self.b.add(affine.first, skipped);
                    let last = self.b.sub(affine.last, count);
                    Affine { some: self.b.and(affine.some, some), first, last, ..affine }
                }
            };
        }
        Ok((source, affine))
    }

    /// The elements of a slice or array, and how many there are.
    fn memory_source(&mut self, iter: &'p Iter) -> Flow<(Source, Value)> {
        let (of, by_reference) = match &iter.base {
            IterBase::Slice(of) => (of, true),
            IterBase::Array(of) | IterBase::Range { start: of, .. } => (of, false),
        };
        let (base, len, item) = if by_reference {
            let values = self.generate(of, None)?;
            let (len, item) = match self.types.as_ref(of.ty).map(|(_, to)| self.types.kind(to)) {
                Some(TyKind::Array(item, len)) => {
                    let len = self.types.len_value(*len).unwrap_or(0);
                    (self.b.iconst(Type::I64, len as i64), *item)
                }
                Some(TyKind::Slice(item)) => (values[1], *item),
                _ => (self.b.iconst(Type::I64, 0), of.ty),
            };
            (values[0], len, item)
        } else {
            // The array is moved or copied into the iterator.
            let temp = self.temp(of.ty);
            self.generate(of, Some(temp))?;
            let (item, len) = match self.types.kind(of.ty) {
                TyKind::Array(item, len) => (*item, self.types.len_value(*len).unwrap_or(0)),
                _ => (of.ty, 0),
            };
            (self.offset(temp), self.b.iconst(Type::I64, len as i64), item)
        };
        Ok((Source::Memory { base, item, by_reference: by_reference && !iter.copied }, len))
    }

    /// Elements in order: one counter is all that the loop needs.
    fn walk(
        &mut self,
        expr: &'p Expr,
        iter: &'p Iter,
        source: Source,
        len: Value,
        id: Option<LoopId>,
        body: &mut dyn FnMut(&mut Self, PlaceValue) -> Flow<()>,
    ) -> Flow<()> {
        self.at(expr.place);
        let counter = self.b.var("", Type::I64);
        let (head, inside, exit) =
            (self.b.block("for"), self.b.block("body"), self.b.block("done"));
        self.b.set(counter, 0);
        self.b.jump(head);
        self.b.switch_to(head);
        let at = self.b.get(counter);
        let more = self.b.icmp(IntCC::Ult, at, len);
        self.b.branch(more, inside, exit);
        self.b.switch_to(inside);
        let place = self.affine_item(iter, source, at, at);
        if self.run_body(id, exit, |lower| body(lower, place)) {
            self.at(expr.place);
            self.b.set(counter, self.b.add(at, 1));
            self.b.jump(head);
        }
        self.b.switch_to(exit);
        Ok(())
    }

    fn widen(&mut self, value: Value, int: IntTy) -> Value {
        match (int.bits(), int.signed()) {
            (64, _) => value,
            (_, true) => self.b.sext(Type::I64, value),
            (_, false) => self.b.zext(Type::I64, value),
        }
    }

    fn run_affine(
        &mut self,
        expr: &'p Expr,
        iter: &'p Iter,
        source: Source,
        affine: Affine,
        id: Option<LoopId>,
        body: &mut dyn FnMut(&mut Self, PlaceValue) -> Flow<()>,
    ) -> Flow<()> {
        self.at(expr.place);
        let position = self.b.var("", Type::I64);
        let left = self.b.var("", Type::I64);
        let count = self.b.var("", Type::I64);
        let (inside, exit) = (self.b.block("for"), self.b.block("done"));
        self.b.set(position, affine.first);
        self.b.set(left, affine.last);
        self.b.set(count, 0);
        self.b.branch(affine.some, inside, exit);
        self.b.switch_to(inside);
        let at = self.b.get(position);
        let number = self.b.get(count);
        let place = self.affine_item(iter, source, at, number);
        if self.run_body(id, exit, |lower| body(lower, place)) {
            self.at(expr.place);
            let next = self.b.block("step");
            let remaining = self.b.get(left);
            let last = self.b.icmp(IntCC::Eq, remaining, 0);
            self.b.branch(last, exit, next);
            self.b.switch_to(next);
            self.b.set(left, self.b.sub(remaining, 1));
            self.b.set(position, self.b.add(position, affine.stride));
            if iter.enumerate {
                self.b.set(count, self.b.add(count, 1));
            }
            self.b.jump(inside);
        }
        self.b.switch_to(exit);
        Ok(())
    }

    /// The item at a position, with its number before it if the iterator is enumerated.
    fn affine_item(
        &mut self,
        iter: &'p Iter,
        source: Source,
        at: Value,
        number: Value,
    ) -> PlaceValue {
        let item = match source {
            Source::Range(int) if int.bits() < 64 => {
                let value = self.b.trunc(int.to_ir(), at);
                self.values_place(&[int.to_ir()], &[value])
            }
            Source::Range(_) => self.values_place(&[Type::I64], &[at]),
            Source::Memory { base, item, by_reference } => {
                let size = self.size(item);
                let addr = self.element(Addr { base, offset: 0 }, at, size);
                if by_reference {
                    self.values_place(&[Type::I64], &[addr.base])
                } else {
                    PlaceValue::Memory(addr, None)
                }
            }
        };
        if !iter.enumerate {
            return item;
        }
        let parts = self.parts(iter.item);
        match self.leaves(iter.item) {
            Some(leaves) => {
                let mut values = vec![number];
                values.extend(self.read(&item, parts[1]));
                self.values_place(&leaves, &values)
            }
            None => {
                let temp = self.temp(iter.item);
                let (offsets, _, _) = crate::value::fields(self.types, &parts);
                self.b.store(number, temp.base, 0);
                if let PlaceValue::Memory(from, _) = item {
                    let size = self.size(parts[1]);
                    self.copy(temp.plus(offsets[1]), from, size);
                }
                PlaceValue::Memory(temp, None)
            }
        }
    }
}
