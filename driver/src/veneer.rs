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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Hosts;

    /// LLVM's callees normalise a `bool` in a register by themselves on Linux, so that no result shows the difference there.
    #[test]
    fn bools_are_normalised_wherever_they_are_passed() {
        type F = extern "C" fn(bool, f64, i8, bool, i64, i64, i64, i64, i64, u8, bool, bool);
        extern "C" fn f(
            _: bool,
            _: f64,
            _: i8,
            _: bool,
            _: i64,
            _: i64,
            _: i64,
            _: i64,
            _: i64,
            _: u8,
            _: bool,
            _: bool,
        ) {
        }
        let mut hosts = Hosts::new();
        hosts.add("f", f as F);
        let check = |conv, offsets: [&str; 2]| {
            let words = hosts.get("f").and_then(|function| assemble(function, conv)).unwrap();
            let (code, address) = words.split_at(words.len() - 2);
            let text: Vec<String> = code
                .iter()
                .map(|&word| arm64_enc::Inst::decode(word).map(|inst| inst.to_string()).unwrap())
                .collect();
            let mut expected = vec!["and w0, w0, #0x1".to_owned(), "and w2, w2, #0x1".to_owned()];
            for offset in offsets {
                expected.push(format!("ldrb w16, [sp{offset}]"));
                expected.push("and w16, w16, #0x1".to_owned());
                expected.push(format!("strb w16, [sp{offset}]"));
            }
            expected.extend(["ldr x16, #8".to_owned(), "br x16".to_owned()]);
            assert_eq!(text, expected);
            assert_eq!(u64::from(address[1]) << 32 | u64::from(address[0]), f as F as usize as u64);
        };
        // `x0`–`x7` hold all integers up to the last i64; a u8 comes before the two on the stack.
        check(CallConv::Aapcs64, [", #8", ", #16"]);
        check(CallConv::Apple, [", #1", ", #2"]);
    }
}
