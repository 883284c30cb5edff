//! What a run will take of memory and disk, said before it starts.

use crate::device::gigabytes;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::plan::Plan;
use crate::setup::Machine;
use curricle_core::config::Experiment;
use curricle_core::data::{ImageSet, Images};
use curricle_core::run::disk;
use curricle_core::run::{Extent, Need, RunDirectory};
use std::sync::OnceLock;
use tch::Kind;

/// Bytes that libtorch itself takes on a GPU: context, kernels, cuDNN's workspaces.
const CUDA_BASE: u64 = 900 << 20;

/// Bytes that a run needs on its device.
///
/// θ, v, gradient and the update's temporary, a low-precision copy, the running statistics; the activations that the
/// backward pass keeps, with a sixth on top for what lives only a moment; the image sets.
///
/// # Errors
/// If the network cannot be passed through.
pub fn needed(network: &Network, machine: &Machine, images: &Images, batch: usize) -> Result<u64> {
    let element: u64 = if machine.precision.kind == Kind::Double { 8 } else { 4 };
    let low = matches!(machine.precision.name, "bf16" | "f16") && machine.on_cuda();
    let train = &images.train;
    let activations = network.activations(train.channels as i64, train.height as i64, train.width as i64)? as u64;
    let activation_bytes = activations * batch as u64 * if low { 2 } else { element };
    let weights = network.layout.parameter_count() as u64 * (4 * element + if low { 2 } else { 0 });
    let bytes = |set: &ImageSet| set.images.len() as u64;
    let sets = bytes(train) + bytes(&images.test) + images.holdout.as_ref().map_or(0, bytes);
    let base = if machine.on_cuda() { CUDA_BASE } else { 300 << 20 };
    Ok(base + weights + activation_bytes + activation_bytes / 6 + sets)
}

/// Refuses what does not fit, with the figures and the largest batch that would.
///
/// # Errors
/// If the estimate is more than what is free.
pub fn check(needed: u64, machine: &Machine, batch: usize, parameters: u64) -> Result<()> {
    let free = machine.device.free;
    if free == 0 || needed <= free {
        return Ok(());
    }
    let fixed = parameters * 16 + if machine.on_cuda() { CUDA_BASE } else { 300 << 20 };
    let per_image = needed.saturating_sub(fixed) / batch.max(1) as u64;
    let fits = free.saturating_sub(fixed) / per_image.max(1);
    Err(Error::Configuration(format!(
        "training.batch: the run needs about {} on {}, where {} are free; a batch of {fits} would fit, or choose another `training.device`",
        gigabytes(needed),
        machine.device.name,
        gigabytes(free),
    )))
}

/// What a run takes on disk.
#[must_use]
pub fn disk_needed(experiment: &Experiment, network: &Network, images: &Images, plan: &Plan) -> Need {
    let extent = Extent {
        weights: network.layout.parameter_count() as u64,
        buffers: network.layout.statistic_count() as u64,
        steps: plan.steps,
        epochs: plan.epochs,
        steps_per_epoch: plan.steps_per_epoch,
        images: images.train.len() as u64,
    };
    Need::of(experiment, extent)
}

/// What this run takes on disk, as far as it was asked: a full disk ends it with words that say how much is left of that.
static NEED: OnceLock<Need> = OnceLock::new();

/// What is still to be written of the run at work; `None` before it was asked for.
#[must_use]
pub fn disk_left(directory: &RunDirectory) -> Option<u64> {
    NEED.get().map(|need| need.left(directory))
}

/// Refuses a run that the disk has no room for.
///
/// # Errors
/// If less is free than the run will take.
pub fn check_disk(need: Need, directory: &RunDirectory) -> Result<()> {
    let needed = NEED.get_or_init(|| need).left(directory);
    let Ok(free) = disk::free(directory.path()) else { return Ok(()) };
    if needed <= free {
        return Ok(());
    }
    Err(Error::Disk(format!(
        "too little disk: the run will take up to {}, and {} are free at `{}`; make room (`curricle runs prune`), or choose another place with --runs",
        disk::size(needed),
        disk::size(free),
        directory.path().display()
    )))
}
