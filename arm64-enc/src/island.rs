//! Islands: what stands between instructions so that every reference reaches its label.
//!
//! A reference to a label that is not bound yet has a deadline: the last offset at which the label may still be bound.
//! Before the first deadline passes, the assembler places an *island*, a stretch of code that control jumps over: the
//! constants that wait in the pool, and a *veneer* for each reference that runs out, which carries it on with a longer
//! reach. Each pending reference owes the bytes of its veneer, so that the deadlines hold for the island itself too.
//!
//! References are kept in three classes by reach, because a class may be served without those of longer reach. A
//! reference is looked at when its class is served; whoever has been bound meanwhile is patched then. A veneer is
//! shared by all references to one label that an island serves.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::fixup::Fixup;
use crate::{
    AddSub, AdrOffset, ArithShift, Branch, BranchImm, BranchKind, BranchReg, DpImm, DpReg, Flags,
    FpLiteralOp, FpMemOp, Inst, Label, LdSt, LiteralOp, MemOp, MoveImm, MoveWide, Offset26, Reg,
    RegSp, ScaledOffset, Size, X16, X17, XZR, materialize,
};

/// Bytes of code that may be written between two looks at the deadlines: the longest sequence for one reference (six
/// words), the branch over an island, and the rounding of it.
const SLACK: u32 = 64;

/// Classes by reach, shortest first.
pub(crate) const CLASSES: usize = 3;

/// The class whose islands hold the constants: that of the literals.
pub(crate) const NEAR: usize = 1;

const fn class_of(kind: BranchKind) -> Option<usize> {
    match kind {
        BranchKind::Test => Some(0),
        BranchKind::Conditional | BranchKind::Address | BranchKind::Literal => Some(NEAR),
        BranchKind::Direct => Some(2),
        // They reach everywhere.
        BranchKind::LongLow | BranchKind::LongHigh | BranchKind::Table => None,
    }
}

#[derive(Clone, Debug)]
struct Class {
    fixups: Vec<Fixup>,
    /// The first deadline.
    limit: u32,
    /// Bytes of veneers if all of them needed one.
    debt: u32,
}

impl Default for Class {
    fn default() -> Self {
        Class { fixups: Vec::new(), limit: u32::MAX, debt: 0 }
    }
}

impl Class {
    /// Adds a reference that comes after those that are here, so that only the first one has the first deadline.
    #[inline]
    fn add(&mut self, fixup: Fixup) {
        if self.fixups.is_empty() {
            self.limit = deadline(&fixup);
        }
        self.debt = self.debt.saturating_add(fixup.kind.veneer_words() * 4);
        self.fixups.push(fixup);
    }
}

/// The last offset at which the label may be bound.
fn deadline(fixup: &Fixup) -> u32 {
    let (_, reach) = fixup.kind.range();
    u32::try_from(i64::from(fixup.origin) + reach).unwrap_or(u32::MAX)
}

/// All references to labels that are not known to be resolved.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    classes: [Class; CLASSES],
    everywhere: Vec<Fixup>,
}

/// References that an island serves: those to one label by branches share a veneer.
#[derive(Debug, Default)]
pub(crate) struct Shared(BTreeMap<Label, u32>);

impl Shared {
    /// The veneer that branches to `label` share, if this island has it.
    pub(crate) fn get(&self, label: Label) -> Option<u32> {
        self.0.get(&label).copied()
    }

    pub(crate) fn set(&mut self, label: Label, veneer: u32) {
        self.0.insert(label, veneer);
    }
}

impl Pending {
    /// Adds a reference, and says whether there is a new first deadline.
    #[inline]
    pub(crate) fn add(&mut self, fixup: Fixup) -> bool {
        match class_of(fixup.kind) {
            Some(class) => {
                let class = &mut self.classes[class];
                let first = class.fixups.is_empty();
                class.add(fixup);
                first
            }
            None => {
                self.everywhere.push(fixup);
                false
            }
        }
    }

    /// The offset up to which code may be written before the deadlines must be looked at.
    pub(crate) fn checkpoint(&self, pool_bytes: usize) -> u32 {
        (0..CLASSES).map(|class| self.start_by(class, pool_bytes)).min().unwrap_or(u32::MAX)
    }

    /// The class of longest reach that must be served before `offset`; those of shorter reach are served with it.
    pub(crate) fn due(&self, offset: u32, pool_bytes: usize) -> Option<usize> {
        (0..CLASSES).rev().find(|&class| self.start_by(class, pool_bytes) < offset)
    }

    /// The offset at which an island for this class must begin at the latest.
    fn start_by(&self, class: usize, pool_bytes: usize) -> u32 {
        match self.classes[class].limit {
            u32::MAX => u32::MAX,
            limit => limit.saturating_sub(self.owed(class, pool_bytes)),
        }
    }

    /// Bytes that an island which serves this class takes at most.
    pub(crate) fn owed(&self, class: usize, pool_bytes: usize) -> u32 {
        let veneers = self.classes.iter().take(class + 1);
        let owed = veneers.fold(SLACK, |owed, class| owed.saturating_add(class.debt));
        let pool = if class >= NEAR { u32::try_from(pool_bytes).unwrap_or(u32::MAX) } else { 0 };
        owed.saturating_add(pool)
    }

