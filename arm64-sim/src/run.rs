//! The execution loop.

use crate::check::{Checks, Shadow};
use crate::code::{Code, Indirect, Masks};
use crate::cpu::{LR, SP};
use crate::exec::ldst::at_offset;
use crate::op::{Index, Op, Pair};
use crate::operands;
use crate::state::{Core, Handler};
use crate::stop::Stop;

/// Everything that executing needs, host functions apart.
pub(crate) struct Machine {
    pub(crate) core: Core,
    pub(crate) code: Code,
    pub(crate) shadow: Shadow,
    pub(crate) checks: Checks,
    /// Registers that must not be read, as bits of [`operands`].
    pub(crate) stale: u64,
    /// Instructions that may still be executed. Counted where control leaves a straight run.
    pub(crate) fuel: i64,
    /// Most calls that can be under way.
    pub(crate) most_calls: usize,
}

/// Control went to an address that is not in published code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Away {
    pub(crate) target: u64,
    /// The index of the branch that went there.
    pub(crate) from: usize,
}

/// Where the loop is.
#[derive(Clone, Copy, Debug)]
struct Position {
    i: usize,
    /// Where the straight run began.
    start: usize,
    /// The last branch, for reports about where it went.
    from: usize,
}

/// Why the loop ended.
enum End {
    Away(Away),
    Stop(Stop),
    /// The other loop is to go on.
    Other,
}

/// The loop has ended: [`Loop::end`] says why. Kept apart from that, so that going on costs a bit.
struct Ended;

impl Machine {
    /// Goes on at `index` until control leaves published code, or something stops it: then with the index of the
    /// instruction.
    ///
    /// There are two loops. The fast one asks at the beginning of a run of instructions whether any up to the next
    /// branch could read something stale. Only if so the checked loop takes over, which asks at each instruction.
    pub(crate) fn run(&mut self, index: usize) -> Result<Away, (Stop, usize)> {
        let mut at = Position { i: index, start: index, from: index };
        self.code.slots[index].entries += 1;
        let mut checked = false;
        loop {
            let end =
                if checked { self.run_as::<true>(&mut at) } else { self.run_as::<false>(&mut at) };
            match end {
                End::Away(away) => return Ok(away),
                End::Stop(stop) => return Err(self.stopped(stop, at)),
                End::Other => checked = !checked,
            }
        }
    }

    /// Accounts for the run of instructions that did not come to its end.
    fn stopped(&mut self, stop: Stop, at: Position) -> (Stop, usize) {
        let Position { i, start, from } = at;
        self.fuel = self.fuel.saturating_sub((i - start + 1) as i64);
        let code = &mut self.code;
        let slot = &mut code.slots[i];
        slot.exits += u64::from(!slot.op.is_jump());
        (stop, if code.place(i).is_none() { from } else { i })
    }

    fn run_as<const CHECKED: bool>(&mut self, at: &mut Position) -> End {
        let Machine { core, code, shadow, checks, stale, fuel, most_calls } = self;
        let mut end = End::Other;
        let mut run = Loop::<CHECKED> {
            watched: checks.watched(),
            core,
            code,
            shadow,
            checks: *checks,
            most_calls: *most_calls,
            stale: *stale,
            fuel: *fuel,
            at: *at,
            end: &mut end,
        };
        run.until_end();
        (*stale, *fuel, *at) = (run.stale, run.fuel, run.at);
        end
    }
}

/// The loop itself, with what it changes often at hand: all of its methods become one function, and then its fields are
/// registers. They would be memory if one method stayed a function, or if the address of a field were taken.
struct Loop<'m, const CHECKED: bool> {
    core: &'m mut Core,
    code: &'m mut Code,
    shadow: &'m mut Shadow,
    checks: Checks,
    /// Bits of [`operands`] that are looked at.
    watched: u64,
    most_calls: usize,
    stale: u64,
    fuel: i64,
    at: Position,
    /// Somewhere else, because it has to be dropped: see above.
    end: &'m mut End,
}

