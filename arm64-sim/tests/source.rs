//! Code that comes from a source: asked for when it is reached, asked for again when it has changed.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arm64_sim::{CallArgs, CodeSource, Config, Simulator, Stop};

const RET: u32 = 0xd65f_03c0;
/// `add x0, x0, #n`
const fn add(n: u32) -> u32 {
    0x9100_0000 | n << 10
}
/// `bl` or `b` over so many bytes.
const fn call(distance: i32) -> u32 {
    0x9400_0000 | (distance / 4) as u32 & 0x3ff_ffff
}
const fn jump(distance: i32) -> u32 {
    0x1400_0000 | (distance / 4) as u32 & 0x3ff_ffff
}

#[derive(Default)]
struct Shared {
    pieces: BTreeMap<u64, Vec<u32>>,
    log: Vec<Range<u64>>,
    asked: usize,
}

#[derive(Clone, Default)]
struct Source {
    shared: Arc<Mutex<Shared>>,
    version: Arc<AtomicU64>,
    forgets: bool,
}

impl Source {
    fn put(&self, address: u64, words: &[u32]) {
        let mut shared = self.shared.lock().unwrap();
        if let Some(old) = shared.pieces.insert(address, words.to_vec()) {
            shared.log.push(address..address + 4 * old.len() as u64);
            self.version.fetch_add(1, Ordering::Release);
        }
    }
}

impl CodeSource for Source {
    fn version(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.version)
    }
    fn changes(&mut self, since: u64) -> (u64, Option<Vec<Range<u64>>>) {
        let shared = self.shared.lock().unwrap();
        let changes = (!self.forgets).then(|| shared.log[since as usize..].to_vec());
        (shared.log.len() as u64, changes)
    }
    fn code_at(&mut self, address: u64) -> Option<(u64, Vec<u32>)> {
        let mut shared = self.shared.lock().unwrap();
        shared.asked += 1;
        let (&start, words) = shared.pieces.range(..=address).next_back()?;
        (address < start + 4 * words.len() as u64).then(|| (start, words.clone()))
    }
}

const CALLER: u64 = 0x10_0000;
const NEAR: u64 = CALLER + 0x100;
const FAR: u64 = CALLER + 0x10_0000;
const CHANGE: u64 = 0x7000_0000;

/// A caller that calls a function in its page, one in another, a host function that changes both, and both again.
#[test]
fn code_is_fetched_when_it_is_reached_and_again_when_it_changes() {
    for forgets in [false, true] {
        let source = Source { forgets, ..Source::default() };
        let from = |at: u64, to: u64| (to as i64 - at as i64) as i32;
        let mut words = vec![0xaa1e_03f3]; // mov x19, x30
        for to in [NEAR, FAR, CHANGE, NEAR, FAR] {
            words.push(call(from(CALLER + 4 * words.len() as u64, to)));
        }
        words.extend([0xaa13_03fe, RET]); // mov x30, x19
        // A call reaches 128 MiB; the host's address is further away, so a stub jumps there.
        const STUB: u64 = CALLER + 0x200;
        words[3] = call(from(CALLER + 12, STUB));
        source.put(STUB, &[0xd2ae_0010, 0xd61f_0200]); // movz x16, #0x7000, lsl #16; br x16
        source.put(CALLER, &words);
        source.put(NEAR, &[add(1), RET]);
        source.put(FAR, &[add(10), RET, 0, 0]);
        let mut config = Config::restricted();
        config.checks.callee_saved = false;
        config.checks.stale_registers = false;
        let mut simulator = Simulator::new(config);
        simulator.follow(Box::new(source.clone()));
        let changed = source.clone();
        simulator.register_host(CHANGE, move |call| {
            changed.put(NEAR, &[add(100), RET]);
            changed.put(FAR, &[jump(8), RET, add(1000), RET]);
            call.set_x(0, call.x(0));
            Ok(())
        });
        let mut run = || {
            simulator
                .call(CALLER, &CallArgs { ints: &[0], ..CallArgs::default() })
                .map(|results| results.ints[0])
        };
        assert_eq!(run().unwrap(), 1111, "{forgets}");
        assert_eq!(run().unwrap(), 2200, "{forgets}");
        // mov, five calls, mov, ret; two words of the stub; 4 + 5 and 5 + 5 in the functions.
        assert_eq!(simulator.stats().instructions, 2 * 10 + 9 + 10, "{forgets}");
        let fault = simulator.call(FAR + 0x1000, &CallArgs::default()).unwrap_err();
        assert!(matches!(fault.stop, Stop::OutsideCode { .. }), "{fault}");
        if !forgets {
            assert!(source.shared.lock().unwrap().asked <= 10);
        }
    }
}
