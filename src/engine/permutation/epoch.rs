//! One epoch of a study of orders: its split into batches, the crops, the learning rates.

use crate::images::Crops;
use crate::schedule::{self, Place};
use crate::watch::Plateau;
use curricle_core::config::{CropOf, Experiment, LastBatch};
use curricle_core::random::{Purpose, Stream};

/// One epoch.
pub struct Epoch {
    /// Its number, from 1.
    pub number: u64,
    /// Training items of each batch.
    pub batches: Vec<Vec<u32>>,
    /// Samples before each batch, in the order of the split.
    starts: Vec<usize>,
    /// One crop a sample of the epoch: what it belongs to, `crop_of` says.
    crops: Option<Crops>,
    crop_of: CropOf,
    /// Learning rate at each place.
    pub rates: Vec<f64>,
}

impl Epoch {
    /// From its parts. `crops` holds one crop for each sample, or none.
    #[must_use]
    pub fn new(number: u64, batches: Vec<Vec<u32>>, crops: Option<Crops>, crop_of: CropOf, rates: Vec<f64>) -> Self {
        let mut samples = 0;
        let starts = batches
            .iter()
            .map(|batch| {
                samples += batch.len();
                samples - batch.len()
            })
            .collect();
        Self { number, batches, starts, crops, crop_of, rates }
    }

    /// Epoch `number` of an experiment with so many training images: the split is a function of (`permutation.seed`,
    /// epoch), the crops of (`seed.augmentation`, epoch).
    #[must_use]
    pub fn of(experiment: &Experiment, number: u64, images: usize, augmentation: (bool, usize)) -> Self {
        let settings = experiment.permutation.clone().unwrap_or_default();
        let shuffled = Stream::new(settings.seed, Purpose::Permutation, number, 0, 0).permutation(images);
        let size = experiment.training.batch.max(1) as usize;
        let drop = experiment.training.last_batch == LastBatch::Drop;
        let batches: Vec<Vec<u32>> = shuffled.chunks(size).filter(|batch| !drop || batch.len() == size).map(<[u32]>::to_vec).collect();
        let samples = batches.iter().map(Vec::len).sum();
        let crops = Crops::draw(augmentation.0, augmentation.1, samples, experiment.seed.augmentation, number, 0);
        let per_epoch = batches.len() as u64;
        let rate = |place: u64| {
            let place = Place { step: (number - 1) * per_epoch + place, steps: settings.epochs * per_epoch, steps_per_epoch: per_epoch };
            schedule::rate(&experiment.schedule, experiment.optimizer.lr, place, &Plateau::default())
        };
        let rates = (0..per_epoch).map(rate).collect();
        Self::new(number, batches, crops, settings.crop_of, rates)
    }

    /// Samples of the batches of a prefix.
    #[must_use]
    pub fn seen(&self, prefix: &[u8]) -> usize {
        prefix.iter().map(|&batch| self.batches[usize::from(batch)].len()).sum()
    }

    /// Which crop is the first of a batch that comes after `seen` samples.
    #[must_use]
    pub fn crops_begin(&self, batch: u8, seen: usize) -> usize {
        match (&self.crops, self.crop_of) {
            (None, _) => 0,
            (Some(_), CropOf::Position) => seen,
            (Some(_), CropOf::Sample) => self.starts[usize::from(batch)],
        }
    }

    /// The crops of a batch that comes after `seen` samples.
    #[must_use]
    pub fn crops(&self, batch: u8, seen: usize) -> Option<Crops> {
        let all = self.crops.as_ref()?;
        let first = self.crops_begin(batch, seen);
        let range = first..first + self.batches[usize::from(batch)].len();
        Some(Crops { offsets: all.offsets[range.clone()].to_vec(), flips: all.flips[range].to_vec(), padding: all.padding })
    }
}

/// Batches of an epoch of so many images.
#[must_use]
pub fn batches(experiment: &Experiment, images: usize) -> usize {
    let size = experiment.training.batch.max(1) as usize;
    match experiment.training.last_batch {
        LastBatch::Drop => images / size,
        LastBatch::Keep => images.div_ceil(size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment(crop_of: CropOf) -> Experiment {
        let mut experiment = Experiment::default();
        experiment.training.batch = 8;
        experiment.permutation = Some(curricle_core::config::Permutation { crop_of, ..Default::default() });
        experiment
    }

    #[test]
    fn a_crop_belongs_to_the_position_or_to_the_sample() {
        let of = |crop_of| Epoch::of(&experiment(crop_of), 2, 20, (true, 3));
        let position = of(CropOf::Position);
        assert_eq!(position.batches.iter().map(Vec::len).collect::<Vec<_>>(), [8, 8, 4]);
        assert_eq!(position.crops(0, 8), position.crops(1, 8));
        assert_ne!(position.crops(0, 0), position.crops(0, 8));
        // Behind the short batch a whole one begins earlier.
        assert_eq!(position.seen(&[2, 0]), 12);
        assert_eq!(position.crops(1, 12).unwrap().offsets.len(), 8);
        let sample = of(CropOf::Sample);
        assert_eq!(sample.crops(1, 0), sample.crops(1, 12));
        assert_ne!(sample.crops(0, 0), sample.crops(1, 0));
        assert_eq!(sample.batches, position.batches);
    }

    #[test]
    fn epochs_are_split_anew() {
        let of = |number| Epoch::of(&experiment(CropOf::Position), number, 48, (false, 0)).batches;
        assert_ne!(of(1), of(2));
        assert_eq!(of(1), of(1));
        assert_eq!(batches(&experiment(CropOf::Position), 48), of(1).len());
    }
}
