//! Assembly text of instructions.
use core::fmt;
macro_rules! debug_text { ($($t:ident)*) => { $(
impl fmt::Display for crate::$t { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Debug::fmt(self, f) } }
)* } }
debug_text! { DpImm DpReg Branch LdSt Atomic Fp Simd System }
