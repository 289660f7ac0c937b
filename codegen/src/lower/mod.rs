//! Instruction selection: from SSA to machine instructions, bottom up.
//!
//! Each block is lowered from its end, so that all users of a value are known when its definition is reached. An
//! operation that nobody asked for in a register is not computed: its users have folded it into themselves, or it is
//! dead. What is *asked for* is a value in a register ([`Lower::reg`]); what is *folded* is looked at through
//! [`Lower::fold`], which hands out a definition only if folding does not compute anything twice.
//!
//! Values narrower than 32 bits live in 32-bit registers with undefined bits above the type; an operation that needs
//! them extends its operands itself ([`Lower::extended`]). The same holds for an `i32` in a 64-bit register.

mod args;
mod arith;
mod atomic;
mod bits;
mod cond;
mod convert;
mod divide;
mod flags;
mod float;
mod memory;
mod overflow;
mod pair;
mod plan;
mod switch;
mod values;

use std::cell::OnceCell;
use std::collections::BTreeMap;

use arm64_enc::Size;
use ir::{Effect, Entity, Function, Inst, InstData, TernaryOp, TrapKind, Type, Value};
use regalloc::{Block as MachineBlock, Inst as MachineInst, Operand, RegClass, VReg};
use smallvec::SmallVec;

use crate::Options;
use crate::abi::result_places;
use crate::error::{Error, Reason};
use crate::function::{MBlock, MInst, MachineFunction, Range, TrapInfo};
use crate::minst::{Op, TrapRef};
use plan::{Node, Plan, Target, Work};

type Result<T = ()> = std::result::Result<T, Reason>;

/// The working memory of lowering, kept from function to function.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// How often each value is an operand.
    uses: Vec<u32>,
    /// How often each value is the condition of a selection, branch or trap.
    cond_uses: Vec<u32>,
    /// Whether each value is wanted in a register.
    wanted: Vec<bool>,
    /// The block of each instruction.
    home: Vec<Option<ir::Block>>,
    /// For a load, the extension of its result that it does itself.
    extended_load: Vec<Option<Value>>,
    /// Loop depth of each block of the IR.
    depth: Vec<u32>,
    /// Machine instructions of the whole function, last first.
    code: Vec<MInst>,
    /// Machine instructions of the current instruction, first first.
    current: Vec<MInst>,
}

/// The state of lowering one function.
struct Lower<'a> {
    func: &'a Function,
    options: &'a Options,
    ctx: &'a mut Context,
    mf: MachineFunction,
    /// Where arguments on the stack are, once a tail call asks.
    incoming: OnceCell<args::IncomingStack>,
    /// `true` if the entry block is also a branch target, so that its parameters are not just the arguments.
    entry_is_target: bool,
    block: Option<ir::Block>,
    inst: Option<Inst>,
    /// Its place in its block.
    position: usize,
    /// The instruction whose flags the machine code between it and here has to leave alone.
    held: Option<Inst>,
    /// The arithmetic whose exact result somebody has looked at to see whether it fits, with the register of the upper
    /// half of a product.
    inexact: BTreeMap<Inst, Option<VReg>>,
    /// The address of the memory for the results that have no register, if there are such.
    results_address: Option<VReg>,
    /// What the range check of a jump table left for it.
    table_index: Option<VReg>,
    /// Where each machine block begins and ends in the reversed code.
    ranges: Vec<Range>,
}

/// Lowers a function.
///
/// # Errors
/// With the block and instruction that cannot be lowered.
pub(crate) fn lower(
    func: &Function,
    options: &Options,
    ctx: &mut Context,
) -> std::result::Result<MachineFunction, Error> {
    let wide = |func: &Function| {
        (0..func.num_values()).any(|v| {
            let value = Value::from_index(v);
            func.value_def(value) != ir::ValueDef::Detached && func.value_type(value) == Type::I128
        })
    };
    if wide(func) {
        let reason = Reason::Unsupported("i128; `opt` splits it into halves at every level");
        return Err(reason.in_function(&func.name));
    }
    let plan = Plan::new(func)
        .map_err(|(block, reason)| Error { block, ..reason.in_function(&func.name) })?;
    ctx.prepare(func, &plan);
    let mf = MachineFunction {
        name: func.name.clone(),
        num_vregs: func.num_values(),
        blocks: plan.nodes.iter().map(block_of).collect(),
        describe_frame: options.describe_frames,
        protection: options.protection,
        ..MachineFunction::default()
    };
    let ranges = vec![Range::default(); plan.nodes.len()];
    let mut lower = Lower {
        func,
        options,
        ctx,
        mf,
        incoming: OnceCell::new(),
        entry_is_target: plan.nodes.first().is_some_and(|node| node.work == Work::Entry),
        block: None,
        inst: None,
        position: 0,
        held: None,
        inexact: BTreeMap::new(),
        results_address: None,
        table_index: None,
        ranges,
    };
    if result_places(&func.signature.results).1 > 0 {
        lower.results_address = Some(lower.int_temp());
    }
    for (index, node) in plan.nodes.iter().enumerate().rev() {
        if let Err(reason) = lower.node(&plan, index, node) {
            return Err(Error {
                block: lower.block,
                inst: lower.inst,
                value: lower.inst.and_then(|inst| func.result(inst)),
                ..reason.in_function(&func.name)
            });
        }
    }
    Ok(lower.finish())
}

