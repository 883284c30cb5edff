//! `curricle data verify`.

use super::{named, public, text};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use clap::Args;
use curricle_core::data::list::{Presence, list};
use curricle_core::data::verify::{Finding, Verified, VerifiedFile, verify};
use serde_json::{Value, json};
use std::path::Path;

/// What may stand after `data verify`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Set to check [default: all that are there]
    #[arg(value_name = "SET", value_parser = public())]
    set: Option<String>,
}

/// Checks and says file by file what was found; fails if anything is missing or changed.
pub fn run(context: &Context, root: &Path, arguments: &Arguments) -> Result<(), Failure> {
    let sets = match &arguments.set {
        Some(name) => vec![named(name)?],
        None => {
            let here = list(root).into_iter().filter(|set| matches!(set.presence, Presence::Complete | Presence::Partial));
            here.map(|set| named(set.set)).collect::<Result<_, _>>()?
        }
    };
    let verified: Vec<Verified> = sets.into_iter().map(|set| verify(set, root)).collect();
    if context.json {
        output::json(&verified.iter().map(object).collect::<Vec<_>>())?;
    } else if verified.is_empty() {
        output::note(&format!("no public image sets in `{}`", root.display()));
    } else {
        for set in &verified {
            let rows: Vec<Vec<String>> = set.files.iter().map(|file| row(set, file, context.paints_stdout())).collect();
            output::print_painted(&output::table(&rows, &[]))?;
        }
    }
    let broken: Vec<&str> = verified.iter().filter(|set| !set.whole()).map(|set| set.set).collect();
    if broken.is_empty() {
        return Ok(());
    }
    let details: Vec<String> = verified.iter().flat_map(|set| &set.files).filter_map(damage).collect();
    Err(Failure::failed(format!("not whole: {}{}", broken.join(", "), details.concat()))
        .hint(format!("`curricle data fetch {}` brings a whole one", broken[0])))
}

/// What is wrong with a file, as a further line of the message.
fn damage(file: &VerifiedFile) -> Option<String> {
    match &file.finding {
        Finding::Damaged(error) => Some(format!("\n  {}", error.text)),
        _ => None,
    }
}

fn word(finding: &Finding) -> &'static str {
    match finding {
        Finding::Official => "official",
        Finding::Installed => "as installed",
        Finding::Form => "form right, no sum known",
        Finding::Missing => "missing",
        Finding::Damaged(_) => "damaged",
    }
}

fn row(set: &Verified, file: &VerifiedFile, paint: bool) -> Vec<String> {
    let word = if file.finding.usable() { output::good(word(&file.finding), paint) } else { output::bad(word(&file.finding), paint) };
    vec![set.set.to_string(), file.name.to_string(), word]
}

fn object(set: &Verified) -> Value {
    let files: Vec<Value> = set
        .files
        .iter()
        .map(|file| {
            let problem = if let Finding::Damaged(error) = &file.finding { Some(error.message()) } else { None };
            json!({ "name": file.name, "state": word(&file.finding), "sha256": file.sha256, "problem": problem })
        })
        .collect();
    json!({ "set": set.set, "folder": text(&set.folder), "whole": set.whole(), "files": files })
}
