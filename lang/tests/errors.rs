//! One error situation a line in `errors.txt`: what is said about each is a snapshot, and rustc agrees on which of
//! them are errors of the program.

use std::process::Command;

fn report(source: &str) -> String {
    match lang::compile(source, "e.rs") {
        Ok(_) => "accepted\n".to_owned(),
        Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect(),
    }
}

fn cases() -> impl Iterator<Item = &'static str> {
    include_str!("errors.txt").lines()
}

#[test]
fn what_is_said() {
    let all: String = cases().map(|source| format!("{source}\n{}\n", report(source))).collect();
    insta::assert_snapshot!(all);
}

/// Each line of `refused.txt` is a program that rustc refuses. So must we.
#[test]
fn what_rustc_refuses_is_refused() {
    let accepted: Vec<&str> = include_str!("refused.txt")
        .lines()
        .filter(|source| match lang::compile(source, "r.rs") {
            Ok(_) => true,
            Err(errors) => errors.is_empty() || errors[0].code == "J0005",
        })
        .collect();
    assert!(accepted.is_empty(), "accepted:\n{}", accepted.join("\n"));
}

#[test]
fn several_errors_are_reported_at_once() {
    let source = "fn f(x: i32) -> bool {\n    let y = z + 1;\n    let w: bool = x;\n    w + true\n}\nfn g() { f(1, 2) }\n";
    insta::assert_snapshot!(report(source));
}

/// Of errors with a code of rustc's (`E...`), and denied lints, rustc says so too; what Jitsu does not have
/// (`J0002`, `J0003`) it may well accept.
#[test]
#[ignore = "runs rustc for each line; takes a while"]
fn rustc_refuses_the_same() {
    let folder = std::env::temp_dir().join(format!("jitsu-errors-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut wrong = Vec::new();
    for source in cases() {
        let Err(errors) = lang::compile(source, "e.rs") else {
            wrong.push(format!("accepted: {source}"));
            continue;
        };
        let path = folder.join("e.rs");
        let main = if source.contains("fn main") { "" } else { " fn main() {}" };
        std::fs::write(&path, format!("{source}{main}")).expect("a file");
        let status = Command::new("rustc")
            .args(["--edition", "2024", "-O", "-Awarnings", "-o"])
            .args([&folder.join("e"), &path])
            .output()
            .expect("rustc runs");
        let ours = errors.iter().any(|error| !matches!(error.code, "J0002" | "J0003"));
        if ours && status.status.success() {
            wrong.push(format!("rustc accepts: {source}\n  {}", errors[0]));
        }
    }
    let _ = std::fs::remove_dir_all(&folder);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
