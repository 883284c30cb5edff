//! How long a run and its epochs are, and what its steps train on.

use crate::config::{Experiment, ItemKind, LastBatch, Ordering, Recipe, Sampler};

/// Steps of an epoch up to which passes are counted one step after the other; no set that fits into memory has more.
pub const MOST: u64 = 1 << 24;

/// The lengths that the arithmetic needs.
pub struct Lengths {
    /// Training images.
    pub images: u64,
    /// Images of a whole batch.
    pub batch: u64,
    /// Batches that an epoch is cut into, a short one counted.
    pub pieces: u64,
    /// The same without a short one that is dropped.
    pub cut: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Steps of the run.
    pub steps: u64,
}

impl Lengths {
    /// Of an experiment on so many training images; `None` where they do not follow, or are absurd.
    pub fn new(experiment: &Experiment, images: u64) -> Option<Self> {
        let batch = experiment.training.batch.max(1);
        let pieces = images.div_ceil(batch);
        if pieces > MOST {
            return None;
        }
        let steps_per_epoch = match experiment.training.last_batch {
            LastBatch::Keep => pieces,
            LastBatch::Drop => images / batch,
        };
        let steps =
            experiment.training.steps.or_else(|| experiment.training.epochs.map(|epochs| epochs.saturating_mul(steps_per_epoch)))?;
        let cut = steps_per_epoch;
        (steps_per_epoch > 0).then_some(Self { images, batch, pieces, cut, steps_per_epoch, steps })
    }

    /// Size of one of the batches that an epoch is cut into over the batch, on the mean: one may be short, and when it is
    /// drawn is chance.
    pub fn mean_size(&self) -> f64 {
        let cut = self.batch * self.cut;
        self.images.min(cut) as f64 / cut as f64
    }

    /// Whole batches that the first `steps` steps of an epoch train on.
    pub fn training(&self, ordering: Option<&Ordering>, steps: u64) -> f64 {
        let by_images = (steps * self.batch).min(self.images) as f64 / self.batch as f64;
        match ordering {
            Some(ordering) if !ordering.replay.is_empty() => by_images,
            // Every step draws a whole batch, without end.
            Some(ordering) if ordering.sampler != Sampler::Off || ordering.pacing.is_some() => {
                steps as f64 * self.batch.min(self.images) as f64 / self.batch as f64
            }
            Some(ordering) if ordering.item == ItemKind::Batch && ordering.recipe == Recipe::Fixed && steps < self.cut => {
                steps as f64 * self.mean_size()
            }
            _ => by_images,
        }
    }
}
