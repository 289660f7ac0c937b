//! Each check of generated code, with code that is broken in just that way; and that the same code passes when the
//! check is off.

use arm64_sim::{CallArgs, Checks, CodeKind, Config, Fault, Permission, Simulator, Stop};

const BASE: u64 = 0x40_0000;
const RET: u32 = 0xd65f_03c0;
/// stp x29, x30, [sp, #-16]!
const PUSH: u32 = 0xa9bf_7bfd;
/// ldp x29, x30, [sp], #16
const POP: u32 = 0xa8c1_7bfd;
const BTI_C: u32 = 0xd503_245f;
const BTI_J: u32 = 0xd503_249f;
const BTI_JC: u32 = 0xd503_24df;
const NOP: u32 = 0xd503_201f;

fn run(words: &[u32], ints: &[u64], kind: CodeKind, checks: Checks) -> Result<u64, Fault> {
    let mut config = Config::restricted();
    config.checks = checks;
    let mut sim = Simulator::new(config);
    sim.publish(BASE, words, kind).unwrap();
    sim.call(BASE, &CallArgs { ints, ..CallArgs::default() }).map(|r| r.ints[0])
}

/// Runs with all checks, which must find something, and with none, which must not; returns what was found.
fn found(words: &[u32], ints: &[u64]) -> Fault {
    run(words, ints, CodeKind::Plain, Checks::NONE).expect("a CPU forgives it");
    run(words, ints, CodeKind::Plain, Checks::ALL).expect_err("a check finds it")
}

#[test]
fn sp_is_aligned_at_an_access_through_it() {
    // sub sp, sp, #8; str x0, [sp]; add sp, sp, #8
    let fault = found(&[0xd100_23ff, 0xf900_03e0, 0x9100_23ff, RET], &[1]);
    assert!(matches!(fault.stop, Stop::MisalignedStack { sp, .. } if sp % 16 == 8), "{fault}");
    assert_eq!(fault.pc(), BASE + 4);
}

#[test]
fn sp_is_aligned_at_a_call() {
    // sub sp, sp, #8; mov x19, x30 (spared: x19 is not restored either, but the call comes first)
    // sub sp, sp, #8; bl +12; add sp, sp, #8; ret; ret
    let words = [PUSH, 0xd100_23ff, 0x9400_0004, 0x9100_23ff, POP, RET, RET];
    let fault = found(&words, &[]);
    assert!(matches!(fault.stop, Stop::MisalignedStack { .. }), "{fault}");
    assert_eq!(fault.pc(), BASE + 8);
}

#[test]
fn the_platform_register_is_not_written() {
    // mov x18, #1
    let fault = found(&[0xd280_0032, RET], &[]);
    assert!(matches!(fault.stop, Stop::PlatformRegister), "{fault}");
    assert_eq!(fault.pc(), BASE);
    // ldr x18, [sp, #-16]!
    let fault = found(&[0xf85f_0ff2, 0x9100_43ff, RET], &[]);
    assert!(matches!(fault.stop, Stop::PlatformRegister), "{fault}");
}

#[test]
fn callee_saved_registers_are_restored() {
    // mov x19, #5
    let fault = found(&[0xd280_00b3, RET], &[]);
    assert!(
        matches!(fault.stop, Stop::CalleeSaved { register: "x19", before: 0, after: 5, .. }),
        "{fault}"
    );
    // fmov d8, #1.0
    let fault = found(&[0x1e6e_1008, RET], &[]);
    assert!(matches!(fault.stop, Stop::CalleeSaved { register: "d8", .. }), "{fault}");
    // In a function that compiled code called: bl +16; the return at fault is the callee's.
    let fault = found(&[PUSH, 0x9400_0003, POP, RET, 0xd280_00b3, RET], &[]);
    assert_eq!(fault.pc(), BASE + 5 * 4);
}

