//! Named arrays in one file, as NumPy writes and reads them (`.npz`): a zip
//! archive with one `.npy` member per array (numpy.lib.format, versions 1 to 3).
//!
//! The six number types that the program deals in are written and read: f32,
//! f64, i32, i64, u8 and u32, of any shape, in either byte order and either
//! memory order. Whatever else a file holds is an error that says what it is.

use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use flate2::CrcReader;
use flate2::read::DeflateDecoder;
use zip::read::ZipFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::files::{WriteError, write_whole};

/// Largest array that is read, bytes. A damaged or hostile file may claim any
/// size; more than this is nobody's spike train.
const MOST_BYTES: u64 = 4 << 30;
/// Largest header that is read, bytes; NumPy writes some hundred.
const MOST_HEADER: usize = 64 << 10;
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// An npz file could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum NpzError {
    /// It could not be written; an earlier version was kept.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It could not be read, or is not what it should be.
    #[error("could not read {}: {reason}. The file was not changed; choose an npz file, such as one that numpy.savez wrote", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The numbers of an array, in C order (the last index runs fastest).
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// `<f4`
    F32(Vec<f32>),
    /// `<f8`
    F64(Vec<f64>),
    /// `<i4`
    I32(Vec<i32>),
    /// `<i8`
    I64(Vec<i64>),
    /// `|u1`
    U8(Vec<u8>),
    /// `<u4`
    U32(Vec<u32>),
}

/// Runs the same expression for whichever type the numbers have.
macro_rules! each {
    ($values:expr, $v:ident => $body:expr) => {
        match $values {
            Values::F32($v) => $body,
            Values::F64($v) => $body,
            Values::I32($v) => $body,
            Values::I64($v) => $body,
            Values::U8($v) => $body,
            Values::U32($v) => $body,
        }
    };
}

impl Values {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        each!(self, v => v.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// NumPy's name for the type, little-endian.
    fn descr(&self) -> &'static str {
        match self {
            Self::F32(_) => "<f4",
            Self::F64(_) => "<f8",
            Self::I32(_) => "<i4",
            Self::I64(_) => "<i8",
            Self::U8(_) => "|u1",
            Self::U32(_) => "<u4",
        }
    }

    fn write_to(&self, w: &mut impl Write) -> std::io::Result<()> {
        each!(self, v => {
            for number in v {
                w.write_all(&number.to_le_bytes())?;
            }
        });
        Ok(())
    }
}

/// Numbers with a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    values: Values,
}

impl Array {
    /// `values` in C order; their number is the product of `shape`, which is
    /// empty for a single number.
    ///
    /// # Errors
    /// When shape and number of values disagree.
    pub fn new(shape: &[usize], values: Values) -> Result<Self, String> {
        let wanted = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        if wanted != Some(values.len()) {
            return Err(format!("the shape {shape:?} does not hold {} values", values.len()));
        }
        Ok(Self { shape: shape.to_vec(), values })
    }

    /// A list of numbers: shape (n).
    pub fn list(values: Values) -> Self {
        Self { shape: vec![values.len()], values }
    }

    /// Length of each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers, in C order.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The numbers as f64, in C order; i64 beyond 2⁵³ are rounded.
    #[allow(clippy::unnecessary_cast, reason = "the macro also casts f64 to f64")]
    pub fn to_f64(&self) -> Vec<f64> {
        each!(&self.values, v => v.iter().map(|x| *x as f64).collect())
    }

    /// The numbers as f32, in C order, rounded where they have to be.
    #[allow(clippy::unnecessary_cast, reason = "the macro also casts f32 to f32")]
    pub fn to_f32(&self) -> Vec<f32> {
        each!(&self.values, v => v.iter().map(|x| *x as f32).collect())
    }

    /// The numbers as whole numbers from 0, as neurons are counted.
    ///
    /// # Errors
    /// Names the first that is none.
    #[allow(clippy::unnecessary_cast, reason = "the macro also casts f64 to f64")]
    pub fn to_indices(&self) -> Result<Vec<u32>, String> {
        each!(&self.values, v => v.iter().map(|x| {
            let number = *x as f64;
            let whole = number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number);
            if whole { Ok(number as u32) } else { Err(format!("{number} is not a whole number from 0 to {}", u32::MAX)) }
        }).collect())
    }
}

/// The arrays of a file, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrays(pub Vec<(String, Array)>);

impl Arrays {
    /// The array of this name.
    ///
    /// # Errors
    /// When there is none; the message lists those there are.
    pub fn get(&self, name: &str) -> Result<&Array, String> {
        self.0.iter().find(|a| a.0 == name).map(|a| &a.1).ok_or_else(|| {
            let names: Vec<&str> = self.0.iter().map(|a| a.0.as_str()).collect();
            let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            format!("it has no array `{name}`; its arrays: {there}")
        })
    }
}

/// Writes the arrays whole, not compressed; `numpy.load` reads them.
///
/// # Errors
/// When the disk refuses; an earlier file is kept.
pub fn write(path: &Path, arrays: &[(&str, &Array)]) -> Result<(), NpzError> {
    Ok(write_whole(path, |w| fill(w, arrays))?)
}

