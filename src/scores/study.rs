//! What came of the orders of a study so far (`kind = "perfect-ordering"`): small, and complete enough to draw at any size.
//!
//! Rows of `orders.csv` give the losses and accuracies of all orders; events say how far the study is, which runs the next
//! epoch goes on from, and where the orders that selectors would take lie.

use curricle_core::config::Experiment;
use curricle_core::record::{Permutation, SelectorOrder};
use curricle_core::run::{self, OrderRow, OrderRows, RunDirectory};
use curricle_core::statistics::{EpochSpread, Spread};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Parts of a histogram: more than a terminal has columns, so that it can be drawn in any number of them.
const BINS: usize = 512;
/// Parents, the newest, by which the time left is reckoned.
const NEWEST: usize = 8;
/// Rows that are read between two looks at the clock.
const ROWS: usize = 512;

/// How often values lie where.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// The smallest value.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// Values in each of 512 equal parts of the range.
    #[serde(skip)]
    pub counts: Vec<u32>,
    /// Values that are not numbers.
    pub undefined: u64,
}

impl Histogram {
    fn of(values: impl Iterator<Item = f32> + Clone) -> Self {
        let finite = || values.clone().filter(|value| value.is_finite()).map(f64::from);
        let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let undefined = values.clone().filter(|value| !value.is_finite()).count() as u64;
        if low > high {
            return Self { undefined, ..Self::default() };
        }
        let mut histogram = Self { low, high, counts: vec![0; BINS], undefined };
        for value in finite() {
            let part = histogram.part(value, BINS);
            histogram.counts[part] += 1;
        }
        histogram
    }

    /// In which of so many equal parts of the range a value lies.
    #[must_use]
    pub fn part(&self, value: f64, parts: usize) -> usize {
        let width = self.high - self.low;
        let part = if width > 0.0 { ((value - self.low) / width * parts as f64) as usize } else { parts / 2 };
        part.min(parts.saturating_sub(1))
    }

    /// The same in fewer parts.
    #[must_use]
    pub fn columns(&self, columns: usize) -> Vec<u64> {
        let mut found = vec![0; columns];
        for (part, count) in self.counts.iter().enumerate() {
            if let Some(column) = found.get_mut(part * columns / BINS) {
                *column += u64::from(*count);
            }
        }
        found
    }
}

/// One order.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Named {
    /// Its parent among those of the epoch, from 1.
    pub parent: u64,
    /// The batch at each place, from 0.
    pub batches: Vec<u8>,
    /// Test loss per image.
    pub loss: f64,
    /// Share of correct test images.
    pub accuracy: f64,
}

/// Where a selector's orders lie.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Standing {
    /// From the newest parent of the epoch.
    #[serde(flatten)]
    pub newest: SelectorOrder,
    /// Mean over the epoch's parents of the share of other orders that are better: 0.5 is the place of chance.
    pub mean_place: f64,
    /// Parents in the mean.
    pub parents: u64,
}

/// What is shown of a study.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Study {
    /// The epoch that is shown.
    pub epoch: u64,
    /// The epoch at work, or the last.
    pub reached: u64,
    /// Epochs of the study.
    pub epochs: u64,
    /// Parents of the shown epoch that are done.
    pub parents_done: u64,
    /// Parents of the shown epoch; 0 while they are not known.
    pub parents: u64,
    /// Orders done so far, over all epochs.
    pub orders: u64,
    /// Orders of the whole study, at most.
    pub steps: u64,
    /// Orders trained side by side.
    pub workers: u64,
    /// Seconds left, if the newest parents are a measure.
    pub seconds_left: Option<f64>,
    /// Test losses of the shown epoch.
    pub losses: Histogram,
    /// Accuracies of the shown epoch.
    pub accuracies: Histogram,
    /// Its order with the lowest test loss.
    pub best: Option<Named>,
    /// Its order with the highest.
    pub worst: Option<Named>,
    /// Test losses of the runs that the next epoch goes on from, one a cluster; none before the epoch is done.
    pub next: Vec<f64>,
    /// Where the orders that selectors would take lie in the shown epoch.
    pub selectors: Vec<Standing>,
    /// Every epoch so far.
    pub table: Vec<EpochSpread>,
}

/// One epoch as it is read.
#[derive(Debug, Default)]
struct Epoch {
    /// Loss and accuracy of every order.
    values: Vec<(f32, f32)>,
    best: Option<Named>,
    worst: Option<Named>,
    done: u64,
    parents: u64,
    next: Vec<f64>,
    selectors: Vec<SelectorOrder>,
}

/// Reads a study while it goes on.
#[derive(Debug, Default)]
pub struct StudyReader {
    epochs: BTreeMap<u64, Epoch>,
    /// Bytes of `orders.csv` that were read, and lines in them.
    at: (u64, u64),
    planned: u64,
    workers: u64,
    steps: u64,
    /// When the newest parents were done, and after how many orders.
    newest: VecDeque<(f64, u64)>,
    orders: u64,
}

