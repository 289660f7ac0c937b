//! Generic functions: their parameters and bounds, the types that a call gives them, and whether those meet the
//! bounds. A generic body is checked once, knowing of a parameter only what its bounds say.

use syn::spanned::Spanned;

use super::trait_bounds::Fit;
use super::{Checker, Named};
use crate::bounds::{Bound, Trait, find_trait, operator_trait};
use crate::diag::{Diagnostic, Place};
use crate::tree::FnId;
use crate::ty::{IntTy, ParamId, ParamInfo, Ty, TyKind};

/// The largest type that may stand for a parameter, in types that it is made of.
const MAX_WEIGHT: u32 = 1 << 12;

impl<'a> Checker<'a> {
    // ---- Declarations ----

    /// Declares the parameters of a function; they are in scope from here on.
    pub(super) fn declare_generics(&mut self, generics: &syn::Generics) -> Vec<Ty> {
        let mut declared = Vec::new();
        for param in &generics.params {
            let (ident, is_const) = match param {
                syn::GenericParam::Lifetime(_) => continue,
                syn::GenericParam::Type(param) => {
                    if let Some(default) = &param.default {
                        let place = self.place(default.span());
                        let message = "defaults for generic parameters are not allowed here";
                        self.error("J0004", place, message);
                    }
                    (&param.ident, false)
                }
                syn::GenericParam::Const(param) => {
                    let ty = self.ty(&param.ty);
                    if !matches!(self.types.kind(ty), TyKind::Int(IntTy::Usize) | TyKind::Error) {
                        self.unsupported(
                            param.ty.span(),
                            "a constant parameter of another type than `usize`",
                        );
                    }
                    (&param.ident, true)
                }
            };
            let name = ident.to_string();
            if self.cx.generics.iter().any(|(other, _)| *other == name) {
                let place = self.place(ident.span());
                let message = format!("the name `{name}` is already used for a generic parameter");
                self.error("E0403", place, message);
            }
            let id = ParamId(self.types.params.len() as u32);
            self.types.params.push(ParamInfo {
                name: name.clone(),
                bounds: Vec::new(),
                is_const,
                anonymous: false,
            });
            let ty = self.types.make(TyKind::Param(id));
            self.cx.generics.push((name, ty));
            declared.push(ty);
        }
        // Bounds may name every parameter.
        for param in &generics.params {
            if let syn::GenericParam::Type(param) = param
                && let Some(ty) = self.type_by_name(&param.ident.to_string())
            {
                self.bounds(ty, &param.bounds);
            }
        }
        let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        for predicate in predicates {
            match predicate {
                syn::WherePredicate::Type(predicate) if predicate.lifetimes.is_none() => {
                    let ty = self.ty(&predicate.bounded_ty);
                    self.bounds(ty, &predicate.bounds);
                }
                syn::WherePredicate::Lifetime(_) => {}
                other => {
                    self.unsupported(other.span(), "this bound");
                }
            }
        }
        declared
    }

    /// `impl Bound` as the type of a parameter: a parameter of the function that nothing can name.
    pub(super) fn anonymous_param(&mut self, ty: &syn::TypeImplTrait) -> Ty {
        let id = ParamId(self.types.params.len() as u32);
        self.types.params.push(ParamInfo {
            name: "impl Trait".to_owned(),
            bounds: Vec::new(),
            is_const: false,
            anonymous: true,
        });
        let param = self.types.make(TyKind::Param(id));
        self.bounds(param, &ty.bounds);
        param
    }

    /// Brings the parameters of a function into scope, for its body.
    pub(super) fn enter_generics(&mut self, id: FnId) {
        for ty in self.fns[id.0 as usize].generics.clone() {
            let TyKind::Param(param) = *self.types.kind(ty) else { continue };
            let info = &self.types.params[param.0 as usize];
            let (name, anonymous) = (info.name.clone(), info.anonymous);
            if info.is_const {
                self.cx.scope.push(&name, Named::ConstParam(ty));
            }
            self.cx.params.push(ty);
            if !anonymous {
                self.cx.generics.push((name, ty));
            }
        }
    }

