//! Events: everything that a run can write into `events.jsonl`, one JSON object a line.
//!
//! An event has the same five fields first (`seq`, `step`, `epoch`, `time`, `kind`), then those of its kind. Kinds of
//! methods that are still to be built are declared here already, so that all results grow in one shape. A reader
//! ignores fields and kinds that it does not know.

use crate::statistics::Spread;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// One line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Number of the event in its run, from 0, without gaps.
    pub seq: u64,
    /// Training steps done when it happened.
    pub step: u64,
    /// The epoch it belongs to, from 1; 0 before the first step.
    pub epoch: u64,
    /// Seconds since 1970 by the clock of the engine's machine.
    pub time: f64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What happened: the field `kind`, and the fields that belong to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Training begins.
    Started(Started),
    /// Training goes on from a saved state.
    Resumed(Resumed),
    /// Training steps, one or several of them.
    Step(Step),
    /// The network was evaluated.
    Evaluation(Evaluation),
    /// Candidates were scored and one was chosen.
    Scoring(Scoring),
    /// A phase begins: of a cascade, a warm-up, a fine-tuning.
    Phase(Phase),
    /// A checkpoint was written.
    Checkpoint(Checkpoint),
    /// An attack was evaluated.
    Attack(Attack),
    /// All orders of batches were trained and tested from one parent (Perfect Ordering).
    Permutation(Permutation),
    /// Something that the user should read.
    Message(Message),
    /// A command was taken from `commands/`.
    Command(Command),
    /// Training waits.
    Paused(Paused),
    /// The run has ended.
    Finished(Finished),
    /// A kind of a newer version: kept out of the way.
    #[serde(other)]
    Unknown,
}

/// Training begins: what was resolved at the start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Started {
    /// Steps of the whole run.
    pub steps: u64,
    /// Epochs of the whole run.
    pub epochs: u64,
    /// Steps of one epoch.
    pub steps_per_epoch: u64,
    /// Images read by one step.
    pub batch: u64,
    /// Trainable weights.
    pub parameters: u64,
    /// Device, as `cpu` or `cuda:0`, and why it was taken.
    pub device: String,
    /// Why this device.
    pub device_reason: String,
    /// Precision that `auto` became.
    pub precision: String,
    /// Why this precision.
    pub precision_reason: String,
    /// Threads of the CPU.
    pub threads: u64,
    /// Images of the training set, hold-out taken off.
    pub train_images: u64,
    /// Images of the hold-out; 0 if there is none.
    pub holdout_images: u64,
    /// Images of the test set.
    pub test_images: u64,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// How the best checkpoint is selected: `holdout`, `last` or `test`.
    pub select_on: String,
    /// Whether test data enters a choice anywhere in this run.
    pub oracle: bool,
}

/// Training goes on from a saved state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resumed {
    /// Whether the bits are those of an uninterrupted run.
    pub exact: bool,
    /// Why not, if not: another device, thread count, program version.
    pub reason: String,
}

/// One or several training steps: `first ..= step` of the event. Which steps have an event, and what it covers,
/// follows from the experiment and the step number alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// First step covered, from 1; the last one is the event's `step`.
    pub first: u64,
    /// Mean training loss of each step covered, before its update.
    #[serde(with = "numbers")]
    pub loss: Vec<f64>,
    /// Share of correct images of each step covered.
    #[serde(with = "numbers")]
    pub accuracy: Vec<f64>,
    /// Learning rate of the last step covered.
    pub lr: f64,
    /// Σ over parameter tensors of their L2 norms, after the last step covered.
    #[serde(with = "number")]
    pub norm_sum: f64,
    /// L2 norm of all parameters as one vector, after the last step covered.
    #[serde(with = "number")]
    pub norm_global: f64,
    /// Images read so far.
    pub images: u64,
    /// Forward passes so far, in units of one batch.
    pub forward: f64,
    /// Backward passes so far, in units of one batch.
    pub backward: f64,
}

