//! Stack frames: where everything lies, prologue and epilogue.
//!
//! From the stack pointer upward a frame has the arguments for callees, spill slots and stack slots (the *locals*), and
//! above them the *save area*: the frame record (`x29`, `x30`) at its bottom, then the callee-saved registers in use.
//! The arguments of the caller lie right above the frame. At the top of a frame may be the *room* that a tail call needs for
//! more arguments than those, with a frame record of its own above it. A small frame without arguments for callees is allocated by
//! the first store; there the save area is at the bottom.
//!
//! A function that calls nothing has no frame record, and without callee-saved registers and locals no frame at all.
//! `x29` always points to the record of the innermost function that has one.
//!
//! **Tail calls that make room.** The caller of a function made the room for its arguments, and frees it. A tail call that
//! passes more goes on below: in the top of the frame it leaves a frame record with the return address, and the callee returns to
//! [`Runtime::FreeRoom`], which frees everything up to the record and returns for it. Whoever is called so knows by
//! its return address that the room is its own, and by `x29` how large it is: a tail call that needs no more than that
//! uses it. As rooms are powers of two, a thousand functions that call each other so take a few rooms, and nobody else
//! needs to know.
//!
//! **Stack probes.** The stack grows into a guard page of 4 KiB, so no function may move the stack pointer across one
//! without touching it. At most [`PROBE_SLACK`] bytes at the bottom of a frame stay untouched; frames with more locals
//! store a zero in every page as they grow. So two frames in a row cannot pass the guard.

use arm64_enc::{
    AccessSize, AddSub, ArithImm, ArithShift, Assembler, Cond, DpImm, DpReg, Extend, ExtendShift,
    FP, Flags, FpMemOp, FpPairOp, IP0, IP1, IndexMode, LR, LdSt, LogicalImm, LogicalImmOp, MemOp,
    PairMode, PairOffset, PairOp, Reg, RegSp, SP, ScaledOffset, Simm9, Size, XZR,
};
use ir::{Function, PrimaryMap, StackSlot};
use regalloc::{Allocation, PReg, PRegSet, RegClass, SpillSlot};

use crate::Protection;
use crate::abi::{self, RECORD_BYTES, STACK_ALIGN};
use crate::emit::SlotPlace;
use crate::error::{Reason, valid};
use crate::function::MachineFunction;
use crate::minst::{FramePlace, Symbol};
use crate::pads;
use crate::runtime::Runtime;
use crate::unwind::{DWARF_SP, DWARF_V0, FrameChange, Rows, record_above};

/// The largest frame, in bytes: stack slots, of which the IR allows 64 MiB, and spilled values, saved registers and
/// arguments for callees, of which it sets no limit.
pub const MAX_FRAME_BYTES: u64 = 256 << 20;

/// The size of the guard below the stack, and of a step of the probes.
const PAGE: u32 = 4096;

/// How many bytes at the bottom of a frame may stay untouched.
const PROBE_SLACK: u32 = 1024;

/// Up to this many pages are probed one by one; more by a loop.
const UNROLLED_PAGES: u32 = 4;

/// The largest alignment of a stack slot.
const MAX_ALIGN: u32 = 4096;

/// The largest frame that the first store of a pair can allocate: `stp` reaches 512 bytes down.
const MAX_SMALL: u32 = 504;

/// The same for a single register: `ldr` with writeback reaches 255 bytes up.
const MAX_SMALL_SINGLE: u32 = 240;

const WORD: u32 = 8;

/// Two registers that are saved side by side, or one, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Saved {
    first: PReg,
    second: Option<PReg>,
    offset: u32,
}

