//! Tables for people: columns as wide as their widest cell. A column is given by its
//! heading; one that begins with `>` is right-aligned.

use super::output::{Output, OutputError};
use crate::data::CLASSES;

/// Columns of the ten digits.
pub const DIGITS: [&str; CLASSES] = [">0", ">1", ">2", ">3", ">4", ">5", ">6", ">7", ">8", ">9"];

/// The heading, and whether the column is set flush right.
fn heading(column: &str) -> (&str, bool) {
    column.strip_prefix('>').map_or((column, false), |name| (name, true))
}

fn headings(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|c| heading(c).0.to_owned()).collect()
}

/// Prints a table: headings, then the rows, each line behind `indent`.
///
/// # Errors
/// [`OutputError`].
pub fn print(
    out: &mut Output,
    indent: &str,
    columns: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<(), OutputError> {
    let rows: Vec<_> = rows.into_iter().collect();
    lines(columns, &rows).iter().try_for_each(|line| out.line(format_args!("{indent}{line}")))
}

/// Lines of a table, two spaces between columns. Cells are aligned by characters, which
/// is right for what we print.
fn lines(columns: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let headings = headings(columns);
    let all: Vec<&Vec<String>> = std::iter::once(&headings).chain(rows).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|c| all.iter().filter_map(|row| row.get(c)).map(|s| s.chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    all.iter().map(|row| line(columns, &widths, row)).collect()
}

/// The headings in columns of given widths: for tables that grow line by line.
pub fn header(columns: &[&str], widths: &[usize]) -> String {
    line(columns, widths, &headings(columns))
}

/// One row likewise.
pub fn line(columns: &[&str], widths: &[usize], row: &[String]) -> String {
    let cells = row.iter().zip(columns).zip(widths).map(|((cell, column), &width)| {
        let right = heading(column).1;
        if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["é".into(), "98.10".into()], vec!["cnn3-long".into(), "9.9".into()]];
        assert_eq!(
            lines(&["model", ">%"], &rows),
            ["model          %", "é          98.10", "cnn3-long    9.9"]
        );
    }
}
