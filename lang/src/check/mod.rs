//! The checker: names, types, mutability. It makes the typed tree, and reports as many errors as it can.
//!
//! It follows the order in which rustc infers types, and knows at each point at most what rustc knows there; so what
//! it accepts, rustc's inference accepts with the same types.

mod aggregates;
mod attributes;
mod call;
mod callable;
mod const_ops;
mod consteval;
mod enums;
mod exhaust;
mod expr;
mod finish;
mod format;
mod generics;
mod init;
mod items;
mod iter;
mod library;
mod lifetimes;
mod ops;
mod path;
mod pattern;
mod places;
mod promote;
mod scope;
mod signature;
mod syntax;
mod trait_bounds;
mod types;

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use proc_macro2::Span;

use crate::diag::{Diagnostic, Place};
use crate::methods::Op;
use crate::parse::Source;
use crate::program::{FnInfo, Program};
use crate::tree::{Body, ConstId, Expr, ExprKind, FnId, Local, LocalId, LoopId, Stmt};
use crate::ty::{StructId, Ty, TyKind, Types};
use crate::value::ConstValue;

/// A `const` or `static`.
#[derive(Debug)]
struct ConstInfo {
    name: String,
    ty: Ty,
    place: Place,
    state: ConstState,
}

#[derive(Debug)]
enum ConstState {
    Waiting(Rc<syn::Expr>),
    Running,
    Known(Rc<ConstValue>),
    Failed,
}

/// The meaning of a name where a value is expected.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Named {
    Local(LocalId),
    Fn(FnId),
    Const(ConstId),
    Static(ConstId),
    /// A tuple-like struct's constructor.
    Struct(StructId),
    /// `const N: usize` of a generic function.
    ConstParam(Ty),
}

impl Named {
    /// Returns `true` if it belongs to one call of a function, so that an item inside the function cannot name it.
    fn is_of_call(self) -> bool {
        matches!(self, Named::Local(_) | Named::ConstParam(_))
    }
}

/// The expectation that the surroundings of an expression have of its type.
#[derive(Clone, Copy, Debug)]
enum Expect {
    Nothing,
    /// It will have to be this, maybe after a coercion.
    Type(Ty),
    /// It will be cast to this.
    Cast(Ty),
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum LoopKind {
    Loop,
    While,
    For,
    Block,
}

/// The binding mode of a pattern: the value, or a reference if the pattern has looked through one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Binding {
    #[default]
    Move,
    Ref,
    RefMut,
}

#[derive(Debug)]
struct LoopCx {
    id: LoopId,
    label: Option<String>,
    kind: LoopKind,
    /// The type that `break` gives, once known.
    ty: Option<Ty>,
    broken: bool,
}

/// The state of checking one body.
#[derive(Debug, Default)]
struct FnCx {
    /// The function's name.
    name: String,
    locals: Vec<Local>,
    scope: scope::Scope,
    loops: Vec<LoopCx>,
    next_loop: u32,
    result: Option<Ty>,
    self_ty: Option<Ty>,
    /// The parameters of the function, if it is generic.
    generics: Vec<(String, Ty)>,
    /// All of them, also those without a name.
    params: Vec<Ty>,
    /// The names around a closure that it would have to capture.
    captures: Vec<String>,
    /// The binding mode of patterns at this point.
    binding: Binding,
    /// Closures to finish with the body.
    closures: Vec<callable::Closure>,
    /// Types to be inferred of values that are called, each with the type that a pointer to it has.
    callables: Vec<(Ty, Ty)>,
    /// `true` if this point is never reached.
    diverges: bool,
    unsafe_depth: u32,
    /// In a constant, which has no `return` and may only call `const fn`.
    in_const: bool,
    /// Inference variables before this one belong to others.
    first_var: usize,
}

/// A function whose body is still to be checked.
struct Pending<'a> {
    sig: Cow<'a, syn::Signature>,
    block: Cow<'a, syn::Block>,
    self_ty: Option<Ty>,
    /// The names in the block that declares it, if one does.
    scope: scope::Scope,
}

struct Method {
    function: FnId,
    has_self: bool,
}

