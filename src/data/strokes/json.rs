//! Stroke files: `{"strokes": [[[x, y], …], …]}`, x to the right, y down, at
//! any scale. Other fields are ignored. A point may hold more than its position,
//! as tablets send it: `[x, y, pressure]`, `[x, y, pressure, time]` or
//! `{"x": …, "y": …, "pressure": …}`; only the position counts.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Stroke;
use crate::core::files::read_limited;
use crate::data::error::FileError;

/// More strokes than this are refused.
pub const MOST_STROKES: usize = 10_000;
/// More points than this, in all strokes together, are refused: an hour of
/// steady drawing.
pub const MOST_POINTS: usize = 200_000;
/// More bytes than this are refused before they are read.
const MOST_BYTES: u64 = 16 << 20;
/// Numbers of a point: place, pressure, time, two tilts, a twist and two more.
/// A longer list is no point but a row of coordinates.
const MOST_NUMBERS: usize = 8;

/// Why a stroke file cannot be used. Positions count from 1.
#[derive(Debug, thiserror::Error)]
pub enum StrokesError {
    #[error("this is not a stroke file: {0}. It should read {{\"strokes\": [[[x, y], …], …]}}")]
    Syntax(#[from] serde_json::Error),
    #[error(
        "point {point} of stroke {stroke} is too large for a coordinate. Scale the drawing down"
    )]
    TooLarge { stroke: usize, point: usize },
    #[error(
        "it has {found} strokes, more than the {MOST_STROKES} that can be used. Leave some out"
    )]
    TooManyStrokes { found: usize },
    #[error("it has {found} points, more than the {MOST_POINTS} that can be used. Leave some out")]
    TooManyPoints { found: usize },
    #[error("it is larger than 16 MiB. Leave some points out")]
    TooManyBytes,
    #[error("it has no points, so nothing is drawn. Draw something first")]
    Empty,
}

#[derive(Deserialize)]
struct StrokeFile {
    strokes: Vec<Vec<Point>>,
}

/// The place of a point.
struct Point([f64; 2]);

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PointVisitor)
    }
}

struct PointVisitor;

impl<'de> Visitor<'de> for PointVisitor {
    type Value = Point;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a point, [x, y] or {\"x\": …, \"y\": …}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Point, A::Error> {
        let mut place = [0.0; 2];
        for (i, value) in place.iter_mut().enumerate() {
            *value = numbers.next_element()?.ok_or_else(|| A::Error::invalid_length(i, &self))?;
        }
        let mut count = 2;
        while numbers.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
            if count > MOST_NUMBERS {
                return Err(A::Error::custom(format_args!(
                    "a point has more than {MOST_NUMBERS} numbers"
                )));
            }
        }
        Ok(Point(place))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Point, A::Error> {
        let (mut x, mut y) = (None, None);
        while let Some(name) = fields.next_key::<String>()? {
            match &name[..] {
                "x" => x = Some(fields.next_value()?),
                "y" => y = Some(fields.next_value()?),
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        let place = |value: Option<f64>, name| value.ok_or_else(|| A::Error::missing_field(name));
        Ok(Point([place(x, "x")?, place(y, "y")?]))
    }
}

/// Reads the bytes of a stroke file. Strokes without points are left out.
///
/// # Errors
/// [`StrokesError`], with the line and column, or the stroke and point.
pub fn read_json(bytes: &[u8]) -> Result<Vec<Stroke>, StrokesError> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(StrokesError::TooManyBytes);
    }
    // Editors on Windows put a byte-order mark in front.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let StrokeFile { strokes } = serde_json::from_slice(bytes)?;
    if strokes.len() > MOST_STROKES {
        return Err(StrokesError::TooManyStrokes { found: strokes.len() });
    }
    let points: usize = strokes.iter().map(Vec::len).sum();
    match points {
        0 => return Err(StrokesError::Empty),
        n if n > MOST_POINTS => return Err(StrokesError::TooManyPoints { found: n }),
        _ => {}
    }
    for (i, stroke) in strokes.iter().enumerate() {
        let broken = |p: &Point| p.0.iter().any(|c| !(*c as f32).is_finite());
        if let Some(k) = stroke.iter().position(broken) {
            return Err(StrokesError::TooLarge { stroke: i + 1, point: k + 1 });
        }
    }
    let narrow = |stroke: Vec<Point>| stroke.iter().map(|p| p.0.map(|c| c as f32)).collect();
    Ok(strokes.into_iter().filter(|s| !s.is_empty()).map(narrow).collect())
}

/// Reads a stroke file.
///
/// # Errors
/// [`FileError`], which names the file.
pub fn load(path: &Path) -> Result<Vec<Stroke>, FileError<StrokesError>> {
    let bytes = read_limited(path, MOST_BYTES).map_err(|e| FileError::read(path, e))?;
    read_json(&bytes).map_err(|problem| FileError::content(path, problem))
}

