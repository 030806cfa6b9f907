//! What stands between neurons in a NIR graph: products, convolutions, sums over windows. Most
//! of what comes in is zero in a step, so that each works from what is not.

use super::plan::Work;

/// Computes what a node gives.
pub(super) fn apply(work: &Work, into: &[f32], out: &mut [f32]) {
    match work {
        Work::Dense { weight, outputs, bias } => {
            begin(out, bias.as_deref());
            for (x, row) in
                into.iter().zip(weight.chunks_exact(*outputs)).filter(|(x, _)| **x != 0.0)
            {
                out.iter_mut().zip(row).for_each(|(out, w)| *out += x * w);
            }
        }
        Work::Scale(scale) => {
            out.iter_mut().zip(into).zip(scale).for_each(|((out, x), s)| *out = x * s);
        }
        Work::Threshold(threshold) => {
            let above = |x: &f32, t: &f32| f32::from(u8::from(x > t));
            out.iter_mut().zip(into).zip(threshold).for_each(|((out, x), t)| *out = above(x, t));
        }
        Work::Convolution { of, input, output, padding } => {
            let [_, per_group, kh, kw] = of.shape;
            let ([_, h, w], [maps, oh, ow]) = (*input, *output);
            for (map, plane) in out.chunks_exact_mut(oh * ow).enumerate() {
                plane.fill(of.bias.as_ref().map_or(0.0, |b| b[map]));
            }
            let of_group = maps / of.groups;
            for (at, x) in into.iter().enumerate().filter(|(_, x)| **x != 0.0) {
                let (channel, y, x_at) = (at / (h * w), at / w % h, at % w);
                let group = channel / per_group;
                for ky in 0..kh {
                    let Some(oy) = place(y + padding[0], ky * of.dilation[0], of.stride[0], oh)
                    else {
                        continue;
                    };
                    for kx in 0..kw {
                        let Some(ox) =
                            place(x_at + padding[1], kx * of.dilation[1], of.stride[1], ow)
                        else {
                            continue;
                        };
                        for map in group * of_group..(group + 1) * of_group {
                            let weight =
                                ((map * per_group + channel % per_group) * kh + ky) * kw + kx;
                            out[(map * oh + oy) * ow + ox] += x * of.weight[weight];
                        }
                    }
                }
            }
        }
        Work::Pool { kernel, stride, padding, input, output, scale } => {
            out.fill(0.0);
            let ([_, h, w], [_, oh, ow]) = (*input, *output);
            for (at, x) in into.iter().enumerate().filter(|(_, x)| **x != 0.0) {
                let (channel, y, x_at) = (at / (h * w), at / w % h, at % w);
                for oy in (0..kernel[0]).filter_map(|k| place(y + padding[0], k, stride[0], oh)) {
                    for ox in
                        (0..kernel[1]).filter_map(|k| place(x_at + padding[1], k, stride[1], ow))
                    {
                        out[(channel * oh + oy) * ow + ox] += x * scale;
                    }
                }
            }
        }
        // What is handed on; the rest is computed where the states are.
        _ => out.copy_from_slice(into),
    }
}

fn begin(out: &mut [f32], bias: Option<&[f32]>) {
    match bias {
        Some(bias) => out.copy_from_slice(bias),
        None => out.fill(0.0),
    }
}

/// Which output sees this place with this part of its window.
fn place(at: usize, within: usize, stride: usize, size: usize) -> Option<usize> {
    let from = at.checked_sub(within)?;
    (from.is_multiple_of(stride) && from / stride < size).then_some(from / stride)
}
