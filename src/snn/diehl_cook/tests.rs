//! The network learns, and its invariants hold while it does.

use super::protocol::{AcceptedImage, MOST_TIMES, Protocol, ProtocolSettings};
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

/// A safetensors file with something else in its header.
pub(super) fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
    assert!(header.contains(from), "{from}");
    with_header(bytes, &header.replacen(from, to, 1))
}

fn with_header(bytes: &[u8], header: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut new = (header.len() as u64).to_le_bytes().to_vec();
    new.extend(header.as_bytes());
    new.extend(&bytes[8 + length..]);
    new
}

/// A safetensors file that somebody changed: a bit of its header, a number in its
/// description, or four bytes of its arrays.
pub(super) fn changed(bytes: &[u8], rng: &mut crate::core::rng::Rng) -> Vec<u8> {
    const NUMBERS: [&str; 9] =
        ["-1", "0", "1", "1e-300", "1e300", "99", "18446744073709551615", "0.5", "null"];
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut new = bytes.to_vec();
    match rng.below(3) {
        0 => new[8 + rng.below(length)] ^= 1 << rng.below(8),
        1 => {
            let header = std::str::from_utf8(&bytes[8..8 + length]).unwrap();
            let digit = |at: &usize| header[*at..].starts_with(|c: char| c.is_ascii_digit());
            let before = header.match_indices([':', ',', '[']).map(|(at, _)| at + 1);
            let starts: Vec<usize> = before.filter(digit).collect();
            let start = starts[rng.below(starts.len())];
            let end = header[start..].find([',', '}', ']']).map_or(header.len(), |n| start + n);
            let number = NUMBERS[rng.below(NUMBERS.len())];
            new = with_header(bytes, &format!("{}{number}{}", &header[..start], &header[end..]));
        }
        _ => {
            let at = 8 + length + rng.below(bytes.len() - length - 12);
            new[at..at + 4].copy_from_slice(&(rng.next_u64() as u32).to_le_bytes());
        }
    }
    new
}

fn engine(config: &DiehlCook) -> CpuEngine {
    CpuEngine::new(&config.spec().build().unwrap(), 1)
}

fn show(engine: &mut CpuEngine, protocol: &mut Protocol, images: usize) -> Vec<AcceptedImage> {
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
    assert!(learnt.iter().all(|w| (0.0..=1.0).contains(w)));
    set_training(&mut engine, false).unwrap();
    let theta = engine.state(0, THETA, 0).unwrap();
    let mut responses = Responses::new(16);
    for shown in show(&mut engine, &mut protocol, 20) {
        responses.add(image(shown.image).1, &shown.counts);
    }
    let labels = responses.labels();
    let answers = show(&mut engine, &mut protocol, 20);
    let right =
        answers.iter().filter(|s| predict(&labels, &s.counts) == Some(image(s.image).1)).count();
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

/// Shows image `hopeless` of a row of four in a network that has seen others, and
/// returns the engine's states before and after it, and what was given up.
fn give_up(
    config: &DiehlCook,
    settings: ProtocolSettings,
    hopeless: &dyn Fn() -> Pixels,
) -> (crate::snn::engine::EngineState, crate::snn::engine::EngineState, u32) {
    let mut engine = engine(config);
    let mut protocol = Protocol::new(ProtocolSettings::default(), 1, 0);
    show(&mut engine, &mut protocol, 3);
    protocol.settings = settings;
    let mut before = engine.snapshot().unwrap();
    let source = &mut |n| (n < 4).then(&hopeless);
    let mut gone = Vec::new();
    while let Some(passed) = protocol.advance(&mut engine, source, 77).unwrap() {
        assert!(passed.shown.is_empty(), "it was answered");
        gone.extend(passed.unanswered);
    }
    assert_eq!((gone.len(), gone[0].image), (1, 3));
    before.move_to(engine.step());
    (before, engine.snapshot().unwrap(), gone[0].times)
}

#[test]
fn a_blank_picture_is_given_up_and_leaves_the_network_as_it_was() {
    let config = DiehlCook::of(12);
    let blank = || [0.0f32; PIXELS];
    let dot = || pixels(|i| if i == 400 { 0.004 } else { 0.0 });
    let dim = || image(5).0.map(|x| 0.002 * x);
    for hopeless in [&blank as &dyn Fn() -> Pixels, &dot, &dim] {
        let (before, after, times) = give_up(&config, ProtocolSettings::default(), hopeless);
        assert_eq!(times, MOST_TIMES);
        assert!(before == after);
    }
}

#[test]
fn what_a_picture_taught_before_it_was_given_up_is_undone_bit_for_bit() {
    // Many spikes, but never enough: weights, θ, membranes and traces all change.
    let never = ProtocolSettings { least_spikes: 1_000_000, most_times: 3, ..Default::default() };
    for config in [
        DiehlCook::of(12),
        DiehlCook::of(40),
        DiehlCook { as_published: true, ..DiehlCook::of(12) },
    ] {
        let (before, after, times) = give_up(&config, never.clone(), &|| image(5).0);
        assert_eq!(times, 3);
        assert!(before == after, "{config:?}");
        // The test tests something: two presentations do change all of it.
        let mut engine = engine(&config);
        let mut protocol = Protocol::new(never.clone(), 1, 0);
        let start = engine.weights(PLASTIC).unwrap();
        protocol.advance(&mut engine, &mut |n| Some(image(n).0), u64::MAX).unwrap();
        assert_ne!(engine.weights(PLASTIC).unwrap(), start);
    }
}

#[test]
fn learning_goes_on_past_what_is_given_up_also_side_by_side() {
    for replicas in [1, 3] {
        let config = DiehlCook { replicas, ..DiehlCook::of(16) };
        let mut engine = engine(&config);
        let mut protocol = Protocol::new(ProtocolSettings::default(), replicas, 0);
        // Blank ones at the beginning, in the middle, in a row and at the end.
        let blank = [0, 4, 5, 9];
        let source = &mut |n: u64| {
            let pixels = if blank.contains(&n) { [0.0; PIXELS] } else { image(n).0 };
            (n < 10).then_some(pixels)
        };
        let (mut shown, mut gone) = (Vec::new(), Vec::new());
        while let Some(passed) = protocol.advance(&mut engine, source, u64::MAX).unwrap() {
            shown.extend(passed.shown.iter().map(|s| s.image));
            gone.extend(passed.unanswered.iter().map(|u| u.image));
        }
        shown.sort_unstable();
        gone.sort_unstable();
        assert_eq!(gone, blank, "{replicas}");
        assert_eq!(shown, [1, 2, 3, 6, 7, 8], "{replicas}");
    }
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
