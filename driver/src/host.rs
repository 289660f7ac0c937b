//! Host functions: `extern "C"` functions of the embedding program that compiled code may call by name.

use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use ir::{AbiParam, Signature};

use crate::value::Scalar;

/// A function of the host, by the name that modules call it by.
#[derive(Clone)]
pub(crate) struct HostFunction {
    pub(crate) signature: Signature,
    /// Which parameters are `bool`: what native code passes for them is normalised on the way.
    pub(crate) bools: Vec<bool>,
    /// What native code jumps to, and what stands for the function in simulated code.
    pub(crate) address: u64,
    /// Whether there is code at the address.
    pub(crate) has_code: bool,
    /// How the interpreter and the simulator call it.
    pub(crate) thunk: Thunk,
}

/// Takes the bits of the arguments, gives those of the result (0 if there is none).
pub type Thunk = Arc<dyn Fn(&[u64]) -> u64 + Send + Sync>;

impl fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFunction {} at {:#x}", self.signature, self.address)
    }
}

/// The functions that the host gives to a module.
///
/// ```
/// use driver::Hosts;
///
/// extern "C" fn twice(x: i64) -> i64 {
///     2 * x
/// }
///
/// let mut hosts = Hosts::new();
/// hosts.add("twice", twice as extern "C" fn(i64) -> i64);
/// assert_eq!(hosts.names().collect::<Vec<_>>(), ["twice"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    functions: IndexMap<String, HostFunction>,
}

impl Hosts {
    /// No functions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a closure of this signature, or replaces the function of this name. The interpreter and the simulator can
    /// call it; for native code it is [refused](crate::Error::NoHostCode), because it has no code at an address.
    pub fn add_closure(&mut self, name: &str, signature: &Signature, thunk: Thunk) -> &mut Self {
        // Addresses that no host has, one for each.
        let index = self.functions.get_index_of(name).unwrap_or(self.functions.len());
        let address = 0xffff_0000_0000_0000 + 64 * index as u64;
        let bools = vec![false; signature.params.len()];
        let signature = signature.clone();
        let function = HostFunction { signature, bools, address, has_code: false, thunk };
        self.functions.insert(name.to_owned(), function);
        self
    }

    /// Adds a function, or replaces the one of this name. It must not unwind; it may call engines again.
    pub fn add<F: HostFn>(&mut self, name: &str, function: F) -> &mut Self {
        let function = HostFunction {
            signature: F::signature(),
            bools: F::bools(),
            address: function.address(),
            has_code: true,
            thunk: function.thunk(),
        };
        self.functions.insert(name.to_owned(), function);
        self
    }

    /// The names, in the order in which they were added.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = (&str, &HostFunction)> {
        self.functions.iter().map(|(name, function)| (name.as_str(), function))
    }

    #[cfg(test)]
    pub(crate) fn get(&self, name: &str) -> Option<&HostFunction> {
        self.functions.get(name)
    }
}

mod sealed {
    /// Only this crate says what a result of a host function can be.
    pub trait Sealed {}
    /// Only this crate says what a host function is: its address is jumped to.
    pub trait Function {}
}

/// The result of a host function: a scalar or nothing.
pub trait HostResult: sealed::Sealed + 'static {
    /// Its type, if it is one.
    fn param() -> Option<AbiParam>;
    /// Its bits.
    fn result_bits(self) -> u64;
}

impl sealed::Sealed for () {}
impl HostResult for () {
    fn param() -> Option<AbiParam> {
        None
    }
    fn result_bits(self) -> u64 {
        0
    }
}

impl<T: Scalar> sealed::Sealed for T {}
impl<T: Scalar> HostResult for T {
    fn param() -> Option<AbiParam> {
        Some(<T as Scalar>::param())
    }
    fn result_bits(self) -> u64 {
        self.to_bits()
    }
}

/// A type that can be a host function: `extern "C" fn` of up to twelve scalars.
pub trait HostFn: sealed::Function + Copy + Send + Sync + 'static {
    /// What it takes and returns, with the extensions that C asks for.
    fn signature() -> Signature;
    /// Which parameters are `bool`.
    fn bools() -> Vec<bool>;
    /// Where its code is.
    fn address(self) -> u64;
    /// Takes the bits of the arguments, gives those of the result.
    fn thunk(self) -> Thunk;
}

macro_rules! host_fn {
    ($($t:ident $n:literal)*) => {
        impl<R: HostResult, $($t: Scalar),*> sealed::Function for extern "C" fn($($t),*) -> R {}
        impl<R: HostResult, $($t: Scalar),*> HostFn for extern "C" fn($($t),*) -> R {
            fn signature() -> Signature {
                Signature {
                    params: vec![$( <$t as Scalar>::param() ),*],
                    results: R::param().into_iter().collect(),
                }
            }
            fn bools() -> Vec<bool> {
                vec![$( <$t as Scalar>::IS_BOOL ),*]
            }
            fn address(self) -> u64 {
                self as usize as u64
            }
            #[allow(unused_variables)] // a function without parameters looks at none
            fn thunk(self) -> Thunk {
                Arc::new(move |bits: &[u64]| {
                    // Callers pass as many words as there are parameters; a missing one would be 0.
                    let word = |n: usize| bits.get(n).copied().unwrap_or_default();
                    self($( <$t as Scalar>::from_bits(word($n)) ),*).result_bits()
                })
            }
        }
    };
}
host_fn!();
host_fn!(A 0);
host_fn!(A 0 B 1);
host_fn!(A 0 B 1 C 2);
host_fn!(A 0 B 1 C 2 D 3);
host_fn!(A 0 B 1 C 2 D 3 E 4);
host_fn!(A 0 B 1 C 2 D 3 E 4 F 5);
host_fn!(A 0 B 1 C 2 D 3 E 4 F 5 G 6);
host_fn!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7);
host_fn!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8);
host_fn!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9);
host_fn!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10);
host_fn!(A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11);

#[cfg(test)]
mod tests {
    use super::*;

    extern "C" fn mix(a: i8, b: u16, c: f32, d: bool) -> f64 {
        f64::from(a) + f64::from(b) + f64::from(c) + f64::from(u8::from(d))
    }

    #[test]
    fn thunks_pass_values_as_c_would() {
        let function = mix as extern "C" fn(i8, u16, f32, bool) -> f64;
        let thunk = function.thunk();
        let result = thunk(&[0xff, 0xffff, 0.5f32.to_bits().into(), 1]);
        assert_eq!(f64::from_bits(result), -1.0 + 65535.0 + 0.5 + 1.0);
        type F = extern "C" fn(i8, u16, f32, bool) -> f64;
        assert_eq!(F::signature().to_string(), "(i8 sext, i16 zext, f32, i8 zext) -> f64");
    }
}
