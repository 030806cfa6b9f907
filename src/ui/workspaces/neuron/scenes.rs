//! Pages of the tour.

use super::settings::{CurveSettings, NeuronTab, UnitInputs, UnitSettings};
use super::{Neuron, NeuronEdit};
use crate::core::playback::PlaybackEdit;
use crate::snn::params::Config;
use crate::ui::house::House;
use crate::ui::scene::{Look, Scene, play};

/// The pages.
pub const SCENES: &[Scene] = &[
    Scene { name: "spikes", look: Look::Light, set_up: run_figure, ready: simulated },
    Scene {
        name: "curve",
        look: Look::Dark,
        set_up: curve_of_adex,
        ready: |house| {
            let curve = &house.room::<Neuron>().results.curve;
            curve.as_ref().is_some_and(|c| c.1.model == "adex" && c.1.done_ms >= c.1.whole_ms)
        },
    },
    Scene {
        name: "unit",
        look: Look::Light,
        set_up: unit_of_the_digit,
        ready: |house| {
            house.room::<Neuron>().results.unit.as_ref().is_some_and(|u| u.1.steps.len() > 784)
        },
    },
    Scene {
        name: "codes",
        look: Look::Light,
        set_up: |house| house.apply(NeuronEdit::Tab(NeuronTab::Codes)),
        ready: |house| house.room::<Neuron>().results.codes.is_some(),
    },
    Scene { name: "projector", look: Look::Projector, set_up: run_figure, ready: simulated },
];

fn run_figure(house: &mut House) {
    house.apply(NeuronEdit::Tab(NeuronTab::Spikes));
    if !simulated(house) {
        house.apply(NeuronEdit::Play(play(house)));
    }
}

fn simulated(house: &House) -> bool {
    house.room::<Neuron>().simulation.step >= 2_500
}

fn curve_of_adex(house: &mut House) {
    house.apply(NeuronEdit::Play(PlaybackEdit::Pause));
    house.apply(NeuronEdit::Tab(NeuronTab::RateCurve));
    let settings = CurveSettings { model: Config::new("adex"), ..CurveSettings::default() };
    house.apply(NeuronEdit::Curve(Box::new(settings)));
}

fn unit_of_the_digit(house: &mut House) {
    house.apply(NeuronEdit::Tab(NeuronTab::Unit));
    let inputs = UnitInputs::Digit;
    let settings = UnitSettings { inputs, unit: 3, v_th: 1.0, ..UnitSettings::default() };
    house.apply(NeuronEdit::Unit(Box::new(settings)));
}
