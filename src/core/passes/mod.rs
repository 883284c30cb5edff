//! What an ordering costs in passes, counted before anything runs: forward and backward passes of a run in units of one
//! whole batch. A backward pass takes as long as two forward ones, so a plain training step is 3 units.
//!
//! A scoring of K candidates takes, beside the step itself (x is the external batch over the batch):
//!
//! | scorer | forward | backward |
//! |---|---|---|
//! | loss | K | 0 |
//! | loss delta, same batch | 2K | K |
//! | loss delta, external batch | K + (K + 1)·x | K |
//! | first order, external batch | 2K + x | x |
//! | teacher, alone or with the network's own loss | K, 2K | 0 |
//! | RHO-loss | K | 0 |
//! | label, column, known difficulty, random | 0 | 0 |
//!
//! Towards the end of an epoch fewer than K candidates are left, and its last item is handed out unscored. Of single samples
//! a scoring takes K·B, which are K batches. Where scores hold for longer than a step, only steps that score cost more.
//!
//! Before the first step, RHO-loss and pacing by losses ask a network for the loss of every training image, and may train it.

mod lengths;
mod scorings;

use crate::config::{Estimate, Experiment, Interval, Ordering, PacingBy, Scorer, Selector, Target};
use lengths::Lengths;
use scorings::Items;
use std::ops::{Add, AddAssign, Mul};

/// Forward and backward passes, in units of one whole batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct Passes {
    /// Forward passes.
    pub forward: f64,
    /// Backward passes.
    pub backward: f64,
}

impl Passes {
    /// Units of a plain training step on a whole batch.
    pub const PLAIN: f64 = 3.0;

    /// The work in units of one forward pass: a backward pass is two.
    #[must_use]
    pub fn units(self) -> f64 {
        self.forward + 2.0 * self.backward
    }

    /// The work in plain training steps on whole batches.
    #[must_use]
    pub fn plain_steps(self) -> f64 {
        self.units() / Self::PLAIN
    }
}

impl Add for Passes {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { forward: self.forward + other.forward, backward: self.backward + other.backward }
    }
}

impl AddAssign for Passes {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<f64> for Passes {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self { forward: self.forward * times, backward: self.backward * times }
    }
}

/// Passes of a whole run, evaluations left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct RunPasses {
    /// Steps.
    pub steps: u64,
    /// Steps whose item is chosen by scores.
    pub scorings: u64,
    /// Passes of the training steps.
    pub training: Passes,
    /// Passes of the scorings.
    pub scoring: Passes,
    /// Passes of a network that is trained, or asked for its losses, before the first step.
    pub preparation: Passes,
}

impl RunPasses {
    /// All passes.
    #[must_use]
    pub fn all(&self) -> Passes {
        self.training + self.scoring + self.preparation
    }

    /// How many plain steps a step costs, on the mean; what comes before the first one is left out.
    #[must_use]
    pub fn step_in_plain_ones(&self) -> f64 {
        (self.training + self.scoring).units() / self.training.units()
    }
}

/// What one choice among `candidates` candidates costs, which are `batches` whole batches together. `None` for a scorer
/// whose passes do not follow from the number of its candidates alone.
#[must_use]
pub fn of_choice(ordering: &Ordering, candidates: u64, batches: f64, batch: u64) -> Option<Passes> {
    ordering
        .asked()
        .map(|asked| of_scorer(asked, ordering, candidates, batches, batch))
        .try_fold(Passes::default(), |sum, one| Some(sum + one?))
}

