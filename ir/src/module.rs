//! Modules: functions, host functions and data objects by name, in the order in which they were added.

use indexmap::IndexMap;

use crate::func::Function;
use crate::types::Signature;

/// A data object: bytes with an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataObject {
    /// Its contents at the start.
    pub bytes: Vec<u8>,
    /// Alignment in bytes, a power of two.
    pub align: u32,
    /// Whether the program may write it.
    pub mutable: bool,
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
