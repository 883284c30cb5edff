//! The declarations themselves: nothing without help, no default that does not read, no selector that is not there.

use super::super::{Field, Shape, field, sections};
use super::{LEAST, with};

/// Every setting with its path; tables that may stand several times are entered as number 0.
fn every(prefix: &str, fields: &'static [Field], out: &mut Vec<(String, &'static [Field], &'static Field)>) {
    for field in fields {
        let path = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
        match &field.shape {
            Shape::Table(inner) => every(&path, inner, out),
            Shape::Tables(inner) => every(&format!("{path}.0"), inner, out),
            _ => {}
        }
        out.push((path, fields, field));
    }
}

fn all() -> Vec<(String, &'static [Field], &'static Field)> {
    let mut out = Vec::new();
    every("", super::super::experiment_fields(), &mut out);
    out
}

#[test]
fn every_section_and_setting_has_a_label_and_help() {
    for section in sections() {
        assert!(!section.label.is_empty() && section.help.ends_with('.'), "{}: `{}`", section.name, section.help);
        assert!(!section.fields.is_empty(), "{}", section.name);
    }
    for (path, _, field) in all() {
        assert!(!field.label.is_empty(), "{path}");
        assert!(field.help.ends_with('.') && !field.help.contains("  "), "{path}: `{}`", field.help);
        assert!(!field.expected().trim().is_empty(), "{path}");
        if let Shape::Choice(words) = &field.shape {
            assert_eq!(words.len(), field.meanings.len(), "{path}");
            for word in *words {
                assert!(field.meaning(word).is_some_and(|meaning| meaning.ends_with('.')), "{path}: {word}");
            }
        }
    }
}

#[test]
fn every_selector_is_a_choice_beside_its_field() {
    for (path, beside, field) in all() {
        let Some((selector, words)) = field.used_with else { continue };
        let selector = beside.iter().find(|other| other.name == selector).unwrap_or_else(|| panic!("{path}: no `{selector}`"));
        let Shape::Choice(known) = &selector.shape else { panic!("{path}: `{}` is no choice", selector.name) };
        for word in words {
            assert!(known.contains(word), "{path}: `{}` is never `{word}`", selector.name);
        }
    }
}

/// What must be chosen so that a setting is used: paths and words.
fn chosen(path: &str, out: &mut Vec<(String, String)>) {
    let steps: Vec<&str> = path.split('.').collect();
    for depth in 1..=steps.len() {
        let (here, table) = (steps[..depth].join("."), steps[..depth - 1].join("."));
        let Some((selector, words)) = field(&here).and_then(|field| field.used_with) else { continue };
        let selector = if table.is_empty() { selector.to_owned() } else { format!("{table}.{selector}") };
        chosen(&selector, out);
        if !out.iter().any(|(other, _)| *other == selector) {
            out.push((selector, words[0].to_owned()));
        }
    }
}

#[test]
fn every_default_reads_back_as_the_default() {
    for (path, _, field) in all() {
        if field.default.is_empty() {
            continue;
        }
        let mut overrides = vec![("data.holdout".to_owned(), "0.1".to_owned())];
        chosen(&path, &mut overrides);
        if overrides.iter().any(|(other, _)| *other == path) {
            continue;
        }
        let sets: Vec<(&str, &str)> = overrides.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
        let mut more = sets.clone();
        more.push((&path, &field.default));
        let (before, after) = (with(LEAST, &sets), with(LEAST, &more));
        if let Err(problems) = &after {
            let wrong: Vec<_> = problems.0.iter().filter(|problem| problem.path == path).collect();
            // What was written in place of a default may contradict another choice; it must be readable all the same.
            assert!(wrong.iter().all(|problem| !problem.text.contains("got") && !problem.text.contains("no such")), "{path}: {problems}");
        }
        if let (Ok(before), Ok(after)) = (before, after) {
            let section = path.split('.').next().unwrap_or_default();
            if !super::super::experiment::is_optional(section) {
                assert_eq!(before, after, "{path} = {}", field.default);
            }
        }
    }
}

#[test]
fn a_field_is_found_by_its_path() {
    assert_eq!(field("training.batch").map(|field| field.unit), Some("images"));
    assert_eq!(field("mixing.phase.0.k").map(|field| field.label), Some("k"));
    assert_eq!(field("mixing.phase.zero.k").map(|field| field.label), None);
    assert_eq!(field("name").map(|field| field.label), Some("name"));
    assert!(field("training.bach").is_none() && field("").is_none() && field("sweep.arm.a").is_none());
}

#[test]
fn sections_stand_in_the_order_of_the_file() {
    let names: Vec<_> = sections().iter().map(|section| section.name).collect();
    assert_eq!(
        names,
        [
            "",
            "seed",
            "data",
            "network",
            "optimizer",
            "schedule",
            "training",
            "ordering",
            "mixing",
            "test_time",
            "attack",
            "permutation",
            "sweep",
            "slurm",
            "published"
        ]
    );
    let optional: Vec<_> = sections().iter().filter(|section| section.optional).map(|section| section.name).collect();
    assert_eq!(optional, names[7..]);
    assert!(sections().iter().all(|section| section.many == (section.name == "attack")));
}

/// `docs/configuration.md` is made from the declarations. With `CURRICLE_WRITE_DOCS` set it is written, else compared.
#[test]
fn the_reference_page_is_up_to_date() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = super::super::reference_page();
    if std::env::var_os("CURRICLE_WRITE_DOCS").is_some() {
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is made");
        std::fs::write(&file, &page).expect("the page is written");
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "docs/configuration.md is stale: run the tests with CURRICLE_WRITE_DOCS=1");
}
