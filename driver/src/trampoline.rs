//! The entry into native code: one piece of machine code that fits every signature.
//!
//! It saves the registers that the host wants kept, loads arguments from a [`CallBlock`], calls, and stores the results
//! there. Its recovery address is where a trap continues: it restores the same registers and returns 1 instead of 0.
//!
//! Code runs with an FPCR of zero, whatever the host has chosen: rounding to nearest, subnormal numbers kept, no traps.
//! Writing that register can take long, so it is only written where it is another.

use arm64_enc::{
    AccessSize, AddSub, ArithImm, ArithShift, Assembler, Branch, BranchReg, DpImm, DpReg, Extend,
    ExtendShift, Flags, FpPairOp, IndexScale, LdSt, MemExtend, MemOp, PairMode, PairOffset, PairOp,
    Reg, RegSp, ScaledOffset, Size, SysReg, System, VReg, XZR,
};

/// What the trampoline reads and writes; its address comes in `x0`.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct CallBlock {
    /// The code to call.
    pub(crate) entry: u64,
    /// The address of the stack arguments, and how many words they are.
    pub(crate) stack: u64,
    pub(crate) stack_words: u64,
    /// Where to store `sp` for recovery.
    pub(crate) stack_pointer: u64,
    /// `x0`–`x7`: arguments, then results.
    pub(crate) ints: [u64; 8],
    /// `d0`–`d7`: the same.
    pub(crate) floats: [u64; 8],
}

const ENTRY: i64 = std::mem::offset_of!(CallBlock, entry) as i64;
const STACK: i64 = std::mem::offset_of!(CallBlock, stack) as i64;
const STACK_WORDS: i64 = std::mem::offset_of!(CallBlock, stack_words) as i64;
const STACK_POINTER: i64 = std::mem::offset_of!(CallBlock, stack_pointer) as i64;
const INTS: i64 = std::mem::offset_of!(CallBlock, ints) as i64;
const FLOATS: i64 = std::mem::offset_of!(CallBlock, floats) as i64;

/// Frame record, `x19`–`x28`, `d8`–`d15`, FPCR and a word that keeps the stack aligned.
const FRAME: i64 = 176;
const FRAME_INTS: i64 = 16;
const FRAME_FLOATS: i64 = 96;
const FRAME_FPCR: i64 = 160;

/// The trampoline's words, and the offset of its recovery address in bytes.
pub(crate) struct Trampoline {
    pub(crate) words: Vec<u32>,
    pub(crate) recovery: usize,
}

