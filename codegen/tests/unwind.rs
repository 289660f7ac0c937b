//! Frame descriptions against the machine: functions are run instruction by instruction in the simulator, and before each of
//! them the description must find the caller's stack pointer and registers as they were when the function was called.

#[allow(dead_code)] // each test uses its part
mod common;

use std::collections::BTreeMap;

use arm64_sim::{CallArgs, CodeKind, Config, Permission, Registers, Simulator, Stop};
use codegen::{
    CompiledCode, Compiler, DWARF_SP, FrameChange, FrameRow, Options, Protection, Runtime, Symbol,
    compile, pads,
};
use common::link::{self, BASE};
use ir::{Function, Module};

/// `brk #0`
const BRK: u32 = 0xd420_0000;
/// `ldr x0, [x1]`
const READER: [u32; 2] = [0xf940_0020, BRK];
const READER_AT: u64 = 0x8_0000;
/// Where the first function returns to.
const END: u64 = 0x9_0000;

/// Where the results go that registers do not hold.
const RESULTS_AT: u64 = 0x4000_0000;

/// What the description says before an instruction.
#[derive(Clone, Debug)]
struct Known {
    cfa: (u8, u32),
    saved: BTreeMap<u8, u32>,
    signed: bool,
}

fn known_at(code: &CompiledCode, offset: u32) -> Known {
    let start = Known { cfa: (DWARF_SP, 0), saved: BTreeMap::new(), signed: false };
    let (mut now, mut kept) = (start.clone(), Vec::new());
    for row in code.frame_rows.iter().take_while(|row| row.offset <= offset) {
        match row.change {
            FrameChange::Cfa { register, bytes } => now.cfa = (register, bytes),
            FrameChange::Saved { register, below } => drop(now.saved.insert(register, below)),
            FrameChange::Epilogue => kept.push(now.clone()),
            FrameChange::Return => now = Known { signed: now.signed, ..start.clone() },
            FrameChange::Signature => now.signed = !now.signed,
            FrameChange::Body => now = kept.pop().expect("an epilogue began"),
            other => panic!("{other:?} is unknown"),
        }
    }
    now
}

struct Activation {
    function: usize,
    entry: Registers,
}

/// Whether there is a jump table in the code, which would be taken for instructions.
fn has_table(code: &CompiledCode) -> bool {
    code.words.contains(&0xd61f_0200) // br x16
}

