//! The workspaces, in the order of the story: one folder each, and one line in
//! [`WORKSPACES`].

pub mod conversion;
pub mod fields;
pub mod time;

use super::workspace::Entry;

/// All workspaces.
pub static WORKSPACES: &[Entry] = &[
    Entry::of::<fields::Fields>(),
    Entry::of::<time::Time>(),
    Entry::of::<conversion::Conversion>(),
];

/// The first: where digits are drawn.
pub static HOME: &str = WORKSPACES[0].about.id;

/// The workspace of this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    WORKSPACES.iter().find(|w| w.about.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workspace_has_its_own_id_and_key_and_says_what_it_is_for() {
        for (i, a) in WORKSPACES.iter().map(|w| w.about).enumerate() {
            assert!(!a.doc.is_empty() && !a.name.is_empty());
            for b in WORKSPACES[i + 1..].iter().map(|w| w.about) {
                assert!(a.id != b.id && a.key != b.key);
            }
        }
    }
}
