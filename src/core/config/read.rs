//! Reading values of the tree into typed settings; every problem is collected, none ends the reading.

use super::form::{Field, Shape};
use super::node::{Content, Node};
use super::problem::Problem;
use super::range::Range;
use std::sync::Arc;

/// What can stand behind a key.
pub(crate) trait Entry: Sized {
    /// Whether `""` stands for nothing where the setting may be absent.
    const EMPTY_IS_NONE: bool = false;

    /// What it looks like.
    fn shape() -> Shape;

    /// Reads it; none when a problem was reported.
    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self>;

    /// Writes it; none when it is absent.
    fn write(&self) -> Option<Node>;

    /// The word that it holds, if it is a choice.
    fn chosen(&self) -> Option<&'static str> {
        None
    }

    /// What each word means, if it is a choice: as doc comments, a space before each.
    fn meanings() -> &'static [&'static str] {
        &[]
    }
}

/// A table of settings, as `section!` declares it.
pub(crate) trait Table: Sized + Default {
    /// Its settings, in order.
    fn fields() -> &'static [Field];

    /// The word that one of its choices holds.
    fn choice(&self, name: &str) -> Option<&'static str>;

    /// Reads all settings; those that are absent, wrong or unused keep their defaults.
    fn read_fields(table: &TableReader<'_>, reader: &mut Reader) -> Self;

    /// Writes all settings.
    fn written(&self) -> Vec<(&'static str, Option<Node>)>;
}

impl<T: Table> Entry for T {
    fn shape() -> Shape {
        Shape::Table(T::fields().to_vec())
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let table = TableReader::open(node, at, T::fields(), reader)?;
        Some(T::read_fields(&table, reader))
    }

    /// Every setting that the chosen kinds use, or something else: what nothing uses was read as its default.
    fn write(&self) -> Option<Node> {
        let fields = T::fields();
        let word = |name: &str| self.choice(name);
        let usual = T::default().written();
        let entries = self.written().into_iter().zip(usual).zip(fields).filter_map(|(((name, node), (_, usual)), field)| {
            let used = unused_because(fields, field, &word).is_none();
            node.filter(|node| used || usual.as_ref() != Some(node)).map(|node| (name.to_owned(), node))
        });
        Some(Content::Table(entries.collect()).into())
    }
}

/// The default of a field, as TOML on one line; empty where the setting may be absent, and for tables.
pub(crate) fn default_text<T: Entry>(value: &T) -> String {
    match T::shape() {
        Shape::Table(_) | Shape::Tables(_) | Shape::Map(_) => String::new(),
        _ => value.write().map(|node| super::write::inline(&node)).unwrap_or_default(),
    }
}

/// Reads one of several words; its place among them.
pub(crate) fn choice(node: &Node, at: At<'_>, words: &[&str], reader: &mut Reader) -> Option<usize> {
    let word = match &node.content {
        Content::Text(text) => text.clone(),
        Content::Flag(flag) => flag.to_string(),
        _ => String::from("\0"),
    };
    let found = words.iter().position(|known| *known == word);
    if found.is_none() {
        let hint = super::nearest::nearest(&word, words.iter().copied()).map(|near| format!("did you mean `\"{near}\"`?"));
        reader.mistyped(node, at.path, &one_of(words), hint);
    }
    found
}

/// The node for a word of a choice; `true` and `false` without quotes.
pub(crate) fn written_choice(word: &'static str) -> Node {
    match word {
        "true" => Content::Flag(true).into(),
        "false" => Content::Flag(false).into(),
        _ => Content::Text(word.to_owned()).into(),
    }
}

/// Where a value stands, and what numbers it may hold.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub path: &'a str,
    pub range: Range,
}

/// Collects problems and remembers what was written where.
pub(crate) struct Reader {
    origin: Arc<str>,
    pub problems: Vec<Problem>,
    /// How many of them are of single values, once these are all read.
    values: Option<usize>,
    /// Settings that something uses though the choice that they belong to does not.
    pub also_used: Vec<String>,
    /// Written settings that the chosen kinds do not use.
    pub unused: Vec<String>,
    written: Vec<(String, Option<usize>, Option<Arc<str>>)>,
}

impl Reader {
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.into(), problems: Vec::new(), values: None, also_used: Vec::new(), unused: Vec::new(), written: Vec::new() }
    }

    /// Reports a problem at a value.
    pub fn report(&mut self, node: &Node, path: &str, text: String, hint: Option<String>) {
        let origin = node.origin.as_ref().unwrap_or(&self.origin).to_string();
        self.problems.push(Problem { origin, line: node.line, path: path.to_owned(), text, hint });
    }

    /// Reports that a value is not what was expected.
    pub fn mistyped(&mut self, node: &Node, path: &str, expected: &str, hint: Option<String>) {
        self.report(node, path, format!("expected {expected}, got {}", node.described()), hint);
    }

    /// Ends the problems of single values: what follows are those between settings.
    pub fn end_values(&mut self) {
        self.values = Some(self.problems.len());
    }

    /// Reports a problem that concerns several settings: at the first of them that was written. Silent where one of
    /// them has a problem of its own already, since what it would say follows from that one.
    pub fn conflict(&mut self, paths: &[&str], text: String, hint: Option<String>) {
        let within = |inner: &str, outer: &str| inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        let values = &self.problems[..self.values.unwrap_or(self.problems.len())];
        if paths.iter().any(|path| values.iter().any(|problem| within(&problem.path, path))) {
            return;
        }
        let place = paths.iter().find_map(|path| self.written.iter().find(|(written, ..)| written == path));
        let (path, line, origin) = match place {
            Some((path, line, origin)) => (path.clone(), *line, origin.as_ref().unwrap_or(&self.origin).to_string()),
            None => (paths.first().copied().unwrap_or_default().to_owned(), None, self.origin.to_string()),
        };
        self.problems.push(Problem { origin, line, path, text, hint });
    }

    /// Reports a problem at a written setting, whatever else is wrong with it.
    pub fn conflict_at(&mut self, path: &str, text: String, hint: Option<String>) {
        let place = self.written.iter().find(|(written, ..)| written == path);
        let (line, origin) = match place {
            Some((_, line, origin)) => (*line, origin.as_ref().unwrap_or(&self.origin).to_string()),
            None => (None, self.origin.to_string()),
        };
        self.problems.push(Problem { origin, line, path: path.to_owned(), text, hint });
    }

    /// Whether a setting was written.
    pub fn is_written(&self, path: &str) -> bool {
        self.written.iter().any(|(written, ..)| written == path)
    }

    pub(super) fn note(&mut self, path: String, node: &Node) {
        self.written.push((path, node.line, node.origin.clone()));
    }
}

