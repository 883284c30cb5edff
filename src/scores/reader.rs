//! Reads a run's score files and events while the run goes on. A resumed run is read again from its first event.

use super::digest::{Batch, Cost, Digest, Rank, Standing, View};
use super::facts::{self, Facts};
use super::study::StudyReader;
use super::tally::{Tally, scored};
use super::window::{SCORINGS, Scored, Window};
use curricle_core::config::{self, Experiment};
use curricle_core::passes::Passes;
use curricle_core::record::{Event, Scoring, What};
use curricle_core::run::{self, Follower, OrderedStep, RunDirectory, ScoreFile, score_files};
use std::collections::{HashMap, VecDeque};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bars of a printed histogram.
const BARS: usize = 16;
/// Score files that are kept as they were read, to go from step to step.
const KEPT: usize = 2;
/// Events that are read of a log in one go, where it is read for one step.
const EVENTS: usize = 20_000;

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
        let newest = self.tally.newest.back().map(|scored| scored.step);
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

    fn view(&mut self, step: u64) -> View {
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
}

fn mark(path: &Path) -> Option<Mark> {
    let facts = std::fs::metadata(path).ok()?;
    Some((facts.ino(), facts.len(), facts.mtime(), facts.mtime_nsec()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Made, ORDERED};
    use super::*;
    use curricle_core::run::{EventWriter, State, Status};
    use proptest::prelude::*;

    fn read(reader: &mut Reader) {
        while reader.poll(Duration::from_millis(5)).unwrap().more {}
    }

    fn made(made: Made) -> (tempfile::TempDir, RunDirectory) {
        let keep = tempfile::tempdir().unwrap();
        let run = made.create(keep.path(), ORDERED);
        (keep, run)
    }

    /// Where the events are whole lines only as far as some step, as a living run leaves them.
    fn fresh(run: &RunDirectory) -> Reader {
        let mut reader = Reader::new(run.clone());
        read(&mut reader);
        reader
    }

    #[test]
    fn numbers_are_those_of_the_run() {
        let run = Made::default();
        let (_keep, directory) = made(run);
        let digest = fresh(&directory).digest(None).unwrap();
        assert_eq!((digest.step, digest.steps, digest.scorings), (35, 60, 32), "35 steps, three of them the last of their epoch");
        assert_eq!((digest.view.step, digest.view.candidates, digest.view.epoch), (35, 6, 4));
        assert_eq!(digest.view.window.scorings, 32);
        let candidates: u64 = (1..=35).map(|step| run.candidates_at(step)).sum();
        assert_eq!(digest.view.window.candidates, candidates);
        assert_eq!(digest.candidates_over_steps.total(), candidates);
        assert_eq!((digest.chosen_over_steps.total(), digest.rank_over_steps.total()), (32, 32));
        assert_eq!(digest.view.rank, Some(0.0), "the highest was chosen");
        let images = digest.images.unwrap();
        assert_eq!((images.step, images.images, images.run.even), (30, 40, Some(3)), "as far as the files go");
        assert!(images.between_epochs.is_some() && images.between.len() == 2);
        assert_eq!(digest.cost.backward, 35.0 + candidates as f64);
        let plain = (35.0 * 3.0 + 4.0 * candidates as f64) / (35.0 * 3.0);
        assert!((digest.cost.step_in_plain_ones.unwrap() - plain).abs() < 1e-9);
        let planned = digest.cost.planned.unwrap();
        assert_eq!((planned.steps, planned.scorings), (60, 54));
        assert_eq!(planned.scoring.backward, 6.0 * (3.0 * 8.0 + 7.0 + 6.0 + 5.0 + 4.0 + 3.0 + 2.0));
        let mean: f64 = (1..=35).filter_map(|step| run.scoring(step)).map(|scoring| scoring.correlation["loss"]).sum::<f64>() / 32.0;
        assert!((digest.correlation["loss"].mean - mean).abs() < 1e-9);
        assert!(digest.facts.ordered && !digest.facts.oracle && digest.facts.line() == "scoring every step · K = 8");
    }

    #[test]
    fn one_goes_to_any_step() {
        let run = Made { steps: 3_000, done: 2_950, saved: 2_900, steps_per_epoch: 50, ..Made::default() };
        let (_keep, directory) = made(run);
        let mut reader = fresh(&directory);
        for step in [1, 2, 49, 64, 701, 999, 1_001, 1_063, 2_001, 2_899, 2_901, 2_949] {
            let view = reader.digest(Some(step)).unwrap().view;
            let scored: Vec<u64> = (1..=step).rev().filter(|step| run.candidates_at(*step) > 0).take(64).collect();
            assert_eq!(view.window.scorings, scored.len() as u64, "{step}");
            assert_eq!(view.window.steps, Some((scored[scored.len() - 1], scored[0])), "{step}");
            assert_eq!(view.window.candidates, scored.iter().map(|step| run.candidates_at(*step)).sum::<u64>(), "{step}");
            assert!(view.scored && view.scores.iter().map(|score| score.unwrap()).eq(run.scores(step)));
            assert_eq!(view.batch.images, (step <= 2_900).then(|| run.items(step)), "{step}");
            assert_eq!(view.batch.classes.iter().map(|(_, count)| u64::from(*count)).sum::<u64>(), 4, "{step}");
        }
        let last = reader.digest(Some(50)).unwrap().view;
        assert!(!last.scored && last.batch.images.is_some(), "the last item of an epoch is handed out unscored");
        assert_eq!(reader.digest(Some(2_951)), Err(Missing::Beyond(2_950)));
        assert_eq!(reader.digest(Some(0)), Err(Missing::Beyond(2_950)));
    }

    #[test]
    fn without_files_the_log_alone_tells() {
        let run = Made { steps: 3_000, done: 2_000, saved: 0, steps_per_epoch: 100, ..Made::default() };
        let (_keep, directory) = made(run);
        let mut reader = fresh(&directory);
        let view = reader.digest(Some(500 - 1)).unwrap().view;
        assert_eq!((view.window.scorings, view.window.steps, view.scored), (64, Some((436, 499)), true));
        assert_eq!(view.batch.images, None);
        assert!(reader.digest(None).unwrap().images.is_none());
    }

    #[test]
    fn large_pools_come_from_the_files() {
        let run = Made { candidates: 200, steps_per_epoch: 400, steps: 400, done: 90, saved: 80, ..Made::default() };
        let (_keep, directory) = made(run);
        let mut reader = fresh(&directory);
        let digest = reader.digest(Some(70)).unwrap();
        assert_eq!(digest.candidates_over_steps.total(), 80 * 200, "events list no scores");
        assert_eq!((digest.chosen_over_steps.total(), digest.rank_over_steps.total()), (90, 80));
        assert_eq!((digest.view.window.scorings, digest.view.window.candidates), (64, 64 * 200));
        assert!(digest.view.scores.is_empty() && digest.view.rank == Some(0.0));
        assert_eq!(reader.digest(Some(85)).unwrap().view.window.steps, Some((22, 85)));
    }

    #[test]
    fn a_run_that_was_not_ordered_or_not_begun_has_nothing_to_show() {
        let keep = tempfile::tempdir().unwrap();
        let text = ORDERED.split("[ordering]").next().unwrap();
        let plain = Made { candidates: 0, saved: 0, ..Made::default() }.create(keep.path(), text);
        let mut reader = fresh(&plain);
        assert_eq!(reader.digest(None), Err(Missing::Nothing));
        assert!(!reader.sums().facts.ordered);
        let young = Made { done: 0, saved: 0, ..Made::default() }.create(keep.path(), ORDERED);
        assert_eq!(fresh(&young).digest(None), Err(Missing::Nothing));
    }

    #[test]
    fn a_damaged_file_is_told_and_the_rest_is_shown() {
        let (_keep, directory) = made(Made::default());
        let (_, path) = score_files(&directory).remove(0);
        std::fs::write(&path, b"no tensors").unwrap();
        let digest = fresh(&directory).digest(None).unwrap();
        assert!(digest.problem.unwrap().contains("step-000000000001.safetensors"));
        assert_eq!(digest.scorings, 32);
        assert!(digest.images.is_none());
    }

    /// Whatever a resume cuts, and whenever one looks, the numbers are those of the files as they then are.
    #[test]
    fn nothing_of_a_future_that_was_cut_is_left() {
        for looks in 0..4u8 {
            let before = Made { done: 10, saved: 10, ..Made::default() };
            let (_keep, directory) = made(before);
            let mut reader = fresh(&directory);
            let cut = std::fs::metadata(directory.events()).unwrap().len();
            let seq = std::fs::read_to_string(directory.events()).unwrap().lines().count() as u64;
            let gone = Made { done: 33, saved: 30, salt: 5, ..Made::default() };
            let mut events = EventWriter::open_at(&directory, cut, seq).unwrap();
            gone.write(&directory, &mut events, 10);
            read(&mut reader);
            assert_eq!(reader.digest(None).unwrap().step, 33);
            let mut events = EventWriter::open_at(&directory, cut, seq).unwrap();
            if looks & 1 != 0 {
                read(&mut reader);
            }
            Status { state: State::Training, generation: 1, ..Status::default() }.write(&directory.status()).unwrap();
            if looks & 2 != 0 {
                read(&mut reader);
                assert_eq!(reader.digest(None).unwrap().step, 10);
            }
            let after = Made { done: 27, saved: 20, salt: 9, ..Made::default() };
            after.write(&directory, &mut events, 10);
            Status { state: State::Training, generation: 1, ..Status::default() }.write(&directory.status()).unwrap();
            read(&mut reader);
            let mut other = fresh(&directory);
            assert_eq!(reader.digest(None), other.digest(None), "looks {looks:02b}");
            assert_eq!(reader.digest(Some(15)).unwrap().view.batch.images, Some(after.items(15)));
            assert_eq!(reader.digest(Some(25)).unwrap().view.batch.images, None, "not saved again yet");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// However a run grows, reading it piece by piece gives what reading it at once does.
        #[test]
        fn reading_on_gives_what_reading_anew_does(parts in proptest::collection::vec((1u64..90, 0u64..40), 1..6), candidates in prop_oneof![Just(2u64), Just(8), Just(70)]) {
            let begun = Made { candidates, steps_per_epoch: 80, steps: 640, done: 0, saved: 0, ..Made::default() };
            let (_keep, directory) = made(begun);
            let mut reader = fresh(&directory);
            let mut run = begun;
            for (further, unsaved) in parts {
                let before = run;
                run.done = (run.done + further).min(run.steps);
                run.saved = run.done.saturating_sub(unsaved).max(before.saved);
                let offset = std::fs::metadata(directory.events()).unwrap().len();
                let seq = std::fs::read_to_string(directory.events()).unwrap().lines().count() as u64;
                let mut events = EventWriter::open_at(&directory, offset, seq).unwrap();
                Made { saved: before.saved, ..run }.write_events(&mut events, before.done);
                run.save(&directory, before.saved);
                read(&mut reader);
                prop_assert_eq!(reader.digest(None), fresh(&directory).digest(None));
            }
        }
    }

    /// Nanoseconds that this thread has had a processor: whatever else the machine does.
    fn processor_time() -> u64 {
        let facts = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        facts.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// A hundred thousand scorings open within a second: they are read once whenever a long run is.
    #[test]
    fn long_runs_are_read_quickly() {
        let run = Made { steps: 100_000, done: 100_000, saved: 100_000, steps_per_epoch: 400, batch: 128, ..Made::default() };
        let (_keep, directory) = made(run);
        // A processor that is shared is slower; one reading of five must be within the bound.
        let mut times = Vec::new();
        let mut reader = loop {
            let before = processor_time();
            let mut reader = fresh(&directory);
            let digest = reader.digest(None).unwrap();
            times.push(Duration::from_nanos(processor_time() - before));
            assert_eq!((digest.step, digest.images.map(|images| images.step)), (100_000, Some(100_000)));
            println!("100,000 scorings read and shown in {:.0?} of processor time", times[times.len() - 1]);
            if times.last().is_some_and(|time| *time < Duration::from_secs(1)) {
                break reader;
            }
            assert!(times.len() < 5, "{times:?}");
        };
        let begun = Instant::now();
        assert_eq!(reader.poll(Duration::from_millis(40)).unwrap(), Polled::default());
        reader.digest(Some(51_234)).unwrap();
        println!("another step shown after {:.0?}", begun.elapsed());
    }
}
