//! `curricle eval`: loss and accuracy of a checkpoint. Leaves nothing in the folder of runs.

use super::context::Context;
use super::experiment::{Changes, change, choose, ready};
use super::failure::Failure;
use super::fork::checkpoint_of;
use super::output;
use super::train::data_of;
use crate::launch::Engine;
use crate::words::{four, thousands};
use clap::Args;
use curricle_core::run::catalogue;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// What may stand after `eval`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A checkpoint file, or a run
    #[arg(value_name = "CHECKPOINT|RUN")]
    pub what: String,
    /// Preset or TOML file that describes the checkpoint's network and data; a run knows its own
    #[arg(long, value_name = "P")]
    pub preset: Option<String>,
    /// Checkpoint of the run: a file, or `best`, `last`, `epoch-030`
    #[arg(long, value_name = "NAME")]
    pub from: Option<PathBuf>,
    /// Images to evaluate on
    #[arg(long, value_name = "SET", default_value = "test", value_parser = ["test", "train", "holdout"])]
    pub on: String,
    /// Changes to the experiment.
    #[command(flatten)]
    pub changes: Changes,
}

/// Evaluates a checkpoint file as a preset describes it, or a checkpoint of a run.
pub fn run(context: &Context, arguments: Arguments) -> Result<(), Failure> {
    let file = Path::new(&arguments.what);
    let (chosen, checkpoint, data) = if let Some(preset) = &arguments.preset {
        if !file.is_file() {
            return Err(Failure::usage(format!("there is no checkpoint `{}`", file.display())).hint("give the path of a .safetensors file"));
        }
        (choose(context, preset, &arguments.changes)?, file.to_path_buf(), context.data.clone())
    } else if file.is_file() {
        return Err(Failure::usage(format!("`{}` is a checkpoint: what network and data does it belong to?", file.display()))
            .hint("name a preset or a TOML file with `--preset`"));
    } else {
        let run = catalogue::find(&context.runs, &arguments.what)?;
        // The best one where there is one, which `best` always is once a run is done.
        let wanted = arguments.from.clone().unwrap_or_else(|| if run.best().is_file() { "best".into() } else { "last".into() });
        let checkpoint = checkpoint_of(&run, &wanted)?;
        (change(&run.read_experiment()?, &format!("experiment of {}", run.id()), &arguments.changes)?, checkpoint, data_of(context, &run)?)
    };
    ready(context, &chosen.experiment)?;
    let engine = Engine::find()?;
    let failed = |error: std::io::Error| Failure::failed(format!("cannot write a temporary file: {error}"));
    let mut described = tempfile::Builder::new().prefix("curricle-").suffix(".toml").tempfile().map_err(failed)?;
    described.write_all(chosen.text.as_bytes()).and_then(|()| described.flush()).map_err(failed)?;
    let shows = !context.quiet && std::io::stderr().is_terminal();
    let result = engine.evaluate(described.path(), &checkpoint, data.as_deref(), &arguments.on, |done, total| {
        if shows {
            let _ = write!(std::io::stderr().lock(), "\r{} of {} images\u{1b}[K", thousands(done), thousands(total));
        }
    });
    if shows {
        let _ = write!(std::io::stderr().lock(), "\r\u{1b}[K");
    }
    let found = result.map_err(|error| {
        let failure = Failure::from(error);
        // The engine read a temporary copy: name what the user knows.
        let copy = described.path().display().to_string();
        Failure { message: failure.message.replace(&copy, arguments.preset.as_deref().unwrap_or(&arguments.what)), ..failure }
    })?;
    if context.json {
        return output::json(&found);
    }
    let number = |name: &str| found.get(name).and_then(serde_json::Value::as_f64);
    let count = |name: &str| found.get(name).and_then(serde_json::Value::as_u64).map_or("–".to_string(), thousands);
    output::print(&format!(
        "{} of {} {} images correct: accuracy {}, loss {}",
        count("correct"),
        count("total"),
        arguments.on,
        four(number("accuracy")),
        four(number("loss"))
    ))
}
