use proptest::prelude::*;

use super::energy::Work;
use super::likeness;
use super::network::{Cells, Kind, Spiking, Stage};
use super::on_engine;
use super::recipe::{Disturbance, Input, Per, Pooling, Read, Recipe, Reset, Scaling};
use super::run::Run;
use super::scales::Activations;
use super::sweep::{SweepTask, sweep};
use crate::ann::network::Network;
use crate::ann::zoo::{PoolKind, Window};
use crate::data::{PIXELS, Pixels, synthetic};
use crate::snn::choose::Preference;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;

pub(super) fn network(id: &str) -> Network {
    let bundled = crate::ann::bundled::REPORT.networks();
    let mut all = bundled.into_iter().map(|n| n.unwrap().0);
    all.find(|n| n.architecture().id == id).unwrap()
}

pub(super) fn pictures(n: usize) -> Vec<Pixels> {
    let data = synthetic::generate(7, n);
    (0..n).map(|i| data.pixels(i)).collect()
}

/// Of the second set in the box.
fn varied(id: &str) -> Network {
    let bundled = crate::ann::bundled::AUGMENTED.networks();
    let mut all = bundled.into_iter().map(|n| n.unwrap().0);
    all.find(|n| n.architecture().id == id).unwrap()
}

pub(super) fn converted(network: &Network, recipe: Recipe) -> Spiking {
    let activations = Activations::measure(network, &pictures(40)).unwrap();
    Spiking::new(network, &activations, recipe).unwrap()
}

/// One neuron that sees one pixel.
fn single(weight: f32, threshold: f32, reset: Reset) -> Spiking {
    let mut weights = vec![0.0; PIXELS * 10];
    weights[0] = weight / threshold;
    let cells = Cells { weights, bias: vec![0.0; 10], scales: vec![threshold; 10], spikes: true };
    Spiking {
        name: "one",
        recipe: Recipe { reset, initial: 0.0, read: Read::Spikes, ..Recipe::default() },
        stages: vec![Stage {
            name: "Dense 1".into(),
            layer: 0,
            input: [28, 28, 1],
            output: [1, 1, 10],
            kind: Kind::Dense { cells },
        }],
        multiply_adds: 7840,
    }
}

proptest! {
    /// Spikes in T steps are floor(T W x / V_th), up to one a step.
    #[test]
    fn a_constant_input_is_counted_exactly(w in 1u32..64, th in 0u32..7, steps in 1u64..200) {
        // In 64ths, and W / V_th in 64ths too, so that sums in f32 are exact.
        let th = 1u32 << th;
        let spiking = single(w as f32 / 64.0, th as f32 / 64.0, Reset::Subtract);
        let mut picture = [0.0; PIXELS];
        picture[0] = 1.0;
        let mut run = Run::new(&spiking, &picture, Disturbance::default(), 0);
        (0..steps).for_each(|_| run.advance());
        let exact = (steps * u64::from(w) / u64::from(th)).min(steps);
        prop_assert_eq!(u64::from(run.counts(0)[0]), exact);
    }
}

#[test]
fn a_reset_to_zero_loses_what_lay_above_the_threshold() {
    let mut picture = [0.0; PIXELS];
    picture[0] = 1.0;
    let count = |reset| {
        let spiking = single(0.75, 1.0, reset);
        let mut run = Run::new(&spiking, &picture, Disturbance::default(), 0);
        (0..200).for_each(|_| run.advance());
        run.counts(0)[0]
    };
    // The golden trace of Brian2: I = 0.75 for 200 steps.
    assert_eq!((count(Reset::Subtract), count(Reset::Zero)), (150, 100));
}

