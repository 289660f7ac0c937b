//! How much memory a simulator keeps. Alone in its process, so that nobody else's is counted.
#![cfg(target_os = "linux")]

use arm64_sim::{CallArgs, CodeKind, Config, Fault, Simulator, Stop};

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

/// A call with this in x0.
fn call(sim: &mut Simulator, x0: u64) -> Result<u64, Fault> {
    sim.call(0x1_0000, &CallArgs { ints: &[x0], ..CallArgs::default() }).map(|r| r.ints[0])
}

/// stp x29, x30, [sp, #-16]!; cbz x0, 1f; sub x0, x0, #1; bl self; 1: ldp x29, x30, [sp], #16; ret
const RECURSIVE: &[u32] =
    &[0xa9bf_7bfd, 0xb400_0060, 0xd100_0400, 0x97ff_fffd, 0xa8c1_7bfd, 0xd65f_03c0];

/// A frame of four megabytes, with a store to each page of it.
const LARGE_FRAME: &[u32] = &[
    0xd150_03ff, // sub sp, sp, #0x400000
    0x9100_03e1, // mov x1, sp
    0xd280_8002, // mov x2, #0x400
    0xf900_003f, // str xzr, [x1]
    0x9140_0421, // add x1, x1, #0x1000
    0xf100_0442, // subs x2, x2, #1
    0x54ff_ffa1, // b.ne str
    0x9150_03ff, // add sp, sp, #0x400000
    0xd65f_03c0, // ret
];

#[test]
fn what_a_deep_call_needed_is_given_back() {
    const MOST: u64 = 2 << 20;
    for (words, x0, deep, overflows) in [
        (RECURSIVE, u64::MAX, 90 << 20, true),
        (RECURSIVE, 100_000, 10 << 20, false),
        (LARGE_FRAME, 0, 4 << 20, false),
    ] {
        for host_stack in [false, true] {
            let mut config = Config::restricted();
            (config.stack_size, config.host_stack) = (8 << 20, host_stack);
            let before = resident();
            let mut sims: Vec<Simulator> = (0..2).map(|_| Simulator::new(config)).collect();
            for sim in &mut sims {
                sim.publish(0x1_0000, words, CodeKind::Plain).unwrap();
                let outcome = call(sim, x0);
                let overflowed =
                    matches!(outcome, Err(Fault { stop: Stop::StackOverflow { .. }, .. }));
                assert_eq!(overflowed, overflows, "{outcome:?}");
                let (low, high) = sim.stack();
                assert_eq!(high - low, 8 << 20);
                assert_eq!(sim.registers().sp, high);
            }
            let kept = resident().saturating_sub(before);
            assert!(kept < MOST, "{kept} bytes are kept, of {} that were needed", 2 * deep);
            // What is kept can still be used.
            assert!(call(&mut sims[1], 3).is_ok());
        }
    }
}
