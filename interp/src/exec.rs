//! The loop over the operations of one frame.

use ir::{TrapKind, Type, eval};

use crate::memory;
use crate::op::Op;
use crate::program::{FuncCode, Program, SwitchTargets};
use crate::run::{Frame, Interpreter, WINDOW, Window};

/// Why the loop stopped.
pub(crate) enum Exit {
    Call(u32),
    CallHost(u32),
    Return(Option<u32>),
    Return1(u64),
}

fn f64_of(bits: u64) -> f64 {
    f64::from_bits(bits)
}

fn f32_of(bits: u64) -> f32 {
    f32::from_bits(bits as u32)
}

impl Interpreter {
    /// Runs from `pc` to the next call or return. At every way out `pc` is after the operation that ran last.
    pub(crate) fn operations(
        &mut self,
        program: &Program,
        code: &FuncCode,
        at: &Frame,
        pc_out: &mut usize,
    ) -> Result<Exit, TrapKind> {
        let Some(window) = self.registers.get_mut(at.base..at.base + WINDOW) else {
            return Err(TrapKind::StackOverflow);
        };
        let Ok(r) = <&mut Window>::try_from(window) else { return Err(TrapKind::StackOverflow) };
        let wide = &mut self.wide[at.wide_base..];
        let ops = code.ops.as_slice();
        let mut pc = *pc_out;
        macro_rules! get {
            ($reg:expr) => {
                r[usize::from($reg)]
            };
        }
        macro_rules! set {
            ($reg:expr, $value:expr) => {
                r[usize::from($reg)] = $value
            };
        }
        // A plain `?` would leave `pc` behind.
        macro_rules! check {
            ($result:expr) => {
                match $result {
                    Ok(value) => value,
                    Err(kind) => {
                        *pc_out = pc;
                        return Err(TrapKind::from(kind));
                    }
                }
            };
        }
        // As the host has it, unless it is a NaN, whose bits `eval` knows.
        macro_rules! float {
            ($op:ident, $ty:ident, $fast:expr, $d:expr, $a:expr, $b:expr) => {{
                let result = $fast;
                let bits = if result.is_nan() {
                    check!(eval::binary(ir::BinaryOp::$op, Type::$ty, get!($a), get!($b)))
                } else {
                    result.to_bits().into()
                };
                set!($d, bits);
            }};
        }
        macro_rules! branch {
            ($taken:expr, $off:expr) => {
                if $taken {
                    pc = pc.wrapping_add_signed(isize::from($off));
                }
            };
        }
        macro_rules! address {
            ($a:expr, $offset:expr) => {
                get!($a).wrapping_add_signed(i64::from($offset))
            };
        }
        loop {
            let Some(&op) = ops.get(pc) else {
                *pc_out = pc;
                return Err(TrapKind::Unreachable);
            };
            pc += 1;
            match op {
                Op::Move { d, a } => set!(d, get!(a)),
                Op::Const { d, imm } => set!(d, i64::from(imm) as u64),
                Op::Pool { d, index } => set!(d, code.pool[index as usize]),

                Op::Unary { d, a, kind } => {
                    let (op, from, to) = program.kinds.unary[usize::from(kind)];
                    set!(d, check!(eval::unary(op, from, to, get!(a))));
                }
                Op::Binary { kind, d, a, b } => {
                    let (op, ty) = program.kinds.binary[usize::from(kind)];
                    set!(d, check!(eval::binary(op, ty, get!(a), get!(b))));
                }
                Op::IntCompare { kind, d, a, b } => {
                    let (cc, ty) = program.kinds.int_compare[usize::from(kind)];
                    set!(d, u64::from(eval::icmp(cc, ty, get!(a), get!(b))));
                }
                Op::FloatCompare { kind, d, a, b } => {
                    let (cc, ty) = program.kinds.float_compare[usize::from(kind)];
                    set!(d, u64::from(eval::fcmp(cc, ty, get!(a), get!(b))));
                }
                Op::Select { d, c, a } => {
                    let Some(&Op::Operand { a: b }) = ops.get(pc) else { continue };
                    pc += 1;
                    set!(d, if get!(c) != 0 { get!(a) } else { get!(b) });
                }
                Op::Fma { double, d, a, b } => {
                    let Some(&Op::Operand { a: c }) = ops.get(pc) else { continue };
                    pc += 1;
                    let ty = if double { Type::F64 } else { Type::F32 };
                    set!(d, eval::ternary(ir::TernaryOp::Fma, ty, get!(a), get!(b), get!(c)));
                }
                // Read by the operation before it.
                Op::Operand { .. } => {}

                Op::Add64 { d, a, b } => set!(d, get!(a).wrapping_add(get!(b))),
                Op::Sub64 { d, a, b } => set!(d, get!(a).wrapping_sub(get!(b))),
                Op::Mul64 { d, a, b } => set!(d, get!(a).wrapping_mul(get!(b))),
                Op::And { d, a, b } => set!(d, get!(a) & get!(b)),
                Op::Or { d, a, b } => set!(d, get!(a) | get!(b)),
                Op::Xor { d, a, b } => set!(d, get!(a) ^ get!(b)),
                Op::Shl64 { d, a, b } => set!(d, get!(a).wrapping_shl(get!(b) as u32)),
                Op::Lshr64 { d, a, b } => set!(d, get!(a).wrapping_shr(get!(b) as u32)),
                Op::Ashr64 { d, a, b } => {
                    set!(d, (get!(a) as i64).wrapping_shr(get!(b) as u32) as u64);
                }
                Op::Add64I { d, a, imm } => set!(d, get!(a).wrapping_add_signed(imm.into())),
                Op::Mul64I { d, a, imm } => {
                    set!(d, get!(a).wrapping_mul(i64::from(imm) as u64));
                }
                Op::AndI { d, a, imm } => set!(d, get!(a) & u64::from(imm)),
                Op::Shl64I { d, a, imm } => set!(d, get!(a).wrapping_shl(imm.into())),
                Op::Lshr64I { d, a, imm } => set!(d, get!(a).wrapping_shr(imm.into())),
                Op::Ashr64I { d, a, imm } => {
                    set!(d, (get!(a) as i64).wrapping_shr(imm.into()) as u64);
                }
                Op::Add32 { d, a, b } => {
                    set!(d, (get!(a) as u32).wrapping_add(get!(b) as u32).into());
                }
                Op::Sub32 { d, a, b } => {
                    set!(d, (get!(a) as u32).wrapping_sub(get!(b) as u32).into());
                }
                Op::Mul32 { d, a, b } => {
                    set!(d, (get!(a) as u32).wrapping_mul(get!(b) as u32).into());
                }
                Op::Add32I { d, a, imm } => {
                    set!(d, (get!(a) as u32).wrapping_add_signed(imm.into()).into());
                }
                Op::Shl32I { d, a, imm } => {
                    set!(d, (get!(a) as u32).wrapping_shl(imm.into()).into());
                }
                Op::Lshr32I { d, a, imm } => {
                    set!(d, (get!(a) as u32).wrapping_shr(imm.into()).into());
                }
                Op::Ashr32I { d, a, imm } => {
                    set!(d, ((get!(a) as i32).wrapping_shr(imm.into()) as u32).into());
                }
                Op::Rotl32I { d, a, imm } => {
                    set!(d, (get!(a) as u32).rotate_left(imm.into()).into());
                }
                Op::Rotl64I { d, a, imm } => set!(d, get!(a).rotate_left(imm.into())),
                Op::Sext32 { d, a } => set!(d, i64::from(get!(a) as i32) as u64),
                Op::Trunc8 { d, a } => set!(d, (get!(a) as u8).into()),
                Op::Trunc16 { d, a } => set!(d, (get!(a) as u16).into()),
                Op::Trunc32 { d, a } => set!(d, (get!(a) as u32).into()),
                Op::Fadd64 { d, a, b } => {
                    float!(Fadd, F64, f64_of(get!(a)) + f64_of(get!(b)), d, a, b);
                }
                Op::Fsub64 { d, a, b } => {
                    float!(Fsub, F64, f64_of(get!(a)) - f64_of(get!(b)), d, a, b);
                }
                Op::Fmul64 { d, a, b } => {
                    float!(Fmul, F64, f64_of(get!(a)) * f64_of(get!(b)), d, a, b);
                }
                Op::Fdiv64 { d, a, b } => {
                    float!(Fdiv, F64, f64_of(get!(a)) / f64_of(get!(b)), d, a, b);
                }
                Op::Fadd32 { d, a, b } => {
                    float!(Fadd, F32, f32_of(get!(a)) + f32_of(get!(b)), d, a, b);
                }
                Op::Fsub32 { d, a, b } => {
                    float!(Fsub, F32, f32_of(get!(a)) - f32_of(get!(b)), d, a, b);
                }
                Op::Fmul32 { d, a, b } => {
                    float!(Fmul, F32, f32_of(get!(a)) * f32_of(get!(b)), d, a, b);
                }
                Op::Eq { d, a, b } => set!(d, (get!(a) == get!(b)).into()),
                Op::Ne { d, a, b } => set!(d, (get!(a) != get!(b)).into()),
                Op::Ult { d, a, b } => set!(d, (get!(a) < get!(b)).into()),
                Op::Slt32 { d, a, b } => set!(d, ((get!(a) as i32) < get!(b) as i32).into()),
                Op::Slt64 { d, a, b } => set!(d, ((get!(a) as i64) < get!(b) as i64).into()),

                Op::LoadU8 { d, a, offset } => {
                    set!(d, check!(memory::read8(address!(a, offset))).into());
                }
                Op::LoadU16 { d, a, offset } => {
                    set!(d, check!(memory::read16(address!(a, offset))).into());
                }
                Op::LoadU32 { d, a, offset } => {
                    set!(d, check!(memory::read32(address!(a, offset))).into());
                }
                Op::Load64 { d, a, offset } => {
                    set!(d, check!(memory::read64(address!(a, offset))));
                }
                Op::LoadS8 { d, a, offset } => {
                    let value = check!(memory::read8(address!(a, offset))) as i8;
                    set!(d, i64::from(value) as u64);
                }
                Op::LoadS16 { d, a, offset } => {
                    let value = check!(memory::read16(address!(a, offset))) as i16;
                    set!(d, i64::from(value) as u64);
                }
                Op::LoadS32 { d, a, offset } => {
                    let value = check!(memory::read32(address!(a, offset))) as i32;
                    set!(d, i64::from(value) as u64);
                }
                Op::Store8 { v, a, offset } => {
                    check!(memory::write8(address!(a, offset), get!(v) as u8));
                }
                Op::Store16 { v, a, offset } => {
                    check!(memory::write16(address!(a, offset), get!(v) as u16));
                }
                Op::Store32 { v, a, offset } => {
                    check!(memory::write32(address!(a, offset), get!(v) as u32));
                }
                Op::Store64 { v, a, offset } => {
                    check!(memory::write64(address!(a, offset), get!(v)));
                }
                Op::Check { width, a, offset } => {
                    let address = address!(a, offset);
                    let end = address.checked_add(width.into());
                    let touchable = end.is_some_and(|end| {
                        self.touchable
                            .iter()
                            .any(|range| range.start <= address && end <= range.end)
                    });
                    if !touchable {
                        // The place of the trap is that of the access, which follows and has the same one.
                        check!(Err(TrapKind::MemoryFault));
                    }
                }
                Op::StackAddr { d, offset } => set!(d, at.slots + u64::from(offset)),

                Op::Call { site } => {
                    *pc_out = pc;
                    return Ok(Exit::Call(site));
                }
                Op::CallHost { site } => {
                    *pc_out = pc;
                    return Ok(Exit::CallHost(site));
                }
                Op::Return0 => {
                    *pc_out = pc;
                    return Ok(Exit::Return(None));
                }
                Op::Return1 { a } => {
                    *pc_out = pc;
                    return Ok(Exit::Return1(get!(a)));
                }
                Op::Return { list } => {
                    *pc_out = pc;
                    return Ok(Exit::Return(Some(list)));
                }

                Op::Jump { target } => pc = target as usize,
                Op::BranchNz { a, target } => {
                    if get!(a) != 0 {
                        pc = target as usize;
                    }
                }
                Op::BranchZ { a, target } => {
                    if get!(a) == 0 {
                        pc = target as usize;
                    }
                }
                Op::BranchEq { a, b, off } => branch!(get!(a) == get!(b), off),
                Op::BranchNe { a, b, off } => branch!(get!(a) != get!(b), off),
                Op::BranchUlt { a, b, off } => branch!(get!(a) < get!(b), off),
                Op::BranchUle { a, b, off } => branch!(get!(a) <= get!(b), off),
                Op::BranchSlt32 { a, b, off } => branch!((get!(a) as i32) < get!(b) as i32, off),
                Op::BranchSle32 { a, b, off } => branch!(get!(a) as i32 <= get!(b) as i32, off),
                Op::BranchSlt64 { a, b, off } => branch!((get!(a) as i64) < get!(b) as i64, off),
                Op::BranchSle64 { a, b, off } => branch!(get!(a) as i64 <= get!(b) as i64, off),
                Op::BranchEqI { a, imm, off } => branch!(get!(a) == i64::from(imm) as u64, off),
                Op::BranchNeI { a, imm, off } => branch!(get!(a) != i64::from(imm) as u64, off),
                Op::BranchUltI { a, imm, off } => branch!(get!(a) < i64::from(imm) as u64, off),
                Op::BranchUgeI { a, imm, off } => branch!(get!(a) >= i64::from(imm) as u64, off),
                Op::BranchSlt32I { a, imm, off } => {
                    branch!((get!(a) as i32) < i32::from(imm), off);
                }
                Op::BranchSge32I { a, imm, off } => branch!(get!(a) as i32 >= i32::from(imm), off),
                Op::BranchSlt64I { a, imm, off } => {
                    branch!((get!(a) as i64) < i64::from(imm), off);
                }
                Op::BranchSge64I { a, imm, off } => branch!(get!(a) as i64 >= i64::from(imm), off),
                Op::BranchFeq64 { a, b, off } => branch!(f64_of(get!(a)) == f64_of(get!(b)), off),
                Op::BranchFne64 { a, b, off } => branch!(f64_of(get!(a)) != f64_of(get!(b)), off),
                Op::BranchFlt64 { a, b, off } => branch!(f64_of(get!(a)) < f64_of(get!(b)), off),
                Op::BranchFle64 { a, b, off } => branch!(f64_of(get!(a)) <= f64_of(get!(b)), off),
                Op::BranchFnlt64 { a, b, off } => {
                    let less = f64_of(get!(a)) < f64_of(get!(b));
                    branch!(!less, off);
                }
                Op::BranchFnle64 { a, b, off } => {
                    let less_or_equal = f64_of(get!(a)) <= f64_of(get!(b));
                    branch!(!less_or_equal, off);
                }
                Op::Switch { a, table } => {
                    let value = get!(a);
                    let target = match &code.tables[table as usize] {
                        SwitchTargets::Dense { first, mask, targets, default } => {
                            let index = value.wrapping_sub(*first) & mask;
                            let index = usize::try_from(index).unwrap_or(usize::MAX);
                            targets.get(index).copied().unwrap_or(*default)
                        }
                        SwitchTargets::Sparse { values, targets, default } => values
                            .binary_search(&value)
                            .ok()
                            .and_then(|index| targets.get(index).copied())
                            .unwrap_or(*default),
                    };
                    pc = target as usize;
                }
                Op::Trap { kind } => check!(Err(kind)),
                Op::TrapIf { kind, a } => {
                    if get!(a) != 0 {
                        check!(Err(kind));
                    }
                }
                Op::Enter { counter } => {
                    let counter = counter as usize;
                    self.block_counts[counter] += 1;
                    let weight = program.counters.blocks[counter].2;
                    match self.fuel.checked_sub(weight) {
                        Some(left) => self.fuel = left,
                        None => check!(Err(TrapKind::OutOfFuel)),
                    }
                }
                Op::Edge { counter } => self.edge_counts[counter as usize] += 1,

                Op::WideGet { d, index } => set!(d, wide[index as usize]),
                Op::WideSet { a, index } => wide[index as usize] = get!(a),
            }
        }
    }
}
