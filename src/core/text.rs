//! Numbers as people read them.

/// Digits in groups of three from 10,000 on: `9999`, `60,000`, `1,150,922`.
pub fn grouped(n: u64) -> String {
    let plain = n.to_string();
    if plain.len() < 5 {
        return plain;
    }
    let mut text = String::with_capacity(plain.len() + plain.len() / 3);
    for (i, digit) in plain.chars().enumerate() {
        if i > 0 && (plain.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Millions with three significant digits or more: `1.07`, `12.7`, `124`.
pub fn millions(n: usize) -> String {
    let value = n as f64 / 1e6;
    let decimals = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::{grouped, millions};

    #[test]
    fn millions_have_three_digits() {
        let cases = [(1_070_080, "1.07"), (12_668_928, "12.7"), (371_392_512, "371")];
        for (n, text) in cases {
            assert_eq!(millions(n), text);
        }
    }

    #[test]
    fn groups_of_three() {
        let cases = [(0, "0"), (9999, "9999"), (60_000, "60,000"), (1_150_922, "1,150,922")];
        for (n, text) in cases {
            assert_eq!(grouped(n), text);
        }
    }
}
