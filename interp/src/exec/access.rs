//! Loads and stores, with the address as a register and an offset, or as the sum of a register, another one times a
//! power of two, and an offset.

use std::ops::Range;

use ir::{Extend, LoadKind, NarrowWidth, TrapKind, Type, eval};

use super::{Exit, Machine, handler, next, trap, value};
use crate::memory;
use crate::op::{Cell, Cells, Handler, Window};

/// How an address is computed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// `a` plus the offset `wide`.
    Offset,
    /// `a` plus `b` shifted left by this, plus the offset `c`.
    Indexed(u8),
}

/// The same expression with a function that computes the address in each mode.
macro_rules! by_mode {
    ($mode:expr, $make:ident, $($args:tt)*) => {
        match $mode {
            Mode::Offset => Some($make!(
                |op, r| r[usize::from(op.a)].wrapping_add_signed(i64::from(op.wide() as i32)), $($args)*
            )),
            Mode::Indexed(0) => Some(by_mode!(@indexed 0, $make, $($args)*)),
            Mode::Indexed(1) => Some(by_mode!(@indexed 1, $make, $($args)*)),
            Mode::Indexed(2) => Some(by_mode!(@indexed 2, $make, $($args)*)),
            Mode::Indexed(3) => Some(by_mode!(@indexed 3, $make, $($args)*)),
            Mode::Indexed(_) => None,
        }
    };
    (@indexed $shift:literal, $make:ident, $($args:tt)*) => {
        $make!(
            |op, r| r[usize::from(op.a)]
                .wrapping_add(r[usize::from(op.b)] << $shift)
                .wrapping_add_signed(i64::from(op.c as i16)),
            $($args)*
        )
    };
}

/// `d = memory[address]`, extended as `kind` says to a result of type `ty`.
pub(crate) fn load(kind: LoadKind, ty: Type, mode: Mode) -> Option<Handler> {
    macro_rules! make {
        (|$op:ident, $r:ident| $address:expr, $read:ident, $extend:expr) => {
            value!(|$op, $r, machine| match memory::$read($address) {
                Ok(bytes) => Ok($extend(u64::from(bytes))),
                Err(_) => Err(TrapKind::MemoryFault),
            })
        };
    }
    macro_rules! signed {
        ($read:ident, $width:ident, $ty:ident) => {
            by_mode!(mode, make, $read, |bytes| {
                let kind = LoadKind::Narrow(NarrowWidth::$width, Extend::Sign);
                eval::loaded(kind, Type::$ty, bytes)
            })
        };
    }
    match (kind, ty) {
        (LoadKind::Narrow(NarrowWidth::W8, Extend::Sign), Type::I16) => signed!(read8, W8, I16),
        (LoadKind::Narrow(NarrowWidth::W8, Extend::Sign), Type::I32) => signed!(read8, W8, I32),
        (LoadKind::Narrow(NarrowWidth::W8, Extend::Sign), Type::I64) => signed!(read8, W8, I64),
        (LoadKind::Narrow(NarrowWidth::W16, Extend::Sign), Type::I32) => signed!(read16, W16, I32),
        (LoadKind::Narrow(NarrowWidth::W16, Extend::Sign), Type::I64) => signed!(read16, W16, I64),
        (LoadKind::Narrow(NarrowWidth::W32, Extend::Sign), Type::I64) => signed!(read32, W32, I64),
        _ => match kind.memory_type(ty).bytes() {
            1 => by_mode!(mode, make, read8, |bytes| bytes),
            2 => by_mode!(mode, make, read16, |bytes| bytes),
            4 => by_mode!(mode, make, read32, |bytes| bytes),
            _ => by_mode!(mode, make, read64, |bytes| bytes),
        },
    }
}

/// `memory[address] = d`, as many bytes as `memory` has.
pub(crate) fn store(memory: Type, mode: Mode) -> Option<Handler> {
    macro_rules! make {
        (|$op:ident, $r:ident| $address:expr, $write:ident, $bits:ident) => {
            handler!(|$op, rest, $r, machine| {
                match memory::$write($address, $r[usize::from($op.d)] as $bits) {
                    Ok(()) => next!($op, rest, $r, machine),
                    Err(_) => trap(rest, machine, TrapKind::MemoryFault),
                }
            })
        };
    }
    match memory.bytes() {
        1 => by_mode!(mode, make, write8, u8),
        2 => by_mode!(mode, make, write16, u16),
        4 => by_mode!(mode, make, write32, u32),
        _ => by_mode!(mode, make, write64, u64),
    }
}

/// In restricted programs, before each access to the `d` bytes at `a` plus the offset `wide`: traps unless they may be
/// touched. The trap has the place of the access, which follows.
pub(crate) fn check(writes: bool) -> Handler {
    /// Returns `true` if a range holds the bytes at `a` plus `wide`.
    #[inline(always)]
    fn holds(op: &Cell, r: &Window, ranges: &[Range<u64>]) -> bool {
        let address = r[usize::from(op.a)].wrapping_add_signed(i64::from(op.wide() as i32));
        let end = address.checked_add(op.d.into());
        end.is_some_and(|end| ranges.iter().any(|range| range.start <= address && end <= range.end))
    }
    if writes {
        return handler!(|op, rest, r, machine, cells| {
            let touchable = holds(op, r, machine.touchable);
            if touchable { next!(op, rest, r, machine) } else { check_data(cells, r, machine) }
        });
    }
    handler!(|op, rest, r, machine, cells| {
        let touchable = holds(op, r, machine.touchable) || holds(op, r, machine.readable);
        if touchable { next!(op, rest, r, machine) } else { check_data(cells, r, machine) }
    })
}

/// So many ranges of data objects are looked through before the program is asked.
const LAST_DATA: usize = 8;

/// The same after what was touched last: asks the program whether the bytes lie in data objects, which are then the first
/// to be looked at. A handler, so that nothing waits for it.
#[cold]
#[inline(never)]
fn check_data<'c>(cells: Cells<'c>, r: &mut Window, machine: &mut Machine<'c>) -> Exit {
    let mut rest = cells;
    let Some(op) = rest.next() else { unreachable!("the check is there") };
    let address = r[usize::from(op.a)].wrapping_add_signed(i64::from(op.wide() as i32));
    let end = address.checked_add(op.d.into());
    let data = end.and_then(|end| machine.program.data_around(address..end));
    let Some(data) = data else { return trap(rest, machine, TrapKind::MemoryFault) };
    let own = machine.own_ranges;
    machine.touchable.truncate(own + LAST_DATA - 1);
    machine.touchable.insert(own, data);
    next!(op, rest, r, machine)
}
