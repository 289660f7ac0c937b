//! Code in several spaces, whose calls of each other go through far jumps.

use driver::ir::{Module, parse};
use driver::{Caller, Engine, EngineKind, Func, Hosts, Level, Options};

const SPACE: usize = 16 << 10;
const FUNCTIONS: i64 = 1000;

fn module(text: &str) -> Module {
    parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// Nothing is inlined, and what is new is in a space of its own soon.
fn engines() -> impl Iterator<Item = Engine> {
    let kinds = EngineKind::available().filter(|&kind| kind != EngineKind::Interpreter);
    let options = kinds
        .map(|kind| Options::default().engine(kind).level(Level::None).code_space_bytes(SPACE));
    options.map(|options| {
        let mut hosts = Hosts::new();
        hosts.add_closure("twice", |_: &mut Caller<'_>, x: i64| x.wrapping_mul(2));
        Engine::empty(&hosts, &options).unwrap()
    })
}

/// `f{n}` calls the one before it, directly, by its address or as a tail, and the host.
fn link(n: i64) -> Module {
    let before = n - 1;
    let call = match n % 3 {
        0 => format!("  v1: i64 = call @f{before}(v0)\n"),
        1 => format!(
            "  v5: i64 = func_addr @f{before}\n  v1: i64 = call_indirect v5(v0) : (i64) -> i64\n"
        ),
        _ => {
            return module(&format!(
                "extern @f{before}(i64) -> i64\nfn @f{n}(i64) -> i64 {{\nblock0(v0: i64):\n  tail_call @f{before}(v0)\n}}"
            ));
        }
    };
    module(&format!(
        "extern @f{before}(i64) -> i64\nextern @twice(i64) -> i64\nfn @f{n}(i64) -> i64 {{\nblock0(v0: i64):\n{call}  v2: i64 = call @twice(v1)
  v3: i64 = iconst 123456789123456789\n  v4: i64 = xor v2, v3\n  ret v4\n}}"
    ))
}

fn expected(n: i64, x: i64) -> i64 {
    (1..=n).fold(x, |x, n| if n % 3 == 2 { x } else { x.wrapping_mul(2) ^ 123_456_789_123_456_789 })
}

fn first(add: i64) -> Module {
    module(&format!(
        "fn @f0(i64) -> i64 {{\nblock0(v0: i64):\n  v1: i64 = iconst {add}\n  v2: i64 = add v0, v1\n  ret v2\n}}"
    ))
}

#[test]
fn functions_in_different_spaces_call_each_other() {
    for engine in engines() {
        let f0 = engine.add(first(0)).unwrap()[0];
        let ids: Vec<_> = (1..FUNCTIONS).map(|n| engine.add(link(n)).unwrap()[0]).collect();
        // Compiled by their callers, the last one first.
        let last: Func<i64, i64> = engine.func(&format!("f{}", FUNCTIONS - 1)).unwrap();
        for x in [0, 5, -7] {
            assert_eq!(last.call(x).unwrap(), expected(FUNCTIONS - 1, x), "{}", engine.kind());
        }
        let bytes = engine.code_bytes().unwrap();
        assert!(bytes > SPACE, "{bytes}");

        // Replaced, each is called as it is then, wherever its code is.
        engine.replace(f0, first(100)).unwrap();
        assert_eq!(last.call(0).unwrap(), expected(FUNCTIONS - 1, 100));
        for (n, &id) in (1..).zip(&ids) {
            engine.replace(id, link(n)).unwrap();
        }
        assert_eq!(last.call(3).unwrap(), expected(FUNCTIONS - 1, 103));

        // What goes makes room: as many again, often, in the spaces that there are.
        for id in ids {
            engine.remove(id).unwrap();
        }
        for round in 0..2 {
            let ids: Vec<_> = (1..FUNCTIONS).map(|n| engine.add(link(n)).unwrap()[0]).collect();
            let last: Func<i64, i64> = engine.func(&format!("f{}", FUNCTIONS - 1)).unwrap();
            assert_eq!(last.call(round).unwrap(), expected(FUNCTIONS - 1, round + 100));
            ids.into_iter().for_each(|id| engine.remove(id).unwrap());
        }
    }
}

/// A function that is larger than a space has one of its own size.
#[test]
fn a_large_function_has_room() {
    let count = 12_000;
    let mut text = "fn @f0(i64) -> i64 {\nblock0(v0: i64):\n".to_owned();
    for n in 1..=count {
        text += &format!("  v{n}: i64 = mul v{}, v0\n", n - 1);
    }
    text += &format!("  ret v{count}\n}}");
    for engine in engines() {
        engine.add(module(&text)).unwrap();
        engine.add(link(1)).unwrap();
        let f: Func<i64, i64> = engine.func("f1").unwrap();
        assert_eq!(f.call(-1).unwrap(), expected(1, -1));
        assert!(engine.code_bytes().unwrap() > 2 * SPACE);
    }
}