/// Runs the function of this number and asks at every instruction. Gives the number of instructions, and of those at
/// which registers were saved.
fn ask(module: &Module, options: &Options, main: usize, ints: &[u64]) -> (usize, usize) {
    let functions = module.functions.values().map(|func| {
        let mut func = func.clone();
        ssa::construct(&mut func);
        opt::optimize(&mut func, opt::Level::None);
        func
    });
    let functions: Vec<Function> = functions.collect();
    let mut compiler = Compiler::new(options.clone()).expect("registers");
    let compiled = functions.iter().map(|func| compiler.compile(func).expect("it compiles"));
    let mut compiled: Vec<CompiledCode> = compiled.collect();
    if compiled.iter().any(has_table) {
        return (0, 0);
    }
    let linked = link::link(&functions, &mut compiler).expect("it compiles again");
    let mut sim = Simulator::new(Config::restricted());
    // Every instruction stops at the next one; constants stay as they are.
    let mut stopping = linked.words.clone();
    for (code, &(_, start)) in compiled.iter().zip(&linked.places) {
        let first = ((start - BASE) / 4) as usize;
        stopping[first..first + code.code_bytes as usize / 4].fill(BRK);
    }
    let free_room = Runtime::FreeRoom.code().expect("it assembles");
    stopping[..free_room.words.len()].fill(BRK);
    sim.set_returns_for_others(linked.free_room);
    sim.publish(BASE, &stopping, CodeKind::Plain).expect("the space is free");
    sim.publish(READER_AT, &READER, CodeKind::Plain).expect("the space is free");
    sim.publish(END, &[BRK], CodeKind::Plain).expect("the space is free");
    let mut starts: Vec<u64> = linked.places.iter().map(|&(_, start)| start).collect();
    // The last stands for whoever has made room.
    starts.push(BASE);
    let (name, frame_rows) = ("free_room".to_owned(), free_room.frame_rows);
    compiled.push(CompiledCode { name, frame_rows, ..CompiledCode::default() });
    // Arguments on the stack may be anything that can be read.
    let sp = sim.registers().sp - 1024;
    assert!(sim.set_sp(sp));
    let mut registers = sim.registers();
    for n in 0..31 {
        registers.x[n] = 0x1000 + n as u64;
        registers.v[n] = 0x2000 + n as u128;
    }
    registers.x[..ints.len()].copy_from_slice(ints);
    // Memory for results.
    assert!(sim.map(RESULTS_AT, vec![0; 1024], Permission::ReadWrite));
    registers.x[8] = RESULTS_AT;
    registers.x[30] = END;
    sim.set_registers(&registers);
    let mut stack: Vec<Activation> = Vec::new();
    let (mut pc, mut asked, mut saved) = (starts[main], 0, 0);
    loop {
        let now = sim.registers();
        while let Some(top) = stack.last()
            && (pc, now.sp) == (top.entry.x[30], top.entry.sp)
        {
            stack.pop();
        }
        if pc == END {
            return (asked, saved);
        }
        if let Some(function) = starts.iter().position(|&start| start == pc) {
            // A tail call takes the place of its function.
            match stack.last_mut() {
                Some(top) if (top.entry.x[30], top.entry.sp) == (now.x[30], now.sp) => {
                    top.function = function;
                }
                _ => stack.push(Activation { function, entry: now }),
            }
        }
        let top = stack.last_mut().expect("code belongs to a function");
        if pc == linked.free_room {
            top.function = compiled.len() - 1;
        }
        let offset = (pc - starts[top.function]) as u32;
        let known = known_at(&compiled[top.function], offset);
        let place = format!("{} at {offset:#x}: {known:x?}", compiled[top.function].name);
        let (register, bytes) = known.cfa;
        let base = if register == DWARF_SP { now.sp } else { now.x[usize::from(register)] };
        let cfa = base + u64::from(bytes);
        assert_eq!(cfa, top.entry.sp, "the stack pointer, {place}");
        for register in (19..=30).chain(72..=79) {
            let was = value(&top.entry, register);
            let is = match known.saved.get(&register) {
                Some(&below) => read(&mut sim, cfa - u64::from(below)),
                None => value(&now, register),
            };
            assert_eq!(is, was, "register {register}, {place}");
        }
        asked += 1;
        saved += usize::from(!known.saved.is_empty());
        sim.set_registers(&now);
        let at = ((pc - BASE) / 4) as usize;
        stopping[at] = linked.words[at];
        sim.publish(BASE, &stopping, CodeKind::Plain).expect("it is replaced");
        let fault = sim.run_from(pc);
        stopping[at] = BRK;
        // A program's own trap ends it as well.
        assert!(matches!(fault.stop, Stop::Breakpoint { .. }), "{fault}, {place}");
        if fault.pc() == pc {
            return (asked, saved);
        }
        pc = fault.pc();
    }
}

fn value(registers: &Registers, number: u8) -> u64 {
    match number {
        0..=30 => registers.x[usize::from(number)],
        _ => registers.v[usize::from(number - 64)] as u64,
    }
}

/// The word at an address of the simulator's stack.
fn read(sim: &mut Simulator, address: u64) -> u64 {
    let kept = sim.registers();
    let mut registers = kept;
    registers.x[1] = address;
    sim.set_registers(&registers);
    let fault = sim.run_from(READER_AT);
    assert!(matches!(fault.stop, Stop::Breakpoint { .. }), "{fault}");
    let word = sim.registers().x[0];
    sim.set_registers(&kept);
    word
}

fn options() -> Options {
    Options::default().checked().with_frame_descriptions(true)
}

