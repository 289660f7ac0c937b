//! Expressions: the dispatch, blocks and control flow.

use std::borrow::Cow;

use syn::spanned::Spanned;

use super::{Checker, Expect, LoopCx, LoopKind, Named, Pending};
use crate::diag::{Diagnostic, Place};
use crate::tree::{Arm, Expr, ExprKind, LoopId, Pat, Stmt};
use crate::ty::Ty;

impl Expect {
    /// The type that the expression will have to have.
    pub(super) fn ty(self) -> Option<Ty> {
        match self {
            Expect::Type(ty) => Some(ty),
            _ => None,
        }
    }

    /// The type that a literal may take.
    pub(super) fn hint(self) -> Option<Ty> {
        match self {
            Expect::Type(ty) | Expect::Cast(ty) => Some(ty),
            Expect::Nothing => None,
        }
    }

    /// The same for the arms of an `if` or `match`: that their common type will be cast says nothing about any of them.
    fn in_arms(self) -> Self {
        match self {
            Expect::Cast(_) => Expect::Nothing,
            other => other,
        }
    }
}

impl<'a> Checker<'a> {
    /// Checks an expression. What is expected is a hint; see [`expr_coerce`](Self::expr_coerce) for a demand.
    pub(super) fn expr(&mut self, expr: &syn::Expr, expect: Expect) -> Expr {
        let checked = self.expr_kind(expr, expect);
        if self.types.is_never(checked.ty) {
            self.cx.diverges = true;
        }
        checked
    }

    fn expr_kind(&mut self, expr: &syn::Expr, expect: Expect) -> Expr {
        use syn::Expr as E;
        let what = match expr {
            E::Lit(lit) => return self.literal(&lit.lit, expect),
            E::Path(path) => return self.path_expr(path),
            E::Paren(inner) => return self.expr(&inner.expr, expect),
            E::Group(inner) => return self.expr(&inner.expr, expect),
            E::Unary(unary) => return self.unary(unary, expect),
            E::Binary(binary) => return self.binary(binary),
            E::Cast(cast) => return self.cast(cast),
            E::Assign(assign) => return self.assign(assign),
            E::Reference(reference) => return self.reference(reference, expect),
            E::Index(index) => return self.index(index),
            E::Field(field) => return self.field(field),
            E::Call(call) => return self.call(call),
            E::MethodCall(call) => return self.method_call(call),
            E::Array(array) => return self.array(array, expect),
            E::Repeat(repeat) => return self.repeat(repeat, expect),
            E::Tuple(tuple) => return self.tuple(tuple, expect),
            E::Struct(literal) => return self.struct_literal(literal),
            E::Macro(mac) => return self.macro_call(&mac.mac),
            E::If(branch) => return self.if_expr(branch, expect),
            E::Match(switch) => return self.match_expr(switch, expect),
            E::Block(block) => {
                return match &block.label {
                    Some(label) => self.labelled_block(label, &block.block, expect),
                    None => self.block(&block.block, expect),
                };
            }
            E::Unsafe(block) => {
                self.cx.unsafe_depth += 1;
                let value = self.block(&block.block, expect);
                self.cx.unsafe_depth -= 1;
                return value;
            }
            E::Loop(looped) => return self.loop_expr(looped, expect),
            E::While(looped) => return self.while_expr(looped),
            E::ForLoop(looped) => return self.for_expr(looped),
            E::Break(expr) => return self.break_expr(expr),
            E::Continue(expr) => return self.continue_expr(expr),
            E::Return(expr) => return self.return_expr(expr),
            E::Range(_) => "range values (other than in `for`, slices and patterns)",
            E::Closure(closure) => return self.closure(closure, expect),
            E::Let(_) => "a chain of `let`",
            E::Async(_) | E::Await(_) => "async code",
            E::Try(_) => "the `?` operator",
            E::RawAddr(_) => "raw pointers",
            E::Const(_) => "`const` blocks",
            E::Infer(_) => {
                let place = self.place(expr.span());
                let message =
                    "in expressions, `_` can only be used on the left-hand side of an assignment";
                return self.error("J0001", place, message);
            }
            _ => "this expression",
        };
        self.unsupported(expr.span(), what)
    }

