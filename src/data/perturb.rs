//! Shift and noise, applied on purpose to see what they do to an answer.

use super::{PIXELS, Pixels, SIDE};
use crate::core::rng::Rng;

/// Moves a picture by `dx` pixels to the right and `dy` down (fractions
/// interpolate); background comes in, what leaves is gone. A shift that is
/// not finite moves nothing.
pub fn shift(picture: &Pixels, dx: f32, dy: f32) -> Pixels {
    if !dx.is_finite() || !dy.is_finite() {
        return *picture;
    }
    // Beyond its own width everything is gone; the limit keeps integers small.
    let limit = 2.0 * SIDE as f32;
    let (dx, dy) = (dx.clamp(-limit, limit), dy.clamp(-limit, limit));
    let at = |x: i32, y: i32| {
        let inside = |c: i32| (0..SIDE as i32).contains(&c);
        if inside(x) && inside(y) { picture[y as usize * SIDE + x as usize] } else { 0.0 }
    };
    let (whole_x, whole_y) = (dx.floor(), dy.floor());
    let (fx, fy) = (dx - whole_x, dy - whole_y);
    std::array::from_fn(|i| {
        let x = (i % SIDE) as i32 - whole_x as i32;
        let y = (i / SIDE) as i32 - whole_y as i32;
        let row = |y: i32| (1.0 - fx) * at(x, y) + fx * at(x - 1, y);
        (1.0 - fy) * row(y) + fy * row(y - 1)
    })
}

/// Adds Gaussian noise of standard deviation `sigma` to each pixel and clips
/// to [0, 1]. The same seed gives the same noise; a `sigma` that is not
/// positive and finite adds none.
pub fn noise(picture: &Pixels, sigma: f32, seed: u64) -> Pixels {
    if !sigma.is_finite() || sigma <= 0.0 {
        return *picture;
    }
    let mut rng = Rng::stream(seed, "pixel noise", 0);
    let mut noisy = [0.0; PIXELS];
    for (target, source) in noisy.iter_mut().zip(picture) {
        *target = (source + sigma * rng.normal()).clamp(0.0, 1.0);
    }
    noisy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(x: usize, y: usize) -> Pixels {
        std::array::from_fn(|i| f32::from(u8::from(i == y * SIDE + x)))
    }

    #[test]
    fn whole_shifts_move_and_half_shifts_share() {
        assert_eq!(shift(&dot(10, 10), 3.0, -2.0), dot(13, 8));
        assert_eq!(shift(&dot(10, 10), 0.0, 0.0), dot(10, 10));
        let half = shift(&dot(10, 10), -0.5, 0.0);
        assert_eq!((half[10 * SIDE + 9], half[10 * SIDE + 10]), (0.5, 0.5));
    }

    #[test]
    fn what_leaves_is_gone_and_nonsense_moves_nothing() {
        for (dx, dy) in [(28.0, 0.0), (-1e30, 0.0), (0.0, 1e30)] {
            assert_eq!(shift(&dot(10, 10), dx, dy), [0.0; PIXELS]);
        }
        assert_eq!(shift(&dot(10, 10), f32::NAN, 1.0), dot(10, 10));
    }

    #[test]
    fn noise_is_seeded_clipped_and_as_strong_as_asked() {
        let grey = [0.5; PIXELS];
        let a = noise(&grey, 0.1, 3);
        assert_eq!(a, noise(&grey, 0.1, 3));
        assert_ne!(a, noise(&grey, 0.1, 4));
        let variance = a.iter().map(|p| (p - 0.5).powi(2)).sum::<f32>() / PIXELS as f32;
        // 784 samples: 5 % standard error of the deviation, times four.
        assert!((variance.sqrt() - 0.1).abs() < 0.012, "{}", variance.sqrt());
        assert!(noise(&grey, 1e9, 1).iter().all(|p| (0.0..=1.0).contains(p)));
        assert_eq!(noise(&grey, f32::NAN, 1), grey);
    }
}
