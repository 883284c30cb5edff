//! `[ordering]`: which items a network learns from next.

use super::declare::{choices, section};
use super::network::Network;
use super::range::{above, above_to, at_least, between, from, whole};
use super::selector::Selector;
use super::values::{Candidates, Displacement, Interval};

choices! {
    /// What is ordered.
    ItemKind {
        /// Whole batches.
        Batch = "batch",
        /// Single samples.
        Sample = "sample",
    }
}

choices! {
    /// What gives a candidate its score.
    Scorer {
        /// By how much a step on the candidate lowers the loss.
        LossDelta = "loss-delta",
        /// Its loss.
        Loss = "loss",
        /// Its class mix.
        Label = "label",
        /// The loss of another, trained network.
        Teacher = "teacher",
        /// Its known difficulty.
        Difficulty = "difficulty",
        /// A column of a file.
        Column = "column",
        /// Loss that a network trained on the hold-out does not have.
        Rho = "rho",
        /// Balanced gradients, epoch by epoch.
        Grab = "grab",
        /// Running mean of losses seen.
        Dihcl = "dihcl",
        /// Items whose loss is below a growing bound.
        SelfPaced = "self-paced",
        /// Items kept with a probability that grows with their loss.
        SelectiveBackprop = "selective-backprop",
        /// One of the candidates at random: a control.
        Random = "random",
        /// Random order, trained for as many passes as another scorer costs: a control.
        EqualCompute = "equal-compute",
    }
}

impl Scorer {
    /// Whether it gives an order without scores of candidates.
    #[must_use]
    pub fn scores_none(self) -> bool {
        matches!(self, Self::Grab | Self::EqualCompute | Self::Random)
    }
}

choices! {
    /// Where a loss delta is measured.
    Target {
        /// On the candidate itself.
        Same = "same",
        /// On a batch kept apart.
        External = "external",
    }
}

choices! {
    /// Where the external batch comes from.
    ExternalSource {
        /// The hold-out.
        Holdout = "holdout",
        /// The training set.
        Train = "train",
        /// The test set: an oracle, marked wherever it is shown.
        Test = "test",
    }
}

choices! {
    /// When the external batch is drawn anew.
    Redraw {
        /// At every epoch.
        Epoch = "epoch",
        /// At every step.
        Step = "step",
        /// Never.
        Never = "never",
    }
}

choices! {
    /// How candidates are made.
    Recipe {
        /// The epoch is split into batches once; candidates are drawn from those left.
        Fixed = "fixed",
        /// Every candidate is a fresh draw from the samples left.
        Redrawn = "redrawn",
    }
}

choices! {
    /// What a loss delta is divided by.
    Measure {
        /// Nothing.
        Absolute = "absolute",
        /// The loss before the step.
        Relative = "relative",
    }
}

choices! {
    /// How a loss delta is computed.
    Estimate {
        /// By a trial step.
        Exact = "exact",
        /// From two forward passes along the gradient of the external batch.
        FirstOrder = "first-order",
    }
}

choices! {
    /// Which score is handed out first.
    Direction {
        /// Loss: smallest; deltas: largest.
        Auto = "auto",
        /// The smallest.
        Ascending = "ascending",
        /// The largest.
        Descending = "descending",
    }
}

choices! {
    /// How a batch is built from scored samples, in place of an order.
    Sampler {
        /// No sampler: items are ordered.
        Off = "",
        /// Drawn with weights in proportion to the score (to the power 1/T).
        Weighted = "weighted",
        /// Drawn with weights in proportion to 1/score.
        Inverse = "inverse",
        /// The smallest scores.
        Smallest = "smallest",
        /// The largest scores.
        Largest = "largest",
    }
}

choices! {
    /// Batch-norm statistics used in scoring.
    ScoringNorm {
        /// Running statistics.
        Eval = "eval",
        /// Statistics of the batch.
        Train = "train",
    }
}

choices! {
    /// Crops and flips that scoring sees.
    ScoringCrops {
        /// Those that are trained on.
        Same = "same",
        /// Others, drawn for scoring.
        Fresh = "fresh",
    }
}