    // ---- Blocks ----

    pub(super) fn block(&mut self, block: &syn::Block, expect: Expect) -> Expr {
        let place = self.place(block.brace_token.span.join());
        let scope = self.cx.scope.len();
        self.block_items(block);
        let mut stmts = Vec::new();
        let mut tail = None;
        for (index, stmt) in block.stmts.iter().enumerate() {
            let last = index + 1 == block.stmts.len();
            match stmt {
                syn::Stmt::Local(local) => stmts.extend(self.let_stmt(local)),
                syn::Stmt::Item(_) => {}
                syn::Stmt::Expr(expr, None) if last => tail = Some(self.expr(expr, expect)),
                syn::Stmt::Expr(expr, None) => {
                    // Only block-like expressions stand without a semicolon; they must be `()`.
                    stmts.push(Stmt::Expr(self.expr_coerce(expr, Ty::UNIT)));
                }
                syn::Stmt::Expr(expr, Some(_)) => {
                    stmts.push(Stmt::Expr(self.expr(expr, Expect::Nothing)));
                }
                syn::Stmt::Macro(stmt) => {
                    let value = self.macro_call(&stmt.mac);
                    if self.types.is_never(value.ty) {
                        self.cx.diverges = true;
                    }
                    if last && stmt.semi_token.is_none() {
                        tail = Some(value);
                    } else {
                        stmts.push(Stmt::Expr(value));
                    }
                }
            }
        }
        self.cx.scope.truncate(scope);
        let ty = match &tail {
            Some(tail) => tail.ty,
            None if self.cx.diverges => Ty::NEVER,
            None => Ty::UNIT,
        };
        self.make(ExprKind::Block(stmts, tail.map(Box::new)), ty, place)
    }

    /// Items of a block are known in all of it.
    fn block_items(&mut self, block: &syn::Block) {
        let mut found = Vec::new();
        let mut functions = Vec::new();
        let first = self.cx.scope.len();
        for stmt in &block.stmts {
            match stmt {
                syn::Stmt::Item(syn::Item::Const(item)) => {
                    self.attributes(&item.attrs);
                    let id = self.new_const(&item.ident, &item.ty, &item.expr);
                    self.cx.scope.push(&item.ident.to_string(), Named::Const(id));
                    found.push(id);
                }
                syn::Stmt::Item(syn::Item::Static(item))
                    if matches!(item.mutability, syn::StaticMutability::None) =>
                {
                    let id = self.new_const(&item.ident, &item.ty, &item.expr);
                    self.cx.scope.push(&item.ident.to_string(), Named::Static(id));
                    found.push(id);
                }
                syn::Stmt::Item(syn::Item::Fn(item)) => {
                    self.attributes(&item.attrs);
                    let name = item.sig.ident.to_string();
                    let full = self.unused_name(format!("{}::{name}", self.cx.name));
                    // The names that it may use are not yet complete: the types of constants come below.
                    let id = self.declare_fn(&item.sig, full, None);
                    self.cx.scope.push(&name, Named::Fn(id));
                    if self.cx.scope.repeated(first).last() == Some(&name) {
                        let place = self.place(item.sig.ident.span());
                        let message = format!("the name `{name}` is defined multiple times");
                        self.error("E0428", place, message);
                    }
                    functions.push((id, item));
                }
                syn::Stmt::Item(item) => {
                    self.unsupported(
                        item.span(),
                        "items in a block, other than constants and functions,",
                    );
                }
                _ => {}
            }
        }
        self.const_types();
        for (id, item) in &functions {
            let items = self.cx.scope.iter().filter(|(_, named)| !named.is_of_call());
            let scope = items.collect();
            self.pending[id.0 as usize] = Some(Pending {
                sig: Cow::Owned(item.sig.clone()),
                block: Cow::Owned((*item.block).clone()),
                self_ty: None,
                scope,
            });
        }
        for id in found {
            self.const_value(id);
        }
        for (id, _) in functions {
            self.check_function(id);
        }
    }

