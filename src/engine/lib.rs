//! The training engine of Curricle: the only user of libtorch. One process is one run, or one evaluation.

pub(crate) mod announcement;
pub mod boundary;
pub mod checkpoint;
mod clock;
pub mod device;
pub mod doctor;
pub mod error;
pub mod estimate;
pub mod evaluate_command;
pub mod evaluation;
pub mod images;
pub mod log;
pub mod loss;
pub mod memory;
pub mod network;
pub mod on_end;
pub mod optimizer;
pub mod ordering;
pub mod permutation;
pub mod plan;
pub mod precision;
pub mod recorder;
pub mod schedule;
pub mod setup;
pub mod state;
pub mod step;
pub mod train_command;
pub mod training;
pub mod weights;

pub use curricle_core::watch;
