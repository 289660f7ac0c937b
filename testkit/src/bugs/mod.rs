//! Tests of bugs that other code generators had, by their number in `tests/bugs/README.md`, of which a program can make
//! the inputs and compute the answers: sweeps over constants, amounts, widths and offsets.

mod both;
mod flow;
mod memory;
mod values;

use crate::matrix::File;

/// Every file, to be run as a text test.
#[must_use]
pub fn files() -> Vec<File> {
    let mut files = values::files();
    files.extend(memory::files());
    files.extend(flow::files());
    files
}

/// Numbers of 64 bits that have nothing to do with each other, the same on every run.
fn numbers(count: usize) -> Vec<i128> {
    let mut random = crate::Random::new(11);
    (0..count).map(|_| i128::from(random.bits() as i64)).collect()
}
