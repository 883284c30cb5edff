//! What an ordering keeps on disk, counted before anything runs.

use super::experiment::Experiment;
use super::ordering::ItemKind;
use super::values::Candidates;

impl Experiment {
    /// Bytes of score files and of `order.safetensors`, at most, for so many steps on so many training images. 0 without an
    /// ordering.
    #[must_use]
    pub fn recorded_bytes(&self, steps: u64, images: u64) -> u64 {
        let Some(ordering) = &self.ordering else { return 0 };
        let batch = self.training.batch;
        let units = if ordering.item == ItemKind::Sample { images } else { images.div_ceil(batch.max(1)) };
        let each = if ordering.item == ItemKind::Sample { batch } else { 1 };
        let candidates = match ordering.candidates {
            _ if !ordering.record_scores || ordering.scorer.scores_none() => 0,
            Candidates::All => units,
            Candidates::Of(count) => count.saturating_mul(each).min(units),
        };
        // Items twice (in the order too); of a candidate its number and score; correlations, classes and ends of lists.
        let step = batch.saturating_mul(8).saturating_add(candidates.saturating_mul(8)).saturating_add(each * 4 + 256);
        steps.saturating_mul(step).saturating_add(64 << 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Ordering, Scorer};

    #[test]
    fn all_candidates_of_samples_take_most() {
        let mut experiment = Experiment::default();
        assert_eq!(experiment.recorded_bytes(100, 1_000), 0);
        experiment.training.batch = 10;
        experiment.ordering = Some(Ordering { candidates: Candidates::All, ..Ordering::default() });
        let batches = experiment.recorded_bytes(100, 1_000);
        experiment.ordering = Some(Ordering { candidates: Candidates::All, item: ItemKind::Sample, ..Ordering::default() });
        let samples = experiment.recorded_bytes(100, 1_000);
        assert!((100 * 8 * 1_000..100 * 9 * 1_000 + (64 << 10)).contains(&samples), "{samples}");
        assert!(batches < samples / 3, "{batches}");
        experiment.ordering = Some(Ordering { scorer: Scorer::Grab, ..Ordering::default() });
        assert!(experiment.recorded_bytes(100, 1_000) < batches);
    }
}
