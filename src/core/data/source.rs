//! A set as its files hold it, before the experiment chooses from it.

use super::set::ImageSet;
use std::collections::BTreeMap;

/// All images of a set, in canonical order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    /// Training images.
    pub train: ImageSet,
    /// Test images.
    pub test: ImageSet,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// SHA-256 of everything read, by name.
    pub checksums: BTreeMap<String, String>,
}
