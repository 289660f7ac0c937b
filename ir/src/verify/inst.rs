//! The rules for one instruction: what it names exists, and its types are those of its operation.

use super::Checker;
use crate::entity::{Entity, Inst, SwitchRef, Value};
use crate::eval::sign_extend;
use crate::func::ValueDef;
use crate::inst::{BlockCall, InstData, LoadKind, NarrowWidth, StoreKind, ValueList};
use crate::opcode::{Opcode, TernaryOp, TypeRule};
use crate::types::Type;

/// The message of a broken rule.
type Rule = Result<(), String>;

impl Checker<'_> {
    pub(super) fn inst(&self, inst: Inst) -> Rule {
        let func = self.func;
        let data = *func.inst(inst);
        let results = self.results(inst, data.opcode())?;
        let result = results.first().copied();
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
            InstData::StackAddr { slot, offset } => {
                let Some(data) = func.slots.get(slot) else {
                    return Err(format!("{slot} does not exist; declare it"));
                };
                if !u64::try_from(offset).is_ok_and(|offset| offset <= data.size) {
                    return Err(format!(
                        "the offset {offset} is outside of {slot}, which has {} bytes",
                        data.size
                    ));
                }
                self.result_is(Opcode::StackAddr, result, Type::I64)
            }
            InstData::DataAddr { data, .. } => {
                if func.data.get(data).is_none() {
                    return Err(format!("{data} does not exist; declare it"));
                }
                self.result_is(Opcode::DataAddr, result, Type::I64)
            }
            InstData::VarGet { var } => {
                let Some(data) = func.vars.get(var) else {
                    return Err(format!("{var} does not exist; declare it"));
                };
                self.result_is(Opcode::VarGet, result, data.ty)
            }
            InstData::VarSet { var, value } => {
                let Some(data) = func.vars.get(var) else {
                    return Err(format!("{var} does not exist; declare it"));
                };
                let ty = self.usable(value)?;
                if ty == data.ty {
                    Ok(())
                } else {
                    Err(format!("{value} is {ty}, but {var} is {}; convert it", data.ty))
                }
            }
            InstData::Call { callee, args } => {
                let Some(callee) = func.callees.get(callee) else {
                    return Err(format!("{callee} does not exist; declare it"));
                };
                let name = &callee.name;
                let params: Vec<Type> = callee.signature.param_types().collect();
                self.arguments(&format!("@{name} takes"), self.list(args)?, &params)?;
                let types: Vec<Type> = callee.signature.result_types().collect();
                self.arguments(&format!("@{name} gives"), results, &types)
            }
            InstData::TrapIf { cond, .. } => self.condition(Opcode::TrapIf, cond),
            InstData::Jump { target } => self.target(target),
            InstData::Branch { cond, then_to, else_to } => {
                self.condition(Opcode::Branch, cond)?;
                self.target(then_to)?;
                self.target(else_to)
            }
            InstData::Switch { index, table } => self.switch(index, table),
            InstData::Return { args } => self.ret(args),
            InstData::Trap { .. } => Ok(()),
        }
    }

    /// The results of an instruction, which must be its own and as many as its operation has.
    fn results(&self, inst: Inst, op: Opcode) -> Result<&[Value], String> {
        let func = self.func;
        let results = func.results(inst);
        for (index, &result) in results.iter().enumerate() {
            if func.value_def(result) != ValueDef::Result(inst, index as u32) {
                return Err(format!(
                    "{result} is not result {index} of this {op}, where it stands"
                ));
            }
        }
        let wanted = match op {
            Opcode::Call => return Ok(results),
            Opcode::Store | Opcode::VarSet | Opcode::TrapIf => 0,
            op => usize::from(!op.is_terminator()),
        };
        if results.len() == wanted {
            Ok(results)
        } else {
            Err(format!("{op} has {} results, but its operation has {wanted}", results.len()))
        }
    }

    /// The type of a result that `results` found to be there.
    fn typed(&self, result: Option<Value>) -> Result<Type, String> {
        let result = result.ok_or("the instruction has no result")?;
        Ok(self.func.value_type(result))
    }

    fn result_is(&self, op: Opcode, result: Option<Value>, wanted: Type) -> Rule {
        let ty = self.typed(result)?;
        if ty == wanted {
            Ok(())
        } else {
            let result = result_of(result);
            Err(format!("{result} is {ty}, but this {op} gives {wanted}; change the type"))
        }
    }

    /// Two operands of one type.
    fn same(&self, op: Opcode, [a, b]: [Value; 2]) -> Result<Type, String> {
        let (ty, other) = (self.usable(a)?, self.usable(b)?);
        if ty == other {
            Ok(ty)
        } else {
            Err(format!("{a} is {ty} and {b} is {other}, but {op} needs one type; convert one"))
        }
    }

    /// Two operands of one type of the right kind.
    fn pair(&self, op: Opcode, rule: TypeRule, args: [Value; 2]) -> Result<Type, String> {
        let floats = matches!(rule, TypeRule::Float | TypeRule::FloatCompare);
        for arg in args {
            let ty = self.usable(arg)?;
            if ty.is_float() != floats {
                let kind = if floats { "floats" } else { "integers" };
                return Err(format!("{arg} is {ty}, but {op} takes {kind}"));
            }
        }
        self.same(op, args)
    }

    fn condition(&self, op: Opcode, cond: Value) -> Rule {
        let ty = self.usable(cond)?;
        if ty.is_int() {
            Ok(())
        } else {
            Err(format!("{cond} is {ty}, but the condition of {op} is an integer; compare first"))
        }
    }

    fn address(&self, addr: Value) -> Rule {
        let ty = self.usable(addr)?;
        if ty == Type::I64 {
            Ok(())
        } else {
            Err(format!("{addr} is {ty}, but an address is i64; extend or convert it"))
        }
    }

    /// Values for a list of types; `who` says who wants them.
    fn arguments(&self, who: &str, values: &[Value], types: &[Type]) -> Rule {
        if values.len() != types.len() {
            return Err(format!("{who} {} values, but there are {}", types.len(), values.len()));
        }
        for (&value, &wanted) in values.iter().zip(types) {
            let ty = self.usable(value)?;
            if ty != wanted {
                return Err(format!("{value} is {ty}, but {who} {wanted} there; convert it"));
            }
        }
        Ok(())
    }

    fn target(&self, target: BlockCall) -> Rule {
        let (func, block) = (self.func, target.block);
        if !self.in_layout[block] {
            return Err(format!("{block} is not a block of this function"));
        }
        if func.entry() == Some(block) {
            return Err(format!(
                "{block} is the entry block, which no branch may go to; put an empty block before it"
            ));
        }
        let params = func.block_params(block);
        // The block itself is checked where it stands, perhaps later.
        if let Some(param) = params.iter().find(|&&param| !func.has_value(param)) {
            return Err(format!("{param} is not a value of this function"));
        }
        let types: Vec<Type> = params.iter().map(|&param| func.value_type(param)).collect();
        self.arguments(&format!("{block} takes"), self.list(target.args)?, &types)
    }

    fn switch(&self, index: Value, table: SwitchRef) -> Rule {
        let ty = self.usable(index)?;
        if !ty.is_int() {
            return Err(format!("{index} is {ty}, but switch takes an integer"));
        }
        let Some(table) = self.func.switches.get(table) else {
            return Err(format!("{table} does not exist; declare it"));
        };
        self.target(table.default)?;
        let mut values = Vec::with_capacity(table.cases.len());
        for &(value, target) in &table.cases {
            if sign_extend(value as u64, ty) != value {
                return Err(format!(
                    "the case {value} does not fit {ty}; write it as a signed number"
                ));
            }
            self.target(target)?;
            values.push(value);
        }
        values.sort_unstable();
        match values.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("the case {} comes twice; keep one", pair[0])),
            None => Ok(()),
        }
    }

    fn ret(&self, args: ValueList) -> Rule {
        let types: Vec<Type> = self.func.signature.result_types().collect();
        self.arguments("the function returns", self.list(args)?, &types)
    }
}

