//! Graphs made for one rule each.

use prost::Message;

use super::*;
use crate::ann::zoo::{Activation, PoolKind, Window};
use proto::{Attribute, Dim, Dims, Graph, Model, Node, Tensor, TensorType, Type, ValueInfo, data};

/// A graph as it grows; each node takes what came out last.
struct Made {
    graph: Graph,
    now: String,
}

fn value(name: &str, dims: &[i64]) -> ValueInfo {
    // 0: left open.
    let dim = |d: &i64| Dim { dim_value: (*d > 0).then_some(*d), dim_param: None };
    let shape = Some(Dims { dim: dims.iter().map(dim).collect() });
    let tensor_type = Some(TensorType { elem_type: Some(data::FLOAT), shape });
    ValueInfo { name: Some(name.into()), r#type: Some(Type { tensor_type }) }
}

fn ints(name: &str, ints: &[i64]) -> Attribute {
    Attribute { name: Some(name.into()), ints: ints.to_vec(), ..Attribute::default() }
}

fn int(name: &str, i: i64) -> Attribute {
    Attribute { name: Some(name.into()), i: Some(i), ..Attribute::default() }
}

impl Made {
    fn new(input: &[i64]) -> Self {
        let graph = Graph { input: vec![value("image", input)], ..Graph::default() };
        Self { graph, now: "image".into() }
    }

    fn constant(&mut self, dims: &[i64], values: &[f32]) -> String {
        let name = format!("w{}", self.graph.initializer.len());
        self.graph.initializer.push(Tensor {
            dims: dims.to_vec(),
            data_type: Some(data::FLOAT),
            float_data: values.to_vec(),
            name: Some(name.clone()),
            ..Tensor::default()
        });
        name
    }

    fn whole(&mut self, values: &[i64]) -> String {
        let name = format!("w{}", self.graph.initializer.len());
        self.graph.initializer.push(Tensor {
            dims: vec![values.len() as i64],
            data_type: Some(data::INT64),
            int64_data: values.to_vec(),
            name: Some(name.clone()),
            ..Tensor::default()
        });
        name
    }

    fn node(&mut self, op: &str, rest: &[&str], attribute: Vec<Attribute>) -> &mut Self {
        let input = [&self.now[..]].iter().chain(rest).map(|s| (*s).to_owned()).collect();
        self.now = format!("v{}", self.graph.node.len());
        let output = vec![self.now.clone()];
        let op_type = Some(op.to_owned());
        self.graph.node.push(Node { input, output, op_type, attribute, ..Node::default() });
        self
    }

    /// A dense layer to ten, of weights that differ.
    fn end(&mut self, inputs: usize) -> &mut Self {
        let weights: Vec<f32> = (0..inputs * 10).map(|i| (i % 13) as f32 - 6.0).collect();
        let w = self.constant(&[inputs as i64, 10], &weights);
        self.node("MatMul", &[&w], Vec::new())
    }

    fn import(&self) -> Result<Imported, OnnxError> {
        let mut graph = self.graph.clone();
        graph.output.push(value(&self.now, &[0, 10]));
        import(&Model { graph: Some(graph), ..Model::default() }.encode_to_vec())
    }

    #[track_caller]
    fn refused(&self, part: &str) {
        let said = self.import().unwrap_err().to_string();
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn pictures_come_in_any_of_the_usual_shapes() {
    for shape in [
        &[0, 784][..],
        &[1, 784],
        &[64, 784],
        &[784],
        &[28, 28],
        &[0, 28, 28],
        &[0, 1, 28, 28],
        &[0, 28, 28, 1],
        &[100, 28, 28, 1],
        &[28, 0, 28],
    ] {
        let mut made = Made::new(shape);
        let to = made.whole(&[if shape[0] > 28 && shape.len() > 1 { shape[0] } else { 1 }, 784]);
        made.node("Reshape", &[&to], Vec::new()).end(784);
        let imported = made.import().unwrap_or_else(|e| panic!("{shape:?}: {e}"));
        assert_eq!(imported.layers.len(), 1);
        // Each weight stays at its pixel.
        assert_eq!(imported.values[0][10 * 30 + 3], (303 % 13) as f32 - 6.0);
    }
    for (shape, part) in [
        (&[0, 3, 28, 28][..], "one channel"),
        (&[0, 0, 0, 1], "left open"),
        (&[0, 32, 32], "0 to 1"),
        (&[0, 2, 392], "no picture"),
        (&[], "28×28"),
    ] {
        let said = Made::new(shape).end(784).import().unwrap_err().to_string();
        assert!(said.contains(part) || said.contains("28×28"), "{shape:?}: {said}");
    }
}

#[test]
fn channels_first_and_last_are_seen_through() {
    let kernel: Vec<f32> = (0..2 * 9).map(|i| i as f32 / 10.0).collect();
    let last = |flatten_first: bool| {
        let mut made = Made::new(&[0, 28, 28, 1]);
        made.node("Transpose", &[], vec![ints("perm", &[0, 3, 1, 2])]);
        let w = made.constant(&[2, 1, 3, 3], &kernel);
        made.node("Conv", &[&w], Vec::new());
        if !flatten_first {
            made.node("Transpose", &[], vec![ints("perm", &[0, 2, 3, 1])]);
        }
        made.node("Flatten", &[], Vec::new()).end(2 * 26 * 26);
        made.import().unwrap()
    };
    let (channels_last, channels_first) = (last(false), last(true));
    assert_eq!(channels_last.layers, channels_first.layers);
    // As ours: rows by y, x, channel.
    let row = |imported: &Imported, y: usize, x: usize, c: usize| {
        imported.values[2][((y * 26 + x) * 2 + c) * 10..][..10].to_vec()
    };
    let wanted =
        |from: usize| (0..10).map(|u| ((from * 10 + u) % 13) as f32 - 6.0).collect::<Vec<_>>();
    assert_eq!(row(&channels_last, 3, 4, 1), wanted((3 * 26 + 4) * 2 + 1));
    assert_eq!(row(&channels_first, 3, 4, 1), wanted(26 * 26 + 3 * 26 + 4));
    // (filter, channel, row, column) to (row, column, channel, filter).
    assert_eq!(channels_last.values[0][(2 * 3 + 1) * 2 + 1], kernel[9 + 7]);
}

#[test]
fn functions_join_the_sums_before_them() {
    let after = |ops: &[(&str, Vec<Attribute>)]| {
        let mut made = Made::new(&[0, 1, 28, 28]);
        let w = made.constant(&[1, 1, 3, 3], &[0.5; 9]);
        made.node("Conv", &[&w], Vec::new());
        for (op, attributes) in ops {
            made.node(op, &[], attributes.clone());
        }
        made.node("Flatten", &[], Vec::new()).end(if ops.len() > 1 { 169 } else { 676 });
        made.import().map(|i| i.layers)
    };
    let pool = || ("MaxPool", vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])]);
    let mean = || ("AveragePool", vec![ints("kernel_shape", &[2, 2]), ints("strides", &[2, 2])]);
    let relu = || ("Relu", Vec::new());
    let conv = Layer::Conv { kernel: 3, filters: 1 };
    assert_eq!(after(&[relu()]).unwrap()[0], conv);
    assert_eq!(after(&[relu(), pool()]).unwrap()[..2], [conv, Layer::MaxPool]);
    assert_eq!(after(&[pool(), relu()]).unwrap()[..2], [conv, Layer::MaxPool]);
    // A mean of rectified numbers is another than a rectified mean.
    let layers = after(&[mean(), relu()]).unwrap();
    assert_eq!(layers[2], Layer::Activate(Activation::Relu));
    let window = Window::square(2, 2);
    assert_eq!(layers[1], Layer::Pool { kind: PoolKind::Average, window });
    let slope = |f| Attribute { name: Some("alpha".into()), f: Some(f), ..Attribute::default() };
    assert!(after(&[("LeakyRelu", vec![slope(0.01)])]).is_ok());
    let said = after(&[("LeakyRelu", vec![slope(0.3)])]).unwrap_err().to_string();
    assert!(said.contains("0.3") && said.contains("number 2 (LeakyRelu)"), "{said}");
    let six = Attribute { name: Some("max".into()), f: Some(6.0), ..Attribute::default() };
    let zero = Attribute { name: Some("min".into()), f: Some(0.0), ..Attribute::default() };
    assert_eq!(after(&[("Clip", vec![zero.clone()])]).unwrap()[0], conv);
    assert!(after(&[("Clip", vec![zero, six])]).unwrap_err().to_string().contains("above 6"));
}

