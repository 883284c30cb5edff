//! How settings must fit together. Each rule names the settings that it concerns; the first of them that was written
//! gets the problem, and a rule is silent where one of them is wrong already.

mod methods;
mod ordering;
mod permutation;
mod training;
mod world;

use super::experiment::Experiment;
use super::read::Reader;

/// Every rule.
pub(crate) fn check(experiment: &Experiment, reader: &mut Reader) {
    reader.end_values();
    world::check(experiment, reader);
    training::check(experiment, reader);
    ordering::check(experiment, reader);
    permutation::check(experiment, reader);
    methods::check(experiment, reader);
}

/// The nearest multiples of `k` around a number, as a question: `96 or 104?`
fn multiples(number: u64, k: u64) -> String {
    let below = number / k * k;
    if below == 0 { format!("{}?", below.saturating_add(k)) } else { format!("{below} or {}?", below.saturating_add(k)) }
}
