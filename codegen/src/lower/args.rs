//! Arguments, calls, tail calls and returns.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use arm64_enc::{AccessSize, FpMemOp, MemOp, Size};
use ir::{AbiParam, Entity, Extend, FuncRef, Inst, SigRef, Signature, Type, Value, ValueList};
use regalloc::{Operand, VReg};
use smallvec::{SmallVec, smallvec};

use super::{Lower, Result};
use crate::abi::{
    ArgAssigner, ArgPlace, RECORD_BYTES, RESULTS_ADDRESS, STACK_ALIGN, result_places,
};
use crate::error::Reason;
use crate::function::class_of;
use crate::minst::{Addr, FramePlace, Op, Src};

/// The least room that a tail call makes for arguments on the stack.
const LEAST_ROOM: u32 = 64;

type Operands = SmallVec<[Operand; 16]>;

/// An argument of this function.
#[derive(Clone, Copy)]
struct Incoming {
    vreg: VReg,
    ty: Type,
    /// `true` if anybody uses it.
    wanted: bool,
}

/// The arguments of this function that its caller left on the stack.
#[derive(Debug)]
pub(super) struct IncomingStack {
    bytes: u32,
    offsets: BTreeMap<Value, u32>,
}

/// Where the arguments of a call go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passing {
    /// Below this function's frame, to one that it calls.
    ToCallee,
    /// Where this function's own were, to one that takes its place.
    Instead,
    /// At an address, to one that takes its place, because that is too little room.
    InRoom(VReg),
}

impl<'f> Lower<'f> {
    /// Takes the function's arguments where the caller left them, as the parameters of the entry block.
    pub(super) fn arguments(&mut self) -> Result {
        let Some(entry) = self.func.entry() else { return Err(Reason::NoBody) };
        let params: SmallVec<[Incoming; 8]> = self
            .func
            .block_params(entry)
            .iter()
            .map(|&param| Incoming {
                vreg: self.vreg(param),
                ty: self.func.value_type(param),
                wanted: self.ctx.wanted[param.index()],
            })
            .collect();
        self.incoming(&params);
        self.flush();
        Ok(())
    }

    /// Takes the arguments into temporaries and passes them to the entry block, which is also a branch target.
    pub(super) fn entry_arguments(&mut self, index: usize) -> Result {
        let Some(entry) = self.func.entry() else { return Err(Reason::NoBody) };
        let mut params: SmallVec<[Incoming; 8]> = SmallVec::new();
        for &param in self.func.block_params(entry) {
            let ty = self.func.value_type(param);
            params.push(Incoming { vreg: self.temp(class_of(ty)), ty, wanted: true });
        }
        let passed: SmallVec<[VReg; 8]> = params.iter().map(|param| param.vreg).collect();
        let list = self.list(&passed);
        if let Some(args) = self.mf.blocks[index].args.first_mut() {
            *args = list;
        }
        self.incoming(&params);
        self.flush();
        Ok(())
    }

    fn incoming(&mut self, params: &[Incoming]) {
        let mut assigner = ArgAssigner::new(self.options.call_conv);
        let mut in_regs: SmallVec<[Operand; 8]> = SmallVec::new();
        let mut on_stack: SmallVec<[(VReg, Type, u32); 4]> = SmallVec::new();
        for &Incoming { vreg, ty, wanted } in params {
            match assigner.next(ty) {
                ArgPlace::Reg(reg) => in_regs.push(Operand::def_fixed(vreg, reg)),
                ArgPlace::Stack(offset) if wanted => on_stack.push((vreg, ty, offset)),
                ArgPlace::Stack(_) => {}
            }
        }
        self.mf.incoming_bytes = assigner.used_bytes();
        if let Some(address) = self.results_address {
            in_regs.push(Operand::def_fixed(address, RESULTS_ADDRESS));
        }
        if !in_regs.is_empty() {
            self.emit(Op::Args, &in_regs);
        }
        for (vreg, ty, offset) in on_stack {
            let addr = Addr::Frame(FramePlace::Incoming(offset));
            self.emit(load_op(ty, addr), &[Operand::def_reg(vreg)]);
        }
    }

