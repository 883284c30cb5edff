//! Which items the next step trains on, by an experiment's `[ordering]`.
//!
//! Four ways lead there, one file each: candidates are scored and the best are taken ([`super::choice`]), images come in from
//! the easiest ([`super::pacing`]), batches keep an order that balances gradients ([`super::balance`]), or a recorded order
//! is trained in again ([`super::replay`]).

use super::balance::Balance;
use super::choice::Choice;
use super::context::{Chosen, Context};
use super::known::Known;
use super::pacing::Pacing;
use super::preparation::{self, Trainee};
use super::replay::Replay;
use super::scorer::other::Other;
use super::scoring::Scoring;
use crate::error::{Error, Result};
use crate::network::Network;
use crate::plan::Plan;
use crate::setup::{self, Machine};
use curricle_core::config::{Experiment, Ordering, PacingBy, Scorer};
use curricle_core::data::Images;
use curricle_core::record;
use curricle_core::run::{self, OrderedStep, OrderingProgress, RunDirectory, ScoreHeader};
use std::collections::HashMap;
use tch::{Device, Kind, Tensor};

/// Who hands out items.
enum Source {
    Choice(Box<Choice>),
    Pacing(Pacing),
    Balance(Balance),
    Replay(Replay),
}

/// Chooses items by an experiment's `[ordering]`.
pub struct Orderer {
    settings: Ordering,
    source: Source,
    scoring: Scoring,
    /// Losses of all training images by a network that is trained before, once they are there.
    prepared: Option<Vec<f64>>,
    header: ScoreHeader,
    oracle: bool,
}

/// What a network that is trained before the run costs, in units of one batch of the run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// Forward passes.
    pub forward: f64,
    /// Backward passes.
    pub backward: f64,
}

impl Orderer {
    /// For an experiment; `saved` are the tensors that a state kept for it.
    ///
    /// # Errors
    /// All that is wrong with its files and sizes, at once.
    pub fn new(
        experiment: &Experiment,
        images: &Images,
        network: &Network,
        machine: &Machine,
        plan: &Plan,
        directory: &RunDirectory,
        mut saved: HashMap<String, Tensor>,
    ) -> Result<Option<Self>> {
        let Some(settings) = &experiment.ordering else { return Ok(None) };
        let mut problems = Problems::default();
        problems.keep(external_fits(settings, images));
        let known = problems.keep(Known::of(&images.train, settings)).unwrap_or_default();
        let shape = (images.train.channels as i64, images.train.height as i64, images.train.width as i64);
        let classes = images.classes.len() as i64;
        let teacher = settings.teacher.as_ref().filter(|_| settings.asks(Scorer::Teacher) || paced(settings, PacingBy::Teacher));
        let teacher = teacher.and_then(|teacher| problems.keep(Other::open(teacher, "ordering.teacher", shape, classes, machine)));
        let header = header(experiment, settings, images, plan);
        let replay = match settings.replay.as_str() {
            "" => None,
            _ => problems.keep(Replay::open(experiment, directory, &header, plan)),
        };
        problems.ended()?;
        let oracle = replay.as_ref().is_some_and(Replay::is_oracle);
        let header = ScoreHeader { oracle: header.oracle || oracle, ..header };
        let leftover = saved.remove("leftover");
        let prepared = saved.remove("prepared").map(|losses| host(&losses)).transpose()?;
        let source = match (&settings.pacing, replay) {
            (_, Some(replay)) => Source::Replay(replay),
            (Some(pacing), None) => Source::Pacing(Pacing::new(pacing, experiment.seed.order, images.train.len(), plan, &known)),
            (None, None) if settings.scorer == Scorer::Grab => {
                let theta = Tensor::f_zeros([network.layout.parameter_count() as i64], (machine.precision.kind, machine.device.device))?;
                Source::Balance(Balance::new(&theta, settings.pairs, experiment.seed.order, plan, &mut saved)?)
            }
            // The control of equal compute: the epoch's batches at random, one candidate each, nothing scored. How the other
            // scorer would be asked, and of what, concerns its cost alone.
            (None, None) if settings.scorer == Scorer::EqualCompute => {
                let candidates = curricle_core::config::Candidates::Of(1);
                Source::Choice(Box::new(Choice::new(&Ordering { scorer: Scorer::Random, candidates, ..Ordering::default() }, None)))
            }
            (None, None) => Source::Choice(Box::new(Choice::new(settings, saved.remove("kept").map(|scores| host(&scores)).transpose()?))),
        };
        let scoring = Scoring::new(settings, known, teacher, leftover);
        let mut orderer = Self { settings: settings.clone(), source, scoring, prepared: None, header, oracle };
        if let Some(prepared) = prepared {
            orderer.take_prepared(prepared);
        }
        Ok(Some(orderer))
    }

    /// Whether the recorded order that is trained in was chosen by test data.
    #[must_use]
    pub fn is_oracle(&self) -> bool {
        self.oracle
    }

    /// A digest of the recorded order that is trained in, if one is.
    #[must_use]
    pub fn replayed(&self) -> Option<String> {
        if let Source::Replay(replay) = &self.source { Some(replay.digest()) } else { None }
    }

