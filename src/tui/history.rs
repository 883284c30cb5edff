//! What a run's events say, folded into bounded memory: a series for each metric, marks on the axis, the newest lines of
//! the log.

use super::format;
use super::series::Series;
use super::text::safe;
use curricle_core::passes::Passes;
use curricle_core::record::{Evaluation, Event, Finished, Level, Permutation, Started, What};
use std::collections::VecDeque;

/// Lines of the log that are kept.
const LOG: usize = 500;
/// Marks that are kept.
const MARKS: usize = 256;

/// What happened at a step that the axis shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A phase began: of a cascade, a warm-up.
    Phase,
    /// Training waited.
    Paused,
    /// Training went on from a saved state.
    Resumed,
    /// Something that the user should read.
    Warning,
}

impl Mark {
    /// The sign on the axis.
    pub fn sign(self) -> char {
        match self {
            Mark::Phase => '▴',
            Mark::Paused => '‖',
            Mark::Resumed => '›',
            Mark::Warning => '!',
        }
    }
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// When, by the engine's clock.
    pub time: f64,
    /// How urgent.
    pub level: Level,
    /// What: safe to show.
    pub text: String,
}

/// What came of the orders of a study (`kind = "perfect-ordering"`), parent by parent.
#[derive(Debug, Clone, Default)]
pub struct Orders {
    /// Lowest test loss of a parent's orders.
    pub lowest_loss: Series,
    /// Highest test loss of a parent's orders.
    pub highest_loss: Series,
    /// Highest test accuracy of a parent's orders.
    pub highest_accuracy: Series,
    /// Lowest test accuracy of a parent's orders.
    pub lowest_accuracy: Series,
    /// Orders trained and tested per second.
    pub rate: Series,
    /// Orders of the whole study, as far as is known.
    planned: u64,
    /// Orders whose time is known.
    timed: u64,
}

/// Everything that the screen knows of a run's course.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What the start resolved.
    pub started: Option<Started>,
    /// How it ended, if it did.
    pub finished: Option<Finished>,
    /// Loss of each training step.
    pub train_loss: Series,
    /// Accuracy of each training step.
    pub train_accuracy: Series,
    /// Loss on the test set.
    pub test_loss: Series,
    /// Accuracy on the test set.
    pub test_accuracy: Series,
    /// Loss on the hold-out.
    pub holdout_loss: Series,
    /// Accuracy on the hold-out.
    pub holdout_accuracy: Series,
    /// Score of what was chosen.
    pub chosen: Series,
    /// Learning rate.
    pub lr: Series,
    /// Sum of the tensors' norms.
    pub norm_sum: Series,
    /// Images read per second.
    pub rate: Series,
    /// What came of a study's orders.
    pub orders: Orders,
    /// Images read so far, by step.
    pub images: Series,
    /// Forward and backward passes so far, by step.
    pub passes: Series,
    /// Seconds trained so far, by step.
    pub seconds: Series,
    /// Marks on the axis.
    pub marks: VecDeque<(u64, Mark)>,
    /// The newest lines of the log.
    pub log: VecDeque<Line>,
    /// The newest warning or error.
    pub alert: Option<(Level, String)>,
    /// Name of the scorer.
    pub scorer: String,
    /// Candidates of the last choice.
    pub candidates: usize,
    /// What a step cost so far, in plain steps on a whole batch.
    pub plain_steps: Option<f64>,
    /// The newest step and its epoch.
    pub at: (u64, u64),
    /// Epoch of the newest evaluation on the test set.
    pub evaluated: u64,
    scoring: f64,
    trained: f64,
    before: Option<(f64, u64)>,
    /// Lines that could not be read.
    pub damaged: u64,
}

