//! The layers that the networks are made of: what they register in the layout, and how a pass applies them.

use super::layout::{Initial, Layout, ParameterId, StatisticId};
use super::pass::Pass;
use crate::error::{Doing, Result};
use tch::Tensor;

/// How convolutions of a network are initialised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// He-normal on fan-out, N(0, 2/(kh·kw·out)); no bias (He et al. 2015, as published for the residual networks).
    HeFanOut,
    /// PyTorch's default: weights and bias U(±1/√fan_in).
    TorchDefault,
}

/// A square convolution.
#[derive(Debug, Clone, Copy)]
pub struct Convolution {
    weight: ParameterId,
    bias: Option<ParameterId>,
    stride: i64,
    padding: i64,
}

impl Convolution {
    /// Registers a `size`×`size` convolution of `inner` to `out` channels under `name`.
    pub fn new(layout: &mut Layout, name: &str, inner: i64, out: i64, size: i64, stride: i64, scheme: Scheme) -> Self {
        let shape = [out, inner, size, size];
        let (weight, bias) = match scheme {
            Scheme::HeFanOut => {
                let deviation = (2.0 / (size * size * out) as f64).sqrt();
                (layout.parameter(format!("{name}.weight"), &shape, Initial::Normal(deviation)), None)
            }
            Scheme::TorchDefault => {
                let bound = 1.0 / ((inner * size * size) as f64).sqrt();
                let weight = layout.parameter(format!("{name}.weight"), &shape, Initial::Uniform(bound));
                (weight, Some(layout.parameter(format!("{name}.bias"), &[out], Initial::Uniform(bound))))
            }
        };
        // 1 for 3×3, none for 1×1 and 2×2.
        Self { weight, bias, stride, padding: (size - 1) / 2 }
    }

    /// [B, in, H, W] → [B, out, H′, W′].
    pub fn forward(&self, pass: &Pass, x: &Tensor) -> Result<Tensor> {
        let bias = self.bias.map(|bias| pass.low_weight(bias));
        let x = pass.round(x)?;
        let y = x
            .f_conv2d(pass.low_weight(self.weight), bias, [self.stride, self.stride], [self.padding, self.padding], [1, 1], 1)
            .doing("convolution")?;
        pass.keep(&y);
        pass.round(&y)
    }
}

/// Batch normalisation over [B, H, W], ε = 1e-5, momentum 0.1 (Ioffe & Szegedy 2015, as in PyTorch).
#[derive(Debug, Clone, Copy)]
pub struct BatchNorm {
    weight: ParameterId,
    bias: ParameterId,
    mean: StatisticId,
    variance: StatisticId,
}

impl BatchNorm {
    /// Registers a batch norm whose scale starts at `gamma`.
    pub fn new(layout: &mut Layout, name: &str, channels: i64, gamma: f64) -> Self {
        layout.batch_norms.push(name.to_string());
        Self {
            weight: layout.parameter(format!("{name}.weight"), &[channels], Initial::Constant(gamma)),
            bias: layout.parameter(format!("{name}.bias"), &[channels], Initial::Constant(0.0)),
            mean: layout.statistic(format!("{name}.running_mean"), channels, 0.0),
            variance: layout.statistic(format!("{name}.running_var"), channels, 1.0),
        }
    }

    /// Same shape out as in. In training mode the running statistics are updated in place.
    pub fn forward(&self, pass: &Pass, x: &Tensor) -> Result<Tensor> {
        let (weight, bias) = (pass.weight(self.weight), pass.weight(self.bias));
        let (mean, variance) = (pass.statistic(self.mean), pass.statistic(self.variance));
        let y = x
            .f_batch_norm(Some(weight), Some(bias), Some(mean), Some(variance), pass.training(), 0.1, 1e-5, true)
            .doing("batch normalisation")?;
        pass.keep(&y);
        pass.round(&y)
    }

    /// Batch norm, then ReLU. The ReLU works in place: neither backward needs the value between the two.
    pub fn forward_relu(&self, pass: &Pass, x: &Tensor) -> Result<Tensor> {
        Ok(self.forward(pass, x)?.f_relu_()?)
    }
}

/// The last layer: features to logits.
#[derive(Debug, Clone, Copy)]
pub struct Linear {
    weight: ParameterId,
    bias: ParameterId,
}

impl Linear {
    /// Registers a linear layer with PyTorch's default weights; `zero_bias` as in WideResNets.
    pub fn new(layout: &mut Layout, name: &str, inner: i64, out: i64, zero_bias: bool) -> Self {
        let bound = 1.0 / (inner as f64).sqrt();
        let bias = if zero_bias { Initial::Constant(0.0) } else { Initial::Uniform(bound) };
        Self {
            weight: layout.parameter(format!("{name}.weight"), &[out, inner], Initial::Uniform(bound)),
            bias: layout.parameter(format!("{name}.bias"), &[out], bias),
        }
    }

    /// [B, in] → [B, out].
    pub fn forward(&self, pass: &Pass, x: &Tensor) -> Result<Tensor> {
        let y = pass.round(x)?.f_linear(pass.low_weight(self.weight), Some(pass.low_weight(self.bias))).doing("last layer")?;
        pass.round(&y)
    }
}

/// How the last feature map becomes a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Mean over the whole map.
    Global,
    /// Mean over the upper left window of this many rows and columns (the published PreResNet-56 used 7 of 8).
    Window(i64),
}

impl Pooling {
    /// [B, C, H, W] → [B, C].
    pub fn forward(self, x: &Tensor) -> Result<Tensor> {
        let kind = None::<tch::Kind>;
        Ok(match self {
            Self::Global => x.f_mean_dim([2i64, 3].as_slice(), false, kind)?,
            Self::Window(size) => x.f_narrow(2, 0, size)?.f_narrow(3, 0, size)?.f_mean_dim([2i64, 3].as_slice(), false, kind)?,
        })
    }
}
