//! The Neuron lab's settings: what each experiment is set to, and what follows
//! from it for the threads that compute. Defaults are what *Reset* goes back to.

use serde::{Deserialize, Serialize};

use super::super::digit::Digit;
use super::super::widgets::raster::RasterView;
use super::super::widgets::time_axis::TimeView;
use crate::core::bounds::{Bounded, Bounds, Number};
use crate::core::playback::PlaybackSettings;
use crate::data::strokes::{Framing, to_pixels};
use crate::data::{PIXELS, Pixels, synthetic};
use crate::snn::codes;
use crate::snn::models::{self, NeuronModel};
use crate::snn::network::{Connect, DelaySpec, NetworkSpec, ProjectionSpec, Values, Waveform};
use crate::snn::params::Config;
use crate::snn::rate_curve;
use crate::snn::recording::CAP_BYTES;
use crate::snn::stimulus::Stimulus;
use crate::workers::experiments::{CodesTask, CurveTask, UnitTask};
use crate::workers::models::Models;
use crate::workers::simulation::{Setup, Traced};

/// Step of the simulations in the lab, ms.
pub const DT_MS: f64 = 0.1;
/// What Fig. 1 shows at once, ms.
const HEAD_START_MS: f64 = 200.0;
/// Synapses that neuron 1 may have onto neuron 2.
pub const MOST_SYNAPSES: usize = 3;

/// The experiments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeuronTab {
    /// Fig. 1: spikes of one neuron produce spikes in another.
    #[default]
    Spikes,
    /// Rate against current.
    RateCurve,
    /// Fig. 3: the artificial neuron beside the biological one.
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
    /// Fig. 1.
    pub figure: FigureOne,
    /// Speed and loop of the time bar.
    pub playback: PlaybackSettings,
    /// The f–I curve.
    pub curve: CurveSettings,
    /// Fig. 3.
    pub unit: UnitSettings,
    /// The codes.
    pub codes: CodesSettings,
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

/// A synapse from neuron 1 to neuron 2.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Synapse {
    /// What a spike adds to the voltage.
    pub weight: f64,
    /// How long the spike travels, ms.
    pub delay_ms: f64,
}

impl Default for Synapse {
    fn default() -> Self {
        Self { weight: 0.6, delay_ms: 0.0 }
    }
}

/// Fig. 1: two leaky integrate-and-fire neurons in the figure's units (rest 0,
/// threshold 1, resistance 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FigureOne {
    /// The current into neuron 1.
    pub stimulus: Stimulus,
    /// Membrane time constant of both, ms.
    pub tau_m_ms: f64,
    /// Threshold of both.
    pub v_th: f64,
    /// Refractory period of both, ms.
    pub t_ref_ms: f64,
    /// From neuron 1 to neuron 2.
    pub synapses: Vec<Synapse>,
}

impl Default for FigureOne {
    fn default() -> Self {
        Self {
            stimulus: Stimulus::default(),
            tau_m_ms: 10.0,
            v_th: 1.0,
            t_ref_ms: 0.0,
            synapses: vec![Synapse::default()],
        }
    }
}

