//! What the update of a synapse reads, found out by running the code that learns again
//! with one quantity replaced at a time.
