//! What compiling costs: a source that is ten times as large takes about ten times as long, whatever nests in it.

use std::time::{Duration, Instant};

fn time(source: &str) -> Duration {
    let start = Instant::now();
    lang::compile(source, "cost.rs").unwrap_or_else(|errors| panic!("{}", errors[0]));
    start.elapsed()
}

/// Demands that one program does not take `times` as long as another one of the same length. Another process may disturb
/// a round, but not all of them.
fn compare(shape: &str, few: &str, many: &str, times: u32) {
    let (mut short, mut long) = (Duration::MAX, Duration::MAX);
    for _ in 0..8 {
        (short, long) = (short.min(time(few)), long.min(time(many)));
        if long < short * times {
            println!("{shape}: {short:?} and {long:?}");
            return;
        }
    }
    panic!("{shape}: {short:?} and {long:?}");
}

/// `open` and `close` around 1, `depth` times.
fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn the_cost_of_nested_expressions_is_linear() {
    let items = "fn f(x: i32) -> i32 { x }\nfn first<A: Copy>(x: (A, i32)) -> A { x.0 }\n\
                 struct S { x: i32 }\nimpl S { fn get(self) -> i32 { self.x } }\n";
    // Each shape reaches close to the limit of 1000 levels, and no level asks for the tokens inside of it again.
    let shapes: [(&str, &str, usize); 8] = [
        ("f(", ")", 900),
        ("f(-(", "))", 280),
        ("(1 + f(", "))", 280),
        ("first((", ", 2))", 400),
        ("[", "][0]", 300),
        ("S { x: ", " }.x", 300),
        ("S { x: ", " }.get()", 240),
        ("i32::max(1, ", ").abs()", 240),
    ];
    for (open, close, deep) in shapes {
        // Many small ones against few large ones, of the same length together.
        let program = |depth: usize| {
            let expression = nested(open, close, depth);
            let functions = (0..deep * 4 / depth)
                .map(|index| format!("fn g{index}() -> i32 {{ {expression} }}\n"));
            format!("{items}{}", functions.collect::<String>())
        };
        compare(&format!("{open}…{close}"), &program(deep / 20), &program(deep), 4);
    }
}

/// Compares a long function with many short ones of the same length together; `#` in the shape is a number.
fn long_and_short(many: usize, start: &str, shape: &str, end: &str) {
    let function = |index: usize, numbers: std::ops::Range<usize>| {
        let body: String = numbers.map(|number| shape.replace('#', &number.to_string())).collect();
        format!("fn f{index}(c: bool, n: u32) {{ {start} {body} {end} }}\n")
    };
    let short = (0..many / 50).map(|index| function(index, index * 50..index * 50 + 50));
    compare(shape, &short.collect::<String>(), &function(0, 0..many), 3);
}

#[test]
fn the_cost_of_many_variables_is_linear() {
    // Written in both branches before anything reads them.
    long_and_short(2000, "", "let x#; if c { x# = 1; } else { x# = 2; }", "");
    long_and_short(5000, "", "let x# = n + #;", "");
}

#[test]
fn the_cost_of_many_arms_is_linear() {
    long_and_short(5000, "match n {", "# => {}", "_ => {} }");
    long_and_short(2000, "match (n, c) {", "(#, true) => {}", "_ => {} }");
}