pub(crate) struct Checker<'a> {
    source: &'a Source<'a>,
    diags: Vec<Diagnostic>,
    types: Types,
    fns: Vec<FnInfo>,
    pending: Vec<Option<Pending<'a>>>,
    consts: Vec<ConstInfo>,
    /// Constants whose type is still to be resolved.
    const_decls: Vec<(ConstId, Rc<syn::Type>)>,
    /// The type `Self` in a constant of an `impl` block.
    const_self: HashMap<ConstId, Ty>,
    values: HashMap<String, Named>,
    type_names: HashMap<String, Ty>,
    /// By the struct or enum that has them.
    methods: HashMap<(Ty, String), Method>,
    assoc_consts: HashMap<(Ty, String), ConstId>,
    enum_items: Vec<enums::State<'a>>,
    /// `use`: what a name stands for, without its `std::`.
    uses: HashMap<String, Vec<String>>,
    /// The lints that the file allows.
    allowed: Vec<String>,
    cx: FnCx,
    /// Patterns that must match always; looked at when their types are known.
    later_irrefutable: Vec<crate::tree::Pat>,
    /// The number of constants that are being evaluated inside one another.
    const_depth: usize,
    helpers: HashMap<String, FnId>,
    /// In a text of the prelude: the place in the program that it stands for.
    prelude: Option<Place>,
    /// The texts that have been read.
    texts: HashMap<&'static str, Rc<syn::Expr>>,
}

/// The longest chain of constants that need one another.
const MAX_CONST_DEPTH: usize = 100;

/// Errors after which there is no point in going on.
const MAX_ERRORS: usize = 200;

/// Checks a whole program.
pub(crate) fn check(source: &Source, file: &syn::File) -> Result<Program, Vec<Diagnostic>> {
    let mut checker = Checker {
        source,
        diags: Vec::new(),
        types: Types::new(),
        fns: Vec::new(),
        pending: Vec::new(),
        consts: Vec::new(),
        const_decls: Vec::new(),
        const_self: HashMap::new(),
        values: HashMap::new(),
        type_names: HashMap::new(),
        methods: HashMap::new(),
        assoc_consts: HashMap::new(),
        enum_items: Vec::new(),
        uses: HashMap::new(),
        allowed: Vec::new(),
        cx: FnCx::default(),
        later_irrefutable: Vec::new(),
        const_depth: 0,
        helpers: HashMap::new(),
        prelude: None,
        texts: HashMap::new(),
    };
    if source.mentions("128") {
        checker.add_helpers()?;
    }
    checker.check_lifetimes(file);
    checker.collect(file);
    for index in 0..checker.consts.len() {
        checker.const_value(ConstId(index as u32));
    }
    for index in 0..checker.fns.len() {
        checker.check_function(FnId(index as u32));
        if checker.diags.len() > MAX_ERRORS {
            break;
        }
    }
    if checker.diags.is_empty() {
        crate::mono::instantiate(&mut checker.types, &mut checker.fns)
            .map_err(|error| vec![*error])?;
        checker.promote_all();
    }
    let Checker { mut diags, types, fns, consts, helpers, .. } = checker;
    if diags.is_empty() {
        let values = consts.into_iter().map(|info| match info.state {
            ConstState::Known(value) => value,
            _ => unreachable!("a program with a constant without a value is refused"),
        });
        let consts = values.collect();
        return Ok(Program { helpers, types, fns, consts });
    }
    diags.sort_by_key(|diag| (diag.span.start, diag.span.end));
    diags.dedup();
    Err(diags)
}

impl<'a> Checker<'a> {
    // ---- Reporting ----

    fn place(&self, span: Span) -> Place {
        self.prelude.unwrap_or_else(|| self.source.place(span))
    }

    fn report(&mut self, diag: Diagnostic) {
        self.diags.push(diag);
    }

    fn error(&mut self, code: &'static str, place: Place, message: impl Into<String>) -> Expr {
        self.report(Diagnostic::new(code, place, message));
        self.error_expr(place)
    }

    /// Reports Rust that Jitsu does not have.
    fn unsupported(&mut self, span: Span, what: &str) -> Expr {
        let place = self.place(span);
        let plural = what.contains(" and ") || (what.ends_with('s') && !what.ends_with("ss"));
        let verb = if plural { "are" } else { "is" };
        self.error("J0002", place, format!("{what} {verb} not supported"))
    }

    fn error_expr(&self, place: Place) -> Expr {
        Expr { kind: ExprKind::Error, ty: Ty::ERROR, place }
    }

