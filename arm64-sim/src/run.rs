//! The execution loop.

use crate::check::{Checks, Shadow};
use crate::code::{Code, Indirect, Masks};
use crate::cpu::{LR, SP, add_with_carry32, add_with_carry64, logical_flags32, logical_flags64};
use crate::fp::{DOUBLE, SINGLE};
use crate::fp_fast;
use crate::op::{Core, Index, Kind, Logic, Op, Unary};
use crate::operands;
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
    Stop(Stop, usize),
    /// The other loop is to go on.
    Other,
}

impl Machine {
    /// Goes on at `index` until control leaves published code, or something stops it: then with the index of the
    /// instruction.
    ///
    /// There are two loops. The fast one asks at the beginning of a run of instructions whether any up to the next
    /// branch could read something stale. Only if so the careful one takes over, which asks at each instruction.
    pub(crate) fn run(&mut self, index: usize) -> Result<Away, (Stop, usize)> {
        let mut at = Position { i: index, start: index, from: index };
        self.code.entries[index] += 1;
        let mut careful = false;
        loop {
            let end = if careful {
                self.run_loop::<true>(&mut at)
            } else {
                self.run_loop::<false>(&mut at)
            };
            match end {
                End::Away(away) => return Ok(away),
                End::Stop(stop, index) => return Err((stop, index)),
                End::Other => careful = !careful,
            }
        }
    }