impl StudyReader {
    /// For a study of this experiment.
    #[must_use]
    pub fn of(experiment: &Experiment) -> Self {
        let settings = experiment.permutation.clone().unwrap_or_default();
        Self { planned: settings.epochs, workers: settings.workers, ..Self::default() }
    }

    /// Takes what an event says of a parent; `step` orders are done by then.
    pub fn parent(&mut self, time: f64, step: u64, epoch: u64, what: &Permutation) {
        (self.orders, self.steps) = (step, what.steps);
        self.newest.push_back((time, step));
        if self.newest.len() > NEWEST {
            self.newest.pop_front();
        }
        let epoch = self.epochs.entry(epoch).or_default();
        (epoch.done, epoch.parents) = (what.parent, what.parents);
        epoch.next.clone_from(&what.next);
        epoch.selectors.extend(what.selectors.iter().cloned());
    }

    /// A pause, or a resume: the time before it says nothing about the time after.
    pub fn interrupted(&mut self) {
        self.newest.clear();
    }

    /// Takes new rows, for about as long as `patience`; whether anything was new, and whether there is more.
    ///
    /// # Errors
    /// If the file cannot be read, or is damaged.
    pub fn poll(&mut self, directory: &RunDirectory, begun: Instant, patience: Duration) -> run::Result<(bool, bool)> {
        let mut rows = OrderRows::open_at(directory, self.at)?;
        let before = self.at;
        let mut count = 0;
        for row in rows.by_ref() {
            self.row(row?);
            count += 1;
            if count % ROWS == 0 && begun.elapsed() >= patience {
                self.at = rows.at();
                return Ok((true, true));
            }
        }
        self.at = rows.at();
        // Rows are written before their event.
        let there: usize = self.epochs.values().map(|epoch| epoch.values.len()).sum();
        if (there as u64) < self.orders {
            let text = format!("it has {there} rows, and the log knows of {} orders", self.orders);
            return Err(run::Error::damaged(&directory.orders(), text));
        }
        Ok((self.at != before, false))
    }

    fn row(&mut self, row: OrderRow) {
        let epoch = self.epochs.entry(row.epoch).or_default();
        epoch.values.push((row.loss as f32, row.accuracy as f32));
        if !row.loss.is_finite() {
            return;
        }
        let better = epoch.best.as_ref().is_none_or(|best| row.loss < best.loss);
        let worse = epoch.worst.as_ref().is_none_or(|worst| row.loss > worst.loss);
        if better || worse {
            let named = Named { parent: row.parent, batches: row.batches, loss: row.loss, accuracy: row.accuracy };
            if better {
                epoch.best = Some(named.clone());
            }
            if worse {
                epoch.worst = Some(named);
            }
        }
    }

    /// What is shown: of an epoch, or of the newest one that has orders.
    #[must_use]
    pub fn study(&self, shown: Option<u64>) -> Study {
        let reached = self.epochs.keys().next_back().copied().unwrap_or(0);
        let number = shown.unwrap_or(reached).clamp(1, reached.max(1));
        let table = self.epochs.iter().map(|(number, epoch)| EpochSpread {
            epoch: *number,
            runs: epoch.values.len() as u64,
            loss: Spread::of(epoch.values.iter().map(|(loss, _)| f64::from(*loss))),
            accuracy: Spread::of(epoch.values.iter().map(|(_, accuracy)| f64::from(*accuracy))),
        });
        let study = Study {
            epoch: number,
            reached,
            epochs: self.planned,
            orders: self.orders,
            steps: self.steps,
            workers: self.workers,
            seconds_left: self.seconds_left(),
            table: table.collect(),
            ..Study::default()
        };
        let Some(epoch) = self.epochs.get(&number) else { return study };
        Study {
            parents_done: epoch.done,
            parents: epoch.parents,
            losses: Histogram::of(epoch.values.iter().map(|(loss, _)| *loss)),
            accuracies: Histogram::of(epoch.values.iter().map(|(_, accuracy)| *accuracy)),
            best: epoch.best.clone(),
            worst: epoch.worst.clone(),
            next: epoch.next.clone(),
            selectors: standings(&epoch.selectors),
            ..study
        }
    }

    fn seconds_left(&self) -> Option<f64> {
        let ((first, before), (last, after)) = self.newest.front().copied().zip(self.newest.back().copied())?;
        let left = self.steps.saturating_sub(after) as f64;
        (after > before && last > first).then(|| left * (last - first) / (after - before) as f64)
    }
}

