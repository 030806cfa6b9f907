//! The connections of a small dense network, each of which can be taken hold of: the
//! weight of one is changed, and the answer changes with it; in a run in hand a connection
//! can be held at its weight while the others learn.
//!
//! * [`draw`]: units and connections, and which of them is under the pointer
//! * [`panel`]: the connection that is chosen, in numbers

mod draw;
mod panel;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{ComboBox, RichText, Ui};

use settings::Change;
pub use settings::{Chosen, WiresSettings};

use super::{TrainEdit, World};
use crate::ann::network::Network;
use crate::ann::ops::loss::softmax;
use crate::ann::trainer::wires::{Held, MOST_WEIGHT, Wire};
use crate::ann::zoo::Layer;
use crate::core::csv::{self, row};
use crate::data::{CLASSES, ClassNames};
use crate::ui::command::Outbox;
use crate::ui::desk::Desk;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{figure, page, sources};
use crate::workers::models::Model;
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
}

impl From<WiresEdit> for crate::ui::command::Command {
    fn from(edit: WiresEdit) -> Self {
        TrainEdit::Wires(edit).into()
    }
}

/// A dense layer of the network that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// Its step of the plan.
    step: usize,
    inputs: usize,
    units: usize,
}

impl Part {
    /// A connection of it. What comes after the last input is the bias.
    fn wire(&self, from: usize, to: usize) -> Wire {
        Wire { step: self.step, at: from * self.units + to }
    }
}

/// The dense layers of a network that is small enough to be drawn connection by connection.
fn parts(network: &Network) -> Option<Vec<Part>> {
    let layers = (network.architecture().layers)();
    let dense = |layer: &Layer| matches!(layer, Layer::Dense { .. } | Layer::Dropout(_));
    if !layers.iter().all(dense) {
        return None;
    }
    let steps = network.plan().steps.iter().enumerate();
    let learn = steps.filter(|(_, step)| !step.op.parameters().is_empty());
    let parts: Vec<Part> = learn
        .map(|(number, step)| {
            let (inputs, units) = (step.op.input().len(), step.op.output().len());
            Part { step: number, inputs, units }
        })
        .collect();
    let small = (2..=MOST_LAYERS).contains(&parts.len())
        && parts.iter().all(|part| part.units <= MOST_UNITS);
    small.then_some(parts)
}

/// What is drawn: a network, and what it makes of the digit.
pub struct Shown {
    /// For people.
    name: String,
    classes: ClassNames,
    network: Network,
    parts: Vec<Part>,
    /// What goes into each step of the plan.
    planes: Vec<Vec<f32>>,
    answer: [f32; CLASSES],
    /// Whether a run goes on with it.
    in_hand: bool,
    held: Arc<Held>,
    /// Changes whenever a weight or the digit does.
    number: u64,
}

impl Shown {
    /// The weight of a connection of a layer.
    fn weight(&self, layer: usize, from: usize, to: usize) -> f32 {
        let part = self.parts[layer];
        self.network.step_parameters(part.step)[part.wire(from, to).at]
    }

    /// What comes out of a unit below a layer; 1 for the bias.
    fn input(&self, layer: usize, from: usize) -> f32 {
        self.planes[self.parts[layer].step].get(from).copied().unwrap_or(1.0)
    }

    /// What comes out of a unit of a layer.
    fn output(&self, layer: usize, unit: usize) -> f32 {
        self.planes[self.parts[layer].step + 1][unit]
    }

    /// What a connection brings to its unit.
    fn carries(&self, layer: usize, from: usize, to: usize) -> f32 {
        self.weight(layer, from, to) * self.input(layer, from)
    }

    /// The name of a unit of a layer: `unit 3 of hidden 1`, or the class.
    fn unit_name(&self, layer: usize, unit: usize) -> String {
        if layer + 1 == self.parts.len() {
            format!("class {}", self.classes.name(unit))
        } else {
            format!("unit {} of hidden {}", unit + 1, layer + 1)
        }
    }