#[test]
fn scales_at_the_front_are_taken_in_or_become_a_layer() {
    let digit = digits()[3];
    let scaled = |padding: i64| {
        let mut made = Made::new(&[0, 1, 28, 28]);
        let (mean, deviation) = (made.constant(&[], &[0.1307]), made.constant(&[1], &[0.3081]));
        made.node("Sub", &[&mean], Vec::new()).node("Div", &[&deviation], Vec::new());
        let w = made.constant(&[1, 1, 3, 3], &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
        made.node("Conv", &[&w], vec![ints("pads", &[padding; 4])]);
        let side = 26 + 2 * padding as usize;
        made.node("Flatten", &[], Vec::new()).end(side * side);
        made.import().unwrap()
    };
    let (inside, padded) = (scaled(0), scaled(1));
    assert_eq!((inside.layers.len(), padded.layers.len()), (2, 3));
    assert_eq!(padded.layers[0], Layer::Affine);
    assert_eq!(inside.scaling.scaling, Scaling::Unit);
    assert!(inside.scaling.reason.contains("itself"));
    // What a pixel in the middle adds up to, by hand.
    let sum: f32 = (0..9)
        .map(|k| (digit[(14 + k / 3) * 28 + 14 + k % 3] - 0.1307) / 0.3081 * (k + 1) as f32 / 10.0)
        .sum();
    let (weight, bias) = (&inside.values[0], inside.values[1][0]);
    let taken: f32 = (0..9).map(|k| digit[(14 + k / 3) * 28 + 14 + k % 3] * weight[k]).sum();
    assert!((sum - taken - bias).abs() < 1e-4, "{sum} {taken} {bias}");
    let bytes = {
        let mut made = Made::new(&[0, 784]);
        let by = made.constant(&[], &[255.0]);
        made.node("Div", &[&by], Vec::new()).end(784).import().unwrap()
    };
    assert_eq!(bytes.scaling.scaling, Scaling::Bytes);
    let back = with_scaling(bytes, Scaling::Bytes);
    assert!((back.values[0][1] - -5.0).abs() < 1e-5, "{}", back.values[0][1]);
}

#[test]
fn a_scaling_is_put_in_front_of_any_first_layer() {
    let digit = digits()[5];
    let brighter: Pixels = digit.map(|v| (v - 0.1307) / 0.3081);
    let networks = MADE.map(|name| (name, read(name).unwrap()));
    for (name, imported) in networks {
        let scaled = imported.clone().scaled(Scaling::Normalised).unwrap();
        let wanted = plain::logits(&imported.layers, &imported.values, &brighter);
        let found = plain::logits(&scaled.layers, &scaled.values, &digit);
        let apart = wanted.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-4, "{name}: {apart}");
        let before = usize::from(matches!(name, "lenet" | "keras"));
        assert_eq!(scaled.layers.len(), imported.layers.len() + before, "{name}");
        // Once more: into the layer that is there now.
        let twice = with_scaling(scaled.clone(), Scaling::Bytes);
        assert_eq!(twice.layers, scaled.layers);
    }
}