/// Reads one table: its known keys one by one, then reports the unknown ones and those that its kinds do not use.
pub(crate) struct TableReader<'a> {
    node: &'a Node,
    path: String,
    fields: &'static [Field],
}

impl<'a> TableReader<'a> {
    /// Begins; none when it is not a table. Unknown keys are reported here.
    pub fn open(node: &'a Node, at: At<'_>, fields: &'static [Field], reader: &mut Reader) -> Option<Self> {
        let Some(entries) = node.entries() else {
            let hint = fields.first().map(|field| format!("write `[{}]`, and below it its keys, as `{} = …`", at.path, field.name));
            reader.mistyped(node, at.path, "a table", hint);
            return None;
        };
        let this = Self { node, path: at.path.to_owned(), fields };
        for (key, value) in entries {
            if !fields.iter().any(|field| field.name == key) {
                let hint = super::nearest::hint(key, at.path, fields);
                reader.report(value, &this.place(key), "no such key".to_owned(), hint);
            }
        }
        Some(this)
    }

    /// Reads one of its fields; none when it is absent or wrong.
    pub fn field<T: Entry>(&self, name: &str, range: Range, reader: &mut Reader) -> Option<T> {
        let node = self.node.get(name)?;
        let path = self.place(name);
        reader.note(path.clone(), node);
        T::read(node, At { path: &path, range }, reader)
    }

