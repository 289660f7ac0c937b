//! The fuzz targets of `fuzz/`, each for about a second, on texts that are nearly right.
//!
//! `JITSU_SEEDS=100000 cargo test --release -p cli --test fuzz` asks more of them. `fuzz/README.md` says how libFuzzer does.

#[path = "../../fuzz/src/lib.rs"]
pub mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use testkit::{Families, Random, Shape, mutated};

/// The files with this ending in a folder.
fn files(folder: &str, end: &str) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(Path::new("..").join(folder)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == end));
    paths.sort();
    assert!(!paths.is_empty(), "{folder}");
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Asks a target about a text for each seed; at least one in `one_in` must be something that it can ask about.
fn ask(
    target: fn(&[u8]) -> bool,
    seeds: u64,
    one_in: usize,
    make: impl Fn(&mut Random) -> Vec<u8>,
) {
    let (mut asked, mut accepted) = (0, 0);
    for seed in testkit::seeds(seeds) {
        let bytes = make(&mut Random::new(seed));
        asked += 1;
        match catch_unwind(AssertUnwindSafe(|| target(&bytes))) {
            Ok(is_accepted) => accepted += usize::from(is_accepted),
            Err(_) => panic!("seed {seed}:\n{}", String::from_utf8_lossy(&bytes)),
        }
    }
    println!("{asked} texts, {accepted} accepted");
    assert!(accepted * one_in >= asked, "{accepted} of {asked} accepted");
}

#[test]
fn nearly_right_texts() {
    let corpus = ["ir", "errors", "conditions", "planted"]
        .map(|folder| files(&format!("tests/{folder}"), "ir"))
        .concat();
    ask(targets::text, 2000, 10, |random| mutated(random, &corpus));
}

#[test]
fn nearly_right_sources() {
    let corpus = [files("lang/tests/programs", "rs"), files("examples", "rs")].concat();
    ask(targets::source, 200, 20, |random| mutated(random, &corpus));
}

#[test]
fn nearly_right_instructions() {
    let lines: Vec<Vec<u8>> = (0..4000)
        .filter_map(|seed| arm64_enc::Inst::decode(Random::new(seed).bits() as u32))
        .map(|inst| inst.to_string().into_bytes())
        .collect();
    ask(targets::instructions, 4000, 4, |random| {
        // It takes the parser long to refuse a line of AdvSIMD.
        if random.once_in(100) {
            return mutated(random, &lines);
        }
        (0..2).flat_map(|_| random.bits().to_le_bytes()).collect()
    });
}

#[test]
fn engines_agree_on_mutated_modules() {
    let mut corpus = [files("tests/planted", "ir"), files("tests/errors", "ir")].concat();
    corpus.extend((0..50).map(|seed| {
        let families = if seed % 2 == 0 { Families::NONE } else { Families::ALL };
        let shape =
            Shape { blocks: 3, insts: 5, slots: seed as u32 % 2, families, ..Shape::default() };
        testkit::function(seed, &shape).to_string().into_bytes()
    }));
    ask(targets::engines, 400, 10, |random| mutated(random, &corpus));
}