/// Assembles the trampoline. `None` only if a constant above does not fit its field.
pub(crate) fn assemble() -> Option<Trampoline> {
    let mut asm = Assembler::new();
    let none = |n: u8| -> ! { unreachable!("{n} is the number of a register") };
    let x = |n: u8| Reg::new(n).unwrap_or_else(|| none(n));
    let xsp = |n: u8| RegSp::new(n).unwrap_or_else(|| none(n));
    let d = |n: u8| VReg::new(n).unwrap_or_else(|| none(n));
    let (sp, block) = (arm64_enc::SP, 19);
    let pair = |asm: &mut Assembler, op, mode, first: u8, base: RegSp, offset: i64| {
        let offset = PairOffset::new(offset, AccessSize::B8)?;
        asm.push(LdSt::Pair { op, mode, rt: x(first), rt2: x(first + 1), rn: base, offset });
        Some(())
    };
    let float_pair = |asm: &mut Assembler, op, first: u8, base: RegSp, offset: i64| {
        let offset = PairOffset::new(offset, AccessSize::B8)?;
        let mode = PairMode::Offset;
        asm.push(LdSt::FpPair { op, mode, rt: d(first), rt2: d(first + 1), rn: base, offset });
        Some(())
    };
    let word = |asm: &mut Assembler, op, register: u8, base: u8, offset: i64| {
        let offset = ScaledOffset::new(offset, AccessSize::B8)?;
        asm.push(LdSt::Unsigned { op, rt: x(register), rn: xsp(base), offset });
        Some(())
    };
    let add = |asm: &mut Assembler, op, rd: RegSp, rn: RegSp, imm: ArithImm| {
        asm.push(DpImm::AddSub { op, size: Size::X, rd, rn, imm });
    };
    let frame_ints = |i: u8| FRAME_INTS + 16 * i64::from(i);
    let frame_floats = |i: u8| FRAME_FLOATS + 16 * i64::from(i);
    let exit = asm.label();

    pair(&mut asm, PairOp::StpX, PairMode::Pre, 29, sp, -FRAME)?;
    add(&mut asm, AddSub::Add, xsp(29), sp, ArithImm::ZERO);
    for i in 0..5 {
        pair(&mut asm, PairOp::StpX, PairMode::Offset, 19 + 2 * i, sp, frame_ints(i))?;
    }
    for i in 0..4 {
        float_pair(&mut asm, FpPairOp::StpD, 8 + 2 * i, sp, frame_floats(i))?;
    }
    asm.push(System::Mrs { rt: x(9), reg: SysReg::FPCR });
    word(&mut asm, MemOp::StrX, 9, sp.number(), FRAME_FPCR)?;
    let plain = asm.label();
    asm.cbz(Size::X, x(9), plain);
    asm.push(System::Msr { reg: SysReg::FPCR, rt: XZR });
    asm.bind(plain).ok()?;
    add(&mut asm, AddSub::Add, xsp(block), xsp(0), ArithImm::ZERO);
    // From here on a trap finds its way back.
    word(&mut asm, MemOp::LdrX, 10, block, STACK_POINTER)?;
    add(&mut asm, AddSub::Add, xsp(9), sp, ArithImm::ZERO);
    word(&mut asm, MemOp::StrX, 9, 10, 0)?;

    // Stack arguments, with `sp` kept at a multiple of 16.
    let (words, source, odd, copied) = (11, 12, 13, 14);
    word(&mut asm, MemOp::LdrX, words, block, STACK_WORDS)?;
    word(&mut asm, MemOp::LdrX, source, block, STACK)?;
    asm.mov_imm(x(odd), Size::X, 1);
    asm.push(DpReg::LogicalShifted {
        op: arm64_enc::LogicalReg::And,
        rd: x(odd),
        rn: x(words),
        rm: x(odd),
        shift: arm64_enc::Shift::none(Size::X),
    });
    asm.push(DpReg::AddSubShifted {
        op: AddSub::Add,
        flags: Flags::Keep,
        rd: x(odd),
        rn: x(words),
        rm: x(odd),
        shift: ArithShift::none(Size::X),
    });
    asm.push(DpReg::AddSubExtended {
        op: AddSub::Sub,
        size: Size::X,
        rd: sp,
        rn: sp,
        rm: x(odd),
        extend: Extend::Uxtx,
        amount: ExtendShift::new(3)?,
    });
    let (copy, copied_all) = (asm.label(), asm.label());
    asm.bind(copy).ok()?;
    asm.cbz(Size::X, x(words), copied_all);
    add(&mut asm, AddSub::Sub, xsp(words), xsp(words), ArithImm::new(1)?);
    for (op, base) in [(MemOp::LdrX, xsp(source)), (MemOp::StrX, sp)] {
        asm.push(LdSt::Register {
            op,
            rt: x(copied),
            rn: base,
            rm: x(words),
            extend: MemExtend::Lsl,
            scale: IndexScale::Units,
        });
    }
    asm.b(copy);
    asm.bind(copied_all).ok()?;

    for i in 0..4 {
        float_pair(&mut asm, FpPairOp::LdpD, 2 * i, xsp(block), FLOATS + 16 * i64::from(i))?;
    }
    word(&mut asm, MemOp::LdrX, 16, block, ENTRY)?;
    for i in 0..4 {
        let offset = INTS + 16 * i64::from(i);
        pair(&mut asm, PairOp::LdpX, PairMode::Offset, 2 * i, xsp(block), offset)?;
    }
    asm.push(Branch::Reg { op: BranchReg::Blr, rn: x(16) });
    for i in 0..4 {
        let offset = INTS + 16 * i64::from(i);
        pair(&mut asm, PairOp::StpX, PairMode::Offset, 2 * i, xsp(block), offset)?;
    }
    for i in 0..4 {
        float_pair(&mut asm, FpPairOp::StpD, 2 * i, xsp(block), FLOATS + 16 * i64::from(i))?;
    }
    // The callee has kept the frame pointer.
    add(&mut asm, AddSub::Add, sp, xsp(29), ArithImm::ZERO);
    asm.mov_imm(x(0), Size::X, 0);
    asm.bind(exit).ok()?;
    word(&mut asm, MemOp::LdrX, 9, sp.number(), FRAME_FPCR)?;
    let plain = asm.label();
    asm.cbz(Size::X, x(9), plain);
    asm.push(System::Msr { reg: SysReg::FPCR, rt: x(9) });
    asm.bind(plain).ok()?;
    for i in 0..4 {
        float_pair(&mut asm, FpPairOp::LdpD, 8 + 2 * i, sp, frame_floats(i))?;
    }
    for i in 0..5 {
        pair(&mut asm, PairOp::LdpX, PairMode::Offset, 19 + 2 * i, sp, frame_ints(i))?;
    }
    pair(&mut asm, PairOp::LdpX, PairMode::Post, 29, sp, FRAME)?;
    asm.push(Branch::Reg { op: BranchReg::Ret, rn: arm64_enc::LR });

    // A trap continues here, with `sp` as it was stored.
    let recovery = asm.offset();
    asm.mov_imm(x(0), Size::X, 1);
    asm.b(exit);
    let code = asm.finish().ok()?;
    Some(Trampoline { words: code.words().to_vec(), recovery })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arm64_enc::Inst;
    use arm64_sim::{Checks, CodeKind, Registers, Simulator, Stop};

    /// Runs the trampoline around a callee, on any host. If the callee ends at a `brk`, what the signal handler does is
    /// done. Gives the registers before and behind.
    fn run(callee: &str, block: &mut CallBlock) -> (Registers, Registers) {
        run_with(callee, block, 0)
    }

    /// The same with this FPCR of the host.
    fn run_with(callee: &str, block: &mut CallBlock, fpcr: u64) -> (Registers, Registers) {
        let trampoline = assemble().unwrap();
        // What the host returns to comes first.
        let back: Inst = "brk #0x7".parse().unwrap();
        let mut words = vec![back.encode()];
        words.extend(&trampoline.words);
        let callee_at = words.len();
        words.extend(callee.lines().map(|line| line.parse::<Inst>().unwrap().encode()));
        let base = words.as_ptr().expose_provenance() as u64;

        let mut config = crate::native::open_simulator();
        config.checks = Checks { stack_alignment: true, ..Checks::NONE };
        let mut simulator = Simulator::new(config);
        simulator.publish(base, &words, CodeKind::Plain).unwrap();

        let mut sp = 0u64;
        block.entry = base + 4 * callee_at as u64;
        block.stack_pointer = (&raw mut sp).expose_provenance() as u64;
        let mut before = simulator.registers();
        for n in 0..31 {
            before.x[n] = 0x1000 + n as u64;
            before.v[n] = 0x2000 + n as u128;
        }
        before.x[0] = (&raw mut *block).expose_provenance() as u64;
        before.x[30] = base;
        before.fpcr = fpcr;
        simulator.set_registers(&before);
        let mut fault = simulator.run_from(base + 4);
        if matches!(fault.stop, Stop::Breakpoint { .. }) && fault.pc() != base {
            // The simulated code has written it, by its address.
            assert!(simulator.set_sp(std::hint::black_box(sp)));
            fault = simulator.run_from(base + 4 + trampoline.recovery as u64);
        }
        assert_eq!(fault.pc(), base, "{fault}");
        (before, simulator.registers())
    }

    /// The registers that belong to the caller.
    fn kept(registers: &Registers) -> (Vec<u64>, Vec<u64>, u64) {
        let floats = registers.v[8..16].iter().map(|&bits| bits as u64).collect();
        (registers.x[19..30].to_vec(), floats, registers.sp)
    }

    #[test]
    fn arguments_and_results_go_through() {
        let stack = [71, 72, 73, 74];
        for count in 0..=stack.len() {
            let mut callee = "mov x0, sp\n".to_owned();
            for n in 0..3.min(count) {
                callee += &format!("ldr x{}, [sp, #{}]\n", n + 1, 8 * n);
            }
            for n in 4..8 {
                callee += &format!("add x{n}, x{n}, #0x1\n");
            }
            for n in 0..8 {
                callee += &format!("fadd d{n}, d{n}, d{n}\n");
            }
            callee += "ret";
            let mut block = CallBlock {
                stack: stack.as_ptr().expose_provenance() as u64,
                stack_words: count as u64,
                ints: [10, 11, 12, 13, 14, 15, 16, 17],
                floats: std::array::from_fn(|n| (n as f64 + 0.5).to_bits()),
                ..CallBlock::default()
            };
            let (before, behind) = run(&callee, &mut block);
            assert_eq!(kept(&before), kept(&behind), "{count}");
            assert_eq!(behind.x[0], 0);
            let mut expected = [block.ints[0], 11, 12, 13, 15, 16, 17, 18];
            expected[1..1 + 3.min(count)].copy_from_slice(&stack[..3.min(count)]);
            assert_eq!(block.ints, expected, "{count}");
            let room = before.sp - FRAME as u64 - block.ints[0];
            assert_eq!(room, (8 * count as u64).next_multiple_of(16), "{count}");
            assert_eq!(block.floats, std::array::from_fn(|n| (2.0 * n as f64 + 1.0).to_bits()));
        }
    }

    /// Rounding upwards, subnormal numbers flushed to zero, default NaN.
    #[test]
    fn the_host_keeps_its_fpcr_and_code_has_its_own() {
        for fpcr in [0, 0x0040_0000, 0x0100_0000, 0x0200_0000] {
            let mut block = CallBlock::default();
            let (before, behind) = run_with("mrs x0, fpcr\nret", &mut block, fpcr);
            assert_eq!(block.ints[0], 0, "{fpcr:#x}");
            assert_eq!((kept(&before), behind.fpcr), (kept(&behind), fpcr), "{fpcr:#x}");
            let (before, behind) = run_with("brk #0x1", &mut block, fpcr);
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
        let (before, behind) = run(&callee, &mut CallBlock::default());
        assert_eq!(kept(&before), kept(&behind));
        assert_eq!(behind.x[0], 1);
    }
}
