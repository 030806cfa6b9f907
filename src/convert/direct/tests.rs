use super::engine::{OnEngine, describe};
use super::{Direct, nir};
use crate::ann::bundled::SPIKING;
use crate::ann::network::Network;
use crate::ann::ops::spiking::leak;
use crate::ann::spiking::look::{Watched, watch};
use crate::ann::zoo;
use crate::core::rng::Rng;
use crate::data::{Pixels, synthetic};
use crate::snn::choose::Preference;
use crate::snn::cpu::CpuEngine;
use crate::snn::engine::Engine;

const CPU: (Preference, usize) = (Preference::Cpu, 1);

/// With random weights, and biases as training makes them: none is zero.
fn random(id: &str) -> Network {
    let mut network = Network::new(zoo::get(id).unwrap(), 3).unwrap();
    let mut values = network.values();
    let mut rng = Rng::stream(1, "biases", 0);
    let zero = values.iter_mut().filter(|v| v.iter().all(|x| *x == 0.0));
    zero.flatten().for_each(|b| *b = rng.range(-0.2, 0.3));
    network.set_values(&values);
    network
}

fn bundled(id: &str) -> Network {
    SPIKING.network(id).unwrap().unwrap().0
}

fn pictures(n: usize) -> Vec<Pixels> {
    let data = synthetic::generate(7, n);
    (0..n).map(|i| data.pixels(i)).collect()
}

/// What makes [`OnEngine`]'s engine.
type Make = fn(&crate::snn::network::Network) -> Box<dyn Engine>;

fn on_cpu(network: &crate::snn::network::Network) -> Box<dyn Engine> {
    Box::new(CpuEngine::new(network, 1))
}

fn on_gpu(network: &crate::snn::network::Network) -> Box<dyn Engine> {
    let gpu = crate::snn::gpu::device::Gpu::open().unwrap();
    Box::new(crate::snn::gpu::GpuEngine::new(&gpu, network).unwrap())
}

fn started(network: &Network, make: Make) -> OnEngine<'_> {
    let direct = Direct::new(network).unwrap();
    let built = describe(&direct).build().unwrap();
    OnEngine::of(network, direct, make(&built), String::new()).unwrap()
}

/// Compares each spike of each layer; gives the layers that were compared. Where `within`
/// is not zero, a spike may be missing or extra if the potential was as near to the
/// threshold; what follows from that is not compared: that neuron later on, and layers after.
fn same_spikes(what: &str, watched: &Watched, spikes: &[Vec<f32>], within: f32) -> usize {
    assert_eq!(watched.layers.len(), spikes.len(), "{what}");
    for (number, (own, shown)) in watched.layers.iter().zip(spikes).enumerate() {
        assert_eq!(own.spikes.len(), shown.len(), "{what}");
        let speaks = number > 0 || shown.iter().any(|s| *s > 0.0);
        assert!(speaks, "{what}: {} is silent", own.name);
        let mut moved = false;
        for unit in 0..own.units() {
            let pairs = own.of_unit(&own.spikes, unit).zip(own.of_unit(shown, unit));
            let Some(step) = pairs.into_iter().position(|(a, b)| a != b) else { continue };
            let v = own.potentials[step * own.units() + unit];
            let place = format!("{what}: {}, unit {unit}, step {step}, v = {v}", own.name);
            assert!((v - 1.0).abs() < within, "{place}");
            moved = true;
        }
        if moved {
            return number;
        }
    }
    spikes.len()
}

/// Shows pictures to both.
fn agree(network: &Network, n: usize, make: Make, within: f32) {
    let id = network.architecture().id;
    let mut there = started(network, make);
    let mut whole = 0;
    for (i, picture) in pictures(n).iter().enumerate() {
        let shown = there.show(picture).unwrap();
        let watched = watch(network, picture).unwrap();
        let layers = same_spikes(&format!("{id}, picture {i}"), &watched, &shown.spikes, within);
        if layers == shown.spikes.len() {
            whole += 1;
            let logits = watched.forming.last().unwrap();
            for (own, there) in logits.iter().zip(&shown.logits) {
                assert!((own - there).abs() < 1e-4 * own.abs().max(1.0), "{id}: {own} {there}");
            }
        }
    }
    // A potential comes as near to the threshold in few pictures.
    assert!(whole * 4 >= n * 3, "{id}: {whole} of {n} without a difference");
}

