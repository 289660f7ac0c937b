//! The assembler: a buffer of words with labels, branches and constants.

use alloc::vec::Vec;

use crate::fixup::{AsmError, BranchKind, Fixup, RelocKind, Relocation, Symbol};
use crate::pool::{Constant, Pool};
use crate::{
    AdrOffset, BitNumber, Branch, BranchImm, CompareZero, Cond, DpImm, FpLiteralOp, HintNumber,
    Inst, Label, LdSt, LiteralOp, Offset14, Offset19, Offset26, Reg, Size, System, TestBit, VReg,
    materialize,
};

/// The largest offset at which an instruction may begin; distances then fit 32 bits with a sign.
const MAX_WORDS: usize = (1 << 31) / 4;

/// The largest alignment, so that a typing error does not fill the memory.
const MAX_ALIGN: u32 = 1 << 16;

/// Writes instructions one after the other and resolves the labels among them.
///
/// ```
/// use arm64_enc::{ArithImm, AddSub, Assembler, Cond, DpImm, RegSp, Size, X0};
///
/// let mut asm = Assembler::new();
/// let top = asm.label();
/// asm.bind(top)?;
/// let imm = ArithImm::new(1).unwrap();
/// asm.push(DpImm::AddSubFlags { op: AddSub::Sub, size: Size::X, rd: X0, rn: RegSp::X0, imm });
/// asm.b_cond(Cond::Ne, top);
/// let code = asm.finish()?;
/// assert_eq!(code.words(), [0xf100_0400, 0x54ff_ffe1]);
/// # Ok::<(), arm64_enc::AsmError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Assembler {
    words: Vec<u32>,
    /// Byte offset of each label, once bound.
    labels: Vec<Option<u32>>,
    fixups: Vec<Fixup>,
    relocations: Vec<Relocation>,
    pool: Pool,
    /// The first label used that this assembler did not give out.
    unknown: Option<Label>,
}

impl Assembler {
    /// An assembler without code.
    #[must_use]
    pub fn new() -> Assembler {
        Assembler::default()
    }

    /// An assembler with room for this many instructions.
    #[must_use]
    pub fn with_capacity(instructions: usize) -> Assembler {
        Assembler { words: Vec::with_capacity(instructions), ..Assembler::default() }
    }

    /// Appends an instruction.
    #[inline]
    pub fn push(&mut self, inst: impl Into<Inst>) {
        self.words.push(inst.into().encode());
    }

    /// Appends a word of data.
    #[inline]
    pub fn word(&mut self, word: u32) {
        self.words.push(word);
    }

    /// The number of bytes so far, which is the offset of the next instruction.
    #[inline]
    #[must_use]
    pub fn offset(&self) -> usize {
        self.words.len() * 4
    }

    /// A new label, not yet bound.
    pub fn label(&mut self) -> Label {
        let label = Label(self.labels.len() as u32);
        self.labels.push(None);
        label
    }

    /// Places the label here.
    ///
    /// # Errors
    /// If the label has a place already, or belongs to another assembler.
    pub fn bind(&mut self, label: Label) -> Result<(), AsmError> {
        let here = self.here();
        match self.labels.get_mut(label.index()) {
            None => Err(AsmError::UnknownLabel(label)),
            Some(Some(_)) => Err(AsmError::AlreadyBound(label)),
            Some(place) => {
                *place = Some(here);
                Ok(())
            }
        }
    }

    /// The offset of the label in bytes, if it is bound.
    #[must_use]
    pub fn label_offset(&self, label: Label) -> Option<usize> {
        self.labels.get(label.index()).copied().flatten().map(|offset| offset as usize)
    }

    /// `b label`.
    pub fn b(&mut self, target: Label) {
        self.direct(BranchImm::B, target);
    }

    /// `bl label`.
    pub fn bl(&mut self, target: Label) {
        self.direct(BranchImm::Bl, target);
    }

    fn direct(&mut self, op: BranchImm, target: Label) {
        self.refer(BranchKind::Direct, target, |distance| {
            Some(Branch::Imm { op, offset: Offset26::new(distance)? }.into())
        });
    }

    /// `b.cond label`.
    pub fn b_cond(&mut self, cond: Cond, target: Label) {
        self.refer(BranchKind::Conditional, target, |distance| {
            Some(Branch::Cond { cond, offset: Offset19::new(distance)? }.into())
        });
    }

