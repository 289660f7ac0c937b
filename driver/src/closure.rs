//! Closures as functions of the host: what their parameters and results may be.

use std::error::Error;
use std::sync::Arc;

use ir::{AbiParam, Signature};

use crate::host::{Caller, HostFunction};
use crate::value::Scalar;

/// An error of a function of the host, which ends the call of the engine. Any error can be made one, and any text.
pub type HostError = Box<dyn Error + Send + Sync>;

/// The results of a closure: nothing, a scalar, or a tuple of up to four.
pub trait ClosureResults: 'static {
    /// Their types, extended as C does.
    fn params() -> Vec<AbiParam>;
    /// Sets their bits.
    fn set(self, words: &mut [u64]);
}

impl<T: Scalar> ClosureResults for T {
    fn params() -> Vec<AbiParam> {
        vec![<T as Scalar>::param()]
    }
    fn set(self, words: &mut [u64]) {
        words[0] = self.to_bits();
    }
}

impl ClosureResults for () {
    fn params() -> Vec<AbiParam> {
        Vec::new()
    }
    fn set(self, _: &mut [u64]) {}
}

macro_rules! tuple_of_results {
    ($($t:ident $n:tt)*) => {
        impl<$($t: Scalar),*> ClosureResults for ($($t,)*) {
            fn params() -> Vec<AbiParam> {
                vec![$( <$t as Scalar>::param() ),*]
            }
            fn set(self, words: &mut [u64]) {
                $( words[$n] = self.$n.to_bits(); )*
            }
        }
    };
}
tuple_of_results!(A 0);
tuple_of_results!(A 0 B 1);
tuple_of_results!(A 0 B 1 C 2);
tuple_of_results!(A 0 B 1 C 2 D 3);

/// What a closure returns: results, or a `Result` of them.
pub trait ClosureOutcome: 'static {
    /// The results.
    type Results: ClosureResults;
    /// The results or the error.
    ///
    /// # Errors
    /// The closure's.
    fn into_results(self) -> Result<Self::Results, HostError>;
}

impl<T: ClosureResults> ClosureOutcome for T {
    type Results = T;
    fn into_results(self) -> Result<T, HostError> {
        Ok(self)
    }
}

impl<T: ClosureResults, E: Into<HostError> + 'static> ClosureOutcome for Result<T, E> {
    type Results = T;
    fn into_results(self) -> Result<T, HostError> {
        self.map_err(Into::into)
    }
}

/// A closure that can be a function of the host; `M` is the tuple of its parameters.
pub trait HostClosure<M>: Send + Sync + 'static {
    /// What it takes and returns, with the extensions that C asks for.
    fn signature() -> Signature;
    /// Which parameters are `bool`.
    fn bools() -> Vec<bool>;
    /// Calls it with the bits of the arguments and sets those of the results.
    ///
    /// # Errors
    /// The closure's.
    fn call(
        &self,
        caller: &mut Caller<'_>,
        args: &[u64],
        results: &mut [u64],
    ) -> Result<(), HostError>;
}

impl HostFunction {
    pub(crate) fn of_closure<M, F: HostClosure<M>>(closure: F) -> Self {
        let (signature, bools) = (F::signature(), F::bools());
        let thunk = move |caller: &mut Caller<'_>, args: &[u64], results: &mut [u64]| {
            closure.call(caller, args, results)
        };
        let (takes_addresses, thunk) = (false, Arc::new(thunk));
        HostFunction { signature, bools, takes_addresses, code: None, thunk }
    }
}

macro_rules! host_closure {
    ($($t:ident $n:literal)*) => {
        impl<F, R, $($t),*> HostClosure<($($t,)*)> for F
        where
            F: Fn(&mut Caller<'_>, $($t),*) -> R + Send + Sync + 'static,
            R: ClosureOutcome,
            $($t: Scalar,)*
        {
            fn signature() -> Signature {
                Signature {
                    params: vec![$( <$t as Scalar>::param() ),*],
                    results: R::Results::params(),
                }
            }
            fn bools() -> Vec<bool> {
                vec![$( <$t as Scalar>::IS_BOOL ),*]
            }
            #[allow(unused_variables)] // a closure without parameters looks at none
            fn call(
                &self,
                caller: &mut Caller<'_>,
                args: &[u64],
                results: &mut [u64],
            ) -> Result<(), HostError> {
                // There are as many words as parameters and results.
                let outcome = self(caller, $( <$t as Scalar>::from_bits(args[$n]) ),*);
                outcome.into_results()?.set(results);
                Ok(())
            }
        }
    };
}
macro_rules! host_closures {
    ([$($done:tt)*]) => {
        host_closure!($($done)*);
    };
    ([$($done:tt)*] $t:ident $n:literal $($rest:tt)*) => {
        host_closure!($($done)*);
        host_closures!([$($done)* $t $n] $($rest)*);
    };
}
host_closures!(
    [] P0 0 P1 1 P2 2 P3 3 P4 4 P5 5 P6 6 P7 7 P8 8 P9 9 P10 10 P11 11 P12 12 P13 13 P14 14 P15 15 P16 16 P17 17 P18 18
    P19 19 P20 20 P21 21 P22 22 P23 23
);
