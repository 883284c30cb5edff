//! See `curricle_core::foreign`.
#![no_main]

curricle_fuzz::target!("scores");
