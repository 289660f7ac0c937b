//! Branches, switches and the flags between a comparison and its uses.

use crate::matrix::File;
use crate::matrix::float::COMPARE;
use crate::matrix::int::{self, Int};

/// Branches on every float comparison, plain and inverted, with other arguments on each edge.
fn float_branches() -> File {
    let mut file =
        File::written("19-float-branch-arguments", "Bug 19: branches on float comparisons.");
    let pairs = [
        ("1.0", "2.0"),
        ("2.0", "1.0"),
        ("1.0", "1.0"),
        ("nan", "1.0"),
        ("1.0", "nan"),
        ("0.0", "-0.0"),
    ];
    for &(cc, holds) in COMPARE {
        for inverted in [false, true] {
            let name = file.function(
                "f64, f64, i64, i64",
                "i64, i64",
                "v0: f64, v1: f64, v2: i64, v3: i64",
            );
            let cond = if inverted { "v6" } else { "v4" };
            file.line(&format!(
                "    v4: i8 = fcmp {cc} v0, v1\n    v5: i8 = iconst 0\n    v6: i8 = icmp eq v4, v5
    v7: i64 = add v2, v3\n    branch {cond}, block1(v2, v3), block1(v3, v7)\nblock1(v8: i64, v9: i64):\n    ret v8, v9\n}}"
            ));
            for (a, b) in pairs {
                let order = match (a.parse::<f64>(), b.parse::<f64>()) {
                    (Ok(a), Ok(b)) => a.partial_cmp(&b),
                    _ => None,
                };
                let result = if holds(order) != inverted { "(5, 7)" } else { "(7, 12)" };
                file.expect(&name, &format!("{a}, {b}, 5, 7"), &Ok(result.to_owned()));
            }
        }
    }
    // The edge back carries other values than the one that leaves.
    file.line(
        "
fn @halve(f64, f64) -> (f64, i64) {
block0(v0: f64, v1: f64):
    v2: i64 = iconst 0
    jump block1(v0, v2, v1)
block1(v3: f64, v4: i64, v5: f64):
    v6: f64 = fconst 0.5
    v7: f64 = fmul v3, v6
    v8: i64 = iconst 1
    v9: i64 = add v4, v8
    v10: i8 = fcmp uge v5, v3
    branch v10, block2(v4, v3), block1(v7, v9, v5)
block2(v11: i64, v12: f64):
    ret v12, v11
}",
    );
    for (arguments, results) in
        [("8.0, 1.0", "(1.0, 3)"), ("1.0, 1.0", "(1.0, 0)"), ("nan, 1.0", "(nan, 0)")]
    {
        file.expect("halve", arguments, &Ok(results.to_owned()));
    }
    file
}

/// Switches of no case and of one, with arguments, and with all cases to one block, where every edge is critical.
fn switches() -> File {
    let mut file = File::written("20-switch-arguments", "Bug 20: switches with arguments.");
    // The places of 3, 4 and their sum among the results, by case; the last is for every other value.
    let same = [(0, (1, 2)), (1, (3, 1)), (2, (1, 1)), (3, (2, 3)), (5, (2, 2))];
    for width in [8, 16, 32, 64] {
        let max = (1i128 << (width - 1)) - 1;
        let mut tables = vec![Vec::new(), same.to_vec()];
        tables.extend([0, 1, -1, -max - 1, max].map(|case| vec![(case, (1, 2))]));
        for table in tables {
            let params = format!("v0: i{width}, v1: i64, v2: i64");
            let name = file.function(&format!("i{width}, i64, i64"), "i64, i64", &params);
            let cases: Vec<String> =
                table.iter().map(|(case, (a, b))| format!("{case}: block1(v{a}, v{b})")).collect();
            file.line(&format!(
                "    v3: i64 = add v1, v2\n    switch v0, block1(v2, v1), [{}]\nblock1(v4: i64, v5: i64):\n    ret v4, v5\n}}",
                cases.join(", ")
            ));
            for value in [-1, 0, 1, 2, 3, 4, 5, 6, -max - 1, max] {
                let (a, b) = table
                    .iter()
                    .find(|(case, _)| *case == value)
                    .map_or((2, 1), |(_, places)| *places);
                let values = [0, 3, 4, 7];
                let results = format!("({}, {})", values[a], values[b]);
                file.expect(&name, &format!("{value}, 3, 4"), &Ok(results));
            }
        }
    }
    // One case leaves a loop, and every turn exchanges the two others.
    file.line(
        "
fn @loop(i64, i64, i64) -> (i64, i64) {
block0(v0: i64, v1: i64, v2: i64):
    jump block1(v0, v1, v2)
block1(v3: i64, v4: i64, v5: i64):
    v6: i64 = iconst 1
    v7: i64 = sub v3, v6
    switch v3, block1(v7, v5, v4), [0: block2(v5, v4)]
block2(v8: i64, v9: i64):
    ret v8, v9
}",
    );
    for turns in 0..4 {
        let results = if turns % 2 == 0 { "(4, 3)" } else { "(3, 4)" };
        file.expect("loop", &format!("{turns}, 3, 4"), &Ok(results.to_owned()));
    }
    file
}

