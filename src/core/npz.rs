//! Named arrays in one file, as NumPy writes and reads them (`.npz`): a zip
//! archive with one `.npy` member per array (numpy.lib.format, versions 1 to 3).
//!
//! Reads floats of 4 and 8 bytes, integers of 1 to 8 bytes and booleans, of any
//! shape, in either byte order and either memory order. Anything else is an error
//! that says what it is.
//!
//! A few kilobytes can unpack to any size. A [`Reader`] therefore unpacks only the
//! arrays that are asked for, and only up to the number of values that the caller
//! allows; it checks what a header claims before it unpacks anything.

use std::io::{BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use flate2::CrcReader;
use flate2::read::DeflateDecoder;
use zip::read::ZipFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::files::{WriteError, open_regular, write_whole};
use super::text::grouped;

/// Most arrays in a file.
const MOST_ARRAYS: usize = 10_000;
/// Numbers read at once, bytes.
const PIECE: usize = 1 << 16;
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
    /// `<u8`
    U64(Vec<u64>),
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
            Values::U64($v) => $body,
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
            Self::U64(_) => "<u8",
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

    /// [`Array::to_f64`] that keeps no copy.
    pub fn into_f64(self) -> Vec<f64> {
        match self.values {
            Values::F64(numbers) => numbers,
            _ => self.to_f64(),
        }
    }

    /// The numbers as whole numbers from 0, as neurons are numbered.
    ///
    /// # Errors
    /// Names the first that is none.
    pub fn into_ids(self) -> Result<Vec<u64>, String> {
        /// Above it, floats have no units any more.
        const MOST: f64 = (1u64 << 53) as f64;
        fn whole(number: f64) -> Result<u64, String> {
            let fits = number.fract() == 0.0 && (0.0..=MOST).contains(&number);
            if fits { Ok(number as u64) } else { Err(refused(number)) }
        }
        fn refused(number: impl std::fmt::Display) -> String {
            format!("{number} is not a whole number from 0 on")
        }
        let signed = |n: i64| u64::try_from(n).map_err(|_| refused(n));
        match self.values {
            Values::F32(v) => v.into_iter().map(|x| whole(f64::from(x))).collect(),
            Values::F64(v) => v.into_iter().map(whole).collect(),
            Values::I32(v) => v.into_iter().map(|n| signed(n.into())).collect(),
            Values::I64(v) => v.into_iter().map(signed).collect(),
            Values::U8(v) => Ok(v.into_iter().map(u64::from).collect()),
            Values::U32(v) => Ok(v.into_iter().map(u64::from).collect()),
            Values::U64(v) => Ok(v),
        }
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
        let found = self.0.iter().find(|a| a.0 == name).map(|a| &a.1);
        found.ok_or_else(|| missing(name, self.0.iter().map(|a| &a.0[..])))
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

/// Reads all arrays of a file, of at most `most` values together.
///
/// # Errors
/// When it cannot be opened, is no npz file, is damaged, is too large, or holds
/// arrays of other types; the message says which.
pub fn read(path: &Path, most: u64) -> Result<Arrays, NpzError> {
    let reader = Reader::open(path)?;
    reader.all(most).map_err(|reason| NpzError::Read { path: path.into(), reason })
}

/// [`read`] for what is at hand already.
///
/// # Errors
/// What is wrong with it.
pub fn read_from(reader: impl Read + Seek, most: u64) -> Result<Arrays, String> {
    Reader::new(reader)?.all(most)
}

/// A file whose arrays are unpacked when they are asked for.
pub struct Reader<R> {
    archive: ZipArchive<R>,
    /// Of each array: its name and its place in the archive.
    members: Vec<(String, usize)>,
    file_bytes: u64,
}

impl Reader<std::io::BufReader<std::fs::File>> {
    /// Opens a regular file.
    ///
    /// # Errors
    /// When it cannot be opened or is no npz file.
    pub fn open(path: &Path) -> Result<Self, NpzError> {
        let error = |reason: String| NpzError::Read { path: path.into(), reason };
        let file = open_regular(path).map_err(|e| error(e.to_string()))?;
        Self::new(std::io::BufReader::new(file)).map_err(error)
    }
}

impl<R: Read + Seek> Reader<R> {
    /// Looks at what is in it; unpacks nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(mut reader: R) -> Result<Self, String> {
        let size = reader.seek(std::io::SeekFrom::End(0)).and_then(|size| {
            reader.seek(std::io::SeekFrom::Start(0))?;
            Ok(size)
        });
        let file_bytes = size.map_err(|e| e.to_string())?;
        let mut archive = ZipArchive::new(reader)
            .map_err(|e| format!("it is not an npz file, or is damaged ({e})"))?;
        if archive.len() > MOST_ARRAYS {
            let (found, most) = (grouped(archive.len() as u64), grouped(MOST_ARRAYS as u64));
            return Err(format!("it holds {found} arrays, and {most} is the most"));
        }
        let mut members = Vec::new();
        for i in 0..archive.len() {
            let member =
                archive.by_index_raw(i).map_err(|e| format!("its member {i} is damaged ({e})"))?;
            let name = member.name().map_err(|e| format!("its member {i} is damaged ({e})"))?;
            if let Some(name) = name.strip_suffix(".npy") {
                members.push((name.to_owned(), i));
            }
        }
        Ok(Self { archive, members, file_bytes })
    }

    /// Size of the file.
    pub fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The names of its arrays, in its order.
    pub fn names(&self) -> Vec<String> {
        self.members.iter().map(|m| m.0.clone()).collect()
    }

    /// Unpacks the array of this name, of at most `most` values, and checks its sum.
    ///
    /// # Errors
    /// When there is none, it is larger, damaged or of another type.
    pub fn array(&mut self, name: &str, most: u64) -> Result<Array, String> {
        let found = self.members.iter().find(|m| m.0 == name).map(|m| m.1);
        let Some(place) = found else {
            return Err(missing(name, self.members.iter().map(|m| &m.0[..])));
        };
        let member = self.archive.by_index_raw(place);
        let member = member.map_err(|e| format!("its array `{name}` is damaged ({e})"))?;
        read_member(member, most).map_err(|e| format!("its array `{name}` {e}"))
    }

    fn all(mut self, most: u64) -> Result<Arrays, String> {
        let mut left = most;
        let mut arrays = Arrays::default();
        for (name, _) in self.members.clone() {
            let array = self.array(&name, left)?;
            left -= (array.values.len() as u64).min(left);
            arrays.0.push((name, array));
        }
        Ok(arrays)
    }
}

fn missing<'a>(name: &str, there: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = there.collect();
    let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    format!("it has no array `{name}`; its arrays: {there}")
}

