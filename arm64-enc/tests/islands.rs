//! Every reference reaches its label, however far, and control passes every island: random programs are walked by a small
//! model that knows the few instructions which references are made of.

use arm64_enc::{
    AddSub, Assembler, BitNumber, Branch, BranchImm, BranchReg, CompareZero, Cond, Constant, DpImm,
    DpReg, FpLiteralOp, Inst, Label, LdSt, LiteralOp, MemOp, MoveWide, Reg, Size, TestBit, VReg,
    X0, X1, X2,
};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};

const NOP: u32 = 0xd503_201f;
const RET: u32 = 0xd65f_03c0;

/// A reference in a program.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    B,
    Bl,
    BCond,
    Cbz,
    Tbz,
    Adr,
    /// A constant of the pool.
    Constant(u64),
    FpConstant(u64),
}

struct Reference {
    kind: Kind,
    at: usize,
    next: usize,
    label: Option<Label>,
}

/// What the model knows: where control is and the registers that references use.
struct Walker<'a> {
    words: &'a [u32],
    pc: u64,
    x: [u64; 32],
    v: u64,
    /// Whether conditions hold: `eq`, the register is zero, the bit is zero.
    holds: bool,
}

impl Walker<'_> {
    fn word(&self, at: u64) -> u64 {
        u64::from(self.words[at as usize / 4])
    }

    fn step(&mut self) {
        let inst = Inst::decode(self.words[self.pc as usize / 4]).expect("control runs into data");
        let pc = self.pc;
        let go = |offset: i64| pc.wrapping_add(offset as u64);
        let mut next = pc + 4;
        match inst {
            Inst::Branch(Branch::Imm { op, offset }) => {
                next = go(offset.bytes());
                if op == BranchImm::Bl {
                    self.x[30] = pc + 4;
                }
            }
            Inst::Branch(Branch::Cond { cond, offset }) if (cond == Cond::Eq) == self.holds => {
                next = go(offset.bytes());
            }
            Inst::Branch(Branch::CompareZero { op, offset, .. })
                if (op == CompareZero::Cbz) == self.holds =>
            {
                next = go(offset.bytes());
            }
            Inst::Branch(Branch::TestBit { op, offset, .. })
                if (op == TestBit::Tbz) == self.holds =>
            {
                next = go(offset.bytes());
            }
            Inst::Branch(Branch::Reg { op, rn }) => {
                next = self.x[rn.number() as usize];
                if op == BranchReg::Blr {
                    self.x[30] = pc + 4;
                }
            }
            Inst::Branch(_) => {}
            Inst::DpImm(DpImm::Adr { rd, offset }) => {
                self.x[rd.number() as usize] = go(offset.bytes());
            }
            Inst::DpImm(DpImm::MoveWide { op, rd, imm }) => {
                let old = self.x[rd.number() as usize];
                self.x[rd.number() as usize] = match op {
                    MoveWide::Movz => imm.value(),
                    MoveWide::Movn => !imm.value(),
                    MoveWide::Movk => old & !(0xffff << imm.shift()) | imm.value(),
                };
            }
            Inst::DpReg(DpReg::AddSubShifted { op: AddSub::Add, rd, rn, rm, .. }) => {
                self.x[rd.number() as usize] =
                    self.x[rn.number() as usize].wrapping_add(self.x[rm.number() as usize]);
            }
            Inst::LdSt(LdSt::Literal { op: LiteralOp::LdrX, rt, offset }) => {
                let at = go(offset.bytes());
                self.x[rt.number() as usize] = self.word(at) | self.word(at + 4) << 32;
            }
            Inst::LdSt(LdSt::FpLiteral { op: FpLiteralOp::LdrD, offset, .. }) => {
                let at = go(offset.bytes());
                self.v = self.word(at) | self.word(at + 4) << 32;
            }
            Inst::LdSt(LdSt::Unsigned { op: MemOp::LdrX, rt, rn, .. }) => {
                let at = self.x[rn.number() as usize];
                self.x[rt.number() as usize] = self.word(at) | self.word(at + 4) << 32;
            }
            Inst::LdSt(LdSt::FpUnsigned { rn, .. }) => {
                let at = self.x[rn.number() as usize];
                self.v = self.word(at) | self.word(at + 4) << 32;
            }
            Inst::System(_) => {}
            other => panic!("a reference is not made of `{other}`"),
        }
        self.pc = next;
    }

    /// Walks until control is at `end`.
    fn until(&mut self, end: u64, limit: usize) {
        for _ in 0..limit {
            if self.pc == end {
                return;
            }
            self.step();
        }
        panic!("control does not come to {end:#x}; it is at {:#x}", self.pc);
    }
}

