//! Spikes to and from files.
//!
//! * npz: `times` (f64, ms) and `senders` (i64, neurons counted from 0), one
//!   entry per spike in order of time, as NEST and others name them. If the
//!   oldest spikes of a run were given up, `density` (bins × blocks of neurons)
//!   with `density_bin_ms` and `density_until_ms` holds what is known of them.
//! * CSV: a line `time_ms,sender` per spike below such a heading.

use std::fmt::Write as _;
use std::path::Path;

use super::{Recording, View};
use crate::core::files::read_limited;
use crate::core::npz::{self, Array, NpzError, Values};

/// Bins in which the given-up part of a run is exported.
const DENSITY_BINS: usize = 1024;

/// Latest spike that is read, ms, and most neurons: a damaged file may name any
/// number, and views make room for each neuron.
const MOST_MS: f64 = 1e12;
const MOST_NEURONS: u32 = 10_000_000;
/// The largest CSV file that is read.
const MOST_BYTES: u64 = 1 << 30;

/// Spikes as they stand in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpikeTimes {
    /// When, ms from the beginning of the run; ascending.
    pub times_ms: Vec<f64>,
    /// Which neuron, counted from 0.
    pub senders: Vec<u32>,
}

/// A file of spikes could not be understood.
#[derive(Debug, thiserror::Error)]
pub enum SpikeFileError {
    /// It is no readable npz file.
    #[error(transparent)]
    Npz(#[from] NpzError),
    /// Its content is not a list of spikes.
    #[error("{path} holds no spikes that can be read: {reason}. Nothing was imported")]
    Content {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl SpikeTimes {
    /// The known single spikes of a recording.
    pub fn of(recording: &Recording) -> Self {
        let dt_ms = recording.dt_ms();
        let (times_ms, senders) =
            recording.spikes(0..u64::MAX).map(|(step, n)| (step as f64 * dt_ms, n)).unzip();
        Self { times_ms, senders }
    }

    /// Reads an npz or a CSV file, told apart by its name.
    ///
    /// # Errors
    /// When it cannot be read or is not a list of spikes; the message names the
    /// line or the array.
    pub fn read(path: &Path) -> Result<Self, SpikeFileError> {
        let content =
            |reason: String| SpikeFileError::Content { path: path.display().to_string(), reason };
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) {
            return Self::from_arrays(&npz::read(path)?).map_err(content);
        }
        let bytes = read_limited(path, MOST_BYTES).map_err(|e| content(e.to_string()))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| content("it is not text".into()))?;
        Self::from_csv(text).map_err(content)
    }

    /// The arrays `times` and `senders`.
    ///
    /// # Errors
    /// Names what is missing or wrong.
    pub fn from_arrays(arrays: &npz::Arrays) -> Result<Self, String> {
        let times_ms = arrays.get("times")?.to_f64();
        let senders =
            arrays.get("senders")?.to_indices().map_err(|e| format!("in `senders`, {e}"))?;
        if times_ms.len() != senders.len() {
            return Err(format!("it has {} times and {} senders", times_ms.len(), senders.len()));
        }
        Self { times_ms, senders }.checked()
    }

    /// Lines of `time_ms,sender`; a heading is skipped.
    ///
    /// # Errors
    /// Names the first line that is none.
    pub fn from_csv(text: &str) -> Result<Self, String> {
        let mut spikes = Self::default();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut fields = line.split([',', ';', '\t']).map(str::trim);
            let (time, sender) = (fields.next().unwrap_or(""), fields.next().unwrap_or(""));
            match (time.parse::<f64>(), sender.parse::<u32>()) {
                (Ok(time), Ok(sender)) => {
                    spikes.times_ms.push(time);
                    spikes.senders.push(sender);
                }
                // The heading.
                (Err(_), Err(_)) if spikes.senders.is_empty() && i == 0 => {}
                _ => {
                    return Err(format!(
                        "line {} should be a time in ms and a neuron's number and is `{}`",
                        i + 1,
                        line.chars().take(60).collect::<String>()
                    ));
                }
            }
        }
        spikes.checked()
    }

