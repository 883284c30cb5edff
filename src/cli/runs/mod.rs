//! `curricle runs`: everything that ever ran here.

mod delete;
mod label;
mod list;
mod prune;
mod show;
mod verify;

use super::context::Context;
use super::failure::Failure;
use super::output;
use clap::Subcommand;
use std::io::{BufRead, Write};

/// What may stand after `runs`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List all runs, newest first
    List(list::Arguments),
    /// Show one run
    Show(show::Arguments),
    /// Delete runs with all their files
    Delete(delete::Arguments),
    /// Free disk: delete what old runs left, or all of it but their best checkpoint
    Prune(prune::Arguments),
    /// Add tags to a run, or take them off
    Tag(label::TagArguments),
    /// Show or replace the notes of a run
    Note(label::NoteArguments),
    /// Train a run again and say whether the same weights come out
    Verify(verify::Arguments),
}

/// Does one of them.
pub fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list::run(context, &arguments),
        Command::Show(arguments) => show::run(context, &arguments),
        Command::Delete(arguments) => delete::run(context, &arguments),
        Command::Prune(arguments) => prune::run(context, &arguments),
        Command::Tag(arguments) => label::tag(context, &arguments),
        Command::Note(arguments) => label::note(context, &arguments),
        Command::Verify(arguments) => verify::run(context, &arguments),
    }
}

/// Asks whether to go on; `y` does, everything else does not. Where nobody can be asked, `--yes` must have been given.
pub(in crate::cli) fn confirm(context: &Context, what: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !context.can_ask() {
        return Err(Failure::usage(format!("{what}: nobody can be asked here")).hint("say `--yes` if it is meant"));
    }
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "{}? [y/N] ", output::clean(what)).and_then(|()| out.flush());
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    match read {
        Ok(_) if matches!(answer.trim(), "y" | "Y" | "yes") => Ok(()),
        _ => {
            output::note("nothing was changed");
            Err(Failure::silent(1))
        }
    }
}
