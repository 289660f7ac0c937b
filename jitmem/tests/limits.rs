//! A process that may not have large files gets an error, not a signal, or memory of another kind. In a file of its own, because the limit is the
//! process's.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)] // limits are set by a system call

use jitmem::{CodeArena, CodeMemory, MapError, Strategy};

/// Runs `work` while files may have so many bytes.
fn with_largest_file<T>(bytes: u64, work: impl FnOnce() -> T) -> T {
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointers are to such structs for the time of the calls.
    unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut before), 0);
        let lower = libc::rlimit { rlim_cur: bytes, ..before };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const lower), 0);
    }
    let result = work();
    // SAFETY: as above.
    unsafe { assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const before), 0) };
    result
}

#[test]
fn a_limit_of_file_sizes_is_an_error() {
    let size = 1 << 20;
    let in_file = |size| {
        let strategy = Some(Strategy::DoubleMapping);
        CodeArena::with(size, CodeMemory { strategy, ..CodeMemory::default() }).map(|_| ())
    };
    let refused = with_largest_file(size as u64 - 1, || in_file(size));
    assert!(matches!(refused, Err(MapError::System { .. })), "{refused:?}");
    let exact = with_largest_file(size as u64, || in_file(size));
    assert!(exact.is_ok(), "{exact:?}");
    // Another way is found where none is asked for.
    let other = with_largest_file(size as u64 - 1, || CodeArena::new(size).map(|_| ()));
    assert!(other.is_ok(), "{other:?}");
}
