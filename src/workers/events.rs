//! Discrete events on their way to the window: each of them arrives, in order.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};

use super::carried::Unpacked;
use super::runs::RunRecord;
use crate::data::picture::Picture;
use crate::lessons::library::{Found, Origin};
use crate::snn::recording::Recording;

/// Wakes the window so that it looks at what is new. Callable from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What a worker tells once.
#[derive(Clone, Debug)]
pub enum Event {
    /// Something went well that the user should know.
    Notice(String),
    /// Something failed: what happened, what was kept and what to do.
    Failure(String),
    /// A picture file was read.
    PictureLoaded { name: String, picture: Arc<Picture> },
    /// A file of spikes or a network of spikes was chosen in the file dialog.
    SpikesChosen(PathBuf),
    /// A file of spikes was read; what it did not say and was assumed.
    SpikesRead { name: String, recording: Arc<Recording>, assumed: Option<String> },
    /// A file was written where the user finds it.
    Exported(PathBuf),
    /// The training runs found on disk, newest first.
    Runs(Arc<Vec<RunRecord>>),
    /// A scene was read: its file, if it was one, and what is in it.
    SceneRead { path: Option<PathBuf>, unpacked: Box<Unpacked> },
    /// The lessons there are, each with where it is from, or what is wrong with it.
    Lessons(Arc<Vec<(Origin, Found)>>),
    /// The text of a scene, to be copied.
    SceneText(String),
    /// A folder was chosen in the file dialog.
    FolderChosen(PathBuf),
}

/// Capacity of the queue of events.
pub const QUEUE: usize = 256;

/// The sending side. A worker never blocks on it: what the full queue does not
/// take waits here, in order, and goes first the next time.
#[derive(Clone)]
pub struct Events {
    queue: SyncSender<Event>,
    waiting: Arc<Mutex<VecDeque<Event>>>,
    wake: Wake,
}

impl Events {
    /// Sends into `queue` and calls `wake` after each event.
    pub fn new(queue: SyncSender<Event>, wake: Wake) -> Self {
        Self { queue, waiting: Arc::default(), wake }
    }

    /// Queues an event and wakes the window.
    pub fn send(&self, event: Event) {
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push_back(event);
            while let Some(next) = waiting.pop_front() {
                match self.queue.try_send(next) {
                    Ok(()) => {}
                    Err(TrySendError::Full(back)) => {
                        waiting.push_front(back);
                        break;
                    }
                    // The window is gone; nobody is left to tell.
                    Err(TrySendError::Disconnected(_)) => break,
                }
            }
        }
        self.wake();
    }

    /// Wakes the window without an event (a slot has a new value).
    pub fn wake(&self) {
        (self.wake)();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_beyond_the_capacity_arrive_late_but_in_order() {
        let (sender, receiver) = std::sync::mpsc::sync_channel(2);
        let events = Events::new(sender, Arc::new(|| {}));
        for i in 0..5 {
            events.send(Event::Notice(i.to_string()));
        }
        let take = || match receiver.try_recv() {
            Ok(Event::Notice(text)) => Some(text),
            _ => None,
        };
        assert_eq!((take(), take(), take()), (Some("0".into()), Some("1".into()), None));
        events.send(Event::Notice("5".into()));
        assert_eq!((take(), take()), (Some("2".into()), Some("3".into())));
    }
}
