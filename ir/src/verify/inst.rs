//! The rules for one instruction: what it names exists, and its types are those of its operation.

use std::fmt::Display;

use super::rule::Broken;
use super::{Checker, VerifyRule};
use crate::entity::{Entity, FuncRef, Inst, SigRef, SwitchRef, Value};
use crate::eval::sign_extend;
use crate::func::{Callee, ValueDef};
use crate::inst::{BlockCall, InstData, Role, ValueList};
use crate::memory::{LoadKind, NarrowWidth, StoreKind};
use crate::opcode::{Opcode, TernaryOp, TypeRule};
use crate::types::{Signature, Type};

/// The rule that is broken.
type Rule = Result<(), Broken>;

impl Checker<'_> {
    pub(super) fn inst(&self, inst: Inst) -> Rule {
        let func = self.func;
        let data = *func.inst(inst);
        let op = data.opcode();
        let results = self.results(inst, op)?;
        let result = results.first().copied();
        let second = results.get(1).copied();
        match data {
            InstData::IntConst { imm } => int_constant(imm, self.typed(result)?),
            InstData::FloatConst { bits } => float_constant(bits, self.typed(result)?),
            InstData::Unary { op, arg } => {
                let (from, to) = (self.usable(arg)?, self.typed(result)?);
                unary(op.opcode(), op.info().rule, (arg, from), (result_of(result), to))
            }
            InstData::Binary { op, args } => {
                let ty = self.pair(op.opcode(), op.info().rule, args)?;
                self.result_is(op.opcode(), result, ty)
            }
            InstData::Ternary { op: TernaryOp::Select, args: [cond, a, b] } => {
                self.condition(Opcode::Select, cond)?;
                let ty = self.same(Opcode::Select, [a, b])?;
                self.result_is(Opcode::Select, result, ty)
            }
            InstData::Ternary { op: TernaryOp::Fma, args: [a, b, c] } => {
                let ty = self.pair(Opcode::Fma, TypeRule::Float, [a, b])?;
                self.same(Opcode::Fma, [b, c])?;
                self.result_is(Opcode::Fma, result, ty)
            }
            InstData::Overflow { args, .. } => {
                let ty = self.pair(op, TypeRule::Overflow, args)?;
                self.result_is(op, result, ty)?;
                self.result_is(op, second, Type::I8)
            }
            InstData::Carry { args: [a, b, carry], .. } => {
                let ty = self.pair(op, TypeRule::Carry, [a, b])?;
                self.condition(op, carry)?;
                self.result_is(op, result, ty)?;
                self.result_is(op, second, Type::I8)
            }
            InstData::Wide { args, .. } => {
                self.operands_are(op, &args, Type::I64)?;
                self.result_is(op, result, Type::I128)
            }
            InstData::Split { arg } => {
                self.operands_are(op, &[arg], Type::I128)?;
                self.result_is(op, result, Type::I64)?;
                self.result_is(op, second, Type::I64)
            }
            InstData::IntCompare { args, .. } => {
                self.pair(Opcode::Icmp, TypeRule::IntCompare, args)?;
                self.result_is(Opcode::Icmp, result, Type::I8)
            }
            InstData::FloatCompare { args, .. } => {
                self.pair(Opcode::Fcmp, TypeRule::FloatCompare, args)?;
                self.result_is(Opcode::Fcmp, result, Type::I8)
            }
            InstData::Load { kind, addr, .. } => {
                self.address(addr)?;
                let ty = self.typed(result)?;
                match kind {
                    LoadKind::Full => Ok(()),
                    LoadKind::Narrow(width, _) => narrower("load", width, result_of(result), ty),
                }
            }
            InstData::Store { kind, value, addr, .. } => {
                self.address(addr)?;
                let ty = self.usable(value)?;
                match kind {
                    StoreKind::Full => Ok(()),
                    StoreKind::Narrow(width) => narrower("store", width, value, ty),
                }
            }
            InstData::AtomicLoad { addr, .. } => {
                self.address(addr)?;
                atomic(VerifyRule::ResultTypes, op, result_of(result), self.typed(result)?)
            }
            InstData::AtomicStore { value, addr, .. } => {
                self.address(addr)?;
                atomic(VerifyRule::OperandTypes, op, value, self.usable(value)?)
            }
            InstData::AtomicRmw { value, addr, .. } => {
                self.address(addr)?;
                let ty = self.usable(value)?;
                atomic(VerifyRule::OperandTypes, op, value, ty)?;
                self.result_is(op, result, ty)
            }
            InstData::AtomicCas { expected, new, addr, .. } => {
                self.address(addr)?;
                let ty = self.same(op, [expected, new])?;
                atomic(VerifyRule::OperandTypes, op, new, ty)?;
                self.result_is(op, result, ty)
            }
            InstData::StackAddr { slot, offset } => {
                let Some(data) = func.slots.get(slot) else {
                    return VerifyRule::Entities.fail(format!("{slot} does not exist; declare it"));
                };
                if !u64::try_from(offset).is_ok_and(|offset| offset <= data.size) {
                    return VerifyRule::SlotOffset.fail(format!(
                        "the offset {offset} is outside of {slot}, which has {} bytes",
                        data.size
                    ));
                }
                self.result_is(Opcode::StackAddr, result, Type::I64)
            }
            InstData::SliceAddr { slice, index, .. } => {
                self.operands_are(op, &[slice], Type::I128)?;
                self.operands_are(op, &[index], Type::I64)?;
                self.result_is(op, result, Type::I64)
            }
            InstData::DataAddr { data, .. } => {
                if func.data.get(data).is_none() {
                    return VerifyRule::Entities.fail(format!("{data} does not exist; declare it"));
                }
                self.result_is(Opcode::DataAddr, result, Type::I64)
            }
            InstData::FuncAddr { callee } => {
                if func.callees.get(callee).is_none() {
                    return VerifyRule::Entities
                        .fail(format!("{callee} does not exist; declare it"));
                }
                self.result_is(op, result, Type::I64)
            }
            InstData::VarGet { var } => {
                let Some(data) = func.vars.get(var) else {
                    return VerifyRule::Entities.fail(format!("{var} does not exist; declare it"));
                };
                self.result_is(Opcode::VarGet, result, data.ty)
            }
            InstData::VarSet { var, value } => {
                let Some(data) = func.vars.get(var) else {
                    return VerifyRule::Entities.fail(format!("{var} does not exist; declare it"));
                };
                let ty = self.usable(value)?;
                if ty == data.ty {
                    Ok(())
                } else {
                    VerifyRule::OperandTypes
                        .fail(format!("{value} is {ty}, but {var} is {}; convert it", data.ty))
                }
            }
            InstData::Call { callee, args } => {
                let Callee { name, signature } = self.callee(callee)?;
                self.call(format_args!("@{name}"), signature, args)?;
                let who = format_args!("@{name} gives");
                self.arguments(VerifyRule::CallTypes, who, results, signature.result_types())
            }
            InstData::CallIndirect { callee, signature, args } => {
                let signature = self.callee_at(callee, signature)?;
                self.call("the callee", signature, args)?;
                let types = signature.result_types();
                self.arguments(VerifyRule::CallTypes, "the callee gives", results, types)
            }
            InstData::TailCall { callee, args } => {
                let Callee { name, signature } = self.callee(callee)?;
                self.call(format_args!("@{name}"), signature, args)?;
                self.same_results(format_args!("@{name}"), signature)
            }
            InstData::TailCallIndirect { callee, signature, args } => {
                let signature = self.callee_at(callee, signature)?;
                self.call("the callee", signature, args)?;
                self.same_results("the callee", signature)
            }
            InstData::Switch { index, table } => self.switch(index, table),
            InstData::Return { args } => self.ret(args),
            _ => self.by_role(data),
        }
    }

    /// What the row of an operation and the roles of its fields ask, where nothing else is asked.
    fn by_role(&self, mut data: InstData) -> Rule {
        let op = data.opcode();
        let mut rule = Ok(());
        data.fields(|role| {
            if rule.is_ok() {
                rule = match role {
                    Role::Values([cond]) if op.info().rule == TypeRule::Condition => {
                        self.condition(op, *cond)
                    }
                    Role::Target(call) => self.target(*call),
                    Role::Plain => Ok(()),
                    other => unreachable!("{op} has rules of its own for {other:?}"),
                };
            }
        });
        rule
    }

    /// The results of an instruction, which must be its own and as many as its operation has.
    fn results(&self, inst: Inst, op: Opcode) -> Result<&[Value], Broken> {
        let func = self.func;
        let results = func.results(inst);
        for (index, &result) in results.iter().enumerate() {
            if func.value_def(result) != ValueDef::Result(inst, index as u32) {
                return VerifyRule::Results
                    .fail(format!("{result} is not result {index} of this {op}, where it stands"));
            }
        }
        let Some(wanted) = op.result_count() else { return Ok(results) };
        if results.len() == wanted {
            Ok(results)
        } else {
            VerifyRule::Results
                .fail(format!("{op} has {} results, but its operation has {wanted}", results.len()))
        }
    }

    /// The type of a result that `results` found to be there.
    fn typed(&self, result: Option<Value>) -> Result<Type, Broken> {
        let none = || VerifyRule::Results.broken("the instruction has no result");
        let result = result.ok_or_else(none)?;
        Ok(self.func.value_type(result))
    }

    fn result_is(&self, op: Opcode, result: Option<Value>, wanted: Type) -> Rule {
        let ty = self.typed(result)?;
        if ty == wanted {
            Ok(())
        } else {
            let result = result_of(result);
            VerifyRule::ResultTypes
                .fail(format!("{result} is {ty}, but this {op} gives {wanted}; change the type"))
        }
    }

    /// Two operands of one type.
    fn same(&self, op: Opcode, [a, b]: [Value; 2]) -> Result<Type, Broken> {
        let (ty, other) = (self.usable(a)?, self.usable(b)?);
        if ty == other {
            Ok(ty)
        } else {
            VerifyRule::OperandTypes.fail(format!(
                "{a} is {ty} and {b} is {other}, but {op} needs one type; convert one"
            ))
        }
    }

    /// Two operands of one type of the right kind.
    fn pair(&self, op: Opcode, rule: TypeRule, args: [Value; 2]) -> Result<Type, Broken> {
        for arg in args {
            let ty = self.usable(arg)?;
            let (good, kind) = match rule {
                TypeRule::Float | TypeRule::FloatCompare => (ty.is_float(), "floats"),
                TypeRule::AnyInt | TypeRule::IntCompare => (ty.is_int(), "integers"),
                _ => (ty.is_word_int(), WORD_INTS),
            };
            if !good {
                return VerifyRule::OperandTypes
                    .fail(format!("{arg} is {ty}, but {op} takes {kind}"));
            }
        }
        self.same(op, args)
    }

    fn operands_are(&self, op: Opcode, args: &[Value], wanted: Type) -> Rule {
        for &arg in args {
            let ty = self.usable(arg)?;
            if ty != wanted {
                return VerifyRule::OperandTypes
                    .fail(format!("{arg} is {ty}, but {op} takes {wanted}; convert it"));
            }
        }
        Ok(())
    }

    /// A callee that is named.
    fn callee(&self, callee: FuncRef) -> Result<&Callee, Broken> {
        match self.func.callees.get(callee) {
            Some(callee) => Ok(callee),
            None => VerifyRule::Entities.fail(format!("{callee} does not exist; declare it")),
        }
    }

    /// The signature of a callee that is given by its address.
    fn callee_at(&self, addr: Value, signature: SigRef) -> Result<&Signature, Broken> {
        self.address(addr)?;
        let signature = self.func.signatures.get(signature);
        let none = "the signature of the call does not exist; declare it";
        signature.ok_or_else(|| VerifyRule::Entities.broken(none))
    }

    fn call(&self, who: impl Display, signature: &Signature, args: ValueList) -> Rule {
        let (who, args) = (format_args!("{who} takes"), self.list(args)?);
        self.arguments(VerifyRule::CallTypes, who, args, signature.param_types())
    }

    fn same_results(&self, who: impl Display, signature: &Signature) -> Rule {
        let own = &self.func.signature;
        if signature.results == own.results {
            return Ok(());
        }
        let signature = Signature { params: Vec::new(), ..signature.clone() };
        let own = Signature { params: Vec::new(), ..own.clone() };
        VerifyRule::TailResults.fail(format!(
            "{who} gives other results than this function ({signature} and {own}); call it and use ret"
        ))
    }

    fn condition(&self, op: Opcode, cond: Value) -> Rule {
        let ty = self.usable(cond)?;
        if ty.is_word_int() {
            Ok(())
        } else {
            VerifyRule::OperandTypes.fail(format!(
                "{cond} is {ty}, but the condition of {op} is {WORD_INT}; compare first"
            ))
        }
    }

    fn address(&self, addr: Value) -> Rule {
        let ty = self.usable(addr)?;
        if ty == Type::I64 {
            Ok(())
        } else {
            VerifyRule::OperandTypes
                .fail(format!("{addr} is {ty}, but an address is i64; extend or convert it"))
        }
    }

    /// Values for a list of types; `who` says who wants them.
    fn arguments(
        &self,
        rule: VerifyRule,
        who: impl Display,
        values: &[Value],
        types: impl ExactSizeIterator<Item = Type>,
    ) -> Rule {
        if values.len() != types.len() {
            return rule.fail(format!(
                "{who} {} values, but there are {}",
                types.len(),
                values.len()
            ));
        }
        for (&value, wanted) in values.iter().zip(types) {
            let ty = self.usable(value)?;
            if ty != wanted {
                return rule.fail(format!("{value} is {ty}, but {who} {wanted} there; convert it"));
            }
        }
        Ok(())
    }

    fn target(&self, target: BlockCall) -> Rule {
        let (func, block) = (self.func, target.block);
        if !self.in_layout[block] {
            return VerifyRule::Entities.fail(format!("{block} is not a block of this function"));
        }
        if func.entry() == Some(block) {
            return VerifyRule::Entry.fail(format!(
                "{block} is the entry block, which no branch may go to; put an empty block before it"
            ));
        }
        let params = func.block_params(block);
        // The block itself is checked where it stands, perhaps later.
        if let Some(param) = params.iter().find(|&&param| !func.has_value(param)) {
            return VerifyRule::Values.fail(format!("{param} is not a value of this function"));
        }
        let types = params.iter().map(|&param| func.value_type(param));
        let args = self.list(target.args)?;
        self.arguments(VerifyRule::BlockArgs, format_args!("{block} takes"), args, types)
    }

    fn switch(&self, index: Value, table: SwitchRef) -> Rule {
        let ty = self.usable(index)?;
        if !ty.is_word_int() {
            return VerifyRule::OperandTypes
                .fail(format!("{index} is {ty}, but switch takes {WORD_INT}"));
        }
        let Some(table) = self.func.switches.get(table) else {
            return VerifyRule::Entities.fail(format!("{table} does not exist; declare it"));
        };
        self.target(table.default)?;
        let mut values = Vec::with_capacity(table.cases.len());
        for &(value, target) in &table.cases {
            if sign_extend(value as u64, ty) != value {
                return VerifyRule::Switch.fail(format!(
                    "the case {value} does not fit {ty}; write it as a signed number"
                ));
            }
            self.target(target)?;
            values.push(value);
        }
        values.sort_unstable();
        match values.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => {
                VerifyRule::Switch.fail(format!("the case {} comes twice; keep one", pair[0]))
            }
            None => Ok(()),
        }
    }

    fn ret(&self, args: ValueList) -> Rule {
        let (args, types) = (self.list(args)?, self.func.signature.result_types());
        self.arguments(VerifyRule::ReturnTypes, "the function returns", args, types)
    }
}

