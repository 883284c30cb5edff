//! Made-up ordered runs on disk, for tests of the reader, the command and the pane.

use curricle_core::config;
use curricle_core::record::{Scoring, Started, Step, What};
use curricle_core::run::{Candidates, EventWriter, OrderedStep, Origin, RunDirectory, ScoreHeader, ScoreWriter, State, Status};
use std::collections::BTreeMap;
use std::path::Path;

/// Classes of the made-up runs.
pub const CLASSES: [&str; 10] = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// A made-up run.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// Candidates of a choice.
    pub candidates: u64,
    /// Images of a batch.
    pub batch: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Steps of the run.
    pub steps: u64,
    /// Steps done.
    pub done: u64,
    /// Steps that are in score files.
    pub saved: u64,
    /// Told apart from another run, or another future of this one.
    pub salt: u64,
}

impl Default for Made {
    fn default() -> Made {
        Made { candidates: 8, batch: 4, steps_per_epoch: 10, steps: 60, done: 35, saved: 30, salt: 0 }
    }
}

fn mixed(number: u64, salt: u64) -> u64 {
    let mut hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(salt.wrapping_mul(0xd1b5_4a32_d192_ed03));
    hash ^= hash >> 29;
    hash = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash ^ (hash >> 32)
}

impl Made {
    /// Training images.
    pub fn images(&self) -> u64 {
        self.batch * self.steps_per_epoch
    }

    /// Candidates of a step: fewer at the end of an epoch, none for its last item.
    pub fn candidates_at(&self, step: u64) -> u64 {
        let left = self.steps_per_epoch - (step - 1) % self.steps_per_epoch;
        let count = self.candidates.min(left);
        if count < 2 { 0 } else { count }
    }

    /// Scores of a step's candidates: they fall over the run.
    pub fn scores(&self, step: u64) -> Vec<f32> {
        let fall = 1.0 / (1.0 + step as f32 / (self.steps as f32 / 3.0));
        let score = |place: u64| {
            let noise = (mixed(step * 1_000_003 + place, self.salt) % 10_000) as f32 / 10_000.0;
            let other = (mixed(step * 7_000_003 + place, self.salt) % 10_000) as f32 / 10_000.0;
            0.03 * fall * (noise + other) - 0.004
        };
        (0..self.candidates_at(step)).map(score).collect()
    }

    fn chosen(&self, step: u64) -> Vec<u32> {
        let scores = self.scores(step);
        let best = (0..scores.len()).max_by(|one, other| scores[*one].total_cmp(&scores[*other]));
        best.map(|best| best as u32).into_iter().collect()
    }

    /// Images of a step: every image once an epoch, shifted a little by the epoch.
    pub fn items(&self, step: u64) -> Vec<u32> {
        let (epoch, place) = ((step - 1) / self.steps_per_epoch, (step - 1) % self.steps_per_epoch);
        let start = (place * 7 + epoch * 3 + self.salt) % self.steps_per_epoch;
        (0..self.batch).map(|at| ((start * self.batch + at) % self.images()) as u32).collect()
    }

    fn classes(&self, step: u64) -> Vec<u32> {
        let mut counts = vec![0; CLASSES.len()];
        self.items(step).iter().for_each(|item| counts[(mixed(u64::from(*item), 1) % 10) as usize] += 1);
        counts
    }

    fn correlation(&self, step: u64) -> BTreeMap<String, f64> {
        let of = |name: &str, about: f64| {
            let noise = (mixed(step, self.salt + name.len() as u64) % 1_000) as f64 / 1_000.0 - 0.5;
            (name.to_string(), (about + 0.3 * noise).clamp(-1.0, 1.0))
        };
        BTreeMap::from([of("difficulty", 0.4), of("loss", -0.12)])
    }

    /// The header of its score files.
    pub fn header(&self) -> ScoreHeader {
        ScoreHeader {
            format: 1,
            scorer: "loss-delta".into(),
            item: "batch".into(),
            set: "cifar10".into(),
            images: self.images(),
            batch: self.batch,
            steps_per_epoch: self.steps_per_epoch,
            steps_per_file: ScoreHeader::steps_per_file(self.candidates),
            classes: CLASSES.map(String::from).to_vec(),
            ..ScoreHeader::default()
        }
    }

