//! Every way of getting code into memory: none has a page that is writable and executable, at any step.

use jitmem::{CodeArena, CodeMemory, MapError, Strategy, SuppliedMemory};

/// `mov x0, #number; ret`
fn constant(number: u32) -> [u32; 2] {
    [0xd280_0000 | number << 5, 0xd65f_03c0]
}

/// `b` over so many words.
fn branch(words: u32) -> u32 {
    0x1400_0000 | words
}

fn arenas(capacity: usize) -> impl Iterator<Item = (Strategy, CodeArena)> {
    Strategy::of_this_system().iter().map(move |&strategy| {
        let memory = CodeMemory { strategy: Some(strategy), ..CodeMemory::default() };
        (strategy, CodeArena::with(capacity, memory).unwrap())
    })
}

/// The mappings of this process, each with its protection. On Apple's systems they are not to be had.
fn no_page_is_writable_and_executable(step: &str) {
    if cfg!(not(target_os = "linux")) {
        return;
    }
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    for line in maps.lines() {
        let protection = line.split(' ').nth(1).unwrap();
        assert!(!(protection.contains('w') && protection.contains('x')), "{step}: {line}");
    }
}

#[cfg(target_arch = "aarch64")]
#[allow(unsafe_code)] // the words are functions
fn run(code: &jitmem::ExecutableCode) -> Option<u64> {
    // SAFETY: the words are a function without arguments that returns an integer.
    let function: extern "C" fn() -> u64 = unsafe { std::mem::transmute(code.as_ptr()) };
    Some(function())
}

#[cfg(not(target_arch = "aarch64"))]
fn run(_: &jitmem::ExecutableCode) -> Option<u64> {
    None
}

fn expect(code: &jitmem::ExecutableCode, number: u64) {
    assert!(run(code).is_none_or(|result| result == number), "{:x?}", code.words());
}

#[test]
fn code_is_published_redirected_and_freed() {
    no_page_is_writable_and_executable("before");
    for (strategy, arena) in arenas(1 << 20) {
        let step = |name: &str| no_page_is_writable_and_executable(&format!("{strategy}, {name}"));
        step("reserved");
        let mut pieces = Vec::new();
        for number in 0..2000 {
            let mut code = arena.allocate(8).unwrap();
            code.set_words(0, &constant(number));
            if number == 0 {
                step("written");
            }
            pieces.push(code.publish().unwrap());
            if number % 500 == 0 {
                step("published");
            }
        }
        for (number, code) in pieces.iter().enumerate() {
            assert_eq!(code.words(), constant(number as u32));
            expect(code, number as u64);
        }
        // A branch over one of two constants.
        let mut code = arena.allocate(20).unwrap();
        code.set_words(
            0,
            &[branch(1), constant(1)[0], constant(1)[1], constant(2)[0], constant(2)[1]],
        );
        let code = code.publish().unwrap();
        expect(&code, 1);
        code.redirect(0, branch(3)).unwrap();
        step("redirected");
        expect(&code, 2);
        // Places are used again.
        let place = pieces[7].address();
        pieces.remove(7);
        let mut again = arena.allocate(8).unwrap();
        assert_eq!(again.address(), place);
        again.set_words(0, &constant(77));
        let again = again.publish().unwrap();
        step("used again");
        expect(&again, 77);
        expect(&pieces[6], 6);
        expect(&pieces[7], 8);
        drop((code, again, pieces, arena));
        step("freed");
    }
}

/// Threads run code while its neighbours on the same page come and go.
#[cfg(target_arch = "aarch64")]
#[test]
fn neighbours_run_meanwhile() {
    use std::sync::atomic::{AtomicBool, Ordering};

    for (_, arena) in arenas(1 << 16) {
        let mut code = arena.allocate(8).unwrap();
        code.set_words(0, &constant(5));
        let code = code.publish().unwrap();
        let ends = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !ends.load(Ordering::Relaxed) {
                        assert_eq!(run(&code), Some(5));
                    }
                });
            }
            for number in 0..300 {
                let mut other = arena.allocate(8).unwrap();
                other.set_words(0, &constant(number));
                expect(&other.publish().unwrap(), number.into());
            }
            ends.store(true, Ordering::Relaxed);
        });
    }
}

#[test]
#[allow(unsafe_code)] // whoever supplies memory vouches for it
fn memory_may_be_supplied() {
    let mut memory = vec![0u128; 16].into_boxed_slice();
    let address = memory.as_mut_ptr().cast::<u8>();
    // SAFETY: the memory lives as long as it is kept; nobody else touches it, and nothing runs it.
    let supplied = unsafe { SuppliedMemory::new(address, address, 256, memory) };
    let arena = CodeArena::supplied(supplied);
    assert_eq!(arena.range().end - arena.range().start, 256);
    let mut code = arena.allocate(8).unwrap();
    code.set_words(0, &constant(3));
    let code = code.publish().unwrap();
    assert_eq!((code.address(), code.words()), (address.addr() as u64, constant(3).to_vec()));
    assert!(matches!(arena.allocate(256), Err(MapError::ArenaFull { .. })));
    drop(arena);
    assert_eq!(code.word(4), Some(constant(3)[1]));
}

#[test]
fn a_strategy_of_another_system_is_refused() {
    for strategy in
        [Strategy::DoubleMapping, Strategy::Protect, Strategy::JitToggle, Strategy::Plain]
    {
        let memory = CodeMemory { strategy: Some(strategy), ..CodeMemory::default() };
        let is_there = Strategy::of_this_system().contains(&strategy);
        match CodeArena::with(4096, memory) {
            Ok(_) => assert!(is_there, "{strategy}"),
            Err(error) => assert!(!is_there && matches!(error, MapError::NoStrategy), "{error}"),
        }
    }
}
