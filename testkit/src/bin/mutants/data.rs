//! Planted faults as data: the files `xtask/mutants/*.txt`.
//!
//! ```text
//! file: opt/src/fold/compare.rs
//! in: fn int_compare
//! wrong: icmp of two sext becomes the unsigned comparison
//! - ) if self.ty(x) == self.ty(y) => compare(cc, [x, y]),
//! + ) if self.ty(x) == self.ty(y) => compare(unsigned(cc), [x, y]),
//! test: opt --test pairs
//! ```
//!
//! A blank line ends an entry. `-` is what stands there, `+` what is put in its place; `in` narrows the search to the
//! item that starts on a line with this text; `test` is the test that most likely catches it, `qemu` before it when only
//! ARM64 code shows the fault; `equivalent` says why nothing observable changes. A line that starts with a space goes on
//! with the one above. Lines that start with `#` are comments.

use std::collections::HashMap;
use std::fs;

use super::{Result, root};

/// One planted fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The data file and the line where the entry starts.
    pub(crate) place: String,
    pub(crate) file: String,
    pub(crate) within: Option<String>,
    pub(crate) wrong: String,
    pub(crate) old: Vec<String>,
    pub(crate) new: Vec<String>,
    pub(crate) tests: Vec<String>,
    pub(crate) equivalent: Option<String>,
}

impl Fault {
    /// The crate that the fault is planted in.
    pub(crate) fn room(&self) -> &str {
        self.file.split('/').next().unwrap_or_default()
    }
}

/// All faults of all data files, by name of the file.
pub(crate) fn read_all() -> Result<Vec<Fault>> {
    let dir = root().join("xtask/mutants");
    let listed = fs::read_dir(&dir).map_err(|e| format!("cannot read {}: {e}", dir.display()))?;
    let mut names: Vec<String> = listed
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".txt"))
        .collect();
    names.sort();
    let (mut faults, mut errors) = (Vec::new(), Vec::new());
    for name in names {
        let text =
            fs::read_to_string(dir.join(&name)).map_err(|e| format!("cannot read {name}: {e}"))?;
        let name = format!("xtask/mutants/{name}");
        match parse(&name, &text) {
            Ok(more) => faults.extend(more),
            Err(more) => errors.extend(more),
        }
    }
    let mut seen: HashMap<(String, Option<String>, String, String), String> = HashMap::new();
    for fault in &faults {
        let key = (
            fault.file.clone(),
            fault.within.clone(),
            super::place::folded(&fault.old.join("\n")),
            super::place::folded(&fault.new.join("\n")),
        );
        if let Some(first) = seen.insert(key, fault.place.clone()) {
            errors.push(format!("{}: the same fault as {first}", fault.place));
        }
    }
    if errors.is_empty() { Ok(faults) } else { Err(format!("\n  {}", errors.join("\n  "))) }
}

/// The entries of one file, or every line that is wrong, with its place.
fn parse(name: &str, text: &str) -> std::result::Result<Vec<Fault>, Vec<String>> {
    let (mut faults, mut errors) = (Vec::new(), Vec::new());
    let mut entry: Option<Fault> = None;
    // The field that a line starting with a space goes on with.
    let mut last = "";
    for (index, line) in text.lines().chain([""]).enumerate() {
        let place = format!("{name}:{}", index + 1);
        if line.trim().is_empty() {
            if let Some(fault) = entry.take() {
                errors.extend(complaint(&fault));
                faults.push(fault);
            }
            last = "";
            continue;
        }
        if line.starts_with('#') {
            continue;
        }
        let fault = entry.get_or_insert_with(|| Fault { place: place.clone(), ..Fault::default() });
        if let Some(more) = line.strip_prefix(' ') {
            let field = match last {
                "wrong" => Some(&mut fault.wrong),
                "equivalent" => fault.equivalent.as_mut(),
                _ => None,
            };
            match field {
                Some(field) => {
                    field.push(' ');
                    field.push_str(more.trim());
                }
                None => errors.push(format!("{place}: only `wrong` and `equivalent` go on")),
            }
            continue;
        }
        let marked = |mark: char| {
            let rest = line.strip_prefix(mark)?;
            Some(rest.strip_prefix(' ').unwrap_or(rest).to_owned())
        };
        if let Some(old) = marked('-') {
            if !fault.new.is_empty() {
                errors.push(format!("{place}: `-` after `+`: a fault changes one place"));
            }
            fault.old.push(old);
            last = "";
            continue;
        }
        if let Some(new) = marked('+') {
            fault.new.push(new);
            last = "";
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.trim().to_owned();
        if value.is_empty() {
            errors.push(format!("{place}: `{field}` says nothing"));
        }
        last = match field {
            "file" => set(&mut fault.file, value, "file", &place, &mut errors),
            "wrong" => set(&mut fault.wrong, value, "wrong", &place, &mut errors),
            "in" => {
                let within = fault.within.get_or_insert_default();
                set(within, value, "in", &place, &mut errors)
            }
            "equivalent" => {
                let reason = fault.equivalent.get_or_insert_default();
                set(reason, value, "equivalent", &place, &mut errors)
            }
            "test" => {
                fault.tests.push(value);
                "test"
            }
            _ => {
                errors.push(format!(
                    "{place}: no `{field}` is known here; known are file, in, wrong, -, +, test and equivalent"
                ));
                ""
            }
        };
    }
    if errors.is_empty() { Ok(faults) } else { Err(errors) }
}

fn set(
    field: &mut String,
    value: String,
    name: &'static str,
    place: &str,
    errors: &mut Vec<String>,
) -> &'static str {
    if !field.is_empty() {
        errors.push(format!("{place}: a second `{name}`; a blank line ends an entry"));
    }
    *field = value;
    name
}

