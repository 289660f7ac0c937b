//! Follows every way through the words with what is known of the stack and the registers. Where ways meet, what holds on
//! all of them is kept, and a way is followed again when something was lost.

use std::collections::{BTreeSet, HashMap};

use arm64_enc::{
    AddSub, Branch, BranchImm, BranchReg, Cond, DpImm, DpReg, Extend, IndexScale, Inst, LdSt,
    LogicalImmOp, LogicalReg, MemExtend, MoveWide, Size, System,
};

use super::Rule;
use super::effects::{Access, Effects, Mask, Mode, SP_BIT, effects, x, xs};
use super::state::{FP, KEPT, LR, SLACK, State, Value};
use crate::emit::{CompiledCode, Reloc, RelocKind, SlotPlace};
use crate::minst::Symbol;
use crate::pads;
use crate::runtime::Runtime;

/// The size of the guard below the stack, and so of the largest step between two accesses.
const PAGE: i64 = 4096;
/// The stack pointer is a multiple of this.
const ALIGN: i64 = 16;
/// Turns of loops whose end is known, beyond one for each page of the frame that the description says.
const MORE_TURNS: usize = 64;

const WORD: i64 = 8;
const PLATFORM: Mask = 1 << 18;

/// What was seen of a word.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Seen {
    pub(super) executed: bool,
    pub(super) data: bool,
    /// It is a call or jump that needs its relocation.
    pub(super) relocated: bool,
}

/// Where control goes next.
enum Flow {
    Next,
    /// There and not on.
    Jump(usize),
    /// There or on.
    Branch(usize),
    Table(Vec<usize>),
    End,
}

type Offence = (usize, Rule);

