//! Memory of a process that adds, calls and drops functions one by one: alone in its process, so that nobody else
//! allocates.

use std::sync::Arc;

use interp::{Bindings, Interpreter, LoadOptions, MemoryAccess, NoHost, Program, Target};
use ir::{Signature, Type};
use jitmem::DataMemory;

const CYCLES: usize = if cfg!(debug_assertions) { 20_000 } else { 1_000_000 };

/// Bytes of memory that are there.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    4096 * statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn functions_that_come_and_go_leave_nothing() {
    let text = "extern @other(i64) -> i64
         data @object align 8 = zero 8
         fn @f(i64) -> i64 {
         block0(v0: i64):
           branch v0, block1, block2
         block1:
           v1: i64 = iconst 0
           v2: i64 = call @f(v1)
           v3: i64 = call @other(v1)
           v4: i64 = add v2, v3
           ret v4
         block2:
           v5: i64 = data_addr @object
           v6: i64 = load v5
           ret v6
         }";
    let module = ir::parse::module(text).unwrap();
    let func = &module.functions["f"];
    let unary = Signature::new(&[Type::I64], &[Type::I64]);
    let options = LoadOptions { memory: MemoryAccess::Restricted, counted: true };
    let mut program = Program::new(&options);
    let mut interpreter = Interpreter::default();
    let mut cycle = |number: usize| {
        // Two that call each other and themselves.
        let ids = [0; 2].map(|_| program.declare(&unary));
        let bytes = (number as u64).to_le_bytes();
        let data = Arc::new(DataMemory::new([(&bytes[..], 8)]).unwrap());
        program.allow_data(Arc::clone(&data));
        for (id, other) in [(ids[0], ids[1]), (ids[1], ids[0])] {
            let callees: Vec<Target> = func
                .callees
                .values()
                .map(|callee| Target::Function(if callee.name == "f" { id } else { other }))
                .collect();
            let bindings = Bindings { callees: &callees, data: &[data.address(0).unwrap()] };
            program.define(id, func, &bindings).unwrap();
        }
        let results = interpreter.call(&program, ids[0], &[1], &mut NoHost);
        assert_eq!(results, Ok(vec![2 * number as u64]));
        if number.is_multiple_of(100) {
            // All of them go at once.
            program = Program::new(&options);
        } else {
            assert_eq!(ids.map(|id| program.remove(id)), [true; 2]);
        }
        program.forget_data(&data);
    };
    (0..CYCLES / 10).for_each(&mut cycle);
    let before = resident();
    (CYCLES / 10..CYCLES).for_each(&mut cycle);
    let grown = resident().saturating_sub(before);
    // The same slots all the time.
    let address = program.address_of(Target::Function(program.declare(&unary)));
    assert!(address as u32 >> 4 < 2, "{address:#x}");
    println!("{CYCLES} times two functions: {grown} bytes more");
    // 64 bytes for each cycle would be more. An emulator's own memory counts too, and it keeps translations.
    assert!(grown < 1 << 20, "{grown} bytes for {CYCLES} cycles");
}