    /// "expected `a`, found `b`", unless one of them has been reported already.
    fn mismatch(&mut self, place: Place, expected: Ty, found: Ty) {
        let (expected, found) = (self.types.resolve(expected), self.types.resolve(found));
        if self.types.is_error(expected) || self.types.is_error(found) {
            return;
        }
        let label =
            format!("expected `{}`, found `{}`", self.types.name(expected), self.types.name(found));
        let mut diag = Diagnostic::new("E0308", place, "mismatched types").label(label);
        let numbers = self.types.is_numeric(expected) && self.types.is_numeric(found);
        if numbers && self.types.literal_var(found).is_none() {
            diag = diag.note(format!("convert it with `as {}`", self.types.name(expected)));
        }
        self.report(diag);
    }

    // ---- Types ----

    fn make(&self, kind: ExprKind, ty: Ty, place: Place) -> Expr {
        Expr { kind, ty, place }
    }

    fn known(&self, value: ConstValue, ty: Ty, place: Place) -> Expr {
        self.make(ExprKind::Value(Rc::new(value)), ty, place)
    }

    /// A method's call, unless it stands in a constant and Rust does not have it there.
    fn make_method(&mut self, op: Op, args: Vec<Expr>, ty: Ty, place: Place) -> Expr {
        let float = args.first().is_some_and(|arg| self.types.is_floating(arg.ty));
        if self.cx.in_const && (float || !op.is_const()) {
            return self.not_const(place);
        }
        self.make(ExprKind::Method(op, args), ty, place)
    }

    fn unit_expr(&self, place: Place) -> Expr {
        self.make(ExprKind::Tuple(Vec::new()), Ty::UNIT, place)
    }

    /// Makes an expression the type that its place needs.
    fn coerce(&mut self, mut expr: Expr, expected: Ty) -> Expr {
        let (from, to) = (self.types.shallow(expr.ty), self.types.shallow(expected));
        if from == to {
            return expr;
        }
        if self.types.is_never(from) && !self.types.is_error(to) {
            let place = expr.place;
            return self.make(ExprKind::NeverTo(Box::new(expr)), to, place);
        }
        if let (Some((from_mut, from_to)), Some((to_mut, to_to))) =
            (self.types.as_ref(from), self.types.as_ref(to))
            && (from_mut || !to_mut)
        {
            let array = match self.types.kind(from_to) {
                TyKind::Array(item, _) => Some(*item),
                _ => None,
            };
            let slice = match self.types.kind(to_to) {
                TyKind::Slice(item) => Some(*item),
                _ => None,
            };
            if let (Some(from_item), Some(to_item)) = (array, slice) {
                if self.types.unify(from_item, to_item) {
                    let place = expr.place;
                    return self.make(ExprKind::Unsize(Box::new(expr)), to, place);
                }
            } else if self.types.unify(from_to, to_to) {
                // `&mut T` where `&T` is expected is the same address.
                expr.ty = to;
                return expr;
            }
        } else if self.types.unify(from, to) {
            return expr;
        } else if let (TyKind::FnItem(..), TyKind::Fn(..)) =
            (self.types.kind(from), self.types.kind(to))
            && let Some(pointer) = self.reify(expr.clone(), to)
        {
            return pointer;
        }
        if let (TyKind::FnItem(..), TyKind::FnItem(..)) =
            (self.types.kind(from), self.types.kind(to))
        {
            let message =
                "different functions as values of one place are not supported where it has no type";
            let diag = Diagnostic::new("J0002", blame(&expr), message);
            self.report(diag.note("give it the type of a function pointer: `fn(..) -> ..`"));
            return self.error_expr(expr.place);
        }
        self.mismatch(blame(&expr), expected, expr.ty);
        self.error_expr(expr.place)
    }

    /// Expressions whose values nothing can take any more.
    fn check_all(&mut self, exprs: &[&syn::Expr]) {
        for expr in exprs {
            let _ = self.expr(expr, Expect::Nothing);
        }
    }

    fn expr_coerce(&mut self, expr: &syn::Expr, expected: Ty) -> Expr {
        let checked = self.expr(expr, Expect::Type(expected));
        self.coerce(checked, expected)
    }

    // ---- Scopes ----

    fn declare(&mut self, name: &str, ty: Ty, mutable: bool, place: Place) -> LocalId {
        let id = LocalId(self.cx.locals.len() as u32);
        let local =
            Local { name: name.to_owned(), ty, mutable, addressed: false, deferred: false, place };
        self.cx.locals.push(local);
        self.cx.scope.push(name, Named::Local(id));
        id
    }

