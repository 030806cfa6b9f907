//! What people read if the program meets a bug of its own.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

use super::output::complain;
use crate::core::panics;

/// Replaces Rust's message for programmers by one for people, on every thread.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        // Who expects it tells it as an error.
        if !panics::expected() && !crate::ui::window::takes(info) {
            complain(describe(info));
        }
    }));
}

/// The system's limit, met in a package that knows no better than to panic.
const NO_THREADS: &str =
    "error: the system gives no more threads; close other programs and try again";

fn describe(info: &PanicHookInfo) -> String {
    let what = info.payload_as_str().unwrap_or("no further information");
    if what.starts_with("failed to spawn thread") {
        return NO_THREADS.into();
    }
    let place = info.location().map_or_else(|| "an unknown place".into(), ToString::to_string);
    let thread = std::thread::current();
    let trace = Backtrace::capture();
    let trace = (trace.status() == BacktraceStatus::Captured).then(|| trace.to_string());
    message(what, &place, thread.name().unwrap_or("without a name"), trace.as_deref())
}

fn message(what: &str, place: &str, thread: &str, trace: Option<&str>) -> String {
    let details = match trace {
        Some(trace) => format!("\n{trace}"),
        None => " With RUST_BACKTRACE=1 set, it has more details.".into(),
    };
    format!(
        "error: Spikescope {version} met a bug of its own: {what} ({place}, thread \"{thread}\").\n\
         Training runs keep their last checkpoint and can be gone on with, in the Train workspace \
         or with `spikescope train --resume last`.\n\
         Please report this text, together with what you were doing.{details}",
        version = env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_what_happened_what_is_kept_and_what_to_do() {
        let text = message("index out of bounds", "src/x.rs:1:2", "trainer", None);
        for part in ["index out of bounds", "src/x.rs:1:2", "trainer", "checkpoint", "report"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(text.starts_with("error: ") && text.ends_with("more details."));
        assert!(message("a", "b", "c", Some("0: main")).ends_with("0: main"));
    }
}
