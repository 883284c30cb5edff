//! Everything of a network that training changes: θ, the momentum v, the running statistics.

use crate::error::{Doing, Result};
use crate::network::Network;
use crate::network::layout::{Entry, Layout};
use tch::{Device, Kind, Tensor};

/// θ, v and the running statistics, each one flat tensor on the device.
pub struct Weights {
    /// The trainable parameters; the only leaf.
    pub theta: Tensor,
    /// The optimiser's momentum.
    pub velocity: Tensor,
    /// Running means and variances of all batch norms.
    pub statistics: Tensor,
    /// Training passes that the batch norms have seen.
    pub batches_tracked: i64,
}

impl Weights {
    /// Freshly initialised under a seed.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn initial(network: &Network, seed: u64, kind: Kind, device: Device) -> Result<Self> {
        let theta = network.layout.initial_parameters(seed);
        let statistics = network.layout.initial_statistics();
        Self::from_host(&theta, None, &statistics, 0, kind, device)
    }

    /// From host values in the order of the flat vectors; v is 0 where none is given.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn from_host<T: tch::kind::Element>(
        theta: &[T],
        velocity: Option<&[T]>,
        statistics: &[T],
        batches_tracked: i64,
        kind: Kind,
        device: Device,
    ) -> Result<Self> {
        let send = |values: &[T]| Tensor::f_from_slice(values)?.f_to_kind(kind)?.f_to(device);
        let theta = send(theta).doing("sending the parameters to the device")?;
        let velocity = match velocity {
            Some(values) => send(values)?,
            None => theta.f_zeros_like()?,
        };
        let theta = theta.f_set_requires_grad(true)?;
        Ok(Self { theta, velocity, statistics: send(statistics)?, batches_tracked })
    }

    /// Published norm (Σ over tensors of ‖p‖₂) and global norm (√Σ‖p‖₂²) of θ.
    ///
    /// # Errors
    /// If θ cannot be read.
    pub fn norms(&self, layout: &Layout) -> Result<(f64, f64)> {
        if self.theta.kind() == Kind::Float {
            // Half the bytes of f64 to copy: this is read at every recorded step.
            let theta: Vec<f32> = Vec::try_from(self.theta.f_detach()?.f_to(Device::Cpu)?)?;
            return Ok(norms_of(layout, |entry| squares(slice(entry, &theta))));
        }
        let theta = host_f64(&self.theta)?;
        Ok(norms_of(layout, |entry| squares(slice(entry, &theta))))
    }
}

fn norms_of(layout: &Layout, square: impl Fn(&Entry) -> f64) -> (f64, f64) {
    let (mut sum, mut total) = (0.0, 0.0);
    for square in layout.parameters.iter().map(square) {
        sum += square.sqrt();
        total += square;
    }
    (sum, total.sqrt())
}

/// Σ x², in f64. Sixteen sums side by side, so that none waits for the one before.
fn squares<T: Copy + Into<f64>>(values: &[T]) -> f64 {
    let mut sums = [0.0f64; 16];
    let (groups, rest) = values.as_chunks::<16>();
    for group in groups {
        for (sum, &value) in sums.iter_mut().zip(group) {
            let value: f64 = value.into();
            *sum += value * value;
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|&value| value.into()).map(|value: f64| value * value).sum::<f64>()
}

/// The part of a flat vector that an entry occupies.
#[must_use]
pub fn slice<'a, T>(entry: &Entry, flat: &'a [T]) -> &'a [T] {
    &flat[entry.offset..entry.offset + entry.len()]
}

/// A flat tensor's values as f64 on the host.
///
/// # Errors
/// If the tensor cannot be read.
pub fn host_f64(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(Vec::try_from(tensor.f_detach()?.f_to_kind(Kind::Double)?.f_to(Device::Cpu)?)?)
}