/// The network was evaluated on a whole set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evaluation {
    /// `test`, `holdout` or `train`.
    pub set: String,
    /// Mean cross-entropy per image.
    #[serde(with = "number")]
    pub loss: f64,
    /// Share of correct images.
    pub accuracy: f64,
    /// Correct images.
    pub correct: u64,
    /// Images.
    pub total: u64,
    /// Mean training loss of the epoch that ended here; absent between epochs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_loss: Option<f64>,
    /// Training accuracy of the epoch that ended here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub train_accuracy: Option<f64>,
    /// Whether this evaluation made the network the best so far.
    pub best: bool,
    /// Σ over parameter tensors of their L2 norms.
    #[serde(with = "number")]
    pub norm_sum: f64,
    /// L2 norm of all parameters.
    #[serde(with = "number")]
    pub norm_global: f64,
}

/// Candidates were scored (thesis 2.4; `scores/` holds the details).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scoring {
    /// Name of the scorer.
    pub scorer: String,
    /// Candidates scored.
    pub candidates: u64,
    /// Scores of the candidates in the order drawn, where they are at most [`Scoring::LISTED`]; `scores/` has all.
    #[serde(with = "numbers")]
    pub scores: Vec<f64>,
    /// Place of the chosen candidate, or of the chosen samples, where they are at most [`Scoring::LISTED`].
    pub chosen: Vec<u32>,
    /// Smallest score; what is not a number is left out here and below.
    #[serde(with = "number")]
    pub low: f64,
    /// Largest score.
    #[serde(with = "number")]
    pub high: f64,
    /// Mean score of what was chosen.
    #[serde(with = "number")]
    pub score: f64,
    /// Scores that are not a number.
    #[serde(skip_serializing_if = "is_zero")]
    pub undefined: u64,
    /// How many of the chosen images belong to each class.
    pub classes: Vec<u32>,
    /// Forward passes spent on this scoring, in units of one batch.
    pub forward: f64,
    /// Backward passes spent on this scoring.
    pub backward: f64,
    /// Seconds spent scoring since the event before.
    pub seconds: f64,
    /// Rank correlations with other scorers, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub correlation: BTreeMap<String, f64>,
}

impl Scoring {
    /// Scores and choices that an event lists at most: one line of the log stays short.
    pub const LISTED: usize = 64;
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A phase begins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Phase {
    /// Number of the phase, from 1.
    pub number: u64,
    /// Phases of the run.
    pub of: u64,
    /// What it is: `warm-up`, `k = 4`, `fine-tuning`.
    pub label: String,
    /// Images summed into one, where mixing has phases.
    pub k: u64,
}

/// A checkpoint was written and is safe on disk.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// File, relative to the run directory.
    pub file: String,
    /// `best`, `last`, `kept`, `asked` or `state`.
    pub reason: String,
}

/// An attack was evaluated on the network.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Attack {
    /// Name of the attack: `pgd`.
    pub attack: String,
    /// All its parameters, as text.
    pub parameters: BTreeMap<String, String>,
    /// ε in pixels of [0, 1].
    pub epsilon: f64,
    /// Images attacked so far.
    pub total: u64,
    /// Images still classified correctly.
    pub correct: u64,
    /// Images classified correctly before the attack.
    pub clean: u64,
    /// Gradient computations spent, in images.
    pub gradients: u64,
}

/// All orders of an epoch's batches were trained and tested from one parent (thesis 2.2); `orders.csv` has each of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permutation {
    /// Number of the parent among those of its epoch, from 1.
    pub parent: u64,
    /// Parents of the epoch.
    pub parents: u64,
    /// Orders trained and tested from this parent.
    pub orders: u64,
    /// Orders of the whole run, as far as is known now: how many parents a later epoch has, its runs decide.
    pub steps: u64,
    /// Test loss per image; what is not a number is left out here and below.
    pub loss: Spread,
    /// Share of correct test images.
    pub accuracy: Spread,
    /// Lexicographic number of the order with the lowest test loss.
    pub best: u64,
    /// Lexicographic number of the order with the highest test loss.
    pub worst: u64,
    /// Orders in each of [`Permutation::BINS`] equal parts of the range of test losses.
    pub histogram: Vec<u32>,
    /// Where the orders that selectors would take lie among all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub selectors: Vec<SelectorOrder>,
    /// With the last parent of an epoch: test losses of the runs that the next one goes on from, one a cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<f64>,
}

impl Permutation {
    /// Parts of the histogram.
    pub const BINS: usize = 16;
}