choices! {
    /// The fixed score by which pacing sorts the samples.
    PacingBy {
        /// The known difficulty.
        Difficulty = "difficulty",
        /// The loss of another, trained network.
        Teacher = "teacher",
        /// The loss of this network, trained once before.
        Own = "own",
        /// A column of a file.
        Column = "column",
        /// Chance: a control.
        Random = "random",
    }
}

section! {
    /// Which items the network learns from next, and how they are scored.
    Ordering {
        /// What is ordered.
        item: ItemKind = ItemKind::Batch, "item";
        /// What gives a candidate its score.
        scorer: Scorer = Scorer::LossDelta, "scorer";
        /// Where a loss delta is measured.
        target: Target = Target::Same, "target", for scorer = ["loss-delta"];
        /// The external batch.
        external: External = External::default(), "external batch", for target = ["external"];
        /// How candidates are made.
        recipe: Recipe = Recipe::Fixed, "recipe";
        /// What a loss delta is divided by.
        measure: Measure = Measure::Absolute, "measure", for scorer = ["loss-delta"];
        /// How a loss delta is computed.
        estimate: Estimate = Estimate::Exact, "estimate", for scorer = ["loss-delta"];
        /// Which score is handed out first.
        order: Direction = Direction::Auto, "order";
        /// How a batch is built from scored samples, in place of an order. Empty: items are ordered.
        sampler: Sampler = Sampler::Off, "sampler", for item = ["sample"];
        /// T: weights are scores to the power 1/T.
        temperature: f64 = 1.0, "temperature" in above(0.0), for sampler = ["weighted"];
        /// Length of the first-order displacement: `"auto"`, or a number.
        step: Displacement = Displacement::Auto, "displacement" in above(0.0), for estimate = ["first-order"];
        /// Further scorers whose scores are ranked beside, each with words that say how it is asked: `external`, `relative`,
        /// `first-order`.
        compare: Vec<Selector> = Vec::new(), "compare with";
        /// Candidates scored for each choice: a number, or `"all"`.
        candidates: Candidates = Candidates::Of(8), "candidates" in whole(1, 100_000);
        /// How often scores are renewed.
        rescore: Interval = Interval::Steps(1), "rescore every";
        /// Order only for so long; empty: to the end.
        warmup: Option<Interval> = None, "only for the first";
        /// Batch-norm statistics used in scoring.
        bn: ScoringNorm = ScoringNorm::Eval, "batch norm in scoring";
        /// Crops and flips that scoring sees.
        rescore_crops: ScoringCrops = ScoringCrops::Same, "crops in scoring";
        /// Keep candidates' scores and choices on disk.
        record_scores: bool = true, "record scores";
        /// Recorded order to train in, in place of scoring: a run, or a file.
        replay: String = String::new(), "replay";
        /// Candidates scored side by side on a GPU; 1: one after another.
        parallel: u64 = 1, "in parallel" in from(1);
        /// Deviations of published code, for reproducing its tables.
        published: PublishedOrdering = PublishedOrdering::default(), "published deviations";
        /// Network whose losses are the scores.
        teacher: Option<Network> = None, "teacher";
        /// Weight of the network's own loss beside the teacher's.
        student: f64 = 0.0, "weight of its own loss" ["share"] in between(0.0, 1.0), for scorer = ["teacher"];
        /// Network trained on the hold-out.
        holdout_model: Option<Network> = None, "hold-out model", for scorer = ["rho"];
        /// How long the hold-out model is trained, where it has no checkpoint.
        holdout_epochs: u64 = 10, "hold-out model's epochs" ["epochs"] in from(1), for scorer = ["rho"];
        /// File of scores.
        column: Option<Column> = None, "column";
        /// How much of the sorted set is open at first, and how it grows.
        pacing: Option<Pacing> = None, "pacing";
        /// Balance differences of neighbours, without a mean gradient.
        pairs: bool = false, "pairs", for scorer = ["grab"];
        /// γ: weight of the newest loss in the running mean.
        discount: f64 = 0.9, "discount" in above_to(0.0, 1.0), for scorer = ["dihcl"];
        /// Loss below which an item is learnt from at first.
        threshold: f64 = 1.0, "threshold" in above(0.0), for scorer = ["self-paced"];
        /// What the threshold is multiplied by at each epoch.
        growth: f64 = 1.1, "growth" in at_least(1.0), for scorer = ["self-paced"];
        /// Losses among which an item's percentile is taken.
        history: u64 = 1024, "history" ["losses"] in from(1), for scorer = ["selective-backprop"];
        /// β: the percentile's power.
        power: f64 = 1.0, "power" in at_least(0.0), for scorer = ["selective-backprop"];
        /// Scorer whose passes are matched.
        equal_to: Scorer = Scorer::LossDelta, "equal to", for scorer = ["equal-compute"];
    }
}

