//! Starting engines: where the engine is, how a run is given to it, whether there is room for it, and whether it will
//! outlive a logout.
//!
//! The front end knows the engine only as an executable with a few commands (`train`, `evaluate`, `doctor`,
//! `estimate`); everything else passes through the run directory.

mod background;
mod engine;
mod error;
mod foreground;
mod machine;
pub mod room;
pub mod survival;
mod weights;
mod withdraw;

pub use background::{Started, start_background};
pub use engine::{Engine, Evaluated};
pub use error::Error;
pub use foreground::{Ended, run_foreground};
pub use weights::{Size, size_of};
pub use withdraw::withdraw;

use std::path::PathBuf;

/// How a run is given to an engine.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Folder of image sets, for experiments that do not name their own.
    pub data: Option<PathBuf>,
}
