//! Predecoded instructions: what the execution loop sees. Operands are indices into [`crate::cpu::Cpu`]'s files with
//! the zero register, SP and discarded results already told apart; immediates are expanded; direct branches hold the
//! index of their target. The frequent forms have an operation each, the others share [`Op::Cold`].

use crate::cpu::Cpu;
use crate::memory::Memory;
use crate::stop::Stop;

/// What an instruction that is not in the loop itself works on.
pub(crate) struct Core {
    pub(crate) cpu: Cpu,
    pub(crate) mem: Memory,
}

/// Executes an instruction word of one encoding class, which the decoder has checked.
pub(crate) type Handler = fn(&mut Core, u32) -> Result<(), Stop>;

/// How a second operand is shifted or extended before use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Shift {
    Lsl,
    Lsr,
    Asr,
    Ror,
    Uxtb,
    Uxth,
    Uxtw,
    Sxtb,
    Sxth,
    Sxtw,
}

impl Shift {
    /// The shifts of shifted-register forms, by their field.
    pub(crate) const SHIFTS: [Shift; 4] = [Shift::Lsl, Shift::Lsr, Shift::Asr, Shift::Ror];
    /// The extensions of extended-register forms, by their field; the 64-bit ones change nothing.
    pub(crate) const EXTENDS: [Shift; 8] = [
        Shift::Uxtb,
        Shift::Uxth,
        Shift::Uxtw,
        Shift::Lsl,
        Shift::Sxtb,
        Shift::Sxth,
        Shift::Sxtw,
        Shift::Lsl,
    ];

    /// The operand `v` shifted as a 64-bit value.
    #[inline]
    pub(crate) fn apply64(self, v: u64, amount: u8) -> u64 {
        let by = u32::from(amount);
        match self {
            Shift::Lsl => v << by,
            Shift::Lsr => v >> by,
            Shift::Asr => (v as i64 >> by) as u64,
            Shift::Ror => v.rotate_right(by),
            Shift::Uxtb => (v & 0xff) << by,
            Shift::Uxth => (v & 0xffff) << by,
            Shift::Uxtw => (v & 0xffff_ffff) << by,
            Shift::Sxtb => (i64::from(v as i8) << by) as u64,
            Shift::Sxth => (i64::from(v as i16) << by) as u64,
            Shift::Sxtw => (i64::from(v as i32) << by) as u64,
        }
    }

    /// The operand `v` shifted as a 32-bit value.
    #[inline]
    pub(crate) fn apply32(self, v: u32, amount: u8) -> u32 {
        let by = u32::from(amount);
        match self {
            Shift::Lsr => v >> by,
            Shift::Asr => (v as i32 >> by) as u32,
            Shift::Ror => v.rotate_right(by),
            other => other.apply64(u64::from(v), amount) as u32,
        }
    }
}

/// A bitwise operation of the logical (shifted register) class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Logic {
    And,
    Orr,
    Eor,
}

/// A one-operand integer instruction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Unary {
    Rbit,
    Rev16,
    Rev32,
    Rev64,
    Clz,
    Cls,
}

/// What a load or store moves: the width in memory and how a load fills the register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Kind {
    StoreB,
    StoreH,
    StoreW,
    StoreX,
    LoadB,
    LoadH,
    LoadW,
    LoadX,
    LoadSbX,
    LoadShX,
    LoadSwX,
    LoadSbW,
    LoadShW,
    StoreVb,
    StoreVh,
    StoreVs,
    StoreVd,
    StoreVq,
    LoadVb,
    LoadVh,
    LoadVs,
    LoadVd,
    LoadVq,
    Prefetch,
}

impl Kind {
    /// Bytes in memory.
    pub(crate) const fn size(self) -> u64 {
        match self {
            Kind::StoreB
            | Kind::LoadB
            | Kind::LoadSbX
            | Kind::LoadSbW
            | Kind::StoreVb
            | Kind::LoadVb => 1,
            Kind::StoreH
            | Kind::LoadH
            | Kind::LoadShX
            | Kind::LoadShW
            | Kind::StoreVh
            | Kind::LoadVh => 2,
            Kind::StoreW | Kind::LoadW | Kind::LoadSwX | Kind::StoreVs | Kind::LoadVs => 4,
            Kind::StoreX | Kind::LoadX | Kind::StoreVd | Kind::LoadVd => 8,
            Kind::StoreVq | Kind::LoadVq => 16,
            Kind::Prefetch => 0,
        }
    }
}

