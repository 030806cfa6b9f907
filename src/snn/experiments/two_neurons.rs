//! Fig. 1: spikes of one neuron produce spikes in another. A current drives a leaky
//! integrate-and-fire neuron, whose spikes reach a second one over up to three
//! synapses, each with a weight and a delay of its own.
//!
//! In the figure's units: rest and reset are 0, the threshold is 1, and so is the
//! resistance, so that a current is where it would bring the voltage.

use serde::{Deserialize, Serialize};

use crate::core::bounds::{Bounded, Bounds, Span};
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;
use crate::snn::error::SnnError;
use crate::snn::models::{self, NeuronModel};
use crate::snn::network::{
    Connect, DelaySpec, NetworkSpec, ProbeWhat, ProjectionSpec, Values, Waveform,
};
use crate::snn::params::Config;
use crate::snn::stimulus::Stimulus;

/// The step, ms.
pub const DT_MS: f64 = 0.1;
/// Synapses that neuron 1 may have onto neuron 2.
pub const MOST_SYNAPSES: usize = 3;
/// The populations, of one neuron each.
pub const NEURONS: [&str; 2] = ["neuron 1", "neuron 2"];

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

impl Synapse {
    pub const WEIGHT: Span = (-1.5, 1.5);
    /// Delay, ms.
    pub const DELAY_MS: Span = (0.0, 20.0);
}

impl Bounded for Synapse {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { weight, delay_ms } = self;
        to.number("weight", weight, Self::WEIGHT);
        to.number("delay_ms", delay_ms, Self::DELAY_MS);
    }
}

/// Both neurons, their synapses and the current.
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

impl Bounded for FigureOne {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { stimulus, tau_m_ms, v_th, t_ref_ms, synapses } = self;
        to.part("stimulus", stimulus);
        to.number("tau_m_ms", tau_m_ms, Self::TAU_M_MS);
        to.number("v_th", v_th, Self::V_TH);
        to.number("t_ref_ms", t_ref_ms, Self::T_REF_MS);
        to.list("synapses", synapses, MOST_SYNAPSES, Bounds::part);
    }
}

/// What came out, step by step.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureOneResult {
    /// Spikes of each neuron, ms.
    pub spikes_ms: [Vec<f64>; 2],
    /// Voltage of each neuron as each step begins.
    pub voltages: [Vec<f32>; 2],
    /// The current in each step.
    pub current: Vec<f64>,
}

impl FigureOne {
    /// Membrane time constant, ms.
    pub const TAU_M_MS: Span = (1.0, 100.0);
    /// Threshold; the voltage counts from rest, 0.
    pub const V_TH: Span = (0.2, 3.0);
    /// Refractory period, ms.
    pub const T_REF_MS: Span = (0.0, 50.0);

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

    /// The network, with a current of zero: [`FigureOne::stimulus`] goes on for ever,
    /// and whoever runs the network sets it as time passes.
    pub fn network(&self) -> NetworkSpec {
        let mut config =
            Config::new("lif").with("v_rest_mv", 0.0).with("v_reset_mv", 0.0).with("r_mohm", 1.0);
        for (name, value) in self.parameters() {
            config = config.with(name, value);
        }
        let [first, second] = NEURONS;
        let mut spec = NetworkSpec::new("Fig. 1", DT_MS, 1)
            .population(first, 1, config.clone())
            .population(second, 1, config)
            .current("current", first, Waveform::Constant(Values::Same(0.0)));
        for (i, synapse) in self.synapses.iter().enumerate() {
            let weight = Values::Same(synapse.weight);
            let name = format!("synapse {}", i + 1);
            let projection = ProjectionSpec::new(&name, first, second, "v", Connect::Dense, weight);
            spec = spec.projection(if synapse.delay_ms > 0.0 {
                projection.delayed(DelaySpec::Ms(synapse.delay_ms))
            } else {
                projection
            });
        }
        spec
    }

