//! Printing: data to standard output, words to standard error.

use super::failure::Failure;
use serde::Serialize;
use std::io::{self, Write};

/// Prints data with a line end. If the reader has gone, the command ends quietly.
pub fn print(text: &str) -> Result<(), Failure> {
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
        Ok(text) => print(&text),
        Err(error) => Err(Failure::failed(format!("cannot write JSON: {error}"))),
    }
}

/// Prints a value as one line of JSON.
pub fn json_line(value: &impl Serialize) -> Result<(), Failure> {
    match serde_json::to_string(value) {
        Ok(text) => print(&text),
        Err(error) => Err(Failure::failed(format!("cannot write JSON: {error}"))),
    }
}

/// Says something on standard error. A closed one is nobody to complain to.
pub fn note(text: &str) {
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
    fn tables_line_up() {
        let rows = [vec!["run".to_string(), "step".into()], vec!["ε-net".into(), "1,200".into()], vec!["x".into(), "7".into()]];
        assert_eq!(table(&rows, &[1]), "run     step\nε-net  1,200\nx          7\n");
    }
}
