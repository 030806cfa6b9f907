//! Pictures that are disturbed: noise, grains, what is covered, what is moved.

use super::curves::{Sweep, measure};
use super::{Better, Criterion, Group, cell};
use crate::core::rng::Rng;
use crate::data::{Pixels, SIDE, perturb};
use crate::scoreboard::member::{Answers, Member};
use crate::scoreboard::subject::Halt;

/// Gaussian noise.
pub static NOISE: Criterion = Criterion {
    id: "noise",
    name: "Noise",
    unit: "%",
    doc: "Gaussian noise is added to each pixel, which is then cut off at black and white; σ from 0 to 1, 1 is full ink. The number is the area under accuracy over σ. 1,000 test digits, of slow networks fewer. Spread: standard error over digits, or standard deviation over seeds.",
    group: Group::Robustness,
    better: Some(Better::High),
    measure: |subject, context| {
        let test = context.test;
        let ask = |member: &Member, sigma: f64, at: usize, n: usize| -> Result<Answers, Halt> {
            member.answers(n, &|i| noisy(&test.pixels(i), sigma, at, i), false, context)
        };
        cell(measure(subject, &Sweep { x: "Noise σ", xs: &SIGMAS, ask: &ask }, context))
    },
};

/// Salt and pepper.
pub static GRAINS: Criterion = Criterion {
    id: "grains",
    name: "Salt and pepper",
    unit: "%",
    doc: "A share of the pixels, from 0 to 80 %, is set to black or white at random. The number is the area under accuracy over that share. Digits and spread as for noise.",
    group: Group::Robustness,
    better: Some(Better::High),
    measure: |subject, context| {
        let test = context.test;
        let ask = |member: &Member, share: f64, at: usize, n: usize| -> Result<Answers, Halt> {
            member.answers(n, &|i| grainy(&test.pixels(i), share, at, i), false, context)
        };
        cell(measure(subject, &Sweep { x: "pixels, %", xs: &GRAINY, ask: &ask }, context))
    },
};

/// A square that is covered.
pub static OCCLUSION: Criterion = Criterion {
    id: "occlusion",
    name: "Occlusion",
    unit: "%",
    doc: "A square of 0 to 20 pixels on a side, at a random place within the picture, is blank. The number is the area under accuracy over the share of the picture that it covers. Digits and spread as for noise.",
    group: Group::Robustness,
    better: Some(Better::High),
    measure: |subject, context| {
        let test = context.test;
        let xs: Vec<f64> =
            SIDES.iter().map(|s| 100.0 * (s * s) as f64 / (SIDE * SIDE) as f64).collect();
        let ask = |member: &Member, _: f64, at: usize, n: usize| -> Result<Answers, Halt> {
            member.answers(n, &|i| covered(&test.pixels(i), SIDES[at], at, i), false, context)
        };
        cell(measure(subject, &Sweep { x: "covered, %", xs: &xs, ask: &ask }, context))
    },
};

/// Moved.
pub static SHIFT: Criterion = Criterion {
    id: "shift",
    name: "Shift",
    unit: "%",
    doc: "The picture is moved by 0 to 6 pixels to the left, right, up and down: the mean of four. The number is the area under accuracy over the distance. Digits and spread as for noise.",
    group: Group::Robustness,
    better: Some(Better::High),
    measure: |subject, context| {
        let test = context.test;
        let ask = |member: &Member, by: f64, _: usize, n: usize| -> Result<Answers, Halt> {
            let moved = |i: usize| shifted(&test.pixels(i / WAYS.len()), by, i % WAYS.len());
            member.answers(n * WAYS.len(), &moved, false, context)
        };
        cell(measure(subject, &Sweep { x: "pixels moved", xs: &PIXELS_MOVED, ask: &ask }, context))
    },
};

/// Strengths.
pub const SIGMAS: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
const GRAINY: [f64; 6] = [0.0, 10.0, 20.0, 40.0, 60.0, 80.0];
const SIDES: [usize; 6] = [0, 8, 11, 14, 17, 20];
const PIXELS_MOVED: [f64; 5] = [0.0, 1.0, 2.0, 4.0, 6.0];
const WAYS: [[f32; 2]; 4] = [[-1.0, 0.0], [1.0, 0.0], [0.0, -1.0], [0.0, 1.0]];

/// The picture with noise of this strength, which is number `at` of the curve; `digit` is
/// its number.
pub fn noisy(picture: &Pixels, sigma: f64, at: usize, digit: usize) -> Pixels {
    perturb::noise(picture, sigma as f32, ((at as u64) << 32) | digit as u64)
}

/// The picture with so many per cent of its pixels black or white.
pub fn grainy(picture: &Pixels, share: f64, at: usize, digit: usize) -> Pixels {
    let mut rng = Rng::stream(at as u64, "salt and pepper", digit as u64);
    let mut grainy = *picture;
    for pixel in &mut grainy {
        let (hit, white) = (100.0 * f64::from(rng.uniform()) < share, rng.uniform() < 0.5);
        if hit {
            *pixel = f32::from(u8::from(white));
        }
    }
    grainy
}

/// The picture with a square of so many pixels on a side blank.
pub fn covered(picture: &Pixels, side: usize, at: usize, digit: usize) -> Pixels {
    let mut rng = Rng::stream(at as u64, "occlusion", digit as u64);
    let (top, left) = (rng.below(SIDE + 1 - side), rng.below(SIDE + 1 - side));
    let inside = |at: usize, from: usize| (from..from + side).contains(&at);
    let blank = |i: usize| inside(i / SIDE, top) && inside(i % SIDE, left);
    std::array::from_fn(|i| if blank(i) { 0.0 } else { picture[i] })
}

/// The picture moved by so many pixels, one of four ways.
pub fn shifted(picture: &Pixels, by: f64, way: usize) -> Pixels {
    let [dx, dy] = WAYS[way].map(|d| d * by as f32);
    perturb::shift(picture, dx, dy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::PIXELS;

    #[test]
    fn disturbed_pictures_are_what_they_say() {
        let grey = [0.5; PIXELS];
        let blank = |p: &Pixels| p.iter().filter(|v| **v == 0.0).count();
        assert_eq!(blank(&covered(&grey, 14, 1, 3)), 196);
        assert_eq!((covered(&grey, 0, 1, 3), grainy(&grey, 0.0, 1, 3)), (grey, grey));
        let grains = grainy(&grey, 40.0, 1, 3).iter().filter(|v| **v != 0.5).count();
        assert!((grains as f64 - 0.4 * 784.0).abs() < 60.0, "{grains}");
        assert_eq!(noisy(&grey, 0.4, 2, 7), noisy(&grey, 0.4, 2, 7));
        assert_ne!(noisy(&grey, 0.4, 2, 7), noisy(&grey, 0.4, 2, 8));
        assert_eq!(blank(&shifted(&grey, 2.0, 0)), 2 * SIDE);
    }
}
