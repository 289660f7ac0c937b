//! Calls by address and tail calls, whose answers are a line of arithmetic each.

use super::File;

/// Callees with many arguments and results: `combine` adds up its arguments, each times its place.
fn indirect() -> File {
    let mut file = File::written("call_indirect", "Calls of functions by their addresses.");
    file.line(
        "
fn @add(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    v2: i64 = add v0, v1
    ret v2
}

fn @sub(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    v2: i64 = sub v0, v1
    ret v2
}

fn @divide(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    v2: i64 = sdiv v0, v1
    ret v2
}

; The callee is known when the function is compiled.
fn @known(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    v2: i64 = func_addr @sub
    v3: i64 = call_indirect v2(v0, v1) : (i64, i64) -> i64
    ret v3
}

; It is not known.
fn @chosen(i8, i64, i64) -> i64 {
block0(v0: i8, v1: i64, v2: i64):
    v3: i64 = func_addr @add
    v4: i64 = func_addr @sub
    v5: i64 = func_addr @divide
    switch v0, block1(v3), [1: block1(v4), 2: block1(v5)]
block1(v6: i64):
    v7: i64 = call_indirect v6(v1, v2) : (i64, i64) -> i64
    v8: i64 = add v7, v1
    ret v8
}

; The address goes through memory and through a parameter.
fn @apply(i64, i64, i64) -> i64 {
    slot0: size 8, align 8
block0(v0: i64, v1: i64, v2: i64):
    v3: i64 = stack_addr slot0
    store v0, v3
    v4: i64 = call @through(v3, v1, v2)
    ret v4
}

fn @through(i64, i64, i64) -> i64 {
block0(v0: i64, v1: i64, v2: i64):
    v3: i64 = load v0
    v4: i64 = call_indirect v3(v1, v2) : (i64, i64) -> i64
    v5: i64 = call_indirect v3(v4, v2) : (i64, i64) -> i64
    ret v5
}

fn @applied(i64, i64) -> (i64, i64) {
block0(v0: i64, v1: i64):
    v2: i64 = func_addr @add
    v3: i64 = func_addr @divide
    v4: i64 = call @apply(v2, v0, v1)
    v5: i64 = call @apply(v3, v0, v1)
    ret v4, v5
}

; One function has one address, different ones have different ones.
fn @addresses() -> (i8, i8) {
block0:
    v0: i64 = func_addr @add
    v1: i64 = func_addr @add
    v2: i64 = func_addr @sub
    v3: i8 = icmp eq v0, v1
    v4: i8 = icmp eq v0, v2
    ret v3, v4
}

; Recursion.
fn @factorial(i64) -> i64 {
block0(v0: i64):
    v1: i64 = iconst 1
    branch v0, block1, block2
block1:
    v2: i64 = func_addr @factorial
    v3: i64 = sub v0, v1
    v4: i64 = call_indirect v2(v3) : (i64) -> i64
    v5: i64 = mul v4, v0
    ret v5
block2:
    ret v1
}",
    );
    for (a, b) in [(7i64, 3i64), (-9, 2), (i64::MAX, 1), (0, -5)] {
        let two = format!("{a}, {b}");
        file.expect("known", &two, &Ok(a.wrapping_sub(b).to_string()));
        let results = [a.wrapping_add(b), a.wrapping_sub(b), a / b];
        for (i, result) in results.into_iter().enumerate() {
            let sum = result.wrapping_add(a).to_string();
            file.expect("chosen", &format!("{i}, {two}"), &Ok(sum));
        }
        let twice = (a.wrapping_add(b).wrapping_add(b), a / b / b);
        file.expect("applied", &two, &Ok(format!("({}, {})", twice.0, twice.1)));
    }
    file.expect("chosen", "2, 1, 0", &Err("division_by_zero"));
    file.expect("applied", "1, 0", &Err("division_by_zero"));
    file.expect("addresses", "", &Ok("(1, 0)".to_owned()));
    for (n, product) in [(0, 1), (1, 1), (10, 3_628_800), (20, 2_432_902_008_176_640_000i64)] {
        file.expect("factorial", &n.to_string(), &Ok(product.to_string()));
    }
    many(&mut file);
    file
}

