//! A network trained in spikes as NIR (see [`crate::snn::nir`]), for other simulators.
//!
//! | here | there |
//! |---|---|
//! | the picture | `Input`, 1×28×28; of a recurrent network a row, 28 |
//! | dense layer | `Flatten` once, then `Affine`, with bias |
//! | connections among neurons | `Linear`, from the neurons back to them |
//! | neurons | `LIF` with v_leak = 0 and the threshold 1 |
//! | membranes that classes read | nothing: what the last `Affine` gives charges them |
//!
//! NIR's `LIF` is τ dv/dt = v_leak − v + R I. Readers take steps dt of forward Euler, for
//! which a = 1 − dt/τ is left of v, and R dt/τ of I arrives. So τ = dt/(1 − a), and R = τ/dt
//! for I to arrive as it is: in such steps it is `v ← a v + I`, exactly. snnTorch has
//! dt = 0.1 ms built in, so this is the step. A spike is 1 for a step.
//!
//! What NIR has no word for is in the file's `metadata`: the reset by subtraction, the number
//! of steps, and how the classes read. A leaky integrator (`LI`) at the end would say the last
//! of these in part, but snnTorch does not read it. A bias in front of such a membrane flows
//! for all steps; it is divided by what that adds up to, so that the logits are right after
//! the last step.
//!
//! The largest of some currents, as a max-pooling takes it, has no word there either, and is
//! an error.

use super::{Direct, Kind, Population, Read, Synapses};
use crate::ann::ops::spiking::{THRESHOLD, leak};
use crate::data::SIDE;
use crate::snn::nir::graph::{Graph, Node};
use crate::snn::nir::{NirError, unsupported};

/// The step that turns its neurons into those here, s.
const DT_S: f64 = 1e-4;

/// The remark for a reset by subtraction.
const SUBTRACT: &str = "by subtraction: v = v - v_threshold at a spike; the LIF of NIR sets v = v_reset instead, which loses what lies above the threshold";

/// The file.
///
/// # Errors
/// [`NirError::Unsupported`] for max-pooling.
pub fn file(direct: &Direct) -> Result<Vec<u8>, NirError> {
    let mut graph = Graph::default();
    graph.remarks = remarks(direct);
    let rows = direct.layers.first().is_some_and(|l| l.synapses.kind == Kind::Rows);
    let picture = if rows { vec![SIDE] } else { vec![1, SIDE, SIDE] };
    let mut before = graph.add("picture", Node::through("Input", &picture));
    let mut shape = if rows { [1, 1, SIDE] } else { [SIDE, SIDE, 1] };
    for layer in &direct.layers {
        before = synapses(&mut graph, direct, before, &layer.synapses, &mut shape, 1.0)?;
        let name = graph.add(&layer.name, neurons(layer));
        graph.join(&before, &name);
        if !layer.recurrent.is_empty() {
            let n = layer.units();
            let matrix = transposed(&layer.recurrent, n, 0..n);
            let node = Node::new("Linear", vec![("weight", vec![n as u64; 2], matrix)]);
            let back = graph.add(&format!("{name} to themselves"), node);
            graph.join(&name, &back);
            graph.join(&back, &name);
        }
        (before, shape) = (name, layer.shape);
    }
    if let Read::Membrane { synapses: last, .. } = &direct.read {
        let share = 1.0 / direct.read_weights().iter().sum::<f32>();
        before = synapses(&mut graph, direct, before, last, &mut shape, share)?;
    }
    let answer = graph.add("answer", Node::through("Output", &[shape.iter().product()]));
    graph.join(&before, &answer);
    Ok(graph.write()?)
}

