//! The source language, a strict subset of Rust: parse, check, lower to IR.
#![forbid(unsafe_code)]
