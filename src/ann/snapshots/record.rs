//! One snapshot in a segment file: its head, where its bytes lie, and how a file
//! is searched for whole ones.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::Crc;

use super::measure::Moved;
use crate::core::files::open_regular;

const MAGIC: [u8; 4] = *b"SPKH";
const VERSION: u8 = 1;
/// Bytes of a head before the figures of the arrays.
const FIXED: usize = 52;
/// Bytes of one array's figures.
const FIGURES: usize = 20;
/// No network of ours has nearly as many arrays; more means a damaged head.
const MOST_ARRAYS: usize = 1024;

/// Bytes of one kind that follow a head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pub len: u32,
    pub crc: u32,
}

impl Body {
    /// Length and checksum of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { len: bytes.len() as u32, crc: crc(bytes) }
    }

    /// Whether these are the bytes that were written.
    pub fn fits(&self, bytes: &[u8]) -> bool {
        bytes.len() == self.len as usize && crc(bytes) == self.crc
    }
}

/// All that is known of a snapshot without its weights.
#[derive(Clone, Debug)]
pub struct Head {
    /// Whether it stands alone; otherwise it leans on its segment's first.
    pub key: bool,
    /// Mini-batches trained.
    pub step: u64,
    /// Mini-batches trained at the snapshot before it, when it was taken.
    pub previous: u64,
    /// Loss of the batch that led here, nats; NaN at the beginning.
    pub loss: f32,
    /// Likewise its accuracy, 0 to 1.
    pub accuracy: f32,
    /// Numbers in all arrays together.
    pub numbers: u32,
    pub weights: Body,
    pub update: Body,
    /// By array.
    pub moved: Vec<Moved>,
}

impl Head {
    /// As it is written.
    pub fn bytes(&self) -> Vec<u8> {
        let mut b = Vec::with_capacity(FIXED + FIGURES * self.moved.len() + 4);
        b.extend(MAGIC);
        b.extend([VERSION, u8::from(!self.key)]);
        b.extend((self.moved.len() as u16).to_le_bytes());
        b.extend(self.step.to_le_bytes());
        b.extend(self.previous.to_le_bytes());
        b.extend(self.loss.to_le_bytes());
        b.extend(self.accuracy.to_le_bytes());
        for n in
            [self.numbers, self.weights.len, self.weights.crc, self.update.len, self.update.crc]
        {
            b.extend(n.to_le_bytes());
        }
        for m in &self.moved {
            for x in [m.norm, m.update, m.cosine_previous, m.cosine_initial, m.distance] {
                b.extend(x.to_le_bytes());
            }
        }
        let sum = crc(&b);
        b.extend(sum.to_le_bytes());
        b
    }

    /// Reads a head.
    ///
    /// # Errors
    /// What is wrong with it; a file that ends within it is `UnexpectedEof`.
    pub fn read(from: &mut impl Read) -> io::Result<Self> {
        let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let mut bytes = vec![0; FIXED];
        from.read_exact(&mut bytes)?;
        let arrays = usize::from(u16::from_le_bytes([bytes[6], bytes[7]]));
        if bytes[..4] != MAGIC || arrays > MOST_ARRAYS {
            return Err(damaged("no snapshot begins where one should"));
        }
        if bytes[4] != VERSION || bytes[5] > 1 {
            return Err(damaged("it was written by another version of Spikescope"));
        }
        bytes.resize(FIXED + FIGURES * arrays + 4, 0);
        from.read_exact(&mut bytes[FIXED..])?;
        let (head, sum) = bytes.split_at(FIXED + FIGURES * arrays);
        if sum != crc(head).to_le_bytes() {
            return Err(damaged("its head has changed since it was written"));
        }
        let word = |at: usize| [head[at], head[at + 1], head[at + 2], head[at + 3]];
        let int = |at| u32::from_le_bytes(word(at));
        let float = |at| f32::from_le_bytes(word(at));
        let long = |at| u64::from(int(at)) | (u64::from(int(at + 4)) << 32);
        let figures = |i: usize| {
            let at = |k: usize| float(FIXED + FIGURES * i + 4 * k);
            Moved {
                norm: at(0),
                update: at(1),
                cosine_previous: at(2),
                cosine_initial: at(3),
                distance: at(4),
            }
        };
        Ok(Self {
            key: head[5] == 0,
            step: long(8),
            previous: long(16),
            loss: float(24),
            accuracy: float(28),
            numbers: int(32),
            weights: Body { len: int(36), crc: int(40) },
            update: Body { len: int(44), crc: int(48) },
            moved: (0..arrays).map(figures).collect(),
        })
    }

    /// Bytes of the whole record.
    pub fn record_len(&self) -> u64 {
        let head = (FIXED + FIGURES * self.moved.len() + 4) as u64;
        head + u64::from(self.weights.len) + u64::from(self.update.len)
    }

    /// Where its weights begin, the record beginning at `from`.
    pub fn body_at(&self, from: u64) -> u64 {
        from + (FIXED + FIGURES * self.moved.len() + 4) as u64
    }
}

/// What a segment file holds.
#[derive(Clone, Debug, Default)]
pub struct Scanned {
    /// Where each whole record begins, and its head.
    pub records: Vec<(u64, Head)>,
    /// Bytes up to the end of the last whole record.
    pub good: u64,
    /// Bytes of the file.
    pub len: u64,
    /// Why what lies after `good` was left out.
    pub fault: Option<String>,
}

/// Lists the whole records of a segment. What was cut off in the middle of
/// writing, and whatever comes after a damaged head, is left out.
///
/// # Errors
/// When the file cannot be read.
pub fn scan(path: &Path) -> io::Result<Scanned> {
    let file = open_regular(path)?;
    let len = file.metadata()?.len();
    let mut from = BufReader::with_capacity(512, file);
    let mut found = Scanned { len, ..Scanned::default() };
    while found.good < len {
        from.seek(SeekFrom::Start(found.good))?;
        let fault = match Head::read(&mut from) {
            Ok(head) if found.good + head.record_len() > len => "it was cut off".to_owned(),
            Ok(head) if head.key != found.records.is_empty() => "it is not in its place".to_owned(),
            Ok(head) => {
                let at = found.good;
                found.good += head.record_len();
                found.records.push((at, head));
                continue;
            }
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => "it was cut off".to_owned(),
            Err(e) if e.kind() == io::ErrorKind::InvalidData => e.to_string(),
            Err(e) => return Err(e),
        };
        found.fault = Some(fault);
        break;
    }
    Ok(found)
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}
