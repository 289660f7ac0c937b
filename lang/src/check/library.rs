//! Calls of functions of the standard library: sizes, conversions, `mem::swap`, `contains` of a range.

use std::rc::Rc;

use super::{Checker, Expect};
use crate::diag::Place;
use crate::methods::{Found, Meaning, Op};
use crate::tree::{Expr, ExprKind, Pat, PatKind, Stmt};
use crate::ty::{Ty, TyKind};
use crate::value::layout;
use syn::spanned::Spanned;

impl<'a> Checker<'a> {
    /// `std::mem::size_of::<T>()`: arrays and scalars have the size that Rust gives them.
    pub(super) fn size_of(&mut self, path: &syn::Path, args: &[&syn::Expr], place: Place) -> Expr {
        let ty = path.segments.last().and_then(|segment| match &segment.arguments {
            syn::PathArguments::AngleBracketed(generic) => match generic.args.first() {
                Some(syn::GenericArgument::Type(ty)) if generic.args.len() == 1 => Some(ty),
                _ => None,
            },
            _ => None,
        });
        let (Some(ty), true) = (ty, args.is_empty()) else {
            return self.error("J0002", place, "write `size_of::<T>()`");
        };
        let ty = self.ty(ty);
        if self.mentions_param(ty) {
            return self.unsupported(path.span(), "the size of a generic parameter");
        }
        if matches!(self.types.kind(ty), TyKind::Struct(_) | TyKind::Tuple(_) | TyKind::Enum(_))
            && !self.types.is_unit(ty)
        {
            let message = "the size of a struct or tuple is not supported: Rust leaves it open";
            return self.error("J0002", place, message);
        }
        let size = layout(&self.types, ty).0;
        self.make(ExprKind::Int(size.into()), Ty::USIZE, place)
    }

    /// `T::from(x)` where no value can be lost.
    pub(super) fn conversion(&mut self, to: Ty, args: &[&syn::Expr], place: Place) -> Expr {
        let [arg] = args else { return self.wrong_count("from", 1, args.len(), place) };
        if self.cx.in_const {
            let message = "`from` is not allowed in constants and `const fn`; use `as`";
            return self.error("E0015", place, message);
        }
        let arg = self.expr(arg, Expect::Nothing);
        let from = self.types.shallow(arg.ty);
        if self.types.is_error(from) {
            return arg;
        }
        // A bare literal has several types to convert from, and rustc does not choose either, except for the default.
        if let Some(only) = self.only_from_bound(to)
            && self.types.literal_var(from).is_some()
        {
            let arg = self.coerce(arg, only);
            return self.make(ExprKind::Convert(Box::new(arg)), to, place);
        }
        if self.types.literal_var(from).is_some() {
            let message = "type annotations needed: give the literal a suffix";
            return self.error("E0283", place, message);
        }
        let lossless = self.is_lossless(from, to) || self.converts_by_bound(from, to);
        if !lossless {
            let (from, to) = (self.types.name(from), self.types.name(to));
            let message = format!("the trait bound `{to}: From<{from}>` is not satisfied");
            return self.error("E0277", place, message);
        }
        self.make(ExprKind::Convert(Box::new(arg)), to, place)
    }

    /// Returns `true` if `To: From<From>` for two types of the language.
    pub(super) fn is_lossless(&self, from: Ty, to: Ty) -> bool {
        match (self.types.kind(from), self.types.kind(to)) {
            (TyKind::Int(from), TyKind::Int(to)) => {
                use crate::ty::IntTy::{Isize, Usize};
                let pointer = matches!(from, Isize | Usize) || matches!(to, Isize | Usize);
                if from == to {
                    true
                } else if pointer {
                    matches!(
                        (from.name(), to.name()),
                        ("u8" | "u16", "usize") | ("u8" | "i8" | "i16", "isize")
                    )
                } else {
                    // `u128` fits nothing else, but the greatest value that is kept of it would say so.
                    *from != crate::ty::IntTy::U128
                        && to.min() <= from.min()
                        && from.max() <= to.max()
                }
            }
            (TyKind::Int(from), TyKind::Float(to)) => {
                let exact = if *to == crate::ty::FloatTy::F32 { 16 } else { 32 };
                from.bits() <= exact && !matches!(from.name(), "isize" | "usize")
            }
            (TyKind::Float(from), TyKind::Float(to)) => {
                from == to || *to == crate::ty::FloatTy::F64
            }
            (TyKind::Bool, TyKind::Int(_) | TyKind::Bool) => true,
            (TyKind::Char, TyKind::Int(to)) => matches!(to.name(), "u32" | "u64"),
            (TyKind::Int(from), TyKind::Char) => from.name() == "u8",
            (TyKind::Char, TyKind::Char) => true,
            _ => false,
        }
    }

