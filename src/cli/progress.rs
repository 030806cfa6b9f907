//! Progress of long tasks: a bar on a terminal, nothing anywhere else.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on stderr. It hides itself when stderr is no terminal.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Counts `total` things that are named by `unit`: `images`, `bytes`.
    pub fn new(total: u64, unit: Unit) -> Self {
        let bar = ProgressBar::new(total);
        let counts = match unit {
            Unit::Bytes => "{bytes}/{total_bytes}",
            Unit::Images => "{human_pos}/{human_len} images",
            Unit::Batches => "{percent:>3} %",
            Unit::Pages => "{pos}/{len} pages",
            Unit::Frames => "{pos}/{len} frames",
            Unit::Cells => "{pos}/{len} measurements",
        };
        let template = format!("{{bar:28}} {counts}  {{msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        Self { bar }
    }

    /// Shows the clock going even when a single step takes long.
    pub fn tick_steadily(&self) {
        // It takes a thread, which is for nothing where nobody looks.
        if self.is_shown() {
            self.bar.enable_steady_tick(Duration::from_millis(200));
        }
    }

    /// How far it is.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// How much there is.
    pub fn set_total(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// What is shown behind the bar.
    pub fn say(&self, text: impl Into<String>) {
        self.bar.set_message(text.into());
    }

    /// Whether anybody sees it: if not, making messages is a waste.
    pub fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// Prints something without the bar in the way.
    pub fn pause<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub enum Unit {
    Bytes,
    Images,
    Batches,
    Pages,
    Frames,
    Cells,
}
