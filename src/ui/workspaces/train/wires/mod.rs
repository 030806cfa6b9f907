//! The connections of a small dense network, each of which can be taken hold of: the
//! weight of one is changed, and the answer changes with it; in a run in hand a connection
//! can be held at its weight while the others learn.
//!
//! * [`draw`]: units and connections, and which of them is under the pointer
//! * [`panel`]: the connection that is chosen, in numbers
//! * [`shown`]: the network that is drawn, and what it makes of the digit

mod draw;
mod panel;
mod settings;
mod shown;

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{ComboBox, RichText, Ui};

pub use settings::{Chosen, WiresSettings};
use shown::{Part, Shown, csv, parts};

use super::{TrainEdit, World};
use crate::ann::network::Network;
use crate::ann::ops::loss::softmax;
use crate::ann::rules::passage::Snapshot;
use crate::ann::scores::Scores;
use crate::ann::trainer::wires::{self, Held, MOST_WEIGHT, Wire};
use crate::core::text::grouped;
use crate::data::ClassNames;
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, page, sources};
use crate::workers::library::{CopyOf, Job};
use crate::workers::models::{Model, Origin};
use crate::workers::training::{Phase, TrainCommand};

/// Units of a hidden layer that are drawn one by one.
pub const MOST_UNITS: usize = 32;
/// Layers that are.
const MOST_LAYERS: usize = 4;
/// A structure that is small enough, to begin with.
pub const SMALL: &str = "Dense(12) - Dense(8) - Dense(10)";

/// What one does here.
#[derive(Clone, Debug, PartialEq)]
pub enum WiresEdit {
    /// Show those of this model; empty: those of the run in hand, or of the last one.
    Of(String),
    /// Look at this connection.
    Choose(Option<Chosen>),
    /// Show what connections carry instead of their weights, or no longer.
    Carried(bool),
    /// Give one this weight.
    Set(Wire, f32),
    /// Hold one at its weight, or let it learn.
    Hold(Wire, bool),
    /// Give all that were changed by hand the weights that they had before.
    PutBack,
    /// Keep the copy with its changes as a run.
    Keep,
}

impl From<WiresEdit> for crate::ui::command::Command {
    fn from(edit: WiresEdit) -> Self {
        TrainEdit::Wires(edit).into()
    }
}

/// What was looked at when it was last worked out.
#[derive(PartialEq)]
struct Seen {
    source: Source,
    /// Weights set over those of the source.
    set: Held,
    digit: u64,
    in_hand: bool,
    held: Arc<Held>,
}

/// The view's own state.
#[derive(Default)]
pub struct Wires {
    pub shown: Option<Arc<Shown>>,
    /// Why nothing is drawn.
    why_not: &'static str,
    seen: Option<Seen>,
    /// What the run in hand was asked to change, and what was known of it then: shown until
    /// it is seen to have done so.
    asked: Option<(Held, Source)>,
    /// What weights were before a hand changed them, in the run in hand, of this id.
    before: (String, Held),
    number: u64,
}

