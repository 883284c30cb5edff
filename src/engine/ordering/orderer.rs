//! Which items the next step trains on: candidates from the loader, scores, a choice.

use super::loader::{Candidates, Loader};
use super::ranks::rank_correlation;
use super::scorer::{self, Batch, Situation, first_order, loss, loss_delta};
use super::strategy::{Order, Ties};
use crate::error::{Error, Result};
use crate::images::{Crops, DeviceSet, Normalisation};
use crate::network::Network;
use crate::network::pass::{Arithmetic, Mode};
use crate::optimizer::Sgd;
use crate::weights::Weights;
use curricle_core::config::{
    self, Displacement, Estimate, ExternalSource, Interval, Measure, Ordering, Recipe, Redraw, Scorer, ScoringCrops, ScoringNorm, Target,
};
use curricle_core::random::{Purpose, Stream};
use curricle_core::record;
use curricle_core::run::OrderingProgress;
use std::collections::BTreeMap;
use std::time::Instant;
use tch::Tensor;

/// What is known of the run and its next step.
pub struct Context<'a> {
    /// The network.
    pub network: &'a Network,
    /// Its weights, read only.
    pub weights: &'a Weights,
    /// Training images.
    pub train: &'a DeviceSet,
    /// Hold-out images.
    pub holdout: Option<&'a DeviceSet>,
    /// Test images.
    pub test: &'a DeviceSet,
    /// Mean and deviation.
    pub normalisation: &'a Normalisation,
    /// Whether images are mirrored, and padding of crops.
    pub augmentation: (bool, usize),
    /// The update rule.
    pub optimizer: Sgd,
    /// Learning rate of the step.
    pub lr: f64,
    /// Share of the target spread over all classes.
    pub label_smoothing: f64,
    /// How convolutions compute.
    pub arithmetic: Arithmetic,
    /// Seeds.
    pub seeds: &'a config::Seed,
    /// Epoch of the step, from 1.
    pub epoch: u64,
    /// Number of the step, from 1.
    pub step: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Images of a whole batch.
    pub batch: usize,
    /// Images that go through the network at once where they share no statistics.
    pub together: usize,
    /// The epoch's shuffled training items.
    pub order: &'a [u32],
}

/// The items of a step, and what their choice cost.
pub struct Chosen {
    /// Items in the order of the batch.
    pub items: Vec<u32>,
    /// What was scored, if anything was.
    pub scoring: Option<record::Scoring>,
}

/// Scores of candidates, and what they cost in units of one batch.
struct Scored {
    scores: Vec<f64>,
    forward: f64,
    backward: f64,
}

/// Chooses items by an experiment's `[ordering]`.
pub struct Orderer {
    settings: Ordering,
    /// The epoch being read, with its loader.
    loader: Option<(u64, Loader)>,
    /// The external batch, and what it was drawn for.
    external: Option<((u64, u64), Batch)>,
    /// The gradient of the training step before, where the published defect asks for it.
    leftover: Option<Tensor>,
    /// Score of each training item that is known beforehand.
    known: Vec<f64>,
}

impl Orderer {
    /// For an experiment's ordering; `known` holds the difficulty of each training item, where the set has one, and `leftover`
    /// the gradient that a saved state kept.
    #[must_use]
    pub fn new(settings: &Ordering, known: Vec<f64>, leftover: Option<Tensor>) -> Self {
        Self { settings: settings.clone(), loader: None, external: None, leftover, known }
    }

    /// Whether training must hand over each step's gradient.
    #[must_use]
    pub fn wants_gradient(&self) -> bool {
        self.settings.published.leftover_gradient
    }

    /// Keeps the gradient of a training step.
    pub fn keep_gradient(&mut self, gradient: Tensor) {
        self.leftover = Some(gradient);
    }

    /// The kept gradient, for a state.
    #[must_use]
    pub fn leftover(&self) -> Option<&Tensor> {
        self.leftover.as_ref()
    }

    fn is_active(&self, step: u64, steps_per_epoch: u64) -> bool {
        match self.settings.warmup {
            None => true,
            Some(Interval::Epochs(epochs)) => step <= epochs * steps_per_epoch,
            Some(Interval::Steps(steps)) => step <= steps,
        }
    }

    fn candidates(&self) -> Option<usize> {
        match self.settings.candidates {
            config::Candidates::All => None,
            config::Candidates::Of(count) => Some(count as usize),
        }
    }