    /// A value as an argument or result: extended if the signature says so.
    fn abi_value(&mut self, value: Value, param: AbiParam) -> Result<VReg> {
        match param.extend {
            Some(extend) if param.ty.is_int() && param.ty.bits() < 32 => {
                self.extended(value, extend, Size::W)
            }
            // An `i32` is extended to 64 bits as well: some languages' ABIs rely on it, and AAPCS64 allows it.
            Some(Extend::Sign) if param.ty == Type::I32 => {
                self.extended(value, Extend::Sign, Size::X)
            }
            Some(Extend::Zero) if param.ty == Type::I32 => {
                self.extended(value, Extend::Zero, Size::X)
            }
            _ => Ok(self.reg(value)),
        }
    }

    pub(super) fn call(&mut self, inst: Inst, callee: FuncRef, args: ValueList) -> Result {
        let signature = self.signature_of(callee)?;
        self.call_as(inst, Op::Call { callee }, Operands::new(), signature, args)
    }

    pub(super) fn call_indirect(
        &mut self,
        inst: Inst,
        callee: Value,
        signature: SigRef,
        args: ValueList,
    ) -> Result {
        let signature = self.declared(signature)?;
        let address = smallvec![Operand::use_reg(self.reg(callee))];
        self.call_as(inst, Op::CallIndirect, address, signature, args)
    }

    /// A call: arguments, `op` with what `operands` has already, results. Those in memory come back above the arguments on
    /// the stack.
    fn call_as(
        &mut self,
        inst: Inst,
        op: Op,
        mut operands: Operands,
        signature: &Signature,
        args: ValueList,
    ) -> Result {
        let used = self.pass(signature, args, Passing::ToCallee, &mut operands)?;
        let above = used.next_multiple_of(STACK_ALIGN);
        let (places, bytes) = result_places(&signature.results);
        if bytes > 0 {
            let address = self.int_temp();
            let place = FramePlace::Outgoing(above);
            self.emit(Op::FrameAddr { place }, &[Operand::def_reg(address)]);
            operands.push(Operand::use_fixed(address, RESULTS_ADDRESS));
        }
        self.mf.has_calls = true;
        self.mf.outgoing_bytes = self.mf.outgoing_bytes.max(above + bytes);

        let results = self.func.results(inst);
        if results.len() != places.len() {
            return Err(Reason::Malformed(
                "the call has another number of results than the callee",
            ));
        }
        let mut in_memory: SmallVec<[(Value, u32); 4]> = SmallVec::new();
        for (&result, place) in results.iter().zip(places) {
            match place {
                ArgPlace::Reg(reg) => operands.push(Operand::def_fixed(self.vreg(result), reg)),
                ArgPlace::Stack(offset) if self.ctx.wanted[result.index()] => {
                    in_memory.push((result, above + offset));
                }
                ArgPlace::Stack(_) => {}
            }
        }
        self.emit(op, &operands);
        for (result, offset) in in_memory {
            let addr = Addr::Frame(FramePlace::Outgoing(offset));
            let op = load_op(self.func.value_type(result), addr);
            self.emit_def(op, self.vreg(result), &[]);
        }
        Ok(())
    }

    pub(super) fn tail_call(&mut self, callee: FuncRef, args: ValueList) -> Result {
        let signature = self.signature_of(callee)?;
        let op = |room| Op::TailCall { callee, room };
        self.tail_call_as(op, Operands::new(), signature, args)
    }

    pub(super) fn tail_call_indirect(
        &mut self,
        callee: Value,
        signature: SigRef,
        args: ValueList,
    ) -> Result {
        let signature = self.declared(signature)?;
        let address = smallvec![Operand::use_reg(self.reg(callee))];
        self.tail_call_as(|room| Op::TailCallIndirect { room }, address, signature, args)
    }

