//! A linker for tests: functions side by side at a fixed address.

use arm64_sim::{CodeKind, Config, Simulator};
use codegen::{CompiledCode, Compiler, Error, RelocKind, Runtime, RuntimeCode, Symbol};
use ir::Function;

/// Where linked code begins.
pub(crate) const BASE: u64 = 0x10_0000;

/// Code in its place.
pub(crate) struct Linked {
    pub(crate) words: Vec<u32>,
    /// The functions, in order, and where they begin.
    pub(crate) places: Vec<(String, u64)>,
    /// Where [`Runtime::FreeRoom`] is.
    pub(crate) free_room: u64,
}

impl Linked {
    /// The address of a function.
    pub(crate) fn address(&self, name: &str) -> u64 {
        let found = self.places.iter().find(|(place, _)| place == name);
        found.unwrap_or_else(|| panic!("@{name} is not linked")).1
    }

    /// A simulator that has the code.
    pub(crate) fn simulator(&self, config: Config) -> Simulator {
        let mut sim = Simulator::new(config);
        sim.publish(BASE, &self.words, CodeKind::Plain).expect("the space is free");
        sim.set_returns_for_others(self.free_room);
        sim
    }
}

/// Compiles functions, places them and patches what depends on their addresses.
///
/// # Errors
/// The first function that cannot be compiled.
pub(crate) fn link<'f>(
    functions: impl IntoIterator<Item = &'f Function>,
    compiler: &mut Compiler,
) -> Result<Linked, Error> {
    let compile = |func| Ok((func, compiler.compile(func)?));
    let compiled: Vec<(&Function, CompiledCode)> =
        functions.into_iter().map(compile).collect::<Result<_, Error>>()?;
    let RuntimeCode { words, entry, .. } = Runtime::FreeRoom.code().expect("it assembles");
    let free_room = BASE + u64::from(entry);
    let mut linked = Linked { words, places: Vec::new(), free_room };
    for (_, code) in &compiled {
        linked.words.resize(linked.words.len().next_multiple_of(4), 0);
        linked.places.push((code.name.clone(), BASE + linked.words.len() as u64 * 4));
        linked.words.extend(&code.words);
    }
    for (index, (func, code)) in compiled.iter().enumerate() {
        let start = linked.places[index].1;
        for reloc in &code.relocs {
            let target = match (reloc.symbol, reloc.symbol.name(func)) {
                (Symbol::Runtime(Runtime::FreeRoom), _) => linked.free_room,
                (_, name) => linked.address(name.expect("the function declares it")),
            };
            let target = target.wrapping_add_signed(reloc.addend);
            let place = start + u64::from(reloc.offset);
            let at = ((place - BASE) / 4) as usize;
            match reloc.kind {
                RelocKind::Call26 | RelocKind::Jump26 => {
                    let distance = target as i64 - place as i64;
                    linked.words[at] |= (distance / 4) as u32 & 0x03ff_ffff;
                }
                RelocKind::Abs64 => {
                    linked.words[at] = target as u32;
                    linked.words[at + 1] = (target >> 32) as u32;
                }
                kind => panic!("{kind:?} is unknown"),
            }
        }
    }
    Ok(linked)
}
