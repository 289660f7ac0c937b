//! Attributes, derives and `use`: those that do not change the meaning of a program are accepted.

use syn::spanned::Spanned;

use super::Checker;
use crate::bounds::Bound;
use crate::ty::{StructId, Ty, TyKind};

/// The names in `#![allow(…)]`.
pub(super) fn allowed_lints(attrs: &[syn::Attribute]) -> Vec<String> {
    let lists = attrs.iter().filter(|attr| attr.path().is_ident("allow"));
    let parser = syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
    let paths = lists.filter_map(|attr| attr.parse_args_with(parser).ok()).flatten();
    paths.filter_map(|path| path.get_ident().map(ToString::to_string)).collect()
}

/// The traits that a struct may derive.
const TRAITS: [&str; 7] = ["Clone", "Copy", "Debug", "PartialEq", "Eq", "Default", "Hash"];

impl<'a> Checker<'a> {
    /// Accepts attributes that change no meaning and refuses the others.
    pub(super) fn attributes(&mut self, attrs: &[syn::Attribute]) {
        const HARMLESS: [&str; 12] = [
            "allow",
            "warn",
            "expect",
            "doc",
            "inline",
            "must_use",
            "cold",
            "no_mangle",
            "rustfmt",
            "repr",
            "deprecated",
            "derive",
        ];
        for attr in attrs {
            let path = attr.path();
            let name = path.segments.first().map(|s| s.ident.to_string()).unwrap_or_default();
            let wrapped = name == "unsafe"
                && matches!(&attr.meta, syn::Meta::List(list) if list.tokens.to_string() == "no_mangle");
            if !wrapped && !HARMLESS.contains(&name.as_str()) && name != "clippy" {
                let place = self.place(attr.span());
                self.error("J0002", place, format!("the attribute `{name}` is not supported"));
            }
        }
    }

    pub(super) fn derives(&mut self, attrs: &[syn::Attribute]) -> Vec<String> {
        self.attributes(attrs);
        let mut derives = Vec::new();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("derive")) {
            let parser = syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
            match attr.parse_args_with(parser) {
                Ok(paths) => {
                    for path in paths {
                        let name =
                            path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
                        if TRAITS.contains(&name.as_str()) {
                            derives.push(name);
                        } else {
                            let place = self.place(path.span());
                            let message = format!("`#[derive({name})]` is not supported");
                            self.error("J0002", place, message);
                        }
                    }
                }
                Err(error) => {
                    let diag = self.source.syntax_error(&error);
                    self.report(diag);
                }
            }
        }
        derives
    }

    /// The traits that rustc asks of the fields of a struct that derives.
    pub(super) fn check_derives(&mut self, id: StructId) {
        let info = self.types.structs[id.0 as usize].clone();
        let has = |name: &str| info.derives.iter().any(|d| d == name);
        if has("Copy") && !has("Clone") {
            let message = format!("`{}` derives `Copy` but not `Clone`", info.name);
            self.error("E0277", info.place, message);
        }
        if has("Eq") && !has("PartialEq") {
            let message = format!("`{}` derives `Eq` but not `PartialEq`", info.name);
            self.error("E0277", info.place, message);
        }
        for name in TRAITS {
            if has(name)
                && let Some((field, ty)) =
                    info.fields.iter().find(|(_, ty)| !self.implements(*ty, name))
            {
                let ty = self.types.name(*ty);
                let message = format!(
                    "`{}` derives `{name}`, but its field `{field}` of type `{ty}` does not have it",
                    info.name
                );
                self.error("E0277", info.place, message);
            }
        }
    }

    /// Returns `true` if a type has one of the derivable traits.
    pub(super) fn implements(&self, ty: Ty, name: &str) -> bool {
        match self.types.kind(ty) {
            TyKind::Float(_) => !matches!(name, "Eq" | "Hash"),
            TyKind::Fn(..) | TyKind::FnItem(..) => matches!(name, "Copy" | "Clone"),
            TyKind::Param(_) => match TRAITS.iter().find(|known| **known == name) {
                Some(name) => self.has_bound(ty, Bound::Named(name)),
                None => false,
            },
            TyKind::Tuple(items) => items.iter().all(|&item| self.implements(item, name)),
            TyKind::Array(item, _) => name != "Default" && self.implements(*item, name),
            TyKind::Slice(item) => {
                matches!(name, "Debug" | "PartialEq" | "Eq" | "Hash")
                    && self.implements(*item, name)
            }
            TyKind::Enum(id) => self.types.enums[id.0 as usize].derives.iter().any(|d| d == name),
            TyKind::Struct(id) => {
                self.types.structs[id.0 as usize].derives.iter().any(|d| d == name)
            }
            TyKind::Ref { mutable, to } => match name {
                "Clone" | "Copy" => !mutable,
                "Default" => false,
                _ => self.implements(*to, name),
            },
            _ => true,
        }
    }

    pub(super) fn use_tree(&mut self, tree: &syn::UseTree, path: &mut Vec<String>) {
        let (ident, name) = match tree {
            syn::UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.use_tree(&inner.tree, path);
                path.pop();
                return;
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.use_tree(item, path));
                return;
            }
            syn::UseTree::Glob(glob) => {
                self.unsupported(glob.span(), "glob imports");
                return;
            }
            syn::UseTree::Name(name) => (&name.ident, name.ident.to_string()),
            syn::UseTree::Rename(rename) => (&rename.ident, rename.rename.to_string()),
        };
        let mut full = path.clone();
        let name = if ident == "self" {
            full.last().cloned().unwrap_or_default()
        } else {
            full.push(ident.to_string());
            name
        };
        let place = self.place(ident.span());
        let from_std = matches!(full.first().map(String::as_str), Some("std" | "core"));
        let rest: Vec<&str> = full.iter().skip(1).map(String::as_str).collect();
        if from_std && self.is_std_path(&rest) {
            let rest = rest.into_iter().map(str::to_owned).collect();
            if self.uses.insert(name.clone(), rest).is_some() {
                self.error("E0252", place, format!("the name `{name}` is defined multiple times"));
            }
        } else {
            let path = full.join("::");
            self.error("J0002", place, format!("`{path}` is not something that Jitsu has"));
        }
    }
}
