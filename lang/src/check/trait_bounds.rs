//! Trait bounds: the types that meet a bound, and the operations that a body may do with a value whose type is a
//! parameter.

use super::Checker;
use crate::bounds::{Bound, implies, operator_trait};
use crate::diag::{Diagnostic, Place};
use crate::tree::{BinOp, Expr, ExprKind};
use crate::ty::{Ty, TyKind};

/// Rust's arrays have `Default` up to this length.
const MAX_DEFAULT_ARRAY: u64 = 32;

/// Whether a type meets a bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fit {
    Yes,
    No,
    /// In Rust it does, but Jitsu does not have it.
    NotHere,
}

impl Fit {
    fn when(yes: bool) -> Self {
        if yes { Fit::Yes } else { Fit::No }
    }
}

impl<'a> Checker<'a> {
    /// Returns `true` if `ty` is a parameter with this bound, or with one that implies it.
    pub(super) fn has_bound(&self, ty: Ty, wanted: Bound) -> bool {
        let TyKind::Param(param) = self.types.kind(ty) else { return false };
        let mut bounds = self.types.params[param.0 as usize].bounds.iter();
        bounds.any(|&bound| match (bound, wanted) {
            (Bound::Named(name), Bound::Named(wanted)) => implies(name, wanted),
            (bound, wanted) => bound == wanted,
        })
    }

    pub(super) fn fits(&self, ty: Ty, bound: Bound) -> Fit {
        if let (TyKind::Param(_), Bound::Call(_)) = (self.types.kind(ty), bound) {
            return Fit::when(self.calls(ty));
        }
        if let TyKind::Param(_) = self.types.kind(ty) {
            let itself = match bound {
                Bound::From(other) | Bound::Into(other) => self.types.shallow(other) == ty,
                _ => false,
            };
            return Fit::when(self.has_bound(ty, bound) || itself);
        }
        let kind = self.types.kind(ty);
        match bound {
            Bound::Named("PartialOrd" | "Ord") => self.fits_order(ty, bound),
            Bound::Named("Default") => match kind {
                TyKind::Array(item, len) => match self.types.len_value(*len) {
                    Some(len) if len <= MAX_DEFAULT_ARRAY => self.fits(*item, bound),
                    _ => Fit::No,
                },
                TyKind::Ref { .. } => Fit::No,
                _ => Fit::when(self.implements(ty, "Default")),
            },
            Bound::Named(name @ ("PartialEq" | "Eq")) => {
                match (
                    self.implements(ty, name),
                    self.types.any(ty, &|kind| matches!(kind, TyKind::Ref { .. })),
                ) {
                    (true, true) => Fit::NotHere,
                    (fits, _) => Fit::when(fits),
                }
            }
            Bound::Named(name @ ("Copy" | "Clone" | "Hash")) => {
                Fit::when(self.implements(ty, name))
            }
            Bound::Named("Debug") => match (self.implements(ty, "Debug"), self.mentions_struct(ty))
            {
                (true, true) => Fit::NotHere,
                (fits, _) => Fit::when(fits),
            },
            Bound::Named("Display") => match kind {
                TyKind::Ref { to, .. } => self.fits(*to, bound),
                _ => Fit::when(matches!(
                    kind,
                    TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::Str
                )),
            },
            Bound::Named("LowerExp" | "UpperExp") => {
                Fit::when(matches!(kind, TyKind::Int(_) | TyKind::Float(_)))
            }
            Bound::Named(_) => Fit::when(matches!(kind, TyKind::Int(_))),
            Bound::Op(op, rhs) | Bound::Assign(op, rhs) => {
                let rhs = self.types.shallow(rhs);
                let fits = match kind {
                    TyKind::Int(_) if op.is_shift() => self.types.as_int(rhs).is_some(),
                    TyKind::Int(_) => rhs == ty,
                    TyKind::Float(_) => rhs == ty && is_arithmetic(op),
                    TyKind::Bool => rhs == ty && !is_arithmetic(op) && !op.is_shift(),
                    _ => false,
                };
                Fit::when(fits)
            }
            Bound::Neg => Fit::when(match kind {
                TyKind::Int(int) => int.signed(),
                kind => matches!(kind, TyKind::Float(_)),
            }),
            Bound::Not => Fit::when(matches!(kind, TyKind::Int(_) | TyKind::Bool)),
            Bound::From(from) => self.fits_conversion(from, ty),
            Bound::Into(to) => self.fits_conversion(ty, to),
            // The signature has been compared where the call is.
            Bound::Call(_) => Fit::when(matches!(kind, TyKind::Fn(..) | TyKind::FnItem(..))),
        }
    }

    fn fits_order(&self, ty: Ty, bound: Bound) -> Fit {
        match self.types.kind(ty) {
            TyKind::Int(_) | TyKind::Bool | TyKind::Char => Fit::Yes,
            TyKind::Float(_) => Fit::when(bound == Bound::Named("PartialOrd")),
            TyKind::Struct(_) | TyKind::Enum(_) | TyKind::FnItem(..) => Fit::No,
            _ => Fit::NotHere,
        }
    }

    /// Returns `true` if a parameter can be called; with which arguments has been compared where the call is.
    fn calls(&self, ty: Ty) -> bool {
        match self.types.kind(ty) {
            TyKind::Param(id) => {
                let mut bounds = self.types.params[id.0 as usize].bounds.iter();
                bounds.any(|bound| matches!(bound, Bound::Call(_)))
            }
            _ => false,
        }
    }

