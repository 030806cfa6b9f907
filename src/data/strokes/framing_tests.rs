use super::*;

/// A digit 5 as somebody might draw it, in a canvas of 1×1.
fn five() -> Vec<Stroke> {
    let hook = (0..40).map(|i| {
        let t = i as f32 / 39.0 * 4.2 - 1.9;
        [0.45 + 0.22 * t.cos(), 0.6 + 0.2 * t.sin()]
    });
    let mut body: Stroke = vec![[0.36, 0.2], [0.33, 0.42]];
    body.extend(hook);
    vec![body, vec![[0.36, 0.2], [0.66, 0.18]]]
}

fn mapped(strokes: &[Stroke], scale: f32, dx: f32, dy: f32) -> Vec<Stroke> {
    let map = |p: &[f32; 2]| [p[0] * scale + dx, p[1] * scale + dy];
    strokes.iter().map(|s| s.iter().map(map).collect()).collect()
}

fn ink_box(p: &Pixels) -> [usize; 4] {
    let on: Vec<usize> = (0..PIXELS).filter(|i| p[*i] > 0.05).collect();
    let xs = || on.iter().map(|i| i % SIDE);
    let ys = || on.iter().map(|i| i / SIDE);
    [xs().min(), xs().max(), ys().min(), ys().max()].map(|v| v.expect("some ink"))
}

fn centre(p: &Pixels) -> [f64; 2] {
    let mass: f64 = p.iter().map(|v| f64::from(*v)).sum();
    let moment = |f: fn(usize) -> usize| {
        p.iter().enumerate().map(|(i, v)| f(i) as f64 * f64::from(*v)).sum::<f64>() / mass
    };
    [moment(|i| i % SIDE), moment(|i| i / SIDE)]
}

fn largest_difference(a: &Pixels, b: &Pixels) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn scale_and_place_of_a_drawing_do_not_matter() {
    for pen in [None, Some(0.06f32)] {
        let reference = to_pixels(&five(), pen, Framing::Mnist);
        for scale in [1e-3f32, 1.0, 28.0, 280.0, 10_000.0, 1e20] {
            for shift in [0.0, 0.3, 5.0] {
                let drawn = mapped(&five(), scale, shift * scale, -shift * scale);
                let seen = to_pixels(&drawn, pen.map(|p| p * scale), Framing::Mnist);
                let off = largest_difference(&reference, &seen);
                assert!(off < 1e-3, "scale {scale}, shift {shift}: {off}");
            }
        }
    }
}

#[test]
fn a_digit_fills_the_box_of_20_and_is_centred_by_mass() {
    for scale in [1.0, 300.0] {
        let p = to_pixels(&mapped(&five(), scale, 7.0, 3.0), None, Framing::Mnist);
        let [_, _, top, bottom] = ink_box(&p);
        assert!((19..=21).contains(&(bottom - top + 1)), "{top}..{bottom}");
        for c in centre(&p) {
            assert!((c - MIDDLE).abs() <= 0.51, "{c}");
        }
    }
}

#[test]
fn a_wide_digit_keeps_its_aspect() {
    let flat = vec![vec![[0.0, 0.0], [100.0, 25.0]]];
    let [left, right, top, bottom] = ink_box(&to_pixels(&flat, None, Framing::Mnist));
    assert!((19..=21).contains(&(right - left + 1)));
    assert!((6..=8).contains(&(bottom - top + 1)), "{top}..{bottom}");
}

#[test]
fn dots_and_straight_lines_have_ink() {
    let cases: [(&str, Vec<Stroke>); 6] = [
        ("a dot", vec![vec![[5.0, 5.0]]]),
        ("a resting pen", vec![vec![[5.0, 5.0]; 30]]),
        ("two equal points", vec![vec![[1e30, 1e30]; 2]]),
        ("a vertical line", vec![vec![[3.0, 0.0], [3.0, 90.0]]]),
        ("a horizontal line", vec![vec![[0.0, 3.0], [90.0, 3.0]]]),
        ("the largest numbers", vec![vec![[f32::MAX, f32::MIN], [f32::MIN, f32::MAX]]]),
    ];
    for (name, strokes) in cases {
        for pen in [None, Some(2.0), Some(f32::MAX), Some(1e-40)] {
            for framing in [Framing::Mnist, Framing::AsDrawn { width: 100.0, height: 100.0 }] {
                let p = to_pixels(&strokes, pen, framing);
                assert!(p.iter().all(|v| (0.0..=1.0).contains(v)), "{name}");
                let ink: f32 = p.iter().sum();
                // A pen that is tiny beside the drawing may fade away.
                let size = strokes.iter().flatten().flatten().fold(0.0, |m, c| c.abs().max(m));
                let thin = pen.is_some_and(|p| p < 1e-6 * size);
                let outside = framing != Framing::Mnist;
                assert!(thin || outside || ink > 1.0, "{name} with {pen:?}: {ink}");
            }
        }
    }
}

