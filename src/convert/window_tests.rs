//! Convolutions and pooling of any window, against a reference that gathers: by the
//! definition, every neuron looks up what its window sees.

use super::network::{Kind, Spiking, Stage, refusal};
use super::on_engine;
use super::recipe::{Disturbance, Input, Pooling, Recipe, Scaling};
use super::run::Run;
use super::scales::Activations;
use super::tests::{converted, pictures, rounded};
use super::{likeness, nir};
use crate::ann::inspect::dissection::Dissection;
use crate::ann::network::Network;
use crate::ann::zoo::{Layer, PoolKind, Window, notation};
use crate::core::rng::Rng;
use crate::data::Pixels;
use crate::snn::choose::Preference;

const POOLINGS: [Pooling; 3] = [Pooling::Gated, Pooling::Largest, Pooling::Average];

/// Strides, paddings, gaps, rectangles, windows that overlap and windows that leave rows out.
const STRUCTURES: [&str; 5] = [
    "Conv[3x2, stride 2x1, padding 1](4) - AvgPool[3x3, stride 2, padding 1] - Conv[2x3, same](5) - AvgPool[2x2, stride 1] - Dense(10)",
    "Conv[4x4, stride 3, padding 2/0/1/3](6) - MaxPool[3x2, stride 2x1, padding 1/1/0/0] - Dense(12) - Dense(10)",
    "Conv[5x5, stride 2](4) - AvgPool[3x3, stride 1, padding 1](with padding) - Conv[3x3, stride 2, padding 1](6) - Dropout(0.2) - MaxPool[2x2, stride 1] - Dense(10)",
    "Conv[2x2, stride 3](3) - MaxPool[2x2, stride 3] - Dense(10)",
    "Conv[3x3](4) - MaxPool[2x2] - Conv[3x3](6) - AvgPool[3x3] - Dense(10)",
];

fn layers(text: &str) -> Vec<Layer> {
    notation::parse(text).unwrap()
}

/// With random weights, and biases as training makes them: none is zero.
fn own(text: &str) -> Network {
    let mut network = Network::new(notation::own(&layers(text)).unwrap(), 5).unwrap();
    let mut values = network.values();
    let mut rng = Rng::stream(2, "biases", 0);
    let zero = values.iter_mut().filter(|v| v.iter().all(|x| *x == 0.0));
    zero.flatten().for_each(|b| *b = rng.range(-0.1, 0.15));
    network.set_values(&values);
    network
}

/// What a window sees: row and column of the kernel, row and column of the picture.
fn gathered(window: &Window, [oy, ox]: [usize; 2], [h, w]: [usize; 2]) -> Vec<[usize; 4]> {
    let [top, left, ..] = window.padding;
    let mut all = Vec::new();
    for ky in 0..window.kernel[0] {
        for kx in 0..window.kernel[1] {
            let y = (oy * window.stride[0] + ky).checked_sub(top).filter(|y| *y < h);
            let x = (ox * window.stride[1] + kx).checked_sub(left).filter(|x| *x < w);
            if let (Some(y), Some(x)) = (y, x) {
                all.push([ky, kx, y, x]);
            }
        }
    }
    all
}

/// For each place that comes out of a convolution or of pooling what its window sees.
fn windows<'a>(
    stage: &'a Stage,
    window: &'a Window,
) -> impl Iterator<Item = (usize, Vec<[usize; 4]>)> + 'a {
    let ([h, w, _], [_, ow, f]) = (stage.input, stage.output);
    (0..stage.len())
        .map(move |place| (place, gathered(window, [place / f / ow, place / f % ow], [h, w])))
}

/// The neurons that a pooled place sees, by place.
fn pooled<'a>(stage: &'a Stage, window: &'a Window) -> impl Iterator<Item = Vec<usize>> + 'a {
    let [_, w, c] = stage.input;
    windows(stage, window).map(move |(place, seen)| {
        seen.into_iter().map(|[_, _, y, x]| (y * w + x) * c + place % c).collect()
    })
}