fn of_scorer(asked: Selector, ordering: &Ordering, candidates: u64, batches: f64, batch: u64) -> Option<Passes> {
    let apart = ordering.external.size as f64 / batch.max(1) as f64;
    Some(match asked.scorer {
        Scorer::Loss => Passes { forward: batches, backward: 0.0 },
        Scorer::LossDelta if asked.estimate == Estimate::FirstOrder => Passes { forward: 2.0 * batches + apart, backward: apart },
        Scorer::LossDelta if asked.target == Target::External => {
            Passes { forward: batches + (candidates + 1) as f64 * apart, backward: batches }
        }
        Scorer::LossDelta => Passes { forward: 2.0 * batches, backward: batches },
        Scorer::Teacher => Passes { forward: if ordering.student > 0.0 { 2.0 } else { 1.0 } * batches, backward: 0.0 },
        // The hold-out model beside it is trained once, in the preparation.
        Scorer::Rho => Passes { forward: batches, backward: 0.0 },
        Scorer::Label | Scorer::Column | Scorer::Difficulty | Scorer::Random => Passes::default(),
        _ => return None,
    })
}

/// Steps of a run in random order that spends as much as the scorer of `ordering.equal_to` would, scoring included (the
/// control of equal compute). `None` where that is not asked for, or those passes do not follow from the settings.
#[must_use]
pub fn equal_steps(experiment: &Experiment, images: u64) -> Option<u64> {
    let ordering = experiment.ordering.as_ref().filter(|ordering| ordering.scorer == Scorer::EqualCompute)?;
    if ordering.equal_to == Scorer::EqualCompute {
        return None;
    }
    let scored = Ordering { scorer: ordering.equal_to, ..ordering.clone() };
    let run = of_run(&Experiment { ordering: Some(scored), ..experiment.clone() }, images)?;
    Some((run.steps as f64 * run.all().units() / run.training.units()).round() as u64)
}

/// Passes of a run on `images` training images. Exact where a batch divides the images; else a short batch counts by its
/// share on the mean, because when it is scored is chance. `None` where the length is not known, or an ordering's passes
/// do not follow from its settings.
#[must_use]
pub fn of_run(experiment: &Experiment, images: u64) -> Option<RunPasses> {
    if let Some(steps) = equal_steps(experiment, images) {
        let mut plain = Experiment { ordering: None, ..experiment.clone() };
        (plain.training.steps, plain.training.epochs) = (Some(steps), None);
        return of_run(&plain, images);
    }
    let lengths = Lengths::new(experiment, images)?;
    let ordering = experiment.ordering.as_ref();
    let (epochs, rest) = (lengths.steps / lengths.steps_per_epoch, lengths.steps % lengths.steps_per_epoch);
    let batches =
        lengths.training(ordering, lengths.steps_per_epoch) * epochs as f64 + if rest > 0 { lengths.training(ordering, rest) } else { 0.0 };
    let training = Passes { forward: batches, backward: batches };
    let mut run = RunPasses { steps: lengths.steps, training, ..RunPasses::default() };
    let Some(ordering) = ordering.filter(|ordering| ordering.replay.is_empty()) else { return Some(run) };
    run.preparation = of_preparation(experiment, ordering, &lengths);
    if ordering.pacing.is_some() || ordering.scorer == Scorer::Grab {
        return Some(run);
    }
    let active = match ordering.warmup {
        None => lengths.steps,
        Some(Interval::Epochs(epochs)) => epochs.saturating_mul(lengths.steps_per_epoch).min(lengths.steps),
        Some(Interval::Steps(steps)) => steps.min(lengths.steps),
    };
    (run.scorings, run.scoring) = Items::new(ordering, &lengths).scorings(active)?;
    Some(run)
}

