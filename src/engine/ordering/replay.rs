//! Training in a recorded order: another network, seed or augmentation sees the very batches that a run trained on.

use super::context::Chosen;
use crate::error::{Error, Result};
use crate::plan::Plan;
use curricle_core::config;
use curricle_core::data::sha256;
use curricle_core::run::{self, RecordedOrder, RunDirectory, ScoreHeader};
use std::path::Path;

/// Hands out what was recorded.
pub struct Replay {
    order: RecordedOrder,
}

impl Replay {
    /// Finds the order that `named` means: a file, a run directory, or a run beside `directory`. It must be of the same
    /// images and batches, and long enough.
    ///
    /// # Errors
    /// What does not fit, in words.
    pub fn open(named: &str, directory: &RunDirectory, wanted: &ScoreHeader, plan: &Plan) -> Result<Self> {
        let wrong = |text: String| Error::Configuration(format!("ordering.replay: {text}"));
        let path = Path::new(named);
        let order = if path.is_file() {
            RecordedOrder::read(path).map_err(|error| wrong(error.to_string()))?
        } else {
            let recorded = match path.is_dir() {
                true => RunDirectory::open(path),
                false => run::catalogue::find(directory.path().parent().unwrap_or(Path::new(".")), named),
            };
            of_run(&recorded.map_err(|error| wrong(error.to_string()))?, wanted, plan).map_err(wrong)?
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
/// follows from its seed.
fn of_run(recorded: &RunDirectory, wanted: &ScoreHeader, plan: &Plan) -> std::result::Result<RecordedOrder, String> {
    let words = |error: run::Error| error.to_string();
    if let Some(order) = run::recorded_order(recorded).map_err(words)? {
        return Ok(order);
    }
    let text = recorded.read_resolved().map_err(words)?;
    let experiment = config::read(&text, "resolved.toml", &[]).map_err(|problems| problems.to_string())?;
    if experiment.ordering.is_some() {
        return Err(format!("{} has recorded no order yet", recorded.id()));
    }
    let (set, batch) = (experiment.data.set.to_string(), experiment.training.batch);
    let is_like_ours = set == wanted.set && batch == wanted.batch;
    let header = ScoreHeader { set, batch, oracle: false, ..wanted.clone() };
    let mut order = RecordedOrder { header, ..RecordedOrder::default() };
    // Of another set or batch nothing is made: it is refused by its header.
    if is_like_ours {
        for step in 1..=plan.steps {
            let items = crate::plan::epoch_order(experiment.seed.order, plan.epoch_of(step), plan.images);
            order.steps.push(&items[plan.places(step)]);
        }
    }
    Ok(order)
}
