//! The screen on a real pseudo-terminal, with the real program and the scripted engine. Tests press keys and wait for
//! text; they never sleep for a fixed time and hope.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../engine/mod.rs"]
mod engine;

mod engines;
mod first_frame;
mod leaving;
mod loop_by_keys;
mod quiet;
mod resilience;
mod scores;
mod terminal;
