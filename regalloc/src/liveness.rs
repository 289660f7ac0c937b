//! Where every value is live, and where it is used.
//!
//! Liveness is found value by value. Most values are live in one stretch of the layout, and `spans` sees that without
//! a look at each block. For the others, from each use, walk the predecessors up to the definition, marking blocks:
//! the work is proportional to the blocks, there is no fixed point to iterate to, and irreducible loops need
//! no special care. Source: Brandner, Boissinot, Darte, Dupont de Dinechin, Rastello, "Computing Liveness Sets
//! for SSA-Form Programs", INRIA RR-7503 (2011), the variant by variable.

#[cfg(test)]
mod tests;

use crate::env::MachineEnv;
use crate::error::Error;
use crate::function::Function;
use crate::hints::Hints;
use crate::intervals::latest_end;
use crate::layout::Layout;
use crate::operand::{
    Block, Constraint, Inst, Operand, OperandKind, OperandPos, PReg, PRegSet, RegClass, VReg,
};
use crate::pos::{Phase, Pos};
use crate::spans::{Reach, Stretch};

/// After so many steps back from the uses of a value, the first look whether the rest is one stretch; then after twice
/// as many, and so on.
const FIRST_LOOK: usize = 4;

/// A stretch `from..to` in which a value is live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Range {
    pub(crate) from: Pos,
    pub(crate) to: Pos,
}

/// A place where an instruction or an edge touches a value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    /// The value must be in its place from here...
    pub(crate) pos: Pos,
    /// ...until here.
    pub(crate) end: Pos,
    pub(crate) block: Block,
    /// `true` if that place must be a register.
    pub(crate) must: bool,
    /// The register from or into which the value is copied here.
    pub(crate) hint: Option<PReg>,
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Value {
    pub(crate) vreg: Option<VReg>,
    /// From when on the value is live at its definition.
    pub(crate) def: Pos,
    def_block: u32,
    pub(crate) first_use: u32,
    pub(crate) end_use: u32,
    pub(crate) first_range: u32,
    pub(crate) end_range: u32,
    /// An operand wants it in its slot.
    pub(crate) needs_slot: bool,
    /// What to run instead of reloading it.
    pub(crate) remat: Option<Inst>,
}

impl Value {
    pub(crate) fn def_block(&self) -> Block {
        Block::new(self.def_block)
    }
}

/// The registers that one instruction needs for itself, per class as bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed {
    pub(crate) inst: Inst,
    pub(crate) early: u64,
    pub(crate) late: u64,
}

/// Liveness and uses of all values, in flat arrays that keep their memory from run to run.
#[derive(Default)]
pub(crate) struct Liveness {
    pub(crate) values: Vec<Value>,
    /// The uses of each value together, in order of position; a definition counts as a use.
    pub(crate) uses: Vec<Use>,
    /// `cost[i]` is the sum of the weights of `uses[..i]`.
    pub(crate) cost: Vec<u64>,
    pub(crate) ranges: Vec<Range>,
    /// In order of instruction.
    pub(crate) fixed: [Vec<Fixed>; 2],
    /// The registers that fixed operands name.
    pub(crate) passed: PRegSet,
    params: Vec<VReg>,
    /// `params[first_param[b]..first_param[b + 1]]` belongs to block `b`.
    first_param: Vec<u32>,
    fill: Vec<u32>,
    segments: Vec<(Block, Pos)>,
    seen: Vec<(u32, u32)>,
    worklist: Vec<Block>,
    stretches: Vec<Stretch>,
}

/// The definition among `operands` that takes over the register of the use at `input`.
pub(crate) fn reused_by(operands: &[Operand], input: usize) -> Option<usize> {
    operands
        .iter()
        .position(|op| matches!(op.constraint(), Constraint::Reuse(k) if usize::from(k) == input))
}

