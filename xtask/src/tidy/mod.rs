//! `cargo xtask tidy`: the rules of the house that a program can check, each a row with its reason.

mod lists;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use crate::sh::{self, Result};
use lists::{ANSWERS, ARCH_ALLOWED, LOWERINGS, MARKS, MAX_LINES, ROOMS, UNSAFE_ALLOWED};

struct Rule {
    name: &'static str,
    reason: &'static str,
    /// Whether a line outside tests breaks the rule.
    broken: fn(path: &str, code: &str) -> bool,
}

/// Rules about one line of code (comments and `#[cfg(test)]` modules are not shown to them).
const LINE_RULES: &[Rule] = &[
    Rule {
        name: "unsafe",
        reason: "unsafe code lives in the few modules that the design names",
        broken: |path, code| {
            has_word(&without_strings(code), "unsafe")
                && !UNSAFE_ALLOWED.iter().any(|(p, _)| path.starts_with(p))
        },
    },
    Rule {
        name: "target_arch",
        reason: "every dump and snapshot is the same on every host",
        broken: |path, code| {
            code.contains("target_arch") && !ARCH_ALLOWED.iter().any(|p| path.starts_with(p))
        },
    },
    Rule {
        name: "panic",
        reason: "no panic on a path that input reaches: return an error that names the entities, or say why it is unreachable",
        broken: |path, code| {
            is_library(path)
                && [
                    ".unwrap()",
                    ".expect(",
                    "panic!(",
                    "unreachable!()",
                    "unimplemented!(",
                    "todo!(",
                ]
                .iter()
                .any(|word| code.contains(word))
                && !code.contains("debug_assert")
        },
    },
    Rule {
        name: "print",
        reason: "libraries never print",
        broken: |path, code| {
            is_library(path)
                && ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!("]
                    .iter()
                    .any(|word| starts_macro(code, word))
        },
    },
    Rule {
        name: "environment",
        reason: "libraries never read the environment",
        broken: |path, code| is_library(path) && code.contains("std::env::"),
    },
    Rule {
        name: "made-up value",
        reason: "what cannot happen is a defect, `unreachable!(\"why\")`, and never a zero, nothing or the old id",
        broken: |path, code| {
            LOWERINGS.iter().any(|lowering| path.starts_with(lowering))
                && makes_up_value(path, code)
                && !ANSWERS.iter().any(|(file, text, _)| path == *file && code.contains(text))
        },
    },
    Rule {
        name: "glob import",
        reason: "a reader must see where a name comes from",
        broken: |_, code| {
            let code = code.trim();
            code.starts_with("use ")
                && code.ends_with("::*;")
                && ROOMS
                    .iter()
                    .any(|(name, _)| code.starts_with(&format!("use {}::", name.replace('-', "_"))))
        },
    },
];

/// Checks every rule and names each place that breaks one.
pub(crate) fn run(_: &[String]) -> Result {
    let tracked = sh::output(sh::command(
        "git",
        &["ls-files", "--cached", "--others", "--exclude-standard"],
    ))?;
    let mut broken = Vec::new();
    let mut files = 0;
    for path in tracked.lines() {
        if path.ends_with(".snap.new") {
            broken.push(format!("{path}: a snapshot waits for review; run `cargo insta review`"));
        }
        if path.ends_with(".rs") && sh::root().join(path).is_file() {
            let text = fs::read_to_string(sh::root().join(path))
                .map_err(|e| format!("cannot read {path}: {e}"))?;
            files += 1;
            check_file(path, &text, &mut broken);
        }
    }
    for (name, allowed) in ROOMS.iter() {
        check_dependencies(name, allowed, &mut broken)?;
    }
    eprintln!(
        "tidy: {files} Rust files and {} crates read, {} places break a rule",
        ROOMS.len(),
        broken.len()
    );
    if broken.is_empty() { Ok(()) } else { Err(format!("\n  {}", broken.join("\n  "))) }
}

fn check_file(path: &str, text: &str, broken: &mut Vec<String>) {
    // These files name every forbidden word; the text tests are data.
    if path.starts_with("xtask/src/tidy/") || path.starts_with("tests/") {
        return;
    }
    if !text.starts_with("//!") {
        broken.push(format!("{path}: opens without `//!`; say what the module is for"));
    }
    let lines = text.lines().count();
    if lines > MAX_LINES && !path.contains("/data/") {
        broken.push(format!("{path}: {lines} lines; split it by idea (at most {MAX_LINES})"));
    }
    if let Some((room, _)) = path.split_once("/src/lib.rs") {
        let may = UNSAFE_ALLOWED.iter().any(|(p, _)| p.starts_with(&format!("{room}/")));
        if !may && !text.contains("#![forbid(unsafe_code)]") {
            broken.push(format!("{path}: lacks #![forbid(unsafe_code)]"));
        }
    }
    let mut in_tests = false;
    let mut lines = text.lines().enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let place = format!("{path}:{}", index + 1);
        for mark in MARKS {
            if line.contains(mark) {
                broken.push(format!("{place}: `{mark}`: finish it, or put it into an issue"));
            }
        }
        // A test module in a file of its own does not end what this file has.
        let elsewhere = lines.peek().is_some_and(|(_, next)| next.trim_end().ends_with(';'));
        in_tests |= line.trim_start().starts_with("#[cfg(test)]") && !elsewhere;
        let code = line.split("//").next().unwrap_or_default();
        if in_tests || code.trim().is_empty() || code.trim_start().starts_with("#![") {
            continue;
        }
        for rule in LINE_RULES {
            if (rule.broken)(path, code) {
                broken.push(format!("{place}: {}: {}", rule.name, rule.reason));
            }
        }
    }
}