/// The result for a message; `results` found it to be there.
fn result_of(result: Option<Value>) -> Value {
    result.unwrap_or_else(|| Value::from_index(0))
}

fn int_constant(imm: i64, ty: Type) -> Rule {
    if !ty.is_int() {
        Err(format!("iconst gives an integer, not {ty}; use fconst"))
    } else if sign_extend(imm as u64, ty) != imm {
        Err(format!("the constant {imm} is not a sign-extended {ty}; cut it to the type"))
    } else {
        Ok(())
    }
}

fn float_constant(bits: u64, ty: Type) -> Rule {
    if !ty.is_float() {
        Err(format!("fconst gives a float, not {ty}; use iconst"))
    } else if bits & !ty.mask() != 0 {
        Err(format!("the constant has bits {bits:#x}, more than {ty} has; cut them to the type"))
    } else {
        Ok(())
    }
}

fn narrower(what: &str, width: NarrowWidth, value: Value, ty: Type) -> Rule {
    let memory = width.as_type();
    if ty.is_int() && memory.bits() < ty.bits() {
        Ok(())
    } else {
        Err(format!(
            "{value} is {ty}, but a {what} of {} bits needs a wider integer; use plain {what}",
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
        TypeRule::Int => (from.is_int(), from == to),
        TypeRule::Float => (from.is_float(), from == to),
        TypeRule::Widen => (from.is_int(), to.is_int() && from.bits() < to.bits()),
        TypeRule::Narrow => (from.is_int(), to.is_int() && from.bits() > to.bits()),
        TypeRule::Promote => (from == Type::F32, to == Type::F64),
        TypeRule::Demote => (from == Type::F64, to == Type::F32),
        TypeRule::IntToFloat => (from.is_int(), to.is_float()),
        TypeRule::FloatToInt => (from.is_float(), to.is_int()),
        TypeRule::Bitcast => (true, from.is_int() != to.is_int() && from.bits() == to.bits()),
        TypeRule::IntCompare | TypeRule::FloatCompare | TypeRule::Select | TypeRule::Payload => {
            (true, true)
        }
    };
    if takes && gives {
        return Ok(());
    }
    let (wanted, given) = match rule {
        TypeRule::Int => ("an integer", "the same type"),
        TypeRule::Float => ("a float", "the same type"),
        TypeRule::Widen => ("an integer", "a wider integer"),
        TypeRule::Narrow => ("an integer", "a narrower integer"),
        TypeRule::Promote => ("f32", "f64"),
        TypeRule::Demote => ("f64", "f32"),
        TypeRule::IntToFloat => ("an integer", "a float"),
        TypeRule::FloatToInt => ("a float", "an integer"),
        _ => ("a number", "the other kind of type of the same width"),
    };
    if takes {
        Err(format!("{result} is {to}, but {op} of {from} gives {given}; change the type"))
    } else {
        Err(format!("{arg} is {from}, but {op} takes {wanted}"))
    }
}
