//! The training loop of one run. `docs/architecture.md` shows it as annotated pseudo-code, with every hook.

mod commands;
mod end;
mod report;

pub use end::{End, StopAt};

use crate::boundary;
use crate::clock::Clock;
use crate::error::Result;
use crate::images::{Crops, DeviceSet, Normalisation};
use crate::network::Network;
use crate::optimizer::Sgd;
use crate::ordering::context::{Chosen, Context};
use crate::ordering::orderer::Orderer;
use crate::plan::{self, Plan};
use crate::precision::LossScale;
use crate::recorder::{Note, Recorder, wish};
use crate::schedule;
use crate::setup::Machine;
use crate::state::Progress;
use crate::step::{Outcome, Stepper};
use crate::weights::Weights;
use curricle_core::config::Experiment;
use curricle_core::record::{self, Level, What};
use curricle_core::run::{RunDirectory, State};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// One run on the device.
pub struct Training<'a> {
    /// What is trained.
    pub experiment: &'a Experiment,
    /// Where it is written.
    pub directory: &'a RunDirectory,
    /// On what.
    pub machine: &'a Machine,
    /// The network.
    pub network: &'a Network,
    /// Its numbers.
    pub plan: Plan,
    /// Training images.
    pub train: DeviceSet,
    /// Hold-out images.
    pub holdout: Option<DeviceSet>,
    /// Test images.
    pub test: DeviceSet,
    /// Mean and deviation.
    pub normalisation: Normalisation,
    /// Whether images are mirrored, and padding of crops.
    pub augmentation: (bool, usize),
    /// θ, v, statistics.
    pub weights: Weights,
    /// Everything else of the state.
    pub progress: Progress,
    /// The side thread.
    pub recorder: Recorder,
    /// How steps are taken.
    pub stepper: Stepper,
    /// What selects the best network: `holdout`, `last` or `test`.
    pub selector: &'static str,
    /// Images that go through the network at once where they share no statistics; found once, by a pass of its own.
    pub evaluation_batch: usize,
    /// Who chooses items, where an ordering does.
    orderer: Option<Orderer>,
    /// Order of the epoch being read, and its number.
    order: (u64, Vec<u32>),
    /// Outcomes of steps that the host has not read yet, with their images.
    unread: Vec<(Outcome, usize)>,
    stop_at: Option<StopAt>,
    clock: Clock,
}

/// Parts of a [`Training`] that are made before it.
pub struct Parts<'a> {
    /// What is trained.
    pub experiment: &'a Experiment,
    /// Where it is written.
    pub directory: &'a RunDirectory,
    /// On what.
    pub machine: &'a Machine,
    /// The network.
    pub network: &'a Network,
    /// Its numbers.
    pub plan: Plan,
    /// Training, hold-out and test images.
    pub sets: (DeviceSet, Option<DeviceSet>, DeviceSet),
    /// Mean and deviation.
    pub normalisation: Normalisation,
    /// Whether images are mirrored, and padding of crops.
    pub augmentation: (bool, usize),
    /// θ, v, statistics.
    pub weights: Weights,
    /// Everything else of the state.
    pub progress: Progress,
    /// The side thread.
    pub recorder: Recorder,
    /// Who chooses items, where an ordering does.
    pub orderer: Option<Orderer>,
    /// What selects the best network.
    pub selector: &'static str,
    /// Where to stop before the end.
    pub stop_at: Option<StopAt>,
}

