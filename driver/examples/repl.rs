//! A calculator with variables and functions: each line is compiled into the running engine.
//!
//! ```text
//! > x = 2 + 3 * 4          a variable
//! > fn f(a, b) = a * b + x a function, or another one of that name for all that call it
//! > f(2, 5)                a value
//! > forget f               it is gone; what calls it ends in a trap
//! ```
//! Numbers are `f64`. `print(x)` is a function of the host; `sqrt(x)` is one that refuses some numbers. Ends with the
//! input. A variable is a function without parameters.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use driver::ir::{BinaryOp, FunctionBuilder, Module, Signature, Type, Value};
use driver::{Caller, Engine, FuncId, Hosts, Options};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

pub(crate) struct Calculator {
    engine: Engine,
    /// What can be called: how many parameters, and whether it is ours to forget.
    known: HashMap<String, (usize, Option<FuncId>)>,
}

impl Calculator {
    pub(crate) fn new() -> Result<Self> {
        let engine = Engine::empty(&Hosts::new(), &Options::default())?;
        let printed = AtomicUsize::new(0);
        engine.import("print", move |_: &mut Caller<'_>, x: f64| {
            println!("[{}] {x}", printed.fetch_add(1, Ordering::Relaxed) + 1);
            x
        });
        engine.import("sqrt", |_: &mut Caller<'_>, x: f64| -> std::result::Result<f64, String> {
            if x < 0.0 { Err(format!("{x} has no square root")) } else { Ok(x.sqrt()) }
        });
        let known = ["print", "sqrt"].map(|name| (name.to_owned(), (1, None)));
        Ok(Self { engine, known: known.into() })
    }

    /// Runs a line; gives what it says.
    pub(crate) fn line(&mut self, line: &str) -> Result<String> {
        if let Some(name) = line.strip_prefix("forget ") {
            let (_, id) = self.known.remove(name.trim()).ok_or("there is no such name")?;
            self.engine.remove(id.ok_or("that one is the host's")?)?;
            return Ok(format!("{} is forgotten", name.trim()));
        }
        if let Some((head, body)) = line.split_once('=') {
            let head = head.trim().strip_prefix("fn ").unwrap_or(head.trim());
            let (name, params) = match head.split_once('(') {
                Some((name, rest)) => (name, rest.trim_end().trim_end_matches(')')),
                None => (head, ""),
            };
            let params: Vec<&str> =
                params.split(',').map(str::trim).filter(|param| !param.is_empty()).collect();
            self.define(name.trim(), &params, body)?;
            return Ok(format!("{} is defined", name.trim()));
        }
        // Before it is compiled, a function of this name may call itself; this one cannot be named.
        let id = self.define("it is", &[], line)?;
        let value = self.engine.func::<(), f64>("it is")?.call(());
        self.engine.remove(id)?;
        self.known.remove("it is");
        Ok(value?.to_string())
    }

    /// Compiles a function, in the place of the one of its name if that has as many parameters.
    fn define(&mut self, name: &str, params: &[&str], body: &str) -> Result<FuncId> {
        let old = self.known.get(name).copied();
        if old.is_some_and(|(count, id)| count != params.len() || id.is_none()) {
            return Err(format!("{name} is something else; forget it first").into());
        }
        let mut known = self.known.clone();
        known.entry(name.to_owned()).or_insert((params.len(), None));
        let module = compile(name, params, body, &known)?;
        let id = match old {
            Some((_, Some(id))) => {
                self.engine.replace(id, module)?;
                id
            }
            _ => self.engine.add(module)?[0],
        };
        self.known.insert(name.to_owned(), (params.len(), Some(id)));
        Ok(id)
    }
}

/// A module with one function.
fn compile(
    name: &str,
    params: &[&str],
    body: &str,
    known: &HashMap<String, (usize, Option<FuncId>)>,
) -> Result<Module> {
    let b = FunctionBuilder::new(name);
    let params = params.iter().map(|&param| (param, b.param(Type::F64))).collect();
    let mut parser = Parser { b: &b, params, known, called: Vec::new(), rest: body };
    let value = parser.sum()?;
    if !parser.peek().is_empty() {
        return Err(format!("what is `{}`?", parser.rest).into());
    }
    let called = parser.called;
    b.ret(value);
    let mut module = Module::new();
    for (callee, count) in called {
        if callee != name && !module.externs.contains_key(&callee) {
            module.add_extern(&callee, signature(count))?;
        }
    }
    module.add_function(b.finish()?)?;
    Ok(module)
}

fn signature(params: usize) -> Signature {
    Signature::new(&vec![Type::F64; params], &[Type::F64])
}

struct Parser<'a> {
    b: &'a FunctionBuilder,
    params: HashMap<&'a str, Value>,
    known: &'a HashMap<String, (usize, Option<FuncId>)>,
    called: Vec<(String, usize)>,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn peek(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        self.rest
    }

    fn eat(&mut self, token: char) -> bool {
        let rest = self.peek().strip_prefix(token);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn sum(&mut self) -> Result<Value> {
        let mut value = self.product()?;
        loop {
            let op = match () {
                () if self.eat('+') => BinaryOp::Fadd,
                () if self.eat('-') => BinaryOp::Fsub,
                () => return Ok(value),
            };
            let right = self.product()?;
            value = self.b.binary(op, value, right);
        }
    }

    fn product(&mut self) -> Result<Value> {
        let mut value = self.atom()?;
        loop {
            let op = match () {
                () if self.eat('*') => BinaryOp::Fmul,
                () if self.eat('/') => BinaryOp::Fdiv,
                () => return Ok(value),
            };
            let right = self.atom()?;
            value = self.b.binary(op, value, right);
        }
    }

    fn atom(&mut self) -> Result<Value> {
        if self.eat('(') {
            let value = self.sum()?;
            return if self.eat(')') { Ok(value) } else { Err("a `)` is missing".into()) };
        }
        let rest = self.peek();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '_');
        let (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = rest;
        if let Ok(number) = word.parse::<f64>() {
            return Ok(self.b.f64const(number));
        }
        if let Some(&param) = self.params.get(word) {
            return Ok(param);
        }
        let &(count, _) = self.known.get(word).ok_or_else(|| format!("what is `{word}`?"))?;
        let mut args = Vec::new();
        if self.eat('(') {
            while !self.eat(')') {
                args.push(self.sum()?);
                if !self.eat(',') && !self.peek().starts_with(')') {
                    return Err("a `)` is missing".into());
                }
            }
        }
        if args.len() != count {
            return Err(format!("{word} takes {count} arguments").into());
        }
        self.called.push((word.to_owned(), count));
        let callee = self.b.import(word, signature(count));
        Ok(self.b.call1(callee, &args[..]))
    }
}

fn main() -> Result<()> {
    let mut calculator = Calculator::new()?;
    for line in std::io::stdin().lock().lines() {
        match calculator.line(line?.trim()) {
            Ok(text) => println!("{text}"),
            Err(error) => println!("error: {error}"),
        }
        std::io::stdout().flush()?;
    }
    Ok(())
}