/// Selectors in the order in which they were first told of.
fn standings(told: &[SelectorOrder]) -> Vec<Standing> {
    let mut found: Vec<Standing> = Vec::new();
    for one in told {
        let place = found.iter().position(|standing| standing.newest.selector == one.selector);
        let standing = match place {
            Some(place) => &mut found[place],
            None => {
                found.push(Standing::default());
                let last = found.len() - 1;
                &mut found[last]
            }
        };
        let count = standing.parents as f64;
        standing.mean_place = (standing.mean_place * count + one.place()) / (count + 1.0);
        standing.parents += 1;
        standing.newest = one.clone();
    }
    found
}

/// A study in its second epoch, with losses that lie like those of a real one.
#[cfg(test)]
pub(crate) fn made(shown: Option<u64>) -> Study {
    let mut reader = StudyReader { planned: 13, workers: 2, ..StudyReader::default() };
    let wave = |order: u64, salt: u64| {
        let part = |factor: f64| ((order as f64 + 17.0 * salt as f64) * factor).sin();
        0.5 * part(0.731) + 0.3 * part(1.913) + 0.2 * part(5.077)
    };
    let mut orders = 0;
    for (epoch, parents) in [(1, 1), (2, 5)] {
        for parent in 1..=parents {
            for order in 0..720u64 {
                let wave = wave(order, parent + epoch);
                let loss = if epoch == 1 { 0.605 + 0.007 * wave } else { 0.42 + 0.009 * wave };
                let batches = (0..6).map(|place| ((order + 5 * place) % 6) as u8).collect();
                let accuracy = if epoch == 1 { 0.78 - 0.1 * wave } else { 0.93 - 0.03 * wave };
                reader.row(OrderRow { epoch, parent, order, batches, loss, accuracy, ..OrderRow::default() });
            }
            orders += 720;
            let place = |selector: &str, better: u64, loss: f64, accuracy: f64| SelectorOrder {
                selector: selector.into(),
                better: (better * 97 + 31 * parent) % 700,
                of: 719,
                loss,
                accuracy,
                ..SelectorOrder::default()
            };
            let (loss, accuracy) = if epoch == 1 { (0.605, 0.78) } else { (0.42, 0.93) };
            let selectors = vec![
                place("loss", 1, loss - 0.003, accuracy + 0.01),
                place("loss-delta", 2, loss + 0.001, accuracy),
                SelectorOrder { oracle: true, ..place("loss-delta external first-order", 3, loss - 0.005, accuracy + 0.02) },
                place("random", 4, loss + 0.004, accuracy - 0.02),
            ];
            let next = if epoch == 1 { vec![0.5985, 0.601, 0.6049, 0.608, 0.6115] } else { Vec::new() };
            let parents = if epoch == 1 { 1 } else { 14 };
            let told = Permutation { parent, parents, orders: 720, steps: 116_640, selectors, next, ..Permutation::default() };
            reader.parent(15.0 * (orders / 720) as f64, orders, epoch, &told);
        }
    }
    reader.study(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(epoch: u64, loss: f64) -> OrderRow {
        OrderRow { epoch, parent: 1, loss, accuracy: 1.0 - loss, batches: vec![1, 0], train_losses: vec![0.5, 0.25], ..OrderRow::default() }
    }

    #[test]
    fn an_epoch_is_summed_up() {
        let mut reader = StudyReader { planned: 2, workers: 2, ..StudyReader::default() };
        for loss in [0.5, 0.25, f64::NAN, 0.75, 0.25] {
            reader.row(row(1, loss));
        }
        let place = |selector: &str, better| SelectorOrder { selector: selector.into(), better, of: 4, ..SelectorOrder::default() };
        let told = |parent, selectors| Permutation { parent, parents: 3, steps: 100, selectors, ..Permutation::default() };
        reader.parent(10.0, 20, 1, &told(1, vec![place("loss", 1), place("grab", 4)]));
        reader.parent(30.0, 60, 1, &told(2, vec![place("loss", 3), place("grab", 4)]));
        let study = reader.study(None);
        assert_eq!((study.epoch, study.parents_done, study.parents, study.orders, study.steps), (1, 2, 3, 60, 100));
        assert_eq!(study.seconds_left, Some(20.0));
        assert_eq!((study.best.unwrap().loss, study.worst.unwrap().loss), (0.25, 0.75));
        assert_eq!((study.losses.low, study.losses.high, study.losses.undefined), (0.25, 0.75, 1));
        assert_eq!(study.losses.columns(3), [2, 1, 1]);
        assert_eq!(study.table[0].loss, Spread { min: 0.25, median: 0.375, mean: 0.4375, max: 0.75 });
        assert_eq!(study.selectors.iter().map(|one| one.mean_place).collect::<Vec<_>>(), [0.5, 1.0]);
        assert_eq!(study.selectors[0].newest.better, 3);
    }

    #[test]
    fn a_study_without_orders_is_empty() {
        let study = StudyReader::default().study(Some(7));
        assert_eq!((study.epoch, study.reached, study.orders), (1, 0, 0));
        assert_eq!(Histogram::of([f32::NAN].into_iter()).columns(4), [0; 4]);
    }
}