    fn bounds(
        &mut self,
        ty: Ty,
        bounds: &syn::punctuated::Punctuated<syn::TypeParamBound, syn::Token![+]>,
    ) {
        for bound in bounds {
            let id = match self.types.kind(ty) {
                TyKind::Param(id) => *id,
                TyKind::Error => return,
                _ => {
                    self.unsupported(bound.span(), "a bound on anything but a parameter");
                    return;
                }
            };
            match bound {
                syn::TypeParamBound::Lifetime(_) => {}
                syn::TypeParamBound::Trait(bound)
                    if bound.lifetimes.is_none()
                        && matches!(bound.modifier, syn::TraitBoundModifier::None) =>
                {
                    if let Some(bound) = self.bound(ty, &bound.path) {
                        self.types.params[id.0 as usize].bounds.push(bound);
                    }
                }
                other => {
                    self.unsupported(other.span(), "this bound");
                }
            }
        }
    }

    /// One bound of the parameter `ty`; none if there is nothing to know about it.
    fn bound(&mut self, ty: Ty, path: &syn::Path) -> Option<Bound> {
        let names = self.full_path(path);
        let words: Vec<&str> = names.iter().map(String::as_str).collect();
        let shown = path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let place = self.place(path.span());
        let Some(found) = find_trait(&words) else {
            let known = find_trait(&["ops", &shown]).or_else(|| find_trait(&["fmt", &shown]));
            if let ([_], Some(_)) = (words.as_slice(), known) {
                let module = if find_trait(&["ops", &shown]).is_some() { "ops" } else { "fmt" };
                let message = format!("cannot find trait `{shown}` in this scope");
                let note = format!("import it with `use std::{module}::{shown};`");
                self.report(Diagnostic::new("E0405", place, message).note(note));
            } else {
                let message = format!("the trait `{shown}` is not supported as a bound");
                self.error("J0002", place, message);
            }
            return None;
        };
        let (rhs, output) = match path.segments.last().map(|segment| &segment.arguments) {
            Some(syn::PathArguments::AngleBracketed(list)) => self.bound_arguments(list)?,
            Some(syn::PathArguments::Parenthesized(list)) if found == Trait::Call => {
                let params = list.inputs.iter().map(|ty| self.ty(ty)).collect();
                let result = match &list.output {
                    syn::ReturnType::Default => Ty::UNIT,
                    syn::ReturnType::Type(_, ty) => self.ty(ty),
                };
                return Some(Bound::Call(self.types.make(TyKind::Fn(params, result))));
            }
            Some(syn::PathArguments::Parenthesized(_)) => {
                self.unsupported(path.span(), "this bound");
                return None;
            }
            Some(syn::PathArguments::None) | None => (None, None),
        };
        let error = |ty| self.types.is_error(ty);
        if rhs.is_some_and(error) || output.is_some_and(error) {
            return None;
        }
        let has_output = matches!(found, Trait::Op(_) | Trait::Neg | Trait::Not);
        if has_output && output != Some(ty) {
            let name = self.types.name(ty);
            let message = format!("the bound `{shown}` without `Output = {name}` is not supported");
            self.error("J0002", place, message);
            return None;
        }
        let takes_rhs =
            matches!(found, Trait::Op(_) | Trait::Assign(_) | Trait::From | Trait::Into);
        if (output.is_some() && !has_output) || (rhs.is_some() && !takes_rhs) {
            self.error("J0002", place, format!("these arguments of `{shown}` are not supported"));
            return None;
        }
        let needed = |checker: &mut Self| {
            if rhs.is_none() {
                let message = format!("missing generics for trait `{shown}`");
                checker.error("E0107", place, message);
            }
            rhs
        };
        let operand = rhs.unwrap_or(ty);
        if let Trait::Op(op) | Trait::Assign(op) = found
            && operand != ty
            && !(op.is_shift() && self.types.as_int(operand).is_some())
        {
            self.error("J0002", place, format!("these arguments of `{shown}` are not supported"));
            return None;
        }
        Some(match found {
            Trait::Always => return None,
            Trait::Call => {
                let message = format!("write `{shown}(A, B) -> R`");
                self.error("E0107", place, message);
                return None;
            }
            Trait::Named(name) => Bound::Named(name),
            Trait::Op(op) => Bound::Op(op, operand),
            Trait::Assign(op) => Bound::Assign(op, operand),
            Trait::Neg => Bound::Neg,
            Trait::Not => Bound::Not,
            Trait::From => Bound::From(needed(self)?),
            Trait::Into => Bound::Into(needed(self)?),
        })
    }

