//! Frames: calls, returns and what they cost, and the loop that runs operations between them.

use std::ops::Range;

use ir::TrapKind;

use crate::emit::Home;
use crate::exec::{BREATHS, Exit, Machine};
use crate::op::{WINDOW, Window};
use crate::program::{CallSite, FuncCode, FuncId, Target};
use crate::run::{Host, Place, Trap};

/// How many callers a trap names.
const MAX_CALLERS: usize = 32;

/// Registers and frames, kept from call to call.
#[derive(Debug, Default)]
pub(crate) struct CallMemory {
    registers: Vec<u64>,
    /// The frames that wait for a call, the outermost first.
    frames: Vec<Frame>,
    /// Words on their way between frames that share registers, or to the host and back.
    words: Vec<u64>,
}

/// A call that is active.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    function: u32,
    /// The site of the call that it waits for, and how many operations are after that one.
    site: u32,
    left: u32,
    /// Where its share of each memory starts: registers above the window, registers, stack slots.
    wide: u32,
    registers: usize,
    stack: u64,
}

/// A call of a function by the embedder, with all that it calls.
pub(crate) struct Calls<'c> {
    pub(crate) machine: Machine<'c>,
    pub(crate) memory: &'c mut CallMemory,
    /// Frames that may be active at once.
    pub(crate) depth: usize,
    pub(crate) stack: Range<u64>,
}

impl<'c> Calls<'c> {
    /// Runs a function, whose parameters `args` suit in number.
    ///
    /// # Errors
    /// The kind of trap that ended the call, and the frame that it happened in.
    pub(crate) fn run(
        &mut self,
        function: FuncId,
        args: &[u64],
        host: &mut dyn Host,
    ) -> Result<Vec<u64>, (TrapKind, Frame)> {
        self.memory.frames.clear();
        let code = self.machine.code;
        let mut at = Frame {
            function: function.0,
            site: 0,
            left: self.machine.left as u32,
            wide: 0,
            registers: 0,
            stack: self.stack.start,
        };
        let outcome = self.enter(code, &at).and_then(|()| {
            for ((to, &arg), mask) in (0..).zip(args).zip(&code.params) {
                self.write(&at, to, arg & mask);
            }
            self.frames(&mut at, host)
        });
        at.left = self.machine.left as u32;
        outcome.map(|()| self.memory.words.clone()).map_err(|kind| (kind, at))
    }

    /// Where the trap happened, for people.
    pub(crate) fn trap(&self, kind: TrapKind, at: &Frame) -> Trap {
        let place = |frame: &Frame| {
            let code = self.machine.program.functions.get(frame.function as usize);
            let span = code.and_then(|code| {
                let next = code.cells.len().checked_sub(frame.left as usize)?;
                code.spans.get(next.checked_sub(1)?).copied().flatten()
            });
            Place { function: code.map(|code| code.name.clone()).unwrap_or_default(), span }
        };
        let callers = self.memory.frames.iter().rev().take(MAX_CALLERS).map(place).collect();
        Trap { kind, place: place(at), callers }
    }

    /// Runs from the start of the function of `at` until it returns, with its results in `words`.
    fn frames(&mut self, at: &mut Frame, host: &mut dyn Host) -> Result<(), TrapKind> {
        loop {
            let exit = self.operations(at)?;
            let code = self.machine.code;
            let site = || code.sites.get(self.machine.detail as usize);
            match exit {
                Exit::Breath => {}
                Exit::Trap => return Err(self.machine.trap),
                Exit::Call => {
                    let site = site().ok_or(TrapKind::Unreachable)?;
                    match self.target(site)? {
                        Target::Function(callee) => self.call(callee, site, at)?,
                        Target::Host(callee) => {
                            self.call_host(callee, site, at, host)?;
                            self.give(at, site);
                        }
                    }
                }
                Exit::TailCall => {
                    let site = site().ok_or(TrapKind::Unreachable)?;
                    match self.target(site)? {
                        Target::Function(callee) => self.tail_call(callee, site, at)?,
                        Target::Host(callee) => {
                            self.call_host(callee, site, at, host)?;
                            let Some(site) = self.leave(at) else { return Ok(()) };
                            self.give(at, site);
                        }
                    }
                }
                Exit::ReturnOne => {
                    let value = self.machine.detail;
                    let Some(site) = self.leave(at) else {
                        self.memory.words.clear();
                        self.memory.words.push(value);
                        return Ok(());
                    };
                    if let Some(&to) = site.results.first() {
                        self.write(at, to, value);
                    }
                }
                Exit::ReturnList => {
                    let list = code.returns.get(self.machine.detail as usize);
                    self.take(at, list.ok_or(TrapKind::Unreachable)?);
                    let Some(site) = self.leave(at) else { return Ok(()) };
                    self.give(at, site);
                }
            }
        }
    }

    /// Runs operations of one frame until they come back for more than a breath.
    #[inline(always)]
    fn operations(&mut self, at: &Frame) -> Result<Exit, TrapKind> {
        let machine = &mut self.machine;
        let window = self.memory.registers.get_mut(at.registers..);
        let window = window.and_then(|registers| registers.first_chunk_mut());
        let Some(r): Option<&mut Window> = window else { return Err(TrapKind::StackOverflow) };
        loop {
            machine.breaths = BREATHS;
            let Some((before, rest)) = machine.came_back() else {
                return Err(TrapKind::Unreachable);
            };
            let exit = (before.next)(rest, r, machine);
            if exit != Exit::Breath {
                return Ok(exit);
            }
        }
    }

