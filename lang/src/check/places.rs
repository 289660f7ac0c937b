//! Places: the rules of writing and borrowing; indexing, fields, dereferences.

use syn::spanned::Spanned;

use super::syntax::{member_name, span_of};
use super::{Checker, Expect};
use crate::diag::{Diagnostic, Place, Suggestion};
use crate::tree::{Expr, ExprKind, LocalId};
use crate::ty::{Ty, TyKind};

impl<'a> Checker<'a> {
    /// Reports a place that cannot be written or borrowed mutably.
    pub(super) fn require_mutable(&mut self, expr: &Expr, action: &str) {
        match &expr.kind {
            ExprKind::Local(id) => {
                let local = &self.cx.locals[id.0 as usize];
                if local.mutable || (local.deferred && action == "assign to") {
                    return;
                }
                let name = &local.name;
                let (code, message) = if action == "assign to" {
                    ("E0384", format!("cannot assign twice to immutable variable `{name}`"))
                } else {
                    let what = format!("cannot {action} `{name}` as mutable");
                    ("E0596", format!("{what}, as it is not declared as mutable"))
                };
                self.not_mutable(*id, Diagnostic::new(code, expr.place, message));
            }
            ExprKind::Static(id) => {
                let name = self.consts[id.0 as usize].name.clone();
                let message = format!("cannot assign to immutable static item `{name}`");
                self.error("E0594", expr.place, message);
            }
            ExprKind::Index(base, _)
            | ExprKind::SliceRange { base, .. }
            | ExprKind::Field(base, _) => {
                if let ExprKind::Local(id) = base.kind
                    && !self.cx.locals[id.0 as usize].mutable
                    && action == "assign to"
                {
                    let name = &self.cx.locals[id.0 as usize].name;
                    let what = format!("cannot assign to a part of `{name}`");
                    let message = format!("{what}, as it is not declared as mutable");
                    return self.not_mutable(id, Diagnostic::new("E0594", expr.place, message));
                }
                self.require_mutable(base, action);
            }
            // A value behind a `&` stays as it is, also through a `&mut` that is there.
            ExprKind::Deref(_) if self.is_shared(expr) => {
                let code = if action == "assign to" { "E0594" } else { "E0596" };
                let message = format!("cannot {action} data behind a `&` reference as mutable");
                self.error(code, expr.place, message);
            }
            ExprKind::Const(id) => {
                let name = self.consts[id.0 as usize].name.clone();
                let message =
                    format!("cannot {action} the constant `{name}`: each use is a new copy");
                self.error("J0004", expr.place, message);
            }
            _ => {}
        }
    }

    /// Reports a variable that would have to be `mut`.
    fn not_mutable(&mut self, id: LocalId, mut diag: Diagnostic) {
        let local = &self.cx.locals[id.0 as usize];
        diag.suggestion = Some(Suggestion {
            message: "consider changing this to be mutable".to_owned(),
            span: local.place.start as usize..local.place.end as usize,
            replacement: format!("mut {}", local.name),
        });
        self.report(diag);
    }

