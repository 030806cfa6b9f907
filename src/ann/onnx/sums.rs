//! Convolutions and dense layers.

use super::array::Array;
use super::attributes::axis;
use super::chain::{Chain, MOST_WEIGHTS, Sum};
use super::flow::Flow;
use super::proto::Node;
use super::times;
use crate::ann::zoo::{Activation, Window};

/// The largest kernel, stride and padding: no picture has more pixels a side.
pub const MOST_SIDE: usize = 64;

/// The zeros that a node lays around the picture by itself: top, left, bottom, right.
pub fn padding(
    node: &Node,
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
) -> Result<[usize; 4], String> {
    let same = |i: usize| {
        let out = size[i].div_ceil(stride[i]);
        (out.saturating_sub(1) * stride[i] + kernel[i]).saturating_sub(size[i])
    };
    let [down, across] = [same(0), same(1)];
    match &node.text("auto_pad")[..] {
        "" | "NOTSET" => node.sizes("pads", 0, 0),
        "VALID" => Ok([0; 4]),
        // What is left over goes below and to the right, or above and to the left.
        "SAME_UPPER" => Ok([down / 2, across / 2, down.div_ceil(2), across.div_ceil(2)]),
        "SAME_LOWER" => Ok([down.div_ceil(2), across.div_ceil(2), down / 2, across / 2]),
        other => Err(format!("its padding {} is not known", super::quoted(other))),
    }
}

/// `Conv`: kernel `(filters, channels, rows, columns)` in the file.
pub fn conv(
    node: &Node,
    chain: &mut Chain,
    flow: &Flow,
    kernel: &Array,
    bias: Option<&Array>,
) -> Result<Flow, String> {
    let mut bare = flow.clone();
    let around = std::mem::take(&mut bare.around);
    let [h, w, c] = chain.picture(&bare)?;
    let [filters, per_group, kh, kw] = kernel.dims[..] else {
        return Err(format!(
            "its kernel has the shape {}; only convolutions over rows and columns are imported",
            times(&kernel.dims)
        ));
    };
    let group = usize::try_from(node.int("group", 1)).ok().filter(|g| *g > 0);
    let group = group.ok_or("its number of groups is not 1 or more")?;
    if per_group.checked_mul(group) != Some(c) || !filters.is_multiple_of(group) || filters == 0 {
        return Err(format!("its kernel is for {per_group} channels, but {c} come in"));
    }
    let dilation: [usize; 2] = node.sizes("dilations", 1, 1)?;
    if kh == 0 || kw == 0 || kh.max(kw) > MOST_SIDE {
        return Err(format!("its kernel of {kh}×{kw} is empty or too large"));
    }
    let size = [(kh - 1) * dilation[0] + 1, (kw - 1) * dilation[1] + 1];
    let stride: [usize; 2] = node.sizes("strides", 1, 1)?;
    let [mut top, mut left, mut bottom, mut right] = padding(node, [h, w], size, stride)?;
    if let [[0, 0], [0, 0], [t, b], [l, r]] = around[..] {
        (top, left, bottom, right) = (top + t, left + l, bottom + b, right + r);
    } else if !around.is_empty() {
        return Err("before it, more than rows and columns of a picture is padded".into());
    }
    let cells = size[0] * size[1] * c;
    cells.checked_mul(filters).filter(|n| *n <= MOST_WEIGHTS).ok_or("it has too many weights")?;
    let from = kernel.as_floats()?;
    let mut weight = vec![0f32; cells * filters];
    let per_filter = per_group * kh * kw;
    for (i, value) in from.iter().enumerate() {
        let (filter, rest) = (i / per_filter, i % per_filter);
        let channel = rest / (kh * kw) + filter / (filters / group) * per_group;
        let (y, x) = (rest / kw % kh * dilation[0], rest % kw * dilation[1]);
        weight[((y * size[1] + x) * c + channel) * filters + filter] = *value;
    }
    if group > 1 || dilation != [1, 1] {
        chain.notes.push(format!(
            "The kernel of {} is written out with zeros: ours know neither groups nor gaps.",
            super::walk::label(node, 0)
        ));
    }
    let bias = Sum::bias(bias, filters)?;
    let sum = Sum { window: None, units: filters, weight, bias, activation: Activation::Linear };
    let window = Window { kernel: size, stride, padding: [top, left, bottom, right] };
    let [out_h, out_w] = window.output([h, w]).unwrap_or_default();
    chain.convolve(sum, window)?;
    Ok(Flow::picture([out_h, out_w, filters], chain.at()))
}

