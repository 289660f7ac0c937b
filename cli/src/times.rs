//! `jitsu stages --times`: how long each stage and pass took.

use std::fmt;
use std::time::{Duration, Instant};

use driver::pipeline::{Observer, Stage};
use indexmap::IndexMap;
use ir::Function;

/// Adds up the time between what it is shown: all that a stage does ends where it shows what it made.
pub(crate) struct Times {
    last: Instant,
    stages: IndexMap<&'static str, Stages>,
}

/// One stage over all functions.
#[derive(Default)]
struct Stages {
    functions: usize,
    /// Changes that a pass made.
    changes: Option<usize>,
    time: Duration,
}

impl Times {
    pub(crate) fn new() -> Self {
        Self { last: Instant::now(), stages: IndexMap::new() }
    }
}

impl Observer for Times {
    fn stage(&mut self, stage: Stage<'_>, _: &Function) {
        let now = Instant::now();
        let time = now - std::mem::replace(&mut self.last, now);
        // Before the first stage there is only the copy of the module.
        if matches!(stage, Stage::Input) {
            return;
        }
        let all = self.stages.entry(stage.name()).or_default();
        all.functions += 1;
        all.time += time;
        if let Stage::Pass(report) = stage {
            *all.changes.get_or_insert(0) += report.changes;
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum: Duration = self.stages.values().map(|all| all.time).sum();
        writeln!(
            f,
            "{:<22} {:>10} {:>9} {:>12} {:>6}",
            "stage", "executions", "changes", "µs", "%"
        )?;
        for (name, all) in &self.stages {
            let changes = all.changes.map_or(String::new(), |changes| changes.to_string());
            let micros = all.time.as_secs_f64() * 1e6;
            let share = 100.0 * all.time.as_secs_f64() / sum.as_secs_f64().max(f64::MIN_POSITIVE);
            writeln!(
                f,
                "{name:<22} {:>10} {changes:>9} {micros:>12.1} {share:>6.1}",
                all.functions
            )?;
        }
        writeln!(f, "{:<22} {:>33.1}", "all", sum.as_secs_f64() * 1e6)?;
        writeln!(
            f,
            "Wall time of this one run, without verification, of all functions of the module."
        )
    }
}
