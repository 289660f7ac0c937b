//! Which register each value and variable lives in.

use ir::{Entity, Function, Value, Var};

/// The registers of a function: parameters first, then variables, then the other values.
pub(crate) struct Registers {
    values: Vec<u32>,
    first_var: u32,
    vars: u32,
    count: u32,
}

impl Registers {
    /// `None` if there are more than 2^32.
    pub(crate) fn assign(func: &Function) -> Option<Self> {
        let params = func.entry().map_or(&[][..], |entry| func.block_params(entry));
        let first_var = u32::try_from(params.len()).ok()?;
        let vars = u32::try_from(func.vars.len()).ok()?;
        let mut values = vec![u32::MAX; func.num_values()];
        for (index, param) in params.iter().enumerate() {
            values[param.index()] = index as u32;
        }
        let mut count = first_var.checked_add(vars)?;
        for register in values.iter_mut().filter(|register| **register == u32::MAX) {
            *register = count;
            count = count.checked_add(1)?;
        }
        Some(Self { values, first_var, vars, count })
    }

    pub(crate) fn value(&self, value: Value) -> u32 {
        self.values[value.index()]
    }

    pub(crate) fn var(&self, var: Var) -> u32 {
        self.first_var + var.index() as u32
    }

    pub(crate) fn vars(&self) -> std::ops::Range<u32> {
        self.first_var..self.first_var + self.vars
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }
}
