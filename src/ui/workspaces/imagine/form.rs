//! The side: which network, and the constants of each view.

use egui::{ComboBox, Id, RichText, Sense, Ui};

use super::settings::{DreamSettings, ImagineSettings, Seen, span};
use super::spiking::{Spikes, SpikingEdit, SpikingSettings};
use super::units::{SETS, largest};
use super::{Imagine, ImagineEdit, World};
use crate::ann::energy::film::Motion;
use crate::ann::energy::{Dynamics, ranges};
use crate::data::{CLASSES, SIDE};
use crate::snn::experiments::regression::{Curve, FAILURES};
use crate::ui::command::{DigitEdit, Outbox};
use crate::ui::theme::{self, palette};
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{digit_view, number, picture, sources};

/// What finishes a digit.
pub fn complete(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    let kept = &world.room.kept;
    slider(
        ui,
        ("Noise on the digit", "Deviation of noise added to each pixel that is left"),
        ImagineSettings::GRAIN,
        kept.grain,
        |v| {
            out.push(ImagineEdit::Grain(v));
        },
    );
    motion(ui, kept.motion, out);
    count(ui, ("Steps", "Steps of the film"), ImagineSettings::STEPS, kept.steps, |n| {
        out.push(ImagineEdit::Steps(n));
    });
    count(
        ui,
        (
            "Side by side",
            "Pictures that are imagined with noise of their own; what is shown is their mean",
        ),
        ImagineSettings::CHAINS,
        kept.chains,
        |n| {
            out.push(ImagineEdit::Chains(n));
        },
    );
    dynamics(ui, kept.dynamics, kept.motion == Motion::Settle, out);
    seed(ui, world, out);
    ui.separator();
    digit(ui, world, out);
    let mut centre = world.digit.treatment.centre;
    let tip = "As MNIST was made: scaled to 20×20 pixels, its centre of mass in the middle. Switch it off to draw only half a digit and have the rest imagined where it belongs";
    if ui.checkbox(&mut centre, "Centre digit").on_hover_text(tip).changed() {
        out.push(DigitEdit::Centre(centre));
    }
}

/// What dreams.
pub fn dream(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    let kept = &world.room.kept.dream;
    let mut next = kept.clone();
    let label = ui.label("Digit");
    let name = |class: Option<u8>| class.map_or_else(|| "any".to_owned(), |c| c.to_string());
    ComboBox::from_id_salt("dreamed digit")
        .selected_text(name(kept.class))
        .width(90.0)
        .height(420.0)
        .show_ui(ui, |ui| {
            for class in std::iter::once(None).chain((0..CLASSES as u8).map(Some)) {
                ui.selectable_value(&mut next.class, class, name(class));
            }
        })
        .response
        .labelled_by(label.id)
        .on_hover_text("The prior of h2 has parts for each class, fitted with labels, and free ones, fitted without");
    count(ui, ("Pictures", "How many are dreamed"), DreamSettings::COUNT, kept.count, |n| {
        next.count = n;
    });
    count(
        ui,
        ("Steps", "How often a picture is looked at and drawn anew"),
        DreamSettings::STEPS,
        kept.steps,
        |n| next.steps = n,
    );
    slider(
        ui,
        (
            "Temperature",
            "How far causes are from the middle of the prior: 0 the middle itself, 1 as digits are",
        ),
        DreamSettings::TEMPERATURE,
        kept.temperature,
        |v| next.temperature = v,
    );
    slider(
        ui,
        ("Noise", "On h1 in each step; with any, h2 is drawn at random"),
        DreamSettings::NOISE,
        kept.noise,
        |v| next.noise = v,
    );
    slider(
        ui,
        ("Pull of the prior", "How far h2 goes to what the prior expects, in each step"),
        DreamSettings::PULL,
        kept.pull,
        |v| next.pull = v,
    );
    if next != *kept {
        out.push(ImagineEdit::Dream(next));
    }
    seed(ui, world, out);
}

