//! A published study of orders, as one JSON file: the initial weights, the batches, their crops, the orders, and what came
//! of each (`docs/perfect-ordering.md` describes the file).

use super::tree::Order;
use crate::error::{Error, Result};
use curricle_core::data::ImageSet;
use serde_json::Value;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest file that is read.
const LIMIT: u64 = 64 << 20;
/// Problems that are named one by one.
const NAMED: usize = 12;

/// What the file says, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// File of the initial weights.
    pub initial: PathBuf,
    /// Numbers of the training images of each batch.
    pub batches: Vec<Vec<u32>>,
    /// The orders, as listed.
    pub orders: Vec<Order>,
    /// Test loss of each order: the sum of the means of the test batches.
    pub losses: Vec<f64>,
    /// Correct answers of each order.
    pub correct: Vec<u64>,
    /// Numbers of the test images.
    pub test: Vec<u32>,
    /// Images of one test batch.
    pub test_batch: usize,
    /// Row and column of the window of each sample of an epoch, and the padding.
    pub crops: Option<(Vec<(u8, u8)>, u8)>,
    /// What the file says of the training, by the name of the setting.
    pub settings: Vec<(&'static str, f64)>,
}

impl Published {
    /// Reads and checks a file. Problems are named all at once.
    ///
    /// # Errors
    /// A file that is missing, is no JSON, or is no study.
    pub fn read(path: &Path, crops: bool) -> Result<Self> {
        let mut bytes = Vec::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
        read.map_err(|error| Error::Configuration(format!("{}: cannot be read: {error}", path.display())))?;
        if bytes.len() as u64 > LIMIT {
            return Err(Error::Configuration(format!("{}: it is larger than {} MB", path.display(), LIMIT >> 20)));
        }
        let file: Value =
            serde_json::from_slice(&bytes).map_err(|error| Error::Configuration(format!("{}: it is not JSON: {error}", path.display())))?;
        let mut problems = Vec::new();
        let study = parse(&file, path.parent().unwrap_or(Path::new(".")), crops, &mut problems);
        match study {
            Some(study) if problems.is_empty() => Ok(study),
            _ => Err(refusal(path, &problems)),
        }
    }

    /// Places of the training and test images in these sets. Problems are named all at once.
    ///
    /// # Errors
    /// Images that are not in the sets.
    pub fn places(&self, path: &Path, train: &ImageSet, test: &ImageSet) -> Result<(Vec<Vec<u32>>, Vec<u32>)> {
        let known = |set: &ImageSet| -> HashMap<u32, u32> { set.index.iter().copied().zip(0..).collect() };
        let (in_train, in_test) = (known(train), known(test));
        let mut problems = Vec::new();
        let mut place = |known: &HashMap<u32, u32>, number: u32, what: String, set: &str| {
            let found = known.get(&number).copied();
            if found.is_none() {
                problems.push(format!("`{what}`: image {number} is not in the {set} set of this experiment ({} images)", known.len()));
            }
            found.unwrap_or(0)
        };
        let mut batches = Vec::with_capacity(self.batches.len());
        for (number, batch) in self.batches.iter().enumerate() {
            let of = |(at, &image): (usize, &u32)| place(&in_train, image, format!("batches[{number}][{at}]"), "training");
            batches.push(batch.iter().enumerate().map(of).collect());
        }
        let of = |(at, &image): (usize, &u32)| place(&in_test, image, format!("test_indices[{at}]"), "test");
        let tests = self.test.iter().enumerate().map(of).collect();
        if problems.is_empty() { Ok((batches, tests)) } else { Err(refusal(path, &problems)) }
    }
}

fn refusal(path: &Path, problems: &[String]) -> Error {
    let mut text = format!("{}: it is no study of orders that can be replayed", path.display());
    for problem in problems.iter().take(NAMED) {
        text.push_str("\n  ");
        text.push_str(problem);
    }
    if problems.len() > NAMED {
        text.push_str(&format!("\n  and {} more", problems.len() - NAMED));
    }
    Error::Configuration(text)
}

