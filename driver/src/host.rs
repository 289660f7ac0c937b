//! Functions of the host that compiled code may call by name: closures with state, and plain `extern "C"` functions.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use indexmap::IndexMap;
use ir::{AbiParam, Signature};

use crate::closure::{HostClosure, HostError};
use crate::engine::Engine;
use crate::inner::WeakEngine;
use crate::options::HostPanic;
use crate::pending::{self, Pending};
use crate::value::Scalar;

/// A function of the host.
#[derive(Clone)]
pub(crate) struct HostFunction {
    pub(crate) signature: Signature,
    /// Which parameters are `bool`: what native code passes for them is normalised on the way.
    pub(crate) bools: Vec<bool>,
    /// `true` if it believes the addresses that it is given: only modules that somebody vouches for may call it.
    pub(crate) takes_addresses: bool,
    /// Where its code is, if it is a plain one.
    pub(crate) code: Option<u64>,
    /// How the engine calls it.
    pub(crate) thunk: Thunk,
}

/// Takes the bits of the arguments and sets those of the results.
pub type Thunk =
    Arc<dyn Fn(&mut Caller<'_>, &[u64], &mut [u64]) -> Result<(), HostError> + Send + Sync>;

impl fmt::Debug for HostFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HostFunction {}", self.signature)
    }
}

/// Whoever calls a function of the host.
#[derive(Debug)]
pub struct Caller<'a> {
    engine: &'a WeakEngine,
}

impl Caller<'_> {
    /// The engine whose code calls. Its functions may be called, added, replaced and removed, also the one that calls.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine.upgrade()
    }
}

/// A function of the host as an engine has it.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) name: String,
    pub(crate) function: HostFunction,
    pub(crate) engine: WeakEngine,
    pub(crate) on_panic: HostPanic,
}

impl Bound {
    /// What stands for it in simulated code.
    pub(crate) fn address(&self) -> u64 {
        self.function.code.unwrap_or(std::ptr::from_ref(self).addr() as u64)
    }

    /// Calls it; false if the call that it is part of ends, with what is [pending].
    pub(crate) fn call(&self, args: &[u64], results: &mut [u64]) -> bool {
        let mut caller = Caller { engine: &self.engine };
        let called = AssertUnwindSafe(|| (self.function.thunk)(&mut caller, args, results));
        let failed = |source| Pending::Failed { host: self.name.clone(), source };
        pending::set(match catch_unwind(called) {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => failed(error),
            Err(payload) => match self.on_panic {
                HostPanic::Unwind => Pending::Panicked(payload),
                HostPanic::Trap => failed(format!("it panicked: {}", message(&*payload)).into()),
            },
        });
        false
    }
}

fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("without a message")
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

    /// Adds a closure, or replaces the function of this name. It takes `&mut Caller` and up to 24 scalars, and returns
    /// nothing, a scalar, a tuple of up to four, or a `Result` of these: an error ends the call of the engine with
    /// [`Error::Host`](crate::Error::Host). A panic does what [`Options::host_panic`](crate::Options::host_panic) says.
    ///
    /// ```
    /// use driver::{Caller, Hosts};
    ///
    /// let mut hosts = Hosts::new();
    /// let offset = 40;
    /// hosts.add_closure("shifted", move |_: &mut Caller<'_>, x: i64| x + offset);
    /// ```
    pub fn add_closure<M, F: HostClosure<M>>(&mut self, name: &str, closure: F) -> &mut Self {
        self.insert(name, HostFunction::of_closure(closure))
    }

    /// Adds a function of a signature that is known at run time only, or replaces the one of this name.
    pub fn add_dynamic(&mut self, name: &str, signature: &Signature, thunk: Thunk) -> &mut Self {
        let bools = vec![false; signature.params.len()];
        let signature = signature.clone();
        self.insert(
            name,
            HostFunction { signature, bools, takes_addresses: false, code: None, thunk },
        )
    }

    /// Adds a plain function, or replaces the one of this name: native code calls it directly. It must not unwind; it may call
    /// engines again.
    pub fn add<F: HostFn>(&mut self, name: &str, function: F) -> &mut Self {
        let code = Some(function.address());
        let (bools, thunk) = (F::bools(), function.thunk());
        let (signature, takes_addresses) = (F::signature(), false);
        self.insert(name, HostFunction { signature, bools, takes_addresses, code, thunk })
    }

    fn insert(&mut self, name: &str, function: HostFunction) -> &mut Self {
        self.functions.insert(name.to_owned(), function);
        self
    }

    /// The same, of one that believes the addresses that it is given.
    #[cfg(feature = "lang")]
    pub(crate) fn add_believing<F: HostFn>(&mut self, name: &str, function: F) -> &mut Self {
        self.add(name, function);
        if let Some(function) = self.functions.get_mut(name) {
            function.takes_addresses = true;
        }
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
                // There are as many words as parameters and results.
                Arc::new(move |_: &mut Caller<'_>, bits: &[u64], results: &mut [u64]| {
                    results.fill(self($( <$t as Scalar>::from_bits(bits[$n]) ),*).result_bits());
                    Ok(())
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
        let (thunk, mut result) = (function.thunk(), [0]);
        let mut caller = Caller { engine: &WeakEngine::default() };
        thunk(&mut caller, &[0xff, 0xffff, 0.5f32.to_bits().into(), 1], &mut result).unwrap();
        assert_eq!(f64::from_bits(result[0]), -1.0 + 65535.0 + 0.5 + 1.0);
        type F = extern "C" fn(i8, u16, f32, bool) -> f64;
        assert_eq!(F::signature().to_string(), "(i8 sext, i16 zext, f32, i8 zext) -> f64");
    }
}
