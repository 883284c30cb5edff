//! The orders that selectors would take, so that they can be ranked among all.
//!
//! A scorer begins at the parent, scores the batches that are left, takes the best, trains on it, and so on: its order is one
//! path of the tree. Candidates are seen under the very crops that they would be trained on with at that place. GraB orders an
//! epoch by the gradients of the one before; here that is a first pass over the same batches in the order of the split, whose
//! mean gradient is not known yet. Chance takes one order, drawn anew for each parent.

use super::epoch::Epoch;
use super::study::{State, Study};
use super::tree::{self, Order};
use crate::error::{Error, Result};
use crate::images::DeviceSet;
use crate::ordering::choice;
use crate::ordering::context::Context;
use crate::ordering::grab::Grab;
use crate::ordering::known::Known;
use crate::ordering::orderer::external_fits;
use crate::ordering::preparation;
use crate::ordering::scorer::other::Other;
use crate::ordering::scorer::{Batch, Candidates};
use crate::ordering::scoring::{Pool, Scoring};
use crate::setup::{self, Machine};
use crate::weights::Weights;
use curricle_core::config::{Experiment, ExternalSource, Ordering, Scorer, Selector, Target};
use curricle_core::data::Images;
use curricle_core::random::{Purpose, Stream};
use curricle_core::run::SelectedOrder;

/// The selectors of a study, and the images that they need beside those that are trained on.
pub struct Selectors {
    list: Vec<Asked>,
    beside: Beside,
}

/// What selectors may know beside the study.
struct Beside {
    holdout: Option<DeviceSet>,
    test: Option<DeviceSet>,
    augmentation: (bool, usize),
    /// Images of a whole batch.
    batch: usize,
}

/// One of them.
struct Asked {
    selector: Selector,
    settings: Ordering,
    scoring: Scoring,
}

impl Beside {
    /// What is known before a step: (epoch, step, learning rate).
    fn context<'a>(
        &'a self,
        study: &'a Study,
        experiment: &'a Experiment,
        weights: &'a Weights,
        (epoch, step, lr): (u64, u64, f64),
    ) -> Context<'a> {
        Context {
            network: &study.network,
            weights,
            train: &study.train,
            holdout: self.holdout.as_ref(),
            test: self.test.as_ref().unwrap_or(&study.train),
            normalisation: &study.normalisation,
            augmentation: self.augmentation,
            optimizer: study.optimizer,
            lr,
            label_smoothing: study.label_smoothing,
            arithmetic: study.arithmetic,
            seeds: &experiment.seed,
            epoch,
            step,
            steps_per_epoch: 0,
            batch: self.batch,
            together: study.together(),
            order: &[],
        }
    }
}

impl Selectors {
    /// Those of an experiment.
    ///
    /// # Errors
    /// A column, teacher or pool that does not fit; what libtorch refuses.
    pub fn new(experiment: &Experiment, images: &Images, machine: &Machine, batch: usize) -> Result<Self> {
        let base = experiment.ordering.clone().unwrap_or_default();
        let asked = experiment.permutation.as_ref().map_or(&[][..], |permutation| &permutation.selectors);
        let shape = (images.train.channels as i64, images.train.height as i64, images.train.width as i64);
        let mut list = Vec::with_capacity(asked.len());
        for selector in asked {
            let settings = selector.ordering(&base);
            external_fits(&settings, images)?;
            let teacher = settings.teacher.as_ref().filter(|_| settings.scorer == Scorer::Teacher);
            let open = |teacher| Other::open(teacher, "ordering.teacher", shape, images.classes.len() as i64, machine);
            let scoring = Scoring::new(&settings, Known::of(&images.train, &settings)?, teacher.map(open).transpose()?, None);
            list.push(Asked { selector: *selector, settings, scoring });
        }
        let needs = |source| list.iter().any(|asked| asked.settings.target == Target::External && asked.settings.external.source == source);
        let holdout = images.holdout.as_ref().filter(|_| needs(ExternalSource::Holdout) || list.iter().any(is_rho));
        let beside = Beside {
            holdout: holdout.map(|set| setup::device_set(set, machine)).transpose()?,
            test: if needs(ExternalSource::Test) { Some(setup::device_set(&images.test, machine)?) } else { None },
            augmentation: (images.flip, images.crop),
            batch,
        };
        Ok(Self { list, beside })
    }

    /// Name of each, and whether it chooses by test data.
    #[must_use]
    pub fn names(&self) -> Vec<(String, bool)> {
        self.list.iter().map(|asked| (asked.selector.to_string(), asked.settings.scores_by_test_data())).collect()
    }

