//! The lessons there are: the bundled ones, and those in the user's own folder.

use std::path::{Path, PathBuf};

use super::Lesson;
use super::read::{MOST_BYTES, Problem, read};
use crate::core::files::read_text;

/// Files of the user's own folder that are looked at.
const MOST_FILES: usize = 200;

macro_rules! lesson {
    ($id:literal) => {
        ($id, include_str!(concat!("../../lessons/", $id, ".md")))
    };
}

/// The bundled lessons, in their order: id and text.
pub const BUNDLED: &[(&str, &str)] = &[
    lesson!("01-ensembles"),
    lesson!("02-dropout-and-the-gap"),
    lesson!("03-an-image-as-time"),
    lesson!("04-receptive-fields"),
    lesson!("05-threshold-and-weight"),
    lesson!("06-stdp"),
    lesson!("07-rate-is-relu"),
    lesson!("08-what-is-wrong-with-backprop"),
    lesson!("09-digits-learnt-by-spikes"),
    lesson!("10-bengios-rule-and-dreams"),
    lesson!("11-how-close"),
];

/// Where a lesson is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Its id.
    Bundled(&'static str),
    /// Its file.
    Own(PathBuf),
}

impl Origin {
    /// The lesson's id: the file's name without its extension.
    pub fn id(&self) -> String {
        match self {
            Self::Bundled(id) => (*id).to_owned(),
            Self::Own(file) => id(file),
        }
    }
}

/// A lesson, or what is wrong with its file.
pub type Found = Result<Lesson, Vec<Problem>>;

/// The folder for lessons of one's own, within the user's data folder.
pub fn own_folder(home: &Path) -> PathBuf {
    home.join("lessons")
}

/// All lessons: the bundled ones in their order, then those in the folder `own` (`*.md`),
/// sorted by name. A folder that is not there holds none.
pub fn all(own: &Path) -> Vec<(Origin, Found)> {
    let bundled = BUNDLED.iter().map(|(id, text)| (Origin::Bundled(id), read(id, text)));
    let own = files(own).into_iter().map(|file| {
        let found = open(&file);
        (Origin::Own(file), found)
    });
    bundled.chain(own).collect()
}

/// Reads a lesson from a file.
///
/// # Errors
/// What is wrong with it.
pub fn open(file: &Path) -> Found {
    let text = read_text(file, MOST_BYTES)
        .map_err(|error| vec![Problem::new(0, format!("it could not be read: {error}"))])?;
    read(&id(file), &text)
}

/// The file's name without its extension.
fn id(file: &Path) -> String {
    file.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let markdown = |file: &PathBuf| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("md"));
    let names = entries.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut files: Vec<PathBuf> = names.filter(markdown).take(MOST_FILES).collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_lessons_are_sound_and_in_order() {
        let ids: Vec<&str> = BUNDLED.iter().map(|b| b.0).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        for (id, text) in BUNDLED {
            if let Err(problems) = read(id, text) {
                let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
                panic!("lessons/{id}.md:\n{}", problems.join("\n"));
            }
        }
    }

    #[test]
    fn own_lessons_are_sorted_and_bad_ones_say_why() {
        let folder = tempfile::tempdir().unwrap();
        let good = "# T\nminutes: 5\ngoal: G.\n## Look: A\nscene: draw\n";
        std::fs::write(folder.path().join("b.md"), good).unwrap();
        std::fs::write(folder.path().join("a.md"), "nothing").unwrap();
        std::fs::write(folder.path().join("c.md"), [0xff, 0xfe]).unwrap();
        std::fs::write(folder.path().join("note.txt"), good).unwrap();
        std::fs::create_dir(folder.path().join("d.md")).unwrap();
        let found = all(folder.path());
        let own = &found[BUNDLED.len()..];
        let ids: Vec<String> = own.iter().map(|f| f.0.id()).collect();
        assert_eq!(ids, ["a", "b", "c", "d"]);
        let well: Vec<bool> = own.iter().map(|f| f.1.is_ok()).collect();
        assert_eq!(well, [false, true, false, false]);
        assert!(own[2].1.as_ref().unwrap_err()[0].text.contains("not text"));
        assert_eq!(all(&folder.path().join("missing")).len(), BUNDLED.len());
    }
}
