//! Against a slow and obvious reference: convolution over time, step by step, for every
//! neuron, and winner-take-all by looking at all of them.

use super::layer::{First, Pool, Shape};
use super::learn::{Competition, Growth, Rates, Recent, Winner};
use super::*;
use crate::ann::network::Network;
use crate::ann::zoo::{self, Architecture, Layer};
use crate::core::rng::Rng;
use crate::data::synthetic;

/// Pictures of digits, of noise, and of edge cases.
fn pictures() -> Vec<Vec<f32>> {
    let digits = synthetic::generate(3, 4);
    let mut all: Vec<Vec<f32>> = (0..4).map(|i| digits.pixels(i).to_vec()).collect();
    let mut rng = Rng::stream(5, "pictures", 0);
    all.push((0..PIXELS).map(|_| rng.uniform()).collect());
    all.push(vec![0.0; PIXELS]);
    all.push(vec![1.0; PIXELS]);
    all
}

fn design(first: usize, second: usize) -> Design {
    let mut design = zoo::linear_stdp(first, second);
    design.second.threshold = 1.5;
    design
}

fn drawn(len: usize, seed: u64) -> Vec<f32> {
    let mut rng = Rng::stream(seed, "weights", 0);
    (0..len).map(|_| (0.5 + 0.3 * rng.normal()).clamp(0.0, 1.0)).collect()
}

/// Steps and potentials at which all neurons of a layer fire, by adding up what arrives in
/// each step, place by place and map by map.
fn naive(shape: &Shape, weights: &[f32], inputs: &[u8]) -> (Vec<u8>, Vec<f32>) {
    let (side, conv) = (shape.side(), shape.conv);
    let neurons = side * side * conv.maps;
    let (mut times, mut fired_at) = (vec![NEVER; neurons], vec![0f32; neurons]);
    for (i, (time, fired_at)) in times.iter_mut().zip(&mut fired_at).enumerate() {
        let (place, map) = (i / conv.maps, i % conv.maps);
        let mut potential = 0f32;
        for step in 0..NEVER {
            for row in 0..shape.rows() {
                let (k, from) = (row / shape.input_maps, row % shape.input_maps);
                let y = (place / side + k / conv.kernel).wrapping_sub(conv.padding);
                let x = (place % side + k % conv.kernel).wrapping_sub(conv.padding);
                if y < shape.input_side && x < shape.input_side {
                    let input = inputs[(y * shape.input_side + x) * shape.input_maps + from];
                    if input == step {
                        potential += weights[row * conv.maps + map];
                    }
                }
            }
            if potential > conv.threshold {
                (*time, *fired_at) = (step, potential);
                break;
            }
        }
    }
    (times, fired_at)
}

fn naive_pool(shape: &Shape, times: &[u8]) -> Vec<u8> {
    let (side, out, maps) = (shape.side(), shape.pooled_side(), shape.conv.maps);
    let Pool { size, stride, padding } = shape.conv.pool;
    let mut pooled = vec![NEVER; out * out * maps];
    for (i, pooled) in pooled.iter_mut().enumerate() {
        let (place, map) = (i / maps, i % maps);
        for j in 0..size * size {
            let y = (place / out * stride + j / size).wrapping_sub(padding);
            let x = (place % out * stride + j % size).wrapping_sub(padding);
            if y < side && x < side {
                *pooled = (*pooled).min(times[(y * side + x) * maps + map]);
            }
        }
    }
    pooled
}

/// The first neuron of each place.
fn naive_firsts(maps: usize, times: &[u8], potentials: &[f32]) -> Vec<First> {
    let places = times.chunks_exact(maps).zip(potentials.chunks_exact(maps));
    let first = |(times, potentials): (&[u8], &[f32])| {
        let mut best = First::NONE;
        for map in 0..maps {
            let (step, potential) = (times[map], potentials[map]);
            let earlier = step < best.step;
            if step < NEVER && (earlier || step == best.step && potential > best.potential) {
                best = First { step, map: map as u16, potential };
            }
        }
        best
    };
    places.map(first).collect()
}

