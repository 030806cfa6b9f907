//! Rate code: a Poisson spike train, its rate proportional to the intensity; the
//! reader counts (Adrian 1926; the input code of Diehl & Cook 2015).

use super::{Code, Settings};
use crate::core::rng::Rng;

pub(super) const CODE: Code = Code {
    id: "rate",
    name: "Poisson rate",
    doc: "Spikes come at random; the more intense the pixel, the more of them. The reader counts.",
    loses: "Jitter costs it nothing, since when a spike comes says nothing. Its price is chance: n spikes are known to within √n, so it needs time.",
    encode,
    decode,
};

fn encode(settings: &Settings, intensity: f32, rng: &mut Rng) -> Vec<f32> {
    let per_ms = intensity * settings.top_rate_hz / 1000.0;
    let mut times = Vec::new();
    if per_ms <= 0.0 {
        return times;
    }
    let mut t = 0.0;
    loop {
        // Intervals of a Poisson process are exponential.
        t -= (1.0 - rng.uniform()).ln() / per_ms;
        if t >= settings.window_ms {
            return times;
        }
        times.push(t);
    }
}

fn decode(settings: &Settings, times_ms: &[f32]) -> f32 {
    let most = settings.top_rate_hz * settings.window_ms / 1000.0;
    (times_ms.len() as f32 / most.max(1e-6)).min(1.0)
}
