//! `[[attack]]`: small changes to images that mislead a network.

use super::declare::{choices, section};
use super::range::{at_least, from};
use super::values::{Pixels, When};

choices! {
    /// A ready-made set of attacks.
    AttackPreset {
        /// None: the fields below.
        Off = "",
        /// The four attacks of the thesis.
        Thesis = "thesis",
        /// The attacks that are usual today.
        Standard = "standard",
    }
}

choices! {
    /// An attack.
    AttackKind {
        /// Projected gradient descent.
        Pgd = "pgd",
        /// One step along the sign of the gradient.
        Fgsm = "fgsm",
        /// Several such steps.
        Bim = "bim",
        /// Several steps with momentum.
        Mim = "mim",
        /// PGD with its own step size, cross-entropy.
        ApgdCe = "apgd-ce",
        /// PGD with its own step size, difference of logits ratio.
        ApgdDlr = "apgd-dlr",
        /// Random squares, without gradients.
        Square = "square",
        /// Random noise: a control.
        Noise = "noise",
    }
}

choices! {
    /// How a change is measured.
    Norm {
        /// Largest change of a pixel.
        Linf = "linf",
        /// Euclidean length.
        L2 = "l2",
    }
}

choices! {
    /// What an attack aims at.
    AttackTarget {
        /// Any other class.
        Any = "any",
        /// A class drawn at random.
        Random = "random",
        /// The class after the true one.
        Next = "next",
        /// The least likely class.
        LeastLikely = "least-likely",
    }
}

choices! {
    /// The function whose gradient the attack follows.
    Through {
        /// The defended one, which is evaluated.
        Defence = "defence",
        /// The bare network.
        Network = "network",
        /// The one of published code, which adds every partner onto the draw before.
        Published = "published",
    }
}

section! {
    /// An attack on the trained network.
    Attack {
        /// A ready-made set, in place of the fields below.
        preset: AttackPreset = AttackPreset::Off, "preset";
        /// Attack.
        kind: AttackKind = AttackKind::Pgd, "kind", for preset = [""];
        /// How a change is measured.
        norm: Norm = Norm::Linf, "norm", for preset = [""];
        /// Largest change, pixels scaled to [0, 1].
        epsilon: Pixels = Pixels(8.0 / 255.0), "epsilon" in at_least(0.0), for preset = [""];
        /// Length of a step.
        step: Pixels = Pixels(2.0 / 255.0), "step" in at_least(0.0), for kind = ["pgd", "bim", "mim"];
        /// Steps.
        steps: u64 = 10, "steps" in from(1), for kind = ["pgd", "bim", "mim", "apgd-ce", "apgd-dlr", "square"];
        /// Start at a random point of the allowed region.
        random_start: bool = false, "random start", for kind = ["pgd"];
        /// Attempts; the worst one counts.
        restarts: u64 = 1, "restarts" in from(1), for kind = ["pgd", "apgd-ce", "apgd-dlr", "square", "noise"];
        /// Weight of the gradients before.
        decay: f64 = 1.0, "decay" in at_least(0.0), for kind = ["mim"];
        /// What the attack aims at.
        target: AttackTarget = AttackTarget::Any, "target", for kind = ["pgd", "fgsm", "bim", "mim"];
        /// Draws of a random defence whose gradients are averaged.
        eot: u64 = 1, "draws a gradient" in from(1);
        /// The function whose gradient the attack follows.
        through: Through = Through::Defence, "through";
        /// Test images attacked. 0: all.
        images: u64 = 1000, "images" ["images"];
        /// When the attack is evaluated: `"end"`, or an interval as `"10 epochs"`.
        when: When = When::End, "when";
    }
}
