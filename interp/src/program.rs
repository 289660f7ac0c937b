//! [`Program`]: a module predecoded, ready to run.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use ir::{Block, Module, Signature, Span, Type};
use jitmem::DataMemory;

use crate::load;
use crate::op::Cell;

/// What a program may touch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MemoryAccess {
    /// Own stack slots, data objects, and the ranges given to
    /// [`Interpreter::allow`](crate::Interpreter::allow): anything else is a `memory_fault` trap. For IR that is not
    /// trusted.
    #[default]
    Restricted,
    /// Every address of the process, as the machine code of the same program would: whoever gives the IR vouches for its
    /// addresses. Only the first page and what is above user space trap.
    Host,
}

/// How to load a module.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// What the program may touch.
    pub memory: MemoryAccess,
    /// Whether blocks and edges are counted and the budget of instructions applies. Costs time.
    pub counted: bool,
}

/// Why a module cannot be loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// A function breaks a rule of the IR.
    Invalid(ir::VerifyError),
    /// A function calls something that the module neither has nor declares.
    UnknownCallee {
        /// The calling function.
        function: String,
        /// What it calls.
        callee: String,
    },
    /// A function calls something with another signature than it has.
    CalleeSignature {
        /// The calling function.
        function: String,
        /// What it calls.
        callee: String,
        /// The signature of the call.
        called_as: String,
        /// The signature it has.
        has: String,
    },
    /// A function takes the address of a data object that the module does not have.
    UnknownData {
        /// The function.
        function: String,
        /// The data object.
        data: String,
    },
    /// There is not enough memory for the data objects.
    OutOfMemory,
    /// A function is larger than the interpreter's numbers reach.
    TooLarge {
        /// The function.
        function: String,
    },
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Invalid(error) => error.fmt(f),
            LoadError::UnknownCallee { function, callee } => write!(
                f,
                "@{function} calls @{callee}, which the module does not have; define it or declare it with `extern`"
            ),
            LoadError::CalleeSignature { function, callee, called_as, has } => {
                write!(f, "@{function} calls @{callee} as {called_as}, but it is {has}")
            }
            LoadError::UnknownData { function, data } => {
                write!(
                    f,
                    "@{function} takes the address of @{data}, which the module does not have"
                )
            }
            LoadError::OutOfMemory => {
                f.write_str("there is not enough memory for the data objects")
            }
            LoadError::TooLarge { function } => {
                write!(f, "@{function} is too large for the interpreter")
            }
        }
    }
}

impl std::error::Error for LoadError {}

/// A function of a [`Program`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FuncId(pub(crate) u32);

/// A module predecoded. It does not change while it runs, but for its data objects, and may be shared by threads.
#[derive(Debug)]
pub struct Program {
    pub(crate) functions: Vec<FuncCode>,
    pub(crate) counters: Counters,
    pub(crate) options: LoadOptions,
    /// The bits that each result of the host functions may have set.
    pub(crate) host_results: Vec<Vec<u64>>,
    pub(crate) shapes: Shapes,
    data: Arc<DataMemory>,
    by_name: HashMap<String, FuncId>,
}

/// The counters of a counted program, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Function, block, and how many instructions the block has.
    pub(crate) blocks: Vec<(FuncId, Block, u64)>,
    pub(crate) edges: Vec<(FuncId, Block, Block)>,
}

/// A predecoded function.
#[derive(Debug)]
pub(crate) struct FuncCode {
    pub(crate) name: String,
    pub(crate) signature: Signature,
    /// The bits that each word of the parameters may have set.
    pub(crate) params: Vec<u64>,
    pub(crate) cells: Vec<Cell>,
    /// The source place of each operation.
    pub(crate) spans: Vec<Option<Span>>,
    pub(crate) pool: Vec<u64>,
    pub(crate) sites: Vec<CallSite>,
    pub(crate) returns: Vec<Box<[u32]>>,
    pub(crate) tables: Vec<SwitchTargets>,
    /// Registers of the window and above it.
    pub(crate) registers: u32,
    pub(crate) wide: u32,
    /// Constants that are put into registers at each call.
    pub(crate) preset: Vec<(u32, u64)>,
    /// Registers that start as 0: the variables.
    pub(crate) zeroed: std::ops::Range<u32>,
    /// Stack slots: bytes and alignment.
    pub(crate) frame_size: u64,
    pub(crate) frame_align: u64,
    /// Whether a call of it needs registers of the window and nothing else.
    pub(crate) plain: bool,
}

/// Where a call's arguments come from and its results go to.
#[derive(Clone, Debug)]
pub(crate) struct CallSite {
    /// `None` if it is an indirect call.
    pub(crate) target: Option<Target>,
    /// The number of the signature that it is called with.
    pub(crate) shape: u32,
    pub(crate) args: Box<[u32]>,
    pub(crate) results: Box<[u32]>,
    /// Whether all arguments are in the window, and will be.
    pub(crate) near: bool,
}

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A function of the program.
    Function(u32),
    /// A host function, by its place in the module's `externs`.
    Host(u32),
}

