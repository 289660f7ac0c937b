//! Instruction selection, a pattern at a time: what a few lines of IR become. Each case is a body of a function with
//! the parameters `v0: i64, v1: i64, v2: i32, v3: i32, v4: i8, v5: f64, v6: f64` and the label of its row.

#[allow(dead_code)] // each test uses its part
mod common;

use std::fmt::Write;

/// The assembly of each body, one line an instruction, without offsets and without the final `ret`.
fn check(cases: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, body) in cases {
        // A definition at the end is the result.
        let last = body.lines().last().unwrap_or_default();
        let (value, ty) =
            last.split_once(" = ").and_then(|(def, _)| def.split_once(": ")).unwrap_or_default();
        let end = match value {
            _ if body.contains("block1") => String::new(),
            "" => "  ret".to_owned(),
            value => format!("  ret {value}"),
        };
        let arrow = if value.is_empty() || body.contains("block1") {
            String::new()
        } else {
            format!(" -> {ty}")
        };
        let source = format!(
            "fn @f(i64, i64, i32, i32, i8, f64, f64){arrow} {{\n\
             block0(v0: i64, v1: i64, v2: i32, v3: i32, v4: i8, v5: f64, v6: f64):\n{body}\n{end}\n}}"
        );
        let _ = writeln!(out, "{name}");
        let text = common::assembly(&source);
        let mut lines: Vec<&str> =
            text.lines().filter_map(|line| line.trim().split_once("  ")).map(|(_, t)| t).collect();
        if lines.last() == Some(&"ret") {
            lines.pop();
        }
        for line in lines {
            let _ = writeln!(out, "    {line}");
        }
    }
    out
}

#[test]
fn arithmetic() {
    insta::assert_snapshot!(check(&[
        ("add an immediate", "v10: i64 = iconst 4095\nv11: i64 = add v0, v10"),
        ("add a negative immediate", "v10: i64 = iconst -4095\nv11: i64 = add v0, v10"),
        ("add a shifted immediate", "v10: i32 = iconst 4096\nv11: i32 = add v2, v10"),
        ("no immediate", "v10: i64 = iconst 4097\nv11: i64 = add v0, v10"),
        ("shifted operand", "v10: i64 = iconst 67\nv11: i64 = shl v1, v10\nv12: i64 = add v0, v11"),
        ("extended operand", "v10: i64 = sext v2\nv12: i64 = add v0, v10"),
        (
            "extended and shifted",
            "v10: i64 = zext v4\nv11: i64 = iconst 2\nv12: i64 = shl v10, v11\nv13: i64 = sub v0, v12"
        ),
        ("multiply and add", "v10: i64 = mul v0, v1\nv11: i64 = add v10, v0"),
        ("multiply and subtract", "v10: i32 = mul v2, v3\nv11: i32 = sub v2, v10"),
        ("negated product", "v10: i64 = mul v0, v1\nv11: i64 = neg v10"),
        ("long product", "v10: i64 = sext v2\nv11: i64 = sext v3\nv12: i64 = mul v10, v11"),
        (
            "long product and sum",
            "v10: i64 = zext v2\nv11: i64 = zext v3\nv12: i64 = mul v10, v11\nv13: i64 = add v12, v0"
        ),
        ("times eight", "v10: i64 = iconst 8\nv11: i64 = mul v0, v10"),
        ("times nine", "v10: i64 = iconst 9\nv11: i64 = mul v0, v10"),
        ("high half", "v10: i64 = umulhi v0, v1"),
        ("high half of words", "v10: i32 = smulhi v2, v3"),
        ("absolute value", "v10: i32 = abs v2"),
        ("unsigned minimum of bytes", "v10: i8 = trunc v0\nv11: i8 = umin v4, v10"),
    ]));
}

