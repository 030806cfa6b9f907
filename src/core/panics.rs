//! Turns panics into errors. Some are expected: a third-party decoder gives up on a file
//! that it does not understand; these print nothing. Others are our own bugs, which end
//! the task in hand but not the thread.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static EXPECTED: Cell<u32> = const { Cell::new(0) };
}

/// Runs `work`; a panic in it becomes its text.
///
/// # Errors
/// What the panic said.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    EXPECTED.set(EXPECTED.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(work));
    EXPECTED.set(EXPECTED.get() - 1);
    done.map_err(|panic| text(&*panic))
}

/// Runs `work`; a panic in it, which is a mistake of ours, becomes the reason that
/// people are given. The panic hook tells it as ever.
///
/// # Errors
/// `an error in the program (…; please report it)`, to go into a sentence.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|panic| format!("an error in the program ({}; please report it)", text(&*panic)))
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|t| (*t).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it does not say why".into())
}

/// Whether a panic of this thread is caught and told by [`caught`], so that a
/// panic hook has nothing to say.
pub fn expected() -> bool {
    EXPECTED.get() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_text() {
        assert_eq!(caught(|| 3), Ok(3));
        let failed = caught(|| -> u8 {
            assert!(expected());
            panic!("no {}", "luck")
        });
        assert_eq!(failed, Err("no luck".into()));
        assert!(!expected());
        let failed = guarded(|| -> u8 { panic!("no luck") });
        assert_eq!(failed, Err("an error in the program (no luck; please report it)".into()));
    }
}
