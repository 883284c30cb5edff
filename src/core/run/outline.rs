//! What a run directory keeps of an experiment in plain words, so that a list of runs need not read experiments.

use super::layout::Outline;
use super::run_record::Seeds;
use crate::config::{Experiment, NetworkKind};

impl Outline {
    /// The outline of an experiment; `text` is what the user wrote, `resolved` holds every field.
    pub fn of(experiment: &Experiment, text: &str, resolved: &str) -> Self {
        Self {
            name: experiment.name.clone(),
            kind: experiment.kind.word().to_string(),
            set: experiment.data.set.word().to_string(),
            network: network(experiment),
            seeds: Seeds { weights: experiment.seed.weights, order: experiment.seed.order, augmentation: experiment.seed.augmentation },
            epochs: experiment.training.epochs,
            steps: experiment.training.steps,
            tags: experiment.tags.clone(),
            notes: experiment.notes.clone(),
            text: text.to_string(),
            resolved: resolved.to_string(),
        }
    }
}

/// The network in few words: `preresnet 56`, `wideresnet 28-10`, `basicconv`.
fn network(experiment: &Experiment) -> String {
    let network = &experiment.network;
    match network.kind {
        NetworkKind::PreResNet => format!("preresnet {}", network.depth),
        NetworkKind::WideResNet => format!("wideresnet {}-{}", network.depth, network.width),
        NetworkKind::BasicConv => "basicconv".to_string(),
    }
}
