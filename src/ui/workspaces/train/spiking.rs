//! What a network of spikes is made of: layers, steps, time constant, read-out. Each
//! choice is another network, with an id of its own.

use egui::{ComboBox, Ui};

use super::form::row;
use crate::ann::zoo::spiking::{Sizes, Wiring, sizes};
use crate::ann::zoo::{self, MOST_LAYERS};

const UNITS: [usize; 9] = [16, 32, 64, 128, 256, 400, 512, 800, 1024];
const STEPS: [usize; 9] = [4, 8, 10, 15, 20, 25, 30, 50, 100];
/// A whole number of steps for each of the 28 rows.
const ROW_STEPS: [usize; 4] = [28, 56, 84, 112];
const TAUS: [f32; 10] = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0];

/// The rows, for a network that has such sizes; `model` becomes the id of what is chosen.
pub fn show(ui: &mut Ui, model: &mut String) {
    let Some(now) = sizes(model) else { return };
    let mut wanted = now.clone();
    let names: &[&str] = match now.kind {
        Wiring::Conv => &["Maps 1", "Maps 2", "Hidden"],
        _ if now.hidden.len() == 1 => &["Hidden"],
        _ => &[
            "Hidden 1", "Hidden 2", "Hidden 3", "Hidden 4", "Hidden 5", "Hidden 6", "Hidden 7",
            "Hidden 8",
        ],
    };
    for (i, name) in names.iter().enumerate().take(now.hidden.len()) {
        let tip = if name.starts_with("Maps") {
            "Kernels of this convolution, 5×5 each"
        } else {
            "Neurons of this layer"
        };
        let fits = |units: usize| {
            let mut other = now.clone();
            other.hidden[i] = units;
            Sizes::parse(&other.id()).is_some()
        };
        choice(ui, (name, tip), &UNITS, &mut wanted.hidden[i], fits, ToString::to_string);
    }
    if matches!(now.kind, Wiring::Dense | Wiring::FirstSpike) {
        ui.horizontal(|ui| {
            let room = now.hidden.len() < MOST_LAYERS.min(8);
            if ui.add_enabled(room, egui::Button::new("Add a layer")).clicked() {
                wanted.hidden.push(128);
            }
            let several = now.hidden.len() > 1;
            if ui.add_enabled(several, egui::Button::new("Remove one")).clicked() {
                wanted.hidden.pop();
            }
        });
    }
    if now.kind != Wiring::FirstSpike {
        let steps = if now.kind == Wiring::Recurrent { &ROW_STEPS[..] } else { &STEPS[..] };
        let tip = "Steps T of a presentation; each costs time, and lets rates be told apart better";
        choice(ui, ("Steps T", tip), steps, &mut wanted.steps, |_| true, ToString::to_string);
        let tip = "Time constant τ of the membranes: how long a current is remembered";
        let text = |tau: &f32| format!("{tau} steps");
        choice(ui, ("Time constant τ", tip), &TAUS, &mut wanted.tau, |_| true, text);
        let tip = "What the answer is read from: a leaky membrane that does not spike, or how often each of ten neurons spikes";
        let text = |count: &bool| if *count { "spike count" } else { "membrane" }.to_owned();
        choice(ui, ("Read-out", tip), &[false, true], &mut wanted.count, |_| true, text);
    }
    if wanted == now {
        return;
    }
    let id = wanted.known_as();
    if zoo::find(&id).is_some() {
        *model = id;
    }
}

/// One of some values, and the one that it has if it is none of these.
fn choice<T: Copy + PartialEq + PartialOrd>(
    ui: &mut Ui,
    (name, tip): (&str, &str),
    values: &[T],
    chosen: &mut T,
    fits: impl Fn(T) -> bool,
    text: impl Fn(&T) -> String,
) {
    let mut all = values.to_vec();
    if !all.contains(chosen) {
        let at = all.iter().position(|v| *v > *chosen).unwrap_or(all.len());
        all.insert(at, *chosen);
    }
    row(ui, name, tip, |ui| {
        ComboBox::from_id_salt(("spiking", name))
            .selected_text(text(chosen))
            .show_ui(ui, |ui| {
                for value in all.into_iter().filter(|v| fits(*v)) {
                    ui.selectable_value(chosen, value, text(&value));
                }
            })
            .response
    });
}
