//! Photos with more in them than one digit.

use image::{DynamicImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage};

use super::tests::{correlation, distance};
use super::*;
use crate::data::strokes::{Framing, to_pixels};
use crate::data::{perturb, synthetic};

/// Width of the pen as a share of the digit.
const PEN: f32 = 0.1;
const PAPER: [u8; 3] = [225, 225, 225];
const INK: [u8; 3] = [35, 35, 40];

/// A sheet on which lines are drawn.
struct Sheet(RgbImage);

impl Sheet {
    fn new(width: u32, height: u32) -> Self {
        Self(RgbImage::from_pixel(width, height, Rgb(PAPER)))
    }

    fn line(&mut self, from: [f32; 2], to: [f32; 2], width: f32, colour: [u8; 3]) {
        // Only what is near the line.
        let ends = |k: usize, most: u32| {
            let (low, high) = (from[k].min(to[k]) - width, from[k].max(to[k]) + width);
            (low.max(0.0) as u32).min(most)..(high.max(0.0) as u32 + 1).min(most)
        };
        let (columns, rows) = (ends(0, self.0.width()), ends(1, self.0.height()));
        for (x, y) in rows.flat_map(|y| columns.clone().map(move |x| (x, y))) {
            let off = distance([x as f32 + 0.5, y as f32 + 0.5], from, to);
            let share = (width / 2.0 + 0.5 - off).clamp(0.0, 1.0);
            for (value, ink) in self.0.get_pixel_mut(x, y).0.iter_mut().zip(colour) {
                *value = (f32::from(*value) * (1.0 - share) + f32::from(ink) * share) as u8;
            }
        }
    }

    /// A digit `size` high or wide, its corner at `at`.
    fn digit(&mut self, strokes: &[crate::data::Stroke], at: [f32; 2], size: f32, colour: [u8; 3]) {
        let all = || strokes.iter().flatten();
        let low = [0, 1].map(|k| all().map(|p| p[k]).fold(f32::MAX, f32::min));
        let high = [0, 1].map(|k| all().map(|p| p[k]).fold(f32::MIN, f32::max));
        let scale = size * (1.0 - PEN) / (high[0] - low[0]).max(high[1] - low[1]);
        let place = |p: &[f32; 2]| -> [f32; 2] {
            std::array::from_fn(|k| at[k] + (p[k] - low[k]) * scale + size * PEN / 2.0)
        };
        for stroke in strokes {
            for pair in stroke.windows(2) {
                self.line(place(&pair[0]), place(&pair[1]), size * PEN, colour);
            }
        }
    }

    fn frame(&mut self, [x0, y0, x1, y1]: [f32; 4], tilt: f32, open: f32, width: f32) {
        let (mx, my) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
        let turn = |x: f32, y: f32| {
            let (dx, dy) = (x - mx, y - my);
            [mx + dx * tilt.cos() - dy * tilt.sin(), my + dx * tilt.sin() + dy * tilt.cos()]
        };
        for (a, b) in
            [([x0, y0], [x1, y0]), ([x1, y0], [x1, y1]), ([x1, y1], [x0, y1]), ([x0, y1], [x0, y0])]
        {
            let at = |t: f32| turn(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t);
            self.line(at(open), at(1.0 - open), width, [60, 60, 60]);
        }
    }

    fn found(&self) -> Picture {
        find(&DynamicImage::ImageRgb8(self.0.clone())).unwrap()
    }
}

fn find(picture: &DynamicImage) -> Result<Picture, PictureError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("picture");
    picture.save_with_format(&path, ImageFormat::Png).unwrap();
    load(&path)
}

fn strokes(class: u8) -> Vec<crate::data::Stroke> {
    synthetic::strokes(11, class, 0)
}

/// These digits, in this order, were found.
#[track_caller]
fn same(name: &str, found: &Picture, classes: &[u8]) {
    assert_eq!(found.digits.len(), classes.len(), "{name}");
    for (digit, class) in found.digits.iter().zip(classes) {
        let drawn = strokes(*class);
        let all = || drawn.iter().flatten();
        let side = [0, 1].map(|k| {
            all().map(|p| p[k]).fold(f32::MIN, f32::max)
                - all().map(|p| p[k]).fold(f32::MAX, f32::min)
        });
        let pen = side[0].max(side[1]) * PEN / (1.0 - PEN);
        let wanted = to_pixels(&drawn, Some(pen), Framing::Mnist);
        let best = [-1.0, 0.0, 1.0]
            .iter()
            .flat_map(|dx| [-1.0, 0.0, 1.0].map(|dy| perturb::shift(&digit.pixels, *dx, dy)))
            .map(|shifted| correlation(&wanted, &shifted))
            .fold(f32::MIN, f32::max);
        assert!(best > 0.85, "{name}: digit {class}: correlation {best}");
    }
}

