//! `curricle run`: trains an experiment.

use super::context::Context;
use super::experiment::{Changes, choose, ready};
use super::failure::Failure;
use super::{replay, train};
use crate::launch::Engine;
use clap::Args;
use curricle_core::run::Origin;
use std::path::PathBuf;

/// What may stand after `run`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Name of a preset, or a TOML file
    pub experiment: String,
    /// Changes to it.
    #[command(flatten)]
    pub changes: Changes,
    /// Train in the background and return at once
    #[arg(long)]
    pub detach: bool,
    /// Run the orders of a published study again, and compare
    #[arg(long, value_name = "FILE", conflicts_with = "detach")]
    pub replay: Option<PathBuf>,
    /// With --replay: train on whole images, not on the study's crops
    #[arg(long, requires = "replay")]
    pub no_crops: bool,
}

/// Trains an experiment, in the foreground or in the background.
pub fn run(context: &Context, arguments: Arguments) -> Result<(), Failure> {
    let chosen = choose(context, &arguments.experiment, &arguments.changes)?;
    if let Some(study) = &arguments.replay {
        return replay::run(context, &chosen, &arguments.experiment, study, !arguments.no_crops);
    }
    ready(context, &chosen.experiment)?;
    let engine = Engine::find()?;
    let directory = train::create(context, &chosen.experiment, &chosen.text, Origin { data: context.data.clone(), ..Origin::default() })?;
    if arguments.detach {
        return train::detached(context, &engine, &directory, true);
    }
    train::foreground(context, &engine, &directory, true, format!("run {}", directory.id()))
}
