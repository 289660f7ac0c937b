//! `jitsu ir`: a program as the text form of the IR, which every other verb reads again. It is what a report of a
//! defect should have.

use std::io::{self, Write};

use super::Failure;
use super::args::{Args, Choice};
use super::input;

pub(super) const OPTIONS: &[Choice] = &[];

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let program = input::load(&args.file("ir")?)?;
    io::stdout().write_all(program.module.to_string().as_bytes())?;
    Ok(())
}