    /// The items of the next step.
    ///
    /// # Errors
    /// What libtorch refuses; an external batch larger than its pool.
    pub fn choose(&mut self, context: &Context, progress: &mut OrderingProgress) -> Result<Chosen> {
        self.open_epoch(context, progress);
        let active = self.is_active(context.step, context.steps_per_epoch);
        let Some((_, loader)) = &self.loader else { return Err(Error::Other("no epoch is open".into())) };
        // After a warm-up the rest of its epoch comes at random, and nothing is scored.
        let drawn = loader.draw(if active { self.candidates() } else { Some(1) }, context.step);
        let (place, scoring) = if !active || drawn.is_settled() { (0, None) } else { self.select(context, &drawn)? };
        let items = drawn.items.get(place).cloned().ok_or_else(|| Error::Other(format!("no item is left at step {}", context.step)))?;
        if let Some((_, loader)) = &mut self.loader {
            loader.take(&drawn, place);
        }
        progress.choices.push(place as u32);
        Ok(Chosen { items, scoring })
    }

    /// Opens the loader of an epoch, or opens it again as far as a saved state had read it.
    fn open_epoch(&mut self, context: &Context, progress: &mut OrderingProgress) {
        if self.loader.as_ref().is_some_and(|(epoch, _)| *epoch == context.epoch) {
            return;
        }
        let published = self.settings.published.position_as_index;
        let mut loader = match self.settings.recipe {
            Recipe::Fixed => Loader::fixed(context.order, context.batch, context.seeds.order, context.epoch),
            Recipe::Redrawn => Loader::redrawn(context.order.len(), context.batch, published, context.seeds.order, context.epoch),
        };
        if progress.epoch != context.epoch {
            *progress = OrderingProgress { epoch: context.epoch, choices: Vec::new() };
        }
        let first = (context.epoch - 1) * context.steps_per_epoch + 1;
        for (step, &place) in (first..).zip(&progress.choices) {
            let count = if self.is_active(step, context.steps_per_epoch) { self.candidates() } else { Some(1) };
            let drawn = loader.draw(count, step);
            loader.take(&drawn, place as usize);
        }
        self.loader = Some((context.epoch, loader));
    }

    fn select(&mut self, context: &Context, drawn: &Candidates) -> Result<(usize, Option<record::Scoring>)> {
        let began = Instant::now();
        let batches = self.batches(context, drawn)?;
        let scored = self.scores(self.settings.scorer, context, drawn, &batches)?;
        let best = match self.settings.scorer {
            Scorer::Random => {
                Some(Stream::new(context.seeds.order, Purpose::Sampler, context.epoch, context.step, 0).below(drawn.items.len() as u64)
                    as usize)
            }
            scorer => strategy(scorer, self.settings.order).best(&scored.scores),
        };
        let mut scoring = record::Scoring {
            scorer: self.settings.scorer.word().to_string(),
            chosen: best.iter().map(|&place| place as u32).collect(),
            forward: scored.forward,
            backward: scored.backward,
            correlation: BTreeMap::new(),
            ..record::Scoring::default()
        };
        for other in self.settings.compare.clone() {
            let found = self.scores(other, context, drawn, &batches)?;
            scoring.forward += found.forward;
            scoring.backward += found.backward;
            if let Some(correlation) = rank_correlation(&scored.scores, &found.scores) {
                scoring.correlation.insert(other.word().to_string(), correlation);
            }
        }
        scoring.scores = scored.scores;
        scoring.seconds = began.elapsed().as_secs_f64();
        Ok((best.unwrap_or(0), Some(scoring)))
    }

    /// Images of all candidates, under the crops that scoring sees.
    fn batches(&self, context: &Context, drawn: &Candidates) -> Result<Vec<Batch>> {
        let needs_images = std::iter::once(&self.settings.scorer).chain(&self.settings.compare).any(|scorer| reads_images(*scorer));
        if !needs_images {
            return Ok(Vec::new());
        }
        let (flip, padding) = context.augmentation;
        let draw = |place: usize, count: usize| match self.settings.rescore_crops {
            // A crop belongs to the place in the batch, so every candidate is seen as it would be trained on.
            ScoringCrops::Same => Crops::draw(flip, padding, count, context.seeds.augmentation, context.epoch, context.step),
            ScoringCrops::Fresh => {
                let stream = Stream::new(context.seeds.augmentation, Purpose::ScoringCrops, context.epoch, context.step, place as u64);
                Crops::draw_from(stream, flip, padding, count)
            }
        };
        let of = |(place, items): (usize, &Vec<u32>)| -> Result<Batch> {
            let (bytes, labels) = context.train.batch(items, draw(place, items.len()).as_ref())?;
            Ok(Batch { images: context.normalisation.apply(&bytes)?, labels })
        };
        drawn.items.iter().enumerate().map(of).collect()
    }

