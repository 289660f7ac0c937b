//! The lines of a module: `source`, `extern`, `data`, `fn`.

use std::collections::hash_map::Entry;
use std::ops::Range;

use super::body::CalleeUse;
use super::error::{Parsed, shorten};
use super::inst::Head;
use super::{FunctionPlaces, MAX_DATA, ParseCode, Parser};
use crate::lex::{Lexeme, Token};
use crate::module::{DataObject, Module};
use crate::near::nearest;
use crate::types::Type;

/// The words that start an item.
const ITEMS: [&str; 4] = ["source", "extern", "data", "fn"];

/// A use of a name that must be declared somewhere in the module.
pub(super) struct GlobalUse {
    pub(super) name: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Parser<'_> {
    /// Returns `true` if the next token starts an item.
    pub(super) fn at_item(&self) -> bool {
        matches!(self.next.token, Token::Word(word) if ITEMS.contains(&word))
    }

    /// The whole text. Mistakes are reported, and what is wrong is left out.
    pub(super) fn items(&mut self) -> Module {
        let mut module = Module::new();
        let (mut callee_uses, mut data_uses) = (Vec::new(), Vec::new());
        loop {
            self.skip_newlines();
            if self.next.token == Token::End || self.is_full() {
                break;
            }
            let item = self.item(&mut module, &mut callee_uses, &mut data_uses);
            if let Err(fault) = item {
                self.report(fault);
                self.skip_line();
            }
        }
        // With a function left out, its callers would be blamed for nothing.
        if self.faults.is_empty() {
            self.resolve_callees(&mut module, callee_uses);
            if self.data_declared {
                self.check_data(&module, data_uses);
            }
        }
        module
    }

    fn item(
        &mut self,
        module: &mut Module,
        callee_uses: &mut Vec<(String, CalleeUse)>,
        data_uses: &mut Vec<GlobalUse>,
    ) -> Parsed<()> {
        let Token::Word(word) = self.next.token else {
            return self.unexpected("`fn`, `extern` or `data`");
        };
        let start = self.next;
        match word {
            "source" => {
                self.advance();
                let lexeme = self.next;
                let Token::String(raw) = lexeme.token else {
                    return self.unexpected("the name of the source file in quotes");
                };
                let name = self.quoted_name(raw, lexeme.start + 1)?;
                self.advance();
                self.end_of_line()?;
                if module.source_name.replace(name).is_some() {
                    return Err(Self::fault(
                        ParseCode::Duplicate,
                        start.start,
                        lexeme.end,
                        "the source file is named twice",
                    ));
                }
            }
            "extern" => {
                self.advance();
                let (name, place) = self.global()?;
                let signature = self.signature()?;
                self.end_of_line()?;
                self.claim(&name, place, Vec::new())?;
                module.externs.insert(name, signature);
            }
            "data" => {
                self.advance();
                let mutable = self.eat_word("mut");
                let (name, place) = self.global()?;
                let data = self.data(mutable)?;
                self.end_of_line()?;
                self.claim(&name, place, Vec::new())?;
                module.data.insert(name, data);
            }
            "fn" => {
                self.advance();
                if let Some((name, place, body)) = self.function() {
                    self.claim(&name, place, body.inst_places)?;
                    callee_uses.extend(body.callees.into_iter().map(|used| (name.clone(), used)));
                    data_uses.extend(body.data);
                    module.functions.insert(name, body.function);
                }
            }
            _ => {
                let message = format!("`{}` starts no item", shorten(word));
                let mut fault = Self::fault(ParseCode::Item, start.start, start.end, message);
                fault.help = Some(match nearest(word, ITEMS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "a line here starts with `fn`, `extern`, `data` or `source`".to_owned(),
                });
                return Err(fault);
            }
        }
        Ok(())
    }

    /// Nothing more may follow on this line.
    pub(super) fn end_of_line(&mut self) -> Parsed<()> {
        match self.next.token {
            Token::Newline | Token::End => Ok(()),
            _ => self.unexpected("the end of the line"),
        }
    }

    /// Takes a name of the module, which must be free, with the places of the function's instructions.
    fn claim(&mut self, name: &str, place: Lexeme<'_>, insts: Vec<Range<usize>>) -> Parsed<()> {
        let first = match self.places.entry(name.to_owned()) {
            Entry::Vacant(free) => {
                free.insert(FunctionPlaces { name: place.start..place.end, insts });
                return Ok(());
            }
            Entry::Occupied(taken) => taken.get().name.start,
        };
        let message = format!("`@{}` is defined twice", shorten(name));
        let mut fault = Self::fault(ParseCode::Duplicate, place.start, place.end, message);
        fault.help = Some(format!("the first is {}; rename one of the two", self.describe(first)));
        Err(fault)
    }

