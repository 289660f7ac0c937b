//! Calls: direct, by address, and in tail position.

use super::{BuildError, FunctionBuilder, Operand, Operands};
use crate::entity::{FuncRef, SigRef, Value};
use crate::func::Callee;
use crate::inst::{InstData, ValueList};
use crate::opcode::Opcode;
use crate::types::{Signature, Type};

impl FunctionBuilder {
    /// Declares a function that will be called: of the same module, or of the host.
    pub fn import(&self, name: &str, signature: Signature) -> FuncRef {
        let mut func = self.func.borrow_mut();
        let same = |c: &Callee| c.name == name && c.signature == signature;
        let found = func.callees.iter().find(|(_, callee)| same(callee)).map(|(key, _)| key);
        found.unwrap_or_else(|| func.callees.push(Callee { name: name.to_owned(), signature }))
    }

    /// Calls a function; its results are returned in order.
    pub fn call(&self, callee: FuncRef, args: impl Operands) -> Vec<Value> {
        let Some((signature, args)) = self.direct(Opcode::Call, callee, args) else {
            return Vec::new();
        };
        let results: Vec<Type> = signature.result_types().collect();
        self.push(InstData::Call { callee, args }, &results)
    }

    /// Calls a function that has one result, and returns it.
    pub fn call1(&self, callee: FuncRef, args: impl Operands) -> Value {
        let results = self.call(callee, args);
        match results.first() {
            Some(&value) => value,
            None => {
                let function = self.func.borrow().name.clone();
                let entity = format!("the result of {callee}");
                self.fail(|| BuildError::Unknown { function, entity });
                self.func.borrow_mut().detached_value(Type::I64)
            }
        }
    }

    /// The address of a function, for indirect calls.
    pub fn func_addr(&self, callee: FuncRef) -> Value {
        if self.func.borrow().callees.get(callee).is_none() {
            self.unknown(callee);
        }
        self.one(InstData::FuncAddr { callee }, Type::I64)
    }

    /// Calls the function at an address, which has this signature; its results are returned in order.
    pub fn call_indirect(
        &self,
        callee: impl Into<Operand>,
        signature: &Signature,
        args: impl Operands,
    ) -> Vec<Value> {
        let (callee, key, args) = self.by_address(Opcode::CallIndirect, callee, signature, args);
        let results: Vec<Type> = signature.result_types().collect();
        self.push(InstData::CallIndirect { callee, signature: key, args }, &results)
    }

    /// Ends the call with the results of a function, which takes over the stack frame: no address of a stack slot may
    /// be used after it, also not by the callee. Its results are those of this function, and become them if no `ret`
    /// came before.
    pub fn tail_call(&self, callee: FuncRef, args: impl Operands) {
        if let Some((signature, args)) = self.direct(Opcode::TailCall, callee, args) {
            self.adopt_results(&signature);
            self.none(InstData::TailCall { callee, args });
        }
    }

    /// Like [`tail_call`](Self::tail_call), of the function at an address.
    pub fn tail_call_indirect(
        &self,
        callee: impl Into<Operand>,
        signature: &Signature,
        args: impl Operands,
    ) {
        let op = Opcode::TailCallIndirect;
        let (callee, key, args) = self.by_address(op, callee, signature, args);
        self.adopt_results(signature);
        self.none(InstData::TailCallIndirect { callee, signature: key, args });
    }

    fn adopt_results(&self, signature: &Signature) {
        if !self.results_known.replace(true) {
            self.func.borrow_mut().signature.results = signature.results.clone();
        }
    }

    fn direct(
        &self,
        op: Opcode,
        callee: FuncRef,
        args: impl Operands,
    ) -> Option<(Signature, ValueList)> {
        let signature =
            self.func.borrow().callees.get(callee).map(|callee| callee.signature.clone());
        if signature.is_none() {
            self.unknown(callee);
        }
        let signature = signature?;
        let args = self.call_args(op, &signature, args);
        Some((signature, args))
    }

    fn by_address(
        &self,
        op: Opcode,
        callee: impl Into<Operand>,
        signature: &Signature,
        args: impl Operands,
    ) -> (Value, SigRef, ValueList) {
        let callee = self.operand(callee.into(), Type::I64);
        let key = self.func.borrow_mut().import_signature(signature);
        (callee, key, self.call_args(op, signature, args))
    }

    fn call_args(&self, op: Opcode, signature: &Signature, args: impl Operands) -> ValueList {
        let types: Vec<Type> = signature.param_types().collect();
        let args = self.values(op, args, &types);
        self.func.borrow_mut().make_list(&args)
    }
}