/// What is trained and asked before the first step: the hold-out model of RHO-loss, the network that pacing sorts by.
fn of_preparation(experiment: &Experiment, ordering: &Ordering, lengths: &Lengths) -> Passes {
    let units = |images: f64| images / lengths.batch as f64;
    let asked = Passes { forward: units(lengths.images as f64), backward: 0.0 };
    let trained = |epochs: u64, images: f64| Passes { forward: units(images), backward: units(images) } * epochs as f64;
    match &ordering.pacing {
        Some(pacing) => match pacing.by {
            PacingBy::Own => asked + trained(pacing.epochs, lengths.images as f64),
            PacingBy::Teacher => asked,
            PacingBy::Difficulty | PacingBy::Column | PacingBy::Random => Passes::default(),
        },
        None if ordering.asks(Scorer::Rho) => {
            let is_there = ordering.holdout_model.as_ref().is_some_and(|model| !model.checkpoint.is_empty());
            // The training set is what the hold-out left.
            let holdout = lengths.images as f64 * experiment.data.holdout / (1.0 - experiment.data.holdout);
            if is_there { asked } else { asked + trained(ordering.holdout_epochs, holdout.round()) }
        }
        None => Passes::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Candidates, LastBatch, Recipe};
    use proptest::prelude::*;

    fn experiment(batch: u64, epochs: u64, ordering: Option<Ordering>) -> Experiment {
        let mut experiment = Experiment { ordering, ..Experiment::default() };
        (experiment.training.batch, experiment.training.epochs) = (batch, Some(epochs));
        experiment
    }

    fn k(candidates: u64) -> Ordering {
        Ordering { candidates: Candidates::Of(candidates), ..Ordering::default() }
    }

    fn scorer() -> impl Strategy<Value = (Scorer, Target, Estimate)> {
        prop_oneof![
            Just((Scorer::Loss, Target::Same, Estimate::Exact)),
            Just((Scorer::LossDelta, Target::Same, Estimate::Exact)),
            Just((Scorer::LossDelta, Target::External, Estimate::Exact)),
            Just((Scorer::LossDelta, Target::External, Estimate::FirstOrder)),
            Just((Scorer::Random, Target::Same, Estimate::Exact)),
        ]
    }

    /// The table of a step in the middle of an epoch: +K, +4K, +3K + (K + 1)·x, +2K + 3x beside 3.
    #[test]
    fn one_choice_costs_what_the_table_says() {
        let units = |change: fn(&mut Ordering)| {
            let mut ordering = k(8);
            change(&mut ordering);
            of_choice(&ordering, 8, 8.0, 128).map(Passes::units)
        };
        assert_eq!(units(|ordering| ordering.scorer = Scorer::Loss), Some(8.0));
        assert_eq!(units(|_| ()), Some(32.0));
        assert_eq!(units(|ordering| ordering.target = Target::External), Some(7.0 * 8.0 + 4.0));
        assert_eq!(
            units(|ordering| (ordering.target, ordering.estimate) = (Target::External, Estimate::FirstOrder)),
            Some(2.0 * 8.0 + 3.0 * 4.0)
        );
        assert_eq!(units(|ordering| ordering.compare = vec![Selector::of(Scorer::Loss)]), Some(40.0));
        assert_eq!(units(|ordering| (ordering.scorer, ordering.student) = (Scorer::Teacher, 0.5)), Some(16.0));
        assert_eq!(units(|ordering| ordering.scorer = Scorer::Dihcl), None);
    }

    #[test]
    fn the_first_epoch_of_table_2_3() {
        // 391 batches, K = 8: 8 candidates down to step 384, then 7, 6, … 2, and the last one unscored.
        let run = of_run(&experiment(128, 1, Some(k(8))), 391 * 128).unwrap();
        assert_eq!((run.steps, run.scorings), (391, 390));
        assert_eq!(run.scoring, Passes { forward: 2.0 * 3_099.0, backward: 3_099.0 });
        assert!((run.step_in_plain_ones() - (3.0 * 391.0 + 4.0 * 3_099.0) / (3.0 * 391.0)).abs() < 1e-12);
    }

    #[test]
    fn equal_compute_spends_what_the_other_arm_does() {
        let arm = experiment(128, 1, Some(k(8)));
        let mut control = arm.clone();
        control.ordering.as_mut().unwrap().scorer = Scorer::EqualCompute;
        let (arm, control) = (of_run(&arm, 391 * 128).unwrap(), of_run(&control, 391 * 128).unwrap());
        assert_eq!((control.steps, control.scorings, control.scoring), (4523, 0, Passes::default()));
        assert!((control.all().units() - arm.all().units()).abs() <= Passes::PLAIN);
        let mut circular = experiment(128, 1, Some(k(8)));
        let ordering = circular.ordering.as_mut().unwrap();
        (ordering.scorer, ordering.equal_to) = (Scorer::EqualCompute, Scorer::EqualCompute);
        assert_eq!(of_run(&circular, 1280), None);
    }

    #[test]
    fn a_warm_up_scores_only_so_long() {
        let of = |warmup| of_run(&experiment(10, 4, Some(Ordering { warmup, ..k(3) })), 100).unwrap();
        let epoch = of_run(&experiment(10, 1, Some(k(3))), 100).unwrap().scoring;
        assert_eq!(of(None).scoring, epoch * 4.0);
        assert_eq!(of(Some(Interval::Epochs(1))).scoring, epoch);
        assert_eq!(of(Some(Interval::Epochs(9))).scoring, epoch * 4.0);
        assert_eq!(of(Some(Interval::Steps(3))).scoring.backward, 9.0);
    }

    proptest! {
        /// Σ over what is left of min(K, left), from n down to 2, in closed form.
        #[test]
        fn an_epoch_sums_up_to_the_closed_form(n in 1u64..60, candidates in 1u64..70, batch in 1u64..9, epochs in 1u64..4, kind in scorer()) {
            let mut ordering = k(candidates);
            (ordering.scorer, ordering.target, ordering.estimate) = kind;
            let run = of_run(&experiment(batch, epochs, Some(ordering.clone())), n * batch).unwrap();
            let (n, most) = (n as f64, candidates.min(n) as f64);
            let (drawn, choices) = if most < 2.0 { (0.0, 0.0) } else { (most * (n - most) + most * (most + 1.0) / 2.0 - 1.0, n - 1.0) };
            let apart = 512.0 / batch as f64;
            let units = match kind {
                (Scorer::Loss, ..) => drawn,
                (Scorer::LossDelta, Target::Same, _) => 4.0 * drawn,
                (Scorer::LossDelta, _, Estimate::Exact) => 3.0 * drawn + (drawn + choices) * apart,
                (Scorer::LossDelta, ..) => 2.0 * drawn + 3.0 * apart * choices,
                _ => 0.0,
            };
            let expected = units * epochs as f64;
            prop_assert!((run.scoring.units() - expected).abs() <= 1e-9 * expected.max(1.0), "{:?} {expected}", run);
            prop_assert_eq!(run.training, Passes { forward: n * epochs as f64, backward: n * epochs as f64 });
            prop_assert_eq!(run.scorings as f64, choices * epochs as f64);
        }

        /// However long a run is, it costs what its parts cost; and a redrawn epoch scores K at every whole batch.
        #[test]
        fn parts_sum_up(images in 4u64..300, batch in 1u64..40, candidates in 2u64..9, steps in 1u64..200, redrawn: bool, dropped: bool) {
            prop_assume!(batch <= images);
            let recipe = if redrawn { Recipe::Redrawn } else { Recipe::Fixed };
            let mut experiment = experiment(batch, 1, Some(Ordering { recipe, ..k(candidates) }));
            if dropped { experiment.training.last_batch = LastBatch::Drop }
            let epoch = of_run(&experiment, images).unwrap();
            if redrawn {
                prop_assert_eq!(epoch.scoring.backward, (images / batch * candidates) as f64);
            }
            (experiment.training.epochs, experiment.training.steps) = (None, Some(steps));
            let run = of_run(&experiment, images).unwrap();
            let whole = steps / epoch.steps;
            experiment.training.steps = Some(steps % epoch.steps);
            let rest = of_run(&experiment, images).unwrap();
            let sum = epoch.all() * whole as f64 + rest.all();
            prop_assert!((run.all().units() - sum.units()).abs() < 1e-9 * sum.units());
            prop_assert_eq!(run.scorings, epoch.scorings * whole + rest.scorings);
        }
    }
}
