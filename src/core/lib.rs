//! Everything of Curricle that needs neither libtorch nor a terminal: experiments as data, image sets as bytes, the run
//! directory, and the events that a run writes. The front end and the engine meet here and nowhere else.

pub mod config;
pub mod data;
pub mod environment;
#[cfg(any(test, feature = "fuzzing"))]
pub mod foreign;
pub mod passes;
pub mod random;
pub mod record;
pub mod run;
pub mod statistics;
pub mod watch;
pub mod words;
