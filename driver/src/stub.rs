//! Stubs: the address of a function that stays when its code changes.
//!
//! ```text
//! stub:     b     code of the function, or lazy
//! lazy:     adr   x16, stub
//!           b     compile
//! ```
//! A stub is one `b`, which may be redirected while threads run it. As long as there is no code, it goes on to the two
//! instructions behind it: they tell `compile`, one for the engine, which function is wanted. That saves the registers that may hold
//! arguments, asks the engine for the code, and goes there. What the engine cannot compile ends in a `brk`, whose error the engine knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arm64_enc::{
    AccessSize, AddSub, ArithImm, Assembler, Branch, BranchReg, DpImm, FpPairOp, LdSt, LiteralOp,
    MemOp, PairMode, PairOffset, PairOp, Reg, RegSp, ScaledOffset, Size, VReg, XZR,
};
use codegen::Runtime;
use jitmem::ExecutableCode;

use codegen::{Protection, pads};

use crate::error::Error;
use crate::helper::{FrameRows, Helper, literals};
use crate::link;
use crate::space::{FAR_JUMP_BYTES, Space, far_jump};
use crate::table::SlotNumber;

/// Bytes of a stub with what is behind it.
const STUB_BYTES: u64 = 16;
/// Stubs that are made at a time.
const BLOCK: usize = 64;
/// Of the landing pad at the start of a stub, if there is one.
const PAD_BYTES: u64 = 4;
/// Of `lazy` behind the branch.
const LAZY: u64 = 4;

/// A stub.
#[derive(Clone, Debug)]
pub(crate) struct Stub(Option<StubPlace>);

/// Where a stub is.
#[derive(Clone, Debug)]
struct StubPlace {
    code: Arc<ExecutableCode>,
    address: u64,
    /// Of the branch in it.
    branch: u64,
}

impl Stub {
    /// For engines without machine code.
    pub(crate) fn none() -> Self {
        Stub(None)
    }

    /// The address that stands for the function.
    pub(crate) fn address(&self) -> u64 {
        self.0.as_ref().map_or(0, |place| place.address)
    }

    /// Where it goes while there is no code.
    pub(crate) fn lazy(&self) -> u64 {
        self.0.as_ref().map_or(0, |place| place.branch + LAZY)
    }

    /// Goes there from now on.
    pub(crate) fn go_to(&self, target: u64, space: &Space) -> Result<(), Error> {
        match &self.0 {
            Some(place) => link::redirect(&place.code, place.branch, target, space),
            None => Ok(()),
        }
    }
}

/// The stubs of an engine.
#[derive(Debug)]
pub(crate) struct Stubs {
    /// Where `compile` is.
    compile: u64,
    /// Where calls of a removed function end.
    removed: u64,
    /// [`Runtime::FreeRoom`].
    free_room: u64,
    /// A stub begins with a landing pad.
    pad: bool,
    /// In the order of the slots.
    blocks: Vec<Arc<ExecutableCode>>,
    /// The slots of their first stubs.
    by_address: BTreeMap<u64, SlotNumber>,
}

/// How `compile` calls the engine.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CompileCall {
    /// A function `extern "C" fn(context: u64, stub: u64) -> u64`, which finds so many pages of stack.
    Native { function: u64, context: u64, stack_pages: u16 },
    /// A host function of simulators, which takes the stub's address in `x16`, touches no register, and goes on at the
    /// code.
    Simulated { function: u64 },
}

impl Stubs {
    /// No stubs yet.
    pub(crate) fn new(
        call: CompileCall,
        protection: Protection,
        space: &Space,
    ) -> Result<Self, Error> {
        let compile = match call {
            CompileCall::Native { function, context, stack_pages } => {
                assemble_compile(function, context, stack_pages, protection)
            }
            CompileCall::Simulated { function } => assemble_jump(function, protection),
        };
        let compile = compile.ok_or(Error::Internal("the lazy entry does not assemble"))?;
        let compile = space.add_helper("jitsu: compile", &compile)?.address();
        /// `brk #1`
        const BRK: u32 = 0xd420_0020;
        let removed = Helper { words: vec![BRK], frame: Vec::new() };
        let removed = space.add_helper("jitsu: removed", &removed)?.address();
        let code = Runtime::FreeRoom.code();
        let code = code.map_err(|_| Error::Internal("shared code does not assemble"))?;
        let helper = Helper { words: code.words, frame: code.frame_rows };
        let piece = space.add_helper("jitsu: free room", &helper)?;
        let free_room = piece.address() + u64::from(code.entry);
        let (pad, blocks) = (protection.landing_pads, Vec::new());
        Ok(Self { compile, removed, free_room, pad, blocks, by_address: BTreeMap::new() })
    }