/// How `operand` touches its value: from when, until when, whether in a register, and the register it is
/// copied from or to.
fn touch(inst: Inst, operand: Operand, reused: bool) -> (Pos, Pos, bool, Option<PReg>) {
    let (gap, early, late, after) =
        (Pos::gap(inst), Pos::early(inst), Pos::late(inst), Pos::after(inst));
    match (operand.kind(), operand.constraint()) {
        // These are copied in the gap; the instruction reads the copy.
        (OperandKind::Use, Constraint::Fixed(reg)) => (gap, early, false, Some(reg)),
        // The slot outlives the instruction, whenever that reads it.
        (OperandKind::Use, Constraint::Stack) => (gap, early, false, None),
        (OperandKind::Use, _) if reused => (gap, early, false, None),
        (OperandKind::Use, constraint) => {
            let end = if operand.pos() == OperandPos::Early { late } else { after };
            (early, end, constraint == Constraint::Reg, None)
        }
        (OperandKind::Def, Constraint::Fixed(reg)) => (after, after.next(), false, Some(reg)),
        (OperandKind::Def, Constraint::Stack) => (after, after.next(), false, None),
        (OperandKind::Def, Constraint::Reuse(_)) => (early, after, true, None),
        (OperandKind::Def, constraint) => {
            let pos = if operand.pos() == OperandPos::Early { early } else { late };
            (pos, after, constraint == Constraint::Reg, None)
        }
    }
}

impl Liveness {
    pub(crate) fn value(&self, vreg: VReg) -> &Value {
        &self.values[vreg.index()]
    }

    /// Calls `hint` with the first register that each value is copied from or to.
    pub(crate) fn hints(&self, layout: &Layout, mut hint: impl FnMut(VReg, PReg, u32)) {
        for value in &self.values {
            let uses = &self.uses[value.first_use as usize..value.end_use as usize];
            let first = uses.iter().find(|touched| touched.hint.is_some());
            if let (Some(vreg), Some(&Use { hint: Some(reg), block, .. })) = (value.vreg, first) {
                hint(vreg, reg, layout.weight(block));
            }
        }
    }

    /// The parameters of `block`.
    pub(crate) fn params(&self, block: Block) -> &[VReg] {
        let first = self.first_param[block.index()] as usize;
        &self.params[first..self.first_param[block.index() + 1] as usize]
    }

    /// The block that `vreg` is a parameter of.
    pub(crate) fn block_of_param(&self, layout: &Layout, vreg: VReg) -> Option<Block> {
        let value = self.value(vreg);
        let block = value.def_block();
        (layout.block_from(block) == value.def).then_some(block)
    }

    /// Returns `true` if both values are live at some time: in SSA form one of them is then live where the other is
    /// defined.
    pub(crate) fn interfere(&self, a: VReg, b: VReg) -> bool {
        self.is_live(a, self.value(b).def) || self.is_live(b, self.value(a).def)
    }

    /// Returns `true` if `vreg` is live at `pos`.
    pub(crate) fn is_live(&self, vreg: VReg, pos: Pos) -> bool {
        let value = self.value(vreg);
        let ranges = &self.ranges[value.first_range as usize..value.end_range as usize];
        let index = ranges.partition_point(|range| range.to <= pos);
        ranges.get(index).is_some_and(|range| range.from <= pos)
    }

    /// Fills everything from `function`, whose flow graph `layout` has checked. Pairs of values that would
    /// like to share a register go to `hints`.
    pub(crate) fn build<F: Function + ?Sized>(
        &mut self,
        function: &F,
        env: &MachineEnv,
        layout: &Layout,
        reach: &Reach,
        rematerialise: bool,
        hints: &mut Hints,
    ) -> Result<(), Error> {
        self.count(function, layout)?;
        if rematerialise {
            self.find_remats(function)?;
        }
        self.collect_uses(function, env, layout, hints)?;
        self.find_ranges(function, layout, reach)
    }

    /// Finds the definitions and counts the uses of each value.
    fn count<F: Function + ?Sized>(&mut self, function: &F, layout: &Layout) -> Result<(), Error> {
        self.values.clear();
        self.values.resize(function.num_vregs(), Value::default());
        self.params.clear();
        self.first_param.clear();
        for index in 0..layout.num_blocks() {
            let block = Block::new(index as u32);
            self.first_param.push(self.params.len() as u32);
            self.params.extend(function.block_params(block));
            for &param in function.block_params(block) {
                self.define(param, block, layout.block_from(block))?;
            }
            for inst in function.block_insts(block).iter() {
                for &operand in function.inst_operands(inst) {
                    let value = self.value_mut(operand.vreg())?;
                    value.end_use += 1;
                    value.needs_slot |= operand.constraint() == Constraint::Stack;
                    if operand.is_def() {
                        let (def, ..) = touch(inst, operand, false);
                        self.define(operand.vreg(), block, def)?;
                    }
                }
            }
            for succ_index in 0..function.block_succs(block).len() {
                for &arg in function.branch_args(block, succ_index) {
                    self.value_mut(arg)?.end_use += 1;
                }
            }
        }
        self.first_param.push(self.params.len() as u32);
        let mut next = 0u32;
        for value in &mut self.values {
            value.first_use = next;
            next = next.checked_add(value.end_use).ok_or(Error::TooLarge)?;
            value.end_use = next;
        }
        Ok(())
    }

