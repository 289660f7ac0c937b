//! Two float operations in one: `(a op b) op c`, each rounded by itself.

use ir::{BinaryOp, Type, eval};

use super::{handler, next, rarely, value};
use crate::op::Handler;

/// The place of the first operation's result among the operands of the second.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChainEnd {
    /// `(a op b) op c`.
    Left,
    /// `c op (a op b)`.
    Right,
}

/// `d = (a op b) op c` or `d = c op (a op b)`; `None` for other operations than sum, difference and product.
pub(crate) fn chain(ops: [BinaryOp; 2], end: ChainEnd, ty: Type) -> Option<Handler> {
    macro_rules! one {
        ($first:ident $x:tt, $second:ident $y:tt, $end:ident, $ty:ident, $float:ident, $bits:ident) => {
            handler!(|op, rest, r, machine, cells| {
                let words = [op.a, op.b, op.c].map(|register| r[usize::from(register)]);
                let [a, b, c] = words.map(|word| $float::from_bits(word as $bits));
                let result = match ChainEnd::$end {
                    ChainEnd::Left => (a $x b) $y c,
                    ChainEnd::Right => c $y (a $x b),
                };
                // A NaN on the way makes the result one, so the common case needs one test.
                if result.is_nan() {
                    let by_the_rules = value!(|op, r, machine| {
                        let [a, b, c] = [op.a, op.b, op.c].map(|register| r[usize::from(register)]);
                        eval::binary(BinaryOp::$first, Type::$ty, a, b).and_then(|first| {
                            let (x, y) = match ChainEnd::$end {
                                ChainEnd::Left => (first, c),
                                ChainEnd::Right => (c, first),
                            };
                            eval::binary(BinaryOp::$second, Type::$ty, x, y)
                        })
                    });
                    return rarely(by_the_rules)(cells, r, machine);
                }
                r[usize::from(op.d)] = result.to_bits().into();
                next!(op, rest, r, machine)
            })
        };
    }
    macro_rules! table {
        ($($first:ident $x:tt, $second:ident $y:tt, $end:ident;)*) => {
            match (ops, end, ty) {
                $(
                    ([BinaryOp::$first, BinaryOp::$second], ChainEnd::$end, Type::F32) => {
                        Some(one!($first $x, $second $y, $end, F32, f32, u32))
                    }
                    ([BinaryOp::$first, BinaryOp::$second], ChainEnd::$end, Type::F64) => {
                        Some(one!($first $x, $second $y, $end, F64, f64, u64))
                    }
                )*
                _ => None,
            }
        };
    }
    table! {
        Fadd +, Fadd +, Left;  Fadd +, Fadd +, Right;
        Fadd +, Fsub -, Left;  Fadd +, Fsub -, Right;
        Fadd +, Fmul *, Left;  Fadd +, Fmul *, Right;
        Fsub -, Fadd +, Left;  Fsub -, Fadd +, Right;
        Fsub -, Fsub -, Left;  Fsub -, Fsub -, Right;
        Fsub -, Fmul *, Left;  Fsub -, Fmul *, Right;
        Fmul *, Fadd +, Left;  Fmul *, Fadd +, Right;
        Fmul *, Fsub -, Left;  Fmul *, Fsub -, Right;
        Fmul *, Fmul *, Left;  Fmul *, Fmul *, Right;
    }
}
