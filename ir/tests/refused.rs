//! Every file in `tests/refused` must be refused with the error that its first line says: `; error: ` and words of the
//! message, for the reader after the code.

use std::path::Path;

/// The errors of a text as one string: those of the reader, or else that of the verifier.
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
        Ok(module) => ir::verify_module(&module).err().map(|e| e.to_string()).unwrap_or_default(),
    }
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
        let (code, words) = match wanted.split_once(' ') {
            Some((code, words)) if code.starts_with('P') => (code, words),
            None if wanted.starts_with('P') => (wanted, ""),
            _ => ("", wanted),
        };
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
}
