//! Veneers: what machine code calls in the place of a host function, which may be further away than a call reaches.

use arm64_enc::{
    AccessSize, Assembler, Branch, BranchReg, DpImm, LdSt, LiteralOp, LogicalImm, LogicalImmOp,
    MemOp, Reg, RegSp, ScaledOffset, Size,
};
use codegen::{ArgAssigner, ArgPlace, CallConv};

use crate::host::HostFunction;

/// The words of a veneer for `function`, whose native code follows `conv`: `ldr x16, literal; br x16`, the address. A
/// `bool` is normalised before: any other byte would be undefined behaviour in Rust. `None` only if a constant does not
/// fit its field.
pub(crate) fn assemble(function: &HostFunction, conv: CallConv) -> Option<Vec<u32>> {
    let mut asm = Assembler::new();
    // The register that the standard leaves to veneers.
    let scratch = Reg::new(16)?;
    let one = LogicalImm::new(1, Size::W)?;
    let low_bit = |asm: &mut Assembler, reg: Reg| {
        let (op, rd) = (LogicalImmOp::And, RegSp::try_from(reg).ok()?);
        asm.push(DpImm::Logical { op, rd, rn: reg, imm: one });
        Some(())
    };
    let mut assigner = ArgAssigner::new(conv);
    for (param, &is_bool) in function.signature.params.iter().zip(&function.bools) {
        match assigner.next(param.ty) {
            _ if !is_bool => {}
            ArgPlace::Reg(reg) => low_bit(&mut asm, Reg::new(reg.index())?)?,
            ArgPlace::Stack(offset) => {
                let offset = ScaledOffset::new(offset.into(), AccessSize::B1)?;
                let access = |op| LdSt::Unsigned { op, rt: scratch, rn: arm64_enc::SP, offset };
                asm.push(access(MemOp::Ldrb));
                low_bit(&mut asm, scratch)?;
                asm.push(access(MemOp::Strb));
            }
        }
    }
    let literal = asm.label();
    asm.ldr_literal(LiteralOp::LdrX, scratch, literal);
    asm.push(Branch::Reg { op: BranchReg::Br, rn: scratch });
    asm.bind(literal).ok()?;
    asm.word(function.address as u32);
    asm.word((function.address >> 32) as u32);
    Some(asm.finish().ok()?.words().to_vec())
}
