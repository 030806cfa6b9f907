use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, RgbaImage};

use super::*;
use crate::core::rng::Rng;
use crate::data::strokes::{Framing, Stroke, to_pixels};
use crate::data::synthetic;

/// How a digit is put on a sheet.
struct Sheet {
    width: u32,
    height: u32,
    /// Longer side of the digit as a share of the sheet's shorter side.
    size: f32,
    /// Pen, as a share of the digit.
    pen: f32,
    paper: f32,
    ink: f32,
    /// How much brighter the right lower corner is than the left upper one.
    gradient: f32,
    grain: f32,
}

const PLAIN: Sheet = Sheet {
    width: 300,
    height: 300,
    size: 0.6,
    pen: 0.12,
    paper: 1.0,
    ink: 0.0,
    gradient: 0.0,
    grain: 0.0,
};

fn paint(strokes: &[Stroke], sheet: &Sheet) -> GrayImage {
    let mut rng = Rng::stream(1, "grain", 0);
    let shorter = sheet.width.min(sheet.height) as f32;
    let scale = sheet.size * shorter / 0.7;
    let origin = [0.4 * sheet.width as f32, 0.55 * sheet.height as f32];
    let radius = sheet.pen * sheet.size * shorter / 2.0;
    let place = |p: [f32; 2]| [0, 1].map(|i| origin[i] + (p[i] - 0.5) * scale);
    let lines: Vec<[[f32; 2]; 2]> = strokes
        .iter()
        .flat_map(|s| s.windows(2).map(|w| [place(w[0]), place(w[1])]).collect::<Vec<_>>())
        .collect();
    GrayImage::from_fn(sheet.width, sheet.height, |x, y| {
        let p = [x as f32 + 0.5, y as f32 + 0.5];
        let near = lines.iter().map(|[a, b]| distance(p, *a, *b)).fold(f32::MAX, f32::min);
        let share = (radius + 0.5 - near).clamp(0.0, 1.0);
        let light = (p[0] / sheet.width as f32 + p[1] / sheet.height as f32 - 1.0) / 2.0;
        let value = sheet.paper * (1.0 - share)
            + sheet.ink * share
            + sheet.gradient * light
            + if sheet.grain > 0.0 { sheet.grain * rng.normal() } else { 0.0 };
        Luma([(value.clamp(0.0, 1.0) * 255.0).round() as u8])
    })
}

pub(super) fn distance(p: [f32; 2], a: [f32; 2], b: [f32; 2]) -> f32 {
    let (d, e) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let square = (d[0] * d[0] + d[1] * d[1]).max(1e-12);
    let t = ((e[0] * d[0] + e[1] * d[1]) / square).clamp(0.0, 1.0);
    (e[0] - t * d[0]).hypot(e[1] - t * d[1])
}

/// Saves a picture and loads it as a user's.
fn through_file(picture: &DynamicImage, format: ImageFormat) -> Result<Pixels, PictureError> {
    let dir = tempfile::tempdir().unwrap();
    // A wrong ending on purpose: the content counts.
    let path = dir.path().join("digit.dat");
    picture.save_with_format(&path, format).unwrap();
    load(&path).map(|found| {
        assert_eq!(found.digits.len(), 1);
        *found.digits[0].pixels
    })
}

