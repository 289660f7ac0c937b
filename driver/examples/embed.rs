//! Jitsu in a program of one's own: build a function, call the host from it, run it.
use driver::ir::{FunctionBuilder, Module, Signature, Type};
use driver::{Caller, Engine, Func, Hosts, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let b = FunctionBuilder::new("muladd");
    let (x, y) = (b.param(Type::I64), b.param(Type::I64));
    let sum = b.add(b.mul(x, y), 2);
    b.call(b.import("report", Signature::new(&[Type::I64], &[])), sum);
    b.ret(sum);
    let mut module = Module::new();
    module.add_extern("report", Signature::new(&[Type::I64], &[]))?;
    module.add_function(b.finish()?)?;

    let engine = Engine::empty(&Hosts::new(), &Options::default())?;
    engine
        .import("report", |_: &mut Caller<'_>, x: i64| println!("the compiled function says {x}"));
    engine.add(module)?;
    let muladd: Func<(i64, i64), i64> = engine.func("muladd")?;
    println!("6 * 7 + 2 = {}", muladd.call((6, 7))?);
    Ok(())
}
