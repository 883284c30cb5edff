//! A metric over the steps of a run in bounded memory, at two resolutions: the newest values one by one, and the whole
//! run in buckets whose width doubles when they run out. No work grows with the length of the run.

use std::collections::VecDeque;

/// Newest values kept one by one.
const RECENT: usize = 1_024;
/// Buckets for the whole run.
const BUCKETS: usize = 2_048;

/// A span of steps, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Bucket {
    sum: f64,
    count: u32,
    bad: u32,
    low: f64,
    high: f64,
}

impl Bucket {
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            self.bad = self.bad.saturating_add(1);
            return;
        }
        (self.low, self.high) = if self.count == 0 { (value, value) } else { (self.low.min(value), self.high.max(value)) };
        self.sum += value;
        self.count = self.count.saturating_add(1);
    }

    fn merge(mut self, other: Bucket) -> Bucket {
        if other.count > 0 {
            (self.low, self.high) =
                if self.count == 0 { (other.low, other.high) } else { (self.low.min(other.low), self.high.max(other.high)) };
        }
        self.sum += other.sum;
        self.count = self.count.saturating_add(other.count);
        self.bad = self.bad.saturating_add(other.bad);
        self
    }
}

/// What a column of a picture shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Column {
    /// No value falls here.
    Empty,
    /// Values, none of them finite.
    Gap,
    /// The mean of the finite values.
    Value(f64),
}

impl Column {
    /// The value, if there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Column::Value(value) => Some(value),
            Column::Empty | Column::Gap => None,
        }
    }
}

/// The values of one metric by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    recent: VecDeque<(u64, f64)>,
    buckets: Vec<Bucket>,
    span: u64,
    whole: Bucket,
}

impl Default for Series {
    fn default() -> Series {
        Series { recent: VecDeque::new(), buckets: Vec::new(), span: 1, whole: Bucket::default() }
    }
}

impl Series {
    /// Adds the value of a step. Steps come in order.
    pub fn push(&mut self, step: u64, value: f64) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((step, value));
        while step / self.span >= BUCKETS as u64 {
            self.buckets = self.buckets.chunks(2).map(|pair| pair.iter().fold(Bucket::default(), |sum, next| sum.merge(*next))).collect();
            self.span *= 2;
        }
        let place = (step / self.span) as usize;
        if place >= self.buckets.len() {
            self.buckets.resize(place + 1, Bucket::default());
        }
        self.buckets[place].add(value);
        self.whole.add(value);
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    /// The newest value and its step.
    pub fn last(&self) -> Option<(u64, f64)> {
        self.recent.back().copied()
    }

    /// The mean of the newest finite values, at most so many of them.
    pub fn recent_mean(&self, count: usize) -> Option<f64> {
        let newest = self.recent.iter().rev().take(count).map(|(_, value)| *value).filter(|value| value.is_finite());
        let (sum, count) = newest.fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    }

    /// Values seen.
    pub fn len(&self) -> u64 {
        u64::from(self.whole.count) + u64::from(self.whole.bad)
    }

    /// Smallest and largest finite value of the whole run.
    pub fn range(&self) -> Option<(f64, f64)> {
        (self.whole.count > 0).then_some((self.whole.low, self.whole.high))
    }

    /// What lies in the steps `from .. to`, summed up. A span finer than the buckets is exact only where the newest
    /// values reach back to it.
    pub fn over(&self, from: u64, to: u64) -> Column {
        let mut sum = Bucket::default();
        if self.recent.front().is_some_and(|(step, _)| *step <= from || self.len() <= RECENT as u64) {
            let start = self.recent.partition_point(|(step, _)| *step < from);
            for (_, value) in self.recent.range(start..).take_while(|(step, _)| *step < to) {
                sum.add(*value);
            }
        } else if to > from {
            let first = (from / self.span) as usize;
            let last = ((to - 1) / self.span) as usize;
            for bucket in self.buckets.iter().skip(first).take(last + 1 - first) {
                sum = sum.merge(*bucket);
            }
        }
        match sum {
            Bucket { count: 1.., .. } => Column::Value(sum.sum / f64::from(sum.count)),
            Bucket { bad: 1.., .. } => Column::Gap,
            _ => Column::Empty,
        }
    }

    /// The newest value at or before a step.
    pub fn at(&self, step: u64) -> Option<f64> {
        if self.recent.front().is_some_and(|(first, _)| *first <= step) {
            let end = self.recent.partition_point(|(at, _)| *at <= step);
            return end.checked_sub(1).map(|place| self.recent[place].1);
        }
        let place = ((step / self.span) as usize).min(self.buckets.len().checked_sub(1)?);
        self.buckets[..=place].iter().rev().find(|bucket| bucket.count > 0).map(|bucket| bucket.sum / f64::from(bucket.count))
    }

