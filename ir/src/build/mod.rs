//! [`FunctionBuilder`]: how a front end makes a function.
//!
//! Methods take `&self`, so that calls nest; a mistake is remembered and reported by
//! [`finish`](FunctionBuilder::finish), so that no call in between needs a check.

mod methods;
mod operand;

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::entity::{Block, FuncRef, StackSlot, Value, Var};
use crate::eval::sign_extend;
use crate::func::{Callee, Function, SlotData, VarData};
use crate::inst::{BlockCall, InstData, LoadKind, NarrowWidth, StoreKind, SwitchTable};
use crate::opcode::{BinaryOp, FloatCC, IntCC, Opcode, TernaryOp, TrapKind, TypeRule, UnaryOp};
use crate::types::{AbiParam, Extend, Signature, Span, Type};
use crate::verify::{self, VerifyError};

pub use operand::{Operand, Operands};

/// A mistake in the use of a [`FunctionBuilder`].
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// An entity that this builder did not make.
    Unknown {
        /// The function being built.
        function: String,
        /// The entity, as the text form writes it.
        entity: String,
    },
    /// All operands are literals, so that nothing gives them a type.
    UntypedLiteral {
        /// The function being built.
        function: String,
        /// The operation.
        op: Opcode,
    },
    /// An instruction was added to a block that has its terminator already.
    AfterTerminator {
        /// The function being built.
        function: String,
        /// The block.
        block: Block,
        /// The operation that was added.
        op: Opcode,
    },
    /// A parameter was added after the entry block was left.
    LateParam {
        /// The function being built.
        function: String,
    },
    /// The function breaks a rule of the IR.
    Invalid(VerifyError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Unknown { function, entity } => write!(
                f,
                "@{function}: {entity} was not made by this builder; use what its own methods returned"
            ),
            BuildError::UntypedLiteral { function, op } => write!(
                f,
                "@{function}: nothing gives the literal operands of {op} a type; make one of them with `iconst` or `fconst`"
            ),
            BuildError::AfterTerminator { function, block, op } => write!(
                f,
                "@{function}: {op} comes after the terminator of {block}; switch to another block first"
            ),
            BuildError::LateParam { function } => write!(
                f,
                "@{function}: a parameter was added after the entry block was left; declare parameters first"
            ),
            BuildError::Invalid(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BuildError {}

/// Builds one function.
///
/// ```
/// use ir::{FunctionBuilder, Type};
///
/// let builder = FunctionBuilder::new("add");
/// let a = builder.param(Type::I64);
/// let b = builder.param(Type::I64);
/// let sum = builder.add(a, b);
/// builder.ret(sum);
/// let add = builder.finish().unwrap();
/// assert_eq!(add.signature.to_string(), "(i64, i64) -> i64");
/// ```
///
/// Mutable variables are read and written where they stand; SSA construction comes later:
///
/// ```
/// use ir::{FunctionBuilder, IntCC, Type};
///
/// let b = FunctionBuilder::new("sum_of_squares");
/// let n = b.param(Type::I64);
/// let (i, acc) = (b.var("i", Type::I64), b.var("acc", Type::I64));
/// let (head, body, done) = (b.block("head"), b.block("body"), b.block("done"));
/// b.set(i, 0);
/// b.set(acc, 0);
/// b.jump(head);
/// b.switch_to(head);
/// b.branch(b.icmp(IntCC::Slt, i, n), body, done);
/// b.switch_to(body);
/// b.set(acc, b.add(acc, b.mul(i, i)));
/// b.set(i, b.add(i, 1));
/// b.jump(head);
/// b.switch_to(done);
/// b.ret(acc);
/// assert!(b.finish().is_ok());
/// ```
#[derive(Debug)]
pub struct FunctionBuilder {
    func: RefCell<Function>,
    current: Cell<Block>,
    span: Cell<Option<Span>>,
    results_known: Cell<bool>,
    error: RefCell<Option<BuildError>>,
}

impl FunctionBuilder {
    /// Starts a function; its entry block is the current block. Parameters come from [`param`](Self::param), results
    /// from the first [`ret`](Self::ret) or from [`returns`](Self::returns).
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut func = Function::new(name, Signature::default());
        let entry = func.append_block();
        Self {
            func: RefCell::new(func),
            current: Cell::new(entry),
            span: Cell::new(None),
            results_known: Cell::new(false),
            error: RefCell::new(None),
        }
    }

    /// Adds a parameter.
    pub fn param(&self, ty: Type) -> Value {
        self.abi_param(ty.into())
    }

    /// Adds a parameter that says how it is extended.
    pub fn abi_param(&self, param: AbiParam) -> Value {
        let mut func = self.func.borrow_mut();
        let entry = func.layout()[0];
        if self.current.get() != entry {
            let function = func.name.clone();
            self.fail(|| BuildError::LateParam { function });
        }
        func.signature.params.push(param);
        func.append_block_param(entry, param.ty)
    }

    /// States the results, for a function that has none or whose first `ret` does not tell.
    pub fn returns(&self, results: &[AbiParam]) {
        self.func.borrow_mut().signature.results = results.to_vec();
        self.results_known.set(true);
    }

    /// Gives a value the name that it has in the source.
    pub fn name(&self, value: Value, name: &str) -> Value {
        if self.func.borrow().has_value(value) {
            self.func.borrow_mut().set_value_name(value, name);
        } else {
            self.unknown(value);
        }
        value
    }

    /// Says where in the source the instructions that follow come from.
    pub fn at(&self, span: Option<Span>) {
        self.span.set(span);
    }

    /// The type of a value, or `None` if this builder did not make it.
    #[must_use]
    pub fn value_type(&self, value: Value) -> Option<Type> {
        let func = self.func.borrow();
        func.has_value(value).then(|| func.value_type(value))
    }

    // ---- Blocks ----

    /// Adds a block at the end of the function; the current block stays.
    pub fn block(&self, name: &str) -> Block {
        let mut func = self.func.borrow_mut();
        let block = func.append_block();
        if !name.is_empty() {
            func.set_block_name(block, name);
        }
        block
    }

    /// Adds a parameter to a block.
    pub fn block_param(&self, block: Block, ty: Type) -> Value {
        if self.known_block(block) {
            self.func.borrow_mut().append_block_param(block, ty)
        } else {
            self.func.borrow_mut().detached_value(ty)
        }
    }

    /// Says that a block is rarely reached.
    pub fn cold(&self, block: Block) {
        if self.known_block(block) {
            self.func.borrow_mut().set_cold(block, true);
        }
    }

    /// Makes `block` the one that instructions are added to.
    pub fn switch_to(&self, block: Block) {
        if self.known_block(block) {
            self.current.set(block);
        }
    }

    /// The block that instructions are added to.
    #[must_use]
    pub fn current_block(&self) -> Block {
        self.current.get()
    }

    /// Whether the current block has its terminator.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.func.borrow().terminator(self.current.get()).is_some()
    }

    // ---- Declarations ----

    /// Declares a mutable variable. Reading it before its first write gives 0.
    pub fn var(&self, name: &str, ty: Type) -> Var {
        self.func.borrow_mut().vars.push(VarData { name: name.to_owned(), ty })
    }

    /// Adds a piece of stack frame: size in bytes, alignment a power of two.
    pub fn slot(&self, size: u64, align: u32) -> StackSlot {
        self.func.borrow_mut().slots.push(SlotData { size, align })
    }

    /// Declares a function that will be called: of the same module, or of the host.
    pub fn import(&self, name: &str, signature: Signature) -> FuncRef {
        let mut func = self.func.borrow_mut();
        let same = |c: &Callee| c.name == name && c.signature == signature;
        let found = func.callees.iter().find(|(_, callee)| same(callee)).map(|(key, _)| key);
        found.unwrap_or_else(|| func.callees.push(Callee { name: name.to_owned(), signature }))
    }

    // ---- Constants, variables, memory ----

    /// An integer constant; bits above the type must be copies of its sign or zero.
    pub fn iconst(&self, ty: Type, imm: i64) -> Value {
        // An unsigned spelling (255 for an i8) means the same bits; anything wider is left for the verifier to refuse.
        let signed = sign_extend(imm as u64 & ty.mask(), ty);
        let fits = imm == signed || imm as u64 == imm as u64 & ty.mask();
        let imm = if fits { signed } else { imm };
        self.one(InstData::IntConst { imm }, ty)
    }

    /// An `f32` constant.
    pub fn f32const(&self, value: f32) -> Value {
        self.one(InstData::FloatConst { bits: value.to_bits().into() }, Type::F32)
    }

    /// An `f64` constant.
    pub fn f64const(&self, value: f64) -> Value {
        self.one(InstData::FloatConst { bits: value.to_bits() }, Type::F64)
    }

    /// Reads a variable. An operand that is a variable does the same.
    pub fn get(&self, var: Var) -> Value {
        let ty = self.var_type(var);
        self.one(InstData::VarGet { var }, ty)
    }

    /// Writes a variable.
    pub fn set(&self, var: Var, value: impl Into<Operand>) {
        let ty = self.var_type(var);
        let value = self.operand(value.into(), ty);
        self.none(InstData::VarSet { var, value });
    }

    /// Reads `ty` at `addr + offset`.
    pub fn load(&self, ty: Type, addr: impl Into<Operand>, offset: i32) -> Value {
        let addr = self.operand(addr.into(), Type::I64);
        self.one(InstData::Load { kind: LoadKind::Full, addr, offset }, ty)
    }

    /// Reads 1, 2 or 4 bytes at `addr + offset` and extends them to `ty`.
    pub fn load_narrow(
        &self,
        ty: Type,
        width: NarrowWidth,
        extend: Extend,
        addr: impl Into<Operand>,
        offset: i32,
    ) -> Value {
        let addr = self.operand(addr.into(), Type::I64);
        self.one(InstData::Load { kind: LoadKind::Narrow(width, extend), addr, offset }, ty)
    }

    /// Writes a value at `addr + offset`.
    pub fn store(&self, value: impl Into<Operand>, addr: impl Into<Operand>, offset: i32) {
        self.store_kind(StoreKind::Full, value.into(), addr.into(), offset);
    }

    /// Writes the low 1, 2 or 4 bytes of a wider integer at `addr + offset`.
    pub fn store_narrow(
        &self,
        width: NarrowWidth,
        value: impl Into<Operand>,
        addr: impl Into<Operand>,
        offset: i32,
    ) {
        self.store_kind(StoreKind::Narrow(width), value.into(), addr.into(), offset);
    }

    fn store_kind(&self, kind: StoreKind, value: Operand, addr: Operand, offset: i32) {
        let value = self.typed(Opcode::Store, value, None);
        let addr = self.operand(addr, Type::I64);
        self.none(InstData::Store { kind, value, addr, offset });
    }

    /// The address of a stack slot plus an offset.
    pub fn stack_addr(&self, slot: StackSlot, offset: i32) -> Value {
        if self.func.borrow().slots.get(slot).is_none() {
            self.unknown(slot);
        }
        self.one(InstData::StackAddr { slot, offset }, Type::I64)
    }

    /// The address of a data object of the module plus an offset.
    pub fn data_addr(&self, name: &str, offset: i32) -> Value {
        let data = {
            let mut func = self.func.borrow_mut();
            let found = func.data.iter().find(|(_, other)| *other == name).map(|(key, _)| key);
            found.unwrap_or_else(|| func.data.push(name.to_owned()))
        };
        self.one(InstData::DataAddr { data, offset }, Type::I64)
    }

    // ---- Operations by format ----

    /// Any unary operation; `to` is the result type, which only conversions may choose.
    pub fn unary(&self, op: UnaryOp, to: Type, arg: impl Into<Operand>) -> Value {
        let source = match op.info().rule {
            TypeRule::Int | TypeRule::Float => Some(to),
            TypeRule::Promote => Some(Type::F32),
            TypeRule::Demote => Some(Type::F64),
            _ => None,
        };
        let arg = self.typed(op.opcode(), arg.into(), source);
        self.one(InstData::Unary { op, arg }, to)
    }

    fn unary_same(&self, op: UnaryOp, arg: Operand) -> Value {
        let arg = self.typed(op.opcode(), arg, None);
        let ty = self.func.borrow().value_type(arg);
        self.one(InstData::Unary { op, arg }, ty)
    }

    /// Any binary operation.
    pub fn binary(&self, op: BinaryOp, a: impl Into<Operand>, b: impl Into<Operand>) -> Value {
        let (args, ty) = self.pair(op.opcode(), a.into(), b.into());
        self.one(InstData::Binary { op, args }, ty)
    }

    /// Integer comparison: an `i8` that is 1 if it holds, else 0.
    pub fn icmp(&self, cc: IntCC, a: impl Into<Operand>, b: impl Into<Operand>) -> Value {
        let (args, _) = self.pair(Opcode::Icmp, a.into(), b.into());
        self.one(InstData::IntCompare { cc, args }, Type::I8)
    }

    /// Float comparison: an `i8` that is 1 if it holds, else 0.
    pub fn fcmp(&self, cc: FloatCC, a: impl Into<Operand>, b: impl Into<Operand>) -> Value {
        let (args, _) = self.pair(Opcode::Fcmp, a.into(), b.into());
        self.one(InstData::FloatCompare { cc, args }, Type::I8)
    }

    /// `a` if `cond` is not zero, else `b`.
    pub fn select(
        &self,
        cond: impl Into<Operand>,
        a: impl Into<Operand>,
        b: impl Into<Operand>,
    ) -> Value {
        let cond = self.typed(Opcode::Select, cond.into(), None);
        let ([a, b], ty) = self.pair(Opcode::Select, a.into(), b.into());
        self.one(InstData::Ternary { op: TernaryOp::Select, args: [cond, a, b] }, ty)
    }

    /// `a * b + c`, rounded once.
    pub fn fma(
        &self,
        a: impl Into<Operand>,
        b: impl Into<Operand>,
        c: impl Into<Operand>,
    ) -> Value {
        let ([a, b], ty) = self.pair(Opcode::Fma, a.into(), b.into());
        let c = self.typed(Opcode::Fma, c.into(), Some(ty));
        self.one(InstData::Ternary { op: TernaryOp::Fma, args: [a, b, c] }, ty)
    }

    /// Calls a function; its results are returned in order.
    pub fn call(&self, callee: FuncRef, args: impl Operands) -> Vec<Value> {
        let Some(signature) =
            self.func.borrow().callees.get(callee).map(|callee| callee.signature.clone())
        else {
            self.unknown(callee);
            return Vec::new();
        };
        let types: Vec<Type> = signature.param_types().collect();
        let args = self.values(Opcode::Call, args, &types);
        let results: Vec<Type> = signature.result_types().collect();
        let args = self.func.borrow_mut().make_list(&args);
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

    /// Traps if `cond` is not zero.
    pub fn trap_if(&self, cond: impl Into<Operand>, kind: TrapKind) {
        let cond = self.typed(Opcode::TrapIf, cond.into(), None);
        self.none(InstData::TrapIf { cond, kind });
    }

    // ---- Terminators ----

    /// Continues at a block without parameters.
    pub fn jump(&self, block: Block) {
        self.jump_with(block, ());
    }

    /// Continues at a block with arguments for its parameters.
    pub fn jump_with(&self, block: Block, args: impl Operands) {
        let target = self.target(Opcode::Jump, block, args);
        self.none(InstData::Jump { target });
    }

    /// Continues at `then_block` if `cond` is not zero, else at `else_block`; neither has parameters.
    pub fn branch(&self, cond: impl Into<Operand>, then_block: Block, else_block: Block) {
        self.branch_with(cond, then_block, (), else_block, ());
    }

    /// Continues at `then_block` if `cond` is not zero, else at `else_block`, each with its arguments.
    pub fn branch_with(
        &self,
        cond: impl Into<Operand>,
        then_block: Block,
        then_args: impl Operands,
        else_block: Block,
        else_args: impl Operands,
    ) {
        let cond = self.typed(Opcode::Branch, cond.into(), None);
        let then_to = self.target(Opcode::Branch, then_block, then_args);
        let else_to = self.target(Opcode::Branch, else_block, else_args);
        self.none(InstData::Branch { cond, then_to, else_to });
    }

    /// Continues at the block of the case equal to `index` (as a signed integer of its type), else at `default`; no
    /// block has parameters.
    pub fn switch(&self, index: impl Into<Operand>, default: Block, cases: &[(i64, Block)]) {
        let cases: Vec<_> = cases.iter().map(|&(value, block)| (value, block, &[][..])).collect();
        self.switch_with(index, default, &[], &cases);
    }

    /// Continues at the block of the case equal to `index` (as a signed integer of its type), else at `default`, each
    /// with its arguments.
    pub fn switch_with(
        &self,
        index: impl Into<Operand>,
        default: Block,
        default_args: &[Value],
        cases: &[(i64, Block, &[Value])],
    ) {
        let index = self.typed(Opcode::Switch, index.into(), None);
        let default = self.target(Opcode::Switch, default, default_args);
        let cases = cases
            .iter()
            .map(|&(value, block, args)| (value, self.target(Opcode::Switch, block, args)))
            .collect();
        let table = self.func.borrow_mut().switches.push(SwitchTable { default, cases });
        self.none(InstData::Switch { index, table });
    }

    /// Ends the call with these results: `()`, one operand, or an array.
    pub fn ret(&self, results: impl Operands) {
        let known: Vec<Type> = self.func.borrow().signature.result_types().collect();
        let results = self.values(Opcode::Return, results, &known);
        let mut func = self.func.borrow_mut();
        if !self.results_known.replace(true) {
            func.signature.results =
                results.iter().map(|&value| func.value_type(value).into()).collect();
        }
        let args = func.make_list(&results);
        drop(func);
        self.none(InstData::Return { args });
    }

    /// Ends the call with a trap.
    pub fn trap(&self, kind: TrapKind) {
        self.none(InstData::Trap { kind });
    }

    /// Ends building.
    ///
    /// # Errors
    /// The first mistake: in the use of the builder, or against a rule of the IR.
    pub fn finish(self) -> Result<Function, BuildError> {
        if let Some(error) = self.error.into_inner() {
            return Err(error);
        }
        let func = self.func.into_inner();
        verify::verify_function(&func).map_err(BuildError::Invalid)?;
        Ok(func)
    }

    // ---- How methods add instructions ----

    fn push(&self, data: InstData, results: &[Type]) -> Vec<Value> {
        let block = self.current.get();
        let mut func = self.func.borrow_mut();
        if func.terminator(block).is_some() {
            let (function, op) = (func.name.clone(), data.opcode());
            self.fail(|| BuildError::AfterTerminator { function, block, op });
            return results.iter().map(|&ty| func.detached_value(ty)).collect();
        }
        let inst = func.append_inst(block, data, results, self.span.get());
        func.results(inst).to_vec()
    }

    fn one(&self, data: InstData, ty: Type) -> Value {
        let block = self.current.get();
        let mut func = self.func.borrow_mut();
        if func.terminator(block).is_none() {
            let inst = func.append_inst(block, data, &[ty], self.span.get());
            if let Some(value) = func.result(inst) {
                return value;
            }
        }
        let (function, op) = (func.name.clone(), data.opcode());
        self.fail(|| BuildError::AfterTerminator { function, block, op });
        func.detached_value(ty)
    }

    fn none(&self, data: InstData) {
        self.push(data, &[]);
    }

    fn target(&self, op: Opcode, block: Block, args: impl Operands) -> BlockCall {
        let types: Vec<Type> = if self.known_block(block) {
            let func = self.func.borrow();
            func.block_params(block).iter().map(|&value| func.value_type(value)).collect()
        } else {
            Vec::new()
        };
        let args = self.values(op, args, &types);
        self.func.borrow_mut().block_call(block, &args)
    }

    fn values(&self, op: Opcode, operands: impl Operands, types: &[Type]) -> Vec<Value> {
        let mut values = Vec::new();
        operands.visit(&mut |operand| {
            let ty = types.get(values.len()).copied();
            values.push(self.typed(op, operand, ty));
        });
        values
    }

    fn pair(&self, op: Opcode, a: Operand, b: Operand) -> ([Value; 2], Type) {
        let ty = self.operand_type(a).or_else(|| self.operand_type(b));
        let a = self.typed(op, a, ty);
        let b = self.typed(op, b, ty);
        let ty = self.func.borrow().value_type(a);
        ([a, b], ty)
    }

    fn operand_type(&self, operand: Operand) -> Option<Type> {
        let func = self.func.borrow();
        match operand {
            Operand::Value(value) => func.has_value(value).then(|| func.value_type(value)),
            Operand::Var(var) => func.vars.get(var).map(|data| data.ty),
            Operand::Int(_) | Operand::Float(_) => None,
        }
    }

    fn typed(&self, op: Opcode, operand: Operand, ty: Option<Type>) -> Value {
        let ty = self.operand_type(operand).or(ty).unwrap_or_else(|| {
            let known = matches!(operand, Operand::Value(_) | Operand::Var(_));
            if !known {
                let function = self.func.borrow().name.clone();
                self.fail(|| BuildError::UntypedLiteral { function, op });
            }
            Type::I64
        });
        self.operand(operand, ty)
    }

    /// The value of an operand; a literal takes the type `ty`.
    fn operand(&self, operand: Operand, ty: Type) -> Value {
        match operand {
            Operand::Value(value) => {
                if self.func.borrow().has_value(value) {
                    return value;
                }
                self.unknown(value);
                self.func.borrow_mut().detached_value(ty)
            }
            Operand::Var(var) => self.get(var),
            Operand::Int(imm) if ty.is_int() => self.iconst(ty, imm),
            Operand::Int(imm) if ty == Type::F32 => self.f32const(imm as f32),
            Operand::Int(imm) => self.f64const(imm as f64),
            Operand::Float(value) if ty == Type::F32 => self.f32const(value as f32),
            // In an integer's place the verifier reports the mismatch.
            Operand::Float(value) => self.f64const(value),
        }
    }

    fn var_type(&self, var: Var) -> Type {
        let ty = self.func.borrow().vars.get(var).map(|data| data.ty);
        ty.unwrap_or_else(|| {
            self.unknown(var);
            Type::I64
        })
    }

    fn known_block(&self, block: Block) -> bool {
        let known = crate::entity::Entity::index(block) < self.func.borrow().num_blocks();
        if !known {
            self.unknown(block);
        }
        known
    }

    fn unknown(&self, entity: impl fmt::Display) {
        // The function may be borrowed by the caller, so its name is read only if it is free.
        let function = self.func.try_borrow().map(|f| f.name.clone()).unwrap_or_default();
        let entity = entity.to_string();
        self.fail(|| BuildError::Unknown { function, entity });
    }

    fn fail(&self, error: impl FnOnce() -> BuildError) {
        let mut first = self.error.borrow_mut();
        if first.is_none() {
            *first = Some(error());
        }
    }
}
