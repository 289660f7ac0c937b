//! [`Shared`]: a place for a value that threads read without a lock while another replaces it.

use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::epoch::{Inside, retire};

/// A value that may not be there, and may be replaced while threads use it. Reading is one load; what is replaced is
/// retired to the [epochs](crate::epoch), so that who has read it keeps it until it leaves.
///
/// ```
/// use std::sync::Arc;
/// use jitmem::{Shared, epoch};
///
/// let place = Shared::new(Arc::new(1));
/// let inside = epoch::enter();
/// let old = place.get(&inside);
/// place.put(Some(Arc::new(2)));
/// assert_eq!((old, place.get(&inside)), (Some(&1), Some(&2)));
/// ```
///
/// Invariant: the pointer is null or came from `Arc::into_raw`, and the place owns one count of it.
pub struct Shared<T: Send + Sync + 'static>(AtomicPtr<T>);

impl<T: Send + Sync> Shared<T> {
    /// A place with this value in it.
    #[must_use]
    pub fn new(value: Arc<T>) -> Self {
        Self(AtomicPtr::new(Arc::into_raw(value).cast_mut()))
    }

    /// The value that is there now; it stays for as long as this thread is inside.
    #[inline]
    #[must_use]
    pub fn get<'a>(&'a self, _inside: &'a Inside) -> Option<&'a T> {
        // Acquire: who sees the pointer sees what it leads to.
        let value = self.0.load(Ordering::Acquire);
        // SAFETY: a value that is there is counted. One that is replaced from now on is retired after this thread went
        // inside, so it is dropped after `'a`, which ends before the thread leaves: `Inside` is this thread's own, as it
        // is neither `Send` nor `Sync`. The place itself, which drops its value at once, is borrowed until then.
        unsafe { value.as_ref() }
    }

    /// The same for longer: the value counts this one too.
    #[must_use]
    pub fn share(&self, inside: &Inside) -> Option<Arc<T>> {
        let value = ptr::from_ref(self.get(inside)?);
        // SAFETY: the pointer came from `Arc::into_raw`, and the count that it came with is not given up while `inside`.
        Some(unsafe {
            Arc::increment_strong_count(value);
            Arc::from_raw(value)
        })
    }

    /// Puts another value there, or none. Threads that are inside may use the old one until they leave.
    pub fn put(&self, value: Option<Arc<T>>) -> Replaced<T> {
        let value = value.map_or(ptr::null_mut(), |value| Arc::into_raw(value).cast_mut());
        let old = self.0.swap(value, Ordering::AcqRel);
        // SAFETY: the pointer came from `Arc::into_raw`, and the place has just given up its count of it.
        Replaced((!old.is_null()).then(|| unsafe { Arc::from_raw(old) }))
    }
}

/// What was in a [`Shared`] place. It is retired when this is dropped, which may drop other garbage at once: not while a
/// lock is held that garbage may want.
#[derive(Debug)]
pub struct Replaced<T: Send + Sync + 'static>(Option<Arc<T>>);

impl<T: Send + Sync> Drop for Replaced<T> {
    fn drop(&mut self) {
        if let Some(value) = self.0.take() {
            retire(value);
        }
    }
}

impl<T: Send + Sync> Default for Shared<T> {
    /// A place without a value.
    fn default() -> Self {
        Self(AtomicPtr::default())
    }
}

impl<T: Send + Sync> Drop for Shared<T> {
    fn drop(&mut self) {
        let value = *self.0.get_mut();
        if !value.is_null() {
            // SAFETY: as in `put`; nobody has read it, since that borrows the place.
            drop(unsafe { Arc::from_raw(value) });
        }
    }
}

impl<T: Send + Sync> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_empty = self.0.load(Ordering::Relaxed).is_null();
        f.write_str(if is_empty { "nothing" } else { "a value" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::{collect, enter};
    use std::sync::Weak;
    use std::thread;

    /// Waits until a value is dropped; other tests of this process may be inside.
    fn wait_for_drop(value: &Weak<u32>) {
        while value.strong_count() > 0 {
            collect();
            thread::yield_now();
        }
    }

    #[test]
    fn what_was_read_lives_until_its_reader_leaves() {
        let first = Arc::new(1);
        let held = Arc::downgrade(&first);
        let place = Shared::new(first);
        let inside = enter();
        assert_eq!(place.get(&inside), Some(&1));
        drop(place.put(Some(Arc::new(2))));
        collect();
        assert_eq!((held.strong_count(), place.get(&inside)), (1, Some(&2)));
        drop(inside);
        wait_for_drop(&held);
    }

    #[test]
    fn every_count_is_given_up_once() {
        let value = Arc::new(3);
        let held = Arc::downgrade(&value);
        let place = Shared::new(value);
        let shared = place.share(&enter());
        assert_eq!((shared.as_deref(), held.strong_count()), (Some(&3), 2));
        drop(place.put(None));
        assert_eq!((place.get(&enter()), place.share(&enter())), (None, None));
        let again = Shared::default();
        again.put(shared);
        drop(again);
        wait_for_drop(&held);
    }
}