#[test]
fn a_frame_around_a_digit_is_left_out() {
    let frames =
        [(0.0, 0.0, 2.0), (0.05, 0.0, 2.5), (-0.04, 0.07, 3.0), (0.0, 0.1, 1.5), (0.0, 0.0, 8.0)];
    for (i, (tilt, open, width)) in frames.into_iter().enumerate() {
        for class in [i as u8, i as u8 + 5] {
            let mut sheet = Sheet::new(300, 260);
            sheet.digit(&strokes(class), [100.0, 75.0], 110.0, INK);
            sheet.frame([75.0, 45.0, 230.0, 210.0], tilt, open, width);
            let found = sheet.found();
            same(&format!("frame {i}"), &found, &[class]);
            assert!(found.lines_left_out > 0);
        }
    }
}

#[test]
fn ruled_and_squared_paper_are_seen_through() {
    for (class, (spacing, tilt, squared)) in
        [(26.0, 0.0, false), (40.0, 12.0, false), (33.0, 0.0, true), (21.0, -8.0, true)]
            .into_iter()
            .enumerate()
    {
        let class = class as u8 + 2;
        let mut sheet = Sheet::new(300, 300);
        for k in -2..16 {
            let at = k as f32 * spacing + 9.0;
            sheet.line([0.0, at], [300.0, at + tilt], 1.6, [110, 130, 190]);
            if squared {
                sheet.line([at, 0.0], [at - tilt, 300.0], 1.6, [110, 130, 190]);
            }
        }
        sheet.digit(&strokes(class), [90.0, 80.0], 140.0, INK);
        same(&format!("paper {class}"), &sheet.found(), &[class]);
    }
}

#[test]
fn an_underline_is_no_stroke_of_the_digit() {
    for class in 0..10 {
        let mut sheet = Sheet::new(260, 260);
        sheet.digit(&strokes(class), [80.0, 60.0], 100.0, INK);
        sheet.line([60.0, 178.0], [200.0, 176.0], 4.0, INK);
        same("underlined", &sheet.found(), &[class]);
    }
}

#[test]
fn several_digits_are_found_apart_in_reading_order_and_with_their_places() {
    let mut sheet = Sheet::new(420, 300);
    let classes = [1, 0, 7, 4, 3, 8];
    for (i, class) in classes.into_iter().enumerate() {
        let at =
            [30.0 + 135.0 * (i % 3) as f32, 30.0 + 140.0 * (i / 3) as f32 + 8.0 * (i % 2) as f32];
        sheet.digit(&strokes(class), at, 90.0, INK);
    }
    let found = sheet.found();
    same("two rows", &found, &classes);
    assert_eq!(found.size, [420, 300]);
    let [x, y, width, height] = found.digits[4].bounds;
    assert!(x.abs_diff(165) < 30 && y.abs_diff(170) < 5, "{x} {y}");
    assert!((70..100).contains(&width.max(height)), "{width} {height}");
    assert!(found.digits.iter().all(|d| d.note.is_none()));
    // Four ones are no ruled paper.
    let mut sheet = Sheet::new(300, 120);
    for k in 0..4 {
        let x = 50.0 + 65.0 * k as f32;
        sheet.line([x, 15.0], [x, 105.0], 9.0, INK);
    }
    assert_eq!(sheet.found().digits.len(), 4);
}

#[test]
fn a_digit_in_pieces_stays_one() {
    // A 5 whose top stroke is apart, a 4 whose stem is apart, specks around.
    let five = [[[120.0, 60.0], [180.0, 56.0]], [[112.0, 72.0], [108.0, 115.0]]];
    let bowl = [[108.0, 115.0], [150.0, 105.0], [180.0, 135.0], [165.0, 175.0], [105.0, 185.0]];
    let mut sheet = Sheet::new(300, 260);
    five.iter().for_each(|l| sheet.line(l[0], l[1], 9.0, INK));
    bowl.windows(2).for_each(|l| sheet.line(l[0], l[1], 9.0, INK));
    for at in [[20.0, 20.0], [280.0, 100.0], [60.0, 230.0]] {
        sheet.line(at, at, 3.0, INK);
    }
    assert_eq!(sheet.found().digits.len(), 1);
    let mut sheet = Sheet::new(300, 260);
    for line in [
        [[100.0, 60.0], [90.0, 140.0]],
        [[90.0, 140.0], [158.0, 138.0]],
        [[170.0, 55.0], [168.0, 200.0]],
    ] {
        sheet.line(line[0], line[1], 8.0, INK);
    }
    assert_eq!(sheet.found().digits.len(), 1);
}

#[test]
fn digits_that_touch_are_told_as_too_wide() {
    let mut sheet = Sheet::new(400, 200);
    sheet.digit(&strokes(0), [60.0, 50.0], 100.0, INK);
    sheet.digit(&strokes(0), [215.0, 50.0], 100.0, INK);
    sheet.line([80.0, 100.0], [280.0, 100.0], 9.0, INK);
    let found = sheet.found();
    assert_eq!((found.digits.len(), found.digits[0].note), (1, Some(Note::Wide)));
}

