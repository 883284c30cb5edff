//! The reference page `docs/configuration.md`, made from the declarations.

use super::form::{Field, Section, Shape, sections};
use std::fmt::Write;

/// The page as Markdown.
pub fn reference_page() -> String {
    let mut out = String::from(HEAD);
    for section in sections() {
        heading(section, &mut out);
        table(&section.fields, &mut out);
        inner(&section.fields, section.name, &mut out);
    }
    out
}

const HEAD: &str = "\
# Experiments

<!-- Made from the declarations in src/core/config; `CURRICLE_WRITE_DOCS=1 make test` writes it anew. -->

An experiment is one TOML file. Only `[data]` and `[network]` must be there; every other setting has the default that
stands below. An unknown key is an error, and so is a key that the chosen `kind` does not use. `[ordering]`, `[mixing]`,
`[test_time]`, `[[attack]]`, `[permutation]`, `[sweep]`, `[slurm]` and `[published]` are off unless they are written.

On the command line `--set training.batch=64` changes a setting; the value is read as TOML, and what is no TOML is text.
Several values may be written with commas between them, and `attack.0.epsilon` is a setting of the first `[[attack]]`. Exactly
one of `training.epochs` and `training.steps` holds: setting one takes the other away. `--set` of a `kind` leaves behind those
keys of the file that the new kind does not use. Numbers may be written as fractions in quotes, `\"8/255\"`.

`curricle preset show NAME` prints a preset, `curricle preset show NAME --resolved` every setting with its value.
";

fn heading(section: &Section, out: &mut String) {
    let title = match (section.name, section.many) {
        ("", _) => "Above all sections".to_owned(),
        (name, true) => format!("`[[{name}]]`"),
        (name, false) => format!("`[{name}]`"),
    };
    let _ = write!(out, "\n## {title}\n\n{}", section.help);
    if section.many {
        out.push_str(" May stand several times.");
    } else if section.optional {
        out.push_str(" Off unless it is written.");
    }
    out.push_str("\n\n");
}

/// The settings of one table, then what their words mean.
fn table(fields: &[Field], out: &mut String) {
    out.push_str("| key | default | what |\n|---|---|---|\n");
    for field in fields.iter().filter(|field| !is_table(field)) {
        let default = match (field.default.as_str(), &field.shape) {
            ("", Shape::Map(_)) => "none".to_owned(),
            ("", _) => "absent".to_owned(),
            (default, _) => format!("`{default}`"),
        };
        let _ = writeln!(out, "| `{}` | {default} | {} |", field.name, what(field).replace('|', "\\|"));
    }
    for field in fields {
        words(field, out);
    }
}

fn is_table(field: &Field) -> bool {
    matches!(field.shape, Shape::Table(_) | Shape::Tables(_))
}

fn what(field: &Field) -> String {
    let mut text = field.help.to_owned();
    let expected = field.expected();
    let plain = matches!(field.shape, Shape::Text | Shape::Flag | Shape::Choice(_));
    if !plain {
        let _ = write!(text, " {}{}", expected.get(..1).unwrap_or_default().to_uppercase(), expected.get(1..).unwrap_or_default());
        if !field.unit.is_empty() && !matches!(field.shape, Shape::ChoiceOr(..)) {
            let _ = write!(text, " ({})", field.unit);
        }
        text.push('.');
    }
    if let Some((selector, words)) = field.used_with {
        let _ = write!(text, " Only with `{selector}` {}.", super::read::one_of(words));
    }
    text
}

fn words(field: &Field, out: &mut String) {
    let words = match &field.shape {
        Shape::Choice(words) => words,
        Shape::List(inner) => match inner.as_ref() {
            Shape::Choice(words) => words,
            _ => return,
        },
        _ => return,
    };
    let _ = write!(out, "\n`{}` is one of:\n\n", field.name);
    for word in *words {
        let spelt = if matches!(*word, "true" | "false") { (*word).to_owned() } else { format!("\"{word}\"") };
        let _ = writeln!(out, "- `{spelt}`: {}", field.meaning(word).unwrap_or_default());
    }
}

/// Tables within a table, each under its own heading. A network within an ordering is described once, at `[network]`.
fn inner(fields: &[Field], path: &str, out: &mut String) {
    for field in fields {
        let (inside, title) = match &field.shape {
            Shape::Table(inside) => (inside, format!("`[{path}.{}]`", field.name)),
            Shape::Tables(inside) => (inside, format!("`[[{path}.{}]]`", field.name)),
            _ => continue,
        };
        let _ = write!(out, "\n### {title}\n\n{}", field.help);
        if let Some((selector, words)) = field.used_with {
            let _ = write!(out, " Only with `{selector}` {}.", super::read::one_of(words));
        }
        if is_network(inside) {
            out.push_str(" The same settings as `[network]`.\n");
            continue;
        }
        out.push_str("\n\n");
        table(inside, out);
        inner(inside, &format!("{path}.{}", field.name), out);
    }
}

fn is_network(fields: &[Field]) -> bool {
    fields == <super::network::Network as super::read::Table>::fields()
}
