//! How close? Networks, rules and controls measured on the same criteria: one profile
//! each, and no total.
//!
//! A [`subject::Subject`] is what is measured. A [`criteria::Criterion`] says what is
//! asked of it and how that is measured: one file and one line in
//! [`criteria::CRITERIA`] each. What came out is a [`board::Cell`], which keeps the
//! measurement behind its number; the cells of a subject are its [`board::Profile`],
//! the profiles a [`board::Board`], a file.
//!
//! The criteria are those of Bengio et al. 2015 (six objections to backpropagation),
//! Marblestone, Wayne and Kording 2016 (cost functions, learning rules, architecture)
//! and Whittington and Bogacz 2019. What an update reads ([`structure`]) is never typed
//! in: the code that learns is run again with one quantity replaced at a time.

pub mod board;
pub mod cache;
pub mod circuit;
pub mod code;
pub mod criteria;
pub mod measure;
pub mod member;
pub mod stats;
pub mod structure;
pub mod subject;
pub mod training;
pub mod work;

#[cfg(test)]
mod tests;
