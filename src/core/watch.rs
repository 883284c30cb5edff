//! Watching a loss from epoch to epoch: the plateau schedule and early stop (thesis 3.4, and
//! the published logs: the rate drops when the number of bad epochs is *greater than* its patience, the run stops when
//! it is *at least* its own).

use crate::config::Schedule;
use serde::{Deserialize, Serialize};

/// `ReduceLROnPlateau`, mode min, relative threshold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plateau {
    /// Smallest loss so far.
    pub best: Option<f64>,
    /// Epochs in a row that were not better than the best by the threshold.
    pub bad: u64,
    /// The rate now; the first one until it dropped.
    pub rate: Option<f64>,
}

impl Plateau {
    /// Takes the loss of an epoch; the rate that results holds from the next epoch on.
    pub fn observe(&mut self, loss: f64, schedule: &Schedule, base: f64) {
        if self.best.is_none_or(|best| loss < best * (1.0 - schedule.threshold)) {
            self.best = Some(loss);
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        if self.bad > schedule.patience {
            let rate = self.rate.unwrap_or(base);
            let lower = (rate * schedule.factor).max(schedule.minimum);
            // PyTorch leaves the rate alone where the change would be smaller than 1e-8.
            if rate - lower > 1e-8 {
                self.rate = Some(lower);
            }
            self.bad = 0;
        }
    }
}

/// Stops a run whose loss has not become smaller for a number of epochs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EarlyStop {
    /// Smallest loss so far.
    pub best: Option<f64>,
    /// Epochs in a row without a smaller one.
    pub bad: u64,
}

impl EarlyStop {
    /// Takes the loss of an epoch and says whether to stop; `patience` 0 never stops.
    pub fn observe(&mut self, loss: f64, patience: u64) -> bool {
        if self.best.is_none_or(|best| loss < best) {
            self.best = Some(loss);
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        patience > 0 && self.bad >= patience
    }
}
