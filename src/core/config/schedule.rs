//! `[schedule]`: how the learning rate changes.

use super::declare::{choices, section};
use super::range::{above, above_to, at_least, below, from};

choices! {
    /// A schedule of the learning rate.
    ScheduleKind {
        /// Times `factor` after each of the milestones.
        Milestones = "milestones",
        /// Never changes.
        Constant = "constant",
        /// Times `factor` every so many epochs.
        Step = "step",
        /// Half a cosine from the learning rate down to `minimum`.
        Cosine = "cosine",
        /// Up, then down, in one sweep over the whole run.
        OneCycle = "one-cycle",
        /// Times `factor` when the watched loss has stopped falling.
        Plateau = "plateau",
    }
}

section! {
    /// How the learning rate changes over the run.
    Schedule {
        /// Schedule.
        kind: ScheduleKind = ScheduleKind::Milestones, "kind";
        /// Epochs after which the learning rate changes, ascending.
        milestones: Vec<u64> = vec![30, 60, 90, 120, 150], "milestones" ["epochs"] in from(1), for kind = ["milestones"];
        /// What the learning rate is multiplied by.
        factor: f64 = 0.5, "factor" in above_to(0.0, 1.0), for kind = ["milestones", "step", "plateau"];
        /// Epochs between two changes.
        every: u64 = 30, "every" ["epochs"] in from(1), for kind = ["step"];
        /// Learning rate that is never gone below.
        minimum: f64 = 0.0, "minimum" in at_least(0.0), for kind = ["cosine", "plateau"];
        /// Epochs without a lower loss that are borne; the one after them lowers the learning rate.
        patience: u64 = 10, "patience" ["epochs"] in from(0), for kind = ["plateau"];
        /// How much lower a loss must be to count, as a share of the lowest so far.
        threshold: f64 = 1e-3, "threshold" ["share"] in below(0.0, 1.0), for kind = ["plateau"];
        /// Share of the run in which the learning rate rises.
        warm_share: f64 = 0.3, "warm-up share" ["share"] in below(0.0, 1.0), for kind = ["one-cycle"];
        /// The first learning rate is the highest one divided by this.
        start_divisor: f64 = 25.0, "start divisor" in above(0.0), for kind = ["one-cycle"];
        /// The last learning rate is the first one divided by this.
        end_divisor: f64 = 1e4, "end divisor" in above(0.0), for kind = ["one-cycle"];
    }
}
