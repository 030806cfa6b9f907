use proptest::collection::vec;
use proptest::prelude::*;

use super::spike_times::{SpikeTimes, to_npz};
use super::statistics::measure;
use super::*;
use crate::core::npz;
use crate::core::rng::Rng;

/// `spikes` in order of time.
fn recorded(neurons: u32, cap: usize, spikes: &[(u64, u32)]) -> Recording {
    let mut recording = Recording::new(neurons, 0.1, cap);
    for (step, neuron) in spikes {
        recording.push(*step, &[*neuron]);
    }
    recording
}

/// `n` spikes, `apart` steps between them on average.
fn random_spikes(n: usize, neurons: u32, apart: f32) -> Vec<(u64, u32)> {
    let mut rng = Rng::stream(1, "recording test", 0);
    let mut step = 0.0;
    (0..n)
        .map(|_| {
            step += f64::from(-apart * (1.0 - rng.uniform()).ln());
            (step as u64, rng.below(neurons as usize) as u32)
        })
        .collect()
}

fn whole(recording: &Recording, columns: usize, rows: usize) -> View {
    View {
        from_step: 0.0,
        to_step: recording.steps() as f64,
        first: 0,
        count: recording.neurons(),
        columns,
        rows,
    }
}

fn sum(cells: &[f32]) -> f64 {
    cells.iter().map(|c| f64::from(*c)).sum()
}

proptest! {
    /// Whatever the gaps (some longer than a chunk spans), what is asked for is
    /// what a plain filter finds.
    #[test]
    fn any_stretch_of_time_is_found(
        gaps in vec(prop_oneof![0u64..3, 0u64..100_000], 1..300),
        neurons in vec(0u32..7, 300),
        from in 0u64..3_000_000,
        length in 0u64..3_000_000,
    ) {
        let mut step = 0;
        let spikes: Vec<(u64, u32)> = gaps.iter().zip(&neurons).map(|(gap, n)| { step += gap; (step, *n) }).collect();
        let recording = recorded(7, CAP_BYTES, &spikes);
        let range = from..from + length;
        let wanted: Vec<_> = spikes.iter().copied().filter(|s| range.contains(&s.0)).collect();
        prop_assert_eq!(recording.spikes(range.clone()).collect::<Vec<_>>(), wanted.clone());
        prop_assert_eq!(recording.count(range), wanted.len() as u64);
        let next = spikes.iter().find(|s| s.0 > from && s.1 == 3).map(|s| s.0);
        prop_assert_eq!(recording.next_spike(from, 3..4), next);
        let previous = spikes.iter().rfind(|s| s.0 < from && s.1 == 3).map(|s| s.0);
        prop_assert_eq!(recording.previous_spike(from, 3..4), previous);
    }
}

#[test]
fn beyond_the_cap_the_oldest_become_densities_and_none_is_lost() {
    let spikes = random_spikes(400_000, 100, 0.5);
    let cap = 100_000 * 6;
    let recording = recorded(100, cap, &spikes);
    assert!(recording.bytes() < cap + 40_000 * 6, "{}", recording.bytes());
    assert!(recording.kept_from() > 0);
    assert_eq!(recording.total(), 400_000);
    let known: Vec<_> = recording.spikes(0..u64::MAX).collect();
    let wanted: Vec<_> = spikes.iter().copied().filter(|s| s.0 >= recording.kept_from()).collect();
    assert_eq!(known, wanted);
    // The picture of the whole run still holds every spike, at every size, and
    // so does one that ends where single spikes begin.
    for (columns, rows) in [(1, 1), (100, 10), (1400, 100), (37, 13)] {
        let mut cells = vec![0.0; columns * rows];
        recording.count_cells(&whole(&recording, columns, rows), &mut cells);
        assert!((sum(&cells) - 400_000.0).abs() < 40.0, "{columns}×{rows}: {}", sum(&cells));
    }
    let activity: f64 = recording.activity(50).iter().map(|c| f64::from(*c)).sum();
    assert!((activity - 400_000.0).abs() < 40.0, "{activity}");
    // Each quarter of the neurons, and of the time, fired what it fired.
    let mut cells = vec![0.0; 16];
    recording.count_cells(&whole(&recording, 4, 4), &mut cells);
    let quarter = recording.steps() as f64 / 4.0;
    for (i, cell) in cells.iter().enumerate() {
        let (row, column) = (i / 4, i % 4);
        let inside =
            |s: &&(u64, u32)| s.1 / 25 == row as u32 && (s.0 as f64 / quarter) as usize == column;
        let fired = spikes.iter().filter(inside).count() as f64;
        // A bin that straddles a quarter's edge is shared out.
        assert!((f64::from(*cell) - fired).abs() < 0.01 * fired, "{i}: {cell} {fired}");
    }
}

#[test]
fn few_spikes_are_counted_exactly_where_they_are() {
    let recording = recorded(3, CAP_BYTES, &[(0, 0), (4, 1), (4, 2), (9, 2)]);
    let mut cells = vec![0.0; 30];
    recording.count_cells(&whole(&recording, 10, 3), &mut cells);
    let at: Vec<usize> = (0..30).filter(|i| cells[*i] > 0.0).collect();
    assert_eq!(at, [0, 14, 24, 29]);
    assert_eq!(recording.population(0, 5, 2, 0..3), [1.0, 0.0, 2.0, 0.0, 1.0]);
    assert_eq!(recording.population(0, 2, 5, 2..3), [1.0, 1.0]);
}

