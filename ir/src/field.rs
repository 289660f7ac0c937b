//! The types of fields that instructions have: the role of each, how it is printed and how it is read.

use std::fmt::{self, Display, Formatter};
use std::num::NonZeroU32;
use std::slice;

use crate::entity::{DataRef, FuncRef, SigRef, StackSlot, SwitchRef, Value, Var};
use crate::inst::{BlockCall, Role, ValueList};
use crate::memory::{LoadKind, MemFacts, StoreKind};
use crate::parse::{Body, Head, Parsed, Parser};
use crate::print::{Line, Offset};
use crate::trap::TrapKind;
use crate::words::{FloatCC, IntCC, RmwOp};

/// A field of an instruction.
pub(crate) trait Field: Copy {
    /// What it is to the instruction.
    fn role(&mut self) -> Role<'_>;
    /// Writes it; what may be left out brings the space before it along.
    fn write(self, f: &mut Formatter<'_>, line: &Line<'_>) -> fmt::Result;
    /// Reads it.
    fn read(parser: &mut Parser<'_>, body: &mut Body, head: &Head<'_>) -> Parsed<Self>;
}

macro_rules! fields {
    ($(
        $ty:ty: $role:expr;
        write |$field:ident, $f:ident, $line:pat_param| $write:expr;
        read |$parser:ident, $body:pat_param, $head:pat_param| $read:expr;
    )*) => { $(
        impl Field for $ty {
            #[inline(always)]
            fn role(&mut self) -> Role<'_> {
                $role(self)
            }
            fn write(self, $f: &mut Formatter<'_>, $line: &Line<'_>) -> fmt::Result {
                let $field = self;
                $write
            }
            fn read($parser: &mut Parser<'_>, $body: &mut Body, $head: &Head<'_>) -> Parsed<Self> {
                $read
            }
        }
    )* };
}

#[inline(always)]
fn value(value: &mut Value) -> Role<'_> {
    Role::Values(slice::from_mut(value))
}

#[inline(always)]
fn plain<T>(_: &mut T) -> Role<'_> {
    Role::Plain
}

fields! {
    Value: value;
        write |value, f, _| value.fmt(f);
        read |parser, body, _| parser.value(body);
    ValueList: Role::List;
        write |list, f, line| line.after_space(f, list);
        read |parser, body, _| parser.values_to_the_end(body);
    BlockCall: Role::Target;
        write |call, f, line| line.target(f, call);
        read |parser, body, _| parser.block_call(body);
    SwitchRef: Role::Table;
        write |table, f, line| line.table(f, table);
        read |parser, body, _| parser.table(body);
    StackSlot: Role::Slot;
        write |slot, f, _| slot.fmt(f);
        read |parser, body, _| parser.slot(body);
    Var: Role::Var;
        write |var, f, _| var.fmt(f);
        read |parser, body, _| parser.var(body);
    DataRef: Role::Data;
        write |data, f, line| line.data(f, data);
        read |parser, body, _| parser.global().map(|(name, place)| body.data(name, place));
    FuncRef: Role::Function;
        write |callee, f, line| line.function(f, callee);
        read |parser, body, _| parser.global().map(|(name, place)| body.callee(name, place));
    SigRef: Role::Signature;
        write |signature, f, line| line.signature(f, signature);
        read |parser, body, _| Ok(body.function.import_signature(&parser.signature()?));
    // An integer constant.
    i64: plain;
        write |imm, f, _| imm.fmt(f);
        read |parser, _, head| parser.int_constant(head);
    // The bits of a float constant.
    u64: plain;
        write |bits, f, line| line.float(f, bits);
        read |parser, _, head| parser.float_constant(head);
    // An offset.
    i32: plain;
        write |offset, f, _| Offset(offset).fmt(f);
        read |parser, _, _| parser.offset();
    // Bytes of an element.
    NonZeroU32: plain;
        write |size, f, _| size.fmt(f);
        read |parser, _, _| parser.size();
    LoadKind: plain;
        write |kind, f, _| kind.fmt(f);
        read |parser, _, head| parser.load_kind(head);
    StoreKind: plain;
        write |kind, f, _| kind.fmt(f);
        read |parser, _, head| parser.store_kind(head);
    MemFacts: plain;
        write |facts, f, _| facts.fmt(f);
        read |parser, _, _| parser.facts();
    IntCC: plain;
        write |cc, f, _| cc.fmt(f);
        read |parser, _, _| parser.word("an integer condition", Self::ALL, Self::name);
    FloatCC: plain;
        write |cc, f, _| cc.fmt(f);
        read |parser, _, _| parser.word("a float condition", Self::ALL, Self::name);
    RmwOp: plain;
        write |op, f, _| op.fmt(f);
        read |parser, _, _| parser.word("an operation on memory", Self::ALL, Self::name);
    TrapKind: plain;
        write |kind, f, _| kind.fmt(f);
        read |parser, _, _| parser.trap_kind();
}

/// Values with commas between them.
impl<const N: usize> Field for [Value; N] {
    #[inline(always)]
    fn role(&mut self) -> Role<'_> {
        Role::Values(self)
    }

    fn write(self, f: &mut Formatter<'_>, _: &Line<'_>) -> fmt::Result {
        for (i, value) in self.iter().enumerate() {
            write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }

    fn read(parser: &mut Parser<'_>, body: &mut Body, _: &Head<'_>) -> Parsed<Self> {
        let mut values = [parser.value(body)?; N];
        for value in values.iter_mut().skip(1) {
            parser.text(",")?;
            *value = parser.value(body)?;
        }
        Ok(values)
    }
}
