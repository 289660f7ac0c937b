//! Published code: pages of predecoded instructions, found by address.
//!
//! All pages share one dense index space, [`SLOTS`] indices each: one per word and a last one that goes on to the next
//! page. A branch inside its page holds the index of its target; one that leaves it goes through a [`Op::Far`] in a page
//! of its own. Executions are counted only where control enters or leaves a straight run of instructions: the count of an
//! instruction is what flowed in before it less what flowed out.

use crate::decode;
use crate::memory::Memory;
use crate::op::Op;
use crate::operands::{self, Regs};
use crate::stats::Stats;
use crate::stop::Stop;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::sync::Arc;

/// Bytes of a page of code.
const PAGE: u64 = 4096;
const WORDS: usize = (PAGE / 4) as usize;
/// Indices of a page: its words, and what follows the last one.
const SLOTS: usize = WORDS + 1;
/// Entries of the cache of pages that indirect branches look up first.
const CACHE: usize = 64;

struct Page {
    base: u64,
    words: Vec<u32>,
    published: Vec<bool>,
    /// Published words, as ranges, for the comparison with memory.
    runs: Vec<core::ops::Range<usize>>,
    /// Executions and taken branches that are no longer in the flow counters.
    executed: Vec<u64>,
    taken: Vec<u64>,
    /// Must indirect branches find a landing pad here?
    guarded: bool,
}

/// Registers read before they are written, and registers written, as bits of [`operands`].
#[derive(Clone, Copy, Default)]
pub(crate) struct Masks {
    pub(crate) uses: u64,
    pub(crate) defs: u64,
}

/// What is at an index.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) op: Op,
    pub(crate) masks: Masks,
    /// The same for all from here to the next branch, as if they were one instruction.
    pub(crate) run: Masks,
    /// How often control came here from elsewhere.
    pub(crate) entries: u64,
    /// How often control left from here, other than by an instruction that always does.
    pub(crate) exits: u64,
}

/// An index where nothing was published.
const EMPTY: Slot = Slot {
    op: Op::Unpublished,
    masks: Masks { uses: 0, defs: 0 },
    run: Masks { uses: 0, defs: 0 },
    entries: 0,
    exits: 0,
};

/// All published code.
pub(crate) struct Code {
    pub(crate) slots: Vec<Slot>,
    /// By index over [`SLOTS`]; `None` for those that hold far jumps.
    pages: Vec<Option<Page>>,
    by_number: HashMap<u64, usize>,
    far: HashMap<u64, u32>,
    far_free: core::ops::Range<usize>,
    cache: [Option<(u64, u32)>; CACHE],
    retired: Stats,
    verify: bool,
    refuse_platform: bool,
    /// The version that a source of code has, and the one that these pages are of.
    version: Arc<AtomicU64>,
    seen: u64,
}

/// What stands in the way of publishing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PublishError {
    /// The address is not a multiple of four.
    Misaligned(u64),
    /// The code would go on past the end of the address space.
    TooLong(u64),
    /// In restricted mode: something else is mapped there.
    Overlap(u64),
}

impl core::fmt::Display for PublishError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            PublishError::Misaligned(a) => {
                write!(f, "code at {a:#x}, which is not a multiple of 4")
            }
            PublishError::TooLong(a) => {
                write!(f, "code at {a:#x} does not fit into the address space")
            }
            PublishError::Overlap(a) => write!(f, "code at {a:#x} overlaps a mapped range"),
        }
    }
}

impl std::error::Error for PublishError {}

impl Code {
    /// `verify`: compare with memory; `refuse_platform`: refuse writes of x18.
    pub(crate) fn new(verify: bool, refuse_platform: bool) -> Code {
        Code {
            slots: Vec::new(),
            pages: Vec::new(),
            by_number: HashMap::new(),
            far: HashMap::new(),
            far_free: 0..0,
            cache: [None; CACHE],
            retired: Stats::default(),
            verify,
            refuse_platform,
            version: Arc::default(),
            seen: 0,
        }
    }

    /// Follows this version from now on; its source tells what changes, so that memory is not compared.
    pub(crate) fn follow(&mut self, version: Arc<AtomicU64>) {
        self.verify = false;
        self.seen = version.load(Ordering::Acquire);
        self.version = version;
    }

