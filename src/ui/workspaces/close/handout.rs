//! One page to print: the table as SVG, A4 on its side. Text and black lines only, so it
//! can be copied in black and white, and edited.

use std::fmt::Write as _;

use super::board;
use crate::scoreboard::board::{Board, Kind, Profile, Value};
use crate::scoreboard::criteria::{Criterion, Group};

/// A4 on its side, in points of 1/96 inch.
const PAGE: (f64, f64) = (1123.0, 794.0);
/// White margin.
const MARGIN: f64 = 40.0;
/// Where the table begins, headings included, and where it ends.
const TOP: f64 = 92.0;
const BOTTOM: f64 = 750.0;
/// Width of the names.
const NAMES: f64 = 160.0;
/// Up to so many columns have headings on their feet; those of more lie on their sides.
const UPRIGHT: usize = 11;

/// `&`, `<` and quotation marks, as XML has them.
fn escaped(text: &str) -> String {
    let plain = text.chars().filter(|c| !c.is_control());
    plain.fold(String::with_capacity(text.len()), |mut all, c| {
        match c {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            c => all.push(c),
        }
        all
    })
}

/// A page under way.
struct Sheet(String);

impl Sheet {
    /// Text of this size at `(x, y)`, its foot; `style` has further attributes.
    fn text(&mut self, (x, y): (f64, f64), size: f64, style: &str, text: &str) {
        let text = escaped(text);
        let _ = writeln!(
            self.0,
            r#"<text x="{x:.1}" y="{y:.1}" font-size="{size:.1}" {style}>{text}</text>"#
        );
    }

    fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), width: f64) {
        let _ = writeln!(
            self.0,
            r##"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="#000" stroke-width="{width}"/>"##
        );
    }

    fn bar(&mut self, (x, y): (f64, f64), (width, height): (f64, f64), grey: &str) {
        let _ = writeln!(
            self.0,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{grey}"/>"#
        );
    }
}

/// Where columns stand: left edges and, last, the right end of all. Words get more room than
/// numbers.
fn places(rows: &[&Profile], columns: &[&'static Criterion]) -> Vec<f64> {
    let words =
        |c: &Criterion| rows.iter().any(|p| matches!(board::value(p, c.id), Some(Value::Word(_))));
    let shares: Vec<f64> = columns.iter().map(|c| if words(c) { 2.0 } else { 1.0 }).collect();
    let (left, right) = (MARGIN + NAMES, PAGE.0 - MARGIN);
    let unit = ((right - left) / shares.iter().sum::<f64>().max(1.0)).min(100.0);
    let mut places = vec![left];
    let mut x = left;
    for share in shares {
        x += unit * share;
        places.push(x);
    }
    places
}

/// A number in as few letters as can be: `12k`, `1.1M`.
fn brief(number: f64) -> String {
    match number.abs() {
        size if size >= 1e6 => format!("{:.1}M", number / 1e6),
        size if size >= 1e4 => format!("{:.0}k", number / 1e3),
        _ => board::number(number),
    }
}

/// Breaks a text at spaces into lines of at most so many letters.
fn lines(text: &str, most: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match all.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => all.push(word.to_owned()),
        }
    }
    all
}

