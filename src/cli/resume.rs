//! `curricle resume`: goes on with a run, whatever it was doing.

use super::ask::{self, Wait};
use super::context::Context;
use super::failure::Failure;
use super::train;
use crate::launch::Engine;
use clap::Args;
use curricle_core::run::catalogue;
use curricle_core::run::{CommandKind, Error, Lock, State};

/// What may stand after `resume`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run
    pub run: String,
    /// Train in the background and return at once
    #[arg(long)]
    pub detach: bool,
    /// How long to wait for an engine that is paused
    #[command(flatten)]
    pub wait: Wait,
}

/// A paused engine is told to go on; where there is none, one is started; a run that is done is summed up.
pub fn run(context: &Context, arguments: Arguments) -> Result<(), Failure> {
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    let summary = catalogue::summary(&directory)?;
    match summary.state {
        State::Done => return train::print_summary(context, &summary),
        State::Paused if Lock::is_held(&directory) => {
            return ask::command(context, &directory, CommandKind::Resume, &arguments.wait);
        }
        _ if Lock::is_held(&directory) => {
            return Err(Error::Locked { path: directory.path().to_path_buf(), holder: Lock::holder(&directory) }.into());
        }
        State::Training => {
            // Another host's engine, as far as can be told from here.
            let host = &summary.host;
            return Err(Failure::new(4, format!("run `{}` trains on `{host}`, whose lock cannot be seen from here", summary.id))
                .hint(format!("if that engine is gone, resume it on `{host}`, or fork it")));
        }
        _ => {}
    }
    let engine = Engine::find()?;
    if arguments.detach {
        return train::detached(context, &engine, &directory, false);
    }
    train::foreground(context, &engine, &directory, false, format!("run {}", directory.id()))
}
