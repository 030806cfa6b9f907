//! Seeded random numbers, addressed by purpose.
//!
//! A [`Rng`] is opened for a seed, a named stream and a counter, for example
//! `Rng::stream(seed, "shuffle", epoch)`. Its numbers depend on these three alone,
//! so a run that is stopped and resumed draws the same numbers as an uninterrupted
//! one, and no generator state has to be saved.

/// A small, fast generator (xoshiro256++, Blackman & Vigna 2019), seeded
/// through SplitMix64.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

fn split_mix(x: &mut u64) -> u64 {
    *x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *x;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// The generator for one purpose: `stream` names it, `counter` tells its
    /// instances apart (an epoch, a step, a layer).
    pub fn stream(seed: u64, stream: &str, counter: u64) -> Self {
        // FNV-1a turns the name into a number; SplitMix then spreads it.
        let name = stream.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        let mut x = seed;
        let a = split_mix(&mut x);
        let mut y = a ^ name;
        let b = split_mix(&mut y);
        let mut z = b ^ counter;
        Self { state: std::array::from_fn(|_| split_mix(&mut z)) }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1), 24 bits.
    pub fn uniform(&mut self) -> f32 {
        (self.next_u64() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Uniform in [`low`, `high`).
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Uniform integer in 0..`n` (`n` > 0), by Lemire's multiplication.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next_u64()) * n as u128) >> 64) as usize
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f32 {
        let u = 1.0 - self.uniform();
        let v = self.uniform();
        (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()
    }

    /// Fisher–Yates shuffle.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_address_yields_the_same_numbers_and_another_does_not() {
        let draw = |seed, name, n| {
            let mut rng = Rng::stream(seed, name, n);
            [rng.next_u64(), rng.next_u64()]
        };
        assert_eq!(draw(1, "shuffle", 3), draw(1, "shuffle", 3));
        for other in [draw(2, "shuffle", 3), draw(1, "dropout", 3), draw(1, "shuffle", 4)] {
            assert_ne!(draw(1, "shuffle", 3), other);
        }
    }

    #[test]
    fn uniform_and_normal_have_their_moments() {
        let mut rng = Rng::stream(7, "moments", 0);
        let n = 200_000;
        let mean = |xs: &[f32]| xs.iter().map(|x| f64::from(*x)).sum::<f64>() / xs.len() as f64;
        let u: Vec<f32> = (0..n).map(|_| rng.uniform()).collect();
        let g: Vec<f32> = (0..n).map(|_| rng.normal()).collect();
        let var = |xs: &[f32]| {
            let m = mean(xs);
            xs.iter().map(|x| (f64::from(*x) - m).powi(2)).sum::<f64>() / xs.len() as f64
        };
        // Five standard errors of each estimate.
        assert!((mean(&u) - 0.5).abs() < 5.0 * (1.0 / 12f64 / n as f64).sqrt());
        assert!((var(&u) - 1.0 / 12.0).abs() < 1e-3);
        assert!(mean(&g).abs() < 5.0 / (n as f64).sqrt());
        assert!((var(&g) - 1.0).abs() < 0.02);
    }

    #[test]
    fn below_stays_below_and_reaches_every_value() {
        let mut rng = Rng::stream(0, "below", 0);
        let mut seen = [false; 7];
        for _ in 0..1000 {
            seen[rng.below(7)] = true;
        }
        assert_eq!(seen, [true; 7]);
    }
}
