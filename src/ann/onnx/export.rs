//! Networks of ours for other programs.

use prost::Message;

use super::OnnxError;
use super::proto::{
    Attribute, Dim, Dims, Entry, Graph, Model, Node, Opset, Tensor, TensorType, Type, ValueInfo,
    data, kind,
};
use crate::ann::network::Network;
use crate::ann::ops::recurrent::{Cell, Order};
use crate::ann::zoo::{Activation, LEAK, Layer, PoolKind, Window};
use crate::data::classes::FEWEST;
use crate::data::{CLASSES, ClassNames, MOST_CLASSES, SIDE};

/// Version of the operators: of 2022, which everything in use reads.
const OPSET: i64 = 17;
/// Where the names of classes stand in a file's metadata.
pub(super) const NAMES: &str = "classes";
/// Version of the format that goes with it.
const IR: i64 = 8;

/// Whether a network of these layers can be written: one that neither spikes, nor settles,
/// nor imagines.
pub fn writes(layers: &[Layer]) -> bool {
    !layers.iter().any(|layer| {
        matches!(
            layer,
            Layer::Settling { .. }
                | Layer::Goodness { .. }
                | Layer::Energy { .. }
                | Layer::Spiking(_)
                | Layer::ConvStdp(_)
        )
    })
}

/// A network as an ONNX file: a picture `image` `(n, 1, 28, 28)` of brightness 0 to 1 in,
/// `probabilities` `(n, classes)` out.
///
/// # Errors
/// [`OnnxError::Export`] for networks that are no chain of layers: those that spike, settle
/// or imagine.
pub fn export(network: &Network) -> Result<Vec<u8>, OnnxError> {
    export_named(network, &ClassNames::default())
}

/// [`export`] with what its classes are called, where they are not the digits: a list as JSON
/// under `classes` in the file's metadata.
///
/// # Errors
/// [`OnnxError::Export`].
pub fn export_named(network: &Network, classes: &ClassNames) -> Result<Vec<u8>, OnnxError> {
    let architecture = network.architecture();
    let layers = (architecture.layers)();
    write(&layers, &network.values(), (architecture.id, architecture.name), classes)
}

/// [`export`] of layers and their weights, in the order of
/// [`Network::parameters`](crate::ann::network::Network::parameters).
///
/// # Errors
/// [`OnnxError::Export`].
pub fn export_layers(
    layers: &[Layer],
    values: &[Vec<f32>],
    id: &str,
    name: &str,
) -> Result<Vec<u8>, OnnxError> {
    write(layers, values, (id, name), &ClassNames::default())
}

fn write(
    layers: &[Layer],
    values: &[Vec<f32>],
    (id, name): (&str, &str),
    classes: &ClassNames,
) -> Result<Vec<u8>, OnnxError> {
    let mut writer = Writer {
        nodes: Vec::new(),
        weights: Vec::new(),
        now: "image".into(),
        shape: Shape::Picture([SIDE, SIDE, 1]),
        values: values.iter(),
        counts: [0; COUNTED],
    };
    let refused = |reason: String| OnnxError::Export { network: name.to_owned(), reason };
    for layer in layers {
        writer.layer(layer).map_err(refused)?;
    }
    writer.flat();
    let Shape::Units(outputs @ FEWEST..=MOST_CLASSES) = writer.shape else {
        let why = format!("it does not end in {FEWEST} to {MOST_CLASSES} classes");
        return Err(refused(why));
    };
    writer.node_to("Softmax", &[], vec![int("axis", 1)], "probabilities");
    let mut model = writer.model((id, name), outputs);
    if let Some(names) = (!classes.is_digits()).then(|| serde_json::to_string(classes).ok()) {
        model.metadata_props.push(Entry { key: Some(NAMES.into()), value: names });
    }
    Ok(model.encode_to_vec())
}

/// What comes out of the layers so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Height, width, channels; with channels first in the file.
    Picture([usize; 3]),
    /// A picture that was flattened, in the file's order.
    Flat([usize; 3]),
    Units(usize),
}

/// Kinds of layers that are counted for names.
const COUNTED: usize = 6;

struct Writer<'a> {
    nodes: Vec<Node>,
    weights: Vec<Tensor>,
    /// The name of what came out last.
    now: String,
    shape: Shape,
    values: std::slice::Iter<'a, Vec<f32>>,
    counts: [usize; COUNTED],
}

