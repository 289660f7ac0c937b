//! Iterators: those that `for` steps over, and the few ways to use one up in an expression.

use syn::spanned::Spanned;

use super::syntax::is_iterator;
use super::{Checker, Expect};
use crate::diag::Place;
use crate::tree::{Adapter, BinOp, Expr, ExprKind, Iter, IterBase, Pat, PatKind, Stmt};
use crate::ty::{Ty, TyKind};

impl<'a> Checker<'a> {
    /// The iterator that an expression makes, if it is one of those that Jitsu has.
    pub(super) fn iterator(&mut self, expr: &syn::Expr) -> Option<Iter> {
        match expr {
            syn::Expr::Paren(inner) => self.iterator(&inner.expr),
            syn::Expr::Group(inner) => self.iterator(&inner.expr),
            syn::Expr::Range(range) => self.range(range),
            syn::Expr::MethodCall(call) if call.turbofish.is_none() => self.adapter(call),
            other => {
                let value = self.expr(other, Expect::Nothing);
                self.iterate(value)
            }
        }
    }

    fn range(&mut self, range: &syn::ExprRange) -> Option<Iter> {
        let (Some(start), Some(end)) = (&range.start, &range.end) else {
            self.unsupported(range.span(), "a range without an end, as an iterator,");
            return None;
        };
        let start = self.expr(start, Expect::Nothing);
        let hint = start.ty;
        let end = self.expr(end, Expect::Type(hint));
        let end = self.coerce(end, hint);
        let item = start.ty;
        if self.types.is_error(item) || self.types.is_error(end.ty) {
            return None;
        }
        if !self.types.is_integral(item) && !matches!(self.types.kind(item), TyKind::Char) {
            let place = self.place(range.span());
            let name = self.types.name(item);
            self.error("E0277", place, format!("a range of `{name}` is not an iterator"));
            return None;
        }
        if matches!(self.types.kind(item), TyKind::Char) {
            self.unsupported(range.span(), "ranges of characters, as iterators,");
            return None;
        }
        let inclusive = matches!(range.limits, syn::RangeLimits::Closed(_));
        let base = IterBase::Range { start: Box::new(start), end: Box::new(end), inclusive };
        Some(Iter { base, adapters: Vec::new(), copied: false, enumerate: false, item })
    }

    /// `for x in value`.
    fn iterate(&mut self, value: Expr) -> Option<Iter> {
        let make = |base, item| {
            Some(Iter { base, adapters: Vec::new(), copied: false, enumerate: false, item })
        };
        match self.types.kind(value.ty).clone() {
            TyKind::Array(item, _) => make(IterBase::Array(Box::new(value)), item),
            TyKind::Ref { mutable, to } => match self.types.kind(to) {
                TyKind::Array(item, _) | TyKind::Slice(item) => {
                    let item = *item;
                    let item = self.types.reference(mutable, item);
                    make(IterBase::Slice(Box::new(value)), item)
                }
                _ => self.not_iterator(&value),
            },
            TyKind::Error => None,
            _ => self.not_iterator(&value),
        }
    }

    fn not_iterator(&mut self, value: &Expr) -> Option<Iter> {
        let name = self.types.name(value.ty);
        self.error("E0277", value.place, format!("`{name}` is not an iterator"));
        None
    }

    fn adapter(&mut self, call: &syn::ExprMethodCall) -> Option<Iter> {
        let name = call.method.to_string();
        let place = self.place(call.method.span());
        match name.as_str() {
            "iter" | "iter_mut" | "into_iter" if !is_iterator(&call.receiver) => {
                let receiver = self.expr(&call.receiver, Expect::Nothing);
                self.no_arguments(call, &name);
                let by_value = name == "into_iter"
                    && matches!(self.types.kind(receiver.ty), TyKind::Array(..));
                if by_value {
                    return self.iterate(receiver);
                }
                let mutable = match self.types.as_ref(receiver.ty) {
                    Some((mutable, _)) if name == "into_iter" => mutable,
                    _ => name == "iter_mut",
                };
                let at = receiver.place;
                let base = self.auto_deref(receiver);
                if self.types.is_error(base.ty) {
                    return None;
                }
                let base = self.borrow(mutable, base, at);
                return self.iterate(base);
            }
            _ => {}
        }
        if !is_iterator(&call.receiver) {
            let value = self.method_call(call);
            return self.iterate(value);
        }
        let mut iter = self.iterator(&call.receiver)?;
        if iter.enumerate {
            let message = "`enumerate` is only supported as the last adapter of an iterator";
            self.error("J0002", place, message);
            return None;
        }
        match name.as_str() {
            "into_iter" | "iter" => self.no_arguments(call, &name),
            "rev" => {
                self.no_arguments(call, &name);
                iter.adapters.push(Adapter::Rev);
            }
            "step_by" | "take" | "skip" => {
                let [arg] = call.args.iter().collect::<Vec<_>>()[..] else {
                    self.error("E0061", place, format!("`{name}` takes 1 argument"));
                    return None;
                };
                let arg = Box::new(self.expr_coerce(arg, Ty::USIZE));
                iter.adapters.push(match name.as_str() {
                    "step_by" => Adapter::StepBy(arg),
                    "take" => Adapter::Take(arg),
                    _ => Adapter::Skip(arg),
                });
            }
            "copied" | "cloned" => {
                self.no_arguments(call, &name);
                match self.types.as_ref(iter.item) {
                    Some((false, to)) if self.implements(to, "Copy") && !iter.copied => {
                        iter.copied = true;
                        iter.item = to;
                    }
                    _ => {
                        let message = format!(
                            "`{name}` needs an iterator of references to values that are `Copy`"
                        );
                        self.error("E0271", place, message);
                        return None;
                    }
                }
            }
            "enumerate" => {
                self.no_arguments(call, &name);
                iter.enumerate = true;
                iter.item = self.types.make(TyKind::Tuple(vec![Ty::USIZE, iter.item]));
            }
            _ => {
                let message = format!("the iterator method `{name}` is not supported");
                self.error("J0002", place, message);
                return None;
            }
        }
        Some(iter)
    }