    /// What all steps of the run's score files share.
    #[must_use]
    pub fn header(&self) -> &ScoreHeader {
        &self.header
    }

    /// Whether training must hand over each step's gradient.
    #[must_use]
    pub fn wants_gradient(&self) -> bool {
        self.settings.published.leftover_gradient || matches!(self.source, Source::Balance(_))
    }

    /// Takes the gradient of the training step that was just done.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn take_gradient(&mut self, gradient: Tensor) -> Result<()> {
        if let Source::Balance(balance) = &mut self.source {
            return balance.take_gradient(&gradient);
        }
        self.scoring.keep_gradient(gradient);
        Ok(())
    }

    /// Tensors that a state must keep, under their names.
    ///
    /// # Errors
    /// What libtorch refuses.
    pub fn saved(&self) -> Result<Vec<(String, Tensor)>> {
        let mut saved = Vec::new();
        saved.extend(self.scoring.leftover().map(|gradient| ("leftover".to_owned(), gradient.shallow_clone())));
        if let Some(losses) = &self.prepared {
            saved.push(("prepared".to_owned(), Tensor::f_from_slice(losses)?));
        }
        match &self.source {
            Source::Choice(choice) => {
                if let Some(scores) = choice.kept_scores() {
                    saved.push(("kept".to_owned(), Tensor::f_from_slice(scores)?));
                }
            }
            Source::Balance(balance) => saved.extend(balance.saved()?),
            Source::Pacing(_) | Source::Replay(_) => {}
        }
        Ok(saved)
    }

    /// Whether a network must be trained or asked before the first step.
    #[must_use]
    pub fn needs_preparation(&self) -> bool {
        let by = self.settings.pacing.as_ref().filter(|_| matches!(self.source, Source::Pacing(_))).map(|pacing| pacing.by);
        let paced = matches!(by, Some(PacingBy::Own | PacingBy::Teacher));
        let rho = matches!(self.source, Source::Choice(_)) && self.settings.asks(Scorer::Rho);
        self.prepared.is_none() && (paced || rho)
    }

    /// What is done before the first step, in words.
    #[must_use]
    pub fn preparing(&self) -> String {
        let epochs = |count: u64| if count == 1 { "1 epoch".to_owned() } else { format!("{count} epochs") };
        let pacing = self.settings.pacing.as_ref().filter(|_| matches!(self.source, Source::Pacing(_)));
        let what = match pacing {
            Some(pacing) if pacing.by == PacingBy::Own => format!("this network is trained for {} in random order", epochs(pacing.epochs)),
            Some(_) => "the teacher is asked for the losses of all training images".to_owned(),
            None if self.settings.holdout_model.as_ref().is_some_and(|model| !model.checkpoint.is_empty()) => {
                "the hold-out model is asked for the losses of all training images".to_owned()
            }
            None => format!("a network is trained on the hold-out for {}", epochs(self.settings.holdout_epochs)),
        };
        format!("before the first step: {what}")
    }

    /// Trains or asks the network whose losses are needed before the first step. `None` if `goes_on` said no.
    ///
    /// # Errors
    /// What libtorch refuses; a checkpoint that does not fit.
    pub fn prepare(
        &mut self,
        context: &Context,
        experiment: &Experiment,
        machine: &Machine,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<Spent>> {
        let pacing = self.settings.pacing.as_ref().filter(|_| matches!(self.source, Source::Pacing(_)));
        let found = match pacing {
            None => preparation::on_holdout(&self.settings, context, experiment, machine, goes_on)?,
            Some(pacing) if pacing.by == PacingBy::Teacher => {
                let teacher = self.scoring.teacher().ok_or_else(|| Error::Configuration("ordering.teacher: there is none".into()))?;
                teacher.losses_of(context, goes_on)?.map(|losses| (losses, 0))
            }
            Some(pacing) => {
                let network =
                    Network::new(&experiment.network, context.train.shape().0, context.train.shape().1, context.network.classes())?;
                let weights = setup::weights(experiment, &network, machine)?;
                let trainee = Trainee { network, weights, set: context.train, epochs: pacing.epochs, batch: context.batch };
                let Some((own, passed)) = preparation::train(trainee, context, experiment, goes_on)? else { return Ok(None) };
                own.losses_of(context, goes_on)?.map(|losses| (losses, passed))
            }
        };
        let Some((losses, passed)) = found else { return Ok(None) };
        self.take_prepared(losses);
        // One pass over the training set, whatever comes before.
        Ok(Some(Spent { forward: context.units(context.train.len() + passed), backward: context.units(passed) }))
    }

    fn take_prepared(&mut self, losses: Vec<f64>) {
        match &mut self.source {
            Source::Pacing(pacing) => pacing.sort_by(&losses),
            _ => self.scoring.set_irreducible(losses.clone()),
        }
        self.prepared = Some(losses);
    }

    /// The items of the next step.
    ///
    /// # Errors
    /// What libtorch refuses; scores that cannot be weights.
    pub fn choose(&mut self, context: &Context, progress: &mut OrderingProgress) -> Result<Chosen> {
        let mut chosen = match &mut self.source {
            Source::Choice(choice) => choice.choose(context, &mut self.scoring, progress),
            Source::Pacing(pacing) => Ok(pacing.choose(context)),
            Source::Balance(balance) => balance.choose(context),
            Source::Replay(replay) => replay.choose(context.step),
        }?;
        chosen.classes = self.scoring.known().mix(&chosen.items, self.header.classes.len());
        Ok(chosen)
    }

    /// What the event log says of a scoring; `None` where nothing was scored.
    #[must_use]
    pub fn event(&self, chosen: &Chosen) -> Option<record::Scoring> {
        let scored = chosen.scored.as_ref()?;
        let numbers = || scored.scores.iter().copied().filter(|score| !score.is_nan());
        let best: Vec<f64> =
            scored.chosen.iter().filter_map(|&place| scored.scores.get(place as usize).copied()).filter(|score| !score.is_nan()).collect();
        let listed = scored.scores.len().max(scored.chosen.len()) <= record::Scoring::LISTED;
        Some(record::Scoring {
            scorer: self.settings.scorer.word().to_owned(),
            candidates: scored.scores.len() as u64,
            scores: if listed { scored.scores.clone() } else { Vec::new() },
            chosen: if listed { scored.chosen.clone() } else { Vec::new() },
            low: numbers().reduce(f64::min).unwrap_or(f64::NAN),
            high: numbers().reduce(f64::max).unwrap_or(f64::NAN),
            score: if best.is_empty() { f64::NAN } else { best.iter().sum::<f64>() / best.len() as f64 },
            undefined: scored.scores.iter().filter(|score| score.is_nan()).count() as u64,
            classes: chosen.classes.clone(),
            forward: scored.forward,
            backward: scored.backward,
            seconds: scored.seconds,
            correlation: scored.correlation.clone(),
        })
    }

    /// What the score files keep of a step.
    #[must_use]
    pub fn ordered_step(&self, step: u64, epoch: u64, chosen: Chosen) -> OrderedStep {
        let scored = chosen.scored.filter(|_| self.settings.record_scores).map(|scored| run::Candidates {
            numbers: scored.numbers,
            scores: scored.scores.iter().map(|&score| score as f32).collect(),
            chosen: scored.chosen,
            correlation: scored.correlation.into_iter().map(|(name, value)| (name, value as f32)).collect(),
        });
        OrderedStep { step, epoch, items: chosen.items, classes: chosen.classes, scored }
    }
}

