//! What classes are called, from files beside the pictures.

use std::path::Path;

use super::OwnError;
use crate::core::files::read_text;
use crate::data::classes::ClassNames;

/// Files with a name in each line, in the order of the labels.
const LISTS: [&str; 3] = ["classes.txt", "labels.txt", "class_names.txt"];
/// Larger files are no lists of names.
const MOST_BYTES: u64 = 64 << 10;

/// The names beside a data set, and the file that they are from: a list, or EMNIST's mapping of
/// labels to characters. `labels` are those of the files, in order, where the classes were
/// numbered anew.
///
/// # Errors
/// When there is such a file that cannot be used: whoever put it there wants it to be used.
pub(super) fn find(
    folder: &Path,
    prefix: &str,
    labels: Option<&[usize]>,
) -> Result<Option<(ClassNames, String)>, OwnError> {
    let mapping = match prefix {
        "" => "mapping.txt".to_owned(),
        prefix => format!("{prefix}-mapping.txt"),
    };
    let lists = LISTS.iter().map(|name| ((*name).to_owned(), false));
    for (name, maps) in lists.chain([(mapping, true)]) {
        let path = folder.join(&name);
        if !path.is_file() {
            continue;
        }
        let text = read_text(&path, MOST_BYTES).map_err(|e| OwnError::read(&path, e))?;
        let lines = text.trim_start_matches('\u{feff}').lines();
        let lines: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
        let names = if maps { mapped(&lines, labels) } else { None };
        // A mapping of other labels says nothing about these.
        if maps && names.is_none() {
            continue;
        }
        let names = names.unwrap_or_else(|| listed(&lines, labels));
        return Ok(Some((ClassNames::new(&names)?, name)));
    }
    Ok(None)
}

/// Names in the order of the labels. Where the classes were numbered anew and there is a name
/// for each number up to the highest label, those of the labels that occur.
fn listed(lines: &[&str], labels: Option<&[usize]>) -> Vec<String> {
    let all = || lines.iter().map(|line| (*line).to_owned()).collect();
    match labels {
        Some(labels) if lines.len() != labels.len() => {
            let picked: Option<Vec<String>> =
                labels.iter().map(|label| lines.get(*label).map(|l| (*l).to_owned())).collect();
            picked.unwrap_or_else(all)
        }
        _ => all(),
    }
}

/// Lines of `label code`, or `label code code` for both cases of a letter; `None` if they are
/// something else. The labels have to be 0, 1, 2 … in order, or have each of `labels`, as those
/// of EMNIST's letters, which begin with 1.
fn mapped(lines: &[&str], labels: Option<&[usize]>) -> Option<Vec<String>> {
    let one = |line: &&str| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let label = numbers.next()?.ok()?;
        let code = numbers.next()?.ok()?;
        let letter = char::from_u32(code).filter(|c| !c.is_control() && !c.is_whitespace())?;
        Some((label as usize, letter.to_string()))
    };
    let all: Vec<(usize, String)> = lines.iter().map(one).collect::<Option<_>>()?;
    let name =
        |label: &usize| all.iter().find(|(of, _)| of == label).map(|(_, letter)| letter.clone());
    match labels {
        Some(labels) => labels.iter().map(name).collect(),
        None => {
            let whole = all.iter().enumerate().all(|(i, (label, _))| *label == i);
            whole.then(|| all.into_iter().map(|(_, letter)| letter).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_mappings_are_read() {
        let dir = tempfile::tempdir().unwrap();
        assert!(find(dir.path(), "", None).unwrap().is_none());
        std::fs::write(dir.path().join("emnist-digits-mapping.txt"), "0 48\n1 49\n2 50\n").unwrap();
        let (names, from) = find(dir.path(), "emnist-digits", None).unwrap().unwrap();
        assert_eq!(
            (names.all(), &from[..]),
            (["0", "1", "2"].map(String::from).to_vec(), "emnist-digits-mapping.txt")
        );
        assert!(find(dir.path(), "", None).unwrap().is_none());
        std::fs::write(dir.path().join("classes.txt"), "\u{feff}T-shirt\r\nTrouser\r\n\r\n")
            .unwrap();
        let (names, _) = find(dir.path(), "emnist-digits", None).unwrap().unwrap();
        assert_eq!(names.all(), ["T-shirt", "Trouser"]);
        std::fs::write(dir.path().join("classes.txt"), "a\n".repeat(48)).unwrap();
        assert!(find(dir.path(), "", None).unwrap_err().to_string().contains("48 names"));
        std::fs::write(dir.path().join("classes.txt"), [0xFF, 0xFE, 0]).unwrap();
        assert!(find(dir.path(), "", None).unwrap_err().to_string().contains("not text"));
    }

    #[test]
    fn letters_that_begin_with_one_have_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let labels: Vec<usize> = (1..=26).collect();
        let lines = (1..=26).map(|n| format!("{n} {} {}\n", n + 64, n + 96));
        let at = dir.path().join("emnist-letters-mapping.txt");
        std::fs::write(&at, lines.collect::<String>()).unwrap();
        let found = |labels: &[usize]| find(dir.path(), "emnist-letters", Some(labels)).unwrap();
        let (names, _) = found(&labels).unwrap();
        assert_eq!(Some(names), ClassNames::known("emnist-letters"));
        assert!(found(&[0, 12]).is_none(), "no name for 0");
        // Of a list, those that occur.
        let list: String = (0..20).map(|n| format!("name {n}\n")).collect();
        std::fs::write(dir.path().join("classes.txt"), list).unwrap();
        assert_eq!(found(&[3, 12]).unwrap().0.all(), ["name 3", "name 12"]);
    }
}
