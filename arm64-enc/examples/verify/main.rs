//! The words and texts of the crate against LLVM and GNU as; `cargo xtask verify-encodings` runs it.
//!
//! `verify LLVM_MC GNU_AS GNU_OBJCOPY DIR [full N | sample]`: each field of each listed encoding with all its values, N
//! random words of each encoding, and words without any plan; a sample has a few of each. For each word
//!
//! - LLVM's disassembler must print the same text, decimal and hexadecimal, or call the word undefined as we do;
//! - LLVM's and GNU's assemblers must make the word from our text.
//!
//! What differs is either on the list below, each item with its reason, and counted, or it is an error.

mod tools;
mod words;

use std::collections::BTreeMap;
use std::io::Write;

use arm64_enc::Inst;
use tools::{Assembled, Tools};
use words::{Case, Numbers};

/// An error is a sentence for the person at the terminal.
type Result<T = ()> = std::result::Result<T, String>;

/// What a sample has.
const SAMPLE: Numbers = Numbers { per_row: 4, unplanned: 20_000, most: 4 };
/// Words that go through the other assemblers in one run of each.
const CHUNK: usize = 100_000;
/// Differences that are shown of each group.
const SHOWN: usize = 5;

/// Our text of a word that is not an instruction, and what stands for LLVM's.
const UNKNOWN: &str = "<unknown>";

/// The differences that are meant to be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Listed {
    ShouldBe,
    ReservedRegister,
    SystemName,
    Feature,
    Extension,
    Unpredictable,
    Synonym,
    NoRelocation,
    NoRangePrefetch,
}

/// Why each is meant to be; also the order in which they are printed.
const LISTED: &[(Listed, &str)] = &[
    (
        Listed::ShouldBe,
        "LLVM decodes words whose should-be-0 or should-be-1 bits are wrong; no text makes them; we call them undefined",
    ),
    (
        Listed::ReservedRegister,
        "LLVM reads and writes system registers S0_* and S1_*, which no encoding has",
    ),
    (
        Listed::SystemName,
        "system registers and operations that LLVM knows by name and we by number",
    ),
    (
        Listed::Feature,
        "msr of a constant to the process state: LLVM wants extensions for TCO and SSBS, GNU as takes 0 and 1 only",
    ),
    (
        Listed::Extension,
        "instructions of Armv8.1 to 8.5 that the crate does not cover: msr PM and ALLINT",
    ),
    (
        Listed::Unpredictable,
        "the assembler refuses what the manual calls constrained unpredictable",
    ),
    (Listed::Synonym, "several words have this text, and the assembler makes another one of them"),
    (Listed::NoRelocation, "GNU as leaves adrp to the linker"),
    (Listed::NoRangePrefetch, "GNU as 2.40 does not know rprfm"),
];

/// What was counted for one group.
#[derive(Default)]
struct Tally {
    words: usize,
    undefined: usize,
    same_text: usize,
    llvm_word: usize,
    gnu_word: usize,
    listed: BTreeMap<Listed, usize>,
    different: usize,
    shown: Vec<String>,
}

impl Tally {
    fn list(&mut self, what: Listed) {
        *self.listed.entry(what).or_default() += 1;
    }

    fn differ(&mut self, case: &Case, what: &str) {
        self.different += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(format!("{:08x} {} `{}`: {what}", case.word, case.name, case.text));
        }
    }
}

fn main() -> std::process::ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("verify: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result {
    let (programs, numbers) = match *words {
        [llvm, gnu, objcopy, dir, "sample"] => ([llvm, gnu, objcopy, dir], SAMPLE),
        [llvm, gnu, objcopy, dir, "full", count] => {
            let per_row = count.parse().map_err(|_| format!("`{count}` is not a number"))?;
            let numbers = Numbers { per_row, unplanned: 1_000_000, most: u32::MAX };
            ([llvm, gnu, objcopy, dir], numbers)
        }
        _ => return Err("LLVM_MC GNU_AS GNU_OBJCOPY DIR (full N | sample)".to_owned()),
    };
    let tools = Tools::new(programs)?;
    eprintln!("{}; {}", tools.llvm_version, tools.gnu_version);
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut done = 0;
    let mut compare_chunk = |chunk: &mut Vec<Case>| {
        compare(&tools, chunk, &mut tallies)?;
        done += chunk.len();
        eprintln!("{done} words compared");
        chunk.clear();
        Ok::<(), String>(())
    };
    words::each(numbers, |case| {
        chunk.push(case);
        if chunk.len() == CHUNK { compare_chunk(&mut chunk) } else { Ok(()) }
    })?;
    compare_chunk(&mut chunk)?;
    report(&tallies, numbers)
}

