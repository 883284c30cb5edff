//! Paths of settings, as `mixing.phase.0.k`, and changing what they lead to.

use super::form::{Field, Shape};
use super::node::{Content, Node, parse_value};

/// Two settings of which only one can hold: setting one takes the other away.
const EITHER: &[(&str, &str)] = &[("training.epochs", "training.steps"), ("training.steps", "training.epochs")];

/// The steps of a path; none when it is misspelt.
pub(crate) fn split(path: &str) -> Option<Vec<String>> {
    let keys = toml_edit::Key::parse(path.trim()).ok()?;
    let steps: Vec<String> = keys.iter().map(|key| key.get().to_owned()).collect();
    (!steps.is_empty()).then_some(steps)
}

/// The setting that gives way when this one is set.
pub(crate) fn rival(path: &str) -> Option<&'static str> {
    EITHER.iter().find(|(set, _)| *set == path).map(|(_, rival)| *rival)
}

/// What a path leads to in the schema.
pub(crate) enum Known {
    /// A setting or a table of settings.
    Field(&'static Field),
    /// A value below a table with free keys.
    Free,
    /// One of several tables, as `attack.0`.
    Item,
}

/// What a path leads to; none when there is no such key.
pub(crate) fn known(steps: &[String]) -> Option<Known> {
    let mut fields = super::experiment_fields();
    let mut steps = steps.iter();
    let mut found = None;
    while let Some(step) = steps.next() {
        let field = fields.iter().find(|field| field.name == step)?;
        found = Some(Known::Field(field));
        match &field.shape {
            Shape::Table(inner) => fields = inner,
            Shape::Tables(inner) => {
                fields = inner;
                if let Some(place) = steps.next() {
                    place.parse::<usize>().ok()?;
                    found = Some(Known::Item);
                }
            }
            Shape::Map(_) if steps.next().is_some() => return Some(Known::Free),
            // An element of a list, or the inside of a value as `network.head.window`.
            _ if steps.next().is_some() => return Some(Known::Free),
            _ => {}
        }
    }
    found
}

/// The value that a text on the command line or in the form stands for: TOML where the setting takes what TOML says,
/// else the bare text.
pub(crate) fn value(steps: &[String], text: &str) -> Node {
    let shape = match known(steps) {
        Some(Known::Field(field)) => Some(&field.shape),
        _ => None,
    };
    of_shape(shape, text)
}

fn of_shape(shape: Option<&Shape>, text: &str) -> Node {
    let bare = || Content::Text(text.to_owned()).into();
    let toml = parse_value(text);
    match shape {
        Some(Shape::Text) => toml.filter(|node| matches!(node.content, Content::Text(_))).unwrap_or_else(bare),
        Some(Shape::Choice(words)) if words.contains(&text) => bare(),
        Some(Shape::List(inner)) => match toml {
            Some(node) if matches!(node.content, Content::List(_)) => node,
            _ if text.trim().is_empty() => Content::List(Vec::new()).into(),
            _ => Content::List(text.split(',').map(|item| of_shape(Some(inner), item.trim())).collect()).into(),
        },
        _ => toml.unwrap_or_else(bare),
    }
}

/// Puts a value at a path, making tables on the way; what it rules out is taken away. Tells why it cannot.
pub(crate) fn put(root: &mut Node, steps: &[String], value: Node) -> Result<(), String> {
    let path = steps.join(".");
    if let Some(rival) = rival(&path) {
        let (table, key) = rival.split_once('.').unwrap_or((rival, ""));
        if let Some(table) = root.get_mut(table) {
            table.remove(key);
        }
    }
    let mut here = root;
    for (depth, step) in steps.iter().enumerate() {
        let last = depth + 1 == steps.len();
        here = match &mut here.content {
            Content::List(items) => {
                let place: usize = step.parse().map_err(|_| format!("`{step}` is no number in a list"))?;
                if place > items.len() {
                    return Err(format!("there is no number {place}: the list has {}, counted from 0", items.len()));
                }
                if place == items.len() {
                    items.push(Node { content: Content::Table(Vec::new()), ..value.clone() });
                }
                items.get_mut(place).ok_or_else(|| format!("there is no number {place}"))?
            }
            Content::Table(entries) | Content::Inline(entries) => {
                let found = entries.iter().position(|(key, _)| key == step).unwrap_or(entries.len());
                if found == entries.len() {
                    // `attack.0.kind` where there is no attack yet.
                    let list = !last && matches!(known(&steps[..=depth]), Some(Known::Field(Field { shape: Shape::Tables(_), .. })));
                    let content = if list { Content::List(Vec::new()) } else { Content::Table(Vec::new()) };
                    entries.push((step.clone(), Node { content, ..value.clone() }));
                }
                match entries.get_mut(found) {
                    Some((_, node)) => node,
                    None => return Err(format!("there is no `{step}`")),
                }
            }
            _ => return Err(format!("`{}` holds a value, not a table", steps.get(..depth).unwrap_or_default().join("."))),
        };
    }
    *here = value;
    Ok(())
}

/// A single number for all seeds becomes the three of them.
pub(crate) fn spread_seed(root: &mut Node) {
    if let Some(seed) = root.get_mut("seed")
        && matches!(seed.content, Content::Whole(_) | Content::Number(_) | Content::Text(_))
    {
        let each = super::read::Table::written(&super::seed::Seed::default());
        let entries = each.into_iter().map(|(name, _)| (name.to_owned(), seed.clone())).collect();
        *seed = Node { content: Content::Table(entries), ..seed.clone() };
    }
}

/// Gives a value and all within an origin.
pub(crate) fn stamp(node: &mut Node, line: Option<usize>, origin: &std::sync::Arc<str>) {
    node.line = line;
    node.origin = Some(origin.clone());
    match &mut node.content {
        Content::List(items) => items.iter_mut().for_each(|item| stamp(item, line, origin)),
        Content::Table(entries) | Content::Inline(entries) => {
            entries.iter_mut().for_each(|(_, item)| stamp(item, line, origin));
        }
        _ => {}
    }
}
