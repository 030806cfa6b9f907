// Arithmetic that rounds as the CPU's does: each operation once, to the nearest.
//
// WGSL leaves a compiler free to contract a * b + c into one operation with one
// rounding, to reorder sums, and to divide and to take exponentials roughly. So
// every single operation goes through `r`: it changes no bit, but no compiler
// can know that, and has to round what it is given. Twin of the plain operators
// of Rust, and of src/snn/models/math.rs.

// What has just been added, subtracted or multiplied: exactly one operation.
fn r(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ run.zero);
}

// The quotient, rounded to the nearest. A rough quotient of the mantissas is
// corrected by its remainder, in whole numbers.
fn divide(a: f32, b: f32) -> f32 {
    let x = bitcast<u32>(a);
    let y = bitcast<u32>(b);
    let exponent_a = (x >> 23u) & 255u;
    let exponent_b = (y >> 23u) & 255u;
    if exponent_a == 0u || exponent_a == 255u || exponent_b == 0u || exponent_b == 255u {
        return r(a / b);
    }
    let divisor = (y & 0x7fffffu) | 0x800000u;
    let mantissa = (x & 0x7fffffu) | 0x800000u;
    let shift = select(0u, 1u, mantissa < divisor);
    // From here on the quotient is from 1 to 2: 24 binary digits.
    let dividend = mantissa << shift;
    let rough = u32(f32(dividend) / f32(divisor) * 8388608.0);
    // dividend · 2²³ − rough · divisor is small, so that its low word is all of
    // it; 64 divisors keep it from being negative.
    let rest = (dividend << 23u) - rough * divisor + 64u * divisor;
    let steps = rest / divisor;
    let remainder = rest - steps * divisor;
    var quotient = rough + steps - 64u;
    if 2u * remainder > divisor || (2u * remainder == divisor && (quotient & 1u) == 1u) {
        quotient += 1u;
    }
    let exponent = i32(exponent_a) - i32(exponent_b) + 127 - i32(shift);
    if exponent < 1 || exponent > 253 {
        return r(a / b);
    }
    let sign = (x ^ y) & 0x80000000u;
    return bitcast<f32>(sign | ((u32(exponent) << 23u) + quotient - 0x800000u));
}

// eˣ, as models::math::exp.
fn exponential(at: f32) -> f32 {
    let x = min(max(at, -87.0), 88.0);
    let n = r(r(r(x * 1.44269504088896340736) + 12582912.0) - 12582912.0);
    let y = r(r(x - r(n * 0.6933594)) - r(n * -2.1219444e-4));
    var p = 1.9875691e-4;
    p = r(r(p * y) + 1.3981999e-3);
    p = r(r(p * y) + 8.333452e-3);
    p = r(r(p * y) + 4.1665796e-2);
    p = r(r(p * y) + 1.6666665e-1);
    p = r(r(p * y) + 0.5);
    let e = r(r(r(p * r(y * y)) + y) + 1.0);
    return r(e * bitcast<f32>(u32(i32(n) + 127) << 23u));
}

// What is left of a conductance or current, as models::math::fade.
fn fade(x: f32, factor: f32) -> f32 {
    let y = r(x * factor);
    return select(y, 0.0, abs(y) < 1e-15);
}

// The same for a conductance, which is never negative: math::fade_conductance.
fn fade_conductance(g: f32, factor: f32) -> f32 {
    let y = r(g * factor);
    return select(y, 0.0, y < 1e-15);
}
