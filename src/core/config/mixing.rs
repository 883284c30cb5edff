//! `[mixing]`: several images in one.

use super::declare::{choices, section};
use super::range::{above, above_to, from, whole};

choices! {
    /// A way of mixing images.
    MixingKind {
        /// Sums of k images.
        Sum = "sum",
        /// Two images, one weight a batch.
        Mixup = "mixup",
        /// Two images weighted by their energy.
        BetweenClass = "between-class",
        /// Mean of two images, label of the first.
        SamplePairing = "sample-pairing",
        /// A box of one image pasted into another.
        CutMix = "cutmix",
        /// Plain images.
        None = "none",
    }
}

choices! {
    /// Loss against a mixed target.
    MixingLoss {
        /// Soft cross-entropy.
        CrossEntropy = "cross-entropy",
        /// Binary cross-entropy of each class, divided by k.
        Bce = "bce",
    }
}

choices! {
    /// Weights of the images in a sum.
    MixingWeights {
        /// 1/k each.
        Mean = "mean",
        /// Drawn from [0, 1]; k = 2 only.
        Uniform = "uniform",
        /// Drawn from Beta(α, α); k = 2 only.
        Beta = "beta",
    }
}

choices! {
    /// What a random weight belongs to.
    MixingPer {
        /// Each pixel and channel.
        Pixel = "pixel",
        /// The whole image.
        Image = "image",
    }
}

section! {
    /// Several images in one, and the cascade from many to one.
    Mixing {
        /// Way of mixing.
        kind: MixingKind = MixingKind::Sum, "kind";
        /// Images summed into one; must divide the batch.
        k: u64 = 8, "k" ["images"] in whole(1, 1024), for kind = ["sum"];
        /// Loss against the mixed target.
        loss: MixingLoss = MixingLoss::CrossEntropy, "loss", for kind = ["sum"];
        /// Weights of the images in a sum.
        weights: MixingWeights = MixingWeights::Mean, "weights", for kind = ["sum"];
        /// α of Beta(α, α), from which weights are drawn.
        alpha: f64 = 0.4, "alpha" in above(0.0), for kind = ["sum", "mixup", "cutmix"];
        /// What a random weight belongs to.
        per: MixingPer = MixingPer::Pixel, "one weight per", for kind = ["sum"];
        /// Keep the label of the first image only.
        single_label: bool = false, "single label", for kind = ["sum"];
        /// Phases of a cascade, in order; each starts from the best network of the one before.
        phase: Vec<MixingPhase> = Vec::new(), "phases", for kind = ["sum"];
        /// Coefficients that go from equal to one step by step, in place of phases.
        gradual: Option<Gradual> = None, "gradual", for kind = ["sum"];
        /// Epochs in which images are paired.
        pairing: Pairing = Pairing::default(), "pairing", for kind = ["sample-pairing"];
    }
}

section! {
    /// One phase of a cascade.
    MixingPhase {
        /// Images summed into one.
        k: u64 = 8, "k" ["images"] in whole(1, 1024);
        /// Learning rate at its start.
        lr: f64 = 0.05, "learning rate" in above(0.0);
        /// Epochs without a lower training loss that are borne before the learning rate drops.
        lr_patience: u64 = 60, "learning-rate patience" ["epochs"] in from(0);
        /// Epochs without a lower training loss that end the phase.
        stop_patience: u64 = 260, "stop patience" ["epochs"] in from(1);
        /// Epochs at most.
        epochs: u64 = 4000, "epochs" ["epochs"] in from(1);
        /// Images read by one step.
        batch: u64 = 400, "batch" ["images"] in from(1);
    }
}

section! {
    /// Coefficients that go from equal to one over the cascade.
    Gradual {
        /// Images summed into one at the start.
        start: u64 = 4, "start" ["images"] in whole(2, 1024);
        /// Epochs of the cascade.
        epochs: u64 = 450, "epochs" ["epochs"] in from(1);
        /// Epochs on plain images after it.
        finetune_epochs: u64 = 150, "fine-tuning epochs" ["epochs"] in from(0);
        /// What the learning rate is multiplied by whenever an image drops out.
        lr_factor: f64 = 0.5, "learning-rate factor" in above_to(0.0, 1.0);
        /// Change the coefficients only when an image drops out, as the published code does.
        staircase: bool = false, "staircase";
    }
}

section! {
    /// Epochs in which SamplePairing pairs images.
    Pairing {
        /// Plain epochs before the first pairing.
        start: u64 = 100, "start after" ["epochs"] in from(0);
        /// Epochs with pairing in each period.
        on: u64 = 8, "epochs on" ["epochs"] in from(1);
        /// Epochs of a period.
        of: u64 = 10, "epochs of a period" ["epochs"] in from(1);
        /// Plain epochs at the end.
        finetune_epochs: u64 = 200, "fine-tuning epochs" ["epochs"] in from(0);
    }
}

impl Mixing {
    /// Whether phases or gradual coefficients say how many images are summed, in place of `k`.
    pub fn is_staged(&self) -> bool {
        !self.phase.is_empty() || self.gradual.is_some()
    }
}
