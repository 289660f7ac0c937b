//! The predecoded form: sixteen bytes an operation, the function that runs it and four numbers for it to read.

use crate::exec::{Exit, Machine};

/// A register of the current frame.
pub(crate) type Reg = u16;

/// The registers that one frame sees: as many as a `u16` counts, so that no access needs a check. (Written as a number:
/// a constant's name in the type of a function pointer trips rustc 1.95.)
pub(crate) type Window = [u64; 65_536];
pub(crate) const WINDOW: usize = size_of::<Window>() / size_of::<u64>();
const _: () = assert!(WINDOW == Reg::MAX as usize + 1);

/// Operations in a row, to the end of the function.
pub(crate) type Cells<'c> = std::slice::Iter<'c, Cell>;

/// Runs the first of these operations and those after it. Nothing of its own may be alive when it calls the next one,
/// so that an optimising compiler makes a jump of that call; see [`crate::exec`].
pub(crate) type Handler = for<'c> fn(Cells<'c>, &mut Window, &mut Machine<'c>) -> Exit;

/// One operation as the machine reads it.
///
/// Its own handler is in the cell before it, so that the next one is known as soon as this one is read. A function
/// begins with a cell that is never run, and where to go on is said by the cell before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) next: Handler,
    pub(crate) d: u16,
    pub(crate) a: u16,
    pub(crate) b: u16,
    pub(crate) c: u16,
}

const _: () = assert!(size_of::<Cell>() == 8 + size_of::<usize>());

impl Cell {
    /// The number of 32 bits: an immediate, an index, or the target of a jump.
    #[inline(always)]
    pub(crate) fn wide(&self) -> u32 {
        u32::from(self.b) | u32::from(self.c) << 16
    }

    pub(crate) fn set_wide(&mut self, wide: u32) {
        self.b = wide as u16;
        self.c = (wide >> 16) as u16;
    }
}

/// One operation as the loader makes it. In general `d` is the register that is written and the others are read or
/// immediate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op {
    pub(crate) run: Handler,
    pub(crate) d: u16,
    pub(crate) a: u16,
    pub(crate) b: u16,
    pub(crate) c: u16,
}

impl Op {
    pub(crate) fn new(run: Handler, d: u16, a: u16, b: u16, c: u16) -> Self {
        Self { run, d, a, b, c }
    }

    /// With a number of 32 bits in the place of `b` and `c`.
    pub(crate) fn with_wide(run: Handler, d: u16, a: u16, wide: u32) -> Self {
        Self { run, d, a, b: wide as u16, c: (wide >> 16) as u16 }
    }
}
