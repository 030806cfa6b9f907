//! What the network answers while it learns, and which digit each neuron stands for.
//!
//! Labels and answers come from different images: after every [`BLOCK`] images the
//! neurons are labelled by their responses to the last [`LABEL_BLOCKS`] blocks, and
//! each image of the *next* block is answered by the vote of the neurons with these
//! labels. So no image helps to label the neurons that answer it. The running accuracy
//! is the share of correct answers among the last [`WINDOW`]. It is lower than the
//! accuracy of a frozen network, because weights change between labels and answers.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::core::decision::first_max;
use crate::core::npz::{Array, Arrays, Values};
use crate::snn::diehl_cook::protocol::AcceptedImage;
use crate::snn::diehl_cook::read_out::{Responses, predict};

/// Images between two labellings.
pub const BLOCK: u64 = 250;
/// Blocks whose responses label the neurons.
pub const LABEL_BLOCKS: usize = 20;
/// Answers over which the running accuracy is taken.
pub const WINDOW: usize = 1000;
/// Images won that are remembered of each neuron.
pub const WON_SHOWN: usize = 6;

/// Counts by truth and answer; the last column is for no answer.
pub type Confusion = [[u32; 11]; 10];

/// No image.
pub const NONE: u32 = u32::MAX;

/// Right answers out of those given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Images learnt.
    pub images: u64,
    /// Running accuracy, 0 to 1.
    pub accuracy: f64,
    /// Answers that it is taken over.
    pub answers: usize,
}

/// What is known of the neurons and their answers.
#[derive(Clone, Debug)]
pub struct Tally {
    neurons: usize,
    /// Images learnt.
    pub images: u64,
    /// Images given up: they raised too few spikes however bright they were shown.
    pub unanswered: u64,
    /// The digit that each neuron stands for.
    pub labels: Vec<Option<u8>>,
    /// What labelled them.
    pub responses: Responses,
    /// Images that each neuron has won: those in which it fired most.
    pub won: Vec<u32>,
    /// The newest of them, by number in the training set, the newest first;
    /// [`NONE`] where there are fewer.
    pub last_won: Vec<[u32; WON_SHOWN]>,
    /// Spikes of each neuron since the beginning.
    pub spikes: Vec<u64>,
    /// The newest answers: (truth, answer), the oldest first; no answer where two digits
    /// were equal.
    answers: VecDeque<(u8, Option<u8>)>,
    /// The running accuracy, a point per block.
    pub curve: Vec<Point>,
    /// Shared with copies of the tally; only the newest still grows.
    blocks: VecDeque<Arc<Block>>,
}

/// What a file says of the images and answers counted.
#[derive(Debug, Serialize, Deserialize)]
pub struct Counted {
    images: u64,
    unanswered: u64,
    answers: VecDeque<(u8, Option<u8>)>,
    curve: Vec<Point>,
}

impl Counted {
    /// Images learnt or given up.
    pub fn images(&self) -> u64 {
        self.images.saturating_add(self.unanswered)
    }
}

/// Spikes and images that a file may count for a neuron.
const MOST_COUNTED: u64 = 1 << 30;

/// Summed spikes of a block: `[class][neuron]`, and the images of each class.
#[derive(Clone, Debug)]
struct Block {
    spikes: Vec<u32>,
    images: [u32; 10],
}

impl Block {
    fn new(neurons: usize) -> Self {
        Self { spikes: vec![0; 10 * neurons], images: [0; 10] }
    }
}

impl Tally {
    /// Of a network that has not learnt yet.
    pub fn new(neurons: usize) -> Self {
        Self {
            neurons,
            images: 0,
            unanswered: 0,
            labels: vec![None; neurons],
            responses: Responses::new(neurons),
            won: vec![0; neurons],
            last_won: vec![[NONE; WON_SHOWN]; neurons],
            spikes: vec![0; neurons],
            answers: VecDeque::new(),
            curve: Vec::new(),
            blocks: VecDeque::from([Arc::new(Block::new(neurons))]),
        }
    }

    /// Of a network that comes with its labels.
    pub fn labelled(labels: Vec<Option<u8>>) -> Self {
        Self { labels: labels.clone(), ..Self::new(labels.len()) }
    }