#[test]
fn bits() {
    insta::assert_snapshot!(check(&[
        ("mask", "v10: i64 = iconst 0xff00\nv11: i64 = and v0, v10"),
        ("no mask", "v10: i64 = iconst 5\nv11: i64 = and v0, v10"),
        ("and not", "v10: i64 = not v1\nv11: i64 = and v0, v10"),
        (
            "or not, shifted",
            "v10: i32 = iconst 3\nv11: i32 = shl v3, v10\nv12: i32 = not v11\nv13: i32 = or v2, v12"
        ),
        ("complement by xor", "v10: i64 = iconst -1\nv11: i64 = xor v0, v10"),
        (
            "bit field",
            "v10: i64 = iconst 7\nv11: i64 = lshr v0, v10\nv12: i64 = iconst 0xff\nv13: i64 = and v11, v12"
        ),
        (
            "field from shifts",
            "v10: i32 = iconst 4\nv11: i32 = shl v2, v10\nv12: i32 = iconst 12\nv13: i32 = ashr v11, v12"
        ),
        ("shifted extension", "v10: i64 = sext v2\nv11: i64 = iconst 3\nv12: i64 = shl v10, v11"),
        (
            "rotation by shifts",
            "v10: i32 = iconst 8\nv11: i32 = shl v2, v10\nv12: i32 = iconst 24\nv13: i32 = lshr v2, v12\nv14: i32 = or v11, v13"
        ),
        (
            "middle of two",
            "v10: i64 = iconst 8\nv11: i64 = shl v0, v10\nv12: i64 = iconst 56\nv13: i64 = lshr v1, v12\nv14: i64 = or v13, v11"
        ),
        (
            "shift by zero and all is no rotation",
            "v10: i32 = iconst 0\nv11: i32 = shl v2, v10\nv12: i32 = iconst 32\nv13: i32 = lshr v3, v12\nv14: i32 = or v11, v13"
        ),
        ("rotate left by a register", "v10: i64 = rotl v0, v1"),
        ("rotate a byte", "v10: i8 = trunc v0\nv11: i8 = rotl v4, v10"),
        (
            "shift amount is masked already",
            "v10: i64 = iconst 63\nv11: i64 = and v1, v10\nv12: i64 = shl v0, v11"
        ),
        ("arithmetic shift of a byte", "v10: i8 = iconst 3\nv11: i8 = ashr v4, v10"),
        ("trailing zeros of a byte", "v10: i8 = ctz v4"),
        ("count of ones", "v10: i64 = popcnt v0"),
        ("byte order", "v10: i32 = bswap v2"),
    ]));
}

