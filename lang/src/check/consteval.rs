//! The values of constants: runs the typed tree of a constant's expression, and of the `const fn`s that it calls.
//! As in Rust, arithmetic that overflows here is an error, not a wrapped value.

use std::collections::HashMap;
use std::rc::Rc;

use super::const_ops::{self, bind, items_of};
use super::{Checker, ConstState, FnCx, MAX_CONST_DEPTH};
use crate::diag::Place;
use crate::tree::{ConstId, Expr, ExprKind, FnId, LocalId, LoopId, Stmt, UnOp};
use crate::ty::{Ty, TyKind};
use crate::value::{ConstValue, float_value};

/// Expressions that one constant may evaluate, elements of arrays included.
const MAX_STEPS: usize = 20_000_000;

/// Calls inside one another.
const MAX_CALLS: usize = 200;

/// The reason why evaluation left an expression.
enum Exit {
    Break(LoopId, ConstValue),
    Continue(LoopId),
    Return(ConstValue),
    /// An error, with its place; reported by the caller.
    Error(Place, String),
    /// Reported already.
    Reported,
}

type Eval = Result<ConstValue, Exit>;

/// The end of one round of a loop: by reaching its end or by `continue`, or by `break`.
enum Round {
    Ended(ConstValue),
    Left(ConstValue),
}

const UNIT: ConstValue = ConstValue::Aggregate(Vec::new());

#[derive(Default)]
struct Frame {
    locals: HashMap<LocalId, ConstValue>,
    steps: usize,
    calls: usize,
}

/// An outcome at a place.
fn at(place: Place, outcome: Result<ConstValue, &'static str>) -> Eval {
    outcome.or_else(|message| fail(place, message))
}

fn fail<T>(place: Place, message: impl Into<String>) -> Result<T, Exit> {
    Err(Exit::Error(place, message.into()))
}

impl<'a> Checker<'a> {
    /// The value of a constant, evaluated when it is first needed.
    pub(super) fn const_value(&mut self, id: ConstId) -> Option<Rc<ConstValue>> {
        let ty = self.const_ty(id);
        let info = &mut self.consts[id.0 as usize];
        let place = info.place;
        let expr = match std::mem::replace(&mut info.state, ConstState::Running) {
            ConstState::Waiting(expr) => expr,
            ConstState::Known(value) => {
                info.state = ConstState::Known(value.clone());
                return Some(value);
            }
            ConstState::Running => {
                let name = info.name.clone();
                info.state = ConstState::Failed;
                let message = format!("cycle detected when evaluating the constant `{name}`");
                self.error("E0391", place, message);
                return None;
            }
            ConstState::Failed => {
                info.state = ConstState::Failed;
                return None;
            }
        };
        let self_ty = self.const_self.get(&id).copied();
        let value = self.const_expr_in(&expr, ty, self_ty).map(Rc::new);
        self.consts[id.0 as usize].state = match &value {
            Some(value) => ConstState::Known(value.clone()),
            None => ConstState::Failed,
        };
        value
    }

    /// Checks and evaluates a constant expression.
    pub(super) fn const_expr(&mut self, expr: &syn::Expr, ty: Ty) -> Option<ConstValue> {
        self.const_expr_in(expr, ty, self.cx.self_ty)
    }

    fn const_expr_in(
        &mut self,
        expr: &syn::Expr,
        ty: Ty,
        self_ty: Option<Ty>,
    ) -> Option<ConstValue> {
        let place = self.place_of(expr);
        if self.const_depth >= MAX_CONST_DEPTH {
            self.error("J0003", place, "constants need one another in too long a chain");
            return None;
        }
        self.const_depth += 1;
        let errors = self.diags.len();
        // Constants of enclosing blocks stay visible; variables are not there.
        let scope =
            self.cx.scope.iter().filter(|(_, named)| !matches!(named, super::Named::Local(_)));
        let scope = scope.collect();
        let first_var = self.types.var_count();
        let cx = FnCx { in_const: true, self_ty, first_var, scope, ..FnCx::default() };
        let outer = std::mem::replace(&mut self.cx, cx);
        let checked = self.expr_coerce(expr, ty);
        let body = self.finish_body(Vec::new(), checked);
        self.cx = outer;
        let value = if self.diags.len() == errors { self.evaluate(&body.value) } else { None };
        self.const_depth -= 1;
        value
    }

