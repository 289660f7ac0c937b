//! [`Interpreter`]: the loop over predecoded operations.

use std::fmt;
use std::ops::Range;

use ir::{Span, TrapKind};

use crate::exec::Exit;
use crate::load::WINDOW_REGISTERS;
use crate::memory::{BadAddress, HostBlock};
use crate::op::Op;
use crate::profile::Profile;
use crate::program::{CallSite, FuncCode, FuncId, Program};

/// Registers that one frame sees. As many as a `u16` counts, so that no access needs a check.
pub(crate) const WINDOW: usize = 1 << 16;
pub(crate) type Window = [u64; WINDOW];

/// Stack slots are aligned at least so, as machine code aligns its frames.
const STACK_ALIGN: u64 = 16;

/// The budgets of an [`Interpreter`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Calls that may be active at once; one more is a `stack_overflow` trap.
    pub depth: usize,
    /// Bytes of stack slots that may be in use at once; more is a `stack_overflow` trap.
    pub stack_bytes: usize,
    /// Instructions of the IR that a call may run, terminators included; then it traps with `out_of_fuel`. Counted a
    /// block at a time, and only if the program was loaded [counted](crate::LoadOptions::counted).
    pub fuel: Option<u64>,
}

impl Default for Limits {
    /// 50,000 calls, 8 MiB of stack slots, no budget of instructions.
    fn default() -> Self {
        Self { depth: 50_000, stack_bytes: 8 << 20, fuel: None }
    }
}

/// What the host gives to a program.
pub trait Host {
    /// Calls the host function that is the `index`-th of the module's `externs`. Values are raw bits; the host sets
    /// every result.
    ///
    /// # Errors
    /// A kind of trap ends the program's call.
    fn call(&mut self, index: usize, args: &[u64], results: &mut [u64]) -> Result<(), TrapKind>;
}

impl<F: FnMut(usize, &[u64], &mut [u64]) -> Result<(), TrapKind>> Host for F {
    fn call(&mut self, index: usize, args: &[u64], results: &mut [u64]) -> Result<(), TrapKind> {
        self(index, args, results)
    }
}

/// A host without functions: a call of one traps as `unreachable`.
#[derive(Clone, Copy, Debug)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, _: usize, _: &[u64], _: &mut [u64]) -> Result<(), TrapKind> {
        Err(TrapKind::Unreachable)
    }
}

/// A function and the place in its source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The function's name.
    pub function: String,
    /// The place in the source, if the instruction has one.
    pub span: Option<Span>,
}

/// A call ended without a result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trap {
    /// Why.
    pub kind: TrapKind,
    /// Where.
    pub place: Place,
    /// The calls that were active, the innermost first, without the one that trapped; at most 32.
    pub callers: Vec<Place>,
}

