//! Patterns: their types, the constants in them and the variables that they bind.

use syn::spanned::Spanned;

use super::syntax::member_name;
use super::{Binding, Checker, Expect, Named};
use crate::diag::Place;
use crate::tree::{Expr, ExprKind, Pat, PatKind, UnOp};
use crate::ty::{IntTy, Ty, TyKind};
use crate::value::{ConstValue, std_constant};

impl<'a> Checker<'a> {
    /// Checks a pattern against the type of the value that it is matched with, and declares the variables in it.
    pub(super) fn pattern(&mut self, pat: &syn::Pat, ty: Ty) -> Pat {
        let before = self.cx.scope.len();
        let checked = self.pat(pat, ty);
        // Two bindings of one name in one pattern.
        let repeated: Vec<String> = self.cx.scope.repeated(before).map(str::to_owned).collect();
        for name in repeated {
            let message =
                format!("identifier `{name}` is bound more than once in the same pattern");
            self.error("E0416", checked.place, message);
        }
        checked
    }

    fn pat(&mut self, pat: &syn::Pat, ty: Ty) -> Pat {
        let place = self.place(pat.span());
        let make = |kind| Pat { kind, ty, place };
        if let Some((mutable, to)) = self.types.as_ref(ty)
            && self.looks_through(pat)
        {
            let outer = self.cx.binding;
            self.cx.binding = match (outer, mutable) {
                (Binding::Ref, _) | (_, false) => Binding::Ref,
                (_, true) => Binding::RefMut,
            };
            let inner = self.pat(pat, to);
            self.cx.binding = outer;
            return make(PatKind::Deref(Box::new(inner)));
        }
        match pat {
            syn::Pat::Wild(_) => make(PatKind::Wild),
            syn::Pat::Paren(inner) => self.pat(&inner.pat, ty),
            syn::Pat::Type(typed) => {
                let annotated = self.ty(&typed.ty);
                if !self.types.unify(annotated, ty) {
                    self.mismatch(place, ty, annotated);
                }
                self.pat(&typed.pat, ty)
            }
            syn::Pat::Ident(ident) => self.name_pattern(ident, ty, place),
            syn::Pat::Lit(lit) => {
                let value = self.literal(&lit.lit, Expect::Type(ty));
                self.const_pattern(&value, ty, place)
            }
            syn::Pat::Path(path) => {
                let value = self.path_expr(path);
                self.const_pattern(&value, ty, place)
            }
            syn::Pat::Range(range) => self.range_pattern(range, ty, place),
            syn::Pat::Or(or) => self.or_pattern(or, ty, place),
            syn::Pat::Tuple(tuple) => self.tuple_pattern(tuple, ty, place),
            syn::Pat::Reference(_) if self.cx.binding != Binding::Move => {
                self.error_pat(pat, ty, "`&` inside a pattern that looks through a reference")
            }
            syn::Pat::Reference(reference) => match self.types.as_ref(ty) {
                Some((mutable, to)) if mutable == reference.mutability.is_some() => {
                    make(PatKind::Deref(Box::new(self.pat(&reference.pat, to))))
                }
                _ => {
                    let name = self.types.name(ty);
                    if !self.types.is_error(ty) {
                        let message =
                            format!("mismatched types: expected `{name}`, found a reference");
                        self.error("E0308", place, message);
                    }
                    make(PatKind::Wild)
                }
            },
            syn::Pat::Struct(structure) => self.struct_pattern(structure, ty, place),
            syn::Pat::TupleStruct(tuple) => self.tuple_struct_pattern(tuple, ty, place),
            syn::Pat::Slice(_) => self.error_pat(pat, ty, "slice patterns"),
            syn::Pat::Rest(_) => self.error_pat(pat, ty, "`..` here"),
            _ => self.error_pat(pat, ty, "this pattern"),
        }
    }

