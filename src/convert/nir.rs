//! A converted network as NIR (see [`crate::snn::nir`]), for other simulators.
//!
//! | here | there |
//! |---|---|
//! | the picture | `Input`, 1×28×28 |
//! | convolution, dense layer | `Conv2d`, `Affine`, with biases |
//! | average pooling | `SumPool2d`, and weights after it divided by the window's size |
//! | neurons | `IF` with R = 1 and the threshold 1 |
//! | output units that do not spike | nothing: what the last layer gives is the answer |
//!
//! snnTorch, Sinabs and Norse read just these nodes: `AvgPool2d` is unknown to two of
//! them and `I`, an integrator without a threshold, to all. Potentials are in
//! thresholds, so that λ, of a layer or of each channel, is in the weights: snnTorch
//! takes one threshold for a layer only. docs/nir.md says what each reader makes of a
//! file, and how that was measured (`scripts/nir_readers.py`).
//!
//! A step here is a second there: a spike, a Dirac pulse of area 1 there, then adds
//! its weight, and a bias or an analog pixel flows for a step, without any further
//! factor; simulators in steps need not convert anything.
//!
//! What NIR does not say is in the file's `metadata`, which readers keep but do not
//! carry out: that potentials begin at a share of the threshold, and that a spike
//! subtracts the threshold. NIR's `IF` sets the potential to `v_reset` = 0 instead;
//! a reset to zero is written without a remark. Max-pooling of rates has no word
//! there at all, and is an error; so are padding that is not the same on opposite sides,
//! and a mean that leaves the padding out, whose weights would differ at the border.

use super::network::{Cells, Kind, Spiking, Stage, THRESHOLD};
use super::recipe::{Input, Reset};
use crate::ann::zoo::Window;
use crate::data::SIDE;
use crate::snn::nir::graph::{Graph, Node};
use crate::snn::nir::{NirError, unsupported};

/// The remark for a reset by subtraction.
pub const SUBTRACT: &str = "by subtraction: v = v - v_threshold at a spike; the IF of NIR sets v = v_reset instead, which loses what lies above the threshold";

/// The file.
///
/// # Errors
/// [`NirError::Unsupported`] for max-pooling that is not by average, and for padding that
/// NIR cannot say.
pub fn file(spiking: &Spiking) -> Result<Vec<u8>, NirError> {
    let recipe = &spiking.recipe;
    let mut graph = Graph::default();
    graph.remarks = remarks(spiking);
    let mut before = graph.add("picture", Node::through("Input", &[1, SIDE, SIDE]));
    let mut flat = false;
    // What each spike of a pooled sum counts: weights after it are so much smaller.
    let mut share = 1.0;
    for stage in &spiking.stages {
        let mut follow = |name: &str, node: Node| {
            let name = graph.add(&plain(name), node);
            graph.join(&before, &name);
            before = name;
        };
        let cells = match &stage.kind {
            Kind::Pool { .. } if stage.has_gates(recipe.pooling) => {
                return unsupported(
                    &format!("max-pooling in {}", spiking.name),
                    "NIR has no maximum of spike rates; choose average pooling, which is another network than the one trained",
                );
            }
            Kind::Pool { window, .. } => {
                let Some(each) = stage.even_share() else {
                    return unsupported(
                        &format!("{} of {}", stage.name, spiking.name),
                        "its mean leaves the padding out, so a spike counts more at the border, and NIR's sums are divided by the same number everywhere; choose pooling without padding, or a mean with the padding's zeros",
                    );
                };
                let padding = padding(spiking, stage, window)?;
                let node = Node::new("SumPool2d", Vec::new())
                    .list("kernel_size", &window.kernel)
                    .list("stride", &window.stride)
                    .list("padding", &padding);
                let [h, w] = window.kernel;
                follow(&format!("sum pooling {h}x{w}"), node);
                share *= each;
                continue;
            }
            Kind::Conv { window, cells } => {
                let padding = padding(spiking, stage, window)?;
                follow(&stage.name, convolution(stage, (window, padding), cells, share));
                cells
            }
            Kind::Dense { cells } => {
                if !flat {
                    let [h, w, c] = stage.input;
                    let node = Node::new("Flatten", Vec::new())
                        .list("input_type", &[c, h, w])
                        .one("start_dim", 0)
                        .one("end_dim", -1);
                    follow("flatten", node);
                    flat = true;
                }
                follow(&stage.name, affine(stage, cells, share));
                cells
            }
        };
        share = 1.0;
        if cells.spikes {
            let name = format!("{} neurons", stage.name);
            follow(&name, neurons(stage, recipe.reset, recipe.initial));
        }
    }
    let classes = spiking.stages.last().map_or(1, Stage::len);
    let answer = graph.add("answer", Node::through("Output", &[classes]));
    graph.join(&before, &answer);
    Ok(graph.write()?)
}

