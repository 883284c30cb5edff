//! Cross-entropy, and what a batch of logits says about its labels.

use crate::error::{Doing, Result};
use tch::{Kind, Reduction, Tensor};

/// Mean cross-entropy of logits [B, C] and labels `[B]`, with label smoothing s (Szegedy et al. 2016): the target is
/// (1 − s)·onehot + s/C.
///
/// # Errors
/// If the shapes do not fit.
pub fn cross_entropy(logits: &Tensor, labels: &Tensor, smoothing: f64) -> Result<Tensor> {
    logits.f_cross_entropy_loss(labels, None::<Tensor>, Reduction::Mean, -100, smoothing).doing("cross-entropy")
}

/// Sum of the cross-entropies of a batch, as a f64 scalar on the device.
///
/// # Errors
/// If the shapes do not fit.
pub fn summed_cross_entropy(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    let each = logits.f_cross_entropy_loss(labels, None::<Tensor>, Reduction::None, -100, 0.0).doing("cross-entropy")?;
    Ok(each.f_sum(Kind::Double)?)
}

/// Number of images whose largest logit is that of their label, as an i64 scalar on the device.
///
/// # Errors
/// If the shapes do not fit.
pub fn hits(logits: &Tensor, labels: &Tensor) -> Result<Tensor> {
    Ok(logits.f_argmax(-1, false)?.f_eq_tensor(labels)?.f_sum(Kind::Int64)?)
}