    /// What the site calls.
    #[inline(always)]
    fn target(&self, site: &CallSite) -> Result<Target, TrapKind> {
        match site.target {
            Some(target) => Ok(target),
            None => {
                let program = self.machine.program;
                let target = program.at_address(self.machine.address);
                let target = target.ok_or(TrapKind::BadCall)?;
                if program.shape_of(target) == Some(site.shape) {
                    Ok(target)
                } else {
                    Err(TrapKind::BadCall)
                }
            }
        }
    }

    /// Calls a function from the frame `at`, which becomes the callee's.
    #[inline(always)]
    fn call(&mut self, callee: u32, site: &CallSite, at: &mut Frame) -> Result<(), TrapKind> {
        if self.memory.frames.len() + 1 >= self.depth {
            return Err(TrapKind::StackOverflow);
        }
        let functions = &self.machine.program.functions;
        let code = functions.get(callee as usize).ok_or(TrapKind::Unreachable)?;
        at.site = self.machine.detail as u32;
        at.left = self.machine.left as u32;
        let caller = self.machine.code;
        let slots = self.machine.slots;
        let new = Frame {
            function: callee,
            site: 0,
            left: 0,
            wide: at.wide + caller.wide,
            registers: at.registers + caller.registers as usize,
            stack: if caller.frame_size > 0 { slots + caller.frame_size } else { at.stack },
        };
        if let Err(kind) = self.enter(code, &new) {
            // The trap is the caller's.
            self.machine.left = at.left as usize;
            return Err(kind);
        }
        // The registers of the callee are above all of the caller's.
        for (to, &from) in (0..).zip(&site.args) {
            let value = self.read(at, from);
            self.write(&new, to, value);
        }
        self.memory.frames.push(*at);
        *at = new;
        Ok(())
    }

    /// Calls a function in the place of the frame `at`.
    fn tail_call(&mut self, callee: u32, site: &CallSite, at: &mut Frame) -> Result<(), TrapKind> {
        let functions = &self.machine.program.functions;
        let code = functions.get(callee as usize).ok_or(TrapKind::Unreachable)?;
        self.take(at, &site.args);
        let left = self.machine.left;
        if let Err(kind) = self.enter(code, at) {
            self.machine.left = left;
            return Err(kind);
        }
        at.function = callee;
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
    fn leave(&mut self, at: &mut Frame) -> Option<&'c CallSite> {
        *at = self.memory.frames.pop()?;
        let code = self.machine.program.functions.get(at.function as usize)?;
        let machine = &mut self.machine;
        machine.code = code;
        machine.cells = &code.cells;
        machine.left = at.left as usize;
        machine.wide_base = at.wide as usize;
        if code.frame_size > 0 {
            machine.slots = at.stack.next_multiple_of(code.frame_align);
        }
        code.sites.get(at.site as usize)
    }

    /// Makes the machine ready to run `code` from its first operation in the frame `at`: room for registers and stack
    /// slots, and registers that start with a value. If that fails, the code is still the old one.
    #[inline(always)]
    fn enter(&mut self, code: &'c FuncCode, at: &Frame) -> Result<(), TrapKind> {
        if self.memory.registers.len() < at.registers + WINDOW {
            self.grow(at.registers + WINDOW);
        }
        self.machine.wide_base = at.wide as usize;
        if !code.plain {
            self.prepare(code, at)?;
        }
        let machine = &mut self.machine;
        machine.code = code;
        machine.cells = &code.cells;
        machine.left = code.cells.len() - 1;
        Ok(())
    }

    /// What [`enter`](Self::enter) does for functions that need more than registers.
    fn prepare(&mut self, code: &FuncCode, at: &Frame) -> Result<(), TrapKind> {
        if code.wide > 0 {
            let needed = at.wide as usize + code.wide as usize;
            if self.machine.wide.len() < needed {
                self.machine.wide.resize(needed, 0);
            }
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
    fn read(&self, at: &Frame, register: u32) -> u64 {
        match Home::of(register) {
            Home::Near(register) => self.memory.registers[at.registers + usize::from(register)],
            Home::Far(index) => self.machine.wide[at.wide as usize + index as usize],
        }
    }

    #[inline(always)]
    fn write(&mut self, at: &Frame, register: u32, value: u64) {
        match Home::of(register) {
            Home::Near(register) => {
                self.memory.registers[at.registers + usize::from(register)] = value;
            }
            Home::Far(index) => self.machine.wide[at.wide as usize + index as usize] = value,
        }
    }

    /// Takes the words in these registers of a frame.
    fn take(&mut self, at: &Frame, places: &[u32]) {
        let mut words = std::mem::take(&mut self.memory.words);
        words.clear();
        words.extend(places.iter().map(|&place| self.read(at, place)));
        self.memory.words = words;
    }

    /// Gives the words that were taken, or that came from the host, to the site of a frame as results.
    fn give(&mut self, at: &Frame, site: &CallSite) {
        let words = std::mem::take(&mut self.memory.words);
        for (&to, &word) in site.results.iter().zip(&words) {
            self.write(at, to, word);
        }
        self.memory.words = words;
    }

    /// Calls a host function and takes its results.
    fn call_host(
        &mut self,
        callee: u32,
        site: &CallSite,
        at: &Frame,
        host: &mut dyn Host,
    ) -> Result<(), TrapKind> {
        self.take(at, &site.args);
        let masks = self.machine.program.host_results.get(callee as usize);
        let masks = masks.ok_or(TrapKind::Unreachable)?;
        let words = &mut self.memory.words;
        words.resize(site.args.len() + masks.len(), 0);
        let (args, results) = words.split_at_mut(site.args.len());
        host.call(callee as usize, args, results)?;
        for (result, mask) in results.iter_mut().zip(masks) {
            *result &= mask;
        }
        words.drain(..site.args.len());
        Ok(())
    }
}
