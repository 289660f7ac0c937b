//! Conversions between types.

use arm64_enc::{Cond, FpConvert, FpMove, FpSize, FpToInt, IntToFp, Size};
use ir::{Extend, Inst, TrapKind, Type, UnaryOp, Value};
use regalloc::{Operand, RegClass, VReg};

use super::{Lower, Result, float_size, int_size};
use crate::error::Reason;
use crate::minst::{Op, Test};

impl Lower<'_> {
    pub(super) fn convert(&mut self, inst: Inst, op: UnaryOp, arg: Value) -> Result {
        let (out, to) = self.out(inst)?;
        let from = self.func.value_type(arg);
        match op {
            UnaryOp::Sext => {
                if self.extend_load(inst, arg) {
                    return Ok(());
                }
                // Extending a truncated value is extending it from the narrow type.
                let arg = self.reg(arg);
                let op = Self::extension(from, Extend::Sign, int_size(to))?;
                self.emit_def(op, out, &[arg]);
            }
            UnaryOp::Zext | UnaryOp::Trunc => {
                // What changes no bit is looked through by users, so a zero extension here is needed.
                let arg = self.reg(arg);
                let op = match op {
                    UnaryOp::Zext => Self::extension(from, Extend::Zero, int_size(to))?,
                    _ => Op::Copy,
                };
                self.emit_def(op, out, &[arg]);
            }
            UnaryOp::Fpromote | UnaryOp::Fdemote => {
                let arg = self.reg(arg);
                let op = if op == UnaryOp::Fpromote { FpConvert::SToD } else { FpConvert::DToS };
                self.emit_def(Op::FpConvert { op }, out, &[arg]);
            }
            UnaryOp::SintToFloat | UnaryOp::UintToFloat => {
                let (extend, op) = match op {
                    UnaryOp::SintToFloat => (Extend::Sign, IntToFp::Scvtf),
                    _ => (Extend::Zero, IntToFp::Ucvtf),
                };
                let size = int_size(from);
                let arg = self.extended(arg, extend, size)?;
                self.emit_def(Op::IntToFp { op, size, to: float_size(to)? }, out, &[arg]);
            }
            UnaryOp::FloatToSintSat | UnaryOp::FloatToUintSat => {
                self.saturate(out, to, op == UnaryOp::FloatToSintSat, arg)?;
            }
            UnaryOp::FloatToSint | UnaryOp::FloatToUint => {
                let signed = op == UnaryOp::FloatToSint;
                let size = float_size(from)?;
                let value = self.reg(arg);
                self.check_range(value, size, to, signed)?;
                let op = if signed { FpToInt::Fcvtzs } else { FpToInt::Fcvtzu };
                self.emit_def(Op::FpToInt { op, size: int_size(to), from: size }, out, &[value]);
            }
            UnaryOp::Bitcast => {
                let arg = self.reg(arg);
                let op = match (from, to) {
                    (Type::F32, Type::I32) => Op::MoveToGp { op: FpMove::WS },
                    (Type::F64, Type::I64) => Op::MoveToGp { op: FpMove::XD },
                    (Type::I32, Type::F32) => Op::MoveFromGp { op: FpMove::WS },
                    (Type::I64, Type::F64) => Op::MoveFromGp { op: FpMove::XD },
                    _ => return Err(Reason::Malformed("a bitcast between types of two widths")),
                };
                self.emit_def(op, out, &[arg]);
            }
            _ => return Err(Reason::Internal("not a conversion")),
        }
        Ok(())
    }

    /// The hardware saturates to 32 or 64 bits and makes NaN 0; a narrower range is cut afterwards.
    fn saturate(&mut self, out: VReg, to: Type, signed: bool, arg: Value) -> Result {
        let from = float_size(self.func.value_type(arg))?;
        let size = int_size(to);
        let arg = self.reg(arg);
        let op = if signed { FpToInt::Fcvtzs } else { FpToInt::Fcvtzu };
        let op = Op::FpToInt { op, size, from };
        if to.bits() >= 32 {
            self.emit_def(op, out, &[arg]);
            return Ok(());
        }
        let mut value = self.emit_temp(op, RegClass::Int, &[arg]);
        let (low, high) = if signed {
            (-1i64 << (to.bits() - 1), (to.mask() >> 1) as i64)
        } else {
            (0, to.mask() as i64)
        };
        if signed {
            let least = self.const_temp(Size::W, low as u64);
            let cut = self.int_temp();
            self.choose(cut, Size::W, Cond::Gt, value, least);
            value = cut;
        }
        let most = self.const_temp(Size::W, high as u64);
        let cond = if signed { Cond::Lt } else { Cond::Lo };
        self.choose(out, Size::W, cond, value, most);
        Ok(())
    }

    /// Traps unless the value, rounded to zero, is an integer of type `to`.
    fn check_range(&mut self, value: VReg, size: FpSize, to: Type, signed: bool) -> Result {
        let bits = to.bits() as i32;
        // The first value that is too large is a power of two, exact in both formats.
        let high = 2f64.powi(if signed { bits - 1 } else { bits });
        // The first that is too small is one below the least, if the format has it; else the least itself is tested.
        let least = if signed { -2f64.powi(bits - 1) } else { 0.0 };
        let below = least - 1.0;
        let exact = match size {
            FpSize::D => below != least && below - least == -1.0,
            FpSize::S => f64::from(below as f32) == below && below != least,
        };
        // After `fcmp`, `le` and `lt` also hold if the operands are unordered.
        let (low, cond) = if exact { (below, Cond::Le) } else { (least, Cond::Lt) };
        let low = self.float_temp(size, low);
        self.emit_use(Op::FpCompare { size }, &[value, low]);
        let trap = self.trap_site(TrapKind::BadConversion);
        self.emit(Op::TrapIf { test: Test::Flags(cond), trap }, &[]);
        let high = self.float_temp(size, high);
        self.emit_use(Op::FpCompare { size }, &[value, high]);
        let trap = self.trap_site(TrapKind::BadConversion);
        self.emit(Op::TrapIf { test: Test::Flags(Cond::Ge), trap }, &[]);
        Ok(())
    }

    fn float_temp(&mut self, size: FpSize, value: f64) -> VReg {
        let bits = match size {
            FpSize::S => u64::from((value as f32).to_bits()),
            FpSize::D => value.to_bits(),
        };
        let out = self.temp(RegClass::Float);
        self.emit(Op::FpConst { size, bits }, &[Operand::def_reg(out)]);
        out
    }
}
