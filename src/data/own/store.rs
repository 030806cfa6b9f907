//! Data sets of the user's own on disk: `data/<id>/` in the user's data folder, with four IDX
//! files and what is known of them.
//!
//! ```text
//! data/fashion-mnist/
//!   about.json                 About
//!   train-images-idx3-ubyte    and the three others
//! ```
//! A set is put together in a hidden folder that gets its name at the end, so that whoever
//! looks finds it whole or not at all.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Found, OwnError, by_class, id_of, is_id, mine};
use crate::core::clock::unix_seconds;
use crate::core::files::{read_limited, write_bytes};
use crate::data::classes::ClassNames;
use crate::data::dataset::Fingerprint;
use crate::data::mnist::FILES;
use crate::data::orient::Orientation;
use crate::data::registry::Split;
use crate::data::{Dataset, MOST_CLASSES, idx};

/// More sets than these are not kept.
pub const MOST_SETS: usize = 100;
/// The largest `about.json` that is read.
const MOST_BYTES: u64 = 256 << 10;
/// Longest text that is kept about a set, characters.
const LONGEST: usize = 2000;
const ABOUT: &str = "about.json";
/// What the names of hidden folders begin with.
const ADDING: &str = ".adding-";
/// A hidden folder as old as this is nobody's any more: the largest set is written in minutes.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);
/// Classes that are named in a sentence about a set.
const NAMED: usize = 12;

/// What is known of a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// What is typed and stored with runs; the name of its folder.
    pub id: String,
    /// What is shown.
    pub name: String,
    /// What its classes are called.
    #[serde(default)]
    pub classes: ClassNames,
    /// Where it was read from.
    #[serde(default)]
    pub source: String,
    /// How its pictures were turned when it was added.
    #[serde(default)]
    pub orientation: Orientation,
    /// Whether the test part was held out, since the source has none.
    #[serde(default)]
    pub held_out: bool,
    /// What was left out and what was assumed.
    #[serde(default)]
    pub notes: Vec<String>,
    /// When it was added, seconds since 1970.
    #[serde(default)]
    pub added_unix: u64,
    /// The pictures to learn from.
    pub train: Part,
    /// The pictures to be tested on.
    pub test: Part,
}

/// One part of a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// How many pictures of each class.
    pub by_class: Vec<usize>,
    /// Which ones.
    pub fingerprint: Fingerprint,
}

impl Part {
    fn of(data: &Dataset) -> Self {
        let by_class = by_class(data)[..data.classes().count()].to_vec();
        Self { by_class, fingerprint: data.fingerprint(data.len()) }
    }
}

impl About {
    /// A sentence for lists: how many pictures of what, and from where.
    pub fn doc(&self) -> String {
        use crate::core::text::grouped;
        let [train, test] = [&self.train, &self.test].map(|p| grouped(p.fingerprint.digits as u64));
        let of = if self.classes.is_digits() {
            "digits".to_owned()
        } else {
            format!("pictures of {} classes ({})", self.classes.count(), self.classes.brief(NAMED))
        };
        format!(
            "{train} training and {test} test {of}; from {}.",
            self.source.trim_end_matches('.')
        )
    }

    /// What no set of ours says of itself, if anything.
    fn check(&self, id: &str) -> Result<(), String> {
        let texts = self.notes.iter().chain([&self.name, &self.source]);
        let sound = self.id == id
            && is_id(id)
            && !self.name.trim().is_empty()
            && texts.map(|t| t.chars().count()).max() <= Some(LONGEST)
            && self.notes.len() <= 100
            && [&self.train, &self.test].iter().all(|p| p.by_class.len() <= MOST_CLASSES);
        if sound { Ok(()) } else { Err("its about.json is not as Spikescope writes it".into()) }
    }
}

/// The folder of a set.
fn folder_of(root: &Path, id: &str) -> Result<PathBuf, OwnError> {
    if is_id(id) {
        Ok(root.join(id))
    } else {
        Err(OwnError::Unknown(id.chars().take(80).collect()))
    }
}

