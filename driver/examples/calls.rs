//! What a call costs: calls a function that adds two numbers as often as its argument says, and nothing else.
//!
//! On an ARM64 machine, or under QEMU, which counts instructions (`-singlestep -d nochain,exec` writes a line for each),
//! the difference between two counts of calls is what a call costs.
#![forbid(unsafe_code)]

use driver::ir::{FunctionBuilder, Module, Type};
use driver::{Engine, Func, Hosts, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let calls: i64 = std::env::args().nth(1).ok_or("how many calls?")?.parse()?;
    let b = FunctionBuilder::new("add");
    let (x, y) = (b.param(Type::I64), b.param(Type::I64));
    b.ret(b.add(x, y));
    let mut module = Module::new();
    module.add_function(b.finish()?)?;
    let engine = Engine::new(module, &Hosts::new(), &Options::default())?;
    let add: Func<(i64, i64), i64> = engine.func("add")?;
    let mut sum = 0;
    for n in 0..calls {
        sum = add.call((sum, n))?;
    }
    println!("{sum}");
    Ok(())
}