    fn run_loop<const CAREFUL: bool>(&mut self, at: &mut Position) -> End {
        let watched = self.checks.watched();
        let Machine { core, code, shadow, checks, stale, fuel: fuel_left, most_calls, .. } = self;
        let mut fuel = *fuel_left;
        let Position { mut i, mut start, mut from } = *at;

        macro_rules! change_loop {
            () => {{
                *at = Position { i, start, from };
                *fuel_left = fuel;
                return End::Other;
            }};
        }
        // At the first instruction of what control goes through before the next branch.
        macro_rules! begin {
            () => {{
                let Masks { uses, defs } = code.runs[i];
                let clean = uses & *stale & watched == 0;
                if clean == CAREFUL {
                    change_loop!();
                }
                if !CAREFUL {
                    *stale &= !defs;
                }
            }};
        }
        begin!();

        let stop = 'run: loop {
            let Some(op) = code.ops.get(i) else { break 'run Stop::Unpublished };
            if CAREFUL {
                let Masks { uses, defs } = code.masks[i];
                if uses & *stale & watched != 0 {
                    break 'run stale_stop(uses & *stale & watched, core);
                }
                *stale &= !defs;
            }

            macro_rules! x {
                ($r:expr) => {
                    core.cpu.x[usize::from($r)]
                };
            }
            macro_rules! w {
                ($r:expr) => {
                    (core.cpu.x[usize::from($r)] as u32)
                };
            }
            macro_rules! d {
                ($r:expr) => {
                    core.cpu.lo[usize::from($r)]
                };
            }
            macro_rules! set_d {
                ($r:expr, $v:expr) => {{
                    let v = $v;
                    core.cpu.lo[usize::from($r)] = v;
                    core.cpu.hi[usize::from($r)] = 0;
                }};
            }
            macro_rules! attempt {
                ($e:expr) => {
                    match $e {
                        Ok(v) => v,
                        Err(stop) => break 'run stop,
                    }
                };
            }
            // Writes SP, which has limits; the last thing that an instruction does.
            macro_rules! set_sp {
                ($v:expr) => {{
                    let v: u64 = $v;
                    if (v < core.mem.stack_limit || v > core.mem.stack_top) && !core.mem.deepen(v) {
                        break 'run Stop::StackOverflow { address: v };
                    }
                    x!(SP) = v;
                    *stale &= !operands::STACK;
                    if v & 15 != 0 && checks.stack_alignment {
                        *stale |= operands::STACK;
                        if !CAREFUL {
                            i += 1;
                            change_loop!();
                        }
                    }
                }};
            }
            macro_rules! write_back {
                ($n:expr, $v:expr) => {
                    if $n == SP {
                        set_sp!($v)
                    } else {
                        x!($n) = $v;
                    }
                };
            }
            // Ends the run at a taken branch.
            macro_rules! spend {
                () => {
                    fuel -= (i - start + 1) as i64;
                    if fuel < 0 {
                        break 'run Stop::OutOfFuel;
                    }
                };
            }
            macro_rules! go {
                ($target:expr) => {{
                    from = i;
                    i = $target as usize;
                    start = i;
                    code.entries[i] += 1;
                    begin!();
                    continue 'run;
                }};
            }
            macro_rules! jump {
                ($target:expr) => {{
                    spend!();
                    go!($target)
                }};
            }
            macro_rules! branch_if {
                ($condition:expr, $target:expr) => {
                    if $condition {
                        spend!();
                        code.exits[i] += 1;
                        go!($target)
                    } else {
                        i += 1;
                        begin!();
                        continue 'run;
                    }
                };
            }
            macro_rules! find {
                ($target:expr) => {
                    match attempt!(code.find($target, &core.mem)) {
                        Some(index) => index,
                        None => {
                            *fuel_left = fuel;
                            return End::Away(Away { target: $target, from: i });
                        }
                    }
                };
            }
            macro_rules! enter {
                ($next:expr) => {
                    if checks.callee_saved {
                        attempt!(shadow.enter(&core.cpu, $next, *most_calls));
                    }
                    *stale |= operands::FLAGS;
                };
            }
            macro_rules! holds {
                ($mask:expr) => {
                    $mask >> (core.cpu.nzcv & 15) & 1 != 0
                };
            }
            macro_rules! at {
                ($n:expr, $offset:expr) => {
                    x!($n).wrapping_add($offset as i64 as u64)
                };
            }
            macro_rules! at_register {
                ($n:expr, $m:expr, $shift:expr, $by:expr) => {
                    x!($n).wrapping_add($shift.apply64(x!($m), $by))
                };
            }
            macro_rules! load {
                ($t:expr, $ty:ty, $address:expr) => {
                    x!($t) = u64::from(attempt!(core.mem.read::<$ty>($address)))
                };
            }
            macro_rules! store {
                ($v:expr, $ty:ty, $address:expr) => {
                    attempt!(core.mem.write::<$ty>($address, $v as $ty))
                };
            }

            match *op {
                Op::Unpublished => break 'run Stop::Unpublished,
                Op::Undefined => break 'run Stop::Undefined,
                Op::NotExecuted => break 'run Stop::NotExecuted,
                Op::PlatformRegister => break 'run Stop::PlatformRegister,
                Op::Far { address } => {
                    // Comes from a branch that leaves its page, which is the one to report, or from the page before.
                    let target = match attempt!(code.find(address, &core.mem)) {
                        Some(index) => index,
                        None => {
                            *fuel_left = fuel;
                            return End::Away(Away { target: address, from });
                        }
                    };
                    i = target;
                    start = i;
                    code.entries[i] += 1;
                    begin!();
                    continue 'run;
                }

                Op::B { target } => jump!(target),
                Op::Bl { target, next } => {
                    x!(LR) = next;
                    enter!(next);
                    jump!(target)
                }
                Op::Br { n } => {
                    spend!();
                    let target = x!(n);
                    let found = find!(target);
                    if checks.landing_pads {
                        let kind =
                            if n == 16 || n == 17 { Indirect::Veneer } else { Indirect::Jump };
                        if !code.accepts(found, kind) {
                            break 'run Stop::LandingPad { target };
                        }
                    }
                    go!(found)
                }
                Op::Blr { n, next } => {
                    let target = x!(n);
                    x!(LR) = next;
                    enter!(next);
                    spend!();
                    let found = find!(target);
                    if checks.landing_pads && !code.accepts(found, Indirect::Call) {
                        break 'run Stop::LandingPad { target };
                    }
                    go!(found)
                }
                Op::Ret { n } => {
                    let target = x!(n);
                    if checks.callee_saved {
                        attempt!(shadow.leave(&core.cpu, target));
                    }
                    *stale |= operands::AFTER_CALL;
                    spend!();
                    go!(find!(target))
                }
                Op::Bcond { mask, target } => branch_if!(holds!(mask), target),
                Op::CbzX { t, target } => branch_if!(x!(t) == 0, target),
                Op::CbnzX { t, target } => branch_if!(x!(t) != 0, target),
                Op::CbzW { t, target } => branch_if!(w!(t) == 0, target),
                Op::CbnzW { t, target } => branch_if!(w!(t) != 0, target),
                Op::Tbz { t, bit, target } => branch_if!(x!(t) >> (bit & 63) & 1 == 0, target),
                Op::Tbnz { t, bit, target } => branch_if!(x!(t) >> (bit & 63) & 1 != 0, target),
                Op::Brk { imm } => break 'run Stop::Breakpoint(imm),
                Op::Svc { imm } => break 'run Stop::Supervisor(imm),
                Op::Hlt { imm } => break 'run Stop::Halt(imm),
                Op::Nop => {}

                Op::Imm { d, v } => x!(d) = v,
                Op::MovkX { d, shift, imm } => {
                    x!(d) = x!(d) & !(0xffff << (shift & 63)) | u64::from(imm) << (shift & 63);
                }
                Op::MovkW { d, shift, imm } => {
                    x!(d) = u64::from(
                        w!(d) & !(0xffff << (shift & 31)) | u32::from(imm) << (shift & 31),
                    );
                }
                Op::AddIX { d, n, v } => x!(d) = x!(n).wrapping_add(v),
                Op::AddIW { d, n, v } => x!(d) = u64::from(w!(n).wrapping_add(v)),
                Op::AddISp { n, v } => set_sp!(x!(n).wrapping_add(v)),
                Op::AddsIX { d, n, v } => {
                    let (r, flags) = add_with_carry64(x!(n), v, false);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                }
                Op::AddsIW { d, n, v } => {
                    let (r, flags) = add_with_carry32(w!(n), v, false);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                }
                Op::SubsIX { d, n, v } => {
                    let (r, flags) = add_with_carry64(x!(n), !v, true);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                }
                Op::SubsIW { d, n, v } => {
                    let (r, flags) = add_with_carry32(w!(n), !v, true);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                }
                Op::AndIX { d, n, v } => x!(d) = x!(n) & v,
                Op::OrrIX { d, n, v } => x!(d) = x!(n) | v,
                Op::EorIX { d, n, v } => x!(d) = x!(n) ^ v,
                Op::OrrIW { d, n, v } => x!(d) = u64::from(w!(n) | v),
                Op::EorIW { d, n, v } => x!(d) = u64::from(w!(n) ^ v),
                Op::AndsIX { d, n, v } => {
                    let r = x!(n) & v;
                    (x!(d), core.cpu.nzcv) = (r, logical_flags64(r));
                }
                Op::AndsIW { d, n, v } => {
                    let r = w!(n) & v;
                    (x!(d), core.cpu.nzcv) = (u64::from(r), logical_flags32(r));
                }
                Op::UbfX { d, n, rotate, mask } => {
                    x!(d) = x!(n).rotate_right(u32::from(rotate)) & mask
                }
                Op::UbfW { d, n, rotate, mask } => {
                    x!(d) = u64::from(w!(n).rotate_right(u32::from(rotate)) & mask);
                }
                Op::LslIX { d, n, by } => x!(d) = x!(n) << (by & 63),
                Op::LsrIX { d, n, by } => x!(d) = x!(n) >> (by & 63),
                Op::LslIW { d, n, by } => x!(d) = u64::from(w!(n) << (by & 31)),
                Op::LsrIW { d, n, by } => x!(d) = u64::from(w!(n) >> (by & 31)),
                Op::SbfX { d, n, left, right } => {
                    x!(d) = ((x!(n) << (left & 63)) as i64 >> (right & 63)) as u64;
                }
                Op::SbfW { d, n, left, right } => {
                    x!(d) = u64::from(((w!(n) << (left & 31)) as i32 >> (right & 31)) as u32);
                }
                Op::BfX { d, n, rotate, mask } => {
                    x!(d) = x!(d) & !mask | x!(n).rotate_right(u32::from(rotate)) & mask;
                }
                Op::BfW { d, n, rotate, mask } => {
                    x!(d) = u64::from(w!(d) & !mask | w!(n).rotate_right(u32::from(rotate)) & mask);
                }
                Op::ExtrX { d, n, m, by } => {
                    let joined = u128::from(x!(n)) << 64 | u128::from(x!(m));
                    x!(d) = (joined >> (by & 63)) as u64;
                }
                Op::ExtrW { d, n, m, by } => {
                    let joined = u64::from(w!(n)) << 32 | u64::from(w!(m));
                    x!(d) = u64::from((joined >> (by & 31)) as u32);
                }

                Op::MovX { d, m } => x!(d) = x!(m),
                Op::MovW { d, m } => x!(d) = u64::from(w!(m)),
                Op::AddX { d, n, m } => x!(d) = x!(n).wrapping_add(x!(m)),
                Op::AddW { d, n, m } => x!(d) = u64::from(w!(n).wrapping_add(w!(m))),
                Op::SubX { d, n, m } => x!(d) = x!(n).wrapping_sub(x!(m)),
                Op::SubW { d, n, m } => x!(d) = u64::from(w!(n).wrapping_sub(w!(m))),
                Op::SubsX { d, n, m } => {
                    let (r, flags) = add_with_carry64(x!(n), !x!(m), true);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                }
                Op::SubsW { d, n, m } => {
                    let (r, flags) = add_with_carry32(w!(n), !w!(m), true);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                }
                Op::AddsX { d, n, m } => {
                    let (r, flags) = add_with_carry64(x!(n), x!(m), false);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                }
                Op::AddsW { d, n, m } => {
                    let (r, flags) = add_with_carry32(w!(n), w!(m), false);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                }
                Op::AddLslX { d, n, m, by } => x!(d) = x!(n).wrapping_add(x!(m) << (by & 63)),
                Op::SubLslX { d, n, m, by } => x!(d) = x!(n).wrapping_sub(x!(m) << (by & 63)),
                Op::ArithX { d, n, m, shift, by, sub, flags } => {
                    let b = shift.apply64(x!(m), by);
                    let (r, f) = add_with_carry64(x!(n), if sub { !b } else { b }, sub);
                    x!(d) = r;
                    if flags {
                        core.cpu.nzcv = f;
                    }
                }
                Op::ArithW { d, n, m, shift, by, sub, flags } => {
                    let b = shift.apply32(w!(m), by);
                    let (r, f) = add_with_carry32(w!(n), if sub { !b } else { b }, sub);
                    x!(d) = r;
                    if flags {
                        core.cpu.nzcv = f;
                    }
                }
                Op::ArithSp { n, m, shift, by, sub } => {
                    let b = shift.apply64(x!(m), by);
                    set_sp!(if sub { x!(n).wrapping_sub(b) } else { x!(n).wrapping_add(b) });
                }
                Op::AndX { d, n, m } => x!(d) = x!(n) & x!(m),
                Op::AndW { d, n, m } => x!(d) = u64::from(w!(n) & w!(m)),
                Op::OrrX { d, n, m } => x!(d) = x!(n) | x!(m),
                Op::OrrW { d, n, m } => x!(d) = u64::from(w!(n) | w!(m)),
                Op::EorX { d, n, m } => x!(d) = x!(n) ^ x!(m),
                Op::EorW { d, n, m } => x!(d) = u64::from(w!(n) ^ w!(m)),
                Op::LogicX { op, d, n, m, shift, by, invert, flags } => {
                    let b = shift.apply64(x!(m), by);
                    let r = logic(op, x!(n), if invert { !b } else { b });
                    x!(d) = r;
                    if flags {
                        core.cpu.nzcv = logical_flags64(r);
                    }
                }
                Op::LogicW { op, d, n, m, shift, by, invert, flags } => {
                    let b = shift.apply32(w!(m), by);
                    let r = logic(op, u64::from(w!(n)), u64::from(if invert { !b } else { b }));
                    x!(d) = r;
                    if flags {
                        core.cpu.nzcv = logical_flags32(r as u32);
                    }
                }
                Op::ShiftX { d, n, m, shift } => x!(d) = shift.apply64(x!(n), x!(m) as u8 & 63),
                Op::ShiftW { d, n, m, shift } => {
                    x!(d) = u64::from(shift.apply32(w!(n), x!(m) as u8 & 31));
                }
                Op::Adc { d, n, m, sub, flags, wide } => {
                    let b = if sub { !x!(m) } else { x!(m) };
                    let carry = core.cpu.nzcv & crate::cpu::C != 0;
                    let (r, f) = crate::exec::integer::carry(x!(n), b, carry, wide);
                    x!(d) = r;
                    if flags {
                        core.cpu.nzcv = f;
                    }
                }
                Op::MaddX { d, n, m, a } => x!(d) = x!(a).wrapping_add(x!(n).wrapping_mul(x!(m))),
                Op::MaddW { d, n, m, a } => {
                    x!(d) = u64::from(w!(a).wrapping_add(w!(n).wrapping_mul(w!(m))));
                }
                Op::MsubX { d, n, m, a } => x!(d) = x!(a).wrapping_sub(x!(n).wrapping_mul(x!(m))),
                Op::MsubW { d, n, m, a } => {
                    x!(d) = u64::from(w!(a).wrapping_sub(w!(n).wrapping_mul(w!(m))));
                }
                Op::Smaddl { d, n, m, a, sub } => {
                    let p = (i64::from(w!(n) as i32) * i64::from(w!(m) as i32)) as u64;
                    x!(d) = if sub { x!(a).wrapping_sub(p) } else { x!(a).wrapping_add(p) };
                }
                Op::Umaddl { d, n, m, a, sub } => {
                    let p = u64::from(w!(n)) * u64::from(w!(m));
                    x!(d) = if sub { x!(a).wrapping_sub(p) } else { x!(a).wrapping_add(p) };
                }
                Op::Smulh { d, n, m } => {
                    x!(d) = ((i128::from(x!(n) as i64) * i128::from(x!(m) as i64)) >> 64) as u64;
                }
                Op::Umulh { d, n, m } => {
                    x!(d) = ((u128::from(x!(n)) * u128::from(x!(m))) >> 64) as u64;
                }
                Op::UdivX { d, n, m } => x!(d) = x!(n).checked_div(x!(m)).unwrap_or(0),
                Op::UdivW { d, n, m } => x!(d) = u64::from(w!(n).checked_div(w!(m)).unwrap_or(0)),
                Op::SdivX { d, n, m } => {
                    let (a, b) = (x!(n) as i64, x!(m) as i64);
                    x!(d) = if b == 0 { 0 } else { a.wrapping_div(b) as u64 };
                }
                Op::SdivW { d, n, m } => {
                    let (a, b) = (w!(n) as i32, w!(m) as i32);
                    x!(d) = if b == 0 { 0 } else { u64::from(a.wrapping_div(b) as u32) };
                }
                Op::UnaryX { op, d, n } => x!(d) = unary64(op, x!(n)),
                Op::UnaryW { op, d, n } => x!(d) = u64::from(unary32(op, w!(n))),
                Op::CselX { d, n, m, mask } => x!(d) = if holds!(mask) { x!(n) } else { x!(m) },
                Op::CselW { d, n, m, mask } => {
                    x!(d) = u64::from(if holds!(mask) { w!(n) } else { w!(m) });
                }
                Op::CsincX { d, n, m, mask } => {
                    x!(d) = if holds!(mask) { x!(n) } else { x!(m).wrapping_add(1) };
                }
                Op::CsincW { d, n, m, mask } => {
                    x!(d) = u64::from(if holds!(mask) { w!(n) } else { w!(m).wrapping_add(1) });
                }
                Op::CsinvX { d, n, m, mask } => x!(d) = if holds!(mask) { x!(n) } else { !x!(m) },
                Op::CsinvW { d, n, m, mask } => {
                    x!(d) = u64::from(if holds!(mask) { w!(n) } else { !w!(m) });
                }
                Op::CsnegX { d, n, m, mask } => {
                    x!(d) = if holds!(mask) { x!(n) } else { x!(m).wrapping_neg() };
                }
                Op::CsnegW { d, n, m, mask } => {
                    x!(d) = u64::from(if holds!(mask) { w!(n) } else { w!(m).wrapping_neg() });
                }
                Op::Ccmp { n, m, imm, nzcv, mask, sub, wide } => {
                    core.cpu.nzcv = if holds!(mask) {
                        let b = x!(m) + u64::from(imm);
                        let b = if sub { !b } else { b };
                        crate::exec::integer::carry(x!(n), b, sub, wide).1
                    } else {
                        nzcv
                    };
                }

                Op::LdrX { t, n, offset } => load!(t, u64, at!(n, offset)),
                Op::LdrW { t, n, offset } => load!(t, u32, at!(n, offset)),
                Op::LdrH { t, n, offset } => load!(t, u16, at!(n, offset)),
                Op::LdrB { t, n, offset } => load!(t, u8, at!(n, offset)),
                Op::LdrSwX { t, n, offset } => {
                    x!(t) = attempt!(core.mem.read::<u32>(at!(n, offset))) as i32 as i64 as u64;
                }
                Op::StrX { t, n, offset } => store!(x!(t), u64, at!(n, offset)),
                Op::StrW { t, n, offset } => store!(x!(t), u32, at!(n, offset)),
                Op::StrH { t, n, offset } => store!(x!(t), u16, at!(n, offset)),
                Op::StrB { t, n, offset } => store!(x!(t), u8, at!(n, offset)),
                Op::LdrD { t, n, offset } => {
                    set_d!(t, attempt!(core.mem.read::<u64>(at!(n, offset))))
                }
                Op::StrD { t, n, offset } => store!(d!(t), u64, at!(n, offset)),
                Op::LdrXR { t, n, m, shift, by } => load!(t, u64, at_register!(n, m, shift, by)),
                Op::LdrWR { t, n, m, shift, by } => load!(t, u32, at_register!(n, m, shift, by)),
                Op::LdrBR { t, n, m, shift, by } => load!(t, u8, at_register!(n, m, shift, by)),
                Op::StrXR { t, n, m, shift, by } => {
                    store!(x!(t), u64, at_register!(n, m, shift, by))
                }
                Op::StrWR { t, n, m, shift, by } => {
                    store!(x!(t), u32, at_register!(n, m, shift, by))
                }
                Op::StrBR { t, n, m, shift, by } => {
                    store!(x!(t), u8, at_register!(n, m, shift, by))
                }
                Op::LdrDR { t, n, m, shift, by } => {
                    set_d!(t, attempt!(core.mem.read::<u64>(at_register!(n, m, shift, by))));
                }
                Op::StrDR { t, n, m, shift, by } => {
                    store!(d!(t), u64, at_register!(n, m, shift, by))
                }
                Op::Access { kind, t, n, index, offset } => {
                    let moved = at!(n, offset);
                    let address = if index == Index::Post { x!(n) } else { moved };
                    attempt!(access(core, kind, t, address));
                    if index != Index::Offset {
                        write_back!(n, moved);
                    }
                }
                Op::AccessR { kind, t, n, m, shift, by } => {
                    attempt!(access(core, kind, t, at_register!(n, m, shift, by)));
                }
                Op::Literal { kind, t, address } => attempt!(access(core, kind, t, address)),
                Op::LdpX { t, u, n, index, offset } => {
                    let moved = at!(n, offset);
                    let address = if index == Index::Post { x!(n) } else { moved };
                    let first = attempt!(core.mem.read::<u64>(address));
                    x!(u) = attempt!(core.mem.read::<u64>(address.wrapping_add(8)));
                    x!(t) = first;
                    if index != Index::Offset {
                        write_back!(n, moved);
                    }
                }
                Op::StpX { t, u, n, index, offset } => {
                    let moved = at!(n, offset);
                    let address = if index == Index::Post { x!(n) } else { moved };
                    store!(x!(t), u64, address);
                    store!(x!(u), u64, address.wrapping_add(8));
                    if index != Index::Offset {
                        write_back!(n, moved);
                    }
                }
                Op::Pair { kind, t, u, n, index, offset } => {
                    let moved = at!(n, offset);
                    let address = if index == Index::Post { x!(n) } else { moved };
                    attempt!(pair(core, kind, t, u, address));
                    if index != Index::Offset {
                        write_back!(n, moved);
                    }
                }

                Op::FaddD { d, n, m } => set_d!(d, fp_fast::add_d(d!(n), d!(m), &mut core.cpu)),
                Op::FsubD { d, n, m } => set_d!(d, fp_fast::sub_d(d!(n), d!(m), &mut core.cpu)),
                Op::FmulD { d, n, m } => set_d!(d, fp_fast::mul_d(d!(n), d!(m), &mut core.cpu)),
                Op::FdivD { d, n, m } => set_d!(d, fp_fast::div_d(d!(n), d!(m), &mut core.cpu)),
                Op::FaddS { d, n, m } => set_d!(d, fp_fast::add_s(d!(n), d!(m), &mut core.cpu)),
                Op::FsubS { d, n, m } => set_d!(d, fp_fast::sub_s(d!(n), d!(m), &mut core.cpu)),
                Op::FmulS { d, n, m } => set_d!(d, fp_fast::mul_s(d!(n), d!(m), &mut core.cpu)),
                Op::FdivS { d, n, m } => set_d!(d, fp_fast::div_s(d!(n), d!(m), &mut core.cpu)),
                Op::FmaD { d, n, m, a, negate_product, negate_addend } => {
                    let sign = DOUBLE.sign_bit();
                    let p = d!(n) ^ if negate_product { sign } else { 0 };
                    let z = d!(a) ^ if negate_addend { sign } else { 0 };
                    set_d!(d, fp_fast::fma_d(z, p, d!(m), &mut core.cpu));
                }
                Op::FmaS { d, n, m, a, negate_product, negate_addend } => {
                    let sign = SINGLE.sign_bit();
                    let p = d!(n) ^ if negate_product { sign } else { 0 };
                    let z = d!(a) ^ if negate_addend { sign } else { 0 };
                    set_d!(d, fp_fast::fma_s(z, p, d!(m), &mut core.cpu));
                }
                Op::FcmpD { n, m } => {
                    core.cpu.nzcv = fp_fast::compare_d(d!(n), d!(m), &mut core.cpu)
                }
                Op::FcmpS { n, m } => {
                    core.cpu.nzcv = fp_fast::compare_s(d!(n), d!(m), &mut core.cpu)
                }
                Op::FmovD { d, n } => set_d!(d, d!(n)),
                Op::FmovS { d, n } => set_d!(d, d!(n) & 0xffff_ffff),
                Op::FabsD { d, n } => set_d!(d, d!(n) & !DOUBLE.sign_bit()),
                Op::FnegD { d, n } => set_d!(d, d!(n) ^ DOUBLE.sign_bit()),
                Op::FsqrtD { d, n } => set_d!(d, fp_fast::sqrt_d(d!(n), &mut core.cpu)),
                Op::FImm { d, v } => set_d!(d, v),
                Op::FmovDx { d, n } => set_d!(d, x!(n)),
                Op::FmovSw { d, n } => set_d!(d, u64::from(w!(n))),
                Op::FmovXd { d, n } => x!(d) = d!(n),
                Op::FmovWs { d, n } => x!(d) = d!(n) & 0xffff_ffff,
                Op::FcselD { d, n, m, mask } => set_d!(d, if holds!(mask) { d!(n) } else { d!(m) }),
                Op::FcselS { d, n, m, mask } => {
                    set_d!(d, (if holds!(mask) { d!(n) } else { d!(m) }) & 0xffff_ffff);
                }
                Op::ScvtfDx { d, n } => set_d!(d, fp_fast::from_int_d(x!(n) as i64, &mut core.cpu)),
                Op::ScvtfDw { d, n } => {
                    set_d!(d, fp_fast::from_int_d(i64::from(w!(n) as i32), &mut core.cpu));
                }
                Op::FcvtzsXd { d, n } => x!(d) = fp_fast::to_int_d(d!(n), true, &mut core.cpu),
                Op::FcvtzsWd { d, n } => x!(d) = fp_fast::to_int_d(d!(n), false, &mut core.cpu),

                Op::SubsXThen { d, n, m, mask, target } => {
                    let (r, flags) = add_with_carry64(x!(n), !x!(m), true);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                    i += 1;
                    branch_if!(holds!(mask), target)
                }
                Op::SubsWThen { d, n, m, mask, target } => {
                    let (r, flags) = add_with_carry32(w!(n), !w!(m), true);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                    i += 1;
                    branch_if!(holds!(mask), target)
                }
                Op::SubsIXThen { d, n, mask, v, target } => {
                    let (r, flags) = add_with_carry64(x!(n), !u64::from(v), true);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                    i += 1;
                    branch_if!(holds!(mask), target)
                }
                Op::SubsIWThen { d, n, mask, v, target } => {
                    let (r, flags) = add_with_carry32(w!(n), !v, true);
                    (x!(d), core.cpu.nzcv) = (r, flags);
                    i += 1;
                    branch_if!(holds!(mask), target)
                }
                Op::FcmpDThen { n, m, mask, target } => {
                    core.cpu.nzcv = fp_fast::compare_d(d!(n), d!(m), &mut core.cpu);
                    i += 1;
                    branch_if!(holds!(mask), target)
                }

                Op::Cold { run, word } => attempt!(run(core, word)),
                Op::ColdSp { run, word } => {
                    let before = x!(SP);
                    attempt!(run(core, word));
                    let after = x!(SP);
                    x!(SP) = before;
                    set_sp!(after);
                }
            }
            i += 1;
        };
        *fuel_left = fuel.saturating_sub((i - start + 1) as i64);
        let outside = code.place(i).is_none();
        code.exits[i] += u64::from(!code.ops[i].is_jump());
        End::Stop(stop, if outside { from } else { i })
    }
}

