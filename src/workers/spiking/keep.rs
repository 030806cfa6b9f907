//! The network that learns, in a file, so that it outlives the program: weights and θ
//! to the bit, labels, everything counted and the running accuracy.
//!
//! Not in it are membranes and traces: the run goes on with the next image, from rest.
//! Earlier moments and recorded spikes are not kept either. The file is npz, whose
//! array `about` is JSON.

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::network::Learnt;
use super::tally::{Counted, Tally};
use crate::core::npz::{self, Array, Values};
use crate::data::PIXELS;
use crate::data::dataset::Fingerprint;
use crate::snn::diehl_cook::DiehlCook;

/// Numbers of the largest network, with room to spare.
const MOST_NUMBERS: u64 = 40_000_000;
/// Images that anything may count.
const MOST_IMAGES: u64 = 1 << 48;
/// Stands for a neuron without a label.
const NO_LABEL: u8 = 255;

/// A network between two images.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Id of the bundled network that it began with.
    pub begin: Option<String>,
    /// What it learns from.
    pub digits: Fingerprint,
    /// Presentations, repeated ones included.
    pub presentations: u64,
    pub learnt: Arc<Learnt>,
    pub tally: Arc<Tally>,
}

/// What is said about it in the file.
#[derive(Serialize, Deserialize)]
struct About {
    begin: Option<String>,
    digits: Fingerprint,
    presentations: u64,
    config: DiehlCook,
    counted: Counted,
}

impl Kept {
    /// Writes the file whole.
    ///
    /// # Errors
    /// What the disk says; an earlier file is kept.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let about = About {
            begin: self.begin.clone(),
            digits: self.digits.clone(),
            presentations: self.presentations,
            config: self.learnt.config.clone(),
            counted: self.tally.counted(),
        };
        let about = serde_json::to_vec(&about).map_err(|e| e.to_string())?;
        let labels = self.learnt.labels.iter().map(|l| l.unwrap_or(NO_LABEL)).collect();
        let mut arrays = vec![
            ("about", Array::list(Values::U8(about))),
            ("weights", Array::list(Values::F32(self.learnt.weights.clone()))),
            ("theta", Array::list(Values::F32(self.learnt.theta.clone()))),
            ("labels", Array::list(Values::U8(labels))),
        ];
        arrays.extend(self.tally.arrays());
        let arrays: Vec<(&str, &Array)> = arrays.iter().map(|(n, a)| (*n, a)).collect();
        npz::write(path, &arrays).map_err(|e| e.to_string())
    }

    /// Reads what [`Kept::write`] wrote.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let arrays = npz::read(path, MOST_NUMBERS).map_err(|e| e.to_string())?;
        let Values::U8(about) = arrays.get("about")?.values() else {
            return Err("its description is no text".into());
        };
        let about: About = serde_json::from_slice(about)
            .map_err(|e| format!("its description is broken ({e})"))?;
        about.config.check("its description").map_err(|e| e.to_string())?;
        let neurons = about.config.neurons;
        if about.presentations > MOST_IMAGES || about.counted.images() > MOST_IMAGES {
            return Err(format!("it counts more than {MOST_IMAGES} images"));
        }
        let numbers = |name: &str, length: usize, most: f32| -> Result<Vec<f32>, String> {
            let values = arrays.get(name)?.to_f32();
            if values.len() != length {
                return Err(format!("{name} has {} values, not {length}", values.len()));
            }
            match values.iter().find(|v| !(-most..=most).contains(*v)) {
                Some(bad) => Err(format!("{name} contains {bad}")),
                None => Ok(values),
            }
        };
        let weights = numbers("weights", PIXELS * neurons, 100.0)?;
        if let Some(bad) = weights.iter().find(|w| **w < 0.0) {
            return Err(format!("weights contains {bad}"));
        }
        let theta = numbers("theta", neurons, 1e4)?;
        let label = |l: &f32| match *l as u8 {
            NO_LABEL => Ok(None),
            l @ 0..=9 => Ok(Some(l)),
            l => Err(format!("labels contains {l}, which is no digit")),
        };
        let bytes = numbers("labels", neurons, 255.0)?;
        let labels: Vec<Option<u8>> = bytes.iter().map(label).collect::<Result<_, _>>()?;
        let tally = Tally::from_kept(about.counted, labels.clone(), &arrays)?;
        let learnt =
            Learnt::new(about.config, weights, theta, labels).map_err(|e| e.to_string())?;
        Ok(Self {
            begin: about.begin,
            digits: about.digits,
            presentations: about.presentations,
            learnt: Arc::new(learnt),
            tally: Arc::new(tally),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snn::diehl_cook::protocol::AcceptedImage;

    fn kept() -> Kept {
        let config = DiehlCook::of(12);
        let mut tally = Tally::new(12);
        for image in 0..600u32 {
            let counts = (0..12).map(|n| u32::from(n == image % 12) * 4).collect();
            let shown = AcceptedImage { image: u64::from(image), replica: 0, counts, times: 1 };
            tally.add(&shown, image, (image % 12 % 10) as u8);
        }
        let weights = (0..PIXELS * 12).map(|i| (i % 97) as f32 / 97.0).collect();
        let theta = (0..12).map(|n| n as f32 * 0.1).collect();
        let learnt = Learnt::new(config, weights, theta, tally.labels.clone()).unwrap();
        let digits = crate::data::synthetic::generate(9, 1).fingerprint(9);
        Kept {
            begin: None,
            digits,
            presentations: 700,
            learnt: Arc::new(learnt),
            tally: Arc::new(tally),
        }
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.npz");
        let kept = kept();
        kept.write(&path).unwrap();
        let read = Kept::read(&path).unwrap();
        assert_eq!(read.learnt, kept.learnt);
        assert_eq!(read.digits, kept.digits);
        let (mut a, mut b) = ((*read.tally).clone(), (*kept.tally).clone());
        assert_eq!((a.images, a.accuracy(), &a.curve), (b.images, b.accuracy(), &b.curve));
        // They go on alike.
        for image in 0..200 {
            let shown = AcceptedImage { image, replica: 0, counts: vec![1; 12], times: 1 };
            a.add(&shown, 3, 4);
            b.add(&shown, 3, 4);
        }
        assert_eq!((&a.labels, a.accuracy(), &a.won), (&b.labels, b.accuracy(), &b.won));
    }

    #[test]
    fn a_file_that_is_cut_or_changed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.npz");
        kept().write(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(Kept::read(&path).is_err(), "{cut}");
        }
        let mut bad = kept();
        Arc::make_mut(&mut bad.learnt).theta[3] = f32::NAN;
        bad.write(&path).unwrap();
        assert!(Kept::read(&path).unwrap_err().contains("theta contains NaN"));
    }
}