/// What a stage's neurons add up of `x`.
fn sums(stage: &Stage, x: &[f64]) -> Vec<f64> {
    let ([_, w, c], f) = (stage.input, stage.output[2]);
    match &stage.kind {
        Kind::Pool { .. } => unreachable!("no neurons"),
        Kind::Dense { cells } => (0..f)
            .map(|o| x.iter().zip(cells.weights[o..].iter().step_by(f)))
            .map(|all| all.map(|(x, w)| x * f64::from(*w)).sum::<f64>())
            .collect(),
        Kind::Conv { window, cells } => windows(stage, window)
            .map(|(place, seen)| {
                let mut sum = 0.0;
                for [ky, kx, y, column] in seen {
                    for i in 0..c {
                        let weight = ((ky * window.kernel[1] + kx) * c + i) * f + place % f;
                        sum += x[(y * w + column) * c + i] * f64::from(cells.weights[weight]);
                    }
                }
                sum
            })
            .collect(),
    }
}

/// Demands that after so many steps with a picture of constant currents every neuron has
/// added up what its window has seen, and every gate has passed what it should.
pub(super) fn agrees(spiking: &Spiking, picture: &Pixels, steps: u64) {
    let recipe = &spiking.recipe;
    let mut run = Run::new(spiking, picture, Disturbance::default(), 0);
    let mut passed: Vec<Vec<u32>> = spiking.stages.iter().map(|s| vec![0; s.len()]).collect();
    let mut comparisons = 0;
    for _ in 0..steps {
        run.advance();
        for (number, stage) in spiking.stages.iter().enumerate() {
            let Kind::Pool { window, .. } = &stage.kind else { continue };
            let fired = run.counts(number - 1);
            let mut spiked = vec![false; fired.len()];
            run.spiked(number - 1).iter().for_each(|(n, _)| spiked[*n as usize] = true);
            for (seen, passed) in pooled(stage, window).zip(&mut passed[number]) {
                if !stage.has_gates(recipe.pooling) {
                    *passed = seen.iter().map(|n| fired[*n]).sum();
                    continue;
                }
                comparisons += seen.iter().filter(|n| spiked[**n]).count() * seen.len();
                let most = seen.iter().map(|n| fired[*n]).max().unwrap();
                let first = seen.iter().find(|n| fired[**n] == most).unwrap();
                match recipe.pooling {
                    Pooling::Largest => *passed = most,
                    _ => *passed += u32::from(spiked[*first]),
                }
            }
        }
    }
    assert_eq!(run.work().gates, comparisons as u64, "{}", spiking.name);
    let mut before: Vec<f64> = picture.iter().map(|p| f64::from(*p) * steps as f64).collect();
    for (number, stage) in spiking.stages.iter().enumerate() {
        let counts = run.counts(number);
        before = match (&stage.kind, stage.cells()) {
            (_, Some(cells)) => {
                let start = if cells.spikes { f64::from(recipe.initial) } else { 0.0 };
                for (place, sum) in sums(stage, &before).into_iter().enumerate() {
                    let bias = f64::from(cells.bias[place % cells.bias.len()]) * steps as f64;
                    let wanted = start + sum + bias - f64::from(counts[place]);
                    let v = f64::from(run.potentials(number)[place]);
                    assert!(
                        (v - wanted).abs() < 1e-3 * (1.0 + wanted.abs()),
                        "{} of {}, neuron {place}: {v}, not {wanted}",
                        stage.name,
                        spiking.name
                    );
                }
                counts.iter().map(|n| f64::from(*n)).collect()
            }
            (Kind::Pool { window, kind }, None) => {
                assert_eq!(counts, passed[number], "{} of {}", stage.name, spiking.name);
                let gates = stage.has_gates(recipe.pooling);
                let pooled = pooled(stage, window).zip(counts);
                let mean = |(seen, count): (Vec<usize>, &u32)| {
                    let neurons = match kind {
                        _ if gates => 1,
                        PoolKind::AverageCounted => window.kernel[0] * window.kernel[1],
                        _ => seen.len(),
                    };
                    f64::from(*count) / neurons as f64
                };
                pooled.map(mean).collect()
            }
            _ => unreachable!("a stage pools or has neurons"),
        };
    }
}

