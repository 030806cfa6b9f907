//! A thread that answers the newest question. A question asked while another is being
//! answered waits; a newer one replaces it.

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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};
    use std::time::Duration;

    use super::*;

    impl Answer<i32> for i32 {
        fn failure(why: &str) -> String {
            format!("No answer: {why}.")
        }

        fn failed(question: &i32, _failure: String) -> Option<Self> {
            Some(-question)
        }
    }

    /// Doubles, fails at 13 and panics at 99; counts what it has answered.
    fn doubling() -> (Answering<i32, i32>, Receiver<Event>, Receiver<()>) {
        let ((sender, events), (wake, woken)) = (sync_channel(8), sync_channel(8));
        let wake = Arc::new(move || {
            let _ = wake.send(());
        });
        let answering = Answering::spawn("doubling", Events::new(sender, wake), || {
            let mut answered = 0;
            move |question: &i32, reply: &Reply<i32, i32>| {
                assert!(*question != 99, "too much");
                assert!(reply.is_newest());
                answered += 1;
                if *question == 13 {
                    Err(format!("{answered} before"))
                } else {
                    Ok(Some(2 * question))
                }
            }
        });
        (answering.unwrap(), events, woken)
    }

    #[test]
    fn an_error_and_a_panic_are_told_and_the_next_question_is_answered() {
        let (answering, events, woken) = doubling();
        let ask = |question| {
            answering.ask(question);
            woken.recv_timeout(Duration::from_secs(60)).unwrap();
            *answering.answer()
        };
        let told = || match events.try_recv() {
            Ok(Event::Failure(text)) => Some(text),
            _ => None,
        };
        assert_eq!((ask(4), told()), (8, None));
        assert_eq!((ask(13), told()), (-13, Some("No answer: 2 before.".into())));
        let panicked = "No answer: an error in the program (too much; please report it).";
        assert_eq!((ask(99), told()), (-99, Some(panicked.into())));
        // What answers is made anew.
        assert_eq!((ask(13), told()), (-13, Some("No answer: 1 before.".into())));
        assert_eq!(ask(5), 10);
    }
}
