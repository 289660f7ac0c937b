//! [`Configuration`]: one of the ways in which a program can be run, all of which must give the same results.

use std::fmt;

use opt::Level;

use crate::options::{EngineKind, Options};

/// One way of running a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Configuration {
    /// The kind of engine that runs it.
    pub engine: EngineKind,
    /// The optimisation level; `None` runs the IR as it is written (interpreter only).
    pub level: Option<Level>,
}

impl Configuration {
    /// Every way that this machine has; the IR as it is written comes first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = vec![Self { engine: EngineKind::Interpreter, level: None }];
        for engine in EngineKind::available() {
            all.extend(
                [Level::None, Level::Speed].map(|level| Self { engine, level: Some(level) }),
            );
        }
        all
    }

    /// The options that make an engine of this kind, the others as by default.
    #[must_use]
    pub fn options(self) -> Options {
        Options::default()
            .engine(self.engine)
            .level(self.level.unwrap_or(Level::None))
            .optimize_for_interpreter(self.level.is_some())
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            None => "as written",
            Some(Level::None) => "level none",
            Some(_) => "level speed",
        };
        write!(f, "{}, {level}", self.engine)
    }
}