#[test]
fn every_neuron_of_dense_and_recurrent_networks_spikes_at_the_same_steps_there() {
    for id in [
        "lif-60",
        "lif-50-30-t12-tau3",
        "lif-37-20-15-t9-count",
        "lif-recurrent-40",
        "lif-recurrent-33-t56-tau5-count",
        "net-rlif24_28_4-f20l-lif28_8-f10l",
        "net-f30l-lif9_4-f20l-lif9_12-f10l",
    ] {
        agree(&random(id), 5, on_cpu, 0.0);
    }
    for id in ["lif-dense", "lif-recurrent"] {
        agree(&bundled(id), 5, on_cpu, 0.0);
    }
}

/// A convolution is computed by minimal filtering in the network, and the dense layer after
/// it adds up in another order: to rounding.
#[test]
fn convolutions_with_max_pooling_spike_as_in_the_network_up_to_rounding() {
    for id in [
        "lif-conv-6-8-20-t5",
        "lif-conv-6-8-20-t12-count",
        "net-c4.5-p2-lif5_4-c3.6-lif5_2-c3.8-p2-lif5_4-f10l",
    ] {
        agree(&random(id), 6, on_cpu, 1e-5);
    }
}

#[test]
fn the_graphics_cards_engine_gives_the_same_spikes_too() {
    for id in ["lif-40-20-t8", "lif-recurrent-24-count"] {
        agree(&random(id), 2, on_gpu, 0.0);
    }
    let network = random("lif-conv-4-5-12-t4");
    agree(&network, 2, on_gpu, 1e-5);
    // The engines to the last bit.
    let picture = pictures(1)[0];
    let [a, b] = [on_cpu as Make, on_gpu].map(|m| started(&network, m).show(&picture).unwrap());
    assert_eq!(a, b);
    agree(&bundled("lif-dense"), 1, on_gpu, 0.0);
}

#[test]
fn a_picture_leaves_nothing_behind_for_the_next() {
    let network = random("lif-recurrent-20");
    let mut there = OnEngine::new(&network, CPU).unwrap();
    let [a, b] = pictures(2)[..] else { unreachable!() };
    let first = there.show(&a).unwrap();
    assert_ne!(there.show(&b).unwrap(), first);
    assert_eq!(there.show(&a).unwrap(), first);
}

#[test]
fn what_does_not_spike_in_steps_says_why() {
    for (id, why) in [
        ("first-spike-30", "exact times"),
        ("mlp", "does not spike"),
        ("rnn1", "does not spike"),
        ("net-v5x5_2x2.6l-lif6_3-f10l", "has a stride"),
        ("net-c5.4-lif6_3-a2x2_2x2-f10l", "2×2 currents"),
        ("net-c5.4-lif6_3-p2-c3.4-lif6_3-f10l", "pools something else"),
        ("net-lif6_3-f10l", "nothing but the picture"),
    ] {
        let error = Direct::new(&random(id)).unwrap_err().to_string();
        assert!(error.contains(why) && error.contains("lif-recurrent"), "{error}");
    }
}