    /// The type and the `Output` in `Add<R, Output = T>`.
    fn bound_arguments(
        &mut self,
        list: &syn::AngleBracketedGenericArguments,
    ) -> Option<(Option<Ty>, Option<Ty>)> {
        let (mut rhs, mut output) = (None, None);
        for arg in &list.args {
            match arg {
                syn::GenericArgument::Type(ty) if rhs.is_none() => rhs = Some(self.ty(ty)),
                syn::GenericArgument::AssocType(assoc)
                    if assoc.ident == "Output" && assoc.generics.is_none() =>
                {
                    output = Some(self.ty(&assoc.ty));
                }
                other => {
                    self.unsupported(other.span(), "this argument of a bound");
                    return None;
                }
            }
        }
        Some((rhs, output))
    }

    // ---- Calls ----

    /// The arguments for the generic parameters of a function that is called: from the turbofish, or to be inferred.
    pub(super) fn generic_args(
        &mut self,
        id: FnId,
        written: Option<&syn::AngleBracketedGenericArguments>,
        place: Place,
    ) -> Vec<Ty> {
        let declared = self.fns[id.0 as usize].generics.clone();
        let written: Vec<&syn::GenericArgument> = written
            .iter()
            .flat_map(|list| &list.args)
            .filter(|arg| !matches!(arg, syn::GenericArgument::Lifetime(_)))
            .collect();
        let named = declared.iter().filter(|&&param| match self.types.kind(param) {
            TyKind::Param(id) => !self.types.params[id.0 as usize].anonymous,
            _ => true,
        });
        let named = named.count();
        if !written.is_empty() && written.len() != named {
            let name = &self.fns[id.0 as usize].name;
            let message = format!(
                "function takes {} generic arguments but {} were supplied: `{name}`",
                named,
                written.len(),
            );
            self.error("E0107", place, message);
            return declared.iter().map(|_| Ty::ERROR).collect();
        }
        let mut args = Vec::with_capacity(declared.len());
        for (index, &param) in declared.iter().enumerate() {
            let is_const = match self.types.kind(param) {
                TyKind::Param(id) => self.types.params[id.0 as usize].is_const,
                _ => false,
            };
            args.push(match written.get(index) {
                None => self.types.fresh(),
                Some(syn::GenericArgument::Type(syn::Type::Infer(_))) => self.types.fresh(),
                Some(syn::GenericArgument::Type(syn::Type::Path(path)))
                    if is_const && !self.is_type(&path.path) =>
                {
                    let path = syn::ExprPath {
                        attrs: Vec::new(),
                        qself: path.qself.clone(),
                        path: path.path.clone(),
                    };
                    self.array_len(&syn::Expr::Path(path)).unwrap_or(Ty::ERROR)
                }
                Some(syn::GenericArgument::Const(expr)) if is_const => {
                    self.array_len(expr).unwrap_or(Ty::ERROR)
                }
                Some(syn::GenericArgument::Type(ty)) if !is_const => self.ty(ty),
                Some(other) => {
                    let place = self.place(other.span());
                    let message = "a type is given for a constant, or a constant for a type";
                    self.error("E0747", place, message).ty
                }
            });
        }
        args
    }