    /// Keeps a reference that no veneer could serve, without a deadline.
    pub(crate) fn keep(&mut self, fixup: Fixup) {
        self.everywhere.push(fixup);
    }

    /// Gives each reference to `resolve`, which says whether it is done with; the others stay.
    pub(crate) fn resolve(&mut self, mut resolve: impl FnMut(&Fixup) -> bool) {
        for class in &mut self.classes {
            let mut fixups = core::mem::take(&mut class.fixups);
            fixups.retain(|fixup| !resolve(fixup));
            class.debt = fixups.iter().map(|fixup| fixup.kind.veneer_words() * 4).sum();
            class.limit = fixups.first().map_or(u32::MAX, deadline);
            class.fixups = fixups;
        }
        self.everywhere.retain(|fixup| !resolve(fixup));
    }

    /// Takes the references of a class that an island at `offset` should serve: all that have used up more than half of
    /// their reach; the others have good hope that their label comes in time.
    pub(crate) fn take_due(&mut self, class: usize, offset: u32) -> Vec<Fixup> {
        let half = |fixup: &Fixup| (fixup.kind.range().1 / 2) as u32;
        let all = core::mem::take(&mut self.classes[class]).fixups;
        let (due, later): (Vec<Fixup>, Vec<Fixup>) =
            all.into_iter().partition(|f| deadline(f).saturating_sub(offset) <= half(f));
        later.into_iter().for_each(|fixup| self.classes[class].add(fixup));
        due
    }
}

impl crate::Assembler {
    /// Patches what has been bound, and places an island if a deadline would pass within the next `instructions` words.
    pub(crate) fn serve(&mut self, instructions: usize) {
        let mut pending = core::mem::take(&mut self.pending);
        // A reference whose label is bound is in reach: its deadline has not passed.
        pending.resolve(|fixup| self.patch(fixup).is_ok());
        self.pending = pending;
        let room = u32::try_from(instructions.saturating_mul(4)).unwrap_or(u32::MAX);
        let pool_bytes = self.pool.bytes();
        let Some(class) = self.pending.due(self.here().saturating_add(room), pool_bytes) else {
            return;
        };
        let over = self.words.len();
        self.words.push(0);
        // Every veneer and constant of the island lies before this offset.
        let end =
            self.here().saturating_add(room).saturating_add(self.pending.owed(class, pool_bytes));
        let mut shared = Shared::default();
        for class in 0..=class {
            if class == NEAR {
                self.flush_pool();
            }
            for fixup in self.pending.take_due(class, end) {
                self.veneer(fixup, &mut shared);
            }
        }
        let distance = (self.words.len() - over) as i64 * 4;
        if let (Some(word), Some(offset)) = (self.words.get_mut(over), Offset26::new(distance)) {
            *word = Branch::Imm { op: BranchImm::B, offset }.encode();
        }
    }

    /// Places the veneer of a reference here, or lets it share one.
    fn veneer(&mut self, fixup: Fixup, shared: &mut Shared) {
        // The pool of this island may have bound it.
        if self.patch(&fixup).is_ok() {
            return;
        }
        let branch = matches!(fixup.kind, BranchKind::Test | BranchKind::Conditional);
        let here = match shared.get(fixup.label) {
            Some(veneer) if branch => veneer,
            _ => self.here(),
        };
        let distance = i64::from(here) - i64::from(fixup.origin);
        let Some(word) = self.words.get_mut(fixup.offset as usize / 4) else { return };
        let original = *word;
        let patched = match fixup.kind {
            BranchKind::Address | BranchKind::Literal => Offset26::new(distance)
                .map(|offset| Branch::Imm { op: BranchImm::B, offset }.encode()),
            kind => kind.patch(original, distance),
        };
        // Out of reach only if a single island is larger than a reach; `finish` then says so.
        let Some(patched) = patched else {
            self.pending.keep(fixup);
            return;
        };
        *word = patched;
        if here != self.here() {
            return;
        }
        let back = i64::from(fixup.offset) + 4;
        match fixup.kind {
            BranchKind::Test | BranchKind::Conditional => {
                shared.set(fixup.label, here);
                self.words.push(Branch::Imm { op: BranchImm::B, offset: Offset26::ZERO }.encode());
                let kind = BranchKind::Direct;
                self.pending.add(Fixup { offset: here, origin: here, label: fixup.label, kind });
            }
            BranchKind::Direct => {
                self.long_distance(X16, X17, fixup.label);
                self.words.push(Branch::Reg { op: BranchReg::Br, rn: X16 }.encode());
            }
            BranchKind::Address => {
                let rd = Reg::new((original & 0x1f) as u8).unwrap_or(XZR);
                self.long_distance(rd, if rd == X16 { X17 } else { X16 }, fixup.label);
                self.branch_back(back);
            }
            BranchKind::Literal => {
                self.long_distance(X16, X17, fixup.label);
                self.words.push(literal_from_register(original));
                self.branch_back(back);
            }
            BranchKind::LongLow | BranchKind::LongHigh | BranchKind::Table => {}
        }
    }

