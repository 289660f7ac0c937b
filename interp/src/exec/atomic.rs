//! Atomic accesses, sequentially consistent: with those of other threads of the process too. The address is in `a`; a
//! multiple of the width, or the access is a memory fault, as it is on the machine.

use ir::{RmwOp, TrapKind, Type, eval};

use super::{handler, next, trap, value};
use crate::memory;
use crate::op::Handler;

/// The same expression for each integer type with the functions of the memory for its width.
macro_rules! by_width {
    ($ty:expr, $make:ident) => {
        match $ty {
            Type::I8 => {
                Some($make!(I8, u8, atomic_load8, atomic_store8, atomic_update8, atomic_cas8))
            }
            Type::I16 => {
                Some($make!(I16, u16, atomic_load16, atomic_store16, atomic_update16, atomic_cas16))
            }
            Type::I32 => {
                Some($make!(I32, u32, atomic_load32, atomic_store32, atomic_update32, atomic_cas32))
            }
            Type::I64 => {
                Some($make!(I64, u64, atomic_load64, atomic_store64, atomic_update64, atomic_cas64))
            }
            _ => None,
        }
    };
}

/// `d = memory[a]`.
pub(crate) fn atomic_load(ty: Type) -> Option<Handler> {
    macro_rules! make {
        ($ty:ident, $bits:ident, $load:ident, $store:ident, $update:ident, $cas:ident) => {
            value!(|op, r, machine| match memory::$load(r[usize::from(op.a)]) {
                Ok(bits) => Ok(u64::from(bits)),
                Err(_) => Err(TrapKind::MemoryFault),
            })
        };
    }
    by_width!(ty, make)
}

/// `memory[a] = d`.
pub(crate) fn atomic_store(ty: Type) -> Option<Handler> {
    macro_rules! make {
        ($ty:ident, $bits:ident, $load:ident, $store:ident, $update:ident, $cas:ident) => {
            handler!(|op, rest, r, machine| {
                match memory::$store(r[usize::from(op.a)], r[usize::from(op.d)] as $bits) {
                    Ok(()) => next!(op, rest, r, machine),
                    Err(_) => trap(rest, machine, TrapKind::MemoryFault),
                }
            })
        };
    }
    by_width!(ty, make)
}

/// `d = memory[a]; memory[a] = op(memory[a], b)`.
pub(crate) fn atomic_rmw(op: RmwOp, ty: Type) -> Option<Handler> {
    macro_rules! table {
        ($($op:ident)*) => {
            match op {
                $(RmwOp::$op => {
                    macro_rules! make {
                        ($ty:ident, $bits:ident, $load:ident, $store:ident, $update:ident, $cas:ident) => {
                            value!(|op, r, machine| {
                                let operand = r[usize::from(op.b)];
                                let found = memory::$update(r[usize::from(op.a)], |found| {
                                    eval::rmw(RmwOp::$op, Type::$ty, found.into(), operand) as $bits
                                });
                                match found {
                                    Ok(found) => Ok(u64::from(found)),
                                    Err(_) => Err(TrapKind::MemoryFault),
                                }
                            })
                        };
                    }
                    by_width!(ty, make)
                })*
            }
        };
    }
    table!(Add Sub And Or Xor Xchg Smin Smax Umin Umax)
}

/// `d = memory[a]; if d == b { memory[a] = c }`.
pub(crate) fn atomic_cas(ty: Type) -> Option<Handler> {
    macro_rules! make {
        ($ty:ident, $bits:ident, $load:ident, $store:ident, $update:ident, $cas:ident) => {
            value!(|op, r, machine| {
                let (expected, new) = (r[usize::from(op.b)], r[usize::from(op.c)]);
                match memory::$cas(r[usize::from(op.a)], expected as $bits, new as $bits) {
                    Ok(found) => Ok(u64::from(found)),
                    Err(_) => Err(TrapKind::MemoryFault),
                }
            })
        };
    }
    by_width!(ty, make)
}

/// Orders all accesses before with all after.
pub(crate) fn fence() -> Handler {
    handler!(|op, rest, r, machine| {
        std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
        next!(op, rest, r, machine)
    })
}