/// Numbers of signatures, so that an indirect call compares two numbers.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    numbers: HashMap<Signature, u32>,
    /// Of each function of the program and of each host function.
    functions: Vec<u32>,
    hosts: Vec<u32>,
}

impl Shapes {
    fn of(module: &Module) -> Self {
        let mut shapes = Self::default();
        let functions = module.functions.values().map(|func| &func.signature);
        shapes.functions = functions.map(|signature| shapes.number(signature)).collect();
        shapes.hosts = module.externs.values().map(|signature| shapes.number(signature)).collect();
        shapes
    }

    /// The number of a signature, a new one if it is new.
    pub(crate) fn number(&mut self, signature: &Signature) -> u32 {
        let next = self.numbers.len() as u32;
        match self.numbers.get(signature) {
            Some(&number) => number,
            None => {
                self.numbers.insert(signature.clone(), next);
                next
            }
        }
    }
}

/// The addresses of functions: those of the program, then those of the host. No data is there, and no access reaches
/// there in any program.
const FUNCTION_ADDRESSES: u64 = 1 << 60;
/// They are so far apart, so that a number next to one is none.
const FUNCTION_DISTANCE: u64 = 16;

/// The targets of a `switch`.
#[derive(Clone, Debug)]
pub(crate) enum SwitchTargets {
    /// Target by value minus `first`, modulo the type.
    Dense { first: u64, mask: u64, targets: Vec<u32>, default: u32 },
    /// Values in order.
    Sparse { values: Vec<u64>, targets: Vec<u32>, default: u32 },
}

impl Program {
    /// Predecodes a module and places its data objects.
    ///
    /// # Errors
    /// The first thing that the module lacks or does wrong.
    pub fn load(module: &Module, options: &LoadOptions) -> Result<Self, LoadError> {
        let objects = module.data.values().map(|object| (&*object.bytes, object.align.into()));
        let data = DataMemory::new(objects).map_err(|_| LoadError::OutOfMemory)?;
        Self::load_with_data(module, options, Arc::new(data))
    }

    /// The same with data objects that are placed already, in the order of the module, so that several engines see one
    /// memory.
    ///
    /// # Errors
    /// The first thing that the module lacks or does wrong.
    pub fn load_with_data(
        module: &Module,
        options: &LoadOptions,
        data: Arc<DataMemory>,
    ) -> Result<Self, LoadError> {
        let mut program = Program {
            functions: Vec::with_capacity(module.functions.len()),
            counters: Counters::default(),
            options: *options,
            host_results: module
                .externs
                .values()
                .map(|signature| signature.result_types().map(Type::mask).collect())
                .collect(),
            shapes: Shapes::of(module),
            data: Arc::clone(&data),
            by_name: module
                .functions
                .keys()
                .enumerate()
                .map(|(index, name)| (name.clone(), FuncId(index as u32)))
                .collect(),
        };
        for (id, func) in module.functions.values().enumerate() {
            ir::verify_function(func).map_err(LoadError::Invalid)?;
            let code = load::function(module, func, FuncId(id as u32), &data, &mut program)?;
            program.functions.push(code);
        }
        Ok(program)
    }

    /// The address that stands for a function.
    pub(crate) fn address_of(module: &Module, name: &str) -> Option<u64> {
        let own = module.functions.get_index_of(name);
        let host = || Some(module.functions.len() + module.externs.get_index_of(name)?);
        let index = own.or_else(host)? as u64;
        Some(FUNCTION_ADDRESSES + index * FUNCTION_DISTANCE)
    }

    /// The function that an address stands for.
    pub(crate) fn at_address(&self, address: u64) -> Option<Target> {
        let distance = address.checked_sub(FUNCTION_ADDRESSES)?;
        if distance % FUNCTION_DISTANCE != 0 {
            return None;
        }
        let index = u32::try_from(distance / FUNCTION_DISTANCE).ok()?;
        match index.checked_sub(self.functions.len() as u32) {
            None => Some(Target::Function(index)),
            Some(host) if (host as usize) < self.host_results.len() => Some(Target::Host(host)),
            Some(_) => None,
        }
    }

    /// The number of a function's signature.
    pub(crate) fn shape_of(&self, target: Target) -> Option<u32> {
        match target {
            Target::Function(index) => self.shapes.functions.get(index as usize).copied(),
            Target::Host(index) => self.shapes.hosts.get(index as usize).copied(),
        }
    }

    /// The function of this name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<FuncId> {
        self.by_name.get(name).copied()
    }

    /// The name of a function.
    #[must_use]
    pub fn name(&self, function: FuncId) -> Option<&str> {
        self.functions.get(function.0 as usize).map(|code| code.name.as_str())
    }

    /// What a function takes and returns.
    #[must_use]
    pub fn signature(&self, function: FuncId) -> Option<&Signature> {
        self.functions.get(function.0 as usize).map(|code| &code.signature)
    }

    /// The data objects in memory.
    #[must_use]
    pub fn data(&self) -> &Arc<DataMemory> {
        &self.data
    }
}
