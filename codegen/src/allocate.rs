//! Register allocation of machine IR: the glue to the `regalloc` crate, and its checker.

use regalloc::{Allocation, Allocator, MachineEnv};

use crate::Options;
use crate::abi;
use crate::error::Reason;
use crate::function::MachineFunction;

/// The allocator and the registers it may hand out, kept from function to function.
pub(crate) struct Registers {
    allocator: Allocator,
    env: MachineEnv,
}

impl Registers {
    pub(crate) fn new() -> Result<Registers, Reason> {
        let env =
            abi::machine_env().map_err(|_| Reason::Internal("the lists of registers overlap"))?;
        Ok(Registers { allocator: Allocator::new(), env })
    }

    /// Gives every operand a place.
    ///
    /// # Errors
    /// [`Reason::Allocation`], or [`Reason::Check`] if the checker is asked for and objects.
    pub(crate) fn allocate(
        &mut self,
        mf: &MachineFunction,
        options: &Options,
    ) -> Result<&Allocation, Reason> {
        let settings = regalloc::Options::default();
        let allocation =
            self.allocator.run(mf, &self.env, &settings).map_err(Reason::Allocation)?;
        if options.check_allocation {
            regalloc::check(mf, &self.env, allocation)
                .map_err(|error| Reason::Check(error.to_string()))?;
        }
        Ok(allocation)
    }
}