/// When a load or store writes its base register back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Index {
    /// Never.
    Offset,
    /// Before the access.
    Pre,
    /// After the access.
    Post,
}

/// One predecoded instruction. `X` and `W` are the 64-bit and 32-bit forms, `I` marks an immediate, `R` a register
/// offset; `D` and `S` are double and single precision.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "named after the instructions")]
pub(crate) enum Op {
    // Not instructions.
    // Nothing was published here.
    Unpublished,
    // Goes on elsewhere: at the end of a page, and for branches that leave their page.
    Far { address: u64 },
    // Refused by a check or by the decoder.
    Undefined,
    NotExecuted,
    PlatformRegister,

    // Branches.
    B { target: u32 },
    Bl { target: u32, next: u64 },
    Br { n: u8 },
    Blr { n: u8, next: u64 },
    Ret { n: u8 },
    Bcond { mask: u16, target: u32 },
    CbzX { t: u8, target: u32 },
    CbnzX { t: u8, target: u32 },
    CbzW { t: u8, target: u32 },
    CbnzW { t: u8, target: u32 },
    Tbz { t: u8, bit: u8, target: u32 },
    Tbnz { t: u8, bit: u8, target: u32 },
    Brk { imm: u16 },
    Svc { imm: u16 },
    Hlt { imm: u16 },
    Nop,

    // Integer, immediate.
    Imm { d: u8, v: u64 },
    MovkX { d: u8, shift: u8, imm: u16 },
    MovkW { d: u8, shift: u8, imm: u16 },
    AddIX { d: u8, n: u8, v: u64 },
    AddIW { d: u8, n: u8, v: u32 },
    // The result is SP.
    AddISp { n: u8, v: u64 },
    AddsIX { d: u8, n: u8, v: u64 },
    AddsIW { d: u8, n: u8, v: u32 },
    SubsIX { d: u8, n: u8, v: u64 },
    SubsIW { d: u8, n: u8, v: u32 },
    AndIX { d: u8, n: u8, v: u64 },
    OrrIX { d: u8, n: u8, v: u64 },
    EorIX { d: u8, n: u8, v: u64 },
    OrrIW { d: u8, n: u8, v: u32 },
    EorIW { d: u8, n: u8, v: u32 },
    AndsIX { d: u8, n: u8, v: u64 },
    AndsIW { d: u8, n: u8, v: u32 },
    UbfX { d: u8, n: u8, rotate: u8, mask: u64 },
    UbfW { d: u8, n: u8, rotate: u8, mask: u32 },
    LslIX { d: u8, n: u8, by: u8 },
    LsrIX { d: u8, n: u8, by: u8 },
    LslIW { d: u8, n: u8, by: u8 },
    LsrIW { d: u8, n: u8, by: u8 },
    SbfX { d: u8, n: u8, left: u8, right: u8 },
    SbfW { d: u8, n: u8, left: u8, right: u8 },
    BfX { d: u8, n: u8, rotate: u8, mask: u64 },
    BfW { d: u8, n: u8, rotate: u8, mask: u32 },
    ExtrX { d: u8, n: u8, m: u8, by: u8 },
    ExtrW { d: u8, n: u8, m: u8, by: u8 },