/// Where the walk leads.
pub fn walk(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    let kept = &world.room.kept;
    let mut goal = kept.goal;
    let label = ui.label("Walk to");
    ComboBox::from_id_salt("goal of the walk")
        .selected_text(format!("a {goal}"))
        .width(90.0)
        .height(420.0)
        .show_ui(ui, |ui| {
            for class in 0..CLASSES as u8 {
                ui.selectable_value(&mut goal, class, format!("a {class}"));
            }
        })
        .response
        .labelled_by(label.id)
        .on_hover_text("A generated digit");
    if goal != kept.goal {
        out.push(ImagineEdit::Goal(goal));
    }
    count(
        ui,
        ("Frames", "Pictures on the way, both ends included"),
        ImagineSettings::FRAMES,
        kept.frames,
        |n| {
            out.push(ImagineEdit::Frames(n));
        },
    );
    ui.separator();
    digit(ui, world, out);
}

/// How E and M steps are taken.
pub fn learning(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    let kept = &world.room.kept;
    for (many, name, tip) in [
        (false, "From the current digit", "Each round looks at the same digit"),
        (true, "From training digits", "Each round looks at the next training digit"),
    ] {
        if ui.radio(kept.many == many, name).on_hover_text(tip).clicked() {
            out.push(ImagineEdit::Many(many));
        }
    }
    count(
        ui,
        (
            "E steps",
            "Steps of the causes before weights change once. They raise J once the encoders have learned to undo the decoders",
        ),
        ImagineSettings::E_STEPS,
        kept.e_steps,
        |n| {
            out.push(ImagineEdit::ESteps(n));
        },
    );
    let mut rate = kept.rate;
    let tip =
        "How far an M step goes. What is trained here is a copy: the network itself stays as it is";
    if Field::new("Learning rate", "", ImagineSettings::RATE, tip).log().show_f32(ui, &mut rate) {
        out.push(ImagineEdit::Rate(rate));
    }
    dynamics(ui, kept.dynamics, true, out);
    ui.separator();
    if !kept.many {
        digit(ui, world, out);
    }
}

/// Which network is measured.
pub fn measured(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
}

/// The unit looked at.
pub fn units(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    network(ui, world, out);
    let (room, kept) = (world.room, &world.room.kept);
    let sets = match kept.seen {
        Seen::Above => [(Seen::Above, &room.units.above)].to_vec(),
        Seen::Sees | Seen::Draws => {
            [(Seen::Sees, &room.units.sees), (Seen::Draws, &room.units.draws)].to_vec()
        }
    };
    let most = sets[0].1.len().saturating_sub(1);
    let mut unit = kept.unit.min(most);
    ui.horizontal(|ui| {
        let label = ui.label("Unit");
        if ui.add(number::drag(&mut unit).range(0..=most)).labelled_by(label.id).changed() {
            out.push(ImagineEdit::Unit(unit));
        }
    });
    for (seen, all) in sets {
        let Some(weights) = all.get(unit) else { continue };
        let name = SETS.iter().find(|(s, ..)| *s == seen).map_or("", |(_, name, _)| name);
        ui.label(RichText::new(name).small().color(palette(ui.visuals()).weak));
        let side = ui.available_width().min(180.0);
        let (rect, _) = ui.allocate_exact_size(egui::Vec2::splat(side), Sense::hover());
        let visuals = ui.visuals().clone();
        let model = room.units.model.as_ref().map_or(0, |m| std::sync::Arc::as_ptr(m) as usize);
        let stamp = picture::stamp((model, unit, seen as u8, visuals.dark_mode));
        let size = largest(weights);
        picture::paint(ui, Id::unique(("unit", seen as u8)), stamp, rect, (SIDE, SIDE), |i| {
            theme::diverging(&visuals, weights[i] / size)
        });
    }
}