    /// A name that no function of the program has so far.
    fn unused_name(&self, name: String) -> String {
        if self.fns.iter().any(|info| info.name == name) {
            format!("{name}#{}", self.fns.len())
        } else {
            name
        }
    }

    fn let_stmt(&mut self, local: &syn::Local) -> Option<Stmt> {
        self.attributes(&local.attrs);
        let (pat, annotated) = match &local.pat {
            syn::Pat::Type(typed) => (&*typed.pat, Some(self.ty(&typed.ty))),
            pat => (pat, None),
        };
        let place = self.place(pat.span());
        let Some(init) = &local.init else {
            let ty = annotated.unwrap_or_else(|| self.types.fresh());
            let syn::Pat::Ident(ident) = pat else {
                self.unsupported(pat.span(), "`let` of a pattern without a value");
                return None;
            };
            let name = ident.ident.to_string();
            self.refuse_hiding(&name, place);
            let id = self.declare(&name, ty, ident.mutability.is_some(), place);
            self.local(id).deferred = true;
            let kind = crate::tree::PatKind::Bind(id, None);
            return Some(Stmt::Let {
                pat: crate::tree::Pat { kind, ty, place },
                init: None,
                otherwise: None,
            });
        };
        let value = match annotated {
            Some(ty) => self.expr_coerce(&init.expr, ty),
            None => self.expr(&init.expr, Expect::Nothing),
        };
        let ty = annotated.unwrap_or(value.ty);
        if self.types.is_unsized(ty) {
            let name = self.types.name(ty);
            let message = format!("the size of `{name}` is not known at compile time");
            self.error("E0277", value.place, message);
        }
        let otherwise = init.diverge.as_ref().map(|(token, expr)| {
            let diverges = self.cx.diverges;
            let otherwise = self.expr(expr, Expect::Nothing);
            self.cx.diverges = diverges;
            if !self.types.is_never(otherwise.ty) && !self.types.is_error(otherwise.ty) {
                let place = self.place(token.span());
                self.error("E0308", place, "`else` clause of `let...else` does not diverge");
            }
            otherwise
        });
        let pat = self.pattern(pat, ty);
        if otherwise.is_none() {
            self.later_irrefutable.push(pat.clone());
        }
        Some(Stmt::Let { pat, init: Some(value), otherwise })
    }

    // ---- Branches ----

    fn condition(&mut self, cond: &syn::Expr) -> Expr {
        self.expr_coerce(cond, Ty::BOOL)
    }

