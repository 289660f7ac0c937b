//! `jitsu ir`: a program as the text form of the IR, which every other verb reads again. It is what a report of a
//! defect should have.

use std::io::{self, Write};

use crate::Failure;
use crate::args::{Args, Choice};
use crate::input;

pub(crate) const OPTIONS: &[Choice] = &[];

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let program = input::load(&args.file("ir")?)?;
    io::stdout().write_all(program.module.to_string().as_bytes())?;
    Ok(())
}
