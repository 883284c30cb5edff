//! The command line from end to end: the real program, and an engine that plays a script.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end so")]

#[path = "../engine/mod.rs"]
mod engine;

mod control;
mod ends;
mod evaluate;
mod house;
mod refusals;
mod runs;
mod scores;
mod start;
mod surface;
mod terminal;