    /// A bare name: a constant or a binding.
    fn name_pattern(&mut self, ident: &syn::PatIdent, ty: Ty, place: Place) -> Pat {
        let name = ident.ident.to_string();
        if let Some(by_ref) = &ident.by_ref {
            self.unsupported(by_ref.span(), "`ref` bindings");
        }
        if ident.subpat.is_none()
            && ident.mutability.is_none()
            && let Some(expr) = self.lookup_const(&name)
        {
            return self.const_pattern(&expr, ty, place);
        }
        let at = self.place(ident.ident.span());
        self.refuse_hiding(&name, at);
        if ident.subpat.is_none() {
            self.refuse_variant_name(&name, ty, at);
        }
        if self.cx.binding != Binding::Move {
            return self.bind_reference(ident, ty, at);
        }
        let subpat = ident.subpat.as_ref().map(|(_, sub)| Box::new(self.pat(sub, ty)));
        if subpat.as_ref().is_some_and(|sub| matches!(sub.kind, PatKind::Bind(..))) {
            self.unsupported(ident.ident.span(), "a binding `@` a binding");
        }
        let id = self.declare(&name, ty, ident.mutability.is_some(), at);
        Pat { kind: PatKind::Bind(id, subpat), ty, place }
    }

    fn tuple_pattern(&mut self, tuple: &syn::PatTuple, ty: Ty, place: Place) -> Pat {
        let items: Vec<Ty> = match self.types.kind(ty) {
            TyKind::Tuple(items) => items.clone(),
            _ => {
                let fresh: Vec<Ty> = tuple.elems.iter().map(|_| self.types.fresh()).collect();
                let found = self.types.make(TyKind::Tuple(fresh.clone()));
                if !self.types.unify(ty, found) {
                    self.mismatch(place, ty, found);
                }
                fresh
            }
        };
        let rest = tuple.elems.iter().position(|elem| matches!(elem, syn::Pat::Rest(_)));
        let written = tuple.elems.len() - usize::from(rest.is_some());
        if written > items.len() || (rest.is_none() && written != items.len()) {
            let name = self.types.name(ty);
            let message =
                format!("mismatched types: expected `{name}`, found a tuple of {written} elements");
            self.error("E0308", place, message);
            return self.wild(ty, place);
        }
        let mut pats = Vec::new();
        let skipped = items.len() - written;
        for (index, elem) in tuple.elems.iter().enumerate() {
            let target = match rest {
                Some(rest) if index == rest => continue,
                Some(rest) if index > rest => index - 1 + skipped,
                _ => index,
            };
            pats.push((target, self.pat(elem, items[target])));
        }
        Pat { kind: PatKind::Parts(pats), ty, place }
    }

    fn tuple_struct_pattern(&mut self, tuple: &syn::PatTupleStruct, ty: Ty, place: Place) -> Pat {
        let name = tuple.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let Some(Named::Struct(id)) = self.values.get(&name).copied() else {
            self.unsupported(
                tuple.span(),
                &format!("the pattern `{name}(..)` (there are no enums)"),
            );
            return self.wild(ty, place);
        };
        let found = self.types.make(TyKind::Struct(id));
        if !self.types.unify(ty, found) {
            self.mismatch(place, ty, found);
            return self.wild(ty, place);
        }
        let fields = self.types.field_types(id);
        let (written, count) = (tuple.elems.len(), fields.len());
        if written != count || tuple.elems.iter().any(|elem| matches!(elem, syn::Pat::Rest(_))) {
            let message = format!("this pattern has {written} fields, but `{name}` has {count}");
            self.error("E0023", place, message);
            return self.wild(ty, place);
        }
        let pats = tuple.elems.iter().zip(fields).enumerate();
        let pats = pats.map(|(index, (elem, ty))| (index, self.pat(elem, ty))).collect();
        Pat { kind: PatKind::Parts(pats), ty, place }
    }

    /// Returns `true` if a pattern, matched with a reference, is matched with what the reference refers to.
    fn looks_through(&mut self, pat: &syn::Pat) -> bool {
        match pat {
            syn::Pat::Tuple(_)
            | syn::Pat::Struct(_)
            | syn::Pat::TupleStruct(_)
            | syn::Pat::Path(_)
            | syn::Pat::Range(_) => true,
            syn::Pat::Lit(lit) => !matches!(lit.lit, syn::Lit::Str(_) | syn::Lit::ByteStr(_)),
            syn::Pat::Ident(ident) => {
                ident.subpat.is_none()
                    && ident.mutability.is_none()
                    && ident.by_ref.is_none()
                    && self.lookup_const(&ident.ident.to_string()).is_some()
            }
            _ => false,
        }
    }

