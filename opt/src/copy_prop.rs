//! Copy propagation: a block parameter that gets the same value over every edge (or itself) is that value.
//!
//! Requires: SSA form.
//! Preserves: blocks, edges, loops.
//! Breaks: nothing. Parameters that were replaced are removed by `dce`.
//!
//! The rule is that of trivial φ in M. Braun et al., *Simple and Efficient Construction of Static Single Assignment
//! Form*, 2013, applied with a worklist: when a parameter is replaced, the parameters that it was an argument for are
//! looked at again.

use ir::{Function, SecondaryMap, Value, ValueDef};

use crate::Context;
use crate::edit::Aliases;

/// Replaces trivial parameters; returns how many.
pub(crate) fn run(func: &mut Function, context: &mut Context) -> usize {
    let graph = context.analyses.graph(func);
    let Some(entry) = func.entry() else { return 0 };
    // The arguments of each parameter, and the parameters that each parameter is an argument for.
    let mut args: SecondaryMap<Value, Vec<Value>> = SecondaryMap::new();
    let mut feeds: SecondaryMap<Value, Vec<Value>> = SecondaryMap::new();
    let mut work: Vec<Value> = Vec::new();
    for block in graph.rpo() {
        if block != entry {
            work.extend(func.block_params(block));
        }
        let Some(terminator) = func.terminator(block) else { continue };
        func.for_each_successor(terminator, |call| {
            for (&param, &arg) in func.block_params(call.block).iter().zip(func.list(call.args)) {
                if arg != param && !args[param].contains_last(arg) {
                    args[param].push(arg);
                    if matches!(func.value_def(arg), ValueDef::Param(..)) {
                        feeds[arg].push(param);
                    }
                }
            }
        });
    }
    work.reverse();
    let mut aliases = Aliases::new();
    let mut replaced = 0;
    while let Some(param) = work.pop() {
        if aliases.replaces(param) {
            continue;
        }
        let mut same: Option<Value> = None;
        let mut trivial = true;
        for &arg in &args[param] {
            let arg = aliases.resolve(arg);
            if arg != param && same.is_some_and(|same| same != arg) {
                trivial = false;
                break;
            }
            if arg != param {
                same = Some(arg);
            }
        }
        if let (true, Some(same)) = (trivial, same) {
            if func.value_name(same).is_none()
                && let Some(name) = func.value_name(param).map(str::to_owned)
            {
                func.set_value_name(same, &name);
            }
            aliases.replace(param, same);
            replaced += 1;
            let fed = std::mem::take(&mut feeds[param]);
            work.extend(fed.iter().copied());
            feeds[same].extend(fed);
        }
    }
    aliases.apply(func);
    replaced
}

/// A cheap look for what was just added, so that long runs of one argument are kept once.
trait ContainsLast {
    fn contains_last(&self, value: Value) -> bool;
}

impl ContainsLast for Vec<Value> {
    fn contains_last(&self, value: Value) -> bool {
        self.last() == Some(&value)
    }
}
