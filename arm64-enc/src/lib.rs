//! ARM64 (A64) encoder, decoder, disassembler and assembler. No dependencies, no_std.
#![no_std]
#![forbid(unsafe_code)]
