//! The Neuron lab's settings: what each experiment is set to, and what follows
//! from it for the threads that compute. Defaults are what *Reset* goes back to.

use serde::{Deserialize, Serialize};

use crate::core::bounds::{Bounded, Bounds, Number};
use crate::core::playback::PlaybackSettings;
use crate::data::strokes::{Framing, to_pixels};
use crate::data::{Pixels, synthetic};
use crate::snn::codes;
use crate::snn::experiments::two_neurons::NEURONS;
use crate::snn::models::{self, NeuronModel};
use crate::snn::params::Config;
use crate::snn::recording::CAP_BYTES;
use crate::ui::digit::Digit;
use crate::ui::widgets::raster::RasterView;
use crate::ui::widgets::time_axis::TimeView;
use crate::ui::workspace::Settings;
use crate::workers::experiments::{CodesTask, CurveTask, UnitTask};
use crate::workers::models::Models;
use crate::workers::simulation::{Setup, Traced};

pub use crate::snn::experiments::two_neurons::{DT_MS, FigureOne, MOST_SYNAPSES, Synapse};
pub use crate::workers::experiments::{first_layer, first_layer_units, strongest_unit};

/// What is shown of the two neurons at once, ms.
const HEAD_START_MS: f64 = 200.0;

/// The experiments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeuronTab {
    /// Spikes of one neuron produce spikes in another.
    #[default]
    Spikes,
    /// Rate against current.
    RateCurve,
    /// The artificial neuron beside the biological one.
    Unit,
    /// The same intensity in three codes.
    Codes,
    /// Spikes from a file.
    Files,
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NeuronSettings {
    /// The experiment shown.
    pub tab: NeuronTab,
    /// The two neurons.
    pub figure: FigureOne,
    /// Speed and loop of the time bar.
    pub playback: PlaybackSettings,
    /// The f–I curve.
    pub curve: CurveSettings,
    /// The artificial neuron beside the biological one.
    pub unit: UnitSettings,
    /// The codes.
    pub codes: CodesSettings,
}

impl Settings for NeuronSettings {
    #[cfg(test)]
    fn full() -> Self {
        let mut full = Self::default();
        full.curve.model = Config::usual(models::MODELS[0].id, models::MODELS[0].params);
        full
    }
}

impl Default for NeuronSettings {
    fn default() -> Self {
        Self {
            tab: NeuronTab::default(),
            figure: FigureOne::default(),
            playback: fresh_playback(),
            curve: CurveSettings::default(),
            unit: UnitSettings::default(),
            codes: CodesSettings::default(),
        }
    }
}

/// A twentieth of real time: spikes can be counted as they come.
pub fn fresh_playback() -> PlaybackSettings {
    PlaybackSettings { steps_per_s: 500.0, ..PlaybackSettings::default() }
}

/// The newest 200 ms.
pub fn fresh_plot() -> RasterView {
    RasterView { time: TimeView::following(HEAD_START_MS), bin_ms: 20.0, ..RasterView::default() }
}

impl FigureOne {
    /// The network, and what of it is recorded.
    pub fn setup(&self) -> Setup {
        let traced = |population: &str, name: &str| Traced {
            population: population.into(),
            variable: "v",
            neuron: 0,
            name: name.into(),
        };
        Setup {
            spec: self.network(),
            stimulus: Some((0, self.stimulus.clone())),
            plain: true,
            traced: vec![traced(NEURONS[0], "V₁"), traced(NEURONS[1], "V₂")],
            head_start: (HEAD_START_MS / DT_MS) as u64,
            cap_bytes: CAP_BYTES,
        }
    }
}

/// The f–I curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CurveSettings {
    /// The neuron model with the values that differ from its defaults.
    pub model: Config,
    /// Step, ms.
    pub dt_ms: f64,
    /// Currents measured.
    pub points: usize,
}

impl Default for CurveSettings {
    fn default() -> Self {
        Self { model: Config::new("lif"), dt_ms: DT_MS, points: 31 }
    }
}

impl CurveSettings {
    /// The declared model; the first of the registry if a kept id is no more.
    pub fn declared(&self) -> &'static NeuronModel {
        models::get("f–I curve", &self.model.id).unwrap_or(models::MODELS[0])
    }

    /// Values in the order declared; defaults for what cannot be.
    pub fn values(&self) -> Vec<f64> {
        let model = self.declared();
        let value = |p: &crate::snn::params::Param| {
            self.model.values.get(p.name).copied().filter(|v| p.allows(*v)).unwrap_or(p.default)
        };
        model.params.iter().map(value).collect()
    }

    /// What is to be measured.
    pub fn task(&self) -> CurveTask {
        let (dt_ms, points) = (self.dt_ms.within(Self::DT_MS), self.points.within(Self::POINTS));
        CurveTask::new(self.declared(), &self.values(), dt_ms, points)
    }
}

