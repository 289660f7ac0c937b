//! Large functions of each shape come back from their text the same, on a small stack.

/// A function from an `i64` to an `i64` with these lines.
fn function(lines: impl Iterator<Item = String>) -> String {
    let lines: String = lines.map(|line| line + "\n").collect();
    format!("fn @f(i64) -> i64 {{\n{lines}}}\n")
}

fn line(text: &str) -> String {
    text.to_owned()
}

fn same_again(text: &str) {
    let module = ir::parse::module(text).unwrap();
    ir::verify_module(&module).unwrap();
    let printed = module.to_string();
    assert!(module == ir::parse::module(&printed).unwrap());
}

/// Runs on a stack that any recursion over the input would overflow.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn many_instructions() {
    on_a_small_stack(|| {
        let adds = (1..50_000).map(|i| format!("v{i}: i64 = add v{}, v0", i - 1));
        let lines = std::iter::once(line("block0(v0: i64):")).chain(adds);
        same_again(&function(lines.chain([line("ret v49999")])));
    });
}

#[test]
fn many_blocks() {
    on_a_small_stack(|| {
        let blocks =
            (0..20_000).map(|i| format!("block{i}(v{i}: i64):\njump block{}(v{i})", i + 1));
        same_again(&function(blocks.chain([line("block20000(v20000: i64):\nret v20000")])));
    });
}

#[test]
fn many_cases() {
    on_a_small_stack(|| {
        let cases: String = (0..50_000).map(|i| format!("{}: block1, ", i - 25_000)).collect();
        let lines = [
            line("block0(v0: i64):"),
            format!("switch v0, block1, [{cases} 25000: block1]"),
            line("block1:\nret v0"),
        ];
        same_again(&function(lines.into_iter()));
    });
}

#[test]
fn many_parameters_of_a_block() {
    on_a_small_stack(|| {
        let args = vec!["v0"; 20_000].join(", ");
        let params: Vec<String> = (1..=20_000).map(|i| format!("v{i}: i64")).collect();
        let lines = [
            line("block0(v0: i64):"),
            format!("jump block1({args})"),
            format!("block1({}):\nret v20000", params.join(", ")),
        ];
        same_again(&function(lines.into_iter()));
    });
}

#[test]
fn many_predecessors() {
    on_a_small_stack(|| {
        let jumps = (1..20_000).map(|i| format!("block{i}:\njump block20000(v0)"));
        let entry = line("block0(v0: i64):\njump block1");
        let lines = std::iter::once(entry).chain(jumps);
        same_again(&function(lines.chain([line("block20000(v1: i64):\nret v1")])));
    });
}

#[test]
fn many_functions() {
    on_a_small_stack(|| {
        let one = |i: usize| match i {
            0 => line("fn @f0() {\nblock0:\nret\n}\n"),
            _ => format!("fn @f{i}() {{\nblock0:\ncall @f{}()\nret\n}}\n", i - 1),
        };
        same_again(&(0..10_000).map(one).collect::<String>());
    });
}
