//! Memory: slots and data read and written at overlapping places and widths, through two pointers, in nested loops, with
//! facts that hold and without any, before and after calls, traps and atomic accesses.

use ir::Type;

use super::{Case, Text, arguments};
use crate::Random;

const HEAD: &str = r#"extern @note(i64)
data mut @m align 8 = "\01\02\03\04\05\06\07\08\09\0a\0b\0c\0d\0e\0f\10"
data mut @n align 8 = "\f1\f2\f3\f4\f5\f6\f7\f8\f9\fa\fb\fc\fd\fe\ff\80"
data @c align 8 = "\81\02\83\04\85\06\87\08\89\0a\8b\0c\8d\0e\8f\10"
fn @poke(i64, i64) {
block0(v0: i64, v1: i64):
  store.16 v1, v0 + 3
  ret
}
fn @deep(i64, i64) -> i64 {
  slot0: size 8, align 8
block0(v0: i64, v1: i64):
  v2: i64 = stack_addr slot0
  store v1, v2
  v3: i64 = load v0
  v4: i64 = iconst 1
  v5: i64 = add v3, v4
  store v5, v0
  v6: i64 = iconst 7
  v7: i64 = and v1, v6
  branch v7, block1, block2
block1:
  v8: i64 = sub v7, v4
  v9: i64 = call @deep(v2, v8)
  v10: i64 = load v2
  v11: i64 = add v9, v10
  ret v11
block2:
  ret v3
}
fn @peek() -> (i64, i64, i64, i64) {
block0:
  v0: i64 = data_addr @m
  v1: i64 = data_addr @n
  v2: i64 = load v0
  v3: i64 = load v0 + 8
  v4: i64 = load v1
  v5: i64 = load v1 + 8
  ret v2, v3, v4, v5
}
"#;

#[derive(Clone)]
struct Pointer {
    name: String,
    /// A region that is true of it, as a word before the address.
    region: &'static str,
    writable: bool,
    /// Bytes that may be accessed from there on.
    bytes: i64,
}

pub(super) fn case(random: &mut Random) -> Case {
    let mut text = Text::new(&format!(
        "{HEAD}fn @f(i64, i64, i64) -> i64 {{\n  slot0: size 16, align 8\n  slot1: size 8, align 8"
    ));
    let entry = text.block();
    let args = text.begin(&entry, &[Type::I64; 3]);
    let mut pointers = Vec::new();
    for (base, region, writable, bytes) in [
        ("stack_addr slot0", "region 1 ", true, 16),
        ("stack_addr slot1", "region 2 ", true, 8),
        ("data_addr @m", "region 3 ", true, 16),
        ("data_addr @n", "region 200 ", true, 16),
        ("data_addr @c", "region 64 ", false, 16),
        ("stack_addr slot0 + 4", "region 1 ", true, 12),
    ] {
        // A slot that is only accessed may become values; a few functions have one such alone.
        let name = text.value(Type::I64, base);
        pointers.push(Pointer { name, region, writable, bytes });
    }
    for (pointer, offset) in [(0, 0), (0, 8), (1, 0)] {
        let at: &Pointer = &pointers[pointer];
        text.line(&format!("store {}, {} + {offset}", args[offset / 8], at.name));
    }
    let seven = text.constant(Type::I64, 3);
    let zero = text.constant(Type::I64, 0);
    let turns = text.value(Type::I64, &format!("and {}, {seven}", args[2]));
    let escapes = random.once_in(2);
    if escapes {
        for _ in 0..2 {
            let (a, b) = (random.below(4), random.below(6));
            let other = if pointers[b].writable { b } else { 0 };
            let (p, q) = (pointers[a].clone(), pointers[other].clone());
            let name =
                text.value(Type::I64, &format!("select {}, {}, {}", args[1], p.name, q.name));
            // Which of the two is not said, so that no region holds.
            pointers.push(Pointer {
                name,
                region: "",
                writable: true,
                bytes: p.bytes.min(q.bytes),
            });
        }
    }
    let mut builder = Builder { random, text, args, escapes };
    let mut sum = zero.clone();
    sum = builder.straight(&pointers, &sum);
    sum = builder.loops(&pointers, &turns, &sum, 1);
    sum = builder.straight(&pointers, &sum);
    builder.text.line(&format!("ret {sum}"));
    let text = builder.text.end();
    let mut calls = Vec::new();
    for _ in 0..4 {
        calls.push(("f".to_owned(), arguments(random, &[Type::I64; 3])));
        calls.push(("peek".to_owned(), Vec::new()));
    }
    Case { text, calls }
}

struct Builder<'a> {
    random: &'a mut Random,
    text: Text,
    args: Vec<String>,
    escapes: bool,
}

