//! Tables for people: columns as wide as their widest cell.

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// Lines of a table: a header, then the rows, two spaces between columns.
/// Cells are aligned by characters, which is right for what we print.
pub fn lines(columns: &[(&str, Align)], rows: &[Vec<String>]) -> Vec<String> {
    let header: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let all: Vec<&Vec<String>> = std::iter::once(&header).chain(rows).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|c| all.iter().filter_map(|row| row.get(c)).map(|s| s.chars().count()).max())
        .map(Option::unwrap_or_default)
        .collect();
    all.iter().map(|row| line(columns, &widths, row)).collect()
}

/// One row set in columns of given widths: for tables that grow line by line.
pub fn line(columns: &[(&str, Align)], widths: &[usize], row: &[String]) -> String {
    let cells =
        row.iter().zip(columns).zip(widths).map(|((cell, (_, align)), &width)| match align {
            Align::Left => format!("{cell:<width$}"),
            Align::Right => format!("{cell:>width$}"),
        });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let columns = [("model", Align::Left), ("%", Align::Right)];
        let rows = [vec!["é".into(), "98.10".into()], vec!["cnn3-long".into(), "9.9".into()]];
        assert_eq!(
            lines(&columns, &rows),
            ["model          %", "é          98.10", "cnn3-long    9.9"]
        );
    }
}
