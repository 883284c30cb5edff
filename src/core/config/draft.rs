//! An experiment that is being edited: the user's own text, with its comments and its order.

use super::experiment::Experiment;
use super::form::{Field, Shape};
use super::node::{self, Node};
use super::path::{Known, known, rival, split, value};
use super::problem::{Problem, Problems};
use super::read::join;
use super::selector::also_used;
use super::{reading, write};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

/// An experiment being edited, as the form, a fork and a duplicate do. It may be wrong at any time; [`Draft::check`]
/// says where.
#[derive(Debug, Clone)]
pub struct Draft {
    origin: String,
    document: DocumentMut,
    /// The same as a tree, for looking things up.
    root: Node,
}

impl Draft {
    /// Begins with a text, of which only the spelling is looked at. `origin` names it in messages.
    pub fn new(text: &str, origin: &str) -> Result<Self, Problems> {
        let root = node::parse(text).map_err(|misspelt| Problems(vec![reading::misspelt(origin, misspelt)]))?;
        let document = text.parse::<DocumentMut>().map_err(|error| {
            let misspelt = node::Misspelt { line: None, text: error.message().to_owned() };
            Problems(vec![reading::misspelt(origin, misspelt)])
        })?;
        Ok(Self { origin: origin.to_owned(), document, root })
    }

    /// The text as it stands.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// Sets a setting to a value as typed: TOML, or bare text. What the new value rules out goes: `training.epochs`
    /// when `training.steps` is set, and keys that a newly chosen kind does not use. A value that the setting cannot
    /// hold is refused and nothing is changed; whether settings fit together is left to [`Draft::check`].
    pub fn set(&mut self, path: &str, text: &str) -> Result<(), Problem> {
        self.set_all(&[(path.to_owned(), text.to_owned())]).map_err(|problems| {
            let nothing =
                Problem { origin: self.origin.clone(), line: None, path: path.to_owned(), text: "refused".to_owned(), hint: None };
            problems.0.into_iter().next().unwrap_or(nothing)
        })
    }

    /// Sets several settings at once, as the command line does: a kind and the keys that only it uses may come in any
    /// order. All problems are reported together, and then nothing is changed.
    pub fn set_all(&mut self, settings: &[(String, String)]) -> Result<(), Problems> {
        let mut changed = self.document.clone();
        let mut wrong = Vec::new();
        let mut set: Vec<String> = Vec::new();
        for (path, text) in settings {
            let mut refuse = |text: String| {
                wrong.push(Problem { origin: self.origin.clone(), line: None, path: path.clone(), text, hint: None });
            };
            let Some(steps) = split(path) else {
                refuse(reading::NO_PATH.to_owned());
                continue;
            };
            if let Some(rival) = rival(&steps.join(".")) {
                take(&mut changed, &split(rival).unwrap_or_default());
            }
            if let Err(why) = put(&mut changed, &steps, &value(&steps, text)) {
                refuse(why);
            }
            set.push(steps.iter().fold(String::new(), |path, step| join(&path, step)));
        }
        let before = self.findings(&self.document);
        // Keys that were in use until now, and are not with the kinds that were just chosen.
        for unused in self.findings(&changed).unused {
            if !before.unused.contains(&unused) && !set.iter().any(|path| within(&unused, path) || within(path, &unused)) {
                take(&mut changed, &split(&unused).unwrap_or_default());
            }
        }
        let is_new = |found: &Problem| !before.problems.iter().any(|old| old.path == found.path && old.text == found.text);
        let concerns = |found: &Problem| set.iter().any(|path| within(&found.path, path) || within(path, &found.path) && is_new(found));
        wrong.extend(self.findings(&changed).problems.into_iter().filter(concerns));
        if !wrong.is_empty() {
            return Err(Problems(wrong));
        }
        self.replace(changed);
        Ok(())
    }

    /// Takes a setting or a whole section out, so that its default holds.
    pub fn unset(&mut self, path: &str) {
        let mut changed = self.document.clone();
        take(&mut changed, &split(path).unwrap_or_default());
        self.replace(changed);
    }

