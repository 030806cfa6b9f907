//! Activation maximisation (Erhan et al. 2009): a picture to which a unit
//! responds strongly, by gradient ascent from seeded noise. At each step the picture is moved a little
//! at random (jitter, so that nothing finer than that survives) and fades a
//! little (decay, so that only ink that counts stays). Ink stays in [0, 1].

use crate::ann::network::Network;
use crate::core::rng::Rng;

use super::GoOn;
use super::dissection::{Dissection, Of, Unit};

/// How to climb.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recipe {
    /// Seed of the noise and of the jitter.
    pub seed: u64,
    /// Steps.
    pub steps: usize,
    /// Length of a step: root mean square of the change, ink.
    pub rate: f32,
    /// Share of the ink that fades at each step.
    pub decay: f32,
}

impl Default for Recipe {
    fn default() -> Self {
        Self { seed: 1, steps: 160, rate: 0.06, decay: 0.03 }
    }
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
pub struct Liked {
    /// Size of the picture: the unit's receptive field, or the whole picture.
    pub h: usize,
    pub w: usize,
    /// Ink, row by row.
    pub pixels: Vec<f32>,
    /// What the unit makes of it; of one that ends in a ReLU, its sum before.
    pub activation: f32,
    /// What it made of the noise in the beginning.
    pub began: f32,
    /// Steps done; fewer than asked for when stopped.
    pub steps: usize,
}

impl Liked {
    /// Whether nothing could make a unit with a ReLU respond.
    pub fn silent(&self) -> bool {
        self.activation <= 0.0
    }
}

/// Climbs; a unit that does not respond gets two more starts. A climb that is
/// stopped ends where it is.
pub fn maximise(network: &Network, unit: Unit, recipe: Recipe, go_on: &mut GoOn<'_>) -> Liked {
    let taken = Dissection::of_one_field(network, unit.layer)
        .unwrap_or_else(|| Dissection::up_to(network, unit.layer));
    let unit = Unit { y: 0, x: 0, ..unit };
    let mut best: Option<Liked> = None;
    for start in 0..3 {
        let liked = climb(&taken, unit, recipe, start, go_on);
        let stopped = liked.steps < recipe.steps;
        if best.as_ref().is_none_or(|b| liked.activation > b.activation) {
            best = Some(liked);
        }
        if stopped || best.as_ref().is_some_and(|b| !b.silent()) {
            break;
        }
    }
    best.unwrap_or(Liked { h: 0, w: 0, pixels: Vec::new(), activation: 0.0, began: 0.0, steps: 0 })
}

/// The unit's sum. (A pooled unit's is only known where it is positive.)
fn sum(taken: &Dissection<'_>, output: &[f32], input: &[f32], unit: Unit) -> f32 {
    let value = output[unit.channel];
    if value != 0.0 {
        return value;
    }
    super::product::weighted(taken, input, unit).map_or(value, |s| s.sum)
}

fn climb(
    taken: &Dissection<'_>,
    unit: Unit,
    recipe: Recipe,
    start: u64,
    go_on: &mut GoOn<'_>,
) -> Liked {
    let (h, w) = (taken.input().h, taken.input().w);
    let mut rng = Rng::stream(recipe.seed, "activation maximisation", start);
    let mut picture = noise((h, w), &mut rng);
    // A tenth of the field at most: the smallest fields hold still.
    let reach = (h.min(w) / 10).min(2) as isize;
    let judge = |picture: &[f32]| {
        let trace = taken.forward(picture, 1);
        let value = sum(taken, trace.output(unit.layer), &trace.planes[unit.layer], unit);
        (trace, value)
    };
    let began = judge(&picture).1;
    let mut steps = 0;
    while steps < recipe.steps && go_on(steps, recipe.steps) {
        let jitter = |rng: &mut Rng| rng.below(2 * reach as usize + 1) as isize - reach;
        let by = [jitter(&mut rng), jitter(&mut rng)];
        picture = rolled(&picture, w, by);
        let (trace, _) = judge(&picture);
        let gradient = taken.gradient(&trace, unit, Of::Sum);
        let square: f32 = gradient.iter().map(|g| g * g).sum();
        let size = (square / gradient.len() as f32).sqrt();
        if size > 0.0 && size.is_finite() {
            for (p, g) in picture.iter_mut().zip(&gradient) {
                *p = ((*p + recipe.rate * g / size) * (1.0 - recipe.decay)).clamp(0.0, 1.0);
            }
        } else {
            // Everything on the way is silent, so there is no slope to climb:
            // somewhere else there may be one.
            picture = noise((h, w), &mut rng);
        }
        picture = rolled(&picture, w, [-by[0], -by[1]]);
        steps += 1;
    }
    let activation = judge(&picture).1;
    Liked { h, w, pixels: picture, activation, began, steps }
}

/// Blots of some pixels' width: what deep units respond to is not as fine as a
/// pixel, and without a response there is no gradient.
fn noise((h, w): (usize, usize), rng: &mut Rng) -> Vec<f32> {
    const COARSE: usize = 8;
    let strength = rng.range(0.3, 1.0);
    let grid: Vec<f32> = (0..COARSE * COARSE).map(|_| rng.uniform()).collect();
    let side = h.max(w).max(2) as f32 - 1.0;
    // A blot is four pixels wide; a small field shows a part of the grid.
    let at = |i: usize| (i as f32 / 4.0).min(i as f32 / side * (COARSE - 1) as f32);
    let lerp = |a: f32, b: f32, t: f32| a + (b - a) * t;
    (0..h * w)
        .map(|i| {
            let (y, x) = (at(i / w), at(i % w));
            let (y0, x0) = ((y as usize).min(COARSE - 2), (x as usize).min(COARSE - 2));
            let v = |dy: usize, dx: usize| grid[(y0 + dy) * COARSE + x0 + dx];
            let (ty, tx) = (y - y0 as f32, x - x0 as f32);
            strength * lerp(lerp(v(0, 0), v(0, 1), tx), lerp(v(1, 0), v(1, 1), tx), ty)
        })
        .collect()
}

/// Moved down and to the right; what leaves on one side comes in on the other.
fn rolled(picture: &[f32], w: usize, by: [isize; 2]) -> Vec<f32> {
    let h = picture.len() / w.max(1);
    let from = |i: usize, by: isize, n: usize| (i as isize - by).rem_euclid(n as isize) as usize;
    (0..h)
        .flat_map(|y| (0..w).map(move |x| (y, x)))
        .map(|(y, x)| picture[from(y, by[0], h) * w + from(x, by[1], w)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::bundled::REPORT;
    use crate::ann::zoo::{Layer, ZOO};

    fn unit(layer: usize, channel: usize) -> Unit {
        Unit { layer, y: 0, x: 0, channel }
    }

    /// Every layer of every bundled network: the climb ends higher than it
    /// began, and the same seed ends at the same place.
    #[test]
    fn it_climbs_and_the_same_seed_climbs_alike() {
        let recipe = Recipe { steps: 25, ..Recipe::default() };
        for loaded in REPORT.networks() {
            let (network, _) = loaded.unwrap();
            let layers = (network.architecture().layers)();
            for (layer, kind) in layers.iter().enumerate() {
                if matches!(kind, Layer::Dropout(_)) {
                    continue;
                }
                let liked = maximise(&network, unit(layer, 3), recipe, &mut |_, _| true);
                let name = network.architecture().id;
                assert!(
                    liked.activation > liked.began || liked.silent(),
                    "{name} layer {layer}: {} from {}",
                    liked.activation,
                    liked.began
                );
                assert!(liked.pixels.iter().all(|p| (0.0..=1.0).contains(p)));
                if layer == 0 {
                    let again = maximise(&network, unit(layer, 3), recipe, &mut |_, _| true);
                    assert_eq!(liked, again, "{name}");
                }
            }
        }
    }

    /// Of a first-layer unit the best picture is known: full ink where its weight
    /// is positive, none where it is negative.
    #[test]
    fn a_first_layer_unit_gets_ink_where_its_weights_are_positive() {
        let (network, _) = REPORT.networks().swap_remove(3).unwrap();
        for channel in 0..32 {
            let liked = maximise(&network, unit(0, channel), Recipe::default(), &mut |_, _| true);
            let parameters = network.parameters();
            let (weights, bias) = (parameters[0].values, parameters[1].values[channel]);
            let weight = |i: usize| weights[i * 32 + channel];
            let best: f32 = bias + (0..9).map(|i| weight(i).max(0.0)).sum::<f32>();
            assert!(
                liked.activation <= best + 1e-4
                    && liked.activation > best - 0.25 * best.abs() - 0.05,
                "{channel}: {} of {best}",
                liked.activation
            );
        }
    }

    #[test]
    fn a_dead_unit_says_so_and_a_climb_can_be_stopped() {
        let mut network = Network::new(ZOO[3], 1).unwrap();
        let mut values = network.values();
        values[1][4] = -100.0;
        network.set_values(&values);
        let liked = maximise(&network, unit(0, 4), Recipe::default(), &mut |_, _| true);
        assert!(liked.silent() && liked.activation < -50.0);
        let liked = maximise(&network, unit(0, 5), Recipe::default(), &mut |done, _| done < 7);
        assert_eq!(liked.steps, 7);
    }
}