#[cold]
fn stale_stop(bits: u64, core: &Core) -> Stop {
    if bits & operands::STACK != 0 {
        return Stop::StackAlignment { sp: core.cpu.x[usize::from(SP)] };
    }
    Stop::Stale { bit: bits.trailing_zeros() }
}

#[inline]
fn logic(op: Logic, a: u64, b: u64) -> u64 {
    match op {
        Logic::And => a & b,
        Logic::Orr => a | b,
        Logic::Eor => a ^ b,
    }
}

fn unary64(op: Unary, v: u64) -> u64 {
    match op {
        Unary::Rbit => v.reverse_bits(),
        Unary::Rev16 => (v & 0x00ff_00ff_00ff_00ff) << 8 | v >> 8 & 0x00ff_00ff_00ff_00ff,
        Unary::Rev32 => v.swap_bytes().rotate_right(32),
        Unary::Rev64 => v.swap_bytes(),
        Unary::Clz => u64::from(v.leading_zeros()),
        // The bits after the first that are equal to it.
        Unary::Cls => u64::from((v ^ (v as i64 >> 63) as u64).leading_zeros() - 1),
    }
}

fn unary32(op: Unary, v: u32) -> u32 {
    match op {
        Unary::Rbit => v.reverse_bits(),
        Unary::Rev16 => (v & 0x00ff_00ff) << 8 | v >> 8 & 0x00ff_00ff,
        Unary::Rev32 | Unary::Rev64 => v.swap_bytes(),
        Unary::Clz => v.leading_zeros(),
        Unary::Cls => (v ^ (v as i32 >> 31) as u32).leading_zeros() - 1,
    }
}

