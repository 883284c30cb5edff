//! `[seed]`: where every random draw of a run begins.

use super::declare::section;

section! {
    /// Where every random draw of the run begins. A single number, `seed = 0`, sets all three.
    Seed {
        /// Initial weights.
        weights: u64 = 0, "weights";
        /// Order of the training items, and candidates drawn for scoring.
        order: u64 = 0, "order";
        /// Crops, flips, and draws of mixing.
        augmentation: u64 = 0, "augmentation";
    }
}
