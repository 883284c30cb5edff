//! A column of numbers, one a training image, from a CSV, JSON or safetensors file: scores that were made elsewhere.
//!
//! Row i belongs to image i of the set's own training order, unless a column `index` says which image a row belongs to.
//! Images that a subset or a hold-out leaves out may have rows; each image that is trained on must.

use crate::run::{TensorFile, disk, plain};
use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

/// Largest file that is read.
const LARGEST: u64 = 512 << 20;
/// Column that says which image a row belongs to.
const INDEX: &str = "index";
/// Findings that an error lists.
const LISTED: usize = 5;

/// The numbers of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    file: String,
    name: String,
    values: HashMap<u32, f64>,
}

/// A row before it is known to be good: where it stands, which image, which number.
struct Row {
    place: String,
    index: Option<Result<u32, String>>,
    value: Result<f64, String>,
}

impl Column {
    /// Reads a column by its name. The ending of the file says what it is.
    ///
    /// # Errors
    /// What cannot be read, or is no number, with the places.
    pub fn read(path: &Path, name: &str) -> Result<Self, String> {
        let bytes = disk::read(path, LARGEST).map_err(|error| error.to_string())?;
        let file = plain(&path.display().to_string());
        let wrong = |text: String| format!("`{file}` {text}");
        let rows = match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
            Some("csv") => csv_rows(&bytes, name),
            Some("json") => json_rows(&bytes, name),
            Some("safetensors") => tensor_rows(&bytes, name),
            _ => Err("is no CSV, JSON or safetensors file by its ending".to_owned()),
        };
        Self::of_rows(rows.map_err(wrong)?, &file, name)
    }

    fn of_rows(rows: Vec<Row>, file: &str, name: &str) -> Result<Self, String> {
        let mut values = HashMap::with_capacity(rows.len());
        let mut problems = Vec::new();
        for (number, row) in rows.into_iter().enumerate() {
            let index = row.index.unwrap_or(Ok(number as u32));
            match (index, row.value) {
                (Ok(index), Ok(value)) => {
                    if values.insert(index, value).is_some() {
                        problems.push(format!("{}: image {index} stands there twice", row.place));
                    }
                }
                (index, value) => {
                    problems.extend([index.err(), value.err()].into_iter().flatten().map(|text| format!("{}: {text}", row.place)))
                }
            }
        }
        if problems.is_empty() {
            return Ok(Self { file: file.to_owned(), name: name.to_owned(), values });
        }
        Err(listed(&format!("column `{name}` of `{file}`"), &problems))
    }

    /// The numbers of some images, by their index in the set.
    ///
    /// # Errors
    /// If an image has none.
    pub fn of(&self, index: &[u32]) -> Result<Vec<f64>, String> {
        let missing: Vec<String> =
            index.iter().filter(|image| !self.values.contains_key(image)).map(|image| format!("image {image} has no row")).collect();
        if !missing.is_empty() {
            return Err(listed(&format!("column `{}` of `{}`", self.name, self.file), &missing));
        }
        Ok(index.iter().filter_map(|image| self.values.get(image).copied()).collect())
    }
}

fn listed(what: &str, problems: &[String]) -> String {
    let more = problems.len().saturating_sub(LISTED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("{what}: {}{more}", problems[..problems.len().min(LISTED)].join("; "))
}

fn number(text: &str) -> Result<f64, String> {
    match text.trim() {
        "" => Err("the value is missing".to_owned()),
        text => text.parse().map_err(|_| format!("`{}` is no number", plain(text))).and_then(finite),
    }
}

/// A score is a number: what stands for a missing one, or is beyond all, is none.
fn finite(value: f64) -> Result<f64, String> {
    if value.is_finite() { Ok(value) } else { Err(format!("`{value}` is no finite number")) }
}

fn index(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("`{}` is no image's number", plain(text)))
}

fn no_column<'a>(name: &str, there: impl Iterator<Item = &'a str>) -> String {
    let there: Vec<String> = there.take(8).map(|other| format!("`{}`", plain(other))).collect();
    format!("has no column `{name}`; it has {}", if there.is_empty() { "none".to_owned() } else { there.join(", ") })
}

