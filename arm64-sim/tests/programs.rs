//! Whole functions: calls in both directions, memory, counts, faults that end a call.

use arm64_sim::{
    Access, CallArgs, Checks, Class, CodeKind, Config, Fault, Permission, Simulator, Stop,
};

const BASE: u64 = 0x40_0000;

const FIB: &[u32] = &[
    0xf100_081f, // cmp x0, #2
    0x5400_01ab, // b.lt ret
    0xa9be_7bfd, // stp x29, x30, [sp, #-32]!
    0x9100_03fd, // mov x29, sp
    0xa901_53f3, // stp x19, x20, [sp, #16]
    0xaa00_03f3, // mov x19, x0
    0xd100_0660, // sub x0, x19, #1
    0x97ff_fff9, // bl fib
    0xaa00_03f4, // mov x20, x0
    0xd100_0a60, // sub x0, x19, #2
    0x97ff_fff6, // bl fib
    0x8b14_0000, // add x0, x0, x20
    0xa941_53f3, // ldp x19, x20, [sp, #16]
    0xa8c2_7bfd, // ldp x29, x30, [sp], #32
    0xd65f_03c0, // ret
];

fn restricted(words: &[u32]) -> Simulator {
    let mut sim = Simulator::new(Config::restricted());
    sim.publish(BASE, words, CodeKind::Plain).unwrap();
    sim
}

fn ints(ints: &[u64]) -> CallArgs<'_> {
    CallArgs { ints, ..CallArgs::default() }
}

#[test]
fn recursion_is_run_and_counted() {
    let mut sim = restricted(FIB);
    assert_eq!(sim.call(BASE, &ints(&[20])).unwrap().ints[0], 6765);
    // 10945 calls with n >= 2, of 15 instructions; 10946 leaves, of 3.
    let stats = sim.stats();
    assert_eq!(stats.instructions, 10945 * 15 + 10946 * 3);
    assert_eq!(stats.class(Class::Load), 10945 * 2);
    assert_eq!(stats.class(Class::Store), 10945 * 2);
    assert_eq!(stats.class(Class::Move), 10945 * 3);
    assert_eq!(stats.class(Class::Branch), 10945 * 4 + 10946 * 2);
    // Each call but the first was a branch, so was each return, and each leaf's b.lt.
    assert_eq!(stats.taken_branches, 2 * 10945 + 21891 + 10946);
    let counts = sim.counts(BASE, FIB.len());
    assert_eq!(counts[0].0, 21891);
    assert_eq!(counts[1], (21891, 10946));
    assert_eq!(counts[14].0, 21891);
    sim.reset_stats();
    assert_eq!(sim.stats().instructions, 0);
}

#[test]
fn a_comparison_and_its_branch_are_still_two_instructions() {
    let words = [
        0xb400_0041, // cbz x1, bcond
        0xf100_081f, // cmp x0, #2
        0x5400_0060, // bcond: b.eq equal
        0xd280_0000, // mov x0, #0
        0xd65f_03c0, // ret
        0xd280_0020, // equal: mov x0, #1
        0xd65f_03c0, // ret
    ];
    let mut config = Config::restricted();
    config.checks = Checks::NONE;
    let mut sim = Simulator::new(config);
    sim.publish(BASE, &words, CodeKind::Plain).unwrap();
    assert_eq!(sim.call(BASE, &ints(&[2, 1])).unwrap().ints[0], 1);
    // Into the middle, with the flags of the call before.
    assert_eq!(sim.call(BASE, &ints(&[3, 0])).unwrap().ints[0], 1);
    assert_eq!(sim.call(BASE, &ints(&[3, 1])).unwrap().ints[0], 0);
    assert_eq!(sim.counts(BASE, 3), [(3, 1), (2, 0), (3, 2)]);
    // Without the branch the comparison is itself again.
    sim.unpublish(BASE + 8, 1);
    let fault = sim.call(BASE, &ints(&[2, 1])).unwrap_err();
    assert!(matches!(fault.stop, Stop::UnpublishedCode), "{fault}");
}

#[test]
fn a_budget_ends_an_endless_loop() {
    let mut sim = restricted(&[0x1400_0000]);
    sim.set_fuel(Some(1000));
    let fault = sim.call(BASE, &ints(&[])).unwrap_err();
    assert!(matches!(fault.stop, Stop::OutOfFuel), "{fault}");
    assert_eq!(sim.stats().instructions, 1001);
    assert_eq!(sim.fuel(), Some(0));
}

#[test]
fn endless_recursion_overflows_the_stack() {
    // stp x29, x30, [sp, #-16]!; bl self
    let mut sim = restricted(&[0xa9bf_7bfd, 0x97ff_ffff]);
    let fault = sim.call(BASE, &ints(&[])).unwrap_err();
    assert!(matches!(fault.stop, Stop::StackOverflow { .. }), "{fault}");
    // The stack is whole again.
    assert!(sim.call(BASE, &ints(&[])).is_err());
}