/// The network that is chosen. Equal is only the very same copy.
#[derive(Clone)]
enum Source {
    Run(Arc<Snapshot>),
    Model(Arc<Model>),
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Run(a), Self::Run(b)) => Arc::ptr_eq(a, b),
            (Self::Model(a), Self::Model(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// What is said of a weight too many.
fn too_many() -> String {
    let most = grouped(settings::MOST_CHANGES as u64);
    format!("The weight is not changed: {most} of this network are already. Put some back first.")
}

impl Source {
    fn network(&self) -> &Network {
        match self {
            Self::Run(snapshot) => &snapshot.network,
            Self::Model(model) => &model.network,
        }
    }
}

/// Whether the run in hand is the one that is shown.
pub fn shows_run(kept: &WiresSettings, desk: &Desk) -> bool {
    kept.of.is_empty() && matches!(desk.training.phase, Phase::Training | Phase::Paused)
}

/// What changes to the network that is shown belong to: a model's key, or the last run's.
fn owner(kept: &WiresSettings, desk: &Desk) -> String {
    let run = || desk.training.record.as_ref().map(|r| format!("run-{}", r.id));
    if kept.of.is_empty() { run().unwrap_or_default() } else { kept.of.clone() }
}

/// The network whose copy is changed.
enum Original {
    /// Of this id.
    Run(String),
    /// Of the list.
    Model(Arc<Model>),
}

/// What is changed in a copy, if it is at hand.
fn original(kept: &WiresSettings, desk: &Desk) -> Option<Original> {
    let key = owner(kept, desk);
    match key.strip_prefix("run-") {
        Some(run) => Some(Original::Run(run.to_owned())),
        None => settled(desk).find(|m| m.key == key).cloned().map(Original::Model),
    }
}

/// The models of the list: those that learn no more.
fn settled(desk: &Desk) -> impl Iterator<Item = &Arc<Model>> {
    desk.models.iter().filter(|m| !matches!(m.origin, Origin::Live { .. }))
}

impl Wires {
    /// Carries an edit out.
    pub fn apply(&mut self, edit: WiresEdit, kept: &mut WiresSettings, desk: &mut Desk) {
        let in_hand = shows_run(kept, desk);
        match edit {
            WiresEdit::Of(of) => (kept.of, kept.chosen) = (of, None),
            WiresEdit::Choose(chosen) => kept.chosen = chosen,
            WiresEdit::Carried(carried) => kept.carried = carried,
            WiresEdit::Set(wire, weight) if weight.is_finite() => {
                let weight = weight.clamp(-MOST_WEIGHT, MOST_WEIGHT);
                if in_hand {
                    self.ask(wire, weight, kept, desk);
                } else {
                    let known = self.source(kept, desk).and_then(|s| wire.weight(s.network()));
                    let new = (known != Some(weight)).then_some(weight);
                    if !kept.change(&owner(kept, desk), wire, new) {
                        desk.toasts.notice(too_many());
                    }
                }
            }
            WiresEdit::Set(..) => {}
            WiresEdit::Hold(wire, hold) => {
                let sent = desk.hub.trainer.send(TrainCommand::HoldWire(wire, hold));
                desk.sent(sent);
            }
            WiresEdit::PutBack if in_hand => {
                for (wire, weight) in self.before.1.clone() {
                    self.ask(wire, weight, kept, desk);
                }
            }
            WiresEdit::PutBack => kept.changes.clear(),
            WiresEdit::Keep => {
                let Some(shown) = &self.shown else { return };
                let network = Arc::clone(&shown.network);
                let job = match original(kept, desk) {
                    Some(Original::Run(run)) => {
                        let record = desk.runs.iter().find(|r| r.id == run);
                        let config = record.map(|r| Box::new(r.config.clone()));
                        Job::KeepNetwork { network, of: CopyOf::Run(run, config) }
                    }
                    Some(Original::Model(model)) => {
                        let metadata = Box::new(model.metadata.clone());
                        Job::KeepNetwork { network, of: CopyOf::Known(metadata) }
                    }
                    None => return,
                };
                desk.job(job);
            }
        }
    }

    /// Goes back to what was set by hand in the run in hand when `kept` were the settings:
    /// what has been set since becomes what it was before.
    pub fn undo(&mut self, now: &mut WiresSettings, kept: &WiresSettings, desk: &mut Desk) {
        let run = desk.training.record.as_ref().map_or_else(String::new, |r| r.id.clone());
        let of = |settings: &WiresSettings| -> Held {
            let changes = settings.in_run.iter().filter(|_| settings.run == run);
            changes.map(|c| (c.wire, c.weight)).collect()
        };
        let (then, since) = (of(kept), of(now));
        if then == since {
            return;
        }
        if !shows_run(now, desk) {
            let text = "The run has ended: what was set by hand in it stays. Change a weight now, and a copy is changed.";
            return desk.toasts.notice(text.into());
        }
        let wires: BTreeSet<Wire> = since.keys().chain(then.keys()).copied().collect();
        for wire in wires.into_iter().filter(|wire| since.get(wire) != then.get(wire)) {
            if let Some(weight) = then.get(&wire).or_else(|| self.before.1.get(&wire)).copied() {
                self.ask(wire, weight, now, desk);
            }
        }
    }

    /// Has a weight of the run in hand set.
    fn ask(&mut self, wire: Wire, weight: f32, kept: &mut WiresSettings, desk: &mut Desk) {
        let Some(source) = self.source(kept, desk) else { return };
        let was = self.shown.as_ref().and_then(|s| wire.weight(&s.network));
        let Some(was) = was else { return };
        let first = self.before.1.get(&wire).copied().unwrap_or(was);
        let back = first == weight;
        if !kept.change_in_run(&self.before.0, wire, (!back).then_some(weight)) {
            return desk.toasts.notice(too_many());
        }
        if back {
            self.before.1.remove(&wire);
        } else {
            self.before.1.insert(wire, first);
        }
        let mut asked = self.asked.take().map_or_else(Held::new, |(asked, _)| asked);
        asked.insert(wire, weight);
        self.asked = Some((asked, source));
        desk.hub.trainer.set_wires([(wire, weight)]);
    }

    /// Once a frame, while the view is open.
    pub fn follow(&mut self, kept: &WiresSettings, desk: &Desk) {
        let in_hand = shows_run(kept, desk);
        let run = desk.training.record.as_ref().map_or("", |r| &r.id[..]);
        if in_hand && self.before.0 != run {
            (self.before, self.asked) = ((run.to_owned(), Held::new()), None);
        }
        let Some(source) = self.source(kept, desk) else {
            (self.shown, self.seen) = (None, None);
            return;
        };
        // A paused run has done what it was asked once its weights are those; one that goes
        // on has moved them on by the time that it is seen again.
        self.asked.take_if(|(asked, then)| {
            let done =
                |(wire, weight): (&Wire, &f32)| wire.weight(source.network()) == Some(*weight);
            !in_hand
                || *then != source
                    && (desk.training.phase != Phase::Paused || asked.iter().all(done))
        });
        let set = match &self.asked {
            Some((asked, _)) => asked.clone(),
            None if in_hand || kept.changed != owner(kept, desk) => Held::new(),
            None => kept.changes.iter().map(|c| (c.wire, c.weight)).collect(),
        };
        let held = if in_hand { Arc::clone(&desk.training.held) } else { Arc::default() };
        let seen = Seen { source, set, digit: desk.digit.version(), in_hand, held };
        if self.seen.as_ref() == Some(&seen) {
            return;
        }
        let Some(parts) = parts(seen.source.network()) else {
            self.why_not = "Its connections are too many, or of another kind, to be drawn one by one. That can be done for dense networks of up to three hidden layers of up to 32 units, and as many classes.";
            (self.shown, self.seen) = (None, None);
            return;
        };
        let same = |last: &Seen| last.source == seen.source && last.set == seen.set;
        let network = match &self.shown {
            Some(shown) if self.seen.as_ref().is_some_and(same) => Arc::clone(&shown.network),
            _ => {
                let mut network = seen.source.network().clone();
                wires::put_back(&mut network, &seen.set);
                Arc::new(network)
            }
        };
        let planes = network.planes(desk.digit.pixels());
        let mut answer = Scores::new(planes.last().map_or(&[][..], Vec::as_slice));
        softmax(&mut answer);
        let (name, classes) = match &seen.source {
            Source::Run(_) => desk.training.record.as_ref().map_or_else(
                || (network.architecture().name.to_owned(), ClassNames::default()),
                |run| (super::curves::network(run).to_owned(), run.classes.clone()),
            ),
            Source::Model(model) => (model.name.clone(), model.metadata.classes.clone()),
        };
        self.number += 1;
        let (held, number) = (Arc::clone(&seen.held), self.number);
        self.seen = Some(seen);
        self.shown = Some(Arc::new(Shown {
            name,
            classes,
            network,
            parts,
            planes,
            answer,
            in_hand,
            held,
            number,
        }));
    }

    fn source(&mut self, kept: &WiresSettings, desk: &Desk) -> Option<Source> {
        if kept.of.is_empty() {
            let snapshot = desk.training.snapshot.as_ref().map(|s| Source::Run(Arc::clone(s)));
            if snapshot.is_none() {
                self.why_not = match desk.training.phase.in_hand() {
                    true => {
                        "Its weights are on their way; of a run on another device they cannot be taken hold of."
                    }
                    false => "No run has been in hand since the program was started.",
                };
            }
            return snapshot;
        }
        let found = settled(desk).find(|m| m.key == kept.of).cloned();
        if found.is_none() {
            self.why_not = "This network is no longer at hand.";
        }
        found.map(Source::Model)
    }

    /// Whether weights were changed by hand that can be put back.
    fn changed(&self, kept: &WiresSettings, shown: &Shown, desk: &Desk) -> bool {
        if shown.in_hand {
            return !self.before.1.is_empty();
        }
        !kept.changes.is_empty() && kept.changed == owner(kept, desk)
    }

    /// What a weight was before a hand changed it.
    fn was(&self, wire: Wire, kept: &WiresSettings, shown: &Shown, desk: &Desk) -> Option<f32> {
        if shown.in_hand {
            return self.before.1.get(&wire).copied();
        }
        let changed =
            self.changed(kept, shown, desk) && kept.changes.iter().any(|c| c.wire == wire);
        let seen = self.seen.as_ref().filter(|_| changed)?;
        wire.weight(seen.source.network())
    }
}

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let from = ui.next_widget_position();
    figure::controls(ui, |ui| controls(ui, world, out));
    let Some(shown) = &world.room.wires.shown else {
        ui.add_space(8.0);
        ui.label(world.room.wires.why_not);
        if !world.training.phase.in_hand() {
            let tip = format!("{SMALL}, on 10,000 digits");
            if ui.button("Train a small network").on_hover_text(tip).clicked() {
                out.push(TrainEdit::Small);
            }
        }
        return;
    };
    if world.digit.is_blank() {
        return sources::no_digit(ui, world, out);
    }
    // Below it two rows about a connection, a sentence, and the buttons.
    let spacing = ui.spacing();
    let below = 3.0 * (spacing.interact_size.y + spacing.item_spacing.y)
        + theme::regular(13.0).size
        + 3.0 * spacing.item_spacing.y;
    let room = ui.available_size() - egui::vec2(0.0, below);
    draw::show(ui, world, shown, room, out);
    panel::show(ui, world, shown, out);
    figure::save_below(ui, out, "wires", from, || csv(shown));
}

/// Whose connections, what they show, and the run's own buttons.
fn controls(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept.wires;
    ui.horizontal_wrapped(|ui| {
        let label = ui.label("Of").on_hover_text("Whose connections");
        let latest = "the run in hand, or the last one";
        let named = |key: &str| settled(world).find(|m| m.key == key);
        let now = match (&kept.of[..], &world.room.wires.shown) {
            ("", Some(shown)) => shown.name.clone(),
            ("", None) => latest.to_owned(),
            (key, _) => named(key).map_or_else(|| "choose".to_owned(), |m| m.name.clone()),
        };
        ComboBox::from_id_salt("whose connections")
            .selected_text(now)
            .width(200.0)
            .truncate()
            .show_ui(ui, |ui| {
                if ui.selectable_label(kept.of.is_empty(), latest).clicked() {
                    out.push(WiresEdit::Of(String::new()));
                }
                for model in settled(world).filter(|m| parts(&m.network).is_some()) {
                    if ui.selectable_label(kept.of == model.key, &model.name).clicked() {
                        out.push(WiresEdit::Of(model.key.clone()));
                    }
                }
            })
            .response
            .labelled_by(label.id);
        for (carried, name, tip) in [
            (false, "Weights", "The weight of each connection"),
            (true, "What they carry", "Weight times activity, for this digit"),
        ] {
            if ui.selectable_label(kept.carried == carried, name).on_hover_text(tip).clicked() {
                out.push(WiresEdit::Carried(carried));
            }
        }
        // Otherwise the form has them.
        if !shows_run(kept, world) || !page::side_is_folded(ui.ctx()) {
            return;
        }
        let (name, edit) = match world.training.phase {
            Phase::Paused => ("Resume", TrainEdit::Resume),
            _ => ("Pause", TrainEdit::Pause),
        };
        if ui.button(name).clicked() {
            out.push(edit);
        }
        if ui.button("Step").on_hover_text("Train one mini-batch, then hold").clicked() {
            out.push(TrainEdit::Step);
        }
    });
    if page::small(ui) {
        return;
    }
    let learns = shows_run(kept, world);
    let text = if learns {
        "Orange is positive, blue negative. Click a connection, or a unit to see its pixels. A connection that is held keeps its weight while the others learn."
    } else {
        "Orange is positive, blue negative. Click a connection, or a unit to see its pixels. It learns no more: what you change is a copy."
    };
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    ui.add_space(theme::strong(1.0).size * 2.0);
}
