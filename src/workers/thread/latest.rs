//! Latest-value cells: the newest value replaces the one before it, so a slow reader
//! sees fewer values and never holds up a fast writer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A poisoned lock means that a thread panicked while it held a plain value;
/// the value itself is whole (it is only ever replaced), so go on with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Bulk state on its way up: a worker publishes, everyone else looks.
#[derive(Debug)]
pub struct Slot<T>(Mutex<Arc<T>>);

impl<T> Slot<T> {
    /// A slot that starts out with `value`.
    pub fn new(value: T) -> Self {
        Self(Mutex::new(Arc::new(value)))
    }

    /// The newest value. The lock is held only while a pointer is cloned.
    pub fn get(&self) -> Arc<T> {
        Arc::clone(&lock(&self.0))
    }

    /// Replaces the value.
    pub fn put(&self, value: T) {
        *lock(&self.0) = Arc::new(value);
    }
}

/// Requests on their way down of which only the newest matters.
#[derive(Debug)]
pub struct Inbox<T> {
    newest: Mutex<(Option<T>, bool)>,
    arrived: Condvar,
}

impl<T> Default for Inbox<T> {
    fn default() -> Self {
        Self { newest: Mutex::new((None, false)), arrived: Condvar::new() }
    }
}

impl<T> Inbox<T> {
    /// Leaves a request, replacing one that was not taken yet.
    pub fn put(&self, value: T) {
        lock(&self.newest).0 = Some(value);
        self.arrived.notify_one();
    }

    /// Tells the reader to stop: [`Inbox::wait`] then returns `None`.
    pub fn close(&self) {
        lock(&self.newest).1 = true;
        self.arrived.notify_all();
    }

    /// Whether the reader is to stop: long work looks now and then.
    pub fn is_closed(&self) -> bool {
        lock(&self.newest).1
    }

    /// Whether a request waits to be taken.
    pub fn has_next(&self) -> bool {
        lock(&self.newest).0.is_some()
    }

    /// Sleeps until a request is there; `None` once closed.
    pub fn wait(&self) -> Option<T> {
        let mut guard = lock(&self.newest);
        loop {
            if guard.1 {
                return None;
            }
            if let Some(value) = guard.0.take() {
                return Some(value);
            }
            guard = self
                .arrived
                .wait_timeout(guard, Duration::from_secs(3600))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_request_is_taken() {
        let inbox = Inbox::default();
        inbox.put(1);
        inbox.put(2);
        assert!(inbox.has_next() && !inbox.is_closed());
        assert_eq!(inbox.wait(), Some(2));
        assert!(!inbox.has_next());
        inbox.put(3);
        inbox.close();
        assert!(inbox.is_closed());
        assert_eq!(inbox.wait(), None);
    }

    #[test]
    fn a_published_value_outlives_its_replacement() {
        let slot = Slot::new(1);
        let seen = slot.get();
        slot.put(2);
        assert_eq!((*seen, *slot.get()), (1, 2));
    }
}
