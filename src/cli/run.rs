//! `curricle run`: trains an experiment.

use super::context::Context;
use super::experiment::{Changes, choose, ready};
use super::failure::Failure;
use super::train;
use crate::launch::Engine;
use clap::Args;
use curricle_core::run::Origin;

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
    /// Orders recorded by a published study, to be run again and compared
    #[arg(long, value_name = "FILE", hide = true)]
    pub replay: Option<std::path::PathBuf>,
}

/// Trains an experiment, in the foreground or in the background.
pub fn run(context: &Context, arguments: Arguments) -> Result<(), Failure> {
    if arguments.replay.is_some() {
        return Err(Failure::usage("`run --replay` is not built yet"));
    }
    let chosen = choose(context, &arguments.experiment, &arguments.changes)?;
    ready(context, &chosen.experiment)?;
    let engine = Engine::find()?;
    let directory = train::create(context, &chosen.experiment, &chosen.text, Origin { data: context.data.clone(), ..Origin::default() })?;
    if arguments.detach {
        return train::detached(context, &engine, &directory, true);
    }
    train::foreground(context, &engine, &directory, true, format!("run {}", directory.id()))
}