#[test]
fn what_has_no_spiking_counterpart_says_why_and_what_to_do() {
    let of_the_mlp = Activations::measure(&network("mlp"), &pictures(4)).unwrap();
    for (id, name, why) in [
        ("rnn1", "RNN 1", "GRU"),
        ("net-rnn16r-f10l", "RNN 16", "between −1 and 1"),
        ("settling-20-10", "Settling 20–10", "by relaxing"),
        ("goodness-20-10", "Goodness 20–10", "each label"),
        ("dense-20-tanh", "Dense 20 (tanh)", "not in a ReLU"),
    ] {
        let network = Network::new(crate::ann::zoo::get(id).unwrap(), 1).unwrap();
        let measured = Activations::measure(&network, &pictures(4)).map(|_| ());
        let made = Spiking::new(&network, &of_the_mlp, Recipe::default()).map(|_| ());
        for error in [measured, made].map(|done| done.unwrap_err().to_string()) {
            for part in [name, "cannot become", why, "Choose one of dense layers"] {
                assert!(error.contains(part), "{error}");
            }
        }
    }
    let error = Activations::measure(&network("mlp"), &[]).unwrap_err().to_string();
    assert!(error.contains("no image"), "{error}");
}

#[test]
fn rates_become_activations_and_answers_those_of_the_original() {
    for id in ["mlp", "cnn3"] {
        let network = network(id);
        let spiking = converted(&network, Recipe::default());
        let pictures = pictures(if id == "mlp" { 12 } else { 3 });
        for layer in likeness::of(&network, &spiking, &pictures, 200) {
            assert!(layer.r.unwrap() > 0.98, "{id}: {layer:?}");
        }
        for picture in &pictures {
            let mut run = Run::new(&spiking, picture, Disturbance::default(), 0);
            (0..100).for_each(|_| run.advance());
            let [logits] = network.logits(&[*picture])[..] else { unreachable!() };
            let answer = run.answer().0.map(usize::from).unwrap();
            assert!(logits.iter().all(|l| *l <= logits[answer]), "{id}");
            assert!(run.spikes() > 0 && run.work().synapses > run.spikes());
        }
    }
}

#[test]
fn renumbering_the_classes_renumbers_the_answers_in_spikes() {
    use crate::core::decision::unique_max;
    let order = [3usize, 9, 0, 7, 1, 8, 2, 6, 5, 4];
    let plain = network("mlp");
    let mut values = plain.values();
    let last = values.len() - 2;
    for list in &mut values[last..] {
        for row in list.chunks_exact_mut(10) {
            let old: Vec<f32> = row.to_vec();
            row.iter_mut().zip(order).for_each(|(new, k)| *new = old[k]);
        }
    }
    let mut renumbered = plain.clone();
    renumbered.set_values(&values);
    // A blank picture, too: without biases nothing speaks for any digit.
    let mut asked = pictures(6);
    asked.push([0.0; PIXELS]);
    for (read, biases) in [(Read::Potential, true), (Read::Spikes, true), (Read::Spikes, false)] {
        let recipe = Recipe { read, biases, ..Recipe::default() };
        let [a, b] = [&plain, &renumbered].map(|n| converted(n, recipe));
        for picture in &asked {
            let [mut a, mut b] = [&a, &b].map(|s| Run::new(s, picture, Disturbance::default(), 0));
            for step in 1..=30 {
                a.advance();
                b.advance();
                let found = b.answer().0.map(|k| order[usize::from(k)] as u8);
                assert_eq!(found, a.answer().0, "step {step}");
                assert_eq!(found.map(usize::from), unique_max(&a.logits()));
            }
        }
        let mut silent = Run::new(&a, &[0.0; PIXELS], Disturbance::default(), 0);
        silent.advance();
        assert_eq!(silent.answer().0.is_none(), !biases);
    }
}

