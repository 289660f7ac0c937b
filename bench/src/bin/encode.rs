//! Emits the same stream of a million instructions with run-time operands through `arm64-enc` and through `dynasmrt`,
//! in turns, and prints instructions per second and the ratio. Both check their operands; the words must be equal.
//!
//! `cargo run --release --bin encode`, or `encode ours N` / `encode dynasm N` to emit it N times through one of them
//! (for instruction counts: `valgrind --tool=callgrind`).

use arm64_enc::{
    AccessSize, AddSub, ArithImm, ArithShift, Assembler, Bitfield, BitfieldImm, Cond, CondSelect,
    DpImm, DpReg, Flags, Fp, FpBinary, FpMemOp, FpSize, LdSt, LogicalImm, LogicalImmOp, LogicalReg,
    MemOp, MoveImm, MoveWide, MulAdd, PairMode, PairOffset, PairOp, Reg, RegSp, SP, ScaledOffset,
    Shift, ShiftKind, Size, VReg, XZR,
};
use bench::{in_turns, median};
use dynasmrt::{DynasmApi, DynasmLabelApi, VecAssembler, aarch64::Aarch64Relocation, dynasm};
use std::hint::black_box;

/// Instructions in one block of the stream; each block binds a label and branches to it and to the next one.
const BLOCK: usize = 20;
const BLOCKS: usize = 50_000;
const ROUNDS: usize = 15;

/// The run-time operands of one block.
#[derive(Clone, Copy)]
struct Operands {
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    shift: u8,
    imm16: u16,
    imm12: u16,
    mask: u64,
    offset: u16,
    pair: i16,
}

fn stream() -> Vec<Operands> {
    let mut state = 1u64;
    let mut next = |n: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    (0..BLOCKS)
        .map(|_| Operands {
            a: next(30) as u8,
            b: next(30) as u8,
            c: next(30) as u8,
            d: next(30) as u8,
            shift: 1 + next(31) as u8,
            imm16: next(65536) as u16,
            imm12: next(4096) as u16,
            mask: ((1u64 << (1 + next(60))) - 1) << next(3),
            offset: next(4096) as u16,
            pair: next(128) as i16 - 64,
        })
        .collect()
}

/// One block through `arm64-enc`; `None` if an operand does not fit, which the stream rules out.
fn block(
    asm: &mut Assembler,
    o: &Operands,
    here: arm64_enc::Label,
    next: arm64_enc::Label,
) -> Option<()> {
    let x = Size::X;
    let (a, b, c, d) = (Reg::new(o.a)?, Reg::new(o.b)?, Reg::new(o.c)?, Reg::new(o.d)?);
    let (asp, bsp) = (RegSp::new(o.a)?, RegSp::new(o.b)?);
    let (va, vb, vc) = (VReg::new(o.a)?, VReg::new(o.b)?, VReg::new(o.c)?);
    let imm = ArithImm::new(u64::from(o.imm12))?;
    let offset = i64::from(o.offset);
    let pair = PairOffset::new(i64::from(o.pair) * 8, AccessSize::B8)?;
    let amount = u32::from(o.shift);
    asm.bind(here).ok()?;
    asm.push(DpImm::MoveWide { op: MoveWide::Movz, rd: a, imm: MoveImm::new(x, o.imm16, 0)? });
    asm.push(DpReg::LogicalShifted {
        op: LogicalReg::Orr,
        rd: b,
        rn: XZR,
        rm: c,
        shift: Shift::none(x),
    });
    let shift = ArithShift::new(x, ShiftKind::Lsl, amount)?;
    asm.push(DpReg::AddSubShifted {
        op: AddSub::Add,
        flags: Flags::Keep,
        rd: a,
        rn: b,
        rm: c,
        shift,
    });
    asm.push(DpImm::AddSub { op: AddSub::Add, size: x, rd: asp, rn: bsp, imm });
    asm.push(DpImm::AddSub { op: AddSub::Sub, size: x, rd: asp, rn: bsp, imm });
    asm.push(DpImm::Logical {
        op: LogicalImmOp::And,
        rd: asp,
        rn: b,
        imm: LogicalImm::new(o.mask, x)?,
    });
    let bits = BitfieldImm::lsl(x, amount)?;
    asm.push(DpImm::Bitfield { op: Bitfield::Ubfm, rd: a, rn: b, bits });
    asm.push(DpReg::MulAdd { op: MulAdd::Madd, size: x, rd: a, rn: b, rm: c, ra: d });
    asm.push(LdSt::Unsigned {
        op: MemOp::LdrX,
        rt: a,
        rn: bsp,
        offset: ScaledOffset::new(offset * 8, AccessSize::B8)?,
    });
    asm.push(LdSt::Unsigned {
        op: MemOp::StrW,
        rt: a,
        rn: bsp,
        offset: ScaledOffset::new(offset * 4, AccessSize::B4)?,
    });
    asm.push(LdSt::Unsigned {
        op: MemOp::Ldrb,
        rt: a,
        rn: bsp,
        offset: ScaledOffset::new(offset, AccessSize::B1)?,
    });
    asm.push(LdSt::FpUnsigned {
        op: FpMemOp::LdrD,
        rt: va,
        rn: bsp,
        offset: ScaledOffset::new(offset * 8, AccessSize::B8)?,
    });
    asm.push(LdSt::Pair {
        op: PairOp::StpX,
        mode: PairMode::Offset,
        rt: a,
        rt2: b,
        rn: SP,
        offset: pair,
    });
    asm.push(Fp::Binary { op: FpBinary::Fadd, size: FpSize::D, rd: va, rn: vb, rm: vc });
    asm.push(Fp::Binary { op: FpBinary::Fmul, size: FpSize::D, rd: va, rn: vb, rm: vc });
    asm.push(DpReg::AddSubShifted {
        op: AddSub::Sub,
        flags: Flags::Set,
        rd: XZR,
        rn: a,
        rm: b,
        shift: ArithShift::none(x),
    });
    asm.b_cond(Cond::Eq, here);
    asm.push(DpReg::CondSelect {
        op: CondSelect::Csel,
        size: x,
        rd: a,
        rn: b,
        rm: c,
        cond: Cond::Lt,
    });
    asm.cbz(x, a, next);
    asm.b(next);
    Some(())
}

