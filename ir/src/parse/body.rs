//! Functions: header, declarations, blocks, and the frame of instructions.

use std::collections::HashMap;
use std::ops::Range;

use super::error::{Parsed, shorten};
use super::items::GlobalUse;
use super::{MAX_LEFT_OUT, ParseCode, Parser};
use crate::entity::{Block, DataRef, Entity, FuncRef, StackSlot, Value, Var};
use crate::func::{Callee, Function, SlotData, VarData};
use crate::lex::{Lexeme, Token};
use crate::types::{Signature, Span, Type};

/// The first call of a function by a function.
pub(super) struct CalleeUse {
    pub(super) callee: FuncRef,
    pub(super) used: GlobalUse,
}

/// A function that is being read.
pub(crate) struct Body {
    pub(crate) function: Function,
    pub(super) callees: Vec<CalleeUse>,
    pub(super) data: Vec<GlobalUse>,
    callee_names: HashMap<String, FuncRef>,
    data_names: HashMap<String, DataRef>,
    values: Defined<Value>,
    blocks: Defined<Block>,
    /// Where variables and slots are used, and where they are defined.
    vars: Vec<(Var, usize)>,
    slots: Vec<(StackSlot, usize)>,
    var_places: Vec<usize>,
    slot_places: Vec<usize>,
    layout: Vec<Block>,
    /// Where each instruction stands, without the source place at its end.
    pub(super) inst_places: Vec<Range<usize>>,
}

/// Which numbers of a kind are defined, where, and which are used.
struct Defined<E> {
    places: Vec<Option<usize>>,
    count: usize,
    uses: Vec<(E, usize)>,
}

impl<E> Defined<E> {
    fn new() -> Self {
        Self { places: Vec::new(), count: 0, uses: Vec::new() }
    }

    /// How many numbers below the highest are not defined.
    fn left_out(&self) -> usize {
        self.places.len() - self.count
    }
}

/// An entity as it is written where it is defined.
pub(super) struct Definition<E> {
    pub(super) entity: E,
    name: Option<String>,
    start: usize,
    end: usize,
}

/// Splits `v7.name` into `7` and `name` if the prefix is `v`.
fn split_entity<'a>(word: &'a str, prefix: &str) -> Option<(&'a str, Option<&'a str>)> {
    let rest = word.strip_prefix(prefix)?;
    let (digits, name) = match rest.split_once('.') {
        Some((digits, name)) => (digits, Some(name)),
        None => (rest, None),
    };
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then_some((digits, name))
}

impl Body {
    fn new(name: &str, signature: Signature) -> Self {
        Self {
            function: Function::new(name, signature),
            callees: Vec::new(),
            data: Vec::new(),
            callee_names: HashMap::new(),
            data_names: HashMap::new(),
            values: Defined::new(),
            blocks: Defined::new(),
            vars: Vec::new(),
            slots: Vec::new(),
            var_places: Vec::new(),
            slot_places: Vec::new(),
            layout: Vec::new(),
            inst_places: Vec::new(),
        }
    }

    /// The function of this name; its signature is filled in when the whole text is read.
    pub(crate) fn callee(&mut self, name: String, place: Lexeme<'_>) -> FuncRef {
        if let Some(&callee) = self.callee_names.get(&name) {
            return callee;
        }
        let signature = Signature::default();
        let callee = self.function.callees.push(Callee { name: name.clone(), signature });
        self.callee_names.insert(name.clone(), callee);
        let used = GlobalUse { name, start: place.start, end: place.end };
        self.callees.push(CalleeUse { callee, used });
        callee
    }

    /// The value that was read last.
    pub(super) fn last_used(&self) -> Option<Value> {
        self.values.uses.last().map(|&(value, _)| value)
    }

    /// The data object of this name.
    pub(crate) fn data(&mut self, name: String, place: Lexeme<'_>) -> DataRef {
        if let Some(&data) = self.data_names.get(&name) {
            return data;
        }
        let data = self.function.data.push(name.clone());
        self.data_names.insert(name.clone(), data);
        self.data.push(GlobalUse { name, start: place.start, end: place.end });
        data
    }
}

