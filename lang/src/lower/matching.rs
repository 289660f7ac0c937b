//! Patterns: tests, bindings, and `match`, which becomes a `switch` where it can.

use ir::{Block, IntCC, TrapKind, Type, Value};

use super::place::PlaceValue;
use super::{Addr, Flow, Lower, one};
use crate::tree::{Arm, Expr, Pat, PatKind};
use crate::ty::{Ty, TyKind};

/// The most cases that the ranges of one `match` may become in a `switch`.
const MAX_CASES: i128 = 512;

/// The fewest cases that are worth a `switch`.
const MIN_CASES: usize = 3;

impl<'m, 'p> Lower<'m, 'p> {
    pub(super) fn let_stmt(
        &mut self,
        pat: &'p Pat,
        init: &'p Expr,
        otherwise: Option<&'p Expr>,
    ) -> Flow<()> {
        if let PatKind::Bind(id, None) = pat.kind {
            if self.leaves(init.ty).is_some() {
                let values = self.generate(init, None)?;
                self.at(pat.place);
                self.bind_local(id, &values);
                return Ok(());
            }
            let to = self.local_addr(id);
            self.generate(init, Some(to))?;
            return Ok(());
        }
        if let PatKind::Wild = pat.kind {
            return self.effect(init);
        }
        let value = self.subject(init)?;
        let mut fail = None;
        self.test(pat, &value, &mut fail);
        self.bind(pat, &value);
        if let Some(fail) = fail {
            let matched = self.b.current_block();
            self.b.switch_to(fail);
            match otherwise {
                Some(otherwise) => {
                    let _ = self.generate(otherwise, None);
                }
                None => {
                    let _: Flow<()> = self.trap(TrapKind::Unreachable);
                }
            }
            self.b.switch_to(matched);
        }
        Ok(())
    }

    /// The address of a variable whose type stays in memory.
    fn local_addr(&mut self, id: crate::tree::LocalId) -> Addr {
        match self.local_place(id) {
            PlaceValue::Memory(addr, _) => addr,
            PlaceValue::Vars(_) => unreachable!("this type stays in memory"),
        }
    }

    /// The place that a pattern is matched with: a place as it is, a value in variables or a temporary.
    pub(super) fn subject(&mut self, expr: &'p Expr) -> Flow<PlaceValue> {
        if expr.is_place() {
            return self.place(expr);
        }
        match self.leaves(expr.ty) {
            Some(leaves) => {
                let values = self.generate(expr, None)?;
                Ok(self.values_place(&leaves, &values))
            }
            None => self.place(expr),
        }
    }

    /// Fresh variables that hold these values.
    pub(super) fn values_place(&mut self, leaves: &[Type], values: &[Value]) -> PlaceValue {
        let vars = leaves.iter().zip(values).map(|(&leaf, &value)| {
            let var = self.b.var("", leaf);
            self.b.set(var, value);
            var
        });
        PlaceValue::Vars(vars.collect())
    }

    /// The place of a part of a value.
    pub(super) fn part(&mut self, place: &PlaceValue, ty: Ty, index: usize) -> (PlaceValue, Ty) {
        let parts = self.parts(ty);
        let part = parts[index];
        let place = match place {
            PlaceValue::Vars(vars) => {
                PlaceValue::Vars(vars[self.leaf_range(&parts, index)].to_vec())
            }
            PlaceValue::Memory(addr, _) => {
                let (offsets, _, _) = crate::value::fields(self.types, &parts);
                PlaceValue::Memory(addr.plus(offsets[index]), None)
            }
        };
        (place, part)
    }

    /// The place that a reference refers to.
    pub(super) fn pointee(&mut self, place: &PlaceValue, ty: Ty) -> PlaceValue {
        let values = self.read(place, ty);
        PlaceValue::Memory(Addr { base: values[0], offset: 0 }, values.get(1).copied())
    }