fn block_of(node: &Node) -> MBlock {
    let source = match node.work {
        Work::Block(block, _) => Some(block),
        _ => None,
    };
    MBlock {
        source,
        depth: node.depth,
        loop_header: node.loop_header,
        cold: node.cold,
        ..MBlock::default()
    }
}

impl Context {
    /// Counts uses and finds the blocks of instructions, of what can be reached.
    fn prepare(&mut self, func: &Function, plan: &Plan) {
        self.uses.clear();
        self.uses.resize(func.num_values(), 0);
        self.cond_uses.clear();
        self.cond_uses.resize(func.num_values(), 0);
        self.wanted.clear();
        self.wanted.resize(func.num_values(), false);
        self.home.clear();
        self.home.resize(func.num_insts(), None);
        self.extended_load.clear();
        self.extended_load.resize(func.num_insts(), None);
        self.depth.clear();
        self.depth.resize(func.num_blocks(), 0);
        self.code.clear();
        self.current.clear();
        for node in &plan.nodes {
            let Work::Block(block, _) = node.work else { continue };
            self.depth[block.index()] = node.depth;
            for &inst in func.block_insts(block) {
                self.home[inst.index()] = Some(block);
                func.for_each_operand(inst, |value| self.uses[value.index()] += 1);
                if let Some(cond) = condition_of(func.inst(inst)) {
                    self.cond_uses[cond.index()] += 1;
                }
            }
        }
    }
}

