//! Literals and operators.

use syn::spanned::Spanned;

use super::syntax::span_of;
use super::{Checker, Expect};
use crate::bounds::{Bound, operator_trait};
use crate::diag::{Diagnostic, Place};
use crate::tree::{BinOp, Expr, ExprKind, UnOp};
use crate::ty::{FloatTy, IntTy, Ty, TyKind};
use crate::value::ConstValue;

impl<'a> Checker<'a> {
    pub(super) fn place_of(&self, expr: &syn::Expr) -> Place {
        self.place(span_of(expr))
    }

    // ---- Literals ----

    pub(super) fn literal(&mut self, lit: &syn::Lit, expect: Expect) -> Expr {
        let place = self.place(lit.span());
        match lit {
            syn::Lit::Int(int) if int.base10_digits().starts_with('-') => {
                // Only patterns have literals with a sign.
                let text = format!("{}{}", &int.base10_digits()[1..], int.suffix());
                let positive = syn::Lit::Int(syn::LitInt::new(&text, int.span()));
                let value = self.literal(&positive, expect);
                let ty = value.ty;
                self.make(ExprKind::Unary(UnOp::Neg, Box::new(value)), ty, place)
            }
            syn::Lit::Int(int) => {
                let Ok(value) = int.base10_parse::<u128>() else {
                    return self.error("J0001", place, "integer literal is too large");
                };
                let ty = match int.suffix() {
                    "" => match expect.hint().map(|ty| (ty, self.types.kind(ty))) {
                        Some((ty, TyKind::Int(_))) => ty,
                        Some((_, TyKind::Char)) if matches!(expect, Expect::Cast(_)) => Ty::U8,
                        _ => self.types.fresh_int(),
                    },
                    "f32" | "f64"
                        if int.token().to_string().starts_with("0b")
                            || int.token().to_string().starts_with("0o") =>
                    {
                        return self.error("J0001", place, "a float literal is decimal");
                    }
                    "f32" | "f64" => {
                        let ty = if int.suffix() == "f32" { FloatTy::F32 } else { FloatTy::F64 };
                        let ty = self.types.float(ty);
                        return self.make(
                            ExprKind::Float(int.base10_digits().to_owned()),
                            ty,
                            place,
                        );
                    }
                    suffix => match IntTy::from_name(suffix) {
                        Some(int) => self.types.int(int),
                        None => {
                            let message = format!("invalid suffix `{suffix}` for number literal");
                            return self.error("J0001", place, message);
                        }
                    },
                };
                self.make(ExprKind::Int(value), ty, place)
            }
            syn::Lit::Float(float) => {
                let ty = match float.suffix() {
                    "" => match expect.hint().map(|ty| (ty, self.types.kind(ty))) {
                        Some((ty, TyKind::Float(_))) => ty,
                        _ => self.types.fresh_float(),
                    },
                    "f32" => self.types.float(FloatTy::F32),
                    "f64" => Ty::F64,
                    suffix => {
                        let message = format!("invalid suffix `{suffix}` for float literal");
                        return self.error("J0001", place, message);
                    }
                };
                self.make(ExprKind::Float(float.base10_digits().to_owned()), ty, place)
            }
            syn::Lit::Bool(bool) => self.known(ConstValue::Bool(bool.value), Ty::BOOL, place),
            syn::Lit::Char(char) => self.known(ConstValue::Char(char.value()), Ty::CHAR, place),
            syn::Lit::Byte(byte) => self.make(ExprKind::Int(byte.value().into()), Ty::U8, place),
            syn::Lit::Str(str) => {
                let ty = self.types.reference(false, Ty::STR);
                self.known(ConstValue::Str(str.value().into()), ty, place)
            }
            syn::Lit::ByteStr(bytes) => {
                let bytes = bytes.value();
                let array = self.types.array(Ty::U8, bytes.len() as u64);
                let ty = self.types.reference(false, array);
                let bytes = bytes.into_iter().map(|byte| ConstValue::Int(byte.into())).collect();
                let value = ConstValue::Ref(ConstValue::Aggregate(bytes).into());
                self.known(value, ty, place)
            }
            _ => self.unsupported(lit.span(), "this literal"),
        }
    }

    // ---- Operators ----

