//! The checks that need the final types of a body: literals that do not fit, casts, patterns that leave
//! values out, and the arithmetic that rustc denies because it will certainly fail.

use super::{Checker, const_ops};
use crate::diag::{Diagnostic, Place};
use crate::methods::Op;
use crate::tree::{Adapter, BinOp, Body, Expr, ExprKind, Iter, IterBase, Pat, PatKind, Stmt, UnOp};
use crate::ty::{IntTy, Ty, TyKind};
use crate::value::{ConstValue, MAX_VARIABLES, float_value, layout};

impl<'a> Checker<'a> {
    pub(super) fn finish(&mut self, body: &Body) {
        let errors = self.diags.len();
        let mut frame = 0u64;
        for local in &body.locals {
            if !self.types.is_known(local.ty) {
                let message = if local.name.is_empty() {
                    "type annotations needed".to_owned()
                } else {
                    format!("type annotations needed for `{}`", local.name)
                };
                self.error("E0282", local.place, message);
            }
            frame = frame.saturating_add(layout(&self.types, local.ty).0);
        }
        if frame > MAX_VARIABLES
            && let Some(local) = body.locals.first()
        {
            let message =
                format!("the variables of this function need more than {MAX_VARIABLES} bytes");
            self.error("J0003", local.place, message);
        }
        for pat in std::mem::take(&mut self.later_irrefutable) {
            self.check_irrefutable(&pat);
        }
        if self.diags.len() == errors {
            self.check_sized(&body.value);
            self.visit(&body.value);
        }
    }

    /// Reports a place whose size is not known, where its value is wanted.
    fn check_sized(&mut self, expr: &Expr) {
        if expr.is_place() && self.types.is_unsized(expr.ty) {
            let name = self.types.name(expr.ty);
            let message = format!("the size of `{name}` is not known at compile time");
            self.error("E0277", expr.place, message);
        }
    }

