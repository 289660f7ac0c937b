//! Makes the pieces agree: finds the moves between the pieces of each value, along edges and around
//! constraints, decides where spilled values are stored, and writes down the allocation.
//!
//! A value in SSA form never changes, so one store to its slot is enough for all of its life. It is put at the
//! definition, or at the cuts where the value leaves its register if those run less often.
//! Source for resolution on SSA form: Wimmer, Franz, "Linear Scan Register Allocation on SSA Form" (CGO 2010).

use std::ops;

use crate::env::{Allocation, Loc, MachineEnv, ProgPoint};
use crate::error::Error;
use crate::function::Function;
use crate::hints::Hints;
use crate::intervals::{Id, Interval, Intervals, Place};
use crate::layout::Layout;
use crate::liveness::{Liveness, Range, reused_by};
use crate::moves::{ParallelMove, Sequencer, Source};
use crate::operand::{
    Block, Constraint, Inst, Operand, OperandKind, OperandPos, PReg, RegClass, VReg,
};
use crate::pos::{Phase, Pos};
use crate::slots::Slots;
use crate::spans::Reach;

/// The moves that belong to one place between instructions come in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    /// Along the edge into the block that starts here.
    EdgeIn,
    /// Between the pieces of values and into fixed registers, before the instruction.
    Gap,
    /// Along the edge out of the block that ends with the instruction.
    EdgeOut,
    /// After the instruction.
    After,
}

/// One side of a pending move.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Reg(PReg),
    /// The slot of this value.
    Slot(VReg),
    /// Run the definition of the value again. Only to read from.
    Remat(Inst),
}

#[derive(Clone, Copy)]
struct Pending {
    inst: Inst,
    group: Group,
    class: RegClass,
    from: End,
    to: End,
    /// It only stores a value to its own slot, which is needless if that is done at the definition.
    is_store: bool,
}

/// How the slot of a value gets its content.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Storing {
    /// Where the value leaves its register.
    AtCuts,
    /// Once, at the definition; or the definition writes to the slot itself.
    AtDefinition,
}

/// The memory of the resolution, kept from run to run.
pub(crate) struct Resolver {
    /// The pieces of each value, in order of position.
    first_piece: Vec<u32>,
    pieces: Vec<Id>,
    pending: Vec<Pending>,
    /// Per value, what its stores at cuts cost together.
    store_cost: Vec<u64>,
    storing: Vec<Storing>,
    slots: Slots,
    batch: Vec<ParallelMove>,
    sequencer: Sequencer,
}

impl Default for Resolver {
    fn default() -> Resolver {
        Resolver {
            first_piece: Vec::new(),
            pieces: Vec::new(),
            pending: Vec::new(),
            store_cost: Vec::new(),
            storing: Vec::new(),
            slots: Slots::default(),
            batch: Vec::new(),
            sequencer: Sequencer::new([PReg::int(0), PReg::float(0)]),
        }
    }
}

/// What the scan has left.
pub(crate) struct Scanned<'a, F: ?Sized> {
    pub(crate) function: &'a F,
    pub(crate) env: &'a MachineEnv,
    pub(crate) layout: &'a Layout,
    pub(crate) reach: &'a Reach,
    pub(crate) live: &'a Liveness,
    pub(crate) hints: &'a Hints,
    pub(crate) intervals: &'a Intervals,
}

