//! Training in a recorded order: another network, seed or augmentation sees the very batches that a run trained on.

use super::context::Chosen;
use crate::error::{Error, Result};
use crate::plan::Plan;
use curricle_core::config::{self, Experiment, Kind};
use curricle_core::data::sha256;
use curricle_core::record::{Started, What};
use curricle_core::run::{self, Follower, RecordedOrder, RunDirectory, ScoreHeader};
use std::path::Path;

/// Hands out what was recorded.
pub struct Replay {
    order: RecordedOrder,
}

impl Replay {
    /// Finds the order that `ordering.replay` means: a file, a run directory, or a run beside `directory`. It must be of the
    /// same images and batches, and long enough.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn open(experiment: &Experiment, directory: &RunDirectory, wanted: &ScoreHeader, plan: &Plan) -> Result<Self> {
        let named = experiment.ordering.as_ref().map_or("", |ordering| ordering.replay.as_str());
        let wrong = |text: String| Error::Configuration(format!("ordering.replay: {text}"));
        let path = Path::new(named);
        let order = if path.is_file() {
            RecordedOrder::read(path).map_err(|error| wrong(error.to_string()))?
        } else {
            let recorded = match path.is_dir() {
                true => RunDirectory::open(path),
                false => run::catalogue::find(directory.path().parent().unwrap_or(Path::new(".")), named),
            };
            of_run(&recorded.map_err(|error| wrong(error.to_string()))?, experiment, wanted).map_err(wrong)?
        };
        let mut problems = Vec::new();
        let mut differ = |what: &str, theirs: &str, ours: &str| {
            if theirs != ours {
                problems.push(format!("the recorded order is of {what} {theirs}, this run has {ours}"));
            }
        };
        differ("set", &order.header.set, &wanted.set);
        differ("batches of", &order.header.batch.to_string(), &wanted.batch.to_string());
        differ("training images:", &order.header.images.to_string(), &wanted.images.to_string());
        if problems.is_empty() && order.header.fingerprint != wanted.fingerprint {
            problems.push("the recorded order is of other images of the set: `[data]` differs".to_owned());
        }
        if (order.steps.len() as u64) < plan.steps {
            problems.push(format!("{} steps are recorded, this run has {}", order.steps.len(), plan.steps));
        }
        if problems.is_empty() { Ok(Self { order }) } else { Err(wrong(problems.join("; "))) }
    }

    /// Whether test data chose the order.
    #[must_use]
    pub fn is_oracle(&self) -> bool {
        self.order.header.oracle
    }

    /// SHA-256 of the order.
    #[must_use]
    pub fn digest(&self) -> String {
        self.order.to_bytes().map(|bytes| sha256(&bytes)).unwrap_or_else(|_| "0".repeat(64))
    }

    /// The items of a step.
    ///
    /// # Errors
    /// If the order ends before.
    pub fn choose(&self, step: u64) -> Result<Chosen> {
        let items = self.order.steps.of((step - 1) as usize).to_vec();
        if items.is_empty() {
            return Err(Error::Other(format!("the recorded order has no step {step}")));
        }
        Ok(Chosen { items, ..Chosen::default() })
    }
}

/// The order of a run: its file, or what its score files hold so far. A run without an ordering trained in an order that
/// follows from its seed and the number of its images, as far as it came.
fn of_run(recorded: &RunDirectory, experiment: &Experiment, wanted: &ScoreHeader) -> std::result::Result<RecordedOrder, String> {
    let words = |error: run::Error| error.to_string();
    if let Some(order) = run::recorded_order(recorded).map_err(words)? {
        return Ok(order);
    }
    let text = recorded.read_resolved().map_err(words)?;
    let theirs = config::read(&text, "resolved.toml", &[]).map_err(|problems| problems.to_string())?;
    let id = recorded.id();
    if theirs.kind == Kind::PerfectOrdering {
        return Err(format!("{id} is a study that tried every order, and trained in none alone"));
    }
    let trained = recorded.read_status().map_err(words)?.map_or(0, |status| status.step);
    let started = started(recorded).map_err(words)?.filter(|_| theirs.ordering.is_none() && trained > 0);
    let Some(started) = started else { return Err(format!("{id} has recorded no order yet")) };
    let plan = Plan::new(&theirs, started.train_images as usize, false).map_err(|error| error.to_string())?;
    let header = ScoreHeader {
        set: theirs.data.set.to_string(),
        images: started.train_images,
        batch: theirs.training.batch,
        // Which images they were is not recorded; it follows from the settings.
        fingerprint: if images(&theirs.data) == images(&experiment.data) { wanted.fingerprint.clone() } else { String::new() },
        oracle: false,
        ..wanted.clone()
    };
    let mut order = RecordedOrder { header, ..RecordedOrder::default() };
    for step in 1..=trained {
        let items = crate::plan::epoch_order(theirs.seed.order, plan.epoch_of(step), plan.images);
        order.steps.push(&items[plan.places(step)]);
    }
    Ok(order)
}

/// What says which training images there are: all of `[data]` but where it lies and how it is prepared.
fn images(data: &config::Data) -> config::Data {
    let usual = config::Data::default();
    config::Data {
        root: usual.root,
        label_noise: usual.label_noise,
        mean: usual.mean,
        std: usual.std,
        augmentation: usual.augmentation,
        ..data.clone()
    }
}

/// The first event of a run, if it has one.
fn started(recorded: &RunDirectory) -> run::Result<Option<Started>> {
    let mut follower = Follower::open(recorded);
    loop {
        let update = follower.poll_at_most(64)?;
        let found = update.events.into_iter().find_map(|event| if let What::Started(started) = event.what { Some(started) } else { None });
        if found.is_some() || !update.more {
            return Ok(found);
        }
    }
}