    /// The name of what a layer sees.
    fn input_name(&self, layer: usize, from: usize) -> String {
        let part = self.parts[layer];
        match layer.checked_sub(1) {
            _ if from == part.inputs => "bias".to_owned(),
            None => {
                let side = crate::data::SIDE;
                format!("pixel in row {}, column {}", from / side + 1, from % side + 1)
            }
            Some(below) => self.unit_name(below, from),
        }
    }
}

/// What was looked at when it was last worked out.
#[derive(PartialEq)]
struct Seen {
    /// The network as it was handed over, by its place in memory.
    network: usize,
    changes: Vec<Change>,
    asked: Option<(Wire, f32)>,
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
    /// What the run in hand was asked to change, until it is seen to have done so.
    asked: Option<(Wire, f32)>,
    /// What weights were before a hand changed them, in the run of this id.
    before: (String, BTreeMap<Wire, f32>),
    number: u64,
}

/// The network that is chosen.
enum Source {
    Run(Arc<crate::ann::rules::passage::Snapshot>),
    Model(Arc<Model>),
}

impl Source {
    fn network(&self) -> &Network {
        match self {
            Self::Run(snapshot) => &snapshot.network,
            Self::Model(model) => &model.network,
        }
    }

    fn address(&self) -> usize {
        match self {
            Self::Run(snapshot) => Arc::as_ptr(snapshot) as usize,
            Self::Model(model) => Arc::as_ptr(model) as usize,
        }
    }
}

/// Whether the run in hand is the one that is shown.
pub fn shows_run(kept: &WiresSettings, desk: &Desk) -> bool {
    kept.of.is_empty() && matches!(desk.training.phase, Phase::Training | Phase::Paused)
}

impl Wires {
    /// Carries an edit out.
    pub fn apply(&mut self, edit: WiresEdit, kept: &mut WiresSettings, desk: &mut Desk) {
        let in_hand = shows_run(kept, desk);
        match edit {
            WiresEdit::Of(of) => {
                (kept.of, kept.chosen) = (of, None);
                kept.changes.clear();
            }
            WiresEdit::Choose(chosen) => kept.chosen = chosen,
            WiresEdit::Carried(carried) => kept.carried = carried,
            WiresEdit::Set(wire, weight) => {
                if !weight.is_finite() {
                    return;
                }
                let weight = weight.clamp(-MOST_WEIGHT, MOST_WEIGHT);
                if in_hand {
                    let was = self.shown.as_ref().and_then(|s| wire.weight(&s.network));
                    if let Some(was) = was {
                        self.before.1.entry(wire).or_insert(was);
                    }
                    self.asked = Some((wire, weight));
                    send(desk, TrainCommand::SetWire(wire, weight));
                } else {
                    kept.change(wire, weight);
                }
            }
            WiresEdit::Hold(wire, hold) => send(desk, TrainCommand::HoldWire(wire, hold)),
            WiresEdit::PutBack => {
                self.asked = None;
                if in_hand {
                    for (wire, weight) in std::mem::take(&mut self.before.1) {
                        send(desk, TrainCommand::SetWire(wire, weight));
                    }
                }
                kept.changes.clear();
            }
        }
    }

