//! Promotion: a reference to a constant expression refers to its value, which lives as long as the program.

use std::rc::Rc;

use super::Checker;
use crate::tree::{Expr, ExprKind};
use crate::value::layout;

/// The largest constant that is evaluated because it is borrowed, in bytes; of larger ones only literals are kept.
const MAX_PROMOTED: u64 = 1 << 16;

impl<'a> Checker<'a> {
    /// Replaces what references to constant expressions refer to by its value, which lives as long as the program.
    pub(super) fn promote(&mut self, expr: &mut Expr) {
        if let ExprKind::Ref { mutable: false, place } = &mut expr.kind
            && is_promotable(place)
            && self.types.is_known(place.ty)
            && !self.mentions_param(place.ty)
            && layout(&self.types, place.ty).0 <= MAX_PROMOTED
        {
            if let Some(value) = self.evaluate_quietly(place) {
                place.kind = ExprKind::Value(Rc::new(value));
            }
            return;
        }
        expr.children_mut(&mut |child| self.promote(child));
    }
}

/// Whether rustc may keep the value of an expression for as long as the program, so that a reference to it may, too:
/// literals, constants and what operators and constructors make of them.
fn is_promotable(expr: &Expr) -> bool {
    let mut promotable = matches!(
        expr.kind,
        ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Value(_)
            | ExprKind::Bool(_)
            | ExprKind::Char(_)
            | ExprKind::Variant(_)
            | ExprKind::Str(_)
            | ExprKind::ByteStr(_)
            | ExprKind::Const(_)
            | ExprKind::FnItem
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Cast(_)
            | ExprKind::Reify(_)
            | ExprKind::Tuple(_)
            | ExprKind::Array(_)
            | ExprKind::Repeat(_)
            | ExprKind::Struct { .. }
            | ExprKind::Field(..)
            | ExprKind::Index(..)
            | ExprKind::Unsize(_)
            | ExprKind::Ref { mutable: false, .. }
    );
    expr.children(&mut |child| promotable = promotable && is_promotable(child));
    promotable
}
