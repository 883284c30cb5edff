//! The Perfect Ordering Approximation framework (thesis, chapter 2): a *data loader* holds the learning items that are
//! still available, a *scorer* says what each candidate is worth, a *strategy* chooses by the scores.
//!
//! A new scorer is a new file in `scorer/` and a line in the table of `scoring.rs`; another way to an order is a file beside
//! `choice.rs` and a line in `orderer.rs`.

pub mod balance;
pub mod choice;
pub mod context;
pub mod grab;
pub mod known;
pub mod loader;
pub mod orderer;
pub mod pacing;
pub mod preparation;
pub mod ranks;
pub mod replay;
pub mod scorer;
pub mod scoring;
pub mod strategy;
