//! Paths: the meaning of names where a value is expected.

use std::rc::Rc;

use syn::spanned::Spanned;

use super::syntax::turbofish;
use super::{Checker, Named};
use crate::bounds::is_trait_path;
use crate::diag::{Diagnostic, Place};
use crate::tree::{ConstId, Expr, ExprKind};
use crate::ty::{IntTy, Ty, TyKind};
use crate::value::std_constant;

/// Functions of the standard library that Jitsu has, without `std::`.
pub(super) const STD_FUNCTIONS: [&[&str]; 7] = [
    &["mem", "swap"],
    &["mem", "replace"],
    &["mem", "size_of"],
    &["hint", "black_box"],
    &["cmp", "min"],
    &["cmp", "max"],
    &["hint", "unreachable_unchecked"],
];

impl<'a> Checker<'a> {
    /// Returns `true` if `std::` has this and Jitsu, too.
    pub(super) fn is_std_path(&mut self, path: &[&str]) -> bool {
        let module = |name: &str| {
            IntTy::from_name(name).is_some()
                || matches!(name, "f32" | "f64" | "mem" | "hint" | "cmp" | "char")
        };
        match path {
            [name] => module(name) || is_trait_path(&[name]),
            [ty, "consts"] if matches!(*ty, "f32" | "f64") => true,
            ["hint", "unreachable_unchecked"] => false,
            path => {
                std_constant(&mut self.types, path).is_some()
                    || STD_FUNCTIONS.contains(&path)
                    || is_trait_path(path)
            }
        }
    }

    /// The words of a path, with `use` looked through and `std::` left out.
    pub(super) fn full_path(&self, path: &syn::Path) -> Vec<String> {
        let mut names: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let first = names.first().cloned().unwrap_or_default();
        if names.len() > 1 && matches!(first.as_str(), "std" | "core" | "crate" | "self") {
            names.remove(0);
        } else if (names.len() > 1 || self.lookup(&first).is_none())
            && let Some(full) = self.uses.get(&first)
        {
            names.splice(0..1, full.iter().cloned());
        } else if (names.len() > 1 && is_trait_path(&[first.as_str()]))
            || (names.len() > 1 && matches!(first.as_str(), "mem" | "hint" | "cmp"))
            || (names.len() > 2 && names[1] == "consts")
        {
            // Modules of the standard library are only known by their full path or after `use`.
            names.insert(0, "crate".to_owned());
        }
        names
    }

    pub(super) fn path_expr(&mut self, expr: &syn::ExprPath) -> Expr {
        let place = self.place(expr.span());
        let Ok(generic) = turbofish(&expr.path) else {
            return self.unsupported(expr.span(), "generic paths");
        };
        if expr.qself.is_some() {
            return self.unsupported(expr.span(), "generic paths");
        }
        let names = self.full_path(&expr.path);
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        if let [name] = words.as_slice() {
            let function = match self.lookup(name) {
                Some(Named::Fn(id)) => Some(id),
                _ => None,
            };
            return match (function, generic) {
                (Some(id), generic) => self.fn_item(id, generic, place),
                (None, None) => self.named(name, place),
                (None, Some(_)) => self.unsupported(expr.span(), "generic paths"),
            };
        }
        if let Some(constant) = self.assoc_const(&words) {
            return self.const_use(constant, place);
        }
        let own = self.cx.self_ty.filter(|_| self.prelude.is_some() && words[0] == "Self");
        let own = own.map(|ty| self.types.name(ty));
        let of = own.as_deref().unwrap_or(words[0]);
        if let Some((value, ty)) = std_constant(&mut self.types, &[&[of], &words[1..]].concat()) {
            return self.make(ExprKind::Value(Rc::new(value)), ty, place);
        }
        let path = words.join("::");
        if let Some((ty, name)) = self.assoc_fn(&words)
            && let Some(method) = self.methods.get(&(ty, name))
        {
            let function = method.function;
            return self.fn_item(function, generic, place);
        }
        if let Some((ty, name)) = self.assoc_fn(&words)
            && let TyKind::Enum(id) = *self.types.kind(ty)
        {
            return self.variant(id, ty, &name, place);
        }
        if self.assoc_fn(&words).is_some() || STD_FUNCTIONS.contains(&words.as_slice()) {
            return self.unsupported(expr.span(), "function values");
        }
        self.error("E0433", place, format!("cannot find `{path}` in this scope"))
    }

    fn named(&mut self, name: &str, place: Place) -> Expr {
        match self.lookup(name) {
            Some(Named::Local(id)) => {
                let ty = self.local(id).ty;
                self.make(ExprKind::Local(id), ty, place)
            }
            Some(Named::Const(id)) => self.const_use(id, place),
            Some(Named::Static(id)) => {
                let ty = self.const_ty(id);
                if self.cx.in_const {
                    return self.error("J0002", place, "statics in constants are not supported");
                }
                self.make(ExprKind::Static(id), ty, place)
            }
            Some(Named::Struct(id)) if !self.types.structs[id.0 as usize].tuple_like => {
                let ty = self.types.make(TyKind::Struct(id));
                self.make(ExprKind::Struct { fields: Vec::new(), base: None }, ty, place)
            }
            Some(Named::Fn(id)) => self.fn_item(id, None, place),
            Some(Named::Struct(_)) => {
                self.error("J0002", place, "constructors as function values are not supported")
            }
            None if self.cx.captures.iter().any(|other| other == name) => {
                let message =
                    format!("closures that capture variables are not supported: `{name}`");
                self.error("J0002", place, message)
            }
            Some(Named::ConstParam(len)) => {
                if self.cx.generics.is_empty() {
                    // Inside a constant, which is evaluated before anything stands for the parameter.
                    let message = format!("can't use the generic parameter `{name}` in a constant");
                    return self.error("E0401", place, message);
                }
                self.make(ExprKind::ConstParam(len), Ty::USIZE, place)
            }
            None => {
                let message = format!("cannot find value `{name}` in this scope");
                let diag =
                    Diagnostic::new("E0425", place, message).label("not found in this scope");
                let mut known: Vec<&str> = self.values.keys().map(String::as_str).collect();
                known.extend(self.cx.scope.iter().map(|(other, _)| other));
                known.sort_unstable();
                self.report(diag.nearest("a value with a similar name exists", name, known));
                self.error_expr(place)
            }
        }
    }

    fn const_use(&mut self, id: ConstId, place: Place) -> Expr {
        let ty = self.const_ty(id);
        self.make(ExprKind::Const(id), ty, place)
    }

    /// `Self::N`, `Point::ORIGIN`.
    pub(super) fn assoc_const(&mut self, words: &[&str]) -> Option<ConstId> {
        let [ty, name] = words else { return None };
        let ty = self.type_by_name(ty)?;
        let ty = self.types.shallow(ty);
        self.assoc_consts.get(&(ty, (*name).to_owned())).copied()
    }

    /// The type and the name of `Type::function`.
    pub(super) fn assoc_fn(&mut self, words: &[&str]) -> Option<(Ty, String)> {
        let [ty, name] = words else { return None };
        let ty = self.type_by_name(ty)?;
        Some((self.types.shallow(ty), (*name).to_owned()))
    }
}
