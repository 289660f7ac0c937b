//! Runs streams of instructions twice and compares.
#![allow(unsafe_code)]

use crate::generate::{self, Needs};
use crate::native::Native;
use arm64_sim::{Checks, CodeKind, Config, Registers, Simulator, Stop};
use std::collections::{BTreeMap, BTreeSet};
use testkit::Random;

/// Instructions of the quick sample.
const SAMPLE: u64 = 4_000;
/// Instructions in a stream; the first may access memory or branch.
const STREAM: usize = 8;
/// Bytes of memory that are filled and compared, around the middle.
const WINDOW: usize = 8192;
/// Differences that are shown.
const SHOWN: usize = 40;
/// The stack of the simulator, which is the memory: large enough for any immediate of an addition to SP.
const STACK: u64 = 64 << 20;
const NOP: u32 = 0xd503_201f;
const BRK: u32 = 0xd420_0000;
/// FPSR.QC, which is kept exact always.
const QC: u64 = 1 << 27;

/// FPCR.Len and FPCR.Stride: they do nothing in AArch64, and a processor may keep what is written there.
const LEN_AND_STRIDE: u64 = 7 << 16 | 3 << 20;

/// The top of FPSR belongs to AArch32; a processor may keep what is written there.
const AARCH32_FLAGS: u64 = 0xf000_0000;

struct Rig {
    native: Native,
    /// With exact FPSR, and without.
    sims: [Simulator; 2],
    random: Random,
}

/// What a run left.
struct Outcome {
    registers: Registers,
    memory: Vec<u8>,
    faulted: Option<String>,
}

pub(crate) fn run() {
    // As many instructions as seeds are asked for, from the first on.
    let seeds = testkit::seeds(SAMPLE);
    let (wanted, seed) = (seeds.end - seeds.start, seeds.start);
    let classes: Vec<_> = arm64_enc::Inst::classes().collect();
    let sim = |exact_fpsr| {
        // SAFETY: streams access the window on the simulator's own stack and their own code.
        let mut config = unsafe { Config::open() };
        (config.checks, config.stack_size, config.exact_fpsr) = (Checks::NONE, STACK, exact_fpsr);
        Simulator::new(config)
    };
    let mut rig =
        Rig { native: Native::new(), sims: [sim(true), sim(false)], random: Random::new(seed) };
    let mut covered: BTreeSet<&str> = BTreeSet::new();
    let mut mnemonics: BTreeSet<String> = BTreeSet::new();
    let (mut executed, mut differences, mut left_out) = (0u64, 0u64, 0u64);
    let mut by_mnemonic: BTreeMap<String, u64> = BTreeMap::new();
    while executed < wanted {
        let mut words = Vec::new();
        while words.len() < STREAM {
            let r = &mut rig.random;
            let (name, word) = if r.once_in(3) {
                // Anything that the simulator executes, whether the encoder knows it or not. Two thirds of what is
                // there is in the vector and floating-point corner.
                let mut word = r.bits() as u32;
                if r.once_in(2) {
                    word = word & !(7 << 25) | 7 << 25;
                }
                (None, word)
            } else if r.once_in(40) {
                // MRS and MSR of the registers that both have: NZCV, FPCR, FPSR.
                let register = [0xda10, 0xda20, 0xda21][r.below(3)];
                let read = u32::from(words.len() + 1 < STREAM);
                let word = 0xd500_0000 | read << 21 | register << 5 | r.below(32) as u32;
                (Some(if read == 1 { "Mrs" } else { "Msr" }), word)
            } else {
                let class = classes[r.below(classes.len())];
                (Some(class.name), generate::from_diagram(class.diagram, r))
            };
            let word = generate::tame(word, r);
            let fits = match generate::needs(word) {
                Needs::Nothing => true,
                Needs::Memory | Needs::Branch => words.is_empty(),
                Needs::End => words.len() + 1 == STREAM,
                Needs::Leave => false,
            };
            if !fits || !arm64_sim::executes(word) {
                continue;
            }
            if let Some(name) = name.filter(|_| arm64_enc::Inst::decode(word).is_some()) {
                covered.insert(name);
            }
            mnemonics.insert(mnemonic(word));
            words.push(word);
        }
        match rig.compare(&words) {
            None => left_out += 1,
            Some(found) => {
                executed += words.len() as u64;
                if let Some(text) = found {
                    differences += 1;
                    let (word, text) = rig.narrow(&words, text);
                    let seen = by_mnemonic.entry(mnemonic(word)).or_default();
                    *seen += 1;
                    if *seen <= 3 && (differences as usize) < SHOWN {
                        println!("{text}");
                    }
                }
            }
        }
    }
    let missing: Vec<_> = classes.iter().map(|c| c.name).filter(|n| !covered.contains(n)).collect();
    println!(
        "{executed} instructions in streams of {STREAM}: {} of {} encoding classes, {} mnemonics, \
         {left_out} streams left out because they left the stack; {differences} differences",
        covered.len(),
        covered.len() + missing.len(),
        mnemonics.len(),
    );
    println!("classes without a comparison: {missing:?}");
    if differences != 0 {
        println!("by instruction: {by_mnemonic:?}");
    }
    assert_eq!(differences, 0);
}

