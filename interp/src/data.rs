//! The data objects of a module in memory, at addresses that stay for as long as the memory lives.

use std::collections::HashMap;
use std::ops::Range;

use ir::Module;

use crate::memory::HostBlock;

/// The data objects of a module, placed. Engines of one module may share it.
#[derive(Debug)]
pub struct DataMemory {
    addresses: HashMap<String, u64>,
    block: HostBlock,
}

impl DataMemory {
    /// Places every data object of `module` and fills in its contents.
    ///
    /// # Errors
    /// `None` if the machine has not that much memory.
    #[must_use]
    pub fn new(module: &Module) -> Option<Self> {
        let mut size = 0usize;
        let mut align = 16usize;
        let mut places = Vec::with_capacity(module.data.len());
        for (name, object) in &module.data {
            let object_align = (object.align as usize).max(1);
            align = align.max(object_align);
            size = size.checked_next_multiple_of(object_align)?;
            places.push((name, size, &object.bytes));
            // An empty object still has an address of its own.
            size = size.checked_add(object.bytes.len().max(1))?;
        }
        let mut block = HostBlock::new(size, align)?;
        let mut addresses = HashMap::with_capacity(places.len());
        for (name, offset, bytes) in places {
            block.fill(offset, bytes);
            addresses.insert(name.clone(), block.address() + offset as u64);
        }
        Some(Self { addresses, block })
    }

    /// The address of the data object of this name.
    #[must_use]
    pub fn address(&self, name: &str) -> Option<u64> {
        self.addresses.get(name).copied()
    }

    /// The addresses that the objects lie in.
    #[must_use]
    pub fn range(&self) -> Range<u64> {
        self.block.range()
    }

    /// A copy of the bytes that the objects lie in, as they are now.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.block.bytes()
    }
}