    /// The version that the pages are of, if it is not the source's any more.
    #[inline(always)]
    pub(crate) fn outdated(&self) -> Option<u64> {
        (self.version.load(Ordering::Acquire) != self.seen).then_some(self.seen)
    }

    /// Takes back what changed up to version `now`; all of it if the source does not know what.
    pub(crate) fn take_back(&mut self, now: u64, changes: Option<Vec<core::ops::Range<u64>>>) {
        self.seen = now;
        let pages = || self.by_number.keys().map(|number| number * PAGE..(number + 1) * PAGE);
        for range in changes.unwrap_or_else(|| pages().collect()) {
            self.unpublish(range.start, ((range.end - range.start) / 4) as usize);
        }
    }

    fn grow(&mut self, page: Option<Page>) -> usize {
        let slot = self.pages.len();
        let end = self.slots.len() + SLOTS;
        self.slots.resize(end, EMPTY);
        if let Some(page) = &page {
            self.slots[end - 1].op = Op::Far { address: page.base.wrapping_add(PAGE) };
        }
        self.pages.push(page);
        slot
    }

    fn page_at(&mut self, base: u64) -> usize {
        if let Some(&slot) = self.by_number.get(&(base / PAGE)) {
            return slot;
        }
        let slot = self.grow(Some(Page {
            base,
            words: vec![0; WORDS],
            published: vec![false; WORDS],
            runs: Vec::new(),
            executed: vec![0; WORDS],
            taken: vec![0; WORDS],
            guarded: false,
        }));
        self.by_number.insert(base / PAGE, slot);
        slot
    }

    /// The index that a direct branch in the page at `base` uses for `target`.
    fn link(&mut self, base: u64, slot: usize, target: u64) -> u32 {
        if target.wrapping_sub(base) < PAGE {
            return (slot * SLOTS) as u32 + ((target - base) / 4) as u32;
        }
        if let Some(&index) = self.far.get(&target) {
            return index;
        }
        let index = match self.far_free.next() {
            Some(index) => index,
            None => {
                let start = self.grow(None) * SLOTS;
                self.far_free = start + 1..start + SLOTS;
                start
            }
        };
        self.slots[index].op = Op::Far { address: target };
        self.far.insert(target, index as u32);
        index as u32
    }

    /// Publishes or replaces words. `guarded`: indirect branches must find landing pads.
    pub(crate) fn publish(
        &mut self,
        address: u64,
        words: &[u32],
        guarded: bool,
    ) -> Result<(), PublishError> {
        if !address.is_multiple_of(4) {
            return Err(PublishError::Misaligned(address));
        }
        if address.checked_add(words.len() as u64 * 4).is_none() {
            return Err(PublishError::TooLong(address));
        }
        self.settle_range(address, words.len());
        for (i, &word) in words.iter().enumerate() {
            let pc = address + i as u64 * 4;
            let base = pc & !(PAGE - 1);
            let slot = self.page_at(base);
            let at = ((pc - base) / 4) as usize;
            let op = decode::decode(word, pc, &mut |target| self.link(base, slot, target));
            let Regs { uses, defs, writes_platform } = operands::regs(word);
            let index = slot * SLOTS + at;
            // What does not happen reads nothing.
            let happens = !matches!(op, Op::Undefined | Op::NotExecuted);
            let refused = writes_platform && self.refuse_platform && happens;
            self.slots[index].op = if refused { Op::PlatformRegister } else { op };
            self.slots[index].masks = if happens { Masks { uses, defs } } else { Masks::default() };
            self.retire(slot, at);
            if let Some(page) = &mut self.pages[slot] {
                page.words[at] = word;
                page.published[at] = true;
                page.guarded |= guarded;
            }
        }
        self.find_runs(address, words.len());
        Ok(())
    }

    /// Takes words back.
    pub(crate) fn unpublish(&mut self, address: u64, count: usize) {
        self.settle_range(address, count);
        for i in 0..count {
            let Some(pc) = address.checked_add(i as u64 * 4) else { break };
            let Some(&slot) = self.by_number.get(&(pc / PAGE)) else { continue };
            let at = (pc % PAGE / 4) as usize;
            self.retire(slot, at);
            self.slots[slot * SLOTS + at] = EMPTY;
            if let Some(page) = &mut self.pages[slot] {
                page.published[at] = false;
            }
        }
        self.find_runs(address, count);
    }