/// The order that a selector would take, among all orders from the same parent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SelectorOrder {
    /// The selector, as `permutation.selectors` names it.
    pub selector: String,
    /// Whether it chooses by test data.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub oracle: bool,
    /// Lexicographic number of its order.
    pub order: u64,
    /// Test loss per image of that order.
    #[serde(with = "number")]
    pub loss: f64,
    /// Share of correct test images.
    #[serde(with = "number")]
    pub accuracy: f64,
    /// Orders with a lower test loss.
    pub better: u64,
    /// Other orders with the same test loss.
    pub equal: u64,
    /// Other orders, all of them.
    pub of: u64,
    /// Forward passes that its scores took, in units of one batch.
    pub forward: f64,
    /// Backward passes.
    pub backward: f64,
}

impl SelectorOrder {
    /// The share of other orders that are better, those with the same loss taken as half: 0 is the best place, 0.5 that of
    /// chance. Not a number where there is no other order.
    #[must_use]
    pub fn place(&self) -> f64 {
        (self.better as f64 + self.equal as f64 / 2.0) / self.of as f64
    }
}

/// How urgent a message is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// For the record.
    #[default]
    Info,
    /// Worth a look: nothing was lost.
    Warning,
    /// Something failed.
    Error,
}

/// Something that the user should read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// How urgent.
    pub level: Level,
    /// One sentence: what, where, what to do.
    pub text: String,
}

/// A command was taken from `commands/`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Command {
    /// Name of the command's file: what acknowledges it.
    pub id: String,
    /// `pause`, `resume`, `stop`, `checkpoint`, `release`.
    pub command: String,
    /// What came of it, if not what was asked.
    pub outcome: String,
}

/// Training waits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paused {
    /// Whether the process ended and the device is free.
    pub released: bool,
}

/// The run has ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Finished {
    /// `done`, `stopped` or `failed`.
    pub state: String,
    /// Why: the length was reached, early stop, a signal, divergence, a full disk.
    pub reason: String,
    /// Last loss on the test set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Last accuracy on the test set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// The selected network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selected: Option<Selected>,
    /// Seconds spent in this run, pauses taken off.
    pub seconds: f64,
}

/// The network that the run selected, and by what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selected {
    /// `holdout`, `last` or `test`.
    pub by: String,
    /// Epoch it was selected at.
    pub epoch: u64,
    /// Its accuracy on the test set.
    pub accuracy: f64,
    /// Whether test data made the choice.
    pub oracle: bool,
}

/// A float that may be NaN or infinite: JSON has neither, so both become `null`, and `null` reads as NaN.
pub(crate) mod number {
    use super::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_finite() { serializer.serialize_f64(*value) } else { serializer.serialize_none() }
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

/// A series of such floats.
mod numbers {
    use super::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| value.is_finite().then_some(*value)))
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        // Transparent, so that the list is built once and in its final shape.
        #[derive(Deserialize)]
        struct Number(#[serde(with = "super::number")] f64);
        let values = Vec::<Number>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|Number(value)| value).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_flat_object() {
        let event = Event {
            seq: 7,
            step: 20,
            epoch: 2,
            time: 1.5,
            what: What::Step(Step { first: 19, loss: vec![0.5, f64::NAN], lr: 0.05, ..Step::default() }),
        };
        let text = serde_json::to_string(&event).expect("serialises");
        assert!(text.starts_with(r#"{"seq":7,"step":20,"epoch":2,"time":1.5,"kind":"step","first":19,"loss":[0.5,null]"#), "{text}");
        let back: Event = serde_json::from_str(&text).expect("reads");
        let What::Step(step) = back.what else { panic!("another kind") };
        assert_eq!(step.loss[0], 0.5);
        assert!(step.loss[1].is_nan());
    }

    #[test]
    fn unknown_kinds_and_fields_are_ignored() {
        let text = r#"{"seq":1,"step":0,"epoch":0,"time":0,"kind":"telepathy","depth":3}"#;
        let event: Event = serde_json::from_str(text).expect("reads");
        assert_eq!(event.what, What::Unknown);
        let text = r#"{"seq":1,"step":0,"epoch":0,"time":0,"kind":"message","text":"hello","colour":"red"}"#;
        let event: Event = serde_json::from_str(text).expect("reads");
        assert_eq!(event.what, What::Message(Message { level: Level::Info, text: "hello".into() }));
    }
}