    fn find_remats<F: Function + ?Sized>(&mut self, function: &F) -> Result<(), Error> {
        for value in &mut self.values {
            let Some(vreg) = value.vreg.filter(|_| !value.needs_slot) else { continue };
            let Some(inst) = function.remat(vreg) else { continue };
            if function.inst_operands(inst) != [Operand::def_reg(vreg)] {
                return Err(Error::BadOperand { inst, operand: 0 });
            }
            value.remat = Some(inst);
        }
        Ok(())
    }

    fn value_mut(&mut self, vreg: VReg) -> Result<&mut Value, Error> {
        self.values.get_mut(vreg.index()).ok_or(Error::BadVReg { vreg })
    }

    fn define(&mut self, vreg: VReg, block: Block, def: Pos) -> Result<(), Error> {
        let value = self.value_mut(vreg)?;
        if value.vreg.is_some() {
            return Err(Error::DefinedTwice { vreg });
        }
        value.vreg = Some(vreg);
        value.def = def;
        value.def_block = block.index() as u32;
        Ok(())
    }

    /// Puts the uses of each value side by side, in order of position, and notes the fixed registers.
    fn collect_uses<F: Function + ?Sized>(
        &mut self,
        function: &F,
        env: &MachineEnv,
        layout: &Layout,
        hints: &mut Hints,
    ) -> Result<(), Error> {
        let total = self.values.last().map_or(0, |value| value.end_use) as usize;
        let blank =
            Use { pos: Pos::START, end: Pos::START, block: Block::new(0), must: false, hint: None };
        self.uses.clear();
        self.uses.resize(total, blank);
        self.fill.clear();
        self.fill.extend(self.values.iter().map(|value| value.first_use));
        self.fixed.iter_mut().for_each(Vec::clear);
        self.passed = PRegSet::EMPTY;
        for index in 0..layout.num_blocks() {
            let block = Block::new(index as u32);
            let weight = layout.weight(block);
            for inst in function.block_insts(block).iter() {
                let operands = function.inst_operands(inst);
                let any_reuse =
                    operands.iter().any(|op| matches!(op.constraint(), Constraint::Reuse(_)));
                for (n, &operand) in operands.iter().enumerate() {
                    let reused = any_reuse && reused_by(operands, n).is_some();
                    let (pos, end, must, hint) = touch(inst, operand, reused);
                    self.push_use(operand.vreg(), Use { pos, end, block, must, hint })?;
                    if let Constraint::Reuse(input) = operand.constraint() {
                        let input = reuse_input(inst, operands, n, input)?;
                        hints.relate(operand.vreg(), input, weight);
                    }
                }
                if let Some((src, dst)) = function.inst_as_move(inst) {
                    self.value_mut(src)?;
                    self.value_mut(dst)?;
                    hints.relate(dst, src, weight);
                }
                self.note_fixed(function, env, layout, block, inst)?;
            }
            let end = layout.block_to(block);
            for (succ_index, &succ) in function.block_succs(block).iter().enumerate() {
                let args = function.branch_args(block, succ_index);
                for (&arg, &param) in args.iter().zip(function.block_params(succ)) {
                    hints.relate(param, arg, weight);
                    // What can be made again is made in the register of the parameter.
                    if self.value(arg).remat.is_none() {
                        let pos = end.prev();
                        self.push_use(arg, Use { pos, end, block, must: false, hint: None })?;
                    }
                }
            }
        }
        for (value, &filled) in self.values.iter_mut().zip(&self.fill) {
            value.end_use = filled;
        }
        self.cost.clear();
        self.cost.push(0);
        let mut sum = 0u64;
        for touched in &self.uses {
            let weight = u64::from(layout.weight(touched.block));
            // What may be in memory is half as bad there.
            sum += if touched.must { 2 * weight } else { weight };
            self.cost.push(sum);
        }
        Ok(())
    }

