//! Files of other programs against what these answer, ours against ours, and bytes that
//! are no such file.

mod files;
mod graphs;
mod hostile;
mod networks;
mod plain;
mod round;

use std::path::PathBuf;

use super::*;
use crate::data::{PIXELS, Pixels};

/// Files that `scripts/onnx_models.py` has made.
const MADE: [&str; 7] = ["lenet", "basic", "rows", "elman", "mlp", "keras", "lstm"];

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/data/onnx", name].iter().collect()
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

fn read(name: &str) -> Result<Imported, OnnxError> {
    let mut beside = |name: &str| std::fs::read(path(name)).map_err(|e| e.to_string());
    import_with(&bytes(&format!("{name}.onnx")), &mut beside)
}

/// 20 generated digits.
fn digits() -> Vec<Pixels> {
    let picture = |d: &[u8]| std::array::from_fn(|i| f32::from(d[i]) / 255.0);
    bytes("digits.idx3-ubyte")[16..].chunks_exact(PIXELS).map(picture).collect()
}

/// Numbers that look random, the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    /// From −1 to 1.
    fn weight(&mut self) -> f32 {
        self.roll(2001) as f32 / 1000.0 - 1.0
    }

    fn weights(&mut self, n: usize) -> Vec<f32> {
        let scale = 2.0 / (n as f32).powf(0.25);
        (0..n).map(|_| scale * self.weight()).collect()
    }
}