impl<'a> Training<'a> {
    /// Puts the parts together.
    ///
    /// # Errors
    /// If the loss scale cannot be made, or the network cannot be passed through.
    pub fn new(parts: Parts<'a>) -> Result<Self> {
        let (train, holdout, test) = parts.sets;
        let evaluation_batch = parts.machine.evaluation_batch(parts.network, &test)?;
        let loss_scale = match parts.machine.precision.scales_loss() {
            true => Some(LossScale::new(parts.progress.loss_scale.unwrap_or_default(), parts.machine.device.device)?),
            false => None,
        };
        let stepper = Stepper {
            optimizer: Sgd::new(&parts.experiment.optimizer),
            label_smoothing: parts.experiment.training.label_smoothing,
            arithmetic: parts.machine.precision.arithmetic,
            loss_scale,
            keep_gradient: parts.orderer.as_ref().is_some_and(Orderer::wants_gradient),
        };
        let clock = Clock::start(parts.progress.seconds, parts.experiment.training.until);
        Ok(Self {
            experiment: parts.experiment,
            directory: parts.directory,
            machine: parts.machine,
            network: parts.network,
            plan: parts.plan,
            train,
            holdout,
            test,
            normalisation: parts.normalisation,
            augmentation: parts.augmentation,
            weights: parts.weights,
            progress: parts.progress,
            recorder: parts.recorder,
            stepper,
            selector: parts.selector,
            evaluation_batch,
            orderer: parts.orderer,
            order: (0, Vec::new()),
            unread: Vec::new(),
            stop_at: parts.stop_at,
            clock,
        })
    }

    /// Trains to the end, or until something asks to stop.
    ///
    /// # Errors
    /// Divergence, a full disk, what libtorch refuses.
    pub fn run(&mut self) -> Result<End> {
        if self.progress.step == 0 {
            self.save_state()?;
        }
        self.stand(State::Training)?;
        while self.orderer.as_ref().is_some_and(Orderer::needs_preparation) && !self.prepare()? {
            if let Some(end) = self.obey()? {
                return Ok(end);
            }
        }
        loop {
            if self.is_to_stop_here() {
                self.save_state()?;
                return Ok(End::Stopped(format!("at step {}", self.progress.step)));
            }
            // A stop during an evaluation leaves the boundary of the last step to be done again.
            if !self.progress.boundary_done {
                if !boundary::finish(self)?
                    && let Some(end) = self.obey()?
                {
                    return Ok(end);
                }
                continue;
            }
            if self.progress.ended_early {
                return Ok(End::Done(format!("early stop: no lower loss for {} epochs", self.experiment.training.early_stop)));
            }
            if self.progress.step >= self.plan.steps {
                return Ok(End::Done(format!("{} steps", self.plan.steps)));
            }
            if let Some(end) = self.obey()? {
                return Ok(end);
            }
            self.step()?;
            self.save_if_due()?;
        }
    }

    fn is_to_stop_here(&self) -> bool {
        let here = |stop: StopAt| stop.step == self.progress.step && stop.before_boundary != self.progress.boundary_done;
        self.stop_at.is_some_and(here)
    }

    /// One step: draw, read, augment, train. Everything drawn is a function of (seed, epoch, step).
    fn step(&mut self) -> Result<()> {
        let step = self.progress.step + 1;
        let epoch = self.plan.epoch_of(step);
        if self.order.0 != epoch {
            self.order = (epoch, plan::epoch_order(self.experiment.seed.order, epoch, self.plan.images));
        }
        let lr = schedule::rate(&self.experiment.schedule, self.experiment.optimizer.lr, self.plan.place(step), &self.progress.plateau);
        let chosen = self.choose(step, epoch, lr)?;
        let items: &[u32] = match &chosen {
            Some(chosen) => &chosen.items,
            None => &self.order.1[self.plan.places(step)],
        };
        let (flip, padding) = self.augmentation;
        let drawn = || Crops::draw(flip, padding, items.len(), self.experiment.seed.augmentation, epoch, step);
        let crops = chosen.as_ref().and_then(|chosen| chosen.crops.clone()).or_else(drawn);
        let (bytes, labels) = self.train.batch(items, crops.as_ref())?;
        let images = self.normalisation.apply(&bytes)?;
        let count = items.len();
        if self.experiment.network.dropout > 0.0 {
            crate::device::seed_generator(self.experiment.seed.augmentation, epoch, step);
        }
        let mut outcome = self.stepper.step(self.network, &mut self.weights, &images, &labels, lr)?;
        if let (Some(orderer), Some(gradient)) = (&mut self.orderer, outcome.gradient.take()) {
            orderer.take_gradient(gradient)?;
        }
        if let (Some(orderer), Some(chosen)) = (&self.orderer, chosen) {
            self.recorder.tell(Note::Ordered(Box::new(orderer.ordered_step(step, epoch, chosen))))?;
        }
        self.unread.push((outcome, count));
        self.progress.step = step;
        self.progress.boundary_done = false;
        self.progress.images += count as u64;
        let share = count as f64 / self.plan.batch as f64;
        self.progress.forward += share;
        self.progress.backward += share;
        self.progress.series.lr = lr;
        if self.plan.records(step) {
            self.record_steps()?;
        }
        Ok(())
    }