fn compare(tools: &Tools, cases: &[Case], tallies: &mut BTreeMap<String, Tally>) -> Result {
    let words: Vec<u32> = cases.iter().map(|case| case.word).collect();
    let decimal = tools.disassemble(&words, &[])?;
    let hexadecimal = tools.disassemble(&words, &["--print-imm-hex"])?;
    let texts: Vec<&str> = cases.iter().map(|case| case.text.as_str()).collect();
    let by_llvm = tools.assemble_llvm(&texts)?;
    let lines: Vec<&str> = cases.iter().map(|case| case.assembly.as_str()).collect();
    let by_gnu = tools.assemble_gnu(&lines)?;
    // What LLVM makes of its own text tells whether a word that only LLVM decodes is the canonical one.
    let theirs: Vec<&str> = cases
        .iter()
        .zip(&decimal)
        .map(|(case, text)| if case.text == UNKNOWN { text.as_str() } else { UNKNOWN })
        .collect();
    let again = tools.assemble_llvm(&theirs)?;
    let others: Vec<u32> = by_llvm.iter().chain(&by_gnu).filter_map(Assembled::word).collect();
    let other_texts: BTreeMap<u32, String> =
        others.iter().filter_map(|&word| Some((word, Inst::decode(word)?.to_string()))).collect();
    for (i, case) in cases.iter().enumerate() {
        let tally = tallies.entry(case.group.clone()).or_default();
        tally.words += 1;
        compare_text(case, &decimal[i], &hexadecimal[i], &again[i], tally);
        if case.text == UNKNOWN {
            continue;
        }
        if compare_word(case, &case.text, &by_llvm[i], "llvm-mc", &other_texts, tally) {
            tally.llvm_word += 1;
        }
        if case.assembly.starts_with("adrp ") {
            tally.list(Listed::NoRelocation);
        } else if case.assembly.starts_with("rprfm ") {
            tally.list(Listed::NoRangePrefetch);
        } else if compare_word(case, &case.assembly, &by_gnu[i], "GNU as", &other_texts, tally) {
            tally.gnu_word += 1;
        }
    }
    Ok(())
}

fn compare_text(
    case: &Case,
    decimal: &str,
    hexadecimal: &str,
    again: &Assembled,
    tally: &mut Tally,
) {
    // LLVM prints the targets of `adr` and `adrp` in decimal always.
    let hex_same =
        hexadecimal == case.hex_text || (case.text.starts_with("adr") && hexadecimal == case.text);
    match (case.text.as_str(), decimal) {
        (UNKNOWN, UNKNOWN) => tally.undefined += 1,
        (ours, theirs) if ours == theirs && hex_same => tally.same_text += 1,
        (ours, theirs) if ours == theirs => {
            tally.differ(case, &format!("in hexadecimal LLVM says `{hexadecimal}`"))
        }
        (UNKNOWN, theirs) if theirs.contains(" S0_") || theirs.contains(" S1_") => {
            tally.list(Listed::ReservedRegister)
        }
        (UNKNOWN, theirs) if is_extension(theirs) => tally.list(Listed::Extension),
        (UNKNOWN, _) if again.word() != Some(case.word) => tally.list(Listed::ShouldBe),
        (ours, _) if is_feature(ours) => tally.list(Listed::Feature),
        // The assembler is asked below whether our spelling means the same.
        (ours, theirs) if is_system(ours) && theirs != UNKNOWN => tally.list(Listed::SystemName),
        (_, theirs) => tally.differ(case, &format!("LLVM says `{theirs}`")),
    }
}

/// Whether the assembler made the word from the text; tallies why not.
fn compare_word(
    case: &Case,
    source: &str,
    assembled: &Assembled,
    assembler: &str,
    texts: &BTreeMap<u32, String>,
    tally: &mut Tally,
) -> bool {
    match assembled {
        Assembled::Word(word) if *word == case.word => return true,
        Assembled::Word(word) if texts.get(word) == Some(&case.text) => tally.list(Listed::Synonym),
        Assembled::Word(word) => tally.differ(case, &format!("{assembler} makes {word:08x}")),
        Assembled::Refused(message) if message.contains("unpredictable") => {
            tally.list(Listed::Unpredictable)
        }
        Assembled::Refused(_) if is_feature(source) => tally.list(Listed::Feature),
        Assembled::Refused(message) => {
            tally.differ(case, &format!("{assembler} refuses `{source}`: {message}"))
        }
    }
    false
}

fn is_feature(text: &str) -> bool {
    text.split_once(", #").is_some_and(|(name, _)| name.starts_with("msr "))
}

fn is_extension(text: &str) -> bool {
    ["msr PM,", "msr ALLINT,"].iter().any(|name| text.starts_with(name))
}

fn is_system(text: &str) -> bool {
    ["mrs ", "msr ", "sys ", "sysl "].iter().any(|name| text.starts_with(name))
}

fn report(tallies: &BTreeMap<String, Tally>, numbers: Numbers) -> Result {
    let Numbers { per_row, unplanned, most } = numbers;
    let mut out = std::io::stdout().lock();
    let mut print =
        |line: String| writeln!(out, "{line}").map_err(|e| format!("cannot print: {e}"));
    print(format!(
        "Words: each field with all values up to 16 bits (4,096 of wider ones) or {most} of them, {per_row} random words per \
         encoding, {unplanned} without plan (`any`)."
    ))?;
    print(format!(
        "{:8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "group", "words", "undefined", "same text", "llvm word", "gnu word", "listed", "different"
    ))?;
    let mut listed: BTreeMap<Listed, usize> = BTreeMap::new();
    let mut different = 0;
    for (group, tally) in tallies {
        let exceptions: usize = tally.listed.values().sum();
        print(format!(
            "{group:8} {:>9} {:>9} {:>9} {:>9} {:>9} {exceptions:>9} {:>9}",
            tally.words,
            tally.undefined,
            tally.same_text,
            tally.llvm_word,
            tally.gnu_word,
            tally.different
        ))?;
        for (what, count) in &tally.listed {
            *listed.entry(*what).or_default() += count;
        }
        different += tally.different;
    }
    print("Listed differences (comparisons, up to three a word):".to_owned())?;
    for (what, reason) in LISTED {
        print(format!("{:>9}  {reason}", listed.get(what).copied().unwrap_or_default()))?;
    }
    for line in tallies.values().flat_map(|tally| &tally.shown) {
        print(format!("different: {line}"))?;
    }
    if different == 0 { Ok(()) } else { Err(format!("{different} differences")) }
}
