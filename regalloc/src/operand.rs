//! The words of the interface: registers, blocks, instructions, operands. Everything here is a small
//! `Copy` value whose `Display` is the text that dumps and error messages use.

use std::fmt;

/// A register file. Values never change class; the allocator treats the two files separately.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RegClass {
    /// General-purpose integer registers, written `r`.
    Int,
    /// Floating-point and vector registers, written `f`.
    Float,
}

impl RegClass {
    /// Both classes, in the order in which [`RegClass::index`] numbers them.
    pub const ALL: [RegClass; 2] = [RegClass::Int, RegClass::Float];

    /// 0 for `Int`, 1 for `Float`: for tables with one entry a class.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for RegClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RegClass::Int => "int",
            RegClass::Float => "float",
        })
    }
}

/// A virtual register: a value in SSA form. Indices are dense and shared by both classes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VReg(u32);

impl VReg {
    /// The largest index a virtual register can have.
    pub const MAX_INDEX: u32 = u32::MAX >> 1;

    /// The value number `index` of class `class`. Bits of `index` above [`VReg::MAX_INDEX`] are lost.
    pub const fn new(index: u32, class: RegClass) -> VReg {
        VReg(index << 1 | class as u32)
    }

    /// The index, unique over both classes.
    #[inline]
    pub const fn index(self) -> usize {
        (self.0 >> 1) as usize
    }

    /// The register file the value lives in.
    #[inline]
    pub const fn class(self) -> RegClass {
        if self.0 & 1 == 0 { RegClass::Int } else { RegClass::Float }
    }
}

impl fmt::Display for VReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.class() == RegClass::Float { "f" } else { "" };
        write!(f, "v{}{suffix}", self.index())
    }
}

impl fmt::Debug for VReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A physical register: an index below [`PReg::PER_CLASS`] inside a class. What the index means is up to
/// the caller; the allocator only compares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PReg(u8);

impl PReg {
    /// The greatest number of registers of a class.
    pub const PER_CLASS: u8 = 64;

    /// Register `index` of `class`, or `None` if the index is not below [`PReg::PER_CLASS`].
    pub const fn new(index: u8, class: RegClass) -> Option<PReg> {
        if index < PReg::PER_CLASS {
            Some(PReg(class as u8 * PReg::PER_CLASS + index))
        } else {
            None
        }
    }

    /// Integer register `index`, for constants.
    ///
    /// # Panics
    /// If `index` is not below [`PReg::PER_CLASS`]; in a `const` that is a compile error.
    #[inline]
    pub const fn int(index: u8) -> PReg {
        assert!(index < PReg::PER_CLASS, "register index out of range");
        PReg(index)
    }

    /// Float register `index`, for constants.
    ///
    /// # Panics
    /// If `index` is not below [`PReg::PER_CLASS`]; in a `const` that is a compile error.
    #[inline]
    pub const fn float(index: u8) -> PReg {
        assert!(index < PReg::PER_CLASS, "register index out of range");
        PReg(PReg::PER_CLASS + index)
    }

    /// The index inside the class.
    #[inline]
    pub const fn index(self) -> u8 {
        self.0 % PReg::PER_CLASS
    }

    /// The register file.
    #[inline]
    pub const fn class(self) -> RegClass {
        if self.0 < PReg::PER_CLASS { RegClass::Int } else { RegClass::Float }
    }
}

impl fmt::Display for PReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = if self.class() == RegClass::Int { 'r' } else { 'f' };
        write!(f, "{letter}{}", self.index())
    }
}

impl fmt::Debug for PReg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A set of physical registers of both classes: two words, cheap to copy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PRegSet([u64; 2]);

impl PRegSet {
    /// The set with nothing in it.
    pub const EMPTY: PRegSet = PRegSet([0; 2]);

    /// This set and `reg`.
    #[must_use]
    #[inline]
    pub const fn with(self, reg: PReg) -> PRegSet {
        let mut bits = self.0;
        bits[reg.class().index()] |= 1 << reg.index();
        PRegSet(bits)
    }

    /// Adds `reg`.
    #[inline]
    pub const fn insert(&mut self, reg: PReg) {
        *self = self.with(reg);
    }

    /// Takes `reg` out.
    #[inline]
    pub const fn remove(&mut self, reg: PReg) {
        self.0[reg.class().index()] &= !(1 << reg.index());
    }

    /// Returns `true` if `reg` is in the set.
    #[inline]
    pub const fn contains(self, reg: PReg) -> bool {
        self.0[reg.class().index()] >> reg.index() & 1 != 0
    }