/// The same text with `\n` at the end of every line.
fn with_plain_ends(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\r' if rest.peek() == Some(&b'\n') => {}
            b'\r' => text.push(b'\n'),
            byte => text.push(byte),
        }
    }
    text.push(b'\n');
    text
}

fn csv_rows(bytes: &[u8], name: &str) -> Result<Vec<Row>, String> {
    let words = |error: csv::Error| format!("cannot be read: {}", plain(&error.to_string()));
    // Lines are counted by their ends, so each must have one, and the same.
    let is_plain = bytes.ends_with(b"\n") && !bytes.contains(&b'\r');
    let text = if is_plain { Cow::Borrowed(bytes) } else { Cow::Owned(with_plain_ends(bytes)) };
    let mut reader = csv::Reader::from_reader(&*text);
    let headers = reader.headers().map_err(words)?.clone();
    let place = |wanted: &str| headers.iter().position(|header| header.trim() == wanted);
    let column = place(name).ok_or_else(|| no_column(name, headers.iter()))?;
    let numbered = place(INDEX).filter(|_| name != INDEX);
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(words)? {
        // The reader passes over empty lines. Where rows are images in their order, one of them is a missing value.
        let begun = record.position().map_or(0, csv::Position::line);
        let within: usize = record.iter().map(|field| field.matches('\n').count()).sum();
        let empty = reader.position().line().saturating_sub(begun + 1 + within as u64);
        let line = begun + empty;
        if numbered.is_none() {
            rows.extend((begun..line).map(|line| Row { place: format!("line {line}"), index: None, value: number("") }));
        }
        rows.push(Row {
            place: format!("line {line}"),
            index: numbered.map(|place| index(record.get(place).unwrap_or_default())),
            value: number(record.get(column).unwrap_or_default()),
        });
    }
    Ok(rows)
}

fn json_rows(bytes: &[u8], name: &str) -> Result<Vec<Row>, String> {
    use serde_json::Value;
    let file: Value = serde_json::from_slice(bytes).map_err(|error| format!("is no JSON: {}", plain(&error.to_string())))?;
    let value = |value: Option<&Value>| match value {
        None | Some(Value::Null) => Err("the value is missing".to_owned()),
        Some(value) => value.as_f64().ok_or_else(|| format!("`{}` is no number", plain(&value.to_string()))),
    };
    let whole = |value: &Value| {
        value.as_u64().and_then(|value| u32::try_from(value).ok()).ok_or_else(|| "its index is no image's number".to_owned())
    };
    let row = |number: usize, index: Option<&Value>, found: Option<&Value>| Row {
        place: format!("row {number}"),
        index: index.map(whole),
        value: value(found),
    };
    match &file {
        // A list of rows, or of numbers.
        Value::Array(rows) => Ok(rows
            .iter()
            .enumerate()
            .map(|(number, found)| match found {
                Value::Object(fields) => row(number, fields.get(INDEX), fields.get(name)),
                other => row(number, None, Some(other)),
            })
            .collect()),
        // Columns by name.
        Value::Object(columns) => {
            let Some(Value::Array(column)) = columns.get(name) else { return Err(no_column(name, columns.keys().map(String::as_str))) };
            let numbers = columns.get(INDEX).and_then(Value::as_array);
            if numbers.is_some_and(|numbers| numbers.len() != column.len()) {
                return Err(format!("has {} rows of `{name}`, but another number of `{INDEX}`", column.len()));
            }
            let at = |number: usize| numbers.and_then(|numbers| numbers.get(number));
            Ok(column.iter().enumerate().map(|(number, found)| row(number, at(number), Some(found))).collect())
        }
        _ => Err("is neither a list nor an object of columns".to_owned()),
    }
}

