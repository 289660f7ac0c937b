//! The items of a file: functions, constants, structs, `impl` and `extern` blocks, `use`; and the types they name.

use std::borrow::Cow;
use std::rc::Rc;

use syn::spanned::Spanned;

use super::attributes::allowed_lints;
use super::scope::Scope;
use super::syntax::inside;
use super::{Checker, ConstInfo, ConstState, Method, Named, Pending};
use crate::diag::{Diagnostic, Place};
use crate::prelude;
use crate::tree::{ConstId, FnId};
use crate::ty::{EnumId, StructId, StructInfo, Ty, TyKind};

impl<'a> Checker<'a> {
    /// Declares every item, so that their order does not matter.
    pub(super) fn collect(&mut self, file: &'a syn::File) {
        self.attributes(&file.attrs);
        self.allowed = allowed_lints(&file.attrs);
        for item in &file.items {
            self.collect_type(item);
        }
        for item in &file.items {
            // Constants before signatures, whose array lengths may name them.
            self.collect_const(item);
        }
        for index in 0..self.enum_items.len() {
            self.discriminants(EnumId(index as u32));
        }
        self.struct_fields(&file.items);
        self.const_types();
        for item in &file.items {
            self.collect_item(item);
        }
        if let Some(&Named::Fn(main)) = self.values.get("main") {
            let info = &self.fns[main.0 as usize];
            let (place, result) = (info.place, info.result);
            if !info.generics.is_empty() {
                let message = "`main` function is not allowed to have generic parameters";
                self.error("E0131", place, message);
            }
            let info = &self.fns[main.0 as usize];
            if !info.params.is_empty() {
                self.error("E0580", place, "`main` function has wrong type");
            } else if !self.types.is_unit(result) && !self.types.is_never(result) {
                self.error("E0277", place, "`main` can only return `()` in Jitsu");
            }
        }
    }

    /// Declares and checks the functions that 128-bit integers need. Nothing of the program can name them.
    pub(super) fn add_helpers(&mut self) -> Result<(), Vec<Diagnostic>> {
        let file: syn::File = syn::parse_str(prelude::SOURCE)
            .map_err(|error| vec![Diagnostic::new("J0005", Place::NONE, error.to_string())])?;
        self.prelude = Some(Place::NONE);
        let mut found = Vec::new();
        for item in file.items {
            let syn::Item::Fn(item) = item else { continue };
            let name = item.sig.ident.to_string();
            let id = self.declare_fn(&item.sig, format!("<i128>::{name}"), None);
            self.helpers.insert(name, id);
            found.push((id, item));
        }
        for (id, item) in found {
            self.pending[id.0 as usize] = Some(Pending {
                sig: Cow::Owned(item.sig),
                block: Cow::Owned(*item.block),
                self_ty: None,
                scope: Scope::default(),
            });
            self.check_function(id);
        }
        self.prelude = None;
        Ok(())
    }

    fn collect_type(&mut self, item: &'a syn::Item) {
        match item {
            syn::Item::Struct(item) => {
                let id = StructId(self.types.structs.len() as u32);
                let place = self.place(item.ident.span());
                let derives = self.derives(&item.attrs);
                self.types.structs.push(StructInfo {
                    name: item.ident.to_string(),
                    fields: Vec::new(),
                    tuple_like: matches!(item.fields, syn::Fields::Unnamed(_)),
                    derives,
                    place,
                });
                let ty = self.types.make(TyKind::Struct(id));
                self.declare_type(&item.ident, ty);
                if !item.generics.params.is_empty() {
                    self.unsupported(item.generics.span(), "generic structs");
                }
            }
            syn::Item::Enum(item) => self.collect_enum(item),
            syn::Item::Use(item) => {
                self.attributes(&item.attrs);
                self.use_tree(&item.tree, &mut Vec::new());
            }
            _ => {}
        }
    }

