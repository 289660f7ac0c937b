//! The structural verifier. It checks every rule of the IR that needs no dominators; that a definition dominates its
//! uses is checked by the `ssa` crate. It is total: a function made of anything that the API can make gets an answer.
//!
//! # The rules
//!
//! A function:
//! - `V001` has an entry block, and its layout names existing blocks, each once;
//! - `V002` has an entry block that no branch goes to and whose parameters have the types of the signature;
//! - `V003` has at most [`MAX_ENTITIES`] values, blocks and instructions each, and at most [`MAX_SIGNATURE`] parameters
//!   and results, where an `i128` counts twice; the same for the signatures of what it calls by name or address;
//! - `V004` extends only `i8`, `i16` and `i32` parameters and results, and says only of `i128` parameters that they are slices: its
//!   own and those of what it calls;
//! - `V005` has stack slots of at least 1 byte, with an alignment that is a power of two up to [`MAX_SLOT_ALIGN`],
//!   together at most [`MAX_FRAME`] bytes;
//! - `V006` calls one name with one signature, its own name with its own, and no name that it also takes as data.
//!
//! A block:
//! - `V007` ends in a terminator, which is its only one;
//! - `V008` holds existing instructions, each of which is in one place of the function;
//! - `V009` has parameters that say they are its parameters, each at its place.
//!
//! An instruction:
//! - `V010` has as many results as its operation, which say they are its results, each at its place;
//! - `V011` uses values of this function that are defined by a block or instruction that is part of it, also where it
//!   cannot be reached;
//! - `V012` names existing blocks in the layout, slots, variables, callees, signatures, data objects and tables;
//! - `V013` has operand types that its row of the opcode table allows; addresses are `i64`; conditions, operands of
//!   `switch`, carries and operands of atomic accesses are integers of at most 64 bits; what is written to a variable
//!   has its type;
//! - `V014` has result types that its row of the opcode table gives for its operands; that of an atomic access is an
//!   integer of at most 64 bits, that of an address `i64`, what is read from a variable has its type;
//! - `V015` if it is a constant, has a type of its kind and fits it, an `iconst` as a sign-extended number;
//! - `V016` if it is a narrow load or store, is narrower than its integer type, which has at most 64 bits;
//! - `V017` if it is `stack_addr`, has an offset from 0 to the size of the slot (the end itself is an address too);
//! - `V018` if it is a call, has arguments and results of the types of the callee's signature;
//! - `V019` if it is a tail call, is to a function with the results of its own;
//! - `V020` if it is `ret`, has values of the types of the function's results;
//! - `V021` if it branches, gives each target one value of the right type for each parameter;
//! - `V022` if it is `switch`, has cases that fit the type of its operand and differ, and a table of its own.
//!
//! A module ([`verify_module`]):
//! - `V023` has functions under their own names, and names that are unique over functions, host functions and data;
//! - `V024` has a function or host function for each name that is called or whose address is taken, with the signature
//!   that the user assumes;
//! - `V025` has host functions without `i128` in their signatures: the host passes its halves;
//! - `V026` has a data object for each name whose address is taken;
//! - `V027` aligns data objects to a power of two up to [`MAX_DATA_ALIGN`].
//!
//! Two rules are checked in SSA form, by the `ssa` crate:
//! - `V028` a definition dominates its uses, but for uses that cannot be reached;
//! - `V029` no variable is read or written.
//!
//! One rule is for modules that nobody vouches for ([`verify_confined`]):
//! - `V030` every access takes its address directly from a `stack_addr`, a `data_addr`, or a `slice_addr` of a slice that is a
//!   parameter; it lies inside of the slot, object or element, and writes only what is mutable; every call of an address takes
//!   it directly from a `func_addr` of the same signature; what is passed on as a slice is one of the same kind.
//!
//! And one more of modules:
//! - `V031` has addresses in data objects that lie inside, one behind the other, each with the name of a data object, or with that
//!   of a function and no offset.

