//! Bytes from anywhere: an error or a network, never a panic or a wait.

use super::*;
use crate::data::MOST_CLASSES;
use crate::data::classes::FEWEST;

/// As [`import_with`], but a panic is not caught.
fn uncaught(bytes: &[u8]) -> Result<Imported, OnnxError> {
    let mut beside = |_: &str| Ok(vec![0x3f; 20_000]);
    walk::walk(proto::read(bytes).map_err(OnnxError::File)?, &mut beside)
}

/// What is read is at least of the right size.
fn sound(bytes: &[u8]) {
    if let Ok(imported) = uncaught(bytes) {
        assert!(imported.values.iter().flatten().all(|v| v.is_finite()));
        let picture = [0.5; PIXELS];
        // The plain computation checks every length.
        if imported.values.iter().map(Vec::len).sum::<usize>() < 100_000 {
            let logits = plain::logits(&imported.layers, &imported.values, &picture).len();
            assert!((FEWEST..=MOST_CLASSES).contains(&logits), "{logits}");
        }
    }
}

/// The file without its weights' bytes is mostly structure, which is what mutations should
/// hit: positions are drawn from the first and the last of it more often.
fn place(dice: &mut Dice, len: usize) -> usize {
    match dice.roll(3) {
        0 => dice.roll(len),
        1 => dice.roll(len.min(2500)),
        _ => len - 1 - dice.roll(len.min(2500)),
    }
}

#[test]
fn changed_bytes_never_end_in_a_panic() {
    let mut dice = Dice(7);
    for name in MADE {
        let whole = bytes(&format!("{name}.onnx"));
        for _ in 0..500 {
            let mut broken = whole.clone();
            for _ in 0..=dice.roll(4) {
                let at = place(&mut dice, broken.len());
                match dice.roll(5) {
                    0 => broken[at] = dice.roll(256) as u8,
                    1 => broken[at] ^= 1 << dice.roll(8),
                    2 => broken[at] = [0, 1, 0x7f, 0x80, 0xff][dice.roll(5)],
                    3 => drop(broken.remove(at)),
                    _ => broken.insert(at, dice.roll(256) as u8),
                }
            }
            sound(&broken);
        }
    }
}

#[test]
fn cut_and_joined_files_never_end_in_a_panic() {
    let mut dice = Dice(8);
    for name in MADE {
        let whole = bytes(&format!("{name}.onnx"));
        for _ in 0..60 {
            let (a, b) = (place(&mut dice, whole.len()), place(&mut dice, whole.len()));
            sound(&whole[..a]);
            let mut joined = whole[..a].to_vec();
            joined.extend(&whole[b..]);
            sound(&joined);
        }
    }
    for bytes in [&b""[..], &[0], &[0x3a, 0], &[0xff; 300], b"\x3a\xff\xff\xff\xff\x0f"] {
        assert!(uncaught(bytes).is_err());
    }
}

#[test]
fn changed_structures_never_end_in_a_panic() {
    use prost::Message;
    let mut dice = Dice(9);
    for name in MADE {
        let whole = proto::Model::decode(&bytes(&format!("{name}.onnx"))[..]).unwrap();
        for _ in 0..300 {
            let mut model = whole.clone();
            let graph = model.graph.as_mut().unwrap();
            for _ in 0..=dice.roll(2) {
                meddle(&mut dice, graph);
            }
            sound(&model.encode_to_vec());
        }
    }
}