    /// A name inside a pattern that has looked through a reference: it is a reference, too.
    fn bind_reference(&mut self, ident: &syn::PatIdent, ty: Ty, place: Place) -> Pat {
        if ident.mutability.is_some() || ident.subpat.is_some() {
            let message =
                "`mut` and `@` inside a pattern that looks through a reference are not supported";
            self.error("J0002", place, message);
        }
        let mutable = self.cx.binding == Binding::RefMut;
        let reference = self.types.reference(mutable, ty);
        let id = self.declare(&ident.ident.to_string(), reference, false, place);
        Pat { kind: PatKind::BindRef(id), ty, place }
    }

    fn error_pat(&mut self, pat: &syn::Pat, ty: Ty, what: &str) -> Pat {
        let place = self.unsupported(pat.span(), what).place;
        self.wild(ty, place)
    }

    fn struct_pattern(&mut self, structure: &syn::PatStruct, ty: Ty, place: Place) -> Pat {
        let name = structure.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let found = self.type_by_name(&name);
        let Some((found, TyKind::Struct(id))) = found.map(|ty| (ty, self.types.kind(ty).clone()))
        else {
            self.error("E0422", place, format!("cannot find struct `{name}` in this scope"));
            return self.wild(ty, place);
        };
        if !self.types.unify(ty, found) {
            self.mismatch(place, ty, found);
            return self.wild(ty, place);
        }
        let fields = self.types.structs[id.0 as usize].fields.clone();
        let mut pats: Vec<(usize, Pat)> = Vec::new();
        for field in &structure.fields {
            let field_name = member_name(&field.member);
            match fields.iter().position(|(other, _)| *other == field_name) {
                Some(index) => {
                    if pats.iter().any(|(bound, _)| *bound == index) {
                        let at = self.place(field.member.span());
                        let message =
                            format!("field `{field_name}` bound multiple times in the pattern");
                        self.error("E0025", at, message);
                    }
                    let pat = self.pat(&field.pat, fields[index].1);
                    pats.push((index, pat));
                }
                None => {
                    let at = self.place(field.member.span());
                    let message =
                        format!("struct `{name}` does not have a field named `{field_name}`");
                    self.error("E0026", at, message);
                }
            }
        }
        if structure.rest.is_none() && pats.len() < fields.len() {
            let message = format!("pattern does not mention all fields of `{name}`; add `..`");
            self.error("E0027", place, message);
        }
        Pat { kind: PatKind::Parts(pats), ty, place }
    }

    fn or_pattern(&mut self, or: &syn::PatOr, ty: Ty, place: Place) -> Pat {
        let mut cases = Vec::new();
        for (index, case) in or.cases.iter().enumerate() {
            let before = self.cx.scope.len();
            let pat = self.pat(case, ty);
            if self.cx.scope.len() > before {
                if index == 0 || or.cases.len() > 1 {
                    self.unsupported(case.span(), "bindings inside `|` patterns");
                }
                self.cx.scope.truncate(before);
            }
            cases.push(pat);
        }
        Pat { kind: PatKind::Or(cases), ty, place }
    }

    /// The constant that a bare name in a pattern means.
    fn lookup_const(&mut self, name: &str) -> Option<Expr> {
        let place = Place::default();
        match self.lookup(name) {
            Some(Named::Const(id)) => {
                let ty = self.const_ty(id);
                Some(self.make(ExprKind::Const(id), ty, place))
            }
            Some(_) => None,
            None => {
                let full = self.uses.get(name)?.clone();
                let words: Vec<&str> = full.iter().map(String::as_str).collect();
                let (value, ty) = std_constant(&mut self.types, &words)?;
                Some(self.make(ExprKind::Value(value.into()), ty, place))
            }
        }
    }

    fn const_pattern(&mut self, value: &Expr, ty: Ty, place: Place) -> Pat {
        match self.pattern_value(value, ty, place) {
            Some(value) => {
                self.check_pattern_range(value, ty, place);
                Pat { kind: PatKind::Range(value, value), ty, place }
            }
            None => self.wild(ty, place),
        }
    }

