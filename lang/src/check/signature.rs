//! The signatures of functions: parameters, results, lifetimes.

use syn::spanned::Spanned;

use super::Checker;
use super::syntax::inside;
use crate::diag::{Diagnostic, Place};
use crate::program::FnInfo;
use crate::tree::{FnId, LocalId, Pat, PatKind, Stmt};
use crate::ty::Ty;

impl<'a> Checker<'a> {
    /// Declares a function with its signature.
    pub(super) fn declare_fn(
        &mut self,
        sig: &syn::Signature,
        name: String,
        self_ty: Option<Ty>,
    ) -> FnId {
        for (token, what) in [
            (sig.asyncness.as_ref().map(Spanned::span), "async functions"),
            (sig.variadic.as_ref().map(Spanned::span), "variadic functions"),
        ] {
            if let Some(span) = token {
                self.unsupported(span, what);
            }
        }
        let outer = std::mem::replace(&mut self.cx.self_ty, self_ty);
        let outer_generics = std::mem::take(&mut self.cx.generics);
        let mut generics = self.declare_generics(&sig.generics);
        let mut params = Vec::new();
        let mut references = 0;
        let mut ref_self = false;
        for input in &sig.inputs {
            match input {
                syn::FnArg::Receiver(receiver) => {
                    let place = self.place(receiver.span());
                    let Some(self_ty) = self_ty else {
                        let message = "`self` parameter is only allowed in associated functions";
                        self.error("J0001", place, message);
                        params.push(Ty::ERROR);
                        continue;
                    };
                    if receiver.colon_token.is_some() {
                        self.unsupported(receiver.span(), "a `self` parameter with a type");
                    }
                    params.push(match &receiver.reference {
                        Some(_) => {
                            ref_self = true;
                            self.types.reference(receiver.mutability.is_some(), self_ty)
                        }
                        None => self_ty,
                    });
                }
                syn::FnArg::Typed(typed) => {
                    self.attributes(&typed.attrs);
                    references += count_references(&typed.ty);
                    if let syn::Type::ImplTrait(bounds) = &*typed.ty {
                        let ty = self.anonymous_param(bounds);
                        generics.push(ty);
                        params.push(ty);
                        continue;
                    }
                    let ty = self.ty(&typed.ty);
                    params.push(ty);
                }
            }
        }
        let result = match &sig.output {
            syn::ReturnType::Default => Ty::UNIT,
            syn::ReturnType::Type(_, ty) => {
                if contains_elided(ty) && !ref_self && references != 1 {
                    let place = self.place(ty.span());
                    self.report(
                        Diagnostic::new("E0106", place, "missing lifetime specifier")
                            .note("nothing says from which parameter the result is borrowed"),
                    );
                }
                self.ty(ty)
            }
        };
        self.cx.self_ty = outer;
        self.cx.generics = outer_generics;
        let place = self.place(sig.ident.span());
        let id = FnId(self.fns.len() as u32);
        self.types.fn_names.insert(id, sig.ident.to_string());
        self.fns.push(FnInfo {
            name,
            params,
            result,
            generics,
            host: false,
            needs_unsafe: sig.unsafety.is_some(),
            is_const: sig.constness.is_some(),
            is_helper: self.prelude.is_some(),
            place,
            body: None,
        });
        self.pending.push(None);
        id
    }

    // ---- Parameters ----

    /// Declares a parameter; a pattern becomes a `let` at the start of the body.
    pub(super) fn parameter(
        &mut self,
        input: &syn::FnArg,
        ty: Ty,
        ids: &mut Vec<LocalId>,
        lets: &mut Vec<Stmt>,
    ) {
        match input {
            syn::FnArg::Receiver(receiver) => {
                let mutable = receiver.reference.is_none() && receiver.mutability.is_some();
                let place = self.place(receiver.self_token.span());
                ids.push(self.declare("self", ty, mutable, place));
            }
            syn::FnArg::Typed(typed) => self.bind_parameter(&typed.pat, ty, ids, lets),
        }
    }

    /// Declares a parameter that has a pattern.
    pub(super) fn bind_parameter(
        &mut self,
        pat: &syn::Pat,
        ty: Ty,
        ids: &mut Vec<LocalId>,
        lets: &mut Vec<Stmt>,
    ) {
        let place = self.place(pat.span());
        if let syn::Pat::Ident(ident) = pat
            && ident.by_ref.is_none()
            && ident.subpat.is_none()
        {
            let name = ident.ident.to_string();
            let repeated = ids.iter().any(|id| self.cx.locals[id.0 as usize].name == name);
            if repeated {
                let message =
                    format!("identifier `{name}` is bound more than once in this parameter list");
                self.error("E0415", place, message);
            }
            self.refuse_hiding(&name, place);
            ids.push(self.declare(&name, ty, ident.mutability.is_some(), place));
            return;
        }
        let id = self.declare("", ty, false, place);
        ids.push(id);
        let pat = self.pattern(pat, ty);
        if !matches!(pat.kind, PatKind::Wild) {
            self.later_irrefutable.push(pat.clone());
            let init = self.make(crate::tree::ExprKind::Local(id), ty, place);
            lets.push(Stmt::Let { pat, init: Some(init), otherwise: None });
        }
    }

    pub(super) fn wild(&self, ty: Ty, place: Place) -> Pat {
        Pat { kind: PatKind::Wild, ty, place }
    }
}

fn count_references(ty: &syn::Type) -> usize {
    let itself = usize::from(matches!(ty, syn::Type::Reference(_)));
    itself + inside(ty).into_iter().map(count_references).sum::<usize>()
}

/// Returns `true` if it has a reference without a lifetime.
fn contains_elided(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Reference(reference) if reference.lifetime.is_none())
        || inside(ty).into_iter().any(contains_elided)
}
