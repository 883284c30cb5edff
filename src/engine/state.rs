//! The whole state of a run at a step boundary: from it a run goes on to the very bits that it would have reached.
//!
//! A state file is a safetensors file with the flat vectors `theta`, `velocity` and `statistics`, and one JSON text,
//! `progress`, in its metadata. Nothing about random generators is in it: every draw is a function of the step.

use crate::error::{Error, Result};
use crate::network::layout::Layout;
use crate::precision::LossScaleState;
use crate::watch::{EarlyStop, Plateau};
use crate::weights::Weights;
use curricle_core::run::{self, RunDirectory};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Everything of a run's state that is not a tensor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Whether what follows the step (evaluation, selection, checkpoints) is done too.
    pub boundary_done: bool,
    /// Training passes seen by the batch norms.
    pub batches_tracked: i64,
    /// Sums over the epoch so far.
    pub epoch: EpochSums,
    /// Steps done since the last `step` event, not yet in one.
    pub series: Series,
    /// Images read.
    pub images: u64,
    /// Forward passes, in units of one batch.
    pub forward: f64,
    /// Backward passes, in units of one batch.
    pub backward: f64,
    /// The plateau schedule's counters.
    pub plateau: Plateau,
    /// Early stop's counters.
    pub early_stop: EarlyStop,
    /// Whether early stop has ended the run.
    pub ended_early: bool,
    /// The best network so far.
    pub best: Option<Best>,
    /// The last evaluation on the test set.
    pub test: Option<TestResult>,
    /// The loss scale of f16.
    pub loss_scale: Option<LossScaleState>,
    /// Seconds spent, pauses taken off.
    pub seconds: f64,
    /// What the bits depend on beside the experiment.
    pub identity: Identity,
    /// Bytes of `events.jsonl` before this state.
    pub events_offset: u64,
    /// Number of the next event.
    pub events_seq: u64,
}

/// Sums over the steps of the epoch so far, weighted by images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochSums {
    /// Σ loss·images.
    pub loss: f64,
    /// Correct images.
    pub hits: u64,
    /// Images.
    pub images: u64,
}

/// What the next `step` event will hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Losses of the steps.
    pub loss: Vec<f64>,
    /// Accuracies of the steps.
    pub accuracy: Vec<f64>,
    /// Rate of the last one.
    pub lr: f64,
}

/// The best network so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Accuracy that selected it.
    pub value: f64,
    /// Epoch it was reached in.
    pub epoch: u64,
    /// Its accuracy on the test set.
    pub test_accuracy: f64,
}

/// The last evaluation on the test set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// Epoch that it was made in.
    #[serde(default)]
    pub epoch: u64,
    /// Mean loss.
    pub loss: f64,
    /// Share of correct images.
    pub accuracy: f64,
}

/// What the bits depend on beside the experiment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Version of the program.
    pub version: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// Device, with its name.
    pub device: String,
    /// Threads of the CPU.
    pub threads: u64,
    /// Vector extensions and model of the CPU.
    pub cpu: String,
    /// Precision.
    pub precision: String,
    /// Whether the device is deterministic.
    pub deterministic: bool,
}

impl Identity {
    /// What differs from `before`, in words; empty if nothing does.
    #[must_use]
    pub fn differences(&self, before: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, before: &str, now: &str| {
            if before != now {
                found.push(format!("{what} was {before}, is {now}"));
            }
        };
        compare("version", &before.version, &self.version);
        compare("libtorch", &before.libtorch, &self.libtorch);
        compare("device", &before.device, &self.device);
        compare("threads", &before.threads.to_string(), &self.threads.to_string());
        compare("CPU", &before.cpu, &self.cpu);
        compare("precision", &before.precision, &self.precision);
        if !self.deterministic {
            found.push("the device is not deterministic (training.deterministic)".into());
        }
        found
    }
}

/// Tensors of a state as bytes on the host.
pub struct Snapshot {
    kind: Dtype,
    theta: Vec<u8>,
    velocity: Vec<u8>,
    statistics: Vec<u8>,
}