impl Resolver {
    /// Fills `out`.
    pub(crate) fn run<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        out: &mut Allocation,
    ) -> Result<(), Error> {
        self.index_pieces(scanned);
        self.pending.clear();
        self.store_cost.clear();
        self.store_cost.resize(scanned.live.values.len(), 0);
        self.connect_pieces(scanned);
        self.pass_arguments(scanned);
        self.choose_stores(scanned)?;
        self.slots.assign(scanned.hints);
        self.place_operands(scanned, out)?;
        self.find_needless(scanned, out);
        self.emit(scanned, out)
    }

    fn index_pieces<F: ?Sized>(&mut self, scanned: &Scanned<'_, F>) {
        let list = &scanned.intervals.list;
        self.first_piece.clear();
        self.first_piece.resize(scanned.live.values.len() + 1, 0);
        for interval in list {
            self.first_piece[interval.vreg.index()] += 1;
        }
        let mut sum = 0;
        for first in &mut self.first_piece {
            sum += *first;
            *first = sum;
        }
        self.pieces.clear();
        self.pieces.resize(list.len(), 0);
        for (id, interval) in list.iter().enumerate().rev() {
            let slot = &mut self.first_piece[interval.vreg.index()];
            *slot -= 1;
            self.pieces[*slot as usize] = id as Id;
        }
        for pair in self.first_piece.windows(2) {
            let pieces = &mut self.pieces[pair[0] as usize..pair[1] as usize];
            if pieces.len() > 1 {
                pieces.sort_unstable_by_key(|&id| list[id as usize].from);
            }
        }
    }

    fn pieces_of(&self, vreg: VReg) -> &[Id] {
        let first = self.first_piece[vreg.index()] as usize;
        &self.pieces[first..self.first_piece[vreg.index() + 1] as usize]
    }

    /// The piece of `vreg` that `pos` lies in.
    fn piece_at<'a, F: ?Sized>(
        &self,
        scanned: &Scanned<'a, F>,
        vreg: VReg,
        pos: Pos,
    ) -> Option<&'a Interval> {
        let pieces = self.pieces_of(vreg);
        let index = match pieces {
            [] => return None,
            [_] => 0,
            _ => pieces
                .partition_point(|&id| scanned.intervals.get(id).from <= pos)
                .saturating_sub(1),
        };
        Some(scanned.intervals.get(pieces[index]))
    }

    /// Where `vreg` can be read at `pos`.
    fn place_at<F: ?Sized>(&self, scanned: &Scanned<'_, F>, vreg: VReg, pos: Pos) -> Option<End> {
        Some(end_of(scanned, self.piece_at(scanned, vreg, pos)?))
    }

    fn push_move(
        &mut self,
        layout: &Layout,
        at: (Inst, Group, Block),
        vreg: VReg,
        from: End,
        to: End,
    ) {
        let (inst, group, block) = at;
        if from == to || matches!(to, End::Remat(_)) {
            return;
        }
        // A value that goes back to its slot after it has been read from there is still in it.
        let is_store = to == End::Slot(vreg);
        if is_store {
            self.store_cost[vreg.index()] += u64::from(layout.weight(block));
        }
        self.pending.push(Pending { inst, group, class: vreg.class(), from, to, is_store });
    }

    /// Adds the moves between the pieces of each value, inside of blocks and along edges.
    fn connect_pieces<F: Function + ?Sized>(&mut self, scanned: &Scanned<'_, F>) {
        for index in 0..scanned.live.values.len() {
            let Some(vreg) = scanned.live.values[index].vreg else { continue };
            let count = self.pieces_of(vreg).len();
            if count < 2 {
                continue;
            }
            for n in 1..count {
                let pieces = self.pieces_of(vreg);
                let before = scanned.intervals.get(pieces[n - 1]);
                let after = scanned.intervals.get(pieces[n]);
                self.connect_inside(scanned, before, after);
            }
            self.connect_edges(scanned, vreg);
        }
    }

    fn connect_inside<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        before: &Interval,
        after: &Interval,
    ) {
        let (layout, pos, vreg) = (scanned.layout, after.from, after.vreg);
        if before.to != pos || pos.phase() == Phase::Gap {
            // In the first case there is a hole, in the second a block starts: edges take care of both.
            return;
        }
        let block = layout.block_at(pos);
        let inst = pos.inst();
        let to = end_of(scanned, after);
        let mut from = Some(end_of(scanned, before));
        let group = if pos.phase() == Phase::After { Group::After } else { Group::Gap };
        if pos.phase() == Phase::Late {
            // Only a slot can take over here. It is written before the instruction.
            from = self.place_at(scanned, vreg, Pos::gap(inst));
        }
        if let Some(from) = from {
            self.push_move(layout, (inst, group, block), vreg, from, to);
        }
    }

    /// Adds the moves along the edges between whose ends the value goes from one piece to another. Only the pieces in
    /// registers are asked which edges come in from outside and which go out, as there are few at a time, however
    /// many values are live: from memory to memory nothing moves.
    fn connect_edges<F: Function + ?Sized>(&mut self, scanned: &Scanned<'_, F>, vreg: VReg) {
        let Scanned { layout, intervals, live, .. } = *scanned;
        let pieces = self.first_piece[vreg.index()]..self.first_piece[vreg.index() + 1];
        for index in pieces.clone() {
            let piece = intervals.get(self.pieces[index as usize]);
            if !matches!(piece.place, Place::Reg(_)) {
                continue;
            }
            let next = (index + 1 < pieces.end).then(|| self.pieces[index as usize + 1]);
            let until = next.map_or(Pos::END, |next| intervals.get(next).from);
            let starts = layout.starts_in(piece.from, until);
            let ends = layout.ends_in(piece.from, until);
            for number in piece.first_range..piece.end_range {
                let Range { from, to } = live.ranges[number as usize];
                let (from, to) = (from.max(piece.from), to.min(until));
                self.connect_entries(scanned, piece, layout.starts_in(from, to), &ends);
                self.connect_exits(scanned, piece, layout.ends_in(from, to), &starts);
            }
        }
    }

    /// Adds the moves into `piece` along the edges into `blocks`, which it is live at the start of, from other blocks
    /// than `ends`.
    fn connect_entries<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        piece: &Interval,
        blocks: ops::Range<usize>,
        ends: &ops::Range<usize>,
    ) {
        let (layout, vreg) = (scanned.layout, piece.vreg);
        for block in scanned.reach.preds.outside(blocks, ends) {
            for &pred in scanned.function.block_preds(block) {
                let is_param = layout.block_from(block) == scanned.live.value(vreg).def;
                if is_param || ends.contains(&pred.index()) {
                    continue;
                }
                let end = layout.block_to(pred).prev();
                let Some(from) = self.place_at(scanned, vreg, end) else { continue };
                let at = edge_place(scanned, pred, block);
                self.push_move(layout, at, vreg, from, end_of(scanned, piece));
            }
        }
    }

    /// Adds the moves from `piece` to memory along the edges from `blocks`, which it is live at the end of, to other blocks
    /// than `starts`. If the value is in a register there, it is an entry of that piece.
    fn connect_exits<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        piece: &Interval,
        blocks: ops::Range<usize>,
        starts: &ops::Range<usize>,
    ) {
        let (layout, vreg) = (scanned.layout, piece.vreg);
        for block in scanned.reach.succs.outside(blocks, starts) {
            for &succ in scanned.function.block_succs(block) {
                let start = layout.block_from(succ);
                if starts.contains(&succ.index()) || !scanned.live.is_live(vreg, start) {
                    continue;
                }
                if self.place_at(scanned, vreg, start) == Some(End::Slot(vreg)) {
                    let at = edge_place(scanned, block, succ);
                    self.push_move(layout, at, vreg, end_of(scanned, piece), End::Slot(vreg));
                }
            }
        }
    }

    /// Adds the moves from the arguments of branches to the parameters of blocks.
    fn pass_arguments<F: Function + ?Sized>(&mut self, scanned: &Scanned<'_, F>) {
        let layout = scanned.layout;
        for index in 0..layout.num_blocks() {
            let pred = Block::new(index as u32);
            let end = layout.block_to(pred).prev();
            for (n, &succ) in scanned.function.block_succs(pred).iter().enumerate() {
                let params = scanned.function.block_params(succ);
                if params.is_empty() {
                    continue;
                }
                let at = edge_place(scanned, pred, succ);
                let start = layout.block_from(succ);
                let args = scanned.function.branch_args(pred, n);
                for (&arg, &param) in args.iter().zip(params) {
                    // A parameter that is never used is nowhere.
                    let Some(to) = self.place_at(scanned, param, start) else { continue };
                    let Some(from) = self.argument_at(scanned, arg, end) else { continue };
                    self.push_move(layout, at, arg, from, to);
                }
            }
        }
    }

    /// Where the argument `vreg` of a branch can be read at `end`. A value that can be made again is not kept
    /// for that.
    fn argument_at<F: ?Sized>(
        &self,
        scanned: &Scanned<'_, F>,
        vreg: VReg,
        end: Pos,
    ) -> Option<End> {
        let piece = self.piece_at(scanned, vreg, end);
        match scanned.live.value(vreg).remat {
            Some(inst) if !piece.is_some_and(|piece| piece.covers(scanned.live, end)) => {
                Some(End::Remat(inst))
            }
            _ => Some(end_of(scanned, piece?)),
        }
    }

    /// Lists the instructions whose result nothing takes from the register they put it in.
    fn find_needless<F: ?Sized>(&self, scanned: &Scanned<'_, F>, out: &mut Allocation) {
        for value in &scanned.live.values {
            let (Some(vreg), Some(inst)) = (value.vreg, value.remat) else { continue };
            let piece = self.piece_at(scanned, vreg, value.def);
            if piece.is_some_and(|piece| piece.to <= Pos::after(inst)) {
                out.needless.push(inst);
            }
        }
        out.needless.sort_unstable();
    }

    /// Decides for each spilled value where it is stored, and asks for its slot.
    fn choose_stores<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
    ) -> Result<(), Error> {
        let live = scanned.live;
        self.slots.clear(live.values.len());
        self.storing.clear();
        self.storing.resize(live.values.len(), Storing::AtCuts);
        for index in 0..live.values.len() {
            let value = live.values[index];
            let Some(vreg) = value.vreg.filter(|_| value.remat.is_none()) else { continue };
            let pieces = self.pieces_of(vreg);
            let spilled = |&id: &Id| scanned.intervals.get(id).place == Place::Spilled;
            if !value.needs_slot && !pieces.iter().any(spilled) {
                continue;
            }
            // The slot is written once and must keep its content for all of the life of the value: even after the
            // last piece in it, a loop may come back to the first.
            let first = pieces.first().map_or(value.def, |&id| scanned.intervals.get(id).from);
            let last = pieces.last().map_or(value.def, |&id| scanned.intervals.get(id).to);
            // It can be written by the defining instruction itself, and read while that runs.
            let first = first.min(Pos::gap(value.def.inst()));
            let last = last.max(Pos::gap(value.def.inst().next()));
            self.slots.want(vreg, first, last);
            self.choose_store(scanned, vreg)?;
        }
        Ok(())
    }

    fn choose_store<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        vreg: VReg,
    ) -> Result<(), Error> {
        let (layout, value) = (scanned.layout, scanned.live.value(vreg));
        let block = value.def_block();
        let inst = value.def.inst();
        let is_param = value.def == layout.block_from(block);
        let operands = scanned.function.inst_operands(inst);
        let def = operands.iter().find(|op| op.is_def() && op.vreg() == vreg && !is_param);
        let piece = self.place_at(scanned, vreg, value.def);
        let by_itself = piece == Some(End::Slot(vreg));
        if def.is_some_and(|def| def.constraint() == Constraint::Stack)
            || by_itself && value.def.phase() != Phase::After
        {
            self.storing[vreg.index()] = Storing::AtDefinition;
            return Ok(());
        }
        let no_room = !is_param && inst == layout.terminator(block);
        if value.needs_slot && no_room {
            return Err(Error::TerminatorOperands { inst });
        }
        let cheaper = u64::from(layout.weight(block)) <= self.store_cost[vreg.index()];
        if !(value.needs_slot || by_itself || cheaper && !no_room) {
            return Ok(());
        }
        self.storing[vreg.index()] = Storing::AtDefinition;
        let (group, from) = match (is_param, def.map(|def| def.constraint())) {
            (true, _) => (Group::Gap, piece),
            (false, Some(Constraint::Fixed(reg))) => (Group::After, Some(End::Reg(reg))),
            _ => (Group::After, self.place_at(scanned, vreg, Pos::late(inst))),
        };
        let Some(from) = from else { return Ok(()) };
        let to = End::Slot(vreg);
        // `by_itself` with a fixed definition: the move from the fixed register is made with the operands.
        if !by_itself {
            let class = vreg.class();
            self.pending.push(Pending { inst, group, class, from, to, is_store: false });
        }
        Ok(())
    }

    /// Writes down where each operand is, and adds the moves that fixed and reused operands need.
    fn place_operands<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        out: &mut Allocation,
    ) -> Result<(), Error> {
        for index in 0..scanned.layout.num_insts() {
            let inst = Inst::new(index as u32);
            let operands = scanned.function.inst_operands(inst);
            out.first.push(u32::try_from(out.locs.len()).map_err(|_| Error::TooLarge)?);
            let any_reuse =
                operands.iter().any(|op| matches!(op.constraint(), Constraint::Reuse(_)));
            for (n, &operand) in operands.iter().enumerate() {
                let reuse = if any_reuse { reused_by(operands, n) } else { None };
                let reuse = reuse.map(|def| operands[def].vreg());
                let at = self.place_operand(scanned, inst, operand, reuse);
                let loc = at.and_then(|end| self.loc(end));
                out.locs.push(loc.ok_or(Error::BadOperand { inst, operand: n })?);
            }
        }
        out.first.push(u32::try_from(out.locs.len()).map_err(|_| Error::TooLarge)?);
        Ok(())
    }

    fn place_operand<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        inst: Inst,
        operand: Operand,
        reuse: Option<VReg>,
    ) -> Option<End> {
        let vreg = operand.vreg();
        let early = Pos::early(inst);
        match (operand.kind(), operand.constraint()) {
            (OperandKind::Use, Constraint::Fixed(reg)) => {
                self.copy_in(scanned, inst, vreg, End::Reg(reg))
            }
            (OperandKind::Use, Constraint::Stack) => Some(End::Slot(vreg)),
            (OperandKind::Use, _) => match reuse {
                Some(def) => {
                    let to = self.place_at(scanned, def, early)?;
                    self.copy_in(scanned, inst, vreg, to)
                }
                None => self.place_at(scanned, vreg, early),
            },
            (OperandKind::Def, Constraint::Fixed(reg)) => {
                self.copy_out(scanned, inst, vreg, End::Reg(reg))
            }
            (OperandKind::Def, Constraint::Stack) => {
                self.copy_out(scanned, inst, vreg, End::Slot(vreg))
            }
            (OperandKind::Def, Constraint::Reuse(_)) => self.place_at(scanned, vreg, early),
            (OperandKind::Def, _) => match operand.pos() {
                OperandPos::Early => self.place_at(scanned, vreg, early),
                OperandPos::Late => self.place_at(scanned, vreg, Pos::late(inst)),
            },
        }
    }

    fn copy_in<F: ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        inst: Inst,
        vreg: VReg,
        to: End,
    ) -> Option<End> {
        let from = self.place_at(scanned, vreg, Pos::gap(inst))?;
        if from != to {
            let (class, group) = (vreg.class(), Group::Gap);
            self.pending.push(Pending { inst, group, class, from, to, is_store: false });
        }
        Some(to)
    }

    fn copy_out<F: ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        inst: Inst,
        vreg: VReg,
        from: End,
    ) -> Option<End> {
        // If nothing uses the value, it has no piece and is nowhere.
        if let Some(to) = self.place_at(scanned, vreg, Pos::after(inst))
            && from != to
        {
            let (class, group) = (vreg.class(), Group::After);
            self.pending.push(Pending { inst, group, class, from, to, is_store: false });
        }
        Some(from)
    }

    fn loc(&self, end: End) -> Option<Loc> {
        match end {
            End::Reg(reg) => Some(Loc::Reg(reg)),
            End::Slot(vreg) => self.slots.get(vreg).map(Loc::Stack),
            End::Remat(_) => None,
        }
    }

    /// Puts the pending moves in order and writes them down.
    fn emit<F: Function + ?Sized>(
        &mut self,
        scanned: &Scanned<'_, F>,
        out: &mut Allocation,
    ) -> Result<(), Error> {
        let mut pending = std::mem::take(&mut self.pending);
        let storing = &self.storing;
        pending.retain(|step| match step.to {
            End::Slot(vreg) if step.is_store => storing[vreg.index()] == Storing::AtCuts,
            _ => true,
        });
        pending.sort_unstable_by_key(|step| (step.inst, step.group));
        self.sequencer.set_scratch(RegClass::ALL.map(|class| scanned.env.scratch(class)));
        let mut spare = None;
        for steps in pending.chunk_by(|a, b| (a.inst, a.group) == (b.inst, b.group)) {
            let (inst, group) = (steps[0].inst, steps[0].group);
            let point = match group {
                Group::After => ProgPoint::after(inst),
                _ => ProgPoint::before(inst),
            };
            self.batch.clear();
            for step in steps {
                let from = match step.from {
                    End::Remat(inst) => Some(Source::Remat(inst)),
                    end => self.loc(end).map(Source::Loc),
                };
                let (Some(from), Some(to)) = (from, self.loc(step.to)) else { continue };
                self.batch.push(ParallelMove { from, to, class: step.class });
            }
            let slots = &mut self.slots;
            let spare = || *spare.get_or_insert_with(|| slots.fresh());
            self.sequencer
                .sequence(&self.batch, spare, |edit| out.edits.push((point, edit)))
                .map_err(|_| Error::Unsupported("two moves into one place"))?;
        }
        self.pending = pending;
        out.num_spill_slots = self.slots.count();
        Ok(())
    }
}

fn end_of<F: ?Sized>(scanned: &Scanned<'_, F>, piece: &Interval) -> End {
    match (piece.place, scanned.live.value(piece.vreg).remat) {
        (Place::Reg(reg), _) => End::Reg(reg),
        (_, Some(inst)) => End::Remat(inst),
        (_, None) => End::Slot(piece.vreg),
    }
}

/// Where the moves for an edge go, and the block they run as often as.
fn edge_place<F: Function + ?Sized>(
    scanned: &Scanned<'_, F>,
    pred: Block,
    succ: Block,
) -> (Inst, Group, Block) {
    if Layout::moves_at_start(scanned.function, succ) {
        (scanned.layout.block_from(succ).inst(), Group::EdgeIn, succ)
    } else {
        (scanned.layout.terminator(pred), Group::EdgeOut, pred)
    }
}
