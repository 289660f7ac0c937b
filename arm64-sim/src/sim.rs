//! The simulator as its users see it: configuration, publishing, calls in both directions.

use crate::check::{Checks, Saved, Shadow};
use crate::code::{Code, PublishError};
use crate::cpu::{Cpu, FP, LR, SP};
use crate::exec::system;
use crate::fault::{Fault, Place};
use crate::memory::{Memory, Permission};
use crate::operands;
use crate::run::{Away, Machine};
use crate::source::CodeSource;
use crate::state::Core;
use crate::stats::Stats;
use crate::stop::Stop;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a call from outside returns to. No host has code there: it is in the kernel's half.
const RETURN_ADDRESS: u64 = 0xffff_ffff_fff0_0000;
/// Registers of each kind that carry arguments and results.
const ARGUMENT_REGISTERS: usize = 8;
/// The stack of a simulator, unless told otherwise.
const DEFAULT_STACK: u64 = 1 << 20;
/// The smallest frame of a function that calls: its return address and alignment.
const SMALLEST_FRAME: u64 = 16;

/// Whose memory simulated code works on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Open,
    Restricted,
}

/// How to make a [`Simulator`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    mode: Mode,
    /// What is checked; all, by default.
    pub checks: Checks,
    /// Bytes of stack; 1 MiB by default. Memory is taken as they are touched, and given back after a call that needed
    /// many of them.
    pub stack_size: u64,
    /// In restricted mode: whether the stack lies where the host has it, so that a host function can be given addresses
    /// of what is on it. Otherwise its address is always the same.
    pub host_stack: bool,
    /// Instructions that may be executed, all calls together. Looked at when a branch is taken, so that a run of
    /// straight code may go over it.
    pub budget: Option<u64>,
    /// Keeps the cumulative exception flags of FPSR exact from the start. Otherwise from the time when code that reads
    /// FPSR is published: they are slow to compute and rarely wanted.
    pub exact_fpsr: bool,
}

impl Config {
    /// Code sees nothing but what [`Simulator::map`] gives it: for code that is not trusted.
    #[must_use]
    pub fn restricted() -> Config {
        Config {
            mode: Mode::Restricted,
            checks: Checks::ALL,
            stack_size: DEFAULT_STACK,
            host_stack: false,
            budget: None,
            exact_fpsr: false,
        }
    }

    /// Code works on the memory of this process, like native code.
    ///
    /// # Safety
    /// A simulator made with this configuration must only run code whose memory accesses would be sound as native
    /// code of this process, and published words must stay readable at their address while they are published.
    #[must_use]
    #[allow(unsafe_code)]
    pub unsafe fn open() -> Config {
        Config { mode: Mode::Open, ..Config::restricted() }
    }
}

/// How indirect branches may enter a range of code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeKind {
    /// Anywhere.
    Plain,
    /// At landing pads (`bti`) only, as on a page that is mapped with BTI.
    Guarded,
}

/// Arguments in their registers and stack slots.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallArgs<'a> {
    /// x0 to x7.
    pub ints: &'a [u64],
    /// d0 to d7, as bits.
    pub floats: &'a [u64],
    /// Stack slots, from the lowest address.
    pub stack: &'a [u64],
    /// Eight-byte words of memory for results. If there are any, x8 gets their address.
    pub result_words: usize,
}

/// The result registers after a call; which of them mean something is the callee's signature's business.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CallResults {
    /// x0 to x7.
    pub ints: [u64; ARGUMENT_REGISTERS],
    /// d0 to d7, as bits.
    pub floats: [u64; ARGUMENT_REGISTERS],
    /// The words of memory that x8 led to.
    pub memory: Vec<u64>,
}

/// All registers, for those who compare processors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Registers {
    /// x0 to x30.
    pub x: [u64; 31],
    /// The stack pointer.
    pub sp: u64,
    /// v0 to v31.
    pub v: [u128; 32],
    /// The flags as MRS reads them: N Z C V from bit 31.
    pub nzcv: u64,
    /// FPCR.
    pub fpcr: u64,
    /// FPSR.
    pub fpsr: u64,
}

