//! `[test_time]`: sums of images when a network is asked.

use super::declare::{choices, section};
use super::range::{between, from};

choices! {
    /// Where partners come from.
    PartnerPool {
        /// The batch that is evaluated.
        Batch = "batch",
        /// The training set.
        Train = "train",
        /// The test set.
        Test = "test",
        /// The hold-out.
        Holdout = "holdout",
    }
}

choices! {
    /// What is averaged over draws.
    AverageOf {
        /// Logits.
        Logits = "logits",
        /// Probabilities.
        Probabilities = "probabilities",
    }
}

choices! {
    /// How partners are chosen.
    Inference {
        /// At random.
        Sum = "sum",
        /// Predicted to be of the same class.
        MixupPl = "mixup-pl",
        /// Predicted to be of another class.
        MixupOl = "mixup-ol",
    }
}

section! {
    /// Sums of images at test time: the mean answer over draws of partners.
    TestTime {
        /// Draws averaged for each image.
        draws: u64 = 125, "draws" in from(1);
        /// Weight of the image itself; its partners share the rest.
        weight: f64 = 0.5, "weight" in between(0.0, 1.0);
        /// Partners in each draw.
        partners: u64 = 1, "partners" in from(1);
        /// Where partners come from.
        pool: PartnerPool = PartnerPool::Batch, "pool";
        /// What is averaged over draws.
        average: AverageOf = AverageOf::Logits, "average";
        /// How partners are chosen.
        inference: Inference = Inference::Sum, "inference";
    }
}
