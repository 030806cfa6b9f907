//! What holds of inference on any weights, and of learning in the trainer's loop.

use std::sync::Arc;

use super::film::{Completion, Depth, Imagining, Motion, complete, walk};
use super::*;
use crate::ann::rules::{self, RuleConfig};
use crate::ann::trainer::{TrainConfig, Trainer};
use crate::ann::zoo;
use crate::data::synthetic;

fn network() -> Network {
    Network::new(zoo::get("energy-40-12").unwrap(), 5).unwrap()
}

fn picture(i: usize) -> Pixels {
    synthetic::generate(2, 20).pixels(i)
}

/// The sum that the gradient is of.
fn climbed(model: &Model<'_>, state: &State, given: &Given, dynamics: &Dynamics) -> f64 {
    let objective = model.objective(state, given, dynamics);
    state.n as f64 * (objective.pixels + objective.hidden)
}

#[test]
fn the_gradient_of_j_is_that_of_finite_differences() {
    let network = network();
    let model = Model::of(&network).unwrap();
    let known = std::array::from_fn(|i| i % 3 > 0);
    let given = Given::part(&picture(1), &known);
    let dynamics = Dynamics { top_down: 0.2, ..Dynamics::default() };
    let mut state = model.begin(&given, 2);
    state.h1.iter_mut().enumerate().for_each(|(i, h)| *h += 0.01 * (i % 7) as f32);
    let gradient = model.gradient(&state, &given, &dynamics);
    for at in (0..80).step_by(7) {
        let step = 1e-2;
        let mut sides = [1.0, -1.0].map(|sign| {
            let mut moved = state.clone();
            moved.h1[at] += sign * step;
            climbed(&model, &moved, &given, &dynamics)
        });
        sides[0] -= sides[1];
        let slope = sides[0] / (2.0 * f64::from(step));
        assert!(
            (slope - f64::from(gradient[at])).abs() < 2e-2 * slope.abs().max(1.0),
            "{at}: {slope} {}",
            gradient[at]
        );
    }
}

#[test]
fn known_pixels_stay_and_the_same_seed_gives_the_same_film() {
    let network = network();
    let model = Model::of(&network).unwrap();
    let known = std::array::from_fn(|i| i % 28 < 14);
    let given = Given::part(&picture(3), &known);
    for motion in [Motion::Settle, Motion::Refine, Motion::Sweep] {
        let run = |seed: u64| {
            let mut film = Imagining::of(&model, given.clone(), 3, seed);
            film.motion = motion;
            film.dynamics.noise = 0.5;
            for _ in 0..5 {
                film.advance(&model);
            }
            film
        };
        let film = run(1);
        assert_eq!(film, run(1));
        assert_ne!(film.state.h1, run(2).state.h1);
        let frame = film.frame(&model);
        let pairs = frame.picture.iter().zip(given.picture());
        for ((seen, given), _) in pairs.zip(&known).filter(|(_, known)| **known) {
            assert!((seen - given).abs() < 1e-6);
        }
        assert!(frame.step == 5 && frame.objective.total().is_finite());
    }
}

#[test]
fn nothing_and_nonsense_are_imagined_without_harm() {
    let network = network();
    let model = Model::of(&network).unwrap();
    let odd: Pixels = std::array::from_fn(|i| [f32::NAN, f32::INFINITY, -3.0, 7.0, 0.5][i % 5]);
    let half = std::array::from_fn(|i| i % 2 == 0);
    let givens = [
        Given::nothing(),
        Given::all(&odd),
        Given::part(&odd, &half),
        Given::part(&[0.0; PIXELS], &[false; PIXELS]),
        Given::all(&[0.0; PIXELS]),
        Given::all(&[1.0; PIXELS]),
    ];
    assert!(!givens[1].known()[0] && givens[1].picture()[3] == 1.0 && givens[0].count() == 0);
    let wild = Dynamics {
        rate: f32::NAN,
        top_down: f32::INFINITY,
        hold: -1.0,
        pull: 9.0,
        noise: f32::INFINITY,
        wish: Wish::Class(77),
    };
    for given in givens {
        for dynamics in [Dynamics::default(), wild] {
            for motion in [Motion::Settle, Motion::Refine, Motion::Sweep] {
                let mut film = Imagining::of(&model, given.clone(), 2, 1);
                (film.motion, film.dynamics) = (motion, dynamics);
                for _ in 0..20 {
                    film.advance(&model);
                }
                let frame = film.frame(&model);
                assert!(frame.objective.total().is_finite(), "{:?}", frame.objective);
                assert!(frame.picture.iter().all(|v| (0.0..=1.0).contains(v)));
                assert!(frame.h1.iter().all(|v| v.is_finite() && *v >= 0.0));
                assert!(frame.h2.iter().all(|v| (0.0..=1.0).contains(v)));
            }
        }
        let how = Completion { chains: 2, before: 2, over: 2, ..Completion::default() };
        let done = complete(&model, &given, &how, 1, |_, _| {});
        assert!(done.iter().all(|v| (0.0..=1.0).contains(v)));
    }
    let encoded = model.encode(&[odd]);
    assert!(encoded.h1.iter().all(|v| v.is_finite()));
    assert!(model.synapse(&encoded, 0, (Map::Encode1, 784, 0)).is_none());
    assert!(model.changes(&encoded, 1, Map::Encode1, 5).is_empty());
    assert!(model.field(Map::Encode1, 40).is_none() && model.draws(12).is_none());
}

