//! Tests vouch for modules with raw addresses here.
#![allow(unsafe_code)]

use driver::Options;

/// Options of an engine that takes them.
pub(crate) fn trusted(options: Options) -> Options {
    // SAFETY: the modules of the test are written, or generated, so that they read, write and call nothing but what is their own,
    // and the test calls them with addresses that they may use.
    unsafe { options.trusted() }
}
