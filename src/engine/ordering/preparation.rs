//! A network that is trained before the run, for its losses: RHO-loss's on the hold-out, pacing's own.
//!
//! It is trained as the run would be, in random order, with the run's optimiser, schedule and augmentation. All of it is a
//! function of the experiment, so a run that was killed meanwhile trains it again to the same bits.

use super::context::Context;
use super::scorer::other::Other;
use crate::error::Result;
use crate::images::{Crops, DeviceSet};
use crate::network::Network;
use crate::plan;
use crate::schedule::{self, Place};
use crate::step::Stepper;
use crate::weights::Weights;
use curricle_core::config::Experiment;
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
