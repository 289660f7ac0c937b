//! [`LoadError`]: why a function cannot be loaded.

use std::fmt;

/// Why a function cannot be loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LoadError {
    /// A function breaks a rule of the IR.
    Invalid(ir::VerifyError),
    /// A function is given to a slot that was removed, or is of another program.
    UnknownFunction {
        /// The function.
        function: String,
    },
    /// A function has another signature than its slot.
    Signature {
        /// The function.
        function: String,
        /// The signature it has.
        given: String,
        /// The signature of the slot.
        declared: String,
    },
    /// A function calls something that is not there.
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
    /// A data object has the address of something that is not there.
    UnknownAddress,
    /// A function takes the address of a data object that is not there.
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
            LoadError::UnknownFunction { function } => {
                write!(f, "@{function} is to be the body of a function that was removed")
            }
            LoadError::Signature { function, given, declared } => {
                write!(f, "@{function} is {given}, but was declared as {declared}")
            }
            LoadError::UnknownCallee { function, callee } => write!(
                f,
                "@{function} calls @{callee}, which the module does not have; define it or declare it with `extern`"
            ),
            LoadError::CalleeSignature { function, callee, called_as, has } => {
                write!(f, "@{function} calls @{callee} as {called_as}, but it is {has}")
            }
            LoadError::UnknownAddress => f.write_str(
                "a data object has the address of something that the module does not have",
            ),
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
