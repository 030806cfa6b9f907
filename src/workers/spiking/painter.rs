//! The `field painter` thread: makes images, histograms and sums from copies of the
//! network, so the simulating thread only has to copy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::fields::FieldColours;
use super::view::{Fields, Sketch};
use crate::workers::thread::latest::Slot;

/// What was painted last, and how long it took.
type Painted = Option<(Arc<Fields>, Duration)>;

/// The thread, from the simulating thread's side.
pub struct Painter {
    queue: Option<SyncSender<(Sketch, Arc<FieldColours>)>>,
    busy: Arc<AtomicBool>,
    newest: Arc<Slot<Painted>>,
    thread: Option<JoinHandle<()>>,
}

impl Painter {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start() -> std::io::Result<Self> {
        let (queue, sketches) = sync_channel(1);
        let (busy, newest) = (Arc::<AtomicBool>::default(), Arc::new(Slot::new(None)));
        let (works, out) = (Arc::clone(&busy), Arc::clone(&newest));
        let builder = std::thread::Builder::new().name("field painter".into());
        let thread = Some(builder.spawn(move || work(&sketches, &works, &out))?);
        Ok(Self { queue: Some(queue), busy, newest, thread })
    }

    /// Whether it is still at the last one.
    pub fn is_busy(&self) -> bool {
        self.busy.load(Relaxed)
    }

    /// Gives it a copy to paint; hands it back if it cannot be taken.
    ///
    /// # Errors
    /// The copy.
    pub fn offer(&self, sketch: Sketch, look: Arc<FieldColours>) -> Result<(), Box<Sketch>> {
        let Some(queue) = &self.queue else { return Err(Box::new(sketch)) };
        self.busy.store(true, Relaxed);
        queue.try_send((sketch, look)).map_err(|e| {
            self.busy.store(false, Relaxed);
            use std::sync::mpsc::TrySendError::{Disconnected, Full};
            let (Full((sketch, _)) | Disconnected((sketch, _))) = e;
            Box::new(sketch)
        })
    }

    /// The newest, and how long it took to paint.
    pub fn newest(&self) -> Painted {
        (*self.newest.get()).clone()
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn work(
    sketches: &Receiver<(Sketch, Arc<FieldColours>)>,
    busy: &AtomicBool,
    newest: &Slot<Painted>,
) {
    while let Ok((sketch, look)) = sketches.recv() {
        let _done = Done(busy);
        let begun = Instant::now();
        let fields = Arc::new(sketch.finish(&look));
        newest.put(Some((fields, begun.elapsed())));
    }
}

/// Should painting panic, whoever offers the next copy finds the thread gone, and
/// paints itself.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(false, Relaxed);
    }
}
