//! The network learns, and its invariants hold while it does.

use super::protocol::{Protocol, ProtocolSettings, Shown};
use super::read_out::{Responses, predict};
use super::*;
use crate::data::Pixels;
use crate::snn::cpu::CpuEngine;

/// Two classes that anyone can tell apart: bright upper or lower halves, with
/// holes that differ from image to image.
fn image(number: u64) -> (Pixels, u8) {
    let class = (number % 2) as u8;
    let mut rng = crate::core::rng::Rng::stream(9, "halves", number);
    let pixel = |i: usize| {
        let (row, column) = (i / 28, i % 28);
        let inside = (4..24).contains(&column) && (2..13).contains(&(row % 14));
        let mine = inside && row / 14 == usize::from(class);
        if mine && rng.uniform() < 0.5 { 1.0 } else { 0.0 }
    };
    (pixels(pixel), class)
}

fn pixels(mut of: impl FnMut(usize) -> f32) -> Pixels {
    let mut p = [0.0; PIXELS];
    p.iter_mut().enumerate().for_each(|(i, x)| *x = of(i));
    p
}

fn engine(config: &DiehlCook) -> CpuEngine {
    CpuEngine::new(&config.spec().build().unwrap(), 1)
}

fn show(engine: &mut CpuEngine, protocol: &mut Protocol, images: usize) -> Vec<Shown> {
    let mut all = Vec::new();
    let source = &mut |n| Some(image(n).0);
    protocol.show(engine, source, images, &mut |s| all.push(s)).unwrap();
    all
}

#[test]
fn it_learns_to_tell_two_patterns_apart_without_labels() {
    let config = DiehlCook { tau_theta_ms: 1e6, ..DiehlCook::of(16) };
    let mut engine = engine(&config);
    let mut protocol = Protocol::new(ProtocolSettings::default(), 1, 0);
    let before = engine.weights(PLASTIC).unwrap();
    show(&mut engine, &mut protocol, 60);
    let learnt = engine.weights(PLASTIC).unwrap();
    assert!(learnt.iter().zip(&before).any(|(a, b)| (a - b).abs() > 0.1));
    // Bounds hold (normalisation may lift a weight over 1 until its next event).
    assert!(learnt.iter().all(|w| *w >= 0.0 && *w < 1.5));
    set_training(&mut engine, false).unwrap();
    let theta = engine.state(0, THETA, 0).unwrap();
    let mut responses = Responses::new(16);
    for shown in show(&mut engine, &mut protocol, 20) {
        responses.add(image(shown.image).1, &shown.counts);
    }
    let labels = responses.labels();
    let answers = show(&mut engine, &mut protocol, 20);
    let right = answers.iter().filter(|s| predict(&labels, &s.counts) == image(s.image).1).count();
    assert!(right >= 18, "{right} of 20");
    // Testing changes neither weights (but for their sums) nor θ.
    assert_eq!(engine.state(0, THETA, 0).unwrap(), theta);
    let tested = engine.weights(PLASTIC).unwrap();
    assert!(tested.iter().zip(&learnt).all(|(a, b)| (a - b).abs() <= 0.05 * b.max(0.01)));
}

#[test]
fn a_faint_image_is_shown_again_and_brighter() {
    let mut engine = engine(&DiehlCook::of(9));
    let mut protocol = Protocol::new(ProtocolSettings::default(), 1, 0);
    let faint = &mut |n| (n < 1).then(|| image(n).0.map(|x| 0.3 * x));
    let mut accepted = Vec::new();
    protocol.show(&mut engine, faint, 5, &mut |s| accepted.push(s)).unwrap();
    assert_eq!(accepted.len(), 1);
    assert!(accepted[0].times > 1, "shown {} times", accepted[0].times);
    assert!(accepted[0].counts.iter().sum::<u32>() >= 5);
    assert_eq!(protocol.presentations(), u64::from(accepted[0].times));
}

#[test]
fn a_protocol_kept_in_a_file_goes_on_as_it_would_have() {
    let config = DiehlCook { replicas: 2, ..DiehlCook::of(12) };
    let mut engine = engine(&config);
    let mut protocol = Protocol::new(ProtocolSettings::default(), 2, 0);
    let source = &mut |n| Some(image(n).0);
    protocol.advance(&mut engine, source, 333).unwrap();
    let text = serde_json::to_string(&(&protocol, engine.snapshot().unwrap())).unwrap();
    let first = show(&mut engine, &mut protocol, 6);
    let (mut protocol, state): (Protocol, crate::snn::engine::EngineState) =
        serde_json::from_str(&text).unwrap();
    let mut other = CpuEngine::new(&config.spec().build().unwrap(), 1);
    other.restore(&state).unwrap();
    // Rates belong to the protocol, not to the engine's state.
    protocol.resume(&mut other, source).unwrap();
    assert_eq!(show(&mut other, &mut protocol, 6), first);
    assert!(other.snapshot().unwrap() == engine.snapshot().unwrap());
}

#[test]
fn replicas_are_shown_images_of_their_own_and_raise_theta_together() {
    let config = DiehlCook { replicas: 3, ..DiehlCook::of(12) };
    let mut engine = engine(&config);
    let mut protocol = Protocol::new(ProtocolSettings::default(), 3, 0);
    let shown = show(&mut engine, &mut protocol, 3);
    let mut images: Vec<u64> = shown.iter().map(|s| s.image).collect();
    images.sort_unstable();
    images.dedup();
    assert_eq!(images.len(), shown.len());
    let theta = engine.state(0, THETA, 0).unwrap();
    assert_eq!(engine.state(0, THETA, 2).unwrap(), theta);
    assert!(theta.iter().any(|t| *t > 20.0));
}

#[test]
fn as_published_has_delays_and_forward_euler() {
    let config = DiehlCook { as_published: true, ..DiehlCook::of(9) };
    let mut engine = engine(&config);
    let mut protocol = Protocol::new(ProtocolSettings::default(), 1, 0);
    let shown = show(&mut engine, &mut protocol, 3);
    assert_eq!(shown.len(), 3);
    assert_eq!(engine.network().projections[PLASTIC].delay.most(), 19);
}

#[test]
fn the_threshold_is_the_models() {
    let network = DiehlCook::of(9).spec().build().unwrap();
    let model = network.populations[0].model;
    let defaults: Vec<f64> = model.params.iter().map(|p| p.default).collect();
    let found = (model.threshold)(&defaults, &[-65.0, 0.0, 0.0, 31.5]);
    assert_eq!(found, f64::from(THRESHOLD_BASE_MV + 31.5));
}