/// What is known of the set of this id below `root`.
///
/// # Errors
/// [`OwnError::Unknown`] or [`OwnError::Broken`].
pub fn about(root: &Path, id: &str) -> Result<About, OwnError> {
    let folder = folder_of(root, id)?;
    if id == mine::ID {
        return mine::about(root);
    }
    let broken = |reason: String| OwnError::Broken { id: id.into(), reason };
    let bytes = match read_limited(&folder.join(ABOUT), MOST_BYTES) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && !folder.exists() => {
            return Err(OwnError::Unknown(id.into()));
        }
        read => read.map_err(|e| broken(format!("its about.json could not be read ({e})")))?,
    };
    let about: About = serde_json::from_slice(&bytes)
        .map_err(|e| broken(format!("its about.json cannot be understood ({e})")))?;
    about.check(id).map_err(broken)?;
    Ok(about)
}

/// All sets below `root`, by their names, and what is wrong with those that cannot be used.
pub fn list(root: &Path) -> (Vec<About>, Vec<OwnError>) {
    let Ok(entries) = std::fs::read_dir(root) else { return Default::default() };
    let (mut sets, mut broken) = (Vec::new(), Vec::new());
    for entry in entries.flatten().take(10 * MOST_SETS) {
        let Ok(id) = entry.file_name().into_string() else { continue };
        if !is_id(&id) || !entry.path().is_dir() {
            continue;
        }
        match about(root, &id) {
            Ok(about) => sets.push(about),
            // Nothing has been kept among the user's own digits.
            Err(OwnError::Unknown(_)) => {}
            Err(error) => broken.push(error),
        }
    }
    sets.sort_by_key(|about| (about.name.to_lowercase(), about.id.clone()));
    (sets, broken)
}

/// An id that is free for a set of this name: with a number, if the name is taken.
///
/// # Errors
/// [`OwnError::BadName`]; [`OwnError::Full`].
pub fn free_id(root: &Path, name: &str) -> Result<String, OwnError> {
    let base = id_of(name)?;
    let taken = |id: &str| root.join(id).exists() || id == mine::ID;
    if !taken(&base) {
        return Ok(base);
    }
    let numbered = |n: usize| {
        let end = format!("-{n}");
        let base: String = base.chars().take(super::LONGEST_ID - end.len()).collect();
        base.trim_end_matches('-').to_owned() + &end
    };
    (2..=MOST_SETS + 2).map(numbered).find(|id| !taken(id)).ok_or(OwnError::Full(MOST_SETS))
}

/// Keeps a set that was read under `name`.
///
/// # Errors
/// [`OwnError::Taken`] and others; then nothing is there that was not before.
pub fn keep(root: &Path, id: &str, name: &str, found: &Found) -> Result<About, OwnError> {
    let folder = folder_of(root, id).map_err(|_| OwnError::BadName(id.into()))?;
    if id == mine::ID {
        return Err(OwnError::BadName(id.into()));
    }
    if folder.exists() {
        return Err(OwnError::Taken { id: id.into() });
    }
    if list(root).0.len() >= MOST_SETS {
        return Err(OwnError::Full(MOST_SETS));
    }
    let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let about = About {
        id: id.into(),
        name: name.trim().chars().filter(|c| !c.is_control()).take(60).collect(),
        classes: found.classes().clone(),
        source: cut(&found.source),
        orientation: found.orientation,
        held_out: found.held_out,
        notes: found.notes.iter().map(|note| cut(note)).collect(),
        added_unix: unix_seconds(),
        train: Part::of(&found.train),
        test: Part::of(&found.test),
    };
    about.check(id).map_err(|_| OwnError::BadName(name.chars().take(80).collect()))?;
    let failed = |done, source| OwnError::Folder { path: folder.clone(), done, source };
    std::fs::create_dir_all(root).map_err(|e| failed("made", e))?;
    sweep(root, ABANDONED);
    let hidden =
        tempfile::Builder::new().prefix(ADDING).tempdir_in(root).map_err(|e| failed("made", e))?;
    write_parts(hidden.path(), &found.train, &found.test)?;
    let text = serde_json::to_vec_pretty(&about).map_err(|e| failed("written", e.into()))?;
    write_bytes(&hidden.path().join(ABOUT), &text)?;
    readable(hidden.path());
    std::fs::rename(hidden.path(), &folder).map_err(|e| failed("put in its place", e))?;
    // It has gone where it belongs.
    let _ = hidden.keep();
    Ok(about)
}

