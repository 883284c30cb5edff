//! What a run's experiment says of its ordering.

use curricle_core::config::{Candidates, Experiment, Interval, Kind};
use curricle_core::passes::{self, RunPasses};
use serde::Serialize;

/// What is known before anything was scored.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Facts {
    /// Whether items are chosen at all.
    pub ordered: bool,
    /// Whether candidates are scored for it: not in pacing, GraB, a recorded order, or the control of equal compute.
    pub scores: bool,
    /// Whether every order is tried out in place of training once.
    pub every_order: bool,
    /// Name of the scorer, as `loss-delta`.
    pub scorer: String,
    /// The ordering in one line.
    pub ordering: String,
    /// Candidates of a choice; nothing if all that are left.
    pub candidates: Option<u64>,
    /// How often scores are renewed: `every step`, `every 10 steps`.
    pub rescored: String,
    /// Ordered only so long, if not to the end.
    pub warmup: Option<String>,
    /// Whether test data choose the items.
    pub oracle: bool,
    /// Whether scores and items are kept on disk.
    pub recorded: bool,
}

impl Facts {
    /// The facts of an experiment.
    pub fn of(experiment: &Experiment) -> Facts {
        if experiment.kind == Kind::PerfectOrdering {
            return Facts { every_order: true, ..Facts::default() };
        }
        let Some(ordering) = &experiment.ordering else { return Facts::default() };
        Facts {
            ordered: true,
            scores: ordering.scores_candidates(),
            every_order: false,
            scorer: ordering.scorer.word().to_string(),
            ordering: experiment.summary("ordering"),
            candidates: match ordering.candidates {
                Candidates::All => None,
                Candidates::Of(count) => Some(count),
            },
            rescored: match ordering.rescore {
                Interval::Steps(1) => "every step".into(),
                Interval::Epochs(1) => "every epoch".into(),
                interval => format!("every {interval}"),
            },
            warmup: ordering.warmup.map(|interval| interval.to_string()),
            oracle: experiment.orders_by_test_data(),
            recorded: ordering.record_scores,
        }
    }

    /// The scorer as people say it.
    pub fn scorer_words(&self) -> String {
        self.scorer.replace('-', " ")
    }

    /// The fact in few words: `scoring every step · K = 8`, or what the order is.
    pub fn line(&self) -> String {
        if !self.scores {
            return self.ordering.split(", ").next().unwrap_or_default().to_string();
        }
        let candidates = self.candidates.map_or_else(|| "all".to_string(), |count| count.to_string());
        format!("scoring {} · K = {candidates}", self.rescored)
    }
}

/// Passes that a run was planned to take.
pub fn planned(experiment: &Experiment, images: u64) -> Option<RunPasses> {
    (experiment.kind == Kind::Training).then(|| passes::of_run(experiment, images))?
}
