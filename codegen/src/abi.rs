//! The Procedure Call Standard for the Arm 64-bit Architecture (AAPCS64): where arguments and results are, and what a
//! call keeps. `x18` belongs to the platform and is never touched.

use arm64_enc::{Reg, RegSp, VReg as FpReg};
use ir::{AbiParam, Type};
use regalloc::{ClassRegs, EnvError, MachineEnv, PReg, PRegSet, RegClass};
use smallvec::SmallVec;

use crate::error::{Reason, valid};
use crate::function::class_of;

/// Which variant of the standard stack arguments follow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum CallConv {
    /// The standard: every argument on the stack takes eight bytes.
    #[default]
    Aapcs64,
    /// Apple's: an argument on the stack takes its own size, at its natural alignment.
    Apple,
}

/// Registers that carry arguments and results, of either class: `x0`–`x7`, `d0`–`d7`.
const PARAM_REGS: u8 = 8;

/// The register that moves of the allocator and long offsets may use: `x16`, the first of those that a linker's veneer
/// may overwrite.
pub(crate) const INT_SCRATCH: PReg = PReg::int(16);
/// The same for floats; `v16`–`v31` are caller-saved.
pub(crate) const FLOAT_SCRATCH: PReg = PReg::float(31);

/// `x19`–`x28`.
const INT_CALLEE_SAVED: std::ops::Range<u8> = 19..29;
/// `d8`–`d15`: only the lower 64 bits are kept, which is all that this compiler uses.
const FLOAT_CALLEE_SAVED: std::ops::Range<u8> = 8..16;

const fn with_range(mut set: PRegSet, class: RegClass, range: std::ops::Range<u8>) -> PRegSet {
    let mut index = range.start;
    while index < range.end {
        if let Some(reg) = PReg::new(index, class) {
            set.insert(reg);
        }
        index += 1;
    }
    set
}

/// What a call may destroy among the registers that values live in.
pub(crate) const CALL_CLOBBERS: PRegSet = {
    let set = with_range(PRegSet::EMPTY, RegClass::Int, 0..16);
    let set = with_range(set, RegClass::Float, 0..8);
    with_range(set, RegClass::Float, 16..31)
};

/// What a function has to keep for its caller.
pub(crate) const CALLEE_SAVED: PRegSet = {
    let set = with_range(PRegSet::EMPTY, RegClass::Int, INT_CALLEE_SAVED);
    with_range(set, RegClass::Float, FLOAT_CALLEE_SAVED)
};

/// The registers that values may live in.
///
/// # Errors
/// Never: the lists above are disjoint.
pub(crate) fn machine_env() -> Result<MachineEnv, EnvError> {
    let list = |class, ranges: &[std::ops::Range<u8>]| -> Vec<PReg> {
        ranges.iter().cloned().flatten().filter_map(|index| PReg::new(index, class)).collect()
    };
    // Registers that carry no arguments come first: they conflict with fewer fixed operands.
    let int = ClassRegs {
        caller_saved: list(RegClass::Int, &[8..16, 0..8]),
        callee_saved: list(RegClass::Int, &[INT_CALLEE_SAVED]),
    };
    let float = ClassRegs {
        caller_saved: list(RegClass::Float, &[16..31, 0..8]),
        callee_saved: list(RegClass::Float, &[FLOAT_CALLEE_SAVED]),
    };
    MachineEnv::new(int, float, INT_SCRATCH, FLOAT_SCRATCH)
}

/// The place of an argument or result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgPlace {
    /// In a register, `x0`–`x7` or `d0`–`d7`.
    Reg(PReg),
    /// So many bytes into the stack arguments; for a result, into the memory at [`RESULTS_ADDRESS`].
    Stack(u32),
}

/// Hands out the places of arguments, or of results (which follow [`CallConv::Aapcs64`] everywhere), in order.
///
/// ```
/// use codegen::{ArgAssigner, ArgPlace, CallConv};
/// use ir::Type;
/// use regalloc::PReg;
///
/// let mut assigner = ArgAssigner::new(CallConv::Aapcs64);
/// assert_eq!(assigner.next(Type::I64), ArgPlace::Reg(PReg::int(0)));
/// assert_eq!(assigner.next(Type::F32), ArgPlace::Reg(PReg::float(0)));
/// assert_eq!(assigner.next(Type::I8), ArgPlace::Reg(PReg::int(1)));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ArgAssigner {
    conv: CallConv,
    next: [u8; 2],
    stack: u32,
}

impl ArgAssigner {
    /// No argument has a place yet.
    #[must_use]
    pub const fn new(conv: CallConv) -> Self {
        Self { conv, next: [0; 2], stack: 0 }
    }

    /// The place of the next argument, of any type but `i128`, which is passed as two `i64`.
    pub fn next(&mut self, ty: Type) -> ArgPlace {
        let class = class_of(ty);
        let next = &mut self.next[class.index()];
        if *next < PARAM_REGS
            && let Some(reg) = PReg::new(*next, class)
        {
            *next += 1;
            return ArgPlace::Reg(reg);
        }
        let size = match self.conv {
            CallConv::Aapcs64 => 8,
            CallConv::Apple => ty.bytes(),
        };
        let offset = self.stack.next_multiple_of(size);
        self.stack = offset + size;
        ArgPlace::Stack(offset)
    }

    /// Bytes of stack that the arguments so far lie in.
    #[must_use]
    pub const fn used_bytes(&self) -> u32 {
        self.stack
    }

    /// Bytes of stack that the arguments so far take; the stack pointer stays a multiple of 16.
    pub(crate) const fn stack_bytes(&self) -> u32 {
        self.stack.next_multiple_of(STACK_ALIGN)
    }
}

/// The stack pointer is a multiple of this whenever it is used.
pub(crate) const STACK_ALIGN: u32 = 16;

/// A frame record: `x29` and `x30`.
pub(crate) const RECORD_BYTES: u32 = 16;

/// The register in which a caller passes the address of the memory for the results that have no register, if there are
/// such: `x8`, where the standard has the address of a large structure. It is a multiple of 8.
pub const RESULTS_ADDRESS: PReg = PReg::int(8);

/// The places of the results, in order, and how many bytes of memory they take.
pub(crate) fn result_places(results: &[AbiParam]) -> (SmallVec<[ArgPlace; 8]>, u32) {
    let mut assigner = ArgAssigner::new(CallConv::Aapcs64);
    let places = results.iter().map(|result| assigner.next(result.ty)).collect();
    (places, assigner.stack_bytes())
}

/// The general-purpose register of an allocation.
pub(crate) fn gp(reg: PReg) -> Result<Reg, Reason> {
    let number = (reg.class() == RegClass::Int).then_some(reg.index());
    valid(number.and_then(Reg::new), "a float register stands for an integer")
}

/// The same, as a base or where the stack pointer could stand.
pub(crate) fn gp_sp(reg: PReg) -> Result<RegSp, Reason> {
    valid(RegSp::try_from(gp(reg)?).ok(), "the zero register is allocated")
}

/// The floating-point register of an allocation.
pub(crate) fn fp(reg: PReg) -> Result<FpReg, Reason> {
    let number = (reg.class() == RegClass::Float).then_some(reg.index());
    valid(number.and_then(FpReg::new), "an integer register stands for a float")
}
