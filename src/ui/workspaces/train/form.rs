//! The settings of the next run, with units and help, and the buttons.

use egui::{Button, ComboBox, RichText, Ui};

use super::{TrainEdit, World};
use super::{history, spiking};
use crate::ann::optimiser::{OPTIMISERS, OptimiserConfig};
use crate::ann::rules::{self, Rule, RuleConfig};
use crate::ann::trainer::TrainConfig;
use crate::ann::zoo::classes as of_classes;
use crate::ann::zoo::{self, Architecture, Family, Kind, Widths, ZOO};
use crate::core::bounds::{Bounded, Bounds, Span};
use crate::core::text::grouped;
use crate::data::CLASSES;
use crate::data::augment::{Augmentation, SETTINGS};
use crate::data::own::mine;
use crate::data::registry;
use crate::ui::command::{Command, DataEdit, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field;
pub(super) use crate::ui::widgets::field::row;
use crate::ui::widgets::{number, sources};
use crate::workers::training::Phase;

/// What can be set here; `train` and its records allow more. A batch is what one
/// has to wait for when the window is closed.
const SUBSET: Span = (1000.0, 60_000.0);
/// The same of a set of the user's own, which may be small or large.
const OWN_SUBSET: Span = TrainConfig::SUBSET;
const BATCH_SIZE: Span = (1.0, 512.0);
const EPOCHS: Span = (1.0, 200.0);
const THREADS: Span = TrainConfig::THREADS;

/// Brings settings that were made here within their ranges.
pub fn bound_form(config: &mut TrainConfig, to: &mut Bounds) {
    config.bound(to);
    to.number("subset", &mut config.subset, subset_of(&config.data));
    to.number("batch_size", &mut config.batch_size, BATCH_SIZE);
    to.number("epochs", &mut config.epochs, EPOCHS);
    to.number("threads", &mut config.threads, THREADS);
    to.number("average_epochs", &mut config.average_epochs, (0.0, config.epochs as f64));
}

/// How many pictures of a data set one can train on.
fn subset_of(data: &str) -> Span {
    if registry::find(data).is_some() { SUBSET } else { OWN_SUBSET }
}

/// Draws the form.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    buttons(ui, world, out);
    ui.separator();
    let mut config = world.room.kept.training.clone();
    let running = world.training.phase.in_hand();
    ui.add_enabled_ui(!running, |ui| {
        network(ui, &mut config);
        ui.add_space(4.0);
        rule(ui, &mut config);
        ui.add_space(4.0);
        data(ui, world, &mut config, out);
        // What is typed under Structure stays as it is, and is refused where it does not fit.
        let kept = &world.room.kept.training;
        if (&config.model, &config.data) != (&kept.model, &kept.data) {
            fit(world, &mut config);
        }
        ui.add_space(4.0);
        course(ui, &mut config);
        ui.add_space(4.0);
        augmentation(ui, &mut config);
        ui.add_space(4.0);
        optimiser(ui, &mut config);
        ui.add_space(4.0);
        history::form(ui, &mut config.history);
    });
    if running {
        ui.label(RichText::new("Settings are fixed while a run is in hand.").small());
    }
    live(ui, world, out);
    if config != world.room.kept.training {
        out.push(TrainEdit::Configure(Box::new(config)));
    }
}

fn buttons(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let p = palette(ui.visuals());
    let phase = &world.training.phase;
    let mut push = |edit| out.push(edit);
    let (text, edit, tip) = match phase {
        Phase::Training | Phase::Testing { .. } => {
            ("Pause", TrainEdit::Pause, "Hold before the next batch (Ctrl+Enter)")
        }
        Phase::Paused => ("Resume", TrainEdit::Resume, "Go on (Ctrl+Enter)"),
        _ => ("Start training", TrainEdit::Start, "A new run with these settings (Ctrl+Enter)"),
    };
    let main = Button::new(RichText::new(text).font(theme::strong(15.5)).color(p.on_accent))
        .fill(p.accent);
    let testing = matches!(phase, Phase::Testing { .. });
    let in_hand = phase.in_hand();
    let config = &world.room.kept.training;
    let too_few = config.data == mine::ID && world.library.own.my_digits() < mine::FEWEST;
    let too_few = too_few.then(|| few(world, &config.data)).flatten();
    let unfit = misfit(config).or_else(|| other_classes(world, config)).or(too_few);
    let unfit = unfit.filter(|_| !in_hand);
    let on = !testing && unfit.is_none();
    let size = egui::Vec2::new(ui.available_width(), 36.0);
    let start = ui.add_enabled_ui(on, |ui| ui.add_sized(size, main)).inner.on_hover_text(tip);
    if start.on_disabled_hover_text(unfit.unwrap_or_default()).clicked() {
        push(edit);
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let mut button = |ui: &mut Ui, on: bool, text: &str, tip: &str, edit: TrainEdit| {
            if ui.add_enabled(on, Button::new(text)).on_hover_text(tip).clicked() {
                push(edit);
            }
        };
        button(ui, on, "Step", "Train one mini-batch, then hold (Ctrl+.)", TrainEdit::Step);
        button(
            ui,
            in_hand,
            "Stop",
            "End the run; its weights are kept and it can be gone on with",
            TrainEdit::Stop,
        );
        button(
            ui,
            in_hand && !testing,
            "Reset",
            "Begin anew from the same initial weights, held",
            TrainEdit::Reset,
        );
    });
}

