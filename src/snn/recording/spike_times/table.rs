//! Spikes as a table in a text file: a line per spike, columns found by the
//! heading. What separates them, decimal commas, quotes, comments and the line
//! ends of other systems are seen from the content.

use super::headings::{self, Columns, WEAKEST};
use super::{Raw, Unit};
use crate::core::text::{decimal, grouped};

/// What stands between the fields of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Separator {
    Sign(char),
    /// One space or more, or tabs.
    Space,
}

/// In the order in which they are tried: a comma may also be a decimal one, and a
/// space part of a name.
const SEPARATORS: [Separator; 5] = [
    Separator::Sign('\t'),
    Separator::Sign(';'),
    Separator::Sign('|'),
    Separator::Sign(','),
    Separator::Space,
];

/// How to write a heading, for messages.
const REMEDY: &str =
    "Begin the file with a heading that names the columns, such as `time_ms,sender`";

/// The text of a file: UTF-8, UTF-16 with its mark (as spreadsheets and
/// PowerShell save it), else Latin-1, whose µ is one byte.
///
/// # Errors
/// When it is no text.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let utf16 = |number: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].as_chunks::<2>().0.iter().map(|b| number(*b)).collect();
        String::from_utf16(&units).map_err(|_| "it is not text".to_owned())
    };
    match &bytes[..] {
        [0xFF, 0xFE, ..] => return utf16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => return utf16(u16::from_be_bytes),
        bytes if bytes.contains(&0) => return Err("it is not text".into()),
        _ => {}
    }
    let latin1 = |bytes: &[u8]| bytes.iter().map(|b| char::from(*b)).collect();
    Ok(String::from_utf8(bytes).unwrap_or_else(|e| latin1(e.as_bytes())))
}

/// Reads the spikes, at most `most`.
///
/// # Errors
/// What cannot be understood and in which line, and what to do.
pub fn read(text: &str, most: usize) -> Result<Raw, String> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    // Lines of old Macs end with a carriage return alone.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    let lines = text.split(end).zip(1..).map(|(line, number)| (number, line.trim_matches('\r')));
    let mut lines = lines.filter(|(_, line)| !line.trim().is_empty()).peekable();
    let mut comment = None;
    let mut forced = None;
    while let Some((_, line)) = lines.peek() {
        if let Some(text) = comment_of(line) {
            comment = Some(text.to_owned());
        } else if let Some(sign) = line.trim().strip_prefix("sep=").and_then(|s| s.chars().next()) {
            // A line that spreadsheets understand.
            forced = Some(Separator::Sign(sign));
        } else {
            break;
        }
        lines.next();
    }
    let Some((number, first)) = lines.peek().copied() else {
        // No spikes are a list of spikes, too, if the file says what it lists.
        return Ok(Raw::default());
    };
    let tried = forced.map_or(SEPARATORS.to_vec(), |f| vec![f]);
    if let Some((separator, columns, fields)) = heading(first, &tried) {
        lines.next();
        return rows(lines, separator, columns, fields, most);
    }
    let row = tried.iter().find_map(|s| {
        let fields = split(first, *s)?;
        let numbers =
            fields.len() > 1 && fields.iter().all(|f| f.is_empty() || number_of(f).is_some());
        numbers.then_some((*s, fields.len()))
    });
    let Some((separator, fields)) = row else {
        let names = tried.iter().filter_map(|s| split(first, *s)).max_by_key(Vec::len);
        let reason = headings::find(&names.unwrap_or_default()).err().unwrap_or_default();
        return Err(format!("line {number} is no heading that is understood: {reason}. {REMEDY}"));
    };
    // `numpy.savetxt` and others write the heading as a comment.
    if let Some(comment) = comment
        && let Some((separator, columns, named)) = heading(&comment, &SEPARATORS)
        && named == fields
    {
        let separator = split(first, separator)
            .filter(|f| f.len() == fields)
            .map_or(row.map_or(separator, |r| r.0), |_| separator);
        return rows(lines, separator, columns, fields, most);
    }
    without_heading(lines, separator, fields, most)
}

