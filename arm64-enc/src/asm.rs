//! The assembler: a buffer of words with labels, branches and constants.

use alloc::vec::Vec;

use crate::fixup::{AsmError, BranchKind, Fixup, RelocKind, Relocation, Symbol};
use crate::island::Pending;
use crate::pool::{Constant, Entry, Pool};
use crate::{
    AdrOffset, BitNumber, Branch, BranchImm, CompareZero, Cond, DpImm, Encode, FpLiteralOp,
    HintNumber, Label, LdSt, LiteralOp, Offset14, Offset19, Offset26, Reg, Size, System, TestBit,
    VReg, materialize,
};

/// The largest offset at which an instruction may begin; distances then fit 32 bits with a sign.
const MAX_WORDS: usize = (1 << 31) / 4;

/// The largest alignment, so that a typing error does not fill the memory.
const MAX_ALIGN: u32 = 1 << 16;

/// Writes instructions one after the other and resolves the labels among them.
///
/// Every reference reaches its label, up to 2 GiB away. A conditional branch backward beyond its reach is inverted over
/// a `b`. For labels that are not bound in time, and for the constants of the pool, the assembler places *islands*
/// between instructions, which control jumps over: offsets that were read before stay right, and
/// [`offset`](Self::offset) always says where the next instruction will be. Sequences that must not be torn apart ask
/// for [`room`](Self::room) first. A branch beyond 128 MiB, and an address or a literal beyond 1 MiB, changes x16 or
/// x17, as the procedure call standard (AAPCS64, section 6.1.1) lets linkers do.
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
#[derive(Clone, Debug)]
pub struct Assembler {
    pub(crate) words: Vec<u32>,
    /// The number of words up to which no deadline passes.
    checkpoint: usize,
    /// Byte offset of each label, once bound.
    pub(crate) labels: Vec<Option<u32>>,
    pub(crate) pending: Pending,
    relocations: Vec<Relocation>,
    pub(crate) pool: Pool,
    /// Where each source position begins.
    positions: Vec<(u32, u32)>,
    /// The first label used that this assembler did not give out.
    unknown: Option<Label>,
}

impl Assembler {
    /// An assembler without code.
    #[must_use]
    pub fn new() -> Assembler {
        Assembler::with_capacity(0)
    }

    /// An assembler with room for this many instructions.
    #[must_use]
    pub fn with_capacity(instructions: usize) -> Assembler {
        Assembler {
            words: Vec::with_capacity(instructions),
            checkpoint: usize::MAX,
            labels: Vec::new(),
            pending: Pending::default(),
            relocations: Vec::new(),
            pool: Pool::default(),
            positions: Vec::new(),
            unknown: None,
        }
    }

