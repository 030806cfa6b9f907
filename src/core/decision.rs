//! Which of several values is largest: the one rule by which every network's answer is
//! read, and the one for everything else, where ties do not matter.

/// The place of the largest value, where there is exactly one. `None` if there are no
/// values, one of them is not finite, or the largest occurs twice: a network to which
/// two digits are equal, or that said nothing at all, has not answered. The first of
/// equals would make the answer depend on how the classes are numbered.
pub fn unique_max<T: Copy + Into<f64>>(values: &[T]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    let mut alone = false;
    for (place, value) in values.iter().enumerate() {
        let value: f64 = (*value).into();
        if !value.is_finite() {
            return None;
        }
        match best {
            Some((_, most)) if value < most => {}
            Some((_, most)) if value == most => alone = false,
            _ => (best, alone) = (Some((place, value)), true),
        }
    }
    best.filter(|_| alone).map(|(place, _)| place)
}

/// [`unique_max`], and the largest value; 0 where there is none.
pub fn best(probabilities: &[f32]) -> (Option<usize>, f32) {
    let most = probabilities.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    (unique_max(probabilities), if most.is_finite() { most } else { 0.0 })
}

/// The place of the largest value, the first of several: for what is pointed out or
/// counted, never for an answer.
pub fn first_max<T: PartialOrd>(values: impl IntoIterator<Item = T>) -> Option<usize> {
    let mut best: Option<(usize, T)> = None;
    for (place, value) in values.into_iter().enumerate() {
        if best.as_ref().is_none_or(|(_, most)| value > *most) {
            best = Some((place, value));
        }
    }
    best.map(|(place, _)| place)
}

/// The places to show of some values: all in order if they are no more than `most`, else those
/// of the largest, the largest first.
pub fn leading(values: &[f32], most: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..values.len()).collect();
    if places.len() > most {
        places.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
        places.truncate(most);
    }
    places
}

/// An answer in words: the digit, or `none`.
pub fn said(answer: Option<impl std::fmt::Display>) -> String {
    answer.map_or_else(|| "none".to_owned(), |digit| digit.to_string())
}

/// A sum that does not depend on the order of the values, so that renumbering classes
/// changes no bit of what is divided by it.
pub fn sum_in_order<const N: usize>(mut values: [f64; N]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equals_nothing_and_what_is_no_number_have_no_answer() {
        assert_eq!(unique_max(&[0.1f32, 0.7, 0.2]), Some(1));
        assert_eq!(unique_max(&[0u32, 3, 3]), None);
        assert_eq!(unique_max(&[0.0f64; 10]), None);
        assert_eq!(unique_max::<f32>(&[]), None);
        assert_eq!(unique_max(&[f32::NAN, 1.0]), None);
        assert_eq!(unique_max(&[1.0, f32::INFINITY]), None);
        assert_eq!(unique_max(&[-2.0f32, -1.0]), Some(1));
        assert_eq!(best(&[f32::NAN; 3]), (None, 0.0));
        assert_eq!((first_max([0, 3, 3]), first_max([0.0; 0])), (Some(1), None));
        assert_eq!((said(Some(3)), said(None::<u8>)), ("3".into(), "none".into()));
    }

    proptest! {
        /// Whatever number a class gets, it is the class that is answered.
        #[test]
        fn renumbering_the_classes_renumbers_the_answer(
            values in prop::collection::vec((-3i8..4).prop_map(f32::from), 1..12),
            seed: u64,
        ) {
            let mut order: Vec<usize> = (0..values.len()).collect();
            crate::core::rng::Rng::stream(seed, "order", 0).shuffle(&mut order);
            let renumbered: Vec<f32> = order.iter().map(|i| values[*i]).collect();
            let answer = unique_max(&renumbered).map(|i| order[i]);
            prop_assert_eq!(answer, unique_max(&values));
        }
    }
}
