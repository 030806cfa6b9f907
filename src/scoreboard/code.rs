//! What hidden neurons do at many digits.

use super::member::{CONVERTED_STEPS, Member, in_parallel, spikes, traced};
use super::stats::{mean, treves_rolls};
use super::subject::{Context, Halt};
use crate::ann::energy::Model;
use crate::ann::network::Network;
use crate::ann::ops::conv_stdp::ConvStdp;
use crate::ann::ops::conv_stdp::learn::Competition;
use crate::ann::ops::goodness::{Goodness, goodness, put_label};
use crate::ann::ops::op::{Mode, Op as _, Plane};
use crate::ann::ops::settling::{ANSWER_SWEEPS, Phase, Settling};
use crate::ann::ops::spiking::energy::{ANSWER_STEPS, ANSWERS, Phases};
use crate::ann::spiking::look::{first_spikes, watch};
use crate::ann::spiking::phases;
use crate::ann::tap::Tapped;
use crate::ann::zoo::{Layer, Spiking, summary};
use crate::convert::recipe::Disturbance;
use crate::convert::run::Run;
use crate::core::decision::unique_max;
use crate::data::{CLASSES, Pixels, SIDE};
use crate::snn::diehl_cook::assess::dense;

/// A layer of hidden neurons over many digits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// For people.
    pub name: String,
    /// Share of the digits at which each neuron responds, 0 to 1.
    pub active: Vec<f64>,
    /// Treves and Rolls' sparseness, mean over digits.
    pub sparseness: f64,
}

/// Responses of a layer's neurons to one digit.
type Responses = (String, Vec<f32>);

/// What is summed up over digits.
#[derive(Default)]
struct Sums {
    name: String,
    active: Vec<u32>,
    sparseness: Vec<f64>,
    digits: u32,
}

#[derive(Default)]
struct Tally {
    layers: Vec<Sums>,
}

impl Tally {
    fn take(&mut self, number: usize, name: &str, responses: &[f32]) {
        if self.layers.len() <= number {
            let active = vec![0; responses.len()];
            self.layers.push(Sums { name: name.to_owned(), active, ..Sums::default() });
        }
        let sums = &mut self.layers[number];
        sums.active.iter_mut().zip(responses).for_each(|(a, r)| *a += u32::from(*r != 0.0));
        sums.sparseness.extend(treves_rolls(responses));
        sums.digits += 1;
    }

    fn finish(self) -> Vec<Population> {
        let of = |sums: Sums| Population {
            active: sums
                .active
                .iter()
                .map(|a| f64::from(*a) / f64::from(sums.digits.max(1)))
                .collect(),
            sparseness: mean(&sums.sparseness),
            name: sums.name,
        };
        self.layers.into_iter().map(of).collect()
    }
}

/// The hidden layers of a network at these digits, from the picture on.
///
/// # Errors
/// [`Halt`].
pub fn populations(
    member: &Member,
    pictures: &[Pixels],
    context: &Context<'_>,
) -> Result<Vec<Population>, Halt> {
    let mut tally = Tally::default();
    match member {
        Member::DiehlCook(trained) => {
            let neurons = trained.about.config.neurons;
            let counts = spikes(trained, pictures.len(), &|i| pictures[i], false, context)?;
            for counts in counts {
                let all = dense(&counts.unwrap_or_default(), neurons);
                let all: Vec<f32> = all.iter().map(|c| *c as f32).collect();
                tally.take(0, "excitatory", &all);
            }
        }
        Member::Converted(all) => {
            let last = all.2.stages.len().saturating_sub(1);
            each(pictures, context, &mut tally, |picture| {
                let mut run = Run::new(&all.2, picture, Disturbance::default(), 0);
                (0..CONVERTED_STEPS).for_each(|_| run.advance());
                let stages = all.2.stages.iter().enumerate().take(last);
                let neurons = stages.filter(|(_, s)| s.cells().is_some());
                let counts = |i| run.counts(i).iter().map(|c| *c as f32).collect();
                neurons.map(|(i, s)| (s.name.clone(), counts(i))).collect()
            })?;
        }
        Member::Network(network) => of_network(network, pictures, context, &mut tally)?,
    }
    Ok(tally.finish())
}

