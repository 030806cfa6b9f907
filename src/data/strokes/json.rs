//! Stroke files: `{"strokes": [[[x, y], …], …]}`, x to the right, y down, at
//! any scale. Other fields are ignored.

use std::io::Read;
use std::path::Path;

use super::Stroke;
use crate::data::error::DataError;

/// More strokes than this are refused.
pub const MOST_STROKES: usize = 10_000;
/// More points than this, in all strokes together, are refused: an hour of
/// steady drawing.
pub const MOST_POINTS: usize = 200_000;
/// More bytes than this are refused before they are read.
const MOST_BYTES: u64 = 16 << 20;

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

#[derive(serde::Deserialize)]
struct StrokeFile {
    strokes: Vec<Vec<[f64; 2]>>,
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
        if let Some(k) = stroke.iter().flatten().position(|c| !(*c as f32).is_finite()) {
            return Err(StrokesError::TooLarge { stroke: i + 1, point: k / 2 + 1 });
        }
    }
    let narrow = |stroke: Vec<[f64; 2]>| stroke.iter().map(|p| p.map(|c| c as f32)).collect();
    Ok(strokes.into_iter().filter(|s| !s.is_empty()).map(narrow).collect())
}

/// Reads a stroke file.
///
/// # Errors
/// [`DataError::Read`] or [`DataError::Strokes`], which name the file.
pub fn load(path: &Path) -> Result<Vec<Stroke>, DataError> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|source| DataError::Read { path: path.into(), source })?;
    read_json(&bytes).map_err(|problem| DataError::Strokes { path: path.into(), problem })
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
