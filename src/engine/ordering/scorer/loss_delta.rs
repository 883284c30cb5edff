//! Loss delta: how much one optimiser step on a candidate lowers a loss (thesis 2.4.2), exactly and without rollback.
//!
//! θ′ = θ − update(θ, v, ∇L(θ; c)) is computed beside θ, momentum and weight decay included, and the loss is taken there.
//! On the candidate itself, Δ = L(θ; c) − L(θ′; c), the gradient pass gives the first loss for nothing: 4 forward units a
//! candidate. On an external batch X, Δ = L(θ; X) − L(θ′; X), the first loss is shared by all candidates: 3K + (K + 1)·|X|/B.

use super::{Batch, Candidates, Situation, loss};
use crate::error::Result;
use tch::Tensor;

/// Deltas of all candidates, scalars on the device.
#[derive(Debug)]
pub struct Deltas {
    /// Loss before the trial step: of each candidate, or of the external batch, again for each.
    pub before: Vec<Tensor>,
    /// Loss after it.
    pub after: Vec<Tensor>,
}

impl Deltas {
    /// before − after, or that over before.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn scores(&self, relative: bool) -> Result<Vec<Tensor>> {
        let pairs = self.before.iter().zip(&self.after);
        pairs
            .map(|(before, after)| {
                let delta = before.f_sub(after)?;
                Ok(if relative { delta.f_div(before)? } else { delta })
            })
            .collect()
    }
}

/// Trial steps on all candidates. `external` is the batch that the loss is taken on; without one it is the candidate's
/// own. `leftover` is the gradient of the training step before, which the published code added to the first candidate's
/// (methods, §3.8).
///
/// # Errors
/// What libtorch refuses.
pub fn deltas(
    situation: &Situation,
    candidates: &(impl Candidates + ?Sized),
    external: Option<&Batch>,
    leftover: Option<&Tensor>,
    together: usize,
) -> Result<Deltas> {
    let own = |theta: &Tensor, batch: &Batch| -> Result<Tensor> {
        let mut scores = loss::scores_at(situation, theta, std::slice::from_ref(batch), together)?;
        scores.pop().ok_or_else(|| crate::error::Error::Other("a batch has no score".into()))
    };
    let shared = external.map(|batch| own(&situation.weights.theta, batch)).transpose()?;
    let (mut before, mut after) = (Vec::with_capacity(candidates.count()), Vec::with_capacity(candidates.count()));
    for place in 0..candidates.count() {
        let candidate = candidates.batch(place)?;
        let (loss, mut gradient) = situation.gradient(&candidate)?;
        if let (0, Some(leftover)) = (place, leftover) {
            gradient = gradient.f_add(leftover)?;
        }
        let theta = situation.optimizer.stepped(&situation.weights.theta, &situation.weights.velocity, gradient, situation.lr)?;
        after.push(own(&theta, external.unwrap_or(&candidate))?);
        before.push(shared.as_ref().map_or(loss, Tensor::shallow_clone));
    }
    Ok(Deltas { before, after })
}
