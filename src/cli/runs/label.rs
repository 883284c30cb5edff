//! `curricle runs tag` and `runs note`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use clap::Args;
use curricle_core::run::{catalogue, plain, plain_lines};

/// What may stand after `runs tag`.
#[derive(Debug, Args)]
pub struct TagArguments {
    /// The run
    run: String,
    /// Tags to add
    #[arg(value_name = "TAG")]
    tags: Vec<String>,
    /// Tag to take off; may be given several times
    #[arg(long, value_name = "TAG")]
    remove: Vec<String>,
}

/// What may stand after `runs note`.
#[derive(Debug, Args)]
pub struct NoteArguments {
    /// The run
    run: String,
    /// New notes, in place of the old ones
    text: Option<String>,
}

/// Changes tags and prints what they are now.
pub fn tag(context: &Context, arguments: &TagArguments) -> Result<(), Failure> {
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    let mut labels = directory.labels()?;
    if !arguments.tags.is_empty() || !arguments.remove.is_empty() {
        for tag in arguments.tags.iter().map(|tag| plain(tag.trim())).filter(|tag| !tag.is_empty()) {
            if !labels.tags.contains(&tag) {
                labels.tags.push(tag);
            }
        }
        labels.tags.retain(|tag| !arguments.remove.contains(tag));
        directory.set_labels(&labels)?;
        labels = directory.labels()?;
    }
    if context.json { output::json(&labels.tags) } else { output::print(&labels.tags.join("\n")) }
}

/// Replaces notes, or prints them.
pub fn note(context: &Context, arguments: &NoteArguments) -> Result<(), Failure> {
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    let mut labels = directory.labels()?;
    if let Some(text) = &arguments.text {
        labels.notes.clone_from(text);
        directory.set_labels(&labels)?;
    }
    if context.json { output::json(&labels.notes) } else { output::print(&plain_lines(&labels.notes)) }
}
