//! The user's keymap file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for problem in curricle::tui::keymap_problems(text) {
        assert!(!problem.chars().any(curricle_core::words::steers), "{problem:?}");
    }
}

fuzz_target!(|bytes: &[u8]| curricle_fuzz::hold(read, bytes));
