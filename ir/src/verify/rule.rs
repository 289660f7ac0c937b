//! The rules by name, each with its stable code.

use std::fmt;

macro_rules! rules {
    ($( $name:ident $code:literal $doc:literal )*) => {
        /// A rule of the IR. The codes are stable.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum VerifyRule { $( #[doc = $doc] $name, )* }

        impl VerifyRule {
            /// All of them, in order.
            pub const ALL: &[VerifyRule] = &[ $( VerifyRule::$name, )* ];

            /// As messages show it, such as `V011`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( VerifyRule::$name => $code, )* }
            }

            /// A line that says what it is about.
            #[must_use]
            pub const fn doc(self) -> &'static str {
                match self { $( VerifyRule::$name => $doc, )* }
            }
        }
    };
}

rules! {
    Layout       "V001" "The blocks of a function."
    Entry        "V002" "The entry block."
    Limits       "V003" "How many values, blocks, instructions, parameters and results there may be."
    Extension    "V004" "Parameters and results that are extended or slices."
    Slots        "V005" "Sizes and alignments of stack slots."
    Names        "V006" "One name that means two things in a function."
    Terminators  "V007" "The end of a block."
    Places       "V008" "An instruction that does not exist, or has two places."
    Params       "V009" "The parameters of a block."
    Results      "V010" "The results that an instruction has."
    Values       "V011" "A value that does not exist or is not defined any more."
    Entities     "V012" "A block, slot, variable, callee, signature, data object or table that does not exist."
    OperandTypes "V013" "Types of operands."
    ResultTypes  "V014" "Types of results."
    Constants    "V015" "Constants that do not fit their type."
    Narrow       "V016" "Narrow loads and stores."
    SlotOffset   "V017" "An offset outside of a stack slot."
    CallTypes    "V018" "Arguments and results of calls."
    TailResults  "V019" "Results of tail calls."
    ReturnTypes  "V020" "Values of `ret`."
    BlockArgs    "V021" "Arguments of blocks."
    Switch       "V022" "Cases and tables of `switch`."
    UniqueNames  "V023" "Names in a module."
    Callees      "V024" "Functions that are called or whose address is taken."
    HostTypes    "V025" "Signatures of functions of the host."
    Data         "V026" "Data objects that are named."
    DataAlign    "V027" "Alignments of data objects."
    Dominance    "V028" "A use that the definition does not dominate."
    Variables    "V029" "A variable in SSA form."
    Confined     "V030" "An address that a module nobody vouches for may not use."
    Addresses    "V031" "Addresses in data objects."
}

impl VerifyRule {
    /// The error that it is broken.
    pub(super) fn broken(self, message: impl Into<String>) -> Broken {
        Broken { rule: self, message: message.into() }
    }

    pub(super) fn fail<T>(self, message: impl Into<String>) -> Result<T, Broken> {
        Err(self.broken(message))
    }
}

impl fmt::Display for VerifyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule that is broken, before its place is added.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) rule: VerifyRule,
    pub(super) message: String,
}