pub(super) fn heading(ui: &mut Ui, text: &str) -> egui::Response {
    ui.label(RichText::new(text).font(theme::strong(14.0)))
}

fn network(ui: &mut Ui, config: &mut TrainConfig) {
    let title = heading(ui, "Network");
    let chosen = zoo::find(&config.model);
    let recipe = chosen.is_some_and(|a| a.epochs == config.epochs);
    ComboBox::from_id_salt("network")
        .selected_text(chosen.map_or("choose", |a| a.name))
        .width(ui.available_width() - 10.0)
        // All of them without scrolling, where the window is high enough.
        .height(600.0)
        .show_ui(ui, |ui| {
            for architecture in zoo::all() {
                if architecture.id == zoo::SPIKING[0].id {
                    ui.label(RichText::new("Spiking").small());
                }
                if architecture.id == zoo::GENERATIVE[0].id {
                    ui.label(RichText::new("Generative").small());
                }
                ui.selectable_value(
                    &mut config.model,
                    architecture.id.to_owned(),
                    architecture.name,
                )
                .on_hover_text(architecture.doc);
            }
        })
        .response
        .labelled_by(title.id);
    spiking::show(ui, &mut config.model);
    if let Some(now) = zoo::find(&config.model).filter(|a| chosen.is_none_or(|c| c.id != a.id)) {
        suit(config, now);
    }
    // Who has not asked for another number of epochs gets the usual one.
    if let (true, Some(now)) = (recipe, zoo::find(&config.model)) {
        config.epochs = now.epochs;
    }
    if let Some(architecture) = chosen {
        let summary = zoo::summary(&(architecture.layers)());
        let parameters: usize = summary.iter().map(|l| l.parameters).sum();
        let work: usize = summary.iter().map(|l| l.multiply_adds).sum();
        let weak = palette(ui.visuals()).weak;
        let text = format!(
            "{} weights, {:.1} million multiply–adds per digit",
            grouped(parameters as u64),
            work as f64 / 1e6
        );
        ui.label(RichText::new(text).small().color(weak)).on_hover_ui(|ui| {
            egui::Grid::new("layers").num_columns(4).striped(true).spacing([16.0, 3.0]).show(
                ui,
                |ui| {
                    for title in ["Layer", "Output", "Weights", "Multiply–adds"] {
                        ui.label(RichText::new(title).font(theme::strong(13.0)));
                    }
                    ui.end_row();
                    for layer in &summary {
                        let shape: Vec<String> =
                            layer.output.iter().map(usize::to_string).collect();
                        ui.label(&layer.name);
                        ui.label(shape.join("×"));
                        ui.label(grouped(layer.parameters as u64));
                        ui.label(grouped(layer.multiply_adds as u64));
                        ui.end_row();
                    }
                },
            );
        });
    }
}

/// Takes the rule that a network needs, where the one at hand does not fit; and, of a
/// network of spikes, what averages its last weights.
pub(super) fn suit(config: &mut TrainConfig, architecture: &Architecture) {
    let spikes = architecture.family() == Family::Spiking;
    let usual = rules::usual_for(architecture);
    let backpropagates = config.rule.is_backpropagation();
    let misfits = config.rule.check(architecture, &config.optimiser, &config.device).is_err();
    if !(misfits || spikes && backpropagates) {
        return;
    }
    config.rule = RuleConfig::of(usual);
    config.optimiser = match usual.id == rules::RULES[0].id {
        true => OptimiserConfig::default(),
        false => (usual.usual)(),
    };
    config.average_epochs = architecture.average_epochs.min(config.epochs);
}

/// Why the learning rule cannot train what is asked, as a sentence.
pub(super) fn misfit(config: &TrainConfig) -> Option<String> {
    let architecture = zoo::find(&config.model)?;
    let fits = config.rule.check(architecture, &config.optimiser, &config.device);
    fits.err().map(|error| format!("{error}."))
}

/// How many classes the data set has that is chosen.
fn classes(world: &World<'_>, data: &str) -> usize {
    world.library.own.find(data).map_or(CLASSES, |about| about.classes.count())
}

