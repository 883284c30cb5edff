//! Checkpoints: θ and running statistics as safetensors under PyTorch's state-dict names and shapes, so that
//! `torch.load_state_dict(safetensors.torch.load_file(…))` reads ours and we read theirs.

use crate::error::{Error, Result};
use crate::network::layout::{Entry, Layout};
use crate::weights::{Weights, host_f64, slice};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use std::collections::HashMap;
use std::path::Path;
use tch::{Device, Kind};

/// Largest checkpoint that is read, in bytes: ten times WideResNet-28-10 in f64.
const LARGEST: u64 = 4 << 30;

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
    let metadata = (!metadata.is_empty()).then_some(metadata);
    safetensors::serialize(views, metadata).map_err(|error| Error::Other(format!("checkpoint: {error}")))
}

/// Reads a checkpoint for the network of `layout`. Names may carry the prefix `model.` or `module.`; momentum under
/// `momentum.<name>` is read where it is there. Every difference to the network is named, not only the first.
///
/// # Errors
/// If the file is missing, is no safetensors, or belongs to another network.
pub fn read(path: &Path, layout: &Layout) -> Result<HostWeights> {
    let problem = |text: String| Error::Checkpoint { path: path.to_path_buf(), text };
    let size = std::fs::metadata(path).map_err(|error| problem(format!("cannot be read: {error}")))?.len();
    if size > LARGEST {
        return Err(problem(format!("{size} bytes are too many for a checkpoint of these networks")));
    }
    let bytes = std::fs::read(path).map_err(|error| problem(format!("cannot be read: {error}")))?;
    from_bytes(&bytes, layout).map_err(problem)
}

/// Reads a checkpoint from its bytes.
///
/// # Errors
/// One text that names every difference to the network.
pub fn from_bytes(bytes: &[u8], layout: &Layout) -> std::result::Result<HostWeights, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| {
        format!("is no safetensors file ({error}); PyTorch's own `.pth` must be converted with the safetensors package")
    })?;
    let names = file.names();
    let prefix = ["", "model.", "module."]
        .into_iter()
        .find(|prefix| layout.parameters.first().is_some_and(|entry| names.iter().any(|n| **n == format!("{prefix}{}", entry.name))))
        .unwrap_or("");
    let mut differences = Vec::new();
    let mut collect = |entries: &[Entry], length: usize, prefix: &str| {
        let mut flat = vec![0.0; length];
        for entry in entries {
            match values(&file, &format!("{prefix}{}", entry.name), &entry.shape) {
                Ok(values) => flat[entry.offset..entry.offset + entry.len()].copy_from_slice(&entry.from_torch_order(&values)),
                Err(difference) => differences.push(difference),
            }
        }
        flat
    };
    let theta = collect(&layout.parameters, layout.parameter_count(), prefix);
    let statistics = collect(&layout.statistics, layout.statistic_count(), prefix);
    let has_momentum = names.iter().any(|name| name.starts_with("momentum."));
    let velocity = has_momentum.then(|| collect(&layout.parameters, layout.parameter_count(), "momentum."));
    let known = |name: &str| {
        let name = name.strip_prefix("momentum.").or_else(|| name.strip_prefix(prefix)).unwrap_or(name);
        name.ends_with("num_batches_tracked") || layout.parameters.iter().chain(&layout.statistics).any(|entry| entry.name == name)
    };
    differences.extend(names.iter().filter(|name| !known(name)).map(|name| format!("`{name}` is not part of the network")));
    if !differences.is_empty() {
        let shown = differences.iter().take(4).map(String::as_str).collect::<Vec<_>>().join("; ");
        let more = differences.len().saturating_sub(4);
        let more = if more > 0 { format!("; {more} more differences") } else { String::new() };
        return Err(format!("belongs to another network: {shown}{more}. Set `network` to the one it was trained with"));
    }
    let tracked = layout.batch_norms.first().and_then(|norm| file.tensor(&format!("{prefix}{norm}.num_batches_tracked")).ok());
    let batches_tracked =
        tracked.filter(|view| view.dtype() == Dtype::I64).and_then(|view| view.data().try_into().ok()).map_or(0, i64::from_le_bytes);
    Ok(HostWeights { theta, velocity, statistics, batches_tracked })
}

/// One tensor's values in PyTorch's order, widened to f64.
fn values(file: &SafeTensors, name: &str, shape: &[i64]) -> std::result::Result<Vec<f64>, String> {
    let view = file.tensor(name).map_err(|_| format!("`{name}` is missing"))?;
    let found: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
    if found != shape {
        return Err(format!("`{name}` has shape {found:?}, the network needs {shape:?}"));
    }
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => Ok(data.as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect()),
        Dtype::F64 => Ok(data.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect()),
        Dtype::BF16 => Ok(data.as_chunks().0.iter().map(|&[low, high]| f64::from(f32::from_le_bytes([0, 0, low, high]))).collect()),
        other => Err(format!("`{name}` holds {other:?}; f32, f64 and bf16 are read")),
    }
}
