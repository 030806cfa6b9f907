//! The pictures that excite a unit most, and where in each: all units of a layer
//! in one pass over the pictures.

use crate::ann::network::Network;
use crate::ann::zoo::{Activation, Layer};
use crate::data::Dataset;

use super::GoOn;
use super::dissection::Dissection;

/// Pictures kept for each unit.
pub const KEPT: usize = 12;
/// Pictures asked together.
const TOGETHER: usize = 8;

/// One picture that excites a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Number of the picture in the data set.
    pub index: usize,
    /// The unit's largest activation anywhere in the picture …
    pub activation: f32,
    /// … and where in its map that is.
    pub y: usize,
    pub x: usize,
}

/// What excites the units of a layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exciting {
    /// By unit, the most exciting first; empty for a unit that is silent on all.
    pub best: Vec<Vec<Hit>>,
    /// Pictures asked.
    pub seen: usize,
}

/// Asks the first `count` pictures. Stopped, it returns what it has found so far.
pub fn search(
    network: &Network,
    layer: usize,
    data: &Dataset,
    count: usize,
    go_on: &mut GoOn<'_>,
) -> Exciting {
    let taken = Dissection::up_to(network, layer);
    let plane = taken.plane(layer);
    let count = count.min(data.len());
    // Without a ReLU a unit always says something; with one, zero is silence.
    let floor = match taken.layers()[layer] {
        Layer::Dense { activation, .. } | Layer::Convolution { activation, .. }
            if activation != Activation::Relu =>
        {
            f32::NEG_INFINITY
        }
        Layer::Pool { .. } | Layer::Affine | Layer::Activate(_) | Layer::Recurrent { .. } => {
            f32::NEG_INFINITY
        }
        _ => 0.0,
    };
    let mut found = Exciting { best: vec![Vec::new(); plane.c], seen: 0 };
    while found.seen < count && go_on(found.seen, count) {
        let n = TOGETHER.min(count - found.seen);
        let pictures: Vec<f32> =
            (found.seen..found.seen + n).flat_map(|i| data.pixels(i)).collect();
        let trace = taken.forward(&pictures, n);
        for (i, output) in trace.output(layer).chunks_exact(plane.len()).enumerate() {
            let mut peak = vec![(floor, 0usize); plane.c];
            for (place, pixel) in output.chunks_exact(plane.c).enumerate() {
                for (peak, v) in peak.iter_mut().zip(pixel) {
                    if *v > peak.0 {
                        *peak = (*v, place);
                    }
                }
            }
            for (best, (activation, place)) in found.best.iter_mut().zip(peak) {
                if activation > floor {
                    let (y, x) = (place / plane.w, place % plane.w);
                    insert(best, Hit { index: found.seen + i, activation, y, x });
                }
            }
        }
        found.seen += n;
    }
    found
}

/// Keeps the list sorted and short; of equals, the earlier picture is first.
fn insert(best: &mut Vec<Hit>, hit: Hit) {
    let at = best.partition_point(|b| b.activation >= hit.activation);
    if at < KEPT {
        best.insert(at, hit);
        best.truncate(KEPT);
    }
}

#[cfg(test)]
mod tests {
    use super::super::dissection::{Unit, place};
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::data::synthetic;

    #[test]
    fn it_finds_what_asking_one_by_one_finds() {
        let data = synthetic::generate(9, 60);
        for id in [0, 3, 7] {
            let (network, _) = REPORT.networks().swap_remove(id).unwrap();
            let taken = Dissection::new(&network);
            for layer in [0, taken.layers().len() - 1] {
                let found = search(&network, layer, &data, 60, &mut |_, _| true);
                let plane = taken.plane(layer);
                for channel in [0, plane.c - 1] {
                    let mut all: Vec<(f32, usize)> = (0..60)
                        .map(|i| {
                            let trace = taken.forward(&data.pixels(i), 1);
                            let map = trace.output(layer).chunks_exact(plane.c);
                            (map.map(|p| p[channel]).fold(f32::NEG_INFINITY, f32::max), i)
                        })
                        .collect();
                    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
                    for (hit, (activation, _)) in found.best[channel].iter().zip(&all) {
                        assert!((hit.activation - activation).abs() < 1e-4);
                        let trace = taken.forward(&data.pixels(hit.index), 1);
                        let unit = Unit { layer, y: hit.y, x: hit.x, channel };
                        let there = trace.output(layer)[place(plane, unit)];
                        assert!((there - activation).abs() < 1e-4);
                    }
                }
            }
        }
    }

    #[test]
    fn a_silent_unit_has_none_and_a_stopped_search_keeps_what_it_has() {
        let data = synthetic::generate(9, 40);
        let (mut network, _) = REPORT.networks().swap_remove(3).unwrap();
        let mut values = network.values();
        values[1][6] = -100.0;
        network.set_values(&values);
        let found = search(&network, 0, &data, 40, &mut |done, _| done < 16);
        assert_eq!((found.seen, found.best[6].len()), (16, 0));
        assert!(found.best.iter().any(|b| b.len() == KEPT));
    }
}
