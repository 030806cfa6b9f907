//! Neural codes: ways to say an intensity between 0 and 1 in spikes, and to
//! read it back. One file and one line in [`CODES`] each.
//!
//! Jitter shows where a code carries its information: shifting spikes a little leaves a
//! rate code unharmed, but not a code in spike times (report §3.4).

mod burst;
mod first_spike;
mod rate;

use crate::core::rng::Rng;

/// What all codes share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Time for one message, ms.
    pub window_ms: f32,
    /// Rate of full intensity in the rate code, Hz.
    pub top_rate_hz: f32,
    /// Spikes in a burst at full intensity.
    pub burst_spikes: usize,
    /// Shortest interval within a burst, ms.
    pub burst_isi_ms: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window_ms: 100.0, top_rate_hz: 200.0, burst_spikes: 5, burst_isi_ms: 2.0 }
    }
}

/// One code.
pub struct Code {
    /// Stable id.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// How it says an intensity.
    pub doc: &'static str,
    /// What it loses under jitter, and what it pays for.
    pub loses: &'static str,
    /// The spikes for an intensity in 0 … 1: times within the window, ms,
    /// ascending.
    pub encode: fn(&Settings, f32, &mut Rng) -> Vec<f32>,
    /// The intensity in 0 … 1 that these spikes say.
    pub decode: fn(&Settings, &[f32]) -> f32,
}

/// All codes.
pub static CODES: &[Code] = &[rate::CODE, first_spike::CODE, burst::CODE];

/// Moves each spike by a normal deviate of this standard deviation, and keeps
/// their order in time.
pub fn jitter(times_ms: &mut [f32], sd_ms: f32, rng: &mut Rng) {
    if sd_ms <= 0.0 {
        return;
    }
    for time in times_ms.iter_mut() {
        *time += sd_ms * rng.normal();
    }
    times_ms.sort_by(f32::total_cmp);
}

/// Sends an intensity through a code with jittered spikes and reads it back.
/// `stream` tells messages of the same seed apart.
pub fn send(
    code: &Code,
    settings: &Settings,
    intensity: f32,
    jitter_ms: f32,
    seed: u64,
    stream: u64,
) -> (Vec<f32>, f32) {
    let mut rng = Rng::stream(seed, code.id, stream);
    let mut times = (code.encode)(settings, intensity.clamp(0.0, 1.0), &mut rng);
    jitter(&mut times, jitter_ms, &mut rng);
    let said = (code.decode)(settings, &times);
    (times, said)
}

/// Root mean square difference between what went in and what was read.
pub fn error(
    code: &Code,
    settings: &Settings,
    intensities: &[f32],
    jitter_ms: f32,
    seed: u64,
) -> f32 {
    let squares: f64 = intensities
        .iter()
        .enumerate()
        .map(|(i, x)| f64::from(send(code, settings, *x, jitter_ms, seed, i as u64).1 - x).powi(2))
        .sum();
    (squares / intensities.len().max(1) as f64).sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Vec<f32> {
        (0..500).map(|i| i as f32 / 499.0).collect()
    }

    #[test]
    fn every_code_says_what_it_is_and_keeps_to_its_window() {
        for (i, code) in CODES.iter().enumerate() {
            assert!(!code.doc.is_empty() && !code.loses.is_empty());
            assert!(CODES[i + 1..].iter().all(|c| c.id != code.id));
            for x in ramp() {
                let (times, said) = send(code, &Settings::default(), x, 0.0, 1, 3);
                assert!(times.is_sorted() && times.iter().all(|t| (0.0..=100.0).contains(t)));
                assert!((0.0..=1.0).contains(&said), "{} {x} {said}", code.id);
            }
            assert!(send(code, &Settings::default(), 0.0, 0.0, 1, 3).0.is_empty(), "{}", code.id);
            assert_eq!((code.decode)(&Settings::default(), &[]), 0.0);
        }
    }

    #[test]
    fn without_jitter_a_time_code_is_exact_and_a_rate_code_is_not() {
        let settings = Settings::default();
        let of = |i: usize, jitter_ms| error(&CODES[i], &settings, &ramp(), jitter_ms, 1);
        let (rate, first, burst) = (of(0, 0.0), of(1, 0.0), of(2, 0.0));
        // A Poisson count of mean n errs by √n: √(x·20)/20, its root mean square
        // over x is √(1/40); clipped at one spike per ms and at full intensity.
        assert!((0.11..0.17).contains(&rate), "{rate}");
        assert!(first < 1e-4 && burst < 1e-4, "{first} {burst}");
    }

    #[test]
    fn jitter_costs_the_rate_code_nothing_and_the_time_codes_what_theory_says() {
        let settings = Settings::default();
        let of = |i: usize, jitter_ms| error(&CODES[i], &settings, &ramp(), jitter_ms, 1);
        assert!((of(0, 10.0) - of(0, 0.0)).abs() < 1e-6);
        // t = T (1 − x): an error of 5 ms in 100 ms is one of 0.05; where it
        // would leave 0 … 1 it is clipped, so somewhat less.
        assert!((0.04..0.052).contains(&of(1, 5.0)), "{}", of(1, 5.0));
        // A burst's intervals are a few ms long: the same jitter ruins them.
        assert!(of(2, 5.0) > 2.0 * of(1, 5.0), "{}", of(2, 5.0));
    }
}