    /// The steps `from ..= to` in so many columns, each smoothed over at least `smooth` steps that end with it; values of
    /// steps after `until` are left out.
    pub fn columns(&self, from: u64, to: u64, columns: usize, smooth: u64, until: u64) -> Vec<Column> {
        let edge = |column: usize| from + ((to + 1 - from) as u128 * column as u128 / columns.max(1) as u128) as u64;
        (0..columns)
            .map(|column| {
                let (start, end) = (edge(column), edge(column + 1).max(edge(column) + 1).min(until.saturating_add(1)));
                if start >= end {
                    return Column::Empty;
                }
                let own = self.over(start, end);
                if smooth <= 1 || own == Column::Empty { own } else { self.over(start.min(end.saturating_sub(smooth)), end) }
            })
            .collect()
    }

    /// The run so far in at most `columns` columns for a sparkline: the span of a column is a power of two and doubles
    /// when they run out. A column is shown once it is full, so that most new values change no sign at all. Empty
    /// columns between values are left out, and so are values of steps after `until`.
    pub fn spark(&self, columns: usize, until: u64) -> Vec<Option<f64>> {
        let Some((last, _)) = self.last() else { return Vec::new() };
        let last = last.min(until);
        if self.len() <= columns as u64 {
            return self.recent.iter().filter(|(step, _)| *step <= until).map(|(_, value)| Some(*value)).collect();
        }
        let span = ((last + 1) / columns.max(1) as u64 + 1).next_power_of_two();
        (0..(last + 1) / span)
            .filter_map(|column| match self.over(column * span, (column + 1) * span) {
                Column::Empty => None,
                column => Some(column.value()),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_means_are_kept() {
        let mut series = Series::default();
        for step in 1..=1_000_000u64 {
            series.push(step, if step <= 500_000 { 1.0 } else { 3.0 });
        }
        assert!(series.buckets.len() <= BUCKETS && series.recent.len() <= RECENT);
        assert_eq!(series.len(), 1_000_000);
        assert_eq!(series.range(), Some((1.0, 3.0)));
        let columns = series.columns(0, 1_000_000, 10, 1, u64::MAX);
        assert_eq!(columns[0], Column::Value(1.0));
        assert_eq!(columns[9], Column::Value(3.0));
        let Column::Value(all) = series.over(0, 1_000_001) else { panic!("no mean") };
        assert!((all - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_not_finite_is_a_gap_and_not_in_the_range() {
        let mut series = Series::default();
        for (step, value) in [(1, 2.0), (2, f64::NAN), (3, f64::INFINITY), (4, 1.0)] {
            series.push(step, value);
        }
        assert_eq!(series.range(), Some((1.0, 2.0)));
        assert_eq!(series.columns(1, 4, 4, 1, u64::MAX), [Column::Value(2.0), Column::Gap, Column::Gap, Column::Value(1.0)]);
        assert_eq!(series.over(9, 12), Column::Empty);
    }

    #[test]
    fn smoothing_looks_back_and_never_ahead() {
        let mut series = Series::default();
        for step in 0..8 {
            series.push(step, if step < 4 { 0.0 } else { 4.0 });
        }
        assert_eq!(series.columns(0, 7, 8, 4, u64::MAX)[3], Column::Value(0.0));
        assert_eq!(series.columns(0, 7, 8, 4, u64::MAX)[4], Column::Value(1.0));
        assert_eq!(series.columns(0, 7, 8, 4, u64::MAX)[7], Column::Value(4.0));
    }

    #[test]
    fn a_new_value_changes_the_end_of_a_sparkline_only() {
        let mut series = Series::default();
        for step in 0..100 {
            series.push(step, step as f64);
        }
        let before = series.spark(24, u64::MAX);
        series.push(100, 100.0);
        let after = series.spark(24, u64::MAX);
        assert!(after.len() <= 24 && before.len() <= 24);
        assert_eq!(before, after, "the column of step 100 is not full yet");
        for step in 101..104 {
            series.push(step, step as f64);
        }
        let full = series.spark(24, u64::MAX);
        assert_eq!(full.len(), after.len() + 1);
        assert_eq!(full[..after.len()], after[..]);
    }

    #[test]
    fn what_is_newer_than_the_picture_is_left_out() {
        let mut series = Series::default();
        for step in 0..100 {
            series.push(step, step as f64);
        }
        let then = (series.spark(24, u64::MAX), series.columns(0, 400, 50, 1, u64::MAX));
        for step in 100..120 {
            series.push(step, step as f64);
        }
        assert_eq!((series.spark(24, 99), series.columns(0, 400, 50, 1, 99)), then);
        assert_ne!(series.columns(0, 400, 50, 1, u64::MAX), then.1);
    }

    #[test]
    fn a_sparse_series_shows_every_value() {
        let mut series = Series::default();
        for step in [391, 782, 1_173] {
            series.push(step, 0.1);
        }
        assert_eq!(series.spark(24, u64::MAX).len(), 3);
        assert_eq!(series.at(800), Some(0.1));
        assert_eq!(series.at(10), None);
    }

    #[test]
    fn zooming_into_the_newest_steps_is_exact() {
        let mut series = Series::default();
        for step in 1..=100_000u64 {
            series.push(step, step as f64);
        }
        assert_eq!(series.over(99_990, 99_991), Column::Value(99_990.0));
        assert_eq!(series.at(99_990), Some(99_990.0));
    }
}