    pub(super) fn declare_type(&mut self, ident: &syn::Ident, ty: Ty) {
        let name = ident.to_string();
        if self.type_names.insert(name.clone(), ty).is_some() {
            let place = self.place(ident.span());
            self.error("E0428", place, format!("the name `{name}` is defined multiple times"));
        }
    }

    fn struct_fields(&mut self, items: &'a [syn::Item]) {
        let mut next = 0;
        for item in items {
            match item {
                syn::Item::Struct(item) => {
                    let id = StructId(next);
                    next += 1;
                    // Reported already, and so not again at each use.
                    self.cx.generics = item
                        .generics
                        .type_params()
                        .map(|param| (param.ident.to_string(), Ty::ERROR))
                        .collect();
                    let mut fields: Vec<(String, Ty)> = Vec::new();
                    for (index, field) in item.fields.iter().enumerate() {
                        let name =
                            field.ident.as_ref().map_or(index.to_string(), ToString::to_string);
                        if contains_borrow(&field.ty) {
                            self.unsupported(
                                field.ty.span(),
                                "references other than `&'static` ones in structs",
                            );
                        }
                        let ty = self.ty(&field.ty);
                        if fields.iter().any(|(other, _)| *other == name) {
                            let place = self.place(field.span());
                            let message = format!("field `{name}` is already declared");
                            self.error("E0124", place, message);
                        }
                        fields.push((name, ty));
                    }
                    self.cx.generics.clear();
                    self.types.structs[id.0 as usize].fields = fields;
                    if !matches!(item.fields, syn::Fields::Named(_)) {
                        self.declare_value(&item.ident, Named::Struct(id));
                    }
                }
                syn::Item::Type(item) => {
                    self.attributes(&item.attrs);
                    let ty = self.ty(&item.ty);
                    self.declare_type(&item.ident, ty);
                }
                _ => {}
            }
        }
        self.refuse_recursive_structs();
        for index in 0..self.types.structs.len() {
            self.check_derives(StructId(index as u32));
        }
    }

    /// A struct that contains itself has no size.
    fn refuse_recursive_structs(&mut self) {
        // Depth-first over "has a field of"; 1 is on the path, 2 is done.
        let count = self.types.structs.len();
        let mut state = vec![0u8; count];
        for root in 0..count {
            let mut stack = vec![(root, false)];
            while let Some((index, leave)) = stack.pop() {
                if leave {
                    state[index] = 2;
                    continue;
                }
                if state[index] != 0 {
                    continue;
                }
                state[index] = 1;
                stack.push((index, true));
                let mut inner = self.types.field_types(StructId(index as u32));
                while let Some(ty) = inner.pop() {
                    match self.types.kind(ty).clone() {
                        TyKind::Array(item, _) => inner.push(item),
                        TyKind::Tuple(items) => inner.extend(items),
                        TyKind::Struct(id) if state[id.0 as usize] == 1 => {
                            let info = &mut self.types.structs[index];
                            info.fields.clear();
                            let (place, name) = (info.place, info.name.clone());
                            let message = format!("recursive type `{name}` has infinite size");
                            self.error("E0072", place, message);
                        }
                        TyKind::Struct(id) => stack.push((id.0 as usize, false)),
                        _ => {}
                    }
                }
            }
        }
    }

    fn collect_const(&mut self, item: &'a syn::Item) {
        match item {
            syn::Item::Const(item) => {
                self.attributes(&item.attrs);
                self.declare_const(item);
            }
            syn::Item::Static(item) => {
                self.attributes(&item.attrs);
                if let syn::StaticMutability::Mut(token) = &item.mutability {
                    self.unsupported(token.span(), "`static mut`");
                }
                let id = self.new_const(&item.ident, &item.ty, &item.expr);
                self.declare_value(&item.ident, Named::Static(id));
            }
            _ => {}
        }
    }

    pub(super) fn declare_const(&mut self, item: &syn::ItemConst) -> ConstId {
        let id = self.new_const(&item.ident, &item.ty, &item.expr);
        if item.ident != "_" {
            self.declare_value(&item.ident, Named::Const(id));
        }
        id
    }