    /// Finite times from 0 on, in order.
    fn checked(self) -> Result<Self, String> {
        if let Some(bad) = self.times_ms.iter().find(|t| !t.is_finite() || **t < 0.0) {
            return Err(format!("a time is {bad}; times are ms from 0 on"));
        }
        if let Some(bad) = self.times_ms.iter().find(|t| **t > MOST_MS) {
            return Err(format!("a time is {bad} ms, more than thirty years"));
        }
        if let Some(bad) = self.senders.iter().find(|n| **n >= MOST_NEURONS) {
            return Err(format!(
                "a neuron has the number {bad}; they are read up to {MOST_NEURONS}"
            ));
        }
        let mut spikes: Vec<(f64, u32)> = self.times_ms.into_iter().zip(self.senders).collect();
        spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let (times_ms, senders) = spikes.into_iter().unzip();
        Ok(Self { times_ms, senders })
    }

    /// A recording of these spikes at steps of `dt_ms`.
    pub fn to_recording(&self, dt_ms: f64, cap_bytes: usize) -> Recording {
        let neurons = self.senders.iter().max().map_or(0, |n| n.saturating_add(1));
        let mut recording = Recording::new(neurons, dt_ms, cap_bytes);
        for (time, sender) in self.times_ms.iter().zip(&self.senders) {
            recording.push((time / dt_ms).round() as u64, &[*sender]);
        }
        recording
    }

    /// `time_ms,sender`, a spike a line.
    pub fn to_csv(&self) -> String {
        let mut text = String::from("time_ms,sender\n");
        for (time, sender) in self.times_ms.iter().zip(&self.senders) {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{},{sender}", round(*time));
        }
        text
    }
}

/// A time on the grid of steps without what floating point adds to it.
fn round(time_ms: f64) -> f64 {
    (time_ms * 1e9).round() / 1e9
}

/// The npz file of a recording, as bytes.
///
/// # Errors
/// When it cannot be put together.
pub fn to_npz(recording: &Recording) -> std::io::Result<Vec<u8>> {
    let spikes = SpikeTimes::of(recording);
    let times = Array::list(Values::F64(spikes.times_ms.iter().map(|t| round(*t)).collect()));
    let senders = Array::list(Values::I64(spikes.senders.iter().map(|s| i64::from(*s)).collect()));
    let mut arrays = vec![("times", &times), ("senders", &senders)];
    let summary = density(recording);
    if let Some((density, bin_ms, until_ms)) = &summary {
        arrays.push(("density", density));
        arrays.push(("density_bin_ms", bin_ms));
        arrays.push(("density_until_ms", until_ms));
    }
    npz::to_bytes(&arrays)
}

/// What is known of the spikes that were given up.
fn density(recording: &Recording) -> Option<(Array, Array, Array)> {
    let until = recording.kept_from();
    if until == 0 {
        return None;
    }
    let rows = recording.neurons().clamp(1, 512) as usize;
    let view = View {
        from_step: 0.0,
        to_step: until as f64,
        first: 0,
        count: recording.neurons(),
        columns: DENSITY_BINS,
        rows,
    };
    let mut cells = vec![0.0; rows * DENSITY_BINS];
    recording.count_cells(&view, &mut cells);
    let by_time = (0..DENSITY_BINS * rows).map(|i| cells[i % rows * DENSITY_BINS + i / rows]);
    let density = Array::new(&[DENSITY_BINS, rows], Values::F32(by_time.collect())).ok()?;
    let until_ms = until as f64 * recording.dt_ms();
    let single = |x: f64| Array::new(&[], Values::F64(vec![x])).ok();
    Some((density, single(until_ms / DENSITY_BINS as f64)?, single(until_ms)?))
}
