//! `curricle fork`: a new run from a checkpoint of another one, with changes.

use super::context::Context;
use super::experiment::{Changes, change, ready};
use super::failure::Failure;
use super::train;
use crate::launch::Engine;
use clap::Args;
use curricle_core::run::catalogue;
use curricle_core::run::{Lock, Origin, Parent, RunDirectory};
use std::path::{Path, PathBuf};

/// What may stand after `fork`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run
    pub run: String,
    /// Checkpoint to start from: a file, or the name of one of the run's (`best`, `last`, `epoch-030`)
    #[arg(long, value_name = "FILE", default_value = "last")]
    pub from: PathBuf,
    /// Changes to its experiment.
    #[command(flatten)]
    pub changes: Changes,
    /// Train in the background and return at once
    #[arg(long)]
    pub detach: bool,
}

/// Starts a new run with the weights of another one; optimiser and counters begin anew.
pub fn run(context: &Context, arguments: Arguments) -> Result<(), Failure> {
    let parent = catalogue::find(&context.runs, &arguments.run)?;
    let checkpoint = checkpoint_of(&parent, &arguments.from)?;
    let mut changes = arguments.changes;
    changes.set.insert(0, ("network.checkpoint".into(), checkpoint.display().to_string()));
    let origin = format!("experiment of {}", parent.id());
    let chosen = change(&parent.read_experiment()?, &origin, &changes)?;
    ready(context, &chosen.experiment)?;
    let engine = Engine::find()?;
    let from = Parent { kind: "fork".into(), id: parent.id(), checkpoint: checkpoint.display().to_string() };
    let origin = Origin { parent: Some(from), data: train::data_of(context, &parent)?, ..Origin::default() };
    let directory = train::create(context, &chosen.experiment, &chosen.text, origin)?;
    if arguments.detach {
        return train::detached(context, &engine, &directory, true);
    }
    let heading = format!("run {}, from {}", directory.id(), checkpoint.display());
    train::foreground(context, &engine, &directory, true, heading)
}

/// A checkpoint by path, or by its name in the run.
pub fn checkpoint_of(run: &RunDirectory, wanted: &Path) -> Result<PathBuf, Failure> {
    let named = wanted.to_str().filter(|name| !name.is_empty() && !name.contains('/') && *name != "." && *name != "..");
    if let Some(name) = named {
        let with_ending = if name.ends_with(".safetensors") { name.to_string() } else { format!("{name}.safetensors") };
        let path = run.checkpoints().join(with_ending);
        if path.is_file() {
            return Ok(path);
        }
    }
    if wanted.is_file() {
        return std::path::absolute(wanted).map_err(|error| Failure::failed(format!("cannot find `{}`: {error}", wanted.display())));
    }
    let there = checkpoints(run);
    let failure = Failure::usage(format!("run `{}` has no checkpoint `{}`", run.id(), wanted.display()));
    Err(if there.is_empty() && Lock::is_held(run) {
        failure.hint(format!("it has none yet; `curricle checkpoint {}` asks its engine for one", run.id()))
    } else if there.is_empty() {
        failure.hint("it ended before one was written")
    } else {
        failure.hint(format!("it has {}", there.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")))
    })
}

/// Names of a run's checkpoints, without ending.
pub fn checkpoints(run: &RunDirectory) -> Vec<String> {
    let entries = std::fs::read_dir(run.checkpoints()).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().to_str().and_then(|name| name.strip_suffix(".safetensors").map(str::to_string)))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}