#[test]
fn the_stack_pointer_is_restored() {
    // sub sp, sp, #16
    let fault = found(&[0xd100_43ff, RET], &[]);
    assert!(matches!(fault.stop, Stop::StackNotRestored { .. }), "{fault}");
}

#[test]
fn a_return_goes_to_the_place_after_the_call() {
    // mov x9, x30; bl +12; (after the call:) add x0, x0, #1; ret x9 | callee: mov x30, x9; ret
    let words = [0xaa1e_03e9, 0x9400_0003, 0x9100_0400, 0xd65f_0120, 0xaa09_03fe, RET];
    let fault = run(&words, &[], CodeKind::Plain, Checks::ALL).unwrap_err();
    assert!(
        matches!(fault.stop, Stop::ReturnAddress { expected, .. } if expected == BASE + 8),
        "{fault}"
    );
    assert_eq!(run(&words, &[7], CodeKind::Plain, Checks::NONE), Ok(7));
}

#[test]
fn what_returns_for_others_is_known_by_its_address() {
    // bl +12 | callee, which leaves its record to who returns for it: adr x30, +8; ret
    let words = [PUSH, 0x9400_0003, POP, RET, PUSH, 0x1000_005e, RET, POP, RET];
    for (known, holds) in [(None, false), (Some(BASE + 6 * 4), false), (Some(BASE + 7 * 4), true)] {
        let mut sim = Simulator::new(Config::restricted());
        sim.publish(BASE, &words, CodeKind::Plain).unwrap();
        if let Some(address) = known {
            sim.set_returns_for_others(address);
        }
        match sim.call(BASE, &CallArgs::default()) {
            Ok(_) => assert!(holds, "{known:x?}"),
            Err(fault) => assert!(
                matches!(fault.stop, Stop::ReturnAddress { target, .. } if !holds && target == BASE + 28),
                "{known:x?}: {fault}"
            ),
        }
    }
}

#[test]
fn flags_do_not_live_across_a_call() {
    // cmp x0, #0; bl +16; cset x0, eq
    let words = [PUSH, 0xf100_001f, 0x9400_0004, 0x9a9f_17e0, POP, RET, RET];
    let fault = found(&words, &[0]);
    assert!(matches!(fault.stop, Stop::StaleFlags), "{fault}");
    assert_eq!(fault.pc(), BASE + 12);
    // Nor into a function: b.eq at its entry.
    let fault = found(&[0x5400_0040, NOP, RET], &[]);
    assert!(matches!(fault.stop, Stop::StaleFlags), "{fault}");
    // Nor does an instruction before the branch hide it, which the loop takes for one with it: add x0, x0, #1; b.eq.
    let fault = found(&[0x9100_0400, 0x5400_0040, NOP, RET], &[0]);
    assert!(matches!(fault.stop, Stop::StaleFlags), "{fault}");
    assert_eq!(fault.pc(), BASE + 4);
}

#[test]
fn caller_saved_registers_do_not_live_across_a_call() {
    // mov x9, #1; bl +16; add x0, x0, x9
    let words = [PUSH, 0xd280_0029, 0x9400_0004, 0x8b09_0000, POP, RET, RET];
    let fault = found(&words, &[0]);
    assert!(matches!(&fault.stop, Stop::StaleRegister { register } if register == "x9"), "{fault}");
    assert_eq!(fault.pc(), BASE + 12);
    // fmov d16, #1.0; bl; fmov d0, d16
    let words = [PUSH, 0x1e6e_1010, 0x9400_0004, 0x1e60_4200, POP, RET, RET];
    let fault = found(&words, &[0]);
    assert!(
        matches!(&fault.stop, Stop::StaleRegister { register } if register == "v16"),
        "{fault}"
    );
}

#[test]
fn registers_that_are_no_arguments_are_not_read() {
    // add x0, x0, x1
    let words = [0x8b01_0000, RET];
    assert_eq!(run(&words, &[1, 2], CodeKind::Plain, Checks::ALL), Ok(3));
    let fault = found(&words, &[1]);
    assert!(matches!(&fault.stop, Stop::StaleRegister { register } if register == "x1"), "{fault}");
}

