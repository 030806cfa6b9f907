//! Currents that a person shapes: constant, steps, ramps, a sine, noise, or drawn
//! by hand. All but the constant repeat with a period, so that they go on for
//! ever; noise never repeats but is the same in every run of the same seed.

use serde::{Deserialize, Serialize};

use super::network::{Values, Waveform};
use crate::core::bounds::{ANY, Bounded, Bounds, Span};
use crate::core::rng::Rng;

/// Points of a drawn current.
pub const DRAWN_POINTS: usize = 100;
/// How long a value of the noise lasts, ms.
const NOISE_MS: f64 = 1.0;

/// The shape of a current.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Always the level.
    #[default]
    Constant,
    /// Off for half a period, then on.
    Step,
    /// From zero to the level within a period.
    Ramp,
    /// Up to the level and back to zero.
    Sine,
    /// The level and a normal deviate, new every millisecond.
    Noise,
    /// As drawn.
    Drawn,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Self; 6] =
        [Self::Constant, Self::Step, Self::Ramp, Self::Sine, Self::Noise, Self::Drawn];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "Constant",
            Self::Step => "Step",
            Self::Ramp => "Ramp",
            Self::Sine => "Sine",
            Self::Noise => "Noise",
            Self::Drawn => "Drawn",
        }
    }
}

/// A current over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stimulus {
    /// Its shape.
    pub shape: Shape,
    /// Its largest value (of noise, its mean), in the neuron's unit.
    pub level: f64,
    /// How long until it repeats, ms.
    pub period_ms: f64,
    /// Standard deviation of noise, in the neuron's unit.
    pub noise_sd: f64,
    /// The drawn shape over a period, as shares of the level.
    pub drawn: Vec<f32>,
    /// Noise follows from it.
    pub seed: u64,
}

impl Stimulus {
    /// Level and noise, in the figure's units.
    pub const LEVEL: Span = (0.0, 5.0);
    pub const NOISE: Span = (0.0, 5.0);
    /// Period, ms.
    pub const PERIOD_MS: Span = (10.0, 1000.0);
    /// Drawn points, shares of the level.
    const DRAWN: Span = (-1.0, 1.0);
}

impl Bounded for Stimulus {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { shape: _, level, period_ms, noise_sd, drawn, seed } = self;
        to.number("level", level, Self::LEVEL);
        to.number("period_ms", period_ms, Self::PERIOD_MS);
        to.number("noise_sd", noise_sd, Self::NOISE);
        let point = |to: &mut Bounds, i, point: &mut f32| to.number(i, point, Self::DRAWN);
        to.list("drawn", drawn, DRAWN_POINTS, point);
        to.number("seed", seed, ANY);
    }
}

impl Default for Stimulus {
    fn default() -> Self {
        // Two humps of unequal height: something to draw over.
        let hump = |i: usize| {
            let t = i as f32 / DRAWN_POINTS as f32;
            let part = if t < 0.5 { 1.0 } else { 0.75 };
            part * (std::f32::consts::TAU * t).sin().abs()
        };
        Self {
            shape: Shape::Constant,
            level: 2.0,
            period_ms: 100.0,
            noise_sd: 1.0,
            drawn: (0..DRAWN_POINTS).map(hump).collect(),
            seed: 1,
        }
    }
}

impl Stimulus {
    /// The current at a time from the beginning of the run, ms.
    pub fn at(&self, t_ms: f64) -> f64 {
        let phase = (t_ms / self.period_ms.max(1e-3)).rem_euclid(1.0);
        match self.shape {
            Shape::Constant => self.level,
            Shape::Step if phase < 0.5 => 0.0,
            Shape::Step => self.level,
            Shape::Ramp => self.level * phase,
            Shape::Sine => self.level * 0.5 * (1.0 - (std::f64::consts::TAU * phase).cos()),
            Shape::Noise => {
                let counter = (t_ms / NOISE_MS + 1e-6).floor().max(0.0) as u64;
                let deviate = Rng::stream(self.seed, "stimulus", counter).normal();
                self.level + self.noise_sd * f64::from(deviate)
            }
            Shape::Drawn => self.level * f64::from(self.drawn_at(phase)),
        }
    }

    /// Between the drawn points, straight lines.
    fn drawn_at(&self, phase: f64) -> f32 {
        let n = self.drawn.len();
        if n == 0 {
            return 0.0;
        }
        let place = phase * n as f64;
        let (i, share) = (place as usize % n, place.fract() as f32);
        self.drawn[i] * (1.0 - share) + self.drawn[(i + 1) % n] * share
    }