    /// Appends an instruction.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn push(&mut self, inst: impl Encode) {
        self.word(inst.word());
    }

    /// Appends a word of data.
    // Always inlined, like `push`: both are two comparisons and a store.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub fn word(&mut self, word: u32) {
        self.words.push(word);
        // Looked at after the word, so that `offset` is where the next one will be.
        if self.words.len() > self.checkpoint {
            self.meet_deadlines(0);
        }
    }

    /// Makes sure that the next `instructions` words stand together, with no island among them.
    pub fn room(&mut self, instructions: usize) {
        if self.words.len().saturating_add(instructions) > self.checkpoint {
            self.meet_deadlines(instructions);
        }
    }

    /// Says that what follows comes from this place in the source: any number that the user gives meaning to.
    pub fn position(&mut self, position: u32) {
        let here = self.here();
        match self.positions.last_mut() {
            Some((_, last)) if *last == position => {}
            Some((offset, last)) if *offset == here => *last = position,
            _ => self.positions.push((here, position)),
        }
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
        let short = Branch::Imm { op, offset: Offset26::ZERO };
        self.refer(BranchKind::Direct, target, short.encode());
    }

    /// `b.cond label`.
    pub fn b_cond(&mut self, cond: Cond, target: Label) {
        let short = Branch::Cond { cond, offset: Offset19::ZERO };
        self.refer(BranchKind::Conditional, target, short.encode());
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
        let short = Branch::CompareZero { op, size, rt, offset: Offset19::ZERO };
        self.refer(BranchKind::Conditional, target, short.encode());
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
        let short = Branch::TestBit { op, rt, bit, offset: Offset14::ZERO };
        self.refer(BranchKind::Test, target, short.encode());
    }

    /// `adr rd, label`.
    pub fn adr(&mut self, rd: Reg, target: Label) {
        let short = DpImm::Adr { rd, offset: AdrOffset::ZERO };
        self.refer(BranchKind::Address, target, short.encode());
    }

    /// `ldr rt, label`: loads what lies at the label.
    pub fn ldr_literal(&mut self, op: LiteralOp, rt: Reg, target: Label) {
        let short = LdSt::Literal { op, rt, offset: Offset19::ZERO };
        self.refer(BranchKind::Literal, target, short.encode());
    }

    /// `ldr rt, label` into a floating-point and SIMD register.
    pub fn ldr_literal_fp(&mut self, op: FpLiteralOp, rt: VReg, target: Label) {
        let short = LdSt::FpLiteral { op, rt, offset: Offset19::ZERO };
        self.refer(BranchKind::Literal, target, short.encode());
    }

    /// Sets `rd` to a constant by the shortest sequence of moves.
    pub fn mov_imm(&mut self, rd: Reg, size: Size, value: u64) {
        for inst in materialize(rd, size, value).iter() {
            self.push(inst);
        }
    }

    /// The label of a constant in the pool, which holds each constant once between two islands.
    pub fn constant(&mut self, constant: Constant) -> Label {
        self.pool_entry(Entry::Constant(constant))
    }

    fn pool_entry(&mut self, entry: Entry) -> Label {
        if let Some(label) = self.pool.get(entry) {
            return label;
        }
        let label = self.label();
        self.pool.insert(entry, label);
        label
    }

    /// Loads the address of a symbol plus a number; the code's relocations tell where it is needed.
    pub fn ldr_symbol(&mut self, rt: Reg, symbol: Symbol, addend: i64) {
        let label = self.pool_entry(Entry::Address(symbol, addend));
        self.ldr_literal(LiteralOp::LdrX, rt, label);
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
        let align = taken.first().map_or(1, |(entry, _)| entry.words());
        self.pad_to(align);
        for (entry, label) in taken {
            let here = self.here();
            if let Some(place) = self.labels.get_mut(label.index()) {
                *place = Some(here);
            }
            let value = match entry {
                Entry::Constant(constant) => constant.value(),
                Entry::Address(symbol, addend) => {
                    let kind = RelocKind::Abs64;
                    self.relocations.push(Relocation { offset: here, kind, symbol, addend });
                    0
                }
            };
            for i in 0..entry.words() {
                self.words.push((value >> (32 * i)) as u32);
            }
        }
        self.checkpoint = self.next_checkpoint();
    }

    /// Places a table here, with its label: the distances in bytes from its beginning to each target, as words with a sign.
    /// The code before must not run into it.
    ///
    /// # Errors
    /// If the label of the table has a place already, or belongs to another assembler.
    pub fn jump_table(&mut self, table: Label, targets: &[Label]) -> Result<(), AsmError> {
        self.room(targets.len());
        let origin = self.here();
        self.bind(table)?;
        for &label in targets {
            self.check_label(label);
            let fixup = Fixup { offset: self.here(), origin, label, kind: BranchKind::Table };
            self.words.push(0);
            self.add_fixup(fixup);
        }
        Ok(())
    }

    /// Fills with `nop` up to a multiple of `bytes` from the beginning of the code.
    ///
    /// # Errors
    /// If `bytes` is not a power of two from 4 to 65536.
    pub fn align(&mut self, bytes: u32) -> Result<(), AsmError> {
        if !bytes.is_power_of_two() || !(4..=MAX_ALIGN).contains(&bytes) {
            return Err(AsmError::BadAlignment(bytes));
        }
        self.room(bytes as usize / 4);
        self.pad_to(bytes as usize / 4);
        Ok(())
    }

    fn pad_to(&mut self, words: usize) {
        while !self.words.len().is_multiple_of(words) {
            self.words.push(System::Hint { number: HintNumber::ZERO }.encode());
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

    pub(crate) fn here(&self) -> u32 {
        // Beyond this the code is refused as a whole when it is finished.
        (self.words.len().min(MAX_WORDS) * 4) as u32
    }

    fn check_label(&mut self, label: Label) {
        if label.index() >= self.labels.len() && self.unknown.is_none() {
            self.unknown = Some(label);
        }
    }

    /// Appends an instruction that refers to a label; `short` is the one that refers to itself.
    fn refer(&mut self, kind: BranchKind, target: Label, short: u32) {
        let here = self.here();
        if let Some(Some(bound)) = self.labels.get(target.index()).copied() {
            match kind.patch(short, i64::from(bound) - i64::from(here)) {
                Some(word) => self.word(word),
                None => self.refer_far_back(kind, target, short),
            }
            return;
        }
        self.check_label(target);
        self.words.push(short);
        self.add_fixup(Fixup { offset: here, origin: here, label: target, kind });
        if self.words.len() > self.checkpoint {
            self.meet_deadlines(0);
        }
    }

    pub(crate) fn add_fixup(&mut self, fixup: Fixup) {
        if self.pending.add(fixup) {
            self.checkpoint = self.next_checkpoint();
        } else {
            // The deadlines stay, and an island grows by this veneer at most.
            self.checkpoint = self.checkpoint.saturating_sub(fixup.kind.veneer_words() as usize);
        }
    }

    pub(crate) fn next_checkpoint(&self) -> usize {
        in_words(self.pending.checkpoint(self.pool.bytes()))
    }

    /// Serves the references whose deadline would pass within the next `instructions` words.
    #[cold]
    #[inline(never)]
    fn meet_deadlines(&mut self, instructions: usize) {
        self.serve(instructions);
        self.checkpoint = self.next_checkpoint();
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
        let mut error = None;
        let mut pending = core::mem::take(&mut self.pending);
        pending.resolve(|fixup| {
            if let Err(found) = self.patch(fixup) {
                error.get_or_insert(found);
            }
            true
        });
        if let Some(error) = error {
            return Err(error);
        }
        let Assembler { words, relocations, labels, positions, .. } = self;
        Ok(Code { words, relocations, labels, positions })
    }

    /// Writes the distance to a bound label.
    pub(crate) fn patch(&mut self, fixup: &Fixup) -> Result<(), AsmError> {
        let &Fixup { offset, origin, label, kind } = fixup;
        let Some(Some(target)) = self.labels.get(label.index()).copied() else {
            return Err(AsmError::Unbound { label, offset });
        };
        let distance = i64::from(target) - i64::from(origin);
        let out_of_range = AsmError::OutOfRange { kind, offset, distance };
        let word = self.words.get_mut(offset as usize / 4).ok_or(out_of_range)?;
        *word = kind.patch(*word, distance).ok_or(out_of_range)?;
        Ok(())
    }
}

impl Default for Assembler {
    fn default() -> Self {
        Assembler::new()
    }
}

/// The number of whole words before a byte offset; the largest offset stands for no limit.
fn in_words(checkpoint: u32) -> usize {
    if checkpoint == u32::MAX { usize::MAX } else { checkpoint as usize / 4 }
}

/// Finished code, to be placed at any address that is a multiple of 16.
///
/// ```
/// let mut asm = arm64_enc::Assembler::new();
/// asm.push(arm64_enc::Inst::ret());
/// assert_eq!(asm.finish()?.to_bytes(), [0xc0, 0x03, 0x5f, 0xd6]);
/// # Ok::<(), arm64_enc::AsmError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Code {
    words: Vec<u32>,
    relocations: Vec<Relocation>,
    labels: Vec<Option<u32>>,
    positions: Vec<(u32, u32)>,
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

    /// The source position of the word at an offset in bytes: the last one that was
    /// [stated](Assembler::position) at or before it.
    #[must_use]
    pub fn position_at(&self, offset: u32) -> Option<u32> {
        let after = self.positions.partition_point(|&(begin, _)| begin <= offset);
        self.positions.get(after.checked_sub(1)?).map(|&(_, position)| position)
    }

    /// Where each source position begins: offsets in bytes, ascending, and positions.
    #[must_use]
    pub fn positions(&self) -> &[(u32, u32)] {
        &self.positions
    }
}
