//! Grey films as GIF (version 89a), which every viewer and browser plays.

use std::io::Write;
use std::path::Path;

use crate::core::files::{WriteError, write_whole};

/// Codes that say: forget all strings; the end.
const CLEAR: u16 = 256;
const END: u16 = 257;
/// There are no more codes than these.
const MOST_CODES: u16 = 4096;
/// Bytes of a block of data.
const BLOCK: usize = 255;

/// Writes frames of `width` × `height` grey bytes, row by row, as a film that begins
/// anew when it ends, whole or not at all. Each frame stays for so many hundredths of a
/// second.
///
/// # Errors
/// [`WriteError`].
pub fn write(
    path: &Path,
    [width, height]: [u16; 2],
    frames: &[(Vec<u8>, u16)],
) -> Result<(), WriteError> {
    write_whole(path, |file| {
        let size = [width.to_le_bytes(), height.to_le_bytes()].concat();
        file.write_all(b"GIF89a")?;
        file.write_all(&size)?;
        // A table of 256 greys, 8 bits deep.
        file.write_all(&[0xF7, 0, 0])?;
        for grey in 0..=255u8 {
            file.write_all(&[grey; 3])?;
        }
        // Over and over.
        file.write_all(b"\x21\xFF\x0BNETSCAPE2.0\x03\x01\0\0\0")?;
        for (pixels, hundredths) in frames {
            file.write_all(&[0x21, 0xF9, 4, 0])?;
            file.write_all(&hundredths.to_le_bytes())?;
            file.write_all(&[0, 0, 0x2C, 0, 0, 0, 0])?;
            file.write_all(&size)?;
            file.write_all(&[0, 8])?;
            for block in compressed(pixels).chunks(BLOCK) {
                file.write_all(&[block.len() as u8])?;
                file.write_all(block)?;
            }
            file.write_all(&[0])?;
        }
        file.write_all(&[0x3B])
    })
}

/// Bits, the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, code: u16, width: u32) {
        self.held |= u32::from(code) << self.count;
        self.count += width;
        while self.count >= 8 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.held as u8);
        }
        self.bytes
    }
}

/// By Lempel, Ziv and Welch's method, as GIF has it.
fn compressed(pixels: &[u8]) -> Vec<u8> {
    let mut bits = Bits::default();
    let mut known = std::collections::HashMap::new();
    let (mut next, mut width) = (END + 1, 9);
    bits.push(CLEAR, width);
    let mut all = pixels.iter();
    let Some(mut string) = all.next().map(|v| u16::from(*v)) else {
        bits.push(END, width);
        return bits.finish();
    };
    for v in all {
        if let Some(longer) = known.get(&(string, *v)) {
            string = *longer;
            continue;
        }
        bits.push(string, width);
        if next == MOST_CODES {
            bits.push(CLEAR, width);
            known.clear();
            (next, width) = (END + 1, 9);
        } else {
            known.insert((string, *v), next);
            // The reader learns a string one code later.
            if next == 1 << width {
                width += 1;
            }
            next += 1;
        }
        string = u16::from(*v);
    }
    bits.push(string, width);
    // The reader adds a string here, too, and may widen its codes.
    if next == 1 << width && width < 12 {
        width += 1;
    }
    bits.push(END, width);
    bits.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads codes as a viewer does.
    fn unpacked(bytes: &[u8]) -> Vec<u8> {
        let (mut at, mut width) = (0usize, 9usize);
        let mut strings: Vec<Vec<u8>> = Vec::new();
        let (mut out, mut last): (Vec<u8>, Option<Vec<u8>>) = (Vec::new(), None);
        loop {
            let code = (0..width).fold(0usize, |code, bit| {
                let place = at + bit;
                code | usize::from(bytes[place / 8] >> (place % 8) & 1) << bit
            });
            at += width;
            if code == usize::from(CLEAR) {
                strings.clear();
                (width, last) = (9, None);
                continue;
            }
            if code == usize::from(END) {
                return out;
            }
            let entry = match code {
                0..=255 => vec![code as u8],
                code if code - 258 < strings.len() => strings[code - 258].clone(),
                _ => {
                    let mut entry = last.clone().unwrap();
                    entry.push(entry[0]);
                    entry
                }
            };
            if let Some(mut before) = last {
                if strings.len() < 4096 - 258 {
                    before.push(entry[0]);
                    strings.push(before);
                }
                if strings.len() + 258 == 1 << width && width < 12 {
                    width += 1;
                }
            }
            out.extend_from_slice(&entry);
            last = Some(entry);
        }
    }

    #[test]
    fn a_reader_gets_every_pixel_back() {
        let mut rng = crate::core::rng::Rng::stream(1, "gif", 0);
        for len in [0usize, 1, 2, 3, 255, 256, 257, 5000, 40_000] {
            for kinds in [1usize, 2, 7, 256] {
                let pixels: Vec<u8> = (0..len).map(|_| rng.below(kinds) as u8).collect();
                assert_eq!(unpacked(&compressed(&pixels)), pixels, "{len} {kinds}");
            }
        }
    }
}