    fn if_expr(&mut self, branch: &syn::ExprIf, expect: Expect) -> Expr {
        let expect = expect.in_arms();
        let place = self.place(branch.if_token.span());
        let (cond, pat) = match &*branch.cond {
            syn::Expr::Let(matched) => {
                (self.expr(&matched.expr, Expect::Nothing), Some(&matched.pat))
            }
            cond => (self.condition(cond), None),
        };
        let before = self.cx.diverges;
        let scope = self.cx.scope.len();
        let pat = pat.map(|pat| self.pattern(pat, cond.ty));
        let Some((_, otherwise)) = &branch.else_branch else {
            let then = self.block(&branch.then_branch, Expect::Type(Ty::UNIT));
            self.cx.scope.truncate(scope);
            self.cx.diverges = before;
            if !self.types.is_unit(then.ty)
                && !self.types.is_never(then.ty)
                && !self.types.is_error(then.ty)
                && !self.types.unify(then.ty, Ty::UNIT)
            {
                let name = self.types.name(then.ty);
                let diag = Diagnostic::new("E0317", place, "`if` may be missing an `else` clause")
                    .label(format!("expected `{name}`, found `()`"));
                self.report(diag);
                return self.error_expr(place);
            }
            let then = self.coerce(then, Ty::UNIT);
            let kind = self.branch_kind(cond, pat, then, None, place);
            return self.make(kind, Ty::UNIT, place);
        };
        let then = self.block(&branch.then_branch, expect);
        self.cx.scope.truncate(scope);
        let then_diverges = std::mem::replace(&mut self.cx.diverges, before);
        let mut target = expect.ty();
        let then = self.join(then, &mut target);
        let otherwise = self.expr(otherwise, expect);
        let otherwise = self.join(otherwise, &mut target);
        self.cx.diverges = before || (then_diverges && self.cx.diverges);
        let ty = self.joined([then.ty, otherwise.ty].into_iter(), target);
        let kind = self.branch_kind(cond, pat, then, Some(otherwise), place);
        self.make(kind, ty, place)
    }

    /// `if`, or for `if let` the `match` that it means.
    fn branch_kind(
        &self,
        cond: Expr,
        pat: Option<Pat>,
        then: Expr,
        otherwise: Option<Expr>,
        place: Place,
    ) -> ExprKind {
        let Some(pat) = pat else {
            let (cond, then) = (Box::new(cond), Box::new(then));
            return ExprKind::If { cond, then, otherwise: otherwise.map(Box::new) };
        };
        let wild = self.wild(pat.ty, place);
        let otherwise = otherwise.unwrap_or_else(|| self.unit_expr(place));
        let arms = vec![
            Arm { pat, guard: None, body: then },
            Arm { pat: wild, guard: None, body: otherwise },
        ];
        ExprKind::Match { value: Box::new(cond), arms }
    }

    /// Makes a branch the type of those before it.
    fn join(&mut self, expr: Expr, target: &mut Option<Ty>) -> Expr {
        match *target {
            Some(ty) if !self.types.is_unknown(ty) || !self.types.is_never(expr.ty) => {
                self.coerce(expr, ty)
            }
            _ if self.types.is_never(expr.ty) => expr,
            _ => {
                *target = Some(expr.ty);
                expr
            }
        }
    }

    /// The type of branches that have been joined: that of those that give a value.
    fn joined(&mut self, mut branches: impl Iterator<Item = Ty>, target: Option<Ty>) -> Ty {
        let all_never = branches.all(|ty| self.types.is_never(ty));
        if all_never { Ty::NEVER } else { target.unwrap_or(Ty::NEVER) }
    }

    fn match_expr(&mut self, switch: &syn::ExprMatch, expect: Expect) -> Expr {
        let expect = expect.in_arms();
        let place = self.place(switch.match_token.span());
        let value = self.expr(&switch.expr, Expect::Nothing);
        let value_diverges = self.cx.diverges;
        let mut target = expect.ty();
        let mut arms = Vec::new();
        let mut all_diverge = true;
        for arm in &switch.arms {
            self.attributes(&arm.attrs);
            let scope = self.cx.scope.len();
            self.cx.diverges = false;
            let pat = self.pattern(&arm.pat, value.ty);
            let guard = arm.guard.as_ref().map(|(_, guard)| self.condition(guard));
            self.cx.diverges = false;
            let body = self.expr(&arm.body, expect);
            let body = self.join(body, &mut target);
            all_diverge &= self.cx.diverges;
            self.cx.scope.truncate(scope);
            arms.push(Arm { pat, guard, body });
        }
        self.cx.diverges = value_diverges || all_diverge;
        let ty =
            self.joined(arms.iter().map(|arm| arm.body.ty).collect::<Vec<_>>().into_iter(), target);
        self.make(ExprKind::Match { value: Box::new(value), arms }, ty, place)
    }

