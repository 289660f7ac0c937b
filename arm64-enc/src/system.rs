//! System instructions: hints, barriers, system registers, exceptions.
//!
//! ```text
//!  31                22 21 20 19 18  16 15  12 11   8 7   5 4    0
//! +--------------------+--+-----+------+------+------+-----+------+
//! | 1 1 0 1 0 1 0 1 0 0|L | op0 | op1  | CRn  | CRm  | op2 |  Rt  |
//! +--------------------+--+-----+------+------+------+-----+------+
//!  31           24 23  21 20                           5 4   2 1  0
//! +---------------+------+------------------------------+-----+----+
//! |1 1 0 1 0 1 0 0| opc  |            imm16             |0 0 0| LL |
//! +---------------+------+------------------------------+-----+----+
//! ```

use crate::field::{Field, encodings, ops};
use crate::text::Kind;
use crate::text::when;
use crate::{HintNumber, Imm4, Imm16, Reg, SysOperand};

ops! {
    /// An instruction that raises an exception.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Exception::Svc.name(), "svc");
    /// ```
    pub enum Exception: 5 {
        /// Call of the operating system.
        Svc = 0b000_01 "svc",
        /// Call of the hypervisor.
        Hvc = 0b000_10 "hvc",
        /// Call of the secure monitor.
        Smc = 0b000_11 "smc",
        /// Breakpoint.
        Brk = 0b001_00 "brk",
        /// Halts into debug state.
        Hlt = 0b010_00 "hlt",
        /// Debug state: to exception level 1.
        Dcps1 = 0b101_01 "dcps1",
        /// Debug state: to exception level 2.
        Dcps2 = 0b101_10 "dcps2",
        /// Debug state: to exception level 3.
        Dcps3 = 0b101_11 "dcps3",
    }
}

ops! {
    /// A barrier, or the end of an exclusive sequence.
    ///
    /// ```
    /// assert_eq!(arm64_enc::Barrier::Clrex.name(), "clrex");
    /// ```
    pub enum Barrier: 3 {
        /// Clears the exclusive monitor.
        Clrex = 0b010 "clrex",
        /// Waits for memory accesses to complete.
        Dsb = 0b100 "dsb",
        /// Orders memory accesses.
        Dmb = 0b101 "dmb",
        /// Refetches the instructions that follow.
        Isb = 0b110 "isb",
    }
}

/// The 4-bit option of a barrier: which accesses, and as seen by whom.
///
/// ```
/// use arm64_enc::BarrierOption;
/// assert_eq!(BarrierOption::ISH.value(), 0b1011);
/// assert_eq!(BarrierOption::new(16), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct BarrierOption(u8);

impl BarrierOption {
    /// Full system, all accesses.
    pub const SY: BarrierOption = BarrierOption(0b1111);
    /// Inner shareable, all accesses.
    pub const ISH: BarrierOption = BarrierOption(0b1011);
    /// Inner shareable, loads before.
    pub const ISHLD: BarrierOption = BarrierOption(0b1001);
    /// Inner shareable, stores.
    pub const ISHST: BarrierOption = BarrierOption(0b1010);

    /// The option with this number, 0 to 15.
    #[must_use]
    pub const fn new(value: u8) -> Option<BarrierOption> {
        if value < 16 { Some(BarrierOption(value)) } else { None }
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0
    }

    /// The name that `dsb` and `dmb` know, if there is one.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0b0001 => "oshld",
            0b0010 => "oshst",
            0b0011 => "osh",
            0b0101 => "nshld",
            0b0110 => "nshst",
            0b0111 => "nsh",
            0b1001 => "ishld",
            0b1010 => "ishst",
            0b1011 => "ish",
            0b1101 => "ld",
            0b1110 => "st",
            0b1111 => "sy",
            _ => return None,
        })
    }
}

impl Field for BarrierOption {
    const WIDTH: u32 = 4;
    const KIND: Kind = Kind::Barrier;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        BarrierOption::new(bits as u8)
    }
}

ops! {
    /// An operation on the flags.
    ///
    /// ```
    /// assert_eq!(arm64_enc::FlagOp::Cfinv.name(), "cfinv");
    /// ```
    pub enum FlagOp: 3 {
        /// Inverts the carry.
        Cfinv = 0b000 "cfinv",
        /// Converts the flags of a floating-point compare from another format.
        Xaflag = 0b001 "xaflag",
        /// Converts the flags of a floating-point compare to another format.
        Axflag = 0b010 "axflag",
    }
}

