//! The `devices` thread: finds the graphics cards that can train, and ends. This may
//! take a driver a second. Nobody waits for it, not even at exit: a driver that hangs
//! must hang alone.

use super::events::Events;
use crate::ann::device;

/// Starts the thread, in builds that can train on a graphics card.
///
/// # Errors
/// When the system gives no thread.
pub fn look(events: &Events) -> std::io::Result<()> {
    if !device::slow_to_look() {
        return Ok(());
    }
    let events = events.clone();
    std::thread::Builder::new().name("devices".into()).spawn(move || {
        device::look();
        events.wake();
    })?;
    Ok(())
}