    // ---- Loops ----

    pub(super) fn new_loop(&mut self) -> LoopId {
        self.cx.next_loop += 1;
        LoopId(self.cx.next_loop)
    }

    fn enter_loop(&mut self, label: Option<&syn::Label>, kind: LoopKind, ty: Option<Ty>) -> LoopId {
        let id = self.new_loop();
        let label = label.map(|label| label.name.ident.to_string());
        self.cx.loops.push(LoopCx { id, label, kind, ty, broken: false });
        id
    }

    fn labelled_block(&mut self, label: &syn::Label, block: &syn::Block, expect: Expect) -> Expr {
        let place = self.place(block.brace_token.span.join());
        let id = self.enter_loop(Some(label), LoopKind::Block, expect.ty());
        let before = self.cx.diverges;
        let body = self.block(block, expect);
        let Some(cx) = self.cx.loops.pop() else { return body };
        if !cx.broken {
            return body;
        }
        self.cx.diverges = before;
        let mut target = cx.ty;
        let body = self.join(body, &mut target);
        let ty = target.unwrap_or(Ty::UNIT);
        self.make(ExprKind::Loop { id, body: Box::new(body), repeats: false }, ty, place)
    }

    /// The body of a loop, which is `()`. What comes after the loop may be reached, even if its end is not.
    fn loop_body(&mut self, body: &syn::Block) -> Expr {
        let before = self.cx.diverges;
        let body = self.block(body, Expect::Type(Ty::UNIT));
        let body = self.coerce(body, Ty::UNIT);
        self.cx.diverges = before;
        body
    }

    fn loop_expr(&mut self, looped: &syn::ExprLoop, expect: Expect) -> Expr {
        let place = self.place(looped.loop_token.span());
        let id = self.enter_loop(looped.label.as_ref(), LoopKind::Loop, expect.ty());
        let body = self.loop_body(&looped.body);
        let cx = self.cx.loops.pop();
        let ty = match cx {
            Some(LoopCx { broken: true, ty, .. }) => ty.unwrap_or(Ty::UNIT),
            _ => Ty::NEVER,
        };
        self.make(ExprKind::Loop { id, body: Box::new(body), repeats: true }, ty, place)
    }

    fn while_expr(&mut self, looped: &syn::ExprWhile) -> Expr {
        let place = self.place(looped.while_token.span());
        let id = self.enter_loop(looped.label.as_ref(), LoopKind::While, Some(Ty::UNIT));
        if let syn::Expr::Let(matched) = &*looped.cond {
            return self.while_let(matched, &looped.body, id, place);
        }
        let cond = self.condition(&looped.cond);
        let body = self.loop_body(&looped.body);
        self.cx.loops.pop();
        let kind = ExprKind::While { id, cond: Box::new(cond), body: Box::new(body) };
        self.make(kind, Ty::UNIT, place)
    }

    /// `while let`: a loop that a `match` leaves.
    fn while_let(
        &mut self,
        matched: &syn::ExprLet,
        body: &syn::Block,
        id: LoopId,
        place: Place,
    ) -> Expr {
        let value = self.expr(&matched.expr, Expect::Nothing);
        let scope = self.cx.scope.len();
        let pat = self.pattern(&matched.pat, value.ty);
        let body = self.loop_body(body);
        self.cx.scope.truncate(scope);
        self.cx.loops.pop();
        let leave = self.make(ExprKind::Break(id, None), Ty::NEVER, place);
        let leave = self.coerce(leave, Ty::UNIT);
        let kind = self.branch_kind(value, Some(pat), body, Some(leave), place);
        let body = self.make(kind, Ty::UNIT, place);
        self.make(ExprKind::Loop { id, body: Box::new(body), repeats: true }, Ty::UNIT, place)
    }

