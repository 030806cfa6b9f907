//! Tables with a label and 784 pixels in each line, as Kaggle's digit recogniser has them.
//!
//! `label,pixel0,…,pixel783` with or without the heading; the label first or last; numbers from
//! 0 to 255, separated by commas, semicolons or tabs; gzipped or not.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::folders::Listing;
use super::parts::{Part, Raw};
use super::{Go, OwnError};
use crate::core::files::open_regular;
use crate::data::gzip::{self, Gunzip};
use crate::data::idx::MOST_ITEMS;
use crate::data::{CLASSES, MOST_CLASSES, PIXELS};

/// Columns: the label and the pixels.
const COLUMNS: usize = PIXELS + 1;
/// Longest line, bytes: each number may have some blanks or decimals around it.
const LONGEST_LINE: usize = 32 << 10;
/// What headings call labels.
const LABELS: [&str; 5] = ["label", "class", "target", "digit", "y"];
/// Lines between two looks at whether to go on.
const LOOK_EVERY: usize = 1000;

/// Tables that belong together.
#[derive(Debug)]
pub(super) struct Tables {
    pub train: PathBuf,
    pub test: Option<PathBuf>,
}

/// The tables in a folder: `train.csv` and `test.csv`, or names that contain these; or the only
/// one.
pub(super) fn in_folder(_: &Path, listing: &Listing) -> Option<Tables> {
    let tables: Vec<(&PathBuf, String)> = listing
        .files
        .iter()
        .map(|f| (f, f.file_name().unwrap_or_default().to_string_lossy().to_lowercase()))
        .filter(|(_, name)| name.ends_with(".csv") || name.ends_with(".csv.gz"))
        .collect();
    let with = |word: &str| tables.iter().find(|(_, n)| n.contains(word)).map(|t| t.0.clone());
    match (with("train"), &tables[..]) {
        (Some(train), _) => Some(Tables { train, test: with("test") }),
        (None, [only]) => Some(Tables { train: only.0.clone(), test: None }),
        _ => None,
    }
}

/// Reads the tables. A test table without labels, as Kaggle has it, is left out.
///
/// # Errors
/// [`OwnError`], with the line where something is wrong.
pub(super) fn load(tables: &Tables, go: Go<'_>) -> Result<Raw, OwnError> {
    let mut notes = Vec::new();
    let train = table(&tables.train, go)?;
    let test = match tables.test.as_ref().map(|path| table(path, go)) {
        None => None,
        Some(Err(OwnError::NoLabels { path })) => {
            notes.push(format!("{} has no labels and was left out.", path.display()));
            None
        }
        Some(read) => Some(read?),
    };
    let beside = tables.train.parent().unwrap_or(Path::new("")).to_path_buf();
    let prefix = String::new();
    Ok(Raw { train, test, beside, prefix, names: None, kind: "CSV", notes })
}

/// Reads one table.
pub(super) fn table(path: &Path, go: Go<'_>) -> Result<Part, OwnError> {
    let cannot = |e| OwnError::read(path, e);
    let mut file = BufReader::with_capacity(1 << 16, open_regular(path).map_err(cannot)?);
    let packed = file.fill_buf().map_err(cannot)?.starts_with(&gzip::MAGIC);
    if packed {
        parse(path, BufReader::with_capacity(1 << 16, Gunzip::new(file)), go)
    } else {
        parse(path, file, go)
    }
}

/// Where the label stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Last,
}

