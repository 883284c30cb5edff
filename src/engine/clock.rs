//! The wall clock of a run: how long it has taken, when it was saved, when it is to stop. None of it touches a bit of the
//! result.

use curricle_core::config::Until;
use std::time::{Duration, Instant};

/// The wall clock of one process of a run.
pub struct Clock {
    started: Instant,
    before: f64,
    /// Time spent paused.
    pub waited: Duration,
    /// When a state was saved last.
    pub saved: Instant,
    until: Option<Instant>,
}

impl Clock {
    /// Starts now, in a run that has taken `before` seconds already.
    pub fn start(before: f64, until: Until) -> Self {
        Self { started: Instant::now(), before, waited: Duration::ZERO, saved: Instant::now(), until: deadline(until) }
    }

    /// Seconds spent in the run, pauses taken off.
    pub fn seconds(&self) -> f64 {
        self.before + self.started.elapsed().saturating_sub(self.waited).as_secs_f64()
    }

    /// Whether `training.until` is reached.
    pub fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// When `training.until` asks to stop, from now.
fn deadline(until: Until) -> Option<Instant> {
    let seconds = match until {
        Until::Never => return None,
        Until::After(seconds) => seconds,
        Until::Clock { hour, minute } => seconds_until(hour, minute, local_seconds_of_day()),
    };
    Instant::now().checked_add(Duration::from_secs_f64(seconds.max(0.0)))
}

/// Seconds from `now` (a second of the day) to the next time the clock shows hour:minute.
fn seconds_until(hour: u8, minute: u8, now: f64) -> f64 {
    let then = f64::from(hour) * 3600.0 + f64::from(minute) * 60.0;
    if then > now { then - now } else { then + 86_400.0 - now }
}

/// Seconds since local midnight.
fn local_seconds_of_day() -> f64 {
    let mut parts: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid for the call; localtime_r fills `parts`.
    unsafe {
        let now = libc::time(std::ptr::null_mut());
        libc::localtime_r(&raw const now, &raw mut parts);
    }
    f64::from(parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_the_next_one() {
        assert_eq!(seconds_until(8, 0, 7.0 * 3600.0), 3600.0);
        assert_eq!(seconds_until(8, 0, 8.0 * 3600.0), 86_400.0);
        assert_eq!(seconds_until(0, 30, 23.0 * 3600.0), 5400.0);
    }
}
