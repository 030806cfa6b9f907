//! A structure of one's own: as text in the report's notation, and as a row of layers that
//! are dragged, added, changed and taken out. The text is what both edit; as soon as it
//! works, it is the network of the next run.

use egui::{Button, Color32, Id, RichText, Sense, Stroke, StrokeKind, TextEdit, Ui};

use super::{TrainEdit, World, form};
use crate::ann::AnnError;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::ops::spiking::MOST_STEPS;
use crate::ann::zoo::notation::{
    self, MOST_FILTERS, MOST_HIDDEN, MOST_KERNEL, MOST_LAYERS, MOST_UNITS, Misfit,
};
use crate::ann::zoo::spiking::{MOST_RECURRENT, TAU};
use crate::ann::zoo::{self, Activation, Architecture, Layer, PoolKind, Spiking, Window};
use crate::data::SIDE;
use crate::ui::command::Outbox;
use crate::ui::theme::{self, palette};
use crate::ui::widgets::{number, page};

/// What is being typed, of which network, and the layer that is being changed.
#[derive(Clone, Default)]
struct Draft {
    /// The network that the text was last that of.
    model: String,
    text: String,
    chosen: Option<usize>,
}

/// Functions to choose from.
const FUNCTIONS: [Activation; 5] = [
    Activation::Relu,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::LeakyRelu,
    Activation::Linear,
];

/// Layers that can be added, as they begin. Those after [`OF_SPIKES`] spike.
const NEW: [(&str, &str); 16] = [
    ("Conv 3×3", "Conv[3x3](32)"),
    ("Conv 5×5", "Conv[5x5](32)"),
    ("Max-pool", "MaxPool[2x2]"),
    ("Average-pool", "AvgPool[2x2]"),
    ("Dropout", "Dropout(0.2)"),
    ("Dense", "Dense(128, ReLU)"),
    ("RNN", "RNN(128)"),
    ("GRU", "GRU(128)"),
    ("LSTM", "LSTM(128)"),
    ("Function", "tanh"),
    ("Affine", "Affine"),
    ("LIF dense", "Dense(128) - LIF"),
    ("LIF conv 3×3", "Conv[3x3](32) - LIF"),
    ("LIF conv 5×5, pooled", "Conv[5x5](32) - MaxPool[2x2] - LIF"),
    ("LIF recurrent", "RLIF(128)"),
    ("LIF alone", "LIF"),
];
const OF_SPIKES: usize = 11;

/// Draws it for the network that is chosen.
pub fn show(ui: &mut Ui, world: &World<'_>, architecture: &Architecture, out: &mut Outbox) {
    let layers = (architecture.layers)();
    let p = palette(ui.visuals());
    if let Err(misfit) = notation::check(&layers) {
        let text = match notation::steps(&layers) {
            Some(_) => {
                format!("This network is larger than those whose layers are changed here; {misfit}.")
            }
            None => "This network is not put together layer by layer. Choose a dense, convolutional, recurrent or spiking one to change its layers.".into(),
        };
        ui.label(RichText::new(text).small().color(p.weak));
        return;
    }
    let id = Id::unique("structure draft");
    let mut draft: Draft = ui.data(|d| d.get_temp(id)).unwrap_or_default();
    if draft.model != architecture.id {
        draft =
            Draft { model: architecture.id.into(), text: notation::text(&layers), chosen: None };
    }
    let before = draft.text.clone();
    ui.add_enabled_ui(!world.training.phase.in_hand(), |ui| {
        typed(ui, &mut draft);
        // Where there is little room, the text has to do.
        if !page::small(ui) {
            chips(ui, &mut draft);
        }
    });
    if draft.text != before
        && let Ok(own) = read(&draft.text)
        && own.id != draft.model
    {
        draft.model = own.id.into();
        let mut config = world.room.kept.training.clone();
        let epochs = zoo::find(&config.model).is_some_and(|a| a.epochs == config.epochs);
        config.model = own.id.into();
        form::suit(&mut config, own);
        if epochs {
            config.epochs = own.epochs;
        }
        out.push(TrainEdit::Configure(Box::new(config)));
    }
    ui.data_mut(|d| d.insert_temp(id, draft));
}

/// The architecture that a text stands for.
fn read(text: &str) -> Result<&'static Architecture, Misfit> {
    notation::own(&notation::parse(text)?).map_err(|error| match error {
        AnnError::Notation(misfit) => misfit,
        other => Misfit { layer: 0, why: other.to_string() },
    })
}