    /// A constant whose type is looked at later.
    pub(super) fn new_const(
        &mut self,
        ident: &syn::Ident,
        ty: &syn::Type,
        expr: &syn::Expr,
    ) -> ConstId {
        let id = ConstId(self.consts.len() as u32);
        let place = self.place(ident.span());
        self.consts.push(ConstInfo {
            name: ident.to_string(),
            ty: Ty::ERROR,
            place,
            state: ConstState::Waiting(Rc::new(expr.clone())),
        });
        self.const_decls.push((id, Rc::new(ty.clone())));
        id
    }

    /// Resolves the types of the constants declared so far. One may need the value of another for an array's length.
    pub(super) fn const_types(&mut self) {
        while let Some((id, ty)) = self.const_decls.pop() {
            self.resolve_const_type(id, &ty);
        }
    }

    pub(super) fn resolve_const_type(&mut self, id: ConstId, ty: &syn::Type) {
        let ty = self.ty(ty);
        self.consts[id.0 as usize].ty = ty;
    }

    /// Makes sure that the type of a constant is known.
    pub(super) fn const_ty(&mut self, id: ConstId) -> Ty {
        if let Some(index) = self.const_decls.iter().position(|(other, _)| *other == id) {
            let (_, ty) = self.const_decls.swap_remove(index);
            self.resolve_const_type(id, &ty);
        }
        self.consts[id.0 as usize].ty
    }

    fn declare_value(&mut self, ident: &syn::Ident, named: Named) {
        let name = ident.to_string();
        if self.values.insert(name.clone(), named).is_some() {
            let place = self.place(ident.span());
            self.error("E0428", place, format!("the name `{name}` is defined multiple times"));
        }
    }

    fn collect_item(&mut self, item: &'a syn::Item) {
        let what = match item {
            syn::Item::Fn(item) => {
                self.attributes(&item.attrs);
                let id = self.declare_fn(&item.sig, item.sig.ident.to_string(), None);
                self.body_follows(id, &item.sig, &item.block, None);
                return self.declare_value(&item.sig.ident, Named::Fn(id));
            }
            syn::Item::Impl(item) => return self.collect_impl(item),
            syn::Item::ForeignMod(item) => return self.collect_extern(item),
            syn::Item::Const(_)
            | syn::Item::Static(_)
            | syn::Item::Struct(_)
            | syn::Item::Enum(_)
            | syn::Item::Use(_)
            | syn::Item::Type(_) => return,
            syn::Item::Trait(_) | syn::Item::TraitAlias(_) => "traits",
            syn::Item::Union(_) => "unions",
            syn::Item::Mod(_) => "modules",
            syn::Item::Macro(_) => "macro definitions",
            syn::Item::ExternCrate(_) => "`extern crate`",
            _ => "this item",
        };
        self.unsupported(item.span(), what);
    }

    fn body_follows(
        &mut self,
        id: FnId,
        sig: &'a syn::Signature,
        block: &'a syn::Block,
        self_ty: Option<Ty>,
    ) {
        let (sig, block) = (Cow::Borrowed(sig), Cow::Borrowed(block));
        self.pending[id.0 as usize] =
            Some(Pending { sig, block, self_ty, scope: Scope::default() });
    }

