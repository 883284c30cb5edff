//! A study at work: parent by parent, what came of its orders is kept, and a state saved.

use super::epoch::Epoch;
use super::parents;
use super::report::{self, Report, Split, extremes};
use super::run::expected;
use super::selectors::Selectors;
use super::study::{self, State as Walk, Study};
use super::tree::{self, Order};
use super::workers::{self, Outcome, Wish};
use crate::checkpoint::{self, HostWeights};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::recorder::{Note, Recorder, Standing, wish};
use crate::setup::Machine;
use crate::state::{Progress, Snapshot, TestResult};
use crate::train_command::{self, Ending};
use crate::training::End;
use crate::weights::Weights;
use curricle_core::config::{Experiment, Permutation};
use curricle_core::data::ImageSet;
use curricle_core::record::{self, Level, What};
use curricle_core::run::{self, OrderRow, OrdersWriter, PermutationProgress, RunDirectory, SelectedOrder, State, StudyParent};
use curricle_core::statistics::{self, Spread};
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often the status hears how many orders are done.
const STANDING: Duration = Duration::from_millis(500);

/// A study at work.
pub struct Runner<'a> {
    /// Where it is kept.
    pub directory: &'a RunDirectory,
    /// What is asked for.
    pub experiment: &'a Experiment,
    /// How the orders are tried.
    pub settings: Permutation,
    /// What trains and tests.
    pub study: Study,
    /// Who is asked for an order.
    pub selectors: Selectors,
    /// Orders that are trained at once.
    pub workers: usize,
    /// Labels and numbers of the training images; their pixels are not needed.
    pub train: ImageSet,
    /// Classes.
    pub classes: usize,
    /// Whether images are flipped, and how far they are cropped.
    pub augmentation: (bool, usize),
    /// All orders, lexicographic.
    pub orders: Vec<Order>,
    /// Where every path begins.
    pub initial: Weights,
    /// Images that an order is tested on.
    pub test_images: u64,
    /// What came of all orders so far: parent by parent, each in the order of `orders`.
    pub rows: Vec<OrderRow>,
    /// Where rows are appended.
    pub writer: OrdersWriter,
    /// Which parents are done.
    pub at: PermutationProgress,
    /// What a state keeps.
    pub progress: Progress,
    /// Where events, states and files go.
    pub recorder: Recorder,
    /// The order to stop at, if one is given.
    pub stop_at: Option<u64>,
    /// Seconds spent.
    pub clock: Clock,
}

