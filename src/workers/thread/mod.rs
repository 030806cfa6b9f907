//! The two kinds of worker threads, and what they are made of.
//!
//! * [`answering`]: a thread that answers the newest question
//! * [`paced`]: a thread that runs something at the speed asked for
//! * [`latest`]: values of which only the newest matters, in both directions
//! * [`remote`]: pause, speed and commands of a paced thread
//! * [`pace`]: when steps are due, and how fast they really run

pub mod answering;
pub mod latest;
pub mod pace;
pub mod paced;
pub mod remote;
