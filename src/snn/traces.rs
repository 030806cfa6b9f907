//! Values over time (membrane potentials, weights), a sample a step, kept so
//! that any part can be drawn at once.
//!
//! Samples are kept in tiles that copies share. Each tile also knows the
//! smallest and largest value of every [`GROUP`] samples, from which zoomed-out
//! views are drawn: a spike a single step long stays visible at every zoom. When
//! the memory cap is reached, the oldest tiles keep only those.

use std::iter::once;
use std::ops::Range;
use std::sync::Arc;

use crate::core::csv;

/// Samples in a tile.
const TILE: usize = 4096;
/// Samples whose smallest and largest value are kept for good.
const GROUP: usize = 64;
/// Tiles without samples that keep their groups; older ones keep the smallest
/// and largest value of the whole tile, so that a run may last for days.
const GROUPED_TILES: usize = 16_384;
/// Memory for samples unless told otherwise, bytes.
pub const CAP_BYTES: usize = 64 << 20;

/// What a trace shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// As in a legend.
    pub name: String,
    /// Its unit; empty for plain numbers.
    pub unit: String,
}

/// Smallest and largest value of a stretch of time.
pub type Extent = (f32, f32);

/// One trace's part of a tile.
#[derive(Clone, Debug)]
struct Part {
    /// Every sample, unless given up.
    samples: Vec<f32>,
    /// Smallest and largest of each group of samples.
    groups: Vec<Extent>,
    /// Smallest and largest of all.
    whole: Extent,
}

/// The traces of a run so far.
#[derive(Clone, Debug)]
pub struct Traces {
    dt_ms: f64,
    channels: Arc<[Channel]>,
    cap_bytes: usize,
    /// Full tiles, oldest first; one part per channel.
    tiles: Vec<Arc<[Part]>>,
    /// Tiles at the beginning whose samples were given up.
    summarised: usize,
    /// Tiles at the beginning whose groups were given up as well.
    bare: usize,
    open: Vec<Vec<f32>>,
}

impl Traces {
    /// Empty traces at steps of `dt_ms`.
    pub fn new(channels: Vec<Channel>, dt_ms: f64, cap_bytes: usize) -> Self {
        let open = vec![Vec::new(); channels.len()];
        Self {
            dt_ms,
            channels: channels.into(),
            cap_bytes,
            tiles: Vec::new(),
            summarised: 0,
            bare: 0,
            open,
        }
    }

    /// Adds the sample of one step: a value per channel.
    pub fn push(&mut self, values: &[f32]) {
        for (samples, value) in self.open.iter_mut().zip(values) {
            samples.push(*value);
        }
        if self.open.first().is_some_and(|s| s.len() >= TILE) {
            self.seal();
        }
    }

    /// Adds the samples of several steps. `fill` is asked for those of a channel in
    /// a range of these steps, counted from 0, and appends exactly so many.
    pub fn extend(
        &mut self,
        steps: usize,
        mut fill: impl FnMut(usize, Range<usize>, &mut Vec<f32>),
    ) {
        let mut from = 0;
        while from < steps && !self.open.is_empty() {
            let filled = self.open[0].len();
            let to = steps.min(from + TILE - filled);
            for (channel, samples) in self.open.iter_mut().enumerate() {
                fill(channel, from..to, samples);
                samples.resize(filled + to - from, f32::NAN);
            }
            if filled + to - from >= TILE {
                self.seal();
            }
            from = to;
        }
    }

    fn seal(&mut self) {
        let parts = self.open.iter_mut().map(|open| {
            let samples = std::mem::replace(open, Vec::with_capacity(TILE));
            let groups: Vec<Extent> = samples.chunks(GROUP).map(extent).collect();
            let wider = |a: Extent, b: &Extent| (a.0.min(b.0), a.1.max(b.1));
            let whole = groups.iter().fold((f32::NAN, f32::NAN), wider);
            Part { samples, groups, whole }
        });
        self.tiles.push(parts.collect());
        let tile_bytes = TILE * size_of::<f32>() * self.channels.len();
        while (self.tiles.len() - self.summarised) * tile_bytes > self.cap_bytes {
            let kept = self.tiles[self.summarised].iter();
            self.tiles[self.summarised] = kept
                .map(|p| Part { samples: Vec::new(), groups: p.groups.clone(), whole: p.whole })
                .collect();
            self.summarised += 1;
        }
        while self.summarised - self.bare > GROUPED_TILES {
            let kept = self.tiles[self.bare].iter();
            self.tiles[self.bare] = kept
                .map(|p| Part { samples: Vec::new(), groups: Vec::new(), whole: p.whole })
                .collect();
            self.bare += 1;
        }
    }

