//! From SSA to ARM64 machine code, in three stages: [`lower`] selects instructions, [`allocate`] gives their operands
//! registers, [`emit`] writes words. [`compile`] does all three.
//!
//! ```
//! use codegen::{Options, compile};
//! use ir::{FunctionBuilder, Type};
//!
//! let b = FunctionBuilder::new("add");
//! let (x, y) = (b.param(Type::I64), b.param(Type::I64));
//! b.ret(b.add(x, y));
//! let code = compile(&b.finish()?, &Options::default())?;
//! assert_eq!(code.words, [0x8b01_0000, 0xd65f_03c0]); // add x0, x0, x1; ret
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Requires: SSA form (no variables), as `ssa::verify` accepts it. Critical edges may be there. The code follows the
//! AAPCS64; bits above an `i8`, `i16` or `i32` in a register are undefined unless a signature says how to extend. Results
//! beyond the registers are in memory, whose address the caller passes in [`RESULTS_ADDRESS`].
//! Calls are `bl` with a relocation, also to functions of the host: the linker puts a veneer within reach. Tail calls
//! are `b`. One that passes more on the stack than the function was passed makes room for it below a frame record, and its
//! callee returns to [`Runtime::FreeRoom`].
#![forbid(unsafe_code)]

mod abi;
mod allocate;
mod dump;
mod emit;
mod error;
mod frame;
mod function;
pub mod lint;
mod lower;
mod minst;
mod order;
pub mod pads;
mod runtime;
mod unwind;

pub use abi::{ArgAssigner, ArgPlace, CallConv, RESULTS_ADDRESS};
pub use dump::{Allocated, Lowered};
pub use emit::{CompiledCode, Reloc, RelocKind, SlotPlace, TrapSite};
pub use error::{Error, Reason};
pub use frame::MAX_FRAME_BYTES;
pub use function::{MBlock, MInst, MachineFunction, TrapInfo};
pub use lint::lint;
pub use minst::{Op, Symbol};
pub use regalloc::Allocation;
pub use runtime::{Runtime, RuntimeCode};
pub use unwind::{DWARF_SP, FrameChange, FrameRow};

/// The options of the caller.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The layout of arguments on the stack.
    pub call_conv: CallConv,
    /// Use the atomic instructions of Armv8.1 (LSE). Without them atomic operations are loops, which every core runs.
    pub lse: bool,
    /// Prove every register allocation, and [lint](lint()) the words; a wrong one is an error, not wrong code.
    pub check_allocation: bool,
    /// Say of each function how unwinders find its caller's registers: [`CompiledCode::frame_rows`].
    pub describe_frames: bool,
    /// The hardening of the code.
    pub protection: Protection,
}

/// The hardening of code against wrong jumps and wrong returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Protection {
    /// Landing pads (`bti`) stand where indirect calls and jumps may lead.
    pub landing_pads: bool,
    /// Return addresses that are saved are signed (`paciasp`, `autiasp`).
    pub sign_returns: bool,
}

impl Protection {
    /// A protection.
    #[must_use]
    pub fn new(landing_pads: bool, sign_returns: bool) -> Self {
        Self { landing_pads, sign_returns }
    }
}

impl Options {
    /// The same options with the allocation checker and the linter on.
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.check_allocation = true;
        self
    }

    /// The same options with or without the atomic instructions of Armv8.1.
    #[must_use]
    pub fn with_lse(mut self, lse: bool) -> Self {
        self.lse = lse;
        self
    }

    /// The same options with or without descriptions of frames.
    #[must_use]
    pub fn with_frame_descriptions(mut self, describe_frames: bool) -> Self {
        self.describe_frames = describe_frames;
        self
    }

    /// The same options with another protection.
    #[must_use]
    pub fn with_protection(mut self, protection: Protection) -> Self {
        self.protection = protection;
        self
    }

    /// The same options with another calling convention.
    #[must_use]
    pub fn with_call_conv(mut self, call_conv: CallConv) -> Self {
        self.call_conv = call_conv;
        self
    }
}

/// A compiler of functions with its working memory, for callers that compile many.
pub struct Compiler {
    options: Options,
    lowering: lower::Context,
    registers: allocate::Registers,
}

impl Compiler {
    /// A compiler with these options.
    ///
    /// # Errors
    /// Never with the registers of this crate.
    pub fn new(options: Options) -> Result<Compiler, Error> {
        let registers = allocate::Registers::new().map_err(|reason| reason.in_function(""))?;
        Ok(Compiler { options, lowering: lower::Context::default(), registers })
    }

    /// Selects instructions. Lowering is the first of three stages.
    ///
    /// # Errors
    /// [`Error`] with the instruction that cannot be compiled.
    pub fn lower(&mut self, func: &ir::Function) -> Result<MachineFunction, Error> {
        lower::lower(func, &self.options, &mut self.lowering)
    }

    /// Gives the operands of machine instructions their places.
    ///
    /// # Errors
    /// [`Reason::Allocation`], [`Reason::Check`].
    pub fn allocate(&mut self, mf: &MachineFunction) -> Result<&Allocation, Error> {
        let options = &self.options;
        self.registers.allocate(mf, options).map_err(|reason| reason.in_function(&mf.name))
    }

    /// All three stages.
    ///
    /// # Errors
    /// The first error of a stage.
    pub fn compile(&mut self, func: &ir::Function) -> Result<CompiledCode, Error> {
        let mf = self.lower(func)?;
        let allocation = self.allocate(&mf)?;
        let code = emit(func, &mf, allocation)?;
        if self.options.check_allocation {
            lint(&code)?;
        }
        Ok(code)
    }
}

/// Selects instructions for a function in SSA form.
///
/// # Errors
/// [`Error`] with the instruction that cannot be compiled.
pub fn lower(func: &ir::Function, options: &Options) -> Result<MachineFunction, Error> {
    lower::lower(func, options, &mut lower::Context::default())
}

/// Gives the operands of machine instructions their places.
///
/// # Errors
/// [`Reason::Allocation`], [`Reason::Check`].
pub fn allocate(mf: &MachineFunction, options: &Options) -> Result<Allocation, Error> {
    let mut registers =
        allocate::Registers::new().map_err(|reason| reason.in_function(&mf.name))?;
    let allocation =
        registers.allocate(mf, options).map_err(|reason| reason.in_function(&mf.name))?;
    Ok(allocation.clone())
}

/// Writes allocated machine instructions as words.
///
/// # Errors
/// [`Reason::FrameTooLarge`], [`Reason::SlotAlignment`], [`Reason::Assembly`].
pub fn emit(
    func: &ir::Function,
    mf: &MachineFunction,
    allocation: &Allocation,
) -> Result<CompiledCode, Error> {
    emit::emit(func, mf, allocation).map_err(|reason| reason.in_function(&mf.name))
}

/// Compiles a function in SSA form.
///
/// # Errors
/// The first error of a stage.
pub fn compile(func: &ir::Function, options: &Options) -> Result<CompiledCode, Error> {
    Compiler::new(options.clone())?.compile(func)
}