/// Unpacks one member and checks its sum. The zip crate is built without
/// decompressors (the one of flate2 is here anyway), hence the raw member.
fn read_member<R: Read>(member: ZipFile<'_, R>, most: u64) -> Result<Array, String> {
    let expected = member.crc32();
    let method = member.compression();
    let unpacked: Box<dyn Read + '_> = match method {
        CompressionMethod::Stored => Box::new(member),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(member)),
        other => return Err(format!("is compressed by {other}, which is not read")),
    };
    let mut checked = CrcReader::new(unpacked);
    let array = read_npy(&mut checked, most)?;
    // What was read is all there is: read_npy has asked for a byte more.
    if checked.crc().sum() != expected {
        return Err("is damaged (its checksum is wrong)".into());
    }
    Ok(array)
}

fn read_npy(r: &mut impl Read, most: u64) -> Result<Array, String> {
    let header = Header::read(r)?;
    let numbers = header.shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d as u64));
    let numbers = numbers
        .ok_or_else(|| format!("claims a shape of {:?}, which nothing can hold", header.shape))?;
    if numbers > most {
        let (claimed, most) = (grouped(numbers), grouped(most));
        return Err(format!(
            "holds {claimed} values, and {most} is the most that is read from this file. Save a part of it"
        ));
    }
    let values = header.values(r, numbers as usize)?;
    let values = if header.fortran_order && header.shape.len() > 1 {
        to_c_order(values, &header.shape)
    } else {
        values
    };
    Array::new(&header.shape, values).map_err(|e| format!("is damaged ({e})"))
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
        let known = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"];
        let (order, kind) = descr.split_at_checked(1).unwrap_or(("", descr));
        if !matches!(order, "<" | ">" | "|" | "=") || !known.contains(&kind) {
            return Err(format!(
                "has numbers of type `{descr}`; floats of 4 and 8 bytes, whole numbers and booleans are read (numpy's astype converts)"
            ));
        }
        let kind = kind.as_bytes();
        Ok((kind[0], usize::from(kind[1] - b'0'), order == ">"))
    }

    /// Reads so many numbers, and sees that nothing comes after them.
    fn values(&self, r: &mut impl Read, n: usize) -> Result<Values, String> {
        macro_rules! numbers {
            ($variant:ident, $as:ty, $type:ty) => {{
                let one = |b: &[u8]| {
                    let mut bytes = [0u8; size_of::<$type>()];
                    bytes.copy_from_slice(b);
                    let number = if self.big_endian {
                        <$type>::from_be_bytes(bytes)
                    } else {
                        <$type>::from_le_bytes(bytes)
                    };
                    <$as>::from(number)
                };
                Values::$variant(self.pieces(r, n, one)?)
            }};
        }
        Ok(match (self.kind, self.size) {
            (b'f', 4) => numbers!(F32, f32, f32),
            (b'f', _) => numbers!(F64, f64, f64),
            (b'i', 1) => numbers!(I32, i32, i8),
            (b'i', 2) => numbers!(I32, i32, i16),
            (b'i', 4) => numbers!(I32, i32, i32),
            (b'i', _) => numbers!(I64, i64, i64),
            (b'u', 2) => numbers!(U32, u32, u16),
            (b'u', 4) => numbers!(U32, u32, u32),
            (b'u', 8) => numbers!(U64, u64, u64),
            // Booleans are bytes of 0 and 1.
            _ => numbers!(U8, u8, u8),
        })
    }

    /// The numbers, a piece at a time: no copy of the bytes is kept, and what a
    /// broken header claims is not filled before it arrives.
    fn pieces<T>(
        &self,
        r: &mut impl Read,
        n: usize,
        one: impl Fn(&[u8]) -> T,
    ) -> Result<Vec<T>, String> {
        let mut numbers = Vec::new();
        let no_room = |_| format!("needs more memory than there is ({} values)", grouped(n as u64));
        numbers.try_reserve_exact(n).map_err(no_room)?;
        let mut piece = vec![0; PIECE - PIECE % self.size];
        while numbers.len() < n {
            let bytes = piece.len().min((n - numbers.len()) * self.size);
            let got = fill_from(r, &mut piece[..bytes])?;
            if got < bytes {
                let wanted = grouped(n as u64 * self.size as u64);
                let there = grouped((numbers.len() * self.size + got) as u64);
                return Err(format!("should have {wanted} bytes of numbers and has {there}"));
            }
            numbers.extend(piece[..bytes].chunks_exact(self.size).map(&one));
        }
        // One byte more shows whether there is too much.
        if fill_from(r, &mut [0; 1])? > 0 {
            let wanted = grouped(n as u64 * self.size as u64);
            return Err(format!("should have {wanted} bytes of numbers and has more"));
        }
        Ok(numbers)
    }
}

