//! Loss orderer: the score of a candidate is its loss, L(θ; c) (thesis 2.4.1). K forward passes, in eval mode one large
//! batch cut as the caches like it.

use super::{Candidates, Situation};
use crate::error::Result;
use crate::network::pass::Mode;
use tch::Tensor;

/// Losses of all candidates, scalars on the device.
///
/// # Errors
/// What libtorch refuses.
pub fn scores(situation: &Situation, candidates: &(impl Candidates + ?Sized), together: usize) -> Result<Vec<Tensor>> {
    scores_at(situation, &situation.weights.theta, candidates, together)
}

/// The same at some other θ. `together` is the number of images that go through the network at once where they do not
/// share statistics.
///
/// # Errors
/// What libtorch refuses.
pub fn scores_at(situation: &Situation, theta: &Tensor, candidates: &(impl Candidates + ?Sized), together: usize) -> Result<Vec<Tensor>> {
    let _guard = tch::no_grad_guard();
    if situation.mode == Mode::Train {
        return (0..candidates.count()).map(|place| situation.loss_at(theta, &candidates.batch(place)?)).collect();
    }
    let evaluator = situation.evaluator(theta)?;
    let score = |place| {
        let parts = candidates.batch(place)?.parts(together.max(1) as i64)?;
        let each = parts.map(|part| evaluator.losses(&part.images, &part.labels)).collect::<Result<Vec<_>>>()?;
        Ok(Tensor::f_cat(&each, 0)?.f_mean(None::<tch::Kind>)?)
    };
    (0..candidates.count()).map(score).collect()
}
