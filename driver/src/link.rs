//! Linking: a function in its place in code space, with the calls and addresses in it patched.

use std::sync::Arc;

use codegen::{CompiledCode, RelocKind, Symbol};
use jitmem::ExecutableCode;

use crate::error::{Error, LinkProblem};
use crate::space::{Code, Piece, Space};
use crate::table::SlotNumber;
use crate::unit::Origin;

/// A `bl` or `b` holds a signed 26-bit distance in words.
const CALL_REACH: i64 = 1 << 27;
const CALL_MASK: u32 = (1 << 26) - 1;

/// What code refers to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Destination {
    /// A function of the engine: where a call goes now, and the address that stays.
    Function {
        /// The function.
        slot: SlotNumber,
        /// Its code, or its stub.
        call: u64,
        /// Its stub.
        address: u64,
    },
    /// What never moves.
    Address(u64),
}

/// A function in its place, and the direct calls in it: callee and address of the call.
pub(crate) struct Placed {
    pub(crate) code: Arc<Code>,
    pub(crate) calls: Vec<(SlotNumber, u64)>,
}

/// Puts the function of `slot` into `space`. `destination` tells where what a relocation refers to is.
pub(crate) fn place(
    compiled: CompiledCode,
    slot: SlotNumber,
    origin: Arc<Origin>,
    destination: &mut dyn FnMut(Symbol) -> Result<Destination, Error>,
    space: &Space,
) -> Result<Placed, Error> {
    let CompiledCode { name, mut words, relocs, traps, spans, code_bytes, .. } = compiled;
    let mut code = space.allocate(words.len() * 4)?;
    let start = code.address();
    let mut calls = Vec::new();
    let mut refers_to = Vec::new();
    for reloc in &relocs {
        let problem = |problem| Error::Link { function: name.clone(), problem };
        let (index, at) = (reloc.offset as usize / 4, start + u64::from(reloc.offset));
        let destination = destination(reloc.symbol)?;
        if let Destination::Function { slot, .. } = destination {
            refers_to.push(slot);
        }
        match (reloc.kind, destination) {
            (RelocKind::Call26 | RelocKind::Jump26, destination) => {
                let target = match destination {
                    Destination::Function { slot, call, .. } => {
                        calls.push((slot, at));
                        call
                    }
                    Destination::Address(address) => address,
                };
                let target = target.wrapping_add_signed(reloc.addend);
                words[index] = over(words[index], at, target)
                    .ok_or_else(|| problem(LinkProblem::OutOfReach))?;
            }
            (
                RelocKind::Abs64,
                Destination::Function { address, .. } | Destination::Address(address),
            ) => {
                let address = address.wrapping_add_signed(reloc.addend);
                words[index] = address as u32;
                words[index + 1] = (address >> 32) as u32;
            }
            _ => return Err(problem(LinkProblem::UnknownKind)),
        }
    }
    refers_to.sort_unstable();
    refers_to.dedup();
    code.set_words(0, &words);
    let code = code.publish();
    let refers_to = refers_to.into_boxed_slice();
    let code = Arc::new(Code { name, code, code_bytes, slot, traps, spans, refers_to, origin });
    space.insert(Piece::Function(Arc::clone(&code)));
    Ok(Placed { code, calls })
}

/// The call or jump `word`, which is at `at`, to `target`, if it reaches so far.
pub(crate) fn over(word: u32, at: u64, target: u64) -> Option<u32> {
    let distance = target.wrapping_sub(at) as i64;
    let reaches = (-CALL_REACH..CALL_REACH).contains(&distance);
    reaches.then_some(word & !CALL_MASK | (distance >> 2) as u32 & CALL_MASK)
}

/// Sends the call or jump at `at`, which is in `code`, to `target`, while threads run it.
pub(crate) fn redirect(
    code: &ExecutableCode,
    at: u64,
    target: u64,
    space: &Space,
) -> Result<(), Error> {
    let word = code.word((at - code.address()) as usize);
    let word = word.and_then(|word| over(word, at, target));
    space.redirect(code, at, word.ok_or(Error::Internal("a call site is not where it was"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reaches_128_mib() {
        for (distance, word) in [
            (0, Some(0x9400_0000)),
            (-4, Some(0x97ff_ffff)),
            ((1 << 27) - 4, Some(0x95ff_ffff)),
            (1 << 27, None),
            (-(1 << 27), Some(0x9600_0000)),
            (-(1 << 27) - 4, None),
        ] {
            let at: u64 = 1 << 40;
            assert_eq!(over(0x9400_0000, at, at.wrapping_add_signed(distance)), word, "{distance}");
        }
    }
}
