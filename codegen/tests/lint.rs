//! The linter: every rule is broken once by hand, and emitted functions are damaged word by word and bit by bit.

#[allow(dead_code)] // each test uses its part
mod common;

use std::collections::BTreeSet;

use codegen::lint::Rule;
use codegen::{
    CompiledCode, Options, Protection, Reason, Reloc, RelocKind, Runtime, SlotPlace, Symbol,
    TrapSite, compile, lint,
};
use ir::{Entity, FuncRef, Function, FunctionBuilder, Signature, TrapKind, Type};
use testkit::Random;

/// The first function of a table.
fn g() -> Symbol {
    Symbol::Function(FuncRef::from_index(0))
}

/// The rule that the code breaks.
fn broken(code: &CompiledCode) -> Option<Rule> {
    match lint(code) {
        Ok(()) => None,
        Err(error) => match error.reason {
            Reason::Lint(lint) => Some(lint.rule),
            reason => panic!("{reason}"),
        },
    }
}

/// A function by its assembly, one instruction a line. `bl @` and `b @` go to other functions, `trap` is the `brk` of
/// unreachable code, `.word` a datum, `free_room` and `data` addresses of eight bytes; what follows `pool` is behind the code.
fn assemble(text: &str, frame_bytes: u32) -> CompiledCode {
    let mut code = CompiledCode { name: "f".to_owned(), frame_bytes, ..CompiledCode::default() };
    let reloc = |code: &mut CompiledCode, kind, word| {
        let offset = code.words.len() as u32 * 4;
        code.relocs.push(Reloc { offset, kind, symbol: g(), addend: 0 });
        code.words.push(word);
    };
    let mut pool = None;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let offset = code.words.len() as u32 * 4;
        match line.split_once(' ') {
            _ if line == "pool" => pool = Some(offset),
            _ if line == "free_room" || line == "data" => {
                let free_room = Symbol::Runtime(Runtime::FreeRoom);
                let symbol = if line == "data" { g() } else { free_room };
                code.relocs.push(Reloc { offset, kind: RelocKind::Abs64, symbol, addend: 0 });
                code.words.extend([0, 0]);
            }
            _ if line == "bl @" => reloc(&mut code, RelocKind::Call26, 0x9400_0000),
            _ if line == "b @" => reloc(&mut code, RelocKind::Jump26, 0x1400_0000),
            _ if line == "trap" => {
                let kind = TrapKind::Unreachable;
                code.traps.push(TrapSite { offset, kind, span: None });
                code.words.push(0xd420_0000 | u32::from(kind.code()) << 5);
            }
            Some((".word", number)) => code.words.push(number.parse::<i32>().expect(line) as u32),
            _ => {
                let inst: arm64_enc::Inst =
                    line.parse().unwrap_or_else(|error| panic!("{line}: {error:?}"));
                code.words.push(inst.encode());
            }
        }
    }
    code.code_bytes = pool.unwrap_or(code.words.len() as u32 * 4);
    code
}

