//! The training engine of Curricle: the only user of libtorch. One process is one run, or one evaluation.

pub mod checkpoint;
pub mod error;
pub mod images;
pub mod loss;
pub mod network;
pub mod optimizer;
pub mod schedule;
pub mod watch;
pub mod weights;
