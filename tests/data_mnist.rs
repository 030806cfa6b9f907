//! Against the real MNIST, in the folder that `SPIKESCOPE_MNIST` names.

use std::path::PathBuf;

use spikescope::data::mnist::{self, FileState};
use spikescope::data::strokes::normalise_grey;
use spikescope::data::{SIDE, picture, registry};

fn folder() -> PathBuf {
    std::env::var_os(mnist::FOLDER_VARIABLE).expect("SPIKESCOPE_MNIST names the folder").into()
}

#[test]
#[ignore = "needs MNIST: set SPIKESCOPE_MNIST"]
fn the_four_files_are_verified_and_load() {
    for report in mnist::check(&folder()) {
        assert_eq!(report.state, FileState::Ok { verified: true }, "{}", report.name);
        assert!(report.bytes > 4000);
    }
    let split = registry::load("mnist", Some(&folder())).unwrap();
    assert_eq!((split.train.len(), split.test.len()), (60_000, 10_000));
    assert_eq!((split.train.id.as_str(), split.test.id.as_str()), ("mnist-train", "mnist-test"));
    // The first labels of both files, as shown in every introduction to MNIST.
    assert_eq!(split.train.labels()[..5], [5, 0, 4, 1, 9]);
    assert_eq!(split.test.labels()[..5], [7, 2, 1, 0, 4]);
}

#[test]
#[ignore = "needs MNIST: set SPIKESCOPE_MNIST"]
fn framing_leaves_mnist_where_it_is() {
    let split = registry::load("mnist", Some(&folder())).unwrap();
    let mut off = 0.0;
    let n = 1000;
    for i in 0..n {
        let digit = split.test.pixels(i);
        let framed = normalise_grey(&digit, SIDE, SIDE);
        off += digit.iter().zip(&framed).map(|(a, b)| (a - b).abs()).sum::<f32>() / 784.0;
    }
    // One digit in twenty is not 20 pixels large in MNIST and gets rescaled.
    assert!(off / (n as f32) < 0.01, "{}", off / n as f32);
}

#[test]
#[ignore = "needs MNIST: set SPIKESCOPE_MNIST"]
fn a_digit_saved_as_a_picture_comes_back_as_it_was() {
    let split = registry::load("mnist", Some(&folder())).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("digit.png");
    let mut same = 0;
    for i in 0..200 {
        let bytes = split.test.image(i).to_vec();
        image::GrayImage::from_raw(28, 28, bytes).unwrap().save(&path).unwrap();
        let (digit, found) = (split.test.pixels(i), picture::load(&path).unwrap());
        assert_eq!(found.digits.len(), 1, "digit {i}");
        let off = digit
            .iter()
            .zip(found.digits[0].pixels.iter())
            .map(|(a, b)| (a - b).abs())
            .sum::<f32>()
            / 784.0;
        same += usize::from(off < 0.01);
    }
    // About 3 % have strokes thin enough to be widened, as on any picture, and
    // some are less than 20 pixels large.
    assert!(same > 180, "{same} of 200");
}
