//! Programs in restricted mode, where each touches only what is its own: a read or write beyond the end of an array,
//! even one whose result nobody uses, is a trap here, and no difference elsewhere.

use std::path::Path;

use driver::{Engine, EngineKind, Func, Hosts, Level, Options, Output};

/// What `main` prints, and how it ends.
fn run(text: &str, name: &str, options: &Options) -> (Vec<u8>, String) {
    let module = lang::compile(text, name).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    let engine = Engine::new(module, &Hosts::for_lang(), options).unwrap();
    let main: Func<(), ()> = engine.func("main").unwrap();
    let (result, printed) = Output::collect(|| main.call(()));
    let end = result.map_or_else(|error| error.to_string(), |()| "returned".to_owned());
    (printed.out, end)
}

#[test]
fn programs_touch_only_what_is_their_own() {
    let mut count = 0;
    for entry in std::fs::read_dir(Path::new("../lang/tests/programs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let plain = Options::default().engine(EngineKind::Interpreter).verify(false);
        let expected = run(&text, &name, &plain);
        assert_eq!(expected.1, "returned", "{name}");
        for (kind, level) in [
            (EngineKind::Interpreter, Level::Speed),
            (EngineKind::Simulator, Level::None),
            (EngineKind::Simulator, Level::Speed),
        ] {
            let options = Options::default().engine(kind).level(level).restricted(true);
            let found = run(&text, &name, &options.verify(false));
            assert_eq!(found.1, "returned", "{name}, {kind}, {level:?}");
            assert!(found.0 == expected.0, "{name}, {kind}, {level:?}: prints something else");
        }
        count += 1;
    }
    assert!(count > 15, "{count}");
}
