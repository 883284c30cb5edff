//! Tables with free keys: published figures, arms and grids of a sweep.

use super::form::Shape;
use super::node::{Content, Node};
use super::read::{At, Entry, Reader, join, number};
use super::values::{Arm, Arms, Figure, Figures, Grid};
use super::write::inline;

fn open<'a>(node: &'a Node, at: At<'_>, holds: &str, reader: &mut Reader) -> Option<&'a [(String, Node)]> {
    let entries = node.entries();
    if entries.is_none() {
        reader.mistyped(node, at.path, &format!("a table of {holds}"), None);
    }
    entries
}

impl Entry for Figures {
    fn shape() -> Shape {
        Shape::Map("figures by name, each a number or a list with one number an epoch")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let mut figures = Vec::new();
        for (name, value) in open(node, at, "figures, as `best = 0.93`", reader)? {
            let path = join(at.path, name);
            let figure = match &value.content {
                Content::List(_) => Vec::<f64>::read(value, At { path: &path, range: at.range }, reader).map(Figure::Series),
                content => number(content).map(Figure::One).or_else(|| {
                    reader.mistyped(value, &path, "a number, or a list of numbers", None);
                    None
                }),
            };
            figures.extend(figure.map(|figure| (name.clone(), figure)));
        }
        Some(Self(figures))
    }

    fn write(&self) -> Option<Node> {
        let entries = self.0.iter().filter_map(|(name, figure)| {
            let node = match figure {
                Figure::One(number) => number.write(),
                Figure::Series(numbers) => numbers.write(),
            };
            Some((name.clone(), node?))
        });
        Some(Content::Table(entries.collect()).into())
    }
}

/// Paths and values of an arm. Quoted paths and tables within tables come to the same.
fn settings(node: &Node, path: &str, out: &mut Vec<(String, Node)>) {
    for (key, value) in node.entries().unwrap_or_default() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        // A setting that is itself written as a table, as `{ window = 7 }`, stays whole.
        let whole =
            super::form::field(&path).is_some_and(|field| !matches!(field.shape, Shape::Table(_) | Shape::Tables(_) | Shape::Map(_)));
        match value.entries() {
            Some(inner) if !inner.is_empty() && !whole => settings(value, &path, out),
            _ => out.push((path, value.clone())),
        }
    }
}

impl Entry for Arms {
    fn shape() -> Shape {
        Shape::Map("arms by name, each a table of quoted paths and values")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let mut arms = Vec::new();
        for (name, value) in open(node, at, "arms, as `[sweep.arm.random]`", reader)? {
            let path = join(at.path, name);
            let here = At { path: &path, range: at.range };
            if open(value, here, "settings, as `\"ordering.scorer\" = \"random\"`", reader).is_some() {
                reader.note(path, value);
                let mut set = Vec::new();
                settings(value, "", &mut set);
                let set = set.into_iter().map(|(path, value)| (path, inline(&value))).collect();
                arms.push(Arm { name: name.clone(), set });
            }
        }
        Some(Self(arms))
    }

    fn write(&self) -> Option<Node> {
        let table = |arm: &Arm| Content::Table(arm.set.iter().map(|(path, value)| (path.clone(), value_node(value))).collect());
        Some(Content::Table(self.0.iter().map(|arm| (arm.name.clone(), table(arm).into())).collect()).into())
    }
}

impl Entry for Grid {
    fn shape() -> Shape {
        Shape::Map("quoted paths, each with a list of values")
    }

    fn read(node: &Node, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let mut found = Vec::new();
        open(node, at, "settings with lists, as `\"optimizer.lr\" = [0.1, 0.05]`", reader)?;
        settings(node, "", &mut found);
        let mut grid = Vec::new();
        for (setting, value) in found {
            let path = join(at.path, &setting);
            match &value.content {
                Content::List(items) if !items.is_empty() => {
                    reader.note(path, &value);
                    grid.push((setting, items.iter().map(inline).collect()));
                }
                _ => reader.mistyped(&value, &path, "a list of values", None),
            }
        }
        Some(Self(grid))
    }

    fn write(&self) -> Option<Node> {
        let list = |values: &[String]| Content::List(values.iter().map(|value| value_node(value)).collect());
        Some(Content::Table(self.0.iter().map(|(path, values)| (path.clone(), list(values).into())).collect()).into())
    }
}

/// A value that is kept as TOML; what is no TOML is text.
fn value_node(text: &str) -> Node {
    match super::node::parse_value(text) {
        // On one line, so that a table does not turn into further paths.
        Some(Node { content: Content::Table(entries), .. }) => Content::Inline(entries).into(),
        Some(node) => node,
        None => Content::Text(text.to_owned()).into(),
    }
}
