//! The training loop of one run. `docs/architecture.md` shows it as annotated pseudo-code, with every hook.

use crate::boundary;
use crate::checkpoint;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::images::{Crops, DeviceSet, Normalisation};
use crate::network::Network;
use crate::optimizer::Sgd;
use crate::ordering::context::{Chosen, Context};
use crate::ordering::orderer::Orderer;
use crate::plan::{self, Plan};
use crate::precision::LossScale;
use crate::recorder::{Note, Recorder, Standing, wish};
use crate::schedule;
use crate::setup::Machine;
use crate::state::{Progress, Series, Snapshot};
use crate::step::{Outcome, Stepper};
use crate::weights::Weights;
use curricle_core::config::{Experiment, Period};
use curricle_core::record::{self, Level, What};
use curricle_core::run::{RunDirectory, State};
use std::cell::Cell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Why the loop ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Its length was reached, or early stop ended it; the text says which.
    Done(String),
    /// Stopped on request; the state is saved.
    Stopped(String),
    /// Paused and released: the process ends, the run does not.
    Released,
    /// A signal; the state is saved.
    Signal(i32),
}

impl End {
    /// The end that commands, signals or a failed recorder ask for, if any does.
    pub(crate) fn asked(recorder: &Recorder) -> Option<Result<Self>> {
        let wishes = recorder.wishes();
        if wishes & wish::FAILED != 0 {
            Some(Err(recorder.take_error()))
        } else if wishes & wish::SIGNAL != 0 {
            Some(Ok(Self::Signal(recorder.signal())))
        } else if wishes & wish::RELEASE != 0 {
            Some(Ok(Self::Released))
        } else if wishes & wish::STOP != 0 {
            Some(Ok(Self::Stopped("asked to".into())))
        } else {
            None
        }
    }
}