fn ours(stream: &[Operands]) -> Vec<u32> {
    let mut asm = Assembler::with_capacity(stream.len() * BLOCK);
    let mut here = asm.label();
    for operands in stream {
        let next = asm.label();
        block(&mut asm, operands, here, next).expect("every operand of the stream fits");
        here = next;
    }
    asm.bind(here).expect("the last label is free");
    asm.finish().expect("every branch is near").words().to_vec()
}

fn dynasm(stream: &[Operands]) -> Vec<u8> {
    let mut ops = VecAssembler::<Aarch64Relocation>::new(0);
    let mut here = ops.new_dynamic_label();
    for o in stream {
        let next = ops.new_dynamic_label();
        let (a, b, c, d) = (o.a, o.b, o.c, o.d);
        let (imm16, imm12, amount) = (u32::from(o.imm16), u32::from(o.imm12), u32::from(o.shift));
        let (offset, pair) = (u32::from(o.offset), i32::from(o.pair) * 8);
        dynasm!(ops
            ; .arch aarch64
            ; =>here
            ; movz X(a), imm16
            ; mov X(b), X(c)
            ; add X(a), X(b), X(c), lsl amount
            ; add XSP(a), XSP(b), imm12
            ; sub XSP(a), XSP(b), imm12
            ; and XSP(a), X(b), o.mask
            ; lsl X(a), X(b), amount
            ; madd X(a), X(b), X(c), X(d)
            ; ldr X(a), [XSP(b), offset * 8]
            ; str W(a), [XSP(b), offset * 4]
            ; ldrb W(a), [XSP(b), offset]
            ; ldr D(a), [XSP(b), offset * 8]
            ; stp X(a), X(b), [sp, pair]
            ; fadd D(a), D(b), D(c)
            ; fmul D(a), D(b), D(c)
            ; cmp X(a), X(b)
            ; b.eq =>here
            ; csel X(a), X(b), X(c), lt
            ; cbz X(a), =>next
            ; b =>next
        );
        here = next;
    }
    dynasm!(ops ; .arch aarch64 ; =>here);
    ops.finalize().expect("every branch is near")
}

fn main() {
    let stream = stream();
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [which, count] = words.as_slice() {
        for _ in 0..count.parse::<usize>().unwrap_or(1) {
            match which.as_str() {
                "ours" => drop(black_box(ours(&stream))),
                "dynasm" => drop(black_box(dynasm(&stream))),
                _ => {}
            }
        }
        return;
    }
    let theirs = dynasm(&stream);
    let same = ours(&stream)
        .iter()
        .zip(theirs.chunks_exact(4))
        .filter(|(word, bytes)| word.to_le_bytes() == **bytes)
        .count();
    let instructions = stream.len() * BLOCK;
    assert_eq!(same, instructions, "both must emit the same words");
    let [a, b] = in_turns(
        ROUNDS,
        &mut [&mut || drop(black_box(ours(&stream))), &mut || drop(black_box(dynasm(&stream)))],
    );
    let rate = |times| instructions as f64 / median(times).as_secs_f64() / 1e6;
    let (ours, theirs) = (rate(a), rate(b));
    println!(
        "{instructions} instructions, equal words; median of {ROUNDS} runs in turns, wall time:"
    );
    println!("  arm64-enc  {ours:7.1} million instructions a second");
    println!("  dynasmrt 5 {theirs:7.1} million instructions a second");
    println!("  ratio      {:7.2} times dynasmrt", ours / theirs);
}