    fn collect_impl(&mut self, item: &'a syn::ItemImpl) {
        self.attributes(&item.attrs);
        if let Some((_, path, _)) = &item.trait_ {
            self.unsupported(path.span(), "traits");
            return;
        }
        if !item.generics.params.is_empty() {
            self.unsupported(item.generics.span(), "generic `impl` blocks");
        }
        let self_ty = self.ty(&item.self_ty);
        if !matches!(self.types.kind(self_ty), TyKind::Struct(_) | TyKind::Enum(_)) {
            if !self.types.is_error(self_ty) {
                let place = self.place(item.self_ty.span());
                let message = "only structs and enums of the program can have an `impl` block";
                self.error("E0390", place, message);
            }
            return;
        }
        let self_ty = self.types.shallow(self_ty);
        for member in &item.items {
            match member {
                syn::ImplItem::Fn(function) => {
                    self.attributes(&function.attrs);
                    let method = function.sig.ident.to_string();
                    let name = format!("{}.{method}", self.types.name(self_ty));
                    let fn_id = self.declare_fn(&function.sig, name, Some(self_ty));
                    self.body_follows(fn_id, &function.sig, &function.block, Some(self_ty));
                    let has_self = function.sig.receiver().is_some();
                    let entry = Method { function: fn_id, has_self };
                    if self.methods.insert((self_ty, method.clone()), entry).is_some() {
                        let place = self.place(function.sig.ident.span());
                        let message = format!("duplicate definitions with name `{method}`");
                        self.error("E0592", place, message);
                    }
                }
                syn::ImplItem::Const(constant) => {
                    self.attributes(&constant.attrs);
                    let outer = self.cx.self_ty.replace(self_ty);
                    let const_id = self.new_const(&constant.ident, &constant.ty, &constant.expr);
                    self.const_types();
                    self.const_self.insert(const_id, self_ty);
                    self.cx.self_ty = outer;
                    let name = constant.ident.to_string();
                    if self.assoc_consts.insert((self_ty, name.clone()), const_id).is_some() {
                        let place = self.place(constant.ident.span());
                        let message = format!("duplicate definitions with name `{name}`");
                        self.error("E0592", place, message);
                    }
                }
                other => {
                    self.unsupported(other.span(), "this item of an `impl` block");
                }
            }
        }
    }

    fn collect_extern(&mut self, item: &'a syn::ItemForeignMod) {
        self.attributes(&item.attrs);
        if let Some(abi) = &item.abi.name
            && abi.value() != "C"
        {
            let place = self.place(abi.span());
            let message = format!("the calling convention {:?} is not supported", abi.value());
            self.error("J0002", place, message);
        }
        for member in &item.items {
            let syn::ForeignItem::Fn(function) = member else {
                self.unsupported(member.span(), "host items other than functions");
                continue;
            };
            self.attributes(&function.attrs);
            let id = self.declare_fn(&function.sig, function.sig.ident.to_string(), None);
            let types = self.fns[id.0 as usize].params.clone();
            let result = self.fns[id.0 as usize].result;
            for (&ty, input) in types.iter().zip(&function.sig.inputs) {
                if !self.fits_host(ty) && !self.mentions_param(ty) {
                    self.unsupported(
                        input.span(),
                        "a host function's parameter that is not a number, `bool` or reference",
                    );
                }
            }
            if !self.fits_host(result) && !self.types.is_unit(result) {
                self.unsupported(
                    function.sig.output.span(),
                    "a host function's result that is not a number or `bool`",
                );
            }
            if !self.fns[id.0 as usize].generics.is_empty() {
                let place = self.place(function.sig.generics.span());
                self.error("E0044", place, "foreign items may not have type parameters");
            }
            let info = &mut self.fns[id.0 as usize];
            info.host = true;
            info.needs_unsafe = true;
            self.declare_value(&function.sig.ident, Named::Fn(id));
        }
    }

    fn fits_host(&self, ty: Ty) -> bool {
        match self.types.kind(ty) {
            TyKind::Int(int) => !int.is_wide(),
            TyKind::Float(_) | TyKind::Bool | TyKind::Char | TyKind::Error => true,
            TyKind::Ref { to, .. } => {
                !matches!(self.types.kind(*to), TyKind::Slice(_) | TyKind::Str)
            }
            _ => false,
        }
    }
}

/// Returns `true` if it has a reference that is not `&'static`.
fn contains_borrow(ty: &syn::Type) -> bool {
    let is_static = |reference: &syn::TypeReference| {
        reference.lifetime.as_ref().is_some_and(|l| l.ident == "static")
    };
    matches!(ty, syn::Type::Reference(reference) if !is_static(reference))
        || inside(ty).into_iter().any(contains_borrow)
}
