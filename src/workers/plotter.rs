//! The `plotter` thread: turns long recordings into images and statistics, so that
//! the window draws ten million spikes as easily as ten.
//!
//! Each view asks under its own key. Only the newest question of a key counts, and
//! its newest answer stays until the next one replaces it. Meanwhile the view shows
//! the old answer, stretched to where it belongs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::events::{Event, Events};
use crate::core::panics::guarded;
use crate::snn::recording::statistics::{TrainStatistics, measure};
use crate::snn::recording::{Recording, View};

/// What a view wants to know.
#[derive(Clone, Debug)]
pub struct PlotQuestion {
    /// Which view asks.
    pub key: u64,
    /// Number of the question, to tell its answer from an earlier one's.
    pub serial: u64,
    /// The spikes.
    pub recording: Arc<Recording>,
    /// What to make of them.
    pub task: PlotTask,
}

/// What can be made of spikes.
#[derive(Clone, Debug, PartialEq)]
pub enum PlotTask {
    /// A picture of the raster, with the population rate.
    Raster(RasterTask),
    /// Figures of the spike trains of these neurons in these steps.
    Statistics { neurons: Range<u32>, steps: Range<u64> },
}

/// A raster and the population rates below it.
#[derive(Clone, Debug, PartialEq)]
pub struct RasterTask {
    /// Time and neurons shown, and the size of the picture.
    pub view: View,
    /// Colour of no spike and of many, RGB.
    pub ramp: [[u8; 3]; 2],
    /// Whose rates are wanted.
    pub rates_of: Vec<Range<u32>>,
    /// First step of the rates' bins.
    pub rate_from: u64,
    /// How many bins.
    pub rate_bins: usize,
    /// Steps in one.
    pub bin_steps: u64,
}

/// The answer to a [`PlotTask`].
#[derive(Clone, Debug)]
pub enum Answer {
    /// To [`PlotTask::Raster`].
    Raster(RasterPicture),
    /// To [`PlotTask::Statistics`].
    Statistics(TrainStatistics),
}

/// A raster as a picture.
#[derive(Clone, Debug)]
pub struct RasterPicture {
    /// What was asked.
    pub task: RasterTask,
    /// `rows × columns` pixels, RGBA, the first neuron on top.
    pub rgba: Vec<u8>,
    /// Spikes in a cell of the full colour.
    pub full: f32,
    /// Spikes in each bin, for each of [`RasterTask::rates_of`].
    pub rate_counts: Vec<Vec<f32>>,
}

/// Draws the picture of a task. Every cell with a spike is visible; the colour
/// grows with the square root of the count, up to the 99.5th percentile of the
/// cells that have any.
pub fn draw_raster(recording: &Recording, task: &RasterTask) -> RasterPicture {
    let cells_len = task.view.rows * task.view.columns;
    let mut cells = vec![0.0f32; cells_len];
    recording.count_cells(&task.view, &mut cells);
    let full = full_count(&cells);
    let [paper, ink] = task.ramp;
    let shades: [[u8; 4]; 256] = std::array::from_fn(|t| shade(paper, ink, t as u8));
    // Loops without branches, apart, so that the compiler makes vectors of the first.
    let mut tones = vec![0u8; cells_len];
    for (tone, count) in tones.iter_mut().zip(&cells) {
        // At least a third of the way, so that a single spike is no ghost.
        let share = 0.35 + 0.65 * (count / full).min(1.0).sqrt();
        *tone = if *count > 0.0 { (share * 255.0) as u8 } else { 0 };
    }
    let mut rgba = vec![0u8; cells_len * 4];
    for (pixel, tone) in rgba.as_chunks_mut::<4>().0.iter_mut().zip(&tones) {
        *pixel = shades[usize::from(*tone)];
    }
    let counts = |neurons: &Range<u32>| {
        recording.population(task.rate_from, task.rate_bins, task.bin_steps, neurons.clone())
    };
    let rate_counts = task.rates_of.iter().map(counts).collect();
    RasterPicture { task: task.clone(), rgba, full, rate_counts }
}

fn shade(paper: [u8; 3], ink: [u8; 3], t: u8) -> [u8; 4] {
    let mix = |a: u8, b: u8| {
        let t = u32::from(t);
        ((u32::from(a) * (255 - t) + u32::from(b) * t + 127) / 255) as u8
    };
    [mix(paper[0], ink[0]), mix(paper[1], ink[1]), mix(paper[2], ink[2]), 255]
}

/// The 99.5th percentile of the cells that are not empty; at least one spike.
fn full_count(cells: &[f32]) -> f32 {
    // A few thousand cells tell it as well as a million.
    let stride = (cells.len() / 40_000).max(1);
    let mut some: Vec<f32> = cells.iter().step_by(stride).copied().filter(|c| *c > 0.0).collect();
    if some.is_empty() {
        return 1.0;
    }
    let at = (some.len() - 1) * 995 / 1000;
    let (_, full, _) = some.select_nth_unstable_by(at, f32::total_cmp);
    full.max(1.0)
}

/// A question and its answer.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The question's number.
    pub serial: u64,
    /// The answer.
    pub answer: Answer,
}

