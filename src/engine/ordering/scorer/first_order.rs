//! First-order loss delta on an external batch X: ⟨∇L(θ; X), ∇L(θ; c)⟩, as the central difference of two forward passes a
//! candidate along u = ∇L(θ; X)/‖∇L(θ; X)‖ (ours, for the cost).
//!
//! The true Δ is, to first order, an affine function of it that all candidates share (lr·(1 + μ) with Nesterov, lr
//! without, and terms of weight decay and momentum), so the ranking is the same. Cost: 2K + 3·|X|/B forward units.

use super::{Batch, Candidates, Evaluator, Situation, loss};
use crate::error::Result;
use tch::{Kind, Tensor};

/// Length of the displacement where none is given: large enough that rounding does not drown the difference, small enough
/// for the third order.
#[must_use]
pub fn displacement(kind: Kind) -> f64 {
    if kind == Kind::Double { 1e-4 } else { 1e-2 }
}

/// θ + e·u, θ − e·u, and ‖∇L(θ; X)‖ as a scalar on the device: what all candidates share.
pub struct Probe {
    ahead: Tensor,
    behind: Tensor,
    factor: Tensor,
}

impl Probe {
    /// From the gradient of the external batch, with displacement e.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn new(situation: &Situation, external: &Batch, e: f64) -> Result<Self> {
        let (_, gradient) = situation.gradient(external)?;
        let _guard = tch::no_grad_guard();
        let norm = gradient.f_norm()?;
        let step = gradient.f_mul_scalar(e)?.f_div(&norm)?;
        let theta = situation.weights.theta.f_detach()?;
        Ok(Self { ahead: theta.f_add(&step)?, behind: theta.f_sub(&step)?, factor: norm.f_div_scalar(2.0 * e)? })
    }

    /// The inner products of all candidates, scalars on the device. Two forward passes each.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn scores(&self, situation: &Situation, candidates: &(impl Candidates + ?Sized), together: usize) -> Result<Vec<Tensor>> {
        let ahead = loss::scores_at(situation, &self.ahead, candidates, together)?;
        let behind = loss::scores_at(situation, &self.behind, candidates, together)?;
        ahead.iter().zip(&behind).map(|(ahead, behind)| Ok(ahead.f_sub(behind)?.f_mul(&self.factor)?)).collect()
    }

    /// What gives the inner products of single images. Only in eval mode.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn of_images<'a>(&self, situation: &'a Situation) -> Result<ImageProbe<'a>> {
        let (ahead, behind) = (situation.evaluator(&self.ahead)?, situation.evaluator(&self.behind)?);
        Ok(ImageProbe { ahead, behind, factor: self.factor.shallow_clone() })
    }
}

/// Inner products of single images.
pub struct ImageProbe<'a> {
    ahead: Evaluator<'a>,
    behind: Evaluator<'a>,
    factor: Tensor,
}

impl ImageProbe<'_> {
    /// Those of images [N, C, H, W] with labels `[N]`: `[N]`. Two forward passes.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn scores(&self, images: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let ahead = self.ahead.losses(images, labels)?;
        Ok(ahead.f_sub(&self.behind.losses(images, labels)?)?.f_mul(&self.factor)?)
    }
}
