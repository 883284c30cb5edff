//! Whole screens: the application as it is, driven by keys and messages, drawn on a test terminal. Pictures are
//! snapshots; where colour carries meaning, cells are asked for it.

mod colours;
mod driving;
mod pictures;
mod said;
mod scenes;
mod scores;
