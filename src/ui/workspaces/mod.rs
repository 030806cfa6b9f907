//! The workspaces, in the order of the story: one folder each, and one line in
//! [`WORKSPACES`], which also says in which chapter it is told.

pub mod alternatives;
pub mod close;
pub mod conversion;
pub mod deep;
pub mod draw;
pub mod fields;
pub mod imagine;
pub mod lessons;
pub mod neuron;
pub mod plasticity;
pub mod spiking;
pub mod time;
pub mod train;

use serde_json::{Map, Value};

use super::session::Session;
use super::workspace::Chapter::{Close, Networks, Neurons, Spikes};
use super::workspace::Entry;
use crate::core::bounds::Read;

/// All workspaces.
pub static WORKSPACES: &[Entry] = &[
    Entry::of::<draw::Draw>(Networks),
    Entry::of::<train::Train>(Networks),
    Entry::of::<alternatives::Alternatives>(Networks),
    Entry::of::<fields::Fields>(Networks),
    Entry::of::<time::Time>(Networks),
    Entry::of::<neuron::Neuron>(Neurons),
    Entry::of::<plasticity::Plasticity>(Neurons),
    Entry::of::<spiking::Spiking>(Spikes),
    Entry::of::<deep::Deep>(Spikes),
    Entry::of::<conversion::Conversion>(Spikes),
    Entry::of::<imagine::Imagine>(Close),
    Entry::of::<close::Close>(Close),
    Entry::of::<lessons::Lessons>(Close),
];

/// The workspace of this id.
pub fn find(id: &str) -> Option<&'static Entry> {
    WORKSPACES.iter().find(|w| w.about.id == id)
}

/// Reads each workspace's part of a session.
pub fn read(whole: &Map<String, Value>, session: &mut Read<Session>) {
    let kept = whole.get("rooms").and_then(Value::as_object);
    let mut rooms = Map::new();
    for entry in WORKSPACES {
        let id = entry.about.id;
        let room = (entry.read)(whole, kept.and_then(|k| k.get(id)));
        let named = |names: Vec<String>| names.into_iter().map(move |n| format!("{id}.{n}"));
        session.mended.extend(named(room.mended));
        session.dropped.extend(named(room.dropped));
        rooms.insert(id.to_owned(), room.settings);
    }
    let settings = &mut session.settings;
    settings.rooms = rooms;
    if find(&settings.workspace).is_none() {
        WORKSPACES[0].about.id.clone_into(&mut settings.workspace);
        session.mended.push("workspace".into());
    }
}

#[cfg(test)]
mod session_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workspace_has_its_own_id_and_key_and_says_what_it_is_for() {
        use egui::Key;
        let keys = [
            Key::Num1,
            Key::Num2,
            Key::Num3,
            Key::Num4,
            Key::Num5,
            Key::Num6,
            Key::Num7,
            Key::Num8,
            Key::Num9,
            Key::Num0,
        ];
        // From the top of the rail.
        assert!(WORKSPACES.iter().zip(keys).all(|(w, key)| w.about.key == key));
        for (i, a) in WORKSPACES.iter().map(|w| w.about).enumerate() {
            assert!(!a.doc.is_empty() && !a.name.is_empty());
            for b in WORKSPACES[i + 1..].iter().map(|w| w.about) {
                assert!(a.id != b.id && a.key != b.key);
            }
        }
    }
}
