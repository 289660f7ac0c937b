//! Linking: the functions of a module side by side in executable memory, calls and addresses patched, a veneer for each
//! host function, and the entry trampoline.

use std::collections::HashMap;
use std::ops::Range;

use codegen::{CallConv, CompiledCode, RelocKind};
use ir::{Span, TrapKind};
use jitmem::{CodeArena, ExecutableCode};

use crate::error::{Error, LinkProblem};
use crate::host::HostFunction;
use crate::native::NativeCode;
use crate::{trampoline, veneer};

/// Functions start at multiples of this, as `codegen` asks.
const FUNCTION_ALIGN: usize = 16;
/// A `bl` or `b` holds a signed 26-bit distance in words.
const CALL_REACH: i64 = 1 << 27;
const CALL_MASK: u32 = (1 << 26) - 1;

/// Code in its place.
#[derive(Debug)]
pub(crate) struct Linked {
    code: ExecutableCode,
    functions: Vec<Placed>,
    native: NativeCode,
    conv: CallConv,
    source: Option<String>,
}

/// A function in its place. What is by offset is in order.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) name: String,
    pub(crate) range: Range<u64>,
    pub(crate) code_bytes: u32,
    traps: Vec<codegen::TrapSite>,
    spans: Vec<(u32, Span)>,
}

impl Placed {
    /// Why the `brk` at `pc` traps, and where that is in the source.
    pub(crate) fn trap_at(&self, pc: u64) -> Option<(TrapKind, Option<Span>)> {
        let offset = u32::try_from(pc - self.range.start).ok()?;
        let index = self.traps.binary_search_by_key(&offset, |site| site.offset).ok()?;
        Some((self.traps[index].kind, self.traps[index].span))
    }

    /// The place in the source of the instruction at `pc`.
    pub(crate) fn span_at(&self, pc: u64) -> Option<Span> {
        let offset = u32::try_from(pc - self.range.start).ok()?;
        let after = self.spans.partition_point(|&(start, _)| start <= offset);
        after.checked_sub(1).map(|index| self.spans[index].1)
    }
}

/// Places functions in the order in which they come. Their code follows `conv`.
///
/// `object` gives the address of a data object by name, `host` a host function.
pub(crate) fn link<'h>(
    functions: Vec<CompiledCode>,
    object: &dyn Fn(&str) -> Option<u64>,
    host: &dyn Fn(&str) -> Option<&'h HostFunction>,
    conv: CallConv,
    source: Option<String>,
) -> Result<Linked, Error> {
    let trampoline =
        trampoline::assemble().ok_or(Error::Internal("the entry trampoline does not assemble"))?;

    // Where everything goes.
    let mut words: Vec<u32> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(functions.len());
    for function in &functions {
        align(&mut words);
        places.insert(&function.name, words.len() * 4);
        words.extend_from_slice(&function.words);
    }
    let mut veneers: HashMap<&str, usize> = HashMap::new();
    for reloc in functions.iter().flat_map(|function| &function.relocs) {
        let name = reloc.symbol.as_str();
        if places.contains_key(name) || veneers.contains_key(name) {
            continue;
        }
        if let Some(function) = host(name) {
            align(&mut words);
            veneers.insert(name, words.len() * 4);
            let veneer = veneer::assemble(function, conv)
                .ok_or(Error::Internal("a veneer does not assemble"))?;
            words.extend_from_slice(&veneer);
        }
    }
    align(&mut words);
    let trampoline_at = words.len() * 4;
    words.extend_from_slice(&trampoline.words);

    let arena = CodeArena::new(words.len() * 4)?;
    let mut code = arena.allocate(words.len() * 4)?;
    let base = code.address();

    // What depends on where everything is.
    let mut placed = Vec::with_capacity(functions.len());
    for function in &functions {
        let start = places[function.name.as_str()];
        for reloc in &function.relocs {
            let problem = |problem| Error::Link {
                function: function.name.clone(),
                symbol: reloc.symbol.clone(),
                problem,
            };
            let at = start + reloc.offset as usize;
            let name = reloc.symbol.as_str();
            let local = places.get(name).or_else(|| veneers.get(name)).copied();
            match reloc.kind {
                RelocKind::Call26 | RelocKind::Jump26 => {
                    let target = local.ok_or_else(|| problem(LinkProblem::Unknown))?;
                    let distance = target as i64 + reloc.addend - at as i64;
                    words[at / 4] = over(words[at / 4], distance)
                        .ok_or_else(|| problem(LinkProblem::OutOfReach))?;
                }
                RelocKind::Abs64 => {
                    let address = local
                        .map(|offset| base + offset as u64)
                        .or_else(|| object(name))
                        .ok_or_else(|| problem(LinkProblem::Unknown))?
                        .wrapping_add_signed(reloc.addend);
                    words[at / 4] = address as u32;
                    words[at / 4 + 1] = (address >> 32) as u32;
                }
                _ => return Err(problem(LinkProblem::UnknownKind)),
            }
        }
    }
    for function in functions.iter() {
        let start = base + places[function.name.as_str()] as u64;
        placed.push(Placed {
            name: function.name.clone(),
            range: start..start + 4 * function.words.len() as u64,
            code_bytes: function.code_bytes,
            traps: function.traps.clone(),
            spans: function.spans.clone(),
        });
    }
    code.set_words(0, &words);
    let code = code.publish();
    let native = NativeCode {
        code: code.range(),
        trampoline: code.as_ptr().wrapping_add(trampoline_at),
        recovery: base + (trampoline_at + trampoline.recovery) as u64,
    };
    Ok(Linked { code, functions: placed, native, conv, source })
}

