//! SGD with momentum, Nesterov's or not, and weight decay on every parameter (as in PyTorch):
//! g ← ∇L + wd·θ;  v ← μ·v + g;  d = g + μ·v (Nesterov) or v;  θ ← θ − lr·d.
//!
//! θ, v and the gradient are flat vectors of equal length; v starts at 0, so that the first step has v = g.
//! Cost: no pass over images; five over θ.

use crate::error::Result;
use curricle_core::config;
use tch::Tensor;

/// The update rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// μ.
    pub momentum: f64,
    /// Whether the step looks ahead.
    pub nesterov: bool,
    /// wd.
    pub weight_decay: f64,
}

impl Sgd {
    /// The rule of an experiment.
    #[must_use]
    pub fn new(optimizer: &config::Optimizer) -> Self {
        Self { momentum: optimizer.momentum, nesterov: optimizer.nesterov, weight_decay: optimizer.weight_decay }
    }

    /// One step in place on `theta` and `velocity`. `gradient` is used up.
    ///
    /// # Errors
    /// If the lengths differ.
    pub fn step(&self, theta: &mut Tensor, velocity: &mut Tensor, gradient: Tensor, lr: f64) -> Result<()> {
        let _guard = tch::no_grad_guard();
        let update = self.update(theta, gradient, lr, |gradient| Ok(velocity.f_mul_scalar_(self.momentum)?.f_add_(gradient)?))?;
        let _ = theta.f_sub_(&update)?;
        Ok(())
    }

    /// θ after one step, beside `theta` and `velocity`, which stay as they are. `gradient` is used up.
    ///
    /// # Errors
    /// If the lengths differ.
    pub fn stepped(&self, theta: &Tensor, velocity: &Tensor, gradient: Tensor, lr: f64) -> Result<Tensor> {
        let _guard = tch::no_grad_guard();
        let theta = theta.f_detach()?;
        let update = self.update(&theta, gradient, lr, |gradient| Ok(velocity.f_mul_scalar(self.momentum)?.f_add_(gradient)?))?;
        Ok(theta.f_sub(&update)?)
    }

    /// lr·d. `moved` makes μ·v + g, in place or beside v; it is not asked without momentum.
    fn update(&self, theta: &Tensor, mut gradient: Tensor, lr: f64, moved: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Tensor> {
        if self.weight_decay != 0.0 {
            gradient = gradient.f_add_(&theta.f_mul_scalar(self.weight_decay)?)?;
        }
        if self.momentum != 0.0 {
            let velocity = moved(&gradient)?;
            gradient = if self.nesterov { gradient.f_add_(&velocity.f_mul_scalar(self.momentum)?)? } else { velocity };
        }
        Ok(gradient.f_mul_scalar(lr)?)
    }
}
