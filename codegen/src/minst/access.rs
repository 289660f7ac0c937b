//! From allocated loads, stores and addresses to words, and from what the allocator inserted.

use arm64_enc::{
    AccessSize, Assembler, FpMemOp, IP1, IndexMode, IndexScale, LdSt, MemExtend, MemOp, Reg, RegSp,
    ScaledOffset, Simm9, Size, VReg,
};
use regalloc::{Edit, Loc, PReg, RegClass};

use super::emit::{Emitter, Places};
use super::{Addr, Displacement, Op, Symbol};
use crate::abi::{fp, gp};
use crate::error::{Reason, valid};
use crate::frame;

impl Emitter<'_> {
    pub(super) fn memory(&mut self, op: &Op, at: &mut Places<'_>) -> Result<(), Reason> {
        match *op {
            Op::Load { op, addr } => self.access(Access::Int(op, at.gp()?), addr, at),
            Op::Store { op, value, addr } => self.access(Access::Int(op, at.src(value)?), addr, at),
            Op::FpLoad { op, addr } | Op::FpStore { op, addr } => {
                self.access(Access::Float(op, at.fp()?), addr, at)
            }
            Op::FrameAddr { place } => {
                let (base, offset) = self.frame.place(place);
                frame::add_to(&mut self.asm, at.gp_sp()?, base, offset)
            }
            Op::DataAddr { data, offset } => {
                self.asm.ldr_symbol(at.gp()?, Symbol::Data(data).number(), i64::from(offset));
                Ok(())
            }
            Op::FuncAddr { callee } => {
                self.asm.ldr_symbol(at.gp()?, Symbol::Function(callee).number(), 0);
                Ok(())
            }
            _ => Err(Reason::Internal("not a memory instruction")),
        }
    }

    fn access(&mut self, access: Access, addr: Addr, at: &mut Places<'_>) -> Result<(), Reason> {
        match addr {
            Addr::Base(Displacement::Scaled(offset)) => {
                access.scaled(&mut self.asm, at.gp_sp()?, offset);
            }
            Addr::Base(Displacement::Unscaled(offset)) => {
                access.unscaled(&mut self.asm, at.gp_sp()?, offset);
            }
            Addr::Index(extend, scale) => {
                access.indexed(&mut self.asm, at.gp_sp()?, at.gp()?, extend, scale);
            }
            Addr::Frame(place) => {
                let (base, offset) = self.frame.place(place);
                access.at(&mut self.asm, base, offset);
            }
        }
        Ok(())
    }

    /// Writes what the allocator inserted.
    ///
    /// # Errors
    /// If a place has the wrong kind.
    pub(crate) fn edit(&mut self, edit: &Edit) -> Result<(), Reason> {
        match *edit {
            Edit::Remat { inst, to } => {
                let op = self.mf.insts.get(inst.index()).map(|inst| inst.op);
                self.op(&valid(op, "a rematerialised instruction is missing")?, &[Loc::Reg(to)])
            }
            Edit::Move { from: Loc::Reg(from), to: Loc::Reg(to), class } => {
                let locs = [Loc::Reg(to), Loc::Reg(from)];
                self.op(if class == RegClass::Int { &Op::Copy } else { &Op::FpCopy }, &locs)
            }
            Edit::Move { from: Loc::Reg(from), to: Loc::Stack(slot), .. } => {
                let (base, offset) = self.frame.spill(slot);
                Access::spill(from, MemOp::StrX, FpMemOp::StrD)?.at(&mut self.asm, base, offset);
                Ok(())
            }
            Edit::Move { from: Loc::Stack(slot), to: Loc::Reg(to), .. } => {
                let (base, offset) = self.frame.spill(slot);
                Access::spill(to, MemOp::LdrX, FpMemOp::LdrD)?.at(&mut self.asm, base, offset);
                Ok(())
            }
            Edit::Move { from: Loc::Stack(_), to: Loc::Stack(_), .. } => {
                Err(Reason::Internal("a move from spill slot to spill slot"))
            }
        }
    }
}

/// A load or store without its address.
#[derive(Clone, Copy)]
enum Access {
    Int(MemOp, Reg),
    Float(FpMemOp, VReg),
}

impl Access {
    fn spill(reg: PReg, int: MemOp, float: FpMemOp) -> Result<Access, Reason> {
        Ok(match reg.class() {
            RegClass::Int => Access::Int(int, gp(reg)?),
            RegClass::Float => Access::Float(float, fp(reg)?),
        })
    }

    fn size(self) -> AccessSize {
        match self {
            Access::Int(op, _) => op.access(),
            Access::Float(op, _) => op.access(),
        }
    }

    fn scaled(self, asm: &mut Assembler, rn: RegSp, offset: ScaledOffset) {
        match self {
            Access::Int(op, rt) => asm.push(LdSt::Unsigned { op, rt, rn, offset }),
            Access::Float(op, rt) => asm.push(LdSt::FpUnsigned { op, rt, rn, offset }),
        }
    }

    fn unscaled(self, asm: &mut Assembler, rn: RegSp, offset: Simm9) {
        let mode = IndexMode::Unscaled;
        match self {
            Access::Int(op, rt) => asm.push(LdSt::Indexed { op, mode, rt, rn, offset }),
            Access::Float(op, rt) => asm.push(LdSt::FpIndexed { op, mode, rt, rn, offset }),
        }
    }

    fn indexed(
        self,
        asm: &mut Assembler,
        rn: RegSp,
        rm: Reg,
        extend: MemExtend,
        scale: IndexScale,
    ) {
        match self {
            Access::Int(op, rt) => asm.push(LdSt::Register { op, rt, rn, rm, extend, scale }),
            Access::Float(op, rt) => asm.push(LdSt::FpRegister { op, rt, rn, rm, extend, scale }),
        }
    }

    /// At any distance from a base: what no immediate reaches goes through `x17`.
    fn at(self, asm: &mut Assembler, rn: RegSp, offset: i64) {
        if let Some(offset) = ScaledOffset::new(offset, self.size()) {
            self.scaled(asm, rn, offset);
        } else if let Some(offset) = Simm9::new(offset) {
            self.unscaled(asm, rn, offset);
        } else {
            asm.mov_imm(IP1, Size::X, offset as u64);
            self.indexed(asm, rn, IP1, MemExtend::Lsl, IndexScale::Bytes);
        }
    }
}
