//! Which register each value and variable lives in: one a class of coalesced values, given out when first asked for.

use ir::{Entity, Function, Type, Value, Var};

use crate::coalesce::Classes;

/// How many registers a value of this type takes: an `i128` has two, the low half first.
pub(crate) fn words(ty: Type) -> u32 {
    if ty == Type::I128 { 2 } else { 1 }
}

/// The registers of a function: parameters first, then variables, then the other values.
pub(crate) struct Registers {
    classes: Classes,
    /// The first register of each class, by the value that stands for it.
    first: Vec<Option<u32>>,
    vars: Vec<u32>,
    first_var: u32,
    end_of_vars: u32,
    count: u32,
}

impl Registers {
    /// `None` if there are more than 2^32.
    pub(crate) fn assign(func: &Function, classes: Classes) -> Option<Self> {
        // Enough for every value, so that no later sum overflows.
        u32::try_from(func.num_values() + func.vars.len()).ok()?.checked_mul(2)?.checked_add(2)?;
        let mut first = vec![None; func.num_values()];
        let mut count = 0;
        for &param in func.entry().map_or(&[][..], |entry| func.block_params(entry)) {
            first[classes.find(param).index()] = Some(count);
            count += words(func.value_type(param));
        }
        let first_var = count;
        let mut vars = Vec::with_capacity(func.vars.len());
        for var in func.vars.values() {
            vars.push(count);
            count += words(var.ty);
        }
        Some(Self { classes, first, vars, first_var, end_of_vars: count, count })
    }

    /// The register, or the first of two, of a value of type `ty`.
    pub(crate) fn value(&mut self, value: Value, ty: Type) -> u32 {
        let class = self.classes.find(value);
        let next = self.count;
        let register = *self.first[class.index()].get_or_insert(next);
        if register == next {
            self.count += words(ty);
        }
        register
    }

    pub(crate) fn var(&self, var: Var) -> u32 {
        self.vars[var.index()]
    }

    /// The registers of all variables.
    pub(crate) fn vars(&self) -> std::ops::Range<u32> {
        self.first_var..self.end_of_vars
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }
}
