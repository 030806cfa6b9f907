//! Weights and updates as bytes.
//!
//! **Weights** are rounded to half precision (IEEE 754 binary16; larger than
//! ±65504 becomes that) and numbered by size ([`order`]), so that neighbours
//! differ by one. A snapshot keeps the differences of these numbers from its
//! keyframe's (a keyframe: from zero), folded so that small ones of either sign
//! are small (0, −1, 1, −2, …), all low bytes and then all high bytes, because the
//! high bytes are nearly all zero. Each half is compressed by deflate (RFC 1951)
//! where that helps:
//!
//! `method u8 (0 as it is, 1 deflate), length u32, bytes` — twice.
//!
//! **The last update** is kept as a picture is: of each array the largest
//! magnitude `m` as `f32`, then for each number `63·sign·√(|Δ|/m)` rounded to a
//! byte, everything deflated. That is right within 1.7 % of the largest, and finer
//! near zero.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use half::f16;

/// Levels of an update's magnitude.
const LEVELS: f32 = 63.0;

/// The half-precision number nearest to `value`, numbered by size: 0 is zero, 1
/// the smallest positive, −1 the largest negative.
pub fn order(value: f32) -> i16 {
    let most = f16::MAX.to_f32();
    let bits = f16::from_f32(value.clamp(-most, most)).to_bits();
    let size = (bits & 0x7fff) as i16;
    if bits & 0x8000 == 0 { size } else { -size }
}

/// The number of this [`order`].
pub fn number(order: i16) -> f32 {
    let sign = if order < 0 { 0x8000 } else { 0 };
    f16::from_bits(order.unsigned_abs() | sign).to_f32()
}

/// Numbers as differences from `base`, or from zero.
pub fn encode(orders: &[i16], base: Option<&[i16]>) -> Vec<u8> {
    let mut low = Vec::with_capacity(orders.len());
    let mut high = Vec::with_capacity(orders.len());
    let fold = |d: i16| ((d << 1) ^ (d >> 15)) as u16;
    let mut add = |d: i16| {
        let [l, h] = fold(d).to_le_bytes();
        low.push(l);
        high.push(h);
    };
    match base {
        Some(base) => orders.iter().zip(base).for_each(|(o, b)| add(o.wrapping_sub(*b))),
        None => orders.iter().copied().for_each(add),
    }
    let mut bytes = Vec::with_capacity(2 * orders.len());
    for half in [low, high] {
        let packed = if is_noise(&half) { half.clone() } else { deflate(&half) };
        let (method, half) = if packed.len() < half.len() { (1, packed) } else { (0, half) };
        bytes.push(method);
        bytes.extend((half.len() as u32).to_le_bytes());
        bytes.extend(half);
    }
    bytes
}

/// The reverse of [`encode`], for `n` numbers.
///
/// # Errors
/// What is wrong with the bytes.
pub fn decode(bytes: &[u8], n: usize, base: Option<&[i16]>) -> Result<Vec<i16>, String> {
    if base.is_some_and(|b| b.len() != n) {
        return Err("it does not fit its keyframe".into());
    }
    let mut rest = bytes;
    let mut half = || -> Result<Vec<u8>, String> {
        let (head, after) = rest.split_at_checked(5).ok_or("it is cut off")?;
        let len = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (body, after) = after.split_at_checked(len).ok_or("it is cut off")?;
        rest = after;
        match head[0] {
            0 if len == n => Ok(body.to_vec()),
            1 => inflate(body, n),
            _ => Err("it is packed in an unknown way".into()),
        }
    };
    let (low, high) = (half()?, half()?);
    let unfold = |l: u8, h: u8| {
        let folded = u16::from_le_bytes([l, h]);
        (folded >> 1) as i16 ^ -((folded & 1) as i16)
    };
    let differences = low.iter().zip(&high).map(|(l, h)| unfold(*l, *h));
    Ok(match base {
        Some(base) => differences.zip(base).map(|(d, b)| d.wrapping_add(*b)).collect(),
        None => differences.collect(),
    })
}

/// An update, array by array.
pub fn encode_update(update: &[f32], lengths: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(update.len() + 4 * lengths.len());
    let mut from = 0;
    for len in lengths {
        let array = &update[from..from + len];
        from += len;
        let most = array.iter().fold(0f32, |m, d| m.max(d.abs()));
        bytes.extend(most.to_le_bytes());
        let scale = if most > 0.0 { 1.0 / most } else { 0.0 };
        bytes.extend(array.iter().map(|d| {
            let level = (LEVELS * (d.abs() * scale).sqrt()).round() as i8;
            (if *d < 0.0 { -level } else { level }) as u8
        }));
    }
    deflate(&bytes)
}

