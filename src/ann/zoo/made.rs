//! Architectures that are made from what their ids say. Each is made once and stays for the
//! rest of the program: whoever holds one has a plain reference, as to those of the zoo.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{Architecture, Layer};

/// What an id stands for.
pub(super) struct Draft {
    /// For people.
    pub name: String,
    /// One or two sentences.
    pub doc: String,
    pub layers: Vec<Layer>,
    /// Epochs to train it for, at first.
    pub epochs: usize,
    /// Epochs at the end over which weights are averaged.
    pub average_epochs: usize,
    pub seed: u64,
}

impl Draft {
    /// With the usual settings of a network of one's own.
    pub fn new(name: String, doc: String, layers: Vec<Layer>) -> Self {
        Self { name, doc, layers, epochs: 10, average_epochs: 0, seed: 1 }
    }
}

/// Those made so far.
pub(super) struct Made {
    known: Mutex<BTreeMap<&'static str, &'static Architecture>>,
    /// How many there can be: each takes about a kilobyte for good.
    most: usize,
}

impl Made {
    /// None yet, and at most so many.
    pub const fn new(most: usize) -> Self {
        Self { known: Mutex::new(BTreeMap::new()), most }
    }

    /// The architecture of this id, which `make` tells of where it is met for the first time;
    /// `None` where that has nothing to tell, and where there are too many.
    pub fn find(
        &self,
        id: &str,
        make: impl FnOnce() -> Option<Draft>,
    ) -> Option<&'static Architecture> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(id) {
            return Some(found);
        }
        if known.len() >= self.most {
            return None;
        }
        let Draft { name, doc, layers, epochs, average_epochs, seed } = make()?;
        let id = leaked(id.to_owned());
        let architecture: &'static Architecture = Box::leak(Box::new(Architecture {
            id,
            name: leaked(name),
            doc: leaked(doc),
            layers: Box::leak(Box::new(move || layers.clone())),
            epochs,
            average_epochs,
            report: None,
            seed,
        }));
        known.insert(id, architecture);
        Some(architecture)
    }
}

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_made_once_and_not_too_many() {
        let made = Made::new(2);
        let draft = |name: &str| Some(Draft::new(name.into(), String::new(), Vec::new()));
        assert!(made.find("nothing", || None).is_none());
        let first = made.find("a", || draft("A")).unwrap();
        assert!(std::ptr::eq(first, made.find("a", || unreachable!("made already")).unwrap()));
        assert_eq!(made.find("b", || draft("B")).unwrap().name, "B");
        assert!(made.find("c", || draft("C")).is_none());
        assert!(made.find("b", || None).is_some());
    }
}
