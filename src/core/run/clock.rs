//! The wall clock, as it is written into files. Nothing that a run computes depends on it.

use jiff::Timestamp;

/// Seconds since 1970.
pub fn now() -> f64 {
    Timestamp::now().as_nanosecond() as f64 / 1e9
}

/// This moment as RFC 3339 in UTC: `2026-11-24T19:35:31.204Z`.
pub fn timestamp() -> String {
    format!("{:.3}", Timestamp::now())
}

/// This moment for the beginning of a run's id, in local time: `20261124-203531`.
pub(super) fn stamp() -> String {
    jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string()
}