/// Looks at all neurons for each winner anew.
fn naive_winners(firsts: &[First], side: usize, by: Competition) -> Vec<Winner> {
    let mut chosen: Vec<Winner> = Vec::new();
    for _ in 0..by.winners {
        let mut best: Option<Winner> = None;
        for (place, first) in firsts.iter().enumerate() {
            let (y, x) = (place / side, place % side);
            let inhibited = chosen.iter().any(|w| {
                let near = w.y.abs_diff(y) <= by.radius && w.x.abs_diff(x) <= by.radius;
                near || w.first.map == first.map
            });
            let better = best.is_none_or(|b| {
                first.step < b.first.step
                    || first.step == b.first.step && first.potential > b.first.potential
            });
            if first.step < NEVER && !inhibited && better {
                best = Some(Winner { y, x, first: *first });
            }
        }
        chosen.extend(best);
    }
    chosen
}

/// The retina by brute force.
fn naive_code(retina: &Retina, picture: &[f32]) -> Vec<u8> {
    let at = |v: &[f32], y: usize, x: usize, maps: usize, map: usize| {
        if y < SIDE && x < SIDE { v[(y * SIDE + x) * maps + map] } else { 0.0 }
    };
    let mut responses = vec![0f32; 2 * PIXELS];
    for (i, response) in responses.iter_mut().enumerate() {
        let (y, x, map) = (i / 2 / SIDE, i / 2 % SIDE, i % 2);
        let mut sum = 0f32;
        for (k, by) in retina.filter.iter().enumerate() {
            let (y, x) = ((y + k / 7).wrapping_sub(3), (x + k % 7).wrapping_sub(3));
            sum += by * at(picture, y, x, 1, 0);
        }
        let scaled = retina.scales[map] * sum;
        *response = if scaled > 50.0 { scaled } else { 0.0 };
    }
    let strength = |i: usize| {
        let (y, x, map) = (i / 2 / SIDE, i / 2 % SIDE, i % 2);
        let mut sum = 0f64;
        for k in 0..17 * 17 {
            let (y, x) = ((y + k / 17).wrapping_sub(8), (x + k % 17).wrapping_sub(8));
            sum += f64::from(at(&responses, y, x, 2, map));
        }
        responses[i] / (sum / 289.0 + 1e-12) as f32
    };
    let strengths: Vec<f32> = (0..2 * PIXELS).map(strength).collect();
    let mut order: Vec<usize> = (0..2 * PIXELS).filter(|i| strengths[*i] > 0.0).collect();
    order.sort_by(|a, b| strengths[*b].total_cmp(&strengths[*a]));
    let group = (order.len() / STEPS).max(1);
    let mut times = vec![NEVER; 2 * PIXELS];
    for (rank, cell) in order.into_iter().enumerate() {
        times[cell] = (rank / group).min(STEPS - 1) as u8;
    }
    times
}

/// Steps as a map of times.
fn times_of(spikes: &[Spike], side: usize, maps: usize) -> Vec<u8> {
    let mut times = vec![NEVER; side * side * maps];
    for s in spikes {
        times[(usize::from(s.y) * side + usize::from(s.x)) * maps + usize::from(s.map)] = s.step;
    }
    times
}

#[test]
fn the_retina_sends_what_brute_force_says() {
    let op = ConvStdp::new(Isa::best(), design(3, 4));
    let mut work = Work::default();
    for (number, picture) in pictures().iter().enumerate() {
        assert!(op.encode(picture, &mut work));
        let own = times_of(&work.code, SIDE, 2);
        let slow = naive_code(op.retina(), picture);
        assert!(own == slow, "picture {number}");
        assert_eq!(work.code.is_empty(), number == 5, "only black is silent");
        assert!(work.code.is_sorted_by_key(|s| (s.step, s.y, s.x, s.map)));
    }
}

