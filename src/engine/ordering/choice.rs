//! Candidates are scored, and the best of them, or those that a sampler takes, are trained on.

use super::context::{Chosen, Context, Scored};
use super::loader::{self, Candidates, Loader};
use super::ranks::rank_correlation;
use super::scoring::{Pool, Scoring};
use super::strategy::{self, Order, Ties};
use crate::error::{Error, Result};
use crate::images::Crops;
use curricle_core::config::{self, Direction, Interval, ItemKind, Ordering, Recipe, Scorer, ScoringCrops};
use curricle_core::random::{Purpose, Stream};
use curricle_core::run::OrderingProgress;
use std::collections::HashSet;
use std::time::Instant;

/// Chooses by scores.
pub struct Choice {
    settings: Ordering,
    /// The epoch being read, with its loader. A sampler draws from the whole set and needs none.
    epoch: u64,
    loader: Option<Loader>,
    /// Scores that hold for more than one step.
    kept: Option<Kept>,
    /// The same of a saved state, until the epoch is opened.
    restored: Option<Vec<f64>>,
}

/// Candidates with their scores, and those that are not taken yet.
struct Kept {
    drawn: Candidates,
    scores: Vec<f64>,
    left: Vec<usize>,
}

impl Kept {
    fn of(drawn: Candidates, scores: Vec<f64>) -> Self {
        Self { left: (0..drawn.len()).collect(), drawn, scores }
    }
}

impl Choice {
    /// For an experiment's ordering; `restored` are the scores that a state kept.
    #[must_use]
    pub fn new(settings: &Ordering, restored: Option<Vec<f64>>) -> Self {
        Self { settings: settings.clone(), epoch: 0, loader: None, kept: None, restored }
    }

    /// Scores that a state must keep: those that further steps choose by.
    #[must_use]
    pub fn kept_scores(&self) -> Option<&[f64]> {
        self.kept.as_ref().filter(|_| self.keeps_scores()).map(|kept| kept.scores.as_slice())
    }

    fn keeps_scores(&self) -> bool {
        self.settings.rescore != Interval::Steps(1)
    }

    fn samples_without_end(&self) -> bool {
        self.settings.sampler != config::Sampler::Off
    }

    /// Candidates that one step takes.
    fn needed(&self, context: &Context) -> usize {
        if self.settings.item == ItemKind::Sample { context.batch } else { 1 }
    }

    fn is_active(&self, step: u64, steps_per_epoch: u64) -> bool {
        match self.settings.warmup {
            None => true,
            Some(Interval::Epochs(epochs)) => step <= epochs * steps_per_epoch,
            Some(Interval::Steps(steps)) => step <= steps,
        }
    }

    /// Candidates to draw; after a warm-up no more than are needed.
    fn draw(&self, context: &Context, step: u64) -> Candidates {
        let needed = self.needed(context);
        let count = match self.settings.candidates {
            _ if !self.is_active(step, context.steps_per_epoch) => Some(needed),
            config::Candidates::All => None,
            config::Candidates::Of(count) => Some((count as usize).saturating_mul(needed)),
        };
        match &self.loader {
            Some(loader) => loader.draw(count, step),
            None => loader::pool(context.train.len(), count, context.seeds.order, context.epoch, step),
        }
    }

    /// Whether scores are renewed at a step: when it is time to, or when too few scored candidates are left.
    fn draws_anew(&self, context: &Context, step: u64) -> bool {
        let due = match self.settings.rescore {
            Interval::Steps(steps) => (step - 1).is_multiple_of(steps.max(1)),
            Interval::Epochs(_) => false,
        };
        let left = self.kept.as_ref().map_or(0, |kept| kept.left.len());
        due || left < self.needed(context) || !self.is_active(step, context.steps_per_epoch)
    }