/// Names that every reader takes: `Conv 1 5x5 stride 2`.
fn plain(name: &str) -> String {
    name.replace('×', "x").replace(',', "")
}

fn remarks(spiking: &Spiking) -> Vec<(&'static str, String)> {
    let input = match spiking.recipe.input {
        Input::Analog => "constant currents: each pixel from 0 to 1, in every step",
        Input::Poisson => {
            "spikes: each pixel spikes in a step with the probability of its brightness"
        }
    };
    let spikes = spiking.stages.last().and_then(Stage::cells).is_some_and(|c| c.spikes);
    let answer = if spikes {
        "the class that spikes most often"
    } else {
        "what comes out of the last layer, added up over the steps: the class with the largest sum; divided by the number of steps it nears the logits of the original"
    };
    vec![
        ("network", spiking.name.to_owned()),
        ("answer", answer.into()),
        ("time", "a step of the converted network is 1 s here; a spike is a pulse of area 1".into()),
        ("input", input.into()),
        ("source", "converted from a network of ReLU units: Rueckauer et al., Front. Neurosci. 11:682 (2017)".into()),
    ]
}

/// Rows above and below, columns on both sides.
fn padding(spiking: &Spiking, stage: &Stage, window: &Window) -> Result<[usize; 2], NirError> {
    match window.padding {
        [top, left, bottom, right] if (top, left) == (bottom, right) => Ok([top, left]),
        _ => unsupported(
            &format!("the padding of {} in {}", stage.name, spiking.name),
            "NIR pads above as much as below and left as much as right",
        ),
    }
}

/// Weights in the order out, in, row, column, times `share`.
fn convolution(
    stage: &Stage,
    (window, padding): (&Window, [usize; 2]),
    cells: &Cells,
    share: f32,
) -> Node {
    let ([h, w, c], f) = (stage.input, stage.output[2]);
    let [kh, kw] = window.kernel;
    let places = (0..f).flat_map(|o| (0..c).map(move |i| (o, i)));
    let all = places
        .flat_map(|(o, i)| (0..kh * kw).map(move |at| (at * c + i) * f + o))
        .map(|at| share * cells.weights[at]);
    let shape = [f, c, kh, kw].map(|n| n as u64).to_vec();
    let bias = ("bias", vec![f as u64], cells.bias.clone());
    Node::new("Conv2d", vec![("weight", shape, all.collect()), bias])
        .list("input_shape", &[h, w])
        .list("stride", &window.stride)
        .list("padding", &padding)
        .list("dilation", &[1, 1])
        .one("groups", 1)
}

/// Weights in the order out, in, times `share`; inputs in the order channel, row,
/// column. What units that do not spike are given is in the original's unit.
fn affine(stage: &Stage, cells: &Cells, share: f32) -> Node {
    let ([h, w, c], n) = (stage.input, stage.len());
    let mut all = Vec::with_capacity(n * h * w * c);
    let unit = |out: usize| if cells.spikes { 1.0 } else { cells.scale(out) };
    for out in 0..n {
        let factor = share * unit(out);
        for channel in 0..c {
            let places = (0..h * w).map(|at| (at * c + channel) * n + out);
            all.extend(places.map(|at| factor * cells.weights[at]));
        }
    }
    let shape = vec![n as u64, (h * w * c) as u64];
    let bias = cells.bias.iter().enumerate().map(|(out, b)| unit(out) * b).collect();
    Node::new("Affine", vec![("weight", shape, all), ("bias", vec![n as u64], bias)])
}

