//! What the simulator counted: instructions in all, by class, by function and by place in the source.

use ir::Span;

/// Exact counts of all simulated calls of an engine. Calls that are under way are not among them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Instructions executed.
    pub instructions: u64,
    /// Branches that went elsewhere than to the next instruction, calls and returns among them.
    pub taken_branches: u64,
    /// Instructions by what they mainly do: the name of the class, and how many.
    pub classes: Vec<(&'static str, u64)>,
    /// The functions in the order of the module.
    pub functions: Vec<FunctionStatistics>,
}

/// The counts of one function. What was inlined into it counts here.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FunctionStatistics {
    /// Its name.
    pub name: String,
    /// Bytes of its code, constants left out.
    pub code_bytes: u32,
    /// Instructions executed in it.
    pub instructions: u64,
    /// Instructions executed for each place in the source, in the order of the places; `None` is what the compiler
    /// added, such as the saving of registers at the beginning.
    pub places: Vec<(Option<Span>, u64)>,
}
