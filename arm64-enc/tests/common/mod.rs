//! What several test files share: the list of encodings and a source of random numbers.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

/// One line of the list.
pub struct Row {
    pub group: String,
    pub name: String,
    pub assembly: String,
    pub mask: u32,
    pub value: u32,
    /// The bits that belong to fields.
    pub fields: u32,
    /// The bits of each field.
    pub each_field: Vec<u32>,
}

impl Row {
    /// A word of the row with random fields; bits that are in no field are `ones` or as the list has them.
    pub fn word(&self, random: &mut Random, ones: bool) -> u32 {
        let fields = random.next() & self.fields;
        let free = if ones { !self.mask & !self.fields } else { 0 };
        self.value & self.mask | fields & !self.mask | free
    }
}

/// The list of A64 encodings.
pub fn rows() -> Vec<Row> {
    let text = include_str!("../data/a64-encodings.tsv");
    text.lines().filter(|line| !line.starts_with('#')).map(row).collect()
}

fn row(line: &str) -> Row {
    let mut columns = line.split('\t');
    let mut next = || columns.next().unwrap_or_default();
    let (group, name, assembly) = (next().to_string(), next().to_string(), next().to_string());
    let mask = u32::from_str_radix(next(), 16).expect("mask");
    let value = u32::from_str_radix(next(), 16).expect("value");
    // `name=first..last:..., ...`: the bit ranges of the instruction.
    let mut each_field = Vec::new();
    for field in next().split_whitespace() {
        let (_, ranges) = field.split_once('=').expect("field");
        let mut bits = 0;
        for range in ranges.split(',') {
            let (place, _) = range.split_once(':').expect("range");
            let (first, last) = place.split_once("..").expect("bits");
            let (first, last): (u32, u32) =
                (first.parse().expect("bit"), last.parse().expect("bit"));
            bits |= (first..=last).fold(0, |bits, bit| bits | 1 << bit);
        }
        each_field.push(bits);
    }
    let fields = each_field.iter().fold(0, |all, bits| all | bits);
    Row { group, name, assembly, mask, value, fields, each_field }
}

/// Random numbers by Steele, Lea and Flood's SplitMix64, the same on every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 32) as u32
    }
}
