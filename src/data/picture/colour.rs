//! From colours to the grey in which ink and paper differ most. Usually that is
//! perceived brightness; red ink on an equally bright green needs the direction in
//! colour space along which the ink departs from the paper.

use super::ink::{Paper, quantile};
use super::{Colours, Grey};

/// Departures below this, of a colour range of 1, are not ink.
const LEAST: f32 = 0.06;
/// … nor are those below so many standard deviations of the paper's grain.
const LEAST_SIGNAL: f32 = 5.0;
/// If brightness shows at least this share of the difference, brightness it is.
const ENOUGH: f32 = 0.4;
/// Fewer inked samples than this do not tell a direction.
const LEAST_SAMPLES: usize = 8;
/// Brightness of the paper, and the depth of full ink, along such a direction.
const PAPER: f32 = 0.8;
const DEPTH: f32 = 0.6;

/// The picture in grey.
pub(super) fn to_grey(colours: &Colours) -> Grey {
    let project = |f: &dyn Fn([f32; 3]) -> f32| Grey {
        width: colours.width,
        height: colours.height,
        values: colours.values.iter().map(|c| f(*c)).collect(),
    };
    match direction(colours) {
        Some((axis, paper, full)) => project(&|c| {
            let along: f32 = (0..3).map(|k| (c[k] - paper[k]) * axis[k]).sum();
            (PAPER - DEPTH * along / full).clamp(0.0, 1.0)
        }),
        None => project(&Grey::luma),
    }
}

/// The unit direction from paper to ink, the paper's middle colour and the
/// length of the way; `None` where brightness does.
fn direction(colours: &Colours) -> Option<([f32; 3], [f32; 3], f32)> {
    let channels: [Grey; 3] = std::array::from_fn(|k| Grey {
        width: colours.width,
        height: colours.height,
        values: colours.values.iter().map(|c| c[k]).collect(),
    });
    if channels[0].values == channels[1].values && channels[1].values == channels[2].values {
        return None;
    }
    let papers: Vec<Paper> = channels.iter().filter_map(Paper::fit).collect();
    let [red, green, blue] = &papers[..] else { return None };
    let papers = [red, green, blue];
    let grain = papers.iter().map(|p| p.grain * p.grain).sum::<f32>().sqrt();
    let least = LEAST.max(LEAST_SIGNAL * grain);
    let step = (colours.width.max(colours.height) / 200).max(1);
    let mut inked = Vec::new();
    for y in (0..colours.height).step_by(step) {
        for x in (0..colours.width).step_by(step) {
            let colour = colours.values[y * colours.width + x];
            let d: [f32; 3] = std::array::from_fn(|k| colour[k] - papers[k].at(&channels[k], x, y));
            if length(d) > least {
                inked.push(d);
            }
        }
    }
    let mut lengths: Vec<f32> = inked.iter().map(|d| length(*d)).collect();
    let full = quantile(&mut lengths, 0.9)?;
    inked.retain(|d| length(*d) >= 0.5 * full);
    if inked.len() < LEAST_SAMPLES {
        return None;
    }
    let seen: f32 = inked.iter().map(|d| Grey::luma(*d).abs()).sum();
    // For grey ink the two are equal.
    let there: f32 = inked.iter().map(|d| length(*d) / 3f32.sqrt()).sum();
    if seen >= ENOUGH * there {
        return None;
    }
    let middle =
        std::array::from_fn(|k| papers[k].at(&channels[k], colours.width / 2, colours.height / 2));
    Some((principal(&inked), middle, full))
}

fn length(d: [f32; 3]) -> f32 {
    d.iter().map(|v| v * v).sum::<f32>().sqrt()
}

/// The direction of the largest second moment, by power iteration, towards
/// which most departures point.
fn principal(departures: &[[f32; 3]]) -> [f32; 3] {
    let sum: [f32; 3] = std::array::from_fn(|k| departures.iter().map(|d| d[k]).sum());
    // Not at right angles to any axis by chance.
    let mut axis = [sum[0] + 0.01, sum[1] + 0.02, sum[2] + 0.03];
    for _ in 0..32 {
        let mut next = [0.0; 3];
        for d in departures {
            let along: f32 = (0..3).map(|k| d[k] * axis[k]).sum();
            next.iter_mut().zip(d).for_each(|(n, v)| *n += along * v);
        }
        let size = length(next).max(f32::MIN_POSITIVE);
        axis = next.map(|v| v / size);
    }
    let with: f32 = (0..3).map(|k| sum[k] * axis[k]).sum();
    if with < 0.0 { axis.map(|v| -v) } else { axis }
}
