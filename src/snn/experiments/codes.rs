//! One intensity, and one picture, in each of the codes, with and without jitter.

use crate::data::{PIXELS, Pixels};
use crate::snn::codes::{self, CODES, Settings};

/// Messages drawn one below the other.
const TRIALS: u64 = 12;
/// Jitters of the curve, ms.
const JITTERS: usize = 17;
const MOST_JITTER_MS: f32 = 16.0;
/// Intensities over which the error is taken: 0.02 … 1.
const INTENSITIES: usize = 200;

/// What is to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct CodesTask {
    /// The pixel's intensity.
    pub intensity: f32,
    /// Standard deviation of the jitter, ms.
    pub jitter_ms: f32,
    /// What the codes share.
    pub settings: Settings,
    /// The picture.
    pub pixels: Box<Pixels>,
    /// Chance follows from it.
    pub seed: u64,
}

/// What one code made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CodeResult {
    /// Several messages of the intensity: their spikes before and after jitter,
    /// and what was read.
    pub trials: Vec<(Vec<f32>, Vec<f32>, f32)>,
    /// The picture as read.
    pub picture: Box<Pixels>,
    /// Spikes sent for the picture.
    pub picture_spikes: usize,
    /// Root mean square error over the pixels that are not paper.
    pub picture_error: f32,
    /// Jitter, ms, and root mean square error over all intensities.
    pub curve: Vec<[f32; 2]>,
}

impl CodeResult {
    /// Mean and standard deviation of what was read from the messages.
    pub fn read(&self) -> [f64; 2] {
        let n = self.trials.len().max(1) as f64;
        let read = || self.trials.iter().map(|t| f64::from(t.2));
        let mean = read().sum::<f64>() / n;
        [mean, (read().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt()]
    }
}

/// What all codes made of it, in the order of the registry.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CodesResult {
    /// One per code.
    pub codes: Vec<CodeResult>,
    /// The picture as sent.
    pub sent: Option<Box<Pixels>>,
}

/// Sends and reads, as long as `go_on` says so; else `None`.
pub fn run(task: &CodesTask, go_on: &dyn Fn() -> bool) -> Option<CodesResult> {
    let codes = CODES.iter().map(|code| one(task, code, go_on)).collect::<Option<_>>()?;
    Some(CodesResult { codes, sent: Some(task.pixels.clone()) })
}

fn one(task: &CodesTask, code: &codes::Code, go_on: &dyn Fn() -> bool) -> Option<CodeResult> {
    let settings = &task.settings;
    let send = |x, jitter_ms, stream| codes::send(code, settings, x, jitter_ms, task.seed, stream);
    let trials = (0..TRIALS)
        .map(|i| {
            // The same stream: the same spikes before they are moved.
            let clean = send(task.intensity, 0.0, i).0;
            let (moved, said) = send(task.intensity, task.jitter_ms, i);
            (clean, moved, said)
        })
        .collect();
    let mut picture = Box::new([0.0; PIXELS]);
    let (mut picture_spikes, mut squares, mut inked) = (0, 0.0f64, 0usize);
    for (i, x) in task.pixels.iter().enumerate() {
        let (spikes, said) = send(*x, task.jitter_ms, 1000 + i as u64);
        picture[i] = said;
        picture_spikes += spikes.len();
        if *x > 0.0 {
            squares += f64::from(said - x).powi(2);
            inked += 1;
        }
    }
    let ramp: Vec<f32> =
        (1..=INTENSITIES).map(|i| 0.02 + 0.98 * i as f32 / INTENSITIES as f32).collect();
    let curve = (0..JITTERS)
        .map(|k| {
            let jitter_ms = MOST_JITTER_MS * k as f32 / (JITTERS - 1) as f32;
            let error = || codes::error(code, settings, &ramp, jitter_ms, task.seed);
            go_on().then(|| [jitter_ms, error()])
        })
        .collect::<Option<_>>()?;
    Some(CodeResult {
        trials,
        picture,
        picture_spikes,
        picture_error: (squares / inked.max(1) as f64).sqrt() as f32,
        curve,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_goes_through_every_code() {
        let mut pixels = Box::new([0.0; PIXELS]);
        pixels.iter_mut().enumerate().for_each(|(i, p)| *p = (i % 28) as f32 / 27.0);
        let task = |jitter_ms| CodesTask {
            intensity: 0.5,
            jitter_ms,
            settings: Settings::default(),
            pixels: pixels.clone(),
            seed: 3,
        };
        let run_with = |jitter_ms| run(&task(jitter_ms), &|| true).unwrap();
        let (still, moved) = (run_with(0.0), run_with(4.0));
        assert!(run(&task(0.0), &|| false).is_none());
        assert_eq!(still.codes.len(), CODES.len());
        // Jitter: nothing for the rate, something for the time, most for the burst.
        let worse = |i: usize| moved.codes[i].picture_error - still.codes[i].picture_error;
        assert_eq!(worse(0), 0.0);
        assert!(worse(1) > 0.01 && worse(2) > 2.0 * worse(1), "{} {}", worse(1), worse(2));
        for code in &moved.codes {
            assert_eq!(code.curve.len(), 17);
            assert!(code.trials.iter().all(|(sent, arrived, _)| sent.len() == arrived.len()));
        }
    }
}
