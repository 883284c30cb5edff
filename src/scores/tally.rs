//! Everything that is kept of a run's scorings while its files and events are read.

use super::heat::Heat;
use super::items::Items;
use super::window::{CANDIDATES, SCORINGS, Scored};
use curricle_core::record::{Event, Scoring, Started, Step, What};
use curricle_core::run::{OrderedStep, ScoreHeader};
use std::collections::{BTreeMap, VecDeque};

/// Newest scorings that are kept one by one, so that one can go back from the newest step without reading files.
const NEWEST: usize = 16 * SCORINGS;

/// Sum, number, and last value.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mean {
    sum: f64,
    /// Values taken.
    pub count: u64,
    /// The newest.
    pub last: f64,
}

impl Mean {
    fn push(&mut self, value: f64) {
        (self.sum, self.count, self.last) = (self.sum + value, self.count + 1, value);
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }
}

/// Passes and seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// Forward passes so far, training and scoring.
    pub forward: f64,
    /// Backward passes so far.
    pub backward: f64,
    /// Images trained on so far.
    pub images: u64,
    /// Forward passes of scorings.
    pub scoring_forward: f64,
    /// Backward passes of scorings.
    pub scoring_backward: f64,
    /// Seconds of the steps whose time is known.
    pub seconds: f64,
    /// Seconds of scoring in them.
    pub scoring_seconds: f64,
    /// Scoring since the last step event.
    pending: f64,
    /// When the last step event was; nothing after a pause.
    before: Option<f64>,
}

/// The sums.
#[derive(Debug, Default)]
pub struct Tally {
    /// What the start resolved.
    pub started: Option<Started>,
    /// The newest step and its epoch.
    pub at: (u64, u64),
    /// Scorings.
    pub scorings: u64,
    /// First step that was scored.
    pub first: u64,
    /// The newest scorings.
    pub newest: VecDeque<Scored>,
    /// Whether scorings have left `newest`.
    pub left: bool,
    /// Candidates with scores in `newest`.
    held: usize,
    /// Whether an event left its scores out: there are too many for a line, and only the files have them.
    pub long: bool,
    /// Scores of the chosen.
    pub chosen: Heat,
    /// Scores of all candidates.
    pub all: Heat,
    /// Share of the candidates that scored higher than a chosen one.
    pub ranks: Heat,
    /// Rank correlations with other scorers.
    pub correlation: BTreeMap<String, Mean>,
    /// Costs.
    pub spent: Spent,
    /// Header of the score files.
    pub header: Option<ScoreHeader>,
    /// Images, as far as the files go.
    pub items: Items,
}

impl Tally {
    /// Takes an event.
    pub fn event(&mut self, event: &Event) {
        if event.step >= self.at.0 {
            self.at = (event.step, event.epoch.max(self.at.1));
        }
        match &event.what {
            What::Started(started) => {
                self.started = Some(started.clone());
                self.spent.before = Some(event.time);
            }
            What::Step(step) => self.step(event.time, step),
            What::Scoring(scoring) => self.scoring(event, scoring),
            What::Resumed(_) | What::Paused(_) => (self.spent.before, self.spent.pending) = (None, 0.0),
            What::Command(command) if command.command == "resume" => self.spent.before = None,
            _ => {}
        }
    }

    fn step(&mut self, time: f64, step: &Step) {
        let spent = &mut self.spent;
        (spent.forward, spent.backward, spent.images) = (step.forward, step.backward, step.images);
        if let Some(before) = spent.before {
            spent.seconds += (time - before).max(0.0);
            spent.scoring_seconds += spent.pending;
        }
        (spent.before, spent.pending) = (Some(time), 0.0);
    }

