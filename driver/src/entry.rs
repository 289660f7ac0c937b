//! Entries into native code: one piece of machine code for each signature that is called from Rust.
//!
//! It saves the registers that the host wants kept, loads the arguments from their [`Words`], calls, and stores the results
//! in theirs. Its recovery address is where a trap continues: it restores the same registers and returns 1 instead of 0.
//!
//! Code runs with an FPCR of zero, whatever the host has chosen: rounding to nearest, subnormal numbers kept, no traps.
//! Writing that register can take long, so it is only written where it is another.

use arm64_enc::{
    AccessSize, AddSub, ArithImm, Assembler, Atomic, AtomicSize, Branch, BranchReg, DpImm, FpMemOp,
    FpPairOp, LdSt, MemOp, OrderedOp, PairMode, PairOffset, PairOp, Reg, RegSp, Size, SysReg,
    System, VReg, XZR,
};
use codegen::{ArgAssigner, ArgPlace, CallConv, Protection, RESULTS_ADDRESS};
use ir::{AbiParam, Extend, Signature, Type};

use crate::assemble;
use crate::helper::{FrameRows, Helper};
use crate::value::Words;

/// Frame record, `x19`–`x28`, `d8`–`d15`, FPCR and a word that keeps the stack aligned.
const FRAME: i64 = 176;
const FRAME_INTS: i64 = 16;
const FRAME_FLOATS: i64 = 96;
const FRAME_FPCR: i64 = 160;
/// `d8`, as [`FrameChange`](codegen::FrameChange) numbers it.
const DWARF_D8: u8 = 72;

/// The bytes of a value's words.
const WORDS_BYTES: i64 = size_of::<Words>() as i64;
/// Where the high half of an `i128` is in them.
const HIGH: i64 = 8;

/// An entry's code, and the offset of its recovery address in bytes.
pub(crate) struct Entry {
    pub(crate) code: Helper,
    pub(crate) recovery: usize,
}

