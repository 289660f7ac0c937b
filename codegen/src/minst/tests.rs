//! What this module says of an instruction in several places, held against the words that it becomes: the registers that
//! they name are its operands and those that the text shows, they do with the flags what [`Op::flags`] says, and whatever
//! is a branch is refused as a plain instruction. The words are read as text, which knows nothing of all that.

use std::collections::BTreeSet;

use arm64_enc::{Assembler, Inst};
use ir::Function;
use regalloc::{Allocation, Loc, RegClass};

use super::{Emitter, FlagsEffect, Op, show_op};
use crate::error::Reason;
use crate::frame::Frame;
use crate::function::{MInst, MachineFunction};
use crate::unwind::Rows;
use crate::{Options, allocate, lower};

/// A register in a text: `x` or `d` for its class, and its number.
type Registers = BTreeSet<(char, u8)>;

/// The registers that a text names.
fn registers(text: &str) -> Registers {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let register = |word: &str| {
        let (kind, number) = word.split_at_checked(1)?;
        let class = match kind {
            "x" | "w" => 'x',
            "v" | "q" | "d" | "s" | "h" | "b" => 'd',
            _ => return None,
        };
        Some((class, number.parse().ok()?))
    };
    words.filter_map(register).collect()
}

fn places(locs: &[Loc]) -> Registers {
    let class = |class| if class == RegClass::Int { 'x' } else { 'd' };
    let register = |loc: &Loc| loc.as_reg().map(|reg| (class(reg.class()), reg.index()));
    locs.iter().filter_map(register).collect()
}

/// Whether a word reads the flags, and whether it sets them.
fn flags_of(text: &str) -> (bool, bool) {
    let name = text.split_whitespace().next().unwrap_or_default();
    let reads = ["adc", "sbc", "ngc", "cs", "cinc", "cinv", "cneg", "ccm", "fcsel", "fccmp", "b."];
    let sets = [
        "adds", "subs", "negs", "ands", "bics", "adcs", "sbcs", "ngcs", "cmp", "cmn", "tst",
        "ccmp", "ccmn", "fcmp", "fccmp",
    ];
    (reads.iter().any(|start| name.starts_with(start)), sets.contains(&name))
}

/// The words of an instruction that is not a branch, as text; constants that they read are left out.
fn words(
    func: &Function,
    mf: &MachineFunction,
    frame: &Frame,
    op: &Op,
    locs: &[Loc],
) -> Result<Vec<String>, Reason> {
    let asm = Assembler::with_capacity(8);
    let mut emitter = Emitter {
        asm,
        func,
        mf,
        frame,
        stubs: Vec::new(),
        trap_sites: Vec::new(),
        rows: Rows::new(false),
    };
    match *op {
        Op::Branch { test } => {
            let label = emitter.asm.label();
            emitter.branch_if(test, locs.first().copied(), label)?;
            emitter.bind(label)?;
        }
        _ => emitter.op(op, locs)?,
    }
    let count = emitter.asm.offset() / 4;
    for (label, _) in std::mem::take(&mut emitter.stubs) {
        emitter.bind(label)?;
    }
    let code = emitter.asm.finish().map_err(|error| Reason::Assembly(error.to_string()))?;
    let text = |&word: &u32| Inst::decode(word).expect("it is an instruction").to_string();
    Ok(code.words().iter().take(count).map(text).collect())
}

fn check(func: &Function, mf: &MachineFunction, frame: &Frame, inst: &MInst, locs: &[Loc]) {
    let op = inst.op;
    let shown = show_op(&op, mf.operands(inst), Some(locs), func, mf);
    let operands = places(locs);
    assert_eq!(registers(&shown), operands, "{shown}: the text names other registers");
    if op.is_branch() {
        let refused = Emitter {
            asm: Assembler::with_capacity(8),
            func,
            mf,
            frame,
            stubs: Vec::new(),
            trap_sites: Vec::new(),
            rows: Rows::new(false),
        }
        .op(&op, locs);
        assert!(refused.is_err(), "{shown}: a branch is written as a plain instruction");
        if !matches!(op, Op::Branch { .. }) {
            assert_eq!(op.flags(), FlagsEffect::None, "{shown}");
            return;
        }
    }
    let words =
        words(func, mf, frame, &op, locs).unwrap_or_else(|error| panic!("{shown}: {error}"));
    let text = words.join("\n");

    let (mut reads, mut sets) = (false, false);
    for word in &words {
        let (word_reads, word_sets) = flags_of(word);
        reads |= word_reads && !sets;
        sets |= word_sets;
    }
    let calls = matches!(op, Op::Call { .. } | Op::CallIndirect);
    let effect = match (reads, sets) {
        _ if calls => FlagsEffect::Destroys,
        (false, false) => FlagsEffect::None,
        (true, false) => FlagsEffect::Reads,
        (false, true) => FlagsEffect::Writes,
        (true, true) => FlagsEffect::Updates,
    };
    // Flags that a loop sets are those of its last turn.
    let known = if words.len() > 1
        && effect == FlagsEffect::Writes
        && op.flags() == FlagsEffect::Destroys
    {
        FlagsEffect::Destroys
    } else {
        effect
    };
    assert_eq!(op.flags(), known, "{shown}: its flags are not those of\n{text}");

    // Scratch registers, the frame pointer, and what calls and returns use without naming it.
    let mut named = registers(&text);
    named.retain(|register| operands.contains(register) || ![16, 17, 29].contains(&register.1));
    let by_convention = matches!(
        op,
        Op::Args
            | Op::Call { .. }
            | Op::CallIndirect
            | Op::TailCall { .. }
            | Op::TailCallIndirect { .. }
            | Op::Ret
    );
    let moves_itself = matches!(op, Op::Copy | Op::FpCopy) && words.is_empty();
    if !by_convention && !moves_itself {
        assert_eq!(named, operands, "{shown}: its operands are not those of\n{text}");
    }
}

#[test]
fn what_is_said_of_an_instruction_is_what_its_words_do() {
    let options = Options::default();
    let mut kinds = BTreeSet::new();
    for file in testkit::matrix::files() {
        let written = ir::parse::module(&file.text).expect("a file of the matrix is good");
        for level in [opt::Level::None, opt::Level::Speed] {
            let mut module = written.clone();
            module.functions.values_mut().for_each(ssa::construct);
            opt::optimize_module(&mut module, level);
            // Each operation on each type has many functions that differ in constants only.
            for func in module.functions.values().step_by(3) {
                let mf = lower(func, &options).expect("it lowers");
                let allocation: Allocation = allocate(&mf, &options).expect("it is allocated");
                let frame = Frame::new(func, &mf, &allocation).expect("it has a frame");
                for (index, inst) in mf.insts.iter().enumerate() {
                    let id = regalloc::Inst::new(index as u32);
                    if !allocation.is_needless(id) {
                        check(func, &mf, &frame, inst, allocation.inst_locs(id));
                    }
                    let name = format!("{:?}", inst.op);
                    let end = name.find(|c: char| !c.is_alphanumeric()).unwrap_or(name.len());
                    kinds.insert(name[..end].to_owned());
                }
            }
        }
    }
    assert!(kinds.len() >= 60, "{} kinds of instructions: {kinds:?}", kinds.len());
}
