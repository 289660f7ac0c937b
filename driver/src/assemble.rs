//! What the driver's own pieces of code are written with, whatever the size of a signature.

use arm64_enc::{
    AddSub, ArithImm, Assembler, DpImm, FpMemOp, IP1, IndexScale, LdSt, MemExtend, MemOp, Reg,
    RegSp, SP, ScaledOffset, Size, VReg, XZR,
};

/// Loads or stores an integer at a distance from a register; by `x17` where no immediate reaches.
pub(crate) fn word(asm: &mut Assembler, op: MemOp, rt: Reg, rn: RegSp, offset: i64) {
    if let Some(offset) = ScaledOffset::new(offset, op.access()) {
        asm.push(LdSt::Unsigned { op, rt, rn, offset });
    } else {
        asm.mov_imm(IP1, Size::X, offset as u64);
        let (extend, scale, rm) = (MemExtend::Lsl, IndexScale::Bytes, IP1);
        asm.push(LdSt::Register { op, rt, rn, rm, extend, scale });
    }
}

/// The same for a float.
pub(crate) fn float(asm: &mut Assembler, op: FpMemOp, rt: VReg, rn: RegSp, offset: i64) {
    if let Some(offset) = ScaledOffset::new(offset, op.access()) {
        asm.push(LdSt::FpUnsigned { op, rt, rn, offset });
    } else {
        asm.mov_imm(IP1, Size::X, offset as u64);
        let (extend, scale, rm) = (MemExtend::Lsl, IndexScale::Bytes, IP1);
        asm.push(LdSt::FpRegister { op, rt, rn, rm, extend, scale });
    }
}

/// The size of the guard below a stack.
const PAGE: i64 = 4096;

/// Takes so many bytes from the stack and touches each page of them, so that none of the guard is stepped over. What is not
/// touched is less than a page at the bottom. `None` only if the number is odd.
pub(crate) fn take_stack(asm: &mut Assembler, bytes: i64) -> Option<()> {
    let mut rest = bytes;
    while rest > 0 {
        let step = rest.min(PAGE);
        let imm = ArithImm::new(step as u64)?;
        asm.push(DpImm::AddSub { op: AddSub::Sub, size: Size::X, rd: SP, rn: SP, imm });
        rest -= step;
        if rest > 0 {
            touch(asm);
        }
    }
    Some(())
}

/// Touches the page at the stack pointer.
pub(crate) fn touch(asm: &mut Assembler) {
    word(asm, MemOp::StrX, XZR, SP, 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_page_is_stepped_over() {
        for (bytes, expected) in [
            (0, ""),
            (16, "sub sp, sp, #16\n"),
            (4096, "sub sp, sp, #1, lsl #12\n"),
            (4112, "sub sp, sp, #1, lsl #12\nstr xzr, [sp]\nsub sp, sp, #16\n"),
        ] {
            let mut asm = Assembler::new();
            take_stack(&mut asm, bytes).unwrap();
            let code = asm.finish().unwrap();
            let text = |&word: &u32| arm64_enc::Inst::decode(word).unwrap().to_string() + "\n";
            assert_eq!(code.words().iter().map(text).collect::<String>(), expected, "{bytes}");
        }
    }
}