    fn push_use(&mut self, vreg: VReg, mut touched: Use) -> Result<(), Error> {
        let value = &self.values[vreg.index()];
        match value.vreg {
            Some(defined) if defined == vreg => {}
            Some(_) => return Err(Error::BadVReg { vreg }),
            None => return Err(Error::Undefined { vreg }),
        }
        // A value that is never in memory cannot be read from there by an instruction.
        touched.must |=
            value.remat.is_some() && matches!(touched.pos.phase(), Phase::Early | Phase::Late);
        // Operands of one instruction need not come in order of position.
        let first = value.first_use as usize;
        let mut slot = self.fill[vreg.index()] as usize;
        self.fill[vreg.index()] += 1;
        while slot > first && self.uses[slot - 1].pos > touched.pos {
            self.uses[slot] = self.uses[slot - 1];
            slot -= 1;
        }
        self.uses[slot] = touched;
        Ok(())
    }

    /// Notes which registers `inst` needs for itself.
    fn note_fixed<F: Function + ?Sized>(
        &mut self,
        function: &F,
        env: &MachineEnv,
        layout: &Layout,
        block: Block,
        inst: Inst,
    ) -> Result<(), Error> {
        let clobbers = function.inst_clobbers(inst);
        let operands = function.inst_operands(inst);
        let mut early = PRegSet::EMPTY;
        let mut late = PRegSet::EMPTY;
        for (n, operand) in operands.iter().enumerate() {
            let written_after =
                matches!(operand.constraint(), Constraint::Fixed(_) | Constraint::Stack);
            if operand.is_def() && written_after && layout.terminator(block) == inst {
                return Err(Error::TerminatorOperands { inst });
            }
            let Constraint::Fixed(reg) = operand.constraint() else { continue };
            if reg.class() != operand.class() || reg == env.scratch(reg.class()) {
                return Err(Error::BadOperand { inst, operand: n });
            }
            let (at_early, at_late) = match (operand.kind(), operand.pos()) {
                (OperandKind::Use, OperandPos::Early) => (true, false),
                (OperandKind::Def, OperandPos::Late) => (false, true),
                _ => (true, true),
            };
            let again = operands[..n].contains(operand) && !operand.is_def();
            let taken = at_early && early.contains(reg) || at_late && late.contains(reg);
            let lost = at_late && !operand.is_def() && clobbers.contains(reg);
            if taken && !again || lost {
                return Err(Error::FixedConflict { inst, reg });
            }
            if at_early {
                early.insert(reg);
            }
            if at_late {
                late.insert(reg);
            }
        }
        self.passed = self.passed.union(early).union(late);
        let late = late.union(clobbers);
        for class in RegClass::ALL {
            let (early, late) = (early.bits(class), late.bits(class));
            if early | late != 0 {
                self.fixed[class.index()].push(Fixed { inst, early, late });
            }
        }
        Ok(())
    }

    fn find_ranges<F: Function + ?Sized>(
        &mut self,
        function: &F,
        layout: &Layout,
        reach: &Reach,
    ) -> Result<(), Error> {
        self.ranges.clear();
        self.seen.clear();
        self.seen.resize(layout.num_blocks(), (0, 0));
        for index in 0..self.values.len() {
            let first = self.ranges.len() as u32;
            self.values[index].first_range = first;
            let value = self.values[index];
            let uses = &self.uses[value.first_use as usize..value.end_use as usize];
            // A parameter without use is never anywhere; nor is what a fixed definition leaves unused.
            let dead = uses.is_empty() || uses.len() == 1 && value.def.phase() == Phase::After;
            if let Some(vreg) = value.vreg.filter(|_| !dead) {
                match one_range(layout, reach, &value, uses) {
                    Some(range) => self.ranges.push(range),
                    None => self.find_ranges_of(function, layout, reach, vreg)?,
                }
            }
            self.values[index].end_range =
                u32::try_from(self.ranges.len()).map_err(|_| Error::TooLarge)?;
        }
        Ok(())
    }

