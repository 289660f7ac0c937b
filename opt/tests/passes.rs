//! What each pass changes: the text of a small module before and after, as a difference.
//!
//! Each file of `tests/passes` names a pass in its first line. Its module is put into SSA form, the pass runs on every
//! function (`inline` on the module, with all passes after it), and the snapshot shows the lines that went (`-`) and came
//! (`+`).

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use opt::{Context, Level, Pass};

/// The lines of `before` and `after`, marked by which of the two has them: a longest common subsequence.
fn difference(before: &str, after: &str) -> String {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut common = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            common[i][j] = if a[i] == b[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut out = String::new();
    while i < a.len() || j < b.len() {
        let (mark, line) = if i < a.len() && j < b.len() && a[i] == b[j] {
            (i, j) = (i + 1, j + 1);
            (' ', a[i - 1])
        } else if i < a.len() && (j == b.len() || common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            ('-', a[i - 1])
        } else {
            j += 1;
            ('+', b[j - 1])
        };
        writeln!(out, "{mark} {line}").expect("writing to a string");
    }
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn check(path: &Path) {
    let text = fs::read_to_string(path).expect("the file was listed");
    let name = text.lines().next().and_then(|line| line.strip_prefix("; pass: "));
    let name = name.unwrap_or_else(|| panic!("{}: the first line names no pass", path.display()));
    let mut module =
        ir::parse::module(&text).unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
    module.functions.values_mut().for_each(ssa::construct);
    let before = module.to_string();
    if name == "inline" {
        opt::optimize_module(&mut module, Level::Speed);
    } else {
        let pass = Pass::named(name).expect("a pass of the table");
        for func in module.functions.values_mut() {
            Context::default().run(pass, func);
        }
    }
    ir::verify_module(&module).unwrap_or_else(|e| panic!("{name}: {e}\n{module}"));
    for func in module.functions.values() {
        ssa::verify(func).unwrap_or_else(|e| panic!("{}: {e}\n{func}", path.display()));
    }
    let difference = difference(&before, &module.to_string());
    let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(stem, difference);
    });
}

#[test]
fn passes_change_what_they_should() {
    let mut paths: Vec<_> = fs::read_dir("tests/passes")
        .expect("tests run in the crate's directory")
        .map(|entry| entry.expect("a readable directory").path())
        .collect();
    paths.sort();
    assert!(paths.len() >= 11);
    paths.iter().for_each(|path| check(path));
}
