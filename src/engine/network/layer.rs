//! The layers that the networks are made of: what they register in the layout, and how a pass applies them.

use super::fused::{self, Behind};
use super::layout::{Initial, Layout, ParameterId, StatisticId};
use super::pass::{Folded, Pass};
use crate::error::{Doing, Result};
use tch::{Kind, Tensor};

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
        pass.round(&self.between(pass, &pass.round(x)?)?)
    }

    /// The same for a convolution that reads what a fused norm has rounded, and whose result a fused norm will round.
    pub fn between(&self, pass: &Pass, x: &Tensor) -> Result<Tensor> {
        if self.folds(pass, x) {
            return self.folded(pass, x, None, &Behind::Nothing);
        }
        let weight = pass.low_weight(self.weight);
        let y = match self.bias.map(|bias| pass.low_weight(bias)) {
            None if fused::takes(x) => fused::convolution(x, weight, self.stride, self.padding),
            bias => x.f_conv2d(weight, bias, [self.stride, self.stride], [self.padding, self.padding], [1, 1], 1),
        };
        let y = y.doing("convolution")?;
        pass.keep(&y);
        Ok(y)
    }

    /// The ReLU of a norm of the convolution.
    pub fn norm_relu(&self, pass: &Pass, x: &Tensor, norm: &BatchNorm) -> Result<Tensor> {
        if self.folds(pass, x) {
            return self.folded(pass, x, Some(norm), &Behind::Relu);
        }
        norm.relu(pass, self.between(pass, x)?)
    }

    /// The convolution and the shortcut beside it, which nobody else needs.
    pub fn beside(&self, pass: &Pass, x: &Tensor, shortcut: impl FnOnce() -> Result<Tensor>) -> Result<Unsummed> {
        if self.folds(pass, x) {
            return Ok(Unsummed { map: self.folded(pass, x, None, &Behind::Sum(shortcut()?))?, shortcut: None });
        }
        let map = self.between(pass, x)?;
        Ok(Unsummed { map, shortcut: Some(shortcut()?) })
    }

    fn folds(&self, pass: &Pass, x: &Tensor) -> bool {
        self.bias.is_none() && pass.folds(x)
    }

    /// Where nothing goes backward: the norm is in the convolution's weights, and what stands behind is done as the map is written.
    fn folded(&self, pass: &Pass, x: &Tensor, norm: Option<&BatchNorm>, behind: &Behind) -> Result<Tensor> {
        let Folded { weight, bias } = pass.folded(self.weight, || {
            let own = pass.weight(self.weight);
            let (weight, bias) = match norm {
                Some(norm) => norm.folded_into(pass, own).map(|(weight, bias)| (weight, Some(bias)))?,
                None => (own.shallow_clone(), None),
            };
            Ok(Folded { weight: fused::packed(&weight, x, self.stride, self.padding)?, bias })
        })?;
        fused::folded_convolution(x, &weight, bias.as_ref(), behind, self.stride, self.padding).doing("convolution")
    }
}

/// Share of a batch's statistics in the running ones.
const MOMENTUM: f64 = 0.1;
/// What batch norms add to variances.
pub(super) const EPS: f64 = 1e-5;

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
        if fused::takes(x) {
            let (numbers, settings) = self.told(pass, false, false, false);
            let (_, y) = fused::sum_norm(x, None, numbers, settings).doing("batch normalisation")?;
            pass.keep(&y);
            return pass.round(&y);
        }
        let (weight, bias) = (pass.weight(self.weight), pass.weight(self.bias));
        let (mean, variance) = (pass.statistic(self.mean), pass.statistic(self.variance));
        let y = x
            .f_batch_norm(Some(weight), Some(bias), Some(mean), Some(variance), pass.training(), MOMENTUM, EPS, true)
            .doing("batch normalisation")?;
        pass.keep(&y);
        pass.round(&y)
    }

    /// Weights and bias of a convolution with this norm, in eval mode, behind it.
    fn folded_into(&self, pass: &Pass, weight: &Tensor) -> Result<(Tensor, Tensor)> {
        let double = |x: &Tensor| x.f_to_kind(Kind::Double);
        let deviation = double(pass.statistic(self.variance))?.f_add_scalar(EPS)?.f_sqrt()?;
        let scale = double(pass.weight(self.weight))?.f_div(&deviation)?;
        let bias = double(pass.weight(self.bias))?.f_sub(&double(pass.statistic(self.mean))?.f_mul(&scale)?)?;
        let kind = weight.kind();
        Ok((weight.f_mul(&scale.f_to_kind(kind)?.f_view([-1, 1, 1, 1])?)?, bias.f_to_kind(kind)?))
    }

    /// ReLU of the batch norm of a map that nobody else needs.
    pub fn relu(&self, pass: &Pass, map: Tensor) -> Result<Tensor> {
        Ok(self.sum_relu_of(pass, Unsummed { map, shortcut: None }, true)?.1)
    }

    /// The sum, and the ReLU of its batch norm.
    pub fn sum_relu(&self, pass: &Pass, x: Unsummed) -> Result<(Tensor, Tensor)> {
        self.sum_relu_of(pass, x, false)
    }

    fn told<'a>(&self, pass: &'a Pass, relu: bool, rounded: bool, alone: bool) -> (fused::Numbers<'a>, fused::Settings) {
        let numbers = fused::Numbers {
            scale: pass.weight(self.weight),
            shift: pass.weight(self.bias),
            mean: pass.statistic(self.mean),
            variance: pass.statistic(self.variance),
        };
        (numbers, fused::Settings { momentum: MOMENTUM, eps: EPS, training: pass.training(), relu, rounded, alone })
    }

    /// `alone` says that nobody needs the sum afterwards.
    fn sum_relu_of(&self, pass: &Pass, x: Unsummed, alone: bool) -> Result<(Tensor, Tensor)> {
        let Unsummed { map: mut a, shortcut: b } = x;
        if fused::takes(&a) {
            let (numbers, settings) = self.told(pass, true, pass.is_emulated(), alone);
            let (sum, y) = fused::sum_norm(&a, b.as_ref(), numbers, settings).doing("batch normalisation")?;
            pass.keep(&y);
            return Ok((sum, y));
        }
        let sum = match b {
            Some(b) => pass.round(&a.f_add_(&b)?)?,
            None => a,
        };
        // The ReLU works in place: neither backward needs the value between the two.
        let y = self.forward(pass, &sum)?.f_relu_()?;
        Ok((sum, y))
    }
}

/// A map [B, C, H, W] that is the sum of two: the norm that reads it adds them on its way.
#[derive(Debug)]
pub struct Unsummed {
    /// One part; used up by the norm.
    pub map: Tensor,
    /// The other, if any.
    pub shortcut: Option<Tensor>,
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
