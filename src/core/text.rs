//! Numbers as people read and type them.

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

/// A share in percent: `98.76 %`.
pub fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// What is known of a number in words of its own, or a dash.
pub fn or_dash<T>(value: Option<T>, text: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), text)
}

/// A number as it is typed: `1.7`, `1,7`, `−3`, `12 500`, `1e-3`. A single comma
/// is a decimal point. `None` for what is no finite number, and for what could be
/// two: `1,234.5`, `1,234,567`, `1, 7`.
pub fn decimal(text: &str) -> Option<f64> {
    let mut plain = String::new();
    for (i, part) in text.split_whitespace().enumerate() {
        // Spaces stand only between groups of three digits.
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let before = plain.trim_start_matches(['-', '−']);
        let before_fits = !before.is_empty() && before.bytes().all(|b| b.is_ascii_digit());
        let first_fits = i > 1 || before.len() <= 3;
        if i > 0 && !(digits == 3 && before_fits && first_fits) {
            return None;
        }
        plain.push_str(part);
    }
    let commas = plain.matches(',').count();
    if commas > 1 || commas == 1 && plain.contains('.') {
        return None;
    }
    // Rust also knows `inf` and `nan`.
    let number = plain.replace('−', "-").replace(',', ".").parse::<f64>();
    number.ok().filter(|n| n.is_finite())
}

/// A whole number as it is typed: `60000`, also in groups of three as
/// [`grouped`] writes them, `60,000`. `None` for anything else, as `1,7`.
pub fn whole(text: &str) -> Option<f64> {
    let number = if is_grouped(text) { decimal(&text.replace(',', "")) } else { decimal(text) };
    number.filter(|n| n.fract() == 0.0)
}

/// Whether commas stand between groups of three digits.
pub fn is_grouped(text: &str) -> bool {
    let mut groups = text.trim().trim_start_matches(['-', '−']).split(',');
    let digits = |g: &str| g.bytes().all(|b| b.is_ascii_digit());
    let first = groups.next().is_some_and(|g| (1..=3).contains(&g.len()) && digits(g));
    let mut rest = groups.peekable();
    first && rest.peek().is_some() && rest.all(|g| g.len() == 3 && digits(g))
}

/// How sure an answer is: `98 %`, never a rounded-up 100 % or a rounded-down 0 %.
pub fn certainty(probability: f32) -> String {
    let percent = f64::from(probability) * 100.0;
    match percent {
        p if p >= 99.95 => "> 99.9 %".into(),
        p if p >= 99.0 => format!("{:.1} %", (p * 10.0).floor() / 10.0),
        p if p >= 1.0 => format!("{p:.0} %"),
        p if p >= 0.1 => format!("{p:.1} %"),
        _ => "< 0.1 %".into(),
    }
}

/// A short number: three significant digits.
pub fn short(value: f32) -> String {
    // No minus before a zero.
    let (value, size) = (value + 0.0, value.abs());
    if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 0.1 || size == 0.0 {
        format!("{value:.2}")
    } else if size >= 0.001 {
        format!("{value:.3}")
    } else {
        format!("{value:.0e}")
    }
    .replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::{certainty, decimal, grouped, millions, or_dash, percent, short, whole};

    #[test]
    fn a_decimal_comma_is_a_decimal_point() {
        for (text, number) in [
            ("1.7", 1.7),
            ("1,7", 1.7),
            (" 1,7 ", 1.7),
            ("−0,5", -0.5),
            (",5", 0.5),
            ("12 500,25", 12_500.25),
            ("1e-3", 1e-3),
            ("1,5e2", 150.0),
        ] {
            assert_eq!(decimal(text), Some(number), "{text}");
        }
        for text in [
            "", "x", "1,2,3", "1,234.5", "1.2.3", "1;7", "nan", "inf", "1e999", "5 ms", "12 13",
            "1, 7", "1 2345",
        ] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_may_be_in_groups_and_are_never_cut() {
        for (text, number) in [("7", 7.0), ("60,000", 6e4), ("1,150,922", 1_150_922.0)] {
            assert_eq!(whole(text), Some(number), "{text}");
        }
        assert_eq!(whole("60 000"), Some(6e4));
        assert_eq!(whole("5.0"), Some(5.0));
        assert_eq!(whole("−1,000"), Some(-1000.0));
        for text in ["1,7", "1.7", "1,2,3", "1,00,000", "12 13", "x", ""] {
            assert_eq!(whole(text), None, "{text}");
        }
    }

    #[test]
    fn millions_have_three_digits() {
        let cases = [(1_070_080, "1.07"), (12_668_928, "12.7"), (371_392_512, "371")];
        for (n, text) in cases {
            assert_eq!(millions(n), text);
        }
    }

    #[test]
    fn shares_are_in_percent_and_what_is_not_known_is_a_dash() {
        assert_eq!(or_dash(Some(0.98765), percent), "98.77 %");
        assert_eq!(or_dash(None, percent), "–");
    }

    #[test]
    fn groups_of_three() {
        let cases = [(0, "0"), (9999, "9999"), (60_000, "60,000"), (1_150_922, "1,150,922")];
        for (n, text) in cases {
            assert_eq!(grouped(n), text);
        }
    }

    #[test]
    fn certainty_is_never_overstated() {
        assert_eq!(certainty(0.9999), "> 99.9 %");
        assert_eq!(certainty(0.9994), "99.9 %");
        assert_eq!(certainty(0.9949), "99.4 %");
        assert_eq!(certainty(0.5), "50 %");
        assert_eq!(certainty(0.0), "< 0.1 %");
    }

    #[test]
    fn numbers_are_short() {
        let cases =
            [(0.0, "0.00"), (-0.0, "0.00"), (-0.1234, "−0.12"), (12.34, "12.3"), (0.0123, "0.012")];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }
}