/// A function of `ints` integers and `floats` floats, mixed: each times its place, added up.
fn many(file: &mut File) {
    for (ints, floats) in [(1, 1), (8, 8), (9, 3), (3, 9), (20, 20), (40, 2)] {
        let mut types = Vec::new();
        for i in 0..ints.max(floats) {
            types.extend((i < ints).then_some("i64"));
            types.extend((i < floats).then_some("f64"));
        }
        let params: Vec<String> =
            types.iter().enumerate().map(|(i, ty)| format!("v{i}: {ty}")).collect();
        let types_text = types.join(", ");
        let callee = file.function(&types_text, "i64, f64", &params.join(", "));
        let mut text = String::from("    v200: i64 = iconst 0\n    v300: f64 = fconst 0.0\n");
        let (mut int, mut float, mut next) = (200, 300, 400);
        for (i, ty) in types.iter().enumerate() {
            if *ty == "i64" {
                let (factor, product, sum) = (next, next + 1, int + 1);
                text += &format!(
                    "    v{factor}: i64 = iconst {}\n    v{product}: i64 = mul v{i}, v{factor}\n    v{sum}: i64 = add v{int}, v{product}\n",
                    i + 1
                );
                int = sum;
            } else {
                let (factor, product, sum) = (next, next + 1, float + 1);
                text += &format!(
                    "    v{factor}: f64 = fconst {}.0\n    v{product}: f64 = fmul v{i}, v{factor}\n    v{sum}: f64 = fadd v{float}, v{product}\n",
                    i + 1
                );
                float = sum;
            }
            next += 2;
        }
        file.line(&format!("{text}    ret v{int}, v{float}\n}}"));
        // The caller is called too, so that its own arguments are not where the callee wants them.
        let names: Vec<String> = (0..types.len()).map(|i| format!("v{i}")).collect();
        let caller = file.function(&types_text, "i64, f64", &params.join(", "));
        file.line(&format!(
            "    v200: i64 = func_addr @{callee}
    v201: i64, v202: f64 = call_indirect v200({names}) : ({types_text}) -> (i64, f64)
    v203: i64, v204: f64 = call_indirect v200({names}) : ({types_text}) -> (i64, f64)
    v205: i64 = add v201, v203
    v206: f64 = fadd v202, v204
    ret v205, v206\n}}",
            names = names.join(", ")
        ));
        let tail = file.function(&types_text, "i64, f64", &params.join(", "));
        let reversed = |ty: &str| {
            let mut places: Vec<usize> = (0..types.len()).filter(|&i| types[i] == ty).collect();
            places.reverse();
            places
        };
        // A tail call with the arguments of each type in the opposite order.
        let (mut ints_back, mut floats_back) =
            (reversed("i64").into_iter(), reversed("f64").into_iter());
        let order: Vec<usize> = types
            .iter()
            .filter_map(|ty| if *ty == "i64" { ints_back.next() } else { floats_back.next() })
            .collect();
        let swapped: Vec<String> = order.iter().map(|i| format!("v{i}")).collect();
        file.line(&format!("    tail_call @{callee}({})\n}}", swapped.join(", ")));

        for seed in [0i64, 1, 77] {
            let values: Vec<i64> =
                (0..types.len() as i64).map(|i| i * seed - 3 * seed + i % 5).collect();
            let sums = |order: &dyn Fn(usize) -> usize| {
                let mut sums = [0i64; 2];
                for (i, ty) in types.iter().enumerate() {
                    sums[usize::from(*ty == "f64")] += values[order(i)] * (i as i64 + 1);
                }
                sums
            };
            let arguments: Vec<String> = values
                .iter()
                .zip(&types)
                .map(
                    |(value, ty)| {
                        if *ty == "i64" { value.to_string() } else { format!("{value}.0") }
                    },
                )
                .collect();
            let arguments = arguments.join(", ");
            let [int, float] = sums(&|i| i);
            file.expect(&callee, &arguments, &Ok(format!("({int}, {float}.0)")));
            file.expect(&caller, &arguments, &Ok(format!("({}, {}.0)", 2 * int, 2 * float)));
            let [int, float] = sums(&|i| order[i]);
            file.expect(&tail, &arguments, &Ok(format!("({int}, {float}.0)")));
        }
    }
    results(file);
}