impl Lower<'_> {
    /// Lowers a machine block, from its end.
    fn node(&mut self, plan: &Plan, index: usize, node: &Node) -> Result {
        let start = self.ctx.code.len() as u32;
        self.block = match node.work {
            Work::Block(block, _) | Work::Step(block, _) => Some(block),
            Work::Entry | Work::Edge => None,
        };
        self.inst = None;
        // The terminator and what goes along its edges.
        match &node.work {
            Work::Block(block, step) => {
                self.inst = self.func.terminator(*block);
                self.position = self.func.block_insts(*block).len().saturating_sub(1);
                match step {
                    Some(step) => self.switch_step(step)?,
                    None => self.terminator(node.targets.len())?,
                }
            }
            Work::Step(block, step) => {
                self.inst = self.func.terminator(*block);
                self.switch_step(step)?;
            }
            Work::Entry | Work::Edge => self.emit(Op::Jump, &[]),
        }
        self.targets(plan, index, node)?;
        self.flush();

        match node.work {
            Work::Block(block, _) => {
                self.instructions(block)?;
                let is_entry = self.func.entry() == Some(block);
                if is_entry && index == 0 {
                    self.arguments()?;
                } else {
                    let params = self.func.block_params(block);
                    let params: SmallVec<[VReg; 8]> =
                        params.iter().map(|&param| self.vreg(param)).collect();
                    self.mf.blocks[index].params = self.list(&params);
                }
            }
            Work::Entry => self.entry_arguments(index)?,
            Work::Step(..) | Work::Edge => {}
        }
        self.ranges[index] = Range { start, end: self.ctx.code.len() as u32 };
        Ok(())
    }

    fn instructions(&mut self, block: ir::Block) -> Result {
        let func = self.func;
        for (position, &inst) in func.block_insts(block).iter().enumerate().rev().skip(1) {
            (self.inst, self.position) = (Some(inst), position);
            let data = func.inst(inst);
            let removable =
                data.opcode().info().effect == Effect::Pure || self.divides_safely(data);
            if removable && !self.is_asked_for(inst) {
                continue;
            }
            let held = self.held.filter(|&held| held != inst);
            self.instruction(inst, data)?;
            if held.is_some() && self.ctx.current.iter().any(|inst| !inst.op.flags().keeps()) {
                return Err(Reason::Internal("flags are written that are still to be read"));
            }
            self.flush();
        }
        self.inst = None;
        Ok(())
    }

    /// Returns `true` if somebody needs anything that an instruction computes.
    fn is_asked_for(&self, inst: Inst) -> bool {
        self.func.results(inst).iter().any(|result| self.ctx.wanted[result.index()])
            || self.held == Some(inst)
            || self.inexact.contains_key(&inst)
    }

    /// Successors of a machine block, with the arguments that go there.
    fn targets(&mut self, plan: &Plan, index: usize, node: &Node) -> Result {
        for target in &node.targets {
            let (to, args) = match *target {
                Target::Node(to) => (to, Range::default()),
                Target::Block(call) => {
                    let to =
                        plan.start[call.block].ok_or(Reason::Internal("a target has no node"))?;
                    if self.func.list(call.args).len() != self.func.block_params(call.block).len()
                        && node.work != Work::Entry
                    {
                        return Err(Reason::Malformed(
                            "a branch passes another number of values than the block takes",
                        ));
                    }
                    let mut args: SmallVec<[VReg; 8]> = SmallVec::new();
                    for &arg in self.func.list(call.args) {
                        args.push(self.reg(arg));
                    }
                    (to, self.list(&args))
                }
            };
            let block = &mut self.mf.blocks[index];
            block.succs.push(MachineBlock::new(to as u32));
            block.args.push(args);
        }
        Ok(())
    }

    fn terminator(&mut self, targets: usize) -> Result {
        let inst = self.inst.ok_or(Reason::NoTerminator)?;
        match *self.func.inst(inst) {
            InstData::Jump { .. } => self.emit(Op::Jump, &[]),
            InstData::Branch { cond, .. } => self.branch(cond)?,
            InstData::Guard { .. } => {
                return Err(Reason::Malformed("a guard, of which legalisation makes a branch"));
            }
            InstData::Switch { .. } if targets == 1 => self.emit(Op::Jump, &[]),
            InstData::Return { args } => self.ret(args)?,
            InstData::TailCall { callee, args } => self.tail_call(callee, args)?,
            InstData::TailCallIndirect { callee, signature, args } => {
                self.tail_call_indirect(callee, signature, args)?;
            }
            InstData::Trap { kind } => {
                let trap = self.trap_site(kind);
                self.emit(Op::Trap { trap }, &[]);
            }
            _ => return Err(Reason::NoTerminator),
        }
        Ok(())
    }

    fn instruction(&mut self, inst: Inst, data: &InstData) -> Result {
        match *data {
            InstData::IntConst { imm } => {
                let (out, ty) = self.out(inst)?;
                self.int_const(out, ty, imm);
            }
            InstData::FloatConst { bits } => {
                let (out, ty) = self.out(inst)?;
                let size = float_size(ty)?;
                self.emit(Op::FpConst { size, bits }, &[Operand::def_reg(out)]);
            }
            InstData::Unary { op, arg } => self.unary(inst, op, arg)?,
            InstData::Binary { op, args } => self.binary(inst, op, args)?,
            InstData::Ternary { op, args } => self.ternary(inst, op, args)?,
            InstData::Overflow { op, args } => self.overflow(inst, op, args)?,
            InstData::Carry { op, args } => self.carry(inst, op, args)?,
            InstData::IntCompare { .. } | InstData::FloatCompare { .. } => {
                self.truth(inst)?;
            }
            InstData::Load { kind, addr, offset, .. } => self.load(inst, kind, addr, offset)?,
            InstData::Store { kind, value, addr, offset, .. } => {
                self.store(kind, value, addr, offset)?;
            }
            InstData::StackAddr { slot, offset } => self.stack_addr(inst, slot, offset)?,
            InstData::DataAddr { data, offset } => {
                let (out, _) = self.out(inst)?;
                self.emit(Op::DataAddr { data, offset }, &[Operand::def_reg(out)]);
            }
            InstData::FuncAddr { callee } => {
                let (out, _) = self.out(inst)?;
                self.emit(Op::FuncAddr { callee }, &[Operand::def_reg(out)]);
            }
            InstData::Call { callee, args } => self.call(inst, callee, args)?,
            InstData::CallIndirect { callee, signature, args } => {
                self.call_indirect(inst, callee, signature, args)?;
            }
            InstData::TrapIf { cond, kind } => self.trap_if(cond, kind)?,
            InstData::VarGet { .. } | InstData::VarSet { .. } => return Err(Reason::NotSsa),
            InstData::Wide { .. } | InstData::Split { .. } | InstData::SliceAddr { .. } => {
                return Err(Reason::Malformed("i128 without a value of that type"));
            }
            InstData::AtomicLoad { facts, addr } => self.atomic_load(inst, facts, addr)?,
            InstData::AtomicStore { facts, value, addr } => {
                self.atomic_store(facts, value, addr)?;
            }
            InstData::AtomicRmw { op, facts, value, addr } => {
                self.atomic_rmw(inst, op, facts, value, addr)?;
            }
            InstData::AtomicCas { facts, expected, new, addr } => {
                self.atomic_cas(inst, facts, [expected, new], addr)?;
            }
            InstData::Fence {} => self.emit(Op::Fence, &[]),
            InstData::Jump { .. }
            | InstData::Branch { .. }
            | InstData::Guard { .. }
            | InstData::Switch { .. }
            | InstData::Return { .. }
            | InstData::TailCall { .. }
            | InstData::TailCallIndirect { .. }
            | InstData::Trap { .. } => {
                return Err(Reason::Malformed("a terminator inside a block"));
            }
        }
        Ok(())
    }

    // ---- Making machine instructions ----

    /// Adds a machine instruction after those that the current instruction has so far.
    fn emit(&mut self, op: Op, operands: &[Operand]) {
        let first = self.mf.operands.len() as u32;
        self.mf.operands.extend_from_slice(operands);
        let inst = MInst { op, first, len: operands.len() as u32, source: self.inst };
        self.ctx.current.push(inst);
    }

    /// `op` with a destination and sources in registers.
    fn emit_def(&mut self, op: Op, out: VReg, sources: &[VReg]) {
        let mut operands: SmallVec<[Operand; 4]> = SmallVec::new();
        operands.push(Operand::def_reg(out));
        operands.extend(sources.iter().map(|&source| Operand::use_reg(source)));
        self.emit(op, &operands);
    }

    /// The same into a new temporary.
    fn emit_temp(&mut self, op: Op, class: RegClass, sources: &[VReg]) -> VReg {
        let out = self.temp(class);
        self.emit_def(op, out, sources);
        out
    }

    /// `op` without a destination.
    fn emit_use(&mut self, op: Op, sources: &[VReg]) {
        let operands: SmallVec<[Operand; 4]> =
            sources.iter().map(|&source| Operand::use_reg(source)).collect();
        self.emit(op, &operands);
    }

    /// Ends the current instruction.
    fn flush(&mut self) {
        self.ctx.code.extend(self.ctx.current.drain(..).rev());
    }

    fn temp(&mut self, class: RegClass) -> VReg {
        let vreg = VReg::new(self.mf.num_vregs as u32, class);
        self.mf.num_vregs += 1;
        vreg
    }

    fn int_temp(&mut self) -> VReg {
        self.temp(RegClass::Int)
    }

    fn list(&mut self, vregs: &[VReg]) -> Range {
        let start = self.mf.vregs.len() as u32;
        self.mf.vregs.extend_from_slice(vregs);
        Range { start, end: self.mf.vregs.len() as u32 }
    }

    fn trap_site(&mut self, kind: TrapKind) -> TrapRef {
        let span = self.inst.and_then(|inst| self.func.span(inst));
        let trap = TrapRef(self.mf.traps.len() as u32);
        self.mf.traps.push(TrapInfo { kind, span });
        trap
    }

    /// Turns the code round, numbers instructions, and finds predecessors.
    fn finish(mut self) -> MachineFunction {
        let mut mf = std::mem::take(&mut self.mf);
        let total = self.ctx.code.len() as u32;
        mf.insts.extend(self.ctx.code.drain(..).rev());
        for (block, range) in mf.blocks.iter_mut().zip(&self.ranges) {
            block.insts = Range { start: total - range.end, end: total - range.start };
        }
        for index in 0..mf.blocks.len() {
            for succ in mf.blocks[index].succs.clone() {
                mf.blocks[succ.index()].preds.push(MachineBlock::new(index as u32));
            }
        }
        flags::drop_repeated_compares(&mut mf);
        mf.remat.resize(mf.num_vregs, None);
        for (index, inst) in mf.insts.iter().enumerate() {
            if inst.op.is_remat()
                && let Some(def) = mf.operands.get(inst.first as usize)
                && let Some(slot) = mf.remat.get_mut(def.vreg().index())
            {
                *slot = Some(MachineInst::new(index as u32));
            }
        }
        mf
    }
}

/// What an instruction asks whether it is zero.
fn condition_of(data: &InstData) -> Option<Value> {
    match *data {
        InstData::Ternary { op: TernaryOp::Select, args: [cond, ..] }
        | InstData::Branch { cond, .. }
        | InstData::TrapIf { cond, .. } => Some(cond),
        _ => None,
    }
}

/// The register width that an integer type is computed in.
fn int_size(ty: Type) -> Size {
    if ty.bits() == 64 { Size::X } else { Size::W }
}

/// The width of a float type.
fn float_size(ty: Type) -> Result<arm64_enc::FpSize> {
    match ty {
        Type::F32 => Ok(arm64_enc::FpSize::S),
        Type::F64 => Ok(arm64_enc::FpSize::D),
        _ => Err(Reason::Malformed("an integer where a float is meant")),
    }
}
