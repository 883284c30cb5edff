//! Whether the disk can hold what a run will take: said before the start, because a full disk is the commonest end of a
//! long run.

use super::error::Error;
use super::weights::size_of;
use crate::words::thousands;
use curricle_core::config::{Experiment, Interval, Permutation, Precision};
use curricle_core::run::disk::{free, size};
use std::fmt;
use std::path::{Path, PathBuf};

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
    /// All of it.
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

/// The disk is too small for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLittle {
    /// What the run takes.
    pub need: Need,
    /// What is free.
    pub free: u64,
    /// Where.
    pub folder: PathBuf,
}

impl fmt::Display for TooLittle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "too little disk for this run: it takes {} ({}), and `{}` has {} free",
            size(self.need.total()),
            self.need,
            self.folder.display(),
            size(self.free)
        )
    }
}

impl TooLittle {
    /// What to do.
    pub fn hint(&self) -> String {
        let most = if self.need.kept_bytes > self.need.total() / 2 { "keep fewer checkpoints (`training.keep_every`), " } else { "" };
        format!(
            "{most}free some room (`curricle runs prune --older 30d --dry-run` says what could go), or choose another disk with `--runs DIR`"
        )
    }
}

/// What an experiment takes on disk.
pub fn need(experiment: &Experiment) -> Need {
    let network = size_of(experiment);
    let width = if experiment.training.precision == Precision::F64 { 8 } else { 4 };
    let head = 64 << 10;
    let checkpoint = (network.weights + network.buffers).saturating_mul(width).saturating_add(head);
    let state = (network.weights.saturating_mul(2) + network.buffers).saturating_mul(width).saturating_add(head);
    let (epochs, steps) = length(experiment);
    let kept = match experiment.training.keep_every {
        None => 0,
        Some(Interval::Epochs(every)) => epochs / every.max(1),
        Some(Interval::Steps(every)) => steps / every.max(1),
    };
    let images = experiment.steps_per_epoch().unwrap_or(1_000).saturating_mul(experiment.training.batch);
    Need {
        states: state.saturating_mul(3),
        checkpoints: checkpoint.saturating_mul(3),
        kept,
        kept_bytes: kept.saturating_mul(checkpoint),
        // Losses and hits of every step with their digits, and what an epoch adds.
        events: steps.saturating_mul(64).saturating_add(epochs.saturating_mul(1_000)).saturating_add(head),
        scores: orders(experiment).saturating_add(experiment.recorded_bytes(steps, images)),
    }
}

/// Rows of a study of orders.
fn orders(experiment: &Experiment) -> u64 {
    let (Some(study), Some(batches)) = (&experiment.permutation, experiment.steps_per_epoch()) else { return 0 };
    study.runs(batches).min(Permutation::MOST_RUNS).saturating_mul(150 + 24 * batches.min(16))
}

/// Epochs and steps of an experiment; where the size of its image set is known only from the data, 1,000 steps an epoch
/// are assumed.
fn length(experiment: &Experiment) -> (u64, u64) {
    let per_epoch = experiment.steps_per_epoch().unwrap_or(1_000).max(1);
    match (experiment.training.epochs, experiment.training.steps) {
        (_, Some(steps)) => (steps.div_ceil(per_epoch), steps),
        (Some(epochs), None) => (epochs, epochs.saturating_mul(per_epoch)),
        (None, None) => (0, 0),
    }
}

/// Refuses a run that the disk of `folder` cannot hold. Where free space cannot be asked for, nothing is refused.
pub fn check(experiment: &Experiment, folder: &Path) -> Result<Need, Error> {
    let need = need(experiment);
    // The folder of runs may not be there yet; then its disk is that of the nearest folder above.
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    match free(there) {
        Ok(free) => enough(need, free, folder),
        Err(_) => Ok(need),
    }
}

fn enough(need: Need, free: u64, folder: &Path) -> Result<Need, Error> {
    if need.total() > free { Err(Error::Room(TooLittle { need, free, folder: folder.to_path_buf() })) } else { Ok(need) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curricle_core::config::{Network, NetworkKind};

    #[test]
    fn the_figures_are_said() {
        let mut experiment = Experiment {
            network: Network { kind: NetworkKind::WideResNet, depth: 28, width: 10, ..Network::default() },
            ..Experiment::default()
        };
        experiment.training.keep_every = Some(Interval::Epochs(10));
        let need = need(&experiment);
        assert_eq!(need.kept, 20);
        let error = enough(need, 100 << 20, Path::new("/runs")).unwrap_err();
        assert_eq!(error.exit_code(), 6);
        assert_eq!(
            error.to_string(),
            "too little disk for this run: it takes 4.2 GB (states 876 MB, checkpoints 438 MB, 20 kept checkpoints 2.9 GB, events 5.3 MB), and `/runs` has 105 MB free"
        );
        assert!(error.hint().unwrap().starts_with("keep fewer checkpoints"));
        assert_eq!(enough(need, need.total(), Path::new("/runs")).unwrap(), need);
        experiment.training.keep_every = None;
        let error = enough(super::need(&experiment), 1, Path::new("/runs")).unwrap_err();
        assert!(error.hint().unwrap().starts_with("free some room"));
    }
}