    /// Once a frame, while the view is open.
    pub fn follow(&mut self, kept: &mut WiresSettings, desk: &Desk) {
        let in_hand = shows_run(kept, desk);
        let run = desk.training.record.as_ref().map_or("", |r| &r.id[..]);
        if in_hand && self.before.0 != run {
            self.before = (run.to_owned(), BTreeMap::new());
            kept.changes.clear();
        }
        let Some(source) = self.source(kept, desk) else {
            (self.shown, self.seen) = (None, None);
            return;
        };
        // What a paused run was asked for is there once its weight is that.
        self.asked = self.asked.filter(|(wire, weight)| {
            in_hand
                && desk.training.phase == Phase::Paused
                && wire.weight(source.network()).is_some_and(|w| w != *weight)
        });
        let seen = Seen {
            network: source.address(),
            changes: if in_hand { Vec::new() } else { kept.changes.clone() },
            asked: self.asked,
            digit: desk.digit.version(),
            in_hand,
            held: if in_hand { Arc::clone(&desk.training.held) } else { Arc::default() },
        };
        if self.seen.as_ref() == Some(&seen) {
            return;
        }
        let Some(parts) = parts(source.network()) else {
            self.why_not = "Its connections are too many, or of another kind, to be drawn one by one. That can be done for dense networks of up to three hidden layers of up to 32 units.";
            (self.shown, self.seen) = (None, None);
            return;
        };
        let mut network = source.network().clone();
        let changed = seen.changes.iter().map(|c| (c.wire, c.weight)).chain(seen.asked);
        for (wire, weight) in changed.filter(|(wire, _)| wire.is_in(source.network())) {
            network.set_in_step(wire.step, [(wire.at, weight)]);
        }
        let planes = network.planes(desk.digit.pixels());
        let mut answer = [0f32; CLASSES];
        answer.copy_from_slice(&planes[planes.len() - 1][..CLASSES]);
        softmax(&mut answer);
        let (name, classes) = match &source {
            Source::Run(_) => desk.training.record.as_ref().map_or_else(
                || (network.architecture().name.to_owned(), ClassNames::default()),
                |run| (super::curves::network(run).to_owned(), run.classes.clone()),
            ),
            Source::Model(model) => (model.name.clone(), model.metadata.classes.clone()),
        };
        self.number += 1;
        let held = Arc::clone(&seen.held);
        let number = self.number;
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
        let found = desk.models.iter().find(|m| m.key == kept.of).cloned();
        if found.is_none() {
            self.why_not = "This network is no longer at hand.";
        }
        found.map(Source::Model)
    }

    /// Whether weights were changed by hand that can be put back.
    fn changed(&self, kept: &WiresSettings, in_hand: bool) -> bool {
        if in_hand { !self.before.1.is_empty() } else { !kept.changes.is_empty() }
    }

    /// What a weight was before a hand changed it.
    fn was(&self, wire: Wire, shown: &Shown, desk: &Desk, kept: &WiresSettings) -> Option<f32> {
        if shown.in_hand {
            return self.before.1.get(&wire).copied();
        }
        kept.changes.iter().find(|c| c.wire == wire)?;
        match kept.of.is_empty() {
            true => wire.weight(&desk.training.snapshot.as_ref()?.network),
            false => wire.weight(&desk.models.iter().find(|m| m.key == kept.of)?.network),
        }
    }
}

fn send(desk: &mut Desk, command: TrainCommand) {
    let sent = desk.hub.trainer.send(command);
    desk.sent(sent);
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
        let named = |key: &str| world.models.iter().find(|m| m.key == key);
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
                for model in world.models.iter().filter(|m| parts(&m.network).is_some()) {
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
        "Orange is positive, blue negative. Click a connection, or a unit to see its pixels. It learns no more: what you change is a copy, which a scene keeps."
    };
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    ui.add_space(theme::strong(1.0).size * 2.0);
}

/// Every connection.
fn csv(shown: &Shown) -> String {
    let mut rows = Vec::new();
    for (layer, part) in shown.parts.iter().enumerate() {
        for from in 0..=part.inputs {
            for to in 0..part.units {
                let held = shown.held.contains_key(&part.wire(from, to));
                rows.push(row![
                    layer + 1,
                    shown.input_name(layer, from),
                    shown.unit_name(layer, to),
                    shown.weight(layer, from, to),
                    shown.input(layer, from),
                    u8::from(held),
                ]);
            }
        }
    }
    csv::text(["layer", "from", "to", "weight", "activity", "held"], rows)
}
