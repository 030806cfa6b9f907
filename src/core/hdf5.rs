//! HDF5 files of other programs, read within bounds: NIR graphs, tables of spikes.

use std::path::Path;

use hdf5_pure::{AttrValue, DType, Dataset, File, VlenStringReadOptions};

use super::files::read_limited;
use super::panics::caught;
use super::text::grouped;

/// Most groups or arrays in a group.
const MOST_MEMBERS: usize = 4096;
/// Most characters of all texts of an array, and most texts.
const MOST_TEXT: usize = 1 << 20;
const MOST_TEXTS: usize = 1 << 16;

/// Most bytes of a piece that an array is stored in: it is unpacked whole, however few of
/// its numbers there are.
const MOST_CHUNK: u64 = 256 << 20;

/// A file, in memory.
pub struct Tree {
    file: File,
}

/// Numbers in a shape; the last axis runs fastest. A single number has no axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Numbers {
    pub shape: Vec<usize>,
    pub values: Vec<f64>,
}

/// Whether a file begins as HDF5 files do.
pub fn is(start: &[u8]) -> bool {
    start.starts_with(b"\x89HDF\r\n\x1a\n")
}

impl Tree {
    /// Opens a file of at most `most` bytes.
    ///
    /// # Errors
    /// A clause that follows the name of the file.
    pub fn open(path: &Path, most: u64) -> Result<Self, String> {
        Self::from_bytes(read_limited(path, most).map_err(|e| e.to_string())?)
    }

    /// The same of bytes.
    ///
    /// # Errors
    /// A clause that follows the name of the file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, String> {
        if !is(&bytes) {
            return Err("it is no HDF5 file".into());
        }
        let file = sound(|| File::from_bytes(bytes))?;
        Ok(Self { file })
    }

    /// Names of the groups in a group; the root is `/`.
    ///
    /// # Errors
    /// When it is no group, damaged, or holds too many.
    pub fn groups(&self, group: &str) -> Result<Vec<String>, String> {
        few(group, sound(|| self.file.group(group)?.groups())?)
    }

    /// Names of the arrays in a group.
    ///
    /// # Errors
    /// When it is no group, damaged, or holds too many.
    pub fn arrays(&self, group: &str) -> Result<Vec<String>, String> {
        few(group, sound(|| self.file.group(group)?.datasets())?)
    }

    /// Whether there is an array of this path.
    pub fn has(&self, path: &str) -> bool {
        sound(|| self.file.dataset(path)).is_ok()
    }

    /// Numbers of any type, at most `most` of them.
    ///
    /// # Errors
    /// Names the array and what is wrong with it.
    pub fn numbers(&self, path: &str, most: usize) -> Result<Numbers, String> {
        let array = sound(|| self.file.dataset(path))?;
        let shape = shape(path, &array, most)?;
        if matches!(sound(|| array.dtype())?, DType::String | DType::VariableLengthString) {
            return Err(format!("its array `{path}` holds text where numbers should be"));
        }
        let values = sound(|| array.read_f64()).map_err(|e| format!("its array `{path}`: {e}"))?;
        Ok(Numbers { values: whole(path, values, &shape)?, shape })
    }

    /// Whole numbers that are not negative, such as numbers of neurons, without loss.
    ///
    /// # Errors
    /// Names the array and what is wrong with it.
    pub fn counts(&self, path: &str, most: usize) -> Result<Vec<u64>, String> {
        let array = sound(|| self.file.dataset(path))?;
        let shape = shape(path, &array, most)?;
        let signed = match sound(|| array.dtype())? {
            DType::I8 | DType::I16 | DType::I32 | DType::I64 => true,
            DType::U8 | DType::U16 | DType::U32 | DType::U64 => false,
            other => return Err(format!("its array `{path}` holds {other}, not whole numbers")),
        };
        let values = if signed {
            let values = sound(|| array.read_i64())?;
            let all = values.iter().map(|v| u64::try_from(*v).map_err(|_| *v));
            all.collect::<Result<Vec<u64>, i64>>()
                .map_err(|v| format!("its array `{path}` holds {v}, which is negative"))?
        } else {
            sound(|| array.read_u64())?
        };
        whole(path, values, &shape)
    }

    /// Texts of an array, with its shape.
    ///
    /// # Errors
    /// Names the array and what is wrong with it.
    pub fn texts(&self, path: &str) -> Result<(Vec<usize>, Vec<String>), String> {
        let array = sound(|| self.file.dataset(path))?;
        let shape = shape(path, &array, MOST_TEXTS)?;
        let size = sound(|| array.element_size())?;
        let all = match sound(|| array.dtype())? {
            DType::VariableLengthString => sound(|| {
                let options = VlenStringReadOptions::new().with_max_elements(MOST_TEXTS);
                array.read_vlen_strings(options.with_max_payload_bytes(MOST_TEXT))
            }),
            // Each has the same length.
            DType::String
                if size <= (MOST_TEXT / shape.iter().product::<usize>().max(1)) as u64 =>
            {
                sound(|| array.read_string())
            }
            _ => Err("it holds no text, or too much of it".into()),
        };
        let all = all.map_err(|e| format!("its array `{path}`: {e}"))?;
        Ok((shape.clone(), whole(path, all, &shape)?))
    }

    /// A text that is noted at an array.
    pub fn remark(&self, path: &str, name: &str) -> Option<String> {
        let attributes = sound(|| self.file.dataset(path)?.attrs()).ok()?;
        match attributes.get(name)? {
            AttrValue::String(text)
            | AttrValue::AsciiString(text)
            | AttrValue::VarLenString(text)
            | AttrValue::VarLenAsciiString(text) => Some(text.clone()),
            AttrValue::StringSized { value, .. } | AttrValue::AsciiStringSized { value, .. } => {
                Some(value.clone())
            }
            _ => None,
        }
    }

    /// A single text.
    ///
    /// # Errors
    /// Names the array and what is wrong with it.
    pub fn text(&self, path: &str) -> Result<String, String> {
        let (_, texts) = self.texts(path)?;
        texts.into_iter().next().ok_or_else(|| format!("its text `{path}` is empty"))
    }
}