    /// Runs it from rest for so many ms.
    ///
    /// # Errors
    /// A parameter, a weight or a delay out of its range.
    pub fn run(&self, duration_ms: f64) -> Result<FigureOneResult, SnnError> {
        let steps = (duration_ms / DT_MS).round() as u64;
        let mut spec = self.network();
        for of in NEURONS {
            let (neurons, variable) = (vec![0], "v".into());
            let state =
                ProbeWhat::State { of: of.into(), variable, neurons, replica: 0, every_ms: DT_MS };
            spec = spec
                .probe(&format!("spikes of {of}"), ProbeWhat::Spikes { of: of.into() })
                .probe(&format!("voltage of {of}"), state);
        }
        let mut engine = CpuEngine::new(&spec.build()?, 1);
        engine.set_current(0, self.stimulus.waveform(0, steps, DT_MS))?;
        engine.run(steps)?;
        let mut result = FigureOneResult {
            spikes_ms: Default::default(),
            voltages: Default::default(),
            current: (0..steps).map(|step| self.stimulus.at(step as f64 * DT_MS)).collect(),
        };
        for spike in engine.take_spikes()? {
            result.spikes_ms[usize::from(spike.source)].push(spike.step as f64 * DT_MS);
        }
        // Probes of spikes and of voltages take turns.
        for samples in engine.take_samples()? {
            result.voltages[samples.probe / 2] = samples.values;
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(synapses: &[(f64, f64)]) -> FigureOne {
        let synapse = |&(weight, delay_ms): &(f64, f64)| Synapse { weight, delay_ms };
        FigureOne { synapses: synapses.iter().map(synapse).collect(), ..FigureOne::default() }
    }

    fn intervals(spikes_ms: &[f64]) -> Vec<i64> {
        spikes_ms.windows(2).map(|w| ((w[1] - w[0]) / DT_MS).round() as i64).collect()
    }

    /// A current of 2 charges to the threshold of 1 in τ ln 2 = 6.93 ms.
    #[test]
    fn neuron_1_fires_as_the_f_i_curve_says() {
        let result = with(&[]).run(200.0).unwrap();
        assert_eq!(result.spikes_ms[0].len(), 28);
        assert!(intervals(&result.spikes_ms[0]).iter().all(|steps| *steps == 70));
        assert_eq!((result.current.len(), result.current[0]), (2000, 2.0));
        assert!(result.spikes_ms[1].is_empty() && result.voltages[1] == vec![0.0; 2000]);
    }

    /// Each spike adds 0.6, of which e^(−0.7) is left when the next one comes:
    /// 0.6, 0.90, 1.05. A synapse that exceeds the threshold passes every spike on.
    #[test]
    fn neuron_2_sums_spikes_until_it_fires() {
        let every = |weight: f64| {
            let result = with(&[(weight, 0.0)]).run(200.0).unwrap();
            let [first, second] = result.spikes_ms;
            assert!(!second.is_empty() && intervals(&second).windows(2).all(|w| w[0] == w[1]));
            (first.len() as f64 / second.len() as f64).round()
        };
        assert_eq!((every(0.6), every(1.2)), (3.0, 1.0));
        assert!(with(&[(-1.2, 0.0)]).run(200.0).unwrap().spikes_ms[1].is_empty());
    }

    #[test]
    fn synapses_add_up_where_their_spikes_arrive_together() {
        let spikes = |synapses: &[(f64, f64)]| with(synapses).run(200.0).unwrap().spikes_ms;
        let [first, second] = spikes(&[(0.55, 2.0), (0.55, 2.0)]);
        assert_eq!(second.len(), first.len());
        for (a, b) in first.iter().zip(&second) {
            // 2 ms on the way; the voltage passes the threshold in the step after.
            assert!((b - a - 2.0).abs() < 1.5 * DT_MS, "{a} {b}");
        }
        // Half an interval apart, e^(−0.35) is left: 0.55, 0.94, 1.21. Neuron 2 fires at
        // every third arrival, and each spike of neuron 1 arrives twice.
        let apart = spikes(&[(0.55, 0.0), (0.55, 3.5)])[1].len();
        assert!(apart.abs_diff(second.len() * 2 / 3) <= 1, "{apart}");
    }

    #[test]
    fn only_another_delay_needs_another_network() {
        let figure = with(&[(0.6, 1.0)]);
        let stronger = FigureOne { v_th: 2.0, ..with(&[(0.9, 1.0)]) };
        assert!(figure.same_wiring(&stronger));
        assert!(!figure.same_wiring(&with(&[(0.6, 2.0)])) && !figure.same_wiring(&with(&[])));
        assert!(FigureOne { tau_m_ms: f64::NAN, ..figure }.run(1.0).is_err());
    }
}
