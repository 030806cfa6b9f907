//! Means, spreads, areas, sparseness.

/// The mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The standard deviation, of a sample; 0 of fewer than two.
pub fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let middle = mean(values);
    let squares: f64 = values.iter().map(|v| (v - middle).powi(2)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// The standard error of the mean.
pub fn standard_error(values: &[f64]) -> f64 {
    deviation(values) / (values.len().max(1) as f64).sqrt()
}

/// The area under a curve by the trapezoidal rule, over its range: a mean of `ys`.
pub fn area(xs: &[f64], ys: &[f64]) -> f64 {
    let range = xs.last().zip(xs.first()).map_or(0.0, |(last, first)| last - first);
    if range <= 0.0 {
        return mean(ys);
    }
    let pieces = xs.windows(2).zip(ys.windows(2));
    pieces.map(|(x, y)| (x[1] - x[0]) * f64::midpoint(y[0], y[1])).sum::<f64>() / range
}

/// Treves and Rolls' sparseness of a population, ⟨r⟩² / ⟨r²⟩ of the sizes of its
/// responses: 1 where all respond alike, 1/n where one of n does. `None` where nobody
/// responds.
pub fn treves_rolls(responses: &[f32]) -> Option<f64> {
    let n = responses.len() as f64;
    let sum: f64 = responses.iter().map(|r| f64::from(r.abs())).sum();
    let squares: f64 = responses.iter().map(|r| f64::from(*r).powi(2)).sum();
    (squares > 0.0).then(|| sum * sum / n / squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_by_hand() {
        assert_eq!(area(&[0.0, 1.0], &[1.0, 0.0]), 0.5);
        assert_eq!(area(&[0.0, 0.5, 2.0], &[1.0, 1.0, 1.0]), 1.0);
        // 0.5·0.75 + 1.5·0.25, over 2.
        assert_eq!(area(&[0.0, 0.5, 2.0], &[1.0, 0.5, 0.0]), 0.375);
        assert_eq!(area(&[0.0], &[0.25]), 0.25);
    }

    #[test]
    fn treves_and_rolls_by_hand() {
        assert_eq!(treves_rolls(&[2.0; 5]), Some(1.0));
        assert_eq!(treves_rolls(&[0.0, 3.0, 0.0, 0.0]), Some(0.25));
        assert_eq!(treves_rolls(&[1.0, -1.0, 0.0, 0.0]), Some(0.5));
        assert_eq!(treves_rolls(&[0.0; 3]), None);
        // (1 + 2 + 3)² / 3 / 14.
        assert!((treves_rolls(&[1.0, 2.0, 3.0]).unwrap() - 12.0 / 14.0).abs() < 1e-12);
    }

    #[test]
    fn spreads_by_hand() {
        assert_eq!(deviation(&[1.0, 3.0]), 2f64.sqrt());
        assert_eq!(standard_error(&[1.0, 3.0]), 1.0);
        assert_eq!((deviation(&[5.0]), mean(&[])), (0.0, 0.0));
    }
}
