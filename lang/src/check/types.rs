//! The types that a program names.

use syn::spanned::Spanned;

use super::Checker;
use crate::diag::{Diagnostic, Place};
use crate::ty::{FloatTy, IntTy, Ty, TyKind};
use crate::value::layout;

/// The largest type, in bytes: what still fits a stack slot with room to address it.
const MAX_TYPE_SIZE: u64 = 1 << 28;

/// The most types that a type may be made of.
const MAX_TYPE_WEIGHT: u32 = 1 << 16;

impl<'a> Checker<'a> {
    /// The type that the source names; it has a size.
    pub(super) fn ty(&mut self, ty: &syn::Type) -> Ty {
        let made = self.any_ty(ty);
        if matches!(self.types.kind(made), TyKind::Slice(_) | TyKind::Str) {
            let place = self.place(ty.span());
            let name = self.types.name(made);
            self.report(
                Diagnostic::new(
                    "E0277",
                    place,
                    format!("the size of `{name}` is not known at compile time"),
                )
                .suggest("borrow it", format!("&{name}")),
            );
            return Ty::ERROR;
        }
        made
    }

    /// The same behind a reference, where the size need not be known.
    fn any_ty(&mut self, ty: &syn::Type) -> Ty {
        let made = match ty {
            syn::Type::Paren(inner) => return self.any_ty(&inner.elem),
            syn::Type::Group(inner) => return self.any_ty(&inner.elem),
            syn::Type::Never(_) => Ty::NEVER,
            syn::Type::Infer(_) => self.types.fresh(),
            syn::Type::Path(path) if path.qself.is_none() => self.path_type(&path.path),
            syn::Type::Tuple(tuple) => {
                let items = tuple.elems.iter().map(|elem| self.ty(elem)).collect();
                self.types.make(TyKind::Tuple(items))
            }
            syn::Type::Reference(reference) => {
                let to = self.any_ty(&reference.elem);
                self.types.reference(reference.mutability.is_some(), to)
            }
            syn::Type::Slice(slice) => {
                let item = self.ty(&slice.elem);
                self.types.make(TyKind::Slice(item))
            }
            syn::Type::Array(array) => {
                let item = self.ty(&array.elem);
                match self.array_len(&array.len) {
                    Some(len) => self.types.make(TyKind::Array(item, len)),
                    None => Ty::ERROR,
                }
            }
            syn::Type::BareFn(pointer) => {
                if pointer.abi.is_some() || pointer.unsafety.is_some() || pointer.variadic.is_some()
                {
                    return self.unsupported(ty.span(), "pointers to host and unsafe functions").ty;
                }
                let params = pointer.inputs.iter().map(|param| self.ty(&param.ty)).collect();
                let result = match &pointer.output {
                    syn::ReturnType::Default => Ty::UNIT,
                    syn::ReturnType::Type(_, ty) => self.ty(ty),
                };
                self.types.make(TyKind::Fn(params, result))
            }
            syn::Type::Ptr(_) => return self.unsupported(ty.span(), "raw pointers").ty,
            syn::Type::ImplTrait(_) | syn::Type::TraitObject(_) => {
                return self.unsupported(ty.span(), "traits").ty;
            }
            _ => return self.unsupported(ty.span(), "this type").ty,
        };
        let place = self.place(ty.span());
        self.check_size(made, place)
    }

    /// Refuses types that are too large, also those that take too long to walk through.
    pub(super) fn check_size(&mut self, ty: Ty, place: Place) -> Ty {
        if self.types.weight(ty) > MAX_TYPE_WEIGHT {
            let message = format!("a type is made of more than {MAX_TYPE_WEIGHT} types");
            self.error("J0003", place, message);
            return Ty::ERROR;
        }
        if layout(&self.types, ty).0 > MAX_TYPE_SIZE {
            let name = self.types.name(ty);
            self.error("J0003", place, format!("`{name}` is larger than {MAX_TYPE_SIZE} bytes"));
            return Ty::ERROR;
        }
        ty
    }

    fn path_type(&mut self, path: &syn::Path) -> Ty {
        let place = self.place(path.span());
        if path.segments.iter().any(|segment| !segment.arguments.is_none()) {
            return self.unsupported(path.span(), "generic types").ty;
        }
        let names: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let [name] = names.as_slice() else {
            let path = names.join("::");
            return self
                .error("J0002", place, format!("the type `{path}` is not something that Jitsu has"))
                .ty;
        };
        self.type_by_name(name).unwrap_or_else(|| {
            if matches!(name.as_str(), "f16" | "f128") {
                return self.unsupported(path.span(), &format!("the type `{name}`")).ty;
            }
            if matches!(name.as_str(), "Vec" | "String" | "Box" | "Option" | "Result") {
                return self
                    .unsupported(
                        path.span(),
                        &format!("the type `{name}` (there is no heap and there are no enums)"),
                    )
                    .ty;
            }
            let message = format!("cannot find type `{name}` in this scope");
            let diag = Diagnostic::new("E0412", place, message);
            let ints = IntTy::ALL.iter().map(|int| int.name());
            // Sorted, so that of two equally near names always the same is suggested.
            let mut known: Vec<&str> = self
                .type_names
                .keys()
                .map(String::as_str)
                .chain(ints)
                .chain(["f32", "f64", "bool", "char"])
                .collect();
            known.sort_unstable();
            self.report(diag.nearest("there is a type with a similar name", name, known));
            Ty::ERROR
        })
    }

    /// The type of this name, if there is one.
    pub(super) fn type_by_name(&mut self, name: &str) -> Option<Ty> {
        let of_program = self.prelude.is_none();
        if of_program
            && let Some((_, ty)) = self.cx.generics.iter().find(|(other, _)| other == name)
        {
            let is_const = matches!(self.types.kind(*ty), TyKind::Param(id)
                if self.types.params[id.0 as usize].is_const);
            return (!is_const).then_some(*ty);
        }
        if of_program && let Some(&ty) = self.type_names.get(name) {
            return Some(ty);
        }
        if let Some(int) = IntTy::from_name(name) {
            return Some(self.types.int(int));
        }
        match name {
            "f32" => Some(self.types.float(FloatTy::F32)),
            "f64" => Some(Ty::F64),
            "bool" => Some(Ty::BOOL),
            "char" => Some(Ty::CHAR),
            "str" => Some(Ty::STR),
            "Self" => self.cx.self_ty,
            _ => None,
        }
    }
}
