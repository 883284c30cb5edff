//! `curricle run … --replay FILE`: a published study of orders, run again and compared. Leaves nothing in the folder of runs.

use super::context::Context;
use super::experiment::Chosen;
use super::failure::Failure;
use super::output;
use crate::launch::{Engine, Evaluated};
use crate::words::{UNKNOWN, duration, thousands};
use curricle_core::config::Kind;
use serde_json::{Value, json};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// How often a line is written where there is no terminal.
const SILENCE: Duration = Duration::from_secs(30);

/// Trains every order that `study` lists, and holds what comes out against what it says.
pub fn run(context: &Context, chosen: &Chosen, named: &str, study: &Path, crops: bool) -> Result<(), Failure> {
    if chosen.experiment.kind != Kind::PerfectOrdering {
        let text = format!("`{named}` has `kind = \"{}\"`, and only orders can be replayed", chosen.experiment.kind);
        return Err(Failure::usage(text).hint("`thesis/table-2.1` is the published study's preset"));
    }
    if !study.is_file() {
        return Err(
            Failure::usage(format!("there is no file `{}`", study.display())).hint("give the path of a published study, a .json file")
        );
    }
    let engine = Engine::find()?;
    let failed = |error: std::io::Error| Failure::failed(format!("cannot write a temporary file: {error}"));
    let mut described = tempfile::Builder::new().prefix("curricle-").suffix(".toml").tempfile().map_err(failed)?;
    described.write_all(chosen.text.as_bytes()).and_then(|()| described.flush()).map_err(failed)?;
    let mut progress =
        Progress { on: !context.quiet, terminal: std::io::stderr().is_terminal(), began: Instant::now(), said: Instant::now() };
    let result = engine.replay(described.path(), study, context.data.as_deref(), crops, |done, total| progress.show(done, total));
    progress.clear();
    let found = result.map_err(|error| {
        let failure = Failure::from(error);
        // The engine read a temporary copy: name what the user knows.
        let copy = described.path().display().to_string();
        Failure { message: failure.message.replace(&copy, named), ..failure }
    })?;
    if !context.quiet {
        for difference in found.get("differences").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            output::note_marked(&output::warning("warning:", context.paints_stderr()), difference);
        }
    }
    print(context, found)
}

/// Every order on a line of its own and then the comparison, or the comparison as a table.
fn print(context: &Context, mut found: Evaluated) -> Result<(), Failure> {
    let results = found.remove("results");
    if !context.json {
        return output::print(&output::table(&rows(&found), &[]));
    }
    for mut result in results.as_ref().and_then(Value::as_array).cloned().unwrap_or_default() {
        if let Some(fields) = result.as_object_mut() {
            fields.insert("kind".into(), json!("order"));
        }
        output::json_line(&result)?;
    }
    output::json_line(&found)
}

fn rows(found: &Evaluated) -> Vec<Vec<String>> {
    let count = |name: &str| found.get(name).and_then(Value::as_u64);
    let whole = |name: &str| count(name).map_or(UNKNOWN.to_string(), thousands);
    let number = |name: &str| found.get(name).and_then(Value::as_f64);
    let correlation = |name: &str, ranks: &str| {
        let of = |name: &str| number(name).map_or(UNKNOWN.to_string(), |value| format!("{value:.8}"));
        format!("{} (of ranks {})", of(name), of(ranks))
    };
    let crops = if found.get("crops").and_then(Value::as_bool) == Some(true) { "as published" } else { "none" };
    let row = |name: &str, value: String| vec![name.to_string(), value];
    vec![
        row("orders", format!("{} of {} batches, {} training steps", whole("orders"), whole("batches"), whole("steps"))),
        row("tested on", format!("{} images", whole("test_images"))),
        row("crops", crops.to_string()),
        row("correlation of losses", correlation("loss_correlation", "loss_rank_correlation")),
        row("correlation of correct answers", correlation("accuracy_correlation", "accuracy_rank_correlation")),
        row("largest difference of a loss", number("largest_loss_difference").map_or(UNKNOWN.to_string(), |value| format!("{value:.2e}"))),
        row("largest difference of a count", whole("largest_count_difference")),
        row("equal counts", format!("{} of {}", whole("equal_counts"), whole("orders"))),
        row("time", number("seconds").map_or(UNKNOWN.to_string(), duration)),
    ]
}

/// Orders done: one line that is drawn over, or a line now and then.
struct Progress {
    on: bool,
    terminal: bool,
    began: Instant,
    said: Instant,
}

impl Progress {
    fn show(&mut self, done: u64, total: u64) {
        if !self.on || (!self.terminal && self.said.elapsed() < SILENCE) {
            return;
        }
        self.said = Instant::now();
        let passed = self.began.elapsed().as_secs_f64();
        let left = if done > 0 && total > done {
            format!(", {} left", duration(passed / done as f64 * (total - done) as f64))
        } else {
            String::new()
        };
        let line = format!("{} of {} orders{left}", thousands(done), thousands(total));
        // Best effort: a terminal that is gone shows nothing anyway.
        let _ =
            if self.terminal { write!(std::io::stderr().lock(), "\r{line}\u{1b}[K") } else { writeln!(std::io::stderr().lock(), "{line}") };
    }

    fn clear(&self) {
        if self.on && self.terminal {
            let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}