    /// Evaluates a checked expression, reporting what goes wrong.
    fn evaluate(&mut self, expr: &Expr) -> Option<ConstValue> {
        match self.eval(expr, &mut Frame::default()) {
            Ok(value) => Some(value),
            Err(Exit::Error(place, message)) => {
                let message = format!("evaluation of constant value failed: {message}");
                self.error("E0080", place, message);
                None
            }
            Err(Exit::Reported) => None,
            Err(_) => {
                self.error("E0080", expr.place, "evaluation of constant value failed");
                None
            }
        }
    }

    /// The value of an expression that needs nothing but constants, quietly; for lints and promotion.
    pub(super) fn try_constant(&mut self, expr: &Expr) -> Option<ConstValue> {
        if !is_simple(expr) {
            return None;
        }
        self.eval(expr, &mut Frame::default()).ok()
    }

    /// The value of a constant expression that is borrowed. There is none if the evaluation fails; the expression then
    /// fails when the program runs.
    pub(super) fn promoted_value(&mut self, expr: &Expr) -> Option<ConstValue> {
        let mut frame = Frame::default();
        let value = self.eval(expr, &mut frame).ok();
        if frame.steps > MAX_STEPS {
            self.error("J0003", expr.place, "a constant as large as this cannot be borrowed");
        }
        value
    }

    fn eval(&mut self, expr: &Expr, frame: &mut Frame) -> Eval {
        frame.steps += 1;
        let place = expr.place;
        if frame.steps > MAX_STEPS {
            return fail(place, "it takes too long");
        }
        if self.types.is_error(expr.ty) {
            return Err(Exit::Reported);
        }
        match &expr.kind {
            ExprKind::Int(value) => {
                Ok(ConstValue::Int(const_ops::int_of(&self.types, expr.ty).wrap(*value as i128)))
            }
            ExprKind::Value(value) => Ok((**value).clone()),
            ExprKind::Float(digits) => {
                Ok(float_value(digits, const_ops::float_of(&self.types, expr.ty)))
            }
            ExprKind::Local(id) => match frame.locals.get(id) {
                Some(value) => Ok(value.clone()),
                None => fail(place, "a variable has no value yet"),
            },
            ExprKind::Const(id) | ExprKind::Static(id) => {
                self.const_value(*id).map(|value| (*value).clone()).ok_or(Exit::Reported)
            }
            ExprKind::Unary(op, inner) => self.eval_unary(expr, *op, inner, frame),
            ExprKind::Binary(op, a, b) => {
                let (x, y) = (self.eval(a, frame)?, self.eval(b, frame)?);
                at(place, const_ops::binary(&self.types, *op, x, y, a.ty))
            }
            ExprKind::And(a, b) if self.holds(a, frame)? => self.eval(b, frame),
            ExprKind::And(..) => Ok(ConstValue::Bool(false)),
            ExprKind::Or(a, b) if !self.holds(a, frame)? => self.eval(b, frame),
            ExprKind::Or(..) => Ok(ConstValue::Bool(true)),
            ExprKind::Cast(inner) | ExprKind::Convert(inner) => self.eval_cast(expr, inner, frame),
            ExprKind::Unsize(inner) | ExprKind::NeverTo(inner) => self.eval(inner, frame),
            ExprKind::Ref { mutable: false, place: inner } => {
                Ok(ConstValue::Ref(Rc::new(self.eval(inner, frame)?)))
            }
            ExprKind::Deref(inner) => match self.eval(inner, frame)? {
                ConstValue::Ref(value) => Ok((*value).clone()),
                other => Ok(other),
            },
            ExprKind::Tuple(items) | ExprKind::Array(items) => {
                Ok(ConstValue::Aggregate(self.eval_all(items, frame)?))
            }
            ExprKind::Repeat(item) => self.eval_repeat(expr, item, frame),
            ExprKind::Struct { fields, base } => self.eval_struct(fields, base.as_deref(), frame),
            ExprKind::Field(base, index) => self.eval_part(base, *index, place, frame),
            ExprKind::Index(base, index) => {
                let index = self.eval_index(index, frame)?;
                self.eval_part(base, index, place, frame)
            }
            ExprKind::Assign(..)
            | ExprKind::AssignOp { .. }
            | ExprKind::Block(..)
            | ExprKind::If { .. }
            | ExprKind::Match { .. }
            | ExprKind::Loop { .. }
            | ExprKind::While { .. }
            | ExprKind::Break(..)
            | ExprKind::Continue(_)
            | ExprKind::Return(_) => self.eval_control(expr, frame),
            // `for` itself has been refused.
            ExprKind::For { .. } => fail(place, "iterators are not allowed in constants"),
            ExprKind::Discard(value) => self.eval(value, frame).map(|_| UNIT),
            ExprKind::Call(_, generics, _) if !generics.is_empty() => {
                fail(place, "calls of generic functions are not supported in constants")
            }
            ExprKind::Call(id, _, args) => {
                let args = self.eval_all(args, frame)?;
                self.eval_call(*id, args, place, frame)
            }
            ExprKind::Method(op, args) => {
                let values = self.eval_all(args, frame)?;
                at(place, const_ops::method(&self.types, *op, &values, args[0].ty))
            }
            ExprKind::Panic(..) => fail(place, "it panics"),
            ExprKind::FnItem => Ok(UNIT),
            ExprKind::Reify(inner) => match self.types.kind(inner.ty) {
                TyKind::FnItem(id, _) => Ok(ConstValue::Fn(*id)),
                kind => unreachable!("{kind:?} is no function item"),
            },
            ExprKind::Ref { .. }
            | ExprKind::SliceRange { .. }
            | ExprKind::Print(_)
            | ExprKind::CallValue(..)
            | ExprKind::Zero
            | ExprKind::ConstParam(_) => fail(place, "this is not supported in constants"),
            ExprKind::Error => Err(Exit::Reported),
        }
    }

