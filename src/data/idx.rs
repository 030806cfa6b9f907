//! IDX, the file format of MNIST, read strictly.
//!
//! A file is a big-endian header (two zero bytes, the type of the elements,
//! the number of dimensions, then each dimension as 32 bits), followed by the
//! elements. Ours hold unsigned bytes: images are `(count, 28, 28)`, labels
//! `(count)`. Files may be gzipped, which their content shows, not their name.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten
//! digits", section "File formats for the MNIST database".

use std::io::{BufReader, ErrorKind, Read, Write as _};
use std::path::{Path, PathBuf};

use super::dataset::{Dataset, Mismatch};
use super::error::FileError;
use super::gzip::{self, Gunzip};
use super::{CLASSES, MOST_CLASSES, PIXELS, SIDE};
use crate::core::files::{WriteError, open_regular, write_whole};

/// More pictures than this are refused: it is ten times MNIST, and 784 MB in
/// memory. (A few kilobytes of gzip can claim, and even hold, far more.)
pub const MOST_ITEMS: u32 = 1_000_000;

const UNSIGNED_BYTE: u8 = 8;

/// What an IDX file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 28×28 pictures.
    Images,
    /// One byte per picture.
    Labels,
}

impl Kind {
    fn dimensions(self) -> u8 {
        match self {
            Kind::Images => 3,
            Kind::Labels => 1,
        }
    }

    fn item_bytes(self) -> usize {
        match self {
            Kind::Images => PIXELS,
            Kind::Labels => 1,
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Kind::Images => "pictures",
            Kind::Labels => "labels",
        }
    }
}

/// Why a file is not the IDX file that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum IdxProblem {
    #[error("the file is empty. Download it again")]
    Empty,
    #[error(
        "this is {found}, not an IDX file. Choose an MNIST file such as train-images-idx3-ubyte.gz"
    )]
    NotIdx { found: String },
    #[error(
        "this looks like a label file, but pictures are needed. Swap the two files (pictures have idx3 in their name, labels idx1)"
    )]
    LabelsForImages,
    #[error(
        "this looks like an image file, but labels are needed. Swap the two files (pictures have idx3 in their name, labels idx1)"
    )]
    ImagesForLabels,
    #[error(
        "its elements are {found}, but only unsigned bytes can be used. Convert it to unsigned bytes"
    )]
    ElementType { found: String },
    #[error("it has {found} dimensions, but {wanted} are needed. Choose another file")]
    Dimensions { found: u8, wanted: u8 },
    #[error(
        "its pictures are {columns}×{rows} (width × height), but 28×28 are needed. Scale them as MNIST does, or choose another file"
    )]
    PictureSize { rows: u32, columns: u32 },
    #[error("it holds no {}. Choose another file", kind.noun())]
    NoItems { kind: Kind },
    #[error("its header claims {count} {}, more than the {MOST_ITEMS} that this app takes. The file is probably broken: download it again", kind.noun())]
    TooMany { count: u32, kind: Kind },
    #[error("it ends inside its header, after {found} bytes. Download it again")]
    ShortHeader { found: usize },
    #[error("it is cut short: {found} of the {wanted} bytes that its header announces ({count} {}). Download it again", kind.noun())]
    Short { found: usize, wanted: usize, count: u32, kind: Kind },
    #[error("it goes on after the {count} {} that its header announces. Download it again", kind.noun())]
    Trailing { count: u32, kind: Kind },
    #[error(
        "label {index} is {label}, but digits are 0 to 9. Choose a file with digits, or add it as a data set of your own (spikescope data add)"
    )]
    Label { index: usize, label: u8 },
    #[error("label {index} is {label}, and classes are numbered from 0 to {}", MOST_CLASSES - 1)]
    Class { index: usize, label: u8 },
    #[error("the gzip data is damaged ({reason}). Download it again")]
    Gzip { reason: String },
    #[error("could not be read: {0}. Check the disk and try again")]
    Io(std::io::Error),
}

/// Pictures and their labels could not be read.
#[derive(Debug, thiserror::Error)]
pub enum IdxError {
    /// One of the files.
    #[error(transparent)]
    File(#[from] FileError<IdxProblem>),
    /// Two good files that do not belong together.
    #[error("{} and {} do not belong together: {source}. Use the two files of one data set",
            images.display(), labels.display())]
    Pair { images: PathBuf, labels: PathBuf, source: Mismatch },
}