    /// Returns `true` if a place is reached through a `&`.
    fn is_shared(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Deref(inner) => {
                matches!(self.types.as_ref(inner.ty), Some((false, _))) || self.is_shared(inner)
            }
            ExprKind::Index(base, _)
            | ExprKind::SliceRange { base, .. }
            | ExprKind::Field(base, _) => self.is_shared(base),
            _ => false,
        }
    }

    /// Remembers that a local's address is taken.
    pub(super) fn mark_addressed(&mut self, expr: &Expr) {
        let mut at = expr;
        loop {
            match &at.kind {
                ExprKind::Local(id) => {
                    self.local(*id).addressed = true;
                    return;
                }
                ExprKind::Index(base, _)
                | ExprKind::SliceRange { base, .. }
                | ExprKind::Field(base, _) => at = base,
                _ => return,
            }
        }
    }

    /// `&place`, in the checked tree.
    pub(super) fn borrow(&mut self, mutable: bool, target: Expr, place: Place) -> Expr {
        if self.types.is_error(target.ty) {
            return target;
        }
        if mutable {
            self.require_mutable(&target, "borrow");
        }
        self.mark_addressed(&target);
        let ty = self.types.reference(mutable, target.ty);
        self.make(ExprKind::Ref { mutable, place: Box::new(target) }, ty, place)
    }

    pub(super) fn reference(&mut self, reference: &syn::ExprReference, expect: Expect) -> Expr {
        let place = self.place(
            reference
                .and_token
                .span
                .join(span_of(&reference.expr))
                .unwrap_or(reference.and_token.span),
        );
        let inner = match expect.hint().and_then(|ty| self.types.as_ref(ty)) {
            // An array literal where a slice is expected takes its element type.
            Some((_, to)) => match self.types.kind(to) {
                TyKind::Slice(_) | TyKind::Str => Expect::Cast(to),
                _ => Expect::Type(to),
            },
            None => Expect::Nothing,
        };
        let target = self.expr(&reference.expr, inner);
        self.borrow(reference.mutability.is_some(), target, place)
    }

    /// Follows references until something that is none.
    pub(super) fn auto_deref(&mut self, mut expr: Expr) -> Expr {
        while self.types.as_ref(expr.ty).is_some() {
            let place = expr.place;
            expr = self.deref(expr, place);
        }
        expr
    }

    pub(super) fn index(&mut self, index: &syn::ExprIndex) -> Expr {
        let place = self.place(
            span_of(&index.expr)
                .join(index.bracket_token.span.close())
                .unwrap_or_else(|| index.bracket_token.span.open()),
        );
        let base = self.expr(&index.expr, Expect::Nothing);
        let base = self.auto_deref(base);
        let item = match self.types.kind(base.ty) {
            TyKind::Array(item, _) | TyKind::Slice(item) => *item,
            TyKind::Error => {
                let _ = self.expr(&index.index, Expect::Nothing);
                return self.error_expr(place);
            }
            TyKind::Infer(_) if self.types.is_unknown(base.ty) => {
                return self.needs_annotation(base.place);
            }
            _ => {
                let name = self.types.name(base.ty);
                let message = format!("cannot index into a value of type `{name}`");
                return self.error("E0608", place, message);
            }
        };
        if let syn::Expr::Range(range) = &*index.index {
            return self.slice_range(base, item, range, place);
        }
        let subscript = self.expr(&index.index, Expect::Nothing);
        if self.types.is_integral(subscript.ty) && self.types.unify(subscript.ty, Ty::USIZE)
            || self.types.is_error(subscript.ty)
        {
            return self.make(ExprKind::Index(Box::new(base), Box::new(subscript)), item, place);
        }
        if self.types.is_never(subscript.ty) {
            let subscript = self.coerce(subscript, Ty::USIZE);
            return self.make(ExprKind::Index(Box::new(base), Box::new(subscript)), item, place);
        }
        let name = self.types.name(subscript.ty);
        let message =
            format!("the type `[{}]` cannot be indexed by `{name}`", self.types.name(item));
        let mut diag = Diagnostic::new("E0277", subscript.place, message);
        if self.types.is_integral(subscript.ty) {
            diag = diag.note("an index is a `usize`; convert it with `as usize`");
        }
        self.report(diag);
        self.error_expr(place)
    }

    fn slice_range(&mut self, base: Expr, item: Ty, range: &syn::ExprRange, place: Place) -> Expr {
        let lo = range.start.as_ref().map(|lo| Box::new(self.expr_coerce(lo, Ty::USIZE)));
        let hi = range.end.as_ref().map(|hi| Box::new(self.expr_coerce(hi, Ty::USIZE)));
        let inclusive = matches!(range.limits, syn::RangeLimits::Closed(_));
        let slice = self.types.make(TyKind::Slice(item));
        self.make(ExprKind::SliceRange { base: Box::new(base), lo, hi, inclusive }, slice, place)
    }

    pub(super) fn field(&mut self, field: &syn::ExprField) -> Expr {
        let base = self.expr(&field.base, Expect::Nothing);
        let place = Place { end: self.place(field.member.span()).end, ..base.place };
        let base = self.auto_deref(base);
        let name = member_name(&field.member);
        match self.types.kind(base.ty).clone() {
            TyKind::Error => base,
            TyKind::Infer(_) if self.types.is_unknown(base.ty) => self.needs_annotation(base.place),
            TyKind::Tuple(items)
                if name.parse::<usize>().is_ok_and(|index| index < items.len()) =>
            {
                let index = name.parse::<usize>().unwrap_or(0);
                self.make(ExprKind::Field(Box::new(base), index), items[index], place)
            }
            TyKind::Struct(id) => {
                let info = &self.types.structs[id.0 as usize];
                if let Some(index) = info.fields.iter().position(|(other, _)| *other == name) {
                    let ty = info.fields[index].1;
                    return self.make(ExprKind::Field(Box::new(base), index), ty, place);
                }
                let message = format!("no field `{name}` on type `{}`", info.name);
                let mut diag = Diagnostic::new("E0609", place, message);
                if let Some(near) =
                    ir::nearest(&name, info.fields.iter().map(|(other, _)| other.as_str()))
                {
                    diag.span = self.place(field.member.span()).start as usize..place.end as usize;
                    diag = diag.suggest("a field with a similar name exists", near);
                }
                self.report(diag);
                self.error_expr(place)
            }
            _ => {
                let ty = self.types.name(base.ty);
                self.error("E0609", place, format!("no field `{name}` on type `{ty}`"))
            }
        }
    }
}
