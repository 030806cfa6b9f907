//! What must hold of a history: reading returns what was written, a file that was cut
//! off or damaged loses no more than the part concerned, and the limit holds.

use std::path::Path;

use super::*;
use crate::core::rng::Rng;

const LENGTHS: [usize; 3] = [300, 20, 80];
const N: usize = 400;

/// Weights that drift a little with each batch.
fn drift(step: u64) -> Vec<f32> {
    let mut rng = Rng::stream(3, "start", 0);
    (0..N).map(|i| 0.1 * rng.normal() + 1e-4 * step as f32 * (1.0 + (i % 7) as f32)).collect()
}

fn taken(step: u64) -> Taken {
    Taken {
        step,
        loss: 1.0 / (step + 1) as f32,
        accuracy: 0.5,
        now: drift(step),
        before: (step > 0).then(|| drift(step - 1)),
    }
}

fn writer(folder: &Path, most_bytes: u64, step: u64) -> Writer {
    Writer::open(folder.to_path_buf(), LENGTHS.to_vec(), most_bytes, step).unwrap()
}

fn reader(folder: &Path) -> Reader {
    let mut reader = Reader::new(folder.to_path_buf(), LENGTHS.to_vec());
    reader.refresh().unwrap();
    reader
}

fn steps(folder: &Path) -> Vec<u64> {
    reader(folder).moments().iter().map(|m| m.step).collect()
}

#[track_caller]
fn check(reader: &mut Reader, step: u64) {
    let back = reader.weights(step).unwrap();
    for (a, b) in back.iter().zip(drift(step)) {
        assert_eq!(*a, half::f16::from_f32(b).to_f32(), "after batch {step}");
    }
}

fn segment_files(folder: &Path) -> Vec<PathBuf> {
    store::segments(folder).unwrap()
}

#[test]
fn every_moment_can_be_gone_to_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path(), u64::MAX, 0);
    (0..50).for_each(|s| assert!(!writer.append(&taken(3 * s)).unwrap()));
    assert_eq!(segment_files(dir.path()).len(), 50usize.div_ceil(SEGMENT));
    let mut reader = reader(dir.path());
    assert_eq!((reader.left_out(), reader.bytes()), (None, writer.bytes()));
    let mut order: Vec<u64> = (0..50).map(|s| 3 * s).collect();
    Rng::stream(1, "order", 0).shuffle(&mut order);
    order.iter().for_each(|step| check(&mut reader, *step));
    let moment = &reader.moments()[10].clone();
    assert_eq!((moment.step, moment.previous, moment.loss), (30, 27, 1.0 / 31.0));
    let norm = drift(30)[..300].iter().map(|v| v * v).sum::<f32>().sqrt();
    assert!((moment.moved[0].norm - norm).abs() < 1e-4 * norm);
    let update = reader.update(30).unwrap().unwrap();
    for (i, u) in update.iter().enumerate() {
        let real = drift(30)[i] - drift(29)[i];
        assert!((u - real).abs() < 0.02 * 7e-4, "{u} instead of {real}");
    }
    assert!(reader.update(0).unwrap().is_none());
    assert_eq!(
        reader.some(30, &[0, 399]).unwrap(),
        [reader.weights(30).unwrap()[0], reader.weights(30).unwrap()[399]]
    );
    assert!(reader.weights(31).unwrap_err().to_string().contains("batch 31"));
}

#[test]
fn a_file_cut_off_anywhere_loses_only_what_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = writer(dir.path(), u64::MAX, 0);
    (0..5).for_each(|s| assert!(!first.append(&taken(s)).unwrap()));
    drop(first);
    let path = &segment_files(dir.path())[0];
    let whole = std::fs::read(path).unwrap();
    let ends: Vec<u64> =
        record::scan(path).unwrap().records.iter().map(|(at, h)| at + h.record_len()).collect();
    for cut in (0..whole.len()).step_by(37) {
        crate::core::files::write_bytes(path, &whole[..cut]).unwrap();
        let kept = ends.iter().filter(|e| **e <= cut as u64).count();
        let mut reader = reader(dir.path());
        assert_eq!(reader.moments().len(), kept, "cut at {cut}");
        (0..kept as u64).for_each(|s| check(&mut reader, s));
        let torn = kept == 0 && cut > 0 || kept > 0 && cut as u64 != ends[kept - 1];
        assert_eq!(reader.left_out().is_some(), torn, "cut at {cut}");
    }
    // Going on writes past it as if nothing had happened.
    crate::core::files::write_bytes(path, &whole[..whole.len() - 9]).unwrap();
    let mut second = writer(dir.path(), u64::MAX, 3);
    assert_eq!(second.last(), Some(3));
    (4..9).for_each(|s| assert!(!second.append(&taken(s)).unwrap()));
    let mut reader = reader(dir.path());
    assert_eq!((reader.left_out(), steps(dir.path())), (None, (0..9).collect()));
    (0..9).for_each(|s| check(&mut reader, s));
}

