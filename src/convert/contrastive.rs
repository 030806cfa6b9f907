//! A network that learns by contrastive Hebbian learning (`lif-chl`) on the general spiking
//! engines, CPU and GPU: populations of the model `lif_energy`, connected both ways by
//! projections that learn by the rule `contrastive`.
//!
//! A step is a millisecond. The picture comes as constant currents, and the noise as spikes
//! at the times that [`noise`] gives, so that every neuron spikes at the same step as in the
//! network itself (`ann/ops/spiking/energy`), in the free phase and in both branches after
//! it. There, weights stand still while a picture is shown. Therefore what is learned is
//! gathered here in synapses of its own, beside the others, that begin at zero and learn at
//! a rate of 10⁻¹²: too little to be felt. It agrees to rounding.

use super::ConvertError;
use crate::ann::network::Network;
use crate::ann::ops::spiking::energy::{Energy, NOISE, Phases, REST, TAU, begin, noise};
use crate::ann::spiking::phases;
use crate::data::{CLASSES, Pixels};
use crate::snn::SnnError;
use crate::snn::engine::{Engine, Spike};
use crate::snn::network::{
    Connect, Drive, NetworkSpec, ProbeWhat, ProjectionSpec, Values, Waveform,
};
use crate::snn::params::Config;
use crate::snn::plasticity::{BoundKind, Bounds};

/// The step, ms.
pub const DT_MS: f64 = 1.0;
/// The projections from the hidden neurons to the classes and back that learn.
pub const UP: usize = 2;
pub const DOWN: usize = 3;
/// Their learning rate.
const ETA: f32 = 1e-12;
const HIDDEN: &str = "hidden";
const NAMES: [&str; 2] = [HIDDEN, "classes"];

/// Spikes: `(step, neuron)`, the hidden neurons first, then the ten classes.
pub type Spikes = Vec<(u32, u32)>;

/// What a picture did there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// In the free phase, in the branch that is pulled and in the one that is pushed.
    pub spikes: [Spikes; 3],
    /// What the weights to the classes, and those back, have learned, for η = 1.
    pub learned: [Vec<f32>; 2],
}

/// The operation of such a network.
///
/// # Errors
/// [`ConvertError::Engine`] for another network.
pub fn operation(network: &Network) -> Result<Energy, ConvertError> {
    phases::operation(network).ok_or_else(|| {
        let name = network.architecture().name;
        ConvertError::Engine(format!("{name} is not connected both ways, as lif-chl is"))
    })
}

/// Describes the network with a picture, and with the noise of `key` over so many steps.
///
/// # Errors
/// As [`operation`].
pub fn describe(
    network: &Network,
    picture: &Pixels,
    (key, steps): (u64, usize),
) -> Result<NetworkSpec, ConvertError> {
    let op = operation(network)?;
    let parameters = network.step_parameters(0);
    let hidden = op.hidden();
    let mut drive = vec![0.0; hidden];
    op.drive(parameters, 1, picture, &mut drive);
    let (weight, bias) = op.layer(1);
    let (up, bias) = (parameters[weight].to_vec(), parameters[bias].to_vec());
    let down = (0..CLASSES).flat_map(|k| up.iter().skip(k).step_by(CLASSES).copied()).collect();
    let potentials = begin(key, hidden);
    let noise = noise(key, hidden, steps);
    let neuron = Config::new("lif_energy")
        .with("tau_ms", f64::from(TAU) * DT_MS)
        .with("t_ref_ms", f64::from(REST) * DT_MS)
        .with("sigma", f64::from(NOISE));
    let mut spec = NetworkSpec::new(network.architecture().name, DT_MS, 0);
    let places = [0..hidden, hidden..hidden + CLASSES];
    for ((name, place), current) in NAMES.into_iter().zip(places).zip([drive, bias]) {
        // What arrives in a step counts in the next; the first step's noise is there already.
        let first = noise.first().map_or_else(Vec::new, |row| row[place.clone()].to_vec());
        let first = first.into_iter().map(|up| f32::from(u8::from(up))).collect();
        let mut listed = Vec::new();
        for (t, row) in noise.iter().enumerate().skip(1) {
            let spikes = (0u32..).zip(&row[place.clone()]).filter(|(_, up)| **up);
            listed.extend(spikes.map(|(j, _)| (j, (t - 1) as f64 * DT_MS)));
        }
        spec = spec
            .population(name, place.len(), neuron.clone())
            .starting("v", Values::Each(potentials[place.clone()].to_vec()))
            .starting("n", Values::Each(first))
            .current(name, name, Waveform::Constant(Values::Each(current)))
            .input(&format!("noise of {name}"), place.len(), Drive::Listed(listed))
            .probe(name, ProbeWhat::Spikes { of: name.into() });
    }
    let rule = Config::new("contrastive")
        .with("eta", f64::from(ETA))
        .with("tau_ms", f64::from(TAU) * DT_MS)
        .with("phase", 0.0);
    let free = Bounds { kind: BoundKind::None, min: -1.0, max: 1.0 };
    let synapses = |name: &str, [from, to]: [&str; 2], weights| {
        ProjectionSpec::new(name, from, to, "a", Connect::Dense, weights)
    };
    let (there, back) = (NAMES, [NAMES[1], NAMES[0]]);
    let zero = || Values::Same(0.0);
    spec = spec
        .projection(synapses("to classes", there, Values::Each(up)))
        .projection(synapses("back", back, Values::Each(down)))
        .projection(synapses("learned to classes", there, zero()).learning(rule.clone(), free))
        .projection(synapses("learned back", back, zero()).learning(rule, free));
    for name in NAMES {
        let noise = format!("noise of {name}");
        let once = Values::Same(1.0);
        let onto = ProjectionSpec::new(&noise, &noise, name, "n", Connect::OneToOne, once);
        spec = spec.projection(onto);
    }
    Ok(spec)
}

