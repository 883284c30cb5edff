//! `[permutation]`: every order of an epoch's batches, tried out.

use super::declare::{choices, section};
use super::range::{from, whole};

choices! {
    /// What a random crop belongs to.
    CropOf {
        /// The place in the epoch, whatever sample stands there.
        Position = "position",
        /// The sample.
        Sample = "sample",
    }
}

section! {
    /// Perfect Ordering: train in every order of an epoch's batches, then go on from the most different ones.
    Permutation {
        /// Epochs whose orders are tried.
        epochs: u64 = 13, "epochs" ["epochs"] in from(1);
        /// Clusters of an epoch's runs, each of which gives one parent of the next.
        parents: u64 = 12, "parents" in from(1);
        /// Take the best and the worst run as parents too.
        extremes: bool = true, "extremes";
        /// Runs trained side by side.
        workers: u64 = 2, "workers" in whole(1, 1024);
        /// Test images a run is tested on. 0: all.
        test_images: u64 = 0, "test images" ["images"];
        /// Scorers whose orders are ranked among all, each with words that say how it is asked: `external`, `relative`,
        /// `first-order`, `ascending`, `descending`; `pairs` for `grab`.
        selectors: Vec<super::selector::Selector> = Vec::new(), "selectors";
        /// Seed of the epochs' splits and of the clusters.
        seed: u64 = 0, "seed";
        /// What a random crop belongs to.
        crop_of: CropOf = CropOf::Position, "crop belongs to";
    }
}

impl Permutation {
    /// Orders that a study trains at most: more than that many is refused before anything starts.
    pub const MOST_RUNS: u64 = 1_000_000;

    /// Parents, at most, of the epoch after one of so many runs.
    #[must_use]
    pub fn next_parents(&self, runs: u64) -> u64 {
        self.parents.saturating_add(if self.extremes { 2 } else { 0 }).min(runs)
    }

    /// Orders, at most, that a study of so many batches an epoch trains and tests; counting ends beyond
    /// [`Permutation::MOST_RUNS`] epochs' worth, at what a number can hold.
    #[must_use]
    pub fn runs(&self, batches: u64) -> u64 {
        let orders = (1..=batches).fold(1, u64::saturating_mul);
        let (mut parents, mut total) = (1, orders);
        for epoch in 1..self.epochs {
            let next = self.next_parents(orders.saturating_mul(parents));
            if next == parents {
                // From here on every epoch is like the last one.
                return total.saturating_add(orders.saturating_mul(parents).saturating_mul(self.epochs - epoch));
            }
            parents = next;
            total = total.saturating_add(orders.saturating_mul(parents));
        }
        total
    }

    /// Why a study of so many batches an epoch cannot be done, if it cannot.
    #[must_use]
    pub fn refusal(&self, batches: u64) -> Option<String> {
        let (orders, runs) = ((1..=batches).fold(1, u64::saturating_mul), self.runs(batches));
        let count = |number: u64| match number {
            u64::MAX => "more than 10^19".to_owned(),
            number => crate::words::thousands(number),
        };
        (runs > Self::MOST_RUNS).then(|| {
            format!(
                "{batches} batches an epoch have {} orders, and {} over {} come to {} runs, about {} hours at 100 a second; {} are taken at most",
                count(orders),
                if self.epochs == 1 { "all of them" } else { "those of all parents" },
                if self.epochs == 1 { "1 epoch".to_owned() } else { format!("{} epochs", self.epochs) },
                count(runs),
                count((runs / 360_000).max(1)),
                count(Self::MOST_RUNS),
            )
        })
    }
}
