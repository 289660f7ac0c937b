//! Machine code that compiled functions share. Whoever links functions places it once.

use arm64_enc::{
    AccessSize, AddSub, ArithImm, Assembler, Branch, BranchReg, DpImm, FP, Inst, LR, LdSt,
    PairMode, PairOffset, PairOp, RegSp, SP, Size,
};

use crate::abi::RECORD_BYTES;
use crate::error::{Reason, valid};
use crate::unwind::{FrameChange, FrameRow, Rows, record_above};

/// A piece of shared code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Runtime {
    /// Frees the room that a tail call made for its arguments, and returns to where the function that made the call would have
    /// returned. The address of this is the return address of the callee; `x29`, which the callee keeps, points to a
    /// frame record right above the room.
    FreeRoom,
}

/// The words of shared code, which may lie anywhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RuntimeCode {
    /// Instructions.
    pub words: Vec<u32>,
    /// Offset of the one that the address of the code stands for, in bytes.
    pub entry: u32,
    /// The rules that find the caller's registers, by offset.
    pub frame_rows: Vec<FrameRow>,
}

impl Runtime {
    /// Its name in listings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Runtime::FreeRoom => "free_room",
        }
    }

    /// Its code.
    ///
    /// # Errors
    /// Never: a frame record is as large as a pair of registers.
    pub fn code(self) -> Result<RuntimeCode, Reason> {
        let (mut asm, mut rows) = (Assembler::new(), Rows::new(true));
        let entry = match self {
            Runtime::FreeRoom => free_room(&mut asm, &mut rows)?,
        };
        let code = asm.finish().map_err(|error| Reason::Assembly(error.to_string()))?;
        Ok(RuntimeCode { words: code.words().to_vec(), entry, frame_rows: rows.rows })
    }
}

/// Gives the offset of the entry.
fn free_room(asm: &mut Assembler, rows: &mut Rows) -> Result<u32, Reason> {
    let size = i64::from(RECORD_BYTES);
    let offset = valid(PairOffset::new(size, AccessSize::B8), "a record is no pair of registers")?;
    let (op, mode) = (PairOp::LdpX, PairMode::Post);
    rows.push(asm, FrameChange::Cfa { register: FP.number(), bytes: RECORD_BYTES });
    record_above(|change| rows.push(asm, change));
    // Unwinders look for the instruction before a return address.
    asm.push(Inst::nop());
    let entry = asm.offset() as u32;
    let imm = ArithImm::ZERO;
    asm.push(DpImm::AddSub { op: AddSub::Add, size: Size::X, rd: SP, rn: RegSp::X29, imm });
    asm.push(LdSt::Pair { op, mode, rt: FP, rt2: LR, rn: SP, offset });
    rows.push(asm, FrameChange::Return);
    asm.push(Branch::Reg { op: BranchReg::Ret, rn: LR });
    Ok(entry)
}
