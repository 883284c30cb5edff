//! Scores of candidates by any scorer: the table that leads to the files of `scorer/`, the external batch, and what the
//! scoring cost.

use super::context::Context;
use super::known::Known;
use super::scorer::other::Other;
use super::scorer::{self, Batch, Candidates, Situation, first_order, loss, loss_delta};
use crate::error::{Error, Result};
use crate::images::Crops;
use curricle_core::config::{Displacement, Estimate, ExternalSource, Measure, Ordering, Redraw, Scorer, ScoringCrops, Selector, Target};
use curricle_core::random::{Purpose, Stream};
use tch::{Device, Kind, Tensor};

/// Scores, and what they cost in units of one batch.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    /// One a candidate.
    pub values: Vec<f64>,
    /// Forward passes.
    pub forward: f64,
    /// Backward passes.
    pub backward: f64,
}

/// What is scored.
#[derive(Clone, Copy)]
pub enum Pool<'a> {
    /// Whole batches.
    Batches(&'a [Vec<u32>]),
    /// Whole batches that somebody else gathers, under crops of their own.
    Gathered(&'a [Vec<u32>], &'a dyn Candidates),
    /// Single samples, each under its own crop.
    Samples(&'a [u32], Option<&'a Crops>),
}

impl Pool<'_> {
    fn count(&self) -> usize {
        match self {
            Self::Batches(batches) | Self::Gathered(batches, _) => batches.len(),
            Self::Samples(items, _) => items.len(),
        }
    }

    /// A number known of each image, as the score of a candidate: of a batch, the mean of its images. What is not known is
    /// not a number.
    fn by_image(&self, known: &[f64]) -> Vec<f64> {
        let of = |item: &u32| known.get(*item as usize).copied().unwrap_or(f64::NAN);
        match self {
            Self::Batches(batches) | Self::Gathered(batches, _) => batches.iter().map(|items| mean(items.iter().map(of))).collect(),
            Self::Samples(items, _) => items.iter().map(of).collect(),
        }
    }

    fn images(&self) -> usize {
        match self {
            Self::Batches(batches) | Self::Gathered(batches, _) => batches.iter().map(Vec::len).sum(),
            Self::Samples(items, _) => items.len(),
        }
    }
}

/// Everything that scorers need beside the network that learns.
pub struct Scoring {
    settings: Ordering,
    known: Known,
    teacher: Option<Other>,
    /// L(θ_holdout; x) of every training image.
    irreducible: Vec<f64>,
    /// The external batch, and what it was drawn for.
    external: Option<((u64, u64), Batch)>,
    /// The gradient of the training step before, where the published defect asks for it.
    leftover: Option<Tensor>,
}

impl Scoring {
    /// For an experiment's ordering.
    #[must_use]
    pub fn new(settings: &Ordering, known: Known, teacher: Option<Other>, leftover: Option<Tensor>) -> Self {
        Self { settings: settings.clone(), known, teacher, irreducible: Vec::new(), external: None, leftover }
    }

    /// What is known of the images.
    #[must_use]
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// The teacher.
    #[must_use]
    pub fn teacher(&self) -> Option<&Other> {
        self.teacher.as_ref()
    }

