//! Optimisation passes over SSA, as a table.
#![forbid(unsafe_code)]