/// The reverse of [`encode_update`].
///
/// # Errors
/// What is wrong with the bytes.
pub fn decode_update(bytes: &[u8], lengths: &[usize]) -> Result<Vec<f32>, String> {
    let n: usize = lengths.iter().sum();
    let bytes = inflate(bytes, n + 4 * lengths.len())?;
    let mut rest = &bytes[..];
    let mut update = Vec::with_capacity(n);
    for len in lengths {
        let (head, after) = rest.split_at(4);
        let (array, after) = after.split_at(*len);
        rest = after;
        let most = f32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        update.extend(array.iter().map(|b| {
            let level = f32::from(*b as i8) / LEVELS;
            level * level.abs() * most
        }));
    }
    Ok(update)
}

/// Whether a sample from the middle cannot be compressed: then all of it is not
/// worth trying. Low bytes mostly are noise, and trying would take half the time.
fn is_noise(bytes: &[u8]) -> bool {
    const SAMPLE: usize = 1 << 15;
    let from = (bytes.len() / 2).saturating_sub(SAMPLE / 2);
    let sample = &bytes[from..(from + SAMPLE).min(bytes.len())];
    bytes.len() > 2 * SAMPLE && deflate(sample).len() * 32 > sample.len() * 31
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut packer = DeflateEncoder::new(Vec::with_capacity(bytes.len()), Compression::fast());
    // Writing to memory does not fail; should it, the bytes go as they are.
    packer.write_all(bytes).and_then(|()| packer.finish()).unwrap_or_else(|_| bytes.to_vec())
}

/// Exactly `n` bytes; no more memory than that, whatever the bytes say.
fn inflate(bytes: &[u8], n: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(n);
    let read = DeflateDecoder::new(bytes).take(n as u64 + 1).read_to_end(&mut out);
    match read {
        Ok(len) if len == n => Ok(out),
        Ok(_) => Err("it has another length than it says".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn weights_come_back_within_half_precision(
            pairs in prop::collection::vec((-70000f32..70000.0, -3f32..3.0, -14i32..3), 0..200)
        ) {
            let scaled = |p: &(f32, f32, i32)| p.1 * 2f32.powi(p.2);
            let values: Vec<f32> =
                pairs.iter().flat_map(|p| [p.0, scaled(p), -scaled(p) * 0.01, 0.0]).collect();
            let key: Vec<i16> = values.iter().rev().map(|v| order(*v)).collect();
            let orders: Vec<i16> = values.iter().map(|v| order(*v)).collect();
            for base in [None, Some(&key[..])] {
                let back = decode(&encode(&orders, base), values.len(), base).unwrap();
                for (v, o) in values.iter().zip(back) {
                    let most = f16::MAX.to_f32();
                    prop_assert_eq!(number(o), f16::from_f32(v.clamp(-most, most)).to_f32());
                }
            }
        }

        #[test]
        fn broken_bytes_are_refused_and_never_trusted(
            bytes in prop::collection::vec(any::<u8>(), 0..300), n in 0usize..5000
        ) {
            let _ = decode(&bytes, n, None);
            let _ = decode_update(&bytes, &[n, 3]);
        }

        #[test]
        fn an_update_comes_back_to_within_its_levels(
            update in prop::collection::vec(-1e-3f32..1e-3, 1..300)
        ) {
            let lengths = [update.len() / 2, update.len() - update.len() / 2];
            let back = decode_update(&encode_update(&update, &lengths), &lengths).unwrap();
            prop_assert_eq!(back.len(), update.len());
            let (first, second) = update.split_at(lengths[0]);
            let most = |a: &[f32]| a.iter().fold(0f32, |m, d| m.max(d.abs()));
            for (i, (d, b)) in update.iter().zip(&back).enumerate() {
                let m = if i < lengths[0] { most(first) } else { most(second) };
                prop_assert!((d - b).abs() <= 0.0170 * m, "{d} {b} {m}");
            }
        }
    }

    #[test]
    fn numbers_are_in_the_order_of_their_size() {
        let sizes = [-65504.0, -1.0, -6e-8, 0.0, 6e-8, 1e-3, 1.0, 65504.0];
        assert!(sizes.windows(2).all(|w| order(w[0]) < order(w[1])));
        assert_eq!((order(0.0), order(-0.0), order(1e9)), (0, 0, order(65504.0)));
    }

    #[test]
    fn weights_that_hardly_move_take_a_fraction_of_their_half_precision() {
        let mut rng = crate::core::rng::Rng::stream(1, "codec", 0);
        let values: Vec<f32> = (0..20_000).map(|_| rng.normal() * 0.05).collect();
        let key: Vec<i16> = values.iter().map(|v| order(*v)).collect();
        let moved: Vec<i16> =
            values.iter().map(|v| order(v * (1.0 + 0.01 * rng.normal()))).collect();
        let bytes = encode(&moved, Some(&key)).len();
        assert!(bytes < 20_000, "{bytes} for {} of half precision", 40_000);
    }
}