    /// `cbz rt, label`.
    pub fn cbz(&mut self, size: Size, rt: Reg, target: Label) {
        self.compare_zero(CompareZero::Cbz, size, rt, target);
    }

    /// `cbnz rt, label`.
    pub fn cbnz(&mut self, size: Size, rt: Reg, target: Label) {
        self.compare_zero(CompareZero::Cbnz, size, rt, target);
    }

    fn compare_zero(&mut self, op: CompareZero, size: Size, rt: Reg, target: Label) {
        self.refer(BranchKind::Conditional, target, |distance| {
            Some(Branch::CompareZero { op, size, rt, offset: Offset19::new(distance)? }.into())
        });
    }

    /// `tbz rt, #bit, label`.
    pub fn tbz(&mut self, rt: Reg, bit: BitNumber, target: Label) {
        self.test_bit(TestBit::Tbz, rt, bit, target);
    }

    /// `tbnz rt, #bit, label`.
    pub fn tbnz(&mut self, rt: Reg, bit: BitNumber, target: Label) {
        self.test_bit(TestBit::Tbnz, rt, bit, target);
    }

    fn test_bit(&mut self, op: TestBit, rt: Reg, bit: BitNumber, target: Label) {
        self.refer(BranchKind::Test, target, |distance| {
            Some(Branch::TestBit { op, rt, bit, offset: Offset14::new(distance)? }.into())
        });
    }

    /// `adr rd, label`.
    pub fn adr(&mut self, rd: Reg, target: Label) {
        self.refer(BranchKind::Address, target, |distance| {
            Some(DpImm::Adr { rd, offset: AdrOffset::new(distance)? }.into())
        });
    }

    /// `ldr rt, label`: loads what lies at the label.
    pub fn ldr_literal(&mut self, op: LiteralOp, rt: Reg, target: Label) {
        self.refer(BranchKind::Literal, target, |distance| {
            Some(LdSt::Literal { op, rt, offset: Offset19::new(distance)? }.into())
        });
    }

    /// `ldr rt, label` into a floating-point and SIMD register.
    pub fn ldr_literal_fp(&mut self, op: FpLiteralOp, rt: VReg, target: Label) {
        self.refer(BranchKind::Literal, target, |distance| {
            Some(LdSt::FpLiteral { op, rt, offset: Offset19::new(distance)? }.into())
        });
    }

    /// Sets `rd` to a constant by the shortest sequence of moves.
    pub fn mov_imm(&mut self, rd: Reg, size: Size, value: u64) {
        for inst in materialize(rd, size, value).iter() {
            self.push(inst);
        }
    }

    /// The label of a constant in the pool, which holds each constant once.
    pub fn constant(&mut self, constant: Constant) -> Label {
        if let Some(label) = self.pool.get(constant) {
            return label;
        }
        let label = self.label();
        self.pool.insert(constant, label);
        label
    }

    /// Loads a constant from the pool: 4 bytes for [`Size::W`], 8 for [`Size::X`].
    pub fn ldr_const(&mut self, rt: Reg, size: Size, value: u64) {
        let (op, constant) = match size {
            Size::W => (LiteralOp::LdrW, Constant::Word(value as u32)),
            Size::X => (LiteralOp::LdrX, Constant::Double(value)),
        };
        let label = self.constant(constant);
        self.ldr_literal(op, rt, label);
    }

    /// Loads a constant from the pool into a floating-point and SIMD register.
    pub fn ldr_const_fp(&mut self, rt: VReg, constant: Constant) {
        let op = match constant {
            Constant::Word(_) => FpLiteralOp::LdrS,
            Constant::Double(_) => FpLiteralOp::LdrD,
            Constant::Quad(_) => FpLiteralOp::LdrQ,
        };
        let label = self.constant(constant);
        self.ldr_literal_fp(op, rt, label);
    }

