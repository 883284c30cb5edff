//! `scores/`: what an ordering scored, chose and trained on. One safetensors file holds a fixed number of steps; which steps
//! lie in which file follows from the step alone, so a resumed run writes the same files (`docs/run-directory.md`).

use super::disk;
use super::error::{Error, Result};
use super::layout::RunDirectory;
use super::sealed::seal;
use super::state_file::{name, numbered};
use super::tensor_file::{Ragged, TensorFile, read_tensor_file};
use super::whole::write_whole;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Steps of one file where their candidates are few.
const STEPS: u64 = 1000;
/// Candidates of one file at most, unless one step has more.
const CANDIDATES: u64 = 1 << 21;
/// Other scorers that a file has correlations with at most.
const CORRELATIONS: usize = 64;
/// Key of the header among a file's texts.
const KEY: &str = "curricle";

/// What all steps of a run share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreHeader {
    /// Version of the format.
    pub format: u32,
    /// Name of the scorer.
    pub scorer: String,
    /// What a candidate is: `batch` or `sample`.
    pub item: String,
    /// Image set.
    pub set: String,
    /// Training images.
    pub images: u64,
    /// Which images these are: a hash of their numbers in the set.
    pub fingerprint: String,
    /// Images of a batch.
    pub batch: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Steps of one file.
    pub steps_per_file: u64,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Whether test data chose the items.
    #[serde(default)]
    pub oracle: bool,
}

impl ScoreHeader {
    /// Newest version of the format.
    pub const FORMAT: u32 = 1;

    /// Steps of one file where each has so many candidates.
    #[must_use]
    pub fn steps_per_file(candidates: u64) -> u64 {
        (CANDIDATES / candidates.max(1)).clamp(1, STEPS)
    }
}

/// One step of an ordered run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrderedStep {
    /// Number of the step, from 1.
    pub step: u64,
    /// Its epoch, from 1.
    pub epoch: u64,
    /// Training images of the step, in the order of the batch.
    pub items: Vec<u32>,
    /// How many of them belong to each class.
    pub classes: Vec<u32>,
    /// What was scored; `None` where nothing was, or scores are not recorded.
    pub scored: Option<Candidates>,
}

/// Candidates of one step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// What each is: number of a batch in the epoch's split, of a draw, or of an image.
    pub numbers: Vec<u32>,
    /// Their scores.
    pub scores: Vec<f32>,
    /// Places of the chosen ones.
    pub chosen: Vec<u32>,
    /// Rank correlations with other scorers.
    pub correlation: BTreeMap<String, f32>,
}

/// The steps of one file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreFile {
    /// What all steps share.
    pub header: ScoreHeader,
    /// The steps, in order.
    pub steps: Vec<OrderedStep>,
}

impl ScoreFile {
    /// The bytes of the file.
    ///
    /// # Errors
    /// If the classes of a step are not those of the header.
    pub fn to_bytes(&self) -> std::result::Result<Vec<u8>, String> {
        let count = self.steps.len();
        let (mut items, mut candidates, mut chosen) = (Ragged::default(), Ragged::default(), Ragged::default());
        let (mut scores, mut mixes) = (Vec::new(), Vec::new());
        for step in &self.steps {
            items.push(&step.items);
            candidates.push(step.scored.as_ref().map_or(&[], |scored| &scored.numbers));
            chosen.push(step.scored.as_ref().map_or(&[], |scored| &scored.chosen));
            scores.extend(step.scored.iter().flat_map(|scored| &scored.scores).flat_map(|score| score.to_le_bytes()));
            mixes.extend(step.classes.iter().flat_map(|count| count.to_le_bytes()));
        }
        let long = |of: fn(&OrderedStep) -> u64| self.steps.iter().flat_map(|step| (of(step) as i64).to_le_bytes()).collect();
        let mut tensors = vec![
            ("step".to_owned(), Dtype::I64, vec![count], long(|step| step.step)),
            ("epoch".to_owned(), Dtype::I64, vec![count], long(|step| step.epoch)),
            ("scores".to_owned(), Dtype::F32, vec![scores.len() / 4], scores),
            ("classes".to_owned(), Dtype::U32, vec![count, self.header.classes.len()], mixes),
        ];
        tensors.extend([items.tensors("items"), candidates.tensors("candidates"), chosen.tensors("chosen")].into_iter().flatten());
        for name in self.correlated() {
            let of = |step: &OrderedStep| step.scored.as_ref().and_then(|scored| scored.correlation.get(&name).copied());
            let values = self.steps.iter().flat_map(|step| of(step).unwrap_or(f32::NAN).to_le_bytes()).collect();
            tensors.push((format!("correlation.{name}"), Dtype::F32, vec![count], values));
        }
        serialise(&tensors, &self.header)
    }

