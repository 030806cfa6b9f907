//! A softmax regression on spike counts: how much of a digit's identity the
//! spikes carry for a reader that may weigh each neuron as it likes.
//!
//! p(c) = softmax(b_c + Σ_j w_jc x_j) with x_j = √(spikes of neuron j), which makes
//! the spread of a Poisson count the same for all (Anscombe 1948). Fitted by
//! stochastic gradient descent on the labelled training images, the weights
//! averaged over the last half of it (Polyak and Juditsky 1992).

use super::assess::Counts;
use crate::core::decision::sum_in_order;
use crate::core::rng::Rng;

/// Times that the images are gone through.
const EPOCHS: usize = 12;
/// Step at the beginning; it falls linearly to nothing.
const RATE: f32 = 0.05;
/// Pull of all weights towards zero, per step, relative to the rate.
const DECAY: f32 = 1e-5;

/// The fitted reader.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logistic {
    /// `[neuron][class]`, then the ten biases.
    pub weights: Vec<f32>,
}

impl Logistic {
    /// Fits to the counts of labelled images.
    pub fn fit(neurons: usize, images: &[(Counts, u8)]) -> Self {
        let mut weights = vec![0.0f32; (neurons + 1) * 10];
        let mut mean = vec![0.0f64; weights.len()];
        let steps = EPOCHS * images.len();
        let (mut rng, mut averaged) = (Rng::stream(0, "logistic read-out", neurons as u64), 0u64);
        let mut order: Vec<usize> = (0..images.len()).collect();
        for step in 0..steps {
            let k = step % images.len();
            if k == 0 {
                rng.shuffle(&mut order);
            }
            let (counts, class) = &images[order[k]];
            let rate = RATE * (1.0 - step as f32 / steps as f32);
            descend(&mut weights, neurons, counts, *class, rate);
            // Averaging each step would cost more than the step; once in a while will do.
            if step >= steps / 2 && (step + 1) % 500 == 0 {
                averaged += 1;
                mean.iter_mut().zip(&weights).for_each(|(m, w)| *m += f64::from(*w));
            }
        }
        if averaged > 0 {
            weights = mean.iter().map(|m| (*m / averaged as f64) as f32).collect();
        }
        Self { weights }
    }

    /// What it says, before the softmax; zeros of a reader that was not fitted.
    pub fn scores(&self, counts: &Counts) -> [f64; 10] {
        let Some(neurons) = (self.weights.len() / 10).checked_sub(1) else { return [0.0; 10] };
        scores(&self.weights, neurons, counts).map(f64::from)
    }
}

fn scores(weights: &[f32], neurons: usize, counts: &Counts) -> [f32; 10] {
    let mut sums: [f32; 10] = std::array::from_fn(|c| weights[neurons * 10 + c]);
    for (neuron, count) in counts {
        let (x, row) = ((*count as f32).sqrt(), &weights[*neuron as usize * 10..][..10]);
        sums.iter_mut().zip(row).for_each(|(s, w)| *s += x * w);
    }
    sums
}

/// One step on one image.
fn descend(weights: &mut [f32], neurons: usize, counts: &Counts, class: u8, rate: f32) {
    let sums = scores(weights, neurons, counts);
    let most = sums.iter().fold(f32::MIN, |a, b| a.max(*b));
    let mut error = sums.map(|s| (s - most).exp());
    let total = sum_in_order(error.map(f64::from)) as f32;
    error.iter_mut().for_each(|e| *e /= total);
    error[usize::from(class.min(9))] -= 1.0;
    let bias = (neurons as u32, 1);
    for (neuron, count) in counts.iter().chain([&bias]) {
        let (x, row) = ((*count as f32).sqrt(), &mut weights[*neuron as usize * 10..][..10]);
        row.iter_mut().zip(error).for_each(|(w, e)| *w -= rate * (x * e + DECAY * *w));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_the_plain_vote_cannot() {
        // Neuron 0 fires for both classes; only neuron 1, which fires little, tells.
        let image = |k: u32| -> (Counts, u8) {
            let class = (k % 2) as u8;
            (if class == 0 { vec![(0, 9)] } else { vec![(0, 9), (1, 1)] }, class)
        };
        let images: Vec<_> = (0..400).map(image).collect();
        let reader = Logistic::fit(2, &images);
        for (counts, class) in &images[..2] {
            let scores = reader.scores(counts);
            assert_eq!(super::super::read_out::largest(&scores), Some(*class));
        }
        assert_eq!(reader, Logistic::fit(2, &images));
    }

    #[test]
    fn nothing_to_fit_to_is_no_trouble() {
        let reader = Logistic::fit(3, &[]);
        assert_eq!(reader.scores(&vec![(2, 5)]), [0.0; 10]);
    }
}