    pub(super) fn mem_swap(&mut self, args: &[&syn::Expr], place: Place) -> Expr {
        let [a, b] = args else { return self.wrong_count("swap", 2, args.len(), place) };
        let to = self.types.fresh();
        let ty = self.types.reference(true, to);
        let a = self.expr_coerce(a, ty);
        let b = self.expr_coerce(b, ty);
        self.make_method(Op::MemSwap, vec![a, b], Ty::UNIT, place)
    }

    /// `(a..b).contains(&x)`.
    pub(super) fn range_contains(
        &mut self,
        range: &syn::ExprRange,
        args: &[&syn::Expr],
        place: Place,
    ) -> Expr {
        let (Some(lo), Some(hi), [arg]) = (&range.start, &range.end, args) else {
            let message = "`contains` needs a range with both ends and one argument";
            return self.error("J0002", place, message);
        };
        let lo = self.expr(lo, Expect::Nothing);
        let ty = lo.ty;
        let hi = self.expr_coerce(hi, ty);
        let wanted = self.types.reference(false, ty);
        let arg = self.expr_coerce(arg, wanted);
        let arg_place = arg.place;
        let arg = self.deref(arg, arg_place);
        if !self.types.is_numeric(ty)
            && !matches!(self.types.kind(ty), TyKind::Char | TyKind::Error)
        {
            let message = "ranges of anything but numbers and characters are not supported";
            return self.error("J0002", place, message);
        }
        if self.cx.in_const {
            return self.not_const(place);
        }
        let text = match range.limits {
            syn::RangeLimits::Closed(_) => "(a <= c) & (c <= b)",
            syn::RangeLimits::HalfOpen(_) => "(a <= c) & (c < b)",
        };
        self.expand(text, vec![lo, hi, arg], place)
    }

    // ---- Methods of the table ----

    pub(super) fn not_const(&mut self, place: Place) -> Expr {
        let message = "this method is not allowed in constants and `const fn`";
        self.error("E0015", place, message)
    }

    /// A method of the table, of its receiver and arguments.
    pub(super) fn found_method(&mut self, found: &Found, args: Vec<Expr>, place: Place) -> Expr {
        let Some(receiver) = args.first().map(|first| first.ty) else {
            // The wrong number of arguments has been reported.
            return self.make(ExprKind::Error, found.result, place);
        };
        if self.cx.in_const && !found.is_const {
            return self.not_const(place);
        }
        let value = match found.meaning {
            Meaning::Op(op) => {
                let as_declared = matches!(op, Op::Overflowing(_) | Op::Bits);
                let ty = if as_declared { found.result } else { receiver };
                self.make(ExprKind::Method(op, args), ty, place)
            }
            Meaning::Text(text) => self.expand(text, args, place),
        };
        if self.types.unify(value.ty, found.result) {
            return value;
        }
        self.make(ExprKind::Convert(Box::new(value)), found.result, place)
    }

    /// A text of the prelude in the place of a call, with `a`, `b` and `c` for the values of the call.
    pub(super) fn expand(&mut self, text: &'static str, args: Vec<Expr>, place: Place) -> Expr {
        let Some(receiver) = args.first().map(|first| first.ty) else {
            return self.error_expr(place);
        };
        let body = self.texts.entry(text).or_insert_with(|| {
            let body = syn::parse_str(text);
            Rc::new(body.unwrap_or_else(|error| unreachable!("`{text}` is an expression: {error}")))
        });
        let body = body.clone();
        // The text knows nothing of the program around it, and has no place of its own.
        let outer = self.prelude.replace(self.prelude.unwrap_or(place));
        let self_ty = self.cx.self_ty.replace(receiver);
        let scope = std::mem::take(&mut self.cx.scope);
        let lets = ["a", "b", "c"].into_iter().zip(args).map(|(name, arg)| {
            let (ty, place) = (arg.ty, arg.place);
            let id = self.declare(name, ty, false, place);
            let pat = Pat { kind: PatKind::Bind(id, None), ty, place };
            Stmt::Let { pat, init: Some(arg), otherwise: None }
        });
        let lets: Vec<Stmt> = lets.collect();
        let value = self.expr(&body, Expect::Nothing);
        (self.prelude, self.cx.self_ty, self.cx.scope) = (outer, self_ty, scope);
        self.after(lets, value, place)
    }

    /// `select!(condition, a, b)` in a text of the prelude.
    pub(super) fn select(&mut self, args: [&syn::Expr; 3], place: Place) -> Expr {
        let [cond, a, b] = args;
        let cond = self.expr_coerce(cond, Ty::BOOL);
        let a = self.expr(a, Expect::Nothing);
        let ty = a.ty;
        let b = self.expr_coerce(b, ty);
        self.make(ExprKind::Method(Op::Select, vec![cond, a, b]), ty, place)
    }
}