/// A function that keeps values over calls and has a slot, for each size and alignment of the slot.
#[test]
fn frames_of_every_shape() {
    let mut kinds = 0;
    for size in [0, 8, 500, 3064, 3080, 9000, 20_000] {
        for align in [8, 64, 4096] {
            for calls in [false, true] {
                let call = if calls { "v3: i64 = call @leaf(v2)" } else { "v3: i64 = add v2, v0" };
                let slot = if size == 0 {
                    String::new()
                } else {
                    format!("  slot0: size {size}, align {align}\n")
                };
                let store =
                    if size == 0 { "" } else { "  v4: i64 = stack_addr slot0\n  store v2, v4\n" };
                let source = format!(
                    "fn @main(i64, i64) -> i64 {{\n{slot}block0(v0: i64, v1: i64):\n  v2: i64 = mul v0, v1\n{store}  {call}\n  \
                     v5: i64 = add v3, v1\n  branch v5, block1, block2\nblock1:\n  ret v5\nblock2:\n  v6: i64 = add v2, v3\n  ret v6\n}}\n\
                     fn @leaf(i64) -> i64 {{\nblock0(v0: i64):\n  v1: i64 = add v0, v0\n  ret v1\n}}\n"
                );
                let module = ir::parse::module(&source)
                    .unwrap_or_else(|error| panic!("{error:?}\n{source}"));
                for b in [3, u64::MAX] {
                    let (asked, _) = ask(&module, &options(), 0, &[5, b]);
                    assert!(asked > 4);
                    kinds += 1;
                }
            }
        }
    }
    assert_eq!(kinds, 84);
}

/// From frames of every kind, tail calls to functions of more and more arguments, which find room or make it.
#[test]
fn tail_calls_that_make_room() {
    let list = |count: usize, item: &dyn Fn(usize) -> String| {
        (0..count).map(item).collect::<Vec<_>>().join(", ")
    };
    for size in [0, 24, 3064, 9000] {
        for align in [8, 4096] {
            for calls in [false, true] {
                for (middle, last) in [(9, 10), (10, 24), (24, 9), (90, 10), (600, 9)] {
                    // Each instruction is run alone, and such functions have thousands.
                    if middle == 600 && (size, align) != (0, 8) {
                        continue;
                    }
                    let call = if calls { "  v2000: i64 = call @leaf(v0)\n" } else { "" };
                    let (slot, store) = match size {
                        0 => (String::new(), ""),
                        _ => (
                            format!("  slot0: size {size}, align {align}\n"),
                            "  v2001: i64 = stack_addr slot0\n  store v0, v2001\n",
                        ),
                    };
                    let function = |name: &str, count: usize, end: String| {
                        let types = list(count, &|_| "i64".to_owned());
                        let params = list(count, &|n| format!("v{n}: i64"));
                        format!(
                            "fn @{name}({types}) -> i64 {{\n{slot}block0({params}):\n{store}{call}{end}}}\n"
                        )
                    };
                    let args = |count: usize| list(count, &|_| "v0".to_owned());
                    let source = format!(
                        "fn @main(i64) -> i64 {{\nblock0(v0: i64):\n  v1: i64 = call @first(v0)\n  ret v1\n}}\n\
                         fn @leaf(i64) -> i64 {{\nblock0(v0: i64):\n  ret v0\n}}\n{}{}{}",
                        function("first", 1, format!("  tail_call @middle({})\n", args(middle))),
                        function("middle", middle, format!("  tail_call @last({})\n", args(last))),
                        function("last", last, format!("  ret v{}\n", last - 1)),
                    );
                    let module = ir::parse::module(&source)
                        .unwrap_or_else(|error| panic!("{error:?}\n{source}"));
                    let (asked, saved) = ask(&module, &options(), 0, &[5]);
                    assert!(asked > 20 && saved > 4, "{source}");
                }
            }
        }
    }
}

/// Whatever the generator makes, calls and tail calls included.
#[test]
fn random_functions() {
    let mut saved = 0;
    for seed in 0..20 {
        let module = common::random_module(seed);
        let main = module.functions.len() - 1;
        saved += ask(&module, &options(), main, &[seed, 1, 2, 3]).1;
    }
    assert!(saved > 300, "{saved}");
}

