//! Register allocation over a trait; knows no IR and no instruction set.
//!
//! Implement [`Function`] for a machine IR in SSA form, describe the registers in a [`MachineEnv`], and
//! [`run`] gives every operand a place and lists the moves to insert.
#![forbid(unsafe_code)]

mod env;
mod error;
mod function;
mod operand;

pub use env::{
    Allocation, ClassRegs, Edit, EnvError, Loc, MachineEnv, Options, ProgPoint, Side, Stats,
};
pub use error::Error;
pub use function::Function;
pub use operand::{
    Block, Constraint, Inst, InstRange, Operand, OperandKind, OperandPos, PReg, PRegSet, RegClass,
    SpillSlot, VReg,
};

/// Allocates registers for `function`.
///
/// # Errors
/// [`Error`] if the function breaks a rule of [`Function`] or cannot fit the machine.
pub fn run<F: Function + ?Sized>(
    function: &F,
    env: &MachineEnv,
    options: &Options,
) -> Result<Allocation, Error> {
    Allocator::new().run(function, env, options).cloned()
}

/// The allocator with its working memory, for callers that compile many functions: nothing is allocated from
/// the second function of a size on.
#[derive(Default)]
pub struct Allocator {
    allocation: Allocation,
}

impl Allocator {
    /// An allocator with no memory yet.
    pub fn new() -> Allocator {
        Allocator::default()
    }

    /// Allocates registers for `function`. The outcome stays valid until the next run.
    ///
    /// # Errors
    /// [`Error`] if the function breaks a rule of [`Function`] or cannot fit the machine.
    pub fn run<F: Function + ?Sized>(
        &mut self,
        _function: &F,
        _env: &MachineEnv,
        _options: &Options,
    ) -> Result<&Allocation, Error> {
        self.allocation = Allocation::default();
        Err(Error::Unsupported("allocation"))
    }
}
