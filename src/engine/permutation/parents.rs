//! Which runs of an epoch the next one goes on from: of each cluster of test losses the first, and the extremes.

use crate::error::{Error, Result};
use curricle_core::config::Permutation;
use curricle_core::random::{Purpose, Stream};
use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use linfa_clustering::KMeans;
use ndarray::Array2;
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;

/// Rounds of one search for clusters at most, and searches of which the best counts (scikit-learn's defaults, which the
/// published code took).
const ROUNDS: u64 = 300;
/// See [`ROUNDS`].
const SEARCHES: usize = 10;
/// Movement of the centres, in standard deviations of the losses, at which a search has settled.
const SETTLED: f64 = 1e-6;

/// Places, ascending, of the runs that are parents of the epoch after `epoch`, by the test losses of its runs: of each
/// cluster the first run, and with `extremes` the best and the worst one. A run whose loss is not a finite number is none.
///
/// # Errors
/// If no loss is finite: the study diverged.
pub fn choose(losses: &[f64], settings: &Permutation, epoch: u64) -> Result<Vec<usize>> {
    let finite: Vec<usize> = (0..losses.len()).filter(|&place| losses[place].is_finite()).collect();
    let by_loss = |a: &&usize, b: &&usize| losses[**a].total_cmp(&losses[**b]);
    // Of several equal ones the first: `max_by` would give the last.
    let (best, worst) = match (finite.iter().min_by(by_loss), finite.iter().rev().max_by(by_loss)) {
        (Some(&best), Some(&worst)) => (best, worst),
        _ => return Err(diverged(epoch)),
    };
    let values: Vec<f64> = finite.iter().map(|&place| losses[place]).collect();
    let labels = clusters(&values, settings.parents as usize, Stream::new(settings.seed, Purpose::Permutation, epoch, 1, 0).bits())?;
    let mut seen = std::collections::HashSet::new();
    let mut chosen: Vec<usize> = finite.iter().zip(&labels).filter(|(_, label)| seen.insert(**label)).map(|(&place, _)| place).collect();
    if settings.extremes {
        chosen.extend([best, worst]);
    }
    chosen.sort_unstable();
    chosen.dedup();
    Ok(chosen)
}

/// The end of a study in whose epoch no order has a finite loss.
#[must_use]
pub fn diverged(epoch: u64) -> Error {
    Error::Diverged(format!("no order of epoch {epoch} has a finite test loss: the study diverged; lower `optimizer.lr`"))
}

/// Number of the cluster of each value; at most as many clusters as there are different values.
fn clusters(values: &[f64], count: usize, seed: u64) -> Result<Vec<usize>> {
    let mut different = values.to_vec();
    different.sort_by(f64::total_cmp);
    different.dedup();
    if different.len() <= count {
        return Ok(values.iter().map(|value| different.partition_point(|other| other < value)).collect());
    }
    let mean = curricle_core::statistics::mean(values);
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
    let scaled = values.iter().map(|value| (value - mean) / deviation).collect();
    let failed = |error: String| Error::Other(format!("the runs cannot be put into clusters: {error}"));
    let data = DatasetBase::from(Array2::from_shape_vec((values.len(), 1), scaled).map_err(|error| failed(error.to_string()))?);
    let search = KMeans::params_with_rng(count, Xoshiro256Plus::seed_from_u64(seed));
    let search = search.max_n_iterations(ROUNDS).n_runs(SEARCHES).tolerance(SETTLED);
    let found = search.fit(&data).map_err(|error| failed(error.to_string()))?;
    Ok(found.predict(&data).to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(parents: u64, extremes: bool) -> Permutation {
        Permutation { parents, extremes, ..Permutation::default() }
    }

    #[test]
    fn of_each_cluster_the_first_and_the_extremes() {
        let losses = [0.52, 0.11, 0.5, f64::NAN, 0.1, 0.9, 0.51, 0.91, 0.12];
        assert_eq!(choose(&losses, &settings(3, false), 1).unwrap(), [0, 1, 5]);
        assert_eq!(choose(&losses, &settings(3, true), 1).unwrap(), [0, 1, 4, 5, 7]);
        // Fewer different runs than clusters: each is one.
        assert_eq!(choose(&[0.5, 0.5, 0.25], &settings(12, true), 1).unwrap(), [0, 2]);
        assert!(matches!(choose(&[f64::NAN, f64::INFINITY], &settings(2, true), 1), Err(Error::Diverged(_))));
    }

    proptest! {
        #[test]
        fn parents_are_few_different_and_always_the_same(losses in proptest::collection::vec(0.0f64..1.0, 1..200), parents in 1u64..14, extremes: bool) {
            let settings = settings(parents, extremes);
            let chosen = choose(&losses, &settings, 3).unwrap();
            prop_assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(!chosen.is_empty());
            prop_assert!(chosen.len() as u64 <= settings.next_parents(losses.len() as u64));
            prop_assert_eq!(&choose(&losses, &settings, 3).unwrap(), &chosen);
            if extremes {
                let least = losses.iter().copied().fold(f64::INFINITY, f64::min);
                prop_assert!(chosen.iter().any(|&place| losses[place] == least));
            }
        }
    }
}
