//! TOML as a tree in which every value knows its line.
//!
//! `toml_edit` keeps spans only in documents that are not edited; settings of the command line must be mixed in. So the
//! parsed document becomes this small tree once, and reader and writer know nothing of TOML's many spellings.

use std::sync::Arc;
use toml_edit::{Document, Item, Value};

/// Longest text that is read as an experiment. The parser takes some 350 times as much memory.
pub(crate) const LONGEST: usize = 128 << 10;
/// Most brackets in it. A list takes up to 2 kB of the parser's memory, however short it is.
const BRACKETS_MOST: usize = 10_000;

/// A value and the place where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Line in the file, from 1.
    pub line: Option<usize>,
    /// The setting of the command line that it comes from; none: the file.
    pub origin: Option<Arc<str>>,
    /// What it is.
    pub content: Content,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Text(String),
    Whole(i128),
    Number(f64),
    Flag(bool),
    /// A date or a time of day, as written.
    Time(String),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
    /// A table that is written on one line; reading makes no difference.
    Inline(Vec<(String, Node)>),
}

impl From<Content> for Node {
    fn from(content: Content) -> Self {
        Self { line: None, origin: None, content }
    }
}

impl Node {
    /// A table without entries.
    pub fn empty() -> Self {
        Content::Table(Vec::new()).into()
    }

    /// Entries, if it is a table.
    pub fn entries(&self) -> Option<&[(String, Self)]> {
        match &self.content {
            Content::Table(entries) | Content::Inline(entries) => Some(entries),
            _ => None,
        }
    }

    /// Entries, if it is a table.
    pub fn entries_mut(&mut self) -> Option<&mut Vec<(String, Self)>> {
        match &mut self.content {
            Content::Table(entries) | Content::Inline(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of this name, if it is a table that has one.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()?.iter().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The entry of this name, if it is a table that has one.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        self.entries_mut()?.iter_mut().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// Takes an entry out.
    pub fn remove(&mut self, key: &str) {
        if let Some(entries) = self.entries_mut() {
            entries.retain(|(name, _)| name != key);
        }
    }

    /// How it reads in a message: `` `8` ``, `` `"abc"` ``, `a table`.
    pub fn described(&self) -> String {
        const WIDEST: usize = 60;
        match &self.content {
            Content::Table(_) | Content::Inline(_) => "a table".to_owned(),
            Content::List(items) if items.iter().any(|item| item.entries().is_some()) => "a list of tables".to_owned(),
            _ => {
                let text = super::write::inline(self);
                let short = if text.chars().count() > WIDEST {
                    text.chars().take(WIDEST - 1).chain(std::iter::once('…')).collect()
                } else {
                    text
                };
                format!("`{}`", short.replace('\n', "⏎"))
            }
        }
    }
}

/// What is wrong with the spelling of a TOML file.
pub(crate) struct Misspelt {
    /// Line, from 1.
    pub line: Option<usize>,
    /// What the parser says.
    pub text: String,
}

/// Whether a text keeps within the limits; if not, why.
pub(crate) fn fits(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("{} bytes are too many: an experiment has at most {LONGEST}", text.len()));
    }
    // Wherever they stand.
    let count = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if count > BRACKETS_MOST {
        return Err(format!("{count} lists and tables are too many: an experiment has at most {BRACKETS_MOST}"));
    }
    Ok(())
}

/// Parses a whole file.
pub(crate) fn parse(text: &str) -> Result<Node, Misspelt> {
    fits(text).map_err(|text| Misspelt { line: None, text })?;
    let lines = Lines::new(text);
    let document = Document::parse(text).map_err(|error| {
        let line = error.span().map(|span| lines.of(span.start));
        Misspelt { line, text: error.message().trim().replace('\n', ", ") }
    })?;
    let mut root = Node::empty();
    if let Some(entries) = root.entries_mut() {
        table(document.as_table(), &lines, entries);
    }
    Ok(root)
}

/// Parses one value, as after `--set key=`.
pub(crate) fn parse_value(text: &str) -> Option<Node> {
    fits(text).ok()?;
    let value: Value = text.trim().parse().ok()?;
    Some(value_node(&value, &Lines::new(""), None))
}

/// Where lines begin.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(place, _)| place).collect())
    }

    fn of(&self, offset: usize) -> usize {
        self.0.partition_point(|end| *end < offset) + 1
    }
}

fn table(table: &toml_edit::Table, lines: &Lines, entries: &mut Vec<(String, Node)>) {
    for (key, item) in table.iter() {
        let span = table.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
        let line = span.map(|span| lines.of(span.start));
        if let Some(node) = item_node(item, lines, line) {
            entries.push((key.to_owned(), node));
        }
    }
}

fn item_node(item: &Item, lines: &Lines, line: Option<usize>) -> Option<Node> {
    let content = match item {
        Item::None => return None,
        Item::Value(value) => return Some(value_node(value, lines, line)),
        Item::Table(inner) => {
            let mut entries = Vec::new();
            table(inner, lines, &mut entries);
            Content::Table(entries)
        }
        Item::ArrayOfTables(tables) => Content::List(
            tables
                .iter()
                .map(|inner| {
                    let mut entries = Vec::new();
                    table(inner, lines, &mut entries);
                    let line = inner.span().map(|span| lines.of(span.start)).or(line);
                    Node { line, origin: None, content: Content::Table(entries) }
                })
                .collect(),
        ),
    };
    Some(Node { line, origin: None, content })
}

fn value_node(value: &Value, lines: &Lines, line: Option<usize>) -> Node {
    let content = match value {
        Value::String(text) => Content::Text(text.value().clone()),
        Value::Integer(number) => Content::Whole(i128::from(*number.value())),
        Value::Float(number) => Content::Number(*number.value()),
        Value::Boolean(flag) => Content::Flag(*flag.value()),
        Value::Datetime(time) => Content::Time(time.value().to_string()),
        Value::Array(items) => Content::List(
            items
                .iter()
                .map(|item| {
                    let place = item.span().map(|span| lines.of(span.start)).or(line);
                    value_node(item, lines, if line.is_some() { place } else { None })
                })
                .collect(),
        ),
        Value::InlineTable(inner) => Content::Table(
            inner
                .iter()
                .map(|(key, item)| {
                    let place = inner.key(key).and_then(toml_edit::Key::span).map(|span| lines.of(span.start)).or(line);
                    (key.to_owned(), value_node(item, lines, if line.is_some() { place } else { None }))
                })
                .collect(),
        ),
    };
    Node { line, origin: None, content }
}