    fn for_expr(&mut self, looped: &syn::ExprForLoop) -> Expr {
        let place = self.place(looped.for_token.span());
        if self.cx.in_const {
            return self.error("E0658", place, "`for` is not allowed in constants and `const fn`");
        }
        let Some(iter) = self.iterator(&looped.expr) else { return self.error_expr(place) };
        let scope = self.cx.scope.len();
        let id = self.enter_loop(looped.label.as_ref(), LoopKind::For, Some(Ty::UNIT));
        let pat = self.pattern(&looped.pat, iter.item);
        self.later_irrefutable.push(pat.clone());
        let body = self.loop_body(&looped.body);
        self.cx.loops.pop();
        self.cx.scope.truncate(scope);
        let kind =
            ExprKind::For { id, iter: Box::new(iter), pat: Box::new(pat), body: Box::new(body) };
        self.make(kind, Ty::UNIT, place)
    }

    // ---- Jumps ----

    /// The loop that a `break` or `continue` means, as an index into the enclosing ones.
    fn find_loop(
        &mut self,
        label: Option<&syn::Lifetime>,
        place: Place,
        word: &str,
    ) -> Option<usize> {
        let found = match label {
            Some(label) => {
                let name = label.ident.to_string();
                self.cx.loops.iter().rposition(|cx| cx.label.as_ref() == Some(&name))
            }
            None => self.cx.loops.iter().rposition(|cx| cx.kind != LoopKind::Block),
        };
        if found.is_none() {
            match label {
                Some(label) => {
                    self.error("E0426", place, format!("use of undeclared label `{label}`"))
                }
                None => self.error("E0268", place, format!("`{word}` outside of a loop")),
            };
        }
        found
    }

    fn break_expr(&mut self, expr: &syn::ExprBreak) -> Expr {
        let place = self.place(expr.break_token.span());
        let Some(index) = self.find_loop(expr.label.as_ref(), place, "break") else {
            return self.error_expr(place);
        };
        let (id, kind, target) =
            (self.cx.loops[index].id, self.cx.loops[index].kind, self.cx.loops[index].ty);
        let value = match &expr.expr {
            Some(value) if matches!(kind, LoopKind::While | LoopKind::For) => {
                let _ = self.expr(value, Expect::Nothing);
                let message = "`break` with a value from a `while` or `for` loop";
                return self.error("E0571", place, message);
            }
            Some(value) => self.expr(value, target.map_or(Expect::Nothing, Expect::Type)),
            None => self.unit_expr(place),
        };
        let mut target = target;
        let value = self.join(value, &mut target);
        // Control reaches the jump only if the value does not diverge; rustc counts the `break` in any case.
        self.cx.loops[index].broken = true;
        self.cx.loops[index].ty = target;
        let value = expr.expr.as_ref().map(|_| Box::new(value));
        self.make(ExprKind::Break(id, value), Ty::NEVER, place)
    }

    fn continue_expr(&mut self, expr: &syn::ExprContinue) -> Expr {
        let place = self.place(expr.continue_token.span());
        let Some(index) = self.find_loop(expr.label.as_ref(), place, "continue") else {
            return self.error_expr(place);
        };
        if self.cx.loops[index].kind == LoopKind::Block {
            return self.error("E0696", place, "`continue` pointing to a labeled block");
        }
        let id = self.cx.loops[index].id;
        self.make(ExprKind::Continue(id), Ty::NEVER, place)
    }

    fn return_expr(&mut self, expr: &syn::ExprReturn) -> Expr {
        let place = self.place(expr.return_token.span());
        let Some(result) = self.cx.result else {
            return self.error("E0572", place, "return statement outside of function body");
        };
        let value = match &expr.expr {
            Some(value) => Some(Box::new(self.expr_coerce(value, result))),
            None if self.types.is_unit(result) => None,
            None => {
                self.error("E0069", place, "`return;` in a function whose return type is not `()`");
                None
            }
        };
        self.make(ExprKind::Return(value), Ty::NEVER, place)
    }
}