#[test]
fn branches_and_what_is_left_in_the_middle_are_refused() {
    let mut made = Made::new(&[0, 784]);
    made.node("Relu", &[], Vec::new());
    let first = made.now.clone();
    made.node("Tanh", &[], Vec::new()).node("Add", &[&first], Vec::new()).end(784);
    made.refused("joins two branches");
    let mut made = Made::new(&[0, 784]);
    made.node("Relu", &[], Vec::new());
    let first = made.now.clone();
    made.node("Tanh", &[], Vec::new());
    made.now = first;
    made.node("Sigmoid", &[], Vec::new()).end(784);
    // The other way is not needed, so this is a chain.
    assert_eq!(made.import().unwrap().layers.len(), 3);
    let output = value("v1", &[0, 784]);
    made.graph.output.push(output);
    made.refused("branches");
    // A network that answers twice.
    let mut made = Made::new(&[0, 784]);
    made.end(784);
    let logits = value(&made.now, &[0, 10]);
    made.node("Softmax", &[], vec![int("axis", 1)]);
    made.graph.output.push(logits);
    assert!(made.import().is_ok());
    made.node("Relu", &[], Vec::new());
    made.refused("after the softmax");
}

#[test]
fn what_goes_round_a_picture_of_another_order_is_refused() {
    // Turned pictures: rows become columns.
    let mut made = Made::new(&[0, 28, 28]);
    made.node("Transpose", &[], vec![ints("perm", &[0, 2, 1])]);
    let one = made.whole(&[1]);
    made.node("Unsqueeze", &[&one], Vec::new());
    let w = made.constant(&[1, 1, 3, 3], &[1.0; 9]);
    made.node("Conv", &[&w], Vec::new()).node("Flatten", &[], Vec::new()).end(676);
    made.refused("turned");
    // A dense layer can read them.
    let mut made = Made::new(&[0, 28, 28]);
    made.node("Transpose", &[], vec![ints("perm", &[0, 2, 1])]);
    made.node("Flatten", &[], Vec::new()).end(784);
    let imported = made.import().unwrap();
    assert_eq!(imported.values[0][(2 * 28 + 5) * 10], ((5 * 28 + 2) * 10 % 13) as f32 - 6.0);
    // A row each.
    let mut made = Made::new(&[0, 28, 28]);
    made.end(28);
    made.refused("shape 1×28×28");
}

