//! Modules that go when nobody can reach them.

use driver::ir::{Module, parse};
use driver::{Engine, EngineKind, Error, Func, Hosts, Level, Options, Owned};

fn module(text: &str) -> Module {
    parse::module(text).unwrap_or_else(|errors| panic!("{text}\n{errors:?}"))
}

/// Nothing is inlined, so that every call is one.
fn engines() -> impl Iterator<Item = Engine> {
    let options = EngineKind::available().map(|kind| Options::default().engine(kind));
    options.map(|options| Engine::empty(&Hosts::new(), &options.level(Level::None)).unwrap())
}

fn constant(name: &str, value: i64) -> Module {
    module(&format!("fn @{name}() -> i64 {{\nblock0:\n  v0: i64 = iconst {value}\n  ret v0\n}}"))
}

/// Asks another one.
fn asks(name: &str, other: &str) -> Module {
    module(&format!(
        "extern @{other}() -> i64\nfn @{name}() -> i64 {{\nblock0:\n  v0: i64 = call @{other}()\n  ret v0\n}}"
    ))
}

fn func(engine: &Engine, name: &str) -> Func<(), i64> {
    engine.func(name).unwrap()
}

fn is_there(engine: &Engine, module: &Owned) -> bool {
    module.functions().iter().all(|&id| engine.prepare(id).is_ok())
}

#[test]
fn a_function_goes_with_its_last_handle() {
    for engine in engines() {
        let owned = engine.add_owned(constant("f", 7)).unwrap();
        let id = owned.functions()[0];
        let (f, other) = (func(&engine, "f"), func(&engine, "f"));
        drop(owned);
        assert!(engine.id("f").is_none());
        // The name can be another's meanwhile, which has it when the first is gone.
        let second = engine.add_owned(constant("f", 8)).unwrap();
        assert_eq!((f.call(()).unwrap(), func(&engine, "f").call(()).unwrap()), (7, 8));
        drop(f);
        assert_eq!(other.clone().call(()).unwrap(), 7);
        assert!(engine.prepare(id).is_ok());
        drop(other);
        assert!(matches!(engine.prepare(id), Err(Error::UnknownId { .. })));
        assert_eq!(func(&engine, "f").call(()).unwrap(), 8);
        assert!(is_there(&engine, &second));
    }
}

#[test]
fn what_living_modules_call_stays() {
    for engine in engines() {
        for is_compiled in [false, true] {
            let a = engine.add_owned(constant("a", 5)).unwrap();
            let b = engine.add_owned(asks("b", "a")).unwrap();
            let c = engine.add_owned(asks("c", "b")).unwrap();
            let ids = [&a, &b, &c].map(|module| module.functions()[0]);
            if is_compiled {
                assert_eq!(func(&engine, "c").call(()).unwrap(), 5);
            }
            drop(a);
            drop(b);
            let call = func(&engine, "c");
            drop(c);
            assert_eq!(call.call(()).unwrap(), 5);
            assert!(ids.iter().all(|&id| engine.prepare(id).is_ok()));
            drop(call);
            // What one calls is let go when no thread can be in it, so step by step.
            for name in ["x", "y", "z"] {
                for n in 0..130 {
                    drop(engine.add_owned(constant(name, n)).unwrap());
                }
            }
            assert!(ids.iter().all(|&id| engine.prepare(id).is_err()), "{}", engine.kind());
        }
    }
}

/// Unless it is owned, what calls another keeps that for good.
#[test]
fn what_stays_keeps_what_it_calls() {
    for engine in engines() {
        let owned = engine.add_owned(constant("a", 5)).unwrap();
        let b = engine.add(asks("b", "a")).unwrap()[0];
        drop(owned);
        assert_eq!(func(&engine, "b").call(()).unwrap(), 5);
        // Replaced, it calls another.
        engine.add(constant("c", 6)).unwrap();
        engine.replace(b, asks("b", "c")).unwrap();
        assert_eq!(func(&engine, "b").call(()).unwrap(), 6);
    }
}

#[test]
fn a_function_that_calls_its_module_does_not_keep_it() {
    for engine in engines() {
        let text = "fn @f() -> i64 {\nblock0:\n  v0: i64 = iconst 1\n  ret v0\n}
fn @g() -> i64 {\nblock0:\n  v0: i64 = call @f()\n  ret v0\n}";
        let owned = engine.add_owned(module(text)).unwrap();
        let g = owned.functions()[1];
        engine.replace(g, asks("g", "f")).unwrap();
        assert_eq!(func(&engine, "g").call(()).unwrap(), 1);
        drop(owned);
        assert!(matches!(engine.prepare(g), Err(Error::UnknownId { .. })));
    }
}

#[test]
fn what_was_removed_stays_removed() {
    for engine in engines() {
        let owned = engine.add_owned(constant("f", 7)).unwrap();
        let f = func(&engine, "f");
        engine.remove(owned.functions()[0]).unwrap();
        assert!(matches!(f.call(()), Err(Error::Removed { .. })));
        engine.add(constant("f", 9)).unwrap();
        drop((owned, f));
        assert_eq!(func(&engine, "f").call(()).unwrap(), 9);
    }
}

#[test]
fn modules_outlive_their_engine() {
    for engine in engines() {
        let owned = engine.add_owned(constant("f", 7)).unwrap();
        drop(engine);
        assert_eq!(owned.functions().len(), 1);
    }
}

/// Threads call and drop the last handle while others do the same.
#[test]
fn the_last_handle_may_be_dropped_anywhere() {
    for engine in engines() {
        for n in 0..50 {
            let owned = engine.add_owned(constant("f", n)).unwrap();
            let handles = [(); 4].map(|()| func(&engine, "f"));
            drop(owned);
            std::thread::scope(|scope| {
                for handle in handles {
                    scope.spawn(move || assert_eq!(handle.call(()).unwrap(), n));
                }
            });
        }
        drop(engine.add_owned(constant("f", 0)).unwrap());
        assert!(engine.code_bytes().unwrap_or(0) < 130 * 16, "{:?}", engine.code_bytes());
    }
}

#[test]
#[allow(unsafe_code)]
fn a_function_as_a_c_function() {
    for engine in engines() {
        let text = "fn @f(i8, f64, i64) -> f64 {\nblock0(v0: i8, v1: f64, v2: i64):\n  v3: i64 = sext v0\n  v4: i64 = add v2, v3
  v5: f64 = sint_to_float v4\n  v6: f64 = fadd v5, v1\n  ret v6\n}";
        let owned = engine.add_owned(module(text)).unwrap();
        let f: Func<(i8, f64, i64), f64> = engine.func("f").unwrap();
        // SAFETY: the handle lives, and the function does not trap.
        match unsafe { f.as_ptr() } {
            Ok(pointer) => {
                assert_eq!(engine.kind(), EngineKind::Native);
                // SAFETY: as above.
                assert_eq!(unsafe { pointer(-1, 0.5, 40) }, 39.5);
                engine
                    .replace(owned.functions()[0], module(&text.replace("fadd", "fsub")))
                    .unwrap();
                // SAFETY: as above; nobody was in it.
                assert_eq!(unsafe { pointer(-1, 0.5, 40) }, 38.5);
            }
            Err(error) => {
                assert_ne!(engine.kind(), EngineKind::Native);
                assert!(error.to_string().contains("native"), "{error}");
            }
        }
    }
}