    /// Returns `true` if nothing is in the set.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0[0] == 0 && self.0[1] == 0
    }

    /// The number of registers in the set.
    #[inline]
    pub const fn len(self) -> usize {
        (self.0[0].count_ones() + self.0[1].count_ones()) as usize
    }

    /// The registers that are in either set.
    #[must_use]
    #[inline]
    pub const fn union(self, other: PRegSet) -> PRegSet {
        PRegSet([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }

    /// The registers that are in both sets.
    #[must_use]
    #[inline]
    pub const fn intersection(self, other: PRegSet) -> PRegSet {
        PRegSet([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }

    /// The registers that are in this set and not in `other`.
    #[must_use]
    #[inline]
    pub const fn difference(self, other: PRegSet) -> PRegSet {
        PRegSet([self.0[0] & !other.0[0], self.0[1] & !other.0[1]])
    }

    /// The members of one class, bit `n` for register `n`.
    #[inline]
    pub const fn bits(self, class: RegClass) -> u64 {
        self.0[class.index()]
    }

    /// The members, integer registers first, in order of index.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = PReg> {
        RegClass::ALL.into_iter().flat_map(move |class| {
            let mut rest = self.bits(class);
            std::iter::from_fn(move || {
                let index = rest.trailing_zeros() as u8;
                rest &= rest.wrapping_sub(1);
                PReg::new(index, class)
            })
        })
    }
}

impl FromIterator<PReg> for PRegSet {
    fn from_iter<I: IntoIterator<Item = PReg>>(regs: I) -> PRegSet {
        regs.into_iter().fold(PRegSet::EMPTY, PRegSet::with)
    }
}

impl fmt::Display for PRegSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (n, reg) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{reg}")?;
        }
        f.write_str("}")
    }
}

impl fmt::Debug for PRegSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! index_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl $name {
            /// The entity number `index`.
            pub const fn new(index: u32) -> $name {
                $name(index)
            }

            /// The number, for tables.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

index_type!(
    /// A basic block. Blocks are numbered in the order in which they will be laid out.
    Block,
    "block"
);
index_type!(
    /// An instruction. Instructions are numbered through the whole function in layout order.
    Inst,
    "inst"
);
index_type!(
    /// A place in the frame that holds one value of either class.
    SpillSlot,
    "slot"
);

impl Inst {
    /// The instruction after this one in layout order.
    #[must_use]
    #[inline]
    pub const fn next(self) -> Inst {
        Inst(self.0 + 1)
    }
}

/// The instructions `start..end`, in layout order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct InstRange {
    /// The first instruction of the range.
    pub start: Inst,
    /// One past the last.
    pub end: Inst,
}

impl InstRange {
    /// The instructions from `start` up to, not including, `end`.
    pub const fn new(start: Inst, end: Inst) -> InstRange {
        InstRange { start, end }
    }

    /// The number of instructions.
    #[inline]
    pub const fn len(self) -> usize {
        self.end.0.saturating_sub(self.start.0) as usize
    }

    /// Returns `true` if there are none.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The last instruction, if there is one.
    #[inline]
    pub const fn last(self) -> Option<Inst> {
        if self.is_empty() { None } else { Some(Inst(self.end.0 - 1)) }
    }

    /// The instructions one by one; reversible.
    #[inline]
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Inst> + ExactSizeIterator {
        (self.start.0..self.end.0).map(Inst)
    }
}

/// The direction of an operand: it reads or writes its value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OperandKind {
    /// The instruction reads the value.
    Use,
    /// The instruction is the definition of the value.
    Def,
}

/// When an instruction touches an operand. An instruction reads at `Early` and writes at `Late`, unless its
/// operands say otherwise; things that live at the same time get different places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum OperandPos {
    /// While the inputs are read.
    Early,
    /// While the outputs are written.
    Late,
}

/// The places where an operand may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Constraint {
    /// A register or a spill slot.
    Any,
    /// Some register of the value's class.
    Reg,
    /// A spill slot.
    Stack,
    /// Exactly this register.
    Fixed(PReg),
    /// A definition that shares the register of the use at this index among the instruction's operands.
    Reuse(u8),
}

/// One operand of an instruction: which value, read or written, when, and where it may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operand {
    vreg: VReg,
    kind: OperandKind,
    pos: OperandPos,
    constraint: Constraint,
}

impl Operand {
    /// An operand from its four parts. The named constructors below are all that most callers need.
    pub const fn new(
        vreg: VReg,
        kind: OperandKind,
        pos: OperandPos,
        constraint: Constraint,
    ) -> Operand {
        Operand { vreg, kind, pos, constraint }
    }

