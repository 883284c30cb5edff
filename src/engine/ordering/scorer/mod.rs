//! Scorers: what a candidate is worth at the weights as they are. Nothing here changes weights, momentum, statistics or
//! the random draws of training.

pub mod first_order;
pub mod loss;
pub mod loss_delta;
pub mod other;

use crate::error::{Error, Result};
use crate::loss as losses;
use crate::network::Network;
use crate::network::pass::{Arithmetic, Mode, Pass};
use crate::optimizer::Sgd;
use crate::weights::Weights;
use tch::{Device, Kind, Reduction, Tensor};

/// Images that go backward at once on a CPU where they share no statistics. The number does not depend on the machine: the order of
/// additions does not either.
const GRADIENT_BATCH: i64 = 128;

/// Images of a candidate, as they go into the network, and their labels.
pub struct Batch {
    /// [B, C, H, W], normalised.
    pub images: Tensor,
    /// `[B]`.
    pub labels: Tensor,
}

impl Batch {
    /// The same tensors under another name.
    #[must_use]
    pub fn shallow(&self) -> Self {
        Self { images: self.images.shallow_clone(), labels: self.labels.shallow_clone() }
    }

    /// The batch in parts of `together` images, the last one with what is left; nothing is copied.
    ///
    /// # Errors
    /// If `together` is 0.
    pub fn parts(&self, together: i64) -> Result<impl Iterator<Item = Self> + use<>> {
        let (images, labels) = (self.images.f_split(together, 0)?, self.labels.f_split(together, 0)?);
        Ok(images.into_iter().zip(labels).map(|(images, labels)| Self { images, labels }))
    }
}

/// Candidates, one batch at a time: all of them at once may be the whole training set.
pub trait Candidates {
    /// How many there are.
    fn count(&self) -> usize;

    /// The images of one.
    ///
    /// # Errors
    /// If there is none at this place.
    fn batch(&self, place: usize) -> Result<Batch>;
}

impl Candidates for [Batch] {
    fn count(&self) -> usize {
        self.len()
    }

    fn batch(&self, place: usize) -> Result<Batch> {
        self.get(place).map(Batch::shallow).ok_or_else(|| Error::Other(format!("there is no candidate {place}")))
    }
}

impl Candidates for Vec<Batch> {
    fn count(&self) -> usize {
        self.len()
    }

    fn batch(&self, place: usize) -> Result<Batch> {
        self.as_slice().batch(place)
    }
}

/// What scores are computed with.
pub struct Situation<'a> {
    /// The network.
    pub network: &'a Network,
    /// Its weights, read only.
    pub weights: &'a Weights,
    /// The update rule of a trial step.
    pub optimizer: Sgd,
    /// Learning rate of the step that is to come.
    pub lr: f64,
    /// Share of the target spread over all classes.
    pub label_smoothing: f64,
    /// How convolutions compute.
    pub arithmetic: Arithmetic,
    /// Batch norm in scoring: running statistics (published), or those of each batch.
    pub mode: Mode,
}

impl Situation<'_> {
    /// Statistics that a pass may write into: the running ones where it will not, a copy where it would.
    fn statistics(&self) -> Result<Tensor> {
        Ok(match self.mode {
            Mode::Eval => self.weights.statistics.shallow_clone(),
            Mode::Train => self.weights.statistics.f_alias_copy()?,
        })
    }

    fn mean_loss(&self, theta: &Tensor, batch: &Batch) -> Result<Tensor> {
        let logits = self.network.forward(theta, &self.statistics()?, &batch.images, self.mode, self.arithmetic)?;
        losses::cross_entropy(&logits, &batch.labels, self.label_smoothing)
    }

    /// Mean loss of a batch at some θ, as a scalar on the device. One forward pass.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn loss_at(&self, theta: &Tensor, batch: &Batch) -> Result<Tensor> {
        let _guard = tch::no_grad_guard();
        self.mean_loss(&theta.f_detach()?, batch)
    }

    /// What takes losses of images at some θ. Only where images do not share statistics.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn evaluator(&self, theta: &Tensor) -> Result<Evaluator<'_>> {
        let _guard = tch::no_grad_guard();
        let pass = Pass::new(&self.network.layout, &theta.f_detach()?, &self.statistics()?, self.mode, self.arithmetic)?;
        Ok(Evaluator { network: self.network, pass, label_smoothing: self.label_smoothing })
    }

    /// Mean loss of a batch and its gradient at θ. A forward and a backward pass. Where images share no statistics, so many at
    /// a time that an external batch takes no more memory than a training step.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn gradient(&self, batch: &Batch) -> Result<(Tensor, Tensor)> {
        let count = batch.labels.size()[0];
        let together = if self.mode == Mode::Train || batch.images.device() != Device::Cpu { count } else { GRADIENT_BATCH };
        let mut whole: Option<(Tensor, Tensor)> = None;
        for part in batch.parts(together)? {
            let share = part.labels.size()[0] as f64 / count as f64;
            let loss = self.mean_loss(&self.weights.theta, &part)?;
            let mut gradients = Tensor::f_run_backward(&[&loss], &[&self.weights.theta], false, false)?;
            let gradient = gradients.pop().ok_or_else(|| Error::Other("the backward pass gave no gradient".into()))?;
            let (loss, gradient) = (loss.f_detach()?.f_mul_scalar(share)?, gradient.f_mul_scalar(share)?);
            whole = Some(match whole {
                None => (loss, gradient),
                Some((losses, gradients)) => (losses.f_add(&loss)?, gradients.f_add(&gradient)?),
            });
        }
        whole.ok_or_else(|| Error::Other("a batch without images has no gradient".into()))
    }
}

/// Takes losses of images at one θ; what it computes of the weights, it computes once.
pub struct Evaluator<'a> {
    network: &'a Network,
    pass: Pass,
    label_smoothing: f64,
}

impl Evaluator<'_> {
    /// Loss of each image, `[B]`. One forward pass.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn losses(&self, images: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let _guard = tch::no_grad_guard();
        let logits = self.network.logits(&self.pass, images)?;
        Ok(logits.f_cross_entropy_loss(labels, None::<Tensor>, Reduction::None, -100, self.label_smoothing)?)
    }
}

/// Scalars on the device, read in one go.
///
/// # Errors
/// If they cannot be read.
pub fn read(scores: &[Tensor]) -> Result<Vec<f64>> {
    if scores.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Vec::try_from(Tensor::f_stack(scores, 0)?.f_to_kind(Kind::Double)?.f_to(tch::Device::Cpu)?)?)
}