pub(super) struct Walk<'a> {
    code: &'a CompiledCode,
    /// What is known where control can come from elsewhere.
    known: HashMap<usize, State>,
    is_target: Vec<bool>,
    open: Vec<(usize, State)>,
    turns: usize,
    pub(super) seen: Vec<Seen>,
    /// How far the stack pointer goes down.
    pub(super) deepest: i64,
    /// The most that a realignment skips.
    skip: i64,
    /// Where registers are saved.
    saves: BTreeSet<i64>,
    pub(super) tail_calls: bool,
    /// Where the caller's stack is written.
    pub(super) above_frame: Option<usize>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(code: &'a CompiledCode) -> Walk<'a> {
        let mut is_target = vec![false; code.words.len()];
        for (at, &word) in code.words.iter().enumerate() {
            if let Some(Inst::Branch(branch)) = Inst::decode(word)
                && let Some(distance) = distance(branch)
                && let Some(target) = at.checked_add_signed(distance as isize / 4)
                && let Some(flag) = is_target.get_mut(target)
            {
                *flag = true;
            }
        }
        Walk {
            code,
            known: HashMap::new(),
            is_target,
            open: vec![(0, State::at_entry())],
            turns: 0,
            seen: vec![Seen::default(); code.words.len()],
            deepest: 0,
            skip: 0,
            saves: BTreeSet::new(),
            tail_calls: false,
            above_frame: None,
        }
    }

    pub(super) fn run(&mut self) -> Result<(), Offence> {
        while let Some((start, state)) = self.open.pop() {
            self.follow(start, state)?;
        }
        Ok(())
    }

    /// Follows a way until it ends, or comes to where nothing new is known.
    fn follow(&mut self, start: usize, mut state: State) -> Result<(), Offence> {
        let mut at = start;
        loop {
            if at >= self.code.code_bytes as usize / 4 {
                return Err((at.min(self.code.words.len().saturating_sub(1)), Rule::FallsOff));
            }
            if self.is_target[at] {
                match self.known.get_mut(&at) {
                    None => {
                        self.known.insert(at, state.clone());
                    }
                    Some(known) => match known.meet(&state) {
                        None => return Err((at, Rule::StackDiffers)),
                        Some(false) => return Ok(()),
                        Some(true) => state = known.clone(),
                    },
                }
            }
            self.seen[at].executed = true;
            let flow = self.step(at, &mut state).map_err(|rule| (at, rule))?;
            self.deepest = self.deepest.max(-state.sp);
            self.skip = self.skip.max(state.skip);
            match flow {
                Flow::Next => at += 1,
                Flow::Jump(to) => at = to,
                Flow::Branch(to) => {
                    match self.decided(at, &state) {
                        Some(true) => {
                            // The next turn of a loop whose end is known: it has a state of its own.
                            self.turns += 1;
                            if self.turns
                                > self.code.frame_bytes as usize / PAGE as usize + MORE_TURNS
                            {
                                return Err((at, Rule::Endless));
                            }
                            self.known.retain(|&place, _| !(to..=at).contains(&place));
                            at = to;
                            continue;
                        }
                        Some(false) => {}
                        None => self.open.push((to, state.clone())),
                    }
                    at += 1;
                }
                Flow::Table(targets) => {
                    for to in targets {
                        self.is_target[to] = true;
                        self.open.push((to, state.clone()));
                    }
                    return Ok(());
                }
                Flow::End => return Ok(()),
            }
        }
    }

    /// Whether a branch after a comparison of the stack pointer with a known place is taken.
    fn decided(&self, at: usize, state: &State) -> Option<bool> {
        let Some(Inst::Branch(Branch::Cond { cond, .. })) = Inst::decode(self.code.words[at])
        else {
            return None;
        };
        let limit = state.limit?;
        match cond {
            Cond::Hi => Some(state.sp > limit),
            Cond::Ls => Some(state.sp <= limit),
            Cond::Eq => Some(state.sp == limit),
            Cond::Ne => Some(state.sp != limit),
            _ => None,
        }
    }

    fn target(&self, at: usize, distance: i64) -> Result<usize, Rule> {
        let target = at.checked_add_signed((distance / 4) as isize);
        target.filter(|&to| to < self.code.code_bytes as usize / 4).ok_or(Rule::FallsOff)
    }

    fn step(&mut self, at: usize, state: &mut State) -> Result<Flow, Rule> {
        let inst = Inst::decode(self.code.words[at]).ok_or(Rule::Undefined)?;
        if let Inst::Branch(branch) = inst {
            return self.branch(at, branch, state);
        }
        let effects = effects(inst).ok_or(Rule::Undefined)?;
        if (effects.reads | effects.writes) & PLATFORM != 0 {
            return Err(Rule::Platform);
        }
        if effects.reads_flags && !state.flags {
            return Err(Rule::Flags);
        }
        if let Some((distance, size)) = effects.literal {
            self.literal(at, distance, size)?;
        }
        if let Inst::System(System::Exception { imm, .. }) = inst {
            let offset = at as u32 * 4;
            let site = self.code.traps.iter().find(|trap| trap.offset == offset);
            return match site {
                Some(trap) if trap.kind.code() == imm.value() => Ok(Flow::End),
                _ => Err(Rule::TrapSite),
            };
        }
        if [pads::PACIASP, pads::AUTIASP].map(Inst::System).contains(&inst) {
            // The stack pointer at the entry is the one that it is signed with.
            let signs = inst == Inst::System(pads::PACIASP);
            if state.signed == signs
                || state.sp != 0
                || state.skip > 0
                || state.intact >> LR & 1 == 0
            {
                return Err(Rule::Signature);
            }
            state.signed = signs;
        }
        let value = self.value(at, inst, state);
        let limit = compared(inst, state);
        match effects.access {
            Some(access) => self.access(at, access, inst, state)?,
            None => state.intact &= !effects.writes,
        }
        self.write(&effects, value, state)?;
        if effects.writes_flags {
            (state.flags, state.limit) = (true, limit);
        }
        Ok(Flow::Next)
    }

    /// Sets what the written registers hold, but for what an access has set.
    fn write(&self, effects: &Effects, value: Value, state: &mut State) -> Result<(), Rule> {
        let writes = match effects.access {
            Some(access) => effects.writes & !xs(access.base),
            None => effects.writes,
        };
        for reg in [SP_BIT, 1 << FP, 1 << LR, 1 << 16, 1 << 17] {
            if writes & reg != 0 {
                state.set(reg, value)?;
            }
        }
        Ok(())
    }

    /// What the only result of an instruction is.
    fn value(&self, at: usize, inst: Inst, state: &State) -> Value {
        let signed = |op, amount: u64| {
            if op == AddSub::Add { amount as i64 } else { (amount as i64).wrapping_neg() }
        };
        match inst {
            Inst::DpImm(DpImm::Adr { offset, .. }) => {
                let target = at.checked_add_signed((offset.bytes() / 4) as isize);
                target.map_or(Value::Unknown, Value::Table)
            }
            Inst::DpImm(DpImm::AddSub { op, size: Size::X, rn, imm, .. }) => {
                state.get(rn).plus(signed(op, imm.value().into()))
            }
            Inst::DpImm(DpImm::MoveWide { op, rd, imm }) => match (op, state.get_x(rd)) {
                (MoveWide::Movz, _) => Value::Const(imm.value()),
                (MoveWide::Movn, _) => Value::Const(imm.size().truncate(!imm.value())),
                (MoveWide::Movk, Value::Const(old)) => {
                    Value::Const(old & !(0xffff << imm.shift()) | imm.value())
                }
                _ => Value::Unknown,
            },
            Inst::DpImm(DpImm::Logical { op: LogicalImmOp::Orr, rn, imm, .. }) if rn.is_zr() => {
                Value::Const(imm.value())
            }
            Inst::DpImm(DpImm::Logical { op: LogicalImmOp::And, rn, imm, .. }) => {
                // Ones above, and at least the last four bits clear: the value is rounded down.
                let mask = imm.value();
                let rounds =
                    imm.size() == Size::X && mask.leading_ones() + mask.trailing_zeros() == 64;
                match state.get_x(rn) {
                    Value::Stack { offset, skip: 0 }
                        if rounds && (4..16).contains(&mask.trailing_zeros()) =>
                    {
                        Value::Stack { offset, skip: (1 << mask.trailing_zeros()) - ALIGN }
                    }
                    _ => Value::Unknown,
                }
            }
            Inst::DpReg(DpReg::AddSubExtended {
                op,
                size: Size::X,
                rn,
                rm,
                extend: Extend::Uxtx,
                amount,
                ..
            }) if amount.amount() == 0 => match state.get_x(rm) {
                Value::Const(value) => state.get(rn).plus(signed(op, value)),
                _ => Value::Unknown,
            },
            Inst::DpReg(DpReg::LogicalShifted { op: LogicalReg::Orr, rn, rm, shift, .. })
                if rn.is_zr() && shift.amount() == 0 && shift.size() == Size::X =>
            {
                state.get_x(rm)
            }
            Inst::DpReg(DpReg::AddSubShifted { op: AddSub::Add, rn, rm, shift, .. })
                if shift.amount() == 0 && shift.size() == Size::X =>
            {
                match (state.get_x(rn), state.get_x(rm)) {
                    (Value::Table(a), Value::Target(b)) if a == b => Value::Target(a),
                    _ => Value::Unknown,
                }
            }
            Inst::LdSt(LdSt::Literal { offset, .. }) => {
                let place = (at as i64 * 4 + offset.bytes()) as u32;
                let relocs = &self.code.relocs;
                let found = relocs.binary_search_by_key(&place, |reloc| reloc.offset);
                match found.map(|n| relocs[n]) {
                    Ok(Reloc { symbol: Symbol::Runtime(Runtime::FreeRoom), addend: 0, .. }) => {
                        Value::FreeRoom
                    }
                    _ => Value::Unknown,
                }
            }
            Inst::LdSt(LdSt::Register { op: arm64_enc::MemOp::Ldrsw, rn, .. }) => {
                match state.get(rn) {
                    Value::Table(table) => Value::Target(table),
                    _ => Value::Unknown,
                }
            }
            _ => Value::Unknown,
        }
    }

    fn literal(&mut self, at: usize, distance: i64, size: u32) -> Result<(), Rule> {
        let first = at.checked_add_signed((distance / 4) as isize).ok_or(Rule::Literal)?;
        let words = size as usize / 4;
        if !first.is_multiple_of(words) {
            return Err(Rule::Literal);
        }
        let data = self.seen.get_mut(first..first + words).ok_or(Rule::Literal)?;
        data.iter_mut().for_each(|seen| seen.data = true);
        Ok(())
    }

    /// An access to memory, as far as it is to the stack.
    fn access(
        &mut self,
        at: usize,
        access: Access,
        inst: Inst,
        state: &mut State,
    ) -> Result<(), Rule> {
        let base = state.get(access.base);
        if access.base.is_sp() && state.sp % ALIGN != 0 {
            return Err(Rule::StackAlignment);
        }
        let distance = match access.mode {
            Mode::Offset(offset) | Mode::Pre(offset) => Some(offset),
            Mode::Post(_) => Some(0),
            Mode::Index(rm) => match state.get_x(rm) {
                Value::Const(value) if is_plain_index(inst) => Some(value as i64),
                _ => None,
            },
        };
        if let Mode::Pre(by) = access.mode {
            state.set(xs(access.base), base.plus(by))?;
            if access.base.is_sp() && state.sp % ALIGN != 0 {
                return Err(Rule::StackAlignment);
            }
        }
        let place = distance.map_or(Value::Unknown, |distance| base.plus(distance));
        let regs = [Some(access.first), access.second];
        if !access.store {
            regs.iter().flatten().for_each(|reg| state.intact &= !reg);
        }
        if let Value::Stack { offset, skip } = place {
            if offset < state.sp && (state.skip > 0 || skip == 0) {
                return Err(Rule::BelowStack);
            }
            let bytes = access.size * if access.second.is_some() { 2 } else { 1 };
            if offset + bytes > 0 && offset + bytes > i64::from(self.code.incoming_bytes) {
                return Err(Rule::Incoming);
            }
            if offset % access.size != 0 && !self.in_slot(offset, bytes) {
                return Err(Rule::FrameAlignment);
            }
            if skip == state.skip {
                let above = offset - state.sp;
                if above < state.untouched {
                    if state.untouched - above > PAGE {
                        return Err(Rule::Probe);
                    }
                    state.untouched = above;
                }
            }
            for (n, reg) in regs.into_iter().flatten().enumerate() {
                let offset = offset + n as i64 * access.size;
                if access.store {
                    self.store(at, offset, access.size, reg, state)?;
                } else if access.size == 8 && state.saved.contains(&(offset, reg)) {
                    state.intact |= reg;
                } else if state.saves_in(offset, access.size)
                    && !state.asks_record(offset, access.size, reg)
                {
                    return Err(Rule::SaveRead);
                }
            }
        }
        if let Mode::Post(by) = access.mode {
            state.set(xs(access.base), base.plus(by))?;
        }
        Ok(())
    }

    fn store(
        &mut self,
        at: usize,
        offset: i64,
        size: i64,
        reg: Mask,
        state: &mut State,
    ) -> Result<(), Rule> {
        if offset >= 0 {
            self.above_frame.get_or_insert(at);
        }
        if state.saves_in(offset, size) {
            return Err(Rule::SaveLost);
        }
        if size == 8 && offset < 0 && reg & KEPT & state.intact != 0 {
            state.saved.push((offset, reg));
            self.saves.insert(offset);
        }
        Ok(())
    }

    /// Returns `true` if an access so far from the stack pointer at the entry is to one stack slot. They are in order.
    fn in_slot(&self, offset: i64, bytes: i64) -> bool {
        let from = offset + i64::from(self.code.frame_bytes);
        let above = self.code.slots.partition_point(|slot| i64::from(slot.offset) <= from);
        let slot = self.code.slots[..above].last();
        slot.is_some_and(|slot| (from + bytes - i64::from(slot.offset)) as u64 <= slot.size)
    }

    /// Returns `true` if a slot is aligned, in the frame, and nothing is saved there. To be asked when every way was
    /// followed.
    pub(super) fn is_right(&self, slot: &SlotPlace) -> bool {
        let from = i64::from(slot.offset) - self.deepest;
        let to = i64::try_from(slot.size).ok().and_then(|size| from.checked_add(size));
        slot.align.is_power_of_two()
            && slot.offset.is_multiple_of(slot.align)
            && i64::from(slot.align) <= ALIGN + self.skip
            && to.is_some_and(|to| to <= 0 && self.saves.range(from - 7..to).next().is_none())
    }

    fn branch(&mut self, at: usize, branch: Branch, state: &mut State) -> Result<Flow, Rule> {
        let reloc = |kind: RelocKind| {
            let offset = at as u32 * 4;
            let found = self.code.relocs.binary_search_by_key(&offset, |reloc| reloc.offset);
            found.is_ok_and(|n| self.code.relocs[n].kind == kind)
        };
        match branch {
            Branch::Imm { op: BranchImm::Bl, offset } => {
                if !reloc(RelocKind::Call26) || offset.bytes() != 0 {
                    return Err(Rule::Relocation);
                }
                self.seen[at].relocated = true;
                call(state)?;
                Ok(Flow::Next)
            }
            Branch::Imm { op: BranchImm::B, offset } if reloc(RelocKind::Jump26) => {
                if offset.bytes() != 0 {
                    return Err(Rule::Relocation);
                }
                self.seen[at].relocated = true;
                self.leave(state, true)
            }
            Branch::Imm { op: BranchImm::B, offset } => {
                Ok(Flow::Jump(self.target(at, offset.bytes())?))
            }
            Branch::Cond { offset, .. } => {
                if !state.flags {
                    return Err(Rule::Flags);
                }
                Ok(Flow::Branch(self.target(at, offset.bytes())?))
            }
            Branch::CompareZero { rt, offset, .. } => {
                no_platform(x(rt))?;
                Ok(Flow::Branch(self.target(at, offset.bytes())?))
            }
            Branch::TestBit { rt, offset, .. } => {
                no_platform(x(rt))?;
                Ok(Flow::Branch(self.target(at, offset.bytes())?))
            }
            Branch::Reg { op: BranchReg::Blr, rn } => {
                no_platform(x(rn))?;
                call(state)?;
                Ok(Flow::Next)
            }
            Branch::Reg { op: BranchReg::Ret, rn } if usize::from(rn.number()) == LR => {
                self.leave(state, false)
            }
            Branch::Reg { op: BranchReg::Br, rn } if rn.number() == 16 => match state.scratch[0] {
                Value::Target(table) => self.table(table),
                _ => self.leave(state, true),
            },
            Branch::Reg { .. } => Err(Rule::ReturnRegister),
            _ => Err(Rule::Undefined),
        }
    }

    /// The targets of a table: its words, as long as they are distances to instructions.
    fn table(&mut self, table: usize) -> Result<Flow, Rule> {
        let end = self.code.code_bytes as usize / 4;
        let mut targets = Vec::new();
        for at in table..end {
            let distance = self.code.words[at] as i32;
            let target = table.checked_add_signed(distance as isize / 4);
            let Some(target) = target.filter(|&to| distance % 4 == 0 && to < end) else { break };
            self.seen[at].data = true;
            targets.push(target);
        }
        let is_pad = |&to: &usize| self.code.words[to] == pads::BTI_J.encode();
        if self.code.protection.landing_pads && !targets.iter().all(is_pad) {
            return Err(Rule::LandingPad);
        }
        if targets.is_empty() { Err(Rule::FallsOff) } else { Ok(Flow::Table(targets)) }
    }

    /// A return or a tail call.
    fn leave(&mut self, state: &State, tail_call: bool) -> Result<Flow, Rule> {
        self.tail_calls |= tail_call;
        if tail_call && state.link == Value::FreeRoom {
            return in_room(state);
        }
        if state.sp != 0 || state.skip > 0 {
            return Err(Rule::StackNotRestored);
        }
        if state.intact & KEPT != KEPT {
            return Err(Rule::NotRestored);
        }
        if state.signed {
            return Err(Rule::Signature);
        }
        Ok(Flow::End)
    }
}