/// Results of several types, up to all eight integers that registers return.
fn results(file: &mut File) {
    for count in [2usize, 3, 8, 9, 13] {
        let cycle = ["i64", "i8", "f64", "i32", "f32"];
        let types: Vec<&str> = (0..count).map(|i| cycle[i % cycle.len()]).collect();
        let types = types.join(", ");
        let give = file.function("i64", &types, "v0: i64");
        let mut text = String::new();
        let mut expected = Vec::new();
        for (i, ty) in types.split(", ").enumerate() {
            let at = i + 1;
            if ty.starts_with('f') {
                text += &format!("    v{at}: {ty} = fconst {i}.5\n");
                expected.push(format!("{i}.5"));
            } else {
                text += &format!("    v{at}: {ty} = iconst {i}\n");
                expected.push(i.to_string());
            }
        }
        let names: Vec<String> = (1..=count).map(|i| format!("v{i}")).collect();
        file.line(&format!("{text}    ret {}\n}}", names.join(", ")));
        let take = file.function("i64", &types, "v0: i64");
        let definitions: Vec<String> =
            types.split(", ").enumerate().map(|(i, ty)| format!("v{}: {ty}", i + 1)).collect();
        file.line(&format!(
            "    v100: i64 = func_addr @{give}\n    {} = call_indirect v100(v0) : (i64) -> ({types})\n    ret {}\n}}",
            definitions.join(", "),
            names.join(", ")
        ));
        let pass = file.function("i64", &types, "v0: i64");
        file.line(&format!(
            "    v100: i64 = func_addr @{take}\n    tail_call_indirect v100(v0) : (i64) -> ({types})\n}}"
        ));
        for name in [give, take, pass] {
            file.expect(&name, "5", &Ok(format!("({})", expected.join(", "))));
        }
    }
}

/// Tail calls, 100,000 deep: with a frame each there would be no stack for them.
fn tail() -> File {
    let mut file = File::written("tail_call", "Tail calls, which leave no frame behind.");
    file.line(
        "
; 1 + 2 + … + n.
fn @sum(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    branch v0, block1, block2
block1:
    v2: i64 = add v1, v0
    v3: i64 = iconst 1
    v4: i64 = sub v0, v3
    tail_call @sum(v4, v2)
block2:
    ret v1
}

fn @even(i64) -> i8 {
block0(v0: i64):
    branch v0, block1, block2
block1:
    v1: i64 = iconst 1
    v2: i64 = sub v0, v1
    tail_call @odd(v2)
block2:
    v3: i8 = iconst 1
    ret v3
}

fn @odd(i64) -> i8 {
block0(v0: i64):
    branch v0, block1, block2
block1:
    v1: i64 = iconst 1
    v2: i64 = sub v0, v1
    tail_call @even(v2)
block2:
    v3: i8 = iconst 0
    ret v3
}

; Values that live across a call before the tail call, in a function that is called itself.
fn @busy(i64, f64, i64) -> (i64, f64) {
block0(v0: i64, v1: f64, v2: i64):
    branch v0, block1, block2
block1:
    v3: i64 = iconst 1
    v4: i64 = sub v0, v3
    v5: i8 = call @even(v3)
    v6: i64 = zext v5
    v7: i64 = add v2, v6
    v8: i64 = add v7, v3
    v9: f64 = fconst 0.5
    v10: f64 = fadd v1, v9
    tail_call @busy(v4, v10, v8)
block2:
    ret v2, v1
}

fn @calls_busy(i64) -> (i64, f64) {
block0(v0: i64):
    v1: f64 = fconst 0.25
    v2: i64, v3: f64 = call @busy(v0, v1, v0)
    v4: f64 = fadd v3, v1
    v5: i64 = sub v2, v0
    ret v5, v4
}

; A trap at the end of the chain.
fn @falls(i64) -> i64 {
block0(v0: i64):
    branch v0, block1, block2
block1:
    v1: i64 = iconst 1
    v2: i64 = sub v0, v1
    v3: i64 = func_addr @falls
    tail_call_indirect v3(v2) : (i64) -> i64
block2:
    v4: i64 = iconst 1
    v5: i64 = sdiv v4, v0
    ret v5
}

; The greatest common divisor: the arguments change places.
fn @gcd(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
    branch v1, block1, block2
block1:
    v2: i64 = urem v0, v1
    tail_call @gcd(v1, v2)
block2:
    ret v0
}

; No result, and a call only for what it does.
data mut @cell align 8 = zero 8
fn @count(i64) {
block0(v0: i64):
    v1: i64 = data_addr @cell
    store v0, v1
    branch v0, block1, block2
block1:
    v2: i64 = iconst 2
    v3: i64 = sub v0, v2
    tail_call @count(v3)
block2:
    ret
}

fn @counted() -> i64 {
block0:
    v0: i64 = iconst 100000
    call @count(v0)
    v1: i64 = data_addr @cell
    v2: i64 = load v1
    ret v2
}",
    );
    for n in [0i64, 1, 10, 100_000] {
        file.expect("sum", &format!("{n}, 0"), &Ok((n * (n + 1) / 2).to_string()));
        file.expect("even", &n.to_string(), &Ok(i64::from(n % 2 == 0).to_string()));
        file.expect("odd", &n.to_string(), &Ok((n % 2).to_string()));
        file.expect("falls", &n.to_string(), &Err("division_by_zero"));
    }
    for n in [0i32, 1, 5, 20_000] {
        file.expect(
            "busy",
            &format!("{n}, 1.0, 4"),
            &Ok(format!("({}, {:?})", n + 4, 1.0 + 0.5 * f64::from(n))),
        );
        file.expect(
            "calls_busy",
            &n.to_string(),
            &Ok(format!("({n}, {:?})", 0.5 + 0.5 * f64::from(n))),
        );
    }
    for (a, b, divisor) in
        [(12, 18, 6), (17, 5, 1), (0, 9, 9), (1_836_311_903i64, 1_134_903_170, 1)]
    {
        file.expect("gcd", &format!("{a}, {b}"), &Ok(divisor.to_string()));
    }
    file.expect("counted", "", &Ok("0".to_owned()));
    shuffle(&mut file);
    wide(&mut file);
    file
}

