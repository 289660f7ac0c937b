//! The `jitsu` program from outside: what it prints, its exit codes, and that no input makes it panic.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a run of the program did.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

/// Runs `jitsu`; `None` where programs cannot start others (a cross-built test under QEMU).
fn jitsu(args: &[&str]) -> Option<Ran> {
    let output = match Command::new(env!("CARGO_BIN_EXE_jitsu")).args(args).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: cannot start jitsu here: {error}");
            return None;
        }
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let err = text(&output.stderr);
    assert!(!err.contains("panicked"), "{args:?}: {err}");
    // No code: a signal ended it.
    let code = output.status.code().unwrap_or(-1);
    assert_ne!(code, -1, "{args:?} was ended by a signal: {err}");
    Some(Ran { code, out: text(&output.stdout), err })
}

/// A file with this text, in a folder of this process.
fn file(name: &str, bytes: &[u8]) -> String {
    let folder = std::env::temp_dir().join(format!("jitsu-cli-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Runs `args` and checks the exit code and that standard error has all of `texts`.
fn refused(args: &[&str], code: i32, texts: &[&str]) {
    let Some(ran) = jitsu(args) else { return };
    assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
    assert_eq!(ran.out, "", "{args:?}");
    for text in texts {
        assert!(ran.err.contains(text), "{args:?} lacks `{text}`:\n{}", ran.err);
    }
}

#[test]
fn an_address_that_is_not_the_programs_is_a_trap() {
    for (name, ty, access) in [
        ("load", "i64", "load v0"),
        ("narrow", "i32", "load.s8 v0"),
        ("atomic", "i64", "atomic_rmw add v0, v0"),
        ("wide", "i128", "load v0"),
    ] {
        let text = format!(
            "fn @main(i64) -> {ty} {{\nblock0(v0: i64):\n  v1: {ty} = {access}\n  ret v1\n}}\n"
        );
        let path = file(&format!("{name}.ir"), text.as_bytes());
        // Below everything, where nothing is mapped, where a program without a fixed address may be, and the kernel's.
        for address in ["8", "65536", "4194304", "93824992231424", "-4096"] {
            for engine in ["interp", "sim", "all"] {
                let args = ["run", &path, address, "--engine", engine];
                refused(&args, 3, &["the program trapped: memory_fault in `main`"]);
            }
        }
    }
}

#[test]
fn a_program_prints_what_rustcs_build_prints_once_with_all_engines() {
    let Some(ran) = jitsu(&["run", "../examples/sieve.rs", "--engine", "all"]) else { return };
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(ran.out, std::fs::read_to_string("tests/expected/sieve.txt").unwrap());
    for text in ["interp: ran in", "sim: ran in", "ARM64 instructions executed", "agree"] {
        assert!(ran.err.contains(text), "{}", ran.err);
    }
}

#[test]
fn arguments_and_results() {
    let path = file(
        "args.rs",
        b"fn f(a: i64, b: f64, c: u8) -> f64 { a as f64 + b + c as f64 }\nfn main() {}\n",
    );
    for engine in ["interp", "jit", "sim", "all"] {
        let args = ["run", &path, "--entry", "f", "-5", "1.5", "255", "--engine", engine];
        let Some(ran) = jitsu(&args) else { return };
        assert_eq!((ran.code, ran.out.as_str()), (0, "251.5\n"), "{}", ran.err);
    }
    refused(&["run", &path, "--entry", "f", "1"], 2, &["takes 3 arguments, but 1 were given"]);
    refused(&["run", &path, "--entry", "f", "1", "2", "256"], 2, &["`256` is no i8"]);
    refused(&["run", &path, "--entry", "g"], 2, &["no function `g`"]);
}

/// What `ir` prints is a program of its own that does the same, and printing that gives the same text.
#[test]
fn a_program_printed_as_ir_runs_the_same() {
    let Some(printed) = jitsu(&["ir", "../examples/sieve.rs"]) else { return };
    assert_eq!(printed.code, 0, "{}", printed.err);
    let path = file("sieve.ir", printed.out.as_bytes());
    let Some(ran) = jitsu(&["run", &path]) else { return };
    assert_eq!(ran.out, std::fs::read_to_string("tests/expected/sieve.txt").unwrap());
    let Some(again) = jitsu(&["ir", &path]) else { return };
    let body = |text: &str| text.split_once('\n').map(|(_, rest)| rest.to_owned());
    // The first line names the file.
    assert_eq!(body(&again.out), body(&printed.out));
}

#[test]
fn no_arguments_print_help_with_an_example() {
    for args in [&[][..], &["help"], &["--help"]] {
        let Some(ran) = jitsu(args) else { return };
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("jitsu run examples/mandelbrot.rs --engine all"), "{}", ran.out);
        assert!(ran.out.contains("Exit codes"), "{}", ran.out);
    }
}

#[test]
fn mistyped_words_suggest_the_near_one() {
    let path = file("near.rs", b"fn first() {}\nfn main() {}\n");
    refused(&["rnu"], 2, &["is `run` meant?"]);
    refused(&["run", &path, "--engnie", "sim"], 2, &["is `--engine` meant?"]);
    refused(&["run", &path, "--engine", "simm"], 2, &["is `sim` meant?"]);
    refused(&["run", &path, "--entry", "frist"], 2, &["is `first` meant?"]);
    refused(&["stages", &path, "--pass", "lowre"], 2, &["is `lower` meant?"]);
    refused(&["run", &path, "--without", "dce,licn"], 2, &["is `licm` meant?"]);
    refused(&["asm", &path, "--without", "legalize"], 2, &["no code can be generated without"]);
    refused(&["asm", &path, "mian"], 2, &["is `main` meant?"]);
    refused(&["run"], 2, &["which file?"]);
}

#[test]
fn files_that_are_no_programs() {
    refused(
        &["run", "no/such/file.rs"],
        1,
        &["cannot read `no/such/file.rs`: there is no such file"],
    );
    refused(&["run", "src"], 1, &["`src` is a folder"]);
    refused(&["run", "Cargo.toml"], 1, &["neither a Rust file (.rs) nor a text of the IR (.ir)"]);
    refused(&["run", &file("empty.rs", b"")], 1, &["main"]);
    refused(&["run", &file("empty.ir", b"")], 1, &["has no function to run"]);
    let bad = file("utf8.rs", b"fn main() {\n  let a = \"\xff\";\n}\n");
    refused(&["run", &bad], 1, &["byte 0xff at offset 23", "utf8.rs:2:12"]);
}

#[test]
fn programs_that_are_wrong_are_shown_with_their_place() {
    let syntax = file("syntax.rs", b"fn main() {\n    let x = ;\n}\n");
    refused(&["run", &syntax], 1, &["syntax.rs:2:", "could not compile"]);
    let types = file("types.rs", b"fn main() {\n    let x: i32 = 1.5;\n}\n");
    refused(&["run", &types], 1, &["E0308", "types.rs:2:18", "let x: i32 = 1.5;"]);
    let unsupported = file("unsupported.rs", b"use std::collections::HashMap;\nfn main() {}\n");
    refused(&["run", &unsupported], 1, &["unsupported.rs:1:", "HashMap"]);
    let ir = file("wrong.ir", b"fn @f() {\nblock0:\n  ret v1\n}\n");
    refused(&["run", &ir], 1, &["wrong.ir:3:7"]);
    let rule = file("rule.ir", b"fn @f() -> i64 {\nblock0:\n  ret\n}\n");
    refused(&["run", &rule], 1, &["@f", "rule.ir"]);
}

#[test]
fn deep_nesting_is_an_error() {
    let deep = 100_000;
    let text = format!("fn main() {{ let x = {}1{}; }}\n", "(".repeat(deep), ")".repeat(deep));
    refused(&["run", &file("deep.rs", text.as_bytes())], 1, &["deep.rs"]);
}

#[test]
fn traps_name_their_place() {
    let cases: [(&str, &str, &str); 4] = [
        (
            "bounds",
            "fn main() {\n    let a = [1, 2, 3];\n    let mut i = 0;\n    while i < 9 { println!(\"{}\", a[i]); i += 1; }\n}\n",
            "index_out_of_bounds",
        ),
        (
            "zero",
            "fn d(a: i32, b: i32) -> i32 { a / b }\nfn main() {\n    println!(\"{}\", d(1, 0));\n}\n",
            "division_by_zero",
        ),
        ("panic", "fn main() {\n    panic!(\"no\");\n}\n", "panic"),
        (
            "deep",
            "fn f(n: u64) -> u64 { f(n + 1) + 1 }\nfn main() {\n    println!(\"{}\", f(0));\n}\n",
            "stack_overflow",
        ),
    ];
    for (name, text, kind) in cases {
        let path = file(&format!("trap_{name}.rs"), text.as_bytes());
        for engine in ["interp", "sim", "all"] {
            let Some(ran) = jitsu(&["run", &path, "--engine", engine]) else { return };
            assert_eq!(ran.code, 3, "{name} on {engine}: {}", ran.err);
            assert!(ran.err.contains(&format!("the program trapped: {kind}")), "{}", ran.err);
            assert!(ran.err.contains(&format!("trap_{name}.rs")), "{}", ran.err);
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let text = b"fn main() {\n    for i in 0..100000 { println!(\"{}\", i); }\n}\n";
    let path = file("pipe.rs", text);
    for args in
        [vec!["run", &path], vec!["run", &path, "--engine", "interp"], vec!["stages", &path]]
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jitsu"));
        command.args(&args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Ok(mut child) = command.spawn() else { return };
        let mut first = [0; 1];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(!err.contains("panicked"), "{args:?}: {err}");
        assert!(output.status.code().is_some(), "{args:?}: {err}");
    }
    std::io::stdout().flush().unwrap();
}

/// Native code has no budget: `all` leaves it out, and by itself it is refused.
#[test]
fn a_budget_ends_an_endless_program_where_it_can_be_kept() {
    let path = file("endless.rs", b"fn main() {\n    loop {}\n}\n");
    let all = ["interp: ran in", "sim: ran in", "interp, sim agree", "out_of_fuel"];
    refused(&["run", &path, "--engine", "all", "--fuel", "1000"], 3, &all);
    let told = ["`native` cannot keep the option `fuel`"];
    refused(&["run", &path, "--engine", "native", "--fuel", "1000"], 1, &told);
}

#[test]
fn stages_and_asm_show_the_way() {
    let path = file("stages.rs", b"fn square(x: i64) -> i64 {\n    x * x\n}\nfn main() {\n    println!(\"{}\", square(3));\n}\n");
    let Some(ran) = jitsu(&["stages", &path, "square"]) else { return };
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut from = 0;
    for stage in ["source", "ir", "ssa", "lower", "allocate", "asm"] {
        let title = format!("==== {stage}: ");
        from += ran.out[from..].find(&title).unwrap_or_else(|| panic!("{stage}:\n{}", ran.out));
    }
    let again = jitsu(&["stages", &path, "square"]).unwrap();
    assert_eq!(ran.out, again.out);
    let one = jitsu(&["stages", &path, "square", "--pass", "ssa"]).unwrap();
    assert_eq!(one.out.matches("====\n").count(), 1, "{}", one.out);
    let left_out = jitsu(&["stages", &path, "square", "--without", "fold,gvn"]).unwrap();
    let has = |text: &str, pass: &str| text.contains(&format!("==== {pass}: "));
    for pass in ["fold", "gvn", "fold_rotated", "dce"] {
        assert!(has(&ran.out, pass), "{}", ran.out);
        assert_eq!(has(&left_out.out, pass), !["fold", "gvn"].contains(&pass), "{}", left_out.out);
    }
    let times = jitsu(&["stages", &path, "--times"]).unwrap();
    for stage in ["ssa", "fold", "allocate", "asm", "all"] {
        let row = times.out.lines().find(|line| line.split(' ').next() == Some(stage));
        assert!(
            row.is_some_and(|row| row.ends_with(|c: char| c.is_ascii_digit())),
            "{}",
            times.out
        );
    }
    let asm = jitsu(&["asm", &path, "square"]).unwrap();
    assert!(asm.out.contains("mul x0, x0, x0"), "{}", asm.out);
    assert!(asm.out.contains("2: x * x"), "{}", asm.out);
}

#[test]
fn text_tests_are_counted_by_engine_and_level() {
    let path = file(
        "good.ir",
        b"fn @id(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}\n; run: @id(7) == 7\n",
    );
    let Some(ran) = jitsu(&["test", &path]) else { return };
    assert_eq!(ran.code, 0, "{}", ran.err);
    for text in
        ["interp, as written", "interp, level speed", "sim, level none", "1 calls as expected"]
    {
        assert!(ran.out.contains(text), "{}", ran.out);
    }
    let path = file(
        "bad.ir",
        b"fn @id(i64) -> i64 {\nblock0(v0: i64):\n  ret v0\n}\n; run: @id(7) == 8\n",
    );
    let ran = jitsu(&["test", &path]).unwrap();
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("bad.ir:5: interp, as written: expected 8, got 7"), "{}", ran.err);
}

/// Errors of the verifier stand in their lines, one for each function; a text that names its source keeps the name.
#[test]
fn rules_of_the_ir_are_told_in_their_places() {
    let text = "fn @f(i64) -> i32 {\nblock0(v0: i64):\n  ret v0\n}\n\n\
                fn @g(i8) -> i64 {\nblock0(v0: i8):\n  v1: i64 = add v0, v0 @7:1\n  ret v1\n}\n";
    let path = file("rules.ir", text.as_bytes());
    let places = [
        "error[V020]",
        "rules.ir:3:3",
        "error[V014]",
        "rules.ir:8:3",
        "in block0 of @g",
        "2 errors",
    ];
    refused(&["run", &path, "--entry", "f", "1"], 1, &places);

    let text = "source \"there.x\"\nfn @f() {\nblock0:\n  trap unreachable @7:3\n}\n";
    let path = file("names.ir", text.as_bytes());
    refused(&["run", &path, "--entry", "f"], 3, &["--> there.x:7:3"]);
}

#[test]
fn what_does_not_fail_is_not_made_smaller() {
    let text = b"extern @note(i64) -> i8\nfn @f(i64) -> i8 {\nblock0(v0: i64):\n  v1: i8 = call @note(v0)\n  ret v1\n}\n";
    refused(&["reduce", &file("note.ir", text)], 1, &["nothing fails: 24 of 24 calls"]);
    let text = b"; run: @f(3, 4) == 7\nfn @f(i64, i64) -> i64 {\nblock0(v0: i64, v1: i64):\n  v2: i64 = add v0, v1\n  ret v2\n}\n";
    let path = file("right.ir", text);
    for verb in ["reduce", "bisect"] {
        refused(&[verb, &path], 1, &["nothing fails: 1 of 1 calls"]);
        refused(&[verb, &path, "--call", "f(1, 2)"], 1, &["nothing fails"]);
        refused(&[verb, &path, "--call", "f(1)"], 2, &["`1` is 1 values, not 2"]);
        refused(&[verb, &path, "--call", "g(1)"], 2, &["there is no function `g`"]);
    }
    refused(&["reduce", &path, "--seconds", "soon"], 2, &["number of seconds"]);
    refused(&["bisect", &path, "-o", "x"], 2, &["no option `-o`"]);
}

#[test]
fn an_import_that_the_program_has_not_is_told_with_those_that_it_has() {
    let text = "extern @print.nit(i64)\nfn @f() {\nblock0:\n  ret\n}\n";
    let path = file("import.ir", text.as_bytes());
    let told = ["no host function `print.nit` (i64)", "is `print.int` meant?", "import.ir"];
    refused(&["run", &path, "--entry", "f"], 1, &told);
    let path = file("far.ir", text.replace("print.nit", "frobnicate").as_bytes());
    refused(&["run", &path, "--entry", "f"], 1, &["there are print."]);
}
