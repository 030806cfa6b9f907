//! A network of spikes from a NIR file: how it is run, and what it did.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Button, ComboBox, RichText, Ui};

use super::{NeuronEdit, World};
use crate::core::decision::unique_max;
use crate::core::text::grouped;
use crate::data::{CLASSES, Pixels};
use crate::snn::nir::run::Convention;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::number;
use crate::workers::experiments::{NirInput, NirRan, NirRead, NirTask};

/// At which probability a white pixel spikes in a step.
const CHANCE: f32 = 0.2;
/// Most steps that can be chosen: what takes longer is for the command line.
const MOST: u64 = 10_000;
/// Shortest and longest step, ms.
const STEP_MS: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
/// Populations that are listed.
const LISTED: usize = 40;

/// What comes in.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Entering {
    /// The digit, as a current.
    #[default]
    Current,
    /// The digit, whose pixels spike by chance.
    Chance,
    /// A file of spikes.
    Spikes(PathBuf),
}

/// A network that is open.
#[derive(Clone, Debug)]
pub struct NirNetwork {
    pub path: PathBuf,
    /// Whose steps are taken, and how long (ms) and how many they are, if chosen.
    pub convention: Option<Convention>,
    pub dt_ms: Option<f64>,
    pub steps: Option<u64>,
    /// How long a step of a file of spikes is, ms, if chosen.
    pub spike_step_ms: Option<f64>,
    pub input: Entering,
    /// How it is read, what it did, or why not.
    pub read: Option<NirRead>,
    pub ran: Option<Arc<NirRan>>,
    pub failure: Option<String>,
    /// The first question that was about it, and the one whose answer is shown.
    pub(super) since: u64,
    pub(super) shown: Option<u64>,
}

impl NirNetwork {
    pub(super) fn new(path: PathBuf, since: u64) -> Self {
        Self {
            path,
            convention: None,
            dt_ms: None,
            steps: None,
            spike_step_ms: None,
            input: Entering::Current,
            read: None,
            ran: None,
            failure: None,
            since,
            shown: None,
        }
    }

    /// The file's name.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// What is to be computed for a digit.
    pub(super) fn task(&self, digit: &Pixels) -> NirTask {
        let input = match &self.input {
            Entering::Current => NirInput::Current(Box::new(*digit)),
            Entering::Chance => NirInput::Chance(Box::new(*digit), CHANCE),
            Entering::Spikes(path) => NirInput::Spikes(path.clone()),
        };
        let (convention, steps) = (self.convention, self.steps);
        let dt_s = self.dt_ms.map(|ms| ms / 1000.0);
        let spike_step_ms = self.spike_step_ms;
        NirTask { path: self.path.clone(), convention, dt_s, steps, spike_step_ms, input }
    }
}

/// Whether two are to be run alike.
fn alike(a: &NirNetwork, b: &NirNetwork) -> bool {
    (a.convention, a.dt_ms, a.steps, a.spike_step_ms, &a.input)
        == (b.convention, b.dt_ms, b.steps, b.spike_step_ms, &b.input)
}

/// What it did, in a line above its spikes.
pub fn headline(ui: &mut Ui, network: &NirNetwork) {
    if let Some(failure) = &network.failure {
        let warning = palette(ui.visuals()).warning;
        ui.add(egui::Label::new(RichText::new(failure).color(warning)).wrap());
        return;
    }
    let Some(ran) = &network.ran else {
        ui.label("It is being run …");
        return;
    };
    let spikes: u64 = ran.populations.iter().map(|p| p.spikes).sum();
    let answer = answer(ran).map_or_else(String::new, |answer| format!(" {answer}."));
    let text = format!("{}: {} spikes.{answer}", network.name(), grouped(spikes));
    ui.add(egui::Label::new(RichText::new(text).font(theme::strong(14.0))).wrap());
}

/// For which class most came out, if there are ten.
fn answer(ran: &NirRan) -> Option<String> {
    (ran.evidence.len() == CLASSES).then(|| match unique_max(&ran.evidence) {
        Some(class) => format!("Most came out for class {class}"),
        None => "Nothing came out for one class more than for others".to_owned(),
    })
}

/// How the network is run.
pub fn form(ui: &mut Ui, world: &World<'_>, network: &NirNetwork, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let mut changed = network.clone();
    ui.label(RichText::new(network.name()).font(theme::strong(14.0)));
    if let Some(failure) = &network.failure {
        ui.label(RichText::new(failure).color(p.warning));
    }
    let ran = network.ran.as_ref();
    if let Some(read) = network.read.as_ref().filter(|read| !read.input.is_empty()) {
        let steps = ran.map_or_else(String::new, |ran| format!(", {} steps", grouped(ran.steps)));
        let text = format!("{} in{steps}", read.input);
        ui.label(RichText::new(text).small().color(p.weak));
    }
    entering(ui, world, &mut changed, out);
    ui.separator();
    steps(ui, network, &mut changed);
    if let Some(ran) = ran {
        ui.separator();
        did(ui, ran);
    }
    if ui.button("Close the network").on_hover_text("The file stays as it is").clicked() {
        out.push(NeuronEdit::CloseNetwork);
    } else if !alike(&changed, network) {
        out.push(NeuronEdit::Network(Box::new(changed)));
    }
}

