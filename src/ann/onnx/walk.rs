//! From a graph to a chain of layers, node after node.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::array::{self, Array};
use super::chain::Chain;
use super::export::NAMES;
use super::flow::Flow;
use super::fold::fold;
use super::proto::{Entry, Graph, Model, Node, ValueInfo, data};
use super::scaling::guess;
use super::view::view;
use super::{Imported, OnnxError, lines, pools, quoted, sums};
use crate::ann::zoo;
use crate::ann::zoo::{Activation, LEAK};
use crate::data::{CLASSES, ClassNames};
use crate::data::{PIXELS, SIDE};

/// ONNX's numbers of the types that are floats: single, half, double, brain.
const FLOATS: [i64; 4] = [1, 10, 11, 16];

/// Most nodes of a graph.
const MOST_NODES: usize = 1000;
/// Most numbers that constants may be folded into, in all.
const MOST_FOLDED: usize = 1 << 25;

/// What a name in the graph stands for.
#[derive(Clone)]
pub(super) enum Value {
    Constant(Rc<Array>),
    Flow(Flow),
    /// The answer, or what was made of it: probabilities, the digit.
    Answer,
    /// What ours do not give, with what it is.
    Missing(&'static str),
}

pub(super) struct Walk {
    values: HashMap<String, Value>,
    pub(super) chain: Chain,
    /// Number of pictures that the file was made for.
    batch: usize,
    /// The numbers that the answer is made of, one for each class.
    pub(super) answer: Option<Flow>,
    folded: usize,
    pub(super) opset: i64,
}

/// A node in messages: by its name, else by its number.
pub fn label(node: &Node, number: usize) -> String {
    let op: String = node.op().chars().filter(|c| !c.is_control()).take(40).collect();
    match node.name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => format!("{} ({op})", quoted(name)),
        None => format!("number {} ({op})", number + 1),
    }
}

