//! Writing values as TOML.

use super::node::{Content, Node};
use toml_edit::{Key, Value};

/// A value on one line.
pub(crate) fn inline(node: &Node) -> String {
    match &node.content {
        Content::Text(text) => quoted(text),
        Content::Whole(number) if i64::try_from(*number).is_ok() => number.to_string(),
        // TOML's whole numbers end at 2^63; larger seeds are written as text, and read from it.
        Content::Whole(number) => quoted(&number.to_string()),
        Content::Number(number) => float(*number),
        Content::Flag(flag) => flag.to_string(),
        Content::Time(time) => time.clone(),
        Content::List(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Content::Table(entries) | Content::Inline(entries) if entries.is_empty() => "{}".to_owned(),
        Content::Table(entries) | Content::Inline(entries) => {
            let inner: Vec<String> = entries.iter().map(|(key, value)| format!("{} = {}", quoted_key(key), inline(value))).collect();
            format!("{{ {} }}", inner.join(", "))
        }
    }
}

/// A value for people: text without its quotes, the rest as TOML.
pub(crate) fn plain(node: &Node) -> String {
    match &node.content {
        Content::Text(text) if !text.is_empty() => text.clone(),
        Content::Whole(number) => number.to_string(),
        _ => inline(node),
    }
}

/// Text in quotes, on one line.
pub(crate) fn quoted(text: &str) -> String {
    let spelt = Value::from(text).to_string();
    if !spelt.contains('\n') {
        return spelt;
    }
    // A text of several lines, spelt on one, so that it may stand anywhere.
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            other if other.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A key, in quotes where it needs them.
pub(crate) fn quoted_key(key: &str) -> String {
    Key::new(key).display_repr().into_owned()
}

/// A number that reads back as the same bits.
fn float(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) { format!("{number:e}") } else { format!("{number:?}") }
}

/// A whole file: values first, then the tables within, each under its header.
pub(crate) fn document(root: &Node) -> String {
    let mut out = String::new();
    section(root, "", &mut out);
    out
}

fn section(node: &Node, prefix: &str, out: &mut String) {
    let Some(entries) = node.entries() else { return };
    for (key, value) in entries {
        if !has_header(value) {
            out.push_str(&format!("{} = {}\n", quoted_key(key), inline(value)));
        }
    }
    for (key, value) in entries {
        let path = if prefix.is_empty() { quoted_key(key) } else { format!("{prefix}.{}", quoted_key(key)) };
        match &value.content {
            Content::Table(_) => {
                header(&format!("[{path}]"), out);
                section(value, &path, out);
            }
            Content::List(items) if has_header(value) => {
                for item in items {
                    header(&format!("[[{path}]]"), out);
                    section(item, &path, out);
                }
            }
            _ => {}
        }
    }
}

fn header(text: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str(text);
    out.push('\n');
}

fn has_header(node: &Node) -> bool {
    match &node.content {
        Content::Table(_) => true,
        Content::List(items) => !items.is_empty() && items.iter().all(|item| matches!(item.content, Content::Table(_))),
        _ => false,
    }
}
