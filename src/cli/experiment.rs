//! EXPERIMENT on the command line: the name of a preset or a TOML file, with changes.

use super::context::Context;
use super::failure::Failure;
use super::output;
use clap::Args;
use curricle_core::config::{self, Draft, Experiment, presets};
use std::path::Path;

/// Largest experiment file that is read.
const LIMIT: u64 = 16 << 20;

/// Changes to an experiment.
#[derive(Debug, Clone, Default, Args)]
pub struct Changes {
    /// Set a field, as `training.epochs=3`; may be given several times
    #[arg(long = "set", value_name = "K=V", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// Set all seeds
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Set the name
    #[arg(long, value_name = "S")]
    pub name: Option<String>,
}

impl Changes {
    /// All of them as paths and values, in the order in which they apply.
    fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = self.set.clone();
        pairs.extend(self.seed.map(|seed| ("seed".to_string(), seed.to_string())));
        pairs.extend(self.name.as_ref().map(|name| ("name".to_string(), name.clone())));
        pairs
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => Ok((path.trim().to_string(), value.trim().to_string())),
        _ => Err("expected a field and its value, as `training.epochs=3`".to_string()),
    }
}

/// An experiment ready to run.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// It, checked.
    pub experiment: Experiment,
    /// Its text, changes applied.
    pub text: String,
}

/// Finds, changes and checks an experiment.
pub fn choose(context: &Context, wanted: &str, changes: &Changes) -> Result<Chosen, Failure> {
    let (text, origin) = find(context, wanted)?;
    change(&text, &origin, changes)
}

/// The text of a preset or a file, and its name for messages.
fn find(context: &Context, wanted: &str) -> Result<(String, String), Failure> {
    if let Some(preset) = presets::find(wanted, &context.presets) {
        return Ok((preset.text.clone(), preset.origin()));
    }
    let path = Path::new(wanted);
    if path.is_file() {
        return read_text(path).map(|text| (text, wanted.to_string()));
    }
    let unknown = Failure::usage(format!("`{}` is neither a preset nor a file", curricle_core::run::plain(wanted)));
    Err(match presets::require(wanted, &context.presets) {
        Err(error @ presets::Error::Disk { .. }) => Failure::from(error),
        Err(presets::Error::Unknown { hint: Some(near), .. }) => unknown.hint(format!("did you mean the preset `{near}`?")),
        _ => unknown.hint("`curricle preset list` shows the presets"),
    })
}

fn read_text(path: &Path) -> Result<String, Failure> {
    use std::io::Read;
    let failed = |error: std::io::Error| Failure::usage(format!("cannot read `{}`: {error}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(LIMIT).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Applies changes to a text and checks the whole.
pub fn change(text: &str, origin: &str, changes: &Changes) -> Result<Chosen, Failure> {
    let pairs = changes.pairs();
    // First all at once, so that every problem is reported together with its place.
    let experiment = config::read(text, origin, &pairs)?;
    let mut draft = Draft::new(text, origin)?;
    draft.set_all(&pairs)?;
    Ok(Chosen { experiment, text: draft.text() })
}

/// Refuses what is not built yet, and says what is legal but pointless.
pub fn ready(context: &Context, experiment: &Experiment) -> Result<(), Failure> {
    let missing = experiment.not_built();
    if !missing.is_empty() {
        let text: Vec<String> = missing.iter().map(|problem| problem.text.clone()).collect();
        let mut failure = Failure::usage(text.join("; "));
        failure.hint = missing.into_iter().find_map(|problem| problem.hint);
        return Err(failure);
    }
    if !context.quiet {
        for warning in experiment.warnings() {
            output::note_marked(&output::warning("warning:", context.paints_stderr()), &warning.sentence());
        }
    }
    Ok(())
}
