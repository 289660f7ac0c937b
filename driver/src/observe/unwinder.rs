//! The unwinder of this process: panics and backtraces of host functions go through compiled frames to their callers.

use std::collections::BTreeMap;

use jitmem::debug::UnwindTable;

use super::cfi::FrameSection;
use super::{Observer, Seen};
use crate::native;

/// Tables by the addresses of their code.
#[derive(Default)]
pub(super) struct Unwinder(BTreeMap<u64, UnwindTable>);

impl Observer for Unwinder {
    fn published(&mut self, seen: &Seen<'_>) {
        let mut section = FrameSection::new();
        section.add(seen.start, seen.words.len() as u64 * 4, seen.frame);
        let (section, descriptions) = section.finish();
        self.0.insert(seen.start, native::register_frames(&section, descriptions));
    }

    fn freed(&mut self, start: u64) {
        self.0.remove(&start);
    }
}
