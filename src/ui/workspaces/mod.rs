//! The workspaces, in the order of the story: one file (or folder) each, and one
//! line in [`WORKSPACES`].

pub mod conversion;
pub mod draw;
pub mod fields;
mod lab;
pub mod neuron;
pub mod plasticity;
pub mod spiking;
pub mod time;
pub mod train;

use egui::{Key, Ui};

use super::command::Outbox;
use super::snapshot::Snapshot;
use super::widgets::icons::Icon;

/// One workspace.
pub struct Workspace {
    /// Stable id, as in `--workspace draw`.
    pub id: &'static str,
    /// Name on the rail.
    pub name: &'static str,
    /// Pictogram on the rail.
    pub icon: Icon,
    /// What one does there, for the tooltip.
    pub doc: &'static str,
    /// Key that shows it, with Ctrl.
    pub key: Key,
    /// Draws it; changes nothing but the outbox.
    pub show: fn(&mut Ui, &Snapshot<'_>, &mut Outbox),
}

/// All workspaces.
pub static WORKSPACES: &[&Workspace] = &[
    &draw::WORKSPACE,
    &train::WORKSPACE,
    &fields::WORKSPACE,
    &time::WORKSPACE,
    &neuron::WORKSPACE,
    &plasticity::WORKSPACE,
    &spiking::WORKSPACE,
    &conversion::WORKSPACE,
];

/// The workspace of this id.
pub fn find(id: &str) -> Option<&'static Workspace> {
    WORKSPACES.iter().copied().find(|w| w.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workspace_has_its_own_id_and_key_and_says_what_it_is_for() {
        for (i, a) in WORKSPACES.iter().enumerate() {
            assert!(!a.doc.is_empty() && !a.name.is_empty());
            for b in &WORKSPACES[i + 1..] {
                assert!(a.id != b.id && a.key != b.key);
            }
        }
    }
}
