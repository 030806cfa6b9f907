//! What the workers' threads have in common.
//!
//! * [`latest`]: values of which only the newest matters, up and down
//! * [`answering`]: a thread that answers the newest question
//! * [`remote`]: pause, speed and commands of a thread that runs something

pub mod answering;
pub mod latest;
pub mod remote;
