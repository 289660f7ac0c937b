//! The values of constants: runs the typed tree of a constant's expression, and of the `const fn`s that it calls.
//! As in Rust, arithmetic that overflows here is an error, not a wrapped value.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Checker, ConstState, FnCx, MAX_CONST_DEPTH, const_int};
use crate::diag::Place;
use crate::methods::{Op, SliceOp};
use crate::tree::{BinOp, ConstId, Expr, ExprKind, IterBase, LocalId, LoopId, PatKind, Stmt, UnOp};
use crate::ty::{FloatTy, IntTy, Ty, TyKind};
use crate::value::ConstValue;

/// Expressions that one constant may evaluate, elements of arrays included.
const MAX_STEPS: usize = 20_000_000;

/// Calls inside one another.
const MAX_CALLS: usize = 200;

/// Why evaluation left an expression.
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

const UNIT: ConstValue = ConstValue::Aggregate(Vec::new());

#[derive(Default)]
struct Frame {
    locals: HashMap<LocalId, ConstValue>,
    steps: usize,
    calls: usize,
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
                self.error(
                    "E0391",
                    place,
                    format!("cycle detected when evaluating the constant `{name}`"),
                );
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
        let scope = scope.cloned().collect();
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
                self.error(
                    "E0080",
                    place,
                    format!("evaluation of constant value failed: {message}"),
                );
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