/// Adds what brings in currents from neurons (or pixels) of some shape, which becomes that of
/// the currents; `share` is of the bias.
fn synapses(
    graph: &mut Graph,
    direct: &Direct,
    mut before: String,
    synapses: &Synapses,
    shape: &mut [usize; 3],
    share: f32,
) -> Result<String, NirError> {
    let ([h, w, c], units) = (*shape, synapses.bias.len());
    let bias: Vec<f32> = synapses.bias.iter().map(|b| share * b).collect();
    let mut follow = |name: &str, node: Node| {
        // Names that every reader takes.
        let name = graph.add(&name.replace('×', "x"), node);
        graph.join(&before, &name);
        before = name;
    };
    match synapses.kind {
        Kind::Conv { pooled: true, .. } => {
            return unsupported(
                &format!("max-pooling in {}", direct.name),
                "NIR has no maximum of currents, and an average would make another network of it; choose lif-dense or lif-recurrent",
            );
        }
        Kind::Conv { kernel, input: [h, w, c], .. } => {
            let places = (0..units).flat_map(|o| (0..c).map(move |i| (o, i)));
            let all = places
                .flat_map(|(o, i)| (0..kernel * kernel).map(move |at| (at * c + i) * units + o))
                .map(|at| synapses.weights[at]);
            let weight = [units, c, kernel, kernel].map(|n| n as u64).to_vec();
            let numbers =
                vec![("weight", weight, all.collect()), ("bias", vec![units as u64], bias)];
            let node = Node::new("Conv2d", numbers)
                .list("input_shape", &[h, w])
                .list("stride", &[1, 1])
                .list("padding", &[0, 0])
                .list("dilation", &[1, 1])
                .one("groups", 1);
            follow(&synapses.name, node);
            *shape = [h + 1 - kernel, w + 1 - kernel, units];
        }
        Kind::Dense | Kind::Rows => {
            if h * w > 1 {
                let node = Node::new("Flatten", Vec::new())
                    .list("input_type", &[c, h, w])
                    .one("start_dim", 0)
                    .one("end_dim", -1);
                follow("flatten", node);
            }
            // Inputs in the order channel, row, column.
            let order = (0..c).flat_map(|k| (0..h * w).map(move |p| p * c + k));
            let matrix = transposed(&synapses.weights, units, order);
            let weight = vec![units as u64, (h * w * c) as u64];
            let numbers = vec![("weight", weight, matrix), ("bias", vec![units as u64], bias)];
            follow(&synapses.name, Node::new("Affine", numbers));
            *shape = [1, 1, units];
        }
    }
    Ok(before)
}

/// `[from][to]` as `[to][from]`, with `from` in this order.
fn transposed(
    weights: &[f32],
    units: usize,
    order: impl Iterator<Item = usize> + Clone,
) -> Vec<f32> {
    (0..units).flat_map(|to| order.clone().map(move |from| weights[from * units + to])).collect()
}

fn neurons(layer: &Population) -> Node {
    let [h, w, c] = layer.shape;
    let shape: Vec<u64> =
        if h * w == 1 { vec![c as u64] } else { [c, h, w].map(|n| n as u64).to_vec() };
    let all = |name: &'static str, x: f64| (name, shape.clone(), vec![x as f32; layer.units()]);
    let forgotten = 1.0 - f64::from(leak(layer.tau));
    let numbers = vec![
        all("tau", DT_S / forgotten),
        all("r", 1.0 / forgotten),
        all("v_leak", 0.0),
        all("v_threshold", f64::from(THRESHOLD)),
        all("v_reset", 0.0),
    ];
    Node::new("LIF", numbers).remark("reset", SUBTRACT)
}

fn remarks(direct: &Direct) -> Vec<(&'static str, String)> {
    let steps = direct.steps;
    let rows = direct.layers.first().is_some_and(|l| l.synapses.kind == Kind::Rows);
    let input = if rows {
        format!(
            "the rows of the picture from the top, {} steps each; each pixel from 0 to 1",
            steps / SIDE
        )
    } else {
        "constant currents: each pixel from 0 to 1, in every step".into()
    };
    // Readers in scripts take the first word and the number.
    let (read_out, answer) = match &direct.read {
        Read::Count { .. } => ("count".into(), "the class that spikes most often".to_owned()),
        Read::Membrane { tau, last, .. } => {
            let (word, when) = if *last {
                ("last", format!("after the last of {steps} steps"))
            } else {
                ("mean", format!("averaged over {steps} steps"))
            };
            let a = leak(*tau);
            (
                format!("{word} {a}"),
                format!(
                    "what comes out charges a membrane without a threshold, u = {a} u + out; {when} it is the logits, and the largest is the answer"
                ),
            )
        }
    };
    vec![
        ("network", direct.name.to_owned()),
        ("answer", answer),
        ("read_out", read_out),
        ("steps", steps.to_string()),
        ("time", "a step of forward Euler is 0.1 ms; a spike is 1 for a step, without any further factor".into()),
        ("input", input),
        ("source", "trained in spikes as it is, not converted: leaky integrate-and-fire neurons with a soft reset (Neftci, Mostafa and Zenke, IEEE Signal Process. Mag. 36:51, 2019)".into()),
    ]
}