/// Where the inputs of both neurons come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitInputs {
    /// Set by hand.
    #[default]
    Own,
    /// The current digit's pixels into a unit of the MLP's first layer.
    Digit,
}

/// The artificial neuron beside the biological one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnitSettings {
    /// Where the inputs come from.
    pub inputs: UnitInputs,
    /// Own inputs: (x, W).
    pub own: Vec<(f32, f32)>,
    /// Unit of the MLP's first layer.
    pub unit: usize,
    /// Threshold V_th.
    pub v_th: f32,
    /// Whether a spike resets to zero instead of subtracting the threshold.
    pub reset_to_zero: bool,
    /// How often the inputs are presented, one after another.
    pub passes: usize,
    /// Which input of eq. (1) is looked at, counted over all passes.
    pub step: usize,
}

impl Default for UnitSettings {
    fn default() -> Self {
        Self {
            inputs: UnitInputs::Own,
            own: vec![(0.9, 0.8), (0.6, -0.5), (1.0, 0.7), (0.3, 0.9), (0.8, 0.4)],
            unit: 0,
            v_th: 0.5,
            reset_to_zero: false,
            passes: 4,
            step: 0,
        }
    }
}

impl UnitSettings {
    /// Inputs and weights as they are presented; a bias is one more input that
    /// is always 1.
    pub fn task(&self, pixels: &Pixels, models: &Models) -> UnitTask {
        let products = match self.inputs {
            UnitInputs::Own => self.own.clone(),
            UnitInputs::Digit => {
                let digit = pixels_or_sample(pixels);
                first_layer(models, self.unit).map_or_else(Vec::new, |(weights, bias)| {
                    digit.iter().copied().zip(weights).chain([(1.0, bias)]).collect()
                })
            }
        };
        let usable = |v: f32, or: f32| if v.is_finite() { v } else { or };
        UnitTask {
            products: products.into_iter().map(|(x, w)| (usable(x, 0.0), usable(w, 0.0))).collect(),
            v_th: self.v_th.within(Self::V_TH),
            reset_to_zero: self.reset_to_zero,
            passes: self.passes.within(Self::PASSES),
        }
    }
}

/// The current digit, or a sample while nothing is drawn.
pub fn shown_digit(digit: &Digit) -> Pixels {
    pixels_or_sample(digit.pixels())
}

fn pixels_or_sample(pixels: &Pixels) -> Pixels {
    if pixels.iter().any(|x| *x > 0.0) {
        return *pixels;
    }
    to_pixels(&synthetic::strokes(7, 3, 3), Some(0.08), Framing::Mnist)
}

/// The codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CodesSettings {
    /// The pixel's intensity, 0 to 1.
    pub intensity: f32,
    /// Standard deviation of the jitter, ms.
    pub jitter_ms: f32,
    /// Time for one message, ms.
    pub window_ms: f32,
    /// Rate of full intensity, Hz.
    pub top_rate_hz: f32,
    /// Spikes in a burst.
    pub burst_spikes: usize,
    /// Shortest interval in a burst, ms.
    pub burst_isi_ms: f32,
    /// Chance and jitter follow from it.
    pub seed: u64,
}

impl Default for CodesSettings {
    fn default() -> Self {
        let s = codes::Settings::default();
        Self {
            intensity: 0.7,
            jitter_ms: 3.0,
            window_ms: s.window_ms,
            top_rate_hz: s.top_rate_hz,
            burst_spikes: s.burst_spikes,
            burst_isi_ms: s.burst_isi_ms,
            seed: 1,
        }
    }
}

impl CodesSettings {
    /// What is to be sent and read.
    pub fn task(&self, pixels: &Pixels) -> CodesTask {
        let mut kept = self.clone();
        kept.bound(&mut Bounds::default());
        CodesTask {
            intensity: kept.intensity,
            jitter_ms: kept.jitter_ms,
            settings: codes::Settings {
                window_ms: kept.window_ms,
                top_rate_hz: kept.top_rate_hz,
                burst_spikes: kept.burst_spikes,
                burst_isi_ms: kept.burst_isi_ms,
            },
            pixels: Box::new(*pixels),
            seed: self.seed,
        }
    }
}