    fn scores(&mut self, scorer: Scorer, context: &Context, drawn: &Candidates, batches: &[Batch]) -> Result<Scored> {
        let situation = Situation {
            network: context.network,
            weights: context.weights,
            optimizer: context.optimizer,
            lr: context.lr,
            label_smoothing: context.label_smoothing,
            arithmetic: context.arithmetic,
            mode: if self.settings.bn == ScoringNorm::Train { Mode::Train } else { Mode::Eval },
        };
        let unit = |images: usize| images as f64 / context.batch as f64;
        let all: f64 = drawn.items.iter().map(|items| unit(items.len())).sum();
        let free = |scores| Scored { scores, forward: 0.0, backward: 0.0 };
        Ok(match scorer {
            Scorer::Loss => {
                let scores = loss::scores(&situation, batches, context.together)?;
                Scored { scores: scorer::read(&scores)?, forward: all, backward: 0.0 }
            }
            Scorer::LossDelta => {
                let external = self.settings.target == Target::External;
                if external {
                    self.draw_external(context)?;
                }
                let external = self.external.as_ref().filter(|_| external).map(|(_, batch)| batch);
                let apart = external.map_or(0.0, |batch| unit(batch.labels.size()[0] as usize));
                if self.settings.estimate == Estimate::FirstOrder {
                    let external =
                        external.ok_or_else(|| Error::Configuration("ordering.estimate: first order needs an external batch".into()))?;
                    let e = match self.settings.step {
                        Displacement::Auto => first_order::displacement(context.weights.theta.kind()),
                        Displacement::Length(e) => e,
                    };
                    let scores = first_order::Probe::new(&situation, external, e)?.scores(&situation, batches, context.together)?;
                    Scored { scores: scorer::read(&scores)?, forward: 2.0 * all + apart, backward: apart }
                } else {
                    let leftover = self.leftover.as_ref().filter(|_| self.settings.published.leftover_gradient);
                    let deltas = loss_delta::deltas(&situation, batches, external, leftover, context.together)?;
                    let scores = scorer::read(&deltas.scores(self.settings.measure == Measure::Relative)?)?;
                    let count = drawn.items.len() as f64;
                    let forward = if external.is_some() { all + (count + 1.0) * apart } else { 2.0 * all };
                    Scored { scores, forward, backward: all }
                }
            }
            Scorer::Difficulty => free(
                drawn
                    .items
                    .iter()
                    .map(|items| mean(items.iter().map(|&item| self.known.get(item as usize).copied().unwrap_or(f64::NAN))))
                    .collect(),
            ),
            Scorer::Random => free(vec![0.0; drawn.items.len()]),
            other => return Err(Error::Configuration(format!("ordering.scorer: `{}` is not built yet", other.word()))),
        })
    }

    /// Draws the external batch, when it is time to: images as they are, without crops.
    fn draw_external(&mut self, context: &Context) -> Result<()> {
        let settings = &self.settings.external;
        let when = match settings.redraw {
            Redraw::Epoch => (context.epoch, 0),
            Redraw::Step => (context.epoch, context.step),
            Redraw::Never => (0, 0),
        };
        if self.external.as_ref().is_some_and(|(drawn, _)| *drawn == when) {
            return Ok(());
        }
        let (name, pool) = match settings.source {
            ExternalSource::Test => ("test set", Some(context.test)),
            ExternalSource::Train => ("training set", Some(context.train)),
            ExternalSource::Holdout => ("hold-out", context.holdout),
        };
        let pool = pool.ok_or_else(|| Error::Configuration("ordering.external.source: there is no hold-out; set `data.holdout`".into()))?;
        let size = settings.size as usize;
        if size > pool.len() {
            return Err(Error::Configuration(format!(
                "ordering.external.size: {size} images are asked for, and the {name} has {}; use {} at most",
                pool.len(),
                pool.len()
            )));
        }
        let items = Stream::new(context.seeds.order, Purpose::External, when.0, when.1, 0).choose(size, pool.len());
        let (bytes, labels) = pool.batch(&items, None)?;
        self.external = Some((when, Batch { images: context.normalisation.apply(&bytes)?, labels }));
        Ok(())
    }
}

/// Whether a scorer passes candidates through the network.
fn reads_images(scorer: Scorer) -> bool {
    matches!(scorer, Scorer::Loss | Scorer::LossDelta)
}

/// What is handed out first, and which of several best: as published where something was.
fn strategy(scorer: Scorer, direction: config::Direction) -> Order {
    let delta = scorer == Scorer::LossDelta;
    let descending = match direction {
        config::Direction::Auto => delta,
        config::Direction::Ascending => false,
        config::Direction::Descending => true,
    };
    Order { descending, ties: if delta { Ties::Last } else { Ties::First } }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}
