//! Numbers about many runs: means, quantiles, and where they lie.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The mean; not a number without values.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Quantile `q` in [0, 1] of sorted values, between two of them where it falls so (NumPy's default); not a number without
/// values.
#[must_use]
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = q * last as f64;
    let below = place.floor() as usize;
    let (low, high) = (sorted[below.min(last)], sorted[(below + 1).min(last)]);
    low + (high - low) * (place - below as f64)
}

/// Values in ascending order, what is not a number left out.
#[must_use]
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Where many numbers lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spread {
    /// The smallest.
    #[serde(with = "crate::record::number")]
    pub min: f64,
    /// Half are below.
    #[serde(with = "crate::record::number")]
    pub median: f64,
    /// Their mean.
    #[serde(with = "crate::record::number")]
    pub mean: f64,
    /// The largest.
    #[serde(with = "crate::record::number")]
    pub max: f64,
}

impl Spread {
    /// Of values; what is not a number is left out.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let sorted = sorted(values);
        let at = |q| quantile(&sorted, q);
        Self { min: at(0.0), median: at(0.5), mean: mean(&sorted), max: at(1.0) }
    }
}

/// What came of one epoch of a study of orders: as text, a line of the table of thesis 2.1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct EpochSpread {
    /// Its number, from 1.
    pub epoch: u64,
    /// Orders trained and tested.
    pub runs: u64,
    /// Test loss per image.
    pub loss: Spread,
    /// Share of correct test images.
    pub accuracy: Spread,
}

impl EpochSpread {
    /// What stands above the lines.
    pub const HEADING: &str = "epoch    runs  loss min  median    mean     max  accuracy min  median    mean     max";
}

impl fmt::Display for EpochSpread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A loss beyond all bounds keeps the column.
        let number = |value: f64| if value.abs() < 1e5 || !value.is_finite() { format!("{value:.4}") } else { format!("{value:.0e}") };
        let four = |Spread { min, median, mean, max }: Spread| [min, median, mean, max].map(number).join("  ");
        let runs = crate::words::thousands(self.runs);
        write!(f, "{:>5} {runs:>7}    {}        {}", self.epoch, four(self.loss), four(self.accuracy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_numpy() {
        let values = sorted([3.0, 1.0, f64::NAN, 2.0, 4.0]);
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|q| quantile(&values, q)), [1.0, 1.75, 2.5, 4.0]);
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn an_epoch_is_a_line_under_its_heading() {
        let spread = Spread::of([0.5, 0.25, f64::NAN, 0.75, 0.25]);
        assert_eq!(spread, Spread { min: 0.25, median: 0.375, mean: 0.4375, max: 0.75 });
        assert!(Spread::of([]).mean.is_nan());
        let line = EpochSpread { epoch: 2, runs: 10_080, loss: spread, accuracy: spread }.to_string();
        assert_eq!(line, "    2  10,080    0.2500  0.3750  0.4375  0.7500        0.2500  0.3750  0.4375  0.7500");
        assert_eq!(line.len(), EpochSpread::HEADING.len());
        let wild = EpochSpread { loss: Spread { max: 2.3e29, ..spread }, epoch: 2, runs: 10_080, accuracy: spread }.to_string();
        assert!(wild.contains("0.4375  2e29 ") && !wild.contains("000000"), "{wild}");
    }
}
