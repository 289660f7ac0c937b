//! The wiring of Jitsu: engines, typed functions, host imports, and the jitsu program.