#[test]
fn conditions() {
    insta::assert_snapshot!(check(&[
        ("truth", "v10: i8 = icmp ult v0, v1"),
        ("neighbour of the constant", "v10: i64 = iconst 4097\nv11: i8 = icmp slt v0, v10"),
        ("negative constant", "v10: i32 = iconst -5\nv11: i8 = icmp sgt v2, v10"),
        ("sign bit", "v10: i32 = iconst 0\nv11: i8 = icmp slt v2, v10"),
        ("byte against a constant", "v10: i8 = iconst -56\nv11: i8 = icmp ult v4, v10"),
        ("unordered or equal", "v10: i8 = fcmp ueq v5, v6"),
        ("select", "v10: i8 = icmp eq v0, v1\nv11: i64 = select v10, v0, v1"),
        (
            "select one more",
            "v10: i64 = iconst 1\nv11: i64 = add v1, v10\nv12: i8 = icmp slt v0, v1\nv13: i64 = select v12, v11, v1"
        ),
        (
            "select a negation",
            "v10: i64 = neg v0\nv11: i64 = iconst 0\nv12: i8 = icmp slt v0, v11\nv13: i64 = select v12, v10, v0"
        ),
        (
            "select twice",
            "v10: i8 = icmp slt v0, v1\nv11: i64 = select v10, v0, v1\nv12: i64 = select v10, v1, v0\nv13: i64 = sub v11, v12"
        ),
        (
            "select twice by a bit",
            "v9: i64 = iconst 64\nv10: i64 = and v0, v9\nv11: i64 = select v10, v0, v1\nv12: i64 = select v10, v1, v0\nv13: i64 = sub v11, v12"
        ),
        ("select a float", "v10: i8 = fcmp one v5, v6\nv11: f64 = select v10, v5, v6"),
        ("trap fused", "v10: i8 = icmp uge v0, v1\ntrap_if v10, index_out_of_bounds"),
        ("branch on zero", "branch v0, block1, block2\nblock1:\nret\nblock2:\ntrap unreachable"),
        (
            "branch on a bit",
            "v10: i64 = iconst 32\nv11: i64 = and v0, v10\nbranch v11, block1, block2\nblock1:\nret\nblock2:\ntrap unreachable"
        ),
        (
            "branch on a bit that is one",
            "v10: i64 = iconst 1\nv11: i64 = and v0, v10\nv12: i8 = icmp eq v11, v10\nbranch v12, block1, block2\nblock1:\nret\nblock2:\ntrap unreachable"
        ),
        (
            "select on a bit that is one",
            "v10: i8 = iconst -128\nv11: i8 = and v4, v10\nv12: i8 = icmp ne v11, v10\nv13: i64 = select v12, v0, v1"
        ),
        (
            "branch on the sign",
            "v10: i64 = iconst 0\nv11: i8 = icmp sge v0, v10\nbranch v11, block1, block2\nblock1:\ntrap unreachable\nblock2:\nret"
        ),
        ("branch on a byte", "branch v4, block1, block2\nblock1:\ntrap unreachable\nblock2:\nret"),
        (
            "branch on an inverted comparison",
            "v10: i8 = fcmp lt v5, v6\nv11: i8 = iconst 0\nv12: i8 = icmp eq v10, v11\nbranch v12, block1, block2\nblock1:\ntrap unreachable\nblock2:\nret"
        ),
        (
            "branch on two conditions",
            "v10: i8 = fcmp one v5, v6\nbranch v10, block1, block2\nblock1:\ntrap unreachable\nblock2:\nret"
        ),
        (
            "branch on an odd number",
            "v10: i32 = iconst 2\nv11: i32 = srem v2, v10\nv12: i32 = iconst 0\nv13: i8 = icmp eq v11, v12\nbranch v13, block1, block2\nblock1:\ntrap unreachable\nblock2:\nret"
        ),
    ]));
}

#[test]
fn memory() {
    insta::assert_snapshot!(check(&[
        ("scaled offset", "v10: i32 = load v0 + 16380"),
        ("unscaled offset", "v10: i64 = load v0 - 7"),
        ("far offset", "v10: i64 = load v0 + 40000"),
        ("very far offset", "v10: i64 = load v0 + 0x12345678"),
        (
            "sum of constants",
            "v10: i64 = iconst 24\nv11: i64 = add v0, v10\nv12: i64 = load v11 - 8"
        ),
        ("index", "v10: i64 = add v0, v1\nv11: i8 = load v10"),
        (
            "scaled index",
            "v10: i64 = iconst 3\nv11: i64 = shl v1, v10\nv12: i64 = add v0, v11\nv13: f64 = load v12"
        ),
        (
            "an index scaled for another width",
            "v10: i64 = iconst 56\nv11: i64 = shl v1, v10\nv12: i64 = add v0, v11\nv13: i8 = load v12"
        ),
        (
            "signed word index",
            "v10: i64 = sext v2\nv11: i64 = iconst 2\nv12: i64 = shl v10, v11\nv13: i64 = add v0, v12\nv14: i32 = load v13"
        ),
        ("unsigned word index", "v10: i64 = zext v2\nv11: i64 = add v0, v10\nv12: i8 = load v11"),
        (
            "index and offset",
            "v10: i64 = iconst 3\nv11: i64 = shl v1, v10\nv12: i64 = add v0, v11\nv13: i64 = load v12 + 8"
        ),
        ("load and extend the sign", "v10: i16 = load v0\nv11: i64 = sext v10"),
        ("load and extend with zeros", "v10: i16 = load v0\nv11: i64 = zext v10"),
        ("store zero", "v10: f64 = fconst 0.0\nstore v10, v0 + 8"),
        ("store the low byte", "store.8 v2, v0 + 1"),
        ("store bits of a float", "v10: i64 = bitcast v5\nstore v10, v0"),
    ]));
}

