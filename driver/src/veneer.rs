//! Veneers: what machine code calls in the place of a function of the host. A plain one may be further away than a call
//! reaches; the arguments of a closure are put where Rust finds them, and its results where the caller does.

use std::sync::Arc;

use arm64_enc::{
    AccessSize, AddSub, ArithImm, Assembler, Branch, BranchReg, DpImm, FpMemOp, Imm16, Inst, LdSt,
    LiteralOp, LogicalImm, LogicalImmOp, MemOp, Reg, RegSp, ScaledOffset, Size, VReg,
};
use codegen::{ArgAssigner, ArgPlace, CallConv, Protection, RESULTS_ADDRESS};

use crate::abi::WORD;
use crate::assemble;
use crate::helper::{FrameRows, Helper, literals};
use crate::host::{Bound, HostFunction};
use crate::native;
use crate::options::EngineKind;

/// The code of the veneer for a function of the host that code which follows `conv` calls. `None` only if a
/// constant does not fit its field.
pub(crate) fn assemble(
    host: &Arc<Bound>,
    kind: EngineKind,
    conv: CallConv,
    protection: Protection,
) -> Option<Helper> {
    match host.function.code {
        // Simulators know closures by their addresses.
        None if kind == EngineKind::Native => closure(host, conv, protection),
        code => plain(&host.function, code.unwrap_or(host.address()), conv, protection),
    }
}

/// For a closure: what it is passed goes into the frame, word by word, and what it returns comes from there. Behind these is
/// kept where results go that have no register.
fn closure(host: &Arc<Bound>, conv: CallConv, protection: Protection) -> Option<Helper> {
    /// The frame record.
    const WORDS_AT: usize = 16;
    let signature = &host.function.signature;
    let (params, results) = (signature.params.len(), signature.results.len());
    let mut assigner = ArgAssigner::new(CallConv::Aapcs64);
    let places: Vec<ArgPlace> = signature.result_types().map(|ty| assigner.next(ty)).collect();
    let in_memory = assigner.used_bytes() > 0;
    let address_at = WORDS_AT + WORD * (params + results);
    let frame = address_at + WORD * usize::from(in_memory);
    // One that is not below a page has to be an immediate too.
    let frame = frame.next_multiple_of(if frame < 4096 - 16 { 16 } else { 4096 });
    let (mut asm, mut rows) = (Assembler::new(), FrameRows::default());
    let x = |n: u8| Reg::new(n);
    let xsp = |n: u8| RegSp::new(n);
    let sp = arm64_enc::SP;
    let word = |asm: &mut Assembler, op, rt, rn, offset: usize| {
        assemble::word(asm, op, rt, rn, offset as i64);
    };
    let float = |asm: &mut Assembler, op, rt: u8, offset: usize| {
        assemble::float(asm, op, VReg::new(rt)?, sp, offset as i64);
        Some(())
    };
    let add = |asm: &mut Assembler, op, rd: RegSp, rn: RegSp, imm: usize| {
        let imm = ArithImm::new(imm as u64)?;
        asm.push(DpImm::AddSub { op, size: Size::X, rd, rn, imm });
        Some(())
    };
    rows.enter(&mut asm, protection, true);
    assemble::take_stack(&mut asm, frame as i64)?;
    // The steps to a frame of more than a page are described as one.
    rows.allocated(&asm, frame as i64);
    word(&mut asm, MemOp::StrX, x(29)?, sp, 0);
    word(&mut asm, MemOp::StrX, x(30)?, sp, 8);
    rows.has_record(&asm, frame as i64);
    add(&mut asm, AddSub::Add, xsp(29)?, sp, 0)?;
    let address = x(RESULTS_ADDRESS.index())?;
    if in_memory {
        word(&mut asm, MemOp::StrX, address, sp, address_at);
    }
    let mut assigner = ArgAssigner::new(conv);
    let scratch = x(16)?;
    for (index, ty) in signature.param_types().enumerate() {
        let at = WORDS_AT + WORD * index;
        match assigner.next(ty) {
            ArgPlace::Reg(reg) if ty.is_float() => {
                float(&mut asm, FpMemOp::StrD, reg.index(), at)?;
            }
            ArgPlace::Reg(reg) => {
                word(&mut asm, MemOp::StrX, x(reg.index())?, sp, at);
            }
            ArgPlace::Stack(offset) => {
                let load = match ty.bytes() {
                    1 => MemOp::Ldrb,
                    2 => MemOp::Ldrh,
                    4 => MemOp::LdrW,
                    _ => MemOp::LdrX,
                };
                word(&mut asm, load, scratch, sp, frame + offset as usize);
                word(&mut asm, MemOp::StrX, scratch, sp, at);
            }
        }
    }
    let (this, function, left) = (asm.label(), asm.label(), asm.label());
    asm.ldr_literal(LiteralOp::LdrX, x(0)?, this);
    add(&mut asm, AddSub::Add, xsp(1)?, sp, WORDS_AT)?;
    asm.ldr_literal(LiteralOp::LdrX, x(17)?, function);
    asm.push(Branch::Reg { op: BranchReg::Blr, rn: x(17)? });
    asm.cbnz(Size::X, x(0)?, left);
    if in_memory {
        word(&mut asm, MemOp::LdrX, address, sp, address_at);
    }
    for (index, (ty, place)) in signature.result_types().zip(places).enumerate() {
        let at = WORDS_AT + WORD * (params + index);
        match place {
            ArgPlace::Reg(reg) if ty.is_float() => {
                float(&mut asm, FpMemOp::LdrD, reg.index(), at)?;
            }
            ArgPlace::Reg(reg) => {
                word(&mut asm, MemOp::LdrX, x(reg.index())?, sp, at);
            }
            ArgPlace::Stack(offset) => {
                word(&mut asm, MemOp::LdrX, scratch, sp, at);
                let base = RegSp::try_from(address).ok()?;
                word(&mut asm, MemOp::StrX, scratch, base, offset as usize);
            }
        }
    }
    word(&mut asm, MemOp::LdrX, x(29)?, sp, 0);
    word(&mut asm, MemOp::LdrX, x(30)?, sp, 8);
    add(&mut asm, AddSub::Add, sp, sp, frame)?;
    rows.leaves(&mut asm, protection);
    asm.push(Branch::Reg { op: BranchReg::Ret, rn: arm64_enc::LR });
    rows.body(&asm);
    asm.bind(left).ok()?;
    asm.push(Inst::brk(Imm16::new(1)?));
    let constants = [(this, native::address_of(host)), (function, native::host_entry())];
    Some(rows.with(literals(&mut asm, constants)?))
}

/// For a plain function at `address`: `ldr x16, literal; br x16`, the address. A
/// `bool` is normalised before: any other byte would be undefined behaviour in Rust. `None` only if a constant does not
/// fit its field.
fn plain(
    function: &HostFunction,
    address: u64,
    conv: CallConv,
    protection: Protection,
) -> Option<Helper> {
    let (mut asm, mut rows) = (Assembler::new(), FrameRows::default());
    rows.enter(&mut asm, protection, false);
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
    asm.word(address as u32);
    asm.word((address >> 32) as u32);
    Some(rows.with(asm.finish().ok()?.words().to_vec()))
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
            let veneer = |function: &HostFunction| {
                plain(function, function.code?, conv, Protection::default())
            };
            let words = hosts.get("f").and_then(veneer).unwrap().words;
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
