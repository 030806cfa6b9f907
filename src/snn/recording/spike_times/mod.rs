//! Spikes to and from files.
//!
//! * npz: `times` (f64, ms) and `senders` (i64), one entry per spike in order of
//!   time, as NEST names them. If the oldest spikes of a run were given up,
//!   `density` (bins × blocks of neurons) with `density_bin_ms` and
//!   `density_until_ms` holds what is known of them.
//! * CSV: a line `time_ms,sender` per spike below such a heading.
//!
//! * HDF5: as SONATA and NWB have spikes ([`hdf5`]); only read.
//!
//! Files of other programs are read by the names of their columns or arrays
//! ([`headings`]) and the units in them, in any order, among others. A file that
//! does not say which column is which, or what its times count, is read only
//! where its numbers leave no doubt, and what was assumed is told; otherwise it is
//! refused.
//!
//! Neurons are whatever numbers the file gives them. They are shown under these
//! numbers; there are as many of them as differ.

mod hdf5;
pub mod headings;
mod table;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::{Recording, View};
use crate::core::csv;
use crate::core::files::{open_regular, read_limited};
use crate::core::hdf5::Tree;
use crate::core::npz::{self, Array, NpzError, Values};
use crate::core::text::grouped;

/// How names of spike files end: npz, tables, what NEST writes, HDF5 of SONATA and NWB.
pub const EXTENSIONS: [&str; 9] = ["npz", "csv", "tsv", "txt", "dat", "gdf", "h5", "hdf5", "nwb"];

/// Bins in which the given-up part of a run is exported.
const DENSITY_BINS: usize = 1024;

/// Latest spike that is read, ms, and most neurons: a damaged file may name any
/// number, and views make room for each neuron.
const MOST_MS: f64 = 1e12;
const MOST_NEURONS: usize = 1_000_000;
/// Most spikes that are read: of a small file, and of any. Between them, a file
/// may hold as many as it could without being compressed: memory then goes with
/// the file's size, whatever a few kilobytes unpack to.
const MOST_SPIKES: (u64, u64) = (10_000_000, 50_000_000);
/// Fewest bytes of a spike in a file.
const LEAST_SPIKE_BYTES: u64 = 4;
/// Largest text file that is read, bytes.
const MOST_TEXT_BYTES: u64 = 1 << 28;
/// Largest HDF5 file that is read, bytes: it may hold much beside the spikes.
const MOST_HDF5_BYTES: u64 = 1 << 30;

/// Two spikes of a neuron are this far apart at least and at most, ms, for times
/// without a unit to be taken as ms. Neurons hardly fire twice within 2 ms; and
/// what looked like this in ms would be a neuron that keeps silent for 2 s, or
/// fires again within 1 ms, if it were seconds or microseconds.
const CLEARLY_MS: std::ops::Range<f64> = 2.0..1000.0;
/// Times that are ms by the names of their arrays, but whose neurons spike twice
/// within this are something else.
const NEVER_MS: f64 = 0.05;

/// Spikes as they stand in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpikeTimes {
    /// When, ms from the beginning of the run; ascending.
    pub times_ms: Vec<f64>,
    /// Which neuron: a place in `ids`.
    pub senders: Vec<u32>,
    /// The neurons' numbers, ascending. Of a file, those of neurons that spiked.
    pub ids: Vec<u64>,
    /// What the file did not say and was assumed, to be told.
    pub assumed: Option<String>,
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

/// What is known of the unit of times.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Unit {
    /// So many ms are one.
    Ms(f64),
    /// The name does not say.
    #[default]
    Unsaid,
    /// There are no names.
    NoHeading,
    /// Arrays called as NEST and this program call them, which are in ms.
    Usual,
}

impl Unit {
    fn of(unit_ms: Option<f64>) -> Self {
        unit_ms.map_or(Self::Unsaid, Self::Ms)
    }
}

/// Spikes in the unit and order of a file.
#[derive(Debug, Default)]
struct Raw {
    times: Vec<f64>,
    neurons: Vec<u64>,
    unit: Unit,
}

impl Raw {
    /// Whether the neurons are 0, 1, 2 … or 1, 2, 3 …, which are rows then.
    fn numbers_rows(&self) -> bool {
        let Some(first) = self.neurons.first().filter(|n| **n < 2) else { return false };
        self.neurons.len() > 1 && self.neurons.iter().zip(*first..).all(|(n, row)| *n == row)
    }

