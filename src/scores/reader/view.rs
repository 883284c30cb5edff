//! One step of a run as it is shown: from the score files, or where they do not hold it from the log.

use super::{Reader, mark};
use crate::scores::digest::{Batch, Rank, View};
use crate::scores::tally::{Tally, scored};
use crate::scores::window::{SCORINGS, Scored, Window};
use curricle_core::record::{Scoring, What};
use curricle_core::run::{self, Follower, OrderedStep, ScoreFile, score_files};
use std::collections::VecDeque;
use std::path::PathBuf;

/// Bars of a printed histogram.
const BARS: usize = 16;
/// Events that are read of a log in one go, where it is read for one step.
const EVENTS: usize = 20_000;

impl Reader {
    /// What is shown of a step.
    pub(super) fn view(&mut self, step: u64) -> View {
        let files = self.steps_up_to(step);
        let recent: VecDeque<&Scored> = self.tally.newest.iter().filter(|scored| scored.step <= step).collect();
        let has_scores = recent.back().is_none_or(|newest| !newest.scores.is_empty());
        let from_files: Vec<Scored>;
        let from_log: VecDeque<Scored>;
        let scorings: Vec<&Scored> = if has_scores && (recent.len() >= SCORINGS || !self.tally.left) {
            recent.into()
        } else if files.iter().any(|one| one.scored.is_some()) {
            from_files = files.iter().filter_map(scored).collect();
            from_files.iter().collect()
        } else {
            from_log = self.logged_up_to(step);
            from_log.iter().collect()
        };
        let window = Window::of(scorings.iter().copied());
        let own = scorings.last().filter(|scored| scored.step == step);
        let ordered = files.last().filter(|ordered| ordered.step == step);
        let names: &[String] = match (&self.tally.header, &self.tally.started) {
            (Some(header), _) => &header.classes,
            (None, Some(started)) => &started.classes,
            (None, None) => &[],
        };
        let classes = ordered.map(|ordered| &ordered.classes).or_else(|| own.map(|own| &own.classes));
        let name = |place: usize| names.get(place).map_or_else(|| format!("class {place}"), |name| run::plain(name));
        let ranks: Vec<f64> = own.map(|own| own.ranks().collect()).unwrap_or_default();
        let few = own.filter(|own| own.scores.len() <= Scoring::LISTED);
        View {
            step,
            epoch: self.epoch_of(step),
            scored: own.is_some(),
            candidates: own.map_or(0, |own| own.candidates),
            score: own.map(|own| own.score).filter(|score| score.is_finite()),
            rank: (!ranks.is_empty()).then(|| ranks.iter().sum::<f64>() / ranks.len() as f64),
            scores: few.map(|own| own.scores.iter().map(|score| score.is_finite().then_some(*score)).collect()).unwrap_or_default(),
            chosen: few.map(|own| own.chosen.clone()).unwrap_or_default(),
            correlation: own.map(|own| own.correlation.clone()).unwrap_or_default(),
            bins: window.bins(BARS),
            ranks: window.ranks.iter().map(|(score, chosen)| Rank { score: *score, chosen: *chosen }).collect(),
            window,
            batch: Batch {
                images: ordered.map(|ordered| ordered.items.clone()),
                classes: classes
                    .map(|classes| classes.iter().enumerate().map(|(place, count)| (name(place), *count)).collect())
                    .unwrap_or_default(),
            },
        }
    }

    fn epoch_of(&self, step: u64) -> u64 {
        let per_epoch = self.tally.started.as_ref().map_or(0, |started| started.steps_per_epoch);
        if per_epoch == 0 { self.tally.at.1 } else { step.div_ceil(per_epoch) }
    }

    /// Steps of the files that hold a step and the one before, as far as they were taken; the header's file by file.
    fn steps_up_to(&mut self, step: u64) -> Vec<OrderedStep> {
        if step > self.taken {
            return Vec::new();
        }
        let files: Vec<(u64, PathBuf)> = score_files(&self.directory).into_iter().filter(|(first, _)| *first <= step).collect();
        let mut found = VecDeque::new();
        let mut scorings = 0;
        for (_, path) in files.into_iter().rev() {
            let Some(mark) = mark(&path) else { continue };
            if !self.kept.iter().any(|(kept, at, _)| *kept == path && *at == mark) {
                match ScoreFile::read(&path) {
                    Ok(file) => self.keep(path.clone(), mark, file),
                    Err(error) => self.problem = Some(run::plain(&error.to_string())),
                }
            }
            let Some((_, _, file)) = self.kept.iter().find(|(kept, _, _)| *kept == path) else { continue };
            for one in file.steps.iter().rev().filter(|one| one.step <= step) {
                scorings += usize::from(one.scored.is_some());
                found.push_front(one.clone());
                if scorings >= SCORINGS {
                    return found.into();
                }
            }
        }
        found.into()
    }

    /// The newest scorings up to a step by the log alone, read from its beginning.
    fn logged_up_to(&self, step: u64) -> VecDeque<Scored> {
        let mut follower = Follower::open(&self.directory);
        let mut sums = Tally::default();
        while let Ok(update) = follower.poll_at_most(EVENTS) {
            if update.restarted {
                sums = Tally::default();
            }
            for event in update.events.iter().filter(|event| event.step <= step && matches!(event.what, What::Scoring(_))) {
                sums.event(event);
            }
            if !update.more || update.events.last().is_some_and(|event| event.step > step) {
                break;
            }
        }
        sums.newest
    }
}
