//! Occlusion (Zeiler and Fergus 2014): a square of background slides over the
//! picture, and the network is asked about each covered picture. What matters for
//! a class is where covering makes the network less sure of it.

use crate::ann::network::Network;
use crate::data::{PIXELS, Pixels, SIDE};

use super::GoOn;

/// Side of the square, pixels.
pub const SQUARE: usize = 5;
/// Pictures asked together.
const TOGETHER: usize = 16;

/// The map of one class.
#[derive(Clone, Debug, PartialEq)]
pub struct Occlusion {
    /// The class.
    pub class: usize,
    /// By pixel: how much ln p of the class drops, mean over all squares that
    /// cover the pixel, nats. Below zero where covering makes it more likely.
    pub map: Box<Pixels>,
}

/// ln p of a class.
fn log_probability(logits: &[f32], class: usize) -> f32 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = logits.iter().map(|v| (v - largest).exp()).sum();
    logits.get(class).copied().unwrap_or(f32::NAN) - largest - total.ln()
}

/// Slides the square pixel by pixel; `None` when `go_on` says to stop.
pub fn map(
    network: &Network,
    picture: &Pixels,
    class: usize,
    go_on: &mut GoOn<'_>,
) -> Option<Occlusion> {
    let ask = |pictures: &[Pixels]| -> Vec<f32> {
        network.logits(pictures).iter().map(|l| log_probability(l, class)).collect()
    };
    let whole = ask(std::slice::from_ref(picture)).first().copied().unwrap_or(f32::NAN);
    let places = SIDE - SQUARE + 1;
    let (mut sum, mut count) = ([0f32; PIXELS], [0f32; PIXELS]);
    let mut waiting: Vec<(usize, Pixels)> = Vec::with_capacity(TOGETHER);
    let pixels = |place: usize| {
        let (y, x) = (place / places, place % places);
        (0..SQUARE * SQUARE).map(move |i| (y + i / SQUARE) * SIDE + x + i % SQUARE)
    };
    for place in 0..places * places {
        pixels(place).for_each(|i| count[i] += 1.0);
        // Covering what is blank changes nothing.
        if pixels(place).any(|i| picture[i] != 0.0) {
            let mut covered = *picture;
            pixels(place).for_each(|i| covered[i] = 0.0);
            waiting.push((place, covered));
        }
        if waiting.len() == TOGETHER || place + 1 == places * places {
            if !go_on(place + 1, places * places) {
                return None;
            }
            let pictures: Vec<Pixels> = waiting.iter().map(|w| w.1).collect();
            for ((place, _), left) in waiting.drain(..).zip(ask(&pictures)) {
                pixels(place).for_each(|i| sum[i] += whole - left);
            }
        }
    }
    let mut map = Box::new([0f32; PIXELS]);
    for (i, v) in map.iter_mut().enumerate() {
        *v = sum[i] / count[i].max(1.0);
    }
    Some(Occlusion { class, map })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::ann::zoo::ZOO;
    use crate::core::decision::first_max;
    use crate::data::synthetic;

    /// Against the plain definition at some pixels, for every kind of network.
    #[test]
    fn it_is_the_mean_over_the_squares_that_cover_a_pixel() {
        let picture = synthetic::digit(2, 8, 3);
        for architecture in ZOO {
            let network = Network::new(architecture, 2).unwrap();
            let found = map(&network, &picture, 8, &mut |_, _| true).unwrap();
            let ask = |p: &Pixels| network.probabilities(&[*p])[0][8].ln();
            for (py, px) in [(14, 14), (9, 12), (0, 0)] {
                let (mut sum, mut n) = (0.0, 0);
                for y in 0..=SIDE - SQUARE {
                    for x in 0..=SIDE - SQUARE {
                        if (y..y + SQUARE).contains(&py) && (x..x + SQUARE).contains(&px) {
                            let mut covered = picture;
                            for i in 0..SQUARE * SQUARE {
                                covered[(y + i / SQUARE) * SIDE + x + i % SQUARE] = 0.0;
                            }
                            sum += ask(&picture) - ask(&covered);
                            n += 1;
                        }
                    }
                }
                let (plain, ours) = (sum / n as f32, found.map[py * SIDE + px]);
                assert!((plain - ours).abs() < 1e-4, "{}: {plain} {ours}", architecture.id);
            }
        }
    }

    #[test]
    fn it_can_be_stopped_and_the_ink_matters_most() {
        let (network, _) = REPORT.networks().swap_remove(0).unwrap();
        let picture = synthetic::digit(2, 7, 3);
        assert!(map(&network, &picture, 7, &mut |_, _| false).is_none());
        let found = map(&network, &picture, 7, &mut |_, _| true).unwrap();
        let best = first_max(found.map.iter()).unwrap();
        let near = (-2..=2).any(|dy: isize| {
            (-2..=2).any(|dx: isize| {
                let i = best as isize + dy * SIDE as isize + dx;
                usize::try_from(i).ok().and_then(|i| picture.get(i)).is_some_and(|p| *p > 0.0)
            })
        });
        assert!(near && found.map[best] > 0.0);
    }
}