    /// The value of a constant expression that is borrowed. There is none if it fails, as it does then when the program
    /// runs.
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
        match &expr.kind {
            ExprKind::Int(value) => Ok(match self.types.as_int(expr.ty) {
                Some(int) => ConstValue::Int(int.wrap(*value as i128)),
                None => ConstValue::Int(*value as i128),
            }),
            ExprKind::Value(value) => Ok((**value).clone()),
            ExprKind::Float(digits) => float_value(digits, self.types.as_float(expr.ty))
                .ok_or_else(|| Exit::Error(place, "not a float".to_owned())),
            ExprKind::Bool(value) => Ok(ConstValue::Bool(*value)),
            ExprKind::Char(value) => Ok(ConstValue::Char(*value)),
            ExprKind::Str(value) => Ok(ConstValue::Str(value.as_str().into())),
            ExprKind::ByteStr(bytes) => {
                let items = bytes.iter().map(|&byte| ConstValue::Int(byte.into())).collect();
                Ok(ConstValue::Ref(Rc::new(ConstValue::Aggregate(items))))
            }
            ExprKind::Local(id) => match frame.locals.get(id) {
                Some(value) => Ok(value.clone()),
                None => fail(place, "a variable has no value yet"),
            },
            ExprKind::Const(id) | ExprKind::Static(id) => {
                self.const_value(*id).map(|value| (*value).clone()).ok_or(Exit::Reported)
            }
            ExprKind::Unary(op, inner) => self.eval_unary(*op, inner, expr.ty, frame),
            ExprKind::Binary(op, a, b) => {
                let x = self.eval(a, frame)?;
                let y = self.eval(b, frame)?;
                let ty = a.ty;
                self.eval_binary(*op, x, y, ty, place)
            }
            ExprKind::And(a, b) => match self.eval(a, frame)? {
                ConstValue::Bool(true) => self.eval(b, frame),
                _ => Ok(ConstValue::Bool(false)),
            },
            ExprKind::Or(a, b) => match self.eval(a, frame)? {
                ConstValue::Bool(false) => self.eval(b, frame),
                _ => Ok(ConstValue::Bool(true)),
            },
            ExprKind::Cast(inner) | ExprKind::Convert(inner) => {
                let value = self.eval(inner, frame)?;
                self.eval_cast(value, inner.ty, expr.ty, place)
            }
            ExprKind::Unsize(inner) | ExprKind::NeverTo(inner) => self.eval(inner, frame),
            ExprKind::Ref { mutable: false, place: inner } => {
                Ok(ConstValue::Ref(Rc::new(self.eval(inner, frame)?)))
            }
            ExprKind::Deref(inner) => match self.eval(inner, frame)? {
                ConstValue::Ref(value) => Ok((*value).clone()),
                other => Ok(other),
            },
            ExprKind::Tuple(items) | ExprKind::Array(items) => {
                let items: Result<Vec<_>, _> =
                    items.iter().map(|item| self.eval(item, frame)).collect();
                Ok(ConstValue::Aggregate(items?))
            }
            ExprKind::Repeat(item) => {
                let item = self.eval(item, frame)?;
                let len = self.types.array_len(expr.ty).unwrap_or(0);
                frame.steps =
                    frame.steps.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
                if frame.steps > MAX_STEPS {
                    return fail(place, "the array is too large for a constant");
                }
                Ok(ConstValue::Aggregate(vec![item; len as usize]))
            }
            ExprKind::Struct { fields, base } => {
                let mut values: Vec<Option<ConstValue>> = match base {
                    Some(base) => match self.eval(base, frame)? {
                        ConstValue::Aggregate(items) => items.into_iter().map(Some).collect(),
                        _ => return fail(place, "not a struct"),
                    },
                    None => vec![None; fields.len()],
                };
                for (index, value) in fields {
                    values[*index] = Some(self.eval(value, frame)?);
                }
                Ok(ConstValue::Aggregate(values.into_iter().flatten().collect()))
            }
            ExprKind::Field(..) | ExprKind::Index(..) => {
                let (base, index) = match &expr.kind {
                    ExprKind::Field(base, index) => (base, *index),
                    ExprKind::Index(base, index) => (base, self.eval_index(index, frame)?),
                    _ => return fail(place, "not a place"),
                };
                // A variable is read where it is, without copying all of it.
                if let ExprKind::Local(id) = &base.kind
                    && let Some(ConstValue::Aggregate(items)) = frame.locals.get(id)
                {
                    return items.get(index).cloned().ok_or_else(|| out_of_bounds(place));
                }
                if let ExprKind::Const(id) = &base.kind {
                    let value = self.const_value(*id).ok_or(Exit::Reported)?;
                    if let ConstValue::Aggregate(items) = &*value {
                        return items.get(index).cloned().ok_or_else(|| out_of_bounds(place));
                    }
                }
                match self.eval(base, frame)? {
                    ConstValue::Aggregate(items) => {
                        items.get(index).cloned().ok_or_else(|| out_of_bounds(place))
                    }
                    _ => fail(place, "this cannot be indexed in a constant"),
                }
            }
            ExprKind::Block(stmts, tail) => {
                for stmt in stmts {
                    match stmt {
                        Stmt::Expr(expr) => {
                            self.eval(expr, frame)?;
                        }
                        Stmt::Let { pat, init: Some(init), otherwise: None } => {
                            let value = self.eval(init, frame)?;
                            bind(pat, value, frame);
                        }
                        Stmt::Let { init: None, .. } => {}
                        Stmt::Let { .. } => {
                            return fail(place, "`let ... else` is not supported in constants");
                        }
                    }
                }
                tail.as_ref().map_or(Ok(UNIT), |tail| self.eval(tail, frame))
            }
            ExprKind::If { cond, then, otherwise } => match (self.eval(cond, frame)?, otherwise) {
                (ConstValue::Bool(true), _) => self.eval(then, frame),
                (_, Some(otherwise)) => self.eval(otherwise, frame),
                (_, None) => Ok(UNIT),
            },
            ExprKind::Match { value, arms } => {
                let value = self.eval(value, frame)?;
                for arm in arms {
                    if matches(&arm.pat.kind, &value) {
                        bind(&arm.pat, value.clone(), frame);
                        let taken = match &arm.guard {
                            Some(guard) => self.eval(guard, frame)? == ConstValue::Bool(true),
                            None => true,
                        };
                        if taken {
                            return self.eval(&arm.body, frame);
                        }
                    }
                }
                fail(place, "no arm matches")
            }
            ExprKind::Loop { id, body, repeats } => loop {
                match self.eval(body, frame) {
                    Err(Exit::Break(to, value)) if to == *id => return Ok(value),
                    Err(Exit::Continue(to)) if to == *id => {}
                    Ok(value) if !repeats => return Ok(value),
                    Ok(_) => {}
                    Err(exit) => return Err(exit),
                }
            },
            ExprKind::While { id, cond, body } => {
                while self.eval(cond, frame)? == ConstValue::Bool(true) {
                    match self.eval(body, frame) {
                        Err(Exit::Break(to, _)) if to == *id => break,
                        Err(Exit::Continue(to)) if to == *id => {}
                        Ok(_) => {}
                        Err(exit) => return Err(exit),
                    }
                }
                Ok(UNIT)
            }
            ExprKind::For { .. } | ExprKind::Fold { .. } => {
                if let ExprKind::For { iter, .. } = &expr.kind
                    && matches!(iter.base, IterBase::Range { .. })
                {
                    return fail(place, "`for` is not allowed in constants");
                }
                fail(place, "iterators are not allowed in constants")
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
                let new = self.eval_binary(*op, old, value, target.ty, place)?;
                *self.place_mut(target, frame)? = new;
                Ok(UNIT)
            }
            ExprKind::Discard(value) => self.eval(value, frame).map(|_| UNIT),
            ExprKind::Call(_, generics, _) if !generics.is_empty() => {
                fail(place, "calls of generic functions are not supported in constants")
            }
            ExprKind::Call(id, _, args) => {
                let args: Result<Vec<_>, _> =
                    args.iter().map(|arg| self.eval(arg, frame)).collect();
                let args = args?;
                self.check_function(*id);
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
            ExprKind::Method(op, args) => {
                let values: Result<Vec<_>, _> =
                    args.iter().map(|arg| self.eval(arg, frame)).collect();
                let ty = args.first().map_or(expr.ty, |arg| arg.ty);
                self.eval_method(*op, &values?, ty, place)
            }
            ExprKind::Panic(..) => fail(place, "it panics"),
            ExprKind::Ref { .. } | ExprKind::SliceRange { .. } | ExprKind::Print(_) => {
                fail(place, "this is not supported in constants")
            }
            ExprKind::Variant(index) => Ok(ConstValue::Int((*index).into())),
            ExprKind::FnItem => Ok(UNIT),
            ExprKind::Reify(inner) => match self.types.kind(inner.ty) {
                TyKind::FnItem(id, _) => Ok(ConstValue::Fn(*id)),
                _ => fail(place, "this is not supported in constants"),
            },
            ExprKind::CallValue(..) | ExprKind::Zero | ExprKind::ConstParam(_) => {
                fail(place, "this is not supported in constants")
            }
            ExprKind::Error => Err(Exit::Reported),
        }
    }

