//! Reads a run's score files and events while the run goes on. A resumed run is read again from its first event.

mod view;

use crate::scores::digest::{Cost, Digest, Standing, View};
use crate::scores::facts::{self, Facts};
use crate::scores::study::StudyReader;
use crate::scores::tally::Tally;
use curricle_core::config::{self, Experiment};
use curricle_core::passes::Passes;
use curricle_core::record::{Event, What};
use curricle_core::run::{self, Follower, RunDirectory, ScoreFile, score_files};
use std::collections::{HashMap, VecDeque};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Score files that are kept as they were read, to go from step to step.
const KEPT: usize = 2;

/// Inode, length and time of change of a file.
type Mark = (u64, u64, i64, i64);

/// What a poll did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Polled {
    /// Whether anything is new.
    pub changed: bool,
    /// More is there already.
    pub more: bool,
}

/// Why a step cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// Nothing was scored yet.
    Nothing,
    /// There is no such step; the last is told.
    Beyond(u64),
    /// It was trained, but its item was not chosen by scores.
    Unscored(u64),
}

/// A place in a run's files.
#[derive(Debug)]
pub struct Reader {
    directory: RunDirectory,
    follower: Follower,
    experiment: Option<Experiment>,
    facts: Facts,
    tally: Tally,
    /// The orders, where every order is tried out.
    study: Option<StudyReader>,
    /// The last step that was taken from a score file.
    taken: u64,
    /// Score files that were read whole, as they were then.
    seen: HashMap<u64, Mark>,
    kept: VecDeque<(PathBuf, Mark, ScoreFile)>,
    problem: Option<String>,
}

impl Reader {
    /// Begins before the first event.
    pub fn new(directory: RunDirectory) -> Reader {
        let follower = Follower::open(&directory);
        Reader {
            directory,
            follower,
            experiment: None,
            facts: Facts::default(),
            tally: Tally::default(),
            study: None,
            taken: 0,
            seen: HashMap::new(),
            kept: VecDeque::new(),
            problem: None,
        }
    }

    /// The run that is read.
    pub fn directory(&self) -> &RunDirectory {
        &self.directory
    }

    /// Takes what is new, for about as long as `patience`.
    ///
    /// # Errors
    /// If the run cannot be read. A damaged score file is told by the digest.
    pub fn poll(&mut self, patience: Duration) -> run::Result<Polled> {
        let begun = Instant::now();
        let mut polled = Polled::default();
        if self.experiment.is_none() {
            let text = self.directory.read_resolved()?;
            let origin = self.directory.resolved().display().to_string();
            // An experiment of another version says nothing here; its events still do.
            self.experiment = Some(config::read(&text, &origin, &[]).unwrap_or_default());
            self.facts = self.experiment.as_ref().map(Facts::of).unwrap_or_default();
            self.begin_study();
            polled.changed = true;
        }
        loop {
            let update = self.follower.poll()?;
            if update.restarted {
                self.forget();
                polled.changed = true;
            }
            polled.changed |= !update.events.is_empty();
            update.events.iter().for_each(|event| self.event(event));
            polled.more = update.more;
            if !update.more || begun.elapsed() >= patience {
                break;
            }
        }
        if !polled.more {
            let files = if self.study.is_some() { self.take_orders(begun, patience) } else { self.take_files(begun, patience) };
            polled.changed |= files.changed;
            polled.more = files.more;
        }
        Ok(polled)
    }

    fn event(&mut self, event: &Event) {
        self.tally.event(event);
        let Some(study) = &mut self.study else { return };
        match &event.what {
            What::Permutation(what) => study.parent(event.time, event.step, event.epoch, what),
            What::Resumed(_) | What::Paused(_) => study.interrupted(),
            What::Command(command) if command.command == "resume" => study.interrupted(),
            _ => {}
        }
    }

    fn begin_study(&mut self) {
        self.study = self.experiment.as_ref().filter(|_| self.facts.every_order).map(StudyReader::of);
    }

    /// Takes new rows of a study's orders.
    fn take_orders(&mut self, begun: Instant, patience: Duration) -> Polled {
        let Some(study) = &mut self.study else { return Polled::default() };
        match study.poll(&self.directory, begun, patience) {
            Ok((changed, more)) => Polled { changed: changed | self.problem.take().is_some(), more },
            Err(error) => {
                let problem = Some(run::plain(&error.to_string()));
                let changed = self.problem != problem;
                self.problem = problem;
                Polled { changed, more: false }
            }
        }
    }

    /// The log was cut: what was read belongs to a future that is gone.
    fn forget(&mut self) {
        (self.tally, self.taken, self.problem) = (Tally::default(), 0, None);
        self.seen.clear();
        self.kept.clear();
        self.begin_study();
    }

