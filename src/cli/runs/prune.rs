//! `curricle runs prune`: frees disk.

use super::confirm;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::words::{parse_duration, thousands};
use clap::{Args, ValueEnum};
use curricle_core::run::catalogue::{self, Summary};
use curricle_core::run::{RunDirectory, State, disk};
use serde::Serialize;

/// What may stand after `runs prune`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only runs that were created longer ago, as `30d`
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    older: f64,
    /// What to keep of each run; without it, whole runs go
    #[arg(long, value_enum)]
    keep: Option<Keep>,
    /// Also runs that could still be resumed (stopped, failed, lost)
    #[arg(long)]
    unfinished: bool,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// What stays of a pruned run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Keep {
    /// The best checkpoint, events and settings
    Best,
    /// Events and settings
    Record,
}

/// One run that is pruned.
#[derive(Debug, Serialize)]
struct Pruned {
    id: String,
    state: State,
    bytes: u64,
}

/// Deletes old runs, or what is large of them. Runs with an engine are never touched.
pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let now = curricle_core::run::now();
    let mut chosen: Vec<(RunDirectory, Pruned)> = Vec::new();
    for run in catalogue::list(&context.runs)?.into_iter().filter(|run| goes(run, arguments, now)) {
        let directory = RunDirectory::open(&run.directory)?;
        let bytes = match arguments.keep {
            None => disk::used(directory.path()),
            Some(keep) => catalogue::large(&directory, keep == Keep::Best).iter().map(|path| disk::used(path)).sum(),
        };
        if bytes > 0 {
            chosen.push((directory, Pruned { id: run.id, state: run.state, bytes }));
        }
    }
    let bytes: u64 = chosen.iter().map(|(_, pruned)| pruned.bytes).sum();
    let count = if chosen.len() == 1 { "1 run".to_string() } else { format!("{} runs", thousands(chosen.len() as u64)) };
    let what = match arguments.keep {
        None => "whole runs",
        Some(Keep::Best) => "all but the best checkpoint, events and settings",
        Some(Keep::Record) => "all but events and settings",
    };
    if !arguments.dry_run && !chosen.is_empty() {
        confirm(context, &format!("free {} in {count} ({what})", disk::size(bytes)), arguments.yes)?;
        for (directory, _) in &chosen {
            match arguments.keep {
                None => catalogue::delete(directory)?,
                Some(keep) => catalogue::slim(directory, keep == Keep::Best)?,
            }
        }
        catalogue::sweep(&context.runs)?;
    }
    if context.json {
        let runs: Vec<&Pruned> = chosen.iter().map(|(_, pruned)| pruned).collect();
        return output::json(&serde_json::json!({ "dry_run": arguments.dry_run, "bytes": bytes, "runs": runs }));
    }
    let rows: Vec<Vec<String>> =
        chosen.iter().map(|(_, pruned)| vec![pruned.id.clone(), pruned.state.to_string(), disk::size(pruned.bytes)]).collect();
    output::print(&output::table(&rows, &[2]))?;
    if !context.quiet {
        let did = if arguments.dry_run { "would free" } else { "freed" };
        output::note(&format!("{did} {} in {count} ({what})", disk::size(bytes)));
    }
    Ok(())
}

fn goes(run: &Summary, arguments: &Arguments, now: f64) -> bool {
    let created = run.created.parse::<jiff::Timestamp>().map(|time| time.as_nanosecond() as f64 / 1e9);
    let old = created.is_ok_and(|created| now - created > arguments.older);
    let over = run.state == State::Done || (arguments.unfinished && run.state.is_over());
    old && over && !run.unreadable
}
