//! `cargo xtask verify-encodings`: the words and texts of `arm64-enc` against LLVM and GNU as.
//!
//! An example program of the crate prints words with their text: each field of each listed encoding with all its
//! values, random words of each encoding, and words without any plan. For each word
//!
//! - LLVM's disassembler must print the same text, decimal and hexadecimal, or call the word undefined as we do;
//! - LLVM's and GNU's assemblers must make the word from our text.
//!
//! What differs is either on the list below, each item with its reason, and counted, or it is an error.

mod tools;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::sh::{self, Result};
use tools::{Assembled, Tools};

/// Random words per encoding, and words without any plan.
const PER_ENCODING: u32 = 400;
const UNPLANNED: u32 = 1_000_000;
/// The same and the values of each field, of a sample.
const SAMPLE: [u32; 3] = [4, 20_000, 4];
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
        "instructions of Armv8.1 to 8.5 that the crate does not cover: rounding multiplies, dot products, complex numbers, frint32 and frint64, msr PM and ALLINT",
    ),
    (
        Listed::Unpredictable,
        "the assembler refuses what the manual calls constrained unpredictable",
    ),
    (Listed::Synonym, "several words have this text, and the assembler makes another one of them"),
    (Listed::NoRelocation, "GNU as leaves adrp to the linker"),
    (Listed::NoRangePrefetch, "GNU as 2.40 does not know rprfm"),
];

/// One word as the example program prints it.
struct Case {
    group: String,
    name: String,
    word: u32,
    text: String,
    hex_text: String,
    /// The text with targets relative to the instruction; empty if it cannot be said so.
    assembly: String,
}

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

/// Compares all words; the first word given replaces the number of random words per encoding.
pub(crate) fn run(words: &[String]) -> Result {
    let per_encoding = match words.first() {
        Some(word) if word == "--sample" => return sample(),
        Some(count) => count.parse().map_err(|_| format!("`{count}` is not a number of words"))?,
        None => PER_ENCODING,
    };
    verify(&tools::find_or_install()?, &[per_encoding, UNPLANNED])
}

/// A few words of each encoding, for `cargo xtask test`, if this machine has the other assemblers or gets them.
pub(crate) fn sample() -> Result {
    match tools::find_or_install() {
        Ok(tools) => verify(&tools, &SAMPLE),
        Err(missing) => {
            eprintln!("verify-encodings: left out: {missing}");
            Ok(())
        }
    }
}

/// Compares the words that the example prints for these numbers.
fn verify(tools: &Tools, numbers: &[u32]) -> Result {
    eprintln!("verify-encodings: {}; {}", tools.llvm_version, tools.gnu_version);
    sh::run(sh::cargo(&["build", "-q", "--release", "-p", "arm64-enc", "--examples"]))?;
    let mut example = example("verify_words");
    example.args(numbers.iter().map(u32::to_string)).stdout(Stdio::piped());
    let mut child = example.spawn().map_err(|e| format!("the example did not start: {e}"))?;
    let output = child.stdout.take().ok_or("the example has no output")?;
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut done = 0;
    let mut lines = BufReader::new(output).lines();
    loop {
        let line = lines.next().transpose().map_err(|e| format!("cannot read words: {e}"))?;
        let last = line.is_none();
        chunk.extend(line.as_deref().map(case).transpose()?);
        if chunk.len() == CHUNK || last {
            compare(tools, &chunk, &mut tallies)?;
            done += chunk.len();
            eprintln!("verify-encodings: {done} words compared");
            chunk.clear();
        }
        if last {
            break;
        }
    }
    let status = child.wait().map_err(|e| format!("the example did not end: {e}"))?;
    if !status.success() {
        return Err(format!("the example failed ({status})"));
    }
    report(&tallies, numbers[0])
}

/// An example program of the crate, built before.
fn example(name: &str) -> Command {
    sh::command(sh::root().join("target/release/examples").join(name), &[])
}

fn case(line: &str) -> Result<Case> {
    let mut columns = line.split('\t').map(str::to_owned);
    let mut next = || columns.next().ok_or_else(|| format!("a line with too few columns: {line}"));
    let (group, name, word) = (next()?, next()?, next()?);
    let word = u32::from_str_radix(&word, 16).map_err(|_| format!("not a word: {word}"))?;
    Ok(Case { group, name, word, text: next()?, hex_text: next()?, assembly: next()? })
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
    let other_texts = our_texts(&others)?;
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
    [
        "sqrdmlah",
        "sqrdmlsh",
        "sdot",
        "udot",
        "fcmla",
        "fcadd",
        "frint32",
        "frint64",
        "msr PM,",
        "msr ALLINT,",
    ]
    .iter()
    .any(|name| text.starts_with(name))
}

fn is_system(text: &str) -> bool {
    ["mrs ", "msr ", "sys ", "sysl "].iter().any(|name| text.starts_with(name))
}

/// Our text of these words.
fn our_texts(words: &[u32]) -> Result<BTreeMap<u32, String>> {
    let mut input = String::new();
    for word in words {
        input.push_str(&format!("{word:08x}\n"));
    }
    let output = tools::pipe(example("disassemble"), &input)?.stdout;
    let texts = output.lines().filter_map(|line| {
        let (word, text) = line.split_once('\t')?;
        Some((u32::from_str_radix(word, 16).ok()?, text.to_owned()))
    });
    Ok(texts.collect())
}

fn report(tallies: &BTreeMap<String, Tally>, per_encoding: u32) -> Result {
    let mut out = std::io::stdout().lock();
    let mut print =
        |line: String| writeln!(out, "{line}").map_err(|e| format!("cannot print: {e}"));
    print(format!(
        "Words: each field with all values up to 16 bits (4,096 of wider ones), {per_encoding} random words per \
         encoding, {UNPLANNED} without plan (`any`)."
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