    fn eval_unary(&mut self, expr: &Expr, op: UnOp, inner: &Expr, frame: &mut Frame) -> Eval {
        // `-128` is the negation of a literal that does not fit by itself.
        if let (UnOp::Neg, ExprKind::Int(value)) = (op, &inner.kind) {
            return Ok(ConstValue::Int((*value as i128).wrapping_neg()));
        }
        let value = self.eval(inner, frame)?;
        at(inner.place, const_ops::unary(&self.types, op, value, expr.ty))
    }

    fn eval_cast(&mut self, expr: &Expr, inner: &Expr, frame: &mut Frame) -> Eval {
        let mut value = self.eval(inner, frame)?;
        if let (&TyKind::Enum(id), ConstValue::Int(variant)) =
            (self.types.kind(inner.ty), &mut value)
        {
            *variant = self.discriminant(id, *variant).ok_or(Exit::Reported)?;
        }
        at(expr.place, const_ops::cast(&self.types, value, inner.ty, expr.ty))
    }

    fn eval_struct(
        &mut self,
        fields: &[(usize, Expr)],
        base: Option<&Expr>,
        frame: &mut Frame,
    ) -> Eval {
        let mut values = match base {
            Some(base) => items_of(self.eval(base, frame)?),
            None => vec![UNIT; fields.len()],
        };
        for (index, value) in fields {
            values[*index] = self.eval(value, frame)?;
        }
        Ok(ConstValue::Aggregate(values))
    }

    fn eval_repeat(&mut self, expr: &Expr, item: &Expr, frame: &mut Frame) -> Eval {
        let item = self.eval(item, frame)?;
        let Some(len) = self.types.array_len(expr.ty) else {
            unreachable!("the lengths of arrays are constants themselves")
        };
        frame.steps = frame.steps.saturating_add(len as usize);
        if frame.steps > MAX_STEPS {
            return fail(expr.place, "the array is too large for a constant");
        }
        Ok(ConstValue::Aggregate(vec![item; len as usize]))
    }