#[test]
fn every_neuron_adds_up_what_its_window_sees() {
    for text in STRUCTURES {
        for pooling in POOLINGS {
            let spiking = converted(&own(text), Recipe { pooling, ..Recipe::default() });
            agrees(&spiking, &pictures(2)[1], 12);
        }
    }
}

#[test]
fn the_targets_of_a_spike_are_those_counted_one_by_one() {
    for text in STRUCTURES {
        let spiking = converted(&own(text), Recipe::default());
        for stage in &spiking.stages {
            let Kind::Conv { window, .. } = &stage.kind else { continue };
            let [_, w, c] = stage.input;
            let mut targets = vec![0; stage.input.iter().product()];
            for (_, seen) in windows(stage, window) {
                for [_, _, y, x] in seen {
                    targets[(y * w + x) * c..][..c].iter_mut().for_each(|n| *n += 1);
                }
            }
            for (place, n) in targets.iter().enumerate() {
                assert_eq!(stage.fan_out(place), *n, "{text}: {}, {place}", stage.name);
            }
        }
    }
}

#[test]
fn the_current_of_the_first_layer_is_the_originals_sum_in_thresholds() {
    for text in STRUCTURES {
        let network = own(text);
        let spiking = converted(&network, Recipe::default());
        let picture = pictures(3)[2];
        let mut run = Run::new(&spiking, &picture, Disturbance::default(), 0);
        run.advance();
        let taken = Dissection::new(&network);
        let trace = taken.forward(&picture, 1);
        let stage = &spiking.stages[0];
        let (Kind::Conv { window, .. }, Some(cells)) = (&stage.kind, stage.cells()) else {
            panic!("{text}")
        };
        let f = stage.output[2];
        let (weights, bias) = taken.parameters(0).split_at(cells.weights.len());
        for (place, seen) in windows(stage, window) {
            let of = |[ky, kx, y, x]: [usize; 4]| {
                picture[y * 28 + x] * weights[(ky * window.kernel[1] + kx) * f + place % f]
            };
            let sum = seen.into_iter().map(of).sum::<f32>() + bias[place % f];
            let potential = run.potentials(0)[place] + run.counts(0)[place] as f32;
            let current = (potential - spiking.recipe.initial) * cells.scale(place);
            assert!((current - sum).abs() < 1e-4 * (1.0 + sum.abs()), "{text}: {current} {sum}");
            assert!((trace.output(0)[place] - sum.max(0.0)).abs() < 1e-4, "{text}");
        }
    }
}

#[test]
fn with_more_steps_the_logits_near_those_of_the_original() {
    // A maximum of counts that grows with the largest is exact, too.
    let recipe =
        Recipe { scaling: Scaling::Maximum, pooling: Pooling::Largest, ..Recipe::default() };
    let pictures = &pictures(40)[..3];
    for text in STRUCTURES {
        let network = own(text);
        let logits = network.logits(pictures);
        let largest = logits.iter().flatten().fold(0.0f32, |a, l| a.max(l.abs()));
        let error = |pooling, steps: u64| {
            let spiking = converted(&network, Recipe { pooling, ..recipe });
            let mut error = 0.0f32;
            for (picture, logits) in pictures.iter().zip(&logits) {
                let mut run = Run::new(&spiking, picture, Disturbance::default(), 0);
                (0..steps).for_each(|_| run.advance());
                let all = run.logits().into_iter().zip(logits);
                error = all.map(|(a, b)| (a - b).abs()).fold(error, f32::max);
            }
            error / largest
        };
        let (soon, late) = (error(Pooling::Largest, 20), error(Pooling::Largest, 400));
        assert!(late < soon / 3.0 && late < 0.1, "{text}: {soon} after 20, {late} after 400");
        let gated = error(Pooling::Gated, 400);
        assert!(gated < 0.2, "{text}: {gated} with gates");
        for layer in likeness::of(&network, &converted(&network, recipe), pictures, 400) {
            assert!(layer.r.unwrap() > 0.99 && layer.error < 0.05, "{text}: {layer:?}");
        }
    }
}

