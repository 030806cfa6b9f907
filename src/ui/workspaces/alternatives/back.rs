//! What one digit sends forward and back: for each layer its weights, and beside them
//! what stands on the way back.

use egui::{ComboBox, Id, RichText, Sense, Ui, vec2};

use super::matrix::{self, Matrix, STRIP};
use super::settings::AlternativesTab;
use super::synapse::{self, Synapse};
use super::{AlternativesEdit, World, slots};
use crate::ann::rules::Rule;
use crate::ann::rules::passage::{Back, LayerPassage, Passage};
use crate::ann::zoo::Kind;
use crate::core::csv::{self, optional, row};
use crate::core::decision::unique_max;
use crate::core::text::short;
use crate::data::{CLASSES, ClassNames};
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{digit_view, figure, page, sources};

/// The rule looked at, the digit and which one it is.
pub fn side(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    ui.label(RichText::new("Look into").font(theme::strong(15.0)));
    which(ui, world, |_| true, out);
    if let Some(rule) = world.room.looked_at().and_then(|slot| world.room.kept.rule(slot)) {
        let weak = palette(ui.visuals()).weak;
        ui.label(RichText::new(rule.doc).small().color(weak));
    }
    ui.separator();
    digit(ui, world, out);
}

/// The slots to look into.
pub fn which(ui: &mut Ui, world: &World<'_>, fits: fn(&Rule) -> bool, out: &mut Outbox) {
    let now = world.room.looked_at();
    for (slot, rule) in world.room.kept.slots().filter(|(_, rule)| fits(rule)) {
        let text = RichText::new(slots::name(slot, rule));
        if ui.selectable_label(now == Some(slot), text).on_hover_text(rule.doc).clicked() {
            out.push(AlternativesEdit::Slot(slot));
        }
    }
}

/// The same as a list, where the side may be folded away.
pub fn which_of(ui: &mut Ui, world: &World<'_>, fits: fn(&Rule) -> bool, out: &mut Outbox) {
    let now = world.room.looked_at();
    let rule = now.and_then(|slot| Some(slots::name(slot, world.room.kept.rule(slot)?)));
    let list = ComboBox::from_id_salt("rule looked into")
        .selected_text(rule.unwrap_or_default())
        .width(190.0)
        .show_ui(ui, |ui| which(ui, world, fits, out));
    let named = || egui::WidgetInfo::labeled(egui::accesskit::Role::ComboBox, true, "Look into");
    list.response.widget_info(named);
}

/// What the classes are called that the rules learn to tell apart.
pub fn classes(world: &World<'_>) -> ClassNames {
    let split = world.library.source(&world.room.kept.course.data).split();
    split.map_or_else(ClassNames::default, |split| split.test.classes().clone())
}

/// The digit, which one it is, and another one.
pub fn digit(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let names = classes(world);
    let pixels = world.digit.pixels();
    let id = Id::unique("digit of rules");
    digit_view::show(ui, id, 84.0, "The current digit", |i| pixels[i], Sense::hover());
    if let Some(label) = world.digit.label().filter(|label| usize::from(*label) < CLASSES) {
        let name = names.name(label);
        ui.label(format!("It is a {name}: that is the target."));
    } else {
        ui.horizontal(|ui| {
            let tip = "The target: which digit the network is told that it is";
            let label = ui.label("It is a").on_hover_text(tip);
            let now = world.room.kept.label;
            ComboBox::from_id_salt("target digit")
                .selected_text(names.name(now))
                .width(44.0)
                .show_ui(ui, |ui| {
                    for digit in 0..names.count().min(CLASSES) {
                        if ui.selectable_label(digit == now, names.name(digit)).clicked() {
                            out.push(AlternativesEdit::Label(digit));
                        }
                    }
                })
                .response
                .labelled_by(label.id);
        });
    }
    if sources::ready(world.desk)
        && ui.button("Another digit").on_hover_text("Any test digit (R)").clicked()
    {
        sources::random(world.desk, out);
    }
}

/// What is drawn.
#[derive(Clone, Copy)]
struct Drawn<'a> {
    rule: &'a Rule,
    passage: &'a Passage,
    /// Whether there is room for one layer only.
    small: bool,
}

