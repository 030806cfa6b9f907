//! Writing a history: snapshots are appended to segments; near the limit on disk
//! every second one goes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::record::{Body, Head, Scanned, scan};
use super::{SEGMENT, SnapshotError, codec, measure};
use crate::core::files::{open_regular, write_whole};

/// Share of the limit at which the history is thinned out.
const NEAR: f64 = 0.95;

/// Weights at a moment, as the trainer hands them over.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Mini-batches trained.
    pub step: u64,
    /// Loss of the batch that led here, nats; NaN at the beginning.
    pub loss: f32,
    /// Likewise its accuracy, 0 to 1.
    pub accuracy: f32,
    /// All arrays, one after another.
    pub now: Vec<f32>,
    /// The same one batch before.
    pub before: Option<Vec<f32>>,
}

/// The writing end of a run's history.
pub struct Writer {
    folder: PathBuf,
    /// Numbers in each array.
    lengths: Vec<usize>,
    most_bytes: u64,
    bytes: u64,
    snapshots: usize,
    last: Option<u64>,
    spacing: u64,
    open: Option<Open>,
    initial: Vec<f32>,
    previous: Vec<f32>,
}

/// The segment that is being written.
struct Open {
    file: File,
    path: PathBuf,
    good: u64,
    key: Vec<i16>,
    count: usize,
}

impl Writer {
    /// Goes on with the history in `folder` as it was after batch `step`, or
    /// begins one. What was kept of later batches is dropped: the run will come
    /// there again.
    ///
    /// # Errors
    /// [`SnapshotError`] when the folder cannot be used.
    pub fn open(
        folder: PathBuf,
        lengths: Vec<usize>,
        most_bytes: u64,
        step: u64,
    ) -> Result<Self, SnapshotError> {
        let mut writer = Self {
            folder,
            lengths,
            most_bytes,
            bytes: 0,
            snapshots: 0,
            last: None,
            spacing: 0,
            open: None,
            initial: Vec::new(),
            previous: Vec::new(),
        };
        std::fs::create_dir_all(&writer.folder).map_err(|e| writer.failed(&writer.folder, e))?;
        for path in segments(&writer.folder).map_err(|e| writer.failed(&writer.folder, e))? {
            let scanned = scan(&path).map_err(|e| writer.failed(&path, e))?;
            let numbers: usize = writer.lengths.iter().sum();
            let fits = |h: &Head| h.step <= step && h.numbers as usize == numbers;
            let keep: Vec<bool> = scanned.records.iter().map(|(_, h)| fits(h)).collect();
            writer.rewrite(&path, &scanned, &keep)?;
        }
        let mut reader = super::Reader::new(writer.folder.clone(), writer.lengths.clone());
        reader.refresh()?;
        let moments = std::sync::Arc::clone(reader.moments());
        if let (Some(first), Some(last)) = (moments.first(), moments.last()) {
            writer.snapshots = moments.len();
            writer.last = Some(last.step);
            writer.spacing = last.step - last.previous.min(last.step);
            // Should one of them be damaged, later figures refer to what comes next.
            let (first, last) = (first.step, last.step);
            if let (Ok(first), Ok(last)) = (reader.weights(first), reader.weights(last)) {
                (writer.initial, writer.previous) = (first.to_vec(), last.to_vec());
            }
        }
        Ok(writer)
    }

    fn failed(&self, path: &Path, source: io::Error) -> SnapshotError {
        SnapshotError::Write { path: path.into(), source }
    }

    /// Mini-batches trained at the last snapshot.
    pub fn last(&self) -> Option<u64> {
        self.last
    }

