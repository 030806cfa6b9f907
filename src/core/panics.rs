//! Panics that are expected: a decoder from outside may give up on a file that
//! it does not understand. They become errors, and say nothing on the terminal.

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
    done.map_err(|panic| {
        let text = panic.downcast_ref::<&str>().map(|t| (*t).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "it does not say why".into())
    })
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
    }
}