/// The view.
pub fn show(ui: &mut Ui, world: &World<'_>, out: &mut Outbox) {
    let (from, small) = (ui.next_widget_position(), page::small(ui));
    slots::buttons(ui, world, out, |ui, out| {
        if ui.max_rect().width() < page::NARROW {
            which_of(ui, world, |_| true, out);
        }
    });
    let Some(slot) = world.room.looked_at() else {
        ui.label("Put a rule into a slot under Side by side.");
        return;
    };
    if world.digit.is_blank() {
        return sources::no_digit(ui, world, out);
    }
    let Some(rule) = world.room.kept.rule(slot) else { return };
    if let Some(why) = nowhere(rule) {
        ui.label(why);
        if rule.relaxes && ui.button("See it settle").clicked() {
            out.push(AlternativesEdit::Tab(AlternativesTab::Settling));
        }
        return;
    }
    let passage = world.room.known().and_then(|known| known.passage.as_ref());
    let Some(passage) = passage.filter(|_| world.room.snapshot(slot).is_some()) else {
        ui.label(match world.room.in_hand(slot) {
            true => "The digit is on its way …",
            false => "Its weights are drawn when it begins: press Step or Start all.",
        });
        return;
    };
    let names = classes(world);
    let answer = names.said(unique_max(&passage.answer));
    let text = format!(
        "{}: back goes {}. The digit is a {}, the answer {answer}.",
        slots::name(slot, rule),
        rule.way_back,
        names.name(passage.label)
    );
    // Where there is little room the list above says it, which a file does without.
    if !small || figure::saving(ui.ctx()) {
        ui.label(RichText::new(text).font(theme::strong(13.5)));
    }
    let drawn = Drawn { rule, passage, small };
    layers(ui, world, drawn, out);
    account(ui, world, drawn, out);
    figure::save_below(ui, out, "way-back", from, || csv(passage));
}

/// Why there is no way back to be drawn.
fn nowhere(rule: &Rule) -> Option<&'static str> {
    match rule.kind {
        Kind::Dense => None,
        Kind::Settling => Some(
            "No error travels here. Activity itself goes back, over connections that are the same both ways, while the network settles a second time: see Settling.",
        ),
        Kind::BothWays => Some(
            "No error travels here. Spikes themselves go back, over connections that are the same both ways, while the network runs a second time with the target.",
        ),
        Kind::Spiking | Kind::FirstSpike => Some(
            "Errors go back over spikes and through time, not from layer to layer alone; they are not drawn here.",
        ),
        Kind::Goodness => Some(
            "There is no way back. Each layer sees the digit twice, with its own label and with a wrong one, and learns by itself to tell them apart.",
        ),
        Kind::Energy => Some(
            "No error goes back. Latent variables settle between the picture and what is expected of them, and each synapse learns from how its own cell moved.",
        ),
        Kind::ConvStdp | Kind::ConvReward => Some(
            "There is no way back. A synapse learns from when its own two cells fire, and in the last layer from one number that all of it hears: right or wrong.",
        ),
    }
}