    /// The unit in ms, and what was assumed.
    fn unit_ms(&self) -> Result<(f64, Option<String>), String> {
        let least = || self.least_interval();
        let shown = |least: Option<f64>| match least {
            None => "no neuron spikes twice".to_owned(),
            Some(t) => format!("the shortest interval between spikes of a neuron is {}", round(t)),
        };
        match self.unit {
            Unit::Ms(ms) => Ok((ms, None)),
            Unit::Usual => match least() {
                Some(t) if t < NEVER_MS => Err(format!(
                    "its `times` do not look like ms ({}); call them times_ms, times_s or times_us",
                    shown(Some(t))
                )),
                _ => Ok((1.0, None)),
            },
            Unit::Unsaid | Unit::NoHeading => {
                let heading =
                    if self.unit == Unit::NoHeading { "It has no heading; its" } else { "The" };
                match least() {
                    Some(t) if CLEARLY_MS.contains(&t) => Ok((
                        1.0,
                        Some(format!("{heading} times name no unit and were taken as ms.")),
                    )),
                    least => Err(format!(
                        "its times name no unit, and it is not clear that they are ms ({}); name them by their unit in the heading: time_ms, time_s or time_us",
                        shown(least)
                    )),
                }
            }
        }
    }

    /// The shortest interval between two spikes of a neuron, but for 0.
    fn least_interval(&self) -> Option<f64> {
        let mut order: Vec<usize> = Vec::new();
        let times = &self.times;
        if !times.is_sorted() {
            order = (0..times.len()).collect();
            order.sort_by(|a, b| times[*a].total_cmp(&times[*b]));
        }
        let mut last: HashMap<u64, f64> = HashMap::new();
        let mut least = f64::INFINITY;
        for i in 0..times.len() {
            let i = order.get(i).copied().unwrap_or(i);
            if let Some(before) = last.insert(self.neurons[i], times[i]) {
                let interval = times[i] - before;
                if interval > 0.0 {
                    least = least.min(interval);
                }
            }
        }
        least.is_finite().then_some(least)
    }
}

/// How many spikes are read of a file of so many bytes.
fn most_spikes(file_bytes: u64) -> u64 {
    (file_bytes / LEAST_SPIKE_BYTES).clamp(MOST_SPIKES.0, MOST_SPIKES.1)
}

impl SpikeTimes {
    /// The known single spikes of a recording.
    pub fn of(recording: &Recording) -> Self {
        let dt_ms = recording.dt_ms();
        let (times_ms, senders) =
            recording.spikes(0..u64::MAX).map(|(step, n)| (step as f64 * dt_ms, n)).unzip();
        let ids = (0..recording.neurons()).map(|n| recording.id(n)).collect();
        Self { times_ms, senders, ids, assumed: None }
    }

