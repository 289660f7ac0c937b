//! From mutable variables to SSA form, and the SSA verifier.
#![forbid(unsafe_code)]