    fn no_arguments(&mut self, call: &syn::ExprMethodCall, name: &str) {
        if !call.args.is_empty() {
            let place = self.place(call.method.span());
            let message =
                format!("`{name}` takes 0 arguments but {} were supplied", call.args.len());
            self.error("E0061", place, message);
        }
    }

    /// `.sum::<T>()`, `.product::<T>()`, `.count()`.
    pub(super) fn fold(&mut self, call: &syn::ExprMethodCall, place: Place) -> Expr {
        let name = call.method.to_string();
        self.no_arguments(call, &name);
        let Some(iter) = self.iterator(&call.receiver) else { return self.error_expr(place) };
        if name == "count" {
            let one = self.make(ExprKind::Int(1), Ty::USIZE, place);
            return self.accumulate(iter, BinOp::Add, ExprKind::Int(0), Some(one), place);
        }
        let Some(ty) = self.turbofish(call) else {
            let at = self.place(call.method.span());
            let message = format!("type annotations needed: write `.{name}::<T>()`");
            return self.error("E0283", at, message);
        };
        let item = self.types.as_ref(iter.item).map_or(iter.item, |(_, to)| to);
        if iter.enumerate || !self.types.is_numeric(ty) || !self.types.unify(item, ty) {
            if !self.types.is_error(item) && !self.types.is_error(ty) {
                let (ty, item) = (self.types.name(ty), self.types.name(item));
                return self.error("E0277", place, format!("a value of type `{ty}` cannot be made by summing an iterator over elements of type `{item}`"));
            }
            return self.error_expr(place);
        }
        let (op, start) = match (name == "sum", self.types.is_floating(item)) {
            // Rust's sum of floats begins with -0.0, so that an empty sum of negative zeros keeps its sign.
            (true, true) => (BinOp::Add, ExprKind::Float("-0.0".to_owned())),
            (true, false) => (BinOp::Add, ExprKind::Int(0)),
            (false, true) => (BinOp::Mul, ExprKind::Float("1.0".to_owned())),
            (false, false) => (BinOp::Mul, ExprKind::Int(1)),
        };
        self.accumulate(iter, op, start, None, place)
    }

    /// `{ let mut total = start; for item in iter { total op= item } total }`, or with something else for each item.
    fn accumulate(
        &mut self,
        iter: Iter,
        op: BinOp,
        start: ExprKind,
        each: Option<Expr>,
        place: Place,
    ) -> Expr {
        let (item, scope) = (iter.item, self.cx.scope.len());
        let ty = match &each {
            Some(each) => each.ty,
            None => self.types.as_ref(item).map_or(item, |(_, to)| to),
        };
        let (total, id) = (self.declare("", ty, true, place), self.declare("", item, false, place));
        self.cx.scope.truncate(scope);
        let bind = |id, ty| Pat { kind: PatKind::Bind(id, None), ty, place };
        let start = self.make(start, ty, place);
        let value = each.unwrap_or_else(|| {
            let item = self.make(ExprKind::Local(id), item, place);
            self.auto_deref(item)
        });
        let sum = self.make(ExprKind::Local(total), ty, place);
        let (target, value) = (Box::new(sum.clone()), Box::new(value));
        let kind = ExprKind::AssignOp { op, place: target, value, value_first: true };
        let body = Box::new(self.make(kind, Ty::UNIT, place));
        let (iter, pat) = (Box::new(iter), Box::new(bind(id, item)));
        let kind = ExprKind::For { id: self.new_loop(), iter, pat, body };
        let stmts = vec![
            Stmt::Let { pat: bind(total, ty), init: Some(start), otherwise: None },
            Stmt::Expr(self.make(kind, Ty::UNIT, place)),
        ];
        self.make(ExprKind::Block(stmts, Some(Box::new(sum))), ty, place)
    }

    fn turbofish(&mut self, call: &syn::ExprMethodCall) -> Option<Ty> {
        match call.turbofish.as_ref()?.args.iter().collect::<Vec<_>>()[..] {
            [syn::GenericArgument::Type(ty)] => Some(self.ty(ty)),
            _ => None,
        }
    }
}
