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
    let code = WritableCode::from_words(&constant(42)).unwrap().publish().unwrap();
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
    assert_eq!(code.publish().unwrap().words(), [constant(9)[0], constant(7)[0], constant(7)[1]]);
}

#[test]
fn functions_share_an_arena_and_cost_little_more_than_their_bytes() {
    let arena = CodeArena::new(1 << 20).unwrap();
    let codes: Vec<ExecutableCode> = (0..1000)
        .map(|value| {
            let mut code = arena.allocate(8).unwrap();
            code.set_words(0, &constant(value));
            let address = code.address();
            let code = code.publish().unwrap();
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
    let code = code.publish().unwrap();
    drop(arena);
    assert_eq!(call(&code), 7);
}

#[test]
fn publishing_disturbs_no_thread_that_runs_neighbouring_code() {
    let arena = CodeArena::new(1 << 20).unwrap();
    let publish = |value: u16| {
        let mut code = arena.allocate(8).unwrap();
        code.set_words(0, &constant(value));
        code.publish().unwrap()
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

/// Where code was dropped comes other code, and every core runs the new one.
#[test]
fn dropped_code_makes_room_for_other_code() {
    let arena = CodeArena::new(64).unwrap();
    for value in 0..1000 {
        let mut code = arena.allocate(60).unwrap();
        code.set_words(0, &constant(value));
        let code = code.publish().unwrap();
        assert_eq!(call(&code), u64::from(value));
        assert!(arena.allocate(1).is_err());
    }
    assert_eq!(arena.used(), 0);
}

#[test]
fn a_branch_is_redirected_while_threads_run_it() {
    const FIRST: u32 = 0x1400_0001;
    const SECOND: u32 = 0x1400_0003;
    let code = [&[FIRST][..], &constant(1), &constant(2)].concat();
    let code = WritableCode::from_words(&code).unwrap().publish().unwrap();
    let run = || {
        if cfg!(target_arch = "aarch64") {
            call(&code)
        } else {
            u64::from(code.words()[0] & 3).div_ceil(2)
        }
    };
    std::thread::scope(|scope| {
        let runners = [(); 2].map(|()| {
            scope.spawn(|| {
                let mut seen = [0usize; 4];
                let start = std::time::Instant::now();
                while seen[2] == 0 {
                    assert!(
                        start.elapsed().as_secs() < 20,
                        "the new branch is never run: {seen:?}"
                    );
                    seen[run() as usize] += 1;
                }
                assert_eq!((seen[0], seen[3]), (0, 0));
            })
        });
        for round in 0..2000 {
            code.redirect(0, [SECOND, FIRST][round % 2]).unwrap();
            if cfg!(target_arch = "aarch64") {
                assert_eq!(run(), [2, 1][round % 2]);
            }
        }
        code.redirect(0, SECOND).unwrap();
        runners.into_iter().for_each(|runner| runner.join().unwrap());
    });
    for (offset, word) in
        [(4, FIRST), (0, constant(1)[1]), (20, FIRST), (2, FIRST), (usize::MAX - 3, FIRST)]
    {
        let error = code.redirect(offset, word).unwrap_err();
        assert!(matches!(error, MapError::NoBranch { .. }), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_page_is_writable_and_executable() {
    let arena = CodeArena::new(1 << 16).unwrap();
    let _code = arena.allocate(8).unwrap().publish().unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    assert!(maps.contains("jitsu-code"));
    for line in maps.lines() {
        assert!(!line.contains(" rwx"), "{line}");
    }
}
