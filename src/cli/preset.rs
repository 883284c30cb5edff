//! `curricle preset`: experiments by name.

use super::context::Context;
use super::experiment::{Changes, choose};
use super::failure::Failure;
use super::output;
use clap::{Args, Subcommand};
use curricle_core::config::presets::{self, Preset};
use curricle_core::config::{Experiment, difference, sections};
use serde_json::{Value, json};

/// What may stand after `preset`.
#[derive(Debug, Subcommand)]
pub enum PresetCommand {
    /// List all presets: those of Curricle, then your own
    List,
    /// Print a preset
    Show(ShowArguments),
    /// Save an experiment as a preset of your own
    Save(SaveArguments),
    /// Delete one of your own presets
    Delete(DeleteArguments),
    /// List the settings in which two experiments differ
    Diff(DiffArguments),
}

/// What may stand after `preset show`.
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The preset
    preset: String,
    /// Print every setting, defaults too
    #[arg(long)]
    resolved: bool,
}

/// What may stand after `preset save`.
#[derive(Debug, Args)]
pub struct SaveArguments {
    /// Name of the new preset: letters, digits, `-`, `_` and `.`, with `/` between parts
    #[arg(value_name = "NAME")]
    preset: String,
    /// The preset or file that it is made from
    experiment: String,
    /// Changes to it.
    #[command(flatten)]
    changes: Changes,
    /// Replace a preset of this name
    #[arg(long)]
    replace: bool,
}

