//! A network: an architecture with its weights.

use candle_core::{Device, Tensor, Var};

use super::AnnError;
use super::ops::conv::ConvRelu;
use super::ops::dense::Dense;
use super::ops::dropout::Dropout;
use super::ops::loss::softmax;
use super::ops::pool::MaxPool;
use super::ops::with_values;
use super::zoo::{Architecture, Layer, LayerSummary, summary};
use crate::core::rng::Rng;
use crate::data::{CLASSES, PIXELS, Pixels, SIDE};

/// Pictures that are answered together; bounds the memory of a long list.
const CHUNK: usize = 64;

/// A weight matrix with its bias.
#[derive(Debug)]
struct Weights {
    /// `conv1`, `dense2`: stable, used in files.
    name: String,
    /// Kernel `(k·k·c, o)` or matrix `(inputs, units)`.
    weight: Var,
    /// `(o)` or `(units)`.
    bias: Var,
}

/// A network and its weights, on the CPU.
#[derive(Debug)]
pub struct Network {
    architecture: &'static Architecture,
    layers: Vec<Layer>,
    weights: Vec<Weights>,
}

/// How a forward pass is run.
#[derive(Clone, Copy, Debug)]
pub enum Mode {
    /// Answering: no dropout, nothing kept for a backward pass.
    Answer,
    /// Training: dropout by this seed and step.
    Train { seed: u64, step: u64 },
}

/// `Conv 2 5×5` → `conv2`.
fn file_name(line: &LayerSummary) -> String {
    let mut words = line.name.split(' ');
    format!(
        "{}{}",
        words.next().unwrap_or_default().to_lowercase(),
        words.next().unwrap_or_default()
    )
}

impl Network {
    /// Weights drawn uniformly in ±√(6 / (fan in + fan out)) (Glorot and Bengio
    /// 2010), biases zero. The fans of a kernel count its area, as in Keras.
    ///
    /// # Errors
    /// Only should candle fail to allocate.
    pub fn new(architecture: &'static Architecture, seed: u64) -> Result<Self, AnnError> {
        let layers = (architecture.layers)();
        let mut weights = Vec::new();
        for (line, layer) in summary(&layers).iter().zip(&layers) {
            let Some((inputs, outputs)) = line.weights else { continue };
            let name = file_name(line);
            let area = if let Layer::Conv { kernel, .. } = layer { kernel * kernel } else { 1 };
            let limit = (6.0 / (inputs + area * outputs) as f32).sqrt();
            let mut rng = Rng::stream(seed, &format!("init {name}"), 0);
            let values: Vec<f32> =
                (0..inputs * outputs).map(|_| rng.range(-limit, limit)).collect();
            let weight = Tensor::from_vec(values, (inputs, outputs), &Device::Cpu)?;
            weights.push(Weights {
                name,
                weight: Var::from_tensor(&weight)?,
                bias: Var::zeros(outputs, candle_core::DType::F32, &Device::Cpu)?,
            });
        }
        Ok(Self { architecture, layers, weights })
    }