    pub(super) fn unary(&mut self, unary: &syn::ExprUnary, expect: Expect) -> Expr {
        let place =
            self.place(unary.op.span().join(span_of(&unary.expr)).unwrap_or(unary.op.span()));
        let (op, symbol) = match unary.op {
            syn::UnOp::Deref(_) => {
                let inner = self.expr(&unary.expr, Expect::Nothing);
                return self.deref(inner, place);
            }
            syn::UnOp::Not(_) => (UnOp::Not, "!"),
            syn::UnOp::Neg(_) => (UnOp::Neg, "-"),
            _ => return self.unsupported(unary.span(), "this operator"),
        };
        let inner = self.expr(&unary.expr, expect);
        let inner = self.auto_deref_scalar(inner);
        let types = &self.types;
        let fits = match op {
            UnOp::Not => {
                types.is_integral(inner.ty) || matches!(types.kind(inner.ty), TyKind::Bool)
            }
            UnOp::Neg => {
                types.is_floating(inner.ty)
                    || types.as_int(inner.ty).map_or(types.is_integral(inner.ty), IntTy::signed)
            }
        };
        let wanted = if op == UnOp::Neg { Bound::Neg } else { Bound::Not };
        let bounded = self.has_bound(inner.ty, wanted);
        if bounded && self.cx.in_const {
            let message =
                "operators of a generic parameter are not allowed in constants and `const fn`";
            return self.error("E0015", place, message);
        }
        if !fits && !bounded {
            if self.types.is_error(inner.ty) {
                return inner;
            }
            if self.types.is_unknown(inner.ty) {
                return self.needs_annotation(inner.place);
            }
            let name = self.types.name(inner.ty);
            let message = format!("cannot apply unary operator `{symbol}` to type `{name}`");
            let diag = Diagnostic::new("E0600", place, message);
            let diag = if op == UnOp::Neg && self.types.is_integral(inner.ty) {
                diag.note("unsigned values cannot be negated")
            } else if matches!(self.types.kind(inner.ty), TyKind::Param(_)) {
                let bound = if op == UnOp::Neg { "Neg" } else { "Not" };
                diag.note(format!(
                    "the parameter `{name}` would need the bound `{bound}<Output = {name}>`"
                ))
            } else {
                diag
            };
            self.report(diag);
            return self.error_expr(place);
        }
        let ty = inner.ty;
        self.make(ExprKind::Unary(op, Box::new(inner)), ty, place)
    }

    pub(super) fn needs_annotation(&mut self, place: Place) -> Expr {
        self.error("E0282", place, "type annotations needed")
    }

    pub(super) fn deref(&mut self, inner: Expr, place: Place) -> Expr {
        if self.types.is_error(inner.ty) {
            return inner;
        }
        match self.types.as_ref(inner.ty) {
            Some((_, to)) => self.make(ExprKind::Deref(Box::new(inner)), to, place),
            None if self.types.is_unknown(inner.ty) => self.needs_annotation(inner.place),
            None => {
                let name = self.types.name(inner.ty);
                self.error("E0614", place, format!("type `{name}` cannot be dereferenced"))
            }
        }
    }

    /// Operators have implementations for references to numbers, too.
    fn auto_deref_scalar(&mut self, expr: Expr) -> Expr {
        match self.types.as_ref(expr.ty) {
            Some((_, to))
                if self.types.is_numeric(to) || matches!(self.types.kind(to), TyKind::Bool) =>
            {
                let place = expr.place;
                self.deref(expr, place)
            }
            _ => expr,
        }
    }