/// Reads an IDX file of 28×28 pictures, gzipped or not: count × 784 bytes,
/// row by row, 0 background … 255 ink.
///
/// # Errors
/// When it cannot be opened, or is not exactly such a file.
pub fn read_images(path: &Path) -> Result<Vec<u8>, FileError<IdxProblem>> {
    read(path, Kind::Images)
}

/// Reads an IDX file of labels, gzipped or not: one byte per picture, 0 … 9.
///
/// # Errors
/// As [`read_images`]; also for a label above 9.
pub fn read_labels(path: &Path) -> Result<Vec<u8>, FileError<IdxProblem>> {
    read(path, Kind::Labels)
}

/// Reads pictures and their labels as the data set `id`.
///
/// # Errors
/// As [`read_images`] and [`read_labels`]; [`IdxError::Pair`] when the counts
/// differ.
pub fn load_pair(images: &Path, labels: &Path, id: &str) -> Result<Dataset, IdxError> {
    // Labels are small: whatever is wrong with them is told at once.
    join(images, labels, read_labels(labels)?, id)
}

/// [`load_pair`] for up to [`MOST_CLASSES`] classes.
///
/// # Errors
/// As [`load_pair`]; for a label of [`MOST_CLASSES`] or more.
pub fn load_classes(images: &Path, labels: &Path, id: &str) -> Result<Dataset, IdxError> {
    let label_bytes = read_any_labels(labels)?;
    if let Some(index) = label_bytes.iter().position(|l| usize::from(*l) >= MOST_CLASSES) {
        let problem = IdxProblem::Class { index, label: label_bytes[index] };
        return Err(FileError::content(labels, problem).into());
    }
    join(images, labels, label_bytes, id)
}

fn join(images: &Path, labels: &Path, bytes: Vec<u8>, id: &str) -> Result<Dataset, IdxError> {
    Dataset::new(id, read_images(images)?, bytes).map_err(|source| IdxError::Pair {
        images: images.into(),
        labels: labels.into(),
        source,
    })
}

/// Reads an IDX file of labels, gzipped or not, whatever the labels are: one byte per picture.
///
/// # Errors
/// As [`read_images`].
pub fn read_any_labels(path: &Path) -> Result<Vec<u8>, FileError<IdxProblem>> {
    let file = open_regular(path).map_err(|e| FileError::read(path, e))?;
    unpack(file, Kind::Labels).map_err(|problem| FileError::content(path, problem))
}

/// Writes pictures and labels as two IDX files: two zero bytes, the type (8: unsigned bytes),
/// the number of dimensions, each dimension as 32 bits big-endian, then the bytes.
///
/// # Errors
/// [`WriteError`]; each file is written whole or not at all.
pub fn write_pair(data: &Dataset, images: &Path, labels: &Path) -> Result<(), WriteError> {
    // No set has more than `MOST_ITEMS`.
    let count = u32::try_from(data.len()).unwrap_or(u32::MAX).to_be_bytes();
    let side = (SIDE as u32).to_be_bytes();
    write_whole(images, |w| {
        w.write_all(&[0, 0, UNSIGNED_BYTE, Kind::Images.dimensions()])?;
        w.write_all(&[count, side, side].concat())?;
        (0..data.len()).try_for_each(|i| w.write_all(data.image(i)))
    })?;
    write_whole(labels, |w| {
        w.write_all(&[0, 0, UNSIGNED_BYTE, Kind::Labels.dimensions()])?;
        w.write_all(&count)?;
        w.write_all(data.labels())
    })
}

fn read(path: &Path, kind: Kind) -> Result<Vec<u8>, FileError<IdxProblem>> {
    let file = open_regular(path).map_err(|e| FileError::read(path, e))?;
    parse(file, kind).map_err(|problem| FileError::content(path, problem))
}

/// Reads one IDX stream, gzipped or not, to its very end. Memory grows with
/// what the stream really holds, never with what its header claims.
///
/// # Errors
/// [`IdxProblem`], for anything but a complete file of this kind.
pub fn parse(stream: impl Read, kind: Kind) -> Result<Vec<u8>, IdxProblem> {
    let items = unpack(stream, kind)?;
    if kind == Kind::Labels
        && let Some(index) = items.iter().position(|l| usize::from(*l) >= CLASSES)
    {
        return Err(IdxProblem::Label { index, label: items[index] });
    }
    Ok(items)
}