impl Builder<'_> {
    /// A loop of at most `turns` turns and one, with accesses before, in and after another one inside.
    fn loops(&mut self, pointers: &[Pointer], turns: &str, sum: &str, depth: usize) -> String {
        let (head, body, end) = (self.text.block(), self.text.block(), self.text.block());
        let at_top = self.random.once_in(2);
        let moving = self.random.once_in(2) && self.escapes;
        let first = self.random.below(4);
        let second = self.random.below(4);
        let mut params = vec![Type::I64, Type::I64];
        let mut more = String::new();
        if moving {
            params.push(Type::I64);
            more = format!(", {}", pointers[first].name);
        }
        self.text.line(&format!("jump {head}({turns}, {sum}{more})"));
        let names = self.text.begin(&head, &params);
        let mut inside = pointers.to_vec();
        if moving {
            // The pointer of the next turn may be another one.
            more = format!(", {}", pointers[second].name);
            let bytes = pointers[first].bytes.min(pointers[second].bytes);
            let name = names[2].clone();
            inside.push(Pointer { name, region: "", writable: true, bytes });
        }
        let mut sum = names[1].clone();
        if at_top {
            if self.random.once_in(2) {
                sum = self.straight(&inside, &sum);
            }
            self.text.line(&format!("branch {}, {body}, {end}({sum})", names[0]));
        } else {
            self.text.line(&format!("jump {body}"));
        }
        self.text.begin(&body, &[]);
        let mut within = self.straight(&inside, &sum);
        if depth > 0 {
            within = self.loops(&inside, turns, &within, depth - 1);
            if self.random.once_in(2) {
                within = self.straight(&inside, &within);
            }
        }
        let one = self.text.constant(Type::I64, 1);
        let fewer = self.text.value(Type::I64, &format!("sub {}, {one}", names[0]));
        if at_top {
            self.text.line(&format!("jump {head}({fewer}, {within}{more})"));
        } else {
            let zero = self.text.constant(Type::I64, 0);
            let test = self.text.value(Type::I8, &format!("icmp sgt {fewer}, {zero}"));
            self.text
                .line(&format!("branch {test}, {head}({fewer}, {within}{more}), {end}({within})"));
        }
        self.text.begin(&end, &[Type::I64]).swap_remove(0)
    }

    fn straight(&mut self, pointers: &[Pointer], sum: &str) -> String {
        let mut sum = sum.to_owned();
        let few = 1 + self.random.below(5);
        for _ in 0..few {
            sum = self.access(pointers, &sum);
        }
        sum
    }

    fn access(&mut self, pointers: &[Pointer], sum: &str) -> String {
        // Mostly the same few places, so that accesses meet.
        let at = if self.random.once_in(2) { 0 } else { self.random.below(pointers.len()) };
        let pointer = pointers[at].clone();
        let last = |bytes: i64| pointer.bytes - bytes;
        let offset = |random: &mut Random, bytes: i64| {
            let offset = [0, 0, 0, 8, 4, 2, 1, 6][random.below(8)].min(last(bytes));
            if offset == 0 { String::new() } else { format!(" + {offset}") }
        };
        let mut facts = String::new();
        if !pointer.writable && self.random.once_in(2) {
            facts.push_str("readonly ");
        }
        if self.random.once_in(2) {
            facts.push_str(pointer.region);
        }
        let p = &pointer.name;
        match self.random.below(16) {
            0..=5 => {
                let loads = [
                    ("load", Type::I64, 8),
                    ("load", Type::I64, 8),
                    ("load", Type::I32, 4),
                    ("load.u8", Type::I64, 1),
                    ("load.s8", Type::I64, 1),
                    ("load.s16", Type::I64, 2),
                    ("load.u32", Type::I64, 4),
                    ("load", Type::F64, 8),
                ];
                let (load, ty, bytes) = loads[self.random.below(loads.len())];
                let offset = offset(self.random, bytes);
                let value = self.text.value(ty, &format!("{load} {facts}{p}{offset}"));
                let value = match ty {
                    Type::I32 => self.text.value(Type::I64, &format!("zext {value}")),
                    Type::F64 => self.text.value(Type::I64, &format!("bitcast {value}")),
                    _ => value,
                };
                self.text.mix(sum, &value)
            }
            6..=10 if pointer.writable => {
                let stores =
                    [("store", 8), ("store", 8), ("store.8", 1), ("store.16", 2), ("store.32", 4)];
                let (store, bytes) = stores[self.random.below(stores.len())];
                let offset = offset(self.random, bytes);
                let value = if self.random.once_in(2) {
                    sum.to_owned()
                } else {
                    self.args[self.random.below(3)].clone()
                };
                self.text.line(&format!("{store} {facts}{value}, {p}{offset}"));
                sum.to_owned()
            }
            11 if self.escapes && pointer.writable && pointer.bytes >= 8 => {
                self.text.line(&format!("call @poke({p}, {sum})"));
                sum.to_owned()
            }
            12 if self.escapes && pointer.writable && pointer.bytes >= 8 => {
                let value =
                    self.text.value(Type::I64, &format!("call @deep({p}, {})", self.args[0]));
                self.text.mix(sum, &value)
            }
            13 if pointer.writable && at < 4 && self.random.once_in(2) => {
                let value =
                    self.text.value(Type::I64, &format!("atomic_rmw {facts}add {sum}, {p}"));
                self.text.mix(sum, &value)
            }
            14 => {
                self.text.line(["fence", "call @note(v0)"][self.random.below(2)]);
                sum.to_owned()
            }
            15 => {
                let imm = self.text.constant(Type::I64, 5);
                let test = self.text.value(Type::I8, &format!("icmp eq {sum}, {imm}"));
                self.text.placed(&format!("trap_if {test}, panic"));
                sum.to_owned()
            }
            _ => sum.to_owned(),
        }
    }
}