/// The entry of functions of a signature whose code follows `conv`, as [`Trampoline`](jitmem::trap::Trampoline) says: it takes the
/// addresses of the words of the arguments, of those of the results (zero), and of the address of the code. `None` only if a
/// constant does not fit its field.
pub(crate) fn assemble(
    signature: &Signature,
    conv: CallConv,
    protection: Protection,
) -> Option<Entry> {
    let (mut asm, mut rows) = (Assembler::new(), FrameRows::default());
    let none = |n: u8| -> ! { unreachable!("{n} is the number of a register") };
    let x = |n: u8| Reg::new(n).unwrap_or_else(|| none(n));
    let xsp = |n: u8| RegSp::new(n).unwrap_or_else(|| none(n));
    let d = |n: u8| VReg::new(n).unwrap_or_else(|| none(n));
    // The callee keeps these two.
    let (sp, results, fpcr) = (arm64_enc::SP, 19, 20);
    let pair = |asm: &mut Assembler, op, mode, first: u8, offset: i64| {
        let offset = PairOffset::new(offset, AccessSize::B8)?;
        asm.push(LdSt::Pair { op, mode, rt: x(first), rt2: x(first + 1), rn: sp, offset });
        Some(())
    };
    let float_pair = |asm: &mut Assembler, op, first: u8, offset: i64| {
        let offset = PairOffset::new(offset, AccessSize::B8)?;
        let mode = PairMode::Offset;
        asm.push(LdSt::FpPair { op, mode, rt: d(first), rt2: d(first + 1), rn: sp, offset });
        Some(())
    };
    let word = |asm: &mut Assembler, op, register: u8, rn, offset| {
        assemble::word(asm, op, x(register), rn, offset);
    };
    let float = |asm: &mut Assembler, op, register: u8, rn, offset| {
        assemble::float(asm, op, d(register), rn, offset);
    };
    let add = |asm: &mut Assembler, op, rd: RegSp, rn: RegSp, imm: ArithImm| {
        asm.push(DpImm::AddSub { op, size: Size::X, rd, rn, imm });
    };
    let frame_ints = |i: u8| FRAME_INTS + 16 * i64::from(i);
    let frame_floats = |i: u8| FRAME_FLOATS + 16 * i64::from(i);
    let exit = asm.label();

    rows.enter(&mut asm, protection, true);
    pair(&mut asm, PairOp::StpX, PairMode::Pre, 29, -FRAME)?;
    rows.allocated(&asm, FRAME);
    rows.has_record(&asm, FRAME);
    add(&mut asm, AddSub::Add, xsp(29), sp, ArithImm::ZERO);
    rows.has_frame_pointer(&asm, FRAME);
    for i in 0..5 {
        pair(&mut asm, PairOp::StpX, PairMode::Offset, 19 + 2 * i, frame_ints(i))?;
    }
    for i in 0..4 {
        float_pair(&mut asm, FpPairOp::StpD, 8 + 2 * i, frame_floats(i))?;
    }
    // No instruction before has changed one of them.
    for i in 0..10 {
        rows.saved(&asm, 19 + i, FRAME - FRAME_INTS - 8 * i64::from(i));
    }
    for i in 0..8 {
        rows.saved(&asm, DWARF_D8 + i, FRAME - FRAME_FLOATS - 8 * i64::from(i));
    }
    asm.push(System::Mrs { rt: x(fpcr), reg: SysReg::FPCR });
    word(&mut asm, MemOp::StrX, fpcr, sp, FRAME_FPCR);
    let plain = asm.label();
    asm.cbz(Size::X, x(fpcr), plain);
    asm.push(System::Msr { reg: SysReg::FPCR, rt: XZR });
    asm.bind(plain).ok()?;
    // From here on a trap finds its way back.
    word(&mut asm, MemOp::StrX, 29, xsp(3), 0);
    add(&mut asm, AddSub::Add, xsp(results), xsp(1), ArithImm::ZERO);
    let (op, size) = (OrderedOp::Ldar, AtomicSize::X);
    asm.push(Atomic::Ordered { op, size, rt: x(16), rn: xsp(2) });

    let (params, stack_bytes) = places(&signature.params, conv);
    let (returned, memory_bytes) = places(&signature.results, CallConv::Aapcs64);
    // Memory for results, and below it the arguments on the stack.
    if memory_bytes > 0 {
        assemble::take_stack(&mut asm, memory_bytes)?;
        assemble::touch(&mut asm);
        let address = xsp(RESULTS_ADDRESS.index());
        add(&mut asm, AddSub::Add, address, sp, ArithImm::ZERO);
    }
    assemble::take_stack(&mut asm, stack_bytes)?;
    for &(param, from, place) in &params {
        let ArgPlace::Stack(offset) = place else { continue };
        word(&mut asm, load(param), 9, xsp(0), from);
        // Apple packs them.
        let op = if conv == CallConv::Apple { store(param.ty) } else { MemOp::StrX };
        word(&mut asm, op, 9, sp, offset.into());
    }
    let mut first = None;
    for &(param, from, place) in &params {
        match place {
            ArgPlace::Reg(reg) if param.ty.is_float() => {
                let op = if param.ty == Type::F32 { FpMemOp::LdrS } else { FpMemOp::LdrD };
                float(&mut asm, op, reg.index(), xsp(0), from);
            }
            ArgPlace::Reg(reg) if reg.index() == 0 => first = Some((param, from)),
            ArgPlace::Reg(reg) => word(&mut asm, load(param), reg.index(), xsp(0), from),
            ArgPlace::Stack(_) => {}
        }
    }
    // The register that has the address of them all.
    if let Some((param, from)) = first {
        word(&mut asm, load(param), 0, xsp(0), from);
    }
    asm.push(Branch::Reg { op: BranchReg::Blr, rn: x(16) });

    for &(result, to, place) in &returned {
        match place {
            ArgPlace::Reg(reg) if result.ty.is_float() => {
                let op = if result.ty == Type::F32 { FpMemOp::StrS } else { FpMemOp::StrD };
                float(&mut asm, op, reg.index(), xsp(results), to);
            }
            ArgPlace::Reg(reg) => word(&mut asm, store(result.ty), reg.index(), xsp(results), to),
            ArgPlace::Stack(offset) => {
                word(&mut asm, MemOp::LdrX, 9, sp, stack_bytes + i64::from(offset));
                word(&mut asm, store(result.ty), 9, xsp(results), to);
            }
        }
    }
    if stack_bytes + memory_bytes > 0 {
        // The callee has kept the frame pointer.
        add(&mut asm, AddSub::Add, sp, xsp(29), ArithImm::ZERO);
    }
    asm.mov_imm(x(0), Size::X, 0);
    asm.bind(exit).ok()?;
    // A trap comes here too, with the stack pointer restored and not yet the frame pointer.
    rows.allocated(&asm, FRAME);
    let (restore, restored) = (asm.label(), asm.label());
    asm.cbnz(Size::X, x(fpcr), restore);
    asm.bind(restored).ok()?;
    for i in 0..4 {
        float_pair(&mut asm, FpPairOp::LdpD, 8 + 2 * i, frame_floats(i))?;
    }
    for i in 0..5 {
        pair(&mut asm, PairOp::LdpX, PairMode::Offset, 19 + 2 * i, frame_ints(i))?;
    }
    pair(&mut asm, PairOp::LdpX, PairMode::Post, 29, FRAME)?;
    rows.leaves(&mut asm, protection);
    asm.push(Branch::Reg { op: BranchReg::Ret, rn: arm64_enc::LR });
    rows.body(&asm);

    // A trap continues here, with `sp` as it was stored.
    let recovery = asm.offset();
    if protection.landing_pads {
        // The fault may have been an indirect branch, which is still on its way.
        asm.push(codegen::pads::BTI_JC);
    }
    asm.mov_imm(x(0), Size::X, 1);
    word(&mut asm, MemOp::LdrX, fpcr, sp, FRAME_FPCR);
    asm.b(exit);
    asm.bind(restore).ok()?;
    asm.push(System::Msr { reg: SysReg::FPCR, rt: x(fpcr) });
    asm.b(restored);
    let code = asm.finish().ok()?;
    Some(Entry { code: rows.with(code.words().to_vec()), recovery })
}