/// Removes folders of sets that were being added when the program was killed, if they were made
/// so long ago.
fn sweep(root: &Path, age: Duration) {
    let old = |entry: &std::fs::DirEntry| {
        let modified = entry.metadata().ok().filter(std::fs::Metadata::is_dir)?.modified().ok()?;
        Some(modified.elapsed().is_ok_and(|a| a >= age))
    };
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(ADDING);
        if ours && old(&entry) == Some(true) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Temporary folders are for their owner alone; a data set is as public as other files.
fn readable(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755));
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Writes both parts as MNIST's four files.
fn write_parts(folder: &Path, train: &Dataset, test: &Dataset) -> Result<(), OwnError> {
    let at = |n: usize| folder.join(FILES[n].name);
    idx::write_pair(train, &at(0), &at(1))?;
    idx::write_pair(test, &at(2), &at(3))?;
    Ok(())
}

/// Loads a set.
///
/// # Errors
/// [`OwnError::Unknown`]; [`OwnError::Broken`], also when its pictures are not those that were
/// added.
pub fn load(root: &Path, id: &str) -> Result<Split, OwnError> {
    if id == mine::ID {
        return mine::load(root);
    }
    let about = about(root, id)?;
    let folder = folder_of(root, id)?;
    let broken = |reason: String| OwnError::Broken { id: id.into(), reason };
    let read = |n: usize, which: &str, part: &Part| {
        let (images, labels) = (folder.join(FILES[n].name), folder.join(FILES[n + 1].name));
        let data = idx::load_classes(&images, &labels, &format!("{id}-{which}"))
            .map_err(|e| broken(e.to_string().trim_end_matches('.').to_owned()))?;
        if let Some(how) = part.fingerprint.differs(&data.fingerprint(data.len())) {
            return Err(broken(format!("its {which} part has been changed: {how}")));
        }
        if data.labels().iter().any(|l| usize::from(*l) >= about.classes.count()) {
            return Err(broken("there are labels beyond its classes".into()));
        }
        Ok(Arc::new(data.called(about.classes.clone())))
    };
    let test = read(2, "test", &about.test)?;
    let train = read(0, "train", &about.train)?;
    Ok(Split { train, test })
}

/// Removes a set.
///
/// # Errors
/// [`OwnError::Unknown`]; when it cannot be removed.
pub fn remove(root: &Path, id: &str) -> Result<(), OwnError> {
    let folder = folder_of(root, id)?;
    // Only what is one of ours: an about.json, broken or not, or the user's own digits.
    let ours = folder.join(ABOUT).exists() || mine::file(root).exists() && id == mine::ID;
    if !ours {
        return Err(OwnError::Unknown(id.into()));
    }
    let failed = |source| OwnError::Folder { path: folder.clone(), done: "removed", source };
    // Hidden first: what is half removed is no set any more.
    let hidden = root.join(format!(".removing-{id}-{}", std::process::id()));
    std::fs::rename(&folder, &hidden).map_err(failed)?;
    std::fs::remove_dir_all(&hidden).map_err(failed)
}

/// Writes a set as four IDX files and a list of its classes to another folder; gives their
/// paths.
///
/// # Errors
/// As [`load`]; when a file cannot be written.
pub fn export(root: &Path, id: &str, to: &Path) -> Result<Vec<PathBuf>, OwnError> {
    let split = load(root, id)?;
    let classes = to.join("classes.txt");
    // Whatever is there under one of these names is somebody's: MNIST's files have the same.
    let files = FILES.iter().map(|file| to.join(file.name)).chain([classes.clone()]);
    if let Some(there) = files.into_iter().find(|path| path.exists()) {
        let source = std::io::Error::new(
            std::io::ErrorKind::AlreadyExists,
            format!("there is a {} already; choose another folder", there.display()),
        );
        return Err(OwnError::Folder { path: to.into(), done: "written to", source });
    }
    write_parts(to, &split.train, &split.test)?;
    write_bytes(&classes, (split.train.classes().all().join("\n") + "\n").as_bytes())?;
    Ok(FILES.iter().map(|file| to.join(file.name)).chain([classes]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_killed_program_left_is_swept() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        for name in [".adding-left", "letters"] {
            std::fs::create_dir(at(name)).unwrap();
            std::fs::write(at(name).join("labels"), "1").unwrap();
        }
        sweep(root.path(), ABANDONED);
        assert!(at(".adding-left").exists(), "somebody may be at it");
        sweep(root.path(), Duration::ZERO);
        assert!(!at(".adding-left").exists() && at("letters").exists());
    }
}
