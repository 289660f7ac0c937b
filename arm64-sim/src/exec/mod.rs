//! The instructions that the loop does not execute itself, by encoding class: each works on the word, whose encoding
//! the decoder has checked.

pub(crate) mod atomic;
pub(crate) mod fp;
pub(crate) mod fp_fast;
pub(crate) mod integer;
pub(crate) mod ldst;
pub(crate) mod simd;
pub(crate) mod simd_ldst;
pub(crate) mod system;