/// The text, and what is wrong with it.
fn typed(ui: &mut Ui, draft: &mut Draft) {
    let p = palette(ui.visuals());
    let label = ui.label(RichText::new("Layers").font(theme::strong(13.5)));
    let line = TextEdit::singleline(&mut draft.text)
        .desired_width(f32::INFINITY)
        .font(theme::regular(13.5))
        .hint_text("Conv[3x3](32) - MaxPool[2x2] - Dense(128) - Dense(10)");
    let tip = "From the picture to the classes, Dense(10) for digits, with - between layers. Window [3x3, stride 2, padding 1], or same; function (32, tanh), usually ReLU. Conv, MaxPool, AvgPool, Dropout, Dense, RNN, GRU, LSTM, Affine, tanh. Neurons that spike: LIF(T 25, tau 10) after Dense or Conv, for 25 steps with a time constant of 10; RLIF(256, T 28, tau 4) first";
    let response = ui.add(line).labelled_by(label.id).on_hover_text(tip);
    match read(&draft.text) {
        Err(misfit) => {
            let text = format!("Layer {}: {}.", misfit.layer + 1, misfit.why);
            ui.label(RichText::new(text).small().color(p.warning));
        }
        // Written as the program writes it, once nobody types any more.
        Ok(own) if response.lost_focus() => draft.text = notation::text(&(own.layers)()),
        Ok(_) => {}
    }
}

/// The layers in a row; and the chosen one's numbers.
fn chips(ui: &mut Ui, draft: &mut Draft) {
    let Ok(mut layers) = notation::parse(&draft.text) else { return };
    let fault = notation::check(&notation::plainest(&layers)).err().map(|misfit| misfit.layer);
    let count = layers.len();
    draft.chosen = draft.chosen.filter(|i| *i < count);
    let mut asked = None;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = egui::vec2(5.0, 5.0);
        for i in 0..count {
            let text = notation::layer_text(&layers, i);
            if let Some(of_it) = chip(ui, &text, i, draft.chosen == Some(i), fault == Some(i)) {
                asked = Some(of_it);
            }
        }
        if count < MOST_LAYERS {
            ui.menu_button("+ Layer", |ui| asked = more(ui).or(asked.take()))
                .response
                .on_hover_text("Adds a layer after the chosen one, or before the last");
        }
    });
    let before = layers.clone();
    if let Some(i) = draft.chosen {
        let of_it = ui.horizontal_wrapped(|ui| chosen(ui, &mut layers, i)).inner;
        asked = of_it.or(asked);
    }
    if let Some(asked) = asked {
        rearrange(&mut layers, &mut draft.chosen, asked);
    }
    if layers != before {
        draft.text = notation::text(&layers);
    }
}

/// The layers that can be added.
fn more(ui: &mut Ui) -> Option<Asked> {
    let mut asked = None;
    for (i, (name, text)) in NEW.into_iter().enumerate() {
        if i == OF_SPIKES {
            ui.label(RichText::new("Spiking").small());
        }
        if ui.button(name).clicked() {
            asked = Some(Asked::Add(text));
            ui.close();
        }
    }
    asked
}

