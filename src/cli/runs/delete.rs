//! `curricle runs delete`.

use super::confirm;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use clap::Args;
use curricle_core::run::{Error, Lock, catalogue, disk};

/// What may stand after `runs delete`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The runs
    #[arg(required = true, value_name = "RUN")]
    which: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// Deletes runs. All are looked up before any is deleted.
pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let mut directories = Vec::new();
    for name in &arguments.which {
        let directory = catalogue::find(&context.runs, name)?;
        if Lock::is_held(&directory) {
            let holder = Lock::holder(&directory);
            let error = Failure::from(Error::Locked { path: directory.path().to_path_buf(), holder });
            return Err(error.hint(format!("`curricle stop {}` first", directory.id())));
        }
        if !directories.contains(&directory) {
            directories.push(directory);
        }
    }
    let bytes: u64 = directories.iter().map(|directory| disk::used(directory.path())).sum();
    let names: Vec<String> = directories.iter().map(|directory| format!("`{}`", directory.id())).collect();
    let what = format!("delete {} with all checkpoints, {}", names.join(", "), disk::size(bytes));
    confirm(context, &what, arguments.yes)?;
    for directory in &directories {
        catalogue::delete(directory)?;
        if !context.quiet {
            output::note(&format!("deleted {}", directory.id()));
        }
    }
    if context.json {
        let ids: Vec<String> = directories.iter().map(curricle_core::run::RunDirectory::id).collect();
        return output::json(&serde_json::json!({ "deleted": ids, "bytes": bytes }));
    }
    Ok(())
}
