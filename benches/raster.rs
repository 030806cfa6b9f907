//! Ten million spikes: recording them, finding any part of them, and drawing
//! them at every zoom. Drawing happens on the `plotter` thread; a picture in
//! under 16 ms follows a hand at 60 frames a second, and the window itself only
//! uploads it. Times are processor times, so that other programs hardly change
//! them.

use std::hint::black_box;

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use rustix::time::{ClockId, clock_gettime};
use spikescope::core::rng::Rng;
use spikescope::snn::recording::statistics::measure;
use spikescope::snn::recording::{CAP_BYTES, Recording, View};
use spikescope::workers::plotter::{RasterTask, draw_raster};

const SPIKES: usize = 10_000_000;
const NEURONS: u32 = 6_400;

/// About 160 Hz in all over 1000 s of 0.1 ms steps: one spike a step.
fn record(spikes: usize) -> Recording {
    let mut rng = Rng::stream(1, "raster bench", 0);
    let mut recording = Recording::new(NEURONS, 0.1, CAP_BYTES);
    for step in 0..spikes as u64 {
        recording.push(step, &[rng.below(NEURONS as usize) as u32]);
    }
    recording
}

fn task(recording: &Recording, from: f64, to: f64, neurons: u32) -> RasterTask {
    let steps = recording.steps() as f64;
    let view = View {
        from_step: from * steps,
        to_step: to * steps,
        first: 0,
        count: neurons,
        columns: 1400,
        rows: 600,
    };
    let bin_steps = ((to - from) * steps / 1400.0).ceil().max(10.0) as u64;
    let rate_from = (from * steps) as u64 / bin_steps * bin_steps;
    RasterTask {
        view,
        ramp: [[10; 3], [240; 3]],
        rates_of: std::iter::once(0..neurons).collect(),
        rate_from,
        rate_bins: 1400,
        bin_steps,
    }
}

/// Processor time of this thread.
struct ThreadTime;

impl Measurement for ThreadTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        let t = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(t.tv_sec as u64, t.tv_nsec as u32)
    }

    fn end(&self, begun: Duration) -> Duration {
        self.start() - begun
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

fn raster(c: &mut Criterion<ThreadTime>) {
    let recording = record(SPIKES);
    let mut group = c.benchmark_group("raster, 10 million spikes");
    for (name, from, to, neurons) in [
        ("the whole run", 0.0, 1.0, NEURONS),
        ("a third of it", 0.3, 0.63, NEURONS),
        ("a quarter of it, the most single spikes", 0.3, 0.56, NEURONS),
        ("a quarter of it, a tenth of the neurons", 0.3, 0.56, NEURONS / 10),
        ("a tenth of it", 0.5, 0.6, NEURONS),
        ("a hundred thousand spikes", 0.5, 0.51, NEURONS),
        ("a single millisecond", 0.5, 0.500_001, NEURONS),
    ] {
        let task = task(&recording, from, to, neurons);
        group.bench_function(name, |b| b.iter(|| draw_raster(black_box(&recording), &task)));
    }
    group.bench_function("density on the time bar", |b| b.iter(|| recording.activity(200)));
    group.bench_function("next spike of one neuron", |b| {
        b.iter(|| recording.next_spike(black_box(5_000_000), 77..78));
    });
    group.bench_function("a copy for the window", |b| b.iter(|| recording.clone()));
    group.bench_function("figures of all neurons over a tenth", |b| {
        let steps = recording.steps();
        b.iter(|| measure(&recording, 0..NEURONS, steps / 2..steps / 2 + steps / 10));
    });
    group.finish();
    c.bench_function("recording a million spikes", |b| b.iter(|| record(1_000_000)));
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(ThreadTime).sample_size(10);
    targets = raster
}
criterion_main!(benches);