#[test]
fn every_choice_of_the_recipe_runs_and_reads_digits() {
    let network = network("cnn3");
    let data = synthetic::generate(9, 12);
    let activations = Activations::measure(&network, &pictures(40)).unwrap();
    let usual = Recipe::default();
    let recipes = [
        (Recipe { pooling: Pooling::Largest, ..usual }, 11),
        (Recipe { scaling: Scaling::Maximum, ..usual }, 10),
        (Recipe { per: Per::Layer, ..usual }, 10),
        (Recipe { reset: Reset::Zero, ..usual }, 10),
        (Recipe { input: Input::Poisson, ..usual }, 10),
        (Recipe { read: Read::Spikes, ..usual }, 10),
        // Another network than the one that was trained: it runs, no more.
        (Recipe { pooling: Pooling::Average, biases: false, ..usual }, 0),
    ];
    for (recipe, least) in recipes {
        let spiking = Spiking::new(&network, &activations, recipe).unwrap();
        let task = SweepTask {
            steps: vec![60],
            first: 0,
            images: 12,
            disturbance: Disturbance::default(),
            threads: 2,
            logits: true,
        };
        let never = std::sync::atomic::AtomicBool::new(false);
        let found = sweep(&spiking, &data, &task, &never, &|_| {});
        assert_eq!(found.images, 12);
        assert!(found.after[0].right >= least, "{recipe:?}: {found:?}");
        // What speaks for each digit is kept by picture, whichever thread came first.
        let images: Vec<usize> = found.logits.iter().map(|e| e.image).collect();
        assert_eq!(images, (0..12).collect::<Vec<_>>());
        // Where chance has a part in it, threads would show.
        if recipe.input == Input::Poisson {
            let once = sweep(&spiking, &data, &SweepTask { threads: 1, ..task }, &never, &|_| {});
            assert_eq!(once, found);
        }
    }
}

#[test]
fn disturbances_depend_on_the_seed_alone() {
    let network = network("mlp");
    let spiking = converted(&network, Recipe::default());
    let picture = pictures(1)[0];
    let disturbance = Disturbance { noise: 0.1, dropped: 0.2, jitter: 3 };
    let counts = |seed, disturbance| {
        let mut run = Run::new(&spiking, &picture, disturbance, seed);
        (0..50).for_each(|_| run.advance());
        (run.spikes(), run.counts(0).to_vec(), run.counts(1).to_vec())
    };
    assert_eq!(counts(1, disturbance), counts(1, disturbance));
    assert_ne!(counts(1, disturbance), counts(2, disturbance));
    // Late spikes are not lost: the second layer only gets them later.
    let late = counts(1, Disturbance { jitter: 3, ..Disturbance::default() });
    let (on_time, late): (u32, u32) =
        (counts(1, Disturbance::default()).2.iter().sum(), late.2.iter().sum());
    assert!(late.abs_diff(on_time) < on_time / 5, "{late} {on_time}");
}

/// Rounds weights, biases, thresholds and pixels to so few digits that their sums are
/// exact, in whatever order they are added up.
pub(super) fn rounded(mut spiking: Spiking, mut picture: Pixels) -> (Spiking, Pixels) {
    let coarse = |v: &mut f32| *v = (*v * 256.0).round() / 256.0;
    for stage in &mut spiking.stages {
        if let Kind::Conv { cells, .. } | Kind::Dense { cells } = &mut stage.kind {
            cells.weights.iter_mut().chain(&mut cells.bias).for_each(coarse);
        }
    }
    picture.iter_mut().for_each(coarse);
    (spiking, picture)
}

#[test]
fn on_the_general_engine_every_neuron_fires_as_often() {
    let data = pictures(1);
    for (id, pooling, steps) in [
        ("mlp", Pooling::Gated, 40),
        ("cnn3", Pooling::Gated, 12),
        ("cnn3", Pooling::Largest, 12),
        ("cnn3", Pooling::Average, 12),
        ("cnn1", Pooling::Gated, 12),
    ] {
        let recipe = Recipe { pooling, ..Recipe::default() };
        let (spiking, picture) = rounded(converted(&network(id), recipe), data[0]);
        let found = on_engine::beside(&spiking, &[picture], steps, (Preference::Cpu, 1)).unwrap();
        let of = format!("{id}, {pooling:?}, of {} neurons", found.neurons);
        assert_eq!(found.differ, 0, "{of}");
        assert!(found.spikes > 1000, "{of}: {}", found.spikes);
    }
}

/// Runs the general engine and counts the spikes of each population.
fn engine_counts(engine: &mut dyn Engine, steps: u64) -> Vec<Vec<u32>> {
    engine.run(steps).unwrap();
    let populations = engine.network().populations.len();
    (0..populations).map(|p| engine.counts(p, 0).unwrap()).collect()
}

