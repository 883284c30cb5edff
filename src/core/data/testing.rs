//! What the tests of this module share.

use super::set::ImageSet;
use super::source::Source;
use std::path::PathBuf;

/// A set of 1×1 grey images with these labels; the pixel is the image's number.
pub(crate) fn labelled(labels: &[u16]) -> ImageSet {
    ImageSet {
        images: (0..labels.len()).map(|place| place as u8).collect(),
        labels: labels.to_vec(),
        index: (0..labels.len() as u32).collect(),
        height: 1,
        width: 1,
        channels: 1,
        difficulty: None,
    }
}

/// A source with these training labels, no test images, and classes named `class 0` and so on.
pub(crate) fn source(labels: &[u16], classes: usize) -> Source {
    Source { train: labelled(labels), classes: (0..classes).map(|class| format!("class {class}")).collect(), ..Source::default() }
}

/// The folder of real image sets: `CURRICLE_DATA`, else beside the repository. None, with a printed line, where it is not.
pub(crate) fn real_data(file: &str) -> Option<PathBuf> {
    beside("CURRICLE_DATA", "../shared/data", file)
}

/// The folder of reference results.
pub(crate) fn reference(file: &str) -> Option<PathBuf> {
    beside("CURRICLE_REFERENCE", "../shared/reference", file)
}

fn beside(variable: &str, default: &str, file: &str) -> Option<PathBuf> {
    let repository = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os(variable).map_or_else(|| repository.join(default), PathBuf::from);
    if folder.join(file).exists() {
        return Some(folder);
    }
    eprintln!("skipped: `{}` is not there ({variable} names the folder)", folder.join(file).display());
    None
}