const CALLS_HOST: &[u32] = &[
    0xa9be_7bfd, // stp x29, x30, [sp, #-32]!
    0xd280_00a9, // mov x9, #5
    0xf900_0be9, // str x9, [sp, #16]
    0x9100_0400, // add x0, x0, #1
    0x1e60_2800, // fadd d0, d0, d0
    0xd100_43ff, // sub sp, sp, #16
    0xf900_03e9, // str x9, [sp]
    0xd63f_0020, // blr x1
    0x9100_43ff, // add sp, sp, #16
    0x9e78_0009, // fcvtzs x9, d0
    0x8b09_0000, // add x0, x0, x9
    0xa8c2_7bfd, // ldp x29, x30, [sp], #32
    0xd65f_03c0, // ret
];

#[test]
fn host_functions_see_and_set_registers() {
    let mut sim = restricted(CALLS_HOST);
    let host = 0x1234;
    sim.register_host(host, |call| {
        let stack = call.stack(0)?;
        let d0 = f64::from_bits(call.d(0));
        call.set_x(0, call.x(0) * 10 + stack);
        call.set_d(0, (d0 + 0.5).to_bits());
        Ok(())
    });
    let args = CallArgs { ints: &[3, host], floats: &[2.25f64.to_bits()], ..CallArgs::default() };
    // (3 + 1) * 10 + 5, and trunc(2.25 * 2 + 0.5).
    assert_eq!(sim.call(BASE, &args).unwrap().ints[0], 45 + 5);
}

#[test]
fn host_functions_call_back_and_faults_pass_through() {
    let mut sim = restricted(FIB);
    sim.publish(BASE + 0x1000, CALLS_HOST, CodeKind::Plain).unwrap();
    let host = 0x1234;
    sim.register_host(host, |call| {
        let n = call.x(0);
        if n == 7 {
            return Err(call.fault(99, "seven"));
        }
        let r = call.simulator().call(BASE, &CallArgs { ints: &[n], ..CallArgs::default() })?;
        call.set_x(0, r.ints[0]);
        call.set_d(0, 0);
        Ok(())
    });
    let args = CallArgs { ints: &[9, host], floats: &[0], ..CallArgs::default() };
    assert_eq!(sim.call(BASE + 0x1000, &args).unwrap().ints[0], 55);
    let args = CallArgs { ints: &[6, host], floats: &[0], ..CallArgs::default() };
    let fault = sim.call(BASE + 0x1000, &args).unwrap_err();
    assert!(matches!(fault.stop, Stop::Host { code: 99, .. }), "{fault}");
    assert_eq!(fault.pc(), BASE + 0x1000 + 7 * 4);
}

#[test]
fn open_memory_is_the_hosts() {
    // ldr x2, [x0]; ldr x3, [x1]; str x2, [x1]; str x3, [x0]; ret
    let words = [0xf940_0002u32, 0xf940_0023, 0xf900_0022, 0xf900_0003, 0xd65f_03c0];
    #[allow(unsafe_code)]
    // SAFETY: the code swaps two integers that live here.
    let mut sim = Simulator::new(unsafe { Config::open() });
    let code: Box<[u32]> = words.into();
    let entry = code.as_ptr().expose_provenance() as u64;
    sim.publish(entry, &code, CodeKind::Plain).unwrap();
    let (mut a, mut b) = (1u64, 2u64);
    let at = |p: *mut u64| p.expose_provenance() as u64;
    sim.call(entry, &ints(&[at(&raw mut a), at(&raw mut b)])).unwrap();
    assert_eq!((a, b), (2, 1));
    let fault = sim.call(entry, &ints(&[8, 8])).unwrap_err();
    assert!(matches!(fault.stop, Stop::Memory { address: 8, size: 8, .. }), "{fault}");
}

#[test]
fn restricted_memory_is_what_was_mapped() {
    // str w1, [x0]; ldr w0, [x0]; ret
    let mut sim = restricted(&[0xb900_0001, 0xb940_0000, 0xd65f_03c0]);
    assert!(sim.map(0x8000, vec![0; 8], Permission::ReadWrite));
    assert!(sim.map(0x9000, vec![0; 8], Permission::Read));
    assert!(!sim.map(0x9004, vec![0; 8], Permission::Read), "overlap");
    assert_eq!(sim.call(BASE, &ints(&[0x8004, 7])).unwrap().ints[0], 7);
    assert_eq!(sim.mapped(0x8000).unwrap()[4], 7);
    for bad in [0x8005, 0x7ffd, 0x9000, 0, u64::MAX, u64::MAX - 3] {
        let fault = sim.call(BASE, &ints(&[bad, 7])).unwrap_err();
        assert!(matches!(fault.stop, Stop::Memory { address, .. } if address == bad), "{fault}");
    }
    let fault = sim.call(BASE, &ints(&[BASE, 7])).unwrap_err();
    assert!(matches!(fault.stop, Stop::StoreToCode { .. }), "{fault}");
}