impl<const CHECKED: bool> Loop<'_, CHECKED> {
    #[inline(always)]
    fn until_end(&mut self) {
        let mut outcome = self.begin(self.code.slots[self.at.i].run);
        while let Ok(()) = outcome {
            outcome = self.step();
        }
    }

    #[inline(always)]
    fn stop(&mut self, stop: Stop) -> Ended {
        *self.end = End::Stop(stop);
        Ended
    }

    #[inline(always)]
    fn x(&self, r: u8) -> u64 {
        self.core.cpu.x[usize::from(r)]
    }

    /// At the first instruction of what control goes through before the next branch, all of which together use and
    /// define these registers.
    #[inline(always)]
    fn begin(&mut self, run: Masks) -> Result<(), Ended> {
        let clean = run.uses & self.stale & self.watched == 0;
        if clean == CHECKED {
            return Err(Ended);
        }
        if !CHECKED {
            self.stale &= !run.defs;
        }
        Ok(())
    }

    /// Executes instructions up to one that is not [`Op::Straight`], and that one; the checked loop one at a time.
    #[inline(always)]
    fn step(&mut self) -> Result<(), Ended> {
        let slots = &*self.code.slots;
        let mut slot = &slots[self.at.i];
        if CHECKED {
            let Masks { uses, defs } = slot.masks;
            let found = uses & self.stale & self.watched;
            if found != 0 {
                return Err(self.stop(stale_stop(found, self.core)));
            }
            self.stale &= !defs;
        } else {
            while let Op::Straight(op) = &slot.op {
                if let Err(stop) = (op.run)(self.core, op) {
                    return Err(self.stop(*stop));
                }
                self.at.i += 1;
                // A page ends in a jump, which is another one.
                slot = &slots[self.at.i];
            }
        }
        // Else the compiler makes one jump through a table of the comparison above and the match, for each instruction.
        let slot = core::hint::black_box(slot);
        let core = &mut *self.core;
        match slot.op {
            Op::Then { ref first, mask, target } => {
                let outcome = (first.run)(core, first);
                outcome.map_err(|stop| self.stop(*stop))?;
                // The checked loop looks at the branch as at any instruction.
                if !CHECKED {
                    self.at.i += 1;
                    return self.branch_if(self.core.cpu.is_in(mask.into()), target);
                }
            }
            Op::Straight(ref op) => {
                let outcome = (op.run)(core, op);
                outcome.map_err(|stop| self.stop(*stop))?;
            }
            Op::Wide { d, n, v, run } => run(&mut core.cpu, d, n, v),
            Op::Literal { t, address, run } => {
                run(core, t, address).map_err(|stop| self.stop(*stop))?;
            }
            Op::Back { t, n, post, offset, run } => {
                let after = at_offset(core, n, offset);
                let address = if post { core.cpu.x[usize::from(n)] } else { after };
                run(core, t, address).map_err(|stop| self.stop(*stop))?;
                self.write_back(n, after)?;
            }
            Op::Pair(pair) => self.pair(pair)?,
            Op::ToSp(ref op) => {
                let (d, outcome) = (op.d, (op.run)(core, op));
                outcome.map_err(|stop| self.stop(*stop))?;
                self.set_sp(self.x(d))?;
            }
            Op::Cold { run, word } => run(core, word).map_err(|stop| self.stop(stop))?,
            Op::ColdSp { run, word } => self.cold_sp(run, word)?,
            Op::Nop => {}
            Op::B { target } => return self.jump(target),
            Op::Bcond { mask, target } => {
                return self.branch_if(self.core.cpu.is_in(mask.into()), target);
            }
            Op::BranchClear { t, target, mask } => {
                return self.branch_if(self.x(t) & mask == 0, target);
            }
            Op::BranchSet { t, target, mask } => {
                return self.branch_if(self.x(t) & mask != 0, target);
            }
            Op::Bl { target, next } => {
                self.enter(next)?;
                return self.jump(target);
            }
            Op::Blr { n, next } => {
                let target = self.x(n);
                self.enter(next)?;
                return self.jump_to(target, Some(Indirect::Call));
            }
            Op::Br { n } => {
                let kind = if n == 16 || n == 17 { Indirect::Veneer } else { Indirect::Jump };
                return self.jump_to(self.x(n), Some(kind));
            }
            Op::Ret { n } => return self.leave(self.x(n)),
            Op::Far { address } => return self.far(address),
            Op::Brk { imm } => return Err(self.stop(Stop::Breakpoint { imm })),
            Op::Svc { imm } => return Err(self.stop(Stop::SupervisorCall { imm })),
            Op::Hlt { imm } => return Err(self.stop(Stop::Halt { imm })),
            Op::Undefined => return Err(self.stop(Stop::Undefined)),
            Op::NotExecuted => return Err(self.stop(Stop::NotExecuted)),
            Op::PlatformRegister => return Err(self.stop(Stop::PlatformRegister)),
            Op::Unpublished => return Err(self.stop(Stop::UnpublishedCode)),
        }
        self.at.i += 1;
        Ok(())
    }

    /// An instruction that may write SP, which has limits.
    #[inline(always)]
    fn cold_sp(&mut self, run: Handler, word: u32) -> Result<(), Ended> {
        let sp = usize::from(SP);
        let before = self.core.cpu.x[sp];
        run(self.core, word).map_err(|stop| self.stop(stop))?;
        let after = core::mem::replace(&mut self.core.cpu.x[sp], before);
        self.set_sp(after)
    }

    #[inline(always)]
    fn pair(&mut self, pair: Pair) -> Result<(), Ended> {
        let Pair { t, u, n, index, offset, run } = pair;
        let core = &mut *self.core;
        let after = at_offset(core, n, offset.into());
        let address = if index == Index::Post { core.cpu.x[usize::from(n)] } else { after };
        run(core, t, u, address).map_err(|stop| self.stop(*stop))?;
        if index != Index::Offset { self.write_back(n, after) } else { Ok(()) }
    }

    /// Goes on elsewhere, to what a branch that left its page or the page before meant; the branch is the one to report.
    #[inline(always)]
    fn far(&mut self, address: u64) -> Result<(), Ended> {
        let from = self.at.from;
        let index = self.find(address, from)?;
        self.arrive(index, from)
    }

    /// Ends the run of instructions at a taken branch.
    #[inline(always)]
    fn spend(&mut self) -> Result<(), Ended> {
        self.fuel -= (self.at.i - self.at.start + 1) as i64;
        if self.fuel < 0 { Err(self.stop(Stop::OutOfFuel)) } else { Ok(()) }
    }

    #[inline(always)]
    fn arrive(&mut self, target: usize, from: usize) -> Result<(), Ended> {
        self.at = Position { i: target, start: target, from };
        let slot = &mut self.code.slots[target];
        slot.entries += 1;
        let run = slot.run;
        self.begin(run)
    }

    #[inline(always)]
    fn jump(&mut self, target: u32) -> Result<(), Ended> {
        self.spend()?;
        self.arrive(target as usize, self.at.i)
    }

    #[inline(always)]
    fn branch_if(&mut self, condition: bool, target: u32) -> Result<(), Ended> {
        if condition {
            self.spend()?;
            self.code.slots[self.at.i].exits += 1;
            self.arrive(target as usize, self.at.i)
        } else {
            self.at.i += 1;
            self.begin(self.code.slots[self.at.i].run)
        }
    }

    /// Goes to an address; `kind` asks for a landing pad.
    #[inline(always)]
    fn jump_to(&mut self, target: u64, kind: Option<Indirect>) -> Result<(), Ended> {
        self.spend()?;
        let index = self.find(target, self.at.i)?;
        if let Some(kind) = kind
            && self.checks.landing_pads
            && !self.code.accepts(index, kind)
        {
            return Err(self.stop(Stop::MissingLandingPad { target }));
        }
        self.arrive(index, self.at.i)
    }

    #[inline(always)]
    fn find(&mut self, target: u64, from: usize) -> Result<usize, Ended> {
        match self.code.find(target, &self.core.mem) {
            Ok(Some(index)) => Ok(index),
            Ok(None) => {
                *self.end = End::Away(Away { target, from });
                Err(Ended)
            }
            Err(stop) => Err(self.stop(stop)),
        }
    }

    /// A call, which comes back to `next`.
    #[inline(always)]
    fn enter(&mut self, next: u64) -> Result<(), Ended> {
        self.core.cpu.x[usize::from(LR)] = next;
        if self.checks.callee_saved {
            let entered = self.shadow.enter(&self.core.cpu, next, self.most_calls);
            entered.map_err(|stop| self.stop(stop))?;
        }
        self.stale |= operands::FLAGS;
        Ok(())
    }

    /// A return to an address.
    #[inline(always)]
    fn leave(&mut self, target: u64) -> Result<(), Ended> {
        if self.checks.callee_saved {
            let left = self.shadow.leave(&self.core.cpu, target);
            left.map_err(|stop| self.stop(stop))?;
        }
        self.stale |= operands::AFTER_CALL;
        self.jump_to(target, None)
    }

    #[inline(always)]
    fn write_back(&mut self, n: u8, v: u64) -> Result<(), Ended> {
        if n == SP {
            return self.set_sp(v);
        }
        self.core.cpu.x[usize::from(n)] = v;
        Ok(())
    }

    /// Writes SP, which has limits; the last thing that an instruction does.
    #[inline(always)]
    fn set_sp(&mut self, v: u64) -> Result<(), Ended> {
        let mem = &mut self.core.mem;
        if (v < mem.stack_limit || v > mem.stack_top) && !mem.deepen(v) {
            return Err(self.stop(Stop::StackOverflow { address: v }));
        }
        self.core.cpu.x[usize::from(SP)] = v;
        self.stale &= !operands::STACK;
        if v & 15 != 0 && self.checks.stack_alignment {
            self.stale |= operands::STACK;
            if !CHECKED {
                self.at.i += 1;
                return Err(Ended);
            }
        }
        Ok(())
    }
}

#[cold]
fn stale_stop(bits: u64, core: &Core) -> Stop {
    if bits & operands::STACK != 0 {
        return Stop::MisalignedStack { sp: core.cpu.x[usize::from(SP)] };
    }
    match operands::name(bits.trailing_zeros()) {
        Some(register) => Stop::StaleRegister { register },
        None => Stop::StaleFlags,
    }
}
