//! Native code beside what else a process does with signals: handlers of others, signals that are sent, blocked signals,
//! alternate stacks, threads, the float environment. Only where code runs natively; under QEMU otherwise.
//!
//! One test, because signals belong to the process: a handler that is there before the first call stays that.
#![cfg(all(target_arch = "aarch64", unix))]
#![allow(unsafe_code)] // signals are sent and handled by system calls

mod common;

use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use common::trusted;
use driver::{Engine, EngineKind, Error, Func, Hosts, Level, Options};
use ir::TrapKind;

const TEXT: &str = "
fn @load(i64) -> i64 {
block0(v0: i64):
  v1: i64 = load v0
  ret v1
}
fn @divide(i64, i64) -> i64 {
block0(v0: i64, v1: i64):
  v2: i64 = sdiv v0, v1
  ret v2
}
fn @deep(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 1
  v2: i64 = add v0, v1
  v3: i64 = call @deep(v2)
  v4: i64 = add v3, v1
  ret v4
}
fn @wait(i64) -> i64 {
block0(v0: i64):
  v1: i64 = iconst 1
  atomic_store v1, v0
  v2: i64 = iconst 8
  v3: i64 = add v0, v2
  jump block1
block1:
  v4: i64 = atomic_load v3
  branch v4, block2, block1
block2:
  ret v4
}
fn @third(f64) -> f64 {
block0(v0: f64):
  v1: f64 = fconst 3.0
  v2: f64 = fdiv v0, v1
  ret v2
}
";

fn engine() -> Engine {
    let module = ir::parse::module(TEXT).expect("it is a module");
    let options = trusted(Options::default().engine(EngineKind::Native).level(Level::Speed));
    Engine::new(module, &Hosts::new(), &options).expect("it compiles")
}

fn trap(engine: &Engine, name: &str, args: (i64, i64)) -> TrapKind {
    let result = if name == "divide" {
        let f: Func<(i64, i64), i64> = engine.func(name).expect("it is there");
        f.call(args)
    } else {
        let f: Func<i64, i64> = engine.func(name).expect("it is there");
        f.call(args.0)
    };
    match result {
        Err(Error::Trap(trap)) => trap.kind,
        other => panic!("@{name} is to trap, not {other:?}"),
    }
}

/// How often somebody else's handler was called.
static OTHERS: AtomicUsize = AtomicUsize::new(0);

extern "C" fn other(_: libc::c_int, _: *mut libc::siginfo_t, _: *mut libc::c_void) {
    OTHERS.fetch_add(1, Ordering::SeqCst);
}

fn act(signal: libc::c_int, action: usize, flags: libc::c_int) {
    // SAFETY: all-zero is a valid `sigaction`; the pointer is to one for the time of the call, and the handler is a function
    // of the type that the flags say.
    unsafe {
        let mut new: libc::sigaction = MaybeUninit::zeroed().assume_init();
        new.sa_sigaction = action;
        new.sa_flags = flags;
        assert_eq!(libc::sigaction(signal, &raw const new, ptr::null_mut()), 0);
    }
}

/// Calls `@wait` on a thread of its own and sends it these signals while it is in native code.
fn send_while_waiting(engine: &Engine, signals: &[libc::c_int]) {
    let flags = [AtomicI64::new(0), AtomicI64::new(0)];
    let own = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            // SAFETY: asks for the thread's own name.
            own.store(unsafe { libc::pthread_self() } as usize, Ordering::SeqCst);
            let wait: Func<i64, i64> = engine.func("wait").expect("it is there");
            wait.call(flags.as_ptr().expose_provenance() as i64)
        });
        while flags[0].load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        for &signal in signals {
            let thread = own.load(Ordering::SeqCst) as libc::pthread_t;
            // SAFETY: the thread runs until its flag is set below.
            unsafe { libc::pthread_kill(thread, signal) };
            std::thread::sleep(Duration::from_millis(20));
        }
        flags[1].store(7, Ordering::SeqCst);
        assert_eq!(thread.join().expect("it returns").expect("no trap"), 7);
    });
}

/// The signal that ends a child of this process which sends itself one; `None` if it lives.
fn ended_by(signal: libc::c_int) -> Option<libc::c_int> {
    // SAFETY: the child only raises a signal and exits, which both are allowed after a fork.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "fork");
        if child == 0 {
            libc::raise(signal);
            libc::_exit(0);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status))
    }
}

fn fpcr() -> u64 {
    let value: u64;
    // SAFETY: reads a register.
    unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) value) };
    value
}