impl History {
    /// Takes an event.
    pub fn apply(&mut self, event: &Event) {
        if event.step >= self.at.0 {
            self.at = (event.step, event.epoch.max(self.at.1));
        }
        match &event.what {
            What::Started(started) => {
                self.started = Some(started.clone());
                self.before = Some((event.time, 0));
                self.note(event, Level::Info, start_sentence(started));
            }
            What::Resumed(resumed) => {
                self.before = None;
                self.finished = None;
                self.alert = None;
                self.mark(event.step, Mark::Resumed);
                let how = if resumed.exact { "bit-exact".into() } else { format!("not bit-exact: {}", resumed.reason) };
                self.note(event, Level::Info, format!("resumed at step {}, {how}", format::count(event.step)));
            }
            What::Step(step) => self.step(event, step),
            What::Evaluation(evaluation) => self.evaluation(event, evaluation),
            What::Scoring(scoring) => {
                if self.scorer != scoring.scorer {
                    self.scorer = safe(&scoring.scorer);
                }
                self.candidates = scoring.candidates.max(scoring.scores.len() as u64) as usize;
                self.scoring += scoring.seconds;
                if scoring.score.is_finite() {
                    self.chosen.push(event.step, scoring.score);
                }
            }
            What::Phase(phase) => {
                self.mark(event.step, Mark::Phase);
                self.note(event, Level::Info, format!("phase {} of {}: {}", phase.number, phase.of, phase.label));
            }
            What::Checkpoint(checkpoint) => {
                if checkpoint.reason != "state" && checkpoint.reason != "last" {
                    self.note(event, Level::Info, format!("checkpoint {} written ({})", checkpoint.file, checkpoint.reason));
                }
            }
            What::Message(message) => {
                if message.level != Level::Info {
                    self.alert = Some((message.level, safe(&message.text)));
                    self.mark(event.step, Mark::Warning);
                }
                self.note(event, message.level, message.text.clone());
            }
            What::Command(command) => {
                let outcome = if command.outcome.is_empty() { String::new() } else { format!(": {}", command.outcome) };
                if command.command == "resume" {
                    self.before = None;
                }
                self.note(event, Level::Info, format!("{} taken{outcome}", command.command));
            }
            What::Paused(paused) => {
                self.before = None;
                self.mark(event.step, Mark::Paused);
                let text = if paused.released { "paused, device released" } else { "paused, process and device kept" };
                self.note(event, Level::Info, text.into());
            }
            What::Finished(finished) => {
                self.finished = Some(finished.clone());
                let level = if finished.state == "failed" { Level::Error } else { Level::Info };
                self.note(event, level, format!("{}: {}", finished.state, finished.reason));
            }
            What::Permutation(found) => {
                let (from, to) = (found.accuracy.min, found.accuracy.max);
                let text = format!("parent {} of {}: {} orders, accuracy {from:.4} to {to:.4}", found.parent, found.parents, found.orders);
                self.note(event, Level::Info, text);
                self.orders(event, found);
            }
            What::Attack(_) | What::Unknown => {}
        }
    }

    fn step(&mut self, event: &Event, step: &curricle_core::record::Step) {
        for (place, loss) in step.loss.iter().enumerate() {
            self.train_loss.push(step.first + place as u64, *loss);
        }
        for (place, accuracy) in step.accuracy.iter().enumerate() {
            self.train_accuracy.push(step.first + place as u64, *accuracy);
        }
        self.lr.push(event.step, step.lr);
        self.norm_sum.push(event.step, step.norm_sum);
        self.images.push(event.step, step.images as f64);
        self.passes.push(event.step, step.forward + step.backward);
        let batch = self.started.as_ref().map_or(0, |started| started.batch);
        let trained = step.images as f64 / batch as f64;
        let passes = Passes { forward: step.forward, backward: step.backward };
        self.plain_steps = (batch > 0 && trained > 0.0).then(|| passes.plain_steps() / trained);
        if let Some((time, images)) = self.before {
            let seconds = event.time - time;
            if seconds > 0.0 {
                self.trained += seconds;
                if step.images > images {
                    self.rate.push(event.step, (step.images - images) as f64 / seconds);
                }
            }
        }
        self.seconds.push(event.step, self.trained);
        self.before = Some((event.time, step.images));
    }

