//! The ranges of the Neuron lab's settings: what its sliders give, and what is taken
//! from a file.

use super::settings::{CodesSettings, CurveSettings, NeuronSettings, UnitSettings};
use crate::core::bounds::{ANY, Bounded, Bounds, SHARE, Span};
use crate::data::PIXELS;
use crate::snn::models;

impl Bounded for NeuronSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { tab: _, figure, playback, curve, unit, codes } = self;
        to.part("figure", figure);
        to.part("playback", playback);
        to.part("curve", curve);
        to.part("unit", unit);
        to.part("codes", codes);
    }
}

impl CurveSettings {
    /// Step, ms.
    pub(super) const DT_MS: Span = (0.01, 1.0);
    /// Currents.
    pub(super) const POINTS: Span = (5.0, 101.0);
}

impl Bounded for CurveSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { model, dt_ms, points } = self;
        let known = |id: &str| models::get("f–I curve", id).is_ok();
        to.id("model.id", &mut model.id, known, &Self::default().model.id);
        let params = models::get("f–I curve", &model.id).map_or(&[][..], |m| m.params);
        to.inside("model", |to| model.bound(params, to));
        to.number("dt_ms", dt_ms, Self::DT_MS);
        to.number("points", points, Self::POINTS);
    }
}

impl UnitSettings {
    /// Own inputs, at most.
    pub const MOST_INPUTS: usize = 8;
    pub const WEIGHT: Span = (-2.0, 2.0);
    pub const V_TH: Span = (0.05, 5.0);
    pub const PASSES: Span = (1.0, 20.0);
    /// Units of a first layer.
    pub(super) const UNIT: Span = (0.0, 4095.0);
}

impl Bounded for UnitSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { inputs: _, own, unit, v_th, reset_to_zero: _, passes, step } = self;
        to.list("own", own, Self::MOST_INPUTS, |to, i, (x, w)| {
            to.number(format_args!("{i}.0"), x, SHARE);
            to.number(format_args!("{i}.1"), w, Self::WEIGHT);
        });
        to.number("unit", unit, Self::UNIT);
        to.number("v_th", v_th, Self::V_TH);
        to.number("passes", passes, Self::PASSES);
        // The digit's pixels and a bias, so many times.
        to.number("step", step, (0.0, (PIXELS + 1) as f64 * Self::PASSES.1));
    }
}

impl CodesSettings {
    pub const JITTER_MS: Span = (0.0, 16.0);
    pub const WINDOW_MS: Span = (20.0, 500.0);
    pub const TOP_RATE_HZ: Span = (20.0, 1000.0);
    pub const BURST_SPIKES: Span = (2.0, 12.0);
    pub const BURST_ISI_MS: Span = (0.5, 5.0);
}

impl Bounded for CodesSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { intensity, jitter_ms, window_ms, top_rate_hz, burst_spikes, burst_isi_ms, seed } =
            self;
        to.number("intensity", intensity, SHARE);
        to.number("jitter_ms", jitter_ms, Self::JITTER_MS);
        to.number("window_ms", window_ms, Self::WINDOW_MS);
        to.number("top_rate_hz", top_rate_hz, Self::TOP_RATE_HZ);
        to.number("burst_spikes", burst_spikes, Self::BURST_SPIKES);
        to.number("burst_isi_ms", burst_isi_ms, Self::BURST_ISI_MS);
        to.number("seed", seed, ANY);
    }
}
