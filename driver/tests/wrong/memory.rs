//! A process that the system refuses memory for code, in a child of the test, as limits are the process's.

use std::num::NonZero;
use std::process::Command;

use driver::ir::Module;
use driver::{Engine, EngineKind, Error, Hosts, Options, Strategy};

use crate::{constant, module};

const CHILD: &str = "JITSU_LIMITED";

/// Sets a limit of this process; gives the one before.
fn limit(resource: libc::__rlimit_resource_t, to: u64) -> u64 {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointers are to such a struct for the time of the calls.
    unsafe {
        assert_eq!(libc::getrlimit(resource, &raw mut limit), 0);
        let before = limit.rlim_cur;
        limit.rlim_cur = to.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(resource, &raw const limit), 0);
        before
    }
}

/// Does it while the process may have so many more bytes of addresses.
fn with_addresses<T>(bytes: u64, work: impl FnOnce() -> T) -> T {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    let before = limit(libc::RLIMIT_AS, pages * 4096 + bytes);
    let result = work();
    limit(libc::RLIMIT_AS, before);
    result
}

/// So many functions.
fn many(count: usize) -> Module {
    let function =
        |n| format!("fn @m{n}() -> i64 {{\nblock0:\n  v0: i64 = iconst {n}\n  ret v0\n}}\n");
    module(&(0..count).map(function).collect::<String>())
}

fn is_memory<T>(result: Result<T, Error>) -> String {
    match result {
        Err(error @ Error::Memory(_)) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("there was memory"),
    }
}

/// What the child does. Small pieces of memory are there all the time, in a heap that has been larger: that a program has none of these is
/// the end of it in Rust.
fn limited(options: &Options) {
    let mut heap: Vec<Vec<u8>> = (0..40_000).map(|_| vec![1; 1000]).collect();
    heap.drain(..heap.len() - 1);
    let empty = || Engine::empty(&Hosts::new(), options);
    let filed = options.clone().code_strategy(Strategy::DoubleMapping);
    let in_file = || Engine::empty(&Hosts::new(), &filed);

    // No file for code, none of that size, which does not matter to other ways; no addresses; with few there is a small space.
    let files = limit(libc::RLIMIT_NOFILE, 0);
    let no_file = (in_file(), empty());
    limit(libc::RLIMIT_NOFILE, files);
    println!("{}", is_memory(no_file.0));
    let size = limit(libc::RLIMIT_FSIZE, 4096);
    let no_size = (in_file(), empty());
    limit(libc::RLIMIT_FSIZE, size);
    println!("{}", is_memory(no_size.0));
    assert!(no_file.1.is_ok() && no_size.1.is_ok());
    println!("{}", is_memory(with_addresses(1 << 18, empty)));
    let small = with_addresses(64 << 20, empty).unwrap();
    small.add(constant("f", 7)).unwrap();
    assert_eq!(small.func::<(), i64>("f").unwrap().call(()).unwrap(), 7);

    // A module that is too large for the spaces that there can be leaves nothing of itself.
    let options = options.clone().code_space_bytes(0);
    let engine = Engine::empty(&Hosts::new(), &options).unwrap();
    engine.add(constant("f", 7)).unwrap();
    assert_eq!(engine.func::<(), i64>("f").unwrap().call(()).unwrap(), 7);
    for round in 0..3 {
        let module = many(3000);
        let refused = with_addresses(4096, || engine.add(module));
        println!("{round}: {}", is_memory(refused));
        let names = (0..3000).map(|n| format!("m{n}"));
        assert!(names.clone().all(|name| engine.id(&name).is_none()), "names are left");
        assert_eq!(engine.func::<(), i64>("f").unwrap().call(()).unwrap(), 7);
    }
    // With memory, all of it works; with fewer threads than were asked for, too.
    let functions = engine.add(many(3000)).unwrap();
    with_addresses(4096, || {
        // Some are compiled, and then there is no room.
        println!("{}", is_memory(engine.prepare_all(&functions, NonZero::new(4).unwrap())));
        assert_eq!(engine.func::<(), i64>("m0").unwrap().call(()).unwrap(), 0);
        is_memory(engine.func::<(), i64>("m2999").unwrap().call(()));
    });
    engine.prepare_all(&functions, NonZero::new(4).unwrap()).unwrap();
    for n in [0, 1, 1500, 2999] {
        assert_eq!(engine.func::<(), i64>(&format!("m{n}")).unwrap().call(()).unwrap(), n);
    }
    let f = engine.id("f").unwrap();
    let replacement = constant("f", 8);
    let replaced = with_addresses(4096, || engine.replace(f, replacement));
    assert!(replaced.is_ok(), "a small function has room: {replaced:?}");
    drop(heap);
}

/// Run by the next one, in a process of its own.
#[test]
fn limited_child() {
    if std::env::var_os(CHILD).is_some() {
        limited(&Options::default().engine(EngineKind::Simulator));
        println!("all done");
    }
}

#[test]
fn what_the_system_refuses_is_an_error() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "memory::limited_child", "--nocapture"]).env(CHILD, "1");
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("all done"),
        "{}\n{text}\n{errors}",
        output.status
    );
    assert!(text.contains("would not create a memory file"), "{text}");
    assert!(text.contains("would not map memory for writing code"), "{text}");
}