/// What an entry lacks.
fn complaint(fault: &Fault) -> Option<String> {
    let place = &fault.place;
    let (old, new) = (fault.old.join("\n"), fault.new.join("\n"));
    if fault.file.is_empty() {
        Some(format!("{place}: the entry names no file"))
    } else if fault.wrong.is_empty() {
        Some(format!("{place}: the entry does not say what is wrong"))
    } else if old.trim().is_empty() {
        Some(format!("{place}: the entry has no `-` line"))
    } else if super::place::folded(&old) == super::place::folded(&new) {
        Some(format!("{place}: `+` says the same as `-`"))
    } else if fault.tests.is_empty() && fault.equivalent.is_none() {
        Some(format!("{place}: the entry names no test"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# What this file is about.\n\nfile: opt/src/gvn.rs\nin: fn f\nwrong: a thing\n  that goes on\n\
        - a + b\n- c\n+ a - b\ntest: opt --test pairs\n\nfile: ir/src/eval.rs\nwrong: less\n- x;\nequivalent: y: z\n";

    #[test]
    fn an_entry_is_read() {
        let faults = parse("m.txt", GOOD).unwrap();
        assert_eq!(faults.len(), 2);
        let first = Fault {
            place: "m.txt:3".into(),
            file: "opt/src/gvn.rs".into(),
            within: Some("fn f".into()),
            wrong: "a thing that goes on".into(),
            old: vec!["a + b".into(), "c".into()],
            new: vec!["a - b".into()],
            tests: vec!["opt --test pairs".into()],
            equivalent: None,
        };
        assert_eq!(faults[0], first);
        assert_eq!(faults[0].room(), "opt");
        assert_eq!(faults[1].equivalent.as_deref(), Some("y: z"));
        assert!(faults[1].new.is_empty());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let cases = [
            ("wrong: w\n- a\ntest: t\n", "m.txt:1: the entry names no file"),
            ("file: f\n- a\ntest: t\n", "m.txt:1: the entry does not say"),
            ("file: f\nwrong: w\ntest: t\n", "m.txt:1: the entry has no `-`"),
            ("file: f\nwrong: w\n- a\n", "m.txt:1: the entry names no test"),
            ("file: f\nwrong: w\n- a b\n+ a  b\ntest: t\n", "m.txt:1: `+` says the same"),
            ("file: f\nfile: g\nwrong: w\n- a\ntest: t\n", "m.txt:2: a second `file`"),
            ("file: f\nwrong: w\n+ a\n- a\ntest: t\n", "m.txt:4: `-` after `+`"),
            ("file: f\nwhat: w\n", "m.txt:2: no `what` is known"),
            ("\nfile:\n", "m.txt:2: `file` says nothing"),
            ("file: f\nwrong: w\n- a\n  b\ntest: t\n", "m.txt:4: only `wrong`"),
        ];
        for (text, expected) in cases {
            let errors = parse("m.txt", text).unwrap_err();
            assert!(errors[0].starts_with(expected), "{text}: {errors:?}");
        }
    }
}
