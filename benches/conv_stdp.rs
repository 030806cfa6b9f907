//! What a picture costs a network of spikes, on one thread: encoding, learning in the first
//! and in the second convolution, features. With `PEER=conv_stdp.c` another
//! implementation, one file of C, is compiled and runs on the same pictures in the same
//! minutes; it prints when it has done each part (`IDX=folder` has MNIST's unpacked files,
//! which both read). Turns alternate, and the median of each is printed.
#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use spikescope::ann::ops::conv_stdp::layer::Pool;
use spikescope::ann::ops::conv_stdp::learn::{self, Competition, Growth};
use spikescope::ann::ops::conv_stdp::{Answer, Conv, ConvStdp, Design, Work};
use spikescope::core::isa::Isa;
use spikescope::core::rng::Rng;
use spikescope::data::{Dataset, PIXELS, synthetic};

const MAPS: (usize, usize) = (32, 250);
const TURNS: usize = 3;
const PARTS: [&str; 4] = ["encode", "layer 1, a pass", "layer 2, a pass", "features"];

fn pictures(count: usize) -> Dataset {
    let Some(folder) = std::env::var_os("IDX") else { return synthetic::generate(1, count) };
    let path = Path::new(&folder).join("train-images-idx3-ubyte");
    let bytes = std::fs::read(path).expect("MNIST's training images");
    let images = bytes[16..16 + count * PIXELS].to_vec();
    Dataset::new("mnist", images, vec![0; count]).expect("pictures of 28×28")
}

/// Kheradpisheh's network with more maps, as the peer has it.
fn design() -> Design {
    let pool = Pool { size: 2, stride: 2, padding: 1 };
    Design {
        first: Conv { maps: MAPS.0, kernel: 5, padding: 2, threshold: 10.0, pool },
        second: Conv { maps: MAPS.1, kernel: 2, padding: 1, threshold: 2.0, pool },
        answer: Answer::Linear,
    }
}

/// Milliseconds for a picture, by part.
fn own(digits: &Dataset) -> [f64; 4] {
    let op = ConvStdp::new(Isa::best(), design());
    let mut rng = Rng::stream(1, "weights", 0);
    let fresh = (0..op.weights(2).start).map(|_| (0.8 + 0.05 * rng.normal()).clamp(0.0, 1.0));
    let mut parameters: Vec<f32> = fresh.collect();
    parameters.resize(op.design().parameters(), 0.0);
    let n = digits.len();
    let growth = Growth { plus: 0.004, ratio: 0.75, every: 500.0, limit: 0.15 };
    let by = [Competition { winners: 5, radius: 2 }, Competition { winners: 8, radius: 1 }];
    let mut work = Work::default();
    let mut took = [0.0; 4];
    let begun = Instant::now();
    let codes: Vec<_> = (0..n)
        .map(|i| {
            op.encode(&digits.pixels(i), &mut work);
            work.code.clone()
        })
        .collect();
    took[0] = begun.elapsed().as_secs_f64();
    for layer in 0..2 {
        let begun = Instant::now();
        for (i, code) in codes.iter().enumerate() {
            work.code.clone_from(code);
            if layer == 0 {
                op.run(0, &parameters, code, &mut work);
            } else {
                op.below_second(&parameters, &mut work);
                let pooled = work.pooled.clone();
                op.run(1, &parameters, &pooled, &mut work);
            }
            let shape = op.shapes()[layer];
            let own = &mut parameters[op.weights(layer)];
            let sizes = (shape.conv.maps, shape.side());
            learn::learn(own, sizes, &work, by[layer], growth.rates(i as f32));
        }
        took[1 + layer] = begun.elapsed().as_secs_f64();
    }
    let mut packed = vec![0u16; op.packed_len()];
    let begun = Instant::now();
    for code in &codes {
        work.code.clone_from(code);
        op.features(&parameters, &mut work, &mut packed);
    }
    took[3] = begun.elapsed().as_secs_f64();
    took.map(|s| 1e3 * s / n as f64)
}

/// The same of the peer: it prints `…, 12.3 s` after each part, counted from the beginning
/// of the encoding or of the rest.
fn peer(program: &Path, count: usize) -> [f64; 4] {
    let folder = std::env::var_os("IDX").expect("IDX names the folder of MNIST's files");
    let (threshold_1, threshold_2) = ("10", "2");
    let mut child = Command::new(program)
        .arg(folder)
        .args(["1", "1", &count.to_string(), threshold_1, threshold_2, &MAPS.1.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the peer runs");
    let out = child.stdout.take().expect("its output");
    let mut took = [0.0; 4];
    for line in std::io::BufRead::lines(std::io::BufReader::new(out)).map_while(Result::ok) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let seconds = words[words.len() - 2].parse::<f64>().unwrap_or(f64::NAN);
        // It encodes and has features of the 10,000 test images, too.
        let all = (count + 10_000) as f64;
        let n = count as f64;
        match words[0] {
            "encoded," => took[0] = seconds / all,
            "layer" if words[1] == "1" => took[1] = seconds / n,
            "layer" => took[2] = seconds / n - took[1],
            "features" => {
                took[3] = (seconds - n * took[2] - n * took[1]) / all;
                break;
            }
            _ => {}
        }
    }
    let _ = child.kill();
    let _ = child.wait();
    took.map(|s| 1e3 * s)
}

fn median(turns: &[[f64; 4]], part: usize) -> f64 {
    let mut all: Vec<f64> = turns.iter().map(|t| t[part]).collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() {
    // `cargo test` runs benches, too.
    if !std::env::args().any(|a| a == "--bench") {
        return;
    }
    let count: usize = std::env::var("COUNT").ok().and_then(|c| c.parse().ok()).unwrap_or(6000);
    let digits = pictures(count);
    let folder = tempfile::tempdir().expect("a folder");
    let program = std::env::var_os("PEER").map(|source| {
        let program = folder.path().join("peer");
        let mut compiler = Command::new("gcc");
        compiler.args(["-O3", "-march=native", "-o"]).arg(&program).arg(source).arg("-lm");
        assert!(compiler.status().expect("gcc").success());
        program
    });
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(own(&digits));
        theirs.extend(program.iter().map(|p| peer(p, count)));
    }
    println!("{count} pictures, {} and {} maps, one thread, ms a picture", MAPS.0, MAPS.1);
    for (part, name) in PARTS.iter().enumerate() {
        let own = median(&ours, part);
        let other = median(&theirs, part);
        println!("{name:<16} {own:8.4}   peer {other:8.4}   {:6.1}×", other / own);
    }
}