/// The call or jump over a distance in bytes, if it reaches so far.
fn over(word: u32, distance: i64) -> Option<u32> {
    let reaches = (-CALL_REACH..CALL_REACH).contains(&distance);
    reaches.then_some(word & !CALL_MASK | (distance >> 2) as u32 & CALL_MASK)
}

/// Fills up to where a function may start, with words that no instruction is.
fn align(words: &mut Vec<u32>) {
    words.resize(words.len().next_multiple_of(FUNCTION_ALIGN / 4), 0);
}

impl Linked {
    /// The code of everything.
    pub(crate) fn code(&self) -> &ExecutableCode {
        &self.code
    }

    /// The functions, in the order of the module.
    pub(crate) fn functions(&self) -> &[Placed] {
        &self.functions
    }

    /// The function whose code `pc` is in.
    pub(crate) fn function_at(&self, pc: u64) -> Option<&Placed> {
        let after = self.functions.partition_point(|placed| placed.range.start <= pc);
        self.functions.get(after.checked_sub(1)?).filter(|placed| placed.range.contains(&pc))
    }

    /// Where its functions look for arguments.
    pub(crate) fn conv(&self) -> CallConv {
        self.conv
    }

    /// The source file, if the module names one.
    pub(crate) fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// How native code is entered.
    pub(crate) fn native(&self) -> &NativeCode {
        &self.native
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codegen::Reloc;

    /// A caller, so many bytes of something else, and what it calls.
    fn apart(bytes: usize) -> Result<Linked, Error> {
        let function = |name: &str, words: Vec<u32>, relocs: Vec<Reloc>| CompiledCode {
            name: name.to_owned(),
            words,
            relocs,
            ..CompiledCode::default()
        };
        let call =
            Reloc { offset: 0, kind: RelocKind::Call26, symbol: "far".to_owned(), addend: 0 };
        let functions = vec![
            function("near", vec![0x9400_0000], vec![call]),
            function("between", vec![0; bytes / 4], Vec::new()),
            function("far", vec![0xd65f_03c0], Vec::new()),
        ];
        link(functions, &|_| None, &|_| None, CallConv::Aapcs64, None)
    }

    /// Case 50 of `driver/tests/shape/README.md`.
    #[test]
    fn a_call_beyond_128_mib_is_refused() {
        // The caller takes the first 16 bytes. A `bl` reaches 2^27 - 4 bytes forward.
        let error = apart((1 << 27) - 16).unwrap_err().to_string();
        assert_eq!(error, "`near` refers to `far`, which is further than 128 MiB away");
        for bytes in [4, 12, 1 << 20] {
            let linked = apart(bytes).unwrap();
            let starts: Vec<u64> = linked.functions().iter().map(|f| f.range.start).collect();
            assert!(starts.iter().all(|start| start % 16 == 0), "{starts:x?}");
            let distance = (starts[2] - starts[0]) as u32;
            assert_eq!(linked.code().words()[0], 0x9400_0000 | distance >> 2, "{bytes}");
        }
        for (distance, word) in [
            (0, Some(0x9400_0000)),
            (-4, Some(0x97ff_ffff)),
            ((1 << 27) - 4, Some(0x95ff_ffff)),
            (1 << 27, None),
            (-(1 << 27), Some(0x9600_0000)),
            (-(1 << 27) - 4, None),
        ] {
            assert_eq!(over(0x9400_0000, distance), word, "{distance}");
        }
    }
}