impl FigureOne {
    /// The model of both neurons.
    pub fn model() -> Option<&'static NeuronModel> {
        models::get("Fig. 1", "lif").ok()
    }

    /// What of the model can be changed while it runs: name and value.
    pub fn parameters(&self) -> [(&'static str, f64); 3] {
        [("tau_m_ms", self.tau_m_ms), ("v_th_mv", self.v_th), ("t_ref_ms", self.t_ref_ms)]
    }

    /// Whether the other needs no new network.
    pub fn same_wiring(&self, other: &Self) -> bool {
        let delays = |f: &Self| f.synapses.iter().map(|s| s.delay_ms).collect::<Vec<_>>();
        delays(self) == delays(other)
    }

    /// The network, and what of it is recorded.
    pub fn setup(&self) -> Setup {
        let mut config =
            Config::new("lif").with("v_rest_mv", 0.0).with("v_reset_mv", 0.0).with("r_mohm", 1.0);
        for (name, value) in self.parameters() {
            config = config.with(name, value);
        }
        let mut spec = NetworkSpec::new("Fig. 1", DT_MS, 1)
            .population("neuron 1", 1, config.clone())
            .population("neuron 2", 1, config)
            .current("current", "neuron 1", Waveform::Constant(Values::Same(0.0)));
        for (i, synapse) in self.synapses.iter().enumerate() {
            let weight = Values::Same(synapse.weight);
            let name = format!("synapse {}", i + 1);
            let dense = Connect::Dense;
            let projection = ProjectionSpec::new(&name, "neuron 1", "neuron 2", "v", dense, weight);
            spec = spec.projection(if synapse.delay_ms > 0.0 {
                projection.delayed(DelaySpec::Ms(synapse.delay_ms))
            } else {
                projection
            });
        }
        let traced = |population: &str, name: &str| Traced {
            population: population.into(),
            variable: "v",
            neuron: 0,
            name: name.into(),
        };
        Setup {
            spec,
            stimulus: Some((0, self.stimulus.clone())),
            plain: true,
            traced: vec![traced("neuron 1", "V₁"), traced("neuron 2", "V₂")],
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
        let (model, values) = (self.declared(), self.values());
        let (from, to) =
            rate_curve::find(model.id).map_or((0.0, 1.0), |c| rate_curve::span(c, &values));
        let points = self.points.within(Self::POINTS);
        let current = |i: usize| from + (to - from) * i as f64 / (points - 1) as f64;
        let mut config = self.model.clone();
        config.id = model.id.to_owned();
        config.values = model.params.iter().map(|p| p.name.to_owned()).zip(values).collect();
        // θ rises with every spike: held, so that the curve is that of one θ.
        if model.params.iter().any(|p| p.name == "adapt") {
            config.values.insert("adapt".into(), 0.0);
        }
        let dt_ms = self.dt_ms.within(Self::DT_MS);
        CurveTask { model: config, dt_ms, currents: (0..points).map(current).collect() }
    }
}

/// Where the inputs of Fig. 3 come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitInputs {
    /// Set by hand.
    #[default]
    Own,
    /// The current digit's pixels into a unit of the MLP's first layer.
    Digit,
}

/// Fig. 3.
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

/// Weights and bias of a unit of the MLP's first layer.
pub fn first_layer(models: &Models, unit: usize) -> Option<(Vec<f32>, f32)> {
    let model = models.iter().find(|m| m.network.architecture().id == "mlp")?;
    let parameters = model.network.parameters();
    let matrix = parameters.iter().find(|p| p.values.len() > PIXELS && p.shape.len() == 2)?;
    let units = *matrix.shape.iter().find(|n| **n != PIXELS)?;
    let unit = unit % units;
    let weights = if matrix.shape[0] == PIXELS {
        matrix.values.iter().skip(unit).step_by(units).copied().collect()
    } else {
        matrix.values[unit * PIXELS..(unit + 1) * PIXELS].to_vec()
    };
    let bias = parameters.iter().find(|p| p.values.len() == units)?.values[unit];
    Some((weights, bias))
}

/// The unit of the MLP's first layer with the largest Σ W x for these pixels.
pub fn strongest_unit(models: &Models, pixels: &Pixels) -> Option<usize> {
    let model = models.iter().find(|m| m.network.architecture().id == "mlp")?;
    let parameters = model.network.parameters();
    let matrix = parameters.iter().find(|p| p.shape.len() == 2 && p.shape[0] == PIXELS)?;
    let units = matrix.shape[1];
    let bias = parameters.iter().find(|p| p.values.len() == units)?;
    let mut sums = bias.values.to_vec();
    for (x, row) in pixels.iter().zip(matrix.values.chunks(units)).filter(|(x, _)| **x > 0.0) {
        sums.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
    }
    let order = |a: &usize, b: &usize| sums[*a].total_cmp(&sums[*b]);
    (0..units).max_by(order)
}

/// Units in the MLP's first layer.
pub fn first_layer_units(models: &Models) -> usize {
    models
        .iter()
        .find(|m| m.network.architecture().id == "mlp")
        .and_then(|m| {
            let parameters = m.network.parameters();
            let matrix =
                parameters.iter().find(|p| p.shape.len() == 2 && p.values.len() > PIXELS)?;
            matrix.shape.iter().find(|n| **n != PIXELS).copied()
        })
        .unwrap_or(0)
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