    /// An image of this class was learnt; `number` is its place in the training set.
    /// Returns the winner.
    pub fn add(&mut self, shown: &AcceptedImage, number: u32, class: u8) -> Option<usize> {
        let class = class.min(9);
        if self.labels.iter().any(Option::is_some) {
            if self.answers.len() == WINDOW {
                self.answers.pop_front();
            }
            self.answers.push_back((class, predict(&self.labels, &shown.counts)));
        }
        if let Some(block) = self.blocks.back_mut().map(Arc::make_mut) {
            block.images[usize::from(class)] += 1;
            let sums = &mut block.spikes[usize::from(class) * self.neurons..];
            sums.iter_mut().zip(&shown.counts).for_each(|(sum, n)| *sum += n);
        }
        self.spikes.iter_mut().zip(&shown.counts).for_each(|(sum, n)| *sum += u64::from(*n));
        let winner = winner(&shown.counts);
        if let Some(winner) = winner {
            self.won[winner] += 1;
            let last = &mut self.last_won[winner];
            last.rotate_right(1);
            last[0] = number;
        }
        self.images += 1;
        if self.images.is_multiple_of(BLOCK) {
            self.label();
        }
        winner
    }

    /// Labels the neurons by the blocks at hand, and begins the next block.
    fn label(&mut self) {
        let mut responses = Responses::new(self.neurons);
        for block in &self.blocks {
            responses.add_sums(&block.spikes, &block.images);
        }
        self.labels = responses.labels();
        self.responses = responses;
        if let Some(accuracy) = self.accuracy() {
            let answers = self.answers.len();
            self.curve.push(Point { images: self.images, accuracy, answers });
        }
        if self.blocks.len() == LABEL_BLOCKS {
            self.blocks.pop_front();
        }
        self.blocks.push_back(Arc::new(Block::new(self.neurons)));
    }

    /// What a file says of it, beside [`Tally::arrays`].
    pub fn counted(&self) -> Counted {
        let (images, unanswered) = (self.images, self.unanswered);
        let (answers, curve) = (self.answers.clone(), self.curve.clone());
        Counted { images, unanswered, answers, curve }
    }

    /// What it counts of each neuron, for a file.
    pub fn arrays(&self) -> [(&'static str, Array); 5] {
        let list = |values| Array::list(values);
        let of_blocks = |of: fn(&Block) -> &[u32]| -> Vec<u32> {
            self.blocks.iter().flat_map(|b| of(b).iter().copied()).collect()
        };
        [
            ("won", list(Values::U32(self.won.clone()))),
            ("last_won", list(Values::U32(self.last_won.iter().flatten().copied().collect()))),
            ("spikes", list(Values::U64(self.spikes.clone()))),
            ("block_spikes", list(Values::U32(of_blocks(|b| &b.spikes)))),
            ("block_images", list(Values::U32(of_blocks(|b| &b.images)))),
        ]
    }

    /// From what a file holds.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_kept(
        counted: Counted,
        labels: Vec<Option<u8>>,
        arrays: &Arrays,
    ) -> Result<Self, String> {
        let neurons = labels.len();
        let ids = |name: &str, most: u64| -> Result<Vec<u64>, String> {
            let all = arrays.get(name)?.clone().into_ids()?;
            match all.iter().find(|n| **n > most) {
                Some(bad) => Err(format!("{name} counts {bad}")),
                None => Ok(all),
            }
        };
        let small = |all: &[u64]| -> Vec<u32> { all.iter().map(|n| *n as u32).collect() };
        let (won, spikes) = (small(&ids("won", MOST_COUNTED)?), ids("spikes", 1 << 50)?);
        let last_won = small(&ids("last_won", u64::from(NONE))?);
        let of_blocks = small(&ids("block_spikes", MOST_COUNTED)?);
        let images = small(&ids("block_images", MOST_COUNTED)?);
        let (images, ragged) = images.as_chunks::<10>();
        let blocks = images.len();
        let Counted { images: learnt, unanswered, answers, curve } = counted;
        let fits = (won.len(), spikes.len(), last_won.len(), of_blocks.len())
            == (neurons, neurons, WON_SHOWN * neurons, 10 * neurons * blocks)
            && (1..=LABEL_BLOCKS).contains(&blocks)
            && ragged.is_empty()
            && answers.len() <= WINDOW
            && answers.iter().all(|(truth, answer)| *truth < 10 && answer.unwrap_or(0) < 10)
            && curve.iter().all(|p| (0.0..=1.0).contains(&p.accuracy));
        if !fits {
            return Err("what it counts does not fit its neurons".into());
        }
        let each = of_blocks.chunks_exact(10 * neurons.max(1)).zip(images);
        let blocks: VecDeque<_> = each
            .map(|(spikes, images)| Arc::new(Block { spikes: spikes.to_vec(), images: *images }))
            .collect();
        let mut responses = Responses::new(neurons);
        for block in blocks.iter().take(blocks.len() - 1) {
            responses.add_sums(&block.spikes, &block.images);
        }
        Ok(Self {
            neurons,
            images: learnt,
            unanswered,
            labels,
            responses,
            won,
            last_won: last_won.as_chunks::<WON_SHOWN>().0.to_vec(),
            spikes,
            answers,
            curve,
            blocks,
        })
    }

