//! What an experiment comes to in numbers: steps, epochs, when something is due. All of it follows from the experiment
//! and the size of the training set, never from the clock.

use crate::error::{Error, Result};
use crate::schedule::Place;
use curricle_core::config::{Experiment, Interval, LastBatch, Scorer};
use curricle_core::passes;
use curricle_core::random::{Purpose, Stream};
use std::ops::Range;

/// Numbers of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Images of the training set.
    pub images: usize,
    /// Images read by one step.
    pub batch: usize,
    /// Steps of one epoch.
    pub steps_per_epoch: u64,
    /// Steps of the run.
    pub steps: u64,
    /// Steps that the schedule of rates is laid out for: those of the run, unless these are stretched to equal compute.
    pub scheduled: u64,
    /// Epochs of the run, a last part counted as one.
    pub epochs: u64,
    /// Steps between evaluations.
    pub evaluate_every: u64,
    /// Steps between checkpoints that are kept; 0 = never.
    pub keep_every: u64,
    /// Steps covered by one `step` event.
    pub record_every: u64,
}

impl Plan {
    /// The plan of an experiment on `images` training images.
    ///
    /// # Errors
    /// A batch larger than the set.
    pub fn new(experiment: &Experiment, images: usize, on_cuda: bool) -> Result<Self> {
        let training = &experiment.training;
        let batch = training.batch as usize;
        if batch > images {
            return Err(Error::Configuration(format!(
                "training.batch: a batch of {batch} is larger than the training set of {images} images; use {images} at most"
            )));
        }
        let steps_per_epoch = match training.last_batch {
            LastBatch::Drop => images / batch,
            LastBatch::Keep => images.div_ceil(batch),
        } as u64;
        let scheduled = training.steps.unwrap_or_else(|| training.epochs.unwrap_or(1) * steps_per_epoch);
        let steps = match experiment.ordering.as_ref().filter(|ordering| ordering.scorer == Scorer::EqualCompute) {
            None => scheduled,
            Some(ordering) => passes::equal_steps(experiment, images as u64).ok_or_else(|| {
                let text = format!("ordering.equal_to: what `{}` costs does not follow from the settings", ordering.equal_to);
                Error::Configuration(text)
            })?,
        };
        let in_steps = |interval: Interval| match interval {
            Interval::Epochs(epochs) => epochs * steps_per_epoch,
            Interval::Steps(steps) => steps,
        };
        // On CUDA reading a number waits for the device, so ten steps at a time.
        let record_every = steps.div_ceil(curricle_core::run::EVENTS).max(if on_cuda { 10 } else { 1 });
        Ok(Self {
            images,
            batch,
            steps_per_epoch,
            steps,
            scheduled,
            epochs: steps.div_ceil(steps_per_epoch),
            evaluate_every: in_steps(training.evaluate_every).max(1),
            keep_every: training.keep_every.map_or(0, in_steps),
            record_every,
        })
    }

    /// Where step number `step` (from 1) lies in the schedule of rates.
    #[must_use]
    pub fn place(&self, step: u64) -> Place {
        let step = ((u128::from(step) - 1) * u128::from(self.scheduled) / u128::from(self.steps.max(1))) as u64;
        Place { step, steps: self.scheduled, steps_per_epoch: self.steps_per_epoch }
    }

    /// The epoch, from 1, that step number `step` (from 1) belongs to.
    #[must_use]
    pub fn epoch_of(&self, step: u64) -> u64 {
        step.div_ceil(self.steps_per_epoch)
    }

    /// Whether an epoch ends with this step.
    #[must_use]
    pub fn ends_epoch(&self, step: u64) -> bool {
        step > 0 && step.is_multiple_of(self.steps_per_epoch)
    }

    /// Whether the network is evaluated after this step.
    #[must_use]
    pub fn evaluates(&self, step: u64) -> bool {
        step > 0 && (step.is_multiple_of(self.evaluate_every) || step == self.steps)
    }

