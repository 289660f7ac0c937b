//! What the rules allow, by crate and by file, each with its reason.

use std::sync::LazyLock;

/// The crates and what each may depend on among our own: the direction of the design.
pub(super) type Rooms = Vec<(&'static str, Vec<&'static str>)>;

/// What the table of ARCHITECTURE.md says: crates in the first column, crates that they may depend on in the second.
pub(super) static ROOMS: LazyLock<Rooms> = LazyLock::new(|| {
    let names = |cell: &'static str| cell.split('`').skip(1).step_by(2);
    let rows = include_str!("../../../ARCHITECTURE.md").lines();
    let rows = rows.filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    rows.flat_map(|(crates, may)| names(crates).map(move |name| (name, names(may).collect())))
        .collect()
});

/// Where `unsafe` may stand, and why. A path ending in `/` is a folder.
pub(super) const UNSAFE_ALLOWED: &[(&str, &str)] = &[
    ("jitmem/", "mapping, publishing and entering executable memory"),
    ("arm64-sim/src/memory", "the memory of simulated code is the host's"),
    ("arm64-sim/src/sim.rs", "whoever opens the host's memory to simulated code vouches for it"),
    ("arm64-sim/tests/", "runs the same words on the CPU, to compare"),
    ("interp/src/memory", "the memory of interpreted code is the host's"),
    ("driver/src/native.rs", "the one call of published code"),
    ("driver/src/options.rs", "who adds a module with raw addresses vouches for it"),
    ("driver/tests/common/", "tests vouch for theirs"),
    ("driver/tests/wrong/", "memory is counted and limited"),
    ("driver/tests/owned.rs", "a function is called as C calls it"),
    ("driver/tests/signals.rs", "signals are sent and handled by system calls"),
    ("cli/src/trust.rs", "`jitsu` runs what its user asks it to run"),
    ("bench/src/bin/compile.rs", "vouches for what the front end makes"),
    ("bench/src/bin/interpret.rs", "the same"),
    ("examples/", "programs in the source language, whose calls of host functions rustc wants so"),
    ("lang/tests/", "the same"),
];

/// Where `cfg(target_arch)` may stand: every dump is the same on every host.
pub(super) const ARCH_ALLOWED: &[&str] =
    &["jitmem/", "driver/src/native.rs", "driver/tests/", "arm64-sim/tests/", "xtask/"];

/// About 600 lines is what a reader holds in the head; this is where it certainly ends.
pub(super) const MAX_LINES: usize = 800;

/// Lowerings, passes and loaders: code whose input another stage has checked.
pub(super) const LOWERINGS: &[&str] =
    &["lang/src/lower/", "opt/src/", "codegen/src/lower/", "interp/src/load"];

/// Lines there that look like made-up values and are answers: the file, the text and what it says.
pub(super) const ANSWERS: &[(&str, &str, &str)] = &[
    ("lang/src/lower/constant.rs", "_ => None", "the expression is no constant"),
    ("lang/src/lower/matching.rs", "_ => return None", "the arms are no cases of a switch"),
    ("lang/src/lower/mod.rs", "_ => None", "the type is not extended in a register"),
    ("opt/src/inline.rs", ".unwrap_or(0)", "the function is called nowhere"),
    ("opt/src/rotate.rs", ".unwrap_or_default()", "the value has no name"),
    ("codegen/src/lower/args.rs", ".unwrap_or_default()", "the function calls nothing"),
    ("codegen/src/lower/overflow.rs", ".unwrap_or_default()", "the block is at its start"),
];

/// Words that mark unfinished work. A test may be ignored only with a reason beside it.
pub(super) const MARKS: &[&str] = &["TODO", "FIXME", "XXX", "#[ignore]"];
