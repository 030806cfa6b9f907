use super::*;

#[test]
fn a_digit_depends_on_its_address_alone() {
    assert_eq!(digit(1, 3, 5), digit(1, 3, 5));
    for other in [digit(2, 3, 5), digit(1, 4, 5), digit(1, 3, 6)] {
        assert_ne!(digit(1, 3, 5), other);
    }
    let set = generate(9, 57);
    for i in 0..set.len() {
        assert_eq!(set.pixels(i), digit(9, set.label(i), i as u64));
    }
    assert_eq!(set.id, "synthetic");
    assert_eq!(generate(9, 0).len(), 0);
}

#[test]
fn classes_are_balanced_and_shuffled() {
    let set = generate(4, 1000);
    for class in 0..10 {
        assert_eq!(set.labels().iter().filter(|l| **l == class).count(), 100);
    }
    assert_ne!(set.labels()[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}
