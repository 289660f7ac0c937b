//! Hello, machine code: two instructions, assembled, published, called. On a machine that is not ARM64 the simulator
//! calls them.
#![allow(unsafe_code)]

use arm64_enc::{Assembler, Branch, BranchReg, LR, Size, X0};
use jitmem::{ExecutableCode, WritableCode};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut asm = Assembler::new();
    asm.mov_imm(X0, Size::X, 42);
    asm.push(Branch::Reg { op: BranchReg::Ret, rn: LR });
    let code = asm.finish()?;
    assert_eq!(code.words(), [0xD280_0540, 0xD65F_03C0]);

    let code = WritableCode::from_words(code.words())?.publish()?;
    println!("JIT returned: {}", call(&code)?);
    Ok(())
}

#[cfg(target_arch = "aarch64")]
fn call(code: &ExecutableCode) -> Result<u64, arm64_sim::Fault> {
    // SAFETY: the words are a function without arguments that returns an integer.
    let function: extern "C" fn() -> u64 = unsafe { std::mem::transmute(code.as_ptr()) };
    Ok(function())
}

#[cfg(not(target_arch = "aarch64"))]
fn call(code: &ExecutableCode) -> Result<u64, Box<dyn std::error::Error>> {
    use arm64_sim::{CallArgs, CodeKind, Config, Simulator};

    let mut simulator = Simulator::new(Config::restricted());
    simulator.publish(code.address(), &code.words(), CodeKind::Plain)?;
    Ok(simulator.call(code.address(), &CallArgs::default())?.ints[0])
}
