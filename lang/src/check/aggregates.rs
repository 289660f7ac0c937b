//! Arrays, tuples and structs as values.

use syn::spanned::Spanned;

use super::syntax::member_name;
use super::{Checker, Expect};
use crate::diag::Diagnostic;
use crate::tree::{Expr, ExprKind};
use crate::ty::{Ty, TyKind};
use crate::value::ConstValue;

/// The most elements that an array expression may repeat.
const MAX_LENGTH: u64 = 1 << 28;

impl<'a> Checker<'a> {
    fn item_hint(&self, expect: Expect) -> Option<Ty> {
        match self.types.kind(expect.hint()?) {
            TyKind::Array(item, _) | TyKind::Slice(item) => Some(*item),
            _ => None,
        }
    }

    pub(super) fn array(&mut self, array: &syn::ExprArray, expect: Expect) -> Expr {
        let place = self.place(array.bracket_token.span.join());
        let item = self.item_hint(expect).unwrap_or_else(|| self.types.fresh());
        let mut items = Vec::with_capacity(array.elems.len());
        for elem in &array.elems {
            items.push(self.expr_coerce(elem, item));
        }
        let ty = self.types.array(item, items.len() as u64);
        self.make(ExprKind::Array(items), ty, place)
    }

    pub(super) fn repeat(&mut self, repeat: &syn::ExprRepeat, expect: Expect) -> Expr {
        let place = self.place(repeat.bracket_token.span.join());
        let item = self.item_hint(expect);
        let value = match item {
            Some(item) => self.expr_coerce(&repeat.expr, item),
            None => self.expr(&repeat.expr, Expect::Nothing),
        };
        let Some(len_ty) = self.array_len(&repeat.len) else { return self.error_expr(place) };
        // Of a parameter nothing is known: it may be more than one.
        let len = self.types.len_value(len_ty).unwrap_or(MAX_LENGTH);
        if len > MAX_LENGTH {
            return self.error("J0003", place, format!("an array of {len} elements is too large"));
        }
        if len > 1
            && !matches!(value.kind, ExprKind::Const(_))
            && !self.implements(value.ty, "Copy")
        {
            let name = self.types.name(value.ty);
            let message = format!("`{name}` is not `Copy`, so it cannot be repeated");
            self.error("E0277", value.place, message);
        }
        let ty = self.types.make(TyKind::Array(item.unwrap_or(value.ty), len_ty));
        let ty = self.check_size(ty, place);
        self.make(ExprKind::Repeat(Box::new(value)), ty, place)
    }

    /// The length of an array: a constant, or a parameter that is one.
    pub(super) fn array_len(&mut self, expr: &syn::Expr) -> Option<Ty> {
        let mut bare = expr;
        while let syn::Expr::Block(block) = bare
            && let [syn::Stmt::Expr(inner, None)] = block.block.stmts.as_slice()
        {
            bare = inner;
        }
        if let syn::Expr::Path(path) = bare
            && let Some(name) = path.path.get_ident()
        {
            let name = name.to_string();
            if let Some((_, ty)) = self.cx.generics.iter().find(|(other, _)| *other == name) {
                return Some(*ty);
            }
        }
        let value = match self.const_expr(expr, Ty::USIZE)? {
            ConstValue::Int(value) => u64::try_from(value).ok()?,
            _ => return None,
        };
        Some(self.types.make(TyKind::Len(value)))
    }

    pub(super) fn tuple(&mut self, tuple: &syn::ExprTuple, expect: Expect) -> Expr {
        let place = self.place(tuple.paren_token.span.join());
        let hints = match expect.hint().map(|ty| self.types.kind(ty)) {
            Some(TyKind::Tuple(items)) if items.len() == tuple.elems.len() => Some(items.clone()),
            _ => None,
        };
        let mut items = Vec::with_capacity(tuple.elems.len());
        for (index, elem) in tuple.elems.iter().enumerate() {
            items.push(match &hints {
                Some(hints) => self.expr_coerce(elem, hints[index]),
                None => self.expr(elem, Expect::Nothing),
            });
        }
        let ty = self.types.make(TyKind::Tuple(items.iter().map(|item| item.ty).collect()));
        let ty = self.check_size(ty, place);
        self.make(ExprKind::Tuple(items), ty, place)
    }

    pub(super) fn struct_literal(&mut self, literal: &syn::ExprStruct) -> Expr {
        let place = self.place(literal.path.span());
        let name = literal.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
        let ty = self.type_by_name(&name);
        let Some(ty) = ty.filter(|_| literal.path.segments.len() == 1) else {
            let message = format!("cannot find struct `{name}` in this scope");
            return self.error("E0422", place, message);
        };
        let TyKind::Struct(id) = *self.types.kind(ty) else {
            let found = self.types.name(ty);
            return self.error("E0574", place, format!("expected struct, found `{found}`"));
        };
        let info = self.types.structs[id.0 as usize].clone();
        let mut fields: Vec<(usize, Expr)> = Vec::new();
        for value in &literal.fields {
            let field = member_name(&value.member);
            let at = self.place(value.member.span());
            let Some(index) = info.fields.iter().position(|(other, _)| *other == field) else {
                let message = format!("struct `{name}` has no field named `{field}`");
                let diag = Diagnostic::new("E0560", at, message);
                let known = info.fields.iter().map(|(other, _)| other.as_str());
                self.report(diag.nearest("a field with a similar name exists", &field, known));
                continue;
            };
            if fields.iter().any(|(other, _)| *other == index) {
                self.error("E0062", at, format!("field `{field}` specified more than once"));
            }
            let value = self.expr_coerce(&value.expr, info.fields[index].1);
            fields.push((index, value));
        }
        let base = literal.rest.as_ref().map(|base| Box::new(self.expr_coerce(base, ty)));
        if base.is_none() {
            let missing: Vec<String> = (0..info.fields.len())
                .filter(|index| !fields.iter().any(|(other, _)| other == index))
                .map(|index| format!("`{}`", info.fields[index].0))
                .collect();
            if !missing.is_empty() {
                let message =
                    format!("missing fields {} in initializer of `{name}`", missing.join(", "));
                self.error("E0063", place, message);
            }
        }
        self.make(ExprKind::Struct { fields, base }, ty, place)
    }
}