/// The text of a comment line.
fn comment_of(line: &str) -> Option<&str> {
    let line = line.trim();
    ["#", "%", "//"]
        .iter()
        .find_map(|sign| line.strip_prefix(sign))
        .map(|rest| rest.trim_start_matches(['#', '%', '/']).trim())
}

/// What separates the names of a heading, where both columns are, and how many
/// there are.
fn heading(line: &str, tried: &[Separator]) -> Option<(Separator, Columns, usize)> {
    tried.iter().find_map(|separator| {
        let names = match separator {
            // `time (ms)` is one name.
            Separator::Space => split(&line.replace(" (", "(").replace(" [", "["), *separator)?,
            Separator::Sign(_) => split(line, *separator)?,
        };
        let columns = headings::find(&names).ok()?;
        Some((*separator, columns, names.len()))
    })
}

/// The fields of a line, without spaces and quotes around them. `None` if a quote
/// is not closed.
fn split(line: &str, separator: Separator) -> Option<Vec<String>> {
    if separator == Separator::Space {
        return Some(line.split_whitespace().map(unquoted).collect());
    }
    let Separator::Sign(sign) = separator else { return None };
    if !line.contains(['"', '\'']) {
        return Some(line.split(sign).map(|f| f.trim().to_owned()).collect());
    }
    let mut fields = vec![String::new()];
    let mut inside = None;
    for c in line.chars() {
        let field = fields.last_mut()?;
        match inside {
            Some(quote) if c == quote => inside = None,
            Some(_) => field.push(c),
            None if c == sign => fields.push(String::new()),
            None if (c == '"' || c == '\'') && field.trim().is_empty() => inside = Some(c),
            None => field.push(c),
        }
    }
    inside.is_none().then(|| fields.iter().map(|f| f.trim().to_owned()).collect())
}

fn unquoted(field: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|q| field.strip_prefix(*q)?.strip_suffix(*q));
    inner.unwrap_or(field).to_owned()
}

/// A number of a table: no groups of digits.
fn number_of(field: &str) -> Option<f64> {
    if field.contains(char::is_whitespace) { None } else { decimal(field) }
}

/// A neuron's number: `3`, and as tables of floats have it, `3.0` or `3,0`.
fn neuron_of(field: &str) -> Option<u64> {
    /// Above it, floats have no units any more.
    const MOST: f64 = (1u64 << 53) as f64;
    if let Ok(number) = field.parse::<u64>() {
        return Some(number);
    }
    let number = number_of(field)?;
    (number.fract() == 0.0 && (0.0..=MOST).contains(&number)).then_some(number as u64)
}

/// The fields of a line that should have so many.
fn fields_of(line: &str, separator: Separator, wanted: usize) -> Result<Vec<String>, String> {
    let mut fields = split(line, separator).ok_or("has a quote that is not closed")?;
    // A separator at the end.
    if fields.len() == wanted + 1 && fields.last().is_some_and(String::is_empty) {
        fields.pop();
    }
    if fields.len() == wanted {
        return Ok(fields);
    }
    let hint = if separator == Separator::Sign(',') && fields.len() > wanted {
        "; with decimal commas, separate the columns by semicolons"
    } else {
        ""
    };
    Err(format!("has {} fields where the first line has {wanted}{hint}", fields.len()))
}

fn at_line(number: usize, line: &str, what: &str) -> String {
    format!("line {number}, `{}`, {what}", headings::shortened(line.trim()))
}

/// Whether a column's commas are decimal ones. `1,234` with quotes around it may
/// be 1234 as well; but where semicolons separate, a comma is a decimal one.
#[derive(Default)]
struct Commas {
    points: bool,
    commas: bool,
    /// A number with a comma that is a decimal one for sure.
    sure: bool,
    /// One that may be of another kind.
    unsure: Option<String>,
}