    // Integer, register.
    MovX { d: u8, m: u8 },
    MovW { d: u8, m: u8 },
    AddX { d: u8, n: u8, m: u8 },
    AddW { d: u8, n: u8, m: u8 },
    SubX { d: u8, n: u8, m: u8 },
    SubW { d: u8, n: u8, m: u8 },
    SubsX { d: u8, n: u8, m: u8 },
    SubsW { d: u8, n: u8, m: u8 },
    AddsX { d: u8, n: u8, m: u8 },
    AddsW { d: u8, n: u8, m: u8 },
    AddLslX { d: u8, n: u8, m: u8, by: u8 },
    SubLslX { d: u8, n: u8, m: u8, by: u8 },
    // Shifted or extended; `sub` inverts and carries in.
    ArithX { d: u8, n: u8, m: u8, shift: Shift, by: u8, sub: bool, flags: bool },
    ArithW { d: u8, n: u8, m: u8, shift: Shift, by: u8, sub: bool, flags: bool },
    // The result is SP.
    ArithSp { n: u8, m: u8, shift: Shift, by: u8, sub: bool },
    AndX { d: u8, n: u8, m: u8 },
    AndW { d: u8, n: u8, m: u8 },
    OrrX { d: u8, n: u8, m: u8 },
    OrrW { d: u8, n: u8, m: u8 },
    EorX { d: u8, n: u8, m: u8 },
    EorW { d: u8, n: u8, m: u8 },
    LogicX { op: Logic, d: u8, n: u8, m: u8, shift: Shift, by: u8, invert: bool, flags: bool },
    LogicW { op: Logic, d: u8, n: u8, m: u8, shift: Shift, by: u8, invert: bool, flags: bool },
    ShiftX { d: u8, n: u8, m: u8, shift: Shift },
    ShiftW { d: u8, n: u8, m: u8, shift: Shift },
    Adc { d: u8, n: u8, m: u8, sub: bool, flags: bool, wide: bool },
    MaddX { d: u8, n: u8, m: u8, a: u8 },
    MaddW { d: u8, n: u8, m: u8, a: u8 },
    MsubX { d: u8, n: u8, m: u8, a: u8 },
    MsubW { d: u8, n: u8, m: u8, a: u8 },
    Smaddl { d: u8, n: u8, m: u8, a: u8, sub: bool },
    Umaddl { d: u8, n: u8, m: u8, a: u8, sub: bool },
    Smulh { d: u8, n: u8, m: u8 },
    Umulh { d: u8, n: u8, m: u8 },
    UdivX { d: u8, n: u8, m: u8 },
    UdivW { d: u8, n: u8, m: u8 },
    SdivX { d: u8, n: u8, m: u8 },
    SdivW { d: u8, n: u8, m: u8 },
    UnaryX { op: Unary, d: u8, n: u8 },
    UnaryW { op: Unary, d: u8, n: u8 },
    CselX { d: u8, n: u8, m: u8, mask: u16 },
    CselW { d: u8, n: u8, m: u8, mask: u16 },
    CsincX { d: u8, n: u8, m: u8, mask: u16 },
    CsincW { d: u8, n: u8, m: u8, mask: u16 },
    CsinvX { d: u8, n: u8, m: u8, mask: u16 },
    CsinvW { d: u8, n: u8, m: u8, mask: u16 },
    CsnegX { d: u8, n: u8, m: u8, mask: u16 },
    CsnegW { d: u8, n: u8, m: u8, mask: u16 },
    // The second operand is `m + imm`, of which one is zero.
    Ccmp { n: u8, m: u8, imm: u8, nzcv: u8, mask: u16, sub: bool, wide: bool },