    /// Trains the network on the hold-out, where a selector takes its losses off; they are a function of the experiment. False
    /// if `goes_on` said no.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn prepare(
        &mut self,
        experiment: &Experiment,
        study: &Study,
        machine: &Machine,
        initial: &Weights,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<bool> {
        let Some(asked) = self.list.iter().find(|asked| is_rho(asked)) else { return Ok(true) };
        let (settings, context) = (asked.settings.clone(), self.beside.context(study, experiment, initial, (0, 0, 0.0)));
        let found = preparation::on_holdout(&settings, &context, experiment, machine, goes_on)?;
        let Some((losses, _)) = found else { return Ok(false) };
        self.list.iter_mut().filter(|asked| is_rho(asked)).for_each(|asked| asked.scoring.set_irreducible(losses.clone()));
        Ok(true)
    }

    /// The order that each would take from parent number `parent` of an epoch, which stands at `start`.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn orders(
        &mut self,
        experiment: &Experiment,
        study: &Study,
        epoch: &Epoch,
        parent: u64,
        start: &State,
    ) -> Result<Vec<SelectedOrder>> {
        let mut found = Vec::with_capacity(self.list.len());
        for number in 0..self.list.len() {
            let (order, forward, backward) = match self.list[number].settings.scorer {
                Scorer::Grab => balanced(study, epoch, start, self.list[number].settings.pairs)?,
                Scorer::Random => (by_chance(experiment, epoch, parent), 0.0, 0.0),
                _ => self.best_first(number, experiment, study, epoch, start)?,
            };
            let order = tree::encode(&order);
            found.push(SelectedOrder { epoch: epoch.number, parent, selector: number as u64, order, forward, backward });
        }
        Ok(found)
    }

    /// The best batch by its score, then the best of those that are left, and so on; forward and backward passes of it.
    fn best_first(
        &mut self,
        number: usize,
        experiment: &Experiment,
        study: &Study,
        epoch: &Epoch,
        start: &State,
    ) -> Result<(Order, f64, f64)> {
        let count = epoch.batches.len();
        let mut left: Vec<u8> = (0..count as u8).collect();
        let (mut order, mut forward, mut backward) = (Order::with_capacity(count), 0.0, 0.0);
        let mut state = start.copy()?;
        while left.len() > 1 {
            let place = order.len();
            let items: Vec<Vec<u32>> = left.iter().map(|&batch| epoch.batches[usize::from(batch)].clone()).collect();
            let candidates = Left { study, epoch, left: &left, seen: epoch.seen(&order) };
            let step = (epoch.number - 1) * count as u64 + place as u64 + 1;
            let Asked { settings, scoring, .. } = &mut self.list[number];
            let context = self.beside.context(study, experiment, &state.weights, (epoch.number, step, epoch.rates[place]));
            let scores = scoring.scores(&context, Pool::Gathered(&items, &candidates))?;
            let first = choice::order(settings.scorer, settings.order).first(&scores.values, 1).pop();
            (forward, backward) = (forward + scores.forward, backward + scores.backward);
            order.push(left.remove(first.unwrap_or(0)));
            state = study.step(&state, epoch, &order)?;
        }
        order.extend(left);
        Ok((order, forward, backward))
    }
}

fn is_rho(asked: &Asked) -> bool {
    asked.settings.scorer == Scorer::Rho
}

/// The batches that are left, as they would be trained on after so many samples of the epoch.
struct Left<'a> {
    study: &'a Study,
    epoch: &'a Epoch,
    left: &'a [u8],
    seen: usize,
}

impl Candidates for Left<'_> {
    fn count(&self) -> usize {
        self.left.len()
    }

    fn batch(&self, place: usize) -> Result<Batch> {
        let batch = self.left.get(place).ok_or_else(|| Error::Other(format!("there is no candidate {place}")))?;
        let (images, labels) = self.study.batch(self.epoch, *batch, self.seen)?;
        Ok(Batch { images, labels })
    }
}

/// GraB's order after a pass in the order of the split; passes of that.
fn balanced(study: &Study, epoch: &Epoch, start: &State, pairs: bool) -> Result<(Order, f64, f64)> {
    let mut grab = Grab::new(&start.weights.theta, pairs)?;
    let split: Order = (0..epoch.batches.len() as u8).collect();
    let mut state = start.copy()?;
    for length in 1..=split.len() {
        state = study.step(&state, epoch, &split[..length])?;
        if let Some(gradient) = state.gradient() {
            grab.step(u32::from(split[length - 1]), gradient)?;
        }
    }
    let order = grab.next_order()?.into_iter().map(|batch| batch as u8).collect();
    Ok((order, split.len() as f64, split.len() as f64))
}

fn by_chance(experiment: &Experiment, epoch: &Epoch, parent: u64) -> Order {
    let mut stream = Stream::new(experiment.seed.order, Purpose::Sampler, epoch.number, parent, 0);
    stream.permutation(epoch.batches.len()).into_iter().map(|batch| batch as u8).collect()
}
