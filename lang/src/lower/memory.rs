//! Memory: scalars in and out of it, copies, fills, comparisons.

use ir::{Block, FloatCC, IntCC, Type, Value, Var};

use super::{Addr, Flow, Lower, Unreachable};
use crate::tree::{Expr, ExprKind};
use crate::ty::{Ty, TyKind};
use crate::value::{fields, layout};

/// Copies up to this size are a row of loads and stores, larger ones a loop.
const UNROLLED: u64 = 64;

/// The widest accesses that cover the bytes from `at` to `end`: the type and offset of each.
fn words(mut at: u64, end: u64) -> impl Iterator<Item = (Type, i64)> {
    std::iter::from_fn(move || {
        let (leaf, width) = match end - at {
            0 => return None,
            1 => (Type::I8, 1),
            2..4 => (Type::I16, 2),
            4..8 => (Type::I32, 4),
            8.. => (Type::I64, 8),
        };
        at += width;
        Some((leaf, (at - width) as i64))
    })
}

impl<'m, 'p> Lower<'m, 'p> {
    pub(super) fn load_leaves(&mut self, ty: Ty, from: Addr) -> Vec<Value> {
        self.leaf_offsets(ty)
            .into_iter()
            .map(|(leaf, offset)| {
                self.b.load(leaf, from.base, (from.offset + offset as i64) as i32)
            })
            .collect()
    }

    pub(super) fn store_leaves(&mut self, ty: Ty, values: &[Value], to: Addr) {
        for ((_, offset), &value) in self.leaf_offsets(ty).into_iter().zip(values) {
            self.b.store(value, to.base, (to.offset + offset as i64) as i32);
        }
    }

    /// An address as one value.
    pub(super) fn offset(&mut self, addr: Addr) -> Value {
        if addr.offset == 0 { addr.base } else { self.b.add(addr.base, addr.offset) }
    }

    /// Copies bytes. The two places are the same or do not overlap.
    pub(super) fn copy(&mut self, to: Addr, from: Addr, size: u64) {
        let whole = if size <= UNROLLED { 0 } else { size & !7 };
        if whole > 0 {
            let (to, from) = (self.offset(to), self.offset(from));
            let end = self.b.iconst(Type::I64, whole as i64);
            self.counted(end, 8, |lower, at| {
                let word = lower.b.load(Type::I64, lower.b.add(from, at), 0);
                lower.b.store(word, lower.b.add(to, at), 0);
            });
        }
        for (leaf, at) in words(whole, size) {
            let word = self.b.load(leaf, from.base, (from.offset + at) as i32);
            self.b.store(word, to.base, (to.offset + at) as i32);
        }
    }

    /// The counting loop: it continues while `counter cc bound` holds, and its counter begins at `start`. The body
    /// steps the counter and says whether its end is reached.
    pub(super) fn counting(
        &mut self,
        ty: Type,
        (start, cc, bound): (Value, IntCC, Value),
        body: impl FnOnce(&mut Self, Var, Value, Block) -> bool,
    ) {
        let counter = self.b.var("", ty);
        let (head, inside, exit) =
            (self.b.block("for"), self.b.block("body"), self.b.block("done"));
        self.b.set(counter, start);
        self.b.jump(head);
        self.b.switch_to(head);
        let at = self.b.get(counter);
        let more = self.b.icmp(cc, at, bound);
        self.b.branch(more, inside, exit);
        self.b.switch_to(inside);
        if body(self, counter, at, exit) {
            self.b.jump(head);
        }
        self.b.switch_to(exit);
    }

    /// A loop whose counter goes from 0 up to `end` in steps.
    pub(super) fn counted(&mut self, end: Value, step: i64, body: impl FnOnce(&mut Self, Value)) {
        let zero = self.b.iconst(Type::I64, 0);
        self.counting(Type::I64, (zero, IntCC::Ult, end), |lower, counter, at, _| {
            body(lower, at);
            lower.b.set(counter, lower.b.add(at, step));
            true
        });
    }

