//! Dropout (Srivastava et al. 2014), inverted: a unit is dropped with probability
//! `rate`, the others are scaled by `1 / (1 − rate)`, so that nothing has to be
//! scaled when answering.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{values, with_values};
use crate::core::rng::Rng;

/// The operation. Which units are dropped follows from seed, layer and step, so
/// the backward pass draws the same mask again instead of keeping it.
#[derive(Clone, Debug)]
pub struct Dropout {
    /// Probability of being dropped, in [0, 1).
    pub rate: f32,
    /// Seed of the run.
    pub seed: u64,
    /// Number of the layer.
    pub layer: usize,
    /// Number of the mini-batch.
    pub step: u64,
}

impl Dropout {
    fn masked(&self, x: &[f32]) -> Vec<f32> {
        let mut rng = Rng::stream(self.seed, &format!("dropout {}", self.layer), self.step);
        let scale = 1.0 / (1.0 - self.rate);
        x.iter().map(|x| if rng.uniform() < self.rate { 0.0 } else { x * scale }).collect()
    }
}

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout, "dropout")?;
        Ok((CpuStorage::F32(self.masked(x)), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let dx = with_values(&dy.contiguous()?, |dy| self.masked(dy))?;
        Ok(Some(Tensor::from_vec(dx, x.dims(), x.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{gradients, random};
    use super::*;

    fn op(step: u64) -> Dropout {
        Dropout { rate: 0.5, seed: 1, layer: 2, step }
    }

    #[test]
    fn half_are_dropped_the_mean_stays_and_the_mask_follows_the_step() {
        let x =
            Tensor::ones((100, 100), candle_core::DType::F32, &candle_core::Device::Cpu).unwrap();
        let run = |step| -> Vec<f32> {
            x.apply_op1(op(step)).unwrap().flatten_all().unwrap().to_vec1().unwrap()
        };
        let y = run(0);
        assert!(y.iter().all(|v| *v == 0.0 || *v == 2.0));
        // Five standard errors of a fair coin thrown 10,000 times.
        assert!((y.iter().sum::<f32>() / 1e4 - 1.0).abs() < 0.05);
        assert_eq!(y, run(0));
        assert_ne!(y, run(1));
    }

    #[test]
    fn the_backward_pass_drops_the_same_units() {
        gradients(&[random(&[4, 9], 1)], |t| t[0].apply_op1(op(3)).unwrap());
    }
}
