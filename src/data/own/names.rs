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
/// labels to characters.
///
/// # Errors
/// When there is such a file that cannot be used: whoever put it there wants it to be used.
pub(super) fn find(folder: &Path, prefix: &str) -> Result<Option<(ClassNames, String)>, OwnError> {
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
        let names = if maps { mapped(&lines) } else { None };
        // A mapping of other labels, as of EMNIST's letters, says nothing about these.
        if maps && names.is_none() {
            continue;
        }
        let names = names.unwrap_or_else(|| lines.iter().map(|l| (*l).to_owned()).collect());
        return Ok(Some((ClassNames::new(&names)?, name)));
    }
    Ok(None)
}

/// Lines of `label code`, or `label code code` for both cases of a letter; `None` if they are
/// something else. The labels have to be 0, 1, 2 … in order.
fn mapped(lines: &[&str]) -> Option<Vec<String>> {
    let one = |(i, line): (usize, &&str)| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let label = numbers.next()?.ok()?;
        let code = numbers.next()?.ok()?;
        let letter = char::from_u32(code).filter(|c| !c.is_control() && !c.is_whitespace())?;
        (label as usize == i).then(|| letter.to_string())
    };
    lines.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_mappings_are_read() {
        let dir = tempfile::tempdir().unwrap();
        assert!(find(dir.path(), "").unwrap().is_none());
        std::fs::write(dir.path().join("emnist-digits-mapping.txt"), "0 48\n1 49\n2 50\n").unwrap();
        let (names, from) = find(dir.path(), "emnist-digits").unwrap().unwrap();
        assert_eq!(
            (names.all(), &from[..]),
            (["0", "1", "2"].map(String::from).to_vec(), "emnist-digits-mapping.txt")
        );
        assert!(find(dir.path(), "").unwrap().is_none());
        std::fs::write(dir.path().join("classes.txt"), "\u{feff}T-shirt\r\nTrouser\r\n\r\n")
            .unwrap();
        let (names, _) = find(dir.path(), "emnist-digits").unwrap().unwrap();
        assert_eq!(names.all(), ["T-shirt", "Trouser"]);
        std::fs::write(dir.path().join("classes.txt"), "a\n".repeat(26)).unwrap();
        assert!(find(dir.path(), "").unwrap_err().to_string().contains("26 names"));
        std::fs::write(dir.path().join("classes.txt"), [0xFF, 0xFE, 0]).unwrap();
        assert!(find(dir.path(), "").unwrap_err().to_string().contains("not text"));
    }
}