    /// A tail call, whose results go where those of this function have to be. Arguments that need more of the stack than the
    /// function's own get a room that is a power of two, so that functions which call each other so without end take more of
    /// the stack only a few times.
    fn tail_call_as(
        &mut self,
        op: impl Fn(Option<NonZeroU32>) -> Op,
        mut operands: Operands,
        signature: &Signature,
        args: ValueList,
    ) -> Result {
        if signature.results != self.func.signature.results {
            return Err(Reason::Malformed("the tail call has other results than this function"));
        }
        let mut assigner = ArgAssigner::new(self.options.call_conv);
        for ty in signature.param_types() {
            assigner.next(ty);
        }
        let needed = assigner.used_bytes();
        let room = (needed > self.incoming_stack().bytes)
            .then_some(needed.max(LEAST_ROOM).next_power_of_two())
            .and_then(NonZeroU32::new);
        let how = match room {
            None => Passing::Instead,
            Some(room) => {
                let address = self.int_temp();
                self.emit_def(Op::MakeRoom { room }, address, &[]);
                operands.push(Operand::use_reg(address));
                self.mf.room_bytes = self.mf.room_bytes.max(room.get() + RECORD_BYTES);
                Passing::InRoom(address)
            }
        };
        self.pass(signature, args, how, &mut operands)?;
        if let Some(address) = self.results_address {
            operands.push(Operand::use_fixed(address, RESULTS_ADDRESS));
        }
        self.emit(op(room), &operands);
        Ok(())
    }

    fn signature_of(&self, callee: FuncRef) -> Result<&'f Signature> {
        let callee = self.func.callees.get(callee);
        Ok(&callee.ok_or(Reason::Malformed("the callee is not declared"))?.signature)
    }

    fn declared(&self, signature: SigRef) -> Result<&'f Signature> {
        let signature = self.func.signatures.get(signature);
        signature.ok_or(Reason::Malformed("the signature is not declared"))
    }

    /// Puts arguments where a callee looks for them: stores those on the stack, and adds the operands of those in
    /// registers. Gives the bytes that they take on the stack.
    fn pass(
        &mut self,
        signature: &Signature,
        args: ValueList,
        how: Passing,
        operands: &mut Operands,
    ) -> Result<u32> {
        let args = self.func.list(args);
        if args.len() != signature.params.len() {
            return Err(Reason::Malformed(
                "the call passes another number of values than the callee takes",
            ));
        }
        let mut assigner = ArgAssigner::new(self.options.call_conv);
        for (&arg, &param) in args.iter().zip(&signature.params) {
            match assigner.next(param.ty) {
                ArgPlace::Reg(reg) => {
                    let vreg = self.abi_value(arg, param)?;
                    operands.push(Operand::use_fixed(vreg, reg));
                }
                ArgPlace::Stack(offset) => self.pass_on_stack(arg, param, offset, how)?,
            }
        }
        Ok(assigner.used_bytes())
    }

    fn pass_on_stack(&mut self, arg: Value, param: AbiParam, offset: u32, how: Passing) -> Result {
        let (addr, base) = match how {
            Passing::ToCallee => (Addr::Frame(FramePlace::Outgoing(offset)), None),
            // What was passed to this function has been loaded at its entry, so nothing is overwritten too early.
            Passing::Instead if self.is_incoming(arg, offset) => return Ok(()),
            Passing::Instead => (Addr::Frame(FramePlace::Incoming(offset)), None),
            Passing::InRoom(room) => {
                let (addr, base) = self.reach(room, offset.into(), access_size(param.ty));
                (addr, Some(base))
            }
        };
        let (src, value) = match self.constant(arg) {
            Some(0) => (Src::Zero, None),
            _ => (Src::Reg, Some(self.abi_value(arg, param)?)),
        };
        let sources: SmallVec<[VReg; 4]> =
            value.into_iter().chain(base.into_iter().flatten()).collect();
        self.emit_use(store_op(param.ty, src, addr), &sources);
        Ok(())
    }

    /// What of the function's own arguments lies on the stack.
    fn incoming_stack(&self) -> &IncomingStack {
        self.incoming.get_or_init(|| {
            let mut assigner = ArgAssigner::new(self.options.call_conv);
            let mut offsets = BTreeMap::new();
            let params = self.func.entry().map(|entry| self.func.block_params(entry));
            for &param in params.unwrap_or_default() {
                if let ArgPlace::Stack(offset) = assigner.next(self.func.value_type(param)) {
                    offsets.insert(param, offset);
                }
            }
            IncomingStack { bytes: assigner.used_bytes(), offsets }
        })
    }

    /// Returns `true` if a value is the argument of this function that was passed so many bytes into the stack: it is
    /// still there.
    fn is_incoming(&self, value: Value, offset: u32) -> bool {
        !self.entry_is_target && self.incoming_stack().offsets.get(&value) == Some(&offset)
    }

    pub(super) fn ret(&mut self, args: ValueList) -> Result {
        let func = self.func;
        let args = func.list(args);
        let results = &func.signature.results;
        if args.len() != results.len() {
            return Err(Reason::Malformed(
                "it returns another number of values than the signature says",
            ));
        }
        let mut operands: SmallVec<[Operand; 8]> = SmallVec::new();
        for ((&arg, &param), place) in args.iter().zip(results).zip(result_places(results).0) {
            let vreg = self.abi_value(arg, param)?;
            match (place, self.results_address) {
                (ArgPlace::Reg(reg), _) => operands.push(Operand::use_fixed(vreg, reg)),
                (ArgPlace::Stack(offset), Some(base)) => {
                    let (addr, base) = self.reach(base, offset.into(), access_size(param.ty));
                    let mut sources: SmallVec<[VReg; 3]> = smallvec![vreg];
                    sources.extend(base);
                    self.emit_use(store_op(param.ty, Src::Reg, addr), &sources);
                }
                (ArgPlace::Stack(_), None) => {
                    return Err(Reason::Internal("results in memory have no address"));
                }
            }
        }
        self.emit(Op::Ret, &operands);
        Ok(())
    }
}

