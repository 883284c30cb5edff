//! Sections and fields as data: what the form, `preset show` and the reference page are made from.

use super::range::Range;

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