    /// A setting as written, text without its quotes; none when it is not written.
    pub fn get(&self, path: &str) -> Option<String> {
        self.find(path).map(|node| match &node.content {
            node::Content::Text(text) => text.clone(),
            _ => write::plain(node),
        })
    }

    /// A setting as written, else its default; empty where there is neither.
    pub fn effective(&self, path: &str) -> String {
        if let Some(written) = self.get(path) {
            return written;
        }
        // `seed = 3` stands for all three seeds.
        if let Some((table, _)) = path.rsplit_once('.')
            && let Some(node) = self.find(table)
            && node.entries().is_none()
            && table == "seed"
        {
            return write::plain(node);
        }
        if rival(path).is_some_and(|rival| self.find(rival).is_some()) {
            return String::new();
        }
        let default = super::form::field(path).map(|field| field.default.clone()).unwrap_or_default();
        match node::parse_value(&default).map(|node| node.content) {
            Some(node::Content::Text(text)) => text,
            _ => default,
        }
    }

    /// How many tables a section that may stand there several times has, as `attack` or `mixing.phase`.
    pub fn count(&self, path: &str) -> usize {
        match self.find(path).map(|node| &node.content) {
            Some(node::Content::List(items)) => items.len(),
            _ => 0,
        }
    }

    /// Reads it as a whole: the experiment, or everything that is wrong.
    pub fn check(&self) -> Result<Experiment, Problems> {
        super::read(&self.text(), &self.origin, &[])
    }

    /// Whether the kinds chosen at present use a setting.
    pub fn is_used(&self, path: &str) -> bool {
        let Some((table, key)) = path.rsplit_once('.').or(Some(("", path))) else { return true };
        let mut key = key.to_owned();
        for _ in 0..8 {
            let path = join(table, &key);
            let Some((selector, words)) = super::form::field(&path).and_then(|field| field.used_with) else { return true };
            if also_used(&self.root).contains(&path) {
                return true;
            }
            let selector_path = if table.is_empty() { selector.to_owned() } else { format!("{table}.{selector}") };
            if !words.contains(&self.effective(&selector_path).as_str()) {
                return false;
            }
            selector.clone_into(&mut key);
        }
        true
    }

    fn replace(&mut self, document: DocumentMut) {
        self.root = node::parse(&document.to_string()).unwrap_or_else(|_| Node::empty());
        self.document = document;
    }

    fn findings(&self, document: &DocumentMut) -> reading::Findings {
        reading::findings(&document.to_string(), &self.origin)
    }

    fn find(&self, path: &str) -> Option<&Node> {
        let mut here = &self.root;
        for step in split(path)? {
            here = match &here.content {
                node::Content::List(items) => items.get(step.parse::<usize>().ok()?)?,
                _ => here.get(&step)?,
            };
        }
        Some(here)
    }
}