/// Instructions that need the flags for themselves between a comparison and its uses.
fn flags() -> File {
    let mut file =
        File::written("36-flags-between", "Bug 36: flags between a comparison and its uses.");
    for width in [8, 16, 32, 64] {
        let min = -(1i128 << (width - 1));
        for cc in ["slt", "ult", "eq", "sge", "ugt"] {
            let ty = format!("i{width}");
            let params = format!("v0: {ty}, v1: {ty}, v2: f64");
            let name = file.function(
                &format!("{ty}, {ty}, f64"),
                &format!("i64, {ty}, {ty}, i64"),
                &params,
            );
            file.line(&format!(
                "    v3: i8 = icmp {cc} v0, v1\n    v4: i8 = icmp ult v1, v0\n    v5: {ty} = iconst 3\n    v6: {ty} = or v1, v5
    v7: {ty} = udiv v0, v6\n    v8: {ty} = abs v0\n    v9: {ty} = smin v8, v1\n    v10: i8 = fcmp lt v2, v2
    v11: i8 = float_to_sint_sat v2\n    v12: {ty} = popcnt v1\n    v13: {ty} = select v4, v9, v7\n    v14: {ty} = select v3, v12, v8
    v15: i64 = sext v11\n    branch v3, block1(v15), block2\nblock1(v16: i64):\n    v17: i64 = zext v4\n    ret v16, v13, v14, v17
block2:\n    v18: i64 = zext v10\n    v19: i64 = iconst 9\n    v20: i64 = add v18, v19\n    jump block1(v20)\n}}"
            ));
            for (a, b) in [(1, 2), (2, 1), (-1, 1), (1, -1), (min, -min - 1), (7, 7)] {
                let (a, b) = (Int::new(width, a), Int::new(width, b));
                let binary =
                    |op: &str, a, b| Int::new(width, int::binary(op, a, b).unwrap_or_default());
                let unary = |op: &str, a| Int::new(width, int::unary(op, a));
                let holds = binary(&format!("icmp {cc}"), a, b).unsigned() == 1;
                let below = binary("icmp ult", b, a).unsigned() == 1;
                let size = unary("abs", a);
                let least = binary("smin", size, b);
                let quotient = binary("udiv", a, binary("or", b, Int::new(width, 3)));
                let results = [
                    if holds { "127".to_owned() } else { "9".to_owned() },
                    if below { least } else { quotient }.text(),
                    if holds { unary("popcnt", b) } else { size }.text(),
                    u8::from(below).to_string(),
                ];
                let arguments = format!("{}, {}, 300.0", a.text(), b.text());
                file.expect(&name, &arguments, &Ok(format!("({})", results.join(", "))));
            }
        }
    }
    calls(&mut file);
    file
}

/// A call between a comparison and its uses.
fn calls(file: &mut File) {
    file.line(
        "
fn @other(i64) -> i64 {
block0(v0: i64):
    v1: i64 = iconst 10
    v2: i8 = icmp ugt v0, v1
    v3: i64 = zext v2
    ret v3
}

fn @twice(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    v2: i8 = icmp slt v0, v1
    v3: i64 = call @other(v0)
    v4: i64 = select v2, v0, v1
    v5: i64 = call @other(v1)
    v6: i64 = add v3, v5
    v7: i64 = iconst 100
    v8: i64 = mul v4, v7
    branch v2, block1(v6), block2
block1(v9: i64):
    v10: i64 = add v9, v8
    ret v10
block2:
    v11: i64 = neg v6
    jump block1(v11)
}",
    );
    let other = |x: i64| i64::from(x as u64 > 10);
    for (a, b) in [(1i64, 2i64), (2, 1), (20, 30), (30, 20), (-5, 3), (3, -5)] {
        let sum = other(a) + other(b);
        let result = 100 * a.min(b) + if a < b { sum } else { -sum };
        file.expect("twice", &format!("{a}, {b}"), &Ok(result.to_string()));
    }
}

pub(super) fn files() -> Vec<File> {
    vec![float_branches(), switches(), flags()]
}