/// Arguments in registers and in memory that change places with every call, and at the end a callee that takes fewer.
/// (Machine code has room only for as many arguments in memory as the first caller left.)
fn shuffle(file: &mut File) {
    const ARGUMENTS: usize = 20;
    let ints = |count: usize| vec!["i64"; count].join(", ");
    let params =
        |count: usize| (0..count).map(|i| format!("v{i}: i64")).collect::<Vec<_>>().join(", ");
    // The two first arguments, and the others turned by some places.
    let turned = |first: &str, second: &str, by: usize| -> String {
        let mut rest: Vec<String> = (2..ARGUMENTS).map(|i| format!("v{i}")).collect();
        rest.rotate_left(by);
        format!("{first}, {second}, {}", rest.join(", "))
    };
    let (types, all) = (ints(ARGUMENTS), params(ARGUMENTS));
    file.line(&format!(
        "
fn @one({types}) -> (i64, i64, i64) {{
block0({all}):
    v20: i64 = func_addr @two
    v21: i64 = iconst 3
    v22: i64 = add v1, v21
    tail_call_indirect v20({}) : ({types}) -> (i64, i64, i64)
}}

fn @two({types}) -> (i64, i64, i64) {{
    slot0: size 32, align 16
block0({all}):
    v20: i64 = stack_addr slot0
    store v1, v20 + 8
    v21: i64 = load v20 + 8
    branch v0, block1, block2
block1:
    v22: i64 = iconst 1
    v23: i64 = sub v0, v22
    tail_call @one({})
block2:
    tail_call @last(v19, v1, v2, v3, v4, v5, v6, v7, v18, v9, v10, v11)
}}

fn @last({}) -> (i64, i64, i64) {{
block0({}):
    v12: i64 = sub v8, v9
    ret v1, v0, v12
}}",
        turned("v0", "v22", 1),
        turned("v23", "v21", 4),
        ints(12),
        params(12),
    ));
    for turns in [0usize, 1, 2, 5, 100_000] {
        let mut rest: Vec<i64> = (2..ARGUMENTS as i64).map(|i| i * i * i).collect();
        let arguments: Vec<String> = rest.iter().map(i64::to_string).collect();
        let places = (turns + 1 + 4 * turns) % rest.len();
        rest.rotate_left(places);
        let place = |i: usize| rest[i - 2];
        let second = 7 + 3 * (turns as i64 + 1);
        let results = format!("({second}, {}, {})", place(19), place(18) - place(9));
        file.expect("one", &format!("{turns}, 7, {}", arguments.join(", ")), &Ok(results));
    }
}

/// Values of `i128` through tail calls and calls by address.
fn wide(file: &mut File) {
    file.line(
        "
fn @powers(i64, i128, i128) -> (i128, i64) {
block0(v0: i64, v1: i128, v2: i128):
    branch v0, block1, block2
block1:
    v3: i128 = mul v1, v2
    v4: i64 = iconst 1
    v5: i64 = sub v0, v4
    v6: i64 = func_addr @powers
    tail_call_indirect v6(v5, v3, v2) : (i64, i128, i128) -> (i128, i64)
block2:
    ret v1, v0
}

fn @power(i64) -> i128 {
block0(v0: i64):
    v1: i64 = func_addr @powers
    v2: i128 = iconst 1
    v3: i128 = iconst 10
    v4: i128, v5: i64 = call_indirect v1(v0, v2, v3) : (i64, i128, i128) -> (i128, i64)
    ret v4
}",
    );
    for n in [0u32, 1, 19, 20, 38] {
        file.expect("power", &n.to_string(), &Ok(10i128.pow(n).to_string()));
    }
}

pub(super) fn files() -> Vec<File> {
    vec![indirect(), tail()]
}