    /// The running accuracy, 0 to 1; `None` before the first answer.
    pub fn accuracy(&self) -> Option<f64> {
        let right = self.answers.iter().filter(|(truth, answer)| Some(*truth) == *answer).count();
        (!self.answers.is_empty()).then(|| right as f64 / self.answers.len() as f64)
    }

    /// How many answers the running accuracy is taken over.
    pub fn answers(&self) -> usize {
        self.answers.len()
    }

    /// `[truth][answer]` of the newest answers; the last column counts those that are
    /// none.
    pub fn confusion(&self) -> Confusion {
        let mut table = [[0; 11]; 10];
        for (truth, answer) in &self.answers {
            table[usize::from(*truth)][answer.map_or(10, |a| usize::from(a.min(9)))] += 1;
        }
        table
    }

    /// Neurons that stand for each digit.
    pub fn per_class(&self) -> [u32; 10] {
        let mut number = [0; 10];
        for label in self.labels.iter().flatten() {
            number[usize::from((*label).min(9))] += 1;
        }
        number
    }

    /// Neurons that did not fire for any image of the labelling.
    pub fn unassigned(&self) -> usize {
        self.labels.iter().filter(|l| l.is_none()).count()
    }

    /// Neurons that have never fired.
    pub fn dead(&self) -> usize {
        self.spikes.iter().filter(|s| **s == 0).count()
    }
}

/// Who fired most; the first of several.
pub fn winner(counts: &[u32]) -> Option<usize> {
    first_max(counts).filter(|winner| counts[*winner] > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(counts: [u32; 3]) -> AcceptedImage {
        AcceptedImage { image: 0, replica: 0, counts: counts.to_vec(), times: 1 }
    }

    #[test]
    fn labels_answer_only_images_that_come_after_them() {
        let mut tally = Tally::new(3);
        for i in 0..BLOCK {
            let class = (i % 2) as u8;
            tally.add(&shown(if class == 0 { [4, 0, 0] } else { [0, 5, 0] }), i as u32, class);
        }
        assert_eq!((tally.accuracy(), &tally.labels[..]), (None, &[Some(0), Some(1), None][..]));
        tally.add(&shown([1, 0, 0]), 7, 0);
        tally.add(&shown([1, 0, 0]), 8, 1);
        assert_eq!(tally.accuracy(), Some(0.5));
        assert_eq!((tally.confusion()[0][0], tally.confusion()[1][0]), (1, 1));
        tally.add(&shown([0, 0, 0]), 9, 0);
        assert_eq!((tally.confusion()[0][10], tally.accuracy()), (1, Some(1.0 / 3.0)));
        assert_eq!((tally.unassigned(), tally.dead(), tally.per_class()[1]), (1, 1, 1));
        assert_eq!(tally.last_won[0][..2], [8, 7]);
        assert_eq!(tally.won, [BLOCK as u32 / 2 + 2, BLOCK as u32 / 2, 0]);
    }

    #[test]
    fn the_running_accuracy_forgets_what_is_older_than_its_window() {
        let mut tally = Tally::labelled(vec![Some(0), Some(1), None]);
        for i in 0..2 * WINDOW {
            tally.add(&shown([1, 0, 0]), 0, u8::from(i < WINDOW));
        }
        // Relabelled in between: neuron 0 stands for whatever it fired for more.
        assert_eq!(tally.answers(), WINDOW);
        assert!(tally.curve.len() == 2 * WINDOW / BLOCK as usize);
        assert!(tally.curve.windows(2).all(|p| p[0].images < p[1].images));
    }
}
