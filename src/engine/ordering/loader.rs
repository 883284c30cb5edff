//! The data loader of the framework: which items of an epoch are left, and which of them are candidates for the next
//! step. Everything drawn is a function of (seed, epoch, step, candidate); what is left follows from the choices so far,
//! so a resumed run needs no more than these.

use curricle_core::random::{Purpose, Stream};
use std::collections::HashSet;

/// Candidates for one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// Sample numbers of each candidate.
    pub items: Vec<Vec<u32>>,
    /// What each candidate is to the loader: number of the batch (fixed), or of the draw (redrawn).
    numbers: Vec<u32>,
}

impl Candidates {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What the candidates are to the loader; recorded with the choice.
    #[must_use]
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }
}

/// A pool of single samples for a sampler, which draws without end: `count` of all `samples` at random, each once, or all
/// (`None`).
#[must_use]
pub fn pool(samples: usize, count: Option<usize>, seed: u64, epoch: u64, step: u64) -> Candidates {
    let numbers = match count {
        Some(count) if count < samples => Stream::new(seed, Purpose::Candidates, epoch, step, 0).choose(count, samples),
        _ => (0..samples as u32).collect(),
    };
    Candidates { items: numbers.iter().map(|&sample| vec![sample]).collect(), numbers }
}

/// How candidates are made.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Left {
    /// The epoch is split into batches once; each is handed out once.
    Fixed { batches: Vec<Vec<u32>>, left: Vec<u32> },
    /// Every candidate is a fresh draw from the samples left; candidates may overlap.
    Redrawn { left: Vec<u32>, batch: usize, position_as_index: bool },
}

/// The items of one epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loader {
    left: Left,
    seed: u64,
    epoch: u64,
}

impl Loader {
    /// The recipe of the published loss delta: `order` (the epoch's shuffled samples) is cut into batches, the last one
    /// may be short.
    #[must_use]
    pub fn fixed(order: &[u32], batch: usize, seed: u64, epoch: u64) -> Self {
        let batches: Vec<Vec<u32>> = order.chunks(batch.max(1)).map(<[u32]>::to_vec).collect();
        let left = (0..batches.len() as u32).collect();
        Self { left: Left::Fixed { batches, left }, seed, epoch }
    }

    /// The recipe of the published loss orderer ("Multi Attempt"): a candidate is the beginning of a permutation of the
    /// samples left. With `position_as_index`, the published defect: a candidate is a permutation of 0…left−1, taken for
    /// sample numbers.
    #[must_use]
    pub fn redrawn(samples: usize, batch: usize, position_as_index: bool, seed: u64, epoch: u64) -> Self {
        let left = (0..samples as u32).collect();
        Self { left: Left::Redrawn { left, batch: batch.max(1), position_as_index }, seed, epoch }
    }

