//! Lifetimes: they do not change what is compiled, but each must be declared, as rustc demands.

use syn::visit::{self, Visit};

use super::Checker;

impl Checker<'_> {
    /// Reports lifetimes that nothing declares, and labels with names that no label may have.
    pub(super) fn check_lifetimes(&mut self, file: &syn::File) {
        let mut names = Names { declared: Vec::new(), wrong: Vec::new() };
        names.visit_file(file);
        for (code, span, message) in names.wrong {
            let place = self.place(span);
            self.error(code, place, message);
        }
    }
}

struct Names {
    declared: Vec<String>,
    wrong: Vec<(&'static str, proc_macro2::Span, String)>,
}

impl Names {
    /// Calls `inside` while these lifetimes are declared.
    fn within<'a>(
        &mut self,
        params: impl Iterator<Item = &'a syn::Lifetime>,
        inside: impl FnOnce(&mut Self),
    ) {
        let before = self.declared.len();
        self.declared.extend(params.map(|lifetime| lifetime.ident.to_string()));
        inside(self);
        self.declared.truncate(before);
    }

    fn within_bound(
        &mut self,
        bound: Option<&syn::BoundLifetimes>,
        inside: impl FnOnce(&mut Self),
    ) {
        let params = bound.into_iter().flat_map(|bound| &bound.lifetimes);
        let lifetimes = params.filter_map(|param| match param {
            syn::GenericParam::Lifetime(param) => Some(&param.lifetime),
            _ => None,
        });
        self.within(lifetimes, inside);
    }

    fn label(&mut self, label: &syn::Lifetime) {
        if label.ident == "static" || label.ident == "_" {
            let message = "labels cannot use keyword names".to_owned();
            self.wrong.push(("J0001", label.span(), message));
        }
    }
}

fn of(generics: &syn::Generics) -> impl Iterator<Item = &syn::Lifetime> {
    generics.lifetimes().map(|param| &param.lifetime)
}

/// Visits of items whose lifetimes hold inside of them.
macro_rules! generic {
    ($($visit:ident($item:ident), $($generics:ident).+;)*) => {
        $(fn $visit(&mut self, item: &'a syn::$item) {
            self.within(of(&item.$($generics).+), |names| visit::$visit(names, item));
        })*
    };
}

impl<'a> Visit<'a> for Names {
    fn visit_lifetime(&mut self, lifetime: &'a syn::Lifetime) {
        let name = lifetime.ident.to_string();
        if name != "static" && name != "_" && !self.declared.contains(&name) {
            let message = format!("use of undeclared lifetime name `{lifetime}`");
            self.wrong.push(("E0261", lifetime.span(), message));
        }
    }

    fn visit_label(&mut self, label: &'a syn::Label) {
        self.label(&label.name);
    }

    fn visit_expr_break(&mut self, expr: &'a syn::ExprBreak) {
        expr.label.iter().for_each(|label| self.label(label));
        expr.expr.iter().for_each(|value| self.visit_expr(value));
    }

    fn visit_expr_continue(&mut self, expr: &'a syn::ExprContinue) {
        expr.label.iter().for_each(|label| self.label(label));
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        // A function inside another one cannot use its lifetimes.
        let outer = std::mem::take(&mut self.declared);
        self.within(of(&item.sig.generics), |names| visit::visit_item_fn(names, item));
        self.declared = outer;
    }

    generic! {
        visit_impl_item_fn(ImplItemFn), sig.generics;
        visit_item_impl(ItemImpl), generics;
        visit_item_struct(ItemStruct), generics;
        visit_item_enum(ItemEnum), generics;
        visit_item_type(ItemType), generics;
        visit_item_trait(ItemTrait), generics;
    }

    fn visit_type_bare_fn(&mut self, ty: &'a syn::TypeBareFn) {
        self.within_bound(ty.lifetimes.as_ref(), |names| visit::visit_type_bare_fn(names, ty));
    }

    fn visit_trait_bound(&mut self, bound: &'a syn::TraitBound) {
        self.within_bound(bound.lifetimes.as_ref(), |names| visit::visit_trait_bound(names, bound));
    }

    fn visit_predicate_type(&mut self, predicate: &'a syn::PredicateType) {
        self.within_bound(predicate.lifetimes.as_ref(), |names| {
            visit::visit_predicate_type(names, predicate);
        });
    }
}