/// Reads until the buffer is full or there is no more.
fn fill_from(r: &mut impl Read, buffer: &mut [u8]) -> Result<usize, String> {
    let mut got = 0;
    while got < buffer.len() {
        match r.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(format!("is damaged ({e})")),
        }
    }
    Ok(got)
}

/// Reorders from Fortran's order (the first index runs fastest) to C's.
fn to_c_order(values: Values, shape: &[usize]) -> Values {
    fn reordered<T: Copy>(values: &[T], shape: &[usize]) -> Vec<T> {
        let mut out = Vec::with_capacity(values.len());
        let mut index = vec![0usize; shape.len()];
        for _ in 0..values.len() {
            let at = index.iter().zip(shape).rev().fold(0, |at, (i, d)| at * d + i);
            out.push(values[at]);
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
    match values {
        Values::F32(v) => Values::F32(reordered(&v, shape)),
        Values::F64(v) => Values::F64(reordered(&v, shape)),
        Values::I32(v) => Values::I32(reordered(&v, shape)),
        Values::I64(v) => Values::I64(reordered(&v, shape)),
        Values::U8(v) => Values::U8(reordered(&v, shape)),
        Values::U32(v) => Values::U32(reordered(&v, shape)),
        Values::U64(v) => Values::U64(reordered(&v, shape)),
    }
}

#[cfg(test)]
#[path = "npz_tests.rs"]
mod tests;