#[test]
fn both_layers_and_the_features_are_those_of_the_reference_bit_for_bit() {
    for (first, second) in [(32, 256), (30, 37), (1, 3), (5, 130)] {
        let op = ConvStdp::new(Isa::best(), design(first, second));
        let mut parameters = drawn(op.design().parameters(), 7);
        // Half as strong: enough inputs have to come together.
        parameters[op.weights(0)].iter_mut().for_each(|w| *w *= 0.5);
        let [one, two] = op.shapes();
        // The reference is slow with many maps.
        let few = if second > 200 { 2 } else { usize::MAX };
        for picture in pictures().into_iter().take(few) {
            let mut work = Work::default();
            op.encode(&picture, &mut work);
            let code = work.code.clone();
            // The reference is slow, and every engine is compared with the same one.
            let inputs = times_of(&code, SIDE, 2);
            let (times, potentials) = naive(one, &parameters[op.weights(0)], &inputs);
            let firsts_1 = naive_firsts(first, &times, &potentials);
            op.below_second(&parameters, &mut work);
            let pooled = work.pooled.clone();
            let inputs = times_of(&pooled, one.pooled_side(), first);
            let (times_2, potentials_2) = naive(two, &parameters[op.weights(1)], &inputs);
            let firsts_2 = naive_firsts(second, &times_2, &potentials_2);
            let inputs = naive_pool(one, &times);
            let (times_2, _) = naive(two, &parameters[op.weights(1)], &inputs);
            let features = naive_pool(two, &times_2);
            for isa in Isa::available() {
                let op = ConvStdp::new(isa, design(first, second));
                let mut work = Work::default();
                let mut packed = vec![0u16; op.packed_len()];
                op.encode(&picture, &mut work);
                assert_eq!(work.code, code);
                op.below_second(&parameters, &mut work);
                assert_eq!(work.firsts, firsts_1);
                assert_eq!(work.pooled, pooled);
                // The second layer, while it learns, on the first spikes alone.
                op.run(1, &parameters, &pooled, &mut work);
                assert_eq!(work.firsts, firsts_2);
                for (winners, radius) in [(8, 1), (3, 0), (100, 4)] {
                    let by = Competition { winners, radius };
                    let chosen = learn::winners(&firsts_2, two.side(), by);
                    assert_eq!(chosen, naive_winners(&firsts_2, two.side(), by));
                }
                // Features, on all spikes.
                op.features(&parameters, &mut work, &mut packed);
                let mut own = vec![NEVER; op.design().features()];
                for (step, ids) in read_out::steps(&packed) {
                    ids.iter().for_each(|id| own[usize::from(*id)] = step as u8);
                }
                assert_eq!(own, features);
            }
        }
    }
}

#[test]
fn a_synapse_changes_by_the_rule_worked_out_by_hand() {
    let mut weights = vec![0.8, 0.1, 0.5, 0.9, 1.0, 0.0];
    let rates = Rates { plus: 0.1, minus: -0.075 };
    learn::stdp(&mut weights, 2, 0, &[true, false, true], rates);
    // 0.8 + 0.1·0.8·0.2; 0.5 − 0.075·0.25; 1 stays; the other map's weights, too.
    assert_eq!(weights, [0.816, 0.1, 0.481_25, 0.9, 1.0, 0.0]);
    let growth = Growth { plus: 0.004, ratio: 0.75, every: 500.0, limit: 0.15 };
    assert_eq!(growth.rates(498.0).plus, 0.004);
    assert_eq!(growth.rates(499.0), Rates { plus: 0.008, minus: -0.006 });
    assert_eq!(growth.rates(1e7).plus, 0.15);
    assert_eq!(learn::undecided(&[0.5, 1.0, 0.0, 0.5]), 0.125);
}

