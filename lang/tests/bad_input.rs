//! Input that is too deep, too long, truncated or damaged ends in an error, never in a crash.

fn first_error(source: &str) -> String {
    match lang::compile(source, "bad.rs") {
        Ok(_) => "no error".to_owned(),
        Err(errors) => errors.first().map(ToString::to_string).unwrap_or_default(),
    }
}

fn in_main(expression: &str) -> String {
    format!("fn main() {{ let x = {expression}; }}")
}

#[test]
fn depth_is_limited() {
    let n = 20_000;
    let deepest = 100_000;
    let deep = [
        in_main(&format!("{}1{}", "(".repeat(deepest), ")".repeat(deepest))),
        in_main(&format!("{}1{}", "[".repeat(n), "]".repeat(n))),
        in_main(&format!("{}1{}", "{".repeat(n), "}".repeat(n))),
        in_main(&"1+".repeat(n)).replace("+;", "+1;"),
        in_main(&format!("{}true", "!".repeat(n))),
        in_main(&format!("{}1", "-".repeat(n))),
        in_main(&format!("{}1", "&".repeat(n))),
        in_main(&format!("1{}", " as i32".repeat(n))),
        in_main(&format!("1i32{}", ".abs()".repeat(n))),
        in_main(&format!("a{}", "[0]".repeat(n))),
        in_main(&format!("a{}", ".b".repeat(n))),
        in_main(&format!("a{}", "()".repeat(n))),
        in_main(&format!("a{}", "?".repeat(n))),
        in_main(&format!("{}1", "return ".repeat(n))),
        in_main(&format!("{}1", "x = ".repeat(n))),
        in_main(&format!("{}1", "|y| ".repeat(n))),
        in_main(&format!("{}{{}}", "if true {} else ".repeat(n))),
        in_main(&format!("{}1", "true && ".repeat(n))),
        format!("fn f(x: {}i32) {{}}", "&".repeat(n)),
        format!("fn f(x: {}i32{}) {{}}", "[".repeat(n), "; 1]".repeat(n)),
        format!("fn f(x: {}i32{}) {{}}", "A<".repeat(n), ">".repeat(n)),
        format!("fn f(x: {}i32) {{}}", "fn() -> ".repeat(n)),
        format!("fn f() {{ match 1 {{ {}_ => {{}} }} }}", "1 | ".repeat(n)),
        format!("fn f() {{ match 1 {{ {}_ => {{}} }} }}", "&".repeat(n)),
        format!("{}{}", "mod a {".repeat(n), "}".repeat(n)),
        format!("use {}b;", "a::".repeat(n)),
        format!("fn main() {{ println!(\"{{}}\", {}1{}); }}", "(".repeat(n), ")".repeat(n)),
    ];
    for source in deep {
        let error = first_error(&source);
        let start: String = source.chars().take(60).collect();
        assert!(error.contains("nested too deeply"), "{start}: {error}");
    }
}

#[test]
fn what_the_limit_allows_is_compiled() {
    let n = 400;
    let fine = [
        in_main(&format!("{}1{}", "(".repeat(n), ")".repeat(n))),
        in_main(&format!("{}1{}", "{".repeat(n), "}".repeat(n))),
        in_main(&format!("1{}", " + 1".repeat(n))),
        in_main(&format!("{}true", "!".repeat(n))),
        in_main(&format!("1{}", " as i32".repeat(n))),
        in_main(&format!("1i32{}", ".wrapping_abs()".repeat(300))),
        in_main(&format!("{}{{ 3 }}", "if true { 1 } else ".repeat(200))),
        in_main(&format!("{}1", "&".repeat(n))),
    ];
    for source in fine {
        let start: String = source.chars().take(60).collect();
        assert_eq!(first_error(&source), "no error", "{start}");
    }
}

#[test]
fn long_programs_are_not_deep() {
    let statements = format!(
        "fn main() {{ let mut x = 0u64; {} }}",
        "x = x * 3 + 1; if x > 9 { x = 0; }\n".repeat(5000)
    );
    assert_eq!(first_error(&statements), "no error");
    let functions: String =
        (0..3000).map(|i| format!("#[inline]\nfn f{i}(x: i32) -> i32 {{ x + {i} }}\n")).collect();
    assert_eq!(first_error(&functions), "no error");
    let array = format!("static A: [u8; 20000] = [{}];", "1, ".repeat(20000));
    assert_eq!(first_error(&array), "no error");
    let arms: String = (0..2000).map(|i| format!("-{} => {{}}\n", i + 1)).collect();
    assert_eq!(
        first_error(&format!("fn f(x: i32) {{ match x {{ {arms} _ => {{}} }} }}")),
        "no error"
    );
    let chain: String = (1..2000).map(|i| format!("const C{i}: i32 = C{};\n", i - 1)).collect();
    assert!(first_error(&format!("{chain} const C0: i32 = C1999;")).contains("error["));
}

