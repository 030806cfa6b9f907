//! Densities: how many spikes each block of neurons fired in each bin of time,
//! over the whole run.
//!
//! The finest level has at most [`BINS`] bins. When the run outgrows them,
//! neighbours are merged and each bin lasts twice as long, so the memory is
//! bounded however long the run. Each further level has half as many bins; a
//! picture is made from the level whose bins are about as wide as its columns,
//! so it costs the same at every zoom.
//!
//! Bins are stored in tiles that copies of the recording share.

use std::ops::Range;
use std::sync::Arc;

use super::View;
use super::chunk::Chunk;

/// Bins of the finest level, at most.
const BINS: u64 = 8192;
/// Blocks of neurons, at most.
const BLOCKS: u32 = 512;
/// Levels: the coarsest has BINS / 2⁴ = 512 bins.
const LEVELS: u32 = 5;
/// Bins in a tile.
const TILE: u64 = 128;

/// Counts per bin of time and block of neurons: `bin * blocks + block`.
#[derive(Clone, Debug)]
struct Tile(Vec<u32>);

/// The counts at every level.
#[derive(Clone, Debug)]
pub struct Pyramid {
    neurons: u32,
    blocks: u32,
    /// The block of each neuron.
    block_of: Arc<[u16]>,
    /// Steps in a bin of the finest level, a power of two.
    bin_steps: u64,
    levels: Vec<Vec<Arc<Tile>>>,
}

impl Pyramid {
    /// An empty one.
    pub fn new(neurons: u32) -> Self {
        let blocks = neurons.clamp(1, BLOCKS);
        let block = |n: u32| (u64::from(n) * u64::from(blocks) / u64::from(neurons)) as u16;
        Self {
            neurons,
            blocks,
            block_of: (0..neurons).map(block).collect(),
            bin_steps: 1,
            levels: vec![Vec::new(); LEVELS as usize],
        }
    }

    /// Whether the finest bins are no wider than a column of `steps` steps.
    pub fn is_fine_enough(&self, steps: f64) -> bool {
        self.bin_steps as f64 <= steps
    }

    /// Whether a block of neurons takes hardly more than a row of the picture.
    pub fn blocks_fit(&self, view: &View) -> bool {
        let shown = u64::from(view.count) * u64::from(self.blocks) / u64::from(self.neurons.max(1));
        2 * shown >= u64::from(view.count).min(view.rows as u64)
    }

    /// First neuron of a block; of one past the last, the number of neurons.
    fn first_of(&self, block: u32) -> f64 {
        (u64::from(block) * u64::from(self.neurons)).div_ceil(u64::from(self.blocks)) as f64
    }

    /// Counts the spikes of a chunk.
    pub fn add(&mut self, chunk: &Chunk) {
        while chunk.last_step() / self.bin_steps >= BINS {
            self.merge();
        }
        let (blocks, width) = (self.blocks as usize, self.bin_steps);
        let (first, last) = (chunk.first_step() / width / TILE, chunk.last_step() / width / TILE);
        self.prepare(0, last as usize);
        for t in first..=last {
            let steps = t * TILE * width..(t + 1) * TILE * width;
            let mut spikes = chunk.spikes(steps.clone()).peekable();
            if spikes.peek().is_none() {
                continue;
            }
            let cells = &mut Arc::make_mut(&mut self.levels[0][t as usize]).0;
            // A bin is a power of two of steps.
            let shift = width.trailing_zeros();
            for (step, neuron) in spikes {
                let bin = ((step - steps.start) >> shift) as usize;
                cells[bin * blocks + usize::from(self.block_of[neuron as usize])] += 1;
            }
        }
        for level in 1..LEVELS as usize {
            self.renew(level, chunk.first_step()..chunk.last_step() + 1);
        }
    }

    /// Makes the bins of a level that these steps touch from the finer level's.
    fn renew(&mut self, level: usize, steps: Range<u64>) {
        let (blocks, width) = (self.blocks as usize, self.bin_steps << level);
        let (first, last) = (steps.start / width, (steps.end - 1) / width);
        self.prepare(level, (last / TILE) as usize);
        let (finer, coarser) = self.levels.split_at_mut(level);
        let row = |bin: u64| {
            let tile = finer[level - 1].get((bin / TILE) as usize)?;
            tile.0.get((bin % TILE) as usize * blocks..)?.get(..blocks)
        };
        for bin in first..=last {
            let (one, other) = (row(2 * bin), row(2 * bin + 1));
            let silent = |row: &[u32]| row.iter().all(|n| *n == 0);
            // Times without spikes go on sharing the empty tile.
            if one.is_none_or(silent) && other.is_none_or(silent) {
                continue;
            }
            let tile = &mut Arc::make_mut(&mut coarser[0][(bin / TILE) as usize]).0;
            let sums = &mut tile[(bin % TILE) as usize * blocks..][..blocks];
            sums.fill(0);
            for row in [one, other].into_iter().flatten() {
                sums.iter_mut().zip(row).for_each(|(sum, n)| *sum += n);
            }
        }
    }

