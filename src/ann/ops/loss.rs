//! Softmax and categorical cross-entropy in one: numerically safe, and its
//! gradient is simply `(p − onehot) / batch`.

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

/// Writes the gradient by one row of logits of `scale` times its cross-entropy.
pub fn gradient(row: &[f32], label: u8, scale: f32, out: &mut [f32]) {
    out.copy_from_slice(row);
    softmax(out);
    out[usize::from(label)] -= 1.0;
    out.iter_mut().for_each(|v| *v *= scale);
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor, Var};

    use super::super::candle::tests::{difference, random};
    use super::*;

    #[test]
    fn loss_and_gradient_agree_with_stock_candle() {
        let logits = random(50, 1);
        let labels = [0u8, 3, 9, 9, 4];
        let wanted = Tensor::from_vec(labels.map(u32::from).to_vec(), 5, &Device::Cpu).unwrap();
        let var = Var::from_vec(logits.clone(), (5, 10), &Device::Cpu).unwrap();
        let stock = candle_nn::loss::cross_entropy(var.as_tensor(), &wanted).unwrap();
        let rows = || logits.chunks_exact(10).zip(labels);
        let loss = rows().map(|(row, label)| cross_entropy(row, label)).sum::<f32>() / 5.0;
        assert!((loss - stock.to_scalar::<f32>().unwrap()).abs() < 1e-6);
        let mut ours = vec![0.0; 50];
        for ((row, label), out) in rows().zip(ours.chunks_exact_mut(10)) {
            gradient(row, label, 0.2, out);
        }
        let gradients = stock.backward().unwrap();
        let theirs = gradients.get(var.as_tensor()).unwrap().flatten_all().unwrap();
        assert!(difference(&ours, &theirs.to_vec1::<f32>().unwrap()) < 1e-6);
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
