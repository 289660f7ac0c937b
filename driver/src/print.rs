//! What programs of the source language ask of the host: printing, as Rust prints, into an [`Output`].
//!
//! The functions that compiled code calls have no room for a context, so the output of the call that is under way on a
//! thread is found through the thread.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use lang::runtime::{self, HostFunction, Stream, Style};

use crate::host::Hosts;
use crate::native;

/// The place where a program prints. Clones are the same place.
#[derive(Clone)]
pub struct Output {
    sink: Arc<Mutex<dyn Sink>>,
}

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Output")
    }
}

/// Takes what a program prints.
pub trait Sink: Send {
    /// Text for standard output, or (`to_stderr`) for standard error. A sink that holds text back lets go of it when it
    /// is given none.
    ///
    /// # Errors
    /// What the place behind it reports. Printing goes on regardless, as the program cannot know.
    fn print(&mut self, text: &[u8], to_stderr: bool) -> io::Result<()>;
}

/// The collected output of a program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Printed {
    /// Standard output.
    pub out: Vec<u8>,
    /// Standard error.
    pub err: Vec<u8>,
}

impl Sink for Printed {
    fn print(&mut self, text: &[u8], to_stderr: bool) -> io::Result<()> {
        if to_stderr { self.err.write_all(text) } else { self.out.write_all(text) }
    }
}

thread_local! {
    /// The outputs of the calls that are under way on this thread, the innermost last.
    static CURRENT: RefCell<Vec<Output>> = const { RefCell::new(Vec::new()) };
}

impl Output {
    /// Prints into `sink`.
    pub fn new(sink: impl Sink + 'static) -> Self {
        Self { sink: Arc::new(Mutex::new(sink)) }
    }

    /// Collects what is printed while `work` runs on this thread.
    pub fn collect<R>(work: impl FnOnce() -> R) -> (R, Printed) {
        let printed = Arc::new(Mutex::new(Printed::default()));
        let result = Output { sink: printed.clone() }.during(work);
        let printed = std::mem::take(&mut *printed.lock().unwrap_or_else(PoisonError::into_inner));
        (result, printed)
    }

    /// Has the sink let go of what it holds back.
    ///
    /// # Errors
    /// What the place behind the sink reports.
    pub fn flush(&self) -> io::Result<()> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).print(b"", false)
    }

    /// Runs `work` with everything that programs print on this thread going here.
    pub fn during<R>(&self, work: impl FnOnce() -> R) -> R {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.with_borrow_mut(Vec::pop);
            }
        }
        CURRENT.with_borrow_mut(|outputs| outputs.push(self.clone()));
        let _leave = Leave;
        work()
    }
}

fn print(text: &str, style: i64) {
    let to_stderr = Style::unpack(style).stream == Stream::Err;
    let output = CURRENT.with_borrow(|outputs| outputs.last().cloned());
    // Without an `Output` the text has nowhere to go: a library does not print.
    if let Some(output) = output {
        let mut sink = output.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // The program does not learn of errors; the sink remembers them if somebody wants to know.
        let _ = sink.print(text.as_bytes(), to_stderr);
    }
}

extern "C" fn print_str(address: u64, len: u64, style: i64, width: i64, precision: i64) {
    let bytes = native::bytes_at(address, len);
    let text = String::from_utf8_lossy(&bytes);
    print(&runtime::format_str(&text, style, width, precision), style);
}

extern "C" fn print_int(bits: i64, style: i64, width: i64, precision: i64) {
    print(&runtime::format_int(bits, style, width, precision), style);
}

extern "C" fn print_int128(low: i64, high: i64, style: i64, width: i64, precision: i64) {
    print(&runtime::format_int128(low, high, style, width, precision), style);
}

extern "C" fn print_f32(value: f32, style: i64, width: i64, precision: i64) {
    print(&runtime::format_f32(value, style, width, precision), style);
}

extern "C" fn print_f64(value: f64, style: i64, width: i64, precision: i64) {
    print(&runtime::format_f64(value, style, width, precision), style);
}

extern "C" fn fmod(a: f64, b: f64) -> f64 {
    runtime::fmod(a, b)
}

impl Hosts {
    /// The functions that programs of the source language need. What they print goes to the [`Output`] that is in
    /// effect during the call. The one that prints texts reads them where it is told to, so that an engine lets only modules call
    /// it that somebody [vouches for](crate::Options::trusted).
    #[must_use]
    pub fn for_lang() -> Self {
        let mut hosts = Hosts::new();
        for function in HostFunction::ALL {
            let name = function.name();
            match function {
                HostFunction::PrintStr => {
                    hosts.add_believing(name, print_str as extern "C" fn(u64, u64, i64, i64, i64));
                }
                HostFunction::PrintInt => {
                    hosts.add(name, print_int as extern "C" fn(i64, i64, i64, i64));
                }
                HostFunction::PrintInt128 => {
                    hosts.add(name, print_int128 as extern "C" fn(i64, i64, i64, i64, i64));
                }
                HostFunction::PrintF32 => {
                    hosts.add(name, print_f32 as extern "C" fn(f32, i64, i64, i64));
                }
                HostFunction::PrintF64 => {
                    hosts.add(name, print_f64 as extern "C" fn(f64, i64, i64, i64));
                }
                HostFunction::Fmod => {
                    hosts.add(name, fmod as extern "C" fn(f64, f64) -> f64);
                }
            }
        }
        hosts
    }
}
