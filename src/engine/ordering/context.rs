//! What an ordering may know of the run and its next step, and what it answers.

use crate::images::{Crops, DeviceSet, Normalisation};
use crate::network::Network;
use crate::network::pass::{Arithmetic, Mode};
use crate::optimizer::Sgd;
use crate::weights::Weights;
use curricle_core::config::{self, ScoringNorm};
use std::collections::BTreeMap;

use super::scorer::Situation;

/// What is known of the run and its next step.
pub struct Context<'a> {
    /// The network.
    pub network: &'a Network,
    /// Its weights, read only.
    pub weights: &'a Weights,
    /// Training images.
    pub train: &'a DeviceSet,
    /// Hold-out images.
    pub holdout: Option<&'a DeviceSet>,
    /// Test images.
    pub test: &'a DeviceSet,
    /// Mean and deviation.
    pub normalisation: &'a Normalisation,
    /// Whether images are mirrored, and padding of crops.
    pub augmentation: (bool, usize),
    /// The update rule.
    pub optimizer: Sgd,
    /// Learning rate of the step.
    pub lr: f64,
    /// Share of the target spread over all classes.
    pub label_smoothing: f64,
    /// How convolutions compute.
    pub arithmetic: Arithmetic,
    /// Seeds.
    pub seeds: &'a config::Seed,
    /// Epoch of the step, from 1.
    pub epoch: u64,
    /// Number of the step, from 1.
    pub step: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Images of a whole batch.
    pub batch: usize,
    /// Images that go through the network at once where they share no statistics.
    pub together: usize,
    /// The epoch's shuffled training items.
    pub order: &'a [u32],
}

impl Context<'_> {
    /// What scores are computed with.
    #[must_use]
    pub fn situation(&self, bn: ScoringNorm) -> Situation<'_> {
        Situation {
            network: self.network,
            weights: self.weights,
            optimizer: self.optimizer,
            lr: self.lr,
            label_smoothing: self.label_smoothing,
            arithmetic: self.arithmetic,
            mode: if bn == ScoringNorm::Train { Mode::Train } else { Mode::Eval },
        }
    }

    /// Images in units of one batch.
    #[must_use]
    pub fn units(&self, images: usize) -> f64 {
        images as f64 / self.batch as f64
    }
}

/// The items of a step, and what their choice cost.
#[derive(Debug, Default)]
pub struct Chosen {
    /// Items in the order of the batch.
    pub items: Vec<u32>,
    /// How many of them belong to each class.
    pub classes: Vec<u32>,
    /// The crops that they were scored under, where these belong to them and not to their places in the batch.
    pub crops: Option<Crops>,
    /// What was scored, if anything was.
    pub scored: Option<Scored>,
}

/// Candidates of one step, their scores and the choice.
#[derive(Debug, Clone, Default)]
pub struct Scored {
    /// What each candidate is to its loader: a batch of the epoch's split, a draw, or an image.
    pub numbers: Vec<u32>,
    /// Their scores.
    pub scores: Vec<f64>,
    /// Places of the chosen ones.
    pub chosen: Vec<u32>,
    /// Forward passes spent, in units of one batch.
    pub forward: f64,
    /// Backward passes spent.
    pub backward: f64,
    /// Seconds spent.
    pub seconds: f64,
    /// Rank correlations with other scorers.
    pub correlation: BTreeMap<String, f64>,
}
