//! What stands for the derivative of a spike (Neftci, Mostafa and Zenke 2019): a spike is
//! a step of the membrane potential, whose derivative is zero or infinite. Going back, a
//! surrogate takes its place, a bump around the threshold.

use crate::ann::ops::simd::{Simd, exp};

/// Shapes of the bump, all of height 1; `u` is the membrane's distance from the threshold,
/// `k` the slope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// 1 / (1 + k|u|)² (Zenke and Ganguli 2018).
    #[default]
    FastSigmoid,
    /// 1 / (1 + (k·u)²).
    Arctan,
    /// max(0, 1 − k|u|) (Bellec et al. 2018).
    Triangle,
    /// 4·σ(k·u)·(1 − σ(k·u)), with σ the logistic function.
    Logistic,
}

impl Shape {
    /// All of them, in the order of [`Shape::NAMES`].
    pub const ALL: [Self; 4] = [Self::FastSigmoid, Self::Arctan, Self::Triangle, Self::Logistic];
    /// For people.
    pub const NAMES: [&'static str; 4] = ["fast sigmoid", "arctangent", "triangle", "logistic"];

    /// That of a declared choice.
    pub fn of_choice(value: f32) -> Self {
        Self::ALL.get(value.round() as usize).copied().unwrap_or_default()
    }
}

/// A surrogate derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surrogate {
    pub shape: Shape,
    /// How narrow it is.
    pub slope: f32,
}

impl Default for Surrogate {
    fn default() -> Self {
        Self { shape: Shape::default(), slope: USUAL_SLOPE }
    }
}

/// Narrower ones starve neurons that are far from the threshold.
pub const USUAL_SLOPE: f32 = 5.0;

impl Surrogate {
    /// Its value at this distance from the threshold.
    pub fn at(self, u: f32) -> f32 {
        let (k, x) = (self.slope, self.slope * u);
        match self.shape {
            Shape::FastSigmoid => (1.0 + k * u.abs()).powi(-2),
            Shape::Arctan => 1.0 / (1.0 + x * x),
            Shape::Triangle => (1.0 - k * u.abs()).max(0.0),
            Shape::Logistic => {
                let e = (-x.abs()).exp();
                4.0 * e / ((1.0 + e) * (1.0 + e))
            }
        }
    }

    /// The same for a vector.
    #[allow(unsafe_code, reason = "part of kernels on vectors")]
    #[allow(clippy::missing_safety_doc, reason = "as for `Simd`")]
    #[inline(always)]
    pub(super) unsafe fn vector<S: Simd>(self, u: S::V) -> S::V {
        // SAFETY: handed on to the caller.
        unsafe {
            let (zero, one) = (S::splat(0.0), S::splat(1.0));
            let x = S::mul(u, S::splat(self.slope));
            let size = S::where_gt(zero, x, S::sub(zero, x), x);
            match self.shape {
                Shape::FastSigmoid => {
                    let r = S::reciprocal(S::add(one, size));
                    S::mul(r, r)
                }
                Shape::Arctan => S::reciprocal(S::fma(x, x, one)),
                Shape::Triangle => {
                    let left = S::sub(one, size);
                    S::where_gt(left, zero, left, zero)
                }
                Shape::Logistic => {
                    let e = exp::<S>(S::sub(zero, size));
                    let r = S::reciprocal(S::add(one, e));
                    S::mul(S::mul(S::splat(4.0), e), S::mul(r, r))
                }
            }
        }
    }
}

/// What firing rates cost, per neuron: its share of steps with a spike, averaged over the
/// pictures of a part of the mini-batch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RateCost {
    /// The rate that neurons are drawn to, 0 to 1, and how strongly: the cost is
    /// `strength·(rate − target)²`.
    pub target: f32,
    pub strength: f32,
    /// Rates below or above cost `bounding` times the square of what is missing or too
    /// much.
    pub lower: f32,
    pub upper: f32,
    pub bounding: f32,
}

impl RateCost {
    /// Whether anything costs.
    pub fn is_on(&self) -> bool {
        self.strength != 0.0 || self.bounding != 0.0
    }

    /// The derivative of the cost of one neuron by its rate.
    pub fn slope(&self, rate: f32) -> f32 {
        let bounds = (rate - self.upper).max(0.0) - (self.lower - rate).max(0.0);
        2.0 * (self.strength * (rate - self.target) + self.bounding * bounds)
    }
}

/// How a learning rule teaches spiking neurons.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Teaching {
    /// What stands for the derivative of a spike.
    pub surrogate: Surrogate,
    /// What rates cost.
    pub rates: RateCost,
    /// One divided by the size of the mini-batch.
    pub share: f32,
    /// Whether recurrent connections send no credit back: each neuron then learns from
    /// what it has itself contributed (e-prop).
    pub local: bool,
    /// Whether spikes count alike at all steps on the way back, though not on the way
    /// forward: what is left of e-prop without the read-out's filter.
    pub unfiltered: bool,
    /// What silent neurons cost where they have no gradient; see [`super::first_spike`].
    pub silence: f32,
}
