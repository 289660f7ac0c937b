//! Functions as values: items by name, pointers, closures without capture, and calls of them.

use syn::spanned::Spanned;

use super::{Checker, Expect, FnCx};
use crate::bounds::Bound;
use crate::diag::{Diagnostic, Place};
use crate::program::FnInfo;
use crate::tree::{Expr, ExprKind, FnId, LocalId};
use crate::ty::{ParamId, Ty, TyKind};

/// A closure whose body has been checked, except for the checks that need all types of the function around it.
#[derive(Debug)]
pub(super) struct Closure {
    pub(super) function: FnId,
    pub(super) params: Vec<LocalId>,
    pub(super) locals: Vec<crate::tree::Local>,
    pub(super) value: Expr,
    pub(super) irrefutable: Vec<crate::tree::Pat>,
}

impl<'a> Checker<'a> {
    /// The type of a function's parameters and result, as a pointer to it would have it.
    pub(super) fn signature_of(&mut self, ty: Ty) -> Option<(Vec<Ty>, Ty)> {
        match self.types.kind(ty).clone() {
            TyKind::Fn(params, result) => Some((params, result)),
            TyKind::FnItem(id, args) => {
                let pairs = self.generic_pairs(id, &args);
                let info = &self.fns[id.0 as usize];
                let (params, result) = (info.params.clone(), info.result);
                let params = params.into_iter().map(|ty| self.types.substitute(ty, &pairs));
                let params = params.collect();
                Some((params, self.types.substitute(result, &pairs)))
            }
            TyKind::Param(id) => {
                let mut bounds = self.types.params[id.0 as usize].bounds.iter();
                let ty = bounds.find_map(|bound| match bound {
                    Bound::Call(ty) => Some(*ty),
                    _ => None,
                })?;
                self.signature_of(ty)
            }
            _ => None,
        }
    }

    /// The name of a function where a value is expected.
    pub(super) fn fn_item(
        &mut self,
        id: FnId,
        generic: Option<&syn::AngleBracketedGenericArguments>,
        place: Place,
    ) -> Expr {
        let info = &self.fns[id.0 as usize];
        if info.host || info.needs_unsafe {
            let message = "host and unsafe functions as values are not supported";
            return self.error("J0002", place, message);
        }
        let generics = self.generic_args(id, generic, place);
        if self.cx.in_const && !generics.is_empty() {
            let message = "generic functions as values in constants are not supported";
            return self.error("J0002", place, message);
        }
        let ty = self.types.make(TyKind::FnItem(id, generics));
        self.make(ExprKind::FnItem, ty, place)
    }

    /// Makes a function item a pointer, if its signature is the expected one.
    pub(super) fn reify(&mut self, expr: Expr, to: Ty) -> Option<Expr> {
        let (params, result) = self.signature_of(expr.ty)?;
        let found = self.types.make(TyKind::Fn(params, result));
        if !self.types.unify(found, to) {
            return None;
        }
        let place = expr.place;
        Some(self.make(ExprKind::Reify(Box::new(expr)), to, place))
    }

    /// `callee(args)` where the callee is a value.
    pub(super) fn call_value(&mut self, callee: Expr, args: &[&syn::Expr], place: Place) -> Expr {
        let callee = self.auto_deref(callee);
        let Some((params, result)) = self.signature_of(callee.ty) else {
            self.check_all(args);
            if self.types.is_error(callee.ty) {
                return callee;
            }
            if self.types.is_unknown(callee.ty) {
                return self.needs_annotation(callee.place);
            }
            let ty = self.types.name(callee.ty);
            return self.error("E0618", callee.place, format!("expected function, found `{ty}`"));
        };
        if self.cx.in_const {
            let message = "calls of function pointers in constants are not supported";
            return self.error("J0002", place, message);
        }
        if args.len() != params.len() {
            let plural = if params.len() == 1 { "" } else { "s" };
            let message = format!(
                "this function takes {} argument{plural} but {} {} supplied",
                params.len(),
                args.len(),
                if args.len() == 1 { "was" } else { "were" },
            );
            self.check_all(args);
            return self.error("E0057", place, message);
        }
        let args = args.iter().zip(params).map(|(arg, ty)| self.expr_coerce(arg, ty)).collect();
        self.make(ExprKind::CallValue(Box::new(callee), args), result, place)
    }

    /// Notes the function types that the bounds of parameters ask for: closures take the types of their parameters from
    /// them.
    pub(super) fn expect_callables(&mut self, pairs: &[(ParamId, Ty)]) {
        for &(param, ty) in pairs {
            let bounds = self.types.params[param.0 as usize].bounds.iter();
            let mut callable = bounds.filter_map(|bound| match bound {
                Bound::Call(ty) => Some(*ty),
                _ => None,
            });
            if let Some(wanted) = callable.next_back() {
                let wanted = self.types.substitute(wanted, pairs);
                self.cx.callables.push((ty, wanted));
            }
        }
    }

    /// Once the arguments are known, the types of functions among them determine the other parameters.
    pub(super) fn unify_callables(&mut self, pairs: &[(ParamId, Ty)], place: Place) {
        for &(param, ty) in pairs {
            for bound in self.types.params[param.0 as usize].bounds.clone() {
                let Bound::Call(wanted) = bound else { continue };
                let wanted = self.types.substitute(wanted, pairs);
                let Some((params, result)) = self.signature_of(ty) else { continue };
                let found = self.types.make(TyKind::Fn(params, result));
                if !self.types.unify(found, wanted) {
                    let (found, wanted) = (self.types.resolve(found), self.types.resolve(wanted));
                    let label = format!(
                        "expected `{}`, found `{}`",
                        self.types.name(wanted),
                        self.types.name(found)
                    );
                    let message = "type mismatch in function arguments";
                    self.report(Diagnostic::new("E0631", place, message).label(label));
                }
            }
        }
    }