#[test]
fn reward_strengthens_what_fired_and_punishment_weakens_it() {
    let fired = [true, false];
    let reward = Rates { plus: 0.004, minus: -0.003 };
    let punishment = Rates { plus: -0.004, minus: 0.0005 };
    let mut weights = vec![0.5f32; 4];
    learn::reinforce(&mut weights, (2, 1), &fired, reward, (0.2, 0.8));
    assert_eq!(weights, [0.5, 0.504, 0.5, 0.497]);
    learn::reinforce(&mut weights, (2, 0), &fired, punishment, (0.2, 0.8));
    assert_eq!(weights, [0.496, 0.504, 0.5005, 0.497]);
    for _ in 0..1000 {
        learn::reinforce(&mut weights, (2, 1), &fired, reward, (0.2, 0.8));
    }
    assert_eq!((weights[1], weights[3]), (0.8, 0.2));
}

#[test]
fn the_share_of_right_answers_is_that_of_the_last_thousand() {
    let mut numbers = vec![0f32; Recent::LEN];
    let mut recent = Recent(&mut numbers);
    assert_eq!(recent.right(), 0.5);
    recent.add(true);
    assert_eq!(recent.right(), 1.0);
    for i in 0..5000 {
        recent.add(i >= 4750);
    }
    assert_eq!(recent.right(), 0.25);
}

#[test]
fn a_picture_that_is_no_picture_has_no_answer_and_a_black_one_is_undecided() {
    let of_convolutions = |a: &&&Architecture| matches!((a.layers)()[..], [Layer::ConvStdp(_)]);
    for architecture in zoo::SPIKING.iter().filter(of_convolutions) {
        let network = Network::new(architecture, 1).unwrap();
        let mut picture = [0.5; PIXELS];
        picture[300] = f32::NAN;
        let ask = |p: [f32; PIXELS]| network.probabilities(&[p])[0];
        assert!(ask(picture).iter().all(|v| v.is_nan()), "{}", architecture.id);
        assert!(ask([0.0; PIXELS]).iter().all(|v| *v == 0.1), "{}", architecture.id);
        for odd in [1.0, -1.0, 1e30, f32::MAX] {
            // Whatever it says, it says something.
            let answer = ask([odd; PIXELS]);
            assert!(answer.iter().all(|v| v.is_finite()), "{} {odd}", architecture.id);
        }
    }
}

#[test]
fn kernels_that_saw_digits_are_oriented() {
    let op = ConvStdp::new(Isa::best(), design(16, 4));
    let network = Network::new(zoo::get("stdp-16-4").unwrap(), 2).unwrap();
    let mut parameters: Vec<f32> = network.values().concat();
    let digits = synthetic::generate(8, 1500);
    let growth = Growth { plus: 0.004, ratio: 0.75, every: 100.0, limit: 0.15 };
    let by = Competition { winners: 5, radius: 2 };
    let mut work = Work::default();
    let shape = op.shapes()[0];
    for i in 0..digits.len() {
        op.encode(&digits.pixels(i), &mut work);
        let code = work.code.clone();
        op.run(0, &parameters, &code, &mut work);
        let own = &mut parameters[op.weights(0)];
        learn::learn(own, (16, shape.side()), &work, by, growth.rates(i as f32));
    }
    let weights = &parameters[op.weights(0)];
    assert!(learn::undecided(weights) < 0.02, "{}", learn::undecided(weights));
    let oriented = (0..16).filter(|map| elongated(weights, *map)).count();
    assert!(oriented >= 10, "{oriented} of 16");
}

/// Whether the on-part of a kernel has a long axis: the second moments of its weights
/// along the axes differ by more than half.
fn elongated(weights: &[f32], map: usize) -> bool {
    let at = |k: usize| f64::from(weights[k * 2 * 16 + map]);
    let place = |k: usize| [(k / 5) as f64, (k % 5) as f64];
    let sum: f64 = (0..25).map(at).sum();
    let mean = [0, 1].map(|a| (0..25).map(|k| at(k) * place(k)[a]).sum::<f64>() / sum);
    let moment = |a: usize, b: usize| {
        let off = |k: usize, a: usize| place(k)[a] - mean[a];
        (0..25).map(|k| at(k) * off(k, a) * off(k, b)).sum::<f64>() / sum
    };
    let (yy, xx, xy) = (moment(0, 0), moment(1, 1), moment(0, 1));
    let spread = ((yy - xx).powi(2) + 4.0 * xy * xy).sqrt();
    let (long, short) = (yy + xx + spread, yy + xx - spread);
    long > 1.5 * short
}

