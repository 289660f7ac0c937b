//! The operations that are enumerated: every one of the IR that computes on integers and floats, with one result.

use ir::{
    BinaryOp, CarryOp, FloatCC, FunctionBuilder, IntCC, OverflowOp, Type, TypeRule, UnaryOp, Value,
    WideOp,
};

/// An operation with one result, on operands of one type (of a `select`: its last two).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// On one value, with a result of this type.
    Unary(UnaryOp, Type),
    /// On two values.
    Binary(BinaryOp),
    /// An integer comparison.
    Compare(IntCC),
    /// A float comparison.
    FloatCompare(FloatCC),
    /// The value, or else the flag, of arithmetic that tells an overflow.
    Overflow(OverflowOp, Result),
    /// The same of arithmetic with a carry in, which is the third operand.
    Carry(CarryOp, Result),
    /// The low or the high half of a whole product.
    Wide(WideOp, Result),
    /// `select` with the operands `condition, a, b`.
    Select,
    /// Fused multiply-add.
    Fma,
}

/// Which of two results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Result {
    /// The first.
    First,
    /// The second.
    Second,
}

const RESULTS: [Result; 2] = [Result::First, Result::Second];
pub(super) const INTS: [Type; 4] = [Type::I8, Type::I16, Type::I32, Type::I64];
pub(super) const FLOATS: [Type; 2] = [Type::F32, Type::F64];

impl Form {
    /// Every form that takes operands of type `ty`, which has at most 64 bits.
    #[must_use]
    pub fn all(ty: Type) -> Vec<Form> {
        let mut forms = Vec::new();
        for &op in UnaryOp::ALL {
            let same_bits = |to: &Type| to.bits() == ty.bits();
            let to: Vec<Type> = match op.info().rule {
                TypeRule::Int | TypeRule::AnyInt if ty.is_int() => vec![ty],
                TypeRule::Float if ty.is_float() => vec![ty],
                TypeRule::Widen if ty.is_int() => {
                    INTS.into_iter().filter(|to| to.bits() > ty.bits()).collect()
                }
                TypeRule::Narrow if ty.is_int() => {
                    INTS.into_iter().filter(|to| to.bits() < ty.bits()).collect()
                }
                TypeRule::Promote if ty == Type::F32 => vec![Type::F64],
                TypeRule::Demote if ty == Type::F64 => vec![Type::F32],
                TypeRule::IntToFloat if ty.is_int() => FLOATS.to_vec(),
                TypeRule::FloatToInt if ty.is_float() => INTS.to_vec(),
                TypeRule::Bitcast if ty.is_int() => FLOATS.into_iter().filter(same_bits).collect(),
                TypeRule::Bitcast => INTS.into_iter().filter(same_bits).collect(),
                _ => Vec::new(),
            };
            forms.extend(to.into_iter().map(|to| Form::Unary(op, to)));
        }
        let float = |op: &BinaryOp| op.info().rule == TypeRule::Float;
        let suits = |op: &&BinaryOp| float(op) == ty.is_float();
        forms.extend(BinaryOp::ALL.iter().filter(suits).map(|&op| Form::Binary(op)));
        if ty.is_float() {
            forms.extend(FloatCC::ALL.iter().map(|&cc| Form::FloatCompare(cc)));
            forms.push(Form::Fma);
        } else {
            forms.extend(IntCC::ALL.iter().map(|&cc| Form::Compare(cc)));
            for result in RESULTS {
                forms.extend(OverflowOp::ALL.iter().map(|&op| Form::Overflow(op, result)));
                forms.extend(CarryOp::ALL.iter().map(|&op| Form::Carry(op, result)));
            }
        }
        if ty == Type::I64 {
            for result in RESULTS {
                let product = |op: &&WideOp| **op != WideOp::Iconcat;
                forms.extend(WideOp::ALL.iter().filter(product).map(|&op| Form::Wide(op, result)));
            }
        }
        forms.push(Form::Select);
        forms
    }

    /// How many operands it takes.
    #[must_use]
    pub fn arity(self) -> usize {
        match self {
            Form::Unary(..) => 1,
            Form::Carry(..) | Form::Select | Form::Fma => 3,
            _ => 2,
        }
    }

    pub(super) fn commutes(self) -> bool {
        match self {
            Form::Binary(op) => op.info().commutative,
            Form::Overflow(op, _) => op.info().commutative,
            Form::Wide(op, _) => op.info().commutative,
            Form::Compare(cc) => cc == cc.swapped(),
            Form::FloatCompare(cc) => cc == cc.swapped(),
            _ => false,
        }
    }

    /// Adds it to a function.
    pub(super) fn build(self, b: &FunctionBuilder, args: &[Value]) -> Value {
        let of = |pair: (Value, Value), which| match which {
            Result::First => pair.0,
            Result::Second => pair.1,
        };
        match (self, args) {
            (Form::Unary(op, to), &[a]) => b.unary(op, to, a),
            (Form::Binary(op), &[x, y]) => b.binary(op, x, y),
            (Form::Compare(cc), &[x, y]) => b.icmp(cc, x, y),
            (Form::FloatCompare(cc), &[x, y]) => b.fcmp(cc, x, y),
            (Form::Overflow(op, which), &[x, y]) => of(b.overflow(op, x, y), which),
            (Form::Carry(op, which), &[x, y, carry]) => of(b.carry(op, x, y, carry), which),
            (Form::Wide(op, which), &[x, y]) => of(b.isplit(b.wide(op, x, y)), which),
            (Form::Select, &[cond, x, y]) => b.select(cond, x, y),
            (Form::Fma, &[x, y, z]) => b.fma(x, y, z),
            _ => panic!("{self:?} of {} operands", args.len()),
        }
    }
}

/// The type of a form's result on operands of type `ty`.
pub(super) fn result_type(form: Form, ty: Type) -> Type {
    match form {
        Form::Unary(_, to) => to,
        Form::Compare(_)
        | Form::FloatCompare(_)
        | Form::Overflow(_, Result::Second)
        | Form::Carry(_, Result::Second) => Type::I8,
        _ => ty,
    }
}