#[test]
fn results_that_a_host_function_did_not_set_are_not_read() {
    // bl to a veneer: ldr x16, +8; br x16
    let words = [PUSH, 0x9400_0003, POP, RET, 0x5800_0050, 0xd61f_0200, 0x1234, 0];
    for (sets, want) in [(0, true), (1, false)] {
        let mut sim = Simulator::new(Config::restricted());
        sim.publish(BASE, &words, CodeKind::Plain).unwrap();
        // add x0, x0, x1 after the call.
        let mut user = words.to_vec();
        user[2] = 0x8b01_0000;
        user[3] = POP;
        user.insert(4, RET);
        user[1] = 0x9400_0004;
        sim.publish(BASE + 0x1000, &user, CodeKind::Plain).unwrap();
        sim.register_host(0x1234, move |call| {
            call.set_x(0, 1);
            if sets == 0 {
                call.set_x(1, 2);
            }
            Ok(())
        });
        let result = sim.call(BASE + 0x1000, &CallArgs::default());
        match (want, result) {
            (true, Ok(r)) => assert_eq!(r.ints[0], 3),
            (false, Err(Fault { stop: Stop::StaleRegister { register, .. }, .. })) => {
                assert_eq!(register, "x1")
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn unpublished_words_are_not_run() {
    // A function that falls off its end.
    let fault = run(&[NOP], &[], CodeKind::Plain, Checks::NONE).unwrap_err();
    assert!(matches!(fault.stop, Stop::UnpublishedCode), "{fault}");
    assert_eq!(fault.pc(), BASE + 4);
    let mut sim = Simulator::new(Config::restricted());
    sim.publish(BASE, &[NOP, RET], CodeKind::Plain).unwrap();
    assert!(sim.call(BASE, &CallArgs::default()).is_ok());
    sim.unpublish(BASE, 2);
    let fault = sim.call(BASE, &CallArgs::default()).unwrap_err();
    assert!(matches!(fault.stop, Stop::UnpublishedCode), "{fault}");
}

#[test]
fn changed_words_are_not_run() {
    let mut code = vec![NOP, NOP, RET].into_boxed_slice();
    let entry = code.as_mut_ptr().expose_provenance() as u64;
    #[allow(unsafe_code)]
    // SAFETY: the code accesses no memory, and lives as long as the simulator.
    let mut sim = Simulator::new(unsafe { Config::open() });
    sim.publish(entry, &code, CodeKind::Plain).unwrap();
    assert!(sim.call(entry, &CallArgs::default()).is_ok());
    // mov x0, #1
    code[1] = 0xd280_0020;
    let fault = sim.call(entry, &CallArgs::default()).unwrap_err();
    assert!(
        matches!(fault.stop, Stop::ChangedCode { published: NOP, found: 0xd280_0020, .. }),
        "{fault}"
    );
    assert_eq!(fault.pc(), entry + 4);
    sim.publish(entry, &code, CodeKind::Plain).unwrap();
    assert!(sim.call(entry, &CallArgs::default()).is_ok());
}

/// Pieces come in any order, touch each other and are published again.
#[test]
fn what_lies_between_code_is_written() {
    let mut sim = Simulator::new(Config::restricted());
    assert!(sim.map(BASE + 0x1000, vec![0; 16], Permission::ReadWrite));
    // str w0, [x0]
    let store = [0xb900_0000, RET];
    for piece in [0x2008, 0, 0x2000, 8, 0x2010, 0x2000] {
        sim.publish(BASE + piece, &store, CodeKind::Plain).unwrap();
        for (offset, is_code) in
            [(0x1000, false), (0x100c, false), (0, true), (4, true), (0x200c, true)]
        {
            if piece == 0x2008 && offset < 0x1000 {
                continue;
            }
            let ints = &[BASE + offset];
            let stop = sim.call(BASE + piece, &CallArgs { ints, ..CallArgs::default() });
            let stop = stop.map(|_| ()).map_err(|fault| fault.stop);
            assert_eq!(
                matches!(stop, Err(Stop::StoreToCode { .. })),
                is_code,
                "{offset:#x}: {stop:?}"
            );
            assert_eq!(stop.is_ok(), !is_code, "{offset:#x}: {stop:?}");
        }
    }
}

#[test]
fn code_is_not_written() {
    // str w0, [x0]
    let fault = run(&[0xb900_0000, RET], &[BASE + 4], CodeKind::Plain, Checks::NONE).unwrap_err();
    assert!(matches!(fault.stop, Stop::StoreToCode { .. }), "{fault}");
}

#[test]
fn jumps_stay_in_the_code() {
    // br x0
    for (target, misaligned) in [(0x10, false), (BASE + 2, true), (0, false)] {
        let fault = run(&[0xd61f_0000], &[target], CodeKind::Plain, Checks::NONE).unwrap_err();
        match fault {
            Fault { stop: Stop::OutsideCode { target: t, .. }, .. } => {
                assert!(t == target && !misaligned)
            }
            Fault { stop: Stop::MisalignedTarget { target: t, .. }, .. } => {
                assert!(t == target && misaligned)
            }
            other => panic!("{other}"),
        }
        assert_eq!(fault.pc(), BASE);
    }
    // A direct branch far away is reported where it is.
    let fault = run(&[NOP, 0x1410_0000], &[], CodeKind::Plain, Checks::NONE).unwrap_err();
    assert!(matches!(fault.stop, Stop::OutsideCode { .. }), "{fault}");
    assert_eq!(fault.pc(), BASE + 4);
}

#[test]
fn indirect_branches_find_landing_pads() {
    /// br x0, br x16 and (in a frame) blr x0, with the pads that each accepts.
    const BR: u32 = 0xd61f_0000;
    const BR_X16: u32 = 0xd61f_0200;
    const BLR: u32 = 0xd63f_0000;
    const PACIASP: u32 = 0xd503_233f;
    let mut outcomes = Vec::new();
    for branch in [BR, BR_X16, BLR] {
        let mut line = String::new();
        for pad in [NOP, BTI_C, BTI_J, BTI_JC, PACIASP] {
            // mov x16, x0; stp; branch; ldp; ret; pad; ldp; ret, or for the call just ret.
            let tail = if branch == BLR { [RET, RET] } else { [POP, RET] };
            let words = [0xaa00_03f0, PUSH, branch, POP, RET, pad, tail[0], tail[1]];
            let ok = match run(&words, &[BASE + 20], CodeKind::Guarded, Checks::ALL) {
                Ok(_) => true,
                Err(Fault { stop: Stop::MissingLandingPad { target, .. }, .. }) => {
                    assert_eq!(target, BASE + 20);
                    false
                }
                Err(Fault { stop: Stop::NotExecuted, .. }) => continue,
                Err(other) => panic!("{other}"),
            };
            assert!(run(&words, &[BASE + 20], CodeKind::Plain, Checks::ALL).is_ok());
            line.push(if ok { '+' } else { '-' });
        }
        outcomes.push(line);
    }
    // nop, bti c, bti j, bti jc, paciasp (a NOP without pointer authentication).
    assert_eq!(outcomes, ["--++-", "-++++", "-+-++"]);
}

#[test]
fn the_stack_has_a_limit() {
    // mov x9, #0x200000; sub sp, sp, x9
    let words = [0xd2a0_0409, 0xcb29_63ff, RET];
    let fault = run(&words, &[], CodeKind::Plain, Checks::NONE).unwrap_err();
    assert!(matches!(fault.stop, Stop::StackOverflow { .. }), "{fault}");
    assert_eq!(fault.pc(), BASE + 4);
}
