//! What a run says of itself: events, its standing, states and checkpoints.

use super::Training;
use crate::checkpoint;
use crate::error::{Error, Result};
use crate::ordering::orderer::Orderer;
use crate::recorder::{Note, Standing};
use crate::state::{Series, Snapshot};
use curricle_core::config::Period;
use curricle_core::record::{self, What};
use curricle_core::run::State;
use std::collections::HashMap;
use std::time::Instant;

impl Training<'_> {
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
    pub(super) fn record_steps(&mut self) -> Result<()> {
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

    pub(super) fn save_if_due(&mut self) -> Result<()> {
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
}