    pub(super) fn binary(&mut self, binary: &syn::ExprBinary) -> Expr {
        use syn::BinOp as B;
        let place = self.place(
            span_of(&binary.left).join(span_of(&binary.right)).unwrap_or_else(|| binary.op.span()),
        );
        let (op, assigns) = match binary.op {
            B::And(_) | B::Or(_) => {
                let left = self.expr_coerce(&binary.left, Ty::BOOL);
                let before = self.cx.diverges;
                let right = self.expr_coerce(&binary.right, Ty::BOOL);
                self.cx.diverges = before;
                let (left, right) = (Box::new(left), Box::new(right));
                let kind = match binary.op {
                    B::And(_) => ExprKind::And(left, right),
                    _ => ExprKind::Or(left, right),
                };
                return self.make(kind, Ty::BOOL, place);
            }
            B::Add(_) => (BinOp::Add, false),
            B::Sub(_) => (BinOp::Sub, false),
            B::Mul(_) => (BinOp::Mul, false),
            B::Div(_) => (BinOp::Div, false),
            B::Rem(_) => (BinOp::Rem, false),
            B::BitAnd(_) => (BinOp::And, false),
            B::BitOr(_) => (BinOp::Or, false),
            B::BitXor(_) => (BinOp::Xor, false),
            B::Shl(_) => (BinOp::Shl, false),
            B::Shr(_) => (BinOp::Shr, false),
            B::Eq(_) => (BinOp::Eq, false),
            B::Ne(_) => (BinOp::Ne, false),
            B::Lt(_) => (BinOp::Lt, false),
            B::Le(_) => (BinOp::Le, false),
            B::Gt(_) => (BinOp::Gt, false),
            B::Ge(_) => (BinOp::Ge, false),
            B::AddAssign(_) => (BinOp::Add, true),
            B::SubAssign(_) => (BinOp::Sub, true),
            B::MulAssign(_) => (BinOp::Mul, true),
            B::DivAssign(_) => (BinOp::Div, true),
            B::RemAssign(_) => (BinOp::Rem, true),
            B::BitAndAssign(_) => (BinOp::And, true),
            B::BitOrAssign(_) => (BinOp::Or, true),
            B::BitXorAssign(_) => (BinOp::Xor, true),
            B::ShlAssign(_) => (BinOp::Shl, true),
            B::ShrAssign(_) => (BinOp::Shr, true),
            _ => return self.unsupported(binary.op.span(), "this operator"),
        };
        let left = self.expr(&binary.left, Expect::Nothing);
        if assigns {
            let right = self.expr(&binary.right, Expect::Nothing);
            return self.assign_op(op, left, right, place);
        }
        if op.is_comparison() {
            let right = self.expr(&binary.right, Expect::Nothing);
            return self.compare(op, left, right, place);
        }
        let left = self.auto_deref_scalar(left);
        let right = self.expr(&binary.right, Expect::Nothing);
        let right = self.auto_deref_scalar(right);
        match self.operator_type(op, left.ty, right.ty, place, false) {
            Some(ty) => self.make(ExprKind::Binary(op, Box::new(left), Box::new(right)), ty, place),
            None => self.error_expr(place),
        }
    }

    /// The type of `left op right`, after making the operands one type if they must be.
    fn operator_type(
        &mut self,
        op: BinOp,
        left: Ty,
        right: Ty,
        place: Place,
        assigns: bool,
    ) -> Option<Ty> {
        for ty in [left, right] {
            if self.types.is_error(ty) {
                return None;
            }
            if self.types.is_unknown(ty) {
                self.needs_annotation(place);
                return None;
            }
        }
        if let Some(found) = self.param_operator(op, left, right, place, assigns) {
            return found;
        }
        let types = &self.types;
        let is_bool = |ty| matches!(types.kind(ty), TyKind::Bool);
        let fits = match op {
            BinOp::Shl | BinOp::Shr => types.is_integral(left) && types.is_integral(right),
            BinOp::And | BinOp::Or | BinOp::Xor => {
                types.is_integral(left) && types.is_integral(right)
                    || is_bool(left) && is_bool(right)
            }
            _ => {
                types.is_integral(left) && types.is_integral(right)
                    || types.is_floating(left) && types.is_floating(right)
            }
        };
        let same = op.is_shift() || (fits && self.types.unify(left, right));
        if fits && same {
            return Some(left);
        }
        let (l, r) = (self.types.name(left), self.types.name(right));
        if fits {
            // Two numbers of different types: rustc calls it a mismatch.
            self.mismatch(place, left, right);
        } else if self.types.is_numeric(left)
            && self.types.is_numeric(right)
            && self.types.is_integral(left) != self.types.is_integral(right)
        {
            let symbol = op.symbol();
            let message = format!("cannot combine `{l}` and `{r}` with `{symbol}`");
            self.report(
                Diagnostic::new("E0277", place, message)
                    .note("Rust never converts numbers by itself; use `as`"),
            );
        } else {
            let symbol = op.symbol();
            let (code, what) = if assigns { ("E0368", "=") } else { ("E0369", "") };
            let message = format!("`{symbol}{what}` cannot be applied to `{l}` and `{r}`");
            self.error(code, place, message);
        }
        None
    }