/// `None` where something is missing that the rest cannot be checked without.
fn parse(file: &Value, folder: &Path, crops: bool, problems: &mut Vec<String>) -> Option<Published> {
    if !file.is_object() {
        problems.push("expected one JSON object".into());
        return None;
    }
    let initial = match file.get("initial").map(Value::as_str) {
        Some(Some(name)) => Some(folder.join(name)),
        Some(None) => problem(problems, "`initial`: expected the name of a file of weights beside this one"),
        None => problem(problems, "`initial` is missing: the file of the initial weights"),
    };
    if let Some(path) = initial.as_ref().filter(|path| !path.is_file()) {
        problems.push(format!("`initial`: there is no file `{}`", path.display()));
    }
    let batches = rows(file, "batches", problems);
    let orders = rows(file, "orders", problems);
    let losses = list(file, "test_loss", problems, |value| value.as_f64().filter(|loss| loss.is_finite()), "a finite number");
    let correct = list(file, "test_correct", problems, Value::as_u64, "a whole number");
    let test = list(file, "test_indices", problems, number, "the number of an image");
    let batches = batches?;
    if batches.is_empty() || batches.len() > 255 {
        problems.push(format!("`batches`: expected 1 to 255 batches, got {}", batches.len()));
    }
    for (place, batch) in batches.iter().enumerate().filter(|(_, batch)| batch.is_empty()) {
        problems.push(format!("`batches[{place}]`: {} images", batch.len()));
    }
    if let Some(test) = test.as_ref().filter(|test| test.is_empty()) {
        problems.push(format!("`test_indices`: {} images", test.len()));
    }
    if let Some(orders) = &orders {
        if orders.is_empty() {
            problems.push("`orders`: expected at least one order".into());
        }
        for (place, order) in orders.iter().enumerate() {
            let mut sorted = order.clone();
            sorted.sort_unstable();
            if !sorted.iter().copied().eq(0..batches.len() as u32) {
                problems.push(format!("`orders[{place}]`: expected each batch 0 to {} once, got {order:?}", batches.len().max(1) - 1));
            }
        }
        for (name, length) in [("test_loss", losses.as_ref().map(Vec::len)), ("test_correct", correct.as_ref().map(Vec::len))] {
            if let Some(length) = length.filter(|&length| length != orders.len()) {
                problems.push(format!("`{name}`: expected one for each of {} orders, got {length}", orders.len()));
            }
        }
    }
    let images = test.as_ref().map_or(0, Vec::len);
    if let Some(most) =
        correct.as_ref().and_then(|correct| correct.iter().copied().max()).filter(|&most| test.is_some() && most > images as u64)
    {
        problems.push(format!("`test_correct`: {most} correct of {images} test images"));
    }
    let test_batch = match file.get("test_batch_size").map(|value| value.as_u64().filter(|&size| size > 0)) {
        None => images.max(1),
        Some(Some(size)) => size as usize,
        Some(None) => problem(problems, "`test_batch_size`: expected a whole number of images, 1 at least").unwrap_or(1),
    };
    let samples = batches.iter().map(Vec::len).sum();
    let crops = if crops { self::crops(file, samples, problems) } else { None };
    Some(Published {
        initial: initial?,
        orders: orders?.into_iter().map(|order| order.into_iter().map(|batch| batch as u8).collect()).collect(),
        losses: losses?,
        correct: correct?,
        test: test?,
        batches,
        test_batch,
        crops,
        settings: settings(file),
    })
}

