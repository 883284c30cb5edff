//! Checkpoints: θ and running statistics as safetensors under PyTorch's state-dict names and shapes, so that
//! `torch.load_state_dict(safetensors.torch.load_file(…))` reads ours and we read theirs.

use crate::error::{Error, Result};
use crate::network::layout::{Entry, Layout};
use crate::weights::{Weights, host_f64, slice};
use curricle_core::run::{self, Named, Part, Wanted};
use safetensors::tensor::{Dtype, TensorView};
use std::collections::HashMap;
use std::path::Path;
use tch::{Device, Kind};

/// θ and running statistics on the host, in the order of the flat vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct HostWeights {
    /// θ.
    pub theta: Vec<f64>,
    /// v, where the file has one.
    pub velocity: Option<Vec<f64>>,
    /// Running statistics.
    pub statistics: Vec<f64>,
    /// Training passes seen by the batch norms.
    pub batches_tracked: i64,
}

impl HostWeights {
    /// A copy of the device's weights.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn of(weights: &Weights) -> Result<Self> {
        Ok(Self {
            theta: host_f64(&weights.theta)?,
            velocity: Some(host_f64(&weights.velocity)?),
            statistics: host_f64(&weights.statistics)?,
            batches_tracked: weights.batches_tracked,
        })
    }

    /// Sends them to the device.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn to_device(&self, kind: Kind, device: Device) -> Result<Weights> {
        Weights::from_host(&self.theta, self.velocity.as_deref(), &self.statistics, self.batches_tracked, kind, device)
    }
}

/// The bytes of a checkpoint in f32: what PyTorch's `state_dict` of the same network would hold.
///
/// # Errors
/// If safetensors refuses (it does not for well-formed layouts).
pub fn to_bytes(layout: &Layout, weights: &HostWeights, metadata: HashMap<String, String>) -> Result<Vec<u8>> {
    let mut tensors: Vec<(String, Vec<usize>, Dtype, Vec<u8>)> = Vec::new();
    let mut add = |entry: &Entry, flat: &[f64]| {
        let values = entry.to_torch_order(slice(entry, flat));
        let bytes = values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect();
        tensors.push((entry.name.clone(), entry.shape.iter().map(|&n| n as usize).collect(), Dtype::F32, bytes));
    };
    layout.parameters.iter().for_each(|entry| add(entry, &weights.theta));
    layout.statistics.iter().for_each(|entry| add(entry, &weights.statistics));
    for norm in &layout.batch_norms {
        let bytes = weights.batches_tracked.to_le_bytes().to_vec();
        tensors.push((format!("{norm}.num_batches_tracked"), Vec::new(), Dtype::I64, bytes));
    }
    let mut views = Vec::with_capacity(tensors.len());
    for (name, shape, dtype, bytes) in &tensors {
        let view = TensorView::new(*dtype, shape.clone(), bytes).map_err(|error| Error::Other(format!("{name}: {error}")))?;
        views.push((name.as_str(), view));
    }
    run::seal(&views, metadata).map_err(|error| Error::Other(format!("checkpoint: {error}")))
}

/// Reads a checkpoint for the network of `layout`. Names may carry the prefix `model.` or `module.`; momentum under
/// `momentum.<name>` is read where it is there. Every difference to the network is named, not only the first.
///
/// # Errors
/// If the file is missing, is no safetensors, or belongs to another network.
pub fn read(path: &Path, layout: &Layout) -> Result<HostWeights> {
    from_bytes(&read_file(path)?, layout).map_err(|text| Error::Checkpoint { path: path.to_path_buf(), text })
}

/// The bytes of a file of tensors, within limits.
///
/// # Errors
/// If it is missing, too large, or no file.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>> {
    run::read_tensor_file(path).map_err(|error| {
        let text = match error {
            run::Error::Io { source, .. } => format!("cannot be read: {source}"),
            run::Error::Damaged { text, .. } => format!("cannot be read: {text}"),
            other => other.to_string(),
        };
        Error::Checkpoint { path: path.to_path_buf(), text }
    })
}

/// Reads a checkpoint from its bytes.
///
/// # Errors
/// One text that names every difference to the network.
pub fn from_bytes(bytes: &[u8], layout: &Layout) -> std::result::Result<HostWeights, String> {
    let (parameters, statistics) = (named(&layout.parameters), named(&layout.statistics));
    let wanted = Wanted { parameters: &parameters, statistics: &statistics, batch_norms: &layout.batch_norms };
    let mut found = HostWeights {
        theta: vec![0.0; layout.parameter_count()],
        velocity: None,
        statistics: vec![0.0; layout.statistic_count()],
        batches_tracked: 0,
    };
    found.batches_tracked = run::read_checkpoint(bytes, wanted, |part, place, values| {
        let (entry, flat) = match part {
            Part::Parameter => (&layout.parameters[place], &mut found.theta),
            Part::Statistic => (&layout.statistics[place], &mut found.statistics),
            Part::Momentum => (&layout.parameters[place], found.velocity.get_or_insert_with(|| vec![0.0; layout.parameter_count()])),
        };
        flat[entry.offset..entry.offset + entry.len()].copy_from_slice(&entry.from_torch_order(values));
    })?;
    Ok(found)
}

/// Names and shapes.
fn named(entries: &[Entry]) -> Vec<Named<'_>> {
    entries.iter().map(|entry| (entry.name.as_str(), entry.shape.as_slice())).collect()
}