fn parse(path: &Path, mut reader: impl BufRead, go: Go<'_>) -> Result<Part, OwnError> {
    let wrong = |line, problem| OwnError::Csv { path: path.into(), line, problem };
    let mut rows: Vec<u8> = Vec::new();
    let (mut line, mut number, mut place, mut separator) = (Vec::new(), 0, None, b',');
    loop {
        line.clear();
        let most = LONGEST_LINE as u64 + 1;
        let read = (&mut reader).take(most).read_until(b'\n', &mut line);
        if read.map_err(|e| OwnError::read(path, e))? == 0 {
            break;
        }
        number += 1;
        if line.len() > LONGEST_LINE {
            let what = "the line is far longer than 785 numbers need. Choose a table of numbers";
            return Err(wrong(number, what.into()));
        }
        let text = std::str::from_utf8(&line)
            .map_err(|_| wrong(number, "this is no text, so it is no CSV".into()))?;
        let text = if number == 1 { text.trim_start_matches('\u{feff}') } else { text };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.trim().is_empty() {
            // A few kilobytes may unpack to any number of them.
            if number.is_multiple_of(LOOK_EVERY) && !go(rows.len() / COLUMNS, 0) {
                return Err(OwnError::Stopped);
            }
            continue;
        }
        if number == 1 {
            separator = separates(text);
            let cells: Vec<&str> = text.split(char::from(separator)).map(bare).collect();
            let words = cells.iter().filter(|cell| cell.parse::<f64>().is_err()).count();
            if words * 2 > cells.len() {
                columns(path, cells.len(), number)?;
                place = heading(&cells);
                continue;
            }
        }
        if rows.len() >= MOST_ITEMS as usize * COLUMNS {
            return Err(OwnError::items(path));
        }
        let before = rows.len();
        for (column, cell) in text.split(char::from(separator)).enumerate() {
            if column < COLUMNS {
                rows.push(
                    value(bare(cell))
                        .map_err(|why| wrong(number, format!("column {} {why}", column + 1)))?,
                );
            } else {
                let found = text.split(char::from(separator)).count();
                return columns(path, found, number).map(|()| Part::default());
            }
        }
        columns(path, rows.len() - before, number)?;
        let done = rows.len() / COLUMNS;
        if done.is_multiple_of(LOOK_EVERY) && !go(done, 0) {
            return Err(OwnError::Stopped);
        }
    }
    if rows.is_empty() {
        return Err(wrong(number.max(1), "there is no line with numbers in it".into()));
    }
    let place = match place {
        Some(place) => place,
        None => find_labels(&rows).ok_or_else(|| {
            let why = "neither the first nor the last column holds labels (whole numbers, at least two different ones and no more than ten). Give the columns a heading with `label` in it";
            wrong(1, why.to_owned())
        })?,
    };
    Ok(split(&rows, place))
}

/// The separator: whichever occurs most in the first line.
fn separates(line: &str) -> u8 {
    let count = |c: u8| line.bytes().filter(|b| *b == c).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|c| count(*c)).unwrap_or(b',')
}

/// A cell without blanks and quotation marks.
fn bare(cell: &str) -> &str {
    cell.trim().trim_matches('"').trim()
}

/// Checks the number of columns; what is wrong with it is said.
fn columns(path: &Path, found: usize, line: usize) -> Result<(), OwnError> {
    let problem = match found {
        COLUMNS => return Ok(()),
        PIXELS => return Err(OwnError::NoLabels { path: path.into() }),
        n if n == COLUMNS + 1 => format!(
            "it has {n} columns, one too many: if the first is a running number, leave it out (pandas: to_csv(index=False))"
        ),
        n => format!(
            "it has {n} columns, and {COLUMNS} are needed: a label and the 784 pixels of a 28×28 picture"
        ),
    };
    Err(OwnError::Csv { path: path.into(), line, problem })
}

/// Where the heading says that the label is.
fn heading(cells: &[&str]) -> Option<Place> {
    let is = |cell: Option<&&str>| {
        cell.is_some_and(|c| LABELS.iter().any(|label| c.eq_ignore_ascii_case(label)))
    };
    match (is(cells.first()), is(cells.last())) {
        (true, _) => Some(Place::First),
        (false, true) => Some(Place::Last),
        (false, false) => None,
    }
}

/// A number from 0 to 255; decimals have to be zeros.
fn value(cell: &str) -> Result<u8, String> {
    let whole = match cell.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
        _ => cell,
    };
    if let Ok(value) = whole.parse::<u8>() {
        return Ok(value);
    }
    let shown: String = cell.chars().take(20).collect();
    Err(match cell.parse::<f64>() {
        Ok(n) if n.is_finite() && n > 0.0 && n < 1.0 => format!(
            "is {shown}, a fraction, and whole numbers from 0 to 255 are needed. Multiply the pixels by 255"
        ),
        Ok(_) => format!("is {shown}, and a whole number from 0 to 255 is needed"),
        Err(_) if cell.is_empty() => "is empty, and a number from 0 to 255 is needed".into(),
        Err(_) => format!("is “{shown}”, not a number from 0 to 255"),
    })
}

/// Which column holds the labels: few different values, where a corner of the pictures has one
/// or very many. If both could, the first, as Kaggle has it.
fn find_labels(rows: &[u8]) -> Option<Place> {
    let fits = |column: usize, most: usize| {
        let mut seen = [false; 256];
        rows.iter().skip(column).step_by(COLUMNS).for_each(|v| seen[usize::from(*v)] = true);
        let different = seen.iter().filter(|s| **s).count();
        (2..=most).contains(&different)
    };
    // A corner with nothing but black and white fits as well: labels stand close together.
    let near = |column: usize, most: usize| {
        rows.iter().skip(column).step_by(COLUMNS).all(|v| usize::from(*v) <= most)
    };
    let places = [(Place::First, 0), (Place::Last, COLUMNS - 1)];
    // Ten classes are more likely than forty-seven.
    [CLASSES, MOST_CLASSES].into_iter().find_map(|most| {
        let near = places.iter().find(|(_, at)| fits(*at, most) && near(*at, most));
        let found = near.or_else(|| places.iter().find(|(_, at)| fits(*at, most)));
        found.map(|(place, _)| *place)
    })
}