    /// Makes sure that the tile is there.
    fn prepare(&mut self, level: usize, tile: usize) {
        let cells = TILE as usize * self.blocks as usize;
        let tiles = &mut self.levels[level];
        if tiles.len() <= tile {
            // Times without spikes share one empty tile.
            tiles.resize(tile + 1, Arc::new(Tile(vec![0; cells])));
        }
    }

    /// Doubles the bins: each level becomes what the next was, and the last is
    /// made anew.
    fn merge(&mut self) {
        self.bin_steps *= 2;
        self.levels.remove(0);
        let coarse = self.levels.last().map_or_else(Vec::new, |tiles| self.halved(tiles));
        self.levels.push(coarse);
    }

    fn halved(&self, tiles: &[Arc<Tile>]) -> Vec<Arc<Tile>> {
        let blocks = self.blocks as usize;
        let half = TILE as usize / 2;
        tiles
            .chunks(2)
            .map(|pair| {
                let mut merged = vec![0u32; TILE as usize * blocks];
                for (i, tile) in pair.iter().enumerate() {
                    for (bin, counts) in tile.0.chunks(blocks).enumerate() {
                        let to = (i * half + bin / 2) * blocks;
                        for (sum, count) in merged[to..to + blocks].iter_mut().zip(counts) {
                            *sum += count;
                        }
                    }
                }
                Arc::new(Tile(merged))
            })
            .collect()
    }

    /// Adds the counts of the bins that begin before step `to` to the cells of a
    /// picture, each bin and block spread evenly over the cells that it covers.
    /// Returns the step at which the last of those bins ends.
    pub fn count_cells(&self, view: &View, to: u64, cells: &mut [f32]) -> u64 {
        let per_column = (view.to_step - view.from_step) / view.columns as f64;
        let level = (0..LEVELS as usize)
            .rev()
            .find(|l| ((self.bin_steps << l) as f64) <= per_column)
            .unwrap_or(0);
        let width = (self.bin_steps << level) as f64;
        let rows = self.rows(view);
        let first = (view.from_step / width).floor().max(0.0) as u64;
        let last = (to as f64 / width).ceil() as u64;
        // The spikes of each block in the column in hand; bins come in order of
        // time, so a column that is left never comes again.
        let mut sums = vec![0.0f32; self.blocks as usize];
        let mut flush = |column: usize, sums: &mut [f32]| {
            for (row, block, share) in &rows {
                let sum = sums[*block];
                if sum > 0.0 {
                    cells[row * view.columns + column] += sum * share;
                }
            }
            sums.fill(0.0);
        };
        let mut in_hand = 0;
        for bin in first..last {
            let Some(tile) = self.levels[level].get((bin / TILE) as usize) else { break };
            let at = (bin % TILE) as usize * self.blocks as usize;
            let counts = &tile.0[at..at + self.blocks as usize];
            let begin = bin as f64 * width;
            let columns = shares(
                begin - view.from_step,
                begin + width - view.from_step,
                per_column,
                view.columns,
            );
            for (column, share) in columns {
                if column != in_hand {
                    flush(in_hand, &mut sums);
                    in_hand = column;
                }
                sums.iter_mut().zip(counts).for_each(|(sum, n)| *sum += *n as f32 * share);
            }
        }
        flush(in_hand, &mut sums);
        last * (self.bin_steps << level)
    }

    /// Which block is drawn in which row, and with what share.
    fn rows(&self, view: &View) -> Vec<(usize, usize, f32)> {
        let per_row = f64::from(view.count) / view.rows as f64;
        let mut rows = Vec::new();
        for block in 0..self.blocks {
            let from = self.first_of(block) - f64::from(view.first);
            let to = self.first_of(block + 1) - f64::from(view.first);
            for (row, share) in shares(from, to, per_row, view.rows) {
                rows.push((row, block as usize, share));
            }
        }
        rows
    }
}

/// Which of `cells` cells of size `size` the stretch from `from` to `to` covers,
/// and what share of the stretch lies in each.
fn shares(from: f64, to: f64, size: f64, cells: usize) -> impl Iterator<Item = (usize, f32)> {
    let length = (to - from).max(f64::MIN_POSITIVE);
    let first = (from / size).floor().max(0.0);
    let last = (to / size).ceil().min(cells as f64).max(first);
    (first as usize..last as usize).map(move |cell| {
        let begin = from.max(cell as f64 * size);
        let end = to.min((cell + 1) as f64 * size);
        (cell, ((end - begin).max(0.0) / length) as f32)
    })
}
