//! The known key or word nearest to one that is not known.

use super::form::{Field, Shape};
use super::read::join;

/// How alike two words must be (0 to 1) for one to be offered in place of the other.
const ALIKE: f64 = 0.55;

/// The nearest of several words, if one is near enough.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .filter(|other| !other.is_empty())
        .map(|other| (strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &other.to_lowercase()), other))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, other)| other)
}

/// What to do about an unknown key: the nearest key beside it, the same key elsewhere, or the keys that are known here.
pub(crate) fn hint(key: &str, table: &str, fields: &[Field]) -> Option<String> {
    if let Some(near) = nearest(key, fields.iter().map(|field| field.name)) {
        return Some(format!("did you mean `{}`?", join(table, near)));
    }
    let mut paths = Vec::new();
    collect("", super::experiment_fields(), &mut paths);
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    if let Some(path) = paths.iter().find(|path| last(path) == key) {
        return Some(format!("did you mean `{path}`?"));
    }
    if let Some(near) = nearest(key, paths.iter().map(|path| path.rsplit('.').next().unwrap_or_default())) {
        return paths.iter().find(|path| last(path) == near).map(|path| format!("did you mean `{path}`?"));
    }
    let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name)).collect();
    let place = if table.is_empty() { "known here".to_owned() } else { format!("known in `{table}`") };
    Some(format!("{place}: {}", names.join(", ")))
}

fn collect(prefix: &str, fields: &[Field], paths: &mut Vec<String>) {
    for field in fields {
        let path = join(prefix, field.name);
        if let Shape::Table(inner) = &field.shape {
            collect(&path, inner, paths);
        }
        paths.push(path);
    }
}