/// One register to or from memory.
fn access(core: &mut Core, kind: Kind, t: u8, address: u64) -> Result<(), Stop> {
    let Core { cpu, mem } = core;
    let r = usize::from(t);
    match kind {
        Kind::StoreB => mem.write(address, cpu.x[r] as u8)?,
        Kind::StoreH => mem.write(address, cpu.x[r] as u16)?,
        Kind::StoreW => mem.write(address, cpu.x[r] as u32)?,
        Kind::StoreX => mem.write(address, cpu.x[r])?,
        Kind::LoadB => cpu.x[r] = u64::from(mem.read::<u8>(address)?),
        Kind::LoadH => cpu.x[r] = u64::from(mem.read::<u16>(address)?),
        Kind::LoadW => cpu.x[r] = u64::from(mem.read::<u32>(address)?),
        Kind::LoadX => cpu.x[r] = mem.read::<u64>(address)?,
        Kind::LoadSbX => cpu.x[r] = mem.read::<u8>(address)? as i8 as i64 as u64,
        Kind::LoadShX => cpu.x[r] = mem.read::<u16>(address)? as i16 as i64 as u64,
        Kind::LoadSwX => cpu.x[r] = mem.read::<u32>(address)? as i32 as i64 as u64,
        Kind::LoadSbW => cpu.x[r] = u64::from(mem.read::<u8>(address)? as i8 as i32 as u32),
        Kind::LoadShW => cpu.x[r] = u64::from(mem.read::<u16>(address)? as i16 as i32 as u32),
        Kind::StoreVb => mem.write(address, cpu.lo[r] as u8)?,
        Kind::StoreVh => mem.write(address, cpu.lo[r] as u16)?,
        Kind::StoreVs => mem.write(address, cpu.lo[r] as u32)?,
        Kind::StoreVd => mem.write(address, cpu.lo[r])?,
        Kind::StoreVq => mem.write(address, cpu.v(u32::from(t)))?,
        Kind::LoadVb => cpu.set_d(u32::from(t), u64::from(mem.read::<u8>(address)?)),
        Kind::LoadVh => cpu.set_d(u32::from(t), u64::from(mem.read::<u16>(address)?)),
        Kind::LoadVs => cpu.set_d(u32::from(t), u64::from(mem.read::<u32>(address)?)),
        Kind::LoadVd => cpu.set_d(u32::from(t), mem.read::<u64>(address)?),
        Kind::LoadVq => cpu.set_v(u32::from(t), mem.read::<u128>(address)?),
        Kind::Prefetch => {}
    }
    Ok(())
}

/// Two registers to or from memory; nothing moves if the second cannot.
fn pair(core: &mut Core, kind: Kind, t: u8, u: u8, address: u64) -> Result<(), Stop> {
    let second = address.wrapping_add(kind.size());
    core.mem.read_sized(second, kind.size())?;
    access(core, kind, t, address)?;
    access(core, kind, u, second)
}