mod confined;
mod inst;
mod module;
mod rule;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::entity::{Block, Entity, Inst, SecondaryMap, SwitchRef, Value};
use crate::func::{Function, ValueDef};
use crate::inst::{InstData, ValueList};
use crate::types::{AbiParam, Signature, Type};

pub use confined::verify_confined;
pub use module::{module_errors, verify_module};
use rule::Broken;
pub use rule::VerifyRule;

/// The greatest number of values, of blocks and of instructions that a function may have had in its life.
pub const MAX_ENTITIES: usize = 1 << 24;

/// The greatest number of parameters, and of results; an `i128` counts twice.
pub const MAX_SIGNATURE: usize = 1000;

/// The largest alignment of a stack slot: a page.
pub const MAX_SLOT_ALIGN: u32 = 4096;

/// The greatest size of the stack slots of a function in all, alignment included: 64 MiB, on every engine.
pub const MAX_FRAME: u64 = 64 << 20;

/// The largest alignment of a data object: a page.
pub const MAX_DATA_ALIGN: u32 = 4096;

/// A rule of the IR that a function breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    /// The rule.
    pub rule: VerifyRule,
    /// The function's name.
    pub function: String,
    /// The block, if the error is in one.
    pub block: Option<Block>,
    /// The instruction, if the error is at one.
    pub inst: Option<Inst>,
    /// A sentence that says what is wrong and what to do, and names the values.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.function)?;
        if let Some(block) = self.block {
            write!(f, ", {block}")?;
        }
        write!(f, ": {} [{}]", self.message, self.rule)
    }
}

impl std::error::Error for VerifyError {}

impl VerifyError {
    /// The printed function with the message under the instruction, or else the block, that it is about; under the
    /// whole function if it is about neither.
    #[must_use]
    pub fn in_context(&self, func: &Function) -> String {
        crate::print::annotated(func, self.block, self.inst, &self.message)
    }
}

/// Checks the rules for one function.
///
/// # Errors
/// The first rule that is broken.
pub fn verify_function(func: &Function) -> Result<(), VerifyError> {
    let checker = Checker::new(func)?;
    for &block in func.layout() {
        checker.block(block)?;
    }
    checker.tables()
}

/// What is wrong with these numbers of values, blocks and instructions.
fn too_many(counts: [usize; 3]) -> Option<String> {
    let mut counts = counts.into_iter().zip(["values", "blocks", "instructions"]);
    let (count, what) = counts.find(|&(count, _)| count > MAX_ENTITIES)?;
    Some(format!("there are {count} {what}, more than {MAX_ENTITIES}; split the function"))
}

/// What is checked, and where the check is.
struct Checker<'a> {
    func: &'a Function,
    in_layout: SecondaryMap<Block, bool>,
    /// The block that an instruction is in, if it is in one of the layout.
    home: SecondaryMap<Inst, Option<Block>>,
}

type Check = Result<(), VerifyError>;

impl<'a> Checker<'a> {
    /// Checks the frame of the function and finds out what is part of it.
    fn new(func: &'a Function) -> Result<Self, VerifyError> {
        let mut checker = Self {
            func,
            in_layout: SecondaryMap::with_default(false),
            home: SecondaryMap::with_default(None),
        };
        checker.limits()?;
        checker.signature(&func.signature)?;
        checker.layout()?;
        checker.entry()?;
        checker.slots()?;
        checker.callees()?;
        Ok(checker)
    }

    fn error(&self, rule: VerifyRule, message: impl Into<String>) -> VerifyError {
        VerifyError {
            rule,
            function: self.func.name.clone(),
            block: None,
            inst: None,
            message: message.into(),
        }
    }

    fn in_block(&self, rule: VerifyRule, block: Block, message: impl Into<String>) -> VerifyError {
        VerifyError { block: Some(block), ..self.error(rule, message) }
    }

    fn limits(&self) -> Check {
        let func = self.func;
        let counts = [func.num_values(), func.num_blocks(), func.num_insts()];
        too_many(counts).map_or(Ok(()), |message| Err(self.error(VerifyRule::Limits, message)))
    }