    fn is_type(&mut self, path: &syn::Path) -> bool {
        path.get_ident().is_some_and(|ident| self.type_by_name(&ident.to_string()).is_some())
    }

    /// The parameters of a function with their arguments.
    pub(super) fn generic_pairs(&self, id: FnId, args: &[Ty]) -> Vec<(ParamId, Ty)> {
        let declared = self.fns[id.0 as usize].generics.iter();
        declared
            .zip(args)
            .filter_map(|(&param, &arg)| match self.types.kind(param) {
                TyKind::Param(id) => Some((*id, arg)),
                _ => None,
            })
            .collect()
    }

    /// Checks, when all types are known, that the arguments of a call meet the bounds.
    pub(super) fn check_generic_args(&mut self, id: FnId, args: &[Ty], place: Place) {
        let args: Vec<Ty> = args.iter().map(|&arg| self.types.resolve(arg)).collect();
        let pairs = self.generic_pairs(id, &args);
        for &(param, arg) in &pairs {
            let info = self.types.params[param.0 as usize].clone();
            if self.types.is_error(arg) {
                continue;
            }
            if !self.types.is_known(arg) {
                let function = &self.fns[id.0 as usize].name;
                let (what, name) = (if info.is_const { "value" } else { "type" }, &info.name);
                let note =
                    format!("nothing tells the {what} of the parameter `{name}` of `{function}`");
                self.report(Diagnostic::new("E0282", place, "type annotations needed").note(note));
                continue;
            }
            if self.types.weight(arg) > MAX_WEIGHT {
                let message = format!("the type for the parameter `{}` is too large", info.name);
                self.error("J0003", place, message);
                continue;
            }
            if self.types.is_unsized(arg) {
                let name = self.types.name(arg);
                let message = format!("the size of `{name}` is not known at compile time");
                self.error("E0277", place, message);
                continue;
            }
            for bound in info.bounds {
                let bound = match bound {
                    Bound::Op(op, ty) => Bound::Op(op, self.types.substitute(ty, &pairs)),
                    Bound::Assign(op, ty) => Bound::Assign(op, self.types.substitute(ty, &pairs)),
                    Bound::From(ty) => Bound::From(self.types.substitute(ty, &pairs)),
                    Bound::Into(ty) => Bound::Into(self.types.substitute(ty, &pairs)),
                    Bound::Call(ty) => Bound::Call(self.types.substitute(ty, &pairs)),
                    other => other,
                };
                let fit = self.fits(arg, bound);
                if fit == Fit::Yes {
                    continue;
                }
                let (name, shown) = (self.types.name(arg), self.bound_name(bound));
                if fit == Fit::NotHere {
                    let message = format!(
                        "`{name}` for a parameter with the bound `{shown}` is not supported"
                    );
                    self.error("J0002", place, message);
                } else {
                    let message = format!("the trait bound `{name}: {shown}` is not satisfied");
                    let function = &self.fns[id.0 as usize].name;
                    let note = format!("required by a bound of `{}` in `{function}`", info.name);
                    self.report(Diagnostic::new("E0277", place, message).note(note));
                }
            }
        }
    }

    fn bound_name(&self, bound: Bound) -> String {
        let with = |name: &str, ty: Ty| format!("{name}<{}>", self.types.name(ty));
        match bound {
            Bound::Named(name) => name.to_owned(),
            Bound::Op(op, ty) => with(operator_trait(op, false), ty),
            Bound::Assign(op, ty) => with(operator_trait(op, true), ty),
            Bound::Neg => "Neg".to_owned(),
            Bound::Not => "Not".to_owned(),
            Bound::From(ty) => with("From", ty),
            Bound::Into(ty) => with("Into", ty),
            Bound::Call(ty) => self.types.name(ty).replacen("fn", "Fn", 1),
        }
    }
}
