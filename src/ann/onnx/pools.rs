//! Pooling.

use super::attributes::axis;
use super::chain::Chain;
use super::flow::Flow;
use super::proto::Node;
use super::sums::padding;
use crate::ann::zoo::{PoolKind, Window};

/// `MaxPool` and `AveragePool`.
pub fn pool(node: &Node, chain: &mut Chain, flow: &Flow) -> Result<Flow, String> {
    let [h, w, c] = chain.picture(flow)?;
    let max = node.op() == "MaxPool";
    let kernel: [usize; 2] = node.sizes("kernel_shape", 0, 1)?;
    if kernel.contains(&0) {
        return Err("its window is missing".into());
    }
    let stride: [usize; 2] = node.sizes("strides", 1, 1)?;
    if node.sizes::<2>("dilations", 1, 1)? != [1, 1] {
        return Err("its window has gaps (dilations)".into());
    }
    let mut padding = padding(node, [h, w], kernel, stride)?;
    let counted = node.int("count_include_pad", 0) != 0;
    if node.int("ceil_mode", 0) != 0 {
        // Where a last window hangs over, as if there were more padding below or to the right.
        for (i, side) in [h, w].into_iter().enumerate() {
            let whole = side + padding[i] + padding[i + 2];
            let beside = whole.saturating_sub(kernel[i]) % stride[i];
            let steps = whole.saturating_sub(kernel[i]) / stride[i] + 1;
            // A window that would begin in the padding behind is left out.
            if beside == 0 || steps * stride[i] >= side + padding[i] {
                continue;
            }
            if counted {
                return Err("its last windows hang over (ceil_mode), and padding is counted".into());
            }
            padding[i + 2] += stride[i] - beside;
        }
    }
    let kind = match (max, counted && padding != [0; 4]) {
        (true, _) => PoolKind::Max,
        (false, true) => PoolKind::AverageCounted,
        (false, false) => PoolKind::Average,
    };
    let window = Window { kernel, stride, padding };
    let [out_h, out_w] = window.output([h, w]).unwrap_or_default();
    chain.pool(kind, window)?;
    Ok(Flow::picture([out_h, out_w, c], chain.at()))
}

/// The mean or the largest over all pixels of each channel: `GlobalAveragePool`,
/// `GlobalMaxPool`, `ReduceMean` and `ReduceMax`. `axes` is what these two take besides.
pub fn global(
    node: &Node,
    chain: &mut Chain,
    flow: &Flow,
    axes: Option<&[i64]>,
) -> Result<Flow, String> {
    let n = flow.dims.len();
    let axes: Vec<usize> = match (node.op().starts_with("Global"), axes) {
        (true, _) => (2..n).collect(),
        (false, Some(axes)) => axes.iter().map(|a| axis(*a, n)).collect::<Result<_, _>>()?,
        (false, None) => (0..n).collect(),
    };
    let keep = node.op().starts_with("Global") || node.int("keepdims", 1) == 1;
    let [h, w, c] = chain.size();
    let places = flow.settled()?;
    let wrong = || "it takes more, or less, than all pixels of a channel together".to_owned();
    if !flow.is_whole(h * w * c) || !flow.around.is_empty() {
        return Err(wrong());
    }
    // Which of the results each number goes into, and of which channel that is.
    let mut channel = vec![
        None;
        flow.dims
            .iter()
            .enumerate()
            .filter(|(i, _)| !axes.contains(i))
            .map(|(_, d)| d)
            .product()
    ];
    for (i, place) in places.iter().enumerate() {
        let (mut rest, mut result, mut step) = (i, 0, 1);
        for k in (0..n).rev() {
            let at = rest % flow.dims[k];
            rest /= flow.dims[k];
            if !axes.contains(&k) {
                result += at * step;
                step *= flow.dims[k];
            }
        }
        let of = *place as usize % c;
        if *channel[result].get_or_insert(of) != of {
            return Err(wrong());
        }
    }
    if channel.len() != c {
        return Err(wrong());
    }
    if h * w > 1 {
        let kind = if node.op().contains("Max") { PoolKind::Max } else { PoolKind::Average };
        chain.pool(kind, Window { kernel: [h, w], stride: [1, 1], padding: [0; 4] })?;
    }
    let kept = |(k, d): (usize, &usize)| match axes.contains(&k) {
        false => Some(*d),
        true => keep.then_some(1),
    };
    let dims = flow.dims.iter().enumerate().filter_map(kept).collect();
    let places = channel.into_iter().flatten().map(|of| of as u32).collect();
    Ok(Flow { places, ..Flow::new(dims, chain.at()) })
}
