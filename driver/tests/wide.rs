//! `i128` from outside: typed calls on every engine against Rust's own arithmetic.

use driver::{Engine, EngineKind, Func, Hosts, Options};
use ir::{BinaryOp, FunctionBuilder, IntCC, Module, Type, UnaryOp};
use opt::Level;

/// The engines that run here, each at both levels.
fn engines(module: &Module) -> Vec<Engine> {
    let mut kinds = vec![EngineKind::Interpreter, EngineKind::machine_code()];
    kinds.dedup();
    let levels = [Level::None, Level::Speed];
    let all = kinds.into_iter().flat_map(|kind| levels.map(|level| (kind, level)));
    all.map(|(kind, level)| {
        let options = Options::default().engine(kind).level(level);
        Engine::new(module.clone(), &Hosts::new(), &options).unwrap()
    })
    .collect()
}

/// Corners of both halves, and in between.
fn values() -> Vec<i128> {
    let halves =
        [0, 1, 2, 63, 64, 65, 127, 128, i64::MAX as u64, 1 << 63, u64::MAX, 0x0123_4567_89ab_cdef];
    let pair = |low: u64, high: u64| (u128::from(low) | u128::from(high) << 64) as i128;
    halves.iter().flat_map(|&low| halves.map(|high| pair(low, high))).collect()
}

type Binary = fn(i128, i128) -> i128;

const BINARY: [(BinaryOp, Binary); 9] = [
    (BinaryOp::Add, i128::wrapping_add),
    (BinaryOp::Sub, i128::wrapping_sub),
    (BinaryOp::Mul, i128::wrapping_mul),
    (BinaryOp::And, |a, b| a & b),
    (BinaryOp::Or, |a, b| a | b),
    (BinaryOp::Xor, |a, b| a ^ b),
    (BinaryOp::Shl, |a, b| a.wrapping_shl(b as u32)),
    (BinaryOp::Lshr, |a, b| (a as u128).wrapping_shr(b as u32) as i128),
    (BinaryOp::Ashr, |a, b| a.wrapping_shr(b as u32)),
];

#[test]
fn arithmetic_is_that_of_rust() {
    let mut module = Module::new();
    for (op, _) in BINARY {
        let b = FunctionBuilder::new(op.info().name);
        let (x, y) = (b.param(Type::I128), b.param(Type::I128));
        b.ret(b.binary(op, x, y));
        module.add_function(b.finish().unwrap()).unwrap();
    }
    for engine in engines(&module) {
        for (op, expected) in BINARY {
            let f: Func<(i128, i128), i128> = engine.func(op.info().name).unwrap();
            for &a in &values() {
                for &b in values().iter().step_by(5) {
                    let result = f.call((a, b)).unwrap();
                    assert_eq!(result, expected(a, b), "{} {op:?} {a:#x} {b:#x}", engine.kind());
                }
            }
        }
    }
}

#[test]
fn comparisons_and_conversions_are_those_of_rust() {
    let mut module = Module::new();
    for &cc in IntCC::ALL {
        let b = FunctionBuilder::new(cc.name());
        let (x, y) = (b.param(Type::I128), b.param(Type::I128));
        b.ret(b.icmp(cc, x, y));
        module.add_function(b.finish().unwrap()).unwrap();
    }
    let b = FunctionBuilder::new("convert");
    let x = b.param(Type::I128);
    let narrow = b.trunc(Type::I16, x);
    let signed = b.sext(Type::I128, narrow);
    let unsigned = b.zext(Type::I128, narrow);
    b.ret([signed, unsigned, b.unary(UnaryOp::Neg, Type::I128, x), b.not(x)]);
    module.add_function(b.finish().unwrap()).unwrap();
    for engine in engines(&module) {
        for &cc in IntCC::ALL {
            let f: Func<(i128, i128), bool> = engine.func(cc.name()).unwrap();
            for &a in &values() {
                for b in values().into_iter().step_by(7).chain([a]) {
                    let (ua, ub) = (a as u128, b as u128);
                    let expected = match cc {
                        IntCC::Eq => a == b,
                        IntCC::Ne => a != b,
                        IntCC::Slt => a < b,
                        IntCC::Sle => a <= b,
                        IntCC::Sgt => a > b,
                        IntCC::Sge => a >= b,
                        IntCC::Ult => ua < ub,
                        IntCC::Ule => ua <= ub,
                        IntCC::Ugt => ua > ub,
                        IntCC::Uge => ua >= ub,
                    };
                    let result = f.call((a, b)).unwrap();
                    assert_eq!(result, expected, "{} {cc} {a:#x} {b:#x}", engine.kind());
                }
            }
        }
        type Four = (i128, i128, i128, i128);
        let f: Func<i128, Four> = engine.func("convert").unwrap();
        for a in values() {
            let narrow = a as i16;
            let expected = (narrow.into(), i128::from(narrow as u16), a.wrapping_neg(), !a);
            assert_eq!(f.call(a).unwrap(), expected, "{} {a:#x}", engine.kind());
        }
    }
}
