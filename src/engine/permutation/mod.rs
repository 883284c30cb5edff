//! Perfect Ordering by brute force (thesis 2.2): every order of an epoch's batches is trained and tested.

pub mod epoch;
pub mod estimate;
pub mod parents;
pub mod published;
pub mod replay;
pub mod report;
pub mod run;
mod runner;
pub mod selectors;
pub mod study;
pub mod tree;
pub mod workers;