pub(super) fn correlation(a: &Pixels, b: &Pixels) -> f32 {
    let mean = |p: &Pixels| p.iter().sum::<f32>() / PIXELS as f32;
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: &Pixels, mx: f32, y: &Pixels, my: f32| -> f32 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

/// Loads every digit from such a sheet and compares it with its strokes.
fn compare(name: &str, sheet: &Sheet, format: ImageFormat, least: f32) {
    for class in 0..10 {
        let strokes = synthetic::strokes(11, class, 0);
        // What is thin on paper is meant to be as thick as usual in the end.
        let pen = (sheet.pen > 0.09).then_some(sheet.pen * 0.7);
        let direct = to_pixels(&strokes, pen, Framing::Mnist);
        let picture = DynamicImage::ImageLuma8(paint(&strokes, sheet));
        let found =
            through_file(&picture, format).unwrap_or_else(|e| panic!("{name}: digit {class}: {e}"));
        // Whole-pixel centring may differ by one where it is a tie.
        let best = [-1.0, 0.0, 1.0]
            .iter()
            .flat_map(|dx| [-1.0, 0.0, 1.0].map(|dy| (*dx, dy)))
            .map(|(dx, dy)| correlation(&direct, &crate::data::perturb::shift(&found, dx, dy)))
            .fold(f32::MIN, f32::max);
        assert!(best > least, "{name}: digit {class}: correlation {best}");
    }
}

#[test]
fn clean_pictures_of_both_polarities_give_the_direct_digit() {
    compare("dark on light", &PLAIN, ImageFormat::Png, 0.97);
    let dark = Sheet { paper: 0.1, ink: 0.9, ..PLAIN };
    compare("light on dark", &dark, ImageFormat::Png, 0.97);
    compare("jpeg", &PLAIN, ImageFormat::Jpeg, 0.96);
}

#[test]
fn uneven_light_and_grain_are_seen_through() {
    let photo = Sheet { paper: 0.65, ink: 0.15, gradient: 0.5, grain: 0.03, ..PLAIN };
    compare("photo", &photo, ImageFormat::Jpeg, 0.93);
    let board = Sheet { paper: 0.25, ink: 0.75, gradient: 0.3, grain: 0.03, ..PLAIN };
    compare("blackboard", &board, ImageFormat::Jpeg, 0.93);
}

#[test]
fn a_small_digit_of_a_thin_pen_on_a_large_sheet_is_thickened() {
    let sheet = Sheet { width: 900, height: 700, size: 0.35, pen: 0.016, grain: 0.01, ..PLAIN };
    compare("thin", &Sheet { paper: 0.9, ink: 0.2, ..sheet }, ImageFormat::Jpeg, 0.9);
}

#[test]
fn a_tiny_picture_works_and_mnist_framing_is_kept() {
    for class in 0..10 {
        let digit = synthetic::digit(3, class, 1);
        let picture = GrayImage::from_fn(28, 28, |x, y| {
            Luma([(digit[(y * 28 + x) as usize] * 255.0).round() as u8])
        });
        let found = through_file(&DynamicImage::ImageLuma8(picture), ImageFormat::Png).unwrap();
        let c = correlation(&digit, &found);
        assert!(c > 0.97, "digit {class}: {c}");
    }
}

#[test]
fn transparent_and_deep_pictures_work() {
    let strokes = synthetic::strokes(11, 5, 0);
    let direct = to_pixels(&strokes, Some(0.12 * 0.7), Framing::Mnist);
    let painted = paint(&strokes, &PLAIN);
    for ink in [0u8, 255] {
        let clear = RgbaImage::from_fn(300, 300, |x, y| {
            image::Rgba([ink, ink, ink, 255 - painted.get_pixel(x, y).0[0]])
        });
        let found = through_file(&DynamicImage::ImageRgba8(clear), ImageFormat::Png).unwrap();
        assert!(correlation(&direct, &found) > 0.97);
    }
    let deep: ImageBuffer<Luma<u16>, Vec<u16>> = ImageBuffer::from_fn(300, 300, |x, y| {
        Luma([u16::from(painted.get_pixel(x, y).0[0]) * 257])
    });
    let found = through_file(&DynamicImage::ImageLuma16(deep), ImageFormat::Png).unwrap();
    assert!(correlation(&direct, &found) > 0.97);
}

#[test]
fn specks_and_the_edge_of_the_table_are_left_out() {
    let strokes = synthetic::strokes(11, 3, 0);
    let direct = to_pixels(&strokes, Some(0.12 * 0.7), Framing::Mnist);
    let mut painted = paint(&strokes, &PLAIN);
    for (x, y) in [(280, 20), (281, 20), (280, 21), (12, 250), (150, 290)] {
        painted.put_pixel(x, y, Luma([0]));
    }
    for y in 0..300 {
        for x in 0..9 {
            painted.put_pixel(x, y, Luma([40]));
        }
    }
    let found = through_file(&DynamicImage::ImageLuma8(painted), ImageFormat::Png).unwrap();
    let c = correlation(&direct, &found);
    assert!(c > 0.97, "{c}");
}

#[test]
fn blank_pictures_say_that_nothing_was_found() {
    let blank = Sheet { grain: 0.02, gradient: 0.3, paper: 0.7, ..PLAIN };
    for picture in [
        GrayImage::from_pixel(50, 40, Luma([255])),
        GrayImage::from_pixel(1, 1, Luma([0])),
        paint(&[], &blank),
    ] {
        let message = through_file(&DynamicImage::ImageLuma8(picture), ImageFormat::Png)
            .unwrap_err()
            .to_string();
        assert!(message.contains("no digit was found"), "{message}");
    }
    let clear = DynamicImage::ImageRgba8(RgbaImage::new(30, 30));
    assert!(through_file(&clear, ImageFormat::Png).is_err());
}

#[test]
fn what_is_no_picture_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let say = |path: &Path| load(path).unwrap_err().to_string();
    let text = say(&file("notes.png", b"just some text"));
    assert!(text.contains("notes.png") && text.contains("not a PNG or JPEG"), "{text}");
    assert!(say(&file("empty.jpg", b"")).contains("not a PNG or JPEG"));
    let mut whole = Vec::new();
    let picture = DynamicImage::ImageLuma8(paint(&synthetic::strokes(1, 2, 3), &PLAIN));
    picture.write_to(&mut std::io::Cursor::new(&mut whole), ImageFormat::Png).unwrap();
    let cut = say(&file("cut.png", &whole[..whole.len() / 2]));
    assert!(cut.contains("cut.png") && cut.contains("damaged"), "{cut}");
    // Its decoder fills up what is missing.
    let mut jpeg = std::io::Cursor::new(Vec::new());
    GrayImage::from_fn(200, 200, |x, _| Luma([(x % 97) as u8]))
        .write_to(&mut jpeg, ImageFormat::Jpeg)
        .unwrap();
    let jpeg = jpeg.into_inner();
    let cut = say(&file("cut.jpg", &jpeg[..jpeg.len() / 2]));
    assert!(cut.contains("cut.jpg") && cut.contains("middle of the picture"), "{cut}");
    assert!(say(&dir.path().join("absent.png")).contains("absent.png"));
    assert!(load(dir.path()).is_err());
    // A header that claims 60,000 × 60,000 pixels.
    let mut huge = whole.clone();
    huge[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    huge[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let checksum = crc32(&huge[12..29]);
    huge[29..33].copy_from_slice(&checksum.to_be_bytes());
    let message = say(&file("huge.png", &huge));
    assert!(message.contains("60000×60000"), "{message}");
}

/// PNG's checksum (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| {
            if c & 1 == 1 { 0xEDB8_8320 ^ (c >> 1) } else { c >> 1 }
        })
    })
}