impl Runner<'_> {
    /// Goes on to the end, or until something asks to stop.
    ///
    /// # Errors
    /// Divergence; what libtorch refuses; what could not be written.
    pub fn study(&mut self, machine: &Machine, is_new: bool) -> Result<End> {
        if is_new {
            self.save_state()?;
        }
        self.stand(State::Training, 0)?;
        let goes_on = || !self.recorder.must_end();
        if !self.selectors.prepare(self.experiment, &self.study, machine, &self.initial, &goes_on)? {
            return self.saved(self.end(0), "the network on the hold-out was broken off");
        }
        loop {
            let parents = self.at.parents.last().map_or(0, Vec::len) as u64;
            if self.at.done >= parents {
                if self.finish()? {
                    return Ok(End::Done(format!("{} orders", self.progress.step)));
                }
                return self.saved(self.end(0), "the last network was broken off");
            }
            if let Some(end) = self.end(0) {
                return self.saved(Some(end), "");
            }
            if let Some((outcomes, selected)) = self.parent()? {
                self.take(&outcomes, selected)?;
            } else {
                return self.saved(self.end(self.orders.len()), "the workers stopped");
            }
        }
    }

    /// An end with its state saved. An error comes first: whoever failed to write saves nothing more. `what` is there without an end.
    fn saved(&self, end: Option<Result<End>>, what: &str) -> Result<End> {
        let end = end.unwrap_or_else(|| Err(Error::Other(format!("{what} unasked"))))?;
        self.save_state()?;
        Ok(end)
    }

    /// The epoch at work, from 1.
    fn epoch(&self) -> u64 {
        self.at.parents.len() as u64
    }

    fn epoch_of(&self, number: u64) -> Epoch {
        Epoch::of(self.experiment, number, self.train.len(), self.augmentation)
    }

    /// Why to end now, with so many orders of the parent at work done; `None` to go on.
    fn end(&self, done: usize) -> Option<Result<End>> {
        if let Some(end) = End::asked(&self.recorder) {
            return Some(end);
        }
        if self.clock.is_over() {
            return Some(Ok(End::Stopped("`training.until` was reached".into())));
        }
        let before = self.progress.step;
        let here = self.stop_at.is_some_and(|stop| stop >= before && stop <= before + done as u64 && (stop == before || done > 0));
        here.then(|| Ok(End::Stopped(format!("at order {}", self.progress.step))))
    }

    /// The state at the end of a path: the orders that lead to a parent of an epoch, trained as one run from the beginning. `None`
    /// once something asks to end.
    fn path(&self, epoch: u64, place: u64, last: Option<u64>) -> Result<Option<Walk>> {
        let mut orders: Vec<u64> = last.into_iter().collect();
        let mut place = place as usize;
        for parents in self.at.parents[..epoch as usize].iter().rev() {
            let Some(parent) = parents.get(place) else { return Err(Error::Other("the saved state names a parent that is none".into())) };
            orders.extend(parent.order);
            place = parent.parent as usize;
        }
        let mut weights = study::copy(&self.initial)?;
        for (number, &order) in (1..).zip(orders.iter().rev()) {
            let (epoch, order) = (self.epoch_of(number), tree::decode(order, self.orders.first().map_or(0, Vec::len)));
            let mut state = Walk::begin(weights);
            for length in 1..=order.len() {
                if self.recorder.must_end() {
                    return Ok(None);
                }
                state = self.study.step(&state, &epoch, &order[..length])?;
            }
            if last.is_some() && number as usize == orders.len() {
                return Ok(Some(state));
            }
            weights = state.weights;
        }
        Ok(Some(Walk::begin(weights)))
    }

    /// All orders from the next parent, and those that its selectors would take; `None` if they were broken off.
    fn parent(&mut self) -> Result<Option<(Vec<Outcome>, Vec<SelectedOrder>)>> {
        let Some(start) = self.path(self.epoch(), self.at.done, None)? else { return Ok(None) };
        let epoch = self.epoch_of(self.epoch());
        let selected = self.selectors.orders(self.experiment, &self.study, &epoch, self.at.done + 1, &start)?;
        let (mut paused, mut waited, mut stood): (Option<Instant>, _, _) = (None, Duration::ZERO, Instant::now());
        let found = workers::run(&self.study, &epoch, &start, &self.orders, self.workers, |done| {
            let wishes = self.recorder.wishes();
            match self.end(done) {
                Some(Err(error)) => return Err(error),
                Some(Ok(_)) => return Ok(Wish::Stop),
                None => {}
            }
            if wishes & wish::CHECKPOINT != 0 {
                self.recorder.clear(wish::CHECKPOINT);
                self.save_state()?;
                if let Some(weights) = self.best_network()? {
                    self.write_network(&weights, self.directory.last(), "checkpoints/last.safetensors", "asked")?;
                }
            }
            if wishes & wish::PAUSE != 0 {
                if paused.is_none() {
                    paused = Some(Instant::now());
                    self.event(self.epoch(), What::Paused(record::Paused { released: false }))?;
                    self.stand(State::Paused, done)?;
                }
                return Ok(Wish::Wait);
            }
            if let Some(since) = paused.take() {
                waited += since.elapsed();
                self.stand(State::Training, done)?;
            }
            if stood.elapsed() >= STANDING {
                stood = Instant::now();
                self.stand(State::Training, done)?;
            }
            Ok(Wish::Go)
        });
        self.clock.waited += waited + paused.map_or(Duration::ZERO, |since| since.elapsed());
        let found = found?;
        if found.is_some() {
            // The workers may have come to their end before they heard that they were to stop.
            let (before, end) = (self.progress.step, self.progress.step + self.orders.len() as u64);
            self.stop_at = self.stop_at.map(|stop| if stop > before && stop < end { end } else { stop });
        }
        Ok(found.map(|outcomes| (outcomes, selected)))
    }

    /// Keeps what came of a parent's orders: rows, the parents of the next epoch, events, a state.
    fn take(&mut self, outcomes: &[Outcome], selected: Vec<SelectedOrder>) -> Result<()> {
        let (epoch, parent) = (self.epoch(), self.at.done + 1);
        let parents = self.at.parents.last().map_or(0, Vec::len) as u64;
        let first = self.rows.len();
        for (number, (batches, outcome)) in self.orders.iter().zip(outcomes).enumerate() {
            let total: u64 = outcome.scores.iter().map(|score| score.total).sum();
            let correct = outcome.scores.iter().map(|score| score.correct).sum();
            self.rows.push(OrderRow {
                epoch,
                parent,
                order: number as u64,
                batches: batches.clone(),
                loss: statistics::mean(&outcome.scores.iter().map(|score| score.loss).collect::<Vec<_>>()),
                correct,
                accuracy: correct as f64 / total.max(1) as f64,
                norm: outcome.norm,
                agreement: outcome.agreement,
                train_losses: outcome.losses.clone(),
            });
        }
        self.writer.append(&self.rows[first..])?;
        self.at.done = parent;
        self.at.orders_offset = self.writer.offset();
        self.progress.step += self.orders.len() as u64;
        let ends_epoch = parent == parents;
        let mut next = Vec::new();
        let epoch_rows = self.rows.len() - (parents as usize * self.orders.len()).min(self.rows.len());
        let losses: Vec<f64> = if ends_epoch { self.rows[epoch_rows..].iter().map(|row| row.loss).collect() } else { Vec::new() };
        if ends_epoch && !losses.iter().any(|loss| loss.is_finite()) {
            return Err(parents::diverged(epoch));
        }
        if ends_epoch && epoch < self.settings.epochs {
            let of =
                |place: usize| StudyParent { parent: (place / self.orders.len()) as u64, order: Some((place % self.orders.len()) as u64) };
            let chosen = parents::choose(&losses, &self.settings, epoch)?;
            next = chosen.iter().map(|&place| losses[place]).collect();
            self.at.parents.push(chosen.into_iter().map(of).collect());
            self.at.done = 0;
        }
        let steps = expected(&self.settings, &self.at, self.orders.len() as u64, self.progress.step);
        let selectors = report::ranked(&self.rows[first..], &selected, &self.selectors.names());
        self.at.selected.extend(selected);
        let what = record::Permutation { selectors, next, ..summary(&self.rows[first..], (parent, parents), steps) };
        self.event(epoch, What::Permutation(what))?;
        if ends_epoch {
            self.end_epoch(epoch, epoch_rows)?;
        }
        self.save_state()?;
        self.stand(State::Training, 0)
    }

    /// The best order of an epoch is its result.
    fn end_epoch(&mut self, epoch: u64, first: usize) -> Result<()> {
        let Some((best, _)) = extremes(&self.rows[first..]) else { return Ok(()) };
        self.progress.test = Some(TestResult { epoch, loss: best.loss, accuracy: best.accuracy });
        let what = What::Evaluation(record::Evaluation {
            set: "test".into(),
            loss: best.loss,
            accuracy: best.accuracy,
            correct: best.correct,
            total: self.test_images,
            best: true,
            norm_sum: f64::NAN,
            norm_global: best.norm,
            ..record::Evaluation::default()
        });
        self.event(epoch, what)
    }

    /// All orders are known: the report, and the network that the best path leads to. False once something asks to end.
    fn finish(&mut self) -> Result<bool> {
        let split = |epoch: u64| Split::of(&self.epoch_of(epoch).batches, &self.train, self.classes);
        let report = Report::of(&self.rows, &self.at.selected, &self.selectors.names(), split, self.test_images);
        let bytes = serde_json::to_vec_pretty(&report).map_err(|error| Error::Other(format!("orders.json: {error}")))?;
        let Some(weights) = self.best_network()? else { return Ok(false) };
        run::write_whole(&self.directory.orders_report(), &bytes)?;
        for text in report.lines() {
            self.event(self.epoch(), What::Message(record::Message { level: Level::Info, text }))?;
        }
        self.write_network(&weights, self.directory.best(), "checkpoints/best.safetensors", "best")?;
        self.write_network(&weights, self.directory.last(), "checkpoints/last.safetensors", "last")?;
        Ok(true)
    }

    /// The network that the best order of the newest epoch leads to, of the orders that are done; before that, the first weights.
    fn best_network(&self) -> Result<Option<Weights>> {
        let newest = self.rows.last().map_or(0, |row| row.epoch);
        let first = self.rows.partition_point(|row| row.epoch < newest);
        let Some((best, _)) = extremes(&self.rows[first..]) else { return study::copy(&self.initial).map(Some) };
        Ok(self.path(newest, best.parent - 1, Some(best.order))?.map(|walk| walk.weights))
    }

    fn write_network(&self, weights: &Weights, path: PathBuf, file: &str, reason: &str) -> Result<()> {
        let host = HostWeights::of(weights)?;
        let layout = self.study.network.layout.clone();
        let step = self.progress.step;
        let metadata = HashMap::from([("curricle_run".to_string(), self.directory.id()), ("curricle_step".to_string(), step.to_string())]);
        let what = What::Checkpoint(record::Checkpoint { file: file.into(), reason: reason.into() });
        let bytes = Box::new(move || checkpoint::to_bytes(&layout, &host, metadata));
        self.recorder.tell(Note::File { path, bytes, step, epoch: self.epoch(), what })
    }

    fn event(&self, epoch: u64, what: What) -> Result<()> {
        self.recorder.event(self.progress.step, epoch, what)
    }

    /// Tells readers how the run stands, with so many orders of the parent at work.
    fn stand(&self, state: State, done: usize) -> Result<()> {
        self.recorder.tell(Note::Standing(Standing {
            state,
            step: self.progress.step + done as u64,
            steps: Some(expected(&self.settings, &self.at, self.orders.len() as u64, self.progress.step)),
            epoch: self.epoch(),
            loss: self.progress.test.map(|test| test.loss),
            accuracy: self.progress.test.map(|test| test.accuracy),
            selected: self.best_so_far(),
            seconds: self.seconds(),
        }))
    }

    /// The best order of the last whole epoch: the test set chose it.
    fn best_so_far(&self) -> Option<record::Selected> {
        let test = self.progress.test?;
        Some(record::Selected { by: "test".into(), epoch: test.epoch, accuracy: test.accuracy, oracle: true })
    }

    /// Seconds spent in this run, pauses taken off.
    fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    /// Saves which parents are done. The rows are on disk already.
    fn save_state(&self) -> Result<()> {
        let progress = Progress {
            boundary_done: true,
            seconds: self.seconds(),
            batches_tracked: self.initial.batches_tracked,
            permutation: Some(self.at.clone()),
            ..self.progress.clone()
        };
        self.recorder.tell(Note::State(Box::new((Snapshot::of(&self.initial, &[])?, progress))))
    }

    /// The last words, and the exit code.
    ///
    /// # Errors
    /// What ended the study, or could not be written.
    pub fn close(self, end: Result<End>) -> Result<u8> {
        let words = self.last_words(&end);
        let Self { directory, experiment, recorder, .. } = self;
        train_command::conclude(directory, experiment, recorder, end, words)
    }

    fn last_words(&self, end: &Result<End>) -> Result<()> {
        let Ending { state, reason, .. } = Ending::of(end);
        match end {
            Ok(End::Released) => self.event(self.epoch(), What::Paused(record::Paused { released: true }))?,
            _ => {
                if let Err(error) = end {
                    self.event(self.epoch(), What::Message(record::Message { level: Level::Error, text: error.to_string() }))?;
                }
                self.event(
                    self.epoch(),
                    What::Finished(record::Finished {
                        state: state.word().into(),
                        reason,
                        loss: self.progress.test.map(|test| test.loss),
                        accuracy: self.progress.test.map(|test| test.accuracy),
                        selected: self.best_so_far(),
                        seconds: self.seconds(),
                    }),
                )?;
            }
        }
        self.recorder.barrier()?;
        self.stand(state, 0)
    }
}

/// What an event says of a parent's rows.
fn summary(rows: &[OrderRow], (parent, parents): (u64, u64), steps: u64) -> record::Permutation {
    let losses: Vec<f64> = rows.iter().map(|row| row.loss).collect();
    let loss = Spread::of(losses.iter().copied());
    let found = extremes(rows);
    let width = (loss.max - loss.min) / record::Permutation::BINS as f64;
    let mut histogram = vec![0; record::Permutation::BINS];
    for &value in losses.iter().filter(|value| value.is_finite()) {
        let bin = if width > 0.0 && width.is_finite() { ((value - loss.min) / width) as usize } else { 0 };
        histogram[bin.min(record::Permutation::BINS - 1)] += 1;
    }
    record::Permutation {
        parent,
        parents,
        orders: rows.len() as u64,
        steps,
        loss,
        accuracy: Spread::of(rows.iter().map(|row| row.accuracy)),
        best: found.map_or(0, |(best, _)| best.order),
        worst: found.map_or(0, |(_, worst)| worst.order),
        histogram,
        ..record::Permutation::default()
    }
}
