//! The panes: each a component with its state, its answers to actions, and its picture.

mod attacks;
mod configure;
mod empty;
mod runs;
mod scores;
mod train;

pub use attacks::Attacks;
pub use configure::Configure;
pub use runs::Runs;
pub use scores::Scores;
pub use train::Train;