    /// Takes new steps of the score files. Never more than the log has: after a cut a file may lag behind it.
    fn take_files(&mut self, begun: Instant, patience: Duration) -> Polled {
        let mut polled = Polled::default();
        let per_file = self.tally.header.as_ref().map(|header| header.steps_per_file.max(1));
        for (first, path) in score_files(&self.directory) {
            let whole = per_file.is_some_and(|per_file| self.taken + 1 >= first.saturating_add(per_file));
            let Some(mark) = mark(&path).filter(|_| !whole) else { continue };
            if self.seen.get(&first) == Some(&mark) {
                continue;
            }
            if begun.elapsed() >= patience {
                polled.more = true;
                break;
            }
            match ScoreFile::read(&path) {
                Ok(file) => {
                    polled.changed |= self.take(&file) | self.problem.take().is_some();
                    if file.steps.last().is_none_or(|last| last.step <= self.taken) {
                        self.seen.insert(first, mark);
                    }
                    self.keep(path, mark, file);
                }
                Err(error) => {
                    let problem = Some(run::plain(&error.to_string()));
                    polled.changed |= self.problem != problem;
                    self.problem = problem;
                    self.seen.insert(first, mark);
                }
            }
        }
        polled
    }

    fn take(&mut self, file: &ScoreFile) -> bool {
        let (before, newest) = (self.taken, self.tally.at.0);
        for step in file.steps.iter().filter(|step| step.step > before && step.step <= newest) {
            self.tally.ordered(&file.header, step);
            self.taken = step.step;
        }
        self.taken > before
    }

    fn keep(&mut self, path: PathBuf, mark: Mark, file: ScoreFile) {
        self.kept.retain(|(kept, _, _)| *kept != path);
        while self.kept.len() >= KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((path, mark, file));
    }

    /// What is shown, at a step or at the newest one that was scored.
    ///
    /// # Errors
    /// Why there is no such step.
    pub fn digest(&mut self, at: Option<u64>) -> Result<Digest, Missing> {
        if let Some(study) = self.study.as_ref().map(|study| study.study(at)) {
            return match at {
                Some(epoch) if epoch == 0 || epoch > study.reached => Err(Missing::Beyond(study.reached)),
                _ if study.reached == 0 => Err(Missing::Nothing),
                _ => Ok(Digest { study: Some(Box::new(study)), ..self.sums() }),
            };
        }
        // Where nothing is scored, the newest step whose images are known.
        let known = (self.taken > 0 && !self.facts.scores).then_some(self.taken);
        let newest = self.tally.newest.back().map(|scored| scored.step).or(known);
        let mut digest = self.sums();
        let Some(step) = at.or(newest) else { return Err(Missing::Nothing) };
        if step == 0 || step > self.tally.at.0 {
            return Err(Missing::Beyond(self.tally.at.0));
        }
        digest.view = self.view(step);
        digest.problem.clone_from(&self.problem);
        Ok(digest)
    }

    /// All but the view of a step.
    pub fn sums(&self) -> Digest {
        let tally = &self.tally;
        let started = tally.started.as_ref();
        let correlation = tally
            .correlation
            .iter()
            .map(|(name, mean)| (name.clone(), Standing { mean: mean.mean(), last: mean.last, scorings: mean.count }));
        Digest {
            facts: self.facts.clone(),
            step: tally.at.0,
            steps: started.map_or(0, |started| started.steps).max(tally.at.0),
            steps_per_epoch: started.map_or(0, |started| started.steps_per_epoch),
            scorings: tally.scorings,
            first_scored: (tally.scorings > 0).then_some(tally.first),
            view: View::default(),
            chosen_over_steps: tally.chosen.clone(),
            candidates_over_steps: tally.all.clone(),
            rank_over_steps: tally.ranks.clone(),
            correlation: correlation.collect(),
            images: (self.taken > 0).then(|| tally.items.order()),
            cost: self.cost(),
            study: None,
            problem: self.problem.clone(),
        }
    }

    fn cost(&self) -> Cost {
        let spent = &self.tally.spent;
        let started = self.tally.started.as_ref();
        let trained = started.filter(|started| started.batch > 0).map(|started| spent.images as f64 / started.batch as f64);
        let plain = Passes { forward: spent.forward, backward: spent.backward }.plain_steps();
        Cost {
            forward: spent.forward,
            backward: spent.backward,
            scoring_forward: spent.scoring_forward,
            scoring_backward: spent.scoring_backward,
            scoring_seconds: spent.scoring_seconds,
            seconds: spent.seconds,
            share: (spent.seconds > 0.0).then(|| (spent.scoring_seconds / spent.seconds).clamp(0.0, 1.0)),
            step_in_plain_ones: trained.filter(|trained| *trained > 0.0).map(|trained| plain / trained),
            planned: self
                .experiment
                .as_ref()
                .zip(started)
                .and_then(|(experiment, started)| facts::planned(experiment, started.train_images)),
        }
    }
}

fn mark(path: &Path) -> Option<Mark> {
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.ino(), facts.len(), facts.mtime(), facts.mtime_nsec()))
}

#[cfg(test)]
mod tests;