#[test]
fn the_gradient_of_the_read_out_agrees_with_finite_differences() {
    use crate::ann::ops::loss;
    let op = ConvStdp::new(Isa::best(), design(6, 9));
    let mut parameters = drawn(op.design().parameters(), 2);
    let (mut work, mut packed) = (Work::default(), vec![0u16; op.packed_len()]);
    let picture = &pictures()[1];
    op.encode(picture, &mut work);
    op.features(&parameters, &mut work, &mut packed);
    let mut logits = [0f32; CLASSES];
    op.answer(&parameters, &packed, &mut logits);
    let mut dy = [0f32; CLASSES];
    loss::gradient(&logits, 3, 1.0, &mut dy);
    let mut keep = vec![0f32; op.keep_len()];
    bytemuck::cast_slice_mut(&mut keep)[..packed.len()].copy_from_slice(&packed);
    let part = Part { n: 1, x: picture, dy: &dy, keep: &keep, partial: &[] };
    for (block, ranges) in op.blocks().into_iter().enumerate() {
        let range = ranges[0].clone();
        let mut gradient = vec![0f32; range.len()];
        op.gradient(block, &[part], &mut gradient);
        for i in (0..range.len()).step_by(173) {
            let mut at = |h: f32| {
                let before = parameters[range.start + i];
                parameters[range.start + i] = before + h;
                op.answer(&parameters, &packed, &mut logits);
                parameters[range.start + i] = before;
                f64::from(loss::cross_entropy(&logits, 3))
            };
            let slope = (at(0.01) - at(-0.01)) / 0.02;
            assert!((slope - f64::from(gradient[i])).abs() < 1e-2, "{slope} {}", gradient[i]);
        }
    }
}

#[test]
fn a_look_shows_what_the_network_does() {
    for (id, seed) in [("stdp-8-20", 3), ("reward-8-20", 4)] {
        let network = Network::new(zoo::get(id).unwrap(), seed).unwrap();
        let op = crate::ann::rules::stdp::op_of(network.architecture().layers);
        let parameters = network.step_parameters(0);
        let by = [Competition { winners: 5, radius: 2 }, Competition { winners: 8, radius: 1 }];
        for picture in pictures() {
            let look = op.look(parameters, &picture, by);
            assert_eq!(look.answer.len(), STEPS);
            let pixels: [f32; PIXELS] = picture[..].try_into().unwrap();
            let logits = network.logits(&[pixels])[0];
            for (own, theirs) in look.answer[STEPS - 1].iter().zip(logits) {
                assert!((own - theirs).abs() <= 1e-3 * theirs.abs(), "{own} {theirs}");
            }
            let of_layers: usize = look.layers.iter().map(|l| l.spikes.len()).sum();
            assert_eq!(look.spikes, look.code.len() + of_layers);
            assert!(look.additions <= op.design().most_additions());
            for (number, layer) in look.layers.iter().enumerate() {
                assert!(layer.pooled.len() <= layer.spikes.len());
                assert!(layer.winners.len() <= by[number].winners);
                for (winner, patch) in &layer.winners {
                    assert!(winner.y < layer.shape.side() && winner.x < layer.shape.side());
                    assert_eq!(*patch, op.patch(number, winner.y, winner.x));
                }
            }
        }
        assert_eq!(op.patch(0, 0, 0), look::Patch { y: -5, x: -5, side: 11 });
        let patches = op.all_preferred(parameters, 1);
        for map in [0, 7, 19] {
            let one = op.preferred(parameters, 1, map);
            assert_eq!(one, patches[map]);
            assert_eq!(one.side, op.patch(1, 3, 3).side);
        }
        let picture = op.preferred_picture(parameters, 0, &patches);
        assert_eq!(picture.map(|p| p.values.len()), id.starts_with('r').then_some(PIXELS));
    }
}
