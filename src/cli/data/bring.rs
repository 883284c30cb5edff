//! `curricle data fetch` and `curricle data import`.

use super::meter::Meter;
use super::{failure, named, public};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use clap::Args;
use curricle_core::data::fetch::{Fetch, Installed};
use curricle_core::data::import::import as import_sets;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What may stand after `data fetch`.
#[derive(Debug, Args)]
pub struct FetchArguments {
    /// Set to download
    #[arg(value_name = "SET", value_parser = public())]
    set: String,
    /// Address to download from instead of the canonical one: the files lie under it, or in a folder named as the set's
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// Download even if the set is there
    #[arg(long)]
    force: bool,
}

/// What may stand after `data import`.
#[derive(Debug, Args)]
pub struct ImportArguments {
    /// Official archive of a set, or a folder with the files or archives of sets
    #[arg(value_name = "FILE|FOLDER")]
    from: PathBuf,
    /// Take it as this set: MNIST and Fashion-MNIST have the same file names
    #[arg(long = "as", value_name = "SET", value_parser = public())]
    set: Option<String>,
}

/// Downloads a set.
pub fn fetch(context: &Context, root: &Path, arguments: &FetchArguments) -> Result<(), Failure> {
    let set = named(&arguments.set)?;
    let fetch = Fetch { set, root, mirror: arguments.mirror.as_deref(), force: arguments.force, pause: Duration::from_millis(500) };
    let mut meter = Meter::new(context);
    let outcome = fetch.run(&mut |progress| meter.show(&progress));
    meter.end();
    let installed = outcome.map_err(failure)?;
    if context.json { output::json(&object(&installed)) } else { output::print(&sentence(&installed)) }
}

/// Installs sets from files.
pub fn import(context: &Context, root: &Path, arguments: &ImportArguments) -> Result<(), Failure> {
    let only = arguments.set.as_deref().map(named).transpose()?;
    let mut meter = Meter::new(context);
    let outcome = import_sets(&arguments.from, root, only, &mut |progress| meter.show(&progress));
    meter.end();
    let installed = outcome.map_err(failure)?;
    if context.json {
        return output::json(&installed.iter().map(object).collect::<Vec<_>>());
    }
    installed.iter().try_for_each(|installed| output::print(&sentence(installed)))
}

fn sentence(installed: &Installed) -> String {
    let what = if installed.already { "is there already, complete and checked" } else { "is ready" };
    format!("{} {what}: {}", installed.set, installed.folder.display())
}

fn object(installed: &Installed) -> Value {
    json!({ "set": installed.set, "folder": installed.folder.display().to_string(), "already": installed.already })
}