#[test]
fn cpu_and_gpu_give_the_same_spikes() {
    let gpu = crate::snn::gpu::device::Gpu::open().unwrap();
    for (id, pooling) in
        [("mlp", Pooling::Gated), ("cnn3", Pooling::Average), ("cnn3", Pooling::Gated)]
    {
        let network = network(id);
        let spiking = converted(&network, Recipe { pooling, ..Recipe::default() });
        let picture = pictures(1)[0];
        let built = on_engine::describe(&spiking, &picture, 1).unwrap().build().unwrap();
        let steps = if id == "mlp" { 60 } else { 12 };
        let on_cpu = engine_counts(&mut CpuEngine::new(&built, 1), steps);
        let mut engine = crate::snn::gpu::GpuEngine::new(&gpu, &built).unwrap();
        assert_eq!(engine_counts(&mut engine, steps), on_cpu, "{id}, {pooling:?}");
        assert!(on_cpu[0].iter().sum::<u32>() > 100);
    }
}

#[test]
fn a_few_loud_units_do_not_silence_the_others() {
    // In the first layer of this MLP the 99.9th percentile of all activations is some
    // eighty times the median.
    let network = varied("mlp");
    let activations = Activations::measure(&network, &pictures(100)).unwrap();
    let data = synthetic::generate(9, 100);
    let right = |per| {
        let recipe = Recipe { per, scaling: Scaling::Percentile(99.9), ..Recipe::default() };
        let spiking = Spiking::new(&network, &activations, recipe).unwrap();
        let task = SweepTask {
            steps: vec![10],
            first: 0,
            images: 100,
            disturbance: Disturbance::default(),
            threads: 2,
            logits: false,
        };
        let never = std::sync::atomic::AtomicBool::new(false);
        sweep(&spiking, &data, &task, &never, &|_| {}).after[0].right
    };
    let as_it_is = (0..100)
        .filter(|i| {
            let [logits] = network.logits(&[data.pixels(*i)])[..] else { unreachable!() };
            let label = usize::from(data.labels()[*i]);
            logits.iter().all(|l| *l <= logits[label])
        })
        .count();
    let (layer, channel) = (right(Per::Layer), right(Per::Channel));
    assert!(channel + 2 >= as_it_is, "{channel} of {as_it_is}");
    assert!(channel >= layer + 20, "{channel} per channel, {layer} per layer");
}

#[test]
fn thresholds_of_channels_are_in_the_weights_and_the_function_stays() {
    let network = network("cnn3");
    let activations = Activations::measure(&network, &pictures(20)).unwrap();
    let of = |per| {
        let recipe = Recipe { per, ..Recipe::default() };
        Spiking::new(&network, &activations, recipe).unwrap()
    };
    let (each, whole) = (of(Per::Channel), of(Per::Layer));
    let mut carried = [vec![1.0f32], vec![1.0f32]];
    let stages = each.stages.iter().zip(&whole.stages);
    for (a, b) in stages.filter_map(|(a, b)| Some((a.cells()?, b.cells()?))) {
        let n = a.scales.len();
        assert!(b.scales.iter().all(|s| *s == b.scales[0]));
        for (i, (wa, wb)) in a.weights.iter().zip(&b.weights).enumerate().step_by(7) {
            // w λ′ / λ, back to w.
            let back = |w: f32, scales: &[f32], carried: &[f32]| {
                w * scales[i % n] / carried[i / n % carried.len()]
            };
            let (wa, wb) = (back(*wa, &a.scales, &carried[0]), back(*wb, &b.scales, &carried[1]));
            assert!((wa - wb).abs() <= 1e-5 * wa.abs().max(1e-3), "{wa} {wb}");
        }
        carried = [a.scales.clone(), b.scales.clone()];
    }
    // Outputs are compared with each other, so they have one.
    let last = each.stages.last().unwrap().cells().unwrap();
    assert!(last.scales.iter().all(|s| *s == last.scales[0]));
    let first = each.stages[0].cells().unwrap();
    assert!(first.scale_range()[0] < first.scale_range()[2]);
}

#[test]
fn a_session_from_before_thresholds_of_channels_opens() {
    let kept = r#"{"scaling":{"Percentile":99.0},"reset":"Zero","initial":0.25}"#;
    let recipe: Recipe = serde_json::from_str(kept).unwrap();
    // What was chosen then is what it was: one threshold for a layer.
    assert_eq!((recipe.per, recipe.reset), (Per::Layer, Reset::Zero));
}