#[test]
fn a_damaged_snapshot_is_named_and_the_others_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path(), u64::MAX, 0);
    (0..20).for_each(|s| assert!(!writer.append(&taken(s)).unwrap()));
    let path = &segment_files(dir.path())[0];
    let whole = std::fs::read(path).unwrap();
    let (at, head) = record::scan(path).unwrap().records[5].clone();
    let mut bytes = whole.clone();
    bytes[head.body_at(at) as usize + 40] ^= 1;
    crate::core::files::write_bytes(path, &bytes).unwrap();
    let mut damaged = reader(dir.path());
    let error = damaged.weights(5).unwrap_err().to_string();
    assert!(error.contains("damaged") && error.contains("0000000000.seg"), "{error}");
    for step in (0..20).filter(|s| *s != 5) {
        check(&mut damaged, step);
    }
    // A damaged head hides the rest of its segment, not the next.
    let mut bytes = whole;
    bytes[at as usize + 9] ^= 1;
    crate::core::files::write_bytes(path, &bytes).unwrap();
    assert_eq!(steps(dir.path()), [0, 1, 2, 3, 4, 16, 17, 18, 19]);
    assert!(reader(dir.path()).left_out().unwrap().contains("left out"));
}

#[test]
fn going_on_from_a_checkpoint_drops_what_came_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = writer(dir.path(), u64::MAX, 0);
    (0..40).for_each(|s| assert!(!first.append(&taken(s)).unwrap()));
    drop(first);
    let mut second = writer(dir.path(), u64::MAX, 20);
    assert_eq!((second.last(), second.snapshots()), (Some(20), 21));
    (21..45).for_each(|s| assert!(!second.append(&taken(s)).unwrap()));
    assert_eq!(steps(dir.path()), (0..45).collect::<Vec<u64>>());
    let mut reader = reader(dir.path());
    (0..45).for_each(|s| check(&mut reader, s));
    let moment = &reader.moments()[30];
    // Measured against the beginning, which was read back in half precision.
    let apart = |s: u64| (0..300).map(|i| (drift(s)[i] - drift(0)[i]).powi(2)).sum::<f32>().sqrt();
    assert!((moment.moved[0].distance - apart(30)).abs() < 2e-3, "{moment:?}");
    assert_eq!(reader.bytes(), second.bytes());
}

#[test]
fn near_the_limit_every_second_snapshot_goes_and_the_rest_stays_whole() {
    let dir = tempfile::tempdir().unwrap();
    let most = 60_000;
    let mut writer = writer(dir.path(), most, 0);
    let (mut thinned, mut stride, mut last) = (0, 1, 0);
    writer.append(&taken(0)).unwrap();
    for step in 1..2000 {
        if step - last < stride {
            continue;
        }
        last = step;
        if writer.append(&taken(step)).unwrap() {
            (thinned, stride) = (thinned + 1, 2 * stride);
        }
        assert!(writer.bytes() <= most, "{} after {step}", writer.bytes());
    }
    assert!(thinned >= 3, "{thinned}");
    let kept = steps(dir.path());
    assert_eq!((kept[0], kept[kept.len() - 1]), (0, last));
    assert_eq!(writer.snapshots(), kept.len());
    assert!(kept.windows(2).all(|w| w[1] - w[0] <= 4 * stride), "{kept:?}");
    let mut reader = reader(dir.path());
    kept.iter().for_each(|s| check(&mut reader, *s));
    assert_eq!(reader.bytes(), writer.bytes());
}

#[test]
fn reading_goes_on_while_files_are_written_and_thinned_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = writer(dir.path(), 60_000, 0);
    (0..30).for_each(|s| assert!(!writer.append(&taken(s)).unwrap()));
    let mut reader = reader(dir.path());
    let stale = reader.moments().len();
    // Thinned out behind the reader's back: what is still there is found.
    let mut step = 30;
    while !writer.append(&taken(step)).unwrap() {
        step += 1;
    }
    let kept = steps(dir.path());
    kept.iter().filter(|s| **s < 30).for_each(|s| check(&mut reader, *s));
    reader.refresh().unwrap();
    assert_eq!(reader.moments().iter().map(|m| m.step).collect::<Vec<_>>(), kept);
    assert!(stale > 0 && !reader.refresh().unwrap());
}
