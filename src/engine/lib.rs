//! The training engine of Curricle: the only user of libtorch. One process is one run, or one evaluation.

pub mod checkpoint;
pub mod error;
pub mod evaluation;
pub mod images;
pub mod loss;
pub mod network;
pub mod optimizer;
pub mod precision;
pub mod schedule;
pub mod step;
pub mod watch;
pub mod weights;