/// What comes in.
fn entering(ui: &mut Ui, world: &World<'_>, network: &mut NirNetwork, out: &mut Outbox) {
    ui.label(RichText::new("What comes in").font(theme::strong(14.0)));
    let blank = world.digit.is_blank();
    let digit = if blank { "The digit (none is drawn yet)" } else { "The digit, as currents" };
    let tip = "In every step the brightness of each pixel, from 0 to 1";
    ui.radio_value(&mut network.input, Entering::Current, digit).on_hover_text(tip);
    let tip = "In every step a white pixel spikes with a probability of 0.2, a grey one less";
    let spikes = "The digit, as spikes by chance";
    ui.radio_value(&mut network.input, Entering::Chance, spikes).on_hover_text(tip);
    ui.horizontal_wrapped(|ui| {
        let file = match &network.input {
            Entering::Spikes(path) => path.file_name().map(|n| n.to_string_lossy().into_owned()),
            _ => None,
        };
        let text = file.as_deref().unwrap_or("A file of spikes…");
        let tip = "Numbered as its inputs are, from 0 on; or drop one on the window";
        if ui.radio(file.is_some(), text).on_hover_text(tip).clicked() {
            out.push(NeuronEdit::Import);
        }
    });
}

/// Whose steps are taken, and how many.
fn steps(ui: &mut Ui, shown: &NirNetwork, network: &mut NirNetwork) {
    let label = ui.label(RichText::new("Steps as those of").font(theme::strong(14.0)));
    let read = shown.read.as_ref().map(|read| read.reading);
    let now = network.convention.or(read.map(|r| r.convention)).unwrap_or_default();
    let width = ui.available_width() - 8.0;
    ComboBox::from_id_salt("convention")
        .selected_text(now.name())
        .width(width)
        .show_ui(ui, |ui| {
            for convention in Convention::ALL {
                let entry = Button::selectable(convention == now, convention.name());
                if ui.add(entry).on_hover_text(convention.doc()).clicked() {
                    network.convention = Some(convention);
                }
            }
        })
        .response
        .labelled_by(label.id)
        .on_hover_text(now.doc());
    if let (Some(read), None, None) = (&shown.read, network.convention, network.dt_ms) {
        ui.label(RichText::new(&read.why).small());
    }
    ui.horizontal(|ui| {
        let label = ui.label("Step");
        let mut ms = network.dt_ms.or(read.map(|r| 1000.0 * r.dt_s)).unwrap_or(1.0);
        let speed = 0.02 * ms;
        let value = number::drag(&mut ms).range(STEP_MS).suffix(" ms").speed(speed).max_decimals(6);
        if ui.add(value).labelled_by(label.id).changed() {
            network.dt_ms = Some(ms);
        }
        let label = ui.label("How many");
        let ran = shown.ran.as_ref().map(|ran| ran.steps);
        let mut steps = network.steps.or(ran).unwrap_or(100);
        let value = number::drag(&mut steps).range(1..=MOST).clamp_existing_to_range(false);
        if ui.add(value).labelled_by(label.id).changed() {
            network.steps = Some(steps);
        }
    });
    if matches!(network.input, Entering::Spikes(_)) {
        ui.horizontal(|ui| {
            let tip = "How much of the file's time is one step of the network: its own step, or 1 ms where the network counts steps instead of timing them";
            let label = ui.label("A step of the spikes").on_hover_text(tip);
            let counts = read.is_some_and(|r| r.dt_s >= 1.0 || r.convention == Convention::Norse);
            let own = read.map_or(1.0, |r| if counts { 1.0 } else { 1000.0 * r.dt_s });
            let mut ms = network.spike_step_ms.unwrap_or(own);
            let speed = 0.02 * ms;
            let value = number::drag(&mut ms).range(STEP_MS).suffix(" ms").speed(speed);
            if ui.add(value.max_decimals(6)).labelled_by(label.id).changed() {
                network.spike_step_ms = Some(ms);
            }
        });
    }
    let steps = (network.steps, network.spike_step_ms);
    let chosen = (network.convention, network.dt_ms, steps) != (None, None, (None, None));
    if chosen && ui.small_button("As the file tells").clicked() {
        (network.convention, network.dt_ms) = (None, None);
        (network.steps, network.spike_step_ms) = (None, None);
    }
}

/// Which layers spiked how often, and what came out.
fn did(ui: &mut Ui, ran: &NirRan) {
    let weak = palette(ui.visuals()).weak;
    if let Some(answer) = answer(ran) {
        ui.label(RichText::new(answer).font(theme::strong(14.0)));
        let numbers: Vec<String> =
            ran.evidence.iter().enumerate().map(|(i, e)| format!("{i}: {e:.2}")).collect();
        ui.label(RichText::new(numbers.join("   ")).small().color(weak));
    }
    egui::Grid::new("populations").num_columns(3).spacing([12.0, 2.0]).show(ui, |ui| {
        for title in ["Node", "Neurons", "Spikes"] {
            ui.label(RichText::new(title).small().color(weak));
        }
        ui.end_row();
        for population in ran.populations.iter().take(LISTED) {
            let name = egui::Label::new(&population.name).truncate();
            ui.add(name).on_hover_text(&population.kind);
            ui.label(grouped(population.neurons as u64));
            ui.label(grouped(population.spikes));
            ui.end_row();
        }
    });
    if ran.populations.len() > LISTED {
        let more = ran.populations.len() - LISTED;
        ui.label(RichText::new(format!("and {more} more")).small().color(weak));
    }
}
