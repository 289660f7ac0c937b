//! Frames: what prologues look like, and that every offset and size is reached.

#[allow(dead_code)] // each test uses its part
mod common;

use arm64_sim::{CallArgs, CodeKind, Config, Simulator};
use codegen::{CallConv, Options, Reason, compile};
use common::{assembly, disassemble};
use ir::{Function, FunctionBuilder, NarrowWidth, Signature, Type, Value};

/// Code may lie anywhere.
const BASE: u64 = 0x10_0000;

fn run(func: &Function, ints: &[u64], stack: &[u64]) -> u64 {
    let code = compile(func, &Options::default().checked()).expect("it compiles");
    let mut config = Config::restricted();
    config.stack_size = 32 << 20;
    let mut sim = Simulator::new(config);
    sim.publish(BASE, &code.words, CodeKind::Plain).expect("the space is free");
    let args = CallArgs { ints, stack, ..CallArgs::default() };
    match sim.call(BASE, &args) {
        Ok(results) => results.ints[0],
        Err(fault) => panic!("{fault}\n{}", disassemble(func, &code)),
    }
}

/// A function that writes a slot at an offset and reads it back through a computed address.
fn slot_function(size: u64, align: u32, offset: i32) -> Function {
    let b = FunctionBuilder::new("slot");
    let value = b.param(Type::I64);
    let (first, slot, last) = (b.slot(8, 8), b.slot(size, align), b.slot(8, 8));
    let address = b.stack_addr(slot, 0);
    b.store(b.iconst(Type::I64, 1), b.stack_addr(first, 0), 0);
    b.store(b.iconst(Type::I64, 2), b.stack_addr(last, 0), 0);
    b.store(value, b.stack_addr(slot, offset), 0);
    let misaligned = b.and(address, b.iconst(Type::I64, i64::from(align) - 1));
    let back = b.load(Type::I64, b.add(address, b.iconst(Type::I64, offset.into())), 0);
    let neighbours = b.add(
        b.load(Type::I64, b.stack_addr(first, 0), 0),
        b.load(Type::I64, b.stack_addr(last, 0), 0),
    );
    // The neighbours hold 3 together, which the result takes away again.
    b.ret(b.sub(b.add(b.add(back, misaligned), neighbours), b.iconst(Type::I64, 3)));
    b.finish().expect("it keeps the rules")
}

#[test]
fn every_slot_size_offset_and_alignment_is_reached() {
    for size in [8_u64, 256, 4088, 4104, 5459, 32_768, 70_000, 200_000, 5_000_000] {
        for align in [8, 16, 32, 4096] {
            for offset in [0, 1, size as i32 / 2, size as i32 - 8] {
                let offset = offset.min(size as i32 - 8);
                let func = slot_function(size, align, offset);
                let value = 0x0123_4567_89ab_cdef;
                assert_eq!(run(&func, &[value], &[]), value, "{size} {align} {offset}");
            }
        }
    }
}

/// The address itself, where no access takes the offset in.
#[test]
fn addresses_of_slots_are_right() {
    for offset in [0, 8, 4088, 4095, 4096, 4097, 5000, 8192, 65_536, 65_537, 1_000_001, 4_999_992] {
        let b = FunctionBuilder::new("address");
        let slot = b.slot(5_000_000, 8);
        let (at, far) = (b.stack_addr(slot, 0), b.stack_addr(slot, offset));
        b.ret(b.sub(far, at));
        let func = b.finish().expect("it keeps the rules");
        assert_eq!(run(&func, &[], &[]), offset as u64);
    }
}

/// What realignment skips counts for how much is untouched where another function is called: the linter asks.
#[test]
fn realigned_frames_touch_what_they_skip() {
    for align in [32, 256, 1024, 2048, 4096] {
        for size in [8, 500, 1000, 1040, 3000, 4096, 9000] {
            let b = FunctionBuilder::new("f");
            let slot = b.slot(size, align);
            let at = b.stack_addr(slot, 0);
            b.call(b.import("g", Signature::new(&[Type::I64], &[])), at);
            b.ret(());
            let func = b.finish().expect("it keeps the rules");
            if let Err(error) = compile(&func, &Options::default().checked()) {
                panic!("{size} aligned to {align}: {error}");
            }
        }
    }
}