#[test]
fn a_view_of_nothing_or_of_nonsense_is_empty() {
    let recording = recorded(3, CAP_BYTES, &[(0, 0), (4, 1)]);
    let view = whole(&recording, 4, 2);
    for broken in [
        View { to_step: f64::NAN, ..view },
        View { to_step: -1.0, ..view },
        View { count: 0, ..view },
        View { from_step: 50.0, to_step: 60.0, ..view },
        View { from_step: -60.0, to_step: -50.0, ..view },
    ] {
        let mut cells = vec![1.0; 8];
        recording.count_cells(&broken, &mut cells);
        assert_eq!(sum(&cells), 0.0, "{broken:?}");
    }
}

#[test]
fn a_copy_does_not_change_when_the_run_goes_on() {
    let spikes = random_spikes(120_000, 20, 1.0);
    let mut recording = recorded(20, 60_000 * 6, &spikes[..60_000]);
    let copy = recording.clone();
    let before: Vec<_> = copy.spikes(0..u64::MAX).collect();
    for (step, neuron) in &spikes[60_000..] {
        recording.push(*step, &[*neuron]);
    }
    assert_eq!(copy.spikes(0..u64::MAX).collect::<Vec<_>>(), before);
    let mut cells = vec![0.0; 10];
    copy.count_cells(&whole(&copy, 10, 1), &mut cells);
    assert!((sum(&cells) - 60_000.0).abs() < 1.0);
    assert_eq!(recording.total(), 120_000);
}

#[test]
fn statistics_of_trains_that_are_known() {
    // Neuron 0 every 10 ms, neuron 1 after 5 and 15 ms by turns.
    let mut spikes = Vec::new();
    for k in 0..200u64 {
        spikes.push((k * 100, 0));
        spikes.push((k * 100 + if k % 2 == 0 { 0 } else { 50 }, 1));
    }
    spikes.sort_unstable();
    let mut recording = recorded(2, CAP_BYTES, &spikes);
    recording.advance(20_000);
    let regular = measure(&recording, 0..1, 0..u64::MAX);
    assert_eq!((regular.spikes, regular.cv), (200, Some(0.0)));
    assert!((regular.rate_hz - 100.0).abs() < 1e-9);
    assert!((regular.mean_isi_ms.unwrap() - 10.0).abs() < 1e-9);
    let turns = measure(&recording, 1..2, 0..u64::MAX);
    // Intervals of 5 and 15 ms: mean 10, standard deviation 5.
    assert!((turns.cv.unwrap() - 0.5).abs() < 0.01, "{turns:?}");
    assert_eq!(turns.isi_counts.iter().sum::<u64>() + turns.isi_beyond, 199);
    assert_eq!(turns.isi_counts.iter().filter(|c| **c > 0).count(), 2);
    let both = measure(&recording, 0..2, 0..u64::MAX);
    assert!((both.rate_hz - 100.0).abs() < 1e-9);
    let none = measure(&recording, 0..1, 5..50);
    assert_eq!((none.spikes, none.cv, none.mean_isi_ms), (0, None, None));
}

/// A Poisson train has CV 1 and exponential intervals.
#[test]
fn a_poisson_train_has_a_cv_of_one() {
    let spikes = random_spikes(50_000, 1, 200.0);
    let recording = recorded(1, CAP_BYTES, &spikes);
    let s = measure(&recording, 0..1, 0..u64::MAX);
    // The standard error of the CV is 1/√n.
    assert!((s.cv.unwrap() - 1.0).abs() < 5.0 / 50_000f64.sqrt(), "{s:?}");
}

#[test]
fn spikes_come_back_from_npz_and_csv() {
    let spikes = random_spikes(3_000, 50, 3.0);
    let recording = recorded(50, CAP_BYTES, &spikes);
    let dir = tempfile::tempdir().unwrap();
    for name in ["spikes.npz", "spikes.csv"] {
        let path = dir.path().join(name);
        let bytes = match name {
            "spikes.npz" => to_npz(&recording).unwrap(),
            _ => SpikeTimes::of(&recording).to_csv().into_bytes(),
        };
        crate::core::files::write_bytes(&path, &bytes).unwrap();
        let back = SpikeTimes::read(&path).unwrap().to_recording(0.1, CAP_BYTES);
        let mut wanted = spikes.clone();
        wanted.sort_unstable();
        assert_eq!(back.spikes(0..u64::MAX).collect::<Vec<_>>(), wanted, "{name}");
    }
}

#[test]
fn what_was_given_up_is_exported_as_density() {
    let recording = recorded(10, 40_000 * 6, &random_spikes(100_000, 10, 1.0));
    let arrays =
        npz::read_from(std::io::Cursor::new(to_npz(&recording).unwrap()), u64::MAX).unwrap();
    let density = arrays.get("density").unwrap();
    assert_eq!(density.shape(), [1024, 10]);
    let known = arrays.get("times").unwrap().values().len() as f64;
    let summarised: f64 = density.to_f64().iter().sum();
    // The last bin is shared with what is known singly.
    assert!((known + summarised - 100_000.0).abs() < 300.0, "{known} {summarised}");
}

#[test]
fn many_spikes_at_once_are_as_one_by_one() {
    let spikes: Vec<(u64, u32)> =
        (0..100_000u64).map(|i| (i / 3 * 7, (i * 31 % 12) as u32)).collect();
    let (mut one, mut many) = (Recording::new(10, 0.1, 1 << 18), Recording::new(10, 0.1, 1 << 18));
    spikes.iter().for_each(|(step, n)| one.push(*step, &[*n]));
    spikes.chunks(777).for_each(|part| many.extend(part.iter().copied()));
    assert_eq!(
        (one.steps(), one.total(), one.kept_from()),
        (many.steps(), many.total(), many.kept_from())
    );
    assert!(one.spikes(0..u64::MAX).eq(many.spikes(0..u64::MAX)));
    assert_eq!(one.activity(50), many.activity(50));
}
