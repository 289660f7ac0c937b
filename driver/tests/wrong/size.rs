//! What a living function costs beside its code.

use std::num::NonZero;

use driver::{Engine, EngineKind, Hosts, Level, Options};

use crate::counted::live_bytes;
use crate::{constant, module};

const FUNCTIONS: i64 = 2048;

/// Bytes for each of many compiled functions, one in a module each, or all in one.
fn bytes_for_each(options: &Options, is_one_module: bool) -> isize {
    let engine = Engine::empty(&Hosts::new(), options).unwrap();
    let name = |n: i64| format!("f{n:06}");
    let add = |from: i64, to: i64| {
        if is_one_module {
            let text: String =
                (from..to).map(|n| constant(&name(n), n).to_string() + "\n").collect();
            engine.prepare_all(&engine.add(module(&text)).unwrap(), NonZero::<usize>::MIN).unwrap();
        } else {
            for n in from..to {
                engine.prepare(engine.add(constant(&name(n), n)).unwrap()[0]).unwrap();
            }
        }
        jitmem::epoch::collect();
    };
    // Maps double when they are full; both times they are as full.
    add(0, FUNCTIONS);
    let before = live_bytes();
    add(FUNCTIONS, 2 * FUNCTIONS);
    (live_bytes() - before) / FUNCTIONS as isize
}

#[test]
fn a_function_costs_little_beside_its_code() {
    for kind in EngineKind::available() {
        let options = Options::default().engine(kind).level(Level::None).verify(false);
        let (alone, together) = (bytes_for_each(&options, false), bytes_for_each(&options, true));
        if kind != EngineKind::Interpreter {
            assert!(alone < 540 && together < 470, "{kind}: {alone}, {together}");
        }
        println!(
            "{kind}: {alone} bytes for a function that is a module, {together} for one of many"
        );
    }
}
