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
        /// Scorers whose orders are ranked among all.
        selectors: Vec<super::ordering::Scorer> = Vec::new(), "selectors";
        /// Seed of the epochs' splits and of the clusters.
        seed: u64 = 0, "seed";
        /// What a random crop belongs to.
        crop_of: CropOf = CropOf::Position, "crop belongs to";
    }
}
