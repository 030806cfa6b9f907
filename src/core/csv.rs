//! The one place that writes tables as CSV (RFC 4180, lines end in `\n`).
//!
//! Numbers are printed as `Display` prints them, the shortest text that reads back as
//! the same number.

use std::fmt::Display;

/// The text of a table: a line of headings, then a line for each row. Cells with a
/// comma, a quotation mark or a line break are quoted. Rows come from `row!`; where
/// the number of columns is known only at run time, they are any lists of cells.
pub fn text<H, R>(headings: H, rows: impl IntoIterator<Item = R>) -> String
where
    H: IntoIterator<Item: AsRef<[u8]>>,
    R: IntoIterator<Item: AsRef<[u8]>>,
{
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(headings);
    for row in rows {
        let _ = writer.write_record(row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The same below a line of comment, `# …`.
pub fn commented<H, R>(comment: &str, headings: H, rows: impl IntoIterator<Item = R>) -> String
where
    H: IntoIterator<Item: AsRef<[u8]>>,
    R: IntoIterator<Item: AsRef<[u8]>>,
{
    format!("# {comment}\n{}", text(headings, rows))
}

/// A cell that may be empty.
pub fn optional(value: Option<impl Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A row of [`text()`] from values that can be displayed.
macro_rules! row {
    ($($cell:expr),* $(,)?) => { [$($cell.to_string()),*] };
}
pub(crate) use row;

#[cfg(test)]
mod tests {
    use super::{commented, optional, text};

    #[test]
    fn numbers_are_as_short_as_can_be_and_texts_are_quoted_where_they_must_be() {
        let rows = [row![1.0, 0.1f32, "a,b", optional(None::<f64>)], row![1e-7, 3, "“c\"", "d"]];
        assert_eq!(
            text(["x", "y", "V, soma", "z"], rows),
            "x,y,\"V, soma\",z\n1,0.1,\"a,b\",\n0.0000001,3,\"“c\"\"\",d\n"
        );
        assert_eq!(text(["x"], Vec::<[&str; 1]>::new()), "x\n");
        assert_eq!(commented("of 2", ["x"], [row![1]]), "# of 2\nx\n1\n");
    }
}
