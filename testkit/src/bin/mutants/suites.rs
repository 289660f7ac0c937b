//! Which tests are run for a fault, in the order of most likely.

use super::data::Fault;

/// The tests that reach a crate from above, after its own: words for `cargo test -p`.
const SUITES: &[(&str, &[&str])] = &[
    (
        "ir",
        &["interp", "opt", "cli --test text", "driver --test random", "driver --test wide", "lang"],
    ),
    ("cfg", &["ssa", "opt", "cli --test text", "driver --test random"]),
    ("ssa", &["opt", "cli --test text", "driver --test random", "cli --test examples"]),
    (
        "opt",
        &[
            "cli --test text",
            "driver --test random",
            "driver --test wide",
            "cli --test examples",
            "driver",
            "cli --test restricted",
        ],
    ),
    ("regalloc", &["codegen", "cli --test text", "driver --test random", "cli --test examples"]),
    ("arm64-enc", &["codegen", "arm64-sim", "cli --test text"]),
    (
        "arm64-sim",
        &[
            "codegen",
            "cli --test text",
            "driver --test random",
            "qemu arm64-sim --test second_opinion",
        ],
    ),
    (
        "codegen",
        &[
            "cli --test text",
            "driver --test random",
            "driver --test wide",
            "cli --test examples",
            "driver",
            "cli --test restricted",
            "qemu driver",
        ],
    ),
    ("jitmem", &["driver --test engines", "driver", "qemu jitmem", "qemu driver"]),
    ("interp", &["cli --test text", "driver --test random", "driver --test engines", "opt"]),
    ("lang", &["cli --test text", "cli --test examples"]),
    ("driver", &["cli", "qemu driver"]),
];

/// A test to run: words for `cargo test`, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Suite {
    pub(crate) words: Vec<String>,
    pub(crate) emulated: bool,
}

impl std::fmt::Display for Suite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.emulated { "qemu " } else { "" }, self.words[1..].join(" "))
    }
}

impl Suite {
    /// `[qemu] PACKAGE [words for cargo test]`.
    fn new(text: &str) -> Suite {
        let (emulated, text) = match text.strip_prefix("qemu ") {
            Some(text) => (true, text),
            None => (false, text),
        };
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        // Without a target named: all but the examples in the documentation, which are slow to build.
        let target = |word: &String| {
            matches!(word.as_str(), "--test" | "--lib" | "--bin" | "--tests" | "--bins" | "--doc")
        };
        if !words.iter().any(target) {
            words.insert(1.min(words.len()), "--tests".into());
        }
        words.insert(0, "-p".into());
        Suite { words, emulated }
    }
}

/// The tests of a fault; only what its entry names if `first_only`.
pub(crate) fn of(fault: &Fault, first_only: bool) -> Vec<Suite> {
    let mut texts: Vec<&str> = fault.tests.iter().map(String::as_str).collect();
    if !first_only {
        texts.push(fault.room());
        texts.extend(SUITES.iter().filter(|(name, _)| *name == fault.room()).flat_map(|(_, t)| *t));
    }
    let mut suites: Vec<Suite> = Vec::new();
    for suite in texts.into_iter().map(Suite::new) {
        if !suites.contains(&suite) {
            suites.push(suite);
        }
    }
    suites
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_test_comes_first_and_none_twice() {
        let fault = Fault {
            file: "jitmem/src/map.rs".into(),
            tests: vec!["driver --test engines".into(), "qemu jitmem".into()],
            ..Fault::default()
        };
        let texts: Vec<String> = of(&fault, false).iter().map(Suite::to_string).collect();
        let expected = [
            "driver --test engines",
            "qemu jitmem --tests",
            "jitmem --tests",
            "driver --tests",
            "qemu driver --tests",
        ];
        assert_eq!(texts, expected);
        assert_eq!(of(&fault, true).len(), 2);
    }
}
