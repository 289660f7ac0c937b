//! The example `repl`, fed a session.

#[allow(dead_code)] // its `main`
#[path = "../examples/repl.rs"]
mod repl;

#[test]
fn a_session() {
    let session = [
        ("x = 2 + 3 * 4", "x is defined"),
        ("fn f(a, b) = a * b + x", "f is defined"),
        ("f(2, 5)", "24"),
        ("fn g(a) = f(a, a) / 2", "g is defined"),
        ("g(4)", "15"),
        ("x = 100", "x is defined"),
        ("g(4)", "58"),
        ("fn f(a, b) = a - b", "f is defined"),
        ("g(4) + x", "100"),
        ("print(g(7)) + 1", "1"),
        ("sqrt(16)", "4"),
        ("sqrt(0 - 4)", "error: `sqrt`, called in `it is`: -4 has no square root"),
        ("fn f(a) = a", "error: f is something else; forget it first"),
        ("forget f", "f is forgotten"),
        (
            "g(1)",
            "error: trap: bad_call in `f` (`f` was removed)\n  called from `g`\n  called from `it is`",
        ),
        ("fn f(a) = a * 3", "f is defined"),
        ("f(14)", "42"),
        ("h(1)", "error: what is `h`?"),
        ("f(1, 2)", "error: f takes 1 arguments"),
        ("(1 + 2", "error: a `)` is missing"),
        ("forget print", "error: that one is the host's"),
    ];
    let mut calculator = repl::Calculator::new().unwrap();
    for (line, says) in session {
        let said = match calculator.line(line) {
            Ok(text) => text,
            Err(error) => format!("error: {error}"),
        };
        assert_eq!(said, says, "{line}");
    }
}
