//! From spikes to a digit: each neuron stands for the digit that it fires for
//! most on labelled training images, and the neurons of a digit vote together
//! (Diehl and Cook 2015, section 2.4).

/// The sums from which labels follow.
#[derive(Clone, Debug)]
pub struct Responses {
    neurons: usize,
    /// `[class][neuron]`.
    spikes: Vec<f64>,
    images: [u64; 10],
}

impl Responses {
    /// None so far.
    pub fn new(neurons: usize) -> Self {
        Self { neurons, spikes: vec![0.0; 10 * neurons], images: [0; 10] }
    }

    /// An image of this class raised these spikes.
    pub fn add(&mut self, class: u8, counts: &[u32]) {
        let class = usize::from(class.min(9));
        self.images[class] += 1;
        let sums = &mut self.spikes[class * self.neurons..][..self.neurons];
        sums.iter_mut().zip(counts).for_each(|(s, c)| *s += f64::from(*c));
    }

    /// Mean spikes of a neuron per image of a class.
    pub fn mean(&self, class: usize, neuron: usize) -> f64 {
        match self.images[class] {
            0 => 0.0,
            n => self.spikes[class * self.neurons + neuron] / n as f64,
        }
    }

    /// The class of the largest mean; `None` for a neuron that never fired.
    pub fn labels(&self) -> Vec<Option<u8>> {
        let label = |j: usize| {
            let mut best = (None, 0.0);
            for class in 0..10 {
                let mean = self.mean(class, j);
                if mean > best.1 {
                    best = (Some(class as u8), mean);
                }
            }
            best.0
        };
        (0..self.neurons).map(label).collect()
    }
}

/// Mean spikes of the neurons of each digit: the vote.
pub fn votes(labels: &[Option<u8>], counts: &[u32]) -> [f64; 10] {
    let (mut sums, mut numbers) = ([0.0; 10], [0u32; 10]);
    for (label, count) in labels.iter().zip(counts) {
        if let Some(label) = label {
            sums[usize::from(*label)] += f64::from(*count);
            numbers[usize::from(*label)] += 1;
        }
    }
    std::array::from_fn(|c| if numbers[c] == 0 { 0.0 } else { sums[c] / f64::from(numbers[c]) })
}

/// The digit with the largest vote; the smaller of two that are equal.
pub fn predict(labels: &[Option<u8>], counts: &[u32]) -> u8 {
    let votes = votes(labels, counts);
    let mut best = 0;
    for class in 1..10 {
        if votes[class] > votes[best] {
            best = class;
        }
    }
    best as u8
}