#[test]
fn nothing_gives_nothing_and_broken_points_are_ignored() {
    for framing in [Framing::Mnist, Framing::AsDrawn { width: 1.0, height: 1.0 }] {
        for nothing in [vec![], vec![vec![]], vec![vec![[f32::NAN, 1.0], [1.0, f32::INFINITY]]]] {
            assert_eq!(to_pixels(&nothing, None, framing), [0.0; PIXELS]);
        }
        let mut broken = five();
        broken[0].insert(3, [f32::NAN, 0.5]);
        broken[1].push([f32::INFINITY, f32::NEG_INFINITY]);
        broken.push(vec![[0.1, f32::NAN]]);
        assert_eq!(to_pixels(&broken, None, framing), to_pixels(&five(), None, framing));
        for pen in [f32::NAN, f32::INFINITY, 0.0, -3.0] {
            let p = to_pixels(&five(), Some(pen), framing);
            assert_eq!(p, to_pixels(&five(), None, framing));
        }
    }
    for (width, height) in [(0.0, 0.0), (f32::NAN, 1.0), (1.0, f32::INFINITY), (-1.0, -1.0)] {
        let p = to_pixels(&five(), None, Framing::AsDrawn { width, height });
        assert_eq!(p, [0.0; PIXELS]);
    }
}

#[test]
fn as_drawn_keeps_the_place_and_a_given_pen_its_width() {
    let corner = vec![vec![[2.0, 2.0], [2.0, 30.0]]];
    let whole = Framing::AsDrawn { width: 280.0, height: 280.0 };
    let p = to_pixels(&corner, Some(20.0), whole);
    assert_eq!(ink_box(&p), [0, 1, 0, 3]);
    // In MNIST's frame a pen of a quarter of the height stays a quarter.
    let p = to_pixels(&[vec![[0.0, 0.0], [0.0, 75.0]]], Some(25.0), Framing::Mnist);
    let row: f32 = p[14 * SIDE..][..SIDE].iter().sum();
    assert!((row - 5.0).abs() < 0.3, "{row}");
}

#[test]
fn a_framed_picture_stays_as_it_is() {
    // MNIST's own pictures are framed already; framing them must not blur them.
    let mut picture = [0.0; PIXELS];
    for row in 4..24 {
        for column in 9..19 {
            picture[row * SIDE + column] = if (row + column) % 3 == 0 { 0.25 } else { 1.0 };
        }
    }
    let framed = normalise_grey(&picture, SIDE, SIDE);
    assert!(largest_difference(&framed, &normalise_grey(&framed, SIDE, SIDE)) < 1e-6);
    let found: Vec<f32> = framed.iter().copied().filter(|p| *p > 0.0).collect();
    let wanted: Vec<f32> = picture.iter().copied().filter(|p| *p > 0.0).collect();
    assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn grey_pictures_of_any_size_are_framed_alike() {
    // A ring without its left upper quarter, at several sizes, gives nearly
    // the same 28×28.
    let ring = |side: usize| -> Vec<f32> {
        (0..side * side)
            .map(|i| {
                let (x, y) = ((i % side) as f32 + 0.5, (i / side) as f32 + 0.5);
                let c = side as f32 / 2.0;
                let r = ((x - c).powi(2) + ((y - c) * 0.8).powi(2)).sqrt() / c;
                f32::from((0.45..0.62).contains(&r) && (x > c || y > c))
            })
            .collect()
    };
    let reference = normalise_grey(&ring(900), 900, 900);
    for side in [200, 400, 1500] {
        let off: f32 = normalise_grey(&ring(side), side, side)
            .iter()
            .zip(&reference)
            .map(|(a, b)| (a - b).abs())
            .sum::<f32>()
            / PIXELS as f32;
        assert!(off < 0.02, "{side}: {off}");
    }
    assert_eq!(normalise_grey(&[0.0; 12], 3, 4), [0.0; PIXELS]);
    assert_eq!(normalise_grey(&[1.0; 12], 3, 5), [0.0; PIXELS]);
    assert_eq!(normalise_grey(&[], 0, 0), [0.0; PIXELS]);
    assert!(normalise_grey(&[f32::NAN, 1.0], 2, 1).iter().all(|p| p.is_finite()));
}