fn paced(settings: &Ordering, by: PacingBy) -> bool {
    settings.pacing.as_ref().is_some_and(|pacing| pacing.by == by)
}

/// Whether the pool of the external batch is large enough.
///
/// # Errors
/// If it is not.
pub fn external_fits(settings: &Ordering, images: &Images) -> Result<()> {
    use curricle_core::config::{ExternalSource, Target};
    if settings.asked().all(|asked| asked.target != Target::External) {
        return Ok(());
    }
    let (name, count) = match settings.external.source {
        ExternalSource::Test => ("test set", images.test.len()),
        ExternalSource::Train => ("training set", images.train.len()),
        ExternalSource::Holdout => ("hold-out", images.holdout.as_ref().map_or(0, |set| set.len())),
    };
    let size = settings.external.size as usize;
    if size <= count {
        return Ok(());
    }
    let text = format!("ordering.external.size: {size} images are asked for, and the {name} has {count}; use {count} at most");
    Err(Error::Configuration(text))
}

fn header(experiment: &Experiment, settings: &Ordering, images: &Images, plan: &Plan) -> ScoreHeader {
    let candidates = match settings.candidates {
        curricle_core::config::Candidates::All => images.train.len() as u64,
        curricle_core::config::Candidates::Of(count) => count,
    };
    let each = if settings.item == curricle_core::config::ItemKind::Sample { plan.batch as u64 } else { 1 };
    ScoreHeader {
        format: ScoreHeader::FORMAT,
        scorer: settings.scorer.word().to_owned(),
        item: settings.item.word().to_owned(),
        set: experiment.data.set.to_string(),
        images: images.train.len() as u64,
        fingerprint: images.train.fingerprint(),
        batch: plan.batch as u64,
        steps_per_epoch: plan.steps_per_epoch,
        steps_per_file: ScoreHeader::steps_per_file(candidates.saturating_mul(each).min(images.train.len() as u64)),
        classes: images.classes.clone(),
        oracle: experiment.orders_by_test_data(),
    }
}

/// A flat tensor on the host.
fn host(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(Vec::try_from(tensor.f_to_kind(Kind::Double)?.f_to(Device::Cpu)?)?)
}

/// What is wrong, collected.
#[derive(Default)]
struct Problems(Vec<Error>);

impl Problems {
    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.0.push(error);
                None
            }
        }
    }

    fn ended(mut self) -> Result<()> {
        match self.0.len() {
            0 => Ok(()),
            1 => Err(self.0.remove(0)),
            _ => Err(Error::Configuration(self.0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))),
        }
    }
}
