//! Where the tests find reference results and image sets, and how they skip where those are absent.

#![allow(dead_code, clippy::unwrap_used)]

pub mod parity;
pub mod running;
pub mod small;

use std::path::{Path, PathBuf};

/// The folder of reference results: `CURRICLE_REFERENCE`, else `../shared/reference` beside the repository.
pub fn reference() -> PathBuf {
    folder("CURRICLE_REFERENCE", "reference")
}

/// The folder of image sets: `CURRICLE_DATA`, else `../shared/data` beside the repository.
pub fn data() -> PathBuf {
    folder("CURRICLE_DATA", "data")
}

fn folder(variable: &str, name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    match std::env::var_os(variable) {
        // Relative to the repository, wherever cargo runs the test.
        Some(path) if Path::new(&path).is_relative() => root.join(path),
        Some(path) => path.into(),
        None => root.join("../shared").join(name),
    }
}

/// Whether all of `paths` are there; if not, says on one line what is skipped and why.
pub fn present(test: &str, paths: &[&Path]) -> bool {
    match paths.iter().find(|path| !path.exists()) {
        None => true,
        Some(missing) => {
            eprintln!("SKIPPED {test}: {} is absent (see CURRICLE_REFERENCE and CURRICLE_DATA in CONTRIBUTING.md)", missing.display());
            false
        }
    }
}

/// Reads a JSON file.
pub fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The numbers of a JSON list, or of a single number.
pub fn numbers(value: &serde_json::Value) -> Vec<f64> {
    match value.as_array() {
        Some(values) => values.iter().map(|x| x.as_f64().unwrap()).collect(),
        None => vec![value.as_f64().unwrap()],
    }
}