    /// The items of the next step.
    ///
    /// # Errors
    /// What libtorch refuses; scores that cannot be weights.
    pub fn choose(&mut self, context: &Context, scoring: &mut Scoring, progress: &mut OrderingProgress) -> Result<Chosen> {
        self.open_epoch(context, progress);
        let needed = self.needed(context);
        let mut chosen = Chosen::default();
        let (mut crops, mut settled) = (None, false);
        if self.draws_anew(context, context.step) {
            let drawn = self.draw(context, context.step);
            if self.is_settled(context, context.step, &drawn) {
                settled = true;
                self.kept = Some(Kept::of(drawn, Vec::new()));
            } else {
                let scored;
                (scored, crops) = self.score(context, scoring, &drawn)?;
                self.kept = Some(Kept::of(drawn, scored.scores.clone()));
                chosen.scored = Some(scored);
            }
        }
        let places = if settled { self.first(needed) } else { self.select(context, needed)? };
        let Some(kept) = &self.kept else { return Err(Error::Other(format!("no item is left at step {}", context.step))) };
        chosen.items = places.iter().filter_map(|&place| kept.drawn.items.get(place)).flatten().copied().collect();
        chosen.crops = crops.map(|crops| crops.pick(&places));
        if let Some(scored) = &mut chosen.scored {
            scored.chosen = places.iter().map(|&place| place as u32).collect();
        }
        self.take(&places, settled);
        // What a sampler has drawn matters to no later step, unless it goes on with the same scores.
        if !self.samples_without_end() || self.keeps_scores() {
            progress.choices.extend(places.iter().map(|&place| place as u32));
        }
        if chosen.items.is_empty() { Err(Error::Other(format!("no item is left at step {}", context.step))) } else { Ok(chosen) }
    }

    /// Whether there is nothing to choose among candidates: after a warm-up, or at the end of an epoch.
    fn is_settled(&self, context: &Context, step: u64, drawn: &Candidates) -> bool {
        let last = !self.samples_without_end() && drawn.len() <= self.needed(context);
        last || !self.is_active(step, context.steps_per_epoch)
    }

    /// The first of the candidates, as they were drawn.
    fn first(&self, needed: usize) -> Vec<usize> {
        (0..self.kept.as_ref().map_or(0, |kept| kept.drawn.len()).min(needed)).collect()
    }

    /// Takes candidates out of what is left; those of a settled step are of no use to the next.
    fn take(&mut self, places: &[usize], settled: bool) {
        let Some(kept) = &mut self.kept else { return };
        if let Some(loader) = &mut self.loader {
            loader.take(&kept.drawn, places);
        }
        if settled {
            self.kept = None;
        } else if !matches!(self.settings.sampler, config::Sampler::Weighted | config::Sampler::Inverse) {
            let taken: HashSet<usize> = places.iter().copied().collect();
            kept.left.retain(|place| !taken.contains(place));
        }
    }

    /// Opens an epoch, or opens it again as far as a saved state had read it.
    fn open_epoch(&mut self, context: &Context, progress: &mut OrderingProgress) {
        if self.epoch == context.epoch {
            return;
        }
        let published = self.settings.published.position_as_index;
        let each = if self.settings.item == ItemKind::Sample { 1 } else { context.batch };
        // A short batch that is dropped is no candidate.
        let whole = (context.steps_per_epoch as usize).saturating_mul(context.batch).min(context.order.len());
        let cut = if each == 1 { context.order } else { &context.order[..whole] };
        self.loader = match self.settings.recipe {
            _ if self.samples_without_end() => None,
            Recipe::Fixed => Some(Loader::fixed(cut, each, context.seeds.order, context.epoch)),
            Recipe::Redrawn => Some(Loader::redrawn(context.order.len(), context.batch, published, context.seeds.order, context.epoch)),
        };
        self.epoch = context.epoch;
        self.kept = None;
        if progress.epoch != context.epoch {
            *progress = OrderingProgress { epoch: context.epoch, choices: Vec::new() };
        }
        let needed = self.needed(context);
        let mut choices = progress.choices.iter().map(|&place| place as usize);
        let mut step = (context.epoch - 1) * context.steps_per_epoch;
        while choices.len() > 0 {
            step += 1;
            if self.draws_anew(context, step) {
                self.kept = Some(Kept::of(self.draw(context, step), Vec::new()));
            }
            let Some(kept) = &self.kept else { return };
            let settled = self.is_settled(context, step, &kept.drawn);
            let places: Vec<usize> = choices.by_ref().take(needed.min(kept.drawn.len())).collect();
            self.take(&places, settled);
        }
        match (&mut self.kept, self.restored.take()) {
            (Some(kept), Some(scores)) if scores.len() == kept.drawn.len() => kept.scores = scores,
            // Without their scores the candidates are scored again.
            (kept, _) => *kept = None,
        }
    }

