//! From mnemonics to forms: a hash table that is made when the crate is compiled.

use crate::Class;
use crate::inst::GROUPS;
use crate::text::{Form, Grammar, Piece, View};

/// Lists of forms; a mnemonic's hash chooses one.
const LISTS: usize = 1024;

/// No further form.
const NONE: u16 = u16::MAX;

#[derive(Clone, Copy)]
struct Entry {
    group: u8,
    class: u8,
    form: u8,
    next: u16,
}

struct Index<const N: usize> {
    heads: [u16; LISTS],
    entries: [Entry; N],
    count: usize,
}

impl<const N: usize> Index<N> {
    /// Enters all forms, the last first, so that the lists are in the order of the tables.
    const fn new() -> Index<N> {
        let empty = Entry { group: 0, class: 0, form: 0, next: NONE };
        let mut index = Index { heads: [NONE; LISTS], entries: [empty; N], count: 0 };
        let mut group = GROUPS.len();
        while group > 0 {
            group -= 1;
            let mut class = GROUPS[group].len();
            while class > 0 {
                class -= 1;
                let grammar = &GROUPS[group][class].text;
                let mut form = grammar.forms.len();
                while form > 0 {
                    form -= 1;
                    assert!(group < 256 && class < 256 && form < 256);
                    let entry = Entry {
                        group: group as u8,
                        class: class as u8,
                        form: form as u8,
                        next: NONE,
                    };
                    index.enter(grammar, &grammar.forms[form], 0, HASH, entry);
                }
            }
        }
        index
    }

    /// Enters the form under every mnemonic that its pieces from here on make.
    const fn enter(
        &mut self,
        grammar: &Grammar,
        form: &Form,
        piece: usize,
        hash: u32,
        entry: Entry,
    ) {
        if piece == form.code.len() || matches!(form.code[piece], Piece::Gap) {
            self.add(hash, entry);
            return;
        }
        match form.code[piece] {
            Piece::Text(from, to) => {
                let hash = add_text(hash, form.text.as_bytes(), from as usize, to as usize);
                self.enter(grammar, form, piece + 1, hash, entry);
            }
            Piece::Field(_, View::Two) => {
                self.enter(grammar, form, piece + 1, hash, entry);
                self.enter(grammar, form, piece + 1, add_byte(hash, b'2'), entry);
            }
            Piece::Field(field, view) => {
                let names = grammar.fields[field as usize].names;
                let mut i = 0;
                while i < names.len() {
                    let name = names[i].1.as_bytes();
                    let hash = add_text(hash, name, skipped(view, names[i].1), name.len());
                    self.enter(grammar, form, piece + 1, hash, entry);
                    i += 1;
                }
            }
            Piece::Gap => {}
        }
    }

    const fn add(&mut self, hash: u32, entry: Entry) {
        let list = hash as usize % LISTS;
        let head = self.heads[list];
        // Several names of a form may share a list.
        if N > 0 && head != NONE {
            let first = self.entries[head as usize];
            if first.group == entry.group && first.class == entry.class && first.form == entry.form
            {
                return;
            }
        }
        if N > 0 {
            self.entries[self.count] = Entry { next: head, ..entry };
            self.heads[list] = self.count as u16;
        }
        self.count += 1;
    }
}

/// The number of letters that a view leaves out of a name in a mnemonic.
pub(super) const fn skipped(view: View, name: &str) -> usize {
    match view {
        View::Any => name.len(),
        View::Kind => 2,
        View::Tail => 3,
        _ => 0,
    }
}

/// Fowler, Noll and Vo's FNV-1a: where it starts.
const HASH: u32 = 0x811c_9dc5;

const fn add_byte(hash: u32, byte: u8) -> u32 {
    (hash ^ byte.to_ascii_lowercase() as u32).wrapping_mul(0x0100_0193)
}

const fn add_text(mut hash: u32, text: &[u8], from: usize, to: usize) -> u32 {
    let mut i = from;
    while i < to {
        hash = add_byte(hash, text[i]);
        i += 1;
    }
    hash
}

/// An upper bound of the number of entries.
const COUNT: usize = Index::<0>::new().count;

static INDEX: Index<COUNT> = Index::new();

/// The forms that may have this mnemonic, in the order of the tables.
pub(super) fn forms(name: &[u8]) -> impl Iterator<Item = (&'static Class, &'static Form)> {
    let hash = add_text(HASH, name, 0, name.len());
    let mut next = INDEX.heads.get(hash as usize % LISTS).copied();
    core::iter::from_fn(move || {
        let entry = INDEX.entries.get(usize::from(next?))?;
        next = Some(entry.next);
        let class = GROUPS.get(usize::from(entry.group))?.get(usize::from(entry.class))?;
        Some((class, class.text.forms.get(usize::from(entry.form))?))
    })
}