type HostFunction = Arc<dyn Fn(&mut HostCall<'_>) -> Result<(), Fault> + Send + Sync>;

/// A simulated processor with its stack, code and host functions.
pub struct Simulator {
    machine: Machine,
    hosts: HashMap<u64, HostFunction>,
    /// Was there a budget?
    limited: bool,
    /// Runs that are under way: a host function may begin another.
    active: usize,
    source: Option<Box<dyn CodeSource>>,
    calls: Calls,
}

/// The calls that were under way when one faulted, as the chain of frame records from `x29` on tells them. Each record is
/// further up the stack than the one before.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calls {
    /// `x30`: where a function without a frame record returns to.
    pub link: u64,
    /// The return addresses of the innermost records.
    pub returns: Vec<u64>,
    /// Number of records.
    pub all: usize,
}

impl core::fmt::Debug for Simulator {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Simulator").field("registers", &self.registers()).finish_non_exhaustive()
    }
}

impl Simulator {
    /// A processor with zeros in all registers, its stack pointer at the top of a new stack.
    #[must_use]
    #[allow(unsafe_code)]
    pub fn new(config: Config) -> Simulator {
        let mem = match config.mode {
            // SAFETY: whoever made this configuration promised what `Memory::open` asks for.
            Mode::Open => unsafe { Memory::open(config.stack_size) },
            Mode::Restricted => Memory::restricted(config.stack_size, config.host_stack),
        };
        let mut cpu = Cpu::new(config.exact_fpsr);
        cpu.x[usize::from(SP)] = mem.stack_top;
        let budget = config.budget.map_or(i64::MAX, |b| i64::try_from(b).unwrap_or(i64::MAX));
        Simulator {
            machine: Machine {
                core: Core { cpu, mem },
                code: Code::new(config.checks.changed_code, config.checks.platform_register),
                shadow: Shadow::default(),
                checks: config.checks,
                stale: 0,
                fuel: budget,
                most_calls: (config.stack_size / SMALLEST_FRAME) as usize,
            },
            hosts: HashMap::new(),
            limited: config.budget.is_some(),
            active: 0,
            source: None,
            calls: Calls::default(),
        }
    }

    /// Asks `source` from now on for what has not been published when control comes there. In restricted mode the addresses
    /// of its code are to be [mapped](Simulator::map_host) for reading.
    pub fn follow(&mut self, source: Box<dyn CodeSource>) {
        self.machine.code.follow(source.version());
        self.source = Some(source);
    }

    /// Publishes what the source has at `address`; false if it has nothing.
    fn fetch(&mut self, address: u64) -> bool {
        let piece = self.source.as_mut().and_then(|source| source.code_at(address));
        piece.is_some_and(|(start, words)| {
            let holds = address.checked_sub(start).is_some_and(|at| at / 4 < words.len() as u64);
            holds && self.publish(start, &words, CodeKind::Plain).is_ok()
        })
    }

    /// Takes back what its source has changed.
    fn catch_up(&mut self) {
        if let Some(since) = self.machine.code.outdated()
            && let Some(source) = &mut self.source
        {
            let (now, changes) = source.changes(since);
            self.machine.code.take_back(now, changes);
        }
    }

    /// Makes words executable at an address; words published there before are replaced. In open mode they must be in
    /// memory there already (the simulator checks before it runs them, with [`Checks::changed_code`]); in restricted
    /// mode the address is mapped, readable.
    ///
    /// # Errors
    /// The address is not a multiple of four, the words do not fit, or something is mapped there.
    pub fn publish(
        &mut self,
        address: u64,
        words: &[u32],
        kind: CodeKind,
    ) -> Result<(), PublishError> {
        if !address.is_multiple_of(4) {
            return Err(PublishError::Misaligned(address));
        }
        let Some(end) = address.checked_add(words.len() as u64 * 4) else {
            return Err(PublishError::TooLong(address));
        };
        let Machine { core, code, .. } = &mut self.machine;
        if !core.mem.is_open() && !core.mem.map_code(address, words) {
            return Err(PublishError::Overlap(address));
        }
        code.publish(address, words, kind == CodeKind::Guarded)?;
        core.mem.watch_code(address, end);
        if words.iter().any(|&w| system::reads_fpsr(w)) {
            core.cpu.set_exact_fpsr();
        }
        Ok(())
    }