    /// Scorers that correlations are with.
    fn correlated(&self) -> Vec<String> {
        let names = self.steps.iter().filter_map(|step| step.scored.as_ref()).flat_map(|scored| scored.correlation.keys().cloned());
        names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What does not hold together, in words.
    pub fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        let file = TensorFile::parse(bytes)?;
        let header = header_of(&file)?;
        let numbers = file.longs("step")?;
        let epochs = file.longs("epoch")?;
        let count = numbers.len();
        if count as u64 > STEPS {
            return Err(format!("is damaged: it has {count} steps, a file has at most {STEPS}"));
        }
        let classes = file.words("classes")?;
        let width = header.classes.len();
        if epochs.len() != count || classes.len() != count * width {
            return Err("is damaged: its steps, epochs and classes differ in number".into());
        }
        let (items, candidates, chosen) = (file.lists("items", count)?, file.lists("candidates", count)?, file.lists("chosen", count)?);
        let scores = file.lists_of("scores", Dtype::F32, candidates.ends())?;
        let mut correlations = Vec::new();
        for name in file.names() {
            if let Some(with) = name.strip_prefix("correlation.") {
                if correlations.len() == CORRELATIONS {
                    return Err(format!("is damaged: it has correlations with more than {CORRELATIONS} scorers"));
                }
                let values = file.floats(name)?;
                if values.len() != count {
                    return Err(format!("is damaged: {} correlations of {count} steps", values.len()));
                }
                correlations.push((with.to_owned(), values));
            }
        }
        let mut steps = Vec::with_capacity(count);
        for place in 0..count {
            let among = candidates.words(place);
            let chosen = chosen.words(place);
            if chosen.iter().any(|&one| one as usize >= among.len()) {
                return Err("is damaged: a chosen candidate is none".into());
            }
            let scored = (!among.is_empty()).then(|| Candidates {
                numbers: among,
                scores: scores.floats(place),
                chosen,
                correlation: correlations
                    .iter()
                    .filter(|(_, values)| !values[place].is_nan())
                    .map(|(name, values)| (name.clone(), values[place]))
                    .collect(),
            });
            steps.push(OrderedStep {
                step: numbers[place],
                epoch: epochs[place],
                items: items.words(place),
                classes: classes[place * width..(place + 1) * width].to_vec(),
                scored,
            });
        }
        Ok(Self { header, steps })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub fn read(path: &Path) -> Result<Self> {
        Self::parse(&read_tensor_file(path)?).map_err(|text| Error::damaged(path, text))
    }
}

/// A safetensors file with the header beside its tensors.
pub(super) fn serialise(tensors: &[(String, Dtype, Vec<usize>, Vec<u8>)], header: &ScoreHeader) -> std::result::Result<Vec<u8>, String> {
    let words = |error: &dyn std::fmt::Display| format!("cannot be written: {error}");
    let text = serde_json::to_string(header).map_err(|error| words(&error))?;
    let mut views = Vec::with_capacity(tensors.len());
    for (name, kind, shape, bytes) in tensors {
        views.push((name, TensorView::new(*kind, shape.clone(), bytes).map_err(|error| words(&error))?));
    }
    seal(&views, HashMap::from([(KEY.to_owned(), text)])).map_err(|error| words(&error))
}

/// The header of a file, made safe for a terminal.
pub(super) fn header_of(file: &TensorFile<'_>) -> std::result::Result<ScoreHeader, String> {
    let text = file.text(KEY).ok_or("holds no scores and no order")?;
    let mut header: ScoreHeader = serde_json::from_str(text).map_err(|error| super::plain(&error.to_string()))?;
    if header.format > ScoreHeader::FORMAT {
        return Err(format!("has format {}, this program reads up to {}", header.format, ScoreHeader::FORMAT));
    }
    for word in [&mut header.scorer, &mut header.item, &mut header.set].into_iter().chain(&mut header.classes) {
        *word = super::plain(word);
    }
    Ok(header)
}

/// Score files of a run with the number of their first step, in order.
#[must_use]
pub fn score_files(directory: &RunDirectory) -> Vec<(u64, PathBuf)> {
    let mut found = numbered(&directory.scores());
    found.reverse();
    found
}

/// Writes a run's score files, step by step.
#[derive(Debug)]
pub struct ScoreWriter {
    directory: RunDirectory,
    file: ScoreFile,
    /// Whether the file on disk has all its steps.
    saved: bool,
    /// What is not there of the steps that were done.
    gap: Option<String>,
}

impl ScoreWriter {
    /// Goes on after step number `done`: what lies beyond it belongs to a future that was cut, and is gone from the disk
    /// before this returns, so that no reader takes it for what comes next.
    ///
    /// # Errors
    /// If the folder cannot be made or read.
    pub fn open(directory: &RunDirectory, header: ScoreHeader, done: u64) -> Result<Self> {
        let folder = directory.scores();
        if !folder.is_dir() {
            disk::create_folders(&folder)?;
            disk::sync_folder(directory.path())?;
        }
        let mut file = ScoreFile { header, steps: Vec::new() };
        let mut cut = false;
        let every = file.header.steps_per_file.max(1);
        let current = (done / every) * every + 1;
        let mut wanted: BTreeSet<u64> = (0..done.div_ceil(every)).map(|number| number * every + 1).collect();
        let mut gap = None;
        for (first, path) in score_files(directory) {
            if first > done {
                disk::remove(&path)?;
                continue;
            }
            wanted.remove(&first);
            if first != current {
                continue;
            }
            // Without its scores a run still goes on to the same weights.
            match ScoreFile::read(&path) {
                Ok(found) => {
                    let there = found.steps.len();
                    file.steps = found.steps;
                    file.steps.retain(|step| step.step <= done);
                    cut = file.steps.len() < there;
                    if file.steps.len() as u64 != done + 1 - current {
                        gap = Some(format!("`{}` has not all steps from {current} to {done}", path.display()));
                    }
                }
                Err(error) if !error.is_damaged() => return Err(error),
                Err(error) => gap = Some(error.to_string()),
            }
        }
        if let Some(first) = wanted.first() {
            gap = Some(format!("`{}` is not there", directory.scores().join(name(*first)).display()));
        }
        let mut writer = Self { directory: directory.clone(), file, saved: !cut, gap };
        writer.save()?;
        Ok(writer)
    }

