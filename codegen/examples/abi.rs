//! Writes what `cargo xtask abi` builds with gcc: functions of random signatures compiled by this crate, as assembly,
//! and a C program that calls them and that they call. `abi DIR COUNT SEED`.
//!
//! A function hashes its arguments, around a call that destroys every register that a call may destroy. C computes
//! the same hash from the values that it passed. Narrow arguments come from C with anything above their type, and
//! every call is made with marks in all registers that a callee has to keep.
//!
//! An `i128` is two words to Jitsu. gcc's `__int128` begins at an even register, and so do the two words that stand where
//! one does here; elsewhere C passes two words. Results that no C type gives back like that are met by assembly that moves
//! up to eight words and eight floats between registers and memory, and passes on the address of the others.

use std::error::Error;
use std::fmt::Write as _;

use codegen::{CompiledCode, Compiler, Options, RelocKind};
use ir::{AbiParam, Extend, Function, FunctionBuilder, Signature, Type, Value};
use testkit::Random;

/// A C type: its name, its type in the IR, and how it is extended to a word.
#[derive(Clone, Copy)]
struct Scalar(&'static str, Type, Extend);

const SCALARS: [Scalar; 10] = [
    Scalar("int8_t", Type::I8, Extend::Sign),
    Scalar("uint8_t", Type::I8, Extend::Zero),
    Scalar("int16_t", Type::I16, Extend::Sign),
    Scalar("uint16_t", Type::I16, Extend::Zero),
    Scalar("int32_t", Type::I32, Extend::Sign),
    Scalar("uint32_t", Type::I32, Extend::Zero),
    Scalar("int64_t", Type::I64, Extend::Sign),
    Scalar("float", Type::F32, Extend::Zero),
    Scalar("double", Type::F64, Extend::Zero),
    Scalar("i128", Type::I128, Extend::Zero),
];
const WORD: Scalar = SCALARS[6];

/// The registers of each class that take arguments, and results.
const REGS: usize = 8;

impl Scalar {
    /// How many words hold it in a buffer, and registers elsewhere.
    fn words(self) -> usize {
        if self.1 == Type::I128 { 2 } else { 1 }
    }

    /// In C: its words.
    fn to_words(self, value: &str) -> Vec<String> {
        match self.1 {
            Type::I128 => {
                vec![format!("(uint64_t)({value})"), format!("(uint64_t)({value} >> 64)")]
            }
            _ => vec![format!("word_{}({value})", self.0)],
        }
    }

    /// In C: the value of the words from one on, which `word` gives.
    fn of_words(self, at: usize, word: &dyn Fn(usize) -> String) -> String {
        match self.1 {
            Type::I128 => format!("((i128){} << 64 | {})", word(at + 1), word(at)),
            _ => format!("value_{}({})", self.0, word(at)),
        }
    }
}

/// Scalars, each with the number of its first word.
fn numbered(scalars: &[Scalar]) -> impl Iterator<Item = (usize, Scalar)> {
    let first = scalars.iter().scan(0, |next, scalar| {
        let first = *next;
        *next += scalar.words();
        Some(first)
    });
    first.zip(scalars.iter().copied())
}

/// The words of the buffer, and what is added to the hash for each result.
fn in_buffer(at: usize) -> String {
    format!("buffer[{at}]")
}

fn after_hash(n: usize) -> String {
    format!("(h + {n})")
}

/// What a function returns: nothing, a scalar, as many of one as a C structure passes in registers, or any.
#[derive(Clone)]
struct Results(Vec<Scalar>);

impl Results {
    fn random(random: &mut Random) -> Self {
        let one = SCALARS[random.below(SCALARS.len())];
        Results(match random.below(8) {
            0 => Vec::new(),
            1 => vec![WORD; 2],
            3 | 4 => {
                (0..2 + random.below(23)).map(|_| SCALARS[random.below(SCALARS.len())]).collect()
            }
            2 => vec![SCALARS[7 + random.below(2)]; 2 + random.below(3)],
            _ => vec![one],
        })
    }

    /// The type in C.
    fn c(&self) -> String {
        match &self.0[..] {
            [one] => one.0.to_owned(),
            [first, ..] if !self.is_many() => format!("struct {}_{}", first.0, self.0.len()),
            _ => "void".to_owned(),
        }
    }

    /// Whether assembly has to take them out of their registers, or put them there.
    fn is_many(&self) -> bool {
        match &self.0[..] {
            [] | [_] => false,
            [first, rest @ ..] => {
                let most = if first.1.is_float() { 4 } else { 2 };
                self.0.len() > most
                    || !matches!(first.1, Type::I64 | Type::F32 | Type::F64)
                    || rest.iter().any(|scalar| scalar.1 != first.1)
            }
        }
    }

    /// In C: what stands for the place of each of the results' words, and how many are in memory, where `memory` is.
    fn places(&self, memory: &str) -> (Vec<String>, usize) {
        let (mut next, mut stored) = ([0; 2], 0);
        let all = self.0.iter().flat_map(|scalar| vec![scalar; scalar.words()]);
        let places = all.map(|scalar| {
            let class = usize::from(scalar.1.is_float());
            if next[class] == REGS {
                stored += 1;
                return format!("{memory}[{}]", stored - 1);
            }
            next[class] += 1;
            format!("registers[{}]", class * REGS + next[class] - 1)
        });
        (places.collect(), stored)
    }
}

struct Case {
    params: Vec<Scalar>,
    results: Results,
    /// Whether the signature asks for the extension of narrow values.
    extends: bool,
}

impl Case {
    fn random(random: &mut Random) -> Self {
        let most = [5, 10, 25][random.below(3)];
        let params = (0..random.below(most)).map(|_| SCALARS[random.below(SCALARS.len())]);
        let params = params.collect();
        Case { params, results: Results::random(random), extends: random.once_in(2) }
    }

    fn abi(&self, scalar: Scalar) -> AbiParam {
        let narrow = scalar.1.is_int() && scalar.1.bits() < 64;
        AbiParam { extend: (narrow && self.extends).then_some(scalar.2), ..scalar.1.into() }
    }

    fn param_words(&self) -> usize {
        self.params.iter().map(|scalar| scalar.words()).sum()
    }

    /// The parameters as C has them: an `i128` is whole where its two words begin at an even register, or at a multiple of
    /// 16 on the stack.
    fn c_params(&self) -> Vec<Scalar> {
        let (mut ints, mut floats, mut stack) = (0, 0, 0);
        let mut list = Vec::new();
        for &scalar in &self.params {
            let used = if scalar.1.is_float() { &mut floats } else { &mut ints };
            let (first, words) = (*used, scalar.words());
            *used = (first + words).min(REGS);
            let spilled = first + words - *used;
            let whole = if spilled == 0 { first % 2 == 0 } else { first == REGS && stack % 2 == 0 };
            stack += spilled;
            match whole || words == 1 {
                true => list.push(scalar),
                false => list.extend([WORD; 2]),
            }
        }
        list
    }

    fn signature(&self) -> Signature {
        let list = |scalars: &[Scalar]| scalars.iter().map(|&scalar| self.abi(scalar)).collect();
        Signature { params: list(&self.params), results: list(&self.results.0) }
    }

    /// `jit_N`: the hash of its arguments.
    fn callee(&self, name: &str) -> Function {
        let b = FunctionBuilder::new(name);
        let signature = self.signature();
        let params: Vec<Value> = signature.params.iter().map(|&param| b.abi_param(param)).collect();
        b.returns(&signature.results);
        b.call(b.import("c_touch", Signature::default()), ());
        let mut hash = b.iconst(Type::I64, 1);
        for (&param, scalar) in params.iter().zip(&self.params) {
            let word = match (scalar.1, scalar.2) {
                (Type::I64, _) => param,
                (Type::I128, _) => {
                    hash = b.xor(b.rotl(hash, 7), b.trunc(Type::I64, param));
                    b.trunc(Type::I64, b.lshr(param, 64))
                }
                (Type::F64, _) => b.bitcast(Type::I64, param),
                (Type::F32, _) => b.zext(Type::I64, b.bitcast(Type::I32, param)),
                (_, Extend::Sign) => b.sext(Type::I64, param),
                (_, Extend::Zero) => b.zext(Type::I64, param),
            };
            hash = b.xor(b.rotl(hash, 7), word);
        }
        let results: Vec<Value> = numbered(&self.results.0)
            .map(|(n, scalar)| {
                let word = b.add(hash, n as i64);
                match scalar.1 {
                    Type::I64 => word,
                    Type::I128 => {
                        let high = b.zext(Type::I128, b.add(hash, n as i64 + 1));
                        b.or(b.shl(high, 64), b.zext(Type::I128, word))
                    }
                    Type::F64 => b.bitcast(Type::F64, word),
                    Type::F32 => b.bitcast(Type::F32, b.trunc(Type::I32, word)),
                    ty => b.trunc(ty, word),
                }
            })
            .collect();
        b.ret(results.as_slice());
        b.finish().expect("well-formed")
    }

    /// `call_N(buffer)`: calls `c_N` with the words of the buffer, and puts the results behind them.
    fn caller(&self, number: usize) -> Function {
        let b = FunctionBuilder::new(&format!("call_{number}"));
        let buffer = b.param(Type::I64);
        let args: Vec<Value> = numbered(&self.params)
            .map(|(n, scalar)| b.load(scalar.1, buffer, 8 * n as i32))
            .collect();
        let callee = b.import(&format!("c_{number}"), self.signature());
        let results = b.call(callee, args.as_slice());
        for ((n, _), result) in numbered(&self.results.0).zip(results) {
            let place = 8 * (self.param_words() + n) as i32;
            b.store(b.iconst(Type::I64, 0), buffer, place);
            b.store(result, buffer, place);
        }
        b.ret(());
        b.finish().expect("well-formed")
    }

    /// The C side.
    fn c(&self, n: usize, out: &mut String) -> std::fmt::Result {
        let (result, many, params) = (self.results.c(), self.results.is_many(), self.c_params());
        let list = |with: &dyn Fn(usize, &Scalar) -> String| {
            let list: Vec<String> = params.iter().enumerate().map(|(i, s)| with(i, s)).collect();
            if list.is_empty() { "void".to_owned() } else { list.join(", ") }
        };
        // A narrow argument is declared as a word, so that anything may stand above it.
        let is_narrow = |scalar: &Scalar| scalar.1.is_int() && scalar.1.bits() <= 64;
        let wide = |scalar: &Scalar| if is_narrow(scalar) { "int64_t" } else { scalar.0 };
        // Assembly stands between where C has no type for the results.
        let (called, defined) = if many { ("taken", "given") } else { ("jit", "c") };
        writeln!(out, "{result} {called}_{n}({});", list(&|_, scalar| wide(scalar).to_owned()))?;
        writeln!(out, "void call_{n}(uint64_t *);")?;
        writeln!(out, "{result} {defined}_{n}({}) {{", list(&|i, s| format!("{} a{i}", s.0)))?;
        writeln!(out, "  uint64_t h = 1;")?;
        for (i, scalar) in params.iter().enumerate() {
            for word in scalar.to_words(&format!("a{i}")) {
                writeln!(out, "  h = rotl7(h) ^ {word};")?;
            }
        }
        match &self.results.0[..] {
            _ if many => {
                for (word, place) in self.results.places("address").0.iter().enumerate() {
                    writeln!(out, "  {place} = h + {word};")?;
                }
            }
            [] => {}
            [one] => writeln!(out, "  return {};", one.of_words(0, &after_hash))?,
            several => {
                writeln!(out, "  {result} r;")?;
                for (i, scalar) in several.iter().enumerate() {
                    writeln!(out, "  r.f[{i}] = {};", scalar.of_words(i, &after_hash))?;
                }
                writeln!(out, "  return r;")?;
            }
        }
        writeln!(out, "}}\nstatic void case_{n}(void) {{")?;
        let words = self.param_words();
        let results: usize = self.results.0.iter().map(|scalar| scalar.words()).sum();
        writeln!(out, "  volatile uint64_t below[4] = {{1, 2, 3, 4}};")?;
        writeln!(out, "  uint64_t buffer[{}];", words + results + 1)?;
        writeln!(out, "  fill(buffer, {words}, {n});\n  uint64_t h = 1;")?;
        let mut args = Vec::new();
        for (at, scalar) in numbered(&params) {
            let value = scalar.of_words(at, &in_buffer);
            for word in scalar.to_words(&value) {
                writeln!(out, "  h = rotl7(h) ^ {word};")?;
            }
            args.push(if is_narrow(&scalar) { format!("(int64_t)buffer[{at}]") } else { value });
        }
        if many {
            writeln!(out, "  memset(registers, 0xa5, sizeof registers);")?;
            writeln!(out, "  memset(memory, 0xa5, sizeof memory);")?;
        } else if results > 0 {
            writeln!(out, "  {result} r;")?;
        }
        let kept = if many || results == 0 { "" } else { "r = " };
        writeln!(out, "  {kept}{called}_{n}({});", args.join(", "))?;
        let (places, stored) = self.results.places("memory");
        let in_place = |word: usize| places[word].clone();
        for (i, (at, scalar)) in numbered(&self.results.0).enumerate() {
            let found = match self.results.0.len() {
                _ if many => scalar.of_words(at, &in_place),
                1 => "r".to_owned(),
                _ => format!("r.f[{i}]"),
            };
            check(out, n, (&found, at, scalar), "C to Jitsu")?;
        }
        if many {
            let end = format!("memory[{stored}] == 0xa5a5a5a5a5a5a5a5");
            writeln!(out, "  check({n}, {end}, \"memory behind the results\");")?;
        }
        writeln!(out, "  call_{n}(buffer);")?;
        for (at, scalar) in numbered(&self.results.0) {
            let found = scalar.of_words(words + at, &in_buffer);
            check(out, n, (&found, at, scalar), "Jitsu to C")?;
        }
        writeln!(
            out,
            "  check({n}, below[0] == 1 && below[1] == 2 && below[2] == 3 && below[3] == 4, \"stack\");\n}}"
        )
    }
}

/// Compares a result with what it has to be.
fn check(
    out: &mut String,
    n: usize,
    (found, at, scalar): (&str, usize, Scalar),
    way: &str,
) -> std::fmt::Result {
    let expected = scalar.to_words(&scalar.of_words(at, &after_hash));
    scalar.to_words(found).iter().zip(expected).try_for_each(|(found, expected)| {
        writeln!(out, "  check({n}, {found} == {expected}, \"{way}\");")
    })
}

const C_HEAD: &str = r#"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static uint64_t rotl7(uint64_t x) { return x << 7 | x >> 57; }
static int failures;
static void check(int n, int holds, const char *what) {
  if (!holds && failures++ < 20) printf("signature %d: %s\n", n, what);
}
static void fill(uint64_t *buffer, int count, uint64_t seed) {
  for (int i = 0; i < count; i++) {
    seed += 0x9e3779b97f4a7c15; uint64_t z = seed;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9; z = (z ^ z >> 27) * 0x94d049bb133111eb;
    buffer[i] = z ^ z >> 31;
  }
}
uint64_t guarded(void (*)(void));
typedef unsigned __int128 i128;
uint64_t registers[16], memory[64], *address;
"#;

/// `guarded(f)`: calls `f` with marks in all registers that it has to keep; not 0 if one was lost. `c_touch`: destroys
/// all that a call may destroy.
fn assembly_head() -> String {
    let mut out = String::from(
        ".text\n.globl guarded\nguarded:\n stp x29, x30, [sp, #-176]!\n mov x29, sp\n",
    );
    let (ints, floats) = ([19, 21, 23, 25, 27], [8, 10, 12, 14]);
    let saves = |out: &mut String, op: &str| {
        for (i, reg) in ints.iter().enumerate() {
            let _ = writeln!(out, " {op} x{reg}, x{}, [sp, #{}]", reg + 1, 16 + 16 * i);
        }
        for (i, reg) in floats.iter().enumerate() {
            let _ = writeln!(out, " {op} d{reg}, d{}, [sp, #{}]", reg + 1, 96 + 16 * i);
        }
    };
    saves(&mut out, "stp");
    let mark = |n: u32| 0x4b00 + n;
    for n in 19..29 {
        let _ = writeln!(out, " mov x{n}, #{}", mark(n));
    }
    for n in 8..16 {
        let _ = writeln!(out, " mov x9, #{}\n fmov d{n}, x9", mark(n));
    }
    out.push_str(" mov x9, sp\n str x9, [sp, #168]\n blr x0\n ldr x9, [sp, #168]\n mov x10, sp\n eor x0, x9, x10\n");
    out.push_str(" eor x9, x29, x10\n orr x0, x0, x9\n");
    for n in 19..29 {
        let _ = writeln!(out, " mov x9, #{}\n eor x9, x9, x{n}\n orr x0, x0, x9", mark(n));
    }
    for n in 8..16 {
        let _ = writeln!(
            out,
            " mov x9, #{}\n fmov x10, d{n}\n eor x9, x9, x10\n orr x0, x0, x9",
            mark(n)
        );
    }
    saves(&mut out, "ldp");
    out.push_str(" ldp x29, x30, [sp], #176\n ret\n.globl c_touch\nc_touch:\n");
    for n in (0..18).filter(|&n| n != 9) {
        let _ = writeln!(out, " mov x{n}, #-{}", n + 1);
    }
    out.push_str(" mov x9, #-1\n");
    for n in (0..8).chain(16..32) {
        let _ = writeln!(out, " dup v{n}.2d, x9");
    }
    // Of v8 to v15 a call keeps the lower halves only.
    for n in 8..16 {
        let _ = writeln!(out, " mov v{n}.d[1], x9");
    }
    out.push_str(" cmp x9, #1\n ret\n");
    // `x17` is called with all arguments where they are, and its results move between their registers and memory.
    for (name, op) in [("take", "stp"), ("give", "ldp")] {
        let _ = writeln!(out, "{name}:\n adrp x16, {name}_lr\n str x30, [x16, #:lo12:{name}_lr]");
        // What has no register is where `x8` points to.
        out.push_str(match name {
            "take" => " adrp x8, memory\n add x8, x8, #:lo12:memory\n",
            _ => " adrp x16, address\n str x8, [x16, #:lo12:address]\n",
        });
        out.push_str(" blr x17\n adrp x16, registers\n add x16, x16, #:lo12:registers\n");
        for (class, from) in [("x", 0), ("d", 8 * REGS)] {
            for n in (0..REGS).step_by(2) {
                let _ =
                    writeln!(out, " {op} {class}{n}, {class}{}, [x16, #{}]", n + 1, from + 8 * n);
            }
        }
        let _ = writeln!(out, " adrp x16, {name}_lr\n ldr x30, [x16, #:lo12:{name}_lr]\n ret");
        let _ = writeln!(out, ".comm {name}_lr, 8, 8");
    }
    out
}

fn assembly(func: &Function, code: &CompiledCode, out: &mut String) -> Result<(), Box<dyn Error>> {
    writeln!(out, ".p2align 4\n.globl {0}\n{0}:", code.name)?;
    for (at, word) in (0..).step_by(4).zip(&code.words) {
        match code.relocs.iter().find(|reloc| reloc.offset == at) {
            None => writeln!(out, " .inst {word:#x}")?,
            Some(reloc) if reloc.kind == RelocKind::Call26 => {
                writeln!(out, " bl {}", reloc.symbol.name(func).ok_or("it calls nothing")?)?
            }
            Some(reloc) => return Err(format!("{}: {:?}", code.name, reloc.kind).into()),
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [dir, count, seed] = &words[..] else { return Err("abi DIR COUNT SEED".into()) };
    let count: usize = count.parse()?;
    let mut random = Random::new(seed.parse()?);
    let mut compiler = Compiler::new(Options::default().checked())?;
    let (mut asm, mut c) = (assembly_head(), C_HEAD.to_owned());
    for Scalar(name, ty, extend) in SCALARS.into_iter().filter(|scalar| scalar.1 != Type::I128) {
        let bits = if ty == Type::F32 { "uint32_t" } else { "uint64_t" };
        match (ty.is_float(), extend) {
            (true, _) => writeln!(
                c,
                "static uint64_t word_{name}({name} x) {{ {bits} b; memcpy(&b, &x, sizeof b); return b; }}\n\
                 static {name} value_{name}(uint64_t w) {{ {bits} b = w; {name} x; memcpy(&x, &b, sizeof b); return x; }}"
            )?,
            (false, _) => writeln!(
                c,
                "static uint64_t word_{name}({name} x) {{ return x; }}\n\
                 static {name} value_{name}(uint64_t w) {{ return w; }}"
            )?,
        }
    }
    for name in ["int64_t", "float", "double"] {
        for n in 2..5 {
            writeln!(c, "struct {name}_{n} {{ {name} f[{n}]; }};")?;
        }
    }
    let mut table = String::new();
    for n in 0..count {
        let case = Case::random(&mut random);
        for mut func in [case.callee(&format!("jit_{n}")), case.caller(n)] {
            // An `i128` ends here.
            opt::optimize(&mut func, opt::Level::None);
            assembly(&func, &compiler.compile(&func)?, &mut asm)?;
        }
        if case.results.is_many() {
            for (from, way, to) in [("taken", "take", "jit"), ("c", "give", "given")] {
                writeln!(
                    asm,
                    ".globl {from}_{n}\n{from}_{n}:\n adrp x17, {to}_{n}\n add x17, x17, #:lo12:{to}_{n}\n b {way}"
                )?;
            }
        }
        case.c(n, &mut c)?;
        write!(table, "case_{n},")?;
    }
    writeln!(
        c,
        "static void (*const cases[])(void) = {{ {table} }};\n\
         int main(void) {{\n\
         for (int n = 0; n < {count}; n++) check(n, guarded(cases[n]) == 0, \"a register or the stack pointer\");\n\
         printf(\"%d signatures, both ways: %d differences\\n\", {count}, failures);\n\
         return failures != 0;\n}}"
    )?;
    std::fs::write(format!("{dir}/abi.s"), asm)?;
    std::fs::write(format!("{dir}/abi.c"), c)?;
    Ok(())
}
