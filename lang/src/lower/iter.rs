//! `for` loops. A plain range counts as a C loop would; every other iterator is *affine*: its item number k is
//! `first + k * stride`, and `rev`, `step_by`, `take` and `skip` only change the three numbers. The number of the last
//! item is kept, not the count, because `0..=u64::MAX` has one item more than a word can count.

use ir::{Block, IntCC, TrapKind, Type, Value};

use super::place::PlaceValue;
use super::{Addr, Flow, Lower};
use crate::diag::Place;
use crate::tree::{Adapter, BinOp, Expr, Iter, IterBase, LoopId, Pat};
use crate::ty::{IntTy, Ty};
use crate::words::int_cc;

/// Items `first + k * stride` for k from 0 to `last`; none at all unless `some`.
#[derive(Clone, Copy)]
struct Affine {
    some: Value,
    first: Value,
    stride: Value,
    last: Value,
}

/// The source of an iterator's items.
#[derive(Clone, Copy)]
enum Source {
    /// The numbers of a range, of this type.
    Range(IntTy),
    /// Elements of this type at this address, by reference or by value.
    Memory { base: Value, item: Ty, by_reference: bool },
}

/// The body of a loop, run with each item.
struct Each<'f, 'm, 'p> {
    place: Place,
    id: LoopId,
    body: &'f mut dyn FnMut(&mut Lower<'m, 'p>, PlaceValue) -> Flow<()>,
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
        self.enter_loop(id, Ty::UNIT, None);
        let mut body = |lower: &mut Self, place| {
            lower.at(pat.place);
            lower.bind(pat, &place);
            lower.generate(body, None).map(drop)
        };
        self.iterate(iter, Each { place: expr.place, id, body: &mut body })?;
        Ok(Vec::new())
    }

    fn iterate(&mut self, iter: &'p Iter, each: Each<'_, 'm, 'p>) -> Flow<()> {
        match (&iter.base, iter.adapters.as_slice(), iter.enumerate) {
            (IterBase::Range { start, end, inclusive }, [], false) => {
                let int = self.int_of(start.ty);
                let (first, end) = (self.scalar(start)?, self.scalar(end)?);
                self.at(each.place);
                if *inclusive {
                    self.count_up_to(each, int, first, end);
                } else {
                    let (leaf, less) = (int.to_ir(), int_cc(BinOp::Lt, int.signed()));
                    self.count_up(each, leaf, (first, less, end), |lower, at| {
                        lower.values_place(&[leaf], &[at])
                    });
                }
            }
            (IterBase::Range { start, end, inclusive: false }, [Adapter::Rev], false) => {
                let int = self.int_of(start.ty);
                let (first, end) = (self.scalar(start)?, self.scalar(end)?);
                self.at(each.place);
                self.count_down(each, int, first, end);
            }
            (IterBase::Slice(_) | IterBase::Array(_), [], _) => {
                let (source, len) = self.memory_source(iter)?;
                self.at(each.place);
                let zero = self.b.iconst(Type::I64, 0);
                self.count_up(each, Type::I64, (zero, IntCC::Ult, len), |lower, at| {
                    lower.affine_item(iter, source, at, at)
                });
            }
            _ => {
                let (source, affine) = self.affine(iter)?;
                self.at(each.place);
                self.run_affine(each, iter, source, affine);
            }
        }
        Ok(())
    }

    /// A range or elements in order: one counter is all that the loop needs.
    fn count_up(
        &mut self,
        each: Each<'_, 'm, 'p>,
        leaf: Type,
        range: (Value, IntCC, Value),
        item: impl FnOnce(&mut Self, Value) -> PlaceValue,
    ) {
        let place = each.place;
        self.counting(leaf, range, |lower, counter, at, exit| {
            let item = item(lower, at);
            let reached = lower.run_body(each, exit, item);
            if reached {
                lower.at(place);
                lower.b.set(counter, lower.b.add(at, 1));
            }
            reached
        });
    }

    /// `for i in (a..b).rev()`: the counter is one more than the item.
    fn count_down(&mut self, each: Each<'_, 'm, 'p>, int: IntTy, first: Value, end: Value) {
        let (leaf, greater) = (int.to_ir(), int_cc(BinOp::Gt, int.signed()));
        self.counting(leaf, (end, greater, first), |lower, counter, above, exit| {
            let at = lower.b.sub(above, 1);
            lower.b.set(counter, at);
            let item = lower.values_place(&[leaf], &[at]);
            lower.run_body(each, exit, item)
        });
    }

    /// `for i in a..=b`: leaves at the last item, before the counter could overflow.
    fn count_up_to(&mut self, each: Each<'_, 'm, 'p>, int: IntTy, first: Value, end: Value) {
        let (leaf, place) = (int.to_ir(), each.place);
        let counter = self.b.var("", leaf);
        self.b.set(counter, first);
        let some = self.b.icmp(int_cc(BinOp::Le, int.signed()), first, end);
        let step = |lower: &mut Self| lower.b.set(counter, lower.b.add(counter, 1));
        self.until_last(some, step, |lower, exit| {
            let at = lower.b.get(counter);
            let item = lower.values_place(&[leaf], &[at]);
            let reached = lower.run_body(each, exit, item);
            lower.at(place);
            reached.then(|| lower.b.icmp(IntCC::Eq, at, end))
        });
    }

    /// A loop for a count that may not fit a counter: the body says whether this item is the last, and then the loop
    /// ends before the step.
    fn until_last(
        &mut self,
        some: Value,
        step: impl FnOnce(&mut Self),
        body: impl FnOnce(&mut Self, Block) -> Option<Value>,
    ) {
        let (inside, exit) = (self.b.block("for"), self.b.block("done"));
        self.b.branch(some, inside, exit);
        self.b.switch_to(inside);
        if let Some(last) = body(self, exit) {
            let next = self.b.block("step");
            self.b.branch(last, exit, next);
            self.b.switch_to(next);
            step(self);
            self.b.jump(inside);
        }
        self.b.switch_to(exit);
    }

    /// Runs the body. Says whether its end is reached, where the builder then stands.
    fn run_body(&mut self, each: Each<'_, 'm, 'p>, exit: Block, item: PlaceValue) -> bool {
        self.target(each.id).exit = Some((exit, Vec::new()));
        let reached = (each.body)(self, item).is_ok();
        let Some(again) = self.leave_loop(each.id).1 else { return reached };
        if reached {
            self.b.jump(again);
        }
        self.b.switch_to(again);
        true
    }

    // ---- Affine iterators ----

    fn affine(&mut self, iter: &'p Iter) -> Flow<(Source, Affine)> {
        let (source, mut affine) = match &iter.base {
            IterBase::Range { start, end, inclusive } => {
                let int = self.int_of(start.ty);
                let first = self.scalar(start)?;
                let end = self.scalar(end)?;
                let (first, end) = (self.widen(first, int), self.widen(end, int));
                let below = if *inclusive { BinOp::Le } else { BinOp::Lt };
                let some = self.b.icmp(int_cc(below, int.signed()), first, end);
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
            IterBase::Array(of) => (of, false),
            IterBase::Range { .. } => unreachable!("a range has no memory"),
        };
        let (place, ty) = if by_reference {
            let values = self.generate(of, None)?;
            let addr = Addr { base: values[0], offset: 0 };
            (PlaceValue::Memory(addr, values.get(1).copied()), self.pointee_of(of.ty))
        } else {
            // The array is moved or copied into the iterator.
            let temp = self.temp(of.ty);
            self.generate(of, Some(temp))?;
            (PlaceValue::Memory(temp, None), of.ty)
        };
        let (addr, len) = self.extent(&place, ty);
        let (base, item) = (self.offset(addr), self.item_of(ty));
        Ok((Source::Memory { base, item, by_reference: by_reference && !iter.copied }, len))
    }

    /// An integer of at most 64 bits as a word.
    pub(super) fn widen(&mut self, value: Value, int: IntTy) -> Value {
        match (int.bits(), int.signed()) {
            (64, _) => value,
            (_, true) => self.b.sext(Type::I64, value),
            (_, false) => self.b.zext(Type::I64, value),
        }
    }

    fn run_affine(
        &mut self,
        each: Each<'_, 'm, 'p>,
        iter: &'p Iter,
        source: Source,
        affine: Affine,
    ) {
        let place = each.place;
        let position = self.b.var("", Type::I64);
        let left = self.b.var("", Type::I64);
        let count = self.b.var("", Type::I64);
        self.b.set(position, affine.first);
        self.b.set(left, affine.last);
        self.b.set(count, 0);
        let step = |lower: &mut Self| {
            lower.b.set(left, lower.b.sub(left, 1));
            lower.b.set(position, lower.b.add(position, affine.stride));
            if iter.enumerate {
                lower.b.set(count, lower.b.add(count, 1));
            }
        };
        self.until_last(affine.some, step, |lower, exit| {
            let (at, number) = (lower.b.get(position), lower.b.get(count));
            let item = lower.affine_item(iter, source, at, number);
            let reached = lower.run_body(each, exit, item);
            lower.at(place);
            reached.then(|| lower.b.icmp(IntCC::Eq, left, 0))
        });
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