/// Which network of spikes, and what it is taught.
pub fn phases(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept.spiking;
    let Some(model) = Spikes::network(kept, world.desk) else { return };
    let label = ui.label(RichText::new("Network").font(theme::strong(15.0)));
    ComboBox::from_id_salt("network with phases")
        .selected_text(&model.name)
        .truncate()
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            for other in Spikes::networks(world.desk) {
                let on = other.key == model.key;
                let doc = other.network.architecture().doc;
                if ui.selectable_label(on, &other.name).on_hover_text(doc).clicked() {
                    let key = other.key.clone();
                    out.push(ImagineEdit::Spiking(SpikingEdit::Network(key)));
                }
            }
        })
        .response
        .labelled_by(label.id)
        .on_hover_text(model.network.architecture().doc);
    if let Some(accuracy) = model.metadata.test_accuracy {
        let text = format!("{:.2} % of the test digits", accuracy * 100.0);
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
    ui.separator();
    let mut target = kept.target;
    let label = ui.label("Taught");
    let name = |class: Option<u8>| class.map_or_else(|| "what it is".to_owned(), |c| c.to_string());
    ComboBox::from_id_salt("class taught")
        .selected_text(name(target))
        .width(110.0)
        .height(420.0)
        .show_ui(ui, |ui| {
            for class in std::iter::once(None).chain((0..CLASSES as u8).map(Some)) {
                ui.selectable_value(&mut target, class, name(class));
            }
        })
        .response
        .labelled_by(label.id)
        .on_hover_text("The class that the output is pulled to: the digit's own label, or, of a drawn one, the network's answer");
    if target != kept.target {
        out.push(ImagineEdit::Spiking(SpikingEdit::Target(target)));
    }
    let mut beta = kept.beta;
    let tip = "How strongly the target pulls at the classes, and pushes";
    if Field::new("Nudging β", "", SpikingSettings::BETA, tip).log().show_f32(ui, &mut beta) {
        out.push(ImagineEdit::Spiking(SpikingEdit::Beta(beta)));
    }
    let tip = "The synapse onto a class whose change is largest";
    if ui.button("Strongest synapse").on_hover_text(tip).clicked() {
        out.push(ImagineEdit::Spiking(SpikingEdit::Pair(None)));
    }
    ui.separator();
    digit(ui, world, out);
}

/// Which curve, and how it is to fail.
pub fn regression(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept.spiking;
    ui.label(RichText::new("Curve").font(theme::strong(15.0)));
    ui.horizontal_wrapped(|ui| {
        for (i, (_, name)) in Curve::ALL.iter().enumerate() {
            if ui.selectable_label(i == kept.curve, *name).clicked() {
                out.push(ImagineEdit::Spiking(SpikingEdit::Curve(i)));
            }
        }
    });
    count(
        ui,
        ("Hidden neurons", "Between input and output"),
        SpikingSettings::HIDDEN,
        kept.hidden,
        |n| {
            out.push(ImagineEdit::Spiking(SpikingEdit::Hidden(n)));
        },
    );
    ui.separator();
    ui.label(RichText::new("What is left out").font(theme::strong(15.0)));
    if ui.radio(kept.failure.is_none(), "Nothing: it learns").clicked() {
        out.push(ImagineEdit::Spiking(SpikingEdit::Fail(None)));
    }
    for (i, failure) in FAILURES.iter().enumerate() {
        let tip = format!("{} Cure: {}.", failure.why, failure.cure);
        if ui.radio(kept.failure == Some(i), failure.name).on_hover_text(tip).clicked() {
            out.push(ImagineEdit::Spiking(SpikingEdit::Fail(Some(i))));
        }
    }
    ui.separator();
    if ui
        .button("Again")
        .on_hover_text("From the beginning; what was learned before stays as a grey line")
        .clicked()
    {
        out.push(ImagineEdit::Spiking(SpikingEdit::Again));
    }
    seed_of(ui, kept.seed);
}

/// What follows from the seed of the regression, in words.
fn seed_of(ui: &mut Ui, seed: u64) {
    let text = format!("Seed {seed}: the same weights, noise and numbers each time");
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
}

/// Which synapse is counted.
pub fn window(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let kept = &world.room.kept.spiking;
    ui.label(RichText::new("One synapse").font(theme::strong(15.0)));
    ui.horizontal(|ui| {
        let mut hidden = kept.neuron;
        let label = ui.label("From hidden neuron");
        let field = number::drag(&mut hidden).range(0..=kept.hidden - 1);
        if ui.add(field).labelled_by(label.id).changed() {
            out.push(ImagineEdit::Spiking(SpikingEdit::Neuron(hidden)));
        }
    });
    let text = "Its pairs are counted anew from the moment it is chosen.";
    ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    ui.separator();
    regression(ui, world, out);
}

