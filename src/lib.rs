//! The front end of Curricle: command line and screen. It never links libtorch; it talks to the engine through the run
//! directory alone.

pub mod cli;
pub mod launch;
pub mod scores;
pub mod tui;
pub mod words;

/// Version of Curricle.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Commit that it was built from; empty if unknown.
pub const COMMIT: &str = env!("CURRICLE_COMMIT");