    /// What each trace shows.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Length of a step, ms.
    pub fn dt_ms(&self) -> f64 {
        self.dt_ms
    }

    /// Samples recorded.
    pub fn steps(&self) -> u64 {
        (self.tiles.len() * TILE + self.open.first().map_or(0, Vec::len)) as u64
    }

    /// The first step whose sample is known; of those before, the smallest and
    /// largest of each 64 are.
    pub fn kept_from(&self) -> u64 {
        (self.summarised * TILE) as u64
    }

    /// The sample of one step.
    pub fn value(&self, channel: usize, step: u64) -> Option<f32> {
        let (tile, i) = (step as usize / TILE, step as usize % TILE);
        match self.tiles.get(tile) {
            Some(parts) => parts.get(channel)?.samples.get(i).copied(),
            None => self
                .open
                .get(channel)?
                .get((step as usize).checked_sub(self.tiles.len() * TILE)?)
                .copied(),
        }
    }

    /// The known samples of the steps in `range`, as (step, value).
    pub fn samples(
        &self,
        channel: usize,
        range: Range<u64>,
    ) -> impl Iterator<Item = (u64, f32)> + '_ {
        let start = range.start.max(self.kept_from());
        let end = range.end.min(self.steps()).max(start);
        (start..end).filter_map(move |step| Some((step, self.value(channel, step)?)))
    }

    /// Smallest and largest value in each of `columns` equal parts of the steps
    /// from `from` to `to`; `None` where there is nothing.
    pub fn extents(
        &self,
        channel: usize,
        from: f64,
        to: f64,
        columns: usize,
    ) -> Vec<Option<Extent>> {
        let width = (to - from) / columns as f64;
        (0..columns)
            .map(|i| {
                let begin = (from + i as f64 * width).max(0.0) as u64;
                let end = (from + (i + 1) as f64 * width).ceil().max(0.0) as u64;
                self.extent(channel, begin..end.max(begin + 1))
            })
            .collect()
    }

    /// Smallest and largest value in the steps of `range`; whole groups where
    /// samples were given up or the range is long.
    fn extent(&self, channel: usize, range: Range<u64>) -> Option<Extent> {
        let end = (range.end.min(self.steps())) as usize;
        let mut step = range.start as usize;
        let mut found: Option<Extent> = None;
        while step < end {
            let (tile, i) = (step / TILE, step % TILE);
            let left = end - step;
            let (values, next) = match self.tiles.get(tile).and_then(|t| t.get(channel)) {
                // As much at once as lies within the range.
                Some(part) if part.groups.is_empty() || (i == 0 && left >= TILE) => {
                    (part.whole, (tile + 1) * TILE)
                }
                Some(part) if part.samples.is_empty() || (i % GROUP == 0 && left >= GROUP) => {
                    (part.groups.get(i / GROUP).copied()?, (step / GROUP + 1) * GROUP)
                }
                Some(part) => ((part.samples[i], part.samples[i]), step + 1),
                None => {
                    let value = self.value(channel, step as u64)?;
                    ((value, value), step + 1)
                }
            };
            found = Some(found.map_or(values, |f| (f.0.min(values.0), f.1.max(values.1))));
            step = next;
        }
        found
    }

    /// `time_ms` and a column per trace, for the known samples in `range`.
    pub fn to_csv(&self, range: Range<u64>) -> String {
        let heading = |c: &Channel| match &c.unit[..] {
            "" => c.name.clone(),
            unit => format!("{} ({unit})", c.name),
        };
        let headings = once("time_ms".to_owned()).chain(self.channels.iter().map(heading));
        let rows = (range.start.max(self.kept_from())..range.end.min(self.steps())).map(|step| {
            let time_ms = (step as f64 * self.dt_ms * 1e9).round() / 1e9;
            let values = (0..self.channels.len()).map(move |c| csv::optional(self.value(c, step)));
            once(time_ms.to_string()).chain(values)
        });
        csv::text(headings, rows)
    }
}

