//! Emission: blocks in their order, branches that fall through where they can, edits of the allocator, trap stubs at
//! the end. The assembler places jump tables, constants and what far references need.

use std::collections::BTreeSet;

use arm64_enc::{AsmError, Assembler, Label};
use ir::{Effect, Function, Span, TrapKind};
use regalloc::{Allocation, Edit, Inst, ProgPoint};

use crate::Protection;
use crate::error::Reason;
use crate::frame::Frame;
use crate::function::MachineFunction;
use crate::minst::{Emitter, Op, Symbol, Test, inverse};
use crate::order;
use crate::unwind::{FrameRow, Rows};

/// The kinds of patches to the code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum RelocKind {
    /// The distance to the symbol goes into a `bl`: ±128 MiB, in words.
    Call26,
    /// The same into a `b` that ends the function.
    Jump26,
    /// The 8 bytes become the symbol's address plus the addend.
    Abs64,
}

/// A place in the code that depends on an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reloc {
    /// Offset of the instruction or datum, in bytes.
    pub offset: u32,
    /// The kind of patch.
    pub kind: RelocKind,
    /// The function or data object.
    pub symbol: Symbol,
    /// Added to the address.
    pub addend: i64,
}

/// A place where code ends in a trap: a `brk` with the code of its kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TrapSite {
    /// Offset of the `brk`, in bytes.
    pub offset: u32,
    /// Why.
    pub kind: TrapKind,
    /// The place in the source, if it is known.
    pub span: Option<Span>,
}

/// The place of a stack slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotPlace {
    /// Bytes above the stack pointer, as the prologue leaves it.
    pub offset: u32,
    /// Its size in bytes, as the IR says.
    pub size: u64,
    /// Its alignment in bytes, as the IR says.
    pub align: u32,
}

/// Machine code of one function, before it has an address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CompiledCode {
    /// The function's name.
    pub name: String,
    /// Instructions and constants; to be placed at a multiple of 16.
    pub words: Vec<u32>,
    /// The patches to be made, by offset.
    pub relocs: Vec<Reloc>,
    /// The trap sites, by offset.
    pub traps: Vec<TrapSite>,
    /// The place in the source of the code from each offset on, if it is known, by offset. It is exact for what can trap or
    /// call; elsewhere an instruction without a place has that of those before it.
    pub spans: Vec<(u32, Option<Span>)>,
    /// The offset from which on `x29` points to the frame record of a call; a function without one leaves that of its caller.
    pub record_from: Option<u32>,
    /// The number of bytes of `words` that are instructions; constants follow.
    pub code_bytes: u32,
    /// Bytes of stack that a call takes.
    pub frame_bytes: u32,
    /// Bytes of arguments that the caller has left on the stack, right above the frame.
    pub incoming_bytes: u32,
    /// The stack slots, from the lowest on.
    pub slots: Vec<SlotPlace>,
    /// The hardening of the code.
    pub protection: Protection,
    /// The rules that find the caller's registers, by offset; empty unless it was
    /// [asked for](crate::Options::describe_frames).
    pub frame_rows: Vec<FrameRow>,
}

/// Writes an allocated function.
///
/// # Errors
/// If the frame is too large or the assembler refuses.
pub(crate) fn emit(
    func: &Function,
    mf: &MachineFunction,
    allocation: &Allocation,
) -> Result<CompiledCode, Reason> {
    let frame = Frame::new(func, mf, allocation)?;
    let mut emitter = Emitter {
        asm: Assembler::with_capacity(mf.insts.len() + mf.insts.len() / 4),
        func,
        mf,
        frame: &frame,
        stubs: Vec::new(),
        trap_sites: Vec::new(),
        rows: Rows::new(mf.describe_frame),
    };
    let order = order::emission_order(mf);
    let targets = order::thread_jumps(mf, allocation);
    let labels: Vec<Label> = mf.blocks.iter().map(|_| emitter.asm.label()).collect();
    let mut spans = Spans::default();

    let record_from = frame.prologue(&mut emitter.asm, &mut emitter.rows)?;
    // Blocks that only jump elsewhere are left out.
    let written: Vec<usize> = order.into_iter().filter(|&block| targets[block] == block).collect();
    let pads = table_targets(mf, &targets);
    let edits = allocation.edits();
    for (position, &index) in written.iter().enumerate() {
        emitter.asm.bind(labels[index]).map_err(assembly)?;
        if pads.contains(&index) {
            emitter.asm.push(crate::pads::BTI_J);
        }
        let block = &mf.blocks[index];
        let range = mf.block_range(block);
        let first = ProgPoint::before(Inst::new(range.start as u32));
        let mut next_edit = edits.partition_point(|(point, _)| *point < first);
        for at in range {
            let inst = &mf.insts[at];
            let id = Inst::new(at as u32);
            if let Some(source) = inst.source {
                let span = func.span(source);
                let effect = func.inst(source).opcode().info().effect;
                if span.is_some() || effect != Effect::Pure {
                    spans.push(emitter.asm.offset(), span);
                }
            }
            next_edit = run_edits(&mut emitter, edits, next_edit, ProgPoint::before(id))?;
            let locs = allocation.inst_locs(id);
            if inst.op.is_branch() {
                let following = written.get(position + 1).copied();
                let succs: Vec<usize> =
                    block.succs.iter().map(|succ| targets[succ.index()]).collect();
                let branch = Terminator { labels: &labels, succs: &succs, following };
                branch.emit(&mut emitter, &inst.op, locs.first().copied())?;
            } else if !allocation.is_needless(id) {
                emitter.op(&inst.op, locs)?;
            }
            next_edit = run_edits(&mut emitter, edits, next_edit, ProgPoint::after(id))?;
        }
    }
    finish(emitter, spans, record_from)
}