/// What a click on the row asks for.
enum Asked {
    Choose(usize),
    /// From a place to another.
    Move(usize, usize),
    Add(&'static str),
    TakeOut(usize),
}

/// Does what is asked for. Where a layer had the usual function of its place, it gets that of
/// its new one.
fn rearrange(layers: &mut Vec<Layer>, chosen: &mut Option<usize>, asked: Asked) {
    let count = layers.len();
    let function = |layer: &Layer| notation::function_mut(&mut layer.clone()).copied();
    let is_usual = |i: usize| notation::usual(layers, i) == function(&layers[i]);
    let mut each: Vec<(Layer, bool)> = (0..count).map(|i| (layers[i], is_usual(i))).collect();
    match asked {
        Asked::Choose(i) => *chosen = (*chosen != Some(i)).then_some(i),
        Asked::Move(from, to) if from < count => {
            let layer = each.remove(from);
            let to = to.min(each.len());
            each.insert(to, layer);
            *chosen = chosen.map(|_| to);
        }
        Asked::TakeOut(i) if i < count => {
            each.remove(i);
            *chosen = None;
        }
        Asked::Add(text) => {
            // Before another layer, a dense one has a function.
            let mut new = notation::parse(&format!("{text} - Dense(10)")).unwrap_or_default();
            new.pop();
            let at = chosen.map_or(count.saturating_sub(1), |i| i + 1).min(count);
            // New neurons are like those before them, or, if there are none, those after.
            let near = layers[..at].iter().rev().chain(&layers[at..]);
            if let Some(near) = near.filter_map(zoo::spiking::neurons).next() {
                let new = new.iter_mut().filter_map(zoo::spiking::neurons_mut);
                new.for_each(|neurons| (neurons.steps, neurons.tau) = (near.steps, near.tau));
            }
            *chosen = Some(at);
            each.splice(at..at, new.into_iter().map(|layer| (layer, true)));
        }
        Asked::Move(..) | Asked::TakeOut(_) => {}
    }
    *layers = each.iter().map(|(layer, _)| *layer).collect();
    for (i, _) in each.iter().enumerate().filter(|(_, (_, usual))| *usual) {
        let usual = notation::usual(layers, i);
        if let (Some(function), Some(usual)) = (notation::function_mut(&mut layers[i]), usual) {
            *function = usual;
        }
    }
}

fn chip(ui: &mut Ui, text: &str, i: usize, chosen: bool, wrong: bool) -> Option<Asked> {
    let p = palette(ui.visuals());
    let mut button = Button::selectable(chosen, text).sense(Sense::click_and_drag());
    button = button.stroke(Stroke::new(1.0, if wrong { p.warning } else { p.line }));
    let response = ui.add(button).on_hover_text("Click to change it, drag it to another place");
    response.dnd_set_drag_payload(i);
    if response.dnd_hover_payload::<usize>().is_some_and(|from| *from != i) {
        let stroke = Stroke::new(2.0, p.accent);
        ui.painter().rect_stroke(response.rect.expand(2.0), 4, stroke, StrokeKind::Outside);
    }
    if let Some(from) = response.dnd_release_payload::<usize>().filter(|from| **from != i) {
        return Some(Asked::Move(*from, i));
    }
    response.clicked().then_some(Asked::Choose(i))
}

/// The numbers of a layer, and what else can be done with it.
fn chosen(ui: &mut Ui, layers: &mut [Layer], i: usize) -> Option<Asked> {
    let last = i + 1 == layers.len();
    if let Some(steps) = notation::steps(layers) {
        spiking(ui, layers, i, steps);
    }
    match &mut layers[i] {
        Layer::Convolution { window, filters, activation } => {
            whole(ui, "filters", filters, 1..=MOST_FILTERS);
            sized(ui, window);
            function(ui, activation);
        }
        Layer::Pool { kind, window } => {
            let mut largest = *kind == PoolKind::Max;
            ui.selectable_value(&mut largest, true, "largest");
            ui.selectable_value(&mut largest, false, "mean");
            *kind = match (largest, *kind) {
                (true, _) => PoolKind::Max,
                (false, PoolKind::Max) => PoolKind::Average,
                (false, other) => other,
            };
            sized(ui, window);
        }
        Layer::Dropout(rate) => {
            ui.label("share left out");
            ui.add(number::drag(rate).range(0.0..=0.95).speed(0.01).fixed_decimals(2));
        }
        Layer::Recurrent { cell, order, hidden } => {
            let mut sixteens = *hidden / 16;
            ui.label("units, in sixteens");
            ui.add(number::drag(&mut sixteens).range(1..=MOST_HIDDEN / 16).speed(0.1));
            *hidden = 16 * sixteens;
            for is in Cell::ALL {
                ui.selectable_value(cell, is, is.name());
            }
            for (is, name) in [(Order::Rows, "rows"), (Order::Columns, "columns")] {
                ui.selectable_value(order, is, name);
            }
        }
        Layer::Dense { units, activation } => {
            ui.add_enabled_ui(!last, |ui| {
                whole(ui, "units", units, 1..=MOST_UNITS);
                function(ui, activation);
            });
        }
        Layer::Activate(activation) => function(ui, activation),
        Layer::Spiking(Spiking::FirstSpike { hidden }) => {
            let widths = hidden.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
            ui.label(format!("units of its hidden layers, here {widths}: change them in the text"));
        }
        _ => {}
    }
    let button = |ui: &mut Ui, on: bool, text: &str, tip: &str| {
        ui.add_enabled(on, Button::new(text)).on_hover_text(tip).clicked()
    };
    let mut asked = None;
    if button(ui, i > 0, "◀", "Earlier") {
        asked = Some(Asked::Move(i, i.saturating_sub(1)));
    }
    if button(ui, !last, "▶", "Later") {
        asked = Some(Asked::Move(i, i + 1));
    }
    let take = RichText::new("Take out").color(if ui.is_enabled() {
        ui.visuals().text_color()
    } else {
        Color32::GRAY
    });
    if ui.add_enabled(layers.len() > 1, Button::new(take)).clicked() {
        asked = Some(Asked::TakeOut(i));
    }
    asked
}

/// The numbers of LIF neurons; T is that of the whole network.
fn spiking(ui: &mut Ui, layers: &mut [Layer], i: usize, steps: usize) {
    let by_rows = layers.iter().any(|l| matches!(l, Layer::Spiking(Spiking::Recurrent { .. })));
    if let Layer::Spiking(Spiking::Recurrent { hidden, .. }) = &mut layers[i] {
        whole(ui, "units", hidden, 1..=MOST_RECURRENT);
    }
    let Some(neurons) = zoo::spiking::neurons_mut(&mut layers[i]) else { return };
    let label = ui.label("time constant τ, steps");
    let tau = number::drag(&mut neurons.tau).range(TAU.0..=TAU.1).speed(0.1).max_decimals(2);
    ui.add(tau).labelled_by(label.id);
    let mut wanted = steps;
    if by_rows && steps.is_multiple_of(SIDE) {
        let mut each = steps / SIDE;
        whole(ui, "steps for each row", &mut each, 1..=MOST_STEPS / SIDE);
        wanted = each * SIDE;
    } else {
        whole(ui, "steps T of the network", &mut wanted, 1..=MOST_STEPS);
    }
    if wanted != steps {
        notation::set_steps(layers, wanted);
    }
}

fn whole(ui: &mut Ui, name: &str, value: &mut usize, range: std::ops::RangeInclusive<usize>) {
    let label = ui.label(name);
    ui.add(number::drag(value).range(range).speed(0.2)).labelled_by(label.id);
}

/// A window's numbers.
fn sized(ui: &mut Ui, window: &mut Window) {
    let square = |pair: [usize; 2]| pair[0] == pair[1];
    let pair = |ui: &mut Ui, name: &str, values: &mut [usize; 2], least: usize| {
        if square(*values) {
            let mut one = values[0];
            whole(ui, name, &mut one, least..=MOST_KERNEL);
            if one != values[0] {
                *values = [one; 2];
            }
        } else {
            whole(ui, &format!("{name} down"), &mut values[0], least..=MOST_KERNEL);
            whole(ui, "across", &mut values[1], least..=MOST_KERNEL);
        }
    };
    pair(ui, "window", &mut window.kernel, 1);
    pair(ui, "stride", &mut window.stride, 1);
    let [top, left, bottom, right] = window.padding;
    if top == bottom && left == right {
        let mut sides = [top, left];
        pair(ui, "padding", &mut sides, 0);
        window.padding = [sides[0], sides[1], sides[0], sides[1]];
    }
}

fn function(ui: &mut Ui, activation: &mut Activation) {
    egui::ComboBox::from_id_salt("function of a layer").selected_text(activation.name()).show_ui(
        ui,
        |ui| {
            for of in FUNCTIONS {
                ui.selectable_value(activation, of, of.name());
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a text.
    fn after(text: &str, chosen: Option<usize>, asked: Asked) -> (String, Option<usize>) {
        let (mut layers, mut chosen) = (notation::parse(text).unwrap(), chosen);
        rearrange(&mut layers, &mut chosen, asked);
        (notation::text(&layers), chosen)
    }

    #[test]
    fn layers_keep_the_usual_function_of_their_place() {
        let text = "Dense(30) - Dense(20, tanh) - Dense(10)";
        let lif = || Asked::Add("LIF");
        let (spiking, chosen) = after(text, Some(0), lif());
        let wanted = "Dense(30) - LIF(T 25, tau 10) - Dense(20, tanh) - Dense(10)";
        assert_eq!((&spiking[..], chosen), (wanted, Some(1)));
        assert_eq!(notation::parse(&spiking).unwrap()[0], notation::parse(wanted).unwrap()[0]);
        assert_eq!(after(&spiking, Some(1), Asked::TakeOut(1)), (text.into(), None));
        let moved = after("Dense(30) - Dense(10)", None, Asked::Move(0, 1)).0;
        assert_eq!(moved, "Dense(10) - Dense(30)");
        let added = after("Dense(10)", None, Asked::Add("Dense(128, ReLU)")).0;
        assert_eq!(added, "Dense(128) - Dense(10)");
    }

    #[test]
    fn new_neurons_are_like_those_that_there_are() {
        let text = "Conv[5x5](4) - LIF(T 6, tau 3) - Dense(10)";
        let (text, chosen) = after(text, None, Asked::Add("Dense(128) - LIF"));
        assert_eq!(text, "Conv[5x5](4) - LIF(T 6, tau 3) - Dense(128) - LIF - Dense(10)");
        assert_eq!(chosen, Some(2));
        let (text, _) = after(&text, Some(0), Asked::Move(1, 3));
        assert_eq!(text, "Conv[5x5](4) - Dense(128) - LIF(T 6, tau 3) - LIF - Dense(10)");
        assert!(NEW.iter().all(|(_, text)| notation::parse(text).is_ok()));
        assert!(NEW[OF_SPIKES..].iter().all(|(_, text)| text.contains("LIF")));
    }
}
