//! The whole state of a run at a step boundary: from it a run goes on to the very bits that it would have reached.
//!
//! A state file is a safetensors file with the flat vectors `theta`, `velocity` and `statistics`, and one JSON text,
//! `progress`, in its metadata, beside a digest of it all. Nothing about random generators is in it: every draw is a function of the step.

pub use curricle_core::run::{Best, EpochSums, Identity, Progress, Series, TestResult};

use crate::checkpoint::read_file;
use crate::error::{Error, Result};
use crate::network::layout::Layout;
use crate::weights::Weights;
use curricle_core::run::{self, RunDirectory, Status, TensorFile};
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
    extra: Vec<(String, Dtype, Vec<u8>)>,
}

impl Snapshot {
    /// Copies what training changes, and further flat tensors of f32 or f64 under their names; a memory copy on a CPU.
    ///
    /// # Errors
    /// If the tensors cannot be read.
    pub fn of(weights: &Weights, extra: &[(String, Tensor)]) -> Result<Self> {
        let kind_of = |tensor: &Tensor| if tensor.kind() == Kind::Double { Dtype::F64 } else { Dtype::F32 };
        let extra = extra.iter().map(|(name, tensor)| Ok((name.clone(), kind_of(tensor), bytes(tensor)?))).collect::<Result<_>>()?;
        let kind = kind_of(&weights.theta);
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
        let own = [("theta", &self.theta), ("velocity", &self.velocity), ("statistics", &self.statistics)];
        let own = own.into_iter().map(|(name, bytes)| (name, self.kind, bytes));
        let mut checked = Vec::with_capacity(3 + self.extra.len());
        for (name, kind, bytes) in own.chain(self.extra.iter().map(|(name, kind, bytes)| (name.as_str(), *kind, bytes))) {
            let length = bytes.len() / if kind == Dtype::F64 { 8 } else { 4 };
            let view = TensorView::new(kind, vec![length], bytes);
            checked.push((name, view.map_err(|error| Error::Other(format!("state: {error}")))?));
        }
        let metadata = HashMap::from([("progress".to_string(), text)]);
        run::seal(&checked, metadata).map_err(|error| Error::Other(format!("state: {error}")))
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
    /// What an ordering keeps, under its names.
    pub extra: HashMap<String, Tensor>,
}

/// Where a run goes on.
pub struct Newest {
    /// The newest state that reads whole, on the device; `None` if there is none.
    pub saved: Option<Saved>,
    /// What is lost: a newer state that does not read, or all of them.
    pub warning: Option<String>,
}

/// The newest state of a run that reads whole; `before` is the status that the run was found with.
///
/// # Errors
/// If states are there, but none reads; or they belong to another network.
pub fn newest(directory: &RunDirectory, before: Option<&Status>, layout: &Layout, kind: Kind, device: Device) -> Result<Newest> {
    let mut problem: Option<Error> = None;
    for path in run::states(directory) {
        match read(&path, layout, kind, device) {
            Ok(saved) => {
                let step = saved.progress.step;
                let warning = problem.map(|error| format!("{error}; going on from the state before it, of step {step}"));
                return Ok(Newest { saved: Some(saved), warning });
            }
            Err(error) => problem = problem.or(Some(error)),
        }
    }
    let lost = |status: &&Status| status.step > 0;
    let warning = before.filter(lost).map(|status| format!("step {} was reached, and no saved state is left: beginning anew", status.step));
    problem.map_or(Ok(Newest { saved: None, warning }), Err)
}

fn read(path: &Path, layout: &Layout, kind: Kind, device: Device) -> Result<Saved> {
    let problem = |text: String| Error::Checkpoint { path: path.to_path_buf(), text };
    let bytes = read_file(path)?;
    let file = TensorFile::parse(&bytes).map_err(|error| problem(format!("is damaged: {error}")))?;
    let progress = Progress::of(&file).map_err(problem)?;
    let stored = |name: &str, length: usize| -> Result<Tensor> {
        let (stored, data) = file.vector(name, length).map_err(problem)?;
        let stored = if stored == Dtype::F64 { Kind::Double } else { Kind::Float };
        Ok(Tensor::f_from_data_size(data, &[length as i64], stored)?)
    };
    let flat = |name: &str, length: usize| -> Result<Tensor> { Ok(stored(name, length)?.f_to_kind(kind)?.f_to(device)?) };
    let weights = Weights {
        theta: flat("theta", layout.parameter_count())?.f_set_requires_grad(true)?,
        velocity: flat("velocity", layout.parameter_count())?,
        statistics: flat("statistics", layout.statistic_count())?,
        batches_tracked: progress.batches_tracked,
    };
    let mut extra = HashMap::new();
    for name in file.names().into_iter().filter(|name| !["theta", "velocity", "statistics"].contains(name)) {
        let length = file.length(name).map_err(problem)?;
        extra.insert(name.to_owned(), stored(name, length)?.f_to(device)?);
    }
    Ok(Saved { weights, progress, extra })
}
