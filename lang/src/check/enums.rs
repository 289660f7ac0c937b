//! Enums without values in their variants. A value is kept as the number of its variant, in the order of the source;
//! what it is as an integer is looked up where it is cast.

use syn::spanned::Spanned;

use super::Checker;
use crate::diag::{Diagnostic, Place};
use crate::tree::Expr;
use crate::ty::{EnumId, EnumInfo, IntTy, Ty, TyKind};
use crate::value::ConstValue;

/// The most variants, as a value is one byte.
const MAX_VARIANTS: usize = 256;

/// Whether the discriminants of an enum are known.
pub(super) enum State<'a> {
    Waiting(&'a syn::ItemEnum),
    Running,
    Done,
}

impl<'a> Checker<'a> {
    pub(super) fn collect_enum(&mut self, item: &'a syn::ItemEnum) {
        let id = EnumId(self.types.enums.len() as u32);
        let place = self.place(item.ident.span());
        let derives = self.derives(&item.attrs);
        if derives.iter().any(|name| name == "Default") {
            self.unsupported(item.ident.span(), "`#[derive(Default)]` of an enum");
        }
        let name = item.ident.to_string();
        let mut variants: Vec<(String, i128)> = Vec::new();
        for variant in &item.variants {
            self.attributes(&variant.attrs);
            let variant_name = variant.ident.to_string();
            if !matches!(variant.fields, syn::Fields::Unit) {
                self.unsupported(variant.span(), "an enum with values in a variant");
            }
            if variants.iter().any(|(other, _)| *other == variant_name) {
                let at = self.place(variant.ident.span());
                let message = format!("the name `{variant_name}` is defined multiple times");
                self.error("E0428", at, message);
            }
            variants.push((variant_name, 0));
        }
        if variants.is_empty() {
            self.unsupported(item.ident.span(), "an enum without a variant");
        }
        if variants.len() > MAX_VARIANTS {
            let message = format!("an enum has more than {MAX_VARIANTS} variants");
            self.error("J0003", place, message);
        }
        if !item.generics.params.is_empty() {
            self.unsupported(item.generics.span(), "generic enums");
        }
        self.types.enums.push(EnumInfo { name, variants, derives, place });
        self.enum_items.push(State::Waiting(item));
        let ty = self.types.make(TyKind::Enum(id));
        self.declare_type(&item.ident, ty);
    }

    /// The number of a variant.
    pub(super) fn discriminant(&mut self, id: EnumId, index: i128) -> Option<i128> {
        self.discriminants(id);
        let variants = &self.types.enums[id.0 as usize].variants;
        variants.get(usize::try_from(index).ok()?).map(|&(_, value)| value)
    }

    /// Makes sure that the numbers are known: written, or one more than the one before.
    pub(super) fn discriminants(&mut self, id: EnumId) {
        let item = match std::mem::replace(&mut self.enum_items[id.0 as usize], State::Running) {
            State::Waiting(item) => item,
            State::Running => {
                let info = &self.types.enums[id.0 as usize];
                let message =
                    format!("cycle detected when evaluating the discriminants of `{}`", info.name);
                let place = info.place;
                self.error("E0391", place, message);
                return;
            }
            State::Done => {
                self.enum_items[id.0 as usize] = State::Done;
                return;
            }
        };
        self.number_variants(id, item);
        self.enum_items[id.0 as usize] = State::Done;
    }

    fn number_variants(&mut self, id: EnumId, item: &'a syn::ItemEnum) {
        let repr = self.representation(&item.attrs);
        let ty = self.types.int(repr);
        let mut next = 0i128;
        for (index, variant) in item.variants.iter().enumerate() {
            let at = self.place(variant.ident.span());
            if let Some((_, written)) = &variant.discriminant {
                match self.const_expr(written, ty) {
                    Some(ConstValue::Int(value)) => next = value,
                    _ => return,
                }
            } else if next > repr.max() {
                self.error("E0370", at, "enum discriminant overflowed");
                return;
            }
            if i64::try_from(next).is_err() {
                self.error("J0002", at, "discriminants above `i64::MAX` are not supported");
                return;
            }
            let info = &mut self.types.enums[id.0 as usize];
            let repeated = info.variants[..index].iter().any(|&(_, other)| other == next);
            if let Some(entry) = info.variants.get_mut(index) {
                entry.1 = next;
            }
            if repeated {
                let message = format!("discriminant value `{next}` assigned more than once");
                self.error("E0081", at, message);
            }
            next = next.saturating_add(1);
        }
    }

    /// `#[repr(u8)]`: the type of the discriminants.
    fn representation(&mut self, attrs: &[syn::Attribute]) -> IntTy {
        let mut found = IntTy::Isize;
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("repr")) {
            let name = attr.parse_args::<syn::Ident>().map(|ident| ident.to_string());
            match name.ok().as_deref().map(|name| (name == "C", IntTy::from_name(name))) {
                Some((_, Some(int))) if !int.is_wide() => found = int,
                Some((true, _)) => {}
                _ => {
                    self.unsupported(attr.span(), "this representation");
                }
            }
        }
        found
    }

    /// `Enum::Variant` as a value.
    pub(super) fn variant(&mut self, id: EnumId, ty: Ty, name: &str, place: Place) -> Expr {
        let info = &self.types.enums[id.0 as usize];
        if let Some(index) = info.variants.iter().position(|(other, _)| other == name) {
            return self.known(ConstValue::Int(index as i128), ty, place);
        }
        let message =
            format!("no variant or associated item named `{name}` found for enum `{}`", info.name);
        let mut diag = Diagnostic::new("E0599", place, message);
        if let Some(near) = ir::nearest(name, info.variants.iter().map(|(other, _)| other.as_str()))
        {
            let path = format!("{}::{near}", info.name);
            diag = diag.suggest("there is a variant with a similar name", path);
        }
        self.report(diag);
        self.error_expr(place)
    }

    /// Reports a name in a pattern that looks like a variant, but binds.
    pub(super) fn refuse_variant_name(&mut self, name: &str, ty: Ty, place: Place) {
        let TyKind::Enum(id) = *self.types.kind(ty) else { return };
        let info = &self.types.enums[id.0 as usize];
        if info.variants.iter().any(|(other, _)| other == name) {
            let of = info.name.clone();
            let message = format!(
                "pattern binding `{name}` is named the same as one of the variants of the type `{of}`"
            );
            let diag = Diagnostic::new("J0004", place, message);
            self.report(
                diag.suggest("to match on the variant, qualify the path", format!("{of}::{name}")),
            );
        }
    }
}