    /// Where calls of a removed function end, and of one that cannot be compiled.
    pub(crate) fn removed(&self) -> u64 {
        self.removed
    }

    /// Code that all functions share.
    pub(crate) fn runtime(&self, code: Runtime) -> u64 {
        match code {
            Runtime::FreeRoom => self.free_room,
        }
    }

    /// Makes the stub of a slot whose number follows the last one's.
    pub(crate) fn make(&mut self, slot: SlotNumber, space: &Space) -> Result<(), Error> {
        if slot.index() / BLOCK == self.blocks.len() {
            let block = self.new_block(space)?;
            self.by_address.insert(block.address(), slot);
            self.blocks.push(block);
        }
        Ok(())
    }

    /// The stub of a slot.
    pub(crate) fn of(&self, slot: SlotNumber) -> Stub {
        let (block, number) = (&self.blocks[slot.index() / BLOCK], slot.index() % BLOCK);
        let address = block.address() + STUB_BYTES * number as u64;
        let branch = address + if self.pad { PAD_BYTES } else { 0 };
        Stub(Some(StubPlace { code: Arc::clone(block), address, branch }))
    }

    /// The slot of the stub at an address.
    pub(crate) fn slot_at(&self, address: u64) -> Option<SlotNumber> {
        let (start, first) = self.by_address.range(..=address).next_back()?;
        first.plus(u32::try_from((address - start) / STUB_BYTES).ok()?)
    }

    fn new_block(&self, space: &Space) -> Result<Arc<ExecutableCode>, Error> {
        /// `b` over four bytes.
        const TO_LAZY: u32 = 0x1400_0001;
        /// `adr x16`, four bytes before.
        const STUB_TO_X16: u32 = 0x10ff_fff0;
        /// The same, eight bytes before.
        const PADDED_TO_X16: u32 = 0x10ff_ffd0;
        let stubs_bytes = BLOCK * STUB_BYTES as usize;
        let mut code = space.allocate_stubs(stubs_bytes + FAR_JUMP_BYTES)?;
        // Stubs in another space than `compile` share the way there.
        code.set_words(stubs_bytes, &far_jump(self.compile));
        let compile = match space.is_one_space(code.address(), self.compile) {
            true => self.compile,
            false => code.address() + stubs_bytes as u64,
        };
        let pad_bytes = if self.pad { PAD_BYTES } else { 0 };
        for n in 0..BLOCK {
            let at = n * STUB_BYTES as usize;
            let branch_at = code.address() + at as u64 + pad_bytes + 8;
            let to_compile = link::over(0x1400_0000, branch_at, compile)
                .ok_or(Error::Internal("a stub is too far from the lazy entry"))?;
            if self.pad {
                code.set_words(at, &[pads::BTI_C.encode(), TO_LAZY, PADDED_TO_X16, to_compile]);
            } else {
                code.set_words(at, &[TO_LAZY, STUB_TO_X16, to_compile]);
            }
        }
        Ok(space.insert_helper("jitsu: stubs", code.publish()?, &[]))
    }
}

/// Bytes of the frame of `compile`: frame record, `x0` to `x9`, `d0` to `d7`.
const FRAME: i64 = 160;
const FRAME_INTS: i64 = 16;
const FRAME_FLOATS: i64 = 96;

/// `compile` for simulators: a jump that keeps `x16`.
fn assemble_jump(target: u64, protection: Protection) -> Option<Helper> {
    let (mut asm, mut frame) = (Assembler::new(), FrameRows::default());
    frame.enter(&mut asm, protection, false);
    let (literal, scratch) = (asm.label(), Reg::new(17)?);
    asm.ldr_literal(LiteralOp::LdrX, scratch, literal);
    asm.push(Branch::Reg { op: BranchReg::Br, rn: scratch });
    Some(frame.with(literals(&mut asm, [(literal, target)])?))
}