    /// Takes `count` published words back: executing them is a fault from now on.
    pub fn unpublish(&mut self, address: u64, count: usize) {
        self.machine.code.unpublish(address, count);
    }

    /// Maps a buffer for restricted code; false if the simulator is open or the range overlaps another.
    pub fn map(&mut self, address: u64, bytes: Vec<u8>, permission: Permission) -> bool {
        self.machine.core.mem.map(address, bytes, permission)
    }

    /// Maps memory of the host, at the address where the host has it, for restricted code; false as for
    /// [`Simulator::map`]. Simulators that are given the same memory share it.
    ///
    /// # Safety
    /// The memory must be there for as long as the simulator, and what simulated code does with it as `permission` says
    /// must be sound as the doing of native code.
    #[allow(unsafe_code)]
    pub unsafe fn map_host(
        &mut self,
        range: core::ops::Range<u64>,
        permission: Permission,
    ) -> bool {
        // SAFETY: the caller's promise.
        unsafe { self.machine.core.mem.map_host(range, permission) }
    }

    /// Maps memory of the host for restricted code until [`Simulator::take_back`].
    ///
    /// # Safety
    /// The memory must be there until then, and what simulated code does with it as `permission` says must be sound as the
    /// doing of native code.
    #[allow(unsafe_code)]
    pub unsafe fn lend(&mut self, range: core::ops::Range<u64>, permission: Permission) {
        // SAFETY: the caller's promise.
        unsafe { self.machine.core.mem.lend(range, permission) };
    }

    /// Forgets all that was lent.
    pub fn take_back(&mut self) {
        self.machine.core.mem.take_back();
    }

    /// The present contents of a buffer that was mapped at this address.
    #[must_use]
    pub fn mapped(&self, address: u64) -> Option<&[u8]> {
        self.machine.core.mem.mapped(address)
    }

