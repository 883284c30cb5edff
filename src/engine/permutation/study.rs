//! What all runs of a study of orders share: the network, the images, how a step is taken and a network tested.

use super::epoch::Epoch;
use crate::error::Result;
use crate::evaluation::{Score, evaluate};
use crate::images::{DeviceSet, Normalisation};
use crate::network::Network;
use crate::network::basic_conv_folded::{self, Folded, Prepared};
use crate::network::pass::Arithmetic;
use crate::optimizer::Sgd;
use crate::setup::Machine;
use crate::step::Stepper;
use crate::weights::Weights;
use curricle_core::config::Experiment;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use tch::{Device, Kind, Tensor};

/// A network on its way through an epoch.
pub struct State {
    /// θ, v, statistics.
    pub weights: Weights,
    /// Training loss of each step of the epoch so far, before its update.
    pub losses: Vec<f64>,
    /// Cosine between the gradients of each two consecutive steps of the epoch so far.
    pub agreement: Vec<f64>,
    /// The gradient of the last step of this epoch.
    gradient: Option<Tensor>,
}

impl State {
    /// At the beginning of an epoch.
    #[must_use]
    pub fn begin(weights: Weights) -> Self {
        Self { weights, losses: Vec::new(), agreement: Vec::new(), gradient: None }
    }

    /// The gradient of the last step of this epoch.
    #[must_use]
    pub fn gradient(&self) -> Option<&Tensor> {
        self.gradient.as_ref()
    }

    /// A copy of its own memory.
    ///
    /// # Errors
    /// If memory does not suffice.
    pub fn copy(&self) -> Result<Self> {
        Ok(Self {
            weights: copy(&self.weights)?,
            losses: self.losses.clone(),
            agreement: self.agreement.clone(),
            gradient: self.gradient.as_ref().map(Tensor::shallow_clone),
        })
    }
}

/// θ, v and statistics in memory of their own.
///
/// # Errors
/// If memory does not suffice.
pub fn copy(weights: &Weights) -> Result<Weights> {
    Ok(Weights {
        theta: weights.theta.f_detach()?.f_alias_copy()?.f_set_requires_grad(true)?,
        velocity: weights.velocity.f_alias_copy()?,
        statistics: weights.statistics.f_alias_copy()?,
        batches_tracked: weights.batches_tracked,
    })
}

/// What networks are tested on, in parts of which each gets a loss of its own.
pub struct Tester {
    parts: Vec<Part>,
    together: usize,
}

/// One part: for any network, or for the kernel that knows this one.
enum Part {
    Plain(DeviceSet),
    Folded(Prepared),
}

/// Epoch, number of the batch, and which crop is its first.
type BatchKey = (u64, u8, usize);

/// Everything that a worker needs. Parts are shared between workers, images of batches are each worker's own.
pub struct Study {
    /// The network.
    pub network: Arc<Network>,
    /// Training images.
    pub train: DeviceSet,
    /// Mean and deviation.
    pub normalisation: Normalisation,
    /// The update rule.
    pub optimizer: Sgd,
    /// Share of the target spread over all classes.
    pub label_smoothing: f64,
    /// How convolutions compute.
    pub arithmetic: Arithmetic,
    tester: Tester,
    batches: RefCell<HashMap<BatchKey, (Tensor, Tensor)>>,
}

