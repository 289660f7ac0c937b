//! Promotion: a reference to a constant expression refers to its value, which lives as long as the program.

use std::rc::Rc;

use super::Checker;
use crate::tree::{Expr, ExprKind};

impl<'a> Checker<'a> {
    /// Replaces what references to constant expressions refer to by its value, in all functions, once their types are
    /// known.
    pub(super) fn promote_all(&mut self) {
        for index in 0..self.fns.len() {
            let Some(mut body) = self.fns[index].body.take() else { continue };
            self.promote(&mut Rc::make_mut(&mut body).value);
            self.fns[index].body = Some(body);
        }
    }

    fn promote(&mut self, expr: &mut Expr) {
        match &mut expr.kind {
            // A constant of the program has its place already.
            ExprKind::Ref { mutable: false, place }
                if is_promotable(place) && !matches!(place.kind, ExprKind::Const(_)) =>
            {
                if let Some(value) = self.promoted_value(place) {
                    place.kind = ExprKind::Value(Rc::new(value));
                }
            }
            _ => expr.children_mut(&mut |child| self.promote(child)),
        }
    }
}

/// Returns `true` if rustc may keep the value of an expression for as long as the program, so that a reference to it
/// may, too: literals, constants and what operators and constructors make of them.
fn is_promotable(expr: &Expr) -> bool {
    let mut promotable = matches!(
        expr.kind,
        ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Value(_)
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
