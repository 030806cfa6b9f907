//! Networks for other simulators: NIR, the Neuromorphic Intermediate
//! Representation (Pedersen et al., Nature Communications 15:8122, 2024), an HDF5
//! file that Norse, snnTorch, Lava, Sinabs and others read.
//!
//! NIR describes graphs of nodes in continuous time. What it has no word for
//! (refractory periods, plasticity, conductances, a reset by subtraction) is an
//! error that says so, never left out; only learning is: the weights are written
//! as they are.
//!
//! | here | there |
//! |---|---|
//! | input, current | `Input` |
//! | `lif`, synapses onto v | `LIF`: τ dv/dt = v_leak − v + R I |
//! | `lif`, synapses onto i_syn | `CubaLIF`: τ_syn dI/dt = −I + w_in S |
//! | `if`, reset to zero | `IF`: dv/dt = R I |
//! | dense, all but self, sparse | `Linear`, `[target][source]` |
//! | one to one | `Scale` |
//! | a delay | `Delay` |
//!
//! Times are seconds there. A spike is a Dirac pulse there, of area 1, so what
//! adds w to the voltage here has the weight w τ / R there, and what adds w to the
//! synaptic current w τ_syn. Voltages stay in the unit that they have here.
//!
//! The other way round, graphs of other programs are read ([`read`]), put in order ([`plan`]) and
//! run as those programs run them ([`run`]).

pub mod graph;
mod layers;
mod neurons;
pub mod plan;
pub mod read;
pub mod run;
#[cfg(test)]
mod tests;

use graph::{Graph, Node};

use super::network::{Connection, Delay, Network, Population, Projection, Source};

/// Numbers in a matrix that is written, at most: 400 MB.
const MOST_WEIGHTS: usize = 100_000_000;