    fn orders(&mut self, event: &Event, found: &Permutation) {
        let orders = &mut self.orders;
        orders.planned = found.steps;
        for (series, value) in [
            (&mut orders.lowest_loss, found.loss.min),
            (&mut orders.highest_loss, found.loss.max),
            (&mut orders.highest_accuracy, found.accuracy.max),
            (&mut orders.lowest_accuracy, found.accuracy.min),
        ] {
            series.push(event.step, value);
        }
        if let Some((time, _)) = self.before {
            let seconds = event.time - time;
            if seconds > 0.0 {
                self.trained += seconds;
                orders.timed += found.orders;
                orders.rate.push(event.step, found.orders as f64 / seconds);
            }
        }
        self.seconds.push(event.step, self.trained);
        self.before = Some((event.time, 0));
    }

    fn evaluation(&mut self, event: &Event, evaluation: &Evaluation) {
        let (loss, accuracy, name) = match evaluation.set.as_str() {
            "test" => (&mut self.test_loss, &mut self.test_accuracy, "test"),
            "holdout" => (&mut self.holdout_loss, &mut self.holdout_accuracy, "hold-out"),
            _ => return,
        };
        loss.push(event.step, evaluation.loss);
        accuracy.push(event.step, evaluation.accuracy);
        if name == "test" {
            self.evaluated = event.epoch;
        }
        let best = if evaluation.best { ", best so far, kept" } else { "" };
        let text =
            format!("epoch {}: {name} accuracy {:.4}, loss {}{best}", event.epoch, evaluation.accuracy, format::loss(evaluation.loss));
        self.note(event, Level::Info, text);
    }

    fn mark(&mut self, step: u64, mark: Mark) {
        if self.marks.len() == MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back((step, mark));
    }

    fn note(&mut self, event: &Event, level: Level, text: String) {
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(Line { time: event.time, level, text: safe(&text) });
    }

    /// Steps of the whole run as they are planned now: orders of a study become fewer as their parents are chosen.
    pub fn planned(&self) -> u64 {
        match self.orders.planned {
            0 => self.started.as_ref().map_or(0, |started| started.steps),
            planned => planned,
        }
    }

    /// Steps of the whole run, as far as is known.
    pub fn steps(&self) -> u64 {
        self.planned().max(self.at.0)
    }

    /// Seconds still to train at the pace of the newest steps; nothing before a pace is seen.
    pub fn remaining(&self) -> Option<f64> {
        let (step, seconds) = self.seconds.last()?;
        let planned = self.planned();
        if self.orders.timed > 0 {
            return Some(planned.saturating_sub(self.at.0) as f64 * self.trained / self.orders.timed as f64);
        }
        // The newest tenth of the way, at least 20 steps: evaluations and scoring are in it, the slow first step is not.
        let from = step.saturating_sub((step / 10).max(20)).max(1);
        let pace = match self.seconds.at(from) {
            Some(earlier) if step > from && seconds > earlier => (seconds - earlier) / (step - from) as f64,
            _ => seconds / step.max(1) as f64,
        };
        (planned > 0 && pace > 0.0).then(|| planned.saturating_sub(step) as f64 * pace)
    }

    /// Share of the time that scoring takes.
    pub fn scoring_share(&self) -> Option<f64> {
        (self.scoring > 0.0 && self.trained > 0.0).then(|| (self.scoring / self.trained).min(1.0))
    }
}