    fn visit(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Int(value) => self.check_literal(*value, false, expr.ty, expr.place),
            ExprKind::Float(digits) => self.check_float(digits, expr.ty, expr.place),
            ExprKind::Unary(op, inner) => {
                if *op == UnOp::Neg && self.types.as_int(inner.ty).is_some_and(|int| !int.signed())
                {
                    let name = self.types.name(inner.ty);
                    let message = format!("cannot apply unary operator `-` to type `{name}`");
                    self.error("E0600", expr.place, message);
                    return;
                }
                if let (UnOp::Neg, ExprKind::Int(value)) = (op, &inner.kind) {
                    return self.check_literal(*value, true, inner.ty, expr.place);
                }
                if *op == UnOp::Neg {
                    self.check_negation(inner, expr.place);
                }
            }
            ExprKind::Binary(op, a, b) => self.check_operator(*op, Some(a), b, a.ty, expr.place),
            ExprKind::AssignOp { op, value, place, .. } => {
                self.check_operator(*op, None, value, place.ty, expr.place);
            }
            ExprKind::Call(id, generics, _) if !generics.is_empty() => {
                self.check_generic_args(*id, generics, expr.place);
            }
            ExprKind::FnItem => {
                if let TyKind::FnItem(id, generics) = self.types.kind(expr.ty).clone()
                    && self.types.fn_names.get(&id).is_some_and(|name| name != "closure")
                {
                    self.check_generic_args(id, &generics, expr.place);
                }
            }
            ExprKind::For { iter, .. } => {
                self.check_wide_range(iter, expr.place);
            }
            ExprKind::Cast(inner) => self.check_cast(inner, expr.ty, expr.place),
            ExprKind::Method(Op::MemSwap, args) => {
                if let Some((_, to)) = self.types.as_ref(args[0].ty)
                    && self.types.is_unsized(to)
                {
                    let name = self.types.name(to);
                    let message = format!("the size of `{name}` is not known at compile time");
                    self.error("E0277", args[0].place, message);
                }
            }
            ExprKind::Match { value, arms } => {
                if arms.iter().any(|arm| binds(&arm.pat)) {
                    self.check_sized(value);
                }
                arms.iter().for_each(|arm| self.check_sized(&arm.body));
                self.check_arms(arms, value.ty, expr.place);
                arms.iter().for_each(|arm| self.check_pat(&arm.pat));
            }
            ExprKind::Index(base, index) => self.check_index(base, index, expr.place),
            ExprKind::Block(stmts, _) => {
                for stmt in stmts {
                    if let Stmt::Let { pat, .. } = stmt {
                        self.check_pat(pat);
                    }
                }
            }
            ExprKind::Array(items) if items.is_empty() && !self.types.is_known(expr.ty) => {
                self.needs_annotation(expr.place);
            }
            _ => {}
        }
        // These take a place without a known size: they use its address, or nothing of it.
        let wants_place = match &expr.kind {
            ExprKind::Ref { .. }
            | ExprKind::Index(..)
            | ExprKind::SliceRange { .. }
            | ExprKind::Match { .. }
            | ExprKind::Discard(_) => true,
            ExprKind::Binary(op, ..) => op.is_comparison(),
            _ => false,
        };
        let mut children = Vec::new();
        expr.children(&mut |child| children.push(child));
        for child in children {
            if !wants_place {
                self.check_sized(child);
            }
            self.visit(child);
        }
    }

    /// An index that is a constant and outside of an array.
    fn check_index(&mut self, base: &Expr, index: &Expr, place: Place) {
        if let Some(len) = self.types.array_len(base.ty)
            && let Some(ConstValue::Int(value)) = self.try_constant(index)
            && value >= i128::from(len)
        {
            let message = "this operation will panic at runtime";
            let label =
                format!("index out of bounds: the length is {len} but the index is {value}");
            let diag = Diagnostic::new("J0004", place, message).label(label);
            self.deny("unconditional_panic", diag);
        }
    }

    /// Refuses adapters of ranges of 128-bit integers: adapters count in words.
    fn check_wide_range(&mut self, iter: &Iter, place: Place) {
        if let IterBase::Range { start, inclusive, .. } = &iter.base
            && self.types.as_int(start.ty).is_some_and(IntTy::is_wide)
        {
            let plain = match iter.adapters.as_slice() {
                [] => true,
                [Adapter::Rev] => !inclusive,
                _ => false,
            };
            if !plain || iter.enumerate {
                let message = "adapters of ranges of 128-bit integers are not supported";
                self.error("J0002", place, message);
            }
        }
    }

    /// Integer patterns whose type was not known when they were read.
    fn check_pat(&mut self, pat: &Pat) {
        pat.walk(&mut |pat| {
            if let PatKind::Range(lo, hi) = pat.kind
                && let Some(int) = self.types.as_int(pat.ty)
                && (lo < int.min() || hi > int.max())
            {
                let message = format!("literal out of range for `{}`", int.name());
                self.error("J0004", pat.place, message);
            }
        });
    }

    fn check_literal(&mut self, value: u128, negative: bool, ty: Ty, place: Place) {
        let Some(int) = self.types.as_int(ty) else { return };
        let limit = match (negative, int.signed()) {
            (true, _) => int.min().unsigned_abs(),
            (false, true) => int.max().unsigned_abs(),
            // Bits, without the sign that those of `u128` seem to have.
            (false, false) => int.max_bits() as u128,
        };
        if value > limit {
            let name = int.name();
            let sign = if negative { "-" } else { "" };
            self.deny(
                "overflowing_literals",
                Diagnostic::new("J0004", place, format!("literal out of range for `{name}`"))
                    .label(format!(
                        "`{sign}{value}` is not between {} and {}",
                        int.min(),
                        shown(int.max_bits(), int)
                    ))
                    .note("rustc denies it, too: `#[deny(overflowing_literals)]` is on by default"),
            );
        }
    }

    fn check_float(&mut self, digits: &str, ty: Ty, place: Place) {
        let Some(float) = self.types.as_float(ty) else { return };
        let infinite = match float_value(digits, float) {
            ConstValue::F32(value) => value.is_infinite(),
            ConstValue::F64(value) => value.is_infinite(),
            other => unreachable!("{other:?} is no float"),
        };
        if infinite {
            let name = self.types.name(ty);
            self.error("J0004", place, format!("literal out of range for `{name}`"));
        }
    }

    fn check_negation(&mut self, inner: &Expr, place: Place) {
        if let (Some(int), Some(ConstValue::Int(value))) =
            (self.types.as_int(inner.ty), self.try_constant(inner))
            && value == int.min()
        {
            self.will_overflow(place, "attempt to negate with overflow");
        }
    }

    /// Reports what rustc denies by default, unless the file allows it.
    fn deny(&mut self, lint: &str, diag: Diagnostic) {
        if !self.allowed.iter().any(|allowed| allowed == lint) {
            self.report(diag);
        }
    }

    fn will_overflow(&mut self, place: Place, label: &str) {
        self.deny(
            "arithmetic_overflow",
            Diagnostic::new("J0004", place, "this arithmetic operation will overflow")
                .label(label)
                .note("rustc denies it, too: `#[deny(arithmetic_overflow)]` is on by default"),
        );
    }

    /// Arithmetic on constants that cannot succeed.
    fn check_operator(
        &mut self,
        op: BinOp,
        left: Option<&Expr>,
        right: &Expr,
        ty: Ty,
        place: Place,
    ) {
        let Some(int) = self.types.as_int(ty) else { return };
        let Some(ConstValue::Int(b)) = self.try_constant(right) else { return };
        match op {
            BinOp::Div | BinOp::Rem if b == 0 => {
                let what = if op == BinOp::Div {
                    "divide"
                } else {
                    "calculate the remainder with a divisor of"
                };
                self.deny(
                    "unconditional_panic",
                    Diagnostic::new("J0004", place, "this operation will panic at runtime").label(
                        format!(
                            "attempt to {what} {}",
                            if op == BinOp::Div { "by zero" } else { "zero" }
                        ),
                    ),
                );
                return;
            }
            BinOp::Shl | BinOp::Shr if b < 0 || b >= int.bits().into() => {
                let side = if op == BinOp::Shl { "left" } else { "right" };
                return self.will_overflow(
                    place,
                    &format!("attempt to shift {side} by {b}, which would overflow"),
                );
            }
            _ => {}
        }
        let Some(left) = left else { return };
        let Some(a) = self.try_constant(left) else { return };
        let shown = match a {
            ConstValue::Int(a) => {
                let (a, b) = (shown(a, int), shown(b, int));
                format!("attempt to compute `{a} {} {b}`, which would overflow", op.symbol())
            }
            _ => return,
        };
        if const_ops::binary(&self.types, op, a, ConstValue::Int(b), ty).is_err() {
            self.will_overflow(place, &shown);
        }
    }

    fn check_cast(&mut self, inner: &Expr, to: Ty, place: Place) {
        let from = self.types.shallow(inner.ty);
        let (from_kind, to_kind) = (self.types.kind(from).clone(), self.types.kind(to).clone());
        let fits = match (&from_kind, &to_kind) {
            (TyKind::Error, _) | (_, TyKind::Error) => true,
            (TyKind::Int(_) | TyKind::Float(_), TyKind::Int(_) | TyKind::Float(_)) => true,
            (TyKind::Bool | TyKind::Char, TyKind::Int(_)) => true,
            (TyKind::Int(int), TyKind::Char) => int.name() == "u8",
            (TyKind::Enum(_), TyKind::Int(_)) => true,
            _ => from == to,
        };
        if fits {
            return;
        }
        let (from_name, to_name) = (self.types.name(from), self.types.name(to));
        let diag = match (&from_kind, &to_kind) {
            (TyKind::Int(_), TyKind::Bool) => {
                Diagnostic::new("E0054", place, format!("cannot cast `{from_name}` as `bool`"))
                    .note("compare with zero instead: `x != 0`")
            }
            (TyKind::Int(_), TyKind::Char) => Diagnostic::new(
                "E0604",
                place,
                format!("only `u8` can be cast as `char`, not `{from_name}`"),
            ),
            (TyKind::Ref { to, .. }, TyKind::Int(_) | TyKind::Float(_))
                if self.types.is_numeric(*to) =>
            {
                Diagnostic::new(
                    "E0606",
                    place,
                    format!("casting `{from_name}` as `{to_name}` is invalid"),
                )
                .note("dereference the expression first")
            }
            (TyKind::Bool | TyKind::Char, TyKind::Float(_)) => Diagnostic::new(
                "E0606",
                place,
                format!("casting `{from_name}` as `{to_name}` is invalid"),
            )
            .note("cast through an integer first"),
            _ => Diagnostic::new(
                "E0605",
                place,
                format!("non-primitive cast: `{from_name}` as `{to_name}`"),
            ),
        };
        self.report(diag);
    }
}

/// Returns `true` if a pattern of a slice or `str` gives its value a name.
fn binds(pat: &Pat) -> bool {
    match &pat.kind {
        PatKind::Bind(..) => true,
        PatKind::Or(cases) => cases.iter().any(binds),
        _ => false,
    }
}

/// A value as text; of `u128` its bits are given.
fn shown(value: i128, int: IntTy) -> String {
    if int == IntTy::U128 { (value as u128).to_string() } else { value.to_string() }
}