/// A network cannot be said in NIR.
#[derive(Debug, thiserror::Error)]
pub enum NirError {
    /// It has something that NIR has no word for.
    #[error("{what} cannot be written as NIR: {reason}. Nothing was written")]
    Unsupported {
        /// Which part of the network.
        what: String,
        /// Why, and what would do.
        reason: String,
    },
    /// The file could not be put together.
    #[error("the NIR file could not be put together: {0}. Nothing was written")]
    Format(#[from] hdf5_pure::Error),
}

/// The error for something that NIR has no word for.
///
/// # Errors
/// Always.
pub fn unsupported<T>(what: &str, reason: &str) -> Result<T, NirError> {
    Err(NirError::Unsupported { what: what.to_owned(), reason: reason.to_owned() })
}

/// The file, with these weights (by projection, in the order its connection
/// gives).
///
/// # Errors
/// [`NirError::Unsupported`] with the first thing that NIR cannot say.
pub fn file(network: &Network, weights: &[Vec<f32>]) -> Result<Vec<u8>, NirError> {
    let mut graph = Graph::default();
    // What weights stand for, for those who read it again.
    graph.remarks =
        vec![("spike", read::PULSE.to_owned()), ("dt", (network.dt_ms / 1000.0).to_string())];
    let inputs: Vec<String> = network
        .inputs
        .iter()
        .map(|i| graph.add(&i.name, Node::through("Input", &[i.size])))
        .collect();
    let mut populations = Vec::new();
    for (p, population) in network.populations.iter().enumerate() {
        populations.push(neurons(&mut graph, network, p, population)?);
    }
    for current in &network.currents {
        let size = network.populations[current.to].size;
        let name = graph.add(&current.name, Node::through("Input", &[size]));
        graph.join(&name, &populations[current.to]);
    }
    for (projection, weights) in network.projections.iter().zip(weights) {
        let from = match projection.from {
            Source::Population(p) => &populations[p],
            Source::Input(i) => &inputs[i],
        };
        synapses(&mut graph, network, projection, weights, from, &populations[projection.to])?;
    }
    for (p, population) in network.populations.iter().enumerate() {
        let name = format!("{} out", population.name);
        let output = graph.add(&name, Node::through("Output", &[population.size]));
        graph.join(&populations[p], &output);
    }
    Ok(graph.write()?)
}

/// A parameter of a population by its name.
fn value(population: &Population, name: &str) -> f64 {
    let at = population.model.params.iter().position(|p| p.name == name);
    at.and_then(|i| population.values.get(i)).copied().unwrap_or(0.0)
}

/// What a weight is multiplied by, for a spike to do there what it does here.
fn spike_scale(population: &Population, variable: &str) -> f64 {
    match (population.model.id, variable) {
        ("lif", "i_syn") => value(population, "tau_syn_ms") / 1000.0,
        ("lif", _) => value(population, "tau_m_ms") / 1000.0 / value(population, "r_mohm"),
        _ => 1.0,
    }
}

fn neurons(
    graph: &mut Graph,
    network: &Network,
    p: usize,
    population: &Population,
) -> Result<String, NirError> {
    let what = format!("population {:?}", population.name);
    let model = population.model;
    if value(population, "t_ref_ms") > 0.0 {
        return unsupported(&what, "NIR has no refractory period; set it to 0");
    }
    let n = population.size;
    let all = |x: f64| vec![x as f32; n];
    let vector = |name: &'static str, x: f64| (name, vec![n as u64], all(x));
    let onto = |variable: &str| {
        let to_here = network.projections.iter().filter(|q| q.to == p);
        to_here.filter(|q| model.state[q.onto].name == variable).count()
    };
    match model.id {
        "lif" => {
            let mut numbers = vec![
                vector("r", value(population, "r_mohm")),
                vector("v_leak", value(population, "v_rest_mv")),
                vector("v_threshold", value(population, "v_th_mv")),
                vector("v_reset", value(population, "v_reset_mv")),
            ];
            let tau = value(population, "tau_m_ms") / 1000.0;
            if onto("i_syn") == 0 {
                numbers.push(vector("tau", tau));
                return Ok(graph.add(&population.name, Node::new("LIF", numbers)));
            }
            if onto("v") > 0 || network.currents.iter().any(|c| c.to == p) {
                return unsupported(
                    &what,
                    "a neuron with synaptic currents takes nothing else there; let all synapses act on one variable, without an injected current",
                );
            }
            numbers.push(vector("tau_mem", tau));
            numbers.push(vector("tau_syn", value(population, "tau_syn_ms") / 1000.0));
            numbers.push(vector("w_in", 1.0));
            Ok(graph.add(&population.name, Node::new("CubaLIF", numbers)))
        }
        "if" if value(population, "reset") == 0.0 => {
            unsupported(&what, "a reset by subtraction is unknown there; reset to zero")
        }
        "if" => {
            // Currents are per ms here, per second there.
            let driven = network.currents.iter().any(|c| c.to == p);
            if driven && network.projections.iter().any(|q| q.to == p) {
                return unsupported(&what, "NIR has one scale for currents and spikes; use either");
            }
            let numbers = vec![
                vector("r", if driven { 1000.0 } else { 1.0 }),
                vector("v_threshold", value(population, "v_th")),
                vector("v_reset", 0.0),
            ];
            Ok(graph.add(&population.name, Node::new("IF", numbers)))
        }
        _ => unsupported(&what, &format!("NIR has no {}", model.name.to_lowercase())),
    }
}

fn synapses(
    graph: &mut Graph,
    network: &Network,
    projection: &Projection,
    weights: &[f32],
    from: &str,
    to: &str,
) -> Result<(), NirError> {
    let what = format!("projection {:?}", projection.name);
    let (sources, population) =
        (network.describe(projection.from).1, &network.populations[projection.to]);
    let targets = population.size;
    let scale = spike_scale(population, population.model.state[projection.onto].name) as f32;
    let mut source = from.to_owned();
    match &projection.delay {
        Delay::Steps(0) => {}
        Delay::Steps(steps) => {
            let seconds = (f64::from(*steps) * network.dt_ms / 1000.0) as f32;
            let delay = ("delay", vec![sources as u64], vec![seconds; sources]);
            let name = format!("delay of {}", projection.name);
            source = graph.add(&name, Node::new("Delay", vec![delay]));
            graph.join(from, &source);
        }
        Delay::Each(_) => {
            return unsupported(&what, "NIR has no delay of each synapse; use one for all");
        }
    }
    let name = if let Connection::OneToOne = projection.connection {
        let scales = weights.iter().map(|w| w * scale).collect();
        let numbers = vec![("scale", vec![sources as u64], scales)];
        graph.add(&projection.name, Node::new("Scale", numbers))
    } else {
        if sources.saturating_mul(targets) > MOST_WEIGHTS {
            return unsupported(&what, "its matrix would have more than a hundred million numbers");
        }
        let mut matrix = vec![0.0f32; sources * targets];
        let mut set = |i: usize, j: usize, w: f32| matrix[j * sources + i] += w * scale;
        match &projection.connection {
            Connection::Dense => {
                weights.iter().enumerate().for_each(|(k, w)| set(k / targets, k % targets, *w));
            }
            Connection::AllButSelf => {
                let weight = weights.first().copied().unwrap_or(0.0);
                let pairs = (0..sources).flat_map(|i| (0..targets).map(move |j| (i, j)));
                pairs.filter(|(i, j)| i != j).for_each(|(i, j)| set(i, j, weight));
            }
            Connection::Sparse { offsets, targets } => {
                for (i, range) in offsets.windows(2).enumerate() {
                    for k in range[0] as usize..range[1] as usize {
                        set(i, targets[k] as usize, weights[k]);
                    }
                }
            }
            _ => return unsupported(&what, "convolutions are not written yet; use a dense one"),
        }
        let numbers = vec![("weight", vec![targets as u64, sources as u64], matrix)];
        graph.add(&projection.name, Node::new("Linear", numbers))
    };
    graph.join(&source, &name);
    graph.join(&name, to);
    Ok(())
}