/// The layout of one function's frame.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Frame {
    record: bool,
    protection: Protection,
    /// Everything is allocated by the first store.
    small: bool,
    /// Bytes of the save area.
    save: u32,
    /// Bytes of the locals.
    locals: u32,
    /// Bytes of the room at the top, with its record.
    room: u32,
    /// The room is allocated before the first store, which does not reach over it.
    apart: bool,
    /// Alignment of the locals.
    align: u32,
    spills: u32,
    slots: PrimaryMap<StackSlot, u32>,
    saved: Vec<Saved>,
}

impl Frame {
    /// Lays out the frame.
    ///
    /// # Errors
    /// [`Reason::FrameTooLarge`], [`Reason::SlotAlignment`].
    pub(crate) fn new(
        func: &Function,
        mf: &MachineFunction,
        allocation: &Allocation,
    ) -> Result<Frame, Reason> {
        let mut frame = Frame {
            align: STACK_ALIGN,
            record: mf.has_calls,
            room: mf.room_bytes,
            protection: mf.protection,
            ..Frame::default()
        };
        for (slot, data) in func.slots.iter() {
            if !data.align.is_power_of_two() || data.align > MAX_ALIGN {
                return Err(Reason::SlotAlignment { slot, align: data.align });
            }
            frame.align = frame.align.max(data.align);
        }
        // A realigned stack pointer can be undone only from the frame pointer.
        frame.record |= frame.align > STACK_ALIGN;
        frame.place_saved(allocation.used_regs().intersection(abi::CALLEE_SAVED));

        let mut bytes = u64::from(mf.outgoing_bytes);
        // Slots count from the bottom of the locals; in a small frame those begin above the save area.
        frame.spills = mf.outgoing_bytes;
        bytes += u64::from(allocation.num_spill_slots()) * u64::from(WORD);
        let mut offsets = Vec::new();
        for data in func.slots.values() {
            bytes = bytes.next_multiple_of(u64::from(data.align));
            offsets.push(bytes);
            bytes = bytes.saturating_add(data.size);
            if bytes > MAX_FRAME_BYTES {
                return Err(Reason::FrameTooLarge { bytes });
            }
        }
        let total = bytes.next_multiple_of(u64::from(STACK_ALIGN));
        if total + u64::from(frame.save) + u64::from(frame.room) > MAX_FRAME_BYTES {
            return Err(Reason::FrameTooLarge { bytes: total });
        }
        frame.locals = total as u32;
        let reach = match frame.saved.first() {
            None => 0,
            Some(Saved { second: None, .. }) => MAX_SMALL_SINGLE,
            Some(_) => MAX_SMALL,
        };
        frame.small =
            mf.outgoing_bytes == 0 && frame.align == STACK_ALIGN && frame.bytes() <= reach;
        frame.apart = !frame.small && frame.room > 0 && frame.save + frame.room > reach;
        let base = if frame.small { frame.save } else { 0 };
        frame.spills += base;
        for offset in offsets {
            frame.slots.push(offset as u32 + base);
        }
        Ok(frame)
    }

    fn place_saved(&mut self, used: PRegSet) {
        let mut offset = 0;
        if self.record {
            let (first, second) = (PReg::int(FP.number()), PReg::int(LR.number()));
            self.saved.push(Saved { first, second: Some(second), offset });
            offset += 2 * WORD;
        }
        for class in RegClass::ALL {
            let mut regs = used.iter().filter(|reg| reg.class() == class);
            while let Some(first) = regs.next() {
                let second = regs.next();
                self.saved.push(Saved { first, second, offset });
                offset += if second.is_some() { 2 * WORD } else { WORD };
            }
        }
        self.save = offset.next_multiple_of(STACK_ALIGN);
    }

    /// Bytes that the function takes from the stack, without what realignment skips.
    pub(crate) fn bytes(&self) -> u32 {
        self.save + self.locals + self.room
    }

    /// Where the stack slots are, from the lowest on.
    pub(crate) fn slot_places(&self, func: &Function) -> Vec<SlotPlace> {
        let places = self.slots.values().zip(func.slots.values());
        places
            .map(|(&offset, data)| SlotPlace { offset, size: data.size, align: data.align })
            .collect()
    }