/// Takes the network with the outputs that the data set needs, where there is one.
fn fit(world: &World<'_>, config: &mut TrainConfig) {
    let wanted = classes(world, &config.data);
    let fitting = zoo::find(&config.model).and_then(|a| of_classes::for_classes(a, wanted).ok());
    if let Some(architecture) = fitting.filter(|a| a.id != config.model) {
        architecture.id.clone_into(&mut config.model);
    }
}

/// Why the network cannot learn the classes of the data set, as a sentence.
fn other_classes(world: &World<'_>, config: &TrainConfig) -> Option<String> {
    let architecture = zoo::find(&config.model)?;
    let checked = of_classes::check(architecture, classes(world, &config.data));
    checked.err().map(|error| format!("{error}."))
}

/// A network that a rule can train: the usual one, or one of its own kind.
fn network_for(rule: &Rule) -> String {
    match rule.kind {
        Kind::Dense => ZOO[0].id.to_owned(),
        kind => {
            let (hidden, activation) = (rule.recipe.hidden.to_vec(), rule.recipe.activation);
            Widths { kind, hidden, activation }.id()
        }
    }
}

/// The learning rule, and why it cannot train what is asked.
fn rule(ui: &mut Ui, config: &mut TrainConfig) {
    let title = heading(ui, "Learning rule");
    let now = rules::find(config.rule.id());
    ComboBox::from_id_salt("learning rule")
        .selected_text(now.map_or("choose", |r| r.name))
        .width(ui.available_width() - 10.0)
        .height(420.0)
        .show_ui(ui, |ui| {
            for declared in rules::all() {
                let on = now.is_some_and(|n| n.id == declared.id);
                if ui.selectable_label(on, declared.name).on_hover_text(declared.doc).clicked()
                    && !on
                {
                    config.rule = RuleConfig::of(declared);
                    let works = declared.optimisers;
                    if !works.is_empty() && !works.contains(&config.optimiser.id()) {
                        config.optimiser = (declared.usual)();
                    }
                }
            }
        })
        .response
        .labelled_by(title.id)
        .on_hover_text(
            "How the errors of a layer are made. The workspace Alternatives compares rules",
        );
    let Some(declared) = rules::find(config.rule.id()) else { return };
    for parameter in declared.parameters {
        let Some(mut value) = config.rule.get(parameter.name) else { continue };
        if field::parameter(ui, parameter, &mut value) {
            config.rule.set(parameter.name, value);
        }
    }
    let Some(why) = misfit(config) else { return };
    let warning = palette(ui.visuals()).warning;
    ui.label(RichText::new(why).small().color(warning));
    let id = network_for(declared);
    if let Some(other) = zoo::find(&id).filter(|a| a.id != config.model)
        && ui.button(format!("Take {}", other.name)).on_hover_text(other.doc).clicked()
    {
        config.model = id;
    }
}

fn data(ui: &mut Ui, world: &World<'_>, config: &mut TrainConfig, out: &mut Outbox) {
    heading(ui, "Digits");
    row(ui, "Data set", "Where the training digits come from", |ui| {
        let chosen = sources::find(world, &config.data);
        // A set that is gone is called by its id.
        let name = chosen.as_ref().map_or(&config.data[..], |(name, _)| name).to_owned();
        ComboBox::from_id_salt("training data")
            .selected_text(name)
            .show_ui(ui, |ui| {
                for (id, name, doc) in sources::all(world) {
                    let on = config.data == id;
                    if ui.selectable_label(on, name).on_hover_text(doc).clicked() {
                        if id == "synthetic" {
                            out.push(DataEdit::LoadSynthetic);
                        }
                        config.data = id;
                    }
                }
                ui.separator();
                sources::add_data(ui, out);
            })
            .response
    });
    if let Some(text) = few(world, &config.data) {
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
    if let Some(text) = other_classes(world, config) {
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).warning));
    }
    let (least, most) = subset_of(&config.data);
    row(
        ui,
        "Training digits",
        "How many of the data set to train on, validation split included (1,000 to 60,000). With few, the gap between training and validation shows.",
        |ui| {
            ui.add(
                number::drag(&mut config.subset)
                    .range(least..=most)
                    .speed(100)
                    .custom_formatter(|v, _| grouped(v as u64)),
            )
        },
    );
    row(
        ui,
        "Validation split",
        "Share held out to watch how it does on digits it was not trained on; usually 2 %",
        |ui| {
            let mut percent = config.validation_share * 100.0;
            let response = ui.add(
                number::drag(&mut percent)
                    .range(0.0..=50.0)
                    .speed(0.5)
                    .fixed_decimals(0)
                    .suffix(" %"),
            );
            if response.changed() {
                config.validation_share = percent / 100.0;
            }
            response
        },
    );
}

