//! The x-axis that all charts of a run share: steps, or what steps cost. It spans the planned length from the start.

use crate::tui::format;
use crate::tui::history::History;
use crate::tui::series::{Column, Series};

/// What the axis counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Axis {
    /// Training steps.
    #[default]
    Steps,
    /// Images read.
    Images,
    /// Forward and backward passes.
    Passes,
    /// Seconds of training.
    Seconds,
}

/// A part of the axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Left end.
    pub from: f64,
    /// Right end.
    pub to: f64,
}

impl Window {
    /// A window of this length around a place, within the whole.
    pub fn around(self, middle: f64, length: f64, whole: Window) -> Window {
        let from = (middle - length / 2.0).clamp(whole.from, (whole.to - length).max(whole.from));
        Window { from, to: from + length }
    }

    /// Where a place lies in the window, 0 to 1.
    pub fn share(self, place: f64) -> f64 {
        if self.to > self.from { (place - self.from) / (self.to - self.from) } else { 0.0 }
    }
}

impl Axis {
    /// The next one.
    pub fn next(self) -> Axis {
        match self {
            Axis::Steps => Axis::Images,
            Axis::Images => Axis::Passes,
            Axis::Passes => Axis::Seconds,
            Axis::Seconds => Axis::Steps,
        }
    }

    /// Its name under the axis.
    pub fn title(self) -> &'static str {
        match self {
            Axis::Steps => "steps",
            Axis::Images => "images",
            Axis::Passes => "passes",
            Axis::Seconds => "seconds",
        }
    }

    fn series(self, history: &History) -> Option<&Series> {
        match self {
            Axis::Steps => None,
            Axis::Images => Some(&history.images),
            Axis::Passes => Some(&history.passes),
            Axis::Seconds => Some(&history.seconds),
        }
    }

    /// The whole axis: the planned length; where only steps are planned, in proportion to what they cost so far.
    pub fn whole(self, history: &History, planned: u64) -> Window {
        let planned = planned.max(history.at.0).max(1);
        let to = match self.series(history) {
            None => planned as f64,
            Some(series) => match series.last() {
                Some((step, value)) if step > 0 && value > 0.0 => round_up(value / step as f64 * planned as f64),
                _ => planned as f64,
            },
        };
        Window { from: 0.0, to }
    }

    /// Where a step lies on the axis.
    pub fn of_step(self, history: &History, step: u64) -> Option<f64> {
        match self.series(history) {
            None => Some(step as f64),
            Some(series) => series.at(step),
        }
    }

    /// The first step at or beyond a place of the axis; costs grow with every step, so it can be sought by halves.
    pub fn step_of(self, history: &History, place: f64) -> u64 {
        let Some(series) = self.series(history) else { return place.max(0.0) as u64 };
        let (mut low, mut high) = (0, history.at.0 + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if series.at(middle).unwrap_or(0.0) < place { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// A curve in so many columns of a window, up to a step.
    pub fn columns(self, history: &History, series: &Series, window: Window, columns: usize, smooth: u64, until: u64) -> Vec<Column> {
        if self == Axis::Steps {
            return series.columns(window.from as u64, window.to.ceil() as u64, columns, smooth, until);
        }
        let length = window.to - window.from;
        let mut start = self.step_of(history, window.from);
        (0..columns)
            .map(|column| {
                let end = self.step_of(history, window.from + length * (column + 1) as f64 / columns.max(1) as f64);
                let end = end.min(until.saturating_add(1));
                let from = if smooth > 1 && end > start { start.min(end.saturating_sub(smooth)) } else { start };
                let value = if end > start { series.over(from, end) } else { Column::Empty };
                start = end;
                value
            })
            .collect()
    }

    /// A place of the axis as its label shows it.
    pub fn label(self, place: f64) -> String {
        match self {
            Axis::Seconds => format::duration(place),
            _ => format::count(place.max(0.0).round() as u64),
        }
    }
}

/// Rounds up to two digits, so that an estimate of the end does not move the axis at every step.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor() - 1.0);
    (value / power).ceil() * power
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::history::tests::step;

    fn history() -> History {
        let mut history = History::default();
        for at in 1..=100 {
            history.apply(&step(at, &[1.0 / at as f64], at as f64 * 2.0));
        }
        history
    }

    #[test]
    fn the_axis_spans_the_planned_length() {
        let history = history();
        assert_eq!(Axis::Steps.whole(&history, 4_692), Window { from: 0.0, to: 4_692.0 });
        assert_eq!(Axis::Images.whole(&history, 1_000), Window { from: 0.0, to: 100_000.0 });
        assert_eq!(Axis::Seconds.whole(&history, 1_000).to, 2_000.0);
    }

    #[test]
    fn a_place_is_found_by_what_steps_cost() {
        let history = history();
        assert_eq!(Axis::Images.step_of(&history, 5_000.0), 50);
        assert_eq!(Axis::Images.of_step(&history, 50), Some(5_000.0));
        let columns = Axis::Images.columns(&history, &history.train_loss, Window { from: 0.0, to: 20_000.0 }, 4, 1, u64::MAX);
        assert!(columns[0].value() > columns[1].value());
        assert_eq!(columns[3], Column::Empty);
    }

    #[test]
    fn a_window_stays_within_the_whole() {
        let whole = Window { from: 0.0, to: 100.0 };
        assert_eq!(whole.around(95.0, 50.0, whole), Window { from: 50.0, to: 100.0 });
        assert_eq!(whole.around(0.0, 50.0, whole), Window { from: 0.0, to: 50.0 });
    }
}