    fn signature(&self, signature: &Signature) -> Check {
        for (list, what) in [(&signature.params, "parameters"), (&signature.results, "results")] {
            let wide = list.iter().filter(|param| param.ty == Type::I128).count();
            let count = list.len().saturating_add(wide);
            if count > MAX_SIGNATURE {
                let message = format!(
                    "a signature has {count} {what}, more than {MAX_SIGNATURE}; pass them in memory"
                );
                return Err(self.error(VerifyRule::Limits, message));
            }
            let extends = |param: &&AbiParam| {
                param.extend.is_some() && (param.ty.is_float() || param.ty.bits() >= 64)
            };
            if let Some(param) = list.iter().find(extends) {
                let message = format!(
                    "{what} of type {} cannot be extended; only i8, i16 and i32 can",
                    param.ty
                );
                return Err(self.error(VerifyRule::Extension, message));
            }
        }
        let is_no_slice = |param: &&AbiParam| param.slice.is_some() && param.ty != Type::I128;
        let mut results = signature.results.iter().filter(|param| param.slice.is_some());
        if let Some(param) = signature.params.iter().find(is_no_slice).or(results.next()) {
            let message = format!("`{param}` is no slice; only an i128 parameter is");
            return Err(self.error(VerifyRule::Extension, message));
        }
        Ok(())
    }

    fn layout(&mut self) -> Check {
        let func = self.func;
        for &block in func.layout() {
            if block.index() >= func.num_blocks() {
                return Err(self.error(
                    VerifyRule::Layout,
                    format!("the layout names {block}, which does not exist"),
                ));
            }
            if std::mem::replace(&mut self.in_layout[block], true) {
                return Err(self.in_block(
                    VerifyRule::Layout,
                    block,
                    "the block is in the layout twice; keep one place",
                ));
            }
            for &inst in func.block_insts(block) {
                if inst.index() >= func.num_insts() {
                    let message = format!("the block holds {inst}, which does not exist");
                    return Err(self.in_block(VerifyRule::Places, block, message));
                }
                if let Some(first) = self.home[inst].replace(block) {
                    let message = format!(
                        "the {} is also in {first}; an instruction has one place",
                        func.inst(inst).opcode()
                    );
                    return Err(VerifyError {
                        inst: Some(inst),
                        ..self.in_block(VerifyRule::Places, block, message)
                    });
                }
            }
        }
        Ok(())
    }

    fn entry(&self) -> Check {
        let func = self.func;
        let Some(entry) = func.entry() else {
            return Err(self
                .error(VerifyRule::Layout, "the function has no blocks; give it an entry block"));
        };
        let params = func.block_params(entry);
        let known = params.iter().filter(|&&param| func.has_value(param));
        if !known.map(|&param| func.value_type(param)).eq(func.signature.param_types()) {
            let message = format!(
                "the parameters of the entry block are not those of the signature {}",
                func.signature
            );
            return Err(self.in_block(VerifyRule::Entry, entry, message));
        }
        Ok(())
    }

    fn slots(&self) -> Check {
        let mut frame = 0_u64;
        for (slot, data) in self.func.slots.iter() {
            if data.size == 0 {
                return Err(self.error(
                    VerifyRule::Slots,
                    format!("{slot} has size 0; a slot has at least 1 byte"),
                ));
            }
            if !data.align.is_power_of_two() || data.align > MAX_SLOT_ALIGN {
                let message = format!(
                    "{slot} has alignment {}; it must be a power of two up to {MAX_SLOT_ALIGN}",
                    data.align
                );
                return Err(self.error(VerifyRule::Slots, message));
            }
            let start = frame.checked_next_multiple_of(data.align.into());
            frame = start.and_then(|start| start.checked_add(data.size)).unwrap_or(u64::MAX);
            if frame > MAX_FRAME {
                let message = format!(
                    "the stack slots up to {slot} have more than {MAX_FRAME} bytes; take memory from the host"
                );
                return Err(self.error(VerifyRule::Slots, message));
            }
        }
        Ok(())
    }

