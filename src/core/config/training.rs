//! `[training]`: how long, in what portions, on what, and what is kept.

use super::data::Switch;
use super::declare::{choices, section};
use super::range::{below, from, whole};
use super::values::{DeviceChoice, Interval, Period, Until};

choices! {
    /// What becomes of a last batch that is not full.
    LastBatch {
        /// It is trained on.
        Keep = "keep",
        /// It is left out.
        Drop = "drop",
    }
}

choices! {
    /// The loss that early stop and plateau watch.
    Watch {
        /// Mean training loss of the epoch.
        TrainLoss = "train-loss",
        /// Loss on the hold-out.
        HoldoutLoss = "holdout-loss",
    }
}

choices! {
    /// Number format.
    Precision {
        /// bf16 where the hardware computes in it, else f32.
        Auto = "auto",
        /// Single precision, IEEE.
        F32 = "f32",
        /// bfloat16 in convolutions; weights, statistics and update stay in f32.
        Bf16 = "bf16",
        /// Half precision on CUDA, with dynamic loss scaling.
        F16 = "f16",
        /// Double precision: slow, for checks.
        F64 = "f64",
    }
}

choices! {
    /// What selects the best network.
    SelectOn {
        /// The hold-out if there is one, else the last network.
        Auto = "auto",
        /// Accuracy on the hold-out.
        Holdout = "holdout",
        /// The last network is the best.
        Last = "last",
        /// Accuracy on the test set: an oracle, marked wherever it is shown.
        Test = "test",
    }
}

section! {
    /// How long the run is, what a step reads, how it is watched, and what is kept.
    Training {
        /// Passes over the training set. Exactly one of `epochs` and `steps` holds.
        epochs: Option<u64> = Some(200), "epochs" ["epochs"] in from(1);
        /// Steps, in place of epochs.
        steps: Option<u64> = None, "steps" ["steps"] in from(1);
        /// Images read by one step.
        batch: u64 = 128, "batch" ["images"] in from(1);
        /// What becomes of a last batch that is not full.
        last_batch: LastBatch = LastBatch::Keep, "last batch";
        /// How often the network is evaluated on the test set.
        evaluate_every: Interval = Interval::Epochs(1), "evaluate every";
        /// Stop after so many epochs without a lower loss. 0: never.
        early_stop: u64 = 0, "early stop" ["epochs"];
        /// Loss that early stop and the plateau schedule watch.
        watch: Watch = Watch::TrainLoss, "watch";
        /// Share of the target spread over all classes.
        label_smoothing: f64 = 0.0, "label smoothing" ["share"] in below(0.0, 1.0);
        /// Number format of convolutions; weights, statistics and update are in f32 (f64 with `f64`).
        precision: Precision = Precision::Auto, "precision";
        /// Where to compute: `auto`, `cpu`, `cuda`, or `cuda:` and a number.
        device: DeviceChoice = DeviceChoice::Auto, "device";
        /// What selects the best network.
        select_on: SelectOn = SelectOn::Auto, "select on";
        /// How often a state is saved, from which the run can go on.
        state_every: Period = Period::Seconds(60.0), "save a state every";
        /// How often a checkpoint is kept for good. Empty: never.
        keep_every: Option<Interval> = None, "keep a checkpoint every";
        /// Keep the last state when the run is done.
        keep_state: bool = false, "keep the state";
        /// Same bits every time. `auto`: on the CPU yes, on CUDA no.
        deterministic: Switch = Switch::Auto, "deterministic";
        /// Threads of the CPU. 0: all cores.
        threads: u64 = 0, "threads" ["threads"] in whole(0, 1024);
        /// When to save and stop: a time of day as `08:00`, or a length as `12 h`. Empty: at the end.
        until: Until = Until::Never, "until";
        /// Command run at the end; it finds the run's id and state in its environment.
        on_end: String = String::new(), "at the end";
    }
}