    fn scoring(&mut self, event: &Event, scoring: &Scoring) {
        if self.scorings == 0 {
            self.first = event.step;
        }
        self.scorings += 1;
        self.spent.scoring_forward += scoring.forward;
        self.spent.scoring_backward += scoring.backward;
        self.spent.pending += scoring.seconds;
        let (candidates, score) = counted(scoring);
        self.chosen.push(event.step, score);
        for (name, value) in &scoring.correlation {
            if value.is_finite() {
                self.correlation.entry(name.clone()).or_default().push(*value);
            }
        }
        self.long |= scoring.scores.len() as u64 != candidates;
        let scored = Scored {
            step: event.step,
            epoch: event.epoch,
            candidates,
            scores: if self.long { Vec::new() } else { scoring.scores.iter().map(|score| *score as f32).collect() },
            chosen: if self.long { Vec::new() } else { scoring.chosen.clone() },
            score,
            classes: scoring.classes.clone(),
            correlation: scoring.correlation.clone(),
        };
        if !self.long {
            self.take_scores(&scored);
        }
        self.keep(scored);
    }

    fn take_scores(&mut self, scored: &Scored) {
        scored.scores.iter().for_each(|score| self.all.push(scored.step, f64::from(*score)));
        scored.ranks().for_each(|rank| self.ranks.push(scored.step, rank));
    }

    fn keep(&mut self, scored: Scored) {
        self.held += scored.scores.len();
        self.newest.push_back(scored);
        while self.newest.len() > NEWEST || (self.held > CANDIDATES && self.newest.len() > 1) {
            self.held -= self.newest.pop_front().map_or(0, |left| left.scores.len());
            self.left = true;
        }
    }

    /// Takes a step of the score files. They come in order, and none twice.
    pub fn ordered(&mut self, header: &ScoreHeader, step: &OrderedStep) {
        if self.header.is_none() {
            self.items = Items::new(header.images, header.steps_per_epoch);
            self.header = Some(header.clone());
        }
        self.items.push(step.step, step.epoch, &step.items);
        let Some(candidates) = step.scored.as_ref().filter(|_| self.long) else { return };
        let (scores, chosen) = (candidates.scores.clone(), candidates.chosen.clone());
        // The event of this step was taken before, without scores: they are put where it is still kept.
        let scored = match self.newest.binary_search_by_key(&step.step, |scored| scored.step) {
            Ok(place) => {
                self.held += scores.len();
                (self.newest[place].scores, self.newest[place].chosen) = (scores, chosen);
                let scored = self.newest[place].clone();
                while self.held > CANDIDATES && self.newest.front().is_some_and(|front| front.step < step.step) {
                    self.held -= self.newest.pop_front().map_or(0, |left| left.scores.len());
                    self.left = true;
                }
                scored
            }
            Err(_) => Scored { step: step.step, scores, chosen, ..Scored::default() },
        };
        self.take_scores(&scored);
    }
}

/// Candidates of a scoring and the mean score of the chosen: counted where an event does not say.
fn counted(scoring: &Scoring) -> (u64, f64) {
    if scoring.candidates > 0 {
        return (scoring.candidates, scoring.score);
    }
    let chosen: Vec<f64> = scoring.chosen.iter().filter_map(|place| scoring.scores.get(*place as usize).copied()).collect();
    (scoring.scores.len() as u64, chosen.iter().sum::<f64>() / chosen.len() as f64)
}

/// A step of a score file as a scoring, if it was scored.
pub fn scored(step: &OrderedStep) -> Option<Scored> {
    let candidates = step.scored.as_ref()?;
    let mut scored = Scored {
        step: step.step,
        epoch: step.epoch,
        candidates: candidates.numbers.len() as u64,
        scores: candidates.scores.clone(),
        chosen: candidates.chosen.clone(),
        score: f64::NAN,
        classes: step.classes.clone(),
        correlation: candidates.correlation.iter().map(|(name, value)| (name.clone(), f64::from(*value))).collect(),
    };
    let chosen: Vec<f32> = scored.chosen_scores().filter(|score| !score.is_nan()).collect();
    if !chosen.is_empty() {
        scored.score = chosen.iter().map(|score| f64::from(*score)).sum::<f64>() / chosen.len() as f64;
    }
    Some(scored)
}
