//! The whole state of a run at a step boundary: from it a run goes on to the very bits that it would have reached.
//!
//! A state file is a safetensors file with the flat vectors `theta`, `velocity` and `statistics`, and one JSON text,
//! `progress`, in its metadata. Nothing about random generators is in it: every draw is a function of the step.

pub use curricle_core::run::{Best, EpochSums, Identity, Progress, Series, TestResult};

use crate::checkpoint::read_file;
use crate::error::{Error, Result};
use crate::network::layout::Layout;
use crate::weights::Weights;
use curricle_core::run::{self, RunDirectory, TensorFile};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};

/// Tensors of a state as bytes on the host.
pub struct Snapshot {
    kind: Dtype,
    theta: Vec<u8>,
    velocity: Vec<u8>,
    statistics: Vec<u8>,
    extra: Vec<(String, Vec<u8>)>,
}

impl Snapshot {
    /// Copies what training changes, and further flat tensors of the kind of θ under their names; a memory copy on a CPU.
    ///
    /// # Errors
    /// If the tensors cannot be read.
    pub fn of(weights: &Weights, extra: &[(&str, &Tensor)]) -> Result<Self> {
        let extra = extra.iter().map(|(name, tensor)| Ok(((*name).to_string(), bytes(tensor)?))).collect::<Result<_>>()?;
        let kind = if weights.theta.kind() == Kind::Double { Dtype::F64 } else { Dtype::F32 };
        Ok(Self {
            kind,
            theta: bytes(&weights.theta)?,
            velocity: bytes(&weights.velocity)?,
            statistics: bytes(&weights.statistics)?,
            extra,
        })
    }

    /// The bytes of a state file.
    ///
    /// # Errors
    /// If `progress` does not serialise (it does).
    pub fn to_file(&self, progress: &Progress) -> Result<Vec<u8>> {
        let text = serde_json::to_string(progress).map_err(|error| Error::Other(format!("state: {error}")))?;
        let size = if self.kind == Dtype::F64 { 8 } else { 4 };
        let view = |bytes| TensorView::new(self.kind, vec![<[u8]>::len(bytes) / size], bytes);
        let own = [("theta", &self.theta), ("velocity", &self.velocity), ("statistics", &self.statistics)];
        let mut checked = Vec::with_capacity(3 + self.extra.len());
        for (name, bytes) in own.into_iter().chain(self.extra.iter().map(|(name, bytes)| (name.as_str(), bytes))) {
            checked.push((name, view(bytes).map_err(|error| Error::Other(format!("state: {error}")))?));
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

/// What a state file holds.
pub struct Saved {
    /// θ, v, statistics.
    pub weights: Weights,
    /// Everything that is no tensor.
    pub progress: Progress,
    /// The gradient of the last step, where an ordering needs it.
    pub leftover: Option<Tensor>,
}

/// The newest state of a run that reads whole, on the device; `None` if there is none.
///
/// # Errors
/// If states are there, but none reads; or they belong to another network.
pub fn newest(directory: &RunDirectory, layout: &Layout, kind: Kind, device: Device) -> Result<Option<Saved>> {
    let mut problem = None;
    for path in run::states(directory) {
        match read(&path, layout, kind, device) {
            Ok(found) => return Ok(Some(found)),
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    problem.map_or(Ok(None), Err)
}

fn read(path: &Path, layout: &Layout, kind: Kind, device: Device) -> Result<Saved> {
    let problem = |text: String| Error::Checkpoint { path: path.to_path_buf(), text };
    let bytes = read_file(path)?;
    let file = TensorFile::parse(&bytes).map_err(|error| problem(format!("is damaged: {error}")))?;
    let progress = Progress::of(&file).map_err(problem)?;
    let flat = |name: &str, length: usize| -> Result<Tensor> {
        let (stored, data) = file.vector(name, length).map_err(problem)?;
        let stored = if stored == Dtype::F64 { Kind::Double } else { Kind::Float };
        Ok(Tensor::f_from_data_size(data, &[length as i64], stored)?.f_to_kind(kind)?.f_to(device)?)
    };
    let weights = Weights {
        theta: flat("theta", layout.parameter_count())?.f_set_requires_grad(true)?,
        velocity: flat("velocity", layout.parameter_count())?,
        statistics: flat("statistics", layout.statistic_count())?,
        batches_tracked: progress.batches_tracked,
    };
    let leftover = if file.names().contains(&"leftover") { Some(flat("leftover", layout.parameter_count())?) } else { None };
    Ok(Saved { weights, progress, leftover })
}