fn emit(asm: &mut Assembler, kind: Kind, label: Label) -> Reference {
    let at = asm.offset();
    let mut target = Some(label);
    match kind {
        Kind::B => asm.b(label),
        Kind::Bl => asm.bl(label),
        Kind::BCond => asm.b_cond(Cond::Eq, label),
        Kind::Cbz => asm.cbz(Size::X, X1, label),
        Kind::Tbz => asm.tbz(X2, BitNumber::new(5).unwrap(), label),
        Kind::Adr => asm.adr(X0, label),
        Kind::Constant(value) => {
            asm.ldr_const(X0, Size::X, value);
            target = None;
        }
        Kind::FpConstant(value) => {
            asm.ldr_const_fp(VReg::new(0).unwrap(), Constant::Double(value));
            target = None;
        }
    }
    Reference { kind, at, next: asm.offset(), label: target }
}

/// Walks every reference, and once through the whole code.
fn check(asm: Assembler, references: &[Reference], instructions: usize) {
    let code = asm.finish().unwrap();
    let words = code.words();
    for reference in references {
        let start = reference.at as u64;
        let mut walker = Walker { words, pc: start, x: [0; 32], v: 0, holds: true };
        let target = reference.label.map(|label| code.label_offset(label).unwrap() as u64);
        match reference.kind {
            Kind::B | Kind::BCond | Kind::Cbz | Kind::Tbz => walker.until(target.unwrap(), 20),
            Kind::Bl => {
                walker.until(target.unwrap(), 20);
                let back = walker.x[30];
                assert!(back > start && back <= reference.next as u64, "returns to {back:#x}");
            }
            Kind::Adr => {
                walker.until(reference.next as u64, 20);
                assert_eq!(Some(walker.x[0]), target);
            }
            Kind::Constant(value) => {
                walker.until(reference.next as u64, 20);
                assert_eq!(walker.x[0], value);
            }
            Kind::FpConstant(value) => {
                walker.until(reference.next as u64, 20);
                assert_eq!(walker.v, value);
            }
        }
    }
    // Straight through with no condition holding: every filler is met once, and the end is reached.
    if references.iter().any(|r| matches!(r.kind, Kind::B | Kind::Bl)) {
        return;
    }
    let end = words.iter().rposition(|&word| word == RET).unwrap() as u64 * 4;
    let mut walker = Walker { words, pc: 0, x: [0; 32], v: 0, holds: false };
    let mut met = 0;
    while walker.pc != end {
        met += usize::from(words[walker.pc as usize / 4] == NOP);
        walker.step();
    }
    assert_eq!(met, instructions);
}

fn fill(asm: &mut Assembler, words: usize) {
    for _ in 0..words {
        asm.word(NOP);
    }
}

/// One reference over exactly `words` fillers, forward and backward.
fn across(kind: Kind, words: usize) {
    let mut asm = Assembler::new();
    let (back, forward) = (asm.label(), asm.label());
    asm.bind(back).unwrap();
    fill(&mut asm, words);
    let mut references = vec![emit(&mut asm, kind, back)];
    references.push(emit(&mut asm, kind, forward));
    fill(&mut asm, words);
    asm.bind(forward).unwrap();
    asm.word(RET);
    check(asm, &references, 2 * words);
}

const REFERENCES: [Kind; 8] = [
    Kind::B,
    Kind::Bl,
    Kind::BCond,
    Kind::Cbz,
    Kind::Tbz,
    Kind::Adr,
    Kind::Constant(0x0123_4567_89ab_cdef),
    Kind::FpConstant(u64::MAX),
];

#[test]
fn around_32_kib() {
    for kind in REFERENCES {
        for words in (8192 - 24)..=(8192 + 3) {
            across(kind, words);
        }
    }
}

#[test]
fn around_1_mib() {
    for kind in REFERENCES.into_iter().filter(|kind| !matches!(kind, Kind::Bl | Kind::Tbz)) {
        for words in [-17, -1, 0, 1] {
            across(kind, (1i64 << 18).wrapping_add(words) as usize);
        }
    }
}

#[test]
fn around_128_mib() {
    // Two references of each kind over 128 MiB are 256 MiB of code, so both directions share one program.
    let half = (128 << 20) / 4;
    let mut asm = Assembler::with_capacity(2 * half + 1000);
    let (back, forward) = (asm.label(), asm.label());
    asm.bind(back).unwrap();
    fill(&mut asm, half - 1);
    let mut references = Vec::new();
    for _ in 0..3 {
        for kind in [Kind::B, Kind::Bl, Kind::BCond] {
            references.push(emit(&mut asm, kind, back));
            references.push(emit(&mut asm, kind, forward));
        }
    }
    fill(&mut asm, half);
    asm.bind(forward).unwrap();
    asm.word(RET);
    check(asm, &references, 0);
}

#[test]
fn many_far_branches_take_linear_time_and_share_veneers() {
    let mut asm = Assembler::new();
    let far = asm.label();
    let mut references = Vec::new();
    for _ in 0..100_000 {
        references.push(emit(&mut asm, Kind::Tbz, far));
        asm.word(NOP);
    }
    fill(&mut asm, 400_000);
    asm.bind(far).unwrap();
    asm.word(RET);
    let size = asm.offset();
    check(asm, &references, 500_000);
    // 600,001 instructions, and veneers for whole islands of branches, not one for each.
    assert!(size < 4 * 601_000, "{size} bytes");
}

