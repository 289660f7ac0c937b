//! Modules that go when nobody can reach them any more.
//!
//! The functions of such a module share one *life*. Whoever can reach one of them holds it: the [`Owned`] that stands for the
//! module, every [`Func`](crate::Func), and every living module that calls one of them (its [`Origin`](crate::unit::Origin)). So
//! this is reference counting, with modules for objects. A life ends wherever its last holder is dropped, which may be while the
//! engine is changing: then, as always, it is put down in a list that the engine works off whenever it is locked.

use std::sync::{Arc, Mutex, PoisonError};

use crate::inner::WeakEngine;
use crate::table::FuncId;

/// A module that was added by [`Engine::add_owned`](crate::Engine::add_owned). When it is dropped, the names of its functions are
/// free again, and the functions go as soon as nobody can reach them: no [`Func`](crate::Func), and no function of a module that
/// was added while they were there. Their code is freed when no thread is in it.
///
/// Modules that call each other in a circle ([`declare`](crate::Engine::declare)) keep each other until one of the functions is
/// [removed](crate::Engine::remove). An address that was taken of a function and given away keeps nothing.
///
/// ```
/// use driver::{Engine, Func, Hosts, Options, ir};
///
/// let b = ir::FunctionBuilder::new("answer");
/// b.ret(b.iconst(ir::Type::I64, 42));
/// let mut module = ir::Module::new();
/// module.add_function(b.finish()?)?;
///
/// let engine = Engine::empty(&Hosts::new(), &Options::default())?;
/// let module = engine.add_owned(module)?;
/// let answer: Func<(), i64> = engine.func("answer")?;
/// drop(module);
/// assert_eq!(answer.call(())?, 42);
/// assert!(engine.id("answer").is_none());
/// drop(answer); // frees it
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "its functions go when it is dropped"]
pub struct Owned {
    life: Arc<Life>,
}

impl Owned {
    /// A module that nobody else holds yet.
    pub(crate) fn new(life: Arc<Life>) -> Self {
        Self { life }
    }

    /// The functions, in the order of the module.
    #[must_use]
    pub fn functions(&self) -> &[FuncId] {
        &self.life.functions
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.life.note(Ended::Owner(Arc::clone(&self.life.functions)));
    }
}

/// What keeps the functions of an owned module there.
#[derive(Debug)]
pub(crate) struct Life {
    functions: Arc<[FuncId]>,
    engine: WeakEngine,
}

impl Life {
    pub(crate) fn new(functions: &[FuncId], engine: WeakEngine) -> Self {
        Self { functions: functions.into(), engine }
    }

    /// Has the engine do what is to be done, now if nobody is changing it.
    fn note(&self, ended: Ended) {
        // With the engine all of its functions go.
        if let Some(inner) = self.engine.0.upgrade() {
            inner.ended.push(ended);
            drop(inner.try_lock());
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.note(Ended::Life(Arc::clone(&self.functions)));
    }
}

/// What has ended of a module.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Its owner: the names of these functions are free.
    Owner(Arc<[FuncId]>),
    /// Its life: nobody can reach these functions.
    Life(Arc<[FuncId]>),
}

/// What has ended and is still to be dealt with.
#[derive(Debug, Default)]
pub(crate) struct EndedList(Mutex<Vec<Ended>>);

impl EndedList {
    fn push(&self, ended: Ended) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(ended);
    }

    /// All of it.
    pub(crate) fn take(&self) -> Vec<Ended> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