impl Snapshot {
    /// Copies what training changes; a memory copy on a CPU.
    ///
    /// # Errors
    /// If the tensors cannot be read.
    pub fn of(weights: &Weights) -> Result<Self> {
        let kind = if weights.theta.kind() == Kind::Double { Dtype::F64 } else { Dtype::F32 };
        Ok(Self { kind, theta: bytes(&weights.theta)?, velocity: bytes(&weights.velocity)?, statistics: bytes(&weights.statistics)? })
    }

    /// The bytes of a state file.
    ///
    /// # Errors
    /// If `progress` does not serialise (it does).
    pub fn to_file(&self, progress: &Progress) -> Result<Vec<u8>> {
        let text = serde_json::to_string(progress).map_err(|error| Error::Other(format!("state: {error}")))?;
        let size = if self.kind == Dtype::F64 { 8 } else { 4 };
        let view = |bytes| TensorView::new(self.kind, vec![<[u8]>::len(bytes) / size], bytes);
        let views = [("theta", view(&self.theta)), ("velocity", view(&self.velocity)), ("statistics", view(&self.statistics))];
        let mut checked = Vec::with_capacity(3);
        for (name, view) in views {
            checked.push((name, view.map_err(|error| Error::Other(format!("state: {error}")))?));
        }
        let metadata = HashMap::from([("progress".to_string(), text)]);
        safetensors::serialize(checked, Some(metadata)).map_err(|error| Error::Other(format!("state: {error}")))
    }
}

/// A tensor's bytes, little-endian.
fn bytes(tensor: &Tensor) -> Result<Vec<u8>> {
    let host = tensor.f_detach()?.f_to(Device::Cpu)?.f_contiguous()?;
    let mut bytes = vec![0u8; host.numel() * host.kind().elt_size_in_bytes()];
    host.f_copy_data_u8(&mut bytes, host.numel())?;
    Ok(bytes)
}

/// The newest state of a run that reads whole, on the device; `None` if there is none.
///
/// # Errors
/// If states are there, but none reads; or they belong to another network.
pub fn newest(directory: &RunDirectory, layout: &Layout, kind: Kind, device: Device) -> Result<Option<(Weights, Progress)>> {
    let mut problem = None;
    for path in run::states(directory) {
        match read(&path, layout, kind, device) {
            Ok(found) => return Ok(Some(found)),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    problem.map_or(Ok(None), Err)
}

fn read(path: &Path, layout: &Layout, kind: Kind, device: Device) -> Result<(Weights, Progress)> {
    let problem = |text: String| Error::Checkpoint { path: path.to_path_buf(), text };
    let file = std::fs::read(path).map_err(|error| problem(format!("cannot be read: {error}")))?;
    let (_, header) = SafeTensors::read_metadata(&file).map_err(|error| problem(format!("is damaged: {error}")))?;
    let text = header.metadata().as_ref().and_then(|metadata| metadata.get("progress"));
    let text = text.ok_or_else(|| problem("is no state: it has no `progress`".into()))?;
    let progress: Progress = serde_json::from_str(text).map_err(|error| problem(format!("is damaged: {error}")))?;
    let tensors = SafeTensors::deserialize(&file).map_err(|error| problem(format!("is damaged: {error}")))?;
    let flat = |name: &str, length: usize| -> Result<Tensor> {
        let view = tensors.tensor(name).map_err(|error| problem(format!("is damaged: {error}")))?;
        let stored = match view.dtype() {
            Dtype::F32 => Kind::Float,
            Dtype::F64 => Kind::Double,
            other => return Err(problem(format!("`{name}` holds {other:?}"))),
        };
        if view.shape() != [length] {
            return Err(problem(format!("`{name}` has shape {:?}, the network needs [{length}]", view.shape())));
        }
        Ok(Tensor::f_from_data_size(view.data(), &[length as i64], stored)?.f_to_kind(kind)?.f_to(device)?)
    };
    let weights = Weights {
        theta: flat("theta", layout.parameter_count())?.f_set_requires_grad(true)?,
        velocity: flat("velocity", layout.parameter_count())?,
        statistics: flat("statistics", layout.statistic_count())?,
        batches_tracked: progress.batches_tracked,
    };
    Ok((weights, progress))
}