/// Which network, and how well a read-out of its causes knows digits.
fn network(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let Some(model) = world.room.network(world.desk) else { return };
    let label = ui.label(RichText::new("Network").font(theme::strong(15.0)));
    ComboBox::from_id_salt("network that imagines")
        .selected_text(&model.name)
        .truncate()
        .width(ui.available_width() - 8.0)
        .show_ui(ui, |ui| {
            for other in Imagine::networks(world.desk) {
                let on = other.key == model.key;
                let doc = other.network.architecture().doc;
                if ui.selectable_label(on, &other.name).on_hover_text(doc).clicked() {
                    out.push(ImagineEdit::Network(other.key.clone()));
                }
            }
        })
        .response
        .labelled_by(label.id)
        .on_hover_text(model.network.architecture().doc);
    if let Some(accuracy) = model.metadata.test_accuracy {
        let text =
            format!("A linear read-out of h1 knows {:.2} % of the test digits", accuracy * 100.0);
        ui.label(RichText::new(text).small().color(palette(ui.visuals()).weak));
    }
    ui.separator();
}

/// The digit, and another.
fn digit(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let pixels = world.digit.pixels();
    let id = Id::unique("digit imagined");
    digit_view::show(ui, id, 84.0, "The current digit", |i| pixels[i], Sense::hover());
    if sources::ready(world.desk)
        && ui.button("Another digit").on_hover_text("Any test digit (R)").clicked()
    {
        sources::random(world.desk, out);
    }
}

fn motion(ui: &mut Ui, motion: Motion, out: &mut Outbox) {
    for (is, name, tip) in [
        (
            Motion::Settle,
            "Causes settle",
            "The E step: causes move a little towards larger J, by what goes up and down between neighbouring layers",
        ),
        (
            Motion::Sweep,
            "Up and down",
            "The whole way up to h2 and back down to a new picture; with noise, this draws one possible digit after another",
        ),
    ] {
        if ui.radio(motion == is, name).on_hover_text(tip).clicked() {
            out.push(ImagineEdit::Motion(is));
        }
    }
}

/// How causes move; what counts only while they settle is left out where they do not.
fn dynamics(ui: &mut Ui, now: Dynamics, settles: bool, out: &mut Outbox) {
    let mut next = now;
    if settles {
        slider(ui, ("Rate a", "How far causes go in a step"), span(ranges::RATE), now.rate, |v| {
            next.rate = v;
        });
        slider(
            ui,
            ("Top-down b", "How strongly h1 is drawn to what h2 expects"),
            span(ranges::TOP_DOWN),
            now.top_down,
            |v| next.top_down = v,
        );
        slider(
            ui,
            (
                "Hold",
                "How strongly causes are held to what the encoders propose: the regulariser in J",
            ),
            span(ranges::HOLD),
            now.hold,
            |v| next.hold = v,
        );
    }
    slider(
        ui,
        ("Prior c", "How strongly h2 is drawn to what the prior expects"),
        span(ranges::PULL),
        now.pull,
        |v| next.pull = v,
    );
    slider(
        ui,
        ("Noise on causes", "Deviation of the noise on h1 in each step"),
        span(ranges::NOISE),
        now.noise,
        |v| next.noise = v,
    );
    if next != now {
        out.push(ImagineEdit::Dynamics(next));
    }
}

fn slider(
    ui: &mut Ui,
    (name, tip): (&str, &str),
    range: (f64, f64),
    value: f32,
    changed: impl FnOnce(f32),
) {
    let mut wide = value;
    if Field::new(name, "", range, tip).show_f32(ui, &mut wide) {
        changed(wide);
    }
}

fn count(
    ui: &mut Ui,
    (name, tip): (&str, &str),
    range: (f64, f64),
    value: usize,
    changed: impl FnOnce(usize),
) {
    let mut wide = value as f64;
    if Field::new(name, "", range, tip).whole().show(ui, &mut wide) {
        changed(wide.round().max(0.0) as usize);
    }
}

fn seed(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    ui.horizontal(|ui| {
        let mut seed = world.room.kept.seed;
        let label = ui.label("Seed");
        if ui.add(number::drag(&mut seed)).labelled_by(label.id).changed() {
            out.push(ImagineEdit::Seed(seed));
        }
        if ui.button("Another").on_hover_text("The next seed: other noise, other dreams").clicked()
        {
            out.push(ImagineEdit::Seed(seed.wrapping_add(1)));
        }
    });
}