    /// Scores all that was drawn.
    fn score(&self, context: &Context, scoring: &mut Scoring, drawn: &Candidates) -> Result<(Scored, Option<Crops>)> {
        let began = Instant::now();
        let samples = self.settings.item == ItemKind::Sample;
        let crops = if samples { scoring.pool_crops(context, drawn.len()) } else { None };
        // A single sample is known by its own number, not by its place in the epoch's order.
        let numbers = if samples { drawn.items.iter().flatten().copied().collect() } else { drawn.numbers().to_vec() };
        let pool = if samples { Pool::Samples(&numbers, crops.as_ref()) } else { Pool::Batches(&drawn.items) };
        let found = scoring.scores(context, pool)?;
        let mut scored = Scored { forward: found.forward, backward: found.backward, ..Scored::default() };
        for other in &self.settings.compare {
            let compared = scoring.scores_by(*other, context, pool)?;
            scored.forward += compared.forward;
            scored.backward += compared.backward;
            if let Some(correlation) = rank_correlation(&found.values, &compared.values) {
                scored.correlation.insert(other.to_string(), correlation);
            }
        }
        scored.scores = found.values;
        scored.numbers = numbers;
        scored.seconds = began.elapsed().as_secs_f64();
        Ok((scored, crops.filter(|_| self.settings.rescore_crops == ScoringCrops::Same)))
    }

    /// Places, among all that were drawn, of those that the step takes.
    fn select(&self, context: &Context, needed: usize) -> Result<Vec<usize>> {
        let Some(kept) = &self.kept else { return Ok(Vec::new()) };
        let scores: Vec<f64> = kept.left.iter().map(|&place| kept.scores.get(place).copied().unwrap_or(f64::NAN)).collect();
        let mut stream = Stream::new(context.seeds.order, Purpose::Sampler, context.epoch, context.step, 0);
        let sampler = match self.settings.sampler {
            config::Sampler::Off => None,
            config::Sampler::Weighted => Some(strategy::Sampler::Weighted { temperature: self.settings.temperature }),
            config::Sampler::Inverse => Some(strategy::Sampler::Inverse),
            config::Sampler::Smallest => Some(strategy::Sampler::Smallest),
            config::Sampler::Largest => Some(strategy::Sampler::Largest),
        };
        let taken = match sampler {
            None if self.settings.scorer == Scorer::Random => {
                stream.choose(needed, scores.len()).into_iter().map(|place| place as usize).collect()
            }
            None => order(self.settings.scorer, self.settings.order).first(&scores, needed),
            Some(sampler) => {
                let wrong = |error| Error::Configuration(format!("ordering.sampler: {error}"));
                sampler.take(&scores, needed, &mut stream).map_err(wrong)?
            }
        };
        Ok(taken.into_iter().filter_map(|place| kept.left.get(place).copied()).collect())
    }
}

/// What is handed out first, and which of several best: as published where something was.
#[must_use]
pub fn order(scorer: Scorer, direction: Direction) -> Order {
    let delta = scorer == Scorer::LossDelta;
    let descending = match direction {
        Direction::Auto => delta || scorer == Scorer::Rho,
        Direction::Ascending => false,
        Direction::Descending => true,
    };
    Order { descending, ties: if delta { Ties::Last } else { Ties::First } }
}