/// The result for a message; `results` found it to be there.
fn result_of(result: Option<Value>) -> Value {
    result.unwrap_or_else(|| Value::from_index(0))
}

fn int_constant(imm: i64, ty: Type) -> Rule {
    if !ty.is_int() {
        VerifyRule::Constants.fail(format!("iconst gives an integer, not {ty}; use fconst"))
    } else if sign_extend(imm as u64, ty) != imm {
        VerifyRule::Constants
            .fail(format!("the constant {imm} is not a sign-extended {ty}; cut it to the type"))
    } else {
        Ok(())
    }
}

fn float_constant(bits: u64, ty: Type) -> Rule {
    if !ty.is_float() {
        VerifyRule::Constants.fail(format!("fconst gives a float, not {ty}; use iconst"))
    } else if bits & !ty.mask() != 0 {
        VerifyRule::Constants.fail(format!(
            "the constant has bits {bits:#x}, more than {ty} has; cut them to the type"
        ))
    } else {
        Ok(())
    }
}

/// The integer types that fit a register, in words.
const WORD_INTS: &str = "integers of at most 64 bits";
const WORD_INT: &str = "an integer of at most 64 bits";

fn atomic(rule: VerifyRule, op: Opcode, value: Value, ty: Type) -> Rule {
    if ty.is_word_int() {
        Ok(())
    } else {
        rule.fail(format!("{value} is {ty}, but {op} is for {WORD_INTS}"))
    }
}

