//! Arenas and publishing; on an ARM64 host (or QEMU) the code also runs.

#![allow(unsafe_code)]

use jitmem::{CodeArena, ExecutableCode, MapError, WritableCode};

/// `mov x0, #value; ret`
fn constant(value: u16) -> [u32; 2] {
    const MOVZ_X0: u32 = 0xD280_0000;
    const RET: u32 = 0xD65F_03C0;
    [MOVZ_X0 | u32::from(value) << 5, RET]
}

/// Calls a function without arguments; on another host, reads what it would return.
fn call(code: &ExecutableCode) -> u64 {
    #[cfg(target_arch = "aarch64")]
    {
        // SAFETY: the words are `constant`, a function of this type.
        let function: extern "C" fn() -> u64 = unsafe { std::mem::transmute(code.as_ptr()) };
        function()
    }
    #[cfg(not(target_arch = "aarch64"))]
    u64::from(code.words()[0] >> 5 & 0xffff)
}

#[test]
fn published_code_runs() {
    let code = WritableCode::from_words(&constant(42)).unwrap().publish();
    assert_eq!(call(&code), 42);
}

#[test]
fn words_are_written_where_they_belong() {
    let mut code = CodeArena::new(64).unwrap().allocate(12).unwrap();
    code.set_words(4, &constant(7));
    code.set_words(0, &constant(9)[..1]);
    // What does not fit is left out.
    code.set_words(8, &[constant(7)[1], 5, 6]);
    code.set_words(16, &[8]);
    assert_eq!(code.publish().words(), [constant(9)[0], constant(7)[0], constant(7)[1]]);
}

#[test]
fn functions_share_an_arena_and_cost_little_more_than_their_bytes() {
    let arena = CodeArena::new(1 << 20).unwrap();
    let codes: Vec<ExecutableCode> = (0..1000)
        .map(|value| {
            let mut code = arena.allocate(8).unwrap();
            code.set_words(0, &constant(value));
            let address = code.address();
            let code = code.publish();
            assert_eq!(code.address(), address);
            code
        })
        .collect();
    assert!(arena.used() <= 1000 * (8 + 64));
    for (value, code) in codes.iter().enumerate() {
        assert_eq!(call(code), value as u64);
        assert!(arena.range().contains(&code.address()));
    }
}

#[test]
fn a_full_arena_is_an_error() {
    let arena = CodeArena::new(4096).unwrap();
    let _code = arena.allocate(4000).unwrap();
    let error = arena.allocate(200).unwrap_err();
    assert!(matches!(error, MapError::ArenaFull { wanted: 200, left: 96, .. }), "{error}");
    assert!(arena.allocate(usize::MAX).is_err());
}

#[test]
fn code_outlives_the_arena_it_came_from() {
    let arena = CodeArena::new(4096).unwrap();
    let mut code = arena.allocate(8).unwrap();
    code.set_words(0, &constant(7));
    let code = code.publish();
    drop(arena);
    assert_eq!(call(&code), 7);
}

#[test]
fn publishing_disturbs_no_thread_that_runs_neighbouring_code() {
    let arena = CodeArena::new(1 << 20).unwrap();
    let publish = |value: u16| {
        let mut code = arena.allocate(8).unwrap();
        code.set_words(0, &constant(value));
        code.publish()
    };
    let first = publish(1);
    std::thread::scope(|scope| {
        let runner = scope.spawn(|| (0..200_000).all(|_| call(&first) == 1));
        for value in 0..2000 {
            assert_eq!(call(&publish(value)), u64::from(value));
        }
        assert!(runner.join().unwrap());
    });
}

#[cfg(target_os = "linux")]
#[test]
fn no_page_is_writable_and_executable() {
    let arena = CodeArena::new(1 << 16).unwrap();
    let _code = arena.allocate(8).unwrap().publish();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(maps.contains("jitsu-code"));
    for line in maps.lines() {
        assert!(!line.contains(" rwx"), "{line}");
    }
}