#[test]
fn no_page_of_a_big_frame_is_skipped() {
    for size in [900_u64, 1100, 4096, 5000, 12_000, 40_000, 100_000] {
        let func = slot_function(size, 8, 0);
        let code = compile(&func, &Options::default().checked()).expect("it compiles");
        // Each step of the stack pointer, and whether a store follows before the next.
        let text = disassemble(&func, &code);
        let mut since_touch = 1024_u64;
        for line in text.lines() {
            if let Some(step) = line.split("sub sp, sp, #").nth(1) {
                let (step, shift) = step.split_once(", lsl #").unwrap_or((step, "0"));
                since_touch += step.parse::<u64>().expect("a number")
                    << shift.parse::<u32>().expect("a number");
                assert!(since_touch <= 4096, "{size}:\n{text}");
            } else if line.contains("str xzr, [sp]") {
                since_touch = 0;
            }
        }
        // A leaf that touches nothing leaves what it and its caller may leave.
        assert!(since_touch <= 2048, "{size}: {since_touch} bytes stay untouched:\n{text}");
    }
}

/// The IR allows no such slots; nothing but the verifier keeps others from asking for them.
#[test]
fn a_frame_beyond_the_limit_is_refused() {
    let reason = |bytes: u64, calls: bool| {
        let b = FunctionBuilder::new("f");
        let slot = b.slot(1, 1);
        b.store_narrow(NarrowWidth::W8, b.iconst(Type::I64, 1), b.stack_addr(slot, 0), 0);
        if calls {
            b.call(b.import("g", Signature::new(&[], &[])), ());
        }
        b.ret(());
        let mut func = b.finish().expect("it keeps the rules");
        func.slots[slot].size = bytes;
        compile(&func, &Options::default()).err().map(|error| error.reason)
    };
    let max = codegen::MAX_FRAME_BYTES;
    // One that calls has a frame record of 16 bytes.
    for (size, calls, fits) in [
        (max, false, true),
        (max + 1, false, false),
        (max - 16, true, true),
        (max - 15, true, false),
        (max, true, false),
        (u64::MAX, false, false),
    ] {
        let found = reason(size, calls);
        let refused = matches!(found, Some(Reason::FrameTooLarge { .. }));
        assert_eq!((found.is_none(), refused), (fits, !fits), "{size} {calls}: {found:?}");
    }
    let mut func = slot_function(8, 8, 0);
    func.slots[ir::Entity::from_index(1)].align = 8192;
    let error = compile(&func, &Options::default()).expect_err("it cannot be aligned");
    assert!(matches!(error.reason, Reason::SlotAlignment { .. }), "{error}");
}

/// A function that needs all of `count` values at once, and a slot beside them; it returns `x` more than their sum.
fn pressed(count: u32, size: u64) -> Function {
    let b = FunctionBuilder::new("pressed");
    let x = b.param(Type::I64);
    let slot = (size > 0).then(|| b.slot(size, 8));
    if let Some(slot) = slot {
        b.store(x, b.stack_addr(slot, size as i32 - 8), 0);
    }
    let values: Vec<Value> = (0..count).map(|n| b.mul(x, i64::from(n) + 3)).collect();
    let start = match slot {
        Some(slot) => b.load(Type::I64, b.stack_addr(slot, size as i32 - 8), 0),
        None => x,
    };
    b.ret(values.iter().rev().fold(start, |sum, &value| b.add(sum, value)));
    b.finish().expect("it keeps the rules")
}

/// The first store of a frame allocates it as long as it reaches: one register less far than a pair.
#[test]
fn frames_of_every_small_size_and_number_of_saved_registers() {
    for count in 14..32 {
        for size in (0..560).step_by(16) {
            let func = pressed(count, size);
            let code = compile(&func, &Options::default().checked())
                .unwrap_or_else(|error| panic!("{count} values, a slot of {size}: {error}"));
            let expected = 5 + (0..u64::from(count)).map(|n| 5 * (n + 3)).sum::<u64>();
            assert_eq!(
                run(&func, &[5], &[]),
                expected,
                "{count} {size}\n{}",
                disassemble(&func, &code)
            );
        }
    }
}