    /// Assignments, blocks, branches, loops and jumps.
    fn eval_control(&mut self, expr: &Expr, frame: &mut Frame) -> Eval {
        match &expr.kind {
            ExprKind::Block(stmts, tail) => {
                for stmt in stmts {
                    self.eval_stmt(stmt, expr.place, frame)?;
                }
                tail.as_ref().map_or(Ok(UNIT), |tail| self.eval(tail, frame))
            }
            ExprKind::If { cond, then, otherwise } => match (self.holds(cond, frame)?, otherwise) {
                (true, _) => self.eval(then, frame),
                (false, Some(otherwise)) => self.eval(otherwise, frame),
                (false, None) => Ok(UNIT),
            },
            ExprKind::Match { value, arms } => {
                let value = self.eval(value, frame)?;
                for arm in arms {
                    if !const_ops::matches(&self.types, &arm.pat, &value) {
                        continue;
                    }
                    bind(&arm.pat, value.clone(), &mut frame.locals);
                    let guard = arm.guard.as_ref();
                    if guard.map_or(Ok(true), |guard| self.holds(guard, frame))? {
                        return self.eval(&arm.body, frame);
                    }
                }
                unreachable!("the arms of a match cover every value")
            }
            ExprKind::Loop { id, body, repeats } => loop {
                match self.eval_round(body, *id, frame)? {
                    Round::Left(value) => return Ok(value),
                    Round::Ended(value) if !repeats => return Ok(value),
                    Round::Ended(_) => {}
                }
            },
            ExprKind::While { id, cond, body } => {
                while self.holds(cond, frame)? {
                    if let Round::Left(_) = self.eval_round(body, *id, frame)? {
                        break;
                    }
                }
                Ok(UNIT)
            }
            ExprKind::Break(id, value) => {
                let value = value.as_ref().map_or(Ok(UNIT), |value| self.eval(value, frame))?;
                Err(Exit::Break(*id, value))
            }
            ExprKind::Continue(id) => Err(Exit::Continue(*id)),
            ExprKind::Return(value) => {
                let value = value.as_ref().map_or(Ok(UNIT), |value| self.eval(value, frame))?;
                Err(Exit::Return(value))
            }
            ExprKind::Assign(target, value) => {
                let value = self.eval(value, frame)?;
                *self.place_mut(target, frame)? = value;
                Ok(UNIT)
            }
            ExprKind::AssignOp { op, place: target, value, .. } => {
                let value = self.eval(value, frame)?;
                let old = self.place_mut(target, frame)?.clone();
                let new = const_ops::binary(&self.types, *op, old, value, target.ty);
                let new = at(expr.place, new)?;
                *self.place_mut(target, frame)? = new;
                Ok(UNIT)
            }
            kind => unreachable!("{kind:?} is no control flow"),
        }
    }

    fn eval_all(&mut self, exprs: &[Expr], frame: &mut Frame) -> Result<Vec<ConstValue>, Exit> {
        exprs.iter().map(|expr| self.eval(expr, frame)).collect()
    }

    /// The value of a condition.
    fn holds(&mut self, cond: &Expr, frame: &mut Frame) -> Result<bool, Exit> {
        match self.eval(cond, frame)? {
            ConstValue::Bool(value) => Ok(value),
            other => unreachable!("{other:?} is no condition"),
        }
    }

    fn eval_index(&mut self, index: &Expr, frame: &mut Frame) -> Result<usize, Exit> {
        match self.eval(index, frame)? {
            ConstValue::Int(index) => Ok(index as usize),
            other => unreachable!("{other:?} is no index"),
        }
    }

