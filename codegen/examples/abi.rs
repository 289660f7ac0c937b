//! Writes what `cargo xtask abi` builds with gcc: functions of random signatures compiled by this crate, as assembly,
//! and a C program that calls them and that they call. `abi DIR COUNT SEED`.
//!
//! A function hashes its arguments, around a call that destroys every register that a call may destroy. C computes
//! the same hash from the values that it passed. Narrow arguments come from C with anything above their type, and
//! every call is made with marks in all registers that a callee has to keep.

use std::error::Error;
use std::fmt::Write as _;

use codegen::{CompiledCode, Compiler, Options, RelocKind};
use ir::{AbiParam, Extend, Function, FunctionBuilder, Signature, Type, Value};
use testkit::Random;

/// A C type: its name, its type in the IR, and how it is extended to a word.
#[derive(Clone, Copy)]
struct Scalar(&'static str, Type, Extend);

const SCALARS: [Scalar; 9] = [
    Scalar("int8_t", Type::I8, Extend::Sign),
    Scalar("uint8_t", Type::I8, Extend::Zero),
    Scalar("int16_t", Type::I16, Extend::Sign),
    Scalar("uint16_t", Type::I16, Extend::Zero),
    Scalar("int32_t", Type::I32, Extend::Sign),
    Scalar("uint32_t", Type::I32, Extend::Zero),
    Scalar("int64_t", Type::I64, Extend::Sign),
    Scalar("float", Type::F32, Extend::Zero),
    Scalar("double", Type::F64, Extend::Zero),
];

/// What a function returns: nothing, a scalar, or as many of one as a C structure passes in registers.
#[derive(Clone)]
struct Results(Vec<Scalar>);

impl Results {
    fn random(random: &mut Random) -> Self {
        let one = SCALARS[random.below(SCALARS.len())];
        Results(match random.below(6) {
            0 => Vec::new(),
            1 => vec![SCALARS[6]; 2],
            2 => vec![SCALARS[7 + random.below(2)]; 2 + random.below(3)],
            _ => vec![one],
        })
    }

    /// The type in C.
    fn c(&self) -> String {
        match &self.0[..] {
            [] => "void".to_owned(),
            [one] => one.0.to_owned(),
            [first, ..] => format!("struct {}_{}", first.0, self.0.len()),
        }
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
        AbiParam { ty: scalar.1, extend: (narrow && self.extends).then_some(scalar.2) }
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
                (Type::F64, _) => b.bitcast(Type::I64, param),
                (Type::F32, _) => b.zext(Type::I64, b.bitcast(Type::I32, param)),
                (_, Extend::Sign) => b.sext(Type::I64, param),
                (_, Extend::Zero) => b.zext(Type::I64, param),
            };
            hash = b.xor(b.rotl(hash, 7), word);
        }
        let results: Vec<Value> = (0..)
            .zip(&self.results.0)
            .map(|(n, scalar)| {
                let word = b.add(hash, n);
                match scalar.1 {
                    Type::I64 => word,
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
        let args: Vec<Value> =
            (0..).zip(&self.params).map(|(n, scalar)| b.load(scalar.1, buffer, 8 * n)).collect();
        let callee = b.import(&format!("c_{number}"), self.signature());
        let results = b.call(callee, args.as_slice());
        for (n, result) in (0..).zip(results) {
            let place = 8 * (self.params.len() as i32 + n);
            b.store(b.iconst(Type::I64, 0), buffer, place);
            b.store(result, buffer, place);
        }
        b.ret(());
        b.finish().expect("well-formed")
    }

    /// The C side.
    fn c(&self, n: usize, out: &mut String) -> std::fmt::Result {
        let result = self.results.c();
        let list = |with: &dyn Fn(usize, &Scalar) -> String| {
            let list: Vec<String> =
                self.params.iter().enumerate().map(|(i, scalar)| with(i, scalar)).collect();
            if list.is_empty() { "void".to_owned() } else { list.join(", ") }
        };
        // A narrow argument is declared as a word, so that anything may stand above it.
        let wide = |scalar: &Scalar| if scalar.1.is_int() { "int64_t" } else { scalar.0 };
        writeln!(out, "{result} jit_{n}({});", list(&|_, scalar| wide(scalar).to_owned()))?;
        writeln!(out, "void call_{n}(uint64_t *);")?;
        writeln!(out, "{result} c_{n}({}) {{", list(&|i, s| format!("{} a{i}", s.0)))?;
        writeln!(out, "  uint64_t h = 1;")?;
        for (i, scalar) in self.params.iter().enumerate() {
            writeln!(out, "  h = rotl7(h) ^ {}(a{i});", word_of(scalar))?;
        }
        match &self.results.0[..] {
            [] => {}
            [one] => writeln!(out, "  return {}(h);", value_of(one))?,
            several => {
                writeln!(out, "  {result} r;")?;
                for (i, scalar) in several.iter().enumerate() {
                    writeln!(out, "  r.f[{i}] = {}(h + {i});", value_of(scalar))?;
                }
                writeln!(out, "  return r;")?;
            }
        }
        writeln!(out, "}}\nstatic void case_{n}(void) {{")?;
        let (params, results) = (self.params.len(), self.results.0.len());
        writeln!(out, "  volatile uint64_t below[4] = {{1, 2, 3, 4}};")?;
        writeln!(out, "  uint64_t buffer[{}];", params + results + 1)?;
        writeln!(out, "  fill(buffer, {params}, {n});\n  uint64_t h = 1;")?;
        for (i, scalar) in self.params.iter().enumerate() {
            let word = format!("{}({}(buffer[{i}]))", word_of(scalar), value_of(scalar));
            writeln!(out, "  h = rotl7(h) ^ {word};")?;
        }
        let args: Vec<String> = self
            .params
            .iter()
            .enumerate()
            .map(|(i, scalar)| match scalar.1.is_int() {
                true => format!("(int64_t)buffer[{i}]"),
                false => format!("{}(buffer[{i}])", value_of(scalar)),
            })
            .collect();
        let kept = if results == 0 { "" } else { "r = " };
        if results > 0 {
            writeln!(out, "  {result} r;")?;
        }
        writeln!(out, "  {kept}jit_{n}({});", args.join(", "))?;
        for (i, scalar) in self.results.0.iter().enumerate() {
            let found = if results == 1 { "r".to_owned() } else { format!("r.f[{i}]") };
            let expected = format!("{}(h + {i})", value_of(scalar));
            let word = word_of(scalar);
            writeln!(out, "  check({n}, {word}({found}) == {word}({expected}), \"C to Jitsu\");")?;
        }
        writeln!(out, "  call_{n}(buffer);")?;
        for (i, scalar) in self.results.0.iter().enumerate() {
            let (word, value) = (word_of(scalar), value_of(scalar));
            let found = format!("{word}({value}(buffer[{}]))", params + i);
            let expected = format!("{word}({value}(h + {i}))");
            writeln!(out, "  check({n}, {found} == {expected}, \"Jitsu to C\");")?;
        }
        writeln!(
            out,
            "  check({n}, below[0] == 1 && below[1] == 2 && below[2] == 3 && below[3] == 4, \"stack\");\n}}"
        )
    }
}

/// The C function that makes a word of a value, and the one that makes a value of a word.
fn word_of(scalar: &Scalar) -> String {
    format!("word_{}", scalar.0)
}

fn value_of(scalar: &Scalar) -> String {
    format!("value_{}", scalar.0)
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
    for Scalar(name, ty, extend) in SCALARS {
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
        for func in [case.callee(&format!("jit_{n}")), case.caller(n)] {
            assembly(&func, &compiler.compile(&func)?, &mut asm)?;
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
