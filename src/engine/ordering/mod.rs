//! The Perfect Ordering Approximation framework (thesis, chapter 2): a *data loader* holds the learning items that are
//! still available, a *scorer* says what each candidate is worth, a *strategy* chooses by the scores.
//!
//! A new scorer is a new file in `scorer/` and a line in its table.

pub mod grab;
pub mod loader;
pub mod orderer;
pub mod ranks;
pub mod scorer;
pub mod strategy;