/// Asks each picture, on all threads, a few hundred at a time.
fn each(
    pictures: &[Pixels],
    context: &Context<'_>,
    tally: &mut Tally,
    ask: impl Fn(&Pixels) -> Vec<Responses> + Sync,
) -> Result<(), Halt> {
    for part in pictures.chunks(64) {
        context.go_on()?;
        for layers in in_parallel(part.len(), context.threads, |i| ask(&part[i])) {
            for (number, (name, responses)) in layers.iter().enumerate() {
                tally.take(number, name, responses);
            }
        }
    }
    Ok(())
}

fn of_network(
    network: &Network,
    pictures: &[Pixels],
    context: &Context<'_>,
    tally: &mut Tally,
) -> Result<(), Halt> {
    let layers = (network.architecture().layers)();
    let plane = Plane::new(SIDE, SIDE, 1);
    let isa = network.plan().isa;
    match layers[..] {
        [Layer::Settling { hidden }] => {
            let op = Settling::new(isa, plane, hidden);
            each(pictures, context, tally, |picture| settled(&op, network, picture))
        }
        [Layer::Goodness { hidden }] => {
            let op = Goodness::new(isa, plane, hidden);
            each(pictures, context, tally, |picture| compared(&op, network, picture))
        }
        [Layer::Energy { .. }] => each(pictures, context, tally, |picture| {
            let state = Model::of(network).map(|model| model.encode(std::slice::from_ref(picture)));
            state.map(|s| ("first causes".to_owned(), s.h1)).into_iter().collect()
        }),
        [Layer::ConvStdp(design)] => {
            let op = ConvStdp::new(isa, *design);
            let nobody = [Competition { winners: 0, radius: 0 }; 2];
            each(pictures, context, tally, |picture| {
                let look = op.look(network.step_parameters(0), picture, nobody);
                let of =
                    |(number, layer): (usize, &crate::ann::ops::conv_stdp::look::LayerLook)| {
                        let (side, maps) = (layer.shape.side(), layer.shape.conv.maps);
                        let mut fired = vec![0f32; side * side * maps];
                        for s in &layer.spikes {
                            let place = usize::from(s.y) * side + usize::from(s.x);
                            fired[place * maps + usize::from(s.map)] = 1.0;
                        }
                        (format!("Convolution {}", number + 1), fired)
                    };
                look.layers.iter().enumerate().map(of).collect()
            })
        }
        [Layer::Spiking(Spiking::FirstSpike { .. })] => each(pictures, context, tally, |picture| {
            let times = first_spikes(network, picture).unwrap_or_default();
            let classes = times.last().into_iter().flatten().flatten();
            let end = classes.copied().fold(f32::INFINITY, f32::min);
            let fired = |t: &Option<f32>| f32::from(u8::from(t.is_some_and(|t| t <= end)));
            let hidden = times.len().saturating_sub(1);
            let layers = times.iter().take(hidden).enumerate();
            layers
                .map(|(i, l)| (format!("Layer {}", i + 1), l.iter().map(fired).collect()))
                .collect()
        }),
        [Layer::Spiking(Spiking::Energy { hidden })] => {
            let phases = Phases {
                free: ANSWER_STEPS,
                nudged: 1,
                window: 1,
                beta: 0.0,
                centred: true,
                target: 0.5,
            };
            each(pictures, context, tally, |picture| {
                let mut counts = vec![0f32; hidden];
                let look = phases::look(network, picture, 0, &phases, ANSWERS);
                for j in look.iter().flat_map(|l| l.branches[0].spikes.iter().flatten()) {
                    if let Some(count) = counts.get_mut(*j as usize) {
                        *count += 1.0;
                    }
                }
                vec![("Hidden".to_owned(), counts)]
            })
        }
        _ if layers.iter().any(|l| matches!(l, Layer::Spiking(_))) => {
            let last = layers.len() - 1;
            each(pictures, context, tally, |picture| {
                let watched = watch(network, picture).map(|w| w.layers).unwrap_or_default();
                // Neurons that answer are not hidden.
                let hidden =
                    watched.iter().filter(|l| l.place.layer < last || l.units() != CLASSES);
                let counts = hidden.map(|layer| {
                    let units = layer.units();
                    let mut counts = vec![0f32; units];
                    for step in layer.spikes.chunks_exact(units) {
                        counts.iter_mut().zip(step).for_each(|(c, s)| *c += s);
                    }
                    (layer.name.clone(), counts)
                });
                counts.collect()
            })
        }
        _ => {
            let lines = summary(&layers);
            traced(network, pictures, context, |taken, trace| {
                let hidden = taken.layers().iter().enumerate().take(layers.len() - 1);
                let hidden: Vec<usize> = hidden
                    .filter(|(_, l)| {
                        let conv = matches!(
                            l,
                            Layer::Conv { .. }
                                | Layer::Convolution { .. }
                                | Layer::Recurrent { .. }
                        );
                        conv || matches!(l, Layer::Dense { .. })
                    })
                    .map(|(i, _)| i)
                    .collect();
                for (number, layer) in hidden.iter().enumerate() {
                    let size = taken.plane(*layer).len();
                    for responses in trace.output(*layer).chunks_exact(size) {
                        tally.take(number, &lines[*layer].name, responses);
                    }
                }
            })
        }
    }
}

