//! From text to a valid experiment, or to everything that is wrong with it.

use super::experiment::Experiment;
use super::node::{self, Node};
use super::problem::{Problem, Problems};
use super::range::Range;
use super::read::{At, Entry, Reader};
use super::{path, rules, selector};
use std::sync::Arc;

/// What is said of a path that is none.
pub(crate) const NO_PATH: &str = "no path: write keys with dots between them, as `training.batch`";

/// Reads an experiment. `origin` names the text in messages; `overrides` are settings of the command line, path and
/// value, applied in order.
pub fn read(text: &str, origin: &str, overrides: &[(String, String)]) -> Result<Experiment, Problems> {
    let mut root = match node::parse(text) {
        Ok(root) => root,
        Err(error) => return Err(Problems(vec![misspelt(origin, error)])),
    };
    path::spread_seed(&mut root);
    let mut reader = Reader::new(origin);
    for (setting, value) in overrides {
        if let Err(problem) = change(&mut root, setting, value) {
            reader.problems.push(problem);
        }
    }
    path::spread_seed(&mut root);
    let experiment = typed(&root, &mut reader);
    if reader.problems.is_empty()
        && let Some(experiment) = &experiment
    {
        arms(&root, experiment, &mut reader);
    }
    let mut problems = reader.problems;
    // By line; what has no line of the file comes after it, in the order of reading.
    problems.sort_by_key(|problem| (problem.origin != origin, problem.line.unwrap_or(usize::MAX)));
    if problems.is_empty()
        && let Some(experiment) = &experiment
        && let Err(too_long) = node::fits(&experiment.to_toml())
    {
        // What is trained is the text with every field: it must be possible to read that, too.
        let text = format!("with every setting written out: {too_long}");
        problems.push(Problem { origin: origin.to_owned(), line: None, path: String::new(), text, hint: None });
    }
    match experiment {
        Some(experiment) if problems.is_empty() => Ok(experiment),
        _ => Err(Problems(problems)),
    }
}

/// A file that is no TOML.
pub(crate) fn misspelt(origin: &str, error: node::Misspelt) -> Problem {
    let text = format!("no valid TOML: {}", error.text);
    Problem { origin: origin.to_owned(), line: error.line, path: String::new(), text, hint: None }
}

/// What reading the fields of a text finds, before any rule.
pub(crate) struct Findings {
    /// Values that settings cannot hold, and unknown keys.
    pub problems: Vec<Problem>,
    /// Written settings that the chosen kinds do not use.
    pub unused: Vec<String>,
}

/// Reads the fields of a text, without the rules between them.
pub(crate) fn findings(text: &str, origin: &str) -> Findings {
    let mut root = match node::parse(text) {
        Ok(root) => root,
        Err(error) => return Findings { problems: vec![misspelt(origin, error)], unused: Vec::new() },
    };
    path::spread_seed(&mut root);
    let mut reader = Reader::new(origin);
    Experiment::read(&root, At { path: "", range: Range::Any }, &mut reader);
    Findings { problems: reader.problems, unused: reader.unused }
}

/// One setting of the command line.
fn change(root: &mut Node, setting: &str, text: &str) -> Result<(), Problem> {
    let origin: Arc<str> = format!("--set {setting}={text}").into();
    let problem = |why: String| Problem { origin: origin.to_string(), line: None, path: setting.to_owned(), text: why, hint: None };
    let Some(steps) = path::split(setting) else {
        return Err(problem(NO_PATH.to_owned()));
    };
    let mut value = path::value(&steps, text);
    path::stamp(&mut value, None, &origin);
    path::spread_seed(root);
    path::put(root, &steps, value).map_err(problem)
}

/// Reads fields, then looks at how they fit together.
fn typed(root: &Node, reader: &mut Reader) -> Option<Experiment> {
    for (section, example) in [("data", "set = \"cifar10\""), ("network", "kind = \"preresnet\"")] {
        if root.get(section).is_none() {
            let hint = Some(format!("write `[{section}]`, and below it at least `{example}`"));
            reader.report(root, section, "the section is missing".to_owned(), hint);
        }
    }
    reader.also_used = selector::also_used(root);
    let mut experiment = Experiment::read(root, At { path: "", range: Range::Any }, reader)?;
    experiment.settle(reader);
    rules::check(&experiment, reader);
    Some(experiment)
}

/// Every arm and every value of a grid must be a valid experiment.
fn arms(root: &Node, experiment: &Experiment, reader: &mut Reader) {
    let Some(sweep) = &experiment.sweep else { return };
    let mut base = root.clone();
    base.remove("sweep");
    let mut checks: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for arm in &sweep.arm.0 {
        checks.push((super::read::join("sweep.arm", &arm.name), arm.set.clone()));
    }
    for (setting, values) in &sweep.grid.0 {
        let place = super::read::join("sweep.grid", setting);
        checks.extend(values.iter().map(|value| (place.clone(), vec![(setting.clone(), value.clone())])));
    }
    for (place, settings) in checks {
        let mut changed = base.clone();
        let mut inner = Reader::new("");
        for (setting, value) in settings {
            let result = if setting.starts_with("sweep") || setting.starts_with("slurm") {
                let text = "a sweep cannot change its own terms".to_owned();
                Err(Problem { origin: String::new(), line: None, path: setting.clone(), text, hint: None })
            } else {
                change(&mut changed, &setting, &value)
            };
            inner.problems.extend(result.err());
        }
        path::spread_seed(&mut changed);
        typed(&changed, &mut inner);
        for problem in inner.problems {
            reader.conflict_at(&place, problem.sentence(), problem.hint);
        }
    }
}
