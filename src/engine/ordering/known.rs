//! Scores that are known before training: one number a training image.

use crate::error::{Error, Result};
use curricle_core::config::{Ordering, Sampler, Scorer};
use curricle_core::data::{Column, ImageSet};
use std::path::Path;

/// Negative numbers that an error lists.
const LISTED: usize = 5;

/// Numbers of the training images.
#[derive(Debug, Clone, Default)]
pub struct Known {
    labels: Vec<f64>,
    difficulty: Vec<f64>,
    column: Vec<f64>,
}

impl Known {
    /// Labels, the difficulty where the set has one, and the column that `ordering.column` names.
    ///
    /// # Errors
    /// If the column cannot be read, or has no number for an image.
    pub fn of(set: &ImageSet, settings: &Ordering) -> Result<Self> {
        let column = match &settings.column {
            Some(column) if !column.file.is_empty() => {
                let named = |text: String| Error::Configuration(format!("ordering.column: {text}"));
                let read = Column::read(Path::new(&column.file), &column.name).map_err(named)?;
                let values = read.of(&set.index).map_err(named)?;
                are_weights(&values, set, settings).map_err(named)?;
                values
            }
            _ => Vec::new(),
        };
        Ok(Self {
            labels: set.labels.iter().map(|&label| f64::from(label)).collect(),
            difficulty: set.difficulty.iter().flatten().map(|&one| f64::from(one)).collect(),
            column,
        })
    }

    /// The numbers that a scorer goes by; `None` if it goes by something else.
    #[must_use]
    pub fn scores(&self, scorer: Scorer) -> Option<&[f64]> {
        match scorer {
            Scorer::Label => Some(&self.labels),
            Scorer::Difficulty => Some(&self.difficulty),
            Scorer::Column => Some(&self.column),
            _ => None,
        }
    }

    /// How many of some images belong to each of `classes` classes.
    #[must_use]
    pub fn mix(&self, items: &[u32], classes: usize) -> Vec<u32> {
        let mut mix = vec![0; classes];
        for &item in items {
            let class = self.labels.get(item as usize).map(|&label| label as usize);
            if let Some(count) = class.and_then(|class| mix.get_mut(class)) {
                *count += 1;
            }
        }
        mix
    }
}

/// Whether a column's numbers can be what its images are drawn by, where a sampler takes them as weights.
fn are_weights(values: &[f64], set: &ImageSet, settings: &Ordering) -> std::result::Result<(), String> {
    if settings.scorer != Scorer::Column || !matches!(settings.sampler, Sampler::Weighted | Sampler::Inverse) {
        return Ok(());
    }
    let negative: Vec<String> =
        set.index.iter().zip(values).filter(|(_, value)| **value < 0.0).map(|(image, value)| format!("{value} of image {image}")).collect();
    if negative.is_empty() {
        return Ok(());
    }
    let shown = negative.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    let more = negative.len().saturating_sub(LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let sampler = settings.sampler;
    Err(format!(
        "sampler `{sampler}` takes scores as weights, and negative are {shown}{more}; use `ordering.sampler = \"smallest\"` or `\"largest\"`"
    ))
}
