//! Sections and fields as data: what the form, `preset show` and the reference page are made from.

use super::path::{Known, known, split};
use super::range::Range;
use super::read::one_of;
use std::sync::OnceLock;

/// A top-level part of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Key in TOML; empty for the settings that stand above all sections.
    pub name: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// What it is for.
    pub help: &'static str,
    /// Whether it is off when it is absent.
    pub optional: bool,
    /// Whether there may be several, as in `[[attack]]`.
    pub many: bool,
    /// Its settings, in order.
    pub fields: Vec<Field>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Key in TOML.
    pub name: &'static str,
    /// Name for people.
    pub label: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Unit, as `images`; may be empty.
    pub unit: &'static str,
    /// What kind of value it holds.
    pub shape: Shape,
    /// What each word of a choice means, in the order of the words; empty for other shapes.
    pub meanings: &'static [&'static str],
    /// What numbers it may hold.
    pub range: Range,
    /// Default as TOML; empty when there is none.
    pub default: String,
    /// The setting beside it and the values of that one with which this one is used; none: always.
    pub used_with: Option<(&'static str, &'static [&'static str])>,
}

/// What kind of value a setting holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words, or something else that the text names.
    ChoiceOr(&'static [&'static str], &'static str),
    /// A whole number.
    Whole,
    /// A number; a text `"8/255"` too.
    Number,
    /// Text.
    Text,
    /// `true` or `false`.
    Flag,
    /// Several values of the shape within.
    List(Box<Shape>),
    /// A table of settings.
    Table(Vec<Field>),
    /// Several tables of settings.
    Tables(Vec<Field>),
    /// A table whose keys are free; the text says what it holds.
    Map(&'static str),
}

impl Field {
    /// What a word of this choice means.
    pub fn meaning(&self, word: &str) -> Option<&'static str> {
        let words = match &self.shape {
            Shape::Choice(words) => words,
            Shape::List(inner) => match inner.as_ref() {
                Shape::Choice(words) => words,
                _ => return None,
            },
            _ => return None,
        };
        let place = words.iter().position(|known| *known == word)?;
        self.meanings.get(place).map(|meaning| meaning.trim())
    }

    /// What it may hold, in words: `a whole number from 1`.
    pub fn expected(&self) -> String {
        match &self.shape {
            Shape::Choice(words) => one_of(words),
            Shape::ChoiceOr(words, other) if words.iter().all(|word| word.is_empty()) => (*other).to_owned(),
            Shape::ChoiceOr(words, other) => format!("{}, or {other}", one_of(words)),
            Shape::Whole => self.range.expected_whole(),
            Shape::Number => self.range.expected_number(),
            Shape::Text => "text".to_owned(),
            Shape::Flag => "`true` or `false`".to_owned(),
            Shape::List(inner) => match inner.as_ref() {
                Shape::Choice(words) => format!("a list of {}", one_of(words)),
                Shape::Whole => format!("a list of whole numbers {}", self.range).trim_end().to_owned(),
                Shape::Number => format!("a list of numbers {}", self.range).trim_end().to_owned(),
                _ => "a list of texts".to_owned(),
            },
            Shape::Table(_) => "a table".to_owned(),
            Shape::Tables(_) => "several tables".to_owned(),
            Shape::Map(holds) => (*holds).to_owned(),
        }
    }
}

/// Every section in order: first the settings that stand above all sections, under the empty name.
pub fn sections() -> &'static [Section] {
    static SECTIONS: OnceLock<Vec<Section>> = OnceLock::new();
    SECTIONS.get_or_init(|| {
        let fields = super::experiment_fields();
        let loose = |field: &&Field| !matches!(field.shape, Shape::Table(_) | Shape::Tables(_));
        let mut sections = vec![Section {
            name: "",
            label: "experiment",
            help: "What the experiment is called, and what it does.",
            optional: false,
            many: false,
            fields: fields.iter().filter(loose).cloned().collect(),
        }];
        for field in fields {
            let (inner, many) = match &field.shape {
                Shape::Table(inner) => (inner, false),
                Shape::Tables(inner) => (inner, true),
                _ => continue,
            };
            sections.push(Section {
                name: field.name,
                label: field.label,
                help: field.help,
                optional: super::experiment::is_optional(field.name),
                many,
                fields: inner.clone(),
            });
        }
        sections
    })
}

/// The setting that a path leads to, as `mixing.phase.0.k`; none when there is no such key.
pub fn field(path: &str) -> Option<&'static Field> {
    match known(&split(path)?)? {
        Known::Field(field) => Some(field),
        Known::Free | Known::Item => None,
    }
}