#[test]
fn division() {
    insta::assert_snapshot!(check(&[
        ("by a variable", "v10: i64 = sdiv v0, v1"),
        ("remainder by a variable", "v10: i32 = urem v2, v3"),
        ("bytes", "v10: i8 = trunc v0\nv11: i8 = sdiv v4, v10"),
        ("by a constant", "v10: i64 = iconst 10\nv11: i64 = udiv v0, v10"),
        ("by minus one", "v10: i32 = iconst -1\nv11: i32 = sdiv v2, v10"),
        ("by a power of two", "v10: i64 = iconst 8\nv11: i64 = sdiv v0, v10"),
        ("by the negative of one", "v10: i64 = iconst -8\nv11: i64 = sdiv v0, v10"),
        ("remainder by a power of two", "v10: i32 = iconst 16\nv11: i32 = srem v2, v10"),
        ("unsigned by a power of two", "v10: i32 = iconst 16\nv11: i32 = udiv v2, v10"),
    ]));
}

#[test]
fn floats() {
    insta::assert_snapshot!(check(&[
        ("no contraction", "v10: f64 = fmul v5, v6\nv11: f64 = fadd v10, v5"),
        ("fused on request", "v10: f64 = fneg v5\nv11: f64 = fma v10, v6, v5"),
        ("negated product", "v10: f64 = fmul v5, v6\nv11: f64 = fneg v10"),
        ("short constant", "v10: f64 = fconst 1.5\nv11: f64 = fadd v5, v10"),
        ("long constant", "v10: f64 = fconst 0.1\nv11: f64 = fadd v5, v10"),
        ("zero", "v10: f64 = fconst 0.0\nv11: f64 = fsub v10, v5"),
        ("sign of another", "v10: f64 = fcopysign v5, v6"),
        ("byte to float", "v10: f64 = sint_to_float v4"),
        ("saturating to a byte", "v10: i8 = float_to_sint_sat v5"),
        ("trapping to a word", "v10: i32 = float_to_sint v5"),
        ("trapping to 64 bits", "v10: i64 = float_to_uint v5"),
        ("away from zero", "v10: f64 = fround v5"),
    ]));
}

#[test]
fn overflow() {
    let trap = "\n  trap_if v11, integer_overflow\n  v19: ";
    let trapping = |op: &str, ty: &str, args: &str| {
        format!("v10: {ty}, v11: i8 = {op} {args}{trap}{ty} = not v10")
    };
    let cases = [
        ("sum that traps", trapping("sadd_overflow", "i64", "v0, v1")),
        ("difference of words", trapping("usub_overflow", "i32", "v2, v3")),
        ("sum of bytes", trapping("uadd_overflow", "i8", "v4, v4")),
        ("signed sum of bytes", trapping("sadd_overflow", "i8", "v4, v4")),
        ("product", trapping("umul_overflow", "i64", "v0, v1")),
        ("signed product", trapping("smul_overflow", "i64", "v0, v1")),
        ("product of words", trapping("umul_overflow", "i32", "v2, v3")),
        ("signed product of words", trapping("smul_overflow", "i32", "v2, v3")),
    ];
    let cases: Vec<(&str, &str)> =
        cases.iter().map(|(name, body)| (*name, body.as_str())).collect();
    insta::assert_snapshot!(check(&cases));
}

