//! Scores by another network: a teacher's loss, L(θ_teacher; c), and what RHO-loss takes off, L(θ_holdout; x) (Mindermann
//! et al. 2022).

use super::super::context::Context;
use super::Situation;
use crate::checkpoint;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::network::pass::Mode;
use crate::optimizer::Sgd;
use crate::setup::Machine;
use crate::weights::Weights;
use curricle_core::config;
use std::path::Path;

/// A trained network beside the one that learns.
pub struct Other {
    network: Network,
    weights: Weights,
}

impl Other {
    /// Takes a network that is trained already.
    #[must_use]
    pub fn new(network: Network, weights: Weights) -> Self {
        Self { network, weights }
    }

    /// Reads a network from the checkpoint that its section names; `path` is that section's.
    ///
    /// # Errors
    /// If the checkpoint is missing or damaged, or belongs to another network or number of classes.
    pub fn open(settings: &config::Network, path: &str, shape: (i64, i64, i64), classes: i64, machine: &Machine) -> Result<Self> {
        // It is this network's section that would have to change.
        let named = |error: Error| {
            Error::Configuration(format!("{path}.checkpoint: {error}").replace("Set `network` to", &format!("Set `{path}` to")))
        };
        let network = Network::new(settings, shape.0, shape.1, classes)?;
        let weights = checkpoint::read(Path::new(&settings.checkpoint), &network.layout).map_err(named)?;
        let weights = weights.to_device(machine.precision.kind, machine.device.device)?;
        Ok(Self { network, weights })
    }

    /// Losses are taken here, in eval mode: it learns nothing more. They are the run's own loss, so that the two can be
    /// subtracted and joined.
    #[must_use]
    pub fn situation(&self, context: &Context) -> Situation<'_> {
        let optimizer = Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
        let (label_smoothing, arithmetic) = (context.label_smoothing, context.arithmetic);
        Situation { network: &self.network, weights: &self.weights, optimizer, lr: 0.0, label_smoothing, arithmetic, mode: Mode::Eval }
    }

    /// Loss of every training image as it is, without crops. `None` once `goes_on` says no.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn losses_of(&self, context: &Context, goes_on: &dyn Fn() -> bool) -> Result<Option<Vec<f64>>> {
        let set = context.train;
        let situation = self.situation(context);
        let evaluator = situation.evaluator(&self.weights.theta)?;
        let mut all = Vec::with_capacity(set.len());
        let mut first = 0;
        while first < set.len() {
            if !goes_on() {
                return Ok(None);
            }
            let here = context.together.max(1).min(set.len() - first);
            let (bytes, labels) = set.range(first, here)?;
            let losses = evaluator.losses(&context.normalisation.apply(&bytes)?, &labels)?;
            all.extend(Vec::<f64>::try_from(losses.f_to_kind(tch::Kind::Double)?.f_to(tch::Device::Cpu)?)?);
            first += here;
        }
        Ok(Some(all))
    }
}