/// `compile`: takes the address of a stub in `x16`, calls `function` with it and goes where that says, with every register
/// that may hold an argument as it was. `None` only if a constant does not fit its field.
fn assemble_compile(
    function_address: u64,
    context_address: u64,
    stack_pages: u16,
    protection: Protection,
) -> Option<Helper> {
    let (mut asm, mut frame) = (Assembler::new(), FrameRows::default());
    let none = |n: u8| -> ! { unreachable!("{n} is the number of a register") };
    let x = |n: u8| Reg::new(n).unwrap_or_else(|| none(n));
    let xsp = |n: u8| RegSp::new(n).unwrap_or_else(|| none(n));
    let d = |n: u8| VReg::new(n).unwrap_or_else(|| none(n));
    let sp = arm64_enc::SP;
    let pair = |asm: &mut Assembler, op, mode, first: u8, offset: i64| {
        let offset = PairOffset::new(offset, AccessSize::B8)?;
        asm.push(LdSt::Pair { op, mode, rt: x(first), rt2: x(first + 1), rn: sp, offset });
        Some(())
    };
    let arguments = |asm: &mut Assembler, ints: PairOp, floats: FpPairOp| {
        for n in 0..5 {
            pair(asm, ints, PairMode::Offset, 2 * n, FRAME_INTS + 16 * i64::from(n))?;
        }
        for n in 0..4 {
            let offset = PairOffset::new(FRAME_FLOATS + 16 * i64::from(n), AccessSize::B8)?;
            let (rt, rt2, mode) = (d(2 * n), d(2 * n + 1), PairMode::Offset);
            asm.push(LdSt::FpPair { op: floats, mode, rt, rt2, rn: sp, offset });
        }
        Some(())
    };
    let add = |asm: &mut Assembler, op, rd: RegSp, rn: RegSp, imm: ArithImm| {
        asm.push(DpImm::AddSub { op, size: Size::X, rd, rn, imm });
    };
    frame.enter(&mut asm, protection, true);
    pair(&mut asm, PairOp::StpX, PairMode::Pre, 29, -FRAME)?;
    frame.allocated(&asm, FRAME);
    frame.has_record(&asm, FRAME);
    add(&mut asm, AddSub::Add, xsp(29), sp, ArithImm::ZERO);
    frame.has_frame_pointer(&asm, FRAME);
    arguments(&mut asm, PairOp::StpX, FpPairOp::StpD)?;

    // Touch the stack that the compiler needs, page by page: its end is then a fault of this code, which is a trap.
    asm.mov_imm(x(9), Size::X, u64::from(stack_pages));
    let touch = asm.label();
    asm.bind(touch).ok()?;
    add(&mut asm, AddSub::Sub, sp, sp, ArithImm::new(4096)?);
    let offset = ScaledOffset::new(0, AccessSize::B8)?;
    asm.push(LdSt::Unsigned { op: MemOp::StrX, rt: XZR, rn: sp, offset });
    add(&mut asm, AddSub::Sub, xsp(9), xsp(9), ArithImm::new(1)?);
    asm.cbnz(Size::X, x(9), touch);
    add(&mut asm, AddSub::Add, sp, xsp(29), ArithImm::ZERO);

    let (context, function) = (asm.label(), asm.label());
    add(&mut asm, AddSub::Add, xsp(1), xsp(16), ArithImm::ZERO);
    asm.ldr_literal(LiteralOp::LdrX, x(0), context);
    asm.ldr_literal(LiteralOp::LdrX, x(17), function);
    asm.push(Branch::Reg { op: BranchReg::Blr, rn: x(17) });
    add(&mut asm, AddSub::Add, xsp(16), xsp(0), ArithImm::ZERO);
    arguments(&mut asm, PairOp::LdpX, FpPairOp::LdpD)?;
    pair(&mut asm, PairOp::LdpX, PairMode::Post, 29, FRAME)?;
    frame.leaves(&mut asm, protection);
    asm.push(Branch::Reg { op: BranchReg::Br, rn: x(16) });
    let constants = [(context, context_address), (function, function_address)];
    Some(frame.with(literals(&mut asm, constants)?))
}
