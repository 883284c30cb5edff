//! A network that is trained before the run, for its losses: RHO-loss's on the hold-out, pacing's own.
//!
//! It is trained as the run would be, in random order, with the run's optimiser, schedule and augmentation. All of it is a
//! function of the experiment, so a run that was killed meanwhile trains it again to the same bits.

use super::context::Context;
use super::scorer::other::Other;
use crate::error::{Error, Result};
use crate::images::{Crops, DeviceSet};
use crate::network::Network;
use crate::plan;
use crate::schedule::{self, Place};
use crate::setup::Machine;
use crate::step::Stepper;
use crate::weights::Weights;
use curricle_core::config::{Experiment, Ordering};
use curricle_core::watch::Plateau;

/// What is trained on what.
pub struct Trainee<'a> {
    /// The network.
    pub network: Network,
    /// Its first weights.
    pub weights: Weights,
    /// Its images.
    pub set: &'a DeviceSet,
    /// How long.
    pub epochs: u64,
    /// Images of a step.
    pub batch: usize,
}

/// Trains a network to its end; the network, and how many images passed forward and backward. `None` if `goes_on` said no.
///
/// # Errors
/// What libtorch refuses.
pub fn train(trainee: Trainee, context: &Context, experiment: &Experiment, goes_on: &dyn Fn() -> bool) -> Result<Option<(Other, usize)>> {
    let Trainee { network, mut weights, set, epochs, batch } = trainee;
    let mut stepper = Stepper {
        optimizer: context.optimizer,
        label_smoothing: context.label_smoothing,
        arithmetic: context.arithmetic,
        loss_scale: None,
        keep_gradient: false,
    };
    let steps_per_epoch = set.len().div_ceil(batch) as u64;
    let (flip, padding) = context.augmentation;
    let (mut step, mut passed) = (0, 0);
    for epoch in 1..=epochs {
        let order = plan::epoch_order(experiment.seed.order, epoch, set.len());
        for items in order.chunks(batch) {
            if !goes_on() {
                return Ok(None);
            }
            let place = Place { step, steps: epochs * steps_per_epoch, steps_per_epoch };
            let lr = schedule::rate(&experiment.schedule, experiment.optimizer.lr, place, &Plateau::default());
            step += 1;
            let crops = Crops::draw(flip, padding, items.len(), experiment.seed.augmentation, epoch, step);
            let (bytes, labels) = set.batch(items, crops.as_ref())?;
            if experiment.network.dropout > 0.0 {
                crate::device::seed_generator(experiment.seed.augmentation, epoch, step);
            }
            stepper.step(&network, &mut weights, &context.normalisation.apply(&bytes)?, &labels, lr)?;
            passed += items.len();
        }
    }
    Ok(Some((Other::new(network, weights), passed)))
}

/// The losses of all training images by the network on the hold-out, and how many images passed forward and backward to train
/// it: none where it comes from a checkpoint. `None` if `goes_on` said no.
///
/// # Errors
/// A checkpoint that does not fit; what libtorch refuses.
pub fn on_holdout(
    settings: &Ordering,
    context: &Context,
    experiment: &Experiment,
    machine: &Machine,
    goes_on: &dyn Fn() -> bool,
) -> Result<Option<(Vec<f64>, usize)>> {
    let (shape, classes) = (context.train.shape(), context.network.classes());
    let model = settings.holdout_model.as_ref();
    let (other, passed) = if let Some(trained) = model.filter(|model| !model.checkpoint.is_empty()) {
        (Other::open(trained, "ordering.holdout_model", shape, classes, machine)?, 0)
    } else {
        let set = context.holdout.ok_or_else(|| Error::Configuration("data.holdout: scorer `rho` needs a hold-out".into()))?;
        let network = Network::new(model.unwrap_or(&experiment.network), shape.0, shape.1, classes)?;
        let weights = Weights::initial(&network, experiment.seed.weights, machine.precision.kind, machine.device.device)?;
        let trainee = Trainee { network, weights, set, epochs: settings.holdout_epochs, batch: context.batch.min(set.len()) };
        let Some(trained) = train(trainee, context, experiment, goes_on)? else { return Ok(None) };
        trained
    };
    Ok(other.losses_of(context, goes_on)?.map(|losses| (losses, passed)))
}