/// What is right: text, and bytes of the frame.
const RIGHT: &[(&str, u32)] = &[
    ("ret", 0),
    ("trap", 0),
    ("b #0", 0),
    ("b @", 0),
    ("cmp x0, x1\n csel x0, x0, x1, lt\n ret", 0),
    ("mov x16, x0\n br x16", 0),
    ("ldr x0, #8\n ret\n pool\n .word 1\n .word 2", 0),
    ("stp x29, x30, [sp, #-16]!\n mov x29, sp\n bl @\n ldp x29, x30, [sp], #16\n ret", 16),
    (
        "stp x29, x30, [sp, #-32]!\n str x19, [sp, #16]\n mov x29, sp\n mov x19, x0\n blr x1\n ldr x19, [sp, #16]\n \
      ldp x29, x30, [sp], #32\n b @",
        32,
    ),
    ("str d8, [sp, #-16]!\n fadd d8, d0, d1\n fmul d0, d8, d8\n ldr d8, [sp], #16\n ret", 16),
    ("sub sp, sp, #1024\n str x0, [sp, #8]\n add sp, sp, #1024\n ret", 1024),
    (
        "sub sp, sp, #3072\n str xzr, [sp]\n sub sp, sp, #4096\n str xzr, [sp]\n mov x17, #7168\n add sp, sp, x17\n ret",
        7168,
    ),
    (
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n sub sp, sp, #64\n mov x16, sp\n and sp, x16, #0xffffffffffffffc0\n \
      str x0, [sp, #56]\n mov sp, x29\n ldp x29, x30, [sp], #16\n ret",
        80,
    ),
    (
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n sub sp, sp, #64\n ldr x17, [x29, #8]\n ldr x30, #8\n b @\n pool\n free_room",
        80,
    ),
    (
        "adr x16, #16\n ldrsw x17, [x16, x0]\n add x16, x16, x17\n br x16\n .word 12\n .word 8\n ret\n trap",
        0,
    ),
];

/// What breaks each rule: text, and bytes of the frame.
const WRONG: &[(Rule, &str, u32)] = &[
    (Rule::Undefined, "udf #0", 0),
    (Rule::Undefined, "svc #0\n ret", 0),
    (Rule::Undefined, "mrs x0, nzcv\n ret", 0),
    (Rule::FallsOff, "add x0, x0, x1", 0),
    (Rule::FallsOff, "b #8\n ret", 0),
    (Rule::FallsOff, "b #-4", 0),
    (Rule::FallsOff, "cbz x0, #12\n ret", 0),
    (Rule::FallsOff, "stp x29, x30, [sp, #-16]!\n mov x29, sp\n bl @", 16),
    (Rule::IntoData, "ldr x0, #8\n b #4\n nop\n nop\n ret", 0),
    (Rule::IntoData, "ldr w0, #4\n ret", 0),
    (Rule::Unreached, "ret\n add x0, x0, x1", 0),
    (Rule::Platform, "mov x0, x18\n ret", 0),
    (Rule::Platform, "ldr x18, [x0]\n ret", 0),
    (Rule::Platform, "cbz x18, #4\n ret", 0),
    (Rule::Platform, "tbz x18, #1, #4\n ret", 0),
    (Rule::StackUnknown, "mov sp, x0\n ret", 0),
    (Rule::StackUnknown, "sub sp, sp, x1\n ret", 0),
    (Rule::StackUnknown, "mov x16, sp\n and sp, x16, #0xfffffffffffffff8\n ret", 0),
    (Rule::StackDiffers, "cbz x0, #8\n sub sp, sp, #16\n add sp, sp, #16\n ret", 16),
    (Rule::StackAlignment, "sub sp, sp, #8\n str x0, [sp]\n add sp, sp, #8\n ret", 8),
    (Rule::StackAlignment, "str x0, [sp, #-8]!\n ldr x0, [sp], #8\n ret", 8),
    (
        Rule::StackAlignment,
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n sub sp, sp, #8\n bl @\n mov sp, x29\n \
      ldp x29, x30, [sp], #16\n ret",
        24,
    ),
    (Rule::BelowStack, "stur x0, [sp, #-8]\n ret", 0),
    (Rule::BelowStack, "sub sp, sp, #16\n add sp, sp, #16\n ldur x0, [sp, #-16]\n ret", 16),
    (
        Rule::BelowStack,
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n ldur x0, [x29, #-8]\n ldp x29, x30, [sp], #16\n ret",
        16,
    ),
    (Rule::Probe, "sub sp, sp, #4096\n str xzr, [sp]\n add sp, sp, #4096\n ret", 4096),
    (
        Rule::Probe,
        "str x19, [sp, #-16]!\n sub sp, sp, #4096\n sub sp, sp, #16\n str xzr, [sp]\n trap",
        4128,
    ),
    (
        Rule::Probe,
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n sub sp, sp, #2048\n mov x16, sp\n \
      and sp, x16, #0xfffffffffffff000\n str xzr, [sp]\n trap",
        2064,
    ),
    (
        Rule::Untouched,
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n sub sp, sp, #1040\n bl @\n mov sp, x29\n \
      ldp x29, x30, [sp], #16\n ret",
        1056,
    ),
    (Rule::FrameBytes, "sub sp, sp, #32\n str x0, [sp]\n add sp, sp, #32\n ret", 16),
    (Rule::FrameBytes, "ret", 16),
    (
        Rule::SaveLost,
        "stp x29, x30, [sp, #-16]!\n str x0, [sp, #8]\n ldp x29, x30, [sp], #16\n ret",
        16,
    ),
    (
        Rule::SaveLost,
        "str x19, [sp, #-16]!\n mov x19, #1\n strb w0, [sp, #7]\n ldr x19, [sp], #16\n ret",
        16,
    ),
    (Rule::SaveRead, "str x19, [sp, #-16]!\n ldr x17, [sp]\n ldr x19, [sp], #16\n ret", 16),
    (
        Rule::SaveRead,
        "stp x29, x30, [sp, #-16]!\n ldr w17, [sp]\n ldp x29, x30, [sp], #16\n ret",
        16,
    ),
    // Room for a tail call: no record, the record of others, not at the top, no room, the frame pointer elsewhere.
    (Rule::Room, "ldr x30, #8\n b @\n pool\n free_room", 0),
    (
        Rule::Room,
        "sub sp, sp, #80\n str x30, [sp, #64]\n str x29, [sp, #72]\n add x29, sp, #64\n ldr x30, #8\n b @\n pool\n \
         free_room",
        80,
    ),
    (
        Rule::Room,
        "sub sp, sp, #96\n stp x29, x30, [sp, #64]\n add x29, sp, #64\n nop\n ldr x30, #8\n b @\n pool\n free_room",
        96,
    ),
    (
        Rule::Room,
        "sub sp, sp, #80\n stp x29, x30, [sp, #64]\n add x29, sp, #64\n add sp, sp, #80\n ldr x30, #8\n b @\n pool\n \
         free_room",
        80,
    ),
    (
        Rule::Room,
        "sub sp, sp, #80\n stp x29, x30, [sp, #64]\n nop\n nop\n ldr x30, #8\n b @\n pool\n free_room",
        80,
    ),
    (
        Rule::StackAlignment,
        "sub sp, sp, #80\n stp x29, x30, [sp, #64]\n add x29, sp, #64\n add sp, sp, #8\n ldr x30, #8\n b @\n pool\n \
         free_room",
        80,
    ),
    (
        Rule::NotRestored,
        "sub sp, sp, #80\n stp x29, x30, [sp, #64]\n add x29, sp, #64\n mov x19, #1\n ldr x30, #8\n b @\n pool\n \
         free_room",
        80,
    ),
    // Who does not load the address makes no room.
    (
        Rule::StackNotRestored,
        "sub sp, sp, #80\n stp x29, x30, [sp, #64]\n add x29, sp, #64\n nop\n ldr x30, #8\n b @\n pool\n data",
        80,
    ),
    (
        Rule::StackNotRestored,
        "sub sp, sp, #80\n stp x29, x30, [sp, #64]\n add x29, sp, #64\n nop\n ldr x30, #8\n ret\n pool\n free_room",
        80,
    ),
    (Rule::NotRestored, "mov x19, #1\n ret", 0),
    (Rule::NotRestored, "fmov d8, d0\n ret", 0),
    (Rule::NotRestored, "mov x29, sp\n ret", 0),
    (Rule::SaveRead, "str x19, [sp, #-16]!\n mov x19, #1\n ldr w19, [sp], #16\n ret", 16),
    (Rule::SaveRead, "str x19, [sp, #-16]!\n ldrb w0, [sp, #7]\n ldr x19, [sp], #16\n ret", 16),
    (
        Rule::SaveRead,
        "stp x19, x20, [sp, #-16]!\n mov x19, #1\n mov x20, #2\n ldp x20, x19, [sp], #16\n ret",
        16,
    ),
    (Rule::Incoming, "ldr x0, [sp]\n ret", 0),
    (Rule::Incoming, "str x0, [sp]\n b @", 0),
    (Rule::Incoming, "sub sp, sp, #16\n ldp x0, x1, [sp, #8]\n add sp, sp, #16\n ret", 16),
    (
        Rule::Incoming,
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n ldrb w0, [x29, #16]\n ldp x29, x30, [sp], #16\n ret",
        16,
    ),
    (Rule::FrameAlignment, "sub sp, sp, #16\n str x0, [sp, #4]\n add sp, sp, #16\n ret", 16),
    (Rule::FrameAlignment, "sub sp, sp, #16\n ldrh w0, [sp, #1]\n add sp, sp, #16\n ret", 16),
    (
        Rule::NotRestored,
        "stp x19, x20, [sp, #-16]!\n mov x19, #1\n cbz x0, #8\n ldr x19, [sp]\n add sp, sp, #16\n ret",
        16,
    ),
    (
        Rule::NotRestored,
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n bl @\n ldr x29, [sp], #16\n b @",
        16,
    ),
    (Rule::StackNotRestored, "sub sp, sp, #16\n ret", 16),
    (Rule::StackNotRestored, "sub sp, sp, #16\n b @", 16),
    (Rule::StackNotRestored, "sub sp, sp, #16\n add sp, sp, #32\n ret", 16),
    (Rule::StackNotRestored, "mov x16, sp\n and sp, x16, #0xffffffffffffffc0\n ret", 0),
    (Rule::FrameRecord, "bl @\n ret", 0),
    (Rule::FrameRecord, "stp x29, x30, [sp, #-16]!\n bl @\n ldp x29, x30, [sp], #16\n ret", 16),
    (
        Rule::FrameRecord,
        "stp x30, x29, [sp, #-16]!\n mov x29, sp\n blr x0\n ldp x30, x29, [sp], #16\n ret",
        16,
    ),
    (Rule::Flags, "csel x0, x0, x1, lt\n ret", 0),
    (Rule::Flags, "b.eq #4\n ret", 0),
    (Rule::Flags, "adc x0, x0, x1\n ret", 0),
    (Rule::Flags, "ccmp x0, x1, #0, eq\n ret", 0),
    (Rule::Flags, "fcsel d0, d0, d1, lt\n ret", 0),
    (Rule::Flags, "cbz x0, #8\n cmp x0, x1\n cset x0, eq\n ret", 0),
    (
        Rule::Flags,
        "stp x29, x30, [sp, #-16]!\n mov x29, sp\n cmp x0, x1\n bl @\n cset x0, eq\n \
      ldp x29, x30, [sp], #16\n ret",
        16,
    ),
    (Rule::ReturnRegister, "ret x1", 0),
    (Rule::ReturnRegister, "br x1", 0),
    (Rule::Literal, "ldr x0, #4\n ret\n pool\n .word 0\n .word 0", 0),
    (Rule::Literal, "ldr x0, #64\n ret", 0),
    (Rule::TrapSite, "brk #9", 0),
    (Rule::Relocation, "bl #4\n ret", 0),
    (
        Rule::Endless,
        "sub x16, sp, #16\n sub sp, sp, #2048\n str xzr, [sp]\n add sp, sp, #2048\n cmp sp, x16\n \
      b.hi #-16\n ret",
        2048,
    ),
];

#[test]
fn what_is_right_passes() {
    for &(text, frame) in RIGHT {
        let code = assemble(text, frame);
        assert_eq!(broken(&code), None, "{}\n{text}", lint(&code).unwrap_err());
    }
}

#[test]
fn every_rule_can_be_broken() {
    let mut seen = BTreeSet::new();
    for &(rule, text, frame) in WRONG {
        assert_eq!(broken(&assemble(text, frame)), Some(rule), "\n{text}");
        seen.insert(rule);
    }
    let mut code = assemble("trap", 0);
    // What is said about the code, and not in it.
    code.traps[0].kind = TrapKind::MemoryFault;
    assert_eq!(broken(&code), Some(Rule::TrapSite));
    code.traps.clear();
    assert_eq!(broken(&code), Some(Rule::TrapSite));
    for offsets in [[4, 0], [0, 0], [0, 400], [0, 2]] {
        let mut code = assemble("trap\n trap", 0);
        code.traps = offsets.map(|offset| TrapSite { offset, ..code.traps[0] }).to_vec();
        assert_eq!(broken(&code), Some(Rule::Order), "{offsets:?}");
    }
    let mut code = assemble("ret\n trap", 0);
    code.words[1] = 0xd503_201f;
    assert_eq!(broken(&code), Some(Rule::TrapSite), "a site that nothing leads to");
    for (text, kind) in
        [("b @", RelocKind::Call26), ("ret", RelocKind::Jump26), ("ret", RelocKind::Abs64)]
    {
        let mut code = assemble(text, 0);
        code.relocs = vec![Reloc { offset: 0, kind, symbol: g(), addend: 0 }];
        assert!(broken(&code).is_some(), "{text}, {kind:?}");
    }
    // Signatures of return addresses (`paciasp` is hint 25, `autiasp` hint 29), and landing pads.
    let pair = "stp x29, x30, [sp, #-16]!\n mov x29, sp\n bl @\n ldp x29, x30, [sp], #16\n";
    let signed = format!("hint #25\n {pair} hint #29\n ret");
    assert_eq!(broken(&assemble(&signed, 16)), None);
    for wrong in [
        format!("hint #25\n {pair} ret"),
        format!("{pair} hint #29\n ret"),
        format!("hint #25\n {} ret", pair.replace("ldp", "hint #29\n ldp")),
        format!("hint #25\n hint #25\n {pair} hint #29\n ret"),
    ] {
        assert_eq!(broken(&assemble(&wrong, 16)), Some(Rule::Signature), "{wrong}");
    }
    for (text, expected) in [
        ("ret", Some(Rule::LandingPad)),
        ("hint #36\n ret", Some(Rule::LandingPad)),
        ("hint #34\n ret", None),
    ] {
        let mut code = assemble(text, 0);
        code.protection = Protection::new(true, false);
        assert_eq!(broken(&code), expected, "{text}");
    }
    seen.extend([Rule::Signature, Rule::LandingPad]);
    // The caller's stack, and slots.
    let mut code = assemble("str x0, [sp]\n ret", 0);
    code.incoming_bytes = 8;
    assert_eq!(broken(&code), Some(Rule::AboveFrame));
    seen.extend([Rule::Order, Rule::AboveFrame, Rule::Slot]);
    let missing: Vec<&Rule> = Rule::ALL.iter().filter(|rule| !seen.contains(rule)).collect();
    assert!(missing.is_empty(), "nothing breaks {missing:?}");
}

/// Arguments and slots: what of them is in the code, and what is said of them.
#[test]
fn arguments_and_slots_are_where_the_description_says() {
    let mut code = assemble("ldp x0, x1, [sp, #8]\n ldrb w2, [sp, #24]\n ret", 0);
    for (bytes, rule) in [(25, None), (24, Some(Rule::Incoming)), (0, Some(Rule::Incoming))] {
        code.incoming_bytes = bytes;
        assert_eq!(broken(&code), rule, "{bytes} bytes of arguments");
    }

    let slot = |offset, size, align| SlotPlace { offset, size, align };
    let small = "str x19, [sp, #-48]!\n stur x0, [sp, #9]\n ldr x19, [sp], #48\n ret";
    let realigned = "stp x29, x30, [sp, #-16]!\n mov x29, sp\n sub sp, sp, #112\n mov x16, sp\n \
      and sp, x16, #0xffffffffffffffc0\n str x0, [sp, #64]\n mov sp, x29\n ldp x29, x30, [sp], #16\n ret";
    let cases: &[(&str, u32, &[SlotPlace], Option<Rule>)] = &[
        (small, 48, &[slot(8, 40, 8)], None),
        (small, 48, &[slot(8, 9, 8), slot(32, 16, 16)], None),
        (small, 48, &[], Some(Rule::FrameAlignment)),
        (small, 48, &[slot(8, 8, 8)], Some(Rule::FrameAlignment)),
        (small, 48, &[slot(9, 8, 1)], None),
        (small, 48, &[slot(9, 8, 2)], Some(Rule::Slot)),
        (small, 48, &[slot(8, 40, 16)], Some(Rule::Slot)),
        (small, 48, &[slot(8, 41, 8)], Some(Rule::Slot)),
        (small, 48, &[slot(7, 30, 1)], Some(Rule::Slot)),
        (small, 48, &[slot(8, 24, 8), slot(24, 8, 8)], Some(Rule::Slot)),
        (small, 48, &[slot(32, 8, 8), slot(8, 24, 8)], Some(Rule::Slot)),
        (small, 48, &[slot(8, 24, 3)], Some(Rule::Slot)),
        (small, 48, &[slot(8, u64::MAX, 8)], Some(Rule::Slot)),
        (small, 48, &[slot(8, u64::MAX, 8), slot(16, 8, 8)], Some(Rule::Slot)),
        (realigned, 128, &[slot(0, 60, 32), slot(64, 48, 64)], None),
        (realigned, 128, &[slot(64, 49, 64)], Some(Rule::Slot)),
        (realigned, 128, &[slot(0, 60, 128)], Some(Rule::Slot)),
    ];
    for &(text, frame, slots, rule) in cases {
        let mut code = assemble(text, frame);
        code.slots = slots.to_vec();
        assert_eq!(broken(&code), rule, "{slots:?}\n{text}");
    }
}

/// Functions with everything that the linter looks at.
const CORPUS: &str = "
extern @many(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, f64) -> i64
fn @saves(i64, f64, i64) -> i64 {
  slot0: size 40, align 8
block0(v0: i64, v1: f64, v2: i64):
  v3: i64 = stack_addr slot0
  store v0, v3
  v4: i64 = call @many(v0, v0, v0, v0, v0, v0, v0, v0, v2, v0, v1)
  v5: i64 = call @many(v4, v0, v2, v0, v0, v0, v0, v0, v2, v4, v1)
  v6: f64 = fadd v1, v1
  v7: i64 = bitcast v6
  v8: i64 = load v3
  v9: i64 = add v5, v8
  v10: i64 = add v9, v7
  v11: i64 = add v10, v2
  ret v11
}
fn @paths(i64, i64) -> i64 {
  slot0: size 6000, align 8
block0(v0: i64, v1: i64):
  v2: i64 = stack_addr slot0
  store v0, v2
  v3: i8 = icmp slt v0, v1
  branch v3, block1, block2
block1:
  v4: i64 = sdiv v0, v1
  ret v4
block2:
  tail_call @paths(v1, v0)
}
fn @table(i64) -> i64 {
block0(v0: i64):
  switch v0, block1, [0: block2, 1: block3, 2: block4, 3: block1, 4: block3, 5: block2]
block1:
  v1: i64 = iconst 10
  ret v1
block2:
  v2: i64 = iconst 20
  ret v2
block3:
  v3: i64 = iconst 30
  ret v3
block4:
  trap unreachable
}
fn @aligned(i64) -> i64 {
  slot0: size 100, align 64
block0(v0: i64):
  v1: i64 = stack_addr slot0
  store v0, v1
  v2: i64 = call @table(v1)
  v3: i64 = load v1
  v4: i64 = add v2, v3
  ret v4
}
fn @large(i64) -> i64 {
  slot0: size 50000, align 8
block0(v0: i64):
  v1: i64 = stack_addr slot0 + 40000
  store v0, v1
  v2: i64 = call @table(v0)
  v3: i64 = load v1
  v4: i64 = add v2, v3
  ret v4
}
";

fn corpus() -> Vec<(Function, CompiledCode)> {
    let module = ir::parse::module(CORPUS).expect("it parses");
    let functions = module.functions.into_values();
    functions
        .map(|func| {
            let code = compile(&func, &Options::default().checked());
            (func, code.unwrap_or_else(|e| panic!("{e}")))
        })
        .collect()
}

/// An instruction that moves the stack pointer or saves or restores a register, or `None`.
fn is_frame_word(word: u32) -> bool {
    let text = arm64_enc::Inst::decode(word).map_or(String::new(), |inst| inst.to_string());
    let moves =
        text.contains("[sp, #-") || text.contains("[sp], #") || text.starts_with("mov x29, sp");
    let sets = ["sub sp", "add sp", "mov sp"].iter().any(|start| text.starts_with(start));
    let saves = text.starts_with("stp") || text.starts_with("ldp") || text.contains("d8, [sp");
    moves || sets || saves
}

#[test]
fn no_instruction_of_a_frame_can_be_left_out() {
    let mut count = 0;
    for (func, code) in corpus() {
        for at in 0..code.code_bytes as usize / 4 {
            if !is_frame_word(code.words[at]) {
                continue;
            }
            let mut damaged = code.clone();
            damaged.words[at] = arm64_enc::Inst::nop().encode();
            count += 1;
            let text = common::disassemble(&func, &code);
            assert!(broken(&damaged).is_some(), "@{} without {:#x}:\n{text}", code.name, at * 4);
        }
    }
    assert!(count > 20, "{count}");
}

/// Of frames and branches, a flipped bit is noticed nearly always; which register data are in, it cannot know.
#[test]
fn flipped_bits_are_noticed() {
    let mut rules = BTreeSet::new();
    let (mut frame, mut frame_seen, mut all, mut all_seen) = (0, 0, 0, 0);
    for (_, code) in corpus() {
        for at in 0..code.code_bytes as usize / 4 {
            for bit in 0..32 {
                let mut damaged = code.clone();
                damaged.words[at] ^= 1 << bit;
                let rule = broken(&damaged);
                rules.extend(rule);
                (all, all_seen) = (all + 1, all_seen + usize::from(rule.is_some()));
                if is_frame_word(code.words[at]) {
                    (frame, frame_seen) = (frame + 1, frame_seen + usize::from(rule.is_some()));
                }
            }
        }
    }
    println!("frames: {frame_seen} of {frame}, all: {all_seen} of {all}, {rules:?}");
    assert!(frame_seen * 100 >= frame * 95, "{frame_seen} of {frame}");
    assert!(all_seen * 100 >= all * 55, "{all_seen} of {all}");
    assert!(rules.len() >= 16, "{rules:?}");
}

/// Words of nonsense get an answer.
#[test]
fn nonsense_is_no_panic() {
    let mut random = Random::new(9);
    for (_, code) in corpus() {
        for _ in 0..300 {
            let mut damaged = code.clone();
            for _ in 0..1 + random.below(4) {
                let at = random.below(damaged.words.len());
                damaged.words[at] = match random.below(3) {
                    0 => random.bits() as u32,
                    1 => damaged.words[random.below(code.words.len())],
                    _ => damaged.words[at] ^ 1 << random.below(32),
                };
            }
            if random.once_in(4) {
                damaged.code_bytes = random.bits() as u32 % 400;
            }
            let _ = lint(&damaged);
        }
    }
}

/// What a program writes beyond its slots, by an address that it has worked out, is its own business: neither what it
/// hits nor where that is counts as an offence of the code.
#[test]
fn stores_of_the_program_beyond_its_slots_are_not_judged() {
    for size in [8, 16, 40, 5000] {
        for beyond in [-5000, -16, -8, -1, 1, 8, 16, 24, 32, 64, 5000, 1 << 20] {
            for calls in [false, true] {
                let b = FunctionBuilder::new("beyond");
                let x = b.param(Type::I64);
                let slot = b.slot(size, 8);
                let last = size as i32 - 8;
                let addr = b.stack_addr(slot, 0);
                b.store(x, addr, 0);
                b.store(x, addr, last);
                b.store(x, addr, if beyond < 0 { beyond } else { last + beyond });
                b.store(x, b.add(addr, i64::from(last + beyond)), 0);
                b.store(x, b.stack_addr(slot, last), beyond);
                if calls {
                    let callee = b.import("callee", Signature::new(&[Type::I64], &[Type::I64]));
                    b.ret(b.add(b.call1(callee, x), x));
                } else {
                    b.ret(b.load(Type::I64, addr, last + beyond));
                }
                let func = b.finish().expect("it keeps the rules");
                if let Err(error) = compile(&func, &Options::default().checked()) {
                    panic!("{error}: {size} {beyond} {calls}");
                }
            }
        }
    }
}

/// Frames of every kind of size, with arguments on the stack, alignments and calls: the linter passes them, and knows it
/// when the description is wrong.
#[test]
fn frames_of_all_sizes_keep_the_rules() {
    let around = |size: u64| (0..7).map(move |n| (size + n * 8).saturating_sub(24));
    let steps = [
        24, 240, 500, 1024, 2048, 3072, 4096, 5120, 7168, 8192, 20_480, 21_504, 24_576, 65_536,
        204_800,
    ];
    for size in steps.into_iter().flat_map(around) {
        for outgoing in [None, Some(0), Some(1), Some(2), Some(9), Some(40), Some(200)] {
            for align in [8, 32, 256, 4096] {
                let b = FunctionBuilder::new("frame");
                let params: Vec<_> = (0..12).map(|_| b.param(Type::I64)).collect();
                let x = params[11];
                let slot = b.slot(size.max(1), align);
                b.store(x, b.stack_addr(slot, 0), 0);
                if let Some(words) = outgoing {
                    let args = vec![x; 8 + words];
                    let types = vec![Type::I64; args.len()];
                    let callee = b.import("callee", Signature::new(&types, &[]));
                    b.call(callee, &args[..]);
                }
                b.ret(b.load(Type::I64, b.stack_addr(slot, 0), 0));
                let func = b.finish().expect("it keeps the rules");
                let code = compile(&func, &Options::default().checked());
                let code = code.unwrap_or_else(|e| panic!("{e}: {size} {outgoing:?} {align}"));
                let described = |change: fn(&mut CompiledCode)| {
                    let mut code = code.clone();
                    change(&mut code);
                    broken(&code)
                };
                let case = format!("{size} {outgoing:?} {align}");
                let frame = described(|code| code.frame_bytes += 16);
                assert_eq!(frame, Some(Rule::FrameBytes), "{case}");
                let incoming = described(|code| code.incoming_bytes -= 1);
                assert_eq!(incoming, Some(Rule::Incoming), "{case}");
                let slot = described(|code| code.slots[0].align *= 8192);
                assert_eq!(slot, Some(Rule::Slot), "{case}");
            }
        }
    }
}
