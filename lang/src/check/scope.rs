//! The names that are in scope at a point of a body.

use std::collections::HashMap;
use std::rc::Rc;

use super::Named;

/// The names of the enclosing blocks, the innermost last. Finding one takes as long however many there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Each name, its meaning, and the entry that it hides.
    entries: Vec<(Rc<str>, Named, Option<usize>)>,
    /// The innermost entry of each name.
    latest: HashMap<Rc<str>, usize>,
}

impl Scope {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn push(&mut self, name: &str, named: Named) {
        let name: Rc<str> = name.into();
        let hidden = self.latest.insert(name.clone(), self.entries.len());
        self.entries.push((name, named, hidden));
    }

    /// Leaves a block: only the first `len` names stay.
    pub(super) fn truncate(&mut self, len: usize) {
        for (name, _, hidden) in self.entries.drain(len..).rev() {
            match hidden {
                Some(hidden) => self.latest.insert(name, hidden),
                None => self.latest.remove(&name),
            };
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<Named> {
        self.latest.get(name).map(|&index| self.entries[index].1)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Named)> {
        self.entries.iter().map(|(name, named, _)| (&**name, *named))
    }

    /// The names that have been declared more than once since there were `first` of them.
    pub(super) fn repeated(&self, first: usize) -> impl Iterator<Item = &str> {
        let since = self.entries[first..].iter();
        since.filter(move |entry| entry.2 >= Some(first)).map(|(name, ..)| &**name)
    }
}

impl<'n> FromIterator<(&'n str, Named)> for Scope {
    fn from_iter<I: IntoIterator<Item = (&'n str, Named)>>(names: I) -> Self {
        let mut scope = Self::default();
        names.into_iter().for_each(|(name, named)| scope.push(name, named));
        scope
    }
}
