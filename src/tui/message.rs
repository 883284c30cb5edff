//! What happened outside: the answers of work, changes of files, time.

use super::history::History;
use super::images::Preview;
use super::task::Taken;
use crate::scores::{Digest, Missing};
use curricle_core::config::Published;
use curricle_core::record::Event;
use curricle_core::run::catalogue::Summary;
use curricle_core::run::{RunRecord, State, Status};
use std::path::PathBuf;

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// The list of runs was read.
    Catalogue(Result<Vec<Summary>, String>),
    /// One run of the list was read again; nothing if it is gone.
    Summary(PathBuf, Option<Box<Summary>>),
    /// What is new in the followed run.
    Read(Box<Read>),
    /// The whole course of a run was read.
    Course(PathBuf, Result<Box<History>, String>),
    /// Files have changed: ask the watcher which.
    Touched,
    /// The list of presets was read.
    Presets(Vec<Preset>),
    /// Runs were started: their directories, what to say about them, and the reason if not all could be.
    Started {
        /// Directories of the runs.
        runs: Vec<PathBuf>,
        /// What went wrong, if something did.
        problem: Option<String>,
        /// Whether and how the runs survive a logout, if that is not certain.
        remark: Option<String>,
    },
    /// A piece of work failed: what, where, what to do.
    Failed(String),
    /// A run was resumed, stopped, labelled or deleted: read it again.
    Changed(PathBuf, String),
    /// An experiment was taken from a run.
    Taken(Box<Experiment>),
    /// What differs between runs, in this order: path, and a value for each.
    Compared(Vec<PathBuf>, Result<Vec<(String, Vec<String>)>, String>),
    /// A preset was saved.
    PresetSaved(String),
    /// A preset of this name is there already.
    PresetExists(String, String),
    /// A measurement has begun.
    Estimating(u64),
    /// What an experiment will cost.
    Estimated(u64, Result<Estimate, String>),
    /// What the machine can do: what `auto` becomes, and why.
    Doctor(Result<Machine, String>),
    /// Images were read.
    Images(Result<Box<Preview>, String>),
    /// What is new in a run's scorings.
    Scores(Box<ScoresRead>),
    /// Images of a step's batch were read.
    BatchImages(PathBuf, Result<Box<BatchImages>, String>),
}

/// What is new in the followed run.
#[derive(Debug, Default)]
pub struct Read {
    /// The run's directory.
    pub directory: PathBuf,
    /// The directory is not there any more.
    pub gone: bool,
    /// Forget everything known before.
    pub restarted: bool,
    /// New events.
    pub events: Vec<Event>,
    /// More is there already.
    pub more: bool,
    /// The record of the run.
    pub record: Option<RunRecord>,
    /// Published figures that the experiment stands beside; read once.
    pub published: Option<Published>,
    /// The engine's last word.
    pub status: Option<Status>,
    /// The state to show.
    pub state: State,
    /// Whether an engine lives.
    pub held: bool,
    /// Commands that wait for the engine.
    pub pending: Vec<String>,
    /// Lines of the log that could not be read.
    pub damaged: u64,
    /// What could not be read at all, and why.
    pub problem: Option<String>,
}

/// What was read of a run's scorings.
#[derive(Debug)]
pub struct ScoresRead {
    /// The run's directory.
    pub directory: PathBuf,
    /// What is shown; nothing where all is as it was.
    pub outcome: Result<Option<ScoresShown>, String>,
    /// More is there already.
    pub more: bool,
}

/// The numbers of a run's scorings, and why there is no view of the step that was asked for, if there is none.
pub type ScoresShown = (Box<Digest>, Option<Missing>);

/// Images of a step's batch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchImages {
    /// The step.
    pub step: u64,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// 1 for grey, 3 for colour.
    pub channels: usize,
    /// The images, in the order of the batch.
    pub images: Vec<BatchImage>,
}

/// One of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchImage {
    /// Its place in the training set.
    pub number: u32,
    /// Name of its class.
    pub class: String,
    /// Its pixels.
    pub pixels: Vec<u8>,
}

/// A preset of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Name, with folders.
    pub name: String,
    /// Text.
    pub text: String,
    /// Whether it is the user's own.
    pub own: bool,
    /// One line.
    pub description: String,
}

/// An experiment taken from a run.
#[derive(Debug, Clone)]
pub struct Experiment {
    /// The run.
    pub run: String,
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// What for.
    pub taken: Taken,
    /// The checkpoint to go on from, for a fork.
    pub checkpoint: Option<String>,
}

/// What an experiment will cost.
#[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
#[serde(default)]
pub struct Estimate {
    /// Seconds of one training step.
    pub seconds_per_step: f64,
    /// Seconds of one evaluation.
    pub evaluation_seconds: f64,
    /// Memory at the peak.
    pub memory_bytes: u64,
    /// Disk at most.
    pub disk_bytes: u64,
    /// Weights.
    pub parameters: u64,
    /// Steps.
    pub steps: u64,
    /// Device.
    pub device: String,
    /// Precision that `auto` became.
    pub precision: String,
    /// Why this precision.
    pub precision_reason: String,
    /// Why this device.
    pub device_reason: String,
    /// Seconds of the whole run.
    pub seconds: f64,
    /// Where the times are from.
    pub source: String,
    /// Images of the training set.
    pub train_images: u64,
}

/// What the machine can do, as far as the screen shows it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Machine {
    /// `cpu`, or the GPU's name.
    pub device: String,
    /// Threads of the CPU.
    pub threads: u64,
    /// What precision `auto` becomes.
    pub precision: String,
    /// Why.
    pub reason: String,
}