    fn callees(&self) -> Check {
        let func = self.func;
        let mut known = std::collections::HashMap::from([(func.name.as_str(), &func.signature)]);
        for (_, callee) in func.callees.iter() {
            self.signature(&callee.signature)?;
            let first = *known.entry(&callee.name).or_insert(&callee.signature);
            if *first != callee.signature {
                let message = format!(
                    "@{} is called as {first} and as {}; a name has one signature",
                    callee.name, callee.signature
                );
                return Err(self.error(VerifyRule::Names, message));
            }
        }
        for (_, signature) in func.signatures.iter() {
            self.signature(signature)?;
        }
        match func.data.values().find(|name| known.contains_key(name.as_str())) {
            Some(name) => {
                let message = format!("@{name} is both a function and data; rename one of them");
                Err(self.error(VerifyRule::Names, message))
            }
            None => Ok(()),
        }
    }

    fn block(&self, block: Block) -> Check {
        let func = self.func;
        for (index, &param) in func.block_params(block).iter().enumerate() {
            let wanted = ValueDef::Param(block, index as u32);
            if !func.has_value(param) || func.value_def(param) != wanted {
                let message =
                    format!("{param} is not parameter {index} of the block, where it stands");
                return Err(self.in_block(VerifyRule::Params, block, message));
            }
        }
        let insts = func.block_insts(block);
        let Some((&last, before)) = insts.split_last() else {
            return Err(self.in_block(
                VerifyRule::Terminators,
                block,
                "the block is empty; end it with a jump, branch, switch, ret or trap",
            ));
        };
        for &inst in before {
            if func.inst(inst).is_terminator() {
                let message = "an instruction follows a terminator; start a new block for it";
                return Err(VerifyError {
                    inst: Some(inst),
                    ..self.in_block(VerifyRule::Terminators, block, message)
                });
            }
        }
        if !func.inst(last).is_terminator() {
            let message =
                "the block has no terminator; end it with a jump, branch, switch, ret or trap";
            return Err(VerifyError {
                inst: Some(last),
                ..self.in_block(VerifyRule::Terminators, block, message)
            });
        }
        for &inst in insts {
            let check = self.inst(inst);
            check.map_err(|broken| VerifyError {
                inst: Some(inst),
                ..self.in_block(broken.rule, block, broken.message)
            })?;
        }
        Ok(())
    }

    /// A value that may be used: of this function, and defined by a part of it.
    fn usable(&self, value: Value) -> Result<Type, Broken> {
        let func = self.func;
        if !func.has_value(value) {
            return VerifyRule::Values.fail(format!("{value} is not a value of this function"));
        }
        let defined = match func.value_def(value) {
            ValueDef::Detached => false,
            ValueDef::Param(block, _) => self.in_layout[block],
            ValueDef::Result(inst, _) => self.home[inst].is_some(),
        };
        if defined {
            Ok(func.value_type(value))
        } else {
            VerifyRule::Values.fail(format!(
                "{value} is used, but what defined it is no longer part of the function"
            ))
        }
    }

    /// The values of a list, if it is one of this function.
    fn list(&self, list: ValueList) -> Result<&'a [Value], Broken> {
        self.func.checked_list(list).ok_or_else(|| {
            VerifyRule::Values.broken("a list of values belongs to another function")
        })
    }

    /// Each `switch` has a table of its own, so that changing one changes no other.
    fn tables(&self) -> Check {
        let func = self.func;
        let mut users: SecondaryMap<SwitchRef, bool> = SecondaryMap::with_default(false);
        for &block in func.layout() {
            if let Some(inst) = func.terminator(block)
                && let InstData::Switch { table, .. } = *func.inst(inst)
                && std::mem::replace(&mut users[table], true)
            {
                let message = format!("{table} belongs to another switch too; give each its own");
                return Err(VerifyError {
                    inst: Some(inst),
                    ..self.in_block(VerifyRule::Switch, block, message)
                });
            }
        }
        Ok(())
    }
}
