//! The intermediate representation: types, opcodes, functions, text form, verifier, semantics.
#![forbid(unsafe_code)]