fn mnemonic(word: u32) -> String {
    let text = arm64_sim::disassemble(word);
    if text.starts_with(".inst") {
        // Unknown to the encoder: its class by the bits that are not registers.
        return format!("{:#010x}", word & 0xffe0_fc00);
    }
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

impl Rig {
    /// The middle of the memory.
    fn middle(&self, sim: usize) -> u64 {
        let (low, high) = self.sims[sim].stack();
        (low + (high - low) / 2) & !15
    }

    /// `None` if the stream cannot be compared, `Some(None)` if both agree.
    fn compare(&mut self, words: &[u32]) -> Option<Option<String>> {
        let which = self.random.below(2) as usize;
        let middle = self.middle(which);
        let mut registers = generate::registers(&mut self.random, middle);
        let first = words[0];
        if generate::needs(first) == Needs::Memory {
            generate::point(first, &mut registers, middle, &mut self.random);
        }
        let is_indirect = first >> 25 == 0b110_1011;
        if is_indirect {
            let n = (first >> 5 & 31) as usize;
            if n == 31 {
                return None;
            }
            registers.x[n] = self.native.address() + 8;
        }
        let memory: Vec<u8> =
            (0..WINDOW / 8).flat_map(|_| self.random.bits().to_le_bytes()).collect();
        self.run_both(words, which, &registers, &memory)
    }

    fn run_both(
        &mut self,
        words: &[u32],
        which: usize,
        registers: &Registers,
        memory: &[u8],
    ) -> Option<Option<String>> {
        let middle = self.middle(which);
        let window = (middle - WINDOW as u64 / 2) as usize;
        let p = std::ptr::with_exposed_provenance_mut::<u8>(window);
        // SAFETY: the window is in the middle of the simulator's stack.
        let fill = || unsafe { p.copy_from_nonoverlapping(memory.as_ptr(), WINDOW) };
        // SAFETY: as above.
        let take = || unsafe { std::slice::from_raw_parts(p, WINDOW) }.to_vec();

        let address = self.native.address();
        let sim = &mut self.sims[which];
        let mut published = words.to_vec();
        published.push(BRK);
        // The buffer has the words first, for literals.
        self.native.place(words);
        fill();
        sim.publish(address, &published, CodeKind::Plain).expect("the buffer is aligned");
        sim.set_registers(registers);
        assert!(sim.set_sp(registers.sp));
        let fault = sim.run_from(address);
        let done = matches!(fault.stop, Stop::Breakpoint { .. });
        if matches!(fault.stop, Stop::StackOverflow { .. }) {
            return None;
        }
        let simulated = Outcome {
            registers: sim.registers(),
            memory: take(),
            faulted: (!done).then(|| fault.to_string()),
        };
        fill();
        let mut after = *registers;
        let signal = self.native.run(&mut after);
        let native = Outcome {
            registers: after,
            memory: take(),
            faulted: signal.map(|s| format!("signal {s}")),
        };
        Some(difference(words, &simulated, &native, which == 0, registers))
    }

    /// The shortest beginning of a stream that differs; its last word is to blame.
    fn narrow(&mut self, words: &[u32], text: String) -> (u32, String) {
        for n in 1..words.len() {
            // Other values than those that were found, but many of them.
            for _ in 0..20 {
                let mut part = words[..n].to_vec();
                part.resize(words.len(), NOP);
                if let Some(Some(text)) = self.compare(&part) {
                    return (words[n - 1], text);
                }
            }
        }
        (words[words.len() - 1], text)
    }
}

fn difference(
    words: &[u32],
    simulated: &Outcome,
    native: &Outcome,
    exact_fpsr: bool,
    before: &Registers,
) -> Option<String> {
    let mut lines = Vec::new();
    match (&simulated.faulted, &native.faulted) {
        (Some(_), Some(_)) => return None,
        (None, None) => {}
        (s, n) => lines.push(format!("  simulator: {s:?}, processor: {n:?}")),
    }
    let (a, b) = (&simulated.registers, &native.registers);
    for n in 0..31 {
        if a.x[n] != b.x[n] {
            lines.push(format!(
                "  x{n}: simulator {:#x}, processor {:#x}, before {:#x}",
                a.x[n], b.x[n], before.x[n]
            ));
        }
    }
    for n in 0..32 {
        if a.v[n] != b.v[n] {
            lines.push(format!(
                "  v{n}: simulator {:#034x}, processor {:#034x}, before {:#034x}",
                a.v[n], b.v[n], before.v[n]
            ));
        }
    }
    let mask = if exact_fpsr { !AARCH32_FLAGS } else { QC };
    for (name, a, b) in [
        ("sp", a.sp, b.sp),
        ("nzcv", a.nzcv, b.nzcv),
        ("fpcr", a.fpcr & !LEN_AND_STRIDE, b.fpcr & !LEN_AND_STRIDE),
        ("fpsr", a.fpsr & mask, b.fpsr & mask),
    ] {
        if a != b {
            lines.push(format!("  {name}: simulator {a:#x}, processor {b:#x}"));
        }
    }
    if let Some(at) = (0..WINDOW).find(|&i| simulated.memory[i] != native.memory[i]) {
        lines.push(format!(
            "  memory at middle{:+}: simulator {:#x}, processor {:#x}",
            at as i64 - WINDOW as i64 / 2,
            simulated.memory[at],
            native.memory[at]
        ));
    }
    if lines.is_empty() {
        return None;
    }
    let mut text = String::new();
    for word in words.iter().filter(|w| **w != NOP) {
        text.push_str(&format!("{word:#010x} {}", arm64_sim::disassemble(*word)));
        for field in [word & 31, word >> 5 & 31, word >> 16 & 31] {
            text.push_str(&format!(
                " | {field}: {:#x} {:#034x}",
                before.x.get(field as usize).unwrap_or(&0),
                before.v[field as usize]
            ));
        }
        text.push('\n');
    }
    text.push_str(&format!("  fpcr {:#x}\n", before.fpcr));
    Some(text + &lines.join("\n"))
}