#[test]
fn colours_as_bright_as_the_paper_are_seen() {
    let pairs = [
        ([200, 0, 0], [0, 102, 0]),
        ([0, 0, 255], [99, 0, 0]),
        ([255, 80, 80], [90, 140, 140]),
        ([230, 220, 40], [222, 222, 222]),
    ];
    for (class, (ink, paper)) in pairs.into_iter().enumerate() {
        let class = class as u8 + 3;
        let mut sheet = Sheet(RgbImage::from_pixel(240, 240, Rgb(paper)));
        sheet.digit(&strokes(class), [70.0, 60.0], 110.0, ink);
        same(&format!("{ink:?} on {paper:?}"), &sheet.found(), &[class]);
    }
}

#[test]
fn few_bits_in_sixteen_are_stretched() {
    let mut sheet = Sheet::new(240, 240);
    sheet.digit(&strokes(5), [70.0, 60.0], 110.0, INK);
    for bits in [9, 10, 12, 14] {
        let most = f32::from((1u16 << bits) - 1);
        let value = |x, y| (f32::from(sheet.0.get_pixel(x, y).0[0]) / 255.0 * most) as u16;
        let grey: ImageBuffer<Luma<u16>, Vec<u16>> =
            ImageBuffer::from_fn(240, 240, |x, y| Luma([value(x, y)]));
        same(&format!("{bits} bits"), &find(&DynamicImage::ImageLuma16(grey)).unwrap(), &[5]);
        let clear: ImageBuffer<LumaA<u16>, Vec<u16>> =
            ImageBuffer::from_fn(240, 240, |x, y| LumaA([value(x, y), u16::MAX]));
        same("with alpha", &find(&DynamicImage::ImageLumaA16(clear)).unwrap(), &[5]);
    }
}

#[test]
fn pale_ink_is_found_and_nothing_on_what_is_nearly_empty() {
    let mut sheet = Sheet::new(240, 240);
    sheet.digit(&strokes(3), [70.0, 60.0], 110.0, [214, 214, 214]);
    same("pale", &sheet.found(), &[3]);
    let mut dot = Sheet::new(240, 240);
    dot.line([120.0, 120.0], [120.0, 120.0], 16.0, INK);
    let mut crumbs = Sheet::new(240, 240);
    for at in [[20.0, 30.0], [200.0, 90.0], [110.0, 180.0]] {
        crumbs.line(at, at, 3.0, INK);
    }
    for sheet in [dot, crumbs] {
        let message = find(&DynamicImage::ImageRgb8(sheet.0)).unwrap_err().to_string();
        assert!(message.contains("no digit was found"), "{message}");
    }
}

#[test]
fn a_decoder_that_panics_is_an_error_of_its_file() {
    // A palette shorter than the pixels' values: png 0.18 slices beyond it.
    const PALETTE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x02\x08\x03\0\0\0\
        \x45\x68\xfd\x16\0\0\0\x04PLTE\x10\x10\x10\x10\xaf\xe9\x58\xa0\0\0\0\x0bIDAT\x78\x9c\
        \x63\x60\0\x01\0\0\x06\0\x01\xfe\x8c\x67\xc8\0\0\0\0IEND\xae\x42\x60\x82";
    assert_eq!(PALETTE.len(), 84);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("palette.png");
    std::fs::write(&path, PALETTE).unwrap();
    let message = load(&path).unwrap_err().to_string();
    assert!(message.contains("palette.png") && message.contains("damaged"), "{message}");
}

#[test]
fn limits_are_told_before_anything_is_unpacked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.jpg");
    // The header of a progressive JPEG in four colours, 10,000 pixels square.
    let frame =
        b"\xff\xd8\xff\xc2\0\x14\x08\x27\x10\x27\x10\x04\x43\x11\0\x4d\x11\0\x59\x11\0\x4b\x11\0";
    let scan = b"\xff\xda\0\x0e\x04\x43\0\x4d\0\x59\0\x4b\0\0\0\0";
    std::fs::write(&path, [&frame[..], scan, &[0; 64], b"\xff\xd9"].concat()).unwrap();
    let message = load(&path).unwrap_err().to_string();
    assert!(message.contains("10000×10000") && message.contains("96 MB is the most"), "{message}");
    let file = std::fs::File::open(&path).unwrap();
    let held = limits::coefficients(&mut std::io::BufReader::new(file)).unwrap();
    assert_eq!(held, 4 * 10_000 * 10_000 * 2);
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(MOST_BYTES + 1).unwrap();
    let message = load(&path).unwrap_err().to_string();
    assert!(message.contains("25,165,825 bytes"), "{message}");
    assert!(load(dir.path()).unwrap_err().to_string().contains("a folder"));
    #[cfg(unix)]
    assert!(load(Path::new("/dev/zero")).unwrap_err().to_string().contains("a device"));
}