fn start_sentence(started: &Started) -> String {
    let because = |reason: &str| if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    format!(
        "started: {} steps, {} weights, {}{}, {}{}",
        format::count(started.steps),
        format::count(started.parameters),
        started.device,
        because(&started.device_reason),
        started.precision,
        because(&started.precision_reason),
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use curricle_core::record::{Message, Paused, Resumed, Step};
    use curricle_core::statistics::Spread;

    pub(crate) fn event(step: u64, epoch: u64, time: f64, what: What) -> Event {
        Event { seq: 0, step, epoch, time, what }
    }

    pub(crate) fn step(first: u64, loss: &[f64], time: f64) -> Event {
        let last = first + loss.len() as u64 - 1;
        let step = Step { first, loss: loss.to_vec(), accuracy: vec![0.5; loss.len()], lr: 0.05, images: last * 100, ..Step::default() };
        event(last, 1, time, What::Step(step))
    }

    #[test]
    fn steps_become_series_and_a_pace() {
        let mut history = History::default();
        history.apply(&event(0, 0, 100.0, What::Started(Started { steps: 100, ..Started::default() })));
        history.apply(&step(1, &[2.0, 1.5], 102.0));
        history.apply(&step(3, &[1.0, f64::NAN], 104.0));
        assert_eq!(history.train_loss.range(), Some((1.0, 2.0)));
        assert_eq!(history.rate.last(), Some((4, 100.0)));
        assert_eq!(history.remaining(), Some(96.0));
        assert_eq!(history.at, (4, 1));
    }

    #[test]
    fn orders_of_a_study_become_spreads_and_a_pace() {
        let mut history = History::default();
        history.apply(&event(0, 0, 100.0, What::Started(Started { steps: 1_000, ..Started::default() })));
        let spread = |min, max| Spread { min, max, ..Spread::default() };
        for (step, time, loss) in [(200, 110.0, 0.5), (400, 120.0, 0.4)] {
            let found =
                Permutation { orders: 200, steps: 800, loss: spread(loss, 0.9), accuracy: spread(0.6, 0.8), ..Permutation::default() };
            history.apply(&event(step, 1, time, What::Permutation(found)));
        }
        assert_eq!(history.orders.lowest_loss.range(), Some((0.4, 0.5)));
        assert_eq!(history.orders.highest_accuracy.last(), Some((400, 0.8)));
        assert_eq!(history.orders.rate.last(), Some((400, 20.0)));
        assert_eq!((history.steps(), history.remaining()), (800, Some(20.0)));
    }

    #[test]
    fn a_pause_is_no_training_time() {
        let mut history = History::default();
        history.apply(&event(0, 0, 0.0, What::Started(Started { steps: 10, ..Started::default() })));
        history.apply(&step(1, &[2.0], 1.0));
        history.apply(&event(1, 1, 1.5, What::Paused(Paused { released: true })));
        history.apply(&event(1, 1, 500.0, What::Resumed(Resumed { exact: true, reason: String::new() })));
        history.apply(&step(2, &[2.0], 501.0));
        history.apply(&step(3, &[2.0], 502.0));
        assert_eq!(history.seconds.last(), Some((3, 2.0)));
        assert_eq!(history.marks, [(1, Mark::Paused), (1, Mark::Resumed)]);
    }

    #[test]
    fn what_a_run_writes_reaches_the_log_safely_and_the_log_is_bounded() {
        let mut history = History::default();
        for number in 0..LOG + 3 {
            let text = format!("\u{1b}[31m{number}");
            history.apply(&event(1, 1, 0.0, What::Message(Message { level: Level::Warning, text })));
        }
        assert_eq!(history.log.len(), LOG);
        assert_eq!(history.log[0].text, "·[31m3");
        assert_eq!(history.alert, Some((Level::Warning, format!("·[31m{}", LOG + 2))));
        assert!(history.marks.len() <= MARKS);
    }

    #[test]
    fn evaluations_are_said_in_words() {
        let mut history = History::default();
        let evaluation = Evaluation { set: "test".into(), loss: 1.5, accuracy: 0.46631, best: true, ..Evaluation::default() };
        history.apply(&event(391, 1, 0.0, What::Evaluation(evaluation)));
        assert_eq!(history.log[0].text, "epoch 1: test accuracy 0.4663, loss 1.5000, best so far, kept");
        assert_eq!(history.test_accuracy.last(), Some((391, 0.46631)));
    }
}