/// The bytes of the file that [`write()`] writes.
///
/// # Errors
/// When it cannot be put together.
pub fn to_bytes(arrays: &[(&str, &Array)]) -> std::io::Result<Vec<u8>> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    fill(&mut bytes, arrays)?;
    Ok(bytes.into_inner())
}

fn fill(w: &mut (impl Write + Seek), arrays: &[(&str, &Array)]) -> std::io::Result<()> {
    let mut archive = ZipWriter::new(w);
    for (name, array) in arrays {
        let large = array.values.len() as u64 * 8 >= u64::from(u32::MAX);
        // As `numpy.savez` does: spike times hardly compress, and wait to be read.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(large);
        archive.start_file(format!("{name}.npy"), options)?;
        let mut member = BufWriter::with_capacity(1 << 16, &mut archive);
        write_header(&mut member, array)?;
        array.values.write_to(&mut member)?;
        member.flush()?;
    }
    archive.finish()?;
    Ok(())
}

/// Format version 1.0: magic, version, length, a Python dictionary padded so
/// that the numbers begin at a multiple of 64 bytes.
fn write_header(w: &mut impl Write, array: &Array) -> std::io::Result<()> {
    let dims: String = array.shape.iter().map(|d| format!("{d}, ")).collect();
    // A tuple of one keeps its comma, one of several needs none at the end.
    let dims = if array.shape.len() == 1 { dims.trim_end() } else { dims.trim_end_matches(", ") };
    let descr = array.values.descr();
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dims}), }}");
    let unpadded = MAGIC.len() + 4 + header.len() + 1;
    header += &" ".repeat(unpadded.next_multiple_of(64) - unpadded);
    header.push('\n');
    let length = u16::try_from(header.len()).map_err(std::io::Error::other)?;
    w.write_all(MAGIC)?;
    w.write_all(&[1, 0])?;
    w.write_all(&length.to_le_bytes())?;
    w.write_all(header.as_bytes())
}

/// Reads all arrays of a file.
///
/// # Errors
/// When it cannot be opened, is no npz file, is damaged, or holds arrays of
/// other types; the message says which.
pub fn read(path: &Path) -> Result<Arrays, NpzError> {
    let error = |reason: String| NpzError::Read { path: path.into(), reason };
    let file = std::fs::File::open(path).map_err(|e| error(e.to_string()))?;
    read_from(std::io::BufReader::new(file)).map_err(error)
}

/// [`read`] for what is at hand already.
///
/// # Errors
/// What is wrong with it.
pub fn read_from(reader: impl Read + Seek) -> Result<Arrays, String> {
    let mut archive = ZipArchive::new(reader)
        .map_err(|e| format!("it is not an npz file, or is damaged ({e})"))?;
    let mut arrays = Arrays::default();
    for i in 0..archive.len() {
        let member =
            archive.by_index_raw(i).map_err(|e| format!("its member {i} is damaged ({e})"))?;
        let name = member.name().map_err(|e| format!("its member {i} is damaged ({e})"))?;
        let Some(name) = name.strip_suffix(".npy").map(str::to_owned) else { continue };
        let array = read_member(member).map_err(|e| format!("its array `{name}` {e}"))?;
        arrays.0.push((name, array));
    }
    Ok(arrays)
}

/// Unpacks one member and checks its sum. The zip crate is built without
/// decompressors (the one of flate2 is here anyway), hence the raw member.
fn read_member<R: Read>(member: ZipFile<'_, R>) -> Result<Array, String> {
    let expected = member.crc32();
    let method = member.compression();
    let unpacked: Box<dyn Read + '_> = match method {
        CompressionMethod::Stored => Box::new(member),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(member)),
        other => return Err(format!("is compressed by {other}, which is not read")),
    };
    let mut checked = CrcReader::new(unpacked);
    let array = read_npy(&mut checked)?;
    // What was read is all there is: read_npy has asked for a byte more.
    if checked.crc().sum() != expected {
        return Err("is damaged (its checksum is wrong)".into());
    }
    Ok(array)
}

fn read_npy(r: &mut impl Read) -> Result<Array, String> {
    let header = Header::read(r)?;
    let numbers = header.shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d as u64));
    let bytes = numbers.and_then(|n| n.checked_mul(header.size as u64));
    let Some(bytes) = bytes.filter(|b| *b <= MOST_BYTES) else {
        return Err(format!("claims a shape of {:?}, which is more than is read", header.shape));
    };
    let mut data = Vec::new();
    // One byte more shows whether there is too much; what a broken header claims
    // is not allocated before it arrives.
    r.take(bytes + 1).read_to_end(&mut data).map_err(|e| format!("is damaged ({e})"))?;
    if data.len() as u64 != bytes {
        let there = if data.len() as u64 > bytes { "more".into() } else { data.len().to_string() };
        return Err(format!("should have {bytes} bytes of numbers and has {there}"));
    }
    if header.fortran_order {
        data = to_c_order(&data, &header.shape, header.size);
    }
    Array::new(&header.shape, header.decode(&data)).map_err(|e| format!("is damaged ({e})"))
}

