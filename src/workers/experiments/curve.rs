//! The f–I curve, measured no faster than one can watch.

use std::time::{Duration, Instant};

use super::MakeEngine;
use crate::snn::SnnError;
use crate::snn::experiments::{Tell, curve};

pub use crate::snn::experiments::curve::{CurveResult, CurveTask};

/// Between two views: the measurement should be seen, and the window not flooded.
const PART_TAKES: Duration = Duration::from_millis(33);

/// As [`curve::measure`], a part each [`PART_TAKES`] at most.
pub fn measure(
    task: &CurveTask,
    make: MakeEngine,
    tell: Tell<'_, CurveResult>,
) -> Result<(), SnnError> {
    let mut begun = Instant::now();
    curve::measure(task, make, &mut |result| {
        let go_on = tell(result);
        if go_on {
            std::thread::sleep(PART_TAKES.saturating_sub(begun.elapsed()));
        }
        begun = Instant::now();
        go_on
    })
}