    pub(super) fn compare(&mut self, op: BinOp, left: Expr, right: Expr, place: Place) -> Expr {
        for ty in [left.ty, right.ty] {
            if self.types.is_error(ty) {
                return self.error_expr(place);
            }
        }
        if self.types.is_unknown(left.ty) {
            return self.needs_annotation(left.place);
        }
        // `&a == &b` compares what they refer to.
        if let (Some((_, a)), Some((_, b))) =
            (self.types.as_ref(left.ty), self.types.as_ref(right.ty))
            && !matches!(self.types.kind(a), TyKind::Str)
        {
            let _ = b;
            let (at_left, at_right) = (left.place, right.place);
            let left = self.deref(left, at_left);
            let right = self.deref(right, at_right);
            return self.compare(op, left, right, place);
        }
        let item = |kind: &TyKind| match kind {
            TyKind::Array(item, _) | TyKind::Slice(item) => Some(*item),
            _ => None,
        };
        // A reference to a slice compares with an array.
        let slice_ref = |checker: &Self, ty| {
            checker
                .types
                .as_ref(ty)
                .is_some_and(|(_, to)| matches!(checker.types.kind(to), TyKind::Slice(_)))
        };
        let array = |checker: &Self, ty| matches!(checker.types.kind(ty), TyKind::Array(..));
        if slice_ref(self, left.ty) && array(self, right.ty) {
            let at = left.place;
            let left = self.deref(left, at);
            return self.compare(op, left, right, place);
        }
        if array(self, left.ty) && slice_ref(self, right.ty) {
            let at = right.place;
            let right = self.deref(right, at);
            return self.compare(op, left, right, place);
        }
        let items = (item(self.types.kind(left.ty)), item(self.types.kind(right.ty)));
        let equal = matches!(op, BinOp::Eq | BinOp::Ne);
        let same = match items {
            (Some(a), Some(b)) if equal => {
                let lengths = match (self.types.kind(left.ty), self.types.kind(right.ty)) {
                    (TyKind::Array(_, n), TyKind::Array(_, m)) => Some((*n, *m)),
                    _ => None,
                };
                lengths.is_none_or(|(n, m)| self.types.unify(n, m)) && self.types.unify(a, b)
            }
            _ => self.types.unify(left.ty, right.ty),
        };
        if !same {
            self.mismatch(place, left.ty, right.ty);
            return self.error_expr(place);
        }
        if !self.comparable(op, left.ty) {
            let name = self.types.name(left.ty);
            let message =
                format!("binary operation `{}` cannot be applied to type `{name}`", op.symbol());
            let mut diag = Diagnostic::new("E0369", place, message);
            if matches!(self.types.kind(left.ty), TyKind::Param(_)) {
                let bound = operator_trait(op, false);
                diag = diag.note(format!("the parameter `{name}` would need the bound `{bound}`"));
            }
            self.report(diag);
            return self.error_expr(place);
        }
        if self.cx.in_const && matches!(self.types.kind(left.ty), TyKind::Param(_)) {
            let message =
                "operators of a generic parameter are not allowed in constants and `const fn`";
            return self.error("E0015", place, message);
        }
        self.make(ExprKind::Binary(op, Box::new(left), Box::new(right)), Ty::BOOL, place)
    }

    fn comparable(&self, op: BinOp, ty: Ty) -> bool {
        let equal = matches!(op, BinOp::Eq | BinOp::Ne);
        match self.types.kind(ty) {
            TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::Infer(_) => {
                true
            }
            TyKind::Array(item, _) | TyKind::Slice(item) => equal && self.comparable(op, *item),
            TyKind::Param(_) => {
                let name = operator_trait(op, false);
                self.has_bound(ty, Bound::Named(name))
            }
            TyKind::Tuple(items) => equal && items.iter().all(|&item| self.comparable(op, item)),
            TyKind::Enum(id) => {
                let derives = &self.types.enums[id.0 as usize].derives;
                equal && derives.iter().any(|name| name == "PartialEq")
            }
            TyKind::Struct(id) => {
                let info = &self.types.structs[id.0 as usize];
                equal
                    && info.derives.iter().any(|d| d == "PartialEq")
                    && info.fields.iter().all(|(_, ty)| self.comparable(op, *ty))
            }
            _ => false,
        }
    }

    fn assign_op(&mut self, op: BinOp, target: Expr, value: Expr, place: Place) -> Expr {
        let by_reference = self.types.as_ref(value.ty).is_some();
        let value = self.auto_deref_scalar(value);
        if self.operator_type(op, target.ty, value.ty, place, true).is_none() {
            return self.error_expr(place);
        }
        if !target.is_place() {
            return self.error("E0067", target.place, "invalid left-hand side of assignment");
        }
        self.require_mutable(&target, "assign to");
        let (target, value) = (Box::new(target), Box::new(value));
        let by_trait = by_reference || matches!(self.types.kind(target.ty), TyKind::Param(_));
        let kind = ExprKind::AssignOp { op, place: target, value, value_first: !by_trait };
        self.make(kind, Ty::UNIT, place)
    }