/// Questions that wait, and the newest answers, by key.
#[derive(Debug, Default)]
struct Board {
    asked: BTreeMap<u64, PlotQuestion>,
    answered: BTreeMap<u64, Arc<Answered>>,
    closed: bool,
    /// Whether a question is in hand.
    works: bool,
}

#[derive(Debug, Default)]
struct Shared {
    board: Mutex<Board>,
    asked: Condvar,
}

/// The thread, from the window's side. Dropped, it ends the thread and waits for it.
#[derive(Debug, Default)]
pub struct Plotter {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Plotter {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let mut plotter = Self::default();
        plotter.spawn(events)?;
        Ok(plotter)
    }

    fn spawn(&mut self, events: Events) -> std::io::Result<()> {
        let shared = Arc::clone(&self.shared);
        let builder = std::thread::Builder::new().name("plotter".into());
        self.thread = Some(builder.spawn(move || shared.run(&events))?);
        Ok(())
    }

    /// Asks; an earlier question of the same key that was not begun is dropped.
    pub fn ask(&self, question: PlotQuestion) {
        self.shared.board().asked.insert(question.key, question);
        self.shared.asked.notify_one();
    }

    /// Whether all questions have been answered.
    pub fn is_idle(&self) -> bool {
        let board = self.shared.board();
        board.asked.is_empty() && !board.works
    }

    /// The newest answer for this key.
    pub fn newest(&self, key: u64) -> Option<Arc<Answered>> {
        self.shared.board().answered.get(&key).cloned()
    }
}

impl Drop for Plotter {
    fn drop(&mut self) {
        self.shared.board().closed = true;
        self.shared.asked.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// A poisoned lock means a panic between two complete values.
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until there is a question; `None` once closed.
    fn wait(&self) -> Option<PlotQuestion> {
        let mut board = self.board();
        board.works = false;
        loop {
            if board.closed {
                return None;
            }
            if let Some((_, question)) = board.asked.pop_first() {
                board.works = true;
                return Some(question);
            }
            board = self.asked.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn run(&self, events: &Events) {
        while let Some(question) = self.wait() {
            let answer = guarded(|| match &question.task {
                PlotTask::Raster(task) => Answer::Raster(draw_raster(&question.recording, task)),
                PlotTask::Statistics { neurons, steps } => {
                    Answer::Statistics(measure(&question.recording, neurons.clone(), steps.clone()))
                }
            });
            match answer {
                Ok(answer) => {
                    let answered = Answered { serial: question.serial, answer };
                    self.board().answered.insert(question.key, Arc::new(answered));
                    events.wake();
                }
                Err(why) => events.send(Event::Failure(format!(
                    "A raster could not be drawn: {why}. The spikes are kept; another zoom may show them."
                ))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snn::recording::CAP_BYTES;

    fn recording() -> Arc<Recording> {
        let mut recording = Recording::new(4, 1.0, CAP_BYTES);
        for step in 0..100 {
            recording.push(step, &[(step % 4) as u32]);
        }
        Arc::new(recording)
    }

    fn task() -> RasterTask {
        let view =
            View { from_step: 0.0, to_step: 100.0, first: 0, count: 4, columns: 100, rows: 4 };
        RasterTask {
            view,
            ramp: [[10, 20, 30], [250, 240, 230]],
            rates_of: vec![0..4, 1..2],
            rate_from: 0,
            rate_bins: 10,
            bin_steps: 10,
        }
    }

    #[test]
    fn a_spike_is_a_pixel_of_full_colour() {
        let picture = draw_raster(&recording(), &task());
        assert_eq!(picture.full, 1.0);
        for step in 0..100usize {
            for neuron in 0..4usize {
                let at = (neuron * 100 + step) * 4;
                let wanted =
                    if step % 4 == neuron { [250, 240, 230, 255] } else { [10, 20, 30, 255] };
                assert_eq!(picture.rgba[at..at + 4], wanted);
            }
        }
        assert_eq!(picture.rate_counts[0], [10.0; 10]);
        assert_eq!(picture.rate_counts[1].iter().sum::<f32>(), 25.0);
    }

    #[test]
    fn the_newest_question_of_each_view_is_answered() {
        let mut plotter = Plotter::default();
        let (sender, _receiver) = std::sync::mpsc::sync_channel(4);
        let (woken, wait) = std::sync::mpsc::sync_channel(16);
        let events = Events::new(
            sender,
            Arc::new(move || {
                let _ = woken.try_send(());
            }),
        );
        let ask = |key, serial, task| {
            plotter.ask(PlotQuestion { key, serial, recording: recording(), task });
        };
        ask(1, 1, PlotTask::Raster(task()));
        ask(1, 2, PlotTask::Raster(task()));
        ask(2, 3, PlotTask::Statistics { neurons: 0..4, steps: 0..100 });
        plotter.spawn(events).unwrap();
        for _ in 0..2 {
            wait.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
        }
        assert_eq!(plotter.newest(1).unwrap().serial, 2);
        let answered = plotter.newest(2).unwrap();
        let Answer::Statistics(s) = &answered.answer else { panic!("{answered:?}") };
        assert_eq!((s.spikes, s.cv), (100, Some(0.0)));
        assert!(plotter.newest(3).is_none());
    }
}