/// Of each half of values, which lie in their words: its type, its offset there, and its place in a call; and the bytes of
/// memory that those without a register take.
fn places(values: &[AbiParam], conv: CallConv) -> (Vec<(AbiParam, i64, ArgPlace)>, i64) {
    let mut assigner = ArgAssigner::new(conv);
    let values = values.iter().zip((0..).step_by(WORDS_BYTES as usize));
    let halves = values.flat_map(|(&value, offset)| halves(value, offset));
    let places = halves.map(|(half, offset)| (half, offset, assigner.next(half.ty))).collect();
    (places, assigner.used_bytes().next_multiple_of(16).into())
}

/// What registers hold of a value whose words are at `offset`: an `i128` is two values.
fn halves(param: AbiParam, offset: usize) -> impl Iterator<Item = (AbiParam, i64)> {
    let offset = offset as i64;
    let (first, second) = match param.ty {
        Type::I128 => (Type::I64.into(), Some((Type::I64.into(), offset + HIGH))),
        _ => (param, None),
    };
    std::iter::once((first, offset)).chain(second)
}

/// Loads the bits of an argument, extended as the signature says.
fn load(param: AbiParam) -> MemOp {
    let is_signed = param.extend == Some(Extend::Sign);
    match (param.ty.bytes(), is_signed) {
        (1, false) => MemOp::Ldrb,
        (1, true) => MemOp::LdrsbX,
        (2, false) => MemOp::Ldrh,
        (2, true) => MemOp::LdrshX,
        (4, false) => MemOp::LdrW,
        (4, true) => MemOp::Ldrsw,
        _ => MemOp::LdrX,
    }
}