/// A place to stop at, as if asked to at that very moment: what a signal does at some step, this does at a chosen one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StopAt {
    /// Steps done.
    pub step: u64,
    /// Whether before what follows the step (evaluation, selection, checkpoints) or after it.
    pub before_boundary: bool,
}

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

    /// Reads the outcomes that wait on the device into the epoch's sums and the series.
    ///
    /// # Errors
    /// Divergence: a loss that is not finite.
    pub fn read_outcomes(&mut self) -> Result<()> {
        let first = self.progress.step + 1 - self.unread.len() as u64;
        for (place, (outcome, count)) in std::mem::take(&mut self.unread).into_iter().enumerate() {
            let loss = outcome.loss.f_double_value(&[])?;
            let hits = outcome.hits.f_int64_value(&[])? as u64;
            if !loss.is_finite() {
                return Err(self.divergence(first + place as u64, loss));
            }
            self.progress.epoch.loss += loss * count as f64;
            self.progress.epoch.hits += hits;
            self.progress.epoch.images += count as u64;
            self.progress.series.loss.push(loss);
            self.progress.series.accuracy.push(hits as f64 / count as f64);
        }
        Ok(())
    }

    fn divergence(&self, step: u64, loss: f64) -> Error {
        let what = if loss.is_nan() { "not a number" } else { "infinite" };
        Error::Diverged(format!(
            "the training loss is {what} at step {step} (epoch {}, learning rate {}): the run diverged; lower `optimizer.lr` or warm up",
            self.plan.epoch_of(step),
            self.progress.series.lr
        ))
    }

    /// Writes the `step` event that ends with the last step.
    fn record_steps(&mut self) -> Result<()> {
        self.read_outcomes()?;
        let (norm_sum, norm_global) = self.weights.norms(&self.network.layout)?;
        let series = std::mem::take(&mut self.progress.series);
        let what = What::Step(record::Step {
            first: self.progress.step + 1 - series.loss.len() as u64,
            lr: series.lr,
            loss: series.loss,
            accuracy: series.accuracy,
            norm_sum,
            norm_global,
            images: self.progress.images,
            forward: self.progress.forward,
            backward: self.progress.backward,
        });
        self.progress.series = Series { lr: series.lr, ..Series::default() };
        self.event(what)?;
        self.stand(State::Training)
    }

    /// Records an event at the last step.
    ///
    /// # Errors
    /// The recorder's.
    pub fn event(&self, what: What) -> Result<()> {
        self.recorder.event(self.progress.step, self.plan.epoch_of(self.progress.step), what)
    }

    /// Tells readers how the run stands.
    ///
    /// # Errors
    /// The recorder's.
    pub fn stand(&self, state: State) -> Result<()> {
        let epoch = self.progress.epoch;
        let epoch_loss = (epoch.images > 0).then(|| epoch.loss / epoch.images as f64);
        let test_loss = self.progress.test.map(|test| test.loss);
        self.recorder.tell(Note::Standing(Standing {
            state,
            step: self.progress.step,
            steps: None,
            epoch: self.plan.epoch_of(self.progress.step),
            // The training loss while it trains; the test loss once it is over.
            loss: if state.is_over() { test_loss.or(epoch_loss) } else { epoch_loss.or(test_loss) },
            accuracy: self.progress.test.map(|test| test.accuracy),
            selected: self.selected(),
            seconds: self.seconds(),
        }))
    }

    /// Whether test data made a choice.
    fn is_oracle(&self) -> bool {
        let ordered = self.orderer.as_ref().is_some_and(Orderer::is_oracle);
        self.selector == "test" || self.experiment.orders_by_test_data() || ordered
    }

    /// The network selected so far.
    #[must_use]
    pub fn selected(&self) -> Option<record::Selected> {
        let oracle = self.is_oracle();
        if self.selector == "last" {
            let test = self.progress.test?;
            return Some(record::Selected { by: "last".into(), epoch: test.epoch, accuracy: test.accuracy, oracle });
        }
        self.progress.best.map(|best| record::Selected {
            by: self.selector.into(),
            epoch: best.epoch,
            accuracy: best.test_accuracy,
            oracle,
        })
    }

    /// Seconds spent in this run, pauses taken off.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    /// Hands a snapshot of everything to the recorder. The only wait is a memory copy.
    ///
    /// # Errors
    /// If the weights cannot be read.
    pub fn save_state(&mut self) -> Result<()> {
        self.read_outcomes()?;
        self.progress.batches_tracked = self.weights.batches_tracked;
        self.progress.loss_scale = match &self.stepper.loss_scale {
            Some(scale) => Some(scale.state()?),
            None => None,
        };
        self.progress.seconds = self.seconds();
        self.clock.saved = Instant::now();
        let extra = self.orderer.as_ref().map(Orderer::saved).transpose()?.unwrap_or_default();
        let snapshot = Snapshot::of(&self.weights, &extra)?;
        self.recorder.tell(Note::State(Box::new((snapshot, self.progress.clone()))))
    }

    fn save_if_due(&mut self) -> Result<()> {
        let due = match self.experiment.training.state_every {
            Period::Seconds(seconds) => self.clock.saved.elapsed().as_secs_f64() >= seconds,
            Period::Steps(steps) => self.progress.step.is_multiple_of(steps.max(1)),
        };
        if due { self.save_state() } else { Ok(()) }
    }

    /// Writes θ and statistics as a checkpoint, and the event that says so.
    ///
    /// # Errors
    /// If the weights cannot be read.
    pub fn write_checkpoint(&self, path: std::path::PathBuf, reason: &str) -> Result<()> {
        let host = checkpoint::HostWeights::of(&self.weights)?;
        let layout = self.network.layout.clone();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let (step, epoch) = (self.progress.step, self.plan.epoch_of(self.progress.step));
        let metadata = HashMap::from([("curricle_run".to_string(), self.directory.id()), ("curricle_step".to_string(), step.to_string())]);
        let bytes = Box::new(move || checkpoint::to_bytes(&layout, &host, metadata));
        let what = What::Checkpoint(record::Checkpoint { file: format!("checkpoints/{name}"), reason: reason.into() });
        self.recorder.tell(Note::File { path, bytes, step, epoch, what })
    }

    /// Whether something asks to end before the next step, even in the middle of an evaluation.
    #[must_use]
    pub fn must_end(&self) -> bool {
        self.recorder.must_end()
    }

    /// Does what commands and signals ask for. One atomic read where nothing does.
    fn obey(&mut self) -> Result<Option<End>> {
        if self.clock.is_over() {
            self.save_state()?;
            return Ok(Some(End::Stopped("`training.until` was reached".into())));
        }
        loop {
            let wishes = self.recorder.wishes();
            if wishes == 0 {
                return Ok(None);
            }
            if let Some(end) = End::asked(&self.recorder) {
                let end = end?;
                self.save_state()?;
                return Ok(Some(end));
            }
            if wishes & wish::CHECKPOINT != 0 {
                self.recorder.clear(wish::CHECKPOINT);
                self.save_state()?;
                self.write_checkpoint(self.directory.last(), "asked")?;
            }
            if wishes & wish::PAUSE != 0 {
                self.wait_while_paused()?;
            }
        }
    }

    /// Keeps the process and the device, saves, and waits for another wish.
    fn wait_while_paused(&mut self) -> Result<()> {
        self.save_state()?;
        self.clock.waited += self.stand_still()?;
        Ok(())
    }

    /// Waits while a pause is wished and nothing else; how long that was.
    fn stand_still(&self) -> Result<Duration> {
        let began = Instant::now();
        self.event(What::Paused(record::Paused { released: false }))?;
        self.stand(State::Paused)?;
        while self.recorder.wishes() == wish::PAUSE {
            // The recorder unparks at every new wish; the time-out only guards against one that came in between.
            std::thread::park_timeout(Duration::from_secs(1));
        }
        if self.recorder.wishes() & wish::PAUSE == 0 {
            self.stand(State::Training)?;
        }
        Ok(began.elapsed())
    }
}