#[test]
fn arguments_on_the_stack_are_found() {
    let b = FunctionBuilder::new("weighted");
    let params: Vec<_> = (0..14).map(|_| b.param(Type::I64)).collect();
    // A slot makes the offsets of the arguments depend on the frame.
    let slot = b.slot(4096, 64);
    b.store(params[0], b.stack_addr(slot, 0), 0);
    let mut sum = b.load(Type::I64, b.stack_addr(slot, 0), 0);
    for (index, &param) in params.iter().enumerate().skip(1) {
        sum = b.add(sum, b.mul(param, b.iconst(Type::I64, 1 << index)));
    }
    b.ret(sum);
    let func = b.finish().expect("it keeps the rules");
    let values: Vec<u64> = (0..14).map(|i| i * 7 + 1).collect();
    let expected = values.iter().enumerate().fold(0, |sum, (i, value)| sum + (value << i));
    assert_eq!(run(&func, &values[..8], &values[8..]), expected);
}

#[test]
fn prologues() {
    insta::assert_snapshot!(assembly(
        "
extern @many(i64, i64, i64, i64, i64, i64, i64, i64, i64, i8 sext) -> i64
fn @leaf_with_locals(i64) -> i64 {
  slot0: size 64, align 8
block0(v0: i64):
  store v0, v0
  v1: i64 = stack_addr slot0 + 8
  store v0, v1
  ret v1
}
fn @calls_with_stack_arguments(i64) -> i64 {
block0(v0: i64):
  v1: i8 = trunc v0
  v2: i64 = call @many(v0, v0, v0, v0, v0, v0, v0, v0, v0, v1)
  v3: i64 = add v2, v0
  ret v3
}
fn @realigned() {
  slot0: size 64, align 64
block0:
  v1: i64 = stack_addr slot0
  store v1, v1
  ret
}
fn @one_page() {
  slot0: size 5000, align 8
block0:
  v1: i64 = stack_addr slot0
  store v1, v1
  ret
}
fn @many_pages() {
  slot0: size 100000, align 8
block0:
  v1: i64 = stack_addr slot0
  store v1, v1
  ret
}"
    ));
}

#[test]
fn apple_packs_stack_arguments() {
    let b = FunctionBuilder::new("caller");
    let x = b.param(Type::I8);
    let types: Vec<Type> =
        [Type::I64; 8].into_iter().chain([Type::I8, Type::I16, Type::I8, Type::I32]).collect();
    let callee = b.import("callee", Signature::new(&types, &[]));
    let wide = b.iconst(Type::I64, 0);
    let args: Vec<_> = [wide; 8]
        .into_iter()
        .chain([x, b.iconst(Type::I16, 2), x, b.iconst(Type::I32, 4)])
        .collect();
    b.call(callee, &args[..]);
    b.ret(());
    let func = b.finish().expect("it keeps the rules");
    let stores = |conv| -> Vec<String> {
        let options = Options::default().checked().with_call_conv(conv);
        let code = compile(&func, &options).expect("it compiles");
        let text = disassemble(&func, &code);
        text.lines()
            .filter(|line| line.contains("str") && line.contains("[sp"))
            .map(|line| line[6..].to_owned())
            .collect()
    };
    insta::assert_debug_snapshot!([
        stores(codegen::CallConv::Aapcs64),
        stores(codegen::CallConv::Apple)
    ]);
}

/// On Apple the arguments for a callee may end anywhere: what is spilled above them is aligned all the same.
#[test]
fn spills_above_packed_arguments_are_aligned() {
    for narrow in 1..12 {
        let b = FunctionBuilder::new("caller");
        let (x, y) = (b.param(Type::I64), b.param(Type::I8));
        let types: Vec<Type> = [Type::I64; 8].into_iter().chain(vec![Type::I8; narrow]).collect();
        let callee = b.import("callee", Signature::new(&types, &[]));
        let values: Vec<Value> = (0..20).map(|n| b.mul(x, n + 3)).collect();
        let args: Vec<Value> = [x; 8].into_iter().chain(vec![y; narrow]).collect();
        b.call(callee, &args[..]);
        b.ret(values.iter().fold(x, |sum, &value| b.add(sum, value)));
        let func = b.finish().expect("it keeps the rules");
        let options = Options::default().checked().with_call_conv(CallConv::Apple);
        let code = compile(&func, &options).unwrap_or_else(|error| panic!("{narrow}: {error}"));
        assert!(code.frame_bytes > 8 * 10 + 16, "nothing is spilled: {}", code.frame_bytes);
    }
}
