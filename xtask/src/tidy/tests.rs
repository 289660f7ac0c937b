//! Each rule finds what breaks it, and nothing else.

use super::*;

fn complaints(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    check_file(path, text, &mut broken);
    broken
}

#[test]
fn each_rule_finds_what_breaks_it() {
    let cases = [
        ("fn f() { unsafe { g() } }", "unsafe"),
        ("#[cfg(target_arch = \"x86_64\")]", "target_arch"),
        ("let x = y.unwrap();", "panic"),
        ("_ => unreachable!(),", "panic"),
        ("println!(\"hello\");", "print"),
        ("let home = std::env::var(\"HOME\");", "environment"),
        ("use ir::*;", "glob import"),
        ("// TODO: later", "TODO"),
    ];
    for (line, rule) in cases {
        let found = complaints("opt/src/fold.rs", &format!("//! Doc.\n{line}\n"));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].contains(rule), "{line}: {found:?}");
    }
}

#[test]
fn made_up_values_are_found_in_lowerings() {
    let made_up = [
        "            _ => self.b.iconst(Type::I64, 0),",
        "_ => zero(b),",
        "_ => 0,",
        "_ => {}",
        "_ => Ok(Vec::new()),",
        "_ => None,",
        "_ => value,",
        "let len = len_value(len).unwrap_or(0);",
        "let leaves = self.leaves(ty).unwrap_or_default();",
        "let Some(value) = value else { return };",
    ];
    for line in made_up {
        let text = format!("//! Doc.\n{line}\n");
        let found = complaints("lang/src/lower/print.rs", &text);
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].contains("made-up value"), "{line}: {found:?}");
        assert_eq!(complaints("lang/src/check/print.rs", &text), Vec::<String>::new());
    }
    let fine = [
        "_ => unreachable!(\"a sum is one number\"),",
        "_ => false,",
        "_ => self.b.iconst(leaf, 1),",
        "(_, leaf) => self.b.iconst(leaf, 0),",
        "_ => {",
    ];
    for line in fine {
        let text = format!("//! Doc.\n{line}\n");
        assert_eq!(complaints("lang/src/lower/print.rs", &text), Vec::<String>::new(), "{line}");
    }
    let answer = "//! Doc.\n            _ => None,\n";
    assert_eq!(complaints("lang/src/lower/mod.rs", answer), Vec::<String>::new());
}

#[test]
fn what_is_allowed_passes() {
    let text = "//! Doc.\n/// Never `unwrap()`s.\nfn f() {}\nfn g() { unreachable!(\"why\") }\n#[cfg(test)]\nmod tests { fn g() { x.unwrap(); } }\n";
    assert_eq!(complaints("opt/src/fold.rs", text), Vec::<String>::new());
    assert_eq!(complaints("jitmem/src/map.rs", "//! Doc.\nunsafe {}\n"), Vec::<String>::new());
}

#[test]
fn the_table_of_the_architecture_is_read() {
    let of = |room| ROOMS.iter().find(|(name, _)| *name == room).map(|(_, may)| may.len());
    assert_eq!(
        (of("ir"), of("ssa"), of("driver"), of("nothing")),
        (Some(0), Some(2), Some(11), None)
    );
    assert_eq!(ROOMS.len(), 15);
}