    fn fits_conversion(&self, from: Ty, to: Ty) -> Fit {
        let (from, to) = (self.types.shallow(from), self.types.shallow(to));
        let bounded =
            self.has_bound(to, Bound::From(from)) || self.has_bound(from, Bound::Into(to));
        let scalar = |ty| {
            matches!(
                self.types.kind(ty),
                TyKind::Int(_) | TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::Param(_)
            )
        };
        if from == to || bounded {
            // A conversion is lowered as a cast, which only scalars have.
            return if scalar(from) && scalar(to) { Fit::Yes } else { Fit::NotHere };
        }
        Fit::when(self.is_lossless(from, to))
    }

    /// The type that a parameter is made from, if its bounds name one only: a literal takes that type.
    pub(super) fn only_from_bound(&self, to: Ty) -> Option<Ty> {
        let TyKind::Param(id) = *self.types.kind(to) else { return None };
        let bounds = self.types.params[id.0 as usize].bounds.iter();
        let mut sources = bounds.filter_map(|bound| match bound {
            Bound::From(from) => Some(*from),
            _ => None,
        });
        sources.next().filter(|_| sources.next().is_none())
    }

    /// Returns `true` if the bounds of a parameter say that one type is made from another.
    pub(super) fn converts_by_bound(&self, from: Ty, to: Ty) -> bool {
        let of_param = matches!(self.types.kind(to), TyKind::Param(_))
            || matches!(self.types.kind(from), TyKind::Param(_));
        of_param && self.fits_conversion(from, to) == Fit::Yes
    }

    pub(super) fn mentions_param(&self, ty: Ty) -> bool {
        self.types.any(ty, &|kind| matches!(kind, TyKind::Param(_)))
    }

    // ---- What a body may do ----

    /// The type of `left op right` where one of them is a parameter; nothing else is looked at here.
    pub(super) fn param_operator(
        &mut self,
        op: BinOp,
        left: Ty,
        right: Ty,
        place: Place,
        assigns: bool,
    ) -> Option<Option<Ty>> {
        let id = match self.types.kind(left) {
            TyKind::Param(id) => *id,
            _ => return None,
        };
        let mut bounds = self.types.params[id.0 as usize].bounds.clone().into_iter();
        let operand = bounds.find_map(|bound| match bound {
            Bound::Op(other, rhs) if other == op && !assigns => Some(rhs),
            Bound::Assign(other, rhs) if other == op && assigns => Some(rhs),
            _ => None,
        });
        let Some(operand) = operand else {
            let (l, r) = (self.types.name(left), self.types.name(right));
            let (code, sign) = if assigns { ("E0368", "=") } else { ("E0369", "") };
            let name = operator_trait(op, assigns);
            let bound = if assigns { name.to_owned() } else { format!("{name}<Output = {l}>") };
            let message = format!("`{}{sign}` cannot be applied to `{l}` and `{r}`", op.symbol());
            let note = format!("the parameter `{l}` would need the bound `{bound}`");
            self.report(Diagnostic::new(code, place, message).note(note));
            return Some(None);
        };
        if !self.types.unify(operand, right) {
            self.mismatch(place, operand, right);
            return Some(None);
        }
        if self.cx.in_const {
            let message =
                "operators of a generic parameter are not allowed in constants and `const fn`";
            self.error("E0015", place, message);
            return Some(None);
        }
        Some(Some(left))
    }

    /// A method of a value whose type is a parameter.
    pub(super) fn param_method(
        &mut self,
        base: Expr,
        name: &str,
        args: &[&syn::Expr],
        at: Place,
        place: Place,
    ) -> Expr {
        let ty = base.ty;
        let has = |checker: &Self, wanted| checker.has_bound(ty, Bound::Named(wanted));
        match name {
            "clone" if has(self, "Clone") && args.is_empty() => return base,
            "min" | "max" | "clamp" if has(self, "Ord") => {
                return self.ord_method(base, name, args, place);
            }
            "into" if args.is_empty() => {
                let TyKind::Param(id) = *self.types.kind(ty) else { return base };
                let bounds = &self.types.params[id.0 as usize].bounds;
                let mut targets = bounds.iter().filter_map(|bound| match bound {
                    Bound::Into(to) => Some(*to),
                    _ => None,
                });
                match (targets.next(), targets.next()) {
                    (Some(to), None) => {
                        return self.make(ExprKind::Convert(Box::new(base)), to, place);
                    }
                    (Some(_), Some(_)) => return self.needs_annotation(place),
                    (None, _) => {}
                }
            }
            _ => {}
        }
        self.check_all(args);
        let shown = self.types.name(ty);
        if matches!(name, "cmp" | "partial_cmp" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "add") {
            let message = format!("the method `{name}` of a generic parameter is not supported");
            return self.error("J0002", at, message);
        }
        let message = format!(
            "no method named `{name}` found for type parameter `{shown}` in the current scope"
        );
        self.error("E0599", at, message)
    }

    /// `T::default()`, for any type that has it.
    pub(super) fn default_value(&mut self, ty: Ty, args: &[&syn::Expr], place: Place) -> Expr {
        if !args.is_empty() {
            return self.error("E0061", place, "`default` takes 0 arguments");
        }
        if self.cx.in_const {
            let message = "`default` is not allowed in constants and `const fn`";
            return self.error("E0015", place, message);
        }
        if self.fits(ty, Bound::Named("Default")) != Fit::Yes {
            let name = self.types.name(ty);
            let message = format!("the trait bound `{name}: Default` is not satisfied");
            return self.error("E0277", place, message);
        }
        self.make(ExprKind::Zero, ty, place)
    }
}

fn is_arithmetic(op: BinOp) -> bool {
    matches!(op, BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::Div | BinOp::Rem)
}