impl<'a> Parser<'a> {
    /// A function after `fn`, to the end of its last line. Mistakes are reported; without a good header there is none.
    pub(super) fn function(&mut self) -> Option<(String, Lexeme<'a>, Body)> {
        let header = self.global().and_then(|(name, place)| {
            let signature = self.signature()?;
            self.require('{')?;
            Ok((name, place, signature))
        });
        let (name, place, signature) = match header {
            Ok(header) => header,
            Err(fault) => {
                self.report(fault);
                self.skip_function();
                return None;
            }
        };
        let mut body = Body::new(&name, signature);
        let faults = self.faults.len();
        let mut current = None;
        loop {
            self.skip_newlines();
            if self.is_full() {
                return None;
            }
            if self.next.token == Token::End || self.at_item() {
                let message = format!("the function `@{}` is not closed", shorten(&name));
                let Lexeme { start, end, .. } = self.next;
                let mut fault = Self::fault(ParseCode::Place, start, end, message);
                fault.help = Some("put `}` before this".to_owned());
                self.report(fault);
                return None;
            }
            if self.eat('}') {
                break;
            }
            if let Err(fault) = self.body_line(&mut body, &mut current) {
                self.report(fault);
                self.skip_body_line();
            }
        }
        if let Err(fault) = self.end_of_line() {
            self.report(fault);
            self.skip_line();
        }
        self.left_out += body.values.left_out() + body.blocks.left_out();
        body.function.set_layout(std::mem::take(&mut body.layout));
        // After a mistake something may be undefined that was meant to be.
        if self.faults.len() == faults {
            self.check_uses(&body);
        }
        Some((name, place, body))
    }

    /// Goes to the end of the line after a mistake in it, or to the brace there that closes the function.
    fn skip_body_line(&mut self) {
        while !matches!(self.next.token, Token::Newline | Token::End) {
            let after = || self.lexer.clone().next().token;
            if self.at('}') && matches!(after(), Token::Newline | Token::End) {
                return;
            }
            self.advance();
        }
    }

    /// Goes to the line after a function whose header is wrong.
    fn skip_function(&mut self) {
        loop {
            self.skip_line();
            self.skip_newlines();
            if self.at('}') {
                self.skip_line();
                return;
            }
            if self.next.token == Token::End || self.at_item() {
                return;
            }
        }
    }

    fn body_line(&mut self, body: &mut Body, current: &mut Option<Block>) -> Parsed<()> {
        let starts = |prefix| matches!(self.next.token, Token::Word(word) if split_entity(word, prefix).is_some());
        if starts("var") {
            let definition = self.definition::<Var>("var")?;
            self.require(':')?;
            let ty = self.ty()?;
            self.end_of_line()?;
            self.in_order(&definition, body.function.vars.next_key(), &mut body.var_places)?;
            let name = definition.name.unwrap_or_default();
            body.function.vars.push(VarData { name, ty });
            Ok(())
        } else if starts("slot") {
            let definition = self.definition::<StackSlot>("slot")?;
            if definition.name.is_some() {
                return Err(Self::name_fault(&definition, "stack slots have no names"));
            }
            self.require(':')?;
            self.expect_word("size")?;
            let size = self.natural(u64::MAX)?;
            self.require(',')?;
            self.expect_word("align")?;
            let align = self.natural(u32::MAX.into())? as u32;
            self.end_of_line()?;
            self.in_order(&definition, body.function.slots.next_key(), &mut body.slot_places)?;
            body.function.slots.push(SlotData { size, align });
            Ok(())
        } else if starts("block") {
            self.block_header(body, current)
        } else {
            let Some(block) = *current else {
                if !matches!(self.next.token, Token::Word(_)) {
                    return self.unexpected("a block such as `block0:`");
                }
                let Lexeme { start, end, .. } = self.next;
                let message = "an instruction stands before the first block";
                let mut fault = Self::fault(ParseCode::Place, start, end, message);
                fault.help = Some("begin the function with a block such as `block0:`".to_owned());
                return Err(fault);
            };
            self.instruction(body, block)
        }
    }

    /// `block0.entry(v0.n: i64, v1: f64) cold:`
    fn block_header(&mut self, body: &mut Body, current: &mut Option<Block>) -> Parsed<()> {
        // Later lines are not blamed for a mistake in this one: after it they belong to some block.
        body.function.reserve_blocks(1);
        current.get_or_insert(Block::from_index(0));
        let definition = self.definition::<Block>("block")?;
        let block = definition.entity;
        self.define(&definition, &mut body.blocks)?;
        body.function.reserve_blocks(block.index() + 1);
        body.layout.push(block);
        *current = Some(block);
        if let Some(name) = &definition.name {
            body.function.set_block_name(block, name);
        }
        if self.eat('(') {
            self.list(')', |parser| {
                let (param, _) = parser.value_definition(body)?;
                body.function.attach_block_param(block, param);
                Ok(())
            })?;
        }
        if self.eat_word("cold") {
            body.function.set_cold(block, true);
        }
        self.require(':')
    }