    /// What an ordering may know of a step.
    fn context(&self, step: u64, epoch: u64, lr: f64) -> Context<'_> {
        Context {
            network: self.network,
            weights: &self.weights,
            train: &self.train,
            holdout: self.holdout.as_ref(),
            test: &self.test,
            normalisation: &self.normalisation,
            augmentation: self.augmentation,
            optimizer: self.stepper.optimizer,
            lr,
            label_smoothing: self.stepper.label_smoothing,
            arithmetic: self.stepper.arithmetic,
            seeds: &self.experiment.seed,
            epoch,
            step,
            steps_per_epoch: self.plan.steps_per_epoch,
            batch: self.plan.batch,
            together: self.evaluation_batch,
            order: &self.order.1,
        }
    }

    /// The items of a step where an ordering chooses them; says what was scored.
    fn choose(&mut self, step: u64, epoch: u64, lr: f64) -> Result<Option<Chosen>> {
        let Some(mut orderer) = self.orderer.take() else { return Ok(None) };
        let mut ordering = std::mem::take(&mut self.progress.ordering);
        let chosen = orderer.choose(&self.context(step, epoch, lr), &mut ordering);
        let event = chosen.as_ref().ok().and_then(|chosen| orderer.event(chosen));
        self.progress.ordering = ordering;
        self.orderer = Some(orderer);
        if let Some(scoring) = event {
            self.progress.forward += scoring.forward;
            self.progress.backward += scoring.backward;
            self.recorder.event(step, epoch, What::Scoring(scoring))?;
        }
        chosen.map(Some)
    }

    /// Trains or asks the network whose losses an ordering needs before the first step; whether it came to its end.
    fn prepare(&mut self) -> Result<bool> {
        let Some(mut orderer) = self.orderer.take() else { return Ok(true) };
        let (began, lr) = (Instant::now(), self.experiment.optimizer.lr);
        let context = self.context(self.progress.step + 1, 1, lr);
        // Nothing of it is saved before its end, so a pause lets it stand where it is.
        let paused: Cell<Result<Duration>> = Cell::new(Ok(Duration::ZERO));
        let goes_on = || {
            if self.recorder.wishes() == wish::PAUSE {
                paused.set(paused.replace(Ok(Duration::ZERO)).and_then(|before| Ok(before + self.stand_still()?)));
            }
            !self.must_end()
        };
        let before = record::Message { level: Level::Info, text: orderer.preparing() };
        self.recorder.event(self.progress.step, 1, What::Message(before))?;
        let spent = orderer.prepare(&context, self.experiment, self.machine, &goes_on);
        self.orderer = Some(orderer);
        self.clock.waited += paused.into_inner()?;
        let Some(spent) = spent? else { return Ok(false) };
        self.progress.forward += spent.forward;
        self.progress.backward += spent.backward;
        let text = format!(
            "scores of {} training images are known: {:.0} forward and {:.0} backward passes, {:.0} s",
            self.train.len(),
            spent.forward,
            spent.backward,
            began.elapsed().as_secs_f64()
        );
        self.event(What::Message(record::Message { level: Level::Info, text }))?;
        self.save_state()?;
        Ok(true)
    }
}