    /// What is not there of the steps that were done, if anything: then the run's order cannot be told at its end.
    #[must_use]
    pub fn gap(&self) -> Option<&str> {
        self.gap.as_deref()
    }

    /// Takes a step; writes the file where it was its last.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn push(&mut self, step: OrderedStep) -> Result<()> {
        let is_last = step.step.is_multiple_of(self.file.header.steps_per_file);
        self.file.steps.push(step);
        self.saved = false;
        if is_last {
            self.save()?;
            self.file.steps.clear();
        }
        Ok(())
    }

    /// Makes everything taken so far safe on disk.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&mut self) -> Result<()> {
        let Some(last) = self.file.steps.last().filter(|_| !self.saved) else { return Ok(()) };
        let every = self.file.header.steps_per_file;
        let first = (last.step - 1) / every * every + 1;
        let path = self.directory.scores().join(name(first));
        let bytes = self.file.to_bytes().map_err(|text| Error::damaged(&path, text))?;
        write_whole(&path, &bytes)?;
        self.saved = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::layout::tests::scratch;
    use proptest::prelude::*;

    fn header(steps_per_file: u64) -> ScoreHeader {
        let classes = ["circle", "square"].map(String::from).to_vec();
        ScoreHeader { format: 1, scorer: "loss".into(), item: "batch".into(), batch: 4, steps_per_file, classes, ..ScoreHeader::default() }
    }