    fn eval_index(&mut self, index: &Expr, frame: &mut Frame) -> Result<usize, Exit> {
        match self.eval(index, frame)? {
            ConstValue::Int(index) => usize::try_from(index).map_err(|_| Exit::Reported),
            _ => Err(Exit::Reported),
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

    fn eval_unary(&mut self, op: UnOp, inner: &Expr, ty: Ty, frame: &mut Frame) -> Eval {
        // `-128` is the negation of a literal that does not fit by itself.
        if let (UnOp::Neg, ExprKind::Int(value), Some(_)) = (op, &inner.kind, self.types.as_int(ty))
        {
            return Ok(ConstValue::Int((*value as i128).wrapping_neg()));
        }
        let value = self.eval(inner, frame)?;
        match (op, value) {
            (UnOp::Neg, ConstValue::Int(value)) => {
                let int = self.types.as_int(ty).unwrap_or(IntTy::I64);
                int_value(const_int::negate(value, int), inner.place)
            }
            (UnOp::Neg, ConstValue::F32(value)) => Ok(ConstValue::F32(-value)),
            (UnOp::Neg, ConstValue::F64(value)) => Ok(ConstValue::F64(-value)),
            (UnOp::Not, ConstValue::Bool(value)) => Ok(ConstValue::Bool(!value)),
            (UnOp::Not, ConstValue::Int(value)) => {
                let int = self.types.as_int(ty).unwrap_or(IntTy::I64);
                Ok(ConstValue::Int(int.wrap(!value)))
            }
            _ => fail(inner.place, "this operator is not supported in constants"),
        }
    }

    pub(super) fn eval_binary_checked(
        &mut self,
        op: BinOp,
        a: ConstValue,
        b: ConstValue,
        ty: Ty,
    ) -> Result<ConstValue, String> {
        match self.eval_binary(op, a, b, ty, Place::default()) {
            Ok(value) => Ok(value),
            Err(Exit::Error(_, message)) => Err(message),
            Err(_) => Ok(UNIT),
        }
    }

    fn eval_binary(
        &mut self,
        op: BinOp,
        a: ConstValue,
        b: ConstValue,
        ty: Ty,
        place: Place,
    ) -> Eval {
        use ConstValue as V;
        if let Some(ordering) = match (&a, &b) {
            (V::Int(a), V::Int(b)) => Some(Some(const_int::compare(self.types.as_int(ty), *a, *b))),
            (V::F32(a), V::F32(b)) => Some(a.partial_cmp(b)),
            (V::F64(a), V::F64(b)) => Some(a.partial_cmp(b)),
            (V::Bool(a), V::Bool(b)) => Some(a.partial_cmp(b)),
            (V::Char(a), V::Char(b)) => Some(a.partial_cmp(b)),
            _ => None,
        } && op.is_comparison()
        {
            use std::cmp::Ordering::{Equal, Greater, Less};
            return Ok(V::Bool(match op {
                BinOp::Eq => ordering == Some(Equal),
                BinOp::Ne => ordering != Some(Equal),
                BinOp::Lt => ordering == Some(Less),
                BinOp::Le => matches!(ordering, Some(Less | Equal)),
                BinOp::Gt => ordering == Some(Greater),
                _ => matches!(ordering, Some(Greater | Equal)),
            }));
        }
        match (a, b) {
            (V::Int(a), V::Int(b)) => {
                let int = self.types.as_int(ty).unwrap_or(IntTy::I64);
                int_value(const_int::binary(op, a, b, int), place)
            }
            (V::F32(a), V::F32(b)) => float_op(op, a.into(), b.into())
                // Each of these is exact or correctly rounded in the wider format, and rounding twice is harmless.
                .map(|value| V::F32(value as f32))
                .ok_or(Exit::Reported),
            (V::F64(a), V::F64(b)) => float_op(op, a, b).map(V::F64).ok_or(Exit::Reported),
            (V::Bool(a), V::Bool(b)) => Ok(V::Bool(match op {
                BinOp::And => a & b,
                BinOp::Or => a | b,
                _ => a ^ b,
            })),
            _ => fail(place, "this operator is not supported in constants"),
        }
    }

    fn eval_cast(&mut self, value: ConstValue, from: Ty, to: Ty, place: Place) -> Eval {
        use ConstValue as V;
        let to = self.types.kind(to).clone();
        let number = match value {
            V::Int(value) => match *self.types.kind(from) {
                TyKind::Enum(id) => self.discriminant(id, value).ok_or(Exit::Reported)?,
                _ => value,
            },
            V::Bool(value) => value.into(),
            V::Char(value) => u32::from(value).into(),
            V::F32(value) => return cast_float(value.into(), &to, place),
            V::F64(value) => return cast_float(value, &to, place),
            _ => return fail(place, "this cast is not supported in constants"),
        };
        match to {
            TyKind::Int(int) => Ok(V::Int(int.wrap(number))),
            TyKind::Float(float) => {
                let unsigned = self.types.as_int(from) == Some(IntTy::U128);
                Ok(match (float, unsigned) {
                    (FloatTy::F32, false) => V::F32(number as f32),
                    (FloatTy::F32, true) => V::F32(number as u128 as f32),
                    (FloatTy::F64, false) => V::F64(number as f64),
                    (FloatTy::F64, true) => V::F64(number as u128 as f64),
                })
            }
            TyKind::Char => Ok(V::Char(char::from(number as u8))),
            TyKind::Bool => Ok(V::Bool(number != 0)),
            _ => fail(place, "this cast is not supported in constants"),
        }
    }

    fn eval_method(&mut self, op: Op, args: &[ConstValue], ty: Ty, place: Place) -> Eval {
        use ConstValue as V;
        let int = self.types.as_int(ty);
        match (op, args, int) {
            (Op::Slice(SliceOp::Len), [V::Ref(inner)], _) => match &**inner {
                V::Aggregate(items) => Ok(V::Int(items.len() as i128)),
                _ => fail(place, "this is not supported in constants"),
            },
            (Op::Slice(SliceOp::Len), [V::Str(text)], _) => Ok(V::Int(text.len() as i128)),
            (Op::Int(op), args, Some(int)) => {
                let numbers: Option<Vec<i128>> = args
                    .iter()
                    .map(|arg| match arg {
                        V::Int(value) => Some(*value),
                        _ => None,
                    })
                    .collect();
                match numbers {
                    Some(numbers) => int_value(const_int::method(op, &numbers, int), place),
                    None => fail(place, "this method is not supported in constants"),
                }
            }
            _ => fail(place, "this method is not supported in constants"),
        }
    }
}

fn out_of_bounds(place: Place) -> Exit {
    Exit::Error(place, "index out of bounds".to_owned())
}

fn int_value(outcome: Result<i128, &'static str>, place: Place) -> Eval {
    outcome.map(ConstValue::Int).or_else(|message| fail(place, message))
}

fn float_op(op: BinOp, a: f64, b: f64) -> Option<f64> {
    match op {
        BinOp::Add => Some(a + b),
        BinOp::Sub => Some(a - b),
        BinOp::Mul => Some(a * b),
        BinOp::Div => Some(a / b),
        BinOp::Rem => Some(a % b),
        _ => None,
    }
}

fn cast_float(value: f64, to: &TyKind, place: Place) -> Eval {
    match to {
        TyKind::Float(FloatTy::F32) => Ok(ConstValue::F32(value as f32)),
        TyKind::Float(FloatTy::F64) => Ok(ConstValue::F64(value)),
        TyKind::Int(IntTy::U128) => Ok(ConstValue::Int(value as u128 as i128)),
        // The cast to `i128` saturates, and so does the clamp.
        TyKind::Int(int) => Ok(ConstValue::Int((value as i128).clamp(int.min(), int.max()))),
        _ => fail(place, "this cast is not supported in constants"),
    }
}

/// The value of a float literal, rounded once to its type.
pub(crate) fn float_value(digits: &str, float: Option<FloatTy>) -> Option<ConstValue> {
    match float {
        Some(FloatTy::F32) => digits.parse().ok().map(ConstValue::F32),
        _ => digits.parse().ok().map(ConstValue::F64),
    }
}

fn bind(pat: &crate::tree::Pat, value: ConstValue, frame: &mut Frame) {
    match (&pat.kind, value) {
        (PatKind::BindRef(id), value) => {
            frame.locals.insert(*id, ConstValue::Ref(Rc::new(value)));
        }
        (PatKind::Deref(pat), ConstValue::Ref(value)) => bind(pat, (*value).clone(), frame),
        (PatKind::Bind(id, _), value) => {
            frame.locals.insert(*id, value);
        }
        (PatKind::Tuple(pats), ConstValue::Aggregate(items)) => {
            pats.iter().zip(items).for_each(|(pat, item)| bind(pat, item, frame));
        }
        (PatKind::Struct(pats), ConstValue::Aggregate(items)) => {
            for (index, pat) in pats {
                bind(pat, items[*index].clone(), frame);
            }
        }
        _ => {}
    }
}

fn matches(pat: &PatKind, value: &ConstValue) -> bool {
    match (pat, value) {
        (PatKind::Wild | PatKind::BindRef(_) | PatKind::Bind(_, None), _) => true,
        (PatKind::Bind(_, Some(sub)), value) => matches(&sub.kind, value),
        (PatKind::Range(lo, hi), value) => {
            let number = match value {
                ConstValue::Int(value) => *value,
                ConstValue::Bool(value) => (*value).into(),
                ConstValue::Char(value) => u32::from(*value).into(),
                _ => return false,
            };
            (*lo..=*hi).contains(&number)
        }
        (PatKind::Or(cases), value) => cases.iter().any(|case| matches(&case.kind, value)),
        (PatKind::Tuple(pats), ConstValue::Aggregate(items)) => {
            pats.iter().zip(items).all(|(pat, item)| matches(&pat.kind, item))
        }
        (PatKind::Struct(pats), ConstValue::Aggregate(items)) => {
            pats.iter().all(|(index, pat)| matches(&pat.kind, &items[*index]))
        }
        (PatKind::Deref(pat), ConstValue::Ref(value)) => matches(&pat.kind, value),
        _ => false,
    }
}

/// Whether an expression is made of literals, constants and operators only, so that it is cheap to try.
fn is_simple(expr: &Expr) -> bool {
    let itself = matches!(
        expr.kind,
        ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Value(_)
            | ExprKind::Bool(_)
            | ExprKind::Char(_)
            | ExprKind::Variant(_)
            | ExprKind::Const(_)
            | ExprKind::Unary(..)
            | ExprKind::Binary(..)
            | ExprKind::Cast(_)
            | ExprKind::Tuple(_)
            | ExprKind::Array(_)
            | ExprKind::Struct { .. }
            | ExprKind::Str(_)
    );
    let mut simple = itself;
    if itself {
        expr.children(&mut |child| simple = simple && is_simple(child));
    }
    simple
}
