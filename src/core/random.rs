//! Named streams of random numbers.
//!
//! Every random draw of a run is a pure function of (seed, purpose, epoch, step, index), never of what was drawn
//! before. So no random state is stored, a resumed run draws what the uninterrupted one would have drawn, two arms of
//! a comparison share every draw that their difference does not touch, and scoring cannot disturb training.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sha2::{Digest, Sha256};

/// What a stream is for. One line a purpose, so that no two purposes can share a name by accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights.
    Weights,
    /// The order of an epoch's items.
    Order,
    /// Candidates drawn for scoring.
    Candidates,
    /// Crops and flips.
    Crops,
    /// Crops and flips used for scoring only.
    ScoringCrops,
    /// Partners, weights and permutations of mixing.
    Mixing,
    /// Seeds of the device's generator for dropout.
    Dropout,
    /// Class-balanced subsets.
    Subset,
    /// The split into training and hold-out.
    Holdout,
    /// Which labels are changed, and to what.
    LabelNoise,
    /// Which samples a long-tailed set keeps.
    Imbalance,
    /// Pixels of generated image sets.
    Glyphs,
    /// External batches of scorers.
    External,
    /// Random starts and noise of attacks.
    Attack,
    /// Splits and cluster seeds of brute-force ordering.
    Permutation,
    /// Choices of random samplers.
    Sampler,
}

impl Purpose {
    /// The name that enters the hash. Changing one changes every run that uses the stream.
    fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Order => "order",
            Self::Candidates => "candidates",
            Self::Crops => "crops",
            Self::ScoringCrops => "scoring crops",
            Self::Mixing => "mixing",
            Self::Dropout => "dropout",
            Self::Subset => "subset",
            Self::Holdout => "holdout",
            Self::LabelNoise => "label noise",
            Self::Imbalance => "imbalance",
            Self::Glyphs => "glyphs",
            Self::External => "external",
            Self::Attack => "attack",
            Self::Permutation => "permutation",
            Self::Sampler => "sampler",
        }
    }
}

/// A stream of random numbers: ChaCha8, keyed by the hash of everything that it may depend on.
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `purpose` under `seed` at (`epoch`, `step`, `index`). Use 0 for what does not apply.
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose, epoch: u64, step: u64, index: u64) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"curricle stream 1\0");
        hash.update(purpose.name().as_bytes());
        hash.update([0]);
        for number in [seed, epoch, step, index] {
            hash.update(number.to_le_bytes());
        }
        Self(ChaCha8Rng::from_seed(hash.finalize().into()))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number in `0..bound`, without bias. `bound` must be at least 1.
    ///
    /// Written out (Lemire 2019) instead of taken from `rand`, whose algorithms may change between versions: an order
    /// drawn today must be drawn the same in ten years.
    pub fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "an empty range has no numbers");
        let bound = bound.max(1);
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// A number in `[0, 1)` with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number from the standard normal distribution (Box and Muller 1958, the cosine branch).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Shuffles in place (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }

    /// A random permutation of `0..count`.
    pub fn permutation(&mut self, count: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count as u32).collect();
        self.shuffle(&mut order);
        order
    }

    /// `count` different numbers from `0..of`, in random order; all of them if `count >= of`.
    pub fn choose(&mut self, count: usize, of: usize) -> Vec<u32> {
        let mut order: Vec<u32> = (0..of as u32).collect();
        let count = count.min(of);
        for place in 0..count {
            let other = place + self.below((of - place) as u64) as usize;
            order.swap(place, other);
        }
        order.truncate(count);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_stream_depends_on_everything_it_is_named_by() {
        let first = |seed, purpose, epoch, step, index| Stream::new(seed, purpose, epoch, step, index).bits();
        let base = first(0, Purpose::Order, 0, 0, 0);
        assert_eq!(base, first(0, Purpose::Order, 0, 0, 0));
        for other in [
            first(1, Purpose::Order, 0, 0, 0),
            first(0, Purpose::Crops, 0, 0, 0),
            first(0, Purpose::Order, 1, 0, 0),
            first(0, Purpose::Order, 0, 1, 0),
            first(0, Purpose::Order, 0, 0, 1),
        ] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn normal_numbers_have_mean_zero_and_variance_one() {
        let mut stream = Stream::new(3, Purpose::Weights, 0, 0, 0);
        let draws: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.02, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }

    proptest! {
        #[test]
        fn a_permutation_holds_every_number_once(seed: u64, count in 0usize..300) {
            let mut order = Stream::new(seed, Purpose::Order, 1, 2, 3).permutation(count);
            order.sort_unstable();
            prop_assert_eq!(order, (0..count as u32).collect::<Vec<_>>());
        }

        #[test]
        fn choices_are_different_and_in_range(seed: u64, count in 0usize..50, of in 0usize..60) {
            let mut chosen = Stream::new(seed, Purpose::Candidates, 0, 0, 0).choose(count, of);
            prop_assert_eq!(chosen.len(), count.min(of));
            chosen.sort_unstable();
            chosen.dedup();
            prop_assert_eq!(chosen.len(), count.min(of));
            prop_assert!(chosen.iter().all(|&i| (i as usize) < of));
        }

        #[test]
        fn below_stays_below(seed: u64, bound in 1u64..u64::MAX) {
            prop_assert!(Stream::new(seed, Purpose::Order, 0, 0, 0).below(bound) < bound);
        }
    }
}