    // Loads and stores.
    LdrX { t: u8, n: u8, offset: i32 },
    LdrW { t: u8, n: u8, offset: i32 },
    LdrH { t: u8, n: u8, offset: i32 },
    LdrB { t: u8, n: u8, offset: i32 },
    LdrSwX { t: u8, n: u8, offset: i32 },
    StrX { t: u8, n: u8, offset: i32 },
    StrW { t: u8, n: u8, offset: i32 },
    StrH { t: u8, n: u8, offset: i32 },
    StrB { t: u8, n: u8, offset: i32 },
    LdrD { t: u8, n: u8, offset: i32 },
    StrD { t: u8, n: u8, offset: i32 },
    LdrXR { t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    LdrWR { t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    LdrBR { t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    StrXR { t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    StrWR { t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    StrBR { t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    LdrDR { t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    StrDR { t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    // Any other single register, immediate offset.
    Access { kind: Kind, t: u8, n: u8, index: Index, offset: i32 },
    // Any other single register, register offset.
    AccessR { kind: Kind, t: u8, n: u8, m: u8, shift: Shift, by: u8 },
    Literal { kind: Kind, t: u8, address: u64 },
    LdpX { t: u8, u: u8, n: u8, index: Index, offset: i32 },
    StpX { t: u8, u: u8, n: u8, index: Index, offset: i32 },
    Pair { kind: Kind, t: u8, u: u8, n: u8, index: Index, offset: i32 },

    // Scalar floating point.
    FaddD { d: u8, n: u8, m: u8 },
    FsubD { d: u8, n: u8, m: u8 },
    FmulD { d: u8, n: u8, m: u8 },
    FdivD { d: u8, n: u8, m: u8 },
    FaddS { d: u8, n: u8, m: u8 },
    FsubS { d: u8, n: u8, m: u8 },
    FmulS { d: u8, n: u8, m: u8 },
    FdivS { d: u8, n: u8, m: u8 },
    // `negate_product`, `negate_addend`: FMSUB, FNMADD, FNMSUB.
    FmaD { d: u8, n: u8, m: u8, a: u8, negate_product: bool, negate_addend: bool },
    FmaS { d: u8, n: u8, m: u8, a: u8, negate_product: bool, negate_addend: bool },
    FcmpD { n: u8, m: u8 },
    FcmpS { n: u8, m: u8 },
    FmovD { d: u8, n: u8 },
    FmovS { d: u8, n: u8 },
    FabsD { d: u8, n: u8 },
    FnegD { d: u8, n: u8 },
    FsqrtD { d: u8, n: u8 },
    FImm { d: u8, v: u64 },
    FmovDx { d: u8, n: u8 },
    FmovSw { d: u8, n: u8 },
    FmovXd { d: u8, n: u8 },
    FmovWs { d: u8, n: u8 },
    FcselD { d: u8, n: u8, m: u8, mask: u16 },
    FcselS { d: u8, n: u8, m: u8, mask: u16 },
    ScvtfDx { d: u8, n: u8 },
    ScvtfDw { d: u8, n: u8 },
    FcvtzsXd { d: u8, n: u8 },
    FcvtzsWd { d: u8, n: u8 },

    // A comparison and the B.cond after it, which also stands by itself for those who branch there.
    SubsXThen { d: u8, n: u8, m: u8, mask: u16, target: u32 },
    SubsWThen { d: u8, n: u8, m: u8, mask: u16, target: u32 },
    SubsIXThen { d: u8, n: u8, mask: u16, v: u32, target: u32 },
    SubsIWThen { d: u8, n: u8, mask: u16, v: u32, target: u32 },
    FcmpDThen { n: u8, m: u8, mask: u16, target: u32 },

    // Any other instruction.
    Cold { run: Handler, word: u32 },
    // Any other instruction that may write SP.
    ColdSp { run: Handler, word: u32 },
}

const _: () = assert!(size_of::<Op>() == 16);

impl Op {
    /// Does control never go on to the next instruction of itself?
    pub(crate) const fn is_jump(&self) -> bool {
        matches!(
            self,
            Op::Unpublished
                | Op::Far { .. }
                | Op::B { .. }
                | Op::Bl { .. }
                | Op::Br { .. }
                | Op::Blr { .. }
                | Op::Ret { .. }
                | Op::Brk { .. }
                | Op::Svc { .. }
                | Op::Hlt { .. }
                | Op::Undefined
                | Op::NotExecuted
                | Op::PlatformRegister
        )
    }
    /// May control go on elsewhere than at the next instruction?
    pub(crate) const fn may_leave(&self) -> bool {
        self.is_jump()
            || matches!(
                self,
                Op::Bcond { .. }
                    | Op::CbzX { .. }
                    | Op::CbnzX { .. }
                    | Op::CbzW { .. }
                    | Op::CbnzW { .. }
                    | Op::Tbz { .. }
                    | Op::Tbnz { .. }
            )
    }
    /// This with `next`, the instruction after it, if the loop has the two as one.
    pub(crate) fn with_branch(self, next: Op) -> Op {
        let Op::Bcond { mask, target } = next else { return self };
        match self {
            Op::SubsX { d, n, m } => Op::SubsXThen { d, n, m, mask, target },
            Op::SubsW { d, n, m } => Op::SubsWThen { d, n, m, mask, target },
            Op::SubsIX { d, n, v } => match u32::try_from(v) {
                Ok(v) => Op::SubsIXThen { d, n, mask, v, target },
                Err(_) => self,
            },
            Op::SubsIW { d, n, v } => Op::SubsIWThen { d, n, mask, v, target },
            Op::FcmpD { n, m } => Op::FcmpDThen { n, m, mask, target },
            _ => self,
        }
    }

    /// The first of the instructions that [`Op::with_branch`] made one.
    pub(crate) fn alone(self) -> Op {
        match self {
            Op::SubsXThen { d, n, m, .. } => Op::SubsX { d, n, m },
            Op::SubsWThen { d, n, m, .. } => Op::SubsW { d, n, m },
            Op::SubsIXThen { d, n, v, .. } => Op::SubsIX { d, n, v: u64::from(v) },
            Op::SubsIWThen { d, n, v, .. } => Op::SubsIW { d, n, v },
            Op::FcmpDThen { n, m, .. } => Op::FcmpD { n, m },
            other => other,
        }
    }
}
