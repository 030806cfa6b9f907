//! Reading a history: the moments there are, and the weights at any of them.
//! Works while another thread or process writes.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{Head, Scanned, scan};
use super::store::segments;
use super::{SnapshotError, codec, measure::Moved};
use crate::core::files::open_regular;

/// Keyframes and weights that stay in memory, of each.
const CACHED: usize = 4;

/// A moment that can be gone back to.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Mini-batches trained.
    pub step: u64,
    /// Mini-batches trained at the snapshot that [`Moved::cosine_previous`]
    /// refers to.
    pub previous: u64,
    /// Loss of the batch that led here, nats; NaN at the beginning.
    pub loss: f32,
    /// Likewise its accuracy, 0 to 1.
    pub accuracy: f32,
    /// By array, in the order of [`crate::ann::network::Network::parameters`].
    pub moved: Vec<Moved>,
}

/// Where a snapshot lies.
#[derive(Clone, Copy)]
struct Place {
    /// Numbers of the segment and of the record in it.
    segment: usize,
    record: usize,
}

/// The reading end of a run's history.
pub struct Reader {
    folder: PathBuf,
    lengths: Vec<usize>,
    segments: Vec<(PathBuf, Scanned)>,
    moments: Arc<Vec<Moment>>,
    places: Vec<Place>,
    left_out: Option<String>,
    keys: VecDeque<(u64, Arc<Vec<i16>>)>,
    weights: VecDeque<(u64, Arc<Vec<f32>>)>,
}

impl Reader {
    /// Of the history in `folder`; the arrays have these lengths. Nothing is read
    /// before [`Reader::refresh`].
    pub fn new(folder: PathBuf, lengths: Vec<usize>) -> Self {
        Self {
            folder,
            lengths,
            segments: Vec::new(),
            moments: Arc::default(),
            places: Vec::new(),
            left_out: None,
            keys: VecDeque::new(),
            weights: VecDeque::new(),
        }
    }

    /// Looks for what is new; `true` if anything has changed. Segments that still
    /// have their length are not read again.
    ///
    /// # Errors
    /// [`SnapshotError::Read`].
    pub fn refresh(&mut self) -> Result<bool, SnapshotError> {
        self.list().inspect_err(|_| self.forget())
    }

    /// As if nothing had been read yet.
    fn forget(&mut self) {
        self.segments.clear();
        self.index();
    }

    fn list(&mut self) -> Result<bool, SnapshotError> {
        let failed = |path: &PathBuf, source| SnapshotError::Read { path: path.clone(), source };
        let paths = segments(&self.folder).map_err(|e| failed(&self.folder, e))?;
        let mut known = std::mem::take(&mut self.segments).into_iter().peekable();
        let mut changed = false;
        for path in paths {
            while known.next_if(|(p, _)| *p < path).is_some() {
                changed = true;
            }
            let before = known.next_if(|(p, _)| *p == path);
            let len = match std::fs::metadata(&path) {
                Ok(meta) => meta.len(),
                // Thinned out between the listing and now.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(failed(&path, e)),
            };
            match before {
                Some((_, scanned)) if scanned.len == len => self.segments.push((path, scanned)),
                _ => {
                    changed = true;
                    let scanned = scan(&path).map_err(|e| failed(&path, e))?;
                    self.segments.push((path, scanned));
                }
            }
        }
        changed |= known.next().is_some();
        if changed {
            self.index();
        }
        Ok(changed)
    }