    fn is_zero(expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Int(value) => *value == 0,
            ExprKind::Float(digits) => {
                digits.parse::<f64>().is_ok_and(|value| value.to_bits() == 0)
            }
            ExprKind::Repeat(item) => Self::is_zero(item),
            _ => expr.as_bool() == Some(false),
        }
    }

    /// `[item; len]` at an address.
    pub(super) fn repeat(&mut self, item: &'p Expr, len: u64, to: Addr) -> Flow<()> {
        let size = self.size(item.ty);
        if Self::is_zero(item) && len > 0 {
            self.zero(to, size * len);
            return Ok(());
        }
        if len == 0 || size == 0 {
            self.effect(item)?;
            return Ok(());
        }
        if self.leaves(item.ty).is_some() {
            let values = self.generate(item, None)?;
            self.fill(to, item.ty, &values, len);
            return Ok(());
        }
        self.generate(item, Some(to))?;
        self.spread(to, size, len);
        Ok(())
    }

    /// A value whose bytes are all zero.
    pub(super) fn zeroed(&mut self, ty: Ty, dest: Option<Addr>) -> Flow<Vec<Value>> {
        if let (Some(to), None) = (dest, self.leaves(ty)) {
            self.zero(to, self.size(ty));
            return Ok(Vec::new());
        }
        let leaves = self.scalars(ty).into_iter();
        Ok(leaves
            .map(|leaf| match leaf {
                Type::F32 => self.b.f32const(0.0),
                Type::F64 => self.b.f64const(0.0),
                leaf => self.b.iconst(leaf, 0),
            })
            .collect())
    }

    fn zero(&mut self, to: Addr, size: u64) {
        let whole = if size <= UNROLLED { 0 } else { size & !7 };
        if whole > 0 {
            let base = self.offset(to);
            let zero = self.b.iconst(Type::I64, 0);
            let end = self.b.iconst(Type::I64, whole as i64);
            self.counted(end, 8, |lower, at| lower.b.store(zero, lower.b.add(base, at), 0));
        }
        for (leaf, at) in words(whole, size) {
            let zero = self.b.iconst(leaf, 0);
            self.b.store(zero, to.base, (to.offset + at) as i32);
        }
    }

    /// Stores one value of scalars into each of `len` elements.
    fn fill(&mut self, to: Addr, item: Ty, values: &[Value], len: u64) {
        const FEW: u64 = 4;
        let size = self.size(item);
        if len <= FEW {
            (0..len).for_each(|index| self.store_leaves(item, values, to.plus(index * size)));
            return;
        }
        let base = self.offset(to);
        let end = self.b.iconst(Type::I64, (len * size) as i64);
        self.counted(end, size as i64, |lower, at| {
            let base = lower.b.add(base, at);
            lower.store_leaves(item, values, Addr { base, offset: 0 });
        });
    }

    /// Copies the first element to the others.
    fn spread(&mut self, to: Addr, size: u64, len: u64) {
        let base = self.offset(to);
        let first = Addr { base, offset: 0 };
        let end = self.b.iconst(Type::I64, ((len - 1) * size) as i64);
        self.counted(end, size as i64, |lower, at| {
            let next = Addr { base: lower.b.add(base, at), offset: size as i64 };
            lower.copy(next, first, size);
        });
    }

    /// Copies `bytes` bytes, byte by byte but for whole words.
    pub(super) fn copy_dynamic(&mut self, to: Value, from: Value, bytes: Value) {
        let words = self.b.and(bytes, !7i64);
        self.counted(words, 8, |lower, at| {
            let word = lower.b.load(Type::I64, lower.b.add(from, at), 0);
            lower.b.store(word, lower.b.add(to, at), 0);
        });
        let rest = self.b.and(bytes, 7i64);
        let (to, from) = (self.b.add(to, words), self.b.add(from, words));
        self.counted(rest, 1, |lower, at| {
            let byte = lower.b.load(Type::I8, lower.b.add(from, at), 0);
            lower.b.store(byte, lower.b.add(to, at), 0);
        });
    }

    /// Exchanges two values of one size in memory.
    pub(super) fn swap(&mut self, a: Addr, b: Addr, ty: Ty) {
        if self.leaves(ty).is_some() {
            let x = self.load_leaves(ty, a);
            let y = self.load_leaves(ty, b);
            self.store_leaves(ty, &y, a);
            self.store_leaves(ty, &x, b);
            return;
        }
        let size = self.size(ty);
        let temp = self.temp(ty);
        self.copy(temp, a, size);
        self.copy(a, b, size);
        self.copy(b, temp, size);
    }

    // ---- Equality ----

    /// Whether two values of scalars are equal: an `i8`.
    pub(super) fn equal_leaves(&mut self, a: &[Value], b: &[Value]) -> Value {
        let mut all = None;
        for (&x, &y) in a.iter().zip(b) {
            let is_float = self.b.value_type(x).is_some_and(Type::is_float);
            let same = if is_float {
                self.b.fcmp(FloatCC::Eq, x, y)
            } else {
                self.b.icmp(IntCC::Eq, x, y)
            };
            all = Some(match all {
                None => same,
                Some(before) => self.b.and(before, same),
            });
        }
        all.unwrap_or_else(|| self.b.iconst(Type::I8, 1))
    }

    /// Whether two values in memory are equal.
    pub(super) fn equal(&mut self, ty: Ty, a: Addr, b: Addr) -> Value {
        match self.types.kind(ty) {
            TyKind::Array(item, _) => {
                let item = *item;
                let (a, b) = (self.offset(a), self.offset(b));
                let count = self.b.iconst(Type::I64, self.len_of(ty) as i64);
                self.equal_items(item, a, b, count)
            }
            TyKind::Tuple(_) | TyKind::Struct(_) if self.leaves(ty).is_none() => {
                let parts = self.parts(ty);
                let (offsets, _, _) = fields(self.types, &parts);
                let mut all = self.b.iconst(Type::I8, 1);
                for (part, offset) in parts.into_iter().zip(offsets) {
                    let same = self.equal(part, a.plus(offset), b.plus(offset));
                    all = self.b.and(all, same);
                }
                all
            }
            _ => {
                let x = self.load_leaves(ty, a);
                let y = self.load_leaves(ty, b);
                self.equal_leaves(&x, &y)
            }
        }
    }

    /// Whether `count` elements at two addresses are equal.
    pub(super) fn equal_items(&mut self, item: Ty, a: Value, b: Value, count: Value) -> Value {
        let size = layout(self.types, item).0 as i64;
        let result = self.b.var("", Type::I8);
        self.b.set(result, 1);
        let zero = self.b.iconst(Type::I64, 0);
        self.counting(Type::I64, (zero, IntCC::Ult, count), |lower, counter, at, exit| {
            let offset = lower.b.mul(at, size);
            let x = Addr { base: lower.b.add(a, offset), offset: 0 };
            let y = Addr { base: lower.b.add(b, offset), offset: 0 };
            let same = lower.equal(item, x, y);
            lower.b.set(result, same);
            let next = lower.b.block("next");
            lower.b.branch(same, next, exit);
            lower.b.switch_to(next);
            lower.b.set(counter, lower.b.add(at, 1));
            true
        });
        self.b.get(result)
    }

    /// Ends the block: nothing comes after.
    pub(super) fn trap<T>(&mut self, kind: ir::TrapKind) -> Flow<T> {
        self.b.trap(kind);
        Err(Unreachable)
    }
}