    /// A step as score files have it.
    pub fn ordered(&self, step: u64) -> OrderedStep {
        let scores = self.scores(step);
        let scored = (!scores.is_empty()).then(|| Candidates {
            numbers: (0..scores.len() as u32).collect(),
            scores,
            chosen: self.chosen(step),
            correlation: self.correlation(step).into_iter().map(|(name, value)| (name, value as f32)).collect(),
        });
        OrderedStep { step, epoch: step.div_ceil(self.steps_per_epoch), items: self.items(step), classes: self.classes(step), scored }
    }

    /// The `scoring` event of a step, if it has one.
    pub fn scoring(&self, step: u64) -> Option<Scoring> {
        let scores = self.scores(step);
        let chosen = self.chosen(step);
        let place = *chosen.first()? as usize;
        let (count, listed) = (scores.len(), scores.len() <= Scoring::LISTED);
        Some(Scoring {
            scorer: "loss-delta".into(),
            candidates: count as u64,
            low: scores.iter().copied().fold(f32::INFINITY, f32::min).into(),
            high: scores.iter().copied().fold(f32::NEG_INFINITY, f32::max).into(),
            score: scores[place].into(),
            scores: if listed { scores.iter().map(|score| f64::from(*score)).collect() } else { Vec::new() },
            chosen: if listed { chosen } else { Vec::new() },
            classes: self.classes(step),
            forward: 2.0 * count as f64,
            backward: count as f64,
            seconds: 0.9,
            correlation: self.correlation(step),
            ..Scoring::default()
        })
    }

    /// What the start resolved.
    pub fn started(&self) -> Started {
        Started {
            steps: self.steps,
            epochs: self.steps / self.steps_per_epoch,
            steps_per_epoch: self.steps_per_epoch,
            batch: self.batch,
            train_images: self.images(),
            classes: CLASSES.map(String::from).to_vec(),
            ..Started::default()
        }
    }

    /// Makes the run in a folder of runs.
    pub fn create(&self, runs: &Path, experiment: &str) -> RunDirectory {
        let parsed = config::read(experiment, "made", &[]).expect("an experiment");
        let run = RunDirectory::create(runs, &parsed, experiment, Origin::default()).expect("a run");
        let mut events = EventWriter::create(&run).expect("a log");
        events.append(0, 0, What::Started(self.started())).expect("written");
        self.write(&run, &mut events, 0);
        run
    }

    /// Writes the events and the score files of the steps after `from`, and that the run is done.
    pub fn write(&self, run: &RunDirectory, events: &mut EventWriter, from: u64) {
        self.write_events(events, from);
        if self.saved > from {
            self.save(run, from);
        }
        let status = Status { state: State::Done, step: self.done, steps: self.steps, ..Status::default() };
        status.write(&run.status()).expect("written");
    }

    /// Writes the events of the steps after `from`.
    pub fn write_events(&self, events: &mut EventWriter, from: u64) {
        let (mut forward, mut backward) = (0.0, 0.0);
        for step in 1..=self.done {
            let scoring = self.scoring(step);
            forward += 1.0 + scoring.as_ref().map_or(0.0, |scoring| scoring.forward);
            backward += 1.0 + scoring.as_ref().map_or(0.0, |scoring| scoring.backward);
            if step <= from {
                continue;
            }
            let epoch = step.div_ceil(self.steps_per_epoch);
            if let Some(scoring) = scoring {
                events.append(step, epoch, What::Scoring(scoring)).expect("written");
            }
            let what =
                Step { first: step, loss: vec![1.0], accuracy: vec![0.5], images: step * self.batch, forward, backward, ..Step::default() };
            events.append(step, epoch, What::Step(what)).expect("written");
        }
        events.flush().expect("written");
    }

    /// Writes score files for the steps after `from`.
    pub fn save(&self, run: &RunDirectory, from: u64) {
        let mut writer = ScoreWriter::open(run, self.header(), from).expect("opened");
        for step in from + 1..=self.saved {
            writer.push(self.ordered(step)).expect("taken");
        }
        writer.save().expect("saved");
    }
}

/// An experiment with an ordering.
pub const ORDERED: &str = r#"
name = "loss delta, K = 8"
[data]
set = "glyphs"
[data.glyphs]
train = 40
[network]
kind = "preresnet"
depth = 20
[training]
epochs = 6
batch = 4
[ordering]
compare = ["loss", "difficulty"]
"#;
