//! rustc is the oracle: every program of `tests/programs` and of the examples prints the same when rustc has built it
//! and when the interpreter runs what `lang` makes of it.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

fn programs() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in [root.join("tests/programs"), root.join("../examples")] {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        found.extend(
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|p| p.extension().is_some_and(|e| e == "rs")),
        );
    }
    found.sort();
    found
}

#[test]
fn programs_print_what_rustc_makes_them_print() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if Command::new(&rustc).arg("--version").output().is_err() {
        println!("skipped: there is no rustc here");
        return;
    }
    let only = std::env::var("ONLY").ok();
    let folder = std::env::temp_dir().join(format!("jitsu-lang-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for programs");
    let mut wrong = Vec::new();
    for path in programs() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("a program");
        let binary = folder.join(&name);
        let built = Command::new(&rustc)
            .args(["--edition", "2024", "-O", "-Dwarnings", "-o"])
            .args([&binary, &path])
            .output()
            .expect("rustc runs");
        if !built.status.success() {
            wrong.push(format!(
                "{name}: rustc refuses it:\n{}",
                String::from_utf8_lossy(&built.stderr)
            ));
            continue;
        }
        let expected = Command::new(&binary).output().expect("the program runs");
        let module = match lang::compile(&source, &name) {
            Ok(module) => module,
            Err(errors) => {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                wrong.push(errors.join("\n"));
                continue;
            }
        };
        let run = common::run(&module, "main", &[]);
        let out = String::from_utf8_lossy(&expected.stdout);
        if run.out != out {
            let differ = run.out.lines().zip(out.lines()).position(|(a, b)| a != b);
            let line = differ.unwrap_or_else(|| run.out.lines().count().min(out.lines().count()));
            wrong.push(format!(
                "{name}: line {}: rustc's prints {:?}, ours {:?} ({:?})",
                line + 1,
                out.lines().nth(line),
                run.out.lines().nth(line),
                run.result,
            ));
        } else if run.result.is_ok() != expected.status.success() {
            wrong.push(format!(
                "{name}: rustc's ends with {}, ours with {:?}",
                expected.status, run.result
            ));
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}
