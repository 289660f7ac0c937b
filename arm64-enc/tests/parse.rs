//! The parser reads back what the disassembler writes, and refuses the rest.

use arm64_enc::{Inst, ParseError};

mod common;
use common::{Random, rows};

/// Random words per encoding; AdvSIMD lines are found by search, which takes its time.
const WORDS: u32 = 20;
const SIMD_WORDS: u32 = 1;

#[test]
fn text_parses_to_an_instruction_with_the_same_text() {
    let mut random = Random::new(7);
    let mut parsed = 0;
    for row in rows() {
        let words = if row.group == "simd" { SIMD_WORDS } else { WORDS };
        let insts = (0..4 * words).filter_map(|i| Inst::decode(row.word(&mut random, i % 2 == 0)));
        for inst in insts.take(words as usize) {
            for text in [inst.to_string(), format!("{inst:#}"), inst.to_string().to_uppercase()] {
                if text.contains(".D[1]") || text.len() > 200 {
                    continue;
                }
                let again: Inst = text.parse().unwrap_or_else(|error| panic!("{}: {error}", row.name));
                // Several words may have one text; then the parser chooses.
                assert_eq!(again.to_string(), inst.to_string(), "{}: {inst:?} and {again:?}", row.name);
            }
            parsed += 1;
        }
    }
    println!("{parsed} texts parsed");
}