/// Stores the bits of a value and no others.
fn store(ty: Type) -> MemOp {
    match ty.bytes() {
        1 => MemOp::Strb,
        2 => MemOp::Strh,
        4 => MemOp::StrW,
        _ => MemOp::StrX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arm64_enc::Inst;
    use arm64_sim::{Checks, CodeKind, Registers, Simulator, Stop};

    /// Runs the entry of a signature around a callee, on any host. If the callee ends at a `brk`, what the signal handler does
    /// is done. Gives the registers before and behind.
    fn run(
        signature: &Signature,
        callee: &str,
        args: &[Words],
        results: &mut [Words],
        fpcr: u64,
    ) -> (Registers, Registers) {
        let entry = assemble(signature, CallConv::Aapcs64, Protection::default()).unwrap();
        // What the host returns to comes first.
        let back: Inst = "brk #0x7".parse().unwrap();
        let mut words = vec![back.encode()];
        words.extend(&entry.code.words);
        let callee_at = words.len();
        words.extend(callee.lines().map(|line| line.parse::<Inst>().unwrap().encode()));
        let base = words.as_ptr().expose_provenance() as u64;

        let mut config = crate::native::open_simulator();
        config.checks = Checks { stack_alignment: true, ..Checks::NONE };
        let mut simulator = Simulator::new(config);
        simulator.publish(base, &words, CodeKind::Plain).unwrap();

        let (mut sp, target) = (0u64, base + 4 * callee_at as u64);
        let mut before = simulator.registers();
        for n in 0..31 {
            before.x[n] = 0x1000 + n as u64;
            before.v[n] = 0x2000 + n as u128;
        }
        before.x[0] = args.as_ptr().expose_provenance() as u64;
        before.x[1] = results.as_mut_ptr().expose_provenance() as u64;
        before.x[2] = (&raw const target).expose_provenance() as u64;
        before.x[3] = (&raw mut sp).expose_provenance() as u64;
        before.x[30] = base;
        before.fpcr = fpcr;
        simulator.set_registers(&before);
        let mut fault = simulator.run_from(base + 4);
        if matches!(fault.stop, Stop::Breakpoint { .. }) && fault.pc() != base {
            // The simulated code has written it, by its address.
            assert!(simulator.set_sp(std::hint::black_box(sp)));
            fault = simulator.run_from(base + 4 + entry.recovery as u64);
        }
        assert_eq!(fault.pc(), base, "{fault}");
        (before, simulator.registers())
    }

    /// The registers that belong to the caller.
    fn kept(registers: &Registers) -> (Vec<u64>, Vec<u64>, u64) {
        let floats = registers.v[8..16].iter().map(|&bits| bits as u64).collect();
        (registers.x[19..30].to_vec(), floats, registers.sp)
    }

    /// The callee sees registers and the stack as the standard says, and gives what it saw back.
    #[test]
    fn arguments_and_results_go_through() {
        let signed = |ty| AbiParam { extend: Some(Extend::Sign), ..AbiParam::from(ty) };
        let mut params: Vec<AbiParam> = vec![
            Type::F64.into(),
            Type::I64.into(),
            signed(Type::I8),
            Type::I16.into(),
            signed(Type::I32),
        ];
        params.extend([Type::I128, Type::F32].map(AbiParam::from));
        params.extend([AbiParam::from(Type::I64); 4]);
        params.extend([signed(Type::I8), Type::I128.into()]);
        let results = [Type::I64, Type::I64, Type::I8, Type::I128, Type::F32, Type::F64, Type::I64];
        let results = results.map(AbiParam::from).to_vec();
        let signature = Signature { params, results };
        // The stack has two integers, the signed byte and the last i128: 40 bytes of 48.
        let callee = "mov x2, x3\nmov x3, x4\nldr x4, [sp, #0x20]\nldr x5, [sp, #0x10]\nfadd d2, d0, d0\n\
                      fadd s0, s1, s1\nfmov d1, d2\nmov x0, sp\nret";
        let low = |bits: u64| [bits, 0];
        let args = [
            low(2.5f64.to_bits()),
            low(1),
            low(0x80),
            low(0xffff),
            low(0x8000_0000),
            [5, 6],
            low(1.5f32.to_bits().into()),
            low(7),
            low(8),
            low(9),
            low(10),
            low(0xf0),
            [11, 12],
        ];
        let mut out = [[0; 2]; 7];
        let (before, behind) = run(&signature, callee, &args, &mut out, 0);
        assert_eq!(kept(&before), kept(&behind));
        assert_eq!(behind.x[0], 0);
        assert_eq!(before.sp - FRAME as u64 - out[0][0], 48);
        assert_eq!(out[1], low(0x80_u8 as i8 as u64), "x1 is the signed byte");
        assert_eq!(out[2], low(0), "x3 is the signed word, whose lowest byte is 0");
        assert_eq!(
            out[3],
            [5, 12],
            "x4 is the low half of the fifth, the last word the high half of the last"
        );
        assert_eq!(out[4], low(3.0f32.to_bits().into()));
        assert_eq!(out[5], low(5.0f64.to_bits()));
        assert_eq!(
            out[6],
            low(0xf0_u8 as i8 as u64),
            "the third word of the stack is the signed byte"
        );
    }

    /// What has no register comes back in memory, whose address the callee gets in x8, above the arguments on the stack.
    #[test]
    fn results_in_memory_go_through() {
        let mut results = vec![AbiParam::from(Type::I64); 8];
        results.extend([Type::I8, Type::I16, Type::I64].map(AbiParam::from));
        let signature = Signature { params: vec![Type::I64.into(); 11], results };
        let callee = "str x1, [x8]\nstr x2, [x8, #0x8]\nldr x9, [sp, #0x10]\nstr x9, [x8, #0x10]\nmov x1, sp\n\
                      sub x0, x8, x1\nmov x1, #3\nret";
        let args: Vec<Words> = (100..111).map(|n| [n | 0xabcd << 32, 0]).collect();
        let mut out = [[0; 2]; 11];
        let (before, behind) = run(&signature, callee, &args, &mut out, 0);
        assert_eq!(kept(&before), kept(&behind));
        assert_eq!(out[..2], [[32, 0], [3, 0]], "three words below");
        assert_eq!(out[8..], [[101, 0], [102, 0], [110 | 0xabcd << 32, 0]]);
    }

    /// Rounding upwards, subnormal numbers flushed to zero, default NaN.
    #[test]
    fn the_host_keeps_its_fpcr_and_code_has_its_own() {
        let signature = Signature::new(&[], &[Type::I64]);
        for fpcr in [0, 0x0040_0000, 0x0100_0000, 0x0200_0000] {
            let mut out = [[7; 2]];
            let (before, behind) = run(&signature, "mrs x0, fpcr\nret", &[], &mut out, fpcr);
            assert_eq!(out, [[0, 7]], "{fpcr:#x}");
            assert_eq!((kept(&before), behind.fpcr), (kept(&behind), fpcr), "{fpcr:#x}");
            let (before, behind) = run(&signature, "brk #0x1", &[], &mut out, fpcr);
            assert_eq!((kept(&before), behind.fpcr), (kept(&behind), fpcr), "{fpcr:#x}");
        }
    }

    #[test]
    fn a_trap_gives_every_register_back() {
        let mut callee = "sub sp, sp, #0x40\n".to_owned();
        for n in 0..31 {
            callee += &format!("mov x{n}, #{n}\nfmov d{n}, x{n}\n");
        }
        callee += "brk #0x1";
        let (before, behind) = run(&Signature::default(), &callee, &[], &mut [], 0);
        assert_eq!(kept(&before), kept(&behind));
        assert_eq!(behind.x[0], 1);
    }
}
