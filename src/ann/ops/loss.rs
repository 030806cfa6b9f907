//! Softmax and categorical cross-entropy in one: numerically safe, and its
//! gradient is simply `(p − onehot) / batch`.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};

use super::{values, with_values};

/// Mean cross-entropy (nats) of logits `(batch, classes)` against labels.
#[derive(Clone, Debug)]
pub struct CrossEntropy {
    /// The right class of each row.
    pub labels: Vec<u8>,
}

/// Turns a row of logits into probabilities, in place.
pub fn softmax(row: &mut [f32]) {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for v in row.iter_mut() {
        *v = (*v - largest).exp();
        sum += *v;
    }
    row.iter_mut().for_each(|v| *v /= sum);
}

/// Cross-entropy (nats) of one row of logits.
pub fn cross_entropy(row: &[f32], label: u8) -> f32 {
    let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = row.iter().map(|v| (v - largest).exp()).sum();
    sum.ln() + largest - row[usize::from(label)]
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let logits = values(storage, layout, "cross-entropy")?;
        let (batch, classes) = layout.shape().dims2()?;
        if batch != self.labels.len() || self.labels.iter().any(|l| usize::from(*l) >= classes) {
            candle_core::bail!(
                "{} labels do not fit logits ({batch}, {classes})",
                self.labels.len()
            );
        }
        let rows = logits.chunks_exact(classes).zip(&self.labels);
        let sum: f64 = rows.map(|(row, label)| f64::from(cross_entropy(row, *label))).sum();
        Ok((CpuStorage::F32(vec![(sum / batch as f64) as f32]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _y: &Tensor, dy: &Tensor) -> Result<Option<Tensor>> {
        let (batch, classes) = logits.dims2()?;
        let scale = dy.to_scalar::<f32>()? / batch as f32;
        let mut gradient = with_values(logits, <[f32]>::to_vec)?;
        for (row, label) in gradient.chunks_exact_mut(classes).zip(&self.labels) {
            softmax(row);
            row[usize::from(*label)] -= 1.0;
            row.iter_mut().for_each(|v| *v *= scale);
        }
        Ok(Some(Tensor::from_vec(gradient, logits.dims(), logits.device())?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{difference, gradients, random};
    use super::*;

    #[test]
    fn loss_and_gradient_agree_with_finite_differences_and_stock_candle() {
        let logits = random(&[5, 10], 1);
        let labels = vec![0u8, 3, 9, 9, 4];
        let op = || CrossEntropy { labels: labels.clone() };
        gradients(std::slice::from_ref(&logits), |t| t[0].apply_op1(op()).unwrap());
        let wanted: Vec<u32> = labels.iter().map(|l| u32::from(*l)).collect();
        let wanted = Tensor::from_vec(wanted, 5, logits.device()).unwrap();
        let stock = candle_nn::loss::cross_entropy(&logits, &wanted).unwrap();
        assert!(difference(&logits.apply_op1(op()).unwrap(), &stock) < 1e-6);
    }

    #[test]
    fn huge_logits_do_not_overflow() {
        let mut row = [1000.0, 0.0, -1000.0];
        assert_eq!(cross_entropy(&row, 0), 0.0);
        assert_eq!(cross_entropy(&row, 2), 2000.0);
        softmax(&mut row);
        assert_eq!(row, [1.0, 0.0, 0.0]);
    }
}