fn split(rows: &[u8], place: Place) -> Part {
    let count = rows.len() / COLUMNS;
    let mut part =
        Part { images: Vec::with_capacity(count * PIXELS), labels: Vec::with_capacity(count) };
    for row in rows.chunks_exact(COLUMNS) {
        let (label, pixels) = match place {
            Place::First => (row[0], &row[1..]),
            Place::Last => (row[PIXELS], &row[..PIXELS]),
        };
        part.labels.push(label);
        part.images.extend_from_slice(pixels);
    }
    part
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &[u8]) -> Result<Part, String> {
        parse(Path::new("t.csv"), text, &mut |_, _| true).map_err(|e| e.to_string())
    }

    /// Lines of a label and pixels that all have one value.
    fn lines(rows: &[(u8, u8)], last: bool) -> String {
        let line = |(label, pixel): &(u8, u8)| {
            let pixels = vec![pixel.to_string(); PIXELS].join(",");
            if last { format!("{pixels},{label}\n") } else { format!("{label},{pixels}\n") }
        };
        rows.iter().map(line).collect()
    }

    fn headed(first: &str) -> String {
        let pixels: Vec<String> = (0..PIXELS).map(|i| format!("pixel{i}")).collect();
        format!("{first},{}\n", pixels.join(","))
    }

    #[test]
    fn the_label_is_found_first_or_last_with_and_without_a_heading() {
        let rows = [(3, 200), (1, 0), (3, 17)];
        for text in [
            lines(&rows, false),
            headed("label") + &lines(&rows, false),
            lines(&rows, true),
            lines(&rows, true).replace(',', ";"),
            lines(&rows, false).replace('\n', "\r\n"),
            format!("\u{feff}{}\n\n", headed("\"Label\"") + &lines(&rows, false)),
            lines(&rows, false).replace("200", "200.0"),
        ] {
            let part = read(text.as_bytes()).unwrap();
            assert_eq!(part.labels, [3, 1, 3]);
            let firsts: Vec<u8> = part.images.iter().step_by(PIXELS).copied().collect();
            assert_eq!(firsts, [200, 0, 17]);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let good = lines(&[(3, 200), (1, 7)], false);
        for (from, to, said) in [
            ("1,7", "1,x", "line 2: column 2 is “x”"),
            ("1,7", "1,-7", "line 2: column 2 is -7, and a whole number"),
            ("1,7", "1,256", "line 2: column 2 is 256, and a whole number"),
            ("1,7", "1,0.5", "Multiply the pixels by 255"),
            ("1,7", "1,", "column 2 is empty"),
            ("1,7", "shirt,7", "line 2: column 1 is “shirt”"),
            ("1,7", "1,7,7", "line 2: it has 786 columns, one too many"),
            ("1,7,7,7,7", "1,7", "line 2: it has 782 columns"),
        ] {
            let error = read(good.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let test = headed("x").trim_start_matches("x,").to_owned();
        assert!(read(test.as_bytes()).unwrap_err().contains("no label"));
        assert!(read(b"").unwrap_err().contains("no line with numbers"));
        assert!(read(headed("label").as_bytes()).unwrap_err().contains("no line with numbers"));
        assert!(read(&[b'1'; 100_000]).unwrap_err().contains("far longer"));
        assert!(read(&[0xFF, 0xFE, 0, 1]).unwrap_err().contains("no text"));
        let many: Vec<(u8, u8)> = (0..50).map(|l| (l, 100 + l)).collect();
        assert!(read(lines(&many, false).as_bytes()).unwrap_err().contains("neither"));
        // With a heading, how many classes there are is said later.
        let part = read((headed("label") + &lines(&many, false)).as_bytes()).unwrap();
        assert_eq!(part.labels.len(), 50);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
            let _ = read(&bytes);
        }

        #[test]
        fn tables_come_back_as_they_were(
            rows in prop::collection::vec((0u8..10, any::<u8>()), 2..12),
        ) {
            let text = headed("label") + &lines(&rows, false);
            let part = read(text.as_bytes()).unwrap();
            prop_assert_eq!(part.labels, rows.iter().map(|r| r.0).collect::<Vec<_>>());
            prop_assert!(part.images.chunks(PIXELS).zip(&rows).all(|(p, r)| p.iter().all(|v| *v == r.1)));
        }
    }
}