/// As many values as the shape says.
fn whole<T>(path: &str, values: Vec<T>, shape: &[usize]) -> Result<Vec<T>, String> {
    if values.len() != shape.iter().product::<usize>() {
        return Err(format!("its array `{path}` is not whole"));
    }
    Ok(values)
}

/// The shape of an array of at most `most` numbers.
fn shape(path: &str, array: &Dataset, most: usize) -> Result<Vec<usize>, String> {
    let shape = sound(|| array.shape())?;
    let all = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
    let chunk = match sound(|| array.chunk_shape())? {
        None if array.is_chunked() => return Err("it is damaged (pieces without a shape)".into()),
        chunk => chunk.unwrap_or_default(),
    };
    let size = sound(|| array.element_size())?;
    let bytes = chunk.iter().try_fold(size, |n, d| n.checked_mul(*d));
    if bytes.is_none_or(|bytes| bytes > MOST_CHUNK) {
        return Err(format!(
            "its array `{path}` is stored in pieces of {chunk:?}, too large to be unpacked"
        ));
    }
    match all {
        Some(n) if n <= most as u64 && shape.len() <= 8 => {
            Ok(shape.iter().map(|d| *d as usize).collect())
        }
        _ => Err(format!(
            "its array `{path}` has the shape {shape:?}, and {} numbers are the most that are read",
            grouped(most as u64)
        )),
    }
}

fn few(group: &str, names: Vec<String>) -> Result<Vec<String>, String> {
    if names.len() > MOST_MEMBERS {
        return Err(format!("its group `{group}` holds more than {MOST_MEMBERS} things"));
    }
    Ok(names)
}

/// Damaged files are errors, whatever the decoder makes of them.
fn sound<T>(work: impl FnOnce() -> Result<T, hdf5_pure::Error>) -> Result<T, String> {
    caught(work).map_err(|panic| format!("it is damaged ({panic})"))?.map_err(|e| e.to_string())
}
