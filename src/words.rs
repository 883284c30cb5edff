//! Numbers, times and durations as they are shown everywhere.

use jiff::{Timestamp, Zoned, tz::TimeZone};

/// What stands for a number that is not known.
pub const UNKNOWN: &str = "–";

pub use curricle_core::words::thousands;

/// A loss or a fraction with four decimals.
pub fn four(value: Option<f64>) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{value:.4}"),
        _ => UNKNOWN.to_string(),
    }
}

/// What an experiment is called in lists: its name, or what it trains where it has none.
pub fn title(name: &str, network: &str, set: &str) -> String {
    match (name.trim(), network.trim(), set.trim()) {
        ("", "", "") => UNKNOWN.to_string(),
        ("", network, "") => network.to_string(),
        ("", "", set) => set.to_string(),
        ("", network, set) => format!("{network} on {set}"),
        (name, _, _) => name.to_string(),
    }
}

/// A length of time in its two largest units: `1 h 52 m`, `3 m 20 s`, `40 s`, `2 d 4 h`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return UNKNOWN.to_string();
    }
    let whole = seconds.round() as u64;
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| {
        if small == 0 { format!("{large} {large_unit}") } else { format!("{large} {large_unit} {small} {small_unit}") }
    };
    match whole {
        0..60 => format!("{whole} s"),
        60..3_600 => two(whole / 60, "m", whole % 60, "s"),
        3_600..86_400 => two(whole / 3_600, "h", whole % 3_600 / 60, "m"),
        _ => two(whole / 86_400, "d", whole % 86_400 / 3_600, "h"),
    }
}

/// A moment written as RFC 3339, in local time: `13:54` today, `21 Nov 18:40` before, `21 Nov 2025` in another year.
pub fn moment(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(time) => moment_at(&time.to_zoned(TimeZone::system()), &Zoned::now()),
        Err(_) => UNKNOWN.to_string(),
    }
}

/// A moment as lists show it, seen from now.
pub(crate) fn moment_at(time: &Zoned, now: &Zoned) -> String {
    let format = if time.date() == now.date() {
        "%H:%M"
    } else if time.year() == now.year() {
        "%-d %b %H:%M"
    } else {
        "%-d %b %Y"
    };
    time.strftime(format).to_string()
}

/// Reads a length of time: `30d`, `12 h`, `90 min`, `45s`, `2w`; gives seconds.
pub fn parse_duration(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit.trim() {
        "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3_600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return Err("expected a length of time, as `30d` or `12 h`".to_string()),
    };
    match number.parse::<f64>() {
        Ok(number) => Ok(number * scale),
        Err(_) => Err("expected a length of time, as `30d` or `12 h`".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1_000, 4_692, 36_479_194].map(thousands), ["0", "999", "1,000", "4,692", "36,479,194"]);
        assert_eq!([Some(0.46634), None, Some(f64::NAN)].map(four), ["0.4663", "–", "–"]);
    }

    #[test]
    fn what_has_no_name_is_called_by_what_it_trains() {
        assert_eq!(title("delta", "preresnet 20", "glyphs"), "delta");
        assert_eq!(title(" ", "preresnet 20", "glyphs"), "preresnet 20 on glyphs");
        assert_eq!(title("", "", ""), "–");
    }

    #[test]
    fn durations_have_two_units() {
        let table = [(0.2, "0 s"), (40.0, "40 s"), (59.6, "1 m"), (200.0, "3 m 20 s"), (6_720.0, "1 h 52 m"), (187_200.0, "2 d 4 h")];
        for (seconds, text) in table {
            assert_eq!(duration(seconds), text);
        }
        assert_eq!(duration(f64::NAN), "–");
        for (text, seconds) in [("30d", 2_592_000.0), ("12 h", 43_200.0), ("1.5 min", 90.0), ("45s", 45.0), ("2w", 1_209_600.0)] {
            assert_eq!(parse_duration(text), Ok(seconds));
        }
        for text in ["", "30", "d", "1.2.3 h", "5 parsecs", "-3 d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_as_short_as_they_can_be() {
        let zone = |text: &str| text.parse::<Timestamp>().unwrap().to_zoned(TimeZone::UTC);
        let now = zone("2026-11-24T20:00:00Z");
        assert_eq!(moment_at(&zone("2026-11-24T13:54:10.250Z"), &now), "13:54");
        assert_eq!(moment_at(&zone("2026-11-21T18:40:00Z"), &now), "21 Nov 18:40");
        assert_eq!(moment_at(&zone("2025-11-05T18:40:00Z"), &now), "5 Nov 2025");
        assert_eq!(moment("yesterday"), "–");
    }
}