    /// Goes to `fail` unless the value matches; `fail` is made when it is first needed.
    pub(super) fn test(&mut self, pat: &'p Pat, place: &PlaceValue, fail: &mut Option<Block>) {
        match &pat.kind {
            PatKind::Wild | PatKind::Bind(_, None) | PatKind::BindRef(_) => {}
            PatKind::Bind(_, Some(sub)) => self.test(sub, place, fail),
            PatKind::Range(lo, hi) => {
                let value = one(&self.read(place, pat.ty));
                let matches = self.in_range(value, *lo, *hi, pat.ty);
                if let Some(matches) = matches {
                    let fail = *fail.get_or_insert_with(|| self.b.block("next"));
                    let inside = self.b.block("matched");
                    self.b.branch(matches, inside, fail);
                    self.b.switch_to(inside);
                }
            }
            PatKind::Parts(pats) => {
                for (index, sub) in pats {
                    let (part, _) = self.part(place, pat.ty, *index);
                    self.test(sub, &part, fail);
                }
            }
            PatKind::Deref(sub) => {
                let inner = self.pointee(place, pat.ty);
                self.test(sub, &inner, fail);
            }
            PatKind::Or(cases) => {
                let matched = self.b.block("matched");
                for (index, case) in cases.iter().enumerate() {
                    if index + 1 == cases.len() {
                        self.test(case, place, fail);
                        self.b.jump(matched);
                    } else {
                        let mut next = None;
                        self.test(case, place, &mut next);
                        self.b.jump(matched);
                        match next {
                            Some(next) => self.b.switch_to(next),
                            // It matches always; the other cases are not reached.
                            None => break,
                        }
                    }
                }
                self.b.switch_to(matched);
            }
        }
    }

    /// Whether `lo <= value <= hi`; `None` if that is so for the whole type.
    fn in_range(&mut self, value: Value, lo: i128, hi: i128, ty: Ty) -> Option<Value> {
        let (min, max, signed) = match self.types.kind(ty) {
            TyKind::Int(int) => (int.min(), int.max(), int.signed()),
            TyKind::Bool => (0, 1, false),
            TyKind::Enum(id) => {
                (0, self.types.enums[id.0 as usize].variants.len() as i128 - 1, false)
            }
            TyKind::Char => (0, i128::from(u32::from(char::MAX)), false),
            kind => unreachable!("{kind:?} has no ranges"),
        };
        let int = self.int_of(ty);
        let (wide, leaf) = (int.is_wide(), int.to_ir());
        if lo == hi {
            // The greatest `u128` is kept as the greatest `i128`.
            let bits = if wide && !signed && lo == max { -1 } else { lo };
            let bits = self.int_const(leaf, bits);
            return Some(self.b.icmp(IntCC::Eq, value, bits));
        }
        let (ge, le) = if signed { (IntCC::Sge, IntCC::Sle) } else { (IntCC::Uge, IntCC::Ule) };
        let above = (lo > min).then(|| self.b.icmp(ge, value, self.int_const(leaf, lo)));
        let below = (hi < max).then(|| self.b.icmp(le, value, self.int_const(leaf, hi)));
        match (above, below) {
            (Some(above), Some(below)) => Some(self.b.and(above, below)),
            (one, other) => one.or(other),
        }
    }

    /// Gives the pattern's variables their values.
    pub(super) fn bind(&mut self, pat: &'p Pat, place: &PlaceValue) {
        match &pat.kind {
            PatKind::Wild | PatKind::Range(..) | PatKind::Or(_) => {}
            PatKind::BindRef(id) => {
                let PlaceValue::Memory(addr, len) = place else {
                    unreachable!("behind a reference there is memory")
                };
                let mut values = vec![self.offset(*addr)];
                values.extend(*len);
                self.bind_local(*id, &values);
            }
            PatKind::Bind(id, sub) => {
                match place {
                    PlaceValue::Memory(from, _) if self.leaves(pat.ty).is_none() => {
                        let to = self.local_addr(*id);
                        self.copy(to, *from, self.size(pat.ty));
                    }
                    _ => {
                        let values = self.read(place, pat.ty);
                        self.bind_local(*id, &values);
                    }
                }
                if let Some(sub) = sub {
                    self.bind(sub, place);
                }
            }
            PatKind::Parts(pats) => {
                for (index, sub) in pats {
                    let (part, _) = self.part(place, pat.ty, *index);
                    self.bind(sub, &part);
                }
            }
            PatKind::Deref(sub) => {
                if matches!(sub.kind, PatKind::Wild) {
                    return;
                }
                let inner = self.pointee(place, pat.ty);
                self.bind(sub, &inner);
            }
        }
    }

