//! Numbers and times as the screen writes them: the digits that carry meaning, right-aligned by the caller, and `–` for
//! what is not known.

use std::time::{SystemTime, UNIX_EPOCH};

pub use crate::words::{UNKNOWN, duration, four as accuracy, thousands as count};

/// A loss or a score: four decimals; very large and very small ones with an exponent.
pub fn loss(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "NaN".into() } else { "inf".into() };
    }
    let size = value.abs();
    if size >= 1e5 || (size > 0.0 && size < 1e-4) { format!("{value:.2e}") } else { format!("{value:.4}") }
}

/// A share as whole percent, rounded down so that `100 %` means done.
pub fn percent(done: u64, of: u64) -> String {
    if of == 0 { UNKNOWN.into() } else { format!("{} %", (done.min(of) as f64 / of as f64 * 100.0) as u64) }
}

/// A number with as few digits as carry meaning: `0.05`, `729.8`, `1e-5`.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return loss(value);
    }
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs();
    if !(1e-3..1e6).contains(&size) {
        let text = format!("{value:.2e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trim_zeros(mantissa));
    }
    let decimals = match size {
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        size if size >= 1.0 => 3,
        _ => 4,
    };
    trim_zeros(&format!("{value:.decimals$}"))
}

fn trim_zeros(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text.into() }
}

/// A duration that need not be exact: `about 3 min`. One unit, so that it seldom changes.
pub fn about(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return UNKNOWN.into();
    }
    match seconds {
        s if s < 60.0 => format!("{} s", (s / 5.0).ceil() as u64 * 5),
        s if s < 5_400.0 => format!("{} min", (s / 60.0).round() as u64),
        s if s < 172_800.0 => format!("{} h", (s / 3_600.0).round() as u64),
        s => format!("{} days", (s / 86_400.0).round() as u64),
    }
}

/// What is left of a run: exact from ten minutes on; below in whole minutes and then in fives of seconds, where it would
/// change with every picture.
pub fn left(seconds: f64) -> String {
    match seconds {
        s if s < 60.0 => about(s),
        s if s < 600.0 => duration((s / 60.0).round() * 60.0),
        s => duration((s / 60.0).floor() * 60.0),
    }
}

/// Bytes: `0.4 GiB`, `38 MiB`, `912 B`.
pub fn bytes(value: u64) -> String {
    let value_f = value as f64;
    match value {
        0..=1_023 => format!("{value} B"),
        1_024..=1_048_575 => format!("{:.0} KiB", value_f / 1024.0),
        1_048_576..=104_857_599 => format!("{:.0} MiB", value_f / 1_048_576.0),
        _ => format!("{:.1} GiB", value_f / 1_073_741_824.0),
    }
}

/// The offset of local time from UTC, read once, and the clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// Seconds east of UTC.
    pub offset: i64,
}

impl Clock {
    /// The local zone of this machine; UTC where it cannot be told.
    pub fn local() -> Clock {
        Clock { offset: local_offset(now()) }
    }

    /// The time of day: `14:02:11`.
    pub fn time_of_day(self, time: f64) -> String {
        let seconds = (time as i64 + self.offset).rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds % 3_600 / 60, seconds % 60)
    }

    /// A moment as the lists show it: `13:54` today, `21 Nov 18:40` before, with the year where it is another one.
    pub fn moment(self, time: f64, now: f64) -> String {
        if time <= 0.0 {
            return UNKNOWN.into();
        }
        let zone = jiff::tz::Offset::from_seconds(self.offset as i32).unwrap_or(jiff::tz::Offset::UTC).to_time_zone();
        let zoned = |time: f64| Some(jiff::Timestamp::from_second(time as i64).ok()?.to_zoned(zone.clone()));
        match (zoned(time), zoned(now)) {
            (Some(time), Some(now)) => crate::words::moment_at(&time, &now),
            _ => UNKNOWN.into(),
        }
    }
}

/// Seconds since 1970 by this machine's clock.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The zone's offset at a moment, which `TZ` and the system's files tell.
fn local_offset(at: f64) -> i64 {
    jiff::Timestamp::from_second(at as i64).map_or(0, |at| i64::from(jiff::tz::TimeZone::system().to_offset(at).seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_the_digits_that_carry_meaning() {
        assert_eq!(count(4_692), "4,692");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(loss(1.41273), "1.4127");
        assert_eq!(loss(f64::NAN), "NaN");
        assert_eq!(loss(3.2e-7), "3.20e-7");
        assert_eq!(accuracy(Some(0.46631)), "0.4663");
        assert_eq!(accuracy(None), "–");
        assert_eq!(percent(611, 4_692), "13 %");
        assert_eq!(percent(4_691, 4_692), "99 %");
        assert_eq!(percent(0, 0), "–");
        assert_eq!(short(0.05), "0.05");
        assert_eq!(short(729.81), "729.8");
        assert_eq!(short(212.0), "212");
        assert_eq!(short(1e-5), "1e-5");
        assert_eq!(short(12_345.6), "12346");
    }

    #[test]
    fn durations_and_sizes_have_units() {
        assert_eq!(about(118.0), "2 min");
        assert_eq!(about(12.0), "15 s");
        assert_eq!(left(6_720.0), "1 h 52 m");
        assert_eq!(left(322.0), "5 m");
        assert_eq!(left(41.0), "45 s");
        assert_eq!(bytes(429_496_729), "0.4 GiB");
        assert_eq!(bytes(40_000_000), "38 MiB");
    }

    #[test]
    fn moments_are_short_today_and_dated_before() {
        let clock = Clock { offset: 3_600 };
        let noon = 1_764_000_000.0; // 24 November 2025, 16:00 UTC
        assert_eq!(clock.moment(noon, noon + 60.0), "17:00");
        assert_eq!(clock.moment(noon - 86_400.0, noon), "23 Nov 17:00");
        assert_eq!(clock.moment(noon - 400.0 * 86_400.0, noon), "20 Oct 2024");
        assert_eq!(clock.moment(0.0, noon), "–");
        assert_eq!(clock.time_of_day(noon), "17:00:00");
    }
}