ops! {
    /// A field of the process state that `msr` sets to an immediate: `op1` and `op2`.
    ///
    /// ```
    /// assert_eq!(arm64_enc::PStateField::Uao.name(), "UAO");
    /// ```
    pub enum PStateField: 6 {
        /// User access override.
        Uao = 0b000_011 "UAO",
        /// Privileged access never.
        Pan = 0b000_100 "PAN",
        /// Stack pointer select.
        SpSel = 0b000_101 "SPSel",
        /// Speculative store bypass safe.
        Ssbs = 0b011_001 "SSBS",
        /// Data-independent timing.
        Dit = 0b011_010 "DIT",
        /// Tag check override.
        Tco = 0b011_100 "TCO",
        /// Sets interrupt masks.
        DaifSet = 0b011_110 "DAIFSet",
        /// Clears interrupt masks.
        DaifClr = 0b011_111 "DAIFClr",
    }
}

ops! {
    /// Which streaming state `smstart` and `smstop` switch.
    ///
    /// ```
    /// assert_eq!(arm64_enc::StreamingState::Sm.name(), "sm");
    /// ```
    pub enum StreamingState: 3 {
        /// Streaming mode.
        Sm = 0b001 "sm",
        /// The matrix storage.
        Za = 0b010 "za",
        /// Both.
        SmZa = 0b011 "",
    }
}

ops! {
    /// Whether a streaming state is switched on or off.
    ///
    /// ```
    /// assert_eq!(arm64_enc::StreamingSwitch::Smstop.name(), "smstop");
    /// ```
    pub enum StreamingSwitch: 1 {
        /// Off.
        Smstop = 0 "smstop",
        /// On.
        Smstart = 1 "smstart",
    }
}

/// Whether a system register can only be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ReadOnly {
    No,
    Yes,
}

/// A system register: `op0`, `op1`, `CRn`, `CRm`, `op2`.
///
/// ```
/// use arm64_enc::SysReg;
/// assert_eq!(SysReg::new(3, 3, 0, 0, 1), Some(SysReg::CTR_EL0));
/// assert_eq!(SysReg::CTR_EL0.to_string(), "CTR_EL0");
/// assert_eq!(SysReg::new(3, 3, 15, 9, 1).unwrap().to_string(), "S3_3_C15_C9_1");
/// assert_eq!(SysReg::new(1, 0, 0, 0, 0), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SysReg(u16);

impl SysReg {
    /// Cache type: line sizes of the caches.
    pub const CTR_EL0: SysReg = SysReg(0b1_011_0000_0000_001);
    /// Data cache zero: block size of `dc zva`.
    pub const DCZID_EL0: SysReg = SysReg(0b1_011_0000_0000_111);
    /// Flags.
    pub const NZCV: SysReg = SysReg(0b1_011_0100_0010_000);
    /// Interrupt masks.
    pub const DAIF: SysReg = SysReg(0b1_011_0100_0010_001);
    /// Floating-point control.
    pub const FPCR: SysReg = SysReg(0b1_011_0100_0100_000);
    /// Floating-point status.
    pub const FPSR: SysReg = SysReg(0b1_011_0100_0100_001);
    /// Thread pointer.
    pub const TPIDR_EL0: SysReg = SysReg(0b1_011_1101_0000_010);
    /// Read-only thread pointer.
    pub const TPIDRRO_EL0: SysReg = SysReg(0b1_011_1101_0000_011);
    /// Frequency of the generic timer.
    pub const CNTFRQ_EL0: SysReg = SysReg(0b1_011_1110_0000_000);
    /// Physical count of the generic timer.
    pub const CNTPCT_EL0: SysReg = SysReg(0b1_011_1110_0000_001);
    /// Virtual count of the generic timer.
    pub const CNTVCT_EL0: SysReg = SysReg(0b1_011_1110_0000_010);
    /// Main identification.
    pub const MIDR_EL1: SysReg = SysReg(0b1_000_0000_0000_000);