/// The places in the source of code that is being written.
#[derive(Default)]
struct Spans(Vec<(u32, Option<Span>)>);

impl Spans {
    /// What comes from `offset` on is from this place.
    fn push(&mut self, offset: usize, span: Option<Span>) {
        let offset = offset as u32;
        match self.0.last_mut() {
            Some((_, last)) if *last == span => {}
            Some((start, last)) if *start == offset => *last = span,
            None if span.is_none() => {}
            _ => self.0.push((offset, span)),
        }
    }
}

/// The blocks that jump tables lead to, if these have to be landing pads.
fn table_targets(mf: &MachineFunction, targets: &[usize]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for block in mf.blocks.iter().filter(|_| mf.protection.landing_pads) {
        let last = mf.block_range(block).last().map(|at| mf.insts[at].op);
        if let Some(Op::JumpTable { .. }) = last {
            found.extend(block.succs.iter().map(|succ| targets[succ.index()]));
        }
    }
    found
}

fn run_edits(
    emitter: &mut Emitter<'_>,
    edits: &[(ProgPoint, Edit)],
    mut next: usize,
    at: ProgPoint,
) -> Result<usize, Reason> {
    while let Some((point, edit)) = edits.get(next)
        && *point == at
    {
        emitter.edit(edit)?;
        next += 1;
    }
    Ok(next)
}

/// The targets of a terminator.
struct Terminator<'a> {
    labels: &'a [Label],
    succs: &'a [usize],
    /// The block written next.
    following: Option<usize>,
}

impl Terminator<'_> {
    fn emit(
        &self,
        emitter: &mut Emitter<'_>,
        op: &Op,
        reg: Option<regalloc::Loc>,
    ) -> Result<(), Reason> {
        match (*op, self.succs) {
            (Op::Jump, &[to]) => self.go(emitter, to),
            (Op::Branch { .. }, &[yes, no]) if yes == no => self.go(emitter, yes),
            (Op::Branch { test }, &[yes, no]) => {
                if Some(yes) == self.following {
                    if let Some(test) = inverse(test) {
                        return emitter.branch_if(test, reg, self.labels[no]);
                    }
                    if let Some((first, second)) = order::split_either(test) {
                        emitter.branch_if(Test::Flags(first), reg, self.labels[yes])?;
                        return emitter.branch_if(Test::Flags(second), reg, self.labels[no]);
                    }
                }
                emitter.branch_if(test, reg, self.labels[yes])?;
                self.go(emitter, no);
            }
            (Op::JumpTable { table }, _) => {
                let target = |&succ: &u32| self.succs.get(succ as usize).map(|&to| self.labels[to]);
                let entries = emitter.mf.table(table).iter().map(target);
                let entries: Option<Vec<Label>> = entries.collect();
                let entries = entries.ok_or(Reason::Internal("a table leads nowhere"))?;
                return emitter.jump_table(reg, &entries);
            }
            _ => return Err(Reason::Internal("a branch has the wrong number of successors")),
        }
        Ok(())
    }

    fn go(&self, emitter: &mut Emitter<'_>, to: usize) {
        if Some(to) != self.following {
            emitter.asm.b(self.labels[to]);
        }
    }
}

fn finish(
    mut emitter: Emitter<'_>,
    mut spans: Spans,
    record_from: Option<u32>,
) -> Result<CompiledCode, Reason> {
    for (label, trap) in std::mem::take(&mut emitter.stubs) {
        spans.push(emitter.asm.offset(), emitter.mf.trap(trap).span);
        emitter.asm.bind(label).map_err(assembly)?;
        emitter.brk(trap)?;
    }
    let code_bytes = emitter.asm.offset() as u32;
    let Emitter { asm, func, mf, frame, trap_sites, rows, .. } = emitter;
    let mut frame_rows = rows.rows;
    frame_rows.retain(|row| row.offset < code_bytes);
    let code = asm.finish().map_err(assembly)?;
    let relocs = code.relocations().iter().map(|reloc| {
        let kind = match reloc.kind {
            arm64_enc::RelocKind::Abs64 => RelocKind::Abs64,
            arm64_enc::RelocKind::Call26 => RelocKind::Call26,
            arm64_enc::RelocKind::Jump26 => RelocKind::Jump26,
            _ => return Err(Reason::Internal("a relocation of a kind that is not asked for")),
        };
        let symbol = Symbol::from_number(reloc.symbol);
        Ok(Reloc { offset: reloc.offset, kind, symbol, addend: reloc.addend })
    });
    let relocs = relocs.collect::<Result<Vec<Reloc>, Reason>>()?;
    let traps = trap_sites
        .iter()
        .map(|&(offset, trap)| {
            let info = mf.trap(trap);
            TrapSite { offset: offset as u32, kind: info.kind, span: info.span }
        })
        .collect();
    Ok(CompiledCode {
        name: func.name.clone(),
        words: code.words().to_vec(),
        relocs,
        traps,
        spans: spans.0,
        record_from,
        code_bytes,
        frame_bytes: frame.bytes(),
        incoming_bytes: mf.incoming_bytes,
        slots: frame.slot_places(func),
        protection: mf.protection,
        frame_rows,
    })
}

fn assembly(error: AsmError) -> Reason {
    Reason::Assembly(error.to_string())
}
