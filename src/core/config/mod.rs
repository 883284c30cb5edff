//! Experiments as data: what a run is asked to do, read from TOML with every problem named by its place.
//!
//! Each section is declared once, in the file of its name, with help, label, unit, range and default beside the field
//! (see [`declare`]). The typed structs, the reader, the writer, `--set`, the form and the reference page come from
//! that one declaration.

#![allow(dead_code, unused_imports, reason = "the reader of these declarations is the next change")]

mod attack;
mod data;
mod declare;
mod experiment;
mod form;
mod mixing;
mod network;
mod optimizer;
mod ordering;
mod permutation;
mod problem;
mod published;
mod range;
mod schedule;
mod seed;
mod slurm;
mod sweep;
mod test_time;
mod training;
mod values;

pub use attack::{Attack, AttackKind, AttackPreset, AttackTarget, Norm, Through};
pub use data::{Augmentation, Data, Glyphs, SetKind, Switch};
pub use experiment::{Experiment, Kind};
pub use form::{Field, Section, Shape};
pub use mixing::{Gradual, Mixing, MixingKind, MixingLoss, MixingPer, MixingPhase, MixingWeights, Pairing};
pub use network::{Block, Network, NetworkKind};
pub use optimizer::{Optimizer, OptimizerKind};
pub use ordering::{
    Column, Direction, Estimate, External, ExternalSource, ItemKind, Measure, Ordering, Pacing, PacingBy, PublishedOrdering, Recipe,
    Redraw, Sampler, Scorer, ScoringCrops, ScoringNorm, Target,
};
pub use permutation::{CropOf, Permutation};
pub use problem::{Problem, Problems, Warning};
pub use published::Published;
pub use range::Range;
pub use schedule::{Schedule, ScheduleKind};
pub use seed::Seed;
pub use slurm::Slurm;
pub use sweep::Sweep;
pub use test_time::{AverageOf, Inference, PartnerPool, TestTime};
pub use training::{LastBatch, Precision, SelectOn, Training, Watch};
pub use values::{
    Arm, Arms, Candidates, ChannelValues, Crop, DeviceChoice, Displacement, Figure, Figures, Grid, Head, Interval, Period, Pixels, Until,
    When,
};