    /// A field or element.
    fn eval_part(&mut self, base: &Expr, index: usize, place: Place, frame: &mut Frame) -> Eval {
        let part = |items: &[ConstValue]| items.get(index).cloned();
        // A variable or constant is read where it is, without copying all of it.
        let found = match &base.kind {
            ExprKind::Local(id) => match frame.locals.get(id) {
                Some(ConstValue::Aggregate(items)) => part(items),
                _ => return fail(place, "a variable has no value yet"),
            },
            ExprKind::Const(id) => match &*self.const_value(*id).ok_or(Exit::Reported)? {
                ConstValue::Aggregate(items) => part(items),
                other => unreachable!("{other:?} has no parts"),
            },
            _ => part(&items_of(self.eval(base, frame)?)),
        };
        found.ok_or_else(|| out_of_bounds(place))
    }

    fn eval_stmt(&mut self, stmt: &Stmt, place: Place, frame: &mut Frame) -> Result<(), Exit> {
        match stmt {
            Stmt::Expr(expr) => {
                self.eval(expr, frame)?;
            }
            Stmt::Let { pat, init: Some(init), otherwise: None } => {
                let value = self.eval(init, frame)?;
                bind(pat, value, &mut frame.locals);
            }
            Stmt::Let { init: None, .. } => {}
            Stmt::Let { .. } => {
                return fail(place, "`let ... else` is not supported in constants");
            }
        }
        Ok(())
    }

    /// Runs the body of a loop once.
    fn eval_round(&mut self, body: &Expr, id: LoopId, frame: &mut Frame) -> Result<Round, Exit> {
        match self.eval(body, frame) {
            Ok(value) => Ok(Round::Ended(value)),
            Err(Exit::Continue(to)) if to == id => Ok(Round::Ended(UNIT)),
            Err(Exit::Break(to, value)) if to == id => Ok(Round::Left(value)),
            Err(exit) => Err(exit),
        }
    }

    fn eval_call(
        &mut self,
        id: FnId,
        args: Vec<ConstValue>,
        place: Place,
        frame: &mut Frame,
    ) -> Eval {
        self.check_function(id);
        if !self.diags.is_empty() {
            // A function with errors cannot be run.
            return Err(Exit::Reported);
        }
        let Some(body) = self.fns[id.0 as usize].body.clone() else {
            return fail(place, "this function cannot be called in a constant");
        };
        if frame.calls >= MAX_CALLS {
            return fail(place, "calls are nested too deeply");
        }
        let locals = body.params.iter().copied().zip(args).collect();
        let mut inner = Frame { locals, steps: frame.steps, calls: frame.calls + 1 };
        let result = self.eval(&body.value, &mut inner);
        frame.steps = inner.steps;
        match result {
            Err(Exit::Return(value)) => Ok(value),
            other => other,
        }
    }

    fn place_mut<'f>(
        &mut self,
        expr: &Expr,
        frame: &'f mut Frame,
    ) -> Result<&'f mut ConstValue, Exit> {
        match &expr.kind {
            ExprKind::Local(id) => Ok(frame.locals.entry(*id).or_insert(UNIT)),
            ExprKind::Field(base, index) => match self.place_mut(base, frame)? {
                ConstValue::Aggregate(items) => {
                    items.get_mut(*index).ok_or_else(|| out_of_bounds(expr.place))
                }
                _ => fail(expr.place, "not a place"),
            },
            ExprKind::Index(base, index) => {
                let index = self.eval_index(index, frame)?;
                match self.place_mut(base, frame)? {
                    ConstValue::Aggregate(items) => {
                        items.get_mut(index).ok_or_else(|| out_of_bounds(expr.place))
                    }
                    _ => fail(expr.place, "not a place"),
                }
            }
            _ => fail(expr.place, "this place cannot be written in a constant"),
        }
    }
}

fn out_of_bounds(place: Place) -> Exit {
    Exit::Error(place, "index out of bounds".to_owned())
}

/// Returns `true` if an expression is made of literals, constants and operators only, so that it is cheap to try.
fn is_simple(expr: &Expr) -> bool {
    let itself = matches!(
        expr.kind,
        ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Value(_)
            | ExprKind::Const(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::Cast(_)
            | ExprKind::Tuple(_)
            | ExprKind::Array(_)
            | ExprKind::Struct { .. }
    );
    let mut simple = itself;
    if itself {
        expr.children(&mut |child| simple = simple && is_simple(child));
    }
    simple
}