    pub(super) fn match_expr(
        &mut self,
        expr: &'p Expr,
        value: &'p Expr,
        arms: &'p [Arm],
        dest: Option<Addr>,
    ) -> Flow<Vec<Value>> {
        let place = self.subject(value)?;
        let mut join = None;
        if let Some(cases) = self.switch_cases(arms, value.ty) {
            self.at(expr.place);
            let blocks = self.switch(&place, value.ty, &cases);
            for (arm, block) in arms.iter().zip(blocks) {
                self.b.switch_to(block);
                self.bind(&arm.pat, &place);
                self.generate_branch(&mut join, expr.ty, &arm.body, dest);
            }
            return self.joined(join);
        }
        let mut open = true;
        for arm in arms {
            let mut fail = None;
            self.at(arm.pat.place);
            self.test(&arm.pat, &place, &mut fail);
            self.bind(&arm.pat, &place);
            if let Some(guard) = &arm.guard {
                let body = self.b.block("arm");
                let next = *fail.get_or_insert_with(|| self.b.block("next"));
                let reached = self.branch_on(guard, body, next);
                self.b.switch_to(body);
                if reached.is_err() {
                    let _: Flow<()> = self.trap(TrapKind::Unreachable);
                } else {
                    self.generate_branch(&mut join, expr.ty, &arm.body, dest);
                }
            } else {
                self.generate_branch(&mut join, expr.ty, &arm.body, dest);
            }
            match fail {
                Some(fail) => self.b.switch_to(fail),
                None => {
                    open = false;
                    break;
                }
            }
        }
        if open {
            // The checker has shown that the arms cover every value.
            let _: Flow<()> = self.trap(TrapKind::Unreachable);
        }
        self.joined(join)
    }

    /// The case values of each arm, if the arms are nothing but numbers and a last one for the rest.
    fn switch_cases(&self, arms: &[Arm], ty: Ty) -> Option<Vec<Option<Vec<i128>>>> {
        match self.types.kind(ty) {
            TyKind::Int(int) if !int.is_wide() => {}
            TyKind::Char | TyKind::Enum(_) => {}
            _ => return None,
        }
        let mut total = 0;
        let mut all = Vec::with_capacity(arms.len());
        for arm in arms {
            if arm.guard.is_some() {
                return None;
            }
            let mut values = Vec::new();
            let mut waiting = vec![&arm.pat];
            let mut rest = false;
            while let Some(pat) = waiting.pop() {
                match &pat.kind {
                    PatKind::Wild | PatKind::Bind(_, None) | PatKind::BindRef(_) => rest = true,
                    PatKind::Range(lo, hi) if hi - lo + total < MAX_CASES => {
                        total += hi - lo + 1;
                        values.extend(*lo..=*hi);
                    }
                    PatKind::Or(cases) => waiting.extend(cases),
                    PatKind::Bind(_, Some(sub)) => waiting.push(sub),
                    _ => return None,
                }
            }
            all.push(if rest { None } else { Some(values) });
            if rest {
                break;
            }
        }
        let count: usize = all.iter().flatten().map(Vec::len).sum();
        (count >= MIN_CASES).then_some(all)
    }

    /// Goes to the block of the arm that has the value among its cases. The blocks are those of the arms, in order.
    fn switch(&mut self, place: &PlaceValue, ty: Ty, cases: &[Option<Vec<i128>>]) -> Vec<Block> {
        let index = one(&self.read(place, ty));
        let int = self.int_of(ty).to_signed();
        let mut table: Vec<(i64, Block)> = Vec::new();
        let mut taken = std::collections::HashSet::new();
        let mut default = None;
        let mut blocks = Vec::new();
        for values in cases {
            let block = self.b.block("arm");
            blocks.push(block);
            match values {
                None => default = Some(block),
                Some(values) => {
                    for &value in values {
                        let signed = int.wrap(value);
                        // Of two arms for one value the first counts.
                        if taken.insert(signed) {
                            table.push((signed as i64, block));
                        }
                    }
                }
            }
        }
        let default = default.unwrap_or_else(|| {
            let block = self.b.block("rest");
            self.b.cold(block);
            let here = self.b.current_block();
            self.b.switch_to(block);
            self.b.trap(TrapKind::Unreachable);
            self.b.switch_to(here);
            block
        });
        self.b.switch(index, default, &table);
        blocks
    }
}