    fn find_ranges_of<F: Function + ?Sized>(
        &mut self,
        function: &F,
        layout: &Layout,
        reach: &Reach,
        vreg: VReg,
    ) -> Result<(), Error> {
        let value = self.values[vreg.index()];
        let def_block = value.def_block();
        let stamp = vreg.index() as u32 + 1;
        let uses = &self.uses[value.first_use as usize..value.end_use as usize];
        let mut def_end = value.def;
        self.segments.clear();
        self.worklist.clear();
        for touched in uses {
            if touched.block == def_block && touched.pos >= value.def {
                def_end = def_end.max(touched.end);
                continue;
            }
            let seen = &mut self.seen[touched.block.index()];
            if seen.0 == stamp {
                let end = &mut self.segments[seen.1 as usize].1;
                *end = (*end).max(touched.end);
            } else {
                *seen = (stamp, self.segments.len() as u32);
                self.segments.push((touched.block, touched.end));
                self.worklist.push(touched.block);
            }
        }
        self.stretches.clear();
        let mut steps = 0usize;
        while let Some(block) = self.worklist.pop() {
            if self.stretches.iter().any(|known| known.first < block && block <= known.last) {
                continue;
            }
            if block == function.entry() {
                return Err(Error::Undefined { vreg });
            }
            for &pred in function.block_preds(block) {
                let end = layout.block_to(pred);
                if pred == def_block {
                    def_end = end;
                    continue;
                }
                let seen = &mut self.seen[pred.index()];
                if seen.0 == stamp {
                    self.segments[seen.1 as usize].1 = end;
                    continue;
                }
                *seen = (stamp, self.segments.len() as u32);
                self.segments.push((pred, end));
                self.worklist.push(pred);
                steps += 1;
                // The way may be long, and from here on one stretch. Few are looked for, as the way gets longer.
                if steps >= FIRST_LOOK
                    && steps.is_power_of_two()
                    && pred > def_block
                    && let Some(stretch) = reach.stretch(def_block, pred)
                {
                    self.stretches.push(stretch);
                    if stretch.first != def_block {
                        self.worklist.push(stretch.first);
                    }
                }
            }
        }
        for stretch in &self.stretches {
            let end = layout.block_to(stretch.last);
            if stretch.first == def_block {
                def_end = def_end.max(end);
            } else {
                self.segments.push((stretch.first, end));
            }
        }
        self.segments.sort_unstable_by_key(|&(block, _)| block);
        let first = self.ranges.len();
        let mut def = Some(Range { from: value.def, to: def_end });
        for &(block, to) in &self.segments {
            let range = Range { from: layout.block_from(block), to };
            if let Some(def) = def.take_if(|def| def.from < range.from) {
                push_range(&mut self.ranges, first, def);
            }
            push_range(&mut self.ranges, first, range);
        }
        if let Some(def) = def {
            push_range(&mut self.ranges, first, def);
        }
        Ok(())
    }
}

/// Where a value is live if that is one stretch from its definition on; `None` if it cannot be seen to be.
fn one_range(layout: &Layout, reach: &Reach, value: &Value, uses: &[Use]) -> Option<Range> {
    let (first, last) = (uses.first()?, uses.last()?);
    if first.pos < value.def {
        return None;
    }
    let used_until = latest_end(uses)?.max(value.def);
    let to = if last.block == value.def_block() {
        used_until
    } else {
        let stretch = reach.stretch(value.def_block(), last.block)?;
        if stretch.first != value.def_block() {
            return None;
        }
        if stretch.through { layout.block_to(stretch.last) } else { used_until }
    };
    Some(Range { from: value.def, to })
}

/// Appends to the ranges of one value, which start at index `first`; those that touch or overlap become one.
fn push_range(ranges: &mut Vec<Range>, first: usize, range: Range) {
    match ranges[first..].last_mut() {
        Some(last) if last.to >= range.from => last.to = last.to.max(range.to),
        _ => ranges.push(range),
    }
}

/// The value that the definition at index `def` shares its register with.
fn reuse_input(inst: Inst, operands: &[Operand], def: usize, input: u8) -> Result<VReg, Error> {
    let bad = Error::BadOperand { inst, operand: def };
    let operand = operands[def];
    let used = operands.get(usize::from(input)).ok_or(bad)?;
    let plain = *used == Operand::use_reg(used.vreg()) && used.class() == operand.class();
    let late_def = operand.is_def() && operand.pos() == OperandPos::Late;
    if plain && late_def && reused_by(operands, usize::from(input)) == Some(def) {
        Ok(used.vreg())
    } else {
        Err(bad)
    }
}
