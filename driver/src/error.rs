//! What can go wrong with an engine.

use std::any::Any;
use std::fmt;

use ir::{Signature, Span, TrapKind};

use crate::backtrace::{At, Backtrace};
use crate::closure::HostError;
use crate::options::EngineKind;
use crate::table::FuncId;

/// A call ended without a result. The process, its locks and its registers are as before.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Trap {
    /// Why.
    pub kind: TrapKind,
    /// The function that was running; of a function that was inlined, the one that it became a part of.
    pub function: String,
    /// The source file, if the module names one.
    pub file: Option<String>,
    /// The place in the source, if it is known.
    pub span: Option<Span>,
    /// More, for a person: an address, an instruction.
    pub detail: Option<String>,
    /// The calls that were under way.
    pub callers: Backtrace,
}

impl Trap {
    /// A trap in a function, about which nothing more is known.
    pub(crate) fn of(kind: TrapKind, function: String) -> Self {
        let callers = Backtrace::default();
        Trap { kind, function, file: None, span: None, detail: None, callers }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = At(self.file.as_deref(), self.span);
        write!(f, "trap: {} in `{}`{at}", self.kind, self.function)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        self.callers.fmt(f)
    }
}

impl std::error::Error for Trap {}

/// A function of the host ended a call, by an error or a panic.
#[derive(Debug)]
#[non_exhaustive]
pub struct HostFailure {
    /// Its name.
    pub host: String,
    /// The function that called it.
    pub function: String,
    /// The source file of that, if its module names one.
    pub file: Option<String>,
    /// The place of the call in the source, if it is known.
    pub span: Option<Span>,
    /// The calls that were under way beside.
    pub callers: Backtrace,
    /// The error that it returned.
    pub source: HostError,
}

impl fmt::Display for HostFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, function, file, span, callers, source } = self;
        let at = At(file.as_deref(), *span);
        write!(f, "`{host}`, called in `{function}`{at}: {source}{callers}")
    }
}

/// Why an engine cannot be made, or a call fails.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The module breaks a rule of the IR.
    Verify {
        /// The stage after which it does.
        stage: &'static str,
        /// The rule and the place.
        error: ir::VerifyError,
    },
    /// The module uses raw addresses, and nobody vouches for it: see [`Options::trusted`](crate::Options::trusted).
    NotConfined(ir::VerifyError),
    /// A function cannot be compiled.
    Compile(Box<codegen::Error>),
    /// A module cannot be loaded into the interpreter.
    #[cfg(feature = "interpreter")]
    Load(Box<interp::LoadError>),
    /// There is no memory for the code.
    Memory(jitmem::MapError),
    /// A file for profilers cannot be written.
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the operating system said.
        error: std::io::Error,
    },
    /// The code cannot be put together.
    Link {
        /// The function.
        function: String,
        /// What is the matter with it.
        problem: LinkProblem,
    },
    /// The module wants a function of the host that it was not given.
    MissingHost {
        /// Its name.
        name: String,
        /// What the module calls it as.
        signature: Signature,
        /// A name that is there and looks alike, of the host or of a function.
        similar: Option<String>,
    },
    /// A function of the host has another signature than the module says.
    HostSignature {
        /// Its name.
        name: String,
        /// What the module says.
        declared: Box<Signature>,
        /// What it is.
        actual: Box<Signature>,
    },
    /// The module has no function of this name.
    NoFunction {
        /// The name.
        name: String,
        /// A name that it has and that looks alike.
        similar: Option<String>,
    },
    /// No module of the engine has a data object of this name.
    NoData {
        /// The name.
        name: String,
        /// A name that is there and looks alike.
        similar: Option<String>,
    },
    /// A data object has fewer bytes.
    DataRange {
        /// The object.
        name: String,
        /// How many it has.
        size: usize,
        /// The first that is wanted.
        offset: usize,
        /// How many are wanted.
        count: usize,
    },
    /// A data object is not mutable.
    DataReadOnly {
        /// The object.
        name: String,
    },
    /// A function is used with other types than it has.
    WrongSignature {
        /// The function.
        name: String,
        /// What it is.
        actual: Box<Signature>,
        /// What it is used as.
        used_as: Box<Signature>,
    },
    /// A call passes too few or too many arguments.
    ArgumentCount {
        /// The function.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many were passed.
        given: usize,
    },
    /// The engine has a function of this name.
    NameTaken {
        /// The name.
        name: String,
    },
    /// What is to take the place of one function is not one function.
    NotOneFunction {
        /// How many there are.
        count: usize,
    },
    /// The id is of another engine, or of a function that was removed.
    UnknownId {
        /// The id.
        id: FuncId,
    },
    /// A function is declared, and has no body yet.
    NoBody {
        /// The function.
        name: String,
    },
    /// A function was removed.
    Removed {
        /// The function.
        name: String,
    },
    /// The engine does not run here: native code on a machine that is not ARM64, or one whose feature is off.
    NoEngine {
        /// Which one.
        kind: EngineKind,
    },
    /// A function cannot be had as a C function.
    NoPointer {
        /// The function.
        name: String,
        /// The kind of engine that runs it.
        kind: EngineKind,
    },
    /// The engine cannot do what an option asks.
    NotKept {
        /// The engine.
        kind: EngineKind,
        /// The option.
        option: &'static str,
    },
    /// The call ended in a trap.
    Trap(Trap),
    /// A function of the host ended the call.
    Host(Box<HostFailure>),
    /// The simulator found something that correct machine code never does.
    Machine(String),
    /// Something inside the driver does not hold: a defect.
    Internal(&'static str),
    /// A stage of the compiler met what it takes for impossible: a defect. Where it stands is told by the panic hook.
    Panicked(String),
}

