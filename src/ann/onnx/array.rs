//! Constants of a graph.

use half::{bf16, f16};

use super::proto::{self, Tensor};
use super::{quoted, times};

/// Most axes.
const MOST_AXES: usize = 8;

/// Numbers in a shape; the last axis runs fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    pub dims: Vec<usize>,
    pub numbers: Numbers,
}

/// What an array holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    Floats(Vec<f32>),
    /// Whole numbers and truth values.
    Whole(Vec<i64>),
    Text(Vec<String>),
}

/// The number of elements; `None` when there are more than any file holds.
pub fn count(dims: &[usize]) -> Option<usize> {
    let all = dims.iter().try_fold(1usize, |n, d| n.checked_mul(*d))?;
    (all <= proto::MOST_BYTES).then_some(all)
}

impl Array {
    pub fn floats(dims: Vec<usize>, values: Vec<f32>) -> Self {
        Self { dims, numbers: Numbers::Floats(values) }
    }

    pub fn whole(values: Vec<i64>) -> Self {
        Self { dims: vec![values.len()], numbers: Numbers::Whole(values) }
    }

    pub fn len(&self) -> usize {
        match &self.numbers {
            Numbers::Floats(v) => v.len(),
            Numbers::Whole(v) => v.len(),
            Numbers::Text(v) => v.len(),
        }
    }

    /// As floats, finite ones.
    pub fn as_floats(&self) -> Result<Vec<f32>, String> {
        match &self.numbers {
            Numbers::Floats(v) => match v.iter().find(|v| !v.is_finite()) {
                Some(bad) => Err(format!("one of its weights is {bad}")),
                None => Ok(v.clone()),
            },
            Numbers::Whole(v) => Ok(v.iter().map(|v| *v as f32).collect()),
            Numbers::Text(_) => Err("text stands where numbers should".into()),
        }
    }

    /// As whole numbers: shapes, axes, places.
    pub fn as_whole(&self) -> Result<&[i64], String> {
        match &self.numbers {
            Numbers::Whole(v) => Ok(v),
            _ => Err("whole numbers are needed".into()),
        }
    }
}

/// A tensor of the file; `beside` gives other files.
pub fn of(
    tensor: &mut Tensor,
    beside: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Array, String> {
    if tensor.dims.len() > MOST_AXES {
        return Err(format!("it has more than {MOST_AXES} axes"));
    }
    let dims = tensor.dims.iter().map(|d| usize::try_from(*d).ok()).collect::<Option<Vec<_>>>();
    let dims = dims.ok_or("its shape has a negative length")?;
    let wanted = count(&dims).ok_or("it is too large")?;
    let mut raw = tensor.raw_data.take();
    if tensor.data_location == Some(1) {
        raw = Some(external(tensor, beside)?);
    }
    let numbers = numbers(tensor, raw.as_deref())?;
    let array = Array { dims, numbers };
    if array.len() != wanted {
        return Err(format!(
            "it holds {} numbers, but its shape is {}",
            array.len(),
            times(&array.dims)
        ));
    }
    Ok(array)
}

fn numbers(tensor: &mut Tensor, raw: Option<&[u8]>) -> Result<Numbers, String> {
    use proto::data::*;
    let take = std::mem::take::<Vec<f32>>;
    Ok(match (tensor.data_type.unwrap_or_default(), raw) {
        (FLOAT, Some(raw)) => Numbers::Floats(each(raw, f32::from_le_bytes)),
        (FLOAT, None) => Numbers::Floats(take(&mut tensor.float_data)),
        (DOUBLE, Some(raw)) => Numbers::Floats(each(raw, |b| f64::from_le_bytes(b) as f32)),
        (DOUBLE, None) => Numbers::Floats(tensor.double_data.iter().map(|v| *v as f32).collect()),
        (FLOAT16, Some(raw)) => Numbers::Floats(each(raw, |b| f16::from_le_bytes(b).to_f32())),
        (FLOAT16, None) => {
            let bits = tensor.int32_data.iter().map(|v| f16::from_bits(*v as u16).to_f32());
            Numbers::Floats(bits.collect())
        }
        (BFLOAT16, Some(raw)) => Numbers::Floats(each(raw, |b| bf16::from_le_bytes(b).to_f32())),
        (INT64, Some(raw)) => Numbers::Whole(each(raw, i64::from_le_bytes)),
        (INT64, None) => Numbers::Whole(std::mem::take(&mut tensor.int64_data)),
        (INT32, Some(raw)) => Numbers::Whole(each(raw, |b| i64::from(i32::from_le_bytes(b)))),
        (UINT8 | BOOL, Some(raw)) => Numbers::Whole(raw.iter().map(|b| i64::from(*b)).collect()),
        (INT8, Some(raw)) => Numbers::Whole(each(raw, |[b]| i64::from(b as i8))),
        (INT32 | UINT8 | INT8 | BOOL, None) => {
            Numbers::Whole(tensor.int32_data.iter().map(|v| i64::from(*v)).collect())
        }
        (STRING, _) => {
            let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
            Numbers::Text(tensor.string_data.iter().map(text).collect())
        }
        (other, _) => {
            return Err(format!(
                "its numbers are of a kind that is not read (number {other} of ONNX's list); 32-bit floats are"
            ));
        }
    })
}

/// Numbers of so many bytes each; a rest that is none is left to the check of the length.
fn each<const N: usize, T>(raw: &[u8], number: impl Fn([u8; N]) -> T) -> Vec<T> {
    raw.as_chunks().0.iter().map(|bytes| number(*bytes)).collect()
}

/// The bytes that are kept in another file.
fn external(
    tensor: &Tensor,
    beside: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, String> {
    let entry = |key: &str| {
        let found = tensor.external_data.iter().find(|e| e.key.as_deref() == Some(key));
        found.and_then(|e| e.value.as_deref())
    };
    let name = entry("location").ok_or("its file is not named")?;
    let plain = |c: char| !c.is_control() && !"/\\:".contains(c);
    if name.len() > 255 || name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(format!(
            "its weights are to be in {}, which is no file beside it",
            quoted(name)
        ));
    }
    let number = |key: &str| entry(key).map(str::parse::<usize>).transpose();
    let wrong = |_| "where its weights begin in their file cannot be read".to_owned();
    let (offset, length) = (number("offset").map_err(wrong)?, number("length").map_err(wrong)?);
    let bytes = beside(name)
        .map_err(|e| format!("its weights are in a second file, {}: {e}", quoted(name)))?;
    let from = bytes.get(offset.unwrap_or(0)..);
    let part = from.and_then(|from| length.map_or(Some(from), |n| from.get(..n)));
    part.map(<[u8]>::to_vec)
        .ok_or_else(|| format!("its weights are in {}, which is too short", quoted(name)))
}

impl Array {
    /// Whether it holds the texts `0` to `9`.
    pub fn is_digits(&self) -> bool {
        match &self.numbers {
            Numbers::Text(texts) => texts.iter().enumerate().all(|(i, t)| *t == i.to_string()),
            _ => false,
        }
    }
}
