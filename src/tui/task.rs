//! Work that waits: for a disk, a process, an engine. It is done off the loop and answers with a message.

use curricle_core::run::{CommandKind, Labels};
use std::path::PathBuf;

/// A piece of work.
#[derive(Debug, Clone)]
pub enum Task {
    /// Read the list of all runs.
    Catalogue,
    /// Read one run of the list again.
    Summary(PathBuf),
    /// Follow this run from its first event; what was followed before is dropped.
    Follow(PathBuf),
    /// Read what is new in the followed run.
    Read,
    /// Read the whole course of a run, for a comparison or an overlay.
    Course(PathBuf),
    /// Read the list of presets.
    Presets,
    /// Start runs: the text of the experiment, a seed for each, none for the text's own.
    Start(Start),
    /// Go on with a run.
    Resume(PathBuf),
    /// Put a command into a run's directory.
    Send(PathBuf, CommandKind),
    /// Delete a run's directory.
    Delete(PathBuf),
    /// Change tags and notes.
    Label(PathBuf, Labels),
    /// Read a run's experiment, to edit it.
    Take(PathBuf, Taken),
    /// Read the experiments of several runs and say what differs.
    Compare(Vec<PathBuf>),
    /// Save a preset; `replace` allows that one of the name is there.
    SavePreset {
        /// Name.
        name: String,
        /// Text.
        text: String,
        /// Whether one of this name may be overwritten.
        replace: bool,
    },
    /// Measure what an experiment will cost, unless another measurement is asked for before.
    Estimate {
        /// Which state of the experiment this is.
        generation: u64,
        /// The experiment's text.
        text: String,
    },
    /// Ask the engine what this machine can do.
    Doctor,
    /// Draw images that an experiment would train on.
    Images(String),
    /// Read what is new in a run's scorings, and the scorings up to a step.
    Scores {
        /// The run's directory.
        directory: PathBuf,
        /// The step; nothing for the newest that was scored.
        step: Option<u64>,
        /// Whether the pane holds an earlier answer: where nothing is new, none is given.
        known: bool,
    },
    /// Read the images that a step of a run trained on.
    BatchImages {
        /// The run's directory.
        directory: PathBuf,
        /// The step.
        step: u64,
        /// Places of the images in the training set.
        items: Vec<u32>,
    },
    /// The images of a run are not looked at any more: give their memory back.
    DropImages,
}

/// What to start.
#[derive(Debug, Clone)]
pub struct Start {
    /// The experiment's text.
    pub text: String,
    /// Its origin, for messages.
    pub origin: String,
    /// Seeds, one run each; empty for the experiment's own.
    pub seeds: Vec<u64>,
    /// The run that it was forked from, and the checkpoint.
    pub parent: Option<(String, String)>,
}

/// What an experiment is taken from a run for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// To start it again, changed.
    Duplicate,
    /// To go on from its weights, changed.
    Fork,
}