    /// `v8: i64, v9.x: f64 = ` and the operation, or the operation alone.
    fn instruction(&mut self, body: &mut Body, block: Block) -> Parsed<()> {
        let start = self.next.start;
        let mut results: Vec<(Value, Type)> = Vec::new();
        let is_value = |word| split_entity(word, "v").is_some();
        if matches!(self.next.token, Token::Word(word) if is_value(word)) {
            results.push(self.value_definition(body)?);
            while self.eat(',') {
                results.push(self.value_definition(body)?);
            }
            self.require('=')?;
        }
        let data = self.operation(body, &results)?;
        let end = self.last_end;
        let span = self.span()?;
        if !self.at('}') {
            self.end_of_line()?;
        }
        let values: Vec<Value> = results.into_iter().map(|(value, _)| value).collect();
        let inst = body.function.create_inst_with(data, &values, span);
        body.function.push_inst(block, inst);
        body.inst_places.push(start..end);
        Ok(())
    }

    /// `@12:5`
    fn span(&mut self) -> Parsed<Option<Span>> {
        let Token::At(line) = self.next.token else { return Ok(None) };
        let Lexeme { start, .. } = self.advance();
        let line: Option<u32> = line.parse().ok();
        let column = match self.eat(':') {
            true => Some(self.natural(u32::MAX.into())? as u32),
            false => None,
        };
        let span = line.zip(column).and_then(|(line, column)| Span::new(line, column));
        if span.is_none() {
            let message = "a source place is written `@line:column`, the line from 1";
            return Err(Self::fault(ParseCode::Number, start, self.last_end, message));
        }
        Ok(span)
    }

    /// The type of a value, if its definition stands before.
    pub(super) fn known_type(body: &Body, value: Value) -> Option<Type> {
        let defined = body.values.places.get(value.index())?.is_some();
        defined.then(|| body.function.value_type(value))
    }

    // ---- Definitions ----

    /// `v7.name: i64`, which is then defined.
    fn value_definition(&mut self, body: &mut Body) -> Parsed<(Value, Type)> {
        let definition = self.definition::<Value>("v")?;
        self.require(':')?;
        let ty = self.ty()?;
        self.define(&definition, &mut body.values)?;
        let value = definition.entity;
        body.function.reserve_values(value.index() + 1);
        body.function.set_value_type(value, ty);
        if let Some(name) = &definition.name {
            body.function.set_value_name(value, name);
        }
        Ok((value, ty))
    }

    fn definition<E: Entity>(&mut self, prefix: &str) -> Parsed<Definition<E>> {
        let (entity, name, lexeme) = self.entity(prefix)?;
        let name = match name {
            Some("") => {
                let quoted = self.next;
                match quoted.token {
                    Token::String(raw) if quoted.start == lexeme.end => {
                        let name = self.quoted_name(raw, quoted.start + 1)?;
                        self.advance();
                        Some(name)
                    }
                    _ => return self.unexpected("a name after the dot"),
                }
            }
            name => name.map(str::to_owned),
        };
        Ok(Definition { entity, name, start: lexeme.start, end: self.last_end })
    }

    /// Notes that a value or block is defined, which it must not be yet.
    fn define<E: Entity>(
        &self,
        definition: &Definition<E>,
        defined: &mut Defined<E>,
    ) -> Parsed<()> {
        let &Definition { ref entity, start, end, .. } = definition;
        let index = entity.index();
        let written = || shorten(self.text.get(start..end).unwrap_or(""));
        if index >= defined.places.len() {
            let left_out = index - defined.count;
            let most = MAX_LEFT_OUT + self.text.len();
            if self.left_out + left_out > most {
                let message = format!("`{}` leaves out too many numbers", written());
                let mut fault = Self::fault(ParseCode::Numbering, start, end, message);
                let help =
                    format!("a text of this length may leave out {most} numbers; number from 0");
                fault.help = Some(help);
                return Err(fault);
            }
            defined.places.resize(index + 1, None);
        }
        if let Some(first) = defined.places[index].replace(start) {
            defined.places[index] = Some(first);
            let message = format!("`{}` is defined twice", written());
            let mut fault = Self::fault(ParseCode::Duplicate, start, end, message);
            fault.help = Some(format!("the first is {}; use another number", self.describe(first)));
            return Err(fault);
        }
        defined.count += 1;
        Ok(())
    }

    /// Variables and slots are numbered from 0 in the order of their lines.
    fn in_order<E: Entity + std::fmt::Display>(
        &self,
        definition: &Definition<E>,
        next: E,
        places: &mut Vec<usize>,
    ) -> Parsed<()> {
        let index = definition.entity.index();
        if index == places.len() {
            places.push(definition.start);
            return Ok(());
        }
        let (code, message, first) = match places.get(index) {
            Some(&first) => {
                let message = format!("`{}` is defined twice", definition.entity);
                (ParseCode::Duplicate, message, format!("the first is {}; ", self.describe(first)))
            }
            None => {
                let message = format!("`{}` is out of order", definition.entity);
                (ParseCode::Numbering, message, String::new())
            }
        };
        let mut fault = Self::fault(code, definition.start, definition.end, message);
        fault.help = Some(format!("{first}the next number is that of `{next}`"));
        Err(fault)
    }