/// What stands before the numbers.
struct Header {
    kind: u8,
    size: usize,
    big_endian: bool,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    fn read(r: &mut impl Read) -> Result<Self, String> {
        let short = |e: std::io::Error| format!("has a broken header ({e})");
        let mut start = [0u8; 8];
        r.read_exact(&mut start).map_err(short)?;
        if &start[..6] != MAGIC {
            return Err("is not in NumPy's format".into());
        }
        let length = match start[6] {
            1 => {
                let mut length = [0u8; 2];
                r.read_exact(&mut length).map_err(short)?;
                usize::from(u16::from_le_bytes(length))
            }
            2 | 3 => {
                let mut length = [0u8; 4];
                r.read_exact(&mut length).map_err(short)?;
                u32::from_le_bytes(length) as usize
            }
            version => {
                return Err(format!("is in version {version} of NumPy's format; 1 to 3 are read"));
            }
        };
        if length > MOST_HEADER {
            return Err(format!("has a header of {length} bytes, which no list of numbers needs"));
        }
        let mut text = vec![0u8; length];
        r.read_exact(&mut text).map_err(short)?;
        Self::parse(&String::from_utf8_lossy(&text))
    }

    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`
    fn parse(text: &str) -> Result<Self, String> {
        let after = |key: &str| {
            let quoted = [format!("'{key}'"), format!("\"{key}\"")];
            let found = quoted.iter().find_map(|k| text.split_once(k.as_str()));
            found
                .and_then(|(_, rest)| rest.trim_start().strip_prefix(':'))
                .map(str::trim_start)
                .ok_or_else(|| format!("has a header without `{key}`"))
        };
        let descr = after("descr")?;
        let Some(descr) = descr.strip_prefix(['\'', '"']).and_then(|d| d.split(['\'', '"']).next())
        else {
            return Err("is a table of several columns; save its columns as arrays".into());
        };
        let (kind, size, big_endian) = Self::number(descr)?;
        let order = after("fortran_order")?;
        let fortran_order = match (order.starts_with("True"), order.starts_with("False")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Err("has a broken header (fortran_order)".into()),
        };
        let inside = after("shape")?
            .strip_prefix('(')
            .and_then(|s| s.split_once(')'))
            .map(|(inside, _)| inside)
            .ok_or("has a broken header (shape)")?;
        let shape = inside
            .split(',')
            .map(|d| d.trim().trim_end_matches('L'))
            .filter(|d| !d.is_empty())
            .map(|d| d.parse().map_err(|_| format!("has a broken header (dimension `{d}`)")))
            .collect::<Result<_, _>>()?;
        Ok(Self { kind, size, big_endian, fortran_order, shape })
    }

    /// `<f4` → a float of 4 bytes, little-endian.
    fn number(descr: &str) -> Result<(u8, usize, bool), String> {
        let known = ["f4", "f8", "i4", "i8", "u1", "u4", "b1"];
        let (order, kind) = descr.split_at_checked(1).unwrap_or(("", descr));
        if !matches!(order, "<" | ">" | "|" | "=") || !known.contains(&kind) {
            return Err(format!(
                "has numbers of type `{descr}`; f4, f8, i4, i8, u1, u4 and b1 are read (numpy's astype converts)"
            ));
        }
        let kind = kind.as_bytes();
        Ok((kind[0], usize::from(kind[1] - b'0'), order == ">"))
    }

    fn decode(&self, data: &[u8]) -> Values {
        macro_rules! numbers {
            ($variant:ident, $type:ty) => {{
                let one = |b: &[u8]| {
                    let mut bytes = [0u8; size_of::<$type>()];
                    bytes.copy_from_slice(b);
                    if self.big_endian {
                        <$type>::from_be_bytes(bytes)
                    } else {
                        <$type>::from_le_bytes(bytes)
                    }
                };
                Values::$variant(data.chunks_exact(size_of::<$type>()).map(one).collect())
            }};
        }
        match (self.kind, self.size) {
            (b'f', 4) => numbers!(F32, f32),
            (b'f', _) => numbers!(F64, f64),
            (b'i', 4) => numbers!(I32, i32),
            (b'i', _) => numbers!(I64, i64),
            (b'u', 4) => numbers!(U32, u32),
            // Booleans are bytes of 0 and 1.
            _ => Values::U8(data.to_vec()),
        }
    }
}

/// Reorders from Fortran's order (the first index runs fastest) to C's.
fn to_c_order(data: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut index = vec![0usize; shape.len()];
    for _ in 0..data.len() / size.max(1) {
        let at = index.iter().zip(shape).rev().fold(0, |at, (i, d)| at * d + i);
        out.extend_from_slice(&data[at * size..(at + 1) * size]);
        for (i, d) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *d {
                break;
            }
            *i = 0;
        }
    }
    out
}

#[cfg(test)]
#[path = "npz_tests.rs"]
mod tests;
