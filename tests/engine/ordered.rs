//! The scripted engine's ordering: made-up scores of as many candidates as the experiment asks for, written as the real
//! engine writes them.

use super::{Result, mix};
use curricle_core::config::{Candidates, Experiment};
use curricle_core::record::Scoring;
use curricle_core::run::{self, OrderedStep, RunDirectory, ScoreHeader, ScoreWriter};

/// Images of the made-up set.
const IMAGES: u64 = 1_000;

/// Scores for an experiment with `[ordering]`.
pub struct Ordered {
    writer: ScoreWriter,
    scorer: String,
    seed: u64,
    candidates: u64,
    batch: u64,
    per_epoch: u64,
}

impl Ordered {
    /// Goes on after step `done`.
    pub fn open(directory: &RunDirectory, experiment: &Experiment, per_epoch: u64, done: u64) -> Result<Option<Self>> {
        let Some(ordering) = &experiment.ordering else { return Ok(None) };
        let candidates = match ordering.candidates {
            Candidates::All => per_epoch,
            Candidates::Of(count) => count,
        };
        let scorer = ordering.scorer.word().to_string();
        let header = ScoreHeader {
            oracle: false,
            format: ScoreHeader::FORMAT,
            scorer: scorer.clone(),
            item: "batch".into(),
            set: "glyphs".into(),
            images: IMAGES,
            fingerprint: String::new(),
            batch: experiment.training.batch,
            steps_per_epoch: per_epoch,
            steps_per_file: ScoreHeader::steps_per_file(candidates),
            classes: ["circle", "square"].map(str::to_string).to_vec(),
        };
        let writer = ScoreWriter::open(directory, header, done)?;
        Ok(Some(Self { writer, scorer, seed: experiment.seed.order, candidates, batch: experiment.training.batch, per_epoch }))
    }

    /// Candidates of a step: fewer at the end of an epoch, none for its last item.
    pub fn candidates(&self, step: u64) -> u64 {
        let left = self.per_epoch - (step - 1) % self.per_epoch;
        if left < 2 { 0 } else { self.candidates.min(left) }
    }

    /// Scores the candidates of a step; the event, if there was anything to choose.
    pub fn step(&mut self, step: u64, seconds: f64) -> Result<Option<Scoring>> {
        let count = self.candidates(step);
        let score = |place: u64| (mix(self.seed ^ step, place) >> 40) as f32 / (1 << 24) as f32 * 0.03;
        let scores: Vec<f32> = (0..count).map(score).collect();
        let best = (0..scores.len()).max_by(|one, other| scores[*one].total_cmp(&scores[*other]));
        let start = (step - 1) % self.per_epoch * self.batch + (step - 1) / self.per_epoch;
        let items: Vec<u32> = (0..self.batch).map(|at| ((start + at) % IMAGES) as u32).collect();
        let squares = items.iter().filter(|item| *item % 3 == 0).count() as u32;
        let classes = vec![items.len() as u32 - squares, squares];
        let scored = best.map(|best| run::Candidates {
            numbers: (0..count as u32).collect(),
            scores: scores.clone(),
            chosen: vec![best as u32],
            ..run::Candidates::default()
        });
        self.writer.push(OrderedStep { step, epoch: step.div_ceil(self.per_epoch), items, classes: classes.clone(), scored })?;
        let Some(best) = best else { return Ok(None) };
        let listed = scores.len() <= Scoring::LISTED;
        Ok(Some(Scoring {
            scorer: self.scorer.clone(),
            candidates: count,
            low: scores.iter().copied().fold(f32::INFINITY, f32::min).into(),
            high: scores[best].into(),
            score: scores[best].into(),
            scores: if listed { scores.iter().map(|score| f64::from(*score)).collect() } else { Vec::new() },
            chosen: if listed { vec![best as u32] } else { Vec::new() },
            classes,
            forward: 2.0 * count as f64,
            backward: count as f64,
            seconds,
            ..Scoring::default()
        }))
    }

    /// Makes what was scored safe, before a state is saved.
    pub fn save(&mut self) -> Result<()> {
        Ok(self.writer.save()?)
    }
}