    /// Places the constants that wait, here: the code before must not run into them.
    ///
    /// [`finish`](Self::finish) places what is left.
    pub fn flush_pool(&mut self) {
        if self.pool.is_empty() {
            return;
        }
        let taken = self.pool.take();
        let align = taken.first().map_or(1, |(constant, _)| constant.words());
        self.pad_to(align);
        for (constant, label) in taken {
            let here = self.here();
            if let Some(place) = self.labels.get_mut(label.index()) {
                *place = Some(here);
            }
            let bytes = constant.value().to_le_bytes();
            for word in bytes.chunks_exact(4).take(constant.words()) {
                self.words
                    .push(word.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)));
            }
        }
    }

    /// Fills with `nop` up to a multiple of `bytes` from the beginning of the code.
    ///
    /// # Errors
    /// If `bytes` is not a power of two from 4 to 65536.
    pub fn align(&mut self, bytes: u32) -> Result<(), AsmError> {
        if !bytes.is_power_of_two() || !(4..=MAX_ALIGN).contains(&bytes) {
            return Err(AsmError::BadAlignment(bytes));
        }
        self.pad_to(bytes as usize / 4);
        Ok(())
    }

    fn pad_to(&mut self, words: usize) {
        const NOP: HintNumber = match HintNumber::new(0) {
            Some(number) => number,
            None => HintNumber::MAX,
        };
        while !self.words.len().is_multiple_of(words) {
            self.push(System::Hint { number: NOP });
        }
    }

    /// `bl` to a symbol; the code's relocations tell where its address is needed.
    pub fn bl_symbol(&mut self, symbol: Symbol) {
        self.symbol_branch(BranchImm::Bl, RelocKind::Call26, symbol);
    }

    /// `b` to a symbol.
    pub fn b_symbol(&mut self, symbol: Symbol) {
        self.symbol_branch(BranchImm::B, RelocKind::Jump26, symbol);
    }

    fn symbol_branch(&mut self, op: BranchImm, kind: RelocKind, symbol: Symbol) {
        self.relocations.push(Relocation { offset: self.here(), kind, symbol, addend: 0 });
        if let Some(offset) = Offset26::new(0) {
            self.push(Branch::Imm { op, offset });
        }
    }

    fn here(&self) -> u32 {
        // Beyond this the code is refused as a whole when it is finished.
        (self.words.len().min(MAX_WORDS) * 4) as u32
    }

    /// Appends an instruction that refers to a label: `inst` makes it from the distance in bytes.
    fn refer(&mut self, kind: BranchKind, target: Label, inst: impl Fn(i64) -> Option<Inst>) {
        let here = self.here();
        let place = self.labels.get(target.index()).copied();
        if place.is_none() && self.unknown.is_none() {
            self.unknown = Some(target);
        }
        if let Some(Some(bound)) = place
            && let Some(inst) = inst(i64::from(bound) - i64::from(here))
        {
            self.push(inst);
            return;
        }
        // Forward, or too far backward: `finish` patches it or says so.
        self.fixups.push(Fixup { offset: here, label: target, kind });
        if let Some(inst) = inst(0) {
            self.push(inst);
        }
    }

    /// Places the remaining constants, resolves all references and returns the code.
    ///
    /// # Errors
    /// If a label is unknown or was never bound, or a target is out of reach.
    pub fn finish(mut self) -> Result<Code, AsmError> {
        self.flush_pool();
        if let Some(label) = self.unknown {
            return Err(AsmError::UnknownLabel(label));
        }
        if self.words.len() > MAX_WORDS {
            return Err(AsmError::TooLarge);
        }
        for &Fixup { offset, label, kind } in &self.fixups {
            let target = match self.labels.get(label.index()) {
                Some(Some(target)) => *target,
                _ => return Err(AsmError::Unbound { label, offset }),
            };
            let distance = i64::from(target) - i64::from(offset);
            let out_of_range = AsmError::OutOfRange { kind, offset, distance };
            let word = self.words.get_mut(offset as usize / 4).ok_or(out_of_range)?;
            *word = kind.patch(*word, distance).ok_or(out_of_range)?;
        }
        Ok(Code { words: self.words, relocations: self.relocations, labels: self.labels })
    }
}

/// Finished code, to be placed at any address that is a multiple of 16.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Code {
    words: Vec<u32>,
    relocations: Vec<Relocation>,
    labels: Vec<Option<u32>>,
}

impl Code {
    /// Instructions and constants.
    #[must_use]
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The words as bytes, little-endian as A64 instructions always are.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// What must be patched once addresses are known.
    #[must_use]
    pub fn relocations(&self) -> &[Relocation] {
        &self.relocations
    }

    /// The offset of a label in bytes.
    #[must_use]
    pub fn label_offset(&self, label: Label) -> Option<usize> {
        self.labels.get(label.index()).copied().flatten().map(|offset| offset as usize)
    }
}
