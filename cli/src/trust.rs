//! The one place that vouches for a program.
#![allow(unsafe_code)]

use driver::Options;

/// Options of an engine that takes programs with raw addresses.
pub(crate) fn trusted(options: Options) -> Options {
    // SAFETY: the program is the user's, who asks for it to be run, as with any program that is started; engines that can
    // restrict its memory do.
    unsafe { options.trusted() }
}
