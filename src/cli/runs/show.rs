//! `curricle runs show`.

use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::fork::checkpoints;
use crate::cli::output;
use crate::cli::train::rows;
use clap::Args;
use curricle_core::run::catalogue::{self, Summary};
use curricle_core::run::{RunRecord, disk, plain_lines};
use serde::Serialize;
use std::collections::BTreeMap;

/// What may stand after `runs show`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run
    run: String,
    /// Print its experiment as written, as TOML
    #[arg(long, conflicts_with_all = ["resolved", "log"])]
    experiment: bool,
    /// Print its experiment with every field, as TOML
    #[arg(long, conflicts_with = "log")]
    resolved: bool,
    /// Print the end of its log
    #[arg(long)]
    log: bool,
}

/// All that is known of a run, but for its events.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    summary: Summary,
    record: RunRecord,
    checkpoints: Vec<String>,
}

/// Prints one run.
pub fn run(context: &Context, arguments: &Arguments) -> Result<(), Failure> {
    let directory = catalogue::find(&context.runs, &arguments.run)?;
    let text = if arguments.experiment {
        Some(("experiment", plain_lines(&directory.read_experiment()?)))
    } else if arguments.resolved {
        Some(("resolved", plain_lines(&directory.read_resolved()?)))
    } else if arguments.log {
        Some(("log", directory.read_log_end(64 << 10)?))
    } else {
        None
    };
    if let Some((name, text)) = text {
        return if context.json { output::json(&BTreeMap::from([("id", directory.id()), (name, text)])) } else { output::print(&text) };
    }
    let mut summary = [catalogue::summary(&directory)?];
    catalogue::measure(&mut summary);
    let [summary] = summary;
    let record = directory.record()?;
    let checkpoints = checkpoints(&directory);
    if context.json {
        return output::json(&Shown { summary, record, checkpoints });
    }
    let plain = curricle_core::run::plain;
    let mut rows = rows(&summary);
    let mut say = |name: &str, text: String| {
        if !text.is_empty() {
            rows.push(vec![name.to_string(), text]);
        }
    };
    say("created", summary.created.clone());
    say("size", summary.bytes.map(disk::size).unwrap_or_default());
    say("checkpoints", checkpoints.join(", "));
    say("tags", summary.tags.join(", "));
    say("notes", summary.notes.replace('\n', " / "));
    say("from", summary.parent.as_ref().map(|parent| format!("{} of {}", parent.kind, parent.id)).unwrap_or_default());
    if let Some(machine) = &record.machine {
        let threads = if machine.threads == 1 { "1 thread".to_string() } else { format!("{} threads", machine.threads) };
        let device = [machine.device.as_str(), machine.device_name.as_str(), machine.precision.as_str()].map(plain);
        say("device", format!("{} ({}), {}, {threads}", device[0], device[1], device[2]));
        say("libtorch", plain(&machine.libtorch));
    }
    say("version", plain(format!("{} {}", record.version, record.commit).trim()));
    output::print(&output::table(&rows, &[]))
}
