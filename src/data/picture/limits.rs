//! How much an image may cost to read, checked before anything is unpacked.

use std::io::{Read, Seek, SeekFrom};

/// Larger files are refused.
pub const MOST_BYTES: u64 = 24 << 20;
/// More pixels than this are refused.
pub const MOST_PIXELS: u64 = 100_000_000;
/// Pictures whose decoder needs more memory than this are refused: 32
/// megapixels in colour with 8 bits, 10 in a progressive JPEG.
pub const MOST_MEMORY: u64 = 96 << 20;
/// What a PNG's decoder may hold beside the picture: a row, a colour profile.
pub(super) const MOST_EXTRAS: u64 = 16 << 20;
/// Segments of a JPEG's header that are looked at.
const MOST_SEGMENTS: usize = 10_000;

/// Bytes that a JPEG decoder holds for the coefficients of the whole picture:
/// all of them if it is progressive, or if its colours come one after the
/// other; else 0. Also 0 for what is no JPEG. Leaves the reader at the start.
pub(super) fn coefficients(reader: &mut (impl Read + Seek)) -> std::io::Result<u64> {
    reader.seek(SeekFrom::Start(0))?;
    let found = headers(reader);
    reader.seek(SeekFrom::Start(0))?;
    match found {
        // The decoder itself tells what is wrong with a file that ends here.
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(0),
        found => found,
    }
}

/// Whether a JPEG ends before its end marker. Its decoder fills up what is missing
/// and says nothing. Leaves the reader at the start.
pub(super) fn is_cut_short(reader: &mut (impl Read + Seek)) -> std::io::Result<bool> {
    reader.seek(SeekFrom::Start(0))?;
    let found = has_an_end(reader);
    reader.seek(SeekFrom::Start(0))?;
    match found {
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => Ok(true),
        found => found.map(|end| !end),
    }
}

/// Whether an end marker follows the first scan; also `true` for what is no JPEG.
fn has_an_end(reader: &mut (impl Read + Seek)) -> std::io::Result<bool> {
    let mut pair = [0; 2];
    if reader.read(&mut pair)? < 2 || pair != [0xFF, 0xD8] {
        return Ok(true);
    }
    // Segments may hold a small picture with an end of its own: they are skipped.
    for _ in 0..MOST_SEGMENTS {
        match next_marker(reader)? {
            0x01 | 0xD0..=0xD8 => {}
            0xD9 => return Ok(true),
            0xDA => {
                // A scan is as long as it is; the file has a bound.
                while next_marker(reader)? != 0xD9 {}
                return Ok(true);
            }
            _ => {
                reader.read_exact(&mut pair)?;
                let length = u16::from_be_bytes(pair).saturating_sub(2);
                reader.seek(SeekFrom::Current(i64::from(length)))?;
            }
        }
    }
    // Its decoder will say what is wrong with so many segments.
    Ok(true)
}

fn headers(reader: &mut (impl Read + Seek)) -> std::io::Result<u64> {
    let mut pair = [0; 2];
    reader.read_exact(&mut pair)?;
    if pair != [0xFF, 0xD8] {
        return Ok(0);
    }
    let (mut frame, mut components, mut progressive) = (0, 0, false);
    for _ in 0..MOST_SEGMENTS {
        let marker = next_marker(reader)?;
        match marker {
            // Without a length.
            0x01 | 0xD0..=0xD8 => continue,
            0xD9 => break,
            _ => {}
        }
        reader.read_exact(&mut pair)?;
        let length = u16::from_be_bytes(pair).saturating_sub(2);
        match marker {
            // Start of frame: baseline, extended, progressive.
            0xC0..=0xC2 => {
                let mut body = vec![0; usize::from(length)];
                reader.read_exact(&mut body)?;
                frame = frame_coefficients(&body).max(frame);
                components = body.get(5).copied().unwrap_or(0);
                progressive |= marker == 0xC2;
            }
            // Start of scan.
            0xDA => {
                reader.read_exact(&mut pair[..1])?;
                let apart = pair[0] < components;
                return Ok(if progressive || apart { frame } else { 0 });
            }
            _ => {
                reader.seek(SeekFrom::Current(i64::from(length)))?;
            }
        }
    }
    Ok(if progressive { frame } else { 0 })
}

/// Skips to the next marker and gives its second byte.
fn next_marker(reader: &mut impl Read) -> std::io::Result<u8> {
    let mut byte = [0];
    let mut before = 0;
    loop {
        reader.read_exact(&mut byte)?;
        if before == 0xFF && byte[0] != 0 && byte[0] != 0xFF {
            return Ok(byte[0]);
        }
        before = byte[0];
    }
}

/// Two bytes for each coefficient, every component padded to whole units.
fn frame_coefficients(body: &[u8]) -> u64 {
    let at = |i: usize| u64::from(body.get(i).copied().unwrap_or(0));
    let (height, width) = (at(1) << 8 | at(2), at(3) << 8 | at(4));
    let sampling: Vec<(u64, u64)> = (0..at(5).min(4) as usize)
        .map(|i| at(7 + 3 * i))
        .map(|hv| ((hv >> 4).clamp(1, 4), (hv & 15).clamp(1, 4)))
        .collect();
    let most = |of: fn(&(u64, u64)) -> u64| sampling.iter().map(of).max().unwrap_or(1);
    let units = width.div_ceil(8 * most(|s| s.0)) * height.div_ceil(8 * most(|s| s.1));
    sampling.iter().map(|(h, v)| units * h * v * 128).sum()
}
