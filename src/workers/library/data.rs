//! Data sets of the user's own: listed, read, looked at, kept, loaded, removed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::{Librarian, Loading};
use crate::core::text::grouped;
use crate::data::orient::Orientation;
use crate::data::own::store::{self, About};
use crate::data::own::{Options, OwnError, mine};
use crate::data::{ClassNames, PIXELS, mnist};
use crate::workers::events::Event;
use crate::workers::own::{Proposal, propose};

/// Time between two views of how far reading is.
const SHOW_EVERY: Duration = Duration::from_millis(100);
/// Threads that look whether digits lie turned.
const THREADS: usize = 1;

/// A job that concerns data sets of the user's own.
pub enum DataJob {
    /// List them.
    List,
    /// Load the one of this id.
    Load(String),
    /// A folder was dropped: MNIST's is used as such, any other is read.
    Folder(PathBuf),
    /// Read a set and look at it.
    Read { path: PathBuf, scale: bool },
    /// Forget what was read.
    Drop,
    /// Keep what was read, under this name, with these names of its classes, turned.
    Keep { name: String, classes: Vec<String>, turn: Orientation },
    /// Remove a set.
    Remove(String),
    /// Write one as IDX files to a folder.
    Export { id: String, folder: PathBuf },
    /// Keep a digit among the user's own.
    KeepDigit { image: Box<[u8; PIXELS]>, label: u8 },
    /// Take the last of them away.
    TakeBackDigit,
}

impl DataJob {
    /// Whether something is to be on disk afterwards.
    pub(super) fn writes(&self) -> bool {
        match self {
            Self::Keep { .. }
            | Self::Remove(_)
            | Self::Export { .. }
            | Self::KeepDigit { .. }
            | Self::TakeBackDigit => true,
            Self::List | Self::Load(_) | Self::Folder(_) | Self::Read { .. } | Self::Drop => false,
        }
    }
}

/// How far a set is that is to be added.
#[derive(Clone, Default)]
pub enum Adding {
    /// None is.
    #[default]
    Nothing,
    /// It is being read; pictures or files so far.
    Reading { path: PathBuf, done: usize },
    /// It can be looked at and kept.
    Ready(Arc<Proposal>),
    /// It could not be read.
    Failed(String),
}

/// Data sets of the user's own.
#[derive(Clone, Default)]
pub struct Own {
    /// All there are, by their names.
    pub sets: Arc<Vec<About>>,
    /// Those that were asked for.
    loaded: BTreeMap<String, Loading>,
    /// The one that is to be added.
    pub adding: Adding,
    /// The label of the digit that was kept last among the user's own, and how many there are
    /// since.
    pub kept: Option<(u8, usize)>,
}

impl Own {
    /// The set of this id, if it was asked for.
    pub fn loaded(&self, id: &str) -> &Loading {
        static UNKNOWN: Loading = Loading::Unknown;
        self.loaded.get(id).unwrap_or(&UNKNOWN)
    }

    /// What is known of the set of this id.
    pub fn find(&self, id: &str) -> Option<&About> {
        self.sets.iter().find(|about| about.id == id)
    }

    /// Digits among the user's own.
    pub fn my_digits(&self) -> usize {
        let parts = |a: &About| a.train.fingerprint.digits.max(a.test.fingerprint.digits);
        // Where there are too few, both parts are the same.
        self.find(mine::ID).map_or(0, |a| match a.train == a.test {
            true => parts(a),
            false => a.train.fingerprint.digits + a.test.fingerprint.digits,
        })
    }
}

impl Librarian {
    pub(super) fn data(&self, job: DataJob) {
        match job {
            DataJob::List => self.list_data(true),
            DataJob::Load(id) => self.load_own(&id),
            DataJob::Folder(path) if is_mnist(&path) => {
                self.events.send(Event::FolderChosen(path));
            }
            DataJob::Folder(path) => self.read_data(&path, false),
            DataJob::Read { path, scale } => self.read_data(&path, scale),
            DataJob::Drop => self.update(|l| l.own.adding = Adding::Nothing),
            DataJob::Keep { name, classes, turn } => self.keep_data(&name, &classes, turn),
            DataJob::Remove(id) => self.remove_data(&id),
            DataJob::Export { id, folder } => match store::export(&self.data_root, &id, &folder) {
                Ok(_) => self.events.send(Event::Exported(folder)),
                Err(error) => self.fail(format!("It was not exported: {}", sentence(&error))),
            },
            DataJob::KeepDigit { image, label } => self.keep_digit(&image, label),
            DataJob::TakeBackDigit => self.take_back_digit(),
        }
    }