    /// Base and offset of a place.
    pub(crate) fn place(&self, place: FramePlace) -> (RegSp, i64) {
        match place {
            FramePlace::Slot(slot, offset) => {
                let base = self.slots.get(slot).copied().unwrap_or_default();
                (SP, i64::from(base) + i64::from(offset))
            }
            FramePlace::Outgoing(offset) => (SP, i64::from(offset)),
            FramePlace::Incoming(offset) if self.record && !self.small => {
                (RegSp::X29, i64::from(self.save + self.room + offset))
            }
            FramePlace::Incoming(offset) => (SP, i64::from(self.bytes() + offset)),
        }
    }

    /// Base and offset of a spill slot.
    pub(crate) fn spill(&self, slot: SpillSlot) -> (RegSp, i64) {
        (SP, i64::from(self.spills) + slot.index() as i64 * i64::from(WORD))
    }

    /// Returns `true` if the return address is signed: where it is saved, but for tail calls that make room, which look
    /// at it and move it.
    fn is_signed(&self) -> bool {
        self.record && self.room == 0 && self.protection.sign_returns
    }

    /// What the first store of the prologue allocates, in bytes.
    fn allocated(&self) -> u32 {
        if self.apart { self.save } else { self.above_save() }
    }

    /// Bytes from the bottom of the save area to the caller's frame.
    fn above_save(&self) -> u32 {
        if self.small { self.bytes() } else { self.save + self.room }
    }

    /// Writes the prologue; gives the offset from which on `x29` points to the frame record, if there is one.
    ///
    /// # Errors
    /// If the assembler refuses.
    pub(crate) fn prologue(
        &self,
        asm: &mut Assembler,
        rows: &mut Rows,
    ) -> Result<Option<u32>, Reason> {
        let above = self.above_save();
        if self.is_signed() {
            asm.push(pads::PACIASP);
            rows.push(asm, FrameChange::Signature);
        } else if self.protection.landing_pads {
            asm.push(pads::BTI_C);
        }
        if self.apart && !self.saved.is_empty() {
            take(asm, self.room, true, |asm, register, rest| {
                rows.push(asm, FrameChange::Cfa { register, bytes: self.room - rest });
            })?;
        }
        for (index, saved) in self.saved.iter().enumerate() {
            let step = if index == 0 { Some(-i64::from(self.allocated())) } else { None };
            transfer(asm, saved, Direction::Save, step)?;
            if index == 0 {
                rows.push(asm, FrameChange::Cfa { register: DWARF_SP, bytes: above });
            }
        }
        // Until here all of them have the caller's values.
        for (register, offset) in self.saved_registers() {
            rows.push(asm, FrameChange::Saved { register, below: above - offset });
        }
        if self.record {
            let imm = ArithImm::ZERO;
            asm.push(DpImm::AddSub { op: AddSub::Add, size: Size::X, rd: RegSp::X29, rn: SP, imm });
            rows.push(asm, FrameChange::Cfa { register: FP.number(), bytes: above });
        }
        let record_from = self.record.then(|| asm.offset() as u32);
        if !self.small {
            self.allocate_locals(asm, rows)?;
        }
        Ok(record_from)
    }

    /// The registers that are saved, by their DWARF numbers, and their offsets in the save area.
    fn saved_registers(&self) -> impl Iterator<Item = (u8, u32)> {
        let number = |reg: PReg| match reg.class() {
            RegClass::Int => reg.index(),
            RegClass::Float => DWARF_V0 + reg.index(),
        };
        self.saved.iter().flat_map(move |saved| {
            let second = saved.second.map(|second| (number(second), saved.offset + WORD));
            std::iter::once((number(saved.first), saved.offset)).chain(second)
        })
    }

