//! What the classes of a data set are called.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CLASSES, MOST_CLASSES};

/// Fewest classes of a data set.
pub const FEWEST: usize = 2;
/// Longest name of a class, characters.
pub const LONGEST: usize = 24;

/// Ids and names of sets that are known by name: who adds such a set says which it is.
///
/// Sources: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST" (2017), table 2; T. Clanuwat et al.,
/// "Deep Learning for Classical Japanese Literature" (2018), Kuzushiji-MNIST; G. Cohen et al.,
/// "EMNIST: an extension of MNIST to handwritten letters" (2017): of its letters, both cases are
/// one class; of its balanced set, those whose cases look alike.
pub const KNOWN: [(&str, &[&str]); 5] = [
    ("digits", &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]),
    (
        "fashion-mnist",
        &[
            "T-shirt",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ],
    ),
    ("kmnist", &["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]),
    (
        "emnist-letters",
        &[
            "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q",
            "R", "S", "T", "U", "V", "W", "X", "Y", "Z",
        ],
    ),
    (
        "emnist-balanced",
        &[
            "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F", "G",
            "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W", "X",
            "Y", "Z", "a", "b", "d", "e", "f", "g", "h", "n", "q", "r", "t",
        ],
    ),
];

/// Names that do not make classes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NamesError {
    /// Too few or too many.
    #[error("{found} names of classes were given, and there have to be {FEWEST} to {MOST_CLASSES}")]
    Count { found: usize },
    /// One that cannot be shown.
    #[error(
        "the name of class {class} is {name:?}, and a name has 1 to {LONGEST} characters, none of them a control character"
    )]
    Name { class: usize, name: String },
    /// Two alike.
    #[error("two classes are called {name:?}; give each a name of its own")]
    Twice { name: String },
}

/// What the classes of a data set are called: the digits 0 to 9, unless they have names.
/// Cheap to copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct ClassNames(Option<Arc<[String]>>);

impl ClassNames {
    /// These names, in the order of the classes; those of the ten digits are the digits.
    ///
    /// # Errors
    /// [`NamesError`].
    pub fn new<S: AsRef<str>>(names: &[S]) -> Result<Self, NamesError> {
        let names: Vec<String> = names.iter().map(|n| n.as_ref().trim().to_owned()).collect();
        if !(FEWEST..=MOST_CLASSES).contains(&names.len()) {
            return Err(NamesError::Count { found: names.len() });
        }
        for (class, name) in names.iter().enumerate() {
            let length = name.chars().count();
            if !(1..=LONGEST).contains(&length) || name.chars().any(char::is_control) {
                let name = name.chars().take(2 * LONGEST).collect();
                return Err(NamesError::Name { class, name });
            }
            if names[..class].contains(name) {
                return Err(NamesError::Twice { name: name.clone() });
            }
        }
        if names == KNOWN[0].1 {
            return Ok(Self::default());
        }
        Ok(Self(Some(names.into())))
    }

    /// The names of a set that is known by name ([`KNOWN`]).
    pub fn known(id: &str) -> Option<Self> {
        let (_, names) = KNOWN.iter().find(|(known, _)| *known == id)?;
        Self::new(names).ok()
    }

    /// `class 0` and so on: classes of which nobody has said what they are.
    pub fn numbered(count: usize) -> Self {
        let names: Vec<String> = (0..count).map(|class| format!("class {class}")).collect();
        Self::new(&names).unwrap_or_default()
    }

    /// Whether the classes are the digits 0 to 9.
    pub fn is_digits(&self) -> bool {
        self.0.is_none()
    }

    /// Number of classes, 2 to [`MOST_CLASSES`].
    pub fn count(&self) -> usize {
        self.0.as_ref().map_or(CLASSES, |names| names.len())
    }

    /// What a class is called; a class beyond the named ones is called by its number.
    pub fn name(&self, class: impl Into<usize>) -> String {
        let class = class.into();
        let named = self.0.as_ref().and_then(|names| names.get(class));
        named.cloned().unwrap_or_else(|| class.to_string())
    }

    /// An answer in words: the class, or `none`.
    pub fn said(&self, answer: Option<impl Into<usize>>) -> String {
        answer.map_or_else(|| "none".to_owned(), |class| self.name(class))
    }

    /// The first names for lists, with `…` where there are more than so many.
    pub fn brief(&self, most: usize) -> String {
        let more = if self.count() > most { ", …" } else { "" };
        let first: Vec<String> = (0..self.count().min(most)).map(|c| self.name(c)).collect();
        format!("{}{more}", first.join(", "))
    }

    /// All names, in order.
    pub fn all(&self) -> Vec<String> {
        (0..self.count()).map(|class| self.name(class)).collect()
    }
}

impl TryFrom<Vec<String>> for ClassNames {
    type Error = NamesError;

    /// No names at all are the digits.
    fn try_from(names: Vec<String>) -> Result<Self, NamesError> {
        if names.is_empty() { Ok(Self::default()) } else { Self::new(&names) }
    }
}

impl From<ClassNames> for Vec<String> {
    fn from(classes: ClassNames) -> Self {
        classes.0.map_or_else(Self::new, |names| names.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_digits_unless_they_have_names() {
        let digits = ClassNames::default();
        assert!(digits.is_digits() && digits.count() == 10);
        assert_eq!((digits.name(7u8), digits.said(None::<usize>)), ("7".into(), "none".into()));
        assert_eq!(ClassNames::known("digits"), Some(digits.clone()));
        assert_eq!(serde_json::to_string(&digits).unwrap(), "[]");
        let fashion = ClassNames::known("fashion-mnist").unwrap();
        assert_eq!(fashion.said(Some(9usize)), "Ankle boot");
        let text = serde_json::to_string(&fashion).unwrap();
        assert_eq!(serde_json::from_str::<ClassNames>(&text).unwrap(), fashion);
        let balanced = ClassNames::known("emnist-balanced").unwrap();
        assert_eq!((balanced.count(), balanced.name(46usize)), (MOST_CLASSES, "t".into()));
        assert_eq!((balanced.brief(3), digits.brief(10).len()), ("0, 1, 2, …".into(), 28));
        assert_eq!(ClassNames::known("emnist-letters").unwrap().count(), 26);
        let three = ClassNames::new(&["a", " b ", "c"]).unwrap();
        assert_eq!((three.count(), three.name(1u8), three.name(3u8)), (3, "b".into(), "3".into()));
        assert_eq!(ClassNames::numbered(2).all(), ["class 0", "class 1"]);
    }

    #[test]
    fn names_that_cannot_be_shown_are_refused() {
        let long = "x".repeat(LONGEST + 1);
        let many: Vec<String> = (0..=MOST_CLASSES).map(|n| n.to_string()).collect();
        assert!(ClassNames::new(&many[1..]).is_ok());
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        for names in
            [&["a"][..], &["a", "a"], &["a", " "], &["a", "b\n"], &["a", &long], &["x"; 11], &many]
        {
            // A line's end is trimmed, as in a list that was read from a file.
            assert_eq!(ClassNames::new(names).is_ok(), names == ["a", "b\n"], "{names:?}");
        }
        assert!(ClassNames::new(&["a", "b\u{7}c"]).is_err());
        assert!(serde_json::from_str::<ClassNames>("[\"a\"]").is_err());
        assert!(serde_json::from_str::<ClassNames>("[]").unwrap().is_digits());
    }
}
