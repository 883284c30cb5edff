//! Loss and accuracy on a whole set, in eval mode, without augmentation.

use crate::error::Result;
use crate::images::{DeviceSet, Normalisation};
use crate::loss;
use crate::network::Network;
use crate::network::pass::{Arithmetic, Mode, Pass};
use tch::{Kind, Tensor};

/// Result of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean cross-entropy per image.
    pub loss: f64,
    /// Correct images.
    pub correct: u64,
    /// Images.
    pub total: u64,
}

impl Score {
    /// Correct images over images.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.total.max(1) as f64
    }
}

/// Evaluates all images of `set` in batches of `batch`; `between` is called after each with the images done and ends
/// the evaluation early by returning false (then `None` comes back).
///
/// # Errors
/// What libtorch refuses.
#[expect(clippy::too_many_arguments, reason = "an evaluation is a function of exactly these")]
pub fn evaluate(
    network: &Network,
    theta: &Tensor,
    statistics: &Tensor,
    set: &DeviceSet,
    normalisation: &Normalisation,
    arithmetic: Arithmetic,
    batch: usize,
    mut between: impl FnMut(usize) -> bool,
) -> Result<Option<Score>> {
    let _guard = tch::no_grad_guard();
    let theta = theta.f_detach()?;
    let mut loss = Tensor::f_zeros([] as [i64; 0], (Kind::Double, theta.device()))?;
    let mut hits = Tensor::f_zeros([] as [i64; 0], (Kind::Int64, theta.device()))?;
    let pass = Pass::new(&network.layout, &theta, statistics, Mode::Eval, arithmetic)?;
    let mut first = 0;
    while first < set.len() {
        let count = batch.min(set.len() - first);
        let (bytes, labels) = set.range(first, count)?;
        let logits = network.logits(&pass, &normalisation.apply(&bytes)?)?;
        loss = loss.f_add_(&loss::summed_cross_entropy(&logits, &labels)?)?;
        hits = hits.f_add_(&loss::hits(&logits, &labels)?)?;
        first += count;
        if !between(first) {
            return Ok(None);
        }
    }
    let total = set.len() as u64;
    Ok(Some(Score { loss: loss.f_double_value(&[])? / total.max(1) as f64, correct: hits.f_int64_value(&[])? as u64, total }))
}
