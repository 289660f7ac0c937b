//! The simulator against the architecture's definitions, without another machine.

mod by_definition;