    fn find_runs(&mut self, address: u64, count: usize) {
        self.forget();
        for number in page_numbers(address, count) {
            let Some(&slot) = self.by_number.get(&number) else { continue };
            self.join(slot);
            let Some(page) = &mut self.pages[slot] else { continue };
            page.runs.clear();
            let mut start = None;
            for at in 0..=WORDS {
                let is = at < WORDS && page.published[at];
                match (start, is) {
                    (None, true) => start = Some(at),
                    (Some(from), false) => {
                        page.runs.push(from..at);
                        start = None;
                    }
                    _ => {}
                }
            }
        }
    }

    /// Brings up to date what depends on neighbours: [`Slot::run`], and comparisons with the branch after them.
    fn join(&mut self, slot: usize) {
        let mut after = Masks::default();
        let mut next = Op::Unpublished;
        for slot in self.slots[slot * SLOTS..(slot + 1) * SLOTS].iter_mut().rev() {
            let op = slot.op.alone();
            slot.op = op.with_branch(next);
            next = op;
            let Masks { uses, defs } = slot.masks;
            if op.may_leave() {
                after = Masks::default();
            }
            after = Masks { uses: uses | after.uses & !defs, defs: defs | after.defs };
            slot.run = after;
        }
    }

    /// Forgets which pages are known to be unchanged: something other than simulated code has run.
    pub(crate) fn forget(&mut self) {
        self.cache = [None; CACHE];
    }

    /// The index of the instruction at `address`: `None` if no page of code is there, or the source has another version.
    #[inline(always)]
    pub(crate) fn find(&mut self, address: u64, mem: &Memory) -> Result<Option<usize>, Stop> {
        let number = address / PAGE;
        if let Some((known, start)) = self.cache[(number % CACHE as u64) as usize]
            && known == number
            && address & 3 == 0
            && self.outdated().is_none()
        {
            return Ok(Some(start as usize + (address % PAGE / 4) as usize));
        }
        self.find_slow(address, mem)
    }

    #[inline(never)]
    fn find_slow(&mut self, address: u64, mem: &Memory) -> Result<Option<usize>, Stop> {
        let number = address / PAGE;
        if self.outdated().is_some() {
            return Ok(None);
        }
        let Some(&slot) = self.by_number.get(&number) else { return Ok(None) };
        if address & 3 != 0 {
            return Err(Stop::MisalignedTarget { target: address });
        }
        if let Some(page) = &self.pages[slot]
            && self.verify
        {
            for run in &page.runs {
                let start = page.base + run.start as u64 * 4;
                if let Some((at, found)) = mem.first_difference(start, &page.words[run.clone()]) {
                    let published = page.words[run.start + at];
                    return Err(Stop::ChangedCode {
                        address: start + at as u64 * 4,
                        published,
                        found,
                    });
                }
            }
        }
        let start = slot * SLOTS;
        self.cache[(number % CACHE as u64) as usize] = Some((number, start as u32));
        Ok(Some(start + (address % PAGE / 4) as usize))
    }

    /// The address and the published word of an index; far jumps have none.
    pub(crate) fn place(&self, index: usize) -> Option<(u64, Option<u32>)> {
        let page = self.pages.get(index / SLOTS)?.as_ref()?;
        let at = index % SLOTS;
        let word = page.published.get(at)?.then(|| page.words[at]);
        Some((page.base + at as u64 * 4, word))
    }

    /// The published word at an address.
    pub(crate) fn word(&self, address: u64) -> Option<u32> {
        let (page, at) = self.page(address)?;
        page.published[at].then(|| page.words[at])
    }

    /// Is there a landing pad for this kind of indirect branch, if the page asks for one?
    pub(crate) fn accepts(&self, index: usize, branch: Indirect) -> bool {
        let Some(Some(page)) = self.pages.get(index / SLOTS) else { return true };
        if !page.guarded {
            return true;
        }
        match page.words.get(index % SLOTS).copied() {
            Some(BTI_JC) => true,
            Some(BTI_C | PACIASP | PACIBSP) => branch != Indirect::Jump,
            Some(BTI_J) => branch != Indirect::Call,
            // BRK and HLT are landing pads of all kinds.
            Some(word) => word & 0xffe0_001f == 0xd420_0000 || word & 0xffe0_001f == 0xd440_0000,
            None => true,
        }
    }

    /// Moves the counts out of the flow counters. No run may be under way.
    pub(crate) fn settle(&mut self) {
        for slot in 0..self.pages.len() {
            self.settle_page(slot);
        }
    }

