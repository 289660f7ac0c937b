//! Huge inputs get an answer in time and memory linear in their size: one test, so that the memory is that of one
//! input after the other. By the numbers of the list of bad inputs: 6 (a line of 100 MB), 7 (brackets without end), 8
//! (a name of a million characters), 29 (a million cases).

use std::time::{Duration, Instant};

use ir::parse::module;
use ir::{ParseCode, verify_module};

/// Unoptimised code is ten to twenty times slower, so it gets a part of what is asked for.
const LINE: usize = if cfg!(debug_assertions) { 2_000_000 } else { 100_000_000 };
const MANY: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

/// What an input may take: of the list.
const TIME: Duration = Duration::from_secs(10);
const MEMORY: u64 = 1 << 30;

/// The most memory that this process had so far, where the system says it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? * 1024)
}

/// The code of the first error, or none if the text is a good module.
///
/// It takes the text, so that only one at a time takes up memory.
fn answer(name: &str, text: impl AsRef<str>) -> Option<ParseCode> {
    let text = text.as_ref();
    let start = Instant::now();
    let code = match module(text) {
        Ok(module) => {
            verify_module(&module).unwrap();
            None
        }
        Err(errors) => {
            assert!(errors.len() <= ir::parse::MAX_ERRORS);
            // What a person sees is not as long as the line.
            assert!(errors.iter().all(|error| error.render(text, "file").len() < 1000), "{name}");
            Some(errors[0].code)
        }
    };
    let time = start.elapsed();
    let memory = peak_memory().unwrap_or(0);
    println!("{name}: {} bytes, {time:?}, at most {} MiB", text.len(), memory >> 20);
    assert!(time < TIME, "{name}: {time:?}");
    assert!(memory < MEMORY, "{name}: {} MiB", memory >> 20);
    code
}

#[test]
fn huge_inputs() {
    let within = |line: &str| format!("fn @f(i64) -> i64 {{\nblock0(v0: i64):\n{line}\nret v0\n}}");
    let syntax = Some(ParseCode::Syntax);
    // 6: one line of blanks, a comment, a name, a string, operands, results, instructions, numbers.
    assert_eq!(answer("blanks", " ".repeat(LINE)), None);
    assert_eq!(answer("comment", format!("; {}", "c".repeat(LINE))), None);
    assert_eq!(answer("word", "x".repeat(LINE)), Some(ParseCode::Item));
    assert_eq!(answer("stray", "\u{1}".repeat(LINE)), Some(ParseCode::Character));
    let data = format!("data @d align 1 = \"{}\"", "d".repeat(LINE));
    assert_eq!(answer("string", data), None);
    let list = within(&format!("v1: i64 = add {}", "v0, ".repeat(LINE / 4)));
    assert_eq!(answer("operands", list), syntax);
    let call = within(&format!("call @f({} v0)", "v0, ".repeat(LINE / 16)));
    assert_eq!(answer("arguments", format!("{call}\n@")), Some(ParseCode::Character));
    let digits = within(&format!("v1: i64 = iconst {}", "9".repeat(LINE)));
    assert_eq!(answer("digits", digits), Some(ParseCode::Range));
    let float = within(&format!("v1: f64 = fconst 1.{}", "9".repeat(LINE)));
    assert_eq!(answer("fraction", float), None);
    let types = format!("extern @f({}i8)", "i8, ".repeat(LINE / 16));
    assert_eq!(answer("parameters", format!("{types}\n@")), Some(ParseCode::Character));
    // 7: no bracket is followed into.
    for bracket in ["(", "{", "[", "((i64) -> "] {
        let text = format!("fn @f{}", bracket.repeat(MANY));
        assert_eq!(answer(bracket, text), syntax);
        let text = within(&format!("call_indirect v0(v0) : {}", bracket.repeat(MANY)));
        assert_eq!(answer(bracket, text), syntax);
    }
    // 8
    let name = "n".repeat(MANY);
    let named = format!("extern @{name}()\n{}", within(&format!("call @{name}()")));
    assert_eq!(answer("name", named), None);
    assert_eq!(answer("near name", within(&format!("call @{name}()"))), Some(ParseCode::Unknown));
    assert_eq!(answer("operation", within(&name)), Some(ParseCode::Opcode));
    assert_eq!(answer("value name", within(&format!("v1.{name}: i64 = neg v0"))), None);
    // 12: a text may leave out numbers in proportion to its length.
    let sparse = |number: usize| {
        within(&format!("v{number}: i64 = neg v0\njump block{number}\nblock{number}:"))
    };
    let padded = |number: usize| format!("{}\n{}", ";".repeat(LINE), sparse(number));
    let few = ir::parse::MAX_LEFT_OUT / 2;
    assert_eq!(answer("left out", sparse(few)), None);
    assert_eq!(answer("too many left out", sparse(3 * few)), Some(ParseCode::Numbering));
    assert_eq!(answer("left out of a long text", padded(4 * few)), None);
    assert_eq!(answer("too large", sparse(4_000_000)), Some(ParseCode::Numbering));
    // 29
    let cases: String = (0..MANY).map(|case| format!("{case}: block1, ")).collect();
    let switch = within(&format!("switch v0, block1, [{cases} -1: block1]\nblock1:"));
    assert_eq!(answer("cases", switch), None);
    // Many mistakes, each with a name that is like many others.
    let alike: String = (0..MANY / 20).map(|i| format!("extern @name{i}()\n")).collect();
    let calls: String = (0..1000).map(|i| format!("call @nmae{i}()\n")).collect();
    assert_eq!(answer("alike", format!("{alike}{}", within(&calls))), Some(ParseCode::Unknown));
    // Many functions.
    let functions: String =
        (0..MANY / 10).map(|i| format!("fn @f{i}() {{ block0: ret }}\n")).collect();
    assert_eq!(answer("functions", functions), None);
}
