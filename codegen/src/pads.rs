//! Landing pads and signatures of return addresses: the hints that processors without them (BTI, PAuth) skip.

use arm64_enc::{HintNumber, System};

/// The hint of this number (Arm ARM, C6.2.126).
const fn hint<const NUMBER: u64>() -> System {
    System::Hint { number: HintNumber::of::<NUMBER>() }
}

/// `xpaclri`: takes the signature off the link register.
pub const XPACLRI: System = hint::<7>();
/// `paciasp`: signs the return address with the stack pointer; a landing pad for calls.
pub const PACIASP: System = hint::<25>();
/// `autiasp`: takes the signature off the return address, and spoils one that is wrong.
pub const AUTIASP: System = hint::<29>();
/// `bti c`: a landing pad for calls, and for jumps by `x16` and `x17`.
pub const BTI_C: System = hint::<34>();
/// `bti j`: a landing pad for jumps.
pub const BTI_J: System = hint::<36>();
/// `bti jc`: a landing pad for both.
pub const BTI_JC: System = hint::<38>();
