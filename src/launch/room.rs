//! Whether the disk can hold what a run will take: said before the start, because a full disk is the commonest end of a
//! long run.

use super::error::Error;
use super::weights::size_of;
use curricle_core::config::Experiment;
use curricle_core::run::disk::{free, size};
use curricle_core::run::{Extent, Need};
use std::fmt;
use std::path::{Path, PathBuf};

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
    // Where the size of an image set is known only from the data, 1,000 steps an epoch are assumed.
    let steps_per_epoch = experiment.steps_per_epoch().unwrap_or(1_000).max(1);
    let (epochs, steps) = match (experiment.training.epochs, experiment.training.steps) {
        (_, Some(steps)) => (steps.div_ceil(steps_per_epoch), steps),
        (Some(epochs), None) => (epochs, epochs.saturating_mul(steps_per_epoch)),
        (None, None) => (0, 0),
    };
    let images = steps_per_epoch.saturating_mul(experiment.training.batch);
    Need::of(experiment, Extent { weights: network.weights, buffers: network.buffers, steps, epochs, steps_per_epoch, images })
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
    use curricle_core::config::{Interval, Network, NetworkKind};

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
            "too little disk for this run: it takes 4.3 GB (states 876 MB, checkpoints 438 MB, 20 kept checkpoints 2.9 GB, events 21.8 MB), and `/runs` has 105 MB free"
        );
        assert!(error.hint().unwrap().starts_with("keep fewer checkpoints"));
        assert_eq!(enough(need, need.total(), Path::new("/runs")).unwrap(), need);
        experiment.training.keep_every = None;
        let error = enough(super::need(&experiment), 1, Path::new("/runs")).unwrap_err();
        assert!(error.hint().unwrap().starts_with("free some room"));
    }
}