fn neurons(stage: &Stage, reset: Reset, initial: f32) -> Node {
    let [h, w, c] = stage.output;
    let shape: Vec<u64> = match stage.kind {
        Kind::Dense { .. } => vec![c as u64],
        _ => [c, h, w].map(|n| n as u64).to_vec(),
    };
    let all = |name: &'static str, x: f32| (name, shape.clone(), vec![x; stage.len()]);
    let numbers = vec![all("r", 1.0), all("v_threshold", THRESHOLD), all("v_reset", 0.0)];
    let mut node = Node::new("IF", numbers);
    if reset == Reset::Subtract {
        node = node.remark("reset", SUBTRACT);
    }
    if initial != 0.0 {
        let text = format!("v = {} ({initial} of the threshold)", initial * THRESHOLD);
        node = node.remark("v_initial", &text);
    }
    node
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::recipe::{Pooling, Recipe};
    use crate::convert::tests::{converted, network};

    #[test]
    fn a_converted_network_is_read_back_with_its_shapes_and_weights() {
        let recipe = Recipe { pooling: Pooling::Average, ..Recipe::default() };
        let spiking = converted(&network("cnn3"), recipe);
        let read = hdf5_pure::File::from_bytes(file(&spiking).unwrap()).unwrap();
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
        assert_eq!(edges.len(), 2 * kinds.len(), "one row of nodes");
        let pools = kinds.iter().filter(|k| *k == "SumPool2d").count();
        assert_eq!(pools, spiking.stages.iter().filter(|s| s.cells().is_none()).count());
        assert_eq!(kinds.iter().filter(|k| *k == "Flatten").count(), 1);
        assert_eq!(kinds[..2], ["Conv2d", "IF"]);
        assert_eq!(kinds[kinds.len() - 3..], ["IF", "Affine", "Output"]);
        // What snnTorch, Sinabs and Norse know.
        let known = ["Conv2d", "IF", "SumPool2d", "Flatten", "Affine", "Output"];
        assert!(kinds.iter().all(|k| known.contains(&&k[..])), "{kinds:?}");
        // The first convolution: out, in, row, column.
        let first = &spiking.stages[0];
        let cells = first.cells().unwrap();
        let (name, f) = (plain(&first.name), first.output[2]);
        let Kind::Conv { window, .. } = first.kind else { panic!("no convolution") };
        let kernel = window.kernel[0];
        let weight = format!("node/nodes/{name}/weight");
        assert_eq!(shape(&weight), [f as u64, 1, kernel as u64, kernel as u64]);
        let weights = numbers(&weight);
        assert_eq!(weights[kernel * kernel + 3], cells.weights[3 * f + 1]);
        assert_eq!(numbers(&format!("node/nodes/{name}/bias")), cells.bias);
        let [h, w, c] = first.output.map(|n| n as u64);
        let th = format!("node/nodes/{name} neurons/v_threshold");
        assert_eq!(shape(&th), [c, h, w]);
        assert!(numbers(&th).iter().all(|v| *v == THRESHOLD), "one threshold for all");
        let said = text(&format!("node/nodes/{name} neurons/metadata/reset"));
        assert_eq!(said, [SUBTRACT]);
        assert!(text("node/metadata/time")[0].contains("1 s"));
        // The first dense layer: inputs in the order channel, row, column.
        let dense = spiking.stages.iter().find(|s| matches!(s.kind, Kind::Dense { .. })).unwrap();
        let ([h, w, c], n) = (dense.input, dense.len());
        let weight = format!("node/nodes/{}/weight", dense.name);
        assert_eq!(shape(&weight), [n as u64, (h * w * c) as u64]);
        let (y, x, channel, out) = (1, 2, 5, 7);
        let there = out * h * w * c + (channel * h + y) * w + x;
        let here = ((y * w + x) * c + channel) * n + out;
        // It follows a pooling by sums of four.
        assert_eq!(numbers(&weight)[there], 0.25 * dense.cells().unwrap().weights[here]);
        // What the last layer gives is in logits.
        let last = spiking.stages.last().unwrap();
        let (cells, n) = (last.cells().unwrap(), last.len());
        let bias = numbers(&format!("node/nodes/{}/bias", last.name));
        for (k, b) in bias.iter().enumerate() {
            assert!((b - cells.scale(k) * cells.bias[k]).abs() < 1e-6, "{n} classes");
        }
    }

    #[test]
    fn max_pooling_says_what_to_choose_instead() {
        let spiking = converted(&network("cnn3"), Recipe::default());
        let error = file(&spiking).unwrap_err().to_string();
        assert!(error.contains("CNN 3") && error.contains("average pooling"), "{error}");
    }

    #[test]
    fn a_reset_to_zero_needs_no_remark() {
        let recipe = Recipe { reset: Reset::Zero, initial: 0.0, ..Recipe::default() };
        let spiking = converted(&network("mlp"), recipe);
        let read = hdf5_pure::File::from_bytes(file(&spiking).unwrap()).unwrap();
        let name = plain(&spiking.stages[0].name);
        assert!(read.dataset(&format!("node/nodes/{name} neurons/v_reset")).is_ok());
        assert!(read.dataset(&format!("node/nodes/{name} neurons/metadata/reset")).is_err());
    }
}
