use proptest::prelude::*;

use super::likeness;
use super::network::{Cells, Kind, Spiking, Stage};
use super::on_engine;
use super::recipe::{Disturbance, Input, Pooling, Read, Recipe, Reset, Scaling};
use super::run::Run;
use super::scales::Activations;
use super::sweep::{Task, sweep};
use crate::ann::network::Network;
use crate::data::{PIXELS, Pixels, synthetic};
use crate::snn::choose::Wish;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;

pub(super) fn network(id: &str) -> Network {
    let shipped = crate::ann::shipped::REPORT.networks();
    let mut all = shipped.into_iter().map(|n| n.unwrap().0);
    all.find(|n| n.architecture().id == id).unwrap()
}

fn pictures(n: usize) -> Vec<Pixels> {
    let data = synthetic::generate(7, n);
    (0..n).map(|i| data.pixels(i)).collect()
}

pub(super) fn converted(network: &Network, recipe: Recipe) -> Spiking {
    let activations = Activations::measure(network, &pictures(40)).unwrap();
    Spiking::new(network, &activations, recipe).unwrap()
}

/// One neuron that sees one pixel.
fn single(weight: f32, threshold: f32, reset: Reset) -> Spiking {
    let mut weights = vec![0.0; PIXELS * 10];
    weights[0] = weight;
    let cells = Cells { weights, bias: vec![0.0; 10], threshold, spikes: true };
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
    fn a_constant_input_is_counted_exactly(w in 1u32..64, th in 1u32..64, steps in 1u64..200) {
        // In 64ths, so that sums in f32 are exact.
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
fn a_recurrent_network_cannot_be_converted_and_says_why() {
    let network = network("rnn1");
    let activations = Activations::measure(&network, &pictures(4)).unwrap();
    let error = Spiking::new(&network, &activations, Recipe::default()).unwrap_err().to_string();
    assert!(error.contains("RNN 1 cannot become") && error.contains("GRU"), "{error}");
    let error = Activations::measure(&network, &[]).unwrap_err().to_string();
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
            let [logits] = network.evidence(&[*picture])[..] else { unreachable!() };
            let answer = run.answer().0.map(usize::from).unwrap();
            assert!(logits.iter().all(|l| *l <= logits[answer]), "{id}");
            assert!(run.spikes() > 0 && run.operations() > run.spikes());
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
                assert_eq!(found.map(usize::from), unique_max(&a.evidence()));
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
        (Recipe { reset: Reset::Zero, ..usual }, 10),
        (Recipe { input: Input::Poisson, ..usual }, 10),
        (Recipe { read: Read::Spikes, ..usual }, 10),
        // Another network than the one that was trained: it runs, no more.
        (Recipe { pooling: Pooling::Average, biases: false, ..usual }, 0),
    ];
    for (recipe, least) in recipes {
        let spiking = Spiking::new(&network, &activations, recipe).unwrap();
        let task = Task {
            steps: vec![60],
            first: 0,
            images: 12,
            disturbance: Disturbance::default(),
            threads: 2,
        };
        let never = std::sync::atomic::AtomicBool::new(false);
        let found = sweep(&spiking, &data, &task, &never, &|_| {});
        assert_eq!(found.images, 12);
        assert!(found.after[0].right >= least, "{recipe:?}: {found:?}");
        let once = sweep(&spiking, &data, &Task { threads: 1, ..task }, &never, &|_| {});
        assert_eq!(once, found);
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
fn rounded(mut spiking: Spiking, mut picture: Pixels) -> (Spiking, Pixels) {
    let coarse = |v: &mut f32| *v = (*v * 256.0).round() / 256.0;
    for stage in &mut spiking.stages {
        if let Kind::Conv { cells, .. } | Kind::Dense { cells } = &mut stage.kind {
            cells.weights.iter_mut().chain(&mut cells.bias).for_each(coarse);
            coarse(&mut cells.threshold);
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
        let found = on_engine::beside(&spiking, &[picture], steps, (Wish::Cpu, 1)).unwrap();
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