    fn step(number: u64, candidates: usize) -> OrderedStep {
        let scored = (candidates > 0).then(|| Candidates {
            numbers: (0..candidates as u32).map(|place| place * 3).collect(),
            scores: (0..candidates).map(|place| number as f32 - place as f32 * 0.5).collect(),
            chosen: vec![number as u32 % candidates as u32],
            correlation: if number.is_multiple_of(2) { BTreeMap::from([("loss-delta".into(), -0.25)]) } else { BTreeMap::new() },
        });
        OrderedStep { step: number, epoch: number.div_ceil(7), items: vec![number as u32, 1, 2], classes: vec![2, 1], scored }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(candidates in proptest::collection::vec(0usize..5, 0..20)) {
            let steps = (1..).zip(&candidates).map(|(number, &count)| step(number, count)).collect();
            let file = ScoreFile { header: header(1000), steps };
            prop_assert_eq!(ScoreFile::parse(&file.to_bytes().unwrap()).unwrap(), file);
        }

        /// However often a run is cut and goes on, its files are those of one that was not.
        #[test]
        fn a_resumed_run_writes_the_same_files(cuts in proptest::collection::vec((0u64..12, 0u64..12), 0..5), per_file in 1u64..6) {
            let whole = |cuts: &[(u64, u64)]| {
                let (keep, directory) = scratch();
                let mut done = 0;
                for &(further, back) in cuts.iter().chain([&(23, 0)]) {
                    let mut writer = ScoreWriter::open(&directory, header(per_file), done).unwrap();
                    let end = (done + further).min(23);
                    (done + 1..=end).for_each(|number| writer.push(step(number, 3)).unwrap());
                    writer.save().unwrap();
                    done = end.saturating_sub(back);
                    if further == 23 { break }
                }
                let read = |(_, path): (u64, PathBuf)| (path.file_name().unwrap().to_owned(), std::fs::read(&path).unwrap());
                let files: Vec<_> = score_files(&directory).into_iter().map(read).collect();
                drop(keep);
                files
            };
            // What was cut is written again; a part that was saved and lies before the cut stays.
            prop_assert_eq!(whole(&cuts), whole(&[]));
        }
    }

    #[test]
    fn what_is_lost_of_the_scores_is_told_and_the_rest_goes_on() {
        let fresh = || {
            let (keep, directory) = scratch();
            let mut writer = ScoreWriter::open(&directory, header(4), 0).unwrap();
            (1..=10).for_each(|number| writer.push(step(number, 2)).unwrap());
            writer.save().unwrap();
            assert_eq!(ScoreWriter::open(&directory, header(4), 10).unwrap().gap(), None);
            (keep, directory)
        };
        let lose = |number: u64, bytes: Option<&[u8]>| {
            let (_keep, directory) = fresh();
            let path = directory.scores().join(name(number));
            match bytes {
                Some(bytes) => std::fs::write(&path, bytes).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            let mut writer = ScoreWriter::open(&directory, header(4), 10).unwrap();
            let gap = writer.gap().map(str::to_owned);
            writer.push(step(11, 2)).unwrap();
            writer.push(step(12, 2)).unwrap();
            assert!(ScoreFile::read(&directory.scores().join(name(9))).is_ok());
            gap.unwrap_or_default()
        };
        assert!(lose(1, None).ends_with("` is not there"));
        assert!(lose(9, None).ends_with("` is not there"));
        assert!(lose(9, Some(b"")).contains("is damaged"));
    }

    #[test]
    fn a_damaged_file_says_so() {
        let file = ScoreFile { header: header(1000), steps: vec![step(1, 2)] };
        let bytes = file.to_bytes().unwrap();
        assert!(ScoreFile::parse(&bytes[..bytes.len() - 1]).is_err());
        let newer = ScoreFile { header: ScoreHeader { format: 9, ..header(1000) }, steps: Vec::new() };
        assert_eq!(ScoreFile::parse(&newer.to_bytes().unwrap()).unwrap_err(), "has format 9, this program reads up to 1");
        let mut wrong = file;
        wrong.steps[0].scored.as_mut().unwrap().chosen = vec![2];
        assert_eq!(ScoreFile::parse(&wrong.to_bytes().unwrap()).unwrap_err(), "is damaged: a chosen candidate is none");
    }
}
