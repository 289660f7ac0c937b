//! Frames: calls, returns and what they cost, and the loop that runs operations between them.

use std::ops::Range;

use ir::TrapKind;

use crate::code::{Bound, CallSite, FuncCode};
use crate::emit::Home;
use crate::exec::{Exit, Machine, YIELD_BUDGET};
use crate::op::{Cell, Cells, WINDOW, Window};
use crate::program::{Callee, FuncId, HostId};
use crate::run::{Host, Place, Trap};
use crate::table::Slot;

/// How many callers a trap names.
const MAX_CALLERS: usize = 64;

/// Registers and frames, kept from call to call.
#[derive(Debug, Default)]
pub(crate) struct CallMemory {
    registers: Vec<u64>,
    /// Room for frames; there are none in it.
    frames: Vec<Frame<'static>>,
    /// Words on their way between frames that share registers, or to the host and back.
    words: Vec<u64>,
}

/// What an active call has of each memory: where its share starts.
#[derive(Clone, Copy, Debug)]
struct Share {
    registers: usize,
    /// Registers above the window.
    wide: usize,
    /// The address of the first stack slot, but for its alignment.
    stack: u64,
}

/// A call that waits for one that it made.
#[derive(Clone, Debug)]
struct Frame<'c> {
    code: &'c FuncCode,
    /// The call that it waits for, its operation, and those after.
    site: &'c CallSite,
    op: &'c Cell,
    rest: Cells<'c>,
    share: Share,
}

/// A call of a function by the embedder, with all that it calls.
pub(crate) struct Calls<'c> {
    machine: Machine<'c>,
    memory: &'c mut CallMemory,
    /// The frames that wait, the outermost first.
    frames: Vec<Frame<'c>>,
    /// Frames that may be active at once.
    depth: usize,
    stack: Range<u64>,
    /// The function without a body that was called.
    missing: Option<FuncId>,
}

impl<'c> Calls<'c> {
    /// Nothing runs yet.
    pub(crate) fn new(
        machine: Machine<'c>,
        memory: &'c mut CallMemory,
        depth: usize,
        stack: Range<u64>,
    ) -> Self {
        // An empty vector, whose room is used again.
        let room = std::mem::take(&mut memory.frames);
        let frames = room.into_iter().map_while(|_| None).collect();
        Self { machine, memory, frames, depth, stack, missing: None }
    }

    /// Runs the function of the machine, whose parameters `args` suit in number.
    ///
    /// # Errors
    /// The trap that ended the call.
    pub(crate) fn run(mut self, args: &[u64], host: &mut dyn Host) -> Result<Vec<u64>, Trap> {
        let code = self.machine.code;
        let share = Share { registers: 0, wide: 0, stack: self.stack.start };
        let outcome = self.enter(code, share).and_then(|()| {
            for ((to, &arg), mask) in (0..).zip(args).zip(&code.params) {
                self.write(share, to, arg & mask);
            }
            self.frames(share, host)
        });
        let outcome = match outcome {
            Ok(()) => Ok(self.memory.words.clone()),
            Err(kind) => Err(self.trap(kind)),
        };
        self.frames.clear();
        self.memory.frames = self.frames.into_iter().map_while(|_| None).collect();
        outcome
    }

