//! The predecoded form: eight bytes an operation, registers by number in a window of 65,536.
//!
//! Hot operations have an entry of their own; every other pure operation is one of the generic rows, which call
//! [`ir::eval`]. Values are held as `ir::eval` holds them: bits above the type are zero.

use ir::{BinaryOp, FloatCC, IntCC, TrapKind, Type, UnaryOp};

/// A register of the current frame.
pub(crate) type Reg = u16;

/// One operation. `d` is written, `a` and `b` are read; `off` is a jump relative to the next operation.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(crate) enum Op {
    Move {
        d: Reg,
        a: Reg,
    },
    Const {
        d: Reg,
        imm: i32,
    },
    /// A constant of the function's pool.
    Pool {
        d: Reg,
        index: u32,
    },

    // Generic pure operations; `kind` counts in the tables of the program.
    Unary {
        d: Reg,
        a: Reg,
        kind: u16,
    },
    Binary {
        kind: u8,
        d: Reg,
        a: Reg,
        b: Reg,
    },
    IntCompare {
        kind: u8,
        d: Reg,
        a: Reg,
        b: Reg,
    },
    FloatCompare {
        kind: u8,
        d: Reg,
        a: Reg,
        b: Reg,
    },
    /// The third operand is `a` of the `Operand` that follows.
    Select {
        d: Reg,
        c: Reg,
        a: Reg,
    },
    Fma {
        double: bool,
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Operand {
        a: Reg,
    },

    // Hot pure operations.
    Add64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Sub64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Mul64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    And {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Or {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Xor {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Shl64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Lshr64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Ashr64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Add64I {
        d: Reg,
        a: Reg,
        imm: i16,
    },
    Mul64I {
        d: Reg,
        a: Reg,
        imm: i16,
    },
    AndI {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    Shl64I {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    Lshr64I {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    Ashr64I {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    Add32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Sub32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Mul32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Add32I {
        d: Reg,
        a: Reg,
        imm: i16,
    },
    Shl32I {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    /// Also `lshr` of 8 and 16 bits: the bits above the type are zero.
    Lshr32I {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    Ashr32I {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    Rotl32I {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    Rotl64I {
        d: Reg,
        a: Reg,
        imm: u16,
    },
    /// Sign extension of the low 32 bits to 64.
    Sext32 {
        d: Reg,
        a: Reg,
    },
    /// Truncation to 8, 16 or 32 bits.
    Trunc8 {
        d: Reg,
        a: Reg,
    },
    Trunc16 {
        d: Reg,
        a: Reg,
    },
    Trunc32 {
        d: Reg,
        a: Reg,
    },
    Fadd64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Fsub64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Fmul64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Fdiv64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Fadd32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Fsub32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Fmul32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Eq {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Ne {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Ult {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Slt32 {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Slt64 {
        d: Reg,
        a: Reg,
        b: Reg,
    },

    // Memory. Full loads of narrow types are the zero-extending ones.
    LoadU8 {
        d: Reg,
        a: Reg,
        offset: i16,
    },
    LoadU16 {
        d: Reg,
        a: Reg,
        offset: i16,
    },
    LoadU32 {
        d: Reg,
        a: Reg,
        offset: i16,
    },
    Load64 {
        d: Reg,
        a: Reg,
        offset: i16,
    },
    /// Sign-extending; what is above the result type is cut by the operation that follows.
    LoadS8 {
        d: Reg,
        a: Reg,
        offset: i16,
    },
    LoadS16 {
        d: Reg,
        a: Reg,
        offset: i16,
    },
    LoadS32 {
        d: Reg,
        a: Reg,
        offset: i16,
    },
    Store8 {
        v: Reg,
        a: Reg,
        offset: i16,
    },
    Store16 {
        v: Reg,
        a: Reg,
        offset: i16,
    },
    Store32 {
        v: Reg,
        a: Reg,
        offset: i16,
    },
    Store64 {
        v: Reg,
        a: Reg,
        offset: i16,
    },
    /// In restricted mode, before each access: traps unless the bytes may be touched.
    Check {
        width: u8,
        a: Reg,
        offset: i16,
    },
    StackAddr {
        d: Reg,
        offset: u32,
    },

    // Calls. The site lists argument and result registers.
    Call {
        site: u32,
    },
    CallHost {
        site: u32,
    },
    Return0,
    Return1 {
        a: Reg,
    },
    Return {
        list: u32,
    },

    // Control.
    Jump {
        target: u32,
    },
    BranchNz {
        a: Reg,
        target: u32,
    },
    BranchZ {
        a: Reg,
        target: u32,
    },
    BranchEq {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchNe {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchUlt {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchUle {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchSlt32 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchSle32 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchSlt64 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchSle64 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchEqI {
        a: Reg,
        imm: i16,
        off: i16,
    },
    BranchNeI {
        a: Reg,
        imm: i16,
        off: i16,
    },
    BranchUltI {
        a: Reg,
        imm: i16,
        off: i16,
    },
    BranchUgeI {
        a: Reg,
        imm: i16,
        off: i16,
    },
    BranchSlt32I {
        a: Reg,
        imm: i16,
        off: i16,
    },
    BranchSge32I {
        a: Reg,
        imm: i16,
        off: i16,
    },
    BranchSlt64I {
        a: Reg,
        imm: i16,
        off: i16,
    },
    BranchSge64I {
        a: Reg,
        imm: i16,
        off: i16,
    },
    BranchFeq64 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchFne64 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchFlt64 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchFle64 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    /// Not less: also when either is NaN.
    BranchFnlt64 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    BranchFnle64 {
        a: Reg,
        b: Reg,
        off: i16,
    },
    Switch {
        a: Reg,
        table: u32,
    },
    Trap {
        kind: TrapKind,
    },
    TrapIf {
        kind: TrapKind,
        a: Reg,
    },
    /// In counted programs, at the start of each block: counts it and takes its instructions from the budget.
    Enter {
        counter: u32,
    },
    /// In counted programs, on each edge.
    Edge {
        counter: u32,
    },

    // Registers above the window: frames of functions with very many values at once.
    WideGet {
        d: Reg,
        index: u32,
    },
    WideSet {
        a: Reg,
        index: u32,
    },
}

const _: () = assert!(size_of::<Op>() == 8);

impl Op {
    /// Directs a jump that stands at `index` to `target`; false if it does not reach.
    pub(crate) fn set_target(&mut self, index: usize, to: u32) -> bool {
        match self {
            Op::Jump { target } | Op::BranchNz { target, .. } | Op::BranchZ { target, .. } => {
                *target = to;
                true
            }
            Op::BranchEq { off, .. }
            | Op::BranchNe { off, .. }
            | Op::BranchUlt { off, .. }
            | Op::BranchUle { off, .. }
            | Op::BranchSlt32 { off, .. }
            | Op::BranchSle32 { off, .. }
            | Op::BranchSlt64 { off, .. }
            | Op::BranchSle64 { off, .. }
            | Op::BranchEqI { off, .. }
            | Op::BranchNeI { off, .. }
            | Op::BranchUltI { off, .. }
            | Op::BranchUgeI { off, .. }
            | Op::BranchSlt32I { off, .. }
            | Op::BranchSge32I { off, .. }
            | Op::BranchSlt64I { off, .. }
            | Op::BranchSge64I { off, .. }
            | Op::BranchFeq64 { off, .. }
            | Op::BranchFne64 { off, .. }
            | Op::BranchFlt64 { off, .. }
            | Op::BranchFle64 { off, .. }
            | Op::BranchFnlt64 { off, .. }
            | Op::BranchFnle64 { off, .. } => {
                let next = index as i64 + 1;
                match i16::try_from(i64::from(to) - next) {
                    Ok(distance) => {
                        *off = distance;
                        true
                    }
                    Err(_) => false,
                }
            }
            _ => false,
        }
    }
}

/// What the `kind` of a generic operation means.
#[derive(Debug)]
pub(crate) struct Kinds {
    pub(crate) binary: Vec<(BinaryOp, Type)>,
    pub(crate) int_compare: Vec<(IntCC, Type)>,
    pub(crate) float_compare: Vec<(FloatCC, Type)>,
    pub(crate) unary: Vec<(UnaryOp, Type, Type)>,
}

impl Kinds {
    /// Every operation on every type of its group; invalid pairs are never used.
    pub(crate) fn new() -> Self {
        let types = |float: bool| Type::WORDS.into_iter().filter(move |ty| ty.is_float() == float);
        let int_compare =
            types(false).flat_map(|ty| IntCC::ALL.iter().map(move |&cc| (cc, ty))).collect();
        let float_compare =
            types(true).flat_map(|ty| FloatCC::ALL.iter().map(move |&cc| (cc, ty))).collect();
        let binary = BinaryOp::ALL
            .iter()
            .flat_map(|&op| types(op.info().rule == ir::TypeRule::Float).map(move |ty| (op, ty)))
            .collect();
        Self { binary, int_compare, float_compare, unary: Vec::new() }
    }

    pub(crate) fn binary_kind(&self, op: BinaryOp, ty: Type) -> Option<u8> {
        position(&self.binary, &(op, ty))
    }

    pub(crate) fn int_compare_kind(&self, cc: IntCC, ty: Type) -> Option<u8> {
        position(&self.int_compare, &(cc, ty))
    }

    pub(crate) fn float_compare_kind(&self, cc: FloatCC, ty: Type) -> Option<u8> {
        position(&self.float_compare, &(cc, ty))
    }

    /// The row of a unary operation, added if it is new: there are far fewer than 65,536.
    pub(crate) fn unary_kind(&mut self, op: UnaryOp, from: Type, to: Type) -> u16 {
        let row = (op, from, to);
        let index = self.unary.iter().position(|&other| other == row).unwrap_or_else(|| {
            self.unary.push(row);
            self.unary.len() - 1
        });
        index as u16
    }
}

fn position<T: PartialEq>(rows: &[T], row: &T) -> Option<u8> {
    rows.iter().position(|other| other == row).and_then(|index| u8::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_fits_a_byte() {
        let kinds = Kinds::new();
        for rows in [kinds.binary.len(), kinds.int_compare.len(), kinds.float_compare.len()] {
            assert!(rows <= 256, "{rows}");
        }
    }
}
