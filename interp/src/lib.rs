//! Runs the IR: tier 0, the profiler and the oracle of the compiler.

