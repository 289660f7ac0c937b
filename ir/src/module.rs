//! Modules: functions, host functions and data objects by name, in the order in which they were added.

use indexmap::IndexMap;

use crate::func::Function;
use crate::types::{Signature, Type};

/// A data object: bytes with an address.
///
/// ```
/// use ir::{DataObject, Type};
///
/// let mut table = DataObject { align: 8, ..DataObject::default() };
/// table.push(Type::I32, 7);
/// table.push(Type::I32, 8);
/// table.push_address("f", 0);
/// assert_eq!(table.to_string(), r#"align 8 = "\07\00\00\00\08\00\00\00" i64 @f"#);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataObject {
    /// Its contents at the start, but for its addresses.
    pub bytes: Vec<u8>,
    /// Alignment in bytes, a power of two.
    pub align: u32,
    /// `true` if the program may write it.
    pub mutable: bool,
    /// The addresses in it, in the order of their places, each of eight bytes which are zeros in `bytes`.
    pub addresses: Vec<DataAddress>,
}

/// An address in a data object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataAddress {
    /// Its place in the object, in bytes.
    pub place: usize,
    /// The function or data object of the module whose address it is.
    pub name: String,
    /// The distance from the start of a data object, in bytes; 0 for a function.
    pub offset: i32,
}

impl DataAddress {
    /// Its bytes.
    pub const BYTES: usize = 8;
}

impl Default for DataObject {
    /// No bytes, not aligned, read only.
    fn default() -> Self {
        Self { bytes: Vec::new(), align: 1, mutable: false, addresses: Vec::new() }
    }
}

impl DataObject {
    /// Appends a number by its bits, as many bytes as the type has.
    pub fn push(&mut self, ty: Type, bits: u128) {
        self.bytes.extend_from_slice(&bits.to_le_bytes()[..ty.bytes() as usize]);
    }

    /// Appends the address of a function or data object of the module, plus an offset.
    pub fn push_address(&mut self, name: &str, offset: i32) {
        let place = self.bytes.len();
        self.addresses.push(DataAddress { place, name: name.to_owned(), offset });
        self.push(Type::I64, 0);
    }
}

/// A compilation unit. Names are without the `@` of the text form and unique over all three maps.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// The name of the source file, if there is one; spans refer to it.
    pub source_name: Option<String>,
    /// The functions that have a body.
    pub functions: IndexMap<String, Function>,
    /// The functions that the host has to give.
    pub externs: IndexMap<String, Signature>,
    /// The data objects.
    pub data: IndexMap<String, DataObject>,
}

impl Module {
    /// An empty module.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function under its own name.
    ///
    /// # Errors
    /// [`DuplicateName`] if the module has something of this name already; the module is unchanged.
    pub fn add_function(&mut self, function: Function) -> Result<(), DuplicateName> {
        self.check_name(&function.name)?;
        self.functions.insert(function.name.clone(), function);
        Ok(())
    }

    /// Declares a function that the host has to give.
    ///
    /// # Errors
    /// [`DuplicateName`] if the module has something of this name already; the module is unchanged.
    pub fn add_extern(&mut self, name: &str, signature: Signature) -> Result<(), DuplicateName> {
        self.check_name(name)?;
        self.externs.insert(name.to_owned(), signature);
        Ok(())
    }

    /// Adds a data object.
    ///
    /// # Errors
    /// [`DuplicateName`] if the module has something of this name already; the module is unchanged.
    pub fn add_data(&mut self, name: &str, data: DataObject) -> Result<(), DuplicateName> {
        self.check_name(name)?;
        self.data.insert(name.to_owned(), data);
        Ok(())
    }

    /// The addresses in its data objects: the number of the object, the place in it, and the bytes. `start` tells where a function
    /// or data object begins; `None` if it does not know one.
    pub fn data_links(
        &self,
        mut start: impl FnMut(&str) -> Option<u64>,
    ) -> Option<Vec<(usize, usize, [u8; DataAddress::BYTES])>> {
        let objects = self.data.values().enumerate();
        let addresses = objects.flat_map(|(index, object)| {
            object.addresses.iter().map(move |address| (index, address))
        });
        let link = |(index, address): (usize, &DataAddress)| {
            let value = start(&address.name)?.wrapping_add_signed(address.offset.into());
            Some((index, address.place, value.to_le_bytes()))
        };
        addresses.map(link).collect()
    }

    /// The signature of the function or host function of this name.
    #[must_use]
    pub fn signature(&self, name: &str) -> Option<&Signature> {
        self.functions.get(name).map(|f| &f.signature).or_else(|| self.externs.get(name))
    }

    fn check_name(&self, name: &str) -> Result<(), DuplicateName> {
        let taken = self.functions.contains_key(name)
            || self.externs.contains_key(name)
            || self.data.contains_key(name);
        if taken { Err(DuplicateName(name.to_owned())) } else { Ok(()) }
    }
}

/// A module already has something of this name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DuplicateName(pub String);

impl std::fmt::Display for DuplicateName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the module already has something called @{}; give one of the two another name",
            self.0
        )
    }
}

impl std::error::Error for DuplicateName {}