impl Error {
    /// A function without a body was called.
    pub(crate) fn no_body(function: &str) -> Self {
        Error::NoBody { name: function.to_owned() }
    }

    /// The same error where code is the caller: to call what is not there is a trap.
    pub(crate) fn in_code(self) -> Self {
        match &self {
            Error::NoBody { name } | Error::Removed { name } => {
                let detail = Some(self.to_string());
                Trap { detail, ..Trap::of(TrapKind::BadCall, name.clone()) }.into()
            }
            _ => self,
        }
    }

    /// A call of `function` that would be one too many on its thread.
    #[cold]
    pub(crate) fn too_deep(function: &str) -> Self {
        Trap::of(TrapKind::StackOverflow, function.to_owned()).into()
    }

    /// The error of a stage that ended in a panic.
    pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        Error::Panicked(text.unwrap_or("a panic without a message").to_owned())
    }

    /// Returns `true` if Jitsu is to blame, not the program or its host. The module's text form is then what to report:
    /// reading it gives the same module.
    #[must_use]
    pub fn is_defect(&self) -> bool {
        match self {
            // What comes in is the caller's; what a stage makes of it is ours.
            Error::Verify { stage, .. } => *stage != READING,
            Error::Compile(error) => error.reason.is_defect(),
            Error::Machine(_) | Error::Internal(_) | Error::Panicked(_) => true,
            Error::Link { problem, .. } => *problem == LinkProblem::UnknownKind,
            _ => false,
        }
    }
}

/// The stage before the first.
pub(crate) const READING: &str = "reading";

