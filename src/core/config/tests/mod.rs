//! What users meet: messages, word for word; files that come back as they went; forms that keep comments.

mod declared;
mod drafts;
mod foreign;
mod messages;
mod ordering_rules;
mod presets;
mod round_trip;
mod rules;
mod summaries;

use super::{Experiment, Problems, read};

/// The least that is an experiment.
const LEAST: &str = "[data]\nset = \"cifar10\"\n[network]\nkind = \"preresnet\"\n";

/// Reads a text that is right.
fn good(text: &str) -> Experiment {
    read(text, "file.toml", &[]).unwrap_or_else(|problems| panic!("{problems}\n---\n{text}"))
}

/// Reads a text that is wrong.
fn bad(text: &str) -> Problems {
    read(text, "file.toml", &[]).map(|experiment| panic!("was read: {}", experiment.to_toml())).unwrap_err()
}

/// Reads a text with settings of the command line.
fn with(text: &str, overrides: &[(&str, &str)]) -> Result<Experiment, Problems> {
    let overrides: Vec<(String, String)> = overrides.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    read(text, "file.toml", &overrides)
}
