//! Closures as functions of the host: what their parameters and results may be.

use std::error::Error;
use std::sync::Arc;

use ir::{AbiParam, Signature};

use crate::host::{Caller, HostFunction};
use crate::value::Scalar;

/// An error of a function of the host, which ends the call of the engine. Any error can be made one, and any text.
pub type HostError = Box<dyn Error + Send + Sync>;

/// The results of a closure: nothing, a scalar, or a tuple of up to 24.
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

macro_rules! tuples_of_results {
    ([]) => {};
    ([$($t:ident $n:tt)*]) => {
        impl<$($t: Scalar),*> ClosureResults for ($($t,)*) {
            fn params() -> Vec<AbiParam> {
                vec![$( <$t as Scalar>::param() ),*]
            }
            fn set(self, words: &mut [u64]) {
                $( words[$n] = self.$n.to_bits(); )*
            }
        }
    };
    ([$($done:tt)*] $t:ident $n:tt $($rest:tt)*) => {
        tuples_of_results!([$($done)*]);
        tuples_of_results!([$($done)* $t $n] $($rest)*);
    };
}
tuples_of_results!(
    [] R0 0 R1 1 R2 2 R3 3 R4 4 R5 5 R6 6 R7 7 R8 8 R9 9 R10 10 R11 11 R12 12 R13 13 R14 14 R15 15 R16 16 R17 17 R18 18
    R19 19 R20 20 R21 21 R22 22 R23 23
);

/// The return type of a closure: results, or a `Result` of them.
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
