//! What the workers' threads have in common.
//!
//! * [`latest`]: values of which only the newest matters, up and down
//! * [`answering`]: a thread that answers the newest question
//! * [`paced`]: a thread that runs something at the speed asked for
//! * [`remote`]: its pause, speed and commands
//! * [`pace`]: when its steps are due, and how fast they really go

pub mod answering;
pub mod latest;
pub mod pace;
pub mod paced;
pub mod remote;
