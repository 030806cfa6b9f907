//! Random numbers that need no state: a hash of who draws and when.
//!
//! The spike that input 17 of replica 3 fires in step 1000 depends on the seed,
//! the input's name, the replica, the 17 and the 1000, and on nothing else: not
//! on the batch, the number of threads, the engine or on what was drawn before.
//! Hence CPU and GPU draw the same spikes, and a run that is scrubbed back
//! continues as it did the first time.
//!
//! The hash is pcg4d (M. Jarzynski and M. Olano, "Hash Functions for GPU
//! Rendering", JCGT 9(3), 2020): four words in, four words out, by 32-bit
//! multiplications and additions alone, so that its WGSL twin is word for word
//! the same. One call serves four successive steps of one neuron.

use crate::core::rng::Rng;

/// Hashes four words.
#[inline(always)]
pub fn pcg4d(v: [u32; 4]) -> [u32; 4] {
    let [mut x, mut y, mut z, mut w] =
        v.map(|a| a.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    x = x.wrapping_add(y.wrapping_mul(w));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    w = w.wrapping_add(y.wrapping_mul(z));
    x ^= x >> 16;
    y ^= y >> 16;
    z ^= z >> 16;
    w ^= w >> 16;
    x = x.wrapping_add(y.wrapping_mul(w));
    y = y.wrapping_add(z.wrapping_mul(x));
    z = z.wrapping_add(x.wrapping_mul(y));
    w = w.wrapping_add(y.wrapping_mul(z));
    [x, y, z, w]
}

/// Two words that stand for a seed, a named stream and a replica. Engines hash
/// `[key.0, key.1, neuron, step / 4]` and take word `step % 4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub u32, pub u32);

impl Key {
    /// The key of a stream.
    pub fn new(seed: u64, stream: &str, replica: usize) -> Self {
        let word = Rng::stream(seed, stream, replica as u64).next_u64();
        Self(word as u32, (word >> 32) as u32)
    }

    /// The draws of one neuron for steps `4 * quad` to `4 * quad + 3`.
    #[inline(always)]
    pub fn four(self, neuron: u32, quad: u32) -> [u32; 4] {
        pcg4d([self.0, self.1, neuron, quad])
    }

    /// The draw of one neuron in one step.
    pub fn draw(self, neuron: u32, step: u64) -> u32 {
        self.four(neuron, (step / 4) as u32)[(step % 4) as usize]
    }
}

/// The word that a draw must stay below to be an event of this probability:
/// `draw < threshold`. A probability of 1 or more is the largest word, which
/// misses one event in 2³².
pub fn threshold(probability: f64) -> u32 {
    (probability.clamp(0.0, 1.0) * 4_294_967_296.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts of draws over 64 bins, by the chi-squared statistic.
    fn chi_squared(draws: impl Iterator<Item = u32>) -> f64 {
        let mut bins = [0u32; 64];
        let mut n = 0.0;
        for d in draws {
            bins[(d >> 26) as usize] += 1;
            n += 1.0;
        }
        let expected = n / 64.0;
        bins.iter().map(|b| (f64::from(*b) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn draws_are_uniform_along_steps_neurons_and_replicas() {
        // 63 degrees of freedom: mean 63, standard deviation 11.2; the bounds
        // are six deviations from it.
        let key = Key::new(1, "poisson/input", 0);
        let steps = chi_squared((0..100_000).map(|s| key.draw(17, s)));
        let neurons = chi_squared((0..100_000).map(|n| key.draw(n, 1000)));
        let replicas = chi_squared((0..20_000).map(|r| Key::new(1, "x", r).draw(3, 5)));
        for x in [steps, neurons, replicas] {
            assert!(x > 5.0 && x < 130.0, "chi squared {x}");
        }
    }

    #[test]
    fn neighbours_are_not_correlated() {
        let key = Key::new(5, "poisson/input", 0);
        let unit = |w: u32| f64::from(w) / 4_294_967_296.0 - 0.5;
        let n = 50_000u32;
        let mut sums = [0.0; 3];
        for i in 0..n {
            let x = unit(key.draw(i, 40));
            sums[0] += x * unit(key.draw(i + 1, 40));
            sums[1] += x * unit(key.draw(i, 41));
            sums[2] += x * unit(key.draw(i, 44));
        }
        // Each product has the standard deviation 1/12.
        for s in sums {
            let deviations = s / f64::from(n).sqrt() * 12.0;
            assert!(deviations.abs() < 5.0, "{deviations}");
        }
    }

    #[test]
    fn events_have_their_probability() {
        let key = Key::new(2, "p", 0);
        for p in [0.0, 0.003, 0.031_875, 0.5, 1.0] {
            let n = 200_000;
            let events = (0..n).filter(|s| key.draw(1, *s) < threshold(p)).count() as f64;
            let n = n as f64;
            assert!((events - p * n).abs() <= 5.0 * (n * p * (1.0 - p)).sqrt(), "{p}: {events}");
        }
    }

    #[test]
    fn the_words_stay_what_they_are() {
        // From an independent computation in Python. A change of the hash would
        // change every run.
        assert_eq!(pcg4d([1, 2, 3, 4]), RECORDED);
    }

    const RECORDED: [u32; 4] = [908_250_390, 4_044_648_920, 3_775_961_919, 45_698_095];
}