fn narrower(what: &str, width: NarrowWidth, value: Value, ty: Type) -> Rule {
    let memory = width.as_type();
    if ty.is_word_int() && memory.bits() < ty.bits() {
        Ok(())
    } else {
        VerifyRule::Narrow.fail(format!(
            "{value} is {ty}, but a {what} of {} bits needs a wider integer of at most 64; use plain {what}",
            memory.bits()
        ))
    }
}

/// The types of a unary operation, each with the value that has it.
fn unary(
    op: Opcode,
    rule: TypeRule,
    (arg, from): (Value, Type),
    (result, to): (Value, Type),
) -> Rule {
    let (takes, gives) = match rule {
        TypeRule::Int => (from.is_word_int(), from == to),
        TypeRule::AnyInt => (from.is_int(), from == to),
        TypeRule::Float => (from.is_float(), from == to),
        TypeRule::Widen => (from.is_int(), to.is_int() && from.bits() < to.bits()),
        TypeRule::Narrow => (from.is_int(), to.is_int() && from.bits() > to.bits()),
        TypeRule::Promote => (from == Type::F32, to == Type::F64),
        TypeRule::Demote => (from == Type::F64, to == Type::F32),
        TypeRule::IntToFloat => (from.is_word_int(), to.is_float()),
        TypeRule::FloatToInt => (from.is_float(), to.is_word_int()),
        TypeRule::Bitcast => (true, from.is_int() != to.is_int() && from.bits() == to.bits()),
        // No unary operation has one of these.
        TypeRule::IntCompare
        | TypeRule::FloatCompare
        | TypeRule::Select
        | TypeRule::Overflow
        | TypeRule::Carry
        | TypeRule::Double
        | TypeRule::Halves
        | TypeRule::Condition
        | TypeRule::Payload => (true, true),
    };
    if takes && gives {
        return Ok(());
    }
    let (wanted, given) = match rule {
        TypeRule::Int => (WORD_INT, "the same type"),
        TypeRule::AnyInt => ("an integer", "the same type"),
        TypeRule::Float => ("a float", "the same type"),
        TypeRule::Widen => ("an integer", "a wider integer"),
        TypeRule::Narrow => ("an integer", "a narrower integer"),
        TypeRule::Promote => ("f32", "f64"),
        TypeRule::Demote => ("f64", "f32"),
        TypeRule::IntToFloat => (WORD_INT, "a float"),
        TypeRule::FloatToInt => ("a float", WORD_INT),
        _ => ("a number", "the other kind of type of the same width"),
    };
    if takes {
        VerifyRule::ResultTypes
            .fail(format!("{result} is {to}, but {op} of {from} gives {given}; change the type"))
    } else {
        VerifyRule::OperandTypes.fail(format!("{arg} is {from}, but {op} takes {wanted}"))
    }
}
