//! [`FunctionBuilder`]: how a front end makes a function.
//!
//! Methods take `&self`, so that calls nest; a mistake is remembered and reported by
//! [`finish`](FunctionBuilder::finish), so that no call in between needs a check.

mod calls;
mod flow;
mod memory;
mod methods;
mod operand;

use std::cell::{Cell, RefCell};
use std::fmt;

use crate::entity::{Block, StackSlot, Value, Var};
use crate::eval::sign_extend;
use crate::func::{Function, SlotData, VarData};
use crate::inst::{BlockCall, InstData};
use crate::opcode::{BinaryOp, CarryOp, Opcode, OverflowOp, TernaryOp, TypeRule, UnaryOp, WideOp};
use crate::trap::TrapKind;
use crate::types::{AbiParam, Signature, Span, Type};
use crate::verify::{self, VerifyError};
use crate::words::{FloatCC, IntCC};

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

    /// Returns `true` if the current block has its terminator.
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

    // ---- Constants, variables ----

    /// An integer constant; bits above the type must be copies of its sign or zero. One of `i128` is sign-extended;
    /// for others see [`WideOp::Iconcat`].
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

    // ---- Operations by format ----

    /// Any unary operation; `to` is the result type, which only conversions may choose.
    pub fn unary(&self, op: UnaryOp, to: Type, arg: impl Into<Operand>) -> Value {
        let source = match op.info().rule {
            TypeRule::Int | TypeRule::AnyInt | TypeRule::Float => Some(to),
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

    /// Integer arithmetic that also says whether the exact result does not fit: the wrapped result, and an `i8`.
    pub fn overflow(
        &self,
        op: OverflowOp,
        a: impl Into<Operand>,
        b: impl Into<Operand>,
    ) -> (Value, Value) {
        let (args, ty) = self.pair(op.opcode(), a.into(), b.into());
        self.two(InstData::Overflow { op, args }, [ty, Type::I8])
    }

    /// Integer arithmetic with a carry in (any integer; not zero is one): the wrapped result, and the carry out, an
    /// `i8`.
    pub fn carry(
        &self,
        op: CarryOp,
        a: impl Into<Operand>,
        b: impl Into<Operand>,
        carry: impl Into<Operand>,
    ) -> (Value, Value) {
        let ([a, b], ty) = self.pair(op.opcode(), a.into(), b.into());
        let carry = self.typed(op.opcode(), carry.into(), Some(Type::I8));
        self.two(InstData::Carry { op, args: [a, b, carry] }, [ty, Type::I8])
    }

    /// An `i128` of two `i64`.
    pub fn wide(&self, op: WideOp, a: impl Into<Operand>, b: impl Into<Operand>) -> Value {
        let args = [self.operand(a.into(), Type::I64), self.operand(b.into(), Type::I64)];
        self.one(InstData::Wide { op, args }, Type::I128)
    }

    /// The low and the high half of an `i128`.
    pub fn isplit(&self, arg: impl Into<Operand>) -> (Value, Value) {
        let arg = self.operand(arg.into(), Type::I128);
        self.two(InstData::Split { arg }, [Type::I64; 2])
    }

    /// Traps if `cond` is not zero.
    pub fn trap_if(&self, cond: impl Into<Operand>, kind: TrapKind) {
        let cond = self.typed(Opcode::TrapIf, cond.into(), None);
        self.none(InstData::TrapIf { cond, kind });
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

    fn two(&self, data: InstData, types: [Type; 2]) -> (Value, Value) {
        match self.push(data, &types).as_slice() {
            &[a, b] => (a, b),
            // `push` gives one value for each type.
            _ => {
                let mut func = self.func.borrow_mut();
                (func.detached_value(types[0]), func.detached_value(types[1]))
            }
        }
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