    fn branch_back(&mut self, to: i64) {
        let distance = to - i64::from(self.here());
        if let Some(offset) = Offset26::new(distance) {
            self.words.push(Branch::Imm { op: BranchImm::B, offset }.encode());
        }
    }

    /// Puts the address of a label that comes later into `rd`: its own address, plus the distance in `scratch`.
    ///
    /// `adrp` would save two instructions, but it counts in pages, and code need not be placed at the beginning of one.
    fn long_distance(&mut self, rd: Reg, scratch: Reg, label: Label) {
        let origin = self.here();
        self.words.push(DpImm::Adr { rd, offset: AdrOffset::ZERO }.encode());
        for (op, kind, shift) in
            [(MoveWide::Movz, BranchKind::LongLow, 0), (MoveWide::Movk, BranchKind::LongHigh, 16)]
        {
            if let Some(imm) = MoveImm::new(Size::X, 0, shift) {
                self.pending.add(Fixup { offset: self.here(), origin, label, kind });
                self.words.push(DpImm::MoveWide { op, rd: scratch, imm }.encode());
            }
        }
        self.words.push(add(rd, scratch));
    }

    /// A reference to a label that is bound, but farther back than the instruction `short` reaches.
    #[cold]
    #[inline(never)]
    pub(crate) fn refer_far_back(&mut self, kind: BranchKind, target: Label, short: u32) {
        const LONGEST: usize = 8;
        self.room(LONGEST);
        match kind {
            BranchKind::Conditional | BranchKind::Test => {
                // The opposite condition jumps over the `b`, or over what stands for it.
                let over = self.words.len();
                self.words.push(0);
                self.b(target);
                let distance = (self.words.len() - over) as i64 * 4;
                let inverted = kind.patch(invert(kind, short), distance);
                if let (Some(word), Some(inverted)) = (self.words.get_mut(over), inverted) {
                    *word = inverted;
                }
            }
            BranchKind::Direct => {
                let links = short >> 31 == 1;
                self.distance_back(X16, X17, target);
                let op = if links { BranchReg::Blr } else { BranchReg::Br };
                self.push(Branch::Reg { op, rn: X16 });
            }
            BranchKind::Address => {
                let rd = Reg::new((short & 0x1f) as u8).unwrap_or(XZR);
                self.distance_back(rd, if rd == X16 { X17 } else { X16 }, target);
            }
            BranchKind::Literal => {
                self.distance_back(X16, X17, target);
                self.word(literal_from_register(short));
            }
            BranchKind::LongLow | BranchKind::LongHigh | BranchKind::Table => {}
        }
    }

    /// Puts the address of a bound label into `rd`.
    fn distance_back(&mut self, rd: Reg, scratch: Reg, target: Label) {
        let bound = self.label_offset(target).unwrap_or(0) as u64;
        let distance = bound.wrapping_sub(u64::from(self.here()));
        self.words.push(DpImm::Adr { rd, offset: AdrOffset::ZERO }.encode());
        for inst in materialize(scratch, Size::X, distance).iter() {
            self.words.push(inst.encode());
        }
        self.words.push(add(rd, scratch));
    }
}

/// `add rd, rd, rm`.
fn add(rd: Reg, rm: Reg) -> u32 {
    let shift = ArithShift::none(Size::X);
    DpReg::AddSubShifted { op: AddSub::Add, flags: Flags::Keep, rd, rn: rd, rm, shift }.encode()
}

/// A conditional branch with the opposite condition.
fn invert(kind: BranchKind, word: u32) -> u32 {
    /// `b.cond`: bit 0 of the condition. `cbz` and `cbnz`, `tbz` and `tbnz` differ in bit 24.
    const COND_BIT: u32 = 1;
    const NONZERO_BIT: u32 = 1 << 24;
    let is_b_cond = kind == BranchKind::Conditional
        && matches!(Branch::decode(word), Some(Branch::Cond { .. }));
    word ^ if is_b_cond { COND_BIT } else { NONZERO_BIT }
}

/// The load of a literal, from the address in x16 instead.
fn literal_from_register(word: u32) -> u32 {
    let rn = RegSp::X16;
    let offset = ScaledOffset::ZERO;
    let inst: Inst = match LdSt::decode(word) {
        Some(LdSt::Literal { op, rt, .. }) => {
            let op = match op {
                LiteralOp::LdrW => MemOp::LdrW,
                LiteralOp::LdrX => MemOp::LdrX,
                LiteralOp::Ldrsw => MemOp::Ldrsw,
            };
            LdSt::Unsigned { op, rt, rn, offset }.into()
        }
        Some(LdSt::FpLiteral { op, rt, .. }) => {
            let op = match op {
                FpLiteralOp::LdrS => FpMemOp::LdrS,
                FpLiteralOp::LdrD => FpMemOp::LdrD,
                FpLiteralOp::LdrQ => FpMemOp::LdrQ,
            };
            LdSt::FpUnsigned { op, rt, rn, offset }.into()
        }
        // Only loads of literals come here.
        _ => return word,
    };
    inst.encode()
}