/// Runs all phases on an engine of what [`describe`] says of the same network.
///
/// # Errors
/// The engine's.
pub fn show(
    network: &Network,
    engine: &mut dyn Engine,
    (label, phases): (u8, &Phases),
) -> Result<Shown, ConvertError> {
    let op = operation(network)?;
    let bias = &network.step_parameters(0)[op.layer(1).1];
    run(engine, (op.hidden(), bias), (label, phases))
        .map_err(|e: SnnError| ConvertError::Engine(e.to_string()))
}

fn run(
    engine: &mut dyn Engine,
    (hidden, bias): (usize, &[f32]),
    (label, phases): (u8, &Phases),
) -> Result<Shown, SnnError> {
    let brief = |spikes: Vec<Spike>| -> Spikes {
        let number = |s: &Spike| s.neuron + if s.source == 0 { 0 } else { hidden as u32 };
        spikes.iter().map(|s| (s.step as u32, number(s))).collect()
    };
    let mut shown = Shown::default();
    engine.run(phases.free as u64)?;
    shown.spikes[0] = brief(engine.take_spikes()?);
    let state = engine.snapshot()?;
    shown.learned = [(); 2].map(|()| vec![0.0; hidden * CLASSES]);
    let minus = if phases.centred { -phases.beta } else { 0.0 };
    for (branch, (sign, beta)) in [(1.0, phases.beta), (-1.0, minus)].into_iter().enumerate() {
        engine.restore(&state)?;
        engine.set_parameter(1, "beta", f64::from(beta))?;
        let target = |k: usize| if k == usize::from(label) { phases.target } else { 0.0 };
        let currents = bias.iter().enumerate().map(|(k, b)| b + beta * target(k)).collect();
        engine.set_current(1, Waveform::Constant(Values::Each(currents)))?;
        let window = phases.window.min(phases.nudged) as u64;
        engine.run(phases.nudged as u64 - window)?;
        for projection in [UP, DOWN] {
            engine.set_rule_parameter(projection, "phase", sign)?;
        }
        engine.run(window)?;
        for (projection, learned) in [UP, DOWN].into_iter().zip(&mut shown.learned) {
            engine.set_rule_parameter(projection, "phase", 0.0)?;
            let now = engine.weights(projection)?;
            learned.iter_mut().zip(&now).for_each(|(l, w)| *l += w / ETA);
        }
        shown.spikes[branch + 1] = brief(engine.take_spikes()?);
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::ops::op::{Op, Part};
    use crate::ann::ops::spiking::energy::{Branch, key};
    use crate::ann::tap::Tapped;
    use crate::ann::zoo;
    use crate::data::synthetic;
    use crate::snn::cpu::CpuEngine;

    const PHASES: Phases =
        Phases { free: 45, nudged: 37, window: 20, beta: 2.0, centred: true, target: 0.6 };

    /// The network's own spikes, as [`Shown`] has them.
    fn own(network: &Network, picture: &Pixels, key: u64, label: u8) -> [Spikes; 3] {
        let op = operation(network).unwrap();
        let hidden = op.hidden();
        let mut spikes: [Spikes; 3] = Default::default();
        let mut steps = [0u32, PHASES.free as u32, PHASES.free as u32];
        let parameters = network.step_parameters(0);
        op.watch(parameters, picture, (key, Some(label)), &PHASES, |branch, state, fired| {
            let b = match branch {
                Branch::Free => 0,
                Branch::Plus => 1,
                Branch::Minus => 2,
            };
            let filled = state.hidden();
            for j in fired.iter().map(|j| *j as usize) {
                let number = if j < filled { j } else { j - filled + hidden };
                spikes[b].push((steps[b], number as u32));
            }
            steps[b] += 1;
        });
        spikes
    }

    fn compare(
        ids: &[&str],
        pictures: usize,
        make: impl Fn(&crate::snn::network::Network) -> Box<dyn Engine>,
    ) {
        for id in ids {
            let network = Network::new(zoo::get(id).unwrap(), 3).unwrap();
            let op = operation(&network).unwrap();
            let data = synthetic::generate(7, pictures);
            for i in 0..pictures {
                let (picture, label, key) = (data.pixels(i), data.label(i), key((1, 5), i));
                let steps = PHASES.free + PHASES.nudged;
                let spec = describe(&network, &picture, (key, steps)).unwrap();
                let mut engine = make(&spec.build().unwrap());
                let shown = show(&network, &mut *engine, (label, &PHASES)).unwrap();
                let own = own(&network, &picture, key, label);
                for (branch, (own, there)) in own.iter().zip(&shown.spikes).enumerate() {
                    assert!(own.len() > 20, "{id}, branch {branch}");
                    assert_eq!(own, there, "{id}, picture {i}, branch {branch}");
                }
                // The gradient is what was learned, by its scale.
                let mut keep = vec![0.0; op.keep_len()];
                let mut partial = vec![0.0; op.partial_len()];
                let parameters = network.step_parameters(0);
                let mut logits = [0.0; CLASSES];
                op.learn(
                    parameters,
                    (&picture, &[label], &|_| key),
                    (&PHASES, [1.0, 1.0]),
                    (&mut keep, &mut partial),
                    &mut logits,
                    Tapped::default(),
                );
                let part = Part { n: 1, x: &picture, dy: &[], keep: &keep, partial: &partial };
                let by = -PHASES.scales().0 / PHASES.distance();
                let weights = op.layer(1).0;
                for (number, ranges) in op.blocks().into_iter().enumerate() {
                    let range = ranges[0].clone();
                    if range.start < weights.start || range.end > weights.end {
                        continue;
                    }
                    let mut gradient = vec![0.0; range.len()];
                    op.gradient(number, &[part], &mut gradient);
                    for (g, at) in gradient.iter().zip(range.start - weights.start..) {
                        let (j, k) = (at / CLASSES, at % CLASSES);
                        let up = by * shown.learned[0][at];
                        let down = by * shown.learned[1][k * op.hidden() + j];
                        assert!((g - up).abs() < 1e-4, "{id}: {g} {up}");
                        // Both directions see the same pairs.
                        assert!((up - down).abs() < 1e-4, "{id}: {up} {down}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_neuron_spikes_at_the_same_steps_there_and_synapses_learn_the_same() {
        compare(&["lif-chl-37", "lif-chl-64"], 3, |network| Box::new(CpuEngine::new(network, 1)));
    }

    #[test]
    fn on_a_graphics_card_too() {
        let gpu = crate::snn::gpu::device::Gpu::open().unwrap();
        compare(&["lif-chl-37"], 1, |network| {
            Box::new(crate::snn::gpu::GpuEngine::new(&gpu, network).unwrap())
        });
    }

    #[test]
    fn other_networks_are_refused() {
        let network = Network::new(zoo::get("mlp").unwrap(), 1).unwrap();
        assert!(describe(&network, &[0.0; 784], (0, 1)).is_err());
    }
}