#[test]
fn on_the_general_engine_every_neuron_behind_any_window_fires_as_often() {
    // Means of 1, 2, 4 or 8 neurons, so that sums are exact in whatever order.
    for text in [
        // A mean that overlaps, merged into a stride; one that is merged into a dense layer.
        "Conv[3x3, stride 2, padding 1](4) - Conv[3x3, padding 1](5) - AvgPool[2x2, stride 1] - Conv[3x3, stride 2](6) - AvgPool[2x2] - Dense(10)",
        // Rectangles, and a row that no mean takes in.
        "Conv[5x5, stride 2x1, padding 2/1/0/1](4) - AvgPool[4x2, stride 4x2] - Conv[2x3, stride 1x2](6) - Dense(10)",
        // Means of fewer neurons at the border.
        "Conv[3x3, stride 2](4) - AvgPool[2x2, stride 1, padding 1] - Dense(10)",
        // Padding that counts, and padding after the mean.
        "Conv[3x3, stride 2](4) - AvgPool[2x2, stride 2, padding 1](with padding) - Conv[3x3](5) - Dense(10)",
        "Conv[3x3, padding 1](3) - AvgPool[2x2] - Conv[3x3, padding 1](4) - Dense(10)",
        // Means with gaps.
        "Conv[3x3](3) - AvgPool[2x2, stride 3] - Conv[3x3](4) - Dense(10)",
        // Gates.
        "Conv[3x3, stride 2](3) - MaxPool[2x2] - Conv[2x2, stride 2, padding 1](4) - Dense(10)",
    ] {
        let (spiking, picture) = rounded(converted(&own(text), Recipe::default()), pictures(1)[0]);
        let found = on_engine::beside(&spiking, &[picture], 20, (Preference::Cpu, 1)).unwrap();
        assert_eq!(found.differ, 0, "{text}: of {} neurons", found.neurons);
        assert!(found.spikes > 200, "{text}: {} spikes", found.spikes);
    }
}