/// A frame is described with the signature of its return address, which is on where it is saved; the linter proves the rest,
/// and indirect calls and jumps find their landing pads.
#[test]
fn protected_functions() {
    for (pads, signs) in [(true, false), (false, true), (true, true)] {
        let options = options().with_protection(Protection::new(pads, signs));
        let mut signed = 0;
        for seed in 0..12 {
            let module = common::random_module(seed);
            ask(&module, &options, module.functions.len() - 1, &[seed, 1, 2, 3]);
            for func in module.functions.values() {
                let mut func = func.clone();
                ssa::construct(&mut func);
                opt::optimize(&mut func, opt::Level::None);
                let code = compile(&func, &options).expect("it compiles");
                let saves_link =
                    |row: &FrameRow| matches!(row.change, FrameChange::Saved { register: 30, .. });
                let has_record = code.frame_rows.iter().any(saves_link);
                let signatures =
                    code.frame_rows.iter().filter(|row| row.change == FrameChange::Signature);
                let makes_room =
                    code.relocs.iter().any(|reloc| matches!(reloc.symbol, Symbol::Runtime(_)));
                assert_eq!(signatures.count() > 0, has_record && signs && !makes_room);
                let first = code.words[0];
                let pads_at_entry = [pads::BTI_C, pads::PACIASP].map(|pad| pad.encode());
                assert!(!pads || pads_at_entry.contains(&first));
                signed += usize::from(first == pads::PACIASP.encode());
            }
        }
        assert_eq!(signed > 5, signs, "{signed}");
    }
}

/// On pages that ask for landing pads a switch by a table, calls by address and tail calls find them; without, they do not.
#[test]
fn landing_pads_are_where_indirect_branches_lead() {
    let cases: String =
        (0..12).map(|n| format!("{n}: block{}", n + 2)).collect::<Vec<_>>().join(", ");
    let blocks: String = (0..12)
        .map(|n| {
            format!("block{}:\n  v{}: i64 = iconst {}\n  ret v{}\n", n + 2, n + 10, n * n, n + 10)
        })
        .collect();
    let source = format!(
        "fn @f(i64) -> i64 {{\nblock0(v0: i64):\n  switch v0, block1, [{cases}]\nblock1:\n  v1: i64 = iconst 7\n  ret v1\n{blocks}}}\n"
    );
    let module = ir::parse::module(&source).unwrap_or_else(|error| panic!("{error:?}\n{source}"));
    let func = module.functions.values().next().expect("there is one");
    let mut func = func.clone();
    ssa::construct(&mut func);
    let options = Options::default().checked();
    for landing_pads in [true, false] {
        let protection = Protection::new(landing_pads, false);
        let code =
            compile(&func, &options.clone().with_protection(protection)).expect("it compiles");
        assert!(has_table(&code));
        let mut sim = Simulator::new(Config::restricted());
        sim.publish(BASE, &code.words, CodeKind::Guarded).expect("the space is free");
        for n in 0..14 {
            let result = sim.call(BASE, &CallArgs { ints: &[n], ..CallArgs::default() });
            match result {
                Ok(results) => assert_eq!(results.ints[0], if n < 12 { n * n } else { 7 }),
                Err(fault) => assert!(
                    !landing_pads && matches!(fault.stop, Stop::MissingLandingPad { .. }),
                    "{fault}"
                ),
            }
            assert!(landing_pads || result_is_fault(&mut sim, n));
        }
    }
}

fn result_is_fault(sim: &mut Simulator, n: u64) -> bool {
    n >= 12 || sim.call(BASE, &CallArgs { ints: &[n], ..CallArgs::default() }).is_err()
}

/// Nobody pays for what nobody reads.
#[test]
fn they_are_made_when_asked_for() {
    let module = common::random_module(3);
    for func in module.functions.values() {
        let mut func = func.clone();
        ssa::construct(&mut func);
        opt::optimize(&mut func, opt::Level::None);
        let plain = compile(&func, &Options::default()).expect("it compiles");
        let described = compile(&func, &options()).expect("it compiles");
        assert!(plain.frame_rows.is_empty());
        assert_eq!(plain.words, described.words);
    }
}
