//! Everything of a run's state that is not a tensor: the text `progress` of a state file.

use super::plain;
use super::tensor_file::TensorFile;
use crate::watch::{EarlyStop, Plateau};
use serde::{Deserialize, Serialize};

/// Everything of a run's state that is not a tensor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// Whether what follows the step (evaluation, selection, checkpoints) is done too.
    pub boundary_done: bool,
    /// Training passes seen by the batch norms.
    pub batches_tracked: i64,
    /// Sums over the epoch so far.
    pub epoch: EpochSums,
    /// Steps done since the last `step` event, not yet in one.
    pub series: Series,
    /// Images read.
    pub images: u64,
    /// Forward passes, in units of one batch.
    pub forward: f64,
    /// Backward passes, in units of one batch.
    pub backward: f64,
    /// The plateau schedule's counters.
    pub plateau: Plateau,
    /// Early stop's counters.
    pub early_stop: EarlyStop,
    /// Whether early stop has ended the run.
    pub ended_early: bool,
    /// The best network so far.
    pub best: Option<Best>,
    /// The last evaluation on the test set.
    pub test: Option<TestResult>,
    /// What an ordering has handed out.
    #[serde(default)]
    pub ordering: OrderingProgress,
    /// How far a study of orders is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permutation: Option<PermutationProgress>,
    /// The loss scale of f16.
    pub loss_scale: Option<LossScaleState>,
    /// Seconds spent, pauses taken off.
    pub seconds: f64,
    /// What the bits depend on beside the experiment.
    pub identity: Identity,
    /// Bytes of `events.jsonl` before this state.
    pub events_offset: u64,
    /// Number of the next event.
    pub events_seq: u64,
}

/// Sums over the steps of the epoch so far, weighted by images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochSums {
    /// Σ loss·images.
    pub loss: f64,
    /// Correct images.
    pub hits: u64,
    /// Images.
    pub images: u64,
}

/// What the next `step` event will hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Losses of the steps.
    pub loss: Vec<f64>,
    /// Accuracies of the steps.
    pub accuracy: Vec<f64>,
    /// Rate of the last one.
    pub lr: f64,
}

/// What an ordering has handed out in the epoch so far. What is left, and every draw, follows from it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderingProgress {
    /// The epoch, from 1; 0 before the first.
    pub epoch: u64,
    /// For each step of the epoch, the place of the chosen one among its candidates.
    pub choices: Vec<u32>,
}

/// How far a study of orders is: which parents are done, and how they are reached. The rest is in `orders.csv`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PermutationProgress {
    /// The parents of each epoch, the epoch at work last.
    pub parents: Vec<Vec<StudyParent>>,
    /// Parents of that epoch that are done.
    pub done: u64,
    /// Bytes of `orders.csv` before this state.
    pub orders_offset: u64,
    /// The orders that selectors would take, parent by parent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub selected: Vec<SelectedOrder>,
}

/// The order that a selector would take from a parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SelectedOrder {
    /// Number of the epoch, from 1.
    pub epoch: u64,
    /// Number of the parent, from 1.
    pub parent: u64,
    /// Which of `permutation.selectors`.
    pub selector: u64,
    /// Lexicographic number of the order.
    pub order: u64,
    /// Forward passes that its scores took, in units of one batch.
    pub forward: f64,
    /// Backward passes.
    pub backward: f64,
}

/// Where the orders of an epoch go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyParent {
    /// Its own parent: a place in the list of the epoch before. 0 where it is the beginning.
    pub parent: u64,
    /// Lexicographic number of the order that led from there to it; `None` where it is the beginning.
    pub order: Option<u64>,
}

/// The best network so far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Accuracy that selected it.
    pub value: f64,
    /// Epoch it was reached in.
    pub epoch: u64,
    /// Its accuracy on the test set.
    pub test_accuracy: f64,
}

/// The last evaluation on the test set.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// Epoch that it was made in.
    #[serde(default)]
    pub epoch: u64,
    /// Mean loss.
    pub loss: f64,
    /// Share of correct images.
    pub accuracy: f64,
}

/// What the bits depend on beside the experiment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Version of the program.
    pub version: String,
    /// Version of libtorch.
    pub libtorch: String,
    /// Device, with its name.
    pub device: String,
    /// Threads of the CPU.
    pub threads: u64,
    /// Vector extensions and model of the CPU.
    pub cpu: String,
    /// Precision.
    pub precision: String,
    /// Whether the device is deterministic.
    pub deterministic: bool,
    /// Files that the ordering reads, each with the beginning of its SHA-256; empty if it reads none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub files: String,
}

impl Identity {
    /// What differs from `before`, in words; empty if nothing does.
    #[must_use]
    pub fn differences(&self, before: &Self) -> Vec<String> {
        let mut found = Vec::new();
        let mut compare = |what: &str, before: &str, now: &str| {
            if before != now {
                found.push(format!("{what} was {before}, is {now}"));
            }
        };
        compare("version", &before.version, &self.version);
        compare("libtorch", &before.libtorch, &self.libtorch);
        compare("device", &before.device, &self.device);
        compare("what the ordering reads", &before.files, &self.files);
        compare("threads", &before.threads.to_string(), &self.threads.to_string());
        compare("CPU", &before.cpu, &self.cpu);
        compare("precision", &before.precision, &self.precision);
        if !self.deterministic {
            found.push("the device is not deterministic (training.deterministic)".into());
        }
        found
    }
}

/// The loss scale of f16 as part of a run's state.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossScaleState {
    /// Factor of the loss.
    pub scale: f64,
    /// Good steps since it last changed.
    pub good_steps: i64,
}

impl Default for LossScaleState {
    fn default() -> Self {
        Self { scale: 65536.0, good_steps: 0 }
    }
}

impl Progress {
    /// Reads the progress of a state file.
    ///
    /// # Errors
    /// If there is none, or it is damaged.
    pub fn of(file: &TensorFile<'_>) -> Result<Self, String> {
        let text = file.text("progress").ok_or("is no state: it has no `progress`")?;
        serde_json::from_str(text).map_err(|error| format!("is damaged: {}", plain(&error.to_string())))
    }
}