    /// Reports a new variable that would hide a constant, static or struct, which are patterns themselves.
    fn refuse_hiding(&mut self, name: &str, place: Place) {
        let what = match self.lookup(name) {
            Some(Named::Const(_)) => "constants",
            Some(Named::Static(_)) => "statics",
            Some(Named::Struct(_)) => "tuple structs",
            _ => return,
        };
        self.error("E0530", place, format!("bindings cannot shadow {what}: `{name}`"));
    }

    fn lookup(&self, name: &str) -> Option<Named> {
        let outside = || match self.prelude {
            Some(_) => self.helpers.get(name).map(|&id| Named::Fn(id)),
            None => self.values.get(name).copied(),
        };
        self.cx.scope.find(name).or_else(outside)
    }

    fn local(&mut self, id: LocalId) -> &mut Local {
        &mut self.cx.locals[id.0 as usize]
    }

    // ---- Bodies ----

    /// Checks the body of a function, if that has not been done.
    fn check_function(&mut self, id: FnId) {
        let Some(Pending { sig, block, self_ty, scope }) = self.pending[id.0 as usize].take()
        else {
            return;
        };
        let (sig, block) = (&*sig, &*block);
        let outer = std::mem::replace(&mut self.cx, FnCx { scope, ..FnCx::default() });
        self.cx.name = self.fns[id.0 as usize].name.clone();
        let (params, result) = {
            let info = &self.fns[id.0 as usize];
            (info.params.clone(), info.result)
        };
        self.cx.first_var = self.types.var_count();
        self.cx.result = Some(result);
        self.cx.self_ty = self_ty;
        self.cx.in_const = self.fns[id.0 as usize].is_const;
        self.enter_generics(id);
        let mut ids = Vec::new();
        let mut lets = Vec::new();
        for (input, ty) in sig.inputs.iter().zip(params) {
            self.parameter(input, ty, &mut ids, &mut lets);
        }
        let place = self.place(block.brace_token.span.join());
        let mut value = self.block(block, Expect::Type(result));
        // A missing tail expression is reported at the closing brace's place by the coercion.
        if self.types.is_unit(value.ty) && !self.types.is_unit(result) && !has_tail(block) {
            let end = self.place(block.brace_token.span.close());
            let name = self.types.name(result);
            self.report(
                Diagnostic::new("E0308", end, "mismatched types")
                    .label(format!("expected `{name}`, found `()`"))
                    .note("the function's body has no value at its end; a last expression without `;` would be one"),
            );
        } else {
            value = self.coerce(value, result);
        }
        value = self.after(lets, value, place);
        let body = self.finish_body(ids, value);
        self.fns[id.0 as usize].body = Some(Rc::new(body));
        self.cx = outer;
    }

    /// A value after statements.
    fn after(&self, lets: Vec<Stmt>, value: Expr, place: Place) -> Expr {
        if lets.is_empty() {
            return value;
        }
        let ty = value.ty;
        self.make(ExprKind::Block(lets, Some(Box::new(value))), ty, place)
    }

    /// Ends inference for the body and checks what needs its final types.
    fn finish_body(&mut self, params: Vec<LocalId>, value: Expr) -> Body {
        self.types.default_literals(self.cx.first_var);
        let locals = std::mem::take(&mut self.cx.locals);
        let irrefutable = std::mem::take(&mut self.later_irrefutable);
        self.finish_closures();
        self.later_irrefutable = irrefutable;
        self.close_body(params, locals, value)
    }

    fn close_body(&mut self, params: Vec<LocalId>, locals: Vec<Local>, value: Expr) -> Body {
        let body = Body { params, locals, value };
        let errors = self.diags.len();
        self.finish(&body);
        if self.diags.len() == errors {
            self.check_init(&body);
        }
        body
    }
}

/// The place that the value of an expression comes from: of a block, its last expression.
fn blame(mut expr: &Expr) -> Place {
    while let ExprKind::Block(_, Some(tail)) = &expr.kind {
        expr = tail;
    }
    expr.place
}

fn has_tail(block: &syn::Block) -> bool {
    matches!(block.stmts.last(), Some(syn::Stmt::Expr(_, None)))
}