fn problem<T>(problems: &mut Vec<String>, text: &str) -> Option<T> {
    problems.push(text.to_owned());
    None
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

/// A list of numbers; every wrong one is a problem.
fn list<T>(file: &Value, name: &str, problems: &mut Vec<String>, read: impl Fn(&Value) -> Option<T>, expected: &str) -> Option<Vec<T>> {
    let Some(value) = file.get(name) else { return problem(problems, &format!("`{name}` is missing")) };
    let Some(values) = value.as_array() else { return problem(problems, &format!("`{name}`: expected a list")) };
    let mut found = Vec::with_capacity(values.len());
    for (place, value) in values.iter().enumerate() {
        match read(value) {
            Some(value) => found.push(value),
            None => problems.push(format!("`{name}[{place}]`: expected {expected}, got {}", short(value))),
        }
    }
    (found.len() == values.len()).then_some(found)
}

/// A list of lists of whole numbers.
fn rows(file: &Value, name: &str, problems: &mut Vec<String>) -> Option<Vec<Vec<u32>>> {
    let row = |value: &Value| value.as_array()?.iter().map(number).collect::<Option<Vec<u32>>>();
    list(file, name, problems, row, "a list of whole numbers")
}

/// `training_crop`: one window for each sample of an epoch.
fn crops(file: &Value, samples: usize, problems: &mut Vec<String>) -> Option<(Vec<(u8, u8)>, u8)> {
    let crop = file.get("training_crop")?;
    let padding = crop.get("padding").and_then(Value::as_u64).and_then(|padding| u8::try_from(padding).ok()).filter(|&p| p < 128);
    let Some(padding) = padding else { return problem(problems, "`training_crop.padding`: expected a whole number from 0 to 127") };
    if crop.get("fill").is_some_and(|fill| fill.as_f64() != Some(0.0)) {
        problems.push("`training_crop.fill`: only 0, black, is known".into());
    }
    let Some(offsets) = crop.get("offsets_row_column").and_then(Value::as_array) else {
        return problem(problems, "`training_crop.offsets_row_column`: expected a list of rows and columns");
    };
    if offsets.len() < samples {
        problems.push(format!("`training_crop.offsets_row_column`: {} windows for {samples} samples of an epoch", offsets.len()));
    }
    let mut found = Vec::with_capacity(offsets.len());
    for (place, offset) in offsets.iter().enumerate() {
        let within = |at: usize| offset.get(at).and_then(Value::as_u64).filter(|&at| at <= 2 * u64::from(padding));
        match (offset.as_array().map(Vec::len), within(0), within(1)) {
            (Some(2), Some(row), Some(column)) => found.push((row as u8, column as u8)),
            _ => problems.push(format!(
                "`training_crop.offsets_row_column[{place}]`: expected a row and a column from 0 to {}, got {}",
                2 * u32::from(padding),
                short(offset)
            )),
        }
    }
    Some((found, padding))
}

/// What the file says of how was trained, under the names of the settings.
fn settings(file: &Value) -> Vec<(&'static str, f64)> {
    let places = [
        ("optimizer.lr", "/sgd/lr"),
        ("optimizer.momentum", "/sgd/momentum"),
        ("optimizer.weight_decay", "/sgd/weight_decay"),
        ("data.mean", "/normalisation/mean"),
        ("data.std", "/normalisation/std"),
    ];
    places.into_iter().filter_map(|(name, place)| Some((name, file.pointer(place)?.as_f64()?))).collect()
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 40 { format!("{}…", text.chars().take(40).collect::<String>()) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn study() -> Value {
        json!({
            "initial": "w.safetensors",
            "batches": [[5, 6], [7, 8]],
            "orders": [[0, 1], [1, 0]],
            "test_loss": [0.5, 0.25],
            "test_correct": [2, 3],
            "test_indices": [1, 2, 3],
            "test_batch_size": 2,
            "training_crop": { "padding": 1, "size": 28, "fill": 0, "offsets_row_column": [[0, 1], [2, 2], [1, 1], [0, 0]] },
        })
    }

    fn read(file: &Value, crops: bool) -> std::result::Result<Published, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("w.safetensors"), b"").unwrap();
        let path = folder.path().join("study.json");
        std::fs::write(&path, file.to_string()).unwrap();
        Published::read(&path, crops).map_err(|error| error.to_string().replace(&path.display().to_string(), "study.json"))
    }

    #[test]
    fn a_study_reads() {
        let found = read(&study(), true).unwrap();
        assert_eq!(found.orders, [[0, 1], [1, 0]]);
        assert_eq!(found.crops, Some((vec![(0, 1), (2, 2), (1, 1), (0, 0)], 1)));
        assert_eq!(found.test_batch, 2);
        assert_eq!(read(&study(), false).unwrap().crops, None);
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let mut file = study();
        file["orders"] = json!([[0, 0], [1, 0], [1]]);
        file["test_correct"] = json!([2, 9]);
        file["test_indices"] = json!([1, -2, 3]);
        file["training_crop"]["offsets_row_column"] = json!([[0, 1], [2, 3]]);
        file["initial"] = json!("absent.safetensors");
        let text = read(&file, true).unwrap_err();
        for part in [
            "study.json: it is no study of orders that can be replayed",
            "absent.safetensors`",
            "`orders[0]`: expected each batch 0 to 1 once, got [0, 0]",
            "`orders[2]`: expected each batch 0 to 1 once, got [1]",
            "`test_loss`: expected one for each of 3 orders, got 2",
            "`test_indices[1]`: expected the number of an image, got -2",
            "2 windows for 4 samples",
            "offsets_row_column[1]`: expected a row and a column from 0 to 2, got [2,3]",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn what_is_no_study_is_refused() {
        for file in [json!([1]), json!({}), json!({ "batches": 3 }), json!("x")] {
            assert!(read(&file, true).is_err());
        }
        let text = Published::read(Path::new("/nowhere/study.json"), true).unwrap_err().to_string();
        assert!(text.contains("/nowhere/study.json"), "{text}");
    }

    #[test]
    fn images_outside_the_sets_are_named() {
        let found = read(&study(), false).unwrap();
        let set = |index: &[u32]| ImageSet { index: index.to_vec(), labels: vec![0; index.len()], ..ImageSet::default() };
        let path = Path::new("study.json");
        let (batches, tests) = found.places(path, &set(&[8, 7, 6, 5]), &set(&[1, 2, 3])).unwrap();
        assert_eq!((batches, tests), (vec![vec![3, 2], vec![1, 0]], vec![0, 1, 2]));
        let text = found.places(path, &set(&[7, 6, 5]), &set(&[1, 2])).unwrap_err().to_string();
        assert!(text.contains("`batches[1][1]`: image 8 is not in the training set of this experiment (3 images)"), "{text}");
        assert!(text.contains("`test_indices[2]`: image 3"), "{text}");
    }
}
