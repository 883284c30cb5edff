//! What an ordering preferred, how that changed, and what it cost: numbers of a run's score files and of its `scoring`
//! events, folded into memory that does not grow with the run. The Scores pane and `curricle scores` show the same ones.
//!
//! The event log says what is newest and how long things took; score files say which images a step trained on, and all
//! scores where an event would be too long to list them. They come with every saved state, so they are a little behind.

mod digest;
mod facts;
mod heat;
mod items;
mod reader;
mod study;
mod tally;
#[cfg(test)]
pub(crate) mod testing;
mod window;

pub use digest::{Batch, Cost, Digest, Rank, Standing, View};
pub use facts::Facts;
pub use heat::{Heat, Span};
pub use items::{Chosen, Counts, Order, Place};
pub use reader::{Missing, Polled, Reader};
#[cfg(test)]
pub(crate) use study::made as made_study;
pub use study::{Histogram, Named, Study};
pub use window::{Bin, Window};
