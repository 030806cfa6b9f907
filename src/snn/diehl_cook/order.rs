//! In which order the images of a training set are shown, and which of them are
//! held out.

use serde::{Deserialize, Serialize};

use super::DiehlCook;
use crate::core::rng::Rng;

/// The order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they stand in their file, pass after pass (as published). The last ones are
    /// held out.
    #[default]
    File,
    /// Shuffled anew before every pass, by the network's seed. Those held out are
    /// drawn by chance, the same ones for every seed.
    Shuffled,
}

impl Order {
    /// That of a network: as published, or shuffled.
    pub fn of(config: &DiehlCook) -> Self {
        if config.as_published { Self::File } else { Self::Shuffled }
    }
}

/// The images of a training set, and the order in which they are learnt.
#[derive(Clone, Debug)]
pub struct Sequence {
    order: Order,
    seed: u64,
    learnt: Vec<u32>,
    held_out: Vec<u32>,
    /// A pass and its order, which is not worked out again for every image.
    pass: (u64, Vec<u32>),
}

impl Sequence {
    /// Of `distinct` images to learn and `held_out` ones.
    pub fn new(order: Order, seed: u64, distinct: usize, held_out: usize) -> Self {
        let mut learnt: Vec<u32> = (0..(distinct + held_out) as u32).collect();
        if order == Order::Shuffled && held_out > 0 {
            // Seed 0 whatever the network's: seeds are to be compared on the same images.
            Rng::stream(0, "held out", 0).shuffle(&mut learnt);
        }
        let held_out = learnt.split_off(distinct);
        let mut new = Self { order, seed, learnt, held_out, pass: (0, Vec::new()) };
        new.go_to(0);
        new
    }

    /// Those to learn.
    pub fn learnt(&self) -> &[u32] {
        &self.learnt
    }

    /// Those held out.
    pub fn held_out(&self) -> &[u32] {
        &self.held_out
    }

    /// The `n`-th image to be learnt, passes counted through; 0 if there are none.
    pub fn at(&mut self, n: u64) -> usize {
        let all = self.learnt.len().max(1) as u64;
        if self.pass.0 != n / all {
            self.go_to(n / all);
        }
        self.pass.1.get((n % all) as usize).map_or(0, |i| *i as usize)
    }

    fn go_to(&mut self, pass: u64) {
        let mut images = self.learnt.clone();
        if self.order == Order::Shuffled {
            Rng::stream(self.seed, "order", pass).shuffle(&mut images);
        }
        self.pass = (pass, images);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pass_shows_each_image_once_and_never_one_held_out() {
        for order in [Order::File, Order::Shuffled] {
            let mut sequence = Sequence::new(order, 7, 40, 10);
            let passes: Vec<Vec<usize>> =
                (0..3).map(|p| (0..40).map(|i| sequence.at(p * 40 + i)).collect()).collect();
            for pass in &passes {
                let mut all: Vec<u32> = pass.iter().map(|i| *i as u32).collect();
                all.extend(sequence.held_out());
                all.sort_unstable();
                assert_eq!(all, (0..50).collect::<Vec<u32>>());
            }
            assert_eq!(passes[0] == passes[1], order == Order::File);
            // Asked again, whatever was asked in between.
            assert_eq!(sequence.at(3), passes[0][3]);
        }
    }

    #[test]
    fn seeds_differ_in_order_and_agree_on_what_is_held_out() {
        let of = |seed| Sequence::new(Order::Shuffled, seed, 40, 10);
        assert_eq!(of(1).held_out(), of(2).held_out());
        assert_ne!(
            (0..40).map(|n| of(1).at(n)).collect::<Vec<_>>(),
            (0..40).map(|n| of(2).at(n)).collect::<Vec<_>>()
        );
        assert_eq!(Sequence::new(Order::File, 1, 40, 10).held_out()[0], 40);
        assert_eq!(Sequence::new(Order::Shuffled, 1, 0, 0).at(5), 0);
    }
}