/// How many callers a trap names.
const MAX_CALLERS: usize = 32;

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trap: {} in @{}", self.kind, self.place.function)?;
        match self.place.span {
            Some(span) => write!(f, " at {span}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Trap {}

/// The registers, the stack and the budgets to run programs with. One call at a time; may be used for one program
/// after another.
#[derive(Debug)]
pub struct Interpreter {
    limits: Limits,
    pub(crate) registers: Vec<u64>,
    pub(crate) wide: Vec<u64>,
    frames: Vec<Frame>,
    stack: Option<HostBlock>,
    allowed: Vec<Range<u64>>,
    /// What a restricted program may touch: its stack, its data, and what is allowed.
    pub(crate) touchable: Vec<Range<u64>>,
    pub(crate) fuel: u64,
    pub(crate) block_counts: Vec<u64>,
    pub(crate) edge_counts: Vec<u64>,
}

/// What a call comes back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    function: u32,
    /// The operation after the call.
    pc: u32,
    pub(crate) base: usize,
    pub(crate) wide_base: usize,
    /// The address of its stack slots.
    pub(crate) slots: u64,
    /// Where the slots of a callee may start.
    stack_top: u64,
}

impl Default for Interpreter {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl From<BadAddress> for TrapKind {
    fn from(_: BadAddress) -> Self {
        TrapKind::MemoryFault
    }
}

impl Interpreter {
    /// An interpreter with these budgets.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            registers: Vec::new(),
            wide: Vec::new(),
            frames: Vec::new(),
            stack: None,
            allowed: Vec::new(),
            touchable: Vec::new(),
            fuel: 0,
            block_counts: Vec::new(),
            edge_counts: Vec::new(),
        }
    }

    /// Changes the budgets for calls to come.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.stack = None;
    }

    /// Lets restricted programs touch these addresses, beside their own stack and data, until
    /// [`forget`](Self::forget). The memory must live for as long as calls are made.
    pub fn allow(&mut self, range: Range<u64>) {
        self.allowed.push(range);
    }

    /// Takes back every [`allow`](Self::allow).
    pub fn forget(&mut self) {
        self.allowed.clear();
    }

    /// Calls a function. Arguments and results are raw bits; what is above an argument's type is ignored.
    ///
    /// # Errors
    /// The trap that ended the call. Too few or too many arguments trap as `unreachable`.
    pub fn call(
        &mut self,
        program: &Program,
        function: FuncId,
        args: &[u64],
        host: &mut dyn Host,
    ) -> Result<Vec<u64>, Trap> {
        let mut results = Vec::new();
        self.frames.clear();
        self.fuel = self.limits.fuel.unwrap_or(u64::MAX);
        self.block_counts.resize(program.counters.blocks.len(), 0);
        self.edge_counts.resize(program.counters.edges.len(), 0);
        let mut at =
            Frame { function: function.0, pc: 0, base: 0, wide_base: 0, slots: 0, stack_top: 0 };
        let outcome = self
            .prepare(program, function, args, &mut at)
            .and_then(|()| self.run(program, &mut at, host, &mut results));
        outcome.map(|()| results).map_err(|kind| self.trap(program, kind, at))
    }

    /// What was counted since the last [`reset_profile`](Self::reset_profile); all zero unless the program was loaded
    /// [counted](crate::LoadOptions::counted).
    #[must_use]
    pub fn profile(&self, program: &Program) -> Profile {
        Profile::new(program, &self.block_counts, &self.edge_counts)
    }

    /// Sets every count to zero. Do so before running another program.
    pub fn reset_profile(&mut self) {
        self.block_counts.clear();
        self.edge_counts.clear();
    }

    fn trap(&self, program: &Program, kind: TrapKind, at: Frame) -> Trap {
        let place = |frame: &Frame| {
            let code = program.functions.get(frame.function as usize);
            let pc = (frame.pc as usize).wrapping_sub(1);
            Place {
                function: code.map(|code| code.name.clone()).unwrap_or_default(),
                span: code.and_then(|code| code.spans.get(pc).copied().flatten()),
            }
        };
        let callers = self.frames.iter().rev().take(MAX_CALLERS).map(place).collect();
        Trap { kind, place: place(&at), callers }
    }

    /// Puts the arguments into the first frame.
    fn prepare(
        &mut self,
        program: &Program,
        function: FuncId,
        args: &[u64],
        at: &mut Frame,
    ) -> Result<(), TrapKind> {
        let code = program.functions.get(function.0 as usize).ok_or(TrapKind::Unreachable)?;
        if code.signature.params.len() != args.len() {
            return Err(TrapKind::Unreachable);
        }
        if self.stack.is_none() {
            self.stack = HostBlock::new(self.limits.stack_bytes, STACK_ALIGN as usize);
        }
        at.stack_top = self.stack.as_ref().map_or(0, HostBlock::address);
        self.touchable.clear();
        self.touchable.extend(self.stack.as_ref().map(HostBlock::range));
        self.touchable.push(program.data().range());
        self.touchable.extend_from_slice(&self.allowed);
        self.enter(code, at)?;
        for (index, (&arg, ty)) in args.iter().zip(code.signature.param_types()).enumerate() {
            self.write(at, index as u32, arg & ty.mask());
        }
        Ok(())
    }

    /// Makes room for a frame at `at.base`, places its stack slots above `at.stack_top`, and presets registers.
    fn enter(&mut self, code: &FuncCode, at: &mut Frame) -> Result<(), TrapKind> {
        let needed = at.base + WINDOW;
        if self.registers.is_empty() {
            // Fresh zeroed memory costs nothing until it is touched.
            self.registers = vec![0; needed];
        } else if self.registers.len() < needed {
            // Grows by half, so that deep recursion copies little.
            self.registers.resize(needed + needed / 2, 0);
        }
        if code.wide > 0 {
            let needed = at.wide_base + code.wide as usize;
            if self.wide.len() < needed {
                self.wide.resize(needed, 0);
            }
        }
        if code.frame_size > 0 {
            let stack = self.stack.as_ref().ok_or(TrapKind::StackOverflow)?.range();
            let align = code.frame_align.max(STACK_ALIGN);
            let slots =
                at.stack_top.checked_next_multiple_of(align).ok_or(TrapKind::StackOverflow)?;
            let end = slots.checked_add(code.frame_size).ok_or(TrapKind::StackOverflow)?;
            if end > stack.end {
                return Err(TrapKind::StackOverflow);
            }
            at.slots = slots;
            at.stack_top = end;
        }
        for register in code.zeroed.clone() {
            self.write(at, register, 0);
        }
        for &(register, bits) in &code.preset {
            self.write(at, register, bits);
        }
        Ok(())
    }

    #[inline(always)]
    fn read(&self, at: &Frame, register: u32) -> u64 {
        if register < WINDOW_REGISTERS {
            self.registers[at.base + register as usize]
        } else {
            self.wide[at.wide_base + (register - WINDOW_REGISTERS) as usize]
        }
    }

    #[inline(always)]
    fn write(&mut self, at: &Frame, register: u32, value: u64) {
        if register < WINDOW_REGISTERS {
            self.registers[at.base + register as usize] = value;
        } else {
            self.wide[at.wide_base + (register - WINDOW_REGISTERS) as usize] = value;
        }
    }

    fn call_host(
        &mut self,
        program: &Program,
        site: &CallSite,
        at: &Frame,
        host: &mut dyn Host,
    ) -> Result<(), TrapKind> {
        // Most host functions have few arguments; more go to the heap.
        const FEW: usize = 16;
        let mut few = [0u64; FEW];
        let mut many = Vec::new();
        let total = site.args.len() + site.results.len();
        let buffer = if total <= FEW {
            &mut few[..total]
        } else {
            many.resize(total, 0);
            many.as_mut_slice()
        };
        let (args, results) = buffer.split_at_mut(site.args.len());
        for (to, &from) in args.iter_mut().zip(&site.args) {
            *to = self.read(at, from);
        }
        host.call(site.callee as usize, args, results)?;
        let types = program.host_results.get(site.callee as usize);
        for (index, (&to, &value)) in site.results.iter().zip(results.iter()).enumerate() {
            let mask = types.and_then(|types| types.get(index)).map_or(u64::MAX, |ty| ty.mask());
            self.write(at, to, value & mask);
        }
        Ok(())
    }

    /// Runs from `at`, which says at every way out which operation was the last.
    fn run(
        &mut self,
        program: &Program,
        at: &mut Frame,
        host: &mut dyn Host,
        results: &mut Vec<u64>,
    ) -> Result<(), TrapKind> {
        loop {
            let code = &program.functions[at.function as usize];
            let exit = self.run_frame(program, code, at)?;
            match exit {
                Exit::Call(site) => {
                    let site = &code.sites[site as usize];
                    if self.frames.len() + 1 >= self.limits.depth {
                        return Err(TrapKind::StackOverflow);
                    }
                    let callee = &program.functions[site.callee as usize];
                    let mut new = Frame {
                        function: site.callee,
                        pc: 0,
                        base: at.base + code.registers as usize,
                        wide_base: at.wide_base + code.wide as usize,
                        slots: at.stack_top,
                        stack_top: at.stack_top,
                    };
                    self.enter(callee, &mut new)?;
                    for (index, &from) in site.args.iter().enumerate() {
                        let value = self.read(at, from);
                        self.write(&new, index as u32, value);
                    }
                    self.frames.push(*at);
                    *at = new;
                }
                Exit::CallHost(site) => {
                    self.call_host(program, &code.sites[site as usize], at, host)?;
                }
                Exit::Return(list) => {
                    let list = list.map_or(&[][..], |list| &code.returns[list as usize]);
                    let Some(caller) = self.frames.pop() else {
                        results.extend(list.iter().map(|&from| self.read(at, from)));
                        return Ok(());
                    };
                    let site = last_call(program, &caller);
                    for (&to, &from) in site.map_or(&[][..], |site| &site.results).iter().zip(list)
                    {
                        let value = self.read(at, from);
                        self.write(&caller, to, value);
                    }
                    *at = caller;
                }
                Exit::Return1(value) => {
                    let Some(caller) = self.frames.pop() else {
                        results.push(value);
                        return Ok(());
                    };
                    let to = last_call(program, &caller).and_then(|site| site.results.first());
                    if let Some(&to) = to {
                        self.write(&caller, to, value);
                    }
                    *at = caller;
                }
            }
        }
    }

    /// Runs operations of one function until a call or return; traps leave `at.pc` after the operation at fault.
    fn run_frame(
        &mut self,
        program: &Program,
        code: &FuncCode,
        at: &mut Frame,
    ) -> Result<Exit, TrapKind> {
        let mut pc = at.pc as usize;
        let outcome = self.operations(program, code, at, &mut pc);
        at.pc = pc as u32;
        outcome
    }
}

/// The call that a frame waits for.
fn last_call<'p>(program: &'p Program, frame: &Frame) -> Option<&'p CallSite> {
    let code = program.functions.get(frame.function as usize)?;
    match code.ops.get((frame.pc as usize).checked_sub(1)?)? {
        Op::Call { site } => code.sites.get(*site as usize),
        _ => None,
    }
}