    /// Calls to `address` run `function` on the host.
    pub fn register_host<F>(&mut self, address: u64, function: F)
    where
        F: Fn(&mut HostCall<'_>) -> Result<(), Fault> + Send + Sync + 'static,
    {
        self.hosts.insert(address, Arc::new(function));
    }

    /// Calls the function at `entry` and runs until it returns. May be used by host functions while a call is under way.
    ///
    /// # Errors
    /// Whatever stopped it; callee-saved registers and SP are then as they were at the call.
    pub fn call(&mut self, entry: u64, args: &CallArgs<'_>) -> Result<CallResults, Fault> {
        let at = self.place_of(entry);
        let Core { cpu, mem } = &mut self.machine.core;
        if !mem.has_stack() {
            mem.renew_stack().map_err(|stop| Fault::new(stop, at))?;
            cpu.x[usize::from(SP)] = mem.stack().1;
        }
        let saved = Saved::of(&self.machine.core.cpu);
        let link = self.machine.core.cpu.x[usize::from(LR)];
        let depth = self.machine.shadow.depth();
        let outcome = self.enter(args).map_err(|stop| Fault::new(stop, at)).and_then(|memory| {
            self.go(entry, at)?;
            Ok(memory)
        });
        if outcome.is_err() {
            self.calls = self.find_calls();
        }
        let cpu = &mut self.machine.core.cpu;
        saved.restore(cpu);
        cpu.x[usize::from(LR)] = link;
        self.machine.shadow.truncate(depth);
        if self.active == 0 {
            self.give_back();
        }
        let memory = outcome?;
        let Core { cpu, mem } = &mut self.machine.core;
        let mut results = CallResults::default();
        for word in 0..args.result_words as u64 {
            let found = mem.read(memory + word * 8).map_err(|stop| Fault::new(*stop, at))?;
            results.memory.push(found);
        }
        results.ints.copy_from_slice(&cpu.x[..ARGUMENT_REGISTERS]);
        results.floats.copy_from_slice(&cpu.lo[..ARGUMENT_REGISTERS]);
        Ok(results)
    }

    /// The calls that were under way when the last one that faulted did.
    #[must_use]
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    #[cold]
    fn find_calls(&mut self) -> Calls {
        /// Return addresses that are kept.
        const KEPT: usize = 64;
        let Core { cpu, mem } = &mut self.machine.core;
        let mut calls = Calls { link: cpu.x[usize::from(LR)], ..Calls::default() };
        let (mut record, mut least) = (cpu.x[usize::from(FP)], mem.stack().0);
        let top = mem.stack().1;
        while record >= least && record.is_multiple_of(8) && record <= top - 16 {
            let (Ok(next), Ok(back)) = (mem.read(record), mem.read(record + 8)) else { break };
            if back == RETURN_ADDRESS {
                break;
            }
            if calls.returns.len() < KEPT {
                calls.returns.push(back);
            }
            calls.all += 1;
            (record, least) = (next, record + 16);
        }
        calls
    }

    /// Gives back the memory that a deep call needed.
    fn give_back(&mut self) {
        let Machine { core: Core { cpu, mem }, shadow, .. } = &mut self.machine;
        shadow.shrink();
        let sp = &mut cpu.x[usize::from(SP)];
        // Unless the caller has put something on the stack.
        if mem.is_deep() && *sp == mem.stack().1 {
            // The next call tries again, and can tell that there is no memory.
            let _ = mem.renew_stack();
            *sp = mem.stack().1;
        }
    }

    /// Puts the arguments and the return address in place. Gives the address of the memory for results.
    fn enter(&mut self, args: &CallArgs<'_>) -> Result<u64, Stop> {
        let Machine { core, shadow, stale, checks, most_calls, code, .. } = &mut self.machine;
        if args.ints.len() > ARGUMENT_REGISTERS || args.floats.len() > ARGUMENT_REGISTERS {
            return Err(Stop::Arguments { ints: args.ints.len(), floats: args.floats.len() });
        }
        let Core { cpu, mem } = core;
        let memory = (cpu.x[usize::from(SP)] & !15)
            .wrapping_sub((args.result_words as u64 * 8).next_multiple_of(16));
        let sp = memory.wrapping_sub((args.stack.len() as u64 * 8).next_multiple_of(16));
        let (end, top) = mem.stack();
        if !(end..=top).contains(&sp) {
            return Err(Stop::StackOverflow { address: sp });
        }
        for (i, &word) in args.stack.iter().enumerate() {
            mem.write(sp + i as u64 * 8, word)?;
        }
        cpu.x[usize::from(SP)] = sp;
        cpu.x[..args.ints.len()].copy_from_slice(args.ints);
        if args.result_words > 0 {
            cpu.x[8] = memory;
        }
        for (n, &bits) in args.floats.iter().enumerate() {
            cpu.set_d(n as u32, bits);
        }
        cpu.x[usize::from(LR)] = RETURN_ADDRESS;
        if checks.callee_saved {
            shadow.enter(cpu, RETURN_ADDRESS, *most_calls)?;
        }
        let ints = (1u64 << args.ints.len()) - 1;
        let floats = ((1u64 << args.floats.len()) - 1) << 32;
        // x8 may hold the address of a result in memory.
        const RESULT_ADDRESS: u64 = 1 << 8;
        *stale = operands::CALLER_SAVED & !(ints | floats | RESULT_ADDRESS);
        code.forget();
        Ok(memory)
    }

    /// Runs from `entry` until the call that was just entered returns.
    fn go(&mut self, entry: u64, at: Place) -> Result<(), Fault> {
        self.active += 1;
        let outcome = self.go_on(entry, at);
        self.active -= 1;
        outcome
    }

    fn go_on(&mut self, entry: u64, at: Place) -> Result<(), Fault> {
        let mut away = Away { target: entry, from: usize::MAX };
        loop {
            let place =
                self.machine.code.place(away.from).map_or(at, |(pc, word)| Place { pc, word });
            let fault = |stop| Fault::new(stop, place);
            if away.target == RETURN_ADDRESS {
                return Ok(());
            }
            self.catch_up();
            let Machine { core, code, .. } = &mut self.machine;
            let index = match code.find(away.target, &core.mem).map_err(fault)? {
                Some(index) => index,
                None => {
                    let Some(host) = self.hosts.get(&away.target).cloned() else {
                        if self.fetch(away.target) {
                            continue;
                        }
                        return Err(fault(Stop::OutsideCode { target: away.target }));
                    };
                    away.target = self.call_host(&host, place)?;
                    continue;
                }
            };
            match self.machine.run(index) {
                Ok(next) => away = next,
                Err((stop, index)) => {
                    let place = self
                        .machine
                        .code
                        .place(index)
                        .map_or(place, |(pc, word)| Place { pc, word });
                    if matches!(stop, Stop::UnpublishedCode) && self.fetch(place.pc) {
                        away = Away { target: place.pc, from: away.from };
                        continue;
                    }
                    return Err(Fault::new(stop, place));
                }
            }
        }
    }

    /// Runs a host function as the callee of the last branch; returns where it returns to.
    fn call_host(&mut self, host: &HostFunction, place: Place) -> Result<u64, Fault> {
        let next = self.machine.core.cpu.x[usize::from(LR)];
        let sp = self.machine.core.cpu.x[usize::from(SP)];
        if self.machine.checks.stack_alignment && sp & 15 != 0 {
            return Err(Fault::new(Stop::MisalignedStack { sp }, place));
        }
        let mut call = HostCall { sim: self, place, written: 0, goes_on_at: None };
        host(&mut call)?;
        let HostCall { written, goes_on_at, .. } = call;
        if let Some(target) = goes_on_at {
            self.machine.code.forget();
            return Ok(target);
        }
        let Machine { core, shadow, stale, checks, code, .. } = &mut self.machine;
        if checks.callee_saved {
            shadow.leave(&core.cpu, next).map_err(|stop| Fault::new(stop, place))?;
        }
        *stale |= operands::CALLER_SAVED & !written;
        *stale &= !written;
        // The host may have changed code.
        code.forget();
        Ok(next)
    }

    fn place_of(&self, pc: u64) -> Place {
        Place { pc, word: self.machine.code.word(pc) }
    }

    /// What was executed since the simulator was made or the counts were reset.
    pub fn stats(&mut self) -> Stats {
        self.machine.code.stats()
    }

    /// How often each of `count` words from `address` was executed, and how often its branch was taken.
    pub fn counts(&mut self, address: u64, count: usize) -> Vec<(u64, u64)> {
        self.machine.code.counts(address, count)
    }

    /// Starts all counts again.
    pub fn reset_stats(&mut self) {
        self.machine.code.reset_stats();
    }

    /// Makes known where code is that returns for others, who return to it instead: only what it does itself has to be the
    /// return of the call that was made.
    pub fn set_returns_for_others(&mut self, address: u64) {
        self.machine.shadow.returns_for_others = Some(address);
    }

    /// Instructions that may still be executed, if there is a budget.
    #[must_use]
    pub fn fuel(&self) -> Option<u64> {
        self.limited.then(|| self.machine.fuel.max(0) as u64)
    }

    /// Sets the instruction budget for what follows.
    pub fn set_fuel(&mut self, budget: Option<u64>) {
        self.limited = budget.is_some();
        self.machine.fuel = budget.map_or(i64::MAX, |b| i64::try_from(b).unwrap_or(i64::MAX));
    }

    /// The registers as they are.
    #[must_use]
    pub fn registers(&self) -> Registers {
        let cpu = &self.machine.core.cpu;
        let mut r = Registers {
            sp: cpu.x[usize::from(SP)],
            nzcv: u64::from(cpu.nzcv & 15) << 28,
            fpcr: u64::from(cpu.fp.fpcr),
            fpsr: u64::from(cpu.fp.fpsr),
            ..Registers::default()
        };
        r.x.copy_from_slice(&cpu.x[..31]);
        for n in 0..32 {
            r.v[n as usize] = cpu.v(n);
        }
        r
    }

    /// Sets all registers but SP, which stays inside the simulator's own stack.
    pub fn set_registers(&mut self, r: &Registers) {
        let cpu = &mut self.machine.core.cpu;
        cpu.x[..31].copy_from_slice(&r.x);
        cpu.nzcv = (r.nzcv >> 28) as u8 & 15;
        cpu.set_fpcr(r.fpcr as u32);
        cpu.set_fpsr(r.fpsr as u32);
        for n in 0..32 {
            cpu.set_v(n, r.v[n as usize]);
        }
    }

    /// Sets SP; false if that is outside the simulator's stack.
    pub fn set_sp(&mut self, sp: u64) -> bool {
        let Core { cpu, mem } = &mut self.machine.core;
        let (end, top) = mem.stack();
        let inside = (end..=top).contains(&sp);
        if inside {
            cpu.x[usize::from(SP)] = sp;
        }
        inside
    }

    /// The lowest SP and the highest.
    #[must_use]
    pub fn stack(&self) -> (u64, u64) {
        self.machine.core.mem.stack()
    }

    /// Executes from `pc` with the registers as they are, until a fault; `brk` is one. No register counts as stale.
    pub fn run_from(&mut self, pc: u64) -> Fault {
        let at = self.place_of(pc);
        self.machine.stale = 0;
        self.machine.code.forget();
        match self.go(pc, at) {
            Err(fault) => fault,
            Ok(()) => Fault::new(Stop::OutsideCode { target: RETURN_ADDRESS }, at),
        }
    }
}

/// What a host function sees of the call: registers and stack as AAPCS64 has them.
pub struct HostCall<'a> {
    sim: &'a mut Simulator,
    place: Place,
    written: u64,
    goes_on_at: Option<u64>,
}

