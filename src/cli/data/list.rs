//! `curricle data list`.

use super::text;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::words::{UNKNOWN, thousands};
use curricle_core::data::list::{Entry, Presence, list};
use curricle_core::run::disk;
use serde_json::json;
use std::path::Path;

/// Prints all sets; where they lie goes to standard error.
pub fn run(context: &Context, root: &Path) -> Result<(), Failure> {
    let sets = list(root);
    if context.json {
        let sets: Vec<_> = sets.iter().map(object).collect();
        return output::json(&json!({ "root": root.display().to_string(), "sets": sets }));
    }
    let head = ["set", "state", "training", "test", "classes", "on disk", "to download"].map(str::to_string).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(sets.iter().map(row)).collect();
    output::print(&output::table(&rows, &[2, 3, 4, 5, 6]))?;
    if !context.quiet {
        output::note(&format!("in `{}`", root.display()));
        for set in sets.iter().filter(|set| set.presence == Presence::Partial) {
            for (what, files) in [("missing", &set.missing), ("not of the right size:", &set.damaged)] {
                if !files.is_empty() {
                    output::note(&format!("{}: {what} {}", set.set, files.join(", ")));
                }
            }
        }
    }
    Ok(())
}

fn row(set: &Entry) -> Vec<String> {
    let size = |bytes: u64, shown: bool| if shown { disk::size(bytes) } else { UNKNOWN.to_string() };
    let here = matches!(set.presence, Presence::Complete | Presence::Partial);
    vec![
        set.set.to_string(),
        set.presence.word().to_string(),
        thousands(set.train as u64),
        thousands(set.test as u64),
        set.classes.to_string(),
        size(set.bytes, here),
        size(set.download, matches!(set.presence, Presence::Absent | Presence::Partial)),
    ]
}

fn object(set: &Entry) -> serde_json::Value {
    json!({
        "set": set.set,
        "title": set.title,
        "state": set.presence.word(),
        "folder": text(&set.folder),
        "missing": set.missing,
        "damaged": set.damaged,
        "bytes": set.bytes,
        "download_bytes": set.download,
        "train": set.train,
        "test": set.test,
        "classes": set.classes,
    })
}