    /// Takes the losses that a network trained on the hold-out has on the training images.
    pub fn set_irreducible(&mut self, losses: Vec<f64>) {
        self.irreducible = losses;
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

    /// Scores of all candidates by the scorer that chooses.
    ///
    /// # Errors
    /// What libtorch refuses; an external batch larger than its pool.
    pub fn scores(&mut self, context: &Context, pool: Pool) -> Result<Scores> {
        // A gradient left over spoils the choice, as published.
        let leftover = self.leftover.as_ref().filter(|_| self.settings.published.leftover_gradient).map(Tensor::shallow_clone);
        self.ask(self.settings.selector(), leftover.as_ref(), context, pool)
    }

    /// Scores of all candidates by another scorer, to compare.
    ///
    /// # Errors
    /// As of [`Scoring::scores`].
    pub fn scores_by(&mut self, other: Selector, context: &Context, pool: Pool) -> Result<Scores> {
        self.ask(other, None, context, pool)
    }

    fn ask(&mut self, asked: Selector, leftover: Option<&Tensor>, context: &Context, pool: Pool) -> Result<Scores> {
        if let Some(known) = self.known.scores(asked.scorer) {
            return Ok(Scores { values: pool.by_image(known), ..Scores::default() });
        }
        let all = context.units(pool.images());
        match asked.scorer {
            Scorer::Random => Ok(Scores { values: vec![0.0; pool.count()], ..Scores::default() }),
            Scorer::Loss => Ok(Scores { values: self.losses(&self.situation(context), context, pool)?, forward: all, backward: 0.0 }),
            Scorer::Teacher => self.by_teacher(context, pool),
            Scorer::Rho => {
                let own = self.losses(&self.situation(context), context, pool)?;
                let less = pool.by_image(&self.irreducible);
                Ok(Scores { values: own.iter().zip(&less).map(|(own, less)| own - less).collect(), forward: all, backward: 0.0 })
            }
            Scorer::LossDelta => self.deltas(asked, leftover, context, pool),
            other => Err(Error::Configuration(format!("ordering.scorer: `{}` scores no candidates", other.word()))),
        }
    }

    fn situation<'a>(&self, context: &'a Context<'_>) -> Situation<'a> {
        context.situation(self.settings.bn)
    }

    /// L(θ; c) of every candidate.
    fn losses(&self, situation: &Situation, context: &Context, pool: Pool) -> Result<Vec<f64>> {
        match pool {
            Pool::Batches(batches) => scorer::read(&loss::scores(situation, &self.gathered(context, batches), context.together)?),
            Pool::Gathered(_, batches) => scorer::read(&loss::scores(situation, batches, context.together)?),
            Pool::Samples(items, crops) => {
                let evaluator = situation.evaluator(&situation.weights.theta)?;
                each(context, items, crops, |batch| evaluator.losses(&batch.images, &batch.labels))
            }
        }
    }

    /// The teacher's loss, with a share of the student's own.
    fn by_teacher(&self, context: &Context, pool: Pool) -> Result<Scores> {
        let teacher = self.teacher.as_ref().ok_or_else(|| Error::Configuration("ordering.teacher: there is none".into()))?;
        let all = context.units(pool.images());
        let mut values = self.losses(&teacher.situation(context), context, pool)?;
        let share = self.settings.student;
        if share == 0.0 {
            return Ok(Scores { values, forward: all, backward: 0.0 });
        }
        let own = self.losses(&self.situation(context), context, pool)?;
        values.iter_mut().zip(own).for_each(|(value, own)| *value = (1.0 - share) * *value + share * own);
        Ok(Scores { values, forward: 2.0 * all, backward: 0.0 })
    }

    fn deltas(&mut self, asked: Selector, leftover: Option<&Tensor>, context: &Context, pool: Pool) -> Result<Scores> {
        if asked.target == Target::External {
            self.draw_external(context)?;
        }
        let external = self.external.as_ref().filter(|_| asked.target == Target::External).map(|(_, batch)| batch);
        let apart = external.map_or(0.0, |batch| context.units(batch.labels.size()[0] as usize));
        let situation = self.situation(context);
        let all = context.units(pool.images());
        if asked.estimate == Estimate::FirstOrder {
            let external = external.ok_or_else(|| Error::Configuration("ordering.estimate: first order needs an external batch".into()))?;
            let e = match self.settings.step {
                Displacement::Auto => first_order::displacement(context.weights.theta.kind()),
                Displacement::Length(e) => e,
            };
            let probe = first_order::Probe::new(&situation, external, e)?;
            let values = match pool {
                Pool::Batches(batches) => scorer::read(&probe.scores(&situation, &self.gathered(context, batches), context.together)?)?,
                Pool::Gathered(_, batches) => scorer::read(&probe.scores(&situation, batches, context.together)?)?,
                Pool::Samples(items, crops) => {
                    let probe = probe.of_images(&situation)?;
                    each(context, items, crops, |batch| probe.scores(&batch.images, &batch.labels))?
                }
            };
            return Ok(Scores { values, forward: 2.0 * all + apart, backward: apart });
        }
        let relative = asked.measure == Measure::Relative;
        let (values, count) = match pool {
            Pool::Batches(batches) => {
                let deltas = loss_delta::deltas(&situation, &self.gathered(context, batches), external, leftover, context.together)?;
                (scorer::read(&deltas.scores(relative)?)?, batches.len())
            }
            Pool::Gathered(_, batches) => {
                let deltas = loss_delta::deltas(&situation, batches, external, leftover, context.together)?;
                (scorer::read(&deltas.scores(relative)?)?, batches.count())
            }
            Pool::Samples(items, crops) => {
                // A trial step on each sample alone: exact, and as dear as it sounds.
                let values = each(context, items, crops, |batch| {
                    let deltas = loss_delta::deltas(&situation, &Singles(batch), external, None, context.together)?;
                    Ok(Tensor::f_stack(&deltas.scores(relative)?, 0)?)
                })?;
                (values, items.len())
            }
        };
        let forward = if external.is_some() { all + (count as f64 + 1.0) * apart } else { 2.0 * all };
        Ok(Scores { values, forward, backward: all })
    }

    fn gathered<'a>(&'a self, context: &'a Context<'a>, batches: &'a [Vec<u32>]) -> Gathered<'a> {
        Gathered { context, batches, crops: self.settings.rescore_crops }
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
        let pool = match settings.source {
            ExternalSource::Test => Some(context.test),
            ExternalSource::Train => Some(context.train),
            ExternalSource::Holdout => context.holdout,
        };
        let pool = pool.ok_or_else(|| Error::Configuration("ordering.external.source: there is no hold-out; set `data.holdout`".into()))?;
        let items = Stream::new(context.seeds.order, Purpose::External, when.0, when.1, 0).choose(settings.size as usize, pool.len());
        let (bytes, labels) = pool.batch(&items, None)?;
        self.external = Some((when, Batch { images: context.normalisation.apply(&bytes)?, labels }));
        Ok(())
    }

    /// Crops of a pool of samples: those that the chosen ones will be trained under, or others.
    #[must_use]
    pub fn pool_crops(&self, context: &Context, count: usize) -> Option<Crops> {
        let (flip, padding) = context.augmentation;
        let purpose = match self.settings.rescore_crops {
            ScoringCrops::Same => Purpose::Crops,
            ScoringCrops::Fresh => Purpose::ScoringCrops,
        };
        let stream = Stream::new(context.seeds.augmentation, purpose, context.epoch, context.step, 0);
        Crops::draw_from(stream, flip, padding, count)
    }
}

/// Batches of training images that are gathered when they are asked for, under the crops that scoring sees.
struct Gathered<'a> {
    context: &'a Context<'a>,
    batches: &'a [Vec<u32>],
    crops: ScoringCrops,
}