/// What a small data set means, as a sentence.
fn few(world: &World<'_>, data: &str) -> Option<String> {
    const SMALL: usize = 1000;
    let count = world.library.own.find(data)?.train.fingerprint.digits;
    if data == mine::ID && world.library.own.my_digits() < mine::FEWEST {
        let (have, need) = (world.library.own.my_digits(), mine::FEWEST);
        return Some(format!("There are {have} of your digits; {need} are needed to train on."));
    }
    (count < SMALL).then(|| {
        format!(
            "Only {count} pictures to learn from: a network learns them by heart, and its accuracy on a few test pictures says little."
        )
    })
}

fn course(ui: &mut Ui, config: &mut TrainConfig) {
    heading(ui, "Course");
    row(ui, "Epochs", "Passes over the training digits", |ui| {
        ui.add(number::drag(&mut config.epochs).range(EPOCHS.0..=EPOCHS.1).speed(0.1))
    });
    row(ui, "Batch size", "Digits per update of the weights; usually 32", |ui| {
        ui.add(number::drag(&mut config.batch_size).range(BATCH_SIZE.0..=BATCH_SIZE.1).speed(0.5))
    });
    super::device::row(ui, config);
    ui.add_enabled_ui(config.device == crate::ann::device::OWN, |ui| {
        row(
            ui,
            "Threads",
            "Cores to train on; one is left for the window. The same number gives the same result.",
            |ui| ui.add(number::drag(&mut config.threads).range(THREADS.0..=THREADS.1).speed(0.05)),
        );
    });
    row(
        ui,
        "Averaged epochs",
        "The result is the mean of the weights over so many epochs at the end, which answers new digits better than the last weights do (Polyak and Juditsky 1992); 0 takes the last weights",
        |ui| {
            let most = config.epochs;
            ui.add(number::drag(&mut config.average_epochs).range(0..=most).speed(0.05))
        },
    );
    row(
        ui,
        "Seed",
        "Initial weights, order of the digits and dropout follow from it: the same seed gives the same network",
        |ui| {
            let new = ui.button("New").on_hover_text("Another seed");
            if new.clicked() {
                config.seed = config.seed.wrapping_add(1);
            }
            ui.add(number::drag(&mut config.seed).speed(0.1))
        },
    );
}

fn augmentation(ui: &mut Ui, config: &mut TrainConfig) {
    let mut on = !config.augmentation.is_off();
    let tip = "Moves, turns, scales and distorts each digit a little each time it is trained on, so that the network never sees the same picture twice; usually off";
    if ui.checkbox(&mut on, "Augmentation").on_hover_text(tip).changed() {
        config.augmentation = if on { Augmentation::USUAL } else { Augmentation::default() };
    }
    if !on {
        return;
    }
    for setting in SETTINGS {
        let mut value = setting.value(config.augmentation);
        row(ui, setting.label, setting.doc, |ui| {
            let drag = number::drag(&mut value)
                .range(0.0..=setting.most)
                .speed(setting.most / 200.0)
                .max_decimals(2)
                .prefix(setting.sign)
                .suffix(setting.unit);
            let response = ui.add(drag);
            if response.changed() {
                setting.set(&mut config.augmentation, value);
            }
            response
        });
    }
}

fn optimiser(ui: &mut Ui, config: &mut TrainConfig) {
    let title = heading(ui, "Optimiser");
    let id = config.optimiser.id().to_owned();
    let chosen = OPTIMISERS.iter().find(|o| o.id == id);
    ComboBox::from_id_salt("optimiser")
        .selected_text(chosen.map_or("choose", |o| o.name))
        .width(ui.available_width() - 10.0)
        .show_ui(ui, |ui| {
            for declared in OPTIMISERS {
                let on = declared.id == id;
                if ui.selectable_label(on, declared.name).on_hover_text(declared.doc).clicked()
                    && !on
                {
                    config.optimiser = OptimiserConfig::default_of(declared.id).unwrap_or_default();
                }
            }
        })
        .response
        .labelled_by(title.id);
    for parameter in chosen.map_or(&[][..], |o| o.parameters) {
        let Some(mut value) = config.optimiser.get(parameter.name) else { continue };
        row(ui, parameter.label, parameter.doc, |ui| {
            let drag = number::drag(&mut value)
                .range(parameter.range.0..=parameter.range.1)
                .speed((parameter.range.1 - parameter.range.0) / 400.0)
                .max_decimals(9)
                .custom_formatter(|v, _| {
                    if v != 0.0 && v.abs() < 1e-3 { format!("{v:e}") } else { format!("{v}") }
                });
            let response = ui.add(drag);
            if response.changed() {
                config.optimiser.set(parameter.name, value);
            }
            response
        });
    }
}

fn live(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    ui.separator();
    let mut on = world.session.live;
    let tip = "The network in training answers among the others in Draw, renewed every second";
    if ui.checkbox(&mut on, "Answer in Draw while it trains").on_hover_text(tip).changed() {
        out.push(Command::Live(on));
    }
}
