//! Counts the crate against the list of A64 encodings in `data/a64-encodings.tsv` and prints what is missing.

use std::collections::BTreeMap;

use arm64_enc::Inst;

mod common;
use common::{Random, rows};

/// Words per row that are tried; half of them with the bits that are in no field set, as should-be-one bits want.
const WORDS: u32 = 200;

#[test]
fn every_listed_encoding_decodes_and_encodes_to_itself() {
    let mut random = Random::new(1);
    let mut table: BTreeMap<String, (u32, Vec<String>)> = BTreeMap::new();
    for row in rows() {
        let decoded = (0..WORDS).any(|i| {
            let word = row.word(&mut random, i % 2 == 0);
            match Inst::decode(word) {
                Some(inst) => {
                    assert_eq!(inst.encode(), word, "{}: {word:08x} became {inst:?}", row.name);
                    true
                }
                None => false,
            }
        });
        let entry = table.entry(row.group.clone()).or_default();
        if decoded {
            entry.0 += 1;
        } else {
            entry.1.push(row.name.clone());
        }
    }
    for (group, (known, missing)) in &table {
        println!("{group:8} {known:5} of {:5}", *known as usize + missing.len());
        if !missing.is_empty() {
            println!(
                "         missing, the first ten: {}",
                missing[..missing.len().min(10)].join(" ")
            );
        }
    }
    for (group, (_, missing)) in &table {
        assert_eq!(*missing, Vec::<String>::new(), "missing in {group}");
    }
}