    /// Where the trap happened, for people.
    fn trap(&self, kind: TrapKind) -> Trap {
        let place = |code: &FuncCode, rest: &Cells<'_>| {
            let next = code.cells.len().saturating_sub(rest.len());
            let span = next.checked_sub(1).and_then(|this| code.spans.get(this).copied());
            Place { function: code.id, name: Some(code.name.clone()), span: span.flatten() }
        };
        let callers = self.frames.iter().rev().take(MAX_CALLERS);
        Trap {
            kind,
            missing: self.missing,
            place: place(self.machine.code, &self.machine.rest),
            callers: callers.map(|frame| place(frame.code, &frame.rest)).collect(),
            left_out: self.frames.len().saturating_sub(MAX_CALLERS),
        }
    }

    /// Runs from the start of the function of the machine until it returns, with its results in `words`.
    fn frames(&mut self, mut at: Share, host: &mut dyn Host) -> Result<(), TrapKind> {
        loop {
            let exit = self.operations(at)?;
            let code = self.machine.code;
            match exit {
                Exit::Yield => {}
                Exit::Trap => return Err(self.machine.trap),
                Exit::Call => {
                    let site = &code.sites[self.machine.detail as usize];
                    match self.target(site)? {
                        Callee::Function(callee) => at = self.call(callee, site, at)?,
                        Callee::Host(callee) => {
                            self.call_host(callee, site, at, host)?;
                            self.give(at, site);
                        }
                    }
                }
                Exit::TailCall => {
                    let site = &code.sites[self.machine.detail as usize];
                    match self.target(site)? {
                        Callee::Function(callee) => self.tail_call(callee, site, at)?,
                        Callee::Host(callee) => {
                            self.call_host(callee, site, at, host)?;
                            let Some(site) = self.leave(&mut at) else { return Ok(()) };
                            self.give(at, site);
                        }
                    }
                }
                Exit::ReturnOne => {
                    let value = self.machine.detail;
                    let Some(site) = self.leave(&mut at) else {
                        self.memory.words.clear();
                        self.memory.words.push(value);
                        return Ok(());
                    };
                    if let Some(&to) = site.results.first() {
                        self.write(at, to, value);
                    }
                }
                Exit::ReturnList => {
                    self.take(at, &code.returns[self.machine.detail as usize]);
                    let Some(site) = self.leave(&mut at) else { return Ok(()) };
                    self.give(at, site);
                }
            }
        }
    }

    /// Runs operations of one frame until they come back for more than to yield.
    #[inline(always)]
    fn operations(&mut self, at: Share) -> Result<Exit, TrapKind> {
        let machine = &mut self.machine;
        let window = self.memory.registers.get_mut(at.registers..);
        let window = window.and_then(|registers| registers.first_chunk_mut());
        let Some(r): Option<&mut Window> = window else {
            unreachable!("there is room, as the frame was entered")
        };
        loop {
            machine.yield_budget = YIELD_BUDGET;
            let exit = (machine.op.next)(machine.rest.clone(), r, machine);
            if exit != Exit::Yield {
                return Ok(exit);
            }
        }
    }

    /// What the site calls.
    #[inline(always)]
    fn target(&self, site: &'c CallSite) -> Result<Callee<'c>, TrapKind> {
        match &site.target {
            Some(Bound::Function(slot)) => Ok(Callee::Function(slot)),
            Some(Bound::Host(id)) => Ok(Callee::Host(*id)),
            None => {
                let Machine { program, inside, address, .. } = self.machine;
                let (callee, shape) =
                    program.callee_at(address, inside).ok_or(TrapKind::BadCall)?;
                if shape == site.shape { Ok(callee) } else { Err(TrapKind::BadCall) }
            }
        }
    }

    /// What is to run now when a function is called.
    #[inline(always)]
    fn body(&mut self, callee: &'c Slot) -> Result<&'c FuncCode, TrapKind> {
        callee.body.get(self.machine.inside).ok_or_else(|| {
            self.missing = Some(callee.id);
            TrapKind::BadCall
        })
    }

    /// Calls a function from the frame with this share; gives the callee's.
    #[inline(always)]
    fn call(&mut self, callee: &'c Slot, site: &'c CallSite, at: Share) -> Result<Share, TrapKind> {
        if self.frames.len() + 1 >= self.depth {
            return Err(TrapKind::StackOverflow);
        }
        let code = self.body(callee)?;
        let caller = self.machine.code;
        let slots = self.machine.slots;
        let new = Share {
            registers: at.registers + caller.registers as usize,
            wide: at.wide + caller.wide as usize,
            stack: if caller.frame_size > 0 { slots + caller.frame_size } else { at.stack },
        };
        let Machine { op, rest, .. } = &self.machine;
        let frame = Frame { code: caller, site, op, rest: rest.clone(), share: at };
        self.enter(code, new)?;
        self.frames.push(frame);
        // The registers of the callee are above all of the caller's.
        let registers = self.memory.registers.split_at_mut_checked(new.registers);
        if let (true, Some((low, high))) = (site.near, registers)
            && let Some(low) = low.get(at.registers..)
        {
            for (to, &from) in high.iter_mut().zip(&site.args) {
                match low.get(from as usize) {
                    Some(&value) => *to = value,
                    None => unreachable!("the arguments of a near call are in the window"),
                }
            }
        } else {
            for (to, &from) in (0..).zip(&site.args) {
                let value = self.read(at, from);
                self.write(new, to, value);
            }
        }
        Ok(new)
    }

    /// Calls a function in the place of the frame with this share.
    fn tail_call(&mut self, callee: &'c Slot, site: &CallSite, at: Share) -> Result<(), TrapKind> {
        let code = self.body(callee)?;
        self.take(at, &site.args);
        self.enter(code, at)?;
        let words = std::mem::take(&mut self.memory.words);
        for (to, &word) in (0..).zip(&words) {
            self.write(at, to, word);
        }
        self.memory.words = words;
        Ok(())
    }

    /// Goes back to the frame that waits for this one, and gives the call that it waits for; `None` if it is the
    /// embedder who waits.
    #[inline(always)]
    fn leave(&mut self, at: &mut Share) -> Option<&'c CallSite> {
        let Frame { code, site, op, rest, share } = self.frames.pop()?;
        *at = share;
        let machine = &mut self.machine;
        machine.code = code;
        machine.cells = code.cells.iter();
        machine.op = op;
        machine.rest = rest;
        if !code.plain {
            machine.wide_base = share.wide;
            machine.slots = share.stack.next_multiple_of(code.frame_align);
            if machine.program.options.counted {
                machine.counts.enter(code);
            }
        }
        Some(site)
    }

    /// Makes the machine ready to run `code` from its first operation with this share: room for registers and stack
    /// slots, and registers that start with a value. If that fails, the code is still the old one.
    #[inline(always)]
    fn enter(&mut self, code: &'c FuncCode, share: Share) -> Result<(), TrapKind> {
        if self.memory.registers.len() < share.registers + WINDOW {
            self.grow(share.registers + WINDOW);
        }
        if !code.plain {
            self.prepare(code, share)?;
        }
        // Every function has a first cell.
        let (first, rest) = code.cells.split_first().ok_or(TrapKind::Unreachable)?;
        let machine = &mut self.machine;
        machine.code = code;
        machine.cells = code.cells.iter();
        machine.op = first;
        machine.rest = rest.iter();
        Ok(())
    }

    /// What [`enter`](Self::enter) does for functions that need more than registers.
    fn prepare(&mut self, code: &FuncCode, at: Share) -> Result<(), TrapKind> {
        if code.wide > 0 {
            let needed = at.wide + code.wide as usize;
            if self.machine.wide.len() < needed {
                self.machine.wide.resize(needed, 0);
            }
        }
        self.machine.wide_base = at.wide;
        if self.machine.program.options.counted {
            self.machine.counts.enter(code);
        }
        if code.frame_size > 0 {
            let slots = at.stack.checked_next_multiple_of(code.frame_align);
            let end = slots.and_then(|slots| slots.checked_add(code.frame_size));
            match (slots, end) {
                (Some(slots), Some(end)) if end <= self.stack.end => self.machine.slots = slots,
                _ => return Err(TrapKind::StackOverflow),
            }
        }
        for register in code.zeroed.clone() {
            self.write(at, register, 0);
        }
        for &(register, bits) in &code.preset {
            self.write(at, register, bits);
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, needed: usize) {
        let registers = &mut self.memory.registers;
        if registers.is_empty() {
            // Fresh zeroed memory costs nothing until it is touched.
            *registers = vec![0; needed];
        } else {
            // By half, so that deep recursion copies little.
            registers.resize(needed + needed / 2, 0);
        }
    }

    #[inline(always)]
    fn read(&self, at: Share, register: u32) -> u64 {
        match Home::of(register) {
            Home::Near(register) => self.memory.registers[at.registers + usize::from(register)],
            Home::Far(index) => self.machine.wide[at.wide + index as usize],
        }
    }

    #[inline(always)]
    fn write(&mut self, at: Share, register: u32, value: u64) {
        match Home::of(register) {
            Home::Near(register) => {
                self.memory.registers[at.registers + usize::from(register)] = value;
            }
            Home::Far(index) => self.machine.wide[at.wide + index as usize] = value,
        }
    }

    /// Takes the words in these registers of a frame.
    fn take(&mut self, at: Share, places: &[u32]) {
        let mut words = std::mem::take(&mut self.memory.words);
        words.clear();
        words.extend(places.iter().map(|&place| self.read(at, place)));
        self.memory.words = words;
    }

    /// Gives the words that were taken, or that came from the host, to the site of a frame as results.
    fn give(&mut self, at: Share, site: &CallSite) {
        let words = std::mem::take(&mut self.memory.words);
        for (&to, &word) in site.results.iter().zip(&words) {
            self.write(at, to, word);
        }
        self.memory.words = words;
    }

    /// Calls a host function and takes its results.
    fn call_host(
        &mut self,
        callee: HostId,
        site: &CallSite,
        at: Share,
        host: &mut dyn Host,
    ) -> Result<(), TrapKind> {
        self.take(at, &site.args);
        let Some(slot) = self.machine.program.host(callee) else {
            unreachable!("host functions stay")
        };
        let masks = &slot.results;
        let words = &mut self.memory.words;
        words.resize(site.args.len() + masks.len(), 0);
        let (args, results) = words.split_at_mut(site.args.len());
        host.call(callee.index(), args, results)?;
        for (result, mask) in results.iter_mut().zip(masks) {
            *result &= mask;
        }
        words.drain(..site.args.len());
        Ok(())
    }
}
