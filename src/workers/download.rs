//! The `download` thread: fetches MNIST once, then ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::events::{Event, Events};
use super::thread::latest::Slot;
use crate::data::download::{MIRRORS, Options, download};

/// How far a download has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DownloadView {
    /// Whether it is going on.
    pub running: bool,
    /// The file being fetched.
    pub file: String,
    /// Bytes of all files so far.
    pub done: u64,
    /// Bytes of all files.
    pub total: u64,
}

/// Fetches MNIST. Dropped, it stops what it is fetching.
pub struct Downloader {
    view: Arc<Slot<DownloadView>>,
    cancel: Arc<AtomicBool>,
    events: Events,
}

impl Downloader {
    /// Tells `events` how downloads end.
    pub fn new(events: Events) -> Self {
        let view = Arc::new(Slot::new(DownloadView::default()));
        Self { view, cancel: Arc::default(), events }
    }

    /// Begins to fetch into `folder`, unless it is fetching already; `finished` is
    /// called with the folder when all files are there and checked.
    pub fn start(&self, folder: PathBuf, finished: impl FnOnce(PathBuf) + Send + 'static) {
        if self.view.get().running {
            return;
        }
        let (cancel, view) = (Arc::clone(&self.cancel), Arc::clone(&self.view));
        if let Err(error) = spawn(folder, cancel, view, self.events.clone(), finished) {
            self.view.put(DownloadView::default());
            self.events.send(Event::Failure(format!("The download could not start: {error}")));
        }
    }

    /// Stops, keeping what has arrived.
    pub fn stop(&self) {
        self.cancel.store(true, Relaxed);
    }

    /// How far it has come.
    pub fn view(&self) -> Arc<DownloadView> {
        self.view.get()
    }
}

impl Drop for Downloader {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Downloads on a thread of its own.
fn spawn(
    folder: PathBuf,
    cancel: Arc<AtomicBool>,
    view: Arc<Slot<DownloadView>>,
    events: Events,
    finished: impl FnOnce(PathBuf) + Send + 'static,
) -> std::io::Result<()> {
    cancel.store(false, Relaxed);
    view.put(DownloadView { running: true, ..DownloadView::default() });
    std::thread::Builder::new()
        .name("download".into())
        .spawn(move || {
            let mirrors: Vec<String> = MIRRORS.iter().map(|m| (*m).to_owned()).collect();
            let mut shown = std::time::Instant::now();
            let result = download(&folder, &mirrors, &Options::default(), &cancel, &mut |p| {
                if shown.elapsed().as_millis() >= 50 {
                    shown = std::time::Instant::now();
                    view.put(DownloadView {
                        running: true,
                        file: p.file.to_owned(),
                        done: p.bytes,
                        total: p.total_bytes,
                    });
                    events.wake();
                }
            });
            view.put(DownloadView::default());
            match result {
                Ok(()) => {
                    events.send(Event::Notice("MNIST is here, complete and checked.".into()));
                    finished(folder);
                }
                Err(_) if cancel.load(Relaxed) => events.send(Event::Notice(
                    "Download stopped. What had arrived is kept; the next try goes on from there."
                        .into(),
                )),
                Err(error) => events.send(Event::Failure(error.to_string())),
            }
        })
        .map(|_| ())
}