    fn allocate_locals(&self, asm: &mut Assembler, rows: &mut Rows) -> Result<(), Reason> {
        // With a frame record the CFA stands fast; else it moves away from the stack pointer.
        let cfa = |asm: &Assembler, register, rest| {
            if !self.record {
                rows.push(asm, FrameChange::Cfa { register, bytes: self.bytes() - rest });
            }
        };
        // Where nothing is saved, nothing is touched yet since what the caller left untouched.
        let mut rest = match self.saved.is_empty() {
            true => take(asm, self.room + self.locals, true, cfa)?,
            false => take(asm, self.locals, false, cfa)?,
        };
        if self.align > STACK_ALIGN {
            // What realignment skips and the rest of the locals can be more than a page together.
            if rest + self.align > PAGE {
                probe(asm);
                rest = 0;
            }
            let mask = !(u64::from(self.align) - 1);
            let imm = valid(LogicalImm::new(mask, Size::X), "an alignment is no bitmask")?;
            asm.push(DpImm::AddSub {
                op: AddSub::Add,
                size: Size::X,
                rd: RegSp::X16,
                rn: SP,
                imm: ArithImm::ZERO,
            });
            asm.push(DpImm::Logical { op: LogicalImmOp::And, rd: SP, rn: IP0, imm });
            rest += self.align;
        }
        if rest > PROBE_SLACK {
            probe(asm);
        }
        Ok(())
    }

    /// Writes the epilogue: everything is as at the function's entry but for `x17` and the flags.
    ///
    /// # Errors
    /// If the assembler refuses.
    pub(crate) fn epilogue(&self, asm: &mut Assembler, rows: &mut Rows) -> Result<(), Reason> {
        rows.push(asm, FrameChange::Epilogue);
        self.drop_locals(asm, rows)?;
        for (index, saved) in self.saved.iter().enumerate().rev() {
            let step = if index == 0 { Some(i64::from(self.allocated())) } else { None };
            transfer(asm, saved, Direction::Restore, step)?;
        }
        // What was saved can be read until the stack pointer passes it, in the last step.
        rows.push(asm, FrameChange::Return);
        if self.apart {
            rows.push(asm, FrameChange::Cfa { register: DWARF_SP, bytes: self.room });
            free(asm, self.room)?;
            rows.push(asm, FrameChange::Return);
        }
        if self.is_signed() {
            asm.push(pads::AUTIASP);
            rows.push(asm, FrameChange::Signature);
        }
        Ok(())
    }

    /// Moves the stack pointer to the save area.
    fn drop_locals(&self, asm: &mut Assembler, rows: &mut Rows) -> Result<(), Reason> {
        if self.small || self.locals == 0 {
            return Ok(());
        }
        if self.record {
            let imm = ArithImm::ZERO;
            asm.push(DpImm::AddSub { op: AddSub::Add, size: Size::X, rd: SP, rn: RegSp::X29, imm });
        } else {
            free(asm, self.locals)?;
            rows.push(asm, FrameChange::Cfa { register: DWARF_SP, bytes: self.above_save() });
        }
        Ok(())
    }