    /// Reads an npz, an HDF5 or a text file, told apart by their content.
    ///
    /// # Errors
    /// When it cannot be read or is not a list of spikes; the message names the
    /// line or the array, and the limit that it exceeds.
    pub fn read(path: &Path) -> Result<Self, SpikeFileError> {
        let content =
            |reason: String| SpikeFileError::Content { path: path.display().to_string(), reason };
        let mut start = [0; 8];
        let got = open_regular(path)
            .and_then(|mut file| std::io::Read::read(&mut file, &mut start))
            .map_err(|e| content(e.to_string()))?;
        match &start[..got] {
            [b'P', b'K', ..] => Self::from_npz(&mut npz::Reader::open(path)?).map_err(content),
            start if crate::core::hdf5::is(start) => Self::from_hdf5(path).map_err(content),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Err(content(
                "it is a single array; save times and senders together with numpy.savez".into(),
            )),
            _ if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("npz")) => {
                npz::Reader::open(path)?;
                Err(content("it is no npz file".into()))
            }
            _ => {
                let bytes =
                    read_limited(path, MOST_TEXT_BYTES).map_err(|e| content(e.to_string()))?;
                let text = table::decode(bytes).map_err(content)?;
                Self::from_csv(&text).map_err(content)
            }
        }
    }

    /// Two of the arrays, found by their names. `times` and `senders` are ms, as
    /// NEST and this program write them.
    ///
    /// # Errors
    /// Names what is missing or wrong.
    pub fn from_npz<R: std::io::Read + std::io::Seek>(
        file: &mut npz::Reader<R>,
    ) -> Result<Self, String> {
        let names = file.names();
        let columns = headings::find(&names).map_err(|e| format!("of its arrays, {e}"))?;
        let (time, neuron) = (names[columns.time].clone(), names[columns.neuron].clone());
        let most = most_spikes(file.file_bytes());
        let times = list(file.array(&time, most)?, &time)?;
        let neurons = list(file.array(&neuron, most)?, &neuron)?;
        if times.values().len() != neurons.values().len() {
            return Err(format!(
                "it has {} times (`{time}`) and {} neurons (`{neuron}`)",
                times.values().len(),
                neurons.values().len()
            ));
        }
        let neurons = neurons.into_ids().map_err(|e| format!("in `{neuron}`, {e}"))?;
        let usual = time.eq_ignore_ascii_case("times") && neuron.eq_ignore_ascii_case("senders");
        let unit = if usual { Unit::Usual } else { Unit::of(columns.unit_ms) };
        let raw = Raw { times: times.into_f64(), neurons, unit };
        if columns.rank == headings::WEAKEST && raw.numbers_rows() {
            return Err(format!(
                "its array `{neuron}` only numbers the spikes; add one called senders"
            ));
        }
        Self::of_raw(raw)
    }

    /// The spikes of a SONATA or NWB file, or of one whose arrays are named as columns are.
    fn from_hdf5(path: &Path) -> Result<Self, String> {
        let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
        let tree = Tree::open(path, MOST_HDF5_BYTES)?;
        let (raw, told) = hdf5::read(&tree, most_spikes(size) as usize)?;
        let mut spikes = Self::of_raw(raw)?;
        spikes.assumed = told.or(spikes.assumed);
        Ok(spikes)
    }

    /// A table with a heading that names times and neurons: see the module.
    ///
    /// # Errors
    /// Names the first line that is not understood.
    pub fn from_csv(text: &str) -> Result<Self, String> {
        Self::of_raw(table::read(text, most_spikes(text.len() as u64) as usize)?)
    }

    /// In ms, in order of time, with neurons counted.
    fn of_raw(raw: Raw) -> Result<Self, String> {
        if let Some(bad) = raw.times.iter().find(|t| !t.is_finite() || **t < 0.0) {
            return Err(format!("a time is {bad}; times go from 0 on"));
        }
        let (unit_ms, assumed) = if raw.times.is_empty() { (1.0, None) } else { raw.unit_ms()? };
        let Raw { times: mut times_ms, neurons, .. } = raw;
        if unit_ms != 1.0 {
            times_ms.iter_mut().for_each(|t| *t = round(*t * unit_ms));
        }
        if let Some(bad) = times_ms.iter().find(|t| **t > MOST_MS) {
            return Err(format!("a time is {bad} ms, more than thirty years"));
        }
        let (ids, senders) = counted(neurons)?;
        let mut spikes = Self { times_ms, senders, ids, assumed };
        spikes.sort();
        Ok(spikes)
    }

    fn sort(&mut self) {
        let pairs = self.times_ms.iter().zip(&self.senders);
        if pairs.clone().is_sorted() {
            return;
        }
        let mut spikes: Vec<(f64, u32)> = pairs.map(|(t, n)| (*t, *n)).collect();
        spikes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        (self.times_ms, self.senders) = spikes.into_iter().unzip();
    }

    /// A recording of these spikes at steps of `dt_ms`, which shows its neurons
    /// under their numbers.
    pub fn to_recording(&self, dt_ms: f64, cap_bytes: usize) -> Recording {
        let ids: Arc<[u64]> = self.ids.clone().into();
        let mut recording = Recording::new(ids.len() as u32, dt_ms, cap_bytes).with_ids(ids);
        let steps = self.times_ms.iter().map(|t| (t / dt_ms).round() as u64);
        recording.extend(steps.zip(self.senders.iter().copied()));
        recording
    }

    /// The number under which a file names the sender of spike `i`.
    fn id(&self, sender: u32) -> u64 {
        self.ids.get(sender as usize).copied().unwrap_or(u64::from(sender))
    }

    /// `time_ms,sender`, a spike a line.
    pub fn to_csv(&self) -> String {
        let spikes = self.times_ms.iter().zip(&self.senders);
        let rows = spikes.map(|(time, sender)| csv::row![round(*time), self.id(*sender)]);
        csv::text(["time_ms", "sender"], rows)
    }
}

/// A list of numbers, or a table of one column.
fn list(array: Array, name: &str) -> Result<Array, String> {
    if array.shape().iter().filter(|d| **d != 1).count() > 1 {
        return Err(format!(
            "its array `{name}` is a table of shape {:?}, not a list of numbers",
            array.shape()
        ));
    }
    Ok(array)
}

/// The different numbers, ascending, and each neuron's place among them.
fn counted(neurons: Vec<u64>) -> Result<(Vec<u64>, Vec<u32>), String> {
    let mut different = BTreeSet::new();
    for neuron in &neurons {
        if different.insert(*neuron) && different.len() > MOST_NEURONS {
            let most = grouped(MOST_NEURONS as u64);
            return Err(format!("it has more than {most} neurons, the most that are read"));
        }
    }
    let ids: Vec<u64> = different.into_iter().collect();
    let places: HashMap<u64, u32> = ids.iter().copied().zip(0..).collect();
    let senders = neurons.iter().filter_map(|n| places.get(n).copied()).collect();
    Ok((ids, senders))
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
    let senders = spikes.senders.iter().map(|s| spikes.id(*s) as i64);
    let senders = Array::list(Values::I64(senders.collect()));
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

#[cfg(test)]
mod tests;