fn extent(samples: &[f32]) -> Extent {
    // Side by side, as vectors; what is not a number is smaller or larger than none.
    let (mut low, mut high) = ([f32::INFINITY; 8], [f32::NEG_INFINITY; 8]);
    let (eights, rest) = samples.as_chunks::<8>();
    let last = std::array::from_fn(|l| rest.get(l).copied().unwrap_or(f32::NAN));
    for eight in eights.iter().chain(once(&last)) {
        for l in 0..8 {
            low[l] = if eight[l] < low[l] { eight[l] } else { low[l] };
            high[l] = if eight[l] > high[l] { eight[l] } else { high[l] };
        }
    }
    (
        low.into_iter().fold(f32::INFINITY, f32::min),
        high.into_iter().fold(f32::NEG_INFINITY, f32::max),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(name: &str, unit: &str) -> Channel {
        Channel { name: name.into(), unit: unit.into() }
    }

    /// A wave with one peak a single step long, and a second channel that counts.
    fn recorded(steps: usize, cap: usize) -> Traces {
        let mut traces = Traces::new(vec![channel("V", "mV"), channel("w", "")], 0.1, cap);
        for i in 0..steps {
            let v = if i == 5_001 { 9.0 } else { (i as f32 * 0.01).sin() };
            traces.push(&[v, i as f32]);
        }
        traces
    }

    #[test]
    fn a_peak_of_one_step_is_seen_at_every_zoom_even_when_samples_were_given_up() {
        for cap in [CAP_BYTES, 3 * TILE * 8] {
            let traces = recorded(40_000, cap);
            assert_eq!(traces.steps(), 40_000);
            for columns in [1, 7, 100, 1400] {
                let extents = traces.extents(0, 0.0, 40_000.0, columns);
                let peaks = extents.iter().flatten().filter(|e| e.1 == 9.0).count();
                // A group of 64 steps reaches into four columns of 28 at most.
                assert!((1..=4).contains(&peaks), "{columns}: {peaks}");
                assert!(extents.iter().all(Option::is_some));
            }
        }
    }

    #[test]
    fn many_steps_at_once_are_as_one_by_one() {
        let channel = |name: &str| Channel { name: name.into(), unit: String::new() };
        let new = || Traces::new(vec![channel("a"), channel("b")], 0.1, CAP_BYTES);
        let (mut rows, mut columns) = (new(), new());
        let mut next = 0u16;
        for steps in [1, 5000, 0, 3191, 4096, 9000] {
            let a: Vec<f32> = (next..next + steps).map(f32::from).collect();
            let b: Vec<f32> = a.iter().map(|x| -x).collect();
            a.iter().zip(&b).for_each(|(a, b)| rows.push(&[*a, *b]));
            columns.extend(steps.into(), |channel, range, samples| {
                samples.extend_from_slice(&[&a, &b][channel][range]);
            });
            next += steps;
        }
        assert_eq!((rows.steps(), columns.steps()), (next.into(), next.into()));
        assert_eq!(rows.to_csv(0..next.into()), columns.to_csv(0..next.into()));
        assert_eq!(rows.extents(1, 0.0, 2e4, 31), columns.extents(1, 0.0, 2e4, 31));
    }

    #[test]
    fn samples_are_where_they_were_put() {
        let traces = recorded(10_000, CAP_BYTES);
        for step in [0, 1, 4095, 4096, 8191, 9999] {
            assert_eq!(traces.value(1, step), Some(step as f32));
        }
        assert_eq!(traces.value(1, 10_000), None);
        assert_eq!(traces.value(2, 0), None);
        let part: Vec<_> = traces.samples(1, 4_090..4_100).collect();
        assert_eq!(part.len(), 10);
        assert!(part.iter().all(|(step, v)| *step as f32 == *v));
        assert_eq!(
            traces.extents(1, 100.0, 200.0, 2),
            [Some((100.0, 149.0)), Some((150.0, 199.0))]
        );
        assert_eq!(traces.extents(1, 20_000.0, 20_010.0, 2), [None, None]);
    }

    #[test]
    fn beyond_the_cap_the_newest_samples_are_kept() {
        let traces = recorded(40_000, 3 * TILE * 8);
        assert!(traces.kept_from() > 0 && traces.value(0, 39_999).is_some());
        assert_eq!(traces.value(0, 0), None);
        assert_eq!(traces.samples(1, 0..40_000).next().map(|s| s.0), Some(traces.kept_from()));
    }

    #[test]
    fn csv_has_a_heading_with_units_and_a_row_per_step() {
        let mut traces =
            Traces::new(vec![channel("V, soma", "mV"), channel("w", "")], 0.1, CAP_BYTES);
        traces.push(&[-65.0, 0.5]);
        traces.push(&[-64.5, 0.5]);
        traces.push(&[-64.0, 0.5]);
        traces.push(&[-63.5, 0.5]);
        assert_eq!(
            traces.to_csv(0..4),
            "time_ms,\"V, soma (mV)\",w\n0,-65,0.5\n0.1,-64.5,0.5\n0.2,-64,0.5\n0.3,-63.5,0.5\n"
        );
    }
}
