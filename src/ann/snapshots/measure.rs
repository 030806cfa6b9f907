//! How far and in which direction each array of weights has moved.

/// Figures of one array at a snapshot. Norms are Euclidean; a cosine is 1 for the
/// same direction and 0 for a perpendicular one; NaN where one of the two is zero.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moved {
    /// ‖W‖.
    pub norm: f32,
    /// ‖ΔW‖ of the last update; NaN before the first.
    pub update: f32,
    /// Cosine between W and the weights at the snapshot before.
    pub cosine_previous: f32,
    /// Cosine between W and the initial weights.
    pub cosine_initial: f32,
    /// ‖W − W₀‖, the distance from the initial weights.
    pub distance: f32,
}

/// Measures every array. All slices hold the arrays one after another.
pub fn measure(
    lengths: &[usize],
    now: &[f32],
    update: Option<&[f32]>,
    previous: &[f32],
    initial: &[f32],
) -> Vec<Moved> {
    let mut from = 0;
    let of_one = |len: &usize| {
        let range = from..from + len;
        from += len;
        let (now, previous, initial) =
            (&now[range.clone()], &previous[range.clone()], &initial[range.clone()]);
        let norm = dot(now, now).sqrt();
        let cosine = |other: &[f32]| dot(now, other) / (norm * dot(other, other).sqrt());
        let apart = now.iter().zip(initial).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        Moved {
            norm: norm as f32,
            update: update.map_or(f32::NAN, |u| dot(&u[range.clone()], &u[range]).sqrt() as f32),
            cosine_previous: cosine(previous) as f32,
            cosine_initial: cosine(initial) as f32,
            distance: apart.sqrt() as f32,
        }
    };
    lengths.iter().map(of_one).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_vectors_known_by_hand() {
        let initial = [3.0, 4.0, 0.0, 1.0];
        let previous = [0.0, 2.0, 1.0, 1.0];
        let now = [4.0, -3.0, 0.0, 2.0];
        let update = [0.6, 0.8, 0.0, 0.5];
        let m = measure(&[2, 2], &now, Some(&update), &previous, &initial);
        assert_eq!((m[0].norm, m[0].update, m[0].cosine_initial), (5.0, 1.0, 0.0));
        assert!((m[0].cosine_previous + 0.6).abs() < 1e-6);
        assert!((m[0].distance - 50f32.sqrt()).abs() < 1e-6);
        assert!((m[1].cosine_previous - 0.5f32.sqrt()).abs() < 1e-6);
        assert_eq!((m[1].cosine_initial, m[1].distance), (1.0, 1.0));
        let zero = measure(&[2], &[0.0; 2], None, &[0.0; 2], &[0.0; 2]);
        assert!(zero[0].cosine_initial.is_nan() && zero[0].update.is_nan());
    }
}
