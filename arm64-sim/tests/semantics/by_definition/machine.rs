//! One instruction at a time in the simulator.

use arm64_enc::Inst;
use arm64_sim::{Checks, CodeKind, Config, Fault, Permission, Registers, Simulator, Stop};
use std::collections::BTreeMap;

pub(crate) const CODE: u64 = 0x40_0000;
/// A buffer of [`DATA_SIZE`] bytes, which may be read and written.
pub(crate) const DATA: u64 = 0x50_0000;
pub(crate) const DATA_SIZE: usize = 512;
/// Words that are published.
const LENGTH: usize = 6;
const BRK: u32 = 0xd420_0000;

pub(crate) const QC: u64 = 1 << 27;

pub(crate) struct Machine {
    sim: Simulator,
    /// What the next run begins with.
    pub(crate) regs: Registers,
    words: Vec<u32>,
    /// Words by their text, for what differs in a few bits from what was parsed.
    pub(crate) elements: BTreeMap<String, u32>,
}

pub(crate) fn word(text: &str) -> u32 {
    text.parse::<Inst>().unwrap_or_else(|error| panic!("`{text}`: {error}")).encode()
}

impl Machine {
    /// With exact FPSR.
    pub(crate) fn new() -> Machine {
        Machine::with(true)
    }

    pub(crate) fn with(exact_fpsr: bool) -> Machine {
        let mut config = Config::restricted();
        (config.checks, config.exact_fpsr) = (Checks::NONE, exact_fpsr);
        let sim = Simulator::new(config);
        let regs = Registers { sp: sim.stack().1 - 0x1000, ..Registers::default() };
        Machine { sim, regs, words: Vec::new(), elements: BTreeMap::new() }
    }

    /// Puts an instruction, as text, in place.
    pub(crate) fn load(&mut self, text: &str) {
        self.load_words(&[word(text)]);
    }

    pub(crate) fn load_words(&mut self, words: &[u32]) {
        // One length for all: a range of code is published anew only whole.
        let mut all = words.to_vec();
        all.resize(LENGTH, BRK);
        self.sim.publish(CODE, &all, CodeKind::Plain).unwrap();
        self.words = words.to_vec();
    }

    /// What is in place, as text.
    pub(crate) fn text(&self) -> String {
        let texts: Vec<_> = self.words.iter().map(|&w| arm64_sim::disassemble(w)).collect();
        texts.join("; ")
    }

    /// What the words leave, and where they end.
    pub(crate) fn end(&mut self) -> (Registers, Fault) {
        self.sim.set_registers(&self.regs);
        assert!(self.sim.set_sp(self.regs.sp));
        let fault = self.sim.run_from(CODE);
        (self.sim.registers(), fault)
    }

    pub(crate) fn run(&mut self) -> Registers {
        let (after, fault) = self.end();
        assert!(matches!(fault.stop, Stop::Breakpoint { .. }), "`{}`: {fault}", self.text());
        after
    }

    /// Makes the buffer at [`DATA`], whose byte `i` is [`byte`] of it.
    pub(crate) fn map(&mut self) {
        let bytes = (0..DATA_SIZE).map(byte).collect();
        assert!(self.sim.map(DATA, bytes, Permission::ReadWrite));
    }

    /// Makes the buffer with zeros in it.
    pub(crate) fn map_zeros(&mut self) {
        assert!(self.sim.map(DATA, vec![0; DATA_SIZE], Permission::ReadWrite));
    }

    pub(crate) fn data(&self) -> &[u8] {
        self.sim.mapped(DATA).unwrap()
    }
}

/// What the buffer holds at first: no two neighbours are alike, and half have their top bit set.
pub(crate) fn byte(i: usize) -> u8 {
    (i as u8).wrapping_mul(0x9d).wrapping_add(0x83)
}

/// The low bits of a value.
pub(crate) fn cut(v: i128, size: u32) -> u64 {
    (v & ((1i128 << size) - 1)) as u64
}

pub(crate) fn signed(v: u64, size: u32) -> i128 {
    let v = cut(i128::from(v), size) as i128;
    if v >> (size - 1) & 1 == 1 { v - (1i128 << size) } else { v }
}

pub(crate) fn unsigned(v: u64, size: u32) -> i128 {
    i128::from(cut(i128::from(v), size))
}

/// Values of a width around which something happens.
pub(crate) fn corners(size: u32) -> Vec<u64> {
    let mut all = vec![0, 1, 2, 3, 5];
    let top = 1i128 << (size - 1);
    all.extend([top - 2, top - 1, top, top + 1, 2 * top - 1, 2 * top - 2]);
    all.extend([1i128 << (size / 2), (1i128 << (size / 2)) - 1, 1i128 << (size / 2 - 1)]);
    all.extend([0x0123_4567_89ab_cdef, 0x5555_5555_5555_5555, 0x7bca_9df2_13a6_c8e4]);
    let mut all: Vec<u64> = all.into_iter().map(|v| cut(v, size)).collect();
    all.sort_unstable();
    all.dedup();
    all
}
