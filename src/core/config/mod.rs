//! Experiments as data: what a run is asked to do, read from TOML with every problem named by its place.
//!
//! Each section is declared once, in the file of its name, with help, label, unit, range and default beside the field
//! (see `declare.rs`). The typed structs, the reader, the writer, `--set`, the form and the reference page come from
//! that one declaration.

mod attack;
mod data;
mod declare;
mod difference;
mod draft;
mod experiment;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod foreign;
mod form;
mod lengths;
mod maps;
mod mixing;
mod nearest;
mod network;
mod node;
mod not_built;
mod optimizer;
mod ordering;
mod page;
mod path;
mod permutation;
mod placed;
pub mod presets;
mod problem;
mod published;
mod range;
mod read;
mod reading;
mod recorded;
mod rules;
mod schedule;
mod seed;
mod selector;
mod slurm;
mod spelling;
mod summary;
mod sweep;
mod test_time;
mod training;
mod values;
mod warnings;
mod write;

pub use attack::{Attack, AttackKind, AttackPreset, AttackTarget, Norm, Through};
pub use data::{Augmentation, Data, Glyphs, SetKind, Switch};
pub use difference::difference;
pub use draft::Draft;
pub use experiment::{Experiment, Kind};
pub use form::{Field, Section, Shape, field, sections};
pub use mixing::{Gradual, Mixing, MixingKind, MixingLoss, MixingPer, MixingPhase, MixingWeights, Pairing};
pub use network::{Block, Network, NetworkKind};
pub use optimizer::{Optimizer, OptimizerKind};
pub use ordering::{
    Column, Direction, Estimate, External, ExternalSource, ItemKind, Measure, Ordering, Pacing, PacingBy, PublishedOrdering, Recipe,
    Redraw, Sampler, Scorer, ScoringCrops, ScoringNorm, Target,
};
pub use page::reference_page;
pub use permutation::{CropOf, Permutation};
pub use problem::{Problem, Problems, Warning};
pub use published::Published;
pub use range::Range;
pub use reading::read;
pub use schedule::{Schedule, ScheduleKind};
pub use seed::Seed;
pub use selector::Selector;
pub use slurm::Slurm;
pub use sweep::Sweep;
pub use test_time::{AverageOf, Inference, PartnerPool, TestTime};
pub use training::{LastBatch, Precision, SelectOn, Training, Watch};
pub use values::{
    Arm, Arms, Candidates, ChannelValues, Crop, DeviceChoice, Displacement, Figure, Figures, Grid, Head, Interval, Period, Pixels, Until,
    When,
};

/// The top-level settings and sections.
pub(crate) fn experiment_fields() -> &'static [Field] {
    <Experiment as read::Table>::fields()
}

#[cfg(test)]
mod tests;
