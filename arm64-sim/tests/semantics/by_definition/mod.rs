//! Every instruction against a second implementation that is as plain as can be: wide integers, bits one at a time,
//! long division, the architecture's pseudocode word for word. Operands are the corners of each width, in all pairs.
//! Nothing here asks the simulator's own arithmetic, and no other machine is needed.

mod bitwise;
mod half;
mod host;
mod integer;
mod lanes;
mod lanes_shift;
mod lanes_two;
mod machine;
mod memory;
mod ordered;
mod permute;