    /// Reads `vreg` from a register; a definition of the same instruction may take that register.
    #[inline]
    pub const fn use_reg(vreg: VReg) -> Operand {
        Operand::new(vreg, OperandKind::Use, OperandPos::Early, Constraint::Reg)
    }

    /// Reads `vreg` from a register that stays intact until the instruction has written its results.
    #[inline]
    pub const fn use_late(vreg: VReg) -> Operand {
        Operand::new(vreg, OperandKind::Use, OperandPos::Late, Constraint::Reg)
    }

    /// Reads `vreg` from a register or from its spill slot.
    #[inline]
    pub const fn use_any(vreg: VReg) -> Operand {
        Operand::new(vreg, OperandKind::Use, OperandPos::Early, Constraint::Any)
    }

    /// Reads `vreg` from a spill slot.
    #[inline]
    pub const fn use_stack(vreg: VReg) -> Operand {
        Operand::new(vreg, OperandKind::Use, OperandPos::Early, Constraint::Stack)
    }

    /// Reads `vreg` from exactly `preg`, like an argument of a call.
    #[inline]
    pub const fn use_fixed(vreg: VReg, preg: PReg) -> Operand {
        Operand::new(vreg, OperandKind::Use, OperandPos::Early, Constraint::Fixed(preg))
    }

    /// Writes `vreg` to a register, after all early uses have been read.
    #[inline]
    pub const fn def_reg(vreg: VReg) -> Operand {
        Operand::new(vreg, OperandKind::Def, OperandPos::Late, Constraint::Reg)
    }

    /// Writes `vreg` to a register of its own while the inputs are still being read. A temporary is such a
    /// definition with no use.
    #[inline]
    pub const fn def_early(vreg: VReg) -> Operand {
        Operand::new(vreg, OperandKind::Def, OperandPos::Early, Constraint::Reg)
    }

    /// Writes `vreg` to a register or straight to its spill slot.
    #[inline]
    pub const fn def_any(vreg: VReg) -> Operand {
        Operand::new(vreg, OperandKind::Def, OperandPos::Late, Constraint::Any)
    }

    /// Writes `vreg` to its spill slot.
    #[inline]
    pub const fn def_stack(vreg: VReg) -> Operand {
        Operand::new(vreg, OperandKind::Def, OperandPos::Late, Constraint::Stack)
    }

    /// Writes `vreg` to exactly `preg`, like the result of a call.
    #[inline]
    pub const fn def_fixed(vreg: VReg, preg: PReg) -> Operand {
        Operand::new(vreg, OperandKind::Def, OperandPos::Late, Constraint::Fixed(preg))
    }

    /// Writes `vreg` to the register from which the use at index `input` of the same instruction is read.
    /// That use must be a plain [`Operand::use_reg`]; if its value lives on, the allocator copies it first.
    #[inline]
    pub const fn reuse(vreg: VReg, input: u8) -> Operand {
        Operand::new(vreg, OperandKind::Def, OperandPos::Late, Constraint::Reuse(input))
    }

    /// The value.
    #[inline]
    pub const fn vreg(self) -> VReg {
        self.vreg
    }

    /// The class of the value.
    #[inline]
    pub const fn class(self) -> RegClass {
        self.vreg.class()
    }

    /// The direction: read or written.
    #[inline]
    pub const fn kind(self) -> OperandKind {
        self.kind
    }

    /// When it is touched.
    #[inline]
    pub const fn pos(self) -> OperandPos {
        self.pos
    }

    /// The places where it may be.
    #[inline]
    pub const fn constraint(self) -> Constraint {
        self.constraint
    }

    /// Returns `true` if the instruction writes the operand.
    #[inline]
    pub const fn is_def(self) -> bool {
        matches!(self.kind, OperandKind::Def)
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match (self.kind, self.pos) {
            (OperandKind::Use, OperandPos::Early) => "use",
            (OperandKind::Use, OperandPos::Late) => "use-late",
            (OperandKind::Def, OperandPos::Late) => "def",
            (OperandKind::Def, OperandPos::Early) => "def-early",
        };
        write!(f, "{kind} {}", self.vreg)?;
        match self.constraint {
            Constraint::Reg => Ok(()),
            Constraint::Any => f.write_str(":any"),
            Constraint::Stack => f.write_str(":stack"),
            Constraint::Fixed(preg) => write!(f, ":{preg}"),
            Constraint::Reuse(input) => write!(f, ":reuse({input})"),
        }
    }
}

impl fmt::Debug for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