fn set_fpcr(value: u64) {
    // SAFETY: the caller sets it back before it computes with floats.
    unsafe { std::arch::asm!("msr fpcr, {}", in(reg) value) };
}

#[test]
fn native_code_lives_with_what_else_handles_signals() {
    // Before the first call: somebody's handler, an ignored signal, and one with its default.
    act(libc::SIGSEGV, other as extern "C" fn(_, _, _) as *const () as usize, libc::SA_SIGINFO);
    act(libc::SIGBUS, libc::SIG_IGN, 0);
    let engine = engine();
    assert_eq!(trap(&engine, "load", (8, 0)), TrapKind::MemoryFault);
    assert_eq!(trap(&engine, "load", (-8, 0)), TrapKind::MemoryFault);
    assert_eq!(trap(&engine, "divide", (1, 0)), TrapKind::DivisionByZero);
    assert_eq!(OTHERS.load(Ordering::SeqCst), 0, "a fault of ours is nobody else's");

    // What is sent while the code runs goes where it went before, and the call goes on.
    send_while_waiting(&engine, &[libc::SIGSEGV, libc::SIGSEGV, libc::SIGBUS]);
    assert_eq!(OTHERS.load(Ordering::SeqCst), 2);
    // Outside of native code too.
    // SAFETY: the signal has a handler that returns.
    unsafe { libc::raise(libc::SIGSEGV) };
    assert_eq!(OTHERS.load(Ordering::SeqCst), 3);
    assert_eq!(ended_by(libc::SIGBUS), None, "it was ignored before");
    assert_eq!(ended_by(libc::SIGTRAP), Some(libc::SIGTRAP), "its default ends the process");
    // And faults of ours are traps still.
    assert_eq!(trap(&engine, "load", (8, 0)), TrapKind::MemoryFault);
    assert_eq!(trap(&engine, "divide", (1, 0)), TrapKind::DivisionByZero);

    // A thread that has blocked every signal.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // SAFETY: all-zero is a valid set of signals; the pointers are to one for the time of the calls.
            unsafe {
                let mut all: libc::sigset_t = MaybeUninit::zeroed().assume_init();
                libc::sigfillset(&raw mut all);
                libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, ptr::null_mut());
            }
            assert_eq!(trap(&engine, "divide", (1, 0)), TrapKind::DivisionByZero);
            assert_eq!(trap(&engine, "load", (8, 0)), TrapKind::MemoryFault);
        });
    });

    // A thread with a signal stack of its own, and threads that trap at the same time.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut memory = vec![0u8; 64 << 10];
            // SAFETY: all-zero is a valid `stack_t`; the memory lives until the thread ends, which takes the stack back.
            unsafe {
                let mut own: libc::stack_t = MaybeUninit::zeroed().assume_init();
                own.ss_sp = memory.as_mut_ptr().cast();
                own.ss_size = memory.len();
                let mut before: libc::stack_t = MaybeUninit::zeroed().assume_init();
                assert_eq!(libc::sigaltstack(&raw const own, &raw mut before), 0);
                assert_eq!(trap(&engine, "deep", (0, 0)), TrapKind::StackOverflow);
                assert_eq!(trap(&engine, "load", (8, 0)), TrapKind::MemoryFault);
                let mut after: libc::stack_t = MaybeUninit::zeroed().assume_init();
                assert_eq!(libc::sigaltstack(&raw const before, &raw mut after), 0);
                assert_eq!(after.ss_sp, own.ss_sp, "it is the thread's still");
            }
        });
        for thread in 0..4 {
            let engine = &engine;
            scope.spawn(move || {
                let divide: Func<(i64, i64), i64> = engine.func("divide").expect("it is there");
                for n in 1..200 {
                    assert_eq!(divide.call((thread * n, n)).expect("no trap"), thread);
                    assert_eq!(trap(engine, "divide", (n, 0)), TrapKind::DivisionByZero);
                    assert_eq!(trap(engine, "load", (n, 0)), TrapKind::MemoryFault);
                }
            });
        }
    });

    // Code rounds to nearest whatever the thread has chosen, which has it back afterwards, after a trap as well.
    let third: Func<f64, f64> = engine.func("third").expect("it is there");
    let nearest = (1.0f64 / 3.0).to_bits();
    for mode in 1..4u64 {
        set_fpcr(mode << 22);
        let (result, trapped) = (third.call(1.0), trap(&engine, "divide", (1, 0)));
        let after = fpcr();
        set_fpcr(0);
        assert_eq!(result.expect("no trap").to_bits(), nearest, "rounding mode {mode}");
        assert_eq!((trapped, after), (TrapKind::DivisionByZero, mode << 22));
    }
}
