//! Printing: data to standard output, words to standard error.
//!
//! Names, notes, logs and messages come from files that anybody may have written. So nothing goes out as it came: what could
//! steer a terminal is taken out here, in one place, whether or not a terminal is there now; a pipe may end at one.

use super::failure::Failure;
use curricle_core::words::steers;
use serde::Serialize;
use std::io::{self, Write};

/// A text without what steers a terminal; lines and tabs stay.
pub fn clean(text: &str) -> String {
    text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !steers(*letter)).collect()
}

/// The same, but colours stay: `ESC [`, digits and semicolons, `m`. For texts that were painted here.
fn clean_but_colours(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        kept.push_str(&clean(before));
        rest = after;
        let numbers = after.strip_prefix('[').map(|code| code.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';'));
        if let Some(behind) = numbers.and_then(|code| code.strip_prefix('m')) {
            kept.push('\u{1b}');
            kept.push_str(&after[..after.len() - behind.len()]);
            rest = behind;
        }
    }
    kept.push_str(&clean(rest));
    kept
}

/// JSON in which what steers a terminal is written as `\u001b`: the same value, and harmless to look at.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        // Within JSON such a letter stands in a string, or it is the white space of the pretty form.
        if letter == '\n' || !steers(letter) {
            text.push(letter);
        } else {
            letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        }
    }
    text
}

/// Prints data with a line end. If the reader has gone, the command ends quietly.
pub fn print(text: &str) -> Result<(), Failure> {
    write(&clean(text))
}

/// The same for a text in colours. What it says of others must have been made plain before it was painted.
pub fn print_painted(text: &str) -> Result<(), Failure> {
    write(&clean_but_colours(text))
}

fn write(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Prints a value as JSON: pretty for one object or array.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    match serde_json::to_string_pretty(value) {
        Ok(text) => write(&escaped(&text)),
        Err(error) => Err(Failure::failed(format!("cannot write JSON: {error}"))),
    }
}

/// Prints a value as one line of JSON.
pub fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    match serde_json::to_string(value) {
        Ok(text) => write(&escaped(&text)),
        Err(error) => Err(Failure::failed(format!("cannot write JSON: {error}"))),
    }
}

/// Says something on standard error. A closed one is nobody to complain to.
pub fn note(text: &str) {
    say(&clean(text));
}

/// The same with a painted word before it, as `error:`.
pub fn note_marked(mark: &str, text: &str) {
    say(&format!("{mark} {}", clean(text)));
}

/// Says something in the colour of what needs a look.
pub fn note_warning(text: &str, paint: bool) {
    say(&warning(&clean(text), paint));
}

fn say(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n"));
}

/// A table: columns as wide as their widest cell, two spaces between, the ones of `right` flush right.
pub fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    use unicode_width::UnicodeWidthStr;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            if column > 0 {
                line.push_str("  ");
            }
            let space = " ".repeat(widths[column] - cell.width());
            if right.contains(&column) {
                line.push_str(&space);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&space);
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// In the colour of what is wrong.
pub fn bad(text: &str, paint: bool) -> String {
    painted(text, "1;31", paint)
}

/// In the colour of what needs a look.
pub fn warning(text: &str, paint: bool) -> String {
    painted(text, "33", paint)
}

/// In the colour of what is well.
pub fn good(text: &str, paint: bool) -> String {
    painted(text, "32", paint)
}

/// Stands back.
pub fn muted(text: &str, paint: bool) -> String {
    painted(text, "2", paint)
}

fn painted(text: &str, code: &str, paint: bool) -> String {
    if paint { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_goes_out() {
        assert_eq!(clean("a\u{1b}]0;title\u{7}b\r\nc\td\u{9b}2J\u{202e}e"), "a]0;titleb\nc\td2Je");
        assert_eq!(clean_but_colours("\u{1b}[1;31merror:\u{1b}[0m a"), "\u{1b}[1;31merror:\u{1b}[0m a");
        for odd in ["\u{1b}[2J", "\u{1b}[31", "\u{1b}", "\u{1b}]0;x\u{7}", "\u{1b}[?25l", "\u{1b}\u{1b}[H", "\u{9b}31m"] {
            assert!(!clean_but_colours(odd).chars().any(steers), "{odd:?}");
        }
    }

    #[test]
    fn json_keeps_its_value_and_loses_its_teeth() {
        let value = serde_json::json!({ "name": "a\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{e0041}\n", "ä": "ε" });
        let text = escaped(&serde_json::to_string_pretty(&value).expect("serialises"));
        assert!(!text.replace('\n', "").chars().any(steers), "{text:?}");
        assert!(text.contains("\\u009b\\u202e\\udb40\\udc41") && text.contains("\"ä\": \"ε\""), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).expect("reads"), value);
    }

    #[test]
    fn tables_line_up() {
        let rows = [vec!["run".to_string(), "step".into()], vec!["ε-net".into(), "1,200".into()], vec!["x".into(), "7".into()]];
        assert_eq!(table(&rows, &[1]), "run     step\nε-net  1,200\nx          7\n");
    }
}
