//! Questions about the syntax alone: where an expression is, and what it looks like.

use proc_macro2::Span;
use syn::spanned::Spanned;

/// The arguments between `::<` and `>`.
pub(super) type Generic = syn::AngleBracketedGenericArguments;

/// The span from the start of the first to the end of the second.
fn joined(first: Span, last: Span) -> Span {
    first.join(last).unwrap_or(first)
}

/// The span of a call.
pub(super) fn call_span(call: &syn::ExprCall) -> Span {
    joined(span_of(&call.func), call.paren_token.span.close())
}

/// The span of a call of a method.
pub(super) fn method_call_span(call: &syn::ExprMethodCall) -> Span {
    joined(span_of(&call.receiver), call.paren_token.span.close())
}

/// The span of an expression. It looks at the ends alone: `span()` walks through all tokens between them, which would
/// make the cost of nested expressions quadratic.
pub(super) fn span_of(expr: &syn::Expr) -> Span {
    use syn::Expr as E;
    match expr {
        E::Binary(binary) => joined(span_of(&binary.left), span_of(&binary.right)),
        E::Index(index) => joined(span_of(&index.expr), index.bracket_token.span.close()),
        E::Call(call) => call_span(call),
        E::MethodCall(call) => method_call_span(call),
        E::Field(field) => joined(span_of(&field.base), field.member.span()),
        E::Cast(cast) => joined(span_of(&cast.expr), cast.ty.span()),
        E::Paren(paren) => paren.paren_token.span.join(),
        E::Tuple(tuple) => tuple.paren_token.span.join(),
        E::Array(array) => array.bracket_token.span.join(),
        E::Repeat(repeat) => repeat.bracket_token.span.join(),
        E::Struct(literal) => {
            joined(literal.path.segments.span(), literal.brace_token.span.close())
        }
        E::Macro(call) => joined(call.mac.path.span(), call.mac.delimiter.span().close()),
        E::Block(block) => block.block.brace_token.span.join(),
        E::Unary(unary) => joined(unary.op.span(), span_of(&unary.expr)),
        E::Reference(reference) => joined(reference.and_token.span, span_of(&reference.expr)),
        E::If(branch) => branch.if_token.span,
        E::Match(switch) => switch.match_token.span,
        E::Assign(assign) => joined(span_of(&assign.left), span_of(&assign.right)),
        other => other.span(),
    }
}

/// Returns `true` if it is a closure, maybe in parentheses.
pub(super) fn is_closure(mut expr: &syn::Expr) -> bool {
    while let syn::Expr::Paren(inner) = expr {
        expr = &inner.expr;
    }
    matches!(expr, syn::Expr::Closure(_))
}

/// The generic arguments of a path's last word; an error if another has some.
pub(super) fn turbofish(path: &syn::Path) -> Result<Option<&Generic>, ()> {
    let Some(last) = path.segments.last() else { return Ok(None) };
    let others = path.segments.iter().take(path.segments.len() - 1);
    match &last.arguments {
        _ if others.into_iter().any(|segment| !segment.arguments.is_none()) => Err(()),
        syn::PathArguments::None => Ok(None),
        syn::PathArguments::AngleBracketed(list) => Ok(Some(list)),
        syn::PathArguments::Parenthesized(_) => Err(()),
    }
}

/// Returns `true` if an expression looks like an iterator, not like something that could become one.
pub(super) fn is_iterator(expr: &syn::Expr) -> bool {
    const MAKERS: [&str; 10] = [
        "iter",
        "iter_mut",
        "into_iter",
        "rev",
        "step_by",
        "take",
        "skip",
        "copied",
        "cloned",
        "enumerate",
    ];
    match expr {
        syn::Expr::Paren(inner) => is_iterator(&inner.expr),
        syn::Expr::Range(_) => true,
        syn::Expr::MethodCall(call) => MAKERS.iter().any(|name| call.method == name),
        _ => false,
    }
}

/// The types directly inside of one.
pub(super) fn inside(ty: &syn::Type) -> Vec<&syn::Type> {
    match ty {
        syn::Type::Reference(reference) => vec![&reference.elem],
        syn::Type::Slice(slice) => vec![&slice.elem],
        syn::Type::Array(array) => vec![&array.elem],
        syn::Type::Paren(paren) => vec![&paren.elem],
        syn::Type::Tuple(tuple) => tuple.elems.iter().collect(),
        _ => Vec::new(),
    }
}

/// The name or number of a field.
pub(super) fn member_name(member: &syn::Member) -> String {
    match member {
        syn::Member::Named(ident) => ident.to_string(),
        syn::Member::Unnamed(index) => index.index.to_string(),
    }
}