    /// The number that stands for a constant in a pattern.
    fn pattern_value(&mut self, value: &Expr, ty: Ty, place: Place) -> Option<i128> {
        if self.types.is_error(value.ty) || self.types.is_error(ty) {
            return None;
        }
        if !self.types.unify(ty, value.ty) {
            self.mismatch(place, ty, value.ty);
            return None;
        }
        let known = match &value.kind {
            ExprKind::Int(value) => ConstValue::Int(*value as i128),
            ExprKind::Unary(UnOp::Neg, inner) => match inner.kind {
                ExprKind::Int(value) => ConstValue::Int((value as i128).wrapping_neg()),
                _ => return None,
            },
            ExprKind::Const(_)
                if matches!(self.types.kind(ty), TyKind::Enum(_))
                    && !self.implements(ty, "PartialEq") =>
            {
                let name = self.types.name(ty);
                let message = format!("constant of non-structural type `{name}` in a pattern");
                self.error("J0004", place, message);
                return None;
            }
            ExprKind::Value(value) => (**value).clone(),
            ExprKind::Const(id) => (*self.const_value(*id)?).clone(),
            _ => return self.no_pattern(place),
        };
        match known {
            ConstValue::Int(value) => match self.types.as_int(ty) {
                // The greatest `u128` is kept as the greatest `i128`.
                Some(IntTy::U128) if value == -1 => Some(i128::MAX),
                Some(IntTy::U128) if !(0..i128::MAX).contains(&value) => {
                    let message = "patterns with such large numbers are not supported";
                    self.error("J0002", place, message);
                    None
                }
                _ => Some(value),
            },
            ConstValue::Bool(value) => Some(value.into()),
            ConstValue::Char(value) => Some(u32::from(value).into()),
            _ => self.no_pattern(place),
        }
    }

    fn no_pattern(&mut self, place: Place) -> Option<i128> {
        let message = "patterns of anything but integers, `bool` and `char` are not supported";
        self.error("J0002", place, message);
        None
    }

    fn check_pattern_range(&mut self, value: i128, ty: Ty, place: Place) {
        if let Some(int) = self.types.as_int(ty)
            && !(int.min()..=int.max()).contains(&value)
        {
            let name = int.name();
            self.error("J0004", place, format!("literal out of range for `{name}`"));
        }
    }

    fn range_pattern(&mut self, range: &syn::PatRange, ty: Ty, place: Place) -> Pat {
        let end = |checker: &mut Self, expr: &Option<Box<syn::Expr>>| -> Option<Option<i128>> {
            let Some(expr) = expr else { return Some(None) };
            let value = checker.expr(expr, Expect::Type(ty));
            let value = checker.pattern_value(&value, ty, place)?;
            checker.check_pattern_range(value, ty, place);
            Some(Some(value))
        };
        let (lo, hi) = (end(self, &range.start), end(self, &range.end));
        let (Some(lo), Some(hi)) = (lo, hi) else { return self.wild(ty, place) };
        let limits = self.pattern_limits(ty);
        let limits = limits.filter(|_| !matches!(self.types.kind(ty), TyKind::Enum(_)));
        let Some((min, max)) = limits else {
            if !self.types.is_error(ty) {
                let message = "only `char` and numeric types are allowed in range patterns";
                self.error("E0029", place, message);
            }
            return self.wild(ty, place);
        };
        let exclusive = matches!(range.limits, syn::RangeLimits::HalfOpen(_)) && hi.is_some();
        let lo = lo.unwrap_or(min);
        let hi = hi.map_or(max, |hi| if exclusive { hi - 1 } else { hi });
        if lo > hi {
            self.error("E0030", place, "lower range bound must be less than upper");
            return self.wild(ty, place);
        }
        Pat { kind: PatKind::Range(lo, hi), ty, place }
    }

    /// The least and greatest value of a type that patterns count, as numbers.
    pub(super) fn pattern_limits(&self, ty: Ty) -> Option<(i128, i128)> {
        match self.types.kind(ty) {
            TyKind::Int(int) => Some((int.min(), int.max())),
            TyKind::Infer(_) if self.types.literal_var(ty) == Some(true) => {
                Some((i128::from(i32::MIN), i128::from(i32::MAX)))
            }
            TyKind::Char => Some((0, i128::from(u32::from(char::MAX)))),
            TyKind::Enum(id) => {
                Some((0, self.types.enums[id.0 as usize].variants.len() as i128 - 1))
            }
            _ => None,
        }
    }
}