fn no_platform(reg: Mask) -> Result<(), Rule> {
    if reg & PLATFORM == 0 { Ok(()) } else { Err(Rule::Platform) }
}

/// A tail call that has made room: the callee finds the stack pointer below a record of the caller's at the very top.
fn in_room(state: &State) -> Result<Flow, Rule> {
    let record = [(-2 * WORD, 1 << FP), (-WORD, 1 << LR)];
    if state.fp != (Value::Stack { offset: -2 * WORD, skip: 0 })
        || state.skip > 0
        || state.sp > -2 * WORD
        || !record.iter().all(|entry| state.saved.contains(entry))
    {
        return Err(Rule::Room);
    }
    if state.sp % ALIGN != 0 {
        return Err(Rule::StackAlignment);
    }
    if state.intact & KEPT | 1 << FP | 1 << LR != KEPT {
        return Err(Rule::NotRestored);
    }
    Ok(Flow::End)
}

fn call(state: &mut State) -> Result<(), Rule> {
    if state.sp % ALIGN != 0 {
        return Err(Rule::StackAlignment);
    }
    if state.untouched > SLACK {
        return Err(Rule::Untouched);
    }
    let record = match state.fp {
        Value::Stack { offset, skip: 0 } => {
            state.saved.contains(&(offset, 1 << FP)) && state.saved.contains(&(offset + 8, 1 << LR))
        }
        _ => false,
    };
    if !record {
        return Err(Rule::FrameRecord);
    }
    state.intact &= !(1 << LR);
    state.link = Value::Unknown;
    state.scratch = [Value::Unknown; 2];
    (state.flags, state.limit) = (false, None);
    Ok(())
}

/// The place that the stack pointer is compared with.
fn compared(inst: Inst, state: &State) -> Option<i64> {
    match inst {
        Inst::DpReg(DpReg::AddSubFlagsExtended {
            op: AddSub::Sub,
            size: Size::X,
            rn,
            rm,
            extend: Extend::Uxtx,
            amount,
            ..
        }) if rn.is_sp() && amount.amount() == 0 => match state.get_x(rm) {
            Value::Stack { offset, skip: 0 } => Some(offset),
            _ => None,
        },
        _ => None,
    }
}

fn is_plain_index(inst: Inst) -> bool {
    match inst {
        Inst::LdSt(
            LdSt::Register { extend, scale, .. } | LdSt::FpRegister { extend, scale, .. },
        ) => extend == MemExtend::Lsl && scale == IndexScale::Bytes,
        _ => false,
    }
}

/// How far a branch goes, if the instruction says it.
fn distance(branch: Branch) -> Option<i64> {
    Some(match branch {
        Branch::Imm { op: BranchImm::B, offset } => offset.bytes(),
        Branch::Cond { offset, .. } | Branch::CompareZero { offset, .. } => offset.bytes(),
        Branch::TestBit { offset, .. } => offset.bytes(),
        _ => return None,
    })
}
