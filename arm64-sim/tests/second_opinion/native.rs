//! Runs words on the processor, with all registers loaded before and stored after.
#![allow(unsafe_code)]

use arm64_sim::Registers;
use std::arch::global_asm;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the assembly below loads and stores; it knows the offsets.
#[repr(C, align(16))]
pub(crate) struct State {
    x: [u64; 31],
    sp: u64,
    v: [u128; 32],
    nzcv: u64,
    fpcr: u64,
    fpsr: u64,
    host_sp: u64,
    host_thread: u64,
}

// Two stubs, copied before and after the words under test. Each holds the address of the state in the doubleword that
// its first instruction jumps over. While everything else holds values of the test, TPIDR_EL0 keeps x30.
global_asm!(
    r#"
    .balign 16
verify_load:
    b 2f
    .balign 8
1:  .quad 0
2:  stp x29, x30, [sp, #-160]!
    stp x27, x28, [sp, #16]
    stp x25, x26, [sp, #32]
    stp x23, x24, [sp, #48]
    stp x21, x22, [sp, #64]
    stp x19, x20, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    ldr x30, 1b
    mov x9, sp
    str x9, [x30, #792]
    mrs x9, tpidr_el0
    str x9, [x30, #800]
    add x10, x30, #256
    ldp q0, q1, [x10], #32
    ldp q2, q3, [x10], #32
    ldp q4, q5, [x10], #32
    ldp q6, q7, [x10], #32
    ldp q8, q9, [x10], #32
    ldp q10, q11, [x10], #32
    ldp q12, q13, [x10], #32
    ldp q14, q15, [x10], #32
    ldp q16, q17, [x10], #32
    ldp q18, q19, [x10], #32
    ldp q20, q21, [x10], #32
    ldp q22, q23, [x10], #32
    ldp q24, q25, [x10], #32
    ldp q26, q27, [x10], #32
    ldp q28, q29, [x10], #32
    ldp q30, q31, [x10], #32
    ldr x9, [x30, #768]
    msr nzcv, x9
    ldr x9, [x30, #776]
    msr fpcr, x9
    ldr x9, [x30, #784]
    msr fpsr, x9
    ldr x9, [x30, #248]
    mov sp, x9
    ldp x0, x1, [x30, #0]
    ldp x2, x3, [x30, #16]
    ldp x4, x5, [x30, #32]
    ldp x6, x7, [x30, #48]
    ldp x8, x9, [x30, #64]
    ldp x10, x11, [x30, #80]
    ldp x12, x13, [x30, #96]
    ldp x14, x15, [x30, #112]
    ldp x16, x17, [x30, #128]
    ldp x18, x19, [x30, #144]
    ldp x20, x21, [x30, #160]
    ldp x22, x23, [x30, #176]
    ldp x24, x25, [x30, #192]
    ldp x26, x27, [x30, #208]
    ldp x28, x29, [x30, #224]
    ldr x30, [x30, #240]
verify_load_end:

    .balign 16
verify_store:
    b 2f
    .balign 8
1:  .quad 0
2:  msr tpidr_el0, x30
    ldr x30, 1b
    stp x0, x1, [x30, #0]
    stp x2, x3, [x30, #16]
    stp x4, x5, [x30, #32]
    stp x6, x7, [x30, #48]
    stp x8, x9, [x30, #64]
    stp x10, x11, [x30, #80]
    stp x12, x13, [x30, #96]
    stp x14, x15, [x30, #112]
    stp x16, x17, [x30, #128]
    stp x18, x19, [x30, #144]
    stp x20, x21, [x30, #160]
    stp x22, x23, [x30, #176]
    stp x24, x25, [x30, #192]
    stp x26, x27, [x30, #208]
    stp x28, x29, [x30, #224]
    mrs x9, tpidr_el0
    str x9, [x30, #240]
    mov x9, sp
    str x9, [x30, #248]
    mrs x9, nzcv
    str x9, [x30, #768]
    mrs x9, fpcr
    str x9, [x30, #776]
    mrs x9, fpsr
    str x9, [x30, #784]
    add x10, x30, #256
    stp q0, q1, [x10], #32
    stp q2, q3, [x10], #32
    stp q4, q5, [x10], #32
    stp q6, q7, [x10], #32
    stp q8, q9, [x10], #32
    stp q10, q11, [x10], #32
    stp q12, q13, [x10], #32
    stp q14, q15, [x10], #32
    stp q16, q17, [x10], #32
    stp q18, q19, [x10], #32
    stp q20, q21, [x10], #32
    stp q22, q23, [x10], #32
    stp q24, q25, [x10], #32
    stp q26, q27, [x10], #32
    stp q28, q29, [x10], #32
    stp q30, q31, [x10], #32
    msr fpcr, xzr
    ldr x9, [x30, #800]
    msr tpidr_el0, x9
    ldr x9, [x30, #792]
    mov sp, x9
    ldp x27, x28, [sp, #16]
    ldp x25, x26, [sp, #32]
    ldp x23, x24, [sp, #48]
    ldp x21, x22, [sp, #64]
    ldp x19, x20, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    ldp x29, x30, [sp], #160
    ret
verify_store_end:
"#
);

unsafe extern "C" {
    static verify_load: u32;
    static verify_load_end: u32;
    static verify_store: u32;
    static verify_store_end: u32;
}

/// Words of a stub.
fn stub(start: *const u32, end: *const u32) -> Vec<u32> {
    let len = (end.addr() - start.addr()) / 4;
    // SAFETY: both symbols are in one piece of assembly above.
    unsafe { std::slice::from_raw_parts(start, len) }.to_vec()
}

/// Where the signal handler sends an instruction that faults, and the signal it saw; zero is none.
static RESUME: AtomicU64 = AtomicU64::new(0);
static SIGNAL: AtomicU64 = AtomicU64::new(0);

/// Are the words under test running?
static RUNNING: AtomicBool = AtomicBool::new(false);

extern "C" fn on_signal(signal: i32, _info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    if !RUNNING.load(Ordering::SeqCst) {
        // Not the words under test: die of it.
        // SAFETY: as the C library documents.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        return;
    }
    SIGNAL.store(signal as u64, Ordering::SeqCst);
    // SAFETY: the kernel passes a context to handlers installed with SA_SIGINFO.
    unsafe {
        (*context.cast::<libc::ucontext_t>()).uc_mcontext.pc = RESUME.load(Ordering::SeqCst);
    }
}

/// A buffer of executable memory with the stubs.
pub(crate) struct Native {
    code: *mut u32,
    load: usize,
    store: Vec<u32>,
    state: Box<State>,
}

/// Words of the buffer.
const CAPACITY: usize = 1 << 14;
/// In each stub, the word where the address of the state begins.
const LITERAL: usize = 2;

impl Native {
    pub(crate) fn new() -> Native {
        // SAFETY: an anonymous mapping, a stack for signals that is never freed, and a handler.
        let code = unsafe {
            let prot = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let code = libc::mmap(std::ptr::null_mut(), CAPACITY * 4, prot, flags, -1, 0);
            assert_ne!(code, libc::MAP_FAILED);
            let size = 1 << 16;
            let stack = libc::stack_t {
                ss_sp: Box::leak(vec![0u8; size].into_boxed_slice()).as_mut_ptr().cast(),
                ss_flags: 0,
                ss_size: size,
            };
            assert_eq!(libc::sigaltstack(&stack, std::ptr::null_mut()), 0);
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_signal as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            for signal in [libc::SIGILL, libc::SIGSEGV, libc::SIGBUS, libc::SIGTRAP] {
                assert_eq!(libc::sigaction(signal, &action, std::ptr::null_mut()), 0);
            }
            code.cast::<u32>()
        };
        // SAFETY: zeros are a state.
        let state: Box<State> = unsafe { Box::new(std::mem::zeroed()) };
        let (mut load, mut store) = (
            stub(&raw const verify_load, &raw const verify_load_end),
            stub(&raw const verify_store, &raw const verify_store_end),
        );
        let address = (&raw const *state).expose_provenance() as u64;
        for stub in [&mut load, &mut store] {
            stub[LITERAL] = address as u32;
            stub[LITERAL + 1] = (address >> 32) as u32;
        }
        // The doubleword of the second stub has to be aligned as it is in the first: callers give an even count.
        load.resize(load.len().next_multiple_of(2), 0xd503_201f);
        // SAFETY: the buffer is larger.
        unsafe { code.copy_from_nonoverlapping(load.as_ptr(), load.len()) };
        Native { code, load: load.len(), store, state }
    }

    /// Where the words under test are.
    pub(crate) fn address(&self) -> u64 {
        self.code.expose_provenance() as u64 + self.load as u64 * 4
    }

    /// Puts words, an even number of them, in place.
    pub(crate) fn place(&mut self, words: &[u32]) {
        assert!(words.len().is_multiple_of(2));
        let all = [words, &self.store].concat();
        // SAFETY: the buffer is larger; then the caches are told, line by line.
        unsafe {
            let at = self.code.add(self.load);
            at.copy_from_nonoverlapping(all.as_ptr(), all.len());
            for i in 0..all.len() {
                let p = at.add(i);
                std::arch::asm!("dc cvau, {p}", p = in(reg) p);
            }
            std::arch::asm!("dsb ish");
            for i in 0..all.len() {
                let p = at.add(i);
                std::arch::asm!("ic ivau, {p}", p = in(reg) p);
            }
            std::arch::asm!("dsb ish", "isb");
        }
        RESUME.store(self.address() + words.len() as u64 * 4, Ordering::SeqCst);
    }

    /// Runs the words; the signal if there was one.
    pub(crate) fn run(&mut self, registers: &mut Registers) -> Option<u64> {
        let s = &mut *self.state;
        (s.x, s.sp, s.v) = (registers.x, registers.sp, registers.v);
        (s.nzcv, s.fpcr, s.fpsr) = (registers.nzcv, registers.fpcr, registers.fpsr);
        SIGNAL.store(0, Ordering::SeqCst);
        // SAFETY: the stubs keep what a function must keep; what the words do is the test's business.
        unsafe {
            let f: extern "C" fn() = std::mem::transmute(self.code);
            RUNNING.store(true, Ordering::SeqCst);
            f();
            RUNNING.store(false, Ordering::SeqCst);
            // The state was written behind the compiler's back.
            std::arch::asm!("/* {0} */", in(reg) &raw mut *self.state);
        }
        let s = &*self.state;
        (registers.x, registers.sp, registers.v) = (s.x, s.sp, s.v);
        (registers.nzcv, registers.fpcr, registers.fpsr) = (s.nzcv, s.fpcr, s.fpsr);
        match SIGNAL.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(signal),
        }
    }
}