impl core::fmt::Debug for HostCall<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("HostCall").field("place", &self.place).finish_non_exhaustive()
    }
}

impl HostCall<'_> {
    /// Register x0 to x30, modulo 32; 31 reads as zero.
    #[must_use]
    pub fn x(&self, n: usize) -> u64 {
        self.sim.machine.core.cpu.r(n as u32)
    }
    /// The bits of d0 to d31, modulo 32.
    #[must_use]
    pub fn d(&self, n: usize) -> u64 {
        self.sim.machine.core.cpu.d(n as u32)
    }
    /// v0 to v31, modulo 32.
    #[must_use]
    pub fn v(&self, n: usize) -> u128 {
        self.sim.machine.core.cpu.v(n as u32)
    }
    /// Stack argument `n`, an eight-byte slot.
    ///
    /// # Errors
    /// The slot is not in memory.
    pub fn stack(&mut self, n: usize) -> Result<u64, Fault> {
        let Core { cpu, mem } = &mut self.sim.machine.core;
        let address = cpu.x[usize::from(SP)].wrapping_add(n as u64 * 8);
        mem.read::<u64>(address).map_err(|stop| Fault::new(*stop, self.place))
    }
    /// Writes eight bytes of memory, such as a result at the address that x8 has had.
    ///
    /// # Errors
    /// There is no memory that can be written.
    pub fn write(&mut self, address: u64, word: u64) -> Result<(), Fault> {
        let mem = &mut self.sim.machine.core.mem;
        mem.write(address, word).map_err(|stop| Fault::new(*stop, self.place))
    }
    /// Writes x0 to x30 (modulo 32, 31 is ignored). Registers that are not written are unspecified to the caller.
    pub fn set_x(&mut self, n: usize, v: u64) {
        self.sim.machine.core.cpu.set_r(n as u32, v);
        self.written |= (1u64 << (n & 31)) & 0x3ffff;
    }
    /// Writes d0 to d31, modulo 32; the upper half becomes zero.
    pub fn set_d(&mut self, n: usize, bits: u64) {
        self.set_v(n, u128::from(bits));
    }
    /// Writes v0 to v31, modulo 32.
    pub fn set_v(&mut self, n: usize, v: u128) {
        self.sim.machine.core.cpu.set_v(n as u32, v);
        self.written |= 1 << (32 + (n & 31));
    }
    /// The call.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }
    /// Where the call returns to.
    #[must_use]
    pub fn return_address(&self) -> u64 {
        self.x(30)
    }
    /// A fault of this host function, with a code and a message of its own.
    #[must_use]
    pub fn fault(&self, code: u64, message: impl Into<String>) -> Fault {
        Fault::new(Stop::Host { code, message: message.into() }, self.place)
    }
    /// Goes on at `target` instead of returning, with all registers as they are: for what stands in the place of a function
    /// that is not there yet.
    pub fn go_on_at(&mut self, target: u64) {
        self.goes_on_at = Some(target);
    }
    /// The simulator, for nested calls and publishing.
    pub fn simulator(&mut self) -> &mut Simulator {
        self.sim
    }
}
