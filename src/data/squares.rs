//! Pictures of any number of classes, for tests: a bright square whose place is the class, among
//! noise.

use super::{ClassNames, Dataset, MOST_CLASSES, PIXELS, SIDE};
use crate::core::rng::Rng;

/// Places for squares along a side: seven times seven are more than there can be classes.
const PLACES: usize = 7;

/// So many pictures of so many classes, which take turns; called `place 0` and so on.
pub fn generate(classes: usize, count: usize, seed: u64) -> Dataset {
    assert!(classes <= MOST_CLASSES);
    let side = SIDE / PLACES;
    let mut images = Vec::with_capacity(count * PIXELS);
    let labels: Vec<u8> = (0..count).map(|i| (i % classes) as u8).collect();
    for (i, label) in labels.iter().enumerate() {
        let mut rng = Rng::stream(seed, "squares", i as u64);
        let (row, column) = (usize::from(*label) / PLACES, usize::from(*label) % PLACES);
        for at in 0..PIXELS {
            let inside = at / SIDE / side == row && at % SIDE / side == column;
            images.push(if inside { 180 } else { 0 } + rng.below(60) as u8);
        }
    }
    let names: Vec<String> = (0..classes).map(|n| format!("place {n}")).collect();
    let data = Dataset::new("squares", images, labels).expect("labels are classes");
    data.called(ClassNames::new(&names).expect("names differ"))
}