fn tensor_rows(bytes: &[u8], name: &str) -> Result<Vec<Row>, String> {
    let file = TensorFile::parse(bytes)?;
    let view = file.tensors().tensor(name).map_err(|_| no_column(name, file.names().into_iter()))?;
    let [count] = *view.shape() else { return Err(format!("holds `{name}` with shape {:?}, one number an image is read", view.shape())) };
    let values = file.values(name, &[count as i64])?;
    let numbers = file.longs(INDEX).ok().filter(|numbers| numbers.len() == count);
    let row = |(number, value): (usize, f64)| Row {
        place: format!("row {number}"),
        index: numbers.as_ref().map(|numbers| u32::try_from(numbers[number]).map_err(|_| "its index is no image's number".to_owned())),
        value: finite(value),
    };
    Ok(values.into_iter().enumerate().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &[u8], column: &str) -> Result<Column, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let place = folder.path().display().to_string() + "/";
        Column::read(&path, column).map_err(|text| text.replace(&place, ""))
    }

    #[test]
    fn rows_belong_to_images_in_order_or_by_index() {
        for (name, text) in [
            ("a.csv", "score,other\n0.5,x\n-1e3,y\n2,z\n"),
            ("b.csv", "index,score\n2,2\n0,0.5\n1,-1000\n"),
            ("c.json", "{\"score\": [0.5, -1000, 2]}"),
            ("d.json", "[{\"index\": 1, \"score\": -1000}, {\"index\": 0, \"score\": 0.5}, {\"index\": 2, \"score\": 2}]"),
            ("e.JSON", "[0.5, -1000.0, 2]"),
        ] {
            let column = read(name, text.as_bytes(), "score").unwrap();
            assert_eq!(column.of(&[2, 0, 1]), Ok(vec![2.0, 0.5, -1000.0]), "{name}");
        }
        let values: Vec<u8> = [0.5f32, -1000.0, 2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![3], &values).unwrap();
        let bytes = safetensors::serialize([("score", view)], None).unwrap();
        assert_eq!(read("f.safetensors", &bytes, "score").unwrap().of(&[1]), Ok(vec![-1000.0]));
    }

    #[test]
    fn what_is_wrong_is_said_all_at_once() {
        let error = |name: &str, text: &str| read(name, text.as_bytes(), "score").unwrap_err();
        assert_eq!(
            error("a.csv", "score\n1\n\"\"\nhard\n3\n"),
            "column `score` of `a.csv`: line 3: the value is missing; line 4: `hard` is no number"
        );
        // An empty line is a row without its value, but for those at the end of the file.
        let three = "column `score` of `a.csv`: line 3: the value is missing";
        for text in ["score\n1\n\n3\n", "score\r\n1\r\n\r\n3\r\n", "score\n1\n\n3\n\n\n", "score,other\n1,\"a\"\n\n3,b"] {
            assert_eq!(error("a.csv", text), three, "{text:?}");
        }
        assert_eq!(error("a.csv", "score,other\n1,\"a\nb\"\n\n3,b"), three.replace('3', "4"));
        assert!(read("a.csv", b"score\r\n1\r\n3\r\n\r\n", "score").is_ok() && read("a.csv", b"index,score\n1,1\n\n2,3\n", "score").is_ok());
        assert_eq!(
            error("a.csv", "score\nnan\n-inf\n"),
            "column `score` of `a.csv`: line 2: `NaN` is no finite number; line 3: `-inf` is no finite number"
        );
        assert_eq!(error("a.csv", "loss,hard\n1,2\n"), "`a.csv` has no column `score`; it has `loss`, `hard`");
        assert_eq!(
            error("a.json", "[1, null, \"x\"]"),
            "column `score` of `a.json`: row 1: the value is missing; row 2: `\"x\"` is no number"
        );
        assert_eq!(error("a.csv", "index,score\n1,2\n1,3\n"), "column `score` of `a.csv`: line 3: image 1 stands there twice");
        assert_eq!(error("a.txt", "1"), "`a.txt` is no CSV, JSON or safetensors file by its ending");
        let column = read("a.csv", b"score\n1\n2\n", "score").unwrap();
        assert_eq!(column.of(&[0, 2]).unwrap_err().split(": ").last(), Some("image 2 has no row"));
        let many = (0..9).map(|_| "x\n").collect::<String>();
        assert!(error("a.csv", &format!("score\n{many}")).ends_with("line 6: `x` is no number; and 4 more"));
    }
}
