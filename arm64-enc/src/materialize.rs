//! The shortest sequence of moves that puts a constant into a register.

use crate::{DpImm, Inst, LogicalImm, LogicalImmOp, MoveImm, MoveWide, Reg, RegSp, Size, XZR};

/// At most four instructions.
///
/// ```
/// use arm64_enc::{Size, X0, materialize};
/// assert_eq!(materialize(X0, Size::X, 0x1234_5678).len(), 2);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MoveSequence {
    insts: [Option<Inst>; 4],
}

impl MoveSequence {
    /// The instructions in order.
    pub fn iter(&self) -> impl Iterator<Item = Inst> + '_ {
        self.insts.iter().copied().flatten()
    }

    /// The number of instructions, 1 to 4.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a sequence is never empty")]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    fn empty() -> MoveSequence {
        MoveSequence { insts: [None; 4] }
    }

    fn add(&mut self, inst: impl Into<Inst>) {
        if let Some(place) = self.insts.iter_mut().find(|place| place.is_none()) {
            *place = Some(inst.into());
        }
    }
}

/// The shortest sequence of `movz`, `movn`, `movk` and `orr` that sets `rd` to `value`, cut to the width.
///
/// With [`Size::W`] the upper half of the register becomes zero. Writing to the zero register is allowed and does
/// nothing.
///
/// ```
/// use arm64_enc::{Size, X0, materialize};
/// assert_eq!(materialize(X0, Size::X, 0x00ff_00ff_00ff_00ff).len(), 1);
/// assert_eq!(materialize(X0, Size::X, 0xffff_ffff_ffff_1234).len(), 1);
/// assert_eq!(materialize(X0, Size::X, 0x0123_4567_89ab_cdef).len(), 4);
/// ```
#[must_use]
pub fn materialize(rd: Reg, size: Size, value: u64) -> MoveSequence {
    let value = size.truncate(value);
    // One instruction.
    if let Some(imm) = MoveImm::from_value(size, value) {
        return single(DpImm::MoveWide { op: MoveWide::Movz, rd, imm });
    }
    if let Some(imm) = MoveImm::from_value(size, size.truncate(!value)) {
        return single(DpImm::MoveWide { op: MoveWide::Movn, rd, imm });
    }
    // `orr` writes the stack pointer where a move would write the zero register.
    let rd_sp = RegSp::try_from(rd).ok();
    if let (Some(imm), Some(rd)) = (LogicalImm::new(value, size), rd_sp) {
        return single(DpImm::Logical { op: LogicalImmOp::Orr, rd, rn: XZR, imm });
    }
    // A first move, then one `movk` for each 16 bits that differ from what the first move leaves.
    let zeros = by_chunks(rd, size, value, MoveWide::Movz);
    let ones = by_chunks(rd, size, value, MoveWide::Movn);
    let best = if ones.len() < zeros.len() { ones } else { zeros };
    if best.len() <= 2 {
        return best;
    }
    // A bitmask that agrees with the value in all chunks but one or two beats three or four moves.
    if let Some(rd_sp) = rd_sp {
        if let Some(sequence) = bitmask_first(rd, rd_sp, value, 1) {
            return sequence;
        }
        if best.len() == 4
            && let Some(sequence) = bitmask_first(rd, rd_sp, value, 2)
        {
            return sequence;
        }
    }
    best
}

fn single(inst: DpImm) -> MoveSequence {
    let mut sequence = MoveSequence::empty();
    sequence.add(inst);
    sequence
}

/// The 16 bits of `value` at `16 * index`.
fn chunk(value: u64, index: u32) -> u16 {
    (value >> (16 * index)) as u16
}

/// `first` for one chunk, `movk` for all others that are not what `first` leaves there.
fn by_chunks(rd: Reg, size: Size, value: u64, first: MoveWide) -> MoveSequence {
    let background = if first == MoveWide::Movn { 0xffff } else { 0 };
    let mut sequence = MoveSequence::empty();
    for index in 0..size.bits() / 16 {
        let bits = chunk(value, index);
        if bits == background {
            continue;
        }
        let (op, bits) = match (sequence.insts[0], first) {
            (Some(_), _) => (MoveWide::Movk, bits),
            (None, MoveWide::Movn) => (MoveWide::Movn, !bits),
            (None, _) => (first, bits),
        };
        if let Some(imm) = MoveImm::new(size, bits, 16 * index) {
            sequence.add(DpImm::MoveWide { op, rd, imm });
        }
    }
    sequence
}

/// `orr` of a bitmask and `changes` times `movk`, if there is such a sequence for the 64-bit value.
fn bitmask_first(rd: Reg, rd_sp: RegSp, value: u64, changes: usize) -> Option<MoveSequence> {
    // Candidates for the chunks that `movk` will overwrite: a bitmask is so regular that, when it agrees with the
    // value elsewhere, its other chunks are all zeros, all ones, equal to another chunk, or a boundary of a run.
    for first in 0..4 {
        for second in first + 1..=4 {
            let replaced: &[u32] = if changes == 1 {
                if second != 4 {
                    continue;
                }
                &[first]
            } else {
                if second == 4 {
                    continue;
                }
                &[first, second]
            };
            if let Some(imm) = bitmask_agreeing(value, replaced) {
                let mut sequence = MoveSequence::empty();
                sequence.add(DpImm::Logical { op: LogicalImmOp::Orr, rd: rd_sp, rn: XZR, imm });
                for &index in replaced {
                    if let Some(imm) = MoveImm::new(Size::X, chunk(value, index), 16 * index) {
                        sequence.add(DpImm::MoveWide { op: MoveWide::Movk, rd, imm });
                    }
                }
                return Some(sequence);
            }
        }
    }
    None
}

/// A bitmask immediate equal to `value` outside the chunks `replaced`.
fn bitmask_agreeing(value: u64, replaced: &[u32]) -> Option<LogicalImm> {
    let try_fill = |fill: &dyn Fn(u32) -> u16| {
        let mut candidate = value;
        for &index in replaced {
            let shift = 16 * index;
            candidate = candidate & !(0xffff << shift) | u64::from(fill(index)) << shift;
        }
        LogicalImm::new(candidate, Size::X)
    };
    // All zeros, all ones, or the chunk at some distance (periods of 16 and 32 bits).
    if let Some(imm) = try_fill(&|_| 0).or_else(|| try_fill(&|_| 0xffff)) {
        return Some(imm);
    }
    (1..4).find_map(|distance| try_fill(&|index| chunk(value, (index + distance) % 4)))
}