    pub(super) fn assign(&mut self, assign: &syn::ExprAssign) -> Expr {
        let place = self.place(
            span_of(&assign.left).join(span_of(&assign.right)).unwrap_or(assign.eq_token.span),
        );
        if matches!(&*assign.left, syn::Expr::Infer(_)) {
            let value = self.expr(&assign.right, Expect::Nothing);
            return self.make(ExprKind::Discard(Box::new(value)), Ty::UNIT, place);
        }
        if matches!(&*assign.left, syn::Expr::Tuple(_) | syn::Expr::Array(_) | syn::Expr::Struct(_))
        {
            return self.destructure(&assign.left, &assign.right, place);
        }
        let target = self.expr(&assign.left, Expect::Nothing);
        let value = self.expr_coerce(&assign.right, target.ty);
        if self.types.is_error(target.ty) {
            return self.error_expr(place);
        }
        if !target.is_place() {
            return self.error("E0070", target.place, "invalid left-hand side of assignment");
        }
        if matches!(self.types.kind(target.ty), TyKind::Slice(_) | TyKind::Str) {
            return self.error("E0277", target.place, "a slice cannot be assigned as a whole");
        }
        self.require_mutable(&target, "assign to");
        self.make(ExprKind::Assign(Box::new(target), Box::new(value)), Ty::UNIT, place)
    }

    /// `(a, b) = (b, a)`: the value, then assignments from left to right.
    fn destructure(&mut self, left: &syn::Expr, right: &syn::Expr, place: Place) -> Expr {
        let syn::Expr::Tuple(tuple) = left else {
            return self
                .unsupported(span_of(left), "destructuring assignment other than of tuples");
        };
        let mut targets = Vec::new();
        for elem in &tuple.elems {
            targets.push(match elem {
                syn::Expr::Infer(_) => None,
                elem => {
                    let target = self.expr(elem, Expect::Nothing);
                    if !target.is_place() && !self.types.is_error(target.ty) {
                        let message = "invalid left-hand side of assignment";
                        return self.error("E0070", target.place, message);
                    }
                    self.require_mutable(&target, "assign to");
                    Some(target)
                }
            });
        }
        let types = targets
            .iter()
            .map(|t| t.as_ref().map_or_else(|| self.types.fresh(), |t| t.ty))
            .collect::<Vec<_>>();
        let ty = self.types.make(TyKind::Tuple(types));
        let value = self.expr_coerce(right, ty);
        let id = self.declare("", ty, false, place);
        self.cx.scope.truncate(self.cx.scope.len() - 1);
        let kind = crate::tree::PatKind::Bind(id, None);
        let pat = crate::tree::Pat { kind, ty, place };
        let mut stmts = vec![crate::tree::Stmt::Let { pat, init: Some(value), otherwise: None }];
        for (index, target) in targets.into_iter().enumerate() {
            if let Some(target) = target {
                let whole = self.make(ExprKind::Local(id), ty, place);
                let item_ty = target.ty;
                let item = self.make(ExprKind::Field(Box::new(whole), index), item_ty, place);
                let kind = ExprKind::Assign(Box::new(target), Box::new(item));
                stmts.push(crate::tree::Stmt::Expr(self.make(kind, Ty::UNIT, place)));
            }
        }
        self.make(ExprKind::Block(stmts, None), Ty::UNIT, place)
    }

    pub(super) fn cast(&mut self, cast: &syn::ExprCast) -> Expr {
        let place =
            self.place(span_of(&cast.expr).join(cast.ty.span()).unwrap_or(cast.as_token.span));
        let to = self.ty(&cast.ty);
        let inner = self.expr(&cast.expr, Expect::Cast(to));
        if matches!(self.types.kind(to), TyKind::Fn(..)) {
            return self.coerce(inner, to);
        }
        if self.types.is_unknown(to) {
            // `as _` takes the type that is needed; there is nothing here that could tell it.
            return self.needs_annotation(place);
        }
        self.make(ExprKind::Cast(Box::new(inner)), to, place)
    }
}
