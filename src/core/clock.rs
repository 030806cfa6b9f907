//! Calendar time, for the names of files and runs.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Seconds since 1970, 0 if the clock is set before that.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// `20260131-235959` in UTC: sorts by time and is legal in every file name.
pub fn stamp(unix_seconds: u64) -> String {
    // A clock that is set beyond the year 9999 counts as set to its end.
    written(unix_seconds, "%Y%m%d-%H%M%S")
}

fn written(unix_seconds: u64, format: &str) -> String {
    let time = i64::try_from(unix_seconds).ok().and_then(|s| Timestamp::from_second(s).ok());
    time.unwrap_or(Timestamp::MAX).strftime(format).to_string()
}

/// The time at the beginning of a text, as [`stamp`] writes it.
pub fn unstamped(text: &str) -> Option<u64> {
    let time = DateTime::strptime("%Y%m%d-%H%M%S", text.get(..15)?).ok()?;
    u64::try_from(time.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second()).ok()
}

/// The day in UTC: `28 Nov`.
pub fn day(unix_seconds: u64) -> String {
    written(unix_seconds, "%-d %b")
}

/// Day and time in UTC, and that they are: `28 Nov 2026, 14:05 UTC`.
pub fn date(unix_seconds: u64) -> String {
    written(unix_seconds, "%-d %b %Y, %H:%M UTC")
}

/// A duration for people: `42 s`, `3 min 20 s`, `1 h 05 min`.
pub fn duration_text(seconds: f64) -> String {
    let s = seconds.max(0.0).round() as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s / 60 % 60),
    }
}

/// Processor time of this thread in seconds, where the system tells (Linux): for
/// measurements that other programs must not disturb.
pub fn thread_seconds() -> Option<f64> {
    let text = super::files::read_kernel("/proc/thread-self/schedstat")?;
    text.split_whitespace().next()?.parse::<f64>().ok().map(|ns| ns / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_agree_with_the_calendar() {
        assert_eq!(stamp(0), "19700101-000000");
        assert_eq!(stamp(951_782_399), "20000228-235959");
        assert_eq!(stamp(951_782_400), "20000229-000000");
        assert_eq!(stamp(1_769_903_999), "20260131-235959");
        assert_eq!(stamp(u64::MAX)[..4], *"9999");
    }

    #[test]
    fn dates_are_read_and_written() {
        assert_eq!(unstamped("20260131-235959-mlp-seed1-2"), Some(1_769_903_999));
        assert_eq!((unstamped("20261399-000000"), unstamped("mlp")), (None, None));
        assert_eq!(day(1_769_903_999), "31 Jan");
        assert_eq!(date(951_782_400), "29 Feb 2000, 00:00 UTC");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration_text(41.6), "42 s");
        assert_eq!(duration_text(200.0), "3 min 20 s");
        assert_eq!(duration_text(3900.0), "1 h 05 min");
        assert_eq!(duration_text(-1.0), "0 s");
    }
}