    /// What an engine needs for `steps` steps from `from` on.
    pub fn waveform(&self, from: u64, steps: u64, dt_ms: f64) -> Waveform {
        if self.shape == Shape::Constant {
            return Waveform::Constant(Values::Same(self.level));
        }
        let mut list: Vec<(f64, f64)> = Vec::new();
        for step in from..from + steps {
            let t_ms = step as f64 * dt_ms;
            let value = self.at(t_ms);
            if list.last().is_none_or(|l| l.1 != value) {
                list.push((t_ms, value));
            }
        }
        Waveform::Steps(list)
    }

    /// Draws a straight line from one point of the shape to another; places are
    /// shares of the period and of the level.
    pub fn draw(&mut self, from: [f32; 2], to: [f32; 2]) {
        self.drawn.resize(DRAWN_POINTS, 0.0);
        let n = DRAWN_POINTS as f32;
        let (a, b) = if from[0] <= to[0] { (from, to) } else { (to, from) };
        let first = (a[0].clamp(0.0, 1.0) * n) as usize;
        let last = ((b[0].clamp(0.0, 1.0) * n) as usize).min(DRAWN_POINTS - 1);
        for i in first..=last {
            let x = i as f32 / n;
            let share =
                if b[0] > a[0] { ((x - a[0]) / (b[0] - a[0])).clamp(0.0, 1.0) } else { 1.0 };
            self.drawn[i] = (a[1] + (b[1] - a[1]) * share).clamp(-1.0, 1.0);
        }
    }

    /// Whether every number can be used.
    pub fn is_sound(&self) -> bool {
        [self.level, self.period_ms, self.noise_sd].iter().all(|x| x.is_finite())
            && self.period_ms > 0.0
            && self.drawn.iter().all(|x| x.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stimulus(shape: Shape) -> Stimulus {
        Stimulus { shape, level: 2.0, period_ms: 100.0, ..Stimulus::default() }
    }

    #[test]
    fn shapes_are_what_they_say_and_repeat() {
        for (shape, values) in [
            (Shape::Constant, [2.0, 2.0, 2.0]),
            (Shape::Step, [0.0, 0.0, 2.0]),
            (Shape::Ramp, [0.0, 0.5, 1.5]),
            (Shape::Sine, [0.0, 1.0, 1.0]),
        ] {
            for (t, value) in [0.0, 25.0, 75.0].into_iter().zip(values) {
                assert!((stimulus(shape).at(t) - value).abs() < 1e-9, "{shape:?} {t}");
                assert!((stimulus(shape).at(t + 300.0) - value).abs() < 1e-9, "{shape:?} {t}");
            }
        }
    }

    #[test]
    fn noise_has_its_moments_and_is_the_same_each_time() {
        let s = stimulus(Shape::Noise);
        let values: Vec<f64> = (0..20_000).map(|i| s.at(f64::from(i))).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let var = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!((mean - 2.0).abs() < 0.04 && (var - 1.0).abs() < 0.05, "{mean} {var}");
        assert_eq!(s.at(17.0), s.at(17.9));
        assert_eq!(values[17], s.at(17.0));
    }

    #[test]
    fn a_waveform_gives_every_step_the_value_of_its_time() {
        for shape in Shape::ALL {
            let s = stimulus(shape);
            let Waveform::Steps(list) = s.waveform(5_000, 1_000, 0.1) else {
                assert_eq!(shape, Shape::Constant);
                continue;
            };
            for step in 5_000..6_000u64 {
                let t = step as f64 * 0.1;
                let value = list.iter().rfind(|l| l.0 <= t + 1e-9).unwrap().1;
                assert_eq!(value, s.at(t), "{shape:?} {t}");
            }
        }
    }

    #[test]
    fn a_drawn_line_stays_within_the_paper() {
        let mut s = stimulus(Shape::Drawn);
        s.draw([0.9, 3.0], [0.1, -3.0]);
        assert_eq!(s.drawn.len(), DRAWN_POINTS);
        assert!(s.drawn.iter().all(|v| (-1.0..=1.0).contains(v)));
        s.draw([0.5, 0.25], [0.5, 0.25]);
        assert_eq!(s.drawn[50], 0.25);
        s.draw([f32::NAN, 0.0], [2.0, 0.5]);
        assert!(s.is_sound());
    }
}