/// Reads a network; see [`super::import_with`].
pub fn walk(
    model: Model,
    beside: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<Imported, OnnxError> {
    let opset = model.opset_import.iter().find(|o| o.domain.as_deref().unwrap_or("").is_empty());
    let opset = opset.and_then(|o| o.version).unwrap_or(0);
    let producer = [model.producer_name.as_deref(), model.producer_version.as_deref()];
    let producer: Vec<&str> = producer.into_iter().flatten().filter(|t| !t.is_empty()).collect();
    // tf2onnx has no version of its own tools, and says so.
    let producer: String = producer
        .join(" ")
        .trim_end_matches(" None")
        .chars()
        .filter(|c| !c.is_control())
        .take(60)
        .collect();
    let named = class_names(&model.metadata_props);
    let Some(mut graph) = model.graph.filter(|g| !g.node.is_empty()) else {
        return Err(OnnxError::File("there is no network in it".into()));
    };
    if graph.node.len() > MOST_NODES {
        let n = graph.node.len();
        return Err(OnnxError::Network(format!("it has {n} nodes; up to {MOST_NODES} are read")));
    }
    let mut walk = Walk {
        values: HashMap::new(),
        chain: Chain::new(),
        batch: 1,
        answer: None,
        folded: 0,
        opset,
    };
    for tensor in &mut graph.initializer {
        let name = tensor.name.clone().unwrap_or_default();
        let array = array::of(tensor, beside).map_err(|reason| {
            OnnxError::Network(format!("its weights {} cannot be read: {reason}", quoted(&name)))
        })?;
        walk.values.insert(name, Value::Constant(Rc::new(array)));
    }
    let (input, whole) = walk.input(&graph)?;
    let needed = needed(&graph);
    // Before what leads up to it, which would be told instead.
    let control = |node: &&Node| ["If", "Loop", "Scan"].contains(&node.op());
    if let Some((number, node)) =
        graph.node.iter().enumerate().find(|(n, node)| needed[*n] && control(node))
    {
        return Err(OnnxError::Node { node: label(node, number), reason: unknown(node) });
    }
    for (number, node) in graph.node.iter().enumerate().filter(|(n, _)| needed[*n]) {
        let failed = |reason| OnnxError::Node { node: label(node, number), reason };
        walk.node(node).map_err(failed)?;
    }
    walk.end(&graph)?;
    let scaling = guess(walk.chain.front, whole);
    let input = input.iter().map(|d| d.map_or("n".into(), |d| d.to_string()));
    let input = input.collect::<Vec<_>>().join("×");
    let notes = std::mem::take(&mut walk.chain.notes);
    let (layers, values) = walk.chain.into_layers();
    if values.iter().flatten().any(|v| !v.is_finite()) {
        return Err(OnnxError::Network("some of its weights are too large for 32 bits".into()));
    }
    let outputs = zoo::classes::outputs(&layers);
    let classes = named.filter(|names| zoo::classes::fits(outputs, names.count()));
    let classes = classes.unwrap_or_else(|| match outputs {
        CLASSES => ClassNames::default(),
        other => ClassNames::numbered(other),
    });
    Ok(Imported { layers, values, scaling, input, producer, notes, classes })
}

/// What a file of ours says that its classes are called.
fn class_names(props: &[Entry]) -> Option<ClassNames> {
    /// Of the most names, each of the most characters, with room for escapes.
    const MOST_BYTES: usize = 16 << 10;
    let entry = props.iter().find(|entry| entry.key.as_deref() == Some(NAMES))?;
    let text = entry.value.as_deref().filter(|text| text.len() <= MOST_BYTES)?;
    serde_json::from_str(text).ok()
}

/// Which nodes the outputs depend on. Nodes come after those whose outputs they take.
fn needed(graph: &Graph) -> Vec<bool> {
    let mut names: HashSet<&str> = graph.output.iter().filter_map(|o| o.name.as_deref()).collect();
    let mut needed = vec![false; graph.node.len()];
    for (number, node) in graph.node.iter().enumerate().rev() {
        needed[number] = node.output.iter().any(|o| !o.is_empty() && names.contains(&o[..]));
        if needed[number] {
            names.extend(node.input.iter().map(|i| &i[..]));
        }
    }
    needed
}

/// The lengths of an input's axes; `None` where one is free.
fn lengths(input: &ValueInfo) -> Option<(i32, Vec<Option<usize>>)> {
    let tensor = input.r#type.as_ref()?.tensor_type.as_ref()?;
    let dims = tensor.shape.as_ref()?.dim.iter();
    let length = |v: Option<i64>| v.and_then(|v| usize::try_from(v).ok()).filter(|v| *v > 0);
    Some((tensor.elem_type.unwrap_or_default(), dims.map(|d| length(d.dim_value)).collect()))
}

impl Walk {
    /// Finds the picture; gives its shape, and whether it comes in whole numbers.
    fn input(&mut self, graph: &Graph) -> Result<(Vec<Option<usize>>, bool), OnnxError> {
        let wrong = OnnxError::Network;
        let name = |i: &ValueInfo| i.name.clone().unwrap_or_default();
        let inputs: Vec<&ValueInfo> =
            graph.input.iter().filter(|i| !self.values.contains_key(&name(i))).collect();
        let [input] = inputs[..] else {
            let names: Vec<String> = inputs.iter().take(4).map(|i| quoted(&name(i))).collect();
            return Err(wrong(match names.len() {
                0 => "it has no input".into(),
                _ => format!(
                    "it has {} inputs ({}); a network of ours has one, the picture",
                    inputs.len(),
                    names.join(", ")
                ),
            }));
        };
        let (kind, dims) = lengths(input).ok_or_else(|| {
            wrong(format!("the shape of its input {} is not said", quoted(&name(input))))
        })?;
        let text: Vec<String> =
            dims.iter().map(|d| d.map_or("n".into(), |d| d.to_string())).collect();
        let misfit =
            |why: &str| wrong(format!("its input has the shape {}: {why}", text.join("×")));
        let free: Vec<usize> = (0..dims.len()).filter(|i| dims[*i].is_none()).collect();
        // The axis along which pictures are counted, if there is one.
        let along = match free[..] {
            [] => {
                let all = dims.iter().flatten().try_fold(1usize, |n, d| n.checked_mul(*d));
                let first = dims.first().copied().flatten().unwrap_or(1);
                (all != Some(PIXELS) && all.is_some_and(|n| n % first == 0 && n / first == PIXELS))
                    .then_some(0)
            }
            [at] => Some(at),
            _ => {
                return Err(misfit(
                    "more than the number of pictures is left open; export it for pictures of 28×28",
                ));
            }
        };
        let mut shape: Vec<usize> = dims.iter().map(|d| d.unwrap_or(1)).collect();
        if let Some(at) = along {
            self.batch = shape[at];
            shape[at] = 1;
        }
        if array::count(&shape) != Some(PIXELS) {
            return Err(misfit("pictures here have 28×28 pixels and one channel"));
        }
        if shape.iter().any(|d| ![1, SIDE, PIXELS].contains(d)) || shape.len() > 6 {
            return Err(misfit("that is no picture of 28×28 pixels"));
        }
        if ![
            data::FLOAT,
            data::DOUBLE,
            data::FLOAT16,
            data::BFLOAT16,
            data::UINT8,
            data::INT8,
            data::INT32,
            data::INT64,
        ]
        .contains(&kind)
        {
            return Err(misfit("its pixels are no numbers"));
        }
        let floats = [data::FLOAT, data::DOUBLE, data::FLOAT16, data::BFLOAT16];
        self.values.insert(name(input), Value::Flow(Flow::new(shape, 0)));
        Ok((dims, !floats.contains(&kind)))
    }

    /// Checks that all outputs are the answer.
    fn end(&mut self, graph: &Graph) -> Result<(), OnnxError> {
        let outputs: Vec<&str> = graph.output.iter().filter_map(|o| o.name.as_deref()).collect();
        if outputs.is_empty() {
            return Err(OnnxError::Network("it has no output".into()));
        }
        for name in outputs {
            let wrong =
                |why: &str| OnnxError::Network(format!("its output {} {why}", quoted(name)));
            match self.values.get(name) {
                Some(Value::Answer) => {}
                Some(Value::Flow(flow)) if flow.at == self.chain.at() => {
                    self.answer.get_or_insert_with(|| flow.clone());
                }
                Some(Value::Flow(_)) => {
                    return Err(wrong(
                        "is that of a layer in the middle; only the answers are imported",
                    ));
                }
                Some(Value::Missing(what)) => return Err(wrong(&format!("is {what}"))),
                Some(Value::Constant(_)) => return Err(wrong("does not depend on the picture")),
                None => return Err(wrong("is made by no node")),
            }
        }
        let answer = self.answer.take();
        let answer = answer.ok_or_else(|| OnnxError::Network("it has no answer".into()))?;
        self.chain.check(&answer).map_err(OnnxError::Network)?;
        self.chain.end(&answer).map_err(OnnxError::Network)
    }

    fn node(&mut self, node: &Node) -> Result<(), String> {
        let domain = node.domain.as_deref().unwrap_or("");
        if !["", "ai.onnx", "ai.onnx.ml"].contains(&domain) {
            return Err(format!("operators of {} are not read", quoted(domain)));
        }
        let inputs: Vec<Option<Value>> = node
            .input
            .iter()
            .map(|name| match (name.is_empty(), self.values.get(name)) {
                (true, _) => Ok(None),
                (false, Some(value)) => Ok(Some(value.clone())),
                (false, None) => {
                    Err(format!("it takes {}, which no node before it makes", quoted(name)))
                }
            })
            .collect::<Result<_, _>>()?;
        let outputs = self.outputs(node, &inputs)?;
        for (name, value) in node.output.iter().zip(outputs) {
            if !name.is_empty() {
                self.values.insert(name.clone(), value);
            }
        }
        Ok(())
    }

    /// What comes out of a node.
    fn outputs(&mut self, node: &Node, inputs: &[Option<Value>]) -> Result<Vec<Value>, String> {
        let constants: Vec<Option<&Array>> = inputs
            .iter()
            .map(|i| match i {
                Some(Value::Constant(array)) => Some(&**array),
                _ => None,
            })
            .collect();
        if let Some(Value::Missing(what)) =
            inputs.iter().flatten().find(|i| matches!(i, Value::Missing(_)))
        {
            return Err(format!("it takes {what}, which no network here has"));
        }
        if inputs.iter().flatten().any(|i| matches!(i, Value::Answer)) {
            return self.after(node, inputs, &constants);
        }
        let flows: Vec<&Flow> = inputs
            .iter()
            .flatten()
            .filter_map(|i| match i {
                Value::Flow(flow) => Some(flow),
                _ => None,
            })
            .collect();
        match flows[..] {
            [] => {
                let array = fold(node, &constants)?
                    .ok_or("it is not known to this version of Spikescope")?;
                self.folded += array.len();
                if self.folded > MOST_FOLDED {
                    return Err("its constants are computed into too many numbers".into());
                }
                Ok(vec![Value::Constant(Rc::new(array))])
            }
            [flow] if node.op() == "Shape" => {
                let all: Vec<i64> = flow.dims.iter().map(|d| *d as i64).collect();
                let n = all.len() as i64;
                let place =
                    |v: i64| (if v < 0 { v.saturating_add(n) } else { v }).clamp(0, n) as usize;
                let (from, to) = (place(node.int("start", 0)), place(node.int("end", n)));
                let dims = all.get(from..to.max(from)).unwrap_or_default().to_vec();
                Ok(vec![Value::Constant(Rc::new(Array::whole(dims)))])
            }
            [flow] => {
                self.chain.check(flow)?;
                let first = matches!(inputs.first(), Some(Some(Value::Flow(_))));
                self.layer(node, flow, first, &constants)
            }
            _ => Err("it joins two branches; the networks here are chains of layers".into()),
        }
    }

    /// What comes out of a node that takes what runs through the network, as its `first`
    /// input or as another.
    fn layer(
        &mut self,
        node: &Node,
        flow: &Flow,
        first: bool,
        constants: &[Option<&Array>],
    ) -> Result<Vec<Value>, String> {
        let rest = constants.get(1..).unwrap_or_default();
        let given = |i: usize| rest.get(i).copied().flatten();
        let arithmetic = ["Add", "Sub", "Mul", "Div"].contains(&node.op());
        if !first && !arithmetic {
            return Err("what runs through the network comes in where weights should".into());
        }
        if !flow.around.is_empty() && !["Conv", "Transpose"].contains(&node.op()) {
            return Err("after padding only a convolution may follow".into());
        }
        let out = match node.op() {
            "Cast" if !FLOATS.contains(&node.int("to", FLOATS[0])) => {
                return Err("it makes whole numbers or truth values of what runs through".into());
            }
            "Dropout" | "Cast" | "CastLike" => flow.clone(),
            "Transpose" => self.turned(node, flow)?,
            "Relu" => self.activated(flow, Activation::Relu)?,
            "Tanh" => self.activated(flow, Activation::Tanh)?,
            "Sigmoid" => self.activated(flow, Activation::Sigmoid)?,
            "LeakyRelu" => match node.float("alpha", LEAK) {
                0.0 => self.activated(flow, Activation::Relu)?,
                a if (a - LEAK).abs() < 1e-6 => self.activated(flow, Activation::LeakyRelu)?,
                a => return Err(format!("its slope below zero is {a}; only {LEAK} is known here")),
            },
            "Clip" => {
                let bound = |i: usize, name: &str, usual: f32| match given(i) {
                    Some(array) => Ok(array.as_floats()?.first().copied().unwrap_or(usual)),
                    None => Ok::<_, String>(node.float(name, usual)),
                };
                // As the largest number may be written where there is no bound.
                let (low, high) = (bound(0, "min", f32::MIN)?, bound(1, "max", f32::MAX)?);
                match (low, high) {
                    (0.0, 1e30..) => self.activated(flow, Activation::Relu)?,
                    (..=-1e30, 1e30..) => flow.clone(),
                    _ => {
                        return Err(format!(
                            "it cuts off below {low} and above {high}; only a ReLU, from 0, is known here"
                        ));
                    }
                }
            }
            "Conv" => {
                let kernel = given(0).ok_or("its kernel is not constant")?;
                sums::conv(node, &mut self.chain, flow, kernel, given(1))?
            }
            "Gemm" | "MatMul" => {
                let weight = given(0).ok_or("its weights are not constant")?;
                sums::dense(node, &mut self.chain, flow, weight, given(1))?
            }
            "Pad" => sums::pad(node, flow, rest)?,
            "MaxPool" | "AveragePool" => pools::pool(node, &mut self.chain, flow)?,
            "GlobalAveragePool" | "GlobalMaxPool" => {
                pools::global(node, &mut self.chain, flow, None)?
            }
            "ReduceMean" | "ReduceMax" => {
                let axes = match given(0) {
                    Some(axes) => Some(axes.as_whole()?.to_vec()),
                    None => node.ints("axes").map(<[i64]>::to_vec),
                };
                pools::global(node, &mut self.chain, flow, axes.as_deref())?
            }
            "BatchNormalization" => self.normalised(node, flow, rest)?,
            "Scaler" => self.scaler(node, flow)?,
            "RNN" | "GRU" | "LSTM" => {
                let [all, last] = lines::lines(node, &mut self.chain, flow, rest)?;
                let cell = Value::Missing("the cells' memory");
                return Ok(vec![Value::Flow(all), Value::Flow(last), cell]);
            }
            "Softmax" | "LogSoftmax" | "ArgMax" => {
                self.answered(node, flow)?;
                return Ok(vec![Value::Answer]);
            }
            "LinearClassifier" => return self.classified(node, flow),
            "Add" | "Sub" | "Mul" | "Div" => {
                let array = constants.iter().flatten().next().ok_or("it has one input only")?;
                self.arithmetic(node.op(), flow, array, first)?
            }
            _ => match view(node, &flow.dims, rest, self.batch)? {
                Some(seen) => flow.viewed(seen)?,
                None => return Err(unknown(node)),
            },
        };
        let mask = Value::Missing("what a dropout left out, or where a largest value was");
        Ok(vec![Value::Flow(out), mask])
    }

    /// Moves the padding with the axes.
    fn turned(&self, node: &Node, flow: &Flow) -> Result<Flow, String> {
        let seen = view(node, &flow.dims, &[], self.batch)?.ok_or("it cannot be turned")?;
        let mut bare = flow.clone();
        let around = std::mem::take(&mut bare.around);
        let mut out = bare.viewed(seen)?;
        if !around.is_empty() {
            let n = flow.dims.len();
            let order =
                node.ints("perm").map_or_else(|| (0..n as i64).rev().collect(), <[i64]>::to_vec);
            let of = |a: &i64| Ok(around[super::attributes::axis(*a, n)?]);
            out.around = order.iter().map(of).collect::<Result<_, String>>()?;
        }
        Ok(out)
    }

    fn activated(&mut self, flow: &Flow, activation: Activation) -> Result<Flow, String> {
        flow.settled()?;
        self.chain.activate(activation)?;
        Ok(self.now(flow))
    }

    /// The same numbers, after the chain went on.
    pub(super) fn now(&self, flow: &Flow) -> Flow {
        let places = flow.settled().unwrap_or_else(|_| Rc::clone(&flow.places));
        Flow { at: self.chain.at(), places, states: None, ..flow.clone() }
    }
}

/// Why an operator is not imported.
fn unknown(node: &Node) -> String {
    match node.op() {
        "If" | "Loop" | "Scan" => "loops and conditions are not read (tf2onnx writes the GRU of Keras as one; its LSTM and the GRU of PyTorch are read)".into(),
        "QLinearConv" | "QuantizeLinear" | "DequantizeLinear" | "QLinearMatMul" => {
            "weights in whole numbers are not read; export the network before it is quantised".into()
        }
        _ => "there is no such layer here; Conv, Gemm, MatMul, pooling, BatchNormalization, RNN, GRU, LSTM, Relu, LeakyRelu, Tanh and Sigmoid are known".into(),
    }
}