/// The text of a stroke file. Points that are not finite, which JSON cannot
/// hold, are left out.
pub fn to_json(strokes: &[Stroke]) -> String {
    let finite = |s: &Stroke| -> Stroke {
        s.iter().copied().filter(|p| p[0].is_finite() && p[1].is_finite()).collect()
    };
    let strokes: Vec<Stroke> = strokes.iter().map(finite).collect();
    serde_json::json!({ "strokes": strokes }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn problem(text: &str) -> String {
        read_json(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn strokes_are_read_at_any_scale_and_other_fields_ignored() {
        let text = "\u{FEFF}{\"pen\": 3, \"strokes\": [[[0, 1.5], [1e4, -2]], [], [[7, 7]]]}";
        let strokes = read_json(text.as_bytes()).unwrap();
        assert_eq!(strokes, [vec![[0.0, 1.5], [1e4, -2.0]], vec![[7.0, 7.0]]]);
        assert_eq!(read_json(to_json(&strokes).as_bytes()).unwrap(), strokes);
    }

    #[test]
    fn points_with_pressure_time_and_tilt_are_read() {
        let plain = vec![vec![[10.0, 10.0], [60.0, 10.0], [30.0, 90.5]]];
        for points in [
            "[10,10,0.1],[60,10,0.5],[30,90.5,0.9]",
            "[10,10,0.1,1700000000000],[60,10,0.5,1700000000008],[30,90.5,0,1700000000016,12,-3]",
            r#"{"x":10,"y":10},{"x":60,"y":10,"p":0.5},{"t":3,"y":90.5,"tilt":[1,2],"x":30}"#,
            r#"[10,10,null],{"x":60,"y":10},[30,90.5,"pen"]"#,
        ] {
            let text = format!("{{\"strokes\": [[{points}]]}}");
            assert_eq!(read_json(text.as_bytes()).unwrap(), plain, "{points}");
        }
    }

    #[test]
    fn broken_points_say_where() {
        assert!(problem("{\"strokes\": [[[1, 2, 3],\n [3]]]}").contains("line 2 column"));
        let text = problem("{\"strokes\": [[[1, 2],\n\n {\"x\": 3, \"z\": 1}]]}");
        assert!(text.contains("missing field `y`") && text.contains("line 3 column"), "{text}");
        // Rows of coordinates, as other programs have them, are no points.
        let text = problem("{\"strokes\": [[[1,2,3,4,5,6,7,8,9], [1,2,3,4,5,6,7,8,9]]]}");
        assert!(text.contains("more than 8 numbers") && text.contains("line 1 column"), "{text}");
        assert!(problem("{\"strokes\": [[[1, null, 3]]]}").contains("line 1 column"));
        assert!(problem("{\"strokes\": [[7]]}").contains("line 1 column"));
        assert!(
            problem("{\"strokes\": [[[0,0,1]], [[1,1,1],[1e39,0,1]]]}")
                .contains("point 2 of stroke 2")
        );
    }

    #[test]
    fn errors_say_where() {
        assert!(problem("{\"strokes\": [[[1, 2],\n [3, \"x\"]]]}").contains("line 2 column"));
        assert!(problem("{\"strokes\": [[[1, 2], [3]]]}").contains("line 1 column"));
        assert!(problem("{\"points\": []}").contains("missing field `strokes`"));
        assert!(problem("not json").contains("{\"strokes\": [[[x, y], …], …]}"));
        assert!(
            problem("{\"strokes\": [[[0,0]], [[1,1],[1e39,0]]]}").contains("point 2 of stroke 2")
        );
        assert!(problem("{\"strokes\": [[], []]}").contains("no points"));
        assert!(problem("{\"strokes\": []}").contains("no points"));
    }

    #[test]
    fn too_much_is_refused_with_the_number() {
        let many = vec![vec![[0.0, 0.0]; MOST_POINTS + 1]];
        assert!(problem(&to_json(&many)).contains("200001 points"));
        let many = vec![vec![[0.0, 0.0]]; MOST_STROKES + 1];
        assert!(problem(&to_json(&many)).contains("10001 strokes"));
        let deep = format!("{{\"strokes\": {}", "[".repeat(100_000));
        assert!(problem(&deep).contains("not a stroke file"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let message = load(Path::new("nowhere/five.json")).unwrap_err().to_string();
        assert!(message.contains("five.json"), "{message}");
    }

    proptest! {
        #[test]
        fn random_text_never_panics(text in "[\\[\\]{}\",:0-9eE.\\-strokes ]{0,200}") {
            let _ = read_json(text.as_bytes());
            let _ = read_json(format!("{{\"strokes\":{text}}}").as_bytes());
        }
    }
}
