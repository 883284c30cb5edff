//! Where every tensor of a network lies in the two flat vectors θ (trainable) and the running statistics.
//!
//! θ is *one* tensor and the only leaf of the graph, so that an optimiser step, a snapshot, a candidate's θ′, a dot
//! product of gradients or a low-precision copy are one operation each. Convolution weights lie in it as
//! [out, height, width, in] and are seen as [out, in, height, width]: channels-last without a copy. On disk they have
//! PyTorch's order and names.

use crate::error::{Doing, Result};
use curricle_core::random::{Purpose, Stream};
use tch::Tensor;

/// How a tensor is filled at the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Initial {
    /// N(0, σ²).
    Normal(f64),
    /// U(−b, b).
    Uniform(f64),
    /// The same everywhere.
    Constant(f64),
}

/// One tensor within a flat vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// PyTorch's name: `layer1.0.conv1.weight`.
    pub name: String,
    /// PyTorch's shape: [out, in, height, width] for a convolution.
    pub shape: Vec<i64>,
    /// First element in the flat vector.
    pub offset: usize,
    /// How it is filled.
    pub initial: Initial,
}

impl Entry {
    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product::<i64>() as usize
    }

    /// Whether it has no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements in PyTorch's order, from those in the order of the flat vector.
    #[must_use]
    pub fn to_torch_order<T: Copy>(&self, flat: &[T]) -> Vec<T> {
        let &[out, inner, height, width] = self.shape.as_slice() else { return flat.to_vec() };
        let (inner, plane) = (inner as usize, (height * width) as usize);
        let mut values = Vec::with_capacity(flat.len());
        for o in 0..out as usize {
            for i in 0..inner {
                values.extend((0..plane).map(|p| flat[(o * plane + p) * inner + i]));
            }
        }
        values
    }

    /// Elements in the order of the flat vector, from those in PyTorch's order.
    #[must_use]
    pub fn from_torch_order<T: Copy>(&self, torch: &[T]) -> Vec<T> {
        let &[out, inner, height, width] = self.shape.as_slice() else { return torch.to_vec() };
        let (inner, plane) = (inner as usize, (height * width) as usize);
        let mut values = Vec::with_capacity(torch.len());
        for o in 0..out as usize {
            for p in 0..plane {
                values.extend((0..inner).map(|i| torch[(o * inner + i) * plane + p]));
            }
        }
        values
    }
}

/// All tensors of a network.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// Trainable tensors, in the order of θ.
    pub parameters: Vec<Entry>,
    /// Running means and variances, in the order of the flat statistics.
    pub statistics: Vec<Entry>,
    /// Prefixes of the batch norms, whose `num_batches_tracked` PyTorch stores too.
    pub batch_norms: Vec<String>,
}

/// Place of a trainable tensor in [`Layout::parameters`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParameterId(pub usize);

/// Place of a running statistic in [`Layout::statistics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatisticId(pub usize);

impl Layout {
    /// Adds a trainable tensor.
    pub fn parameter(&mut self, name: String, shape: &[i64], initial: Initial) -> ParameterId {
        let offset = self.parameter_count();
        self.parameters.push(Entry { name, shape: shape.to_vec(), offset, initial });
        ParameterId(self.parameters.len() - 1)
    }

    /// Adds a running statistic.
    pub fn statistic(&mut self, name: String, channels: i64, value: f64) -> StatisticId {
        let offset = self.statistic_count();
        self.statistics.push(Entry { name, shape: vec![channels], offset, initial: Initial::Constant(value) });
        StatisticId(self.statistics.len() - 1)
    }

    /// Trainable weights.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.parameters.last().map_or(0, |entry| entry.offset + entry.len())
    }

    /// Elements of the running statistics.
    #[must_use]
    pub fn statistic_count(&self) -> usize {
        self.statistics.last().map_or(0, |entry| entry.offset + entry.len())
    }

    /// Views of θ in PyTorch's shapes, without a copy; gradients flow back into the flat tensor.
    ///
    /// # Errors
    /// If `theta` is not a vector of [`Layout::parameter_count`] elements.
    pub fn parameter_views(&self, theta: &Tensor) -> Result<Vec<Tensor>> {
        views(&self.parameters, theta)
    }

    /// Views of the flat running statistics.
    ///
    /// # Errors
    /// If `statistics` has another length.
    pub fn statistic_views(&self, statistics: &Tensor) -> Result<Vec<Tensor>> {
        views(&self.statistics, statistics)
    }

    /// Initial θ under a seed: host values in the order of the flat vector. Each tensor has its own stream, so that a
    /// change of one layer leaves the others alone.
    #[must_use]
    pub fn initial_parameters(&self, seed: u64) -> Vec<f32> {
        let mut theta = Vec::with_capacity(self.parameter_count());
        for (number, entry) in self.parameters.iter().enumerate() {
            let mut stream = Stream::new(seed, Purpose::Weights, 0, 0, number as u64);
            theta.extend((0..entry.len()).map(|_| match entry.initial {
                Initial::Normal(deviation) => (deviation * stream.normal()) as f32,
                Initial::Uniform(bound) => (bound * (2.0 * stream.unit() - 1.0)) as f32,
                Initial::Constant(value) => value as f32,
            }));
        }
        theta
    }

    /// Initial running statistics: means 0, variances 1.
    #[must_use]
    pub fn initial_statistics(&self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.statistic_count());
        for entry in &self.statistics {
            if let Initial::Constant(value) = entry.initial {
                values.extend(std::iter::repeat_n(value as f32, entry.len()));
            }
        }
        values
    }
}

/// Views of `flat` with the shapes of `entries`. One `split` instead of many `narrow`s: the backward of a `narrow`
/// fills a zero tensor as large as θ for every layer.
fn views(entries: &[Entry], flat: &Tensor) -> Result<Vec<Tensor>> {
    let lengths: Vec<i64> = entries.iter().map(|entry| entry.len() as i64).collect();
    let parts = flat.f_split_with_sizes(lengths, 0).doing("cutting the flat parameters")?;
    let mut shaped = Vec::with_capacity(parts.len());
    for (part, entry) in parts.into_iter().zip(entries) {
        shaped.push(match *entry.shape.as_slice() {
            [out, inner, height, width] => part.f_view([out, height, width, inner])?.f_permute([0, 3, 1, 2])?,
            _ => part.f_view(entry.shape.as_slice())?,
        });
    }
    Ok(shaped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_orders_lead_back(out in 1i64..5, inner in 1i64..5, height in 1i64..4, width in 1i64..4) {
            let entry = Entry { name: "w".into(), shape: vec![out, inner, height, width], offset: 0, initial: Initial::Constant(0.0) };
            let torch: Vec<u32> = (0..entry.len() as u32).collect();
            prop_assert_eq!(entry.to_torch_order(&entry.from_torch_order(&torch)), torch);
        }
    }

    #[test]
    fn a_view_shows_the_torch_order() {
        let mut layout = Layout::default();
        layout.parameter("a".into(), &[3], Initial::Constant(0.0));
        layout.parameter("w".into(), &[2, 3, 2, 2], Initial::Constant(0.0));
        let torch: Vec<f32> = (0..24u8).map(f32::from).collect();
        let mut flat = vec![9.0f32; 3];
        flat.extend(layout.parameters[1].from_torch_order(&torch));
        let views = layout.parameter_views(&Tensor::from_slice(&flat)).unwrap();
        let seen: Vec<f32> = Vec::try_from(views[1].contiguous().view([-1])).unwrap();
        assert_eq!(seen, torch);
    }
}