section! {
    /// The batch on which a loss delta is measured.
    External {
        /// Where it comes from.
        source: ExternalSource = ExternalSource::Holdout, "source";
        /// Its images.
        size: u64 = 512, "size" ["images"] in from(1);
        /// When it is drawn anew.
        redraw: Redraw = Redraw::Epoch, "redraw every";
    }
}

section! {
    /// Deviations of published code, for reproducing its tables.
    PublishedOrdering {
        /// Use positions among the samples left as if they were sample numbers.
        position_as_index: bool = false, "position as index";
        /// Add the gradient of the training step before to the first candidate's.
        leftover_gradient: bool = false, "left-over gradient";
    }
}

section! {
    /// A file of scores, one a sample.
    Column {
        /// CSV, JSON or safetensors file.
        file: String = String::new(), "file";
        /// Name of the column.
        name: String = "score".to_owned(), "name";
    }
}

section! {
    /// How much of the sorted set is open at first, and how it grows.
    Pacing {
        /// The fixed score by which samples are sorted.
        by: PacingBy = PacingBy::Difficulty, "by";
        /// Share open at first.
        start: f64 = 0.04, "start" ["share"] in above_to(0.0, 1.0);
        /// What the open share is multiplied by.
        increase: f64 = 1.9, "increase" in above(1.0);
        /// How long until it is.
        length: Interval = Interval::Steps(100), "length";
        /// How long the network is trained before, where its own losses sort the samples.
        epochs: u64 = 10, "epochs before" ["epochs"] in from(1), for by = ["own"];
        /// Hardest first.
        reversed: bool = false, "reversed";
    }
}

impl Ordering {
    /// The scorer that chooses, and how it is asked.
    #[must_use]
    pub fn selector(&self) -> Selector {
        let delta = self.scorer == Scorer::LossDelta;
        let usual = Selector::of(self.scorer);
        Selector {
            target: if delta { self.target } else { usual.target },
            measure: if delta { self.measure } else { usual.measure },
            estimate: if delta { self.estimate } else { usual.estimate },
            ..usual
        }
    }

    /// Whether items are chosen by scores of candidates: pacing, GraB, a recorded order and the control of equal compute are
    /// other ways to an order.
    #[must_use]
    pub fn scores_candidates(&self) -> bool {
        self.replay.is_empty() && self.pacing.is_none() && !matches!(self.scorer, Scorer::Grab | Scorer::EqualCompute)
    }

    /// All scorers that are asked, to choose or to compare, the one that chooses first.
    pub fn asked(&self) -> impl Iterator<Item = Selector> {
        std::iter::once(self.selector()).chain(self.compare.iter().copied())
    }

    /// Whether a scorer is asked, to choose or to compare.
    #[must_use]
    pub fn asks(&self, scorer: Scorer) -> bool {
        self.asked().any(|asked| asked.scorer == scorer)
    }

    /// Whether candidates are scored by data of the test set.
    #[must_use]
    pub fn scores_by_test_data(&self) -> bool {
        self.scorer == Scorer::LossDelta && self.target == Target::External && self.external.source == ExternalSource::Test
    }
}