    // ---- Uses ----

    /// An entity of this kind, with its name if one is written.
    fn entity<E: Entity>(&mut self, prefix: &str) -> Parsed<(E, Option<&'a str>, Lexeme<'a>)> {
        let what = match prefix {
            "v" => "a value such as `v0`",
            "block" => "a block such as `block0`",
            "var" => "a variable such as `var0`",
            _ => "a stack slot such as `slot0`",
        };
        let Token::Word(word) = self.next.token else {
            return self.unexpected_entity(prefix, what);
        };
        let Some((digits, name)) = split_entity(word, prefix) else {
            return self.unexpected_entity(prefix, what);
        };
        let lexeme = self.advance();
        let fault = |code, message: String| Self::fault(code, lexeme.start, lexeme.end, message);
        if digits.len() > 1 && digits.starts_with('0') {
            let message = format!("`{}` has a zero before its number", shorten(word));
            return Err(fault(ParseCode::Number, message));
        }
        match digits.parse::<u32>() {
            Ok(number) => Ok((E::from_index(number as usize), name, lexeme)),
            Err(_) => {
                let message = format!("the number of `{}` is too large", shorten(word));
                Err(fault(ParseCode::Numbering, message))
            }
        }
    }

    /// That no entity stands here; if it is a number in the place of a value, how constants are written.
    fn unexpected_entity<T>(&self, prefix: &str, what: &str) -> Parsed<T> {
        let constant = prefix == "v"
            && match self.next.token {
                Token::Word(word) => word.starts_with(|c: char| c.is_ascii_digit()),
                Token::Punct(punct) => punct == '-',
                _ => false,
            };
        self.unexpected(what).map_err(|mut fault: Box<super::Fault>| {
            if constant {
                let help = "constants are values too: `v1: i64 = iconst 1` on a line of its own";
                fault.help = Some(help.to_owned());
            }
            fault
        })
    }

    fn name_fault<E>(definition: &Definition<E>, message: &str) -> Box<super::Fault> {
        Self::fault(ParseCode::Name, definition.start, definition.end, message)
    }

    /// An entity where it is used, which is without a name.
    fn used<E: Entity + std::fmt::Display>(&mut self, prefix: &str) -> Parsed<(E, usize)> {
        let (entity, name, lexeme) = self.entity::<E>(prefix)?;
        if name.is_none() {
            return Ok((entity, lexeme.start));
        }
        let message = "a name stands only where its value or block is defined";
        let mut fault = Self::fault(ParseCode::Name, lexeme.start, lexeme.end, message);
        fault.help = Some(format!("write `{entity}`"));
        Err(fault)
    }

    pub(crate) fn value(&mut self, body: &mut Body) -> Parsed<Value> {
        let used = self.used("v")?;
        body.values.uses.push(used);
        Ok(used.0)
    }

    pub(super) fn block(&mut self, body: &mut Body) -> Parsed<Block> {
        let used = self.used("block")?;
        body.blocks.uses.push(used);
        Ok(used.0)
    }

    pub(crate) fn var(&mut self, body: &mut Body) -> Parsed<Var> {
        let used = self.used("var")?;
        body.vars.push(used);
        Ok(used.0)
    }

    pub(crate) fn slot(&mut self, body: &mut Body) -> Parsed<StackSlot> {
        let used = self.used("slot")?;
        body.slots.push(used);
        Ok(used.0)
    }

    /// Everything that is used must be defined somewhere in the function.
    fn check_uses(&mut self, body: &Body) {
        let values =
            |value: Value| body.values.places.get(value.index()).is_some_and(Option::is_some);
        let blocks =
            |block: Block| body.blocks.places.get(block.index()).is_some_and(Option::is_some);
        self.check_defined(&body.values.uses, values);
        self.check_defined(&body.blocks.uses, blocks);
        self.check_defined(&body.vars, |var| body.function.vars.get(var).is_some());
        self.check_defined(&body.slots, |slot| body.function.slots.get(slot).is_some());
    }

    fn check_defined<E: Entity + std::fmt::Display>(
        &mut self,
        uses: &[(E, usize)],
        defined: impl Fn(E) -> bool,
    ) {
        for &(entity, start) in uses {
            if self.is_full() {
                return;
            }
            if !defined(entity) {
                let written = entity.to_string();
                let message = format!("`{written}` is not defined");
                self.report(Self::fault(
                    ParseCode::Undefined,
                    start,
                    start + written.len(),
                    message,
                ));
            }
        }
    }
}
