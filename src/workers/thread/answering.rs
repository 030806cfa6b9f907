//! A thread that answers the newest question. One that is asked while another is
//! being answered waits; one that waits is replaced by a newer one.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::latest::{Inbox, Slot};
use crate::core::panics::guarded;
use crate::workers::events::{Event, Events};

/// An answer to a question.
pub trait Answer<Q>: Clone + Default + Send + Sync + 'static {
    /// The sentence that tells people why there is none.
    fn failure(why: &str) -> String;

    /// What takes the place of the answer then; `None` leaves the one before it.
    fn failed(_question: &Q, _failure: String) -> Option<Self> {
        None
    }
}

/// The thread, from the window's side. Dropped, it ends the thread and waits for it.
pub struct Answering<Q, A> {
    inbox: Arc<Inbox<Q>>,
    answer: Arc<Slot<A>>,
    thread: Option<JoinHandle<()>>,
}

impl<Q: Send + 'static, A: Answer<Q>> Answering<Q, A> {
    /// Starts a thread of this name. `make` makes what answers, and makes it anew
    /// after a panic, which leaves it in an unknown state. It gives an answer, or
    /// `None` where it has published what there is to say, or the reason why it
    /// cannot answer.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn<W>(
        name: &str,
        events: Events,
        make: impl Fn() -> W + Send + 'static,
    ) -> std::io::Result<Self>
    where
        W: FnMut(&Q, &Reply<Q, A>) -> Result<Option<A>, String>,
    {
        let (inbox, answer) = (Arc::<Inbox<Q>>::default(), Arc::new(Slot::new(A::default())));
        let reply = Reply { inbox: Arc::clone(&inbox), answer: Arc::clone(&answer), events };
        let work = move || {
            let mut answerer = make();
            while let Some(question) = reply.inbox.wait() {
                let done = guarded(|| answerer(&question, &reply)).unwrap_or_else(|panicked| {
                    answerer = make();
                    Err(panicked)
                });
                match done {
                    Ok(Some(answer)) => reply.publish(answer),
                    Ok(None) => {}
                    Err(why) => {
                        let failure = A::failure(&why);
                        if let Some(answer) = A::failed(&question, failure.clone()) {
                            reply.answer.put(answer);
                        }
                        reply.events.send(Event::Failure(failure));
                    }
                }
            }
        };
        let thread = Some(std::thread::Builder::new().name(name.into()).spawn(work)?);
        Ok(Self { inbox, answer, thread })
    }

    /// Asks; an earlier question that was not begun is forgotten.
    pub fn ask(&self, question: Q) {
        self.inbox.put(question);
    }

    /// The newest answer.
    pub fn answer(&self) -> Arc<A> {
        self.answer.get()
    }
}

impl<Q, A> Drop for Answering<Q, A> {
    fn drop(&mut self) {
        self.inbox.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Whom the answer goes to, from the thread's side.
pub struct Reply<Q, A> {
    inbox: Arc<Inbox<Q>>,
    answer: Arc<Slot<A>>,
    events: Events,
}

impl<Q, A: Clone> Reply<Q, A> {
    /// Whether anybody waits for an answer: the window is open.
    pub fn is_awaited(&self) -> bool {
        !self.inbox.is_closed()
    }

    /// Whether this is also the newest question.
    pub fn is_newest(&self) -> bool {
        self.is_awaited() && !self.inbox.has_next()
    }

    /// Publishes an answer, or what there is of it so far.
    pub fn publish(&self, answer: A) {
        self.answer.put(answer);
        self.events.wake();
    }

    /// Changes a part of the answer.
    pub fn change(&self, change: impl FnOnce(&mut A)) {
        let mut answer = A::clone(&self.answer.get());
        change(&mut answer);
        self.publish(answer);
    }
}