    /// Writes to `rd` where the arguments on the stack of a tail call go that take up to `room` bytes: where the function's own
    /// are, if an earlier tail call has made as much room there, else below the record at the top of the frame. Flags, `x16` and
    /// `x17` are lost.
    ///
    /// # Errors
    /// If the assembler refuses.
    pub(crate) fn make_room(
        &self,
        asm: &mut Assembler,
        rd: RegSp,
        room: u32,
    ) -> Result<(), Reason> {
        let what = "a room is no immediate";
        let (more, enough) = (asm.label(), asm.label());
        // The frame pointer and the return address as they were at the entry.
        let of_caller = |asm: &mut Assembler, reg: Reg, offset: i64| -> Result<Reg, Reason> {
            if !self.record {
                return Ok(reg);
            }
            let offset = valid(ScaledOffset::new(offset, AccessSize::B8), what)?;
            asm.push(LdSt::Unsigned { op: MemOp::LdrX, rt: IP1, rn: RegSp::X29, offset });
            Ok(IP1)
        };
        let (own, offset) = self.place(FramePlace::Incoming(0));
        add_to(asm, rd, own, offset)?;
        asm.ldr_symbol(IP0, Symbol::Runtime(Runtime::FreeRoom).number(), 0);
        let link = of_caller(asm, LR, 8)?;
        asm.push(DpReg::AddSubShifted {
            op: AddSub::Sub,
            flags: Flags::Set,
            rd: XZR,
            rn: link,
            rm: IP0,
            shift: ArithShift::none(Size::X),
        });
        asm.b_cond(Cond::Ne, more);
        // From there to the record that the frame pointer led to.
        let frame = of_caller(asm, FP, 0)?;
        let rm = valid(Reg::new(rd.number()), "the stack pointer is no room")?;
        let (op, shift) = (AddSub::Sub, ArithShift::none(Size::X));
        asm.push(DpReg::AddSubShifted { op, flags: Flags::Keep, rd: IP1, rn: frame, rm, shift });
        let imm = valid(ArithImm::new(u64::from(room)), what)?;
        asm.push(DpImm::AddSubFlags { op, size: Size::X, rd: XZR, rn: RegSp::X17, imm });
        asm.b_cond(Cond::Hs, enough);
        asm.bind(more).map_err(|error| Reason::Assembly(error.to_string()))?;
        add_to(asm, rd, rd, -i64::from(room + RECORD_BYTES))?;
        asm.bind(enough).map_err(|error| Reason::Assembly(error.to_string()))
    }

    /// Compares an address with the one of the function's own arguments on the stack. `x17` is lost.
    ///
    /// # Errors
    /// If the assembler refuses.
    pub(crate) fn compare_with_own(
        &self,
        asm: &mut Assembler,
        address: RegSp,
    ) -> Result<(), Reason> {
        let (own, offset) = self.place(FramePlace::Incoming(0));
        add_to(asm, RegSp::X17, own, offset)?;
        asm.push(DpReg::AddSubFlagsExtended {
            op: AddSub::Sub,
            size: Size::X,
            rd: XZR,
            rn: address,
            rm: IP1,
            extend: Extend::Uxtx,
            amount: ExtendShift::ZERO,
        });
        Ok(())
    }