fn int(name: &str, value: i64) -> Attribute {
    Attribute { i: Some(value), ..attribute(name, kind::INT) }
}

fn ints(name: &str, values: &[usize]) -> Attribute {
    let ints = values.iter().map(|v| *v as i64).collect();
    Attribute { ints, ..attribute(name, kind::INTS) }
}

fn float(name: &str, value: f32) -> Attribute {
    Attribute { f: Some(value), ..attribute(name, kind::FLOAT) }
}

fn attribute(name: &str, kind: i32) -> Attribute {
    Attribute { name: Some(name.into()), r#type: Some(kind), ..Attribute::default() }
}

fn window(window: Window) -> Vec<Attribute> {
    vec![
        ints("kernel_shape", &window.kernel),
        ints("strides", &window.stride),
        ints("pads", &window.padding),
    ]
}

impl Writer<'_> {
    /// A name with the number among its kind: `conv2`.
    fn name(&mut self, kind: usize, word: &str) -> String {
        self.counts[kind] += 1;
        format!("{word}{}", self.counts[kind])
    }

    fn next(&mut self) -> Result<Vec<f32>, String> {
        self.values.next().cloned().ok_or_else(|| "its weights are missing".into())
    }

    /// Keeps weights; gives their name.
    fn keep(&mut self, name: String, dims: &[usize], values: &[f32]) -> Result<String, String> {
        if dims.iter().product::<usize>() != values.len() {
            return Err(format!("{name} has {} weights", values.len()));
        }
        self.weights.push(Tensor {
            dims: dims.iter().map(|d| *d as i64).collect(),
            data_type: Some(data::FLOAT),
            name: Some(name.clone()),
            raw_data: Some(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ..Tensor::default()
        });
        Ok(name)
    }

    /// Whole numbers, for axes.
    fn keep_whole(&mut self, name: &str, values: &[i64]) -> String {
        if self.weights.iter().all(|w| w.name.as_deref() != Some(name)) {
            self.weights.push(Tensor {
                dims: vec![values.len() as i64],
                data_type: Some(data::INT64),
                name: Some(name.into()),
                raw_data: Some(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
                ..Tensor::default()
            });
        }
        name.into()
    }

    fn node_to(&mut self, op: &str, weights: &[String], attributes: Vec<Attribute>, to: &str) {
        let input = std::iter::once(self.now.clone()).chain(weights.iter().cloned()).collect();
        self.now = to.to_owned();
        self.nodes.push(Node {
            input,
            output: vec![to.to_owned()],
            name: Some(format!("{to}.{}", op.to_lowercase())),
            op_type: Some(op.into()),
            attribute: attributes,
            domain: None,
        });
    }

    fn node(&mut self, op: &str, weights: &[String], attributes: Vec<Attribute>) {
        let to = format!("x{}", self.nodes.len() + 1);
        self.node_to(op, weights, attributes, &to);
    }

    fn activate(&mut self, activation: Activation) {
        match activation {
            Activation::Linear => {}
            Activation::Relu => self.node("Relu", &[], Vec::new()),
            Activation::Tanh => self.node("Tanh", &[], Vec::new()),
            Activation::Sigmoid => self.node("Sigmoid", &[], Vec::new()),
            Activation::LeakyRelu => self.node("LeakyRelu", &[], vec![float("alpha", LEAK)]),
        }
    }

    fn picture(&self) -> Result<[usize; 3], String> {
        match self.shape {
            Shape::Picture(size) => Ok(size),
            _ => Err("a convolution or pooling comes after dense layers".into()),
        }
    }

    fn flat(&mut self) {
        if let Shape::Picture(size) = self.shape {
            self.node("Flatten", &[], vec![int("axis", 1)]);
            self.shape = match size {
                [1, 1, units] => Shape::Units(units),
                size => Shape::Flat(size),
            };
        }
    }

    fn layer(&mut self, layer: &Layer) -> Result<(), String> {
        match *layer {
            // It does nothing while answering.
            Layer::Dropout(_) => Ok(()),
            Layer::Conv { kernel, filters } => {
                self.convolve(Window::square(kernel, 1), filters, Activation::Relu)
            }
            Layer::Convolution { window, filters, activation } => {
                self.convolve(window, filters, activation)
            }
            Layer::MaxPool => self.pool(PoolKind::Max, Window::square(2, 2)),
            Layer::Pool { kind, window } => self.pool(kind, window),
            Layer::Dense { units, activation } => self.dense(units, activation),
            Layer::Recurrent { cell, order, hidden } => self.lines(cell, order, hidden),
            Layer::Affine => self.scale(),
            Layer::Activate(activation) => {
                self.activate(activation);
                Ok(())
            }
            _ => Err("ONNX has no words for what it does: it spikes, settles or imagines. A network of spikes can be written as NIR (`spikescope convert --nir`)".into()),
        }
    }

    fn convolve(
        &mut self,
        window: Window,
        filters: usize,
        activation: Activation,
    ) -> Result<(), String> {
        let [h, w, c] = self.picture()?;
        let [kh, kw] = window.kernel;
        let name = self.name(0, "conv");
        let (weight, bias) = (self.next()?, self.next()?);
        let area = kh * kw;
        if weight.len() != area * c * filters {
            return Err(format!("{name} has {} weights", weight.len()));
        }
        // From (row, column, channel, filter) to (filter, channel, row, column).
        let turned: Vec<f32> = (0..weight.len())
            .map(|i| {
                let (filter, rest) = (i / (c * area), i % (c * area));
                weight[(rest % area * c + rest / area) * filters + filter]
            })
            .collect();
        let weight = self.keep(format!("{name}.weight"), &[filters, c, kh, kw], &turned)?;
        let bias = self.keep(format!("{name}.bias"), &[filters], &bias)?;
        self.node("Conv", &[weight, bias], self::window(window));
        self.activate(activation);
        let [h, w] = window.output([h, w]).ok_or("a window does not fit its picture")?;
        self.shape = Shape::Picture([h, w, filters]);
        Ok(())
    }

    fn pool(&mut self, kind: PoolKind, window: Window) -> Result<(), String> {
        let [h, w, c] = self.picture()?;
        let mut attributes = self::window(window);
        if kind == PoolKind::AverageCounted {
            attributes.push(int("count_include_pad", 1));
        }
        let op = if kind == PoolKind::Max { "MaxPool" } else { "AveragePool" };
        self.node(op, &[], attributes);
        let [h, w] = window.output([h, w]).ok_or("a window does not fit its picture")?;
        self.shape = Shape::Picture([h, w, c]);
        Ok(())
    }

    fn dense(&mut self, units: usize, activation: Activation) -> Result<(), String> {
        self.flat();
        let name = self.name(1, "dense");
        let (weight, bias) = (self.next()?, self.next()?);
        // A flattened picture is in the order channel, row, column here.
        let (rows, turned) = match self.shape {
            Shape::Flat([h, w, c]) if weight.len() == h * w * c * units => {
                let row = |i: usize| &weight[(i % (h * w) * c + i / (h * w)) * units..][..units];
                (h * w * c, (0..h * w * c).flat_map(|i| row(i).iter().copied()).collect())
            }
            Shape::Units(n) => (n, weight),
            _ => return Err(format!("{name} has {} weights", weight.len())),
        };
        let weight = self.keep(format!("{name}.weight"), &[rows, units], &turned)?;
        let bias = self.keep(format!("{name}.bias"), &[units], &bias)?;
        self.node("Gemm", &[weight, bias], Vec::new());
        self.activate(activation);
        self.shape = Shape::Units(units);
        Ok(())
    }

    fn scale(&mut self) -> Result<(), String> {
        let name = self.name(2, "affine");
        let (scale, shift) = (self.next()?, self.next()?);
        let dims = match self.shape {
            Shape::Picture([_, _, c]) => vec![1, c, 1, 1],
            Shape::Units(n) => vec![1, n],
            Shape::Flat(_) => return Err("a scale comes between a picture and units".into()),
        };
        let scale = self.keep(format!("{name}.scale"), &dims, &scale)?;
        let shift = self.keep(format!("{name}.shift"), &dims, &shift)?;
        self.node("Mul", &[scale], Vec::new());
        self.node("Add", &[shift], Vec::new());
        Ok(())
    }

    fn lines(&mut self, cell: Cell, order: Order, hidden: usize) -> Result<(), String> {
        let [SIDE, SIDE, 1] = self.picture()? else {
            return Err("a recurrent layer comes after other layers".into());
        };
        let (word, gates): (_, &[usize]) = match cell {
            Cell::Simple => ("rnn", &[0]),
            // z, r, n in both.
            Cell::Gru => ("gru", &[0, 1, 2]),
            // i, f, g, o with us; i, o, f, c there.
            Cell::Lstm => ("lstm", &[0, 3, 1, 2]),
        };
        let name = self.name(3, word);
        let (kernel, recurrent, bias) = (self.next()?, self.next()?, self.next()?);
        let columns = gates.len() * hidden;
        let turned = |values: &[f32], from: usize| -> Vec<f32> {
            let rows = gates.iter().flat_map(|g| g * hidden..(g + 1) * hidden);
            rows.flat_map(|c| (0..from).map(move |i| (i, c)))
                .map(|(i, c)| values[i * columns + c])
                .collect()
        };
        let fits = kernel.len() == SIDE * columns
            && recurrent.len() == hidden * columns
            && bias.len() == cell.biases() * hidden;
        if !fits {
            return Err(format!("{name} has other weights than its size says"));
        }
        let mut biases = vec![0f32; 2 * columns];
        for (side, part) in bias.chunks_exact(columns).enumerate() {
            let turned = gates.iter().flat_map(|g| &part[g * hidden..(g + 1) * hidden]);
            biases[side * columns..].iter_mut().zip(turned).for_each(|(b, v)| *b = *v);
        }
        let kernel =
            self.keep(format!("{name}.kernel"), &[1, columns, SIDE], &turned(&kernel, SIDE))?;
        let recurrent = self.keep(
            format!("{name}.recurrent"),
            &[1, columns, hidden],
            &turned(&recurrent, hidden),
        )?;
        let biases = self.keep(format!("{name}.bias"), &[1, 2 * columns], &biases)?;
        let [first, second] = [self.keep_whole("axis0", &[0]), self.keep_whole("axis1", &[1])];
        self.node("Squeeze", &[second], Vec::new());
        // Steps first.
        let perm: [usize; 3] = if order == Order::Rows { [1, 0, 2] } else { [2, 0, 1] };
        self.node("Transpose", &[], vec![ints("perm", &perm)]);
        let mut attributes = vec![int("hidden_size", hidden as i64)];
        if cell == Cell::Gru {
            attributes.push(int("linear_before_reset", 1));
        }
        let op = word.to_uppercase();
        self.node(&op, &[kernel, recurrent, biases], attributes);
        // The first output has the states of all steps, the second the last one.
        if let Some(node) = self.nodes.last_mut() {
            node.output.insert(0, String::new());
        }
        self.node("Squeeze", &[first], Vec::new());
        self.shape = Shape::Units(hidden);
        Ok(())
    }

    fn model(self, (id, name): (&str, &str), outputs: usize) -> Model {
        let what = match outputs {
            CLASSES => "a handwritten digit, white on black, brightness 0 to 1, to the probabilities of the digits 0 to 9".to_owned(),
            n => format!("a picture, white on black, brightness 0 to 1, to the probabilities of its {n} classes"),
        };
        let value = |name: &str, dims: &[usize]| {
            let fixed = |d: &usize| Dim { dim_value: Some(*d as i64), dim_param: None };
            let free = Dim { dim_value: None, dim_param: Some("n".into()) };
            let dim = std::iter::once(free).chain(dims.iter().map(fixed)).collect();
            let tensor = TensorType { elem_type: Some(data::FLOAT), shape: Some(Dims { dim }) };
            let r#type = Some(Type { tensor_type: Some(tensor) });
            ValueInfo { name: Some(name.into()), r#type }
        };
        let graph = Graph {
            node: self.nodes,
            name: Some(id.into()),
            initializer: self.weights,
            doc_string: Some(format!("{name}: {what}")),
            input: vec![value("image", &[1, SIDE, SIDE])],
            output: vec![value("probabilities", &[outputs])],
        };
        let entry = Entry { key: Some("architecture".into()), value: Some(id.into()) };
        Model {
            ir_version: Some(IR),
            producer_name: Some("Spikescope".into()),
            producer_version: Some(env!("CARGO_PKG_VERSION").into()),
            graph: Some(graph),
            opset_import: vec![Opset { domain: Some(String::new()), version: Some(OPSET) }],
            metadata_props: vec![entry],
        }
    }
}
