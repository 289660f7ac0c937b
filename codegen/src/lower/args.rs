//! Arguments, calls and returns.

use arm64_enc::{AccessSize, FpMemOp, MemOp, Size};
use ir::{AbiParam, Extend, FuncRef, Inst, Type, Value, ValueList};
use regalloc::{Operand, VReg};
use smallvec::SmallVec;

use super::{Lower, Result};
use crate::abi::{ArgAssigner, ArgPlace, result_regs};
use crate::error::Reason;
use crate::function::class_of;
use crate::minst::{Addr, FramePlace, Op, Src};

impl Lower<'_> {
    /// Takes the function's arguments where the caller left them, as the parameters of the entry block.
    pub(super) fn arguments(&mut self) -> Result {
        let Some(entry) = self.func.entry() else { return Err(Reason::NoBody) };
        let params: SmallVec<[(VReg, Type); 8]> = self
            .func
            .block_params(entry)
            .iter()
            .map(|&param| (self.vreg(param), self.func.value_type(param)))
            .collect();
        self.incoming(&params);
        self.flush();
        Ok(())
    }

    /// Takes the arguments into temporaries and passes them to the entry block, which is also a branch target.
    pub(super) fn entry_arguments(&mut self, index: usize) -> Result {
        let Some(entry) = self.func.entry() else { return Err(Reason::NoBody) };
        let mut params: SmallVec<[(VReg, Type); 8]> = SmallVec::new();
        for &param in self.func.block_params(entry) {
            let ty = self.func.value_type(param);
            params.push((self.temp(class_of(ty)), ty));
        }
        let passed: SmallVec<[VReg; 8]> = params.iter().map(|&(vreg, _)| vreg).collect();
        let list = self.list(&passed);
        if let Some(args) = self.mf.blocks[index].args.first_mut() {
            *args = list;
        }
        self.incoming(&params);
        self.flush();
        Ok(())
    }

    fn incoming(&mut self, params: &[(VReg, Type)]) {
        let mut assigner = ArgAssigner::new(self.options.call_conv);
        let mut in_regs: SmallVec<[Operand; 8]> = SmallVec::new();
        let mut on_stack: SmallVec<[(VReg, Type, u32); 4]> = SmallVec::new();
        for &(vreg, ty) in params {
            match assigner.next(ty) {
                ArgPlace::Reg(reg) => in_regs.push(Operand::def_fixed(vreg, reg)),
                ArgPlace::Stack(offset) => on_stack.push((vreg, ty, offset)),
            }
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
        let func = self.func;
        let signature = &func
            .callees
            .get(callee)
            .ok_or(Reason::Malformed("the callee is not declared"))?
            .signature;
        let args = func.list(args);
        if args.len() != signature.params.len() {
            return Err(Reason::Malformed(
                "the call passes another number of values than the callee takes",
            ));
        }
        let results = func.results(inst);
        if results.len() != signature.results.len() {
            return Err(Reason::Malformed(
                "the call has another number of results than the callee",
            ));
        }
        self.mf.has_calls = true;
        let mut assigner = ArgAssigner::new(self.options.call_conv);
        let mut operands: SmallVec<[Operand; 16]> = SmallVec::new();
        for (&arg, &param) in args.iter().zip(&signature.params) {
            match assigner.next(param.ty) {
                ArgPlace::Reg(reg) => {
                    let vreg = self.abi_value(arg, param)?;
                    operands.push(Operand::use_fixed(vreg, reg));
                }
                ArgPlace::Stack(offset) => {
                    let addr = Addr::Frame(FramePlace::Outgoing(offset));
                    let zero = self.constant(arg) == Some(0);
                    if zero {
                        self.emit(store_op(param.ty, Src::Zero, addr), &[]);
                    } else {
                        let vreg = self.abi_value(arg, param)?;
                        let op = store_op(param.ty, Src::Reg, addr);
                        self.emit(op, &[Operand::use_reg(vreg)]);
                    }
                }
            }
        }
        self.mf.outgoing_bytes = self.mf.outgoing_bytes.max(assigner.stack_bytes());
        for (&result, reg) in results.iter().zip(result_regs(&signature.results)?) {
            operands.push(Operand::def_fixed(self.vreg(result), reg));
        }
        self.emit(Op::Call { callee }, &operands);
        Ok(())
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
        for ((&arg, &param), reg) in args.iter().zip(results).zip(result_regs(results)?) {
            let vreg = self.abi_value(arg, param)?;
            operands.push(Operand::use_fixed(vreg, reg));
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