    /// `|x| body`: a function of its own, which sees the items around it but not the variables.
    pub(super) fn closure(&mut self, closure: &syn::ExprClosure, expect: Expect) -> Expr {
        let place = self.place(closure.or1_token.span);
        for (span, what) in [
            (closure.asyncness.as_ref().map(Spanned::span), "async closures"),
            (closure.constness.as_ref().map(Spanned::span), "const closures"),
            (closure.lifetimes.as_ref().map(Spanned::span), "lifetimes of closures"),
        ] {
            if let Some(span) = span {
                return self.unsupported(span, what);
            }
        }
        let (params, result) = self.closure_types(closure, expect);
        let items = self.cx.scope.iter().filter(|(_, named)| !named.is_of_call());
        let scope = items.collect();
        let hidden = self.cx.scope.iter().filter(|(_, named)| named.is_of_call());
        let captures = hidden.map(|(name, _)| name.to_owned()).collect();
        let name = format!("{}::{{closure#{}}}", self.cx.name, self.fns.len());
        let inner = FnCx {
            name: name.clone(),
            scope,
            captures,
            generics: self.cx.generics.clone(),
            params: self.cx.params.clone(),
            self_ty: self.cx.self_ty,
            first_var: self.cx.first_var,
            result: Some(result),
            unsafe_depth: self.cx.unsafe_depth,
            ..FnCx::default()
        };
        let outer = std::mem::replace(&mut self.cx, inner);
        let irrefutable = std::mem::take(&mut self.later_irrefutable);
        let mut ids = Vec::new();
        let mut lets = Vec::new();
        for (input, &ty) in closure.inputs.iter().zip(&params) {
            let pat = match input {
                syn::Pat::Type(typed) => &typed.pat,
                pat => pat,
            };
            self.bind_parameter(pat, ty, &mut ids, &mut lets);
        }
        let value = self.expr_coerce(&closure.body, result);
        let at = value.place;
        let value = self.after(lets, value, at);
        let inner = std::mem::replace(&mut self.cx, outer);
        let irrefutable = std::mem::replace(&mut self.later_irrefutable, irrefutable);
        let generics = self.cx.params.clone();
        let function = FnId(self.fns.len() as u32);
        self.types.fn_names.insert(function, "closure".to_owned());
        self.fns.push(FnInfo {
            name,
            params,
            result,
            generics: generics.clone(),
            host: false,
            needs_unsafe: false,
            is_const: false,
            is_helper: false,
            place,
            body: None,
        });
        self.pending.push(None);
        self.cx.closures.extend(inner.closures);
        self.cx.closures.push(Closure {
            function,
            params: ids,
            locals: inner.locals,
            value,
            irrefutable,
        });
        let ty = self.types.make(TyKind::FnItem(function, generics));
        self.make(ExprKind::FnItem, ty, place)
    }

    /// The types of a closure's parameters and result: written, told by what is expected, or to be inferred.
    fn closure_types(&mut self, closure: &syn::ExprClosure, expect: Expect) -> (Vec<Ty>, Ty) {
        let expected = expect.ty().map(|ty| self.types.shallow(ty)).and_then(|ty| {
            let told = self.cx.callables.iter().rev().find(|(other, _)| *other == ty);
            let ty = told.map_or(ty, |&(_, wanted)| wanted);
            match self.types.kind(ty) {
                TyKind::Fn(params, result) => Some((params.clone(), *result)),
                _ => None,
            }
        });
        let hints = expected.filter(|(params, _)| params.len() == closure.inputs.len());
        let mut params = Vec::new();
        for (index, input) in closure.inputs.iter().enumerate() {
            let hint = hints.as_ref().map(|(params, _)| params[index]);
            params.push(match input {
                syn::Pat::Type(typed) => {
                    let ty = self.ty(&typed.ty);
                    if let Some(hint) = hint {
                        // A difference is reported where the closure is used.
                        self.types.unify(ty, hint);
                    }
                    ty
                }
                _ => hint.unwrap_or_else(|| self.types.fresh()),
            });
        }
        let result = match &closure.output {
            syn::ReturnType::Type(_, ty) => self.ty(ty),
            syn::ReturnType::Default => match hints {
                Some((_, result)) => result,
                None => self.types.fresh(),
            },
        };
        (params, result)
    }

    /// Ends the check of the closures of a body whose types are known now.
    pub(super) fn finish_closures(&mut self) {
        for closure in std::mem::take(&mut self.cx.closures) {
            let Closure { function, params, locals, value, irrefutable } = closure;
            self.later_irrefutable = irrefutable;
            let body = self.close_body(params, locals, value);
            let info = &self.fns[function.0 as usize];
            let (params, result) = (info.params.clone(), info.result);
            let params = params.into_iter().map(|ty| self.types.resolve(ty)).collect();
            let result = self.types.resolve(result);
            if !self.types.is_known(result) && self.diags.is_empty() {
                let place = body.value.place;
                self.needs_annotation(place);
            }
            let info = &mut self.fns[function.0 as usize];
            (info.params, info.result) = (params, result);
            info.body = Some(body.into());
        }
    }
}