#[test]
fn nothing_of_a_pair_moves_if_one_of_them_cannot() {
    // stp x1, x2, [x0]; ret, and ldp x1, x2, [x0]; ret, for the last word of a buffer and the one before it.
    for (word, access) in [(0xa900_0801, Access::Write), (0xa940_0801, Access::Read)] {
        for (address, bad) in [(0x8008, 0x8010), (0x7ff8, 0x7ff8)] {
            let mut sim = restricted(&[word, 0xd65f_03c0]);
            assert!(sim.map(0x8000, vec![7; 16], Permission::ReadWrite));
            let fault = sim.call(BASE, &ints(&[address, 1, 2])).unwrap_err();
            let Fault { stop: Stop::Memory { address, size: 8, access: found, .. }, .. } = fault
            else {
                panic!("{fault}")
            };
            assert_eq!((address, found), (bad, access));
            assert_eq!(sim.mapped(0x8000).unwrap(), [7; 16]);
            assert_eq!(sim.registers().x[1..3], [1, 2]);
        }
    }
}

#[test]
#[allow(unsafe_code)]
fn restricted_simulators_share_the_hosts_memory() {
    // ldr x2, [x0]; add x2, x2, #1; str x2, [x0]; mov x3, #5; ldadd x3, x4, [x0]; mov x0, x2; ret
    let words =
        [0xf940_0002, 0x9100_0442, 0xf900_0002, 0xd280_00a3, 0xf823_0004, 0xaa02_03e0, 0xd65f_03c0];
    let mut cells = [10u64, 20];
    let start = (&raw mut cells).expose_provenance() as u64;
    let mut sims: Vec<Simulator> = (0..2).map(|_| restricted(&words)).collect();
    for sim in &mut sims {
        // SAFETY: the cells live longer than the simulators, and nobody else looks at them meanwhile.
        let map =
            |sim: &mut Simulator, range, permission| unsafe { sim.map_host(range, permission) };
        assert!(map(sim, start..start + 8, Permission::ReadWrite));
        assert!(!map(sim, start + 7..start + 9, Permission::Read), "overlap");
        assert!(map(sim, start + 8..start + 16, Permission::Read));
    }
    for n in 0..4 {
        let found = sims[n % 2].call(BASE, &ints(&[start])).unwrap().ints[0];
        assert_eq!(found, 11 + 6 * n as u64, "what the other one wrote is there");
    }
    let fault = sims[0].call(BASE, &ints(&[start + 8])).unwrap_err();
    assert!(matches!(fault.stop, Stop::Memory { access: Access::Write, .. }), "{fault}");
    let fault = sims[0].call(BASE, &ints(&[start + 9])).unwrap_err();
    assert!(matches!(fault.stop, Stop::Memory { access: Access::Read, .. }), "{fault}");
    drop(sims);
    assert_eq!(std::hint::black_box(cells), [34, 20]);
}

#[test]
fn no_memory_for_a_stack_is_a_fault() {
    for stack_size in [1 << 60, u64::MAX] {
        let mut config = Config::restricted();
        config.stack_size = stack_size;
        let mut sim = Simulator::new(config);
        sim.publish(BASE, &[0xd65f_03c0], CodeKind::Plain).unwrap();
        let fault = sim.call(BASE, &ints(&[])).unwrap_err();
        assert!(
            matches!(fault.stop, Stop::OutOfMemory { bytes, .. } if bytes == stack_size),
            "{fault}"
        );
    }
}

#[test]
fn a_trap_names_its_place() {
    // nop; brk #0x2a
    let mut sim = restricted(&[0xd503_201f, 0xd420_0540]);
    let fault = sim.call(BASE, &ints(&[])).unwrap_err();
    assert!(matches!(fault.stop, Stop::Breakpoint { imm: 42, .. }), "{fault}");
    assert_eq!(fault.pc(), BASE + 4);
    assert!(fault.to_string().starts_with("breakpoint 0x2a at 0x400004: `"), "{fault}");
}

#[test]
fn code_crosses_pages_and_branches_far() {
    let mut sim = Simulator::new(Config::restricted());
    // A slide of nops over a page's end into `add x0, x0, #1; b far`, whose target returns.
    let mut words = vec![0xd503_201f; 1024];
    words.push(0x9100_0400);
    // b + 0x2000
    words.push(0x1400_0800);
    sim.publish(BASE, &words, CodeKind::Plain).unwrap();
    sim.publish(BASE + 0x1004 + 0x2000, &[0xd65f_03c0], CodeKind::Plain).unwrap();
    assert_eq!(sim.call(BASE + 8, &ints(&[1])).unwrap().ints[0], 2);
    assert_eq!(sim.stats().instructions, 1022 + 3);
    assert_eq!(sim.stats().taken_branches, 2);
}