/// States of the hidden layers once they have settled.
fn settled(op: &Settling, network: &Network, picture: &Pixels) -> Vec<Responses> {
    let parameters = network.step_parameters(0);
    let mut drive = vec![0f32; op.widths()[1]];
    let mut states = vec![0f32; op.states()];
    let mut scratch = vec![0f32; op.scratch_len(1, Mode::Answer)];
    op.drive(parameters, 1, picture, &mut drive);
    let phase =
        Phase { sweeps: ANSWER_SWEEPS, step: crate::ann::ops::settling::ANSWER_STEP, beta: 0.0 };
    let (moving, tap) = ((&drive[..], &mut states[..]), Tapped::default());
    op.relax(parameters, 1, moving, (phase, &[]), (&mut scratch, tap), |_| {});
    let hidden = 0..op.widths().len() - 2;
    hidden.map(|l| (format!("Layer {}", l + 1), states[op.place(1, l)].to_vec())).collect()
}

/// Responses to the picture with the label that is answered (the first, if none is).
fn compared(op: &Goodness, network: &Network, picture: &Pixels) -> Vec<Responses> {
    let label = unique_max(&network.logits(std::slice::from_ref(picture))[0]).unwrap_or(0);
    let parameters = network.step_parameters(0);
    let mut input = picture.to_vec();
    put_label(&mut input, label as u8);
    let mut all = Vec::new();
    for (l, widths) in op.widths().windows(2).enumerate() {
        let (weight, bias) = op.layer(l);
        let mut out = parameters[bias].to_vec();
        for (x, row) in input.iter().zip(parameters[weight].chunks_exact(widths[1])) {
            if *x != 0.0 {
                out.iter_mut().zip(row).for_each(|(o, w)| *o += x * w);
            }
        }
        out.iter_mut().for_each(|o| *o = o.max(0.0));
        all.push((format!("Layer {}", l + 1), out.clone()));
        let size = goodness(&out).sqrt().max(1e-4);
        input = out.iter().map(|o| o / size).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ann::zoo::{self, find};
    use crate::data::synthetic;
    use crate::scoreboard::member::pictures;
    use crate::scoreboard::tests::with_context;

    #[test]
    fn every_kind_of_network_has_hidden_neurons_that_can_be_seen() {
        let digits = synthetic::generate(3, 6);
        let more = ["settling-30", "goodness-30-20", "lif-40-30-count"];
        with_context(&digits, &digits, |context| {
            for architecture in zoo::all().chain(more.into_iter().filter_map(find)) {
                let network = Network::new(architecture, 1).unwrap();
                let found =
                    populations(&Member::Network(network), &pictures(&digits, 6), context).unwrap();
                assert!(!found.is_empty(), "{}", architecture.id);
                for layer in &found {
                    let fits = (0.0..=1.0).contains(&layer.sparseness);
                    assert!(fits && layer.active.len() > 9, "{}: {}", architecture.id, layer.name);
                    assert!(layer.active.iter().all(|a| (0.0..=1.0).contains(a)));
                }
            }
        });
    }

    #[test]
    fn what_is_compared_by_hand_is_what_the_network_compares() {
        let digits = synthetic::generate(3, 3);
        let network = Network::new(find("goodness-30-20").unwrap(), 1).unwrap();
        let op = Goodness::new(network.plan().isa, Plane::new(SIDE, SIDE, 1), &[30, 20]);
        for picture in pictures(&digits, 3) {
            let logits = network.logits(&[picture])[0];
            let most = logits.iter().copied().fold(f32::MIN, f32::max);
            let last = compared(&op, &network, &picture).pop().unwrap().1;
            assert!((10.0 * goodness(&last) - most).abs() < 1e-3 * most.abs().max(1.0));
        }
    }
}
