//! The source language, a strict subset of Rust: parse, check, lower to IR.
//!
//! A file that rustc (edition 2021 or 2024, release profile) and this crate both accept means the same in both. Types
//! are checked, borrows are not. What Rust has and Jitsu does not is refused by name.
//!
//! ```
//! let module = lang::compile("fn double(x: i64) -> i64 { x * 2 }", "double.rs").unwrap();
//! assert_eq!(module.functions["double"].signature.to_string(), "(i64) -> i64");
//!
//! let errors = lang::compile("fn half(x: i64) -> i32 { x / 2 }", "half.rs").unwrap_err();
//! assert_eq!(errors[0].code, "E0308");
//! assert_eq!((errors[0].line, errors[0].column), (1, 26));
//! ```
//! # Limits
//!
//! Expressions nest at most 1000 levels deep, where every bracket and operator is a level. A type has at most
//! 2^28 bytes, the variables of a function 32 MiB. Constants need one another in chains of at most 100, and take at
//! most 20 million steps each to evaluate. A file is at most 4 GiB. Beyond a limit there is an error (`J0003`), never
//! a crash.
//!
//! # What rustc refuses and we do not
//!
//! Borrows and moves are not checked. Of the lints that rustc denies, those on arithmetic that must fail see constant
//! operands only, not values that flow through variables.
#![forbid(unsafe_code)]

use std::any::Any;

mod bounds;
mod check;
mod children;
pub mod diag;
mod ids;
mod lower;
mod methods;
mod mono;
mod number;
mod operator;
mod parse;
mod prelude;
mod program;
pub mod runtime;
mod tree;
mod ty;
mod value;
mod words;

pub use diag::{Diagnostic, Suggestion};

/// Compiles a program.
///
/// `file_name` is only used in messages and as the module's source name. The work is done on a thread of its own,
/// whose stack is large enough for the deepest expression that the limits allow.
///
/// # Errors
/// The errors in the program, in the order of the source.
pub fn compile(source: &str, file_name: &str) -> Result<ir::Module, Vec<Diagnostic>> {
    let result = std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("lang".to_owned())
            .stack_size(parse::STACK)
            .spawn_scoped(scope, || compile_here(source, file_name))
            .map(std::thread::ScopedJoinHandle::join)
    });
    let failed = |message: String| {
        let place = diag::Place { line: 1, column: 1, ..diag::Place::NONE };
        Err(vec![Diagnostic::new("J0005", place, message)])
    };
    let mut result = match result {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => {
            // A stage met a case that cannot be. The panic hook has reported the file and line.
            failed(format!("the compiler has a mistake: {}", panic_text(&*panic)))
        }
        Err(error) => failed(format!("no thread to compile on: {error}")),
    };
    if let Err(errors) = &mut result {
        errors.iter_mut().for_each(|error| error.file = file_name.to_owned());
    }
    result
}

fn panic_text(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message")
}

/// Compiles with each CR LF read as LF, strings included, as rustc does; errors tell bytes of the source as it is.
fn compile_here(source: &str, file_name: &str) -> Result<ir::Module, Vec<Diagnostic>> {
    if !source.contains("\r\n") {
        return compile_lines(source, file_name);
    }
    // Where, in the text without them, a CR was taken out before.
    let removed: Vec<usize> =
        source.match_indices("\r\n").enumerate().map(|(count, (at, _))| at - count).collect();
    let original = |at: usize| at + removed.partition_point(|&removed| removed < at);
    compile_lines(&source.replace("\r\n", "\n"), file_name).map_err(|mut errors| {
        for error in &mut errors {
            let suggested = error.suggestion.as_mut().map(|suggestion| &mut suggestion.span);
            for span in [Some(&mut error.span), suggested].into_iter().flatten() {
                *span = original(span.start)..original(span.end);
            }
        }
        errors
    })
}

fn compile_lines(source: &str, file_name: &str) -> Result<ir::Module, Vec<Diagnostic>> {
    let source = parse::Source::new(source);
    let file = source.parse()?;
    let program = check::check(&source, &file)?;
    lower::lower(&program, file_name).map_err(|message| {
        let place = diag::Place { line: 1, column: 1, ..diag::Place::NONE };
        vec![Diagnostic::new("J0005", place, format!("the compiler has a mistake: {message}"))]
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_text_of_a_panic_is_kept() {
        let text = |work: fn()| {
            super::panic_text(&*std::panic::catch_unwind(work).unwrap_err()).to_owned()
        };
        assert_eq!(
            text(|| unreachable!("{} is no integer", "Bool")),
            "internal error: entered unreachable code: Bool is no integer"
        );
        assert_eq!(text(|| panic!("plain")), "plain");
    }
}
