//! Words and texts that need no other assembler: fixed samples, random words, all values of small operand types.

use std::collections::BTreeMap;

use arm64_enc::{Branch, DpImm, DpReg, Fp, FpImm8, Inst, LdSt, LogicalImm, Size, System};

mod common;
use common::{Random, rows};

#[test]
fn fixed_words_have_the_text_that_llvm_prints() {
    let mut checked = 0;
    for line in include_str!("data/words.txt").lines().filter(|line| !line.starts_with('#')) {
        let (word, text) = line.split_once(' ').expect("word and text");
        let word = u32::from_str_radix(word, 16).expect("a word");
        let inst =
            Inst::decode(word).unwrap_or_else(|| panic!("{word:08x} `{text}` does not decode"));
        assert_eq!(inst.to_string(), text, "{word:08x} {inst:?}");
        assert_eq!(inst.encode(), word, "{text}");
        checked += 1;
    }
    assert!(checked > 400);
}

#[test]
fn what_decodes_encodes_to_itself() {
    let mut random = Random::new(5);
    let mut decoded = 0;
    for _ in 0..1_000_000 {
        let word = random.next();
        if let Some(inst) = Inst::decode(word) {
            assert_eq!(inst.encode(), word, "{inst:?}");
            assert_eq!(u32::from(inst), word);
            decoded += 1;
        }
    }
    // About two fifths of all words are scalar or AdvSIMD instructions.
    assert!((250_000..450_000).contains(&decoded), "{decoded} decoded");
}

/// No two classes share a word: the order in which they are asked does not matter.
#[test]
fn a_word_belongs_to_at_most_one_group() {
    let mut random = Random::new(6);
    let planned = rows().into_iter().flat_map(|row| {
        let mut random = Random::new(u64::from(row.value));
        (0..20).map(move |i| row.word(&mut random, i % 2 == 0))
    });
    let words: Vec<u32> = planned.chain((0..200_000).map(|_| random.next())).collect();
    for word in words {
        let groups = [
            DpImm::decode(word).map(Inst::from),
            DpReg::decode(word).map(Inst::from),
            Branch::decode(word).map(Inst::from),
            LdSt::decode(word).map(Inst::from),
            arm64_enc::Atomic::decode(word).map(Inst::from),
            Fp::decode(word).map(Inst::from),
            arm64_enc::Simd::decode(word).map(Inst::from),
            System::decode(word).map(Inst::from),
        ];
        let known: Vec<Inst> = groups.into_iter().flatten().collect();
        assert!(known.len() <= 1, "{word:08x} is {known:?}");
        assert_eq!(known.first().copied(), Inst::decode(word), "{word:08x}");
    }
}

#[test]
fn every_encoding_has_its_own_class_bits() {
    let mut seen = BTreeMap::new();
    for class in Inst::classes() {
        let bits: String = class.diagram.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(bits.len(), 32, "{}", class.name);
        let other = seen.insert((class.group, class.name), bits);
        assert_eq!(other, None, "{} twice", class.name);
    }
}

/// The definition of bitmask immediates, the slow way: every element size, run length and rotation.
fn bitmasks(size: Size) -> BTreeMap<u64, u32> {
    let mut all = BTreeMap::new();
    for element in [2, 4, 8, 16, 32, 64].into_iter().filter(|&element| element <= size.bits()) {
        for ones in 1..element {
            for rotation in 0..element {
                let bit = |position: u32| (position + rotation) % element < ones;
                let value =
                    (0..size.bits()).filter(|&p| bit(p)).fold(0, |value, p| value | 1u64 << p);
                *all.entry(value).or_insert(0) += 1;
            }
        }
    }
    all
}

#[test]
fn all_bitmask_immediates() {
    for (size, count) in [(Size::W, 1302), (Size::X, 5334)] {
        let all = bitmasks(size);
        assert_eq!(all.len(), count);
        for &value in all.keys() {
            let imm =
                LogicalImm::new(value, size).unwrap_or_else(|| panic!("{value:#x} at {size}"));
            assert_eq!(imm.value(), value);
            // One bit more or less is a bitmask only if the definition says so.
            for bit in 0..size.bits() {
                let neighbour = value ^ 1 << bit;
                assert_eq!(
                    LogicalImm::new(neighbour, size).is_some(),
                    all.contains_key(&neighbour),
                    "{neighbour:#x}"
                );
            }
        }
        assert_eq!(LogicalImm::new(0, size), None);
        assert_eq!(LogicalImm::new(size.truncate(u64::MAX), size), None);
    }
    assert_eq!(LogicalImm::new(0x1_0000_0001, Size::W), None);
    // All 13-bit fields: what is reserved has no value, the rest has one of the list.
    for size in [Size::W, Size::X] {
        let all = bitmasks(size);
        for fields in 0..1 << 13 {
            if let Some(imm) = LogicalImm::from_fields(fields, size) {
                assert!(all.contains_key(&imm.value()), "{fields:#x}");
            }
        }
    }
}

#[test]
fn all_floating_point_immediates() {
    let mut values = Vec::new();
    for sign in [1.0, -1.0] {
        for mantissa in 16..32 {
            for exponent in -3..=4 {
                values.push(sign * f64::from(mantissa) / 16.0 * 2f64.powi(exponent));
            }
        }
    }
    for &value in &values {
        let imm = FpImm8::new(value).unwrap_or_else(|| panic!("{value}"));
        assert_eq!(imm.value(), value);
        assert_eq!(FpImm8::from_imm8(imm.imm8()), imm);
        for neighbour in [value.next_up(), value.next_down()] {
            assert_eq!(FpImm8::new(neighbour), None, "{neighbour}");
        }
    }
    let mut all: Vec<u8> =
        values.iter().filter_map(|&value| FpImm8::new(value)).map(FpImm8::imm8).collect();
    all.sort_unstable();
    assert_eq!(all, (0..=255).collect::<Vec<u8>>());
    for value in [0.0, -0.0, f64::NAN, f64::INFINITY, 0.1, 32.0, 0.0625] {
        assert_eq!(FpImm8::new(value), None, "{value}");
    }
}