/// All layers beside each other, or one of them where there is little room.
fn layers(ui: &mut Ui, world: &World<'_>, drawn: Drawn<'_>, out: &mut Outbox) {
    let Drawn { passage, small, .. } = drawn;
    let count = passage.layers.len();
    let below = if world.room.synapse.is_some() { 150.0 } else { 96.0 };
    let texts = if small { 48.0 } else { 72.0 } + 2.0 * (STRIP + 6.0);
    let room = ui.available_height() - below;
    let of_pair = |width: f32, room: f32| {
        let width = ((width - 20.0) / 2.0).min(1.5 * room).max(60.0);
        vec2(width, room.clamp(60.0, 2.2 * width))
    };
    let together = (ui.available_width() - 8.0 * count as f32) / count as f32;
    if !small && together > 220.0 {
        ui.horizontal_top(|ui| {
            for number in 0..count {
                ui.vertical(|ui| {
                    ui.set_width(together);
                    pair(ui, world, (drawn, number), of_pair(together, room - texts), out);
                });
            }
        });
        return;
    }
    let names: Vec<String> = (0..count).map(|n| layer_name(passage, n)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let chosen = page::choose(ui, "layer of the way back", &names).min(count.saturating_sub(1));
    let size = of_pair(ui.available_width(), room - texts - 34.0);
    pair(ui, world, (drawn, chosen), size, out);
}

fn layer_name(passage: &Passage, number: usize) -> String {
    if number + 1 == passage.layers.len() {
        "Classes".into()
    } else {
        format!("Hidden {}", number + 1)
    }
}

/// A layer: its weights, and what stands beside them.
fn pair(
    ui: &mut Ui,
    world: &World<'_>,
    (drawn, number): (Drawn<'_>, usize),
    size: egui::Vec2,
    out: &mut Outbox,
) {
    let Drawn { rule, passage, small } = drawn;
    let layer = &passage.layers[number];
    let stamp = world.room.answer.number;
    let id = |what: &str| (Id::unique(("way back", number, what)), stamp);
    let below =
        if number == 0 { "the picture".to_owned() } else { format!("hidden layer {number}") };
    if !small || figure::saving(ui.ctx()) {
        let title = format!("{}: {} × {}", layer_name(passage, number), layer.inputs, layer.units);
        ui.label(RichText::new(title).font(theme::strong(13.0)));
    }
    let name = layer_name(passage, number);
    let weak = palette(ui.visuals()).weak;
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(size.x);
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.label(RichText::new("forward").small().color(weak));
            // Keeps both pictures at one height.
            ui.allocate_exact_size(vec2(size.x, STRIP), Sense::hover());
            forward(ui, world, (layer, number), size, id("weights"), out);
            matrix::strip(ui, id("activity"), size.x, &layer.activity, ("Activity", &below));
            ui.label(RichText::new("activity ↑").small().color(weak));
        });
        ui.vertical(|ui| {
            ui.set_width(size.x);
            ui.spacing_mut().item_spacing.y = 4.0;
            let direct = matches!(layer.back, Back::FromOutput(_));
            let classes = passage.layers.last().map_or(&[][..], |l| &l.error);
            let errors = if direct { classes } else { &layer.error };
            let of = if direct { "the classes" } else { &name };
            ui.label(RichText::new("errors ↓").small().color(weak));
            matrix::strip(ui, id("errors"), size.x, errors, ("Error", of));
            backward(ui, world, (rule, layer, number), size, id("back"));
            let arrives = number.checked_sub(1).map_or(&[][..], |n| &passage.layers[n].error);
            matrix::strip(ui, id("arriving"), size.x, arrives, ("Error", &below));
            ui.label(RichText::new("back").small().color(weak));
        });
    });
}

/// The weights: inputs to the right, units down.
fn forward(
    ui: &mut Ui,
    world: &World<'_>,
    (layer, number): (&LayerPassage, usize),
    size: egui::Vec2,
    id: (Id, u64),
    out: &mut Outbox,
) {
    let value = |unit: usize, input: usize| layer.weights[input * layer.units + unit];
    let picture = Matrix { rows: layer.units, columns: layer.inputs, value: &value };
    let text = format!("Weights, {} × {}", layer.inputs, layer.units);
    let (response, down, across) = picture.show(ui, id, size, &text);
    let (rect, cells) = (response.rect, (down.cells, across.cells));
    let at = |pos: egui::Pos2| -> Option<Synapse> {
        let (row, column) = crate::ui::widgets::picture::cell(rect, cells, pos)?;
        let (input, unit) = synapse::most_changed(layer, across.of(column), down.of(row))?;
        Some(Synapse { layer: number, input, unit })
    };
    if let Some(clicked) = response.interact_pointer_pos().filter(|_| response.clicked()) {
        out.push(AlternativesEdit::Synapse(at(clicked)));
    }
    if let Some(s) = world.room.synapse.filter(|s| s.layer == number) {
        matrix::mark(ui, rect, (down, across), s.unit, s.input);
    }
    if let Some(s) = response.hover_pos().and_then(at) {
        let weight = layer.weights[s.input * layer.units + s.unit];
        response.on_hover_text_at_pointer(format!(
            "Of the synapses here the one that changes most, from unit {} to unit {}: weight {weight:.4}. Click to see what its change is made of.",
            s.input, s.unit
        ));
    }
}