    /// Registers written by name; all others as `S<op0>_<op1>_C<n>_C<m>_<op2>`.
    const NAMES: &'static [(SysReg, &'static str, ReadOnly)] = &[
        (SysReg::CTR_EL0, "CTR_EL0", ReadOnly::Yes),
        (SysReg::DCZID_EL0, "DCZID_EL0", ReadOnly::Yes),
        (SysReg::NZCV, "NZCV", ReadOnly::No),
        (SysReg::DAIF, "DAIF", ReadOnly::No),
        (SysReg::FPCR, "FPCR", ReadOnly::No),
        (SysReg::FPSR, "FPSR", ReadOnly::No),
        (SysReg::TPIDR_EL0, "TPIDR_EL0", ReadOnly::No),
        (SysReg::TPIDRRO_EL0, "TPIDRRO_EL0", ReadOnly::No),
        (SysReg::CNTFRQ_EL0, "CNTFRQ_EL0", ReadOnly::No),
        (SysReg::CNTPCT_EL0, "CNTPCT_EL0", ReadOnly::Yes),
        (SysReg::CNTVCT_EL0, "CNTVCT_EL0", ReadOnly::Yes),
        (SysReg::MIDR_EL1, "MIDR_EL1", ReadOnly::Yes),
    ];

    /// The register with these numbers: `op0` 2 or 3, `op1` and `op2` below 8, `crn` and `crm` below 16.
    #[must_use]
    pub const fn new(op0: u8, op1: u8, crn: u8, crm: u8, op2: u8) -> Option<SysReg> {
        if (op0 == 2 || op0 == 3) && op1 < 8 && crn < 16 && crm < 16 && op2 < 8 {
            let (op0, op1) = (op0 as u16 - 2, op1 as u16);
            Some(SysReg(op0 << 14 | op1 << 11 | (crn as u16) << 7 | (crm as u16) << 3 | op2 as u16))
        } else {
            None
        }
    }

    /// The name, if this crate knows it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.iter().find(|(reg, _, _)| *reg == self).map(|(_, name, _)| *name)
    }

    /// The register of this name, in upper or lower case, as far as this crate knows them.
    ///
    /// ```
    /// use arm64_enc::SysReg;
    /// assert_eq!(SysReg::from_name("ctr_el0"), Some(SysReg::CTR_EL0));
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<SysReg> {
        Self::NAMES
            .iter()
            .find(|(_, known, _)| known.eq_ignore_ascii_case(name))
            .map(|(reg, _, _)| *reg)
    }

    /// Returns `true` if the name is only good for reading; `msr` then writes the numbers.
    pub(crate) fn is_read_only(self) -> bool {
        Self::NAMES.iter().any(|(reg, _, access)| *reg == self && *access == ReadOnly::Yes)
    }

    /// `op0`, `op1`, `CRn`, `CRm`, `op2`.
    #[must_use]
    pub const fn numbers(self) -> [u8; 5] {
        let bits = self.0;
        [
            2 + (bits >> 14) as u8,
            (bits >> 11 & 7) as u8,
            (bits >> 7 & 15) as u8,
            (bits >> 3 & 15) as u8,
            (bits & 7) as u8,
        ]
    }

    /// Writes `S3_3_C0_C0_1`.
    pub(crate) fn write_numbers(self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let [op0, op1, crn, crm, op2] = self.numbers();
        write!(f, "S{op0}_{op1}_C{crn}_C{crm}_{op2}")
    }
}

impl core::fmt::Display for SysReg {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => self.write_numbers(f),
        }
    }
}

impl Field for SysReg {
    const WIDTH: u32 = 15;
    const KIND: Kind = Kind::SysReg;

    #[inline]
    fn bits(self) -> u32 {
        u32::from(self.0)
    }

    #[inline]
    fn from_bits(bits: u32) -> Option<Self> {
        Some(SysReg(bits as u16))
    }
}

