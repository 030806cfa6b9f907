//! The engine in plain Rust.

pub mod isa;
