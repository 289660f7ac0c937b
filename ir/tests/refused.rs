//! Every file in `tests/refused` must be refused with the error that its first line says: `; error: `, the code, and
//! words of the message.

use std::path::Path;

/// The errors of a text, a line each that starts with the code: those of the reader, or else that of the verifier.
fn errors(text: &str) -> String {
    match ir::parse::module(text) {
        Err(errors) => errors
            .iter()
            .map(|error| {
                // Rendering must hold for any error.
                assert!(error.render(text, "file").contains(&error.message));
                let help = error.help.as_deref().unwrap_or("");
                format!("{} {} {help}\n", error.code, error.message)
            })
            .collect(),
        Ok(module) => {
            match ir::verify_module(&module).and_then(|()| ir::verify_confined(&module)) {
                Err(error) => {
                    stands_under_its_instruction(&module, &error);
                    format!("{} {error}\n", error.rule)
                }
                Ok(()) => String::new(),
            }
        }
    }
}

/// The printed function has the message in the line under the instruction that it is about.
fn stands_under_its_instruction(module: &ir::Module, error: &ir::VerifyError) {
    let (Some(func), Some(inst)) = (module.functions.get(&error.function), error.inst) else {
        return;
    };
    let shown = error.in_context(func);
    let lines: Vec<&str> = shown.lines().collect();
    let at = lines.iter().position(|line| line.contains(&error.message)).expect("a message");
    let above = lines[at - 1];
    let result = func.result(inst).map(|value| format!("{value}: ")).unwrap_or_default();
    let opcode = func.inst(inst).opcode().name();
    assert!(above.trim_start().starts_with(&result) && above.contains(opcode), "{shown}");
    assert!(lines[at].trim_start().starts_with("; ^"), "{shown}");
}

#[test]
fn files_are_refused_as_they_say() {
    let folder = Path::new("tests/refused");
    let mut names: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut codes = std::collections::BTreeSet::new();
    for path in &names {
        let text = std::fs::read_to_string(path).unwrap();
        let wanted = text.lines().next().and_then(|line| line.strip_prefix("; error: ")).unwrap();
        let found = errors(&text);
        // The code and the words may have other words between them.
        let (code, words) = wanted.split_once(' ').unwrap_or((wanted, ""));
        let good = found.lines().any(|line| line.starts_with(code) && line.contains(words));
        assert!(good, "{}: wanted `{wanted}`, found `{found}`", path.display());
        codes.insert(code.to_owned());
    }
    assert!(names.len() > 100);
    // Text that is no UTF-8 and a wrong number of functions are tested with the reader.
    for code in ir::ParseCode::ALL {
        let elsewhere = matches!(code, ir::ParseCode::Encoding | ir::ParseCode::Count);
        assert!(elsewhere || codes.contains(code.name()), "{code} has no test");
    }
    // What no text can break is tested in `src/verify/tests.rs`, and the last two in the crate `ssa`: each of these
    // tests names the rule that it breaks.
    let built = include_str!("../src/verify/tests.rs");
    let ssa = include_str!("../../ssa/src/verify.rs");
    for rule in ir::VerifyRule::ALL {
        let tested = codes.contains(rule.name())
            || built.contains(&format!("refused(VerifyRule::{rule:?}, "))
            || built.contains(&format!("refused(&func, VerifyRule::{rule:?}, "))
            || ssa.contains(&format!("[{rule}]\""));
        assert!(tested, "{rule} ({}) has no test", rule.doc());
    }
}

/// The verifier opens with the list of its rules: every one of them, in order.
#[test]
fn the_verifier_lists_its_rules() {
    let opening = include_str!("../src/verify/mod.rs").lines().take_while(|l| l.starts_with("//!"));
    let listed: Vec<&str> = opening
        .filter_map(|line| line.strip_prefix("//! - `").and_then(|rest| rest.split_once('`')))
        .map(|(code, _)| code)
        .collect();
    assert_eq!(listed, ir::VerifyRule::ALL.iter().map(|rule| rule.name()).collect::<Vec<_>>());
}
