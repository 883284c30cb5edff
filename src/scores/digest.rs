//! What is shown of a run's scorings: small, and complete enough to draw at any size. With `--json` it is printed as it is.

use super::facts::Facts;
use super::heat::Heat;
use super::items::Order;
use super::study::Study;
use super::window::Window;
use curricle_core::passes::RunPasses;
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything that the pane shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Digest {
    /// What the experiment says.
    #[serde(flatten)]
    pub facts: Facts,
    /// The newest step.
    pub step: u64,
    /// Steps of the whole run; 0 while it is not known.
    pub steps: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Scorings so far.
    pub scorings: u64,
    /// First step that was scored, if any was.
    pub first_scored: Option<u64>,
    /// One step, and the scorings up to it.
    pub view: View,
    /// Scores of the chosen over the steps.
    pub chosen_over_steps: Heat,
    /// Scores of all candidates over the steps.
    pub candidates_over_steps: Heat,
    /// Share of the other candidates that scored higher than the chosen one, over the steps.
    pub rank_over_steps: Heat,
    /// Rank correlations with other scorers.
    pub correlation: BTreeMap<String, Standing>,
    /// Which images were trained on; nothing without score files.
    pub images: Option<Order>,
    /// What it cost.
    pub cost: Cost,
    /// What came of the orders, where every order is tried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study: Option<Box<Study>>,
    /// A score file that could not be read, and why.
    pub problem: Option<String>,
}

/// A step, and the scorings up to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct View {
    /// The step.
    pub step: u64,
    /// Its epoch.
    pub epoch: u64,
    /// Whether its item was chosen by scores.
    pub scored: bool,
    /// Candidates of the step.
    pub candidates: u64,
    /// Mean score of what was chosen.
    pub score: Option<f64>,
    /// Share of the other candidates that scored higher than the chosen, on the mean: 0 is the highest of all.
    pub rank: Option<f64>,
    /// Scores of the step's candidates, where they are few.
    pub scores: Vec<Option<f32>>,
    /// Places of the chosen ones among them.
    pub chosen: Vec<u32>,
    /// Rank correlations of this scoring with other scorers.
    pub correlation: BTreeMap<String, f64>,
    /// The newest scorings up to the step.
    pub window: Window,
    /// Bars of the window, the highest scores first.
    pub bins: Vec<super::window::Bin>,
    /// At each rank from the highest score down: mean score, and how often it was chosen.
    pub ranks: Vec<Rank>,
    /// What the step trained on.
    pub batch: Batch,
}

/// One rank of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Rank {
    /// Mean score.
    pub score: f64,
    /// How often it was chosen.
    pub chosen: u64,
}

/// What a step trained on.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Batch {
    /// Places of the images in the training set, in the order of the batch; nothing before a state is saved.
    pub images: Option<Vec<u32>>,
    /// How many belong to each class; nothing if unknown.
    pub classes: Vec<(String, u32)>,
}

/// A rank correlation with another scorer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Standing {
    /// Mean over the run.
    pub mean: f64,
    /// Of the newest scoring.
    pub last: f64,
    /// Scorings in the mean.
    pub scorings: u64,
}

/// What scoring costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Forward passes so far, in units of one batch, training included.
    pub forward: f64,
    /// Backward passes so far.
    pub backward: f64,
    /// Forward passes of scorings.
    pub scoring_forward: f64,
    /// Backward passes of scorings.
    pub scoring_backward: f64,
    /// Seconds in scoring, of those whose time is known.
    pub scoring_seconds: f64,
    /// Seconds in all.
    pub seconds: f64,
    /// Share of the time that scoring takes.
    pub share: Option<f64>,
    /// What a step costs in plain ones.
    pub step_in_plain_ones: Option<f64>,
    /// Passes of the whole run as they follow from its settings.
    pub planned: Option<RunPasses>,
}

impl Digest {
    /// Whether there is anything to look at: scores, orders, or the images of an order that scores nothing.
    pub fn is_worth_a_look(&self) -> bool {
        self.scorings > 0 || self.study.is_some() || (!self.facts.scores && self.images.is_some())
    }

    /// Why a step's item was not chosen by scores.
    pub fn why_unscored(&self, step: u64) -> String {
        let ends_epoch = self.steps_per_epoch > 0 && step.is_multiple_of(self.steps_per_epoch);
        match (&self.facts.warmup, self.first_scored) {
            _ if !self.facts.scores => "no step is".into(),
            _ if self.scorings == 0 => "nothing was".into(),
            _ if ends_epoch => "the last item of an epoch is handed out as it is".into(),
            (Some(length), _) => format!("items are chosen for the first {length} only"),
            (None, Some(first)) if step < first => "scoring had not begun".into(),
            _ => "there was nothing to choose".into(),
        }
    }
}