/// [`parse`], whatever the labels are.
fn unpack(stream: impl Read, kind: Kind) -> Result<Vec<u8>, IdxProblem> {
    let mut reader = BufReader::with_capacity(1 << 16, stream);
    let mut start = [0; 2];
    let got = read_up_to(&mut reader, &mut start).map_err(IdxProblem::Io)?;
    let all = (&start[..got]).chain(reader);
    if start == gzip::MAGIC {
        parse_plain(Gunzip::new(all), kind).map_err(|problem| match problem {
            // Inside gzip, every reading error but a failing disk is damage.
            IdxProblem::Io(e) => IdxProblem::Gzip { reason: e.to_string() },
            other => other,
        })
    } else {
        parse_plain(all, kind)
    }
}

fn parse_plain(mut reader: impl Read, kind: Kind) -> Result<Vec<u8>, IdxProblem> {
    let count = read_header(&mut reader, kind)?;
    let wanted = count as usize * kind.item_bytes();
    let mut items = Vec::new();
    (&mut reader).take(wanted as u64).read_to_end(&mut items).map_err(IdxProblem::Io)?;
    if items.len() < wanted {
        return Err(IdxProblem::Short { found: items.len(), wanted, count, kind });
    }
    if read_up_to(&mut reader, &mut [0; 1]).map_err(IdxProblem::Io)? > 0 {
        return Err(IdxProblem::Trailing { count, kind });
    }
    Ok(items)
}

/// Checks the header and returns the number of items.
fn read_header(reader: &mut impl Read, kind: Kind) -> Result<u32, IdxProblem> {
    let mut magic = [0; 4];
    let got = read_up_to(reader, &mut magic).map_err(IdxProblem::Io)?;
    if got == 0 {
        return Err(IdxProblem::Empty);
    }
    if magic[..2] != [0, 0] || got < 4 {
        return Err(match guess(&magic[..got]) {
            Some(found) => IdxProblem::NotIdx { found: found.into() },
            None if magic[..got.min(2)] == [0, 0][..got.min(2)] => {
                IdxProblem::ShortHeader { found: got }
            }
            None => IdxProblem::NotIdx {
                found: format!("a file that begins with the bytes {:02x?}", &magic[..got]),
            },
        });
    }
    let [_, _, element, dimensions] = magic;
    if element != UNSIGNED_BYTE {
        return Err(IdxProblem::ElementType { found: element_name(element) });
    }
    match (kind, dimensions) {
        (Kind::Images, 1) => return Err(IdxProblem::LabelsForImages),
        (Kind::Labels, 3) => return Err(IdxProblem::ImagesForLabels),
        (_, n) if n != kind.dimensions() => {
            return Err(IdxProblem::Dimensions { found: n, wanted: kind.dimensions() });
        }
        _ => {}
    }
    let mut next = |already: usize| -> Result<u32, IdxProblem> {
        let mut bytes = [0; 4];
        match read_up_to(reader, &mut bytes).map_err(IdxProblem::Io)? {
            4 => Ok(u32::from_be_bytes(bytes)),
            n => Err(IdxProblem::ShortHeader { found: already + n }),
        }
    };
    let count = next(4)?;
    if kind == Kind::Images {
        let (rows, columns) = (next(8)?, next(12)?);
        if (rows, columns) != (SIDE as u32, SIDE as u32) {
            return Err(IdxProblem::PictureSize { rows, columns });
        }
    }
    match count {
        0 => Err(IdxProblem::NoItems { kind }),
        n if n > MOST_ITEMS => Err(IdxProblem::TooMany { count, kind }),
        n => Ok(n),
    }
}

/// What people mistake for MNIST files: saved web pages, archives, pictures.
fn guess(start: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 7] = [
        (b"<", "a web page"),
        (b"PK", "a ZIP archive (unpack it first)"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xFF\xD8\xFF", "a JPEG picture"),
        (b"BZh", "a bzip2 archive (unpack it first)"),
        (b"\xFD7zX", "an xz archive (unpack it first)"),
        (b"\x93NUM", "a NumPy array"),
    ];
    known.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
}

fn element_name(code: u8) -> String {
    match code {
        0x09 => "signed bytes".into(),
        0x0B => "16-bit integers".into(),
        0x0C => "32-bit integers".into(),
        0x0D => "32-bit floats".into(),
        0x0E => "64-bit floats".into(),
        other => format!("of an unknown type ({other:#04x})"),
    }
}

/// Fills `buffer` as far as the stream goes; returns the number of bytes.
fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match reader.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(got)
}

#[cfg(test)]
#[path = "idx_tests.rs"]
mod tests;