    /// Batches between the two snapshots that were last when the history was
    /// opened; 0 when there were none.
    pub fn spacing(&self) -> u64 {
        self.spacing
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Snapshots on disk.
    pub fn snapshots(&self) -> usize {
        self.snapshots
    }

    /// Adds a snapshot. `true` when the history was thinned out to make room, so
    /// that fewer should be taken from now on.
    ///
    /// # Errors
    /// [`SnapshotError::Write`]; what was there before is still whole.
    pub fn append(&mut self, taken: &Taken) -> Result<bool, SnapshotError> {
        if self.initial.is_empty() {
            self.initial.clone_from(&taken.now);
            self.previous.clone_from(&taken.now);
        }
        let update: Option<Vec<f32>> = taken
            .before
            .as_ref()
            .map(|before| taken.now.iter().zip(before).map(|(a, b)| a - b).collect());
        let (now, update) = (&taken.now[..], update.as_deref());
        let moved = measure::measure(&self.lengths, now, update, &self.previous, &self.initial);
        let orders: Vec<i16> = now.iter().map(|v| codec::order(*v)).collect();
        if self.open.as_ref().is_some_and(|o| o.count >= SEGMENT) {
            self.open = None;
        }
        let base = self.open.as_ref().map(|o| &o.key[..]);
        let weights = codec::encode(&orders, base);
        let update = update.map_or(Vec::new(), |u| codec::encode_update(u, &self.lengths));
        let head = Head {
            key: base.is_none(),
            step: taken.step,
            previous: self.last.unwrap_or(taken.step),
            loss: taken.loss,
            accuracy: taken.accuracy,
            numbers: orders.len() as u32,
            weights: Body::of(&weights),
            update: Body::of(&update),
            moved,
        };
        let mut record = head.bytes();
        record.extend(weights);
        record.extend(update);
        self.write(taken.step, orders, &record)?;
        self.last = Some(taken.step);
        self.previous.clone_from(&taken.now);
        if self.bytes as f64 <= NEAR * self.most_bytes as f64 {
            return Ok(false);
        }
        self.thin()
    }

    /// Appends a record to the open segment, or begins one with it.
    fn write(&mut self, step: u64, orders: Vec<i16>, record: &[u8]) -> Result<(), SnapshotError> {
        if self.open.is_none() {
            let path = self.folder.join(format!("{step:010}.seg"));
            let file = File::options().create(true).append(true).open(&path);
            let file = file.map_err(|e| self.failed(&path, e))?;
            let good = file.metadata().map_err(|e| self.failed(&path, e))?.len();
            self.open = Some(Open { file, path, good, key: orders, count: 0 });
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        if let Err(error) = open.file.write_all(record).and_then(|()| open.file.flush()) {
            // Half a record would be recognised as such; without it the file is
            // as if nothing had happened.
            let _ = open.file.set_len(open.good);
            let path = open.path.clone();
            self.open = None;
            return Err(self.failed(&path, error));
        }
        open.good += record.len() as u64;
        open.count += 1;
        self.bytes += record.len() as u64;
        self.snapshots += 1;
        Ok(())
    }

    /// Drops every second snapshot: never the first, never the newest, and no
    /// keyframe that another leans on.
    fn thin(&mut self) -> Result<bool, SnapshotError> {
        self.open = None;
        let paths = segments(&self.folder).map_err(|e| self.failed(&self.folder, e))?;
        let mut all = Vec::with_capacity(paths.len());
        for path in paths {
            let scanned = scan(&path).map_err(|e| self.failed(&path, e))?;
            all.push((path, scanned));
        }
        let total: usize = all.iter().map(|(_, s)| s.records.len()).sum();
        self.bytes = 0;
        let (mut number, mut kept) = (0, 0);
        for (path, scanned) in &all {
            let mut keep: Vec<bool> = (number..number + scanned.records.len())
                .map(|i| i % 2 == 0 || i + 1 == total)
                .collect();
            number += keep.len();
            if keep.iter().skip(1).any(|k| *k) {
                keep[0] = true;
            }
            kept += keep.iter().filter(|k| **k).count();
            self.rewrite(path, scanned, &keep)?;
        }
        self.snapshots = kept;
        Ok(kept < total)
    }

    /// Leaves of a segment what is to be kept, and counts its bytes.
    fn rewrite(
        &mut self,
        path: &Path,
        scanned: &Scanned,
        keep: &[bool],
    ) -> Result<(), SnapshotError> {
        if keep.iter().all(|k| *k) && scanned.good == scanned.len && !keep.is_empty() {
            self.bytes += scanned.len;
            return Ok(());
        }
        if keep.iter().all(|k| !k) {
            return std::fs::remove_file(path).map_err(|e| self.failed(path, e));
        }
        let mut from = open_regular(path).map_err(|e| self.failed(path, e))?;
        let mut bytes = 0;
        write_whole(path, |to| {
            for ((at, head), _) in scanned.records.iter().zip(keep).filter(|(_, keep)| **keep) {
                from.seek(SeekFrom::Start(*at))?;
                bytes += io::copy(&mut (&mut from).take(head.record_len()), to)?;
            }
            Ok(())
        })
        .map_err(|e| self.failed(path, e.source))?;
        self.bytes += bytes;
        Ok(())
    }
}

/// The segments in `folder`, oldest first; none when there is no such folder.
pub(super) fn segments(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(e),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "seg") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