/// `Gemm`, or `MatMul` where `weight` is `(inputs, units)`.
pub fn dense(
    node: &Node,
    chain: &mut Chain,
    flow: &Flow,
    weight: &Array,
    bias: Option<&Array>,
) -> Result<Flow, String> {
    let product = node.op() == "MatMul";
    if !product && node.int("transA", 0) != 0 {
        return Err("it turns what comes in (transA)".into());
    }
    let turned = !product && node.int("transB", 0) != 0;
    let (inputs, units) = match weight.dims[..] {
        [a, b] if turned => (b, a),
        [a, b] => (a, b),
        _ => {
            return Err(format!(
                "its weights have the shape {}, not inputs×units",
                times(&weight.dims)
            ));
        }
    };
    if flow.dims.last() != Some(&inputs) || flow.places.len() != inputs {
        return Err(format!(
            "its weights are for {inputs} numbers, but those that come in have the shape {}",
            times(&flow.dims)
        ));
    }
    let factor = |name: &str| if product { 1.0 } else { node.float(name, 1.0) };
    let (alpha, beta) = (factor("alpha"), factor("beta"));
    let values = weight.as_floats()?;
    let at =
        |i: usize, u: usize| alpha * values[if turned { u * inputs + i } else { i * units + u }];
    let bias = Sum::bias(bias, units)?.iter().map(|b| beta * b).collect();
    chain.dense(flow, units, &at, bias)?;
    let mut dims = flow.dims.clone();
    if let Some(last) = dims.last_mut() {
        *last = units;
    }
    Ok(Flow::new(dims, chain.at()))
}

/// `Pad` with zeros: kept for the convolution that follows.
pub fn pad(node: &Node, flow: &Flow, rest: &[Option<&Array>]) -> Result<Flow, String> {
    let given = |i: usize| rest.get(i).copied().flatten();
    if !matches!(&node.text("mode")[..], "" | "constant") {
        return Err(format!("it pads by {}, not with zeros", super::quoted(&node.text("mode"))));
    }
    let value = match given(1) {
        Some(value) => value.as_floats()?.first().copied().unwrap_or_default(),
        None => node.float("value", 0.0),
    };
    if value != 0.0 {
        return Err(format!("it pads with {value}; only zeros are imported"));
    }
    let pads = match given(0) {
        Some(pads) => pads.as_whole()?.to_vec(),
        None => node.ints("pads").ok_or("its padding is missing")?.to_vec(),
    };
    let n = flow.dims.len();
    let axes = match given(2) {
        Some(axes) => axes.as_whole()?.to_vec(),
        None => (0..n as i64).collect(),
    };
    if pads.len() != 2 * axes.len() {
        return Err(format!("it has {} numbers of padding for {} axes", pads.len(), axes.len()));
    }
    let mut padded = flow.clone();
    padded.around.resize(n, [0; 2]);
    for (i, named) in axes.iter().enumerate() {
        let at = axis(*named, n)?;
        for (side, pad) in [pads[i], pads[i + axes.len()]].into_iter().enumerate() {
            let pad = usize::try_from(pad).ok().filter(|p| *p <= MOST_SIDE);
            padded.around[at][side] += pad.ok_or("its padding is negative or too large")?;
        }
    }
    if padded.around.iter().flatten().all(|p| *p == 0) {
        padded.around.clear();
    }
    Ok(padded)
}