    /// Writes the epilogue of a tail call that has made room: the stack pointer is left at the room, below a frame record with
    /// what the function's caller is to find again, and the callee returns to who frees it. The stack pointer is never
    /// above what is still needed. `x17` is lost.
    ///
    /// # Errors
    /// If the assembler refuses.
    pub(crate) fn epilogue_into_room(
        &self,
        asm: &mut Assembler,
        rows: &mut Rows,
        room: u32,
    ) -> Result<(), Reason> {
        rows.push(asm, FrameChange::Epilogue);
        self.drop_locals(asm, rows)?;
        let above = self.above_save();
        rows.push(asm, FrameChange::Cfa { register: DWARF_SP, bytes: above });
        for saved in self.saved.iter().rev() {
            transfer(asm, saved, Direction::Restore, None)?;
        }
        let record = i64::from(above - RECORD_BYTES);
        for (rt, at) in [(FP, record), (LR, record + i64::from(WORD))] {
            let offset = valid(ScaledOffset::new(at, AccessSize::B8), "a room is out of reach")?;
            asm.push(LdSt::Unsigned { op: MemOp::StrX, rt, rn: SP, offset });
        }
        rows.push(asm, FrameChange::Return);
        rows.push(asm, FrameChange::Cfa { register: DWARF_SP, bytes: above });
        record_above(|change| rows.push(asm, change));
        add_to(asm, RegSp::X29, SP, record)?;
        rows.push(asm, FrameChange::Cfa { register: FP.number(), bytes: RECORD_BYTES });
        asm.ldr_symbol(LR, Symbol::Runtime(Runtime::FreeRoom).number(), 0);
        match record - i64::from(room) {
            0 => Ok(()),
            above => add_to(asm, SP, SP, above),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Save,
    Restore,
}

/// Saves or restores one register or two. With `step` the access moves the stack pointer as well: before a save,
/// after a restore.
fn transfer(
    asm: &mut Assembler,
    saved: &Saved,
    direction: Direction,
    step: Option<i64>,
) -> Result<(), Reason> {
    let save = direction == Direction::Save;
    let offset = step.unwrap_or(i64::from(saved.offset));
    let what = "a frame offset is out of range";
    if let Some(second) = saved.second {
        let offset = valid(PairOffset::new(offset, AccessSize::B8), what)?;
        let mode = match (step, save) {
            (None, _) => PairMode::Offset,
            (Some(_), true) => PairMode::Pre,
            (Some(_), false) => PairMode::Post,
        };
        if saved.first.class() == RegClass::Int {
            let op = if save { PairOp::StpX } else { PairOp::LdpX };
            let (rt, rt2) = (abi::gp(saved.first)?, abi::gp(second)?);
            asm.push(LdSt::Pair { op, mode, rt, rt2, rn: SP, offset });
        } else {
            let op = if save { FpPairOp::StpD } else { FpPairOp::LdpD };
            let (rt, rt2) = (abi::fp(saved.first)?, abi::fp(second)?);
            asm.push(LdSt::FpPair { op, mode, rt, rt2, rn: SP, offset });
        }
        return Ok(());
    }
    let int = saved.first.class() == RegClass::Int;
    let op = if save { MemOp::StrX } else { MemOp::LdrX };
    let fp_op = if save { FpMemOp::StrD } else { FpMemOp::LdrD };
    let Some(_) = step else {
        let offset = valid(ScaledOffset::new(offset, AccessSize::B8), what)?;
        if int {
            asm.push(LdSt::Unsigned { op, rt: abi::gp(saved.first)?, rn: SP, offset });
        } else {
            asm.push(LdSt::FpUnsigned { op: fp_op, rt: abi::fp(saved.first)?, rn: SP, offset });
        }
        return Ok(());
    };
    let mode = if save { IndexMode::Pre } else { IndexMode::Post };
    let Some(offset) = Simm9::new(offset) else {
        // A single register reaches less far than a pair does.
        return Err(Reason::Internal(what));
    };
    if int {
        asm.push(LdSt::Indexed { op, mode, rt: abi::gp(saved.first)?, rn: SP, offset });
    } else {
        asm.push(LdSt::FpIndexed { op: fp_op, mode, rt: abi::fp(saved.first)?, rn: SP, offset });
    }
    Ok(())
}

/// Moves the stack pointer by at most a page.
fn move_sp(asm: &mut Assembler, op: AddSub, bytes: u32) -> Result<(), Reason> {
    let imm =
        valid(ArithImm::new(u64::from(bytes)), "a step of the stack pointer is no immediate")?;
    asm.push(DpImm::AddSub { op, size: Size::X, rd: SP, rn: SP, imm });
    Ok(())
}

/// Gives back locals of any size.
fn free(asm: &mut Assembler, bytes: u32) -> Result<(), Reason> {
    add_to(asm, SP, SP, i64::from(bytes))
}

/// Moves the stack pointer down, with a probe on each page. If what the caller left untouched still is, the first comes sooner.
/// `cfa` hears in which register is a place that so many bytes are still missing from. Gives how many bytes at the bottom
/// are not touched.
fn take(
    asm: &mut Assembler,
    bytes: u32,
    untouched: bool,
    mut cfa: impl FnMut(&Assembler, u8, u32),
) -> Result<u32, Reason> {
    let mut rest = bytes;
    let first = PAGE - PROBE_SLACK;
    if untouched && rest > first {
        move_sp(asm, AddSub::Sub, first)?;
        rest -= first;
        cfa(asm, DWARF_SP, rest);
        probe(asm);
    }
    let pages = rest / PAGE;
    if pages > UNROLLED_PAGES {
        // x16 becomes where the last whole page begins.
        asm.mov_imm(IP0, Size::X, u64::from(pages * PAGE));
        asm.push(DpReg::AddSubExtended {
            op: AddSub::Sub,
            size: Size::X,
            rd: RegSp::X16,
            rn: SP,
            rm: IP0,
            extend: Extend::Uxtx,
            amount: ExtendShift::ZERO,
        });
        rest -= pages * PAGE;
        cfa(asm, IP0.number(), rest);
        let top = asm.label();
        asm.bind(top).map_err(|error| Reason::Assembly(error.to_string()))?;
        move_sp(asm, AddSub::Sub, PAGE)?;
        probe(asm);
        asm.push(DpReg::AddSubFlagsExtended {
            op: AddSub::Sub,
            size: Size::X,
            rd: XZR,
            rn: SP,
            rm: IP0,
            extend: Extend::Uxtx,
            amount: ExtendShift::ZERO,
        });
        asm.b_cond(Cond::Hi, top);
        cfa(asm, DWARF_SP, rest);
    }
    while rest >= PAGE {
        move_sp(asm, AddSub::Sub, PAGE)?;
        rest -= PAGE;
        cfa(asm, DWARF_SP, rest);
        probe(asm);
    }
    if rest > 0 {
        move_sp(asm, AddSub::Sub, rest)?;
        cfa(asm, DWARF_SP, 0);
    }
    Ok(rest)
}

/// Touches the page at the stack pointer.
fn probe(asm: &mut Assembler) {
    asm.push(LdSt::Unsigned { op: MemOp::StrX, rt: XZR, rn: SP, offset: ScaledOffset::ZERO });
}

/// `rd = rn + bytes`, by `x17` where no immediate does.
pub(crate) fn add_to(asm: &mut Assembler, rd: RegSp, rn: RegSp, bytes: i64) -> Result<(), Reason> {
    let op = if bytes < 0 { AddSub::Sub } else { AddSub::Add };
    let amount = bytes.unsigned_abs();
    if let Some(imm) = ArithImm::new(amount) {
        asm.push(DpImm::AddSub { op, size: Size::X, rd, rn, imm });
        return Ok(());
    }
    let (high, low) = (ArithImm::new(amount & !0xfff), ArithImm::new(amount & 0xfff));
    if let (Some(high), Some(low)) = (high, low)
        && !rd.is_sp()
    {
        asm.push(DpImm::AddSub { op, size: Size::X, rd, rn, imm: high });
        asm.push(DpImm::AddSub { op, size: Size::X, rd, rn: rd, imm: low });
        return Ok(());
    }
    asm.mov_imm(IP1, Size::X, amount);
    asm.push(DpReg::AddSubExtended {
        op,
        size: Size::X,
        rd,
        rn,
        rm: IP1,
        extend: Extend::Uxtx,
        amount: ExtendShift::ZERO,
    });
    Ok(())
}

/// `mov rd, rn` of 64 bits.
pub(crate) fn copy(asm: &mut Assembler, rd: Reg, rn: Reg) {
    asm.push(DpReg::LogicalShifted {
        op: arm64_enc::LogicalReg::Orr,
        rd,
        rn: XZR,
        rm: rn,
        shift: arm64_enc::Shift::none(Size::X),
    });
}

/// `neg rd, rm` and its kin.
pub(crate) fn negate(asm: &mut Assembler, rd: Reg, rm: Reg, shift: ArithShift) {
    asm.push(DpReg::AddSubShifted { op: AddSub::Sub, flags: Flags::Keep, rd, rn: XZR, rm, shift });
}