#[test]
fn a_part_of_a_picture_reaches_a_dense_layer_only() {
    let sliced = |rows: i64| {
        let mut made = Made::new(&[0, 1, 28, 28]);
        let (from, to, axis) = (made.whole(&[2]), made.whole(&[2 + rows]), made.whole(&[2]));
        made.node("Slice", &[&from, &to, &axis], Vec::new());
        made
    };
    let mut made = sliced(3);
    made.node("Flatten", &[], Vec::new()).end(84);
    let weights = &made.import().unwrap().values[0];
    // Rows 2 to 4; what is not looked at has no weights.
    assert!(weights[..560].iter().chain(&weights[1400..]).all(|w| *w == 0.0));
    assert_eq!(weights[562], 2.0 - 6.0);
    for rows in [0, 3] {
        let mut made = sliced(rows);
        let w = made.constant(&[1, 1, 1, 1], &[1.0]);
        made.node("Conv", &[&w], Vec::new()).node("Flatten", &[], Vec::new()).end(84);
        made.refused("cut out of another");
    }
}

#[test]
fn zeros_that_are_written_out_are_counted() {
    let mut made = Made::new(&[0, 1, 28, 28]);
    let many = 7000;
    let w = made.constant(&[many, 1, 28, 28], &vec![0.0; 7000 * 784]);
    let one = made.constant(&[many, 1, 1, 1], &vec![0.0; 7000]);
    made.node("Conv", &[&w], Vec::new());
    made.node("Conv", &[&one], vec![int("group", many)]);
    made.node("Flatten", &[], Vec::new()).end(7000);
    made.refused("too many weights");
}

#[test]
fn a_network_without_a_dense_layer_at_the_end_gets_one() {
    let mut made = Made::new(&[0, 1, 28, 28]);
    let w = made.constant(&[10, 1, 5, 5], &(0..250).map(|i| i as f32 / 99.0).collect::<Vec<_>>());
    made.node("Conv", &[&w], Vec::new()).node("GlobalAveragePool", &[], Vec::new());
    made.node("Flatten", &[], Vec::new());
    let imported = made.import().unwrap();
    assert_eq!(imported.layers.len(), 3);
    assert!(imported.notes[0].contains("hands on"), "{:?}", imported.notes);
    let digit = digits()[0];
    let [whole, before] = [3, 2].map(|n| {
        let arrays = if n == 3 { 4 } else { 2 };
        plain::logits(&imported.layers[..n], &imported.values[..arrays], &digit)
    });
    assert_eq!(whole, before);
}

#[test]
fn a_linear_classifier_is_a_dense_layer() {
    let floats = |name: &str, floats: Vec<f32>| Attribute {
        name: Some(name.into()),
        floats,
        ..Attribute::default()
    };
    let made = |classes: &[i64]| {
        let mut made = Made::new(&[0, 784]);
        let weights = (0..7840).map(|i| (i % 17) as f32).collect();
        let attributes = vec![
            floats("coefficients", weights),
            floats("intercepts", vec![0.5; 10]),
            ints("classlabels_ints", classes),
        ];
        made.node("LinearClassifier", &[], attributes);
        made
    };
    let imported = made(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).import().unwrap();
    assert_eq!(imported.layers, [Layer::Dense { units: 10, activation: Activation::Linear }]);
    assert_eq!(imported.values[0][5 * 10 + 3], ((3 * 784 + 5) % 17) as f32);
    made(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 0]).refused("in this order");
    let mut looped = Made::new(&[0, 784]);
    looped.node("Less", &[], Vec::new()).node("Loop", &[], Vec::new());
    looped.refused("number 2 (Loop)");
}

#[test]
fn simple_recurrent_layers_have_tanh_and_read_forward() {
    let made = |name: &str, said: &[&str]| {
        let mut made = Made::new(&[0, 28, 28]);
        made.node("Transpose", &[], vec![ints("perm", &[1, 0, 2])]);
        let w = made.constant(&[1, 16, 28], &[0.1; 16 * 28]);
        let r = made.constant(&[1, 16, 16], &[0.1; 16 * 16]);
        let mut attribute = Attribute { name: Some(name.into()), ..Attribute::default() };
        match name {
            "activations" => attribute.strings = said.iter().map(|s| s.as_bytes().into()).collect(),
            _ => attribute.s = Some(said[0].as_bytes().into()),
        }
        made.node("RNN", &[&w, &r], vec![attribute]);
        made
    };
    made("activations", &["Relu"]).refused("its functions are Relu, not tanh");
    made("direction", &["bidirectional"]).refused("ours read forward");
}
