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
    /// Steps in a bin of the finest level, a power of two.
    bin_steps: u64,
    levels: Vec<Vec<Arc<Tile>>>,
}

impl Pyramid {
    /// An empty one.
    pub fn new(neurons: u32) -> Self {
        Self {
            neurons,
            blocks: neurons.clamp(1, BLOCKS),
            bin_steps: 1,
            levels: vec![Vec::new(); LEVELS as usize],
        }
    }

    /// Whether the finest bins are no wider than a column of `steps` steps.
    pub fn is_fine_enough(&self, steps: f64) -> bool {
        self.bin_steps as f64 <= steps
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
        let blocks = self.blocks as usize;
        for level in 0..LEVELS as usize {
            let width = self.bin_steps << level;
            let (first, last) =
                (chunk.first_step() / width / TILE, chunk.last_step() / width / TILE);
            self.prepare(level, last as usize);
            for t in first..=last {
                let steps = t * TILE * width..(t + 1) * TILE * width;
                let mut spikes = chunk.spikes(steps.clone()).peekable();
                if spikes.peek().is_none() {
                    continue;
                }
                let cells = &mut Arc::make_mut(&mut self.levels[level][t as usize]).0;
                let (neurons, all) = (u64::from(self.neurons.max(1)), blocks as u64);
                for (step, neuron) in spikes {
                    let block = (u64::from(neuron) * all / neurons) as usize;
                    cells[((step - steps.start) / width) as usize * blocks + block] += 1;
                }
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
            for (column, column_share) in columns {
                for (row, block, share) in &rows {
                    let count = counts[*block];
                    if count > 0 {
                        cells[row * view.columns + column] += count as f32 * share * column_share;
                    }
                }
            }
        }
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