    fn index(&mut self) {
        let numbers: usize = self.lengths.iter().sum();
        let (mut moments, mut misfits) = (Vec::new(), 0);
        self.places.clear();
        for (segment, (_, scanned)) in self.segments.iter().enumerate() {
            for (record, (_, head)) in scanned.records.iter().enumerate() {
                if head.numbers as usize != numbers || head.moved.len() != self.lengths.len() {
                    misfits += 1;
                    continue;
                }
                moments.push(Moment {
                    step: head.step,
                    previous: head.previous,
                    loss: head.loss,
                    accuracy: head.accuracy,
                    moved: head.moved.clone(),
                });
                self.places.push(Place { segment, record });
            }
        }
        self.moments = Arc::new(moments);
        let fault = self.segments.iter().find_map(|(path, s)| Some((path, s.fault.as_ref()?)));
        self.left_out = if misfits > 0 {
            Some(format!("{misfits} snapshots are of another network and were left out"))
        } else {
            fault.map(|(path, fault)| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                format!("A snapshot in {name} was left out: {fault}")
            })
        };
    }

    /// All moments, the oldest first.
    pub fn moments(&self) -> &Arc<Vec<Moment>> {
        &self.moments
    }

    /// What had to be left out of the files, for people. The newest snapshot of a
    /// run that goes on may just be being written.
    pub fn left_out(&self) -> Option<&str> {
        self.left_out.as_deref()
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|(_, s)| s.len).sum()
    }

    /// All arrays one after another, after batch `step`, which must be one of
    /// [`Reader::moments`]; in half precision.
    ///
    /// # Errors
    /// [`SnapshotError`]: gone, damaged or unreadable.
    pub fn weights(&mut self, step: u64) -> Result<Arc<Vec<f32>>, SnapshotError> {
        if let Some((_, weights)) = self.weights.iter().find(|(s, _)| *s == step) {
            return Ok(Arc::clone(weights));
        }
        let orders = self.again(|reader| reader.orders(step))?;
        let weights = Arc::new(orders.iter().map(|o| codec::number(*o)).collect::<Vec<f32>>());
        keep(&mut self.weights, step, &weights);
        Ok(weights)
    }

    /// The single numbers at these places of the arrays, one after another, after
    /// batch `step`. Leaves the cache of whole snapshots alone.
    ///
    /// # Errors
    /// As [`Reader::weights`].
    pub fn some(&mut self, step: u64, places: &[usize]) -> Result<Vec<f32>, SnapshotError> {
        let orders = self.again(|reader| reader.orders(step))?;
        Ok(places.iter().map(|p| orders.get(*p).map_or(f32::NAN, |o| codec::number(*o))).collect())
    }

    /// The last update before `step`, to within a few percent; see [`codec`].
    /// `None` where none was kept.
    ///
    /// # Errors
    /// As [`Reader::weights`].
    pub fn update(&mut self, step: u64) -> Result<Option<Vec<f32>>, SnapshotError> {
        self.again(|reader| {
            let place = reader.place(step)?;
            let (path, scanned) = &reader.segments[place.segment];
            let (at, head) = &scanned.records[place.record];
            if head.update.len == 0 {
                return Ok(None);
            }
            let at = head.body_at(*at) + u64::from(head.weights.len);
            let bytes = read_at(path, at, head.update.len)?;
            let damaged = |reason| SnapshotError::Damaged { path: path.clone(), reason };
            if !head.update.fits(&bytes) {
                return Err(damaged("its checksum does not fit".into()));
            }
            codec::decode_update(&bytes, &reader.lengths).map(Some).map_err(damaged)
        })
    }

    /// Tries once more after a refresh: files may have been thinned out since they
    /// were listed.
    fn again<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, SnapshotError>,
    ) -> Result<T, SnapshotError> {
        match read(self) {
            Ok(value) => Ok(value),
            Err(first) => {
                self.forget();
                self.refresh()?;
                read(self).map_err(|_| first)
            }
        }
    }

    fn place(&self, step: u64) -> Result<Place, SnapshotError> {
        match self.moments.binary_search_by_key(&step, |m| m.step) {
            Ok(i) => Ok(self.places[i]),
            Err(_) => Err(SnapshotError::Damaged {
                path: self.folder.clone(),
                reason: format!("the one after batch {step} is not there any more"),
            }),
        }
    }

    fn orders(&mut self, step: u64) -> Result<Arc<Vec<i16>>, SnapshotError> {
        let place = self.place(step)?;
        let (path, scanned) = &self.segments[place.segment];
        let (path, key) = (path.clone(), scanned.records[0].1.step);
        let cached = self.keys.iter().find(|(s, _)| *s == key).map(|(_, k)| Arc::clone(k));
        let base = match cached {
            Some(base) => base,
            None => {
                let (at, head) = scanned.records[0].clone();
                let base = Arc::new(self.decode(&path, at, &head, None)?);
                keep(&mut self.keys, key, &base);
                base
            }
        };
        if place.record == 0 {
            return Ok(base);
        }
        let (at, head) = self.segments[place.segment].1.records[place.record].clone();
        self.decode(&path, at, &head, Some(&base)).map(Arc::new)
    }

    fn decode(
        &self,
        path: &Path,
        at: u64,
        head: &Head,
        base: Option<&[i16]>,
    ) -> Result<Vec<i16>, SnapshotError> {
        let damaged = |reason| SnapshotError::Damaged { path: path.into(), reason };
        let bytes = read_at(path, head.body_at(at), head.weights.len)?;
        if !head.weights.fits(&bytes) {
            return Err(damaged("its checksum does not fit".into()));
        }
        codec::decode(&bytes, head.numbers as usize, base).map_err(damaged)
    }
}

fn keep<T>(cache: &mut VecDeque<(u64, Arc<T>)>, step: u64, value: &Arc<T>) {
    if cache.len() >= CACHED {
        cache.pop_front();
    }
    cache.push_back((step, Arc::clone(value)));
}

fn read_at(path: &Path, at: u64, len: u32) -> Result<Vec<u8>, SnapshotError> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = open_regular(path)?;
        file.seek(SeekFrom::Start(at))?;
        let mut bytes = Vec::new();
        file.take(u64::from(len)).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|source| SnapshotError::Read { path: path.into(), source })
}