impl Study {
    /// Puts a study together. `tests` are the parts of the test set; `folded` says whether the kernel may test a BasicConv.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn new(
        experiment: &Experiment,
        machine: &Machine,
        network: Network,
        train: DeviceSet,
        tests: Vec<DeviceSet>,
        normalisation: Normalisation,
        folded: bool,
    ) -> Result<Self> {
        let plain = machine.precision.arithmetic == Arithmetic::Plain;
        let folded = folded && plain && basic_conv_folded::takes(&experiment.network, machine.device.device, machine.precision.kind);
        let together = match tests.first() {
            Some(set) => machine.evaluation_batch(&network, set)?,
            None => 1,
        };
        let classes = network.layout.parameters.last().map_or(1, |bias| bias.len());
        let part = |set: DeviceSet| -> Result<Part> {
            if !folded {
                return Ok(Part::Plain(set));
            }
            let (bytes, labels) = set.range(0, set.len())?;
            Ok(Part::Folded(Prepared::new(&normalisation.apply(&bytes)?, &labels, classes)?))
        };
        let parts = tests.into_iter().map(part).collect::<Result<_>>()?;
        Ok(Self {
            network: Arc::new(network),
            train,
            tester: Tester { parts, together },
            normalisation,
            optimizer: Sgd::new(&experiment.optimizer),
            label_smoothing: experiment.training.label_smoothing,
            arithmetic: machine.precision.arithmetic,
            batches: RefCell::default(),
        })
    }

    /// The same for another thread.
    #[must_use]
    pub fn share(&self) -> Self {
        let part = |part: &Part| match part {
            Part::Plain(set) => Part::Plain(set.share()),
            Part::Folded(set) => Part::Folded(set.clone()),
        };
        Self {
            network: Arc::clone(&self.network),
            train: self.train.share(),
            tester: Tester { parts: self.tester.parts.iter().map(part).collect(), together: self.tester.together },
            normalisation: self.normalisation.share(),
            batches: RefCell::default(),
            ..*self
        }
    }

    /// Images that go through the network at once where they share no statistics.
    #[must_use]
    pub fn together(&self) -> usize {
        self.tester.together
    }

    /// Images [B, C, H, W], normalised, and labels `[B]` of a batch that comes after `seen` samples of its epoch.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn batch(&self, epoch: &Epoch, batch: u8, seen: usize) -> Result<(Tensor, Tensor)> {
        let share = |(images, labels): &(Tensor, Tensor)| (images.shallow_clone(), labels.shallow_clone());
        let key = (epoch.number, batch, epoch.crops_begin(batch, seen));
        if let Some(found) = self.batches.borrow().get(&key) {
            return Ok(share(found));
        }
        let (bytes, labels) = self.train.batch(&epoch.batches[usize::from(batch)], epoch.crops(batch, seen).as_ref())?;
        let made = (self.normalisation.apply(&bytes)?, labels);
        let mut batches = self.batches.borrow_mut();
        // Only one epoch is trained at a time, but for paths that are replayed in between.
        batches.retain(|(number, ..), _| *number == epoch.number);
        batches.insert(key, share(&made));
        Ok(made)
    }

    /// The state after the last batch of `prefix`, from the state before it.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn step(&self, before: &State, epoch: &Epoch, prefix: &[u8]) -> Result<State> {
        let mut state = before.copy()?;
        let Some((&batch, earlier)) = prefix.split_last() else { return Ok(state) };
        let mut stepper = Stepper {
            optimizer: self.optimizer,
            label_smoothing: self.label_smoothing,
            arithmetic: self.arithmetic,
            loss_scale: None,
            keep_gradient: true,
        };
        let (images, labels) = self.batch(epoch, batch, epoch.seen(earlier))?;
        let outcome = stepper.step(&self.network, &mut state.weights, &images, &labels, epoch.rates[earlier.len()])?;
        state.losses.push(outcome.loss.f_double_value(&[])?);
        if let Some(gradient) = outcome.gradient {
            if let Some(last) = &state.gradient {
                state.agreement.push(cosine(last, &gradient)?);
            }
            state.gradient = Some(gradient);
        }
        Ok(state)
    }

    /// Loss and correct answers on each part of the test set; `None` once `between` says false.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn test(&self, weights: &Weights, mut between: impl FnMut() -> bool) -> Result<Option<Vec<Score>>> {
        let mut folded = None;
        let mut scores = Vec::with_capacity(self.tester.parts.len());
        for part in &self.tester.parts {
            let score = match part {
                Part::Folded(set) => {
                    if folded.is_none() {
                        folded = Some(Folded::new(&self.network, &weights.theta, &weights.statistics)?);
                    }
                    folded.as_ref().and_then(|folded| folded.evaluate(set, &mut between))
                }
                Part::Plain(set) => evaluate(
                    &self.network,
                    &weights.theta,
                    &weights.statistics,
                    set,
                    &self.normalisation,
                    self.arithmetic,
                    self.tester.together,
                    |_| between(),
                )?,
            };
            let Some(score) = score else { return Ok(None) };
            scores.push(score);
        }
        Ok(Some(scores))
    }
}

/// ⟨a, b⟩/(‖a‖·‖b‖).
fn cosine(a: &Tensor, b: &Tensor) -> Result<f64> {
    let dot = |a: &Tensor, b: &Tensor| -> Result<f64> { Ok(a.f_dot(b)?.f_to_kind(Kind::Double)?.f_to(Device::Cpu)?.f_double_value(&[])?) };
    Ok(dot(a, b)? / (dot(a, a)? * dot(b, b)?).sqrt())
}
