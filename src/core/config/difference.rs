//! What differs between two experiments, and an experiment as JSON.

use super::experiment::Experiment;
use super::node::{Content, Node};
use super::read::join;
use super::write::plain;
use serde_json::Value;

/// Settings that differ: path, value in `a`, value in `b`. A setting that one of them does not use is empty there.
pub fn difference(a: &Experiment, b: &Experiment) -> Vec<(String, String, String)> {
    let (left, right) = (a.settings(), b.settings());
    let find = |list: &[(String, String)], path: &str| list.iter().find(|(other, _)| other == path).map(|(_, value)| value.clone());
    let mut differing = Vec::new();
    for (path, value) in &left {
        let other = find(&right, path).unwrap_or_default();
        if other != *value {
            differing.push((path.clone(), value.clone(), other));
        }
    }
    for (path, value) in &right {
        if find(&left, path).is_none() {
            differing.push((path.clone(), String::new(), value.clone()));
        }
    }
    differing
}

impl Experiment {
    /// Every setting that the chosen kinds use: path, and value for people.
    pub fn settings(&self) -> Vec<(String, String)> {
        let mut settings = Vec::new();
        flatten(&self.tree(), "", &mut settings);
        settings
    }

    /// The whole experiment as JSON, under the same keys as in TOML.
    pub fn to_json(&self) -> Value {
        json(&self.tree())
    }
}

fn flatten(node: &Node, path: &str, out: &mut Vec<(String, String)>) {
    match &node.content {
        Content::Table(entries) => {
            for (key, value) in entries {
                flatten(value, &join(path, key), out);
            }
        }
        Content::List(items) if items.iter().any(|item| matches!(item.content, Content::Table(_))) => {
            for (place, item) in items.iter().enumerate() {
                flatten(item, &join(path, &place.to_string()), out);
            }
        }
        _ => out.push((path.to_owned(), plain(node))),
    }
}

fn json(node: &Node) -> Value {
    match &node.content {
        Content::Text(text) | Content::Time(text) => Value::String(text.clone()),
        Content::Whole(number) => u64::try_from(*number).map_or_else(|_| Value::String(number.to_string()), Value::from),
        Content::Number(number) => Value::from(*number),
        Content::Flag(flag) => Value::Bool(*flag),
        Content::List(items) => Value::Array(items.iter().map(json).collect()),
        Content::Table(entries) | Content::Inline(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), json(value))).collect())
        }
    }
}