    fn settle_page(&mut self, slot: usize) {
        let Some(page) = &mut self.pages[slot] else { return };
        let mut flow = 0u64;
        for (at, slot) in self.slots[slot * SLOTS..][..SLOTS].iter_mut().enumerate() {
            flow = flow.wrapping_add(slot.entries);
            let exits = slot.exits;
            (slot.entries, slot.exits) = (0, 0);
            if at == WORDS {
                break;
            }
            if matches!(slot.op, Op::Unpublished) {
                flow = 0;
                continue;
            }
            page.executed[at] += flow;
            if slot.op.is_jump() {
                page.taken[at] += flow;
                flow = 0;
            } else {
                page.taken[at] += exits;
                flow = flow.wrapping_sub(exits);
            }
        }
    }

    /// Settles the pages of `count` words.
    fn settle_range(&mut self, address: u64, count: usize) {
        for number in page_numbers(address, count) {
            if let Some(&slot) = self.by_number.get(&number) {
                self.settle_page(slot);
            }
        }
    }

    /// Moves the counts of one word, which is about to be replaced, to the totals.
    fn retire(&mut self, slot: usize, at: usize) {
        if let Some(page) = &mut self.pages[slot] {
            self.retired.add(page.words[at], page.executed[at], page.taken[at]);
            (page.executed[at], page.taken[at]) = (0, 0);
        }
    }

    /// The totals.
    pub(crate) fn stats(&mut self) -> Stats {
        self.settle();
        let mut total = self.retired;
        for page in self.pages.iter().flatten() {
            for at in 0..WORDS {
                if page.executed[at] != 0 {
                    total.add(page.words[at], page.executed[at], page.taken[at]);
                }
            }
        }
        total
    }

    /// Executions and taken branches of `count` words from `address`. Only their pages are settled, so that asking for
    /// one function after another costs no more than asking for all at once.
    pub(crate) fn counts(&mut self, address: u64, count: usize) -> Vec<(u64, u64)> {
        self.settle_range(address, count);
        let words = (0..count as u64).map(|i| address.wrapping_add(i * 4));
        words
            .map(|pc| self.page(pc).map_or((0, 0), |(p, at)| (p.executed[at], p.taken[at])))
            .collect()
    }

    /// The page of an address, and which of its words that is.
    fn page(&self, address: u64) -> Option<(&Page, usize)> {
        let &slot = self.by_number.get(&(address / PAGE))?;
        Some((self.pages[slot].as_ref()?, (address % PAGE / 4) as usize))
    }

    /// Starts counting again.
    pub(crate) fn reset_stats(&mut self) {
        self.settle();
        self.retired = Stats::default();
        for page in self.pages.iter_mut().flatten() {
            page.executed.fill(0);
            page.taken.fill(0);
        }
    }
}

/// The pages that `count` words from `address` touch.
fn page_numbers(address: u64, count: usize) -> core::ops::RangeInclusive<u64> {
    address / PAGE..=address.saturating_add((count as u64 * 4).saturating_sub(1)) / PAGE
}

const BTI_C: u32 = 0xd503_245f;
const BTI_J: u32 = 0xd503_249f;
const BTI_JC: u32 = 0xd503_24df;
const PACIASP: u32 = 0xd503_233f;
const PACIBSP: u32 = 0xd503_237f;

/// The kinds of indirect branches that BTI tells apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Indirect {
    /// BLR.
    Call,
    /// BR through x16 or x17.
    Veneer,
    /// BR through another register.
    Jump,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the counts of every function of a module cost the square of their number.
    #[test]
    fn counts_of_a_range_settle_its_pages_only() {
        let mut code = Code::new(true, true);
        let (near, far) = (PAGE, 9 * PAGE);
        for base in [near, far] {
            code.publish(base, &[0xd65f_03c0], false).unwrap();
            let index = code.by_number[&(base / PAGE)] * SLOTS;
            code.slots[index].entries = 3;
        }
        assert_eq!(code.counts(near, 2), [(3, 3), (0, 0)]);
        let waiting = code.slots.iter().map(|slot| slot.entries).sum::<u64>();
        assert_eq!(waiting, 3, "the other page waits");
        assert_eq!(code.counts(far, 1), [(3, 3)]);
        assert_eq!(code.counts(PAGE * 5, 1), [(0, 0)], "nothing was published there");
    }
}