    /// Its architecture.
    pub fn architecture(&self) -> &'static Architecture {
        self.architecture
    }

    /// Names (`conv1.weight`, `conv1.bias`, …) and variables, from the picture
    /// to the classes.
    pub fn parameters(&self) -> Vec<(String, &Var)> {
        self.weights
            .iter()
            .flat_map(|w| {
                [(format!("{}.weight", w.name), &w.weight), (format!("{}.bias", w.name), &w.bias)]
            })
            .collect()
    }

    /// All parameters' values, in the order of [`Network::parameters`].
    ///
    /// # Errors
    /// Should the tensor library fail.
    pub fn values(&self) -> Result<Vec<Vec<f32>>, AnnError> {
        let copy = |(_, var): (String, &Var)| with_values(var.as_tensor(), <[f32]>::to_vec);
        Ok(self.parameters().into_iter().map(copy).collect::<candle_core::Result<_>>()?)
    }

    /// Sets all parameters, in the order of [`Network::parameters`].
    ///
    /// # Errors
    /// When a length does not fit.
    pub fn set_values(&self, values: &[Vec<f32>]) -> Result<(), AnnError> {
        for ((_, var), values) in self.parameters().into_iter().zip(values) {
            var.set(&Tensor::from_slice(values, var.dims(), &Device::Cpu)?)?;
        }
        Ok(())
    }

    /// A copy that shares nothing with this one (a cloned tensor would be a live
    /// view of the weights in training).
    ///
    /// # Errors
    /// Should the tensor library fail.
    pub fn snapshot(&self) -> Result<Self, AnnError> {
        let copy = Self::new(self.architecture, 0)?;
        copy.set_values(&self.values()?)?;
        Ok(copy)
    }

    /// Logits `(batch, 10)` of pictures `(batch, 1, 28, 28)`.
    ///
    /// # Errors
    /// When the shape does not fit.
    pub fn forward(&self, pictures: &Tensor, mode: Mode) -> Result<Tensor, AnnError> {
        let (batch, ..) = pictures.dims4()?;
        // One channel: channels first and last are the same numbers.
        let mut x = pictures.reshape((batch, SIDE, SIDE, 1))?;
        let mut weights = self.weights.iter();
        for (number, layer) in self.layers.iter().enumerate() {
            x = match (*layer, mode) {
                (Layer::MaxPool, Mode::Answer) => x.apply_op1_no_bwd(&MaxPool::default())?,
                (Layer::MaxPool, Mode::Train { .. }) => x.apply_op1(MaxPool::default())?,
                (Layer::Dropout(_), Mode::Answer) => x,
                (Layer::Dropout(rate), Mode::Train { seed, step }) => {
                    x.apply_op1(Dropout { rate, seed, layer: number, step })?
                }
                (Layer::Conv { kernel, .. }, _) => {
                    let op = ConvRelu { kernel, input_gradient: number > 0 };
                    weigh(&x, weights.next(), op, mode)?
                }
                (Layer::Dense { relu, .. }, _) => {
                    let op = Dense { relu, input_gradient: number > 0 };
                    weigh(&x.flatten_from(1)?, weights.next(), op, mode)?
                }
            };
        }
        Ok(x)
    }

    /// The ten probabilities of each picture.
    ///
    /// # Errors
    /// Should the tensor library fail.
    pub fn probabilities(&self, pictures: &[Pixels]) -> Result<Vec<[f32; CLASSES]>, AnnError> {
        let mut answers = Vec::with_capacity(pictures.len());
        for chunk in pictures.chunks(CHUNK) {
            let flat = chunk.as_flattened().to_vec();
            debug_assert_eq!(flat.len(), chunk.len() * PIXELS);
            let x = Tensor::from_vec(flat, (chunk.len(), 1, SIDE, SIDE), &Device::Cpu)?;
            let logits = self.forward(&x, Mode::Answer)?;
            with_values(&logits, |logits| {
                for row in logits.as_chunks::<CLASSES>().0 {
                    let mut row = *row;
                    softmax(&mut row);
                    answers.push(row);
                }
            })?;
        }
        Ok(answers)
    }
}

fn weigh<Op>(
    x: &Tensor,
    weights: Option<&Weights>,
    op: Op,
    mode: Mode,
) -> candle_core::Result<Tensor>
where
    Op: candle_core::CustomOp3 + Send + Sync + 'static,
{
    let Some(w) = weights else { candle_core::bail!("a layer has no weights") };
    match mode {
        Mode::Answer => x.apply_op3_no_bwd(&w.weight, &w.bias, &op),
        Mode::Train { .. } => x.apply_op3(&w.weight, &w.bias, op),
    }
}

#[cfg(test)]
mod tests {
    use super::super::zoo::ZOO;
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_weights_within_glorots_bounds() {
        for architecture in ZOO {
            let draw = |seed| Network::new(architecture, seed).unwrap().values().unwrap();
            assert_eq!(draw(1), draw(1));
            assert_ne!(draw(1), draw(2));
            let first = &draw(1)[0];
            let largest = first.iter().fold(0f32, |m, v| m.max(v.abs()));
            assert!(largest > 0.0 && largest < 0.3);
        }
    }

    #[test]
    fn answers_sum_to_one_and_do_not_depend_on_the_company() {
        let digit = |k: usize| -> Pixels { std::array::from_fn(|i| ((i * k) % 17) as f32 / 17.0) };
        for architecture in ZOO {
            let network = Network::new(architecture, 3).unwrap();
            let many: Vec<Pixels> = (1..80).map(digit).collect();
            let together = network.probabilities(&many).unwrap();
            for i in [0, 5, 78] {
                let alone = network.probabilities(&many[i..=i]).unwrap()[0];
                let worst =
                    (0..CLASSES).map(|d| (alone[d] - together[i][d]).abs()).fold(0.0, f32::max);
                assert!(worst < 1e-6);
                assert!((alone.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_snapshot_does_not_follow_its_original() {
        let network = Network::new(ZOO[0], 1).unwrap();
        let copy = network.snapshot().unwrap();
        let zeros: Vec<Vec<f32>> =
            network.values().unwrap().iter().map(|v| vec![0.0; v.len()]).collect();
        let before = copy.values().unwrap();
        network.set_values(&zeros).unwrap();
        assert_eq!(copy.values().unwrap(), before);
        assert_eq!(network.values().unwrap(), zeros);
    }
}