/// Changes one thing in a graph that still is one.
fn meddle(dice: &mut Dice, graph: &mut proto::Graph) {
    const ODD: [i64; 12] = [0, 1, -1, 2, 3, 28, 784, -2, i64::MAX, i64::MIN, 1 << 31, 1 << 20];
    const OPS: [&str; 25] = [
        "Conv",
        "Gemm",
        "MatMul",
        "Relu",
        "MaxPool",
        "AveragePool",
        "Flatten",
        "Reshape",
        "Squeeze",
        "Unsqueeze",
        "Transpose",
        "RNN",
        "GRU",
        "LSTM",
        "Gather",
        "Slice",
        "Pad",
        "Expand",
        "Concat",
        "ReduceMean",
        "GlobalAveragePool",
        "BatchNormalization",
        "Softmax",
        "Mul",
        "Shape",
    ];
    let nodes = graph.node.len();
    let odd = ODD[dice.roll(ODD.len())];
    match dice.roll(9) {
        0 => {
            let n = dice.roll(graph.initializer.len());
            let dims = &mut graph.initializer[n].dims;
            if !dims.is_empty() {
                let at = dice.roll(dims.len());
                dims[at] = odd;
            }
        }
        1 => {
            let n = dice.roll(graph.initializer.len());
            graph.initializer[n].dims.reverse();
        }
        2 => graph.node[dice.roll(nodes)].op_type = Some(OPS[dice.roll(OPS.len())].into()),
        3 => {
            let node = &mut graph.node[dice.roll(nodes)];
            if !node.attribute.is_empty() {
                let n = dice.roll(node.attribute.len());
                let attribute = &mut node.attribute[n];
                attribute.i = Some(odd);
                if !attribute.ints.is_empty() {
                    let at = dice.roll(attribute.ints.len());
                    attribute.ints[at] = odd;
                }
            }
        }
        4 => graph.node.swap(0, nodes - 1),
        5 => drop(graph.node.remove(dice.roll(nodes - 1))),
        6 => {
            let node = &mut graph.node[dice.roll(nodes)];
            node.input.reverse();
        }
        7 => {
            // Whole numbers: shapes and axes.
            let whole = |t: &&mut proto::Tensor| t.data_type == Some(proto::data::INT64);
            if let Some(tensor) = graph.initializer.iter_mut().find(whole) {
                tensor.raw_data = Some(odd.to_le_bytes().to_vec());
            }
        }
        _ => {
            let copy = graph.node[dice.roll(nodes)].clone();
            graph.node.insert(dice.roll(nodes), copy);
        }
    }
}

#[test]
fn nested_and_repeated_messages_are_skipped_or_refused() {
    let wrap = |tag: u8, inner: &[u8]| {
        let mut out = vec![tag << 3 | 2];
        let mut n = inner.len();
        while n > 127 {
            out.push(n as u8 | 128);
            n >>= 7;
        }
        out.push(n as u8);
        out.extend(inner);
        out
    };
    // A graph in an attribute of a node of a graph …
    let mut inner = Vec::new();
    for _ in 0..2000 {
        inner = wrap(6, &wrap(1, &wrap(5, &inner)));
    }
    assert!(uncaught(&wrap(7, &wrap(1, &wrap(5, &inner)))).is_err());
    // Two bytes each, hundreds in memory.
    assert!(proto::read(&wrap(7, &[10, 0].repeat(1_000_000))).is_err());
    assert!(proto::read(&[58, 0].repeat(1_000_000)).is_err());
    assert!(proto::read(&wrap(7, &wrap(1, &[42, 0].repeat(1_000_000)))).is_err());
    assert!(proto::read(&wrap(7, &wrap(5, &[106, 0].repeat(1_000_000)))).is_err());
}

#[test]
fn weights_are_read_from_beside_the_file_only() {
    for name in ["../x", "/etc/passwd", "a/b", "..", ".x", "", "C:x", "a\\b", "a\0"] {
        let mut tensor = proto::Tensor {
            dims: vec![1],
            data_type: Some(proto::data::FLOAT),
            data_location: Some(1),
            external_data: vec![proto::Entry {
                key: Some("location".into()),
                value: Some(name.into()),
            }],
            ..proto::Tensor::default()
        };
        let mut never = |_: &str| -> Result<Vec<u8>, String> { panic!("it was asked for") };
        assert!(array::of(&mut tensor, &mut never).is_err(), "{name}");
    }
}
