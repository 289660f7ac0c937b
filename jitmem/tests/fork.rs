//! A process that was forked has its own code, or may not change its parent's. In a file of its own, because a process with
//! other threads should not fork.
#![cfg(target_os = "linux")]
#![allow(unsafe_code)] // processes are made by system calls

use jitmem::{CodeArena, CodeMemory, ExecutableCode, MapError, Strategy};

fn number(arena: &CodeArena, number: u32) -> Result<ExecutableCode, MapError> {
    let mut code = arena.allocate(16)?;
    code.set_words(
        0,
        &[0x1400_0002, 0xd280_0000 | number << 5, 0xd280_0000 | number << 5, 0xd65f_03c0],
    );
    code.publish()
}

/// Runs `child` in a process that was forked, and `parent` when it has ended well.
fn fork(child: impl FnOnce() -> bool, parent: impl FnOnce()) {
    // SAFETY: the child touches what it has, and ends without running anything of the parent's.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0);
        if pid == 0 {
            libc::_exit(if child() { 0 } else { 1 });
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &raw mut status, 0), pid);
        assert_eq!(status, 0);
    }
    parent();
}

#[test]
fn a_child_does_not_change_its_parents_code() {
    for &strategy in Strategy::of_this_system() {
        let memory = CodeMemory { strategy: Some(strategy), ..CodeMemory::default() };
        let arena = CodeArena::with(1 << 16, memory).unwrap();
        let code = number(&arena, 1).unwrap();
        let words = code.words();
        let is_shared = strategy == Strategy::DoubleMapping;
        let child = || {
            let redirected = code.redirect(0, 0x1400_0001);
            let added = number(&arena, 2);
            match (redirected, added) {
                (Err(MapError::Forked), Err(MapError::Forked)) => {
                    is_shared && code.words() == words
                }
                (Ok(()), Ok(added)) => {
                    !is_shared && code.words() != words && added.words() != words
                }
                _ => false,
            }
        };
        fork(child, || {
            assert_eq!(code.words(), words);
            let added = number(&arena, 3).unwrap();
            assert_eq!(added.word(4), Some(0xd280_0060));
        });
    }
}