/// What stands on the way back, as the weights are drawn: inputs to the right, units (or
/// classes) down. The same matrix is the same picture.
fn backward(
    ui: &mut Ui,
    world: &World<'_>,
    (rule, layer, number): (&Rule, &LayerPassage, usize),
    size: egui::Vec2,
    id: (Id, u64),
) {
    let by_unit = |m: &[f32], input: usize, unit: usize| m[input * layer.units + unit];
    let (rows, text): (usize, &str) = match &layer.back {
        Back::Weights => (layer.units, "the same weights, transposed: weight transport"),
        Back::Matrix(_) => (layer.units, rule.way_back),
        Back::FromOutput(_) => (CLASSES, "a random matrix from the classes"),
        Back::Nothing => {
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            let p = palette(ui.visuals());
            ui.painter().rect_filled(rect, 2, p.well);
            let text = if number == 0 { "the picture\nneeds no error" } else { "nothing" };
            let galley =
                ui.painter().layout(text.into(), theme::regular(13.0), p.weak, size.x - 4.0);
            ui.painter().galley(rect.center() - galley.size() / 2.0, galley, p.weak);
            response.on_hover_text("Nothing stands on the way back here");
            return;
        }
    };
    let value = |row: usize, input: usize| match &layer.back {
        Back::Weights => by_unit(&layer.weights, input, row),
        Back::Matrix(m) => by_unit(m, input, row),
        Back::FromOutput(m) => m[row * layer.inputs + input],
        Back::Nothing => 0.0,
    };
    let picture = Matrix { rows, columns: layer.inputs, value: &value };
    let text = format!("On the way back: {text}");
    let (response, down, across) = picture.show(ui, id, size, &text);
    if let Some(s) = world.room.synapse.filter(|s| s.layer == number && s.unit < rows) {
        matrix::mark(ui, response.rect, (down, across), s.unit, s.input);
    }
    response.on_hover_text(text);
}

/// The synapse that is looked at.
fn account(ui: &mut Ui, world: &World<'_>, drawn: Drawn<'_>, out: &mut Outbox) {
    let Drawn { rule, passage, small } = drawn;
    let p = palette(ui.visuals());
    let found = world.room.synapse.and_then(|s| Some((s, synapse::account(passage, rule, s)?)));
    let Some((chosen, quantities)) = found else {
        let hint = match small {
            false => {
                "Orange is positive, blue negative, each picture by its own largest. Click one of weights: what is the last change of a synapse made of?".into()
            }
            true => format!(
                "The digit is a {}, the answer {}. Click weights to see what changes them.",
                classes(world).name(passage.label),
                classes(world).said(unique_max(&passage.answer))
            ),
        };
        ui.label(RichText::new(hint).small().color(p.weak));
        return;
    };
    ui.horizontal(|ui| {
        let text = format!(
            "Synapse of {}, from unit {} to unit {}",
            layer_name(passage, chosen.layer).to_lowercase(),
            chosen.input,
            chosen.unit
        );
        ui.label(RichText::new(text).font(theme::strong(13.0)));
        if ui.button("Close").on_hover_text("Look at no synapse").clicked() {
            out.push(AlternativesEdit::Synapse(None));
        }
    });
    for quantity in quantities {
        let value = quantity.value.map_or_else(|| "none".into(), short);
        let text = format!("{} {value}: {}", quantity.name, quantity.how);
        ui.label(RichText::new(text).small());
    }
}

/// A row for each unit: what it does, its error. Weights are in the run's files.
fn csv(passage: &Passage) -> String {
    let mut rows = Vec::new();
    for (number, layer) in passage.layers.iter().enumerate() {
        for unit in 0..layer.units {
            rows.push(row![
                number + 1,
                unit,
                optional(layer.output.get(unit)),
                optional(layer.error.get(unit)),
                optional(synapse::arriving(passage, number, unit)),
            ]);
        }
    }
    csv::text(["layer", "unit", "output", "error", "arriving"], rows)
}