fn check_dependencies(name: &str, allowed: &[&str], broken: &mut Vec<String>) -> Result {
    let manifest = Path::new(name).join("Cargo.toml");
    let text = fs::read_to_string(sh::root().join(&manifest))
        .map_err(|e| format!("cannot read {}: {e}", manifest.display()))?;
    let mut section = "";
    for line in text.lines() {
        if line.starts_with('[') {
            section = line.trim();
        }
        let dependency = line.split(['.', ' ', '=']).next().unwrap_or_default();
        let ours = ROOMS.iter().any(|(room, _)| *room == dependency);
        if section == "[dependencies]" && ours && !allowed.contains(&dependency) {
            broken.push(format!(
                "{}: {name} must not depend on {dependency}; see ARCHITECTURE.md",
                manifest.display()
            ));
        }
    }
    if name != "arm64-enc" && !text.contains("publish.workspace = true") {
        broken.push(format!("{}: only arm64-enc is published", manifest.display()));
    }
    Ok(())
}

/// Returns `true` if a file is part of a library that others build: not a test, an example, or a program.
fn is_library(path: &str) -> bool {
    let mut parts = path.split('/');
    let room = parts.next().unwrap_or_default();
    ROOMS.iter().any(|(name, _)| *name == room)
        && !matches!(room, "xtask" | "testkit" | "cli")
        && parts.next() == Some("src")
        && !is_test_module(path)
}

/// Returns `true` if a file in `src` holds only tests: the module that declares it does so under `#[cfg(test)]`.
fn is_test_module(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("/oracle.rs")
}

/// Returns `true` if an arm for all other cases, or a fallback, gives a value that nothing asked for.
fn makes_up_value(path: &str, code: &str) -> bool {
    let zero = |text: &str| {
        text == "0" || text.starts_with("zero") || text.contains("iconst(") && text.ends_with(" 0)")
    };
    // In the other crates these are also how a pattern says that it does not apply.
    let strict = path.starts_with("lang/");
    let nothing = |text: &str| matches!(text, "{}" | "None" | "return None" | "Ok(())");
    let old = |text: &str| {
        text.chars().all(|c| c.is_lowercase() || c == '_')
            && !matches!(text, "true" | "false" | "continue" | "break")
    };
    let arm = code.split_once("_ => ").map(|(_, arm)| arm.trim().trim_end_matches(','));
    let made_up = arm.is_some_and(|arm| {
        zero(arm)
            || matches!(arm, "Vec::new()" | "Ok(Vec::new())")
            || strict && (nothing(arm) || old(arm))
    });
    let fallback = [".unwrap_or(0)", ".unwrap_or_default()", ".unwrap_or(Type::"];
    let skipped = ["else { return }", "else { return Vec::new() }", "else { return Ok(()) }"];
    made_up
        || fallback.iter().any(|text| code.contains(text))
        || strict && skipped.iter().any(|text| code.contains(text))
}

/// The code without what stands between quotation marks.
fn without_strings(code: &str) -> String {
    code.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|part| part == word)
}

/// Returns `true` if a macro call starts in the code, not in the middle of a longer name or in a string.
fn starts_macro(code: &str, call: &str) -> bool {
    code.match_indices(call).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"' || c == '`')
    })
}