/// A fault of something that code refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LinkProblem {
    /// It is further away than a call reaches.
    OutOfReach,
    /// The code is patched in a way that this linker does not know.
    UnknownKind,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Verify { stage, error } => write!(f, "after {stage}: {error}"),
            Error::NotConfined(error) => write!(
                f,
                "{error}; or vouch for the module with `Options::trusted`, or run it on an engine whose memory is restricted"
            ),
            Error::Compile(error) => error.fmt(f),
            #[cfg(feature = "interpreter")]
            Error::Load(error) => error.fmt(f),
            Error::Memory(error) => error.fmt(f),
            Error::Link { function, problem } => match problem {
                LinkProblem::OutOfReach => {
                    write!(f, "`{function}` calls something that is further than 128 MiB away")
                }
                LinkProblem::UnknownKind => {
                    write!(f, "`{function}` refers to something in a way that the linker does not know")
                }
            },
            Error::NameTaken { name } => {
                write!(f, "the engine has a function `{name}`; replace it, remove it, or give the new one another name")
            }
            Error::NotOneFunction { count } => {
                write!(f, "one function is replaced by a module with one function; this one has {count}")
            }
            Error::UnknownId { id } => {
                write!(f, "{id} is not there: it was removed, or the id is of another engine")
            }
            Error::NoBody { name } => {
                write!(f, "`{name}` is declared, but has no body yet; add a module that has it")
            }
            Error::Removed { name } => write!(f, "`{name}` was removed"),
            Error::MissingHost { name, signature, similar } => {
                write!(f, "the module wants the host function `{name}` {signature}; ")?;
                match similar {
                    Some(similar) => write!(f, "is `{similar}` meant? If not, add it to the `Hosts`"),
                    None => write!(f, "add it to the `Hosts`"),
                }
            }
            Error::HostSignature { name, declared, actual } => write!(
                f,
                "the module declares the host function `{name}` as {declared}, but it is {actual}"
            ),
            Error::NoFunction { name, similar } => {
                write!(f, "there is no function `{name}`")?;
                match similar {
                    Some(similar) => write!(f, "; is `{similar}` meant?"),
                    None => Ok(()),
                }
            }
            Error::NoData { name, similar } => {
                write!(f, "there is no data object `{name}`, or its module is gone")?;
                match similar {
                    Some(similar) if similar != name => write!(f, "; is `{similar}` meant?"),
                    _ => Ok(()),
                }
            }
            Error::DataRange { name, size, offset, count } => write!(
                f,
                "the data object `{name}` has {size} bytes, not {count} from byte {offset} on"
            ),
            Error::DataReadOnly { name } => {
                write!(f, "the data object `{name}` is read only; declare it as `data mut`")
            }
            Error::WrongSignature { name, actual, used_as } => {
                write!(f, "`{name}` is {actual}, not {used_as}")
            }
            Error::ArgumentCount { name, expected, given } => {
                let s = if *expected == 1 { "" } else { "s" };
                write!(f, "`{name}` takes {expected} argument{s}, but {given} were given")
            }
            Error::File { path, error } => {
                write!(f, "`{}` cannot be written: {error}", path.display())
            }
            Error::NoEngine { kind: EngineKind::Native } => f.write_str(
                "native code needs an ARM64 machine; the simulator and the interpreter run everywhere",
            ),
            Error::NoEngine { kind } => {
                write!(f, "`driver` was built without the engine `{kind}`; a feature adds it")
            }
            Error::NoPointer { name, kind } => write!(
                f,
                "`{name}` has no address that C could call on the engine `{kind}`; call it by its `Func`, or use native code"
            ),
            Error::NotKept { kind, option } => write!(
                f,
                "the engine `{kind}` cannot keep the option `{option}`; the simulator and the interpreter can"
            ),
            Error::Trap(trap) => trap.fmt(f),
            Error::Host(failure) => failure.fmt(f),
            Error::Machine(fault) => write!(f, "the simulator stopped: {fault}"),
            Error::Internal(what) => write!(f, "a defect of Jitsu: {what}"),
            Error::Panicked(what) => write!(f, "a defect of Jitsu: {what}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Verify { error, .. } | Error::NotConfined(error) => Some(error),
            #[cfg(feature = "interpreter")]
            Error::Load(error) => Some(&**error),
            Error::Memory(error) => Some(error),
            Error::File { error, .. } => Some(error),
            Error::Trap(trap) => Some(trap),
            Error::Host(failure) => Some(&*failure.source),
            _ => None,
        }
    }
}

#[cfg(feature = "interpreter")]
impl From<interp::LoadError> for Error {
    fn from(error: interp::LoadError) -> Self {
        Error::Load(Box::new(error))
    }
}

impl From<codegen::Error> for Error {
    fn from(error: codegen::Error) -> Self {
        Error::Compile(Box::new(error))
    }
}

impl From<jitmem::MapError> for Error {
    fn from(error: jitmem::MapError) -> Self {
        Error::Memory(error)
    }
}

impl From<Trap> for Error {
    fn from(trap: Trap) -> Self {
        Error::Trap(trap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_defect_with_its_message() {
        let caught = |work: fn()| Error::panicked(&*std::panic::catch_unwind(work).unwrap_err());
        for work in [|| unreachable!("a loop has {} headers", 2), || panic!("plain")] as [fn(); 2] {
            let error = caught(work);
            assert!(error.is_defect());
            let text = error.to_string();
            assert!(text.contains("loop has 2 headers") || text.ends_with(": plain"), "{text}");
        }
    }
}