    /// Whether the epoch is over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.left {
            Left::Fixed { left, .. } | Left::Redrawn { left, .. } => left.is_empty(),
        }
    }

    /// At most `count` candidates for step number `step` (`None`: all that there are).
    #[must_use]
    pub fn draw(&self, count: Option<usize>, step: u64) -> Candidates {
        let stream = |index: u64| Stream::new(self.seed, Purpose::Candidates, self.epoch, step, index);
        match &self.left {
            Left::Fixed { batches, left } => {
                let count = count.unwrap_or(left.len()).min(left.len());
                let numbers: Vec<u32> = stream(0).choose(count, left.len()).into_iter().map(|place| left[place as usize]).collect();
                let items = numbers.iter().map(|&number| batches[number as usize].clone()).collect();
                Candidates { items, numbers }
            }
            // A remainder is handed out as it is.
            Left::Redrawn { left, batch, .. } if left.len() < *batch => Candidates { items: vec![left.clone()], numbers: vec![0] },
            Left::Redrawn { left, batch, position_as_index } => {
                let numbers: Vec<u32> = (0..count.unwrap_or(1).max(1) as u32).collect();
                let candidate = |&number: &u32| {
                    let places = stream(u64::from(number)).choose(*batch, left.len());
                    match position_as_index {
                        true => places,
                        false => places.into_iter().map(|place| left[place as usize]).collect(),
                    }
                };
                Candidates { items: numbers.iter().map(candidate).collect(), numbers }
            }
        }
    }

    /// Takes candidates out of what is left.
    pub fn take(&mut self, candidates: &Candidates, places: &[usize]) {
        let items = || places.iter().filter_map(|&place| candidates.items.get(place)).flatten().copied();
        match &mut self.left {
            Left::Fixed { left, .. } => {
                let taken: HashSet<u32> = places.iter().filter_map(|&place| candidates.numbers.get(place).copied()).collect();
                left.retain(|batch| !taken.contains(batch));
            }
            // The published code lost count of what it had handed out, but not of how much.
            Left::Redrawn { left, position_as_index: true, .. } => left.truncate(left.len().saturating_sub(items().count())),
            Left::Redrawn { left, .. } => {
                let taken: HashSet<u32> = items().collect();
                left.retain(|sample| !taken.contains(sample));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out an epoch, always the candidate at `pick` (modulo their number); the candidates of each step.
    fn epoch(mut loader: Loader, count: Option<usize>, pick: usize) -> Vec<(Candidates, usize)> {
        let mut steps = Vec::new();
        let mut step = 0;
        while !loader.is_empty() {
            step += 1;
            let candidates = loader.draw(count, step);
            let place = pick % candidates.items.len();
            loader.take(&candidates, &[place]);
            steps.push((candidates, place));
            assert!(step < 1000, "the epoch does not end");
        }
        steps
    }

    proptest! {
        #[test]
        fn each_item_comes_once_an_epoch(
            samples in 1usize..60, batch in 1usize..9, count in 1usize..90, all in any::<bool>(), pick in 0usize..7, seed in any::<u64>(),
        ) {
            let order = Stream::new(seed, Purpose::Order, 1, 0, 0).permutation(samples);
            let count = (!all).then_some(count);
            for loader in [Loader::fixed(&order, batch, seed, 1), Loader::redrawn(samples, batch, false, seed, 1)] {
                let steps = epoch(loader, count, pick);
                prop_assert_eq!(steps.len(), samples.div_ceil(batch));
                let mut seen: Vec<u32> = steps.iter().flat_map(|(candidates, place)| candidates.items[*place].clone()).collect();
                seen.sort_unstable();
                prop_assert_eq!(seen, (0..samples as u32).collect::<Vec<_>>());
                for (candidates, _) in &steps {
                    for items in &candidates.items {
                        let different: HashSet<_> = items.iter().collect();
                        prop_assert_eq!(different.len(), items.len());
                    }
                }
            }
        }

        #[test]
        fn fixed_candidates_are_as_many_as_are_left(samples in 1usize..60, batch in 1usize..9, count in 1usize..20, seed in any::<u64>()) {
            let order = Stream::new(seed, Purpose::Order, 1, 0, 0).permutation(samples);
            let batches = samples.div_ceil(batch);
            for (done, (candidates, _)) in epoch(Loader::fixed(&order, batch, seed, 1), Some(count), 0).iter().enumerate() {
                prop_assert_eq!(candidates.items.len(), count.min(batches - done));
                let different: HashSet<_> = candidates.numbers.iter().collect();
                prop_assert_eq!(different.len(), candidates.items.len());
            }
        }

        #[test]
        fn draws_do_not_depend_on_history(samples in 20usize..60, seed in any::<u64>(), step in 1u64..9) {
            let loader = Loader::redrawn(samples, 4, false, seed, 3);
            prop_assert_eq!(loader.draw(Some(5), step), loader.draw(Some(5), step));
            // More candidates change none of the first.
            prop_assert_eq!(&loader.draw(Some(9), step).items[..5], &loader.draw(Some(5), step).items[..]);
        }
    }

    /// The published defect: images of high number are not drawn again after the first steps, those of low number come
    /// several times.
    #[test]
    fn positions_for_indices_draw_low_numbers_again() {
        let steps = epoch(Loader::redrawn(100, 10, true, 7, 1), Some(4), 2);
        assert_eq!(steps.len(), 10);
        for (done, (candidates, place)) in steps.iter().enumerate() {
            assert!(candidates.items[*place].iter().all(|&sample| (sample as usize) < 100 - 10 * done));
        }
        let mut times = [0; 100];
        steps.iter().for_each(|(candidates, place)| candidates.items[*place].iter().for_each(|&sample| times[sample as usize] += 1));
        assert!(times.contains(&0) && times.iter().any(|&count| count > 1));
    }
}
