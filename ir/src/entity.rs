//! Typed indices and the maps they index: a `Value` cannot be used where a `Block` is meant, and each prints as the
//! text form writes it (`v7`, `block3`).

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A small typed index into a [`PrimaryMap`].
pub trait Entity: Copy + Eq {
    /// The entity with this index.
    fn from_index(index: usize) -> Self;
    /// Its index.
    fn index(self) -> usize;
}

macro_rules! entity {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl Entity for $name {
            fn from_index(index: usize) -> Self {
                debug_assert!(u32::try_from(index).is_ok(), "more than 2^32 entities");
                Self(index as u32)
            }
            fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

entity! {
    /// An SSA value: a block parameter or a result of an instruction. Prints as `v7`.
    Value, "v"
}
entity! {
    /// A basic block. Prints as `block3`.
    Block, "block"
}
entity! {
    /// An instruction. Prints as `inst5`; the text form does not number instructions.
    Inst, "inst"
}
entity! {
    /// A mutable variable, as it is before SSA construction. Prints as `var2`.
    Var, "var"
}
entity! {
    /// A piece of a function's stack frame. Prints as `slot0`.
    StackSlot, "slot"
}
entity! {
    /// A function that this function calls, by name and signature. Prints as `fn0`.
    FuncRef, "fn"
}
entity! {
    /// A data object that this function takes the address of, by name. Prints as `data0`.
    DataRef, "data"
}
entity! {
    /// The table of a `switch`. Prints as `switch0`.
    SwitchRef, "switch"
}
entity! {
    /// The signature of an indirect call. Prints as `sig0`.
    SigRef, "sig"
}

/// Owns the things that its key type names; keys are handed out by [`push`](PrimaryMap::push) and never reused.
#[derive(Clone, PartialEq, Eq)]
pub struct PrimaryMap<K, V> {
    items: Vec<V>,
    key: PhantomData<K>,
}

impl<K: Entity, V> PrimaryMap<K, V> {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self { items: Vec::new(), key: PhantomData }
    }

    /// Adds an item and returns its key.
    pub fn push(&mut self, item: V) -> K {
        let key = K::from_index(self.items.len());
        self.items.push(item);
        key
    }

    /// The key that the next [`push`](PrimaryMap::push) will return.
    #[must_use]
    pub fn next_key(&self) -> K {
        K::from_index(self.items.len())
    }

    /// The number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns `true` if there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The item of `key`, or `None` if the key comes from another map.
    #[must_use]
    pub fn get(&self, key: K) -> Option<&V> {
        self.items.get(key.index())
    }

    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = K> + ExactSizeIterator + use<K, V> {
        (0..self.items.len()).map(K::from_index)
    }

    /// All items, in order of their keys.
    pub fn values(&self) -> std::slice::Iter<'_, V> {
        self.items.iter()
    }

    /// All keys and items, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (K, &V)> + ExactSizeIterator {
        self.items.iter().enumerate().map(|(index, item)| (K::from_index(index), item))
    }
}

impl<K: Entity, V> Default for PrimaryMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Entity, V> Index<K> for PrimaryMap<K, V> {
    type Output = V;
    fn index(&self, key: K) -> &V {
        &self.items[key.index()]
    }
}

impl<K: Entity, V> IndexMut<K> for PrimaryMap<K, V> {
    fn index_mut(&mut self, key: K) -> &mut V {
        &mut self.items[key.index()]
    }
}

impl<K: Entity + fmt::Debug, V: fmt::Debug> fmt::Debug for PrimaryMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// How many items a [`SecondaryMap`] has once it has any.
const MIN_ITEMS: usize = 32;

/// Facts about entities that another map owns: every key has a value, the default until it is set.
#[derive(Clone, Debug)]
pub struct SecondaryMap<K, V> {
    items: Vec<V>,
    default: V,
    key: PhantomData<K>,
}

impl<K: Entity, V: Clone> SecondaryMap<K, V> {
    /// A map in which every key has `default`.
    #[must_use]
    pub fn with_default(default: V) -> Self {
        Self { items: Vec::new(), default, key: PhantomData }
    }

    /// A map in which every key has `default`, with memory for the first `count` keys.
    #[must_use]
    pub fn with_memory(default: V, count: usize) -> Self {
        Self { items: vec![default.clone(); count], default, key: PhantomData }
    }

    /// Sets every key back to the default; keeps the memory.
    pub fn clear(&mut self) {
        self.items.clear();
    }
}

impl<K: Entity, V: Clone + Default> SecondaryMap<K, V> {
    /// A map in which every key has `V::default()`.
    #[must_use]
    pub fn new() -> Self {
        Self::with_default(V::default())
    }
}

impl<K: Entity, V: Clone + Default> Default for SecondaryMap<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Entity, V: Clone> Index<K> for SecondaryMap<K, V> {
    type Output = V;
    fn index(&self, key: K) -> &V {
        self.items.get(key.index()).unwrap_or(&self.default)
    }
}

impl<K: Entity, V: Clone> IndexMut<K> for SecondaryMap<K, V> {
    fn index_mut(&mut self, key: K) -> &mut V {
        if key.index() >= self.items.len() {
            // Twice as many each time: keys come in order more often than not.
            let len = (key.index() + 1).max(2 * self.items.len()).max(MIN_ITEMS);
            self.items.resize(len, self.default.clone());
        }
        &mut self.items[key.index()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_print_as_the_text_form_writes_them() {
        assert_eq!(Value::from_index(7).to_string(), "v7");
        assert_eq!(format!("{:?}", Block::from_index(3)), "block3");
    }

    #[test]
    fn secondary_maps_answer_for_every_key() {
        let mut map: SecondaryMap<Value, u32> = SecondaryMap::with_default(9);
        assert_eq!(map[Value::from_index(1000)], 9);
        map[Value::from_index(3)] = 1;
        assert_eq!((map[Value::from_index(2)], map[Value::from_index(3)]), (9, 1));
    }
}