    fn list_data(&self, tell_broken: bool) {
        let (sets, broken) = store::list(&self.data_root);
        self.update(|l| l.own.sets = Arc::new(sets));
        for error in broken.into_iter().filter(|_| tell_broken) {
            self.fail(format!("{} The other sets are listed.", sentence(&error)));
        }
    }

    fn load_own(&self, id: &str) {
        self.update(|l| drop(l.own.loaded.insert(id.to_owned(), Loading::Busy)));
        let loading = match store::load(&self.data_root, id) {
            Ok(split) => Loading::Ready(split),
            Err(error) => Loading::Failed(error.to_string()),
        };
        self.update(|l| drop(l.own.loaded.insert(id.to_owned(), loading)));
    }

    fn read_data(&self, path: &Path, scale: bool) {
        self.stop.store(false, Relaxed);
        let reading = |done| Adding::Reading { path: path.into(), done };
        self.update(|l| l.own.adding = reading(0));
        let mut shown = Instant::now();
        let go = &mut |done: usize, _: usize| {
            if shown.elapsed() >= SHOW_EVERY {
                shown = Instant::now();
                self.update(|l| l.own.adding = reading(done));
            }
            !(self.quit.load(Relaxed) || self.stop.load(Relaxed))
        };
        let options = Options { classes: None, scale };
        let read = propose(path, &options, THREADS, go);
        let stopped = self.stop.load(Relaxed);
        self.update(|l| {
            l.own.adding = match read {
                Ok(proposal) => Adding::Ready(Arc::new(proposal)),
                Err(_) if stopped => Adding::Nothing,
                Err(error) => Adding::Failed(error),
            };
        });
    }

    fn keep_data(&self, name: &str, classes: &[String], turn: Orientation) {
        let Adding::Ready(proposal) = self.out.get().own.adding.clone() else { return };
        let keep = || -> Result<About, OwnError> {
            let id = store::free_id(&self.data_root, name)?;
            let found = proposal.found.clone().called(&ClassNames::new(classes)?)?;
            let found = if turn.is_none() { found } else { found.turned(turn) };
            store::keep(&self.data_root, &id, name, &found)
        };
        match keep() {
            Ok(about) => {
                self.update(|l| {
                    l.own.adding = Adding::Nothing;
                    l.own.loaded.remove(&about.id);
                });
                self.list_data(false);
                self.load_own(&about.id);
                self.events.send(Event::Notice(format!(
                    "{} was added: {} training and {} test pictures. Train has it among the data sets.",
                    about.name,
                    grouped(about.train.fingerprint.digits as u64),
                    grouped(about.test.fingerprint.digits as u64)
                )));
            }
            Err(error) => self.fail(format!("It was not kept: {}", sentence(&error))),
        }
    }

    fn remove_data(&self, id: &str) {
        if let Err(error) = store::remove(&self.data_root, id) {
            self.fail(sentence(&error));
        } else {
            let gone = Loading::Failed("This data set was removed".into());
            self.update(|l| drop(l.own.loaded.insert(id.to_owned(), gone)));
        }
        self.list_data(false);
    }

    fn keep_digit(&self, image: &[u8; PIXELS], label: u8) {
        match mine::add(&self.data_root, image, label) {
            Ok(count) => self.update(|l| l.own.kept = Some((label, count))),
            Err(error) => {
                return self.fail(format!("The digit was not kept: {}", sentence(&error)));
            }
        }
        self.renew_my_digits();
    }

    fn take_back_digit(&self) {
        match mine::take_back(&self.data_root) {
            Ok(Some((label, left))) => {
                self.update(|l| l.own.kept = None);
                self.events.send(Event::Notice(format!(
                    "The last {label} was taken out of My digits; {left} are left."
                )));
            }
            Ok(None) => {}
            Err(error) => return self.fail(sentence(&error)),
        }
        self.renew_my_digits();
    }

    /// Lists the sets anew, and loads the user's own digits again if they were.
    fn renew_my_digits(&self) {
        self.list_data(false);
        if !matches!(self.out.get().own.loaded(mine::ID), Loading::Unknown) {
            self.load_own(mine::ID);
        }
    }
}

/// An error as a sentence of its own.
fn sentence(error: &OwnError) -> String {
    format!("{}.", error.to_string().trim_end_matches('.'))
}

/// Whether a folder's test labels are MNIST's: other sets' files have the same names.
fn is_mnist(folder: &Path) -> bool {
    let file = &mnist::FILES[3];
    let labels = file.locate(folder);
    labels.is_some_and(|path| mnist::content_sha256(&path).is_ok_and(|sha| sha == file.sha256))
}