#[test]
fn what_the_general_engines_lack_is_said_of_the_layer() {
    let usual = Recipe::default();
    let random = Recipe { input: Input::Poisson, ..usual };
    for (text, recipe, layer, why) in [
        ("Conv[3x3](3) - Conv[3x3, stride 2x1](4)", usual, "Conv 2 3×3, stride 2×1", "one stride"),
        ("Conv[3x3](3) - Conv[2x2, same](4)", usual, "Conv 2 2×2", "same padding"),
        ("Conv[2x2, same](3)", random, "Conv 1 2×2", "same padding"),
        (
            "Conv[3x3](3) - MaxPool[3x3, stride 2]",
            usual,
            "Max-pool 3×3, stride 2",
            "gates there have four inputs",
        ),
        (
            "Conv[3x3](3) - AvgPool[3x3, stride 2, padding 1] - Conv[3x3](4)",
            usual,
            "Conv 2 3×3",
            "fewer neurons",
        ),
        // Windows that overlap see neurons from beside the means; so does one that would
        // begin in the last column, which no mean takes in.
        (
            "Conv[3x3](3) - AvgPool[3x3, stride 1] - Conv[3x3, padding 1](4)",
            usual,
            "Conv 2 3×3, padding 1",
            "still see neurons",
        ),
        (
            "Conv[2x2](3) - AvgPool[2x2] - Conv[3x3, padding 1](4)",
            usual,
            "Conv 2 3×3, padding 1",
            "still see neurons",
        ),
    ] {
        let spiking = converted(&own(&format!("{text} - Dense(10)")), recipe);
        let error = on_engine::describe(&spiking, &pictures(1)[0], 0).unwrap_err().to_string();
        for part in [spiking.name, layer, why] {
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}

#[test]
fn what_cannot_be_converted_names_its_layer() {
    let of_another = own("Conv[3x3](2) - Dense(10)");
    let of_another = Activations::measure(&of_another, &pictures(2)).unwrap();
    for (text, layer, why) in [
        ("MaxPool[2x2]", "Max-pool 2×2", "the picture itself"),
        ("Dropout(0.2) - AvgPool[3x3]", "Average-pool 3×3", "the picture itself"),
        (
            "Conv[3x3](2) - MaxPool[2x2] - Dropout(0.1) - AvgPool[2x2]",
            "Average-pool 2×2",
            "pooled already",
        ),
        ("Conv[3x3, stride 2](2, tanh)", "Conv 1 3×3, stride 2", "tanh"),
        ("Conv[3x3](2, linear) - ReLU", "Conv 1 3×3", "the sum itself"),
        ("Conv[3x3](2) - Affine", "Affine 1", "no neuron does"),
        ("Conv[3x3](2) - sigmoid", "its layer sigmoid", "a function by itself"),
    ] {
        let network = own(&format!("{text} - Dense(10)"));
        let measured = Activations::measure(&network, &pictures(2)).map(|_| ());
        let made = Spiking::new(&network, &of_another, Recipe::default()).map(|_| ());
        for error in [measured, made].map(|done| done.unwrap_err().to_string()) {
            for part in [network.architecture().name, layer, why] {
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }
    for text in STRUCTURES {
        assert_eq!(refusal(&layers(text)), None);
    }
}

/// What is written as NIR and read again answers as it does here, with what the file remarks.
#[test]
fn a_file_with_strides_and_padding_gives_the_same_logits_when_it_is_read_again() {
    use crate::snn::nir::{plan::Plan, read, run};
    let text = "Conv[3x3, stride 2, padding 1](4) - AvgPool[2x2, stride 2, padding 1](with padding) - Conv[2x3, stride 1x2, padding 1](5) - AvgPool[2x2, stride 1] - Dense(10)";
    let (spiking, picture) = rounded(converted(&own(text), Recipe::default()), pictures(1)[0]);
    let described = read::read_bytes(nir::file(&spiking).unwrap()).unwrap();
    let plan = Plan::new(&described, run::guess(&described).0).unwrap();
    let stimulus = run::Stimulus::Picture(Box::new(picture));
    let ran = run::run(&plan, &stimulus, 25, &|_| true).unwrap();
    let mut here = Run::new(&spiking, &picture, Disturbance::default(), 0);
    (0..25).for_each(|_| here.advance());
    for (there, here) in ran.given[0].sums().into_iter().zip(here.logits()) {
        let (there, here) = (there / 25.0, f64::from(here));
        assert!((there - here).abs() < 1e-3 * (1.0 + here.abs()), "{there} {here}");
    }
}

#[test]
fn what_nir_cannot_say_names_the_layer() {
    for (text, layer, why) in [
        ("Conv[2x2, same](3)", "Conv 1 2×2", "above as much as below"),
        ("Conv[3x3](3) - AvgPool[3x3, padding 1]", "Average-pool 3×3", "leaves the padding out"),
        (
            "Conv[3x3](3) - AvgPool[3x3, padding 1/0/0/0](with padding)",
            "Average-pool 3×3",
            "above as much as below",
        ),
        ("Conv[3x3](3) - MaxPool[3x3]", "max-pooling", "choose average pooling"),
    ] {
        let spiking = converted(&own(&format!("{text} - Dense(10)")), Recipe::default());
        let error = nir::file(&spiking).unwrap_err().to_string();
        for part in [spiking.name, layer, why] {
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