impl Commas {
    fn see(&mut self, field: &str) {
        self.points |= field.contains('.');
        let Some((before, after)) = field.split_once(',') else { return };
        self.commas = true;
        let before = before.trim_start_matches(['-', '−', '+']);
        let groups =
            after.len() == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
        if groups && self.unsure.is_none() {
            self.unsure = Some(field.to_owned());
        }
        self.sure |= !groups;
    }

    fn check(&self, separator: Separator) -> Result<(), String> {
        if self.points && self.commas {
            return Err("some times have a decimal point and some a comma; write them alike".into());
        }
        match &self.unsure {
            Some(field) if !self.sure && separator != Separator::Sign(';') => Err(format!(
                "`{}` may have a decimal comma or a group of digits; write decimal points",
                headings::shortened(field)
            )),
            _ => Ok(()),
        }
    }
}

fn too_many(most: usize) -> String {
    format!("it has more than {} spikes, the most that are read", grouped(most as u64))
}

/// The lines below a heading.
fn rows<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    separator: Separator,
    columns: Columns,
    fields: usize,
    most: usize,
) -> Result<Raw, String> {
    let mut spikes = Raw { unit: Unit::of(columns.unit_ms), ..Raw::default() };
    let mut commas = Commas::default();
    for (number, line) in lines.filter(|l| comment_of(l.1).is_none()) {
        let bad = |what: &str| at_line(number, line, what);
        let row = fields_of(line, separator, fields).map_err(|e| bad(&e))?;
        let (time, neuron) = (&row[columns.time], &row[columns.neuron]);
        let what = "should have a time and a neuron’s number, a whole number from 0 on";
        spikes.times.push(number_of(time).ok_or_else(|| bad(what))?);
        spikes.neurons.push(neuron_of(neuron).ok_or_else(|| bad(what))?);
        commas.see(time);
        if spikes.times.len() > most {
            return Err(too_many(most));
        }
    }
    commas.check(separator)?;
    if columns.rank == WEAKEST && spikes.numbers_rows() {
        return Err(format!("its column of neurons only numbers the lines. {REMEDY}"));
    }
    Ok(spikes)
}

/// Two columns of numbers: the one with fractions are the times.
fn without_heading<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    separator: Separator,
    fields: usize,
    most: usize,
) -> Result<Raw, String> {
    if fields != 2 {
        return Err(format!("it has no heading, and {fields} columns of numbers. {REMEDY}"));
    }
    let mut columns = [Vec::new(), Vec::new()];
    let mut commas = [Commas::default(), Commas::default()];
    for (number, line) in lines.filter(|l| comment_of(l.1).is_none()) {
        let bad = |what: &str| at_line(number, line, what);
        let row = fields_of(line, separator, fields).map_err(|e| bad(&e))?;
        for i in 0..2 {
            let what = "should have two numbers, a time and a neuron’s number";
            columns[i].push(number_of(&row[i]).ok_or_else(|| bad(what))?);
            commas[i].see(&row[i]);
        }
        if columns[0].len() > most {
            return Err(too_many(most));
        }
    }
    let fractions = columns.each_ref().map(|c| c.iter().any(|x| x.fract() != 0.0));
    let time = match fractions {
        [true, false] => 0,
        [false, true] => 1,
        _ => {
            return Err(format!(
                "it has no heading, and its numbers do not tell times from neurons. {REMEDY}"
            ));
        }
    };
    commas[time].check(separator)?;
    let [first, second] = columns;
    let (times, ids) = if time == 0 { (first, second) } else { (second, first) };
    let neurons = ids.iter().map(|x| (0.0..=1e15).contains(x).then_some(*x as u64));
    let neurons = neurons.collect::<Option<Vec<_>>>().ok_or_else(|| {
        format!("it has no heading, and neither column is neurons from 0 on. {REMEDY}")
    })?;
    Ok(Raw { times, neurons, unit: Unit::NoHeading })
}
