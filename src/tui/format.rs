//! Numbers and times as the screen writes them: the digits that carry meaning, right-aligned by the caller, and `–` for
//! what is not known.

use std::time::{SystemTime, UNIX_EPOCH};

/// What stands for an unknown value. Never 0.
pub const UNKNOWN: &str = "–";

pub use curricle_core::words::thousands as count;

/// A loss or a score: four decimals; very large and very small ones with an exponent.
pub fn loss(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "NaN".into() } else { "inf".into() };
    }
    let size = value.abs();
    if size >= 1e5 || (size > 0.0 && size < 1e-4) { format!("{value:.2e}") } else { format!("{value:.4}") }
}

/// A share as a fraction with four decimals: `0.4663`.
pub fn accuracy(value: Option<f64>) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| UNKNOWN.into(), |value| format!("{value:.4}"))
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

/// A duration in at most two units: `40 s`, `3 min 20 s`, `1 h 52 m`, `3 d 4 h`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return UNKNOWN.into();
    }
    let whole = seconds.round() as u64;
    match whole {
        0..=59 => format!("{whole} s"),
        60..=599 if !whole.is_multiple_of(60) => format!("{} min {} s", whole / 60, whole % 60),
        60..=3_599 => format!("{} min", whole / 60),
        3_600..=86_399 => format!("{} h {:02} m", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3_600),
    }
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

/// What is left of a run: exact from ten minutes on, coarse below, where it would change with every picture.
pub fn left(seconds: f64) -> String {
    if seconds < 600.0 { about(seconds) } else { duration(seconds) }
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
        if time <= 0.0 || !time.is_finite() {
            return UNKNOWN.into();
        }
        let (local, today) = (time as i64 + self.offset, now as i64 + self.offset);
        let (hour, minute) = (local.rem_euclid(86_400) / 3_600, local.rem_euclid(3_600) / 60);
        let (day, reference) = (local.div_euclid(86_400), today.div_euclid(86_400));
        if day == reference {
            return format!("{hour:02}:{minute:02}");
        }
        let (year, month, date) = civil(day);
        let name = MONTHS[(month - 1) as usize % 12];
        if civil(reference).0 == year { format!("{date} {name} {hour:02}:{minute:02}") } else { format!("{date} {name} {year}") }
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Year, month and day of a day counted from 1 January 1970 (proleptic Gregorian calendar).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
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
        assert_eq!(duration(40.2), "40 s");
        assert_eq!(duration(200.0), "3 min 20 s");
        assert_eq!(duration(6_720.0), "1 h 52 m");
        assert_eq!(duration(100_000.0), "1 d 3 h");
        assert_eq!(duration(f64::NAN), "–");
        assert_eq!(about(118.0), "2 min");
        assert_eq!(about(12.0), "15 s");
        assert_eq!(left(6_720.0), "1 h 52 m");
        assert_eq!(left(322.0), "5 min");
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
