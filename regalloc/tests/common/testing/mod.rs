//! Programs to test with: a plain [`Function`] with a text form, and a [generator](generate()) of random ones.
//!
//! The text has one line per instruction: a name, operands as [`Operand`] prints them, `!` and the clobbered
//! registers, `->` and the successors with their arguments. `copy` is a move, `const` can be rematerialised,
//! an instruction without successors that ends a block returns.
//!
//! ```text
//!     block0:
//!         args def v0:r0
//!         const def v1
//!         jump -> block1(v1)
//!     block1(v2) depth 1:
//!         sub use v2, use v0, def v3
//!         call use v3:r0, def v4:r0 ! r0 r1
//!         branch use v4 -> block2(v4), block3
//!     block2(v5) depth 1:
//!         jump -> block1(v5)
//!     block3:
//!         ret use v4:r0
//! ```

#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test uses a part")]

mod generate;
mod text;

pub(crate) use generate::{Shape, generate};
pub(crate) use text::parse;

use regalloc::{
    Block, ClassRegs, Function, Inst, InstRange, MachineEnv, Operand, PReg, PRegSet, VReg,
};

/// An instruction of a [`TestFunction`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TestInst {
    /// What it is called; `copy` and `const` have a meaning.
    pub name: String,
    /// Its operands.
    pub operands: Vec<Operand>,
    /// What it destroys.
    pub clobbers: PRegSet,
}

/// A block of a [`TestFunction`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TestBlock {
    /// Its parameters.
    pub params: Vec<VReg>,
    /// How many loops it is in.
    pub depth: u32,
    /// Its instructions; the last one is the terminator.
    pub insts: Vec<TestInst>,
    /// Where it goes, with the arguments.
    pub succs: Vec<(Block, Vec<VReg>)>,
}

/// A function that is nothing but its operands. Its `Display` is the text form.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TestFunction {
    blocks: Vec<TestBlock>,
    entry: usize,
    num_vregs: usize,
    first_inst: Vec<u32>,
    insts: Vec<TestInst>,
    succs: Vec<Vec<Block>>,
    preds: Vec<Vec<Block>>,
    remats: Vec<Option<Inst>>,
}

impl TestFunction {
    /// A function of these blocks, in layout order. Nothing is checked: the allocator has to.
    pub fn new(blocks: Vec<TestBlock>, entry: Block) -> TestFunction {
        let mut function = TestFunction { entry: entry.index(), ..TestFunction::default() };
        function.preds = vec![Vec::new(); blocks.len()];
        for (index, block) in blocks.iter().enumerate() {
            function.first_inst.push(function.insts.len() as u32);
            function.insts.extend(block.insts.iter().cloned());
            function.succs.push(block.succs.iter().map(|(succ, _)| *succ).collect());
            for (succ, _) in &block.succs {
                if let Some(preds) = function.preds.get_mut(succ.index()) {
                    preds.push(Block::new(index as u32));
                }
            }
        }
        function.first_inst.push(function.insts.len() as u32);
        let operands = function.insts.iter().flat_map(|inst| &inst.operands).map(|op| op.vreg());
        let params = blocks.iter().flat_map(|block| block.params.iter().copied());
        let args = blocks.iter().flat_map(|block| &block.succs).flat_map(|(_, args)| args);
        let all = operands.chain(params).chain(args.copied());
        function.num_vregs = all.map(|vreg| vreg.index() + 1).max().unwrap_or(0);
        function.remats = vec![None; function.num_vregs];
        for (index, inst) in function.insts.iter().enumerate() {
            if let ("const", [operand]) = (inst.name.as_str(), inst.operands.as_slice()) {
                function.remats[operand.vreg().index()] = Some(Inst::new(index as u32));
            }
        }
        function.blocks = blocks;
        function
    }

    /// The blocks, in layout order.
    pub fn blocks(&self) -> &[TestBlock] {
        &self.blocks
    }

    /// How many instructions there are.
    pub fn num_insts(&self) -> usize {
        self.insts.len()
    }

    /// The instruction.
    pub fn inst(&self, inst: Inst) -> &TestInst {
        &self.insts[inst.index()]
    }
}

impl Function for TestFunction {
    fn num_vregs(&self) -> usize {
        self.num_vregs
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn entry(&self) -> Block {
        Block::new(self.entry as u32)
    }

    fn block_insts(&self, block: Block) -> InstRange {
        let (start, end) = (self.first_inst[block.index()], self.first_inst[block.index() + 1]);
        InstRange::new(Inst::new(start), Inst::new(end))
    }

    fn block_succs(&self, block: Block) -> &[Block] {
        &self.succs[block.index()]
    }

    fn block_preds(&self, block: Block) -> &[Block] {
        &self.preds[block.index()]
    }

    fn block_params(&self, block: Block) -> &[VReg] {
        &self.blocks[block.index()].params
    }

    fn branch_args(&self, block: Block, succ_index: usize) -> &[VReg] {
        &self.blocks[block.index()].succs[succ_index].1
    }

    fn inst_operands(&self, inst: Inst) -> &[Operand] {
        &self.insts[inst.index()].operands
    }

    fn inst_clobbers(&self, inst: Inst) -> PRegSet {
        self.insts[inst.index()].clobbers
    }

    fn is_ret(&self, inst: Inst) -> bool {
        let last = self.first_inst.iter().skip(1).position(|&end| end as usize == inst.index() + 1);
        last.is_some_and(|block| self.blocks[block].succs.is_empty())
    }

    fn is_branch(&self, inst: Inst) -> bool {
        let last = self.first_inst.iter().skip(1).position(|&end| end as usize == inst.index() + 1);
        last.is_some_and(|block| !self.blocks[block].succs.is_empty())
    }

    fn inst_as_move(&self, inst: Inst) -> Option<(VReg, VReg)> {
        match (self.insts[inst.index()].name.as_str(), self.inst_operands(inst)) {
            ("copy", [from, to]) => Some((from.vreg(), to.vreg())),
            _ => None,
        }
    }

    fn block_depth(&self, block: Block) -> u32 {
        self.blocks[block.index()].depth
    }

    fn remat(&self, vreg: VReg) -> Option<Inst> {
        self.remats[vreg.index()]
    }
}

/// A machine with `caller` caller-saved and `callee` callee-saved registers in each class, numbered from 0 in this
/// order, and register 63 as scratch.
pub fn machine(caller: u8, callee: u8) -> MachineEnv {
    let regs = |reg: fn(u8) -> PReg| ClassRegs {
        caller_saved: (0..caller.min(60)).map(reg).collect(),
        callee_saved: (caller.min(60)..(caller + callee).min(60)).map(reg).collect(),
    };
    let env = MachineEnv::new(regs(PReg::int), regs(PReg::float), PReg::int(63), PReg::float(63));
    match env {
        Ok(env) => env,
        Err(_) => unreachable!("the registers are distinct, below 60 and of their class"),
    }
}
