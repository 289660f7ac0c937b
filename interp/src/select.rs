//! Which operation an arithmetic instruction, a comparison or a branch becomes.

use ir::{BinaryOp, Block, BlockCall, FloatCC, Inst, InstData, IntCC, Type, Value};

use crate::load::Loader;
use crate::op::{Op, Reg};

impl Loader<'_> {
    /// A binary operation: with an immediate, specialised by type, or generic.
    pub(crate) fn binary(&mut self, op: BinaryOp, value: Value, args: [Value; 2]) {
        let ty = self.func.value_type(value);
        let [x, y] = args;
        // A constant on the left of a commutative operation moves to the right.
        let swap = op.info().commutative && self.constant_of(x).is_some();
        let (x, y) = if swap { (y, x) } else { (x, y) };
        if let Some(bits) = self.constant_of(y) {
            let a = if self.immediate(op, ty, bits).is_some() { Some(self.reg(x)) } else { None };
            if let (Some(a), Some(make)) = (a, self.immediate(op, ty, bits)) {
                let d = self.def(value);
                self.push(make(d, a));
                self.defined(value);
                return;
            }
        }
        let (a, b) = (self.reg(x), self.reg(y));
        let d = self.def(value);
        let specialised = match (op, ty) {
            (BinaryOp::Add, Type::I64) => Some(Op::Add64 { d, a, b }),
            (BinaryOp::Sub, Type::I64) => Some(Op::Sub64 { d, a, b }),
            (BinaryOp::Mul, Type::I64) => Some(Op::Mul64 { d, a, b }),
            (BinaryOp::And, _) => Some(Op::And { d, a, b }),
            (BinaryOp::Or, _) => Some(Op::Or { d, a, b }),
            (BinaryOp::Xor, _) => Some(Op::Xor { d, a, b }),
            (BinaryOp::Shl, Type::I64) => Some(Op::Shl64 { d, a, b }),
            (BinaryOp::Lshr, Type::I64) => Some(Op::Lshr64 { d, a, b }),
            (BinaryOp::Ashr, Type::I64) => Some(Op::Ashr64 { d, a, b }),
            (BinaryOp::Add, Type::I32) => Some(Op::Add32 { d, a, b }),
            (BinaryOp::Sub, Type::I32) => Some(Op::Sub32 { d, a, b }),
            (BinaryOp::Mul, Type::I32) => Some(Op::Mul32 { d, a, b }),
            (BinaryOp::Fadd, Type::F64) => Some(Op::Fadd64 { d, a, b }),
            (BinaryOp::Fsub, Type::F64) => Some(Op::Fsub64 { d, a, b }),
            (BinaryOp::Fmul, Type::F64) => Some(Op::Fmul64 { d, a, b }),
            (BinaryOp::Fdiv, Type::F64) => Some(Op::Fdiv64 { d, a, b }),
            (BinaryOp::Fadd, Type::F32) => Some(Op::Fadd32 { d, a, b }),
            (BinaryOp::Fsub, Type::F32) => Some(Op::Fsub32 { d, a, b }),
            (BinaryOp::Fmul, Type::F32) => Some(Op::Fmul32 { d, a, b }),
            _ => None,
        };
        let generic =
            || self.program.kinds.binary_kind(op, ty).map(|kind| Op::Binary { kind, d, a, b });
        if let Some(op) = specialised.or_else(generic) {
            self.push(op);
        }
        self.defined(value);
    }

    /// The operation with the right operand as an immediate, if there is one.
    fn immediate(
        &self,
        op: BinaryOp,
        ty: Type,
        bits: u64,
    ) -> Option<impl Fn(Reg, Reg) -> Op + use<>> {
        let signed = sign_extended(bits, ty);
        let amount = (bits % u64::from(ty.bits())) as u16;
        let kind = match (op, ty) {
            (BinaryOp::Add, Type::I64) => Immediate::Add64(i16::try_from(signed).ok()?),
            (BinaryOp::Sub, Type::I64) => {
                Immediate::Add64(i16::try_from(signed.checked_neg()?).ok()?)
            }
            (BinaryOp::Mul, Type::I64) => Immediate::Mul64(i16::try_from(signed).ok()?),
            (BinaryOp::Add, Type::I32) => Immediate::Add32(i16::try_from(signed).ok()?),
            (BinaryOp::Sub, Type::I32) => {
                Immediate::Add32(i16::try_from(signed.checked_neg()?).ok()?)
            }
            (BinaryOp::And, _) => Immediate::And(u16::try_from(bits).ok()?),
            (BinaryOp::Shl, Type::I64) => Immediate::Shl64(amount),
            (BinaryOp::Lshr, Type::I64) => Immediate::Lshr64(amount),
            (BinaryOp::Ashr, Type::I64) => Immediate::Ashr64(amount),
            (BinaryOp::Shl, Type::I32) => Immediate::Shl32(amount),
            (BinaryOp::Lshr, _) => Immediate::Lshr32(amount),
            (BinaryOp::Ashr, Type::I32) => Immediate::Ashr32(amount),
            (BinaryOp::Rotl, Type::I32) => Immediate::Rotl32(amount),
            (BinaryOp::Rotl, Type::I64) => Immediate::Rotl64(amount),
            (BinaryOp::Rotr, Type::I32) => Immediate::Rotl32((32 - amount) % 32),
            (BinaryOp::Rotr, Type::I64) => Immediate::Rotl64((64 - amount) % 64),
            _ => return None,
        };
        Some(move |d, a| kind.op(d, a))
    }

    /// An integer comparison whose result is wanted as a value.
    pub(crate) fn int_compare(&mut self, cc: IntCC, value: Value, args: [Value; 2]) {
        let ty = self.func.value_type(args[0]);
        let swap = matches!(cc, IntCC::Sgt | IntCC::Ugt);
        let (cc, [x, y]) = if swap { (cc.swapped(), [args[1], args[0]]) } else { (cc, args) };
        let (a, b) = (self.reg(x), self.reg(y));
        let d = self.def(value);
        let specialised = match (cc, ty) {
            (IntCC::Eq, _) => Some(Op::Eq { d, a, b }),
            (IntCC::Ne, _) => Some(Op::Ne { d, a, b }),
            (IntCC::Ult, _) => Some(Op::Ult { d, a, b }),
            (IntCC::Slt, Type::I32) => Some(Op::Slt32 { d, a, b }),
            (IntCC::Slt, Type::I64) => Some(Op::Slt64 { d, a, b }),
            _ => None,
        };
        let generic = || {
            self.program.kinds.int_compare_kind(cc, ty).map(|kind| Op::IntCompare { kind, d, a, b })
        };
        if let Some(op) = specialised.or_else(generic) {
            self.push(op);
        }
        self.defined(value);
    }

    /// Whether a branch can contain this comparison.
    pub(crate) fn fusable(&self, inst: Inst) -> bool {
        match *self.func.inst(inst) {
            InstData::IntCompare { cc, args } => {
                let signed = matches!(cc, IntCC::Slt | IntCC::Sle | IntCC::Sgt | IntCC::Sge);
                let ty = self.func.value_type(args[0]);
                !signed || matches!(ty, Type::I32 | Type::I64)
            }
            InstData::FloatCompare { cc, args } => {
                let rare = matches!(cc, FloatCC::Ord | FloatCC::Uno | FloatCC::Ueq | FloatCC::One);
                !rare && self.func.value_type(args[0]) == Type::F64
            }
            _ => false,
        }
    }

    /// A conditional branch: the edge that needs no copies is jumped to, or falls through if it is next.
    pub(crate) fn branch(
        &mut self,
        block: Block,
        cond: Value,
        then_to: BlockCall,
        else_to: BlockCall,
        next: Option<Block>,
    ) {
        let then_work = self.has_edge_work(then_to);
        let else_work = self.has_edge_work(else_to);
        if !then_work && (else_work || next != Some(then_to.block)) {
            let op = self.condition(cond, false);
            self.jump_op(op, then_to.block);
            self.goto(block, else_to, next);
        } else if !else_work {
            let op = self.condition(cond, true);
            self.jump_op(op, else_to.block);
            self.goto(block, then_to, next);
        } else {
            let op = self.condition(cond, false);
            let place = self.code.ops.len();
            self.push(op);
            self.goto(block, else_to, None);
            let then_start = self.code.ops.len() as u32;
            // Both are near by the estimate that allowed short branches, or the branch is a long one.
            self.code.ops[place].set_target(place, then_start);
            self.goto(block, then_to, next);
        }
    }

    /// The branch that is taken if `cond` holds (or, negated, does not); its target is still open.
    fn condition(&mut self, cond: Value, negate: bool) -> Op {
        let fused = self.func.def_inst(cond).map(|(inst, &data)| (inst, data));
        match fused {
            Some((inst, InstData::IntCompare { cc, args })) if self.is_fused(inst) => {
                self.int_branch(if negate { cc.inverse() } else { cc }, args)
            }
            Some((inst, InstData::FloatCompare { cc, args })) if self.is_fused(inst) => {
                self.float_branch(if negate { cc.inverse() } else { cc }, args)
            }
            _ => {
                let a = self.reg(cond);
                let target = 0;
                if negate { Op::BranchZ { a, target } } else { Op::BranchNz { a, target } }
            }
        }
    }

    fn is_fused(&self, inst: Inst) -> bool {
        self.fused[ir::Entity::index(inst)]
    }

    fn int_branch(&mut self, cc: IntCC, args: [Value; 2]) -> Op {
        let ty = self.func.value_type(args[0]);
        let swap = self.constant_of(args[0]).is_some();
        let (cc, [x, y]) = if swap { (cc.swapped(), [args[1], args[0]]) } else { (cc, args) };
        let off = 0;
        if let Some(bits) = self.constant_of(y)
            && let Some((cc, imm)) = immediate_compare(cc, ty, bits)
        {
            let a = self.reg(x);
            let op = match (cc, ty) {
                (IntCC::Eq, _) => Some(Op::BranchEqI { a, imm, off }),
                (IntCC::Ne, _) => Some(Op::BranchNeI { a, imm, off }),
                (IntCC::Ult, _) => Some(Op::BranchUltI { a, imm, off }),
                (IntCC::Uge, _) => Some(Op::BranchUgeI { a, imm, off }),
                (IntCC::Slt, Type::I32) => Some(Op::BranchSlt32I { a, imm, off }),
                (IntCC::Sge, Type::I32) => Some(Op::BranchSge32I { a, imm, off }),
                (IntCC::Slt, _) => Some(Op::BranchSlt64I { a, imm, off }),
                (IntCC::Sge, _) => Some(Op::BranchSge64I { a, imm, off }),
                _ => None,
            };
            if let Some(op) = op {
                return op;
            }
        }
        let (a, b) = (self.reg(x), self.reg(y));
        let word = ty == Type::I32;
        match cc {
            IntCC::Eq => Op::BranchEq { a, b, off },
            IntCC::Ne => Op::BranchNe { a, b, off },
            IntCC::Ult => Op::BranchUlt { a, b, off },
            IntCC::Ule => Op::BranchUle { a, b, off },
            IntCC::Ugt => Op::BranchUlt { a: b, b: a, off },
            IntCC::Uge => Op::BranchUle { a: b, b: a, off },
            IntCC::Slt if word => Op::BranchSlt32 { a, b, off },
            IntCC::Sle if word => Op::BranchSle32 { a, b, off },
            IntCC::Sgt if word => Op::BranchSlt32 { a: b, b: a, off },
            IntCC::Sge if word => Op::BranchSle32 { a: b, b: a, off },
            IntCC::Slt => Op::BranchSlt64 { a, b, off },
            IntCC::Sle => Op::BranchSle64 { a, b, off },
            IntCC::Sgt => Op::BranchSlt64 { a: b, b: a, off },
            IntCC::Sge => Op::BranchSle64 { a: b, b: a, off },
        }
    }

    fn float_branch(&mut self, cc: FloatCC, args: [Value; 2]) -> Op {
        let [a, b] = args.map(|arg| self.reg(arg));
        let off = 0;
        match cc {
            FloatCC::Eq => Op::BranchFeq64 { a, b, off },
            FloatCC::Lt => Op::BranchFlt64 { a, b, off },
            FloatCC::Le => Op::BranchFle64 { a, b, off },
            FloatCC::Gt => Op::BranchFlt64 { a: b, b: a, off },
            FloatCC::Ge => Op::BranchFle64 { a: b, b: a, off },
            // Unordered or greater or equal is: not less. And so on.
            FloatCC::Uge => Op::BranchFnlt64 { a, b, off },
            FloatCC::Ugt => Op::BranchFnle64 { a, b, off },
            FloatCC::Ule => Op::BranchFnlt64 { a: b, b: a, off },
            FloatCC::Ult => Op::BranchFnle64 { a: b, b: a, off },
            // `fusable` lets only the others through.
            FloatCC::Ne | FloatCC::Ord | FloatCC::Uno | FloatCC::Ueq | FloatCC::One => {
                Op::BranchFne64 { a, b, off }
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Immediate {
    Add64(i16),
    Mul64(i16),
    Add32(i16),
    And(u16),
    Shl64(u16),
    Lshr64(u16),
    Ashr64(u16),
    Shl32(u16),
    Lshr32(u16),
    Ashr32(u16),
    Rotl32(u16),
    Rotl64(u16),
}

impl Immediate {
    fn op(self, d: Reg, a: Reg) -> Op {
        match self {
            Immediate::Add64(imm) => Op::Add64I { d, a, imm },
            Immediate::Mul64(imm) => Op::Mul64I { d, a, imm },
            Immediate::Add32(imm) => Op::Add32I { d, a, imm },
            Immediate::And(imm) => Op::AndI { d, a, imm },
            Immediate::Shl64(imm) => Op::Shl64I { d, a, imm },
            Immediate::Lshr64(imm) => Op::Lshr64I { d, a, imm },
            Immediate::Ashr64(imm) => Op::Ashr64I { d, a, imm },
            Immediate::Shl32(imm) => Op::Shl32I { d, a, imm },
            Immediate::Lshr32(imm) => Op::Lshr32I { d, a, imm },
            Immediate::Ashr32(imm) => Op::Ashr32I { d, a, imm },
            Immediate::Rotl32(imm) => Op::Rotl32I { d, a, imm },
            Immediate::Rotl64(imm) => Op::Rotl64I { d, a, imm },
        }
    }
}

fn sign_extended(bits: u64, ty: Type) -> i64 {
    let unused = 64 - ty.bits();
    ((bits << unused) as i64) >> unused
}

/// The comparison with a constant as one of eq, ne, below and not below an immediate.
fn immediate_compare(cc: IntCC, ty: Type, bits: u64) -> Option<(IntCC, i16)> {
    let unsigned = i16::try_from(bits).ok();
    let signed = i16::try_from(sign_extended(bits, ty)).ok();
    // Registers hold zero-extended bits, which equal a sign-extended immediate only at the full width.
    let same = if ty == Type::I64 { signed } else { unsigned };
    Some(match cc {
        IntCC::Eq | IntCC::Ne => (cc, same?),
        IntCC::Ult | IntCC::Uge => (cc, unsigned?),
        IntCC::Ule => (IntCC::Ult, unsigned?.checked_add(1)?),
        IntCC::Ugt => (IntCC::Uge, unsigned?.checked_add(1)?),
        IntCC::Slt | IntCC::Sge => (cc, signed?),
        IntCC::Sle => (IntCC::Slt, signed?.checked_add(1)?),
        IntCC::Sgt => (IntCC::Sge, signed?.checked_add(1)?),
    })
}
