//! Who is connected with whom, as engines see it.

use serde::{Deserialize, Serialize};

/// The synapses of a projection, and the order of its weights.
#[derive(Clone, Debug, PartialEq)]
pub enum Connection {
    /// `[pre][post]`.
    Dense,
    /// `[neuron]`.
    OneToOne,
    /// One weight for all.
    AllButSelf,
    /// By rows: the synapses of neuron `i` are `offsets[i]..offsets[i + 1]`,
    /// and `targets` says where they lead, in rising order.
    Sparse { offsets: Vec<u32>, targets: Vec<u32> },
    /// `[channel out][channel in][row][column]`.
    Convolution(ConvolutionShape),
}

/// A two-dimensional convolution, channels first: neuron `(c, y, x)` is number
/// `(c · height + y) · width + x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvolutionShape {
    /// Channels, height and width of the source.
    pub input: [usize; 3],
    /// Channels of the target.
    pub channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    pub stride: usize,
    /// Zeros around the source.
    pub padding: usize,
}

impl ConvolutionShape {
    /// Channels, height and width of the target; `None` if the kernel does not fit.
    pub fn output(&self) -> Option<[usize; 3]> {
        let along = |n: usize, k: usize| {
            let room = (n + 2 * self.padding).checked_sub(k)?;
            (k > 0 && self.stride > 0).then(|| room / self.stride + 1)
        };
        let height = along(self.input[1], self.kernel[0])?;
        Some([self.channels, height, along(self.input[2], self.kernel[1])?])
    }

    /// Number of weights.
    pub fn weights(&self) -> usize {
        self.channels * self.input[0] * self.kernel[0] * self.kernel[1]
    }

    /// Calls `f` with (weight, target) for each synapse of a source neuron.
    #[inline]
    pub fn for_each(&self, neuron: usize, mut f: impl FnMut(usize, usize)) {
        let [in_channels, in_h, in_w] = self.input;
        let (c, rest) = (neuron / (in_h * in_w), neuron % (in_h * in_w));
        let (y, x) = (rest / in_w + self.padding, rest % in_w + self.padding);
        let Some([_, out_h, out_w]) = self.output() else { return };
        let [kh, kw] = self.kernel;
        for ky in 0..kh.min(y + 1) {
            let oy = (y - ky) / self.stride;
            if !(y - ky).is_multiple_of(self.stride) || oy >= out_h {
                continue;
            }
            for kx in 0..kw.min(x + 1) {
                let ox = (x - kx) / self.stride;
                if !(x - kx).is_multiple_of(self.stride) || ox >= out_w {
                    continue;
                }
                for o in 0..self.channels {
                    let weight = ((o * in_channels + c) * kh + ky) * kw + kx;
                    f(weight, (o * out_h + oy) * out_w + ox);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The convolution by its definition: every target gathers.
    fn by_definition(s: &ConvolutionShape) -> Vec<(usize, usize, usize)> {
        let [oc, oh, ow] = s.output().unwrap();
        let [ic, ih, iw] = s.input;
        let mut all = Vec::new();
        for (o, oy, ox) in (0..oc).flat_map(|o| (0..oh * ow).map(move |p| (o, p / ow, p % ow))) {
            for (c, ky, kx) in (0..ic).flat_map(|c| {
                (0..s.kernel[0] * s.kernel[1]).map(move |p| (c, p / s.kernel[1], p % s.kernel[1]))
            }) {
                let (y, x) = (oy * s.stride + ky, ox * s.stride + kx);
                if y < s.padding || x < s.padding || y - s.padding >= ih || x - s.padding >= iw {
                    continue;
                }
                let pre = (c * ih + y - s.padding) * iw + x - s.padding;
                let weight = ((o * ic + c) * s.kernel[0] + ky) * s.kernel[1] + kx;
                all.push((pre, weight, (o * oh + oy) * ow + ox));
            }
        }
        all.sort_unstable();
        all
    }

    #[test]
    fn a_spike_reaches_what_the_convolution_gathers() {
        for (stride, padding, kernel) in
            [(1, 0, [3, 3]), (2, 1, [3, 2]), (1, 2, [5, 5]), (3, 0, [2, 2])]
        {
            let shape = ConvolutionShape { input: [2, 7, 6], channels: 3, kernel, stride, padding };
            let mut found = Vec::new();
            for pre in 0..84 {
                shape.for_each(pre, |weight, post| found.push((pre, weight, post)));
            }
            found.sort_unstable();
            assert_eq!(found, by_definition(&shape), "{shape:?}");
        }
    }
}