/// What may stand after `preset delete`.
#[derive(Debug, Args)]
pub struct DeleteArguments {
    /// The preset
    preset: String,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

/// What may stand after `preset diff`.
#[derive(Debug, Args)]
pub struct DiffArguments {
    /// A preset or a file
    a: String,
    /// Another one; without it, the defaults are compared with
    b: Option<String>,
    /// Changes to the last of them.
    #[command(flatten)]
    changes: Changes,
}

impl From<presets::Error> for Failure {
    fn from(error: presets::Error) -> Self {
        let full = |error: &std::io::Error| error.kind() == std::io::ErrorKind::StorageFull;
        match &error {
            presets::Error::Disk { error: inner, .. } if full(inner) => Self::new(6, error.to_string()),
            presets::Error::Disk { .. } => Self::failed(error.to_string()),
            presets::Error::Exists(_) => Self::usage(error.to_string()).hint("`--replace` overwrites it"),
            presets::Error::Unknown { hint: None, .. } => Self::usage(error.to_string()).hint("`curricle preset list` shows them all"),
            _ => Self::usage(error.to_string()),
        }
    }
}

/// Does what a `preset` command says.
pub fn run(command: &PresetCommand, context: &Context) -> Result<(), Failure> {
    match command {
        PresetCommand::List => list(context),
        PresetCommand::Show(arguments) => show(context, arguments),
        PresetCommand::Save(arguments) => save(context, arguments),
        PresetCommand::Delete(arguments) => delete(context, arguments),
        PresetCommand::Diff(arguments) => diff(context, arguments),
    }
}

fn list(context: &Context) -> Result<(), Failure> {
    let (presets, unreadable) = presets::read_all(&context.presets);
    for error in unreadable {
        output::note(&format!("{error}; it is left out"));
    }
    if context.json {
        return output::json(&presets.iter().map(described).collect::<Vec<_>>());
    }
    let rows: Vec<Vec<String>> = presets
        .iter()
        .map(|preset| {
            let name = if preset.own { format!("{} (yours)", preset.name) } else { preset.name.clone() };
            vec![name, what(preset)]
        })
        .collect();
    output::print(&output::table(&rows, &[]))
}

/// What a preset is, in one line: its network and data, and how long it trains; or that it has problems.
fn what(preset: &Preset) -> String {
    match preset.read() {
        Ok(experiment) => {
            let (data, training) = (experiment.summary("data"), experiment.summary("training"));
            let ordering = experiment.ordering.is_some().then(|| format!("; {}", experiment.summary("ordering")));
            format!("{} on {data}, {training}{}", plain_network(&experiment), ordering.unwrap_or_default())
        }
        Err(problems) if problems.0.len() == 1 => "has 1 problem".to_owned(),
        Err(problems) => format!("has {} problems", problems.0.len()),
    }
}

/// The network without its count of weights.
fn plain_network(experiment: &Experiment) -> String {
    let line = experiment.summary("network");
    line.split(", ").filter(|part| !part.ends_with(" weights")).collect::<Vec<_>>().join(", ")
}

fn described(preset: &Preset) -> Value {
    json!({
        "name": preset.name,
        "own": preset.own,
        "description": preset.description,
        "file": preset.file,
    })
}

fn show(context: &Context, arguments: &ShowArguments) -> Result<(), Failure> {
    let preset = presets::require(&arguments.preset, &context.presets)?;
    if context.json {
        let experiment = preset.read()?;
        let mut shown = described(&preset);
        let summary: serde_json::Map<String, Value> = sections()
            .iter()
            .filter(|section| !section.name.is_empty())
            .map(|section| (section.name.to_owned(), Value::from(experiment.summary(section.name))))
            .collect();
        if let Some(fields) = shown.as_object_mut() {
            fields.insert("text".to_owned(), Value::from(preset.text.clone()));
            fields.insert("experiment".to_owned(), experiment.to_json());
            fields.insert("summary".to_owned(), Value::Object(summary));
        }
        return output::json(&shown);
    }
    if arguments.resolved { output::print(&preset.read()?.to_toml()) } else { output::print(&preset.text) }
}

fn save(context: &Context, arguments: &SaveArguments) -> Result<(), Failure> {
    let chosen = choose(context, &arguments.experiment, &arguments.changes)?;
    let file = presets::save(&arguments.preset, &chosen.text, &context.presets, arguments.replace)?;
    if context.json {
        return output::json(&json!({ "name": arguments.preset, "file": file }));
    }
    if !context.quiet {
        output::note(&format!("saved {} in {}", arguments.preset, file.display()));
    }
    Ok(())
}

fn delete(context: &Context, arguments: &DeleteArguments) -> Result<(), Failure> {
    let name = &arguments.preset;
    let preset = presets::require(name, &context.presets)?;
    if preset.own {
        let place = preset.file.as_ref().map(|file| format!(" ({})", file.display())).unwrap_or_default();
        super::runs::confirm(context, &format!("delete preset `{name}`{place}"), arguments.yes)?;
    }
    let file = presets::delete(name, &context.presets)?;
    if context.json {
        return output::json(&json!({ "deleted": name, "file": file }));
    }
    if !context.quiet {
        output::note(&format!("deleted {name}"));
    }
    Ok(())
}

fn diff(context: &Context, arguments: &DiffArguments) -> Result<(), Failure> {
    let unchanged = Changes::default();
    let (a, b) = match &arguments.b {
        Some(b) => (choose(context, &arguments.a, &unchanged)?.experiment, choose(context, b, &arguments.changes)?.experiment),
        None => (Experiment::default(), choose(context, &arguments.a, &arguments.changes)?.experiment),
    };
    let differing = difference(&a, &b);
    if context.json {
        let absent = |text: &String| if text.is_empty() { Value::Null } else { Value::from(text.clone()) };
        let list: Vec<Value> = differing.iter().map(|(path, a, b)| json!({ "path": path, "a": absent(a), "b": absent(b) })).collect();
        return output::json(&list);
    }
    if differing.is_empty() {
        if !context.quiet {
            output::note("no setting differs");
        }
        return Ok(());
    }
    let or_dash = |text: &String| if text.is_empty() { "–".to_owned() } else { text.clone() };
    let mut rows = vec![vec![
        "setting".to_owned(),
        if arguments.b.is_some() { arguments.a.clone() } else { "default".to_owned() },
        arguments.b.as_ref().unwrap_or(&arguments.a).clone(),
    ]];
    rows.extend(differing.iter().map(|(path, a, b)| vec![path.clone(), or_dash(a), or_dash(b)]));
    output::print(&output::table(&rows, &[]))
}
