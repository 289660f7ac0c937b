//! What the simulator counted: instructions in all, by class, by function and by place in the source.

use arm64_sim::{Class, Simulator, Stats};
use ir::Span;

use crate::link::Linked;

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

impl Statistics {
    /// The counts of these simulators, which run `code`.
    pub(crate) fn of(simulators: &mut [Box<Simulator>], code: &Linked) -> Self {
        let mut total = Statistics::default();
        let classes: Vec<Stats> =
            simulators.iter_mut().map(|simulator| simulator.stats()).collect();
        for class in Class::ALL {
            let count = classes.iter().map(|stats| stats.class(class)).sum();
            total.classes.push((class.name(), count));
        }
        total.instructions = classes.iter().map(|stats| stats.instructions).sum();
        total.taken_branches = classes.iter().map(|stats| stats.taken_branches).sum();
        for placed in code.functions() {
            let words = placed.code_bytes as usize / 4;
            let mut places: std::collections::BTreeMap<Option<Span>, u64> = Default::default();
            for simulator in simulators.iter_mut() {
                let counts = simulator.counts(placed.range.start, words);
                for (pc, (executed, _)) in (placed.range.start..).step_by(4).zip(counts) {
                    if executed > 0 {
                        *places.entry(placed.span_at(pc)).or_default() += executed;
                    }
                }
            }
            total.functions.push(FunctionStatistics {
                name: placed.name.clone(),
                code_bytes: placed.code_bytes,
                instructions: places.values().sum(),
                places: places.into_iter().collect(),
            });
        }
        total
    }
}