    /// A place, for a message about another one.
    pub(super) fn describe(&self, offset: usize) -> String {
        let (line, column) = super::Locator::new(self.text).locate(offset);
        format!("at {line}:{column}")
    }

    /// `align 8 = "text\00" zero 100`
    fn data(&mut self, mutable: bool) -> Parsed<DataObject> {
        self.expect_word("align")?;
        let align = self.natural(u32::MAX.into())? as u32;
        self.require('=')?;
        let mut data = DataObject { align, mutable, ..DataObject::default() };
        let mut first = true;
        loop {
            let lexeme = self.next;
            match lexeme.token {
                Token::String(raw) => {
                    data.bytes.extend(self.unescape(raw, lexeme.start + 1)?);
                    self.advance();
                    self.count_data(raw.len() as u64, lexeme)?;
                }
                Token::Word("zero") => {
                    self.advance();
                    let count = self.natural(u64::MAX)?;
                    self.count_data(count, lexeme)?;
                    data.bytes.resize(data.bytes.len() + count as usize, 0);
                }
                Token::Word(_) => {
                    let ty = self.ty()?;
                    self.data_values(&mut data, ty, lexeme)?;
                }
                _ if first => return self.unexpected("a string, `zero` and a number, or a type"),
                _ => return Ok(data),
            }
            first = false;
        }
    }

    /// Numbers of a type, or addresses, with commas between them.
    fn data_values(&mut self, data: &mut DataObject, ty: Type, lexeme: Lexeme<'_>) -> Parsed<()> {
        let head = Head::of_data(ty, lexeme);
        loop {
            if ty == Type::I64 && matches!(self.next.token, Token::At(_) | Token::AtString(_)) {
                let (name, _) = self.global()?;
                let offset = self.offset()?;
                data.push_address(&name, offset);
            } else if ty.is_float() {
                data.push(ty, self.float_constant(&head)?.into());
            } else {
                data.push(ty, self.int_constant(&head)? as i128 as u128);
            }
            self.count_data(ty.bytes().into(), lexeme)?;
            if !self.eat(',') {
                return Ok(());
            }
            self.skip_newlines();
        }
    }

    fn count_data(&mut self, count: u64, lexeme: Lexeme<'_>) -> Parsed<()> {
        self.data_bytes = self.data_bytes.saturating_add(count);
        if self.data_bytes <= MAX_DATA {
            return Ok(());
        }
        let message = format!("the data objects have more than {MAX_DATA} bytes in all");
        let mut fault = Self::fault(ParseCode::Limit, lexeme.start, self.last_end, message);
        fault.help = Some("let the host hand in the address of big tables".to_owned());
        // What is left out does not count.
        self.data_bytes -= count.min(self.data_bytes);
        Err(fault)
    }

    /// Gives each function that is called the signature under which the module knows it.
    fn resolve_callees(&mut self, module: &mut Module, uses: Vec<(String, CalleeUse)>) {
        for (caller, CalleeUse { callee, used }) in uses {
            if self.is_full() {
                return;
            }
            let signature = module.signature(&used.name).cloned();
            match (signature, module.functions.get_mut(&caller)) {
                (Some(signature), Some(function)) => function.callees[callee].signature = signature,
                _ => {
                    let names = module.functions.keys().chain(module.externs.keys());
                    let near = nearest(&used.name, names.map(String::as_str));
                    let help = match near {
                        Some(near) => format!("did you mean `@{near}`?"),
                        None => format!("declare it: `extern @{}(…)`", shorten(&used.name)),
                    };
                    let message = match module.data.contains_key(&used.name) {
                        true => format!("`@{}` is data, not a function", shorten(&used.name)),
                        false => format!("there is no function `@{}`", shorten(&used.name)),
                    };
                    let mut fault = Self::fault(ParseCode::Unknown, used.start, used.end, message);
                    fault.help = Some(help);
                    self.report(fault);
                }
            }
        }
    }

    fn check_data(&mut self, module: &Module, uses: Vec<GlobalUse>) {
        for used in uses {
            if self.is_full() {
                return;
            }
            if !module.data.contains_key(&used.name) {
                let message = format!("there is no data object `@{}`", shorten(&used.name));
                let mut fault = Self::fault(ParseCode::Unknown, used.start, used.end, message);
                let near = nearest(&used.name, module.data.keys().map(String::as_str));
                fault.help = near.map(|near| format!("did you mean `@{near}`?"));
                self.report(fault);
            }
        }
    }
}
