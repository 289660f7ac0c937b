//! Random functions and modules through printer, reader and verifier.

use ir::{
    AbiParam, Block, Entity, Extend, Inst, InstData, Module, ParseError, Signature, SliceParam,
    SwitchTable, TrapKind, Type, Value, parse, verify_function,
};
use testkit::{Families, Random, Shape, function};

fn same_again(text: &str) -> Module {
    let first = parse::module(text).unwrap_or_else(|errors| panic!("{}", show(text, &errors)));
    let printed = first.to_string();
    let second =
        parse::module(&printed).unwrap_or_else(|errors| panic!("{}", show(&printed, &errors)));
    assert_eq!(first, second, "{printed}");
    assert_eq!(printed, second.to_string());
    second
}

fn show(text: &str, errors: &[ParseError]) -> String {
    errors.iter().map(|error| error.render(text, "test.ir") + "\n").collect()
}

fn block(index: usize) -> Block {
    Block::from_index(index)
}

fn value(index: usize) -> Value {
    Value::from_index(index)
}

/// Random functions with every operation, with blocks out of order and numbers left out.
#[test]
fn random_functions_come_back_the_same() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..400 {
        let callee = Signature::new(&[Type::I64], &[Type::I64, Type::F32]);
        let wide = Signature::new(&[Type::I128, Type::I8], &[Type::I64]);
        let shape = Shape {
            name: ["f", "a b", "7up", "é.x", ""][seed as usize % 5].to_owned(),
            blocks: (seed % 9) as u32,
            slots: (seed % 4) as u32,
            names: seed % 3 > 0,
            callees: vec![
                ("callee".into(), callee),
                ("λ → x".into(), Signature::default()),
                ("wide".into(), wide.clone()),
                ("other".into(), wide),
            ],
            families: if seed % 4 == 0 { Families::NONE } else { Families::ALL },
            ..Shape::default()
        };
        let mut func = function(seed, &shape);
        let mut layout = func.layout().to_vec();
        layout[1..].reverse();
        func.set_layout(layout);
        for _ in 0..seed % 4 {
            func.detached_value(Type::F64);
        }
        if let Some(&last) = func.layout().last().filter(|_| shape.blocks > 0) {
            // A number far above the others.
            func.append_block_param(last, Type::I16);
        }
        for block in func.layout() {
            seen.extend(func.block_insts(*block).iter().map(|inst| func.inst(*inst).opcode()));
        }
        let text = func.to_string();
        let again = parse::function(&text)
            .unwrap_or_else(|errors| panic!("{text}{}", show(&text, &errors)));
        assert_eq!(func, again, "seed {seed}\n{text}{again}");
        assert_eq!(text, again.to_string());
    }
    // Data comes with modules, and a trap alone ends no useful function.
    let missing: Vec<_> = ir::Opcode::ALL.iter().filter(|op| !seen.contains(op)).collect();
    assert_eq!(missing, [&ir::Opcode::DataAddr, &ir::Opcode::Trap]);
}

/// `PartialEq` is no weaker than the text: whatever one line says differently makes functions differ.
#[test]
fn functions_differ_if_a_line_differs() {
    let text = function(3, &Shape::default()).to_string();
    let original = parse::function(&text).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut changed = 0;
    for skipped in 0..lines.len() {
        let rest: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|&(i, _)| i != skipped)
            .map(|(_, line)| *line)
            .collect();
        if let Ok(other) = parse::function(&rest.join("\n")) {
            assert_ne!(original, other, "without `{}`", lines[skipped]);
            changed += 1;
        }
    }
    assert!(changed > 10);
}

/// Modules of random host functions and data: every byte, runs of zeros of every length, names of all kinds.
#[test]
fn random_modules_come_back_the_same() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let mut module = Module::new();
        if random.once_in(2) {
            module.source_name = Some(format!("dir {seed}/\u{202e}\t\u{0}ü.rs"));
        }
        for i in 0..random.below(5) {
            let mut bytes = Vec::new();
            for _ in 0..random.below(6) {
                bytes.resize(bytes.len() + random.below(40), 0);
                bytes.extend((0..random.below(5)).map(|_| random.bits() as u8));
            }
            let (align, mutable) = (1 << random.below(13), random.once_in(2));
            let name = ["d", "1 d", "é\"\\\n", "→"][random.below(4)].to_owned() + &i.to_string();
            let mut data = ir::DataObject { bytes, align, mutable, ..ir::DataObject::default() };
            for _ in 0..random.below(3) {
                data.push(Type::F32, random.bits().into());
                data.push_address("host.0", random.bits() as i32);
            }
            module.add_data(&name, data).unwrap();
        }
        for i in 0..random.below(4) {
            let param = |random: &mut Random| {
                let ty = random.pick(&Type::ALL).unwrap();
                let extend = random.pick(&[None, Some(Extend::Sign), Some(Extend::Zero)]).unwrap();
                let size = std::num::NonZeroU32::new(1 + random.bits() as u32 % 40);
                let size = size.filter(|_| random.once_in(3));
                let slice = size.map(|size| SliceParam { size, mutable: random.once_in(2) });
                AbiParam { ty, extend, slice }
            };
            let params = (0..random.below(4)).map(|_| param(&mut random)).collect();
            let results = (0..random.below(4)).map(|_| param(&mut random)).collect();
            module.add_extern(&format!("host.{i}"), Signature { params, results }).unwrap();
        }
        let callees: Vec<_> =
            module.externs.iter().map(|(name, sig)| (name.clone(), sig.clone())).collect();
        for i in 0..random.below(3) {
            let callees = callees.clone();
            let shape = Shape { name: format!("f{i}"), blocks: 3, callees, ..Shape::default() };
            module.add_function(function(seed + i as u64, &shape)).unwrap();
        }
        assert_eq!(module, same_again(&module.to_string()));
    }
}

/// Random damage through the API never makes the verifier or the printer panic.
#[test]
fn damaged_functions_get_an_answer() {
    let mut refused = 0;
    for seed in 0..2000 {
        let mut func = function(seed, &Shape { blocks: 4, insts: 3, ..Shape::default() });
        let mut random = Random::new(seed);
        for _ in 0..1 + random.below(3) {
            let at = block(random.below(func.num_blocks()));
            let inst = Inst::from_index(random.below(func.num_insts()));
            match random.below(8) {
                0 => {
                    let mut layout = func.layout().to_vec();
                    layout.push(block(random.below(8)));
                    func.set_layout(layout);
                }
                1 => {
                    let mut insts = func.take_block_insts(at);
                    insts.pop();
                    func.set_block_insts(at, insts);
                }
                2 => {
                    let mut insts = func.take_block_insts(at);
                    insts.insert(0, inst);
                    func.set_block_insts(at, insts);
                }
                3 => func.detach(inst),
                4 => func.retain_block_params(at, |index, _| index > 0),
                5 => {
                    let other = value(random.below(func.num_values() + 2));
                    func.map_operands(inst, |old| if old.index() % 3 == 0 { other } else { old });
                }
                6 => func.replace(inst, InstData::Trap { kind: TrapKind::Panic }),
                _ => {
                    let default = func.block_call(block(random.below(9)), &[]);
                    let table = func.switches.push(SwitchTable { default, cases: Vec::new() });
                    func.replace(inst, InstData::Switch { index: value(0), table });
                }
            }
        }
        if let Err(error) = verify_function(&func) {
            assert!(error.in_context(&func).contains(&error.message));
            refused += 1;
        }
    }
    assert!(refused > 1000, "{refused}");
}
