//! The `inspect` and `seek` threads: what the Receptive fields workspace shows.
//!
//! * [`live`]: what follows the digit while it is being drawn: every layer's
//!   output, gradient × input, one sum with its products, one effective field.
//!   Only the newest [`InspectionQuestion`] counts; the result is in the [`Inspection`] slot.
//! * [`seek`]: what takes longer: occlusion, activation maximisation, exciting
//!   digits, a whole layer's effective fields, Gabor fits. One [`SeekTask`] at a
//!   time; each can be stopped. Results are in the [`Findings`] slot.

pub mod anatomy;
pub mod live;
pub mod seek;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

pub use anatomy::{Anatomy, Part};
pub use live::{Inspection, InspectionQuestion};
pub use seek::{Findings, Found, SeekTask};

use super::Busy;
use super::events::Events;
use super::thread::answering::Answering;
use super::thread::latest::Slot;

/// Tasks that may wait.
const QUEUE: usize = 8;

/// Both threads, from the window's side.
pub struct Inspector {
    looks: Answering<InspectionQuestion, Inspection>,
    tasks: Option<SyncSender<SeekTask>>,
    findings: Arc<Slot<Findings>>,
    switches: Arc<Switches>,
    thread: Option<JoinHandle<()>>,
}

/// What the window says past the queue.
#[derive(Debug, Default)]
struct Switches {
    /// End the task in hand, and those that wait.
    stop: AtomicBool,
    /// End everything: the window closes.
    quit: AtomicBool,
}

impl Inspector {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let (tasks, queue) = sync_channel(QUEUE);
        let findings = Arc::new(Slot::new(Findings::default()));
        let switches = Arc::<Switches>::default();
        let looks = live::start(events.clone())?;
        let seeking = seek::spawn(queue, Arc::clone(&findings), Arc::clone(&switches), events)?;
        Ok(Self { looks, tasks: Some(tasks), findings, switches, thread: Some(seeking) })
    }

    /// Looks at this; an earlier look that was not begun is forgotten.
    pub fn look(&self, look: InspectionQuestion) {
        self.looks.ask(look);
    }

    /// What was seen last.
    pub fn inspection(&self) -> Arc<Inspection> {
        self.looks.answer()
    }

    /// Gives a task that takes longer.
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    pub fn seek(&self, task: SeekTask) -> Result<(), Busy> {
        super::send(self.tasks.as_ref(), task, "search")
    }

    /// What was found so far, and what is going on.
    pub fn findings(&self) -> Arc<Findings> {
        self.findings.get()
    }

    /// Ends the task in hand and those that wait; what was found stays.
    pub fn stop(&self) {
        self.switches.stop.store(true, Relaxed);
    }

    /// Tells the threads to end, without waiting for them.
    pub fn leave(&self) {
        self.switches.quit.store(true, Relaxed);
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        self.leave();
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
