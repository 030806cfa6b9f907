//! Operations in joules: an estimate of the arithmetic alone, for a chip of 45 nm
//! with 32-bit floating point (Horowitz, ISSCC 2014). Fetching weights from memory,
//! which costs more than either, is left out for both.

/// A multiplication with addition, picojoules: 3.7 + 0.9.
pub const MULTIPLY_ADD_PJ: f64 = 4.6;
/// An addition, picojoules.
pub const ADD_PJ: f64 = 0.9;
/// What is assumed, for people.
pub const ASSUMPTIONS: &str = "45 nm, 32-bit floating point: 4.6 pJ for a multiply–add, 0.9 pJ for an addition (Horowitz, ISSCC 2014); arithmetic only, without memory. A spike costs an addition for each synapse that it reaches; an analog picture costs its first layer’s multiply–adds once.";

/// The original for one picture, microjoules.
pub fn original_uj(multiply_adds: usize) -> f64 {
    multiply_adds as f64 * MULTIPLY_ADD_PJ * 1e-6
}

/// The spiking network for one picture, microjoules.
pub fn spiking_uj(operations: f64, first_multiply_adds: usize) -> f64 {
    (operations * ADD_PJ + first_multiply_adds as f64 * MULTIPLY_ADD_PJ) * 1e-6
}