impl Candidates for Gathered<'_> {
    fn count(&self) -> usize {
        self.batches.len()
    }

    fn batch(&self, place: usize) -> Result<Batch> {
        let context = self.context;
        let items = self.batches.get(place).ok_or_else(|| Error::Other(format!("there is no candidate {place}")))?;
        let (flip, padding) = context.augmentation;
        let (seed, epoch, step) = (context.seeds.augmentation, context.epoch, context.step);
        let crops = match self.crops {
            // A crop belongs to the place in the batch, so every candidate is seen as it would be trained on.
            ScoringCrops::Same => Crops::draw(flip, padding, items.len(), seed, epoch, step),
            ScoringCrops::Fresh => {
                Crops::draw_from(Stream::new(seed, Purpose::ScoringCrops, epoch, step, place as u64), flip, padding, items.len())
            }
        };
        let (bytes, labels) = context.train.batch(items, crops.as_ref())?;
        Ok(Batch { images: context.normalisation.apply(&bytes)?, labels })
    }
}

/// The images of a batch, each as a batch of its own.
struct Singles(Batch);

impl Candidates for Singles {
    fn count(&self) -> usize {
        self.0.labels.size()[0] as usize
    }

    fn batch(&self, place: usize) -> Result<Batch> {
        let images = self.0.images.f_narrow(0, place as i64, 1)?;
        Ok(Batch { images, labels: self.0.labels.f_narrow(0, place as i64, 1)? })
    }
}

/// Scores of single images, as many at once as the caches like; `score` gives one number an image.
fn each(context: &Context, items: &[u32], crops: Option<&Crops>, score: impl Fn(Batch) -> Result<Tensor>) -> Result<Vec<f64>> {
    let mut scores = Vec::new();
    let together = context.together.max(1);
    for (number, part) in items.chunks(together).enumerate() {
        let crops = crops.map(|crops| crops.part(number * together..number * together + part.len()));
        let (bytes, labels) = context.train.batch(part, crops.as_ref())?;
        scores.push(score(Batch { images: context.normalisation.apply(&bytes)?, labels })?);
    }
    if scores.is_empty() {
        return Ok(Vec::new());
    }
    Ok(Vec::try_from(Tensor::f_cat(&scores, 0)?.f_to_kind(Kind::Double)?.f_to(Device::Cpu)?)?)
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}
