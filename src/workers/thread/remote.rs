//! The remote control of a paced thread ([`super::paced`]): pause and speed as atomics,
//! which never queue behind work, and a bounded queue of commands.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::workers::Busy;

/// Commands that may wait.
const QUEUE: usize = 256;

/// What the window says without queueing.
#[derive(Debug)]
pub struct Control {
    running: AtomicBool,
    watched: AtomicBool,
    quit: AtomicBool,
    /// Asked speed, steps per second, as bits; infinite for as fast as it can.
    steps_per_s: AtomicU64,
}

impl Control {
    fn at(steps_per_s: f64) -> Self {
        Self {
            running: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            quit: AtomicBool::new(false),
            steps_per_s: AtomicU64::new(steps_per_s.to_bits()),
        }
    }

    /// Whether it is to run.
    pub fn runs(&self) -> bool {
        self.running.load(Relaxed)
    }

    /// Holds it from its own side: it has reached what it ran for.
    pub fn hold(&self) {
        self.running.store(false, Relaxed);
    }

    /// Whether anybody looks.
    pub fn watched(&self) -> bool {
        self.watched.load(Relaxed)
    }

    /// Whether the thread is to end.
    pub fn quits(&self) -> bool {
        self.quit.load(Relaxed)
    }

    /// Steps per second of wall time.
    pub fn steps_per_s(&self) -> f64 {
        f64::from_bits(self.steps_per_s.load(Relaxed))
    }
}

/// The thread, from the window's side. Dropped, it ends the thread and waits for it.
pub struct Remote<C> {
    control: Arc<Control>,
    /// `None` has the thread look at the atomics, and nothing else.
    commands: Option<SyncSender<Option<C>>>,
    /// What is said to be busy when the queue is full.
    what: &'static str,
    thread: Option<JoinHandle<()>>,
}

impl<C: Send + 'static> Remote<C> {
    /// Starts a thread of this name, which is `what` to people, that does `work`.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(
        name: &str,
        what: &'static str,
        steps_per_s: f64,
        work: impl FnOnce(Arc<Control>, Receiver<Option<C>>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let control = Arc::new(Control::at(steps_per_s));
        let (sender, commands) = sync_channel(QUEUE);
        let own = Arc::clone(&control);
        let builder = std::thread::Builder::new().name(name.into());
        let thread = Some(builder.spawn(move || work(own, commands))?);
        Ok(Self { control, commands: Some(sender), what, thread })
    }

    /// Sends a command.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full or the thread is gone.
    pub fn send(&self, command: C) -> Result<(), Busy> {
        crate::workers::send(self.commands.as_ref(), Some(command), self.what)
    }

    /// A full queue needs no waking: whoever works through it looks afterwards.
    pub fn wake(&self) {
        let _ = crate::workers::send(self.commands.as_ref(), None, self.what);
    }

    /// Lets it run, or holds it before the next step.
    pub fn set_running(&self, on: bool) {
        if self.control.running.swap(on, Relaxed) != on {
            self.wake();
        }
    }

    /// Whether it is to run.
    pub fn is_running(&self) -> bool {
        self.control.runs()
    }

    /// Whether anybody looks.
    pub fn set_watched(&self, on: bool) {
        if self.control.watched.swap(on, Relaxed) != on {
            self.wake();
        }
    }

    /// The speed to run at, steps per second of wall time.
    pub fn set_speed(&self, steps_per_s: f64) {
        let bits = steps_per_s.to_bits();
        if self.control.steps_per_s.swap(bits, Relaxed) != bits {
            self.wake();
        }
    }
}

impl<C> Remote<C> {
    /// Lets the thread end; who drops this waits for it.
    pub fn quit(&self) {
        self.control.quit.store(true, Relaxed);
    }
}

impl<C> Drop for Remote<C> {
    fn drop(&mut self) {
        self.quit();
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
