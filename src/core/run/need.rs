//! What a run takes on disk: said before the start, because a full disk is the commonest end of a long run.

use super::disk::{size, used};
use super::layout::RunDirectory;
use crate::config::{Experiment, Interval, Permutation, Precision};
use crate::words::thousands;
use std::fmt;

/// Header of a file of tensors, and the little files beside.
const HEAD: u64 = 64 << 10;

/// Lines of steps that a log has at most, about: a longer run writes several steps in one.
pub const EVENTS: u64 = 50_000;

/// What is known of a run before it begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// Trainable weights.
    pub weights: u64,
    /// Running statistics of batch norm.
    pub buffers: u64,
    /// Steps of the run.
    pub steps: u64,
    /// Epochs of the run.
    pub epochs: u64,
    /// Steps of an epoch; 0 if it is not known.
    pub steps_per_epoch: u64,
    /// Training images.
    pub images: u64,
}

/// What a run takes on disk at most, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Need {
    /// Two saved states and the one being written.
    pub states: u64,
    /// The best and the last checkpoint, and the one being written.
    pub checkpoints: u64,
    /// Number of checkpoints kept for good.
    pub kept: u64,
    /// Their bytes.
    pub kept_bytes: u64,
    /// The event log.
    pub events: u64,
    /// Scores and the order that was trained in; the rows of a study of orders.
    pub scores: u64,
}

impl Need {
    /// Of an experiment that comes to so much.
    #[must_use]
    pub fn of(experiment: &Experiment, extent: Extent) -> Self {
        let Extent { weights, buffers, steps, epochs, steps_per_epoch, images } = extent;
        let width = if experiment.training.precision == Precision::F64 { 8 } else { 4 };
        let checkpoint = weights.saturating_add(buffers).saturating_mul(4).saturating_add(HEAD);
        let state = weights.saturating_mul(2).saturating_add(buffers).saturating_mul(width).saturating_add(HEAD);
        let kept = match experiment.training.keep_every {
            None => 0,
            Some(Interval::Epochs(every)) => epochs / every.max(1),
            Some(Interval::Steps(every)) => steps / every.max(1),
        };
        // A step with its losses and hits, and what is said of a scoring where its scores are few.
        let line = if experiment.ordering.is_some() { 1_200_u64 } else { 400 };
        Self {
            states: state.saturating_mul(3),
            checkpoints: checkpoint.saturating_mul(3),
            kept,
            kept_bytes: kept.saturating_mul(checkpoint),
            // Of a long run an event holds several steps; each step has its numbers in any case.
            events: line
                .saturating_mul(steps.min(EVENTS))
                .saturating_add(steps.saturating_mul(20))
                .saturating_add(epochs.saturating_mul(1_000))
                .saturating_add(HEAD),
            scores: rows(experiment, steps_per_epoch).saturating_add(experiment.recorded_bytes(steps, images)),
        }
    }

    /// What is still to be written of it: what the run has on disk already needs no more room.
    #[must_use]
    pub fn left(&self, directory: &RunDirectory) -> u64 {
        let there = [directory.state(), directory.checkpoints(), directory.scores(), directory.events(), directory.orders()];
        // A state and a checkpoint are written beside those that they replace.
        let beside = (self.states + self.checkpoints) / 3;
        self.total().saturating_sub(there.iter().map(|path| used(path)).sum()).max(beside)
    }

    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.states.saturating_add(self.checkpoints).saturating_add(self.kept_bytes).saturating_add(self.events).saturating_add(self.scores)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "states {}, checkpoints {}", size(self.states), size(self.checkpoints))?;
        if self.kept > 0 {
            write!(f, ", {} kept checkpoints {}", thousands(self.kept), size(self.kept_bytes))?;
        }
        write!(f, ", events {}", size(self.events))?;
        if self.scores > 0 { write!(f, ", scores {}", size(self.scores)) } else { Ok(()) }
    }
}

/// Rows of a study of orders.
fn rows(experiment: &Experiment, batches: u64) -> u64 {
    let Some(study) = experiment.permutation.as_ref().filter(|_| batches > 0) else { return 0 };
    study.runs(batches).min(Permutation::MOST_RUNS).saturating_mul(150 + 24 * batches.min(16))
}