/// A convolution of 2×2, a pooling that leaves the last row and column out, a dense
/// layer.
fn tiny(input: Input, pooling: Pooling) -> Spiking {
    let mut rng = crate::core::rng::Rng::stream(5, "tiny", 0);
    let mut cells = |weights: usize, channels: usize, spikes| Cells {
        weights: (0..weights).map(|_| 0.5 * rng.normal()).collect(),
        bias: (0..channels).map(|_| 0.1 * rng.normal()).collect(),
        scales: vec![1.0; channels],
        spikes,
    };
    let (conv, dense) = (cells(4 * 3, 3, true), cells(13 * 13 * 3 * 10, 10, false));
    let conv = Kind::Conv { window: Window::square(2, 1), cells: conv };
    let pool = Kind::Pool { window: Window::square(2, 2), kind: PoolKind::Max };
    let stage = |name: &str, input, output, kind| Stage {
        name: name.into(),
        layer: 0,
        input,
        output,
        kind,
    };
    Spiking {
        name: "tiny",
        recipe: Recipe { input, pooling, ..Recipe::default() },
        stages: vec![
            stage("conv", [28, 28, 1], [27, 27, 3], conv),
            stage("pool", [27, 27, 3], [13, 13, 3], pool),
            stage("dense", [13, 13, 3], [1, 1, 10], Kind::Dense { cells: dense }),
        ],
        multiply_adds: 27 * 27 * 3 * 4 + 13 * 13 * 3 * 10,
    }
}

#[test]
fn operations_are_those_counted_one_by_one() {
    // Of each synapse of the convolution, where it is from.
    let mut sources = Vec::new();
    for (y, x) in (0..27).flat_map(|y| (0..27).map(move |x| (y, x))) {
        for at in 0..4 {
            sources.extend([(y + at / 2) * 28 + x + at % 2; 3]);
        }
    }
    for input in [Input::Analog, Input::Poisson] {
        for pooling in [Pooling::Gated, Pooling::Largest, Pooling::Average] {
            let spiking = tiny(input, pooling);
            // All pixels are white, so that all of them spike in every step.
            let mut run = Run::new(&spiking, &[1.0; PIXELS], Disturbance::default(), 3);
            let mut by_hand = Work::default();
            if input == Input::Analog {
                by_hand.first_layer = sources.len() as u64;
            }
            for _ in 0..9 {
                run.advance();
                by_hand.neurons += 2 * (27 * 27 * 3 + 10);
                if input == Input::Poisson {
                    for pixel in 0..PIXELS {
                        by_hand.synapses += sources.iter().filter(|s| **s == pixel).count() as u64;
                    }
                }
                for (place, _) in run.spiked(0) {
                    let (y, x) = (place / 3 / 27, place / 3 % 27);
                    // The last row and column are in front of no gate.
                    if y < 26 && x < 26 && pooling != Pooling::Average {
                        by_hand.gates += 4;
                    }
                }
                by_hand.synapses += 10 * run.spiked(1).len() as u64;
            }
            assert!(run.spikes() > 100, "{}", run.spikes());
            assert_eq!(run.work(), by_hand, "{input:?}, {pooling:?}");
            let total = by_hand.first_layer + by_hand.synapses + by_hand.neurons + by_hand.gates;
            assert_eq!(run.work().total(), total);
        }
    }
}

#[test]
fn the_first_layer_of_an_analog_picture_is_counted() {
    let spiking = converted(&network("mlp"), Recipe::default());
    let mut run = Run::new(&spiking, &pictures(1)[0], Disturbance::default(), 0);
    (0..20).for_each(|_| run.advance());
    let work = run.work();
    assert_eq!((work.first_layer, work.gates), (784 * 512, 0));
    assert_eq!(work.neurons, 2 * 20 * (512 + 256 + 10));
    // Joules by hand: 4.6 pJ and 0.9 pJ.
    let uj = 4.6e-6 * (784.0 * 512.0) + 0.9e-6 * (work.synapses + work.neurons) as f64;
    assert!((work.energy_uj() - uj).abs() < 1e-9);
}
