//! Functions that come out the same on the CPU and on the GPU: by IEEE
//! additions and multiplications alone, in a fixed order.

/// eˣ to within 2 units in the last place, for x from −87 to 88 (beyond these
/// it is that of the bound). The polynomial is Cephes' (S. Moshier, `expf`);
/// it vectorises, which the library's function does not.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    // Adding and subtracting 1.5 · 2²³ rounds to the nearest integer.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 88.0);
    let n = (x * std::f32::consts::LOG2_E + ROUND) - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    p = p * r + 1.398_199_9e-3;
    p = p * r + 8.333_452e-3;
    p = p * r + 4.166_579_6e-2;
    p = p * r + 1.666_666_5e-1;
    p = p * r + 0.5;
    let e = p * (r * r) + r + 1.0;
    e * f32::from_bits(((n as i32 + 127) as u32) << 23)
}

/// What is left of a conductance or current after a step. What is as good as
/// gone is made zero: processors compute with the tiniest numbers a hundred
/// times more slowly, and graphics cards do not compute with them at all.
#[inline(always)]
pub fn fade(x: f32, factor: f32) -> f32 {
    let y = x * factor;
    if y.abs() < 1e-15 { 0.0 } else { y }
}

/// The same for a conductance, which is never negative.
#[inline(always)]
pub fn fade_conductance(g: f32, factor: f32) -> f32 {
    let y = g * factor;
    if y < 1e-15 { 0.0 } else { y }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_good_to_two_units_in_the_last_place() {
        for i in -8700..=8800 {
            let x = i as f32 / 100.0 + 0.003;
            let (got, want) = (f64::from(exp(x)), f64::from(x.clamp(-87.0, 88.0)).exp());
            assert!((got / want - 1.0).abs() < 2.4e-7, "exp({x}) = {got}, not {want}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::INFINITY).is_finite());
    }

    #[test]
    fn what_fades_arrives_at_zero() {
        let mut x = 10.4;
        for _ in 0..60 {
            x = fade(x, 0.5);
        }
        assert_eq!(x, 0.0);
    }
}
