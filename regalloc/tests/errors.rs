//! Functions that break a rule are refused, with an error that names the place.

mod common;

use common::testing::{TestFunction, machine, parse};
use regalloc::{
    Block, ClassRegs, EnvError, Error, Function, Inst, InstRange, MachineEnv, Operand, Options,
    PReg, PRegSet, VReg, run,
};

/// What the allocator says about this function on a machine with four caller- and two callee-saved registers.
fn refusal(text: &str) -> String {
    refusal_of(&parse(text).unwrap())
}

fn refusal_of(function: &impl Function) -> String {
    match run(function, &machine(4, 2), &Options::default()) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn critical_edges_are_refused() {
    let text = "
        block0:
            args def v0
            branch use v0 -> block1, block2
        block1:
            jump -> block2
        block2:
            ret
    ";
    assert_eq!(refusal(text), "the edge from block0 to block2 is critical; split it first");
}

#[test]
fn the_entry_has_no_predecessors() {
    let text = "
        block0:
            jump -> block1
        block1:
            jump -> block0
    ";
    let expected = "the entry block0 is missing, has parameters or has predecessors";
    assert_eq!(refusal(text), expected);
    assert_eq!(refusal_of(&TestFunction::new(vec![], Block::new(0))), expected);
}

#[test]
fn values_are_defined_once_and_before_their_uses() {
    let twice = "
        block0:
            op def v0
            op def v0
    ";
    assert_eq!(refusal(twice), "v0 is defined twice");
    let never = "
        block0:
            op use v0
    ";
    assert_eq!(refusal(never), "v0 is used where no definition reaches");
    let later = "
        block0:
            op use v0, def v1
            op def v0
    ";
    assert_eq!(refusal(later), "v0 is used where no definition reaches");
    let on_one_path = "
        block0:
            op def v0
            branch use v0 -> block1, block2
        block1:
            op def v1
            jump -> block3
        block2:
            jump -> block3
        block3:
            ret use v1
    ";
    assert_eq!(refusal(on_one_path), "v1 is used where no definition reaches");
    let two_classes = "
        block0:
            op def v0
            op use v0f
    ";
    assert_eq!(refusal(two_classes), "v0f is out of range or of two classes");
}

#[test]
fn branches_pass_what_blocks_take() {
    for arguments in ["", "(v0, v0)", "(v1f)"] {
        let text = format!(
            "
            block0:
                op def v0, def v1f
                jump -> block1{arguments}
            block1(v2):
                ret use v2
            "
        );
        assert_eq!(refusal(&text), "block0 does not pass what block1 takes");
    }
}

#[test]
fn terminators_leave_room_for_moves() {
    let operands = "
        block0:
            op def v0
            branch use v0 -> block1, block2
        block1:
            jump use v0 -> block3
        block2:
            jump -> block3
        block3:
            ret
    ";
    let expected = "the terminator inst2 has operands where moves have to go around it";
    assert_eq!(refusal(operands), expected);
    assert_eq!(refusal(&operands.replace("jump use v0", "jump ! r3")), expected);
    let fixed = "
        block0:
            invoke def v0:r0 -> block1
        block1:
            ret use v0
    ";
    let expected = "the terminator inst0 has operands where moves have to go around it";
    assert_eq!(refusal(fixed), expected);
}

#[test]
fn impossible_operands_are_refused() {
    let conflict = "
        block0:
            op def v0, def v1
            op use v0:r0, use v1:r0
    ";
    assert_eq!(refusal(conflict), "two operands of inst1 want r0 at the same time");
    let clobbered = "
        block0:
            op def v0
            op use-late v0:r0 ! r0
    ";
    assert_eq!(refusal(clobbered), "two operands of inst1 want r0 at the same time");
    let class = "
        block0:
            op def v0
            op use v0:f0
    ";
    assert_eq!(refusal(class), "operand 0 of inst1 asks for something impossible");
    let reuse_of_nothing = "
        block0:
            op def v0:reuse(1)
    ";
    assert_eq!(refusal(reuse_of_nothing), "operand 0 of inst0 asks for something impossible");
    let scratch = "
        block0:
            op def v0:r63
            ret
    ";
    assert_eq!(refusal(scratch), "operand 0 of inst0 asks for something impossible");
    let too_many = "
        block0:
            op def v0, def v1, def v2, def v3, def v4, def v5
            op use v0, use v1, use v2, use v3, use v4, use v5, def-early v6
    ";
    assert_eq!(refusal(too_many), "inst1 needs more int registers at once than there are");
}

/// A function that lies about its shape.
struct Liar {
    truth: TestFunction,
    preds: Vec<Vec<Block>>,
    ranges: Vec<InstRange>,
}

impl Liar {
    fn new(text: &str) -> Liar {
        let truth = parse(text).unwrap();
        let blocks = || (0..truth.num_blocks() as u32).map(Block::new);
        let preds = blocks().map(|block| truth.block_preds(block).to_vec()).collect();
        let ranges = blocks().map(|block| truth.block_insts(block)).collect();
        Liar { preds, ranges, truth }
    }
}

impl Function for Liar {
    fn num_vregs(&self) -> usize {
        self.truth.num_vregs()
    }
    fn num_blocks(&self) -> usize {
        self.truth.num_blocks()
    }
    fn block_insts(&self, block: Block) -> InstRange {
        self.ranges[block.index()]
    }
    fn block_succs(&self, block: Block) -> &[Block] {
        self.truth.block_succs(block)
    }
    fn block_preds(&self, block: Block) -> &[Block] {
        &self.preds[block.index()]
    }
    fn block_params(&self, block: Block) -> &[VReg] {
        self.truth.block_params(block)
    }
    fn branch_args(&self, block: Block, succ_index: usize) -> &[VReg] {
        self.truth.branch_args(block, succ_index)
    }
    fn inst_operands(&self, inst: Inst) -> &[Operand] {
        self.truth.inst_operands(inst)
    }
    fn inst_clobbers(&self, inst: Inst) -> PRegSet {
        self.truth.inst_clobbers(inst)
    }
    fn is_ret(&self, inst: Inst) -> bool {
        self.truth.is_ret(inst)
    }
    fn is_branch(&self, inst: Inst) -> bool {
        self.truth.is_branch(inst)
    }
}

const DIAMOND: &str = "
    block0:
        op def v0
        branch use v0 -> block1, block2
    block1:
        jump -> block3
    block2:
        jump -> block3
    block3:
        ret use v0
";

#[test]
fn predecessors_and_successors_agree() {
    let [b0, b1, b2, b3] = [0, 1, 2, 3].map(Block::new);
    for (block, lie) in [
        (b1, vec![]),
        (b1, vec![b2]),
        (b3, vec![b1]),
        (b3, vec![b1, b1]),
        (b3, vec![b1, b0]),
        (b3, vec![b1, b2, b3]),
        (b3, vec![b1, Block::new(9)]),
    ] {
        let mut liar = Liar::new(DIAMOND);
        liar.preds[block.index()] = lie.clone();
        let refusal = refusal_of(&liar);
        assert!(refusal.contains("disagree"), "{block} {lie:?}: {refusal}");
    }
    assert_eq!(refusal_of(&Liar::new(DIAMOND)), "accepted");
}

#[test]
fn instructions_follow_one_another() {
    for (start, end) in [(0, 1), (2, 2), (3, 3), (3, 4)] {
        let mut liar = Liar::new(DIAMOND);
        liar.ranges[1] = InstRange::new(Inst::new(start), Inst::new(end));
        let expected = "the instructions of block1 do not follow those of the block before it";
        assert_eq!(refusal_of(&liar), expected, "{start}..{end}");
    }
}

#[test]
fn machines_make_sense() {
    let regs = |regs: &[PReg]| ClassRegs { caller_saved: regs.to_vec(), ..ClassRegs::default() };
    let [r0, r1, f0] = [PReg::int(0), PReg::int(1), PReg::float(0)];
    let new = |int: &[PReg], scratch| MachineEnv::new(regs(int), regs(&[]), scratch, f0);
    assert_eq!(new(&[r0, r0], r1), Err(EnvError::Repeated { reg: r0 }));
    assert_eq!(new(&[r0], r0), Err(EnvError::ScratchAllocatable { reg: r0 }));
    let error = new(&[f0], r1).unwrap_err();
    assert_eq!(error.to_string(), "f0 is listed among the int registers");
    assert!(new(&[r0], f0).is_err());
}

#[test]
fn errors_can_be_sent_to_another_thread() {
    fn sendable<E: std::error::Error + Send + Sync>() {}
    sendable::<Error>();
    sendable::<regalloc::CheckError>();
    sendable::<EnvError>();
}