/// The page.
pub fn page(board: &Board, rows: &[&Profile], columns: &[&'static Criterion]) -> String {
    let (width, height) = PAGE;
    let mut sheet = Sheet(String::new());
    let _ = writeln!(
        sheet.0,
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="297mm" height="210mm" viewBox="0 0 {width} {height}" font-family="Helvetica, Arial, sans-serif">"#
    );
    sheet.bar((0.0, 0.0), PAGE, "#fff");
    let title = "How close are artificial neural networks to the brain?";
    sheet.text((MARGIN, 52.0), 24.0, r#"font-weight="bold""#, title);
    let see = "One row for each network, rule and control; every cell was measured. There is no total: what counts is for you to say.";
    sheet.text((MARGIN, 74.0), 12.5, "", see);
    table(&mut sheet, rows, columns);
    let source = if board.version.is_empty() {
        "Spikescope".to_owned()
    } else {
        format!("Spikescope {}; {}; {}", board.version, board.machine, board.data)
    };
    let foot = format!(
        "{source}. ± is over seeds, or the standard error over digits. An empty cell was not measured."
    );
    sheet.text((MARGIN, height - 30.0), 9.5, "", &board::cut(&foot, 200));
    sheet.0.push_str("</svg>\n");
    sheet.0
}

fn table(sheet: &mut Sheet, rows: &[&Profile], columns: &[&'static Criterion]) {
    let places = places(rows, columns);
    let end = places.last().copied().unwrap_or(MARGIN);
    let upright = columns.len() <= UPRIGHT;
    let head = if upright { 58.0 } else { 112.0 };
    let first = TOP + 18.0 + head;
    headings(sheet, columns, (&places, first), upright);
    sheet.line((MARGIN, first + 2.0), (end, first + 2.0), 1.2);
    // Rows as high as there is room for; what does not fit is named below.
    let room = BOTTOM - first - 12.0;
    let row = (room / rows.len().max(1) as f64).clamp(11.5, 24.0);
    let fit = ((room / row) as usize).min(rows.len());
    let size = (row * 0.62).clamp(7.0, 11.5);
    let axes: Vec<(f64, f64)> =
        columns.iter().map(|c| board::axis(c, rows.iter().copied())).collect();
    for (i, profile) in rows.iter().take(fit).enumerate() {
        let foot = first + row * (i + 1) as f64 - 0.5;
        if i > 0 && rows[i - 1].kind != profile.kind {
            let y = foot + 2.0 - row;
            sheet.line((MARGIN, y), (end, y), 0.5);
        }
        let style = if profile.kind == Kind::Control { r#"font-style="italic""# } else { "" };
        let letters = (NAMES / (0.52 * size)) as usize;
        sheet.text((MARGIN, foot - 1.5), size, style, &board::cut(&profile.name, letters));
        for (j, criterion) in columns.iter().enumerate() {
            let column = places[j + 1] - places[j];
            cell(sheet, (places[j], foot), (column, size), (profile, criterion), axes[j]);
        }
    }
    if fit < rows.len() {
        let more = format!("and {} more rows in the program", rows.len() - fit);
        sheet.text((MARGIN, BOTTOM - 2.0), 9.0, r#"font-style="italic""#, &more);
    }
}

fn headings(
    sheet: &mut Sheet,
    columns: &[&'static Criterion],
    (places, first): (&[f64], f64),
    upright: bool,
) {
    for (group, name) in Group::ALL {
        let mut of = (0..columns.len()).filter(|j| columns[*j].group == group);
        let Some(from) = of.next() else { continue };
        let to = of.next_back().unwrap_or(from);
        let (a, b) = (places[from], places[to + 1] - 5.0);
        let letters = ((b - a) / 5.3).max(1.0) as usize;
        sheet.text((a, TOP + 11.0), 10.0, r#"font-weight="bold""#, &board::cut(name, letters));
        sheet.line((a, TOP + 15.0), (b, TOP + 15.0), 0.8);
    }
    for (j, criterion) in columns.iter().enumerate() {
        let (x, column) = (places[j], places[j + 1] - places[j]);
        let unit =
            if criterion.unit.is_empty() { String::new() } else { format!(", {}", criterion.unit) };
        let name = format!("{}{unit}", criterion.name);
        if upright {
            let letters = ((column - 6.0) / 5.0).max(4.0) as usize;
            let all = lines(&name, letters);
            let above = all.len().min(5);
            for (i, line) in all.iter().take(5).enumerate() {
                let y = first - 4.0 - 11.0 * (above - 1 - i) as f64;
                sheet.text((x, y), 9.5, "", &board::cut(line, letters));
            }
        } else {
            let (x, y) = (x + 0.5 * column.min(16.0) + 3.0, first - 4.0);
            let style = format!(r#"transform="rotate(-90 {x:.1} {y:.1})""#);
            sheet.text((x, y), 9.0, &style, &board::cut(&name, 24));
        }
    }
}

/// A number over a line as long as it is large, or a word.
fn cell(
    sheet: &mut Sheet,
    (x, foot): (f64, f64),
    (column, size): (f64, f64),
    (profile, criterion): (&Profile, &Criterion),
    (low, high): (f64, f64),
) {
    let cell = profile.cells.get(criterion.id);
    let Some(value) = cell.and_then(|c| c.value.as_ref()) else { return };
    let letters = ((column - 3.0) / (0.52 * size)).max(3.0) as usize;
    let mut text = match value {
        Value::Number(number) if column < 60.0 => brief(*number),
        Value::Number(number) => board::number(*number),
        Value::Word(word) => board::short(word),
    };
    let spread = board::spread(cell);
    if !spread.is_empty() && text.chars().count() + 1 + spread.chars().count() <= letters {
        text = format!("{text} {spread}");
    }
    sheet.text((x, foot - 1.5), size, "", &board::cut(&text, letters));
    if let Value::Number(number) = value {
        let share = |v: f64| ((v - low) / (high - low)).clamp(0.0, 1.0);
        let (from, to) = (share(0.0f64.clamp(low, high)), share(*number));
        let room = column - 5.0;
        sheet.bar((x, foot + 0.4), (room, 1.2), "#ddd");
        sheet.bar((x + room * from.min(to), foot + 0.4), (room * (from - to).abs(), 1.2), "#000");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_broken_at_spaces_and_nothing_of_a_name_is_markup() {
        assert_eq!(lines("noise on all weights", 9), ["noise on", "all", "weights"]);
        assert_eq!(escaped("a<b> & \"c\"\n"), "a&lt;b&gt; &amp; &quot;c&quot;");
        assert_eq!(
            (board::cut("abcdef", 4), board::cut("abc", 4)),
            ("abc…".to_owned(), "abc".to_owned())
        );
    }
}