// `lower` refuses a function with an `i128`, so that none comes to the functions below.

/// The load of a whole value; narrow integers are extended with zeros.
pub(super) fn load_op(ty: Type, addr: Addr) -> Op {
    match ty {
        Type::I8 => Op::Load { op: MemOp::Ldrb, addr },
        Type::I16 => Op::Load { op: MemOp::Ldrh, addr },
        Type::I32 => Op::Load { op: MemOp::LdrW, addr },
        Type::I64 | Type::I128 => Op::Load { op: MemOp::LdrX, addr },
        Type::F32 => Op::FpLoad { op: FpMemOp::LdrS, addr },
        Type::F64 => Op::FpLoad { op: FpMemOp::LdrD, addr },
    }
}

/// The store of a whole value.
pub(super) fn store_op(ty: Type, value: Src, addr: Addr) -> Op {
    match ty {
        Type::I8 => Op::Store { op: MemOp::Strb, value, addr },
        Type::I16 => Op::Store { op: MemOp::Strh, value, addr },
        Type::I32 => Op::Store { op: MemOp::StrW, value, addr },
        Type::I64 | Type::I128 => Op::Store { op: MemOp::StrX, value, addr },
        Type::F32 => Op::FpStore { op: FpMemOp::StrS, addr },
        Type::F64 => Op::FpStore { op: FpMemOp::StrD, addr },
    }
}

/// The width of a type in memory.
pub(super) const fn access_size(ty: Type) -> AccessSize {
    match ty {
        Type::I8 => AccessSize::B1,
        Type::I16 => AccessSize::B2,
        Type::I32 | Type::F32 => AccessSize::B4,
        Type::I64 | Type::I128 | Type::F64 => AccessSize::B8,
    }
}