    /// Whether a checkpoint is kept after this step.
    #[must_use]
    pub fn keeps(&self, step: u64) -> bool {
        self.keep_every > 0 && step > 0 && step.is_multiple_of(self.keep_every)
    }

    /// Whether a `step` event ends with this step.
    #[must_use]
    pub fn records(&self, step: u64) -> bool {
        step.is_multiple_of(self.record_every) || step == self.steps
    }

    /// Places in the epoch's order that step number `step` (from 1) reads.
    #[must_use]
    pub fn places(&self, step: u64) -> Range<usize> {
        let within = ((step - 1) % self.steps_per_epoch) as usize;
        within * self.batch..((within + 1) * self.batch).min(self.images)
    }
}

/// The order of all training items in an epoch (from 1): a function of (seed, epoch) alone.
#[must_use]
pub fn epoch_order(seed: u64, epoch: u64, images: usize) -> Vec<u32> {
    Stream::new(seed, Purpose::Order, epoch, 0, 0).permutation(images)
}

#[cfg(test)]
mod tests {
    use super::*;
    use curricle_core::config::{Candidates, Ordering};
    use proptest::prelude::*;

    fn experiment(batch: u64, epochs: u64, drop: bool) -> Experiment {
        let mut experiment = Experiment::default();
        experiment.training.batch = batch;
        experiment.training.epochs = Some(epochs);
        experiment.training.last_batch = if drop { LastBatch::Drop } else { LastBatch::Keep };
        experiment
    }

    proptest! {
        #[test]
        fn an_epoch_reads_every_place_once(images in 1usize..500, batch in 1u64..64, drop: bool) {
            prop_assume!(batch as usize <= images);
            let plan = Plan::new(&experiment(batch, 2, drop), images, false).unwrap();
            let read: Vec<usize> = (1..=plan.steps_per_epoch).flat_map(|step| plan.places(step)).collect();
            let expected = if drop { images / batch as usize * batch as usize } else { images };
            prop_assert_eq!(read, (0..expected).collect::<Vec<_>>());
            prop_assert!(plan.ends_epoch(plan.steps) && plan.evaluates(plan.steps) && plan.records(plan.steps));
        }
    }

    #[test]
    fn a_batch_larger_than_the_set_is_refused() {
        let error = Plan::new(&experiment(128, 1, false), 100, false).unwrap_err();
        assert_eq!(error.to_string(), "training.batch: a batch of 128 is larger than the training set of 100 images; use 100 at most");
    }

    /// A loss scorer with one other candidate at every step but the last of an epoch: 5 units in place of 3.
    #[test]
    fn equal_compute_stretches_the_schedule() {
        let mut experiment = experiment(10, 3, false);
        let ordering =
            Ordering { scorer: Scorer::EqualCompute, equal_to: Scorer::Loss, candidates: Candidates::Of(2), ..Ordering::default() };
        experiment.ordering = Some(ordering);
        let plan = Plan::new(&experiment, 100, false).unwrap();
        // 30 steps, 27 of them with two candidates.
        assert_eq!((plan.scheduled, plan.steps, plan.epochs), (30, 48, 5));
        assert_eq!([1, 2, 3, 17, 48].map(|step| plan.place(step).step), [0, 0, 1, 10, 29]);
        // GraB reads the gradients that the steps have anyway.
        experiment.ordering.as_mut().unwrap().equal_to = Scorer::Grab;
        assert_eq!(Plan::new(&experiment, 100, false).unwrap().steps, 30);
        experiment.ordering.as_mut().unwrap().equal_to = Scorer::EqualCompute;
        assert!(Plan::new(&experiment, 100, false).unwrap_err().to_string().starts_with("ordering.equal_to: what `equal-compute` costs"));
    }

    #[test]
    fn long_runs_cover_several_steps_with_one_event() {
        let plan = |epochs| Plan::new(&experiment(100, epochs, false), 50_000, false).unwrap();
        assert_eq!(plan(10).record_every, 1);
        assert_eq!(plan(2000).record_every, 20);
    }
}
