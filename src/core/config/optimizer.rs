//! `[optimizer]`: how weights move.

use super::declare::{choices, section};
use super::range::{above, at_least, below};

choices! {
    /// An optimiser.
    OptimizerKind {
        /// Stochastic gradient descent with momentum.
        Sgd = "sgd",
    }
}

section! {
    /// How the weights move at each step.
    Optimizer {
        /// Optimiser.
        kind: OptimizerKind = OptimizerKind::Sgd, "kind";
        /// Learning rate before any schedule.
        lr: f64 = 0.05, "learning rate" in above(0.0);
        /// Share of the last movement kept.
        momentum: f64 = 0.9, "momentum" in below(0.0, 1.0);
        /// Look ahead along the momentum.
        nesterov: bool = true, "Nesterov";
        /// Pull towards zero, on every weight.
        weight_decay: f64 = 1e-4, "weight decay" in at_least(0.0);
    }
}