#[test]
fn distinct_labels_close_together_each_get_their_veneer() {
    let mut asm = Assembler::new();
    let labels: Vec<Label> = (0..30_000).map(|_| asm.label()).collect();
    let kinds = [Kind::Tbz, Kind::Adr, Kind::BCond, Kind::Cbz];
    let references: Vec<Reference> =
        labels.iter().enumerate().map(|(i, &label)| emit(&mut asm, kinds[i % 4], label)).collect();
    fill(&mut asm, 300_000);
    for &label in &labels {
        asm.bind(label).unwrap();
        asm.word(NOP);
    }
    asm.word(RET);
    check(asm, &references, 330_000);
}

#[test]
fn a_jump_table_stands_together_and_holds_distances() {
    let mut asm = Assembler::new();
    let far = asm.label();
    let test = emit(&mut asm, Kind::Tbz, far);
    fill(&mut asm, 8100);
    let over = asm.label();
    asm.b(over);
    let targets: Vec<Label> = (0..200).map(|_| asm.label()).collect();
    let table = asm.label();
    asm.jump_table(table, &targets).unwrap();
    asm.bind(over).unwrap();
    for &target in &targets {
        asm.bind(target).unwrap();
        asm.word(NOP);
    }
    asm.bind(far).unwrap();
    asm.word(RET);
    let code = asm.clone().finish().unwrap();
    let begin = code.label_offset(table).unwrap();
    for (i, &target) in targets.iter().enumerate() {
        let entry = code.words()[begin / 4 + i] as i32;
        assert_eq!(begin as i64 + i64::from(entry), code.label_offset(target).unwrap() as i64);
    }
    check(asm, &[test], 8300);
}

#[derive(Clone, Debug)]
enum Part {
    Refer(usize, Kind),
    Bind(usize),
    Fill(usize),
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let kind = prop_oneof![
        proptest::strategy::Just(Kind::BCond),
        proptest::strategy::Just(Kind::Cbz),
        proptest::strategy::Just(Kind::Tbz),
        proptest::strategy::Just(Kind::Adr),
        any::<u8>().prop_map(|value| Kind::Constant(u64::from(value % 7))),
        any::<u8>().prop_map(|value| Kind::FpConstant(u64::from(value % 7))),
    ];
    let part = prop_oneof![
        8 => (0usize..12, kind).prop_map(|(label, kind)| Part::Refer(label, kind)),
        2 => (0usize..12).prop_map(Part::Bind),
        2 => (0usize..9000).prop_map(Part::Fill),
        1 => (0usize..100_000).prop_map(Part::Fill),
    ];
    proptest::collection::vec(part, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_reach_their_labels(parts in parts()) {
        let mut asm = Assembler::new();
        let labels: Vec<Label> = (0..12).map(|_| asm.label()).collect();
        let mut bound = [false; 12];
        let mut references = Vec::new();
        let mut fillers = 0;
        for part in parts {
            match part {
                Part::Refer(label, kind) => references.push(emit(&mut asm, kind, labels[label])),
                Part::Bind(label) if !bound[label] => {
                    bound[label] = true;
                    asm.bind(labels[label]).unwrap();
                }
                Part::Bind(_) => {}
                Part::Fill(words) => {
                    fillers += words;
                    fill(&mut asm, words);
                }
            }
        }
        for (&label, _) in labels.iter().zip(bound).filter(|(_, bound)| !bound) {
            asm.bind(label).unwrap();
        }
        asm.word(RET);
        check(asm, &references, fillers);
    }
}

#[test]
fn registers_of_addresses_in_veneers_do_not_collide() {
    for number in 0..=30 {
        let rd = Reg::new(number).unwrap();
        let mut asm = Assembler::new();
        let far = asm.label();
        asm.adr(rd, far);
        let next = asm.offset() as u64;
        fill(&mut asm, 1 << 18);
        asm.bind(far).unwrap();
        asm.word(RET);
        let code = asm.finish().unwrap();
        let mut walker = Walker { words: code.words(), pc: 0, x: [0; 32], v: 0, holds: false };
        walker.until(next, 20);
        assert_eq!(walker.x[usize::from(number)], code.label_offset(far).unwrap() as u64);
    }
}

/// A constant is placed again where its first copy is out of reach, so that every load of it is one instruction: a pool
/// that was placed is not known any more.
#[test]
fn a_constant_is_placed_again_when_it_is_far() {
    for kind in [Kind::Constant(0x0123_4567_89ab_cdef), Kind::FpConstant(0x0123_4567_89ab_cdef)] {
        let mut asm = Assembler::new();
        let (unused, words) = (asm.label(), 400_000);
        let mut references = Vec::new();
        for _ in 0..3 {
            references.push(emit(&mut asm, kind, unused));
            references.push(emit(&mut asm, kind, unused));
            fill(&mut asm, words);
        }
        assert!(
            references.iter().all(|load| load.next - load.at == 4),
            "more than one instruction"
        );
        asm.bind(unused).unwrap();
        asm.word(RET);
        check(asm, &references, 3 * words);
    }
}