encodings! {
    /// System instructions.
    ///
    /// ```
    /// let inst = arm64_enc::System::decode(0xd5033b9f).unwrap();
    /// assert_eq!((inst.to_string().as_str(), inst.encode()), ("dsb ish", 0xd5033b9f));
    /// ```
    pub enum System {
        /// `udf`: permanently undefined.
        Udf "0000000000000000 iiiiiiiiiiiiiiii" { imm: Imm16 = "i" } ["udf {imm}"]
        /// `svc`, `brk`, `hlt` and their kin.
        Exception "11010100 ooo iiiiiiiiiiiiiiii 000 pp" { op: Exception = "op", imm: Imm16 = "i" } [
            "{op}; i=0" if when::debug_state,
            "{op} {imm:hex}",
        ]
        /// `nop`, `bti`, `paciasp` and all other hints.
        Hint "11010101000000110010 iiiiiii 11111" { number: HintNumber = "i" } [
            "nop; i=0",
            "yield; i=1",
            "wfe; i=2",
            "wfi; i=3",
            "sev; i=4",
            "sevl; i=5",
            "dgh; i=6",
            "xpaclri; i=7",
            "pacia1716; i=8",
            "pacib1716; i=10",
            "autia1716; i=12",
            "autib1716; i=14",
            "esb; i=16",
            "psb csync; i=17",
            "tsb csync; i=18",
            "csdb; i=20",
            "paciaz; i=24",
            "paciasp; i=25",
            "pacibz; i=26",
            "pacibsp; i=27",
            "autiaz; i=28",
            "autiasp; i=29",
            "autibz; i=30",
            "autibsp; i=31",
            "bti; i=32",
            "bti c; i=34",
            "bti j; i=36",
            "bti jc; i=38",
            "hint #39; i=39",
            "hint #40; i=40",
            "hint {number}",
        ]
        /// `clrex`, `dsb`, `dmb`, `isb`.
        Barrier "11010101000000110011 cccc ooo 11111" { op: Barrier = "o", option: BarrierOption = "c" } [
            "clrex; o=2 c=15",
            "isb; o=6 c=15",
            "ssbb; o=4 c=0",
            "pssbb; o=4 c=4",
            "{op} {option}",
        ]
        /// `sb`: speculation barrier.
        SpeculationBarrier "11010101000000110011 0000 111 11111" {} ["sb"]: Sb
        /// `cfinv`, `xaflag`, `axflag`.
        Flags "1101010100000 000 0100 0000 ooo 11111" { op: FlagOp = "o" } ["{op}"]: FlagM
        /// `msr` of an immediate to a field of the process state.
        MsrImm "1101010100000 ppp 0100 iiii qqq 11111" { field: PStateField = "pq", imm: Imm4 = "i" } [
            "msr {field}, {imm}",
        ]
        /// `smstart`, `smstop`.
        Streaming "1101010100000 011 0100 ppp o 011 11111" { op: StreamingSwitch = "o", state: StreamingState = "p" } [
            "{op}; p=3",
            "{op} {state}",
        ]: Sme
        /// `msr` of a register to a system register.
        Msr "11010101000 1 rrrrrrrrrrrrrrr ttttt" { reg: SysReg = "r", rt: Reg = "t" } ["msr {reg:write}, {rt}"]
        /// `mrs`.
        Mrs "11010101001 1 rrrrrrrrrrrrrrr ttttt" { rt: Reg = "t", reg: SysReg = "r" } ["mrs {rt}, {reg}"]
        /// `sys`; so `dc`, `ic`, `at`, `tlbi`.
        Sys "11010101000 01 pppnnnnmmmmqqq ttttt" { op: SysOperand = "pnmq", rt: Reg = "t" } [
            "ic ialluis; p=0 n=7 m=1 q=0 t=31",
            "ic iallu; p=0 n=7 m=5 q=0 t=31",
            "ic ivau, {rt}; p=3 n=7 m=5 q=1",
            "dc zva, {rt}; p=3 n=7 m=4 q=1",
            "dc ivac, {rt}; p=0 n=7 m=6 q=1",
            "dc isw, {rt}; p=0 n=7 m=6 q=2",
            "dc cvac, {rt}; p=3 n=7 m=10 q=1",
            "dc csw, {rt}; p=0 n=7 m=10 q=2",
            "dc cvau, {rt}; p=3 n=7 m=11 q=1",
            "dc cvap, {rt}; p=3 n=7 m=12 q=1",
            "dc cvadp, {rt}; p=3 n=7 m=13 q=1",
            "dc civac, {rt}; p=3 n=7 m=14 q=1",
            "dc cisw, {rt}; p=0 n=7 m=14 q=2",
            "at s1e1r, {rt}; p=0 n=7 m=8 q=0",
            "at s1e1w, {rt}; p=0 n=7 m=8 q=1",
            "at s1e0r, {rt}; p=0 n=7 m=8 q=2",
            "at s1e0w, {rt}; p=0 n=7 m=8 q=3",
            "sys {op}; t=31",
            "sys {op}, {rt}",
        ]
        /// `sysl`.
        Sysl "11010101001 01 pppnnnnmmmmqqq ttttt" { rt: Reg = "t", op: SysOperand = "pnmq" } ["sysl {rt}, {op}"]
    }
}
