//! Linking: a function in its place in code space, with the calls and addresses in it patched.

use std::sync::Arc;

use codegen::{CompiledCode, Reloc, RelocKind, Symbol};
use jitmem::{ExecutableCode, WritableCode};

use crate::error::{Error, LinkProblem};
use crate::space::{Code, FAR_JUMP_BYTES, Piece, Space, far_jump};
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

impl Destination {
    /// The address that stays.
    fn address(self) -> u64 {
        match self {
            Destination::Function { address, .. } | Destination::Address(address) => address,
        }
    }
}

/// A function in its place, and the direct calls in it: callee and address of the call.
pub(crate) struct Placed {
    pub(crate) code: Arc<Code>,
    pub(crate) calls: Vec<(SlotNumber, u64)>,
}

/// Puts the function of `slot`, which has its stub at `stub`, into a space. `destination` tells where what a relocation refers to is.
pub(crate) fn place(
    compiled: CompiledCode,
    (slot, stub): (SlotNumber, u64),
    slot_name: &Arc<str>,
    origin: Arc<Origin>,
    destination: &mut dyn FnMut(Symbol) -> Result<Destination, Error>,
    space: &Space,
) -> Result<Placed, Error> {
    let CompiledCode {
        name, mut words, relocs, spans, record_from, code_bytes, frame_rows, ..
    } = compiled;
    // The same, unless it has replaced one of another name.
    let name = if name == **slot_name { Arc::clone(slot_name) } else { Arc::from(name) };
    let destinations = relocs.iter().map(|reloc| destination(reloc.symbol));
    let destinations = destinations.collect::<Result<Vec<_>, _>>()?;
    let (mut code, far_targets) = allocate(&words, &relocs, &destinations, space)?;
    let start = code.address();
    let first_far = words.len();
    let mut calls = Vec::new();
    let mut refers_to = Vec::new();
    for (reloc, destination) in relocs.iter().zip(destinations) {
        let problem = |problem| Error::Link { function: name.to_string(), problem };
        let (index, at) = (reloc.offset as usize / 4, start + u64::from(reloc.offset));
        if let Destination::Function { slot, .. } = destination {
            refers_to.push(slot);
        }
        let address = destination.address().wrapping_add_signed(reloc.addend);
        match reloc.kind {
            RelocKind::Call26 | RelocKind::Jump26 => {
                let far = far_targets.iter().position(|&target| target == address);
                let target = match (destination, far) {
                    (_, Some(far)) => start + (4 * first_far + FAR_JUMP_BYTES * far) as u64,
                    (Destination::Function { slot, call, .. }, None) => {
                        calls.push((slot, at));
                        call.wrapping_add_signed(reloc.addend)
                    }
                    (Destination::Address(_), None) => address,
                };
                words[index] = over(words[index], at, target)
                    .ok_or_else(|| problem(LinkProblem::OutOfReach))?;
            }
            RelocKind::Abs64 => {
                words[index] = address as u32;
                words[index + 1] = (address >> 32) as u32;
            }
            _ => return Err(problem(LinkProblem::UnknownKind)),
        }
    }
    words.extend(far_targets.into_iter().flat_map(far_jump));
    refers_to.sort_unstable();
    refers_to.dedup();
    code.set_words(0, &words);
    let far = match space.is_one_space(stub, start) {
        true => None,
        false => Some(space.add_far_jump(stub, start)?),
    };
    let code = code.publish()?;
    let spans = spans.into_boxed_slice();
    let refers_to = refers_to.into_boxed_slice();
    let code =
        Arc::new(Code { name, code, code_bytes, slot, spans, record_from, far, refers_to, origin });
    space.insert(Piece::Function(Arc::clone(&code)), &code.name, &frame_rows);
    Ok(Placed { code, calls })
}

/// Room for code and, behind it, a far jump to each address in another space that it calls; and these addresses. Of a function in
/// another space it calls the stub, through which it goes for good: if it went to the code, it could not be sent back.
fn allocate(
    words: &[u32],
    relocs: &[Reloc],
    destinations: &[Destination],
    space: &Space,
) -> Result<(WritableCode, Vec<u64>), Error> {
    let mut room = 0;
    loop {
        let code = space.allocate(words.len() * 4 + room)?;
        let mut far = Vec::new();
        for (reloc, destination) in relocs.iter().zip(destinations) {
            if matches!(reloc.kind, RelocKind::Call26 | RelocKind::Jump26)
                && !space.is_one_space(code.address(), destination.address())
            {
                far.push(destination.address().wrapping_add_signed(reloc.addend));
            }
        }
        far.sort_unstable();
        far.dedup();
        let needed = far.len() * FAR_JUMP_BYTES;
        if needed <= room {
            return Ok((code, far));
        }
        // Perhaps in yet another space, so that it asks for more again, at most for as many as it has calls.
        room = needed;
    }
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