    /// Reports written keys that the chosen kinds do not use. Keys of the file whose kind was changed on the command
    /// line are passed over: nobody wrote the two together.
    pub fn unused(&self, word: &dyn Fn(&str) -> Option<&'static str>, reader: &mut Reader) -> Vec<&'static str> {
        let mut unused = Vec::new();
        for field in self.fields {
            let Some((selector, words)) = unused_because(self.fields, field, word) else { continue };
            if reader.also_used.contains(&self.place(field.name)) {
                continue;
            }
            unused.push(field.name);
            let Some(node) = self.node.get(field.name) else { continue };
            let selected = self.node.get(selector);
            if node.origin.is_none() && selected.is_some_and(|selected| selected.origin.is_some()) {
                continue;
            }
            let selector_path = self.place(selector);
            if reader.problems.iter().any(|problem| problem.path == selector_path) {
                continue;
            }
            let is = super::write::quoted(word(selector).unwrap_or_default());
            let list = one_of(words);
            let hint = format!("it belongs to `{selector}` {list}: remove it, or change `{selector_path}`");
            reader.unused.push(self.place(field.name));
            reader.report(node, &self.place(field.name), format!("not used with `{selector_path} = {is}`"), Some(hint));
        }
        unused
    }

    fn place(&self, key: &str) -> String {
        join(&self.path, key)
    }
}

/// The selector that makes a field unused, and the words with which it would be used.
pub(crate) fn unused_because(
    fields: &'static [Field],
    field: &Field,
    word: &dyn Fn(&str) -> Option<&'static str>,
) -> Option<(&'static str, &'static [&'static str])> {
    let (selector, words) = field.used_with?;
    let above = fields.iter().find(|other| other.name == selector)?;
    if let Some(reason) = unused_because(fields, above, word) {
        return Some(reason);
    }
    let is = word(selector)?;
    (!words.contains(&is)).then_some((selector, words))
}

/// A path one step longer.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { super::write::quoted_key(key) } else { format!("{path}.{}", super::write::quoted_key(key)) }
}

/// `` `a`, `b` or `c` ``, with quotes as in TOML.
pub(crate) fn one_of(words: &[&str]) -> String {
    let spelt: Vec<String> =
        words.iter().map(|word| if matches!(*word, "true" | "false") { format!("`{word}`") } else { format!("`\"{word}\"`") }).collect();
    match spelt.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl Entry for u64 {
    fn shape() -> Shape {
        Shape::Whole
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let number = match &node.content {
            Content::Whole(number) => Some(*number),
            Content::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => Some(*number as i128),
            Content::Text(text) => text.parse::<i128>().ok().filter(|number| i64::try_from(*number).is_err()),
            _ => None,
        };
        let read = number.and_then(|number| Self::try_from(number).ok()).filter(|number| at.range.holds_whole(*number));
        if read.is_none() {
            // A number that is too large came as text, without quotes.
            let hint = without_quotes(node).filter(|_| number.is_none());
            reader.mistyped(node, at.path, &at.range.expected_whole(), hint);
        }
        read
    }

    fn write(&self) -> Option<Node> {
        Some(Content::Whole(i128::from(*self)).into())
    }
}

/// What to do about a number in quotes.
fn without_quotes(node: &Node) -> Option<String> {
    match &node.content {
        Content::Text(text) if text.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
            Some(format!("write it without quotes: `{}`", text.trim()))
        }
        _ => None,
    }
}

/// A number, or text as `"8/255"`; none when it is neither, or not finite.
pub(crate) fn number(content: &Content) -> Option<f64> {
    let number = match content {
        Content::Whole(number) => *number as f64,
        Content::Number(number) => *number,
        Content::Text(text) => {
            let (above, below) = text.split_once('/')?;
            above.trim().parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?
        }
        _ => return None,
    };
    number.is_finite().then_some(number)
}

impl Entry for f64 {
    fn shape() -> Shape {
        Shape::Number
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let read = number(&node.content).filter(|number| at.range.holds(*number));
        if read.is_none() {
            reader.mistyped(node, at.path, &at.range.expected_number(), without_quotes(node));
        }
        read
    }

    fn write(&self) -> Option<Node> {
        Some(Content::Number(*self).into())
    }
}

impl Entry for bool {
    fn shape() -> Shape {
        Shape::Flag
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        if let Content::Flag(flag) = node.content {
            return Some(flag);
        }
        let hint = match &node.content {
            Content::Text(text) if matches!(text.as_str(), "true" | "false") => Some(format!("write it without quotes: `{text}`")),
            _ => None,
        };
        reader.mistyped(node, at.path, "`true` or `false`", hint);
        None
    }

    fn write(&self) -> Option<Node> {
        Some(Content::Flag(*self).into())
    }
}

impl Entry for String {
    fn shape() -> Shape {
        Shape::Text
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        if let Content::Text(text) = &node.content {
            return Some(text.clone());
        }
        let hint = match &node.content {
            Content::List(_) | Content::Table(_) | Content::Inline(_) => None,
            _ => Some(format!("write `\"{}\"`", super::write::plain(node))),
        };
        reader.mistyped(node, at.path, "text in quotes", hint);
        None
    }

    fn write(&self) -> Option<Node> {
        Some(Content::Text(self.clone()).into())
    }
}

impl<T: Entry> Entry for Vec<T> {
    fn meanings() -> &'static [&'static str] {
        T::meanings()
    }

    fn shape() -> Shape {
        match T::shape() {
            Shape::Table(fields) => Shape::Tables(fields),
            other => Shape::List(Box::new(other)),
        }
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let Content::List(items) = &node.content else {
            let (expected, hint) = match T::shape() {
                Shape::Table(_) => ("a list of tables", format!("write `[[{}]]` above each of them", at.path)),
                _ => ("a list", "write it in brackets, as in `[a, b]`".to_owned()),
            };
            reader.mistyped(node, at.path, expected, Some(hint));
            return None;
        };
        let read: Vec<T> = items
            .iter()
            .enumerate()
            .filter_map(|(place, item)| {
                let path = join(at.path, &place.to_string());
                T::read(item, At { path: &path, range: at.range }, reader)
            })
            .collect();
        (read.len() == items.len()).then_some(read)
    }

    fn write(&self) -> Option<Node> {
        if self.is_empty() && matches!(T::shape(), Shape::Table(_)) {
            return None;
        }
        Some(Content::List(self.iter().filter_map(Entry::write).collect()).into())
    }
}

impl<T: Entry> Entry for Option<T> {
    fn meanings() -> &'static [&'static str] {
        T::meanings()
    }

    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        match &node.content {
            Content::Text(text) if text.is_empty() && T::EMPTY_IS_NONE => Some(None),
            _ => T::read(node, at, reader).map(Some),
        }
    }

    fn write(&self) -> Option<Node> {
        match self {
            Some(value) => value.write(),
            None if T::EMPTY_IS_NONE => Some(Content::Text(String::new()).into()),
            None => None,
        }
    }
}
