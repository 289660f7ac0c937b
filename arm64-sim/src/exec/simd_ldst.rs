//! AdvSIMD.

use crate::op::Op;

pub(crate) fn decode(_word: u32) -> Option<Op> {
    None
}