#[test]
fn carries() {
    insta::assert_snapshot!(check(&[
        (
            "double sum",
            "v10: i64, v11: i8 = uadd_overflow v0, v1\n\
             v12: i64, v13: i8 = uadd_carry v1, v0, v11\n\
             v14: i64 = xor v10, v12"
        ),
        (
            "double comparison",
            "v10: i64, v11: i8 = usub_overflow v0, v1\n\
             v12: i64, v13: i8 = usub_borrow v1, v0, v11\n\
             branch v13, block1, block2\nblock1:\n  trap panic\nblock2:\n  ret"
        ),
        (
            "negation",
            "v9: i64 = iconst 0\n\
             v10: i64, v11: i8 = usub_overflow v9, v0\n\
             v12: i64, v13: i8 = usub_borrow v9, v1, v11\n\
             v14: i64 = xor v10, v12"
        ),
        (
            "with a word",
            "v9: i64 = iconst 0\n\
             v10: i64 = zext v2\n\
             v11: i64, v12: i8 = uadd_overflow v0, v10\n\
             v13: i64, v14: i8 = uadd_carry v1, v9, v12\n\
             v15: i64 = xor v11, v13"
        ),
        (
            "in memory",
            "v10: i64 = load v0\n\
             v11: i64, v12: i8 = uadd_overflow v10, v1\n\
             store v11, v0\n\
             v13: i64 = load v0 + 8\n\
             v14: i64, v15: i8 = uadd_carry v13, v1, v12\n\
             store v14, v0 + 8\n\
             v16: i64 = load v0 + 16\n\
             v17: i64, v18: i8 = uadd_carry v16, v1, v15\n\
             store v17, v0 + 16"
        ),
        ("any carry in", "v10: i64, v11: i8 = uadd_carry v0, v1, v4\nv12: i64 = not v10"),
        ("any borrow in", "v10: i64, v11: i8 = usub_borrow v0, v1, v4\nv12: i64 = not v10"),
        (
            "carry as a number",
            "v10: i64, v11: i8 = uadd_overflow v0, v1\nv12: i64 = zext v11\nv13: i64 = sub v10, v12"
        ),
        (
            "signed double comparison",
            "v9: i64 = iconst 0x8000000000000000\n\
             v10: i64 = xor v0, v9\n\
             v11: i64, v12: i8 = usub_overflow v0, v1\n\
             v13: i64 = xor v1, v9\n\
             v14: i64, v15: i8 = usub_borrow v13, v10, v12\n\
             v16: i64 = select v15, v0, v1\n\
             v17: i64 = select v15, v1, v0\n\
             v18: i64 = sub v16, v17"
        ),
        (
            "signed comparison with zero",
            "v9: i64 = iconst 0x8000000000000000\n\
             v10: i64 = xor v0, v9\n\
             v11: i64, v12: i8 = usub_overflow v10, v9\n\
             v13: i64 = zext v12"
        ),
        (
            "double equality",
            "v9: i64 = xor v0, v1\n\
             v10: i64 = iconst 7\n\
             v11: i64 = xor v0, v10\n\
             v12: i64 = or v9, v11\n\
             v13: i64 = iconst 0\n\
             v14: i8 = icmp ne v12, v13"
        ),
        (
            "branch on double equality",
            "v9: i64 = xor v0, v1\n\
             v10: i64 = iconst 7\n\
             v11: i64 = xor v0, v10\n\
             v12: i64 = or v9, v11\n\
             branch v12, block1, block2\nblock1:\n  trap panic\nblock2:\n  ret"
        ),
        (
            "double equality with a small number",
            "v10: i64 = iconst 7\n\
             v11: i64 = xor v0, v10\n\
             v12: i64 = or v1, v11\n\
             v13: i64 = iconst 0\n\
             v14: i8 = icmp eq v12, v13"
        ),
        (
            "saturation",
            "v9: i64 = iconst -1\n\
             v10: i64, v11: i8 = uadd_overflow v0, v1\nv12: i64 = select v11, v9, v10"
        ),
    ]));
}
