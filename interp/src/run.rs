//! [`Interpreter`]: what an embedder sees of running programs.

use std::fmt;
use std::ops::Range;

use ir::{Span, TrapKind};
use jitmem::{HostMemory, epoch};

use crate::calls::{CallMemory, Calls};
use crate::exec::Machine;
use crate::profile::{Counts, Profile};
use crate::program::{FuncId, Program};

/// Stack slots are aligned at least so, as machine code aligns its frames.
pub(crate) const STACK_ALIGN: u64 = 16;

/// The budgets of an [`Interpreter`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Calls that may be active at once; one more is a `stack_overflow` trap.
    pub depth: usize,
    /// Bytes of stack slots that may be in use at once; more is a `stack_overflow` trap.
    pub stack_bytes: usize,
    /// Instructions of the IR that a call may run, terminators included; then it traps with `out_of_fuel`. Counted a
    /// block at a time, and only if the program was loaded [counted](crate::LoadOptions::counted).
    pub fuel: Option<u64>,
}

impl Default for Limits {
    /// 50,000 calls, 8 MiB of stack slots, no budget of instructions.
    fn default() -> Self {
        Self { depth: 50_000, stack_bytes: 8 << 20, fuel: None }
    }
}

/// The host functions that a program calls.
pub trait Host {
    /// Calls the host function of this [index](crate::HostId::index), for a loaded module its place in the `externs`. Values are raw bits; the host sets
    /// every result.
    ///
    /// # Errors
    /// A kind of trap ends the program's call.
    fn call(&mut self, index: usize, args: &[u64], results: &mut [u64]) -> Result<(), TrapKind>;
}

impl<F: FnMut(usize, &[u64], &mut [u64]) -> Result<(), TrapKind>> Host for F {
    fn call(&mut self, index: usize, args: &[u64], results: &mut [u64]) -> Result<(), TrapKind> {
        self(index, args, results)
    }
}

/// A host without functions: a call of one traps as `unreachable`.
#[derive(Clone, Copy, Debug)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, _: usize, _: &[u64], _: &mut [u64]) -> Result<(), TrapKind> {
        Err(TrapKind::Unreachable)
    }
}

/// A function and the place in its source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The function.
    pub function: FuncId,
    /// The name of its body, unless it has none.
    pub name: Option<String>,
    /// The place in the source, if the instruction has one.
    pub span: Option<Span>,
}

/// A call ended without a result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trap {
    /// Why.
    pub kind: TrapKind,
    /// Where.
    pub place: Place,
    /// The function that was called, if the trap is a `bad_call` of a function without a body.
    pub missing: Option<FuncId>,
    /// The calls that were active, the innermost first, without the one that trapped; at most 64.
    pub callers: Vec<Place>,
    /// The number of calls beyond them.
    pub left_out: usize,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trap: {}", self.kind)?;
        if let Some(name) = &self.place.name {
            write!(f, " in @{name}")?;
        }
        match self.place.span {
            Some(span) => write!(f, " at {span}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Trap {}

/// The registers, the stack and the budgets to run programs with. One call at a time; may be used for one program
/// after another.
#[derive(Debug)]
pub struct Interpreter {
    limits: Limits,
    memory: CallMemory,
    /// Registers above the windows.
    wide: Vec<u64>,
    stack: Option<HostMemory>,
    allowed: Vec<Range<u64>>,
    readable: Vec<Range<u64>>,
    /// What a restricted program may touch: its stack, its data, and what is allowed.
    touchable: Vec<Range<u64>>,
    counts: Counts,
}

impl Default for Interpreter {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Interpreter {
    /// An interpreter with these budgets.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            memory: CallMemory::default(),
            wide: Vec::new(),
            stack: None,
            allowed: Vec::new(),
            readable: Vec::new(),
            touchable: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// Changes the budgets for calls to come.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.stack = None;
    }

    /// Lets restricted programs touch these addresses, beside their own stack and data, until
    /// [`forget`](Self::forget). The memory must live for as long as calls are made.
    pub fn allow(&mut self, range: Range<u64>) {
        self.allowed.push(range);
    }

    /// The same for reading only.
    pub fn allow_reading(&mut self, range: Range<u64>) {
        self.readable.push(range);
    }

    /// Takes back every [`allow`](Self::allow) and [`allow_reading`](Self::allow_reading).
    pub fn forget(&mut self) {
        self.allowed.clear();
        self.readable.clear();
    }

    /// Calls a function. Arguments and results are raw bits; what is above an argument's type is ignored.
    ///
    /// # Errors
    /// The trap that ended the call. Too few or too many arguments trap as `unreachable`, a function without a body or one
    /// that was removed as `bad_call`.
    pub fn call(
        &mut self,
        program: &Program,
        function: FuncId,
        args: &[u64],
        host: &mut dyn Host,
    ) -> Result<Vec<u64>, Trap> {
        if self.stack.is_none() {
            self.stack = HostMemory::new(self.limits.stack_bytes, STACK_ALIGN as usize).ok();
        }
        let stack = self.stack.as_ref().map_or(0..0, HostMemory::range);
        self.touchable.clear();
        self.touchable.push(stack.clone());
        self.touchable.extend_from_slice(&self.allowed);
        // From here on the bodies that are found stay until this call ends.
        let inside = epoch::enter();
        let outside = |kind, name: Option<&str>, missing| Trap {
            kind,
            place: Place { function, name: name.map(str::to_owned), span: None },
            missing,
            callers: Vec::new(),
            left_out: 0,
        };
        let code = program.slot(function, &inside).and_then(|slot| slot.body.get(&inside));
        let code = code.ok_or_else(|| outside(TrapKind::BadCall, None, Some(function)))?;
        if code.params.len() != args.len() {
            return Err(outside(TrapKind::Unreachable, Some(&code.name), None));
        }
        let Some((first, rest)) = code.cells.split_first() else {
            unreachable!("every function has a first cell")
        };
        let machine = Machine {
            program,
            inside: &inside,
            code,
            cells: code.cells.iter(),
            slots: 0,
            wide: &mut self.wide,
            wide_base: 0,
            own_ranges: self.touchable.len(),
            touchable: &mut self.touchable,
            readable: &self.readable,
            fuel: self.limits.fuel.unwrap_or(u64::MAX),
            counts: &mut self.counts,
            yield_budget: 0,
            op: first,
            rest: rest.iter(),
            detail: 0,
            address: 0,
            trap: TrapKind::Unreachable,
        };
        Calls::new(machine, &mut self.memory, self.limits.depth, stack).run(args, host)
    }

    /// The counts since the last [`reset_profile`](Self::reset_profile); all zero unless the program was loaded
    /// [counted](crate::LoadOptions::counted).
    #[must_use]
    pub fn profile(&self, program: &Program) -> Profile {
        self.counts.profile(program)
    }

    /// Sets every count to zero. Do so before running another program.
    pub fn reset_profile(&mut self) {
        self.counts.clear();
    }
}
