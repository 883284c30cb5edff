//! `curricle data`: image sets.

mod bring;
mod list;
mod meter;
mod preview;
mod verify;

use super::context::Context;
use super::failure::Failure;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use curricle_core::data::official::{OFFICIAL, Official};
use curricle_core::data::{self, Error};
use std::path::PathBuf;

/// What may stand after `data`.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List the image sets: what is there, sizes, counts
    List,
    /// Download a public set, check it and install it; an interrupted download goes on
    Fetch(bring::FetchArguments),
    /// Install public sets from an archive or a folder that you have
    Import(bring::ImportArguments),
    /// Check every file of the sets that are there
    Verify(verify::Arguments),
    /// Show images of a set in the terminal
    Preview(preview::Arguments),
}

/// Does one of them.
pub fn run(command: &DataCommand, context: &Context) -> Result<(), Failure> {
    let root = data::default_root(context.data.as_deref());
    match command {
        DataCommand::List => list::run(context, &root),
        DataCommand::Fetch(arguments) => bring::fetch(context, &root, arguments),
        DataCommand::Import(arguments) => bring::import(context, &root, arguments),
        DataCommand::Verify(arguments) => verify::run(context, &root, arguments),
        DataCommand::Preview(arguments) => preview::run(context, &root, arguments),
    }
}

/// The names of the public sets.
fn public() -> PossibleValuesParser {
    PossibleValuesParser::new(OFFICIAL.iter().map(|set| set.name))
}

/// The public set of a name that was checked already.
fn named(name: &str) -> Result<&'static Official, Failure> {
    data::official::by_name(name).ok_or_else(|| Failure::usage(format!("no public image set is called `{name}`")))
}

/// An error of the data as a failure of a command.
fn failure(error: Error) -> Failure {
    let failure = Failure::new(error.exit_code(), error.message());
    match error.hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A folder as text, for JSON.
fn text(folder: &Option<PathBuf>) -> Option<String> {
    folder.as_ref().map(|folder| folder.display().to_string())
}