#[test]
fn a_walk_ends_where_it_should_and_dreams_differ() {
    let network = network();
    let model = Model::of(&network).unwrap();
    let (from, to) = (picture(0), picture(5));
    for depth in [Depth::Pixels, Depth::First, Depth::Second] {
        let state = walk(&model, &from, &to, 5, depth);
        assert_eq!((state.n, state.x.len()), (5, 5 * PIXELS));
        let ends = model.encode(&[from, to]);
        match depth {
            Depth::Pixels => assert_eq!(state.x[..PIXELS], ends.x[..PIXELS]),
            Depth::First => assert_eq!(state.h1[4 * 40..], ends.h1[40..]),
            Depth::Second => {
                for (a, b) in state.h2[4 * 12..].iter().zip(&ends.h2[12..]) {
                    assert!((a - b).abs() < 2e-4, "{a} {b}");
                }
            }
        }
    }
    assert_eq!(walk(&model, &from, &to, 0, Depth::First).n, 2);
    let dream = |temperature| Imagining::dream(&model, Wish::Class(4), 3, temperature, 9);
    let wide = dream(1.0).state;
    assert_ne!(wide.x[..PIXELS], wide.x[PIXELS..2 * PIXELS]);
    let still = dream(0.0).state;
    assert_eq!(still.x[..PIXELS], still.x[PIXELS..2 * PIXELS]);
}

#[test]
fn a_synapse_changes_by_the_two_numbers_that_it_shows() {
    let mut network = network();
    let given = Given::all(&picture(2));
    let (state, shown) = {
        let model = Model::of(&network).unwrap();
        let mut film = Imagining::of(&model, given, 1, 1);
        for _ in 0..5 {
            film.advance(&model);
        }
        let state = film.state;
        let shown: Vec<Synapse> =
            Map::LATENT.into_iter().flat_map(|map| model.changes(&state, 0, map, 3)).collect();
        (state, shown)
    };
    assert_eq!(shown.len(), 12);
    // A small step: all synapses onto a unit change together.
    let rate = 0.001;
    learn(&mut network, &state, rate);
    let model = Model::of(&network).unwrap();
    for synapse in shown {
        let Synapse { map, input, unit, weight, before, target, prediction } = synapse;
        let now = model.synapse(&state, 0, (map, input, unit)).unwrap();
        assert!((now.weight - weight - synapse.change(rate)).abs() < 1e-5);
        assert!((synapse.change(rate) - rate * before * (target - prediction)).abs() < 1e-7);
        // It predicts better now.
        let off = |s: &Synapse| (s.target - s.prediction).abs();
        assert!(off(&now) <= off(&synapse) + 1e-4, "{synapse:?} {now:?}");
    }
}

/// A small network after some mini-batches.
fn trained() -> Network {
    let data = Arc::new(synthetic::generate(4, 1200));
    // Encoders that have not learned to undo the decoders move causes the wrong way.
    let mut rule = RuleConfig::of(&rules::energy::RULE);
    rule.set("passes", 60.0);
    let config = TrainConfig {
        model: "energy-60-20".into(),
        data: "synthetic".into(),
        subset: 1200,
        validation_share: 0.0,
        batch_size: 20,
        epochs: 60,
        threads: 2,
        rule,
        optimiser: (rules::energy::RULE.usual)(),
        ..TrainConfig::default()
    };
    let mut trainer = Trainer::new(config, data).unwrap();
    while !trainer.step().unwrap().finished {}
    trainer.network().clone()
}

#[test]
fn after_learning_inference_raises_j_and_the_decoders_draw() {
    let network = trained();
    let model = Model::of(&network).unwrap();
    let pictures: Vec<Pixels> = (0..20).map(picture).collect();
    let state = model.encode(&pictures);
    let error = |drawn: &[f32]| -> f32 {
        let off = state.x.iter().zip(drawn).map(|(a, b)| (a - b) * (a - b));
        off.sum::<f32>() / state.x.len() as f32
    };
    let mean = state.x.iter().sum::<f32>() / state.x.len() as f32;
    let flat = error(&vec![mean; state.x.len()]);
    assert!(error(&model.drawn(&state)) < 0.6 * flat, "{} {flat}", error(&model.drawn(&state)));
    for i in 0..20 {
        let mut film = Imagining::of(&model, Given::all(&picture(i)), 1, 1);
        let before = film.objective(&model).total();
        for _ in 0..15 {
            film.advance(&model);
        }
        let after = film.objective(&model);
        assert!(after.total() > before, "{i}: {before} {after:?}");
    }
}

/// J as a network at rest climbs it, for every rate and pull that is offered: in no step,
/// of no digit, does it fall by more than [`MOST_FALL`], and it ends higher than it began.
#[test]
fn with_the_bundled_weights_j_rises_for_all_settings_offered() {
    let (network, _) = crate::ann::bundled::GENERATIVE.network("bengio2015").unwrap().unwrap();
    let model = Model::of(&network).unwrap();
    let half = std::array::from_fn(|i| i % 28 < 14);
    for rate in [0.05, 0.1, 0.2, ranges::RATE.1] {
        for top_down in [0.05, 0.1, 0.3, ranges::TOP_DOWN.1] {
            for given in (0..8).map(picture).flat_map(|p| [Given::all(&p), Given::part(&p, &half)])
            {
                let mut film = Imagining::of(&model, given, 1, 1);
                film.dynamics = Dynamics { rate, top_down, ..Dynamics::default() };
                let begun = film.objective(&model).total();
                let mut last = begun;
                for step in 0..15 {
                    film.advance(&model);
                    let now = film.objective(&model).total();
                    assert!(now > last - MOST_FALL, "{rate} {top_down} {step}: {last} {now}");
                    last = now;
                }
                assert!(last > begun, "{rate} {top_down}: {begun} {last}");
            }
        }
    }
}
