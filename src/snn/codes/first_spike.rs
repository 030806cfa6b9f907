//! Time to first spike: one spike, the earlier the more intense (Thorpe, Fize &
//! Marlot 1996).

use super::{Code, Settings};
use crate::core::rng::Rng;

pub(super) const CODE: Code = Code {
    id: "first-spike",
    name: "Time to first spike",
    doc: "One spike: the more intense the pixel, the earlier. The reader looks at the clock.",
    loses: "Every millisecond of jitter is an error of one part of the window. In return one spike says it all, and bright pixels are known at once.",
    encode,
    decode,
};

fn encode(settings: &Settings, intensity: f32, _: &mut Rng) -> Vec<f32> {
    // Nothing is said by silence.
    if intensity <= 0.0 { Vec::new() } else { vec![settings.window_ms * (1.0 - intensity)] }
}

fn decode(settings: &Settings, times_ms: &[f32]) -> f32 {
    times_ms.first().map_or(0.0, |t| (1.0 - t / settings.window_ms).clamp(0.0, 1.0))
}
