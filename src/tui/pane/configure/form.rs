//! The form: rows from the declaration of the experiment's sections. Nothing here knows a field by name.

use curricle_core::config::{Draft, Field, Section, Shape, sections};
use std::collections::HashSet;

/// What a row is.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// A section that folds.
    Section(&'static Section),
    /// A table within a section, or one of several.
    Table(&'static str),
    /// A field.
    Field(&'static Field),
    /// Makes another table of several; the field that it begins with.
    Another(&'static str, Option<&'static Field>),
}

/// One row of the form.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Full path: `training.batch`.
    pub path: String,
    /// What is shown.
    pub name: String,
    /// How far it is indented.
    pub depth: usize,
    /// What it is.
    pub what: What,
    /// Whether it is unfolded, for what folds.
    pub open: bool,
}

impl Row {
    /// Whether it folds.
    pub(super) fn folds(&self) -> bool {
        matches!(self.what, What::Section(_) | What::Table(_))
    }

    /// The field, if it is one.
    pub(super) fn field(&self) -> Option<&'static Field> {
        match self.what {
            What::Field(field) => Some(field),
            _ => None,
        }
    }

    /// The words that a choice goes through.
    pub(super) fn choices(&self) -> &'static [&'static str] {
        match self.field().map(|field| &field.shape) {
            Some(Shape::Choice(words) | Shape::ChoiceOr(words, _)) => words,
            Some(Shape::Flag) => &["false", "true"],
            _ => &[],
        }
    }
}

/// Builds the rows of the form. Fields that the chosen kinds do not use are left out, unless they are written.
pub(super) fn build(draft: &Draft, unfolded: &HashSet<String>) -> Vec<Row> {
    rows(draft, &|path| unfolded.contains(path))
}

/// Every row there is, as if everything were unfolded.
pub(super) fn all(draft: &Draft) -> Vec<Row> {
    rows(draft, &|_| true)
}

/// What differs between two drafts, field by field as they are written: for drafts that are no experiment.
pub(super) fn difference(from: &Draft, to: &Draft) -> Vec<(String, String, String)> {
    let mut paths: Vec<String> = all(from).into_iter().chain(all(to)).filter(|row| row.field().is_some()).map(|row| row.path).collect();
    let mut seen = HashSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    paths
        .into_iter()
        .filter_map(|path| {
            // What a choice makes used or unused is not changed by it.
            let (before, after) = (from.effective(&path), to.effective(&path));
            (before != after).then_some((path, before, after))
        })
        .collect()
}

fn rows(draft: &Draft, unfolded: &dyn Fn(&str) -> bool) -> Vec<Row> {
    let mut rows = Vec::new();
    for section in sections() {
        let key = if section.name.is_empty() { "experiment" } else { section.name };
        let open = unfolded(key);
        let name = if section.name.is_empty() { section.label } else { section.name };
        rows.push(Row { path: key.to_string(), name: name.to_string(), depth: 0, what: What::Section(section), open });
        if !open {
            continue;
        }
        if section.many {
            tables(&mut rows, draft, unfolded, section.name, section.label, &section.fields, 1);
        } else {
            fields(&mut rows, draft, unfolded, section.name, &section.fields, 1);
        }
    }
    rows
}

fn fields(rows: &mut Vec<Row>, draft: &Draft, unfolded: &dyn Fn(&str) -> bool, at: &str, fields_here: &'static [Field], depth: usize) {
    for field in fields_here {
        let path = if at.is_empty() { field.name.to_string() } else { format!("{at}.{}", field.name) };
        if !draft.is_used(&path) && draft.get(&path).is_none() {
            continue;
        }
        match &field.shape {
            Shape::Table(inner) => {
                let open = unfolded(&path);
                rows.push(Row { path: path.clone(), name: field.name.into(), depth, what: What::Table(field.help), open });
                if open {
                    fields(rows, draft, unfolded, &path, inner, depth + 1);
                }
            }
            Shape::Tables(inner) => tables(rows, draft, unfolded, &path, field.label, inner, depth),
            _ => rows.push(Row { path, name: field.name.into(), depth, what: What::Field(field), open: false }),
        }
    }
}

fn tables(
    rows: &mut Vec<Row>,
    draft: &Draft,
    unfolded: &dyn Fn(&str) -> bool,
    at: &str,
    label: &'static str,
    inner: &'static [Field],
    depth: usize,
) {
    let count = draft.count(at);
    for number in 0..count {
        let path = format!("{at}.{number}");
        let open = unfolded(&path);
        rows.push(Row { path: path.clone(), name: format!("{label} {}", number + 1), depth, what: What::Table(label), open });
        if open {
            fields(rows, draft, unfolded, &path, inner, depth + 1);
        }
    }
    let first = inner.iter().find(|field| !field.default.is_empty() && field.default != "\"\"");
    let name = if count == 0 { format!("+ add {label}") } else { format!("+ another in {label}") };
    rows.push(Row { path: format!("{at}.{count}"), name, depth, what: What::Another(label, first), open: false });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_compared_as_they_are_written() {
        let before = Draft::new("[training]\nepochs = 3\nbatch = 100\n", "test").expect("a draft");
        let after = Draft::new("[training]\nepochs = 3\nbatch = 0\n", "test").expect("a draft");
        assert_eq!(difference(&before, &after), [("training.batch".to_string(), "100".to_string(), "0".to_string())]);
        assert!(difference(&before, &before).is_empty());
    }

    #[test]
    fn the_form_shows_what_the_chosen_kinds_use() {
        let draft = Draft::new("[data]\nset = \"glyphs\"\n[network]\nkind = \"preresnet\"\n[schedule]\nkind = \"cosine\"\n", "test")
            .expect("a draft");
        let unfolded = HashSet::from(["schedule".to_string(), "training".to_string(), "attack".to_string()]);
        let rows = build(&draft, &unfolded);
        let paths: Vec<&str> = rows.iter().map(|row| row.path.as_str()).collect();
        assert_eq!(&paths[..3], ["experiment", "seed", "data"]);
        assert!(paths.contains(&"training.batch"));
        assert!(paths.contains(&"schedule.minimum"), "{paths:?}");
        assert!(!paths.contains(&"schedule.milestones"), "a cosine has no milestones: {paths:?}");
        assert!(paths.contains(&"attack.0"), "the first attack can be added: {paths:?}");
        assert!(rows.iter().find(|row| row.path == "training.precision").is_some_and(|row| row.choices().contains(&"bf16")));
    }
}