#[test]
fn small_and_strange_files() {
    for fine in [
        "",
        "// only a comment",
        "\u{feff}fn f() {}",
        "fn f() {}\r\n",
        "#!/usr/bin/env jitsu\nfn f() {}",
        "/* a */",
    ] {
        assert_eq!(first_error(fine), "no error", "{fine:?}");
    }
    for bad in [
        "\0",
        "fn f() { \"",
        "fn f() { '",
        "/*",
        "fn",
        "}",
        "fn f() { 1 + }",
        "fn f() { 0x }",
        "fn f() { 1_ 2 }",
        "\u{feff}\u{feff}x",
    ] {
        assert!(first_error(bad).starts_with("bad.rs:"), "{bad:?}: {}", first_error(bad));
    }
    let name = "a".repeat(1_000_000);
    assert!(first_error(&format!("fn f() {{ {name} }}")).contains("E0425"));
}

#[test]
fn places_count_what_comes_before() {
    let at = |source: &str| {
        let errors = lang::compile(source, "x.rs").expect_err("an error");
        (errors[0].line, errors[0].column, source[errors[0].span.clone()].to_owned())
    };
    assert_eq!(at("fn f() { x }"), (1, 10, "x".to_owned()));
    assert_eq!(at("\u{feff}fn f() { x }"), (1, 10, "x".to_owned()));
    assert_eq!(at("#!/bin/jitsu\n\nfn f() { /* ß */ x }"), (3, 18, "x".to_owned()));
    assert_eq!(at("fn f() {}\r\nfn g() { x }"), (2, 10, "x".to_owned()));
}

/// Every prefix of a program, and the program with each byte deleted or changed, is compiled or refused.
#[test]
fn damaged_programs() {
    let source = include_str!("programs/structs.rs");
    let step = source.len() / 50;
    for at in (0..source.len()).step_by(step) {
        if !source.is_char_boundary(at) || !source.is_char_boundary(at + 1) {
            continue;
        }
        let mut outcomes = vec![lang::compile(&source[..at], "x.rs")];
        for replacement in ["", "(", "&"] {
            let damaged = format!("{}{replacement}{}", &source[..at], &source[at + 1..]);
            outcomes.push(lang::compile(&damaged, "x.rs"));
        }
        for outcome in outcomes {
            if let Err(errors) = outcome {
                assert!(!errors.is_empty(), "at {at}");
                assert!(errors.iter().all(|error| error.code != "J0005"), "at {at}: {}", errors[0]);
            }
        }
    }
}

#[test]
fn types_and_instances_have_limits() {
    let doubled: String =
        (1..80).map(|i| format!("type A{i} = (A{}, A{});\n", i - 1, i - 1)).collect();
    let limited = [
        format!("type A0 = ();\n{doubled}fn f(x: A79) {{}}"),
        format!("fn f() {{ let x = (); {} }}", "let x = (x, x);".repeat(80)),
        "fn f<T: Copy>(x: T, n: u32) { if n > 0 { f((x, x), n - 1) } } fn main() { f(1, 3) }".to_owned(),
        "fn a<T>(x: T) { b((x, 1)) } fn b<T>(x: T) { a([x]) } fn main() { a(1) }".to_owned(),
        "fn a<const N: usize>(x: [u8; N]) { b([x; 2]) } fn b<T: Copy>(x: T) { b([x; 2]) } fn main() { a([1]) }".to_owned(),
        "fn a<T: Copy>(f: fn(T)) { a(b::<fn(T)>) } fn b<T>(x: T) {} fn main() { a(b::<i32>) }".to_owned(),
        format!("enum E {{ {} }}", (0..300).map(|i| format!("V{i}, ")).collect::<String>()),
    ];
    for source in limited {
        let error = first_error(&source);
        let start: String = source.chars().take(60).collect();
        assert!(error.contains("error[J0003]"), "{start}: {error}");
    }
    let closures: String = (0..2000).map(|i| format!("let f{i} = |x: i32| x + {i};\n")).collect();
    assert_eq!(first_error(&format!("fn f() {{ {closures} }}")), "no error");
    let nested = "if true { fn g() {} g(); }\n".repeat(1000);
    assert_eq!(first_error(&format!("fn f() {{ {nested} }}")), "no error");
    let calls: String = (0..500).map(|i| format!("g::<{i}>([0; {i}]);\n")).collect();
    let source = format!("fn g<const N: usize>(a: [u8; N]) -> usize {{ N }} fn f() {{ {calls} }}");
    assert_eq!(first_error(&source), "no error");
}

/// A program with CR LF at the ends of its lines, raw strings included, is the same program; its errors tell bytes of the
/// text as it is.
#[test]
fn lines_may_end_in_cr_lf() {
    let source = "fn main() {\n    let s = r\"a\nb\";\n    println!(\"{}\", s);\n}\n";
    let text = |source: &str| lang::compile(source, "x.rs").map(|module| module.to_string());
    assert_eq!(text(source), text(&source.replace('\n', "\r\n")));

    let wrong = "fn main() {\n    let x = 1;\n    prinln!(\"{}\", y);\n    let z: u8 = yy;\n}\n";
    let crlf = wrong.replace('\n', "\r\n");
    let (plain, other) =
        (lang::compile(wrong, "x.rs").unwrap_err(), lang::compile(&crlf, "x.rs").unwrap_err());
    assert_eq!(plain.len(), other.len());
    for (a, b) in plain.iter().zip(&other) {
        assert_eq!((a.line, a.column, &a.message), (b.line, b.column, &b.message));
        assert_eq!(wrong[a.span.clone()], crlf[b.span.clone()]);
    }
}