/// The file read back, and run as a reader with steps of forward Euler does.
#[test]
fn the_nir_file_says_the_network_and_its_leak() {
    let network = random("lif-50-30-t12-tau3");
    let direct = Direct::new(&network).unwrap();
    let read = hdf5_pure::File::from_bytes(nir::file(&direct).unwrap()).unwrap();
    let text = |path: &str| read.dataset(path).unwrap().read_string().unwrap();
    let numbers = |path: &str| read.dataset(path).unwrap().read_f32().unwrap();
    let shape = |path: &str| read.dataset(path).unwrap().shape().unwrap();
    let edges = text("node/edges");
    let mut at = "picture".to_owned();
    let mut kinds = Vec::new();
    while let Some(edge) = edges.chunks(2).find(|e| e[0] == at) {
        at = edge[1].clone();
        kinds.push(text(&format!("node/nodes/{at}/type"))[0].clone());
    }
    assert_eq!(kinds, ["Flatten", "Affine", "LIF", "Affine", "LIF", "Affine", "Output"]);
    let [tau, r] = ["tau", "r"].map(|name| numbers(&format!("node/nodes/LIF 1/{name}"))[0]);
    assert_eq!(1.0 - 1e-4 / tau, leak(3.0));
    assert!((f64::from(r) * 1e-4 / f64::from(tau) - 1.0).abs() < 1e-6);
    assert!(text("node/nodes/LIF 2/metadata/reset")[0].contains("by subtraction"));
    assert_eq!(shape("node/nodes/Dense 1/weight"), [50, 784]);
    let first = &direct.layers[0].synapses;
    assert_eq!(numbers("node/nodes/Dense 1/weight")[784 + 3], first.weights[3 * 50 + 1]);
    assert_eq!(numbers("node/nodes/Dense 1/bias"), first.bias);
    assert_eq!(text("node/metadata/steps"), ["12"]);
    assert_eq!(text("node/metadata/read_out"), [format!("mean {}", leak(3.0))]);
    // The bias of the classes, after all steps.
    let super::Read::Membrane { synapses, .. } = &direct.read else { panic!("no membrane") };
    let bias = numbers("node/nodes/Dense 3/bias");
    let (mut u, mut mean) = (0.0, 0.0);
    for _ in 0..12 {
        u = leak(3.0) * u + bias[4];
        mean += u / 12.0;
    }
    assert!((mean - synapses.bias[4]).abs() < 1e-6);
}

#[test]
fn a_recurrent_network_is_a_loop_there_and_max_pooling_is_refused() {
    let direct = Direct::new(&random("lif-recurrent-20-t56")).unwrap();
    let read = hdf5_pure::File::from_bytes(nir::file(&direct).unwrap()).unwrap();
    let text = |path: &str| read.dataset(path).unwrap().read_string().unwrap();
    let edges = text("node/edges");
    let loops = [["LIF 1", "LIF 1 to themselves"], ["LIF 1 to themselves", "LIF 1"]];
    let name = &direct.layers[0].name;
    for [from, to] in loops.map(|e| e.map(|n| n.replace("LIF 1", name))) {
        assert!(edges.chunks(2).any(|e| *e == [from.clone(), to.clone()]), "{edges:?}");
    }
    let back = format!("node/nodes/{name} to themselves/weight");
    let weights = read.dataset(&back).unwrap().read_f32().unwrap();
    assert_eq!(weights[20 + 3], direct.layers[0].recurrent[3 * 20 + 1]);
    assert!(text("node/metadata/input")[0].contains("2 steps each"));
    assert!(text("node/metadata/read_out")[0].starts_with("last "));
    let conv = Direct::new(&random("lif-conv-4-5-12")).unwrap();
    let error = nir::file(&conv).unwrap_err().to_string();
    assert!(error.contains("no maximum") && error.contains("Nothing was written"), "{error}");
}

/// What is written as NIR and read again answers as the network itself does, with what the file
/// remarks.
#[test]
fn a_file_that_is_read_again_gives_the_networks_own_logits() {
    use crate::snn::nir::{plan::Plan, read, run};
    for id in ["lif-50-30-t12-tau3", "lif-recurrent-20-t56"] {
        let network = random(id);
        let direct = Direct::new(&network).unwrap();
        let described = read::read_bytes(nir::file(&direct).unwrap()).unwrap();
        let plan = Plan::new(&described, run::guess(&described).0).unwrap();
        let pictures = pictures(10);
        let logits = network.logits(&pictures);
        for (digit, (pixels, theirs)) in pictures.into_iter().zip(logits).enumerate() {
            let stimulus = run::Stimulus::Picture(Box::new(pixels));
            let steps = described.steps.unwrap();
            let ran = run::run(&plan, &stimulus, steps, &|_| true).unwrap();
            let ours = ran.given[0].evidence(described.read_out.as_deref());
            for (ours, theirs) in ours.iter().zip(theirs) {
                assert!((ours - f64::from(theirs)).abs() < 1e-3, "{id} {digit}: {ours} {theirs}");
            }
        }
    }
}