fn within(inner: &str, outer: &str) -> bool {
    inner == outer || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// A value in the editor's terms.
fn edited(node: &Node) -> Option<Value> {
    write::inline(node).parse().ok()
}

/// Puts a value at a path, making tables on the way. Tells why it cannot.
fn put(document: &mut DocumentMut, steps: &[String], node: &Node) -> Result<(), String> {
    let value = edited(node).ok_or_else(|| format!("{} is no value", node.described()))?;
    let Some((last, way)) = steps.split_last() else { return Err("no path".to_owned()) };
    let mut here = document.as_item_mut();
    for (depth, step) in way.iter().enumerate() {
        let walked = steps.get(..depth).unwrap_or_default().join(".");
        let fresh = fresh(&steps[..=depth], here);
        spread(&walked, here);
        here = enter(here, step, fresh).ok_or_else(|| format!("`{walked}` has no `{step}` that holds settings"))?;
    }
    let walked = way.join(".");
    spread(&walked, here);
    match here {
        Item::Table(table) => match table.get_mut(last) {
            Some(item) => replace(item, value),
            None => {
                table.insert(last, Item::Value(value));
            }
        },
        Item::Value(Value::InlineTable(table)) => {
            table.insert(last, value);
        }
        Item::Value(Value::Array(array)) => {
            let place: usize = last.parse().map_err(|_| format!("`{last}` is no number in a list"))?;
            match array.len() {
                len if place < len => {
                    array.replace(place, value);
                }
                len if place == len => array.push(value),
                len => return Err(format!("there is no number {place}: the list has {len}, counted from 0")),
            }
        }
        _ => return Err(format!("`{walked}` holds a value, not a table")),
    }
    Ok(())
}

/// `seed = 3` becomes a table when one of the three is set.
fn spread(path: &str, item: &mut Item) {
    if path != "seed" {
        return;
    }
    if let Item::Value(value) = item
        && !value.is_inline_table()
    {
        let mut table = InlineTable::new();
        for field in super::experiment_fields().iter().filter(|field| field.name == "seed") {
            if let Shape::Table(fields) = &field.shape {
                for field in fields {
                    let mut each = value.clone();
                    each.decor_mut().clear();
                    table.insert(field.name, each);
                }
            }
        }
        let decor = value.decor().clone();
        *value = Value::InlineTable(table);
        *value.decor_mut() = decor;
    }
}

/// What to make of a table that is not there yet.
fn fresh(steps: &[String], parent: &Item) -> Item {
    let many = matches!(known(steps), Some(Known::Field(Field { shape: Shape::Tables(_), .. })));
    match parent {
        Item::Table(_) if many => Item::ArrayOfTables(ArrayOfTables::new()),
        Item::Table(_) => Item::Table(Table::new()),
        _ if many => Item::Value(Value::Array(Array::new())),
        _ => Item::Value(Value::InlineTable(InlineTable::new())),
    }
}

/// Goes one step into an item, making what is missing.
fn enter<'a>(item: &'a mut Item, step: &str, fresh: Item) -> Option<&'a mut Item> {
    match item {
        Item::Table(table) => {
            if !table.contains_key(step) {
                table.insert(step, fresh);
            }
            table.get_mut(step)
        }
        Item::Value(Value::InlineTable(_)) => {
            let table = item.as_inline_table_mut()?;
            if !table.contains_key(step) {
                table.insert(step, fresh.into_value().ok()?);
            }
            item.get_mut(step)
        }
        Item::ArrayOfTables(tables) => {
            let place: usize = step.parse().ok()?;
            if place == tables.len() {
                tables.push(Table::new());
            }
            item.get_mut(place)
        }
        Item::Value(Value::Array(_)) => {
            let place: usize = step.parse().ok()?;
            let array = item.as_array_mut()?;
            if place == array.len() {
                array.push(Value::InlineTable(InlineTable::new()));
            }
            item.get_mut(place)
        }
        _ => None,
    }
}

/// Puts a value in place of another and keeps the comment behind it.
fn replace(item: &mut Item, mut value: Value) {
    if let Some(old) = item.as_value() {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
}

/// Takes what a path leads to out of the document, if it is there.
fn take(document: &mut DocumentMut, steps: &[String]) {
    let Some((last, way)) = steps.split_last() else { return };
    let mut here = document.as_item_mut();
    for step in way {
        let next = match here {
            Item::ArrayOfTables(_) | Item::Value(Value::Array(_)) => step.parse::<usize>().ok().and_then(|place| here.get_mut(place)),
            _ => here.get_mut(step.as_str()),
        };
        match next {
            Some(item) => here = item,
            None => return,
        }
    }
    match here {
        Item::ArrayOfTables(tables) => {
            if let Ok(place) = last.parse::<usize>()
                && place < tables.len()
            {
                tables.remove(place);
            }
        }
        Item::Value(Value::Array(array)) => {
            if let Ok(place) = last.parse::<usize>()
                && place < array.len()
            {
                array.remove(place);
            }
        }
        Item::Table(table) => {
            table.remove(last);
        }
        Item::Value(Value::InlineTable(table)) => {
            table.remove(last);
        }
        _ => {}
    }
}
