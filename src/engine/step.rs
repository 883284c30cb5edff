//! One training step: forward, loss, backward, update. Nothing here waits for the device.

use crate::error::{Doing, Error, Result};
use crate::loss;
use crate::network::Network;
use crate::network::pass::{Arithmetic, Mode};
use crate::optimizer::Sgd;
use crate::precision::LossScale;
use crate::weights::Weights;
use tch::Tensor;

/// What a step leaves behind, as scalars on the device.
pub struct Outcome {
    /// Mean loss of the batch, before the update.
    pub loss: Tensor,
    /// Correct images of the batch, before the update.
    pub hits: Tensor,
    /// The gradient of the loss, where it was asked for.
    pub gradient: Option<Tensor>,
}

/// How steps are taken: everything but the batch and the rate.
pub struct Stepper {
    /// The update rule.
    pub optimizer: Sgd,
    /// Share of the target spread over all classes.
    pub label_smoothing: f64,
    /// How convolutions compute.
    pub arithmetic: Arithmetic,
    /// The loss scale, in f16.
    pub loss_scale: Option<LossScale>,
    /// Whether the outcome keeps the gradient.
    pub keep_gradient: bool,
}

impl Stepper {
    /// One step on normalised images [B, C, H, W] and labels `[B]`. A forward and a backward pass.
    ///
    /// # Errors
    /// What libtorch refuses: shapes, memory.
    pub fn step(&mut self, network: &Network, weights: &mut Weights, images: &Tensor, labels: &Tensor, lr: f64) -> Result<Outcome> {
        let logits = network.forward(&weights.theta, &weights.statistics, images, Mode::Train, self.arithmetic)?;
        let loss = loss::cross_entropy(&logits, labels, self.label_smoothing)?;
        let hits = loss::hits(&logits.f_detach()?, labels)?;
        let root = match &self.loss_scale {
            Some(scale) => scale.scaled(&loss)?,
            None => loss.shallow_clone(),
        };
        let mut gradients = Tensor::f_run_backward(&[&root], &[&weights.theta], false, false).doing("backward pass")?;
        let mut gradient = gradients.pop().ok_or_else(|| Error::Other("the backward pass gave no gradient".into()))?;
        weights.batches_tracked += 1;
        let overflowed = match &mut self.loss_scale {
            Some(scale) => Some(scale.unscale(&mut gradient)?),
            None => None,
        };
        let kept = if self.keep_gradient { Some(gradient.f_alias_copy()?) } else { None };
        match overflowed {
            None => self.optimizer.step(&mut weights.theta, &mut weights.velocity, gradient, lr)?,
            Some(overflowed) => {
                let _guard = tch::no_grad_guard();
                let before = (weights.theta.f_alias_copy()?, weights.velocity.f_alias_copy()?);
                self.optimizer.step(&mut weights.theta, &mut weights.velocity, gradient, lr)?;
                let skip = overflowed.f_gt(0.0)?;
                let theta = before.0.f_where_self(&skip, &weights.theta)?;
                let velocity = before.1.f_where_self(&skip, &weights.velocity)?;
                weights.theta.f_copy_(&theta)?;
                weights.velocity.f_copy_(&velocity)?;
            }
        }
        Ok(Outcome { loss: loss.f_detach()?, hits, gradient: kept })
    }
}
