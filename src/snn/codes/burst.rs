//! Burst code: a short volley whose intervals are the shorter the more intense
//! (Izhikevich et al. 2003; Park et al. 2019 for networks).

use super::{Code, Settings};
use crate::core::rng::Rng;

/// Interval within a burst at intensity 0, in units of the shortest.
const LONGEST: f32 = 5.0;

pub(super) const CODE: Code = Code {
    id: "burst",
    name: "Burst",
    doc: "A volley of spikes at once: the more intense the pixel, the shorter its intervals. The reader measures the volley's length.",
    loses: "It says its value within a few milliseconds, so jitter of a few milliseconds drowns it; more spikes in the volley help.",
    encode,
    decode,
};

/// `ISI = longest − intensity · (longest − shortest)`.
fn isi_ms(settings: &Settings, intensity: f32) -> f32 {
    settings.burst_isi_ms * (LONGEST - intensity * (LONGEST - 1.0))
}

fn encode(settings: &Settings, intensity: f32, _: &mut Rng) -> Vec<f32> {
    if intensity <= 0.0 {
        return Vec::new();
    }
    let isi = isi_ms(settings, intensity);
    (0..settings.burst_spikes.max(2))
        .map(|i| i as f32 * isi)
        .take_while(|t| *t <= settings.window_ms)
        .collect()
}

fn decode(settings: &Settings, times_ms: &[f32]) -> f32 {
    let (Some(first), Some(last)) = (times_ms.first(), times_ms.last()) else { return 0.0 };
    if times_ms.len() < 2 {
        return 0.0;
    }
    let isi = (last - first) / (times_ms.len() - 1) as f32;
    let shortest = settings.burst_isi_ms.max(1e-6);
    ((LONGEST - isi / shortest) / (LONGEST - 1.0)).clamp(0.0, 1.0)
}
